/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/hugetlb.h"

#include "model/gigantic.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "model/thp.h"

struct hugetlb_pool *hugetlb_pool(struct machine *m, unsigned level)
{
	assert(level == 2 || level == 3);
	return &m->w->hugetlb.pool[level - 2];
}

static u32 order_of(unsigned level)
{
	return 9 * (level - 1);
}

unsigned hugetlb_level_of(struct machine *m, pfn_t head)
{
	return 1 + page_of(m, head)->order / 9;
}

static void set_flags(struct machine *m, pfn_t head, u32 flags, u8 owner)
{
	u32 order = page_of(m, head)->order;

	for (u64 i = 0; i < (u64)1 << order; i = folio_next_part(m, head, order, i)) {
		struct page *page = page_of(m, head + i);

		page->flags = (page->flags & (PG_REMOTE | PG_HWPOISON)) | PG_VALID | flags |
			      (i ? PG_TAIL : PG_HEAD | PG_HUGETLB);
		page->head = head;
		page->owner = owner;
		page->misput_by = BLAME_NONE;
		page_touch(m, head + i);
	}
	if (order == GIGANTIC_ORDER)
		gigantic_set_parts(m, head, PG_VALID | PG_TAIL | flags, owner);
}

/* The free pages of one size */
static pfn_t stack_of(unsigned level)
{
	return SPACE_POOL + level;
}

static void push(struct machine *m, pfn_t head)
{
	unsigned level = hugetlb_level_of(m, head);

	m->phys->store(m->phys, stack_of(level), hugetlb_pool(m, level)->free++, head);
}

static pfn_t free_page(struct machine *m, unsigned level, u32 index)
{
	return m->phys->load(m->phys, stack_of(level), index);
}

static pfn_t remove_free(struct machine *m, unsigned level, u32 index)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, level);
	pfn_t head = free_page(m, level, index);

	for (pool->free--; index < pool->free; index++)
		m->phys->store(m->phys, stack_of(level), index, free_page(m, level, index + 1));
	return head;
}

static pfn_t pop(struct machine *m, unsigned level)
{
	return remove_free(m, level, hugetlb_pool(m, level)->free - 1);
}

enum { NOWHERE = UINT32_MAX };

/* dequeue_hugetlb_folio_node_exact(): whoever has a memory error is passed over. */
static u32 find_on_node(struct machine *m, unsigned level, bool remote)
{
	for (u32 i = hugetlb_pool(m, level)->free; i-- > 0; ) {
		pfn_t head = free_page(m, level, i);

		if (page_is(m, head, PG_REMOTE) == remote && !page_is(m, head, PG_HWPOISON))
			return i;
	}
	return NOWHERE;
}

static u32 find_free(struct machine *m, unsigned level, bool remote, bool only_there)
{
	u32 at = find_on_node(m, level, remote);

	return at == NOWHERE && !only_there ? find_on_node(m, level, !remote) : at;
}

/* dequeue_hugetlb_folio_nodemask() */
static pfn_t dequeue(struct machine *m, unsigned level, bool remote, bool only_there)
{
	u32 at = find_free(m, level, remote, only_there);

	return at == NOWHERE ? NO_PFN : remove_free(m, level, at);
}

/* __update_and_free_hugetlb_folio(): the block is nobody's compound page any more. */
static void release_block(struct machine *m, pfn_t head)
{
	u32 order = page_of(m, head)->order;

	for (u64 i = 0; i < (u64)1 << order; i = folio_next_part(m, head, order, i)) {
		page_of(m, head + i)->flags = PG_VALID | PG_FREE;
		page_of(m, head + i)->owner = OWNER_NONE;
		page_of(m, head + i)->head = head + i;
		page_of(m, head + i)->order = 0;
	}
	if (order == GIGANTIC_ORDER)
		gigantic_set_parts(m, head, 0, OWNER_NONE);
	note(m, &(struct note){ .kind = NOTE_FREE, .pfn = head, .level = order });
}

static pfn_t new_block(struct machine *m, unsigned level, u32 flags)
{
	pfn_t head = alloc_frame(m, order_of(level), ANY_PLACE);

	page_of(m, head)->flags = flags;
	page_of(m, head)->order = order_of(level);
	return head;
}

