/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law_gpc.c: what a pfncache promises its users, who only check that it is active and valid,
 * and (unless it is one of an hva) that no memslot has changed.
 *
 * Linux: virt/kvm/pfncache.c. No reference keeps the page: only invalidation does.
 */
#include "model/law_internal.h"

/* An invalidation of its hva is open: the cache's turn is still to come, or has been. */
static bool range_is_open(struct machine *m, hva_t hva, bool told)
{
	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++) {
		const struct open_range *open = open_range(m, i);

		if (open->used && open->told == told && hva >= open->start && hva < open->end)
			return true;
	}
	return false;
}

bool gpc_is_fresh(struct machine *m, u64 key, struct violation *v)
{
	const struct gpc *gpc = &m->w->kvm.gpcs[key];
	struct pt_leaf leaf;

	if (!gpc->active || !gpc->valid ||
	    (!gpc_is_by_hva(gpc) && gpc->generation != m->w->kvm.generation) ||
	    range_is_open(m, gpc->uhva, false))
		return true;
	leaf = host_leaf(m, gpc->uhva);
	v->pfn = gpc->pfn;
	v->gfn = gpc_is_by_hva(gpc) ? NO_PFN : gpc->gpa >> PAGE_SHIFT;
	v->blame = BLAME_KVM;
	v->value = gpc->pfn;
	v->wanted = leaf.present ? host_leaf_pfn(&leaf, gpc->uhva) : NO_PFN;
	return v->value == v->wanted && !range_is_open(m, gpc->uhva, true);
}
