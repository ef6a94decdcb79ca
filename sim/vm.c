/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/vm.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/memslot.h"
#include "model/path.h"
#include "sim/grow.h"
#include "sim/lock_order.h"
#include "sim/store.h"

static void log_note(struct journal *journal, const struct note *note)
{
	struct vm *vm = (struct vm *)journal;
	const struct task *t = &vm->w.task[vm->m.task];
	struct log_note entry = { .note = *note, .event = vm->event, .task = vm->m.task,
				  .depth = t->depth };

	memcpy(entry.frame, t->frame, sizeof(entry.frame));
	if (vm->log && arrlenu(vm->log->steps) < vm->log->most)
		arrput(vm->log->notes, entry);
	if (note->kind == NOTE_TLB_FILL || note->kind == NOTE_TLB_DROP)
		return;		/* no tracepoint and no counter shows them */
	if (vm->max_notes && vm->nr_notes == vm->max_notes) {
		vm->nr_dropped++;
	} else {
		vm->notes = grow(vm->notes, vm->nr_notes, sizeof(*vm->notes));
		vm->notes[vm->nr_notes++] = entry;
	}
	if (note->kind != NOTE_REF)
		return;
	if (vm->nr_refs < VM_KEPT_REFS)
		vm->refs = grow(vm->refs, vm->nr_refs, sizeof(*vm->refs));
	vm->refs[vm->nr_refs++ % VM_KEPT_REFS] = entry;
}

static void init_zero_page(struct vm *vm)
{
	pfn_t pfn = vm->w.config.zero_pfn;

	pages_init(&vm->m, ALLOC_ORDER0, pfn, 0, OWNER_KERNEL);
	page_of(&vm->m, pfn)->flags |= PG_ZERO | PG_RESERVED;
}

/* kvm_is_vm_type_supported(): tdp_enabled, since a1176ef5c92a tdp_mmu_enabled */
static bool has_private_mem(const struct vm_config *config, const struct traits *traits)
{
	return config->private_mem && traits->gmem &&
	       (config->mmu == MMU_TDP ||
		(config->mmu == MMU_RMAP && !traits->private_by_tdp_mmu));
}

struct vm *vm_new(const struct semantics_patch *patch, const struct vm_config *config)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	char why[128];

	if (!vm)
		abort();
	if (!semantics_resolve_mmu(patch, config->mmu, &vm->sem, why, sizeof(why)))
		assert(!"a semantics does not resolve");
	vm->store = store_new_sparse();
	vm->journal.note = log_note;
	vm->m = (struct machine){ .sem = &vm->sem, .w = &vm->w, .phys = store_phys(vm->store),
				  .journal = &vm->journal };
	vm->w.config = (struct config){ .ept = config->ept && config->mmu != MMU_SHADOW,
					.ad = config->ad || config->mmu == MMU_SHADOW,
					.mmu = config->mmu,
					.rmw_at_once = config->rmw_at_once,
					.private_mem = has_private_mem(config, &vm->sem.traits),
					.nx_huge = config->nx_huge,
					.pml = config->pml && config->ept && config->ad &&
					       config->mmu == MMU_TDP,
					.no_mmio_caching = config->no_mmio_caching,
					.no_slot_zap_all = config->no_slot_zap_all,
					.physical_bits = config->physical_bits,
					.guest_bits = config->guest_bits,
					.five_levels = config->five_levels,
					.frames_by_place = config->frames_by_place,
					.watch_retries = config->watch_retries,
					.no_lru_batch = !config->lru_batch,
					.no_memory_failure = config->no_memory_failure,
					.no_soft_dirty = config->no_soft_dirty,
					.no_huge_fault = config->no_huge_fault,
					.no_file_split = config->no_file_split,
					.async_pf = config->async_pf,
					.code_gpa = config->code_gpa };
	for (unsigned i = 0; i < MAX_MMS; i++)
		vm->w.mm[i].pgd = NO_PFN;
	vm->w.kvm.generation = config->generation;
	vm->w.next_frame = config->first_frame;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		vm->w.vcpu[i].root = NO_PFN;
	vm->w.config.zero_pfn = config->zero_pfn != NO_PFN ? config->zero_pfn :
							     alloc_frame(&vm->m, 0,
									 ANY_PLACE);
	init_zero_page(vm);
	return vm;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	store_free(vm->store);
	free(vm->notes);
	free(vm->refs);
	for (size_t i = 0; i < vm->nr_violations; i++)
		free(vm->violations[i].history);
	free(vm->violations);
	free(vm->splats);
	if (vm->log) {
		arrfree(vm->log->steps);
		arrfree(vm->log->notes);
		free(vm->log);
	}
	free(vm);
}

