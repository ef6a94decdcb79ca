/* SPDX-License-Identifier: GPL-2.0-only */
/* outcomes.c: one cell of the table of outcomes is computed, by running the model in its world. */
#include "sim/outcomes.h"

#include <string.h>

#include "model/caller.h"
#include "model/errno.h"
#include "model/host_mm.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/sem.h"
#include "sim/outcomes_internal.h"

const char *const outcome_callers[] = {
	"x86_tdp", "x86_shadow", "vcpu_map", "pfncache", "compat", "reexecute", "prefetch_direct",
	"prefetch_shadow",
};

const char *const outcome_hazards[] = { "A1", "A2", "A3", "A5", "A10", "A13", "B1", "L1",
					"W" };

const char *outcome_semantics_name(const struct semantics_patch *patch)
{
	return patch->table ? patch->table : patch->name;
}

/* What one run of a caller has shown. */
struct run {
	struct vm *vm;
	struct task *t;
	s32 held;		/* references when the look-up returned */
	bool faulted;		/* the host's fault handler ran on the way */
};

static bool is_on(const struct task *t, enum path_id path)
{
	for (u8 i = 0; i < t->depth; i++)
		if (t->frame[i].path == path)
			return true;
	return false;
}

static bool is_over(const struct task *t)
{
	return t->state != TASK_RUNNING ||
	       (t->frame[0].path == PATH_ACCESS && t->depth == 1 && t->access.faults &&
		t->access.last_ret != RET_PF_RETRY);
}

/*
 * To the end of the task; of a guest's access, to the end of its fault. Breaking COW on the way
 * moves the sequence, so that the first one is stale.
 */
static void run_task(struct run *run)
{
	unsigned task = run->t - run->vm->w.task;

	while (!is_over(run->t)) {
		bool was_looking = is_on(run->t, PATH_FOLLOW);
		enum vm_result result = vm_run_steps(run->vm, task, 1);

		assert(result == VM_PAUSED || result == VM_DONE);
		run->faulted |= is_on(run->t, PATH_HOST_FAULT);
		if (was_looking && !is_on(run->t, PATH_FOLLOW))
			run->held = run->t->refs;
	}
}

static void run_access(struct run *run, const struct outcome_cell *c)
{
	run->t = task_start(&run->vm->m, 0, PATH_ACCESS, BLAME_KVM);
	run->t->access = (struct access){
		.gpa = CELL_GFN << PAGE_SHIFT, .count = 1,
		.kind = c->write ? ACCESS_WRITE : ACCESS_READ,
	};
	run_task(run);
}

static const struct {
	enum mmu_kind mmu;
	bool faults;		/* it is a guest's access, else .caller */
	enum caller caller;
} callers[NR_OUT_CALLERS] = {
	[OUT_TDP] = { .mmu = MMU_TDP, .faults = true },
	[OUT_SHADOW] = { .mmu = MMU_SHADOW, .faults = true },
	[OUT_VCPU_MAP] = { MMU_TDP, false, CALLER_VCPU_MAP },
	[OUT_PFNCACHE] = { MMU_TDP, false, CALLER_PFNCACHE },
	[OUT_COMPAT] = { MMU_TDP, false, CALLER_COMPAT },
	[OUT_REEXECUTE] = { MMU_TDP, false, CALLER_REEXECUTE },
	[OUT_PREFETCH_DIRECT] = { MMU_RMAP, false, CALLER_PREFETCH_DIRECT },
	[OUT_PREFETCH_SHADOW] = { MMU_SHADOW, false, CALLER_PREFETCH_SHADOW },
};

/* The caller's run; .held is what its look-up took. */
static void run_caller(struct run *run, const struct outcome_cell *c)
{
	enum caller caller = callers[c->caller].caller;

	if (callers[c->caller].faults) {
		run_access(run, c);
		return;
	}
	caller_start(&run->vm->m, 0, caller, CELL_GFN, c->write);
	run->t = run->vm->w.task;
	run_task(run);
	run->held = caller_outcome(&run->vm->m, 0, caller).held;
}

