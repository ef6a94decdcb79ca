/* SPDX-License-Identifier: GPL-2.0-only */
/* review_tell.c: a review as Markdown, one document at a time. What is not known is said. */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/report_equiv.h"
#include "sim/review_internal.h"

typedef unsigned long long ull;

/* ---- how far it has come ---- */

static u64 sum_of(struct review *r, u64 (*one)(const struct equiv_result *))
{
	u64 sum = 0;

	for (size_t i = 0; i < arrlenu(r->parts); i++)
		if (r->parts[i].equiv)
			sum += one(equiv_result(r->parts[i].equiv));
	return sum;
}

static u64 programs_of(const struct equiv_result *e)
{
	return e->programs;
}

static u64 cut_off_of(const struct equiv_result *e)
{
	return e->cut_off;
}

static u64 unmodelled_of(const struct equiv_result *e)
{
	return e->unmodelled;
}

static size_t searches_cut_off(const struct review *r)
{
	size_t most = 0;

	for (size_t i = 0; i < arrlenu(r->sheet.cell); i++)
		if (r->sheet.cell[i].cut_off > most)
			most = r->sheet.cell[i].cut_off;
	return most;
}

static size_t verdicts_unknown(const struct review *r)
{
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(r->cases); i++)
		for (size_t k = 0; k < r->cases[i].run->nr_points; k++)
			n += !r->cases[i].run->points[k].known;
	return n;
}

void review_lack(struct review *r, char *text, size_t size)
{
	static const char *const doing[] = {
		[REVIEW_PROGRAMS] = "programs were compared",
		[REVIEW_ORDERS] = "orders were searched",
		[REVIEW_CORPUS] = "the corpus ran", [REVIEW_RUNS] = "traces ran",
	};
	size_t searches = searches_cut_off(r), verdicts = verdicts_unknown(r), used = 0;
	u64 programs = sum_of(r, cut_off_of);

	text[0] = '\0';
	if (r->stopped_in != REVIEW_DONE)
		used += snprintf(text + used, size - used, "interrupted while %s, at %zu of %zu. ",
				 doing[r->stopped_in], r->stopped_at, r->stopped_of);
	if (programs && used < size)
		used += snprintf(text + used, size - used, "%llu programs have too many orders. ",
				 (ull)programs);
	if (searches && used < size)
		used += snprintf(text + used, size - used,
				 "Of some law %zu searches were cut off. ", searches);
	if (verdicts && r->stopped_in == REVIEW_DONE && used < size)
		used += snprintf(text + used, size - used, "%zu verdicts are not known. ",
				 verdicts);
	if (!used && !review_is_complete(r))
		used += snprintf(text, size, "what a trace came to is not known. ");
	if (used && used < size)
		text[used - 1] = '\0';
}

void review_extent(struct review *r, char *text, size_t size)
{
	const struct equiv_bound *b = &r->bound.programs;
	size_t used = 0;
	u64 unmodelled = sum_of(r, unmodelled_of);

	used += snprintf(text, size, "%llu programs within pages=%u,actors=%u,events=%u",
			 (ull)sum_of(r, programs_of), b->pages, b->actors, b->events);
	if (b->only && used < size)
		used += snprintf(text + used, size - used, ", only of set-ups with \"%s\"",
				 b->only);
	if (unmodelled && used < size)
		used += snprintf(text + used, size - used,
				 ", of %llu of which a part is not modelled", (ull)unmodelled);
	if (used < size)
		snprintf(text + used, size - used,
			 "; all orders of the steps of %zu scenarios under %zu semantics; %zu "
			 "traces of the corpus", arrlenu(r->scenarios), r->nr_semantics,
			 arrlenu(r->cases_left));
}

static void print_state(struct review *r, FILE *out)
{
	char lack[600], extent[400];

	review_lack(r, lack, sizeof(lack));
	review_extent(r, extent, sizeof(extent));
	if (r->command)
		fprintf(out, "Printed by `%s`. ", r->command);
	if (lack[0])
		fprintf(out, "**INCOMPLETE**: %s It was to be: %s.\n", lack, extent);
	else
		fprintf(out, "Complete: %s.\n", extent);
}

/* ---- one pair ---- */

static void print_trace(struct equiv *equiv, const struct equiv_difference *d, FILE *out)
{
	fprintf(out, "A shortest:\n\n```\n");
	equiv_trace(equiv, d, out);
	fprintf(out, "```\n\n");
}

