/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actors.c: a depth-first search among the orders of the actors' steps, as local as possible.
 *
 * Who has begun goes on, up to what others were recorded to show first; then whoever comes next
 * in the trace. When nobody can go on, a few of the last steps are taken back and every order of
 * them is tried, states that were seen before left out; then more of them.
 */
#include "sim/actors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/path.h"
#include "sim/rewind.h"

enum {
	WINDOW = 4096,		/* steps that can be taken back */
	WINDOW_SLACK = 1024,
	MARGIN = 4,		/* items beyond a contradiction that show it to be gone */
	MAX_TRIES = 40000,	/* steps, for one contradiction */
	MAX_IDLE = 100000,	/* steps that show nothing: a loop */
	FEW = 24,		/* steps of which every order is tried */
	NEAR = 200,		/* steps within which any of them may have been late */
	MAX_HELD = 12,
	NOBODY = MAX_ACTORS,
};

enum move {
	MOVE_TAKEN,
	MOVE_WRONG,		/* it shows something else, or ends too early */
	MOVE_EARLY,		/* others were recorded to show something before */
	MOVE_BLOCKED,		/* it waits for a lock */
	MOVE_NONE,		/* nothing left to do */
};

/* A state in which somebody is to go on. */
struct node {
	struct actor_state s[MAX_ACTORS];
	size_t nr_shown;
	u8 fresh, wrong;
	u8 order[MAX_ACTORS];	/* who may go on, the likeliest first */
	u8 taken;		/* who did */
	u8 nr_order, next;
};

struct seen { u64 key; u8 value; };

struct hunt {
	struct search *search;
	struct vm *vm;
	struct rewind *rewind;
	struct node *nodes;	/* stb_ds; as many as there are marks */
	struct seen *seen;	/* stb_ds: states, while a contradiction is being resolved */
	u8 fresh;		/* actors that may have steps left which show nothing */
	u8 wrong;		/* those that would show what was not recorded, as it is now */
	u8 held;		/* it goes on after all others; NOBODY */
	size_t idle;		/* steps since an item was shown */
	size_t tries;
};

static struct node *top(struct hunt *h)
{
	assert(h->nodes && arrlenu(h->nodes));
	return &h->nodes[arrlenu(h->nodes) - 1];
}

/* ---- what a step shows ---- */

static bool is_hard(const struct item *item)
{
	return item->kind != CONFORM_PAGE_REF;
}

static const struct item *next_hard(const struct actor *a)
{
	for (size_t i = a->s.at; i < arrlenu(a->items); i++)
		if (is_hard(&a->items[i]))
			return &a->items[i];
	return NULL;
}

static unsigned next_line(const struct actor *a)
{
	const struct item *item = next_hard(a);

	return item ? item->line : UINT32_MAX;
}

/* Of the items that were recorded, and nobody has shown. */
static unsigned earliest_line(const struct hunt *h)
{
	unsigned line = UINT32_MAX;

	for (unsigned i = 0; i < h->search->nr_actors; i++)
		if (next_line(&h->search->actors[i]) < line)
			line = next_line(&h->search->actors[i]);
	return line;
}

static void advance(struct hunt *h, struct actor *a, size_t to)
{
	h->idle = 0;
	for (; a->s.at < to; a->s.at++) {
		struct shown shown = { .actor = a - h->search->actors, .item = a->s.at,
				       .before = { { .key = NO_PFN }, { .key = NO_PFN } } };

		arrput(h->search->shown, shown);
	}
}

static void bind(struct hunt *h, const struct item *recorded, const struct item *model)
{
	struct shown *shown = &arrlast(h->search->shown);

	for (int i = 0; i < 2; i++) {
		ptrdiff_t at;

		if (recorded->frame[i] == NO_PFN || model->frame[i] == NO_PFN)
			continue;
		at = hmgeti(h->search->bound, recorded->frame[i]);
		shown->before[i].key = recorded->frame[i];
		shown->before[i].value = at >= 0 ? h->search->bound[at].value : NO_PFN;
		hmput(h->search->bound, recorded->frame[i], model->frame[i]);
	}
}

static void unbind(struct hunt *h, const struct shown *shown)
{
	for (int i = 1; i >= 0; i--) {
		if (shown->before[i].key == NO_PFN)
			continue;
		if (shown->before[i].value == NO_PFN)
			(void)hmdel(h->search->bound, shown->before[i].key);
		else
			hmput(h->search->bound, shown->before[i].key, shown->before[i].value);
	}
}

