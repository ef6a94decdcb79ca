// SPDX-License-Identifier: GPL-2.0-only
/*
 * The corpus of real bugs: each number has a trace, or a reason why not; and a bug that all kernels
 * here have repaired is caught on its own trace when one thing brings it back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/corpus.h"
#include "sim/replay_internal.h"
#include "tests/mutants.h"

#include "tests/support.h"

enum { LAST_BUG = 66, MOST_ABSENT = 16 };

/* ---- what brings a bug back ---- */

static const struct row {
	const char *name;		/* the mutant's */
	const char *bug, *law;
} rows[] = {
	{ "a get of whatever is there", "B01", "no-get-from-zero" },
	{ "the second pre-check puts by pfn", "B04", "no-put-by-non-owner" },
	{ "put by the adjusted pfn", "B05", "no-put-by-non-owner" },
	{ "the PTE's W is not looked at", "B06", "spte-within-host-rights" },
	{ "no notification concerns KVM", "B17", "no-stale-spte" },
	{ "the zero page is reserved", "B18", "fault-balance" },
	{ "device memory is reserved", "B20", "fault-balance" },
	{ "a map is never put", "B25", "unmap-pairs-map" },
	{ "what gfn_to_page() has taken is taken again", "B26", "fault-balance" },
	{ "a look-up is never put", "B27", "fault-balance" },
	{ "write-back tells nobody", "B29", "spte-within-host-rights" },
	{ "put before the lock and marked after it", "B30", "mark-only-alive" },
	{ "a dying root is not zapped", "B31", "mark-only-alive" },
	{ "a dying root is not zapped", "B31", "no-free-page-mapped" },
	{ "a stale fault's page is released as used", "B33", "no-false-dirty" },
	{ "a leaf larger than the host's", "B36", "huge-contained" },
	{ "put by the adjusted pfn", "B37", "no-put-by-non-owner" },
	{ "a memslot goes and its roots stay", "B39", "spte-has-slot" },
	{ "the stale check is dropped", "B40", "no-stale-spte" },
	{ "nothing is stale", "B40", "no-stale-spte" },
	{ "stale by the sequence alone", "B40", "no-stale-spte" },
	{ "stale by the range alone", "B40", "no-stale-spte" },
	{ "the snapshot of the sequence comes after the look-up", "B40", "no-stale-spte" },
	{ "the check comes before the lock alone", "B40", "no-stale-spte" },
	{ "the sequence is not raised", "B40", "no-stale-spte" },
	{ "the count is dropped before the sequence is raised", "B40", "seq-before-count" },
	{ "a sequence of too few bits", "B42", "faults-end" },
	{ "a zap needs no flush", "B43", "no-free-page-mapped" },
	{ "the flush is dropped", "B43", "no-stale-tlb" },
	{ "a zap flushes when the lock has gone", "B44", "no-free-page-mapped" },
	{ "a refresh asks for in_progress", "B45", "pfncache-fresh" },
	{ "a refresh asks whether one is active, not whether one was", "B45", "pfncache-fresh" },
	{ "a refresh asks whether one was, not whether one is", "B45", "pfncache-fresh" },
	{ "a refresh keeps its reference", "B46", "fault-balance" },
	{ "a reload does not look whether it is stale", "B50", "apic-page-fresh" },
	{ "memslots change within an invalidation", "B52", "notifier-counts-agree" },
	{ "memslots change within an invalidation", "B52", "no-stale-spte" },
	{ "ksmd tells nobody", "B54", "no-stale-spte" },
};

/* ---- its trace ---- */

struct entry { char *path; struct trace trace; };

static struct entry *entries;		/* stb_ds: all traces that have a "bug" line */

static void read_entries(void)
{
	const char *folder = getenv("PFNSIM_TRACES");
	struct error error = { .text = "" };
	char **list = corpus_list(folder ? folder : "traces", &error);

	for (size_t i = 0; i < arrlenu(list); i++) {
		struct entry e = { .path = list[i] };

		if (!trace_load(list[i], &e.trace, &error))
			continue;	/* test_traces says so */
		if (e.trace.nr_bugs)
			e.path = strdup(list[i]);
		if (e.trace.nr_bugs)
			arrput(entries, e);
		else
			trace_free(&e.trace);
	}
	corpus_list_free(list);
}

static void free_entries(void)
{
	for (size_t i = 0; i < arrlenu(entries); i++) {
		free(entries[i].path);
		trace_free(&entries[i].trace);
	}
	arrfree(entries);
}

static bool has_bug(const struct entry *e, const char *bug)
{
	for (size_t i = 0; i < e->trace.nr_bugs; i++)
		if (!strcmp(e->trace.bugs[i].id, bug))
			return true;
	return false;
}

/* ---- judging ---- */

