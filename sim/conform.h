/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform.h: a recording held against the model of its own kernel, observation by observation.
 *
 * An observation is a fact that a command changed, plus one a command for "nothing else that is
 * watched changed". docs/CONFORM.md says what is compared, and what is taken as input instead.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"
#include "sim/recording.h"

enum conform_kind {
	CONFORM_RESULT, CONFORM_VALUE, CONFORM_EXIT, CONFORM_SIGNAL, CONFORM_STAT,
	CONFORM_HOST_PTE, CONFORM_PAGE, CONFORM_S2, CONFORM_FLAGS, CONFORM_LOOKUP,
	CONFORM_DIRTY_LOG, CONFORM_VM_FLAGS, CONFORM_SPLAT, CONFORM_END, CONFORM_UNCHANGED,
	CONFORM_NOTIFY, CONFORM_SPTE, CONFORM_SET_SPTE, CONFORM_GUP, CONFORM_LOOKUP_PROBE,
	CONFORM_RELEASE, CONFORM_PAGE_REF,
	NR_CONFORM_KINDS,
};

/* What is compared: this table, for every recording alike. */
struct conform_kind_row {
	const char *name;
	const char *covers;	/* which lines */
	const char *compared;	/* what of them; the rest is input */
};
extern const struct conform_kind_row conform_kinds[NR_CONFORM_KINDS];

enum conform_verdict { CONFORM_AGREE, CONFORM_DIFFER, CONFORM_UNMODELLED, NR_CONFORM_VERDICTS };
extern const char *const conform_verdicts[NR_CONFORM_VERDICTS];

struct conform_tally { unsigned of[NR_CONFORM_VERDICTS]; };

struct conform_observation {
	enum conform_kind kind;
	enum conform_verdict verdict;
	const char *file;	/* .out, .trace (as unpacked) or .meta */
	unsigned line, command;	/* command 0: the recording as a whole */
	const char *recorded;	/* NULL: nothing was, but the model has it */
	const char *model;	/* NULL: the model has nothing, or does not say (UNMODELLED) */
	const char *why;	/* it does not say; NULL of the other verdicts */
};

/* A value that the model was given rather than asked for. */
struct conform_input {
	const char *file;
	unsigned line;
	const char *text;
};

struct conform {
	const char *capture;	/* "6.1/pfnmap_nc_seed" */
	const char *semantics;	/* "v6.1"; NULL: none that is modelled */
	struct conform_tally kind[NR_CONFORM_KINDS];
	struct conform_observation *seen;	/* those that differ; more, if asked for */
	size_t nr_seen;
	struct conform_input *inputs;		/* if asked for */
	size_t nr_inputs;
	const char *lost;	/* why nothing is modelled from .lost_line of .out on; NULL */
	unsigned lost_line;
	const char *inconclusive;	/* truncated, trace cut, nothing modelled...; NULL */
	struct arena *arena;
};

struct conform_options { bool keep_all, keep_unmodelled, keep_inputs; };

/* Any recording that recording_read() has accepted; @recording must outlive @out. */
void conform_run(const struct recording *recording, const struct conform_options *options,
		 struct conform *out);
void conform_free(struct conform *conform);
unsigned conform_count(const struct conform *conform, enum conform_verdict verdict);
/* 0 what is modelled agrees, 1 some differ, 3 inconclusive. */
int conform_exit_code(const struct conform *conform);
