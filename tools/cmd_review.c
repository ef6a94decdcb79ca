/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_review.c: a design review: what patches claim, and what is found of them. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/markdown.h"
#include "sim/report_equiv.h"
#include "sim/review.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_ONLY, KEY_TRACES,
       FORMATS = 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN | 1 << FORMAT_HTML | 1 << FORMAT_JSON };

struct arguments {
	struct review_bound bound;
	enum output_format format;
	const char *folder;
	const char *names[2];
	size_t nr_names;
};

static const struct argp_option options[] = {
	{ "bound", 'b', "pages=P,actors=A,events=E,depth=D,states=S,memory=BYTES", 0,
	  "the first three of programs, the others of orders, some of them: P and A are 1 or 2, "
	  "E 1 to 5; default: pages=1,actors=2,events=2,memory=4G\v"
	  "Some minutes a pair. BYTES takes K, M, G.", 0 },
	{ "only", KEY_ONLY, "TEXT", 0, "only programs whose set-up has this in its name", 0 },
	{ "traces", KEY_TRACES, "FOLDER", 0,
	  "where the corpus is, and in FOLDER/race what is searched in every order; default: "
	  "traces, or those that came with the program", 0 },
	{ "jobs", 'j', "N", 0, "search orders with N threads; the result is the same", 0 },
	{ "output", 'o', "FOLDER", 0,
	  "write each document there as Markdown, all of them as one page, and a trace for each "
	  "difference\v"
	  "_FOLDER/DOCUMENT.md_ for each document, _FOLDER/NAME.html_ with all of them, and "
	  "_FOLDER/NAME/_ with the traces; those that an earlier review has left there go. The "
	  "page is one file, which needs neither a network nor a script.", 0 },
	{ "format", 'f', "text|markdown|html|json", 0,
	  "on standard output, without --output; default: text\v"
	  "_text_ is short. _json_: one object a line, see _docs/JSON.md_ of the sources.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	QUIET_OPTION,
	{ 0 }
};

static bool take_bound(struct review_bound *bound, const char *text)
{
	u64 pages = bound->programs.pages, actors = bound->programs.actors;
	u64 events = bound->programs.events;
	const struct limit limits[] = {
		{ "pages=", 1, EQUIV_MAX_PAGES, &pages },
		{ "actors=", 1, EQUIV_MAX_ACTORS, &actors },
		{ "events=", 1, EQUIV_MAX_EVENTS, &events },
		{ "depth=", 0, UINT64_MAX, &bound->orders.depth },
		{ "states=", 0, UINT64_MAX, &bound->orders.states },
		{ "memory=", 0, UINT64_MAX, &bound->orders.memory },
	};

	if (!parse_limits(text, limits, ARRAY_SIZE(limits)))
		return false;
	bound->programs.pages = pages;
	bound->programs.actors = actors;
	bound->programs.events = events;
	return true;
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
			misused(state, "--bound is pages=1..2,actors=1..2,events=1..5,"
				   "depth=NUMBER,states=NUMBER,memory=NUMBER, some of them");
		return 0;
	case KEY_ONLY:
		a->bound.programs.only = arg;
		return 0;
	case KEY_TRACES:
		a->bound.traces = arg;
		return 0;
	case 'j':
		a->bound.orders.jobs = parse_count(arg, MOST_JOBS, "--jobs", state);
		return 0;
	case 'o':
		a->folder = arg;
		return 0;
	case 'f':
		if (!parse_format(arg, FORMATS, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARG:
		if (a->nr_names == 2)
			misused(state, "more than two semantics are a list: A,B,C");
		a->names[a->nr_names++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->nr_names)
			misused(state, "which review, or which two semantics?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_review = {
	.options = options,
	.parser = parse,
	.args_doc = "NAME\nA B\nA..B\nA,B,C...",
	.help_filter = tool_help,
	.doc = "A design review with everything in it computed: what each patch claims, what it "
	       "changes in any program up to a bound, which laws hold in every order, which bugs "
	       "of the corpus come out otherwise, and a shortest trace of each.\v"
	       "NAME is docs/review/NAME.review, or a file. Exit code 0: all of it was looked at, "
	       "3: not all was, and the document says what.\n\n"
	       "Example: pfnsim review v11-p2 v11-p3 --bound actors=1,events=1",
};

/* ---- the text ---- */

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL, line[4096];
	size_t size;
	FILE *out = in ? open_memstream(&text, &size) : NULL;

	while (out && fgets(line, sizeof(line), in))
		fputs(line, out);
	if (out)
		fclose(out);
	if (in)
		fclose(in);
	return text;
}

/* NULL: complained. The caller's to free. */
static char *text_of(const struct arguments *a, char *path, size_t size)
{
	const char *name = a->names[0];
	bool is_chain = strstr(name, "..") && !strchr(name, '/');
	char chain[200], *text;

	path[0] = '\0';
	if (a->nr_names == 2 || is_chain || strchr(name, ',')) {
		snprintf(chain, sizeof(chain), "%s%s%s", name, a->nr_names == 2 ? "," : "",
			 a->nr_names == 2 ? a->names[1] : "");
		return review_text_of(chain);
	}
	snprintf(path, size, strchr(name, '/') ? "%s" : "docs/review/%s.review", name);
	text = read_file(path);
	if (!text)
		fprintf(stderr, "pfnsim: %s: %s; a review's name, or two semantics, or A..B\n",
			path, strerror(errno));
	return text;
}

/* ---- the work ---- */

static void run(struct review *review, struct error *error)
{
	enum review_phase phase = review->phase;
	double since = tool_seconds();
	struct review_progress now;

	while (review_more(review, error)) {
		if (tool_is_interrupted())
			review_stop(review);
		if (phase != review->phase) {
			phase = review->phase;
			since = tool_seconds();
		}
		now = review_progress(review);
		tool_progress(since, now.all ? (double)now.done / now.all : 0, "%s: %zu of %zu",
			      now.now, now.done, now.all);
	}
	tool_progress(since, 0, NULL);
}

/* ---- what comes of it ---- */

static char *markdown_of(struct review *review, const char *folder, size_t from, size_t to)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = from; i < to; i++)
		review_markdown(review, i, folder, out);
	fclose(out);
	return text;
}

static void tell(struct review *review, enum output_format format)
{
	char *text = markdown_of(review, NULL, 0, arrlenu(review->documents));
	struct json *json;

	if (format == FORMAT_TEXT)
		review_text(review, stdout);
	if (format == FORMAT_MARKDOWN)
		fputs(text, stdout);
	if (format == FORMAT_HTML)
		markdown_page(text, report_page_css, stdout);
	if (format == FORMAT_JSON) {
		json = json_begin(stdout);
		review_json(review, json);
		json_end(json);
	}
	free(text);
}

static int complain_of(const char *path)
{
	fprintf(stderr, "pfnsim: %s: %s\n", path, strerror(errno));
	return CODE_INTERNAL;
}

static int write_file(const char *path, const char *text, bool page)
{
	FILE *out = fopen(path, "w");
	bool failed;

	if (!out)
		return complain_of(path);
	if (page)
		markdown_page(text, report_page_css, out);
	else
		fputs(text, out);
	failed = ferror(out);
	return fclose(out) || failed ? complain_of(path) : CODE_EXPECTED;
}

/* Traces of a review before this one; nobody else's. */
static void remove_old_traces(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		char path[900], *text;

		if (length < 6 || strcmp(entry->d_name + length - 6, ".trace") != 0)
			continue;
		snprintf(path, sizeof(path), "%.500s/%s", folder, entry->d_name);
		text = read_file(path);
		if (text && strstr(text, "\nsource \"found by pfnsim equiv "))
			unlink(path);
		free(text);
	}
	if (dir)
		closedir(dir);
}

