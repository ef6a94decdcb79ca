/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_reduce.h: states of which not every thread's turn has to be taken.
 *
 * Persistent sets. What a turn reads and writes is measured when it is taken (watch.h), laws
 * included. A thread's future is what has been read and written by it from where it stands on, in
 * any order that was searched. If the turns of some threads have nothing to do with the futures of
 * the others, those others may as well go later. docs/decisions/0009 has the proof, and why
 * measured futures are enough if, in the end, no choice contradicts them: until then the search is
 * done once more.
 */
#pragma once

#include "sim/explore_internal.h"

struct futures;
struct spots;

struct futures *futures_new(void);
void futures_free(struct futures *futures);
struct spots *spots_new(void);
void spots_free(struct spots *spots);

/*
 * What the workers have seen in this round is added, and that whoever can be exchanged might have
 * seen the same.
 */
struct futures *futures_after(const struct search *search);
/* No choice of theirs is wrong if futures are these; else they are what to begin again with. */
bool futures_bear_out(const struct futures *after, const struct search *search);

/* Locks, a bit each: to read and to write. */
struct lock_set { u32 read, write; };

/* ---- explore_touched.c: lines that a turn read or wrote ---- */

struct touched {
	u32 *line;		/* stb_ds */
	u64 *read, *write;
	bool is_lost;
	struct lock_set takes;
	u32 waits_for;		/* the byte that says who gives that lock back; or 0 */
};
void touched_set(struct touched *touched, const struct footprint *footprint);
void touched_clear(struct touched *touched);
void touched_add(struct touched *touched, u32 line, u64 read, u64 write);
void touched_free(struct touched *touched);
/* What was written and is as it was is no more than read. */
void touched_weaken(struct touched *touched, const struct watch_overwritten *changed);

/* Where a thread stands. */
struct spot_name { u64 at; u8 thread; };

/*
 * Has a turn to do with what a thread that stands there does, or will do before it takes a lock
 * that those which are @held exclude?
 */
bool future_meets(struct explore *x, struct spot_name spot, const struct touched *touched,
		  const struct lock_set *held);
/* A thread's turn has changed what was there. True: something of it is new. */
bool spots_note_values(struct explore *x, unsigned thread);
/* By that turn; stb_ds. */
const struct watch_overwritten *spots_overwritten(const struct spots *spots);
/*
 * A thread's turn has led from one spot to another, .at @to, or has it wait. True: something of it
 * is new.
 */
bool spot_note(struct spots *spots, struct spot_name from, u64 to, const struct touched *touched,
	       enum turn turn);
/* It has been left for later that a thread there goes on, because of this turn. */
void spot_rely(struct explore *x, struct spot_name spot, const struct touched *touched,
	       const struct lock_set *held);
/* Futures are others now. */
void spots_forget_cut(struct spots *spots);

/* ---- explore_lock_use.c ---- */

enum { NR_LOCKS = 2 + MAX_GPCS + MAX_MMS + MAX_FILES };
const struct lock *lock_of(const struct world *w, unsigned i);
bool is_of_lock(const struct world *w, u32 line, unsigned bit);
/* What @thread holds while one of its events runs. */
struct lock_set explore_held(const struct explore *x, unsigned thread);
/* Its last turn, before which it @held those; of locks it says what was done with them. */
void explore_touched(struct explore *x, unsigned thread, enum turn turn,
		     const struct lock_set *held, struct touched *touched);
/* A turn that is chosen and waits for a lock: who gives that back has to do with it, too. */
void touched_waits(struct touched *touched);
/* Can nobody take the locks of one while somebody else holds the other? */
bool locks_exclude(const struct lock_set *a, const struct lock_set *b);
struct lock_set locks_in_both(const struct lock_set *a, const struct lock_set *b);
