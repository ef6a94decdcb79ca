/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_live.h: what a task has left in its row, and nobody will read again.
 *
 * Of states that differ in that alone one is kept. What will be read is measured: by where a task
 * stands, what its turns read before they wrote it, and what all that follow did
 * (docs/decisions/0012, which has the proof). At first nothing is known to be read; whoever reads
 * what was not known to be shows that the round has to be done once more.
 */
#pragma once

#include "sim/explore_internal.h"

struct live;

struct live *live_new(void);
void live_free(struct live *live);

/* Where a task stands before its turn; .at 0: nowhere, no event of the thread runs. */
struct stand { u64 at; u8 begun; };
struct stand live_stand(const struct explore *x, unsigned thread);
/* Behind its turn: what that read and wrote of tasks' rows. */
void live_note(struct explore *x, unsigned thread, const struct stand *from);

/* Sums that are the same for all states that are kept as the one at hand. */
void live_sums(struct explore *x, struct watch_sums *sums);

/* NULL: nothing was read that was not known to be. Else what is known now. */
struct live *live_after(const struct search *search);
