/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v7_2.c: the merged rework (6.13): GUP's page is carried and put under mmu_lock; what the
 * PFNMAP walk finds is never referenced; kvm_vcpu_map() pins, and refuses PFNMAP.
 *
 * Linux 7.2.13 (Debian): virt/kvm/kvm_main.c:kvm_follow_pfn(), arch/x86/kvm/mmu/mmu.c:
 * kvm_mmu_finish_page_fault().
 */
#include "model/sem.h"

void take_nothing(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	struct follow *f = &t->follow;

	(void)m;
	if (remapped_read_only(t, writable))
		return;
	if (f->try_map_writable)
		f->writable = writable;
	follow_finish(t, pfn);
}

/* hva_to_pfn_remapped(): -EINVAL before it looks, so that nothing is faulted in */
static bool may_not_pin(const struct machine *m, const struct task *t)
{
	return t->follow.pin && !t->follow.done &&
	       !m->sem->traits.allow_unsafe_mappings;
}

static enum step_result refuse_pin(struct machine *m, struct task *t)
{
	(void)m;
	follow_finish(t, KVM_PFN_ERR_FAULT);
	return STEP_NEXT;
}

static void mark(struct machine *m, pfn_t page, bool dirty)
{
	mark_check(m, page);
	if (page_is(m, page, PG_RESERVED))
		return;
	if (dirty) {
		mark_check_dirty(m, page);
		page_set_dirty(m, page);
	}
	m->sem->ops.mark_accessed(m, page);
}

/* kvm_release_faultin_page(): unused, dirty if the host page is writable, or clean */
static void release_fault(struct machine *m, struct task *t, bool used)
{
	pfn_t page = t->fault.page;
	bool dirty = t->fault.map_writable;

	if (page == NO_PFN)
		return;
	if (used) {
		note_release(m, dirty ? "kvm_release_page_dirty" : "kvm_release_page_clean", page);
		mark(m, page, dirty);
	}
	page_put(m, page, HOLD_FAULT);
}

static void spte_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	(void)m;
	(void)old;
	(void)new;
	(void)level;
}

/* kvm_release_page_dirty(): fast_page_fault() may give W back without a word to the host. */
static void release_prefetched(struct machine *m, pfn_t page)
{
	note_release(m, "kvm_release_page_dirty", page);
	mark(m, page, true);
	page_put(m, page, HOLD_FAULT);
}

static void fault_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->try_map_writable = true;
	follow->guarded = true;
}

static void map_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE;
	follow->pin = true;
}

static void map_release(struct machine *m, struct task *t)
{
	const struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (map->page == NO_PFN)
		return;
	mark(m, map->page, map->writable);
	if (map->page != m->w->config.zero_pfn)
		page_unpin(m, map->page, HOLD_MAP);
}

/* __gfn_to_page(): NULL where the walk of PTEs found it */
static pfn_t gfn_to_page(struct machine *m, struct task *t)
{
	(void)m;
	return t->follow.page;
}

/* kvm_release_page_clean() or _dirty() of a page that may be NULL */
static void release_carried(struct machine *m, pfn_t page, bool dirty)
{
	if (page == NO_PFN)
		return;
	note_release(m, dirty ? "kvm_release_page_dirty" : "kvm_release_page_clean", page);
	mark(m, page, dirty);
	page_put(m, page, HOLD_FAULT);
}

/* kvm_release_faultin_page() */
static void stage2_put(struct machine *m, struct task *t, bool used)
{
	if (used)
		release_carried(m, t->follow.page, t->map.dirty);
	else if (t->follow.page != NO_PFN)
		page_put(m, t->follow.page, HOLD_FAULT);
}

/* kvm_release_page_unused() of an attempt in vain; else asked for, whatever the page */
static void gpc_release(struct machine *m, struct task *t, bool used)
{
	if (used && t->follow.page == NO_PFN)
		note_release(m, "kvm_release_page_clean", NO_PFN);
	else if (used)
		release_carried(m, t->follow.page, false);
	else if (t->follow.page != NO_PFN)
		page_put(m, t->follow.page, HOLD_FAULT);
}