/* References of others are among the recorded ones: the next that it can be. */
static void show_reference(struct hunt *h, struct actor *a, const struct item *item)
{
	for (size_t i = a->s.at; i < arrlenu(a->items) && !is_hard(&a->items[i]); i++)
		if (a->items[i].key == item->key && !strcmp(a->items[i].event, item->event)) {
			advance(h, a, i + 1);
			return;
		}
}

static bool show(struct hunt *h, struct actor *a, const struct item *item)
{
	const struct item *next = next_hard(a);

	if (!next || !actors_same_item(h->search, next, item))
		return false;
	a->items[next - a->items].doubtful = !actors_exact_item(next, item);
	advance(h, a, next - a->items + 1);
	bind(h, next, item);
	return true;
}

/* The stage-2 fault that KVM is about to be told of. */
static struct item fault_item(const struct vm *vm, const struct task *t)
{
	const struct access *a = &t->access;
	gpa_t gpa = access_gpa(&vm->m, a);

	return (struct item){ .kind = NR_CONFORM_KINDS, .event = ITEM_FAULT,
			      .frame = { NO_PFN, NO_PFN },
			      .key = gpa >> PAGE_SHIFT, .count = (s32)a->qualification };
}

/* Only the first of a step's items must be the next in the trace: a step stands for many. */
static enum move show_notes(struct hunt *h, struct actor *a, size_t first, bool may_show)
{
	struct item *items = NULL;
	bool right = true, any = false;

	for (size_t i = first; i < h->vm->nr_notes; i++)
		items_of_note(h->search->run, &h->vm->notes[i], &items);
	for (size_t i = 0; i < arrlenu(items) && right; i++) {
		if (!items[i].visible || items[i].kind == NR_CONFORM_KINDS)
			continue;
		if (!is_hard(&items[i])) {
			show_reference(h, a, &items[i]);
			continue;
		}
		items[i].inside = any;
		any = true;
		right = show(h, a, &items[i]);
	}
	arrfree(items);
	return !right ? MOVE_WRONG : any && !may_show ? MOVE_EARLY : MOVE_TAKEN;
}

/* ---- moves ---- */

static enum move finish_event(struct hunt *h, struct actor *a)
{
	event_finish(h->vm, a->s.task, VM_DONE, &a->s.event, &a->s.outcome);
	a->s.task = -1;
	if (a->loops || a->s.next_event < a->nr_events)
		return MOVE_TAKEN;
	a->s.done = true;
	return next_hard(a) ? MOVE_WRONG : MOVE_TAKEN;
}

static bool is_next(struct hunt *h, const struct actor *a, const char *step)
{
	const struct step *next = task_next_step(&h->vm->m, a->s.task);

	return next && !strcmp(next->name, step);
}

/* The hardware has walked the tables: nothing that others do will make it another fault. */
static bool faults_as_recorded(struct hunt *h, const struct actor *a)
{
	struct item item = fault_item(h->vm, &h->vm->w.task[a->s.task]);
	const struct item *next = next_hard(a);

	return next && actors_same_item(h->search, next, &item);
}

/* One step of it, or the start of its next event. */
static enum move take_step(struct hunt *h, struct actor *a)
{
	bool may_show = next_line(a) <= earliest_line(h);
	size_t first = h->vm->nr_notes;
	enum vm_result result;
	enum move move;

	if (a->s.done || (a->s.task < 0 && a->loops && !next_hard(a)))
		return MOVE_NONE;
	if (a->s.task < 0)
		return actor_start(h->vm, a) ? MOVE_TAKEN : MOVE_NONE;
	h->tries++;
	h->idle++;
	if (is_next(h, a, "decode_fault")) {
		struct item item = fault_item(h->vm, &h->vm->w.task[a->s.task]);

		if (!show(h, a, &item))
			return MOVE_WRONG;
		if (!may_show)
			return MOVE_EARLY;
	}
	result = vm_step(h->vm, a->s.task);
	if (result == VM_BLOCKED)
		return MOVE_BLOCKED;
	move = show_notes(h, a, first, may_show);
	if (move != MOVE_TAKEN)
		return move;
	if (result == VM_DONE || !task_next_step(&h->vm->m, a->s.task))
		return finish_event(h, a);
	return is_next(h, a, "take_exit") && !faults_as_recorded(h, a) ? MOVE_WRONG : MOVE_TAKEN;
}

