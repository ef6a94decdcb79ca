/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file.c: a file grows, shrinks, is written, gets a hole, is written back.
 *
 * Linux: mm/shmem.c:shmem_setattr(), shmem_fallocate(), shmem_undo_range(), mm/truncate.c,
 * mm/filemap.c:generic_perform_write(), mm/page-writeback.c:folio_clear_dirty_for_io(),
 * mm/rmap.c:page_vma_mkclean_one(); 6.1 to 7.2. What goes is unmapped first, and what was faulted
 * in again is unmapped once more under its folio lock, before it leaves the cache.
 * SIMPLIFIED: i_rwsem is not modelled, invalidate_lock for DAX alone.
 */
#include "model/errno.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/thp.h"

#define ALL_PAGES	(MAX_FILE_SIZE >> PAGE_SHIFT)

static bool file_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->file.error;
}

static u64 round_up_page(u64 bytes)
{
	return (bytes + PAGE_SIZE - 1) & PAGE_MASK;
}

/* ---- ftruncate(), fallocate(FALLOC_FL_PUNCH_HOLE) ---- */

/* shmem_setattr(): i_size first, so that nobody faults in what is about to go. */
static void begin_truncate(struct machine *m, struct file_op *op)
{
	struct file_state *file = &m->w->file[op->file];
	u64 old = file->size;

	file->size = op->offset;
	op->index = round_up_page(op->offset) >> PAGE_SHIFT;
	op->end = ALL_PAGES;
	op->unmaps = old > round_up_page(op->offset);
	op->shrinks = old > op->offset;
	op->length = MAX_FILE_SIZE - op->offset;
}

static void begin_punch(struct file_op *op)
{
	op->index = round_up_page(op->offset) >> PAGE_SHIFT;
	op->end = (op->offset + op->length) >> PAGE_SHIFT;
	op->unmaps = op->end > op->index;
	op->shrinks = true;
}

/*
 * madvise_remove(), of one VMA: what of the file is mapped there gets a hole.
 * SIMPLIFIED: a range of several VMAs is refused at the second one.
 */
static void begin_remove(struct machine *m, struct file_op *op)
{
	const struct vma *vma = vma_find(m, op->hva);

	if (!vma || op->hva + op->length > vma->end)
		op->error = -ENOMEM;
	else if ((vma->flags & VM_LOCKED) || vma->kind == VMA_ANON)
		op->error = -EINVAL;
	else if (!(vma->flags & VM_SHARED) ||
		 (m->sem->traits.remove_needs_write && !(vma->flags & VM_WRITE)))
		op->error = -EACCES;
	else if (vma->kind == VMA_DEVICE)	/* vfs_fallocate() */
		op->error = -ENODEV;
	if (op->error)
		return;
	op->file = vma->object;
	op->hugetlb = vma->kind == VMA_HUGETLB;
	op->offset = vma_page_index(vma, op->hva) << PAGE_SHIFT;
	if (op->hugetlb)
		hugetlb_begin_hole(m, op);
}

static enum step_result begin_resize(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	if (op->hva)
		begin_remove(m, op);
	else if (m->w->file[op->file].type == FILE_HUGETLB)
		hugetlb_begin_resize(m, op);
	if (op->error)
		return STEP_DONE;
	if (op->hugetlb)
		return STEP_NEXT;

	if (!m->w->file[op->file].used || op->offset > MAX_FILE_SIZE ||
	    op->length > MAX_FILE_SIZE - op->offset)
		op->error = -EFBIG;
	else if (op->verb == FILE_PUNCH && !op->length)
		op->error = -EINVAL;
	else if (op->verb == FILE_PUNCH)
		begin_punch(op);
	else
		begin_truncate(m, op);
	if (resizes_dax(m, t)) {	/* truncate_pagecache() does not ask; no pages are cached */
		op->unmaps = op->end > op->index;
		op->shrinks = false;
	}
	op->at = op->index;
	return STEP_NEXT;
}

