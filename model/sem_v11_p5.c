/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p5.c: v11 5/8, "KVM: Migrate kvm_vcpu_map() to kvm_follow_pfn()",
 * Message-Id 20240229025759.1187910-6-stevensd@google.com.
 *
 * kvm_vcpu_map() takes pages without a count with allow_unsafe_mappings; a PG_reserved page that
 * GUP gave is put, not leaked (L1).
 */
#include "model/sem.h"

static void map_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE | FOLL_GET;
	follow->allow_nonref = true;
}

static void map_release(struct machine *m, struct task *t)
{
	const struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (map->page != NO_PFN)	/* is_refcounted_page */
		release_page(m, map->page, t->map.dirty, HOLD_MAP);
}

const struct semantics_patch sem_v11_p5 = {
	.name = "v11-p5", .group = "series", .base = &sem_v11_p4,
	.source = "v11 1-5/8: kvm_vcpu_map() knows whether it holds a reference",
	.claims = "kvm_vcpu_map() takes pages without a count, and kvm_vcpu_unmap() knows",
	.ops = { .map_args = map_args, .map_release = map_release },
};
