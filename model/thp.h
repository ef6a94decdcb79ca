/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thp.h: pages of 2M in a host mm: transparent ones (path_thp.c, path_collapse.c), hugetlb's
 * (path_hugetlb.c).
 *
 * Linux: mm/huge_memory.c, mm/khugepaged.c, mm/hugetlb.c; 5.12 to 7.2.
 */
#pragma once

#include "model/host_mm.h"
#include "model/path.h"

#define HPAGE_ORDER	9
#define HPAGE_SIZE	((u64)2 << 20)
#define HPAGE_MASK	(~(HPAGE_SIZE - 1))

/* /sys/kernel/mm/transparent_hugepage/enabled */
enum thp_enabled { THP_MADVISE, THP_ALWAYS, THP_NEVER };

/* thp_vma_allowable_order() in a fault: flags and size; for khugepaged, too. */
bool thp_is_allowed(struct machine *m, const struct vma *vma, hva_t hva);
/* __split_huge_pmd_locked(): the PMD becomes a table; what a driver or file mapped just goes. */
void pmd_split(struct machine *m, hva_t hva);
/* The same for split_huge_page(): as many migration entries, if it is @head that is there. */
void pmd_split_frozen(struct machine *m, hva_t hva, pfn_t head);
/* folio_test_partially_mapped(): some of its pages are mapped nowhere any more, or were so. */
bool thp_is_in_part(struct machine *m, pfn_t head);
/* PG_double_map: set when a PMD is split and another one is left; gone with the last PMD. */
void thp_pmd_gone(struct machine *m, pfn_t head, bool split);
/* Does a leaf at level 2 cover @boundary, which is inside of it? */
bool pmd_is_cut(struct machine *m, hva_t boundary);
/* mm_get_huge_zero_folio() */
pfn_t thp_huge_zero(struct machine *m);
/* A page of 2M, whose first reference is the PMD's that is to map it; and that PMD. */
pfn_t thp_alloc(struct machine *m, hva_t hva);
/* Every reference to the folio is a PTE of this mm's, and there is more than one. */
bool thp_is_own(struct machine *m, pfn_t head);
void thp_set(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn);
void thp_map(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn);
/* Does it change vm_flags, and to what (path_split.c)? */
bool range_changes_flags(const struct range_op *op);
bool split_if_changed(struct machine *m, const struct range_op *op, hva_t boundary);
u32 range_new_flags(const struct machine *m, const struct vma *vma, const struct range_op *op);
/* A notification for the 2M around @hva, into the task's. */
void thp_notify(struct task *t, hva_t hva);
/* The same of another size */
void notify_around(struct task *t, hva_t hva, u64 size);

/* migrate_misplaced_transhuge_page(): moves what moves, to 5.13 (numa_thp.c) */
bool numa_moves_thp(struct machine *m, pfn_t head);
void numa_move_thp(struct machine *m, hva_t hva);

/* How many PMDs map it */
s32 thp_pmd_mappings(struct machine *m, pfn_t head);

/* An advice at @at, of a range that ends at @end (thp_part.c) */
enum part_way { PART_WHOLE, PART_SPLIT, PART_PASS };
struct thp_part {
	hva_t next;		/* behind what is taken, passed over, or cannot be split */
	u8 way;			/* enum part_way */
	u8 pad[7];
};
bool leaf_is_of_thp(struct machine *m, const struct pt_leaf *leaf);
struct thp_part thp_part_at(struct machine *m, hva_t at, hva_t end, bool frees);

/* Steps of a zap whose start or end is inside of a huge page */
DECLARE_STEP(begin_cut);
DECLARE_STEP(cut_pmd);
DECLARE_STEP(end_cut);
bool piece_cuts_pmd(const struct machine *m, const struct task *t);
bool cut_is_open(const struct machine *m, const struct task *t);

/* hugetlb: may it be split there, or dropped so far; and what a zapped entry leaves behind */
bool hugetlb_is_cut(struct machine *m, hva_t boundary);
s32 hugetlb_dontneed(const struct machine *m, const struct vma *vma, hva_t start, hva_t *end);
void hugetlb_zapped(struct machine *m, const struct task *t, const struct pt_leaf *leaf);
bool hugetlb_left_ptes(const struct machine *m, const struct task *t);
DECLARE_STEP(begin_hugetlb_zap);
DECLARE_STEP(after_hugetlb_zap);
bool hugetlb_zap_begins(const struct machine *m, const struct task *t);
bool hugetlb_zap_is_open(const struct machine *m, const struct task *t);
DECLARE_STEP(look_up_hugetlb_page);
DECLARE_STEP(map_hugetlb_page);
DECLARE_STEP(reuse_hugetlb_page);
DECLARE_STEP(begin_hugetlb_copy);
DECLARE_STEP(install_hugetlb_copy);
DECLARE_STEP(put_hugetlb_pages);
bool hugetlb_missing(const struct machine *m, const struct task *t);
bool hugetlb_reusable(const struct machine *m, const struct task *t);
bool hugetlb_must_copy(const struct machine *m, const struct task *t);
bool hugetlb_copies(const struct machine *m, const struct task *t);
bool hugetlb_copied(const struct machine *m, const struct task *t);

/* Steps of handle_mm_fault() */
DECLARE_STEP(map_huge_zero_page);
DECLARE_STEP(map_huge_page);
DECLARE_STEP(reuse_huge_page);
DECLARE_STEP(begin_huge_wp);
DECLARE_STEP(change_huge_pmd);
DECLARE_STEP(end_huge_wp);
bool huge_missing_read(const struct machine *m, const struct task *t);
bool huge_missing_write(const struct machine *m, const struct task *t);
bool huge_reusable(const struct machine *m, const struct task *t);
bool huge_write_protected(const struct machine *m, const struct task *t);
bool huge_wp_open(const struct machine *m, const struct task *t);