void file_unmap_pages(struct task *t, u64 index, u64 pages, bool even_cows)
{
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .object = t->file.file,
				      .backing = t->file.hugetlb ? VMA_HUGETLB : VMA_FILE,
				      .index = index, .pages = pages, .keeps_cows = !even_cows };
}

static bool unmaps(const struct machine *m, const struct task *t)
{
	return file_ok(m, t) && t->file.unmaps;
}

static bool unmaps_again(const struct machine *m, const struct task *t)
{
	return unmaps(m, t) && t->file.verb == FILE_TRUNCATE && !t->file.hugetlb;
}

/* unmap_mapping_range(); truncation takes private copies, too, and a punched hole does not. */
static enum step_result unmap_hole(struct machine *m, struct task *t)
{
	const struct file_op *op = &t->file;

	(void)m;
	file_unmap_pages(t, op->index, op->end - op->index, op->verb == FILE_TRUNCATE);
	return STEP_CALL;
}

static bool shrinks(const struct machine *m, const struct task *t)
{
	return file_ok(m, t) && t->file.shrinks;
}

/* The next folio that the hole has all of, from @at on; op->end if there is none. */
static u64 next_whole(struct machine *m, const struct file_op *op, u64 at)
{
	for (at = cache_next(m, op->file, at, op->end); at < op->end;
	     at = cache_next(m, op->file, at, op->end)) {
		u64 first = cache_folio(m, op->file, at);
		u64 next = first + folio_pages(m, cache_page(m, op->file, at));

		if (first >= op->index && next <= op->end)
			return at;
		at = next;
	}
	return op->end;
}

/* find_lock_entries() looks at a folio that reaches beyond the hole, and leaves it. */
static void pass_over(struct machine *m, const struct file_op *op, u64 at, u64 whole)
{
	for (at = cache_next(m, op->file, at, whole); at < whole;
	     at = cache_next(m, op->file, at, whole)) {
		pfn_t pfn = cache_page(m, op->file, at);

		page_try_get_folio(m, pfn, HOLD_MM, 1);
		page_put(m, pfn, HOLD_MM);
		at = cache_folio(m, op->file, at) + folio_pages(m, pfn);
	}
}

/* find_lock_entries(): a reference and the lock of up to a pagevec's worth of folios. */
enum step_result lock_batch(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	u64 at = op->at;

	shmem_free_swap(m, op->file, op->at, op->end);
	op->batched = 0;
	while (op->batched < m->sem->traits.lru_batch) {	/* PAGEVEC_SIZE */
		u64 whole = next_whole(m, op, at);
		pfn_t head = whole < op->end ? page_head(m, cache_page(m, op->file, whole)) :
					       NO_PFN;

		if (head != NO_PFN && page_is(m, head, PG_LOCKED) && !op->batched)
			return STEP_BLOCKED;
		pass_over(m, op, at, whole);
		if (head == NO_PFN || page_is(m, head, PG_LOCKED))
			break;
		if (cache_lookup_hangs(m, head))
			return STEP_NEXT;
		page_try_get_folio(m, head, HOLD_MM, 1);
		page_of(m, head)->flags |= PG_LOCKED;
		op->batched++;
		at = whole + folio_pages(m, head);
	}
	return STEP_NEXT;
}

bool has_batch(const struct machine *m, const struct task *t)
{
	return shrinks(m, t) && t->file.batched;
}

/* The first folio of the batch that is mapped; op->end if none is. */
static u64 first_mapped(struct machine *m, const struct file_op *op)
{
	u64 at = op->at;

	for (unsigned i = 0; i < op->batched; i++) {
		pfn_t head;

		at = next_whole(m, op, at);
		head = cache_page(m, op->file, at);
		if (page_of(m, head)->held[HOLD_PTE])
			return at;
		at += folio_pages(m, head);
	}
	return op->end;
}

bool batch_is_mapped(const struct machine *m, const struct task *t)
{
	return has_batch(m, t) &&
	       first_mapped((struct machine *)m, &t->file) < t->file.end;
}

