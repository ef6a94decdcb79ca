/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim_folio.c: reclaim of what files have: shared memory goes to swap, clean pages just go.
 *
 * Linux: mm/vmscan.c:shrink_folio_list(), pageout(), __remove_mapping(), mm/madvise.c:
 * can_do_file_pageout(), 5.12 to 7.2. By then it is unmapped, and stays so, whatever becomes of it:
 * who holds a reference finds it in the page cache again.
 */
#include "model/reclaim.h"

#include "model/machine.h"
#include "model/pagecache.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/swap.h"

/*
 * can_do_file_pageout() is false if the caller neither owns the file nor may write it: to 6.2
 * nothing of such a mapping goes, then private copies do.
 */
bool reclaim_looks_at(const struct machine *m, const struct page_op *op, const struct vma *vma)
{
	bool refused = op->kind == PAGES_OUT && op->foreign && vma->kind != VMA_ANON;

	return !refused || (m->sem->traits.pageout_takes_copies && !(vma->flags & VM_SHARED));
}

bool reclaim_takes(struct machine *m, const struct page_op *op, const struct vma *vma, pfn_t pfn)
{
	if (!vma || !reclaim_looks_at(m, op, vma) || !page_is(m, pfn, PG_LRU))
		return false;
	if (page_is(m, pfn, PG_ANON))
		return true;
	return page_is(m, pfn, PG_CACHE) && !(op->kind == PAGES_OUT && op->foreign);
}

/* rmap_walk_file(): VMAs in the order of the file's tree, and of those only who maps the page */
static bool next_of_file(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct cache_place place;
	hva_t end;

	if (!t->range.pages && cache_find(m, op->page, &place))
		t->range = (struct range_op){ .backing = VMA_FILE, .object = place.file,
					      .index = place.index,
					      .pages = folio_pages(m, op->page) };
	while (t->range.pages && rmap_next(m, t, &op->rmap.hva, &end)) {
		struct pt_leaf leaf;

		m->mm = t->mm;
		leaf = host_leaf(m, op->rmap.hva);
		if (leaf_is_normal(&leaf) && pt_pfn(leaf.entry) == op->page)
			return true;
	}
	return false;
}

bool reclaim_next_user(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool found = page_is(m, op->page, PG_CACHE) ? next_of_file(m, t) :
						      page_next_mapping(m, op->page, &op->rmap);

	if (found && !page_is(m, op->page, PG_CACHE))
		t->mm = m->mm = op->rmap.mm;
	return found;
}

static void activate(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags |= PG_ACTIVE;
}

/* pageout(); false: PAGE_KEEP, PAGE_ACTIVATE. Written, it is clean, and in the swap cache. */
static bool writes(struct machine *m, const struct page_op *op)
{
	struct page *page = page_of(m, op->page);
	struct cache_place place;

	cache_find(m, op->page, &place);
	if (m->w->file[place.file].type != FILE_SHMEM || op->no_swap) {
		activate(m, op->page);	/* only write-back writes files */
		return false;
	}
	shmem_swap_out(m, op->page);
	page->flags &= ~(u32)PG_DIRTY;
	page_get(m, op->page, HOLD_MM);	/* folio_end_writeback() */
	page_put(m, op->page, HOLD_MM);
	return true;
}

/* __remove_mapping(): out of the swap cache, or the page cache */
static void remove_mapping(struct machine *m, pfn_t head)
{
	struct page *page = page_of(m, head);
	struct cache_place place;

	if (page->flags & PG_SWAPCACHE) {
		for (u64 i = 0; i < folio_pages(m, head); i++)
			swap_cache(m, page->slot + i, NO_PFN);
		page->flags &= ~(u32)PG_SWAPCACHE;
		page->slot = 0;
	} else if (cache_find(m, head, &place)) {
		if (file_tracks_writes(m->w->file[place.file].type))
			file_keep_page(m, place.file, place.index);
		cache_forget(m, place.file, place.index);
	}
	page->flags &= ~(u32)PG_LOCKED;
	page_freeze(m, head, HOLD_CACHE, HOLD_MM);
}

bool reclaim_folio(struct machine *m, const struct page_op *op)
{
	struct page *page = page_of(m, op->page);

	if (page->held[HOLD_PTE]) {		/* it could not be unmapped */
		activate(m, op->page);
		return false;
	}
	if (page->refcount != 1 + page->held[HOLD_CACHE])
		return false;		/* is_page_cache_freeable(), page_ref_freeze() */
	if ((page->flags & PG_DIRTY) && !writes(m, op))
		return false;
	remove_mapping(m, op->page);
	return true;
}
