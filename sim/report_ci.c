/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE	/* asprintf() */
#include "sim/report_ci.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/json.h"
#include "sim/markup.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

/* What is no law's. */
static const struct { const char *id, *sentence; } other_rules[] = {
	{ "expectation", "What a trace expects comes true." },
	{ "inconclusive", "An input has what its laws need." },
	{ "input", "An input can be read." },
};

static char *copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* ---- findings ---- */

static void add(struct ci *ci, const char *rule, enum ci_level level, const char *file,
		unsigned line, unsigned column, char *text)
{
	arrput(ci->findings, ((struct ci_finding){ .rule = rule, .level = level,
						   .file = copy(file), .line = line,
						   .column = column, .text = text }));
}

static char *said(const struct replay_run *run, const struct found_violation *f)
{
	char *found = NULL, *text;
	size_t size;
	FILE *out = open_memstream(&found, &size);

	if (!out)
		abort();
	report_found(&f->v, out);
	fclose(out);
	if (asprintf(&text, "under %s: %s%s (blame: %s, step %s)", run->patch->name,
		     f->v.law->sentence, found, blame_name(f->v.blame),
		     f->steps[f->nr_steps - 1].name) < 0)
		abort();
	free(found);
	return text;
}

static void add_violation(struct ci *ci, const struct replay *replay, const struct replay_run *run,
			  const struct found_violation *f)
{
	const struct replay_line *line = replay_line_of(replay, f->event);

	add(ci, f->v.law->id, f->expected ? CI_NOTE : CI_ERROR,
	    line ? line->file : replay->name, line ? line->line : 0, 0, said(run, f));
}

static void add_run(struct ci *ci, const struct replay *replay, const struct replay_run *run)
{
	struct ci_case c = { .input = copy(replay->name), .semantics = copy(run->patch->name),
			     .first = arrlenu(ci->findings) };
	char verdict[1000], *text;

	for (size_t i = 0; i < run->vm->nr_violations; i++)
		add_violation(ci, replay, run, &run->vm->violations[i]);
	for (size_t i = 0; i < run->nr_mismatches; i++) {
		if (asprintf(&text, "under %s: %s", run->patch->name, run->mismatch[i].text) < 0)
			abort();
		add(ci, "expectation", CI_ERROR, run->mismatch[i].file, run->mismatch[i].line,
		    run->mismatch[i].column, text);
	}
	if (run->missing[0]) {
		if (asprintf(&text, "under %s: %s", run->patch->name, run->missing) < 0)
			abort();
		add(ci, "inconclusive", CI_WARNING, replay->name, 0, 0, text);
	}
	c.nr = arrlenu(ci->findings) - c.first;
	report_verdict(run, verdict, sizeof(verdict));
	c.verdict = copy(verdict);
	arrput(ci->cases, c);
}

void ci_add(struct ci *ci, const struct replay *replay)
{
	for (size_t r = 0; r < replay->nr_runs; r++)
		add_run(ci, replay, &replay->run[r]);
}

void ci_add_error(struct ci *ci, const char *input, const struct error *error)
{
	struct ci_case c = { .input = copy(input), .semantics = copy(""),
			     .verdict = copy("input unreadable"), .nr = 1,
			     .first = arrlenu(ci->findings) };

	add(ci, "input", CI_ERROR, error->file[0] ? error->file : input, error->line,
	    error->column, copy(error->text));
	arrput(ci->cases, c);
}

void ci_free(struct ci *ci)
{
	for (size_t i = 0; i < arrlenu(ci->findings); i++) {
		free(ci->findings[i].file);
		free(ci->findings[i].text);
	}
	for (size_t i = 0; i < arrlenu(ci->cases); i++) {
		free(ci->cases[i].input);
		free(ci->cases[i].semantics);
		free(ci->cases[i].verdict);
	}
	arrfree(ci->findings);
	arrfree(ci->cases);
}

/* ---- JUnit ---- */

/* A case fails by an error, is skipped by what is only inconclusive, and passes by notes. */
static enum ci_level worst(const struct ci *ci, const struct ci_case *c)
{
	enum ci_level level = CI_NOTE;

	for (size_t i = c->first; i < c->first + c->nr; i++)
		if (ci->findings[i].level > level)
			level = ci->findings[i].level;
	return level;
}

static size_t count(const struct ci *ci, enum ci_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		n += worst(ci, &ci->cases[i]) == level;
	return n;
}

