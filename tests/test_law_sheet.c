/* SPDX-License-Identifier: GPL-2.0-only */
/* test_law_sheet.c: what many explorations say of a law. */
#include "tests/support.h"

#include <string.h>

#include "model/law.h"
#include "model/sem.h"
#include "sim/law_sheet.h"

static const struct semantics_patch *const columns[] = { &sem_v6_8, &sem_v7_2 };

static size_t row_named(const struct law_sheet *sheet, const char *name)
{
	for (size_t i = 0; i < sheet->nr_rows; i++)
		if (!strcmp(law_sheet_row(i), name))
			return i;
	fail_msg("no row %s", name);
	return 0;
}

static struct explore_finding breaks(const char *law, size_t steps, enum blame blame)
{
	return (struct explore_finding){ .kind = FOUND_VIOLATION, .nr_steps = steps,
					 .v = { .law = law_find(law), .blame = blame } };
}

/* One search of the first semantics, which touches what @asked says. */
static void add(struct law_sheet *sheet, const char *path, u32 asked, enum explore_stop stop,
		struct explore_finding *finding)
{
	struct explored r = { .asked = asked, .stop = stop, .findings = finding,
			      .nr_findings = finding != NULL };

	law_sheet_add(sheet, 0, path, &r);
}

static enum law_answer answer(const struct law_sheet *sheet, const char *law)
{
	return law_sheet_answer(law_sheet_cell(sheet, row_named(sheet, law), 0));
}

static void a_law_is_asked_where_what_it_reads_was_touched(void **state)
{
	struct law_sheet sheet;

	(void)state;
	law_sheet_begin(&sheet, columns, 2);
	add(&sheet, "a", BIT(OBJECT_TLB), STOP_NONE, NULL);
	assert_int_equal(answer(&sheet, "no-stale-tlb"), LAW_HOLDS);
	assert_int_equal(answer(&sheet, "refs-match-holders"), LAW_NOT_ASKED);
	assert_int_equal(answer(&sheet, "no-kernel-warning"), LAW_HOLDS);
	law_sheet_free(&sheet);
}

static void a_search_that_was_cut_off_lets_no_law_hold(void **state)
{
	struct law_sheet sheet;

	(void)state;
	law_sheet_begin(&sheet, columns, 2);
	add(&sheet, "a", ~0u, STOP_NONE, NULL);
	add(&sheet, "b", ~0u, STOP_STATES, NULL);
	assert_int_equal(answer(&sheet, "no-stale-tlb"), LAW_UNKNOWN);
	assert_int_equal(answer(&sheet, "livelock"), LAW_UNKNOWN);
	law_sheet_free(&sheet);
}

/* What @sheet tells when @worse and @better break the same law in scenarios a, b and c. */
static const struct law_cell *told(struct law_sheet *sheet, struct explore_finding worse,
				   struct explore_finding better)
{
	law_sheet_begin(sheet, columns, 2);
	add(sheet, "a", ~0u, STOP_NONE, &worse);
	add(sheet, "b", ~0u, STOP_NONE, &better);
	add(sheet, "c", ~0u, STOP_NONE, &worse);
	assert_int_equal(answer(sheet, worse.v.law->id), LAW_BROKEN);
	return law_sheet_cell(sheet, row_named(sheet, worse.v.law->id), 0);
}

static void the_shortest_counterexample_is_kept(void **state)
{
	const struct law_cell *cell;
	struct law_sheet sheet;

	(void)state;
	cell = told(&sheet, breaks("no-stale-tlb", 9, BLAME_KVM),
		    breaks("no-stale-tlb", 7, BLAME_KVM));
	assert_string_equal(cell->path, "b");
	assert_int_equal(cell->nr_steps, 7);
	law_sheet_free(&sheet);
}

static void what_kvm_breaks_is_told_before_what_a_driver_breaks(void **state)
{
	const struct law_cell *cell;
	struct law_sheet sheet;

	(void)state;
	cell = told(&sheet, breaks("no-use-after-free", 3, BLAME_DRIVER),
		    breaks("no-use-after-free", 30, BLAME_KVM));
	assert_string_equal(cell->path, "b");
	assert_int_equal(cell->blame, BLAME_KVM);
	law_sheet_free(&sheet);
}

static void another_semantics_is_another_column(void **state)
{
	struct explore_finding deadlock = { .kind = FOUND_DEADLOCK, .nr_steps = 5 };
	struct law_sheet sheet;

	(void)state;
	law_sheet_begin(&sheet, columns, 2);
	add(&sheet, "a", ~0u, STOP_NONE, &deadlock);
	assert_int_equal(answer(&sheet, "deadlock"), LAW_BROKEN);
	assert_int_equal(law_sheet_answer(law_sheet_cell(&sheet, row_named(&sheet, "deadlock"), 1)),
			 LAW_NOT_ASKED);
	law_sheet_free(&sheet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_law_is_asked_where_what_it_reads_was_touched),
		cmocka_unit_test(a_search_that_was_cut_off_lets_no_law_hold),
		cmocka_unit_test(the_shortest_counterexample_is_kept),
		cmocka_unit_test(what_kvm_breaks_is_told_before_what_a_driver_breaks),
		cmocka_unit_test(another_semantics_is_another_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
