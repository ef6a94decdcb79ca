/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_poison.c: a memory error hits a page: it is taken from whoever maps it, for good.
 *
 * Linux: mm/memory-failure.c:memory_failure(), mm/madvise.c:madvise_inject_error(), 5.12 to 7.2.
 * Mapped anonymous pages only; the reference that the injection took keeps the page from the
 * allocator. Who touches it afterwards gets SIGBUS; KVM says so for its guest.
 */
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"

#define EFAULT	14
#define EINVAL	22

/* get_user_pages_fast() of the injector; MF_COUNT_INCREASED */
static enum step_result get_poisoned_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	struct pt_leaf leaf = host_leaf(m, op->start);
	pfn_t pfn = pt_pfn(leaf.entry);

	if (m->w->config.no_memory_failure || !leaf.present || leaf.level != 1 ||
	    !leaf_is_normal(&leaf) || !page_is(m, pfn, PG_ANON)) {
		op->error = m->w->config.no_memory_failure ? -EINVAL : -EFAULT;
		return STEP_DONE;
	}
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	page_of(m, pfn)->flags |= PG_HWPOISON;
	op->page = pfn;
	op->unmap = PTE_HWPOISON;
	return STEP_NEXT;
}

/* hwpoison_user_mappings() */
static enum step_result unmap_poisoned(struct machine *m, struct task *t)
{
	(void)m;
	t->pages.rmap = (struct rmap_at){ 0 };
	return STEP_CALL;
}

/* delete_from_lru_cache() */
static enum step_result delete_from_lru(struct machine *m, struct task *t)
{
	page_isolate(m, t->pages.page);
	page_put(m, t->pages.page, HOLD_MM);
	return STEP_DONE;
}

#define FAIL	"madvise_inject_error > memory_failure"

const struct step path_poison[] = {
	STEP(get_poisoned_page, .chain = "madvise_inject_error > get_user_pages_fast"),
	STEP(unmap_poisoned, .calls = PATH_UNMAP_PAGE, .chain = FAIL " > hwpoison_user_mappings"),
	STEP(delete_from_lru, .chain = FAIL " > identify_page_state > me_pagecache_clean"),
	{ 0 }
};
