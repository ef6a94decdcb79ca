/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/page.h"

#include "model/gigantic.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/mmio.h"
#include "model/semantics.h"

struct page *page_of(struct machine *m, pfn_t pfn)
{
	struct page *page = m->phys->page(m->phys, pfn);

	if (!page->flags) {
		page->flags = mmio_is_whole(m, pfn) ? PG_MMIO : PG_VALID | PG_FREE;
		page->head = pfn;
		gigantic_make_part(m, pfn, page);
	}
	return page;
}

pfn_t page_head(struct machine *m, pfn_t pfn)
{
	return page_of(m, pfn)->head;
}

s32 page_count(struct machine *m, pfn_t pfn)
{
	return page_of(m, page_head(m, pfn))->refcount;
}

/*
 * Each flag has a bit of its own: two that shared one would be the same case twice, and one without
 * a case is a warning.
 */
static inline bool is_flag(enum page_flag flag)
{
	switch (flag) {
	case PG_VALID: case PG_FREE: case PG_HEAD: case PG_TAIL: case PG_RESERVED:
	case PG_ZERO: case PG_DIRTY: case PG_REFERENCED: case PG_ACTIVE: case PG_WORKINGSET:
	case PG_LRU: case PG_ANON: case PG_EXCLUSIVE: case PG_ZONE_DEVICE: case PG_HWPOISON:
	case PG_LEAKED: case PG_CACHE: case PG_REMOTE: case PG_KSM: case PG_SWAPCACHE:
	case PG_LOCKED: case PG_HUGETLB: case PG_RESTORE: case PG_DOUBLE_MAP: case PG_MLOCKED:
	case PG_GUEST_WROTE: case PG_FSDAX: case PG_NX_SPLIT: case PG_P2PDMA: case PG_MMIO:
	case PG_LAZYFREE: case PG_REUSED:
		return true;
	}
	return false;
}

bool page_is(struct machine *m, pfn_t pfn, u32 flags)
{
	assert(is_flag(flags & -flags));
	return (page_of(m, pfn)->flags & flags) == flags;
}

void page_touch(struct machine *m, pfn_t pfn)
{
	touch(m, OBJECT_PAGE, pfn);
}

static enum blame blame_of(enum holder holder)
{
	switch (holder) {
	case HOLD_FAULT:
	case HOLD_MAP:
	case HOLD_SPTE:
		return BLAME_KVM;
	case HOLD_OWNER:
		return BLAME_DRIVER;
	case HOLD_PTE:
	case HOLD_CACHE:
	case HOLD_LRU:
	case HOLD_MM:
	case NR_HOLDERS:
		return BLAME_MM;
	}
	return BLAME_MM;
}

/* Linux: include/linux/page_ref.h, one tracepoint for each primitive. */
static void note_ref(struct machine *m, const char *event, pfn_t pfn, enum holder holder, s64 value,
		     bool ret)
{
	const struct page *page = page_of(m, pfn);

	page_touch(m, pfn);
	if (!(page->flags & PG_VALID))
		raise_alarm(m, ALARM_NO_STRUCT_PAGE, pfn, blame_of(holder));
	note(m, &(struct note){ .kind = NOTE_REF, .name = event, .pfn = pfn, .value = value,
				.ok = ret, .holder = holder, .count = page->refcount,
				.headcount = page_count(m, pfn), .mapcount = page->mapcount });
}

/* Every reference that a look-up takes or drops is on its task's account: law fault-balance. */
static void account(struct machine *m, pfn_t pfn, enum holder holder, s32 refs)
{
	if (holder == HOLD_FAULT)
		task_account(&m->w->task[m->task], page_head(m, pfn), refs);
}

static void hold(struct machine *m, pfn_t pfn, enum holder holder, s32 refs)
{
	if (holder == HOLD_FAULT)
		m->w->task[m->task].follow.got = pfn;
	page_of(m, page_head(m, pfn))->held[holder] += refs;
	page_touch(m, page_head(m, pfn));
	account(m, pfn, holder, refs);
}

