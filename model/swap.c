/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/swap.h"

#include "model/machine.h"
#include "model/pagecache.h"

/* Contents of pages that no host frame has: of slots, and their counts. */
static void set_count(struct machine *m, u32 slot, u64 count)
{
	m->phys->store(m->phys, SPACE_SWAP_MAP + slot / WORDS_PER_PAGE, slot % WORDS_PER_PAGE,
		       count);
}

u64 swap_count(struct machine *m, u32 slot)
{
	return m->phys->load(m->phys, SPACE_SWAP_MAP + slot / WORDS_PER_PAGE,
			     slot % WORDS_PER_PAGE);
}

u32 swap_alloc(struct machine *m, u64 pages)
{
	m->w->last_slot += pages;
	return m->w->last_slot - pages + 1;
}

void swap_dup(struct machine *m, u32 slot)
{
	set_count(m, slot, swap_count(m, slot) + 1);
}

void swap_free(struct machine *m, u32 slot)
{
	assert(swap_count(m, slot) > 0);
	set_count(m, slot, swap_count(m, slot) - 1);
	if (!swap_count(m, slot) && swap_cached(m, slot) == NO_PFN)
		m->phys->clear(m->phys, SPACE_SWAP + slot);
}

void swap_cache(struct machine *m, u32 slot, pfn_t pfn)
{
	m->phys->store(m->phys, SPACE_SWAP_CACHE + slot / WORDS_PER_PAGE, slot % WORDS_PER_PAGE,
		       pfn + 1);
	if (pfn == NO_PFN && !swap_count(m, slot))
		m->phys->clear(m->phys, SPACE_SWAP + slot);
}

pfn_t swap_cached(struct machine *m, u32 slot)
{
	return m->phys->load(m->phys, SPACE_SWAP_CACHE + slot / WORDS_PER_PAGE,
			     slot % WORDS_PER_PAGE) - 1;
}

bool swap_is_poisoned(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = leaf->swap & PTE_SWAPPED ? swap_cached(m, pt_pfn(leaf->swap)) : NO_PFN;

	return leaf->poisoned || (pfn != NO_PFN && page_is(m, pfn, PG_HWPOISON));
}

void swap_write(struct machine *m, u32 slot, pfn_t pfn)
{
	m->phys->clear(m->phys, SPACE_SWAP + slot);
	page_copy(m, SPACE_SWAP + slot, pfn);
}

void swap_read(struct machine *m, u32 slot, pfn_t pfn)
{
	page_copy(m, pfn, SPACE_SWAP + slot);
}

void swap_add_folio(struct machine *m, pfn_t head)
{
	u64 pages = folio_pages(m, head);
	u32 slot = swap_alloc(m, pages);

	page_of(m, head)->flags |= PG_DIRTY;
	page_add_held(m, head, HOLD_CACHE, pages);
	for (u64 i = 0; i < pages; i++) {
		page_of(m, head + i)->flags |= PG_SWAPCACHE;
		page_of(m, head + i)->slot = slot + i;
		swap_cache(m, slot + i, head + i);
	}
}

void swap_write_folio(struct machine *m, pfn_t head)
{
	for (u64 i = 0; i < folio_pages(m, head); i++)
		swap_write(m, page_of(m, head + i)->slot, head + i);
}

void swap_forget_folio(struct machine *m, pfn_t head)
{
	for (u64 i = 0; i < folio_pages(m, head); i++) {
		struct page *page = page_of(m, head + i);

		swap_cache(m, page->slot, NO_PFN);
		page->flags &= ~(u32)PG_SWAPCACHE;
		page->slot = 0;
	}
}

void swap_cache_drop(struct machine *m, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);

	swap_forget_folio(m, head);
	page_put_refs(m, head, HOLD_CACHE, folio_pages(m, head));
}

static bool is_named(struct machine *m, pfn_t head)
{
	for (u64 i = 0; i < folio_pages(m, head); i++)
		if (swap_count(m, page_of(m, head + i)->slot))
			return true;
	return false;
}

bool swap_free_folio(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_SWAPCACHE) || is_named(m, page_head(m, pfn)))
		return false;
	swap_cache_drop(m, pfn);
	page_set_dirty(m, pfn);
	return true;
}

void swap_free_cache(struct machine *m, pfn_t pfn)
{
	const struct page *page = page_of(m, page_head(m, pfn));

	if (!page->held[HOLD_PTE] && !(page->flags & PG_LOCKED))
		swap_free_folio(m, pfn);
}

void swap_replace(struct machine *m, pfn_t from, pfn_t to)
{
	struct page *old = page_of(m, from), *new = page_of(m, to);

	if (!(old->flags & PG_SWAPCACHE))
		return;
	page_get(m, to, HOLD_CACHE);
	swap_cache(m, old->slot, to);
	new->slot = old->slot;
	new->flags |= PG_SWAPCACHE;
	old->slot = 0;
	old->flags &= ~(u32)PG_SWAPCACHE;
	page_put(m, from, HOLD_CACHE);
}

/* free_swap_and_cache() > __try_to_reclaim_swap() */
void swap_free_and_cache(struct machine *m, u32 slot)
{
	pfn_t pfn = swap_cached(m, slot);

	swap_free(m, slot);
	if (swap_count(m, slot) || pfn == NO_PFN ||
	    page_of(m, page_head(m, pfn))->held[HOLD_PTE])
		return;
	page_get(m, pfn, HOLD_MM);
	swap_free_folio(m, pfn);
	page_put(m, pfn, HOLD_MM);
}

bool swap_read_ahead(struct machine *m, u32 slot, u32 flags)
{
	pfn_t pfn;

	if (swap_cached(m, slot) != NO_PFN)
		return false;
	pfn = alloc_frame(m, 0, place_of_slot(slot));
	pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, HOLD_MM);
	page_of(m, pfn)->flags |= flags | PG_SWAPCACHE;
	page_of(m, pfn)->slot = slot;
	page_get(m, pfn, HOLD_CACHE);
	swap_cache(m, slot, pfn);
	page_add_lru(m, pfn);
	swap_read(m, slot, pfn);
	page_put(m, pfn, HOLD_MM);
	return true;
}
