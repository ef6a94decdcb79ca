/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_por.c: which threads' turns are taken in a state; see explore_reduce.h. */
#include "sim/explore_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_reduce.h"

/* A thread's turn in the state at hand. */
struct tried {
	enum turn turn;
	bool is_dead;			/* the host is gone then, and nobody else goes on */
	u64 spot;			/* where the thread stood */
	struct touched touched;
	u64 fingerprint;
	enum seen seen;
	u64 *packed;			/* stb_ds: if it was not seen */
	struct violation found[MAX_VIOLATIONS];
	unsigned nr_found;
};

void explore_por_new(struct explore *x)
{
	x->spots = spots_new();
	x->tried = calloc(TRACE_MAX_THREADS, sizeof(*x->tried));
	if (!x->tried)
		abort();
}

void explore_por_free(struct explore *x)
{
	spots_free(x->spots);
	for (unsigned t = 0; x->tried && t < TRACE_MAX_THREADS; t++) {
		touched_free(&x->tried[t].touched);
		arrfree(x->tried[t].packed);
	}
	free(x->tried);
}

/* How far a thread is: its events, and the steps that its task's paths are at. */
static u64 spot_of(const struct explore *x, unsigned thread)
{
	u64 spot = watch_mix(thread, x->progress.begun[thread] << 1 | x->progress.runs[thread]);
	const struct task *t;

	if (!x->progress.runs[thread])
		return spot;
	t = &x->vm->w.task[explore_row(x, thread)];
	for (unsigned i = 0; i < t->depth; i++)
		spot = watch_mix(spot, t->frame[i].path << 8 | t->frame[i].pc);
	return spot;
}

static void note_turn(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];
	struct footprint footprint = watch_footprint(x->watch);

	touched_set(&tried->touched, &footprint);
	tried->is_dead = tried->turn == TURN_STEPPED && explore_is_dead(x);
	spot_note(x->spots, tried->spot,
		  tried->turn == TURN_STEPPED ? spot_of(x, thread) : tried->spot,
		  &tried->touched);
}

static void keep_successor(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];

	tried->fingerprint = explore_fingerprint(x);
	tried->seen = explore_set_look(x->search->set, tried->fingerprint);
	tried->nr_found = x->nr_found;
	memcpy(tried->found, x->found, x->nr_found * sizeof(*x->found));
	if (tried->seen == SEEN_NEVER) {
		u64 *packed = tried->packed;

		explore_pack(x);
		tried->packed = x->packed;
		x->packed = packed;
	}
}

static bool is_live(const struct explore *x, unsigned thread)
{
	return x->tried[thread].turn != TURN_OVER;
}

/* Has nobody outside @set to do with a turn of those in it? */
static bool is_persistent(const struct explore *x, unsigned set)
{
	for (unsigned a = 0; a < x->trace->nr_threads; a++) {
		if (!(set >> a & 1))
			continue;
		if (x->tried[a].is_dead || x->tried[a].touched.is_lost)
			return false;
		for (unsigned b = 0; b < x->trace->nr_threads; b++)
			if (!(set >> b & 1) && is_live(x, b) &&
			    future_meets(x->search->futures, x->tried[b].spot,
					 &x->tried[a].touched))
				return false;
	}
	return true;
}

/* Does it lead to where nobody has been? Else one would go round and leave the others out. */
static bool goes_on(const struct explore *x, unsigned set)
{
	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		if (set >> t & 1 && x->tried[t].turn == TURN_STEPPED &&
		    x->tried[t].seen != SEEN_BEFORE)
			return true;
	return false;
}

/* Of one thread first, then of two, and so on; and all are a set. */
static unsigned choose(const struct explore *x, unsigned all)
{
	for (int nr = 2; nr < __builtin_popcount(all); nr++)
		for (unsigned set = 1; set < all; set++)
			if (__builtin_popcount(set) == nr && !(set & ~all) && goes_on(x, set) &&
			    is_persistent(x, set))
				return set;
	return all;
}

static void rely(struct explore *x, unsigned set)
{
	for (unsigned b = 0; b < x->trace->nr_threads; b++)
		for (unsigned a = 0; a < x->trace->nr_threads && !(set >> b & 1); a++)
			if (set >> a & 1 && is_live(x, b))
				spot_rely(x->spots, x->tried[b].spot, &x->tried[a].touched);
}

static void take(struct explore *x, unsigned thread)
{
	struct tried *tried = &x->tried[thread];
	u32 node;

	x->nr_found = tried->nr_found;
	memcpy(x->found, tried->found, tried->nr_found * sizeof(*x->found));
	explore_judge(x, thread);
	x->transitions++;
	if (explore_set_add(x->search->set, tried->fingerprint, (struct way){ x->node, thread },
			    &node) == SEEN_NEVER)
		queue_push(&x->next, tried->packed, arrlenu(tried->packed),
			   node | (tried->is_dead ? WAITS_DEAD : 0));
}

static void take_set(struct explore *x, unsigned set, unsigned all)
{
	bool waits = false, moved = false;

	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		if (!(set >> t & 1))
			continue;
		waits |= x->tried[t].turn == TURN_WAITS;
		moved |= x->tried[t].turn == TURN_STEPPED;
		if (x->tried[t].turn == TURN_STEPPED)
			take(x, t);
	}
	if (set != all)
		rely(x, set);
	else if (moved && !goes_on(x, set))
		arrput(x->stuck, x->node);
	else if (waits && !moved)
		explore_keep(x, FOUND_DEADLOCK, NULL, NO_THREAD);
}

/* False: stop. */
static bool try(struct explore *x, unsigned thread)
{
	struct explore_at before = explore_mark(x);
	struct tried *tried = &x->tried[thread];

	tried->turn = explore_turn(x, thread, &x->error);
	if (tried->turn != TURN_OVER)
		note_turn(x, thread);
	if (tried->turn == TURN_STEPPED)
		keep_successor(x, thread);
	explore_back(x, &before);
	return tried->turn != TURN_BAD && tried->turn != TURN_UNMODELLED;
}

/* Before the others were tried: where they stand is known. */
static unsigned look_at_threads(struct explore *x)
{
	unsigned all = 0;

	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		bool is_over = !x->progress.runs[t] &&
			       x->progress.begun[t] == x->trace->threads[t].nr;

		x->tried[t].turn = is_over ? TURN_OVER : TURN_WAITS;
		x->tried[t].spot = spot_of(x, t);
		all |= !is_over << t;
	}
	return all;
}

bool explore_try_reduced(struct explore *x)
{
	unsigned all = look_at_threads(x), set;

	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		if (!(all >> t & 1))
			continue;
		if (!try(x, t))
			return false;
		if (goes_on(x, 1u << t) && all != 1u << t && is_persistent(x, 1u << t)) {
			take_set(x, 1u << t, all);
			return true;
		}
	}
	set = choose(x, all);
	take_set(x, set, all);
	return true;
}
