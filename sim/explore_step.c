/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_step.c: one turn of one thread, and what it broke or came to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "model/step.h"
#include "sim/explore_live.h"

/* Rows of world.task: a thread's is its own, whoever came first. */
static unsigned row_of(unsigned thread, const struct event *e)
{
	return event_is_of_daemon(e->id) ? DAEMON_TASK : thread;
}

static const struct event *event_at(const struct explore *x, unsigned thread, unsigned i)
{
	return &x->trace->events[x->trace->threads[thread].first + i];
}

unsigned explore_row(const struct explore *x, unsigned thread)
{
	return row_of(thread, event_at(x, thread, x->progress.begun[thread] - 1));
}

/* ---- there and back ---- */

/* Of the events in threads; those before and behind them do not run then. */
static u64 *came_to(const struct explore *x)
{
	return x->progress.came_to + x->trace->nr_setup;
}

static size_t came_to_size(const struct explore *x)
{
	return (x->trace->join - x->trace->nr_setup) * sizeof(u64);
}

void world_mark(struct explore *world)
{
	struct mark mark = { .progress = world->progress };

	if (came_to_size(world) > sizeof(mark.came_to)) {
		mark.more = malloc(came_to_size(world));
		if (!mark.more)
			abort();
	}
	memcpy(mark.more ? mark.more : mark.came_to, came_to(world), came_to_size(world));
	arrput(world->marks, mark);
	watch_mark(world->watch);
}

void world_back(struct explore *world)
{
	struct mark mark = arrpop(world->marks);
	u64 *all = world->progress.came_to;

	memcpy(came_to(world), mark.more ? mark.more : mark.came_to, came_to_size(world));
	world->progress = mark.progress;
	world->progress.came_to = all;
	watch_back(world->watch);
	free(mark.more);
}

void explore_mark(struct explore *x)
{
	for (; x; x = x->twin)
		world_mark(x);
}

void explore_back(struct explore *x)
{
	for (; x; x = x->twin)
		world_back(x);
}

void explore_forget(struct explore *x)
{
	for (; x; x = x->twin) {
		watch_forget(x->watch);
		free(arrpop(x->marks).more);
	}
}

/* ---- what it came to ---- */

/* The same for all workers, whoever comes to it first: a hash of 23 bits. */
static u32 hash_of(const char *word)
{
	u32 hash = 5381;

	for (const char *c = word; *c; c++)
		hash = hash * 33 + *c;
	return (hash ^ hash >> 9) & (BIT(23) - 1);
}

/* A worker may finish what another has begun, so that they have one list of words. */
static u32 word_number(struct explore *x, const char *word)
{
	const char **words = x->search->outcome_word;
	u32 hash = hash_of(word);
	size_t i = 0;

	pthread_mutex_lock(&x->search->words_lock);
	while (words[i] && hash_of(words[i]) != hash)
		i++;
	assert(i < MAX_OUTCOME_WORDS - 1);	/* the last stays NULL */
	if (!words[i])
		words[i] = word;
	assert(!strcmp(words[i], word));
	pthread_mutex_unlock(&x->search->words_lock);
	return hash;
}

static const char *word_of(const struct explore *x, u32 number)
{
	const char *word;
	size_t i = 0;

	pthread_mutex_lock(&x->search->words_lock);
	while (hash_of(x->search->outcome_word[i]) != number)
		i++;
	word = x->search->outcome_word[i];
	pthread_mutex_unlock(&x->search->words_lock);
	return word;
}

/* The word's number + 1, and the value: not 0. */
static u64 outcome_key(struct explore *x, const struct outcome *o)
{
	const char *word = o->word ? o->word : "ok";
	bool has_value = o->has_value && strcmp(word, "efault");	/* not done */

	return (u64)(word_number(x, word) + 1) << 40 | (u64)has_value << 32 |
	       (has_value ? o->value : 0);
}

/* Of 512 events each has its own; more are told as if they were one. */
static unsigned other_bit(size_t event)
{
	return event % (64 * WATCH_OTHER_LINES);
}

