/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_migrate.c: a page moves to another frame: move_pages(), compaction, soft offline.
 *
 * Linux: mm/migrate.c:migrate_pages(), mm/rmap.c:try_to_migrate_one(), mm/memory-failure.c:
 * soft_offline_page(), 5.12 to 7.2. Each mapping is notified and becomes a migration entry, on
 * which faults wait; then nobody but the isolation may hold a reference, or the page stays.
 * Since 6.3 all pages of a batch are unmapped before the first one moves; since 6.10 a folio of 2M
 * that is not mapped whole is split, and its pages move.
 * Pages of hugetlb go one by one, each to one of the pool's.
 * SIMPLIFIED: tries that find the page held do not wait in between; a list that has pages of
 * hugetlb, too, is moved as those are.
 */
#include "model/errno.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_migrate.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

static bool is_not_listed(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.kind != PAGES_LIST && t->pages.kind != PAGES_MISPLACED;
}

/* lru_cache_disable(), lru_add_drain_all() */
static enum step_result migrate_begin(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	if (op->kind == PAGES_OFFLINE && m->w->config.no_memory_failure) {
		op->error = -EINVAL;
		return STEP_DONE;
	}
	if (op->kind == PAGES_MOVE || op->kind == PAGES_LIST)
		lru_drain(m);	/* compact_nodes() has no lru_cache_disable(), but drains, too */
	op->at = op->start;
	op->page = op->other = t->file.page = NO_PFN;
	op->phase = PHASE_UNMAP;
	return STEP_NEXT;
}

/* What the LRU may have: small pages, folios of 2M; what is hugetlb's. */
static bool is_movable(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry), head = leaf->present ? page_head(m, pfn) : NO_PFN;

	return leaf->present && leaf_is_counted(m, leaf) && page_is(m, head, PG_LRU) &&
	       (page_is(m, pfn, PG_ANON) || page_is(m, pfn, PG_CACHE) ||
		page_is(m, head, PG_HUGETLB));
}

/* add_page_for_migration() to 6.6: PageHead(), which no other address of the 2M gives. */
static bool names_tail(struct machine *m, const struct page_op *op, pfn_t pfn)
{
	return op->kind == PAGES_MOVE && m->sem->traits.hugetlb_moves_by_head &&
	       !page_is(m, pfn, PG_HUGETLB) && page_is(m, page_head(m, pfn), PG_HUGETLB);
}

/* follow_huge_pud() to 5.19: not with FOLL_GET */
static bool is_passed_over(const struct machine *m, const struct page_op *op,
			   const struct pt_leaf *leaf)
{
	return op->kind == PAGES_MOVE && leaf->level == 3 && m->sem->traits.gigantic_stays;
}

/* Shared by several mappings: -EACCES of move_pages(). */
static bool may_isolate(struct machine *m, const struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry), head;
	bool shared;

	if (!is_movable(m, leaf) || (op->kind == PAGES_MOVE && !page_is_followed(m, leaf)))
		return false;
	head = page_head(m, pfn);
	if (names_tail(m, op, host_leaf_pfn(leaf, op->at)) || is_passed_over(m, op, leaf))
		return false;
	shared = page_is(m, head, PG_HUGETLB) ? page_of(m, head)->held[HOLD_PTE] != 1 :
						page_is_shared(m, pfn);
	return op->kind != PAGES_MOVE || (!shared && page_is(m, head, PG_REMOTE) != op->node);
}

/* follow_page() until 6.11; get_user_pages_fast() of an injected error */
static void isolate_by_address(struct machine *m, const struct page_op *op, pfn_t pfn)
{
	bool gets = op->kind == PAGES_OFFLINE || m->sem->traits.follow_page;

	if (op->kind == PAGES_OFFLINE)
		page_try_get_folio(m, pfn, HOLD_MM, 1);
	else if (gets)
		page_get(m, pfn, HOLD_MM);
	page_isolate(m, pfn);	/* folio_isolate_hugetlb() takes a reference, too */
	if (gets)
		page_put(m, pfn, HOLD_MM);
}

/* get_user_pages_fast() of what has no page; get_hwpoison_page() of the zero page */
static s32 offline_error(struct machine *m, const struct page_op *op)
{
	const struct vma *vma = vma_find(m, op->at);
	struct pt_leaf leaf = host_leaf(m, op->at);

	return !vma || (vma->flags & (VM_PFNMAP | VM_IO)) || !leaf_is_accessible(&leaf) ?
	       -EFAULT : -EIO;
}

