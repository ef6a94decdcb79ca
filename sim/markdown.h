/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * markdown.h: our own documents as a page: headings, paragraphs, lists, tables, code, and within
 * them `code`, **strong**, *stressed* and links. Nothing else of Markdown.
 */
#pragma once

#include <stdio.h>

/* A page by itself: no network, no script. The title is the first heading. */
void markdown_page(const char *text, const char *css, FILE *out);
