/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/report_equiv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/equiv_internal.h"

typedef unsigned long long ull;

/* ---- one trace a program ---- */

static bool same_program(const struct equiv_difference *x, const struct equiv_difference *y)
{
	const struct equiv_program *a = &x->program, *b = &y->program;

	return x->pair == y->pair && a->stage == b->stage && a->nr == b->nr &&
	       a->tail == b->tail && !memcmp(a->event, b->event, a->nr);
}

static const struct equiv_difference *first_alike(const struct equiv_result *r,
						  const struct equiv_difference *d)
{
	const struct equiv_difference *first = r->differences;

	while (!same_program(first, d))
		first++;
	return first;
}

bool equiv_has_own_trace(const struct equiv_result *r, const struct equiv_difference *d)
{
	return first_alike(r, d) == d;
}

void equiv_trace_name(const struct equiv_result *r, const struct equiv_difference *d, char *name,
		      size_t size)
{
	const struct equiv_pair *pair = &r->pairs[d->pair];
	size_t used = snprintf(name, size, "%s-%s-", pair->a_name, pair->b_name);

	for (const char *c = first_alike(r, d)->text; *c && used + 8 < size; c++)
		if (isalnum((unsigned char)*c))
			name[used++] = tolower((unsigned char)*c);
		else if (strchr(" -_", *c) && name[used - 1] != '-')
			name[used++] = '-';
	snprintf(name + used, size - used, ".trace");
}

/* Fewer events and actors; then what is seen more often. */
static bool says_more(const struct equiv_difference *a, const struct equiv_difference *b)
{
	if (a->program.nr != b->program.nr)
		return a->program.nr < b->program.nr;
	if (!a->program.tail != !b->program.tail)
		return !a->program.tail;
	return a->programs > b->programs;
}

const struct equiv_difference *equiv_shortest(const struct equiv_result *r, size_t pair)
{
	const struct equiv_difference *best = NULL;

	for (size_t i = 0; i < arrlenu(r->differences); i++) {
		const struct equiv_difference *d = &r->differences[i];

		if (d->pair == pair && (!best || says_more(d, best)))
			best = d;
	}
	return best;
}

static bool write_trace(struct equiv *equiv, const struct equiv_difference *d, const char *path)
{
	FILE *out = fopen(path, "w");
	bool ok = out && equiv_trace(equiv, d, out);

	return out && !fclose(out) && ok;
}

bool equiv_write_traces(struct equiv *equiv, const char *folder, char *path, size_t size)
{
	const struct equiv_result *r = equiv_result(equiv);
	char name[160];

	for (size_t i = 0; i < arrlenu(r->differences); i++) {
		if (!equiv_has_own_trace(r, &r->differences[i]))
			continue;
		equiv_trace_name(r, &r->differences[i], name, sizeof(name));
		snprintf(path, size, "%s/%s", folder, name);
		if (!write_trace(equiv, &r->differences[i], path))
			return false;
	}
	return true;
}

/* ---- text ---- */

void equiv_describe(const struct equiv *equiv, const struct equiv_difference *d, char *text,
		    size_t size)
{
	equiv_stage_name(d->program.stage, text, size);
	snprintf(text + strlen(text), size - strlen(text), ": ");
	equiv_program_text(equiv, &d->program, text + strlen(text), size - strlen(text));
}

static void print_shortest(struct equiv *equiv, const struct equiv_difference *d, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		abort();
	equiv_trace(equiv, d, memory);
	fclose(memory);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		fprintf(out, *line == '\n' ? "\n" : "    %.*s\n", (int)strcspn(line, "\n"), line);
	free(text);
}

static void print_pair(struct equiv *equiv, size_t i, FILE *out)
{
	const struct equiv_result *r = equiv_result(equiv);
	const struct equiv_pair *pair = &r->pairs[i];
	const struct equiv_difference *d = equiv_shortest(r, i);

	if (!d) {
		fprintf(out, "%s and %s are equal within %llu programs\n", pair->a_name,
			pair->b_name, (ull)pair->programs);
		return;
	}
	fprintf(out, "%s and %s differ in %llu of %llu programs; a shortest one:\n\n",
		pair->a_name, pair->b_name, (ull)pair->differing, (ull)pair->programs);
	print_shortest(equiv, d, out);
	fprintf(out, "\n  in what, in how many programs, and a shortest:\n");
	for (size_t j = 0; j < arrlenu(r->differences); j++) {
		char text[400];

		d = &r->differences[j];
		if (d->pair != i)
			continue;
		equiv_describe(equiv, d, text, sizeof(text));
		fprintf(out, "  %-46s %7llu  %s\n", d->text, (ull)d->programs, text);
	}
	fprintf(out, "\n");
}

static void print_extent(struct equiv *equiv, FILE *out)
{
	const struct equiv_result *r = equiv_result(equiv);

	fprintf(out, "%s: %llu programs, %llu states, within pages=%u,actors=%u,events=%u\n",
		r->stopped ? "INCOMPLETE" : "complete", (ull)r->programs, (ull)r->states,
		equiv->bound.pages, equiv->bound.actors, equiv->bound.events);
	if (equiv->bound.only)
		fprintf(out, "only set-ups with \"%s\"\n", equiv->bound.only);
	if (r->stopped)
		fprintf(out, "interrupted: %zu of %zu set-ups\n", r->stages_done, r->stages);
	if (r->unmodelled)
		fprintf(out, "%llu programs have something that is not modelled\n",
			(ull)r->unmodelled);
	if (r->cut_off)
		fprintf(out, "%llu programs have more states than %d\n", (ull)r->cut_off,
			MOST_RACE_STATES);
	fprintf(out, "pfnsim equiv --alphabet says what programs are made of\n");
}

