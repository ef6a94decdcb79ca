// SPDX-License-Identifier: GPL-2.0-only
/* gfn to hva and back, what a read-only or invalid slot answers, and the dirty bitmap. */
#include "model/memslot.h"
#include "tests/support.h"

enum { GFN = 0x200, PAGES = 16, ID = 3 };

#define HVA	((hva_t)0x7f0000000000)

static void memslot_of_gfn_finds_the_row_by_its_first_and_last_gfn(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, PAGES, HVA, 0);

	assert_int_equal(memslot_of_gfn(m, GFN), row);
	assert_int_equal(memslot_of_gfn(m, GFN + PAGES - 1), row);
	assert_int_equal(memslot_of_gfn(m, GFN - 1), NO_SLOT);
	assert_int_equal(memslot_of_gfn(m, GFN + PAGES), NO_SLOT);
}

static void memslot_of_gfn_tells_neighbours_apart(void **state)
{
	struct machine *m = *state;
	int low = add_slot(m, 1, GFN, PAGES, HVA, 0);
	int high = add_slot(m, 2, GFN + PAGES, PAGES, HVA, 0);

	assert_int_equal(memslot_of_gfn(m, GFN + PAGES - 1), low);
	assert_int_equal(memslot_of_gfn(m, GFN + PAGES), high);
}

static void memslot_of_gfn_finds_an_invalid_slot_too(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, PAGES, HVA, KVM_MEMSLOT_INVALID);

	assert_int_equal(memslot_of_gfn(m, GFN), row);
}

static void memslot_of_gfn_passes_over_rows_that_are_not_in_use(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, PAGES, HVA, 0);

	m->w->kvm.slots[row].flags = 0;

	assert_int_equal(memslot_of_gfn(m, GFN), NO_SLOT);
}

static void memslot_of_id_finds_a_row_in_use(void **state)
{
	struct machine *m = *state;
	int zero = add_slot(m, 0, 0, 1, HVA, 0), row = add_slot(m, ID, GFN, PAGES, HVA, 0);

	assert_int_equal(memslot_of_id(m, ID), row);
	assert_int_equal(memslot_of_id(m, 0), zero);
	assert_int_equal(memslot_of_id(m, 7), NO_SLOT);
}

/* A row that is not in use is all zeros, and so has id 0. */
static void memslot_of_id_does_not_take_an_unused_row_for_slot_0(void **state)
{
	struct machine *m = *state;

	assert_int_equal(memslot_of_id(m, 0), NO_SLOT);
}

static void memslot_row_is_the_slot_as_set(void **state)
{
	struct machine *m = *state;
	const struct memslot *slot = memslot_row(m, add_slot(m, ID, GFN, PAGES, HVA, 0));

	assert_int_equal(slot->id, ID);
	assert_int_equal(slot->base_gfn, GFN);
	assert_int_equal(slot->npages, PAGES);
	assert_true(slot->userspace_addr == HVA);
}

static void memslot_is_asks_for_all_flags_and_no_slot_has_none(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, PAGES, HVA, KVM_MEM_READONLY);

	assert_true(memslot_is(m, row, KVM_MEM_READONLY));
	assert_false(memslot_is(m, row, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES));
	assert_false(memslot_is(m, NO_SLOT, KVM_MEM_READONLY));
}

/* __gfn_to_hva_many(); PAGE_OFFSET of x86-64 with four levels */
static const struct hva_row {
	const char *name;
	u16 flags;
	bool write;
	hva_t hva;
} hvas[] = {
	{ "read", 0, false, 0x7f0000005000 },
	{ "write", 0, true, 0x7f0000005000 },
	{ "read of a read-only slot", KVM_MEM_READONLY, false, 0x7f0000005000 },
	{ "write to a read-only slot", KVM_MEM_READONLY, true, 0xffff888000001000 },
	{ "read of an invalid slot", KVM_MEMSLOT_INVALID, false, 0xffff888000000000 },
	{ "write to an invalid read-only slot", KVM_MEMSLOT_INVALID | KVM_MEM_READONLY, true,
	  0xffff888000000000 },
};

