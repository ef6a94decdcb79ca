/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * baseline.h: a file of verdicts that somebody has looked at and accepts.
 *
 *	pfnbaseline 1
 *	# comment
 *	TRACE SEMANTICS LAW [at=LABEL|event=N] [blame=PARTY] [times=N]     # why
 *	TRACE SEMANTICS expectation|inconclusive ["TEXT"] [times=N]
 *	TRACE - input ["TEXT"] [times=N]
 *
 * A row accepts findings of one case that have all that it says, so many of them (1), and no more.
 * TRACE is relative to the file's folder. docs/CI.md.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/ci.h"
#include "sim/error.h"

struct baseline_row {
	const char *rule;
	char *trace;
	const char *semantics;	/* a name of all_semantics[], or "" */
	char *what;		/* "at=r blame=kvm", some of it; a text; NULL: whatever it is */
	const char *why;	/* the comment behind it, in .lines; NULL: none */
	unsigned line, times;
	unsigned left;		/* within the case at hand */
	unsigned found;		/* at most in one case */
	bool asked;		/* its case was run to its end */
};

struct baseline {
	char *name;		/* as the user wrote it */
	char *folder;		/* without links */
	struct baseline_row *rows;	/* stb_ds */
	char **lines;		/* stb_ds: as they are, without their ends */
};

/* False: *@error. A file that is not there is an error, unless it @may_be_new: it is empty. */
bool baseline_load(const char *name, bool may_be_new, struct baseline *baseline,
		   struct error *error);
void baseline_free(struct baseline *baseline);
/* Says of each finding of @ci, from case @first on, whether it is accepted. */
void baseline_accept(struct baseline *baseline, struct ci *ci, size_t first);
/* The rows that have been asked for, or whose trace is gone, and that found less: into @ci. */
void baseline_list_stale(const struct baseline *baseline, struct ci *ci);
/* The file as it had to be for all of @ci to be accepted; comments stay. False: a write error. */
bool baseline_print(const struct baseline *baseline, const struct ci *ci, FILE *out);
