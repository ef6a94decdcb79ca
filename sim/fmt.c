/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fmt.c: a trace in the one way to write it.
 *
 * What a line says is taken from its statement; how a value is spelt, from the line. A line of
 * the output is one of the input, so that whoever names a line means the same.
 */
#include "sim/fmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/ast.h"
#include "sim/event.h"
#include "sim/expect.h"

enum { FMT_MAX_COLUMN = 80 };	/* behind it a comment has no column */

struct line {
	const char *text;		/* as it was */
	size_t length;
	char *body;			/* of the output, without its comment */
	const char *comment;		/* in .text, or NULL */
	size_t comment_length, column;
};

struct formatter {
	struct ast ast;
	const char *name;
	size_t next;			/* the first statement that has not been printed */
	struct line *lines;		/* stb_ds */
	FILE *out;			/* the body of the line at hand */
	struct error *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Of the string, or the word, that begins at @text. */
static size_t token_length(const char *text, const char *end)
{
	const char *c = text;

	if (*c == '"') {
		for (c++; c < end && *c != '"'; c++)
			c += *c == '\\';
		return c + 1 - text;
	}
	while (c < end && !is_blank(*c) && *c != '#' && *c != '"')
		c++;
	return c - text;
}

/* ---- a statement ---- */

static void print_value(struct formatter *f, const struct line *line, const struct ast_value *value)
{
	const char *text = line->text + value->column - 1;

	fprintf(f->out, "%.*s", (int)token_length(text, line->text + line->length), text);
}

static void print_arg(struct formatter *f, const struct line *line, const struct ast_arg *arg,
		      const char *key)
{
	fprintf(f->out, " %s%s", key ? key : "", key ? "=" : "");
	print_value(f, line, &arg->value);
}

/* A key is needed behind an argument that is absent, and where the table says so. */
static bool print_event(struct formatter *f, const struct line *line,
			const struct ast_statement *s)
{
	const struct event_kind *kind = event_kind_of(s, f->error);
	const struct ast_arg *args[MAX_ARGS];
	bool all = true;

	if (!kind || !event_args(s, kind, args, f->error))
		return false;
	fprintf(f->out, "%s%s%s", s->label ? s->label : "", s->label ? ": " : "", s->word);
	for (size_t i = 0; i < MAX_ARGS && kind->args[i].key; i++) {
		const struct arg_row *row = &kind->args[i];

		if (args[i])
			print_arg(f, line, args[i],
				  row->positional && !row->named && all ? NULL : row->key);
		all &= args[i] || !row->positional;
	}
	for (size_t i = 0; i < s->nr_args; i++)
		if (event_arg_is_ignored(&s->args[i]))
			print_arg(f, line, &s->args[i], s->args[i].key);
	return true;
}

static bool key_is(const struct ast_arg *arg, const char *key)
{
	return arg->key && key ? !strcmp(arg->key, key) : arg->key == key;
}

static void print_args_of(struct formatter *f, const struct line *line,
			  const struct ast_statement *s, const char *key)
{
	for (size_t i = 0; i < s->nr_args; i++)
		if (key_is(&s->args[i], key))
			print_arg(f, line, &s->args[i], key);
}

static bool print_expect(struct formatter *f, const struct line *line,
			 const struct ast_statement *s)
{
	const char *const *keys = expect_keys(s->word);

	if (!keys)
		return error_at(f->error, s->file, s->line, s->column, "unknown verdict \"%s\"",
				s->word);
	for (size_t i = 0; i < s->nr_args; i++) {
		size_t k = 0;

		while (s->args[i].key && keys[k] && strcmp(keys[k], s->args[i].key))
			k++;
		if (s->args[i].key && !keys[k])
			return error_at(f->error, s->file, s->line, s->args[i].column,
					"\"%s\" has no argument \"%s\"", s->word, s->args[i].key);
	}
	for (size_t i = 0; i < s->nr_models; i++)
		fprintf(f->out, "%s%s", i ? "," : "expect ", s->models[i]);
	fprintf(f->out, ": %s", s->word);
	print_args_of(f, line, s, NULL);
	for (; *keys; keys++)
		print_args_of(f, line, s, *keys);
	return true;
}

static bool print_statement(struct formatter *f, const struct line *line,
			    const struct ast_statement *s)
{
	switch (s->kind) {
	case AST_EVENT:
		return print_event(f, line, s);
	case AST_EXPECT:
		return print_expect(f, line, s);
	case AST_DIRECTIVE:
		/* What stands later in "config" overrides. */
		fprintf(f->out, "%s", s->word);
		for (size_t i = 0; i < s->nr_args; i++)
			print_arg(f, line, &s->args[i], s->args[i].key);
		return true;
	}
	return false;
}

/* The first line, "include", nothing: words. */
static void print_words(struct formatter *f, const struct line *line, const char *end)
{
	const char *before = "";

	for (const char *c = line->text; c < end; ) {
		size_t length = is_blank(*c) ? 1 : token_length(c, end);

		if (!is_blank(*c)) {
			fprintf(f->out, "%s%.*s", before, (int)length, c);
			before = " ";
		}
		c += length;
	}
}

/* ---- lines ---- */

/* The statement of line @number, which is the next one's of this file if it has one. */
static const struct ast_statement *statement_at(struct formatter *f, unsigned number)
{
	const struct ast_statement *s;

	while (f->next < f->ast.nr_statements &&
	       strcmp(f->ast.statements[f->next].file, f->name) != 0)
		f->next++;
	s = &f->ast.statements[f->next];
	if (f->next == f->ast.nr_statements || s->line != number)
		return NULL;
	f->next++;
	return s;
}

static const char *find_comment(const char *text, const char *end)
{
	while (text < end && *text != '#')
		text += is_blank(*text) ? 1 : token_length(text, end);
	return text < end ? text : NULL;
}

static bool take_line(struct formatter *f, const char *text, const char *end)
{
	struct line line = { .text = text, .length = end - text };
	const struct ast_statement *s = statement_at(f, arrlenu(f->lines) + 1);
	size_t size;
	bool ok = true;

	while (end > text && is_blank(end[-1]))
		end--;
	line.comment = find_comment(text, end);
	line.comment_length = line.comment ? end - line.comment : 0;
	f->out = open_memstream(&line.body, &size);
	if (!f->out)
		abort();
	if (s)
		ok = print_statement(f, &line, s);
	else
		print_words(f, &line, line.comment ? line.comment : end);
	fclose(f->out);
	arrput(f->lines, line);
	return ok;
}

static bool take_lines(struct formatter *f, const char *text, size_t length)
{
	const char *end = text + length, *lf;

	for (; text < end; text = lf + 1) {
		lf = memchr(text, '\n', end - text);
		lf = lf ? lf : end;
		if (!take_line(f, text, lf))
			return false;
	}
	return true;
}

/* ---- comments ---- */

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Does its comment stand in a column with that of the line before? */
static bool goes_on(const struct line *line)
{
	return line->comment && (*line->body ? width_of(line->body) < FMT_MAX_COLUMN :
					       line->comment > line->text);
}

/* Lines in a row, whose comments stand in one column. */
struct group {
	size_t first, end;
	size_t least;			/* one blank behind the longest */
	size_t was;			/* where all of them stood, if that will do; else 0 */
};

static size_t column_of(const struct line *line)
{
	size_t column = 0;

	for (const char *c = line->text; c < line->comment; c++) {
		if (*c == '\t')
			return 0;
		column += ((unsigned char)*c & 0xc0) != 0x80;
	}
	return column;
}

/* From the line @first on, which has words before its comment. */
static struct group group_from(const struct line *lines, size_t first)
{
	struct group g = { .first = first, .end = first + 1, .was = column_of(&lines[first]) };

