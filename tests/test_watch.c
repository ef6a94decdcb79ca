// SPDX-License-Identifier: GPL-2.0-only
/*
 * A turn writes nothing that is not told, and reads nothing that is not told. Of a lock it is told
 * what is done with it: that goes with what others do with it, or has to wait.
 */
#include <stddef.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_reduce.h"

#include "tests/scenarios.h"
#include "tests/support.h"

enum { TURNS = 250, NOBODY_ELSE = 7 };
static_assert((int)NOBODY_ELSE >= (int)MAX_TASKS, "it is nobody's row");

static u8 *bytes_of(struct explore *x)
{
	return (u8 *)&x->vm->w;
}

/* What a turn was told to do, and what it left there. */
struct effect {
	enum turn turn;
	const struct step *step;
	unsigned nr_found;
	u64 read[WATCH_LINES], write[WATCH_LINES];
	u8 world[sizeof(struct world)];
};

static void take(struct explore *x, unsigned thread, struct effect *e)
{
	struct footprint f;
	struct error error;

	memset(e, 0, sizeof(*e));
	e->turn = explore_turn(x, thread, &error);
	e->step = x->step;
	e->nr_found = x->nr_found;
	f = watch_footprint(x->watch);
	for (size_t i = 0; i < f.nr; i++) {
		e->read[f.lines[i]] = f.read[f.lines[i]];
		e->write[f.lines[i]] = f.write[f.lines[i]];
	}
	memcpy(e->world, bytes_of(x), sizeof(e->world));
}

static bool has(const u64 *lines, size_t byte)
{
	return lines[byte / 64] >> byte % 64 & 1;
}

static void nothing_untold_has_changed(const u8 *before, const struct effect *e)
{
	for (size_t i = 0; i < sizeof(struct world); i++)
		if (before[i] != e->world[i] && !has(e->write, i))
			fail_msg("byte %zu is written by %s", i, e->step ? e->step->name : "-");
}

/* What has changed is told with what was there; and nothing else is. */
static void what_was_overwritten_is_told(struct explore *x, const u8 *before,
					 const struct effect *e)
{
	static struct watch_overwritten *all;
	size_t nr = 0;

	watch_overwritten(x->watch, &all);
	for (size_t i = 0; i < arrlenu(all); i++)
		if (all[i].line < WATCH_WORLD_LINES) {
			size_t byte = (size_t)all[i].line * 64 + all[i].bit;

			assert_int_equal(all[i].old, before[byte]);
			assert_int_not_equal(all[i].old, e->world[byte]);
			assert_int_equal(watch_value(x->watch, all[i].line, all[i].bit),
					 e->world[byte]);
			nr++;
		}
	for (size_t i = 0; i < sizeof(struct world); i++)
		nr -= before[i] != e->world[i];
	assert_int_equal(nr, 0);
	arrfree(all);
}

/* Each byte that the turn has not touched becomes another. */
static void scramble(struct explore *x, const struct effect *e)
{
	static u8 other[sizeof(struct world)];

	watch_on(x->watch);
	memcpy(other, bytes_of(x), sizeof(other));
	for (size_t i = 0; i < sizeof(struct world); i++)
		if (!has(e->read, i) && !has(e->write, i))
			other[i] ^= 0x5a;
	x->vm->w = *(const struct world *)other;
}

static void it_did_the_same(const struct effect *a, const struct effect *b)
{
	const char *name = a->step ? a->step->name : "-";

	assert_int_equal(a->turn, b->turn);
	assert_ptr_equal(a->step, b->step);
	assert_int_equal(a->nr_found, b->nr_found);
	for (size_t i = 0; i < WATCH_LINES; i++)
		if (a->read[i] != b->read[i] || a->write[i] != b->write[i])
			fail_msg("%s touches something else in line %zu", name, i);
	for (size_t i = 0; i < sizeof(struct world); i++)
		if (has(a->write, i) && a->world[i] != b->world[i])
			fail_msg("%s writes something else to byte %zu", name, i);
}

/* ---- locks ---- */

static size_t byte_of_lock(const struct explore *x, unsigned i)
{
	return (const u8 *)lock_of(&x->vm->w, i) - bytes_of((struct explore *)x);
}

