/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_gpc.c: struct gfn_to_pfn_cache: KVM uses a guest page by pfn, and keeps no reference.
 *
 * Linux: virt/kvm/pfncache.c, 6.1 to 7.2; 5.12 has none. The notifier's start makes a cache
 * invalid before it takes mmu_lock, so a refresh waits for mn_active_invalidate_count and not for
 * mmu_invalidate_in_progress. What is done under gpc->lock is one step. A cache of an hva (6.9)
 * asks no memslot; but mmu_invalidate_seq only moves for what some memslot has (finding G2).
 * Who writes: Xen's vcpu_info and runstate; kvmclock has always logged under gpc->lock.
 * SIMPLIFIED: kmap() and memremap() are not modelled, and never fail; gpc->memslot is the one that
 * has gpc->gpa now.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

static struct gpc *gpc_of(struct machine *m, const struct task *t)
{
	return &m->w->kvm.gpcs[t->gpc.row];
}

static void gpc_touch(struct machine *m, const struct task *t)
{
	touch(m, OBJECT_GPC, t->gpc.row);
}

bool gpc_activates(const struct machine *m, const struct task *t)
{
	return (t->gpc.verb == GPC_ACTIVATE || t->gpc.verb == GPC_ACTIVATE_HVA) &&
	       !m->w->kvm.gpcs[t->gpc.row].active;
}

bool gpc_deactivates(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->gpc.verb == GPC_DEACTIVATE;
}

static bool refreshes(const struct machine *m, const struct task *t)
{
	return !gpc_deactivates(m, t) && !t->gpc.error;
}

bool gpc_checks(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->gpc.verb == GPC_USE || t->gpc.verb == GPC_WRITE;
}

static bool looks_up(const struct machine *m, const struct task *t)
{
	return refreshes(m, t) && t->gpc.tries;
}

static bool has_last(const struct machine *m, const struct task *t)
{
	return looks_up(m, t) && t->gpc.pfn != KVM_PFN_ERR_FAULT;
}

/* kvm_gpc_check() */
static bool gpc_is_good(struct machine *m, const struct task *t)
{
	const struct gpc *gpc = gpc_of(m, t);

	return gpc->active && (gpc_is_by_hva(gpc) || gpc->generation == m->w->kvm.generation) &&
	       !is_error_hva(gpc->uhva) && gpc->valid;
}

/* gpc->khva, under gpc->lock */
static void gpc_access(struct machine *m, struct task *t)
{
	const struct gpc *gpc = gpc_of(m, t);
	u64 address = gpc_is_by_hva(gpc) ? gpc->uhva : gpc->gpa;
	pfn_t pfn = gpc->pfn;

	t->gpc.pfn = pfn;
	t->gpc.gpa = gpc->gpa;
	if (t->gpc.verb == GPC_WRITE)
		page_store(m, pfn, address, t->gpc.value);
	else
		t->gpc.value = page_load(m, pfn, address);
	if (page_is(m, pfn, PG_FREE))
		raise_alarm(m, ALARM_ACCESS_FREE, pfn, page_of(m, pfn)->freed_by);
}

/*
 * xen.c:kvm_xen_update_runstate_guest(), kvm_xen_inject_pending_events(), 6.1:
 * mark_page_dirty_in_slot(gpc->memslot, gpc->gpa >> PAGE_SHIFT), of whatever they are by now
 */
static enum step_result gpc_mark_dirty(struct machine *m, struct task *t)
{
	gfn_t now = gpc_of(m, t)->gpa >> PAGE_SHIFT, written = t->gpc.gpa >> PAGE_SHIFT;
	int row = memslot_of_gfn(m, written);

	memslot_mark_dirty(m, memslot_of_gfn(m, now), now);
	if (row != NO_SLOT && !memslot_knows_dirty(m, row, written) && !slot_call_runs(m, true))
		raise_alarm(m, ALARM_LOG_MISSED, written, BLAME_KVM);
	return STEP_DONE;
}

static bool gpc_wrote(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->gpc.verb == GPC_WRITE && !t->gpc.error;
}

/*
 * xen.c:kvm_xen_inject_pending_events(): read_unlock_irqrestore(&gpc->lock) stands before
 * mark_page_dirty_in_slot() in 6.1, and behind kvm_gpc_mark_dirty_in_slot() since 4438355ec6e1
 * (6.9), as in 6.12.
 */
