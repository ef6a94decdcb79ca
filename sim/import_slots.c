// SPDX-License-Identifier: GPL-2.0-only
/* import_slots.c: memslots, as a recording sets them, and those that it must have had. */
#include <stdlib.h>

#include <stb/stb_ds.h>

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

static int compare_addresses(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

struct piece { uint64_t start, end; };

static int compare_pieces(const void *x, const void *y)
{
	const struct piece *a = x, *b = y;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* What any memslot of the recording has, in order and apart; stb_ds. */
static struct piece *find_recorded(const struct import *import)
{
	struct piece *pieces = NULL;
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind == IMPORT_MEMSLOT && e->value[3] &&
		    e->value[2] + e->value[3] > e->value[2])
			arrput(pieces, ((struct piece){ e->value[2], e->value[2] + e->value[3] }));
	}
	if (!pieces)
		return NULL;
	qsort(pieces, arrlenu(pieces), sizeof(*pieces), compare_pieces);
	for (size_t i = 1; i < arrlenu(pieces); i++) {
		if (pieces[i].start >= pieces[n].end)
			pieces[++n] = pieces[i];
		else if (pieces[i].end > pieces[n].end)
			pieces[n].end = pieces[i].end;
	}
	arrsetlen(pieces, n + 1);
	return pieces;
}

/* Is any memslot of the recording in [@start, @end)? */
static bool has_slot_in(const struct piece *recorded, uint64_t start, uint64_t end)
{
	size_t low = 0, high = arrlenu(recorded);

	while (low < high) {	/* the first that ends behind @start */
		size_t middle = low + (high - low) / 2;

		if (recorded[middle].end > start)
			high = middle;
		else
			low = middle + 1;
	}
	return low < arrlenu(recorded) && recorded[low].start < end;
}

/* What is mapped in no memslot, in pieces of @unit, in order. */
static uint64_t *find_pieces(const struct import *import, const struct import_fate *fates,
			     uint64_t unit)
{
	struct import_slots slots = { .n = 0 };
	uint64_t *pieces = NULL;
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind == IMPORT_MEMSLOT)
			import_slots_set(&slots, e);
		if (e->kind == IMPORT_FAULT && fates[i].is_mapped &&
		    !import_slot_of(&slots, 0, e->value[1]))
			arrput(pieces, e->value[1] & ~(unit - 1));
	}
	if (!pieces)
		return NULL;
	qsort(pieces, arrlenu(pieces), sizeof(*pieces), compare_addresses);
	for (size_t i = 1; i < arrlenu(pieces); i++)
		if (pieces[i] != pieces[n])
			pieces[++n] = pieces[i];
	arrsetlen(pieces, n + 1);
	return pieces;
}

/* The first event of a memslot that has some of [@start, @end), if it is the first of its id. */
static const struct import_event *first_change_in(const struct import *import, uint64_t start,
						  uint64_t end)
{
	for (size_t i = 0; i < arrlenu(import->events); i++) {
		const struct import_event *e = &import->events[i];

		if (e->kind != IMPORT_MEMSLOT || e->value[2] >= end ||
		    e->value[2] + e->value[3] <= start)
			continue;
		for (size_t k = 0; k < i; k++)
			if (import->events[k].kind == IMPORT_MEMSLOT &&
			    import->events[k].value[0] == e->value[0])
				return NULL;
		return e;
	}
	return NULL;
}

/* A memslot that is there before its first event: that one begins its dirty log, or ends it. */
static void assume_before(struct import_event **slots, const struct import_event *e)
{
	struct import_event before;

	if (!e)
		return;
	for (size_t i = 0; i < arrlenu(*slots); i++)
		if ((*slots)[i].value[0] == e->value[0])
			return;
	before = *e;
	before.value[1] ^= 1;		/* KVM_MEM_LOG_DIRTY_PAGES */
	arrput(*slots, before);
}

struct import_event *import_assume_slots(const struct import *import,
					 const struct import_fate *fates)
{
	const uint64_t unit = 2 << 20, far = 1 << 30, base = 0x300000000000;
	uint64_t *pieces = find_pieces(import, fates, unit);
	struct piece *recorded = find_recorded(import);
	struct import_event *slots = NULL;
	unsigned id = 1000;

	for (size_t i = 0; i < arrlenu(pieces); i++) {
		struct import_event *last = arrlenu(slots) ? &slots[arrlenu(slots) - 1] : NULL;
		uint64_t end = last ? last->value[2] + last->value[3] : 0;
		struct import_event e = { .kind = IMPORT_MEMSLOT, .known = 31,
					  .value = { id, 0, pieces[i], unit, base + pieces[i] } };

		if (has_slot_in(recorded, pieces[i], pieces[i] + unit))
			continue;
		if (last && pieces[i] - end <= far && !has_slot_in(recorded, end, pieces[i])) {
			last->value[3] = pieces[i] + unit - last->value[2];
			continue;
		}
		arrput(slots, e);
		id++;
	}
	for (size_t i = 0; i < arrlenu(pieces); i++)
		assume_before(&slots, first_change_in(import, pieces[i], pieces[i] + unit));
	arrfree(pieces);
	arrfree(recorded);
	return slots;
}
