/* SPDX-License-Identifier: GPL-2.0-only */
/* actors_internal.h: what a search (actors.c) knows of one step (actors_move.c). */
#pragma once

#include "sim/actors.h"

enum move {
	MOVE_TAKEN,
	MOVE_WRONG,		/* it shows something else, or ends too early */
	MOVE_EARLY,		/* others were recorded to show something before */
	MOVE_BLOCKED,		/* it waits for a lock */
	MOVE_NONE,		/* nothing left to do */
};

/* One step of it, or the start of its next event; not MOVE_TAKEN: the caller takes it back. */
enum move actor_step(struct search *search, struct actor *actor, bool out_of_order);
/* What it was recorded to show next, or NULL; and its line in the trace, or UINT32_MAX. */
const struct item *actor_next(const struct actor *actor);
unsigned actor_line(const struct actor *actor);
/* What was shown last is taken back: its frames are what they were. */
void actor_unbind(struct search *search, const struct shown *shown);
