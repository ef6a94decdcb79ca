// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of states that differ only in which of equal threads is which one is kept, and what comes out is
 * the same; where threads are not equal after all, that is noticed.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "model/sem.h"
#include "sim/explore_symmetry.h"
#include "tests/mutants.h"
#include "tests/scenarios.h"

#include "tests/support.h"

static struct explore *search_as(const struct trace *trace, const struct semantics_patch *patch,
				 const struct explore_bound *bound, bool believes)
{
	struct explore *x = scenario_explore(trace, patch, bound, believes);

	assert_int_equal(explore_result(x)->stop, STOP_NONE);
	return x;
}

static struct explore *search(const struct trace *trace, const struct semantics_patch *patch,
			      struct explore_bound bound)
{
	return search_as(trace, patch, &bound, false);
}

static const char *difference(struct explore *full, struct explore *reduced)
{
	return explored_difference(explore_result(full), explore_result(reduced));
}

/* A finding's order of steps is one of the threads' own, and breaks the law. */
static void findings_can_be_run(const struct trace *trace, const struct semantics_patch *patch,
				struct explore *reduced)
{
	static const struct explore_bound all;
	const struct explored *r = explore_result(reduced);

	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct explore_finding *f = &r->findings[i];
		struct error error = { .text = "" };
		struct explore *x = explore_new(trace, patch, &all, &error);
		bool breaks = f->kind != FOUND_VIOLATION || !f->step;

		assert_non_null(x);
		for (size_t n = 0; n < f->nr_steps; n++)
			assert_int_equal(explore_turn(x, f->schedule[n], &error), TURN_STEPPED);
		for (unsigned n = 0; n < x->nr_found; n++)
			breaks |= is_same_violation(&x->found[n], &f->v);
		assert_true(breaks);
		explore_free(x);
	}
}

/* ---- equal threads ---- */

#define MEMORY_OF(size) "mmap A " size "\nmemslot 1 0x200000 A " size "\n"
#define MEMORY "pfntrace 1\n" MEMORY_OF("4K")
#define TWO_PAGES "pfntrace 1\n" MEMORY_OF("8K")
#define THREE_PAGES "pfntrace 1\n" MEMORY_OF("12K")
#define RMAPS "pfntrace 1\nconfig mmu=rmap\n"
#define READS(vcpu) "thread reads" vcpu "\nread 0x200000 vcpu=" vcpu "\n"
#define WRITES(vcpu) "thread writes" vcpu "\nwrite 0x200000 7 vcpu=" vcpu "\n"
#define READS_AT(vcpu, gpa) "thread reads" vcpu "\nread " gpa " vcpu=" vcpu "\n"
#define WRITES_AT(vcpu, gpa) "thread writes" vcpu "\nwrite " gpa " 7 vcpu=" vcpu "\n"
#define DROPS(name) "thread drops" name "\ndontneed A 4K\n"

