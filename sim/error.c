// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/error.h"

/* Cut the UTF-8 sequence that the end of the buffer cut in two. */
static void drop_half_character(char *text)
{
	size_t end = strlen(text), start = end;
	unsigned char lead;
	size_t length;

	while (start && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (!start)
		return;
	lead = text[--start];
	length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (end - start < length)
		text[start] = '\0';
}

/* A file name or a quoted word may hold anything; a message is one line. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

_Bool error_at(struct error *e, const char *file, unsigned line, unsigned column,
	       const char *format, ...)
{
	struct error fresh = { .line = line, .column = column };
	va_list args;
	int wanted;

	if (!e)
		return 0;
	/* Not into *e: @file and the arguments may be e->file and e->text, with more said. */
	va_start(args, format);
	wanted = vsnprintf(fresh.text, sizeof(fresh.text), format, args);
	va_end(args);
	if (wanted >= (int)sizeof(fresh.text))
		drop_half_character(fresh.text);
	if (snprintf(fresh.file, sizeof(fresh.file), "%s", file ? file : "") >=
	    (int)sizeof(fresh.file))
		drop_half_character(fresh.file);
	make_one_line(fresh.text);
	make_one_line(fresh.file);
	*e = fresh;
	return 0;
}
