/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_reclaim.c: pages go to swap. path_swap_in.c has their way back.
 *
 * Linux: mm/madvise.c:madvise_pageout(), mm/vmscan.c:shrink_folio_list(), 5.12 to 7.2. A page that
 * was used since it was looked at last stays (until 6.9, and then MADV_PAGEOUT does not ask); a
 * page that somebody holds stays in the swap cache. One that is there already, and clean, is not
 * written again. Which pages a scanner takes, and which neighbours it looks at, is input.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/reclaim.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

static bool can_madv_lru_vma(const struct vma *vma)
{
	return vma && !(vma->flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB));
}

/*
 * madvise_walk_vmas(): the first VMA that will not have it ends the walk; a hole is passed over,
 * and -ENOMEM in the end. False: there is nothing to do.
 */
static bool stop_at_unfit_vma(struct machine *m, struct page_op *op)
{
	bool any = false;

	for (hva_t at = op->start; at < op->end; ) {
		const struct vma *vma = vma_find_from(m, at);

		if (!vma || vma->start > at)
			op->error = -ENOMEM;
		if (!vma || vma->start >= op->end)
			break;
		if (!can_madv_lru_vma(vma)) {
			op->error = -EINVAL;
			op->end = vma->start > at ? vma->start : at;
			break;
		}
		any |= reclaim_looks_at(m, op, vma);
		at = vma->end;
	}
	return any;
}

static enum step_result reclaim_begin(struct machine *m, struct task *t)
{
	if (t->pages.kind != PAGES_SHRINK && !stop_at_unfit_vma(m, &t->pages))
		return STEP_DONE;
	lru_drain(m);
	t->pages.at = t->pages.start;
	t->pages.page = NO_PFN;
	return STEP_NEXT;
}

static void forget_use(struct machine *m, const struct page_op *op, const struct pt_leaf *leaf)
{
	bool asks = op->kind == PAGES_COLD || !m->sem->traits.pageout_ignores_young;

	if (asks && (leaf->entry & PTE_ACCESSED))
		host_set_leaf(m, op->at, 1, leaf->entry & ~PTE_ACCESSED);
	page_of(m, pt_pfn(leaf->entry))->flags &= ~(u32)PG_REFERENCED;
}

static void forget_part(struct machine *m, struct page_op *op, hva_t end)
{
	bool asks = op->kind == PAGES_COLD || !m->sem->traits.pageout_ignores_young;

	for (; op->at < end; op->at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, op->at);

		if (asks && (leaf.entry & PTE_ACCESSED))
			host_set_leaf(m, leaf.first << PAGE_SHIFT, leaf.level,
				      leaf.entry & ~PTE_ACCESSED);
		page_of(m, page_head(m, pt_pfn(leaf.entry)))->flags &= ~(u32)PG_REFERENCED;
	}
}

/* A folio of 2M; true: it has to be split. */
static bool reclaim_part(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	struct page_op *op = &t->pages;
	const struct vma *vma = vma_find(m, op->at);
	struct thp_part part = thp_part_at(m, op->at, vma->end < op->end ? vma->end : op->end,
					   false);
	pfn_t head = page_head(m, pt_pfn(leaf->entry));

	op->next = part.way == PART_SPLIT ? part.next : 0;
	if (part.way == PART_SPLIT) {
		page_get(m, head, HOLD_MM);
		page_split_begin(t, head, false, false);
		return true;
	}
	if (part.way == PART_WHOLE) {
		reclaim_take_thp(m, op, leaf);
		forget_part(m, op, part.next);
	}
	op->at = part.next;
	return false;
}

static bool reclaim_has_split(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.next;
}

static enum step_result reclaim_again(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	page_put(m, t->split.page, HOLD_MM);
	if (t->split.error)
		op->at = op->next;
	op->next = 0;
	return STEP_BACK;
}

/*
 * madvise_cold_or_pageout_pte_range(): pages of the LRU that nobody else maps; of each table's what
 * has been taken goes first.
 */
