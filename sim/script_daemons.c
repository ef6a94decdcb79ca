/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_daemons.c: what kernel threads did while a command ran. When, and to what, is input.
 *
 * Linux: mm/khugepaged.c; what isolates the small pages has no address, but the notification
 * before it has; from there on nothing fails.
 */
#include <string.h>

#include "sim/script_internal.h"

static bool is_of(const struct trace_event *event, const char *task, const char *name)
{
	return !strcmp(event->task, task) && !strcmp(event->name, name);
}

static bool succeeded(const struct trace_event *event)
{
	const char *status = trace_event_field(event, "status");

	return status && !strcmp(status, "succeeded");
}

/* After the command's own events: nothing says which of the two was first. */
void script_daemons(struct script *s, const struct command *c)
{
	uint64_t hva = 0;

	for (size_t i = 0; i < c->nr_events; i++) {
		if (is_of(&c->events[i], "khugepaged", "inv_start"))
			trace_event_u64(&c->events[i], "start", 16, &hva);
		if (!is_of(&c->events[i], "khugepaged", "mm_collapse_huge_page_isolate") || !hva ||
		    !succeeded(&c->events[i]))
			continue;
		script_add(s, c, EVENT_KHUGEPAGED)->hva = hva;
		hva = 0;
	}
}
