// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "sim/ast.h"
#include "sim/ast_internal.h"
#include "trace_gram.h"

/* A file's bytes; the byte behind them is there, for the lexer's NUL. */
struct text {
	char *bytes;
	size_t length, room;
};

/* Space for one more in @array of @nr. */
static void *grow(void *array, size_t nr, size_t *max, size_t size)
{
	if (nr < *max)
		return array;
	*max = *max ? *max * 2 : 16;
	array = realloc(array, *max * size);
	if (!array)
		abort();
	return array;
}

static void *keep(struct ast_builder *b, const void *array, size_t nr, size_t size)
{
	void *kept;

	if (!nr)
		return NULL;
	kept = arena_alloc(&b->arena, nr * size);
	memcpy(kept, array, nr * size);
	return kept;
}

const char *ast_quote(char *quote, size_t size, const char *text, size_t length)
{
	size_t shown = length, most = size - sizeof("'...'");

	if (length > most)
		for (shown = most; shown && ((unsigned char)text[shown] & 0xc0) == 0x80; shown--)
			;
	snprintf(quote, size, "'%.*s%s'", (int)shown, text, shown < length ? "..." : "");
	return quote;
}

bool ast_add_arg(struct ast_scanner *s, const char *key, struct ast_place at,
		 struct ast_value value)
{
	struct ast_builder *b = s->builder;
	char quote[64];
	size_t i;

	for (i = 0; key && i < b->nr_args; i++)
		if (b->args[i].key && !strcmp(b->args[i].key, key))
			return error_at(b->error, s->source->name, at.line, at.column,
					"%s is given twice, first in column %u",
					ast_quote(quote, sizeof(quote), key, strlen(key)),
					b->args[i].column);
	b->args = grow(b->args, b->nr_args, &b->max_args, sizeof(*b->args));
	b->args[b->nr_args++] = (struct ast_arg) {
		.key = key, .value = value, .column = at.column };
	return true;
}

void ast_add_model(struct ast_builder *b, const char *model)
{
	b->models = grow(b->models, b->nr_models, &b->max_models, sizeof(*b->models));
	b->models[b->nr_models++] = model;
}

/* Includes count, or files that only include each other eight deep would take for ever. */
static bool room_for_statement(struct ast_scanner *s, struct ast_place at)
{
	struct ast_builder *b = s->builder;

	if (b->nr_statements + b->nr_includes < AST_MAX_STATEMENTS)
		return true;
	return error_at(b->error, s->source->name, at.line, at.column,
			"more than %d statements", AST_MAX_STATEMENTS);
}

bool ast_add_statement(struct ast_scanner *s, struct ast_statement statement, struct ast_place at)
{
	struct ast_builder *b = s->builder;

	if (!room_for_statement(s, at))
		return false;
	statement.file = s->source->name;
	statement.line = at.line;
	statement.column = at.column;
	statement.args = keep(b, b->args, b->nr_args, sizeof(*b->args));
	statement.nr_args = b->nr_args;
	statement.models = keep(b, b->models, b->nr_models, sizeof(*b->models));
	statement.nr_models = b->nr_models;
	b->nr_args = b->nr_models = 0;
	b->statements = grow(b->statements, b->nr_statements, &b->max_statements,
			     sizeof(*b->statements));
	b->statements[b->nr_statements++] = statement;
	return true;
}

/* @source cannot be had: wrong is the line that includes it, if there is one. */
static bool cannot_read(struct ast_builder *b, const struct ast_source *source, const char *why)
{
	char quote[256];

	if (!source->parent)
		return error_at(b->error, source->name, 0, 0, "cannot read: %s", why);
	return error_at(b->error, source->parent->name, source->included_at.line,
			source->included_at.column, "cannot include %s: %s",
			ast_quote(quote, sizeof(quote), source->name, strlen(source->name)), why);
}

static bool too_much_text(struct ast_builder *b, const struct ast_source *source)
{
	char why[64];

	snprintf(why, sizeof(why), "more than %u MiB of text", AST_MAX_TEXT >> 20);
	return cannot_read(b, source, why);
}

/* Room for some more bytes, and for the NUL. */
static void text_grow(struct text *text)
{
	if (text->room - text->length > 1)
		return;
	text->room = text->room ? text->room * 2 : 64 * 1024;
	text->bytes = realloc(text->bytes, text->room);
	if (!text->bytes)
		abort();
}

