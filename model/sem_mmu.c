/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_mmu.c: what a kernel does otherwise if the TDP MMU does not serve the guest.
 *
 * A patch that comes on top of any version (semantics_resolve_mmu()): kvm.tdp_mmu=0, or shadow
 * paging (kvm_amd.npt=0, kvm_intel.ept=0). Step names stay where one stands for the other.
 */
#include "model/rmap.h"
#include "model/sem.h"
#include "model/shadow.h"

#define FAULT	"kvm_mmu_page_fault > kvm_tdp_page_fault"
#define SLOT	"kvm_set_memory_region > kvm_set_memslot"
#define WRAP	SLOT " > kvm_mmu_invalidate_mmio_sptes > kvm_mmu_zap_all_fast"
#define NX	"kvm_nx_huge_page_recovery_worker > kvm_recover_nx_huge_pages"
#define APPLY	SLOT " > kvm_mmu_slot_apply_flags"

static const struct step_edit edits[] = {
	{ EDIT_DROP_ANY, PATH_FAULT, "fast_page_fault", { 0 } },	/* not for TDP in 5.12 */
	{ EDIT_DROP_ANY, PATH_FAULT, "fast_fix", { 0 } },
	{ EDIT_DROP_ANY, PATH_FAULT, "spurious_if_allowed", { 0 } },	/* the TDP MMU's */
	{ EDIT_BEFORE, PATH_FAULT, "snapshot_seq",
	  STEP(fast_page_fault, .when = may_be_fast, .chain = FAULT " > fast_page_fault") },
	{ EDIT_AFTER, PATH_FAULT, "fast_page_fault",
	  STEP(fast_fix, .when = fast_wants_fix, .to = "fast_page_fault",
	       .chain = FAULT " > fast_page_fault > fast_pf_fix_direct_spte") },
	{ EDIT_REPLACE, PATH_FAULT, "lock_mmu",
	  STEP_AS(lock_mmu, direct_lock_mmu, .when = fault_continues, .chain = FAULT) },
	{ EDIT_BEFORE, PATH_FAULT, "check_stale",
	  STEP(make_mmu_pages_available, .when = fault_makes_room,
	       .chain = FAULT " > make_mmu_pages_available") },
	{ EDIT_AFTER, PATH_FAULT, "check_stale",
	  STEP_AS(make_mmu_pages_late, make_mmu_pages_available, .when = fault_makes_room_late,
		  .chain = FAULT " > make_mmu_pages_available") },
	{ EDIT_REPLACE, PATH_FAULT, "link_table",
	  STEP_AS(link_table, link_shadow_pages, .when = fault_installs,
		  .chain = FAULT " > kvm_tdp_mmu_map > link_shadow_page") },
	{ EDIT_REPLACE, PATH_FAULT, "install_leaf",
	  STEP_AS(install_leaf, set_leaf, .when = fault_installs,
		  .chain = FAULT " > kvm_tdp_mmu_map > mmu_set_spte") },
	{ EDIT_DROP, PATH_FAULT, "trace_leaf", { 0 } },
	{ EDIT_AFTER, PATH_FAULT, "install_leaf",
	  STEP(prefetch_leaves, .when = fault_has_mapped,
	       .chain = FAULT " > kvm_tdp_mmu_map > direct_pte_prefetch") },
	{ EDIT_REPLACE, PATH_FAULT, "unlock_mmu",
	  STEP_AS(unlock_mmu, direct_unlock_mmu, .when = fault_holds_mmu_lock, .chain = FAULT) },
	{ EDIT_REPLACE, PATH_SLOT, "zap_all_fast",
	  STEP_AS(zap_all_fast, zap_all_shadow, .when = slot_zaps_all,
		  .chain = SLOT " > kvm_mmu_zap_all_fast > kvm_zap_obsolete_pages") },
	{ EDIT_DROP_ANY, PATH_SLOT, "zap_obsolete", { 0 } },
	{ EDIT_REPLACE, PATH_SLOT, "zap_all_of_first_wrap",
	  STEP_AS(zap_all_of_first_wrap, zap_all_shadow, .when = invalid_generation_wraps,
		  .chain = WRAP) },
	{ EDIT_DROP_ANY, PATH_SLOT, "zap_obsolete_of_first_wrap", { 0 } },
	{ EDIT_REPLACE, PATH_SLOT, "zap_all_of_wrap",
	  STEP_AS(zap_all_of_wrap, zap_all_shadow, .when = mmio_generation_wraps, .chain = WRAP) },
	{ EDIT_DROP_ANY, PATH_SLOT, "zap_obsolete_of_wrap", { 0 } },
	{ EDIT_REPLACE, PATH_SET_NX, "nx_zap_all",
	  STEP_AS(nx_zap_all, zap_all_shadow, .when = nx_changes,
		  .chain = "set_nx_huge_pages > kvm_mmu_zap_all_fast > kvm_zap_obsolete_pages") },
	{ EDIT_DROP_ANY, PATH_SET_NX, "nx_zap_obsolete", { 0 } },
	{ EDIT_REPLACE, PATH_RECOVER_NX, "recover_lock",
	  STEP_AS(recover_lock, write_lock_mmu, .chain = NX) },
	{ EDIT_REPLACE, PATH_RECOVER_NX, "recover_zap",
	  STEP_AS(recover_zap, recover_shadow_pages,
		  .chain = NX " > kvm_mmu_prepare_zap_page") },
	{ EDIT_DROP, PATH_RECOVER_NX, "recover_flush", { 0 } },	/* as they are freed */
	{ EDIT_REPLACE, PATH_RECOVER_NX, "recover_unlock",
	  STEP_AS(recover_unlock, zap_unlock, .chain = NX) },
	{ EDIT_DROP_ANY, PATH_SLOT, "split_slot", { 0 } },	/* only if there is a TDP MMU */
	{ EDIT_DROP, PATH_SLOT, "clear_dirty_slot", { 0 } },	/* no PML */
	{ EDIT_REPLACE, PATH_SLOT, "protect_slot",
	  STEP_AS(protect_slot, protect_rmaps, .when = log_begins,
		  .chain = APPLY " > kvm_mmu_slot_remove_write_access") },
	{ EDIT_BEFORE, PATH_SLOT, "protect_slot",
	  STEP(limit_mmu_pages, .when = slot_counts,
	       .chain = SLOT " > kvm_arch_commit_memory_region > kvm_mmu_change_mmu_pages") },
	{ EDIT_REPLACE_ANY, PATH_SLOT, "protect_full_slot",
	  STEP_AS(protect_full_slot, protect_huge_rmaps, .when = log_begins_full,
		  .chain = APPLY " > kvm_mmu_slot_remove_write_access") },
	{ EDIT_DROP_ANY, PATH_SLOT, "collapse_slot", { 0 } },
	{ EDIT_DROP_ANY, PATH_SLOT, "collapse_tables", { 0 } },
	{ EDIT_DROP_ANY, PATH_SLOT, "recover_slot", { 0 } },
	{ EDIT_BEFORE, PATH_SLOT, "slots_unlock",
	  STEP(zap_collapsible, .when = log_ends,
	       .chain = APPLY " > kvm_mmu_zap_collapsible_sptes") },
	{ EDIT_REPLACE_ANY, PATH_CLEAR_LOG, "split_cleared",
	  STEP(protect_cleared, .when = clears_full_log,
	       .chain = "kvm_vm_ioctl_clear_dirty_log > kvm_clear_dirty_log_protect > "
			"kvm_arch_mmu_enable_log_dirty_pt_masked > "
			"kvm_mmu_slot_gfn_write_protect") },
	{ .verb = EDIT_END },
};

