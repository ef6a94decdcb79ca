/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_gmem.c: faults on a guest's private memory, and who takes it away.
 *
 * Linux: virt/kvm/guest_memfd.c:kvm_gmem_get_pfn(), kvm_gmem_punch_hole(), virt/kvm/kvm_main.c:
 * kvm_vm_set_mem_attributes(), arch/x86/kvm/mmu/mmu.c:kvm_faultin_pfn_private() (6.8),
 * kvm_mmu_faultin_pfn_gmem() (7.2). No MMU notifier tells of these pages: who punches a hole
 * or changes attributes opens an invalidation of its own, by gfn.
 * SIMPLIFIED: one file for each inode; no NUMA policies; nothing is encrypted.
 */
#include "model/errno.h"
#include "model/gmem.h"

#include "model/machine.h"
#include "model/memslot.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"

/* ---- the fault ---- */

bool fault_mismatches(const struct machine *m, const struct task *t)
{
	return fault_continues(m, t) && t->fault.is_private != gfn_is_private(m, t->fault.gfn);
}

/* kvm_mmu_prepare_memory_fault_exit() */
enum step_result exit_memory_fault(struct machine *m, struct task *t)
{
	(void)m;
	t->fault.ret = RET_PF_ERROR;
	t->fault.error = -EFAULT;
	t->fault.memory_fault = true;
	t->fault.unused_page = false;
	return STEP_NEXT;
}

bool fault_is_private(const struct machine *m, const struct task *t)
{
	const struct fault *f = &t->fault;

	return fault_continues(m, t) &&
	       (f->is_private || memslot_is((struct machine *)m, f->slot, KVM_MEMSLOT_GMEM_ONLY));
}

/* kvm_gmem_get_folio(): filemap_grab_folio(), with FGP_ACCESSED until 6.18 */
pfn_t gmem_grab(struct machine *m, unsigned file, u64 index, enum holder holder)
{
	pfn_t pfn = cache_page(m, file, index);

	if (pfn == NO_PFN) {
		pfn = cache_add(m, file, index, 0, holder);
		if (!m->sem->traits.gmem_mmap)
			page_of(m, pfn)->flags |= PG_REFERENCED;
		return pfn;
	}
	page_try_get_folio(m, pfn, holder, 1);
	if (!m->sem->traits.gmem_mmap)
		m->sem->ops.mark_accessed(m, pfn);
	return pfn;
}

/* Before c31745d2c508 (6.10) the reference is forgotten. */
static enum step_result refuse_poisoned(struct machine *m, struct task *t, pfn_t pfn)
{
	if (!m->sem->traits.gmem_poison_leaks)
		page_put(m, pfn, HOLD_FAULT);
	exit_memory_fault(m, t);
	t->fault.error = -EHWPOISON;
	return STEP_NEXT;
}

/* kvm_gmem_get_pfn(): max_order is 0; the reference is the caller's, as one of GUP's would be. */
enum step_result faultin_gmem(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;
	const struct memslot *slot;
	pfn_t pfn;
	u64 index;

	if (!memslot_is(m, f->slot, KVM_MEM_GUEST_MEMFD) ||
	    (m->w->file[memslot_row(m, f->slot)->gmem].gmem_flags & GMEM_CLOSED))
		return exit_memory_fault(m, t);
	slot = memslot_row(m, f->slot);
	index = slot->gmem_index + (f->gfn - slot->base_gfn);
	pfn = cache_page(m, slot->gmem, index);
	if (pfn != NO_PFN && page_is(m, pfn, PG_LOCKED))
		return STEP_BLOCKED;
	follow_init(&t->follow, f->gfn, f->slot, f->write ? FOLL_WRITE : 0);
	m->sem->ops.fault_args(m, &t->follow);
	t->follow.hva = memslot_hva(m, f->slot, f->gfn, false);	/* for laws */
	pfn = gmem_grab(m, slot->gmem, index, HOLD_FAULT);
	if (page_is(m, pfn, PG_HWPOISON))
		return refuse_poisoned(m, t, pfn);
	m->sem->ops.own_page(m, t, pfn);
	t->follow.writable = true;
	follow_finish(t, pfn);
	return STEP_BACK;
}