static void memslot_hva_answers_as_gfn_to_hva_many(void **state)
{
	const struct hva_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	int slot = add_slot(m, ID, GFN, PAGES, HVA, row->flags);

	assert_true(memslot_hva(m, slot, GFN + 5, row->write) == row->hva);
	assert_int_equal(is_error_hva(row->hva), row->hva >> 63);

	machine_free(m);
}

static void memslot_hva_without_a_slot_is_bad(void **state)
{
	struct machine *m = *state;

	assert_true(memslot_hva(m, NO_SLOT, GFN, false) == KVM_HVA_ERR_BAD);
}

/* ---- hva to gfn ---- */

static const struct overlap_row {
	const char *name;
	hva_t start, end;
	bool overlap;
	gfn_t lo, hi;
} overlaps[] = {
	{ "the slot itself", HVA, HVA + 0x10000, true, 0x200, 0x210 },
	{ "all of memory", 0, ~(hva_t)0, true, 0x200, 0x210 },
	{ "one page", HVA + 0x3000, HVA + 0x4000, true, 0x203, 0x204 },
	{ "the last page and more", HVA + 0xf000, HVA + 0x20000, true, 0x20f, 0x210 },
	{ "the first page and what is below it", HVA - 0x5000, HVA + 0x1000, true, 0x200, 0x201 },
	{ "one byte", HVA + 0x3800, HVA + 0x3801, true, 0x203, 0x204 },
	{ "two bytes of two pages", HVA + 0x3fff, HVA + 0x4001, true, 0x203, 0x205 },
	{ "what ends at the slot", HVA - 0x1000, HVA, false, 0, 0 },
	{ "what begins after the slot", HVA + 0x10000, HVA + 0x11000, false, 0, 0 },
	{ "nothing", HVA + 0x3000, HVA + 0x3000, false, 0, 0 },
};

static void memslot_overlap_gives_the_gfns_that_a_range_covers(void **state)
{
	const struct overlap_row *row = *state;
	struct memslot slot = { .base_gfn = GFN, .npages = PAGES, .userspace_addr = HVA,
				.flags = KVM_MEMSLOT_USED };
	gfn_t lo = 0, hi = 0;

	assert_int_equal(memslot_overlap(&slot, row->start, row->end, &lo, &hi), row->overlap);
	assert_true(lo == row->lo);
	assert_true(hi == row->hi);
}

static void memslots_overlap_asks_every_slot(void **state)
{
	const struct overlap_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);

	for (int last = 0; last < MAX_SLOTS; last++) {
		struct memslot slot = { .base_gfn = GFN, .npages = PAGES, .userspace_addr = HVA,
					.flags = KVM_MEMSLOT_USED };

		m->w->kvm.slots[last] = slot;
		assert_int_equal(memslots_overlap(m, row->start, row->end), row->overlap);
		m->w->kvm.slots[last].npages = 0;
	}

	machine_free(m);
}

static void a_row_that_is_not_in_use_overlaps_nothing(void **state)
{
	struct memslot slot = { .npages = PAGES, .userspace_addr = HVA };
	gfn_t lo, hi;

	(void)state;
	assert_false(memslot_overlap(&slot, 0, ~(hva_t)0, &lo, &hi));
}

/* ---- the dirty log ---- */

static void memslot_mark_dirty_sets_the_bit_of_the_page_within_its_slot(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, 200, HVA, KVM_MEM_LOG_DIRTY_PAGES);

	memslot_mark_dirty(m, row, GFN);
	memslot_mark_dirty(m, row, GFN + 63);
	memslot_mark_dirty(m, row, GFN + 64);
	memslot_mark_dirty(m, row, GFN + 199);

	assert_true(memslot_dirty_word(m, row, 0) == (BIT(0) | BIT(63)));
	assert_true(memslot_dirty_word(m, row, 1) == BIT(0));
	assert_true(memslot_dirty_word(m, row, 2) == 0);
	assert_true(memslot_dirty_word(m, row, 3) == BIT(199 - 192));
}

