/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock_order.h: which locks are held while another is taken, by class, as lockdep has it.
 *
 * Linux: kernel/locking/lockdep.c. A reader counts as a writer does, as both wait behind a writer
 * who waits. SRCU is a class, too (since 6.4 lockdep's, as well): held by who reads memslots, taken
 * by who waits for its readers; who begins to read waits for nobody.
 * Left out: folio locks and PTE locks, which no step holds at its end or whose holder is not known;
 * a class within itself (fork() has two mmap_locks).
 */
#pragma once

#include "model/world.h"

enum lock_class {
	LOCK_SLOTS, LOCK_SRCU, LOCK_GPC, LOCK_MMAP, LOCK_INVALIDATE, LOCK_MMU, NR_LOCK_CLASSES,
};

extern const char *const lock_class_names[NR_LOCK_CLASSES];

/* While .held was held, .taken was: by whom, and where. */
struct lock_edge {
	u8 held, taken;			/* enum lock_class */
	u8 thread;
	u8 path;			/* enum path_id */
	const char *step;
};

/* Each lock of a cycle is taken while the one before is held. */
struct lock_cycle {
	unsigned nr;
	struct lock_edge edge[NR_LOCK_CLASSES];
};

/* Classes, a bit each: that @task holds; and of one lock. */
u8 locks_held(const struct world *w, unsigned task);
u8 lock_class_bit(const struct world *w, const struct lock *lock);
/* The shortest way from @edge->taken back to @edge->held by @edges, behind @edge; false: none. */
bool lock_cycle_find(const struct lock_edge *edges, size_t nr, const struct lock_edge *edge,
		     struct lock_cycle *cycle);
