/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE	/* asprintf() */
#include "sim/report_ci.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/json.h"
#include "sim/markup.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

static const struct baseline_row *row_of(const struct ci *ci, const struct ci_finding *f)
{
	return f->accepted ? &ci->baseline->rows[f->accepted - 1] : NULL;
}

/* ---- JUnit ---- */

/*
 * A case fails by what is wrong with it or its input, is an error where it did not come to its end,
 * is skipped where all that is wrong is accepted, or only inconclusive, and passes by notes.
 */
static const char *tag_of(const struct ci *ci, const struct ci_case *c)
{
	static const char *const tags[NR_CI_ENDS] = {
		[CI_OK] = "system-out", [CI_ACCEPTED] = "skipped",
		[CI_IS_INCONCLUSIVE] = "skipped", [CI_VIOLATION] = "failure",
		[CI_MISSED] = "failure", [CI_REFUSED] = "failure", [CI_CRASHED] = "error",
	};

	for (size_t i = c->first; i < c->first + c->nr; i++)
		if (!strcmp(ci->findings[i].rule, CI_TIMEOUT))
			return "error";
	return tags[ci_end_of(ci, c)];
}

static size_t count(const struct ci *ci, const char *tag)
{
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		n += !strcmp(tag_of(ci, &ci->cases[i]), tag);
	return n;
}

static void print_finding(const struct ci *ci, const struct ci_finding *f, FILE *out)
{
	if (f->accepted)
		markup_printf(out, "accepted by %s:%u: ", ci->baseline->name,
			      row_of(ci, f)->line);
	if (f->line)
		markup_printf(out, "%s:%u: ", f->file, f->line);
	markup_printf(out, "%s: ", f->rule);
	markup_text(f->text, out);
	fputc('\n', out);
}

static void print_case(const struct ci *ci, const struct ci_case *c, FILE *out)
{
	const char *tag = tag_of(ci, c);

	fprintf(out, "<testcase classname=\"");
	markup_text(c->input, out);
	fprintf(out, "\" name=\"");
	markup_text(c->semantics[0] ? c->semantics : "input", out);
	fprintf(out, "\"");
	if (!c->nr) {
		fprintf(out, "/>\n");
		return;
	}
	fprintf(out, ">\n<%s", tag);
	if (strcmp(tag, "system-out")) {
		fprintf(out, " message=\"");
		markup_printf(out, "%s%s", ci_end_of(ci, c) == CI_ACCEPTED ?
			      "accepted by the baseline: " : "", c->verdict);
		fprintf(out, "\"");
	}
	fprintf(out, ">");
	for (size_t i = c->first; i < c->first + c->nr; i++)
		print_finding(ci, &ci->findings[i], out);
	fprintf(out, "</%s>\n</testcase>\n", tag);
}

bool ci_print_junit(const struct ci *ci, FILE *out)
{
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"<testsuite name=\"pfnsim\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
		"skipped=\"%zu\">\n", arrlenu(ci->cases), count(ci, "failure"),
		count(ci, "error"), count(ci, "skipped"));
	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		print_case(ci, &ci->cases[i], out);
	fprintf(out, "<system-out>");
	for (size_t i = 0; i < arrlenu(ci->stale); i++)
		markup_printf(out, "stale: %s:%u: %s\n", ci->baseline->name, ci->stale[i].line,
			      ci->stale[i].text);
	ci_print_summary(ci, out);
	fprintf(out, "</system-out>\n</testsuite>\n</testsuites>\n");
	return !ferror(out);
}

/* ---- SARIF ---- */

static void put_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_object_begin(json);
	json_string_at(json, "text", text);
	json_object_end(json);
}

static void put_rule(struct json *json, const char *id, const char *sentence, const char *source)
{
	json_object_begin(json);
	json_string_at(json, "id", id);
	put_text(json, "shortDescription", sentence);
	put_text(json, "help", source);
	json_object_end(json);
}

static void put_tool(struct json *json, const char *version)
{
	json_key(json, "tool");
	json_object_begin(json);
	json_key(json, "driver");
	json_object_begin(json);
	json_string_at(json, "name", "pfnsim");
	json_string_at(json, "semanticVersion", version);
	json_key(json, "rules");
	json_array_begin(json);
	for (unsigned i = 0; i < nr_laws; i++)
		put_rule(json, laws[i].id, laws[i].sentence, laws[i].source);
	for (size_t i = 0; i < nr_ci_rules; i++)
		put_rule(json, ci_rules[i].id, ci_rules[i].sentence, "pfnsim-replay(1)");
	json_array_end(json);
	json_object_end(json);
	json_object_end(json);
}

/* RFC 3986: a path, of which no first part is taken for a scheme. */
static void put_uri(struct json *json, const char *path)
{
	char *uri = NULL;
	size_t size;
	FILE *out = open_memstream(&uri, &size);

	if (!out)
		abort();
	for (const unsigned char *c = (const unsigned char *)path; *c; c++)
		fprintf(out, *c < 0x80 && (isalnum(*c) || strchr("-._~/+,=@", *c)) ? "%c" :
			"%%%02X", *c);
	fclose(out);
	json_string_at(json, "uri", uri);
	free(uri);
}

static void put_location(struct json *json, const char *file, unsigned line, unsigned column)
{
	json_object_begin(json);
	json_key(json, "physicalLocation");
	json_object_begin(json);
	json_key(json, "artifactLocation");
	json_object_begin(json);
	put_uri(json, file);
	json_object_end(json);
	json_key(json, "region");
	json_object_begin(json);
	json_number_at(json, "startLine", line ? line : 1);
	if (column)
		json_number_at(json, "startColumn", column);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
}

