// SPDX-License-Identifier: GPL-2.0-only
/* What a vCPU has cached: found, replaced, flushed; and counted on the pages it leads to. */
#include <string.h>

#include "model/tlb.h"
#include "tests/support.h"

static struct tlb_entry entry_of(gfn_t gfn, pfn_t pfn, u8 level)
{
	return (struct tlb_entry){ .gfn = gfn, .pfn = pfn, .level = level, .writable = true };
}

static void fill(struct machine *m, unsigned vcpu, gfn_t gfn, pfn_t pfn, u8 level)
{
	struct tlb_entry entry = entry_of(gfn, pfn, level);

	tlb_fill(m, vcpu, &entry);
}

static void tlb_find_of_an_empty_tlb_finds_nothing_not_even_gfn_0(void **state)
{
	struct machine *m = *state;

	assert_null(tlb_find(m, 0, 0));
	assert_null(tlb_find(m, 0, 0x200));
}

static void tlb_find_gives_what_was_filled(void **state)
{
	struct machine *m = *state;
	struct tlb_entry entry = entry_of(0x200, 0x5000, 1);

	tlb_fill(m, 0, &entry);

	assert_non_null(tlb_find(m, 0, 0x200));
	assert_memory_equal(tlb_find(m, 0, 0x200), &entry, sizeof(entry));
	assert_null(tlb_find(m, 0, 0x201));
	assert_null(tlb_find(m, 0, 0x1ff));
}

static void tlb_find_takes_every_gfn_of_a_huge_entry(void **state)
{
	static const struct { u8 level; gfn_t first, last; } rows[] = {
		{ 2, 0x400, 0x5ff }, { 3, 0x40000, 0x7ffff },
	};
	struct machine *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fill(m, 0, rows[i].first, 0x80000, rows[i].level);

		assert_non_null(tlb_find(m, 0, rows[i].first));
		assert_non_null(tlb_find(m, 0, rows[i].last));
		assert_null(tlb_find(m, 0, rows[i].last + 1));
		assert_null(tlb_find(m, 0, rows[i].first - 1));
	}
}

static void each_vcpu_has_its_own(void **state)
{
	struct machine *m = *state;

	fill(m, 1, 0x200, 0x5000, 1);

	assert_null(tlb_find(m, 0, 0x200));
	assert_non_null(tlb_find(m, 1, 0x200));
}

static void a_full_tlb_gives_up_its_oldest_entry(void **state)
{
	struct machine *m = *state;

	for (gfn_t gfn = 0; gfn <= TLB_ENTRIES; gfn++)
		fill(m, 0, 0x200 + gfn, 0x5000 + gfn, 1);

	assert_null(tlb_find(m, 0, 0x200));
	for (gfn_t gfn = 1; gfn <= TLB_ENTRIES; gfn++)
		assert_non_null(tlb_find(m, 0, 0x200 + gfn));
	assert_int_equal(page_of(m, 0x5000)->tlbs[0], 0);
	assert_int_equal(page_of(m, 0x5001)->tlbs[0], 1);
}

static void tlb_drop_forgets_one_entry(void **state)
{
	struct machine *m = *state;

	fill(m, 0, 0x200, 0x5000, 1);
	fill(m, 0, 0x201, 0x5001, 1);
	tlb_drop(m, 0, tlb_find(m, 0, 0x200));

	assert_null(tlb_find(m, 0, 0x200));
	assert_non_null(tlb_find(m, 0, 0x201));
}

static void tlb_drop_of_an_empty_entry_does_nothing(void **state)
{
	struct machine *m = *state;

	tlb_drop(m, 0, &m->w->vcpu[0].tlb.entry[0]);

	assert_int_equal(m->nr_touched, 0);
}

static void tlb_flush_empties_one_vcpus_tlb(void **state)
{
	static const struct tlb empty;
	struct machine *m = *state;

	fill(m, 0, 0x200, 0x5000, 1);
	fill(m, 0, 0x400, 0x5200, 2);
	fill(m, 1, 0x200, 0x5000, 1);
	tlb_flush(m, 0);

	assert_memory_equal(&m->w->vcpu[0].tlb, &empty, sizeof(empty));
	assert_non_null(tlb_find(m, 1, 0x200));
}

static void tlb_flush_all_empties_every_vcpus_tlb(void **state)
{
	struct machine *m = *state;

	for (unsigned vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		fill(m, vcpu, 0x200, 0x5000, 1);
	assert_int_equal(page_of(m, 0x5000)->tlbs[0], MAX_VCPUS);
	tlb_flush_all(m);

	for (unsigned vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		assert_null(tlb_find(m, vcpu, 0x200));
	assert_int_equal(page_of(m, 0x5000)->tlbs[0], 0);
}

static void an_entry_is_counted_at_its_first_page_by_its_size(void **state)
{
	struct machine *m = *state;

	fill(m, 0, 0x200, 0x80000, 1);
	fill(m, 0, 0x400, 0x80000, 2);
	fill(m, 1, 0x400, 0x80000, 2);

	assert_int_equal(page_of(m, 0x80000)->tlbs[0], 1);
	assert_int_equal(page_of(m, 0x80000)->tlbs[1], 2);
	assert_int_equal(page_of(m, 0x80000)->tlbs[2], 0);
	assert_int_equal(page_of(m, 0x80001)->tlbs[1], 0);
}

static void coming_and_going_tell_the_laws_of_entry_and_page(void **state)
{
	struct machine *m = *state;
	u64 key = (u64)2 << 52 | 0x200;

	fill(m, 2, 0x200, 0x5000, 1);
	assert_true(touched(m, OBJECT_TLB, key));
	assert_true(touched(m, OBJECT_PAGE, 0x5000));
	forget(m);
	tlb_flush(m, 2);

	assert_true(touched(m, OBJECT_TLB, key));
	assert_true(touched(m, OBJECT_PAGE, 0x5000));
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, tlb_find_of_an_empty_tlb_finds_nothing_not_even_gfn_0);
	LIST_MACHINE_TEST(&list, tlb_find_gives_what_was_filled);
	LIST_MACHINE_TEST(&list, tlb_find_takes_every_gfn_of_a_huge_entry);
	LIST_MACHINE_TEST(&list, each_vcpu_has_its_own);
	LIST_MACHINE_TEST(&list, a_full_tlb_gives_up_its_oldest_entry);
	LIST_MACHINE_TEST(&list, tlb_drop_forgets_one_entry);
	LIST_MACHINE_TEST(&list, tlb_drop_of_an_empty_entry_does_nothing);
	LIST_MACHINE_TEST(&list, tlb_flush_empties_one_vcpus_tlb);
	LIST_MACHINE_TEST(&list, tlb_flush_all_empties_every_vcpus_tlb);
	LIST_MACHINE_TEST(&list, an_entry_is_counted_at_its_first_page_by_its_size);
	LIST_MACHINE_TEST(&list, coming_and_going_tell_the_laws_of_entry_and_page);
	return list_run(&list, "tlb");
}
