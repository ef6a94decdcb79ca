// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reference counts of struct pages: which counter each helper works on, what an allocation gives
 * to its tails, what a free gives back, and what is raised when somebody breaks the rules.
 *
 * Linux: include/linux/mm.h, include/linux/page_ref.h, mm/page_alloc.c, mm/swap.c.
 */
#include <string.h>

#include "tests/support.h"

enum { BLOCK = 0x4000, ORDER = 2, PAGES = 1 << ORDER, TAIL = BLOCK + 1, LAST = BLOCK + 3 };

static s32 own_count(struct machine *m, pfn_t pfn)
{
	return page_of(m, pfn)->refcount;
}

static void driver_block(struct machine *m, enum alloc_kind kind)
{
	pages_init(m, kind, BLOCK, ORDER, OWNER_DRIVER);
	forget(m);
}

static unsigned pages_with(struct machine *m, u32 flags)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PAGES; i++)
		n += page_is(m, BLOCK + i, flags);
	return n;
}

/* ---- what a page says of itself ---- */

static void page_of_an_untouched_frame_is_free_and_its_own_head(void **state)
{
	struct machine *m = *state;

	assert_int_equal(page_of(m, 0x7777)->flags, PG_VALID | PG_FREE);
	assert_int_equal(page_of(m, 0x7777)->refcount, 0);
	assert_int_equal(page_head(m, 0x7777), 0x7777);
}

static void page_head_of_a_compound_tail_is_the_first_page(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);

	assert_int_equal(page_head(m, LAST), BLOCK);
	assert_int_equal(page_head(m, BLOCK), BLOCK);
}

static void page_count_of_a_compound_tail_is_its_heads(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);

	assert_int_equal(page_count(m, TAIL), 1);
	assert_int_equal(own_count(m, TAIL), 0);
}

static void page_is_asks_for_all_of_the_flags(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);

	assert_true(page_is(m, BLOCK, PG_VALID | PG_HEAD));
	assert_false(page_is(m, BLOCK, PG_VALID | PG_TAIL));
}

static void page_touch_tells_the_laws(void **state)
{
	struct machine *m = *state;

	page_touch(m, 0x1234);

	assert_true(touched(m, OBJECT_PAGE, 0x1234));
}

/* ---- get and put ---- */

static void page_get_of_a_compound_tail_counts_on_the_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_get(m, TAIL, HOLD_FAULT);

	assert_int_equal(own_count(m, BLOCK), 2);
	assert_int_equal(own_count(m, TAIL), 0);
	assert_int_equal(page_of(m, BLOCK)->held[HOLD_FAULT], 1);
	assert_int_equal(m->nr_alarms, 0);
}

static void page_get_unless_zero_of_a_compound_tail_fails_though_the_head_lives(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);

	assert_false(page_get_unless_zero(m, TAIL, HOLD_FAULT));
	assert_int_equal(own_count(m, BLOCK), 1);
	assert_int_equal(own_count(m, TAIL), 0);
	assert_int_equal(page_of(m, BLOCK)->held[HOLD_FAULT], 0);
}

static void page_get_unless_zero_of_an_uncounted_tail_fails_and_raises_nothing(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);

	assert_false(page_get_unless_zero(m, TAIL, HOLD_FAULT));
	assert_int_equal(own_count(m, TAIL), 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void page_get_unless_zero_counts_on_this_very_page(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_SPLIT);

	assert_true(page_get_unless_zero(m, TAIL, HOLD_FAULT));
	assert_int_equal(own_count(m, TAIL), 2);
	assert_int_equal(own_count(m, BLOCK), 1);
}

static void page_try_get_folio_of_a_compound_tail_counts_on_the_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);

	assert_true(page_try_get_folio(m, TAIL, HOLD_MAP, GUP_PIN_COUNTING_BIAS));
	assert_int_equal(own_count(m, BLOCK), 1 + 1024);
	assert_int_equal(page_of(m, BLOCK)->held[HOLD_MAP], 1024);
	assert_int_equal(own_count(m, TAIL), 0);
}

