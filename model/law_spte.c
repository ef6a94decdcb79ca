/* SPDX-License-Identifier: GPL-2.0-only */
/* law_spte.c: laws about stage-2 entries, against host page tables and memslots. */
#include "model/law_internal.h"

#include "model/gmem.h"
#include "model/semantics.h"

/*
 * Of a host's huge leaf the range has a part: before any of it goes it is split, which is a
 * notification of all of it (__split_huge_pmd(), __split_huge_pud(), 6.1 to 7.2). Until then a
 * fault beside the range may map it: is_page_fault_stale() asks about the gfn of the fault alone.
 */
static bool splits_first(const struct open_range *open, const struct mapping *at)
{
	u64 size = level_pages(at->host.level) * PAGE_SIZE;
	hva_t start = at->hva & ~(size - 1);

	return at->host.present && at->host.level > 1 && at->host.level >= at->leaf.level &&
	       (open->no_leaf_from > start || open->no_leaf_to < start + size);
}

static void find_open(struct machine *m, struct mapping *at)
{
	hva_t end = at->hva + level_pages(at->leaf.level) * PAGE_SIZE;

	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++) {
		const struct open_range *open = open_range(m, i);

		if (at->hva >= open->no_leaf_to || end <= open->no_leaf_from)
			continue;
		if (!open->zapped)
			at->open = true;
		else if (!splits_first(open, at))
			at->zapped = true;
	}
}

static bool find_in_root(struct machine *m, pfn_t root, u64 gfn, struct mapping *at,
			 struct violation *v)
{
	*at = (struct mapping){ .slot = NO_SLOT };
	if (root == NO_PFN)
		return false;
	at->leaf = m->sem->ops.walk(m, root, gfn);
	if (!spte_is_leaf(spte_format_of(m), at->leaf.entry, at->leaf.level))
		return false;
	v->gfn = at->leaf.first;
	v->pfn = pt_pfn(at->leaf.entry);
	v->blame = BLAME_KVM;
	at->slot = memslot_of_gfn(m, at->leaf.first);
	if (at->slot == NO_SLOT)
		return true;
	at->hva = memslot_row(m, at->slot)->userspace_addr +
		  ((at->leaf.first - memslot_row(m, at->slot)->base_gfn) << PAGE_SHIFT);
	at->host = gmem_serves(m, at->slot, at->leaf.first) ?
		   gmem_leaf(m, at->slot, at->leaf.first) : host_leaf(m, at->hva);
	find_open(m, at);
	return true;
}

bool find_mapping(struct machine *m, u64 gfn, struct mapping *at, struct violation *v)
{
	return find_in_root(m, m->sem->ops.current_root(m), gfn, at, v);
}

bool spte_has_slot(struct machine *m, u64 gfn, struct violation *v)
{
	struct mapping at;

	return !find_mapping(m, gfn, &at, v) || at.slot != NO_SLOT;
}

static bool is_fresh_in(struct machine *m, pfn_t root, u64 gfn, struct violation *v)
{
	struct mapping at;

	if (!find_in_root(m, root, gfn, &at, v) || at.slot == NO_SLOT || at.open)
		return true;
	v->value = pt_pfn(at.leaf.entry);
	v->wanted = at.host.present ? host_leaf_pfn(&at.host, at.hva) : NO_PFN;
	return !at.zapped && v->value == v->wanted;
}

/* Obsolete roots too: a vCPU in the middle of an exit still runs on one. */
bool spte_is_fresh(struct machine *m, u64 gfn, struct violation *v)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		if (!is_fresh_in(m, m->sem->ops.root_at(m, i), gfn, v))
			return false;
	return true;
}

bool within_host_rights(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;

	if (!find_mapping(m, gfn, &at, v) || at.slot == NO_SLOT || at.open || !at.host.present)
		return true;
	v->value = at.leaf.entry;
	v->wanted = at.host.entry;
	return !(at.leaf.entry & (format->write | format->host_writable)) ||
	       (at.host.entry & PTE_WRITE);
}

bool read_only_slot_kept(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;

	if (!find_mapping(m, gfn, &at, v) || !memslot_is(m, at.slot, KVM_MEM_READONLY))
		return true;
	v->value = at.leaf.entry;
	return !(at.leaf.entry & (format->write | format->mmu_writable | format->host_writable));
}

bool writable_bits_agree(struct machine *m, u64 gfn, struct violation *v)
{
	const struct spte_format *format = spte_format_of(m);
	struct mapping at;
	u64 e;

	if (!find_mapping(m, gfn, &at, v))
		return true;
	e = v->value = at.leaf.entry;
	if ((e & format->write) && !(e & format->mmu_writable))
		return false;
	return !(e & format->mmu_writable) || (e & format->host_writable);
}

/* A store through it would go unlogged. */
static bool is_logged_by_4k(struct machine *m, const struct mapping *at, u64 pages)
{
	if (!spte_is_writable(spte_format_of(m), at->leaf.entry) || slot_call_runs(m, true))
		return true;
	for (u64 i = 0; i < pages; i++)
		if (!memslot_knows_dirty(m, at->slot, at->leaf.first + i))
			return false;
	return true;
}

bool huge_is_contained(struct machine *m, u64 gfn, struct violation *v)
{
	const struct memslot *slot;
	struct mapping at;
	u64 pages;

	if (!find_mapping(m, gfn, &at, v) || at.leaf.level == 1 || at.slot == NO_SLOT || at.open)
		return true;
	slot = memslot_row(m, at.slot);
	pages = level_pages(at.leaf.level);
	v->value = at.leaf.level;
	v->wanted = at.host.level;
	return at.host.present && at.host.level >= at.leaf.level &&
	       at.leaf.first + pages <= slot->base_gfn + slot->npages &&
	       (!memslot_is(m, at.slot, KVM_MEM_LOG_DIRTY_PAGES) ||
		is_logged_by_4k(m, &at, pages)) &&
	       !((pt_pfn(at.leaf.entry) ^ at.leaf.first) & (pages - 1));
}

/* The roots that are on their way out count: a vCPU in the middle of an exit still has one. */
bool no_root_maps_it(struct machine *m, u64 gfn, struct violation *v)
{
	if (slot_call_runs(m, false))
		return true;
	for (unsigned i = 0; i < MAX_ROOTS; i++) {
		pfn_t root = m->sem->ops.root_at(m, i);
		struct pt_leaf leaf;

		if (root == NO_PFN)
			continue;
		leaf = m->sem->ops.walk(m, root, gfn);
		v->gfn = leaf.first;
		v->pfn = pt_pfn(leaf.entry);
		v->blame = BLAME_KVM;
		if (spte_is_leaf(spte_format_of(m), leaf.entry, leaf.level) &&
		    memslot_of_gfn(m, leaf.first) == NO_SLOT)
			return false;
	}
	return true;
}
