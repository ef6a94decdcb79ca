/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore_reduce.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_symmetry.h"
#include "sim/explore_values.h"

/* By line; as long as has been needed. */
struct bits { u64 *read, *write; bool is_lost; };	/* stb_ds */

struct spot {
	struct bits own;	/* of turns that begin here */
	struct bits future;	/* struct futures: and of all that follow */
	struct spot_name name;
	u64 *next;		/* stb_ds: the thread's spots, .at, that turns led to */
	struct lock_set takes;	/* each turn that led on took these */
	bool leads_on;
};

struct spot_at { u64 key; u32 value; };

/* A spot, while others hold those locks. */
struct cut { struct lock_set held; u64 spot; };
struct bits_at { struct cut key; struct bits value; };

struct futures {
	struct spot_at *at;	/* stb_ds */
	struct spot *all;
	struct lock_set takes[TRACE_MAX_THREADS];	/* all that its spots take */
	struct values overwritten;			/* what its turns found and changed */
};

struct spots {
	struct spot_at *at;	/* stb_ds */
	struct spot *all;
	struct bits_at *relied;	/* stb_ds: by what others' turns were chosen */
	struct bits_at *cut;	/* stb_ds: futures that were asked for, by their spots */
	struct values overwritten;
	struct values trusted;	/* that the thread does not change them: they were read */
	struct watch_overwritten *last;	/* stb_ds */
};

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
		arrfree(all[i].next);
	}
	arrfree(all);
	hmfree(at);
}

void futures_free(struct futures *futures)
{
	if (!futures)
		return;
	free_all(futures->at, futures->all);
	values_free(&futures->overwritten);
	free(futures);
}

static void free_bits_at(struct bits_at **all)
{
	for (ptrdiff_t i = 0; i < hmlen(*all); i++)
		bits_free(&(*all)[i].value);
	hmfree(*all);
}

void spots_forget_cut(struct spots *spots)
{
	free_bits_at(&spots->cut);
}

void spots_free(struct spots *spots)
{
	if (!spots)
		return;
	free_all(spots->at, spots->all);
	free_bits_at(&spots->relied);
	free_bits_at(&spots->cut);
	values_free(&spots->overwritten);
	values_free(&spots->trusted);
	arrfree(spots->last);
	free(spots);
}

/* ---- bits of lines ---- */

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

/* True: there was something new. */
static bool bits_add_turn(struct bits *bits, const struct touched *t)
{
	bool new = t->is_lost && !bits->is_lost;

	bits->is_lost |= t->is_lost;
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		u32 line = t->line[i];

		make_long(bits, line + 1);
		new |= (t->read[i] & ~bits->read[line]) || (t->write[i] & ~bits->write[line]);
		bits->read[line] |= t->read[i];
		bits->write[line] |= t->write[i];
	}
	return new;
}

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

static u64 key_of(struct spot_name name)
{
	return watch_mix(name.thread, name.at);
}

static struct spot *spot_in(struct spot_at **at, struct spot **all, struct spot_name name)
{
	u64 key = key_of(name);
	ptrdiff_t i = hmgeti(*at, key);

	if (i >= 0)
		return &(*all)[(*at)[i].value];
	hmput(*at, key, arrlenu(*all));
	arrput(*all, (struct spot){ .name = name });
	return &(*all)[arrlenu(*all) - 1];
}

/* True: it is new. */
static bool add_next(struct spot *spot, u64 next)
{
	for (size_t i = 0; i < arrlenu(spot->next); i++)
		if (spot->next[i] == next)
			return false;
	arrput(spot->next, next);
	return true;
}

/* True: it takes less than was known. */
static bool add_takes(struct spot *spot, const struct lock_set *takes)
{
	struct lock_set old = spot->takes;

	spot->takes = spot->leads_on ? locks_in_both(&old, takes) : *takes;
	if (spot->leads_on && old.read == spot->takes.read && old.write == spot->takes.write)
		return false;
	spot->leads_on = true;
	return true;
}

bool spot_note(struct spots *spots, struct spot_name from, u64 to, const struct touched *t,
	       enum turn turn)
{
	struct spot *spot = spot_in(&spots->at, &spots->all, from);
	bool new = bits_add_turn(&spot->own, t);

	if (turn == TURN_STEPPED)
		new |= add_takes(spot, &t->takes);
	if (from.at != to)
		new |= add_next(spot, to);
	return new;
}

static const struct spot *find(const struct futures *futures, struct spot_name name)
{
	struct spot_at *at = futures->at;
	ptrdiff_t i, unused;

	if (!at)
		return NULL;
	i = hmgeti_ts(at, key_of(name), unused);
	return i >= 0 ? &futures->all[at[i].value] : NULL;
}

/* ---- futures while others hold locks ---- */

/* Of those, what may be in the thread's way. */
static struct lock_set in_the_way(const struct futures *futures, unsigned thread,
				  const struct lock_set *held)
{
	const struct lock_set *takes = &futures->takes[thread];

	return (struct lock_set){ held->read & takes->write,
				  held->write & (takes->read | takes->write) };
}

