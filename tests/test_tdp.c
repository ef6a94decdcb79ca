// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TDP MMU's tables: which of them go with a range, and how many levels there are.
 *
 * Linux: arch/x86/kvm/mmu/tdp_mmu.c, 5.12:zap_gfn_range(), 6.1:tdp_mmu_zap_leafs();
 * arch/x86/kvm/mmu/mmu.c:kvm_mmu_get_tdp_level().
 */
#include <string.h>

#include "model/tdp.h"
#include "tests/support.h"

enum { PAGES = 1024, HVA = 0x40000000, SLOT = 0x400 };

/* Two tables of 4K leaves, one leaf in each, and an MMIO entry beside the first. */
static struct machine *machine_mapped(const char *semantics)
{
	struct machine *m = machine_new(semantics, EPT);

	add_vma(m, HVA, PAGES, VM_READ | VM_WRITE);
	add_slot(m, 1, SLOT, PAGES, HVA, 0);
	guest_access(m, ACCESS_READ, (SLOT + 1) << PAGE_SHIFT, 0);
	guest_access(m, ACCESS_READ, (SLOT + 513) << PAGE_SHIFT, 0);
	return m;
}

static unsigned level_of(struct machine *m, gfn_t gfn)
{
	return tdp_walk(m, m->w->vcpu[0].root, gfn).level;
}

static const struct zap_row {
	const char *name, *semantics;
	gfn_t start, end;
	u8 first, second;	/* where walks end afterwards */
} zaps[] = {
	{ "v5.12, the first 2M", "v5.12", SLOT, SLOT + 512, 2, 1 },
	{ "v5.12, all but the last page", "v5.12", SLOT, SLOT + 1023, 2, 1 },
	{ "v5.12, from the second page on", "v5.12", SLOT + 1, SLOT + 1024, 1, 2 },
	{ "v5.12, the 1G around it", "v5.12", 0, 0x40000, 3, 3 },
	{ "v5.12, the 512G around it", "v5.12", 0, 0x8000000, 4, 4 },
	{ "v6.1, the 512G around it", "v6.1", 0, 0x8000000, 1, 1 },
	{ "v7.2, the 512G around it", "v7.2", 0, 0x8000000, 1, 1 },
};

static void tables_go_with_all_that_they_map_up_to_5_12(void **state)
{
	const struct zap_row *row = *state;
	struct machine *m = machine_mapped(row->semantics);
	bool zapped[2] = { false, false };

	m->sem->ops.zap_gfns(m, row->start, row->end, zapped);

	assert_true(zapped[0]);
	assert_false(zapped[1]);
	assert_int_equal(level_of(m, SLOT + 1), row->first);
	assert_int_equal(level_of(m, SLOT + 513), row->second);
	machine_free(m);
}

static void a_table_without_leaves_is_something_to_flush_in_5_12(void **state)
{
	const struct zap_row *row = *state;
	struct machine *m = machine_mapped(row->semantics);
	bool zapped[2] = { false, false }, again[2] = { false, false };

	m->sem->ops.zap_gfns(m, SLOT + 1, SLOT + 2, zapped);
	m->sem->ops.zap_gfns(m, SLOT, SLOT + 512, again);

	assert_true(zapped[0]);
	assert_int_equal(again[0], !strcmp(row->semantics, "v5.12"));
	machine_free(m);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, tables_go_with_all_that_they_map_up_to_5_12, zaps);
	LIST_ROWS(&list, a_table_without_leaves_is_something_to_flush_in_5_12, zaps);
	return list_run(&list, "tdp");
}