/* truncate_cleanup_folio() > unmap_mapping_folio(): somebody has faulted it in again. */
enum step_result unmap_batch(struct machine *m, struct task *t)
{
	u64 at = first_mapped(m, &t->file);

	file_unmap_pages(t, at, folio_pages(m, cache_page(m, t->file.file, at)), false);
	t->range.drops_markers = true;
	return STEP_CALL_BACK;
}

/* truncate_inode_folio() of each, then folio_batch_release() */
enum step_result delete_batch(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t pfn[MAX_BATCH];

	for (unsigned i = 0; i < op->batched; i++) {
		u64 at = next_whole(m, op, op->at);

		pfn[i] = cache_page(m, op->file, at);
		op->at = at + folio_pages(m, pfn[i]);
		cache_remove(m, op->file, at);
		page_of(m, pfn[i])->flags &= ~(u32)PG_LOCKED;
	}
	lru_drain(m);	/* __folio_batch_release() */
	for (unsigned i = 0; i < op->batched; i++)
		page_put(m, pfn[i], HOLD_MM);
	op->batched = 0;
	return STEP_BACK;
}

/* Split folios leave pieces that lie in the hole. */
static bool has_rest(const struct machine *m, const struct task *t)
{
	const struct file_op *op = &t->file;

	return shrinks(m, t) &&
	       cache_next((struct machine *)m, op->file, op->index, op->end) < op->end;
}

static enum step_result begin_rest(struct machine *m, struct task *t)
{
	(void)m;
	t->file.at = t->file.index;
	t->file.batched = 0;
	return STEP_NEXT;
}

#define UNDO	"shmem_undo_range"
#define BREAK	"ext4_setattr / ext4_punch_hole > ext4_break_layouts"

const struct step path_file_resize[] = {
	STEP(dax_unmap_layout, .when = resizes_dax, .calls = PATH_UNMAP,
	     .chain = BREAK " > dax_layout_busy_page > unmap_mapping_pages"),
	STEP(dax_find_busy, .when = resizes_dax, .chain = BREAK " > dax_layout_busy_page"),
	STEP(dax_wait_idle, .when = dax_is_busy, .to = "dax_unmap_layout",
	     .chain = BREAK " > ext4_wait_dax_page"),
	STEP(begin_resize, .chain = "shmem_setattr / shmem_fallocate"),
	STEP(unmap_hole, .when = unmaps, .calls = PATH_UNMAP, .chain = "unmap_mapping_range"),
	STEP(remove_hugetlb, .when = removes_hugetlb, .calls = PATH_UNMAP, .to = "remove_hugetlb",
	     .chain = "hugetlbfs_punch_hole / hugetlb_vmtruncate > remove_inode_hugepages"),
	STEP(unreserve_hugetlb, .when = truncates_hugetlb,
	     .chain = "hugetlb_vmtruncate > remove_inode_hugepages > hugetlb_unreserve_pages"),
	STEP(allocate_hugetlb, .when = allocates_hugetlb, .to = "allocate_hugetlb",
	     .chain = "hugetlbfs_fallocate"),
	STEP(lock_batch, .when = shrinks, .chain = UNDO " > find_lock_entries"),
	STEP(unmap_batch, .when = batch_is_mapped, .calls = PATH_UNMAP, .to = "unmap_batch",
	     .chain = UNDO " > truncate_inode_folio > unmap_mapping_folio"),
	STEP(delete_batch, .when = has_batch, .to = "lock_batch",
	     .chain = UNDO " > truncate_inode_folio"),
	STEP(take_partial, .when = has_partial, .calls = PATH_FOLIO_SPLIT,
	     .chain = UNDO " > truncate_inode_partial_folio"),
	STEP(take_second, .when = wants_second, .calls = PATH_FOLIO_SPLIT,
	     .chain = UNDO " > truncate_inode_partial_folio"),
	STEP(put_partial, .when = has_partial, .to = "take_partial", .chain = UNDO),
	STEP(begin_rest, .when = has_rest, .chain = UNDO),
	STEP_AS(lock_rest, lock_batch, .when = has_rest, .chain = UNDO " > find_get_entries"),
	STEP_AS(unmap_rest, unmap_batch, .when = batch_is_mapped, .calls = PATH_UNMAP,
		.to = "unmap_rest", .chain = UNDO " > truncate_inode_folio > unmap_mapping_folio"),
	STEP_AS(delete_rest, delete_batch, .when = has_batch, .to = "lock_rest",
		.chain = UNDO " > truncate_inode_folio"),
	STEP_AS(unmap_hole_again, unmap_hole, .when = unmaps_again, .calls = PATH_UNMAP,
		.chain = "unmap_mapping_range"),
	STEP(dax_free_blocks, .when = resizes_dax,
	     .chain = "ext4_setattr / ext4_punch_hole > ext4_ext_remove_space"),
	{ 0 }
};