static const struct traits traits = {
	.vm_shares_mm = true, .numa_skips_pinned = true, .numa_asks_pmds = true,
	.numa_moves_pmds = true, .numa_rebuilds_folio = true, .numa_moves_shared = true,
	.npt_fast_mmio = true, .bus_freed_later = true,
	.pferr = PFERR_USER_OF_LINEAR, .mmio_below_max_gfn = true, .npt_five_levels = true,
	.mmu_pages_first = true, .rearm_clears_bits = true, .make_spte_logs = true,
	.fast_asks_private = true,
	.fault_splits = true,
	.nx_tables_known = true,
	.nx_leaves_logged = true, .slot_zap_quirk = true,
	.clear_splits_last = true, .vmsave_exits = true,
	.anon_exclusive = true, .large_reuse = REUSE_IF_WHOLE, .lru_batch = 31,
	.async_error_code = true,
	.pfncache = true, .pfncache_logs_locked = true, .pfncache_of_hva = true,
	.prefaults = true, .reload_frees_roots = true,
	.prefetch_gives_up = true, .wrappers_gone = true, .wrap_asks_caching = true,
	.riscv_kvm = true, .loongarch_kvm = true,
	.mte_tags = CALLER_PUTS, .uvmem = CALLER_PUTS,
	.gmem = true, .gmem_mmap = true,
	.attributes_add_huge = true, .private_by_tdp_mmu = true, .apic_page_checked = true,
	.uffd_wp_files = true, .mremap_clears_uffd = true,
	.uffd_regains_write = true, .uffd_wp_vmas = true, .uffd_unpopulated = true,
	.uffd_minor = true, .uffd_minor_efault = true, .uffd_poison = true,
	.uffd_wp_async = true, .uffd_moves = MOVES_BATCHES,
	.protect_clean_writable = true,
	.migrate_tries = 2, .migrate_batches = true, .ksm_unshares = true,
	.migration_keeps_ad = true, .shmem_keeps_poison = true, .poison_kills = true,
	.poison_splits_files = true, .poison_unmaps_ksm = true,
	.pageout_takes_copies = true, .shmem_swaps_whole = true,
	.shmem_swapin_large = true,
	.pageout_ignores_young = true, .swapin_writable = true,
	.copy_frees_swap = true, .prefetch_keeps_spte = true,
	.multi_gen_lru = true, .lockless_aging = true,
	.mremap_hugetlb = true, .mremap_keeps_files = true, .mremap_realigns = true,
	.hugetlb_cache_counts = true, .order_in_flags = true,
	.mremap_moves_vmas = true,
	.madvise_populates = true, .populate_stops_at_hole = true,
	.lazyfree_waits = true, .swapin_by_cache = true,
	.ept = &spte_ept_7_2, .npt = &spte_npt_7_2,
	.pfnmap_huge = true, .needs_io = true,
	.map_pages_puts = true, .zap_root_from = 1, .table_noted_last = true,
	.huge_zero_special = true, .huge_zero_wp = true, .gup_touches_hugetlb = true,
	.hugetlb_dontneed = true, .hugetlb_restores = true, .hugetlb_zap_locks = true,
	.zap_noted_nonpresent = true, .protect_pmd_writable = true,
	.folio_sharers = SHARERS_EXACT, .migrate_splits_partial = true,
	 .split_drops_zeroes = true, .split_ascends = true,
	.split_keeps_dirty = true, .collapse_read_only = true, .collapse_of_nothing = true,
	.collapse_passes_holes = true,
	.protect_notifies_pud = true, .protect_unaccounts = true, .unused_vma_takes_anon = true,
	.collapse_retracts_all = true,
	.shmem_fits_vma = true, .set_pmd_in_size = true, .set_pmd_asks_vma = true,
	.fault_maps_folio = MAPS_ALL,
	.split_keeps_buddies = true, .shmem_any_order = true, .around_maps_folio = true,
	.zap_pmd_marks = true,
	.gup_fast_needs_mapping = true, .saved_dirty = true, .fault_keeps_dirty = true,
	.direct_leaf_warns = true,
};

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > kvm_tdp_mmu_page_fault" },
	{ "kvm_faultin_pfn", "kvm_mmu_faultin_pfn > __kvm_mmu_faultin_pfn > __kvm_faultin_pfn" },
	{ "hva_to_pfn", "kvm_follow_pfn > hva_to_pfn" },
	{ "kvm_vcpu_map", "kvm_vcpu_map > __kvm_vcpu_map" },
	{ 0 }
};

#define FAULT	"kvm_mmu_page_fault > kvm_tdp_page_fault"
#define NX	"kvm_nx_huge_page_recovery_worker > kvm_recover_nx_huge_pages"

