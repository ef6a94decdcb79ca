/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crew.h: many inputs, each in a child of its own, several at a time.
 *
 * What comes back is in the order of the inputs, whoever was done first. A child that crashes, or
 * is not done in time, is one input's affair.
 *
 *	while ((turn = crew_next(&crew)) != CREW_OVER) {
 *		if (turn == CREW_WORK) { ... input crew.at; crew_exit(&crew); }
 *		... how input crew.at ended
 *	}
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "sim/progress.h"

enum { MAX_JOBS = 256 };

enum crew_turn {
	CREW_OVER,	/* of all inputs; or interrupted, and .at says how many were told of */
	CREW_WORK,	/* in the child: do .at, write to .result, then crew_exit() */
	CREW_DONE,	/* in the parent: what .at printed is printed, .result is to be read */
	CREW_TIMEOUT,	/* ... .at was not done in time; nothing of it has been printed */
	CREW_CRASH,	/* ... .at crashed; what it said on stderr has been printed */
};

struct crew {
	char *const *names;	/* of the inputs, for progress */
	size_t nr;
	unsigned jobs;		/* at a time; 0: one */
	unsigned timeout;	/* seconds; 0: none */

	size_t at;
	FILE *result;
	struct sim_progress *progress;	/* of the child */
	/* Its own: */
	struct crew_child *children;	/* of the inputs from .told on, in their order; stb_ds */
	size_t told, next, running;
	double since;
};

enum crew_turn crew_next(struct crew *crew);
/* The child is done. */
_Noreturn void crew_exit(struct crew *crew);
/* The same, and a number for crew_code(). */
_Noreturn void crew_exit_with(struct crew *crew, int code);
/* ... or what else the turn means, CREW_WORK aside; complained of what is no child's doing. */
int crew_code(struct crew *crew, enum crew_turn turn);
/* Behind CREW_OVER. */
void crew_free(struct crew *crew);
