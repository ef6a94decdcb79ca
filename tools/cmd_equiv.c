/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_equiv.c: do two semantics differ in any program up to a bound? */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/equiv.h"
#include "sim/report_equiv.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 1000, KEY_CHAIN, KEY_ALPHABET, KEY_ONLY };

struct arguments {
	struct equiv_side list[EQUIV_MAX_SEMANTICS];
	size_t n;
	struct equiv_bound bound;
	enum output_format format;
	const char *folder;
	bool alphabet;
};

static const struct argp_option options[] = {
	{ "bound", 'b', "pages=P,actors=A,events=E", 0,
	  "pages of memory, actors that do something, events in all, some of them: P and A are "
	  "1 or 2, E 1 to 5; default: pages=1,actors=2,events=2", 0 },
	{ "chain", KEY_CHAIN, "LIST", 0,
	  "each of these semantics, joined by commas, with the next\v"
	  "Faster than one pair after the other.", 0 },
	{ "only", KEY_ONLY, "TEXT", 0, "only set-ups that have this in their name", 0 },
	{ "output", 'o', "FOLDER", 0, "write a trace there for each kind of difference\v"
	  "Kinds with the same program share one.", 0 },
	{ "format", 'f', "text|json|markdown", 0, "json: one object a line; default: text\v"
	  "_json_ is in _docs/JSON.md_ of the sources; _markdown_: tables as in "
	  "_docs/review/v11.md_.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ "alphabet", KEY_ALPHABET, NULL, 0,
	  "print what programs are made of: configurations, memslots, memory, events", 0 },
	QUIET_OPTION,
	{ 0 }
};

static bool take_bound(struct equiv_bound *bound, const char *text)
{
	u64 pages = bound->pages, actors = bound->actors, events = bound->events;
	const struct limit limits[] = {
		{ "pages=", 1, EQUIV_MAX_PAGES, &pages },
		{ "actors=", 1, EQUIV_MAX_ACTORS, &actors },
		{ "events=", 1, EQUIV_MAX_EVENTS, &events },
	};

	if (!parse_limits(text, limits, ARRAY_SIZE(limits)))
		return false;
	bound->pages = pages;
	bound->actors = actors;
	bound->events = events;
	return true;
}

static void take_semantics(struct arguments *a, struct argp_state *state, char *name)
{
	const struct semantics_patch *patch = take_one_semantics(name);

	if (a->n == EQUIV_MAX_SEMANTICS)
		misused(state, "more than %d semantics", EQUIV_MAX_SEMANTICS);
	a->list[a->n++] = (struct equiv_side){ name, patch };
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 'b':
		if (!take_bound(&a->bound, arg))
			misused(state, "--bound is pages=1..2,actors=1..2,events=1..5, some of "
				   "them");
		return 0;
	case KEY_CHAIN:
		for (char *name = strtok(arg, ","); name; name = strtok(NULL, ","))
			take_semantics(a, state, name);
		return 0;
	case KEY_ONLY:
		a->bound.only = arg;
		return 0;
	case 'o':
		a->folder = arg;
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_JSON_OR_MARKDOWN, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case KEY_ALPHABET:
		a->alphabet = true;
		return 0;
	case ARGP_KEY_ARG:
		take_semantics(a, state, arg);
		return 0;
	case ARGP_KEY_END:
		if (a->n < 2 && !a->alphabet)
			misused(state, "which two semantics?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_equiv = {
	.options = options,
	.parser = parse,
	.args_doc = "A B\n--chain=LIST\n--alphabet",
	.help_filter = tool_help,
	.doc = "Run every program up to a bound under semantics A and B, those of two actors in "
	       "every order of their steps, and say in what they differ.\v"
	       "A program is a host's set-up, a memslot and events: --alphabet. What is compared: "
	       "outcomes, stage 2, TLBs, the host's tables, counts and marks of pages, the dirty "
	       "log, maps and caches, laws that break. Exit code 0: equal within the bound, 1: "
	       "they differ, 3: interrupted.\n\n"
	       "Example: pfnsim equiv v11-p2 v11-p3 --bound pages=1,actors=1,events=1",
};

/* ---- progress, and ^C ---- */

static void progress(struct equiv *equiv, double since)
{
	const struct equiv_result *r = equiv_result(equiv);

	tool_progress(since, r->stages ? (double)r->stages_done / r->stages : 0,
		      "%zu of %zu set-ups, %llu programs, %zu differences", r->stages_done,
		      r->stages, (unsigned long long)r->programs, arrlenu(r->differences));
}

static void search(struct equiv *equiv, struct error *error)
{
	double since = tool_seconds();

	while (equiv_more(equiv, error)) {
		if (tool_is_interrupted())
			equiv_stop(equiv);
		progress(equiv, since);
	}
	tool_progress(since, 0, NULL);
}

/* ---- what was found ---- */

static int write_traces(struct equiv *equiv, const char *folder)
{
	char path[600] = "";

	mkdir(folder, 0777);
	if (equiv_write_traces(equiv, folder, path, sizeof(path)))
		return CODE_EXPECTED;
	fprintf(stderr, "pfnsim: %s: %s\n", path, strerror(errno));
	return CODE_INTERNAL;
}

static void tell(struct equiv *equiv, const struct arguments *a)
{
	struct json *json;

	if (a->format == FORMAT_TEXT) {
		report_equiv(equiv, stdout);
	} else if (a->format == FORMAT_MARKDOWN) {
		report_equiv_markdown(equiv, a->folder, stdout);
	} else {
		json = json_begin(stdout);
		report_equiv_json(equiv, json);
		json_end(json);
	}
}

/* 0 equal, 1 they differ, 3 nobody knows. */
static int code_of(const struct equiv_result *r)
{
	if (r->stopped)
		return CODE_INCONCLUSIVE;
	return arrlenu(r->differences) ? CODE_UNEXPECTED : CODE_EXPECTED;
}

int cmd_equiv(int argc, char **argv)
{
	struct arguments a = { .bound = { .pages = 1, .actors = 2, .events = 2 } };
	struct error error = { .text = "" };
	struct equiv *equiv;
	int code;

	argp_parse(&argp_equiv, argc, argv, 0, NULL, &a);
	if (a.alphabet) {
		equiv_print_alphabet(&a.bound, stdout);
		return CODE_EXPECTED;
	}
	if (a.folder && !tool_can_write(a.folder, true))
		return CODE_INTERNAL;
	tool_catch_interrupt();
	equiv = equiv_new(a.list, a.n, &a.bound);
	if (!equiv_result(equiv)->stages) {
		fprintf(stderr, "pfnsim: no set-up has \"%s\" in its name (pfnsim equiv "
			"--alphabet)\n", a.bound.only);
		equiv_free(equiv);
		return CODE_BAD_INPUT;
	}
	search(equiv, &error);
	if (error.text[0]) {
		equiv_free(equiv);
		return complain(&error);
	}
	tell(equiv, &a);
	code = a.folder ? write_traces(equiv, a.folder) : CODE_EXPECTED;
	if (code == CODE_EXPECTED)
		code = code_of(equiv_result(equiv));
	equiv_free(equiv);
	return code;
}
