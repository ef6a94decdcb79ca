/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v6_1.c: the old API as repaired: get_page_unless_zero() on the exact page, or -EFAULT.
 *
 * Linux 6.1.192 (Debian): virt/kvm/kvm_main.c:kvm_try_get_pfn(), kvm_release_pfn_clean(),
 * arch/x86/kvm/mmu/mmu.c:direct_page_fault().
 */
#include "model/sem.h"
#include "model/thp.h"

bool pfn_is_refcounted(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_VALID))
		return false;
	if (!page_is(m, pfn, PG_RESERVED) || pfn == m->w->config.zero_pfn)
		return true;
	return is_zone_device_pfn(m, pfn);
}

void try_get_pfn(struct machine *m, struct task *t, pfn_t pfn)
{
	if (!pfn_is_refcounted(m, pfn)) {
		follow_finish(t, pfn);
	} else if (page_get_unless_zero(m, pfn, HOLD_FAULT)) {
		t->follow.page = pfn;
		follow_finish(t, pfn);
	} else {
		follow_finish(t, KVM_PFN_ERR_FAULT);
	}
}

static void take_by_try_get(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	if (remapped_read_only(t, writable))
		return;
	if (t->follow.try_map_writable)
		t->follow.writable = writable;
	try_get_pfn(m, t, pfn);
}

/* kvm_is_ad_tracked_page(): everything but PG_reserved */
static bool is_ad_tracked(struct machine *m, pfn_t pfn)
{
	return page_is(m, pfn, PG_VALID) && !page_is(m, pfn, PG_RESERVED);
}

void release_page(struct machine *m, pfn_t page, bool dirty, enum holder holder)
{
	if (dirty) {
		note_release(m, "kvm_release_page_dirty", page);
		note_release(m, "kvm_set_page_dirty", page);
		set_page_dirty(m, page);
	}
	note_release(m, "kvm_release_page_clean", page);
	set_page_accessed(m, page);
	page_put(m, page, holder);
}

static void release_pfn(struct machine *m, pfn_t pfn, bool dirty, enum holder holder)
{
	note_release(m, dirty ? "kvm_release_pfn_dirty" : "kvm_release_pfn_clean", pfn);
	if (!is_error_noslot_pfn(pfn) && pfn_is_refcounted(m, pfn))
		release_page(m, pfn, dirty, holder);
}

bool root_is_obsolete(struct machine *m)
{
	return m->sem->ops.root_is_obsolete(m, m->w->task[m->task].vcpu);
}

/* is_page_fault_stale(), mmu_invalidate_retry_hva() */
static bool fault_is_stale(struct machine *m, const struct fault *f)
{
	return root_is_obsolete(m) ||
	       (f->slot != NO_SLOT && invalidate_retry(m, f->mmu_seq, f->hva));
}

static bool range_counts_if_slot(struct machine *m, const struct notify *range)
{
	return memslots_overlap(m, range->start, range->end);
}

static bool huge_always(struct machine *m, pfn_t pfn)
{
	(void)m;
	(void)pfn;
	return true;
}

/* 6.1 to 6.12, v11: no page is returned that a release would not put */
static pfn_t gfn_to_page(struct machine *m, struct task *t)
{
	return pfn_is_refcounted(m, t->follow.pfn) ? t->follow.pfn : NO_PFN;
}

static const struct traits traits = {
	.riscv_kvm = true,
	.gvt = CALLER_PUTS, .mte_tags = CALLER_KEEPS, .uvmem = CALLER_PUTS,
	.numa_keeps_write = true, .numa_skips_held = true, .numa_moves_pmds = true,
	.mremap_hugetlb = true, .mremap_keeps_files = true,
	.uffd_wp_files = true, .mremap_clears_uffd = true, .uffd_minor = true,
	.anon_exclusive = true, .copy_frees_swap = true, .lru_batch = 15,
	.pfncache = true, .log_wants_vcpu = true,
	.mmio_below_max_gfn = true, .npt_five_levels = true,
	.madvise_populates = true,
	.migrate_tries = 10, .migrate_drains = true, .follow_page = true,
	.migration_keeps_ad = true, .shmem_keeps_poison = true, .poison_splits_files = true,
	.follow_needs_access = true,
	.mmu_shrinker = true, .mmu_pages_first = true, .make_spte_logs = true,
	.ept = &spte_ept_6_1, .npt = &spte_npt_6_1,
	.change_pte = true, .devmap_grab_page = true, .writable_by_slow = true,
	.zap_root_from = 3, .reexecutes = true, .double_map = true,
	.file_pmd_counts = true, .rmap_splits_first = true, .unmap_splits_first = true,
	.swapout_wants_pmd = true, .migrate_splits_first = true,
	.folio_sharers = SHARERS_OF_FIRST_IF_FREED,
	.hugetlb_zap_notifies = true, .hugetlb_moves_by_head = true,
	.hugetlb_dontneed = true, .checks_hwpoison = true,
};

