// SPDX-License-Identifier: GPL-2.0-only
/*
 * The corpus of real bugs: each number has a trace, or a reason why not; and a bug that all kernels
 * here have repaired is caught on its own trace when one thing brings it back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/corpus.h"
#include "sim/replay_internal.h"
#include "sim/schedule.h"
#include "tests/mutants.h"

#include "tests/support.h"

enum { LAST_BUG = 66, MOST_ABSENT = 16 };

/* ---- what brings a bug back ---- */

static const struct row {
	const char *name;		/* the mutant's */
	const char *bug;
	const char *shows;		/* a law, a verdict, or an event's outcome and its label */
} rows[] = {
	{ "a get of whatever is there", "B01", "no-get-from-zero" },
	{ "the host is asked until there is W", "B03c", "W" },
	{ "the second pre-check puts by pfn", "B04", "no-put-by-non-owner" },
	{ "put by the adjusted pfn", "B05", "no-put-by-non-owner" },
	{ "the PTE's W is not looked at", "B06", "spte-within-host-rights" },
	{ "no notification concerns KVM", "B17", "no-stale-spte" },
	{ "the zero page is reserved", "B18", "fault-balance" },
	{ "device memory is reserved", "B20", "fault-balance" },
	{ "allow_unsafe_mappings=1", "B23", "unguarded-holds-ref" },
	{ "allow_unsafe_mappings=1", "B23c", "map-page-lives" },
	{ "a map is never put", "B25", "unmap-pairs-map" },
	{ "a look-up is never put", "B27", "fault-balance" },
	{ "write-back tells nobody", "B29", "spte-within-host-rights" },
	{ "put before the lock and marked after it", "B30", "mark-only-alive" },
	{ "a dying root is not zapped", "B31", "mark-only-alive" },
	{ "a dying root is not zapped", "B31", "no-free-page-mapped" },
	{ "a dying root is not zapped", "B31b", "mark-only-alive" },
	{ "a dying root is not zapped", "B31b", "no-free-page-mapped" },
	{ "a dying root of v11's is not zapped", "B31", "mark-only-alive" },
	{ "a stale fault's page is released as used", "B33", "dirty-before-clean" },
	{ "a leaf larger than the host's", "B36", "huge-contained" },
	{ "nothing is stale", "B36b", "no-stale-spte" },
	{ "a split tells nobody", "B36b", "no-stale-spte" },
	{ "put by the adjusted pfn", "B37", "no-put-by-non-owner" },
	{ "a read-only leaf replaces a writable one", "B39c", "no-stale-tlb" },
	{ "the stale check is dropped", "B40", "no-stale-spte" },
	{ "nothing is stale", "B40", "no-stale-spte" },
	{ "stale by the sequence alone", "B40", "no-stale-spte" },
	{ "stale by the range alone", "B40", "no-stale-spte" },
	{ "the snapshot of the sequence comes after the look-up", "B40", "no-stale-spte" },
	{ "the check comes before the lock alone", "B40", "no-stale-spte" },
	{ "the sequence is not raised", "B40", "no-stale-spte" },
	{ "the count is dropped before the sequence is raised", "B40", "seq-before-count" },
	{ "the range of the last invalidation alone", "B40b", "no-stale-spte" },
	{ "the end of one forgets the range of all", "B40b", "no-stale-spte" },
	{ "room is made late, and of the root", "B41c", "slot-delete-leaves-nothing" },
	{ "a retired root is neither stale nor notified", "B41b", "no-free-page-mapped" },
	{ "a sequence of three bits", "B42", "faults-end" },
	{ "a flush is a count of two bits", "B43", "no-free-page-mapped" },
	{ "a zap flushes when the lock has gone", "B44", "no-free-page-mapped" },
	{ "a walk passes the next entry over", "B44b", "no-stale-spte" },
	{ "a refresh asks for in_progress", "B45", "pfncache-fresh" },
	{ "a refresh asks whether one is active, not whether one was", "B45", "pfncache-fresh" },
	{ "a refresh asks whether one was, not whether one is", "B45", "pfncache-fresh" },
	{ "a refresh keeps its reference", "B46", "fault-balance" },
	{ "a refresh keeps its reference", "B46b", "ebusy o" },
	{ "a pfncache is set without its vCPU", "B48", "dirty-log-complete" },
	{ "steal time is written where it was first", "B49", "steal-time-fresh" },
	{ "a reload does not look whether it is stale", "B50", "apic-page-fresh" },
	{ "gfns are zapped and nothing is counted", "B51b", "inhibited-apic-unmapped" },
	{ "memslots change within an invalidation", "B52", "notifier-counts-agree" },
	{ "memslots change within an invalidation", "B52", "no-stale-spte" },
	{ "ksmd tells nobody", "B54", "no-stale-spte" },
	{ "ksmd tells nobody", "B54", "spte-within-host-rights" },
	{ "a map looks for reading", "B55", "map-fresh" },
	{ "who is bound to retry takes mmu_lock", "B56", "bound-retry-stays-out" },
	{ "a guest_memfd that is closed stays mapped", "B58", "no-free-page-mapped" },
	{ "the emulator asks as the MMU does", "B60", "Es" },
	{ "mprotect() tells nobody", "B61", "spte-within-host-rights" },
	{ "no notification concerns KVM", "B61b", "no-stale-spte" },
	{ "mprotect() tells nobody", "B61c", "spte-within-host-rights" },
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

/* What a kernel makes of an entry: its verdict, and how events came out, some in many ways. */
struct seen {
	struct judgement j;
	char **outcomes;		/* stb_ds: "efault r" */
};

static void see_outcome(struct seen *seen, const char *word, const struct event *e)
{
	const char *label = e->id == EVENT_RESUME ? e->name : e->label;
	char text[80];

	snprintf(text, sizeof(text), "%s %s", word, label ? label : "");
	arrput(seen->outcomes, strdup(text));
}

static void see_one_order(const char *path, const struct semantics_patch *patch,
			  struct seen *seen)
{
	struct replay_options options = { .semantics = &patch, .nr_semantics = 1 };
	struct error error = { .text = "" };
	struct replay done;

	if (!replay(path, &options, &done, &error))
		fail_msg("%s: %s", path, error.text);
	judge_run(&done.input->trace, &done.run[0], &seen->j);
	for (size_t i = 0; i < done.nr_lines; i++)
		see_outcome(seen, done.run[0].outcome[i].word, &done.input->trace.events[i]);
	replay_free(&done);
}

static void see_all_orders(const struct entry *e, const struct semantics_patch *patch,
			   struct seen *seen)
{
	static const struct explore_bound bound = { .states = 200000, .por = true };
	struct error error = { .text = "" };
	struct explore *x = explore_new(&e->trace, patch, &bound, &error);
	const struct explored *r;

	while (x && explore_more(x, 20000, &error))
		;
	if (!x || error.text[0])
		fail_msg("%s: %s", e->path, error.text);
	r = explore_result(x);
	judge_search(&e->trace, patch, r, &seen->j);
	for (size_t i = 0; i < arrlenu(r->outcomes); i++)
		see_outcome(seen, r->outcomes[i].word, &e->trace.events[r->outcomes[i].event]);
	explore_free(x);
}

/* Does a kernel show it: a law that breaks, a verdict, or how an event came out? */
static bool kernel_shows(const struct entry *e, const struct semantics_patch *patch,
			 const char *what)
{
	struct seen seen = { .outcomes = NULL };
	bool shows;

	if (e->trace.nr_threads)
		see_all_orders(e, patch, &seen);
	else
		see_one_order(e->path, patch, &seen);
	shows = !strcmp(judged_word(seen.j.is), what);
	for (size_t i = 0; i < seen.j.nr_laws; i++)
		shows |= !strcmp(seen.j.law[i], what);
	for (size_t i = 0; i < arrlenu(seen.outcomes); i++) {
		shows |= !strcmp(seen.outcomes[i], what);
		free(seen.outcomes[i]);
	}
	arrfree(seen.outcomes);
	return shows;
}

/* One of that name: several kernels may have it. */
static bool is_caught(const struct row *row, const struct mutant *mutant)
{
	struct mutant_patch built;
	char why[128] = "";

	if (strcmp(mutant->name, row->name))
		return false;
	if (!mutant_build(mutant, &built, why, sizeof(why)))
		fail_msg("%s: %s", mutant->name, why);
	for (size_t i = 0; i < arrlenu(entries); i++) {
		if (!has_bug(&entries[i], row->bug))
			continue;
		if (kernel_shows(&entries[i], &built.patch, row->shows) &&
		    !kernel_shows(&entries[i], mutant->base, row->shows))
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
		fail_msg("%s: no kernel with \"%s\" shows \"%s\" there, where its base does not",
			 row->bug, row->name, row->shows);
}

/* ---- how a race comes about ---- */

static bool shows(const struct trace_schedule *schedule, const char *path,
		  const struct semantics_patch *patch)
{
	struct entry told = { .path = (char *)path };

	return kernel_shows(&told, patch, schedule->law);
}

/* Some mutant of that name: several kernels may have it. */
static bool mutant_shows(const struct trace_schedule *schedule, const char *path,
			 const struct mutant *all, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct mutant_patch built;
		char why[128] = "";

		if (!strcmp(all[i].name, schedule->of) &&
		    mutant_build(&all[i], &built, why, sizeof(why)) &&
		    shows(schedule, path, &built.patch))
			return true;
	}
	return false;
}

static bool law_breaks_so(const struct entry *e, const struct trace_schedule *schedule)
{
	char folder[] = "/tmp/pfnsim-corpus-XXXXXX", path[64];
	const struct semantics_patch *patch = semantics_find(schedule->of);
	bool does;
	FILE *out;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/told.trace", folder);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_true(schedule_told(&e->trace, schedule, out));
	fclose(out);
	if (patch)
		does = shows(schedule, path, patch);
	else
		does = mutant_shows(schedule, path, mutants, nr_mutants) ||
		       mutant_shows(schedule, path, race_mutants, nr_race_mutants) ||
		       mutant_shows(schedule, path, corpus_mutants, nr_corpus_mutants);
	remove(path);
	rmdir(folder);
	return does;
}

static void each_race_has_a_schedule_that_breaks_its_law(void **state)
{
	(void)state;
	for (size_t i = 0; i < arrlenu(entries); i++) {
		const struct entry *e = &entries[i];

		if (e->trace.nr_threads > 1 && !arrlenu(e->trace.schedules))
			fail_msg("%s: a race without a schedule", e->path);
		for (size_t s = 0; s < arrlenu(e->trace.schedules); s++)
			if (!law_breaks_so(e, &e->trace.schedules[s]))
				fail_msg("%s: the schedule of \"%s\" does not break %s", e->path,
					 e->trace.schedules[s].of, e->trace.schedules[s].law);
	}
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

static bool tells_source(const struct trace *trace, const char *id)
{
	for (size_t i = 0; i < trace->ast.nr_statements; i++) {
		const struct ast_statement *s = &trace->ast.statements[i];

		if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "source") && s->nr_args &&
		    !strncmp(s->args[0].value.name, id, strlen(id)) &&
		    s->args[0].value.name[strlen(id)] == ':')
			return true;
	}
	return false;
}

/* source "B01: from ... to ..." */
static void every_entry_says_since_when_and_until_when(void **state)
{
	(void)state;
	for (size_t i = 0; i < arrlenu(entries); i++)
		for (size_t b = 0; b < entries[i].trace.nr_bugs; b++)
			if (!tells_source(&entries[i].trace, entries[i].trace.bugs[b].id))
				fail_msg("%s: no source of %s", entries[i].path,
					 entries[i].trace.bugs[b].id);
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
	LIST_TEST(&list, each_race_has_a_schedule_that_breaks_its_law);
	LIST_TEST(&list, every_mutant_of_a_bug_is_in_the_table);
	LIST_TEST(&list, every_bug_has_a_trace_or_a_reason_why_not);
	LIST_TEST(&list, every_entry_says_since_when_and_until_when);
	LIST_TEST(&list, every_entry_says_what_is_expected_of_somebody);
	failed = list_run(&list, "corpus");
	free_entries();
	return failed;
}
