/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/conform.h"
#include "sim/json.h"
#include "sim/replay.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_INPUTS, KEY_ALL, KEY_UNMODELLED };

struct arguments {
	enum output_format format;
	struct conform_options options;
	char **path;
	size_t nr_paths;
};

/* Over all recordings of one call */
struct sum {
	struct conform_tally kind[NR_CONFORM_KINDS];
	unsigned captures;
	struct json *json;	/* NULL: text */
};

static const struct argp_option options[] = {
	{ "all", KEY_ALL, NULL, 0, "print every observation, not only those that differ", 0 },
	{ "format", 'f', "text|json", 0, "json: one object a line; default: text", 0 },
	{ "inputs", KEY_INPUTS, NULL, 0,
	  "also print every value that the model was given rather than asked for: frames "
	  "chosen, registers of devices, counters of exits", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
	{ "unmodelled", KEY_UNMODELLED, NULL, 0, "also print what is not modelled, and why", 0 },
	QUIET_OPTION,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		tool_be_quiet();
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case KEY_INPUTS:
		a->options.keep_inputs = true;
		return 0;
	case KEY_ALL:
		a->options.keep_all = true;
		return 0;
	case KEY_UNMODELLED:
		a->options.keep_unmodelled = true;
		return 0;
	case ARGP_KEY_ARGS:
		a->path = state->argv + state->next;
		a->nr_paths = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		misused(state, "which recording?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_conform = {
	.options = options, .parser = parse, .args_doc = "CAPTURE|FOLDER...",
	.help_filter = tool_help,
	.doc = "Hold recordings of real kernels against the model of that kernel, observation by "
	       "observation.\vA CAPTURE is FOLDER/NAME of a recording (NAME.out and its "
	       "companions), or a FOLDER of them.\nExit codes: 0 all agree (unmodelled does not "
	       "matter), 1 some differ, 2 bad input or usage, 3 inconclusive.\n\n"
	       "Example: pfnsim conform traces/recorded/v11",
};

static unsigned total(const struct conform_tally *kinds, enum conform_verdict verdict)
{
	unsigned n = 0;

	for (size_t i = 0; i < NR_CONFORM_KINDS; i++)
		n += kinds[i].of[verdict];
	return n;
}

static unsigned seen(const struct conform_tally *tally)
{
	return tally->of[CONFORM_AGREE] + tally->of[CONFORM_DIFFER] +
	       tally->of[CONFORM_UNMODELLED];
}

/* ---- JSON ---- */

static void json_tally(struct json *json, const struct conform_tally *tally)
{
	for (size_t v = 0; v < NR_CONFORM_VERDICTS; v++)
		json_number_at(json, conform_verdicts[v], tally->of[v]);
}

static void json_counts(struct json *json, const struct conform_tally *kinds)
{
	struct conform_tally all = { .of = { 0 } };

	for (size_t v = 0; v < NR_CONFORM_VERDICTS; v++)
		all.of[v] = total(kinds, v);
	json_number_at(json, "observations", seen(&all));
	json_tally(json, &all);
	json_key(json, "kinds");
	json_object_begin(json);
	for (size_t i = 0; i < NR_CONFORM_KINDS; i++) {
		if (!seen(&kinds[i]))
			continue;
		json_key(json, conform_kinds[i].name);
		json_object_begin(json);
		json_tally(json, &kinds[i]);
		json_object_end(json);
	}
	json_object_end(json);
}

static void json_start(struct json *json, const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
}

static void json_stop(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

static void json_observation(struct json *json, const struct conform *c,
			     const struct conform_observation *o)
{
	json_start(json, o->verdict == CONFORM_DIFFER ? "difference" : "observation");
	json_string_at(json, "capture", c->capture);
	json_string_at(json, "kind", conform_kinds[o->kind].name);
	if (o->verdict != CONFORM_DIFFER)
		json_string_at(json, "verdict", conform_verdicts[o->verdict]);
	json_string_at(json, "file", o->file);
	json_number_at(json, "line", o->line);
	json_number_at(json, "command", o->command);
	json_string_at(json, "recorded", o->recorded);
	json_string_at(json, "model", o->model);
	if (o->verdict == CONFORM_UNMODELLED)
		json_string_at(json, "why", o->why);
	json_stop(json);
}

static void json_capture(struct json *json, const struct conform *c)
{
	json_start(json, "capture");
	json_string_at(json, "capture", c->capture);
	json_string_at(json, "semantics", c->semantics);
	json_counts(json, c->kind);
	json_string_at(json, "inconclusive", c->inconclusive);
	json_string_at(json, "unmodelled_since", c->lost);
	json_number_at(json, "unmodelled_line", c->lost_line);
	json_stop(json);
	for (size_t i = 0; i < c->nr_seen; i++)
		json_observation(json, c, &c->seen[i]);
	for (size_t i = 0; i < c->nr_inputs; i++) {
		json_start(json, "input");
		json_string_at(json, "capture", c->capture);
		json_string_at(json, "file", c->inputs[i].file);
		json_number_at(json, "line", c->inputs[i].line);
		json_string_at(json, "value", c->inputs[i].text);
		json_stop(json);
	}
}

/* ---- text ---- */

static void print_observation(const struct conform_observation *o)
{
	const char *model = o->model ? o->model :
			    o->verdict == CONFORM_UNMODELLED ? "(does not say)" : "(nothing)";

	printf("  %s:%u: %s: %s\n", o->file, o->line, conform_kinds[o->kind].name,
	       conform_verdicts[o->verdict]);
	printf("    recorded  %s\n", o->recorded ? o->recorded : "(nothing)");
	if (o->verdict != CONFORM_AGREE)
		printf("    model     %s\n", model);
	if (o->verdict == CONFORM_UNMODELLED)
		printf("    why       %s\n", o->why);
}

static void print_capture(const struct conform *c)
{
	printf("%-40s %-10s agree %5u  differ %3u  unmodelled %4u%s%s\n", c->capture,
	       c->semantics ? c->semantics : "-", conform_count(c, CONFORM_AGREE),
	       conform_count(c, CONFORM_DIFFER), conform_count(c, CONFORM_UNMODELLED),
	       c->inconclusive ? "  inconclusive: " : "", c->inconclusive ? c->inconclusive : "");
	if (c->lost && c->lost_line)
		printf("  from line %u on nothing is modelled: %s\n", c->lost_line, c->lost);
	else if (c->lost)
		printf("  nothing is modelled: %s\n", c->lost);
	for (size_t i = 0; i < c->nr_seen; i++)
		print_observation(&c->seen[i]);
	for (size_t i = 0; i < c->nr_inputs; i++)
		printf("  %s:%u: input: %s\n", c->inputs[i].file, c->inputs[i].line,
		       c->inputs[i].text);
}

static void print_row(const char *name, const unsigned *of)
{
	unsigned n = of[CONFORM_AGREE] + of[CONFORM_DIFFER] + of[CONFORM_UNMODELLED];

	printf("%-14s %8u %8u %8u %8u   %5.1f%%\n", name, n, of[CONFORM_AGREE],
	       of[CONFORM_DIFFER], of[CONFORM_UNMODELLED],
	       n ? 100.0 * (n - of[CONFORM_UNMODELLED]) / n : 100.0);
}

static void print_sum(const struct sum *sum)
{
	struct conform_tally all = { .of = { 0 } };

	printf("\n%-14s %8s %8s %8s %8s   %s\n", "kind", "seen", "agree", "differ", "unmod.",
	       "modelled");
	for (size_t i = 0; i < NR_CONFORM_KINDS; i++)
		if (seen(&sum->kind[i]))
			print_row(conform_kinds[i].name, sum->kind[i].of);
	for (size_t v = 0; v < NR_CONFORM_VERDICTS; v++)
		all.of[v] = total(sum->kind, v);
	print_row("total", all.of);
	printf("%u recording%s\n", sum->captures, sum->captures == 1 ? "" : "s");
}

/* ---- both ---- */

static int conform_one(const char *path, const struct arguments *a, struct sum *sum)
{
	struct recording recording;
	struct conform result;
	struct error error = { .line = 0 };
	int code;

	if (!recording_read(path, &recording, &error))
		return complain(&error);
	conform_run(&recording, &a->options, &result);
	if (sum->json)
		json_capture(sum->json, &result);
	else
		print_capture(&result);
	for (size_t i = 0; i < NR_CONFORM_KINDS; i++)
		for (size_t v = 0; v < NR_CONFORM_VERDICTS; v++)
			sum->kind[i].of[v] += result.kind[i].of[v];
	sum->captures++;
	code = conform_exit_code(&result);
	conform_free(&result);
	recording_free(&recording);
	return code;
}

/* The recordings of all paths, in @all (stb_ds). */
static int list_all(const struct arguments *a, char ***all)
{
	struct error error = { .line = 0 };
	int code = CODE_EXPECTED;

	for (size_t i = 0; i < a->nr_paths; i++) {
		char **list = recording_list(a->path[i], &error);

		if (!list)
			code = complain(&error);
		for (size_t k = 0; list && list[k]; k++)
			arrput(*all, list[k]);
		free(list);
	}
	return code;
}

static int conform_all(const struct arguments *a, struct sum *sum)
{
	char **list = NULL;
	int code = list_all(a, &list);
	double since = tool_seconds();
	size_t i;

	for (i = 0; i < arrlenu(list) && !tool_is_interrupted(); i++) {
		tool_progress(since, (double)i / arrlenu(list), "%zu of %zu: %s", i, arrlenu(list),
			      list[i]);
		code = worse_exit_code(code, conform_one(list[i], a, sum));
	}
	tool_progress(since, 0, NULL);
	if (i < arrlenu(list)) {
		fprintf(stderr, "pfnsim: interrupted: %zu of %zu recordings were not looked at\n",
			arrlenu(list) - i, arrlenu(list));
		code = worse_exit_code(code, CODE_INCONCLUSIVE);
	}
	for (i = 0; i < arrlenu(list); i++)
		free(list[i]);
	arrfree(list);
	return code;
}

int cmd_conform(int argc, char **argv)
{
	struct arguments a = { .nr_paths = 0 };
	struct sum sum = { .captures = 0 };
	int code;

	argp_parse(&argp_conform, argc, argv, 0, NULL, &a);
	tool_catch_interrupt();
	if (a.format == FORMAT_JSON)
		sum.json = json_begin(stdout);
	code = conform_all(&a, &sum);
	if (sum.json) {
		json_start(sum.json, "total");
		json_counts(sum.json, sum.kind);
		json_number_at(sum.json, "captures", sum.captures);
		json_stop(sum.json);
		json_end(sum.json);
	} else if (sum.captures) {
		print_sum(&sum);
	}
	return code;
}
