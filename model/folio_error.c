/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * folio_error.c: a page of a file's large folio is to go for good: the folio is split first.
 *
 * Linux: mm/memory-failure.c:try_to_split_thp_page(), soft_offline_in_use_page(), 5.12 to 7.2. The
 * split unmaps all of it, so that nobody is told once more when the page itself goes.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/semantics.h"

static pfn_t large_folio(struct machine *m, pfn_t pfn)
{
	pfn_t head = pfn == NO_PFN ? NO_PFN : page_head(m, pfn);

	return head != NO_PFN && page_is(m, head, PG_CACHE) && page_of(m, head)->order ? head :
											  NO_PFN;
}

/* try_to_split_thp_page(), to 5.15 of no file's; the injection's reference is the folio's. */
static enum step_result begin_split(struct machine *m, struct task *t)
{
	pfn_t head = page_head(m, t->pages.page);

	if (page_is(m, head, PG_LOCKED))
		return STEP_BLOCKED;
	page_of(m, head)->flags |= PG_LOCKED;
	folio_split_begin(m, t, head);
	return m->sem->traits.poison_splits_files ? STEP_CALL : STEP_NEXT;
}

/* It is the page's own now; false: the folio could not be split. */
static bool takes_page(struct machine *m, struct task *t, s32 error)
{
	pfn_t head = t->file.page;

	page_of(m, head)->flags &= ~(u32)PG_LOCKED;
	if (t->file.is_split)
		page_try_get_folio(m, t->pages.page, HOLD_MM, 1);
	page_put(m, head, HOLD_MM);
	if (!t->file.is_split)
		t->pages.error = error;
	return t->file.is_split;
}

/* ---- memory_failure() ---- */

bool poison_splits(const struct machine *m, const struct task *t)
{
	return injects(m, t) && large_folio((struct machine *)m, t->pages.page) != NO_PFN;
}

enum step_result poison_split(struct machine *m, struct task *t)
{
	return begin_split(m, t);
}

bool poison_has_split(const struct machine *m, const struct task *t)
{
	return injects(m, t) && t->file.page != NO_PFN;
}

enum step_result poison_after_split(struct machine *m, struct task *t)
{
	takes_page(m, t, m->sem->traits.poison_kills ? -EHWPOISON : -EBUSY);
	t->file.page = NO_PFN;
	return STEP_NEXT;
}

/* ---- soft_offline_in_use_page() ---- */

static pfn_t offline_page_at(struct machine *m, const struct page_op *op)
{
	struct pt_leaf leaf = host_leaf(m, op->at);

	return leaf_is_accessible(&leaf) && leaf_is_normal(&leaf) ? host_leaf_pfn(&leaf, op->at) :
								    NO_PFN;
}

bool offline_splits(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct page_op *op = &t->pages;

	return op->kind == PAGES_OFFLINE && !op->error && op->at < op->end &&
	       large_folio(machine, offline_page_at(machine, op)) != NO_PFN;
}

enum step_result offline_split(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	pfn_t pfn = offline_page_at(m, op);

	if (page_is(m, page_head(m, pfn), PG_LOCKED))
		return STEP_BLOCKED;
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	op->page = pfn;
	op->size = folio_pages(m, pfn) << PAGE_SHIFT;
	return begin_split(m, t);
}

bool offline_has_split(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.kind == PAGES_OFFLINE && t->file.page != NO_PFN;
}

/* mapping_evict_folio(): clean, and the cache and the injection alone have it. */
static bool evicts(struct machine *m, pfn_t pfn)
{
	struct cache_place place;

	if (page_is(m, pfn, PG_DIRTY) || page_count(m, pfn) != 2 || !cache_find(m, pfn, &place))
		return false;
	cache_remove(m, place.file, place.index);
	return true;
}

enum step_result offline_after_split(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool is_split = takes_page(m, t, -EBUSY);

	t->file.page = NO_PFN;
	op->at += op->size;
	if (!is_split)
		return STEP_BACK;
	if (evicts(m, op->page)) {
		take_off_buddy(m, op->page);
		return STEP_BACK;
	}
	page_isolate(m, op->page);
	page_put(m, op->page, HOLD_MM);
	list_set(m, LIST_PAGES, op->nr++, op->page);
	op->stop = op->nr;
	return STEP_BACK;
}
