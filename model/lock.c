/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/lock.h"

#include "model/machine.h"

static_assert(MAX_TASKS <= 8, "a lock's readers are bits of a byte");

/* Whether it is granted; one or the other is told. */
static bool ask(struct machine *m, const struct lock *lock, bool is_free)
{
	if (!is_free) {
		m->refused = lock;
		return false;
	}
	assert(m->nr_taken < MAX_TAKEN);
	m->taken[m->nr_taken++] = lock;
	return true;
}

bool lock_try_read(struct machine *m, struct lock *lock)
{
	if (!ask(m, lock, !lock->writer))
		return false;
	lock->readers |= 1u << m->task;
	m->w->task[m->task].locks++;
	return true;
}

void lock_release_read(struct machine *m, struct lock *lock)
{
	assert(lock->readers >> m->task & 1);
	lock->readers &= ~(1u << m->task);
	m->w->task[m->task].locks--;
}

bool lock_try_write(struct machine *m, struct lock *lock)
{
	if (!ask(m, lock, !lock->writer && !lock->readers))
		return false;
	lock->writer = m->task + 1;
	m->w->task[m->task].locks++;
	return true;
}

void lock_release_write(struct machine *m, struct lock *lock)
{
	assert(lock->writer == m->task + 1);
	lock->writer = 0;
	m->w->task[m->task].locks--;
}

bool lock_pass_read(struct machine *m, const struct lock *lock)
{
	return ask(m, lock, !lock->writer);
}

bool lock_pass_write(struct machine *m, const struct lock *lock)
{
	return ask(m, lock, !lock->writer && !lock->readers);
}

void lock_downgrade(struct machine *m, struct lock *lock)
{
	assert(lock->writer == m->task + 1);
	lock->writer = 0;
	lock->readers = 1u << m->task;
}
