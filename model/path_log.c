/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_log.c: the dirty log is read and cleared; logging ends.
 *
 * Linux: virt/kvm/kvm_main.c:kvm_get_dirty_log_protect(), kvm_clear_dirty_log_protect(),
 * KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2; arch/x86/kvm/mmu/mmu.c:kvm_mmu_slot_apply_flags(),
 * kvm_arch_mmu_enable_log_dirty_pt_masked(); 5.12 to 7.2. Bits go under mmu_lock, TLBs are
 * flushed after it: before userspace has the bits, nobody writes unseen.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

static bool is_manual(const struct machine *m)
{
	return m->w->kvm.log_mode & LOG_MANUAL;
}

static bool log_rearms(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && (t->frame[0].path == PATH_CLEAR_LOG || !is_manual(m));
}

static bool log_is_copied(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && is_manual(m);
}

static bool log_was_dirty(const struct machine *m, const struct task *t)
{
	return log_rearms(m, t) && t->slot.dirty;
}

static enum step_result find_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;

	op->row = memslot_of_id(m, op->id);
	if (op->id >= KVM_USER_MEM_SLOTS)
		op->error = -EINVAL;
	else if (!memslot_is(m, op->row, KVM_MEM_LOG_DIRTY_PAGES))
		op->error = -ENOENT;
	return STEP_NEXT;
}

static void report_page(struct machine *m, struct slot_op *op, u64 page)
{
	op->dirty++;
	note(m, &(struct note){ .kind = NOTE_STAT, .name = "dirty", .value = page,
				.gfn = memslot_row(m, op->row)->base_gfn + page });
}

/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: copied as it is; KVM_CLEAR_DIRTY_LOG does the rest. */
static enum step_result copy_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;

	for (u64 page = 0; page < memslot_row(m, op->row)->npages; page++)
		if (memslot_dirty_word(m, op->row, page / 64) & BIT(page % 64))
			report_page(m, op, page);
	return STEP_NEXT;
}

/* xchg of each word, whose pages are re-armed. */
static enum step_result harvest_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	gfn_t base = memslot_row(m, op->row)->base_gfn;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	for (u64 page = 0; page < memslot_row(m, op->row)->npages; page++) {
		u64 bits = memslot_dirty_word(m, op->row, page / 64);

		if (!(bits & BIT(page % 64)))
			continue;
		memslot_set_dirty_word(m, op->row, page / 64, bits & ~BIT(page % 64));
		report_page(m, op, page);
		m->sem->ops.rearm(m, base + page);
	}
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

#define LOG "kvm_vm_ioctl_get_dirty_log > kvm_get_dirty_log_protect"

const struct step path_dirty_log[] = {
	STEP(slots_lock, .chain = "kvm_vm_ioctl_get_dirty_log"),
	STEP(find_log, .chain = LOG),
	STEP(copy_log, .when = log_is_copied, .chain = LOG),
	STEP(harvest_log, .when = log_rearms,
	     .chain = LOG " > kvm_arch_mmu_enable_log_dirty_pt_masked"),
	STEP(flush_slot, .when = log_was_dirty, .chain = LOG " > kvm_flush_remote_tlbs_memslot"),
	STEP(slots_unlock, .chain = "kvm_vm_ioctl_get_dirty_log"),
	{ 0 }
};

/* ---- KVM_CLEAR_DIRTY_LOG ---- */

static enum step_result check_clear(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	u64 npages;

	if (op->error || (op->first & 63)) {
		op->error = op->first & 63 ? -EINVAL : op->error;
		return STEP_NEXT;
	}
	npages = memslot_row(m, op->row)->npages;
	if (op->first > npages || op->pages > npages - op->first ||
	    (op->pages < npages - op->first && (op->pages & 63)))
		op->error = -EINVAL;
	return STEP_NEXT;
}

bool clears_full_log(const struct machine *m, const struct task *t)
{
	return slot_ok(m, t) && (m->w->kvm.log_mode & LOG_INITIALLY_SET);
}

/* ALIGN(): up, so that an end which begins a huge page is taken to be in the one before. */
static gfn_t next_huge(gfn_t gfn)
{
	return (gfn + level_pages(2) - 1) & ~(level_pages(2) - 1);
}

