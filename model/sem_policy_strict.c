/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_policy_strict.c: what is not refcounted is not mapped. Christoph Hellwig on v11 (October
 * 2023, March 2024): pages without a count must not spread; who wants them mapped mends the driver.
 *
 * A page in a VM_PFNMAP may have a count or not, and nobody can ask it: all that have a struct page
 * are refused. BARs have none, and are mapped as before.
 */
#include "model/sem.h"

static void take_what_has_no_page(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	if (page_is(m, pfn, PG_VALID) && !page_is(m, pfn, PG_RESERVED))
		follow_finish(t, KVM_PFN_ERR_FAULT);
	else
		take_nothing(m, t, pfn, writable);
}

const struct semantics_patch sem_policy_strict = {
	.name = "strict", .group = "policy", .base = &sem_v7_2,
	.source = "Hellwig: v7.2, but a VM_PFNMAP's pages with a struct page are refused",
	.ops = { .take_remapped = take_what_has_no_page },
};
