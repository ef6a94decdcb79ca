// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults without a look-up: leaves that aging or logging has taken rights from, MMIO; and who loses
 * a cmpxchg. Linux: arch/x86/kvm/mmu/mmu.c:fast_page_fault(), handle_mmio_page_fault();
 * tdp_mmu.c:tdp_mmu_map_handle_target_level().
 */
#include <string.h>

#include "model/memslot.h"
#include "model/path.h"
#include "model/tdp.h"
#include "tests/support.h"

#define GFN	((gfn_t)0x10)
#define GPA	(GFN << PAGE_SHIFT)
#define HVA	((hva_t)0x10000)
#define NOWHERE	((gfn_t)0x100)

static const struct version_row { const char *name; } since_5_14[] = {
	{ "v6.1" }, { "v6.8" }, { "v11" }, { "v6.12" }, { "v7.2" },
};

/* A guest that has written its page. */
static struct machine *machine_used(const char *semantics, enum stage2_of stage2, u16 flags)
{
	struct machine *m = machine_new(semantics, stage2);

	add_vma(m, HVA, 16, VM_READ | VM_WRITE);
	add_slot(m, 0, GFN, 16, HVA, flags);
	guest_access(m, ACCESS_WRITE, GPA, 7);
	return m;
}

static u64 entry(struct machine *m)
{
	return tdp_walk(m, m->w->vcpu[0].root, GFN).entry;
}

static void set_entry(struct machine *m, u64 new)
{
	struct pt_leaf leaf = tdp_walk(m, m->w->vcpu[0].root, GFN);

	tdp_fix_spte(m, &leaf, new);
}

static void start_access(struct machine *m, unsigned task, enum access_kind kind)
{
	struct task *t = task_start(m, task, PATH_ACCESS, BLAME_KVM);

	t->vcpu = task;
	t->access = (struct access){ .gpa = GPA, .count = 1, .kind = kind, .value = 8 };
}

static void run_until(struct machine *m, unsigned task, const char *step)
{
	while (strcmp(task_next_step(m, task)->name, step))
		assert_int_equal(task_step(m, task), RUN_STEPPED);
}

static void run_rest(struct machine *m, unsigned task)
{
	while (task_step(m, task) == RUN_STEPPED)
		;
	assert_int_equal(m->w->task[task].state, TASK_DONE);
}

/* ---- access tracking ---- */

static void a_read_gives_an_access_tracked_leaf_its_r_and_x_back(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT_WITHOUT_AD, 0);
	u64 used = entry(m), old;

	assert_true(tdp_age_range(m, GFN, GFN + 1));
	tlb_flush_all(m);
	old = entry(m);
	assert_true(old == spte_mark_old(spte_format_of(m), used));
	guest_access(m, ACCESS_READ, GPA, 0);

	assert_int_equal(m->w->task[0].fault.ret, RET_PF_FIXED);
	assert_true(entry(m) == (used & ~spte_format_of(m)->write));
	assert_true(m->w->task[0].fault.mmu_seq == 0);	/* and nothing was looked up */
	assert_int_equal(m->w->task[0].follow.done, 0);

	machine_free(m);
}

static void a_write_to_an_access_tracked_leaf_gives_it_all_back_and_is_logged(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT_WITHOUT_AD, KVM_MEM_LOG_DIRTY_PAGES);
	u64 used = entry(m);

	tdp_age_range(m, GFN, GFN + 1);
	tlb_flush_all(m);
	memslot_clear_dirty(m, 0);
	guest_access(m, ACCESS_WRITE, GPA, 8);

	assert_int_equal(m->w->task[0].fault.ret, RET_PF_FIXED);
	assert_true(entry(m) == used);
	assert_true(memslot_dirty_word(m, 0, 0) == 1);

	machine_free(m);
}

static void a_read_of_a_leaf_that_is_back_already_is_spurious(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT_WITHOUT_AD, 0);
	u64 used = entry(m);

	tdp_age_range(m, GFN, GFN + 1);
	tlb_flush_all(m);
	start_access(m, 0, ACCESS_READ);
	run_until(m, 0, "fast_page_fault");
	set_entry(m, used);
	run_rest(m, 0);

	assert_int_equal(m->w->task[0].fault.ret, RET_PF_SPURIOUS);
	assert_true(entry(m) == used);

	machine_free(m);
}