void vm_begin_event(struct vm *vm, unsigned event)
{
	vm->event = event;
	vm->nr_notes = vm->nr_dropped = 0;
}

int vm_free_task(const struct vm *vm)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (vm->w.task[i].state != TASK_RUNNING)
			return i;
	return -1;
}

/* One report for each law and object: what stays broken is not news. */
static bool is_known(const struct vm *vm, const struct violation *v)
{
	for (size_t i = 0; i < vm->nr_violations; i++) {
		const struct violation *old = &vm->violations[i].v;

		if (old->law == v->law && old->pfn == v->pfn && old->gfn == v->gfn &&
		    (old->kind != OBJECT_TASK || old->value == v->value))
			return true;
	}
	return false;
}

static void keep_splats(struct vm *vm)
{
	for (unsigned i = 0; i < vm->m.nr_alarms; i++) {
		const struct alarm *alarm = &vm->m.alarms[i];

		if (alarm->kind != ALARM_WARN && alarm->kind != ALARM_BUG &&
		    alarm->kind != ALARM_OOPS && alarm->kind != ALARM_HANG)
			continue;
		vm->splats = grow(vm->splats, vm->nr_splats, sizeof(*vm->splats));
		vm->splats[vm->nr_splats++] = (struct splat_seen){
			.event = vm->event, .splat = alarm->key, .kind = alarm->kind };
		if (alarm->kind != ALARM_WARN)
			vm->dead = true;
	}
}

static void keep_history(const struct vm *vm, struct found_violation *f)
{
	size_t first = vm->nr_refs > VM_KEPT_REFS ? vm->nr_refs - VM_KEPT_REFS : 0;

	for (size_t i = first; f->v.pfn != NO_PFN && i < vm->nr_refs; i++) {
		const struct log_note *ref = &vm->refs[i % VM_KEPT_REFS];

		if (ref->note.pfn != f->v.pfn)
			continue;
		f->history = grow(f->history, f->nr_history, sizeof(*f->history));
		f->history[f->nr_history++] = *ref;
	}
	first = vm->nr_steps > VM_KEPT_STEPS ? vm->nr_steps - VM_KEPT_STEPS : 0;
	for (size_t i = first; i < vm->nr_steps; i++)
		f->steps[f->nr_steps++] = vm->steps[i % VM_KEPT_STEPS];
}

static void check(struct vm *vm, const struct frame *frame, u8 depth)
{
	struct violation found[MAX_VIOLATIONS];
	unsigned n = laws_check(&vm->m, found, MAX_VIOLATIONS);

	keep_splats(vm);
	for (unsigned i = 0; i < n; i++) {
		struct found_violation f = { .v = found[i], .event = vm->event,
					     .depth = depth };

		if (is_known(vm, &found[i]))
			continue;
		memcpy(f.frame, frame, sizeof(f.frame));
		keep_history(vm, &f);
		vm->violations = grow(vm->violations, vm->nr_violations, sizeof(*vm->violations));
		vm->violations[vm->nr_violations++] = f;
	}
}

const char *violation_step(const struct found_violation *f)
{
	return f->nr_steps ? f->steps[f->nr_steps - 1].name : NULL;
}

u8 violation_path(const struct found_violation *f)
{
	return f->depth ? f->frame[f->depth - 1].path : 0;
}

/* A fault that retried while an invalidation or a slot update is half done will retry again. */
static bool retries_in_vain(struct vm *vm, const struct task *t)
{
	bool busy = mn_active(&vm->w) || vm->w.kvm.in_progress || vm->w.kvm.private_ranges;

	for (int row = memslots_begin(&vm->m); row < memslots_end(&vm->m); row++)
		busy |= !!(vm->w.kvm.slots[row].flags & KVM_MEMSLOT_INVALID);
	if (t->frame[0].path == PATH_PREFAULT && t->depth == 1)
		return t->prefault.tries > 1 &&
		       (busy || prefault_keeps_root(&vm->m, t->vcpu));
	return busy && t->frame[0].path == PATH_ACCESS && t->depth == 1 &&
	       t->access.faults > 1 && t->access.last_ret == RET_PF_RETRY;
}

