/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_madvise.c: the advices that need mmap_lock for reading only: MADV_FREE, MADV_WILLNEED,
 * MADV_POPULATE_READ and _WRITE.
 *
 * Linux: mm/madvise.c:madvise_free_single_vma(), madvise_free_pte_range(), madvise_willneed(),
 * madvise_populate(); mm/swap.c:folio_mark_lazyfree(); 5.12 to 7.2. A page that is given up has
 * neither A nor D, and stays mapped; who finds it dirty later keeps it.
 * SIMPLIFIED: MADV_WILLNEED reads no files but what of shared memory is in swap.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/swap.h"
#include "model/thp.h"

static enum step_result madvise_lock(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	op->at = op->start;
	if (op->kind == RANGE_POPULATE && !m->sem->traits.madvise_populates)
		op->error = -EINVAL;	/* no such advice before 5.14 */
	return STEP_NEXT;
}

/* Since 6.9 MADV_POPULATE_* does not go VMA by VMA, and a hole ends it. */
static bool walks_vmas(const struct machine *m, const struct range_op *op)
{
	return op->kind != RANGE_POPULATE || !m->sem->traits.populate_stops_at_hole;
}

/* madvise_dontneed_free_valid_vma(), madvise_free_single_vma() */
static s32 refusal(const struct range_op *op, const struct vma *vma)
{
	if (op->kind != RANGE_FREE)
		return 0;
	return vma->kind != VMA_ANON || (vma->flags & VM_LOCKED) ? -EINVAL : 0;
}

/* madvise_walk_vmas(): the next VMA's part; a hole is skipped, and -ENOMEM in the end. */
static enum step_result madvise_piece(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma = vma_find_from(m, op->at);

	op->piece_end = 0;
	if (op->error || op->at >= op->end)
		return STEP_NEXT;
	if (!walks_vmas(m, op)) {
		op->piece_start = op->at;
		op->at = op->piece_end = op->end;
		return STEP_NEXT;
	}
	if (!vma || vma->start > op->at)
		op->hole = true;
	if (!vma || vma->start >= op->end)
		return STEP_NEXT;
	op->error = refusal(op, vma);
	if (op->error)
		return STEP_NEXT;
	op->piece_start = op->at > vma->start ? op->at : vma->start;
	op->at = op->piece_end = vma->end < op->end ? vma->end : op->end;
	return STEP_NEXT;
}

static bool has_piece_of(const struct task *t, enum range_kind kind)
{
	return t->range.piece_end && t->range.kind == kind;
}

/* ---- MADV_FREE ---- */

static bool frees(const struct machine *m, const struct task *t)
{
	(void)m;
	return has_piece_of(t, RANGE_FREE);
}

static enum step_result free_begin(struct machine *m, struct task *t)
{
	lru_drain(m);
	t->range.freed = t->range.piece_start;
	t->notify = (struct notify){ .start = t->range.piece_start, .end = t->range.piece_end,
				     .event = NOTIFY_CLEAR };
	return STEP_CALL;
}

/* A page that others map, too, may be dirty for them. */
static bool page_cleans(struct machine *m, pfn_t pfn, s32 mappings)
{
	struct page *head = page_of(m, page_head(m, pfn));

	if (!(head->flags & (PG_SWAPCACHE | PG_DIRTY)))
		return true;
	if (mappings != 1 || (page_is(m, head->head, PG_SWAPCACHE) &&
			      !swap_free_folio(m, head->head)))
		return false;
	head->flags &= ~(u32)PG_DIRTY;
	return true;
}

/* total_mapcount(): PMDs are not counted in .mapcount */
static s32 mappings_of(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	return leaf->level == 1 ? page_of(m, pfn)->mapcount : page_of(m, pfn)->held[HOLD_PTE];
}

static bool may_free(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	return leaf_is_counted(m, leaf) && !page_is(m, pfn, PG_ZONE_DEVICE) &&
	       page_is(m, pfn, PG_ANON);
}

