/* SPDX-License-Identifier: GPL-2.0-only */
/* review_laws.c: what moves between two semantics: laws, in programs and in races; bugs. */
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "sim/review_internal.h"

/* ---- moves ---- */

static const struct law_cell *cell_of(const struct review *r, size_t row,
				      const struct semantics_patch *patch)
{
	return law_sheet_cell(&r->sheet, row, review_column(r, patch));
}

/* In how many scenarios it was asked is no answer of its own. */
static const char *answer_text(const struct law_cell *cell, char *text)
{
	if (law_sheet_answer(cell) == LAW_HOLDS || law_sheet_answer(cell) == LAW_NOT_ASKED)
		return strcpy(text, "holds");
	return law_cell_text(cell, text, 24);
}

bool review_law_moves(const struct review *r, size_t row, const struct review_pair *p, char *a,
		      char *b)
{
	answer_text(cell_of(r, row, p->a.patch), a);
	answer_text(cell_of(r, row, p->b.patch), b);
	return strcmp(a, b);
}

bool review_case_moves(const struct review *r, size_t i, const struct review_pair *p,
		       const struct bisect_point **a, const struct bisect_point **b)
{
	const struct bisect *run = r->cases[i].run;

	*a = &run->points[review_column(r, p->a.patch)];
	*b = &run->points[review_column(r, p->b.patch)];
	return strcmp((*a)->verdict, (*b)->verdict);
}

/* ---- names ---- */

static bool moves_in_programs(const struct review_pair *p, const char *law, bool breaks)
{
	const struct equiv_result *e = equiv_result(p->equiv);
	const char *said = breaks ? "breaks " : "no longer breaks ";

	for (size_t i = 0; i < arrlenu(e->differences); i++) {
		const struct equiv_difference *d = &e->differences[i];

		if (d->pair == p->pair && !strncmp(d->text, said, strlen(said)) &&
		    !strcmp(d->text + strlen(said), law))
			return true;
	}
	return false;
}

static bool moves_in_races(const struct review *r, size_t row, const struct review_pair *p,
			   bool breaks)
{
	bool a = law_sheet_answer(cell_of(r, row, p->a.patch)) == LAW_BROKEN;
	bool b = law_sheet_answer(cell_of(r, row, p->b.patch)) == LAW_BROKEN;

	return review_has(r, REVIEW_ORDERS) && a != b && b == breaks;
}

void review_print_laws(const struct review *r, const struct review_pair *p, bool breaks, FILE *out)
{
	bool any = false;

	for (size_t row = 0; row < r->sheet.nr_rows; row++) {
		const char *name = law_sheet_row(row);
		bool races = moves_in_races(r, row, p, breaks);

		if (!races && !moves_in_programs(p, name, breaks))
			continue;
		fprintf(out, "%s%s%s", any ? ", " : "", name, races ? " (races)" : "");
		any = true;
	}
	if (!review_has(r, REVIEW_ORDERS))
		fprintf(out, "%sINCOMPLETE", any ? ", " : "");
	else if (!any)
		fprintf(out, "-");
}

/* ---- all laws ---- */

static void print_rows(const struct review *r, const struct review_part *part, FILE *out)
{
	size_t not_asked = 0;
	char text[24];

	fprintf(out, "| law |");
	for (size_t i = 0; i < part->nr_sides; i++)
		fprintf(out, " %s |", part->side[i].name);
	fprintf(out, "\n|---|");
	for (size_t i = 0; i < part->nr_sides; i++)
		fprintf(out, "---|");
	for (size_t row = 0; row < r->sheet.nr_rows; row++) {
		if (!law_sheet_asks(&r->sheet, row)) {
			not_asked++;
			continue;
		}
		fprintf(out, "\n| %s |", law_sheet_row(row));
		for (size_t i = 0; i < part->nr_sides; i++)
			fprintf(out, " %s |", law_cell_text(cell_of(r, row, part->side[i].patch),
							    text, sizeof(text)));
	}
	fprintf(out, "\n\n*holds N*: in every order of N of the %zu scenarios, all that ask for "
		"it. *BROKEN*: by KVM; *by driver*, *mm*, *vmm*: theirs is the bug. *unknown*: not "
		"found broken, but not all was searched. *-*: nothing that it reads was touched.",
		arrlenu(r->scenarios));
	if (not_asked)
		fprintf(out, " %zu more laws were not asked at all.", not_asked);
	fprintf(out, "\n\n");
}

static bool told_alike(const struct review *r, size_t row, const struct equiv_side *a,
		       const struct equiv_side *b)
{
	const struct law_cell *x = cell_of(r, row, a->patch), *y = cell_of(r, row, b->patch);

	return x->path && y->path && !strcmp(x->path, y->path) && x->nr_steps == y->nr_steps &&
	       x->blame == y->blame &&
	       !strcmp(law_sheet_known(&r->sheet, row, review_column(r, a->patch)),
		       law_sheet_known(&r->sheet, row, review_column(r, b->patch)));
}

/* One row for all that break it in the same way. */
static void print_counterexamples(const struct review *r, const struct review_part *part,
				  size_t row, FILE *out)
{
	for (size_t i = 0; i < part->nr_sides; i++) {
		const struct law_cell *cell = cell_of(r, row, part->side[i].patch);
		const char *known = law_sheet_known(&r->sheet, row,
						    review_column(r, part->side[i].patch));
		size_t first = 0;

		if (!cell->path)
			continue;
		while (!told_alike(r, row, &part->side[first], &part->side[i]))
			first++;
		if (first < i)
			continue;
		fprintf(out, "| %s | %s", law_sheet_row(row), part->side[i].name);
		for (size_t k = i + 1; k < part->nr_sides; k++)
			if (told_alike(r, row, &part->side[i], &part->side[k]))
				fprintf(out, " %s", part->side[k].name);
		fprintf(out, " | %zu | %s | `%s` | %s |\n", cell->nr_steps, blame_name(cell->blame),
			cell->path, known);
	}
}

void review_print_sheet(const struct review *r, const struct review_part *part, FILE *out)
{
	if (!review_has(r, REVIEW_ORDERS)) {
		fprintf(out, "**INCOMPLETE**: not all orders were searched.\n\n");
		return;
	}
	print_rows(r, part, out);
	fprintf(out, "The fewest steps to each law that breaks; `pfnsim explore -s SEMANTICS "
		"TRACE` shows them:\n\n| law | under | steps | blame | trace | known as |\n"
		"|---|---|---|---|---|---|\n");
	for (size_t row = 0; row < r->sheet.nr_rows; row++)
		print_counterexamples(r, part, row, out);
	fprintf(out, "\n");
}
