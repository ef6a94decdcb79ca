/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv_single.c: programs of one actor, breadth first, under all semantics at once.
 *
 * A node is the tuple of the states that a program leads to, one for each semantics. What comes to
 * a tuple that a shorter program has come to can show nothing new, and is not gone on with.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/equiv_internal.h"

/* ---- one event, on one side ---- */

static bool run_setup(struct side *side, const struct stage *stage, struct error *error)
{
	for (size_t i = 0; i < stage->nr_setup; i++) {
		const struct event *e = &stage->trace.events[i];
		const char *why = event_beyond_model(side->vm, e);
		struct outcome o;

		if (why) {
			side->out = true;
			return true;
		}
		if (!event_run(side->vm, e, &o, error))
			return false;
	}
	return true;
}

static void forget_reports(struct vm *vm)
{
	for (size_t i = 0; i < vm->nr_violations; i++)
		free(vm->violations[i].history);
	vm->nr_violations = vm->nr_splats = vm->nr_notes = vm->nr_refs = 0;
}

/* Between events nobody is under way: what a task's row still says matters to nobody. */
static void tidy(struct vm *vm)
{
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (vm->w.task[i].state != TASK_RUNNING)
			vm->w.task[i] = (struct task){ .state = TASK_IDLE };
	vm->w.kvm.mmu_seq = 0;
	forget_reports(vm);
}

/* How often is nobody's business: most warnings are given once. */
static void add_once(struct facts *f, enum fact_kind kind, u64 key)
{
	for (size_t i = 0; i < arrlenu(f->list); i++)
		if (f->list[i].kind == kind && f->list[i].key == key)
			return;
	fact_add(f, kind, key, 1);
}

static void take_reports(struct vm *vm, unsigned place, const struct outcome *o, struct facts *f)
{
	fact_add_outcome(f, place, o->word);
	if (o->has_value)
		fact_add(f, FACT_READ, place, o->value);
	for (size_t i = 0; i < vm->nr_violations; i++)
		add_once(f, FACT_LAW, fact_of_law(place, vm->violations[i].v.law));
	for (size_t i = 0; i < vm->nr_splats; i++)
		add_once(f, FACT_SPLAT, fact_of_splat(place, vm->splats[i].splat));
}

enum ran { RAN, RAN_NOT, RAN_UNMODELLED };

/* @side is at the program's end but for its last event. */
static enum ran run_event(struct equiv *x, struct side *side, const struct equiv_program *p,
			  struct facts *f)
{
	const struct stage *stage = &x->stage;
	const struct event *e = &stage->trace.events[stage->nr_setup + p->event[p->nr - 1]];
	struct error error;
	struct outcome o;

	if (event_beyond_model(side->vm, e))
		return RAN_UNMODELLED;
	if (!event_run(side->vm, e, &o, &error) || o.blocked || o.paused)
		return RAN_NOT;
	take_reports(side->vm, p->nr - 1, &o, f);
	rewind_look(side->rewind);
	facts_of_state(side->vm, stage, f);
	rewind_go_on(side->rewind);
	side->out = side->vm->dead;
	return RAN;
}

/* ---- nodes ---- */

static void pack_side(struct equiv *x, struct side *side)
{
	size_t at;

	arrput(x->packed, 0);
	if (side->out)
		return;
	at = arrlenu(x->packed);
	tidy(side->vm);
	rewind_pack(side->rewind, &x->packed);
	x->packed[at - 1] = arrlenu(x->packed) - at;
}

static bool is_new(struct equiv *x)
{
	u64 hash = 0;

	for (size_t i = 0; i < arrlenu(x->packed); i++)
		hash = rewind_mix(hash, x->packed[i]);
	if (hmgeti(x->seen, hash) >= 0)
		return false;
	hmput(x->seen, hash, 1);
	return true;
}

static void restore(struct equiv *x, const struct node *node)
{
	size_t at = 0;

	for (size_t i = 0; i < x->n; i++) {
		struct side *side = &x->side[i];
		size_t n = node->words[at++];

		side->out = !n;
		if (n)
			rewind_unpack(side->rewind, node->words + at, n);
		forget_reports(side->vm);
		side->vm->dead = false;
		at += n;
	}
}

static void keep(struct equiv *x, const struct equiv_program *p, u32 differs)
{
	struct node node = { .program = *p, .differs = differs };

	x->result.states++;
	if (!is_new(x)) {
		x->result.repeated++;
		return;
	}
	arrsetlen(node.words, arrlenu(x->packed));
	memcpy(node.words, x->packed, arrlenu(x->packed) * sizeof(u64));
	arrput(x->next, node);
}