/* soft_offline_in_use_page(): what is hit is a part of a folio of 2M. */
static bool offlines_part(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(machine, op->at);

	return op->kind == PAGES_OFFLINE && !op->error && op->at < op->end &&
	       is_movable(machine, &leaf) &&
	       page_is(machine, page_head(machine, pt_pfn(leaf.entry)), PG_HEAD | PG_ANON) &&
	       !page_is(machine, page_head(machine, pt_pfn(leaf.entry)), PG_HUGETLB);
}

static enum step_result split_offlined(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(m, op->at);

	op->page = host_leaf_pfn(&leaf, op->at);
	op->size = folio_pages(m, page_head(m, op->page)) << PAGE_SHIFT;
	op->splits = true;
	page_try_get_folio(m, op->page, HOLD_MM, 1);
	page_split_begin(t, op->page, true, false);
	return page_is(m, op->page, PG_HWPOISON) ? STEP_NEXT : STEP_CALL;
}

static bool has_asked_split(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.splits;
}

/* isolate_page(), isolate_folio_to_list(): of the page alone, mapped again or not */
static enum step_result take_offlined(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool is_bad = page_is(m, op->page, PG_HWPOISON);

	op->splits = false;
	op->at += op->size;
	op->error = t->split.error && !is_bad ? -EBUSY : 0;
	if (!t->split.error && !is_bad) {
		page_isolate(m, op->page);
		list_set(m, LIST_PAGES, op->nr++, op->page);
		op->stop = op->nr;
	}
	page_put(m, op->page, HOLD_MM);
	return STEP_BACK;
}

/*
 * add_page_for_migration() of the next address; what cannot be had of move_pages() has those before
 * it moved first. Soft offline goes page by page, and stops at an error.
 */
static enum step_result isolate_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(m, op->at);
	bool isolates = may_isolate(m, op, &leaf);
	pfn_t head = leaf.present ? page_head(m, pt_pfn(leaf.entry)) : NO_PFN;

	if (op->at >= op->end || op->error)
		return STEP_NEXT;
	if (isolates) {
		isolate_by_address(m, op, head);
		list_set(m, LIST_PAGES, op->nr++, head);
	} else if (op->kind == PAGES_OFFLINE) {
		op->error = offline_error(m, op);
	}
	op->hugetlb |= isolates && page_is(m, head, PG_HUGETLB);
	op->at += op->hugetlb && op->kind == PAGES_OFFLINE ?
		  level_pages(leaf.level) << PAGE_SHIFT : PAGE_SIZE;
	return isolates && op->kind == PAGES_MOVE ? STEP_BACK : STEP_NEXT;
}

/*
 * An anonymous page that somebody else holds stays: the scanner looks at the counts under no lock.
 * A file's is taken, and not moved; so is one of the swap cache, whose mapping that is.
 */
static bool may_compact(struct machine *m, pfn_t pfn)
{
	const struct page *page = page_of(m, pfn);

	return page_is(m, pfn, PG_LRU) && ((page->flags & (PG_CACHE | PG_SWAPCACHE)) ||
		(page_is(m, pfn, PG_ANON) && page->refcount - 1 <= page->mapcount));
}

static pfn_t listed_page(struct machine *m, u64 item)
{
	struct pt_leaf leaf = host_leaf(m, item & PAGE_MASK);

	if (item & LISTED_BY_PFN)
		return item >> PAGE_SHIFT;
	return leaf.present && leaf.level == 1 && leaf_is_normal(&leaf) ? pt_pfn(leaf.entry) :
									NO_PFN;
}

/*
 * isolate_migratepages_block(): the list names the pages by their addresses, as the scanner found
 * them; the one it found last comes first.
 */
static enum step_result isolate_listed(struct machine *m, struct task *t)
{
	t->pages.stop = t->pages.nr;
	for (u64 i = t->pages.nr; i-- > 0 && t->pages.kind == PAGES_LIST; ) {
		pfn_t pfn = listed_page(m, list_get(m, LIST_PAGES, i));

		list_set(m, LIST_PAGES, i, 0);
		if (pfn == NO_PFN)
			continue;
		page_try_get_folio(m, pfn, HOLD_MM, 1);
		if (!may_compact(m, pfn)) {
			page_put(m, pfn, HOLD_MM);
			continue;
		}
		page_of(m, pfn)->flags &= ~(u32)PG_LRU;
		list_set(m, LIST_PAGES, i, pfn);
	}
	return STEP_NEXT;
}

