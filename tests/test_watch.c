// SPDX-License-Identifier: GPL-2.0-only
/* A turn writes nothing that is not told, and reads nothing that is not told. */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

#include "tests/scenarios.h"
#include "tests/support.h"

enum { TURNS = 250 };

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

static void look_at(struct explore *x, unsigned thread)
{
	static struct effect first, again;
	static u8 before[sizeof(struct world)];
	struct explore_at at;

	memcpy(before, bytes_of(x), sizeof(before));
	at = explore_mark(x);
	take(x, thread, &first);
	explore_back(x, &at);
	assert_memory_equal(before, bytes_of(x), sizeof(before));
	nothing_untold_has_changed(before, &first);

	at = explore_mark(x);
	scramble(x, &first);
	take(x, thread, &again);
	explore_back(x, &at);
	assert_memory_equal(before, bytes_of(x), sizeof(before));
	it_did_the_same(&first, &again);
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
