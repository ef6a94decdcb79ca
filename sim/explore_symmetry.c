/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore_symmetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_rmap.h"

const u8 nobody_else[WATCH_ACTORS] = { 0, 1, 2, 3, 4 };

/* ---- programs ---- */

static const struct event *event_of(const struct trace *trace, unsigned thread, size_t i)
{
	return &trace->events[trace->threads[thread].first + i];
}

bool event_has(enum event_id id, size_t offset)
{
	for (size_t k = 0; k < nr_event_kinds; k++)
		for (size_t a = 0; event_kinds[k].id == id && a < MAX_ARGS; a++)
			if (event_kinds[k].args[a].key && event_kinds[k].args[a].offset == offset)
				return true;
	return false;
}

bool event_names_vcpu(enum event_id id)
{
	return event_has(id, offsetof(struct event, vcpu));
}

/* A word without what says where it stands, whose vCPU it is, and what it is called. */
static struct event program(const struct event *e)
{
	struct event p = *e;

	p.number = p.line = p.column = 0;
	p.file = p.label = NULL;
	p.vcpu = 0;
	return p;
}

static bool is_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Texts are compared, not where they are. */
static bool is_same_event(const struct event *a, const struct event *b)
{
	struct event x = program(a), y = program(b);

	if (!is_text(a->until, b->until) || !is_text(a->op, b->op) || !is_text(a->name, b->name))
		return false;
	x.until = y.until = x.op = y.op = x.name = y.name = NULL;
	return !memcmp(&x, &y, sizeof(x));
}

static bool is_same_program(const struct trace *trace, unsigned a, unsigned b)
{
	if (trace->threads[a].nr != trace->threads[b].nr)
		return false;
	for (size_t i = 0; i < trace->threads[a].nr; i++)
		if (!is_same_event(event_of(trace, a, i), event_of(trace, b, i)))
			return false;
	return true;
}

/* All its events are one vCPU's, or none is. */
static bool find_vcpu(const struct trace *trace, unsigned thread, struct watch_actor *actor)
{
	const struct trace_part *part = &trace->threads[thread];

	*actor = (struct watch_actor){ .task = thread };
	for (size_t i = 0; i < part->nr; i++) {
		const struct event *e = event_of(trace, thread, i);

		if (event_is_of_daemon(e->id))
			return false;
		if (i && (actor->has_vcpu != event_names_vcpu(e->id) ||
			  (actor->has_vcpu && actor->vcpu != e->vcpu)))
			return false;
		actor->has_vcpu = event_names_vcpu(e->id);
		actor->vcpu = actor->has_vcpu ? e->vcpu : 0;
	}
	return part->nr;
}

/* "after": one of two would be told apart. */
static bool is_ordered(const struct trace *trace, unsigned thread)
{
	const struct trace_part *part = &trace->threads[thread];

	for (size_t i = 0; i < arrlenu(trace->orders); i++)
		if (trace->orders[i].before - part->first < part->nr ||
		    trace->orders[i].after - part->first < part->nr)
			return true;
	return false;
}

/* ---- where the threads begin ---- */

static bool has_list(const struct explore *x, unsigned task)
{
	struct phys *phys = x->vm->m.phys;
	u8 old = x->vm->m.task;
	bool found = false;

	x->vm->m.task = task;
	for (unsigned list = 0; list < NR_LISTS; list++)
		found |= phys->next(phys, list_page(&x->vm->m, list, 0), 0) < WORDS_PER_PAGE;
	x->vm->m.task = old;
	return found;
}

/* "", or what tells them apart. */
static const char *difference(const struct explore *x, const struct watch_actor *a,
			      const struct watch_actor *b)
{
	const struct world *w = &x->vm->w;

	if (memcmp(&w->task[a->task], &w->task[b->task], sizeof(w->task[0])) ||
	    has_list(x, a->task) || has_list(x, b->task))
		return "tasks are not equal when they begin";
	if (a->has_vcpu && memcmp(&w->vcpu[a->vcpu], &w->vcpu[b->vcpu], sizeof(w->vcpu[0])))
		return "vCPUs are not equal when they begin";
	return "";
}

