/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * caller.h: who looks pfns up in KVM: one way to run each kind of caller, one to ask what it got.
 *
 * A caller is a path with arguments; its task ends when it has given everything back, but
 * for kvm_vcpu_map(), whose reference lives until caller_unmap().
 */
#pragma once

#include "model/base.h"

struct machine;
struct semantics;

/* Stage-2 faults of other architectures, as far as references go: PATH_STAGE2. */
struct stage2_caller {
	const char *name;	/* its function */
	const char *arch;
	u8 api;			/* to 6.12: LOOKUP_PROT, LOOKUP_PFN; 6.13: kvm_faultin_pfn() */
	const char *source;
	u32 how;		/* path_stage2.c: what it marks and where it releases */
};

extern const struct stage2_caller stage2_callers[];
extern const unsigned nr_stage2_callers;

/* Page faults of a guest aside, which are PATH_ACCESS. */
enum caller {
	CALLER_COMPAT,		/* gfn_to_pfn_prot(): what was not converted */
	CALLER_VCPU_MAP,
	CALLER_REEXECUTE,	/* reexecute_instruction()'s look-up */
	CALLER_PFNCACHE,	/* kvm_gpc_activate() */
	CALLER_PREFETCH_DIRECT,
	CALLER_PREFETCH_SHADOW,
	NR_CALLERS,
};

struct caller_outcome {
	pfn_t pfn;		/* found, or the error pfn */
	s32 error;		/* of the caller: 0 or -errno; -ENOSYS: this version has none */
	s32 held, after;	/* references that its look-up holds while used, and afterwards */
	bool has_writable, writable;
};

const char *caller_name(enum caller caller);
/* Task row @task is about to look @gfn up; @write counts for CALLER_COMPAT, others always write. */
void caller_start(struct machine *m, unsigned task, enum caller caller, gfn_t gfn, bool write);
/* After the task's end. CALLER_VCPU_MAP: .after is what the map holds now. */
struct caller_outcome caller_outcome(struct machine *m, unsigned task, enum caller caller);
/* Task row @task is about to undo what CALLER_VCPU_MAP or CALLER_PFNCACHE left. */
void caller_undo(struct machine *m, unsigned task, enum caller caller);
/* References to @pfn that kvm_vcpu_map() holds: after caller_undo(), 0 unless one has leaked. */
s32 caller_mapped_refs(struct machine *m, pfn_t pfn);