static void print_programs(const struct review *r, const struct review_pair *p,
			   const char *folder, FILE *out)
{
	const struct equiv_result *e = equiv_result(p->equiv);
	const struct equiv_difference *d = equiv_shortest(e, p->pair);
	const struct equiv_pair *pair = &e->pairs[p->pair];

	if (!review_has(r, REVIEW_PROGRAMS) && e->stopped)
		fprintf(out, "**INCOMPLETE**: %zu of %zu set-ups were compared.\n\n",
			e->stages_done, e->stages);
	if (!d) {
		fprintf(out, "No difference in %llu programs%s.\n\n", (ull)pair->programs,
			e->stopped || e->cut_off ? "" : ": equal within the bound");
		return;
	}
	fprintf(out, "They differ in %llu of %llu programs. ", (ull)pair->differing,
		(ull)pair->programs);
	print_trace(p->equiv, d, out);
	report_equiv_tables(p->equiv, p->pair, folder, out);
}

static void print_broken_side(const struct review *r, size_t row, const struct equiv_side *side,
			      FILE *out)
{
	size_t column = review_column(r, side->patch);
	const struct law_cell *cell = law_sheet_cell(&r->sheet, row, column);
	const char *known = law_sheet_known(&r->sheet, row, column);

	if (!cell->path)
		return;
	fprintf(out, "%s: %zu steps of `%s`%s%s", side->name, cell->nr_steps, cell->path,
		known[0] ? "; known: " : "", known);
}

static void print_law_moves(const struct review *r, const struct review_pair *p, FILE *out)
{
	char a[24], b[24];
	bool any = false;

	if (!review_has(r, REVIEW_ORDERS)) {
		fprintf(out, "**INCOMPLETE**: not all orders were searched.\n\n");
		return;
	}
	for (size_t row = 0; row < r->sheet.nr_rows; row++) {
		if (!review_law_moves(r, row, p, a, b))
			continue;
		if (!any)
			fprintf(out, "| law, in every order | %s | %s | a shortest way |\n"
				"|---|---|---|---|\n", p->a.name, p->b.name);
		any = true;
		fprintf(out, "| %s | %s | %s | ", law_sheet_row(row), a, b);
		print_broken_side(r, row, &p->a, out);
		print_broken_side(r, row, &p->b, out);
		fprintf(out, " |\n");
	}
	fprintf(out, "%s", any ? "\n" : "No law that is searched for in every order moves.\n\n");
}

static void print_case_moves(const struct review *r, const struct review_pair *p, FILE *out)
{
	bool any = false;

	if (!review_has(r, REVIEW_CORPUS)) {
		fprintf(out, "**INCOMPLETE**: not all of the corpus was run.\n\n");
		return;
	}
	for (size_t i = 0; i < arrlenu(r->cases); i++) {
		const struct bisect_point *a, *b;
		const struct trace *trace = &r->cases[i].run->trace;

		if (!review_case_moves(r, i, p, &a, &b))
			continue;
		if (!any)
			fprintf(out, "| bug | %s | %s | trace |\n|---|---|---|---|\n", p->a.name,
				p->b.name);
		any = true;
		fprintf(out, "| ");
		for (size_t k = 0; k < trace->nr_bugs; k++)
			fprintf(out, "%s%s: %s", k ? "; " : "", trace->bugs[k].id,
				trace->bugs[k].claim);
		fprintf(out, " | %s | %s | `%s` |\n", a->verdict, b->verdict, r->cases[i].path);
	}
	fprintf(out, "%s", any ? "\n" : "No verdict of the corpus moves.\n\n");
}

static void print_pair(struct review *r, const struct review_pair *p, const char *folder,
		       FILE *out)
{
	const char *read = review_reading(r, p->b.patch);

	fprintf(out, "### %s and %s\n\n", p->a.name, p->b.name);
	fprintf(out, "*%s*\n\n", p->b.patch->source);
	if (p->b.patch->claims)
		fprintf(out, "Claimed: %s.\n\n", p->b.patch->claims);
	if (read)
		fprintf(out, "Read: %s.\n\n", read);
	print_programs(r, p, folder, out);
	print_law_moves(r, p, out);
	print_case_moves(r, p, out);
}

/* ---- a row for each patch ---- */

static void print_differing(const struct review_pair *p, FILE *out)
{
	const struct equiv_result *e = equiv_result(p->equiv);

	if (e->stopped)
		fprintf(out, "INCOMPLETE: ");
	fprintf(out, "%llu of %llu", (ull)e->pairs[p->pair].differing,
		(ull)e->pairs[p->pair].programs);
}