static enum step_result gpc_accessed(struct machine *m, struct task *t, enum step_result next)
{
	gpc_access(m, t);
	if (t->gpc.verb != GPC_WRITE || gpc_is_by_hva(gpc_of(m, t)))
		return STEP_DONE;
	return m->sem->traits.pfncache_logs_locked ? gpc_mark_dirty(m, t) : next;
}

static enum step_result gpc_absent(struct task *t)
{
	t->gpc.error = -ENOSYS;
	return STEP_DONE;
}

static bool wants_vcpu(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->gpc.verb != GPC_USE;
}

/*
 * kvm_main.c:kvm_vcpu_ioctl(), 6.1 to 7.2: vcpu->mutex. Who writes is the vCPU itself, or its
 * ioctl, and so is who sets or gives up what a vCPU writes through. It keeps one from the other
 * alone.
 */
static enum step_result gpc_lock_vcpu(struct machine *m, struct task *t)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *other = &m->w->task[i];

		if (other != t && other->state == TASK_RUNNING && other->gpc.has_vcpu &&
		    other->gpc.row == t->gpc.row &&
		    (other->gpc.verb == GPC_WRITE || t->gpc.verb == GPC_WRITE))
			return STEP_BLOCKED;
	}
	t->gpc.has_vcpu = true;
	return STEP_NEXT;
}

/* kvm_gpc_refresh(): of what the cache is for; up to 6.8 by the caller, who holds no lock. */
enum step_result gpc_read_gpa(struct machine *m, struct task *t)
{
	t->gpc.gpa = gpc_of(m, t)->gpa;
	t->gpc.hva = gpc_of(m, t)->uhva;
	return STEP_NEXT;
}

/* A user under gpc->lock, held for reading: as long as the check holds, no refresh is needed. */
static enum step_result gpc_check(struct machine *m, struct task *t)
{
	if (!m->sem->traits.pfncache)
		return gpc_absent(t);
	if (!gpc_is_good(m, t))
		return gpc_read_gpa(m, t);
	return gpc_accessed(m, t, STEP_BACK);
}

/*
 * On kvm->gpc_list first: a refresh may not establish what notifiers cannot reach. Up to 6.8 its
 * callers alone keep others out.
 */
static enum step_result gpc_activate(struct machine *m, struct task *t)
{
	struct gpc *gpc = gpc_of(m, t);

	if (!m->sem->traits.pfncache || (t->gpc.verb == GPC_ACTIVATE_HVA &&
					 !m->sem->traits.pfncache_of_hva))
		return gpc_absent(t);
	gpc->uhva = KVM_HVA_ERR_BAD;
	gpc->pfn = KVM_PFN_ERR_FAULT;
	gpc->valid = false;
	gpc->active = true;
	return STEP_NEXT;
}

/* Since 6.3: KVM_BUG_ON(gpc->valid), which a refresh that went on behind a deactivation leaves. */
enum step_result gpc_activate_once(struct machine *m, struct task *t)
{
	if (gpc_of(m, t)->valid) {
		raise_alarm(m, ALARM_WARN, SPLAT_CACHE_VALID, BLAME_KVM);
		t->gpc.error = -EIO;
		return STEP_DONE;
	}
	return gpc_activate(m, t);
}

/* Whose check fails from now on; and off the list. */
static enum step_result gpc_retire(struct machine *m, struct task *t)
{
	struct gpc *gpc = gpc_of(m, t);

	if (!m->sem->traits.pfncache)
		return gpc_absent(t);
	if (!gpc->active)
		return STEP_DONE;
	gpc->active = false;
	gpc_touch(m, t);
	return STEP_NEXT;
}

static enum step_result gpc_lock_refresh(struct machine *m, struct task *t)
{
	if (t->gpc.verb == GPC_ACTIVATE_HVA && !m->sem->traits.pfncache_of_hva)
		return gpc_absent(t);
	return lock_try_write(m, &gpc_of(m, t)->refresh_lock) ? STEP_NEXT : STEP_BLOCKED;
}