static void page_try_get_folio_of_a_dead_folio_fails(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);

	assert_false(page_try_get_folio(m, TAIL, HOLD_FAULT, 1));
	assert_int_equal(own_count(m, TAIL), 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void page_put_of_a_compound_tail_counts_on_the_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_get(m, TAIL, HOLD_FAULT);
	page_put(m, LAST, HOLD_FAULT);

	assert_int_equal(own_count(m, BLOCK), 1);
	assert_int_equal(pages_with(m, PG_FREE), 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void page_put_of_the_last_reference_frees_the_page(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_put(m, pfn, HOLD_OWNER);

	assert_true(page_is(m, pfn, PG_FREE));
	assert_int_equal(m->nr_alarms, 0);
}

static void page_put_of_the_last_reference_frees_the_whole_compound_block(void **state)
{
	struct machine *m = *state;

	pages_init(m, ALLOC_COMPOUND, BLOCK, ORDER, OWNER_USER);
	page_put(m, LAST, HOLD_OWNER);

	assert_int_equal(pages_with(m, PG_FREE), PAGES);
	assert_int_equal(pages_with(m, PG_TAIL), 0);
	assert_int_equal(page_head(m, LAST), LAST);
	assert_int_equal(page_of(m, BLOCK)->order, 0);
}

static void page_put_refs_gives_back_a_pin_at_once(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_try_get_folio(m, pfn, HOLD_MAP, GUP_PIN_COUNTING_BIAS);
	page_put_refs(m, pfn, HOLD_MAP, GUP_PIN_COUNTING_BIAS);

	assert_int_equal(own_count(m, pfn), 1);
	assert_int_equal(page_of(m, pfn)->held[HOLD_MAP], 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void page_add_refs_counts_on_this_very_page_for_its_owner(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_add_refs(m, TAIL, 3);
	page_add_refs(m, TAIL, -2);

	assert_int_equal(own_count(m, TAIL), 1);
	assert_int_equal(page_of(m, TAIL)->held[HOLD_OWNER], 1);
	assert_int_equal(own_count(m, BLOCK), 1);
}

static void page_set_count_makes_the_owner_hold_that_many(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_set_count(m, TAIL, 1);
	page_set_count(m, BLOCK, 5);

	assert_int_equal(own_count(m, TAIL), 1);
	assert_int_equal(page_of(m, TAIL)->held[HOLD_OWNER], 1);
	assert_int_equal(own_count(m, BLOCK), 5);
	assert_int_equal(page_of(m, BLOCK)->held[HOLD_OWNER], 5);
}

static void page_hand_over_changes_the_holder_and_no_count(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_hand_over(m, pfn, HOLD_OWNER, HOLD_PTE);

	assert_int_equal(own_count(m, pfn), 1);
	assert_int_equal(page_of(m, pfn)->held[HOLD_OWNER], 0);
	assert_int_equal(page_of(m, pfn)->held[HOLD_PTE], 1);
}

static void page_hand_over_to_a_look_up_is_on_the_account_of_its_task(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_hand_over(m, pfn, HOLD_OWNER, HOLD_FAULT);

	assert_int_equal(m->w->task[0].refs, 1);
}

static void what_a_look_up_holds_is_on_the_account_of_its_task(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	m->task = 2;
	page_get(m, pfn, HOLD_FAULT);
	page_try_get_folio(m, pfn, HOLD_FAULT, 3);
	page_get_unless_zero(m, pfn, HOLD_FAULT);
	page_get(m, pfn, HOLD_PTE);
	assert_int_equal(m->w->task[2].refs, 5);
	page_put(m, pfn, HOLD_FAULT);
	page_hand_over(m, pfn, HOLD_FAULT, HOLD_MAP);
	page_put_refs(m, pfn, HOLD_FAULT, 3);

	assert_int_equal(m->w->task[2].refs, 0);
	assert_int_equal(m->w->task[0].refs, 0);
}

/* ---- the page_ref tracepoints: include/linux/page_ref.h ---- */

struct tracer {
	struct journal journal;
	struct note last, freed[8];
	unsigned nr_freed;
};

static void trace(struct journal *journal, const struct note *note)
{
	struct tracer *tracer = (struct tracer *)journal;

	if (note->kind == NOTE_REF)
		tracer->last = *note;
	if (note->kind == NOTE_FREE && tracer->nr_freed < ARRAY_SIZE(tracer->freed))
		tracer->freed[tracer->nr_freed++] = *note;
}

static void do_get(struct machine *m, pfn_t pfn)
{
	page_get(m, pfn, HOLD_FAULT);
}

static void do_get_unless_zero(struct machine *m, pfn_t pfn)
{
	page_get_unless_zero(m, pfn, HOLD_FAULT);
}

static void do_try_get_folio(struct machine *m, pfn_t pfn)
{
	page_try_get_folio(m, pfn, HOLD_FAULT, 1);
}

static void do_put(struct machine *m, pfn_t pfn)
{
	page_put(m, pfn, HOLD_OWNER);
}

static void do_free(struct machine *m, pfn_t pfn)
{
	pages_free(m, pfn, 0);
}

static void do_add(struct machine *m, pfn_t pfn)
{
	page_add_refs(m, pfn, 2);
}

static void do_set(struct machine *m, pfn_t pfn)
{
	page_set_count(m, pfn, 7);
}

static const struct event_row {
	const char *name;
	void (*act)(struct machine *m, pfn_t pfn);
	s32 before;
	const char *event;
	s64 value;
	bool ret;
	s32 after;
} events[] = {
	{ "get_page", do_get, 1, "page_ref_mod", 1, true, 2 },
	{ "get_page_unless_zero", do_get_unless_zero, 1, "page_ref_mod_unless", 1, true, 2 },
	{ "get_page_unless_zero at 0", do_get_unless_zero, 0, "page_ref_mod_unless", 1, false, 0 },
	{ "folio_try_get", do_try_get_folio, 1, "page_ref_mod_unless", 1, true, 2 },
	{ "folio_try_get at 0", do_try_get_folio, 0, "page_ref_mod_unless", 1, false, 0 },
	{ "put_page", do_put, 2, "page_ref_mod_and_test", -1, false, 1 },
	{ "put_page to 0", do_put, 1, "page_ref_mod_and_test", -1, true, 0 },
	{ "__free_pages of a held page", do_free, 2, "page_ref_mod_and_test", -1, false, 1 },
	{ "__free_pages", do_free, 1, "page_ref_mod_and_test", -1, true, 0 },
	{ "page_ref_add", do_add, 1, "page_ref_mod", 2, true, 3 },
	{ "set_page_count", do_set, 1, "page_ref_set", 7, true, 7 },
};

static void each_primitive_has_its_kernels_tracepoint(void **state)
{
	const struct event_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	struct tracer tracer = { .journal.note = trace };
	pfn_t pfn = user_page(m, 0x5000);

	page_set_count(m, pfn, row->before);
	m->journal = &tracer.journal;
	row->act(m, pfn);

	assert_string_equal(tracer.last.name, row->event);
	assert_int_equal(tracer.last.pfn, pfn);
	assert_int_equal(tracer.last.value, row->value);
	assert_int_equal(tracer.last.ok, row->ret);
	assert_int_equal(tracer.last.count, row->after);

	machine_free(m);
}

/* ---- allocations ---- */

static const struct alloc_row {
	const char *name;
	enum alloc_kind kind;
	u32 order;
	s32 tail_count;
	pfn_t head_of_tail;
	u32 head_flags, tail_flags;
} allocations[] = {
	{ "order 0", ALLOC_ORDER0, 0, 0, 0, PG_VALID, 0 },
	{ "compound", ALLOC_COMPOUND, 2, 0, BLOCK, PG_VALID | PG_HEAD, PG_VALID | PG_TAIL },
	{ "non-compound", ALLOC_NONCOMPOUND, 2, 0, TAIL, PG_VALID, PG_VALID },
	{ "split", ALLOC_SPLIT, 2, 1, TAIL, PG_VALID, PG_VALID },
	{ "counted", ALLOC_COUNTED, 2, 1, TAIL, PG_VALID, PG_VALID },
	{ "compound of order 0", ALLOC_COMPOUND, 0, 0, 0, PG_VALID, 0 },
	{ "reserved", ALLOC_RESERVED, 0, 0, 0, PG_VALID | PG_RESERVED, 0 },
};

static void an_allocation_counts_its_head_once_and_its_tails_by_kind(void **state)
{
	const struct alloc_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);

	pages_init(m, row->kind, BLOCK, row->order, OWNER_DRIVER);

	assert_int_equal(own_count(m, BLOCK), 1);
	assert_int_equal(page_of(m, BLOCK)->held[HOLD_OWNER], 1);
	assert_int_equal(page_of(m, BLOCK)->flags, row->head_flags);
	assert_int_equal(page_of(m, BLOCK)->owner, OWNER_DRIVER);
	for (unsigned i = 1; i < 1u << row->order; i++) {
		assert_int_equal(own_count(m, BLOCK + i), row->tail_count);
		assert_int_equal(page_of(m, BLOCK + i)->flags, row->tail_flags);
		assert_int_equal(page_of(m, BLOCK + i)->owner, OWNER_DRIVER);
	}
	if (row->order)
		assert_int_equal(page_head(m, TAIL), row->head_of_tail);
	assert_true(page_is(m, BLOCK + (1 << row->order), PG_FREE));

	machine_free(m);
}

static void a_bar_has_no_struct_page(void **state)
{
	struct machine *m = *state;

	pages_init(m, ALLOC_MMIO, 0xfe000, 0, OWNER_DRIVER);

	assert_false(page_is(m, 0xfe000, PG_VALID));
	assert_false(page_is(m, 0xfe000, PG_FREE));
	assert_int_equal(own_count(m, 0xfe000), 0);
}

static void an_allocation_forgets_what_was_in_the_frame(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_store(m, pfn, 8, 1);
	page_set_dirty(m, pfn);
	page_of(m, pfn)->mapcount = 1;
	page_put(m, pfn, HOLD_OWNER);
	user_page(m, pfn);

	assert_int_equal(page_load(m, pfn, 8), 0);
	assert_int_equal(page_of(m, pfn)->flags, PG_VALID);
	assert_int_equal(page_of(m, pfn)->mapcount, 0);
	assert_int_equal(page_of(m, pfn)->owner, OWNER_USER);
}

static void alloc_frame_aligns_to_the_order_and_gives_nothing_twice(void **state)
{
	struct machine *m = *state;
	pfn_t one = alloc_frame(m, 0, ANY_PLACE), block = alloc_frame(m, 9, ANY_PLACE),
	      next = alloc_frame(m, 0, ANY_PLACE);

	assert_int_equal(block % 512, 0);
	assert_true(block > one);
	assert_int_equal(next, block + 512);
}

static void by_place_who_came_first_makes_no_difference(void **state)
{
	struct machine *m = *state;
	pfn_t file, slot, table;

	m->w->config.frames_by_place = true;
	file = alloc_frame(m, 9, place_of_file(1, 512));
	slot = alloc_frame(m, 0, place_of_slot(7));
	table = alloc_table(m, place_of_stage2(1, 0x12345));
	free_table(m, table);
	for (pfn_t pfn = table & ~(pfn_t)63; pfn < table + 64; pfn++)
		page_of(m, pfn)->chosen = false;
	page_of(m, slot)->chosen = page_of(m, file)->chosen = false;

	assert_int_equal(alloc_table(m, place_of_stage2(1, 0x12200)), table);
	assert_int_equal(alloc_frame(m, 0, place_of_slot(7)), slot);
	assert_int_equal(alloc_frame(m, 9, place_of_file(1, 512)), file);
	assert_int_equal(file % 512, 0);
}

static void by_place_no_frame_is_given_twice(void **state)
{
	struct machine *m = *state;
	pfn_t first, second;

	m->w->config.frames_by_place = true;
	first = alloc_table(m, place_of_stage2(1, 0));
	free_table(m, first);
	second = alloc_table(m, place_of_stage2(1, 0));
	user_page(m, second + 1);

	assert_int_equal(second, first + 1);
	assert_int_equal(alloc_frame(m, 0, place_of_stage2(1, 0)), second + 2);
}

static void alloc_table_is_an_empty_page_of_the_kernels(void **state)
{
	struct machine *m = *state;
	pfn_t table;

	page_store(m, m->w->next_frame, 8, 1);
	table = alloc_table(m, ANY_PLACE);

	assert_int_equal(page_of(m, table)->owner, OWNER_KERNEL);
	assert_int_equal(own_count(m, table), 1);
	assert_int_equal(page_of(m, table)->held[HOLD_OWNER], 1);
	assert_int_equal(m->phys->next(m->phys, table, 0), WORDS_PER_PAGE);
}

static void free_table_leaves_a_free_frame_without_contents(void **state)
{
	struct machine *m = *state;
	pfn_t table = alloc_table(m, ANY_PLACE);

	m->phys->store(m->phys, table, 17, 1);
	free_table(m, table);

	assert_true(page_is(m, table, PG_FREE));
	assert_int_equal(own_count(m, table), 0);
	assert_int_equal(m->phys->next(m->phys, table, 0), WORDS_PER_PAGE);
}

/* ---- frees ---- */

static void pages_free_gives_a_block_back_whole(void **state)
{
	struct machine *m = *state;
	struct tracer tracer = { .journal.note = trace };

	driver_block(m, ALLOC_NONCOMPOUND);
	m->journal = &tracer.journal;
	pages_free(m, BLOCK, ORDER);

	assert_int_equal(pages_with(m, PG_FREE), PAGES);
	assert_int_equal(tracer.nr_freed, 1);
	assert_int_equal(tracer.freed[0].pfn, BLOCK);
	assert_int_equal(tracer.freed[0].level, ORDER);
	assert_int_equal(m->nr_alarms, 0);
}

static void a_free_page_has_no_owner_and_remembers_who_freed_it(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_set_dirty(m, TAIL);
	pages_free(m, BLOCK, ORDER);

	assert_int_equal(page_of(m, TAIL)->owner, OWNER_NONE);
	assert_int_equal(page_of(m, TAIL)->freed_by, BLAME_DRIVER);
	assert_int_equal(page_of(m, TAIL)->flags, PG_VALID | PG_FREE);
}

/* __free_pages(): everything but page[0] goes now, the largest part first. */
static void pages_free_with_a_held_head_gives_the_tails_back_piecewise(void **state)
{
	struct machine *m = *state;
	struct tracer tracer = { .journal.note = trace };

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, BLOCK, HOLD_FAULT);
	m->journal = &tracer.journal;
	pages_free(m, BLOCK, ORDER);

	assert_false(page_is(m, BLOCK, PG_FREE));
	assert_int_equal(own_count(m, BLOCK), 1);
	assert_int_equal(pages_with(m, PG_FREE), PAGES - 1);
	assert_int_equal(tracer.nr_freed, 2);
	assert_int_equal(tracer.freed[0].pfn, BLOCK + 2);
	assert_int_equal(tracer.freed[0].level, 1);
	assert_int_equal(tracer.freed[1].pfn, BLOCK + 1);
	assert_int_equal(tracer.freed[1].level, 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void the_head_that_was_held_goes_as_one_page_with_its_last_reference(void **state)
{
	struct machine *m = *state;
	struct tracer tracer = { .journal.note = trace };

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, BLOCK, HOLD_FAULT);
	pages_free(m, BLOCK, ORDER);
	m->journal = &tracer.journal;
	page_put(m, BLOCK, HOLD_FAULT);

	assert_true(page_is(m, BLOCK, PG_FREE));
	assert_int_equal(tracer.nr_freed, 1);
	assert_int_equal(tracer.freed[0].level, 0);
	assert_int_equal(m->nr_alarms, 0);
}

static void pages_free_of_a_held_compound_block_frees_nothing_yet(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_get(m, TAIL, HOLD_FAULT);
	pages_free(m, BLOCK, ORDER);
	assert_int_equal(pages_with(m, PG_FREE), 0);
	assert_int_equal(own_count(m, BLOCK), 1);

	page_put(m, TAIL, HOLD_FAULT);
	assert_int_equal(pages_with(m, PG_FREE), PAGES);
	assert_int_equal(m->nr_alarms, 0);
}

static void pages_free_of_split_pages_goes_one_by_one(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_SPLIT);
	pages_free(m, TAIL, 0);

	assert_true(page_is(m, TAIL, PG_FREE));
	assert_int_equal(pages_with(m, PG_FREE), 1);
	assert_int_equal(m->nr_alarms, 0);
}

static void an_owner_that_counted_its_tails_must_uncount_them_before_it_frees(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COUNTED);
	for (unsigned i = 1; i < PAGES; i++)
		page_set_count(m, BLOCK + i, 0);
	pages_free(m, BLOCK, ORDER);

	assert_int_equal(pages_with(m, PG_FREE), PAGES);
	assert_int_equal(m->nr_alarms, 0);
}

/* ---- rules that are broken ---- */

static void page_get_from_zero_is_raised_against_kvm(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, TAIL, HOLD_FAULT);

	assert_int_equal(own_count(m, TAIL), 1);
	assert_true(raised(m, ALARM_GET_FROM_ZERO, TAIL));
	assert_int_equal(m->alarms[0].blame, BLAME_KVM);
}

