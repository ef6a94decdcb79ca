// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a turn writes and leaves as it was, and what it reads and others leave as it is, is no
 * reason to try both orders; if somebody changes it after all, both are tried.
 */
#include <string.h>

#include "model/sem.h"
#include "sim/explore_internal.h"
#include "tests/scenarios.h"

#include "tests/support.h"

static const char races[] = "pfntrace 1\nmmap A 4K\nmemslot 1 0x200000 A 4K\n"
			    "thread reads\nread 0x200000\nthread drops\ndontneed A 4K\n";

/* A word that no kernel uses here. */
static enum step_result write_0(struct machine *m, struct task *t)
{
	(void)t;
	m->w->last_slot = 0;
	return STEP_NEXT;
}

static enum step_result write_1(struct machine *m, struct task *t)
{
	(void)t;
	m->w->last_slot = 1;
	return STEP_NEXT;
}

static enum step_result add_2_if_it_is_1(struct machine *m, struct task *t)
{
	(void)t;
	if (m->w->last_slot == 1)
		m->w->last_slot = 3;
	return STEP_NEXT;
}

static enum step_result write_256(struct machine *m, struct task *t)
{
	(void)t;
	m->w->last_slot |= 256;
	return STEP_NEXT;
}

static enum step_result write_1_if_there_is_a_256(struct machine *m, struct task *t)
{
	(void)t;
	if (m->w->last_slot & 256)
		m->w->last_slot |= 1;
	return STEP_NEXT;
}

#define FAULT_ENDS_WITH(f) \
	{ EDIT_BEFORE, PATH_FAULT, "release_fault_page", { .name = "in a fault", .run = f } }
#define DROP_BEGINS_WITH(f) \
	{ EDIT_BEFORE, PATH_UNMAP, "range_lock", { .name = "in madvise()", .run = f } }

static const struct row {
	const char *name;
	struct step_edit edits[3];
} rows[] = {
	{ "it is 0, and 0 is written, and 1",
	  { FAULT_ENDS_WITH(write_0), DROP_BEGINS_WITH(write_1), { .verb = EDIT_END } } },
	{ "it is 0, and 1 is written, and 0",
	  { FAULT_ENDS_WITH(write_1), DROP_BEGINS_WITH(write_0), { .verb = EDIT_END } } },
	{ "it is 0, which is asked for, and 1 is written",
	  { FAULT_ENDS_WITH(write_1), DROP_BEGINS_WITH(add_2_if_it_is_1),
	    { .verb = EDIT_END } } },
	{ "one byte is asked for, and another one of the same word is written",
	  { FAULT_ENDS_WITH(write_256), DROP_BEGINS_WITH(write_1_if_there_is_a_256),
	    { .verb = EDIT_END } } },
};

static void both_orders_are_tried(void **state)
{
	const struct row *row = *state;
	struct semantics_patch kernel = { .name = "values", .group = "mutant", .base = &sem_v6_1,
					  .source = "none", .edits = row->edits };
	static const struct explore_bound bounds[] = {
		{ 0 }, { .por = true }, { .por = true, .liveness = true } };
	struct explore *full = NULL, *x, *plain;
	struct trace trace;

	if (!watch_works())
		skip();
	scenario_load_text(races, &trace);
	plain = scenario_explore(&trace, &sem_v6_1, &bounds[0], false);
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		x = scenario_explore(&trace, &kernel, &bounds[i], false);
		assert_int_equal(explore_result(x)->stop, STOP_NONE);
		if (!full) {
			full = x;
			assert_true(explore_result(full)->ends > explore_result(plain)->ends);
			continue;
		}
		assert_string_equal(explored_difference(explore_result(full),
							explore_result(x)), "");
		explore_free(x);
	}
	explore_free(full);
	explore_free(plain);
	trace_free(&trace);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, both_orders_are_tried, rows);
	return list_run(&list, "explore_values");
}
