/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_poison.c: a memory error hits a page: it is taken from whoever maps it, for good.
 *
 * Linux: mm/memory-failure.c:memory_failure(), mm/madvise.c:madvise_inject_error(), 5.12 to 7.2.
 * Mapped pages, anonymous ones, whose folio of 2M is split, or shared memory's; the reference that
 * the injection took keeps the page from the allocator. Who touches it afterwards gets SIGBUS; KVM
 * says so for its guest.
 * Shared memory's stays in the page cache (from 5.17), so that nobody reads zeroes in its place.
 * A page in the swap cache leaves the slot in its PTEs, and if it was dirty stays there.
 * A page of hugetlb is poisoned as a whole; hugetlbfs keeps it from 6.1 on.
 */
#include "model/errno.h"
#include "model/gigantic.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

/* ---- get_user_pages_fast() of madvise_inject_error(): what is not there is faulted in ---- */

bool injects_absent(const struct machine *m, const struct task *t)
{
	const struct page_op *op = &t->pages;

	return op->kind == PAGES_OFFLINE && !m->w->config.no_memory_failure && !op->error &&
	       op->at < op->end && !host_leaf((struct machine *)m, op->at).present;
}

/* gup_can_follow_protnone(): NUMA's hints are no fault here, where memory errors are (from 6.6). */
static bool is_followed(struct machine *m, const struct pt_leaf *leaf, hva_t hva)
{
	const struct vma *vma = vma_find(m, hva);

	return leaf_is_accessible(leaf) || (leaf->present && vma && (vma->flags & VM_READ));
}

enum step_result inject_fault(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	t->pages.locked = true;
	t->host = (struct host_fault){ .hva = t->pages.at };
	return STEP_CALL;
}

bool inject_has_lock(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.locked;
}

/* __get_user_pages() asks the PTE once more. */
enum step_result inject_unlock(struct machine *m, struct task *t)
{
	lock_release_read(m, &current_mm(m)->mmap_lock);
	t->pages.locked = false;
	if (t->host.error)
		t->pages.error = -EFAULT;
	return STEP_BACK;
}

bool injects(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->pages.error && t->pages.at < t->pages.end;
}

/* ---- memory_failure() ---- */

static enum step_result poison_begin(struct machine *m, struct task *t)
{
	t->pages.at = t->pages.start;
	t->pages.error = m->w->config.no_memory_failure ? -EINVAL : 0;
	return STEP_NEXT;
}

/* Its reference is memory_failure()'s: MF_COUNT_INCREASED */
static enum step_result get_poisoned_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(m, op->at);
	pfn_t pfn = host_leaf_pfn(&leaf, op->at);

	if (leaf.present && page_is(m, page_head(m, pfn), PG_HUGETLB))
		pfn = page_head(m, pfn);	/* folio_test_set_hwpoison() */
	if (!is_followed(m, &leaf, op->at) || !leaf_is_normal(&leaf)) {
		op->error = -EFAULT;
		return STEP_DONE;
	}
	t->file.page = NO_PFN;
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	if (page_is(m, pfn, PG_HWPOISON)) {
		op->error = -EHWPOISON;
		page_put(m, pfn, HOLD_MM);
		return STEP_DONE;
	}
	page_of(m, pfn)->flags |= PG_HWPOISON;
	op->page = pfn;
	op->size = folio_pages(m, page_head(m, pfn)) << PAGE_SHIFT;
	op->unmap = PTE_HWPOISON;
	return STEP_NEXT;
}

static bool injects_hugetlb(const struct machine *m, const struct task *t)
{
	return injects(m, t) && page_is((struct machine *)m, t->pages.page, PG_HUGETLB);
}

static bool poison_is_in_folio(const struct machine *m, const struct task *t)
{
	return injects(m, t) && t->pages.size > PAGE_SIZE && !injects_hugetlb(m, t) &&
	       page_is((struct machine *)m, t->pages.page, PG_ANON);
}

/* try_to_split_thp_page() */
static enum step_result split_poisoned(struct machine *m, struct task *t)
{
	(void)m;
	page_split_begin(t, t->pages.page, true, false);
	return STEP_CALL;
}

/* MF_MSG_UNSPLIT_THP: its mappings stay. */
static enum step_result check_poisoned_split(struct machine *m, struct task *t)
{
	if (!t->split.error)
		return STEP_NEXT;
	page_put(m, t->pages.page, HOLD_MM);
	t->pages.error = m->sem->traits.poison_kills ? -EHWPOISON : -EBUSY;
	return STEP_DONE;
}

/* hwpoison_user_mappings(); folio_lock() of what a file has */
static enum step_result lock_poisoned(struct machine *m, struct task *t)
{
	pfn_t pfn = t->pages.page;

