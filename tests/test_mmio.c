// SPDX-License-Identifier: GPL-2.0-only
/* A BAR: pfns without struct page, and without a record until somebody looks at one. */
#include "model/mmio.h"

#include "model/machine.h"
#include "tests/support.h"

#define BAR	((pfn_t)0x80000)

static unsigned nr_records(struct machine *m)
{
	unsigned n = 0;

	for (pfn_t pfn = BAR; (pfn = m->phys->next_page(m->phys, pfn)) < 2 * BAR; pfn++)
		n++;
	return n;
}

static void a_bar_of_whole_2m_has_no_records(void **state)
{
	struct machine *m = *state;

	mmio_declare(m, BAR, 3 * 512);

	assert_int_equal(nr_records(m), 0);
	assert_true(page_is(m, BAR, PG_MMIO));
	assert_true(page_is(m, BAR + 3 * 512 - 1, PG_MMIO));
	assert_false(page_is(m, BAR, PG_VALID));
	assert_int_equal(nr_records(m), 2);
}

static void what_is_beside_a_bar_is_memory(void **state)
{
	struct machine *m = *state;

	mmio_declare(m, BAR + 511, 1 + 512 + 1);

	assert_false(page_is(m, BAR + 510, PG_MMIO));
	assert_true(page_is(m, BAR + 511, PG_MMIO));
	assert_true(page_is(m, BAR + 512, PG_MMIO));
	assert_true(page_is(m, BAR + 1024, PG_MMIO));
	assert_false(page_is(m, BAR + 1025, PG_MMIO));
	assert_true(page_is(m, BAR + 1025, PG_VALID));
}

static void memory_that_is_in_use_stays_memory(void **state)
{
	struct machine *m = *state;

	pages_init(m, ALLOC_ORDER0, BAR + 5, 0, OWNER_USER);
	mmio_declare(m, BAR, 512);

	assert_true(page_is(m, BAR + 5, PG_VALID));
	assert_false(page_is(m, BAR + 5, PG_MMIO));
	assert_int_equal(page_count(m, BAR + 5), 1);
	assert_true(page_is(m, BAR + 6, PG_MMIO));
}

static void free_memory_becomes_mmio_and_the_laws_are_told(void **state)
{
	struct machine *m = *state;

	assert_true(page_is(m, BAR + 5, PG_FREE));
	forget(m);
	mmio_declare(m, BAR, 512);

	assert_true(page_is(m, BAR + 5, PG_MMIO));
	assert_false(page_is(m, BAR + 5, PG_FREE));
	assert_true(touched(m, OBJECT_PAGE, BAR + 5));
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, a_bar_of_whole_2m_has_no_records);
	LIST_MACHINE_TEST(&list, what_is_beside_a_bar_is_memory);
	LIST_MACHINE_TEST(&list, memory_that_is_in_use_stays_memory);
	LIST_MACHINE_TEST(&list, free_memory_becomes_mmio_and_the_laws_are_told);
	return list_run(&list, "mmio");
}
