/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore_reduce.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

/* By line; as long as has been needed. */
struct bits { u64 *read, *write; bool is_lost; };	/* stb_ds */

struct spot {
	struct bits own;	/* of turns that begin here */
	struct bits future;	/* struct futures: and of all that follow */
	struct bits relied;	/* struct spots: by what others' turns were chosen */
	u64 *next;		/* stb_ds: spots that turns led to */
};

struct spot_at { u64 key; u32 value; };

struct futures { struct spot_at *at; struct spot *all; };	/* stb_ds */
struct spots { struct spot_at *at; struct spot *all; };

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

struct futures *futures_new(void)
{
	return allocate(sizeof(struct futures));
}

struct spots *spots_new(void)
{
	return allocate(sizeof(struct spots));
}

static void bits_free(struct bits *bits)
{
	arrfree(bits->read);
	arrfree(bits->write);
}

static void free_all(struct spot_at *at, struct spot *all)
{
	for (size_t i = 0; i < arrlenu(all); i++) {
		bits_free(&all[i].own);
		bits_free(&all[i].future);
		bits_free(&all[i].relied);
		arrfree(all[i].next);
	}
	arrfree(all);
	hmfree(at);
}

void futures_free(struct futures *futures)
{
	if (futures)
		free_all(futures->at, futures->all);
	free(futures);
}

void spots_free(struct spots *spots)
{
	if (spots)
		free_all(spots->at, spots->all);
	free(spots);
}

/* ---- a turn's lines ---- */

void touched_set(struct touched *t, const struct footprint *f)
{
	arrsetlen(t->line, f->nr);
	arrsetlen(t->read, f->nr);
	arrsetlen(t->write, f->nr);
	t->is_lost = f->is_lost;
	for (size_t i = 0; i < f->nr; i++) {
		t->line[i] = f->lines[i];
		t->read[i] = f->read[f->lines[i]];
		t->write[i] = f->write[f->lines[i]];
	}
}

void touched_free(struct touched *t)
{
	arrfree(t->line);
	arrfree(t->read);
	arrfree(t->write);
}

static void make_long(struct bits *bits, size_t lines)
{
	size_t old = arrlenu(bits->read);

	if (old >= lines)
		return;
	arrsetlen(bits->read, lines);
	arrsetlen(bits->write, lines);
	memset(bits->read + old, 0, (lines - old) * sizeof(u64));
	memset(bits->write + old, 0, (lines - old) * sizeof(u64));
}

static void bits_add_turn(struct bits *bits, const struct touched *t)
{
	bits->is_lost |= t->is_lost;
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		make_long(bits, t->line[i] + 1);
		bits->read[t->line[i]] |= t->read[i];
		bits->write[t->line[i]] |= t->write[i];
	}
}

/* True: there was something new. */
static bool bits_add(struct bits *bits, const struct bits *more)
{
	bool new = more->is_lost && !bits->is_lost;

	bits->is_lost |= more->is_lost;
	make_long(bits, arrlenu(more->read));
	for (size_t i = 0; i < arrlenu(more->read); i++) {
		new |= (more->read[i] & ~bits->read[i]) || (more->write[i] & ~bits->write[i]);
		bits->read[i] |= more->read[i];
		bits->write[i] |= more->write[i];
	}
	return new;
}

/* Either writes what the other reads or writes. */
static bool bits_meet(const struct bits *a, const struct bits *b)
{
	size_t n = arrlenu(a->read) < arrlenu(b->read) ? arrlenu(a->read) : arrlenu(b->read);

	for (size_t i = 0; i < n; i++)
		if ((a->write[i] & (b->read[i] | b->write[i])) | (a->read[i] & b->write[i]))
			return true;
	return false;
}

/* ---- spots ---- */

static struct spot *spot_in(struct spot_at **at, struct spot **all, u64 key)
{
	ptrdiff_t i = hmgeti(*at, key);

	if (i >= 0)
		return &(*all)[(*at)[i].value];
	hmput(*at, key, arrlenu(*all));
	arrput(*all, (struct spot){ .next = NULL });
	return &(*all)[arrlenu(*all) - 1];
}

static void add_next(struct spot *spot, u64 next)
{
	for (size_t i = 0; i < arrlenu(spot->next); i++)
		if (spot->next[i] == next)
			return;
	arrput(spot->next, next);
}

void spot_note(struct spots *spots, u64 from, u64 to, const struct touched *t)
{
	struct spot *spot = spot_in(&spots->at, &spots->all, from);

	bits_add_turn(&spot->own, t);
	if (from != to)
		add_next(spot, to);
}

void spot_rely(struct spots *spots, u64 key, const struct touched *t)
{
	bits_add_turn(&spot_in(&spots->at, &spots->all, key)->relied, t);
}

static const struct spot *find(const struct futures *futures, u64 key)
{
	struct spot_at *at = futures->at;
	ptrdiff_t i, unused;

	if (!at)
		return NULL;
	i = hmgeti_ts(at, key, unused);
	return i >= 0 ? &futures->all[at[i].value] : NULL;
}

bool future_meets(const struct futures *futures, u64 key, const struct touched *t)
{
	const struct spot *spot = find(futures, key);
	size_t n;

	if (!spot)
		return false;
	if (spot->future.is_lost)
		return true;
	n = arrlenu(spot->future.read);
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		u32 line = t->line[i];

		if (line < n && ((t->write[i] & (spot->future.read[line] |
						 spot->future.write[line])) |
				 (t->read[i] & spot->future.write[line])))
			return true;
	}
	return false;
}

/* ---- rounds ---- */

static void add_seen(struct futures *futures, const struct spot_at *at, const struct spot *all)
{
	for (size_t i = 0; i < hmlenu(at); i++) {
		const struct spot *seen = &all[at[i].value];
		struct spot *spot = spot_in(&futures->at, &futures->all, at[i].key);

		bits_add(&spot->own, &seen->own);
		bits_add(&spot->future, &seen->own);
		for (size_t n = 0; n < arrlenu(seen->next); n++)
			add_next(spot, seen->next[n]);
	}
}

/* What was found last leads to what there is least of: backwards it ends soon. */
static void close_over(struct futures *futures)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = arrlenu(futures->all); i--; )
			for (size_t n = 0; n < arrlenu(futures->all[i].next); n++) {
				const struct spot *next = find(futures, futures->all[i].next[n]);

				if (next)
					changed |= bits_add(&futures->all[i].future, &next->future);
			}
	}
}

static bool was_right(const struct futures *futures, const struct spots *spots)
{
	for (ptrdiff_t i = 0; i < hmlen(spots->at); i++) {
		const struct spot *seen = &spots->all[spots->at[i].value];
		const struct spot *spot = find(futures, spots->at[i].key);

		if (!arrlenu(seen->relied.read) || !spot)
			continue;
		if (spot->future.is_lost || bits_meet(&seen->relied, &spot->future))
			return false;
	}
	return true;
}

struct futures *futures_after(const struct futures *futures, struct spots *const *spots,
			      size_t nr)
{
	struct futures *after = futures_new();
	bool right = true;

	add_seen(after, futures->at, futures->all);
	for (size_t i = 0; i < nr; i++)
		add_seen(after, spots[i]->at, spots[i]->all);
	close_over(after);
	for (size_t i = 0; i < nr; i++)
		right &= was_right(after, spots[i]);
	if (!right)
		return after;
	futures_free(after);
	return NULL;
}