/* ---- an invalidation by gfn ---- */

/* What of @row's gfns is meant: all that the file has in the range, or all in the range. */
static bool meant(struct machine *m, const struct task *t, int row, gfn_t *lo, gfn_t *hi)
{
	const struct private_op *op = &t->private;
	const struct memslot *slot = memslot_row(m, row);
	bool by_file = op->verb != SET_ATTRIBUTES;
	u64 base = by_file ? slot->gmem_index : slot->base_gfn;
	u64 start = op->start > base ? op->start : base;
	u64 end = op->end < base + slot->npages ? op->end : base + slot->npages;

	if (!(slot->flags & KVM_MEMSLOT_USED) || start >= end)
		return false;
	if (by_file && (!(slot->flags & KVM_MEM_GUEST_MEMFD) || slot->gmem != op->file))
		return false;
	*lo = slot->base_gfn + (start - base);
	*hi = slot->base_gfn + (end - base);
	return true;
}

bool private_has_slot(const struct machine *m, const struct task *t)
{
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (meant((struct machine *)m, t, row, &lo, &hi))
			return true;
	return false;
}

/* kvm_mmu_invalidate_range_add() */
static void add_gfns(struct kvm *kvm, gfn_t lo, gfn_t hi)
{
	bool first = kvm->range_start == kvm->range_end;

	if (first || lo < kvm->range_start)
		kvm->range_start = lo;
	if (first || hi > kvm->range_end)
		kvm->range_end = hi;
}

/* Huge pages that stop being uniform at its ends, since 9129633d568e (6.15, 6.12.29) */
static void add_huge_ends(struct machine *m, int row, gfn_t lo, gfn_t hi)
{
	const struct memslot *slot = memslot_row(m, row);

	for (unsigned level = 2; level <= 3; level++) {
		gfn_t ends[2] = { lo, hi - 1 }, pages = level_pages(level);

		for (unsigned i = 0; i < 2; i++) {
			gfn_t start = ends[i] & ~(pages - 1);

			if ((start < lo || start + pages > hi) && start >= slot->base_gfn &&
			    start + pages <= slot->base_gfn + slot->npages &&
			    !attributes_mixed(m, start, level))
				add_gfns(&m->w->kvm, start, start + pages);
		}
	}
}

/* kvm_mmu_invalidate_begin(): mn_active_invalidate_count is the notifier's alone. */
enum step_result private_count(struct machine *m, struct task *t)
{
	gfn_t lo, hi;

	m->w->kvm.in_progress++;
	m->w->kvm.private_ranges++;
	t->private.counted = true;
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		if (!meant(m, t, row, &lo, &hi))
			continue;
		add_gfns(&m->w->kvm, lo, hi);
		if (t->private.verb == SET_ATTRIBUTES && m->sem->traits.attributes_add_huge)
			add_huge_ends(m, row, lo, hi);
	}
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

/* kvm_mmu_unmap_gfn_range(): whatever a gfn was, what it becomes is decided by a new fault. */
enum step_result private_zap(struct machine *m, struct task *t)
{
	bool zapped[2] = { false, false };
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (meant(m, t, row, &lo, &hi))
			m->sem->ops.unmap_range(m, lo, hi, zapped);
	t->private.flush = m->sem->ops.zap_flushes(m, zapped[0], zapped[1]);
	return STEP_NEXT;
}

static bool must_flush(const struct machine *m, const struct task *t)
{
	return private_has_slot(m, t) && t->private.flush;
}

enum step_result private_flush(struct machine *m, struct task *t)
{
	tlb_flush_all(m);
	t->private.flush = false;
	return STEP_NEXT;
}

/* Bindings are stable, but for a memslot that is not visible yet: who began it ends it. */
bool private_is_counted(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->private.counted;
}

bool private_has_locked(const struct machine *m, const struct task *t)
{
	return m->w->kvm.mmu_lock.writer == (t - m->w->task) + 1;
}

/* kvm_mmu_invalidate_end(): the sequence first, for checks that do without mmu_lock */
enum step_result private_raise_seq(struct machine *m, struct task *t)
{
	(void)t;
	m->w->kvm.mmu_seq++;
	return STEP_NEXT;
}

