/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_ci.h: replays as those who run them unattended read them: JUnit's XML, SARIF 2.1.0,
 * annotations of GitHub. All inputs of a run in one document.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/replay.h"

enum ci_level { CI_NOTE, CI_WARNING, CI_ERROR };

struct ci_finding {
	const char *rule;	/* a law's id; "expectation", "inconclusive", "input" */
	u8 level;		/* enum ci_level; CI_NOTE: a violation that the trace expects */
	char *file;
	unsigned line, column;	/* 0: none */
	char *text;
};

struct ci_case {		/* one input under one semantics */
	char *input, *semantics;	/* "": the input cannot be read */
	char *verdict;
	size_t first, nr;	/* findings */
};

struct ci {
	struct ci_finding *findings;	/* stb_ds */
	struct ci_case *cases;		/* stb_ds */
};

void ci_add(struct ci *ci, const struct replay *replay);
void ci_add_error(struct ci *ci, const char *input, const struct error *error);
/* False: a write error. */
bool ci_print_junit(const struct ci *ci, FILE *out);
bool ci_print_sarif(const struct ci *ci, const char *version, FILE *out);
bool ci_print_github(const struct ci *ci, FILE *out);
void ci_free(struct ci *ci);