static void gpc_fail(struct machine *m, struct task *t, s32 error)
{
	struct gpc *gpc = gpc_of(m, t);

	t->gpc.error = error;
	gpc->valid = false;
	gpc->pfn = KVM_PFN_ERR_FAULT;
	gpc_touch(m, t);
}

static bool is_by_hva(const struct task *t)
{
	return t->gpc.verb == GPC_ACTIVATE_HVA || t->gpc.gpa == INVALID_GPA;
}

/* gpa to hva, which is good for one generation; or the hva alone */
static void gpc_find_hva(struct machine *m, struct task *t)
{
	struct gpc *gpc = gpc_of(m, t);
	gfn_t gfn = t->gpc.gpa >> PAGE_SHIFT;

	if (is_by_hva(t)) {
		gpc->gpa = INVALID_GPA;
		gpc->uhva = t->gpc.hva;
	} else if (gpc->gpa != t->gpc.gpa || gpc->generation != m->w->kvm.generation ||
		   is_error_hva(gpc->uhva)) {
		gpc->gpa = t->gpc.gpa;
		gpc->generation = m->w->kvm.generation;
		gpc->uhva = memslot_hva(m, memslot_of_gfn(m, gfn), gfn, true);
	}
}

/* kvm_gpc_refresh(): if neither hva nor pfn has changed, that is all. */
static enum step_result gpc_translate(struct machine *m, struct task *t)
{
	struct gpc *gpc = gpc_of(m, t);
	hva_t old = gpc->uhva & PAGE_MASK;

	if (!gpc->active) {
		t->gpc.error = -EINVAL;
		return STEP_NEXT;
	}
	gpc_find_hva(m, t);
	if (is_error_hva(gpc->uhva)) {
		gpc_fail(m, t, -EFAULT);
	} else if (!gpc->valid || (gpc->uhva & PAGE_MASK) != old) {
		gpc->valid = false;
		t->gpc.tries = 1;
		t->gpc.pfn = KVM_PFN_ERR_FAULT;
		follow_init(&t->follow, gpc->gpa >> PAGE_SHIFT, NO_SLOT, FOLL_WRITE);
	}
	gpc_touch(m, t);
	return STEP_NEXT;
}

/* hva_to_pfn_retry(): the sequence before the look-up. */
static enum step_result gpc_snapshot_seq(struct machine *m, struct task *t)
{
	t->gpc.mmu_seq = m->w->kvm.mmu_seq;
	return STEP_NEXT;
}

static enum step_result gpc_release_last(struct machine *m, struct task *t)
{
	m->sem->ops.gpc_release(m, t, false);
	t->gpc.refs_after = t->refs;
	return STEP_NEXT;
}

/* hva_to_pfn() itself: nobody resets its outputs, and v11's are looked at (finding A6). */
static enum step_result gpc_lookup(struct machine *m, struct task *t)
{
	struct follow *f = &t->follow;
	pfn_t stale = m->sem->traits.follow_outputs_kept ? f->page : NO_PFN;

	follow_init(f, gpc_of(m, t)->gpa >> PAGE_SHIFT, NO_SLOT, FOLL_WRITE);
	m->sem->ops.lookup_args(m, f);
	f->hva = gpc_of(m, t)->uhva & PAGE_MASK;
	f->page = stale;
	return STEP_CALL;
}

static enum step_result gpc_result(struct machine *m, struct task *t)
{
	t->gpc.pfn = t->follow.pfn;
	t->gpc.refs_held = t->gpc.refs_after = t->refs;
	if (is_error_noslot_pfn(t->follow.pfn))
		gpc_fail(m, t, -EFAULT);
	return STEP_NEXT;
}

/* mmu_notifier_retry_cache(); else valid, and the reference goes while gpc->lock is held. */
static enum step_result gpc_install(struct machine *m, struct task *t)
{
	const struct kvm *kvm = &m->w->kvm;
	struct gpc *gpc = gpc_of(m, t);

	if (mn_active(m->w) || kvm->mmu_seq != t->gpc.mmu_seq) {
		t->gpc.tries++;
		return STEP_BACK;
	}
	gpc->valid = true;
	gpc->pfn = t->gpc.pfn;
	m->sem->ops.gpc_release(m, t, true);
	t->gpc.refs_after = t->refs;
	gpc_touch(m, t);
	return STEP_NEXT;
}

