/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v5_11.c: before bd2fae8da794 (5.12-rc1): whatever follow_pte() finds is called writable.
 *
 * Written as what 5.12 has not got yet. Linux 5.11: virt/kvm/kvm_main.c:hva_to_pfn_remapped(),
 * mmu_notifier_retry(). It leaves out that its TDP MMU takes mmu_lock as a spinlock.
 */
#include "model/sem.h"

/* A write to a read-only PTE is not noticed, and no host permission reaches the stage-2 entry. */
static void take_as_writable(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	(void)writable;
	take_by_get(m, t, pfn, true);
}

/* mmu_notifier_retry(): any invalidation at all; 4a42d848db95 (5.12) looks at its range. */
static bool fault_is_stale(struct machine *m, const struct fault *f)
{
	return m->w->kvm.in_progress || m->w->kvm.mmu_seq != f->mmu_seq;
}

/* mmu.c:try_async_pf(): __gfn_to_pfn_memslot() finds no hva in it (to e0c378684b65): MMIO */
static enum step_result find_slot_with_hva(struct machine *m, struct task *t)
{
	find_slot(m, t);
	if (memslot_is(m, t->fault.slot, KVM_MEMSLOT_INVALID))
		t->fault.slot = NO_SLOT;
	return check_slot(m, t);
}

static const struct traits traits = { TRAITS_5_12 };

const struct semantics_patch sem_v5_11 = {
	.name = "v5.11", .group = "old", .base = &sem_v5_12,
	.source = "Linux 5.11: as 5.12, but no PFNMAP is read-only, and any invalidation retries",
	.traits = &traits,
	.edits = (const struct step_edit[]){
		{ EDIT_REPLACE, PATH_FAULT, "check_slot",
		  STEP_AS(check_slot, find_slot_with_hva, .when = fault_continues,
			  .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault > try_async_pf") },
		{ 0 }
	},
	.ops = { .take_remapped = take_as_writable, .fault_is_stale = fault_is_stale },
};