static const struct row {
	const char *name, *text;
	const char *alike;
	const char *semantics[4];
	unsigned divides;		/* the number of states, or nearly */
} rows[] = {
	{ "two vCPUs read", MEMORY READS("0") READS("1"), "reads0, reads1",
	  { "v5.12", "v6.8", "v11", "v7.2" }, 2 },
	{ "two vCPUs write", MEMORY WRITES("0") WRITES("2"), "writes0, writes2",
	  { "v5.12", "v6.8", "v11", "v7.2" }, 2 },
	{ "two vCPUs read, and the MMU has rmaps", RMAPS MEMORY_OF("4K") READS("0") READS("1"),
	  "reads0, reads1", { "v6.1" }, 2 },
	{ "three threads drop", MEMORY "host-write A 7\n" DROPS("0") DROPS("1") DROPS("2"),
	  "drops0, drops1, drops2", { "v6.1" }, 6 },
	{ "two threads and two others", "pfntrace 1\nmmap A 4K\nmmap B 4K\n"
	  "thread a\nhost-write A 1\nthread b\nhost-write B 1\nthread c\nhost-write A 1\n"
	  "thread d\nhost-write B 1\n", "a, c; b, d; by address: a = b, c = d", { "v7.2" }, 8 },
	{ "two vCPUs write two pages",
	  TWO_PAGES WRITES_AT("0", "0x200000") WRITES_AT("1", "0x201000"),
	  "by address: writes0 = writes1", { "v5.12", "v6.8", "v11", "v7.2" }, 2 },
	{ "three vCPUs read three pages", THREE_PAGES READS_AT("0", "0x200000")
	  READS_AT("1", "0x201000") READS_AT("2", "0x202000"), "by address: reads1 = reads2",
	  { "v6.1" }, 6 },
	{ "two threads drop two pages that a guest has", TWO_PAGES
	  "write 0x200000 7 count=2\n" DROPS("0") "thread drops1\ndontneed A+0x1000 4K\n",
	  "by address: drops0 = drops1", { "v6.1", "v7.2" }, 2 },
	{ "a driver's two threads zap two pages", "pfntrace 1\nalloc buffer order0 pages=2\n"
	  "mmap A 8K device buffer\nmemslot 1 0x200000 A 8K\nread 0x200000 count=2\n"
	  "thread zaps0\nzap buffer 0 1\nthread zaps1\nzap buffer 1 1\n",
	  "by address: zaps0 = zaps1", { "v6.1", "v11" }, 2 },
	{ "two pages, and who drops one shows behind join", TWO_PAGES
	  DROPS("0") "thread drops1\ndontneed A+0x1000 4K\njoin\nread 0x200000 vcpu=1\n",
	  "by address: drops0 = drops1", { "v7.2" }, 2 },
	{ "who is who shows behind join", MEMORY WRITES("0") WRITES("1")
	  "join\nread 0x200000 vcpu=1\n", "writes0, writes1", { "v7.2", "v11" }, 2 },
};

static void compare(const struct trace *trace, const struct row *row, const char *semantics,
		    bool por)
{
	const struct semantics_patch *patch = semantics_find(semantics);
	struct explore_bound bound = { .por = por };
	struct explore *full = search(trace, patch, bound), *x, *jobs;
	u64 states;

	bound.symmetry = true;
	x = search(trace, patch, bound);
	states = explore_result(x)->states;
	assert_string_equal(explore_result(x)->unlike, "");
	assert_string_equal(explore_result(x)->alike, row->alike);
	assert_string_equal(difference(full, x), "");
	assert_true(states * row->divides >= explore_result(full)->states);
	if (!por)
		assert_true(states * row->divides <= explore_result(full)->states * 3 / 2);
	findings_can_be_run(trace, patch, x);
	bound.jobs = 2;
	jobs = search(trace, patch, bound);
	assert_string_equal(difference(x, jobs), "");
	assert_int_equal(states, explore_result(jobs)->states);
	explore_free(full);
	explore_free(jobs);
	explore_free(x);
}

static void what_comes_out_does_not_depend_on_it(void **state)
{
	const struct row *row = *state;
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load_text(row->text, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(row->semantics) && row->semantics[i]; i++)
		for (unsigned por = 0; por < 2; por++)
			compare(&trace, row, row->semantics[i], por);
	trace_free(&trace);
}

/* E.g. of two threads with 0 to 2 events behind them 3 * 3 states, 3 of them with both alike. */
static void of_equal_states_one_is_kept(void **state)
{
	static const struct { const char *text; u64 full, kept; } counts[] = {
		{ "pfntrace 1\nthread a\ndrain\ndrain\nthread b\ndrain\ndrain\n", 9, 6 },
		{ "pfntrace 1\nthread a\ndrain\nthread b\ndrain\nthread c\ndrain\n", 8, 4 },
		{ "pfntrace 1\nthread a\ndrain\nthread b\ndrain\nthread c\ndrain\ndrain\n",
		  12, 9 },
	};
	(void)state;

	if (!watch_works())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct explore *full, *x;
		struct trace trace;

		scenario_load_text(counts[i].text, &trace);
		full = search(&trace, semantics_find("v7.2"), (struct explore_bound){ 0 });
		x = search(&trace, semantics_find("v7.2"),
			   (struct explore_bound){ .symmetry = true });
		assert_int_equal(explore_result(full)->states, counts[i].full);
		assert_int_equal(explore_result(x)->states, counts[i].kept);
		assert_int_equal(explore_result(x)->ends, explore_result(full)->ends);
		explore_free(full);
		explore_free(x);
		trace_free(&trace);
	}
}

