/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * corpus_wire.c: rows, from a child of fork() to its parent, through a file; see ci_wire.c. A cell
 * points to nothing but constants: laws, words of outcomes.
 */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "sim/ci.h"
#include "sim/corpus.h"

static void write_list(char *const *list, FILE *out)
{
	for (size_t i = 0; i < arrlenu(list); i++)
		ci_write_string(list[i], out);
	ci_write_string(NULL, out);
}

static char **read_list(FILE *in)
{
	char **list = NULL;

	for (char *text; (text = ci_read_string(in)); )
		arrput(list, text);
	return list;
}

void corpus_write(const struct corpus *corpus, FILE *out)
{
	size_t nr = arrlenu(corpus->rows);

	fwrite(&nr, sizeof(nr), 1, out);
	for (size_t r = 0; r < nr; r++) {
		const struct corpus_row *row = &corpus->rows[r];

		fwrite(row->id, sizeof(row->id), 1, out);
		ci_write_string(row->claim, out);
		ci_write_string(row->path, out);
		write_list(row->notes, out);
		write_list(row->schedules, out);
		fwrite(row->cells, sizeof(*row->cells), corpus->nr_semantics, out);
	}
}

bool corpus_read(struct corpus *corpus, FILE *in)
{
	size_t nr = 0;
	bool ok = fread(&nr, sizeof(nr), 1, in) == 1;

	for (size_t r = 0; ok && r < nr; r++) {
		struct corpus_row row = { .claim = NULL };

		ok = fread(row.id, sizeof(row.id), 1, in) == 1;
		if (!ok)
			break;
		row.claim = ci_read_string(in);
		row.path = ci_read_string(in);
		row.notes = read_list(in);
		row.schedules = read_list(in);
		arrsetlen(row.cells, corpus->nr_semantics);
		ok = row.claim && row.path && fread(row.cells, sizeof(*row.cells),
						    corpus->nr_semantics, in) ==
		     corpus->nr_semantics;
		arrput(corpus->rows, row);
	}
	return ok;
}
