/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mutants.h: kernels with one thing wrong, each of which breaks a law in some story while its base
 * keeps them all there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/semantics.h"

/* A step that runs in another place of its path. */
struct step_move {
	u8 path;			/* enum path_id */
	const char *step;
	const char *after;		/* NULL: nothing moves */
};

struct mutant {
	const char *name;		/* what is wrong with it */
	const char *law;		/* that finds it */
	const char *story;		/* in this script (stories.h) */
	const struct semantics_patch *base;
	struct ops ops;			/* non-NULL ones override */
	const struct step_edit *edits;	/* ends with EDIT_END; NULL: none */
	struct step_move move;
};

extern const struct mutant mutants[];
extern const size_t nr_mutants;
/* Found by a search alone: .story is a scenario of traces/race; .law, or livelock, deadlock. */
extern const struct mutant race_mutants[];
extern const size_t nr_race_mutants;
/* Of the corpus: .story is a bug's number, whose trace shows it. */
extern const struct mutant corpus_mutants[];
extern const size_t nr_corpus_mutants;

/* d62007edf01f (5.18): up to it a notification forgot roots on their way out. */
enum step_result zap_current_root(struct machine *m, struct task *t);

struct mutant_patch {
	struct semantics_patch patch;
	struct step_edit edits[4];
};

/* The mutant as a semantics; false: it does not resolve, and @why says why. */
bool mutant_build(const struct mutant *mutant, struct mutant_patch *out, char *why, size_t size);
