/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * notify.h: a task's notifications; one may lie within another.
 *
 * Linux: include/linux/mmu_notifier.h:struct mmu_notifier_range, 5.12 to 7.2.
 */
#pragma once

#include "model/base.h"

/* One notification: struct mmu_notifier_range, and the walk it causes */
struct notify {
	hva_t start, end;
	u8 event;		/* enum notify_event */
	u8 flush;
	u8 open;		/* row of task.open */
	u8 young;		/* clear_flush_young(): its result */
	u8 walks;		/* clear_flush_young(): a memslot overlaps */
	u8 pad[3];
};

/*
 * Ghost: an invalidation between its start and its end. What other tasks' laws ask for is kept
 * beside the rest: but for .zapped's rise it changes under mmu_lock, where they ask.
 */
struct open_range {
	hva_t start, end;
	hva_t no_leaf_from, no_leaf_to;	/* the same while it is counted */
	u8 used;
	u8 told;		/* range_start has returned */
	u8 zapped;		/* .told, until the count is dropped */
	u8 raised;		/* the sequence has been raised */
	u8 ended;		/* the count has been dropped: later look-ups may install */
	u8 pad[3];
};
enum { MAX_OPEN = 2 };
