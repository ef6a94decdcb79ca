/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_lab.c: a trace as commands of the lab. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/lab.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **path = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*path)
			misused(state, "one trace at a time");
		*path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*path)
			misused(state, "which trace?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_lab = {
	.parser = parse,
	.args_doc = "TRACE",
	.doc = "Print the commands by which the lab brings about on a real kernel what TRACE says."
	       "\n\n"
	       "They are those of docs/RECORDINGS.md; tools/lab/run runs them. What the lab cannot "
	       "do is an error, with its place.\v"
	       "Example: pfnsim lab-script traces/seed.trace",
};

int cmd_lab(int argc, char **argv)
{
	struct lab_script script;
	const char *path = NULL;
	struct error error;

	argp_parse(&argp_lab, argc, argv, 0, NULL, &path);
	if (!lab_script(path, &script, &error))
		return complain(&error);
	fputs(script.text, stdout);
	lab_script_free(&script);
	return CODE_EXPECTED;
}
