/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mutation_run.h: all mutants of one kernel over all scripts, in processes of their own: the model
 * asserts what a step relies on.
 */
#pragma once

#include "tests/mutation.h"

struct kernel {
	const char *name, *semantics;
	enum mmu_kind mmu;
};

struct verdict {
	bool seen;		/* else nothing shows it */
	u16 script;		/* that has shown it, or in which it died */
	char text[124];		/* how */
};

struct mutation_run {
	struct semantics sem;
	struct mutation *mutation;
	struct verdict *verdict;	/* of each */
	size_t nr;
};

/* @only: those of this step, operation or trait; NULL: all. */
void mutation_run(const struct kernel *kernel, const char *only, struct mutation_run *out);
void mutation_run_free(struct mutation_run *run);
