/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bisect.h: a trace under each semantics of a chain, by age, and where it comes out otherwise.
 *
 * Every semantics is run: a verdict that has changed may change back. Traces without threads are
 * replayed, others explored in every order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"
#include "sim/explore.h"
#include "sim/judge.h"
#include "sim/trace.h"

enum { BISECT_MAX_POINTS = 64, BISECT_TEXT = 400 };

struct bisect_point {
	const struct semantics_patch *patch;
	bool known;
	char why[200];			/* it is not known */
	struct judgement found;
	char verdict[BISECT_TEXT];	/* with its laws, or its error */
	char **outcomes;		/* stb_ds: by event; of threads all that there are */
};

struct bisect {
	const char *path;
	struct trace trace;
	struct explore_bound bound;
	char lacks[400];		/* evidence that the recording has not; "" if none */
	struct bisect_point points[BISECT_MAX_POINTS];
	size_t nr_points, nr_done;
	struct explore *x;		/* of the point that is being done; NULL: none */
	bool stopped;
};

/* What differs between a point and the last before it that is known. */
struct bisect_change {
	size_t point, last;
	const char *what;		/* "verdict", or NULL: an event's outcome */
	size_t event;			/* its place in trace.events */
	const char *before, *after;
};

/* v5.11 to v7.2, by age; v11-p0 to v11-p8. NULL with *nr 0: no such chain. */
size_t bisect_chain(const char *name, const struct semantics_patch **list, size_t room);
/* The first chain that has both; @list: from one to the other, by age. 0: none has. */
size_t bisect_between(const struct semantics_patch *a, const struct semantics_patch *b,
		      const struct semantics_patch **list, size_t room);

/* False: bad input, *@error. */
bool bisect_begin(struct bisect *b, const char *path, const struct semantics_patch *const *list,
		  size_t nr, const struct explore_bound *bound, struct error *error);
/* Some of the work; false: none is left. */
bool bisect_more(struct bisect *b);
/* No more is wanted: what has not been run is not known. */
void bisect_stop(struct bisect *b);
/* Every difference between those that are known; stb_ds. */
struct bisect_change *bisect_changes(const struct bisect *b);
void bisect_free(struct bisect *b);
