/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actors.c: a depth-first search among the orders of the actors' steps, as local as possible.
 *
 * Who has begun goes on, up to what others were recorded to show first; then whoever comes next
 * in the trace. When nobody can go on, a few of the last steps are taken back and every order of
 * them is tried, states that were seen before left out; then more of them.
 */
#include "sim/actors_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/rewind.h"

enum {
	WINDOW = 4096,		/* steps that can be taken back */
	WINDOW_SLACK = 1024,
	MARGIN = 4,		/* items beyond a contradiction that show it to be gone */
	MAX_TRIES = 40000,	/* steps, for one contradiction */
	MAX_IDLE = 100000,	/* steps that show nothing: a loop */
	FEW = 24,		/* steps of which every order is tried; then more */
	MORE = 8 * FEW,
	MANY = 8 * MORE,
	NEAR = 200,		/* steps within which any of them may have been late */
	MAX_HELD = 12,
	NOBODY = MAX_ACTORS,
	OUT_OF_ORDER = 0x80,
};

/* A state in which somebody is to go on. */
struct node {
	struct actor_state s[MAX_ACTORS];
	size_t nr_shown, nr_lru;
	u8 fresh, wrong;
	u8 order[MAX_ACTORS];	/* who may go on, the likeliest first */
	u8 taken;		/* who did */
	u8 early;		/* who could only out of the trace's order */
	u8 nr_order, next;	/* to the order's end, and once more for those */
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
	bool loose;		/* out of the trace's order, if nobody can go on in it */
};

static struct node *top(struct hunt *h)
{
	assert(h->nodes && arrlenu(h->nodes));
	return &h->nodes[arrlenu(h->nodes) - 1];
}

/* ---- choices ---- */

static bool is_idle(const struct actor *a)
{
	return a->s.done || (a->loops && a->s.task < 0 && !actor_next(a));
}

static bool goes_before(const struct hunt *h, u8 i, u8 k)
{
	u8 fresh = h->fresh >> i & 1;

	if (i == h->held || k == h->held)
		return k == h->held;

	if (fresh != (h->fresh >> k & 1))
		return fresh;
	if (fresh)	/* what others do not see, as early as can be */
		return actor_line(&h->search->actors[i]) > actor_line(&h->search->actors[k]);
	return actor_line(&h->search->actors[i]) < actor_line(&h->search->actors[k]);
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
	struct node node = { .nr_shown = arrlenu(h->search->shown),
			     .nr_lru = arrlenu(h->search->lru_before), .fresh = h->fresh,
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

		actor_unbind(h->search, &shown);
	}
	actors_lru_undo(h->search, node->nr_lru);
	h->fresh = node->fresh;
	h->wrong = node->wrong;
}

static void drop(struct hunt *h)
{
	rewind_drop_mark(h->rewind);
	(void)arrpop(h->nodes);
}

/* The next in the node's order who can go on goes on; all have been asked: out of order. */
static bool choose(struct hunt *h)
{
	while (top(h)->next < top(h)->nr_order * (1 + h->loose)) {
		bool again = top(h)->next >= top(h)->nr_order;
		u8 i = top(h)->order[top(h)->next++ % top(h)->nr_order];
		enum move move;

		if (again && !(top(h)->early >> i & 1))
			continue;
		move = actor_step(h->search, &h->search->actors[i], again);
		if (move == MOVE_TAKEN) {
			top(h)->taken = i | (again ? OUT_OF_ORDER : 0);
			h->fresh |= BIT(i) | h->wrong;
			h->wrong = 0;
			return true;
		}
		if (move == MOVE_EARLY)
			top(h)->early |= BIT(i);
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

		if (actor_next(a) || (!a->loops && !a->s.done))
			return false;
	}
	return true;
}

/* ... and they have left behind what was seen. */
static bool is_solved(const struct hunt *h)
{
	const struct search *search = h->search;

	return all_shown(h) && (!search->checks || seen_would_agree(search->run)) &&
	       (!search->checks_end || facts_would_agree(search->run));
}

/* ---- contradictions ---- */