static const char *const sarif_levels[] = { "note", "warning", "error" };

static void put_place(struct json *json, const char *file, unsigned line, unsigned column)
{
	json_key(json, "locations");
	json_array_begin(json);
	put_location(json, file, line, column);
	json_array_end(json);
}

static void put_mark(struct json *json, const char *mark)
{
	json_key(json, "partialFingerprints");
	json_object_begin(json);
	json_string_at(json, "pfnsim/v1", mark);
	json_object_end(json);
}

/* Why, in the words of the comment behind its row. */
static void put_suppression(struct json *json, const struct ci *ci,
			    const struct baseline_row *row)
{
	json_key(json, "suppressions");
	json_array_begin(json);
	json_object_begin(json);
	json_string_at(json, "kind", "external");
	json_string_at(json, "status", "accepted");
	if (row->why)
		json_string_at(json, "justification", row->why + strspn(row->why, "# \t"));
	json_key(json, "location");
	put_location(json, ci->baseline->name, row->line, 0);
	json_object_end(json);
	json_array_end(json);
}

static void put_result(struct json *json, const struct ci *ci, const struct ci_finding *f,
		       const char *semantics)
{
	char *mark;

	if (asprintf(&mark, "%s:%s:%s:%u", f->rule, semantics, f->file, f->line) < 0)
		abort();
	json_object_begin(json);
	json_string_at(json, "ruleId", f->rule);
	json_number_at(json, "ruleIndex", ci_rule_find(f->rule));
	json_string_at(json, "level", sarif_levels[f->level]);
	put_text(json, "message", f->text);
	put_place(json, f->file, f->line, f->column);
	put_mark(json, mark);
	if (ci->baseline)
		json_string_at(json, "baselineState", f->accepted || f->level == CI_NOTE ?
			       "unchanged" : "new");
	if (f->accepted)
		put_suppression(json, ci, row_of(ci, f));
	json_object_end(json);
	free(mark);
}

/* At its row of the baseline: where it was is not known. */
static void put_stale(struct json *json, const struct ci *ci, const struct ci_stale *stale)
{
	const struct baseline_row *row = ci->baseline->rows;
	char *mark;

	while (row->line != stale->line)
		row++;
	if (asprintf(&mark, "%s:%s:%s:stale", row->rule, row->semantics, row->trace) < 0)
		abort();
	json_object_begin(json);
	json_string_at(json, "ruleId", row->rule);
	json_number_at(json, "ruleIndex", ci_rule_find(row->rule));
	json_string_at(json, "level", "note");
	put_text(json, "message", stale->text);
	put_place(json, ci->baseline->name, stale->line, 0);
	put_mark(json, mark);
	json_string_at(json, "baselineState", "absent");
	json_object_end(json);
	free(mark);
}

bool ci_print_sarif(const struct ci *ci, const char *version, FILE *out)
{
	struct json *json = json_begin(out);

	json_object_begin(json);
	json_string_at(json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_string_at(json, "version", "2.1.0");
	json_key(json, "runs");
	json_array_begin(json);
	json_object_begin(json);
	put_tool(json, version);
	json_string_at(json, "columnKind", "utf16CodeUnits");
	json_key(json, "results");
	json_array_begin(json);
	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		for (size_t k = 0; k < ci->cases[i].nr; k++)
			put_result(json, ci, &ci->findings[ci->cases[i].first + k],
				   ci->cases[i].semantics);
	for (size_t i = 0; i < arrlenu(ci->stale); i++)
		put_stale(json, ci, &ci->stale[i]);
	json_array_end(json);
	json_object_end(json);
	json_array_end(json);
	json_object_end(json);
	json_line_end(json);
	return json_end(json);
}

/* ---- GitHub ---- */

/* %, CR, LF; in a property also : and , */
static void print_escaped(const char *text, bool property, FILE *out)
{
	for (const char *c = text; *c; c++)
		if (*c == '%' || *c == '\r' || *c == '\n' || (property && strchr(":,", *c)))
			fprintf(out, "%%%02X", *c);
		else
			fputc(*c, out);
}

static void print_annotation(const char *level, const char *file, unsigned line, unsigned column,
			     const char *title, FILE *out)
{
	fprintf(out, "::%s file=", level);
	print_escaped(file, true, out);
	if (line)
		fprintf(out, ",line=%u", line);
	if (column)
		fprintf(out, ",col=%u", column);
	fprintf(out, ",title=");
	print_escaped(title, true, out);
	fprintf(out, "::");
}

bool ci_print_github(const struct ci *ci, FILE *out)
{
	static const char *const levels[] = { "notice", "warning", "error" };

	for (size_t i = 0; i < arrlenu(ci->findings); i++) {
		const struct ci_finding *f = &ci->findings[i];

		print_annotation(levels[f->accepted ? CI_NOTE : f->level], f->file, f->line,
				 f->column, f->rule, out);
		if (f->accepted)
			fprintf(out, "accepted by %s line %u: ", ci->baseline->name,
				row_of(ci, f)->line);
		print_escaped(f->text, false, out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < arrlenu(ci->stale); i++) {
		print_annotation("warning", ci->baseline->name, ci->stale[i].line, 0, "stale", out);
		print_escaped(ci->stale[i].text, false, out);
		fputc('\n', out);
	}
	ci_print_summary(ci, out);
	return !ferror(out);
}
