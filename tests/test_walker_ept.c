// SPDX-License-Identifier: GPL-2.0-only
/*
 * EPT of any processor over tables made by hand: every combination that is a misconfiguration or a
 * violation, at every level, and each bit of the exit qualification.
 *
 * Intel SDM vol. 3C, 29.3.2, 29.3.3, 29.3.5, tables 28-7 and 29-1 to 29-7.
 */
#include "model/pgtable.h"
#include "model/walker.h"
#include "tests/support.h"

enum { TABLES = 0x100, FRAME = 0x40000 };	/* the table of level n is TABLES + n */

#define GFN	((u64)2 << 36 | (u64)3 << 27 | (u64)5 << 18 | (u64)7 << 9 | 9)

#define R	1
#define W	2
#define X	4
#define WB	(6 << 3)
#define IPAT	BIT(6)
#define PS	BIT(7)
#define A	BIT(8)
#define D	BIT(9)
#define XU	BIT(10)

static struct ept_processor processor_now(void)
{
	return (struct ept_processor){ .levels = 4, .physical_bits = 46, .ad = true,
				       .execute_only = true, .gigantic = true };
}

static struct ept_access access_to(unsigned rights)
{
	return (struct ept_access){ .rights = rights, .linear_valid = true, .final = true };
}

static u64 load(struct machine *m, unsigned level)
{
	return m->phys->load(m->phys, TABLES + level, GFN >> (9 * (level - 1)) & 511);
}

static void store(struct machine *m, unsigned level, u64 entry)
{
	m->phys->store(m->phys, TABLES + level, GFN >> (9 * (level - 1)) & 511, entry);
}

/* Entries of @nonleaf's bits from the top down to @lowest, which has @entry, address and all. */
static void build(struct machine *m, unsigned lowest, u64 nonleaf, u64 entry)
{
	for (unsigned level = 5; level > lowest; level--)
		store(m, level, (u64)(TABLES + level - 1) << PAGE_SHIFT | nonleaf);
	store(m, lowest, entry);
}

static struct walk walk(struct machine *m, const struct ept_processor *cpu, unsigned rights)
{
	struct ept_access access = access_to(rights);

	return ept_walk(m->phys, cpu, TABLES + cpu->levels, GFN, &access);
}

static u64 leaf_of(unsigned level)
{
	return (u64)FRAME << PAGE_SHIFT | R | W | X | WB | (level > 1 ? PS : 0);
}

/* ---- the permission bits of one entry: all eight ---- */

static enum walk_result verdict(unsigned entry, unsigned wanted, bool execute_only)
{
	if (!entry)
		return WALK_VIOLATION;
	if (!(entry & R) && ((entry & W) || !execute_only))
		return WALK_MISCONFIG;
	return wanted & ~entry ? WALK_VIOLATION : WALK_OK;
}

static void any_permissions_of_an_entry_give_the_manuals_verdict(void **state)
{
	struct machine *m = *state;

	for (unsigned all = 0; all < 8 * 3 * 2 * 4; all++) {
		unsigned entry = all & 7, wanted = 1 << all / 8 % 3, level = 1 + all / 48;
		struct ept_processor cpu = processor_now();
		struct walk w;

		cpu.execute_only = all / 24 & 1;
		if (level < 4)
			build(m, level, R | W | X, (leaf_of(level) & ~(u64)7) | entry);
		else {	/* no leaf: the table entry at the top is what is looked at */
			build(m, 1, R | W | X, leaf_of(1));
			store(m, 4, (u64)(TABLES + 3) << PAGE_SHIFT | entry);
		}
		w = walk(m, &cpu, wanted);

		assert_int_equal(w.result, verdict(entry, wanted, cpu.execute_only));
		assert_true(w.result != WALK_VIOLATION ||
			    w.qualification == (0x180 | entry << 3 | wanted));
	}
}

/* ---- reserved bits ---- */

/* By level, of entries that are no leaf and of leaves: bits 0 to 11, then the address. */
static const struct reserved_row {
	const char *name;
	unsigned level;
	bool leaf;
	u64 reserved;
} reserved_bits[] = {
	{ "a PML5 entry", 5, false, 0xf8 },
	{ "a PML4 entry", 4, false, 0xf8 },
	{ "a PDPTE that leads to a table", 3, false, 0x78 },
	{ "a PDE that leads to a table", 2, false, 0x78 },
	{ "a 1G leaf", 3, true, 0x3ffff000 },
	{ "a 2M leaf", 2, true, 0x1ff000 },
	{ "a 4K leaf", 1, true, 0 },
};

