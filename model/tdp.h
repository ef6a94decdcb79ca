/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tdp.h: KVM's side of the stage-2 tables: roots, installing, zapping, bookkeeping.
 *
 * Linux: arch/x86/kvm/mmu/tdp_mmu.c. tdp_set_spte() is the one place where an entry changes.
 * SIMPLIFIED: v5.12 has its TDP MMU switched on (the parameter's default was off).
 */
#pragma once

#include "model/base.h"
#include "model/pgtable.h"

struct machine;
struct notify;

/* kvm_mmu_get_tdp_level(): root_role.level */
unsigned tdp_root_level(const struct machine *m);
/* Which entries are in use, and which are leaves, in tables of that many levels. */
struct pt_format stage2_pt_format(const struct machine *m);
/* The vCPU's root; makes one, with a flush of this vCPU's TLB, if it has none or it is obsolete. */
pfn_t tdp_load_root(struct machine *m, unsigned vcpu);
/* The root that new faults would use, or NO_PFN. */
pfn_t tdp_current_root(struct machine *m);
pfn_t tdp_root_at(struct machine *m, unsigned i);
void tdp_free_roots(struct machine *m, unsigned vcpu);
void tdp_unload_root(struct machine *m, unsigned vcpu);
bool tdp_root_is_obsolete(struct machine *m, unsigned vcpu);
/* The entry that maps @gfn under @root, or where the walk ends. */
struct pt_leaf tdp_walk(struct machine *m, pfn_t root, gfn_t gfn);
struct pt_leaf tdp_next_leaf(struct machine *m, pfn_t root, gfn_t gfn, gfn_t end);
/* An entry that was never written reads as the format's non-present value. */
u64 tdp_entry(struct machine *m, pfn_t table, gfn_t gfn, unsigned level);
/* A leaf came (1) or went (-1): statistics, ghost counts. Every MMU does this. */
void stage2_count_leaf(struct machine *m, u64 spte, unsigned level, int delta);
/* The same for dirty leaves: one that stays was @old and is @new. 0: none. */
void stage2_count_dirty(struct machine *m, u64 old, u64 new, unsigned level);
/*
 * For a law: PG_dirty and what mark_page_accessed() leaves behind; and after an entry has changed
 * from @old: were they set that should not be?
 */
u32 stage2_marks(struct machine *m, pfn_t pfn);
void stage2_check_marks(struct machine *m, u64 old, u32 before);
/* tdp_mmu_clear_spte_bits(): one leaf loses bits; nobody but the tracepoint is told. */
void tdp_clear_bits(struct machine *m, const struct pt_leaf *leaf, u64 new);
/* Change one entry, with everything that __handle_changed_spte() does about it. */
void tdp_set_spte(struct machine *m, pfn_t table, gfn_t gfn, unsigned level, u64 new);
/*
 * tdp_mmu_split_huge_page(): a huge leaf becomes a table of leaves. No flush: each translation
 * stays as it was. Returns the table.
 */
pfn_t tdp_split_leaf(struct machine *m, const struct pt_leaf *leaf);
/* tdp_mmu_split_huge_pages_root() of the current root: no huge leaf is left in [start, end). */
void tdp_split_range(struct machine *m, gfn_t start, gfn_t end);
/* fast_pf_fix_direct_spte(): a leaf regains W, and nobody is told. */
void tdp_fix_spte(struct machine *m, const struct pt_leaf *leaf, u64 new);
/*
 * kvm_tdp_mmu_age_gfn_range(): leaves of all roots (since 6.15 not of obsolete ones) lose A, or
 * without it their permissions; true: there were accessed ones.
 */
bool tdp_age_range(struct machine *m, gfn_t start, gfn_t end);
/* Zap the leaves of [start, end) under one root; true if there were any. */
bool tdp_zap_leafs(struct machine *m, pfn_t root, gfn_t start, gfn_t end);
/* kvm_tdp_mmu_unmap_gfn_range(): every root, invalid ones too. @zapped[0]: valid, [1]: invalid. */
void tdp_unmap_range(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
/* The same in 5.12, zap_gfn_range(): tables go, too, if all of what they map is in the range. */
void tdp_zap_tables(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
/* kvm_tdp_mmu_zap_leafs(), since 6.9: not of obsolete roots */
void tdp_zap_valid_roots(struct machine *m, gfn_t start, gfn_t end, bool zapped[2]);
/* kvm_mmu_zap_all_fast(), front half: every root becomes obsolete. */
void tdp_invalidate_roots(struct machine *m);
/*
 * kvm_tdp_mmu_zap_all() of kvm_mmu_zap_all_fast(), up to 5.12: all roots lose everything and stay;
 * vCPUs are asked to load theirs anew. True: there was something.
 */
bool tdp_zap_all(struct machine *m);
/* Its back half: entries and tables of obsolete roots go. */
void tdp_zap_invalid_roots(struct machine *m);
/* ---- tdp_log.c: what dirty logging does to the current root ---- */

/* wrprot_gfn_range(): leaves of @min_level and above lose W, host- and MMU-writable stay. */
void tdp_write_protect(struct machine *m, gfn_t start, gfn_t end, unsigned min_level);
/* kvm_mmu_slot_gfn_write_protect(PG_LEVEL_2M) */
void tdp_write_protect_huge(struct machine *m, gfn_t gfn);
/* clear_dirty_gfn_range(): leaves of all levels lose D. */
void tdp_clear_dirty(struct machine *m, gfn_t start, gfn_t end);
/* clear_dirty_pt_masked(): the 4K leaf of @gfn loses W, or with PML D. */
void tdp_rearm(struct machine *m, gfn_t gfn);
/* zap_collapsible_spte_range(), up to 5.17: leaves that could be larger go; true if there were. */
bool tdp_zap_small_leafs(struct machine *m, int slot);
/* tdp_mmu_zap_spte_atomic() of a table or a leaf, with its flush; true */
bool tdp_zap_atomic(struct machine *m, pfn_t table, gfn_t gfn, unsigned level);
/* The same since 5.20: tables in whose place a leaf could be; a flush for each. */
void tdp_zap_collapsible(struct machine *m, int slot);
/* recover_huge_pages_range(), since 6.14: the leaf is put in its place; true if there were any. */
bool tdp_recover_huge(struct machine *m, int slot);
/* host_pfn_mapping_level() and what the slot allows: the largest level for @gfn. */
unsigned tdp_max_level(struct machine *m, int slot, gfn_t gfn, pfn_t pfn);
