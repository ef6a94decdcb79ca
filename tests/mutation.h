/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mutation.h: every kernel that differs from a semantics in one thing: a step less, two
 * neighbouring steps the other way round, one operation of another semantics or none.
 *
 * test_steps.c runs them over all scripts. What nothing shows to be different has to be a row of
 * equivalents[], with the reason.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/semantics.h"

enum mutation_kind { MUTATION_DROP, MUTATION_SWAP, MUTATION_OP, NR_MUTATION_KINDS };

struct mutation {
	u8 kind;
	u8 path;			/* DROP, SWAP */
	u8 step;			/* ... and the next one */
	u8 op;				/* OP: which field of struct ops */
	const char *what, *with;	/* names: the step or operation; the other step, or whose */
	void (*function)(void);		/* OP */
};

typedef void (*op_fn)(void);

/* All of @sem, which @patch resolves to; the caller frees it. */
struct mutation *mutations_of(const struct semantics *sem, size_t *nr);

struct mutation_patch {
	struct semantics_patch patch;
	struct step_edit edits[3];
};

/* False: it does not resolve, as a loop has lost the step that it goes back to. */
bool mutation_build(const struct mutation *mutation, const struct semantics_patch *base,
		    enum mmu_kind mmu, const struct semantics *sem, struct mutation_patch *out);
/* Is there a name for each field of struct ops? */
bool mutation_knows_ops(void);

struct equivalent {
	u8 kind;
	const char *what, *with;		/* NULL: any; a_*: all that begin so */
	bool (*where)(const struct semantics *sem);	/* NULL: everywhere */
	const char *why;
};

extern const struct equivalent equivalents[];
extern const size_t nr_equivalents;

const char *mutation_kind_name(unsigned kind);
/* Its row, or NULL. */
const struct equivalent *mutation_equivalent(const struct mutation *mutation,
					     const struct semantics *sem);
