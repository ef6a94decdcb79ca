// SPDX-License-Identifier: GPL-2.0-only
/* replay_import.c: a trace, or what import makes of a recording; the library has no part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/replay_internal.h"

void replay_free_import(struct import *import)
{
	if (import)
		import_free(import);
	free(import);
}

/* The tool has standard input in a file: it is read from the beginning whenever it is opened. */
static const char *to_be_opened(const char *path)
{
	return strcmp(path, "-") ? path : IMPORT_STDIN;
}

static bool take_import(const char *path, struct trace *trace, struct import **out,
			struct error *error)
{
	struct import *import = calloc(1, sizeof(*import));
	char *text;
	bool good;

	if (!import)
		abort();
	if (!import_read(to_be_opened(path), NULL, import, error)) {
		free(import);
		return false;
	}
	*out = import;
	text = import_trace(import, error);
	good = text && trace_load_text(path, text, trace, error);
	free(text);
	return good;
}

bool replay_read_trace(const char *path, struct trace *trace, struct import **import,
		       struct error *error)
{
	*import = NULL;
	return import_is(to_be_opened(path)) ? take_import(path, trace, import, error) :
					       trace_load(path, trace, error);
}

bool replay_load_trace(const char *path, const char *instead, struct trace *trace,
		       struct error *error)
{
	struct import *import;
	bool good;

	if (recording_is(path))
		return error_at(error, path, 0, 0,
				"the lab's recordings are commands, no events: %s %s", instead,
				path);
	good = replay_read_trace(path, trace, &import, error);
	replay_free_import(import);
	return good;
}
