/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v6_12.c: the last of the old API: follow_pfnmap_start(), no change_pte, BIT(63) non-present.
 *
 * Linux 6.12.107 (Debian): virt/kvm/kvm_main.c, arch/x86/kvm/mmu/mmu.c.
 */
#include "model/sem.h"
#include "model/thp.h"

/* kvm_tdp_mmu_unmap_gfn_range(): what only obsolete roots mapped needs no flush */
static bool zap_flushes(struct machine *m, bool zapped_valid, bool zapped_invalid)
{
	(void)m;
	(void)zapped_invalid;
	return zapped_valid;
}

static const struct traits traits = {
	.vm_shares_mm = true,
	.pferr = PFERR_IF_LINEAR, .mmio_below_max_gfn = true, .npt_five_levels = true,
	.mmu_shrinker = true, .mmu_pages_first = true,
	.rearm_clears_bits = true, .make_spte_logs = true, .fast_asks_private = true,
	.fault_splits = true,
	.nx_tables_known = true,
	.nx_leaves_logged = true, .slot_zap_quirk = true, .clear_splits_last = true,
	.anon_exclusive = true, .large_reuse = REUSE_NEVER, .lru_batch = 31,
	.async_error_code = true,
	.pfncache = true, .pfncache_logs_locked = true, .pfncache_of_hva = true,
	.prefaults = true, .gmem = true, .private_by_tdp_mmu = true,
	.attributes_add_huge = true, .arm64_accessed_once = true, .arm64_dirty_unlocked = true,
	.riscv_kvm = true, .loongarch_kvm = true,
	.mte_tags = CALLER_PUTS, .uvmem = CALLER_KEEPS,
	.apic_page_checked = true,
	.uffd_wp_files = true, .mremap_clears_uffd = true,
	.uffd_regains_write = true, .uffd_wp_vmas = true, .uffd_unpopulated = true,
	.uffd_minor = true, .uffd_poison = true,
	.uffd_wp_async = true, .uffd_moves = MOVES_ZEROES,
	.protect_clean_writable = true, .numa_moves_pmds = true,
	.numa_rebuilds_folio = true, .numa_moves_shared = true,
	.migrate_tries = 2, .migrate_batches = true, .ksm_unshares = true,
	.migration_keeps_ad = true, .shmem_keeps_poison = true, .poison_kills = true,
	.poison_splits_files = true, .poison_unmaps_ksm = true,
	.pageout_takes_copies = true, .shmem_swaps_whole = true,
	.pageout_ignores_young = true, .swapin_writable = true,
	.copy_frees_swap = true,
	.multi_gen_lru = true,
	.mremap_hugetlb = true, .mremap_keeps_files = true, .mremap_realigns = true,
	.hugetlb_cache_counts = true, .order_in_flags = true,
	.madvise_populates = true, .populate_stops_at_hole = true,
	.ept = &spte_ept_6_12, .npt = &spte_npt_6_12,
	.pfnmap_huge = true, .writable_by_slow = true, .split_pud_asserts = true,
	.anon_ref_add = true, .map_pages_puts = true, .zap_root_from = 1,
	.gup_fast_needs_mapping = true, .saved_dirty = true, .checks_hwpoison = true,
	.hugetlb_dontneed = true, .hugetlb_restores = true, .hugetlb_zap_locks = true,
	.zap_noted_nonpresent = true, .protect_pmd_writable = true,
	.folio_sharers = SHARERS_LIKELY, .migrate_splits_first = true,
	 .migrate_splits_partial = true, .split_drops_zeroes = true,
	.split_keeps_dirty = true, .gup_touches_hugetlb = true,
	.protect_pmd_cleans = true, .protect_notifies_pud = true, .protect_unaccounts = true,
	.collapse_retracts_all = true,
	.shmem_fits_vma = true, .set_pmd_in_size = true, .set_pmd_asks_vma = true,
	.fault_maps_folio = MAPS_SHARED_ANON,
};

#define SPLIT_PUD	"do_mprotect_pkey > mprotect_fixup > change_protection > __split_huge_pud"

const struct semantics_patch sem_v6_12 = {
	.name = "v6.12", .group = "old", .base = &sem_v6_8,
	.source = "Linux 6.12: gfn_to_pfn() with follow_pfnmap_start(): huge PFNMAP leaves",
	.traits = &traits,
	.ops = { .release_fault = release_original, .zap_flushes = zap_flushes,
		 .zap_gfns = tdp_zap_valid_roots },
	.edits = (const struct step_edit[]){
		{ EDIT_AFTER, PATH_SLOT, "zap_obsolete",
		  STEP(zap_slot, .when = slot_zaps_itself,
		       .chain = "kvm_set_memory_region > kvm_set_memslot > "
				"kvm_arch_flush_shadow_memslot > kvm_unmap_gfn_range") },
		{ EDIT_DROP, PATH_FAULT, "exit_memory_fault", { 0 } },
		{ EDIT_AFTER, PATH_FAULT, "snapshot_seq",
		  STEP(exit_memory_fault, .when = fault_mismatches,
		       .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault > kvm_faultin_pfn") },
		/* 6.9: all of it under refresh_lock */
		{ EDIT_DROP, PATH_GPC, "gpc_activate", { 0 } },
		{ EDIT_DROP, PATH_GPC, "gpc_deactivate", { 0 } },
		{ EDIT_BEFORE, PATH_GPC, "gpc_translate",
		  STEP_AS(gpc_activate, gpc_activate_once, .when = gpc_activates,
			  .chain = "kvm_gpc_activate") },
		{ EDIT_BEFORE, PATH_GPC, "gpc_translate",
		  STEP(gpc_read_gpa, .when = gpc_checks, .chain = "kvm_gpc_refresh") },
		{ EDIT_BEFORE, PATH_GPC, "gpc_unlock_refresh",
		  STEP(gpc_deactivate, .when = gpc_deactivates, .chain = "kvm_gpc_deactivate") },
		/* PUDs of drivers */
		{ EDIT_BEFORE, PATH_PROTECT, "change_ptes",
		  STEP_AS(protect_begin_cut, begin_cut, .when = piece_cuts_pmd,
			  .calls = PATH_NOTIFY_START, .chain = SPLIT_PUD) },
		{ EDIT_BEFORE, PATH_PROTECT, "change_ptes",
		  STEP_AS(protect_cut, cut_pmd, .when = cut_is_open,
			  .calls = PATH_NOTIFY_END, .chain = SPLIT_PUD) },
		{ EDIT_BEFORE, PATH_PROTECT, "change_ptes",
		  STEP_AS(protect_end_cut, end_cut, .when = cut_is_open,
			  .to = "protect_begin_cut", .chain = SPLIT_PUD) },
		{ .verb = EDIT_END },
	},
};