static int write_traces(struct review *review, const char *folder)
{
	char path[900] = "";

	mkdir(folder, 0777);
	remove_old_traces(folder);
	for (size_t i = 0; i < arrlenu(review->parts); i++)
		if (review->parts[i].equiv &&
		    !equiv_write_traces(review->parts[i].equiv, folder, path, sizeof(path)))
			return complain_of(path);
	return CODE_EXPECTED;
}

static int write_all(struct review *review, const char *folder)
{
	size_t nr = arrlenu(review->documents);
	int code = CODE_EXPECTED;
	char path[700], *text;

	mkdir(folder, 0777);
	for (size_t i = 0; i < nr && code == CODE_EXPECTED; i++) {
		text = markdown_of(review, review->name, i, i + 1);
		snprintf(path, sizeof(path), "%.500s/%.100s.md", folder, review->documents[i]);
		code = write_file(path, text, false);
		free(text);
	}
	text = markdown_of(review, review->name, 0, nr);
	snprintf(path, sizeof(path), "%.500s/%.100s.html", folder, review->name);
	code = worse_exit_code(code, write_file(path, text, true));
	free(text);
	snprintf(path, sizeof(path), "%.500s/%.100s", folder, review->name);
	return worse_exit_code(code, write_traces(review, path));
}

int cmd_review(int argc, char **argv)
{
	struct arguments a = {
		.bound = { .programs = { .pages = 1, .actors = 2, .events = 2 },
			   .orders = { .memory = (u64)4 << 30, ALL_REDUCTIONS } },
	};
	struct error error = { .text = "" };
	char path[600], command[600], *text, *traces = tool_traces();
	struct review review;
	int code = CODE_EXPECTED;

	tool_command_line(argc, argv, command, sizeof(command));
	argp_parse(&argp_review, argc, argv, 0, NULL, &a);
	if (!a.bound.traces)
		a.bound.traces = traces;
	text = text_of(&a, path, sizeof(path));
	if (!text || (a.folder && !tool_can_write(a.folder, true))) {
		free(traces);
		code = text ? CODE_INTERNAL : CODE_BAD_INPUT;
		free(text);
		return code;
	}
	tool_catch_interrupt();
	if (review_begin(&review, path, text, &a.bound, &error))
		run(&review, &error);
	review.command = command;
	if (error.text[0])
		code = complain(&error);
	else if (a.folder)
		code = write_all(&review, a.folder);
	else
		tell(&review, a.format);
	if (code == CODE_EXPECTED && !review_is_complete(&review))
		code = CODE_INCONCLUSIVE;
	review_free(&review);
	free(text);
	free(traces);
	return code;
}