/* ---- choices ---- */

static bool is_idle(const struct actor *a)
{
	return a->s.done || (a->loops && a->s.task < 0 && !next_hard(a));
}

static bool goes_before(const struct hunt *h, u8 i, u8 k)
{
	u8 fresh = h->fresh >> i & 1;

	if (i == h->held || k == h->held)
		return k == h->held;

	if (fresh != (h->fresh >> k & 1))
		return fresh;
	if (fresh)	/* what others do not see, as early as can be */
		return next_line(&h->search->actors[i]) > next_line(&h->search->actors[k]);
	return next_line(&h->search->actors[i]) < next_line(&h->search->actors[k]);
}

/* Who has begun, and then in the order of the trace. */
static void set_order(const struct hunt *h, struct node *node)
{
	for (u8 i = 0; i < h->search->nr_actors; i++) {
		u8 at = node->nr_order;

		if (is_idle(&h->search->actors[i]))
			continue;
		for (; at && goes_before(h, i, node->order[at - 1]); at--)
			node->order[at] = node->order[at - 1];
		node->order[at] = i;
		node->nr_order++;
	}
}

static void keep(struct hunt *h)
{
	struct node node = { .nr_shown = arrlenu(h->search->shown), .fresh = h->fresh,
			     .wrong = h->wrong };

	for (size_t i = 0; i < h->search->nr_actors; i++)
		node.s[i] = h->search->actors[i].s;
	set_order(h, &node);
	arrput(h->nodes, node);
	rewind_mark(h->rewind);
}

static void go_back(struct hunt *h)
{
	const struct node *node = top(h);

	rewind_to_mark(h->rewind);
	for (size_t i = 0; i < h->search->nr_actors; i++)
		h->search->actors[i].s = node->s[i];
	while (arrlenu(h->search->shown) > node->nr_shown) {
		struct shown shown = arrpop(h->search->shown);

		unbind(h, &shown);
	}
	h->fresh = node->fresh;
	h->wrong = node->wrong;
}

static void drop(struct hunt *h)
{
	rewind_drop_mark(h->rewind);
	(void)arrpop(h->nodes);
}

/* The next in the node's order who can go on goes on. */
static bool choose(struct hunt *h)
{
	while (top(h)->next < top(h)->nr_order) {
		u8 i = top(h)->order[top(h)->next++];

		enum move move = take_step(h, &h->search->actors[i]);

		if (move == MOVE_TAKEN) {
			top(h)->taken = i;
			h->fresh |= BIT(i) | h->wrong;
			h->wrong = 0;
			return true;
		}
		if (move == MOVE_WRONG)		/* what others do next may make it right */
			top(h)->wrong |= BIT(i);
		if (move != MOVE_BLOCKED)	/* it goes on at once when the lock is free */
			top(h)->fresh &= ~BIT(i);
		go_back(h);
	}
	return false;
}

static size_t items_shown(const struct hunt *h)
{
	return arrlenu(h->search->shown);
}

static bool all_shown(const struct hunt *h)
{
	if (items_shown(h) >= h->search->max_items)
		return true;
	for (size_t i = 0; i < h->search->nr_actors; i++) {
		const struct actor *a = &h->search->actors[i];

		if (next_hard(a) || (!a->loops && !a->s.done))
			return false;
	}
	return true;
}

/* ---- contradictions ---- */

static bool is_new(struct hunt *h, size_t base)
{
	u64 hash = rewind_hash(h->rewind, base);

	for (size_t i = 0; i < h->search->nr_actors; i++) {
		const struct actor_state *s = &h->search->actors[i].s;

		hash = rewind_mix(hash, s->at);
		hash = rewind_mix(hash, s->turn);
		hash = rewind_mix(hash, (u64)s->next_event << 8 | (u8)s->task);
	}
	if (hmgeti(h->seen, hash) >= 0)
		return false;
	hmput(h->seen, hash, 1);
	return true;
}

/* Every order from the node @base on, until @goal items are shown. */
static bool search_from(struct hunt *h, size_t base, size_t goal)
{
	hmfree(h->seen);
	h->tries = 0;
	while (arrlenu(h->nodes) > base + 1)
		drop(h);
	go_back(h);
	top(h)->next = 0;
	while (h->tries < MAX_TRIES) {
		if (choose(h)) {
			if (items_shown(h) >= goal || all_shown(h))
				return true;
			if (is_new(h, base))
				keep(h);
			else
				go_back(h);
		} else if (arrlenu(h->nodes) == base + 1) {
			break;
		} else {
			drop(h);
			go_back(h);
		}
	}
	return false;
}