static void memslot_mark_dirty_does_nothing_unless_the_slot_logs(void **state)
{
	struct machine *m = *state;
	int row = add_slot(m, ID, GFN, PAGES, HVA, 0);

	memslot_mark_dirty(m, row, GFN);
	memslot_mark_dirty(m, NO_SLOT, GFN);

	assert_true(memslot_dirty_word(m, row, 0) == 0);
}

static void dirty_words_of_two_slots_and_of_a_large_one_are_apart(void **state)
{
	struct machine *m = *state;
	u64 last = 4 * WORDS_PER_PAGE - 1;
	int one = add_slot(m, 1, 0, 64 * (last + 1), HVA, 0);
	int two = add_slot(m, 2, 0x1000000, 64 * (last + 1), HVA, 0);

	for (u64 word = 0; word <= last; word += WORDS_PER_PAGE - 1) {
		memslot_set_dirty_word(m, one, word, word + 1);
		memslot_set_dirty_word(m, two, word, ~word);
	}

	for (u64 word = 0; word <= last; word += WORDS_PER_PAGE - 1) {
		assert_true(memslot_dirty_word(m, one, word) == word + 1);
		assert_true(memslot_dirty_word(m, two, word) == ~word);
	}
}

static void memslot_clear_dirty_empties_one_slots_bitmap(void **state)
{
	struct machine *m = *state;
	u64 last = 2 * WORDS_PER_PAGE;
	int one = add_slot(m, 1, 0, 64 * last + 1, HVA, 0);
	int two = add_slot(m, 2, 0x1000000, 1, HVA, 0);

	memslot_set_dirty_word(m, one, 0, 1);
	memslot_set_dirty_word(m, one, last, 1);
	memslot_set_dirty_word(m, two, 0, 1);
	memslot_clear_dirty(m, one);

	assert_true(memslot_dirty_word(m, one, 0) == 0);
	assert_true(memslot_dirty_word(m, one, last) == 0);
	assert_true(memslot_dirty_word(m, two, 0) == 1);
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, memslot_of_gfn_finds_the_row_by_its_first_and_last_gfn);
	LIST_MACHINE_TEST(&list, memslot_of_gfn_tells_neighbours_apart);
	LIST_MACHINE_TEST(&list, memslot_of_gfn_finds_an_invalid_slot_too);
	LIST_MACHINE_TEST(&list, memslot_of_gfn_passes_over_rows_that_are_not_in_use);
	LIST_MACHINE_TEST(&list, memslot_of_id_finds_a_row_in_use);
	LIST_MACHINE_TEST(&list, memslot_of_id_does_not_take_an_unused_row_for_slot_0);
	LIST_MACHINE_TEST(&list, memslot_row_is_the_slot_as_set);
	LIST_MACHINE_TEST(&list, memslot_is_asks_for_all_flags_and_no_slot_has_none);
	LIST_ROWS(&list, memslot_hva_answers_as_gfn_to_hva_many, hvas);
	LIST_MACHINE_TEST(&list, memslot_hva_without_a_slot_is_bad);
	LIST_ROWS(&list, memslot_overlap_gives_the_gfns_that_a_range_covers, overlaps);
	LIST_ROWS(&list, memslots_overlap_asks_every_slot, overlaps);
	LIST_TEST(&list, a_row_that_is_not_in_use_overlaps_nothing);
	LIST_MACHINE_TEST(&list, memslot_mark_dirty_sets_the_bit_of_the_page_within_its_slot);
	LIST_MACHINE_TEST(&list, memslot_mark_dirty_does_nothing_unless_the_slot_logs);
	LIST_MACHINE_TEST(&list, dirty_words_of_two_slots_and_of_a_large_one_are_apart);
	LIST_MACHINE_TEST(&list, memslot_clear_dirty_empties_one_slots_bitmap);
	return list_run(&list, "memslot");
}
