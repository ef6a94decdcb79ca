// SPDX-License-Identifier: GPL-2.0-only
/* Radix tables in simulated memory: where a walk ends, and which leaf comes next. */
#include <stdlib.h>
#include <string.h>

#include "model/pgtable.h"
#include "tests/support.h"

enum { TOP = 0x100, USED = 1, HUGE = 1 << 7, OTHER = 1 << 3 };

static const struct pt_format format = { .present = USED, .huge = HUGE };

/* The same numbers at every level, 511 and 0 being the edges of a table. */
#define NUMBER(four, three, two, one)	\
	((u64)(four) << 27 | (u64)(three) << 18 | (u64)(two) << 9 | (u64)(one))

/* The table of @level that @number goes through; those above it are made as needed. */
static pfn_t table_for(struct machine *m, u64 number, unsigned level)
{
	pfn_t table = TOP;

	for (unsigned l = PT_LEVELS; l > level; l--) {
		u64 entry = pt_entry(m, table, number, l);

		if (!(entry & USED)) {
			entry = alloc_frame(m, 0, ANY_PLACE) << PAGE_SHIFT | USED;
			pt_set_entry(m, table, number, l, entry);
		}
		table = pt_pfn(entry);
	}
	return table;
}

static void map(struct machine *m, u64 number, unsigned level, pfn_t pfn)
{
	pt_set_entry(m, table_for(m, number, level), number, level,
		     pfn << PAGE_SHIFT | USED | (level > 1 ? HUGE : 0));
}

/* ---- numbers ---- */

static void level_pages_are_4k_2m_1g_and_512g(void **state)
{
	(void)state;
	assert_int_equal(level_pages(1), 1);
	assert_int_equal(level_pages(2), 512);
	assert_int_equal(level_pages(3), 512 * 512);
	assert_int_equal(level_pages(4), 512 * 512 * 512);
}

static void pt_index_takes_nine_bits_for_each_level(void **state)
{
	(void)state;
	assert_int_equal(pt_index(NUMBER(1, 2, 3, 4), 4), 1);
	assert_int_equal(pt_index(NUMBER(1, 2, 3, 4), 3), 2);
	assert_int_equal(pt_index(NUMBER(1, 2, 3, 4), 2), 3);
	assert_int_equal(pt_index(NUMBER(1, 2, 3, 4), 1), 4);
	assert_int_equal(pt_index(NUMBER(511, 511, 511, 511), 2), 511);
}

static void pt_pfn_is_bits_12_to_51(void **state)
{
	(void)state;
	assert_true(pt_pfn(0x8000000017dfe67) == 0x17df);
	assert_true(pt_pfn(~(u64)0) == ((u64)1 << 40) - 1);
	assert_true(pt_pfn(0xfff0000000000fff) == 0);
}

static void pt_entry_reads_what_pt_set_entry_wrote_there_and_nowhere_else(void **state)
{
	struct machine *m = *state;

	pt_set_entry(m, TOP, NUMBER(1, 2, 3, 4), 2, 77);

	assert_int_equal(pt_entry(m, TOP, NUMBER(9, 9, 3, 9), 2), 77);
	assert_int_equal(pt_entry(m, TOP, NUMBER(1, 2, 3, 4), 1), 0);
	assert_int_equal(pt_entry(m, TOP + 1, NUMBER(1, 2, 3, 4), 2), 0);
}

/* ---- pt_walk() ---- */

static void pt_walk_of_an_empty_table_ends_at_the_top(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf = pt_walk(m, &format, TOP, NUMBER(3, 4, 5, 6));

	assert_false(leaf.present);
	assert_int_equal(leaf.level, 4);
	assert_int_equal(leaf.table, TOP);
	assert_true(leaf.first == NUMBER(3, 0, 0, 0));
	assert_int_equal(leaf.entry, 0);
}

