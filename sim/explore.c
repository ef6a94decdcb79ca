/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

/* ---- set-up ---- */

static bool run_setup(struct explore *x, struct error *error)
{
	const struct trace *trace = x->trace;

	for (size_t i = 0; i < trace->nr_setup; i++) {
		const struct event *e = &trace->events[i];
		struct outcome o;

		if (!explore_run_event(x, e, &o, error))
			return false;
		if (o.paused || o.blocked)
			return error_at(error, e->file, e->line, e->column,
					"the set-up has to come to its end");
	}
	return true;
}

static bool uses_vcpu(const struct event *e)
{
	return event_path(e->id) == PATH_ACCESS || event_path(e->id) == PATH_PREFAULT;
}

/* A vCPU is one thread. */
static bool check_vcpus(const struct trace *trace, struct error *error)
{
	unsigned user[MAX_VCPUS] = { 0 };	/* + 1 */

	for (unsigned t = 0; t < trace->nr_threads; t++)
		for (size_t i = 0; i < trace->threads[t].nr; i++) {
			const struct event *e = &trace->events[trace->threads[t].first + i];

			if (!uses_vcpu(e))
				continue;
			if (user[e->vcpu] && user[e->vcpu] != t + 1)
				return error_at(error, e->file, e->line, e->column,
						"vCPU %u is the thread \"%s\": say vcpu=",
						(unsigned)e->vcpu,
						trace->threads[user[e->vcpu] - 1].name);
			user[e->vcpu] = t + 1;
		}
	return true;
}

static void push(struct explore *x, struct queue *queue)
{
	arrput(queue->words, arrlenu(x->packed));
	memcpy(arraddnptr(queue->words, arrlenu(x->packed)), x->packed,
	       arrlenu(x->packed) * sizeof(u64));
}

struct explore *explore_new(const struct trace *trace, const struct semantics_patch *patch,
			    const struct explore_bound *bound, struct error *error)
{
	struct explore *x = calloc(1, sizeof(*x));
	bool is_new;

	if (!x)
		abort();
	x->trace = trace;
	x->bound = *bound;
	x->result.semantics = patch->name;
	x->nr_events = arrlenu(trace->events);
	x->progress.came_to = calloc(x->nr_events, sizeof(u64));
	x->vm = vm_new(patch, &trace->config);
	if (!x->progress.came_to)
		abort();
	if (!check_vcpus(trace, error) || !run_setup(x, error)) {
		explore_free(x);
		return NULL;
	}
	x->vm->m.journal = NULL;
	x->rewind = rewind_new(x->vm);
	rewind_mark(x->rewind);
	explore_pack(x);
	explore_node(x, 0, NO_THREAD, &is_new);
	push(x, &x->now);
	x->result.states = 1;
	explore_judge_run(x, 0, 0);
	x->setup_violations = x->vm->nr_violations;
	return x;
}

void explore_free(struct explore *x)
{
	if (!x)
		return;
	rewind_free(x->rewind);
	vm_free(x->vm);
	for (size_t i = 0; i < arrlenu(x->result.findings); i++)
		free(x->result.findings[i].schedule);
	arrfree(x->result.findings);
	arrfree(x->result.outcomes);
	free(x->progress.came_to);
	arrfree(x->nodes);
	free(x->index);
	arrfree(x->edges);
	arrfree(x->nr_edges);
	arrfree(x->now.words);
	arrfree(x->next.words);
	arrfree(x->packed);
	free(x);
}

/* ---- expanding ---- */

static void take_successor(struct explore *x, u32 parent, unsigned thread)
{
	bool is_new;
	u32 node;
	bool is_dead = explore_is_dead(x);

	explore_judge(x, parent, thread);
	explore_pack(x);
	node = explore_node(x, parent, thread, &is_new);
	arrput(x->edges, node);
	x->nr_edges[parent]++;
	x->result.transitions++;
	if (!is_new)
		return;
	x->result.states++;
	x->result.depth = x->nodes[node].depth;
	x->nodes[node].is_dead = is_dead;
	push(x, &x->next);
}