/* All that is done from there on, but behind turns that had to take a lock that is held. */
static void add_until_held(const struct futures *futures, const struct spot *spot,
			   const struct lock_set *held, struct bits *sum)
{
	u8 *seen = allocate(arrlenu(futures->all));
	const struct spot **todo = NULL;

	arrput(todo, spot);
	seen[spot - futures->all] = true;
	while (arrlenu(todo)) {
		spot = arrpop(todo);
		bits_add(sum, &spot->own);
		if (spot->leads_on && locks_exclude(&spot->takes, held))
			continue;
		for (size_t n = 0; n < arrlenu(spot->next); n++) {
			const struct spot *next = find(futures, (struct spot_name){
				spot->next[n], spot->name.thread });

			if (!next || seen[next - futures->all])
				continue;
			seen[next - futures->all] = true;
			arrput(todo, next);
		}
	}
	arrfree(todo);
	free(seen);
}

static const struct bits *future_of(struct explore *x, const struct spot *spot,
				    const struct lock_set *held)
{
	const struct futures *futures = x->search->futures;
	struct bits_at new = { .key = { in_the_way(futures, spot->name.thread, held),
					spot - futures->all } };
	ptrdiff_t i;

	if (!new.key.held.read && !new.key.held.write)
		return &spot->future;
	i = hmgeti(x->spots->cut, new.key);
	if (i < 0) {
		add_until_held(futures, spot, &new.key.held, &new.value);
		hmputs(x->spots->cut, new);
		i = hmgeti(x->spots->cut, new.key);
	}
	return &x->spots->cut[i].value;
}

/* ---- what is read, and what it is ---- */

const struct watch_overwritten *spots_overwritten(const struct spots *spots)
{
	return spots->last;
}

bool spots_note_values(struct explore *x, unsigned thread)
{
	struct spots *spots = x->spots;
	bool new = false;

	watch_overwritten(x->watch, &spots->last);
	for (size_t i = 0; i < arrlenu(spots->last); i++)
		new |= values_add(&spots->overwritten, thread, spots->last[i].line,
				  spots->last[i].bit, spots->last[i].old);
	return new;
}

/* The value that is there, if the thread is not known to change it; else negative. */
static int stays(const struct explore *x, unsigned thread, u32 line, unsigned bit)
{
	int value = is_of_lock(&x->vm->w, line, bit) ? -1 : watch_value(x->watch, line, bit);

	if (value >= 0 && values_have(&x->search->futures->overwritten, thread, line, bit, value))
		return -1;
	return value;
}

/* Of what was read, and may be written, is there something that does not stay? */
static bool is_afraid(const struct explore *x, unsigned thread, u32 line, u64 bits)
{
	for (; bits; bits &= bits - 1)
		if (stays(x, thread, line, __builtin_ctzll(bits)) < 0)
			return true;
	return false;
}

bool future_meets(struct explore *x, struct spot_name name, const struct touched *t,
		  const struct lock_set *held)
{
	const struct spot *spot = find(x->search->futures, name);
	const struct bits *future;
	size_t n;

	if (!spot)
		return false;
	future = future_of(x, spot, held);
	if (future->is_lost)
		return true;
	n = arrlenu(future->read);
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		u32 line = t->line[i];

		if (line < n && (t->write[i] & (future->read[line] | future->write[line]) ||
				 is_afraid(x, name.thread, line, t->read[i] & future->write[line])))
			return true;
	}
	return false;
}

/* Of what a turn read that which the thread may write, but not what is there. */
static u64 trust(struct explore *x, unsigned thread, u32 line, u64 bits)
{
	for (u64 left = bits; left; left &= left - 1) {
		unsigned bit = __builtin_ctzll(left);
		int value = stays(x, thread, line, bit);

		assert(value >= 0);
		values_add(&x->spots->trusted, thread, line, bit, value);
	}
	return bits;
}

static void rely_on(struct explore *x, unsigned thread, const struct touched *t,
		    const struct bits *future, struct bits *relied)
{
	for (size_t i = 0; i < arrlenu(t->line); i++) {
		u32 line = t->line[i];
		u64 write = future && line < arrlenu(future->read) ? future->write[line] : 0;

		make_long(relied, line + 1);
		relied->write[line] |= t->write[i];
		relied->read[line] |= t->read[i] &
				      ~trust(x, thread, line, t->read[i] & write);
	}
}

void spot_rely(struct explore *x, struct spot_name name, const struct touched *t,
	       const struct lock_set *held)
{
	struct spots *spots = x->spots;
	const struct spot *known = find(x->search->futures, name);
	struct bits_at new = { .key = { in_the_way(x->search->futures, name.thread, held),
		spot_in(&spots->at, &spots->all, name) - spots->all } };
	ptrdiff_t i = hmgeti(spots->relied, new.key);

	if (i < 0) {
		hmputs(spots->relied, new);
		i = hmgeti(spots->relied, new.key);
	}
	rely_on(x, name.thread, t, known ? future_of(x, known, held) : NULL,
		&spots->relied[i].value);
}

