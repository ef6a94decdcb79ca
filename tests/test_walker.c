// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processor's reading of the stage-2 tables, held against the manuals.
 *
 * EPT: Intel SDM vol. 3C, 29.3.2 and 29.3.3 (translation, misconfigurations, violations), tables
 * 28-7 (exit qualification) and 29-1 to 29-7 (formats), 29.3.5 (A and D). NPT: AMD APM vol. 2,
 * 5.3 (formats), 15.25.6 (#NPF error code). The rows marked "recorded" are what real kernels were
 * given by their processors.
 */
#include <string.h>

#include "model/pgtable.h"
#include "model/walker.h"
#include "tests/support.h"

enum { TABLE4 = 0x100, TABLE3, TABLE2, TABLE1, FRAME = 0x40000 };

/* Somewhere in the middle of all four tables. */
#define GFN	(((u64)3 << 27 | (u64)5 << 18 | (u64)7 << 9) | 9)

/* An entry that leads to the table below, and one that maps FRAME; 0 for "not there". */
struct tables { u64 level[5]; };

static void build(struct machine *m, const struct tables *t)
{
	static const pfn_t table[] = { 0, TABLE1, TABLE2, TABLE3, TABLE4 };

	for (unsigned level = 4; level >= 1; level--)
		pt_set_entry(m, table[level], GFN, level, t->level[level]);
}

#define NEXT(table)	((u64)(table) << PAGE_SHIFT)
#define LEAF		NEXT(FRAME)

/* Tables of one format whose lowest is at @lowest: @nonleaf bits above, @leaf in it. */
static struct tables tables_of(u64 nonleaf, u64 leaf, unsigned lowest)
{
	static const pfn_t below[] = { 0, 0, TABLE1, TABLE2, TABLE3 };
	struct tables t = { { 0 } };

	for (unsigned level = 4; level > lowest; level--)
		t.level[level] = NEXT(below[level]) | nonleaf;
	t.level[lowest] = LEAF | leaf;
	return t;
}

static struct walk walk(struct machine *m, unsigned access)
{
	return hardware_walk(m, TABLE4, GFN, access);
}

/* ---- EPT ---- */

#define R	1
#define W	2
#define X	4
#define WB	(6 << 3)
#define PS	BIT(7)
#define A	BIT(8)
#define D	BIT(9)

static const struct ept_row {
	const char *name;
	unsigned lowest;		/* level of the last entry */
	u64 nonleaf, last;
	unsigned access;
	enum walk_result result;
	u64 qualification;
} violations[] = {
	{ "read of nothing (recorded)", 1, R | W | X, 0, WALK_READ, WALK_VIOLATION, 0x181 },
	{ "write to nothing (recorded)", 1, R | W | X, 0, WALK_WRITE, WALK_VIOLATION, 0x182 },
	{ "fetch from nothing (recorded)", 1, R | W | X, 0, WALK_EXEC, WALK_VIOLATION, 0x184 },
	{ "write to a leaf without W (recorded)", 1, R | W | X, R | X | WB, WALK_WRITE,
	  WALK_VIOLATION, 0x1aa },
	{ "write to a leaf with R alone", 1, R | W | X, R | WB, WALK_WRITE, WALK_VIOLATION,
	  0x18a },
	{ "fetch from a leaf without X", 1, R | W | X, R | W | WB, WALK_EXEC, WALK_VIOLATION,
	  0x19c },
	{ "read of an execute-only leaf", 1, R | W | X, X | WB, WALK_READ, WALK_VIOLATION, 0x1a1 },
	{ "write below tables without W", 1, R | X, R | W | X | WB, WALK_WRITE, WALK_VIOLATION,
	  0x1aa },
	{ "write to a 2M leaf without W", 2, R | W | X, R | X | WB | PS, WALK_WRITE,
	  WALK_VIOLATION, 0x1aa },
	{ "read where the suppress-#VE bit alone is set", 1, R | W | X, BIT(63), WALK_READ,
	  WALK_VIOLATION, 0x181 },
	{ "read of an entry without R, W and X, whatever else it has", 1, R | W | X,
	  7 << 3 | BIT(51), WALK_READ, WALK_VIOLATION, 0x181 },
	{ "read below a top-level entry that is not there", 4, 0, 0, WALK_READ, WALK_VIOLATION,
	  0x181 },
	{ "read below a level-2 entry that is not there", 2, R | W | X, 0, WALK_READ,
	  WALK_VIOLATION, 0x181 },
};

static const struct ept_row misconfigurations[] = {
	{ "W without R", 1, R | W | X, W | WB, WALK_READ, WALK_MISCONFIG, 0 },
	{ "W and X without R: KVM's MMIO value", 1, R | W | X, W | X, WALK_READ, WALK_MISCONFIG,
	  0 },
	{ "W without R in a table entry", 1, W, R | W | X | WB, WALK_READ, WALK_MISCONFIG, 0 },
	{ "before permissions are looked at", 1, R, W | X, WALK_WRITE, WALK_MISCONFIG, 0 },
	{ "memory type 2", 1, R | W | X, R | 2 << 3, WALK_READ, WALK_MISCONFIG, 0 },
	{ "memory type 3", 1, R | W | X, R | 3 << 3, WALK_READ, WALK_MISCONFIG, 0 },
	{ "memory type 7", 1, R | W | X, R | 7 << 3, WALK_READ, WALK_MISCONFIG, 0 },
	{ "memory type 7 in a 2M leaf", 2, R | W | X, R | 7 << 3 | PS, WALK_READ, WALK_MISCONFIG,
	  0 },
	{ "bit 3 in a table entry", 1, R | W | X | BIT(3), R | WB, WALK_READ, WALK_MISCONFIG, 0 },
	{ "bit 6 in a table entry", 1, R | W | X | BIT(6), R | WB, WALK_READ, WALK_MISCONFIG, 0 },
	{ "PS in a top-level entry", 4, 0, R | W | X | PS, WALK_READ, WALK_MISCONFIG, 0 },
	{ "an address above the processor's width", 1, R | W | X, R | WB | BIT(51), WALK_READ,
	  WALK_MISCONFIG, 0 },
	{ "bit 46: the processor's width is 46", 1, R | W | X, R | WB | BIT(46), WALK_READ,
	  WALK_MISCONFIG, 0 },
	{ "a table's address above the processor's width", 1, R | W | X | BIT(50), R | WB,
	  WALK_READ, WALK_MISCONFIG, 0 },
	{ "bit 12 of a 2M leaf's address", 2, R | W | X, R | WB | PS | BIT(12), WALK_READ,
	  WALK_MISCONFIG, 0 },
	{ "bit 20 of a 2M leaf's address", 2, R | W | X, R | WB | PS | BIT(20), WALK_READ,
	  WALK_MISCONFIG, 0 },
	{ "bit 29 of a 1G leaf's address", 3, R | W | X, R | WB | PS | BIT(29), WALK_READ,
	  WALK_MISCONFIG, 0 },
};

/* What the processor ignores, and what is odd but legal. */
static const struct ept_row legal[] = {
	{ "uncacheable", 1, R | W | X, R | W | X, WALK_WRITE, WALK_OK, 0 },
	{ "memory types 1, 4 and 5", 1, R | W | X, R | 5 << 3, WALK_READ, WALK_OK, 0 },
	{ "bit 45 of the address", 1, R | W | X, R | WB | BIT(45), WALK_READ, WALK_OK, 0 },
	{ "execute-only", 1, R | W | X, X | WB, WALK_EXEC, WALK_OK, 0 },
	{ "ignored bits of a leaf", 1, R | W | X, R | WB | BIT(6) | PS | BIT(10) | BIT(11) |
	  (u64)0xfff << 52, WALK_READ, WALK_OK, 0 },
	{ "ignored bits of table entries", 1, R | W | X | A | BIT(9) | BIT(10) | BIT(11) |
	  (u64)0xfff << 52, R | WB, WALK_READ, WALK_OK, 0 },
	{ "a 2M leaf", 2, R | W | X, R | W | X | WB | PS, WALK_WRITE, WALK_OK, 0 },
	{ "a 1G leaf", 3, R | W | X, R | W | X | WB | PS, WALK_WRITE, WALK_OK, 0 },
};

static void an_ept_walk_ends_as_the_manual_says(void **state)
{
	const struct ept_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	struct tables t = tables_of(row->nonleaf, row->last, row->lowest);
	struct walk w;

	if (!row->last)
		t.level[row->lowest] = 0;
	build(m, &t);
	w = walk(m, row->access);

	assert_int_equal(w.result, row->result);
	assert_true(w.qualification == row->qualification);

	machine_free(m);
}

static void a_walk_of_a_4k_leaf_gives_its_frame_and_gfn(void **state)
{
	struct machine *m = *state;
	struct tables t = tables_of(R | W | X, R | W | X | WB, 1);
	struct walk w;

	build(m, &t);
	w = walk(m, WALK_READ);

	assert_int_equal(w.level, 1);
	assert_true(w.pfn == FRAME);
	assert_true(w.first == GFN);
}

static void a_walk_of_a_huge_leaf_gives_the_first_of_its_range(void **state)
{
	for (unsigned level = 2; level <= 3; level++) {
		struct machine *m = *state;
		struct tables t = tables_of(R | W | X, R | W | X | WB | PS, level);
		struct walk w;

		build(m, &t);
		w = walk(m, WALK_READ);

		assert_int_equal(w.level, level);
		assert_true(w.pfn == FRAME);
		assert_true(w.first == (GFN & ~(level_pages(level) - 1)));
	}
}

static void rights_are_those_that_all_levels_give(void **state)
{
	static const struct { u64 nonleaf, leaf; bool writable, executable; } rows[] = {
		{ R | W | X, R | W | X, true, true },
		{ R | W | X, R | X, false, true },
		{ R | W | X, R | W, true, false },
		{ R | X, R | W | X, false, true },
		{ R, R | W | X, false, false },
	};
	struct machine *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tables t = tables_of(rows[i].nonleaf, rows[i].leaf | WB, 1);
		struct walk w;

		build(m, &t);
		w = walk(m, WALK_READ);

		assert_int_equal(w.writable, rows[i].writable);
		assert_int_equal(w.executable, rows[i].executable);
	}
}

