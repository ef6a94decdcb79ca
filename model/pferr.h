/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pferr.h: KVM's error code of a stage-2 fault, PFERR_*. An #NPF brings it; of an EPT violation it
 * is made of the exit qualification, by rules that changed.
 *
 * Linux: arch/x86/kvm/vmx/vmx.c:handle_ept_violation(), since 6.14
 * vmx/common.h:__vmx_handle_ept_violation(); arch/x86/kvm/mmu/mmu.c:kvm_mmu_page_fault().
 */
#pragma once

#include "model/base.h"

#define PFERR_PRESENT		BIT(0)
#define PFERR_WRITE		BIT(1)
#define PFERR_USER		BIT(2)
#define PFERR_RSVD		BIT(3)
#define PFERR_FETCH		BIT(4)
#define PFERR_GUEST_FINAL	BIT(32)
#define PFERR_GUEST_PAGE	BIT(33)

enum pferr_rules {
	PFERR_ALWAYS_FINAL,	/* to 6.8: USER is a read; final or page, linear address or not */
	PFERR_IF_LINEAR,	/* 6.12: final or page if there is a linear address */
	PFERR_USER_OF_LINEAR,	/* 7.2: and USER is that address's, of a final access */
};

/* @mode_based: the MMU in use has mode-based execute control, which only 7.2 knows. */
u64 pferr_of_violation(enum pferr_rules rules, u64 qualification, bool mode_based);
/* What the fault handler is given: kvm_mmu_do_page_fault() took 32 bits up to 6.8. */
u64 pferr_for_handler(enum pferr_rules rules, u64 error_code);
