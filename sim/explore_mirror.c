// SPDX-License-Identifier: GPL-2.0-only
#include "sim/explore_mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_symmetry.h"

/* ---- which threads ---- */

/* Numbers that are exchanged: those of one kind from .from on have become those from .to on. */
enum moved { MOVED_HVA, MOVED_GPA, MOVED_OFFSET, MOVED_INDEX, MOVED_VCPU };
struct move { enum moved what; u64 of, from, to, nr; };	/* .of: which file, or object */

#define AT(field)	offsetof(struct event, field)
static const struct number { size_t at; enum moved what; size_t of; } numbers[] = {
	{ AT(hva), MOVED_HVA, AT(hva) },
	{ AT(other_hva), MOVED_HVA, AT(other_hva) },
	{ AT(gpa), MOVED_GPA, AT(gpa) },
	{ AT(offset), MOVED_OFFSET, AT(object) },
	{ AT(index), MOVED_INDEX, AT(object) },
	{ AT(other_index), MOVED_INDEX, AT(other) },
	{ AT(vcpu), MOVED_VCPU, AT(vcpu) },
};

enum { MOST_MOVES = 4 * TRACE_MAX_THREADS * 16 };
struct moves { unsigned nr; struct move all[MOST_MOVES]; };

static bool overlap(u64 a, u64 nr_a, u64 b, u64 nr_b)
{
	return a < b + nr_b && b < a + nr_a;
}

/* False: a number would become two, or two would become one. */
static bool fits(const struct move *a, const struct move *b)
{
	return a->what != b->what || a->of != b->of || a->to - a->from == b->to - b->from ||
	       (!overlap(a->from, a->nr, b->from, b->nr) && !overlap(a->to, a->nr, b->to, b->nr));
}

static bool add(struct moves *moves, struct move move)
{
	for (unsigned i = 0; i < moves->nr; i++)
		if (!fits(&moves->all[i], &move))
			return false;
	if (moves->nr == MOST_MOVES)
		return false;
	moves->all[moves->nr++] = move;
	return true;
}

static u64 *number_in(struct event *e, size_t at)
{
	return (u64 *)((char *)e + at);
}

static u64 number_of(const struct event *e, size_t at)
{
	return *(const u64 *)((const char *)e + at);
}

/* Bytes that an event is about, from where it begins. */
static u64 bytes_of(const struct event *e)
{
	u64 accesses = e->count ? (e->count - 1) * e->stride + 1 : 1;

	return e->size > accesses ? e->size : accesses;
}

/* The hva behind it, by the set-up's last memslot there; NO_PFN: none. */
static hva_t behind(const struct trace *trace, gpa_t gpa)
{
	for (size_t i = trace->nr_setup; i--; ) {
		const struct event *e = &trace->events[i];

		if (e->id == EVENT_MEMSLOT && gpa - e->gpa < e->size)
			return e->hva + (gpa - e->gpa);
	}
	return NO_PFN;
}

/* What is at a gpa goes with it. */
static bool add_behind(struct moves *moves, const struct trace *trace, const struct event *a,
		       const struct event *b)
{
	hva_t from = behind(trace, a->gpa), to = behind(trace, b->gpa);

	if (!event_has(a->id, AT(gpa)) || from == NO_PFN || to == NO_PFN)
		return true;
	return add(moves, (struct move){ MOVED_HVA, 0, from / PAGE_SIZE, to / PAGE_SIZE, 1 });
}

static bool add_number(struct moves *moves, const struct number *number, const struct event *a,
		       const struct event *b)
{
	u64 from = number_of(a, number->at), to = number_of(b, number->at);
	struct move move = { number->what, 0, from, to, 1 };

	if (!event_has(a->id, number->at) || (from == NO_PFN && to == NO_PFN))
		return true;
	if (number->what == MOVED_OFFSET || number->what == MOVED_INDEX)
		move.of = number_of(a, number->of);
	if (number->what != MOVED_INDEX && number->what != MOVED_VCPU) {
		if (from % PAGE_SIZE != to % PAGE_SIZE)
			return false;
		move.from = from / PAGE_SIZE;
		move.to = to / PAGE_SIZE;
		move.nr = (from + bytes_of(a) - 1) / PAGE_SIZE - move.from + 1;
	}
	return add(moves, move);
}

static bool is_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What is another number where the same is done elsewhere is 0. */
static struct event without_numbers(const struct event *e)
{
	struct event p = *e;

	p.number = p.line = p.column = 0;
	p.file = p.label = p.until = p.op = p.name = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*number_in(&p, numbers[i].at) = 0;
	return p;
}