/* As ever, from the node @base on, until @goal items are shown. */
static bool run_from(struct hunt *h, size_t base, size_t goal)
{
	while (arrlenu(h->nodes) > base + 1)
		drop(h);
	go_back(h);
	top(h)->next = top(h)->nr_order = 0;
	set_order(h, top(h));
	while (h->tries < MAX_TRIES && choose(h)) {
		if (items_shown(h) >= goal || all_shown(h))
			return true;
		keep(h);
	}
	return false;
}

/* Somebody was slow: held from @base on, until nobody else can go on, or a few steps less. */
static bool hold_at(struct hunt *h, size_t base, size_t goal)
{
	size_t end;

	h->held = h->nodes[base].taken;
	if (run_from(h, base, goal)) {
		h->held = NOBODY;
		return true;
	}
	h->held = NOBODY;
	end = arrlenu(h->nodes);
	for (size_t at = end; at-- > base + 1 && at + MAX_HELD > end; )
		if (run_from(h, at, goal))
			return true;
	return false;
}

/* What it has done there, unseen, others may have seen, or it may have seen of others. */
static bool may_be_late(const struct hunt *h, size_t base, unsigned last, u8 wrong)
{
	const struct node *node = &h->nodes[base];
	struct actor a = h->search->actors[node->taken];

	a.s = node->s[node->taken];
	return (next_line(&a) == last ||
		(last == UINT32_MAX && node->nr_shown == node[1].nr_shown)) &&
	       (wrong >> node->taken & 1 || !rewind_is_private(h->rewind, base, a.s.task));
}

struct conflict { unsigned line[MAX_ACTORS]; u8 wrong; size_t nr, goal; };

static struct conflict conflict_here(struct hunt *h)
{
	struct conflict c = { .wrong = top(h)->wrong, .nr = arrlenu(h->nodes),
			      .goal = items_shown(h) + MARGIN };

	for (size_t i = 0; i < h->search->nr_actors; i++)
		c.line[i] = next_line(&h->search->actors[i]);
	return c;
}

/* Back to the node before @nr + 1, by the last that may have been late. */
static bool resolve_by_holding(struct hunt *h, const struct conflict *c, size_t nr)
{
	h->tries = 0;
	for (size_t base = arrlenu(h->nodes) - 1; base-- > nr && h->tries < MAX_TRIES; ) {
		unsigned last = c->nr - base > NEAR ? c->line[h->nodes[base].taken] : UINT32_MAX;

		while (arrlenu(h->nodes) > base + 2)
			drop(h);
		if (may_be_late(h, base, last, c->wrong) && hold_at(h, base, c->goal))
			return true;
	}
	return false;
}

/* Nobody can go on: other orders of the last few steps, or of more. */
static bool resolve(struct hunt *h)
{
	const struct conflict c = conflict_here(h);
	bool found = false;

	for (size_t back = FEW; !found; back *= 8) {
		size_t base = back < c.nr ? c.nr - back : 0;

		found = resolve_by_holding(h, &c, base) || search_from(h, base, c.goal);
		if (!base)
			break;
	}
	hmfree(h->seen);
	return found;
}

bool search_run(struct search *search)
{
	struct hunt h = { .search = search, .vm = search->run->vm, .held = NOBODY,
			  .fresh = BIT(search->nr_actors) - 1 };
	bool moves = true;

	h.rewind = rewind_new(h.vm);
	while (moves && !all_shown(&h)) {
		keep(&h);
		if (arrlenu(h.nodes) > WINDOW + WINDOW_SLACK) {
			rewind_commit(h.rewind, WINDOW);
			arrdeln(h.nodes, 0, arrlenu(h.nodes) - WINDOW);
		}
		moves = h.idle < MAX_IDLE && (choose(&h) || resolve(&h));
	}
	rewind_free(h.rewind);
	arrfree(h.nodes);
	hmfree(search->bound);
	return moves;
}

bool search_has_items(const struct search *search)
{
	for (size_t i = 0; i < search->nr_actors; i++)
		if (next_hard(&search->actors[i]))
			return true;
	return false;
}