static void pt_walk_finds_a_leaf_at_its_level(void **state)
{
	struct machine *m = *state;

	for (unsigned level = 1; level <= 3; level++) {
		u64 number = NUMBER(level, 4, 5, 6);
		struct pt_leaf leaf;

		map(m, number, level, 0x40000);
		leaf = pt_walk(m, &format, TOP, number);

		assert_true(leaf.present);
		assert_int_equal(leaf.level, level);
		assert_true(leaf.first == (number & ~(level_pages(level) - 1)));
		assert_int_equal(leaf.table, table_for(m, number, level));
		assert_int_equal(pt_pfn(leaf.entry), 0x40000);
	}
}

static void pt_walk_ends_where_the_next_table_is_missing(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf;

	map(m, NUMBER(3, 4, 5, 6), 1, 0x40000);
	leaf = pt_walk(m, &format, TOP, NUMBER(3, 4, 7, 6));

	assert_false(leaf.present);
	assert_int_equal(leaf.level, 2);
	assert_true(leaf.first == NUMBER(3, 4, 7, 0));
	assert_int_equal(leaf.table, table_for(m, NUMBER(3, 4, 5, 6), 2));
}

static void pt_walk_gives_the_raw_value_of_an_entry_that_is_not_present(void **state)
{
	struct machine *m = *state;
	u64 number = NUMBER(3, 4, 5, 6);
	struct pt_leaf leaf;

	pt_set_entry(m, table_for(m, number, 1), number, 1, OTHER | BIT(63));
	leaf = pt_walk(m, &format, TOP, number);

	assert_false(leaf.present);
	assert_int_equal(leaf.level, 1);
	assert_true(leaf.entry == (OTHER | BIT(63)));
}

static void pt_walk_takes_the_huge_bit_at_the_lowest_level_for_a_bit_like_any(void **state)
{
	struct machine *m = *state;
	u64 number = NUMBER(3, 4, 5, 6);

	pt_set_entry(m, table_for(m, number, 1), number, 1, 0x40000 << PAGE_SHIFT | USED | HUGE);

	assert_int_equal(pt_walk(m, &format, TOP, number).level, 1);
	assert_true(pt_walk(m, &format, TOP, number).present);
}

static void any_of_the_present_bits_makes_an_entry_present(void **state)
{
	static const struct pt_format two = { .present = USED | OTHER, .huge = HUGE };
	struct machine *m = *state;
	u64 number = NUMBER(3, 4, 5, 6);

	pt_set_entry(m, table_for(m, number, 1), number, 1, OTHER);

	assert_true(pt_walk(m, &two, TOP, number).present);
	assert_false(pt_walk(m, &format, TOP, number).present);
}

/* ---- pt_next_leaf() ---- */

static void pt_next_leaf_of_an_empty_table_finds_nothing(void **state)
{
	struct machine *m = *state;

	assert_false(pt_next_leaf(m, &format, TOP, 0, (u64)1 << 36).present);
}

static void pt_next_leaf_finds_the_very_first_and_the_very_last_page(void **state)
{
	struct machine *m = *state;
	u64 last = ((u64)1 << 36) - 1;

	map(m, 0, 1, 0x40000);
	map(m, last, 1, 0x40001);

	assert_true(pt_next_leaf(m, &format, TOP, 0, last + 1).first == 0);
	assert_true(pt_next_leaf(m, &format, TOP, 1, last + 1).first == last);
	assert_true(pt_next_leaf(m, &format, TOP, last, last + 1).first == last);
}

static void pt_next_leaf_stops_before_the_end(void **state)
{
	struct machine *m = *state;

	map(m, 1000, 1, 0x40000);

	assert_false(pt_next_leaf(m, &format, TOP, 0, 1000).present);
	assert_true(pt_next_leaf(m, &format, TOP, 0, 1001).present);
	assert_false(pt_next_leaf(m, &format, TOP, 1000, 1000).present);
}

static void pt_next_leaf_gives_the_huge_leaf_that_covers_where_it_starts(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf;

	map(m, NUMBER(0, 1, 2, 0), 2, 0x40000);
	leaf = pt_next_leaf(m, &format, TOP, NUMBER(0, 1, 2, 300), NUMBER(0, 1, 2, 301));

	assert_true(leaf.present);
	assert_int_equal(leaf.level, 2);
	assert_true(leaf.first == NUMBER(0, 1, 2, 0));
}

