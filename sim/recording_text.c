// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_text.c: a file as checked lines, a cursor inside a line, growing arrays.
 *
 * A recording is text: printable bytes, tabs and newlines.  Anything else means that it is
 * damaged, or no recording; so does a line of more than LINE_MAX_BYTES.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "sim/recording_internal.h"

#define LINE_MAX_BYTES	(64 * 1024)
#define FILE_MAX_BYTES	(1u << 30)	/* unpacked; the biggest known has 10 MB */
#define READ_BYTES	(64 * 1024)

void *vec_push(struct vec *vec)
{
	void *element;

	if (vec->n == vec->room) {
		vec->room = vec->room ? vec->room * 2 : 16;
		vec->data = reallocarray(vec->data, vec->room, vec->size);
		if (!vec->data)
			abort();
	}
	element = vec->data + vec->n++ * vec->size;
	memset(element, 0, vec->size);
	return element;
}

void *vec_take(struct vec *vec, struct arena **arena)
{
	void *array = NULL;

	if (vec->n) {
		array = arena_alloc(arena, vec->n * vec->size);
		memcpy(array, vec->data, vec->n * vec->size);
	}
	vec->n = 0;
	return array;
}

void vec_free(struct vec *vec)
{
	free(vec->data);
	vec->data = NULL;
	vec->n = vec->room = 0;
}

/* Room for READ_BYTES more behind the bytes there are. */
static bool bytes_room(struct vec *bytes)
{
	if (bytes->n + READ_BYTES > FILE_MAX_BYTES)
		return false;
	if (bytes->n + READ_BYTES > bytes->room) {
		bytes->room = bytes->room ? bytes->room * 2 : 2 * READ_BYTES;
		bytes->data = realloc(bytes->data, bytes->room);
		if (!bytes->data)
			abort();
	}
	return true;
}

static bool bytes_read(struct reader *reader, FILE *stream, const char *path, struct vec *bytes)
{
	size_t got;

	do {
		if (!bytes_room(bytes))
			return error_at(reader->error, path, 0, 0, "the file is larger than 1 GiB");
		got = fread(bytes->data + bytes->n, 1, READ_BYTES, stream);
		bytes->n += got;
	} while (got);
	if (ferror(stream))
		return error_at(reader->error, path, 0, 0, "%s", strerror(errno));
	return true;
}

#ifdef HAVE_ZSTD
static bool bytes_unpack(struct reader *reader, const char *path, struct vec *packed,
			 struct vec *bytes)
{
	ZSTD_inBuffer in = { packed->data, packed->n, 0 };
	ZSTD_DCtx *context = ZSTD_createDCtx();
	const char *wrong = NULL;
	size_t left = 1;	/* 0: a frame ended here */

	if (!context)
		abort();
	for (;;) {
		ZSTD_outBuffer out = { NULL, READ_BYTES, 0 };

		if (!bytes_room(bytes)) {
			wrong = "unpacked, the file is larger than 1 GiB";
			break;
		}
		out.dst = bytes->data + bytes->n;
		if (in.pos == in.size && !left)
			break;
		left = ZSTD_decompressStream(context, &out, &in);
		if (ZSTD_isError(left)) {
			wrong = ZSTD_getErrorName(left);
			break;
		}
		bytes->n += out.pos;
		if (in.pos == in.size && left && out.pos < out.size) {
			wrong = "the compressed file is truncated";
			break;
		}
	}
	ZSTD_freeDCtx(context);
	return !wrong || error_at(reader->error, path, 0, 0, "%s", wrong);
}
#else
static bool bytes_unpack(struct reader *reader, const char *path, struct vec *packed,
			 struct vec *bytes)
{
	(void)packed;
	(void)bytes;
	return error_at(reader->error, path, 0, 0,
			"this build cannot read .zst files (it was made without libzstd)");
}
#endif

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && !strcmp(text + length - strlen(end), end);
}

static bool bytes_load(struct reader *reader, const char *path, struct vec *bytes, bool *missing)
{
	struct vec packed = { .size = 1 };
	FILE *stream = fopen(path, "rb");
	bool good;

	if (missing)
		*missing = !stream && errno == ENOENT;
	if (!stream && missing && *missing)
		return true;
	if (!stream)
		return error_at(reader->error, path, 0, 0, "%s", strerror(errno));
	if (ends_in(path, ".zst")) {
		good = bytes_read(reader, stream, path, &packed) &&
		       bytes_unpack(reader, path, &packed, bytes);
		vec_free(&packed);
	} else {
		good = bytes_read(reader, stream, path, bytes);
	}
	fclose(stream);
	return good;
}