static bool has_page(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.page != NO_PFN;
}

static bool unmaps_page(const struct machine *m, const struct task *t)
{
	return has_page(m, t) && t->pages.phase == PHASE_UNMAP;
}

/* What is still mapped is undone at once. */
static bool batch_goes_on(const struct machine *m, const struct task *t)
{
	return unmaps_page(m, t) && migrates_in_batches(m, &t->pages) &&
	       !page_of((struct machine *)m, t->pages.page)->held[HOLD_PTE];
}

/* try_split_folio() of what is partially mapped (6.10) */
static bool moves_in_part(const struct machine *m, const struct task *t)
{
	return unmaps_page(m, t) && m->sem->traits.migrate_splits_partial &&
	       thp_is_in_part((struct machine *)m, t->pages.page);
}

static enum step_result split_moved(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.splits = true;
	page_split_begin(t, t->pages.page, false, true);
	return STEP_CALL;
}

/* split_folios: the head comes last. What cannot be split is moved as it is. */
static enum step_result list_parts(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	u64 pages = level_pages(2);

	op->splits = false;
	if (t->split.error)
		return STEP_NEXT;
	for (u64 i = 1; i < pages; i++)
		list_set(m, LIST_PAGES, op->nr++,
			 op->page + (m->sem->traits.split_ascends ? i : pages - i));
	list_set(m, LIST_PAGES, op->nr++, op->page);
	list_set(m, LIST_PAGES, op->i++, 0);
	return STEP_BACK;
}

/* migrate_folio_unmap(): the isolation alone has it. */
static bool is_freed(const struct machine *m, const struct task *t)
{
	return unmaps_page(m, t) && page_of((struct machine *)m, t->pages.page)->refcount == 1;
}

/* compaction_alloc() finds none, -ENOMEM: those after it stay; those before it move. */
static bool is_out_of_room(const struct machine *m, const struct task *t)
{
	return unmaps_page(m, t) && t->pages.kind == PAGES_LIST && !t->pages.room;
}

static enum step_result stop_unmapping(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->stop = op->i;
	op->tries = m->sem->traits.migrate_tries;
	return STEP_BACK;
}

static bool goes_to_remote(struct machine *m, const struct page_op *op)
{
	bool named = op->kind == PAGES_MOVE || op->kind == PAGES_MISPLACED;

	return named ? op->node : page_is(m, op->page, PG_REMOTE);
}

/* Of pages of 1G none is allocated for this: -ENOMEM, and those after it stay. */
static bool lacks_target(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct page_op *op = &t->pages;

	return unmaps_page(m, t) && page_is(machine, op->page, PG_HUGETLB) &&
	       !hugetlb_has_target(machine, op->page, goes_to_remote(machine, op),
				   op->kind == PAGES_MOVE);
}

/* migrate_hugetlbs(), 6.12, and its predecessors: -ENOMEM ends the pass. */
static enum step_result stop_moving(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.error = -ENOMEM;
	t->pages.page = NO_PFN;
	return STEP_NEXT;
}

/* alloc_migration_target() */
static pfn_t alloc_target(struct machine *m, const struct page_op *op)
{
	bool remote = goes_to_remote(m, op);
	u32 order = page_of(m, op->page)->order;
	pfn_t new;

	if (page_is(m, op->page, PG_HUGETLB))
		return hugetlb_take_target(m, op->page, remote, op->kind == PAGES_MOVE);
	new = alloc_frame(m, order, place_instead(op->page));
	pages_init(m, order ? ALLOC_COMPOUND : ALLOC_ORDER0, new, order, OWNER_USER);
	if (remote)
		page_of(m, new)->flags |= PG_REMOTE;
	return new;
}

/* get_new_page(), folio_lock() of what a file has, then try_to_migrate() */
static enum step_result unmap_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	if (page_is(m, op->page, PG_LOCKED))
		return STEP_BLOCKED;
	if (page_is(m, op->page, PG_CACHE) || page_is(m, op->page, PG_HUGETLB))
		page_of(m, op->page)->flags |= PG_LOCKED;
	op->room -= op->kind == PAGES_LIST;
	list_set(m, LIST_TARGETS, op->i, alloc_target(m, op));
	op->unmap = PTE_MIGRATION;
	return STEP_CALL;
}

