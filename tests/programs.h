/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.h: every small thing that a guest, KVM, a driver and the mm can do to each other:
 * kinds of pages, of mappings, of callers, memslots and actions, one after the other and in the
 * middle of one another. The matrix of laws (test_matrix.c) is computed over them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/stories.h"

/* What a program shows beyond the laws that are looked at after each step. */
enum program_judge {
	JUDGE_MAPPABLE	= 1 << 0,	/* the event at .caller is a guest's, over VM_PFNMAP */
	JUDGE_BASE	= 1 << 1,	/* the event at .caller can be held against the base's */
	JUDGE_READ_ONLY	= 1 << 2,	/* the event at .caller writes to a read-only PFNMAP PTE */
	JUDGE_RIGHTS	= 1 << 3,	/* a guest's read, and then nothing */
	JUDGE_MARKS	= 1 << 4,	/* a driver's pages, zapped, not freed */
	JUDGE_CLEAN	= 1 << 5,	/* nobody writes */
	JUDGE_LEGAL	= 1 << 6,	/* .caller is a guest, where the VMM has been */
};

struct program {
	struct story story;
	bool lawful;		/* drivers unmap before they free, and leave counts alone */
	unsigned judge;		/* enum program_judge */
	unsigned caller;	/* index of the event in question */
};

/* Made once. */
const struct program *all_programs(size_t *nr);
