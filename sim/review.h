/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * review.h: a design review with everything in it computed: what a patch claims, what it changes
 * (equiv.h), which laws hold in every order (law_sheet.h), which bugs of the corpus come out
 * otherwise (bisect.h), and a shortest trace of each.
 *
 * Its text is Markdown by hand, with lines that begin with '@' where the computed goes:
 *
 *	@document NAME		what follows is NAME.md
 *	@read SEMANTICS TEXT	what reading has found of it
 *	@patches CHAIN		a row for each: claimed, read, found
 *	@compare CHAIN		each with the next, in detail
 *	@laws LIST		all laws, all searches
 *	@run LIST TRACE		one trace under each
 *
 * A CHAIN is A..B, all between two of a chain of bisect.h, or a LIST: A,B,C.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/bisect.h"
#include "sim/equiv.h"
#include "sim/json.h"
#include "sim/law_sheet.h"

enum { REVIEW_MAX_SEMANTICS = 32, REVIEW_MAX_SIDES = EQUIV_MAX_SEMANTICS };

enum review_kind { REVIEW_PROSE, REVIEW_PATCHES, REVIEW_COMPARE, REVIEW_LAWS, REVIEW_RUN };

struct review_part {
	enum review_kind kind;
	size_t document;
	char *text;			/* of prose; of others what stands behind the word */
	struct equiv_side side[REVIEW_MAX_SIDES];
	size_t nr_sides;
	struct equiv *equiv;		/* of REVIEW_COMPARE */
	const char *trace;		/* of REVIEW_RUN, in .text */
	struct bisect *run;
};

struct review_reading { const struct semantics_patch *patch; char *text; };

/* A trace of the corpus under all of .semantics. */
struct review_case { char *path; struct bisect *run; };

enum review_phase {
	REVIEW_PROGRAMS,	/* equiv: all that differ */
	REVIEW_ORDERS,		/* explore: all traces with threads in FOLDER/race */
	REVIEW_CORPUS,		/* all traces below FOLDER with a bug */
	REVIEW_RUNS,
	REVIEW_DONE,
};

struct review_bound {
	struct equiv_bound programs;
	struct explore_bound orders;
	const char *traces;		/* the folder */
};

struct review {
	const char *command;		/* that prints it, or NULL */
	char name[64];			/* traces of differences are in NAME/ */
	struct review_bound bound;
	char **documents;		/* stb_ds: names */
	struct review_part *parts;	/* stb_ds */
	struct review_reading *readings;	/* stb_ds */
	const struct semantics_patch *semantics[REVIEW_MAX_SEMANTICS];	/* all that are named */
	size_t nr_semantics;
	char *words;			/* the text, cut into its lines */

	enum review_phase phase;
	size_t at, column;		/* within the phase */
	struct law_sheet sheet;		/* of .semantics */
	char **scenarios;		/* stb_ds: paths */
	char **cases_left;		/* stb_ds: paths */
	struct trace trace;		/* of the search at hand */
	struct explore *x;		/* ... or NULL */
	struct review_case *cases;	/* stb_ds */
	enum review_phase stopped_in;	/* review_stop(); else REVIEW_DONE */
	size_t stopped_at, stopped_of;
};

/* @text is copied; @path: what it is called in an error. False: *@error. */
bool review_begin(struct review *review, const char *path, const char *text,
		  const struct review_bound *bound, struct error *error);
/* The text of a review that nobody has written: of @chain. The caller's to free. */
char *review_text_of(const char *chain);
/* Some of the work. False: none is left, or *@error. */
bool review_more(struct review *review, struct error *error);
/* No more is wanted; what is told says so. */
void review_stop(struct review *review);
/* Of the phase at hand: how much is done, of how much, and what is done now. */
struct review_progress { size_t done, all; const char *now; };
struct review_progress review_progress(const struct review *review);
/* All that was asked for was looked at, within the bound. */
bool review_is_complete(struct review *review);
void review_free(struct review *review);

/* ---- what the tellers ask ---- */

/* How two neighbours of a chain were compared. False: they were not. */
struct review_pair { struct equiv *equiv; size_t pair; struct equiv_side a, b; };
bool review_find_pair(const struct review *review, const struct equiv_side *a,
		      const struct equiv_side *b, struct review_pair *found);
/* Was that phase brought to its end? */
bool review_has(const struct review *review, enum review_phase phase);
/* Where in .semantics. */
size_t review_column(const struct review *review, const struct semantics_patch *patch);
/* NULL: nothing is said of it. */
const char *review_reading(const struct review *review, const struct semantics_patch *patch);
/* "v11-p2 and v11-p3" at i = 0: the number of pairs is .nr_sides - 1. */
struct review_pair review_pair_of(const struct review_part *part, size_t i);

/* ---- review_tell.c, review_json.c ---- */

/* One of .documents; @folder: traces of differences are there, or NULL: they are not. */
void review_markdown(struct review *review, size_t document, const char *folder, FILE *out);
void review_text(struct review *review, FILE *out);
void review_json(struct review *review, struct json *json);
