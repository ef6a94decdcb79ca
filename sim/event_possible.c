/* SPDX-License-Identifier: GPL-2.0-only */
/* event_possible.c: events that a trace may not ask for where it does, and why. */
#include <string.h>

#include "model/path.h"
#include "sim/event.h"

/* One vCPU is one thread. */
static const struct event *paused_on_vcpu(const struct vm *vm, const struct event *event)
{
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (vm->paused[i] && event_path(vm->paused[i]->id) == PATH_ACCESS &&
		    vm->paused[i]->vcpu == event->vcpu)
			return vm->paused[i];
	return NULL;
}

bool event_is_of_child(enum event_id id)
{
	return id >= EVENT_CHILD_READ && id <= EVENT_CHILD_EXIT;
}

bool event_is_of_daemon(enum event_id id)
{
	return id == EVENT_KHUGEPAGED || id == EVENT_KSM_MERGE;
}

static bool is_of_file(enum event_id id)
{
	enum path_id path = event_path(id);

	return path == PATH_FILE_WRITE || path == PATH_FILE_RESIZE || path == PATH_FILE_CLEAN;
}

/*
 * Who is no thread of the VMM: a driver, users of a file, and what uses a VM without an ioctl, as
 * an irqfd or a timer of Xen does (kvm_xen_set_evtchn_fast()), while there is one.
 */
static bool outlives_vmm(const struct vm *vm, const struct event *event)
{
	switch (event->id) {
	case EVENT_GPC_USE:
		return vm->w.kvm.gone != VM_DESTROYED;
	case EVENT_EXIT:
		return vm->w.kvm.gone == VM_OUTLIVES;
	default:
		return event_path(event->id) == PATH_DRIVER || is_of_file(event->id);
	}
}

static bool is_mapped(const struct vm *vm, uint64_t file)
{
	const struct host_mm *mm = &vm->w.mm[VM_MM];

	for (unsigned i = 0; i < MAX_VMAS; i++)
		if (mm->vma[i].used && mm->vma[i].kind == VMA_FILE && mm->vma[i].object == file)
			return true;
	return false;
}

/* What only a run can show to be nonsense; which row is mapped depends on the semantics. */
bool event_possible(const struct vm *vm, const struct event *event, struct error *error)
{
	const struct event *paused = NULL;

	if (vm->w.kvm.gone && !outlives_vmm(vm, event))
		return error_at(error, event->file, event->line, event->column,
				"the VMM has exited");
	if (event->id == EVENT_VMSAVE && vm->w.kvm.maps[NESTED_MAP].used)
		return error_at(error, event->file, event->line, event->column,
				"another vmsave is unfinished: resume that first");
	if (event->id == EVENT_MAP && vm->w.kvm.maps[event->map].used)
		return error_at(error, event->file, event->line, event->column,
				"map %llu is in use: unmap it first",
				(unsigned long long)event->map);
	if (event->id == EVENT_GMEM_CLOSE && is_mapped(vm, event->object))
		return error_at(error, event->file, event->line, event->column,
				"a mapping keeps the file open: unmap it first");
	if (event->id == EVENT_FORK && vm->w.mm[CHILD_MM].used)
		return error_at(error, event->file, event->line, event->column,
				"there is a child already: only one is modelled");
	if (event_is_of_child(event->id) && !vm->w.mm[CHILD_MM].used)
		return error_at(error, event->file, event->line, event->column,
				"there is no child: fork first");
	if (!event_uffd_possible(vm, event, error))
		return false;
	if (event_path(event->id) == PATH_ACCESS)
		paused = paused_on_vcpu(vm, event);
	if (paused)
		return error_at(error, event->file, event->line, event->column,
				"vCPU %llu is in the middle of event \"%s\": resume that first",
				(unsigned long long)event->vcpu, paused->label);
	return true;
}