static u64 entry_at(struct machine *m, unsigned level)
{
	static const pfn_t table[] = { 0, TABLE1, TABLE2, TABLE3, TABLE4 };

	return pt_entry(m, table[level], GFN, level);
}

static void a_read_sets_a_at_every_level_and_no_d(void **state)
{
	struct machine *m = *state;
	struct tables t = tables_of(R | W | X, R | W | X | WB, 1);
	struct walk w;

	build(m, &t);
	w = walk(m, WALK_READ);

	for (unsigned level = 1; level <= 4; level++)
		assert_true(entry_at(m, level) == (t.level[level] | A));
	assert_false(w.dirty);
}

static void a_write_sets_d_in_the_leaf_alone(void **state)
{
	struct machine *m = *state;

	for (unsigned lowest = 1; lowest <= 3; lowest++) {
		struct tables t = tables_of(R | W | X, R | W | X | WB | (lowest > 1 ? PS : 0),
					    lowest);
		struct walk w;

		build(m, &t);
		w = walk(m, WALK_WRITE);

		assert_true(entry_at(m, lowest) == (t.level[lowest] | A | D));
		for (unsigned level = lowest + 1; level <= 4; level++)
			assert_true(entry_at(m, level) == (t.level[level] | A));
		assert_true(w.dirty);
	}
}