	while (goes_on(&lines[first]) && g.end < arrlenu(lines) && goes_on(&lines[g.end]))
		g.end++;
	for (size_t i = first; i < g.end; i++) {
		if (width_of(lines[i].body) + 1 > g.least)
			g.least = width_of(lines[i].body) + 1;
		if (column_of(&lines[i]) != g.was)
			g.was = 0;
	}
	if (g.was < g.least || g.was > FMT_MAX_COLUMN)
		g.was = 0;
	return g;
}

/* A column that others have, too, is one on purpose. */
static size_t column_for(const struct group *groups, size_t at)
{
	for (size_t i = 0; i < arrlenu(groups); i++)
		if (i != at && groups[at].was && groups[i].was == groups[at].was)
			return groups[at].was;
	return groups[at].least;
}

static void align_comments(struct line *lines)
{
	struct group *groups = NULL;

	for (size_t i = 0; i < arrlenu(lines); i++) {
		if (!lines[i].comment || !*lines[i].body)
			continue;
		arrput(groups, group_from(lines, i));
		i = groups[arrlenu(groups) - 1].end - 1;
	}
	for (size_t g = 0; g < arrlenu(groups); g++)
		for (size_t i = groups[g].first; i < groups[g].end; i++)
			lines[i].column = column_for(groups, g);
	arrfree(groups);
}

static void print_line(const struct line *line, FILE *out)
{
	size_t width = width_of(line->body);

	fputs(line->body, out);
	if (line->comment)
		fprintf(out, "%*s%.*s", (int)(line->column > width ? line->column - width : 0), "",
			(int)line->comment_length, line->comment);
}

/* ---- all of it ---- */

static void collect(const struct line *lines, struct fmt *out)
{
	FILE *file = open_memstream(&out->text, &out->length);

	if (!file)
		abort();
	for (size_t i = 0; i < arrlenu(lines); i++) {
		struct fmt_change change = { .line = i + 1 };
		size_t size;
		FILE *one = open_memstream(&change.after, &size);

		if (!one)
			abort();
		print_line(&lines[i], one);
		fclose(one);
		fprintf(file, "%s\n", change.after);
		if (size == lines[i].length && !memcmp(change.after, lines[i].text, size)) {
			free(change.after);
			continue;
		}
		change.before = strndup(lines[i].text, lines[i].length);
		arrput(out->changes, change);
	}
	fclose(file);
}

static void finish(struct formatter *f)
{
	for (size_t i = 0; i < arrlenu(f->lines); i++)
		free(f->lines[i].body);
	arrfree(f->lines);
	ast_free(&f->ast);
}

bool fmt(const char *name, const char *text, size_t length, struct fmt *out, struct error *error)
{
	struct formatter f = { .name = name, .error = error };
	struct ast again;
	bool ok;

	*out = (struct fmt){ .text = NULL };
	if (!ast_parse(name, text, length, &f.ast, error))
		return false;
	ok = take_lines(&f, text, length);
	if (ok) {
		align_comments(f.lines);
		collect(f.lines, out);
	}
	finish(&f);
	if (!ok)
		return false;
	/* A line may have become too long. */
	if (!ast_parse(name, out->text, out->length, &again, error)) {
		fmt_free(out);
		return false;
	}
	ast_free(&again);
	out->is_canonical = out->length == length && !memcmp(out->text, text, length);
	return true;
}

void fmt_free(struct fmt *fmt)
{
	for (size_t i = 0; i < arrlenu(fmt->changes); i++) {
		free(fmt->changes[i].before);
		free(fmt->changes[i].after);
	}
	arrfree(fmt->changes);
	free(fmt->text);
	*fmt = (struct fmt){ .text = NULL };
}
