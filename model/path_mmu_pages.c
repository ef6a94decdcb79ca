/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_mmu_pages.c: how many shadow pages a VM may have, and who takes some away: the VMM's ioctl
 * KVM_SET_NR_MMU_PAGES, and the MMU's shrinker, up to 6.12.
 *
 * Linux: arch/x86/kvm/x86.c:kvm_vm_ioctl_set_nr_mmu_pages(), arch/x86/kvm/mmu/mmu.c:
 * kvm_mmu_change_mmu_pages(), mmu_shrink_scan(). The TDP MMU's tables do not count.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/shadow.h"

static enum step_result check_mmu_pages(struct machine *m, struct task *t)
{
	(void)m;
	if (t->slot.npages >= KVM_MIN_ALLOC_MMU_PAGES)
		return STEP_NEXT;
	t->slot.error = -EINVAL;
	return STEP_DONE;
}

/* What goes now goes before the limit is stored; it is no lower than what stays. */
static enum step_result change_mmu_pages(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	shadow_limit(m, t->slot.npages);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

/* n_requested_mmu_pages: from now on memslots that come and go do not change the limit. */
static enum step_result keep_mmu_pages(struct machine *m, struct task *t)
{
	m->w->kvm.requested_mmu_pages = t->slot.npages;
	slots_release(m);
	return STEP_DONE;
}

#define SET_PAGES "kvm_vm_ioctl_set_nr_mmu_pages"

const struct step path_mmu_pages[] = {
	STEP(check_mmu_pages, .chain = SET_PAGES),
	STEP_AS(mmu_pages_lock, slots_lock, .chain = SET_PAGES),
	STEP(change_mmu_pages, .chain = SET_PAGES " > kvm_mmu_change_mmu_pages"),
	STEP(keep_mmu_pages, .chain = SET_PAGES),
	{ 0 }
};

/* n_used_mmu_pages is read without mmu_lock. */
static bool has_mmu_pages(const struct machine *m, const struct task *t)
{
	(void)t;
	return m->sem->traits.mmu_shrinker && m->w->kvm.used_mmu_pages;
}

static enum step_result shrink_mmu(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	shadow_zap_oldest(m, t->slot.npages);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

const struct step path_shrink_mmu[] = {
	STEP(shrink_mmu, .when = has_mmu_pages,
	     .chain = "mmu_shrink_scan > kvm_mmu_zap_oldest_mmu_pages"),
	{ 0 }
};
