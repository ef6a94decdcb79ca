/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shadow.h: struct kvm_mmu_page: the tables of the MMU that is not the TDP MMU, and its roots.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c, 6.1 to 6.12. Tables are shared by all vCPUs and known by gfn and
 * level. A root that a vCPU has is zapped at once, and freed by the last vCPU that lets go of it.
 * SIMPLIFIED: direct tables only, of one role; a guest with paging of its own is not modelled.
 */
#pragma once

#include "model/base.h"
#include "model/pgtable.h"

struct machine;

enum { MAX_PARENTS = 4 };

struct shadow_page {
	gfn_t gfn;
	/*
	 * sptep of the entries that link it, 0: none. Direct tables have one parent, and beside it
	 * obsolete roots into which 5.12 still maps what is in flight.
	 */
	u64 parent[MAX_PARENTS];
	pfn_t prev, next;	/* in active_mmu_pages, or in a list of zapped ones; 0: none */
	u16 root_count;		/* vCPUs whose root it is */
	u8 level;
	u8 gen;			/* mmu_valid_gen */
	bool invalid;		/* zapped */
};

/* The address of an entry. */
static inline u64 sptep_in(pfn_t table, gfn_t gfn, unsigned level)
{
	return table << PAGE_SHIFT | pt_index(gfn, level) << 3;
}

static inline u64 sptep_of(const struct pt_leaf *at)
{
	return sptep_in(at->table, at->first, at->level);
}

u64 spte_read(struct machine *m, u64 sptep);
/* The table that holds @sptep: sptep_to_sp() */
struct shadow_page shadow_page_of(struct machine *m, u64 sptep);
bool shadow_is_obsolete(const struct machine *m, const struct shadow_page *sp);

/* kvm_mmu_get_shadow_page(): the table of @level for @gfn, found or made. */
pfn_t shadow_get(struct machine *m, gfn_t gfn, unsigned level);
/* __link_shadow_page(): what was there goes, and TLBs are flushed. */
void shadow_link(struct machine *m, const struct pt_leaf *at, pfn_t child);
/* drop_parent_pte() of the table that the entry links */
void shadow_unlink(struct machine *m, u64 sptep);
/* kvm_mmu_zap_all_fast() without the TDP MMU's half; mmu_lock is held for write. */
void shadow_zap_all_fast(struct machine *m);
/* kvm_mmu_zap_all(), its half of it */
void shadow_zap_all(struct machine *m);
/* make_mmu_pages_available(): false if there are none. */
bool shadow_make_available(struct machine *m);
enum { KVM_MIN_FREE_MMU_PAGES = 5, KVM_MIN_ALLOC_MMU_PAGES = 64 };
/* kvm_mmu_zap_oldest_mmu_pages(): up to so many that are nobody's root */
void shadow_zap_oldest(struct machine *m, u64 wanted);
/* kvm_mmu_change_mmu_pages() */
void shadow_limit(struct machine *m, u64 pages);

/* mmu_alloc_root(), mmu_free_root_page(); what is zapped goes when it is committed. */
pfn_t shadow_get_root(struct machine *m, gfn_t gfn, unsigned level);
void shadow_put_root(struct machine *m, pfn_t table, pfn_t *zapped);
/* Into the list @zapped */
void shadow_prepare_zap(struct machine *m, pfn_t table, pfn_t *zapped);
/* kvm_mmu_commit_zap_page() */
void shadow_commit_zap(struct machine *m, pfn_t zapped);

/* ops: roots and walks; shadow_*: one root of 4 levels, pae_*: four of 2 levels below a PDPT */
pfn_t shadow_load_root(struct machine *m, unsigned vcpu);
pfn_t shadow_current_root(struct machine *m);
pfn_t shadow_root_at(struct machine *m, unsigned i);
bool shadow_root_is_obsolete(struct machine *m, unsigned vcpu);
pfn_t pae_load_root(struct machine *m, unsigned vcpu);
pfn_t pae_current_root(struct machine *m);
bool pae_root_is_obsolete(struct machine *m, unsigned vcpu);
/* kvm_mmu_unload() */
void shadow_free_roots(struct machine *m, unsigned vcpu);
void pae_free_roots(struct machine *m, unsigned vcpu);
/* The entry of @level for @gfn below a root of either kind; the tables down to it are there. */
struct pt_leaf shadow_entry(struct machine *m, pfn_t root, gfn_t gfn, unsigned level);
struct pt_leaf pae_walk(struct machine *m, pfn_t root, gfn_t gfn);
struct pt_leaf pae_next_leaf(struct machine *m, pfn_t root, gfn_t gfn, gfn_t end);