/* ---- the search ---- */

static bool anybody_left(const struct equiv *x)
{
	for (size_t i = 0; i + 1 < x->n; i++)
		if (!x->side[i].out && !x->side[i + 1].out)
			return true;
	return false;
}

/* The sides that could, before this event. Which pairs differ, by now. */
static u32 compare_pairs(struct equiv *x, const struct equiv_program *p, const bool *ran,
			 u32 before)
{
	u32 differs = before;

	for (size_t i = 0; i + 1 < x->n; i++) {
		struct equiv_pair *pair = &x->result.pairs[i];

		if (!ran[i] || !ran[i + 1])
			continue;
		pair->programs++;
		if (equiv_compare(x, i, p, before >> i & 1)) {
			pair->differing++;
			differs |= BIT(i);
		}
	}
	return differs;
}

static void try_event(struct equiv *x, const struct node *node, unsigned event)
{
	struct equiv_program p = node->program;
	bool ran[EQUIV_MAX_SEMANTICS] = { false };
	bool unmodelled = false;
	u32 differs;

	p.event[p.nr++] = event;
	restore(x, node);
	for (size_t i = 0; i < x->n; i++) {
		struct side *side = &x->side[i];

		arrsetlen(x->facts[i].list, 0);
		if (side->out)
			continue;
		switch (run_event(x, side, &p, &x->facts[i])) {
		case RAN:
			ran[i] = true;
			break;
		case RAN_UNMODELLED:
			unmodelled = true;
			side->out = true;
			break;
		case RAN_NOT:
			side->out = true;
			break;
		}
	}
	differs = compare_pairs(x, &p, ran, node->differs);
	x->result.programs++;
	x->result.unmodelled += unmodelled;
	if (p.nr == x->bound.events || !anybody_left(x))
		return;
	arrsetlen(x->packed, 0);
	for (size_t i = 0; i < x->n; i++)
		pack_side(x, &x->side[i]);
	keep(x, &p, differs);
}

/* Of pages that are alike the first is used first. */
static bool is_canonical(const struct stage *s, const struct equiv_program *p, unsigned event)
{
	bool used = s->pages_differ || !s->page[event];

	for (unsigned i = 0; i < p->nr; i++)
		used |= s->page[p->event[i]] == s->page[event];
	for (unsigned i = 0; i < p->nr && !used; i++)
		used = strchr(s->line[p->event[i]], ' ') != NULL;
	return used;
}

static void expand(struct equiv *x, const struct node *node)
{
	const struct stage *s = &x->stage;

	for (unsigned event = 0; event < s->nr_events; event++)
		if (is_canonical(s, &node->program, event))
			try_event(x, node, event);
}

static void free_nodes(struct node **nodes)
{
	for (size_t i = 0; i < arrlenu(*nodes); i++)
		arrfree((*nodes)[i].words);
	arrsetlen(*nodes, 0);
}

bool equiv_begin(struct equiv *x, size_t stage, struct error *error)
{
	for (size_t i = 0; i < x->n; i++) {
		struct side *side = &x->side[i];

		side->patch = x->list[i];
		side->vm = vm_new(side->patch, &x->stage.trace.config);
		if (!run_setup(side, &x->stage, error))
			return false;
		side->vm->m.journal = NULL;
		side->rewind = rewind_new(side->vm);
		tidy(side->vm);
		rewind_mark(side->rewind);
	}
	arrsetlen(x->packed, 0);
	for (size_t i = 0; i < x->n; i++)
		pack_side(x, &x->side[i]);
	keep(x, &(struct equiv_program){ .stage = stage }, 0);
	return true;
}

bool equiv_expand(struct equiv *x)
{
	if (x->expanded == arrlenu(x->now)) {
		struct node *now = x->next;

		free_nodes(&x->now);
		x->next = x->now;
		x->now = now;
		x->expanded = 0;
	}
	if (!arrlenu(x->now))
		return false;
	expand(x, &x->now[x->expanded++]);
	return true;
}

void equiv_end(struct equiv *x)
{
	for (size_t i = 0; i < x->n; i++) {
		rewind_free(x->side[i].rewind);
		vm_free(x->side[i].vm);
		x->side[i] = (struct side){ .patch = NULL };
	}
	free_nodes(&x->now);
	free_nodes(&x->next);
	x->expanded = 0;
	hmfree(x->seen);
	x->seen = NULL;
}