/* kvm_gpc_unmap(), 6.1 */
static enum step_result gpc_unmap(struct machine *m, struct task *t)
{
	struct gpc *gpc = gpc_of(m, t);

	gpc->valid = false;
	gpc->pfn = KVM_PFN_ERR_FAULT;
	gpc_touch(m, t);
	return STEP_NEXT;
}

/* kvm_gpc_deactivate(), 6.9: all of it under refresh_lock */
enum step_result gpc_deactivate(struct machine *m, struct task *t)
{
	gpc_of(m, t)->active = false;
	return gpc_unmap(m, t);
}

/* 6.3 to 6.8: without refresh_lock */
enum step_result gpc_deactivate_unlocked(struct machine *m, struct task *t)
{
	if (gpc_of(m, t)->active)
		gpc_deactivate(m, t);
	return STEP_DONE;
}

static enum step_result gpc_unlock_refresh(struct machine *m, struct task *t)
{
	lock_release_write(m, &gpc_of(m, t)->refresh_lock);
	return STEP_NEXT;
}

static bool used_after_all(const struct machine *m, const struct task *t)
{
	return gpc_checks(m, t) && !t->gpc.error;
}

/* The loop of every user: refreshed, it may be invalid again already. */
static enum step_result gpc_check_again(struct machine *m, struct task *t)
{
	if (!gpc_is_good(m, t)) {
		t->gpc.tries = 0;
		gpc_read_gpa(m, t);
		return STEP_BACK;
	}
	return gpc_accessed(m, t, STEP_NEXT);
}

#define REFRESH	"kvm_gpc_refresh"
#define RETRY	REFRESH " > hva_to_pfn_retry"

const struct step path_gpc[] = {
	STEP(gpc_lock_vcpu, .when = wants_vcpu, .chain = "kvm_vcpu_ioctl"),
	STEP(gpc_check, .when = gpc_checks, .to = "gpc_mark_dirty", .chain = "kvm_gpc_check"),
	STEP(gpc_activate, .when = gpc_activates, .chain = "kvm_gpc_activate"),
	STEP(gpc_retire, .when = gpc_deactivates, .chain = "kvm_gpc_deactivate"),
	STEP(gpc_lock_refresh, .chain = REFRESH),
	STEP(gpc_translate, .when = refreshes, .chain = REFRESH),
	STEP(gpc_snapshot_seq, .when = looks_up, .chain = RETRY),
	STEP(gpc_release_last, .when = has_last, .chain = RETRY),
	STEP(gpc_lookup, .when = looks_up, .calls = PATH_FOLLOW, .chain = RETRY),
	STEP(gpc_result, .when = looks_up, .chain = RETRY),
	STEP(gpc_install, .when = looks_up, .to = "gpc_snapshot_seq", .chain = RETRY),
	STEP(gpc_unmap, .when = gpc_deactivates, .chain = "kvm_gpc_deactivate > kvm_gpc_unmap"),
	STEP(gpc_unlock_refresh, .chain = REFRESH),
	STEP(gpc_check_again, .when = used_after_all, .to = "gpc_lock_refresh",
	     .chain = "kvm_gpc_check"),
	STEP(gpc_mark_dirty, .when = gpc_wrote, .chain = "mark_page_dirty_in_slot"),
	{ 0 }
};

bool gpcs_active(const struct machine *m, const struct task *t)
{
	(void)t;
	for (unsigned i = 0; i < MAX_GPCS; i++)
		if (m->w->kvm.gpcs[i].active)
			return true;
	return false;
}

/* gfn_to_pfn_cache_invalidate_start(): by hva, of any VMA, and before mmu_lock */
enum step_result gpc_invalidate(struct machine *m, struct task *t)
{
	for (unsigned i = 0; i < MAX_GPCS; i++) {
		struct gpc *gpc = &m->w->kvm.gpcs[i];

		if (!gpc->active || !gpc->valid || is_error_noslot_pfn(gpc->pfn) ||
		    gpc->uhva < t->notify.start || gpc->uhva >= t->notify.end)
			continue;
		gpc->valid = false;
		touch(m, OBJECT_GPC, i);
	}
	return STEP_NEXT;
}