static void release(struct machine *m, pfn_t pfn, enum holder holder, s32 refs)
{
	struct page *head = page_of(m, page_head(m, pfn));

	account(m, pfn, holder, -refs);
	if (head->held[holder] < refs) {
		raise_alarm(m, ALARM_PUT_UNHELD, pfn, blame_of(holder));
		head->misput_by = blame_of(holder);
	} else {
		head->held[holder] -= refs;
	}
}

void page_get(struct machine *m, pfn_t pfn, enum holder holder)
{
	page_get_by(m, pfn, holder, blame_of(holder));
}

void page_get_by(struct machine *m, pfn_t pfn, enum holder holder, u8 by)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (head->refcount <= 0)
		raise_alarm(m, ALARM_GET_FROM_ZERO, pfn, by);
	head->refcount++;
	hold(m, pfn, holder, 1);
	note_ref(m, "page_ref_mod", head->head, holder, 1, true);
}

bool page_get_unless_zero(struct machine *m, pfn_t pfn, enum holder holder)
{
	struct page *page = page_of(m, pfn);

	if (page->refcount)
		page->refcount++;
	else
		holder = NR_HOLDERS;
	if (holder != NR_HOLDERS)
		hold(m, pfn, holder, 1);
	note_ref(m, "page_ref_mod_unless", pfn, holder, 1, holder != NR_HOLDERS);
	return holder != NR_HOLDERS;
}

bool page_try_get_folio(struct machine *m, pfn_t pfn, enum holder holder, s32 refs)
{
	struct page *head = page_of(m, page_head(m, pfn));
	bool got = head->refcount > 0;

	if (got) {
		head->refcount += refs;
		hold(m, pfn, holder, refs);
	}
	note_ref(m, "page_ref_mod_unless", head->head, holder, refs, got);
	return got;
}

void page_unfreeze(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->refcount = 1;
	page_of(m, pfn)->held[HOLD_OWNER] = 1;
	note_ref(m, "page_ref_unfreeze", pfn, HOLD_OWNER, 1, true);
}

void page_add_held(struct machine *m, pfn_t pfn, enum holder holder, s32 delta)
{
	struct page *page = page_of(m, pfn);

	page->refcount += delta;
	page->held[holder] += delta;
	if (holder == HOLD_OWNER && page->held[holder] > 0)
		page->counted = true;
	note_ref(m, "page_ref_mod", pfn, holder, delta, true);
}

void page_add_refs(struct machine *m, pfn_t pfn, s32 delta)
{
	page_add_held(m, pfn, HOLD_OWNER, delta);
}

s32 page_pin_refs(struct machine *m, pfn_t pfn)
{
	return page_is(m, page_head(m, pfn), PG_HEAD) ? 1 : GUP_PIN_COUNTING_BIAS;
}

static void count_pin(struct machine *m, pfn_t pfn, int delta)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (head->flags & PG_HEAD)
		head->pincount += delta;
}

bool page_try_pin(struct machine *m, pfn_t pfn, enum holder holder)
{
	bool got = page_try_get_folio(m, pfn, holder, page_pin_refs(m, pfn));

	if (got)
		count_pin(m, pfn, 1);
	return got;
}

void page_unpin(struct machine *m, pfn_t pfn, enum holder holder)
{
	count_pin(m, pfn, -1);
	page_put_refs(m, pfn, holder, page_pin_refs(m, pfn));
}

bool page_maybe_pinned(struct machine *m, pfn_t pfn)
{
	const struct page *head = page_of(m, page_head(m, pfn));

	return head->flags & PG_HEAD ? head->pincount : head->refcount >= GUP_PIN_COUNTING_BIAS;
}

void page_set_count(struct machine *m, pfn_t pfn, s32 count)
{
	struct page *page = page_of(m, pfn);

	page->held[HOLD_OWNER] += count - page->refcount;
	page->refcount = count;
	note_ref(m, "page_ref_set", pfn, HOLD_OWNER, count, true);
}

void page_hand_over(struct machine *m, pfn_t pfn, enum holder from, enum holder to)
{
	struct page *head = page_of(m, page_head(m, pfn));

	assert(head->held[from] > 0 || (head->flags & (PG_FREE | PG_REUSED)));
	if (head->held[from] > 0 && !(head->flags & PG_FREE))
		head->held[from]--;	/* freed under its holder: then that holds nothing */
	head->held[to]++;
	account(m, pfn, from, -1);
	account(m, pfn, to, 1);
	page_touch(m, head->head);
}

