/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_stage2.c: a stage-2 fault on another architecture: what it asks for, and when it gives back.
 *
 * Linux: arm64 user_mem_abort(), riscv kvm_riscv_gstage_map() and their like, 5.12 to 7.2; who they
 * are is stage2_callers[]. All of them are guarded by the notifier; none could tell v11's
 * wrappers so.
 * SIMPLIFIED: their page tables are not modelled: a map step of theirs belongs behind stage2_check.
 */
#include "model/caller.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

#define EAGAIN	11
#define EINVAL	22

const struct stage2_caller stage2_callers[] = {
	{ "user_mem_abort", "arm64", LOOKUP_PROT, "arch/arm64/kvm/mmu.c" },
	{ "kvm_riscv_gstage_map", "riscv", LOOKUP_PROT, "arch/riscv/kvm/mmu.c" },
	{ "kvm_map_page", "loongarch", LOOKUP_PROT, "arch/loongarch/kvm/mmu.c" },
	{ "kvm_mips_map_page", "mips", LOOKUP_PROT, "arch/mips/kvm/mmu.c" },
	{ "kvmppc_book3s_hv_page_fault", "powerpc-hv", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_64_mmu_hv.c" },
	{ "kvmppc_book3s_instantiate_page", "powerpc-radix", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_64_mmu_radix.c" },
	{ "kvmppc_gfn_to_pfn", "powerpc-pr", LOOKUP_PROT, "arch/powerpc/kvm/book3s.c" },
	{ "kvmppc_e500_shadow_map", "powerpc-e500", LOOKUP_PFN,
	  "arch/powerpc/kvm/e500_mmu_host.c" },
};

const unsigned nr_stage2_callers = ARRAY_SIZE(stage2_callers);

static bool stage2_found(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->map.error || t->map.error == -EAGAIN;
}

/* smp_rmb() after the read, as everywhere */
static enum step_result stage2_snapshot_seq(struct machine *m, struct task *t)
{
	t->fault.mmu_seq = m->w->kvm.mmu_seq;
	return STEP_NEXT;
}

static enum step_result stage2_lookup(struct machine *m, struct task *t)
{
	const struct stage2_caller *caller = &stage2_callers[t->map.api];
	bool write = t->map.write || caller->api == LOOKUP_PFN;
	int row = memslot_of_gfn(m, t->map.gfn);

	follow_init(&t->follow, t->map.gfn, row, write ? FOLL_WRITE : 0);
	t->follow.try_map_writable = caller->api == LOOKUP_PROT;
	m->sem->ops.stage2_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

static enum step_result stage2_result(struct machine *m, struct task *t)
{
	const struct follow *f = &t->follow;

	(void)m;
	t->map.writable = f->writable;
	t->map.refcounted = f->page != NO_PFN;
	t->map.refs_held = t->map.refs_after = t->refs;
	if (is_error_noslot_pfn(f->pfn))
		t->map.error = -EINVAL;
	return STEP_NEXT;
}

static enum step_result stage2_lock(struct machine *m, struct task *t)
{
	(void)t;
	if (!lock_try_read(&m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	return STEP_NEXT;
}

/* mmu_invalidate_retry(): the count, of whatever range, then the sequence */
static enum step_result stage2_check(struct machine *m, struct task *t)
{
	if (m->w->kvm.in_progress || m->w->kvm.mmu_seq != t->fault.mmu_seq)
		t->map.error = -EAGAIN;
	return STEP_NEXT;
}

static enum step_result stage2_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(&m->w->kvm.mmu_lock);
	return STEP_NEXT;
}

enum step_result stage2_release(struct machine *m, struct task *t)
{
	m->sem->ops.stage2_release(m, t, !t->map.error);
	t->map.refs_after = t->refs;
	return STEP_NEXT;
}

bool stage2_has_lookup(const struct machine *m, const struct task *t)
{
	return stage2_found(m, t);
}

#define FAULT	"user_mem_abort"

const struct step path_stage2[] = {
	STEP(stage2_snapshot_seq, .chain = FAULT),
	STEP(stage2_lookup, .calls = PATH_FOLLOW, .chain = FAULT),
	STEP(stage2_result, .chain = FAULT),
	STEP(stage2_lock, .when = stage2_found, .chain = FAULT),
	STEP(stage2_check, .when = stage2_found, .chain = FAULT),
	STEP(stage2_unlock, .when = stage2_found, .chain = FAULT),
	STEP(stage2_release, .when = stage2_has_lookup, .chain = FAULT),
	{ 0 }
};