/* The rules above, over the whole file before anything of it is believed. */
static bool text_check(const struct text *text)
{
	const char *line = text->next;
	unsigned number = 1;

	for (const char *at = text->next; at < text->end; at++) {
		unsigned char byte = *at;

		if (byte == '\n') {
			line = at + 1;
			number++;
		} else if (text->is_foreign && byte == '\r' && at + 1 < text->end &&
			   at[1] == '\n') {
			continue;
		} else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
			return error_at(text->error, text->file, number, at - line + 1,
					"control byte 0x%02x; expected text", byte);
		} else if (at - line >= LINE_MAX_BYTES) {
			return error_at(text->error, text->file, number, at - line + 1,
					"the line is longer than %d bytes", LINE_MAX_BYTES);
		}
	}
	return true;
}

bool text_load(struct reader *reader, const char *path, bool *missing)
{
	struct text *text = &reader->text;
	struct vec bytes = { .size = 1 };
	bool good = bytes_load(reader, path, &bytes, missing);

	*text = (struct text) { .error = reader->error, .is_foreign = text->is_foreign };
	if (good) {
		text->file = arena_strndup(&reader->arena, path, strlen(path));
		text->next = arena_strndup(&reader->arena, bytes.data, bytes.n);
		text->end = text->next + bytes.n;
		good = text_check(text);
	}
	vec_free(&bytes);
	return good;
}

bool text_line(struct text *text)
{
	char *newline;

	if (text->next == text->end)
		return false;
	text->line = text->next;
	text->number++;
	newline = memchr(text->line, '\n', text->end - text->line);
	text->unfinished = !newline;
	if (newline)
		*newline = '\0';
	if (text->is_foreign && newline > text->line && newline[-1] == '\r')
		newline[-1] = '\0';
	text->next = newline ? newline + 1 : text->end;
	return true;
}

bool text_truncated(const struct text *text)
{
	return error_at(text->error, text->file, text->number, strlen(text->line) + 1,
			"the file is cut off inside its last line; expected a newline");
}

struct cursor cursor_at(const struct text *text, char *at)
{
	return (struct cursor) { .text = text, .at = at };
}

bool cursor_fail(const struct cursor *cursor, const char *format, ...)
{
	const struct text *text = cursor->text;
	char buffer[400];
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	return error_at(text->error, text->file, text->number, cursor->at - text->line + 1,
			"%s", buffer);
}

bool cursor_skip(struct cursor *cursor, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(cursor->at, literal, length))
		return false;
	cursor->at += length;
	return true;
}

bool cursor_want(struct cursor *cursor, const char *literal)
{
	return cursor_skip(cursor, literal) || cursor_fail(cursor, "expected \"%s\"", literal);
}

static unsigned digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return UINT_MAX;
}

/* Digits of @base, worth at most @most. */
static bool cursor_digits(struct cursor *cursor, unsigned base, uint64_t most, uint64_t *value)
{
	char *at = cursor->at;
	uint64_t sum = 0;

	for (unsigned digit; (digit = digit_value(*at)) < base; at++) {
		if (sum > (most - digit) / base)
			return cursor_fail(cursor, "the number is out of range (at most %#llx)",
					   (unsigned long long)most);
		sum = sum * base + digit;
	}
	if (at == cursor->at)
		return cursor_fail(cursor, "expected a %s number",
				   base == 16 ? "hexadecimal" : "decimal");
	cursor->at = at;
	*value = sum;
	return true;
}

bool cursor_hex(struct cursor *cursor, uint64_t *value)
{
	return cursor_want(cursor, "0x") && cursor_digits(cursor, 16, UINT64_MAX, value);
}

bool cursor_u64(struct cursor *cursor, uint64_t *value)
{
	return cursor_digits(cursor, 10, UINT64_MAX, value);
}

bool cursor_unsigned(struct cursor *cursor, unsigned *value)
{
	uint64_t wide = 0;

	if (!cursor_digits(cursor, 10, UINT_MAX, &wide))
		return false;
	*value = wide;
	return true;
}

bool cursor_long(struct cursor *cursor, long *value)
{
	bool minus = cursor_skip(cursor, "-");
	uint64_t wide = 0;

	if (!minus)
		cursor_skip(cursor, "+");
	if (!cursor_digits(cursor, 10, LONG_MAX, &wide))
		return false;
	*value = minus ? -(long)wide : (long)wide;
	return true;
}

bool cursor_int(struct cursor *cursor, int *value)
{
	struct cursor start = *cursor;
	long wide;

	if (!cursor_long(cursor, &wide))
		return false;
	if (wide < INT_MIN || wide > INT_MAX)
		return cursor_fail(&start, "the number is out of range (32 bits)");
	*value = wide;
	return true;
}

bool cursor_want_hex(struct cursor *cursor, const char *literal, uint64_t *value)
{
	return cursor_want(cursor, literal) && cursor_hex(cursor, value);
}

bool cursor_word(struct cursor *cursor, struct reader *reader, const char **word)
{
	size_t length = strcspn(cursor->at, " \t");

	if (!length)
		return cursor_fail(cursor, "expected a word");
	*word = arena_strndup(&reader->arena, cursor->at, length);
	cursor->at += length;
	return true;
}

bool cursor_end(const struct cursor *cursor)
{
	return !*cursor->at || cursor_fail(cursor, "expected the end of the line");
}