void report_equiv(struct equiv *equiv, FILE *out)
{
	for (size_t i = 0; i < equiv_result(equiv)->nr_pairs; i++)
		print_pair(equiv, i, out);
	print_extent(equiv, out);
}

/* ---- markdown ---- */

/* "all" or the names of the configurations in which it is. */
static void print_configs(const struct equiv_difference *d, FILE *out)
{
	const char *name;
	bool all = true, first = true;

	for (unsigned i = 0; stage_config_name(i); i++)
		all &= d->configs >> i & 1;
	for (unsigned i = 0; !all && (name = stage_config_name(i)); i++) {
		if (!(d->configs >> i & 1))
			continue;
		fprintf(out, "%s%s", first ? "" : ", ", i ? name : "EPT");
		first = false;
	}
	fprintf(out, "%s", all ? "all" : "");
}

static void print_row(struct equiv *equiv, const struct equiv_difference *d, const char *folder,
		      FILE *out)
{
	char text[400], name[160];

	equiv_describe(equiv, d, text, sizeof(text));
	for (char *c = strstr(text, " || "); c; c = strstr(c, " || "))
		memcpy(c, " // ", 4);
	fprintf(out, "| %s | %llu | ", d->text, (ull)d->programs);
	print_configs(d, out);
	fprintf(out, " | `%s` |", text);
	if (folder) {
		equiv_trace_name(equiv_result(equiv), d, name, sizeof(name));
		fprintf(out, " [trace](%s/%s) |", folder, name);
	}
	fprintf(out, "\n");
}

static void print_table(struct equiv *equiv, size_t pair, bool follows, const char *folder,
			FILE *out)
{
	const struct equiv_result *r = equiv_result(equiv);
	bool any = false;

	for (size_t i = 0; i < arrlenu(r->differences); i++) {
		const struct equiv_difference *d = &r->differences[i];

		if (d->pair != pair || d->follows != follows)
			continue;
		if (!any)
			fprintf(out, "%s| what, first and then | programs | where | a shortest "
				"|%s\n|---|---|---|---|%s\n",
				follows ? "And where an earlier event differs already:\n\n" : "",
				folder ? " |" : "", folder ? "---|" : "");
		any = true;
		print_row(equiv, d, folder, out);
	}
	if (any)
		fprintf(out, "\n");
}

void report_equiv_tables(struct equiv *equiv, size_t pair, const char *folder, FILE *out)
{
	print_table(equiv, pair, false, folder, out);
	print_table(equiv, pair, true, folder, out);
}

void report_equiv_markdown(struct equiv *equiv, const char *folder, FILE *out)
{
	const struct equiv_result *r = equiv_result(equiv);

	for (size_t i = 0; i < r->nr_pairs; i++) {
		const struct equiv_pair *pair = &r->pairs[i];

		fprintf(out, "### %s and %s\n\n", pair->a_name, pair->b_name);
		if (!equiv_shortest(r, i)) {
			fprintf(out, "Equal within %llu programs.\n\n", (ull)pair->programs);
			continue;
		}
		fprintf(out, "They differ in %llu of %llu programs.\n\n", (ull)pair->differing,
			(ull)pair->programs);
		report_equiv_tables(equiv, i, folder, out);
	}
	print_extent(equiv, out);
}

/* ---- JSON ---- */

static void print_json_pair(const struct equiv_result *r, size_t i, struct json *json)
{
	const struct equiv_pair *pair = &r->pairs[i];

	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "pair");
	json_string_at(json, "a", pair->a_name);
	json_string_at(json, "b", pair->b_name);
	json_bool_at(json, "equal", !equiv_shortest(r, i));
	json_number_at(json, "programs", pair->programs);
	json_number_at(json, "differing", pair->differing);
	json_object_end(json);
	json_line_end(json);
}

static void print_json_difference(struct equiv *equiv, const struct equiv_difference *d,
				  struct json *json)
{
	const struct equiv_pair *pair = &equiv_result(equiv)->pairs[d->pair];
	char setup[160], program[300];

	equiv_stage_name(d->program.stage, setup, sizeof(setup));
	equiv_program_text(equiv, &d->program, program, sizeof(program));
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "difference");
	json_string_at(json, "a", pair->a_name);
	json_string_at(json, "b", pair->b_name);
	json_string_at(json, "what", d->text);
	json_bool_at(json, "follows", d->follows);
	json_number_at(json, "programs", d->programs);
	json_string_at(json, "setup", setup);
	json_string_at(json, "program", program);
	json_object_end(json);
	json_line_end(json);
}

void report_equiv_json(struct equiv *equiv, struct json *json)
{
	const struct equiv_result *r = equiv_result(equiv);

	for (size_t i = 0; i < r->nr_pairs; i++)
		print_json_pair(r, i, json);
	for (size_t i = 0; i < arrlenu(r->differences); i++)
		print_json_difference(equiv, &r->differences[i], json);
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "extent");
	json_bool_at(json, "complete", !r->stopped);
	json_number_at(json, "programs", r->programs);
	json_number_at(json, "states", r->states);
	json_number_at(json, "unmodelled", r->unmodelled);
	json_number_at(json, "cut_off", r->cut_off);
	json_number_at(json, "setups", r->stages_done);
	json_number_at(json, "pages", equiv->bound.pages);
	json_number_at(json, "actors", equiv->bound.actors);
	json_number_at(json, "events", equiv->bound.events);
	json_object_end(json);
	json_line_end(json);
}
