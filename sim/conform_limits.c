/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_limits.c: what a recording shows that the model knows it has not got.
 *
 * A daemon's visit is seen by its notifications; what a command's events leave out is
 * event_limits.c's.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include "sim/script_internal.h"

static uint64_t number_of(const struct trace_event *event, const char *key)
{
	const char *value = trace_event_field(event, key);

	return value ? script_number(value) : 0;
}

/* task_numa_work() > change_prot_numa(): of the recorder's own memory, too, below its regions. */
static bool scans_for_numa(const struct trace_event *event)
{
	return !strcmp(event->name, "inv_start") && trace_event_field(event, "start") &&
	       number_of(event, "event") == NOTIFY_PROTECTION_VMA &&
	       number_of(event, "start") < RBASE;
}

static bool is_scanned_for_numa(const struct run *run)
{
	const struct command *c = run->command;

	for (size_t i = 0; i < c->nr_events; i++)
		if (scans_for_numa(&c->events[i]))
			return true;
	for (size_t i = 0; i < c->nr_after; i++)
		if (scans_for_numa(&c->after[i]))
			return true;
	return false;
}

const char *beyond_model(struct run *run, const struct script_events *todo)
{
	if (is_scanned_for_numa(run))
		return "NUMA balancing is not modelled";
	for (size_t i = 0; i < todo->nr_events; i++) {
		const char *why = event_beyond_model(run->vm, &todo->events[i]);

		if (why)
			return why;
	}
	return NULL;
}
