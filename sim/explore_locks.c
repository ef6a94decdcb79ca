/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_locks.c: the order in which threads take locks, over all turns of a search; a cycle is a
 * finding, though none of the orders that were run may have stood still.
 *
 * Which locks a task holds is read off the world only where its step took one. What it held before
 * is what it holds then, and did not take: no step gives a lock back behind the one that it takes.
 */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "model/path.h"
#include "sim/explore_internal.h"

/* @row's step took @taken, one class, while it held @held. */
static void note_edges(struct explore *x, u8 held, u8 taken)
{
	for (unsigned class = 0; class < NR_LOCK_CLASSES; class++)
		if (held >> class & 1 && x->nr_lock_edges < MAX_LOCK_EDGES)
			x->lock_edge[x->nr_lock_edges++] = (struct lock_edge){
				.held = class, .taken = __builtin_ctz(taken),
				.path = x->path, .step = x->step->name };
}

void explore_note_locks(struct explore *x, unsigned row)
{
	const struct machine *m = &x->vm->m;
	u8 held, taken = 0;

	if (!m->nr_taken && !(x->step && x->step->run == wait_for_readers))
		return;
	held = locks_held(&x->vm->w, row);
	for (unsigned i = 0; i < m->nr_taken; i++)
		taken |= lock_class_bit(&x->vm->w, m->taken[i]);
	if (!m->nr_taken)
		note_edges(x, held, 1u << LOCK_SRCU);
	held &= ~taken;
	for (unsigned i = 0; i < m->nr_taken; i++) {
		note_edges(x, held, lock_class_bit(&x->vm->w, m->taken[i]));
		if (lock_is_held(m->taken[i], row))
			held |= lock_class_bit(&x->vm->w, m->taken[i]);
	}
}

void explore_keep_locks(struct explore *x, unsigned first, unsigned alone, unsigned thread)
{
	for (unsigned i = 0; i < x->nr_lock_edges; i++) {
		x->lock_edge[i].thread = thread;
		explore_keep_edge(x, &x->lock_edge[i], first, alone);
	}
}

static void keep_cycle(struct search *search, const struct example *last,
		       const struct lock_cycle *cycle)
{
	struct explore_finding f = { .kind = FOUND_INVERSION, .states = cycle->nr, .locks = *cycle,
				     .is_shortest = !search->futures };

	f.schedule = explore_schedule(search, last, &f.nr_steps);
	arrput(search->result.findings, f);
}

/* As lockdep, which speaks up at the one that closes a cycle. */
void explore_find_inversions(struct search *search, const struct example *all)
{
	struct lock_edge *edges = NULL;
	struct lock_cycle cycle;

	for (size_t i = 0; i < arrlenu(all); i++) {
		if (all[i].kind != FOUND_INVERSION)
			continue;
		if (lock_cycle_find(edges, arrlenu(edges), &all[i].edge, &cycle))
			keep_cycle(search, &all[i], &cycle);
		arrput(edges, all[i].edge);
	}
	arrfree(edges);
}
