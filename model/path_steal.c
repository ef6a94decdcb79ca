/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_steal.c: a vCPU tells its guest how long it was kept waiting: record_steal_time() as it
 * enters, kvm_steal_time_set_preempted() as it is scheduled out.
 *
 * Linux: arch/x86/kvm/x86.c. Up to 5.15 by kvm_map_gfn() with a struct gfn_to_pfn_cache, which
 * keeps its reference until the gfn or the memslots change or the vCPU goes, and of which no
 * notifier knows (5.12.9: virt/kvm/kvm_main.c:__kvm_map_gfn(), kvm_cache_gfn_to_pfn()). Since
 * 7e2175ebd695 (5.16) by user accesses through a struct gfn_to_hva_cache, 6.1 to 7.2.
 * SIMPLIFIED: of struct kvm_steal_time version and preempted alone; version is stored once.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

/* struct kvm_steal_time */
enum { AT_VERSION = 8, AT_PREEMPTED = 16, KVM_VCPU_PREEMPTED = 1 };

static struct steal_time *steal_of(struct machine *m, const struct task *t)
{
	return &m->w->vcpu[t->vcpu].st;
}

static bool records(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->copy.verb == STEAL_RECORD;
}

static bool is_preempted(const struct machine *m, const struct task *t)
{
	return !records(m, t);
}

static u32 next_version(u32 version)
{
	return version + (version & 1) + 2;
}

/* ---- up to 5.15 ---- */

static bool is_cached(struct machine *m, const struct task *t)
{
	const struct steal_time *st = steal_of(m, t);

	return st->pfn && st->gfn == t->copy.gpa >> PAGE_SHIFT &&
	       st->generation == m->w->kvm.generation;
}

static bool has_looked_up(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->copy.looked_up;
}

/* kvm_release_pfn(): the reference is this task's again, as that of its own look-up would be. */
void steal_time_release(struct machine *m, struct task *t, unsigned vcpu)
{
	struct steal_time *st = &m->w->vcpu[vcpu].st;
	pfn_t pfn = st->pfn;

	st->pfn = 0;
	if (!pfn)
		return;
	if (st->refs)
		task_account(t, page_head(m, pfn), st->refs);
	m->sem->ops.release_pfn(m, pfn, st->dirty, HOLD_FAULT);
	st->refs = st->dirty = 0;
}

