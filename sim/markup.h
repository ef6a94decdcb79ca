/* SPDX-License-Identifier: GPL-2.0-only */
/* markup.h: text from traces within XML and HTML: nothing of it is markup. */
#pragma once

#include <stdio.h>

/* The first lines of a page, up to its body. */
void markup_page(const char *title, const char *css, FILE *out);
void markup_text(const char *text, FILE *out);
/* printf(), and all of it is text. */
void markup_printf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
