/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * semantics.h: a kernel version (or a series, or a policy) as a table of paths and operations.
 *
 * A semantics is written as a patch: its base, the operations and traits it overrides, the steps
 * it inserts, replaces or drops. semantics_resolve() applies the patches from the root on and
 * yields a complete, immutable table. Nothing outside model/sem_*.c asks which semantics runs.
 */
#pragma once

#include "model/base.h"
#include "model/page.h"
#include "model/pferr.h"
#include "model/pgtable.h"
#include "model/spte.h"
#include "model/step.h"
#include "model/world.h"

struct machine;

/* Leaf operations that differ between versions. After resolution none is NULL. */
struct ops {
	/* A page that GUP gave, with one reference taken: what the caller gets (v11: OWN()). */
	void (*own_page)(struct machine *m, struct task *t, pfn_t page);
	/* hva_to_pfn_remapped(): the PTE has been found; take what reference there is to take. */
	void (*take_remapped)(struct machine *m, struct task *t, pfn_t pfn, bool writable);
	/* Is the fault's look-up still good? mmu_lock is held. */
	bool (*fault_is_stale)(struct machine *m, const struct fault *fault);
	/* mmu_invalidate_begin(): what the range is measured in. */
	void (*range_add)(struct machine *m, const struct notify *range);
	/* Does a notification count as in progress (L1: only if a slot overlaps)? */
	bool (*range_counts)(struct machine *m, const struct notify *range);
	/* kvm_is_ad_tracked_page(): may KVM mark it? The pfn need not have a struct page. */
	bool (*is_ad_tracked)(struct machine *m, pfn_t pfn);
	/* kvm_release_pfn_clean(), kvm_release_pfn_dirty(): whether to put is a guess */
	void (*release_pfn)(struct machine *m, pfn_t pfn, bool dirty, enum holder holder);
	/* Give back what the fault's look-up took; used == false: it was in vain. */
	void (*release_fault)(struct machine *m, struct task *t, bool used);
	/* A leaf changed: A/D on its way to struct page. */
	void (*spte_changed)(struct machine *m, u64 old, u64 new, unsigned level);
	/* KVM_GET_DIRTY_LOG took W from this leaf. */
	void (*log_rearmed)(struct machine *m, u64 old);
	/* Access tracking is about to take W from this leaf. */
	void (*leaf_aged)(struct machine *m, u64 old);
	/* Bits that the installed leaf gets beyond the format's. */
	u64 (*leaf_bits)(struct machine *m, const struct fault *fault);
	/* May this page be mapped by a huge SPTE, the host's mapping allowing? */
	bool (*huge_ok)(struct machine *m, pfn_t pfn);
	/* mark_page_accessed(): which LRU the kernel was built with */
	void (*mark_accessed)(struct machine *m, pfn_t pfn);
	/* kvm_vcpu_map()'s look-up arguments; and its release */
	void (*map_args)(struct machine *m, struct follow *follow);
	void (*map_release)(struct machine *m, struct task *t);
	/* The old wrappers: gfn_to_pfn_prot() and its like; release by the caller */
	void (*lookup_args)(struct machine *m, struct follow *follow);
	void (*lookup_release)(struct machine *m, struct task *t);
	/* reexecute_instruction(): arguments, release */
	void (*reexecute_args)(struct machine *m, struct follow *follow);
	void (*reexecute_release)(struct machine *m, struct task *t);
	/* Stage-2 faults of other architectures, and arm64's tags: release; not used: in vain */
	void (*stage2_release)(struct machine *m, struct task *t, bool used);
	/* Their own kvm_set_pfn_dirty(), kvm_set_pfn_accessed() */
	void (*stage2_mark)(struct machine *m, struct task *t, bool dirty);
	/* gfn_to_page(): the page of the pfn that has been found, or NO_PFN */
	pfn_t (*gfn_to_page)(struct machine *m, struct task *t);
	/* hva_to_pfn_retry(): gives back task.gpc.pfn; used == false: an attempt in vain */
	void (*gpc_release)(struct machine *m, struct task *t, bool used);
	/* The fault handler's first look-up */
	void (*fault_args)(struct machine *m, struct follow *follow);
	/* Does a notification flush, given which roots it has zapped something in? */
	bool (*zap_flushes)(struct machine *m, bool zapped_valid, bool zapped_invalid);

	/* ---- the MMU that serves the guest: overridden by semantics_mmu[] ---- */

