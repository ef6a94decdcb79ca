/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_end.c: what was found, and the way that led there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_mirror.h"
#include "sim/explore_symmetry.h"

static bool is_same_broken(const struct broken *a, const struct broken *b, bool by_step)
{
	return is_same_violation(&a->v, &b->v) &&
	       (!by_step || (a->step == b->step && a->path == b->path));
}

static bool is_of_kind(const struct example *a, const struct example *b, bool by_step)
{
	return a->kind == b->kind && is_same_broken(&a->broken, &b->broken, by_step) &&
	       a->edge.held == b->edge.held && a->edge.taken == b->edge.taken;
}

/* Which of two is told: the shorter one; else whoever is chosen, it is always the same. */
static bool is_better(const struct search *search, const struct example *a,
		      const struct example *b)
{
	u64 x, y;

	if (a->depth != b->depth)
		return a->depth < b->depth;
	if (a->alone != b->alone)
		return a->alone < b->alone;
	x = explore_set_fingerprint(search->set, a->node);
	y = explore_set_fingerprint(search->set, b->node);
	if (x != y)
		return x < y;
	return a->thread != b->thread ? a->thread < b->thread : a->world < b->world;
}

static u8 *copy_of(const u8 *ways)
{
	u8 *copy = NULL;

	if (ways)
		memcpy(arraddnptr(copy, arrlenu(ways)), ways, arrlenu(ways));
	return copy;
}

static void replace(struct example *old, const struct example *new)
{
	arrfree(old->ways);
	*old = *new;
	old->ways = copy_of(new->ways);
}

void explore_forget_examples(struct example **all)
{
	for (size_t i = 0; i < arrlenu(*all); i++)
		arrfree((*all)[i].ways);
	arrfree(*all);
}

static void add_example(const struct search *search, struct example **all,
			const struct example *new)
{
	for (size_t i = 0; i < arrlenu(*all); i++) {
		u64 states = (*all)[i].states + new->states;

		if (!is_of_kind(&(*all)[i], new, search->bound.by_step))
			continue;
		if (is_better(search, new, &(*all)[i]))
			replace(&(*all)[i], new);
		(*all)[i].states = states;
		return;
	}
	arrput(*all, *new);
	(*all)[arrlenu(*all) - 1].ways = copy_of(new->ways);
}

/* What it is of is said; the rest is where the worker stands. */
static void keep(struct explore *x, struct example *example)
{
	example->states = 1;
	example->node = x->node;
	example->world = x->world;
	memcpy(example->as, x->as, sizeof(example->as));
	example->depth = x->search->depth + (example->thread != NO_THREAD);
	if (x->search->bound.bitstate && x->search->depth)	/* the last one first */
		for (u32 i = x->search->depth; i--; )
			arrput(example->ways, x->ways[i]);
	add_example(x->search, &x->examples, example);
	arrfree(example->ways);
}

void explore_keep(struct explore *x, enum finding_kind kind, unsigned thread)
{
	struct example example = { .kind = kind, .thread = thread };

	keep(x, &example);
}

void explore_keep_broken(struct explore *x, const struct broken *broken, unsigned thread,
			 unsigned alone)
{
	struct example example = { .kind = FOUND_VIOLATION, .broken = *broken, .thread = thread,
				   .alone = alone };

	keep(x, &example);
}

void explore_keep_edge(struct explore *x, const struct lock_edge *edge, unsigned thread,
		       unsigned alone)
{
	struct example example = { .kind = FOUND_INVERSION, .edge = *edge, .thread = thread,
				   .alone = alone };

	for (size_t i = 0; i < arrlenu(x->examples); i++)
		if (is_of_kind(&x->examples[i], &example, false) &&
		    x->examples[i].depth <= x->search->depth)
			return;		/* a turn's is one deeper */
	keep(x, &example);
}

/* Ways to a node, the last one first. */
static u8 *ways_to(const struct search *search, u32 node)
{
	u8 *ways = NULL;
	struct way way = explore_set_way(search->set, node);

	for (; way.thread != NO_THREAD; way = explore_set_way(search->set, way.parent))
		arrput(ways, way.thread);
	return ways;
}