static enum step_result next_of_batch(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.i++;
	return STEP_BACK;
}

/* folio_migrate_mapping(): only the isolation and the page cache have references. */
static bool may_move(struct machine *m, const struct page_op *op)
{
	const struct page *page = page_of(m, op->page);
	s32 cached = page_is(m, op->page, PG_HUGETLB) ? page->held[HOLD_OWNER] :
							page->held[HOLD_CACHE];

	return !page->held[HOLD_PTE] && page_count(m, op->page) == 1 + cached;
}

/* move_to_new_folio() */
static enum step_result move_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct cache_place place;

	op->other = list_get(m, LIST_TARGETS, op->i);
	op->rmap = (struct rmap_at){ 0 };
	op->moved = may_move(m, op);
	if (!op->moved)
		return STEP_NEXT;
	page_copy_state(m, op->other, op->page);
	if (page_is(m, op->page, PG_HUGETLB)) {
		hugetlb_replace(m, op->page, op->other);
		return STEP_NEXT;
	}
	page_of(m, op->other)->partial = page_of(m, op->page)->partial;
	if (cache_find(m, op->page, &place))
		cache_replace(m, &place, op->page, op->other);
	swap_replace(m, op->page, op->other);
	page_add_lru(m, op->other);
	if (op->kind == PAGES_MOVE || m->sem->traits.migrate_drains)
		lru_drain(m);
	return STEP_NEXT;
}

/* remove_migration_pte() of the next entry; nobody is told, as nothing was there. */
static enum step_result restore_pte(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	if (!page_next_entry(m, PTE_MIGRATION, op->page, &op->rmap))
		return STEP_NEXT;
	migration_entry_restore(m, &op->rmap, op->page, op->moved ? op->other : op->page);
	return STEP_BACK;
}

/* page_handle_poison(): the free page is kept from the allocator by a reference. */
void take_off_buddy(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->flags |= PG_HWPOISON;
	page_put(m, pfn, HOLD_MM);
	page_of(m, pfn)->flags &= ~(u32)PG_FREE;
	page_add_refs(m, pfn, 1);
}

static bool is_hugetlb(const struct machine *m, const struct task *t)
{
	return has_page(m, t) && page_is((struct machine *)m, t->pages.page, PG_HUGETLB);
}

/*
 * soft_offline_in_use_page(): the page that is free now leaves the pool; op->at is as far in the
 * next one.
 */
static void give_up_hugetlb(struct machine *m, struct page_op *op)
{
	if (!hugetlb_dissolve(m, op->page + (op->at >> PAGE_SHIFT) % folio_pages(m, op->page)))
		op->error = -EBUSY;
}

/* migrate_folio_done(): without a new page */
static enum step_result drop_freed(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool is_huge = is_hugetlb(m, t);

	if (is_huge)
		hugetlb_put_back(m, op->page);
	if (is_huge && op->kind == PAGES_OFFLINE)
		give_up_hugetlb(m, op);
	else if (op->kind == PAGES_OFFLINE)
		take_off_buddy(m, op->page);
	else if (!is_huge)
		page_put(m, op->page, HOLD_MM);
	list_set(m, LIST_PAGES, op->i++, 0);
	return STEP_BACK;
}

/* unmap_and_move_huge_page(): the target is free again if it is not in use. */
static enum step_result finish_hugetlb_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	if (op->moved)
		hugetlb_put_back(m, op->page);
	page_put(m, op->other, HOLD_OWNER);
	if (op->moved && op->kind == PAGES_OFFLINE)
		give_up_hugetlb(m, op);
	if (op->moved)
		list_set(m, LIST_PAGES, op->i, 0);
	op->left += !op->moved;
	op->i++;
	return STEP_BACK;
}

/* migrate_folio_done(), or migrate_folio_undo_src() and _dst() */
static enum step_result finish_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	page_of(m, op->other)->flags &= ~(u32)PG_LOCKED;
	page_put(m, op->other, HOLD_OWNER);
	list_set(m, LIST_TARGETS, op->i, 0);
	if (!op->moved)
		op->left++;
	else if (op->kind == PAGES_OFFLINE)
		take_off_buddy(m, op->page);
	else
		page_put(m, op->page, HOLD_MM);
	if (op->moved)
		list_set(m, LIST_PAGES, op->i, 0);
	op->i++;
	return STEP_BACK;
}

