/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_exchange.c: a state with threads exchanged, and a turn of each (explore_symmetry.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_live.h"
#include "sim/explore_reduce.h"
#include "sim/explore_symmetry.h"

/* ---- states ---- */

static u64 progress_of(const struct explore *x, unsigned thread)
{
	const struct trace_part *part = &x->trace->threads[thread];
	u64 sum = watch_mix(BIT(59), x->progress.begun[thread] << 1 | x->progress.runs[thread]);

	for (size_t i = 0; i < part->nr; i++)
		if (x->progress.came_to[part->first + i])
			sum += watch_mix(BIT(59) + 1 + i, x->progress.came_to[part->first + i]);
	return sum;
}

static struct image image_of(struct explore *x, const struct watch_sums *sums)
{
	const struct symmetry *s = x->search->symmetry;
	struct image image = { .shared = sums->of[0] };

	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		if (s->actor_of[t] == NOBODY)
			image.shared += watch_mix(BIT(58) + t, progress_of(x, t));
	for (unsigned i = 0; i < s->nr; i++)
		image.own[i] = watch_mix(sums->of[1 + i], progress_of(x, s->thread[i]));
	return image;
}

struct image explore_image(struct explore *x)
{
	struct watch_sums sums = watch_sums(x->watch);

	if (x->search->live)
		live_sums(x, &sums);
	return image_of(x, &sums);
}

u64 image_fingerprint(const struct symmetry *s, const struct image *image)
{
	u64 sum = image->shared;

	for (unsigned i = 0; i < s->nr; i++)
		sum += watch_mix(BIT(57) + s->group[i], image->own[i]);
	return sum;
}

void explore_exchange(struct explore *x, const u8 *to)
{
	const struct symmetry *s = x->search->symmetry;
	struct progress old = x->progress;
	u64 came_to[TRACE_MAX_THREAD_EVENTS][WATCH_ACTORS];
	size_t nr = 0;

	for (unsigned i = 0; i < s->nr; i++) {
		const struct trace_part *part = &x->trace->threads[s->thread[i]];

		nr = part->nr > nr ? part->nr : nr;
		for (size_t k = 0; k < part->nr; k++)
			came_to[k][i] = x->progress.came_to[part->first + k];
	}
	for (unsigned i = 0; i < s->nr; i++) {
		u8 thread = s->thread[i], then = s->thread[to[i]];
		const struct trace_part *part = &x->trace->threads[then];

		x->progress.begun[then] = old.begun[thread];
		x->progress.runs[then] = old.runs[thread];
		for (size_t k = 0; k < part->nr; k++)
			x->progress.came_to[part->first + k] = came_to[k][i];
	}
	watch_exchange(x->watch, to);
}

/* Within each group they are in order of what is theirs. Whoever has twins stays their image. */
void explore_make_first(struct explore *x, u8 *to)
{
	const struct symmetry *s = x->search->symmetry;
	u8 place[WATCH_ACTORS] = { 0 };
	struct image image;
	bool moves = false;

	if (x->twin) {
		if (to)
			memcpy(to, nobody_else, sizeof(place));
		return;
	}
	image = explore_image(x);
	for (unsigned i = 0; i < s->nr; i++) {
		unsigned before = 0, at = 0;

		for (unsigned k = 0; k < s->nr; k++)
			before += s->group[k] == s->group[i] &&
				  (image.own[k] < image.own[i] ||
				   (image.own[k] == image.own[i] && k < i));
		while (s->group[at] != s->group[i] || before--)
			at++;
		place[i] = at;
		moves |= at != i;
	}
	if (moves)
		explore_exchange(x, place);
	if (to)
		memcpy(to, place, sizeof(place));
}

unsigned explore_orbit(struct explore *x, u8 to[MOST_EXCHANGES + 1][WATCH_ACTORS])
{
	const struct symmetry *s = x->search->symmetry;
	u64 seen[MOST_EXCHANGES + 1];
	struct image image = explore_image(x);
	unsigned nr = 0;

	for (unsigned e = 0; e <= s->nr_exchanges; e++) {
		u8 way[WATCH_ACTORS];
		u64 sum = 0;
		bool is_new = true;

		for (unsigned i = 0; i < WATCH_ACTORS; i++)
			way[i] = e ? s->to[e - 1][i] : i;
		for (unsigned i = 0; i < s->nr; i++)
			sum += watch_mix(way[i], image.own[i]);
		for (unsigned k = 0; k < nr; k++)
			is_new &= seen[k] != sum;
		if (!is_new)
			continue;
		memcpy(to[nr], way, sizeof(way));
		seen[nr++] = sum;
	}
	return nr;
}

/* ---- turns ---- */

/* What a turn did, and what it left. */
struct deed {
	enum turn turn;
	const struct step *step;
	bool is_dead;
	unsigned nr_found;
	struct violation found[MAX_VIOLATIONS];
	unsigned nr_lock_edges;
	struct image image;
};

static struct deed deed_of(struct explore *x, enum turn turn)
{
	struct deed deed = { .turn = turn, .step = x->step, .is_dead = explore_is_dead(x),
			     .nr_found = x->nr_found, .nr_lock_edges = x->nr_lock_edges };
	struct watch_sums sums;

	for (unsigned i = 0; i < x->nr_found; i++)
		deed.found[i] = x->found[i];
	sums = watch_sums(x->watch);	/* of all that is there */
	deed.image = image_of(x, &sums);
	return deed;
}

/* NULL: they did the same, but for who is who. Else what is not. */
static const char *unlike(const struct symmetry *s, const u8 *to, const struct deed *a,
			  const struct deed *b)
{
	if (a->turn != b->turn || a->step != b->step || a->is_dead != b->is_dead)
		return "goes another way";
	if (a->nr_found != b->nr_found)
		return "breaks another law";
	for (unsigned i = 0; i < a->nr_found; i++)
		if (!is_same_violation(&a->found[i], &b->found[i]))
			return "breaks another law";
	if (a->nr_lock_edges != b->nr_lock_edges)
		return "takes other locks";
	for (unsigned i = 0; i < s->nr; i++)
		if (a->image.own[i] != b->image.own[to[i]])
			return "leaves another state";
	return a->image.shared == b->image.shared ? NULL : "leaves another state";
}

static void break_symmetry(struct explore *x, unsigned thread, unsigned other,
			   const struct step *step, const char *what)
{
	struct symmetry *s = x->search->symmetry;
	bool no = false;

	if (atomic_compare_exchange_strong(&s->is_broken, &no, true))
		snprintf(s->why, sizeof(s->why), "%.30s of %.30s %s than of %.30s",
			 step ? step->name : "a turn", x->trace->threads[thread].name, what,
			 x->trace->threads[other].name);
}

static size_t count_bits(const u64 *bits, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		n += __builtin_popcountll(bits[i]);
	return n;
}

u32 explore_exchanged_line(struct explore *x, const u8 *to, u32 line, unsigned *bit)
{
	size_t event = ((size_t)line - WATCH_WORLD_LINES) * 64 + *bit;

	if (line < WATCH_WORLD_LINES || line >= WATCH_WORLD_LINES + WATCH_OTHER_LINES)
		return watch_exchanged_line(x->watch, to, line, bit);
	event = symmetry_event(x->search->symmetry, x->trace, to, event);
	*bit = event % 64;
	return WATCH_WORLD_LINES + event / 64;
}

static void exchange_bits(struct explore *x, const u8 *to, const struct touched *t,
			   struct touched *other)
{
	touched_clear(other);
	other->is_lost = t->is_lost;
	for (size_t i = 0; i < arrlenu(t->line); i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			unsigned then = bit;
			u32 line;

			if (!((t->read[i] | t->write[i]) >> bit & 1))
				continue;
			line = explore_exchanged_line(x, to, t->line[i], &then);
			touched_add(other, line, (t->read[i] >> bit & 1) << then,
				    (t->write[i] >> bit & 1) << then);
		}
}

static bool is_within(const struct footprint *f, const struct touched *t)
{
	for (size_t i = 0; i < arrlenu(t->line); i++)
		if (t->read[i] & ~f->read[t->line[i]] || t->write[i] & ~f->write[t->line[i]])
			return false;
	return true;
}

static bool is_as_large(const struct footprint *f, const struct touched *t)
{
	size_t read = 0, write = 0;

	for (size_t i = 0; i < f->nr; i++) {
		read += __builtin_popcountll(f->read[f->lines[i]]);
		write += __builtin_popcountll(f->write[f->lines[i]]);
	}
	return read == count_bits(t->read, arrlenu(t->read)) &&
	       write == count_bits(t->write, arrlenu(t->write));
}

/* Of the other's turn: has it touched the same? If not, that goes to @more, as this thread's. */
static bool touches_the_same(struct explore *x, const u8 *to, const struct touched *touched,
			     struct touched *more)
{
	struct footprint f = watch_footprint(x->watch);
	struct touched mine = { 0 }, theirs = { 0 };
	u8 back[WATCH_ACTORS] = { 0 };
	bool same;

	exchange_bits(x, to, touched, &mine);
	same = !f.is_lost && !touched->is_lost && is_within(&f, &mine) && is_as_large(&f, &mine);
	if (!same) {
		for (unsigned i = 0; i < x->search->symmetry->nr; i++)
			back[to[i]] = i;
		touched_set(&theirs, &f);
		exchange_bits(x, back, &theirs, &mine);
		for (size_t i = 0; i < arrlenu(mine.line); i++)
			touched_add(more, mine.line[i], mine.read[i], mine.write[i]);
		more->is_lost |= f.is_lost;
	}
	touched_free(&mine);
	touched_free(&theirs);
	return same;
}

/* The turn as each of the others would take it. True: all touch the same. */
static bool look_at_others(struct explore *x, unsigned thread, const struct deed *deed,
			   const struct touched *touched, struct touched *more)
{
	const struct symmetry *s = x->search->symmetry;
	struct error error;
	bool same = true;

	for (unsigned e = 0; e < s->nr_exchanges && !s->is_broken; e++) {
		const u8 *to = s->to[e];
		u8 other = symmetry_thread(s, to, thread);
		struct deed theirs;
		const char *what;

		world_mark(x);
		explore_exchange(x, to);
		theirs = deed_of(x, explore_turn(x, other, &error));
		what = unlike(s, to, deed, &theirs);
		if (what)
			break_symmetry(x, thread, other, deed->step, what);
		same &= touches_the_same(x, to, touched, more);
		world_back(x);
	}
	return same;
}

enum turn explore_turn_of_group(struct explore *x, unsigned thread, struct error *error)
{
	enum turn turn = explore_turn(x, thread, error);
	struct touched touched = { 0 }, more = { 0 };
	const struct progress *before;
	struct footprint f;
	struct deed deed;
	u64 key;

	if (!x->search->symmetry || x->search->believes ||
	    (turn != TURN_STEPPED && turn != TURN_WAITS))
		return turn;
	f = watch_footprint(x->watch);
	before = &arrlast(x->marks).progress;
	key = watch_read_sum(x->watch) + watch_mix(thread, before->begun[thread] << 1 |
						   before->runs[thread]);
	for (size_t i = 0; i < arrlenu(x->trace->orders); i++)
		key += watch_mix(i, !x->progress.came_to[x->trace->orders[i].before]);
	if (!f.is_lost && hmgeti(x->symmetric, key) >= 0)
		return turn;
	touched_set(&touched, &f);
	deed = deed_of(x, turn);
	world_back(x);
	if (look_at_others(x, thread, &deed, &touched, &more))
		hmput(x->symmetric, key, true);
	world_mark(x);
	turn = explore_turn(x, thread, error);
	for (size_t i = 0; i < arrlenu(more.line); i++)
		watch_tell(x->watch, more.line[i], more.read[i], more.write[i]);
	if (more.is_lost)
		watch_lose(x->watch);
	touched_free(&touched);
	touched_free(&more);
	return turn;
}