static void a_read_through_a_dirty_leaf_is_dirty(void **state)
{
	struct machine *m = *state;
	struct tables t = tables_of(R | W | X | A, R | W | X | WB | A | D, 1);

	build(m, &t);

	assert_true(walk(m, WALK_READ).dirty);
	assert_true(entry_at(m, 1) == t.level[1]);
}

static void without_ad_bits_no_entry_changes_and_every_walk_counts_as_dirty(void **state)
{
	struct machine *m = machine_new("v6.1", EPT_WITHOUT_AD);
	struct tables t = tables_of(R | W | X, R | W | X | WB, 1);

	(void)state;
	build(m, &t);

	assert_true(walk(m, WALK_READ).dirty);
	assert_true(walk(m, WALK_WRITE).dirty);
	for (unsigned level = 1; level <= 4; level++)
		assert_true(entry_at(m, level) == t.level[level]);

	machine_free(m);
}

static void a_refused_write_sets_no_d(void **state)
{
	struct machine *m = *state;
	struct tables t = tables_of(R | W | X, R | X | WB, 1);

	build(m, &t);
	walk(m, WALK_WRITE);

	assert_false(entry_at(m, 1) & D);
}

/* ---- NPT ---- */

#define P	1
#define U	4
#define NX	BIT(63)

