/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore_live.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_symmetry.h"

enum { ROW = sizeof(struct task), ROW_WORDS = ROW / sizeof(u64), SETS = (ROW + 63) / 64 };
static_assert(ROW % sizeof(u64) == 0, "a task's row is words");

struct locals { u64 of[SETS]; };	/* a bit for each byte of a row */

/* A turn that leads on: what all such wrote of it is not what was there. */
struct onward { u64 to; struct locals written; };

struct locals_at {
	struct locals read;		/* by turns that begin here, before they wrote it */
	struct locals live;		/* and by those that follow */
	struct onward *onward;		/* stb_ds */
};

struct index_of { u64 key; u32 value; };

struct live {
	struct index_of *index;		/* stb_ds: by struct stand's .at */
	struct locals_at *all;		/* stb_ds */
	struct locals shared;		/* of any row, somebody else has read or written it */
	u64 (*mask)[ROW_WORDS];		/* stb_ds: .live and .shared; none while it is noted */
	u64 least[ROW_WORDS];		/* the same, of where nobody has been */
};

struct live *live_new(void)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		abort();
	live->least[offsetof(struct task, vcpu) / sizeof(u64)] = ~(u64)0;	/* watch_actors.c */
	return live;
}

void live_free(struct live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < arrlenu(live->all); i++)
		arrfree(live->all[i].onward);
	arrfree(live->all);
	arrfree(live->mask);
	hmfree(live->index);
	free(live);
}

/* ---- sets of bytes ---- */

/* True: there was something new. */
static bool add(struct locals *a, const struct locals *more)
{
	u64 new = 0;

	for (unsigned i = 0; i < SETS; i++) {
		new |= more->of[i] & ~a->of[i];
		a->of[i] |= more->of[i];
	}
	return new;
}

static bool is_same(const struct locals *a, const struct locals *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- where a task stands ---- */

static const struct event *last_begun(const struct explore *x, unsigned thread)
{
	return &x->trace->events[x->trace->threads[thread].first + x->progress.begun[thread] - 1];
}

struct stand live_stand(const struct explore *x, unsigned thread)
{
	struct stand stand = { 0, x->progress.begun[thread] };
	const struct task *t;

	if (!x->progress.runs[thread])
		return stand;
	t = &x->vm->w.task[explore_row(x, thread)];
	stand.at = watch_mix(BIT(56), last_begun(x, thread)->id);
	for (unsigned i = 0; i < t->depth; i++)
		stand.at = watch_mix(stand.at, t->frame[i].path << 8 | t->frame[i].pc);
	stand.at += !stand.at;
	return stand;
}

static struct locals_at *locals_of(struct live *live, u64 at)
{
	ptrdiff_t i = hmgeti(live->index, at);

	if (i >= 0)
		return &live->all[live->index[i].value];
	hmput(live->index, at, arrlenu(live->all));
	arrput(live->all, ((struct locals_at){ .onward = NULL }));
	return &arrlast(live->all);
}

static const struct locals_at *find(const struct live *live, u64 at)
{
	struct index_of *index = live->index;
	ptrdiff_t i, unused;

	if (!index)
		return NULL;
	i = hmgeti_ts(index, at, unused);
	return i >= 0 ? &live->all[index[i].value] : NULL;
}

/* ---- what is noted ---- */

static void note_onward(struct locals_at *at, u64 to, const struct locals *written)
{
	for (size_t i = 0; i < arrlenu(at->onward); i++) {
		struct onward *onward = &at->onward[i];

		if (onward->to != to)
			continue;
		for (unsigned k = 0; k < SETS; k++)
			onward->written.of[k] &= written->of[k];
		return;
	}
	arrput(at->onward, ((struct onward){ to, *written }));
}

/* 64 bits, of bytes from @at on; what is beyond the row on either side is not its. */
static void put_bits(struct locals *set, s64 at, u64 bits)
{
	unsigned shift;

	if (at < 0) {
		bits >>= -at;
		at = 0;
	}
	if (ROW - at < 64)
		bits &= BIT(ROW - at) - 1;
	shift = at % 64;
	set->of[at / 64] |= bits << shift;
	if (shift && bits >> (64 - shift))
		set->of[at / 64 + 1] |= bits >> (64 - shift);
}

/* What a turn did with its own row. */
struct use { struct locals read, written; };

/* A line of the world, of which some is tasks' rows. */
static void note_line(struct live *live, struct use *use, unsigned own, u32 line,
		      const struct footprint *f)
{
	s64 at = (s64)line * 64 - (s64)offsetof(struct world, task);
	u64 read = f->first_read[line], written = f->write[line];

	for (s64 row = at < 0 ? 0 : at / ROW; row < MAX_TASKS && row * ROW < at + 64; row++) {
		if (row != own) {
			put_bits(&live->shared, at - row * ROW, read | written);
			continue;
		}
		put_bits(&use->read, at - row * ROW, read);
		put_bits(&use->written, at - row * ROW, written);
	}
}

void live_note(struct explore *x, unsigned thread, const struct stand *from)
{
	static const u32 first = offsetof(struct world, task) / 64;
	struct footprint f = watch_footprint(x->watch);
	bool has_row = from->at || x->progress.begun[thread] != from->begun;
	unsigned own = has_row ? explore_row(x, thread) : MAX_TASKS;
	struct use use = { .read = { { 0 } } };
	struct locals_at *at;

	for (size_t i = 0; i < f.nr; i++)
		if (f.lines[i] >= first && f.lines[i] < WATCH_WORLD_LINES)
			note_line(x->live, &use, own, f.lines[i], &f);
	if (!from->at)
		return;
	at = locals_of(x->live, from->at);
	add(&at->read, &use.read);
	note_onward(at, live_stand(x, thread).at, &use.written);
}

/* ---- what is kept ---- */

static const u64 *mask_at(const struct live *live, u64 at)
{
	const struct locals_at *locals = find(live, at);

	return locals ? live->mask[locals - live->all] : live->least;
}

void live_sums(struct explore *x, struct watch_sums *sums)
{
	const struct symmetry *s = x->search->symmetry;

	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		u64 at = live_stand(x, t).at;
		u8 actor = s ? s->actor_of[t] : NOBODY;

		if (!at)
			continue;
		watch_mask_row(x->watch, sums, explore_row(x, t), mask_at(x->search->live, at));
		if (actor == NOBODY)
			sums->of[0] += watch_mix(BIT(55) + t, at);
		else
			sums->of[1 + actor] += watch_mix(BIT(55) + TRACE_MAX_THREADS, at);
	}
}

