/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * phys.h: where the model's memory lives. Handed in by sim/; model/ never allocates.
 *
 * Two stores exist: an exploration world's (a few pages, one small copy is a snapshot) and a
 * replay's (any pfn; cost follows the pages touched, like the kernel's sparse vmemmap).
 * A page is its record and its contents: 512 words of 8 bytes, of which only those written
 * exist. Page tables, stage-2 tables and drivers' arrays are contents like any other.
 */
#pragma once

#include "model/base.h"

struct page;

#define WORDS_PER_PAGE	512

/*
 * Where the model keeps words of its own: pages behind all those that can be, a space for each
 * kind.
 */
#define SPACE(number)	((pfn_t)(number) << 44)
#define SPACE_OBJECT	SPACE(1)	/* frames of drivers' objects */
#define SPACE_DIRTY	SPACE(2)	/* dirty bitmaps */
#define SPACE_KSM	SPACE(3)	/* rmap_items */
#define SPACE_CACHE	SPACE(4)	/* page cache */
#define SPACE_POOL	SPACE(5)	/* hugetlb's free pages */
#define SPACE_RESV	SPACE(6)	/* hugetlb's promises */
#define SPACE_SWAP_MAP	SPACE(7)	/* users of swap slots */
#define SPACE_SHADOW	SPACE(8)	/* shadow pages' hash */
#define SPACE_MMIO	SPACE(9)	/* declared frames without a page */
#define SPACE_PAE_ROOT	SPACE(10)	/* roots of PAE */
#define SPACE_ATTRIBUTES	SPACE(11)	/* private or shared */
#define SPACE_SWAP	SPACE(12)	/* swap slots' contents */
#define SPACE_SWAP_CACHE	SPACE(13)	/* swap cache */
#define SPACE_NX	SPACE(14)	/* possible NX huge pages */
#define SPACE_LIST	SPACE(15)	/* tasks' lists of pages */
#define SPACE_RMAP	SPACE(16)	/* reverse maps of gfns */
#define SPACE_SWAPPED	SPACE(17)	/* what of shmem is in swap */
#define SPACE_GIGANTIC	SPACE(18)	/* folios of 1G */

struct phys {
	/*
	 * The record of @pfn, made (all zero, head = pfn) on first touch. Valid until the step
	 * ends. Never NULL: a store that is full sets .exhausted and hands out a scratch record.
	 */
	struct page *(*page)(struct phys *phys, pfn_t pfn);
	/* A word, 0 if it was never written. */
	u64 (*load)(const struct phys *phys, pfn_t pfn, unsigned index);
	void (*store)(struct phys *phys, pfn_t pfn, unsigned index, u64 word);
	/* The first index >= @from whose word is not 0; WORDS_PER_PAGE if there is none. */
	unsigned (*next)(const struct phys *phys, pfn_t pfn, unsigned from);
	/* All words of the page become 0. */
	void (*clear)(struct phys *phys, pfn_t pfn);
	/* For full checks and reports: the touched pfn that is >= @pfn, or NO_PFN. */
	pfn_t (*next_page)(const struct phys *phys, pfn_t pfn);
	bool exhausted;
};
