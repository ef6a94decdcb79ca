/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/pferr.h"

/* EPT_VIOLATION_*: arch/x86/include/asm/vmx.h */
#define ACC_READ	BIT(0)
#define ACC_WRITE	BIT(1)
#define ACC_INSTR	BIT(2)
#define PROT_RWX	((u64)7 << 3)
#define PROT_USER_EXEC	BIT(6)
#define GVA_IS_VALID	BIT(7)
#define GVA_TRANSLATED	BIT(8)
#define GVA_USER	BIT(9)

u64 pferr_of_violation(enum pferr_rules rules, u64 qualification, bool mode_based)
{
	bool user_exec_counts = mode_based && rules == PFERR_USER_OF_LINEAR;
	u64 present = PROT_RWX | (user_exec_counts ? PROT_USER_EXEC : 0);
	u64 code = (qualification & ACC_WRITE ? PFERR_WRITE : 0) |
		   (qualification & ACC_INSTR ? PFERR_FETCH : 0) |
		   (qualification & present ? PFERR_PRESENT : 0);
	bool final = qualification & GVA_TRANSLATED;

	if (rules != PFERR_USER_OF_LINEAR && (qualification & ACC_READ))
		code |= PFERR_USER;
	if (rules != PFERR_ALWAYS_FINAL && !(qualification & GVA_IS_VALID))
		return code;
	if (rules == PFERR_USER_OF_LINEAR && final && (qualification & GVA_USER))
		code |= PFERR_USER;
	return code | (final ? PFERR_GUEST_FINAL : PFERR_GUEST_PAGE);
}

u64 pferr_for_handler(enum pferr_rules rules, u64 error_code)
{
	return rules == PFERR_ALWAYS_FINAL ? (u32)error_code : error_code;
}
