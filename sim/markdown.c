/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/markdown.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/base.h"
#include "sim/markup.h"

/* ---- within a line ---- */

static void put_text(const char *text, size_t length, FILE *out)
{
	char *copy = strndup(text, length);

	if (!copy)
		abort();
	markup_text(copy, out);
	free(copy);
}

/* What is closed by @mark: its length, or 0. */
static size_t closed_by(const char *text, const char *end, const char *mark)
{
	size_t length = strlen(mark);

	if (text == end || *text == ' ')
		return 0;
	for (const char *c = text + 1; c + length <= end; c++)
		if (!strncmp(c, mark, length) && c[-1] != ' ')
			return c - text;
	return 0;
}

static void put_line(const char *text, const char *end, FILE *out);

static const struct mark { const char *mark, *tag; } marks[] = {
	{ "**", "strong" }, { "*", "em" },
};

/* What a mark encloses; NULL: nothing begins here. */
static const char *put_marked(const char *c, const char *end, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		size_t width = strlen(marks[i].mark), inner;

		if (c + width >= end || strncmp(c, marks[i].mark, width) != 0)
			continue;
		inner = closed_by(c + width, end, marks[i].mark);
		if (!inner)
			continue;
		fprintf(out, "<%s>", marks[i].tag);
		put_line(c + width, c + width + inner, out);
		fprintf(out, "</%s>", marks[i].tag);
		return c + width + inner + width;
	}
	return NULL;
}

static const char *put_code(const char *c, const char *end, FILE *out)
{
	const char *last = memchr(c + 1, '`', end - c - 1);

	if (!last)
		return NULL;
	fprintf(out, "<code>");
	put_text(c + 1, last - c - 1, out);
	fprintf(out, "</code>");
	return last + 1;
}

static const char *put_link(const char *c, const char *end, FILE *out)
{
	const char *close = memchr(c, ']', end - c);
	const char *last = close && close + 1 < end && close[1] == '(' ?
		memchr(close, ')', end - close) : NULL;

	if (!last)
		return NULL;
	fprintf(out, "<a href=\"");
	put_text(close + 2, last - close - 2, out);
	fprintf(out, "\">");
	put_line(c + 1, close, out);
	fprintf(out, "</a>");
	return last + 1;
}

static void put_line(const char *text, const char *end, FILE *out)
{
	for (const char *c = text; c < end; ) {
		const char *next = NULL;

		if (*c == '`')
			next = put_code(c, end, out);
		else if (*c == '[')
			next = put_link(c, end, out);
		else if (*c == '*' && (c == text || !isalnum((unsigned char)c[-1])))
			next = put_marked(c, end, out);
		if (!next) {
			put_text(c, 1, out);
			next = c + 1;
		}
		c = next;
	}
}

/* ---- lines ---- */

static size_t length_of(const char *line)
{
	return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	line += length_of(line);
	return line + (*line == '\n');
}

static bool is_blank(const char *line)
{
	return !length_of(line);
}

static unsigned heading_level(const char *line)
{
	unsigned level = strspn(line, "#");

	return level && line[level] == ' ' ? level : 0;
}

static bool is_code(const char *line)
{
	return !strncmp(line, "    ", 4);
}

static bool is_fence(const char *line)
{
	return !strncmp(line, "```", 3);
}

static bool is_item(const char *line)
{
	return !strncmp(line, "- ", 2);
}

static bool begins_block(const char *line)
{
	return is_blank(line) || heading_level(line) || is_fence(line) || is_item(line) ||
	       *line == '|';
}

/* As a reader of Markdown names a heading. */
static void put_anchor(const char *text, FILE *out)
{
	for (size_t i = 0; i < length_of(text); i++) {
		unsigned char c = text[i];

		if (c == ' ')
			fputc('-', out);
		else if (isalnum(c) || c == '-' || c == '_')
			fputc(tolower(c), out);
	}
}

/* ---- blocks ---- */

static const char *put_heading(const char *line, FILE *out)
{
	unsigned level = heading_level(line);
	const char *text = line + level + 1;

	fprintf(out, "<h%u id=\"", level);
	put_anchor(text, out);
	fprintf(out, "\">");
	put_line(text, text + length_of(text), out);
	fprintf(out, "</h%u>\n", level);
	return next_line(line);
}

static const char *put_paragraph(const char *line, FILE *out)
{
	const char *end = line;

	do
		end = next_line(end);
	while (*end && !begins_block(end));
	fprintf(out, "<p>");
	put_line(line, end, out);
	fprintf(out, "</p>\n");
	return end;
}

