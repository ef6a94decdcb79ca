/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actors_move.c: one step of one actor, and whether what it shows is what was recorded.
 *
 * A thread traces what it does a moment before (a probe at a function's entry) or after (most
 * tracepoints), and may be interrupted in between: so a step took place some time between the
 * thread's events before and behind those that it shows, and only that orders it among others'.
 */
#include "sim/actors_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/path.h"

enum { STEP_ITEMS = 4 };	/* that a step of others is expected to show at most */

/* ---- what a step shows ---- */

static bool is_hard(const struct item *item)
{
	return item->kind != CONFORM_PAGE_REF;
}

const struct item *actor_next(const struct actor *a)
{
	for (size_t i = a->s.at; i < arrlenu(a->items); i++)
		if (is_hard(&a->items[i]))
			return &a->items[i];
	return NULL;
}

unsigned actor_line(const struct actor *a)
{
	const struct item *item = actor_next(a);

	return item ? item->order : UINT32_MAX;
}

/* In the trace's order: nobody was recorded to show something before. */
static bool is_in_order(const struct search *search, const struct actor *a)
{
	for (unsigned i = 0; i < search->nr_actors; i++)
		if (actor_line(&search->actors[i]) < actor_line(a))
			return false;
	return true;
}

static bool is_late(const struct search *search, const struct actor *a)
{
	for (unsigned i = 0; i < search->nr_actors; i++)
		if (search->actors[i].s.last_line > actor_line(a))
			return true;
	return false;
}

/* The line of its @n'th item from here. */
static unsigned line_ahead(const struct actor *a, unsigned n)
{
	for (size_t i = a->s.at; i < arrlenu(a->items); i++)
		if (is_hard(&a->items[i]) && !n--)
			return a->items[i].order;
	return UINT32_MAX;
}

/* Others' steps that show what was recorded before may all the same come later. */
static bool may_be_early(const struct search *search, const struct actor *a)
{
	for (unsigned i = 0; i < search->nr_actors; i++)
		if (&search->actors[i] != a &&
		    line_ahead(&search->actors[i], STEP_ITEMS) < a->s.last_line)
			return false;
	return true;
}

/* It has shown something: what the others have done before began before its next event. */
static bool is_not_too_late(const struct search *search, const struct actor *a)
{
	for (unsigned i = 0; i < search->nr_actors; i++)
		if (&search->actors[i] != a && search->actors[i].s.after_line > actor_line(a))
			return false;
	return true;
}

/* The last of them has been shown; those before it are others' references. */
static void advance(struct search *search, struct actor *a, size_t to)
{
	search->idle = 0;
	for (; a->s.at < to; a->s.at++) {
		struct shown shown = { .actor = a - search->actors, .item = a->s.at,
				       .by = a->s.at + 1 < to ? BY_KERNEL : BY_BOTH,
				       .before = { { .key = NO_PFN }, { .key = NO_PFN } } };

		if (shown.by == BY_KERNEL)
			actors_skip_reference(search, &a->items[a->s.at]);
		arrput(search->shown, shown);
	}
}

static void bind(struct search *search, const struct item *recorded, const struct item *model)
{
	struct shown *shown = &arrlast(search->shown);

	for (int i = 0; i < 2; i++) {
		ptrdiff_t at;

		if (recorded->frame[i] == NO_PFN || model->frame[i] == NO_PFN)
			continue;
		at = hmgeti(search->bound, recorded->frame[i]);
		shown->before[i].key = recorded->frame[i];
		shown->before[i].value = at >= 0 ? search->bound[at].value : NO_PFN;
		hmput(search->bound, recorded->frame[i], model->frame[i]);
	}
}

void actor_unbind(struct search *search, const struct shown *shown)
{
	for (int i = 1; i >= 0; i--) {
		if (shown->before[i].key == NO_PFN)
			continue;
		if (shown->before[i].value == NO_PFN)
			(void)hmdel(search->bound, shown->before[i].key);
		else
			hmput(search->bound, shown->before[i].key, shown->before[i].value);
	}
}

static bool is_allocation(const struct item *item)
{
	return !strcmp(item->event, "page_ref_set");
}

/* An allocation shows who has which frame, if two of them fault at once and one is too late. */
static void bind_allocated(struct search *search, const struct item *model, u64 recorded)
{
	struct bound *before = &arrlast(search->shown).before[1];
	ptrdiff_t at = hmgeti(search->bound, ALLOCATED | model->frame[0]);

	before->key = ALLOCATED | model->frame[0];
	before->value = at >= 0 ? search->bound[at].value : NO_PFN;
	hmput(search->bound, before->key, recorded);
}

