// SPDX-License-Identifier: GPL-2.0-only
/* path_common.c: steps that stand in several paths, under a name of their own in each. */
#include "model/machine.h"
#include "model/path.h"

enum step_result enter_path(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_CALL;
}

enum step_result enter_path_and_go_back(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_CALL_BACK;
}

enum step_result go_back(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_BACK;
}

enum step_result write_lock_mmu(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_write(m, &m->w->kvm.mmu_lock) ? STEP_NEXT : STEP_BLOCKED;
}

enum step_result write_unlock_mmu(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.mmu_lock);
	return STEP_NEXT;
}
