/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tdp_log.c: what dirty logging does to the stage-2 tables: split, write-protect, re-arm, and
 * large leaves again when it ends.
 *
 * Linux: arch/x86/kvm/mmu/tdp_mmu.c, 5.12 to 7.2. Only the current root: obsolete ones are on
 * their way out, and no vCPU that enters the guest loads them.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/semantics.h"
#include "model/tdp.h"

void tdp_split_range(struct machine *m, gfn_t start, gfn_t end)
{
	pfn_t root = tdp_current_root(m);

	for (gfn_t gfn = start; root != NO_PFN && gfn < end; ) {
		struct pt_leaf leaf = tdp_next_leaf(m, root, gfn, end);

		if (!leaf.present)
			break;
		if (leaf.level > 1)
			tdp_split_leaf(m, &leaf);
		else
			gfn = leaf.first + 1;
	}
}

void tdp_write_protect(struct machine *m, gfn_t start, gfn_t end, unsigned min_level)
{
	const struct spte_format *format = spte_format_of(m);
	pfn_t root = tdp_current_root(m);

	for (gfn_t gfn = start; root != NO_PFN && gfn < end; ) {
		struct pt_leaf leaf = tdp_next_leaf(m, root, gfn, end);

		if (!leaf.present)
			break;
		if (leaf.level >= min_level && spte_is_writable(format, leaf.entry))
			tdp_set_spte(m, leaf.table, leaf.first, leaf.level,
				     leaf.entry & ~format->write);
		gfn = leaf.first + level_pages(leaf.level);
	}
}

/* write_protect_gfn(): W may not come back by fast_page_fault(), either. */
void tdp_write_protect_huge(struct machine *m, gfn_t gfn)
{
	const struct spte_format *format = spte_format_of(m);
	pfn_t root = tdp_current_root(m);
	struct pt_leaf leaf;
	u64 entry;

	if (root == NO_PFN)
		return;
	leaf = tdp_next_leaf(m, root, gfn, gfn + 1);
	entry = leaf.entry & ~(format->write | format->mmu_writable);
	if (leaf.present && leaf.level > 1 && entry != leaf.entry)
		tdp_set_spte(m, leaf.table, leaf.first, leaf.level, entry);
}

void tdp_clear_dirty(struct machine *m, gfn_t start, gfn_t end)
{
	u64 dirty = spte_format_of(m)->dirty;
	pfn_t root = tdp_current_root(m);

	for (gfn_t gfn = start; root != NO_PFN && gfn < end; ) {
		struct pt_leaf leaf = tdp_next_leaf(m, root, gfn, end);

		if (!leaf.present)
			break;
		if (leaf.entry & dirty)
			tdp_set_spte(m, leaf.table, leaf.first, leaf.level, leaf.entry & ~dirty);
		gfn = leaf.first + level_pages(leaf.level);
	}
}

void tdp_rearm(struct machine *m, gfn_t gfn)
{
	const struct spte_format *format = spte_format_of(m);
	u64 bit = m->w->config.pml ? format->dirty : format->write;
	pfn_t root = tdp_current_root(m);
	struct pt_leaf leaf;

	if (root == NO_PFN)
		return;
	leaf = tdp_walk(m, root, gfn);
	if (leaf.level > 1 || !spte_is_present(format, leaf.entry) ||
	    !(leaf.entry & bit))
		return;
	if (m->sem->traits.rearm_clears_bits)
		tdp_clear_bits(m, &leaf, leaf.entry & ~bit);
	else
		tdp_set_spte(m, leaf.table, leaf.first, leaf.level, leaf.entry & ~bit);
	m->sem->ops.log_rearmed(m, leaf.entry);
}

bool tdp_zap_small_leafs(struct machine *m, int slot)
{
	gfn_t gfn = memslot_row(m, slot)->base_gfn, end = gfn + memslot_row(m, slot)->npages;
	pfn_t root = tdp_current_root(m);
	bool any = false;

	while (root != NO_PFN && gfn < end) {
		struct pt_leaf leaf = tdp_next_leaf(m, root, gfn, end);

		if (!leaf.present)
			break;
		if (leaf.level < tdp_max_level(m, slot, leaf.first, pt_pfn(leaf.entry))) {
			tdp_set_spte(m, leaf.table, leaf.first, leaf.level,
				     spte_format_of(m)->nonpresent);
			any = true;
		}
		gfn = leaf.first + level_pages(leaf.level);
	}
	return any;
}

/* An entry of @level that points to a table, in whose place a leaf could be. */
static bool is_collapsible(struct machine *m, int slot, gfn_t gfn, unsigned level)
{
	const struct memslot *row = memslot_row(m, slot);

	return gfn - row->base_gfn < row->npages && tdp_max_level(m, slot, gfn, 0) >= level;
}

/* Frozen while TLBs are flushed, then free; which is what 6.10 notes. */
bool tdp_zap_atomic(struct machine *m, pfn_t table, gfn_t gfn, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);

	tdp_set_spte(m, table, gfn, level, m->sem->traits.zap_noted_nonpresent ?
		     format->nonpresent : format->frozen);
	tlb_flush_all(m);
	pt_set_entry(m, table, gfn, level, format->nonpresent);
	touch(m, OBJECT_SPTE, gfn);
	return true;
}

/* make_huge_spte() of the first leaf below; its low address bits go. */
static bool recover_leaf(struct machine *m, pfn_t table, gfn_t gfn, unsigned level)
{
	struct pt_leaf child = tdp_next_leaf(m, tdp_current_root(m), gfn,
					     gfn + level_pages(level));

	if (!child.present)
		return false;
	tdp_set_spte(m, table, gfn, level, spte_join(spte_format_of(m), child.entry, level,
						     m->w->config.nx_huge));
	return true;
}

typedef bool (*collapse_t)(struct machine *m, pfn_t table, gfn_t gfn, unsigned level);

/* for_each_tdp_pte_min_level(PG_LEVEL_2M), from the top down: a parent first. */
static bool collapse_below(struct machine *m, pfn_t table, gfn_t gfn, unsigned level, int slot,
			   collapse_t collapse)
{
	const struct spte_format *format = spte_format_of(m);
	const struct memslot *row = memslot_row(m, slot);
	bool any = false;

	for (unsigned i = 0; (i = m->phys->next(m->phys, table, i)) < WORDS_PER_PAGE; i++) {
		gfn_t at = gfn + i * level_pages(level);
		u64 spte = tdp_entry(m, table, at, level);

		if (!spte_is_present(format, spte) || spte_is_leaf(format, spte, level) ||
		    at >= row->base_gfn + row->npages || at + level_pages(level) <= row->base_gfn)
			continue;
		if (level <= NR_LEVELS && is_collapsible(m, slot, at, level))
			any |= collapse(m, table, at, level);
		else if (level > 2)
			any |= collapse_below(m, pt_pfn(spte), at, level - 1, slot, collapse);
	}
	return any;
}

void tdp_zap_collapsible(struct machine *m, int slot)
{
	pfn_t root = tdp_current_root(m);

	if (root != NO_PFN)
		collapse_below(m, root, 0, tdp_root_level(m), slot, tdp_zap_atomic);
}

bool tdp_recover_huge(struct machine *m, int slot)
{
	pfn_t root = tdp_current_root(m);

	return root != NO_PFN && collapse_below(m, root, 0, tdp_root_level(m), slot, recover_leaf);
}