enum step_result private_uncount(struct machine *m, struct task *t)
{
	struct kvm *kvm = &m->w->kvm;

	t->private.counted = false;
	kvm->private_ranges--;
	if (--kvm->in_progress == 0)
		kvm->range_start = kvm->range_end = 0;
	touch(m, OBJECT_NOTIFIER, 0);
	m->touched_all = true;	/* what these gfns have to map is another matter now */
	return STEP_NEXT;
}

/* ---- KVM_CREATE_GUEST_MEMFD, fallocate(FALLOC_FL_PUNCH_HOLE) ---- */

static bool creates(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->private.verb == GMEM_CREATE;
}

/* kvm_gmem_create(); shared memory is for VMs that have no private one. */
static enum step_result gmem_create(struct machine *m, struct task *t)
{
	struct private_op *op = &t->private;
	u8 known = !m->sem->traits.gmem_mmap ? 0 :
		   m->w->config.private_mem ? GMEM_MMAP : GMEM_MMAP | GMEM_INIT_SHARED;

	if (!m->sem->traits.gmem)
		op->error = -ENOTTY;
	else if ((op->flags & ~known) || !op->size || op->size % PAGE_SIZE ||
		 op->size > MAX_FILE_SIZE)
		op->error = -EINVAL;
	else
		m->w->file[op->file] = (struct file_state){
			.used = true, .type = FILE_GMEM, .size = op->size,
			.gmem_flags = op->flags };
	return STEP_DONE;
}

static enum step_result gmem_punch(struct machine *m, struct task *t)
{
	struct private_op *op = &t->private;

	if (!m->w->file[op->file].used)
		op->error = -EBADF;
	else if (!op->size || (op->offset | op->size) % PAGE_SIZE)
		op->error = -EINVAL;
	if (op->error)
		return STEP_DONE;
	if (!lock_try_write(m, &m->w->file[op->file].invalidate_lock))
		return STEP_BLOCKED;
	op->start = op->offset >> PAGE_SHIFT;
	op->end = (op->offset + op->size) >> PAGE_SHIFT;
	t->file = (struct file_op){ .verb = FILE_PUNCH, .file = op->file, .index = op->start,
				    .end = op->end, .at = op->start, .shrinks = true,
				    .page = NO_PFN };
	return STEP_NEXT;
}

static enum step_result gmem_punched(struct machine *m, struct task *t)
{
	lock_release_write(m, &m->w->file[t->private.file].invalidate_lock);
	return STEP_DONE;
}

#define PUNCH	"kvm_gmem_fallocate > kvm_gmem_punch_hole"
#define BEGIN	PUNCH " > kvm_gmem_invalidate_begin"
#define END	PUNCH " > kvm_gmem_invalidate_end"

const struct step path_gmem[] = {
	STEP(gmem_create, .when = creates, .chain = "kvm_gmem_create"),
	STEP(gmem_punch, .chain = PUNCH),
	STEP_AS(private_lock, write_lock_mmu, .when = private_has_slot, .chain = BEGIN),
	STEP(private_count, .when = private_has_slot, .chain = BEGIN " > kvm_mmu_invalidate_begin"),
	STEP(private_zap, .when = private_has_slot, .chain = BEGIN " > kvm_mmu_unmap_gfn_range"),
	STEP(private_flush, .when = must_flush, .chain = BEGIN " > kvm_flush_remote_tlbs"),
	STEP_AS(private_unlock, write_unlock_mmu, .when = private_has_slot, .chain = BEGIN),
	STEP_AS(private_lock_batch, lock_batch,
		.chain = PUNCH " > truncate_inode_pages_range > find_lock_entries"),
	STEP_AS(private_unmap_batch, unmap_batch, .when = batch_is_mapped, .calls = PATH_UNMAP,
		.to = "private_unmap_batch",
		.chain = PUNCH " > truncate_inode_pages_range > truncate_cleanup_folio"),
	STEP_AS(private_delete_batch, delete_batch, .when = has_batch, .to = "private_lock_batch",
		.chain = PUNCH " > truncate_inode_pages_range > delete_from_page_cache_batch"),
	STEP_AS(private_lock_again, write_lock_mmu, .when = private_is_counted, .chain = END),
	STEP(private_raise_seq, .when = private_is_counted,
	     .chain = END " > kvm_mmu_invalidate_end"),
	STEP(private_uncount, .when = private_is_counted, .chain = END " > kvm_mmu_invalidate_end"),
	STEP_AS(private_unlock_again, write_unlock_mmu, .when = private_has_locked, .chain = END),
	STEP(gmem_punched, .chain = PUNCH),
	{ 0 }
};

