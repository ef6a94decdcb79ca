/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_reduce.c: a smaller trace with the same bug. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/law.h"
#include "sim/guess.h"
#include "sim/import.h"
#include "sim/reduce.h"
#include "sim/replay.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_LAW = 256, KEY_STEP, KEY_ANY };

struct arguments {
	const struct semantics_patch *patch;
	struct reduce_wish wish;
	const char *output, *path;
	struct explore_bound bound;
	char lacks[400];		/* what is left to say where nothing breaks */
	bool is_unknown;		/* ... under one of them */
};

static const struct argp_option options[] = {
	{ "semantics", 's', "SEMANTICS", 0,
	  "under which it breaks; default: the first, by age, under which it does", 0 },
	{ "law", KEY_LAW, "LAW|deadlock|livelock|lock-inversion", 0,
	  "what has to break (pfnsim invariants lists the laws); default: the first that breaks\v"
	  "See *pfnsim-laws*(7); the last three are of threads.", 0 },
	{ "step", KEY_STEP, "STEP", 0,
	  "... and by which step (pfnsim semantics --steps lists them); default: the first that "
	  "breaks it", 0 },
	{ "any", KEY_ANY, NULL, 0,
	  "another bug will do, if it breaks the same law by the same party; default: the same "
	  "step has to break it, in the same way\v"
	  "The way is what the report says of it, whatever the numbers of frames and gfns.", 0 },
	{ "output", 'o', "FILE", 0, "write the trace there; default: standard output", 0 },
	BOUND_OPTION,
	QUIET_OPTION,
	{ 0 }
};

static bool is_breakable(const char *word)
{
	return law_find(word) || !strcmp(word, "deadlock") || !strcmp(word, "livelock") ||
	       !strcmp(word, "lock-inversion");
}

static void take_law(struct arguments *a, const char *word)
{
	struct guess guess;

	if (!is_breakable(word)) {
		guess_law(&guess, word);
		fprintf(stderr, "pfnsim: unknown law \"%s\"%s; pfnsim invariants lists them\n",
			word, guess_text(&guess));
		exit(CODE_BAD_INPUT);
	}
	if (law_find(word) && law_find(word)->judged) {
		fprintf(stderr, "pfnsim: \"%s\" is not looked at after a step: %s\n", word,
			law_find(word)->judged);
		exit(CODE_BAD_INPUT);
	}
	a->wish.law = word;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 's':
		a->patch = take_one_semantics(arg);
		return 0;
	case KEY_LAW:
		take_law(a, arg);
		return 0;
	case KEY_STEP:
		a->wish.step = arg;
		return 0;
	case KEY_ANY:
		a->wish.any_way = true;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'b':
		if (!parse_bound(arg, &a->bound))
			misused(state, BOUND_IS);
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			misused(state, "one trace at a time");
		a->path = strcmp(arg, "-") ? arg : IMPORT_STDIN;	/* read anew each time */
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			misused(state, "which trace?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_reduce = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|RECORDING",
	.help_filter = tool_help,
	.doc = "Find a smaller trace with the same bug, under the same semantics: the same law, "
	       "broken by the same party in the same step. No single event of it can go.\v"
	       "Threads are explored in every order. What TRACE includes becomes part of it. ^C "
	       "gives the smallest so far.\n\n"
	       "Example: pfnsim reduce -s v5.12 --law no-free-of-owned traces/seed.trace",
};

static void progress(const struct reduce *r, double since)
{
	tool_progress(since, 0, "%s: %zu of %zu events, %zu tries", r->patch->name,
		      reduce_events_left(r), r->nr_events, r->tries);
}

static int write_text(const struct arguments *a, const char *text)
{
	FILE *out = a->output ? fopen(a->output, "w") : stdout;
	bool ok = out && fputs(text, out) >= 0;

	if (a->output && out)
		ok = !fclose(out) && ok;
	if (ok)
		return CODE_EXPECTED;
	fprintf(stderr, "pfnsim: %s: %s\n", a->output ? a->output : "standard output",
		strerror(errno));
	return CODE_INTERNAL;
}

static int tell(const struct arguments *a, struct reduce *r)
{
	char *text = reduce_text(r);
	int code = write_text(a, text);

	free(text);
	fprintf(stderr, "pfnsim: %s under %s%s%s: %zu of %zu events, %zu tries%s\n",
		r->target.word, r->patch->name, r->target.way.step ? ", in " : "",
		r->target.way.step ? r->target.way.step : "", reduce_events_left(r), r->nr_events,
		r->tries, reduce_is_minimal(r) ? "" : r->stopped ?
		"; interrupted, it may not be the smallest" :
		"; searches were cut off, it may not be the smallest");
	if (r->lacks[0])
		code = worse_exit_code(code, say_lacks(r->path, r->lacks));
	return reduce_is_minimal(r) ? code : worse_exit_code(code, CODE_INCONCLUSIVE);
}

static int say_interrupted(const struct arguments *a, const struct semantics_patch *patch)
{
	fprintf(stderr, "pfnsim: %s: interrupted before anything was found to break under %s\n",
		a->path, patch->name);
	return CODE_INCONCLUSIVE;
}

/* CODE_UNEXPECTED: nothing breaks under this one. */
static int reduce_under(struct arguments *a, const struct semantics_patch *patch)
{
	struct error error = { .text = "" };
	double since = tool_seconds();
	int code = CODE_UNEXPECTED;
	struct reduce r;

	if (!reduce_begin(&r, a->path, patch, &a->wish, &a->bound, &error))
		return complain(&error);
	while (reduce_more(&r)) {
		if (tool_is_interrupted())
			reduce_stop(&r);
		progress(&r, since);
	}
	tool_progress(since, 0, NULL);
	if (reduce_fails(&r))
		code = tell(a, &r);
	else if (r.stopped)
		code = say_interrupted(a, patch);
	else if (r.why[0])
		fprintf(stderr, "pfnsim: under %s: %s\n", patch->name, r.why);
	a->is_unknown |= r.why[0];
	memcpy(a->lacks, r.lacks, sizeof(a->lacks));
	reduce_free(&r);
	return code;
}

static int reduce_any(struct arguments *a)
{
	int code = CODE_UNEXPECTED;

	for (size_t i = 0; all_semantics[i] && code == CODE_UNEXPECTED; i++)
		code = reduce_under(a, all_semantics[i]);
	return code;
}

int cmd_reduce(int argc, char **argv)
{
	struct arguments a = { .bound = { .memory = (u64)1 << 30, ALL_REDUCTIONS } };
	int code;

	argp_parse(&argp_reduce, argc, argv, 0, NULL, &a);
	tool_catch_interrupt();
	if (a.output && !tool_can_write(a.output, false))
		return CODE_INTERNAL;
	code = a.patch ? reduce_under(&a, a.patch) : reduce_any(&a);
	if (code != CODE_UNEXPECTED)
		return code;
	fprintf(stderr, "pfnsim: %s: %s%s%s%s under %s%s: there is nothing to reduce\n", a.path,
		a.wish.law ? a.wish.law : "no law", a.wish.law ? " does not break" : " breaks",
		a.wish.step ? " in " : "", a.wish.step ? a.wish.step : "",
		a.patch ? a.patch->name : "any semantics",
		a.is_unknown ? ", as far as it is known" : "");
	if (a.lacks[0])
		return say_lacks(a.path, a.lacks);
	return a.is_unknown ? CODE_INCONCLUSIVE : CODE_BAD_INPUT;
}
