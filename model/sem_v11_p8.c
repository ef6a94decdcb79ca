/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p8.c: v11 8/8, "KVM: x86/mmu: Handle non-refcounted pages", the whole series;
 * Message-Id 20240229025759.1187910-9-stevensd@google.com.
 *
 * Faults keep no reference, so that none is given back; the page is marked accessed before mmu_lock
 * is dropped, also if the fault was stale and the page may be gone (A4). Where there is no bit,
 * what has no struct page is mapped as before and taken for refcounted later (A5).
 */
#include "model/sem.h"

static void fault_args(struct machine *m, struct follow *follow)
{
	follow->try_map_writable = true;
	follow->guarded = true;
	follow->allow_nonref = !!refcounted_mask(m);
}

static u64 leaf_bits(struct machine *m, const struct fault *fault)
{
	return fault->page != NO_PFN ? refcounted_mask(m) : 0;
}

/* kvm_set_page_accessed(fault->accessed_page): nobody holds it. */
static void mark_accessed_page(struct machine *m, struct task *t, bool used)
{
	pfn_t page = t->fault.page;

	(void)used;
	note_release(m, "kvm_set_page_accessed", page);
	if (page != NO_PFN)
		set_page_accessed(m, page);
}

const struct semantics_patch sem_v11 = {
	.name = "v11", .alias = "v11-p8", .table = "v11u0", .group = "new", .base = &sem_v11_p7,
	.source = "v11 series (Feb 2024) on v6.8-rc3: kvm_follow_pfn(), allow_unsafe_mappings=0",
	.claims = "pages without a count are mapped, where the SPTE has room to say so",
	.ops = {
		.fault_args = fault_args, .leaf_bits = leaf_bits,
		.release_fault = mark_accessed_page,
	},
	.edits = (const struct step_edit[]){
		{ EDIT_DROP, PATH_FAULT, "release_fault_page", { 0 } },
		{ EDIT_BEFORE, PATH_FAULT, "unlock_mmu",
		  STEP_AS(mark_page_accessed, release_fault_page, .when = fault_has_lookup,
			  .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault") },
		{ .verb = EDIT_END },
	},
};
