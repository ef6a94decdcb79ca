// SPDX-License-Identifier: GPL-2.0-only
/*
 * With reductions a search comes to the same verdict, the same ends and the same outcomes as
 * without; with more workers to the same numbers. A reduction that is wrong is noticed.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"
#include "sim/schedule.h"

#include "tests/scenarios.h"
#include "tests/support.h"

enum { SMALL_ENOUGH = 60000 };

static struct explore *search(const struct trace *trace, const char *semantics,
			      const struct explore_bound *bound, bool believes)
{
	return scenario_explore(trace, semantics_find(semantics), bound, believes);
}

static void shortest_ways_are_as_long(const struct explored *full, const struct explored *r)
{
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct explore_finding *f = &r->findings[i];

		if (f->is_shortest)
			assert_int_equal(f->nr_steps, explored_like(full, f)->nr_steps);
	}
}

static void reductions_change_no_verdict_and_no_end(void **state)
{
	static const struct explore_bound small = { .states = SMALL_ENOUGH };
	static const struct explore_bound reduced[] = {
		{ .liveness = true },
		{ .por = true, .symmetry = true, .liveness = true },
	};
	const struct scenario *scenario = *state;
	struct explore *full, *x;
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load(scenario->path, &trace);
	full = search(&trace, scenario->semantics, &small, false);
	for (size_t i = 0; i < ARRAY_SIZE(reduced) && !explore_result(full)->stop; i++) {
		x = search(&trace, scenario->semantics, &reduced[i], false);
		assert_string_equal(explored_difference(explore_result(full), explore_result(x)),
				    "");
		assert_true(explore_result(x)->states <= explore_result(full)->states);
		shortest_ways_are_as_long(explore_result(full), explore_result(x));
		explore_free(x);
	}
	explore_free(full);
	trace_free(&trace);
}

/* As an event of b's, in however many ends. */
static bool comes_to(const struct explored *b, const struct explore_outcome *o)
{
	for (size_t i = 0; i < arrlenu(b->outcomes); i++)
		if (b->outcomes[i].event == o->event && b->outcomes[i].value == o->value &&
		    !strcmp(b->outcomes[i].word, o->word))
			return true;
	return false;
}

static void is_within(const struct explored *a, const struct explored *b)
{
	for (size_t i = 0; i < a->nr_findings; i++)
		assert_non_null(explored_like(b, &a->findings[i]));
	for (size_t i = 0; i < arrlenu(a->outcomes); i++)
		assert_true(comes_to(b, &a->outcomes[i]));
}

/* Worlds that differ in frames' names alone are counted apart in turn. */
static void frames_by_place_change_no_verdict_and_no_outcome(void **state)
{
	static const struct explore_bound bound = { .states = SMALL_ENOUGH / 8, .por = true,
						    .symmetry = true, .liveness = true };
	const struct scenario *scenario = *state;
	struct explore *by_place, *in_turn;
	struct trace trace;

	scenario_load(scenario->path, &trace);
	assert_true(trace.config.frames_by_place);
	by_place = search(&trace, scenario->semantics, &bound, false);
	trace.config.frames_by_place = false;
	in_turn = search(&trace, scenario->semantics, &bound, false);
	if (!explore_result(in_turn)->stop && !explore_result(by_place)->stop) {
		is_within(explore_result(in_turn), explore_result(by_place));
		is_within(explore_result(by_place), explore_result(in_turn));
		assert_true(explore_result(by_place)->ends <= explore_result(in_turn)->ends);
	}
	explore_free(by_place);
	explore_free(in_turn);
	trace_free(&trace);
}

/* Its first round knows no future: it would be wrong to stop there, and that is seen. */
static void a_reduction_that_is_wrong_is_noticed(void **state)
{
	static const struct explore_bound full = { .states = 0 }, reduced = { .por = true };
	struct explore *a, *b;
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_race("a-page-is-dropped-while-it-is-mapped", &trace);
	a = search(&trace, "v11", &full, false);
	b = search(&trace, "v11", &reduced, true);
	assert_string_not_equal(explored_difference(explore_result(a), explore_result(b)), "");
	explore_free(a);
	explore_free(b);
	trace_free(&trace);
}

