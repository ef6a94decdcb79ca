/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ci_wire.c: cases and findings, from a child of fork() to its parent, through a file.
 *
 * Both are the same program with the same constants at the same addresses, so that what is
 * constant (a rule's name) goes as an address.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/ci.h"

void ci_write_string(const char *text, FILE *out)
{
	size_t length = text ? strlen(text) : SIZE_MAX;

	fwrite(&length, sizeof(length), 1, out);
	if (text)
		fwrite(text, 1, length, out);
}

char *ci_read_string(FILE *in)
{
	size_t length;
	char *text;

	if (fread(&length, sizeof(length), 1, in) != 1 || length == SIZE_MAX)
		return NULL;
	text = calloc(1, length + 1);
	if (!text)
		abort();
	if (fread(text, 1, length, in) != length)
		text[0] = '\0';
	return text;
}

void ci_write(const struct ci *ci, FILE *out)
{
	size_t nr[] = { arrlenu(ci->cases), arrlenu(ci->findings), ci->nr_inputs,
			ci->passed_over };

	fwrite(nr, sizeof(nr), 1, out);
	for (size_t i = 0; i < nr[0]; i++) {
		fwrite(&ci->cases[i], sizeof(ci->cases[i]), 1, out);
		ci_write_string(ci->cases[i].input, out);
		ci_write_string(ci->cases[i].semantics, out);
		ci_write_string(ci->cases[i].verdict, out);
	}
	for (size_t i = 0; i < nr[1]; i++) {
		fwrite(&ci->findings[i], sizeof(ci->findings[i]), 1, out);
		ci_write_string(ci->findings[i].file, out);
		ci_write_string(ci->findings[i].text, out);
		ci_write_string(ci->findings[i].what, out);
	}
}

bool ci_read(struct ci *ci, FILE *in)
{
	size_t nr[4] = { 0 }, first = arrlenu(ci->findings);
	bool ok = fread(nr, sizeof(nr), 1, in) == 1;

	for (size_t i = 0; ok && i < nr[0]; i++) {
		struct ci_case c;

		ok = fread(&c, sizeof(c), 1, in) == 1;
		if (!ok)
			break;
		c.first += first;
		c.input = ci_read_string(in);
		c.semantics = ci_read_string(in);
		c.verdict = ci_read_string(in);
		arrput(ci->cases, c);
	}
	for (size_t i = 0; ok && i < nr[1]; i++) {
		struct ci_finding f;

		ok = fread(&f, sizeof(f), 1, in) == 1;
		if (!ok)
			break;
		f.file = ci_read_string(in);
		f.text = ci_read_string(in);
		f.what = ci_read_string(in);
		arrput(ci->findings, f);
	}
	ci->nr_inputs += nr[2];
	ci->passed_over += nr[3];
	return ok;
}
