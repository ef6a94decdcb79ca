/* SPDX-License-Identifier: GPL-2.0-only */
/* lock.h: a reader-writer lock that a step takes at once or not at all. */
#pragma once

#include "model/base.h"

struct lock {
	u8 readers;		/* tasks, a bit each */
	u8 writer;		/* task index + 1; 0: nobody */
};

static inline bool lock_try_read(struct lock *lock, u8 task)
{
	if (lock->writer)
		return false;
	lock->readers |= 1u << task;
	return true;
}

static inline void lock_release_read(struct lock *lock, u8 task)
{
	assert(lock->readers >> task & 1);
	lock->readers &= ~(1u << task);
}

static inline bool lock_is_held(const struct lock *lock, u8 task)
{
	return lock->writer == task + 1 || (lock->readers >> task & 1);
}

static inline bool lock_try_write(struct lock *lock, u8 task)
{
	if (lock->writer || lock->readers)
		return false;
	lock->writer = task + 1;
	return true;
}

static inline void lock_downgrade(struct lock *lock, u8 task)
{
	assert(lock->writer == task + 1);
	lock->writer = 0;
	lock->readers = 1u << task;
}

static inline void lock_release_write(struct lock *lock, u8 task)
{
	assert(lock->writer == task + 1);
	lock->writer = 0;
}
