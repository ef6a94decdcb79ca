/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/hugetlb.h"

#include "model/machine.h"
#include "model/semantics.h"
#include "model/thp.h"

static void set_flags(struct machine *m, pfn_t head, u32 flags, u8 owner)
{
	for (u64 i = 0; i < level_pages(2); i++) {
		struct page *page = page_of(m, head + i);

		page->flags = (page->flags & (PG_REMOTE | PG_HWPOISON)) | PG_VALID | flags |
			      (i ? PG_TAIL : PG_HEAD | PG_HUGETLB);
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

static pfn_t free_page(struct machine *m, u32 index)
{
	return m->phys->load(m->phys, SPACE_POOL, index);
}

static pfn_t remove_free(struct machine *m, u32 index)
{
	pfn_t head = free_page(m, index);

	for (m->w->hugetlb.free--; index < m->w->hugetlb.free; index++)
		m->phys->store(m->phys, SPACE_POOL, index, free_page(m, index + 1));
	return head;
}

static pfn_t pop(struct machine *m)
{
	return remove_free(m, m->w->hugetlb.free - 1);
}

/* dequeue_hugetlb_folio_node_exact(): whoever has a memory error is passed over. */
static pfn_t dequeue_node(struct machine *m, bool remote)
{
	for (u32 i = m->w->hugetlb.free; i-- > 0; ) {
		pfn_t head = free_page(m, i);

		if (page_is(m, head, PG_REMOTE) == remote && !page_is(m, head, PG_HWPOISON))
			return remove_free(m, i);
	}
	return NO_PFN;
}

/* dequeue_hugetlb_folio_nodemask() */
static pfn_t dequeue(struct machine *m, bool remote, bool only_there)
{
	pfn_t head = dequeue_node(m, remote);

	return head == NO_PFN && !only_there ? dequeue_node(m, !remote) : head;
}

/* __update_and_free_hugetlb_folio(): the block is nobody's compound page any more. */
static void release_block(struct machine *m, pfn_t head)
{
	for (u64 i = 0; i < level_pages(2); i++) {
		page_of(m, head + i)->flags = PG_VALID | PG_FREE;
		page_of(m, head + i)->owner = OWNER_NONE;
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

		page_of(m, head)->flags = 0;
		set_flags(m, head, PG_FREE, OWNER_NONE);
		if (pool->pages & 1)	/* hstate_next_node_to_alloc(): each node in turn */
			page_of(m, head)->flags |= PG_REMOTE;
		push(m, head);
	}
	for (; pool->pages > pages && pool->free > pool->reserved; pool->pages--)
		release_block(m, pop(m));
}

static pfn_t prepare(struct machine *m, pfn_t head)
{
	set_flags(m, head, PG_MIGRATABLE, OWNER_USER);
	for (u64 i = 0; i < level_pages(2); i++)
		m->phys->clear(m->phys, head + i);
	page_unfreeze(m, head);
	return head;
}

pfn_t hugetlb_take(struct machine *m, bool reserved)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;
	pfn_t head;

	if (!pool->free || (!reserved && pool->free <= pool->reserved))
		return NO_PFN;
	head = dequeue(m, false, false);
	if (head == NO_PFN)
		return NO_PFN;
	pool->reserved -= reserved;
	return prepare(m, head);
}

pfn_t hugetlb_take_target(struct machine *m, bool remote, bool only_there)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;
	pfn_t head = pool->free > pool->reserved ? dequeue(m, remote, only_there) : NO_PFN;

	if (head != NO_PFN)
		return prepare(m, head);
	head = alloc_frame(m, HPAGE_ORDER);
	page_of(m, head)->flags = remote ? PG_REMOTE : 0;
	pool->pages++;
	prepare(m, head);
	page_of(m, head)->flags |= PG_TEMPORARY;
	return head;
}

void hugetlb_give_back(struct machine *m, pfn_t head, u8 by)
{
	bool temporary = page_is(m, head, PG_TEMPORARY);

	m->w->hugetlb.reserved += page_is(m, head, PG_RESTORE);
	set_flags(m, head, PG_FREE, OWNER_NONE);
	page_of(m, head)->freed_by = by;
	if (!temporary) {
		push(m, head);
		return;
	}
	m->w->hugetlb.pages--;
	release_block(m, head);
}

void hugetlb_put_back(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags |= PG_MIGRATABLE;
	page_put(m, head, HOLD_MM);
}

static bool remove_from_pool(struct machine *m, pfn_t head)
{
	struct hugetlb_pool *pool = &m->w->hugetlb;

	if (page_count(m, head) || pool->free <= pool->reserved)
		return false;
	for (u32 i = 0; i < pool->free; i++)
		if (free_page(m, i) == head) {
			remove_free(m, i);
			break;
		}
	pool->pages--;
	release_block(m, head);
	return true;
}

bool hugetlb_dissolve(struct machine *m, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);

	if (page_is(m, head, PG_HUGETLB) && !remove_from_pool(m, head))
		return false;
	page_of(m, pfn)->flags |= PG_HWPOISON;
	page_of(m, pfn)->flags &= ~(u32)PG_FREE;
	page_add_refs(m, pfn, 1);
	return true;
}

void hugetlb_replace(struct machine *m, pfn_t from, pfn_t to)
{
	struct page *old = page_of(m, from);
	bool temporary = page_is(m, to, PG_TEMPORARY);

	if (old->held[HOLD_OWNER]) {
		page_ref_freeze(m, from);
		old->held[HOLD_OWNER] = 0;
		hugetlb_set_cached(m, from, to);
		page_add_held(m, to, HOLD_OWNER, hugetlb_cache_refs(m));
		page_ref_unfreeze(m, from, 1);
	}
	page_of(m, to)->flags &= ~(u32)(temporary ? PG_TEMPORARY : 0);
	old->flags |= temporary ? PG_TEMPORARY : 0;
}

void hugetlb_forget(struct machine *m, pfn_t head)
{
	hugetlb_set_cached(m, head, NO_PFN);
	page_put_refs(m, head, HOLD_OWNER, hugetlb_cache_refs(m));
}