const struct semantics_patch sem_v7_2 = {
	.name = "v7.2", .group = "new", .base = &sem_v6_12,
	.source = "Linux 7.2: merged kvm_follow_pfn() (6.13): GUP's page is carried, "
		  "PFNMAP never referenced",
	.claims = "KVM does not guess by a pfn whether its page is counted: what GUP has given is "
		  "put, what is in a VM_PFNMAP is never referenced",
	.traits = &traits, .calls = calls,
	.ops = {
		.take_remapped = take_nothing, .release_fault = release_fault,
		.spte_changed = spte_changed, .log_rearmed = look_away,
		.leaf_aged = look_away,
		.fault_args = fault_args, .map_args = map_args, .map_release = map_release,
		.gfn_to_page = gfn_to_page,
		.gpc_release = gpc_release,
		.stage2_release = stage2_put,
		.check_zapped = look_away,
		.harvest_accessed = look_away, .harvest_dirty = look_away,
		.release_prefetched = release_prefetched,
	},
	.edits = (const struct step_edit[]){
		{ EDIT_DROP, PATH_SLOT, "alloc_apic_page", { 0 } },
		{ EDIT_DROP, PATH_SLOT, "put_apic_page", { 0 } },
		{ EDIT_DROP, PATH_APIC, "apic_release", { 0 } },
		{ EDIT_BEFORE, PATH_APIC, "apic_unlock",
		  STEP(apic_release, .when = apic_page_found,
		       .chain = "vmx_set_apic_access_page_addr > "
				"kvm_release_page_clean") },
		{ EDIT_DROP, PATH_STAGE2, "stage2_absent", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_fast", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_vma", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_mark_first", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_mark_locked", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_dirty_locked", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_dirty", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_accessed", { 0 } },
		{ EDIT_DROP, PATH_STAGE2, "stage2_accessed_last", { 0 } },
		{ EDIT_BEFORE, PATH_STAGE2, "stage2_unlock",
		  STEP_AS(stage2_release_under_lock, stage2_release, .when = stage2_releases_locked,
			  .chain = "user_mem_abort") },
		{ EDIT_REPLACE, PATH_STAGE2, "stage2_release",
		  STEP(stage2_release,
		    .when = stage2_releases_late, .chain = "user_mem_abort") },
		{ EDIT_BEFORE, PATH_FOLLOW, "follow_pte",
		  STEP(refuse_pin, .when = may_not_pin,
		       .chain = "hva_to_pfn > hva_to_pfn_remapped") },
		{ EDIT_REPLACE, PATH_FOLLOW, "end_follow",
		  STEP(end_faultin, .chain = "__kvm_faultin_pfn") },
		{ EDIT_REPLACE, PATH_FAULT, "precheck_retry_again",
		  STEP_AS(precheck_retry_again, precheck_retry_finish,
			  .when = fault_continues_in_slot,
			  .chain = FAULT " > kvm_mmu_faultin_pfn > kvm_mmu_finish_page_fault") },
		{ EDIT_BEFORE, PATH_FAULT, "take_result",
		  STEP(note_refusal, .when = lookup_refused, .chain = "__kvm_faultin_pfn") },
		{ EDIT_BEFORE, PATH_FAULT, "install_leaf",
		  STEP(spurious_if_allowed, .when = fault_installs,
		       .chain = FAULT " > kvm_tdp_mmu_map > tdp_mmu_map_handle_target_level") },
		{ EDIT_REPLACE, PATH_UNMAP_MAP, "unmap_log_dirty",
		  STEP(unmap_log_writable, .chain = "kvm_vcpu_unmap") },
		{ EDIT_DROP, PATH_FAULT, "release_fault_page", { 0 } },
		{ EDIT_BEFORE, PATH_FAULT, "unlock_mmu",
		  STEP_AS(release_under_lock, release_fault_page, .when = fault_has_lookup,
			  .chain = FAULT " > kvm_mmu_finish_page_fault") },
		/* 6.18: the worker shares mmu_lock */
		{ EDIT_REPLACE, PATH_RECOVER_NX, "recover_lock",
		  STEP_AS(recover_lock, recover_lock_shared, .chain = NX) },
		{ EDIT_REPLACE, PATH_RECOVER_NX, "recover_unlock",
		  STEP_AS(recover_unlock, recover_unlock_shared, .chain = NX) },
		{ EDIT_REPLACE, PATH_SLOT, "collapse_tables",
		  STEP(recover_slot, .when = log_ends,
		       .chain = "kvm_set_memory_region > kvm_mmu_slot_apply_flags > "
				"kvm_mmu_recover_huge_pages") },
		{ EDIT_AFTER, PATH_UNMAP, "clear_ptes",
		  STEP(reclaim_tables, .when = range_drops_pages,
		       .chain = "zap_vma_range_batched > zap_pte_range > zap_empty_pte_table") },
		{ .verb = EDIT_END },
	},
};