static void clean_leaf(struct machine *m, const struct pt_leaf *leaf)
{
	u64 entry = leaf->entry & ~(PTE_ACCESSED | PTE_DIRTY | PTE_SAVED_DIRTY);
	pfn_t pfn = pt_pfn(leaf->entry);

	for (u64 i = 0; i < level_pages(leaf->level); i++)	/* its owner does not want it */
		page_of(m, pfn + i)->flags &= ~(u32)PG_GUEST_WROTE;
	if (entry != leaf->entry)
		host_set_leaf(m, leaf->first << PAGE_SHIFT, leaf->level, entry);
}

static void free_leaf(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	if (!may_free(m, leaf) || !page_cleans(m, pfn, mappings_of(m, leaf)))
		return;
	clean_leaf(m, leaf);
	page_mark_lazyfree(m, page_head(m, pfn));
}

/* All of its PTEs (6.12): nobody else's, if it is dirty */
static void free_batch(struct machine *m, hva_t start, hva_t end)
{
	struct pt_leaf leaf = host_leaf(m, start);
	pfn_t head = page_head(m, pt_pfn(leaf.entry));

	if (!page_cleans(m, head, page_of(m, head)->held[HOLD_PTE] == (s32)folio_pages(m, head)))
		return;
	for (hva_t at = start; at < end; at += PAGE_SIZE) {
		leaf = host_leaf(m, at);
		clean_leaf(m, &leaf);
	}
	page_mark_lazyfree(m, head);
}

/* True: it has to be split. */
static bool free_folio(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	struct range_op *op = &t->range;
	struct thp_part part = thp_part_at(m, op->freed, t->notify.end, true);
	pfn_t head = page_head(m, pt_pfn(leaf->entry));

	op->next = part.way == PART_SPLIT ? part.next : 0;
	if (part.way == PART_SPLIT) {
		page_get(m, head, HOLD_MM);
		page_split_begin(t, head, false, false);
		t->split.pmd = leaf->level == 2;
		return true;
	}
	if (part.way == PART_WHOLE && leaf->level == 2)
		free_leaf(m, leaf);
	else if (part.way == PART_WHOLE)
		free_batch(m, op->freed, part.next);
	op->freed = part.next;
	return false;
}

/* What stands for a page just goes. */
static void free_entry(struct machine *m, struct range_op *op, const struct pt_leaf *leaf)
{
	if (leaf->swap & PTE_SWAPPED)
		swap_free_and_cache(m, pt_pfn(leaf->swap));
	if (leaf->swap & (PTE_SWAPPED | PTE_HWPOISON))
		host_set_leaf(m, leaf->first << PAGE_SHIFT, 1, 0);
	else if (leaf->present && leaf->level == 1)
		free_leaf(m, leaf);
	op->freed = (leaf->first + level_pages(leaf->level)) << PAGE_SHIFT;
}

/* madvise_free_pte_range(), madvise_free_huge_pmd() */
static enum step_result free_ptes(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	while (op->freed < t->notify.end) {
		struct pt_leaf leaf = host_next_used(m, op->freed, t->notify.end);

		if (!leaf.present && !leaf.swap)
			break;
		if (leaf.first << PAGE_SHIFT > op->freed)
			op->freed = leaf.first << PAGE_SHIFT;
		if (!leaf_is_of_thp(m, &leaf))
			free_entry(m, op, &leaf);
		else if (free_folio(m, t, &leaf))
			return STEP_CALL;
	}
	return STEP_NEXT;
}

static bool free_has_split(const struct machine *m, const struct task *t)
{
	return frees(m, t) && t->range.next;
}

/* What could not be split: its PTEs are tried once more, if it is mapped by them now. */
static enum step_result free_again(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	bool was_pmd = t->split.pmd && host_leaf(m, op->freed).level == 1;

	page_put(m, t->split.page, HOLD_MM);
	if (t->split.error && !was_pmd)
		op->freed = op->next;
	op->next = 0;
	return STEP_BACK;
}

