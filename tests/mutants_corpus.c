// SPDX-License-Identifier: GPL-2.0-only
/* mutants_corpus.c: what brings bugs of the corpus back that no other mutant has. */
#include "tests/mutants.h"

#include "model/sem.h"

/* ---- references ---- */

/* 7df003c85218 (5.5): up to it the zero page was reserved, and GUP's reference stayed. */
static void release_but_zero(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (t->fault.orig_pfn != m->w->config.zero_pfn)
		m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

/* a78986aae9b2 (5.5): so was device memory. */
static void release_but_device(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (!page_is(m, t->fault.orig_pfn, PG_FSDAX | PG_ZONE_DEVICE))
		m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

/*
 * 708e49583d7d (6.6): who only wants to know the kind of page has its reference all the same;
 * CVE-2017-2596: a way out on which nobody gives the map back.
 */
static void keep(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
}

/* 17b7dbaf183e (6.13): get_page() of what gfn_to_page() has taken, and one put */
static pfn_t take_again(struct machine *m, struct task *t)
{
	page_get(m, t->follow.pfn, HOLD_FAULT);
	return t->follow.pfn;
}

/* ed54fdb460a6: a stale fault of riscv told the release that its page was used. */
static void stage2_put_as_used(struct machine *m, struct task *t, bool used)
{
	pfn_t page = t->follow.page;

	(void)used;
	if (page == NO_PFN)
		return;
	set_page_dirty(m, page);
	page_put(m, page, HOLD_FAULT);
}

/* ---- the table ---- */

#define EDITS(...)		(const struct step_edit[]){ __VA_ARGS__, { .verb = EDIT_END } }
#define REPLACE(path, step, function)	\
	EDITS({ EDIT_REPLACE, path, step, { .name = step, .run = function } })

const struct mutant corpus_mutants[] = {
	{ "the zero page is reserved", "fault-balance", "B18", &sem_v6_1,
	  .ops = { .release_fault = release_but_zero } },
	{ "device memory is reserved", "fault-balance", "B20", &sem_v6_1,
	  .ops = { .release_fault = release_but_device } },
	{ "what gfn_to_page() has taken is taken again", "fault-balance", "B26", &sem_v6_1,
	  .ops = { .gfn_to_page = take_again } },
	{ "a look-up is never put", "fault-balance", "B27", &sem_v6_1,
	  .ops = { .lookup_release = keep } },
	{ "a map is never put", "unmap-pairs-map", "B25", &sem_v6_1,
	  .ops = { .map_release = keep } },
	{ "a stale fault's page is released as used", "no-false-dirty", "B33", &sem_v7_2,
	  .ops = { .stage2_release = stage2_put_as_used } },
};

const size_t nr_corpus_mutants = sizeof(corpus_mutants) / sizeof(*corpus_mutants);
