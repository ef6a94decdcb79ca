// SPDX-License-Identifier: GPL-2.0-only
/*
 * The error code that KVM makes of an EPT violation, by version: Linux 6.1, 6.12 and 7.2,
 * arch/x86/kvm/vmx/vmx.c and vmx/common.h.
 */
#include "model/pferr.h"
#include "tests/support.h"

#define FINAL	PFERR_GUEST_FINAL
#define PAGE	PFERR_GUEST_PAGE

static const struct pferr_row {
	const char *name;
	u64 qualification;
	bool mode_based;
	u64 v6_1, v6_12, v7_2;
} codes[] = {
	{ "read of nothing (recorded)", 0x181, false, PFERR_USER | FINAL, PFERR_USER | FINAL,
	  FINAL },
	{ "write to nothing (recorded)", 0x182, false, PFERR_WRITE | FINAL, PFERR_WRITE | FINAL,
	  PFERR_WRITE | FINAL },
	{ "fetch from nothing (recorded)", 0x184, false, PFERR_FETCH | FINAL, PFERR_FETCH | FINAL,
	  PFERR_FETCH | FINAL },
	{ "write to a read-only leaf (recorded)", 0x1aa, false,
	  PFERR_WRITE | PFERR_PRESENT | FINAL, PFERR_WRITE | PFERR_PRESENT | FINAL,
	  PFERR_WRITE | PFERR_PRESENT | FINAL },
	{ "what is readable alone is present", 0x18a, false, PFERR_WRITE | PFERR_PRESENT | FINAL,
	  PFERR_WRITE | PFERR_PRESENT | FINAL, PFERR_WRITE | PFERR_PRESENT | FINAL },
	{ "what is writable alone is present", 0x194, false, PFERR_FETCH | PFERR_PRESENT | FINAL,
	  PFERR_FETCH | PFERR_PRESENT | FINAL, PFERR_FETCH | PFERR_PRESENT | FINAL },
	{ "what is executable alone is present", 0x1a2, false, PFERR_WRITE | PFERR_PRESENT | FINAL,
	  PFERR_WRITE | PFERR_PRESENT | FINAL, PFERR_WRITE | PFERR_PRESENT | FINAL },
	{ "the guest's tables, read and written", 0x83, false, PFERR_USER | PFERR_WRITE | PAGE,
	  PFERR_USER | PFERR_WRITE | PAGE, PFERR_WRITE | PAGE },
	{ "no linear address", 0x1, false, PFERR_USER | PAGE, PFERR_USER, 0 },
	{ "no linear address, bit 8 all the same", 0x101, false, PFERR_USER | FINAL, PFERR_USER,
	  0 },
	{ "a user-mode address, written", 0x382, false, PFERR_WRITE | FINAL, PFERR_WRITE | FINAL,
	  PFERR_WRITE | PFERR_USER | FINAL },
	{ "a user-mode address, read", 0x381, false, PFERR_USER | FINAL, PFERR_USER | FINAL,
	  PFERR_USER | FINAL },
	{ "bit 9 of an access to the guest's tables", 0x282, false, PFERR_WRITE | PAGE,
	  PFERR_WRITE | PAGE, PFERR_WRITE | PAGE },
	{ "bit 9 without a linear address", 0x302, false, PFERR_WRITE | FINAL, PFERR_WRITE,
	  PFERR_WRITE },
	{ "executable by the user alone, without mode-based execution", 0x1c2, false,
	  PFERR_WRITE | FINAL, PFERR_WRITE | FINAL, PFERR_WRITE | FINAL },
	{ "executable by the user alone, with it", 0x1c2, true, PFERR_WRITE | FINAL,
	  PFERR_WRITE | FINAL, PFERR_WRITE | PFERR_PRESENT | FINAL },
	{ "what the guest's own tables say is not KVM's", 0x1d82, false, PFERR_WRITE | FINAL,
	  PFERR_WRITE | FINAL, PFERR_WRITE | FINAL },
};

static void a_violations_error_code_is_the_versions(void **state)
{
	const struct pferr_row *row = *state;
	u64 q = row->qualification;

	assert_true(pferr_of_violation(PFERR_ALWAYS_FINAL, q, row->mode_based) == row->v6_1);
	assert_true(pferr_of_violation(PFERR_IF_LINEAR, q, row->mode_based) == row->v6_12);
	assert_true(pferr_of_violation(PFERR_USER_OF_LINEAR, q, row->mode_based) == row->v7_2);
}

static void the_handler_of_old_kernels_is_given_32_bits(void **state)
{
	(void)state;
	assert_true(pferr_for_handler(PFERR_ALWAYS_FINAL, PFERR_WRITE | FINAL) == PFERR_WRITE);
	assert_true(pferr_for_handler(PFERR_IF_LINEAR, PFERR_WRITE | FINAL) ==
		    (PFERR_WRITE | FINAL));
	assert_true(pferr_for_handler(PFERR_USER_OF_LINEAR, PAGE) == PAGE);
}

static const struct fault_row {
	const char *name;
	enum stage2_of stage2;
	u64 error_code;
} faults[] = {
	{ "v5.12", EPT, PFERR_WRITE }, { "v6.1", EPT, PFERR_WRITE }, { "v6.8", EPT, PFERR_WRITE },
	{ "v11", EPT, PFERR_WRITE }, { "v6.12", EPT, PFERR_WRITE | FINAL },
	{ "v7.2", EPT, PFERR_WRITE | FINAL },
	{ "v6.1", NPT, PFERR_WRITE | PFERR_USER }, { "v6.8", NPT, PFERR_WRITE | PFERR_USER },
	{ "v6.12", NPT, PFERR_WRITE | PFERR_USER | FINAL },
	{ "v7.2", NPT, PFERR_WRITE | PFERR_USER | FINAL },
};

static void a_guests_first_write_faults_with_the_versions_error_code(void **state)
{
	const struct fault_row *row = *state;
	struct machine *m = machine_new(row->name, row->stage2);

	add_vma(m, 0x10000, 16, VM_READ | VM_WRITE);
	add_slot(m, 0, 0x10, 16, 0x10000, 0);
	guest_access(m, ACCESS_WRITE, 0x10000, 1);

	assert_true(m->w->task[0].fault.error_code == row->error_code);

	machine_free(m);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_violations_error_code_is_the_versions, codes);
	LIST_TEST(&list, the_handler_of_old_kernels_is_given_32_bits);
	LIST_ROWS(&list, a_guests_first_write_faults_with_the_versions_error_code, faults);
	return list_run(&list, "pferr");
}
