/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lanes.h: the logged steps of one run of a replay, or of two, step beside step.
 *
 * A lane is who acts: a vCPU's thread, the driver, the mm, the VMM. A row is one step; where two
 * runs take the same step in the same event they share it.
 */
#pragma once

#include "sim/replay.h"

enum { MAX_LANES = 8, NO_STEP = -1 };

struct lane { u8 by, vcpu; char name[16]; };	/* enum blame */

struct lanes_row {
	size_t line;			/* of the replay */
	long step[2];			/* of each run's .vm->log; NO_STEP */
};

struct lanes {
	const struct replay *replay;
	const struct replay_run *run[2];
	unsigned nr_runs;		/* 1 or 2 */
	struct lane lane[MAX_LANES];
	unsigned nr_lanes;
	struct lanes_row *rows;		/* stb_ds: in the order of events */
	size_t nr_left_out;		/* rows, of events that show nothing new */
	size_t nr_unlogged;		/* steps beyond what a log keeps */
};

enum { LANES_ALL = 0, LANES_MANY = 1500 };

/*
 * @b may be NULL. Of more than @most rows (LANES_ALL: any number) only those of events that break a
 * law or come to something else are kept, and what led there.
 */
void lanes_make(struct lanes *lanes, const struct replay *replay, const struct replay_run *a,
		const struct replay_run *b, size_t most);
void lanes_free(struct lanes *lanes);
const struct run_step *lanes_step(const struct lanes *lanes, size_t row, unsigned run);
/* Which lane; and the violations that this step was the first to show: from *@first on. */
unsigned lane_of(const struct lanes *lanes, const struct run_step *step);
size_t lanes_violations(const struct lanes *lanes, size_t row, unsigned run, size_t *first);
/* Its notes, *@first and how many; NOTE_STAT and the like included. */
size_t lanes_notes(const struct lanes *lanes, size_t row, unsigned run, size_t *first);
/* What a note says, "" if it is not for people: "gfn 0x200 level 1: SPTE 0x0 -> 0x..." */
const char *lanes_note_text(const struct log_note *note, char *text, size_t size);
/* Does this row begin another event? */
bool lanes_begins(const struct lanes *lanes, size_t row);
/* Only one of two runs has it; or what it did differs. */
bool lanes_differs(const struct lanes *lanes, size_t row);
