/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schedule.h: one order of steps, run once more and told: as columns, one a thread, and as a trace
 * that replay runs in that order.
 */
#pragma once

#include <stdio.h>

#include "sim/explore.h"
#include "sim/trace.h"

struct schedule_row {
	unsigned thread;
	const char *step;		/* NULL: the event has no steps */
	const char *next;		/* the thread's next step in the same event, or NULL */
	const struct event *begins;	/* with this turn */
	const struct event *event;	/* whose turn it is */
	bool ends;			/* the event, with this turn */
	bool afterwards;		/* what was found has been shown */
	char came_to[40];		/* if it ends */
};

struct schedule {
	const struct trace *trace;
	struct schedule_row *rows;	/* stb_ds */
};

/* Run the finding's turns, and then the threads as far as they come. */
void schedule_run(struct schedule *schedule, const struct trace *trace,
		  const struct semantics_patch *patch, const struct explore_finding *finding);
void schedule_free(struct schedule *schedule);
/* Whose turn was the last of the finding's; NULL: nobody's. */
const struct event *schedule_last(const struct schedule *schedule);
/* At most 75 columns. @breaks: what the last turn does. */
void schedule_print(const struct schedule *schedule, const char *breaks, FILE *out);
/*
 * One that the trace itself has: the set-up, the turns, and whatever has not ended by then, as a
 * trace for replay. False: a write error.
 */
bool schedule_told(const struct trace *trace, const struct trace_schedule *told, FILE *out);
/* A trace for replay; false: a write error. */
bool schedule_trace(const struct schedule *schedule, const char *title, FILE *out);
