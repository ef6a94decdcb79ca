/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/overlap.h"
#include "sim/replay_internal.h"

const char *versus_word(enum versus versus)
{
	static const char *const word[] = { "", "same", "changed", "unreachable" };

	return word[versus];
}

int worse_exit_code(int a, int b)
{
	static const int rank[] = { 0, 2, 3, 1, 4 };	/* by code: 4 > 2 > 1 > 3 > 0 */

	return rank[a] >= rank[b] ? a : b;
}

int replay_exit_code(const struct replay *replay)
{
	int code = 0;

	for (size_t i = 0; i < replay->nr_runs; i++) {
		const struct replay_run *run = &replay->run[i];

		if (run->nr_mismatches || (run->vm->nr_violations && !run->all_expected))
			code = worse_exit_code(code, 1);
		if (run->missing[0])
			code = worse_exit_code(code, 3);
	}
	return code;
}

/* ---- a trace ---- */

/* @text: what is there, or NULL. */
static bool load_trace(const char *path, const char *text, struct replay *replay,
		       struct error *error)
{
	struct trace *trace = &replay->input->trace;

	if (!(text ? trace_load_text(path, text, trace, error) :
		     replay_read_trace(path, trace, &replay->input->import, error)))
		return false;
	if (trace->nr_threads)
		return error_at(error, trace->threads[0].file, trace->threads[0].line, 1,
				"threads have no order of their own: pfnsim explore tries all");
	replay_take_trace(replay);
	return true;
}

static bool run_trace(const struct replay *replay, struct replay_run *run, struct error *error)
{
	for (size_t i = 0; i < replay->nr_lines; i++) {
		if (!run_event(replay, run, i, error))
			return false;
		progress_step(replay->progress);
	}
	run_end(replay, run);
	return true;
}

/* ---- both ---- */

/* Every other order that the recording leaves open; one with another verdict makes it none. */
static bool try_other_orders(struct replay *replay, struct replay_run *run,
			     const struct replay_options *options, struct error *error)
{
	bool ok = true;

	for (u8 order = 1; ok && order < NR_ORDERS && run->overlaps; order++) {
		struct replay_run other;
		const char *what = "";

		run_init(replay, &other, run->patch, options);
		other.order = order;
		ok = replay_run_recording(replay, &other, error);
		if (ok && !replay_same_verdict(replay, run, &other, &what) && !run->missing[0])
			snprintf(run->missing, sizeof(run->missing),
				 "the recording leaves an order open; with %s, another verdict: %s",
				 overlap_order_text[order], what);
		run_free(&other);
	}
	return ok;
}

static bool run_under(struct replay *replay, const struct semantics_patch *patch,
		      const struct replay_options *options, struct error *error)
{
	struct replay_run *run = &replay->run[replay->nr_runs++];
	bool ok;

	run_init(replay, run, patch, options);
	if (replay->is_recording)
		ok = replay_run_recording(replay, run, error) &&
		     try_other_orders(replay, run, options, error);
	else
		ok = run_trace(replay, run, error);
	run->all_expected |= !run->vm->nr_violations;	/* a recording expects nothing */
	run->verdict = run_verdict(run);
	return ok;
}

const struct replay_line *replay_line_of(const struct replay *replay, unsigned event)
{
	for (size_t i = 0; i < replay->nr_lines; i++)
		if (replay->line[i].number == event)
			return &replay->line[i];
	return NULL;
}

unsigned run_violations_at(const struct replay_run *run, unsigned event)
{
	unsigned n = 0;

	for (size_t i = 0; i < run->vm->nr_violations; i++)
		n += run->vm->violations[i].event == event;
	return n;
}

static bool broke_law(const struct replay_run *run, unsigned event, const struct law *law)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		if (run->vm->violations[i].event == event && run->vm->violations[i].v.law == law)
			return true;
	return false;
}

/* Do both break the same laws at this event? */
static bool same_violations(const struct replay_run *a, const struct replay_run *b, unsigned event)
{
	if (run_violations_at(a, event) != run_violations_at(b, event))
		return false;
	for (size_t i = 0; i < a->vm->nr_violations; i++)
		if (a->vm->violations[i].event == event &&
		    !broke_law(b, event, a->vm->violations[i].v.law))
			return false;
	return true;
}

static void find_parting(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_lines; i++)
		for (size_t r = 1; r < replay->nr_runs; r++)
			if (!same_outcome(&replay->run[0].outcome[i],
					  &replay->run[r].outcome[i]) ||
			    !same_violations(&replay->run[0], &replay->run[r],
					     replay->line[i].number)) {
				replay->first_parting = i;
				return;
			}
	replay->first_parting = replay->nr_lines;
}

static bool replay_input(const char *path, const char *text, const struct replay_options *options,
			 struct replay *out, struct error *error)
{
	bool ok;

	*out = (struct replay){ .name = path };
	out->input = calloc(1, sizeof(*out->input));
	out->run = calloc(options->nr_semantics, sizeof(*out->run));
	if (!out->input || !out->run)
		abort();
	out->is_recording = !text && recording_is(path);
	ok = out->is_recording ? replay_load_recording(path, out, error) :
				 load_trace(path, text, out, error);
	progress_of(options->progress, 0, out->nr_lines * options->nr_semantics);
	out->progress = options->progress;
	for (size_t i = 0; ok && i < options->nr_semantics; i++)
		ok = run_under(out, options->semantics[i], options, error);
	if (ok)
		find_parting(out);
	else
		replay_free(out);
	return ok;
}

bool replay(const char *path, const struct replay_options *options, struct replay *out,
	    struct error *error)
{
	return replay_input(path, NULL, options, out, error);
}

bool replay_text(const char *name, const char *text, const struct replay_options *options,
		 struct replay *out, struct error *error)
{
	return replay_input(name, text, options, out, error);
}

void replay_free(struct replay *replay)
{
	struct replay_input *input = replay->input;

	for (size_t i = 0; i < replay->nr_runs; i++)
		run_free(&replay->run[i]);
	replay_free_lines(replay);
	free(replay->run);
	if (input) {
		trace_free(&input->trace);
		if (input->has_recording)
			recording_free(&input->recording);
		replay_free_import(input->import);
		free(input->file);
	}
	free(input);
	*replay = (struct replay){ 0 };
}
