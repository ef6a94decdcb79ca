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

/* Lines that a turn read or wrote. */
struct touched { u32 *line; u64 *read, *write; bool is_lost; };	/* stb_ds */
void touched_set(struct touched *touched, const struct footprint *footprint);
void touched_clear(struct touched *touched);
void touched_add(struct touched *touched, u32 line, u64 read, u64 write);
void touched_free(struct touched *touched);

/* Where a thread stands. */
struct spot_name { u64 at; u8 thread; };

/* Has a turn to do with what a thread that stands there does, or will do? */
bool future_meets(const struct futures *futures, struct spot_name spot,
		  const struct touched *touched);
/* A thread's turn has led from one spot to another, .at @to. True: something of it is new. */
bool spot_note(struct spots *spots, struct spot_name from, u64 to, const struct touched *touched);
/* It has been left for later that a thread there goes on, because of this turn. */
void spot_rely(struct spots *spots, struct spot_name spot, const struct touched *touched);
