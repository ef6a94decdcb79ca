/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_slot.c: memslots come, go, move, start and end logging.
 *
 * Linux: virt/kvm/kvm_main.c:__kvm_set_memory_region(), kvm_set_memslot(),
 * kvm_swap_active_memslots(); arch/x86/kvm/mmu/mmu.c:kvm_mmu_zap_all_fast(); 5.12 to 7.2.
 * Deleting does not raise the sequence: its safety is INVALID + SRCU + obsolete roots. A change is
 * made in the set that is not active and published; who read before goes on with what was.
 * SIMPLIFIED: one address space; what KVM writes into a TSS or an identity map of its own is not
 * modelled, nor that it goes with the VM, or up to 5.14 when APICv is inhibited.
 */
#include "model/errno.h"
#include "model/gmem.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"
#include "model/walker.h"

#define KVM_MEM_MAX_NR_PAGES	(BIT(31) - 1)
#define TASK_SIZE_MAX		(BIT(47) - PAGE_SIZE)

/* kvm_arch_nr_memslot_as_ids(): 0 and SMM, with private memory 0; generations move by as many. */
static unsigned address_spaces(const struct machine *m)
{
	return m->w->config.private_mem ? 1 : 2;
}

/* kvm_mmu_max_gfn() */
gfn_t max_gfn(const struct machine *m)
{
	unsigned bits = m->w->config.mmu == MMU_SHADOW ? 52 : physical_bits(m);

	return BIT(bits - PAGE_SHIFT) - 1;
}

/* kvm_mmu_invalidate_mmio_sptes(): the part of the generation that MMIO SPTEs carry is 0 again. */
static bool generation_wraps(const struct machine *m)
{
	u64 next = m->w->kvm.generation + address_spaces(m);
	u64 carried = spte_mmio_generation_of(spte_format_of(m), next);

	return !(carried & ~(u64)(address_spaces(m) - 1)) &&
	       !(m->sem->traits.wrap_asks_caching && m->w->config.no_mmio_caching);
}

bool mmio_generation_wraps(const struct machine *m, const struct task *t)
{
	return slot_publishes(m, t) && generation_wraps(m);
}

bool invalid_generation_wraps(const struct machine *m, const struct task *t)
{
	return slot_goes(m, t) && generation_wraps(m);
}

/* KVM_X86_QUIRK_SLOT_ZAP_ALL, since 6.12; before that there is no other way. */
bool slot_zaps_all(const struct machine *m, const struct task *t)
{
	return slot_goes(m, t) &&
	       !(m->sem->traits.slot_zap_quirk &&
		 (m->w->config.no_slot_zap_all || m->w->config.private_mem));
}

bool slot_zaps_itself(const struct machine *m, const struct task *t)
{
	return slot_goes(m, t) && !slot_zaps_all(m, t);
}

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

bool slot_publishes(const struct machine *m, const struct task *t)
{
	return slot_changes(m, t) || t->slot.reverts;
}

static bool log_begins_at_all(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && t->slot.change == SLOT_FLAGS &&
	       (t->slot.flags & KVM_MEM_LOG_DIRTY_PAGES) && !(t->slot.flags & KVM_MEM_READONLY);
}

bool log_begins(const struct machine *m, const struct task *t)
{
	return log_begins_at_all(m, t) && !(m->w->kvm.log_mode & LOG_INITIALLY_SET);
}

/* kvm.eager_page_split */
bool log_begins_eagerly(const struct machine *m, const struct task *t)
{
	return log_begins(m, t) && !m->w->config.no_eager_split;
}

bool log_begins_full(const struct machine *m, const struct task *t)
{
	return log_begins_at_all(m, t) && (m->w->kvm.log_mode & LOG_INITIALLY_SET);
}

bool log_ends(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && t->slot.change == SLOT_FLAGS &&
	       !(t->slot.flags & (KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY));
}

bool slot_call_runs(const struct machine *m, bool log)
{
	u8 by = m->w->kvm.slots_locked_by;

	return by == PATH_SLOT || (log && (by == PATH_DIRTY_LOG || by == PATH_CLEAR_LOG));
}

enum step_result slots_lock(struct machine *m, struct task *t)
{
	if (!lock_try_write(m, &m->w->kvm.slots_lock))
		return STEP_BLOCKED;
	m->w->kvm.slots_locked_by = t->frame[0].path;
	return STEP_NEXT;
}

void slots_release(struct machine *m)
{
	m->w->kvm.slots_locked_by = 0;
	lock_release_write(m, &m->w->kvm.slots_lock);
}

