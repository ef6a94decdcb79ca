/* SPDX-License-Identifier: GPL-2.0-only */
/* event_caller.c: events in which KVM looks pfns up, but for the guest's accesses: arguments. */
#include "sim/event.h"

void event_start_caller(struct task *t, const struct event *e)
{
	t->vcpu = e->vcpu;
	t->map = (struct map_op){ .gfn = e->gpa >> PAGE_SHIFT, .map = e->map, .write = e->write,
				  .dirty = e->dirty, .api = e->api, .foll = e->foll,
				  .knobs = e->knobs, .readonly = e->readonly };
	switch (e->id) {
	case EVENT_KVM_READ:
	case EVENT_KVM_WRITE:
	case EVENT_HVA_CACHE:
	case EVENT_HVA_CACHE_READ:
	case EVENT_HVA_CACHE_WRITE:
	case EVENT_STEAL_TIME:
	case EVENT_STEAL_PREEMPTED:
		t->copy = (struct copy_op){ .gpa = e->gpa, .pfn = NO_PFN, .value = e->value,
					    .verb = COPY_READ + (e->id - EVENT_KVM_READ),
					    .cache = e->cache, .atomic = e->atomic,
					    .unloaded = e->unloaded };
		break;
	case EVENT_PREFETCH:
		t->map.by_pfn = e->api;
		break;
	case EVENT_PREFAULT:
		t->prefault = (struct prefault){ .gpa = e->gpa, .size = e->size };
		break;
	case EVENT_VMSAVE:
		t->nested = (struct nested){ .vmcb = e->gpa, .table = e->table,
					     .entry = e->value, .paging = e->paging };
		break;
	case EVENT_GMEM:
	case EVENT_GMEM_PUNCH:
	case EVENT_ATTRIBUTES:
	case EVENT_GMEM_ALLOCATE:
	case EVENT_GMEM_CLOSE:
	case EVENT_GMEM_POISON:
		t->private = (struct private_op){
			.verb = GMEM_CREATE + (e->id - EVENT_GMEM), .file = e->object,
			.flags = e->flags, .size = e->size, .is_private = e->is_guest_private,
			.offset = e->id == EVENT_ATTRIBUTES ? e->gpa : e->offset };
		break;
	case EVENT_GPC:
	case EVENT_GPC_OFF:
	case EVENT_GPC_USE:
	case EVENT_GPC_HVA:
	case EVENT_GPC_WRITE:
		t->gpc = (struct gpc_op){ .gpa = e->gpa, .hva = e->hva, .row = e->cache,
					  .pfn = KVM_PFN_ERR_FAULT, .value = e->value,
					  .verb = GPC_ACTIVATE + (e->id - EVENT_GPC) };
		break;
	default:
		break;
	}
}
