/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_policy_pin.c: whatever a stage-2 entry maps is pinned for as long as it does.
 *
 * v7.2's look-up with FOLL_PIN, which parts a page from who shares it, and is refused in a
 * VM_PFNMAP. A leaf has one pin of its folio; the notifier takes the leaf, and the pin with it.
 * SIMPLIFIED: no FOLL_LONGTERM: nothing is moved out of CMA first, and FSDAX is not refused.
 */
#include "model/sem.h"

static bool can_be_pinned(struct machine *m, pfn_t page)
{
	return page != NO_PFN && page != m->w->config.zero_pfn;
}

static void fault_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->try_map_writable = true;
	follow->guarded = true;
	follow->pin = true;
}

static void release_fault(struct machine *m, struct task *t, bool used)
{
	pfn_t page = t->fault.page;

	if (!can_be_pinned(m, page))
		return;
	if (used && t->fault.ret == RET_PF_FIXED)
		page_try_pin(m, page, HOLD_SPTE);
	if (used && t->fault.map_writable)
		page_set_dirty(m, page);
	page_unpin(m, page, HOLD_FAULT);
}

static void release_prefetched(struct machine *m, pfn_t page)
{
	page_try_pin(m, page, HOLD_SPTE);
	page_set_dirty(m, page);
	page_put(m, page, HOLD_FAULT);
}

/* The leaf's own pin goes; where it is split each of its parts gets one. */
static void spte_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	pfn_t page = pt_pfn(old);
	unsigned parts = 0;

	if (spte_is_leaf(format, new, level) || !page_is(m, page, PG_VALID) ||
	    !page_of(m, page_head(m, page))->held[HOLD_SPTE])
		return;
	if (spte_is_present(format, new))
		parts = WORDS_PER_PAGE;
	for (unsigned i = 0; i < parts; i++)
		page_try_pin(m, page, HOLD_SPTE);
	page_unpin(m, page, HOLD_SPTE);
}

const struct semantics_patch sem_policy_pin = {
	.name = "pin-all", .group = "policy", .base = &sem_v7_2,
	.source = "pinning: v7.2, but what a stage-2 entry maps is pinned while it does",
	.ops = {
		.fault_args = fault_args, .release_fault = release_fault,
		.release_prefetched = release_prefetched, .spte_changed = spte_changed,
	},
};
