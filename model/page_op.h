/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_op.h: locals of a task that works on pages by number, whoever maps them.
 *
 * Linux: mm/migrate.c, mm/memory-failure.c, mm/vmscan.c, mm/huge_memory.c:split_huge_page().
 */
#pragma once

#include "model/base.h"
#include "model/host_rmap.h"

enum pages_kind {
	PAGES_MOVE,		/* move_pages() of a range */
	PAGES_OFFLINE,		/* soft_offline_page() */
	PAGES_OUT, PAGES_COLD,	/* MADV_PAGEOUT, MADV_COLD */
	PAGES_LIST,		/* what the scanner of compaction found */
	PAGES_SHRINK,		/* what reclaim took from an LRU list */
	PAGES_MISPLACED,	/* what a NUMA hint found on another node, isolated already */
	CLEAR_ALL, CLEAR_ANON, CLEAR_MAPPED, CLEAR_SOFT_DIRTY,	/* clear_refs: 1 to 4 */
};
/* PAGES_SHRINK: in LIST_TARGETS; in LIST_PAGES beside the address, until the page is isolated */
enum shrink_how {
	SHRINK_ASKS = 1,	/* folio_referenced() */
	SHRINK_KEEPS = 4,	/* lru_gen_look_around() of another page has promoted it */
	SHRINK_LOOKS = 2,	/* lru_gen_look_around(): nobody isolates it, none is flushed */
};

/* PAGES_LIST: in LIST_PAGES, of a page that is listed by its number, not by an address */
enum { LISTED_BY_PFN = 1 };

enum pages_phase { PHASE_UNMAP, PHASE_MOVE };

/* Pages by number, whoever maps them: migration, memory errors; clear_refs has none */
struct page_op {
	hva_t start, end;	/* what userspace named */
	hva_t at;
	u64 nr, i;		/* pages in LIST_PAGES, and which is at hand */
	u64 first, stop;	/* where in the list this pass begins and ends */
	u64 room;		/* PAGES_LIST: free pages that the other scanner finds */
	pfn_t page, other;	/* at hand, and where it goes */
	struct rmap_at rmap;
	u64 unmap;		/* what stands in its PTEs afterwards: PTE_MIGRATION ... */
	u64 left;		/* of this pass: stayed */
	s32 error;
	u8 kind;		/* enum pages_kind */
	u8 phase;		/* enum pages_phase */
	u8 node;
	u8 tries;
	u8 moved;
	u8 how;			/* PAGES_SHRINK: enum shrink_how of the page at hand */
	u8 no_swap;
	u8 locked;		/* PAGES_OFFLINE: mmap_lock, while a page is faulted in */
	u8 splits;		/* TTU_SPLIT_HUGE_PMD; a folio is being split */
	u8 passes;		/* of this try: over what could not be unmapped */
	u8 hugetlb;		/* there is a page of hugetlb's in the list */
	u8 foreign;		/* PAGES_OUT: files that the caller may neither own nor write */
	hva_t part, part_end;	/* what the VMA at hand has of .page */
	u64 size;		/* memory errors: bytes of what was one folio */
	hva_t next;		/* behind what is being split, or 0 */
};

/* split_huge_page() of an anonymous folio */
struct split_op {
	pfn_t page;		/* the caller's, which keeps the reference */
	pfn_t head;
	u64 i;			/* parts that are mapped again */
	hva_t base;		/* where an mm has the head, or would */
	s32 error;
	u8 waits;		/* for the folio's lock; else somebody's is an error */
	u8 list;		/* the parts go to a list of the caller's, with references */
	u8 is_split;
	u8 pmd;			/* the caller's: it was a PMD that it met */
	u8 pad[7];
	u8 mm;
	struct page_op pages;	/* the caller's, meanwhile */
};