static bool overlaps_other(struct machine *m, const struct slot_op *op)
{
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
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
	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (!memslot_is(m, row, KVM_MEMSLOT_USED))
			return row;
	return NO_SLOT;
}

static bool slot_is_internal(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->slot.internal;
}

/* __x86_set_memory_region(): vm_mmap(MAP_SHARED | MAP_ANONYMOUS), in the VMM's own mm. */
static enum step_result map_internal(struct machine *m, struct task *t)
{
	const struct mmap_op *op = &t->mmap;

	if (memslot_of_id(m, t->slot.id) != NO_SLOT) {
		t->slot.error = -EEXIST;
		return STEP_NEXT;
	}
	m->w->file[op->object] = (struct file_state){ .used = true, .type = FILE_SHMEM,
						      .mount = MOUNT_SHARED_ANON,
						      .size = op->pages << PAGE_SHIFT,
						      .unlinked = true };
	return STEP_CALL;
}

/* The checks of kvm_vm_ioctl_set_memory_region() and __kvm_set_memory_region(), slot unseen. */
static enum step_result check_region(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	u64 size = op->npages << PAGE_SHIFT;
	int ids = op->internal ? KVM_MEM_SLOTS_NUM : KVM_USER_MEM_SLOTS;

	if (op->internal && !op->error)
		op->error = t->mmap.error;
	if (op->error)
		return STEP_NEXT;
	if (op->id < 0 || op->id >= ids)
		op->error = -EINVAL;
	else if (op->unaligned || (op->hva & ~PAGE_MASK) || op->npages > KVM_MEM_MAX_NR_PAGES)
		op->error = -EINVAL;
	else if (!gmem_flags_valid(m, op))	/* check_memory_region_flags() */
		op->error = -EINVAL;
	else if (op->hva > TASK_SIZE_MAX || size > TASK_SIZE_MAX - op->hva)	/* access_ok() */
		op->error = -EINVAL;
	return STEP_NEXT;
}