/* Neither this contradiction nor the recording has had its share. */
static bool may_try(const struct hunt *h)
{
	return h->search->tries < MAX_TRIES && h->search->run->searched < MAX_SEARCHED;
}

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
	h->search->tries = 0;
	while (arrlenu(h->nodes) > base + 1)
		drop(h);
	go_back(h);
	top(h)->next = top(h)->early = 0;
	while (may_try(h)) {
		if (choose(h)) {
			if (items_shown(h) >= goal || is_solved(h))
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
	top(h)->next = top(h)->nr_order = top(h)->early = 0;
	set_order(h, top(h));
	while (may_try(h) && choose(h)) {
		if (items_shown(h) >= goal || is_solved(h))
			return true;
		keep(h);
	}
	return false;
}

/* Somebody was slow: held from @base on, until nobody else can go on, or a few steps less. */
static bool hold_at(struct hunt *h, size_t base, size_t goal)
{
	size_t end;

	h->held = h->nodes[base].taken & ~OUT_OF_ORDER;
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
	u8 taken = node->taken & ~OUT_OF_ORDER;
	struct actor a = h->search->actors[taken];

	a.s = node->s[taken];
	return (actor_line(&a) == last ||
		(last == UINT32_MAX && node->nr_shown == node[1].nr_shown)) &&
	       (wrong >> taken & 1 || !rewind_is_private(h->rewind, base, a.s.task));
}

/* Where nobody could go on, and the way there. */
struct conflict {
	size_t at[MAX_ACTORS];
	unsigned line[MAX_ACTORS];
	u8 wrong;
	u8 *way;		/* stb_ds: who went on at each node, and OUT_OF_ORDER */
	size_t same;		/* so many nodes are still those of the way */
	size_t goal;
};

static struct conflict conflict_here(struct hunt *h)
{
	struct conflict c = { .wrong = top(h)->wrong, .same = arrlenu(h->nodes),
			      .goal = items_shown(h) + MARGIN };

	for (size_t i = 0; i + 1 < c.same; i++)
		arrput(c.way, h->nodes[i].taken);

	for (size_t i = 0; i < h->search->nr_actors; i++) {
		c.at[i] = h->search->actors[i].s.at;
		c.line[i] = actor_line(&h->search->actors[i]);
	}
	return c;
}

/* Back, or forth again, to the node @base and the one behind it, as it was. */
static void go_to(struct hunt *h, struct conflict *c, size_t base)
{
	if (c->same > base + 2)
		c->same = base + 2;
	while (arrlenu(h->nodes) > c->same)
		drop(h);
	go_back(h);
	for (; c->same < base + 2; c->same++) {
		u8 taken = c->way[c->same - 1];

		(void)actor_step(h->search, &h->search->actors[taken & ~OUT_OF_ORDER],
				 taken & OUT_OF_ORDER);
		top(h)->taken = taken;
		keep(h);
	}
	c->same = base + 1;
}

/* Back to the node before @nr + 1, by the last that may have been late. */
static bool resolve_by_holding(struct hunt *h, struct conflict *c, size_t nr)
{
	h->search->tries = 0;
	for (size_t base = arrlenu(c->way); base-- > nr && may_try(h); ) {
		unsigned last = arrlenu(c->way) - base > NEAR ?
				c->line[c->way[base] & ~OUT_OF_ORDER] : UINT32_MAX;

		go_to(h, c, base);
		if (may_be_late(h, base, last, c->wrong) && hold_at(h, base, c->goal))
			return true;
	}
	return false;
}

static bool is_pending(const struct hunt *h, const struct conflict *c, size_t base)
{
	u8 taken = c->way[base] & ~OUT_OF_ORDER;

	return h->nodes[base].s[taken].at == c->at[taken];
}

/* What each has done since it showed something, however long ago: in the order of the nodes. */
static size_t *pending_steps(const struct hunt *h, const struct conflict *c)
{
	size_t *steps = NULL;

	for (size_t base = 0; base < arrlenu(c->way); base++)
		if (is_pending(h, c, base) &&
		    may_be_late(h, base, c->line[c->way[base] & ~OUT_OF_ORDER], c->wrong))
			arrput(steps, base);
	return steps;
}

/* ... it may all have been done later. */
static bool resolve_by_holding_pending(struct hunt *h, struct conflict *c)
{
	size_t *steps = pending_steps(h, c);
	bool found = false;

	h->search->tries = 0;
	while (!found && arrlenu(steps) && may_try(h)) {
		size_t base = arrpop(steps);

		go_to(h, c, base);
		found = hold_at(h, base, c->goal);
	}
	arrfree(steps);
	return found;
}

/* Nobody can go on: other orders of the last few steps, or of more. */
static bool resolve(struct hunt *h)
{
	static const struct { size_t back; bool loose; } tries[] = {
		{ FEW, false }, { MORE, false }, { FEW, true }, { MORE, true },
		{ MANY, false }, { MANY, true }, { SIZE_MAX, false }, { SIZE_MAX, true },
	};
	struct conflict c = conflict_here(h);
	size_t nr = arrlenu(h->nodes);
	bool found;

	h->search->resolves = true;
	found = resolve_by_holding_pending(h, &c);
	for (size_t i = 0; i < ARRAY_SIZE(tries) && !found; i++) {
		size_t base = tries[i].back < nr ? nr - tries[i].back : 0;

		if (h->search->run->searched >= MAX_SEARCHED)
			break;
		h->loose = tries[i].loose;
		found = resolve_by_holding(h, &c, base);
		if (!found) {
			go_to(h, &c, base);
			found = search_from(h, base, c.goal);
		}
	}
	h->loose = false;
	h->search->resolves = false;
	arrfree(c.way);
	hmfree(h->seen);
	return found;
}

bool search_run(struct search *search)
{
	struct hunt h = { .search = search, .vm = search->run->vm, .held = NOBODY,
			  .fresh = BIT(search->nr_actors) - 1 };
	bool moves = true;

	h.rewind = rewind_new(h.vm);
	while (moves && !is_solved(&h)) {
		keep(&h);
		if (arrlenu(h.nodes) > WINDOW + WINDOW_SLACK) {
			rewind_commit(h.rewind, WINDOW);
			arrdeln(h.nodes, 0, arrlenu(h.nodes) - WINDOW);
		}
		moves = search->idle < MAX_IDLE && (choose(&h) || resolve(&h));
	}
	rewind_free(h.rewind);
	arrfree(h.nodes);
	hmfree(search->bound);
	hmfree(search->lru);
	arrfree(search->lru_before);
	return moves;
}

bool search_has_items(const struct search *search)
{
	for (size_t i = 0; i < search->nr_actors; i++)
		if (actor_next(&search->actors[i]))
			return true;
	return false;
}