static bool try_threads(struct explore *x, u32 node, struct error *error)
{
	bool waits = false;

	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		struct explore_at before = explore_mark(x);
		enum turn turn = explore_turn(x, t, error);

		if (turn == TURN_STEPPED)
			take_successor(x, node, t);
		waits |= turn == TURN_WAITS;
		explore_back(x, &before);
		if (turn == TURN_BAD)
			return false;
		if (turn == TURN_UNMODELLED) {
			x->result.stop = STOP_UNMODELLED;
			return true;
		}
	}
	if (waits && !x->nr_edges[node]) {
		struct explore_finding *f = explore_finding(x, FOUND_DEADLOCK, NULL);

		if (!f->states++)
			explore_schedule(x, node, NO_THREAD, f);
	}
	return true;
}

static bool expand(struct explore *x, u32 node, struct error *error)
{
	const u64 *state = &x->now.words[x->now.at];

	x->now.at += 1 + state[0];
	explore_unpack(x, state + 1, state[0]);
	x->end = (struct explore_end){ .vm = NULL };
	arrput(x->nr_edges, 0);
	if (!explore_is_over(x) && !x->nodes[node].is_dead)
		return try_threads(x, node, error);
	x->nodes[node].is_end = true;
	x->end = (struct explore_end){ x->vm, x->nodes[node].is_dead };
	if (x->nodes[node].is_dead)
		return true;
	x->result.ends++;
	return explore_finish(x, node, error);
}

static bool next_level(struct explore *x)
{
	struct queue done = x->now;

	if (x->now.at < arrlenu(x->now.words))
		return true;
	arrsetlen(done.words, 0);
	done.at = 0;
	x->now = x->next;
	x->next = done;
	return arrlenu(x->now.words);
}

static enum explore_stop bound_reached(const struct explore *x)
{
	const struct explore_bound *b = &x->bound;

	u64 depth = x->nodes[x->expanded].depth;

	if ((b->states && x->result.states >= b->states) || x->result.states >= MOST_STATES)
		return STOP_STATES;
	if ((b->depth && depth >= b->depth) || depth == MOST_STEPS)
		return STOP_DEPTH;
	if (b->memory && x->result.peak > b->memory)
		return STOP_MEMORY;
	return STOP_NONE;
}

static void take_stock(struct explore *x)
{
	u64 waiting = (arrcap(x->now.words) + arrcap(x->next.words)) * sizeof(u64);

	x->result.bytes = explore_bytes(x);
	if (x->result.bytes + waiting > x->result.peak)
		x->result.peak = x->result.bytes + waiting;
}

/* False: nothing is left, a bound is reached, or *@error. */
static bool expand_next(struct explore *x, struct error *error)
{
	if (!next_level(x)) {
		explore_find_livelocks(x);
		return false;
	}
	x->result.stop = bound_reached(x);
	return !x->result.stop && expand(x, x->expanded++, error);
}

bool explore_more(struct explore *x, u64 states, struct error *error)
{
	bool more = !x->result.stop;

	while (more && states-- && !x->result.stop)
		more = expand_next(x, error);
	take_stock(x);
	return more && !x->result.stop;
}

const struct explore_end *explore_next_end(struct explore *x, struct error *error)
{
	while (!x->result.stop && expand_next(x, error))
		if (x->end.vm)
			return &x->end;
	take_stock(x);
	return NULL;
}

void explore_stop(struct explore *x)
{
	if (!x->result.stop)
		x->result.stop = STOP_ASKED;
}

struct explored *explore_result(struct explore *x)
{
	return &x->result;
}

u64 explore_waiting(const struct explore *x)
{
	return arrlenu(x->nodes) - x->expanded;
}

/* The birthday bound. */
double explore_odds(u64 states)
{
	return (double)states * states / 2 / 18446744073709551616.0;
}