static void page_put_of_what_one_does_not_hold_is_raised(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_get(m, pfn, HOLD_PTE);
	page_put(m, pfn, HOLD_FAULT);

	assert_true(raised(m, ALARM_PUT_UNHELD, pfn));
	assert_int_equal(own_count(m, pfn), 1);
	assert_int_equal(page_of(m, pfn)->held[HOLD_PTE], 1);
}

static void a_page_that_was_freed_under_its_holders_is_held_by_nobody(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_hand_over(m, pfn, HOLD_OWNER, HOLD_PTE);
	page_put(m, pfn, HOLD_FAULT);

	assert_true(raised(m, ALARM_PUT_UNHELD, pfn));
	assert_true(page_is(m, pfn, PG_FREE));
	assert_int_equal(page_of(m, pfn)->held[HOLD_PTE], 0);
}

static void page_put_of_a_free_page_frees_it_no_second_time(void **state)
{
	struct machine *m = *state;
	struct tracer tracer = { .journal.note = trace };

	m->journal = &tracer.journal;
	page_put(m, 0x5000, HOLD_FAULT);

	assert_true(raised(m, ALARM_PUT_UNHELD, 0x5000));
	assert_int_equal(own_count(m, 0x5000), -1);
	assert_int_equal(tracer.nr_freed, 0);
}

