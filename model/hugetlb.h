/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hugetlb.h: the pool of 2M pages, and who has been promised how many.
 *
 * Linux: mm/hugetlb.c; 5.12 to 7.2. A pool page is a compound page with a count of 0.
 */
#pragma once

#include "model/base.h"
#include "model/page.h"

struct vma;

/*
 * struct hstate. The free pages of both nodes are one stack, in pages that no host frame has; a
 * node's are taken in its order.
 */
struct hugetlb_pool {
	u32 pages, free, reserved;
	u32 pad;
};

enum { MAX_HUGETLB_PAGES = 64 };

/* nr_hugepages: what is in use or promised stays. */
void hugetlb_resize(struct machine *m, u32 pages);
/* dequeue_huge_page(), with the promise for it or without; NO_PFN: none to be had. */
pfn_t hugetlb_take(struct machine *m, bool reserved);
/* free_huge_folio(): the last reference is gone. */
void hugetlb_give_back(struct machine *m, pfn_t head, u8 by);

/*
 * alloc_hugetlb_folio_nodemask(): where a page moves to. What nobody was promised, on the node that
 * is asked for, or any if there is none; else a temporary page, which is the allocator's again when
 * it is free.
 */
pfn_t hugetlb_take_target(struct machine *m, bool remote, bool only_there);
/* migrate_huge_page_move_mapping(), move_hugetlb_state(): all of @from's but the isolation */
void hugetlb_replace(struct machine *m, pfn_t from, pfn_t to);
/* folio_putback_hugetlb() */
void hugetlb_put_back(struct machine *m, pfn_t head);
/*
 * __page_handle_poison(): the free page that has @pfn leaves the pool, and @pfn stays behind with a
 * reference; the others are the allocator's. False: it is in use, or it is promised.
 */
bool hugetlb_dissolve(struct machine *m, pfn_t pfn);

/* hugetlb_reserve_pages() at mmap(); false: -ENOMEM. hugetlb_vm_op_close() for [start, end). */
bool hugetlb_reserve(struct machine *m, const struct vma *vma);
/* The page cache of a shared mapping */
void hugetlb_hold_cached(struct machine *m, pfn_t page);
/* mremap(): the promise moves with the page. */
void hugetlb_move(struct machine *m, hva_t from, hva_t to);
void hugetlb_unreserve(struct machine *m, const struct vma *vma, hva_t start, hva_t end);
/* Is the promise for @hva used up? And, of a shared mapping, which page is there (or NO_PFN)? */
bool hugetlb_is_used(struct machine *m, hva_t hva);
pfn_t hugetlb_cached(struct machine *m, hva_t hva);
void hugetlb_use(struct machine *m, hva_t hva, pfn_t cached);
/* hugetlbfs_error_remove_page(), to 6.0: the cache forgets @head, and promises no other. */
void hugetlb_forget(struct machine *m, pfn_t head);
/* The promise is made again: when the page is freed, it is kept for who had it. */
void hugetlb_restore(struct machine *m, hva_t hva, pfn_t head);