static void free_one(struct machine *m, pfn_t pfn, enum blame by)
{
	struct page *page = page_of(m, pfn);

	page->flags = (page->flags & PG_HWPOISON) | PG_VALID | PG_FREE;
	page->owner = OWNER_NONE;
	page->freed_by = by;
	page->order = 0;
	page->head = pfn;
	for (unsigned i = 0; i < NR_HOLDERS; i++)
		page->held[i] = 0;
	page_touch(m, pfn);
}

/*
 * free_pages_prepare() looks at each tail of a block: one that somebody holds makes the block
 * bad, and the whole of it is leaked. mm/page_alloc.c:free_tail_pages_check(), 5.12 and 6.1.
 * A page of order 0 goes to the CPU's list without a look, whoever maps it.
 * SIMPLIFIED: since 6.12 only with check_pages; here always.
 */
static bool block_is_bad(struct machine *m, pfn_t pfn, u32 order, enum blame *by)
{
	for (u64 i = 0; i < (u64)1 << order; i++) {
		const struct page *page = page_of(m, pfn + i);

		if (page->flags & PG_FREE)
			*by = page->freed_by;
		else if (i && !page->counted && page->held[HOLD_FAULT])
			*by = BLAME_KVM;	/* nobody but 5.12's get_page() made it count */
		if (page->refcount || page->mapcount || (page->flags & PG_FREE))
			return true;
	}
	return false;
}

/*
 * free_tail_pages_check(): what was a tail is none any more, good or bad. The head of a bad block
 * stays one, since 6.6 of order 0: its order is among the flags of the second page.
 */
static void drop_tails(struct machine *m, pfn_t pfn, u32 order)
{
	for (u64 i = 1; i < (u64)1 << order; i++) {
		page_of(m, pfn + i)->flags &= ~(u32)PG_TAIL;
		page_of(m, pfn + i)->head = pfn + i;
	}
	if (m->sem->traits.order_in_flags)
		page_of(m, pfn)->order = 0;
}

static void free_block(struct machine *m, pfn_t pfn, u32 order, enum blame by)
{
	u64 pages = (u64)1 << order;
	enum blame whose = by;		/* or who freed a page of it before */

	if (block_is_bad(m, pfn, order, &whose)) {
		raise_alarm(m, ALARM_BAD_FREE, pfn, whose);
		for (u64 i = 0; order && i < pages; i++)
			page_of(m, pfn + i)->flags |= PG_LEAKED;
		if (page_of(m, pfn)->flags & PG_HEAD)
			drop_tails(m, pfn, order);
		if (order)
			return;
	}
	for (u64 i = 0; i < pages; i++)
		free_one(m, pfn + i, by);
	note(m, &(struct note){ .kind = NOTE_FREE, .pfn = pfn, .level = order });
}

/*
 * Whose doing it is that the folio is free now: who put the last reference; but who gives up what
 * PTEs without a count still map has lost it, however long another's own reference kept it.
 */
static enum blame freed_by(struct machine *m, pfn_t head, enum holder last)
{
	const struct page *page = page_of(m, head);

	if (page->owner == OWNER_NONE && !page->misput_by)
		for (u64 i = 0; i < (u64)1 << page->order; i++)
			if (page_of(m, head + i)->ptes)
				return BLAME_DRIVER;
	return blame_of(last);
}

/* __folio_put(): the folio's last reference is gone. */
static void folio_free(struct machine *m, pfn_t head, enum holder last)
{
	struct page *page = page_of(m, head);

	if (page->flags & PG_HUGETLB) {
		hugetlb_give_back(m, head, blame_of(last));
		return;
	}
	/* A bad block's owner has freed it. */
	if ((page->owner == OWNER_DRIVER || page->owner == OWNER_KERNEL) &&
	    !((page->flags & PG_LEAKED) && page->counted))
		raise_alarm(m, ALARM_FREED_OWNED, head, blame_of(last));
	free_block(m, head, page->flags & PG_HEAD ? page->order : 0, freed_by(m, head, last));
}

