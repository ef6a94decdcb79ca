/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_limits.c: what a recording shows that the model knows it has not got.
 *
 * What NUMA balancing did is conform_numa.c's; what a command's events leave out is
 * event_limits.c's.
 */
#include "sim/conform_internal.h"

#include <string.h>

static bool splits_file(const struct script_events *todo)
{
	for (size_t i = 0; i < todo->nr_events; i++)
		if (todo->events[i].id == EVENT_PUNCH || todo->events[i].id == EVENT_TRUNCATE)
			return true;
	return false;
}

/*
 * collapse_pte_mapped_thp() has a reference of the folio, and its lock: who would split it at that
 * time does not. The trace says that it was there, not when.
 */
static bool khugepaged_holds(const struct command *c)
{
	for (size_t i = 0; i < c->nr_events; i++) {
		const char *result = trace_event_field(&c->events[i], "result");

		if (!strcmp(c->events[i].name, "mm_khugepaged_scan_file") && result &&
		    !strcmp(result, "pte_mapped_hugepage"))
			return true;
	}
	return false;
}

const char *beyond_model(struct run *run, const struct script_events *todo)
{
	if (splits_file(todo) && khugepaged_holds(run->command))
		return "khugepaged has what is to be split";
	if (numa_beyond_model(run, todo))
		return numa_beyond_model(run, todo);
	for (size_t i = 0; i < todo->nr_events; i++) {
		const char *why = event_beyond_model(run->vm, &todo->events[i]);

		if (why)
			return why;
	}
	return NULL;
}
