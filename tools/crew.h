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
	bool quiet;		/* no progress */

	size_t at;
	FILE *result;
	/* Its own: */
	struct crew_child *children;	/* of the inputs from .told on, in their order; stb_ds */
	size_t told, next, running;
	double since;
};

enum crew_turn crew_next(struct crew *crew);
/* The child is done. */
_Noreturn void crew_exit(struct crew *crew);
/* Behind CREW_OVER. */
void crew_free(struct crew *crew);