static void print_case_ids(const struct review *r, const struct review_pair *p, FILE *out)
{
	bool any = false;

	if (!review_has(r, REVIEW_CORPUS)) {
		fprintf(out, "INCOMPLETE");
		return;
	}
	for (size_t i = 0; i < arrlenu(r->cases); i++) {
		const struct bisect_point *a, *b;
		const struct trace *trace = &r->cases[i].run->trace;
		char x[32], y[32];

		if (!review_case_moves(r, i, p, &a, &b))
			continue;
		judgement_text(&a->found, x, sizeof(x));
		judgement_text(&b->found, y, sizeof(y));
		for (size_t k = 0; strcmp(x, y) && k < trace->nr_bugs; k++, any = true)
			fprintf(out, "%s%s %s to %s", any ? ", " : "", trace->bugs[k].id, x, y);
	}
	fprintf(out, "%s", any ? "" : "-");
}

static void print_patches(struct review *r, const struct review_part *part, FILE *out)
{
	fprintf(out, "| patch | claimed | read | programs that differ | laws that break | laws "
		"that no longer do | corpus |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i + 1 < part->nr_sides; i++) {
		const struct equiv_side *b = &part->side[i + 1];
		const char *read = review_reading(r, b->patch);
		struct review_pair p;

		if (!review_find_pair(r, &part->side[i], b, &p))
			abort();
		fprintf(out, "| %s | %s | %s | ", b->name,
			b->patch->claims ? b->patch->claims : b->patch->source, read ? read : "");
		print_differing(&p, out);
		fprintf(out, " | ");
		review_print_laws(r, &p, true, out);
		fprintf(out, " | ");
		review_print_laws(r, &p, false, out);
		fprintf(out, " | ");
		print_case_ids(r, &p, out);
		fprintf(out, " |\n");
	}
	fprintf(out, "\n");
}

/* ---- one trace ---- */

static bool is_alike(const struct bisect *run, size_t event)
{
	for (size_t i = 1; i < run->nr_points; i++)
		if (event >= arrlenu(run->points[i].outcomes) ||
		    event >= arrlenu(run->points[0].outcomes) ||
		    strcmp(run->points[0].outcomes[event], run->points[i].outcomes[event]) != 0)
			return false;
	return true;
}

static void print_event(const struct bisect *run, size_t event, FILE *out)
{
	const struct event *e = &run->trace.events[event];
	char *text = trace_event_text(e, run->trace.names);

	fprintf(out, "| `%s%s%s` |", e->label ? e->label : "", e->label ? ": " : "", text);
	free(text);
	for (size_t i = 0; i < run->nr_points; i++)
		fprintf(out, " %s |", event < arrlenu(run->points[i].outcomes) ?
			run->points[i].outcomes[event] : "?");
	fprintf(out, "\n");
}

static void print_run(const struct review_part *part, FILE *out)
{
	const struct bisect *run = part->run;

	if (!run) {
		fprintf(out, "**INCOMPLETE**: `%s` was not run.\n\n", part->trace);
		return;
	}
	fprintf(out, "`%s`: %s.\n\n| |", part->trace, run->trace.title);
	for (size_t i = 0; i < part->nr_sides; i++)
		fprintf(out, " %s |", part->side[i].name);
	fprintf(out, "\n|---|");
	for (size_t i = 0; i < part->nr_sides; i++)
		fprintf(out, "---|");
	fprintf(out, "\n");
	for (size_t e = 0; e < arrlenu(run->trace.events); e++)
		if (!is_alike(run, e))
			print_event(run, e, out);
	fprintf(out, "| verdict |");
	for (size_t i = 0; i < run->nr_points; i++)
		fprintf(out, " %s%s%s |", run->points[i].verdict,
			run->points[i].known ? "" : "? ",
			run->points[i].known ? "" : run->points[i].why);
	fprintf(out, "\n\n");
}

/* ---- the whole ---- */

static void print_prose(struct review *r, const char *text, bool *titled, FILE *out)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		fprintf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
		if (*titled || strncmp(line, "# ", 2) != 0)
			continue;
		*titled = true;
		fprintf(out, "\n");
		print_state(r, out);
	}
}

void review_markdown(struct review *r, size_t document, const char *folder, FILE *out)
{
	bool titled = false;

	for (size_t i = 0; i < arrlenu(r->parts); i++) {
		struct review_part *part = &r->parts[i];

		if (part->document != document)
			continue;
		if (part->kind == REVIEW_PROSE)
			print_prose(r, part->text, &titled, out);
		if (part->kind == REVIEW_PATCHES)
			print_patches(r, part, out);
		for (size_t k = 0; part->kind == REVIEW_COMPARE && k + 1 < part->nr_sides; k++) {
			struct review_pair p = review_pair_of(part, k);

			print_pair(r, &p, folder, out);
		}
		if (part->kind == REVIEW_LAWS)
			review_print_sheet(r, part, out);
		if (part->kind == REVIEW_RUN)
			print_run(part, out);
	}
}
