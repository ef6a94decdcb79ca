/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_moves.c: where compaction moves our pages to: which free pages it has is input.
 *
 * Linux: mm/migrate.c:migrate_folio_move(): the new page's own reference is put, and then the old
 * page's last one.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_rmap.h"
#include "model/task.h"

static uint64_t field(const struct trace_event *event, const char *key, int base)
{
	uint64_t value = 0;

	trace_event_u64(event, key, base, &value);
	return value;
}

/* Between a notification of ours and its end, a mapping gives its page up. */
static void find_sources(const struct run *run, struct moves *moves)
{
	bool ours = false;

	for (size_t i = 0; i < run->command->nr_events; i++) {
		const struct trace_event *event = &run->command->events[i];

		if (!strcmp(event->name, "inv_start"))
			ours = script_owns(field(event, "start", 16));
		else if (!strcmp(event->name, "inv_end"))
			ours = false;
		else if (ours && !strcmp(event->name, "page_ref_mod_and_test"))
			hmput(moves->sources, field(event, "pfn", 16), 1);
	}
}

static bool frees_source(const struct moves *moves, const struct trace_event *event)
{
	struct frame_pair *sources = moves->sources;
	const char *ret = trace_event_field(event, "ret");

	return ret && !strcmp(ret, "1") && hmgeti(sources, field(event, "pfn", 16)) >= 0;
}

struct moves moves_find(const struct run *run)
{
	struct moves moves = { 0 };
	const struct trace_event *last = NULL;

	if (run->main != EVENT_COMPACT)
		return moves;
	find_sources(run, &moves);
	for (size_t i = 0; i < run->command->nr_events; i++) {
		const struct trace_event *event = &run->command->events[i];

		if (strcmp(event->name, "page_ref_mod_and_test"))
			continue;
		if (last && frees_source(&moves, event))
			hmput(moves.targets, field(last, "pfn", 16), 1);
		last = event;
	}
	return moves;
}

bool moves_from(const struct moves *moves, uint64_t pfn)
{
	struct frame_pair *sources = moves->sources;

	return sources && hmgeti(sources, pfn) >= 0;	/* which would make an empty map */
}

bool moves_to(const struct moves *moves, uint64_t pfn)
{
	struct frame_pair *targets = moves->targets;

	return targets && hmgeti(targets, pfn) >= 0;
}

void moves_free(struct moves *moves)
{
	hmfree(moves->sources);
	hmfree(moves->targets);
}

/* Reclaim: those that it isolated, in their order; what it does with each stands behind them. */
static void join_asked(struct event *e, uint64_t isolated)
{
	struct found_page *found = &e->found[isolated];

	for (uint64_t i = 0; i < e->count; i++) {
		if (e->found[i].frame || (e->found[i].hva & PAGE_MASK) != found->hva)
			continue;
		found->hva = e->found[i].hva;
		e->found[i].hva = 0;
		return;
	}
	found->hva |= SHRINK_KEEPS;
}

/* A file's page that nobody maps: in the list of compaction by its number */
static uint64_t list_by_frame(struct run *run, uint64_t frame)
{
	struct machine *m = &run->vm->m;
	pfn_t pfn = frames_knows(&run->frames, frame) ? frames_model(&run->frames, frame) : NO_PFN;
	bool moves = pfn != NO_PFN && page_is(m, pfn, PG_CACHE) && !page_of(m, pfn)->mapcount;

	return moves ? pfn << PAGE_SHIFT | LISTED_BY_PFN : 0;
}

void choose_found(struct run *run, struct event *e)
{
	bool reclaims = e->id == EVENT_RECLAIM && e->found;

	for (uint64_t i = 0; i < e->count && (e->id == EVENT_COMPACT || reclaims); i++) {
		struct found_page *found = &e->found[i];
		struct rmap_at at = { 0 };

		if (!found->hva && frames_knows(&run->frames, found->frame) &&
		    page_next_mapping(&run->vm->m, frames_model(&run->frames, found->frame), &at))
			found->hva = at.hva;
		if (found->hva == LISTED_BY_PFN)
			found->hva = list_by_frame(run, found->frame);
		if (reclaims && found->frame && found->hva)
			join_asked(e, i);
		if (!found->hva)
			continue;
		take_input(run, place_of_command(run), "the page at 0x%llx is found",
			   (unsigned long long)(found->hva & PAGE_MASK));
	}
}

void choose_stable(struct run *run, struct event *e)
{
	struct rmap_at at = { 0 };
	pfn_t stable;

	if (e->id != EVENT_KSM_MERGE || e->pfn == NO_PFN || !frames_knows(&run->frames, e->pfn))
		return;
	stable = frames_model(&run->frames, e->pfn);
	if (page_is(&run->vm->m, stable, PG_KSM) && page_next_mapping(&run->vm->m, stable, &at))
		e->other_hva = at.hva;
}
