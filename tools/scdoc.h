/* SPDX-License-Identifier: GPL-2.0-only */
/* scdoc.h: plain text as scdoc(5) wants it, for the tables of the manual pages. */
#pragma once

#include <stddef.h>

/* What is written to it beyond its end is our bug. */
struct scdoc {
	size_t length;
	char text[8192];
};

/* As it is: it has scdoc's markup already. */
void scdoc_add(struct scdoc *doc, const char *marked);
/* Nothing in it means anything to scdoc. */
void scdoc_add_plain(struct scdoc *doc, const char *plain, size_t length);
/*
 * Plain text: options, `what is quoted` and pages(1) become bold, the words of @argument (NULL: no
 * argument) underlined.
 */
void scdoc_add_help(struct scdoc *doc, const char *plain, const char *argument);
/* The same, as a sentence. */
void scdoc_add_sentence(struct scdoc *doc, const char *plain, const char *argument);
/* Print it as an indented paragraph, behind a @bullet ("- ") if that is not empty, and empty it. */
void scdoc_print(struct scdoc *doc, const char *bullet);
