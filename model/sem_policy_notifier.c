/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_policy_notifier.c: the struct page of what is in a VM_PFNMAP is nobody's business; its
 * mapping is good until the notifier says otherwise. Christian Koenig on v11 (March 2024).
 *
 * v11 with one question less: it does not try to get a reference there, so that no entry of such a
 * page says refcounted and nothing is marked from it. Whom no notifier guards is refused it.
 */
#include "model/sem.h"

static void take_unasked(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	struct follow *f = &t->follow;

	f->writable = writable && f->try_map_writable;
	f->page = NO_PFN;
	if ((f->foll & FOLL_WRITE) && !writable)
		pfn = KVM_PFN_ERR_RO_FAULT;
	else if (!f->guarded && !m->sem->traits.allow_unsafe_mappings)
		pfn = KVM_PFN_ERR_FAULT;
	follow_finish(t, pfn);
}

const struct semantics_patch sem_policy_notifier = {
	.name = "notifier-only", .group = "policy", .base = &sem_v11,
	.source = "Koenig: v11, but a VM_PFNMAP's struct pages are never touched",
	.ops = { .take_remapped = take_unasked },
};
