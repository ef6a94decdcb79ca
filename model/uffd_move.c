/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uffd_move.c: what UFFDIO_MOVE takes, and what becomes of an entry that moves.
 *
 * Linux: mm/userfaultfd.c:move_present_pte(), move_swap_pte(), move_zeropage_pte(),
 * check_ptes_for_batched_move(), mm/huge_memory.c:move_pages_huge_pmd(); 6.8 to 7.2.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"
#include "model/uffd.h"

hva_t uffd_source(const struct uffd_op *op)
{
	return op->from + (op->at - op->start);
}

bool leaf_is_exclusive(struct machine *m, const struct pt_leaf *leaf)
{
	return leaf_is_normal(leaf) && page_is(m, pt_pfn(leaf->entry), PG_EXCLUSIVE);
}

/* filemap_get_folio() of what the swap cache has (6.14, and stable kernels) */
static s32 take_swapped(struct machine *m, struct uffd_op *op, u64 swap)
{
	pfn_t cached;

	if (!(swap & PTE_SWAPPED))
		return -EFAULT;
	if (!(swap & PTE_SWP_EXCLUSIVE))
		return -EBUSY;
	cached = swap_cached(m, pt_pfn(swap));
	if (cached == NO_PFN || m->sem->traits.uffd_moves == MOVES_PAGES)
		return 0;
	if (page_is(m, page_head(m, cached), PG_HEAD))
		return -EBUSY;
	op->page = cached;
	page_get(m, op->page, HOLD_MM);
	return 0;
}

static s32 take_present(struct machine *m, struct uffd_op *op, const struct pt_leaf *leaf)
{
	if (pt_pfn(leaf->entry) == m->w->config.zero_pfn &&
	    m->sem->traits.uffd_moves != MOVES_PAGES)
		return 0;
	if (!leaf_is_exclusive(m, leaf))
		return -EBUSY;
	op->page = page_head(m, pt_pfn(leaf->entry));
	page_get(m, op->page, HOLD_MM);
	return 0;
}

s32 uffd_take(struct machine *m, struct uffd_op *op, const struct pt_leaf *leaf)
{
	return leaf->present ? take_present(m, op, leaf) : take_swapped(m, op, leaf->swap);
}

/* ---- move_present_pte(), move_swap_pte(), move_zeropage_pte() ---- */

static u64 moved_page(const struct machine *m, const struct vma *vma, u64 entry, pfn_t pfn)
{
	bool dirty = entry & (PTE_DIRTY | PTE_SAVED_DIRTY);

	return pfn << PAGE_SHIFT | vma_prot_bits(vma) | PTE_WRITE | (entry & PTE_HUGE) |
	       (dirty || (entry & PTE_HUGE) || m->sem->traits.uffd_moves == MOVES_PAGES ?
		PTE_DIRTY : 0);
}

static u64 moved_entry(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	if (leaf->swap)
		return m->sem->traits.uffd_moves == MOVES_PAGES ? leaf->swap :
								  leaf->swap & ~PTE_SOFT_CLEAN;
	if (leaf->level == 2 && pfn == m->w->huge_zero)
		return leaf->entry & ~(PTE_UFFD_WP | PTE_SOFT_CLEAN);
	if (leaf->level == 1 && pfn == m->w->config.zero_pfn)
		return pfn << PAGE_SHIFT | vma_prot_bits(vma) | PTE_SPECIAL;
	return moved_page(m, vma, leaf->entry, pfn);
}

void uffd_move_leaf(struct machine *m, const struct uffd_op *op, const struct pt_leaf *leaf)
{
	const struct vma *vma = vma_find(m, op->at);
	hva_t from = leaf->first << PAGE_SHIFT;

	host_set_leaf(m, from, leaf->level, 0);
	host_set_leaf(m, op->at, leaf->level, moved_entry(m, vma, leaf));
}

/* check_ptes_for_batched_move(): pages one behind the other, in both tables of PTEs */
bool uffd_goes_along(struct machine *m, const struct uffd_op *op)
{
	struct pt_leaf from = host_leaf(m, uffd_source(op)), to = host_leaf(m, op->at);
	pfn_t pfn = pt_pfn(from.entry);

	if (op->at >= op->end || !(op->at & (HPAGE_SIZE - 1)) ||
	    !(uffd_source(op) & (HPAGE_SIZE - 1)) || to.present || to.swap)
		return false;
	return from.present && leaf_is_exclusive(m, &from) && folio_pages(m, pfn) == 1 &&
	       !page_is(m, pfn, PG_LOCKED) && !page_maybe_pinned(m, pfn);
}