static void print_finding(const struct ci_finding *f, FILE *out)
{
	if (f->line)
		markup_printf(out, "%s:%u: ", f->file, f->line);
	markup_printf(out, "%s: ", f->rule);
	markup_text(f->text, out);
	fputc('\n', out);
}

static void print_case(const struct ci *ci, const struct ci_case *c, FILE *out)
{
	static const char *const tags[] = { [CI_NOTE] = "system-out", [CI_WARNING] = "skipped",
					    [CI_ERROR] = "failure" };
	enum ci_level level = worst(ci, c);

	fprintf(out, "<testcase classname=\"");
	markup_text(c->input, out);
	fprintf(out, "\" name=\"");
	markup_text(c->semantics[0] ? c->semantics : "input", out);
	fprintf(out, "\"");
	if (!c->nr) {
		fprintf(out, "/>\n");
		return;
	}
	fprintf(out, ">\n<%s", tags[level]);
	if (level > CI_NOTE) {
		fprintf(out, " message=\"");
		markup_text(c->verdict, out);
		fprintf(out, "\"");
	}
	fprintf(out, ">");
	for (size_t i = c->first; i < c->first + c->nr; i++)
		print_finding(&ci->findings[i], out);
	fprintf(out, "</%s>\n</testcase>\n", tags[level]);
}

bool ci_print_junit(const struct ci *ci, FILE *out)
{
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"<testsuite name=\"pfnsim\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		"skipped=\"%zu\">\n", arrlenu(ci->cases), count(ci, CI_ERROR),
		count(ci, CI_WARNING));
	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		print_case(ci, &ci->cases[i], out);
	fprintf(out, "</testsuite>\n</testsuites>\n");
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
	for (size_t i = 0; i < ARRAY_SIZE(other_rules); i++)
		put_rule(json, other_rules[i].id, other_rules[i].sentence, "pfnsim-replay(1)");
	json_array_end(json);
	json_object_end(json);
	json_object_end(json);
}

static unsigned rule_index(const char *id)
{
	unsigned i = 0;

	while (i < nr_laws && strcmp(laws[i].id, id))
		i++;
	for (size_t k = 0; i == nr_laws && k < ARRAY_SIZE(other_rules); k++)
		if (!strcmp(other_rules[k].id, id))
			return nr_laws + k;
	return i;
}

static void put_location(struct json *json, const struct ci_finding *f)
{
	json_object_begin(json);
	json_key(json, "physicalLocation");
	json_object_begin(json);
	json_key(json, "artifactLocation");
	json_object_begin(json);
	json_string_at(json, "uri", f->file);
	json_object_end(json);
	json_key(json, "region");
	json_object_begin(json);
	json_number_at(json, "startLine", f->line ? f->line : 1);
	if (f->column)
		json_number_at(json, "startColumn", f->column);
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
}

static void put_result(struct json *json, const struct ci_finding *f, const char *semantics)
{
	static const char *const levels[] = { "note", "warning", "error" };
	char *mark;

	if (asprintf(&mark, "%s:%s:%s:%u", f->rule, semantics, f->file, f->line) < 0)
		abort();
	json_object_begin(json);
	json_string_at(json, "ruleId", f->rule);
	json_number_at(json, "ruleIndex", rule_index(f->rule));
	json_string_at(json, "level", levels[f->level]);
	put_text(json, "message", f->text);
	json_key(json, "locations");
	json_array_begin(json);
	put_location(json, f);
	json_array_end(json);
	json_key(json, "partialFingerprints");
	json_object_begin(json);
	json_string_at(json, "pfnsim/v1", mark);
	json_object_end(json);
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
			put_result(json, &ci->findings[ci->cases[i].first + k],
				   ci->cases[i].semantics);
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

bool ci_print_github(const struct ci *ci, FILE *out)
{
	static const char *const levels[] = { "notice", "warning", "error" };

	for (size_t i = 0; i < arrlenu(ci->findings); i++) {
		const struct ci_finding *f = &ci->findings[i];

		fprintf(out, "::%s file=", levels[f->level]);
		print_escaped(f->file, true, out);
		if (f->line)
			fprintf(out, ",line=%u", f->line);
		if (f->column)
			fprintf(out, ",col=%u", f->column);
		fprintf(out, ",title=");
		print_escaped(f->rule, true, out);
		fprintf(out, "::");
		print_escaped(f->text, false, out);
		fputc('\n', out);
	}
	return !ferror(out);
}
