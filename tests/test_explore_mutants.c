// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels with one thing wrong (mutants.c) are found by the search, in a scenario that says nothing
 * of when; the kernel without it is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore.h"
#include "sim/watch.h"
#include "tests/mutants.h"

#include "tests/support.h"

static const char dropped[] = "a-page-is-dropped-while-it-is-mapped";
static const char frees[] = "a-driver-frees-what-its-handler-still-maps";
static const char zaps[] = "a-driver-zaps-what-a-guest-writes";
static const char part[] = "a-part-of-2m-is-dropped-while-a-guest-reads-beside-it";
static const char cached[] = "a-pfncache-refreshes-while-its-page-goes";

static const struct row {
	const char *name;		/* the mutant's */
	const char *law, *scenario;
} rows[] = {
	{ "the stale check is dropped", "no-stale-spte", dropped },
	{ "nothing is stale", "no-stale-spte", zaps },
	{ "nothing is stale", "no-stale-spte", part },
	{ "stale by the sequence alone", "no-stale-spte", dropped },
	{ "stale by the range alone", "no-stale-spte", dropped },
	{ "the range is in gfns, the question in hvas", "no-stale-spte", dropped },
	{ "the snapshot of the sequence comes after the look-up", "no-stale-spte", dropped },
	{ "the sequence is not raised", "no-stale-spte", dropped },
	{ "the sequence is raised after the lock has gone", "no-stale-spte", dropped },
	{ "the count is dropped before the sequence is raised", "seq-before-count", dropped },
	{ "nothing is zapped", "no-stale-spte", dropped },
	{ "the flush is dropped", "no-stale-tlb", dropped },
	{ "a zap needs no flush", "no-free-page-mapped", dropped },
	{ "in-progress is not counted", "notifier-counts-agree", dropped },
	{ "an end without a start", "notifier-counts-agree", dropped },
	{ "no notification concerns KVM", "no-stale-spte", dropped },
	{ "no notification concerns KVM", "no-use-after-free", dropped },
	{ "a get of whatever is there", "no-get-from-zero", frees },
	{ "a get of whatever is there", "no-bad-free", frees },
	{ "put twice", "no-put-by-non-owner", dropped },
	{ "put twice", "no-free-of-owned", dropped },
	{ "put twice", "no-use-after-free", dropped },
	{ "put never", "fault-balance", dropped },
	{ "put only what was used", "fault-balance", dropped },
	{ "put before the lock and marked after it", "mark-only-alive", dropped },
	{ "the second pre-check does not release", "fault-balance", dropped },
	{ "the look-up keeps what nobody puts", "fault-balance", dropped },
	{ "a fault without the notifier's guard", "get-or-guard", dropped },
	{ "the notifier forgets pfncaches", "pfncache-fresh", cached },
	{ "a refresh does not look whether it is stale", "pfncache-fresh", cached },
	{ "a refresh keeps its reference", "fault-balance", cached },
};

static bool is_found(const struct explore_finding *f, const char *law)
{
	switch (f->kind) {
	case FOUND_VIOLATION:
		return !strcmp(f->v.law->id, law);
	case FOUND_DEADLOCK:
		return !strcmp(law, "deadlock");
	case FOUND_INVERSION:
		return !strcmp(law, "lock-inversion");
	default:
		return !strcmp(law, "livelock");
	}
}

static bool has_found(struct explore *x, const char *law)
{
	const struct explored *r = explore_result(x);

	for (size_t i = 0; i < r->nr_findings; i++)
		if (is_found(&r->findings[i], law))
			return true;
	return false;
}

/* Whoever loses one more reference by each retry has ever more states. */
static bool breaks(const struct trace *trace, const struct semantics_patch *patch,
		   const char *law, bool reduced)
{
	const struct explore_bound bound = { .states = 200000, .por = reduced,
					     .symmetry = reduced, .liveness = reduced };
	struct error error = { .text = "" };
	struct explore *x = explore_new(trace, patch, &bound, &error);
	bool found;

	assert_non_null(x);
	while (explore_more(x, 1000, &error) && !has_found(x, law))
		;
	assert_string_equal(error.text, "");
	found = has_found(x, law);
	assert_true(found || explore_result(x)->stop == STOP_NONE);
	explore_free(x);
	return found;
}

static void check(const struct mutant *mutant, const char *scenario)
{
	struct mutant_patch patch;
	struct error error = { .text = "" };
	char path[600], why[128] = "";
	struct trace trace;

	if (!watch_works())	/* minutes, with a sanitizer */
		skip();
	snprintf(path, sizeof(path), "%.400s/race/%s.trace", getenv("PFNSIM_TRACES"), scenario);
	if (!trace_load(path, &trace, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	if (!mutant_build(mutant, &patch, why, sizeof(why)))
		fail_msg("%s", why);
	for (unsigned reduced = 0; reduced < 2; reduced++) {
		assert_true(breaks(&trace, &patch.patch, mutant->law, reduced));
		assert_false(breaks(&trace, mutant->base, mutant->law, reduced));
	}
	trace_free(&trace);
}

static const struct mutant *mutant_of(const struct row *row)
{
	for (size_t i = 0; i < nr_mutants; i++)
		if (!strcmp(mutants[i].name, row->name) && !strcmp(mutants[i].law, row->law))
			return &mutants[i];
	fail_msg("no such mutant");
	return NULL;
}

static void it_is_found_in_some_order(void **state)
{
	const struct row *row = *state;

	check(mutant_of(row), row->scenario);
}

static void what_shows_in_some_order_alone_is_found(void **state)
{
	const struct mutant *mutant = *state;

	check(mutant, mutant->story);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, it_is_found_in_some_order, rows);
	list_rows(&list, "what_shows_in_some_order_alone_is_found",
		  what_shows_in_some_order_alone_is_found, race_mutants, nr_race_mutants,
		  sizeof(*race_mutants));
	return list_run(&list, "explore_mutants");
}
