/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_limits.c: what a recording shows that the model knows it has not got.
 *
 * What NUMA balancing did is conform_numa.c's; what a command's events leave out is
 * event_limits.c's.
 */
#include "sim/conform_internal.h"

const char *beyond_model(struct run *run, const struct script_events *todo)
{
	if (numa_beyond_model(run, todo))
		return numa_beyond_model(run, todo);
	for (size_t i = 0; i < todo->nr_events; i++) {
		const char *why = event_beyond_model(run->vm, &todo->events[i]);

		if (why)
			return why;
	}
	return NULL;
}