static void each_reserved_bit_of_an_entry_is_a_misconfiguration_and_no_other_is(void **state)
{
	const struct reserved_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);

	for (unsigned width = 36; width <= 52; width += 8)
		for (unsigned bit = 3; bit < 64; bit++) {
			struct ept_processor cpu = processor_now();
			u64 high = BIT(52) - BIT(width), entry;
			bool misconfigured = (row->reserved | high) & BIT(bit);

			cpu.levels = 5;
			cpu.physical_bits = width;
			/* PS, where it is allowed, makes another entry of it; 5:3 is no bit set */
			if (row->leaf ? bit < 6 || bit == 7 : bit == 7 && row->level < 4)
				continue;
			build(m, 1, R | W | X, leaf_of(1));
			entry = row->leaf ? leaf_of(row->level) : load(m, row->level);
			store(m, row->level, entry | BIT(bit));

			if (misconfigured)
				assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_MISCONFIG);
			else if (row->leaf || bit < 12 || bit > 51)
				assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_OK);
		}

	machine_free(m);
}

static void memory_types_2_3_and_7_of_a_leaf_are_misconfigurations(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	for (unsigned level = 1; level <= 3; level++)
		for (unsigned type = 0; type < 8; type++) {
			bool bad = type == 2 || type == 3 || type == 7;

			for (unsigned ipat = 0; ipat < 2; ipat++) {
				build(m, level, R | W | X, (leaf_of(level) & ~(u64)WB) |
				      type << 3 | (ipat ? IPAT : 0));
				assert_int_equal(walk(m, &cpu, WALK_READ).result,
						 bad ? WALK_MISCONFIG : WALK_OK);
			}
		}
}

static void a_1g_leaf_needs_a_processor_that_has_them(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	build(m, 3, R | W | X, leaf_of(3));
	assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_OK);
	cpu.gigantic = false;

	assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_MISCONFIG);
	build(m, 2, R | W | X, leaf_of(2));
	assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_OK);
}

static void what_is_not_present_cannot_be_misconfigured(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	for (unsigned level = 1; level <= 4; level++) {
		build(m, level, R | W | X, ~(u64)7);
		assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_VIOLATION);
	}
}

static void a_misconfiguration_comes_before_a_violation_higher_up(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	build(m, 1, R, W | X);	/* tables that forbid the write, KVM's MMIO value below */

	assert_int_equal(walk(m, &cpu, WALK_WRITE).result, WALK_MISCONFIG);
	assert_true(walk(m, &cpu, WALK_WRITE).qualification == 0);
}

/* ---- 5 levels ---- */

static void five_levels_are_walked_and_marked_from_the_pml5_down(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();
	struct walk w;

	cpu.levels = 5;
	for (unsigned lowest = 1; lowest <= 3; lowest++) {
		build(m, lowest, R | W | X, leaf_of(lowest));
		w = walk(m, &cpu, WALK_WRITE);

		assert_int_equal(w.result, WALK_OK);
		assert_int_equal(w.level, lowest);
		assert_true(w.pfn == FRAME);
		assert_true(w.first == (GFN & ~(level_pages(lowest) - 1)));
		assert_true(load(m, lowest) == (leaf_of(lowest) | A | D));
		for (unsigned level = lowest + 1; level <= 5; level++)
			assert_true((load(m, level) & (A | D)) == A);
	}
}

static void four_levels_never_look_at_a_pml5(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	build(m, 1, R | W | X, leaf_of(1));
	store(m, 5, 0);
	assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_OK);
	cpu.levels = 5;

	assert_int_equal(walk(m, &cpu, WALK_READ).result, WALK_VIOLATION);
}

static void rights_of_the_pml5_entry_count(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	cpu.levels = 5;
	build(m, 1, R | W | X, leaf_of(1));
	store(m, 5, load(m, 5) & ~(u64)W);

	assert_true(walk(m, &cpu, WALK_WRITE).qualification == 0x1aa);
}

/* ---- mode-based execute control ---- */

