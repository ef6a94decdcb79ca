/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim_thp.c: an anonymous folio of 2M that MADV_PAGEOUT asks for as a whole.
 *
 * Linux: mm/madvise.c:madvise_cold_or_pageout_pte_range(), mm/vmscan.c:shrink_folio_list(),
 * mm/swap_state.c:add_to_swap(), mm/swapfile.c:folio_alloc_swap(); 5.12 to 7.2, with
 * CONFIG_THP_SWAP and a free cluster of 512 slots. What somebody has a reference of stays as it is:
 * nobody is notified. Else it gets its slots as a whole, its PMD is split and its PTEs become swap
 * entries, and it is written and freed as one. Without swap, without a PMD (to 6.8), or mapped in
 * part (6.12), it is split first, and its pages are tried one by one.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/reclaim.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

static bool is_huge_anon(const struct machine *m, pfn_t pfn)
{
	return pfn != NO_PFN && page_is((struct machine *)m, pfn, PG_HEAD | PG_ANON);
}

/* folio_isolate_lru(), if its mappings are those that are asked for */
void reclaim_take_thp(struct machine *m, struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t head = page_head(m, pt_pfn(leaf->entry));
	u64 mappings = leaf->level == 2 ? 1 : folio_pages(m, head);

	if (op->kind != PAGES_OUT || !page_is(m, head, PG_LRU) ||
	    (u64)page_of(m, head)->held[HOLD_PTE] != mappings)
		return;
	page_isolate(m, head);
	page_of(m, head)->flags &= ~(u32)PG_ACTIVE;
	list_set(m, LIST_PAGES, op->nr++, head);
}

/* can_split_folio(), folio_expected_ref_count(): the isolation and its mappings alone */
static bool is_alone(struct machine *m, pfn_t head)
{
	const struct page *page = page_of(m, head);

	return page->refcount == 1 + page->held[HOLD_PTE];
}

bool reclaim_keeps_thp(const struct machine *m, const struct page_op *op)
{
	struct machine *machine = (struct machine *)m;

	return is_huge_anon(m, op->page) && !page_is(machine, op->page, PG_SWAPCACHE) &&
	       (page_maybe_pinned(machine, op->page) || !is_alone(machine, op->page));
}

bool reclaim_splits_thp(const struct machine *m, const struct page_op *op)
{
	struct machine *machine = (struct machine *)m;

	if (!is_huge_anon(m, op->page) || page_is(machine, op->page, PG_SWAPCACHE) ||
	    reclaim_keeps_thp(m, op))
		return false;
	return op->no_swap || (m->sem->traits.swapout_wants_pmd ?
			       !thp_pmd_mappings(machine, op->page) :
			       thp_is_in_part(machine, op->page));
}

/* split_folio_to_list() */
enum step_result reclaim_split_thp(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.splits = true;
	page_split_begin(t, t->pages.page, false, true);
	return STEP_CALL;
}

bool reclaim_has_split_thp(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.page != NO_PFN && t->pages.splits;
}

/*
 * The first page goes on, and then the others: what was put on the list last comes first. What
 * could not be split stays.
 */
enum step_result reclaim_list_thp(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	u64 parts = level_pages(2) - 1;

	op->splits = false;
	op->moved = t->split.error != 0;
	if (t->split.error)
		return STEP_NEXT;
	for (u64 i = op->nr; i-- > op->i; )
		list_set(m, LIST_PAGES, i + parts, list_get(m, LIST_PAGES, i));
	op->nr += parts;
	for (u64 i = 0; i < parts; i++)
		list_set(m, LIST_PAGES, op->i + i, op->page + 1 +
			 (m->sem->traits.split_ascends ? parts - 1 - i : i));
	return STEP_NEXT;
}