static enum step_result reclaim_isolate(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(m, op->at);
	pfn_t pfn = pt_pfn(leaf.entry);

	if (op->at >= op->end || op->kind == PAGES_SHRINK || (op->nr && !(op->at & ~HPAGE_MASK)))
		return STEP_NEXT;
	if (leaf_is_of_thp(m, &leaf))
		return reclaim_part(m, t, &leaf) ? STEP_CALL : STEP_BACK;
	if (reclaim_finds_large(m, t))
		return STEP_BACK;
	if (leaf.present && leaf.level == 1 && leaf_is_normal(&leaf) &&
	    reclaim_takes(m, op, vma_find(m, op->at), pfn) && page_of(m, pfn)->mapcount == 1) {
		forget_use(m, op, &leaf);
		if (op->kind == PAGES_OUT) {
			page_isolate(m, pfn);
			page_of(m, pfn)->flags &= ~(u32)PG_ACTIVE;	/* reclaim_pages() */
			list_set(m, LIST_PAGES, op->nr++, pfn);
		}
	}
	op->at += PAGE_SIZE;
	return STEP_BACK;
}

static bool shrinks(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.kind == PAGES_SHRINK;
}

/* isolate_lru_folios(): what it takes is input; the page that was there longest comes first. */
static enum step_result shrink_isolate(struct machine *m, struct task *t)
{
	for (u64 i = 0; i < t->pages.nr; i++) {
		u64 found = list_get(m, LIST_PAGES, i), how = found & ~PAGE_MASK;
		struct pt_leaf leaf = host_leaf(m, found & PAGE_MASK);
		pfn_t pfn = pt_pfn(leaf.entry);
		bool normal = leaf.present && leaf.level == 1 && leaf_is_normal(&leaf);

		list_set(m, LIST_TARGETS, i, how);
		list_set(m, LIST_PAGES, i, 0);
		if (!normal || !(page_of(m, pfn)->flags & (PG_ANON | PG_CACHE)))
			continue;
		list_set(m, LIST_PAGES, i, pfn);
		if (how & SHRINK_KEEPS)		/* seen from its neighbour's PTE; nobody notified */
			host_set_leaf(m, found & PAGE_MASK, 1, leaf.entry & ~PTE_ACCESSED);
		if (!(how & SHRINK_LOOKS) && page_is(m, pfn, PG_LRU) &&
		    page_try_get_folio(m, pfn, HOLD_MM, 1))
			page_of(m, pfn)->flags &= ~(u32)PG_LRU;
	}
	return STEP_NEXT;
}

/* Of what a file has: folio_trylock(); lru_gen_look_around() does without. */
static bool locks_page(struct machine *m, const struct page_op *op)
{
	return page_is(m, op->page, PG_CACHE) && !(op->how & SHRINK_LOOKS);
}

static bool is_locked(struct machine *m, const struct page_op *op)
{
	return locks_page(m, op) && page_is(m, op->page, PG_LOCKED);
}

/* shrink_folio_list(): one page after the other */
static enum step_result reclaim_pick(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->page = NO_PFN;
	op->moved = op->splits = false;
	op->rmap = (struct rmap_at){ 0 };
	t->range.pages = 0;
	t->notify.young = false;
	while (op->i < op->nr && op->page == NO_PFN) {
		op->how = op->kind == PAGES_SHRINK ? list_get(m, LIST_TARGETS, op->i) : 0;
		op->page = list_get(m, LIST_PAGES, op->i++);
		if (!op->page || is_locked(m, op))
			op->page = NO_PFN;	/* it was not to be had */
	}
	if (op->page != NO_PFN && locks_page(m, op))
		page_of(m, op->page)->flags |= PG_LOCKED;
	return STEP_NEXT;
}

static bool picked(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.page != NO_PFN;
}

static bool asks_for_use(const struct machine *m, const struct task *t)
{
	return picked(m, t) && (shrinks(m, t) ? t->pages.how & (SHRINK_ASKS | SHRINK_LOOKS) :
						!m->sem->traits.pageout_ignores_young);
}