static void as_many_workers_as_there_are_find_the_same(void **state)
{
	struct explore_bound bound = { .jobs = 1 };
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_race("a-slot-comes-within-an-invalidation", &trace);
	for (unsigned por = 0; por < 2; por++) {
		struct explore *one, *more;

		bound = (struct explore_bound){ .jobs = 1, .por = por };
		one = search(&trace, "v11", &bound, false);
		for (bound.jobs = 2; bound.jobs < 4; bound.jobs++) {
			const struct explored *a = explore_result(one), *b;

			more = search(&trace, "v11", &bound, false);
			b = explore_result(more);
			assert_string_equal(explored_difference(a, b), "");
			assert_int_equal(a->states, b->states);
			assert_int_equal(a->transitions, b->transitions);
			assert_int_equal(a->depth, b->depth);
			for (size_t i = 0; i < a->nr_findings; i++) {
				assert_int_equal(a->findings[i].nr_steps, b->findings[i].nr_steps);
				assert_int_equal(a->findings[i].states, b->findings[i].states);
				assert_memory_equal(a->findings[i].schedule,
						    b->findings[i].schedule,
						    a->findings[i].nr_steps);
			}
			explore_free(more);
		}
		explore_free(one);
	}
	trace_free(&trace);
}

/* Who waits for a progress line, or has said ^C, does not wait for a depth. */
static void workers_come_back_before_a_depth_is_done(void **state)
{
	struct explore_bound bound = { .jobs = 2 };
	struct error error = { .text = "" };
	unsigned calls = 1;
	struct trace trace;
	struct explore *x;

	(void)state;
	scenario_load_race("a-slot-comes-within-an-invalidation", &trace);
	x = explore_new(&trace, semantics_find("v7.2"), &bound, &error);
	assert_non_null(x);
	while (explore_more(x, 1, &error))
		calls++;
	assert_string_equal(error.text, "");
	assert_int_equal(explore_result(x)->stop, STOP_NONE);
	assert_true(calls > 2 * explore_result(x)->depth);
	explore_free(x);
	trace_free(&trace);
}

/* What it finds is right; what it does not find it does not deny. */
static void bits_alone_never_say_that_a_law_holds(void **state)
{
	struct trace trace;

	(void)state;
	scenario_load_race("a-page-is-dropped-while-it-is-mapped", &trace);
	for (u64 bytes = 64; bytes <= 1 << 20; bytes <<= 7) {
		struct explore_bound bound = { .bitstate = bytes, .por = bytes & 64 };
		struct explore *x = search(&trace, "v7.2", &bound, false);

		assert_int_equal(explore_result(x)->stop, STOP_BITSTATE);
		assert_int_equal(explore_result(x)->nr_findings, 0);
		explore_free(x);
		x = search(&trace, "v11", &bound, false);
		for (size_t i = 0; i < explore_result(x)->nr_findings; i++) {
			struct schedule schedule;

			schedule_run(&schedule, &trace, semantics_find("v11"),
				     &explore_result(x)->findings[i]);
			schedule_free(&schedule);
		}
		assert_true(bytes < 1 << 20 || explore_result(x)->nr_findings == 3);
		explore_free(x);
	}
	trace_free(&trace);
}

static void a_state_is_kept_in_24_bytes(void **state)
{
	static const struct explore_bound full = { .states = 0 };
	const struct explored *r;
	struct trace trace;
	struct explore *x;

	(void)state;
	scenario_load_race("ksm-merges-what-a-guest-writes", &trace);
	x = search(&trace, "v7.2", &full, false);
	r = explore_result(x);
	assert_true(r->bytes <= 24 * r->states);
	explore_free(x);
	trace_free(&trace);
}

int main(void)
{
	static const char *const under[] = { "v5.12", "v6.8", "v11", "v7.2", NULL };
	static struct test_list list;
	size_t nr;
	const struct scenario *scenarios = scenarios_find(under, &nr);

	list_rows(&list, "reductions_change_no_verdict_and_no_end",
		  reductions_change_no_verdict_and_no_end, scenarios, nr, sizeof(*scenarios));
	list_rows(&list, "frames_by_place_change_no_verdict_and_no_outcome",
		  frames_by_place_change_no_verdict_and_no_outcome, scenarios, nr,
		  sizeof(*scenarios));
	LIST_TEST(&list, a_reduction_that_is_wrong_is_noticed);
	LIST_TEST(&list, as_many_workers_as_there_are_find_the_same);
	LIST_TEST(&list, workers_come_back_before_a_depth_is_done);
	LIST_TEST(&list, bits_alone_never_say_that_a_law_holds);
	LIST_TEST(&list, a_state_is_kept_in_24_bytes);
	return list_run(&list, "explore_reduce");
}