	if (page_is(m, pfn, PG_LOCKED))
		return STEP_BLOCKED;
	if (page_is(m, pfn, PG_KSM) && !m->sem->traits.poison_unmaps_ksm) {
		t->pages.error = -EBUSY;	/* "can't handle KSM pages" */
		return STEP_DONE;
	}
	if (m->sem->traits.gigantic_stays && page_of(m, pfn)->order == GIGANTIC_ORDER) {
		t->pages.error = -EBUSY;	/* MF_MSG_NON_PMD_HUGE: "can't handle" */
		return STEP_DONE;
	}
	if (page_is(m, pfn, PG_CACHE) || page_is(m, pfn, PG_HUGETLB))
		page_of(m, pfn)->flags |= PG_LOCKED;
	if (page_is(m, pfn, PG_SWAPCACHE))	/* no TTU_HWPOISON */
		t->pages.unmap = PTE_SWAPPED;
	return STEP_CALL;
}

/*
 * has_extra_refcount(), of a file's page or the swap cache's; of any in 5.12. The cache may have
 * its reference.
 */
static bool is_used_elsewhere(struct machine *m, pfn_t pfn)
{
	return page_count(m, pfn) > 1 + page_of(m, pfn)->held[HOLD_CACHE];
}

/*
 * me_swapcache_dirty(): it stays in the swap cache, where faults find that it is bad.
 * me_swapcache_clean(): they read what was written.
 */
static void leave_swap_cache(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_DIRTY))
		swap_cache_drop(m, pfn);
	page_of(m, pfn)->flags &= ~(u32)PG_DIRTY;
}

/*
 * me_huge_page(): a private page is free now, and dissolved but for the 4K that is bad, unless
 * somebody holds it; then it is never taken from the pool again. A shared one keeps the
 * reference, and since 6.1 its place in the cache.
 */
static enum step_result me_huge_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct page *page = page_of(m, op->page);

	page->flags &= ~(u32)(PG_LOCKED | PG_MIGRATABLE);
	if (page_is(m, op->page, PG_ANON)) {
		page_put(m, op->page, HOLD_MM);
		if (!hugetlb_dissolve(m, op->page + (op->at & (op->size - 1)) / PAGE_SIZE))
			op->error = -EBUSY;
	} else {
		if (page->held[HOLD_OWNER] && !m->sem->traits.shmem_keeps_poison)
			hugetlb_forget(m, op->page);
		if (page->refcount > 1 + page->held[HOLD_OWNER])
			op->error = -EBUSY;
	}
	op->at += op->size;
	return STEP_BACK;
}

/* delete_from_lru_cache(), truncate_error_folio() */
static enum step_result delete_from_lru(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool in_swap_cache = page_is(m, op->page, PG_SWAPCACHE);
	struct cache_place place;

	page_isolate(m, op->page);
	page_put(m, op->page, HOLD_MM);
	if (cache_find(m, op->page, &place) && !m->sem->traits.shmem_keeps_poison)
		cache_remove(m, place.file, place.index);
	if (in_swap_cache)
		leave_swap_cache(m, op->page);
	if (!page_is(m, op->page, PG_ANON) || in_swap_cache || !m->sem->traits.shmem_keeps_poison)
		op->error = is_used_elsewhere(m, op->page) ? -EBUSY : 0;
	page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	op->at += op->size;
	return STEP_BACK;
}

#define INJECT	"madvise_inject_error > get_user_pages_fast"
#define FAIL	"madvise_inject_error > memory_failure"

const struct step path_poison[] = {
	STEP(poison_begin, .chain = "madvise_inject_error"),
	STEP(inject_fault, .when = injects_absent, .calls = PATH_HOST_FAULT, .chain = INJECT),
	STEP(inject_unlock, .when = inject_has_lock, .to = "inject_fault", .chain = INJECT),
	STEP(get_poisoned_page, .when = injects, .chain = INJECT),
	STEP(poison_split, .when = poison_splits, .calls = PATH_FOLIO_SPLIT,
	     .chain = FAIL " > try_to_split_thp_page"),
	STEP(poison_after_split, .when = poison_has_split, .chain = FAIL),
	STEP(split_poisoned, .when = poison_is_in_folio, .calls = PATH_PAGE_SPLIT,
	     .chain = FAIL " > try_to_split_thp_page"),
	STEP(check_poisoned_split, .when = poison_is_in_folio, .chain = FAIL),
	STEP(lock_poisoned, .when = injects, .calls = PATH_UNMAP_PAGE,
	     .chain = FAIL " > hwpoison_user_mappings"),
	STEP(me_huge_page, .when = injects_hugetlb, .to = "inject_fault",
	     .chain = FAIL " > identify_page_state"),
	STEP(delete_from_lru, .when = injects, .to = "inject_fault",
	     .chain = FAIL " > identify_page_state > me_pagecache_clean"),
	{ 0 }
};
