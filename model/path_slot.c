/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_slot.c: memslots come, go and start logging; the dirty log is read.
 *
 * Linux: virt/kvm/kvm_main.c:__kvm_set_memory_region(), kvm_set_memslot(),
 * kvm_swap_active_memslots(); arch/x86/kvm/mmu/mmu.c:kvm_mmu_zap_all_fast(); 5.12 to 7.2.
 * Deleting does not raise the sequence: its safety is INVALID + SRCU + obsolete roots.
 * SIMPLIFIED: SRCU readers are not modelled; one address space; write protection, not PML.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

#define EINVAL	22
#define EEXIST	17
#define ENOENT	2

enum { ADDRESS_SPACES = 2 };	/* x86: 0 and SMM; the generation moves by as many */

bool slot_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->slot.error;
}

bool slot_goes(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && (t->slot.change == SLOT_DELETE || t->slot.change == SLOT_MOVE);
}

/* __kvm_set_memory_region() returns early if nothing changes. */
bool slot_changes(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && t->slot.change != SLOT_NOTHING;
}

bool log_begins(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && t->slot.change == SLOT_FLAGS &&
	       (t->slot.flags & KVM_MEM_LOG_DIRTY_PAGES) && !(t->slot.flags & KVM_MEM_READONLY);
}

static enum step_result slots_lock(struct machine *m, struct task *t)
{
	if (!lock_try_write(&m->w->kvm.slots_lock, t - m->w->task))
		return STEP_BLOCKED;
	return STEP_NEXT;
}

static bool overlaps_other(struct machine *m, const struct slot_op *op)
{
	for (int row = 0; row < MAX_SLOTS; row++) {
		const struct memslot *slot = memslot_row(m, row);

		if (!(slot->flags & KVM_MEMSLOT_USED) || slot->id == op->id)
			continue;
		if (op->base_gfn < slot->base_gfn + slot->npages &&
		    slot->base_gfn < op->base_gfn + op->npages)
			return true;
	}
	return false;
}

static int free_row(struct machine *m)
{
	for (int row = 0; row < MAX_SLOTS; row++)
		if (!memslot_is(m, row, KVM_MEMSLOT_USED))
			return row;
	return NO_SLOT;
}

/* The checks of __kvm_set_memory_region(): what may change in a live slot. */
static enum step_result classify_change(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	const struct memslot *old;

	op->row = memslot_of_id(m, op->id);
	if (op->row == NO_SLOT) {
		op->change = SLOT_CREATE;
		op->row = free_row(m);
		op->error = !op->npages || op->row == NO_SLOT ? -EINVAL :
			    overlaps_other(m, op) ? -EEXIST : 0;
		return STEP_NEXT;
	}
	old = memslot_row(m, op->row);
	if (!op->npages) {
		op->change = SLOT_DELETE;
	} else if (op->hva != old->userspace_addr || op->npages != old->npages ||
		   ((op->flags ^ old->flags) & KVM_MEM_READONLY)) {
		op->error = -EINVAL;
	} else if (op->base_gfn != old->base_gfn) {
		op->change = SLOT_MOVE;
		op->error = overlaps_other(m, op) ? -EEXIST : 0;
	} else {
		op->change = (op->flags ^ old->flags) & KVM_MEM_LOG_DIRTY_PAGES ? SLOT_FLAGS :
										  SLOT_NOTHING;
	}
	return STEP_NEXT;
}

enum step_result invalidate_slot(struct machine *m, struct task *t)
{
	m->w->kvm.slots[t->slot.row].flags |= KVM_MEMSLOT_INVALID;
	m->w->kvm.generation += ADDRESS_SPACES;
	return STEP_NEXT;
}

/* kvm_mmu_zap_all_fast(), front half: mmu_lock for write */
static enum step_result zap_all_fast(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	if (!lock_try_write(mmu_lock, t - m->w->task))
		return STEP_BLOCKED;
	tdp_invalidate_roots(m);
	lock_release_write(mmu_lock, t - m->w->task);
	return STEP_NEXT;
}

/* Its back half, kvm_tdp_mmu_zap_invalidated_roots(): mmu_lock for read */
static enum step_result zap_obsolete(struct machine *m, struct task *t)
{
	(void)t;
	if (m->w->kvm.mmu_lock.writer)
		return STEP_BLOCKED;
	tdp_zap_invalid_roots(m);
	return STEP_NEXT;
}

enum step_result commit_slot(struct machine *m, struct task *t)
{
	const struct slot_op *op = &t->slot;
	struct memslot *slot = &m->w->kvm.slots[op->row];

	if (op->change == SLOT_DELETE) {
		memslot_clear_dirty(m, op->row);
		*slot = (struct memslot){ 0 };
	} else {
		*slot = (struct memslot){ .base_gfn = op->base_gfn, .npages = op->npages,
					  .userspace_addr = op->hva, .id = op->id,
					  .flags = op->flags | KVM_MEMSLOT_USED };
		if (op->change == SLOT_CREATE || !(op->flags & KVM_MEM_LOG_DIRTY_PAGES))
			memslot_clear_dirty(m, op->row);	/* kvm_prepare_memory_region() */
	}
	m->w->kvm.generation += ADDRESS_SPACES;
	m->touched_all = true;	/* what its gfns stand for is another matter now */
	return STEP_NEXT;
}