void page_put_refs(struct machine *m, pfn_t pfn, enum holder holder, s32 refs)
{
	pfn_t head = page_head(m, pfn);
	struct page *page = page_of(m, head);

	release(m, pfn, holder, refs);
	page->refcount -= refs;
	if (page->flags & PG_FSDAX) {	/* put_devmap_managed_page(): never freed, woken at 1 */
		note_ref(m, "page_ref_mod_and_return", head, holder, -refs, false);
		return;
	}
	note_ref(m, "page_ref_mod_and_test", head, holder, -refs, page->refcount == 0);
	if (page->refcount == 0)
		folio_free(m, head, holder);
}

void page_freeze(struct machine *m, pfn_t pfn, enum holder a, enum holder b)
{
	struct page *page = page_of(m, pfn);
	s32 refs = page->refcount;

	assert(refs == page->held[a] + 1);
	release(m, pfn, a, refs - 1);
	release(m, pfn, b, 1);
	page->refcount = 0;
	note_ref(m, "page_ref_freeze", pfn, b, refs, true);
	folio_free(m, pfn, b);
}

void page_freeze_last(struct machine *m, pfn_t pfn, enum holder holder)
{
	struct page *page = page_of(m, pfn);

	assert(page->refcount == 1);
	release(m, pfn, holder, 1);
	page->refcount = 0;
	note_ref(m, "page_ref_freeze", pfn, holder, 1, true);
	folio_free(m, pfn, holder);
}

/* What __split_huge_page_tail() gives to each part; the rest is the page's own. */
#define FOLIO_FLAGS (PG_DIRTY | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET | PG_LRU | PG_LOCKED | \
		     PG_MLOCKED | PG_CACHE)

u32 page_ref_freeze(struct machine *m, pfn_t head)
{
	struct page *page = page_of(m, head);
	s32 refs = page->refcount;

	page->refcount = page->held[HOLD_CACHE] = page->held[HOLD_MM] = 0;
	note_ref(m, "page_ref_freeze", head, HOLD_MM, refs, true);
	return page->flags & FOLIO_FLAGS;
}

void page_ref_unfreeze(struct machine *m, pfn_t pfn, s32 refs)
{
	page_of(m, pfn)->refcount = page_of(m, pfn)->held[HOLD_MM] = refs;
	note_ref(m, "page_ref_unfreeze", pfn, HOLD_MM, refs, true);
}

void page_part(struct machine *m, pfn_t pfn, u32 order, u32 flags)
{
	struct page *head = page_of(m, pfn);
	s32 pages = (s32)1 << order;

	for (s32 i = 0; i < pages; i++) {
		struct page *page = page_of(m, pfn + i);

		page->head = pfn;
		page->flags &= ~(u32)(PG_HEAD | PG_TAIL | FOLIO_FLAGS);
		page->flags |= (!order ? 0 : i ? PG_TAIL : PG_HEAD) | (flags & PG_CACHE);
		page_touch(m, pfn + i);
	}
	head->flags |= flags;
	head->order = order;
	head->held[HOLD_CACHE] = pages;
	head->held[HOLD_MM] = 1;
	head->refcount = pages + 1;
	note_ref(m, "page_ref_unfreeze", pfn, HOLD_MM, pages + 1, true);
}

/* __split_huge_page(): from the last page down to the head, which page_ref_inc() unfreezes */
void page_split_anon(struct machine *m, pfn_t head, bool list)
{
	u64 pages = (u64)1 << page_of(m, head)->order;
	u32 flags = page_ref_freeze(m, head) | (page_of(m, head)->flags & PG_LAZYFREE);

	page_of(m, head)->partial = false;
	for (u64 i = pages; i-- > 0; ) {
		struct page *page = page_of(m, head + i);

		page->head = head + i;
		page->flags &= ~(u32)(PG_HEAD | PG_TAIL | PG_EXCLUSIVE | FOLIO_FLAGS);
		page->flags |= flags;
		page->order = 0;
		page_touch(m, head + i);
		if (i)
			page_ref_unfreeze(m, head + i, 1);
		else
			page_add_held(m, head, HOLD_MM, 1);
		if (i && list)
			page_get(m, head + i, HOLD_MM);
	}
}

