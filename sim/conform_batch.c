/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_batch.c: which pages are in the CPU's LRU batch, from the recording's page_ref events.
 *
 * mm/swap.c:folio_add_lru() takes a reference for the batch; folio_batch_move_lru() sets PG_lru of
 * all its pages and then puts them. Others' pages fill it, too, and so decide when the model's
 * pages leave it: how many places they have when a command begins is input, the rest is the
 * model's. One CPU, and a trace that shows the references; what joins the batch in the middle of a
 * command, between pages of the model, is left out.
 */
#include "sim/conform_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

static uint64_t number_of(const struct trace_event *event, const char *key, int base)
{
	uint64_t value = 0;

	trace_event_u64(event, key, base, &value);
	return value;
}

static bool is_traced(const struct run *run)
{
	const struct recording *recording = run->recording;

	return run->vm && run->refs_traced && recording->has_trace && !recording->trace_cut &&
	       recording->nr_cpus == 1 && !run->vm->w.config.no_lru_batch;
}

static bool has_flag(const struct trace_event *event, const char *flag)
{
	const char *flags = trace_event_field(event, "flags");
	size_t length = strlen(flag);

	while (flags && *flags) {
		size_t n = strcspn(flags, "| ");

		if (n == length && !strncmp(flags, flag, n))
			return true;
		flags += n + (flags[n] != '\0');
	}
	return false;
}

/* One reference more than the mapping's, or the page cache's and the fault's. */
static bool joins(struct batch *batch, const struct trace_event *event)
{
	uint64_t maps = number_of(event, "mapcount", 10);

	return !strcmp(event->name, "page_ref_mod") && number_of(event, "val", 10) == 1 &&
	       number_of(event, "mapping", 16) && !has_flag(event, "lru") && maps <= 1 &&
	       number_of(event, "count", 10) == 3 - maps &&
	       hmgeti(batch->fresh, number_of(event, "pfn", 16)) >= 0;
}

static bool leaves(struct batch *batch, const struct trace_event *event)
{
	return !strncmp(event->name, "page_ref_", 9) && has_flag(event, "lru") &&
	       hmgeti(batch->held, number_of(event, "pfn", 16)) >= 0;
}

static void follow(struct batch *batch, const struct trace_event *event)
{
	uint64_t frame;

	if (strncmp(event->name, "page_ref_", 9))
		return;
	frame = number_of(event, "pfn", 16);
	if (leaves(batch, event)) {
		hmfree(batch->held);
		batch->unseen = 0;
	}
	if (!strcmp(event->name, "page_ref_set")) {
		hmputs(batch->fresh, ((struct frame_pair){ .key = frame }));
	} else if (joins(batch, event)) {
		(void)hmdel(batch->fresh, frame);
		hmputs(batch->held, ((struct frame_pair){ .key = frame }));
	}
}

/* All events of the recording, one after the other: the first drain shows who had been there. */
struct search {
	struct batch batch;
	unsigned strangers;
	bool drains, done;
};

static void look_for_drain(struct search *search, const struct trace_event *event)
{
	bool put = !strcmp(event->name, "page_ref_mod_and_test") && has_flag(event, "lru");
	bool known = hmgeti(search->batch.held, number_of(event, "pfn", 16)) >= 0;

	if (search->done)
		return;
	if (put) {
		search->strangers += !known;
		search->drains |= known;
	} else if (search->drains) {
		search->done = true;
	} else {
		search->strangers = 0;
		follow(&search->batch, event);
	}
}

static void look_through(struct search *search, const struct trace_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		look_for_drain(search, &events[i]);
}

void batch_start(struct run *run)
{
	struct search search = { .strangers = 0 };

	if (!is_traced(run))
		return;
	for (size_t i = 0; i < run->recording->nr_commands && !search.done; i++) {
		const struct command *command = &run->recording->commands[i];

		look_through(&search, command->events, command->nr_events);
		look_through(&search, command->after, command->nr_after);
	}
	run->batch.unseen = search.drains ? search.strangers : 0;
	hmfree(search.batch.fresh);
	hmfree(search.batch.held);
}

/* The frames of the model's pages: those that it has, and those that the command allocates. */
static struct frame_pair *own_frames(struct run *run)
{
	struct item *items = items_recorded(run);
	struct frame_pair *own = NULL;

	for (size_t i = 0; i < arrlenu(items); i++)
		if (items[i].owner == FRAME_NEW && !strcmp(items[i].event, "page_ref_set"))
			hmputs(own, ((struct frame_pair){ .key = items[i].frame[0] }));
	arrfree(items);
	return own;
}

static unsigned nr_own(const struct run *run, struct frame_pair *own)
{
	unsigned n = 0;

	for (size_t i = 0; i < hmlenu(run->batch.held); i++)
		n += frames_knows(&run->frames, run->batch.held[i].key) ||
		     (own && hmgeti(own, run->batch.held[i].key) >= 0);
	return n;
}

static void copy_frames(struct frame_pair **to, struct frame_pair *from)
{
	*to = NULL;
	for (size_t i = 0; i < hmlenu(from); i++)
		hmputs(*to, from[i]);
}

/* Others' pages that join before the first of the model's does. */
static unsigned nr_others(struct run *run)
{
	struct batch batch = { .unseen = run->batch.unseen };
	struct frame_pair *own = own_frames(run);
	unsigned others = run->batch.unseen + hmlenu(run->batch.held) - nr_own(run, NULL);

	copy_frames(&batch.fresh, run->batch.fresh);
	copy_frames(&batch.held, run->batch.held);
	for (size_t i = 0; i < run->command->nr_events; i++) {
		const struct trace_event *event = &run->command->events[i];

		if (leaves(&batch, event))
			break;
		if (joins(&batch, event)) {
			if (own && hmgeti(own, number_of(event, "pfn", 16)) >= 0)
				break;
			others++;
		}
		follow(&batch, event);
	}
	hmfree(batch.fresh);
	hmfree(batch.held);
	hmfree(own);
	return others;
}

void batch_begin(struct run *run)
{
	unsigned others, room;

	if (!is_traced(run) || run->out->lost)
		return;
	others = nr_others(run);
	room = run->vm->m.sem->traits.lru_batch - 1 - lru_batched(&run->vm->m, BATCH_ADD);
	run->vm->w.others_batched = others < room ? others : room;
	if (others)
		take_input(run, place_of_command(run), "LRU batch: %u pages of others", others);
}

bool batch_follow(struct run *run)
{
	struct frame_pair *own;
	bool same;

	if (!is_traced(run) || run->out->lost || !run->command->traced)
		return false;
	own = own_frames(run);
	for (size_t i = 0; i < run->command->nr_events; i++)
		follow(&run->batch, &run->command->events[i]);
	same = nr_own(run, own) == lru_batched(&run->vm->m, BATCH_ADD);
	hmfree(own);
	return same;
}

void batch_end(struct run *run)
{
	if (!is_traced(run) || run->out->lost)
		return;
	for (size_t i = 0; i < run->command->nr_after; i++)
		follow(&run->batch, &run->command->after[i]);
}

void batch_free(struct run *run)
{
	hmfree(run->batch.fresh);
	hmfree(run->batch.held);
}