struct cleared cleared_mask(gfn_t first, u64 mask)
{
	struct cleared c = { first, first, false };

	if (!mask)
		return c;
	c.start += __builtin_ctzll(mask);
	c.end += 64 - __builtin_clzll(mask);
	c.protects_last = next_huge(c.start) != next_huge(c.end - 1);
	return c;
}

/*
 * Huge leaves stay writable when logging begins initially-all-set: since 5.13 those of the pages
 * that are cleared are split then, or with kvm.eager_page_split=N write-protected.
 */
enum step_result split_cleared(struct machine *m, struct task *t)
{
	const struct slot_op *op = &t->slot;
	gfn_t base = memslot_row(m, op->row)->base_gfn;

	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	for (u64 page = op->first; page < op->first + op->pages; page += 64) {
		struct cleared c = cleared_mask(base + page,
						memslot_dirty_word(m, op->row, page / 64));
		bool all = m->sem->traits.clear_splits_last;

		if (c.start == c.end)
			continue;
		if (!m->w->config.no_eager_split)
			tdp_split_range(m, c.start, all ? c.end : c.end - 1);
		tdp_write_protect_huge(m, c.start);
		if (c.protects_last)
			tdp_write_protect_huge(m, c.end - 1);
	}
	return STEP_NEXT;
}

/* kvm_clear_dirty_log_protect(): the caller's bitmap is all ones. */
static enum step_result clear_log(struct machine *m, struct task *t)
{
	struct slot_op *op = &t->slot;
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	gfn_t base = memslot_row(m, op->row)->base_gfn;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	for (u64 page = op->first; page < op->first + op->pages; page++) {
		u64 bits = memslot_dirty_word(m, op->row, page / 64);

		if (!(bits & BIT(page % 64)))
			continue;
		memslot_set_dirty_word(m, op->row, page / 64, bits & ~BIT(page % 64));
		op->dirty++;
		m->sem->ops.rearm(m, base + page);
	}
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

#define CLEAR "kvm_vm_ioctl_clear_dirty_log > kvm_clear_dirty_log_protect"

const struct step path_clear_log[] = {
	STEP(slots_lock, .chain = "kvm_vm_ioctl_clear_dirty_log"),
	STEP(find_log, .chain = CLEAR),
	STEP(check_clear, .chain = CLEAR),
	STEP(clear_log, .when = slot_ok,
	     .chain = CLEAR " > kvm_arch_mmu_enable_log_dirty_pt_masked"),
	STEP(flush_slot, .when = log_was_dirty, .chain = CLEAR " > kvm_flush_remote_tlbs_memslot"),
	STEP(slots_unlock, .chain = "kvm_vm_ioctl_clear_dirty_log"),
	{ 0 }
};

/* ---- KVM_ENABLE_CAP(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) ---- */

static enum step_result set_log_mode(struct machine *m, struct task *t)
{
	u8 allowed = t->slot.mode & LOG_MANUAL ? LOG_MANUAL | LOG_INITIALLY_SET : 0;

	if (t->slot.mode & ~allowed)
		t->slot.error = -EINVAL;
	else
		m->w->kvm.log_mode = t->slot.mode;
	return STEP_DONE;
}

const struct step path_log_mode[] = {
	STEP(set_log_mode, .chain = "kvm_vm_ioctl_enable_cap_generic"),
	{ 0 }
};

/* ---- logging ends: huge pages may come back ---- */

/* kvm_mmu_zap_collapsible_sptes(): small leaves, up to 5.17; all under mmu_lock */
enum step_result collapse_slot(struct machine *m, struct task *t)
{
	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	if (tdp_zap_small_leafs(m, t->slot.row))
		tlb_flush_all(m);
	return STEP_NEXT;
}

/* The same since 5.20 (85f44f8cc07b): the tables above them */
enum step_result collapse_tables(struct machine *m, struct task *t)
{
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	tdp_zap_collapsible(m, t->slot.row);
	return STEP_NEXT;
}

/* kvm_mmu_recover_huge_pages(), since 6.13 */
enum step_result recover_slot(struct machine *m, struct task *t)
{
	if (!lock_pass_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	if (tdp_recover_huge(m, t->slot.row))
		tlb_flush_all(m);
	return STEP_NEXT;
}
