/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p3.c: v11 3/8, "KVM: mmu: Introduce kvm_follow_pfn()",
 * Message-Id 20240229025759.1187910-4-stevensd@google.com.
 *
 * hva_to_pfn_remapped() says what the PTE allows to whoever has not asked, and a read-only memslot
 * only clears the asking: finding A1. A slow look-up that fails has not said anything about
 * writable.
 */
#include "model/sem.h"

static void take_remapped(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	if (remapped_read_only(t, writable))
		return;
	t->follow.writable = writable;
	try_get_pfn(m, t, pfn);
}

static const struct traits traits = { TRAITS_P3 };

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > kvm_tdp_mmu_page_fault" },
	{ "kvm_faultin_pfn", "kvm_faultin_pfn > __kvm_faultin_pfn" },
	{ "hva_to_pfn", "__gfn_to_pfn_memslot > kvm_follow_pfn > hva_to_pfn" },
	{ 0 }
};

const struct semantics_patch sem_v11_p3 = {
	.name = "v11-p3", .group = "series", .base = &sem_v11_p2,
	.source = "v11 1-3/8: kvm_follow_pfn(); a read-only memslot can be mapped writable (A1)",
	.claims = "a refactoring: arguments in a struct, *async as an error pfn, *writable as two "
		  "fields; nothing else changes",
	.traits = &traits, .calls = calls,
	.ops = { .take_remapped = take_remapped },
};
