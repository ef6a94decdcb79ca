/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_locks.c: the order in which threads take locks, over all turns of a search; a cycle is a
 * finding, though none of the orders that were run may have stood still.
 */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "model/path.h"
#include "sim/explore_internal.h"

void explore_locks_before(struct explore *x, unsigned row)
{
	const struct task *t = &x->vm->w.task[row];

	x->locks.held = locks_held(&x->vm->w, row);
	x->locks.path = t->depth ? t->frame[t->depth - 1].path : 0;
}

void explore_locks_after(struct explore *x, unsigned row)
{
	x->locks.taken = locks_held(&x->vm->w, row) & ~x->locks.held;
	if (x->step && x->step->run == wait_for_readers)
		x->locks.taken |= 1u << LOCK_SRCU;
}

static void add_edge(struct lock_edge **edges, const struct lock_edge *new)
{
	for (size_t i = 0; i < arrlenu(*edges); i++) {
		struct lock_edge *old = &(*edges)[i];

		if (old->held != new->held || old->taken != new->taken)
			continue;
		if (new->depth < old->depth ||
		    (new->depth == old->depth && new->alone < old->alone))
			*old = *new;
		return;
	}
	arrput(*edges, *new);
}

void explore_keep_locks(struct explore *x, unsigned first, unsigned alone, unsigned thread)
{
	struct lock_edge edge = { .thread = thread, .path = x->locks.path, .node = x->node,
				  .step = x->step ? x->step->name : NULL, .first = first,
				  .alone = alone, .depth = x->search->depth + 1 };

	for (edge.held = 0; x->locks.taken && edge.held < NR_LOCK_CLASSES; edge.held++)
		for (edge.taken = 0; edge.taken < NR_LOCK_CLASSES; edge.taken++)
			if ((x->locks.held >> edge.held & 1) && (x->locks.taken >> edge.taken & 1))
				add_edge(&x->lock_edges, &edge);
}

/* As lockdep, which speaks up at the one that closes a cycle. */
static int by_time(const void *a, const void *b)
{
	const struct lock_edge *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->alone != y->alone)
		return x->alone - y->alone;
	return x->held != y->held ? x->held - y->held : x->taken - y->taken;
}

static void keep_cycle(struct search *search, const struct lock_cycle *cycle)
{
	const struct lock_edge *last = &cycle->edge[0];
	struct example example = { .kind = FOUND_INVERSION, .node = last->node,
				   .thread = last->first, .alone = last->alone,
				   .depth = last->depth };
	struct explore_finding f = { .kind = FOUND_INVERSION, .states = cycle->nr, .locks = *cycle,
				     .is_shortest = !search->futures };

	f.schedule = explore_schedule(search, &example, &f.nr_steps);
	arrput(search->result.findings, f);
	search->result.nr_findings = arrlenu(search->result.findings);
}

void explore_find_inversions(struct search *search)
{
	struct lock_edge *all = NULL;
	struct lock_cycle cycle;

	for (unsigned w = 0; w < search->nr_workers; w++)
		for (size_t i = 0; i < arrlenu(search->worker[w]->lock_edges); i++)
			add_edge(&all, &search->worker[w]->lock_edges[i]);
	if (all)
		qsort(all, arrlenu(all), sizeof(*all), by_time);
	for (size_t i = 0; i < arrlenu(all); i++)
		if (lock_cycle_find(all, i, &all[i], &cycle))
			keep_cycle(search, &cycle);
	arrfree(all);
}
