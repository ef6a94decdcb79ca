/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/law_sheet.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "model/semantics.h"
#include "sim/report_explore.h"

/* Behind the laws' rows: the kinds of finding that are none. */
static size_t row_of(const struct explore_finding *f)
{
	return f->kind == FOUND_VIOLATION ? (size_t)(f->v.law - laws) : nr_laws + f->kind - 1;
}

const char *law_sheet_row(size_t row)
{
	struct explore_finding f = { .kind = row < nr_laws ? FOUND_VIOLATION : row - nr_laws + 1 };

	f.v.law = row < nr_laws ? &laws[row] : NULL;
	return finding_name(&f);
}

void law_sheet_begin(struct law_sheet *sheet, const struct semantics_patch *const *semantics,
		     size_t nr)
{
	*sheet = (struct law_sheet){ .semantics = semantics, .nr_semantics = nr,
				     .nr_rows = nr_laws + NR_FINDINGS - 1 };
	arrsetlen(sheet->cell, sheet->nr_rows * nr);
	memset(sheet->cell, 0, sheet->nr_rows * nr * sizeof(*sheet->cell));
}

void law_sheet_free(struct law_sheet *sheet)
{
	for (size_t i = 0; i < arrlenu(sheet->cell); i++)
		free(sheet->cell[i].path);
	arrfree(sheet->cell);
}

const struct law_cell *law_sheet_cell(const struct law_sheet *sheet, size_t row, size_t column)
{
	return &sheet->cell[row * sheet->nr_semantics + column];
}

/* What breaks in the act can be broken by any turn. */
static bool is_asked(size_t row, const struct explored *explored)
{
	return row >= nr_laws || laws[row].alarms || (laws[row].reads & explored->asked);
}

/* What KVM is to blame for says more than another's bug; then the shorter one. */
static bool says_more(const struct explore_finding *f, const struct law_cell *cell)
{
	bool by_kvm = f->kind != FOUND_VIOLATION || f->v.blame == BLAME_KVM;

	if (!cell->path || by_kvm != (cell->blame == BLAME_KVM))
		return !cell->path || by_kvm;
	return f->nr_steps < cell->nr_steps;
}

void law_sheet_add(struct law_sheet *sheet, size_t column, const char *path,
		   const struct explored *explored)
{
	for (size_t row = 0; row < sheet->nr_rows; row++) {
		struct law_cell *cell = &sheet->cell[row * sheet->nr_semantics + column];

		if (is_asked(row, explored) && explored->stop)
			cell->cut_off++;
		else if (is_asked(row, explored))
			cell->complete++;
	}
	for (size_t i = 0; i < explored->nr_findings; i++) {
		const struct explore_finding *f = &explored->findings[i];
		struct law_cell *cell = &sheet->cell[row_of(f) * sheet->nr_semantics + column];

		if (!says_more(f, cell))
			continue;
		free(cell->path);
		cell->path = strdup(path);
		cell->nr_steps = f->nr_steps;
		cell->is_shortest = f->is_shortest;
		cell->blame = f->kind == FOUND_VIOLATION ? f->v.blame : BLAME_KVM;
	}
	sheet->traces += !column;
}

enum law_answer law_sheet_answer(const struct law_cell *cell)
{
	if (cell->path)
		return LAW_BROKEN;
	if (cell->cut_off)
		return LAW_UNKNOWN;
	return cell->complete ? LAW_HOLDS : LAW_NOT_ASKED;
}

/* ---- text ---- */

/* As wide as a semantics' name, but for the last, behind which nothing comes. */
static void print_column(const char *text, bool is_last, FILE *out)
{
	fprintf(out, "  %-*s", is_last ? 0 : 11, text);
}

const char *law_cell_text(const struct law_cell *cell, char *text, size_t size)
{
	switch (law_sheet_answer(cell)) {
	case LAW_HOLDS:
		snprintf(text, size, "holds %u", cell->complete);
		break;
	case LAW_BROKEN:
		snprintf(text, size, "%s%s", cell->blame == BLAME_KVM ? "BROKEN" : "by ",
			 cell->blame == BLAME_KVM ? "" : blame_name(cell->blame));
		break;
	case LAW_UNKNOWN:
		snprintf(text, size, "unknown");
		break;
	case LAW_NOT_ASKED:
		snprintf(text, size, "-");
		break;
	}
	return text;
}