static void take_outcome(struct explore *x, const struct event *e, const struct outcome *o)
{
	watch_other(x->watch, other_bit(e->number - 1), true);
	x->progress.came_to[e->number - 1] = outcome_key(x, o);
}

static void finish_event(struct explore *x, unsigned thread, const struct event *e)
{
	unsigned row = row_of(thread, e);
	struct outcome o;

	event_finish(x->vm, row, VM_DONE, e, &o);
	x->vm->w.task[row] = (struct task){ .state = TASK_IDLE };
	x->progress.runs[thread] = false;
	take_outcome(x, e, &o);
}

/* ---- a turn ---- */

static bool must_wait(const struct explore *x, const struct event *e)
{
	const struct trace_order *orders = x->trace->orders;

	for (size_t i = 0; i < arrlenu(orders); i++) {
		if (orders[i].after != e->number - 1 || orders[i].before < x->trace->nr_setup)
			continue;
		watch_other(x->watch, other_bit(orders[i].before), false);
		if (!x->progress.came_to[orders[i].before])
			return true;
	}
	return false;
}

static enum turn unmodelled(struct explore *x, const struct event *e, const char *why)
{
	snprintf(x->why, sizeof(x->why), "line %u: %s", e->line, why);
	return TURN_UNMODELLED;
}

static enum turn begin(struct explore *x, unsigned thread, const struct event *e,
		       struct error *error)
{
	struct outcome o = { .pfn = NO_PFN };
	const char *why;

	if (must_wait(x, e) || (event_is_of_daemon(e->id) &&
				x->vm->w.task[DAEMON_TASK].state == TASK_RUNNING))
		return TURN_WAITS;
	why = event_beyond_model(x->vm, e);
	if (why)
		return unmodelled(x, e, why);
	x->progress.begun[thread]++;
	if (!event_has_vm(x->vm, &o) || event_at_once(x->vm, e, &o)) {
		take_outcome(x, e, &o);
		return TURN_OVER;
	}
	if (!event_possible(x->vm, e, error))
		return TURN_BAD;
	event_start_on(x->vm, e, row_of(thread, e));
	x->progress.runs[thread] = true;
	return TURN_STEPPED;
}

/*
 * How often a loop went round is no part of a state, or a fault that tries again for ever would
 * have infinitely many.
 */
static void forget_tries(struct task *t)
{
	if (t->access.faults > 1)
		t->access.faults = 1;
	if (t->gpc.tries > 1)
		t->gpc.tries = 1;
	if (t->prefault.tries > 1)
		t->prefault.tries = 1;
}

static void look_at_laws(struct explore *x)
{
	const struct machine *m = &x->vm->m;

	for (unsigned i = 0; i < m->nr_touched; i++)
		x->asked |= BIT(m->touched[i].kind);
	if (m->touched_all)
		x->asked = ~0u;
	x->nr_found = laws_check(&x->vm->m, x->found, MAX_VIOLATIONS);
}

static u8 path_of(const struct task *t)
{
	return t->depth ? t->frame[t->depth - 1].path : 0;
}

static enum turn take_turn(struct explore *x, unsigned thread, struct error *error)
{
	const struct trace_part *part = &x->trace->threads[thread];
	enum run_result result;
	const struct event *e;
	unsigned row;

	watch_on(x->watch);
	watch_clear(x->watch);
	x->vm->m.nr_touched = x->vm->m.nr_alarms = 0;
	x->vm->m.touched_all = false;
	x->step = NULL;
	x->nr_lock_edges = 0;
	x->nr_found = 0;
	if (!x->progress.runs[thread]) {
		enum turn turn;

		if (x->progress.begun[thread] == part->nr)
			return TURN_OVER;
		turn = begin(x, thread, event_at(x, thread, x->progress.begun[thread]), error);
		if (turn == TURN_OVER)
			return TURN_STEPPED;
		if (turn != TURN_STEPPED)
			return turn;
	}
	e = event_at(x, thread, x->progress.begun[thread] - 1);
	row = row_of(thread, e);
	x->vm->event = e->number;
	x->step = task_next_step(&x->vm->m, row);
	x->path = path_of(&x->vm->w.task[row]);
	result = task_step(&x->vm->m, row);
	explore_note_locks(x, row);
	switch (result) {
	case RUN_BLOCKED:
		return TURN_WAITS;
	case RUN_FINISHED:
		look_at_laws(x);	/* some are about what a task holds when it ends */
		finish_event(x, thread, e);
		break;
	case RUN_STEPPED:
		look_at_laws(x);
		forget_tries(&x->vm->w.task[row]);
		break;
	}
	return TURN_STEPPED;
}