static bool read_all(struct ast_builder *b, const struct ast_source *source, int fd,
		     struct text *text)
{
	ssize_t nr;

	do {
		text_grow(text);
		nr = read(fd, text->bytes + text->length, text->room - text->length - 1);
		if (nr < 0 && errno != EINTR)
			return cannot_read(b, source, strerror(errno));
		text->length += nr > 0 ? nr : 0;
		if (text->length > AST_MAX_TEXT)
			return too_much_text(b, source);
	} while (nr);
	return true;
}

static bool is_packed(const struct ast_source *source, const struct text *text)
{
	static const char magic[] = "\x28\xb5\x2f\xfd", suffix[] = ".zst";
	size_t length = strlen(source->name);

	return (text->length >= 4 && !memcmp(text->bytes, magic, 4)) ||
	       (length >= 4 && !strcmp(source->name + length - 4, suffix));
}

#ifdef HAVE_ZSTD
static bool unpack_into(struct ast_builder *b, const struct ast_source *source,
			ZSTD_DStream *stream, const struct text *packed, struct text *text)
{
	ZSTD_inBuffer in = { packed->bytes, packed->length, 0 };
	ZSTD_outBuffer out;
	size_t left = 1;	/* 0: a frame has ended here */
	char why[128];

	do {
		text_grow(text);
		out = (ZSTD_outBuffer) { text->bytes, text->room - 1, text->length };
		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left)) {
			snprintf(why, sizeof(why), "damaged zstd data: %s",
				 ZSTD_getErrorName(left));
			return cannot_read(b, source, why);
		}
		text->length = out.pos;
		if (text->length > AST_MAX_TEXT)
			return too_much_text(b, source);
	} while (in.pos < in.size || (left && out.pos == out.size));
	return left ? cannot_read(b, source, "truncated zstd data") : true;
}

static bool unpack(struct ast_builder *b, const struct ast_source *source, struct text *text)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	struct text packed = *text;
	bool ok;

	if (!stream)
		abort();
	*text = (struct text) { 0 };
	ok = unpack_into(b, source, stream, &packed, text);
	ZSTD_freeDStream(stream);
	free(packed.bytes);
	return ok;
}
#else
static bool unpack(struct ast_builder *b, const struct ast_source *source, struct text *text)
{
	(void)text;
	return cannot_read(b, source, "packed with zstd, which this build cannot read");
}
#endif

/* Takes @text, right or wrong. */
static bool parse_text(struct ast_builder *b, const struct ast_source *source, struct text *text)
{
	struct ast_scanner scanner = {
		.builder = b, .source = source, .line = 1,
		.cursor = text->bytes, .line_start = text->bytes,
		.limit = text->bytes + text->length,
	};
	bool ok = false;

	b->text_bytes += text->length;
	text->bytes[text->length] = '\0';
	if (!text->length)
		error_at(b->error, source->name, 0, 0, "empty file: line 1 must be 'pfntrace %d'",
			 AST_VERSION);
	else if (b->text_bytes > AST_MAX_TEXT)
		too_much_text(b, source);
	else
		ok = !trace_parse(&scanner);
	free(text->bytes);
	return ok;
}

/* "a > b > a": the files from the first @source to @repeated. */
static void list_chain(const struct ast_source *source, char *list, size_t size)
{
	size_t used;

	if (source->parent)
		list_chain(source->parent, list, size);
	used = strlen(list);
	snprintf(list + used, size - used, "%s%s", used ? " > " : "", source->name);
}

static bool is_no_cycle(struct ast_builder *b, const struct ast_source *source)
{
	const struct ast_source *outer;
	char chain[sizeof(b->error->text)] = "";

	for (outer = source->parent; outer; outer = outer->parent) {
		if (!outer->on_disk || outer->device != source->device ||
		    outer->inode != source->inode)
			continue;
		list_chain(source, chain, sizeof(chain));
		return error_at(b->error, source->parent->name, source->included_at.line,
				source->included_at.column, "include cycle: %s", chain);
	}
	return true;
}

/* Sets which file @source is, and refuses what is no file of text before it is read. */
static bool check_file(struct ast_builder *b, struct ast_source *source, int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return cannot_read(b, source, strerror(errno));
	source->on_disk = true;
	source->device = stat.st_dev;
	source->inode = stat.st_ino;
	if (S_ISDIR(stat.st_mode))
		return cannot_read(b, source, "it is a directory");
	/* A pipe may be what the user means, not what a trace means. */
	if (source->parent && !S_ISREG(stat.st_mode))
		return cannot_read(b, source, "not a regular file");
	/* A cycle is deep as well, but that is not what is wrong with it. */
	if (!is_no_cycle(b, source))
		return false;
	return source->depth <= AST_MAX_DEPTH || cannot_read(b, source, "includes nest too deep");
}

