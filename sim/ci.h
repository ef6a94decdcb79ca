/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ci.h: what many inputs came to, for whoever runs them unattended.
 *
 * An input under one semantics is a case, and so is an input that cannot be read, or has no end.
 * What a case has to say are findings: broken laws, missed expectations, what is lacking. A
 * baseline (baseline.h) accepts some.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/corpus.h"
#include "sim/replay.h"
#include "sim/report_explore.h"

enum ci_level { CI_NOTE, CI_WARNING, CI_ERROR };

/* Beside the laws' ids. */
#define CI_EXPECTATION "expectation"
#define CI_INCONCLUSIVE "inconclusive"
#define CI_INPUT "input"
#define CI_TIMEOUT "timeout"
#define CI_CRASH "crash"

struct ci_rule { const char *id, *sentence; bool acceptable; };

extern const struct ci_rule ci_rules[];
extern const size_t nr_ci_rules;
/* Its place in laws[], or behind them; their sum: there is none of that name. */
unsigned ci_rule_find(const char *id);
/* The id as the tables have it; NULL: there is none. */
const char *ci_rule_id(const char *id);

struct ci_finding {
	const char *rule;
	unsigned level;		/* enum ci_level; CI_NOTE: a violation that the trace expects */
	char *file;
	unsigned line, column;	/* 0: none */
	char *text;
	char *what;		/* which of its rule: "at=r blame=kvm"; of others than laws, why */
	size_t accepted;	/* row of the baseline from 1; 0: it is not there */
};

/* What a case comes to, the worst finding that nobody has accepted. */
enum ci_end {
	CI_OK, CI_ACCEPTED, CI_IS_INCONCLUSIVE, CI_VIOLATION, CI_MISSED, CI_REFUSED, CI_CRASHED,
	NR_CI_ENDS
};

struct ci_case {		/* one input under one semantics */
	char *input;
	char *semantics;	/* "": the input cannot be read, or had no end */
	char *verdict;
	size_t first, nr;	/* findings */
};

struct ci_stale { unsigned line; char *text; };	/* of the baseline's rows */

struct baseline;

struct ci {
	struct ci_finding *findings;	/* stb_ds */
	struct ci_case *cases;		/* stb_ds */
	struct ci_stale *stale;		/* stb_ds */
	const struct baseline *baseline;	/* NULL: there is none */
	size_t nr_inputs, nr_semantics;
	/* Inputs: not for this command; not begun when interrupted */
	size_t passed_over, left;
};

void ci_add(struct ci *ci, const struct replay *replay);
/* What differs from what the trace says, and what was not found out. One of its input's. */
void ci_add_row(struct ci *ci, const struct corpus *corpus, const struct corpus_row *row);
/* A trace with threads under one semantics; the caller counts .nr_inputs. */
void ci_add_explored(struct ci *ci, const char *input, const struct trace *trace,
		     const struct semantics_patch *patch, const struct explored *explored,
		     const struct explore_verdict *verdict);
void ci_add_error(struct ci *ci, const char *input, const struct error *error);
/* @rule: CI_TIMEOUT, CI_CRASH; @why is copied. */
void ci_add_end(struct ci *ci, const char *input, const char *rule, const char *why);
void ci_free(struct ci *ci);

enum ci_end ci_end_of(const struct ci *ci, const struct ci_case *c);
/* Exit code: the worst of all cases. */
int ci_exit_code(const struct ci *ci);
/* How many cases come to that. */
size_t ci_count(const struct ci *ci, enum ci_end end);
const char *ci_end_word(enum ci_end end);
/* "summary: traces=3 semantics=2 ..." and a newline */
void ci_print_summary(const struct ci *ci, FILE *out);
/* The same as JSON, behind a record for each row that is stale. */
void ci_print_total(const struct ci *ci, FILE *out);

/* From a child of fork() to its parent: cases and findings, added behind those that are there. */
void ci_write(const struct ci *ci, FILE *out);
bool ci_read(struct ci *ci, FILE *in);
/* A string between the two; NULL: there is none. */
void ci_write_string(const char *text, FILE *out);
char *ci_read_string(FILE *in);