static void pt_next_leaf_passes_over_entries_that_are_not_present(void **state)
{
	struct machine *m = *state;
	pfn_t table = table_for(m, 5, 1);

	pt_set_entry(m, table, 5, 1, OTHER);
	pt_set_entry(m, table, 6, 1, BIT(63));
	map(m, 7, 1, 0x40000);

	assert_int_equal(pt_next_leaf(m, &format, TOP, 0, 512).first, 7);
}

static void pt_next_leaf_goes_on_from_any_level_to_the_next_table(void **state)
{
	static const u64 numbers[] = {
		NUMBER(0, 0, 0, 511), NUMBER(0, 0, 1, 0), NUMBER(0, 0, 511, 511),
		NUMBER(0, 1, 0, 0), NUMBER(0, 511, 511, 511), NUMBER(1, 0, 0, 0),
		NUMBER(1, 0, 0, 2), NUMBER(510, 3, 2, 1),
	};
	struct machine *m = *state;
	u64 from = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		map(m, numbers[i], 1, 0x40000 + i);

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct pt_leaf leaf = pt_next_leaf(m, &format, TOP, from, (u64)1 << 36);

		assert_true(leaf.present);
		assert_true(leaf.first == numbers[i]);
		assert_int_equal(pt_pfn(leaf.entry), 0x40000 + i);
		assert_int_equal(leaf.table, table_for(m, numbers[i], 1));
		from = leaf.first + 1;
	}
	assert_false(pt_next_leaf(m, &format, TOP, from, (u64)1 << 36).present);
}

/* A store that counts who asks. */
struct counter {
	struct phys phys;
	struct phys *real;
	unsigned calls;
};

static u64 count_load(const struct phys *phys, pfn_t pfn, unsigned index)
{
	struct counter *counter = (struct counter *)phys;

	counter->calls++;
	return counter->real->load(counter->real, pfn, index);
}

static unsigned count_next(const struct phys *phys, pfn_t pfn, unsigned from)
{
	struct counter *counter = (struct counter *)phys;

	counter->calls++;
	return counter->real->next(counter->real, pfn, from);
}

static void the_cost_of_pt_next_leaf_follows_the_tables_and_not_the_range(void **state)
{
	struct machine *m = *state;
	struct counter counter = {
		.phys = { .load = count_load, .next = count_next }, .real = m->phys,
	};
	struct pt_leaf leaf;

	map(m, NUMBER(500, 500, 500, 500), 1, 0x40000);
	m->phys = &counter.phys;
	leaf = pt_next_leaf(m, &format, TOP, 0, (u64)1 << 36);
	m->phys = counter.real;

	assert_true(leaf.present);
	assert_true(counter.calls <= 3 * PT_LEVELS);
}

/* ---- both, against a list ---- */

struct range { u64 first, pages; };

static u64 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 20;
}

static bool overlaps(const struct range *ranges, unsigned n, const struct range *new)
{
	for (unsigned i = 0; i < n; i++)
		if (new->first < ranges[i].first + ranges[i].pages &&
		    ranges[i].first < new->first + new->pages)
			return true;
	return false;
}

/* Leaves of all three sizes, close together and far apart, at indices near both edges. */
static unsigned map_at_random(struct machine *m, struct range *ranges, unsigned want, u64 seed)
{
	static const unsigned index[] = { 0, 1, 2, 255, 510, 511 };
	unsigned n = 0;

	while (n < want) {
		unsigned level = 1 + next_random(&seed) % 3;
		struct range new = { .pages = level_pages(level) };

		for (unsigned l = 4; l >= level; l--)
			new.first += index[next_random(&seed) % 6] * level_pages(l);
		if (overlaps(ranges, n, &new))
			continue;
		map(m, new.first, level, 0x200000 + new.first);
		ranges[n++] = new;
	}
	return n;
}

