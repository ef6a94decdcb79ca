/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_notify.c: the MMU notifier: what every host operation calls before and after.
 *
 * Linux: virt/kvm/kvm_main.c:kvm_mmu_notifier_invalidate_range_start/_end(), 5.12 to 7.2. The
 * notifier zaps before the host clears its PTEs; installs between start and end are stopped by
 * the in-progress range, later ones by the sequence. KVM ignores the event type.
 * SIMPLIFIED: the TDP walker never yields mmu_lock.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

static void note_notify(struct machine *m, const struct task *t, const char *name)
{
	note(m, &(struct note){ .kind = NOTE_NOTIFY, .name = name, .hva = t->notify.start,
				.end = t->notify.end, .value = t->notify.event });
}

/* mm_has_notifiers() */
static bool has_users(const struct machine *m, const struct task *t)
{
	(void)t;
	return !m->mm && !m->w->kvm.gone;
}

static bool counts(const struct machine *m, const struct task *t)
{
	return has_users(m, t) && m->sem->ops.range_counts((struct machine *)m, &t->notify);
}

static bool invalidates_gpcs(const struct machine *m, const struct task *t)
{
	return has_users(m, t) && gpcs_active(m, t);
}

/* Before mmu_lock: memslot updates wait for this count (since 5.13). */
static enum step_result notify_begin(struct machine *m, struct task *t)
{
	note_notify(m, t, "inv_start");
	t->notify.open = t->open[0].used;
	assert(!t->open[t->notify.open].used);
	t->open[t->notify.open] = (struct open_range){
		.start = t->notify.start, .end = t->notify.end, .used = true };
	t->mn_active++;
	return STEP_NEXT;
}

/* kvm_mmu_invalidate_begin(), _range_add() */
static enum step_result notify_count(struct machine *m, struct task *t)
{
	struct open_range *open = &t->open[t->notify.open];

	m->w->kvm.in_progress++;
	open->no_leaf_from = open->start;
	open->no_leaf_to = open->end;
	m->sem->ops.range_add(m, &t->notify);
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

/* kvm_unmap_gfn_range() of every slot that overlaps */
static enum step_result notify_zap(struct machine *m, struct task *t)
{
	bool zapped[2] = { false, false };
	gfn_t lo, hi;

	for (int row = NO_SLOT; (row = memslot_next_by_hva(m, row)) != NO_SLOT; )
		if (memslot_overlap(memslot_row(m, row), t->notify.start, t->notify.end, &lo, &hi))
			m->sem->ops.unmap_range(m, lo, hi, zapped);
	t->notify.flush = m->sem->ops.zap_flushes(m, zapped[0], zapped[1]);
	return STEP_NEXT;
}

static bool must_flush(const struct machine *m, const struct task *t)
{
	return counts(m, t) && t->notify.flush;
}

/* kvm_flush_remote_tlbs(), still under mmu_lock */
static enum step_result notify_flush(struct machine *m, struct task *t)
{
	tlb_flush_all(m);
	t->notify.flush = false;
	return STEP_NEXT;
}

static enum step_result notify_begun(struct machine *m, struct task *t)
{
	t->open[t->notify.open].told = t->open[t->notify.open].zapped = true;
	touch(m, OBJECT_RANGE, t->notify.start);
	return STEP_DONE;
}

const struct step path_notify_start[] = {
	STEP(notify_begin, .when = has_users, .chain = "kvm_mmu_notifier_invalidate_range_start"),
	STEP(gpc_invalidate, .when = invalidates_gpcs,
	     .chain = "kvm_mmu_notifier_invalidate_range_start > "
		      "gfn_to_pfn_cache_invalidate_start"),
	STEP_AS(notify_lock, write_lock_mmu, .when = counts,
		.chain = "kvm_mmu_notifier_invalidate_range_start"),
	STEP(notify_count, .when = counts,
	     .chain = "kvm_mmu_notifier_invalidate_range_start > kvm_mmu_invalidate_begin"),
	STEP(notify_zap, .when = counts,
	     .chain = "kvm_mmu_notifier_invalidate_range_start > kvm_unmap_gfn_range > "
		      "kvm_tdp_mmu_unmap_gfn_range > tdp_mmu_zap_leafs"),
	STEP(notify_flush, .when = must_flush,
	     .chain = "kvm_mmu_notifier_invalidate_range_start > kvm_flush_remote_tlbs"),
	STEP_AS(notify_unlock, write_unlock_mmu, .when = counts,
		.chain = "kvm_mmu_notifier_invalidate_range_start"),
	STEP(notify_begun, .when = has_users, .chain = "kvm_mmu_notifier_invalidate_range_start"),
	{ 0 }
};

/* The function is entered; until the lock is taken the invalidation goes on. */
static enum step_result notify_enter_end(struct machine *m, struct task *t)
{
	note_notify(m, t, "inv_end");
	return STEP_NEXT;
}

static enum step_result notify_end_lock(struct machine *m, struct task *t)
{
	return write_lock_mmu(m, t);
}

/* The sequence is raised before the count is dropped: a fault must see one or the other. */
static enum step_result notify_raise_seq(struct machine *m, struct task *t)
{
	m->w->kvm.mmu_seq++;
	t->open[t->notify.open].raised = true;
	return STEP_NEXT;
}

bool invalidate_retry(const struct machine *m, u64 seq, u64 point)
{
	const struct kvm *kvm = &m->w->kvm;

	if (kvm->in_progress && point >= kvm->range_start && point < kvm->range_end)
		return true;
	return kvm->mmu_seq != seq;
}

static enum step_result notify_uncount(struct machine *m, struct task *t)
{
	struct open_range *open = &t->open[t->notify.open];
	struct kvm *kvm = &m->w->kvm;

