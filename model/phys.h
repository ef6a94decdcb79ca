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
