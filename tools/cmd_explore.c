/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/explore.h"
#include "sim/law_sheet.h"
#include "sim/report_explore.h"
#include "sim/replay.h"
#include "sim/schedule.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"
#include "tools/unattended.h"

enum { KEY_JSON = 256, KEY_NO_PLACES, KEY_NO_POR, KEY_NO_SYMMETRY, KEY_NO_LIVENESS, KEY_BITSTATE,
       KEY_LAWS };
enum { MAX_SEMANTICS = 64, AT_A_TIME = 20000 };

struct arguments {
	const struct semantics_patch *semantics[MAX_SEMANTICS];
	size_t nr_semantics;
	struct explore_bound bound;
	enum output_format format;
	const char *folder;
	char **path;
	size_t nr_paths;
	bool in_turn;		/* frames: trace_config.h */
	bool by_law;
	struct law_sheet *sheet;	/* of all traces; NULL: not wanted */
	struct ci *ci;			/* the same */
};

static const struct argp_option options[] = {
	SEMANTICS_OPTION("; default: v6.8-rc3,v11,v7.2"),
	{ "bound", 'b', "depth=D,states=S,memory=BYTES", 0,
	  "go no further than D steps, S states, BYTES of memory, any of the three; "
	  "BYTES takes K, M, G; default: memory=4G", 0 },
	{ "bitstate", KEY_BITSTATE, "BYTES", 0,
	  "keep three bits of a state in a memory of BYTES, for what is too large otherwise\v"
	  "They take K, M, G. A state may be taken for another one and left out: what is found is "
	  "right, but nothing is ever said to hold, and livelocks are not looked for.", 0 },
	{ "jobs", 'j', "N", 0, "search with N threads; the result is the same", 0 },
	{ "laws", KEY_LAWS, NULL, 0,
	  "tell at the end what all traces say of each law under each semantics, and no more\v"
	  "For each law and each semantics whether it holds in every order (of how many traces), "
	  "is broken, or is unknown as a search was cut off; then, for each that is broken, how "
	  "short the shortest way is and which trace shows it. A law is counted for a trace only "
	  "if something that it reads was touched there. Exit codes are the same.", 0 },
	{ "no-liveness", KEY_NO_LIVENESS, NULL, 0,
	  "keep states apart that differ only in what a thread has left in its locals and nobody "
	  "will read\v"
	  "Without it one of them is kept; what is read is measured. What breaks, all ends and "
	  "what events came to are the same.", 0 },
	{ "no-places", KEY_NO_PLACES, NULL, 0,
	  "number frames in order of time, so that who came first makes states different\v"
	  "Without it each table, page of a process and page of a file has frames of its own; a "
	  "trace can say so, too (*config frames-by-place=off*). What breaks and what events came "
	  "to are the same; ends that differ in frames' numbers alone are then counted apart.", 0 },
	{ "no-por", KEY_NO_POR, NULL, 0,
	  "take every thread's turn in every state, also where that cannot make a difference\v"
	  "Without it, turns that have nothing to do with what the other threads still do are "
	  "taken first, which makes fewer states; what breaks, all ends and what events came to "
	  "are the same.", 0 },
	{ "no-symmetry", KEY_NO_SYMMETRY, NULL, 0,
	  "keep states apart that differ only in which of two threads that do the same is which\v"
	  "Without it one of them is kept, for threads with the same program and vCPUs that have "
	  "done the same; and for threads that do the same at other addresses (gpas, hvas, "
	  "offsets, pages of objects), which are exchanged with their addresses. Each turn is "
	  "watched, and if it is not the same for all of them the search begins again without, and "
	  "says so. What breaks, all ends and what events came to are the same.", 0 },
	{ "output", 'o', "FOLDER", 0, "write a trace there for each finding\v"
	  "They are called NAME.SEMANTICS.FINDING.trace, and *pfnsim-replay*(1) runs them in the "
	  "order that was found.", 0 },
	{ "format", 'f', "text|json|junit|sarif|github", 0,
	  "json: one object a line; junit, sarif, github: one document of all traces, for whoever "
	  "runs this unattended; default: text\v"
	  "As of *pfnsim-replay*(1): a case for each trace and semantics, a result at the line of "
	  "the event that a violation's last step is of. What was not searched to its end is "
	  "inconclusive.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	QUIET_OPTION,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 's':
		a->nr_semantics = parse_semantics(arg, a->semantics, MAX_SEMANTICS);
		if (!a->nr_semantics)
			exit(CODE_BAD_INPUT);
		return 0;
	case 'b':
		if (!parse_bound(arg, &a->bound))
			misused(state, BOUND_IS);
		return 0;
	case 'j':
		a->bound.jobs = parse_count(arg, MOST_JOBS, "--jobs", state);
		return 0;
	case KEY_BITSTATE:
		if (!take_number((const char **)&arg, &a->bound.bitstate) || *arg ||
		    a->bound.bitstate < 64)
			misused(state, "--bitstate is a number of bytes, from 64 on");
		return 0;
	case KEY_LAWS:
		a->by_law = true;
		return 0;
	case KEY_NO_LIVENESS:
		a->bound.liveness = false;
		return 0;
	case KEY_NO_PLACES:
		a->in_turn = true;
		return 0;
	case KEY_NO_POR:
		a->bound.por = false;
		return 0;
	case KEY_NO_SYMMETRY:
		a->bound.symmetry = false;
		return 0;
	case 'o':
		a->folder = arg;
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON | OF_CI, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARGS:
		a->path = state->argv + state->next;
		a->nr_paths = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which trace?");
		return 0;
	case ARGP_KEY_END:
		if (a->by_law && OF_CI >> a->format & 1)
			misused(state, "--laws is of text and of json");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_explore = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE...",
	.help_filter = tool_help,
	.doc = "Run the threads of a trace in every order of their steps, and say whether a law "
	       "breaks in one.\v"
	       "A TRACE with threads: docs/TRACE-FORMAT.md. The way to a finding is a shortest.\n\n"
	       "Example: pfnsim explore --semantics v6.8,v11 -o found "
	       "traces/race/a-driver-zaps-what-a-guest-writes.trace",
};

/* ---- progress, and ^C ---- */

static void progress(struct explore *x, double since)
{
	const struct explored *r = explore_result(x);

	tool_progress(since, 0, "%s: %llu states, %llu waiting, %llu steps deep, %.0f states/s",
		      r->semantics, (unsigned long long)r->states,
		      (unsigned long long)explore_waiting(x), (unsigned long long)r->depth,
		      r->states / (tool_seconds() - since));
}

static void search(struct explore *x, struct error *error)
{
	double since = tool_seconds();

	while (explore_more(x, AT_A_TIME, error)) {
		if (tool_is_interrupted())
			explore_stop(x);
		progress(x, since);
	}
	tool_progress(since, 0, NULL);
}

/* ---- findings as traces ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int write_trace(const char *folder, const char *path, const struct trace *trace,
		       const struct semantics_patch *patch, const struct explore_finding *f)
{
	size_t stem = strcspn(base_name(path), ".");
	char name[600], title[200];
	const char *by = "";
	struct schedule schedule;
	bool ok = false;
	FILE *out;

	if (f->kind == FOUND_VIOLATION && f->v.blame != BLAME_KVM)
		by = blame_name(f->v.blame);
	snprintf(name, sizeof(name), "%s/%.*s.%s.%s%s%s.trace", folder, (int)stem, base_name(path),
		 patch->name, finding_name(f), *by ? "-by-" : "", by);
	snprintf(title, sizeof(title), "%s under %s, in %zu steps", finding_name(f), patch->name,
		 f->nr_steps);
	out = fopen(name, "w");
	if (out) {
		schedule_run(&schedule, trace, patch, f);
		ok = schedule_trace(&schedule, title, out);
		schedule_free(&schedule);
		ok = !fclose(out) && ok;
	}
	if (!ok) {
		fprintf(stderr, "pfnsim: %s: %s\n", name, strerror(errno));
		return CODE_INTERNAL;
	}
	fprintf(stderr, "pfnsim: wrote %s; pfnsim replay -s %s %s\n", name, patch->name, name);
	return CODE_EXPECTED;
}

static int write_traces(const struct arguments *a, const char *path, const struct trace *trace,
			const struct semantics_patch *patch, const struct explored *r)
{
	int code = CODE_EXPECTED;

	if (!a->folder || !r->nr_findings)
		return code;
	mkdir(a->folder, 0777);
	for (size_t i = 0; i < r->nr_findings; i++)
		code = worse_exit_code(code, write_trace(a->folder, path, trace, patch,
							 &r->findings[i]));
	return code;
}

/* ---- one search ---- */

static void tell(const struct arguments *a, const char *path, const struct trace *trace,
		 size_t column, const struct explored *r, const struct explore_verdict *verdict)
{
	const struct semantics_patch *patch = a->semantics[column];
	struct json *json;

	if (a->sheet) {
		law_sheet_add(a->sheet, column, path, r);
		return;
	}
	if (a->ci) {
		ci_add_explored(a->ci, path, trace, patch, r, verdict);
		return;
	}
	if (a->format == FORMAT_TEXT) {
		report_explored(trace, patch, r, verdict, stdout);
		fflush(stdout);
		return;
	}
	json = json_begin(stdout);
	report_explored_json(path, trace, patch, r, verdict, json);
	json_end(json);
}

/* On standard error, too. */
static int cannot(const struct arguments *a, const char *path, const struct error *error)
{
	if (a->ci)
		ci_add_error(a->ci, path, error);
	return complain(error);
}

static int explore_one(const struct arguments *a, const char *path, const struct trace *trace,
		       size_t column)
{
	const struct semantics_patch *patch = a->semantics[column];
	struct error error = { .text = "" };
	struct explore *x = explore_new(trace, patch, &a->bound, &error);
	struct explore_verdict verdict;
	struct explored *r;
	int code;

	if (!x)
		return cannot(a, path, &error);
	search(x, &error);
	if (error.text[0]) {
		explore_free(x);
		return cannot(a, path, &error);
	}
	r = explore_result(x);
	explore_verdict(trace, patch, r, &verdict);
	tell(a, path, trace, column, r, &verdict);
	code = verdict.unexpected ? CODE_UNEXPECTED :
	       verdict.inconclusive ? CODE_INCONCLUSIVE : CODE_EXPECTED;
	code = worse_exit_code(code, write_traces(a, path, trace, patch, r));
	explore_verdict_free(&verdict);
	explore_free(x);
	return code;
}

static int explore_path(const struct arguments *a, const char *path)
{
	struct error error = { .text = "" };
	int code = CODE_EXPECTED;
	struct trace trace;

	if (!trace_load(path, &trace, &error))
		return cannot(a, path, &error);
	if (!trace.nr_threads) {
		error_at(&error, path, 0, 0,
			 "no thread: a trace of one order is for pfnsim replay");
		trace_free(&trace);
		return cannot(a, path, &error);
	}
	trace.config.frames_by_place &= !a->in_turn;
	if (a->format == FORMAT_TEXT && !a->sheet)
		printf("%s: %s\n", path, trace.title);
	if (a->ci)
		a->ci->nr_inputs++;
	for (size_t i = 0; i < a->nr_semantics && !tool_is_interrupted(); i++)
		code = worse_exit_code(code, explore_one(a, path, &trace, i));
	trace_free(&trace);
	return code;
}

static void tell_laws(const struct arguments *a)
{
	struct json *json;

	if (a->format == FORMAT_TEXT) {
		law_sheet_report(a->sheet, stdout);
		return;
	}
	json = json_begin(stdout);
	law_sheet_report_json(a->sheet, json);
	json_end(json);
}

int cmd_explore(int argc, char **argv)
{
	struct law_sheet sheet;
	struct ci ci = { NULL };
	struct arguments a = { .bound = { .memory = (u64)4 << 30, ALL_REDUCTIONS,
					    .interrupt = tool_interrupt() } };
	int code = CODE_EXPECTED;

	argp_parse(&argp_explore, argc, argv, 0, NULL, &a);
	if (!a.nr_semantics)
		a.nr_semantics = parse_semantics("v6.8-rc3,v11,v7.2", a.semantics, MAX_SEMANTICS);
	if (a.folder && !tool_can_write(a.folder, true))
		return CODE_INTERNAL;
	tool_catch_interrupt();
	if (a.by_law) {
		law_sheet_begin(&sheet, a.semantics, a.nr_semantics);
		a.sheet = &sheet;
	}
	ci.nr_semantics = a.nr_semantics;
	if (OF_CI >> a.format & 1)
		a.ci = &ci;
	for (size_t i = 0; i < a.nr_paths; i++)
		if (tool_is_interrupted())
			ci.left++;
		else
			code = worse_exit_code(code, explore_path(&a, a.path[i]));
	if (a.ci && !print_ci(a.ci, a.format))
		code = CODE_INTERNAL;
	ci_free(&ci);
	if (a.sheet) {
		tell_laws(&a);
		law_sheet_free(a.sheet);
	}
	return code;
}
