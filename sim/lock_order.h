/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock_order.h: which locks are held while another is taken, by class, as lockdep has it.
 *
 * Linux: kernel/locking/lockdep.c. A reader counts as a writer does, as both wait behind a writer
 * who waits. SRCU is a class: read by who uses memslots, taken by who waits for its readers.
 * Left out: folio locks and PTE locks, which no step holds at its end or whose holder is not known;
 * a class within itself (fork() has two mmap_locks).
 */
#pragma once

#include "model/world.h"

enum lock_class {
	LOCK_SLOTS, LOCK_SRCU, LOCK_GPC, LOCK_MMAP, LOCK_INVALIDATE, LOCK_MMU, NR_LOCK_CLASSES,
};

extern const char *const lock_class_names[NR_LOCK_CLASSES];

/* While .held was held, .taken was: by whom, where, and when first. */
struct lock_edge {
	u8 held, taken;			/* enum lock_class */
	u8 thread;
	u8 path;			/* enum path_id */
	const char *step;
	u32 node;			/* of the search */
	u8 first;			/* the thread whose turn leads on from there */
	u16 alone;			/* so many turns more */
	u32 depth;			/* of the first one's successor */
};

/* Each lock of a cycle is taken while the one before is held. */
struct lock_cycle {
	unsigned nr;
	struct lock_edge edge[NR_LOCK_CLASSES];
};

/* Classes that @task holds, a bit each. */
u8 locks_held(const struct world *w, unsigned task);
/* The shortest way from @edge->taken back to @edge->held by @edges, behind @edge; false: none. */
bool lock_cycle_find(const struct lock_edge *edges, size_t nr, const struct lock_edge *edge,
		     struct lock_cycle *cycle);