/* Bits of the error code, less P where the two differ: see below. */
static const struct npt_row {
	const char *name;
	unsigned lowest;
	u64 nonleaf, last;
	unsigned access;
	enum walk_result result;
	u64 code;
} npt_faults[] = {
	{ "read of nothing (recorded)", 1, P | W | U, 0, WALK_READ, WALK_VIOLATION, 0x100000004 },
	{ "write to nothing (recorded)", 1, P | W | U, 0, WALK_WRITE, WALK_VIOLATION,
	  0x100000006 },
	{ "fetch from nothing (recorded)", 1, P | W | U, 0, WALK_EXEC, WALK_VIOLATION,
	  0x100000014 },
	{ "write to a read-only leaf (recorded)", 1, P | W | U, P | U, WALK_WRITE,
	  WALK_VIOLATION, 0x100000007 },
	{ "write to a read-only 2M leaf", 2, P | W | U, P | U | PS, WALK_WRITE, WALK_VIOLATION,
	  0x100000007 },
	{ "write below read-only tables", 1, P | U, P | W | U, WALK_WRITE, WALK_VIOLATION,
	  0x100000007 },
	{ "fetch from a leaf with NX", 1, P | W | U, NX | P | W | U, WALK_EXEC, WALK_VIOLATION,
	  0x100000015 },
	{ "fetch below tables with NX", 1, NX | P | W | U, P | W | U, WALK_EXEC, WALK_VIOLATION,
	  0x100000015 },
	{ "read of a supervisor page: nested walks are the user's", 1, P | W | U, P | W,
	  WALK_READ, WALK_VIOLATION, 0x100000005 },
	{ "read of the non-present value with bit 63", 1, P | W | U, BIT(63), WALK_READ,
	  WALK_VIOLATION, 0x100000004 },
	{ "read below a top-level entry that is not there", 4, 0, 0, WALK_READ, WALK_VIOLATION,
	  0x100000004 },
};

static void an_npt_walk_faults_as_the_manual_says(void **state)
{
	const struct npt_row *row = *state;
	struct machine *m = machine_new("v6.1", NPT);
	struct tables t = tables_of(row->nonleaf, row->last, row->lowest);
	struct walk w;

	if (!row->last || row->last == BIT(63))
		t.level[row->lowest] = row->last;
	build(m, &t);
	w = walk(m, row->access);

	assert_int_equal(w.result, row->result);
	assert_true(w.qualification == row->code);

	machine_free(m);
}

static const struct npt_row npt_legal[] = {
	{ "read of a read-only leaf", 1, P | W | U, P | U, WALK_READ, WALK_OK, 0 },
	{ "fetch from a read-only leaf", 1, P | W | U, P | U, WALK_EXEC, WALK_OK, 0 },
	{ "read of a leaf with NX", 1, P | W | U, NX | P | U, WALK_READ, WALK_OK, 0 },
	{ "write to a leaf with NX", 1, P | W | U, NX | P | W | U, WALK_WRITE, WALK_OK, 0 },
	{ "bits for software", 1, P | W | U | (u64)7 << 9, P | W | U | (u64)7 << 9 | BIT(59),
	  WALK_WRITE, WALK_OK, 0 },
	{ "bit 45 of the address", 1, P | W | U, P | U | BIT(45), WALK_READ, WALK_OK, 0 },
	{ "PAT of a 2M leaf: bit 12", 2, P | W | U, P | U | PS | BIT(12), WALK_READ, WALK_OK, 0 },
};

/*
 * Reserved bits: RSV is set, and P as in every fault of an entry that is there. (The recordings
 * have it clear, 0x10000000c: an emulator's processor.)
 */
static const struct npt_row npt_reserved[] = {
	{ "KVM's MMIO value, read", 1, P | W | U, BIT(51) | 7, WALK_READ, WALK_MISCONFIG,
	  0x10000000d },
	{ "KVM's MMIO value, written", 1, P | W | U, BIT(51) | 7, WALK_WRITE, WALK_MISCONFIG,
	  0x10000000f },
	{ "bit 46: the processor's width is 46", 1, P | W | U, P | U | BIT(46), WALK_READ,
	  WALK_MISCONFIG, 0x10000000d },
	{ "an address above the processor's width in a table entry", 1, P | W | U | BIT(51),
	  P | W | U, WALK_READ, WALK_MISCONFIG, 0x10000000d },
	{ "PS in a top-level entry", 4, 0, P | W | U | PS, WALK_READ, WALK_MISCONFIG,
	  0x10000000d },
	{ "bit 8 of a top-level entry", 4, 0, P | W | U | BIT(8), WALK_READ, WALK_MISCONFIG,
	  0x10000000d },
	{ "bit 13 of a 2M leaf's address", 2, P | W | U, P | W | U | PS | BIT(13), WALK_READ,
	  WALK_MISCONFIG, 0x10000000d },
	{ "bit 29 of a 1G leaf's address", 3, P | W | U, P | W | U | PS | BIT(29), WALK_READ,
	  WALK_MISCONFIG, 0x10000000d },
};

