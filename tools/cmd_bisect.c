/* SPDX-License-Identifier: GPL-2.0-only */
/* cmd_bisect.c: with which version, or which patch, a trace comes out otherwise. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/bisect.h"
#include "sim/import.h"
#include "sim/json.h"
#include "sim/replay.h"
#include "tools/misuse.h"
#include "tools/pfnsim.h"

enum { KEY_JSON = 256, KEY_GOOD, KEY_BAD, KEY_CHAIN };

struct arguments {
	const struct semantics_patch *good, *bad;
	const char *chain;
	struct explore_bound bound;
	enum output_format format;
	const char *path;
};

static const struct argp_option options[] = {
	{ "good", KEY_GOOD, "SEMANTICS", 0,
	  "only from here on to --bad, or back to it, whichever is older\v"
	  "A change of the verdict to that of either is marked so. If both have the same verdict, "
	  "there is nothing to find: exit status 2.", 0 },
	{ "bad", KEY_BAD, "SEMANTICS", 0, "see --good", 0 },
	{ "chain", KEY_CHAIN, "versions|LIST", 0,
	  "versions, v11, or semantics by age, joined by commas; default: both chains\v"
	  "_LIST_ has names, aliases or groups.", 0 },
	BOUND_OPTION,
	{ "format", 'f', "text|json", 0, "json: one object a line; default: text", 0 },
	{ "json", KEY_JSON, NULL, 0, "the same as --format=json", 0 },
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
	case KEY_GOOD:
		a->good = take_one_semantics(arg);
		return 0;
	case KEY_BAD:
		a->bad = take_one_semantics(arg);
		return 0;
	case KEY_CHAIN:
		a->chain = arg;
		return 0;
	case 'b':
		if (!parse_bound(arg, &a->bound))
			misused(state, BOUND_IS);
		return 0;
	case 'f':
		if (!parse_format(arg, TEXT_OR_JSON, &a->format))
			exit(CODE_BAD_INPUT);
		return 0;
	case KEY_JSON:
		a->format = FORMAT_JSON;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			misused(state, "one trace at a time");
		a->path = strcmp(arg, "-") ? arg : IMPORT_STDIN;	/* read anew each time */
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			misused(state, "which trace?");
		if (!a->good != !a->bad)
			misused(state, "--good and --bad come together");
		if (a->good && a->chain)
			misused(state, "--good and --bad choose the chain: leave out --chain");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp argp_bisect = {
	.options = options,
	.parser = parse,
	.args_doc = "TRACE|RECORDING\n--good=SEMANTICS --bad=SEMANTICS TRACE|RECORDING",
	.help_filter = tool_help,
	.doc = "Run a trace under each version, or each patch of a series, by age, and name every "
	       "one with which its verdict or an event's outcome changes.\v"
	       "Chains: \"versions\", v5.11 to v7.2, and \"v11\", v11-p0 to v11-p8. All of a chain "
	       "are run, as a verdict that has changed may change back. V: a law breaks; E: an "
	       "error; Es: an error where the VMM itself has access; W: it works; ?: not known.\n\n"
	       "Example: pfnsim bisect --good v6.12 --bad v5.12 traces/seed.trace",
};

/* ---- text ---- */

static void print_event(const struct bisect *b, size_t i)
{
	const struct event *e = &b->trace.events[i];
	char *text = trace_event_text(e, b->trace.names);

	printf("event %u, %s:%u: %s%s%s", e->number, e->file, e->line, e->label ? e->label : "",
	       e->label ? ": " : "", text);
	free(text);
}

/* With --good and --bad: which of them it is like from now on. */
static const char *side_of(const struct arguments *a, const struct bisect *b,
			   const struct bisect_change *c)
{
	for (size_t i = 0; a->good && c->what && i < b->nr_points; i++) {
		if (strcmp(b->points[i].verdict, c->after) != 0)
			continue;
		if (b->points[i].patch == a->bad)
			return " (bad)";
		if (b->points[i].patch == a->good)
			return " (good)";
	}
	return "";
}

/* What is not known before it may be where it changed. */
static void print_with(const struct bisect *b, const struct bisect_change *c)
{
	printf("changes with %s", b->points[c->point].patch->name);
	for (size_t i = c->last + 1; i < c->point; i++)
		printf(", or with %s, which is not known", b->points[i].patch->name);
	printf(": %s\n", b->points[c->point].patch->source);
}

static bool is_all_known(const struct bisect *b)
{
	for (size_t i = 0; i < b->nr_points; i++)
		if (!b->points[i].known)
			return false;
	return true;
}

static void print_text(const struct arguments *a, const struct bisect *b,
		       const struct bisect_change *changes)
{
	for (size_t i = 0; i < b->nr_points; i++)
		printf("  %-12s %s%s%s\n", b->points[i].patch->name, b->points[i].verdict,
		       b->points[i].known ? "" : " ", b->points[i].known ? "" : b->points[i].why);
	for (size_t i = 0; i < arrlenu(changes); i++) {
		const struct bisect_change *c = &changes[i];

		if (!i || c->point != c[-1].point)
			print_with(b, c);
		printf("  ");
		if (c->what)
			printf("%s", c->what);
		else
			print_event(b, c->event);
		printf(": %s -> %s%s\n", c->before, c->after, side_of(a, b, c));
	}
	if (!arrlenu(changes))
		printf("no verdict and no outcome changes%s\n",
		       is_all_known(b) ? "" : ", as far as they are known");
}

