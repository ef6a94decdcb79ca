// SPDX-License-Identifier: GPL-2.0-only
#include "tests/scenarios.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"
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
	static const char *const folders[] = { "race", "driver/race" };
	struct scenario *all = NULL;
	char folder[500];
	struct dirent *entry;
	DIR *dir;

	for (size_t f = 0; f < sizeof(folders) / sizeof(*folders); f++) {
		snprintf(folder, sizeof(folder), "%.400s/%s", getenv("PFNSIM_TRACES"), folders[f]);
		dir = opendir(folder);
		assert_non_null(dir);
		while ((entry = readdir(dir)))
			for (size_t i = 0; entry->d_name[0] != '.' && under[i]; i++)
				add(&all, folder, entry->d_name, under[i]);
		closedir(dir);
	}
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

struct explore *scenario_explore(const struct trace *trace, const struct semantics_patch *patch,
				 const struct explore_bound *bound, bool believes)
{
	struct error error = { .text = "" };
	struct explore *x = explore_new(trace, patch, bound, &error);

	if (!x)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	x->search->believes = believes;
	while (explore_more(x, 10000, &error))
		;
	assert_string_equal(error.text, "");
	return x;
}

const struct explore_finding *explored_like(const struct explored *r,
					    const struct explore_finding *f)
{
	for (size_t i = 0; i < r->nr_findings; i++)
		if (r->findings[i].kind == f->kind &&
		    is_same_violation(&r->findings[i].v, &f->v))
			return &r->findings[i];
	return NULL;
}

static bool is_same_outcome(const struct explore_outcome *a, const struct explore_outcome *b)
{
	return a->event == b->event && !strcmp(a->word, b->word) && a->value == b->value &&
	       a->ends == b->ends;
}

const char *explored_difference(const struct explored *a, const struct explored *b)
{
	if (a->nr_findings != b->nr_findings)
		return "findings";
	for (size_t i = 0; i < a->nr_findings; i++)
		if (!explored_like(b, &a->findings[i]))
			return "a finding";
	if (a->ends != b->ends)
		return "ends";
	if (arrlenu(a->outcomes) != arrlenu(b->outcomes))
		return "outcomes";
	for (size_t i = 0; i < arrlenu(a->outcomes); i++)
		if (!is_same_outcome(&a->outcomes[i], &b->outcomes[i]))
			return "an outcome";
	return "";
}