	if (--kvm->in_progress == 0)
		kvm->range_start = kvm->range_end = 0;
	open->ended = true;
	open->zapped = false;
	open->no_leaf_from = open->no_leaf_to = 0;
	touch(m, OBJECT_NOTIFIER, 0);
	touch(m, OBJECT_NOTIFIER, 1 + (t - m->w->task));
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		gfn_t lo, hi;

		if (memslot_overlap(memslot_row(m, row), t->notify.start, t->notify.end, &lo, &hi))
			touch(m, OBJECT_RANGE, t->notify.start);
	}
	return STEP_NEXT;
}

static enum step_result notify_end_unlock(struct machine *m, struct task *t)
{
	return write_unlock_mmu(m, t);
}

static enum step_result notify_finish(struct machine *m, struct task *t)
{
	struct open_range *open = &t->open[t->notify.open];

	t->mn_active--;
	open->start = open->end = 0;
	open->used = open->told = open->ended = open->raised = false;
	touch(m, OBJECT_NOTIFIER, 1 + (t - m->w->task));
	return STEP_DONE;
}

/* Since 6.5, of what is zapped */
bool zap_takes_apic_page(const struct machine *m, const struct task *t)
{
	return counts(m, t) && notify_takes_apic_page(m, t);
}

static bool takes_apic_page(const struct machine *m, const struct task *t)
{
	return has_users(m, t) && notify_takes_apic_page(m, t);
}

const struct step path_notify_end[] = {
	STEP(ask_apic_reload, .when = takes_apic_page,
	     .chain = "kvm_mmu_notifier_invalidate_range > "
		      "kvm_arch_mmu_notifier_invalidate_range"),
	STEP(notify_enter_end, .when = has_users,
	     .chain = "kvm_mmu_notifier_invalidate_range_end"),
	STEP(notify_end_lock, .when = counts, .chain = "kvm_mmu_notifier_invalidate_range_end"),
	STEP(notify_raise_seq, .when = counts,
	     .chain = "kvm_mmu_notifier_invalidate_range_end > kvm_mmu_invalidate_end"),
	STEP(notify_uncount, .when = counts,
	     .chain = "kvm_mmu_notifier_invalidate_range_end > kvm_mmu_invalidate_end"),
	STEP(notify_end_unlock, .when = counts, .chain = "kvm_mmu_notifier_invalidate_range_end"),
	STEP(notify_finish, .when = has_users,
	     .chain = "kvm_mmu_notifier_invalidate_range_end"),
	{ 0 }
};
