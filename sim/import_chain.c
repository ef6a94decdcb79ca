// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_chain.c: entries that were not what they are said to have been.
 *
 * kvm_tdp_mmu_spte_changed has the entry before and after. Where one root has a leaf, and the next
 * event for that place has had another page, what was between is not here: events were left out
 * (a filter, one CPU of several, the middle cut out of a text), or two VMs are one. No event names
 * the root: a place that several roots have had different pages at is not judged until none has.
 */
#include <stb/stb_ds.h>

#include "sim/import_internal.h"

static const uint64_t SEVERAL = UINT64_MAX;

struct place { uint64_t gfn; uint32_t level, space; };
struct leaf { struct place key; struct { uint64_t pfn; long roots; } value; };

static void take(struct leaf **leaves, struct place place, uint64_t pfn, long by)
{
	struct leaf *old = hmgetp_null(*leaves, place);
	struct leaf leaf = { .key = place, .value = { pfn, 1 } };

	if (by > 0 && old && old->value.roots) {
		leaf.value.roots += old->value.roots;
		leaf.value.pfn = old->value.pfn == pfn ? pfn : SEVERAL;
	}
	if (by > 0)
		hmputs(*leaves, leaf);
	else if (old && old->value.roots)
		old->value.roots--;
}

bool import_contrary(const struct import *import, const struct import_event **at)
{
	struct leaf *leaves = NULL;
	bool found = false;

	for (size_t i = 0; !found && i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];
		struct place place = { e->value[1], e->value[2], e->value[0] };
		uint64_t old = e->value[3], new = e->value[4];
		const struct leaf *leaf;

		if (e->kind != IMPORT_SPTE)
			continue;
		leaf = hmgetp_null(leaves, place);
		if (import_is_leaf(old, e->value[2])) {
			found = leaf && leaf->value.roots && leaf->value.pfn != SEVERAL &&
				leaf->value.pfn != import_pfn(old);
			take(&leaves, place, import_pfn(old), -1);
		}
		if (import_is_leaf(new, e->value[2]))
			take(&leaves, place, import_pfn(new), 1);
		*at = e;
	}
	hmfree(leaves);
	return found;
}