/*
 * The way is one of states that are kept for others. @is: who at the beginning has become each
 * thread by now.
 */
static void follow_kept(struct explore *x, unsigned thread, u8 **turns, u8 *is)
{
	const struct symmetry *s = x->search->symmetry;
	u8 to[WATCH_ACTORS], was[TRACE_MAX_THREADS];
	size_t from = arrlenu(*turns);

	explore_follow(x, thread, MOST_ALONE, turns);
	if (!s)
		return;
	for (size_t i = from; i < arrlenu(*turns); i++)
		(*turns)[i] = is[(*turns)[i]];
	explore_make_first(x, to);
	memcpy(was, is, sizeof(was));
	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		is[symmetry_thread(s, to, t)] = was[t];
}

/* Another beginning, so that at the end each is who it is in the finding. */
static void rename_turns(const struct explore *x, const struct example *e, u8 *turns, const u8 *is)
{
	u8 other[TRACE_MAX_THREADS];

	for (unsigned t = 0; t < x->trace->nr_threads; t++)
		other[is[t]] = symmetry_thread(x->search->symmetry, e->as, t);
	for (size_t i = 0; i < arrlenu(turns); i++)
		turns[i] = other[turns[i]];
}

/* In a twin they are others' turns. */
static void mirror_turns(const struct explore *x, u8 world, u8 *turns)
{
	while (x->world != world)
		x = x->twin;
	for (size_t i = 0; i < arrlenu(turns); i++)
		turns[i] = x->mirror[turns[i]];
}

u8 *explore_schedule(const struct search *search, const struct example *e, size_t *nr)
{
	struct explore *x = search->worker[0];
	u8 *ways = search->bound.bitstate ? copy_of(e->ways) : ways_to(search, e->node);
	u8 *turns = NULL, *schedule, is[TRACE_MAX_THREADS] = { 0, 1, 2, 3, 4 };
	size_t kept;

	explore_unpack(x, search->root, arrlenu(search->root));
	for (size_t i = arrlenu(ways); i--; )
		follow_kept(x, ways[i], &turns, is);
	kept = arrlenu(turns);
	if (e->thread != NO_THREAD)
		explore_follow(x, e->thread, e->alone, &turns);
	mirror_turns(x, e->world, turns);
	if (search->symmetry) {
		for (size_t i = kept; i < arrlenu(turns); i++)
			turns[i] = is[turns[i]];
		rename_turns(x, e, turns, is);
	}
	*nr = arrlenu(turns);
	schedule = malloc(*nr + 1);
	if (!schedule)
		abort();
	if (*nr)
		memcpy(schedule, turns, *nr);
	arrfree(ways);
	arrfree(turns);
	return schedule;
}

void explore_go(struct explore *x, const u8 *schedule, size_t nr)
{
	explore_unpack(x, x->search->root, arrlenu(x->search->root));
	for (size_t i = 0; i < nr; i++)
		if (explore_turn(x, schedule[i], NULL) != TURN_STEPPED)
			assert(!"a schedule cannot be run again");
}

/* ---- all workers ---- */

static int by_step(const struct broken *a, const struct broken *b)
{
	return a->path != b->path ? a->path - b->path :
				    strcmp(a->step ? a->step : "", b->step ? b->step : "");
}

/* In order of steps, then of law and party: no worker's order. */
static int by_length(const void *a, const void *b)
{
	const struct example *x = a, *y = b;
	int order = by_step(&x->broken, &y->broken);

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->broken.v.law != y->broken.v.law)
		return x->broken.v.law < y->broken.v.law ? -1 : 1;
	if (x->broken.v.blame != y->broken.v.blame)
		return x->broken.v.blame < y->broken.v.blame ? -1 : 1;
	if (order)
		return order;
	if (x->alone != y->alone)
		return x->alone - y->alone;
	return x->edge.held != y->edge.held ? x->edge.held - y->edge.held :
					      x->edge.taken - y->edge.taken;
}

