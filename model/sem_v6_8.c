/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v6_8.c: v6.8-rc3, the base of the v11 series, and v6.8 with d02c357e5bfa on top.
 *
 * Linux 6.8: virt/kvm/kvm_main.c, arch/x86/kvm/mmu/mmu.c. The release is given fault->pfn after
 * kvm_mmu_hugepage_adjust() (fixed later by orig_pfn).
 */
#include "model/sem.h"

static void release_adjusted(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.release_pfn(m, t->fault.pfn, false, HOLD_FAULT);
}

/* mmu_invalidate_retry_gfn() */
static bool fault_is_stale(struct machine *m, const struct fault *f)
{
	return root_is_obsolete(m) ||
	       (f->slot != NO_SLOT && invalidate_retry(m, f->mmu_seq, f->gfn));
}

/* kvm_mmu_invalidate_range_add(): a hull of gfns */
static void range_add_gfns(struct machine *m, const struct notify *range)
{
	struct kvm *kvm = &m->w->kvm;
	bool first = kvm->in_progress == 1;
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		if (!memslot_overlap(memslot_row(m, row), range->start, range->end, &lo, &hi))
			continue;
		if (first || lo < kvm->range_start)
			kvm->range_start = lo;
		if (first || hi > kvm->range_end)
			kvm->range_end = hi;
		first = false;
	}
}

/* clear_dirty_pt_masked(): marks whenever a bit went */
static void log_rearmed(struct machine *m, u64 old)
{
	set_pfn_dirty(m, pt_pfn(old));
}

static const struct traits traits = { TRAITS_6_8, .writable_by_slow = true };

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > kvm_tdp_mmu_page_fault" },
	{ "kvm_faultin_pfn", "kvm_faultin_pfn > __kvm_faultin_pfn" },
	{ "hva_to_pfn", "__gfn_to_pfn_memslot > hva_to_pfn" },
	{ 0 }
};

#define SET_ADDR	"vmx_set_apic_access_page_addr"
#define PRIVATE	"kvm_mmu_page_fault > kvm_tdp_page_fault > kvm_faultin_pfn"

const struct semantics_patch sem_v6_8_rc3 = {
	.name = "v6.8-rc3", .alias = "v11-p0", .table = "legacy", .group = "old", .base = &sem_v6_1,
	.source = "Linux 6.8-rc3 (54be6c6c5ae8), base of the v11 series: gfn_to_pfn(), "
		  "retry by gfn",
	.traits = &traits, .calls = calls,
	.ops = {
		.fault_is_stale = fault_is_stale, .range_add = range_add_gfns,
		.release_fault = release_adjusted, .log_rearmed = log_rearmed,
		.mark_accessed = page_mark_accessed_lru_gen,
	},
	.edits = (const struct step_edit[]){
		{ EDIT_DROP, PATH_HOST_FAULT, "put_displaced_page", { 0 } },
		{ EDIT_DROP, PATH_COLLAPSE_FILE, "drop_pte_refs", { 0 } },
		{ EDIT_REPLACE, PATH_COLLAPSE_FILE, "flush_pte_mapped",
		  STEP(clear_pte_mapped, .when = has_pte_table,
		       .chain = "collapse_pte_mapped_thp") },
		/* 6.5 (0a8a5f2c8c26): with the SPTEs; 878940b33d76: checked */
		{ EDIT_DROP, PATH_NOTIFY_END, "ask_apic_reload", { 0 } },
		{ EDIT_AFTER, PATH_NOTIFY_START, "notify_zap",
		  STEP(ask_apic_reload, .when = zap_takes_apic_page,
		       .chain = "kvm_mmu_notifier_invalidate_range_start > "
				"kvm_unmap_gfn_range") },
		{ EDIT_BEFORE, PATH_APIC, "apic_lookup",
		  STEP_AS(apic_snapshot_seq, snapshot_seq, .chain = SET_ADDR) },
		{ EDIT_DROP, PATH_APIC, "apic_to_page", { 0 } },
		{ EDIT_BEFORE, PATH_APIC, "apic_write",
		  STEP(apic_lock, .when = apic_page_found, .chain = SET_ADDR) },
		{ EDIT_BEFORE, PATH_APIC, "apic_write",
		  STEP(apic_check, .when = apic_page_found,
		       .chain = SET_ADDR " > mmu_invalidate_retry_gfn") },
		{ EDIT_DROP, PATH_APIC, "apic_flush", { 0 } },
		{ EDIT_REPLACE, PATH_APIC, "apic_put",
		  STEP(apic_unlock, .when = apic_page_found, .chain = SET_ADDR) },
		{ EDIT_APPEND, PATH_APIC, NULL,
		  STEP(apic_release, .when = apic_page_found,
		       .chain = SET_ADDR " > kvm_release_pfn_clean") },
		/* 6.3: deactivated at once; ecbcf030b456: what is valid is not activated */
		{ EDIT_REPLACE, PATH_GPC, "gpc_activate",
		  STEP_AS(gpc_activate, gpc_activate_once, .when = gpc_activates,
			  .chain = "kvm_gpc_activate") },
		{ EDIT_REPLACE, PATH_GPC, "gpc_retire",
		  STEP_AS(gpc_deactivate, gpc_deactivate_unlocked, .when = gpc_deactivates,
			  .chain = "kvm_gpc_deactivate") },
		{ EDIT_DROP, PATH_GPC, "gpc_unmap", { 0 } },
		{ EDIT_REPLACE, PATH_ZAP_GFNS, "zap_count",
		  STEP_AS(zap_count, zap_count_gfns,
			  .chain = "kvm_zap_gfn_range > kvm_mmu_invalidate_range_add") },
		{ EDIT_AFTER, PATH_FAULT, "check_slot",
		  STEP(exit_memory_fault, .when = fault_mismatches, .chain = PRIVATE) },
		{ EDIT_BEFORE, PATH_FAULT, "faultin_nowait",
		  STEP(faultin_gmem, .when = fault_is_private, .to = "take_result",
		       .chain = PRIVATE " > kvm_faultin_pfn_private > kvm_gmem_get_pfn") },
		{ .verb = EDIT_END },
	},
};

#define FAULTIN	"kvm_mmu_page_fault > kvm_tdp_page_fault > kvm_faultin_pfn"

/* The release is the old API's, by pfn: what is merged with it must still hold a reference. */
const struct step_edit edits_d02c357e5bfa[] = {
	{ EDIT_AFTER, PATH_FAULT, "check_slot",
	  STEP(precheck_retry, .when = fault_continues_in_slot, .chain = FAULTIN) },
	{ EDIT_AFTER, PATH_FAULT, "take_result",
	  STEP(precheck_retry_again, .when = fault_continues_in_slot, .chain = FAULTIN) },
	{ .verb = EDIT_END },
};

static const struct traits final_traits = {
	TRAITS_6_8, .writable_by_slow = true, .private_by_tdp_mmu = true,
};

const struct semantics_patch sem_v6_8 = {
	.name = "v6.8", .group = "old", .base = &sem_v6_8_rc3,
	.source = "Linux 6.8: v6.8-rc3 + d02c357e5bfa (retry before mmu_lock if the mapping "
		  "is changing)",
	.traits = &final_traits,
	.edits = edits_d02c357e5bfa,
};
