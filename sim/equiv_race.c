/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv_race.c: programs of two actors, in every order of their steps (explore.h).
 *
 * Of N events the last two are at once, the others before them; or the second actor does two, one
 * behind the other. What is compared is the set of ends, and what was found on the way: two kernels
 * take different steps to the same end.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "sim/equiv_internal.h"
#include "sim/explore.h"

/* Of an end whose host is gone nothing is left to see. */
enum { PLACE_NONE = EQUIV_MAX_EVENTS };
enum stuck { STUCK_DEADLOCK, STUCK_LIVELOCK, STUCK_DEAD, STUCK_BY_LOCKS };

/* What one semantics makes of a program. */
struct ends {
	struct facts seen;		/* in some end, each once */
	struct { u64 key; u8 value; } *known;	/* hashes of .seen */
	u64 ends;			/* of all of them: a sum of hashes, whatever their order */
	struct { u64 key; u8 value; } *end;	/* hashes of whole ends */
	bool usable, cut_off;
};

/* ---- a program as a trace ---- */

static size_t nr_before(const struct equiv_program *p)
{
	return p->tail ? p->nr - p->tail - 1 : p->nr;
}

static void add_event(struct trace *t, const struct stage *stage, const struct event *e)
{
	(void)stage;
	arrput(t->events, *e);
	arrlast(t->events).number = arrlenu(t->events);
}

struct trace equiv_trace_of(const struct stage *stage, const struct equiv_program *p)
{
	struct trace t = stage->trace;
	size_t first;

	t.events = NULL;
	for (size_t i = 0; i < stage->nr_setup; i++)
		add_event(&t, stage, &stage->trace.events[i]);
	for (size_t i = 0; i < p->nr; i++)
		add_event(&t, stage, &stage->trace.events[stage->nr_setup + p->event[i]]);
	t.join = arrlenu(t.events);
	t.nr_setup = stage->nr_setup + nr_before(p);
	if (!p->tail)
		return t;
	first = t.nr_setup;
	t.nr_threads = 2;
	t.threads[0] = (struct trace_part){ .name = "first", .first = first, .nr = 1 };
	t.threads[1] = (struct trace_part){ .name = "second", .first = first + 1, .nr = p->tail };
	return t;
}

void equiv_trace_free(struct trace *t)
{
	arrfree(t->events);
}

/* ---- ends ---- */

static u64 hash_of(const struct fact *f)
{
	return rewind_mix(rewind_mix(rewind_mix(1, f->kind), f->key), f->value);
}

static void see(struct ends *ends, const struct fact *f)
{
	u64 hash = hash_of(f);

	if (hmgeti(ends->known, hash) >= 0)
		return;
	hmput(ends->known, hash, 1);
	arrput(ends->seen.list, *f);
}

static void add_outcomes(struct explore *x, const struct equiv_program *p, size_t first,
			 struct facts *f)
{
	for (unsigned i = 0; i < p->nr; i++) {
		struct explore_outcome o = explore_came_to(x, first + i);

		if (!o.word)
			continue;
		fact_add_outcome(f, i, o.word);
		if (o.has_value)
			fact_add(f, FACT_READ, i, o.value);
	}
}

static void take_end(struct ends *ends, struct explore *x, const struct explore_end *end,
		     const struct stage *stage, const struct equiv_program *p)
{
	struct facts f = { NULL };
	u64 hash;

	if (end->is_dead)
		fact_add(&f, FACT_STUCK, STUCK_DEAD, 1);
	else
		add_outcomes(x, p, stage->nr_setup, &f);
	if (!end->is_dead)
		facts_of_state(end->vm, stage, &f);
	hash = facts_hash(&f);
	for (size_t i = 0; i < arrlenu(f.list); i++)
		see(ends, &f.list[i]);
	if (hmgeti(ends->end, hash) < 0) {
		hmput(ends->end, hash, 1);
		ends->ends += rewind_mix(hash, 1);
	}
	arrfree(f.list);
}

static enum stuck stuck_of(enum finding_kind kind)
{
	return kind == FOUND_DEADLOCK ? STUCK_DEADLOCK :
	       kind == FOUND_LIVELOCK ? STUCK_LIVELOCK : STUCK_BY_LOCKS;
}

static void take_findings(struct ends *ends, const struct explored *r)
{
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct explore_finding *f = &r->findings[i];
		struct fact fact = { FACT_STUCK, stuck_of(f->kind), 1, NULL };

		if (f->kind == FOUND_VIOLATION)
			fact = (struct fact){ FACT_LAW, fact_of_law(PLACE_NONE, f->v.law), 1,
					       NULL };
		see(ends, &fact);
	}
}

