/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_prefault.c: KVM_PRE_FAULT_MEMORY: userspace has pages mapped before the guest asks.
 *
 * Linux: virt/kvm/kvm_main.c:kvm_vcpu_pre_fault_memory(), arch/x86/kvm/mmu/mmu.c:
 * kvm_tdp_map_page(), since 6.11. Each page is a fault for reading that nobody counts, and whose
 * leaf is not accessed; a look-up holds and releases what that of any fault does.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"
#include "model/walker.h"

/* To older kernels this is an ioctl that nobody knows. */
static bool can_prefault(const struct machine *m, const struct task *t)
{
	(void)t;
	return m->sem->traits.prefaults;
}

static bool cannot_prefault(const struct machine *m, const struct task *t)
{
	return !can_prefault(m, t);
}

static enum step_result refuse_prefault(struct machine *m, struct task *t)
{
	(void)m;
	t->prefault.error = -EINVAL;
	return STEP_DONE;
}

/* kvm_mmu_reload(): any root will do, or (since 6.15) what is obsolete goes first. */
bool prefault_keeps_root(struct machine *m, unsigned vcpu)
{
	const struct vcpu *v = &m->w->vcpu[vcpu];
	bool is_obsolete = v->root != NO_PFN && m->sem->ops.root_is_obsolete(m, vcpu);

	return (v->dropped_root || is_obsolete) && !m->sem->traits.reload_frees_roots;
}

/* kvm_tdp_map_page(): not shadow paging. The error code is that of a read of an absent page. */
static enum step_result prefault_page(struct machine *m, struct task *t)
{
	if (m->w->config.mmu == MMU_SHADOW) {
		t->prefault.error = -EOPNOTSUPP;
		return STEP_DONE;
	}
	if (!prefault_keeps_root(m, t->vcpu) && m->sem->ops.load_root(m, t->vcpu) == NO_PFN)
		return STEP_BLOCKED;
	t->access = (struct access){ .gpa = t->prefault.gpa, .kind = ACCESS_READ, .count = 1,
				     .prefetch = true, .walk = WALK_VIOLATION,
				     .qualification = m->w->config.ept ? BIT(0) : 0 };
	return STEP_CALL;
}

static s32 prefault_error(const struct access *a)
{
	if (a->error)
		return a->error;
	return a->last_ret == RET_PF_EMULATE ? -ENOENT : 0;
}

/* What has been done is a success, whatever comes after it. */
static enum step_result prefault_next(struct machine *m, struct task *t)
{
	struct prefault *p = &t->prefault;
	u64 size, done;

	(void)m;
	if (t->access.last_ret == RET_PF_RETRY && !t->access.error) {
		p->tries++;
		return STEP_BACK;
	}
	p->tries = 0;
	p->error = prefault_error(&t->access);
	if (p->error) {
		if (p->done)
			p->error = 0;
		return STEP_DONE;
	}
	size = level_pages(t->fault.goal_level) << PAGE_SHIFT;
	done = size - (p->gpa & (size - 1));
	done = done < p->size ? done : p->size;
	p->gpa += done;
	p->size -= done;
	p->done = true;
	return p->size ? STEP_BACK : STEP_DONE;
}

#define PREFAULT	"kvm_vcpu_pre_fault_memory > kvm_arch_vcpu_pre_fault_memory"

const struct step path_prefault[] = {
	STEP(refuse_prefault, .when = cannot_prefault),
	STEP(prefault_page, .calls = PATH_FAULT, .chain = PREFAULT " > kvm_tdp_map_page"),
	STEP(prefault_next, .to = "prefault_page", .chain = PREFAULT),
	{ 0 }
};