static void judge_entry(const struct entry *e, const struct semantics_patch *patch,
			struct judgement *out)
{
	static const struct explore_bound bound = { .states = 200000 };
	struct replay_options options = { .semantics = &patch, .nr_semantics = 1 };
	struct error error = { .text = "" };
	struct explore *x;
	struct replay done;

	if (!e->trace.nr_threads) {
		if (!replay(e->path, &options, &done, &error))
			fail_msg("%s: %s", e->path, error.text);
		judge_run(&done.input->trace, &done.run[0], out);
		replay_free(&done);
		return;
	}
	x = explore_new(&e->trace, patch, &bound, &error);
	while (x && explore_more(x, 20000, &error))
		;
	if (!x || error.text[0])
		fail_msg("%s: %s", e->path, error.text);
	judge_search(&e->trace, patch, explore_result(x), out);
	explore_free(x);
}

static bool breaks(const struct judgement *j, const char *law)
{
	for (size_t i = 0; i < j->nr_laws; i++)
		if (!strcmp(j->law[i], law))
			return true;
	return false;
}

/* One of that name: several kernels may have it. */
static bool is_caught(const struct row *row, const struct mutant *mutant)
{
	struct judgement with, without;
	struct mutant_patch built;
	char why[128] = "";

	if (strcmp(mutant->name, row->name))
		return false;
	if (!mutant_build(mutant, &built, why, sizeof(why)))
		fail_msg("%s: %s", mutant->name, why);
	for (size_t i = 0; i < arrlenu(entries); i++) {
		if (!has_bug(&entries[i], row->bug))
			continue;
		judge_entry(&entries[i], &built.patch, &with);
		judge_entry(&entries[i], mutant->base, &without);
		if (breaks(&with, row->law) && !breaks(&without, row->law))
			return true;
	}
	return false;
}

static void what_brings_the_bug_back_is_caught_on_its_trace(void **state)
{
	const struct row *row = *state;
	bool caught = false;

	for (size_t i = 0; i < nr_mutants && !caught; i++)
		caught = is_caught(row, &mutants[i]);
	for (size_t i = 0; i < nr_race_mutants && !caught; i++)
		caught = is_caught(row, &race_mutants[i]);
	for (size_t i = 0; i < nr_corpus_mutants && !caught; i++)
		caught = is_caught(row, &corpus_mutants[i]);
	if (!caught)
		fail_msg("%s: no kernel with \"%s\" breaks %s there, where its base does not",
			 row->bug, row->name, row->law);
}

/* ---- the numbers ---- */

static bool is_of_number(const char *id, unsigned number)
{
	return strtoul(id + 1, NULL, 10) == number;
}

static bool has_trace(unsigned number)
{
	for (size_t i = 0; i < arrlenu(entries); i++)
		for (size_t b = 0; b < entries[i].trace.nr_bugs; b++)
			if (is_of_number(entries[i].trace.bugs[b].id, number))
				return true;
	return false;
}

static bool is_absent(unsigned number)
{
	for (size_t i = 0; i < nr_corpus_absent; i++)
		if (is_of_number(corpus_absent[i].id, number))
			return true;
	return false;
}

static void every_mutant_of_a_bug_is_in_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_corpus_mutants; i++) {
		const struct mutant *mutant = &corpus_mutants[i];
		size_t row = 0;

		while (row < ARRAY_SIZE(rows) && (strcmp(rows[row].name, mutant->name) ||
						  strcmp(rows[row].bug, mutant->story)))
			row++;
		if (row == ARRAY_SIZE(rows))
			fail_msg("\"%s\" of %s has no row", mutant->name, mutant->story);
	}
}

static void every_bug_has_a_trace_or_a_reason_why_not(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= LAST_BUG; n++)
		if (has_trace(n) == is_absent(n))
			fail_msg("B%02u has %s", n, has_trace(n) ? "both" : "neither");
	assert_in_range(nr_corpus_absent, 1, MOST_ABSENT);
}

/* A "verdict" of no entry is looked at by replay, and shown by nobody. */
static void every_entry_says_what_is_expected_of_somebody(void **state)
{
	(void)state;
	for (size_t i = 0; i < arrlenu(entries); i++) {
		bool says = false;

		for (size_t s = 0; s < arrlenu(entries[i].trace.expects); s++)
			says |= !strcmp(entries[i].trace.expects[s]->word, "verdict");
		if (!says)
			fail_msg("%s: no verdict is expected", entries[i].path);
	}
}

int main(void)
{
	static struct test_list list;
	int failed;

	read_entries();
	LIST_ROWS(&list, what_brings_the_bug_back_is_caught_on_its_trace, rows);
	LIST_TEST(&list, every_mutant_of_a_bug_is_in_the_table);
	LIST_TEST(&list, every_bug_has_a_trace_or_a_reason_why_not);
	LIST_TEST(&list, every_entry_says_what_is_expected_of_somebody);
	failed = list_run(&list, "corpus");
	free_entries();
	return failed;
}