/* References that are left when the caller has undone what there is to undo. */
static int left_behind(struct run *run, const struct outcome_cell *c)
{
	struct machine *m = &run->vm->m;
	struct caller_outcome out;

	if (callers[c->caller].faults)
		return run->t->refs;
	out = caller_outcome(m, 0, callers[c->caller].caller);
	if (c->caller != OUT_VCPU_MAP || out.error)
		return out.after;
	caller_undo(m, 1, CALLER_VCPU_MAP);
	run->t = &run->vm->w.task[1];
	run_task(run);
	return caller_mapped_refs(m, out.pfn);
}

/* ---- the class: what the host's side of a look-up finds, whoever asks ---- */

static const char *remapped_class(struct run *run, const struct outcome_cell *c)
{
	struct machine *m = &run->vm->m;
	struct pt_leaf leaf = host_leaf(m, CELL_HVA);
	pfn_t pfn = host_leaf_pfn(&leaf, CELL_HVA);
	bool has_page = pfn_is_refcounted(m, pfn);

	if (c->write && !c->host_pte_w)
		return has_page ? "RRO_page" : "RRO_nopage";
	if (!has_page)
		return "REM_NOPAGE";
	return page_of(m, pfn)->refcount > 0 ? "REM_REF" : "REM_NOREF";
}

static bool gup_gave(const struct vm *vm)
{
	for (size_t i = 0; i < vm->nr_notes; i++)
		if (vm->notes[i].note.kind == NOTE_GUP && vm->notes[i].note.value == 1)
			return true;
	return false;
}

static const char *class_of(const struct semantics_patch *patch, const struct outcome_cell *cell)
{
	struct outcome_cell c = *cell;
	struct run run = { 0 };
	const char *class;
	u32 flags;

	c.ro_slot = c.ro_slot && !c.write;	/* what would be found, were it asked for */
	run.vm = outcome_world(patch, &c, MMU_TDP);
	flags = vma_find(&run.vm->m, CELL_HVA)->flags;
	c.caller = OUT_TDP;
	run_caller(&run, &c);
	if (gup_gave(run.vm))
		class = run.faulted ? "COW" : "GUP";
	else
		class = flags & (VM_IO | VM_PFNMAP) ? remapped_class(&run, &c) : "XF";
	vm_free(run.vm);
	return class;
}

/* ---- the outcome ---- */

static const char *outcome_of(const struct follow *f)
{
	if (f->hva == KVM_HVA_ERR_RO_BAD)
		return "RO_FAULT(slot)";
	if (f->pfn == KVM_PFN_ERR_RO_FAULT)
		return "ERR_RO_FAULT";
	return is_error_noslot_pfn(f->pfn) ? "ERR_FAULT" : "PFN";
}

static bool found(const struct run *run)
{
	return !is_error_noslot_pfn(run->t->follow.pfn);
}

static const char *spte_bit(struct run *run, const struct outcome_cell *c)
{
	struct machine *m = &run->vm->m;
	bool prefetches = c->caller == OUT_PREFETCH_DIRECT || c->caller == OUT_PREFETCH_SHADOW;
	struct pt_leaf leaf;

	if (!(callers[c->caller].faults || prefetches) || !found(run) ||
	    !m->sem->traits.refcounted_bit)
		return "-";
	if (!refcounted_mask(m))
		return "none";
	if (prefetches)		/* mmu_set_spte(): without a fault there was GUP */
		return "1";
	leaf = tdp_walk(m, m->w->vcpu[0].root, CELL_GFN);
	return leaf.entry & refcounted_mask(m) ? "1" : "0";
}

static bool saw(const struct vm *vm, enum splat splat)
{
	for (size_t i = 0; i < vm->nr_splats; i++)
		if (vm->splats[i].splat == splat)
			return true;
	return false;
}

/* ---- hazards ---- */

/* The memslot goes, and with it the SPTE: does the kernel complain? */
static bool zap_complains(struct run *run)
{
	size_t before = run->vm->nr_splats;

	run->t = task_start(&run->vm->m, 1, PATH_SLOT, BLAME_VMM);
	run->t->slot = (struct slot_op){ .id = 1 };
	run_task(run);
	return run->vm->nr_splats > before;
}

