/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rmap.h: from a gfn to the entries that map it, and how such an entry changes.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c: mmu_set_spte(), drop_spte(), walk_slot_rmaps(). In direct tables
 * a gfn has one entry of a level at most, so that a rmap is one address. Everything here runs
 * under mmu_lock for write.
 */
#pragma once

#include "model/base.h"
#include "model/kvm.h"
#include "model/pgtable.h"

struct machine;
struct spte_args;

/* drop_spte(): a leaf goes, and what it says of its page is harvested. */
void rmap_drop(struct machine *m, u64 sptep);
/* An entry for MMIO goes with its table, and the rmap that it has left if put over a leaf. */
void rmap_forget(struct machine *m, u64 sptep);
/* mmu_set_spte(): @args->old need not be filled in. Says what kvm_mmu_do_page_fault() is told. */
enum ret_pf rmap_set_spte(struct machine *m, const struct pt_leaf *at,
			  const struct spte_args *args, int slot);
/* The same for a gfn without memslot. */
enum ret_pf rmap_set_mmio(struct machine *m, const struct pt_leaf *at);

struct rmap_range { gfn_t start, end; unsigned min_level, max_level; };

/* rmap_write_protect() of all that is there. @for_good: fast_page_fault() may not give W back. */
void rmap_write_protect(struct machine *m, struct rmap_range range, bool for_good);
/* ops */
void rmap_unmap_range(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
void rmap_zap_gfns(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
bool rmap_age_range(struct machine *m, gfn_t start, gfn_t end);
void rmap_rearm(struct machine *m, gfn_t gfn);
/* kvm_mmu_zap_collapsible_sptes(): true if TLBs must be flushed */
bool rmap_zap_collapsible(struct machine *m, int slot);
