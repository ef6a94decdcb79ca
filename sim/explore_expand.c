/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_expand.c: a state, and those that are one turn away from it. */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_mirror.h"
#include "sim/explore_symmetry.h"

/* What the last turn has led to, seen or not. */
static enum seen take_successor(struct explore *x, unsigned thread)
{
	bool is_dead = explore_is_dead(x);
	enum seen seen;
	u32 node;

	for (struct explore *w = x; w; w = w->twin) {
		explore_judge(w, thread);
		explore_keep_locks(w, thread, 0, w->mirror[thread]);
	}
	seen = explore_set_add(x->search->set, explore_fingerprint(x),
			       (struct way){ x->node, thread }, &node);
	x->transitions++;
	if (explore_has_to_wait(x, seen)) {
		if (x->search->symmetry)
			explore_make_first(x, NULL);
		explore_pack(x);
		explore_push(x, &x->packed, node | (is_dead ? WAITS_DEAD : 0), thread);
	}
	return seen;
}

struct what { bool waits, moved, deeper; };

static bool try_thread(struct explore *x, unsigned thread, struct what *what)
{
	enum turn turn;

	explore_mark(x);
	turn = explore_turn_of_all(x, thread, &x->error);
	if (turn == TURN_STEPPED)
		what->deeper |= take_successor(x, thread) != SEEN_BEFORE;
	what->moved |= turn == TURN_STEPPED;
	what->waits |= turn == TURN_WAITS;
	explore_back(x);
	return turn != TURN_BAD && turn != TURN_UNMODELLED;
}

static bool try_threads(struct explore *x)
{
	struct what what = { .waits = false };

	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		if (!try_thread(x, t, &what))
			return false;
	if (what.waits && !what.moved)
		explore_keep(x, FOUND_DEADLOCK, NO_THREAD);
	if (what.moved && !what.deeper)
		arrput(x->stuck, x->node);
	return true;
}

/* All that are kept as this one come to an end each. */
static bool finish_group(struct explore *w)
{
	u8 to[MOST_EXCHANGES + 1][WATCH_ACTORS];
	unsigned nr = explore_orbit(w, to);
	bool ok = true;

	for (unsigned i = 0; i < nr && ok; i++) {
		world_mark(w);
		explore_exchange(w, to[i]);
		memcpy(w->as, to[i], sizeof(w->as));
		w->ends++;
		ok = explore_finish(w, &w->error);
		world_back(w);
		world_reset(w);
	}
	memcpy(w->as, nobody_else, sizeof(w->as));
	return ok;
}

/* In each world; where two have come to the same, once. */
static bool finish(struct explore *x)
{
	u64 seen[MOST_WORLDS];
	bool ok = true;

	for (struct explore *w = x; w && ok; w = w->twin) {
		bool is_new = true;

		seen[w->world] = world_fingerprint(w);
		for (unsigned i = 0; i < w->world; i++)
			is_new &= seen[i] != seen[w->world];
		if (!is_new)
			continue;
		if (x->search->symmetry) {
			ok = finish_group(w);
		} else {
			w->ends++;
			ok = explore_finish(w, &w->error);
		}
		if (!ok)
			x->error = w->error;
	}
	return ok;
}

static void stand_at(struct explore *x, u32 node, const u8 *ways)
{
	for (struct explore *w = x; w; w = w->twin) {
		w->node = node;
		w->ways = ways;
	}
}

static bool expand(struct explore *x)
{
	size_t n = x->at[0], nr_ways = explore_way_words(x->search, x->search->depth);
	const u64 *words = x->at + WAITS_HEAD;
	bool is_dead = x->at[1] & WAITS_DEAD, is_replaced;

	stand_at(x, x->at[1], (const u8 *)(words + n - nr_ways));
	is_replaced = explore_is_replaced(x, x->node, x->at[2]);
	x->at = words + n;
	x->end_at = (struct explore_end){ .vm = NULL };
	if (is_replaced)
		return true;
	explore_unpack(x, words, n - nr_ways);
	x->expanded++;
	if (!explore_is_over(x) && !is_dead)
		return x->tried ? explore_try_reduced(x) : try_threads(x);
	x->end_at = (struct explore_end){ x->vm, is_dead };
	return is_dead || finish(x);
}

bool explore_expand(struct explore *x)
{
	unsigned none = STOP_NONE;
	bool ok = expand(x);

	if (explore_is_broken(x))
		return false;
	if (!ok && !x->error.text[0])
		atomic_compare_exchange_strong(&x->search->stop, &none, STOP_UNMODELLED);
	return ok;
}