/* CVE-2021-22543, first half: the look-up of an uncounted tail, 0 to 1 and back to 0. */
static void page_put_to_zero_frees_a_tail_that_the_driver_owns_and_is_raised(void **state)
{
	struct machine *m = *state;
	struct tracer tracer = { .journal.note = trace };

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, TAIL, HOLD_FAULT);
	m->journal = &tracer.journal;
	page_put(m, TAIL, HOLD_FAULT);

	assert_true(raised(m, ALARM_FREED_OWNED, TAIL));
	assert_true(page_is(m, TAIL, PG_FREE));
	assert_int_equal(page_of(m, TAIL)->freed_by, BLAME_KVM);
	assert_int_equal(pages_with(m, PG_FREE), 1);
	assert_int_equal(tracer.nr_freed, 1);
	assert_int_equal(tracer.freed[0].level, 0);
}

/* Second half: the driver frees its block, and finds that page gone; who freed it is to blame. */
static void a_block_with_a_part_already_free_is_leaked_and_raised(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, TAIL, HOLD_FAULT);
	page_put(m, TAIL, HOLD_FAULT);
	forget(m);
	pages_free(m, BLOCK, ORDER);

	assert_true(raised(m, ALARM_BAD_FREE, BLOCK));
	assert_int_equal(m->alarms[0].blame, BLAME_KVM);
	assert_int_equal(pages_with(m, PG_LEAKED), PAGES);
	assert_int_equal(pages_with(m, PG_FREE), 1);
}