static bool read_file(struct ast_builder *b, struct ast_source *source)
{
	bool is_stdin = !source->parent && !strcmp(source->name, "-");
	int fd = STDIN_FILENO;
	struct text text = { 0 };
	bool ok;

	/* Without O_NONBLOCK a trace which includes a pipe would hang before check_file(). */
	if (!is_stdin)
		fd = open(source->name, O_RDONLY | O_CLOEXEC | (source->parent ? O_NONBLOCK : 0));
	if (fd < 0)
		return cannot_read(b, source, strerror(errno));
	ok = check_file(b, source, fd) && read_all(b, source, fd, &text);
	if (!is_stdin)
		close(fd);
	ok = ok && (!is_packed(source, &text) || unpack(b, source, &text));
	if (!ok) {
		free(text.bytes);
		return false;
	}
	return parse_text(b, source, &text);
}

/* @path as seen from the folder of the file @from. */
static const char *path_from(struct ast_builder *b, const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');
	size_t folder = slash && *path != '/' ? slash + 1 - from : 0;
	char *joined = arena_alloc(&b->arena, folder + strlen(path) + 1);

	memcpy(joined, from, folder);
	strcpy(joined + folder, path);
	return joined;
}

bool ast_include(struct ast_scanner *s, const char *path, struct ast_place at)
{
	struct ast_builder *b = s->builder;
	struct ast_source source = {
		.name = path_from(b, s->source->name, path),
		.parent = s->source, .included_at = at, .depth = s->source->depth + 1,
	};

	if (!*path)
		return error_at(b->error, s->source->name, at.line, at.column,
				"'include' needs the name of a file");
	if (!room_for_statement(s, at))
		return false;
	b->nr_includes++;
	return read_file(b, &source);
}

static bool finish(struct ast_builder *b, bool ok, struct ast *ast)
{
	*ast = (struct ast) { 0 };
	if (ok) {
		ast->version = AST_VERSION;
		ast->statements = keep(b, b->statements, b->nr_statements, sizeof(*b->statements));
		ast->nr_statements = b->nr_statements;
		ast->arena = b->arena;
	} else {
		arena_free(&b->arena);
	}
	free(b->statements);
	free(b->args);
	free(b->models);
	return ok;
}

bool ast_read(const char *path, struct ast *ast, struct error *error)
{
	struct ast_builder b = { .error = error };
	struct ast_source source = { .name = arena_strndup(&b.arena, path, strlen(path)) };

	return finish(&b, read_file(&b, &source), ast);
}

bool ast_parse(const char *name, const char *text, size_t length, struct ast *ast,
	       struct error *error)
{
	struct ast_builder b = { .error = error };
	struct ast_source source = { .name = arena_strndup(&b.arena, name, strlen(name)) };
	struct text copy = { .length = length };

	if (length == SIZE_MAX)
		abort();
	copy.bytes = malloc(length + 1);
	if (!copy.bytes)
		abort();
	if (length)
		memcpy(copy.bytes, text, length);
	return finish(&b, parse_text(&b, &source, &copy), ast);
}

void ast_free(struct ast *ast)
{
	struct arena *arena = ast->arena;

	arena_free(&arena);
	*ast = (struct ast) { 0 };
}

void ast_print_string(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (*text == '\n' || *text == '\t')
			fprintf(out, *text == '\n' ? "\\n" : "\\t");
		else if ((unsigned char)*text < ' ')
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, out);
	fputc('"', out);
}

void ast_print_value(const struct ast_value *v, FILE *out)
{
	switch (v->type) {
	case AST_INT:
		fprintf(out, "0x%llx", (unsigned long long)v->number);
		break;
	case AST_RANGE:
		fprintf(out, "0x%llx+0x%llx", (unsigned long long)v->number,
			(unsigned long long)v->count);
		break;
	case AST_NAME:
		fprintf(out, "%s", v->name);
		if (v->has_offset)
			fprintf(out, "+0x%llx", (unsigned long long)v->offset);
		break;
	case AST_STRING:
		ast_print_string(v->name, out);
		break;
	}
}
