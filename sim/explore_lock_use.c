/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_lock_use.c: what turns have to do with each other's use of locks.
 *
 * To take a lock is to read and write its two bytes, and so is to give it back: as any word two
 * such turns would meet. As what they are they do not: who gives a lock back held it, and whoever
 * took it before could do so besides; and several may read. So the two bytes of a lock in a
 * footprint are not what was read and written there, but what was done with it, so that two of
 * these meet (one writes what the other reads or writes) which do not go in both orders:
 *
 *                     .readers    .writer
 *   taken to read     read
 *   taken to write    written
 *   waited for        written			(and .writer written, where it is chosen)
 *   given back                    read
 *   looked at         written     written
 */
#include <stddef.h>

#include <stb/stb_ds.h>

#include "sim/explore_reduce.h"

static_assert(NR_LOCKS <= 32, "struct lock_set has a bit for each");

enum held { NOT_HELD, HELD_TO_READ, HELD_TO_WRITE };

const struct lock *lock_of(const struct world *w, unsigned i)
{
	if (i < 2)
		return i ? &w->kvm.slots_lock : &w->kvm.mmu_lock;
	i -= 2;
	if (i < MAX_GPCS)
		return &w->kvm.gpcs[i].refresh_lock;
	i -= MAX_GPCS;
	return i < MAX_MMS ? &w->mm[i].mmap_lock : &w->file[i - MAX_MMS].invalidate_lock;
}

bool is_of_lock(const struct world *w, u32 line, unsigned bit)
{
	size_t at = (size_t)line * 64 + bit;

	for (unsigned i = 0; i < NR_LOCKS; i++)
		if (at - ((const char *)lock_of(w, i) - (const char *)w) < sizeof(struct lock))
			return true;
	return false;
}

static enum held held_by(const struct lock *lock, unsigned row)
{
	return lock->writer == row + 1 ? HELD_TO_WRITE :
		lock->readers >> row & 1 ? HELD_TO_READ : NOT_HELD;
}

static enum held held_in(const struct lock_set *set, unsigned i)
{
	return set->write >> i & 1 ? HELD_TO_WRITE :
		set->read >> i & 1 ? HELD_TO_READ : NOT_HELD;
}

static void add_to(struct lock_set *set, unsigned i, enum held held)
{
	set->write |= (held == HELD_TO_WRITE) << i;
	set->read |= (held == HELD_TO_READ) << i;
}

struct lock_set explore_held(const struct explore *x, unsigned thread)
{
	struct lock_set set = { 0 };
	unsigned row;

	if (!x->progress.runs[thread])
		return set;
	row = explore_row(x, thread);
	for (unsigned i = 0; i < NR_LOCKS; i++)
		add_to(&set, i, held_by(lock_of(&x->vm->w, i), row));
	return set;
}

static bool was_taken(const struct machine *m, const struct lock *lock)
{
	for (unsigned i = 0; i < m->nr_taken; i++)
		if (m->taken[i] == lock)
			return true;
	return false;
}

/* ---- footprints ---- */

static bool was_touched(const struct explore *x, size_t at)
{
	struct footprint f = watch_footprint(x->watch);

	return (f.read[at / 64] | f.write[at / 64]) >> at % 64 & 1;
}

static void put(struct touched *t, size_t at, bool read, bool write)
{
	for (size_t i = 0; i < arrlenu(t->line); i++)
		if (t->line[i] == at / 64) {
			t->read[i] = (t->read[i] & ~BIT(at % 64)) | (u64)read << at % 64;
			t->write[i] = (t->write[i] & ~BIT(at % 64)) | (u64)write << at % 64;
			return;
		}
	if (read || write)
		touched_add(t, at / 64, (u64)read << at % 64, (u64)write << at % 64);
}

/* What a turn did with a lock. */
struct use { bool reads, writes, gives_back, looks; };

/*
 * It was touched. Who reads it and holds it to write looks at what nobody else can change; whoever
 * is refused it and does not wait has looked.
 */
static struct use use_of(const struct machine *m, const struct lock *lock, bool waits,
			 enum held before, enum held after)
{
	bool taken = was_taken(m, lock), wanted = waits && m->refused == lock;
	struct use use = {
		.reads = taken && after == HELD_TO_READ,
		.writes = (taken && after != HELD_TO_READ) || wanted,
		.gives_back = before > after,
	};

	use.looks = (!taken && !wanted && !use.gives_back && before != HELD_TO_WRITE) ||
		    (m->refused == lock && !wanted);
	return use;
}

static void tell(struct touched *t, size_t at, const struct use *use)
{
	put(t, at + offsetof(struct lock, readers), use->reads, use->writes || use->looks);
	put(t, at + offsetof(struct lock, writer), use->gives_back, use->looks);
}

static void tell_lock(struct explore *x, unsigned thread, bool waits, enum held before,
		      unsigned i, struct touched *t)
{
	static const struct use looks = { .looks = true };
	const struct lock *lock = lock_of(&x->vm->w, i);
	size_t at = (const char *)lock - (const char *)&x->vm->w;
	enum held after;
	struct use use;

	if (!was_touched(x, at) && !was_touched(x, at + 1))
		return;
	if (!x->step) {
		tell(t, at, &looks);
		return;
	}
	after = held_by(lock, explore_row(x, thread));
	use = use_of(&x->vm->m, lock, waits, before, after);
	tell(t, at, &use);
	if (waits && x->vm->m.refused == lock)
		t->waits_for = at + offsetof(struct lock, writer);
	else if (was_taken(&x->vm->m, lock))
		add_to(&t->takes, i, after == HELD_TO_WRITE ? HELD_TO_WRITE : HELD_TO_READ);
}

void explore_touched(struct explore *x, unsigned thread, enum turn turn,
		     const struct lock_set *held, struct touched *t)
{
	struct footprint f = watch_footprint(x->watch);

	touched_set(t, &f);
	if (turn == TURN_STEPPED)
		touched_weaken(t, spots_overwritten(x->spots));
	t->takes = (struct lock_set){ 0 };
	t->waits_for = 0;
	for (unsigned i = 0; i < NR_LOCKS; i++)
		tell_lock(x, thread, turn == TURN_WAITS, held_in(held, i), i, t);
}

void touched_waits(struct touched *t)
{
	if (t->waits_for)
		put(t, t->waits_for, false, true);
}

/* ---- sets ---- */

bool locks_exclude(const struct lock_set *a, const struct lock_set *b)
{
	return (a->write & (b->read | b->write)) | (a->read & b->write);
}

struct lock_set locks_in_both(const struct lock_set *a, const struct lock_set *b)
{
	u32 write = a->write & b->write;

	return (struct lock_set){ (a->read | a->write) & (b->read | b->write) & ~write, write };
}