/* References of others are among the recorded ones: the next that it can be. */
static void show_reference(struct search *search, struct actor *a, const struct item *item)
{
	const struct item *next = actor_next(a);
	size_t end = next ? (size_t)(next - a->items) : arrlenu(a->items);
	size_t i = actors_find_reference(search, a, end, item);
	struct shown none = { .actor = a - search->actors, .by = BY_MODEL,
			      .before = { { .key = NO_PFN }, { .key = NO_PFN } } };

	if (i == SIZE_MAX) {
		arrput(search->shown, none);
		if (is_allocation(item))
			bind_allocated(search, item, NO_PFN);
		return;
	}
	a->items[i].doubtful = !actors_exact_reference(search, &a->items[i], item);
	advance(search, a, i + 1);
	bind(search, &a->items[i], item);
	if (is_allocation(item))
		bind_allocated(search, item, a->items[i].frame[0]);
}

static bool show(struct search *search, struct actor *a, const struct item *item)
{
	const struct item *next = actor_next(a);

	if (!next || !actors_same_item(search, next, item))
		return false;
	a->items[next - a->items].doubtful = !actors_take_counts(search, next, item) ||
					     !actors_exact_spte(next, item);
	a->s.last_line = next->order;
	advance(search, a, next - a->items + 1);
	bind(search, next, item);
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

/* This part of the trace ends within the step: the next begins with the rest of it. */
static void owe(struct actor *a, const struct item *model)
{
	arrsetlen(a->owed, a->s.nr_owed);
	arrput(a->owed, *model);
	a->s.nr_owed++;
	a->s.owed++;
}

/* False: it shows something else. */
static bool show_notes(struct search *search, struct actor *a, size_t first, bool *any)
{
	struct vm *vm = search->run->vm;
	struct item *items = NULL;
	bool right = true;

	for (size_t i = first; i < vm->nr_notes; i++)
		items_of_note(search->run, &vm->notes[i], &items);
	for (size_t i = 0; i < arrlenu(items) && right; i++) {
		actors_lru_note(search, &items[i]);
		if (!items[i].visible || items[i].kind == NR_CONFORM_KINDS)
			continue;
		if (!is_hard(&items[i])) {
			show_reference(search, a, &items[i]);
			continue;
		}
		if (*any && a->loops && !actor_next(a)) {
			owe(a, &items[i]);
			continue;
		}
		items[i].inside = *any;
		*any = true;
		right = show(search, a, &items[i]);
	}
	arrfree(items);
	return right;
}

/* ---- moves ---- */

static enum move finish_event(struct search *search, struct actor *a)
{
	event_finish(search->run->vm, a->s.task, VM_DONE, &a->s.event, &a->s.outcome);
	a->s.task = -1;
	if (a->loops || a->s.next_event < a->nr_events)
		return MOVE_TAKEN;
	a->s.done = true;
	return actor_next(a) || (search->checks && !actor_would_agree(search, a)) ?
	       MOVE_WRONG : MOVE_TAKEN;
}

static bool is_next(struct search *search, const struct actor *a, const char *step)
{
	const struct step *next = task_next_step(&search->run->vm->m, a->s.task);

	return next && !strcmp(next->name, step);
}

/* The hardware has walked the tables: nothing that others do will make it another fault. */
static bool faults_as_recorded(struct search *search, const struct actor *a)
{
	struct item item = fault_item(search->run->vm, &search->run->vm->w.task[a->s.task]);
	const struct item *next = actor_next(a);

	return next && actors_same_item(search, next, &item);
}

static enum move run_step(struct search *search, struct actor *a, bool *any)
{
	struct vm *vm = search->run->vm;
	size_t first = vm->nr_notes;
	enum vm_result result;

	if (is_next(search, a, "decode_fault")) {
		struct item item = fault_item(vm, &vm->w.task[a->s.task]);

		*any = true;
		if (!show(search, a, &item))
			return MOVE_WRONG;
	}
	result = vm_step(vm, a->s.task);
	if (result == VM_BLOCKED)
		return MOVE_BLOCKED;
	if (search->run->refs_in_doubt && !a->loops)
		raced_access(search->run, &vm->w.task[a->s.task].access, a->events->vcpu);
	if (!show_notes(search, a, first, any))
		return MOVE_WRONG;
	if (result == VM_DONE || !task_next_step(&vm->m, a->s.task))
		return finish_event(search, a);
	return is_next(search, a, "take_exit") && !faults_as_recorded(search, a) ?
	       MOVE_WRONG : MOVE_TAKEN;
}

enum move actor_step(struct search *search, struct actor *a, bool out_of_order)
{
	bool in_order = is_in_order(search, a), any = false;
	bool may_show = in_order || (out_of_order && may_be_early(search, a));
	unsigned before = a->s.last_line;
	enum move move;

	if (a->s.done || (a->s.task < 0 && a->loops && !actor_next(a)))
		return MOVE_NONE;
	if (a->s.task < 0)
		return actor_start(search->run->vm, a) ? MOVE_TAKEN : MOVE_NONE;
	search->tries++;
	search->run->searched += search->resolves;
	search->idle++;
	search->acting = a;
	search->out_of_order = !in_order || is_late(search, a);
	move = run_step(search, a, &any);
	if (move != MOVE_TAKEN || !any)
		return move;
	if (!may_show)
		return MOVE_EARLY;
	a->s.after_line = before;
	return is_not_too_late(search, a) ? MOVE_TAKEN : MOVE_WRONG;
}