/* The others: what may change in a live slot. */
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
	op->old_flags = old->flags;
	if (!op->npages) {
		op->change = SLOT_DELETE;
	} else if ((op->flags | old->flags) & KVM_MEM_GUEST_MEMFD) {
		op->error = -EINVAL;
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

/* kvm_invalidate_memslot(): the set that is not active any more keeps the memslot as it was. */
enum step_result invalidate_slot(struct machine *m, struct task *t)
{
	struct memslot *slots = m->w->kvm.slots;
	int other = memslot_inactive(m, t->slot.row);

	slots[other] = slots[t->slot.row];
	slots[other].flags |= KVM_MEMSLOT_INVALID;
	memslot_insert(m, other);
	memslots_publish(m);
	t->slot.row = other;
	return STEP_NEXT;
}

/* synchronize_srcu_expedited(): whoever reads now, even if he has found what is published. */
enum step_result note_readers(struct machine *m, struct task *t)
{
	(void)t;
	srcu_note_readers(m);
	return STEP_NEXT;
}

/* Then nobody uses what was published before. */
enum step_result wait_for_readers(struct machine *m, struct task *t)
{
	(void)t;
	return m->w->kvm.srcu_readers ? STEP_BLOCKED : STEP_NEXT;
}

/* After kvm_arch_memslots_updated(): MMIO may be cached again. */
static enum step_result end_update(struct machine *m, struct task *t)
{
	struct kvm *kvm = &m->w->kvm;

	kvm->generation &= ~KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS;
	kvm->generation += address_spaces(m);
	if (!(kvm->slots[t->slot.row].flags & KVM_MEMSLOT_INVALID))
		memslots_propagate(m, t->slot.row);	/* kvm_activate_memslot() */
	return STEP_NEXT;
}

/* kvm_mmu_zap_all_fast(), up to 5.12: all under mmu_lock, the flush too */
enum step_result zap_all_roots(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	if (tdp_zap_all(m))
		flush_slot(m, t);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

/* Since 5.13, front half: mmu_lock for write */
enum step_result zap_all_fast(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	(void)t;
	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	tdp_invalidate_roots(m);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

/* Its back half, kvm_tdp_mmu_zap_invalidated_roots(): mmu_lock for read */
enum step_result zap_obsolete(struct machine *m, struct task *t)
{
	(void)t;
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_zap_invalid_roots(m);
	return STEP_NEXT;
}

/* kvm_arch_flush_shadow_memslot() without the quirk: this memslot's leaves, in every root */
enum step_result zap_slot(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	const struct memslot *slot = memslot_row(m, t->slot.row);
	bool zapped[2] = { false, false };

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	m->sem->ops.unmap_range(m, slot->base_gfn, slot->base_gfn + slot->npages, zapped);
	if (m->sem->ops.zap_flushes(m, zapped[0], zapped[1]))
		flush_slot(m, t);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

/* kvm_arch_prepare_memory_region(), since 5.18; an INVALID slot becomes what it was. */
enum step_result prepare_slot(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	bool placed = op->change == SLOT_CREATE || op->change == SLOT_MOVE;

	if (!placed || op->base_gfn + op->npages - 1 <= max_gfn(m))
		return STEP_NEXT;
	op->error = -EINVAL;
	op->reverts = op->change == SLOT_MOVE;
	return STEP_NEXT;
}

/* kvm_prepare_memory_region(): a bitmap that is new is empty, or full. */
static void prepare_bitmap(struct machine *m, const struct slot_op *op)
{
	bool logged = op->change != SLOT_CREATE && (op->old_flags & KVM_MEM_LOG_DIRTY_PAGES);

	if (logged && (op->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return;
	memslot_clear_dirty(m, op->row);
	if ((op->flags & KVM_MEM_LOG_DIRTY_PAGES) && (m->w->kvm.log_mode & LOG_INITIALLY_SET))
		memslot_fill_dirty(m, op->row);
}

static bool binds_gmem(const struct machine *m, const struct task *t)
{
	return slot_changes(m, t) && (t->slot.flags & KVM_MEM_GUEST_MEMFD);
}

static bool unbinds_gmem(const struct machine *m, const struct task *t)
{
	return slot_goes(m, t) && (t->slot.old_flags & KVM_MEM_GUEST_MEMFD);
}

/* kvm_gmem_bind(): bindings are stable while a hole is punched. */
static enum step_result bind_gmem(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;

	if (op->has_gmem && !lock_pass_read(m, &m->w->file[op->gmem].invalidate_lock))
		return STEP_BLOCKED;
	op->error = gmem_bind(m, op);
	return STEP_NEXT;
}

/* kvm_gmem_unbind(), under the same lock */
static enum step_result unbind_gmem(struct machine *m, struct task *t)
{
	unsigned file = m->w->kvm.slots[t->slot.row].gmem;

	return lock_pass_read(m, &m->w->file[file].invalidate_lock) ? STEP_NEXT : STEP_BLOCKED;
}

enum step_result commit_slot(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	struct memslot *slot;

	op->row = memslot_inactive(m, op->row);
	slot = &m->w->kvm.slots[op->row];
	if (op->change == SLOT_DELETE) {
		memslot_clear_dirty(m, op->row);
		*slot = (struct memslot){ 0 };
	} else if (!op->reverts) {	/* else it is there, as it was */
		*slot = (struct memslot){ .base_gfn = op->base_gfn, .npages = op->npages,
					  .userspace_addr = op->hva, .id = op->id,
					  .flags = op->flags | KVM_MEMSLOT_USED,
					  .gmem = op->gmem,
					  .gmem_index = op->gmem_offset >> PAGE_SHIFT };
		prepare_bitmap(m, op);
	}
	if (op->change != SLOT_DELETE)
		memslot_insert(m, op->row);
	memslots_publish(m);
	m->touched_all = true;	/* what its gfns stand for is another matter now */
	return STEP_NEXT;
}

/*
 * kvm_swap_active_memslots(), since 5.13: a memslot may not change between an invalidation's start
 * and its end. The count is read and the memslots are published under one mn_invalidate_lock.
 */
enum step_result swap_to_invalid(struct machine *m, struct task *t)
{
	return mn_active(m->w) ? STEP_BLOCKED : invalidate_slot(m, t);
}

enum step_result swap_to_new(struct machine *m, struct task *t)
{
	return mn_active(m->w) ? STEP_BLOCKED : commit_slot(m, t);
}

/* kvm_mmu_slot_try_split_huge_pages(), since 5.18 */
enum step_result split_slot(struct machine *m, struct task *t)
{
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_split_range(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages);
	return STEP_NEXT;
}

/*
 * kvm_mmu_slot_remove_write_access(), up to 5.12: the TDP MMU is not told that huge leaves would
 * do. The flush is outside of mmu_lock.
 */
static enum step_result protect_slot(struct machine *m, struct task *t)
{
	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_write_protect(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages, 1);
	return STEP_NEXT;
}

/* Since 5.13 mmu_lock is shared. */
enum step_result protect_slot_shared(struct machine *m, struct task *t)
{
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_write_protect(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages,
			  m->w->config.pml ? 2 : 1);
	return STEP_NEXT;
}

bool log_begins_by_dirty(const struct machine *m, const struct task *t)
{
	return log_begins(m, t) && m->w->config.pml;
}

/* kvm_mmu_slot_leaf_clear_dirty(), up to 5.12 */
static enum step_result clear_dirty_slot(struct machine *m, struct task *t)
{
	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_clear_dirty(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages);
	return STEP_NEXT;
}

/* kvm_mmu_slot_leaf_clear_dirty() since 5.13: beside faults */
enum step_result clear_dirty_slot_shared(struct machine *m, struct task *t)
{
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_clear_dirty(m, t->slot.base_gfn, t->slot.base_gfn + t->slot.npages);
	return STEP_NEXT;
}

enum step_result flush_slot(struct machine *m, struct task *t)
{
	(void)t;
	tlb_flush_all(m);
	return STEP_NEXT;
}

enum step_result slots_unlock(struct machine *m, struct task *t)
{
	/* from here on nothing may lead to it, or write unlogged what is clean in the log */
	if (slot_goes(m, t) || t->slot.dirty)
		m->touched_all = true;
	touch(m, OBJECT_RANGE, 0);	/* nobody flushes any more */
	slots_release(m);
	return STEP_DONE;
}

#define SLOT "kvm_set_memory_region > kvm_set_memslot"

#define WRAP	SLOT " > kvm_mmu_invalidate_mmio_sptes > kvm_mmu_zap_all_fast"

const struct step path_slot[] = {
	STEP(slots_lock, .chain = "kvm_set_memory_region"),
	STEP(map_internal, .when = slot_is_internal, .calls = PATH_MMAP,
	     .chain = "__x86_set_memory_region > vm_mmap"),
	STEP(check_region, .chain = "kvm_set_memory_region"),
	STEP(classify_change, .when = slot_ok, .chain = "kvm_set_memory_region"),
	STEP(bind_gmem, .when = binds_gmem, .chain = "kvm_set_memory_region > kvm_gmem_bind"),
	STEP(invalidate_slot, .when = slot_goes, .chain = SLOT),
	STEP_AS(note_readers_of_valid, note_readers, .when = slot_goes,
		.chain = SLOT " > synchronize_srcu_expedited"),
	STEP_AS(wait_for_readers_of_valid, wait_for_readers, .when = slot_goes,
		.chain = SLOT " > synchronize_srcu_expedited"),
	STEP_AS(zap_all_of_first_wrap, zap_all_roots, .when = invalid_generation_wraps,
		.chain = WRAP " > kvm_tdp_mmu_zap_all"),
	STEP_AS(end_update_to_invalid, end_update, .when = slot_goes, .chain = SLOT),
	STEP_AS(zap_all_fast, zap_all_roots, .when = slot_zaps_all,
		.chain = SLOT " > kvm_mmu_zap_all_fast > kvm_tdp_mmu_zap_all"),
	STEP(unbind_gmem, .when = unbinds_gmem, .chain = SLOT " > kvm_gmem_unbind"),
	STEP(commit_slot, .when = slot_publishes, .chain = SLOT),
	STEP(note_readers, .when = slot_publishes,
	     .chain = SLOT " > synchronize_srcu_expedited"),
	STEP(wait_for_readers, .when = slot_publishes,
	     .chain = SLOT " > synchronize_srcu_expedited"),
	STEP_AS(zap_all_of_wrap, zap_all_roots, .when = mmio_generation_wraps,
		.chain = WRAP " > kvm_tdp_mmu_zap_all"),
	STEP(end_update, .when = slot_publishes, .chain = SLOT),
	STEP(clear_dirty_slot, .when = log_begins_by_dirty,
	     .chain = SLOT " > kvm_mmu_slot_leaf_clear_dirty"),
	STEP(protect_slot, .when = log_begins,
	     .chain = SLOT " > kvm_mmu_slot_remove_write_access"),
	STEP_AS(protect_full_slot, protect_slot, .when = log_begins_full,
	     .chain = SLOT " > kvm_mmu_slot_remove_write_access"),
	STEP(flush_slot, .when = log_begins_at_all,
	     .chain = SLOT " > kvm_flush_remote_tlbs_memslot"),
	STEP(collapse_slot, .when = log_ends, .chain = SLOT " > kvm_mmu_zap_collapsible_sptes"),
	STEP(alloc_apic_page, .when = apic_slot_looks_up, .calls = PATH_FOLLOW,
	     .chain = "kvm_alloc_apic_access_page > gfn_to_page"),
	STEP(put_apic_page, .when = apic_slot_looks_up,
	     .chain = "kvm_alloc_apic_access_page > put_page"),
	STEP(enable_apic_page, .when = apic_slot_is_made, .chain = "kvm_alloc_apic_access_page"),
	STEP(slots_unlock, .chain = "kvm_set_memory_region"),
	{ 0 }
};