static void an_npt_walk_gives_rights_frame_and_gfn(void **state)
{
	struct machine *m = machine_new("v6.1", NPT);

	(void)state;
	for (unsigned level = 1; level <= 3; level++) {
		u64 size = level > 1 ? PS : 0;
		struct tables t = tables_of(P | W | U, NX | P | W | U | size, level);
		struct walk w;

		build(m, &t);
		w = walk(m, WALK_WRITE);

		assert_int_equal(w.result, WALK_OK);
		assert_int_equal(w.level, level);
		assert_true(w.writable);
		assert_false(w.executable);
		assert_true(w.pfn == FRAME);
		assert_true(w.first == (GFN & ~(level_pages(level) - 1)));
	}

	machine_free(m);
}

static void an_npt_read_sets_a_at_every_level_and_a_write_d_in_the_leaf(void **state)
{
	struct machine *m = machine_new("v6.1", NPT);
	struct tables t = tables_of(P | W | U, P | W | U, 1);

	(void)state;
	build(m, &t);
	assert_false(walk(m, WALK_READ).dirty);
	for (unsigned level = 1; level <= 4; level++)
		assert_true(entry_at(m, level) == (t.level[level] | BIT(5)));
	assert_true(walk(m, WALK_WRITE).dirty);

	assert_true(entry_at(m, 1) == (t.level[1] | BIT(5) | BIT(6)));
	for (unsigned level = 2; level <= 4; level++)
		assert_true(entry_at(m, level) == (t.level[level] | BIT(5)));

	machine_free(m);
}

/* What KVM writes as non-present, frozen or MMIO must never translate. */
static void no_processor_walks_through_what_kvm_calls_not_present(void **state)
{
	static const char *const names[] = { "v5.12", "v6.1", "v6.12", "v7.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (enum stage2_of stage2 = EPT; stage2 <= NPT; stage2++) {
			struct machine *m = machine_new(names[i], stage2);
			const struct spte_format *f = spte_format_of(m);
			u64 mmio = spte_make_mmio(f, 0x10000, 2, true);
			struct tables t = tables_of(spte_make_nonleaf(f, 0, stage2 == EPT), 0, 1);

			t.level[1] = f->nonpresent;
			build(m, &t);
			assert_int_equal(walk(m, WALK_READ).result, WALK_VIOLATION);
			t.level[1] = f->frozen;
			build(m, &t);
			assert_int_equal(walk(m, WALK_READ).result, WALK_VIOLATION);
			t.level[1] = mmio;
			build(m, &t);
			assert_int_equal(walk(m, WALK_READ).result, WALK_MISCONFIG);
			machine_free(m);
		}
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, an_ept_walk_ends_as_the_manual_says, violations);
	LIST_ROWS_AS(&list, "an_ept_entry_is_misconfigured",
		     an_ept_walk_ends_as_the_manual_says, misconfigurations);
	LIST_ROWS_AS(&list, "an_ept_entry_is_legal",
		     an_ept_walk_ends_as_the_manual_says, legal);
	LIST_MACHINE_TEST(&list, a_walk_of_a_4k_leaf_gives_its_frame_and_gfn);
	LIST_MACHINE_TEST(&list, a_walk_of_a_huge_leaf_gives_the_first_of_its_range);
	LIST_MACHINE_TEST(&list, rights_are_those_that_all_levels_give);
	LIST_MACHINE_TEST(&list, a_read_sets_a_at_every_level_and_no_d);
	LIST_MACHINE_TEST(&list, a_write_sets_d_in_the_leaf_alone);
	LIST_MACHINE_TEST(&list, a_read_through_a_dirty_leaf_is_dirty);
	LIST_TEST(&list, without_ad_bits_no_entry_changes_and_every_walk_counts_as_dirty);
	LIST_MACHINE_TEST(&list, a_refused_write_sets_no_d);
	LIST_ROWS(&list, an_npt_walk_faults_as_the_manual_says, npt_faults);
	LIST_ROWS_AS(&list, "an_npt_entry_has_reserved_bits",
		     an_npt_walk_faults_as_the_manual_says, npt_reserved);
	LIST_ROWS_AS(&list, "an_npt_entry_is_legal",
		     an_npt_walk_faults_as_the_manual_says, npt_legal);
	LIST_TEST(&list, an_npt_walk_gives_rights_frame_and_gfn);
	LIST_TEST(&list, an_npt_read_sets_a_at_every_level_and_a_write_d_in_the_leaf);
	LIST_TEST(&list, no_processor_walks_through_what_kvm_calls_not_present);
	return list_run(&list, "walker");
}
