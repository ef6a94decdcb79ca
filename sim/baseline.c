/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * baseline.c: which findings a baseline accepts, which of its rows are stale, and the file anew.
 * Reading it is baseline_read.c's.
 */
#define _GNU_SOURCE	/* asprintf() */
#include "sim/baseline.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stb/stb_ds.h>

/* @input as a row has it: from the file's folder on, or whole if it lies elsewhere. To be freed. */
static char *relative(const struct baseline *baseline, const char *input)
{
	const char *slash = strrchr(input, '/'), *base = slash ? slash + 1 : input;
	char *folder, *parent = slash ? strndup(input, slash - input + 1) : strdup(".");
	char *name;
	size_t length = strlen(baseline->folder);
	bool inside;

	if (!parent)
		abort();
	folder = strcmp(input, "-") ? realpath(parent, NULL) : NULL;
	free(parent);
	if (length == 1)		/* "/" */
		length = 0;
	inside = folder && !strncmp(folder, baseline->folder, length) &&
		 (!folder[length] || folder[length] == '/');
	if (asprintf(&name, "%s%s%s", !folder ? "" : !inside ? folder :
		     folder[length] ? folder + length + 1 : "",
		     folder && (!inside || (folder[length] && folder[length + 1])) ? "/" : "",
		     folder ? base : input) < 0)
		abort();
	free(folder);
	return name;
}

/* ---- accepting ---- */

static bool has_word(const char *words, const char *word, size_t length)
{
	while (words && *words) {
		size_t this = strcspn(words, " ");

		if (this == length && !strncmp(words, word, length))
			return true;
		words += this + (words[this] == ' ');
	}
	return false;
}

static bool row_matches(const struct baseline_row *row, const struct ci_finding *f)
{
	if (strcmp(row->rule, f->rule))
		return false;
	if (!row->what || !strcmp(row->what, f->what))
		return true;
	if (ci_rule_find(row->rule) >= nr_laws)
		return false;
	for (const char *word = row->what; *word; ) {
		size_t length = strcspn(word, " ");

		if (!has_word(f->what, word, length))
			return false;
		word += length + (word[length] == ' ');
	}
	return true;
}

/* A case that had no end asks for nothing. */
static bool has_end(const struct ci *ci, const struct ci_case *c)
{
	return c->semantics[0] || !c->nr || !strcmp(ci->findings[c->first].rule, CI_INPUT);
}

static bool is_asked(const struct baseline_row *row, const struct ci_case *c)
{
	return !strcmp(row->semantics, c->semantics) || !row->semantics[0];
}

static void accept_case(struct baseline *baseline, struct ci *ci, const struct ci_case *c)
{
	char *name = relative(baseline, c->input);

	for (size_t r = 0; r < arrlenu(baseline->rows); r++) {
		struct baseline_row *row = &baseline->rows[r];
		bool here = has_end(ci, c) && !strcmp(row->trace, name) && is_asked(row, c);

		row->left = here ? row->times : 0;
		row->asked |= here;
	}
	for (size_t i = c->first; i < c->first + c->nr; i++) {
		struct ci_finding *f = &ci->findings[i];
		size_t r = 0;

		while (r < arrlenu(baseline->rows) &&
		       !(baseline->rows[r].left && row_matches(&baseline->rows[r], f)))
			r++;
		if (f->level == CI_NOTE || r == arrlenu(baseline->rows))
			continue;
		f->accepted = r + 1;
		baseline->rows[r].left--;
	}
	for (size_t r = 0; r < arrlenu(baseline->rows); r++) {
		struct baseline_row *row = &baseline->rows[r];

		if (row->asked && !strcmp(row->trace, name) && is_asked(row, c) &&
		    has_end(ci, c) && row->times - row->left > row->found)
			row->found = row->times - row->left;
	}
	free(name);
}

void baseline_accept(struct baseline *baseline, struct ci *ci, size_t first)
{
	for (size_t i = first; i < arrlenu(ci->cases); i++)
		accept_case(baseline, ci, &ci->cases[i]);
}

/* ---- what is stale ---- */

/* A recording is named without extension. */
static bool is_gone(const struct baseline *baseline, const struct baseline_row *row)
{
	char path[2 * PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s%s%s", row->trace[0] == '/' ? "" :
			      baseline->folder, row->trace[0] == '/' ? "" : "/", row->trace);

	if (!strcmp(row->trace, "-") || !access(path, F_OK))
		return false;
	snprintf(path + length, sizeof(path) - length, ".out");
	return access(path, F_OK);
}

