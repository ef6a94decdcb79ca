/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_page_split.c: an anonymous folio of 2M becomes 512 pages.
 *
 * Linux: mm/huge_memory.c:split_huge_page_to_list(), __split_huge_page(), remap_page(),
 * __folio_split(); 5.12 to 7.2. Only the caller may have a reference beside the mappings: looked at
 * before they are replaced by migration entries, and once more behind that, when the count is
 * frozen. What somebody took meanwhile makes it fail, with its PMDs split. Parts that nobody maps
 * are freed.
 * SIMPLIFIED: nobody sees the folio frozen, or its lock but who splits or moves it.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

void page_split_begin(struct task *t, pfn_t page, bool waits, bool list)
{
	t->split = (struct split_op){ .page = page, .waits = waits, .list = list };
}

/* can_split_folio() */
static bool is_alone(struct machine *m, pfn_t head)
{
	return page_of(m, head)->refcount == page_of(m, head)->held[HOLD_PTE] + 1;
}

/* folio_lock(), unmap_folio() */
static enum step_result split_unmap(struct machine *m, struct task *t)
{
	struct split_op *op = &t->split;
	pfn_t head = page_head(m, op->page);

	if (page_is(m, head, PG_LOCKED) && op->waits)
		return STEP_BLOCKED;
	op->head = head;
	op->error = -EAGAIN;
	if (page_is(m, head, PG_LOCKED) || !is_alone(m, head))
		return STEP_DONE;
	page_of(m, head)->flags |= PG_LOCKED;
	op->mm = t->mm;
	op->pages = t->pages;
	t->outer_range = t->range;
	t->outer = t->notify;
	t->pages = (struct page_op){ .page = head, .unmap = PTE_MIGRATION, .splits = true };
	return STEP_CALL;
}

/* folio_ref_freeze(): the caller's alone is left. */
static enum step_result split_freeze(struct machine *m, struct task *t)
{
	struct split_op *op = &t->split;

	t->pages.rmap = (struct rmap_at){ 0 };
	op->is_split = page_of(m, op->head)->refcount == 1;
	if (op->is_split)
		page_split_anon(m, op->head, op->list);
	op->error = op->is_split ? 0 : -EAGAIN;
	return STEP_NEXT;
}

static bool is_zero_filled(const struct machine *m, pfn_t pfn)
{
	for (unsigned i = 0; i < WORDS_PER_PAGE; i++)
		if (m->phys->load(m->phys, pfn, i))
			return false;
	return true;
}

/* try_to_map_unused_to_zeropage(): a part that is all zero is not mapped again. */
static bool drops_part(struct machine *m, const struct rmap_at *at, pfn_t pfn)
{
	const struct vma *vma;

	m->mm = at->mm;
	vma = vma_find(m, at->hva);
	return m->sem->traits.split_drops_zeroes && !page_is(m, page_head(m, pfn), PG_HEAD) &&
	       !page_is(m, pfn, PG_HWPOISON) && !page_is(m, pfn, PG_MLOCKED) &&
	       !(vma->flags & VM_LOCKED) && is_zero_filled(m, pfn);
}

static void map_zero_page(struct machine *m, hva_t hva)
{
	u64 swap = host_leaf(m, hva).swap;

	host_set_leaf(m, hva, 1, m->w->config.zero_pfn << PAGE_SHIFT | PTE_SPECIAL |
		      (vma_prot_bits(vma_find(m, hva)) & ~PTE_WRITE) | (swap & PTE_UFFD_WP));
}

/* The next entry of the part at hand, or of what is still one folio. */
static bool next_entry(struct machine *m, struct split_op *op, struct rmap_at *at)
{
	if (!op->is_split)
		return page_next_entry(m, PTE_MIGRATION, op->head, at);
	return page_next_mm(m, PTE_MIGRATION, op->head + op->i, op->base + op->i * PAGE_SIZE, at);
}

/* remap_page(): part by part, each in the order of its mappings. */
static enum step_result split_remap(struct machine *m, struct task *t)
{
	struct split_op *op = &t->split;
	struct rmap_at *at = &t->pages.rmap;
	u64 parts = op->is_split ? level_pages(2) : 1;

	while (op->i < parts && !next_entry(m, op, at)) {
		*at = (struct rmap_at){ 0 };
		op->i++;
	}
	if (op->i == parts)
		return STEP_NEXT;
	op->base = at->hva - op->i * PAGE_SIZE;
	if (drops_part(m, at, op->head + op->i))
		map_zero_page(m, at->hva);
	else
		migration_entry_restore(m, at, op->head + op->i, op->head + op->i);
	at->mm += op->is_split;
	return STEP_BACK;
}

/* free_page_and_swap_cache() of all but the caller's */
static enum step_result split_release(struct machine *m, struct task *t)
{
	struct split_op *op = &t->split;

	t->pages = op->pages;
	t->range = t->outer_range;
	t->notify = t->outer;
	t->mm = op->mm;
	page_of(m, op->head)->flags &= ~(u32)PG_LOCKED;
	for (u64 i = 0; op->is_split && i < level_pages(2); i++) {
		page_of(m, op->head + i)->flags &= ~(u32)PG_LOCKED;
		if (op->head + i != op->page)
			page_put(m, op->head + i, HOLD_MM);
	}
	return STEP_DONE;
}

#define SPLIT	"split_huge_page_to_list"

const struct step path_page_split[] = {
	STEP(split_unmap, .calls = PATH_UNMAP_PAGE, .chain = SPLIT " > unmap_folio"),
	STEP(split_freeze, .chain = SPLIT " > __split_huge_page"),
	STEP(split_remap, .to = "split_remap", .chain = SPLIT " > __split_huge_page > remap_page"),
	STEP(split_release, .chain = SPLIT " > __split_huge_page"),
	{ 0 }
};