bool explore_is_breadth_first(const struct search *search)
{
	return !search->futures && (!search->live || search->done);
}

static void merge_findings(struct search *search)
{
	struct example *all = NULL;

	for (unsigned w = 0; w < search->nr_worlds; w++)
		for (size_t i = 0; i < arrlenu(search->worker[w]->examples); i++)
			add_example(search, &all, &search->worker[w]->examples[i]);
	if (all)
		qsort(all, arrlenu(all), sizeof(*all), by_length);
	for (size_t i = 0; i < arrlenu(all); i++) {
		struct explore_finding f = { .kind = all[i].kind, .v = all[i].broken.v,
					     .step = all[i].broken.step,
					     .path = all[i].broken.path,
					     .states = all[i].states,
					     .is_shortest = explore_is_breadth_first(search) };

		if (f.kind == FOUND_INVERSION)
			continue;
		f.schedule = explore_schedule(search, &all[i], &f.nr_steps);
		arrput(search->result.findings, f);
	}
	explore_find_inversions(search, all);
	search->result.nr_findings = arrlenu(search->result.findings);
	explore_forget_examples(&all);
}

static void add_outcome(struct explore_outcome **all, const struct explore_outcome *new)
{
	for (size_t i = 0; i < arrlenu(*all); i++) {
		struct explore_outcome *old = &(*all)[i];

		if (old->event == new->event && !strcmp(old->word, new->word) &&
		    old->has_value == new->has_value && old->value == new->value) {
			old->ends += new->ends;
			return;
		}
	}
	arrput(*all, *new);
}

static int by_event(const void *a, const void *b)
{
	const struct explore_outcome *x = a, *y = b;
	int order = x->event == y->event ? strcmp(x->word, y->word) : 0;

	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	if (order)
		return order;
	return x->value < y->value ? -1 : x->value > y->value;
}

static void merge_outcomes(struct search *search)
{
	struct explored *r = &search->result;

	for (unsigned w = 0; w < search->nr_worlds; w++)
		for (size_t i = 0; i < arrlenu(search->worker[w]->outcomes); i++)
			add_outcome(&r->outcomes, &search->worker[w]->outcomes[i]);
	if (r->outcomes)
		qsort(r->outcomes, arrlenu(r->outcomes), sizeof(*r->outcomes), by_event);
}

static void tell_what_is_alike(const struct search *search, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	if (search->symmetry)
		symmetry_text(search->symmetry, search->trace, text, size);
	n = strlen(text);
	if (search->mirrors && n + 2 < size)
		mirrors_text(search->mirrors, search->trace, n ? strcpy(text + n, "; ") + 2 : text,
			     size - (n ? n + 2 : 0));
}

void explore_merge_numbers(struct search *search)
{
	struct explored *r = &search->result;

	r->transitions = r->ends = 0;
	for (unsigned w = 0; w < search->nr_worlds; w++) {
		const struct explore *x = search->worker[w];

		r->transitions += x->transitions;
		r->ends += x->ends;
		r->asked |= x->asked;
		if (x->why[0])
			snprintf(r->why, sizeof(r->why), "%s", x->why);
	}
	r->por = search->futures;
	r->liveness = search->live;
	tell_what_is_alike(search, r->alike, sizeof(r->alike));
	snprintf(r->unlike, sizeof(r->unlike), "%s", search->unlike);
	r->rounds = search->rounds;
	r->states = explore_set_states(search->set);
	r->bytes = explore_bytes(search);
	r->peak = search->peak;
	r->stop = search->stop;
	r->depth = search->depth - search->done;	/* the last one had no states */
}

void explore_merge(struct search *search)
{
	if (search->has_result)
		return;
	explore_merge_numbers(search);
	if (!search->done && !search->stop)
		return;
	search->has_result = true;
	merge_findings(search);
	merge_outcomes(search);
	explore_shorten(search);
}
