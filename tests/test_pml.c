// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-modification logging: the dirty log takes D, not W, and the processor tells who sets it.
 * Linux: arch/x86/kvm/mmu/tdp_mmu.c:clear_dirty_gfn_range(), clear_dirty_pt_masked(), 5.12 to 7.2.
 */
#include <string.h>

#include "model/memslot.h"
#include "model/tdp.h"
#include "tests/support.h"

#define GFN	((gfn_t)0x10)
#define GPA	(GFN << PAGE_SHIFT)
#define HVA	((hva_t)0x10000)

static const struct version_row { const char *name; } versions[] = {
	{ "v5.12" }, { "v6.1" }, { "v6.8" }, { "v11" }, { "v6.12" }, { "v7.2" },
};

static const struct version_row since_5_13[] = {
	{ "v6.1" }, { "v6.8" }, { "v11" }, { "v6.12" }, { "v7.2" },
};

static u64 entry(struct machine *m)
{
	return tdp_walk(m, m->w->vcpu[0].root, GFN).entry;
}

static void change_flags(struct machine *m, u16 flags)
{
	struct task *t = task_start(m, 0, PATH_SLOT, BLAME_VMM);

	t->slot = (struct slot_op){ .base_gfn = GFN, .npages = 16, .hva = HVA, .flags = flags };
	run(m, 0);
	assert_int_equal(t->slot.error, 0);
}

static u64 read_log(struct machine *m)
{
	struct task *t = task_start(m, 0, PATH_DIRTY_LOG, BLAME_VMM);

	t->slot = (struct slot_op){ .id = 0 };
	run(m, 0);
	return t->slot.dirty;
}

/* Written before logging begins. */
static struct machine *machine_logging(const char *semantics)
{
	struct machine *m = machine_new(semantics, EPT);

	m->w->config.pml = true;
	add_vma(m, HVA, 16, VM_READ | VM_WRITE);
	add_slot(m, 0, GFN, 16, HVA, 0);
	guest_access(m, ACCESS_WRITE, GPA, 7);
	change_flags(m, KVM_MEM_LOG_DIRTY_PAGES);
	return m;
}

static void when_logging_begins_a_leaf_loses_d_and_keeps_w(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_logging(row->name);
	const struct spte_format *format = spte_format_of(m);

	assert_true(spte_is_writable(format, entry(m)));
	assert_false(entry(m) & format->dirty);
	machine_free(m);
}

/* kvm_tdp_mmu_wrprot_slot(PG_LEVEL_4K), whatever level the memslot asks for */
static void in_5_12_it_loses_w_as_well_and_a_fault_logs(void **state)
{
	struct machine *m = machine_logging("v5.12");
	const struct spte_format *format = spte_format_of(m);

	(void)state;
	assert_false(spte_is_writable(format, entry(m)));
	assert_false(entry(m) & format->dirty);
	assert_int_equal(guest_access(m, ACCESS_WRITE, GPA, 8)->faults, 1);

	assert_true(memslot_dirty_word(m, 0, 0) == 1);
	assert_int_equal(violations_of(m, NULL), 0);
	machine_free(m);
}

static void a_write_is_logged_without_a_fault(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_logging(row->name);

	assert_true(memslot_dirty_word(m, 0, 0) == 0);
	assert_int_equal(guest_access(m, ACCESS_READ, GPA, 0)->faults, 0);
	assert_true(memslot_dirty_word(m, 0, 0) == 0);
	assert_int_equal(guest_access(m, ACCESS_WRITE, GPA, 8)->faults, 0);

	assert_true(memslot_dirty_word(m, 0, 0) == 1);
	assert_int_equal(violations_of(m, NULL), 0);
	machine_free(m);
}

static void reading_the_log_takes_d_and_the_next_write_is_logged_again(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_logging(row->name);
	const struct spte_format *format = spte_format_of(m);

	guest_access(m, ACCESS_WRITE, GPA, 8);
	assert_true(read_log(m) == 1);
	assert_true(spte_is_writable(format, entry(m)));
	assert_false(entry(m) & format->dirty);
	assert_true(read_log(m) == 0);
	guest_access(m, ACCESS_WRITE, GPA, 9);

	assert_true(read_log(m) == 1);
	assert_int_equal(violations_of(m, NULL), 0);
	machine_free(m);
}

/* A D bit that the log takes goes to struct page; 7.2 has marked the page when it was mapped. */
static void what_the_log_takes_from_the_entry_the_page_has_up_to_6_12(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_logging(row->name);
	pfn_t pfn = pt_pfn(entry(m));

	guest_access(m, ACCESS_WRITE, GPA, 8);
	page_of(m, pfn)->flags &= ~(u64)PG_DIRTY;
	read_log(m);

	assert_int_equal(!!(page_of(m, pfn)->flags & PG_DIRTY), strcmp(row->name, "v7.2") != 0);
	machine_free(m);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, when_logging_begins_a_leaf_loses_d_and_keeps_w, since_5_13);
	LIST_TEST(&list, in_5_12_it_loses_w_as_well_and_a_fault_logs);
	LIST_ROWS(&list, a_write_is_logged_without_a_fault, since_5_13);
	LIST_ROWS(&list, reading_the_log_takes_d_and_the_next_write_is_logged_again, versions);
	LIST_ROWS(&list, what_the_log_takes_from_the_entry_the_page_has_up_to_6_12, versions);
	return list_run(&list, "pml");
}
