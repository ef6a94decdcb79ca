/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_hugetlb_hole.c: a hole in a shared mapping of hugetlb.
 *
 * Linux: fs/hugetlbfs/inode.c:hugetlbfs_punch_hole(), remove_inode_hugepages(), 5.12 to 7.2. Whole
 * pages are unmapped wherever they are mapped, VMA by VMA, and leave the page cache; a place that
 * lost its page has no promise any more. Of other pages the part is zeroed, and nobody is told.
 * SIMPLIFIED: the part before the whole pages is zeroed after they have been unmapped.
 */
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/thp.h"

void hugetlb_begin_hole(struct file_op *op)
{
	u64 end = (op->offset + op->length + PAGE_SIZE - 1) & PAGE_MASK;

	op->length = end - op->offset;
	op->index = ((op->offset + HPAGE_SIZE - 1) & HPAGE_MASK) >> PAGE_SHIFT;
	op->end = (end & HPAGE_MASK) >> PAGE_SHIFT;
	op->unmaps = op->end > op->index;
	op->at = op->index;
}

bool punches_hugetlb(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->file.error && t->file.hugetlb;
}

static pfn_t page_at(struct machine *m, const struct file_op *op, u64 index)
{
	return hugetlb_file_page(m, op->file, index / level_pages(2));
}

static bool is_locked(struct machine *m, const struct file_op *op, u64 index)
{
	pfn_t head = page_at(m, op, index);

	return head != NO_PFN && page_is(m, head, PG_LOCKED);
}

/* hugetlbfs_zero_partial_page() at both ends */
static void zero_parts(struct machine *m, struct file_op *op)
{
	u64 last = (op->offset + op->length - 1) >> PAGE_SHIFT;

	for (u64 i = op->offset >> PAGE_SHIFT; !op->part && i <= last; i++) {
		pfn_t head = i < op->index || i >= op->end ? page_at(m, op, i) : NO_PFN;

		if (head != NO_PFN)
			file_zero_page(m, op, i, head + i % level_pages(2));
	}
	op->part = 1;
}

/* filemap_get_folios(): the next place that has a page; op->end if there is none */
static u64 next_place(struct machine *m, const struct file_op *op)
{
	u64 at = op->at;

	while (at < op->end && page_at(m, op, at) == NO_PFN)
		at += level_pages(2);
	return at < op->end ? at : op->end;
}

/* remove_inode_single_folio(): a page that was faulted in again is unmapped once more. */
enum step_result remove_hugetlb(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	u64 at = next_place(m, op), first = op->offset >> PAGE_SHIFT;

	if (is_locked(m, op, at) || is_locked(m, op, first) ||
	    is_locked(m, op, first + (op->length - 1) / PAGE_SIZE))
		return STEP_BLOCKED;
	zero_parts(m, op);
	op->at = at;
	if (at >= op->end)
		return STEP_NEXT;
	if (page_of(m, page_at(m, op, at))->held[HOLD_PTE]) {
		file_unmap_pages(t, at, level_pages(2), false);
		return STEP_CALL_BACK;
	}
	hugetlb_drop_cached(m, op->file, at / level_pages(2));
	return STEP_BACK;
}
