/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv.h: do two semantics differ in any program up to a bound, and in what?
 *
 * A program is a host's set-up, a memslot, and a few events by one actor or by two at once; an
 * alphabet (equiv_alphabet.c) says which. All of them run under each semantics, those of two
 * actors in every order of their steps, and everything observable (equiv_facts.c) is compared
 * between neighbours of the list. The shortest program is kept for each kind of difference.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/base.h"
#include "model/semantics.h"
#include "sim/error.h"

enum { EQUIV_MAX_SEMANTICS = 12, EQUIV_MAX_PAGES = 2, EQUIV_MAX_EVENTS = 5,
       EQUIV_MAX_ACTORS = 2 };

struct equiv_bound {
	unsigned pages, actors, events;
	const char *only;		/* set-ups whose name has this in it; NULL: all */
};

/* Places in its stage's alphabet; the last .tail run on the second actor, the one before on the
 * first; .tail 0: one actor does it all. */
struct equiv_program {
	size_t stage;
	u8 nr, tail;
	u8 event[EQUIV_MAX_EVENTS];
};

/* One kind of difference between two neighbours. */
struct equiv_difference {
	size_t pair;
	u64 kind;
	bool follows;			/* in each of them an earlier event differs, too */
	u8 rank;			/* what is told first */
	char text[120];
	struct equiv_program program;	/* a shortest */
	u64 programs;			/* in so many */
	u64 last;			/* of these the last: its number from 1 on */
	u32 configs;			/* in these configurations, bits */
};

struct equiv_pair {
	const struct semantics_patch *a, *b;
	const char *a_name, *b_name;	/* as the user calls them */
	u64 programs, differing;	/* compared; that differ in something */
};

struct equiv_result {
	struct equiv_pair *pairs;
	size_t nr_pairs;
	struct equiv_difference *differences;	/* stb_ds: by pair, by rank, shortest first */
	u64 programs, states;
	u64 repeated;			/* programs that come to where a shorter one has been */
	u64 unmodelled;			/* programs with an event that some semantics leaves out */
	u64 cut_off;			/* programs whose orders were too many */
	size_t stages, stages_done;
	bool stopped;			/* equiv_stop() */
};

struct equiv;

/* A name, which stays the caller's, and what it means. */
struct equiv_side { const char *name; const struct semantics_patch *patch; };

/* Each of @list with the one behind it. */
struct equiv *equiv_new(const struct equiv_side *list, size_t n, const struct equiv_bound *bound);
/* A few programs. False: nothing is left, or *@error. */
bool equiv_more(struct equiv *equiv, struct error *error);
/* No more is wanted. */
void equiv_stop(struct equiv *equiv);
const struct equiv_result *equiv_result(struct equiv *equiv);
void equiv_free(struct equiv *equiv);

/* The set-up in a few words: "a driver's page, VM_PFNMAP; read-only memslot; shadow paging". */
void equiv_stage_name(size_t stage, char *name, size_t size);
/* The program on one line: "read 0x200000; write 0x200000 7". */
void equiv_program_text(const struct equiv *equiv, const struct equiv_program *program,
			char *text, size_t size);
/* As a trace that says what comes of it under both. False: a write error. */
bool equiv_trace(struct equiv *equiv, const struct equiv_difference *difference, FILE *out);
/* What programs are made of: its set-ups, configurations and events, one a line. */
void equiv_print_alphabet(const struct equiv_bound *bound, FILE *out);
