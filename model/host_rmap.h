/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host_rmap.h: who maps a page, in whichever mm, and what stands in a PTE whose page is away.
 *
 * Linux: mm/rmap.c, mm/ksm.c:rmap_walk_ksm(), include/linux/swapops.h. The walk goes by mm, then by
 * address. A kernel goes by anon_vma or by file, oldest VMA first, which is the same for a parent
 * and its child; of a merged page by its rmap_items.
 */
#pragma once

#include "model/base.h"
#include "model/pgtable.h"

struct machine;

/* In a PTE that is not present; its frame field has the page's number, or the slot's. */
#define PTE_MIGRATION	BIT(59)
#define PTE_SWAPPED	BIT(60)
#define PTE_MARKER	BIT(62)		/* names no page at all: PTE_MARKER_UFFD_WP, */
#define PTE_POISONED	(PTE_MARKER | PTE_HWPOISON)	/* PTE_MARKER_POISONED */
#define PTE_SWP_EXCLUSIVE BIT(61)	/* PageAnonExclusive, and back to it */

/* Where a walk is; all zero at its start. */
struct rmap_at {
	hva_t hva;
	u8 mm;
	u8 pad[3];
	u32 items;	/* so many rmap_items have been looked at, in this mm */
};

/* The next PTE that maps @pfn as a normal page, at or after *at; false: no more. */
bool page_next_mapping(struct machine *m, pfn_t pfn, struct rmap_at *at);
/* The same, and what rmap_one() is called for though it maps something else by now. */
bool page_next_rmap(struct machine *m, pfn_t pfn, struct rmap_at *at);
/*
 * Is it mapped by several, as far as move_pages() and MADV_PAGEOUT go? To 6.8 page_mapcount(), 6.12
 * folio_likely_mapped_shared(), 7.2 folio_maybe_mapped_shared(): of a large folio by several mms.
 */
bool page_is_shared(struct machine *m, pfn_t pfn);
/* The next entry of @kind (PTE_MIGRATION, PTE_SWAPPED) that names @pfn. */
bool page_next_entry(struct machine *m, u64 kind, pfn_t pfn, struct rmap_at *at);
/*
 * The same of an anonymous page, which an mm has once at most: in the mm at->mm or a later one.
 * @near: where it is likely to be.
 */
bool page_next_mm(struct machine *m, u64 kind, pfn_t pfn, hva_t near, struct rmap_at *at);
/* follow_page() of move_pages() and ksmd: gup_can_follow_protnone() without FOLL_FORCE */
bool page_is_followed(struct machine *m, const struct pt_leaf *leaf);
/* The first leaf or entry in [start, end), in the current mm: .present, or .swap is not 0. */
struct pt_leaf host_next_used(struct machine *m, hva_t start, hva_t end);
/* The one after @leaf, which is one; @end is no place inside of a table. */
struct pt_leaf host_used_after(struct machine *m, const struct pt_leaf *leaf, hva_t end);

/*
 * ksm_rmap.c: the rmap_items of merged pages: an address of the VM's mm, and its page. One stays
 * when its PTE gets another page, until ksmd comes by.
 */
void ksm_rmap_append(struct machine *m, pfn_t pfn, hva_t hva);
void ksm_rmap_migrate(struct machine *m, pfn_t to, pfn_t from);
void ksm_rmap_remove_stale(struct machine *m);
/* rmap_walk_ksm(): the last one first; then in other mms that were forked since; false: no more */
bool ksm_rmap_next(struct machine *m, pfn_t pfn, struct rmap_at *at);

/*
 * Lists of pages that a task works on: words of pages that no host frame has; 2^32 such pages for
 * each list, those of a task one after the other.
 */
enum page_list { LIST_PAGES, LIST_TARGETS, LIST_GATHER, NR_LISTS };
pfn_t list_page(const struct machine *m, enum page_list list, u64 index);
pfn_t list_get(struct machine *m, enum page_list list, u64 index);
void list_set(struct machine *m, enum page_list list, u64 index, pfn_t pfn);