static void put_back(struct machine *m, pfn_t pfn)
{
	if (page_is(m, pfn, PG_HUGETLB))
		hugetlb_put_back(m, pfn);
	else
		page_put_back(m, pfn);
}

/* putback_movable_pages(); the next addresses, if none has stayed */
static enum step_result migrate_end(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->left = 0;
	for (u64 i = 0; i < op->nr; i++) {
		if (!list_get(m, LIST_PAGES, i))
			continue;
		put_back(m, list_get(m, LIST_PAGES, i));
		list_set(m, LIST_PAGES, i, 0);
		op->left++;
		if (op->kind != PAGES_LIST && op->error != -ENOMEM)
			op->error = op->kind == PAGES_OFFLINE ? -EBUSY : -EAGAIN;
	}
	if (op->kind == PAGES_LIST || op->at >= op->end || op->error) {
		op->left += op->error == -EAGAIN ? (op->end - op->at) >> PAGE_SHIFT : 0;
		return STEP_DONE;
	}
	op->nr = op->i = op->stop = op->first = 0;
	op->tries = op->passes = op->hugetlb = 0;
	op->phase = PHASE_UNMAP;
	return STEP_BACK;
}

#define MIGRATE	"migrate_pages"

const struct step path_migrate[] = {
	STEP(migrate_begin, .chain = "lru_cache_disable"),
	STEP(inject_fault, .when = injects_absent, .calls = PATH_HOST_FAULT,
	     .chain = "soft_offline_page > get_user_pages_fast"),
	STEP(inject_unlock, .when = inject_has_lock, .to = "inject_fault",
	     .chain = "soft_offline_page > get_user_pages_fast"),
	STEP(offline_split, .when = offline_splits, .calls = PATH_FOLIO_SPLIT,
	     .chain = "soft_offline_page > soft_offline_in_use_page > try_to_split_thp_page"),
	STEP(offline_after_split, .when = offline_has_split, .to = "pick_page",
	     .chain = "soft_offline_page > soft_offline_in_use_page"),
	STEP(split_offlined, .when = offlines_part, .calls = PATH_PAGE_SPLIT,
	     .chain = "soft_offline_page > soft_offline_in_use_page > try_to_split_thp_page"),
	STEP(take_offlined, .when = has_asked_split, .to = "pick_page",
	     .chain = "soft_offline_page > soft_offline_in_use_page"),
	STEP(isolate_page, .when = is_not_listed, .to = "isolate_page",
	     .chain = "do_pages_move / soft_offline_page > isolate_lru_page"),
	STEP(isolate_listed, .chain = "compact_zone > isolate_migratepages_block"),
	STEP(pick_page, .to = "pick_page", .chain = MIGRATE),
	STEP(stop_unmapping, .when = is_out_of_room, .to = "pick_page",
	     .chain = MIGRATE " > compaction_alloc"),
	STEP(split_moved, .when = moves_in_part, .calls = PATH_PAGE_SPLIT,
	     .chain = MIGRATE " > try_split_folio"),
	STEP(list_parts, .when = has_asked_split, .to = "pick_page", .chain = MIGRATE),
	STEP(drop_freed, .when = is_freed, .to = "pick_page", .chain = MIGRATE),
	STEP(stop_moving, .when = lacks_target, .chain = MIGRATE " > alloc_migration_target"),
	STEP(unmap_page, .when = unmaps_page, .calls = PATH_UNMAP_PAGE, .chain = MIGRATE),
	STEP(next_of_batch, .when = batch_goes_on, .to = "pick_page", .chain = MIGRATE),
	STEP(move_page, .when = has_page, .chain = MIGRATE " > move_to_new_folio"),
	STEP(restore_pte, .when = has_page, .to = "restore_pte",
	     .chain = MIGRATE " > remove_migration_ptes"),
	STEP(finish_hugetlb_page, .when = is_hugetlb, .to = "pick_page",
	     .chain = "migrate_hugetlbs > unmap_and_move_huge_page"),
	STEP(finish_page, .when = has_page, .to = "pick_page", .chain = MIGRATE),
	STEP(migrate_end, .to = "inject_fault", .chain = "putback_movable_pages"),
	{ 0 }
};
