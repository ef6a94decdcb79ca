/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h: struct page, as far as references and the laws about them go.
 *
 * A page is addressed by its pfn. Which counter a helper works on is the whole story of the old
 * API, so each helper below says it: the page's own _refcount, or its compound head's.
 * Linux: include/linux/mm.h, include/linux/page_ref.h, mm/page_alloc.c, 6.1 to 7.2.
 */
#pragma once

#include "model/base.h"

struct machine;

#define NO_PFN		(~(pfn_t)0)

/* Bits of struct page.flags here; the kernels' own numbering is of no use to a law. */
enum page_flag {
	PG_VALID	= 1 << 0,	/* pfn_valid(): there is a struct page */
	PG_FREE		= 1 << 1,	/* in the allocator's hands */
	PG_HEAD		= 1 << 2,	/* compound head */
	PG_TAIL		= 1 << 3,	/* compound tail */
	PG_RESERVED	= 1 << 4,
	PG_ZERO		= 1 << 5,	/* the ZERO_PAGE */
	PG_DIRTY	= 1 << 6,
	PG_REFERENCED	= 1 << 7,
	PG_ACTIVE	= 1 << 8,
	PG_WORKINGSET	= 1 << 9,
	PG_LRU		= 1 << 10,	/* on the LRU, or in a per-CPU batch on its way there */
	PG_MIGRATABLE	= PG_LRU,	/* of hugetlb: HPageMigratable, nobody has isolated it */
	PG_ANON		= 1 << 11,
	PG_EXCLUSIVE	= 1 << 12,	/* PageAnonExclusive */
	PG_ZONE_DEVICE	= 1 << 13,
	PG_HWPOISON	= 1 << 14,
	PG_LEAKED	= 1 << 15,	/* bad_page(): neither owned nor given back */
	PG_CACHE	= 1 << 18,	/* page->mapping is a file: in its page cache */
	PG_REMOTE	= 1 << 20,	/* of the other NUMA node */
	PG_KSM		= 1 << 21,	/* a KSM page */
	PG_SWAPCACHE	= 1 << 22,
	PG_LOCKED	= 1 << 19,	/* the folio lock */
	PG_HUGETLB	= 1 << 25,	/* of a head: the pool's */
	PG_RESTORE	= 1 << 26,	/* HPageRestoreReserve */
	PG_READAHEAD	= PG_RESTORE,	/* in the swap cache, and nobody has asked for it yet */
	PG_DOUBLE_MAP	= 1 << 27,	/* 6.1: mapcounts of all are one up for the PMDs */
	PG_MLOCKED	= 1 << 23,	/* mapped in a VM_LOCKED VMA */
	PG_GUEST_WROTE	= 1 << 17,	/* ghost: a guest wrote it since it was last known clean */
	PG_REUSED	= 1u << 31,	/* ghost: it was still mapped when it was allocated again */
	PG_FSDAX	= 1 << 28,	/* a block of a file: idle at 1, never freed */
	PG_NX_SPLIT	= 1 << 29,	/* a table: kvm_mmu_page.nx_huge_page_disallowed */
	PG_TEMPORARY	= PG_NX_SPLIT,	/* of hugetlb: HPageTemporary */
	PG_LAZYFREE	= 1 << 30,	/* MADV_FREE: anonymous without PG_swapbacked */
	PG_P2PDMA	= 1 << 24,	/* a device's memory: is_pci_p2pdma_page() */
	PG_MMIO		= 1 << 16,	/* a pfn that somebody declared to have no struct page */
};

/* Who has the say over a page: decides whose fault its loss is. */
enum page_owner {
	OWNER_NONE,		/* free, or not memory */
	OWNER_KERNEL,		/* tables, slabs: nobody whose references are in question here */
	OWNER_USER,		/* anonymous memory and page cache */
	OWNER_DRIVER,
};

/* Who can name a reference. The sum over a live page is its count: law refs-match-holders. */
enum holder {
	HOLD_OWNER,		/* the allocation itself */
	HOLD_PTE,		/* host page tables */
	HOLD_CACHE,		/* the page cache of a file, or the swap cache */
	HOLD_LRU,		/* a per-CPU LRU batch (folio_batch), until lru_add_drain() */
	HOLD_FAULT,		/* a KVM look-up in flight */
	HOLD_MAP,		/* kvm_vcpu_map(): a reference, or GUP_PIN_COUNTING_BIAS of them */
	HOLD_MM,		/* a host mm operation in flight: mmu_gather, wp_page_copy() */
	HOLD_SPTE,		/* a stage-2 leaf, under a policy that pins what is mapped */
	NR_HOLDERS,
};

