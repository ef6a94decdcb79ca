/* SPDX-License-Identifier: GPL-2.0-only */
/* review_json.c: a review as JSON (docs/JSON.md), and in short as text. */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/report_equiv.h"
#include "sim/review_internal.h"

typedef unsigned long long ull;

/* ---- text ---- */

static void text_pair(struct review *r, const struct review_pair *p, FILE *out)
{
	const struct equiv_result *e = equiv_result(p->equiv);
	const struct equiv_difference *d = equiv_shortest(e, p->pair);
	const struct bisect_point *x, *y;
	char a[400], b[24];

	fprintf(out, "%s and %s\n", p->a.name, p->b.name);
	if (p->b.patch->claims)
		fprintf(out, "  claimed: %s\n", p->b.patch->claims);
	fprintf(out, "  differ in %llu of %llu programs%s", (ull)e->pairs[p->pair].differing,
		(ull)e->pairs[p->pair].programs, e->stopped ? " (INCOMPLETE)" : "");
	if (d) {
		equiv_describe(p->equiv, d, a, sizeof(a));
		fprintf(out, "; a shortest: %s\n    %s", d->text, a);
	}
	fprintf(out, "\n  laws that break: ");
	review_print_laws(r, p, true, out);
	fprintf(out, "\n  laws that no longer do: ");
	review_print_laws(r, p, false, out);
	fprintf(out, "\n");
	for (size_t row = 0; review_has(r, REVIEW_ORDERS) && row < r->sheet.nr_rows; row++)
		if (review_law_moves(r, row, p, a, b))
			fprintf(out, "  in every order: %s: %s, then %s\n", law_sheet_row(row), a,
				b);
	for (size_t i = 0; review_has(r, REVIEW_CORPUS) && i < arrlenu(r->cases); i++)
		if (review_case_moves(r, i, p, &x, &y))
			fprintf(out, "  %s: %s, then %s\n", r->cases[i].run->trace.bugs[0].id,
				x->verdict, y->verdict);
	fprintf(out, "\n");
}

void review_text(struct review *r, FILE *out)
{
	char lack[600], extent[400];

	for (size_t i = 0; i < arrlenu(r->parts); i++)
		for (size_t k = 0; r->parts[i].kind == REVIEW_COMPARE &&
				   k + 1 < r->parts[i].nr_sides; k++) {
			struct review_pair p = review_pair_of(&r->parts[i], k);

			text_pair(r, &p, out);
		}
	review_lack(r, lack, sizeof(lack));
	review_extent(r, extent, sizeof(extent));
	fprintf(out, "%s%s%s%s\n", lack[0] ? "INCOMPLETE: " : "complete: ", lack,
		lack[0] ? " It was to be: " : "", extent);
}

/* ---- JSON ---- */

static void open_line(struct json *json, const char *type, const struct review_pair *p)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "a", p->a.name);
	json_string_at(json, "b", p->b.name);
}

static void close_line(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

static void json_law_moves(const struct review *r, const struct review_pair *p, struct json *json)
{
	char a[24], b[24];

	for (size_t row = 0; review_has(r, REVIEW_ORDERS) && row < r->sheet.nr_rows; row++) {
		if (!review_law_moves(r, row, p, a, b))
			continue;
		open_line(json, "law-moves", p);
		json_string_at(json, "law", law_sheet_row(row));
		json_string_at(json, "under_a", a);
		json_string_at(json, "under_b", b);
		close_line(json);
	}
}

static void json_case_moves(const struct review *r, const struct review_pair *p,
			    struct json *json)
{
	const struct bisect_point *a, *b;

	for (size_t i = 0; review_has(r, REVIEW_CORPUS) && i < arrlenu(r->cases); i++) {
		const struct trace *trace = &r->cases[i].run->trace;

		if (!review_case_moves(r, i, p, &a, &b))
			continue;
		for (size_t k = 0; k < trace->nr_bugs; k++) {
			open_line(json, "bug-moves", p);
			json_string_at(json, "id", trace->bugs[k].id);
			json_string_at(json, "claim", trace->bugs[k].claim);
			json_string_at(json, "trace", r->cases[i].path);
			json_string_at(json, "under_a", a->verdict);
			json_string_at(json, "under_b", b->verdict);
			close_line(json);
		}
	}
}

static void json_compare(struct review *r, const struct review_part *part, struct json *json)
{
	for (size_t k = 0; k + 1 < part->nr_sides; k++) {
		struct review_pair p = review_pair_of(part, k);

		open_line(json, "patch", &p);
		json_string_at(json, "claims", p.b.patch->claims);
		json_string_at(json, "read", review_reading(r, p.b.patch));
		close_line(json);
		json_law_moves(r, &p, json);
		json_case_moves(r, &p, json);
	}
	report_equiv_json(part->equiv, json);
}

static void json_run(const struct review_part *part, struct json *json)
{
	for (size_t i = 0; part->run && i < part->nr_sides; i++) {
		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "run");
		json_string_at(json, "trace", part->trace);
		json_string_at(json, "semantics", part->side[i].name);
		json_string_at(json, "verdict", part->run->points[i].verdict);
		close_line(json);
	}
}

void review_json(struct review *r, struct json *json)
{
	char lack[600];

	review_lack(r, lack, sizeof(lack));
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "review");
	json_string_at(json, "name", r->name);
	json_bool_at(json, "complete", !lack[0]);
	json_string_at(json, "lacks", lack[0] ? lack : NULL);
	json_number_at(json, "semantics", r->nr_semantics);
	json_number_at(json, "scenarios", arrlenu(r->scenarios));
	json_number_at(json, "corpus", arrlenu(r->cases_left));
	close_line(json);
	for (size_t i = 0; i < arrlenu(r->parts); i++) {
		if (r->parts[i].kind == REVIEW_COMPARE)
			json_compare(r, &r->parts[i], json);
		if (r->parts[i].kind == REVIEW_RUN)
			json_run(&r->parts[i], json);
	}
	if (review_has(r, REVIEW_ORDERS))
		law_sheet_report_json(&r->sheet, json);
}
