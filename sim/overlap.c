/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/overlap.h"

#include <assert.h>

const char *const overlap_order_text[NR_ORDERS] = {
	"one after the other, as listed (background actions before each command)",
	"one after the other, reversed (background actions after each command)",
	"alternating step by step (background actions between a fault's look-up and mmu_lock)",
	"background actions between fixup_user_fault() and the second look-up",
};

/* Steps at which a host action is let in; semantics all have them. */
#define AFTER_LOOKUP	"take_result"
#define AFTER_GPC	"gpc_result"
#define AFTER_WRAPPER	"lookup_result"
#define AFTER_MAP	"map_result"
#define AFTER_FIXUP	"follow_pte_again"

/* The host action, from start to end; can_act() has seen to the locks. */
static void act(struct vm *vm, const struct event *event)
{
	int task = event_start(vm, event);
	enum vm_result result = task < 0 ? VM_DONE : vm_run(vm, task, NULL);

	assert(result == VM_DONE);
	(void)result;
}

/* Its notifier needs mmu_lock; what userspace does needs mmap_lock, a driver's zap does not. */
static bool can_act(const struct vm *vm, const struct event *event)
{
	if (vm->w.kvm.mmu_lock.readers || vm->w.kvm.mmu_lock.writer)
		return false;
	return event->id == EVENT_ZAP || !vm->w.mm[0].mmap_lock.writer;
}

static void run_with_background(struct vm *vm, const struct script_events *events,
				const char *where, struct outcome *outcome)
{
	const struct event *event = &events->events[events->main];
	int task = event_start(vm, event);
	enum vm_result result;
	size_t acts = 0;

	if (task < 0)
		return;
	while ((result = vm_run(vm, task, where)) == VM_PAUSED) {
		if (can_act(vm, events->meanwhile) && acts++ < 64)
			act(vm, events->meanwhile);
		/* one step on, so as not to stop here again */
		if (vm_run_steps(vm, task, 1) != VM_PAUSED)
			break;
	}
	event_finish(vm, task, result, event, outcome);
}

/* Both tasks, a step each in turn; who is blocked waits. */
static void run_alternating(struct vm *vm, const struct script_events *events,
			    struct outcome *outcome)
{
	int task[2];
	enum vm_result result[2] = { VM_PAUSED, VM_PAUSED };

	for (unsigned i = 0; i < 2; i++)
		task[i] = event_start(vm, &events->events[i]);
	while (result[0] == VM_PAUSED || result[1] == VM_PAUSED)
		for (unsigned i = 0; i < 2; i++) {
			if (result[i] != VM_PAUSED)
				continue;
			result[i] = vm_run_steps(vm, task[i], 1);
			if (result[i] == VM_BLOCKED)
				result[i] = VM_PAUSED;
		}
	for (unsigned i = 2; i-- > 0; )
		event_finish(vm, task[i], result[i], &events->events[i], outcome);
}

static bool run_in_turn(struct vm *vm, const struct script_events *events, bool reversed,
			struct outcome *outcome, struct error *error)
{
	struct outcome other;

	for (size_t i = 0; i < events->nr_events; i++) {
		size_t at = reversed ? events->nr_events - 1 - i : i;

		if (!event_run(vm, &events->events[at], at == 0 ? outcome : &other, error))
			return false;
	}
	return true;
}

bool overlap_run(struct vm *vm, const struct script_events *events, enum overlap_order order,
		 struct outcome *outcome, struct error *error)
{
	struct outcome ignored;

	vm_begin_event(vm, events->events[0].number);
	if (!events->meanwhile && order == ORDER_ALTERNATING) {
		run_alternating(vm, events, outcome);
		return true;
	}
	if (!events->meanwhile)
		return run_in_turn(vm, events, order == ORDER_REVERSED, outcome, error);
	if (order == ORDER_ALTERNATING || order == ORDER_IN_FIXUP) {
		run_with_background(vm, events,
				    order == ORDER_IN_FIXUP ? AFTER_FIXUP : AFTER_LOOKUP, outcome);
		return true;
	}
	if (order == ORDER_ONE_AFTER_THE_OTHER &&
	    !event_run(vm, events->meanwhile, &ignored, error))
		return false;
	if (!event_run(vm, &events->events[0], outcome, error))
		return false;
	return order != ORDER_REVERSED || event_run(vm, events->meanwhile, &ignored, error);
}

static const char *window_of(const struct event *event)
{
	switch (event->id) {
	case EVENT_GPC:
		return AFTER_GPC;
	case EVENT_LOOKUP:
		return AFTER_WRAPPER;
	case EVENT_MAP:
		return AFTER_MAP;
	default:
		return AFTER_LOOKUP;
	}
}

bool overlap_window(struct vm *vm, const struct script_events *events, struct outcome *outcome)
{
	const struct event *event = &events->events[0];
	int task = event_start(vm, event);
	enum vm_result result = vm_run(vm, task, window_of(event));
	bool opened = result == VM_PAUSED && !is_error_noslot_pfn(vm->w.task[task].follow.pfn);

	vm->event = event->number;
	for (size_t i = 0; opened && i < events->nr_meanwhile; i++)
		if (can_act(vm, &events->meanwhile[i]))
			act(vm, &events->meanwhile[i]);
	if (result == VM_PAUSED)
		result = vm_run(vm, task, NULL);
	event_finish(vm, task, result, event, outcome);
	return opened;
}
