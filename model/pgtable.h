/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgtable.h: radix tables of 512 entries in simulated memory, host's and stage-2 alike.
 *
 * Level 4 is the top (5 of some stage-2 tables), a leaf is at level 1 (4K), 2 (2M) or 3 (1G).
 * What an entry's bits mean is the business of the caller: it passes the masks that a walk needs.
 */
#pragma once

#include "model/base.h"

struct machine;

#define PT_LEVELS	4
#define MAX_PT_LEVELS	5
#define PT_ADDR_MASK	(((u64)1 << 52) - PAGE_SIZE)

/* Pages (of 4K) that an entry at @level maps. */
static inline u64 level_pages(unsigned level)
{
	assert(level);
	return (u64)1 << (9 * (level - 1));
}

static inline unsigned pt_index(u64 page_number, unsigned level)
{
	return (page_number >> (9 * (level - 1))) & 511;
}

struct pt_format {
	u64 present;		/* any of these bits: the entry is in use */
	u64 huge;		/* set in a leaf above level 1 */
	u64 absent_mask, absent;	/* (entry & mask) == absent: not in use all the same */
	unsigned top;		/* level of the top; 0: PT_LEVELS */
};

struct pt_leaf {
	u64 entry;		/* its raw value; the last one read, present or not */
	u8 level;		/* where the walk ended */
	u8 present;
	u8 poisoned;		/* host: a hwpoison entry, not present */
	u8 pad[5];
	pfn_t table;		/* the table that holds it */
	u64 swap;		/* host: an entry that is not present: host_rmap.h */
	u64 first;		/* page number that the entry's range begins with */
};

static inline pfn_t pt_pfn(u64 entry)
{
	return (entry & PT_ADDR_MASK) >> PAGE_SHIFT;
}

/* Walk from @top to the entry that translates @page_number, or to where the walk ends. */
struct pt_leaf pt_walk(struct machine *m, const struct pt_format *format, pfn_t top,
		       u64 page_number);
/*
 * The first present leaf at or after @page_number and before @end, or present == 0.
 * Cost follows the tables that exist, not the range.
 */
struct pt_leaf pt_next_leaf(struct machine *m, const struct pt_format *format, pfn_t top,
			    u64 page_number, u64 end);
/* The next one of the same table; .present is false if there is none, or a table comes first. */
struct pt_leaf pt_next_sibling(struct machine *m, const struct pt_format *format,
			       const struct pt_leaf *leaf);
u64 pt_entry(struct machine *m, pfn_t table, u64 page_number, unsigned level);
void pt_set_entry(struct machine *m, pfn_t table, u64 page_number, unsigned level, u64 entry);
