/* SPDX-License-Identifier: GPL-2.0-only */
/* replay_internal.h: what replay.c, replay_run.c, expect.c and replay_recording.c share. */
#pragma once

#include "sim/import.h"
#include "sim/replay.h"
#include "sim/script.h"
#include "sim/trace.h"

struct replay_input {
	struct trace trace;
	struct recording recording;
	bool has_recording;
	char *file;			/* NAME.out */
	struct vm_config config;
	struct import *import;		/* what .trace was made of; NULL */
};

/* Hold the run against every expectation that names it. */
void expect_run(const struct replay *replay, struct replay_run *run);

void run_add_mismatch(struct replay_run *run, const struct ast_statement *s,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What the notes of the event at hand say, as report lines. */
void run_note_event(struct replay_run *run, unsigned event);

/* replay_run.c */
/* @replay has input->trace: its title, its lines, what was recorded of them. */
void replay_take_trace(struct replay *replay);
void replay_free_lines(struct replay *replay);
void run_init(const struct replay *replay, struct replay_run *run,
	      const struct semantics_patch *patch, const struct replay_options *options);
void run_free(struct replay_run *run);
/* The events of a trace, each once and in order; and then what was expected of it. */
bool run_event(const struct replay *replay, struct replay_run *run, size_t event,
	       struct error *error);
void run_end(const struct replay *replay, struct replay_run *run);
enum verdict run_verdict(const struct replay_run *run);

bool replay_load_recording(const char *path, struct replay *replay, struct error *error);
bool replay_run_recording(struct replay *replay, struct replay_run *run, struct error *error);
bool replay_same_verdict(const struct replay *replay, const struct replay_run *a,
			 const struct replay_run *b, const char **what);

/* replay_import.c */
/* A trace, or what another host's tools have recorded, as one; *@import is NULL, or that. */
bool replay_read_trace(const char *path, struct trace *trace, struct import **import,
		       struct error *error);
void replay_free_import(struct import *import);

/* replay_recorded.c */
/* What the statements of a trace that was imported say of the recording. */
void replay_take_recorded(struct replay *replay);
enum versus replay_versus(const struct replay_line *line, const struct outcome *o);
