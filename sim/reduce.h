/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reduce.h: a smaller trace with the same bug, under the same semantics: the same law, broken by
 * the same party in the same step, in the same way.
 *
 * Events go, in halves and then one by one, each with those that make no sense without it; then
 * arguments go or shrink; until no single one can (delta debugging: Zeller and Hildebrandt, 2002,
 * complements alone). What is inconclusive (but for what a recording lacks), or left
 * out by the model, is no smaller trace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/error.h"
#include "sim/explore.h"
#include "sim/trace.h"

/* A statement that may go: an event, an order, a setting. */
struct reduce_unit {
	struct ast_statement s;		/* its .args are its own */
	const struct event_kind *kind;	/* NULL: no event */
	size_t part;			/* 0: set-up; thread t: t + 1; behind "join": SIZE_MAX */
	bool is_kept, is_tried;		/* in the smallest so far; in the one at hand */
};

enum { REDUCE_ANYBODY = 255 };		/* .blame that is not known yet */

/* How it breaks, whatever its frames, gfns and numbers are; all zero: of no law. */
struct reduce_way {
	const char *step;		/* that was the last; NULL: the event has none */
	u8 path;			/* ... that it is of */
	u8 kind;			/* enum object_kind */
	bool has_pfn, has_gfn;
	int side;			/* too much, too little; of frames: none */
};

/* What has to break. .splat: of a law about warnings, which; or NULL. */
struct reduce_target {
	const char *word, *splat;
	u8 blame;
	bool is_law;
	struct reduce_way way;
};

/* What has to break, as far as it was asked for. */
struct reduce_wish {
	const char *law;		/* or deadlock, livelock, lock-inversion; NULL: the first */
	const char *step;		/* NULL: the first */
	bool any_way;			/* another bug of the same law and party will do */
};

enum reduce_phase { REDUCE_FIRST, REDUCE_EVENTS, REDUCE_ARGS, REDUCE_LAST, REDUCE_DONE };

struct reduce {
	const char *path;
	const struct semantics_patch *patch;
	struct explore_bound bound;
	struct trace trace;		/* as it was */
	struct reduce_unit *units;	/* stb_ds */
	struct reduce_wish wish;
	struct reduce_target target;	/* .word NULL: not found yet */
	struct reduce_target *found;	/* stb_ds: all that the smallest one breaks */
	enum reduce_phase phase;
	size_t chunk, at;		/* of EVENTS: so many, from the end */
	size_t unit, arg, step;		/* of ARGS */
	struct ast_arg old_arg;		/* ... as it was before this try */
	const char *old_label;
	size_t old_nr;
	bool changed, args_clean, stopped;
	bool again;			/* what is tried made no sense, and lost a unit */
	bool cut_off;			/* a search has found nothing within the bound */
	char lacks[400];		/* evidence that the recording has not; "" if none */
	char why[512];			/* the trace as it was cannot be run to its end */
	size_t tries, nr_events;	/* of the trace as it was */
	struct reduce_unit **lines;	/* stb_ds: of the text at hand, by line */
	struct trace tried;		/* of threads */
	struct explore *x;		/* ... NULL: none */
};

/* False: *@error. */
bool reduce_begin(struct reduce *r, const char *path, const struct semantics_patch *patch,
		  const struct reduce_wish *wish, const struct explore_bound *bound,
		  struct error *error);
/* One try, or a part of a search; false: there is nothing left to try. */
bool reduce_more(struct reduce *r);
/* The smallest so far is all that is wanted. */
void reduce_stop(struct reduce *r);
/* It breaks what has to break, at all. */
bool reduce_fails(const struct reduce *r);
/* No single event can go: nothing was interrupted or cut off. */
bool reduce_is_minimal(const struct reduce *r);
size_t reduce_events_left(const struct reduce *r);
/* The smallest so far, as a trace with its title and what is expected; the caller's to free. */
char *reduce_text(struct reduce *r);
void reduce_free(struct reduce *r);
