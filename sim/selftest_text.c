/* SPDX-License-Identifier: GPL-2.0-only */
/* selftest_text.c: lines, comments, names; and which of the helpers a test needs. */
#include "sim/selftest_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

typedef unsigned long long ull;

enum { COMMENT_WIDTH = 84 };

/* ---- comments and lines ---- */

/* Nothing in it ends the comment. */
void selftest_wrap(FILE *out, const char *before, const char *text)
{
	size_t column = 0;

	for (const char *word = text + strspn(text, " "); *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");

		if (column && column + 1 + length > COMMENT_WIDTH) {
			fprintf(out, "\n%s", before);
			column = 0;
		}
		fprintf(out, "%s", column ? " " : "");
		for (size_t i = 0; i < length; i++)
			fputs(!strncmp(word + i, "*/", 2) ? "* " : (char[]){ word[i], 0 }, out);
		column += length + !!column;
		word += length;
	}
}

/* Paragraphs follow each other in one comment. */
void selftest_comment(struct selftest_writer *w, const char *format, ...)
{
	size_t used = strlen(w->pending);
	va_list args;

	if (used && used + 1 < sizeof(w->pending))
		w->pending[used++] = '\n';
	va_start(args, format);
	vsnprintf(w->pending + used, sizeof(w->pending) - used, format, args);
	va_end(args);
}

void selftest_flush(struct selftest_writer *w)
{
	bool is_short = strlen(w->pending) <= COMMENT_WIDTH && !strchr(w->pending, '\n');
	char *rest = w->pending;

	if (!*rest)
		return;
	fprintf(w->out, is_short ? "\t/* " : "\t/*\n");
	for (char *line; (line = strsep(&rest, "\n")); ) {
		fprintf(w->out, "%s", is_short ? "" : "\t * ");
		selftest_wrap(w->out, "\t * ", line);
		fprintf(w->out, "%s", is_short ? "" : "\n");
	}
	fprintf(w->out, is_short ? " */\n" : "\t */\n");
	w->pending[0] = '\0';
}

/* Where a line of code that is too long goes on below: behind a comma. NULL: nowhere. */
static const char *break_of(const char *text)
{
	const char *last = NULL;

	for (const char *c = text; (c = strstr(c, ", ")) && c - text < COMMENT_WIDTH; c++)
		last = c + 1;
	return strlen(text) > COMMENT_WIDTH + 6 ? last : NULL;
}

void selftest_say(struct selftest_writer *w, const char *format, ...)
{
	char text[600], *rest = text;
	const char *next;
	va_list args;

	selftest_flush(w);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(w->out, "\t");
	while ((next = break_of(rest))) {
		fprintf(w->out, "%.*s\n\t\t", (int)(next - rest), rest);
		rest += next - rest + 1;
	}
	fprintf(w->out, "%s\n", rest);
}

/* ---- names ---- */

const char *selftest_identifier(const char *before, const char *name)
{
	static _Thread_local char text[96];
	size_t used = snprintf(text, sizeof(text), "%s", before);

	for (; *name && used + 1 < sizeof(text); name++)
		text[used++] = isalnum((unsigned char)*name) ? *name : '_';
	text[used] = '\0';
	return text;
}

const char *selftest_file(const struct selftest_writer *w, uint64_t row)
{
	static _Thread_local char text[96];

	snprintf(text, sizeof(text), "%s", selftest_identifier("file_",
						      names_of_file(w->trace->names, row)));
	return text;
}

const char *selftest_address(const struct selftest_writer *w, uint64_t hva)
{
	static _Thread_local char text[160];

	for (size_t i = 0; i < w->nr_regions; i++)
		if (hva - w->region[i].base < w->region[i].size) {
			snprintf(text, sizeof(text), "%s", selftest_identifier("REGION_",
								       w->region[i].name));
			if (hva != w->region[i].base)
				snprintf(text + strlen(text), sizeof(text) - strlen(text),
					 " + 0x%llx", (ull)(hva - w->region[i].base));
			return text;
		}
	snprintf(text, sizeof(text), "0x%llxul", (ull)hva);
	return text;
}

const char *selftest_errno(const struct outcome *o)
{
	static _Thread_local char text[24];
	size_t i = 0;

	if (!strcmp(o->word, "ok"))
		return "0";
	if (o->word[0] != 'e' || !strcmp(o->word, "error"))
		return NULL;
	for (; o->word[i] && i + 1 < sizeof(text); i++)
		text[i] = toupper((unsigned char)o->word[i]);
	text[i] = '\0';
	return text;
}

/* ---- helpers ---- */

static bool is_used(const char *words, size_t length, const char *body)
{
	char *copy = strndup(words, length), *rest = copy;
	bool used = false;

	if (!copy)
		abort();
	for (char *word; (word = strsep(&rest, " ")); )
		used |= *word && strstr(body, word);
	free(copy);
	return used;
}

static char *joined(const char *a, size_t length, char *b)
{
	char *text = malloc(length + strlen(b) + 1);

	if (!text)
		abort();
	memcpy(text, a, length);
	strcpy(text + length, b);
	free(b);
	return text;
}

/*
 * A part of @helpers begins with a line "@if WORDS", in a comment, and is there for those who have
 * one of the words: the test itself, and parts behind it.
 */
char *selftest_with_helpers(const char *helpers, char *body)
{
	static const char mark[] = "/* @if ";
	const char **parts = NULL, *end = helpers + strlen(helpers);

	for (const char *c = helpers; (c = strstr(c, mark)); c++)
		arrput(parts, c);
	while (arrlenu(parts)) {
		const char *part = arrpop(parts), *words = part + strlen(mark);
		const char *text = strchr(part, '\n') + 1;

		if (is_used(words, strcspn(words, "*"), body))
			body = joined(text, end - text, body);
		end = part;
	}
	arrfree(parts);
	return joined(helpers, end - helpers, body);
}
