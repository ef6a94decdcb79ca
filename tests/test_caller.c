// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callers of KVM's look-ups: each can be run by its row, balances what it takes, and the events'
 * words are the rows of other architectures.
 */
#include <string.h>

#include "model/caller.h"
#include "model/host_mm.h"
#include "sim/event.h"
#include "tests/support.h"

enum { GFN = 0x200, PAGES = 4, ID = 1, TASK = 1 };

#define HVA	((hva_t)0x7f0000200000)

static struct machine *guest_with_memory(const char *semantics)
{
	struct machine *m = machine_new(semantics, EPT);

	add_vma(m, HVA, PAGES, VM_READ | VM_WRITE);
	add_slot(m, ID, GFN, PAGES, HVA, 0);
	return m;
}

static void run_caller(struct machine *m, enum caller caller, bool undo)
{
	if (undo)
		caller_undo(m, TASK, caller);
	else
		caller_start(m, TASK, caller, GFN, true);
	run(m, TASK);
	assert_int_equal(m->w->task[TASK].state, TASK_DONE);
}

static void caller_gives_back_what_it_took(void **state)
{
	const char *semantics = *state;

	for (unsigned caller = 0; caller < NR_CALLERS; caller++) {
		struct machine *m = guest_with_memory(semantics);
		struct caller_outcome out;

		run_caller(m, CALLER_VCPU_MAP, false);		/* the page comes into being */
		run_caller(m, CALLER_VCPU_MAP, true);
		run_caller(m, caller, false);
		out = caller_outcome(m, TASK, caller);
		if (out.error == -38) {
			machine_free(m);
			continue;
		}
		assert_int_equal(out.error, 0);
		assert_true(out.held > 0);
		if (caller == CALLER_VCPU_MAP || caller == CALLER_PFNCACHE)
			run_caller(m, caller, true);
		assert_int_equal(caller_mapped_refs(m, out.pfn), 0);
		if (caller != CALLER_VCPU_MAP)
			assert_int_equal(out.after, 0);
		machine_free(m);
	}
}

static void words_of_stage2_fault_are_the_rows_of_its_callers(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_event_kinds; i++) {
		const char *const *words = event_kinds[i].args[1].words;

		if (event_kinds[i].id != EVENT_STAGE2)
			continue;
		for (unsigned n = 0; n < nr_stage2_callers; n++)
			assert_string_equal(words[n], stage2_callers[n].arch);
		assert_null(words[nr_stage2_callers]);
	}
}

static void every_caller_has_a_name(void **state)
{
	(void)state;
	for (unsigned caller = 0; caller < NR_CALLERS; caller++)
		assert_true(*caller_name(caller));
}

/* arch/arm64/kvm/guest.c: kvm_release_pfn_clean() in 6.12, kvm_release_page_unused() in 7.2 */
static void arm64_marks_no_page_dirty_that_has_no_tags(void **state)
{
	struct machine *m = guest_with_memory(*state);
	pfn_t pfn;

	run_caller(m, CALLER_VCPU_MAP, false);
	pfn = caller_outcome(m, TASK, CALLER_VCPU_MAP).pfn;
	run_caller(m, CALLER_VCPU_MAP, true);
	page_of(m, pfn)->flags = (page_of(m, pfn)->flags & ~PG_DIRTY) | PG_FSDAX;
	task_start(m, TASK, PATH_LOOKUP, 0)->map =
		(struct map_op){ .gfn = GFN, .write = true, .api = LOOKUP_MTE_TAGS };
	run(m, TASK);
	assert_int_equal(m->w->task[TASK].map.error, -22);
	assert_false(page_of(m, pfn)->flags & PG_DIRTY);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(caller_gives_back_what_it_took, "v5.12"),
		cmocka_unit_test_prestate(caller_gives_back_what_it_took, "v6.1"),
		cmocka_unit_test_prestate(caller_gives_back_what_it_took, "v6.12"),
		cmocka_unit_test_prestate(caller_gives_back_what_it_took, "v11"),
		cmocka_unit_test_prestate(caller_gives_back_what_it_took, "v7.2"),
		cmocka_unit_test_prestate(arm64_marks_no_page_dirty_that_has_no_tags, "v6.12"),
		cmocka_unit_test_prestate(arm64_marks_no_page_dirty_that_has_no_tags, "v7.2"),
		cmocka_unit_test(words_of_stage2_fault_are_the_rows_of_its_callers),
		cmocka_unit_test(every_caller_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
