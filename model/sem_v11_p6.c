/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p6.c: v11 6/8, "KVM: x86: Migrate to kvm_follow_pfn()",
 * Message-Id 20240229025759.1187910-7-stevensd@google.com.
 *
 * Faults say that they are guarded, so that BARs are mapped again; a page without a count is still
 * refused, and the reference is still given back by pfn after mmu_lock. reexecute_instruction() is
 * refused what it would not use (A8).
 */
#include "model/sem.h"

static void fault_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_GET;
	follow->try_map_writable = true;
	follow->guarded = true;
}

static void reexecute_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_GET;
	follow->allow_nonref = true;
}

static void reexecute_release(struct machine *m, struct task *t)
{
	if (t->follow.page != NO_PFN)
		release_page(m, t->follow.page, false, HOLD_FAULT);
}

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > kvm_tdp_mmu_page_fault" },
	{ "kvm_faultin_pfn", "kvm_faultin_pfn > __kvm_faultin_pfn" },
	{ "hva_to_pfn", "kvm_follow_pfn > hva_to_pfn" },
	{ 0 }
};

const struct semantics_patch sem_v11_p6 = {
	.name = "v11-p6", .group = "series", .base = &sem_v11_p5,
	.source = "v11 1-6/8: x86 faults are guarded by the notifier; BARs are mapped again",
	.claims = "faults and reexecute_instruction() ask by themselves",
	.calls = calls,
	.ops = {
		.fault_args = fault_args, .reexecute_args = reexecute_args,
		.reexecute_release = reexecute_release,
	},
};