static const char *put_list(const char *line, FILE *out)
{
	fprintf(out, "<ul>\n");
	while (is_item(line)) {
		const char *end = next_line(line);

		while (*end && !begins_block(end))
			end = next_line(end);
		fprintf(out, "<li>");
		put_line(line + 2, end, out);
		fprintf(out, "</li>\n");
		line = end;
	}
	fprintf(out, "</ul>\n");
	return line;
}

static const char *put_fenced(const char *line, FILE *out)
{
	fprintf(out, "<pre><code>");
	for (line = next_line(line); *line && !is_fence(line); line = next_line(line)) {
		put_text(line, length_of(line), out);
		fputc('\n', out);
	}
	fprintf(out, "</code></pre>\n");
	return next_line(line);
}

static const char *put_indented(const char *line, FILE *out)
{
	fprintf(out, "<pre><code>");
	for (; is_code(line); line = next_line(line)) {
		put_text(line + 4, length_of(line) - 4, out);
		fputc('\n', out);
	}
	fprintf(out, "</code></pre>\n");
	return line;
}

/* ---- tables ---- */

/* Answers that are to be seen: the class of a cell that begins with one. */
static const char *class_of(const char *cell, size_t length)
{
	static const struct { const char *word, *class; } answers[] = {
		{ "BROKEN", "broken" }, { "V", "broken" }, { "holds", "good" }, { "W", "good" },
		{ "unknown", "unknown" }, { "?", "unknown" }, { "INCOMPLETE", "unknown" },
	};
	size_t word = 0;

	while (word < length && !strchr(" :,", cell[word]))
		word++;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (word == strlen(answers[i].word) && !strncmp(cell, answers[i].word, word))
			return answers[i].class;
	return NULL;
}

static void put_cell(const char *cell, size_t length, const char *tag, FILE *out)
{
	const char *class = *tag == 't' && tag[1] == 'd' ? class_of(cell, length) : NULL;

	fprintf(out, "<%s", tag);
	if (class)
		fprintf(out, " class=\"%s\"", class);
	fprintf(out, ">");
	put_line(cell, cell + length, out);
	fprintf(out, "</%s>", tag);
}

/* A bar within code is none between cells. */
static void put_row(const char *line, const char *tag, FILE *out)
{
	const char *end = line + length_of(line), *cell = line + 1;
	bool code = false;

	fprintf(out, "<tr>");
	for (const char *c = cell; c < end; c++) {
		const char *last = c;

		code ^= *c == '`';
		if (*c != '|' || code)
			continue;
		while (cell < last && *cell == ' ')
			cell++;
		while (cell < last && last[-1] == ' ')
			last--;
		put_cell(cell, last - cell, tag, out);
		cell = c + 1;
	}
	fprintf(out, "</tr>\n");
}

static const char *put_table(const char *line, FILE *out)
{
	fprintf(out, "<div class=\"wide\"><table><thead>\n");
	put_row(line, "th", out);
	fprintf(out, "</thead><tbody>\n");
	for (line = next_line(line); *line == '|'; line = next_line(line))
		if (strncmp(line, "|---", 4) != 0)
			put_row(line, "td", out);
	fprintf(out, "</tbody></table></div>\n");
	return line;
}

/* ---- the page ---- */

static const char *put_block(const char *line, FILE *out)
{
	if (is_blank(line))
		return next_line(line);
	if (heading_level(line))
		return put_heading(line, out);
	if (is_fence(line))
		return put_fenced(line, out);
	if (is_code(line))
		return put_indented(line, out);
	if (is_item(line))
		return put_list(line, out);
	if (*line == '|')
		return put_table(line, out);
	return put_paragraph(line, out);
}

/* Where to find what: each heading of @text, by its depth. */
static void put_contents(const char *text, FILE *out)
{
	bool fenced = false;

	fprintf(out, "<nav><ul>\n");
	for (const char *line = text; *line; line = next_line(line)) {
		unsigned level = fenced ? 0 : heading_level(line);
		const char *title = line + level + 1;

		fenced ^= is_fence(line);
		if (!level)
			continue;
		fprintf(out, "<li class=\"h%u\"><a href=\"#", level);
		put_anchor(title, out);
		fprintf(out, "\">");
		put_line(title, title + length_of(title), out);
		fprintf(out, "</a></li>\n");
	}
	fprintf(out, "</ul></nav>\n");
}

void markdown_page(const char *text, const char *css, FILE *out)
{
	const char *first = text + (heading_level(text) ? heading_level(text) + 1 : 0);
	char *title = strndup(first, length_of(first));

	if (!title)
		abort();
	markup_page(title, css, out);
	free(title);
	fprintf(out, "<main>\n");
	if (heading_level(text))
		text = put_heading(text, out);
	put_contents(text, out);
	while (*text)
		text = put_block(text, out);
	fprintf(out, "</main></body></html>\n");
}