/* folio_referenced_one(): the host's accessed bit, then KVM's; of the next mapping */
static enum step_result reclaim_young(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf;

	if (!reclaim_next_user(m, t))
		return STEP_NEXT;
	leaf = host_leaf(m, op->rmap.hva);
	op->moved |= !!(leaf.entry & PTE_ACCESSED);	/* used */
	if (leaf.entry & PTE_ACCESSED)
		host_set_leaf(m, op->rmap.hva, leaf.level, leaf.entry & ~PTE_ACCESSED);
	t->notify = (struct notify){ .start = op->rmap.hva,
				     .end = op->rmap.hva + level_pages(leaf.level) * PAGE_SIZE };
	if (op->kind == PAGES_SHRINK && m->sem->traits.multi_gen_lru)
		t->notify.event = NOTIFY_CLEAR_YOUNG;	/* lru_gen_look_around() */
	op->rmap.hva = t->notify.end;
	return STEP_CALL;
}

/* folio_check_references(): FOLIOREF_KEEP */
static enum step_result reclaim_judge(struct machine *m, struct task *t)
{
	struct rmap_at at = t->pages.rmap;
	struct range_op range = t->range;
	bool more = t->notify.end && reclaim_next_user(m, t);

	t->mm = m->mm = VM_MM;
	t->pages.rmap = at;
	t->range = range;
	t->pages.moved |= t->notify.young;
	t->notify.young = false;
	if (more)
		return STEP_BACK;
	if (t->pages.moved)
		page_of(m, t->pages.page)->flags |= PG_REFERENCED;
	return STEP_NEXT;
}

/* folio_maybe_dma_pinned(): it is not put into the swap cache. */
static bool stays_pinned(struct machine *m, pfn_t head)
{
	return page_is(m, head, PG_ANON) && !page_is(m, head, PG_SWAPCACHE) &&
	       !page_is(m, head, PG_LAZYFREE) && page_maybe_pinned(m, head);
}

static bool goes_out(const struct machine *m, const struct task *t)
{
	return picked(m, t) && !t->pages.moved &&
	       !stays_pinned((struct machine *)m, t->pages.page) &&
	       !(t->pages.how & (SHRINK_LOOKS | SHRINK_KEEPS));
}

static bool splits(const struct machine *m, const struct task *t)
{
	return goes_out(m, t) && reclaim_is_unsplit(m, &t->pages);
}

static bool splits_thp(const struct machine *m, const struct task *t)
{
	return goes_out(m, t) && reclaim_splits_thp(m, &t->pages);
}

/* add_to_swap(), then try_to_unmap(); MADV_FREE's pages need no swap, and others stay without. */
static enum step_result reclaim_unmap(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct page *page = page_of(m, op->page);

	op->unmap = 0;
	op->rmap = (struct rmap_at){ 0 };
	if (page->flags & PG_CACHE)
		return page->held[HOLD_PTE] && !reclaim_is_unsplit(m, op) ? STEP_CALL : STEP_NEXT;
	if (page->flags & PG_LAZYFREE)
		return STEP_CALL;
	if (op->no_swap || reclaim_keeps_thp(m, op)) {
		page->flags |= PG_ACTIVE;
		return STEP_NEXT;
	}
	if (!(page->flags & PG_SWAPCACHE))
		swap_add_folio(m, op->page);
	op->splits = page->flags & PG_HEAD;
	op->unmap = PTE_SWAPPED;
	return STEP_CALL;
}

/*
 * shrink_folio_list(), pageout(), __remove_mapping(), 6.1 to 7.2: nobody but the list and the swap
 * cache may have a reference; what has no mapping, as free_swap_cache() took it away, is kept.
 */