void hugetlb_resize(struct machine *m, unsigned level, u32 pages)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, level);

	assert(pages <= MAX_HUGETLB_PAGES);
	for (; pool->pages < pages; pool->pages++) {
		pfn_t head = new_block(m, level, 0);

		set_flags(m, head, PG_FREE, OWNER_NONE);
		if (pool->pages & 1)	/* hstate_next_node_to_alloc(): each node in turn */
			page_of(m, head)->flags |= PG_REMOTE;
		push(m, head);
	}
	for (; pool->pages > pages && pool->free > pool->reserved; pool->pages--)
		release_block(m, pop(m, level));
}

static pfn_t prepare(struct machine *m, pfn_t head)
{
	u32 order = page_of(m, head)->order;

	set_flags(m, head, PG_MIGRATABLE, OWNER_USER);
	for (u64 i = 0; i < (u64)1 << order; i = folio_next_part(m, head, order, i))
		m->phys->clear(m->phys, head + i);
	page_unfreeze(m, head);
	return head;
}

pfn_t hugetlb_take(struct machine *m, unsigned level, bool reserved)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, level);
	pfn_t head;

	if (!pool->free || (!reserved && pool->free <= pool->reserved))
		return NO_PFN;
	head = dequeue(m, level, false, false);
	if (head == NO_PFN)
		return NO_PFN;
	pool->reserved -= reserved;
	return prepare(m, head);
}

/* alloc_migrate_hugetlb_folio() */
bool hugetlb_has_target(struct machine *m, pfn_t from, bool remote, bool only_there)
{
	unsigned level = hugetlb_level_of(m, from);
	const struct hugetlb_pool *pool = hugetlb_pool(m, level);

	return level < 3 || (pool->free > pool->reserved &&
			     find_free(m, level, remote, only_there) != NOWHERE);
}

pfn_t hugetlb_take_target(struct machine *m, pfn_t from, bool remote, bool only_there)
{
	unsigned level = hugetlb_level_of(m, from);
	struct hugetlb_pool *pool = hugetlb_pool(m, level);
	pfn_t head = pool->free > pool->reserved ? dequeue(m, level, remote, only_there) : NO_PFN;

	if (head != NO_PFN)
		return prepare(m, head);
	assert(level == 2);
	head = new_block(m, level, remote ? PG_REMOTE : 0);
	pool->pages++;
	prepare(m, head);
	page_of(m, head)->flags |= PG_TEMPORARY;
	return head;
}

void hugetlb_give_back(struct machine *m, pfn_t head, u8 by)
{
	struct hugetlb_pool *pool = hugetlb_pool(m, hugetlb_level_of(m, head));
	bool temporary = page_is(m, head, PG_TEMPORARY);

	pool->reserved += page_is(m, head, PG_RESTORE);
	set_flags(m, head, PG_FREE, OWNER_NONE);
	page_of(m, head)->freed_by = by;
	if (!temporary) {
		push(m, head);
		return;
	}
	pool->pages--;
	release_block(m, head);
}

void hugetlb_put_back(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags |= PG_MIGRATABLE;
	page_put(m, head, HOLD_MM);
}

static bool remove_from_pool(struct machine *m, pfn_t head)
{
	unsigned level = hugetlb_level_of(m, head);
	struct hugetlb_pool *pool = hugetlb_pool(m, level);

	if (page_count(m, head) || pool->free <= pool->reserved)
		return false;
	for (u32 i = 0; i < pool->free; i++)
		if (free_page(m, level, i) == head) {
			remove_free(m, level, i);
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
		page_add_held(m, to, HOLD_OWNER, hugetlb_cache_refs(m, to));
		page_ref_unfreeze(m, from, 1);
	}
	page_of(m, to)->flags &= ~(u32)(temporary ? PG_TEMPORARY : 0);
	old->flags |= temporary ? PG_TEMPORARY : 0;
}

void hugetlb_forget(struct machine *m, pfn_t head)
{
	hugetlb_set_cached(m, head, NO_PFN);
	page_put_refs(m, head, HOLD_OWNER, hugetlb_cache_refs(m, head));
}
