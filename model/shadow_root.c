/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shadow_root.c: roots of the MMU with rmaps: one for nested paging; for a guest in
 * 32-bit mode four of two levels, below a PDPT of each vCPU.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:kvm_mmu_load(), mmu_alloc_direct_roots(), kvm_mmu_free_roots(),
 * kvm_mmu_free_obsolete_roots(). A vCPU does this before it enters the guest.
 */
#include "model/machine.h"
#include "model/semantics.h"
#include "model/shadow.h"
#include "model/tdp.h"

enum { PAE_ROOTS = 4, PAE_LEVELS = 2 };		/* 1G each; PT32_ROOT_LEVEL */

static bool mmu_lock_is_free(const struct machine *m)
{
	return !m->w->kvm.mmu_lock.writer && !m->w->kvm.mmu_lock.readers;
}

static void note_root(struct machine *m, unsigned vcpu)
{
	note(m, &(struct note){ .kind = NOTE_ROOT, .name = "load_mmu_pgd",
				.pfn = m->w->vcpu[vcpu].root });
	tlb_flush(m, vcpu);	/* kvm_mmu_load(): kvm_x86_ops.flush_tlb_current() */
}

pfn_t shadow_root_at(struct machine *m, unsigned i)
{
	return i < MAX_VCPUS ? m->w->vcpu[i].root : NO_PFN;
}

bool shadow_root_is_obsolete(struct machine *m, unsigned vcpu)
{
	pfn_t root = m->w->vcpu[vcpu].root;
	struct shadow_page sp;

	if (root == NO_PFN)
		return true;
	sp = shadow_page_of(m, root << PAGE_SHIFT);
	return shadow_is_obsolete(m, &sp);
}

pfn_t shadow_current_root(struct machine *m)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		if (m->w->vcpu[v].root != NO_PFN && !shadow_root_is_obsolete(m, v))
			return m->w->vcpu[v].root;
	return NO_PFN;
}

void shadow_free_roots(struct machine *m, unsigned vcpu)
{
	pfn_t root = m->w->vcpu[vcpu].root, zapped = 0;

	m->w->vcpu[vcpu].root = NO_PFN;
	if (root == NO_PFN)
		return;
	shadow_put_root(m, root, &zapped);
	shadow_commit_zap(m, zapped);
}

pfn_t shadow_load_root(struct machine *m, unsigned vcpu)
{
	struct vcpu *v = &m->w->vcpu[vcpu];
	pfn_t zapped = 0;

	if (v->root != NO_PFN && !v->free_obsolete_roots)
		return v->root;
	if (!mmu_lock_is_free(m))
		return NO_PFN;
	v->free_obsolete_roots = false;
	if (v->root != NO_PFN && !shadow_root_is_obsolete(m, vcpu))
		return v->root;
	if (v->root != NO_PFN)
		shadow_put_root(m, v->root, &zapped);
	shadow_commit_zap(m, zapped);
	shadow_make_available(m);
	v->root = shadow_get_root(m, 0, tdp_root_level(m));
	note_root(m, vcpu);
	return v->root;
}

/* Roots without a shadow page are obsolete while there is a request to free such. */
bool pae_root_is_obsolete(struct machine *m, unsigned vcpu)
{
	return m->w->vcpu[vcpu].root == NO_PFN || m->w->vcpu[vcpu].free_obsolete_roots;
}

pfn_t pae_current_root(struct machine *m)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		if (!pae_root_is_obsolete(m, v))
			return m->w->vcpu[v].root;
	return NO_PFN;
}

void pae_free_roots(struct machine *m, unsigned vcpu)
{
	pfn_t pae_root = m->w->vcpu[vcpu].root, zapped = 0;

	m->w->vcpu[vcpu].root = NO_PFN;
	if (pae_root == NO_PFN)
		return;
	for (unsigned i = 0; i < PAE_ROOTS; i++)
		shadow_put_root(m, pt_pfn(m->phys->load(m->phys, pae_root, i)), &zapped);
	m->phys->clear(m->phys, pae_root);
	shadow_commit_zap(m, zapped);
}

pfn_t pae_load_root(struct machine *m, unsigned vcpu)
{
	struct vcpu *v = &m->w->vcpu[vcpu];

	if (!pae_root_is_obsolete(m, vcpu))
		return v->root;
	if (!mmu_lock_is_free(m))
		return NO_PFN;
	v->free_obsolete_roots = false;
	pae_free_roots(m, vcpu);
	shadow_make_available(m);
	v->root = SPACE_PAE_ROOT + vcpu;	/* mmu->pae_root, for good */
	for (unsigned i = 0; i < PAE_ROOTS; i++) {
		pfn_t table = shadow_get_root(m, i * level_pages(3), PAE_LEVELS);

		m->phys->store(m->phys, v->root, i, table << PAGE_SHIFT | 1);
	}
	note_root(m, vcpu);
	return v->root;
}

struct pt_leaf shadow_entry(struct machine *m, pfn_t root, gfn_t gfn, unsigned level)
{
	bool is_pae = root >= SPACE_PAE_ROOT;	/* special roots have no shadow page */
	struct pt_leaf at = { .table = root, .level = tdp_root_level(m) };

	if (is_pae) {
		at.table = pt_pfn(m->phys->load(m->phys, root, gfn >> 18 & 3));
		at.level = PAE_LEVELS;
	}
	for (;; at.table = pt_pfn(at.entry), at.level--) {
		at.entry = tdp_entry(m, at.table, gfn, at.level);
		at.first = gfn & ~(level_pages(at.level) - 1);
		if (at.level == level)
			return at;
	}
}

/* shadow_walk_init_using_root(): the PDPT's entries are no SPTEs. */
struct pt_leaf pae_walk(struct machine *m, pfn_t root, gfn_t gfn)
{
	struct pt_format format = spte_pt_format(spte_format_of(m));
	u64 entry = m->phys->load(m->phys, root, gfn >> 18 & 3);
	struct pt_leaf leaf;

	if (!entry)
		return (struct pt_leaf){ .level = PAE_LEVELS + 1, .table = root,
					 .first = gfn & ~(level_pages(3) - 1) };
	format.top = PAE_LEVELS;
	leaf = pt_walk(m, &format, pt_pfn(entry), gfn);
	if (!leaf.entry)
		leaf.entry = spte_format_of(m)->nonpresent;
	return leaf;
}

struct pt_leaf pae_next_leaf(struct machine *m, pfn_t root, gfn_t gfn, gfn_t end)
{
	struct pt_format format = spte_pt_format(spte_format_of(m));
	struct pt_leaf leaf = { 0 };

	format.top = PAE_LEVELS;
	for (; !leaf.present && gfn < end && gfn < PAE_ROOTS * level_pages(3);
	     gfn = (gfn | (level_pages(3) - 1)) + 1) {
		gfn_t next = (gfn | (level_pages(3) - 1)) + 1;
		u64 entry = m->phys->load(m->phys, root, gfn >> 18);

		if (entry)
			leaf = pt_next_leaf(m, &format, pt_pfn(entry), gfn,
					    next < end ? next : end);
	}
	return leaf;
}