static enum step_result reclaim_free(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct page *page = page_of(m, op->page);
	s32 cached = page_is(m, op->page, PG_LAZYFREE) ? 0 : (s32)folio_pages(m, op->page);

	if (page->flags & PG_CACHE) {
		bool goes = goes_out(m, t) && !reclaim_is_unsplit(m, op);
		pfn_t head = op->page;

		if (goes && reclaim_folio(m, op))
			list_set(m, LIST_PAGES, op->i - 1, 0);
		else if (locks_page(m, op))
			page->flags &= ~(u32)PG_LOCKED;
		if (goes)
			reclaim_rest(m, t, head);
		return STEP_BACK;
	}
	if (!goes_out(m, t) || page->held[HOLD_PTE] || page->held[HOLD_CACHE] != cached ||
	    page->refcount != 1 + cached)
		return STEP_BACK;
	list_set(m, LIST_PAGES, op->i - 1, 0);
	if (page->flags & PG_LAZYFREE) {	/* PGLAZYFREED: nobody but the list has it */
		page_freeze_last(m, op->page, HOLD_MM);
		return STEP_BACK;
	}
	if (page->flags & PG_DIRTY) {
		swap_write_folio(m, op->page);
		page_get(m, op->page, HOLD_MM);	/* folio_end_writeback() */
		page_put(m, op->page, HOLD_MM);
	}
	swap_forget_folio(m, op->page);
	page_freeze(m, op->page, HOLD_CACHE, HOLD_MM);
	return STEP_BACK;
}

/* folio_putback_lru(); move_folios_to_lru() needs no batch */
static void put_back(struct machine *m, const struct task *t, u64 i)
{
	pfn_t pfn = list_get(m, LIST_PAGES, i);

	if (!shrinks(m, t)) {
		page_put_back(m, pfn);
	} else if (!(list_get(m, LIST_TARGETS, i) & SHRINK_LOOKS)) {
		page_of(m, pfn)->flags |= PG_LRU;
		page_put(m, pfn, HOLD_MM);
	}
}

/* What stayed, when all have been looked at. */
static enum step_result reclaim_put_back(struct machine *m, struct task *t)
{
	for (u64 i = 0; i < t->pages.nr; i++)
		if (list_get(m, LIST_PAGES, i)) {
			put_back(m, t, i);
			list_set(m, LIST_PAGES, i, 0);
		}
	if (shrinks(m, t) || t->pages.at >= t->pages.end)
		return STEP_DONE;
	t->pages.nr = t->pages.i = 0;
	return STEP_BACK;
}

#define SHRINK	"reclaim_pages > shrink_folio_list"

const struct step path_reclaim[] = {
	STEP(reclaim_begin, .chain = "madvise_pageout > lru_add_drain"),
	STEP(reclaim_large, .when = reclaim_finds_large, .calls = PATH_FOLIO_SPLIT,
	     .chain = "madvise_pageout > madvise_cold_or_pageout_pte_range"),
	STEP(reclaim_after_split, .when = reclaim_splits_file,
	     .chain = "madvise_pageout > madvise_cold_or_pageout_pte_range"),
	STEP(reclaim_isolate, .to = "reclaim_large", .calls = PATH_PAGE_SPLIT,
	     .chain = "madvise_pageout > madvise_cold_or_pageout_pte_range"),
	STEP(reclaim_again, .when = reclaim_has_split, .to = "reclaim_large",
	     .chain = "madvise_pageout > madvise_cold_or_pageout_pte_range > split_folio"),
	STEP(shrink_isolate, .when = shrinks, .chain = "shrink_inactive_list > isolate_lru_folios"),
	STEP(reclaim_pick, .chain = SHRINK),
	STEP(reclaim_young, .when = asks_for_use, .calls = PATH_YOUNG,
	     .chain = SHRINK " > folio_check_references > folio_referenced"),
	STEP(reclaim_judge, .when = asks_for_use, .to = "reclaim_young",
	     .chain = SHRINK " > folio_check_references"),
	STEP(reclaim_split, .when = splits, .calls = PATH_FOLIO_SPLIT,
	     .chain = SHRINK " > split_folio_to_list"),
	STEP(reclaim_split_thp, .when = splits_thp, .calls = PATH_PAGE_SPLIT,
	     .chain = SHRINK " > split_folio_to_list"),
	STEP(reclaim_list_thp, .when = reclaim_has_split_thp,
	     .chain = SHRINK " > split_folio_to_list"),
	STEP(reclaim_unmap, .when = goes_out, .calls = PATH_UNMAP_PAGE,
	     .chain = SHRINK " > add_to_swap"),
	STEP(reclaim_free, .when = picked, .to = "reclaim_pick",
	     .chain = SHRINK " > __remove_mapping"),
	STEP(reclaim_put_back, .to = "reclaim_large", .chain = "reclaim_pages > folio_putback_lru"),
	{ 0 }
};
