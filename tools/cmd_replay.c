/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report.h"
#include "sim/report_ci.h"
#include "tools/pfnsim.h"

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
	struct ci *ci;			/* of the formats that are one document */
};

enum { OF_CI = 1 << FORMAT_JUNIT | 1 << FORMAT_SARIF | 1 << FORMAT_GITHUB };

static const struct argp_option options[] = {
	{ "semantics", 's', "LIST", 0,
	  "names, aliases or groups (old, new, series, all), joined by commas; default "
	  "v6.8-rc3,v11", 0 },
	{ "stage2", KEY_STAGE2, "ept|npt", 0, "format of the stage-2 tables; default: as recorded, "
	  "or as the trace says, or ept", 0 },
	{ "format", 'f', "text|json|junit|sarif|github", 0, "json: one object a line; junit, "
	  "sarif, github: one document of all, for whoever runs this unattended", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format json", 0 },
	{ "brief", 'b', NULL, 0, "only what differs: violations, the side-by-side block", 0 },
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
			argp_error(state, "--stage2 is ept or npt");
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
		argp_error(state, "which trace, or which recording?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|CAPTURE...",
	.doc = "Run traces and recordings under several semantics and say where they part.\v"
	       "A CAPTURE is FOLDER/NAME of a recording (NAME.out and its companions), or a "
	       "FOLDER of them.\n\nExample: pfnsim replay --semantics v6.8,v7.2 "
	       "traces/recorded/6.8/pfnmap_nc_seed",
};

static int replay_one(const char *path, const struct arguments *a)
{
	struct replay_options how = { .semantics = a->semantics, .nr_semantics = a->nr_semantics,
				      .stage2 = a->stage2 };
	struct replay result;
	struct error error = { 0 };
	int code;

	if (!replay(path, &how, &result, &error)) {
		if (a->ci)
			ci_add_error(a->ci, path, &error);
		return complain(&error);
	}
	if (a->ci)
		ci_add(a->ci, &result);
	else if (a->format == FORMAT_JSON)
		report_json(&result, stdout);
	else
		report_text(&result, a->flags, stdout);
	code = replay_exit_code(&result);
	replay_free(&result);
	return code;
}

static int replay_folder(const char *path, const struct arguments *a)
{
	struct error error = { 0 };
	char **list = recording_list(path, &error);
	int code = CODE_EXPECTED;

	if (!list)
		return complain(&error);
	for (size_t i = 0; list[i]; i++)
		code = worse_exit_code(code, replay_one(list[i], a));
	recording_list_free(list);
	return code;
}

static bool print_ci(const struct ci *ci, enum output_format format)
{
	return format == FORMAT_JUNIT ? ci_print_junit(ci, stdout) :
	       format == FORMAT_SARIF ? ci_print_sarif(ci, PFNSIM_VERSION, stdout) :
					ci_print_github(ci, stdout);
}

int cmd_replay(int argc, char **argv)
{
	struct arguments a = { .stage2 = STAGE2_AS_GIVEN };
	int code = CODE_EXPECTED;
	struct ci ci = { NULL };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!a.nr_semantics)
		a.nr_semantics = parse_semantics("v6.8-rc3,v11", a.semantics, MAX_SEMANTICS);
	if (OF_CI >> a.format & 1)
		a.ci = &ci;
	for (size_t i = 0; i < a.nr_paths; i++)
		code = worse_exit_code(code, recording_is(a.path[i]) ?
				       replay_folder(a.path[i], &a) : replay_one(a.path[i], &a));
	if (a.ci && !print_ci(&ci, a.format))
		code = CODE_INTERNAL;
	ci_free(&ci);
	return code;
}