/*
 * kvm_swap_active_memslots(), since 5.13: a memslot may not change between an invalidation's start
 * and its end. The count is read and the memslots are published under one mn_invalidate_lock.
 */
enum step_result swap_to_invalid(struct machine *m, struct task *t)
{
	return m->w->kvm.mn_active ? STEP_BLOCKED : invalidate_slot(m, t);
}

enum step_result swap_to_new(struct machine *m, struct task *t)
{
	return m->w->kvm.mn_active ? STEP_BLOCKED : commit_slot(m, t);
}

/* kvm_mmu_slot_try_split_huge_pages(), since 5.18: kvm.eager_page_split=Y */
enum step_result split_slot(struct machine *m, struct task *t)
{
	if (m->w->kvm.mmu_lock.writer)
		return STEP_BLOCKED;
	tdp_split_range(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages);
	return STEP_NEXT;
}

/* kvm_mmu_slot_apply_flags(): write-protect under the read lock, then flush outside of it. */
static enum step_result protect_slot(struct machine *m, struct task *t)
{
	if (m->w->kvm.mmu_lock.writer)
		return STEP_BLOCKED;
	tdp_write_protect(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages, false);
	return STEP_NEXT;
}

static enum step_result flush_slot(struct machine *m, struct task *t)
{
	(void)t;
	note(m, &(struct note){ .kind = NOTE_FLUSH, .name = "flush_remote_tlbs" });
	tlb_flush_all(m);
	return STEP_NEXT;
}

static enum step_result slots_unlock(struct machine *m, struct task *t)
{
	lock_release_write(&m->w->kvm.slots_lock, t - m->w->task);
	return STEP_DONE;
}

#define SLOT "kvm_set_memory_region > kvm_set_memslot"

const struct step path_slot[] = {
	STEP(slots_lock, .chain = "kvm_set_memory_region"),
	STEP(classify_change, .chain = "kvm_set_memory_region"),
	STEP(invalidate_slot, .when = slot_goes, .chain = SLOT),
	STEP(zap_all_fast, .when = slot_goes, .chain = SLOT " > kvm_mmu_zap_all_fast"),
	STEP(zap_obsolete, .when = slot_goes,
	     .chain = SLOT " > kvm_mmu_zap_all_fast > kvm_tdp_mmu_zap_invalidated_roots"),
	STEP(commit_slot, .when = slot_changes, .chain = SLOT),
	STEP(protect_slot, .when = log_begins,
	     .chain = SLOT " > kvm_mmu_slot_remove_write_access"),
	STEP(flush_slot, .when = log_begins, .chain = SLOT " > kvm_flush_remote_tlbs_memslot"),
	STEP(slots_unlock, .chain = "kvm_set_memory_region"),
	{ 0 }
};

/* ---- KVM_GET_DIRTY_LOG, without KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 ---- */

static enum step_result find_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;

	op->row = memslot_of_id(m, op->id);
	if (!memslot_is(m, op->row, KVM_MEM_LOG_DIRTY_PAGES))
		op->error = -ENOENT;
	return STEP_NEXT;
}

static void report_word(struct machine *m, struct slot_op *op, u64 word, u64 bits)
{
	gfn_t base = memslot_row(m, op->row)->base_gfn;

	for (u64 bit = 0; bit < 64; bit++)
		if (bits & BIT(bit)) {
			gfn_t gfn = base + word * 64 + bit;

			op->dirty++;
			note(m, &(struct note){ .kind = NOTE_STAT, .name = "dirty", .gfn = gfn,
						.value = word * 64 + bit });
			tdp_write_protect(m, gfn, gfn + 1, true);
		}
}

/* kvm_get_dirty_log_protect(): xchg each word, re-arm its pages. */
static enum step_result harvest_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	u64 words = (memslot_row(m, op->row)->npages + 63) / 64;

	if (!lock_try_write(mmu_lock, t - m->w->task))
		return STEP_BLOCKED;
	for (u64 word = 0; word < words; word++) {
		u64 bits = memslot_dirty_word(m, op->row, word);

		if (!bits)
			continue;
		memslot_set_dirty_word(m, op->row, word, 0);
		report_word(m, op, word, bits);
	}
	lock_release_write(mmu_lock, t - m->w->task);
	return STEP_NEXT;
}

static bool log_was_dirty(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && t->slot.dirty;
}

#define LOG "kvm_vm_ioctl_get_dirty_log > kvm_get_dirty_log_protect"

const struct step path_dirty_log[] = {
	STEP(slots_lock, .chain = "kvm_vm_ioctl_get_dirty_log"),
	STEP(find_log, .chain = LOG),
	STEP(harvest_log, .when = slot_ok,
	     .chain = LOG " > kvm_arch_mmu_enable_log_dirty_pt_masked"),
	STEP(flush_slot, .when = log_was_dirty, .chain = LOG " > kvm_flush_remote_tlbs_memslot"),
	STEP(slots_unlock, .chain = "kvm_vm_ioctl_get_dirty_log"),
	{ 0 }
};
