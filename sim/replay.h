/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay.h: a trace or a recording, run under several semantics, held against what was expected.
 *
 * Of a recording the host's, the driver's and the guest's actions are the input; KVM's own
 * reactions are computed anew, under the recorded kernel's semantics or any other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"
#include "sim/event.h"
#include "sim/progress.h"
#include "sim/recording.h"

/* After the first event that came out otherwise than recorded. */
enum versus {
	VERSUS_NONE,		/* a trace; or the recording does not say */
	VERSUS_SAME,
	VERSUS_CHANGED,
	VERSUS_UNREACHABLE,	/* what it needs never came to be under this semantics */
};

/* The verdict of one run; exit_code() of replay_exit_code() says what it means for scripts. */
enum verdict { VERDICT_OK, VERDICT_VIOLATION, VERDICT_MISMATCH, VERDICT_INCONCLUSIVE };

struct replay_line {		/* one event or command, whatever the semantics */
	unsigned number, line;
	const char *file;
	const char *label;
	const char *op;		/* kind of event, or the command's first word(s) */
	char *text;		/* as one would write it */
	const char *recorded;	/* a recording's answer; NULL */
	bool unmodelled;
	const char *why;	/* ... because */
};

struct replay_note {		/* one thing worth a line of the report */
	unsigned event;
	char text[160];
};

struct mismatch {
	unsigned line, column;
	const char *file;
	char text[200];
};

struct replay_run {
	const struct semantics_patch *patch;
	struct vm *vm;
	struct outcome *outcome;	/* by line */
	u8 *versus;			/* by line: enum versus */
	struct replay_note *note;
	size_t nr_notes;
	struct mismatch *mismatch;
	size_t nr_mismatches;
	char missing[400];		/* why it is inconclusive; "" if it is not */
	u8 order;			/* enum overlap_order: of actions whose order is open */
	bool overlaps;			/* there were such */
	bool all_expected;		/* every violation was named by the trace */
	enum verdict verdict;
};

struct replay {
	const char *name;		/* as the user wrote it */
	char title[120];
	bool is_recording;		/* of the lab: commands and answers */
	bool has_recorded;		/* some line has what was recorded */
	const char *kernel;		/* of a recording: its own semantics, or NULL */
	char missing[400];		/* evidence that the recording lacks; "" if none */
	struct replay_line *line;
	size_t nr_lines;
	struct replay_run *run;
	size_t nr_runs;
	size_t first_parting;		/* line where outcomes or laws differ; nr_lines: never */
	struct replay_input *input;
	struct sim_progress *progress;	/* NULL: nobody looks */
};

enum stage2 { STAGE2_AS_GIVEN, STAGE2_EPT, STAGE2_NPT };

struct trace;

struct replay_options {
	const struct semantics_patch *const *semantics;
	size_t nr_semantics;
	enum stage2 stage2;
	size_t log_steps;	/* so many of each run are kept in .vm->log; 0: none */
	struct sim_progress *progress;	/* events of all runs; NULL: nobody looks */
};

/* A note in words, "" if it is not for people. */
const char *replay_note_text(const struct note *note, char *text, size_t size);
/* The line of this event; NULL: it has none. */
const struct replay_line *replay_line_of(const struct replay *replay, unsigned event);
/* How many laws broke at this event. */
unsigned run_violations_at(const struct replay_run *run, unsigned event);
/*
 * False: bad input, *@error. The input at @path is a trace, FOLDER or FOLDER/NAME, or what another
 * host's tools have recorded (import.h).
 */
bool replay(const char *path, const struct replay_options *options, struct replay *out,
	    struct error *error);
/* The same of a trace from memory; @name is used in messages. */
bool replay_text(const char *name, const char *text, const struct replay_options *options,
		 struct replay *out, struct error *error);
void replay_free(struct replay *replay);
/*
 * The trace alone, with what its recording lacks; of a recording of the lab, whose commands are no
 * trace, *@error says to use @instead ("pfnsim replay"). @missing: replay.missing.
 */
bool replay_load_trace(const char *path, const char *instead, struct trace *trace,
		       struct error *error);
void replay_lacks(const struct trace *trace, const struct semantics_patch *patch, char *missing,
		  size_t size);
/* What was recorded of an event; NULL: nothing. The caller's to free. */
char *replay_recorded(const struct trace *trace, size_t event);
/* 0 as expected, 1 not, 3 inconclusive. */
int replay_exit_code(const struct replay *replay);
/* The higher of two exit codes in the order 4, 2, 1, 3, 0. */
int worse_exit_code(int a, int b);
const char *verdict_word(enum verdict verdict);
const char *versus_word(enum versus versus);
/* Do two runs agree on this line, as a vCPU or a caller sees it? */
bool same_outcome(const struct outcome *a, const struct outcome *b);