/* ---- losing the cmpxchg ---- */

static void who_is_overtaken_in_the_fast_path_looks_again(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT_WITHOUT_AD, 0);
	u64 used = entry(m);

	tdp_age_range(m, GFN, GFN + 1);
	tlb_flush_all(m);
	start_access(m, 0, ACCESS_WRITE);
	run_until(m, 0, "fast_fix");
	set_entry(m, used & ~spte_format_of(m)->write);	/* another vCPU has read */
	task_step(m, 0);

	assert_string_equal(task_next_step(m, 0)->name, "fast_page_fault");
	run_rest(m, 0);
	assert_int_equal(m->w->task[0].fault.ret, RET_PF_FIXED);
	assert_int_equal(m->w->task[0].fault.fast_tries, 1);
	assert_true(entry(m) == used);

	machine_free(m);
}

static void the_fifth_lost_try_goes_the_slow_way(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT_WITHOUT_AD, 0);
	u64 used = entry(m);

	tdp_age_range(m, GFN, GFN + 1);
	tlb_flush_all(m);
	start_access(m, 0, ACCESS_WRITE);
	for (unsigned try = 0; try < 5; try++) {
		run_until(m, 0, "fast_fix");
		set_entry(m, try & 1 ? spte_mark_old(spte_format_of(m), used) :
				       used & ~spte_format_of(m)->write);
		task_step(m, 0);
	}

	assert_string_not_equal(task_next_step(m, 0)->name, "fast_page_fault");
	run_rest(m, 0);
	assert_true(m->w->task[0].follow.done);

	machine_free(m);
}

static const struct version_row all[] = {
	{ "v5.12" }, { "v6.1" }, { "v6.8" }, { "v11" }, { "v6.12" }, { "v7.2" },
};

/* Two vCPUs write the same page; the second to install finds another entry than it has read. */
static void who_is_overtaken_by_an_install_retries(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_new(row->name, EPT);
	u64 others;

	add_vma(m, HVA, 16, VM_READ | VM_WRITE);
	add_slot(m, 0, GFN, 16, HVA, 0);
	start_access(m, 0, ACCESS_WRITE);
	start_access(m, 1, ACCESS_WRITE);
	run_until(m, 0, "install_leaf");
	run_rest(m, 1);
	others = entry(m);
	task_step(m, 0);

	assert_int_equal(m->w->task[0].fault.ret, RET_PF_RETRY);
	assert_true(entry(m) == others);
	run_rest(m, 0);
	assert_int_equal(m->w->task[0].access.faults, 1);	/* the entry serves it now */

	machine_free(m);
}

/* ---- MMIO ---- */

static unsigned read_nowhere(struct machine *m, gpa_t gpa, enum access_kind kind)
{
	return guest_access(m, kind, gpa, 0)->faults;
}

static void a_vcpu_knows_the_last_gfn_without_memslot(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT, 0);

	assert_false(vcpu_knows_mmio(m, 0, NOWHERE));
	read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ);
	assert_true(vcpu_knows_mmio(m, 0, NOWHERE));
	assert_false(vcpu_knows_mmio(m, 0, NOWHERE + 1));
	assert_false(vcpu_knows_mmio(m, 1, NOWHERE));
	m->w->kvm.generation += 2;

	assert_false(vcpu_knows_mmio(m, 0, NOWHERE));
	machine_free(m);
}

static void what_a_vcpu_knows_is_emulated_though_the_entry_is_gone(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT, 0);
	struct pt_leaf leaf;

	read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ);
	start_access(m, 0, ACCESS_READ);
	m->w->task[0].access.gpa = NOWHERE << PAGE_SHIFT;
	run_until(m, 0, "mmio_fault");
	leaf = tdp_walk(m, m->w->vcpu[0].root, NOWHERE);
	tdp_fix_spte(m, &leaf, spte_format_of(m)->nonpresent);
	task_step(m, 0);

	assert_int_equal(m->w->task[0].fault.ret, RET_PF_EMULATE);
	machine_free(m);
}

