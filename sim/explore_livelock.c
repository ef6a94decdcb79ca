/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_livelock.c: states from which no order of steps leads to an end, or to a deadlock.
 *
 * No edges are kept. Whoever goes from each state to one that is deeper comes to an end, to a
 * deadlock, or to a state that has no deeper successor: those were kept (x->stuck). Where one of
 * them leads is looked at again, depth first; as a rule the first way ends.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

enum { MOST_LOOKED_AT = 1 << 20, TURNS_AT_A_TIME = 256 };

struct mark_of { u64 key; bool value; };

struct look {
	struct explore *x;
	struct mark_of *ends;		/* stb_ds: states that lead to an end */
	struct mark_of *does_not;	/* ... that do not */
	struct mark_of *seen;		/* by the walk at hand */
	u64 most;			/* of them */
	unsigned turns;
};

/* What is cut off is taken for what leads to an end; the search says so. */
static bool is_cut_off(struct look *look)
{
	struct search *search = look->x->search;
	unsigned none = STOP_NONE;

	if (hmlenu(look->seen) > look->most)
		atomic_compare_exchange_strong(&search->stop, &none, STOP_LOOK);
	if (look->turns++ % TURNS_AT_A_TIME == 0 && explore_is_interrupted(search))
		atomic_compare_exchange_strong(&search->stop, &none, STOP_ASKED);
	return search->stop;
}

/*
 * A state on the way, marked where its last turn began; not the caller's stack, as ways are
 * thousands of steps long.
 */
struct level {
	u64 fingerprint;
	unsigned next;			/* thread to try */
	bool moved;			/* a turn was possible */
};

/* Does the state at hand lead to an end? If that is not known it becomes the last level. */
static bool enter(struct look *look, struct level **levels)
{
	u64 fingerprint = explore_fingerprint(look->x);

	if (hmgeti(look->ends, fingerprint) >= 0)
		return true;
	if (hmgeti(look->seen, fingerprint) >= 0 || hmgeti(look->does_not, fingerprint) >= 0)
		return false;
	hmput(look->seen, fingerprint, true);
	if (is_cut_off(look))
		return true;
	if (explore_is_over(look->x)) {
		hmput(look->ends, fingerprint, true);
		return true;
	}
	arrput(*levels, ((struct level){ .fingerprint = fingerprint }));
	return false;
}

/* The next thread's turn: does it lead to an end? */
static bool try_next(struct look *look, struct level **levels)
{
	size_t depth = arrlenu(*levels);
	struct level *level = &arrlast(*levels);
	struct error error;
	bool found = false;

	explore_mark(look->x);
	if (explore_turn(look->x, level->next++, &error) == TURN_STEPPED) {
		level->moved = true;
		found = explore_is_dead(look->x) || enter(look, levels);
	}
	if (arrlenu(*levels) == depth)
		explore_back(look->x);
	return found;
}

/* Nobody can go on: a deadlock, which is an end here. */
static bool leave(struct look *look, struct level **levels, bool found)
{
	struct level level = arrpop(*levels);

	found |= !level.moved;
	if (found)
		hmput(look->ends, level.fingerprint, true);
	if (arrlenu(*levels))
		explore_back(look->x);
	return found;
}

static bool walk(struct look *look)
{
	struct level *levels = NULL;
	bool found = enter(look, &levels);

	while (arrlenu(levels)) {
		if (found || arrlast(levels).next == look->x->trace->nr_threads)
			found = leave(look, &levels, found);
		else
			found = try_next(look, &levels);
	}
	arrfree(levels);
	return found;
}

/* From where the worker stands. */
static bool leads_to_end(struct look *look)
{
	bool ends = walk(look);

	for (ptrdiff_t i = 0; !ends && i < hmlen(look->seen); i++)
		hmput(look->does_not, look->seen[i].key, true);
	hmfree(look->seen);
	return ends;
}

static bool node_leads_to_end(struct look *look, u32 node)
{
	struct example at = { .node = node, .thread = NO_THREAD };
	u8 *schedule;
	size_t nr;

	memcpy(at.as, nobody_else, sizeof(at.as));
	schedule = explore_schedule(look->x->search, &at, &nr);
	explore_go(look->x, schedule, nr);
	free(schedule);
	return leads_to_end(look);
}

/* The first state on the way to it that is one, too; @path: the last one first. */
static void keep_first(struct look *look, const u32 *path)
{
	size_t low = 0, high = arrlenu(path) - 1;

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (node_leads_to_end(look, path[middle]))
			high = middle - 1;
		else
			low = middle;
	}
	look->x->node = path[low];
	look->x->search->depth = arrlenu(path) - 1 - low;
	explore_keep(look->x, FOUND_LIVELOCK, NO_THREAD);
}

static void look_at(struct look *look, u32 node)
{
	struct search *search = look->x->search;
	struct way way;
	u32 *path = NULL;

	if (node_leads_to_end(look, node))
		return;
	arrput(path, node);
	way = explore_set_way(search->set, node);
	for (; way.thread != NO_THREAD; way = explore_set_way(search->set, way.parent))
		arrput(path, way.parent);
	keep_first(look, path);
	arrfree(path);
}

static void count(struct look *look)
{
	struct explore *x = look->x;

	for (size_t i = 0; i < arrlenu(x->examples); i++)
		if (x->examples[i].kind == FOUND_LIVELOCK)
			x->examples[i].states = hmlenu(look->does_not);
}

void explore_find_livelocks(struct search *search)
{
	struct look look = { .x = search->worker[0],
			     .most = search->bound.look ? search->bound.look : MOST_LOOKED_AT };
	u32 depth = search->depth;

	for (unsigned w = 0; w < search->nr_workers; w++)
		for (size_t i = 0; i < arrlenu(search->worker[w]->stuck) && !search->stop; i++)
			look_at(&look, search->worker[w]->stuck[i]);
	count(&look);
	search->depth = depth;
	hmfree(look.ends);
	hmfree(look.does_not);
}