/* ---- rounds ---- */

static void add_noted(struct live *live, const struct live *noted)
{
	add(&live->shared, &noted->shared);
	for (ptrdiff_t i = 0; i < hmlen(noted->index); i++) {
		const struct locals_at *from = &noted->all[noted->index[i].value];
		struct locals_at *at = locals_of(live, noted->index[i].key);

		add(&at->read, &from->read);
		add(&at->live, &from->read);
		for (size_t n = 0; n < arrlenu(from->onward); n++)
			note_onward(at, from->onward[n].to, &from->onward[n].written);
	}
}

/* True: what is read behind @onward and not written by it was not known to be. */
static bool add_onward(struct live *live, struct locals_at *at, const struct onward *onward)
{
	const struct locals_at *next = find(live, onward->to);
	struct locals behind;

	if (!next)
		return false;
	for (unsigned i = 0; i < SETS; i++)
		behind.of[i] = next->live.of[i] & ~onward->written.of[i];
	return add(&at->live, &behind);
}

static void close_over(struct live *live)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = arrlenu(live->all); i--; )
			for (size_t n = 0; n < arrlenu(live->all[i].onward); n++)
				changed |= add_onward(live, &live->all[i],
						      &live->all[i].onward[n]);
	}
}

static void add_mask(u64 *mask, const struct locals *set)
{
	for (size_t byte = 0; byte < ROW; byte++)
		if (set->of[byte / 64] >> byte % 64 & 1)
			mask[byte / 8] |= (u64)0xff << 8 * (byte % 8);
}

static void make_masks(struct live *live)
{
	add_mask(live->least, &live->shared);
	arrsetlen(live->mask, arrlenu(live->all));
	for (size_t i = 0; i < arrlenu(live->all); i++) {
		memcpy(live->mask[i], live->least, sizeof(live->least));
		add_mask(live->mask[i], &live->all[i].live);
	}
}

static bool is_known(const struct live *live, const struct live *after)
{
	static const struct locals none;

	for (ptrdiff_t i = 0; i < hmlen(after->index); i++) {
		const struct locals_at *at = find(live, after->index[i].key);

		if (!is_same(&after->all[after->index[i].value].live, at ? &at->live : &none))
			return false;
	}
	return is_same(&live->shared, &after->shared);
}

struct live *live_after(const struct search *search)
{
	struct live *after = live_new();

	add_noted(after, search->live);
	for (unsigned i = 0; i < search->nr_worlds; i++)
		add_noted(after, search->worker[i]->live);
	close_over(after);
	if (is_known(search->live, after)) {
		live_free(after);
		return NULL;
	}
	make_masks(after);
	return after;
}