static void an_mmio_entry_of_this_generation_makes_it_known(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT, 0);

	read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ);
	read_nowhere(m, (NOWHERE + 1) << PAGE_SHIFT, ACCESS_READ);
	assert_false(vcpu_knows_mmio(m, 0, NOWHERE));
	assert_int_equal(read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ), 0);

	assert_true(vcpu_knows_mmio(m, 0, NOWHERE));
	machine_free(m);
}

/* 0 means nothing in mmio_gfn: EMULTYPE_ALLOW_RETRY_PF is set, and the increment tried again. */
static void gfn_0_is_never_known(void **state)
{
	struct machine *m = machine_used("v6.1", EPT, 0);

	(void)state;
	read_nowhere(m, 0, ACCESS_READ);
	assert_false(vcpu_knows_mmio(m, 0, 0));
	m->w->kvm.generation += 2;
	start_access(m, 0, ACCESS_RMW);
	m->w->task[0].access.gpa = 0;
	run_until(m, 0, "retry_instruction");
	run_rest(m, 0);
	machine_free(m);

	m = machine_used("v6.1", EPT, 0);
	start_access(m, 0, ACCESS_RMW);
	m->w->task[0].access.gpa = NOWHERE << PAGE_SHIFT;
	run_until(m, 0, "emulate_access");
	assert_false(m->w->task[0].access.retried);
	machine_free(m);
}

static void without_mmio_caching_no_entry_is_made(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT, 0);

	m->w->config.no_mmio_caching = true;
	assert_int_equal(read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ), 1);
	assert_int_equal(read_nowhere(m, NOWHERE << PAGE_SHIFT, ACCESS_READ), 1);

	assert_int_equal(m->w->task[0].access.mmios, 1);
	assert_false(spte_is_mmio(spte_format_of(m),
				  tdp_walk(m, m->w->vcpu[0].root, NOWHERE).entry));
	machine_free(m);
}

static void above_the_hosts_physical_addresses_no_entry_is_made_since_5_18(void **state)
{
	const struct version_row *row = *state;
	struct machine *m = machine_used(row->name, EPT, 0);
	gfn_t last = BIT(36 - PAGE_SHIFT) - 1;
	const struct spte_format *format = spte_format_of(m);

	m->w->config.physical_bits = 36;
	read_nowhere(m, last << PAGE_SHIFT, ACCESS_READ);
	read_nowhere(m, (last + 1) << PAGE_SHIFT, ACCESS_READ);

	assert_true(spte_is_mmio(format, tdp_walk(m, m->w->vcpu[0].root, last).entry));
	assert_int_equal(spte_is_mmio(format, tdp_walk(m, m->w->vcpu[0].root, last + 1).entry),
			 !strcmp(row->name, "v5.12"));
	machine_free(m);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_read_gives_an_access_tracked_leaf_its_r_and_x_back, since_5_14);
	LIST_ROWS(&list, a_write_to_an_access_tracked_leaf_gives_it_all_back_and_is_logged,
		  since_5_14);
	LIST_ROWS(&list, a_read_of_a_leaf_that_is_back_already_is_spurious, since_5_14);
	LIST_ROWS(&list, who_is_overtaken_in_the_fast_path_looks_again, since_5_14);
	LIST_ROWS(&list, the_fifth_lost_try_goes_the_slow_way, since_5_14);
	LIST_ROWS(&list, who_is_overtaken_by_an_install_retries, all);
	LIST_ROWS(&list, a_vcpu_knows_the_last_gfn_without_memslot, all);
	LIST_ROWS(&list, what_a_vcpu_knows_is_emulated_though_the_entry_is_gone, all);
	LIST_ROWS(&list, an_mmio_entry_of_this_generation_makes_it_known, all);
	LIST_TEST(&list, gfn_0_is_never_known);
	LIST_ROWS(&list, without_mmio_caching_no_entry_is_made, all);
	LIST_ROWS(&list, above_the_hosts_physical_addresses_no_entry_is_made_since_5_18, all);
	return list_run(&list, "fast");
}
