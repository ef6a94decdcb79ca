/* SPDX-License-Identifier: GPL-2.0-only */
/* replay_internal.h: what replay.c, expect.c and replay_recording.c share. */
#pragma once

#include "sim/replay.h"
#include "sim/script.h"
#include "sim/trace.h"

struct replay_input {
	struct trace trace;
	struct recording recording;
	bool has_recording;
	char *file;			/* NAME.out */
	struct vm_config config;
};

/* Hold the run against every expectation that names it. */
void expect_run(struct replay *replay, struct replay_run *run);

void run_add_mismatch(struct replay_run *run, const struct ast_statement *s,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What the notes of the event at hand say, as report lines. */
void run_note_event(struct replay_run *run, unsigned event);

bool replay_load_recording(const char *path, struct replay *replay, struct error *error);
bool replay_run_recording(struct replay *replay, struct replay_run *run, struct error *error);
bool replay_same_verdict(const struct replay *replay, const struct replay_run *a,
			 const struct replay_run *b, const char **what);

/* replay_import.c */
/* What another host's tools have recorded, as the trace of @input. */
bool replay_import(const char *path, struct replay_input *input, struct error *error);
/* What the statements of a trace that was imported say of the recording. */
void replay_take_recorded(struct replay *replay);
enum versus replay_versus(const struct replay_line *line, const struct outcome *o);