/* ---- threads that are not ---- */

static void threads_with_other_programs_are_not_exchanged(void **state)
{
	static const char *const texts[] = {
		MEMORY READS("0") WRITES("1"),
		MEMORY WRITES("0") "thread other\nwrite 0x200000 8 vcpu=1\n",
		MEMORY "thread a\ndontneed A 4K\nthread b\ndontneed A 4K\ndontneed A 4K\n",
		MEMORY "thread a\nx: dontneed A 4K\nthread b\ny: dontneed A 4K\norder x y\n",
		TWO_PAGES "thread a\nx: dontneed A 4K\nthread b\ny: dontneed A+0x1000 4K\n"
		"order x y\n",
		/* at other addresses */
		TWO_PAGES WRITES_AT("0", "0x200000") "thread other\nwrite 0x201000 8 vcpu=1\n",
		TWO_PAGES WRITES_AT("0", "0x200000") WRITES_AT("1", "0x201008"),
		TWO_PAGES WRITES_AT("0", "0x200000") WRITES_AT("1", "0x201000") DROPS("0"),
		TWO_PAGES WRITES_AT("0", "0x200000") WRITES_AT("1", "0x201000")
		"thread all\ndontneed A 8K\n",
		THREE_PAGES "thread a\ndontneed A 8K\nthread b\ndontneed A+0x1000 8K\n",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		static const struct explore_bound bound = { .symmetry = true };
		struct error error = { .text = "" };
		struct explore *x;
		struct trace trace;

		scenario_load_text(texts[i], &trace);
		x = explore_new(&trace, semantics_find("v7.2"), &bound, &error);
		assert_non_null(x);
		assert_null(x->search->symmetry);
		assert_null(x->search->mirrors);
		assert_string_equal(x->search->unlike, "");
		explore_free(x);
		trace_free(&trace);
	}
}

static void vcpus_that_have_done_something_else_are_not_exchanged(void **state)
{
	static const struct explore_bound bound = { .symmetry = true };
	struct error error = { .text = "" };
	struct explore *x;
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text(MEMORY "read 0x200000 vcpu=1\n" READS("0") READS("1"), &trace);
	x = explore_new(&trace, semantics_find("v7.2"), &bound, &error);
	assert_non_null(x);
	assert_null(x->search->symmetry);
	assert_string_equal(x->search->unlike,
			    "reads0, reads1: vCPUs are not equal when they begin");
	explore_free(x);
	trace_free(&trace);
}

/* Kernels that do not treat all tasks alike. */
static enum step_result remember_who_was_last(struct machine *m, struct task *t)
{
	m->w->last_slot = t - m->w->task + 1;
	return STEP_NEXT;
}

static enum step_result do_more_for_the_second(struct machine *m, struct task *t)
{
	m->w->last_slot |= t - m->w->task == 1;
	return STEP_NEXT;
}

static enum step_result stop_the_second(struct machine *m, struct task *t)
{
	return t - m->w->task == 1 ? STEP_DONE : STEP_NEXT;
}

static const struct wrong {
	const char *name;
	enum step_result (*run)(struct machine *m, struct task *t);
	const char *what;
} wrongs[] = {
	{ "it is remembered who was last", remember_who_was_last, "leaves another state" },
	{ "more is done for the second", do_more_for_the_second, "leaves another state" },
	{ "the second goes no further", stop_the_second, "breaks another law" },
};

static void a_kernel_that_tells_threads_apart_is_noticed(void **state)
{
	const struct wrong *wrong = *state;
	const struct step_edit edits[] = {
		{ EDIT_AFTER, PATH_UNMAP, "begin_piece",
		  { .name = "wrong", .run = wrong->run } }, { .verb = EDIT_END } };
	const struct semantics_patch patch = { .name = "wrong", .group = "mutant",
					       .base = &sem_v7_2, .source = "none",
					       .edits = edits };
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load_text(MEMORY "host-write A 7\n" DROPS("0") DROPS("1"), &trace);
	for (unsigned por = 0; por < 2; por++) {
		struct explore_bound bound = { .por = por };
		struct explore *full = search(&trace, &patch, bound), *x;

		bound.symmetry = true;
		x = search(&trace, &patch, bound);
		assert_string_equal(explore_result(x)->alike, "");
		assert_non_null(strstr(explore_result(x)->unlike, wrong->what));
		assert_string_equal(difference(full, x), "");
		assert_int_equal(explore_result(full)->states, explore_result(x)->states);
		explore_free(x);
		bound.jobs = 2;
		x = search(&trace, &patch, bound);
		assert_string_equal(difference(full, x), "");
		explore_free(full);
		explore_free(x);
	}
	trace_free(&trace);
}

