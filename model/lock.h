/* SPDX-License-Identifier: GPL-2.0-only */
/* lock.h: a reader-writer lock that a step takes at once or not at all. */
#pragma once

#include "model/base.h"

struct machine;

struct lock {
	u8 readers;		/* tasks, a bit each */
	u8 writer;		/* task index + 1; 0: nobody */
};

/*
 * By the task whose step runs, which waits if it is refused one. What it takes and what it is
 * refused is told (machine.h: taken, refused).
 */
bool lock_try_read(struct machine *m, struct lock *lock);
void lock_release_read(struct machine *m, struct lock *lock);
bool lock_try_write(struct machine *m, struct lock *lock);
void lock_release_write(struct machine *m, struct lock *lock);
/* Taken and given back within the step. */
bool lock_pass_read(struct machine *m, const struct lock *lock);
bool lock_pass_write(struct machine *m, const struct lock *lock);
/* From a writer's to a reader's. */
void lock_downgrade(struct machine *m, struct lock *lock);

/* Inline: whoever is no step and asks leaves no footprint (sim/watch.h). */
static inline bool lock_is_held(const struct lock *lock, u8 task)
{
	return lock->writer == task + 1 || lock->readers >> task & 1;
}