void page_put(struct machine *m, pfn_t pfn, enum holder holder)
{
	page_put_refs(m, pfn, holder, 1);
}

static void page_init(struct machine *m, pfn_t pfn, pfn_t head, u32 flags, u8 owner)
{
	struct page *page = page_of(m, pfn);

	page->flags = flags | (page->ptes ? PG_REUSED : 0);
	page->owner = owner;
	page->head = head;
	page->misput_by = BLAME_NONE;
	page->partial = false;
	page->slot = 0;
	page->refcount = 0;
	page->mapcount = 0;
	m->phys->clear(m->phys, pfn);
	page_touch(m, pfn);
}

/* set_page_refcounted(): the allocator's own 0 to 1. */
static void set_refcounted(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->refcount = 1;
	page_of(m, pfn)->held[HOLD_OWNER] = 1;
	page_of(m, pfn)->counted = true;
	note_ref(m, "page_ref_set", pfn, HOLD_OWNER, 1, true);
}

bool alloc_is_separate(enum alloc_kind kind)
{
	return kind == ALLOC_ORDER0 || kind == ALLOC_RESERVED || kind == ALLOC_MMIO ||
	       kind == ALLOC_ZONE_DEVICE;
}

void page_init_mmio(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_VALID) || page_is(m, pfn, PG_FREE))
		page_init(m, pfn, pfn, PG_MMIO, OWNER_NONE);
}

void pages_init(struct machine *m, enum alloc_kind kind, pfn_t pfn, u32 order, u8 owner)
{
	u64 pages = (u64)1 << order;
	bool compound = kind == ALLOC_COMPOUND && order;
	u32 flags = PG_VALID;

	if (kind == ALLOC_MMIO) {
		mmio_declare(m, pfn, pages);
		return;
	}
	for (u64 i = 0; i < pages; i++)
		page_init(m, pfn + i, compound ? pfn : pfn + i,
			  flags | (!compound ? 0 : i ? PG_TAIL : PG_HEAD), owner);
	set_refcounted(m, pfn);
	if (compound)
		page_of(m, pfn)->order = order;
	if (kind == ALLOC_RESERVED)
		page_of(m, pfn)->flags |= PG_RESERVED;
	if (kind == ALLOC_ZONE_DEVICE)	/* __init_zone_device_page() */
		page_of(m, pfn)->flags |= PG_RESERVED | PG_ZONE_DEVICE;
	for (u64 i = 1; i < pages && (kind == ALLOC_SPLIT || kind == ALLOC_COUNTED); i++)
		set_refcounted(m, pfn + i);
}

void pages_free(struct machine *m, pfn_t pfn, u32 order)
{
	struct page *page = page_of(m, pfn);
	bool head = page->flags & PG_HEAD;

	if (page->flags & PG_FREE) {
		raise_alarm(m, ALARM_BAD_FREE, pfn, page->freed_by);
		return;
	}
	release(m, pfn, HOLD_OWNER, 1);
	page->owner = OWNER_NONE;
	page->refcount--;
	note_ref(m, "page_ref_mod_and_test", pfn, HOLD_OWNER, -1, page->refcount == 0);
	if (page->refcount == 0)
		free_block(m, pfn, order, BLAME_DRIVER);
	else if (!head)
		for (u32 k = order; k-- > 0; )
			free_block(m, pfn + ((u64)1 << k), k, BLAME_DRIVER);
}

void free_table(struct machine *m, pfn_t pfn)
{
	struct page *page = page_of(m, pfn);

	page->refcount = 0;
	m->phys->clear(m->phys, pfn);
	free_one(m, pfn, BLAME_NONE);
}

void page_set_dirty(struct machine *m, pfn_t pfn)
{
	page_of(m, page_head(m, pfn))->flags |= PG_DIRTY;
}

u8 page_blame(struct machine *m, pfn_t pfn)
{
	const struct page *page = page_of(m, pfn);

	if (!(page->flags & PG_FREE))
		return page->owner == OWNER_DRIVER && page->counted ? BLAME_DRIVER : BLAME_KVM;
	if (page->freed_by == BLAME_DRIVER && page->ptes)
		return BLAME_DRIVER;
	return BLAME_KVM;
}