/* ---- JSON ---- */

static void open_line(struct json *json, const struct bisect *b, size_t point, const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "trace", b->path);
	json_string_at(json, "semantics", b->points[point].patch->name);
}

static void print_json(const struct arguments *a, const struct bisect *b,
		       const struct bisect_change *changes)
{
	struct json *json = json_begin(stdout);

	for (size_t i = 0; i < b->nr_points; i++) {
		const struct bisect_point *p = &b->points[i];

		open_line(json, b, i, "point");
		json_string_at(json, "verdict", judged_word(p->found.is));
		json_string_at(json, "text", p->verdict);
		json_string_at(json, "because", p->known ? NULL : p->why);
		json_object_end(json);
		json_line_end(json);
	}
	for (size_t i = 0; i < arrlenu(changes); i++) {
		const struct bisect_change *c = &changes[i];
		const struct event *e = c->what ? NULL : &b->trace.events[c->event];
		const char *side = side_of(a, b, c);

		open_line(json, b, c->point, "change");
		json_string_at(json, "since", b->points[c->last].patch->name);
		json_string_at(json, "source", b->points[c->point].patch->source);
		json_string_at(json, "what", c->what ? c->what : "outcome");
		if (e) {
			json_number_at(json, "event", e->number);
			json_number_at(json, "line", e->line);
			json_string_at(json, "label", e->label);
		}
		json_string_at(json, "before", c->before);
		json_string_at(json, "after", c->after);
		if (c->what && a->good)
			json_string_at(json, "side", !*side ? NULL :
				       !strcmp(side, " (bad)") ? "bad" : "good");
		json_object_end(json);
		json_line_end(json);
	}
	json_end(json);
}

/* ---- one chain ---- */

static bool comes_out_alike(const struct arguments *a, const struct bisect *b)
{
	const struct bisect_point *first = &b->points[0], *last = &b->points[b->nr_points - 1];

	return a->good && first->known && last->known && !strcmp(first->verdict, last->verdict);
}

static int tell(const struct arguments *a, const char *title, const struct bisect *b)
{
	struct bisect_change *changes = bisect_changes(b);
	int code = CODE_EXPECTED;

	if (a->format == FORMAT_TEXT) {
		printf("%s:\n", title);
		print_text(a, b, changes);
	} else {
		print_json(a, b, changes);
	}
	for (size_t i = 0; i < b->nr_points; i++)
		if (!b->points[i].known)
			code = CODE_INCONCLUSIVE;
	if (b->lacks[0])
		code = say_lacks(b->path, b->lacks);
	if (comes_out_alike(a, b)) {
		fprintf(stderr, "pfnsim: %s and %s have the same verdict, %s: which of them is "
			"bad?\n", a->good->name, a->bad->name, b->points[0].verdict);
		code = CODE_BAD_INPUT;
	}
	arrfree(changes);
	return code;
}

static int bisect_list(const struct arguments *a, const char *title,
		       const struct semantics_patch *const *list, size_t nr)
{
	struct error error = { .text = "" };
	double since = tool_seconds();
	struct bisect b;
	int code;

	if (!bisect_begin(&b, a->path, list, nr, &a->bound, &error))
		return complain(&error);
	while (bisect_more(&b)) {
		if (tool_is_interrupted())
			bisect_stop(&b);
		if (b.nr_done < b.nr_points)
			tool_progress(since, (double)b.nr_done / b.nr_points, "%zu of %zu: %s",
				      b.nr_done, b.nr_points, b.points[b.nr_done].patch->name);
	}
	tool_progress(since, 0, NULL);
	code = tell(a, title, &b);
	bisect_free(&b);
	return code;
}

static int bisect_named(const struct arguments *a, const char *name)
{
	const struct semantics_patch *list[BISECT_MAX_POINTS];
	size_t nr = bisect_chain(name, list, BISECT_MAX_POINTS);

	if (!nr)
		nr = parse_semantics(name, list, BISECT_MAX_POINTS);
	return nr ? bisect_list(a, name, list, nr) : CODE_BAD_INPUT;
}

static int bisect_sides(const struct arguments *a)
{
	const struct semantics_patch *list[BISECT_MAX_POINTS];
	size_t nr = bisect_between(a->good, a->bad, list, BISECT_MAX_POINTS);
	char title[100];

	if (!nr) {
		fprintf(stderr, "pfnsim: no chain has both %s and %s; --chain makes one\n",
			a->good->name, a->bad->name);
		return CODE_BAD_INPUT;
	}
	snprintf(title, sizeof(title), "%s to %s", list[0]->name, list[nr - 1]->name);
	return bisect_list(a, title, list, nr);
}

int cmd_bisect(int argc, char **argv)
{
	struct arguments a = { .bound = { .memory = (u64)1 << 30, ALL_REDUCTIONS } };
	int code;

	argp_parse(&argp_bisect, argc, argv, 0, NULL, &a);
	tool_catch_interrupt();
	if (a.good)
		return bisect_sides(&a);
	if (a.chain)
		return bisect_named(&a, a.chain);
	code = bisect_named(&a, "versions");
	return code == CODE_BAD_INPUT ? code : worse_exit_code(code, bisect_named(&a, "v11"));
}
