/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_report.c: a trace or a recording as a page to look at. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report.h"
#include "sim/report_page.h"
#include "sim/selftest.h"
#include "tools/crew.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_STAGE2, KEY_COMPARE, KEY_STEPS, MAX_SEMANTICS = 64 };
enum { FORMATS = 1 << FORMAT_HTML | 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN | 1 << FORMAT_SVG |
		 1 << FORMAT_DOT | 1 << FORMAT_JSON | 1 << FORMAT_PERFETTO | 1 << FORMAT_DAT |
		 1 << FORMAT_SELFTEST };

struct arguments {
	const struct semantics_patch *semantics[MAX_SEMANTICS];
	const struct semantics_patch *compare[2];
	size_t nr_semantics, nr_compare;
	u64 steps;
	enum stage2 stage2;
	enum output_format format;
	bool has_format;
	char *path;
	const char *out;
};

static const struct argp_option options[] = {
	SEMANTICS_OPTION(": the columns of the outcomes; default: v6.8,v11,v7.2"),
	{ "compare", KEY_COMPARE, "A,B", 0,
	  "of those, the two whose steps are drawn side by side; default: the first, and the first "
	  "that parts from it", 0 },
	{ "output", 'o', "FILE", 0, "write it there; default: standard output", 0 },
	{ "format", 'f', "html|text|json|markdown|svg|dot|perfetto|trace.dat|selftest", 0,
	  "default: as the file of --output is called, or text. svg: the steps alone; dot: the "
	  "stage-2 tables in the end; json: as pfnsim replay; trace.dat: for trace-cmd and "
	  "KernelShark; selftest: the skeleton of a KVM selftest, that asserts what the last of "
	  "--semantics does\v"
	  "_text_ has 75 columns, for a mail, with the steps that part as a diff. _perfetto_ "
	  "(_.pftrace_): TrackEvents of the Perfetto UI, a process for each of the two runs, a "
	  "track for each task, a counter for each page and for open invalidations; a step is a "
	  "microsecond. _trace.dat_ (_.dat_): see *TRACE.DAT*. _selftest_ (_.c_): see "
	  "*SELFTESTS*.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ "stage2", KEY_STAGE2, "ept|npt", 0, "format of the stage-2 tables; default: as recorded, "
	  "or as the trace says, or ept", 0 },
	{ "steps", KEY_STEPS, "N", 0, "keep so many steps of each run; default: 20000", 0 },
	QUIET_OPTION,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	const char *text = arg;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 's':
		a->nr_semantics = parse_semantics(arg, a->semantics, MAX_SEMANTICS);
		if (!a->nr_semantics)
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_COMPARE:
		a->nr_compare = parse_semantics(arg, a->compare, 2);
		if (!a->nr_compare)
			exit(CODE_BAD_INPUT);
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	case 'f':
		if (!parse_format(arg, FORMATS, &a->format))
			exit(CODE_BAD_INPUT);
		a->has_format = true;
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		a->has_format = true;
		return 0;
	case KEY_STAGE2:
		if (strcmp(arg, "ept") && strcmp(arg, "npt"))
			misused(state, "--stage2 is ept or npt");
		a->stage2 = !strcmp(arg, "ept") ? STAGE2_EPT : STAGE2_NPT;
		return 0;
	case KEY_STEPS:
		if (!take_number(&text, &a->steps) || *text || !a->steps)
			misused(state, "--steps is a number");
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			misused(state, "one trace at a time, not also \"%s\"", arg);
		a->path = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which trace, or which recording?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_report = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|CAPTURE",
	.help_filter = tool_help,
	.doc = "Run a trace or a recording under several semantics, and show what happened: "
	       "outcomes, who did what under which locks, how the counts of pages moved, "
	       "the stage-2 walk.\v"
	       "The HTML page has everything in it, and needs neither network nor script.\n\n"
	       "Example: pfnsim report -s v6.8,v11,v7.2 -o seed.html traces/seed.trace",
};

static void choose_format(struct arguments *a)
{
	static const struct { const char *end; enum output_format format; } ends[] = {
		{ ".html", FORMAT_HTML }, { ".htm", FORMAT_HTML }, { ".md", FORMAT_MARKDOWN },
		{ ".json", FORMAT_JSON }, { ".svg", FORMAT_SVG },
		{ ".pftrace", FORMAT_PERFETTO }, { ".dat", FORMAT_DAT }, { ".c", FORMAT_SELFTEST },
		{ ".dot", FORMAT_DOT }, { ".gv", FORMAT_DOT },
	};
	const char *dot = a->out ? strrchr(a->out, '.') : NULL;

	for (size_t i = 0; dot && !a->has_format && i < ARRAY_SIZE(ends); i++)
		if (!strcmp(dot, ends[i].end))
			a->format = ends[i].format;
}

