/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_migrate.c: a page moves to another frame: move_pages(), compaction, soft offline.
 *
 * Linux: mm/migrate.c:migrate_pages(), mm/rmap.c:try_to_migrate_one(), mm/memory-failure.c:
 * soft_offline_page(), 5.12 to 7.2. Each mapping is notified and becomes a migration entry, on
 * which faults wait; then nobody but the isolation may hold a reference, or the page stays.
 * Since 6.3 all pages of a batch are unmapped before the first one moves.
 * SIMPLIFIED: tries that find the page held do not wait in between.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"

#define EIO	5
#define EINVAL	22
#define EFAULT	14
#define EAGAIN	11
#define EBUSY	16

static bool is_not_listed(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.kind != PAGES_LIST;
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
	op->page = op->other = NO_PFN;
	op->phase = PHASE_UNMAP;
	return STEP_NEXT;
}

/* What the LRU may have: small pages, and anonymous folios of 2M. */
static bool is_movable(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry), head = leaf->present ? page_head(m, pfn) : NO_PFN;

	return leaf->present && leaf_is_counted(m, leaf) && page_is(m, head, PG_LRU) &&
	       (page_is(m, pfn, PG_ANON) ||
		(page_is(m, pfn, PG_CACHE) && !page_of(m, head)->order));
}

/* Shared by several mappings: -EACCES of move_pages(). */
static bool may_isolate(struct machine *m, const struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry), head;
	s32 mapped;

	if (!is_movable(m, leaf))
		return false;
	head = page_head(m, pfn);
	mapped = leaf->level == 2 ? page_of(m, head)->held[HOLD_PTE] : page_of(m, pfn)->mapcount;
	return op->kind != PAGES_MOVE || (mapped == 1 && page_is(m, head, PG_REMOTE) != op->node);
}

/* follow_page() until 6.11; get_user_pages_fast() of an injected error */
static void isolate_by_address(struct machine *m, const struct page_op *op, pfn_t pfn)
{
	bool gets = op->kind == PAGES_OFFLINE || m->sem->traits.follow_page;

	if (op->kind == PAGES_OFFLINE)
		page_try_get_folio(m, pfn, HOLD_MM, 1);
	else if (gets)
		page_get(m, pfn, HOLD_MM);
	page_isolate(m, pfn);
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
	op->at += PAGE_SIZE;
	return isolates && op->kind == PAGES_MOVE ? STEP_BACK : STEP_NEXT;
}

/*
 * An anonymous page that somebody else holds stays: the scanner looks at the counts under no lock.
 * A file's is taken, and not moved.
 */
