/* SPDX-License-Identifier: GPL-2.0-only */
/* lab_watch.c: which pages a script watches: those that its events name. */
#include "sim/lab_internal.h"

#include <stdlib.h>

enum { NAMED_PAGES = 4 };	/* of one event */

struct slots { struct { uint64_t gpa, hva, size; } slot[LAB_SLOTS]; };

static void add(uint64_t *list, size_t *nr, uint64_t address)
{
	address &= PAGE_MASK;
	for (size_t i = 0; i < *nr; i++)
		if (list[i] == address)
			return;
	if (*nr < LAB_WATCHES)
		list[(*nr)++] = address;
}

static void add_gpa(struct lab *lab, const struct slots *slots, uint64_t gpa)
{
	for (size_t i = 0; i < LAB_SLOTS; i++)
		if (gpa - slots->slot[i].gpa < slots->slot[i].size) {
			add(lab->watch, &lab->nr_watches,
			    slots->slot[i].hva + (gpa - slots->slot[i].gpa));
			return;
		}
	add(lab->gwatch, &lab->nr_gwatches, gpa);
}

static bool is_access(enum event_id id)
{
	return id >= EVENT_READ && id <= EVENT_EXEC;
}

static bool has_gpa(enum event_id id)
{
	return is_access(id) || id == EVENT_MAP || id == EVENT_LOOKUP || id == EVENT_PREFAULT ||
	       id == EVENT_GPC || id == EVENT_VMSAVE;
}

static bool has_hva(enum event_id id)
{
	return id == EVENT_HOST_READ || id == EVENT_HOST_WRITE || id == EVENT_CHILD_READ ||
	       id == EVENT_CHILD_WRITE || id == EVENT_MMAP;
}

static bool has_range(enum event_id id)
{
	return id == EVENT_MUNMAP || id == EVENT_DONTNEED || id == EVENT_MPROTECT ||
	       id == EVENT_MADVISE || id == EVENT_POISON || id == EVENT_OFFLINE ||
	       id == EVENT_MIGRATE || id == EVENT_PAGEOUT || id == EVENT_COLD ||
	       id == EVENT_MREMAP || id == EVENT_CHILD_DONTNEED || id == EVENT_REMOVE ||
	       (id >= EVENT_UFFD_REGISTER && id <= EVENT_UFFD_MOVE);
}

static void add_event(struct lab *lab, struct slots *slots, const struct event *e)
{
	uint64_t count = is_access(e->id) && e->count < NAMED_PAGES ? e->count : NAMED_PAGES;

	if (e->id == EVENT_MEMSLOT && e->slot < LAB_SLOTS) {
		slots->slot[e->slot].gpa = e->gpa;
		slots->slot[e->slot].hva = e->hva;
		slots->slot[e->slot].size = e->size;
	}
	if (e->id == EVENT_MEMSLOT_DELETE && e->slot < LAB_SLOTS)
		slots->slot[e->slot].size = 0;
	if (has_gpa(e->id))
		for (uint64_t i = 0; i < (is_access(e->id) ? count : 1); i++)
			add_gpa(lab, slots, e->gpa + i * e->stride);
	if (has_hva(e->id))
		add(lab->watch, &lab->nr_watches, e->hva);
	if (has_range(e->id)) {
		add(lab->watch, &lab->nr_watches, e->hva);
		if (e->size)
			add(lab->watch, &lab->nr_watches, e->hva + e->size - 1);
	}
	if (e->id == EVENT_UFFD_MOVE || (e->id == EVENT_MREMAP && e->other_hva != NO_PFN))
		add(lab->watch, &lab->nr_watches, e->other_hva);
}

void lab_find_watches(struct lab *lab)
{
	struct slots slots = { 0 };

	for (size_t i = 0; i < lab->nr_events; i++)
		add_event(lab, &slots, &lab->events[i]);
}

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* An earlier region was at the same place. */
static bool is_watched_already(const struct lab *lab, size_t region, uint64_t hva)
{
	for (size_t i = 0; i < region; i++)
		if (hva - lab->region[i].base < lab->region[i].size)
			return true;
	return false;
}

void lab_watch_region(struct lab *lab, size_t region)
{
	uint64_t base = lab->region[region].base, size = lab->region[region].size;
	char text[64];

	qsort(lab->watch, lab->nr_watches, sizeof(*lab->watch), by_address);
	for (size_t i = 0; i < lab->nr_watches; i++)
		if (lab->watch[i] - base < size && !is_watched_already(lab, region, lab->watch[i]))
			lab_say(lab, "watch %s",
				lab_address(lab, lab->watch[i], text, sizeof(text)));
}