#define GUP_PIN_COUNTING_BIAS	1024	/* include/linux/mm.h */
#define NR_LEVELS		3	/* leaf sizes: 4K, 2M, 1G are levels 1, 2, 3 */

struct page {
	s32 refcount;		/* _refcount of this very struct page */
	s32 mapcount;		/* _mapcount + 1: host PTEs that map it as a normal page */
	u32 flags;		/* enum page_flag */
	u8 order;		/* compound order; of a head */
	u8 owner;		/* enum page_owner */
	u8 freed_by;		/* enum blame (machine.h); of a free page */
	u8 misput_by : 6;	/* ghost: who put a reference that nobody held; of a head */
	u8 partial : 1;		/* folio_test_partially_mapped(), where nothing else shows it */
	u8 counted : 1;		/* ghost: its owner has given it a count */
	pfn_t head;		/* compound_head(): itself unless a tail */
	u32 slot;		/* in the swap cache: its slot */
	s32 held[NR_HOLDERS];	/* ghost: references by holder; of a head */
	u16 sptes[NR_LEVELS];	/* ghost: stage-2 leaves of each size that begin here */
	u16 dirty_sptes[NR_LEVELS];	/* ghost: those of them that are is_dirty_spte() */
	u16 tlbs[NR_LEVELS];	/* ghost: TLB entries of each size that begin here */
	u16 ptes;		/* ghost: host PTEs of any kind (special ones too) */
	u16 dirty_ptes;		/* ghost: those of them that have D */
	u16 pincount;		/* folio._pincount; of a large folio's head */
	u8 chosen;		/* ghost: by frame.c, for a place */
	u8 pad[3];
};

/* What alloc_pages() and its callers can ask for. */
enum alloc_kind {
	ALLOC_ORDER0,		/* pages of order 0, one call each */
	ALLOC_COMPOUND,		/* one block with __GFP_COMP */
	ALLOC_NONCOMPOUND,	/* one block without: what ttm_pool_alloc_page() hands out */
	ALLOC_SPLIT,		/* a non-compound block, then split_page() */
	ALLOC_COUNTED,		/* a non-compound block; the owner gives its tails a count of 1 */
	ALLOC_RESERVED,		/* pages of order 0 with PG_reserved set by the driver */
	ALLOC_MMIO,		/* no allocation: pfns without struct page (a BAR) */
	ALLOC_ZONE_DEVICE,	/* memremap_pages(): reserved by its init, counted all the same */
};

/* Pages one by one, not a block of an order. */
bool alloc_is_separate(enum alloc_kind kind);

/* The record of @pfn; every pfn has one, valid or not. Never NULL (phys.h). */
struct page *page_of(struct machine *m, pfn_t pfn);
pfn_t page_head(struct machine *m, pfn_t pfn);
/* page_count(): the head's. page_ref_count(): the page's own. */
s32 page_count(struct machine *m, pfn_t pfn);
bool page_is(struct machine *m, pfn_t pfn, u32 flags);
void page_touch(struct machine *m, pfn_t pfn);

/*
 * get_page(): the head, unconditionally. get_page_unless_zero(): this very page.
 * folio_try_get(): the head, unless zero. page_add_refs(): page_ref_add(), this very page.
 */
void page_get(struct machine *m, pfn_t pfn, enum holder holder);
/* The same; @by, enum blame, calls get_page(). */
void page_get_by(struct machine *m, pfn_t pfn, enum holder holder, u8 by);
bool page_get_unless_zero(struct machine *m, pfn_t pfn, enum holder holder);
bool page_try_get_folio(struct machine *m, pfn_t pfn, enum holder holder, s32 refs);
void page_add_refs(struct machine *m, pfn_t pfn, s32 delta);
/* What FOLL_PIN adds: a large folio has a count of its pins beside it, and one reference does. */
s32 page_pin_refs(struct machine *m, pfn_t pfn);
/* try_grab_folio(FOLL_PIN), gup_put_folio(FOLL_PIN): those references, and the count of pins. */
bool page_try_pin(struct machine *m, pfn_t pfn, enum holder holder);
void page_unpin(struct machine *m, pfn_t pfn, enum holder holder);
/* folio_maybe_dma_pinned() */
bool page_maybe_pinned(struct machine *m, pfn_t pfn);
/* folio_ref_unfreeze(): from 0, one that the owner holds */
/* page_ref_freeze() of all that @a has and one of @b's, the last ones; then it is freed. */
void page_freeze(struct machine *m, pfn_t pfn, enum holder a, enum holder b);
void page_freeze_last(struct machine *m, pfn_t pfn, enum holder holder);
void page_unfreeze(struct machine *m, pfn_t pfn);
/* folio_ref_add(), of references that @holder gets */
void page_add_held(struct machine *m, pfn_t pfn, enum holder holder, s32 delta);
/* set_page_count() by the owner */
void page_set_count(struct machine *m, pfn_t pfn, s32 count);
/* put_page(): the head; at zero the folio goes back to the allocator. */
void page_put(struct machine *m, pfn_t pfn, enum holder holder);
void page_put_refs(struct machine *m, pfn_t pfn, enum holder holder, s32 refs);
/* The reference stays, its holder changes (an anonymous page's first goes to its PTE). */
void page_hand_over(struct machine *m, pfn_t pfn, enum holder from, enum holder to);

