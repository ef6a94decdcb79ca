// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested paging over tables of 4 and of 5 levels: each reserved bit of each entry, rights, A and D.
 *
 * AMD APM vol. 2, 5.3.3 and 5.3.4 (formats of long mode, with a PML5), 15.25.6 (#NPF error code).
 */
#include "model/pgtable.h"
#include "model/walker.h"
#include "tests/support.h"

enum { TABLES = 0x100, FRAME = 0x40000 };	/* the table of level n is TABLES + n */

#define GFN	((u64)11 << 36 | (u64)2 << 27 | (u64)3 << 18 | (u64)5 << 9 | 7)
#define P	1
#define W	2
#define U	4
#define A	BIT(5)
#define D	BIT(6)
#define PS	BIT(7)
#define NX	BIT(63)

static struct machine *machine_of(unsigned levels, unsigned width)
{
	struct machine *m = machine_new("v6.1", NPT);

	m->w->config.five_levels = levels == 5;
	m->w->config.physical_bits = width;
	return m;
}

static u64 load(struct machine *m, unsigned level)
{
	return m->phys->load(m->phys, TABLES + level, GFN >> (9 * (level - 1)) & 511);
}

static void store(struct machine *m, unsigned level, u64 entry)
{
	m->phys->store(m->phys, TABLES + level, GFN >> (9 * (level - 1)) & 511, entry);
}

static void build(struct machine *m, unsigned lowest, u64 last)
{
	for (unsigned level = 5; level > lowest; level--)
		store(m, level, (u64)(TABLES + level - 1) << PAGE_SHIFT | P | W | U);
	store(m, lowest, last);
}

static u64 leaf_of(unsigned level)
{
	return (u64)FRAME << PAGE_SHIFT | P | W | U | (level > 1 ? PS : 0);
}

static struct walk walk(struct machine *m, unsigned levels, unsigned access)
{
	return hardware_walk(m, TABLES + levels, GFN, access);
}

static const struct levels_row { const char *name; unsigned levels; } both[] = {
	{ "4 levels", 4 }, { "5 levels", 5 },
};

static void tables_are_walked_and_marked_from_the_top_down(void **state)
{
	const struct levels_row *row = *state;

	for (unsigned lowest = 1; lowest <= 3; lowest++) {
		struct machine *m = machine_of(row->levels, 51);
		struct walk w;

		build(m, lowest, leaf_of(lowest));
		w = walk(m, row->levels, WALK_WRITE);

		assert_int_equal(w.result, WALK_OK);
		assert_int_equal(w.level, lowest);
		assert_true(w.pfn == FRAME);
		assert_true(w.first == (GFN & ~(level_pages(lowest) - 1)));
		assert_true(load(m, lowest) == (leaf_of(lowest) | A | D));
		for (unsigned level = lowest + 1; level <= row->levels; level++)
			assert_true((load(m, level) & (A | D)) == A);
		machine_free(m);
	}
}

static void rights_are_those_that_every_entry_gives(void **state)
{
	const struct levels_row *row = *state;

	for (unsigned level = 1; level <= row->levels; level++) {
		struct machine *m = machine_of(row->levels, 51);

		build(m, 1, leaf_of(1));
		store(m, level, load(m, level) & ~(u64)W);
		assert_true(walk(m, row->levels, WALK_WRITE).qualification == 0x100000007);
		assert_int_equal(walk(m, row->levels, WALK_READ).result, WALK_OK);
		store(m, level, load(m, level) | NX);
		assert_true(walk(m, row->levels, WALK_EXEC).qualification == 0x100000015);
		store(m, level, load(m, level) & ~(u64)U);
		assert_true(walk(m, row->levels, WALK_READ).qualification == 0x100000005);
		store(m, level, load(m, level) & ~(u64)P);
		assert_true(walk(m, row->levels, WALK_READ).qualification == 0x100000004);
		machine_free(m);
	}
}

static void four_levels_never_look_at_a_pml5_of_npt(void **state)
{
	struct machine *m = machine_of(4, 51);

	(void)state;
	build(m, 1, leaf_of(1));
	store(m, 5, 0);
	assert_int_equal(walk(m, 4, WALK_READ).result, WALK_OK);
	m->w->config.five_levels = true;

	assert_true(walk(m, 5, WALK_READ).qualification == 0x100000004);
	machine_free(m);
}

/* By level, of entries that are no leaf and of leaves: bits 3 to 11, then below the frame. */
static const struct reserved_row {
	const char *name;
	unsigned level;
	bool leaf;
	u64 reserved;
} reserved_bits[] = {
	{ "a PML5 entry", 5, false, 0x180 },
	{ "a PML4 entry", 4, false, 0x180 },
	{ "a PDPE that leads to a table", 3, false, 0 },
	{ "a PDE that leads to a table", 2, false, 0 },
	{ "a 1G leaf", 3, true, 0x3fffe000 },
	{ "a 2M leaf", 2, true, 0x1fe000 },
	{ "a 4K leaf", 1, true, 0 },
};

static void each_reserved_bit_faults_with_rsv_and_no_other_does(void **state)
{
	const struct reserved_row *row = *state;

	for (unsigned width = 36; width <= 51; width += 5)
		for (unsigned bit = 3; bit < 63; bit++) {
			struct machine *m = machine_of(5, width);
			bool reserved = (row->reserved | (BIT(52) - BIT(width))) & BIT(bit);
			u64 entry;

			build(m, 1, leaf_of(1));
			entry = row->leaf ? leaf_of(row->level) : load(m, row->level);
			store(m, row->level, entry | BIT(bit));
			/* PS, where it is allowed, makes another entry of it */
			if (reserved)
				assert_true(walk(m, 5, WALK_READ).qualification == 0x10000000d);
			else if (row->leaf || (bit < 12 && bit != 7) || bit > 51)
				assert_int_equal(walk(m, 5, WALK_READ).result, WALK_OK);
			machine_free(m);
		}
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, tables_are_walked_and_marked_from_the_top_down, both);
	LIST_ROWS(&list, rights_are_those_that_every_entry_gives, both);
	LIST_TEST(&list, four_levels_never_look_at_a_pml5_of_npt);
	LIST_ROWS(&list, each_reserved_bit_faults_with_rsv_and_no_other_does, reserved_bits);
	return list_run(&list, "walker_npt");
}