static bool write_page(const struct report_page *page, enum output_format format, FILE *out)
{
	switch (format) {
	case FORMAT_HTML:
		return report_page_html(page, out);
	case FORMAT_SVG:
		return report_page_svg(page, out);
	case FORMAT_DOT:
		return report_page_dot(page, out);
	case FORMAT_SELFTEST:
		return selftest_print(&(struct selftest){
			page->replay, &page->replay->run[page->replay->nr_runs - 1], page->command,
			report_selftest_inc }, out);
	case FORMAT_DAT:
		return report_page_dat(page, out);
	case FORMAT_PERFETTO:
		return report_page_perfetto(page, out);
	case FORMAT_JSON:
		return report_json(page->replay, out);
	case FORMAT_MARKDOWN:
		return report_page_markdown(page, out);
	default:
		return report_page_text(page, out);
	}
}

/* The runs that --compare names; they are among --semantics, or added to them. */
static void choose_pair(const struct arguments *a, const struct replay *replay,
			struct report_page *page)
{
	report_page_choose(page, replay);
	if (!a->nr_compare)
		return;
	page->b = NULL;
	for (size_t r = 0; r < replay->nr_runs; r++) {
		if (replay->run[r].patch == a->compare[0])
			page->a = &replay->run[r];
		if (a->nr_compare > 1 && replay->run[r].patch == a->compare[1])
			page->b = &replay->run[r];
	}
}

static void add_compared(struct arguments *a)
{
	for (size_t i = 0; i < a->nr_compare; i++) {
		size_t k = 0;

		while (k < a->nr_semantics && a->semantics[k] != a->compare[i])
			k++;
		if (k == a->nr_semantics && k < MAX_SEMANTICS)
			a->semantics[a->nr_semantics++] = a->compare[i];
	}
}

static int write_report(const struct arguments *a, const struct replay *replay, const char *command)
{
	struct report_page page = { .css = report_page_css, .script = report_page_js,
				    .command = command };
	FILE *out = a->out ? fopen(a->out, "w") : stdout;
	bool ok = out;

	choose_pair(a, replay, &page);
	if (ok)
		ok = write_page(&page, a->format, out);
	if (ok && a->out)
		ok = !fclose(out);
	if (!ok)
		fprintf(stderr, "pfnsim: %s: %s\n", a->out ? a->out : "standard output",
			strerror(errno));
	return ok ? CODE_EXPECTED : CODE_INTERNAL;
}

static int report_one(const struct arguments *a, const char *command, struct sim_progress *progress)
{
	const struct replay_options how = {
		.semantics = a->semantics, .nr_semantics = a->nr_semantics, .stage2 = a->stage2,
		.log_steps = a->steps, .progress = progress,
	};
	struct error error = { 0 };
	struct replay result;
	int code;

	if (!replay(a->path, &how, &result, &error))
		return complain(&error);
	if (a->format == FORMAT_SELFTEST && result.is_recording) {
		fprintf(stderr, "pfnsim: %s: a selftest is made of a trace, not of a recording; "
			"pfnsim import makes one of another host's\n", a->path);
		code = CODE_BAD_INPUT;
	} else {
		code = write_report(a, &result, command);
		code = worse_exit_code(code, replay_exit_code(&result));
	}
	replay_free(&result);
	return code;
}

int cmd_report(int argc, char **argv)
{
	struct arguments a = { .stage2 = STAGE2_AS_GIVEN, .steps = 20000 };
	int code = CODE_EXPECTED;
	enum crew_turn turn;
	struct crew crew;
	char command[600];

	tool_command_line(argc, argv, command, sizeof(command));
	argp_parse(&argp_report, argc, argv, 0, NULL, &a);
	choose_format(&a);
	if (!a.nr_semantics && !a.nr_compare)
		a.nr_semantics = parse_semantics("v6.8,v11,v7.2", a.semantics, MAX_SEMANTICS);
	add_compared(&a);
	if (a.out && !tool_can_write(a.out, false))
		return CODE_INTERNAL;
	crew = (struct crew){ .names = &a.path, .nr = 1 };
	while ((turn = crew_next(&crew)) != CREW_OVER) {
		if (turn == CREW_WORK)
			crew_exit_with(&crew, report_one(&a, command, crew.progress));
		code = crew_code(&crew, turn);
	}
	if (!crew.at)
		code = crew_code(&crew, turn);
	crew_free(&crew);
	return code;
}