/* What is believed then is not so: there are ends that the kernel does not have. */
static void without_looking_it_would_be_wrong(void **state)
{
	static const struct step_edit edits[] = {
		{ EDIT_AFTER, PATH_UNMAP, "begin_piece",
		  { .name = "wrong", .run = do_more_for_the_second } }, { .verb = EDIT_END } };
	static const struct semantics_patch patch = { .name = "wrong", .group = "mutant",
						      .base = &sem_v7_2, .source = "none",
						      .edits = edits };
	static const struct explore_bound bound = { .symmetry = true };
	struct explore *full, *x;
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text(MEMORY "host-write A 7\n" DROPS("0") DROPS("1"), &trace);
	full = search(&trace, &patch, (struct explore_bound){ 0 });
	x = search_as(&trace, &patch, &bound, true);
	assert_string_not_equal(difference(full, x), "");
	explore_free(full);
	explore_free(x);
	trace_free(&trace);
}

/* Kernels that do not treat all addresses alike. */
static bool is_second_page(const struct task *t)
{
	return t->notify.start >> PAGE_SHIFT & 1;
}

static enum step_result remember_which_was_last(struct machine *m, struct task *t)
{
	m->w->last_slot = 1 + is_second_page(t);
	return STEP_NEXT;
}

static enum step_result stop_at_the_second(struct machine *m, struct task *t)
{
	(void)m;
	return is_second_page(t) ? STEP_DONE : STEP_NEXT;
}

/* Whoever drops it before the other has begun: what only a twin comes to. */
static enum step_result warn_at_the_second(struct machine *m, struct task *t)
{
	if (is_second_page(t) && !m->w->kvm.mmu_seq && m->w->task[0].state == TASK_IDLE)
		raise_alarm(m, ALARM_WARN, SPLAT_TRY_GRAB, BLAME_KVM);
	return STEP_NEXT;
}

static enum step_result count(struct machine *m, struct task *t)
{
	t->range.freed = ++m->w->last_slot;
	return STEP_NEXT;
}

static enum step_result access_is_seen(struct machine *m, struct task *t)
{
	(void)t;
	m->w->ksm_items = 1 + m->w->last_slot;
	return STEP_NEXT;
}

/* What it reads is nobody else's concern in the first world, and is the guest's in the twin. */
static enum step_result warn_if_access_was_seen(struct machine *m, struct task *t)
{
	if (t->range.start >> PAGE_SHIFT & 1 && t->range.freed == 1 && m->w->ksm_items == 2)
		raise_alarm(m, ALARM_WARN, SPLAT_TRY_GRAB, BLAME_KVM);
	return STEP_NEXT;
}

#define AFTER_PIECE(function)	{ EDIT_AFTER, PATH_UNMAP, "begin_piece", \
				  { .name = "wrong", .run = function } }
static const struct wrong_at {
	const char *name;
	struct step_edit edits[4];
	bool is_noticed;
	size_t nr_findings;
} wrongs_at[] = {
	{ "it is remembered which was last", { AFTER_PIECE(remember_which_was_last) }, false, 0 },
	{ "who drops the second goes no further", { AFTER_PIECE(stop_at_the_second) }, true, 2 },
	{ "the second warns if it is the first to go", { AFTER_PIECE(warn_at_the_second) },
	  false, 1 },
	{ "the second looks at what the guest did",
	  { { EDIT_AFTER, PATH_UNMAP, "range_lock", { .name = "count", .run = count } },
	    { EDIT_AFTER, PATH_UNMAP, "count",
	      { .name = "look", .run = warn_if_access_was_seen } },
	    { EDIT_BEFORE, PATH_ACCESS, "halt_for_page",
	      { .name = "access_is_seen", .run = access_is_seen } } },
	  false, 1 },
};

