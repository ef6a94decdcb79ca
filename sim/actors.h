/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actors.h: threads that act at the same time, in an order of steps that gives what each of them
 * was recorded to do.
 *
 * A recorded trace orders the events of all threads, but not what lies between two events of one
 * thread; and the clocks of two CPUs are not quite in step. So the trace's order is tried first,
 * and where what a thread would show next is not what it was recorded to show, others are let go
 * first, or steps are taken back and tried in another order.
 */
#pragma once

#include "sim/conform_internal.h"

enum { MAX_LOOPS = 4, MAX_ACTORS = MAX_LOOPS + 2 };

/* Where a thread is; goes back with the vm. */
struct actor_state {
	size_t at;		/* recorded items that have been shown */
	int task;		/* its row while an event runs, or -1 */
	size_t next_event;	/* of a list of events */
	u32 lcg;		/* of a loop: its random numbers */
	u32 turn;		/* of a loop: how often it went round */
	bool done;
	struct event event;	/* the one that runs */
	struct outcome outcome;	/* of the last that ran */
};

struct actor {
	int pid;
	const struct event *events;	/* a list; or of a loop the one event, over and over */
	size_t nr_events;
	bool loops;
	struct item *items;	/* stb_ds: recorded */
	struct actor_state s;
};

struct bound { u64 key; pfn_t value; };		/* of a recorded frame: the model's */

struct shown {
	u8 actor;
	u32 item;
	struct bound before[2];		/* for the way back; a key NO_PFN: nothing was bound */
};

struct search {
	struct run *run;
	struct actor *actors;
	size_t nr_actors;
	struct shown *shown;		/* stb_ds: in the order of the steps */
	struct bound *bound;	/* stb_ds: frames, in this search */
	size_t max_items;	/* stop when so many have been shown */
};

/*
 * Run all of them until each has shown its items; lists of events are run to their ends. False: no
 * order was found, and where they stand means nothing.
 */
bool search_run(struct search *search);
/* Is this what was recorded, as far as it decides who goes on? And may the rest be compared? */
bool actors_same_item(const struct search *search, const struct item *recorded,
		      const struct item *model);
bool actors_exact_item(const struct item *recorded, const struct item *model);
bool search_has_items(const struct search *search);
/* The next event of a list or a loop becomes a task. In conform_actors.c. */
bool actor_start(struct vm *vm, struct actor *actor);