/* The group of an earlier thread that does the same; or a new one. */
static unsigned find_group(const struct explore *x, const struct symmetry *s, unsigned thread,
			   const struct watch_actor *actor, char *why, size_t size)
{
	const struct trace *trace = x->trace;

	for (unsigned i = 0; i < s->nr; i++) {
		const struct watch_actor *other = &s->actor[i];
		const char *no;

		if (!is_same_program(trace, thread, s->thread[i]) ||
		    other->has_vcpu != actor->has_vcpu ||
		    (other->has_vcpu && other->vcpu == actor->vcpu))
			continue;
		no = difference(x, other, actor);
		if (!*no)
			return s->group[i];
		snprintf(why, size, "%s, %s: %s", trace->threads[s->thread[i]].name,
			 trace->threads[thread].name, no);
	}
	return s->nr;
}

static void drop(struct symmetry *s, unsigned actor)
{
	s->nr--;
	for (unsigned i = actor; i < s->nr; i++) {
		s->actor[i] = s->actor[i + 1];
		s->thread[i] = s->thread[i + 1];
		s->group[i] = s->group[i + 1];
	}
}

static unsigned size_of_group(const struct symmetry *s, unsigned actor)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < s->nr; i++)
		nr += s->group[i] == s->group[actor];
	return nr;
}

static bool is_exchange(const struct symmetry *s, const u8 *to)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < s->nr; i++) {
		if (s->group[i] != s->group[to[i]] || seen >> to[i] & 1)
			return false;
		seen |= 1u << to[i];
	}
	return true;
}

/* All but the one that changes nothing; false: there are more than MOST_EXCHANGES. */
static bool list_exchanges(struct symmetry *s)
{
	unsigned all = 1;

	for (unsigned i = 0; i < s->nr; i++)
		all *= s->nr;
	s->nr_exchanges = 0;
	for (unsigned code = 0; code < all; code++) {
		u8 to[WATCH_ACTORS] = { 0 };
		bool moves = false;

		for (unsigned i = 0, rest = code; i < s->nr; i++, rest /= s->nr) {
			to[i] = rest % s->nr;
			moves |= to[i] != i;
		}
		if (!moves || !is_exchange(s, to))
			continue;
		if (s->nr_exchanges == MOST_EXCHANGES)
			return false;
		memcpy(s->to[s->nr_exchanges++], to, sizeof(to));
	}
	return true;
}

static void drop_single(struct symmetry *s)
{
	for (unsigned i = s->nr; i--; )
		if (size_of_group(s, i) == 1)
			drop(s, i);
}

struct symmetry *symmetry_new(struct explore *x, char *why, size_t size)
{
	struct symmetry *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	static_assert((int)TRACE_MAX_THREADS <= (int)WATCH_ACTORS, "each thread may be an actor");
	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		struct watch_actor actor;

		if (!find_vcpu(x->trace, t, &actor) || is_ordered(x->trace, t))
			continue;
		s->group[s->nr] = find_group(x, s, t, &actor, why, size);
		s->thread[s->nr] = t;
		s->actor[s->nr++] = actor;
	}
	drop_single(s);
	while (!list_exchanges(s)) {
		drop(s, s->nr - 1);
		drop_single(s);
	}
	if (!s->nr_exchanges) {
		free(s);
		return NULL;
	}
	memset(s->actor_of, NOBODY, sizeof(s->actor_of));
	for (unsigned i = 0; i < s->nr; i++)
		s->actor_of[s->thread[i]] = i;
	return s;
}

void symmetry_use(struct explore *x, const struct symmetry *s)
{
	watch_actors(x->watch, s ? s->actor : NULL, s ? s->nr : 0);
}

void symmetry_text(const struct symmetry *s, const struct trace *trace, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < s->nr; i++)
		for (unsigned k = i; k < s->nr; k++) {
			bool first = k == i, later = false;

			for (unsigned before = 0; before < i; before++)
				later |= s->group[before] == s->group[i];
			if (later || s->group[k] != s->group[i] || n >= size)
				continue;
			n += snprintf(text + n, size - n, "%s%s", !n ? "" : first ? "; " : ", ",
				      trace->threads[s->thread[k]].name);
		}
}

u8 symmetry_thread(const struct symmetry *s, const u8 *to, unsigned thread)
{
	u8 actor = s->actor_of[thread];

	return actor == NOBODY ? thread : s->thread[to[actor]];
}

size_t symmetry_event(const struct symmetry *s, const struct trace *trace, const u8 *to,
		      size_t event)
{
	for (unsigned i = 0; i < s->nr; i++) {
		size_t first = trace->threads[s->thread[i]].first;

		if (event - first < trace->threads[s->thread[i]].nr)
			return event - first + trace->threads[s->thread[to[i]]].first;
	}
	return event;
}
