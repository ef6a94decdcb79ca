/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_gmem_file.c: a guest_memfd gets its pages early, meets a memory error, or is closed.
 *
 * Linux: virt/kvm/guest_memfd.c:kvm_gmem_allocate(), kvm_gmem_error_folio(), kvm_gmem_release(),
 * 6.8 to 7.2; mm/memory-failure.c. Who closes it takes it away from its memslots, which stay, and
 * zaps what they map; the pages go with the inode, here at once. After an error nothing is
 * truncated: the next fault is told.
 */
#include "model/errno.h"
#include "model/gmem.h"

#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"

static struct file_state *file_of(struct machine *m, const struct task *t)
{
	return &m->w->file[t->private.file];
}

static bool allocates(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->private.verb == GMEM_ALLOCATE;
}

static bool closes(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->private.verb == GMEM_CLOSE;
}

static bool fails(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->private.verb == GMEM_POISON;
}

/* What is asked for, in pages; closed is the whole of it. */
static enum step_result begin_gmem_file(struct machine *m, struct task *t)
{
	struct private_op *op = &t->private;
	u64 size = file_of(m, t)->size;

	if (!file_of(m, t)->used)
		op->error = -EBADF;
	else if (allocates(m, t) && (!op->size || (op->offset | op->size) % PAGE_SIZE ||
				     op->offset + op->size > size))
		op->error = -EINVAL;
	else if (fails(m, t) && cache_page(m, op->file, op->offset >> PAGE_SHIFT) == NO_PFN)
		op->error = -ENOENT;
	if (closes(m, t)) {
		op->offset = 0;
		op->size = size;
	} else if (fails(m, t)) {
		op->size = PAGE_SIZE;
	}
	op->start = op->offset >> PAGE_SHIFT;
	op->end = (op->offset + op->size) >> PAGE_SHIFT;
	return op->error ? STEP_DONE : STEP_NEXT;
}

/* memory_failure(): its reference is for good. */
static enum step_result gmem_file_fail(struct machine *m, struct task *t)
{
	pfn_t pfn = cache_page(m, t->private.file, t->private.start);

	if (pfn == NO_PFN) {
		t->private.error = -ENOENT;
		return STEP_DONE;
	}
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	page_of(m, pfn)->flags |= PG_HWPOISON;
	return STEP_NEXT;
}

/* Memslots cannot be unbound meanwhile. */
static enum step_result gmem_file_lock_slots(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_write(m, &m->w->kvm.slots_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* filemap_invalidate_lock(), _shared() */
static enum step_result gmem_file_lock(struct machine *m, struct task *t)
{
	struct lock *lock = &file_of(m, t)->invalidate_lock;
	bool taken = closes(m, t) ? lock_try_write(m, lock) : lock_try_read(m, lock);

	return taken ? STEP_NEXT : STEP_BLOCKED;
}

/* slot->gmem.file = NULL: no fault finds it any more. */
static enum step_result gmem_file_forget(struct machine *m, struct task *t)
{
	file_of(m, t)->gmem_flags |= GMEM_CLOSED;
	return STEP_NEXT;
}

static bool has_more(const struct machine *m, const struct task *t)
{
	return allocates(m, t) && t->private.start < t->private.end;
}

/* kvm_gmem_get_folio(), and its reference is put at once. */
static enum step_result gmem_file_allocate(struct machine *m, struct task *t)
{
	struct private_op *op = &t->private;
	pfn_t pfn = cache_page(m, op->file, op->start);

	if (pfn != NO_PFN && page_is(m, pfn, PG_LOCKED))
		return STEP_BLOCKED;
	pfn = gmem_grab(m, op->file, op->start, HOLD_MM);
	page_put(m, pfn, HOLD_MM);
	op->start++;
	return STEP_BACK;
}

static bool invalidates(const struct machine *m, const struct task *t)
{
	return !allocates(m, t) && private_has_slot(m, t);
}

static bool must_flush(const struct machine *m, const struct task *t)
{
	return invalidates(m, t) && t->private.flush;
}

static enum step_result gmem_file_unlock(struct machine *m, struct task *t)
{
	struct lock *lock = &file_of(m, t)->invalidate_lock;

	if (closes(m, t))
		lock_release_write(m, lock);
	else
		lock_release_read(m, lock);
	return STEP_NEXT;
}

static enum step_result gmem_file_unlock_slots(struct machine *m, struct task *t)
{
	lock_release_write(m, &m->w->kvm.slots_lock);
	t->file = (struct file_op){ .verb = FILE_PUNCH, .file = t->private.file,
				    .end = t->private.end, .shrinks = true, .page = NO_PFN };
	return STEP_NEXT;
}

static bool evicts_batch(const struct machine *m, const struct task *t)
{
	return closes(m, t) && has_batch(m, t);
}

static enum step_result gmem_file_gone(struct machine *m, struct task *t)
{
	file_of(m, t)->used = false;
	return STEP_DONE;
}

#define RELEASE	"kvm_gmem_release"
#define BEGIN	RELEASE " > kvm_gmem_invalidate_begin"
#define END	RELEASE " > kvm_gmem_invalidate_end"
#define EVICT	"evict > truncate_inode_pages_final"

const struct step path_gmem_file[] = {
	STEP(begin_gmem_file, .chain = "kvm_gmem_fallocate"),
	STEP(gmem_file_fail, .when = fails, .chain = "memory_failure"),
	STEP(gmem_file_lock_slots, .when = closes, .chain = RELEASE),
	STEP(gmem_file_lock, .chain = RELEASE),
	STEP(gmem_file_forget, .when = closes, .chain = RELEASE),
	STEP(gmem_file_allocate, .when = has_more, .to = "gmem_file_allocate",
	     .chain = "kvm_gmem_fallocate > kvm_gmem_allocate > kvm_gmem_get_folio"),
	STEP_AS(gmem_file_lock_mmu, write_lock_mmu, .when = invalidates, .chain = BEGIN),
	STEP_AS(gmem_file_count, private_count, .when = invalidates,
		.chain = BEGIN " > kvm_mmu_invalidate_begin"),
	STEP_AS(gmem_file_zap, private_zap, .when = invalidates,
		.chain = BEGIN " > kvm_mmu_unmap_gfn_range"),
	STEP_AS(gmem_file_flush, private_flush, .when = must_flush,
		.chain = BEGIN " > kvm_flush_remote_tlbs"),
	STEP_AS(gmem_file_unlock_mmu, write_unlock_mmu, .when = invalidates, .chain = BEGIN),
	STEP_AS(gmem_file_lock_again, write_lock_mmu, .when = private_is_counted, .chain = END),
	STEP_AS(gmem_file_raise_seq, private_raise_seq, .when = private_is_counted,
		.chain = END " > kvm_mmu_invalidate_end"),
	STEP_AS(gmem_file_uncount, private_uncount, .when = private_is_counted,
		.chain = END " > kvm_mmu_invalidate_end"),
	STEP_AS(gmem_file_unlock_again, write_unlock_mmu, .when = private_has_locked,
		.chain = END),
	STEP(gmem_file_unlock, .chain = RELEASE),
	STEP(gmem_file_unlock_slots, .when = closes, .chain = RELEASE),
	STEP_AS(gmem_file_lock_batch, lock_batch, .when = closes, .chain = EVICT),
	STEP_AS(gmem_file_delete_batch, delete_batch, .when = evicts_batch,
		.to = "gmem_file_lock_batch", .chain = EVICT),
	STEP(gmem_file_gone, .when = closes, .chain = "evict"),
	{ 0 }
};