/* The same, after somebody else got the page: free_pages_prepare() finds a count that is not 0. */
static void a_block_with_a_part_that_somebody_holds_is_leaked_and_raised(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, TAIL, HOLD_FAULT);
	page_put(m, TAIL, HOLD_FAULT);
	user_page(m, TAIL);
	forget(m);
	pages_free(m, BLOCK, ORDER);

	assert_true(raised(m, ALARM_BAD_FREE, BLOCK));
	assert_int_equal(pages_with(m, PG_FREE), 0);
	assert_int_equal(own_count(m, TAIL), 1);
}

static void of_a_piecewise_free_only_the_bad_part_is_leaked(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_get(m, BLOCK, HOLD_FAULT);
	page_add_refs(m, LAST, 1);
	pages_free(m, BLOCK, ORDER);

	assert_true(raised(m, ALARM_BAD_FREE, BLOCK + 2));
	assert_true(page_is(m, BLOCK + 2, PG_LEAKED));
	assert_true(page_is(m, BLOCK + 3, PG_LEAKED));
	assert_true(page_is(m, BLOCK + 1, PG_FREE));
	assert_false(page_is(m, BLOCK, PG_FREE));
}

static void pages_free_of_a_free_page_is_raised(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	pages_free(m, BLOCK, ORDER);
	pages_free(m, BLOCK, ORDER);

	assert_int_equal(m->nr_alarms, 1);
	assert_true(raised(m, ALARM_BAD_FREE, BLOCK));
	assert_int_equal(own_count(m, BLOCK), 0);
}

/* A page that somebody still uses; only the last row's loss is the fault of who freed it. */
static const struct blame_row {
	const char *name;
	u8 owner;
	bool is_free;
	u8 freed_by;
	u16 ptes;
	enum blame blame;
	bool counted;
} blames[] = {
	{ "allocated, a driver's", OWNER_DRIVER, false, BLAME_NONE, 0, BLAME_DRIVER, true },
	{ "allocated, a driver's, who never counted it", OWNER_DRIVER, false, BLAME_NONE, 0,
	  BLAME_KVM, false },
	{ "allocated, a user's", OWNER_USER, false, BLAME_NONE, 1, BLAME_KVM, false },
	{ "freed by KVM, mapped by the host", OWNER_NONE, true, BLAME_KVM, 1, BLAME_KVM, false },
	{ "freed by the driver, which had unmapped it", OWNER_NONE, true, BLAME_DRIVER, 0,
	  BLAME_KVM, false },
	{ "freed by the driver, mapped by the host", OWNER_NONE, true, BLAME_DRIVER, 1,
	  BLAME_DRIVER, false },
};