/* hva_to_pfn_retry() spins until no invalidation is open. */
static bool waits_for_end(const struct vm *vm, const struct task *t, const struct step *step)
{
	return mn_active(&vm->w) && t->frame[0].path == PATH_GPC && t->gpc.tries > 2 &&
	       !strcmp(step->name, "gpc_snapshot_seq");
}

/* vcpu_enter_guest() comes back to it until the APIC access page stays. */
static bool waits_for_apic_page(const struct vm *vm, const struct task *t,
				const struct step *step)
{
	return vm->w.kvm.in_progress && t->map.error == -EAGAIN &&
	       !strcmp(step->name, "reload_apic_page");
}

static bool hangs(const struct vm *vm)
{
	for (size_t i = 0; i < vm->nr_splats; i++)
		if (vm->splats[i].kind == ALARM_HANG)
			return true;
	return false;
}

static void keep_step(struct vm *vm, unsigned task, const struct log_step *taken,
		      const struct frame *frame, u8 depth)
{
	struct run_step step = { .step = *taken, .task = task, .depth = depth,
				 .path = frame[depth - 1].path,
				 .locks = locks_held(&vm->w, task),
				 .in_progress = vm->w.kvm.in_progress,
				 .mn_active = mn_active(&vm->w), .mmu_seq = vm->w.kvm.mmu_seq,
				 .nr_notes = arrlenu(vm->log->notes),
				 .nr_violations = vm->nr_violations };

	memcpy(step.frame, frame, sizeof(step.frame));
	if (arrlenu(vm->log->steps) < vm->log->most)
		arrput(vm->log->steps, step);
	else
		vm->log->nr_dropped++;
}

/* One step; VM_PAUSED if there are more to come. */
static enum vm_result run_one(struct vm *vm, unsigned task, const struct step *step)
{
	struct task *t = &vm->w.task[task];
	struct frame frame[MAX_DEPTH];
	u8 depth = t->depth;
	struct log_step taken = { .event = vm->event, .by = t->by, .vcpu = t->vcpu,
				  .name = step->name };

	memcpy(frame, t->frame, sizeof(frame));
	if (task_step(&vm->m, task) == RUN_BLOCKED)
		return VM_BLOCKED;
	vm->steps[vm->nr_steps++ % VM_KEPT_STEPS] = taken;
	if (vm->m.phys->exhausted)
		return VM_FULL;
	check(vm, frame, depth);
	if (vm->log)
		keep_step(vm, task, &taken, frame, depth);
	return hangs(vm) ? VM_LIVELOCK : VM_PAUSED;
}

static enum vm_result run_steps(struct vm *vm, unsigned task, const char *until, unsigned steps)
{
	for (unsigned n = 0; n < steps; n++) {
		const struct step *step = task_next_step(&vm->m, task);
		enum vm_result result;

		if (!step)
			return VM_DONE;
		if (until && !strcmp(step->name, until))
			return VM_PAUSED;
		if (retries_in_vain(vm, &vm->w.task[task]))
			return VM_RETRIES;
		if (waits_for_end(vm, &vm->w.task[task], step) ||
		    waits_for_apic_page(vm, &vm->w.task[task], step))
			return VM_BLOCKED;
		result = run_one(vm, task, step);
		if (result != VM_PAUSED)
			return result;
	}
	return steps == VM_MAX_STEPS ? VM_LIVELOCK :
	       task_next_step(&vm->m, task) ? VM_PAUSED : VM_DONE;
}

enum vm_result vm_run(struct vm *vm, unsigned task, const char *until)
{
	return run_steps(vm, task, until, VM_MAX_STEPS);
}

enum vm_result vm_run_steps(struct vm *vm, unsigned task, unsigned steps)
{
	return run_steps(vm, task, NULL, steps);
}

enum vm_result vm_step(struct vm *vm, unsigned task)
{
	const struct step *step = task_next_step(&vm->m, task);

	return step ? run_one(vm, task, step) : VM_DONE;
}

void vm_chain(const struct vm *vm, const struct frame *frame, u8 depth, char *buffer, size_t size)
{
	task_chain(&vm->m, frame, depth, buffer, size);
}