static const struct mode_row {
	const char *name;
	bool mode_based, user;
	u64 table, leaf;	/* permissions */
	unsigned rights;
	enum walk_result result;
	u64 qualification;
} modes[] = {
	{ "user fetch of X and XU", true, true, R | X | XU, R | X | XU, WALK_EXEC, WALK_OK, 0 },
	{ "supervisor fetch of X and XU", true, false, R | X | XU, R | X | XU, WALK_EXEC, WALK_OK,
	  0 },
	{ "user fetch of X alone", true, true, R | X | XU, R | X, WALK_EXEC, WALK_VIOLATION,
	  0x1ac },
	{ "supervisor fetch of X alone", true, false, R | X | XU, R | X, WALK_EXEC, WALK_OK, 0 },
	{ "user fetch of XU alone", true, true, R | X | XU, R | XU, WALK_EXEC, WALK_OK, 0 },
	{ "supervisor fetch of XU alone", true, false, R | X | XU, R | XU, WALK_EXEC,
	  WALK_VIOLATION, 0x1cc },
	{ "supervisor fetch of XU alone below tables without XU", true, false, R | X, R | XU,
	  WALK_EXEC, WALK_VIOLATION, 0x18c },
	{ "user fetch below tables without XU", true, true, R | X, R | X | XU, WALK_EXEC,
	  WALK_VIOLATION, 0x1ac },
	{ "user read of XU alone: present", true, true, R | X | XU, XU, WALK_READ, WALK_VIOLATION,
	  0x1c1 },
	{ "user fetch of XU alone, execute-only", true, true, R | X | XU, XU, WALK_EXEC, WALK_OK,
	  0 },
	{ "W and XU without R", true, true, R | X | XU, W | XU, WALK_READ, WALK_MISCONFIG, 0 },
	{ "write to what both may execute", true, true, R | X | XU, R | X | XU, WALK_WRITE,
	  WALK_VIOLATION, 0x1ea },
	{ "user fetch of X alone, control off", false, true, R | X, R | X, WALK_EXEC, WALK_OK, 0 },
	{ "user fetch of XU alone, control off", false, true, R | X | XU, R | XU, WALK_EXEC,
	  WALK_VIOLATION, 0x18c },
	{ "XU alone is not present, control off", false, true, R | X | XU, XU, WALK_EXEC,
	  WALK_VIOLATION, 0x184 },
};

static void mode_based_execute_control_has_x_for_each_mode(void **state)
{
	const struct mode_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	struct ept_processor cpu = processor_now();
	struct ept_access access = access_to(row->rights);
	struct walk w;

	cpu.mode_based = row->mode_based;
	access.user = row->user;
	build(m, 1, row->table, (leaf_of(1) & ~(u64)7) | row->leaf);
	w = ept_walk(m->phys, &cpu, TABLES + 4, GFN, &access);

	assert_int_equal(w.result, row->result);
	assert_true(w.qualification == row->qualification);
	if (w.result == WALK_OK && row->rights == WALK_EXEC)
		assert_true(w.executable);

	machine_free(m);
}

static void without_execute_only_support_xu_alone_is_a_misconfiguration(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	cpu.mode_based = true;
	cpu.execute_only = false;
	build(m, 1, R | W | X | XU, (leaf_of(1) & ~(u64)7) | XU);
	assert_int_equal(walk(m, &cpu, WALK_EXEC).result, WALK_MISCONFIG);
	cpu.mode_based = false;

	assert_int_equal(walk(m, &cpu, WALK_EXEC).result, WALK_VIOLATION);
}

/* ---- the exit qualification, bits 7 and up ---- */