	/* The vCPU's root, a new one if it has none that will do; NO_PFN: mmu_lock is taken. */
	pfn_t (*load_root)(struct machine *m, unsigned vcpu);
	/* The root that new faults would use, or NO_PFN. */
	pfn_t (*current_root)(struct machine *m);
	bool (*root_is_obsolete)(struct machine *m, unsigned vcpu);
	/* For laws: the roots that exist, obsolete ones too, 0 .. MAX_ROOTS - 1; NO_PFN: none. */
	pfn_t (*root_at)(struct machine *m, unsigned i);
	/* kvm_mmu_unload(): a vCPU gives its roots up. */
	void (*free_roots)(struct machine *m, unsigned vcpu);
	struct pt_leaf (*walk)(struct machine *m, pfn_t root, gfn_t gfn);
	struct pt_leaf (*next_leaf)(struct machine *m, pfn_t root, gfn_t gfn, gfn_t end);
	/* kvm_age_gfn(): has it been used? */
	bool (*age_range)(struct machine *m, gfn_t start, gfn_t end);
	/* kvm_unmap_gfn_range(). @zapped[0]: below valid roots, [1]: below obsolete ones. */
	void (*unmap_range)(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
	/* The same for kvm_zap_gfn_range(), of any gfns: of which roots? */
	void (*zap_gfns)(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
	/* kvm_arch_mmu_enable_log_dirty_pt_masked() of one page */
	void (*rearm)(struct machine *m, gfn_t gfn);

	/* ---- rmaps: what a version makes of an SPTE that goes, or loses a bit ---- */

	/* mmu_spte_clear_track_bits(): is its page one that can be mapped? */
	void (*check_zapped)(struct machine *m, u64 old);
	void (*harvest_accessed)(struct machine *m, u64 old);
	void (*harvest_dirty)(struct machine *m, u64 old);
	/* The reference that a prefetch's fast GUP has taken goes back. */
	void (*release_prefetched)(struct machine *m, pfn_t page);
};

/* UFFDIO_MOVE: absent; zero pages too (6.9), and the swap cache's held; a table at once (6.18) */
enum uffd_moves { MOVES_NOTHING, MOVES_PAGES, MOVES_ZEROES, MOVES_BATCHES };

/* wp_can_reuse_anon_folio() of a part of a large folio */
enum large_reuse { REUSE_BY_COUNT, REUSE_NEVER /* 6.7 */, REUSE_IF_WHOLE /* 6.15 */ };

/* Who else maps a large folio: what madvise(), move_pages() go by */
enum folio_sharers {
	SHARERS_OF_PAGE,		/* page_mapcount() */
	SHARERS_OF_FIRST_IF_FREED,	/* MADV_FREE: folio_estimated_sharers() (6.1) */
	SHARERS_OF_FIRST,		/* ... of any (6.8) */
	SHARERS_LIKELY,			/* folio_likely_mapped_shared() (6.9) */
	SHARERS_EXACT,			/* folio_maybe_mapped_shared() (6.15) */
};

/* Which faults map all pages of a large folio that is mapped by PTEs */
enum fault_maps { MAPS_ONE, MAPS_SHARED_ANON /* 6.12 */, MAPS_ALL /* 7.2 */ };

/* A caller that some versions have, and what becomes there of a page that it does not want. */
enum odd_caller { CALLER_ABSENT, CALLER_KEEPS, CALLER_PUTS };

/* Differences that are values. */
struct traits {
	const struct spte_format *ept, *npt;
	u64 refcounted_bit;		/* v11: SPTE_MMU_PAGE_REFCOUNTED; see refcounted_mask() */
	u8 pferr;			/* enum pferr_rules */
	u8 allow_unsafe_mappings;	/* kvm.allow_unsafe_mappings (v11, 6.13) */
	bool pfnmap_huge;		/* follow_pfnmap_start(): PMD and PUD leaves */
	bool change_pte;		/* set_pte_at_notify() (until 6.10) */
	bool apic_page_checked;		/* vmx_set_apic_access_page_addr(): under mmu_lock (6.8) */
	bool arm64_accessed_once;	/* user_mem_abort(): by the release alone (6.6) */
	bool arm64_dirty_unlocked;	/* ... kvm_set_pfn_dirty() behind mmu_lock (6.12) */
	bool riscv_kvm;			/* (5.16) */
	bool loongarch_kvm;		/* (6.7) */
	bool gmem;			/* guest_memfd, memory attributes (6.8) */
	bool gmem_poison_leaks;		/* a poisoned page's fault keeps a reference (to 6.9) */
	bool gmem_mmap;			/* ... that can be mapped, of any VM (6.18) */
	bool attributes_add_huge;	/* kvm_arch_pre_set_memory_attributes() (6.12.29) */
	bool private_by_tdp_mmu;	/* KVM_X86_SW_PROTECTED_VM: a1176ef5c92a (6.8) */
	bool prefetch_keeps_spte;	/* for a prefetch any leaf is enough (after 6.12) */
	bool npt_fast_mmio;		/* npf_interception(): KVM_FAST_MMIO_BUS (after 6.12) */
	bool bus_freed_later;		/* kvm_io_bus_register_dev(): call_srcu() (after 6.12) */
	bool clear_splits_last;		/* kvm_mmu_try_split_huge_pages(): end + 1 (6.11) */
	bool prefaults;			/* KVM_PRE_FAULT_MEMORY (6.11) */
	bool reload_frees_roots;	/* kvm_mmu_reload(): obsolete ones (after 6.12) */
	bool prefetch_gives_up;		/* where a memslot goes: -EAGAIN (after 6.12) */
	bool async_error_code;		/* kvm_arch_async_page_ready(): as the guest (6.10) */
	bool rearm_clears_bits;		/* the dirty log and aging change bits alone (6.4) */
	bool level_is_hosts;		/* kvm_mmu_max_mapping_level(), if over 4K (5.12) */
	bool age_cleans;		/* the TDP MMU's age_gfn_range() takes D, too (to 5.12) */
	bool make_spte_logs;		/* ... before the leaf is there, or is not (5.16) */
	bool mmu_pages_first;		/* room for tables, then the stale check (2026) */
	bool fast_asks_private;		/* page_fault_can_be_fast(): is it still so? (6.11) */
	bool mmu_shrinker;		/* mmu_shrink_scan() (until 6.13) */
	bool npt_five_levels;		/* kvm_amd loads where the host has 5 levels (5.15) */
	bool nx_leaves_logged;		/* recovery: not of a memslot that logs (6.2) */
	bool nx_tables_known;		/* kvm_mmu_page.nx_huge_page_disallowed is asked (6.2) */
	bool fault_splits;		/* a fault splits a huge leaf in place (6.2) */
	bool mmio_below_max_gfn;	/* above kvm_mmu_max_gfn() no MMIO SPTE is made (5.18) */
	bool slot_zap_quirk;		/* KVM_X86_QUIRK_SLOT_ZAP_ALL (6.12) */
	bool wrap_asks_caching;		/* kvm_mmu_invalidate_mmio_sptes(): if there may be any */
	bool log_wants_vcpu;		/* mark_page_dirty_in_slot() (5.17 to 6.1) */
	bool pfncache;			/* struct gfn_to_pfn_cache (5.17) */
	bool pfncache_logs_locked;	/* what is written through it (6.9) */
	bool pfncache_of_hva;		/* kvm_gpc_activate_hva() (6.9) */
	bool follow_api;		/* kvm_follow_pfn() can be called (v11 3/8) */
	bool get_or_guard;		/* ... and warns without FOLL_GET or guard (v11 4/8) */
	bool follow_outputs_kept;	/* pfncache's refcounted_page outlives a try (v11 4/8) */
	bool atomic_async_warns;	/* hva_to_pfn(): WARN, not BUG (v11 2/8) */
	bool wrappers_gone;		/* gfn_to_pfn() and its like (6.13) */
	bool needs_io;			/* KVM_PFN_ERR_NEEDS_IO instead of *async = true */
	bool writable_by_slow;		/* hva_to_pfn_slow() sets *writable, failing or not */
	bool gup_fast_needs_mapping;	/* CONFIG_SECRETMEM, 6.10: refuses order 0 without it */
	bool checks_hwpoison;		/* hva_to_pfn(): check_user_page_hwpoison(), until 6.12 */
	bool cmpxchg_maps;		/* emulator_cmpxchg_emulated(): kvm_vcpu_map(), to 5.18 */
	bool forgets_cmpxchg;		/* emulator_cmpxchg_emulated() logs nothing: 5.19 to 6.8 */
	bool reexecutes;		/* retry_, reexecute_instruction(): until 6.11 */
	u8 gvt;				/* enum odd_caller: is_2MB_gtt_possible(), until 6.6 */
	u8 mte_tags;			/* kvm_vm_ioctl_mte_copy_tags() (5.14, 6.12) */
	u8 uvmem;			/* kvmppc_svm_page_in(): 0a416ee20bcc (2026, stable 6.1) */
	bool devmap_grab_page;		/* fast GUP of a devmap PMD: try_grab_page(), until 6.9 */
	bool map_pages_puts;		/* filemap_map_pages() counts a page twice, and puts one */
	bool fault_keeps_dirty;		/* set_pte_range(): a dirty page's new PTE has D and W */
	bool saved_dirty;		/* _PAGE_SAVED_DIRTY (6.6): without W, D is bit 58 */
	u8 zap_root_from;		/* tdp_mmu_zap_root(): level of the first pass */
	bool table_noted_last;		/* kvm_tdp_mmu_spte_changed: a table after its entries */
	bool follow_page;		/* move_pages(): a reference while it isolates, to 6.11 */
	bool follow_needs_access;	/* follow_page(): none of PROT_NONE (6.1 to 6.5) */
	bool vmsave_exits;		/* what cannot be mapped: to userspace, no #GP (7.2) */
	bool migrate_batches;		/* migrate_pages_batch() (6.3): unmaps all, then moves */
	bool migrate_drains;		/* lru_add_drain() after each move, to 6.1 */
	bool migration_keeps_ad;	/* A and D in migration entries (6.1) */
	u8 migrate_tries;		/* times that a page which is held is unmapped */
	bool order_in_flags;		/* of a compound: PAGE_FLAGS_SECOND (6.6) */
	bool hugetlb_cache_counts;	/* the page cache has 512 references (6.7) */
	bool numa_keeps_write;		/* pte_mk_savedwrite() (until 6.1) */
	bool vm_shares_mm;		/* a vhost_task of KVM's own uses the VMM's mm */
	bool numa_skips_held;		/* of private memory: page_count() != 1 (5.18 to 6.8) */
	bool numa_rebuilds_folio;	/* all PTEs of a folio come back, or it moves (6.10) */
	bool numa_moves_pmds;		/* by migrate_misplaced_page() (5.14), not at once */
	bool numa_moves_shared;		/* also a folio of 2M that is mapped more than once (6.7) */
	bool numa_asks_pmds;		/* folio_can_map_prot_numa() of PMDs, too (7.2) */
	bool numa_skips_pinned;		/* of shared mappings, too (7.2) */
	bool mremap_hugetlb;		/* mremap() of hugetlb (5.16) */
	bool mremap_keeps_files;	/* MREMAP_DONTUNMAP of files (5.13) */
	bool mremap_realigns;		/* try_realign_addr() (6.7) */
	bool mremap_moves_vmas;		/* remap_move(): several VMAs at once (6.17) */
	bool uffd_wp_files;		/* uffd-wp of shmem, by markers (5.19) */
	bool uffd_regains_write;	/* as mprotect() does (6.2), not as vm_get_page_prot() */
	bool uffd_wp_vmas;		/* UFFDIO_WRITEPROTECT of several VMAs (6.3) */
	bool uffd_unpopulated;		/* UFFD_FEATURE_WP_UNPOPULATED, CONTINUE_MODE_WP (6.4) */
	bool uffd_minor;		/* minor faults of shmem, UFFDIO_CONTINUE (5.14) */
	bool uffd_minor_efault;		/* beyond i_size, too (7.1); -EINVAL before */
	bool uffd_poison;		/* UFFDIO_POISON (6.6) */
	bool uffd_wp_async;		/* UFFD_FEATURE_WP_ASYNC (6.7) */
	u8 uffd_moves;			/* enum uffd_moves */
	bool protect_clean_writable;	/* can_change_pte_writable(): private, without D (6.2) */
	bool mremap_clears_uffd;	/* uffd-wp does not move (6.14, and stable kernels) */
	bool madvise_populates;		/* MADV_POPULATE_READ, _WRITE (5.14) */
	bool populate_stops_at_hole;	/* ... by faultin_page_range(), across VMAs (6.9) */
	bool lazyfree_waits;		/* a held lazyfree page stays one (6.15) */
	bool ksm_unshares;		/* break_ksm(): FAULT_FLAG_UNSHARE, no reference (6.2) */
	bool pageout_ignores_young;	/* MADV_PAGEOUT: ignore_references (6.10) */
	bool pageout_takes_copies;	/* private copies of a foreign file's pages (6.3) */
	bool shmem_swaps_whole;		/* a large folio goes to swap as it is (6.12) */
	bool shmem_swapin_large;	/* ... and comes back so (6.14) */
	bool swapin_by_cache;		/* each page is in the swap cache before it is mapped */
	bool copy_frees_swap;		/* wp_page_copy(): free_swap_cache() (5.14) */
	bool swapin_writable;		/* do_swap_page(): W, if exclusive, on a read, too (6.12) */
	bool multi_gen_lru;		/* CONFIG_LRU_GEN_ENABLED, as Debian builds it since 6.12 */
	bool lockless_aging;		/* 6.15; and no flush then */
	bool shmem_keeps_poison;	/* truncate_error_folio() leaves it in the cache (5.17) */
	bool poison_kills;		/* MADV_HWPOISON: MF_ACTION_REQUIRED (6.11) */
	bool poison_unmaps_ksm;		/* hwpoison_user_mappings() of a merged page (6.4) */
	bool poison_splits_files;	/* try_to_split_thp_page() of a file's folio (5.16) */
	u8 lru_batch;			/* PAGEVEC_SIZE: 15, since 6.10 31 */
	bool anon_exclusive;		/* PageAnonExclusive (5.19) */
	u8 large_reuse;			/* enum large_reuse */
	bool zap_noted_nonpresent;	/* an atomic zap is noted as one, not as a freeze (6.10) */
	bool dirty_skipped_over_table;	/* make_spte(): is_last_spte() is not asked (6.8) */
	bool double_map;		/* PG_double_map: PTEs and a PMD map it (until 6.2) */
	bool hugetlb_dontneed;		/* MADV_DONTNEED of hugetlb (5.18) */
	bool remove_needs_write;	/* madvise_remove(): VM_WRITE, not VM_MAYWRITE (6.7) */
	bool hugetlb_zap_notifies;	/* __unmap_hugepage_range() does so itself (until 6.2) */
	bool hugetlb_moves_by_head;	/* move_pages() must name the first 4K (to 6.6) */
	bool hugetlb_zap_locks;		/* MADV_DONTNEED: hugetlb_vma_lock to its end (6.7) */
	bool gigantic_stays;		/* 1G: no memory error, no move_pages() (to 5.19) */
	bool hugetlb_restores;		/* a zapped private page is promised again (6.9) */
	bool huge_zero_special;		/* its PMD is special (6.18) */
	bool huge_zero_wp;		/* a write to it gets 2M at once (6.13), no split */
	bool no_madvise_collapse;	/* MADV_COLLAPSE is no advice yet (until 6.1) */
	bool collapse_retracts_all;	/* MADV_COLLAPSE of a file: others' tables, too (by 6.12) */
	bool collapse_of_nothing;	/* MADV_COLLAPSE without 2M is OK (by 7.2) */
	bool collapse_passes_holes;	/* an empty PMD does not end MADV_COLLAPSE (by 7.2) */
	bool direct_leaf_warns;		/* mmu_set_spte(): another page's leaf is there (by 7.2) */
	bool mmio_over_leaf;		/* mmu_set_spte(): MMIO first (5.13 to aad885e77496) */
	bool collapse_read_only;	/* none of the small PTEs needs to be writable (6.18) */
	bool gup_touches_hugetlb;	/* follow_huge_pmd() is for all (6.10) */
	bool split_keeps_dirty;		/* a split PMD's D goes to its PTEs, too (6.2) */
	bool protect_pmd_writable;	/* can_change_pmd_writable() (6.2) */
	bool protect_pmd_cleans;	/* pmd_modify() loses D (6.6), until 1d7c81db0e7c */
	bool protect_unaccounts;	/* mprotect() drops VM_ACCOUNT if nothing is there (6.7) */
	bool unused_vma_takes_anon;	/* a VMA without anon_vma merges with others (by 7.2) */
	bool protect_notifies_pud;	/* mprotect(): by tables of PMDs, not of PTEs (6.12) */
	bool file_pmd_counts;		/* a file's PMD is in each page's _mapcount (until 6.2) */
	bool rmap_splits_first;		/* try_to_unmap_one(): split_huge_pmd_address(), to 6.10 */
	u8 folio_sharers;		/* enum folio_sharers */
	bool unmap_splits_first;	/* try_to_unmap(): split_huge_pmd_address() (to 6.10) */
	bool swapout_wants_pmd;		/* what has none is split (to 6.8); since: in part */
	bool migrate_splits_first;	/* try_to_migrate_one() does the same, to 6.14 */
	bool migrate_splits_partial;	/* migrate_pages_batch(): what is mapped in part (6.10) */
	bool split_ascends;		/* the parts, from the first page up (after 6.12) */
	bool split_drops_zeroes;	/* try_to_map_unused_to_zeropage() (6.12) */
	bool split_keeps_buddies;	/* folio_split(): no more than it must (after 6.12) */
	bool shmem_any_order;		/* a huge tmpfs has folios of all orders (after 6.12) */
	bool shmem_fits_vma;		/* shmem_suitable_orders() asks the VMA (by 6.12) */
	bool set_pmd_in_size;		/* finish_fault(): not across i_size, a device's 0 (6.18) */
	bool set_pmd_asks_vma;		/* do_set_pmd(): not where VM_NOHUGEPAGE is (by 6.12) */
	u8 fault_maps_folio;		/* enum fault_maps: finish_fault() */
	bool around_maps_folio;		/* filemap_map_folio_range(): all of it (after 6.12) */
	bool zap_pmd_marks;		/* zap_huge_pmd(): A of a file's goes to it (after 6.12) */
	bool anon_ref_add;		/* do_anonymous_page() adds nr_pages - 1 references */
	bool split_pud_asserts;		/* zap_pud_range(): mmap_assert_locked() (6.12) */
	bool collapses_unchecked;	/* kvm_mmu_zap_collapsible_spte(): any gfn (6.8) */
};

/* In call chains: what this version has in the place of @name; "a > b" or "" (nothing) will do. */
struct call_name { const char *name, *here; };

/* One path, edited. Names refer to the base's steps. */
enum edit_verb {
	EDIT_END, EDIT_BEFORE, EDIT_AFTER, EDIT_REPLACE, EDIT_DROP, EDIT_APPEND,
	EDIT_DROP_ANY, EDIT_REPLACE_ANY,	/* if it is there */
};

struct step_edit {
	u8 verb;
	u8 path;			/* enum path_id */
	const char *anchor;		/* APPEND: NULL */
	struct step step;		/* DROP: none */
};

struct semantics_patch {
	const char *name;
	const char *alias;		/* another name for it, or NULL */
	const char *table;		/* its name in the table of outcomes, or NULL */
	const char *group;		/* "old", "new" or "series" */
	const char *source;		/* one line: what it is, with its provenance */
	const char *claims;		/* what its author says it does to its base, or NULL */
	const struct semantics_patch *base;	/* NULL: this one is the root */
	struct ops ops;			/* non-NULL ones override */
	const struct traits *traits;	/* NULL: the base's */
	const struct step *const *paths;	/* of the root; NULL: the base's */
	const struct step_edit *edits;	/* ends with EDIT_END; NULL: none */
	const struct call_name *calls;	/* ends with a NULL name; NULL: the base's */
};

/* Resolved. */
struct semantics {
	const char *name, *alias, *group, *source;
	struct ops ops;
	struct traits traits;
	const struct call_name *calls;
	const struct call_name *mmu_calls;	/* come before .calls */
	struct step path[NR_PATHS][MAX_STEPS + 1];	/* each ends with a step without a name */
};

/* Every semantics there is, in order of history; ends with NULL. */
extern const struct semantics_patch *const all_semantics[];
/*
 * What people have asked for that no kernel does: named like a semantics, and meant by the word
 * "policy", never by "all". Ends with NULL.
 */
extern const struct semantics_patch *const policies[];

/*
 * Apply @patch and its bases. False: an anchor that is not there, a path too long, a step that
 * jumps nowhere, an operation missing; @why (of @size bytes) says which.
 */
bool semantics_resolve(const struct semantics_patch *patch, struct semantics *out, char *why,
		       size_t size);
/*
 * The same with another MMU than the TDP MMU: the patch of semantics_mmu[] comes between what is
 * listed in all_semantics[] and what is built on that.
 */
bool semantics_resolve_mmu(const struct semantics_patch *patch, enum mmu_kind mmu,
			   struct semantics *out, char *why, size_t size);
/* By kind of MMU; the TDP MMU's changes nothing. */
extern const struct semantics_patch semantics_mmu[NR_MMU_KINDS];
/* Its name, its alias, or its name in the table of outcomes. */
bool semantics_is_called(const struct semantics_patch *patch, const char *name);
/* By any of its names; NULL if there is none. */
const struct semantics_patch *semantics_find(const char *name);
const struct spte_format *spte_format_of(const struct machine *m);
/* shadow_refcounted_mask: 0 before v11 7/8, and where TDP is off (kvm_configure_mmu()). */
u64 refcounted_mask(const struct machine *m);
