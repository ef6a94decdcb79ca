/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * corpus.h: real bugs as traces, and what each kernel makes of them.
 *
 * A trace with a line "bug B01 ..." is an entry; "expect SEMANTICS: verdict ..." says what should
 * be found, and to which semantics it applies at all. What is found is computed by running it.
 * "case D01 ..." is the same of what is no bug of the kernel's: an answer for a driver's author.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/error.h"
#include "sim/judge.h"

struct corpus_cell {
	bool applies;		/* a line of the trace names this semantics; else all is 0 */
	bool differs;		/* from what that line says */
	char expected[32];	/* "V", "V of driver" */
	struct judgement found;
};

struct corpus_row {
	char id[8];
	char *claim, *path;
	char **notes;			/* stb_ds */
	char **schedules;		/* stb_ds: "v11, LAW: r until=lock_mmu; d; r" */
	struct corpus_cell *cells;	/* stb_ds: by semantics */
};

/* What has no trace, and why. */
struct corpus_absent { const char *id, *claim, *because; };

extern const struct corpus_absent corpus_absent[];
extern const size_t nr_corpus_absent;

struct corpus {
	const struct semantics_patch *const *semantics;
	size_t nr_semantics;
	struct explore_bound bound;
	bool with_cases;		/* and not "bug" lines alone */
	struct corpus_row *rows;	/* stb_ds */
};

/* The traces at @path, a file or a folder with others in it: stb_ds, sorted. NULL: *@error. */
char **corpus_list(const char *path, struct error *error);
void corpus_list_free(char **list);
/*
 * Runs the trace at @path; a row for each of its "bug" lines, and "case" lines if they are wanted.
 * False: bad input, *@error.
 */
bool corpus_add(struct corpus *corpus, const char *path, struct error *error);
/* Rows, from a child of fork() to its parent: added behind those that are there. */
void corpus_write(const struct corpus *corpus, FILE *out);
bool corpus_read(struct corpus *corpus, FILE *in);
/* By number, then by path. */
void corpus_sort(struct corpus *corpus);
void corpus_free(struct corpus *corpus);
