/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_set_nx.c: kvm.nx_huge_pages is written while a VM runs.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:set_nx_huge_pages(), 5.12 to 7.2. Only a value that is another one
 * zaps. It is stored before slots_lock is taken: what is mapped in between goes with the rest.
 */
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"

bool nx_changes(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->zap.nx_changes;
}

static enum step_result store_nx(struct machine *m, struct task *t)
{
	t->zap.nx_changes = m->w->config.nx_huge != t->zap.ratio;
	m->w->config.nx_huge = t->zap.ratio;
	return t->zap.nx_changes ? STEP_NEXT : STEP_DONE;
}

static enum step_result nx_unlock(struct machine *m, struct task *t)
{
	(void)t;
	slots_release(m);
	return STEP_DONE;
}

const struct step path_set_nx[] = {
	STEP(store_nx, .chain = "set_nx_huge_pages"),
	STEP_AS(nx_lock, slots_lock, .chain = "set_nx_huge_pages"),
	STEP_AS(nx_zap_all, zap_all_roots, .when = nx_changes,
		.chain = "set_nx_huge_pages > kvm_mmu_zap_all_fast > kvm_tdp_mmu_zap_all"),
	STEP(nx_unlock, .chain = "set_nx_huge_pages"),
	{ 0 }
};
