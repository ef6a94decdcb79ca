/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hugetlb.h: the pools of pages of 2M and of 1G, and who has been promised how many.
 *
 * Linux: mm/hugetlb.c; 5.12 to 7.2. A pool page is a compound page with a count of 0. Which size
 * is said by the level of the leaf that maps one: 2 or 3. Of 1G, parts have records and contents
 * when they are touched (page.h:folio_next_part()).
 */
#pragma once

#include "model/base.h"
#include "model/host_mm.h"
#include "model/page.h"

struct mmap_op;
struct task;

/*
 * struct hstate. The free pages of both nodes are one stack, in pages that no host frame has; a
 * node's are taken in its order.
 */
struct hugetlb_pool {
	u32 pages, free, reserved;
	u32 pad;
};

enum { NR_HUGETLB_SIZES = 2 };

struct hugetlb {
	struct hugetlb_pool pool[NR_HUGETLB_SIZES];
	u64 open;		/* files that a memfd holds: bit [file - 1] */
	u64 gigantic;		/* files of pages of 1G */
};

/* Of one size. No mapping and no memfd has more pages than the pool may have. */
enum { MAX_HUGETLB_PAGES = 64, HUGETLB_FILE_PAGES = MAX_HUGETLB_PAGES };

/* hstate_vma(), folio_hstate(), hstate_inode() */
static inline unsigned hugetlb_level(const struct vma *vma)
{
	return vma->mode;
}

static inline u64 hugetlb_size(const struct vma *vma)
{
	return level_pages(hugetlb_level(vma)) << PAGE_SHIFT;
}

struct hugetlb_pool *hugetlb_pool(struct machine *m, unsigned level);
unsigned hugetlb_level_of(struct machine *m, pfn_t head);

/* nr_hugepages: what is in use or promised stays. */
void hugetlb_resize(struct machine *m, unsigned level, u32 pages);
/* dequeue_huge_page(), with the promise for it or without; NO_PFN: none to be had. */
pfn_t hugetlb_take(struct machine *m, unsigned level, bool reserved);
/* free_huge_folio(): the last reference is gone. */
void hugetlb_give_back(struct machine *m, pfn_t head, u8 by);

/*
 * alloc_hugetlb_folio_nodemask(): where @head moves to. What nobody was promised, on the node that
 * is asked for, or any if there is none; else a temporary page, which is the allocator's again when
 * it is free. Of 1G there are no temporary ones.
 */
pfn_t hugetlb_take_target(struct machine *m, pfn_t head, bool remote, bool only_there);
bool hugetlb_has_target(struct machine *m, pfn_t head, bool remote, bool only_there);
/* migrate_huge_page_move_mapping(), move_hugetlb_state(): all of @from's but the isolation */
void hugetlb_replace(struct machine *m, pfn_t from, pfn_t to);
/* folio_putback_hugetlb() */
void hugetlb_put_back(struct machine *m, pfn_t head);
/*
 * __page_handle_poison(): the free page that has @pfn leaves the pool, and @pfn stays behind with a
 * reference; the others are the allocator's. False: it is in use, or it is promised.
 */
bool hugetlb_dissolve(struct machine *m, pfn_t pfn);

/* memfd_create(MFD_HUGETLB): what its mappings have in vma.object; and what its pages are */
u8 hugetlb_create(struct machine *m, unsigned level);
unsigned hugetlb_file_level(const struct machine *m, unsigned file);
/* hugetlb_reserve_pages() at mmap(); a VMA without an object gets a new file. False: -ENOMEM. */
bool hugetlb_reserve(struct machine *m, struct vma *vma);
/* mmap() of a memfd; of any VMA of hugetlb, when it is made: 0 or -errno */
void hugetlb_open(const struct machine *m, const struct file_state *file, struct vma *vma);
s32 hugetlb_mmap(struct machine *m, const struct mmap_op *op, struct vma *vma);
/* Behind the end of a memfd */
bool hugetlb_is_beyond(const struct machine *m, const struct vma *vma, hva_t hva);
/* The page cache of a shared mapping: how many references a page has of it */
void hugetlb_hold_cached(struct machine *m, pfn_t page);
s32 hugetlb_cache_refs(struct machine *m, pfn_t page);
/* Is the promise for @hva used up? And, of a shared mapping, which page is there (or NO_PFN)? */
bool hugetlb_is_used(struct machine *m, const struct vma *vma, hva_t hva);
pfn_t hugetlb_cached(struct machine *m, const struct vma *vma, hva_t hva);
void hugetlb_use(struct machine *m, const struct vma *vma, hva_t hva, pfn_t cached);
/* The promise is made again: when the page is freed, it is kept for who had it. */
void hugetlb_restore(struct machine *m, const struct vma *vma, hva_t hva, pfn_t head);
/* hugetlb_dup_vma_private(): a fork's copy of a private mapping has no promises. */
void hugetlb_disown(struct vma *vma);
/* clear_vma_resv_huge_pages(), at mremap() of [start, end): another VMA has the promises. */
void hugetlb_move_promises(struct machine *m, struct vma *vma, hva_t start, hva_t end);
/* vma->object of a private mapping that has lost a page: HPAGE_RESV_UNMAPPED */
enum { HUGETLB_BEREFT = 255 };

/* Of a task that unmaps: a VMA is detached; which they are; ->close(), and the file's end. */
void hugetlb_remember(struct machine *m, struct task *t, const struct vma *vma);
struct vma hugetlb_detached(struct machine *m, unsigned i);
void hugetlb_close_detached(struct machine *m, struct task *t);

/* What the cache has of @file at its @index, or NO_PFN; and it goes, and so does the promise. */
pfn_t hugetlb_file_page(struct machine *m, unsigned file, u64 index);
void hugetlb_drop_cached(struct machine *m, unsigned file, u64 index);
/* hugetlbfs_fallocate() of one page; false: -ENOSPC. */
bool hugetlb_add_cached(struct machine *m, unsigned file, u64 index);
/* hugetlb_unreserve_pages(): from @first on nothing is cached, and nothing is promised any more. */
void hugetlb_unreserve(struct machine *m, unsigned file, u64 first);
/* Wherever the page cache has @head, it has @to, or nothing if that is NO_PFN. */
void hugetlb_set_cached(struct machine *m, pfn_t head, pfn_t to);
/* hugetlbfs_error_remove_page(), to 6.0: the cache forgets @head, and promises no other. */
void hugetlb_forget(struct machine *m, pfn_t head);
