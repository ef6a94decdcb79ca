/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/lock_order.h"

#include "model/memslot.h"

const char *const lock_class_names[NR_LOCK_CLASSES] = {
	[LOCK_SLOTS] = "slots_lock", [LOCK_SRCU] = "srcu", [LOCK_GPC] = "refresh_lock",
	[LOCK_MMAP] = "mmap_lock", [LOCK_INVALIDATE] = "invalidate_lock", [LOCK_MMU] = "mmu_lock",
};

u8 lock_class_bit(const struct world *w, const struct lock *lock)
{
	if (lock == &w->kvm.slots_lock)
		return 1u << LOCK_SLOTS;
	if (lock == &w->kvm.mmu_lock)
		return 1u << LOCK_MMU;
	for (unsigned i = 0; i < MAX_GPCS; i++)
		if (lock == &w->kvm.gpcs[i].refresh_lock)
			return 1u << LOCK_GPC;
	for (unsigned i = 0; i < MAX_MMS; i++)
		if (lock == &w->mm[i].mmap_lock)
			return 1u << LOCK_MMAP;
	return 1u << LOCK_INVALIDATE;
}

u8 locks_held(const struct world *w, unsigned task)
{
	u8 held = lock_is_held(&w->kvm.slots_lock, task) << LOCK_SLOTS |
		  lock_is_held(&w->kvm.mmu_lock, task) << LOCK_MMU |
		  task_reads_slots(&w->task[task]) << LOCK_SRCU;

	for (unsigned i = 0; i < MAX_GPCS; i++)
		held |= lock_is_held(&w->kvm.gpcs[i].refresh_lock, task) << LOCK_GPC;
	for (unsigned i = 0; i < MAX_MMS; i++)
		held |= lock_is_held(&w->mm[i].mmap_lock, task) << LOCK_MMAP;
	for (unsigned i = 0; i < MAX_FILES; i++)
		held |= lock_is_held(&w->file[i].invalidate_lock, task) << LOCK_INVALIDATE;
	return held;
}

/* Breadth first; .came[class]: the edge by which it was reached, + 1. */
bool lock_cycle_find(const struct lock_edge *edges, size_t nr, const struct lock_edge *edge,
		     struct lock_cycle *cycle)
{
	size_t came[NR_LOCK_CLASSES] = { 0 };
	u8 queue[NR_LOCK_CLASSES] = { edge->taken };
	unsigned last = 1;
	u8 class = edge->held;

	for (unsigned at = 0; at < last && !came[edge->held]; at++)
		for (size_t i = 0; i < nr; i++)
			if (edges[i].held == queue[at] && edges[i].taken != edge->taken &&
			    !came[edges[i].taken]) {
				came[edges[i].taken] = i + 1;
				queue[last++] = edges[i].taken;
			}
	if (!came[edge->held])
		return false;
	*cycle = (struct lock_cycle){ .nr = 1, .edge = { *edge } };
	for (; class != edge->taken; class = edges[came[class] - 1].held)
		cycle->nr++;
	class = edge->held;
	for (unsigned i = cycle->nr; --i; class = cycle->edge[i].held)
		cycle->edge[i] = edges[came[class] - 1];
	return true;
}