/* ---- rounds ---- */

/* @own: what was done there, by whom @name says. */
static void add_spot(struct futures *futures, struct spot_name name, const struct bits *own,
		     const struct spot *from)
{
	struct spot *spot = spot_in(&futures->at, &futures->all, name);

	bits_add(&spot->own, own);
	bits_add(&spot->future, own);
	if (from->leads_on)
		add_takes(spot, &from->takes);
	for (size_t n = 0; n < arrlenu(from->next); n++)
		add_next(spot, from->next[n]);
}

static void add_seen(struct futures *futures, const struct spot *all)
{
	for (size_t i = 0; i < arrlenu(all); i++)
		add_spot(futures, all[i].name, &all[i].own, &all[i]);
}

/* What it would be after an exchange. */
static void exchange_bits(struct explore *x, const u8 *to, const struct bits *bits,
			  struct bits *other)
{
	other->is_lost = bits->is_lost;
	for (size_t line = 0; line < arrlenu(bits->read); line++)
		for (unsigned bit = 0; bit < 64; bit++) {
			unsigned then = bit;
			u32 at;

			if (!((bits->read[line] | bits->write[line]) >> bit))
				break;
			if (!((bits->read[line] | bits->write[line]) >> bit & 1))
				continue;
			at = explore_exchanged_line(x, to, line, &then);
			make_long(other, at + 1);
			other->read[at] |= (bits->read[line] >> bit & 1) << then;
			other->write[at] |= (bits->write[line] >> bit & 1) << then;
		}
}

/* As others would have seen it. */
static void add_exchanged(struct futures *futures, struct explore *x, const u8 *to,
			  const struct spot *all)
{
	const struct symmetry *s = x->search->symmetry;

	for (size_t i = 0; i < arrlenu(all); i++) {
		struct spot_name name = all[i].name;
		struct bits own = { .read = NULL };

		name.thread = symmetry_thread(s, to, name.thread);
		exchange_bits(x, to, &all[i].own, &own);
		add_spot(futures, name, &own, &all[i]);
		bits_free(&own);
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
				const struct spot *next = find(futures, (struct spot_name){
					futures->all[i].next[n], futures->all[i].name.thread });

				if (next)
					changed |= bits_add(&futures->all[i].future, &next->future);
			}
	}
}

/* As others would have changed it. */
static void add_values_exchanged(struct values *to, struct explore *x, const u8 *exchange,
				 const struct values *from)
{
	const struct symmetry *s = x->search->symmetry;

	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		for (u32 line = 0; line < arrlenu(from->line[t]); line++)
			for (unsigned bit = 0; from->line[t][line] && bit < 64; bit++) {
				const u64 *set = from->line[t][line]->of[bit];
				unsigned then = bit;
				u32 at;

				if (!set_has_any(set))
					continue;
				at = explore_exchanged_line(x, exchange, line, &then);
				values_add_set(to, symmetry_thread(s, exchange, t), at, then, set);
			}
}

static void note_takes(struct futures *futures)
{
	for (size_t i = 0; i < arrlenu(futures->all); i++) {
		struct lock_set *takes = &futures->takes[futures->all[i].name.thread];

		takes->read |= futures->all[i].takes.read;
		takes->write |= futures->all[i].takes.write;
	}
}

static bool was_right(const struct futures *futures, const struct spots *spots)
{
	bool right = true;

	for (ptrdiff_t i = 0; right && i < hmlen(spots->relied); i++) {
		const struct bits_at *relied = &spots->relied[i];
		const struct spot *spot = find(futures, spots->all[relied->key.spot].name);
		struct bits future = { .read = NULL };

		if (!spot)
			continue;
		add_until_held(futures, spot, &relied->key.held, &future);
		right = !future.is_lost && !bits_meet(&relied->value, &future);
		bits_free(&future);
	}
	return right;
}

struct futures *futures_after(const struct search *search)
{
	const struct symmetry *s = search->symmetry;
	struct futures *after = futures_new();

	add_seen(after, search->futures->all);
	values_add_all(&after->overwritten, &search->futures->overwritten);
	for (unsigned i = 0; i < search->nr_worlds; i++) {
		const struct spot *seen = search->worker[i]->spots->all;

		const struct values *values = &search->worker[i]->spots->overwritten;

		add_seen(after, seen);
		values_add_all(&after->overwritten, values);
		for (unsigned e = 0; s && e < s->nr_exchanges; e++) {
			add_exchanged(after, search->worker[0], s->to[e], seen);
			add_values_exchanged(&after->overwritten, search->worker[0], s->to[e],
					     values);
		}
	}
	close_over(after);
	note_takes(after);
	return after;
}

bool futures_bear_out(const struct futures *after, const struct search *search)
{
	for (unsigned i = 0; i < search->nr_worlds; i++)
		if (values_meet(&search->worker[i]->spots->trusted, &after->overwritten) ||
		    !was_right(after, search->worker[i]->spots))
			return false;
	return true;
}
