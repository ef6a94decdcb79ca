/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mutation.h: every kernel that differs from a semantics in one thing: a step less, two
 * neighbouring steps the other way round, one operation of another semantics or none, one trait
 * with another value.
 *
 * test_steps.c runs them over all scripts. What nothing shows to be different has to be a row of
 * equivalents[], with the reason.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/semantics.h"

enum mutation_kind {
	MUTATION_DROP, MUTATION_SWAP, MUTATION_OP, MUTATION_TRAIT, NR_MUTATION_KINDS
};

typedef void (*op_fn)(void);

struct mutation {
	u8 kind;
	u8 path;			/* DROP, SWAP */
	u8 step;			/* ... and the next one */
	u8 row;				/* OP, TRAIT: of op_rows[], trait_rows[] */
	const char *what;		/* the name of the step, operation or trait */
	const char *with;		/* ... of the other step, or whose it is instead */
	op_fn function;			/* OP */
	u64 value;			/* TRAIT: as many bytes of it as it has */
};

struct op_row {
	const char *name;
	size_t offset;
	struct { op_fn function; const char *name; } instead[2];
};

struct trait_row {
	const char *name;
	size_t offset, size;
	bool is_switch;
};

extern const struct op_row op_rows[];
extern const size_t nr_op_rows;
extern const struct trait_row trait_rows[];
extern const size_t nr_trait_rows;
/* Is there a row for each field of struct ops? */
bool mutation_knows_ops(void);
/* The first member of struct traits in @header, model/semantics.h, that has no row; or NULL. */
const char *mutation_unknown_trait(const char *header);

/* All of @sem under @mmu; the caller frees it. */
struct mutation *mutations_of(const struct semantics *sem, enum mmu_kind mmu, size_t *nr);

struct mutation_patch {
	struct semantics_patch patch;
	struct step_edit edits[3];
	struct traits traits;
};

/* False: it does not resolve, as a loop has lost the step that it goes back to. */
bool mutation_build(const struct mutation *mutation, const struct semantics_patch *base,
		    enum mmu_kind mmu, const struct semantics *sem, struct mutation_patch *out);

/* OP, TRAIT: does one of the bytes that it changes stand in @reads (stories.h)? */
bool mutation_is_read(const struct mutation *mutation, const u8 *reads);

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
