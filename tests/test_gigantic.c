// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of 1G of hugetlb: what a page that nobody has touched is, and what it costs to take, write,
 * copy and give back one.
 */
#include "model/gigantic.h"
#include "model/hugetlb.h"
#include "tests/support.h"

enum { LEVEL = 3, FAR = 0x23456 };

static pfn_t taken(struct machine *m)
{
	return hugetlb_take(m, LEVEL, false);
}

static unsigned known_parts(struct machine *m, pfn_t head)
{
	unsigned n = 0;

	for (u64 i = 0; i < level_pages(LEVEL); i = folio_next_part(m, head, GIGANTIC_ORDER, i))
		n++;
	return n;
}

static void what_is_touched_alone_has_a_record(void **state)
{
	struct machine *m = *state;
	pfn_t head;

	hugetlb_resize(m, LEVEL, 1);
	head = taken(m);
	page_of(m, head + FAR);

	assert_int_equal(known_parts(m, head), 2);
}

static void a_part_is_a_tail_of_its_head_from_its_first_touch_on(void **state)
{
	struct machine *m = *state;
	pfn_t head;

	hugetlb_resize(m, LEVEL, 1);
	head = taken(m);

	assert_int_equal(page_head(m, head + FAR), head);
	assert_true(page_is(m, head + FAR, PG_VALID | PG_TAIL));
	assert_false(page_is(m, head + FAR, PG_FREE));
	assert_int_equal(page_of(m, head + FAR)->owner, OWNER_USER);
	assert_int_equal(page_head(m, head + level_pages(LEVEL)), head + level_pages(LEVEL));
}

static void a_part_of_what_is_given_back_is_free_touched_before_or_not(void **state)
{
	struct machine *m = *state;
	pfn_t head;

	hugetlb_resize(m, LEVEL, 1);
	head = taken(m);
	page_of(m, head + FAR);
	page_put(m, head, HOLD_OWNER);

	assert_true(page_is(m, head + FAR, PG_FREE | PG_TAIL));
	assert_true(page_is(m, head + FAR + 1, PG_FREE | PG_TAIL));
}

static void what_leaves_the_pool_is_nobodys_tail(void **state)
{
	struct machine *m = *state;
	pfn_t head;

	hugetlb_resize(m, LEVEL, 1);
	head = taken(m);
	page_of(m, head + FAR);
	page_put(m, head, HOLD_OWNER);
	hugetlb_resize(m, LEVEL, 0);

	assert_int_equal(page_head(m, head + FAR), head + FAR);
	assert_int_equal(page_head(m, head + FAR + 1), head + FAR + 1);
	assert_false(page_is(m, head + FAR + 1, PG_TAIL));
}

static void a_copy_has_what_was_written_and_a_page_that_is_taken_has_not(void **state)
{
	struct machine *m = *state;
	pfn_t from, to;

	hugetlb_resize(m, LEVEL, 2);
	from = taken(m);
	page_of(m, from + FAR);
	page_store(m, from + FAR, 8, 7);
	to = taken(m);
	page_copy_folio(m, to, from);
	page_put(m, from, HOLD_OWNER);

	assert_int_equal(page_load(m, to + FAR, 8), 7);
	assert_int_equal(known_parts(m, to), 2);
	assert_int_equal(taken(m), from);
	assert_int_equal(page_load(m, from + FAR, 8), 0);
}

static void a_pool_of_1g_promises_nothing_of_2m(void **state)
{
	struct machine *m = *state;

	hugetlb_resize(m, LEVEL, 1);

	assert_int_equal(hugetlb_take(m, 2, false), NO_PFN);
	assert_int_not_equal(taken(m), NO_PFN);
	assert_int_equal(taken(m), NO_PFN);
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, what_is_touched_alone_has_a_record);
	LIST_MACHINE_TEST(&list, a_part_is_a_tail_of_its_head_from_its_first_touch_on);
	LIST_MACHINE_TEST(&list, a_part_of_what_is_given_back_is_free_touched_before_or_not);
	LIST_MACHINE_TEST(&list, what_leaves_the_pool_is_nobodys_tail);
	LIST_MACHINE_TEST(&list, a_copy_has_what_was_written_and_a_page_that_is_taken_has_not);
	LIST_MACHINE_TEST(&list, a_pool_of_1g_promises_nothing_of_2m);
	return list_run(&list, "gigantic");
}
