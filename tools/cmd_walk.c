/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_walk.c: what a guest-physical address is at an event of a trace. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay.h"
#include "sim/report_translation.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_AT, KEY_ALL, MAX_SEMANTICS = 64 };

struct arguments {
	const struct semantics_patch *semantics[MAX_SEMANTICS];
	size_t nr_semantics;
	enum output_format format;
	const char *at, *path;
	bool all, has_gpa;
	u64 gpa;
};

static const struct argp_option options[] = {
	{ "at", KEY_AT, "LABEL|NUMBER", 0,
	  "run up to and with this event, by its label, or by its place from 1; default: the last",
	  0 },
	{ "all", KEY_ALL, NULL, 0,
	  "list every leaf of the tables that new faults use, instead; no GPA", 0 },
	SEMANTICS_OPTION("; default: v7.2"),
	{ "format", 'f', "text|json", 0, "json: one object a line; default: text", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ 0 }
};

static void take_argument(struct arguments *a, const char *arg, struct argp_state *state)
{
	const char *rest = arg;

	if (!a->path) {
		a->path = arg;
		return;
	}
	if (a->has_gpa || !take_number(&rest, &a->gpa) || *rest)
		misused(state, "\"%s\" is no guest-physical address: 0x201000, 2M ...", arg);
	a->has_gpa = true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_AT:
		a->at = arg;
		return 0;
	case KEY_ALL:
		a->all = true;
		return 0;
	case 's':
		a->nr_semantics = parse_semantics(arg, a->semantics, MAX_SEMANTICS);
		if (!a->nr_semantics)
			exit(CODE_BAD_INPUT);
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(a, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			misused(state, "which trace?");
		if (a->all == a->has_gpa)
			misused(state, "a GPA, or --all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_walk = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|RECORDING GPA\nTRACE|RECORDING --all",
	.help_filter = tool_help,
	.doc = "Run a trace up to an event, and tell what a guest-physical address is then: every "
	       "entry of the stage-2 tables with its bits by name, the page behind, the memslot, "
	       "the host's VMA and tables, and what each vCPU's TLB has of it.\v"
	       "Example: pfnsim walk traces/seed.trace 0x200000 --at head -s v11",
};

static void tell(const struct arguments *a, const struct trace *trace, struct moment *moment)
{
	struct json *json = a->format == FORMAT_JSON ? json_begin(stdout) : NULL;
	struct translation t;

	if (!json)
		report_moment(trace, moment, stdout);
	if (a->all) {
		if (json)
			report_leaves_json(a->path, moment, json);
		else
			report_leaves(moment->vm, stdout);
	} else {
		translate(moment->vm, a->gpa, &t);
		if (json)
			report_translation_json(a->path, trace, moment, &t, json);
		else
			report_translation(trace, moment->vm, &t, stdout);
	}
	if (json)
		json_end(json);
}

static int walk_under(const struct arguments *a, const struct trace *trace,
		      const struct semantics_patch *patch)
{
	struct error error = { .text = "" };
	struct moment moment;
	char missing[400];
	int code;

	if (!moment_at(trace, patch, a->at, &moment, &error))
		return complain(&error);
	if (a->has_gpa && !gpa_has_entry(moment.vm, a->gpa)) {
		fprintf(stderr, "pfnsim: gpa 0x%llx is above what this VM's tables translate\n",
			(unsigned long long)a->gpa);
		code = CODE_BAD_INPUT;
	} else {
		tell(a, trace, &moment);
		code = moment.reached ? CODE_EXPECTED : CODE_INCONCLUSIVE;
	}
	moment_free(&moment);
	replay_lacks(trace, patch, missing, sizeof(missing));
	return missing[0] ? worse_exit_code(code, say_lacks(a->path, missing)) : code;
}

int cmd_walk(int argc, char **argv)
{
	struct arguments a = { .at = NULL };
	struct error error = { .text = "" };
	int code = CODE_EXPECTED;
	struct trace trace;

	argp_parse(&argp_walk, argc, argv, 0, NULL, &a);
	if (!a.nr_semantics)
		a.nr_semantics = parse_semantics("v7.2", a.semantics, MAX_SEMANTICS);
	if (!replay_load_trace(a.path, "pfnsim report -o page.html", &trace, &error))
		return complain(&error);
	for (size_t i = 0; i < a.nr_semantics; i++) {
		if (i && a.format == FORMAT_TEXT)
			printf("\n");
		code = worse_exit_code(code, walk_under(&a, &trace, a.semantics[i]));
	}
	trace_free(&trace);
	return code;
}
