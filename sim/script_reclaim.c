/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_reclaim.c: which pages reclaim looked at, in which lists, as the trace shows it: input.
 *
 * Linux: mm/vmscan.c:shrink_inactive_list(), shrink_active_list(), lru_gen_look_around(). Whether
 * a page was used, and what follows from that, is not taken from the trace.
 */
#include <stdlib.h>
#include <string.h>

#include "model/task.h"
#include "sim/script_internal.h"

struct scan {
	struct found_page *list;	/* at hand */
	uint64_t nr;			/* isolated ones by their frames, where that is recorded */
	bool asked;			/* something of it has been asked for */
};

static void end_list(struct script *s, const struct command *c, struct scan *scan)
{
	if (scan->nr) {
		struct event *e = script_add(s, c, EVENT_RECLAIM);

		e->found = scan->list;
		e->count = scan->nr;
	}
	*scan = (struct scan){ .list = scan->list + scan->nr };
}

static bool is_listed(const struct scan *scan, uint64_t hva)
{
	for (uint64_t i = 0; i < scan->nr; i++)
		if ((scan->list[i].hva & PAGE_MASK) == hva)
			return true;
	return false;
}

static uint64_t start_of(const struct trace_event *event)
{
	uint64_t start = 0;

	trace_event_u64(event, "start", 16, &start);
	return script_owns(start) ? start : 0;
}

/* Is this page unmapped, before anybody asks for it again? */
static bool goes(const struct command *c, size_t at, uint64_t hva)
{
	for (size_t i = at + 1; i < c->nr_events; i++) {
		bool asks = strstr(c->events[i].name, "_young") != NULL;

		if (start_of(&c->events[i]) != hva)
			continue;
		if (asks && !strstr(c->events[i].name, "_ret"))
			return false;
		if (!strcmp(c->events[i].name, "inv_start"))
			return true;
	}
	return false;
}

/* A scan of a list begins: what was asked for before belongs to another. */
static bool begins_list(const struct trace_event *event)
{
	const char *flags = trace_event_field(event, "flags");

	return !strcmp(event->name, "page_ref_mod_unless") && flags && strstr(flags, "swapbacked");
}

static void add_asked(struct script *s, const struct command *c, struct scan *scan, size_t at)
{
	bool looks = !strcmp(c->events[at].name, "clear_young");
	uint64_t hva = start_of(&c->events[at]);

	if (is_listed(scan, hva))
		end_list(s, c, scan);
	scan->asked = true;
	scan->list[scan->nr++].hva = hva | (!looks || goes(c, at, hva) ? SHRINK_ASKS :
								       SHRINK_LOOKS);
}

static void add_event(struct script *s, const struct command *c, struct scan *scan, size_t at)
{
	const struct trace_event *event = &c->events[at];
	uint64_t hva = start_of(event);

	if (begins_list(event)) {
		if (scan->asked)
			end_list(s, c, scan);
		trace_event_u64(event, "pfn", 16, &scan->list[scan->nr].frame);
		scan->list[scan->nr++].hva = 0;
	}
	if (!hva)
		return;
	if (!strcmp(event->name, "clear_young") || !strcmp(event->name, "clear_flush_young"))
		add_asked(s, c, scan, at);
	else if (!strcmp(event->name, "inv_start") && !is_listed(scan, hva))
		scan->list[scan->nr++].hva = hva;	/* nobody asks */
}

const char *script_reclaim(struct script *s, const struct command *c)
{
	struct scan scan = { 0 };

	if (!c->traced || c->answer.kind != ANSWER_OK)
		return "how much could be reclaimed is not recorded";
	free(s->found);
	scan.list = s->found = calloc(c->nr_events + 1, sizeof(*s->found));
	if (!s->found)
		abort();
	for (size_t i = 0; i < c->nr_events; i++)
		add_event(s, c, &scan, i);
	end_list(s, c, &scan);
	if (!s->nr_events)
		script_add(s, c, EVENT_NOTHING);
	return NULL;
}