enum turn explore_turn(struct explore *x, unsigned thread, struct error *error)
{
	struct stand from;
	enum turn turn;

	if (!x->live)
		return take_turn(x, thread, error);
	from = live_stand(x, thread);
	turn = take_turn(x, thread, error);
	live_note(x, thread, &from);
	return turn;
}

bool explore_run_event(struct explore *x, const struct event *e, struct outcome *o,
		       struct error *error)
{
	const char *why = event_beyond_model(x->vm, e);

	watch_on(x->watch);
	if (why)
		return error_at(error, e->file, e->line, e->column, "%s", why);
	return event_run(x->vm, e, o, error);
}

bool explore_is_over(const struct explore *x)
{
	for (unsigned i = 0; i < x->trace->nr_threads; i++)
		if (x->progress.runs[i] || x->progress.begun[i] < x->trace->threads[i].nr)
			return false;
	return true;
}

bool explore_is_dead(const struct explore *x)
{
	const struct machine *m = &x->vm->m;

	for (unsigned i = 0; i < m->nr_alarms; i++)
		if (m->alarms[i].kind == ALARM_BUG || m->alarms[i].kind == ALARM_OOPS ||
		    m->alarms[i].kind == ALARM_HANG)
			return true;
	return false;
}

/* ---- laws ---- */

struct broken explore_broken(const struct explore *x, unsigned i)
{
	return (struct broken){ .v = x->found[i], .step = x->step ? x->step->name : NULL,
				.path = x->path };
}

void explore_judge(struct explore *x, unsigned thread)
{
	for (unsigned i = 0; i < x->nr_found; i++) {
		struct broken broken = explore_broken(x, i);

		explore_keep_broken(x, &broken, thread, 0);
	}
}

void explore_judge_run(struct explore *x, size_t first)
{
	for (size_t i = first; i < x->vm->nr_violations; i++) {
		const struct found_violation *f = &x->vm->violations[i];
		struct broken broken = { .v = f->v, .step = violation_step(f),
					 .path = violation_path(f) };

		explore_keep_broken(x, &broken, NO_THREAD, 0);
	}
}

/* ---- ends ---- */

struct explore_outcome explore_came_to(const struct explore *x, size_t event)
{
	u64 key = x->progress.came_to[event];

	return (struct explore_outcome){
		.event = event, .word = key ? word_of(x, (key >> 40) - 1) : NULL,
		.has_value = key >> 32 & 1, .value = key, .ends = 1 };
}

static void count_outcome(struct explore *x, size_t event)
{
	struct explore_outcome o = explore_came_to(x, event);
	size_t i = 0;

	while (i < arrlenu(x->outcomes)) {
		struct explore_outcome *old = &x->outcomes[i];

		if (old->event == event && !strcmp(old->word, o.word) &&
		    old->has_value == o.has_value && old->value == o.value) {
			old->ends++;
			return;
		}
		if (old->event > event)
			break;
		i++;
	}
	arrins(x->outcomes, i, o);
}

bool explore_finish(struct explore *x, struct error *error)
{
	const struct trace *trace = x->trace;

	for (size_t i = trace->join; i < arrlenu(trace->events); i++) {
		struct outcome o;

		if (!explore_run_event(x, &trace->events[i], &o, error))
			return false;
		take_outcome(x, &trace->events[i], &o);
	}
	explore_judge_run(x, x->setup_violations);
	for (size_t i = trace->nr_setup; i < arrlenu(trace->events); i++)
		count_outcome(x, i);
	return true;
}
