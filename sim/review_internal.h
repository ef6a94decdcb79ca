/* SPDX-License-Identifier: GPL-2.0-only */
/* review_internal.h: what the tellers of a review share. */
#pragma once

#include "sim/review.h"

/* What was not looked at, in sentences; "": nothing. */
void review_lack(struct review *review, char *text, size_t size);
/* What the review is made of. */
void review_extent(struct review *review, char *text, size_t size);

/* Does a search's answer differ between the two? @a, @b: the answers, of 24 bytes. */
bool review_law_moves(const struct review *review, size_t row, const struct review_pair *pair,
		      char *a, char *b);
/* Does a case of the corpus come out otherwise? */
bool review_case_moves(const struct review *review, size_t i, const struct review_pair *pair,
		       const struct bisect_point **a, const struct bisect_point **b);
/* Names of laws that some program or some order breaks under the second alone, or the first. */
void review_print_laws(const struct review *review, const struct review_pair *pair, bool breaks,
		       FILE *out);
/* All laws, under the semantics of @part. */
void review_print_sheet(const struct review *review, const struct review_part *part, FILE *out);