static void page_blame_names_who_lost_the_page(void **state)
{
	const struct blame_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	struct page *page = page_of(m, 0x5000);

	page->flags = row->is_free ? PG_VALID | PG_FREE : PG_VALID;
	page->owner = row->owner;
	page->freed_by = row->freed_by;
	page->ptes = row->ptes;
	page->counted = row->counted;

	assert_int_equal(page_blame(m, 0x5000), row->blame);

	machine_free(m);
}

/* The reference of a fault in flight only puts off what the driver has done. */
static void who_gives_up_what_a_pte_maps_has_freed_it_whoever_puts_last(void **state)
{
	struct machine *m = *state;

	for (u16 ptes = 0; ptes < 2; ptes++) {
		pfn_t pfn = BLOCK + 0x10 + ptes;

		pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_DRIVER);
		page_of(m, pfn)->ptes = ptes;
		page_get(m, pfn, HOLD_FAULT);
		pages_free(m, pfn, 0);
		page_put(m, pfn, HOLD_FAULT);

		assert_true(page_is(m, pfn, PG_FREE));
		assert_int_equal(page_of(m, pfn)->freed_by, ptes ? BLAME_DRIVER : BLAME_KVM);
	}
}

/* ---- contents ---- */

static void page_store_writes_four_bytes_and_leaves_their_neighbours(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_store(m, pfn, 0x1000 + 0x10, 0x11111111);
	page_store(m, pfn, 0x1000 + 0x14, 0x22222222);
	page_store(m, pfn, 0x1000 + 0x10, 0x33333333);

	assert_true(m->phys->load(m->phys, pfn, 2) == 0x2222222233333333);
	assert_int_equal(m->phys->next(m->phys, pfn, 3), WORDS_PER_PAGE);
}

static void page_load_reads_what_page_store_wrote_at_any_offset(void **state)
{
	static const u64 offset[] = { 0, 4, 0x7f8, 0xffc };
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	for (u32 i = 0; i < ARRAY_SIZE(offset); i++)
		page_store(m, pfn, offset[i], 0xf0000000 + i);

	for (u32 i = 0; i < ARRAY_SIZE(offset); i++)
		assert_true(page_load(m, pfn, offset[i]) == 0xf0000000 + i);
	assert_int_equal(page_load(m, pfn, 8), 0);
}

/* ---- marks ---- */

static void page_set_dirty_marks_the_compound_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_set_dirty(m, TAIL);

	assert_true(page_is(m, BLOCK, PG_DIRTY));
	assert_false(page_is(m, TAIL, PG_DIRTY));
}

static void page_set_dirty_marks_the_very_page_of_a_block_that_is_not_compound(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_NONCOMPOUND);
	page_set_dirty(m, TAIL);

	assert_true(page_is(m, TAIL, PG_DIRTY));
	assert_false(page_is(m, BLOCK, PG_DIRTY));
}

/*
 * mm/swap.c: "inactive,unreferenced -> inactive,referenced; inactive,referenced ->
 * active,unreferenced; active,unreferenced -> active,referenced". MGLRU: folio_inc_refs(), 6.8.
 */
static const struct mark_row {
	const char *name;
	void (*mark)(struct machine *m, pfn_t pfn);
	u32 before, after;
} marks[] = {
	{ "classic, first time", page_mark_accessed_classic, PG_LRU, PG_LRU | PG_REFERENCED },
	{ "classic, second time", page_mark_accessed_classic, PG_LRU | PG_REFERENCED,
	  PG_LRU | PG_ACTIVE },
	{ "classic, third time", page_mark_accessed_classic, PG_LRU | PG_ACTIVE,
	  PG_LRU | PG_ACTIVE | PG_REFERENCED },
	{ "classic, fourth time", page_mark_accessed_classic,
	  PG_LRU | PG_ACTIVE | PG_REFERENCED, PG_LRU | PG_ACTIVE | PG_REFERENCED },
	{ "classic, locked", page_mark_accessed_classic, PG_LRU | PG_MLOCKED | PG_REFERENCED,
	  PG_LRU | PG_MLOCKED | PG_REFERENCED },	/* folio_test_unevictable() */
	{ "classic, off the LRU", page_mark_accessed_classic, PG_REFERENCED, 0 },
	{ "lru_gen, first time", page_mark_accessed_lru_gen, PG_LRU, PG_LRU | PG_REFERENCED },
	{ "lru_gen, second time", page_mark_accessed_lru_gen, PG_LRU | PG_REFERENCED,
	  PG_LRU | PG_REFERENCED | PG_WORKINGSET },
	{ "lru_gen, third time", page_mark_accessed_lru_gen,
	  PG_LRU | PG_REFERENCED | PG_WORKINGSET, PG_LRU | PG_REFERENCED | PG_WORKINGSET },
};

static void page_mark_accessed_goes_through_the_states_of_its_lru(void **state)
{
	const struct mark_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	pfn_t pfn = user_page(m, 0x5000);

	page_of(m, pfn)->flags |= row->before;
	row->mark(m, pfn);

	assert_int_equal(page_of(m, pfn)->flags, PG_VALID | row->after);

	machine_free(m);
}

