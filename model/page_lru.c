/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_lru.c: a page on the LRU: its marks of use, and this CPU's batches, which hold references.
 *
 * Linux: mm/swap.c. When other CPUs drain the batches is input; there are no lists.
 */
#include <assert.h>

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

static bool is_in_batch(const struct machine *m, pfn_t pfn, enum lru_batch kind)
{
	for (u8 i = 0; i < m->w->nr_batched; i++)
		if (m->w->batched[i] == pfn && m->w->batched_as[i] == kind)
			return true;
	return false;
}

bool page_waits_for_lru(const struct machine *m, pfn_t pfn)
{
	return is_in_batch(m, pfn, BATCH_ADD);
}

u8 lru_batched(const struct machine *m, enum lru_batch kind)
{
	u8 nr = 0;

	for (u8 i = 0; i < m->w->nr_batched; i++)
		nr += m->w->batched_as[i] == kind;
	return nr;
}

static bool may_be_lazyfree(const struct page *page)
{
	return (page->flags & PG_LRU) && !(page->flags & (PG_LAZYFREE | PG_SWAPCACHE | PG_MLOCKED));
}

/*
 * folio_activate_fn(); lru_lazyfree_fn(): whatever use of the page was marked meanwhile is
 * forgotten. What has been isolated meanwhile stays as it is.
 */
static void leave_batch(struct page *page, enum lru_batch kind)
{
	u32 marks = PG_ACTIVE | PG_REFERENCED;

	if (kind == BATCH_ACTIVATE && (page->flags & PG_LRU))
		page->flags |= PG_ACTIVE;
	if (kind == BATCH_LAZYFREE && may_be_lazyfree(page))
		page->flags = (page->flags & ~marks) | PG_LAZYFREE;
}

/* folio_batch_move_lru(): all are moved, then all are put. */
static void move_batch(struct machine *m, enum lru_batch kind)
{
	pfn_t pages[MAX_BATCHED];
	u8 nr = 0, kept = 0;

	if (kind == BATCH_ADD)
		m->w->others_batched = 0;
	for (u8 i = 0; i < m->w->nr_batched; i++) {
		if (m->w->batched_as[i] == kind) {
			pages[nr++] = m->w->batched[i];
			continue;
		}
		m->w->batched[kept] = m->w->batched[i];
		m->w->batched_as[kept++] = m->w->batched_as[i];
	}
	for (u8 i = kept; i < m->w->nr_batched; i++)
		m->w->batched[i] = m->w->batched_as[i] = 0;
	m->w->nr_batched = kept;
	for (u8 i = 0; i < nr; i++)
		leave_batch(page_of(m, pages[i]), kind);
	for (u8 i = 0; i < nr; i++)
		page_put(m, pages[i], HOLD_LRU);
}

/* folio_batch_add_and_move(): the batch holds a reference meanwhile. */
static void batch_page(struct machine *m, pfn_t pfn, enum lru_batch kind)
{
	u8 others = kind == BATCH_ADD ? m->w->others_batched : 0;

	if (m->w->config.no_lru_batch) {
		leave_batch(page_of(m, pfn), kind);
		return;
	}
	assert(m->w->nr_batched < MAX_BATCHED);
	page_get(m, pfn, HOLD_LRU);
	m->w->batched[m->w->nr_batched] = pfn;
	m->w->batched_as[m->w->nr_batched++] = kind;
	if (lru_batched(m, kind) + others >= m->sem->traits.lru_batch || page_is(m, pfn, PG_HEAD))
		move_batch(m, kind);
}

/* mm/swap.c:folio_add_lru() */
void page_add_lru(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->flags |= PG_LRU;
	batch_page(m, pfn, BATCH_ADD);
}

/* __mlock_page(), __mlock_new_page(): when the batch of the one or the other is emptied. */
static bool is_unevictable(const struct machine *m, const struct page *head)
{
	return (head->flags & PG_MLOCKED) && !is_in_batch(m, head->head, BATCH_MLOCK) &&
	       !is_in_batch(m, head->head, BATCH_ADD);
}

/*
 * 6.1 folio_mark_accessed(): inactive to referenced to active, by way of another batch if the page
 * is on the LRU, and until that is emptied each second mark of use puts it there once more.
 * Activation of pages off the LRU is lost; what is locked stays as it is.
 */
void page_mark_accessed_classic(struct machine *m, pfn_t pfn)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (!(head->flags & PG_REFERENCED)) {
		head->flags |= PG_REFERENCED;
	} else if (!(head->flags & PG_ACTIVE) && !is_unevictable(m, head)) {
		head->flags &= ~(u32)PG_REFERENCED;
		if (page_waits_for_lru(m, head->head))
			head->flags |= PG_ACTIVE;	/* __lru_cache_activate_folio() */
		else if (head->flags & PG_LRU)
			batch_page(m, head->head, BATCH_ACTIVATE);
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

void page_mark_lazyfree(struct machine *m, pfn_t head)
{
	if (may_be_lazyfree(page_of(m, head)))
		batch_page(m, head, BATCH_LAZYFREE);
}

void page_mlock(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags |= PG_MLOCKED;
	batch_page(m, head, BATCH_MLOCK);
}

void page_munlock(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags &= ~(u32)PG_MLOCKED;
	batch_page(m, head, BATCH_MLOCK);
}

/* lru_add_drain_cpu(), mlock_drain_local() */
void lru_drain(struct machine *m)
{
	for (enum lru_batch kind = 0; kind < NR_LRU_BATCHES; kind++)
		move_batch(m, kind);
}
