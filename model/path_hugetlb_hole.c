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
#include "model/errno.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/thp.h"

/* Of a file: pages_per_huge_page(), huge_page_size(), huge_page_mask() */
static u64 nr_pages(const struct machine *m, unsigned file)
{
	return level_pages(hugetlb_file_level(m, file));
}

static u64 page_size(const struct machine *m, unsigned file)
{
	return nr_pages(m, file) << PAGE_SHIFT;
}

static u64 page_mask(const struct machine *m, unsigned file)
{
	return ~(page_size(m, file) - 1);
}

/* ksys_mmap_pgoff() */
void hugetlb_open(const struct machine *m, const struct file_state *file, struct vma *vma)
{
	vma->kind = VMA_HUGETLB;
	vma->mode = hugetlb_file_level(m, file->hugetlb);
	vma->object = file->hugetlb;
	vma->end = (vma->end + hugetlb_size(vma) - 1) & ~(hugetlb_size(vma) - 1);
}

/* hugetlbfs_file_mmap(); what is unmapped because of an error has no vm_file any more. */
s32 hugetlb_mmap(struct machine *m, const struct mmap_op *op, struct vma *vma)
{
	u64 *size = op->kind == VMA_FILE ? &m->w->file[op->object].size : NULL;
	u64 end = (op->index << PAGE_SHIFT) + vma->end - vma->start;
	s32 error = 0;

	if (op->index % level_pages(hugetlb_level(vma)))
		error = -EINVAL;
	else if (!hugetlb_reserve(m, vma))
		error = -ENOMEM;
	if (error) {
		vma->kind = VMA_ANON;
		vma->object = vma->mode = 0;
	} else if (size && (op->prot & VM_WRITE) && *size < end) {
		*size = end;
	}
	return error;
}

/* Of the file @object */
static void take_whole_pages(const struct machine *m, struct file_op *op, unsigned object)
{
	u64 end = op->offset + op->length, mask = page_mask(m, object);

	op->index = ((op->offset + ~mask) & mask) >> PAGE_SHIFT;
	op->end = (end & mask) >> PAGE_SHIFT;
	op->unmaps = op->end > op->index;
	op->at = op->index;
}

/* madvise_remove(): PAGE_ALIGN() */
void hugetlb_begin_hole(const struct machine *m, struct file_op *op)
{
	u64 end = (op->offset + op->length + PAGE_SIZE - 1) & PAGE_MASK;

	op->length = end - op->offset;
	take_whole_pages(m, op, op->file);
}

/* hugetlbfs_setattr(): i_size first, so that nobody takes a new page for what is about to go. */
static void begin_truncate(const struct machine *m, struct file_state *file, struct file_op *op)
{
	u64 size = page_size(m, file->hugetlb);

	if (op->offset & (size - 1)) {
		op->error = -EINVAL;
		return;
	}
	file->size = op->offset;
	op->length = HUGETLB_FILE_PAGES * size - op->offset;
	take_whole_pages(m, op, file->hugetlb);
}

/* From here on .file is the object of its VMAs. */
void hugetlb_begin_resize(struct machine *m, struct file_op *op)
{
	struct file_state *file = &m->w->file[op->file];
	u64 end = HUGETLB_FILE_PAGES * page_size(m, file->hugetlb);

	op->hugetlb = true;
	if (op->offset > end || op->length > end - op->offset)
		op->error = -EFBIG;
	else if (op->verb == FILE_TRUNCATE)
		begin_truncate(m, file, op);
	else if (!op->length)
		op->error = -EINVAL;
	else if (op->verb == FILE_PUNCH)
		take_whole_pages(m, op, file->hugetlb);
	else
		op->at = (op->offset & page_mask(m, file->hugetlb)) >> PAGE_SHIFT;
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
	return hugetlb_file_page(m, op->file, index / nr_pages(m, op->file));
}

static bool is_locked(struct machine *m, const struct file_op *op, u64 index)
{
	pfn_t head = page_at(m, op, index);

	return head != NO_PFN && page_is(m, head, PG_LOCKED);
}

/* hugetlbfs_zero_partial_page() at both ends, of what was ever written */
static void zero_parts(struct machine *m, struct file_op *op)
{
	u64 last = (op->offset + op->length - 1) >> PAGE_SHIFT;

	for (u64 i = op->offset >> PAGE_SHIFT; !op->part && i <= last; i++) {
		pfn_t head = page_at(m, op, i), pfn = head + i % nr_pages(m, op->file);

		if (i == op->index && op->unmaps)
			i = op->end - 1;
		else if (head != NO_PFN && m->phys->next(m->phys, pfn, 0) < WORDS_PER_PAGE)
			file_zero_page(m, op, i, pfn);
	}
	op->part = 1;
}

/* filemap_get_folios(): the next place that has a page; op->end if there is none */
static u64 next_place(struct machine *m, const struct file_op *op)
{
	u64 at = op->at;

	while (at < op->end && page_at(m, op, at) == NO_PFN)
		at += nr_pages(m, op->file);
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
		file_unmap_pages(t, at, nr_pages(m, op->file), false);
		return STEP_CALL_BACK;
	}
	hugetlb_drop_cached(m, op->file, at / nr_pages(m, op->file));
	return STEP_BACK;
}

bool truncates_hugetlb(const struct machine *m, const struct task *t)
{
	return removes_hugetlb(m, t) && t->file.verb == FILE_TRUNCATE;
}

enum step_result unreserve_hugetlb(struct machine *m, struct task *t)
{
	hugetlb_unreserve(m, t->file.file, t->file.index / nr_pages(m, t->file.file));
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
	u64 end = op->offset + op->length, pages = nr_pages(m, file->hugetlb);

	if (op->at << PAGE_SHIFT >= end) {
		file->size = file->size < end ? end : file->size;
		return STEP_DONE;
	}
	if (!hugetlb_add_cached(m, file->hugetlb, op->at / pages)) {
		op->error = -ENOSPC;
		return STEP_DONE;
	}
	op->at += pages;
	return STEP_BACK;
}