bool law_sheet_asks(const struct law_sheet *sheet, size_t row)
{
	for (size_t i = 0; i < sheet->nr_semantics; i++)
		if (law_sheet_answer(law_sheet_cell(sheet, row, i)) != LAW_NOT_ASKED)
			return true;
	return false;
}

static void print_table(const struct law_sheet *sheet, FILE *out)
{
	size_t not_asked = 0, last = sheet->nr_semantics - 1;
	char text[24];

	fprintf(out, "%-28s", "law");
	for (size_t i = 0; i < sheet->nr_semantics; i++)
		print_column(sheet->semantics[i]->name, i == last, out);
	fprintf(out, "\n");
	for (size_t row = 0; row < sheet->nr_rows; row++) {
		if (!law_sheet_asks(sheet, row)) {
			not_asked++;
			continue;
		}
		fprintf(out, "%-28s", law_sheet_row(row));
		for (size_t i = 0; i < sheet->nr_semantics; i++)
			print_column(law_cell_text(law_sheet_cell(sheet, row, i), text,
						   sizeof(text)), i == last, out);
		fprintf(out, "\n");
	}
	fprintf(out, "\nholds N: in every order of N of the %u scenarios, all that ask for it\n"
		"BROKEN: by KVM; by driver, mm, vmm: theirs is the bug\n"
		"unknown: not found broken, but not all was searched\n"
		"-: nothing that it reads was touched\n", sheet->traces);
	if (not_asked)
		fprintf(out, "%zu more laws were not asked at all\n", not_asked);
}

const char *law_sheet_known(const struct law_sheet *sheet, size_t row, size_t column)
{
	const struct law_cell *cell = law_sheet_cell(sheet, row, column);
	const char *why = NULL;

	if (row < nr_laws && cell->path && cell->blame == BLAME_KVM)
		why = law_breach_of(&laws[row], sheet->semantics[column]->name);
	return why ? why : "";
}

static void print_counterexample(const struct law_sheet *sheet, size_t row, size_t column,
				 FILE *out)
{
	const struct law_cell *cell = law_sheet_cell(sheet, row, column);
	const char *known = law_sheet_known(sheet, row, column);

	fprintf(out, "  %s, %s: %zu steps%s, blame: %s\n", law_sheet_row(row),
		sheet->semantics[column]->name, cell->nr_steps,
		cell->is_shortest ? ", a shortest" : "", blame_name(cell->blame));
	if (known[0])
		fprintf(out, "    known: %s\n", known);
	fprintf(out, "    pfnsim explore -s %s %s\n", sheet->semantics[column]->name, cell->path);
}

void law_sheet_report(const struct law_sheet *sheet, FILE *out)
{
	bool any = false;

	print_table(sheet, out);
	for (size_t row = 0; row < sheet->nr_rows; row++)
		for (size_t i = 0; i < sheet->nr_semantics; i++) {
			if (!law_sheet_cell(sheet, row, i)->path)
				continue;
			fprintf(out, "%s", any ? "" : "\ncounterexamples\n");
			any = true;
			print_counterexample(sheet, row, i, out);
		}
}

/* ---- JSON ---- */

static void put_cell(const struct law_sheet *sheet, size_t row, size_t column, struct json *json)
{
	static const char *const word[] = {
		[LAW_NOT_ASKED] = "not asked", [LAW_HOLDS] = "holds", [LAW_UNKNOWN] = "unknown",
		[LAW_BROKEN] = "broken",
	};
	const struct law_cell *cell = law_sheet_cell(sheet, row, column);
	const char *known = law_sheet_known(sheet, row, column);

	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "law");
	json_string_at(json, "law", law_sheet_row(row));
	json_string_at(json, "semantics", sheet->semantics[column]->name);
	json_string_at(json, "answer", word[law_sheet_answer(cell)]);
	json_number_at(json, "complete", cell->complete);
	json_number_at(json, "cut_off", cell->cut_off);
	json_string_at(json, "trace", cell->path);
	if (cell->path)
		json_number_at(json, "steps", cell->nr_steps);
	json_string_at(json, "blame", cell->path ? blame_name(cell->blame) : NULL);
	json_string_at(json, "known", known[0] ? known : NULL);
	json_object_end(json);
	json_line_end(json);
}

void law_sheet_report_json(const struct law_sheet *sheet, struct json *json)
{
	for (size_t row = 0; row < sheet->nr_rows; row++)
		for (size_t i = 0; i < sheet->nr_semantics; i++)
			put_cell(sheet, row, i, json);
}
