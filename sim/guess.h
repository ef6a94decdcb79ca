/* SPDX-License-Identifier: GPL-2.0-only */
/* guess.h: which of several words may be meant by one that is none of them. */
#pragma once

#include <stdbool.h>

struct guess {
	const char *word;
	const char *best;	/* NULL: none is near enough */
	unsigned edits;		/* to .best; 0: it begins so */
	unsigned nr_best;	/* so many are as near */
	char text[80];
};

void guess_begin(struct guess *guess, const char *word);
void guess_at(struct guess *guess, const char *candidate);
/* All semantics and policies; of versions that are as near as each other none is meant. */
void guess_semantics(struct guess *guess, const char *word);
void guess_law(struct guess *guess, const char *word);
/* ", did you mean \"...\"?", or "" */
const char *guess_text(struct guess *guess);
