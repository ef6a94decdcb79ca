// SPDX-License-Identifier: GPL-2.0-only
/* import_slots.c: memslots, as a recording sets them. */
#include "sim/import_internal.h"

bool import_slots_set(struct import_slots *slots, const struct import_event *e)
{
	struct import_slot new = { .id = e->value[0], .flags = e->value[1], .gpa = e->value[2],
				   .size = e->value[3], .hva = e->value[4] };
	size_t i = 0;

	while (i < slots->n && slots->slot[i].id != new.id)
		i++;
	if (!new.size) {
		if (i < slots->n)
			slots->slot[i] = slots->slot[--slots->n];
		return true;
	}
	if (i == IMPORT_MAX_SLOTS)
		return false;
	slots->slot[i] = new;
	slots->n += i == slots->n;
	return true;
}

/* An id has its address space in the upper 16 bits. */
const struct import_slot *import_slot_of(const struct import_slots *slots, unsigned space,
					 uint64_t gpa)
{
	for (size_t i = 0; i < slots->n; i++) {
		const struct import_slot *slot = &slots->slot[i];

		if (slot->id >> 16 == space && gpa >= slot->gpa && gpa - slot->gpa < slot->size)
			return slot;
	}
	return NULL;
}