static bool is_stale(const struct baseline *baseline, const struct baseline_row *row)
{
	return row->asked ? row->found < row->times : is_gone(baseline, row);
}

static void print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* Without a newline. */
static void print_row(const struct baseline_row *row, FILE *out)
{
	bool law = ci_rule_find(row->rule) < nr_laws;

	if (!*row->trace || row->trace[strcspn(row->trace, " \t\"\\#")])
		print_quoted(row->trace, out);
	else
		fputs(row->trace, out);
	fprintf(out, " %s %s", row->semantics[0] ? row->semantics : "-", row->rule);
	if (row->what) {
		fputc(' ', out);
		if (law)
			fputs(row->what, out);
		else
			print_quoted(row->what, out);
	}
	if (row->times > 1)
		fprintf(out, " times=%u", row->times);
}

void baseline_list_stale(const struct baseline *baseline, struct ci *ci)
{
	for (size_t r = 0; r < arrlenu(baseline->rows); r++) {
		const struct baseline_row *row = &baseline->rows[r];
		struct ci_stale stale = { .line = row->line };
		size_t size;
		FILE *out;

		if (!is_stale(baseline, row))
			continue;
		out = open_memstream(&stale.text, &size);
		if (!out)
			abort();
		print_row(row, out);
		if (!row->asked)
			fprintf(out, ": there is no such trace");
		else if (row->found)
			fprintf(out, ": found %u times", row->found);
		else
			fprintf(out, ": no longer occurs");
		fclose(out);
		arrput(ci->stale, stale);
	}
}

/* ---- the file anew ---- */

static const char head[] =
	"pfnbaseline 1\n"
	"# Verdicts that are accepted as they are: TRACE SEMANTICS LAW [at=LABEL|event=N]\n"
	"# [blame=PARTY], TRACE SEMANTICS expectation|inconclusive \"TEXT\", TRACE - input\n"
	"# \"TEXT\". Say why behind a #.\n";

static void print_old(const struct baseline *baseline, FILE *out)
{
	for (size_t i = 0, r = 0; i < arrlenu(baseline->lines); i++) {
		struct baseline_row row;

		if (r == arrlenu(baseline->rows) || baseline->rows[r].line != i + 1) {
			fprintf(out, "%s\n", baseline->lines[i]);
			continue;
		}
		row = baseline->rows[r++];
		if (!is_stale(baseline, &row)) {
			fprintf(out, "%s\n", baseline->lines[i]);
			continue;
		}
		if (!row.found)
			continue;
		row.times = row.found;
		print_row(&row, out);
		fprintf(out, "%s%s\n", row.why ? "  " : "", row.why ? row.why : "");
	}
}

static bool is_new(const struct ci_finding *f)
{
	unsigned rule = ci_rule_find(f->rule);

	return f->level > CI_NOTE && !f->accepted &&
	       (rule < nr_laws || ci_rules[rule - nr_laws].acceptable);
}

static bool is_like(const struct ci_finding *a, const struct ci_finding *b)
{
	return !strcmp(a->rule, b->rule) && !strcmp(a->what, b->what);
}

static void print_new(const struct baseline *baseline, const struct ci *ci,
		      const struct ci_case *c, FILE *out)
{
	char *name = relative(baseline, c->input);

	for (size_t i = c->first; i < c->first + c->nr; i++) {
		const struct ci_finding *f = &ci->findings[i];
		struct baseline_row row = { .rule = f->rule, .trace = name, .what = f->what,
					    .semantics = c->semantics };
		bool told = !is_new(f);

		for (size_t k = c->first; k < i; k++)
			told |= is_new(&ci->findings[k]) && is_like(f, &ci->findings[k]);
		for (size_t k = i; k < c->first + c->nr; k++)
			row.times += is_new(&ci->findings[k]) && is_like(f, &ci->findings[k]);
		if (told)
			continue;
		print_row(&row, out);
		fputc('\n', out);
	}
	free(name);
}

bool baseline_print(const struct baseline *baseline, const struct ci *ci, FILE *out)
{
	if (!arrlenu(baseline->lines))
		fputs(head, out);
	print_old(baseline, out);
	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		print_new(baseline, ci, &ci->cases[i], out);
	return !ferror(out);
}
