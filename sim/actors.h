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
	unsigned last_line;	/* of the last item that it has shown */
	unsigned after_line;	/* the same, before the step that showed it */
	unsigned owed;		/* of a loop: shown by its step, and recorded in the next part */
	unsigned nr_owed;	/* ... since this part began */
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
	struct item *owed;	/* stb_ds: .s.nr_owed of the model's */
	struct actor_state s;
};

struct bound { u64 key; pfn_t value; };		/* of a recorded frame: the model's */
/* And of a frame that the model has allocated, with this bit: the recorded. NO_PFN: not known. */
#define ALLOCATED	((u64)1 << 63)

struct shown {
	u8 actor;
	u8 by;		/* enum shown_by */
	u32 item;	/* not if only the model has it */
	struct bound before[2];		/* for the way back; a key NO_PFN: nothing was bound */
};

struct search {
	struct run *run;
	struct actor *actors;
	size_t nr_actors;
	struct shown *shown;		/* stb_ds: in the order of the steps */
	struct bound *bound;	/* stb_ds: frames, in this search */
	struct lru_page *lru;	/* stb_ds: what is known in this search */
	struct lru_page *lru_before;	/* stb_ds: for the way back */
	size_t max_items;	/* stop when so many have been shown */
	size_t idle;		/* steps since an item was shown */
	size_t tries;
	bool resolves;		/* steps are tried, and taken back: they count for .run->searched */
	bool checks;		/* what each own actor answers, */
	bool checks_end;	/* and what is watched in the end */
	const struct actor *acting;
	bool out_of_order;	/* others were recorded to show something before, or have not yet */
};

/*
 * Run all of them until each has shown its items; lists of events are run to their ends. False: no
 * order was found, and where they stand means nothing.
 */
bool search_run(struct search *search);
/* Is this what was recorded, as far as it decides who goes on? And may the rest be compared? */
bool actors_same_item(const struct search *search, const struct item *recorded,
		      const struct item *model);
bool actors_exact_spte(const struct item *recorded, const struct item *model);
/* It has been shown: what that says of LRU batches. False: its counts are doubtful. */
bool actors_take_counts(struct search *search, const struct item *recorded,
			const struct item *model);
/* A note that is not shown: pages that the model puts into its batch, or frees. */
void actors_lru_note(struct search *search, const struct item *model);
/* A reference of @a's that this may be: the recorded item's index, or none: SIZE_MAX. */
size_t actors_find_reference(const struct search *search, const struct actor *a, size_t end,
			     const struct item *model);
/* A recorded reference that the model has not: the kernel's batch gives the page back, perhaps. */
void actors_skip_reference(struct search *search, const struct item *recorded);
bool actors_exact_reference(const struct search *search, const struct item *recorded,
			    const struct item *model);
void actors_lru_undo(struct search *search, size_t n);
bool search_has_items(const struct search *search);
/* Its list is through: is that what was answered? All of them are: and what is watched? */
bool actor_would_agree(struct search *search, struct actor *actor);
/* The next event of a list or a loop becomes a task. In conform_actors.c. */
bool actor_start(struct vm *vm, struct actor *actor);
