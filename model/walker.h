/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walker.h: the processor's reading of the stage-2 tables. Knows nothing of KVM's software bits.
 *
 * EPT: Intel SDM vol. 3C, 29.3 (translation), 28.2.1 (exit qualification). NPT: AMD APM vol. 2,
 * 15.25 (#NPF error code). Guest linear addresses are guest-physical: paging is off in the guest.
 */
#pragma once

#include "model/base.h"

struct machine;
struct phys;

enum walk_result {
	WALK_OK,
	WALK_VIOLATION,		/* EPT violation (exit 48), or #NPF without RSVD */
	WALK_MISCONFIG,		/* EPT misconfiguration (exit 49), or #NPF with RSVD */
};

enum { WALK_READ = 1, WALK_WRITE = 2, WALK_EXEC = 4 };

struct walk {
	u8 result;
	u8 level;		/* of the leaf */
	bool writable, executable;	/* AND over all levels; the latter for the access's mode */
	bool dirty;		/* D is set, or D is not in use */
	bool newly_dirty;	/* this walk has set it; what page-modification logging logs */
	u64 qualification;	/* EPT: exit qualification; NPT: error code (EXITINFO1) */
	u64 entry;		/* WALK_OK: the leaf, with A and D as the walk has left them */
	pfn_t pfn;		/* WALK_OK: first of the mapping */
	u64 first;		/* WALK_OK: first gfn of the mapping */
};

/* MAXPHYADDR of the simulated processor. */
unsigned physical_bits(const struct machine *m);
/* The processors that have the L1TF bug have 46 bits at most. */
bool has_l1tf(const struct machine *m);
/* Translate @gfn for @access under @root; sets A on the way and D for a write, as hardware does. */
struct walk hardware_walk(struct machine *m, u64 root, u64 gfn, unsigned access);
/* The same where the guest itself runs on KVM's tables, without nested paging. */
struct walk pae_hardware_walk(struct machine *m, u64 root, u64 gfn, unsigned access);

/* ---- walker_ept.c: any processor with EPT, any access ---- */

/* What the capability MSRs say, and what EPTP and the controls switch on. */
struct ept_processor {
	u8 levels;		/* 4 or 5 */
	u8 physical_bits;	/* MAXPHYADDR */
	bool ad;		/* EPTP bit 6 */
	bool execute_only;	/* IA32_VMX_EPT_VPID_CAP bit 0 */
	bool gigantic;		/* bit 17: 1G leaves */
	bool advanced;		/* bit 22: bits 9 to 11 of the exit qualification */
	bool mode_based;	/* mode-based execute control: bit 10 is for user-mode addresses */
};

/* An access as it reaches EPT, with what the guest's own paging has to say of it. */
struct ept_access {
	u8 rights;		/* WALK_* */
	bool linear_valid;	/* there is a linear address; not for PDPTEs that MOV CR loads */
	bool final;		/* to its translation; else to a guest paging structure */
	bool user, writable, execute_disable;	/* of the linear address */
	bool iret;		/* NMIs were unblocked by the IRET that faults */
};

struct walk ept_walk(struct phys *phys, const struct ept_processor *processor, pfn_t root,
		     gfn_t gfn, const struct ept_access *access);