static bool add_event(struct moves *moves, const struct trace *trace, const struct event *a,
		      const struct event *b)
{
	struct event x = without_numbers(a), y = without_numbers(b);

	if (memcmp(&x, &y, sizeof(x)) || !is_text(a->until, b->until) ||
	    !is_text(a->op, b->op) || !is_text(a->name, b->name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!add_number(moves, &numbers[i], a, b))
			return false;
	return add_behind(moves, trace, a, b);
}

/* Is each thread the other's program, if numbers are exchanged? *moves: which. */
static bool can_move(const struct trace *trace, const u8 *to, struct moves *moves)
{
	moves->nr = 0;
	for (unsigned t = 0; t < trace->nr_threads; t++) {
		const struct trace_part *a = &trace->threads[t], *b = &trace->threads[to[t]];

		if (a->nr != b->nr)
			return false;
		for (size_t i = 0; i < a->nr; i++)
			if (!add_event(moves, trace, &trace->events[a->first + i],
				       &trace->events[b->first + i]))
				return false;
	}
	return true;
}

/* Another vCPU at the same addresses is explore_symmetry.h's. */
static bool moves_memory(const struct moves *moves)
{
	for (unsigned i = 0; i < moves->nr; i++)
		if (moves->all[i].what != MOVED_VCPU && moves->all[i].from != moves->all[i].to)
			return true;
	return false;
}

/* Both are of the same threads in the same order. */
static bool moves_the_same(const struct moves *a, const struct moves *b)
{
	for (unsigned i = 0; i < a->nr; i++)
		if (a->all[i].what != MOVED_VCPU && a->all[i].to != b->all[i].to)
			return false;
	return true;
}

static bool is_involution(const u8 *to, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (to[to[i]] != i)
			return false;
	return true;
}

static bool is_new(const struct mirrors *mirrors, const struct moves *seen,
		   const struct moves *moves)
{
	for (unsigned i = 0; i < mirrors->nr; i++)
		if (moves_the_same(&seen[i], moves))
			return false;
	return true;
}

/* The next in order; false: it was the last one. */
static bool permute(u8 *to, unsigned nr)
{
	unsigned i = nr, k = nr;
	u8 old;

	while (--i && to[i - 1] > to[i])
		;
	if (!i)
		return false;
	while (to[--k] < to[i - 1])
		;
	old = to[i - 1];
	to[i - 1] = to[k];
	to[k] = old;
	for (k = nr - 1; i < k; i++, k--) {
		old = to[i];
		to[i] = to[k];
		to[k] = old;
	}
	return true;
}

/* All of them, or, where they are more than MOST_TWINS, one that is its own way back. */
static void find_mirrors(struct mirrors *mirrors, const struct trace *trace, struct moves *seen)
{
	u8 to[TRACE_MAX_THREADS], own_way_back[TRACE_MAX_THREADS];
	bool has_one = false;

	for (unsigned t = 0; t < trace->nr_threads; t++)
		to[t] = t;
	while (permute(to, trace->nr_threads)) {
		struct moves *moves = &seen[mirrors->nr];

		if (!can_move(trace, to, moves) || !moves_memory(moves) ||
		    !is_new(mirrors, seen, moves))
			continue;
		if (!has_one && is_involution(to, trace->nr_threads)) {
			memcpy(own_way_back, to, sizeof(to));
			has_one = true;
		}
		if (mirrors->nr == MOST_TWINS) {
			mirrors->nr = has_one;
			memcpy(mirrors->to[0], own_way_back, sizeof(to));
			return;
		}
		memcpy(mirrors->to[mirrors->nr++], to, sizeof(to));
	}
}

struct mirrors *mirrors_new(const struct trace *trace)
{
	struct mirrors *mirrors = calloc(1, sizeof(*mirrors));
	struct moves *seen = calloc(MOST_WORLDS, sizeof(*seen));

	if (!mirrors || !seen)
		abort();
	if (trace->nr_threads > 1 && !arrlenu(trace->orders))
		find_mirrors(mirrors, trace, seen);
	free(seen);
	if (mirrors->nr)
		return mirrors;
	free(mirrors);
	return NULL;
}

void mirrors_text(const struct mirrors *mirrors, const struct trace *trace, char *text, size_t size)
{
	const u8 *to = mirrors->to[0];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned t = 0; t < trace->nr_threads; t++)
		if (to[t] > t && n < size)
			n += snprintf(text + n, size - n, "%s%s = %s", n ? ", " : "by address: ",
				      trace->threads[t].name, trace->threads[to[t]].name);
}

/* ---- turns ---- */

static void break_mirrors(struct explore *x, unsigned thread, const struct explore *twin)
{
	struct mirrors *mirrors = x->search->mirrors;
	bool no = false;

	if (atomic_compare_exchange_strong(&mirrors->is_broken, &no, true))
		snprintf(mirrors->why, sizeof(mirrors->why),
			 "%.30s of %.30s goes another way than of %.30s, at other addresses",
			 x->step ? x->step->name : "a turn", x->trace->threads[thread].name,
			 x->trace->threads[twin->mirror[thread]].name);
}

bool explore_is_broken(const struct explore *x)
{
	const struct search *search = x->search;

	return (search->symmetry && search->symmetry->is_broken) ||
	       (search->mirrors && search->mirrors->is_broken);
}

/* Each world has a kernel of its own. */
static bool takes_the_same(const struct explore *x, const struct explore *twin)
{
	return !x->step == !twin->step && x->path == twin->path &&
	       (!x->step || x->step->name == twin->step->name) &&
	       explore_is_dead(x) == explore_is_dead(twin);
}

static enum turn in_worlds(struct explore *x, unsigned thread, struct error *error,
			   enum turn (*take)(struct explore *x, unsigned thread,
					     struct error *error))
{
	enum turn turn = take(x, thread, error);

	for (struct explore *twin = x->twin; twin; twin = twin->twin) {
		struct error unused;

		if (take(twin, twin->mirror[thread], &unused) != turn || !takes_the_same(x, twin))
			break_mirrors(x, thread, twin);
	}
	return turn;
}

enum turn explore_turn_of_worlds(struct explore *x, unsigned thread, struct error *error)
{
	return in_worlds(x, thread, error, explore_turn);
}

enum turn explore_turn_of_all(struct explore *x, unsigned thread, struct error *error)
{
	return in_worlds(x, thread, error, explore_turn_of_group);
}
