/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE	/* vasprintf() */
#include "sim/markup.h"

#include <stdarg.h>
#include <stdlib.h>

#include "sim/utf8.h"

/* XML 1.0 has neither control characters nor what is not UTF-8. */
static size_t print_other(const char *c, FILE *out)
{
	size_t length = utf8_length_at(c);

	if (!length)
		fputs(UTF8_REPLACEMENT, out);
	else if (length > 1 || (unsigned char)*c >= ' ' || *c == '\t' || *c == '\n')
		fwrite(c, 1, length, out);
	return length ? length : 1;
}

void markup_text(const char *text, FILE *out)
{
	size_t length;

	for (const char *c = text; *c; c += length) {
		length = 1;
		if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		else
			length = print_other(c, out);
	}
}

void markup_printf(FILE *out, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	markup_text(text, out);
	free(text);
}

void markup_page(const char *title, const char *css, FILE *out)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	markup_text(title, out);
	fprintf(out, "</title>\n<style>\n%s</style></head><body>\n", css);
}
