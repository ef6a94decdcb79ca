// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of states that differ only in what a task has left in its row and nobody reads again one is kept,
 * and what comes out is the same; who reads it after all is noticed.
 */
#include <string.h>

#include "model/sem.h"
#include "sim/explore_internal.h"
#include "sim/schedule.h"
#include "tests/scenarios.h"

#include "tests/support.h"

static struct explore *search(const struct trace *trace, const struct semantics_patch *patch,
			      struct explore_bound bound, bool believes)
{
	struct explore *x = scenario_explore(trace, patch, &bound, believes);

	assert_int_equal(explore_result(x)->stop, STOP_NONE);
	return x;
}

static const char *difference(struct explore *full, struct explore *reduced)
{
	return explored_difference(explore_result(full), explore_result(reduced));
}

#define MEMORY_OF(size) "mmap A " size "\nmemslot 1 0x200000 A " size "\n"
#define MEMORY "pfntrace 1\n" MEMORY_OF("4K")
#define READS(vcpu) "thread reads" vcpu "\nread 0x200000 vcpu=" vcpu "\n"
#define WRITES(vcpu) "thread writes" vcpu "\nwrite 0x200000 7 vcpu=" vcpu "\n"
#define DROPS(name) "thread drops" name "\ndontneed A 4K\n"

static const struct row {
	const char *name, *text;
	const char *semantics[4];
} rows[] = {
	{ "two vCPUs read", MEMORY READS("0") READS("1"), { "v5.12", "v6.8", "v11", "v7.2" } },
	{ "a vCPU writes what is dropped twice", MEMORY WRITES("0") DROPS("0") "dontneed A 4K\n",
	  { "v5.12", "v6.8", "v11", "v7.2" } },
	{ "two vCPUs write, and the MMU has rmaps", "pfntrace 1\nconfig mmu=rmap\n"
	  MEMORY_OF("4K") WRITES("0") WRITES("1"), { "v6.1" } },
	{ "one reads, one drops, and it is read again", MEMORY "host-write A 7\n" READS("0")
	  DROPS("0") "join\nread 0x200000\n", { "v7.2", "v11" } },
};

/* Search by search; of what is found each order of steps can be run. */
static void is_as_without(const struct trace *trace, const struct semantics_patch *patch,
			  struct explore *full, struct explore_bound bound)
{
	struct explore *x = search(trace, patch, bound, false), *live, *jobs;
	const struct explored *r;

	bound.liveness = true;
	live = search(trace, patch, bound, false);
	r = explore_result(live);
	assert_string_equal(difference(full, live), "");
	assert_true(r->states < explore_result(x)->states);
	for (size_t i = 0; i < r->nr_findings; i++) {
		struct schedule schedule;

		schedule_run(&schedule, trace, patch, &r->findings[i]);
		schedule_free(&schedule);
	}
	bound.jobs = 2;
	jobs = search(trace, patch, bound, false);
	assert_string_equal(difference(live, jobs), "");
	assert_int_equal(r->states, explore_result(jobs)->states);
	assert_int_equal(r->transitions, explore_result(jobs)->transitions);
	assert_int_equal(r->rounds, explore_result(jobs)->rounds);
	explore_free(jobs);
	explore_free(live);
	explore_free(x);
}

static void what_comes_out_does_not_depend_on_it(void **state)
{
	const struct row *row = *state;
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load_text(row->text, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(row->semantics) && row->semantics[i]; i++) {
		const struct semantics_patch *patch = semantics_find(row->semantics[i]);
		struct explore *full = search(&trace, patch, (struct explore_bound){ 0 }, false);

		for (unsigned with = 0; with < 4; with++)
			is_as_without(&trace, patch, full, (struct explore_bound){
					.por = with & 1, .symmetry = with & 2 });
		explore_free(full);
	}
	trace_free(&trace);
}

/* ---- who reads it after all ---- */

static enum step_result remember_the_snapshot(struct machine *m, struct task *t)
{
	m->w->last_slot = t->fault.mmu_seq;
	return STEP_NEXT;
}

/* A kernel whose last step reads the snapshot, which nobody does in the others. */
static const struct step_edit edits[] = {
	{ EDIT_BEFORE, PATH_FAULT, "release_fault_page",
	  { .name = "wrong", .run = remember_the_snapshot } }, { .verb = EDIT_END } };
static const struct semantics_patch reader = { .name = "wrong", .group = "mutant",
					       .base = &sem_v6_1, .source = "none",
					       .edits = edits };
static const char races[] = MEMORY WRITES("0") DROPS("0");

static void a_kernel_that_reads_it_is_noticed(void **state)
{
	static const struct explore_bound live = { .liveness = true };
	struct explore *full, *x, *others;
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text(races, &trace);
	full = search(&trace, &reader, (struct explore_bound){ 0 }, false);
	x = search(&trace, &reader, live, false);
	others = search(&trace, &sem_v6_1, live, false);
	assert_string_equal(difference(full, x), "");
	assert_true(explore_result(x)->states > explore_result(others)->states);
	explore_free(full);
	explore_free(x);
	explore_free(others);
	trace_free(&trace);
}

/* The first round knows of nothing that is read. */
static void without_another_round_it_would_be_wrong(void **state)
{
	static const struct explore_bound live = { .liveness = true };
	const struct semantics_patch *const kernels[] = { &sem_v6_1, &reader };
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text(races, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct explore *full = search(&trace, kernels[i], (struct explore_bound){ 0 },
					      false);
		struct explore *x = search(&trace, kernels[i], live, true);

		assert_string_not_equal(difference(full, x), "");
		explore_free(full);
		explore_free(x);
	}
	trace_free(&trace);
}

/* E.g. what a task has left of an event is there when nobody runs any more: nothing. */
static void where_nothing_is_left_nothing_is_kept_as_one(void **state)
{
	static const struct explore_bound live = { .liveness = true };
	struct explore *x;
	struct trace trace;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text("pfntrace 1\nthread a\ndrain\ndrain\nthread b\ndrain\ndrain\n", &trace);
	x = search(&trace, semantics_find("v7.2"), live, false);
	assert_int_equal(explore_result(x)->states, 9);
	explore_free(x);
	trace_free(&trace);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, what_comes_out_does_not_depend_on_it, rows);
	LIST_TEST(&list, a_kernel_that_reads_it_is_noticed);
	LIST_TEST(&list, without_another_round_it_would_be_wrong);
	LIST_TEST(&list, where_nothing_is_left_nothing_is_kept_as_one);
	return list_run(&list, "explore_live");
}
