/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_symmetry.h: threads that do the same, so that it does not matter which of them is where.
 *
 * Of all states that differ only in which of such threads is which, one is kept. That a turn does
 * the same for each of them is looked at when it is taken, as nobody could say it of a thousand
 * steps: docs/decisions/0011 has the proof. If one does not, the search begins again without.
 */
#pragma once

#include "sim/explore_internal.h"

enum { NOBODY = 0xff, MOST_EXCHANGES = 23 };

struct symmetry {
	unsigned nr;
	struct watch_actor actor[WATCH_ACTORS];
	u8 thread[WATCH_ACTORS];
	u8 group[WATCH_ACTORS];		/* actors of one can be exchanged */
	u8 actor_of[TRACE_MAX_THREADS];	/* by thread; or NOBODY */
	u8 to[MOST_EXCHANGES][WATCH_ACTORS];	/* all ways to exchange them */
	unsigned nr_exchanges;
	atomic_bool is_broken;		/* .why has been written */
	char why[160];
};

/* Is it an argument of such events? @offset: in struct event */
bool event_has(enum event_id id, size_t offset);
bool event_names_vcpu(enum event_id id);
/* What can be exchanged where the set-up has come to. NULL: nothing; @why "", or why not. */
struct symmetry *symmetry_new(struct explore *x, char *why, size_t size);
/* The worker's watch knows of it, too; NULL: forgets. */
void symmetry_use(struct explore *x, const struct symmetry *symmetry);
/* "a, b; c, d": the threads */
void symmetry_text(const struct symmetry *s, const struct trace *trace, char *text, size_t size);

u8 symmetry_thread(const struct symmetry *s, const u8 *to, unsigned thread);
/* An event of a thread is then that one. */
size_t symmetry_event(const struct symmetry *s, const struct trace *trace, const u8 *to,
		      size_t event);

/* ---- explore_exchange.c ---- */

/* Where it stands, by whose it is. */
struct image { u64 shared, own[WATCH_ACTORS]; };
struct image explore_image(struct explore *x);
/* The same for all that an exchange makes of it. */
u64 image_fingerprint(const struct symmetry *s, const struct image *image);
void explore_exchange(struct explore *x, const u8 *to);
/*
 * The one of all that exchanges make of it which is kept: *to is how it came to be that, if it is
 * not NULL.
 */
void explore_make_first(struct explore *x, u8 *to);
/*
 * How to come to each different state that exchanges make of the one at hand, itself first: rows
 * of @to; how many.
 */
unsigned explore_orbit(struct explore *x, u8 to[MOST_EXCHANGES + 1][WATCH_ACTORS]);
/*
 * explore_turn(), behind world_mark(). And do all others whom the thread can be exchanged for do
 * the same? If not, the symmetry is broken.
 */
enum turn explore_turn_of_group(struct explore *x, unsigned thread, struct error *error);
/* Where in a footprint that is after an exchange which was at a bit of @line; *bit, too. */
u32 explore_exchanged_line(struct explore *x, const u8 *to, u32 line, unsigned *bit);
