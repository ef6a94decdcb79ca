/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/caller.h"

#include "model/machine.h"
#include "model/path.h"

static const struct caller_row {
	const char *name;
	u8 path;		/* enum path_id */
	u8 api;			/* PATH_LOOKUP: enum lookup_api; PATH_PREFETCH: releases by pfn */
} rows[NR_CALLERS] = {
	[CALLER_COMPAT] = { "gfn_to_pfn_prot", PATH_LOOKUP, LOOKUP_PROT },
	[CALLER_VCPU_MAP] = { "kvm_vcpu_map", PATH_MAP, 0 },
	[CALLER_REEXECUTE] = { "reexecute_instruction", PATH_LOOKUP, LOOKUP_REEXECUTE },
	[CALLER_PFNCACHE] = { "kvm_gpc_refresh", PATH_GPC, 0 },
	[CALLER_PREFETCH_DIRECT] = { "direct_pte_prefetch", PATH_PREFETCH, false },
	[CALLER_PREFETCH_SHADOW] = { "prefetch_gpte", PATH_PREFETCH, true },
};

const char *caller_name(enum caller caller)
{
	assert(caller < NR_CALLERS);
	return rows[caller].name;
}

void caller_start(struct machine *m, unsigned task, enum caller caller, gfn_t gfn, bool write)
{
	struct task *t = task_start(m, task, rows[caller].path, BLAME_KVM);

	t->map = (struct map_op){ .gfn = gfn, .api = rows[caller].api, .write = write,
				  .by_pfn = rows[caller].api };
	t->gpc = (struct gpc_op){ .gpa = gfn << PAGE_SHIFT, .pfn = KVM_PFN_ERR_FAULT,
				  .verb = GPC_ACTIVATE };
}

struct caller_outcome caller_outcome(struct machine *m, unsigned task, enum caller caller)
{
	const struct task *t = &m->w->task[task];
	const struct map_op *op = &t->map;
	struct caller_outcome out = { .pfn = t->follow.pfn, .error = op->error,
				      .held = op->refs_held, .after = op->refs_after,
				      .has_writable = op->has_writable,
				      .writable = op->writable };

	if (caller == CALLER_PFNCACHE) {
		out.error = t->gpc.error;
		out.held = t->gpc.refs_held;
		out.after = t->gpc.refs_after;
	} else if (caller == CALLER_VCPU_MAP && !op->error) {
		out.after = caller_mapped_refs(m, out.pfn);
	}
	return out;
}

void caller_undo(struct machine *m, unsigned task, enum caller caller)
{
	struct task *t = task_start(m, task, caller == CALLER_PFNCACHE ? PATH_GPC : PATH_UNMAP_MAP,
				    BLAME_KVM);

	assert(caller == CALLER_PFNCACHE || caller == CALLER_VCPU_MAP);
	t->gpc.verb = GPC_DEACTIVATE;
}

s32 caller_mapped_refs(struct machine *m, pfn_t pfn)
{
	return page_of(m, page_head(m, pfn))->held[HOLD_MAP];
}