/* ---- KVM_SET_MEMORY_ATTRIBUTES ---- */

static bool attributes_change(const struct machine *m, const struct task *t)
{
	const struct private_op *op = &t->private;

	return !op->error && m->w->kvm.slots_lock.writer == (t - m->w->task) + 1;
}

static bool attributes_zap(const struct machine *m, const struct task *t)
{
	return attributes_change(m, t) && private_has_slot(m, t);
}

static bool attributes_flush(const struct machine *m, const struct task *t)
{
	return attributes_change(m, t) && must_flush(m, t);
}

/* kvm_vm_ioctl_set_mem_attributes() */
static enum step_result check_attributes(struct machine *m, struct task *t)
{
	struct private_op *op = &t->private;

	if (!m->sem->traits.gmem)
		op->error = -ENOTTY;
	else if ((op->is_private && !m->w->config.private_mem) || !op->size ||
		 (op->offset | op->size) % PAGE_SIZE)
		op->error = -EINVAL;
	op->start = op->offset >> PAGE_SHIFT;
	op->end = (op->offset + op->size) >> PAGE_SHIFT;
	return op->error ? STEP_DONE : STEP_NEXT;
}

/* kvm_vm_set_mem_attributes() */
static enum step_result begin_attributes(struct machine *m, struct task *t)
{
	const struct private_op *op = &t->private;

	if (!lock_try_write(m, &m->w->kvm.slots_lock))
		return STEP_BLOCKED;
	if (attributes_are(m, op->start, op->end, op->is_private)) {
		lock_release_write(m, &m->w->kvm.slots_lock);
		return STEP_DONE;
	}
	return STEP_NEXT;
}

/* Between the two: who faults now sees the old or the new, and is stale either way. */
static enum step_result attributes_store(struct machine *m, struct task *t)
{
	attributes_set(m, t->private.start, t->private.end, t->private.is_private);
	return STEP_NEXT;
}

static enum step_result attributes_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.slots_lock);
	return STEP_DONE;
}

#define SET	"kvm_vm_set_mem_attributes"
#define PRE	SET " > kvm_handle_gfn_range"

const struct step path_attributes[] = {
	STEP(check_attributes, .chain = "kvm_vm_ioctl_set_mem_attributes"),
	STEP(begin_attributes, .chain = SET),
	STEP_AS(attributes_lock_mmu, write_lock_mmu, .when = attributes_zap, .chain = PRE),
	STEP_AS(attributes_count, private_count, .when = attributes_zap,
		.chain = PRE " > kvm_mmu_invalidate_begin"),
	STEP_AS(attributes_zap, private_zap, .when = attributes_zap,
		.chain = PRE " > kvm_pre_set_memory_attributes > kvm_unmap_gfn_range"),
	STEP_AS(attributes_flush, private_flush, .when = attributes_flush,
		.chain = PRE " > kvm_flush_remote_tlbs"),
	STEP_AS(attributes_unlock_mmu, write_unlock_mmu, .when = attributes_zap, .chain = PRE),
	STEP(attributes_store, .chain = SET),
	STEP_AS(attributes_lock_again, write_lock_mmu, .when = private_is_counted, .chain = PRE),
	STEP_AS(attributes_raise_seq, private_raise_seq, .when = private_is_counted,
		.chain = PRE " > kvm_mmu_invalidate_end"),
	STEP_AS(attributes_uncount, private_uncount, .when = private_is_counted,
		.chain = PRE " > kvm_mmu_invalidate_end"),
	STEP_AS(attributes_unlock_again, write_unlock_mmu, .when = private_has_locked,
		.chain = PRE),
	STEP(attributes_unlock, .when = attributes_change, .chain = SET),
	{ 0 }
};
