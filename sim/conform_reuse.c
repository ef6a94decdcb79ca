/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_reuse.c: a page that was put too often is allocated again while it is still mapped, or
 * while a driver that has freed it still names it.
 *
 * Which frame the allocator gives is input, here too: to one of the command's own faults, or to
 * somebody whom the model does not have, until he frees it again.
 */
#include "sim/conform_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/pagecache.h"

static uint64_t number_of(const struct trace_event *event, const char *key, int base)
{
	uint64_t value = 0;

	trace_event_u64(event, key, base, &value);
	return value;
}

static bool is_named(const struct trace_event *event, const char *name)
{
	return !strcmp(event->name, name);
}

/* A driver's array still has it, to be mapped by the next fault. */
static bool is_named_by_driver(struct run *run, pfn_t pfn)
{
	struct machine *m = &run->vm->m;

	for (unsigned object = 0; object < MAX_OBJECTS; object++)
		for (u64 i = 0; i < m->w->object[object].pages; i++)
			if (m->w->object[object].used && object_pfn(m, object, i) == pfn)
				return true;
	return false;
}

/* The model's page, if the model still maps, or may map, what it has freed. */
static pfn_t still_mapped(struct run *run, const struct trace_event *event)
{
	uint64_t frame = number_of(event, "pfn", 16);
	pfn_t pfn = frames_model(&run->frames, frame);
	const struct page *page = pfn == NO_PFN ? NULL : page_of(&run->vm->m, pfn);

	if (!page || frames_recorded(&run->frames, pfn) != frame || number_of(event, "order", 10))
		return NO_PFN;
	return page->ptes || is_named_by_driver(run, pfn) ? pfn : NO_PFN;
}

/* Somebody whom the model does not have gets it; the map count stays as it is. */
static void take(struct run *run, pfn_t pfn, s32 refs)
{
	s32 mapcount = page_of(&run->vm->m, pfn)->mapcount;

	pages_init(&run->vm->m, ALLOC_ORDER0, pfn, 0, OWNER_KERNEL);
	page_add_refs(&run->vm->m, pfn, refs - 1);
	page_of(&run->vm->m, pfn)->flags |= PG_REUSED;
	page_of(&run->vm->m, pfn)->mapcount = mapcount;
}

/* A user's page had a mapping of its own, which has set and cleared the map count. */
static void give_back(struct run *run, pfn_t pfn)
{
	page_set_count(&run->vm->m, pfn, 1);
	pages_free(&run->vm->m, pfn, 0);
	if (run->taken_by_user)
		page_of(&run->vm->m, pfn)->mapcount = 0;
}

bool page_is_taken(struct run *run, pfn_t pfn)
{
	return page_is(&run->vm->m, pfn, PG_REUSED) &&
	       page_of(&run->vm->m, pfn)->owner == OWNER_KERNEL;
}

/* How many pages of order 0 the command's faults get before @frame; -1: it is not among them. */
static int place_among_ours(struct run *run, uint64_t frame)
{
	struct item *items = items_recorded(run);
	int place = -1, n = 0;

	for (size_t i = 0; i < arrlenu(items) && place < 0; i++) {
		if (items[i].owner != FRAME_NEW || strcmp(items[i].event, "page_ref_set"))
			continue;
		if (items[i].frame[0] == frame)
			place = n;
		n++;
	}
	arrfree(items);
	return place;
}

static void allocated(struct run *run, const struct trace_event *event, bool commands)
{
	pfn_t pfn = still_mapped(run, event);
	int place;

	if (pfn == NO_PFN || !page_is(&run->vm->m, pfn, PG_FREE))
		return;
	take_input(run, place_of_command(run), "%s is allocated again",
		   frame_said(&run->frames, pfn).text);
	place = commands ? place_among_ours(run, frames_recorded(&run->frames, pfn)) : -1;
	if (place < 0) {
		take(run, pfn, 1);
		return;
	}
	run->vm->w.given_frame = pfn;
	run->vm->w.given_after = place;
	frames_take(&run->frames, pfn, 1);
}

static void freed(struct run *run, const struct trace_event *event)
{
	pfn_t pfn = still_mapped(run, event);

	if (pfn != NO_PFN && page_is_taken(run, pfn))
		give_back(run, pfn);
}

static void follow(struct run *run, const struct trace_event *event, bool commands)
{
	const char *gfp = trace_event_field(event, "gfp_flags");

	if (is_named(event, "mm_page_alloc")) {
		if (still_mapped(run, event) != NO_PFN)
			run->taken_by_user = gfp && strstr(gfp, "HIGHUSER");
		allocated(run, event, commands);
	} else if (is_named(event, "mm_page_free") || is_named(event, "mm_page_free_batched")) {
		freed(run, event);
	}
}

void reuse_begin(struct run *run, const struct command *before)
{
	for (size_t i = 0; before && i < before->nr_after; i++)
		follow(run, &before->after[i], false);
	for (size_t i = 0; i < run->command->nr_events; i++)
		follow(run, &run->command->events[i], true);
}

void reuse_end(struct run *run)
{
	run->vm->w.given_frame = 0;
	run->vm->w.given_after = 0;
}

void reuse_seen(struct run *run, const struct page_facts *recorded, pfn_t pfn)
{
	if (run->recording->has_trace || recorded->ref <= 0 ||
	    !page_is(&run->vm->m, pfn, PG_FREE) || !page_of(&run->vm->m, pfn)->ptes)
		return;
	take(run, pfn, recorded->ref);
	run->taken = pfn;
}

/* check_mm() has said what it was when it was unmapped. */
static bool was_shmem(const struct recording *recording)
{
	for (size_t i = 0; i < recording->nr_splats; i++)
		if (strstr(recording->splats[i], "type:MM_SHMEMPAGES val:-"))
			return true;
	return false;
}

/* A row that no script uses */
#define OTHERS_FILE	(MAX_FILES - 1)

void reuse_look_up(struct run *run)
{
	struct event look = { .id = EVENT_FILE_WRITE, .object = OTHERS_FILE,
			      .number = run->vm->event, .op = "file-write" };
	struct outcome outcome;

	if (!run->taken || !was_shmem(run->recording))
		return;
	run->vm->w.file[OTHERS_FILE] = (struct file_state){ .used = true, .size = PAGE_SIZE };
	cache_give(&run->vm->m, OTHERS_FILE, 0, run->taken);
	event_run(run->vm, &look, &outcome, NULL);
}
