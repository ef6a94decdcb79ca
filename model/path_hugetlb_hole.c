/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_hugetlb_hole.c: a file of hugetlb is mapped, gets a hole, another length, or pages.
 *
 * Linux: fs/hugetlbfs/inode.c:hugetlbfs_file_mmap(), hugetlbfs_punch_hole(), hugetlb_vmtruncate(),
 * hugetlbfs_fallocate(), remove_inode_hugepages(), 5.12 to 7.2. Whole pages are unmapped wherever
 * they are mapped, VMA by VMA, and leave the page cache; a place that lost its page has no promise
 * any more, nor has any place behind the file's end. Of other pages the part is zeroed, and nobody
 * is told.
 * SIMPLIFIED: the part before the whole pages is zeroed after they have been unmapped.
 */
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/thp.h"

#define ENOMEM		12
#define EINVAL		22
#define EFBIG		27
#define ENOSPC		28
#define FILE_END	((u64)HUGETLB_FILE_PAGES * HPAGE_SIZE)

/* ksys_mmap_pgoff() */
void hugetlb_open(const struct file_state *file, struct vma *vma)
{
	vma->kind = VMA_HUGETLB;
	vma->mode = 0;
	vma->object = file->hugetlb;
	vma->end = (vma->end + HPAGE_SIZE - 1) & HPAGE_MASK;
}

/* hugetlbfs_file_mmap(); what is unmapped because of an error has no vm_file any more. */
s32 hugetlb_mmap(struct machine *m, const struct mmap_op *op, struct vma *vma)
{
	u64 *size = op->kind == VMA_FILE ? &m->w->file[op->object].size : NULL;
	u64 end = (op->index << PAGE_SHIFT) + vma->end - vma->start;
	s32 error = 0;

	if (op->index % level_pages(2))
		error = -EINVAL;
	else if (!hugetlb_reserve(m, vma))
		error = -ENOMEM;
	if (error) {
		vma->kind = VMA_ANON;
		vma->object = 0;
	} else if (size && (op->prot & VM_WRITE) && *size < end) {
		*size = end;
	}
	return error;
}

static void take_whole_pages(struct file_op *op)
{
	u64 end = op->offset + op->length;

	op->index = ((op->offset + HPAGE_SIZE - 1) & HPAGE_MASK) >> PAGE_SHIFT;
	op->end = (end & HPAGE_MASK) >> PAGE_SHIFT;
	op->unmaps = op->end > op->index;
	op->at = op->index;
}

/* madvise_remove(): PAGE_ALIGN() */
void hugetlb_begin_hole(struct file_op *op)
{
	u64 end = (op->offset + op->length + PAGE_SIZE - 1) & PAGE_MASK;

	op->length = end - op->offset;
	take_whole_pages(op);
}

/* hugetlbfs_setattr(): i_size first, so that nobody takes a new page for what is about to go. */
static void begin_truncate(struct file_state *file, struct file_op *op)
{
	if (op->offset & ~HPAGE_MASK) {
		op->error = -EINVAL;
		return;
	}
	file->size = op->offset;
	op->length = FILE_END - op->offset;
	take_whole_pages(op);
}

/* From here on .file is the object of its VMAs. */
void hugetlb_begin_resize(struct machine *m, struct file_op *op)
{
	struct file_state *file = &m->w->file[op->file];

	op->hugetlb = true;
	if (op->offset > FILE_END || op->length > FILE_END - op->offset)
		op->error = -EFBIG;
	else if (op->verb == FILE_TRUNCATE)
		begin_truncate(file, op);
	else if (!op->length)
		op->error = -EINVAL;
	else if (op->verb == FILE_PUNCH)
		take_whole_pages(op);
	else
		op->at = (op->offset & HPAGE_MASK) >> PAGE_SHIFT;
	if (op->verb != FILE_ALLOCATE)
		op->file = file->hugetlb;
}

bool removes_hugetlb(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->file.error && t->file.hugetlb && t->file.verb != FILE_ALLOCATE;
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
	u64 last = (op->offset + op->length - 1) >> PAGE_SHIFT;

	if (is_locked(m, op, at) ||
	    (!op->part && (is_locked(m, op, first) || is_locked(m, op, last))))
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

bool truncates_hugetlb(const struct machine *m, const struct task *t)
{
	return removes_hugetlb(m, t) && t->file.verb == FILE_TRUNCATE;
}

enum step_result unreserve_hugetlb(struct machine *m, struct task *t)
{
	hugetlb_unreserve(m, t->file.file, t->file.index / level_pages(2));
	return STEP_NEXT;
}

bool allocates_hugetlb(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->file.error && t->file.hugetlb && t->file.verb == FILE_ALLOCATE;
}

/* One page at a time, under its hugetlb_fault_mutex; what there is stays as it is. */
enum step_result allocate_hugetlb(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	struct file_state *file = &m->w->file[op->file];
	u64 end = op->offset + op->length;

	if (op->at << PAGE_SHIFT >= end) {
		file->size = file->size < end ? end : file->size;
		return STEP_DONE;
	}
	if (!hugetlb_add_cached(m, file->hugetlb, op->at / level_pages(2))) {
		op->error = -ENOSPC;
		return STEP_DONE;
	}
	op->at += level_pages(2);
	return STEP_BACK;
}