/*
 * A block of 2^order pages (or @nr of order 0) becomes the property of @owner. @pfn is where;
 * which frame it is, is the caller's choice (an input, or frame.h).
 */
void pages_init(struct machine *m, enum alloc_kind kind, pfn_t pfn, u32 order, u8 owner);
/* No struct page, unless it is somebody's memory after all: it stays that. */
void page_init_mmio(struct machine *m, pfn_t pfn);
/* __free_pages(): a non-compound block whose head somebody else holds loses its tails. */
void pages_free(struct machine *m, pfn_t pfn, u32 order);
/* Of alloc_table() (frame.h). */
void free_table(struct machine *m, pfn_t pfn);

/*
 * Who lost a page that something still uses (enum blame): who freed it if host PTEs still pointed
 * there, the driver if it is the driver's, else KVM.
 */
u8 page_blame(struct machine *m, pfn_t pfn);

/* copy_highpage(): into a page that is all zero */
void page_copy(struct machine *m, pfn_t to, pfn_t from);
/* copy_user_large_folio(): into a folio that is all zero */
void page_copy_folio(struct machine *m, pfn_t to, pfn_t from);
/* folio_migrate_flags(), folio_migrate_copy(): of a folio */
void page_copy_state(struct machine *m, pfn_t to, pfn_t from);
/* Four bytes of a page's contents, by the offset in @address. */
void page_store(struct machine *m, pfn_t pfn, u64 address, u32 value);
u32 page_load(struct machine *m, pfn_t pfn, u64 address);
/* Of four bytes at @address that cross the end of their page: those in the @next one. */
void page_store_rest(struct machine *m, pfn_t next, u64 address, u32 value);
u32 page_load_rest(struct machine *m, pfn_t next, u64 address);

/* SetPageDirty(): the head of a compound page. */
void page_set_dirty(struct machine *m, pfn_t pfn);
/* mark_page_accessed() of the classic LRU and of MGLRU (mm/swap.c:folio_mark_accessed()). */
void page_mark_accessed_classic(struct machine *m, pfn_t pfn);
void page_mark_accessed_lru_gen(struct machine *m, pfn_t pfn);
/*
 * A folio that nobody but its cache and the caller holds is frozen, taken apart, and unfrozen part
 * by part: page_part() is one of them, of 2^order pages, with the flags that the folio had.
 */
u32 page_ref_freeze(struct machine *m, pfn_t head);
void page_ref_unfreeze(struct machine *m, pfn_t pfn, s32 refs);
void page_part(struct machine *m, pfn_t pfn, u32 order, u32 flags);
/* The same of an anonymous folio, into pages: @list has a reference of each but the first, too. */
void page_split_anon(struct machine *m, pfn_t head, bool list);
/* struct cpu_fbatches, in the order in which they are emptied */
enum lru_batch { BATCH_ADD, BATCH_LAZYFREE, BATCH_ACTIVATE, BATCH_MLOCK, NR_LRU_BATCHES };
/* folio_add_lru(): a per-CPU batch holds a reference until lru_drain(). */
void page_add_lru(struct machine *m, pfn_t pfn);
/* isolate_lru_page(), with a reference (HOLD_MM); putback_lru_page() */
void page_isolate(struct machine *m, pfn_t pfn);
void page_put_back(struct machine *m, pfn_t pfn);
/* In a batch, and not yet on the LRU */
bool page_waits_for_lru(const struct machine *m, pfn_t pfn);
u8 lru_batched(const struct machine *m, enum lru_batch kind);
/* folio_mark_lazyfree(): by way of another batch, too */
void page_mark_lazyfree(struct machine *m, pfn_t head);
/* mlock_folio(), munlock_folio(): another batch with a reference, until it is emptied. */
void page_mlock(struct machine *m, pfn_t head);
void page_munlock(struct machine *m, pfn_t head);
/* lru_add_drain_all() */
void lru_drain(struct machine *m);
