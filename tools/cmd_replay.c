/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stb/stb_ds.h>

#include "sim/corpus.h"
#include "sim/report.h"
#include "sim/trace.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"
#include "tools/unattended.h"

enum { KEY_JSON = 256, KEY_STAGE2 };

enum { MAX_SEMANTICS = 64 };

struct arguments {
	const struct semantics_patch *semantics[MAX_SEMANTICS];
	size_t nr_semantics;
	enum stage2 stage2;
	enum output_format format;
	unsigned flags;
	char **path;
	size_t nr_paths;
	struct unattended unattended;
	/* Files and recordings of all paths, in their order; stb_ds */
	char **inputs;
	bool *is_found;			/* by input: in a folder, where no user has named it */
};


static const struct argp_option options[] = {
	{ "brief", 'b', NULL, 0, "only what differs: violations, the side-by-side block\v"
	  "That is, of the report's first part only violations and missed expectations.", 0 },
	SEMANTICS_OPTION("; default: v6.8-rc3,v11"),
	{ "stage2", KEY_STAGE2, "ept|npt", 0, "format of the stage-2 tables; default: as recorded, "
	  "or as the trace says, or ept", 0 },
	{ "format", 'f', "text|json|junit|sarif|github", 0,
	  "json: one object a line; junit, sarif, github: one document of all inputs, for whoever "
	  "runs this unattended; default: text\v"
	  "_junit_, a case for each input and semantics, which fails where *pfnsim* would exit "
	  "with 1 or 2 and is skipped where with 3; _sarif_, SARIF 2.1.0, a rule for each law "
	  "and a result at the line of each violation; _github_, annotations. A violation that "
	  "the trace expects is a note.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	UNATTENDED_OPTIONS,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 's':
		a->nr_semantics = parse_semantics(arg, a->semantics, MAX_SEMANTICS);
		if (!a->nr_semantics)
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_STAGE2:
		if (strcmp(arg, "ept") && strcmp(arg, "npt"))
			misused(state, "--stage2 is ept or npt");
		a->stage2 = !strcmp(arg, "ept") ? STAGE2_EPT : STAGE2_NPT;
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON | OF_CI, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case 'b':
		a->flags |= REPORT_BRIEF;
		return 0;
	case ARGP_KEY_ARGS:
		a->path = state->argv + state->next;
		a->nr_paths = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which trace, or which recording?");
		return 0;
	default:
		return unattended_parse(&a->unattended, key, arg, state);
	}
}

const struct argp argp_replay = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|CAPTURE|FOLDER...",
	.help_filter = tool_help,
	.doc = "Run traces and recordings under several semantics and say where they part.\v"
	       "A CAPTURE is FOLDER/NAME of a recording (NAME.out and its companions), or a "
	       "FOLDER of them. Of another FOLDER, all traces below it without threads.\n\n"
	       "Example: pfnsim replay --semantics v6.8,v7.2 "
	       "traces/recorded/6.8/pfnmap_nc_seed",
};

/* ---- one input, in a child ---- */

/* Of those that a folder has, those with threads are another command's. */
static bool is_for_explore(const char *path)
{
	struct trace trace;
	bool is;

	if (recording_is(path) || !trace_load(path, &trace, NULL))
		return false;
	is = trace.nr_threads;
	trace_free(&trace);
	return is;
}

static void replay_one(const struct arguments *a, size_t i, struct ci *ci)
{
	struct replay_options how = { .semantics = a->semantics, .nr_semantics = a->nr_semantics,
				      .stage2 = a->stage2,
				      .progress = a->unattended.crew.progress };
	struct error error = { .text = "" };
	struct replay result;

	if (a->is_found[i] && is_for_explore(a->inputs[i])) {
		ci->passed_over++;
		return;
	}
	if (!replay(a->inputs[i], &how, &result, &error)) {
		ci_add_error(ci, a->inputs[i], &error);
		complain(&error);
		return;
	}
	ci_add(ci, &result);
	if (a->format == FORMAT_JSON)
		report_json(&result, stdout);
	else if (!(OF_CI >> a->format & 1))
		report_text(&result, a->flags, stdout);
	replay_free(&result);
}

/* ---- all of them ---- */

static void add_input(struct arguments *a, const char *path, bool is_found)
{
	arrput(a->inputs, strdup(path));
	arrput(a->is_found, is_found);
}

static bool is_folder(const char *path)
{
	struct stat stat_of;

	return !stat(path, &stat_of) && S_ISDIR(stat_of.st_mode);
}

/* What cannot be listed is an input that cannot be read. */
static void add_path(struct arguments *a, const char *path)
{
	bool recordings = recording_is(path);
	char **list = recordings ? recording_list(path, NULL) : NULL;
	char **traces = !recordings && is_folder(path) ? corpus_list(path, NULL) : NULL;

	for (size_t i = 0; list && list[i]; i++)
		add_input(a, list[i], false);
	for (size_t i = 0; i < arrlenu(traces); i++)
		add_input(a, traces[i], true);
	if (!list && !traces)
		add_input(a, path, false);
	recording_list_free(list);
	corpus_list_free(traces);
}

static void replay_all(struct arguments *a, struct ci *ci)
{
	struct unattended *u = &a->unattended;
	struct ci mine = { .nr_semantics = a->nr_semantics };
	enum crew_turn turn;

	u->json = a->format == FORMAT_JSON;
	u->silent = OF_CI >> a->format & 1;
	while ((turn = unattended_next(u, a->inputs, ci)) != CREW_OVER) {
		if (turn != CREW_WORK)
			continue;
		replay_one(a, u->crew.at, &mine);
		unattended_send(u, &mine);
		crew_exit(&u->crew);
	}
}

int cmd_replay(int argc, char **argv)
{
	struct arguments a = { .stage2 = STAGE2_AS_GIVEN };
	struct ci ci = { NULL };
	int code;

	argp_parse(&argp_replay, argc, argv, 0, NULL, &a);
	if (!a.nr_semantics)
		a.nr_semantics = parse_semantics("v6.8-rc3,v11", a.semantics, MAX_SEMANTICS);
	ci.nr_semantics = a.nr_semantics;
	if (!unattended_begin(&a.unattended, &ci))
		return CODE_BAD_INPUT;
	for (size_t i = 0; i < a.nr_paths; i++)
		add_path(&a, a.path[i]);
	replay_all(&a, &ci);
	code = unattended_end(&a.unattended, &ci);
	if (OF_CI >> a.format & 1 && !print_ci(&ci, a.format))
		code = CODE_INTERNAL;
	unattended_free(&a.unattended, &ci);
	corpus_list_free(a.inputs);
	arrfree(a.is_found);
	return code;
}
