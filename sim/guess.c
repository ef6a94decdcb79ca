/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "model/law.h"
#include "model/semantics.h"
#include "sim/guess.h"

enum { LONGEST = 32 };

/* Letters to change, add or drop; 99: not to be compared. */
static unsigned edits_between(const char *a, const char *b)
{
	unsigned row[LONGEST], n = strlen(b);

	if (n >= LONGEST)
		return 99;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0]++;

		for (unsigned j = 1; j <= n; j++) {
			unsigned above = row[j], best = corner + (a[i - 1] != b[j - 1]);

			best = above + 1 < best ? above + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			corner = above;
		}
	}
	return row[n];
}

void guess_begin(struct guess *guess, const char *word)
{
	/* More edits are another word. */
	*guess = (struct guess){ .word = word, .edits = 2 + strlen(word) / 4 };
}

void guess_at(struct guess *guess, const char *candidate)
{
	bool begins = *guess->word && !strncmp(candidate, guess->word, strlen(guess->word));
	unsigned edits = begins ? 0 : edits_between(guess->word, candidate);

	if (edits > guess->edits || (edits == guess->edits && !guess->best))
		return;
	guess->nr_best = edits == guess->edits ? guess->nr_best + 1 : 1;
	if (edits < guess->edits || strlen(candidate) < strlen(guess->best))
		guess->best = candidate;
	guess->edits = edits;
}

void guess_semantics(struct guess *guess, const char *word)
{
	guess_begin(guess, word);
	for (unsigned i = 0; all_semantics[i]; i++)
		guess_at(guess, all_semantics[i]->name);
	for (unsigned i = 0; policies[i]; i++)
		guess_at(guess, policies[i]->name);
	if (guess->nr_best > 1)
		guess->best = NULL;
}

void guess_law(struct guess *guess, const char *word)
{
	guess_begin(guess, word);
	for (unsigned i = 0; i < nr_laws; i++)
		guess_at(guess, laws[i].id);
}

const char *guess_text(struct guess *guess)
{
	if (guess->best)
		snprintf(guess->text, sizeof(guess->text), ", did you mean \"%s\"?", guess->best);
	else
		guess->text[0] = '\0';
	return guess->text;
}
