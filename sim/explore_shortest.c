/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_shortest.c: what a reduced search has found, found once more by the shortest way.
 *
 * A reduced search finds each law that a party breaks, but maybe not where it breaks first. So all
 * orders are searched up to the depth at which it was found; if that is too much, the way is not
 * called shortest.
 */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

static bool is_same(const struct explore_finding *a, const struct explore_finding *b, bool by_step)
{
	const struct lock_edge *x = a->locks.edge, *y = b->locks.edge;

	return a->kind == b->kind && is_same_violation(&a->v, &b->v) &&
	       (!by_step || (a->step == b->step && a->path == b->path)) &&
	       x->held == y->held && x->taken == y->taken;
}

static void take_shorter(struct explore_finding *f, struct explored *all, bool by_step)
{
	for (size_t i = 0; i < arrlenu(all->findings); i++) {
		struct explore_finding *other = &all->findings[i];

		if (!is_same(f, other, by_step) || other->nr_steps > f->nr_steps)
			continue;
		free(f->schedule);
		f->schedule = other->schedule;
		f->nr_steps = other->nr_steps;
		f->v = other->v;
		f->step = other->step;
		f->path = other->path;
		f->locks = other->locks;
		f->is_shortest = true;
		other->schedule = NULL;
		return;
	}
	/* a livelock is known only when all is */
	f->is_shortest = f->kind != FOUND_LIVELOCK && all->depth + 1 >= f->nr_steps;
}

static struct explore_bound bound_of(const struct search *search)
{
	struct explore_bound bound = search->bound;
	u64 states = 4 * search->result.states + 100000;

	bound.por = bound.liveness = false;
	bound.bitstate = 0;
	bound.depth = 1;
	bound.states = bound.states && bound.states < states ? bound.states : states;
	for (size_t i = 0; i < search->result.nr_findings; i++)
		if (search->result.findings[i].nr_steps > bound.depth)
			bound.depth = search->result.findings[i].nr_steps;
	return bound;
}

void explore_shorten(struct search *search)
{
	struct explore_bound bound = bound_of(search);
	struct error error = { .text = "" };
	struct explore *x;

	if (explore_is_breadth_first(search) || !search->result.nr_findings ||
	    search->stop == STOP_ASKED)
		return;
	x = explore_new(search->trace, search->patch, &bound, &error);
	if (!x)
		return;
	while (explore_more(x, UINT32_MAX, &error))
		;
	for (size_t i = 0; i < search->result.nr_findings; i++)
		take_shorter(&search->result.findings[i], explore_result(x), bound.by_step);
	explore_free(x);
}