#define RMAP_CALLS						\
	{ "kvm_tdp_mmu_map", "direct_map" },			\
	{ "kvm_tdp_mmu_unmap_gfn_range", "__walk_slot_rmaps" },	\
	{ "tdp_mmu_zap_leafs", "kvm_zap_all_rmap_sptes" },	\
	{ 0 }

static const struct call_name rmap_calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > direct_page_fault" }, RMAP_CALLS
};

static const struct call_name shadow_calls[] = {
	{ "kvm_tdp_page_fault", "nonpaging_page_fault > direct_page_fault" }, RMAP_CALLS
};

const struct semantics_patch semantics_mmu[NR_MMU_KINDS] = {
	[MMU_TDP] = { .name = "tdp" },
	[MMU_RMAP] = {
		.name = "rmap", .edits = edits, .calls = rmap_calls,
		.ops = { .load_root = shadow_load_root, .current_root = shadow_current_root,
			 .root_is_obsolete = shadow_root_is_obsolete, .walk = tdp_walk,
			 .next_leaf = tdp_next_leaf, .unmap_range = rmap_unmap_range,
			 .zap_gfns = rmap_zap_gfns,
			 .age_range = rmap_age_range,
			 .rearm = rmap_rearm, .root_at = shadow_root_at,
			 .free_roots = shadow_free_roots },
	},
	[MMU_SHADOW] = {
		.name = "shadow", .edits = edits, .calls = shadow_calls,
		.ops = { .load_root = pae_load_root, .current_root = pae_current_root,
			 .root_is_obsolete = pae_root_is_obsolete, .walk = pae_walk,
			 .next_leaf = pae_next_leaf, .unmap_range = rmap_unmap_range,
			 .zap_gfns = rmap_zap_gfns,
			 .age_range = rmap_age_range,
			 .rearm = rmap_rearm, .root_at = shadow_root_at,
			 .free_roots = pae_free_roots },
	},
};