/* ---- open(O_CREAT), pwrite() ---- */

static enum step_result create_file(struct machine *m, struct file_op *op)
{
	struct file_state *file = &m->w->file[op->file];

	if (op->length > (op->type == FILE_DAX ? MAX_DAX_SIZE : MAX_FILE_SIZE))
		op->error = -EFBIG;
	else if (op->type == FILE_HUGETLB &&
		 (op->length & ((level_pages(op->level) << PAGE_SHIFT) - 1)))
		op->error = -EINVAL;
	else
		*file = (struct file_state){ .used = true, .type = op->type, .size = op->length,
					     .huge = op->huge, .mount = op->mount,
					     .unlinked = op->unlinked };
	if (!op->error && op->type == FILE_DAX)
		dax_create(m, op->file);
	if (!op->error && op->type == FILE_HUGETLB)
		file->hugetlb = hugetlb_create(m, op->level);
	return STEP_DONE;
}

/* generic_perform_write() of four bytes: nothing is unmapped, mappings see it. */
static enum step_result write_file(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	struct file_state *file = &m->w->file[op->file];
	u64 index = op->offset >> PAGE_SHIFT;
	pfn_t pfn;

	if (op->verb == FILE_CREATE)
		return create_file(m, op);
	if (file->type == FILE_HUGETLB) {	/* FMODE_CAN_WRITE */
		op->error = -EINVAL;
		return STEP_DONE;
	}
	pfn = cache_page(m, op->file, index);
	if (pfn != NO_PFN && page_is(m, page_head(m, pfn), PG_LOCKED))
		return STEP_BLOCKED;
	if (pfn != NO_PFN && cache_lookup_hangs(m, pfn))
		return STEP_NEXT;
	if (pfn != NO_PFN && page_is(m, pfn, PG_HWPOISON)) {
		op->error = -EIO;
		return STEP_DONE;
	}
	if (pfn == NO_PFN && shmem_is_swapped(m, op->file, index)) {
		pfn = shmem_swap_in(m, op->file, index, NULL, HOLD_MM);
		m->sem->ops.mark_accessed(m, pfn);
	} else if (pfn == NO_PFN) {	/* shmem_alloc_folio() for SGP_WRITE */
		pfn = cache_add(m, op->file, index, shmem_order(m, op->file, index, NULL),
				HOLD_MM);
		page_of(m, page_head(m, pfn))->flags |= PG_REFERENCED;
	} else {
		page_try_get_folio(m, pfn, HOLD_MM, 1);
		if (!op->goes_on)
			m->sem->ops.mark_accessed(m, pfn);
	}
	page_store(m, pfn, op->offset, op->value);
	page_set_dirty(m, pfn);
	if (file->size < op->offset + 4)
		file->size = op->offset + 4;
	page_put(m, pfn, HOLD_MM);
	return STEP_DONE;
}

const struct step path_file_write[] = {
	STEP(write_file, .chain = "generic_perform_write"),
	{ 0 }
};
