/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/hugetlb.h"

#include "model/machine.h"
#include "model/semantics.h"
#include "model/thp.h"

/* The free pages; and a word for each 2M of addresses: 0, or 1 and the page of a shared mapping. */
#define SPACE_POOL	((pfn_t)5 << 44)
#define SPACE_RESV	((pfn_t)6 << 44)

static void set_flags(struct machine *m, pfn_t head, u32 flags, u8 owner)
{
	for (u64 i = 0; i < level_pages(2); i++) {
		struct page *page = page_of(m, head + i);

		page->flags = PG_VALID | flags | (i ? PG_TAIL : PG_HEAD | PG_HUGETLB);
		page->head = head;
		page->owner = owner;
		page->misput_by = BLAME_NONE;
		page_touch(m, head + i);
	}
	page_of(m, head)->order = HPAGE_ORDER;
}

static void push(struct machine *m, pfn_t head)
{
	m->phys->store(m->phys, SPACE_POOL, m->w->hugetlb.free++, head);
}

static pfn_t pop(struct machine *m)
{
	return m->phys->load(m->phys, SPACE_POOL, --m->w->hugetlb.free);
}

/* __update_and_free_hugetlb_folio(): the block is nobody's compound page any more. */
static void release_block(struct machine *m, pfn_t head)
{
	for (u64 i = 0; i < level_pages(2); i++) {
		page_of(m, head + i)->flags = PG_VALID | PG_FREE;
		page_of(m, head + i)->head = head + i;
		page_of(m, head + i)->order = 0;
	}
	note(m, &(struct note){ .kind = NOTE_FREE, .pfn = head, .level = HPAGE_ORDER });
}

void hugetlb_resize(struct machine *m, u32 pages)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;

	assert(pages <= MAX_HUGETLB_PAGES);
	for (; pool->pages < pages; pool->pages++) {
		pfn_t head = alloc_frame(m, HPAGE_ORDER);

		set_flags(m, head, PG_FREE, OWNER_NONE);
		push(m, head);
	}
	for (; pool->pages > pages && pool->free > pool->reserved; pool->pages--)
		release_block(m, pop(m));
}

pfn_t hugetlb_take(struct machine *m, bool reserved)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;
	pfn_t head;

	if (!pool->free || (!reserved && pool->free <= pool->reserved))
		return NO_PFN;
	pool->reserved -= reserved;
	head = pop(m);
	set_flags(m, head, 0, OWNER_USER);
	for (u64 i = 0; i < level_pages(2); i++)
		m->phys->clear(m->phys, head + i);
	page_unfreeze(m, head);
	return head;
}

void hugetlb_give_back(struct machine *m, pfn_t head, u8 by)
{
	m->w->hugetlb.reserved += page_is(m, head, PG_RESTORE);
	set_flags(m, head, PG_FREE, OWNER_NONE);
	page_of(m, head)->freed_by = by;
	push(m, head);
}

static u64 *pool_word(u64 *place, const struct machine *m, hva_t hva)
{
	u64 number = hva / HPAGE_SIZE;

	place[0] = SPACE_RESV + ((u64)m->mm << 32) + number / WORDS_PER_PAGE;
	place[1] = number % WORDS_PER_PAGE;
	return place;
}

static u64 load_word(struct machine *m, hva_t hva)
{
	u64 place[2];

	pool_word(place, m, hva);
	return m->phys->load(m->phys, place[0], place[1]);
}

static void store_word(struct machine *m, hva_t hva, u64 word)
{
	u64 place[2];

	pool_word(place, m, hva);
	m->phys->store(m->phys, place[0], place[1], word);
}

bool hugetlb_reserve(struct machine *m, const struct vma *vma)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;
	u64 pages = (vma->end - vma->start) / HPAGE_SIZE;

	if (pages > pool->free - pool->reserved)
		return false;
	pool->reserved += pages;
	return true;
}

/* filemap_add_folio(): since 6.7 of hugetlb, too, one for each 4K */
static s32 cache_refs(const struct machine *m)
{
	return m->sem->traits.hugetlb_cache_counts ? level_pages(2) : 1;
}

void hugetlb_hold_cached(struct machine *m, pfn_t page)
{
	page_add_held(m, page, HOLD_OWNER, cache_refs(m));
}

/* A child's mapping has had no promise (reset_vma_resv_huge_pages()). */
void hugetlb_unreserve(struct machine *m, const struct vma *vma, hva_t start, hva_t end)
{
	if (start < vma->start)
		start = vma->start;
	if (end > vma->end)
		end = vma->end;
	for (hva_t at = start; at < end; at += HPAGE_SIZE) {
		pfn_t cached = hugetlb_cached(m, at);

		m->w->hugetlb.reserved -= !hugetlb_is_used(m, at);
		store_word(m, at, 0);
		if (cached != NO_PFN)
			page_put_refs(m, cached, HOLD_OWNER, cache_refs(m));
	}
}

void hugetlb_move(struct machine *m, hva_t from, hva_t to)
{
	store_word(m, to, load_word(m, from));
	store_word(m, from, 0);
}

bool hugetlb_is_used(struct machine *m, hva_t hva)
{
	return m->mm != VM_MM || (load_word(m, hva) & 1);
}

pfn_t hugetlb_cached(struct machine *m, hva_t hva)
{
	u64 word = load_word(m, hva);

	return word >> 1 ? word >> 1 : NO_PFN;
}

void hugetlb_use(struct machine *m, hva_t hva, pfn_t cached)
{
	if (m->mm == VM_MM)
		store_word(m, hva, 1 | (cached == NO_PFN ? 0 : cached << 1));
}

void hugetlb_restore(struct machine *m, hva_t hva, pfn_t head)
{
	if (m->mm != VM_MM)
		return;
	store_word(m, hva, 0);
	page_of(m, head)->flags |= PG_RESTORE;
}
