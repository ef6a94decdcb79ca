/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim_large.c: large folios of files in MADV_COLD, MADV_PAGEOUT and reclaim.
 *
 * Linux: mm/madvise.c:madvise_cold_or_pageout_pte_range(), mm/vmscan.c:shrink_folio_list(), 5.12 to
 * 7.2. Of which a range has a part is split, and so unmapped wherever it is mapped: nothing of it
 * is old or goes then. As a whole it is split by reclaim up to 6.11, and its pages go one by one;
 * since 6.12 it goes as it is.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/reclaim.h"
#include "model/semantics.h"
#include "model/thp.h"

static struct pt_leaf leaf_at(const struct machine *m, const struct page_op *op)
{
	return host_leaf((struct machine *)m, op->at);
}

static hva_t pmd_end(struct machine *m, const struct page_op *op)
{
	const struct vma *vma = vma_find(m, op->at);
	hva_t end = (op->at & HPAGE_MASK) + HPAGE_SIZE;

	if (vma && vma->end < end)
		end = vma->end;
	return op->end < end ? op->end : end;
}

/* folio_pte_batch(): PTEs from op->at on that map the folio's pages, alike but for A and D */
static u64 batch(struct machine *m, const struct page_op *op, const struct pt_leaf *leaf)
{
	u64 ignored = PTE_ACCESSED | PTE_DIRTY | PTE_SAVED_DIRTY | PTE_SOFT_CLEAN;
	pfn_t pfn = pt_pfn(leaf->entry), head = page_head(m, pfn);
	u64 rest = folio_pages(m, head) - (pfn - head), nr = 1;

	while (nr < rest && op->at + nr * PAGE_SIZE < pmd_end(m, op)) {
		struct pt_leaf next = host_leaf(m, op->at + nr * PAGE_SIZE);

		if (!next.present || (next.entry & ~ignored) !=
				     (leaf->entry & ~ignored) + nr * PAGE_SIZE)
			break;
		nr++;
	}
	return nr;
}

/* How much of the folio the range has from op->at on, in pages */
static u64 part_of(struct machine *m, const struct page_op *op, const struct pt_leaf *leaf)
{
	if (leaf->level == 2)
		return (pmd_end(m, op) - op->at) >> PAGE_SHIFT;
	return m->sem->traits.shmem_swaps_whole ? batch(m, op, leaf) : 1;
}

bool reclaim_finds_large(const struct machine *m, const struct task *t)
{
	const struct page_op *op = &t->pages;
	struct machine *machine = (struct machine *)m;
	struct pt_leaf leaf = leaf_at(m, op);
	pfn_t head = leaf.present ? page_head(machine, pt_pfn(leaf.entry)) : NO_PFN;

	return op->kind != PAGES_SHRINK && op->at < op->end && leaf.present &&
	       leaf_is_normal(&leaf) && page_is(machine, head, PG_CACHE) &&
	       page_of(machine, head)->order && !(op->nr && !(op->at & ~HPAGE_MASK));
}

/* Where the walk goes on behind a folio that it leaves: to 6.11 the table is done with. */
static void pass(struct machine *m, struct page_op *op, const struct pt_leaf *leaf)
{
	if (leaf->level == 2 || !m->sem->traits.shmem_swaps_whole)
		op->at = pmd_end(m, op);
	else
		op->at += part_of(m, op, leaf) * PAGE_SIZE;
}

static void take_whole(struct machine *m, struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t head = page_head(m, pt_pfn(leaf->entry));
	bool asks = op->kind == PAGES_COLD || !m->sem->traits.pageout_ignores_young;

	for (u64 i = 0; i < folio_pages(m, head) && asks; i += level_pages(leaf->level)) {
		struct pt_leaf one = host_leaf(m, op->at + i * PAGE_SIZE);

		if (one.entry & PTE_ACCESSED)
			host_set_leaf(m, op->at + i * PAGE_SIZE, one.level,
				      one.entry & ~PTE_ACCESSED);
	}
	page_of(m, head)->flags &= ~(u32)PG_REFERENCED;
	if (op->kind != PAGES_OUT)
		return;
	page_isolate(m, head);
	page_of(m, head)->flags &= ~(u32)PG_ACTIVE;
	list_set(m, LIST_PAGES, op->nr++, head);
}

/* Left alone, taken as a whole, or locked, with a reference, to be split */
enum step_result reclaim_large(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = leaf_at(m, op);
	pfn_t pfn = pt_pfn(leaf.entry), head = page_head(m, pfn);
	bool whole = part_of(m, op, &leaf) == folio_pages(m, head);

	op->page = NO_PFN;
	if (page_is_shared(m, pfn) || page_is(m, head, PG_LOCKED) ||
	    !reclaim_takes(m, op, vma_find(m, op->at), head)) {
		pass(m, op, &leaf);
		return STEP_NEXT;
	}
	if (whole) {
		take_whole(m, op, &leaf);
		op->at += folio_pages(m, head) * PAGE_SIZE;
		return STEP_NEXT;
	}
	page_try_get_folio(m, head, HOLD_MM, 1);
	page_of(m, head)->flags |= PG_LOCKED;
	op->page = head;
	folio_split_begin(m, t, head);
	return STEP_CALL;
}

bool reclaim_splits_file(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.page != NO_PFN;
}

/* What was not split stays, and the walk goes on behind it. */
enum step_result reclaim_after_split(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = leaf_at(m, op);

	page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	page_put(m, op->page, HOLD_MM);
	op->page = NO_PFN;
	if (!t->file.is_split && leaf.present)
		pass(m, op, &leaf);
	return STEP_NEXT;
}

/* ---- shrink_folio_list() ---- */

bool reclaim_is_unsplit(const struct machine *m, const struct page_op *op)
{
	return op->page != NO_PFN && page_is((struct machine *)m, op->page, PG_CACHE | PG_HEAD) &&
	       !m->sem->traits.shmem_swaps_whole;
}

/* split_folio_to_list() */
enum step_result reclaim_split(struct machine *m, struct task *t)
{
	folio_split_begin(m, t, t->pages.page);
	return STEP_CALL;
}

/* The other pages of what has been split are in the list, too. */
void reclaim_rest(struct machine *m, struct task *t, pfn_t head)
{
	struct page_op op = t->pages;

	if (!t->file.is_split || t->file.page != head)
		return;
	for (u64 i = 1; i < level_pages(2); i++) {
		op.page = head + i;
		if (!page_is(m, op.page, PG_CACHE))
			continue;	/* beyond i_size */
		page_try_get_folio(m, op.page, HOLD_MM, 1);
		page_of(m, op.page)->flags |= PG_LOCKED;
		if (reclaim_folio(m, &op))
			continue;
		page_of(m, op.page)->flags &= ~(u32)PG_LOCKED;
		page_put_back(m, op.page);
	}
	t->file.page = NO_PFN;
}