static bool complains_at_zap(const struct semantics_patch *patch, const struct outcome_cell *c,
			     enum mmu_kind mmu)
{
	struct run run = { .vm = outcome_world(patch, c, mmu) };
	bool complains;

	run_access(&run, c);
	complains = found(&run);
	if (complains)
		vm_run(run.vm, 0, NULL);	/* to the guest and back: no root is in use */
	complains = complains && zap_complains(&run);
	vm_free(run.vm);
	return complains;
}

/* The old API's word for the same cell. */
static bool was_found_before(const struct outcome_cell *c)
{
	struct run run = { .vm = outcome_world(&sem_v6_8_rc3, c, callers[c->caller].mmu) };
	bool was;

	run_caller(&run, c);
	was = found(&run);
	vm_free(run.vm);
	return was;
}

static unsigned zap_hazards(const struct semantics_patch *patch, const struct outcome_cell *c)
{
	if (c->caller == OUT_SHADOW)
		return complains_at_zap(patch, c, MMU_SHADOW) ? BIT(HAZARD_A5) : 0;
	if (complains_at_zap(patch, c, MMU_TDP))
		return BIT(HAZARD_A10);
	return complains_at_zap(patch, c, MMU_RMAP) ? BIT(HAZARD_A13) : 0;
}

static bool is_based_on(const struct semantics_patch *patch, const struct semantics_patch *base)
{
	while (patch && patch != base)
		patch = patch->base;
	return patch;
}

/* The gates of v11 4/8 refuse what the old API gave, or hide a read-only PTE behind a fault. */
static unsigned gate_hazards(const struct semantics_patch *patch, const struct outcome_cell *c,
			     const struct outcome_row *row)
{
	bool is_fault = callers[c->caller].faults;

	if (!is_based_on(patch, &sem_v11_p4) || strcmp(row->outcome, "ERR_FAULT") ||
	    !(is_fault || c->caller == OUT_COMPAT))
		return 0;
	if (!strncmp(row->class, "RRO", 3))
		return BIT(HAZARD_A2);
	if (strcmp(row->class, "REM_NOPAGE") || !was_found_before(c))
		return 0;
	return is_fault ? BIT(HAZARD_A10) : BIT(HAZARD_A3);
}

static unsigned hazards_of(const struct semantics_patch *patch, const struct outcome_cell *c,
			   const struct run *run, const struct outcome_row *row)
{
	bool is_fault = callers[c->caller].faults;
	unsigned hazards = 0;

	if (c->ro_slot && row->writable && found(run))
		hazards |= BIT(HAZARD_A1);
	if (row->after)
		hazards |= BIT(HAZARD_L1);
	if (row->overdrawn)
		hazards |= BIT(HAZARD_B1);
	if (saw(run->vm, SPLAT_ZONE_DEVICE_COUNT0))
		hazards |= BIT(HAZARD_W);
	if (run->vm->sem.traits.refcounted_bit && is_fault && found(run))
		hazards |= zap_hazards(patch, c);
	return hazards | gate_hazards(patch, c, row);
}

/* Some versions do not have every caller. */
static bool caller_exists(struct run *run, const struct outcome_cell *c)
{
	return callers[c->caller].faults ||
	       caller_outcome(&run->vm->m, 0, callers[c->caller].caller).error != -ENOSYS;
}

bool outcome_compute(const struct semantics_patch *patch, const struct outcome_cell *c,
		     struct outcome_row *row)
{
	struct run run = { .vm = outcome_world(patch, c, callers[c->caller].mmu) };

	int left;

	run_caller(&run, c);
	if (!caller_exists(&run, c)) {
		vm_free(run.vm);
		return false;
	}
	*row = (struct outcome_row){ .class = class_of(patch, c),
				     .outcome = outcome_of(&run.t->follow),
				     .held = run.held > 0,
				     .writable = run.t->follow.writable };
	row->spte_bit = spte_bit(&run, c);
	left = left_behind(&run, c);
	row->after = left > 0;
	row->overdrawn = left < 0;
	run.t = run.vm->w.task;
	row->hazards = hazards_of(patch, c, &run, row);
	vm_free(run.vm);
	return true;
}