static bool may_compact(struct machine *m, pfn_t pfn)
{
	const struct page *page = page_of(m, pfn);

	return page_is(m, pfn, PG_LRU) && (page_is(m, pfn, PG_CACHE) ||
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

/* The next page of this pass that is still to be moved; pages that stayed are tried again. */
static enum step_result pick_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool batches = m->sem->traits.migrate_batches;

	op->page = NO_PFN;
	for (; op->i < op->stop; op->i++)
		if (list_get(m, LIST_PAGES, op->i))
			break;
	if (op->i < op->stop) {
		op->page = list_get(m, LIST_PAGES, op->i);
		return STEP_NEXT;
	}
	op->i = 0;
	if (batches && op->phase == PHASE_UNMAP)
		op->phase = PHASE_MOVE;
	else if (op->left && ++op->tries < m->sem->traits.migrate_tries)
		op->phase = PHASE_UNMAP;
	else
		return STEP_NEXT;
	op->left = 0;
	return STEP_BACK;
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

static bool batch_goes_on(const struct machine *m, const struct task *t)
{
	return unmaps_page(m, t) && m->sem->traits.migrate_batches;
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

/* get_new_page(), folio_lock() of what a file has, then try_to_migrate() */
static enum step_result unmap_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	pfn_t new;
	u32 order;

	if (page_is(m, op->page, PG_LOCKED))
		return STEP_BLOCKED;
	if (page_is(m, op->page, PG_CACHE))
		page_of(m, op->page)->flags |= PG_LOCKED;
	order = page_of(m, op->page)->order;
	new = alloc_frame(m, order);
	op->room -= op->kind == PAGES_LIST;
	pages_init(m, order ? ALLOC_COMPOUND : ALLOC_ORDER0, new, order, OWNER_USER);
	if (op->kind == PAGES_MOVE ? op->node : page_is(m, op->page, PG_REMOTE))
		page_of(m, new)->flags |= PG_REMOTE;
	list_set(m, LIST_TARGETS, op->i, new);
	op->unmap = PTE_MIGRATION;
	return STEP_CALL;
}

static enum step_result next_of_batch(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.i++;
	return STEP_BACK;
}

/* folio_migrate_flags(), folio_migrate_copy() */
static void copy_state(struct machine *m, pfn_t to, pfn_t from)
{
	u32 kept = PG_DIRTY | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET | PG_ANON | PG_KSM |
		   PG_GUEST_WROTE | PG_LAZYFREE;

	for (u64 i = 0; i < folio_pages(m, from); i++) {
		page_of(m, to + i)->flags |= page_of(m, from + i)->flags & kept;
		page_copy(m, to + i, from + i);
	}
}

/* folio_migrate_mapping(): only the isolation and the page cache have references. */
static bool may_move(struct machine *m, const struct page_op *op)
{
	return !page_of(m, op->page)->held[HOLD_PTE] &&
	       page_count(m, op->page) == 1 + page_is(m, op->page, PG_CACHE);
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
	copy_state(m, op->other, op->page);
	if (cache_find(m, op->page, &place))
		cache_replace(m, &place, op->page, op->other);
	page_add_lru(m, op->other);
	if (op->kind == PAGES_MOVE || m->sem->traits.migrate_drains)
		lru_drain(m);
	return STEP_NEXT;
}

static u64 restored_entry(struct machine *m, const struct vma *vma, u64 swap, pfn_t pfn)
{
	u64 bits = (vma_prot_bits(vma) & ~PTE_ACCESSED) | (swap & PTE_HUGE);

	if (m->sem->traits.migration_keeps_ad && page_is(m, pfn, PG_DIRTY))
		bits |= swap & PTE_DIRTY;
	if (m->sem->traits.migration_keeps_ad)
		bits |= swap & PTE_ACCESSED;
	if (vma->flags & VM_WRITE)
		bits |= swap & PTE_WRITE;
	bits |= swap & PTE_UFFD_WP;
	return pfn << PAGE_SHIFT | bits;
}

/* remove_migration_pte() of the next entry; nobody is told, as nothing was there. */
static enum step_result restore_pte(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	pfn_t pfn = op->moved ? op->other : op->page;
	const struct vma *vma;
	struct pt_leaf leaf;
	u64 swap;

	if (!page_next_entry(m, PTE_MIGRATION, op->page, &op->rmap))
		return STEP_NEXT;
	m->mm = op->rmap.mm;
	leaf = host_leaf(m, op->rmap.hva);
	swap = leaf.swap;
	page_get(m, pfn, HOLD_PTE);
	pfn += pt_pfn(swap) - op->page;
	vma = vma_find(m, op->rmap.hva);
	if ((swap & (PTE_WRITE | PTE_SWP_EXCLUSIVE)) && page_is(m, pfn, PG_ANON))
		page_of(m, pfn)->flags |= PG_EXCLUSIVE;
	if (vma->flags & VM_LOCKED)
		page_of(m, pfn)->flags |= PG_MLOCKED;
	host_set_leaf(m, op->rmap.hva, leaf.level, restored_entry(m, vma, swap, pfn));
	return STEP_BACK;
}

/* page_handle_poison(): the free page is kept from the allocator by a reference. */
static void take_off_buddy(struct machine *m, pfn_t pfn)
{
	page_of(m, pfn)->flags |= PG_HWPOISON;
	page_put(m, pfn, HOLD_MM);
	page_of(m, pfn)->flags &= ~(u32)PG_FREE;
	page_add_refs(m, pfn, 1);
}

/* migrate_folio_done(), or migrate_folio_undo_src() and _dst() */
static enum step_result finish_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	page_of(m, op->other)->flags &= ~(u32)PG_LOCKED;
	page_put(m, op->other, HOLD_OWNER);
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

/* putback_movable_pages(); the next addresses, if none has stayed */
static enum step_result migrate_end(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->left = 0;
	for (u64 i = 0; i < op->nr; i++) {
		if (!list_get(m, LIST_PAGES, i))
			continue;
		page_put_back(m, list_get(m, LIST_PAGES, i));
		list_set(m, LIST_PAGES, i, 0);
		op->left++;
		if (op->kind != PAGES_LIST)
			op->error = op->kind == PAGES_OFFLINE ? -EBUSY : -EAGAIN;
	}
	if (op->kind == PAGES_LIST || op->at >= op->end || op->error) {
		op->left += op->error == -EAGAIN ? (op->end - op->at) >> PAGE_SHIFT : 0;
		return STEP_DONE;
	}
	op->nr = op->i = op->stop = 0;
	op->tries = 0;
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
	STEP(isolate_page, .when = is_not_listed, .to = "isolate_page",
	     .chain = "do_pages_move / soft_offline_page > isolate_lru_page"),
	STEP(isolate_listed, .chain = "compact_zone > isolate_migratepages_block"),
	STEP(pick_page, .to = "pick_page", .chain = MIGRATE),
	STEP(stop_unmapping, .when = is_out_of_room, .to = "pick_page",
	     .chain = MIGRATE " > compaction_alloc"),
	STEP(unmap_page, .when = unmaps_page, .calls = PATH_UNMAP_PAGE, .chain = MIGRATE),
	STEP(next_of_batch, .when = batch_goes_on, .to = "pick_page", .chain = MIGRATE),
	STEP(move_page, .when = has_page, .chain = MIGRATE " > move_to_new_folio"),
	STEP(restore_pte, .when = has_page, .to = "restore_pte",
	     .chain = MIGRATE " > remove_migration_ptes"),
	STEP(finish_page, .when = has_page, .to = "pick_page", .chain = MIGRATE),
	STEP(migrate_end, .to = "inject_fault", .chain = "putback_movable_pages"),
	{ 0 }
};

/* ---- try_to_migrate(), try_to_unmap(): every mapping of one page ---- */

/* folio_try_share_anon_rmap_pte(): what is pinned must not lose its mapping. */
static bool may_share(struct machine *m, pfn_t pfn)
{
	return !page_is(m, pfn, PG_EXCLUSIVE) || page_count(m, pfn) < GUP_PIN_COUNTING_BIAS;
}

/* A file's page has all VMAs that are made for its place; whether it is mapped there or not. */
static enum step_result begin_unmap(struct machine *m, struct task *t)
{
	struct cache_place place;

	t->pages.rmap = (struct rmap_at){ 0 };
	t->range = (struct range_op){ 0 };
	if (cache_find(m, t->pages.page, &place))
		t->range = (struct range_op){ .backing = VMA_FILE, .object = place.file,
					      .index = place.index, .pages = 1 };
	return STEP_NEXT;
}

/* vma_address(), vma_address_end(): what the VMA has of the folio */
static void find_part(struct machine *m, const struct page_op *op, struct notify *notify)
{
	hva_t hva = op->rmap.hva, size = folio_pages(m, op->page) << PAGE_SHIFT;
	struct pt_leaf leaf = host_leaf(m, hva);
	const struct vma *vma = vma_find(m, hva);

	if (size > PAGE_SIZE)
		hva -= (host_leaf_pfn(&leaf, hva) - op->page) << PAGE_SHIFT;
	notify->start = vma && vma->start > hva ? vma->start : hva;
	notify->end = vma && vma->end < hva + size ? vma->end : hva + size;
}

/*
 * The next mapping, wherever it is: its mm's users hear of it. rmap_walk_file() ends when none is
 * left.
 */
static enum step_result find_mapping(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	hva_t end;

	t->mm = VM_MM;
	if (!page_of(m, op->page)->held[HOLD_PTE] ||
	    !(t->range.pages ? rmap_next(m, t, &op->rmap.hva, &end) != NULL :
			       page_next_mapping(m, op->page, &op->rmap)))
		return STEP_DONE;
	if (t->range.pages)
		op->rmap.mm = t->mm;
	t->mm = m->mm = op->rmap.mm;
	t->notify = (struct notify){ .event = NOTIFY_CLEAR };
	find_part(m, op, &t->notify);
	return STEP_CALL;
}

static u64 away_entry(struct machine *m, const struct page_op *op, u64 entry)
{
	pfn_t pfn = pt_pfn(entry);
	pfn_t frame = op->unmap == PTE_SWAPPED ? page_of(m, op->page)->slot : pfn;
	u64 away = op->unmap | frame << PAGE_SHIFT | (entry & PTE_HUGE);

	if (op->unmap == PTE_MIGRATION)
		away |= entry & (PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);
	if (op->unmap != PTE_HWPOISON && page_is(m, pfn, PG_EXCLUSIVE))
		away |= PTE_SWP_EXCLUSIVE;
	if (op->unmap != PTE_HWPOISON)
		away |= entry & PTE_UFFD_WP;
	return away;
}

/*
 * MADV_FREE's pages are dropped if nobody has written them and the isolation alone has a reference.
 * Else they are as any other from here on; since 6.15 only if somebody has written.
 */
static bool may_discard(struct machine *m, pfn_t pfn)
{
	struct page *page = page_of(m, pfn);
	bool dirty = page->flags & PG_DIRTY, held = page->refcount != 1 + page->mapcount;

	if (dirty || (held && !m->sem->traits.lazyfree_waits))
		page->flags &= ~(u32)PG_LAZYFREE;
	return !dirty && !held;
}

/* One PTE, or the PMD; false: it stays, and the walk ends. D and the reference go to the page. */
static bool unmap_leaf(struct machine *m, struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	if (op->unmap && op->unmap != PTE_HWPOISON && !may_share(m, pfn))
		return false;
	if (leaf->entry & PTE_DIRTY)
		page_set_dirty(m, pfn);
	if (!op->unmap && !may_discard(m, pfn)) {
		op->rmap = (struct rmap_at){ .mm = MAX_MMS };
		return false;
	}
	host_set_leaf(m, leaf->first << PAGE_SHIFT, leaf->level,
		      op->unmap ? away_entry(m, op, leaf->entry) : 0);
	if (op->unmap == PTE_SWAPPED)
		swap_dup(m, page_of(m, op->page)->slot);
	page_of(m, pfn)->flags &= ~(u32)PG_EXCLUSIVE;
	page_put(m, op->page, HOLD_PTE);
	return true;
}

/* try_to_migrate_one(), try_to_unmap_one() */
static enum step_result unmap_one(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->rmap.hva = t->notify.end;
	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_leaf(m, at);

		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
		if (leaf_is_normal(&leaf) && page_head(m, pt_pfn(leaf.entry)) == op->page &&
		    !unmap_leaf(m, op, &leaf))
			break;
	}
	return STEP_NEXT;
}

#define UNMAP	"try_to_migrate / try_to_unmap"

const struct step path_unmap_page[] = {
	STEP(begin_unmap, .chain = UNMAP),
	STEP(find_mapping, .calls = PATH_NOTIFY_START, .chain = UNMAP),
	STEP(unmap_one, .chain = UNMAP),
	STEP_AS(end_mapping, enter_path_and_go_back, .calls = PATH_NOTIFY_END, .to = "find_mapping",
		.chain = UNMAP),
	{ 0 }
};
