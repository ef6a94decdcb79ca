/* SPDX-License-Identifier: GPL-2.0-only */
/* sem.h: what the sem_*.c share: each other as bases, and helpers of the old API. */
#pragma once

#include "model/machine.h"
#include "model/mark.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

extern const struct semantics_patch sem_v5_11, sem_v5_12, sem_v6_1, sem_v6_8_rc3, sem_v6_8;
extern const struct semantics_patch sem_v6_12, sem_v7_2;
extern const struct semantics_patch sem_policy_strict, sem_policy_notifier, sem_policy_pin;
/* v11, patch by patch; sem_v11 is all eight */
extern const struct semantics_patch sem_v11_p1, sem_v11_p2, sem_v11_p3, sem_v11_p4, sem_v11_p5;
extern const struct semantics_patch sem_v11_p6, sem_v11_p7, sem_v11, sem_v11_unsafe;
extern const struct semantics_patch sem_v11_on_v6_8;
/* d02c357e5bfa */
extern const struct step_edit edits_d02c357e5bfa[];

#define TRAITS_5_12 \
	.lru_batch = 15, .numa_keeps_write = true, .migrate_tries = 10, \
	.migrate_drains = true, .follow_page = true, \
	.mmu_shrinker = true, .age_cleans = true, \
	.ept = &spte_ept_5_12, .npt = &spte_npt_5_12, \
	.change_pte = true, .devmap_grab_page = true, \
	.writable_by_slow = true, .zap_root_from = 4, \
	.reexecutes = true, .cmpxchg_maps = true, .double_map = true, \
	.file_pmd_counts = true, .rmap_splits_first = true, \
	.unmap_splits_first = true, .swapout_wants_pmd = true, \
	.migrate_splits_first = true, .no_madvise_collapse = true, \
	.hugetlb_zap_notifies = true, .hugetlb_moves_by_head = true, \
	.gigantic_stays = true, .remove_needs_write = true, \
	.checks_hwpoison = true, .gvt = CALLER_KEEPS, .uvmem = CALLER_KEEPS

/* Traits of 6.8-rc3 but for what patch 3/8 changes, and what each patch adds. */
#define TRAITS_6_8							\
	.ept = &spte_ept_6_1, .npt = &spte_npt_6_1, .mmu_shrinker = true,	\
	.mmio_below_max_gfn = true, .npt_five_levels = true,		\
	.rearm_clears_bits = true, .make_spte_logs = true,		\
	.forgets_cmpxchg = true,					\
	.fault_splits = true, .nx_tables_known = true,			\
	.nx_leaves_logged = true,					\
	.change_pte = true, .anon_ref_add = true, .zap_root_from = 3,	\
	.saved_dirty = true, .reexecutes = true, .checks_hwpoison = true,	\
	.gmem_poison_leaks = true, .protect_unaccounts = true,		\
	.ksm_unshares = true, .madvise_populates = true, .gmem = true,	\
	.rmap_splits_first = true, .unmap_splits_first = true,		\
	.swapout_wants_pmd = true, .migrate_splits_first = true,		\
	.folio_sharers = SHARERS_OF_FIRST,				\
	.protect_pmd_cleans = true,					\
	.apic_page_checked = true, .arm64_accessed_once = true,		\
	.riscv_kvm = true, .loongarch_kvm = true,			\
	.mte_tags = CALLER_KEEPS, .uvmem = CALLER_KEEPS,		\
	.mremap_hugetlb = true, .mremap_keeps_files = true,		\
	.mremap_realigns = true, .hugetlb_cache_counts = true,		\
	.order_in_flags = true,						\
	.numa_skips_held = true, .numa_moves_pmds = true,			\
	.numa_moves_shared = true, .pageout_takes_copies = true,	\
	.uffd_wp_files = true, .copy_frees_swap = true,		\
	.uffd_regains_write = true, .uffd_wp_vmas = true,		\
	.uffd_unpopulated = true, .protect_clean_writable = true,	\
	.uffd_minor = true, .uffd_poison = true,	\
	.uffd_wp_async = true, .uffd_moves = MOVES_PAGES,		\
	.large_reuse = REUSE_NEVER,					\
	.anon_exclusive = true, .lru_batch = 15, .pfncache = true, .map_pages_puts = true, \
	.split_keeps_dirty = true, .protect_pmd_writable = true, \
	.hugetlb_dontneed = true, .hugetlb_zap_locks = true, \
	.dirty_skipped_over_table = true, .collapses_unchecked = true,	\
	.mmio_over_leaf = true,						\
	.migrate_tries = 2, .migrate_batches = true, .follow_page = true,	\
	.migration_keeps_ad = true, .shmem_keeps_poison = true, .devmap_grab_page = true, \
	.poison_splits_files = true, .poison_unmaps_ksm = true
#define TRAITS_P2	TRAITS_6_8, .atomic_async_warns = true
#define TRAITS_P3	TRAITS_P2, .needs_io = true, .follow_api = true
#define TRAITS_P4	TRAITS_P3, .get_or_guard = true, .follow_outputs_kept = true
#define TRAITS_P7	TRAITS_P4, .refcounted_bit = BIT(59)	/* SPTE_MMU_PAGE_REFCOUNTED */

/* kvm_pfn_to_refcounted_page(), 6.1 to 6.12: a guess by the kind of page. */
bool pfn_is_refcounted(struct machine *m, pfn_t pfn);
/* kvm_set_page_dirty(), kvm_set_page_accessed(): as ops.is_ad_tracked allows */
void set_page_dirty(struct machine *m, pfn_t page);
void set_page_accessed(struct machine *m, pfn_t page);
/* kvm_release_page_clean(), kvm_release_page_dirty() */
void release_page(struct machine *m, pfn_t page, bool dirty, enum holder holder);
/* kvm_set_pfn_dirty(), kvm_set_pfn_accessed() */
void set_pfn_dirty(struct machine *m, pfn_t pfn);
/* hva_to_pfn_remapped() of 6.13, which does not look at the struct page */
void take_nothing(struct machine *m, struct task *t, pfn_t pfn, bool writable);
/* hva_to_pfn_remapped() of 5.12, whose caller says what the PTE allows. */
void take_by_get(struct machine *m, struct task *t, pfn_t pfn, bool writable);
/* kvm_try_get_pfn() (5.13), and -EFAULT if it fails */
void try_get_pfn(struct machine *m, struct task *t, pfn_t pfn);
/* kvm_is_zone_device_pfn(), kvm_is_zone_device_page(): warns of a page without a count. */
bool is_zone_device_pfn(struct machine *m, pfn_t pfn);
/* A page with count 0 is about to be marked dirty or accessed. */
void mark_alive(struct machine *m, pfn_t pfn);
/* A hva_to_pfn_remapped() that found a read-only PTE for a write; false: it did not. */
bool remapped_read_only(struct task *t, bool writable);
/* Before 6.8-rc1, and since 6.13, nothing is told of an SPTE that changes. */
void look_away(struct machine *m, u64 old);
/* kvm_release_pfn_clean() of what was looked up, whatever became of it (fault->orig_pfn) */
void release_original(struct machine *m, struct task *t, bool used);
bool root_is_obsolete(struct machine *m);