static void page_mark_accessed_classic_marks_the_compound_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_mark_accessed_classic(m, TAIL);

	assert_true(page_is(m, BLOCK, PG_REFERENCED));
	assert_false(page_is(m, TAIL, PG_REFERENCED));
}

static void page_mark_accessed_lru_gen_marks_the_compound_head(void **state)
{
	struct machine *m = *state;

	driver_block(m, ALLOC_COMPOUND);
	page_mark_accessed_lru_gen(m, TAIL);

	assert_true(page_is(m, BLOCK, PG_REFERENCED));
	assert_false(page_is(m, TAIL, PG_REFERENCED));
}

/* ---- the per-CPU batch ---- */

static void page_add_lru_makes_the_batch_hold_the_page(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	m->w->config.no_lru_batch = false;
	page_add_lru(m, pfn);

	assert_true(page_is(m, pfn, PG_LRU));
	assert_int_equal(own_count(m, pfn), 2);
	assert_int_equal(page_of(m, pfn)->held[HOLD_LRU], 1);
}

static void page_add_lru_without_batches_holds_nothing(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	page_add_lru(m, pfn);

	assert_true(page_is(m, pfn, PG_LRU));
	assert_int_equal(own_count(m, pfn), 1);
}

static void lru_drain_lets_go_of_every_page_once(void **state)
{
	struct machine *m = *state;

	m->w->config.no_lru_batch = false;
	for (pfn_t pfn = 0x5000; pfn < 0x5003; pfn++)
		page_add_lru(m, user_page(m, pfn));
	lru_drain(m);
	lru_drain(m);

	for (pfn_t pfn = 0x5000; pfn < 0x5003; pfn++)
		assert_int_equal(own_count(m, pfn), 1);
	assert_int_equal(m->nr_alarms, 0);
}

static void lru_drain_frees_a_page_that_only_the_batch_still_held(void **state)
{
	struct machine *m = *state;
	pfn_t pfn = user_page(m, 0x5000);

	m->w->config.no_lru_batch = false;
	page_add_lru(m, pfn);
	page_put(m, pfn, HOLD_OWNER);
	assert_false(page_is(m, pfn, PG_FREE));
	lru_drain(m);

	assert_true(page_is(m, pfn, PG_FREE));
	assert_int_equal(m->nr_alarms, 0);
}

static void page_add_lru_keeps_all_but_the_last_of_a_batch_waiting(void **state)
{
	struct machine *m = *state;

	m->w->config.no_lru_batch = false;
	for (pfn_t pfn = 0; pfn + 1 < m->sem->traits.lru_batch; pfn++)
		page_add_lru(m, user_page(m, 0x5000 + pfn));

	assert_int_equal(own_count(m, 0x5000), 2);
}

/*
 * folio_batch_add() says how much room is left after it: at 0, the batch moves at once.
 */
static void page_add_lru_drains_with_the_last_page_of_a_batch(void **state)
{
	struct machine *m = *state;

	m->w->config.no_lru_batch = false;
	for (pfn_t pfn = 0; pfn < m->sem->traits.lru_batch; pfn++)
		page_add_lru(m, user_page(m, 0x5000 + pfn));

	for (pfn_t pfn = 0; pfn < m->sem->traits.lru_batch; pfn++)
		assert_int_equal(own_count(m, 0x5000 + pfn), 1);
	assert_int_equal(m->w->nr_batched, 0);
}

