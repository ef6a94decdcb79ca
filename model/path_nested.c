/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_nested.c: a guest that is a hypervisor: VMSAVE or VMLOAD of a VMCB in its memory.
 *
 * Linux: arch/x86/kvm/svm/svm.c:vmload_vmsave_interception(), 5.12 to 7.2: the shortest user of
 * kvm_vcpu_map(). With guest paging the hardware first walks the guest's table, and asks for its
 * page as for writing (APM vol. 2, 15.25.6).
 * SIMPLIFIED: the state that VMSAVE stores, and the emulator's skip of the instruction, are not
 * modelled.
 */
#include "model/machine.h"
#include "model/path.h"

#define X86_PTE_ACCESSED	0x20

static bool walks_table(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->nested.paging && t->nested.table != NO_PFN;
}

static bool lacks_paging(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->nested.paging && !t->access.error;
}

static bool fetches(const struct machine *m, const struct task *t)
{
	return (walks_table(m, t) || !t->nested.paging) && !t->access.error &&
	       m->w->config.code_gpa != NO_PFN;
}

static bool reaches_vmsave(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->access.error;
}

static bool has_mapped(const struct machine *m, const struct task *t)
{
	return reaches_vmsave(m, t) && !t->map.error;
}

/* The walk sets A in the guest's page directory entry. */
static enum step_result nested_walk(struct machine *m, struct task *t)
{
	(void)m;
	t->access = (struct access){ .gpa = t->nested.table, .kind = ACCESS_WRITE, .count = 1,
				     .value = t->nested.entry | X86_PTE_ACCESSED };
	return STEP_CALL;
}

static enum step_result nested_fetch(struct machine *m, struct task *t)
{
	t->access = (struct access){ .gpa = m->w->config.code_gpa, .kind = ACCESS_EXEC,
				     .count = 1 };
	return STEP_CALL;
}

/* The instruction is undefined outside of protected mode with paging. */
static enum step_result nested_refuse(struct machine *m, struct task *t)
{
	(void)m;
	t->nested.undefined = true;
	return STEP_DONE;
}

static enum step_result nested_map(struct machine *m, struct task *t)
{
	(void)m;
	t->map = (struct map_op){ .gfn = t->nested.vmcb >> PAGE_SHIFT, .map = NESTED_MAP };
	return STEP_CALL;
}

static enum step_result nested_unmap(struct machine *m, struct task *t)
{
	(void)m;
	t->map.dirty = true;
	return STEP_CALL;
}

#define VMSAVE	"vmload_vmsave_interception"

const struct step path_nested[] = {
	STEP(nested_walk, .when = walks_table, .calls = PATH_ACCESS),
	STEP(nested_fetch, .when = fetches, .calls = PATH_ACCESS),
	STEP(nested_refuse, .when = lacks_paging,
	     .chain = VMSAVE " > nested_svm_check_permissions"),
	STEP(nested_map, .when = reaches_vmsave, .calls = PATH_MAP, .chain = VMSAVE),
	STEP(nested_unmap, .when = has_mapped, .calls = PATH_UNMAP_MAP, .chain = VMSAVE),
	{ 0 }
};
