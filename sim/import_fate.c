// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_fate.c: what became of each fault that was recorded.
 *
 * By its thread: the first leaf that it sets where it faulted, the counts that it sees until then
 * and when it releases the page, and how KVM_RUN ends.
 */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"

struct faulting { int32_t key; size_t value; };	/* by thread: the place of its fault */

/* W is taken from the leaf that is there: by a dirty log, or an mprotect(); not by a fault. */
static bool takes_write(const struct import_event *e)
{
	uint64_t old = e->value[3], new = e->value[4];

	return e->kind == IMPORT_SPTE && import_is_leaf(old, e->value[2]) &&
	       import_pfn(old) == import_pfn(new) && (old & ~new & 2);
}

/* Does @e map what @fault asked for, and first? */
static bool map_fate(const struct import_event *fault, const struct import_event *e,
		     struct import_fate *fate)
{
	bool is_set = e->kind == IMPORT_SET_SPTE;
	uint64_t level = e->value[is_set ? 1 : 2], spte = e->value[is_set ? 2 : 4];
	uint64_t gfn = e->value[is_set ? 0 : 1], pages;

	if (fate->is_mapped || takes_write(e) || level > 3 || !import_is_leaf(spte, level))
		return false;
	pages = 1ULL << 9 * (level - 1);
	if ((fault->value[1] >> 12) - (gfn & ~(pages - 1)) >= pages)
		return false;
	fate->is_mapped = true;
	fate->spte = spte;
	fate->level = level;
	return true;
}

static void count_fate(const struct import_event *e, struct import_fate *fate)
{
	int64_t count = (int32_t)e->value[0];

	fate->no_page |= e->known & 2 && !e->value[1];
	if (!fate->has_count || count < fate->count)
		fate->count = count;
	fate->has_count = true;
}

static void follow(struct faulting **faulting, const struct import_event *events, size_t i,
		   size_t last_start, struct import_fate *fates)
{
	const struct import_event *e = &events[i];
	ptrdiff_t at = hmgeti(*faulting, e->pid);
	size_t fault = at < 0 ? 0 : (*faulting)[at].value;
	struct import_fate *fate = &fates[fault];

	if (e->kind == IMPORT_FAULT)
		hmput(*faulting, e->pid, i);
	if (e->kind == IMPORT_FAULT || at < 0)
		return;
	if ((e->kind == IMPORT_SPTE || e->kind == IMPORT_SET_SPTE) &&
	    map_fate(&events[fault], e, fate))
		fate->in_flight = last_start > fault && events[last_start].pid != e->pid;
	if (e->kind == IMPORT_COUNT)
		count_fate(e, fate);
	if (e->kind == IMPORT_EXIT && llabs((int32_t)e->value[0]) == 14)
		fate->is_refused = true;
	/* What is released after the entry is set was held for it. */
	if (e->kind == IMPORT_EXIT || (e->kind == IMPORT_COUNT && fate->is_mapped))
		(void)hmdel(*faulting, e->pid);
}

/*
 * Has the page no count of its own? Up to 6.12 such a page is refused; one that is mapped with a
 * count of 0 is the tail of a compound page, whose head has the references. Since 6.13
 * kvm_release_faultin_page() passes on what there is: who maps and releases nothing has no page.
 */
static bool is_uncounted(const struct import *import, const struct import_fate *fate)
{
	if (fate->is_mapped)
		return !fate->has_count && import->count[IMPORT_COUNT] &&
		       !import->lacks[LACK_LOST];
	return fate->has_count && !fate->count && !fate->no_page;
}

struct import_fate *import_fates(const struct import *import)
{
	const struct import_event *events = import->events;
	size_t last_start = 0, nr = arrlenu(events);
	struct import_fate *fates = calloc(nr + 1, sizeof(*fates));
	struct faulting *faulting = NULL;

	if (!fates)
		abort();
	for (size_t i = 0; i < nr; i++) {
		if (events[i].kind == IMPORT_INV_START || events[i].kind == IMPORT_RANGE)
			last_start = i;
		follow(&faulting, events, i, last_start, fates);
	}
	for (size_t i = 0; i < nr; i++)
		fates[i].is_uncounted = is_uncounted(import, &fates[i]);
	hmfree(faulting);
	return fates;
}
