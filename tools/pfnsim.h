/* SPDX-License-Identifier: GPL-2.0-only */
/* pfnsim.h: the commands of the tool. Each parses its own options and returns the exit code. */
#pragma once

#include <argp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/semantics.h"
#include "sim/error.h"
#include "sim/explore.h"

/* tools/report/page.css, page.js, selftest.inc: as they are (tools/report/embed). */
extern const char report_page_css[], report_page_js[], report_selftest_inc[];

enum { CODE_EXPECTED = 0, CODE_UNEXPECTED = 1, CODE_BAD_INPUT = 2, CODE_INCONCLUSIVE = 3,
       CODE_INTERNAL = 4 };

struct argp;

struct tool_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const struct argp *argp;	/* NULL: it takes any words */
	const char *help;		/* NULL: for scripts; --help does not list it */
};

extern const struct tool_command tool_commands[];	/* for scripts last; then zeroes */
/* NULL: there is none of that name. */
const struct tool_command *tool_command_find(const char *name);

extern const struct argp argp_replay, argp_report, argp_explore, argp_import, argp_conform,
	argp_corpus, argp_equiv, argp_semantics, argp_invariants, argp_events, argp_bisect,
	argp_review, argp_reduce, argp_fmt, argp_walk, argp_lab, argp_outcomes, argp_tables;
/* argp's help_filter of all of them: options.h. */
char *tool_help(int key, const char *text, void *input);

int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_explore(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_conform(int argc, char **argv);
int cmd_corpus(int argc, char **argv);
int cmd_equiv(int argc, char **argv);
int cmd_semantics(int argc, char **argv);
int cmd_invariants(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_bisect(int argc, char **argv);
int cmd_review(int argc, char **argv);
int cmd_reduce(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_walk(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_outcomes(int argc, char **argv);
int cmd_tables(int argc, char **argv);
int cmd_complete(int argc, char **argv);

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_CSV,
		     FORMAT_HTML, FORMAT_SVG, FORMAT_DOT, FORMAT_JUNIT, FORMAT_SARIF,
		     FORMAT_GITHUB, FORMAT_PERFETTO, FORMAT_DAT, FORMAT_SELFTEST, NR_FORMATS };
/* Which of them a command has. */
enum {
	TEXT_OR_JSON = 1 << FORMAT_TEXT | 1 << FORMAT_JSON,
	TEXT_JSON_OR_MARKDOWN = TEXT_OR_JSON | 1 << FORMAT_MARKDOWN,
	TEXT_JSON_OR_CSV = TEXT_OR_JSON | 1 << FORMAT_CSV,
	OF_CI = 1 << FORMAT_JUNIT | 1 << FORMAT_SARIF | 1 << FORMAT_GITHUB,
};

/* One of @allowed; false after one line on stderr. */
bool parse_format(const char *word, unsigned allowed, enum output_format *format);
/* "file:line:column: text" on stderr, with the program's name; returns CODE_BAD_INPUT. */
int complain(const struct error *error);
/* What a recording lacks leaves open what was found, on stderr; returns CODE_INCONCLUSIVE. */
int say_lacks(const char *path, const char *lacks);
/*
 * The old file, or the new one, whatever happens. A link keeps being one, and a file its mode; one
 * that is not there is made. False: complained.
 */
bool write_anew(const char *path, const char *text, size_t length);
/*
 * Before long work: can @path be written, a folder (@is_folder) or a file? Of what is not there it
 * asks where it would be. False: complained.
 */
bool tool_can_write(const char *path, bool is_folder);
/* Pipes among the inputs can be read again, by the same names. False: complained. */
bool tool_keep_pipes(int argc, char **argv);
/* Ends with a row of zeroes. */
extern const struct semantics_group {
	const char *name, *help;
} semantics_groups[];
/* Names, aliases, groups, joined by commas, into @list of @room: how many; 0: complained. */
size_t parse_semantics(const char *words, const struct semantics_patch **list, size_t room);
/* A name or an alias, of one; exits with CODE_BAD_INPUT after one line on stderr. */
const struct semantics_patch *take_one_semantics(const char *word);
/* A number, with K, M, G if you like; false: it is none, or too large. *@text: behind it. */
bool take_number(const char **text, u64 *number);
/* From 1 to @most, or it exits with CODE_BAD_INPUT after one line about @option. */
unsigned parse_count(const char *text, unsigned most, const char *option, struct argp_state *state);

/* "NAME=" of an option, and how much it may be. */
struct limit {
	const char *name;
	u64 least, most;
	u64 *value;
};

/* "NAME=NUMBER,NAME=NUMBER", some of @limits; false: a name or a number is none of them. */
bool parse_limits(const char *text, const struct limit *limits, size_t nr);
#define BOUND_IS "--bound is depth=NUMBER,states=NUMBER,memory=NUMBER, some of them"
/* "depth=D,states=S,memory=M" of a search, some of them. */
bool parse_bound(const char *text, struct explore_bound *bound);
/* "pfnsim report -s v6.8,v11 -o x.html TRACE", before argp has put it in order */
void tool_command_line(int argc, char **argv, char *text, size_t size);
/* ^C is asked for from now on. */
void tool_catch_interrupt(void);
bool tool_is_interrupted(void);
/* 0 until then */
const volatile sig_atomic_t *tool_interrupt(void);
/* Of a clock that only goes forward. */
double tool_seconds(void);
/*
 * A line on stderr, if that is a terminal, a second has passed @since, and nobody has asked for
 * quiet: what is said, and how long the rest takes if so much of it (0 to 1) is done; 0: nobody
 * knows. NULL: that line goes away.
 */
void tool_progress(double since, double done, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* -q */
void tool_be_quiet(void);
/* Options that several commands have: options.h says what is in them. */
#define BOUND_OPTION \
	{ "bound", 'b', "depth=D,states=S,memory=BYTES", 0, \
	  "of traces with threads: search no further; BYTES takes K, M, G; default: memory=1G\v" \
	  "What has been cut off is not known.", 0 }
#define SEMANTICS_OPTION(what) \
	{ "semantics", 's', "LIST", 0, \
	  "names, aliases or groups (old, new, series, policy, all), joined by commas" what "\v" \
	  "The group _all_ has no policies.", 0 }
#define QUIET_OPTION { "quiet", 'q', NULL, 0, "no progress on a terminal", 0 }
/*
 * "traces", if there is such a folder; else that of this program's own build, or installation. The
 * caller's to free.
 */
char *tool_traces(void);
/* The common argp behaviour: exit code 2 for usage, no abbreviated surprises. */
void tool_init(void);