static void a_kernel_that_tells_addresses_apart_comes_out_the_same(void **state)
{
	const struct wrong_at *wrong = *state;
	const struct semantics_patch patch = { .name = "wrong", .group = "mutant",
					       .base = &sem_v7_2, .source = "none",
					       .edits = wrong->edits };
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load_text(THREE_PAGES "host-write A 7\nhost-write A+0x1000 7\nread 0x202000\n"
			   DROPS("0") "thread drops1\ndontneed A+0x1000 4K\n"
			   "thread guest\nread 0x202000\n", &trace);
	for (unsigned por = 0; por < 2; por++) {
		struct explore_bound bound = { .por = por };
		struct explore *full = search(&trace, &patch, bound), *x;

		bound.symmetry = true;
		x = search(&trace, &patch, bound);
		assert_int_equal(explore_result(full)->nr_findings, wrong->nr_findings);
		assert_string_equal(difference(full, x), "");
		assert_string_equal(explore_result(x)->alike,
				    wrong->is_noticed ? "" : "by address: drops0 = drops1");
		assert_true(!*explore_result(x)->unlike == !wrong->is_noticed);
		if (wrong->is_noticed)
			assert_non_null(strstr(explore_result(x)->unlike,
					       " goes another way than of drops"));
		findings_can_be_run(&trace, &patch, x);
		explore_free(full);
		explore_free(x);
	}
	trace_free(&trace);
}

/* ---- mutants ---- */

/* Each in a scenario in which two threads drop what a guest has. */
static void a_mutant_is_found_among_equal_threads(void **state)
{
	static const struct explore_bound bound = { .states = 100000, .por = true,
						    .symmetry = true, .liveness = true };
	const struct mutant *mutant = *state;
	struct error error = { .text = "" };
	struct mutant_patch patch;
	struct explore *x;
	struct trace trace;
	bool found = false;
	char why[128];

	if (!watch_works())
		skip();
	scenario_load_text(MEMORY "host-write A 7\n" READS("0") DROPS("0") DROPS("1"), &trace);
	assert_true(mutant_build(mutant, &patch, why, sizeof(why)));
	x = explore_new(&trace, &patch.patch, &bound, &error);
	assert_non_null(x);
	for (bool more = true; more && !found; ) {
		more = explore_more(x, 1000, &error);
		for (size_t i = 0; i < arrlenu(x->examples); i++)
			found |= x->examples[i].broken.v.law &&
				 !strcmp(x->examples[i].broken.v.law->id, mutant->law);
	}
	assert_true(found);
	assert_non_null(x->search->symmetry);
	explore_free(x);
	trace_free(&trace);
}

/* Of tests/mutants.c, by law. */
static const char *const names[] = {
	"the stale check is dropped", "stale by the sequence alone", "stale by the range alone",
	"the sequence is not raised", "the sequence is raised after the lock has gone",
	"the count is dropped before the sequence is raised", "nothing is zapped",
	"the flush is dropped", "a zap needs no flush", "in-progress is not counted",
	"an end without a start", "put never", "put only what was used",
	"put before the lock and marked after it",
};

static struct mutant found_here[200];

static size_t find_mutants(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < nr_mutants; i++)
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (!strcmp(mutants[i].name, names[k]))
				found_here[nr++] = mutants[i];
	return nr;
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, what_comes_out_does_not_depend_on_it, rows);
	LIST_TEST(&list, of_equal_states_one_is_kept);
	LIST_TEST(&list, threads_with_other_programs_are_not_exchanged);
	LIST_TEST(&list, vcpus_that_have_done_something_else_are_not_exchanged);
	LIST_ROWS(&list, a_kernel_that_tells_threads_apart_is_noticed, wrongs);
	LIST_ROWS(&list, a_kernel_that_tells_addresses_apart_comes_out_the_same, wrongs_at);
	LIST_TEST(&list, without_looking_it_would_be_wrong);
	list_rows(&list, "a_mutant_is_found_among_equal_threads",
		  a_mutant_is_found_among_equal_threads, found_here, find_mutants(),
		  sizeof(*found_here));
	return list_run(&list, "explore_symmetry");
}