static void page_add_lru_drains_earlier_if_others_have_places_in_the_batch(void **state)
{
	struct machine *m = *state;

	m->w->config.no_lru_batch = false;
	m->w->others_batched = m->sem->traits.lru_batch - 2;

	page_add_lru(m, user_page(m, 0x5000));
	assert_int_equal(own_count(m, 0x5000), 2);
	page_add_lru(m, user_page(m, 0x5001));

	assert_int_equal(own_count(m, 0x5000), 1);
	assert_int_equal(own_count(m, 0x5001), 1);
	assert_int_equal(m->w->others_batched, 0);
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, page_of_an_untouched_frame_is_free_and_its_own_head);
	LIST_MACHINE_TEST(&list, page_head_of_a_compound_tail_is_the_first_page);
	LIST_MACHINE_TEST(&list, page_count_of_a_compound_tail_is_its_heads);
	LIST_MACHINE_TEST(&list, page_is_asks_for_all_of_the_flags);
	LIST_MACHINE_TEST(&list, page_touch_tells_the_laws);
	LIST_MACHINE_TEST(&list, page_get_of_a_compound_tail_counts_on_the_head);
	LIST_MACHINE_TEST(&list,
			  page_get_unless_zero_of_a_compound_tail_fails_though_the_head_lives);
	LIST_MACHINE_TEST(&list,
			  page_get_unless_zero_of_an_uncounted_tail_fails_and_raises_nothing);
	LIST_MACHINE_TEST(&list, page_get_unless_zero_counts_on_this_very_page);
	LIST_MACHINE_TEST(&list, page_try_get_folio_of_a_compound_tail_counts_on_the_head);
	LIST_MACHINE_TEST(&list, page_try_get_folio_of_a_dead_folio_fails);
	LIST_MACHINE_TEST(&list, page_put_of_a_compound_tail_counts_on_the_head);
	LIST_MACHINE_TEST(&list, page_put_of_the_last_reference_frees_the_page);
	LIST_MACHINE_TEST(&list, page_put_of_the_last_reference_frees_the_whole_compound_block);
	LIST_MACHINE_TEST(&list, page_put_refs_gives_back_a_pin_at_once);
	LIST_MACHINE_TEST(&list, page_add_refs_counts_on_this_very_page_for_its_owner);
	LIST_MACHINE_TEST(&list, page_set_count_makes_the_owner_hold_that_many);
	LIST_MACHINE_TEST(&list, page_hand_over_changes_the_holder_and_no_count);
	LIST_MACHINE_TEST(&list, page_hand_over_to_a_look_up_is_on_the_account_of_its_task);
	LIST_MACHINE_TEST(&list, what_a_look_up_holds_is_on_the_account_of_its_task);
	LIST_ROWS(&list, each_primitive_has_its_kernels_tracepoint, events);
	LIST_ROWS(&list, an_allocation_counts_its_head_once_and_its_tails_by_kind, allocations);
	LIST_MACHINE_TEST(&list, a_bar_has_no_struct_page);
	LIST_MACHINE_TEST(&list, an_allocation_forgets_what_was_in_the_frame);
	LIST_MACHINE_TEST(&list, alloc_frame_aligns_to_the_order_and_gives_nothing_twice);
	LIST_MACHINE_TEST(&list, by_place_who_came_first_makes_no_difference);
	LIST_MACHINE_TEST(&list, by_place_no_frame_is_given_twice);
	LIST_MACHINE_TEST(&list, alloc_table_is_an_empty_page_of_the_kernels);
	LIST_MACHINE_TEST(&list, free_table_leaves_a_free_frame_without_contents);
	LIST_MACHINE_TEST(&list, pages_free_gives_a_block_back_whole);
	LIST_MACHINE_TEST(&list, a_free_page_has_no_owner_and_remembers_who_freed_it);
	LIST_MACHINE_TEST(&list, pages_free_with_a_held_head_gives_the_tails_back_piecewise);
	LIST_MACHINE_TEST(&list, the_head_that_was_held_goes_as_one_page_with_its_last_reference);
	LIST_MACHINE_TEST(&list, pages_free_of_a_held_compound_block_frees_nothing_yet);
	LIST_MACHINE_TEST(&list, pages_free_of_split_pages_goes_one_by_one);
	LIST_MACHINE_TEST(&list,
			  an_owner_that_counted_its_tails_must_uncount_them_before_it_frees);
	LIST_MACHINE_TEST(&list, page_get_from_zero_is_raised_against_kvm);
	LIST_MACHINE_TEST(&list, page_put_of_what_one_does_not_hold_is_raised);
	LIST_MACHINE_TEST(&list, a_page_that_was_freed_under_its_holders_is_held_by_nobody);
	LIST_MACHINE_TEST(&list, page_put_of_a_free_page_frees_it_no_second_time);
	LIST_MACHINE_TEST(&list,
			  page_put_to_zero_frees_a_tail_that_the_driver_owns_and_is_raised);
	LIST_MACHINE_TEST(&list, a_block_with_a_part_already_free_is_leaked_and_raised);
	LIST_MACHINE_TEST(&list, a_block_with_a_part_that_somebody_holds_is_leaked_and_raised);
	LIST_MACHINE_TEST(&list, of_a_piecewise_free_only_the_bad_part_is_leaked);
	LIST_MACHINE_TEST(&list, pages_free_of_a_free_page_is_raised);
	LIST_ROWS(&list, page_blame_names_who_lost_the_page, blames);
	LIST_MACHINE_TEST(&list, who_gives_up_what_a_pte_maps_has_freed_it_whoever_puts_last);
	LIST_MACHINE_TEST(&list, page_store_writes_four_bytes_and_leaves_their_neighbours);
	LIST_MACHINE_TEST(&list, page_load_reads_what_page_store_wrote_at_any_offset);
	LIST_MACHINE_TEST(&list, page_set_dirty_marks_the_compound_head);
	LIST_MACHINE_TEST(&list,
			  page_set_dirty_marks_the_very_page_of_a_block_that_is_not_compound);
	LIST_ROWS(&list, page_mark_accessed_goes_through_the_states_of_its_lru, marks);
	LIST_MACHINE_TEST(&list, page_mark_accessed_classic_marks_the_compound_head);
	LIST_MACHINE_TEST(&list, page_mark_accessed_lru_gen_marks_the_compound_head);
	LIST_MACHINE_TEST(&list, page_add_lru_makes_the_batch_hold_the_page);
	LIST_MACHINE_TEST(&list, page_add_lru_without_batches_holds_nothing);
	LIST_MACHINE_TEST(&list, lru_drain_lets_go_of_every_page_once);
	LIST_MACHINE_TEST(&list, lru_drain_frees_a_page_that_only_the_batch_still_held);
	LIST_MACHINE_TEST(&list, page_add_lru_keeps_all_but_the_last_of_a_batch_waiting);
	LIST_MACHINE_TEST(&list, page_add_lru_drains_earlier_if_others_have_places_in_the_batch);
	LIST_MACHINE_TEST(&list, page_add_lru_drains_with_the_last_page_of_a_batch);
	return list_run(&list, "page");
}
