/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_prefetch.c: the shadow MMU maps neighbours of a fault ahead of time, under mmu_lock.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:direct_pte_prefetch_many(), paging_tmpl.h:FNAME(prefetch_gpte);
 * 5.12 to 7.2. The look-up may not sleep, so only fast GUP serves it, and what it takes goes back
 * before the lock does. The TDP MMU never prefetches.
 * SIMPLIFIED: one gfn; nothing is installed: an MMU that prefetches puts its step after
 * prefetch_lookup.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

static bool prefetch_goes_on(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->map.error;
}

static bool prefetch_holds_lock(const struct machine *m, const struct task *t)
{
	return m->w->kvm.mmu_lock.writer == (t - m->w->task) + 1;
}

/* Whoever invalidates would not find what is installed now. */
static enum step_result prefetch_check(struct machine *m, struct task *t)
{
	int row = memslot_of_gfn(m, t->map.gfn);

	if (m->w->kvm.in_progress)
		t->map.error = -EAGAIN;
	else if (row == NO_SLOT || memslot_is(m, row, KVM_MEMSLOT_INVALID) ||
		 memslot_is(m, row, KVM_MEM_LOG_DIRTY_PAGES))
		t->map.error = -EINVAL;		/* gfn_to_memslot_dirty_bitmap() */
	follow_init(&t->follow, t->map.gfn, row, FOLL_WRITE);
	return STEP_NEXT;
}

/* Direct: gfn_to_page_many_atomic(); shadow, to 6.12: gfn_to_pfn_memslot_atomic() */
static bool looks_up_by_pfn(const struct machine *m, const struct task *t)
{
	return t->map.by_pfn && !m->sem->traits.wrappers_gone;
}

static enum step_result prefetch_lookup(struct machine *m, struct task *t)
{
	if (!looks_up_by_pfn(m, t)) {
		lookup_many_atomic(m, t);
		return STEP_NEXT;
	}
	t->follow.atomic = true;
	m->sem->ops.lookup_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

static enum step_result prefetch_result(struct machine *m, struct task *t)
{
	const struct follow *f = &t->follow;

	t->map.refcounted = f->page != NO_PFN;
	t->map.refs_held = t->map.refs_after = t->refs;
	if (is_error_noslot_pfn(f->pfn)) {
		t->map.error = -EINVAL;
		return STEP_NEXT;
	}
	t->map.held = page_of(m, f->pfn)->refcount;
	t->map.held_head = page_count(m, f->pfn);
	return STEP_NEXT;
}

/* put_page(), or kvm_release_pfn_clean(); since 6.13 kvm_release_page_dirty() for both */
static enum step_result prefetch_release(struct machine *m, struct task *t)
{
	if (looks_up_by_pfn(m, t))
		m->sem->ops.lookup_release(m, t);
	else if (t->follow.page != NO_PFN)
		m->sem->ops.release_prefetched(m, t->follow.page);
	t->map.after = page_of(m, t->follow.pfn)->refcount;
	t->map.refs_after = t->refs;
	return STEP_NEXT;
}

static enum step_result prefetch_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.mmu_lock);
	return STEP_DONE;
}

const struct step path_prefetch[] = {
	STEP_AS(prefetch_lock, write_lock_mmu, .chain = "kvm_tdp_page_fault > direct_page_fault"),
	STEP(prefetch_check, .chain = "direct_pte_prefetch"),
	STEP(prefetch_lookup, .when = prefetch_goes_on, .calls = PATH_FOLLOW,
	     .chain = "direct_pte_prefetch"),
	STEP(prefetch_result, .when = prefetch_goes_on, .chain = "direct_pte_prefetch"),
	STEP(prefetch_release, .when = prefetch_goes_on, .chain = "direct_pte_prefetch"),
	STEP(prefetch_unlock, .when = prefetch_holds_lock,
	     .chain = "kvm_tdp_page_fault > direct_page_fault"),
	{ 0 }
};
