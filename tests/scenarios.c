// SPDX-License-Identifier: GPL-2.0-only
#include "tests/scenarios.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "tests/support.h"

static void add(struct scenario **all, const char *folder, const char *file, const char *semantics)
{
	struct scenario s = { .semantics = semantics };

	snprintf(s.text, sizeof(s.text), "%.100s, %s", file, semantics);
	snprintf(s.path, sizeof(s.path), "%.480s/%.90s", folder, file);
	arrput(*all, s);
}

struct scenario *scenarios_find(const char *const *under, size_t *nr)
{
	struct scenario *all = NULL;
	char folder[500];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.400s/race", getenv("PFNSIM_TRACES"));
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		for (size_t i = 0; entry->d_name[0] != '.' && under[i]; i++)
			add(&all, folder, entry->d_name, under[i]);
	closedir(dir);
	*nr = arrlenu(all);
	for (size_t i = 0; i < *nr; i++)
		all[i].name = all[i].text;
	return all;
}

void scenario_load(const char *path, struct trace *trace)
{
	struct error error = { .text = "" };

	if (!trace_load(path, trace, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
}

void scenario_load_text(const char *text, struct trace *trace)
{
	struct error error = { .text = "" };

	if (!trace_load_text("scenario", text, trace, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
}

void scenario_load_race(const char *name, struct trace *trace)
{
	char path[600];

	snprintf(path, sizeof(path), "%.400s/race/%.100s.trace", getenv("PFNSIM_TRACES"), name);
	scenario_load(path, trace);
}
