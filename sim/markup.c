/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/markup.h"

#include <stdarg.h>

void markup_text(const char *text, FILE *out)
{
	for (const char *c = text; *c; c++) {
		if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		else if ((unsigned char)*c >= ' ' || *c == '\t' || *c == '\n')
			fputc(*c, out);
	}
}

void markup_printf(FILE *out, const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	markup_text(text, out);
}

void markup_page(const char *title, const char *css, FILE *out)
{
	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	markup_text(title, out);
	fprintf(out, "</title>\n<style>\n%s</style></head><body>\n", css);
}
