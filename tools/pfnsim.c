/* SPDX-License-Identifier: GPL-2.0-only */
/* pfnsim.c: main(): which command? */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guess.h"
#include "tools/frames.h"
#include "tools/options.h"
#include "tools/pfnsim.h"

const struct tool_command tool_commands[] = {
	{ "replay", cmd_replay, &argp_replay,
	  "run a trace or a recording under one semantics or several" },
	{ "report", cmd_report, &argp_report,
	  "the same as a page to look at: steps, locks, counts, walks" },
	{ "import", cmd_import, &argp_import,
	  "what another host's trace-cmd, perf or bpftrace recorded" },
	{ "conform", cmd_conform, &argp_conform,
	  "hold recordings against the model of the kernel that ran them" },
	{ "explore", cmd_explore, &argp_explore,
	  "run a trace's threads in every order of their steps" },
	{ "equiv", cmd_equiv, &argp_equiv,
	  "do two semantics differ in any program up to a bound?" },
	{ "review", cmd_review, &argp_review,
	  "what patches claim, and what is found of them: a document" },
	{ "corpus", cmd_corpus, &argp_corpus,
	  "real bugs, and what each kernel makes of them" },
	{ "semantics", cmd_semantics, &argp_semantics,
	  "list the semantics: kernels, series, policies" },
	{ "invariants", cmd_invariants, &argp_invariants,
	  "list the laws that are checked after every step" },
	{ "outcomes", cmd_outcomes, &argp_outcomes,
	  "what each caller gets, for each kind of page and mapping" },
	{ "lab-script", cmd_lab, &argp_lab,
	  "a trace as commands of the lab, for a real kernel" },
	{ "events", cmd_events, &argp_events,
	  "list what a trace can say" },
	{ "bisect", cmd_bisect, &argp_bisect,
	  "with which version or patch a trace comes out otherwise" },
	{ "reduce", cmd_reduce, &argp_reduce,
	  "a smaller trace with the same bug" },
	{ "walk", cmd_walk, &argp_walk,
	  "what a guest-physical address is at an event of a trace" },
	{ "fmt", cmd_fmt, &argp_fmt,
	  "a trace in the one way to write it" },
	{ "tables", cmd_tables, &argp_tables, NULL },
	{ "complete", cmd_complete, NULL, NULL },
	{ 0 }
};

const struct tool_command *tool_command_find(const char *name)
{
	for (const struct tool_command *command = tool_commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static void usage(FILE *out)
{
	fprintf(out, "Usage: pfnsim COMMAND [OPTION...] ...\n\n"
		"What would this host have done under the other KVM memory API?\n\n");
	for (const struct tool_command *command = tool_commands; command->help; command++)
		fprintf(out, "  %-12s %s\n", command->name, command->help);
	fprintf(out, "\nExample: pfnsim replay --semantics v6.8,v11 traces/seed.trace\n"
		"pfnsim COMMAND --help says more. Exit codes: 0 as expected, 1 a violation or a\n"
		"missed expectation, 2 bad input or usage, 3 inconclusive, 4 internal error.\n");
}

static int unknown(const char *name)
{
	struct guess guess;

	guess_begin(&guess, name);
	for (const struct tool_command *command = tool_commands; command->help; command++)
		guess_at(&guess, command->name);
	fprintf(stderr, "pfnsim: unknown command \"%s\"%s; pfnsim --help lists them\n", name,
		guess_text(&guess));
	return CODE_BAD_INPUT;
}

/* argp names the program by argv[0]. */
static char *name_of(const char *command)
{
	static char name[32];

	snprintf(name, sizeof(name), "pfnsim %s", command);
	return name;
}

static int run(const struct tool_command *command, int argc, char **argv)
{
	argv[0] = name_of(argv[0]);
	if (command->argp && !options_are_known(command->argp, argc, argv))
		return CODE_BAD_INPUT;
	return tool_keep_pipes(argc, argv) ? command->run(argc, argv) : CODE_INTERNAL;
}

/* Whoever ends the program: argp does for --help. */
static void flush_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "pfnsim: cannot write the output\n");
	_exit(CODE_INTERNAL);
}

/* What is closed stays unusable: no pipe or file of ours may be taken for it. */
static void keep_closed(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(CODE_INTERNAL);
}

int main(int argc, char **argv)
{
	const struct tool_command *command;

	keep_closed();
	tool_init();
	atexit(flush_output);
	argc = frames_option(argc, argv);
	if (argc < 2) {
		usage(stderr);
		return CODE_BAD_INPUT;
	}
	command = argc == 3 && !strcmp(argv[1], "help") ? tool_command_find(argv[2]) : NULL;
	if (command)
		return run(command, 2, (char *[]){ argv[2], "--help", NULL });
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return CODE_EXPECTED;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("pfnsim %s\n", PFNSIM_VERSION);
		return CODE_EXPECTED;
	}
	command = tool_command_find(argv[1]);
	return command ? run(command, argc - 1, argv + 1) : unknown(argv[1]);
}