/* ---- MADV_WILLNEED ---- */

static bool will_need(const struct machine *m, const struct task *t)
{
	(void)m;
	return has_piece_of(t, RANGE_WILLNEED);
}

/*
 * swapin_walk_pmd_entry(): into the swap cache; the PTEs stay as they are. shmem_swapin_range():
 * what the page cache says is in swap, mapped or not; not what private copies have there.
 */
static enum step_result read_swapped(struct machine *m, struct task *t)
{
	const struct vma *vma = vma_find(m, t->range.piece_start);
	hva_t at = t->range.piece_start;

	if (vma->kind == VMA_FILE && vma->mode == FILE_SHMEM)
		shmem_read_ahead(m, vma->object, vma_page_index(vma, at),
				 vma_page_index(vma, t->range.piece_end - 1) + 1);
	while (vma->kind == VMA_ANON && at < t->range.piece_end) {
		struct pt_leaf leaf = host_next_used(m, at, t->range.piece_end);

		if (!leaf.present && !leaf.swap)
			break;
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
		if (leaf.swap & PTE_SWAPPED)
			swap_read_ahead(m, pt_pfn(leaf.swap), PG_ANON);
	}
	if (vma->kind == VMA_ANON || (vma->kind == VMA_FILE && vma->mode == FILE_SHMEM))
		lru_drain(m);
	return STEP_NEXT;
}

/* ---- MADV_POPULATE_READ, MADV_POPULATE_WRITE ---- */

static bool populates(const struct machine *m, const struct task *t)
{
	(void)m;
	return has_piece_of(t, RANGE_POPULATE);
}

static enum step_result populate_piece(struct machine *m, struct task *t)
{
	(void)m;
	t->host.error = false;
	t->populate = (struct populate_op){ .at = t->range.piece_start, .end = t->range.piece_end,
					    .how = t->range.prot };
	return STEP_CALL;
}

static enum step_result take_populated(struct machine *m, struct task *t)
{
	if (m->sem->traits.populate_stops_at_hole)
		lru_drain(m);		/* faultin_page_range(), whatever came of it */
	t->range.error = t->populate.error;
	return STEP_NEXT;
}

static bool goes_on(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

static enum step_result madvise_unlock(struct machine *m, struct task *t)
{
	lock_release_read(m, &current_mm(m)->mmap_lock);
	if (t->range.hole && !t->range.error)
		t->range.error = -ENOMEM;
	return STEP_DONE;
}

#define MADVISE	"do_madvise"
#define LAZYFREE MADVISE " > madvise_free_single_vma"

const struct step path_madvise[] = {
	STEP(madvise_lock, .chain = MADVISE " > mmap_read_lock"),
	STEP(madvise_piece, .chain = MADVISE " > madvise_walk_vmas"),
	STEP(free_begin, .when = frees, .calls = PATH_NOTIFY_START, .chain = LAZYFREE),
	STEP(free_ptes, .when = frees, .calls = PATH_PAGE_SPLIT,
	     .chain = LAZYFREE " > madvise_free_pte_range"),
	STEP(free_again, .when = free_has_split, .to = "free_ptes",
	     .chain = LAZYFREE " > madvise_free_pte_range > split_folio"),
	STEP_AS(free_end, enter_path, .when = frees, .calls = PATH_NOTIFY_END, .chain = LAZYFREE),
	STEP(read_swapped, .when = will_need, .chain = MADVISE " > madvise_willneed"),
	STEP(populate_piece, .when = populates, .calls = PATH_POPULATE,
	     .chain = MADVISE " > madvise_populate"),
	STEP(take_populated, .when = populates, .chain = MADVISE " > madvise_populate"),
	STEP_AS(madvise_next, go_back, .when = goes_on, .to = "madvise_piece",
		.chain = MADVISE " > madvise_walk_vmas"),
	STEP(madvise_unlock, .chain = MADVISE),
	{ 0 }
};
