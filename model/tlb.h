/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb.h: what a vCPU's hardware has cached of stage-2, until somebody flushes it.
 *
 * SIMPLIFIED: TLB_ENTRIES entries, the oldest goes first; translations of several levels live in
 * one array; paging-structure caches are not modelled. Intel SDM vol. 3C, 29.4.
 */
#pragma once

#include "model/base.h"

struct machine;

enum { TLB_ENTRIES = 8 };

struct tlb_entry {
	gfn_t gfn;		/* first of the mapping */
	pfn_t pfn;		/* first of the mapping */
	u8 level;		/* 1..3; 0: empty */
	u8 writable, executable;
	u8 dirty;		/* the D bit was set through this entry (or D is not in use) */
	u8 pad[4];
};

struct tlb {
	struct tlb_entry entry[TLB_ENTRIES];
	u8 next;		/* the one to go */
	u8 pad[7];
};

/* The entry that translates @gfn, or NULL. */
struct tlb_entry *tlb_find(struct machine *m, unsigned vcpu, gfn_t gfn);
void tlb_fill(struct machine *m, unsigned vcpu, const struct tlb_entry *entry);
void tlb_drop(struct machine *m, unsigned vcpu, struct tlb_entry *entry);
/* kvm_vcpu_flush_tlb_all() */
void tlb_flush(struct machine *m, unsigned vcpu);
/* kvm_flush_remote_tlbs(): every vCPU of the VM */
void tlb_flush_all(struct machine *m);