static int compare_facts(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static void run(struct equiv *equiv, const struct semantics_patch *patch,
		const struct trace *trace, const struct equiv_program *p, struct ends *ends)
{
	static const struct explore_bound bound = { .states = MOST_RACE_STATES };
	struct error error = { .text = "" };
	struct explore *x = explore_new(trace, patch, &bound, &error);
	const struct explore_end *end;

	if (!x)
		return;
	while ((end = explore_next_end(x, &error)))
		take_end(ends, x, end, &equiv->stage, p);
	ends->usable = !error.text[0] && !explore_result(x)->stop;
	ends->cut_off = explore_result(x)->stop == STOP_STATES;
	equiv->result.states += explore_result(x)->states;
	take_findings(ends, explore_result(x));
	if (ends->seen.list)
		qsort(ends->seen.list, arrlenu(ends->seen.list), sizeof(struct fact),
		      compare_facts);
	explore_free(x);
}

static void ends_free(struct ends *ends)
{
	arrfree(ends->seen.list);
	hmfree(ends->known);
	hmfree(ends->end);
}

/* ---- comparing ---- */

/* A fact of @ends about the same thing, which @other has not got; or any. */
static const struct fact *counterpart(const struct ends *ends, const struct ends *other,
				      const struct fact *f)
{
	const struct fact *any = NULL;

	for (size_t i = 0; i < arrlenu(ends->seen.list); i++) {
		const struct fact *g = &ends->seen.list[i];

		if (g->kind != f->kind || g->key != f->key)
			continue;
		if (hmgeti(((struct ends *)other)->known, hash_of(g)) < 0)
			return g;
		if (!any)
			any = g;
	}
	return any;
}

/* What is in some end of @b, and in none of @a. @back: @a is the neighbour behind @b. */
static bool compare_ways(struct equiv *equiv, size_t pair, const struct equiv_program *p,
			 const struct ends *a, const struct ends *b, bool back)
{
	bool differs = false;

	for (size_t i = 0; i < arrlenu(b->seen.list); i++) {
		const struct fact *f = &b->seen.list[i], *g;
		struct unlike unlike;

		if (hmgeti(((struct ends *)a)->known, hash_of(f)) >= 0)
			continue;
		differs = true;
		g = counterpart(a, b, f);
		fact_unlike(back ? f : g, back ? g : f, &equiv->stage, p, &unlike);
		if (unlike.kind)
			equiv_note(equiv, pair, p, &unlike);
	}
	return differs;
}

static void compare(struct equiv *equiv, size_t pair, const struct equiv_program *p,
		    const struct ends *a, const struct ends *b)
{
	bool differs;

	if (!a->usable || !b->usable)
		return;
	equiv->result.pairs[pair].programs++;
	differs = compare_ways(equiv, pair, p, a, b, false);
	differs |= compare_ways(equiv, pair, p, b, a, true);
	if (!differs && a->ends != b->ends) {
		static const struct unlike unlike = {
			.kind = 1, .rank = NR_FACT_KINDS,
			.text = "what each of them does, but not together" };

		differs = true;
		equiv_note(equiv, pair, p, &unlike);
	}
	equiv->result.pairs[pair].differing += differs;
}

void equiv_race(struct equiv *equiv, const struct equiv_program *p)
{
	struct trace trace = equiv_trace_of(&equiv->stage, p);
	struct ends ends[EQUIV_MAX_SEMANTICS] = { 0 };
	bool cut_off = false, unmodelled = false;

	for (size_t i = 0; i < equiv->n; i++)
		run(equiv, equiv->list[i], &trace, p, &ends[i]);
	for (size_t i = 0; i + 1 < equiv->n; i++)
		compare(equiv, i, p, &ends[i], &ends[i + 1]);
	for (size_t i = 0; i < equiv->n; i++) {
		cut_off |= ends[i].cut_off;
		unmodelled |= !ends[i].usable && !ends[i].cut_off;
		ends_free(&ends[i]);
	}
	equiv_trace_free(&trace);
	equiv->result.programs++;
	equiv->result.cut_off += cut_off;
	equiv->result.unmodelled += unmodelled;
}

/* ---- which programs ---- */

static bool may_race(const struct stage *s, unsigned event, enum race_side side)
{
	return s->races[event] & side;
}

/* @p has the events before; the two that meet come behind them. */
static void list_pairs(struct equiv *equiv, struct equiv_program p)
{
	const struct stage *s = &equiv->stage;

	p.tail = 1;
	p.nr += 2;
	for (unsigned a = 0; a < s->nr_events; a++)
		for (unsigned b = 0; may_race(s, a, RACE_FIRST) && b < s->nr_events; b++) {
			if (!may_race(s, b, RACE_SECOND))
				continue;
			p.event[p.nr - 2] = a;
			p.event[p.nr - 1] = b;
			arrput(equiv->races, p);
		}
}

/* The second actor does one more. */
static void list_longer(struct equiv *equiv, size_t first, size_t last)
{
	const struct stage *s = &equiv->stage;

	for (size_t i = first; i < last; i++)
		for (unsigned c = 0; c < s->nr_events; c++) {
			struct equiv_program p = equiv->races[i];

			if (!may_race(s, c, RACE_SECOND) || c == p.event[p.nr - 1])
				continue;
			p.tail = 2;
			p.event[p.nr++] = c;
			arrput(equiv->races, p);
		}
}

static void reverse(struct equiv_program *list)
{
	for (size_t i = 0, j = arrlenu(list); i + 1 < j; i++) {
		struct equiv_program p = list[i];

		list[i] = list[--j];
		list[j] = p;
	}
}

void equiv_list_races(struct equiv *equiv, size_t stage)
{
	struct equiv_program p = { .stage = stage };
	const struct stage *s = &equiv->stage;
	size_t pairs;

	if (!s->raced || equiv->bound.actors < 2 || equiv->bound.events < 2)
		return;
	list_pairs(equiv, p);
	pairs = arrlenu(equiv->races);
	if (equiv->bound.events > 2) {
		list_longer(equiv, 0, pairs);
		p.nr = 1;
		for (unsigned event = 0; event < s->nr_events; event++)
			if (may_race(s, event, RACE_FIRST)) {
				p.event[0] = event;
				list_pairs(equiv, p);
			}
	}
	reverse(equiv->races);
}
