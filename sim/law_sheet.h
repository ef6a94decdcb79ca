/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law_sheet.h: what many explorations say of each law, for each semantics.
 *
 * A row is a law, or another kind of finding; a column is a semantics. A law of which nothing that
 * it reads was touched was not asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/explore.h"
#include "sim/json.h"

enum law_answer {
	LAW_NOT_ASKED, LAW_HOLDS,	/* in every order of .complete scenarios */
	LAW_UNKNOWN,			/* not found broken, but .cut_off searches */
	LAW_BROKEN,			/* .path, .nr_steps; .blame: KVM's, or whose bug */
};

struct law_cell {
	unsigned complete, cut_off;	/* searches in which it was asked */
	char *path;			/* the trace with the shortest counterexample; NULL: none */
	size_t nr_steps;
	bool is_shortest;
	u8 blame;		/* enum blame */
};

struct law_sheet {
	const struct semantics_patch *const *semantics;
	size_t nr_semantics, nr_rows;
	struct law_cell *cell;		/* stb_ds: [row * nr_semantics + column] */
	unsigned traces;
};

void law_sheet_begin(struct law_sheet *sheet, const struct semantics_patch *const *semantics,
		     size_t nr);
/* One search, of the semantics in @column. */
void law_sheet_add(struct law_sheet *sheet, size_t column, const char *path,
		   const struct explored *explored);
void law_sheet_free(struct law_sheet *sheet);

enum law_answer law_sheet_answer(const struct law_cell *cell);
const struct law_cell *law_sheet_cell(const struct law_sheet *sheet, size_t row, size_t column);
/* The law's id, or the finding's name. */
const char *law_sheet_row(size_t row);

/* "holds 34", "BROKEN", "by driver", "unknown", "-" */
const char *law_cell_text(const struct law_cell *cell, char *text, size_t size);
/* Under any of its semantics. */
bool law_sheet_asks(const struct law_sheet *sheet, size_t row);
/* Why that semantics is known to break it; "" if it is not. */
const char *law_sheet_known(const struct law_sheet *sheet, size_t row, size_t column);

/* A table, and below it where each counterexample is. */
void law_sheet_report(const struct law_sheet *sheet, FILE *out);
void law_sheet_report_json(const struct law_sheet *sheet, struct json *json);
