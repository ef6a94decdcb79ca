/* SPDX-License-Identifier: GPL-2.0-only */
/* event_at_once.c: events without a path. */
#include "model/path.h"
#include "sim/event.h"

/* What has no steps of its own: nobody sees half of it. */
bool event_at_once(struct vm *vm, const struct event *event, struct outcome *o)
{
	switch (event->id) {
	case EVENT_DRAIN:
		lru_drain(&vm->m);
		break;
	case EVENT_RESET_MMU:
		vm->sem.ops.free_roots(&vm->m, event->vcpu);
		break;
	case EVENT_KICK:
		vm->w.vcpu[event->vcpu].apf.halted = false;
		break;
	case EVENT_HUGEPAGES:
		hugetlb_resize(&vm->m, event->size == BIT(30) ? 3 : 2, event->count);
		break;
	case EVENT_SHMEM_HUGE:
		vm->w.shmem_enabled = event->huge;
		break;
	case EVENT_EAGER_SPLIT:
		vm->w.config.no_eager_split = !event->value;
		break;
	case EVENT_NOTHING:
		break;
	default:
		return false;
	}
	o->word = "ok";
	return true;
}
