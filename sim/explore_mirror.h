/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_mirror.h: threads that do the same at other addresses, so that it does not matter which
 * gfns, hvas and pages are whose.
 *
 * To rename a gfn in a state one would have to know each word that is one. Nothing is renamed: a
 * worker has further worlds, its twins, and each order of turns is run in all of them, every time
 * with other threads in each other's place. What is kept is all that the worlds have come to, and
 * it does not matter which of them has come to which: docs/decisions/0015 has the proof.
 */
#pragma once

#include "sim/explore_internal.h"

enum { MOST_TWINS = 5, MOST_WORLDS = 1 + MOST_TWINS };

struct mirrors {
	unsigned nr;
	u8 to[MOST_TWINS][TRACE_MAX_THREADS];	/* by thread of the first world */
	atomic_bool is_broken;		/* .why has been written */
	char why[160];
};

/* What the trace's threads can be exchanged for, with their addresses. NULL: nothing. */
struct mirrors *mirrors_new(const struct trace *trace);
/* "by address: a = b, c = d": threads of the first exchange. */
void mirrors_text(const struct mirrors *mirrors, const struct trace *trace, char *text,
		  size_t size);

/* What was taken for the same is not, here or in explore_symmetry.h. */
bool explore_is_broken(const struct explore *x);
/* explore_turn() in each world; if it is not the same in all, the mirrors are broken. */
enum turn explore_turn_of_worlds(struct explore *x, unsigned thread, struct error *error);
/* ... and for all others whom the thread can be exchanged for (explore_symmetry.h). */
enum turn explore_turn_of_all(struct explore *x, unsigned thread, struct error *error);