static bool is_in(const struct touched *t, const u64 *bits, size_t byte)
{
	for (size_t i = 0; i < arrlenu(t->line); i++)
		if (t->line[i] == byte / 64)
			return bits[i] >> byte % 64 & 1;
	return false;
}

/* The turn once more, while somebody who is not there reads or writes under the lock. */
static enum turn take_besides(struct explore *x, unsigned thread, size_t lock, bool writes,
			      struct effect *e)
{
	u8 *bytes = bytes_of(x), old[2] = { bytes[lock], bytes[lock + 1] };

	static_assert(offsetof(struct lock, readers) == 0 && offsetof(struct lock, writer) == 1,
		      "two bytes");
	explore_mark(x);
	watch_on(x->watch);
	if (writes)
		bytes[lock + 1] = NOBODY_ELSE + 1;
	else
		bytes[lock] |= 1u << NOBODY_ELSE;
	take(x, thread, e);
	e->world[lock] = (e->world[lock] & ~(1u << NOBODY_ELSE)) |
			 (old[0] & 1u << NOBODY_ELSE);
	bytes[lock] = old[0];
	bytes[lock + 1] = old[1];
	explore_back(x);
	return e->turn;
}

/* As it is told: it takes the lock, gives it back, or has looked at what others do with it. */
static void it_goes_with_others(struct explore *x, unsigned thread, const struct touched *t,
				unsigned i, const struct effect *first)
{
	static struct effect again;
	size_t at = byte_of_lock(x, i);
	bool reads = is_in(t, t->read, at), writes = is_in(t, t->write, at);
	bool gives_back = is_in(t, t->read, at + 1), looks = is_in(t, t->write, at + 1);
	bool was_held_to_write = bytes_of(x)[at + 1];

	if (looks || (!reads && !writes && !gives_back))
		return;
	if (first->turn == TURN_STEPPED && !gives_back)
		assert_int_equal(take_besides(x, thread, at, true, &again), TURN_WAITS);
	if (was_held_to_write)
		return;
	if (take_besides(x, thread, at, false, &again) != TURN_WAITS || reads || gives_back)
		it_did_the_same(first, &again);
}

static void look_at(struct explore *x, unsigned thread)
{
	static struct effect first, again;
	static u8 before[sizeof(struct world)];
	struct lock_set held = explore_held(x, thread);
	struct touched touched = { .line = NULL };

	memcpy(before, bytes_of(x), sizeof(before));
	explore_mark(x);
	take(x, thread, &first);
	what_was_overwritten_is_told(x, before, &first);
	if (first.turn != TURN_OVER)
		explore_touched(x, thread, first.turn, &held, &touched);
	explore_back(x);
	assert_memory_equal(before, bytes_of(x), sizeof(before));
	nothing_untold_has_changed(before, &first);

	explore_mark(x);
	scramble(x, &first);
	take(x, thread, &again);
	explore_back(x);
	assert_memory_equal(before, bytes_of(x), sizeof(before));
	it_did_the_same(&first, &again);
	for (unsigned i = 0; i < NR_LOCKS; i++)
		it_goes_with_others(x, thread, &touched, i, &first);
	touched_free(&touched);
}

/* One order, that of a die, and in each state each thread. */
static void each_turn_is_told(void **state)
{
	static const struct explore_bound bound = { .por = true };
	const struct scenario *scenario = *state;
	struct error error = { .text = "" };
	struct trace trace;
	struct explore *x;
	u32 die = 1;

	if (!watch_works())
		skip();
	scenario_load(scenario->path, &trace);
	x = explore_new(&trace, semantics_find(scenario->semantics), &bound, &error);
	assert_non_null(x);
	for (unsigned n = 0; n < TURNS && !explore_is_over(x) && !explore_is_dead(x); n++) {
		for (unsigned t = 0; t < trace.nr_threads; t++)
			look_at(x, t);
		die = die * 1103515245 + 12345;
		explore_turn(x, (die >> 16) % trace.nr_threads, &error);
	}
	explore_free(x);
	trace_free(&trace);
}

int main(void)
{
	static const char *const under[] = { "v5.12", "v11", "v7.2", NULL };
	static struct test_list list;
	size_t nr;
	const struct scenario *scenarios = scenarios_find(under, &nr);

	list_rows(&list, "each_turn_is_told", each_turn_is_told, scenarios, nr,
		  sizeof(*scenarios));
	return list_run(&list, "watch");
}
