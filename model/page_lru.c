/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_lru.c: a page on the LRU: its marks of use, and this CPU's batch, which holds a reference.
 *
 * Linux: mm/swap.c. When other CPUs drain the batch is input; there are no lists.
 */
#include "model/page.h"

#include "model/machine.h"
#include "model/semantics.h"

/* 6.8 folio_inc_refs(): referenced, then workingset, then a count that no law reads. */
void page_mark_accessed_lru_gen(struct machine *m, pfn_t pfn)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (!(head->flags & PG_REFERENCED))
		head->flags |= PG_REFERENCED;
	else
		head->flags |= PG_WORKINGSET;
}

bool page_waits_for_lru(const struct machine *m, pfn_t pfn)
{
	for (u8 i = 0; i < m->w->nr_batched; i++)
		if (m->w->batched[i] == pfn)
			return true;
	return false;
}

/* folio_batch_add_and_move(): the batch holds a reference meanwhile. */
static void batch_page(struct machine *m, pfn_t pfn)
{
	if (m->w->config.no_lru_batch)
		return;
	page_get(m, pfn, HOLD_LRU);
	m->w->batched[m->w->nr_batched++] = pfn;
	if (m->w->nr_batched + m->w->others_batched >= m->sem->traits.lru_batch ||
	    page_is(m, pfn, PG_HEAD))
		lru_drain(m);
}

/* mm/swap.c:folio_add_lru() */
void page_add_lru(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->flags |= PG_LRU;
	batch_page(m, pfn);
}

/*
 * 6.1 folio_mark_accessed(): inactive to referenced to active, by way of another batch if the page
 * is on the LRU. Activation of pages off the LRU is lost. SIMPLIFIED: the two share one batch.
 */
void page_mark_accessed_classic(struct machine *m, pfn_t pfn)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (!(head->flags & PG_REFERENCED)) {
		head->flags |= PG_REFERENCED;
	} else if (!(head->flags & PG_ACTIVE)) {
		head->flags &= ~(u32)PG_REFERENCED;
		if (!(head->flags & PG_LRU))
			return;
		head->flags |= PG_ACTIVE;
		if (!page_waits_for_lru(m, head->head))
			batch_page(m, head->head);
	}
}

void page_isolate(struct machine *m, pfn_t pfn)
{
	if (page_waits_for_lru(m, pfn))
		lru_drain(m);
	page_get(m, pfn, HOLD_MM);
	page_of(m, pfn)->flags &= ~(u32)PG_LRU;
}

void page_put_back(struct machine *m, pfn_t pfn)
{
	page_add_lru(m, pfn);
	page_put(m, pfn, HOLD_MM);
}

static bool may_be_lazyfree(const struct page *page)
{
	return (page->flags & PG_LRU) && !(page->flags & (PG_LAZYFREE | PG_SWAPCACHE | PG_MLOCKED));
}

/* lru_lazyfree_fn(): whatever use of the page was marked meanwhile is forgotten. */
static void leave_lazyfree_batch(struct page *page)
{
	u32 marks = PG_ACTIVE | PG_REFERENCED;

	if ((page->flags & PG_LAZYFREE_NEXT) && may_be_lazyfree(page))
		page->flags = (page->flags & ~marks) | PG_LAZYFREE;
	page->flags &= ~(u32)PG_LAZYFREE_NEXT;
}

void page_mark_lazyfree(struct machine *m, pfn_t head)
{
	struct page *page = page_of(m, head);

	if (!may_be_lazyfree(page))
		return;
	page->flags |= PG_LAZYFREE_NEXT;
	if (m->w->config.no_lru_batch)
		leave_lazyfree_batch(page);
	batch_page(m, head);
}

void page_mlock(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags |= PG_MLOCKED;
	batch_page(m, head);
}

void page_munlock(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags &= ~(u32)PG_MLOCKED;
	batch_page(m, head);
}

void lru_drain(struct machine *m)
{
	u8 nr = m->w->nr_batched;

	m->w->nr_batched = 0;
	m->w->others_batched = 0;
	for (u8 i = 0; i < nr; i++) {
		pfn_t pfn = m->w->batched[i];

		m->w->batched[i] = 0;
		leave_lazyfree_batch(page_of(m, pfn));
		page_put(m, pfn, HOLD_LRU);
	}
}
