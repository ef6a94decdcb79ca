/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file.h: what the paths on files have of each other.
 *
 * Linux: mm/memory.c, mm/filemap.c, mm/truncate.c, mm/huge_memory.c; 5.12 to 7.2.
 */
#pragma once

#include "model/path.h"

/* The VMA of the fault at hand if it is of a page cache, or NULL. */
struct vma *file_vma(const struct machine *m, const struct task *t);
/*
 * finish_fault(): the page of @hva is mapped, with what of its folio comes along; the reference
 * that the look-up took (HOLD_MM) goes to the mapping.
 */
void map_folio(struct machine *m, const struct vma *vma, hva_t hva, bool write);
/* do_set_pmd() of a driver's page, which @entry maps. False: a PTE it will be. */
bool map_driver_pmd(struct machine *m, const struct vma *vma, hva_t hva, u64 entry);
/* filemap_map_pages(), of the fault at hand */
DECLARE_STEP(map_pages);
/* Steps of a truncation, or a hole, that takes a part of a folio (path_file_part.c) */
DECLARE_STEP(take_partial);
DECLARE_STEP(take_second);
DECLARE_STEP(put_partial);
bool has_partial(const struct machine *m, const struct task *t);
bool wants_second(const struct machine *m, const struct task *t);
/* The bytes of the hole that lie in the page of @index, @pfn, become 0. */
void file_zero_page(struct machine *m, const struct file_op *op, u64 index, pfn_t pfn);
/* unmap_mapping_pages() of t->file's; PATH_UNMAP comes next */
void file_unmap_pages(struct task *t, u64 index, u64 pages, bool even_cows);
/* hugetlbfs_punch_hole(), _setattr(), _fallocate() (path_hugetlb_hole.c) */
void hugetlb_begin_hole(const struct machine *m, struct file_op *op);
void hugetlb_begin_resize(struct machine *m, struct file_op *op);
bool removes_hugetlb(const struct machine *m, const struct task *t);
bool truncates_hugetlb(const struct machine *m, const struct task *t);
bool allocates_hugetlb(const struct machine *m, const struct task *t);
DECLARE_STEP(remove_hugetlb);
DECLARE_STEP(unreserve_hugetlb);
DECLARE_STEP(allocate_hugetlb);
/* ext4_break_layouts(), and what becomes of the blocks (path_dax_layout.c) */
bool resizes_dax(const struct machine *m, const struct task *t);
bool dax_is_busy(const struct machine *m, const struct task *t);
DECLARE_STEP(dax_unmap_layout);
DECLARE_STEP(dax_find_busy);
DECLARE_STEP(dax_wait_idle);
DECLARE_STEP(dax_free_blocks);
/* PATH_FOLIO_SPLIT of the file's folio at @head, which is locked, and held once: split_folio() */
void folio_split_begin(struct machine *m, struct task *t, pfn_t head);
/* __split_huge_pmd_locked() of a file: the PMD goes, and nothing comes in its place. */
void file_pmd_drop(struct machine *m, hva_t start, u64 pmd);
