/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_outcomes.c: the table of outcomes, as CSV or as text. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/json.h"
#include "sim/outcomes.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, MAX_LIST = 64 };

struct arguments {
	enum output_format format;
	const struct semantics_patch *list[MAX_LIST];
	size_t n;
};

static const struct argp_option options[] = {
	{ "format", 'f', "text|csv|json", 0,
	  "csv: a line of column names, then a line a row; json: one object a line; default: text\v"
	  "Cells have no quotes.", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	SEMANTICS_OPTION("; default: v6.8-rc3,v11,v11-unsafe"),
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'f':
		if (!parse_format(arg, TEXT_JSON_OR_CSV, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case 's':
		a->n = parse_semantics(arg, a->list, MAX_LIST);
		if (!a->n)
			exit(CODE_BAD_INPUT);
		return 0;
	case ARGP_KEY_ARG:
		misused(state, "takes no argument \"%s\"", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_outcomes = {
	.options = options,
	.parser = parse,
	.help_filter = tool_help,
	.doc = "What each caller of KVM's look-up gets, for each kind of page in each kind of "
	       "mapping: computed by running the model, a row for each combination that can be.\v"
	       "Example: pfnsim outcomes --format csv --semantics v6.12,v7.2",
};

static const char *const columns[] = {
	"page", "vma_pte", "caller", "access", "host_pte_w", "ro_slot", "semantics", "class",
	"outcome", "held_delta", "after_delta", "spte_bit", "out_writable", "hazards",
};

enum { NR_COLUMNS = ARRAY_SIZE(columns) };

static const char *digit(bool value)
{
	return value ? "1" : "0";
}

static void join_hazards(unsigned hazards, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = 0;
	for (unsigned i = 0; i < NR_HAZARDS; i++)
		if (hazards & BIT(i))
			used += snprintf(buffer + used, size - used, "%s%s", used ? "+" : "",
					 outcome_hazards[i]);
}

static void fill_values(const struct semantics_patch *patch, const struct outcome_cell *c,
			const struct outcome_row *row, const char *hazards, const char **values)
{
	const char *all[] = {
		outcome_pages[c->page], outcome_vmas[c->vma], outcome_callers[c->caller],
		c->write ? "W" : "R", digit(c->host_pte_w), digit(c->ro_slot),
		outcome_semantics_name(patch), row->class, row->outcome, digit(row->held),
		digit(row->after), row->spte_bit, digit(row->writable), hazards,
	};

	memcpy(values, all, sizeof(all));
}

static void print_csv(const char *const *values)
{
	for (size_t i = 0; i < NR_COLUMNS; i++)
		printf("%s%s", i ? "," : "", values[i]);
	printf("\n");
}

static void print_text(const char *const *values)
{
	static const int width[] = { 6, 13, 15, 6, 10, 7, 10, 10, 14, 10, 11, 8, 12, 0 };

	for (size_t i = 0; i < NR_COLUMNS; i++)
		printf("%s%-*s", i ? " " : "", *values[i] || i + 1 < NR_COLUMNS ? width[i] : 0,
		       values[i]);
	printf("\n");
}

static void print_json(struct json *json, const char *const *values)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "cell");
	for (size_t i = 0; i < NR_COLUMNS; i++)
		json_string_at(json, columns[i], values[i]);
	json_object_end(json);
	json_line_end(json);
}

static void print_row(const struct arguments *a, struct json *json, const char *const *values)
{
	if (a->format == FORMAT_CSV)
		print_csv(values);
	else if (a->format == FORMAT_TEXT)
		print_text(values);
	else if (values != columns)
		print_json(json, values);
}

static void print_table(const struct arguments *a, struct json *json)
{
	struct outcome_cell cell;
	unsigned at = 0;

	print_row(a, json, columns);
	while (outcome_next(&at, &cell))
		for (size_t i = 0; i < a->n; i++) {
			const char *values[NR_COLUMNS];
			struct outcome_row row;
			char hazards[64];

			if (!outcome_compute(a->list[i], &cell, &row))
				continue;
			join_hazards(row.hazards, hazards, sizeof(hazards));
			fill_values(a->list[i], &cell, &row, hazards, values);
			print_row(a, json, values);
		}
}

int cmd_outcomes(int argc, char **argv)
{
	struct arguments a = { .format = FORMAT_TEXT };
	struct json *json;

	argp_parse(&argp_outcomes, argc, argv, 0, NULL, &a);
	if (!a.n)
		a.n = parse_semantics("v6.8-rc3,v11,v11-unsafe", a.list, MAX_LIST);
	json = a.format == FORMAT_JSON ? json_begin(stdout) : NULL;
	print_table(&a, json);
	if (json)
		json_end(json);
	return CODE_EXPECTED;
}