/* __kvm_map_gfn(): who may not sleep goes without. */
static enum step_result steal_map(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;
	gfn_t gfn = op->gpa >> PAGE_SHIFT;

	op->slot = memslot_of_gfn(m, gfn);
	if (is_cached(m, t))
		return STEP_NEXT;
	if (!records(m, t)) {
		op->error = -EAGAIN;
		return STEP_DONE;
	}
	steal_time_release(m, t, t->vcpu);
	steal_of(m, t)->generation = m->w->kvm.generation;
	op->looked_up = true;
	follow_init(&t->follow, gfn, op->slot, FOLL_WRITE);
	m->sem->ops.lookup_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* What was found is kept, an error as well. The reference stays, and no holder gives it back. */
static enum step_result steal_keep(struct machine *m, struct task *t)
{
	struct steal_time *st = steal_of(m, t);

	st->gfn = t->follow.gfn;
	st->pfn = t->follow.pfn;
	st->refs = t->follow.page != NO_PFN;
	return STEP_NEXT;
}

/* Is it still what the guest would find there? */
static bool is_stale(struct machine *m, const struct task *t, pfn_t pfn)
{
	hva_t hva = memslot_hva(m, t->copy.slot, t->copy.gpa >> PAGE_SHIFT, false);
	struct pt_leaf leaf = host_leaf(m, is_error_hva(hva) ? 0 : hva);

	return !leaf.present || host_leaf_pfn(&leaf, hva) != pfn;
}

/* Through kmap(): no PTE is used, and none gets D. */
static enum step_result steal_write(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;
	pfn_t pfn = op->pfn = steal_of(m, t)->pfn;

	if (is_error_noslot_pfn(pfn)) {
		op->error = -EINVAL;
		return STEP_DONE;
	}
	if (is_stale(m, t, pfn))
		raise_alarm(m, ALARM_STALE_STEAL, pfn, BLAME_KVM);
	if (page_is(m, pfn, PG_FREE))
		raise_alarm(m, ALARM_ACCESS_FREE, pfn, page_of(m, pfn)->freed_by);
	page_store(m, pfn, op->gpa + AT_PREEMPTED, records(m, t) ? 0 : KVM_VCPU_PREEMPTED);
	op->value = page_load(m, pfn, op->gpa + AT_VERSION);
	if (records(m, t))
		op->value = next_version(op->value);
	page_store(m, pfn, op->gpa + AT_VERSION, op->value);
	return STEP_NEXT;
}

/* __kvm_unmap_gfn(): dirty, and not released */
static enum step_result steal_unmap(struct machine *m, struct task *t)
{
	memslot_mark_dirty(m, t->copy.slot, t->copy.gpa >> PAGE_SHIFT);
	steal_of(m, t)->dirty = true;
	return STEP_DONE;
}

#define MAP	"record_steal_time > kvm_map_gfn > __kvm_map_gfn"

const struct step path_steal[] = {
	STEP(steal_map, .calls = PATH_FOLLOW, .chain = MAP),
	STEP(steal_keep, .when = has_looked_up, .chain = MAP " > kvm_cache_gfn_to_pfn"),
	STEP(steal_write, .chain = "record_steal_time"),
	STEP(steal_unmap, .chain = "record_steal_time > kvm_unmap_gfn > __kvm_unmap_gfn"),
	{ 0 }
};

/* ---- since 5.16 ---- */

static bool hva_is_stale(struct machine *m, const struct task *t)
{
	const struct hva_cache *cache = &steal_of(m, t)->cache;

	return cache->generation != m->w->kvm.generation || cache->gpa != t->copy.gpa ||
	       is_error_hva(cache->hva) || !cache->has_slot;
}

/* Who may not sleep goes without, again. */
enum step_result steal_check_hva(struct machine *m, struct task *t)
{
	struct hva_cache *cache = &steal_of(m, t)->cache;
	struct copy_op *op = &t->copy;

	if (hva_is_stale(m, t) && (!records(m, t) || hva_cache_init(m, cache, op->gpa)))
		op->error = records(m, t) ? -EFAULT : -EAGAIN;
	op->hva = cache->hva;
	op->slot = cache->slot;
	return op->error ? STEP_DONE : STEP_NEXT;
}

static enum step_result touch_user(struct task *t, unsigned at, enum access_kind kind, u32 value)
{
	t->host = (struct host_fault){ .page = NO_PFN };
	t->access = (struct access){ .hva = t->copy.hva + at, .value = value, .count = 1,
				     .kind = kind };
	return STEP_CALL;
}

/* The first user access: xchgb, or unsafe_put_user() */
enum step_result steal_clear_preempted(struct machine *m, struct task *t)
{
	(void)m;
	return touch_user(t, AT_PREEMPTED, ACCESS_WRITE, 0);
}

bool steal_records(const struct machine *m, const struct task *t)
{
	return records(m, t);
}

bool steal_goes_well(const struct machine *m, const struct task *t)
{
	return records(m, t) && !t->access.failed;
}

bool steal_is_preempted(const struct machine *m, const struct task *t)
{
	return is_preempted(m, t);
}

enum step_result steal_get_version(struct machine *m, struct task *t)
{
	(void)m;
	return touch_user(t, AT_VERSION, ACCESS_READ, 0);
}

enum step_result steal_put_version(struct machine *m, struct task *t)
{
	(void)m;
	t->copy.value = next_version(t->access.value);
	return touch_user(t, AT_VERSION, ACCESS_WRITE, t->copy.value);
}

/* copy_to_user_nofault() */
enum step_result steal_set_preempted(struct machine *m, struct task *t)
{
	touch_user(t, AT_PREEMPTED, ACCESS_WRITE, KVM_VCPU_PREEMPTED);
	t->access.failed = !host_access_nofault(m, &t->access);
	return STEP_NEXT;
}

/* mark_page_dirty_in_slot(): also if nothing could be written */
enum step_result steal_mark_dirty(struct machine *m, struct task *t)
{
	struct copy_op *op = &t->copy;

	memslot_mark_dirty(m, op->slot, op->gpa >> PAGE_SHIFT);
	op->pfn = t->access.pfn;
	if (t->access.failed)
		op->error = -EFAULT;
	return STEP_DONE;
}