static int range_order(const void *a, const void *b)
{
	u64 left = ((const struct range *)a)->first, right = ((const struct range *)b)->first;

	return (left > right) - (left < right);
}

static void pt_next_leaf_visits_each_of_many_leaves_once_in_order(void **state)
{
	struct machine *m = *state;
	struct range ranges[200];
	unsigned n = map_at_random(m, ranges, 200, 7);
	u64 from = 0;

	qsort(ranges, n, sizeof(*ranges), range_order);
	for (unsigned i = 0; i < n; i++) {
		struct pt_leaf leaf = pt_next_leaf(m, &format, TOP, from, (u64)1 << 36);

		assert_true(leaf.present);
		assert_true(leaf.first == ranges[i].first);
		assert_true(level_pages(leaf.level) == ranges[i].pages);
		from = leaf.first + ranges[i].pages;
	}
	assert_false(pt_next_leaf(m, &format, TOP, from, (u64)1 << 36).present);
}

static void pt_walk_agrees_with_pt_next_leaf_at_every_edge(void **state)
{
	struct machine *m = *state;
	struct range ranges[200];
	unsigned n = map_at_random(m, ranges, 200, 11);

	for (unsigned i = 0; i < n; i++) {
		u64 edge[] = { ranges[i].first, ranges[i].first + ranges[i].pages - 1,
			       ranges[i].first + ranges[i].pages };

		for (unsigned e = 0; e < 3; e++) {
			struct range one = { edge[e], 1 };
			struct pt_leaf here = pt_walk(m, &format, TOP, edge[e]);
			struct pt_leaf next = pt_next_leaf(m, &format, TOP, edge[e], edge[e] + 1);

			assert_int_equal(here.present, overlaps(ranges, n, &one));
			assert_int_equal(next.present, here.present);
			if (next.present)
				assert_true(next.first == here.first);
		}
	}
}

int main(void)
{
	static struct test_list list;

	LIST_TEST(&list, level_pages_are_4k_2m_1g_and_512g);
	LIST_TEST(&list, pt_index_takes_nine_bits_for_each_level);
	LIST_TEST(&list, pt_pfn_is_bits_12_to_51);
	LIST_MACHINE_TEST(&list, pt_entry_reads_what_pt_set_entry_wrote_there_and_nowhere_else);
	LIST_MACHINE_TEST(&list, pt_walk_of_an_empty_table_ends_at_the_top);
	LIST_MACHINE_TEST(&list, pt_walk_finds_a_leaf_at_its_level);
	LIST_MACHINE_TEST(&list, pt_walk_ends_where_the_next_table_is_missing);
	LIST_MACHINE_TEST(&list, pt_walk_gives_the_raw_value_of_an_entry_that_is_not_present);
	LIST_MACHINE_TEST(&list,
			  pt_walk_takes_the_huge_bit_at_the_lowest_level_for_a_bit_like_any);
	LIST_MACHINE_TEST(&list, any_of_the_present_bits_makes_an_entry_present);
	LIST_MACHINE_TEST(&list, pt_next_leaf_of_an_empty_table_finds_nothing);
	LIST_MACHINE_TEST(&list, pt_next_leaf_finds_the_very_first_and_the_very_last_page);
	LIST_MACHINE_TEST(&list, pt_next_leaf_stops_before_the_end);
	LIST_MACHINE_TEST(&list, pt_next_leaf_gives_the_huge_leaf_that_covers_where_it_starts);
	LIST_MACHINE_TEST(&list, pt_next_leaf_passes_over_entries_that_are_not_present);
	LIST_MACHINE_TEST(&list, pt_next_leaf_goes_on_from_any_level_to_the_next_table);
	LIST_MACHINE_TEST(&list, the_cost_of_pt_next_leaf_follows_the_tables_and_not_the_range);
	LIST_MACHINE_TEST(&list, pt_next_leaf_visits_each_of_many_leaves_once_in_order);
	LIST_MACHINE_TEST(&list, pt_walk_agrees_with_pt_next_leaf_at_every_edge);
	return list_run(&list, "pgtable");
}