#define STEAL	"kvm_arch_vcpu_ioctl_run > vcpu_enter_guest > record_steal_time"
#define WP_RANGE	"userfaultfd_unregister > uffd_wp_range > change_protection"
#define ZAP	"kvm_set_memory_region > kvm_set_memslot > kvm_mmu_zap_all_fast"
#define WRAP	"kvm_set_memory_region > kvm_set_memslot > kvm_mmu_invalidate_mmio_sptes > " \
		"kvm_mmu_zap_all_fast"
#define APPLY	"kvm_set_memory_region > kvm_set_memslot > kvm_mmu_slot_apply_flags"
#define SWAP	"kvm_set_memory_region > kvm_set_memslot > kvm_swap_active_memslots"

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > direct_page_fault" },
	{ "hva_to_pfn", "__gfn_to_pfn_memslot > hva_to_pfn" },
	{ 0 }
};

const struct semantics_patch sem_v6_1 = {
	.name = "v6.1", .group = "old", .base = &sem_v5_12,
	.source = "Linux 6.1: gfn_to_pfn() with get_page_unless_zero() on the exact page",
	.traits = &traits, .calls = calls,
	.ops = {
		.take_remapped = take_by_try_get, .fault_is_stale = fault_is_stale,
		.range_counts = range_counts_if_slot, .huge_ok = huge_always,
		.is_ad_tracked = is_ad_tracked, .release_pfn = release_pfn,
		.gfn_to_page = gfn_to_page, .free_roots = tdp_free_roots,
		/* tdp_mmu_zap_leafs(), after 5.18 */
		.unmap_range = tdp_unmap_range, .zap_gfns = tdp_unmap_range,
	},
	.edits = (const struct step_edit[]){
		/* 5.16 (7e2175ebd695): by user accesses, and nothing is held */
		{ EDIT_DROP, PATH_EXIT, "exit_release_steal", { 0 } },
		{ EDIT_DROP, PATH_STEAL, "steal_map", { 0 } },
		{ EDIT_DROP, PATH_STEAL, "steal_keep", { 0 } },
		{ EDIT_DROP, PATH_STEAL, "steal_write", { 0 } },
		{ EDIT_REPLACE, PATH_STEAL, "steal_unmap",
		  STEP(steal_check_hva, .chain = STEAL " > kvm_gfn_to_hva_cache_init") },
		{ EDIT_APPEND, PATH_STEAL, NULL,
		  STEP(steal_clear_preempted, .when = steal_records, .calls = PATH_HOST_ACCESS,
		       .chain = STEAL) },
		{ EDIT_APPEND, PATH_STEAL, NULL,
		  STEP(steal_get_version, .when = steal_goes_well, .calls = PATH_HOST_ACCESS,
		       .chain = STEAL) },
		{ EDIT_APPEND, PATH_STEAL, NULL,
		  STEP(steal_put_version, .when = steal_goes_well, .calls = PATH_HOST_ACCESS,
		       .chain = STEAL) },
		{ EDIT_APPEND, PATH_STEAL, NULL,
		  STEP(steal_set_preempted, .when = steal_is_preempted,
		       .chain = "kvm_arch_vcpu_put > kvm_steal_time_set_preempted") },
		{ EDIT_APPEND, PATH_STEAL, NULL,
		  STEP(steal_mark_dirty, .chain = STEAL " > mark_page_dirty_in_slot") },
		/* fault->slot: before room for tables is made, 5.16 (e710c5f6be0e) */
		{ EDIT_AFTER, PATH_FAULT, "mmio_fault",
		  STEP(find_slot, .when = fault_continues,
		       .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault") },
		{ EDIT_REPLACE, PATH_FAULT, "check_slot",
		  STEP(check_slot, .when = fault_continues,
		       .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault > kvm_faultin_pfn") },
		{ EDIT_DROP, PATH_FAULT, "refind_slot", { 0 } },
		/* fast_page_fault() serves the TDP MMU since 5.14 (6e8eb2060cc7) */
		{ EDIT_BEFORE, PATH_FAULT, "snapshot_seq",
		  STEP(fast_page_fault, .when = may_be_fast,
		       .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault > fast_page_fault") },
		{ EDIT_AFTER, PATH_FAULT, "fast_page_fault",
		  STEP(fast_fix, .when = fast_wants_fix, .to = "fast_page_fault",
		       .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault > fast_page_fault > "
				"fast_pf_fix_direct_spte") },
		/* 5.15: the memslot stays; edb298c663fc */
		{ EDIT_REPLACE, PATH_ZAP_GFNS, "inhibit_apicv",
		  STEP(inhibit_apicv, .when = zap_inhibits,
		       .chain = "kvm_set_apicv_inhibit > __kvm_set_or_clear_apicv_inhibit") },
		{ EDIT_AFTER, PATH_ZAP_GFNS, "zap_lock",
		  STEP_AS(zap_count, zap_count_hvas,
			  .chain = "kvm_zap_gfn_range > kvm_mmu_invalidate_begin") },
		{ EDIT_BEFORE, PATH_ZAP_GFNS, "zap_unlock",
		  STEP(zap_uncount, .chain = "kvm_zap_gfn_range > kvm_mmu_invalidate_end") },
		/* kvm_swap_active_memslots(): mn_active_invalidate_count, 5.13 */
		/* 5.19 (1c2361f667f3): cmpxchg by the hva */
		{ EDIT_DROP, PATH_EMULATE, "map_for_cmpxchg", { 0 } },
		{ EDIT_DROP, PATH_EMULATE, "cmpxchg_mapped", { 0 } },
		{ EDIT_DROP, PATH_EMULATE, "store_by_mmio", { 0 } },
		{ EDIT_REPLACE, PATH_SLOT, "invalidate_slot",
		  STEP(swap_to_invalid, .when = slot_goes, .chain = SWAP) },
		{ EDIT_REPLACE, PATH_SLOT, "commit_slot",
		  STEP(swap_to_new, .when = slot_publishes, .chain = SWAP) },
		/* kvm_tdp_mmu_invalidate_roots(): roots become obsolete, 5.13 (b7cccd397f31) */
		{ EDIT_REPLACE, PATH_SLOT, "zap_all_fast",
		  STEP(zap_all_fast, .when = slot_zaps_all, .chain = ZAP) },
		{ EDIT_AFTER, PATH_SLOT, "zap_all_fast",
		  STEP(zap_obsolete, .when = slot_zaps_all,
		       .chain = ZAP " > kvm_tdp_mmu_zap_invalidated_roots") },
		{ EDIT_REPLACE, PATH_SLOT, "zap_all_of_first_wrap",
		  STEP_AS(zap_all_of_first_wrap, zap_all_fast, .when = invalid_generation_wraps,
			  .chain = WRAP) },
		{ EDIT_AFTER, PATH_SLOT, "zap_all_of_first_wrap",
		  STEP_AS(zap_obsolete_of_first_wrap, zap_obsolete,
			  .when = invalid_generation_wraps,
			  .chain = WRAP " > kvm_tdp_mmu_zap_invalidated_roots") },
		{ EDIT_REPLACE, PATH_SLOT, "zap_all_of_wrap",
		  STEP_AS(zap_all_of_wrap, zap_all_fast, .when = mmio_generation_wraps,
			  .chain = WRAP) },
		{ EDIT_AFTER, PATH_SLOT, "zap_all_of_wrap",
		  STEP_AS(zap_obsolete_of_wrap, zap_obsolete, .when = mmio_generation_wraps,
			  .chain = WRAP " > kvm_tdp_mmu_zap_invalidated_roots") },
		/* 6.0: what is no more watched is not protected either */
		{ EDIT_AFTER, PATH_UFFD, "uffd_wake_missing",
		  STEP_AS(reset_begin, uffd_begin, .when = uffd_unregisters,
			  .calls = PATH_NOTIFY_START, .chain = WP_RANGE) },
		{ EDIT_AFTER, PATH_UFFD, "reset_begin",
		  STEP_AS(reset_begin_cut, uffd_begin_cut, .when = uffd_cuts_pmd,
			  .calls = PATH_NOTIFY_START, .chain = WP_RANGE " > __split_huge_pmd") },
		{ EDIT_AFTER, PATH_UFFD, "reset_begin_cut",
		  STEP_AS(reset_cut, cut_pmd, .when = cut_is_open, .calls = PATH_NOTIFY_END,
			  .chain = WP_RANGE " > __split_huge_pmd") },
		{ EDIT_AFTER, PATH_UFFD, "reset_cut",
		  STEP_AS(reset_end_cut, end_cut, .when = cut_is_open, .to = "reset_begin_cut",
			  .chain = WP_RANGE) },
		{ EDIT_AFTER, PATH_UFFD, "reset_end_cut",
		  STEP_AS(reset_change, uffd_change, .when = uffd_has_piece,
			  .chain = WP_RANGE " > change_pte_range") },
		{ EDIT_AFTER, PATH_UFFD, "reset_change",
		  STEP_AS(reset_end, enter_path_and_go_back, .when = uffd_has_piece,
			  .calls = PATH_NOTIFY_END, .to = "reset_begin", .chain = WP_RANGE) },
		{ EDIT_REPLACE, PATH_SET_NX, "nx_zap_all",
		  STEP_AS(nx_zap_all, zap_all_fast, .when = nx_changes,
			  .chain = "set_nx_huge_pages > kvm_mmu_zap_all_fast") },
		{ EDIT_AFTER, PATH_SET_NX, "nx_zap_all",
		  STEP_AS(nx_zap_obsolete, zap_obsolete, .when = nx_changes,
			  .chain = "set_nx_huge_pages > kvm_mmu_zap_all_fast > "
				   "kvm_tdp_mmu_zap_invalidated_roots") },
		{ EDIT_BEFORE, PATH_SLOT, "clear_dirty_slot",
		  STEP(split_slot, .when = log_begins_eagerly,
		       .chain = "kvm_set_memory_region > kvm_mmu_slot_apply_flags > "
				"kvm_mmu_slot_try_split_huge_pages") },
		{ EDIT_BEFORE, PATH_SLOT, "swap_to_new",
		  STEP(prepare_slot, .when = slot_changes,
		       .chain = "kvm_set_memory_region > kvm_set_memslot > "
				"kvm_prepare_memory_region > kvm_arch_prepare_memory_region") },
		/* 5.13 (24ae4cfaaaa2) */
		{ EDIT_REPLACE, PATH_SLOT, "clear_dirty_slot",
		  STEP_AS(clear_dirty_slot, clear_dirty_slot_shared, .when = log_begins_by_dirty,
			  .chain = APPLY " > kvm_mmu_slot_leaf_clear_dirty") },
		{ EDIT_REPLACE, PATH_SLOT, "protect_slot",
		  STEP_AS(protect_slot, protect_slot_shared, .when = log_begins,
			  .chain = APPLY " > kvm_mmu_slot_remove_write_access") },
		{ EDIT_DROP, PATH_SLOT, "protect_full_slot", { 0 } },
		{ EDIT_REPLACE, PATH_SLOT, "flush_slot",
		  STEP(flush_slot, .when = log_begins,
		       .chain = "kvm_set_memory_region > kvm_mmu_slot_apply_flags > "
				"kvm_flush_remote_tlbs_memslot") },
		{ EDIT_BEFORE, PATH_CLEAR_LOG, "clear_log",
		  STEP(split_cleared, .when = clears_full_log,
		       .chain = "kvm_vm_ioctl_clear_dirty_log > kvm_clear_dirty_log_protect > "
				"kvm_arch_mmu_enable_log_dirty_pt_masked > "
				"kvm_mmu_try_split_huge_pages") },
		{ EDIT_REPLACE, PATH_SLOT, "collapse_slot",
		  STEP(collapse_tables, .when = log_ends,
		       .chain = "kvm_set_memory_region > kvm_mmu_slot_apply_flags > "
				"kvm_mmu_zap_collapsible_sptes") },
		{ .verb = EDIT_END },
	},
};