static const struct qualification_row {
	const char *name;
	struct ept_access access;
	bool advanced;
	u64 qualification;
} qualifications[] = {
	{ "final access", { .rights = WALK_READ, .linear_valid = true, .final = true }, false,
	  0x181 },
	{ "no linear address", { .rights = WALK_READ }, false, 0x003 },
	{ "bit 8 needs a linear address", { .rights = WALK_READ, .final = true }, false, 0x001 },
	{ "the guest's tables, for a read: read and written",
	  { .rights = WALK_READ, .linear_valid = true }, false, 0x083 },
	{ "the guest's tables, for a fetch: no fetch",
	  { .rights = WALK_EXEC, .linear_valid = true }, false, 0x083 },
	{ "user-mode, no advanced information",
	  { .rights = WALK_WRITE, .linear_valid = true, .final = true, .user = true,
	    .writable = true, .execute_disable = true }, false, 0x182 },
	{ "user-mode", { .rights = WALK_WRITE, .linear_valid = true, .final = true, .user = true },
	  true, 0x382 },
	{ "writable", { .rights = WALK_WRITE, .linear_valid = true, .final = true,
			.writable = true }, true, 0x582 },
	{ "execute-disable", { .rights = WALK_WRITE, .linear_valid = true, .final = true,
			       .execute_disable = true }, true, 0x982 },
	{ "advanced information is about final accesses alone",
	  { .rights = WALK_READ, .linear_valid = true, .user = true, .writable = true,
	    .execute_disable = true }, true, 0x083 },
	{ "unpaged: user-mode, writable", { .rights = WALK_READ, .linear_valid = true,
					    .final = true, .user = true, .writable = true },
	  true, 0x781 },
	{ "an IRET had unblocked NMIs", { .rights = WALK_READ, .linear_valid = true,
					  .final = true, .iret = true }, false, 0x1181 },
};

static void a_violation_is_qualified_as_the_table_says(void **state)
{
	const struct qualification_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	struct ept_processor cpu = processor_now();

	cpu.advanced = row->advanced;
	build(m, 1, R | W | X, 0);

	assert_true(ept_walk(m->phys, &cpu, TABLES + 4, GFN, &row->access).qualification ==
		    row->qualification);

	machine_free(m);
}

static void permissions_are_0_if_any_entry_is_not_present_whatever_the_others_give(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();

	for (unsigned level = 1; level <= 4; level++) {
		build(m, level, R | W | X, 0);
		assert_true(walk(m, &cpu, WALK_WRITE).qualification == 0x182);
	}
}

/* SDM 29.3.5: with A and D in use, a walk of the guest's tables writes them. */
static void the_guests_own_tables_are_written_where_a_and_d_are_in_use(void **state)
{
	struct machine *m = *state;
	struct ept_processor cpu = processor_now();
	struct ept_access access = { .rights = WALK_READ, .linear_valid = true };

	build(m, 1, R | W | X, leaf_of(1));
	assert_int_equal(ept_walk(m->phys, &cpu, TABLES + 4, GFN, &access).result, WALK_OK);
	assert_true(load(m, 1) == (leaf_of(1) | A | D));

	build(m, 1, R | W | X, leaf_of(1) & ~(u64)W);
	assert_true(ept_walk(m->phys, &cpu, TABLES + 4, GFN, &access).qualification == 0xab);
	cpu.ad = false;
	assert_int_equal(ept_walk(m->phys, &cpu, TABLES + 4, GFN, &access).result, WALK_OK);
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, any_permissions_of_an_entry_give_the_manuals_verdict);
	LIST_ROWS(&list, each_reserved_bit_of_an_entry_is_a_misconfiguration_and_no_other_is,
		  reserved_bits);
	LIST_MACHINE_TEST(&list, memory_types_2_3_and_7_of_a_leaf_are_misconfigurations);
	LIST_MACHINE_TEST(&list, a_1g_leaf_needs_a_processor_that_has_them);
	LIST_MACHINE_TEST(&list, what_is_not_present_cannot_be_misconfigured);
	LIST_MACHINE_TEST(&list, a_misconfiguration_comes_before_a_violation_higher_up);
	LIST_MACHINE_TEST(&list, five_levels_are_walked_and_marked_from_the_pml5_down);
	LIST_MACHINE_TEST(&list, four_levels_never_look_at_a_pml5);
	LIST_MACHINE_TEST(&list, rights_of_the_pml5_entry_count);
	LIST_ROWS(&list, mode_based_execute_control_has_x_for_each_mode, modes);
	LIST_MACHINE_TEST(&list, without_execute_only_support_xu_alone_is_a_misconfiguration);
	LIST_ROWS(&list, a_violation_is_qualified_as_the_table_says, qualifications);
	LIST_MACHINE_TEST(&list,
			  permissions_are_0_if_any_entry_is_not_present_whatever_the_others_give);
	LIST_MACHINE_TEST(&list, the_guests_own_tables_are_written_where_a_and_d_are_in_use);
	return list_run(&list, "walker_ept");
}
