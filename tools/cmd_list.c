/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_list.c: what there is: semantics, events. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/event.h"
#include "sim/json.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_STEPS };

struct arguments { enum output_format format; bool steps; };

#define LIST_OPTIONS \
	{ "format", 'f', "text|json", 0, "json: one object a line; default: text", 0 }, \
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 }

static const struct argp_option event_options[] = { LIST_OPTIONS, { 0 } };

static const struct argp_option semantics_options[] = {
	LIST_OPTIONS,
	{ "steps", KEY_STEPS, NULL, 0, "every step of every path, too, with the modelled kernel "
	  "functions; as text", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key == 'f' && !parse_format(arg, TEXT_OR_JSON, &a->format))
		exit(CODE_BAD_INPUT);
	if (key == KEY_JSON)
		a->format = FORMAT_JSON;
	if (key == KEY_STEPS)
		a->steps = true;
	if (key == ARGP_KEY_ARG)
		misused(state, "takes no argument \"%s\"", arg);
	return key == 'f' || key == KEY_JSON || key == KEY_STEPS ? 0 : ARGP_ERR_UNKNOWN;
}

const struct argp argp_semantics = {
	.options = semantics_options,
	.parser = parse,
	.help_filter = tool_help,
	.doc = "List the semantics, one line each: name, group, what it is, and its alias.\v"
	       "Example: pfnsim semantics --json",
};

const struct argp argp_events = {
	.options = event_options,
	.parser = parse,
	.help_filter = tool_help,
	.doc = "List what a trace can say, with the arguments (docs/TRACE-FORMAT.md).\v"
	       "Example: pfnsim events | grep -A6 ^memslot",
};

/* A listing's row as JSON: the keys in @keys, the strings in @values. */
static void json_row(struct json *json, const char *type, const char *const *keys,
		     const char *const *values, size_t n)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	for (size_t i = 0; i < n; i++)
		json_string_at(json, keys[i], values[i]);
	json_object_end(json);
	json_line_end(json);
}

static void print_steps(const struct semantics_patch *patch)
{
	struct semantics *sem = malloc(sizeof(*sem));
	char why[128];

	if (!sem || !semantics_resolve(patch, sem, why, sizeof(why)))
		abort();
	for (unsigned p = 0; p < NR_PATHS; p++)
		for (const struct step *step = sem->path[p]; step->name; step++)
			printf("    %-12s %-22s %s\n", path_name(p), step->name,
			       step->chain ? step->chain : "");
	free(sem);
}

static void list_semantics(const struct semantics_patch *p, struct json *json, bool steps)
{
	static const char *const keys[] = { "name", "alias", "table", "group", "base", "source",
					    "claims" };
	const char *values[] = { p->name, p->alias, p->table, p->group,
				 p->base ? p->base->name : NULL, p->source, p->claims };

	if (json) {
		json_row(json, "semantics", keys, values, ARRAY_SIZE(keys));
		return;
	}
	printf("%-13s %-6s %s", p->name, p->group, p->source);
	if (p->alias || p->table)
		printf(" [%s%s%s]", p->alias ? p->alias : "",
		       p->alias && p->table ? ", " : "", p->table ? p->table : "");
	printf("\n");
	if (steps)
		print_steps(p);
}

int cmd_semantics(int argc, char **argv)
{
	struct arguments a = { FORMAT_TEXT, false };
	struct json *json;

	argp_parse(&argp_semantics, argc, argv, 0, NULL, &a);
	json = a.format == FORMAT_JSON ? json_begin(stdout) : NULL;
	for (size_t i = 0; all_semantics[i]; i++)
		list_semantics(all_semantics[i], json, a.steps);
	for (size_t i = 0; policies[i]; i++)
		list_semantics(policies[i], json, a.steps);
	if (json)
		json_end(json);
	return CODE_EXPECTED;
}

static void print_event(const struct event_kind *kind)
{
	printf("%-15s %s\n", kind->name, kind->help);
	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++) {
		const struct arg_row *row = &kind->args[i];

		printf("    %s%s%s%-*s %s", row->required ? "" : "[", row->key,
		       row->required ? "" : "]",
		       (int)(12 - strlen(row->key) - (row->required ? 0 : 2)), "", row->help);
		for (size_t w = 0; row->words && row->words[w]; w++)
			printf("%s%s", w ? ", " : ": ", row->words[w]);
		printf("\n");
	}
}

int cmd_events(int argc, char **argv)
{
	static const char *const keys[] = { "name", "help" };
	struct arguments a = { FORMAT_TEXT, false };
	struct json *json;

	argp_parse(&argp_events, argc, argv, 0, NULL, &a);
	json = a.format == FORMAT_JSON ? json_begin(stdout) : NULL;
	for (size_t i = 0; i < nr_event_kinds; i++) {
		const char *values[] = { event_kinds[i].name, event_kinds[i].help };

		if (json)
			json_row(json, "event", keys, values, ARRAY_SIZE(keys));
		else
			print_event(&event_kinds[i]);
	}
	if (json)
		json_end(json);
	return CODE_EXPECTED;
}
