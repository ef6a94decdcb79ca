/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/lock.h"

#include "model/machine.h"

static_assert(MAX_TASKS <= 8, "a lock's readers are bits of a byte");

static bool take(struct machine *m, const struct lock *lock)
{
	assert(m->nr_taken < MAX_TAKEN);
	m->taken[m->nr_taken++] = lock;
	return true;
}

bool lock_try_read(struct machine *m, struct lock *lock)
{
	if (lock->writer)
		return false;
	lock->readers |= 1u << m->task;
	return take(m, lock);
}

void lock_release_read(struct machine *m, struct lock *lock)
{
	assert(lock->readers >> m->task & 1);
	lock->readers &= ~(1u << m->task);
}

bool lock_try_write(struct machine *m, struct lock *lock)
{
	if (lock->writer || lock->readers)
		return false;
	lock->writer = m->task + 1;
	return take(m, lock);
}

void lock_release_write(struct machine *m, struct lock *lock)
{
	assert(lock->writer == m->task + 1);
	lock->writer = 0;
}

bool lock_pass_read(struct machine *m, const struct lock *lock)
{
	return !lock->writer && take(m, lock);
}

bool lock_pass_write(struct machine *m, const struct lock *lock)
{
	return !lock->writer && !lock->readers && take(m, lock);
}

void lock_downgrade(struct machine *m, struct lock *lock)
{
	lock_release_write(m, lock);
	lock->readers = 1u << m->task;
}
