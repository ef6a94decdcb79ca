/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_actors.c: commands during which more than one thread acts.
 *
 * The trace tells who did what: a vCPU's thread by its stage-2 faults, a background loop's by its
 * notifications. Each becomes an actor with its recorded events, and actors.c finds an order.
 * How often a loop went round, and when, is input.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/semantics.h"
#include "sim/actors_internal.h"
#include "sim/rewind.h"

struct actors {
	struct actor list[MAX_ACTORS];	/* loops first, as long as they run */
	size_t nr_loops, nr;
	int loop_of[MAX_LOOPS];		/* the script's number of it */
	struct log_note *carried;	/* stb_ds: counted since the last command's counters */
};

/* ---- who is who ---- */

static bool runs(struct run *run, size_t i)
{
	return script_loop(run->script, i);
}

bool actors_loop(struct run *run)
{
	for (size_t i = 0; i < MAX_LOOPS; i++)
		if (runs(run, i))
			return true;
	return run->actors && run->actors->nr_loops;
}

bool actors_are_involved(struct run *run, const struct script_events *todo)
{
	return actors_loop(run) || (todo->verdict == SCRIPT_OVERLAP && todo->nr_events > 1);
}

static int pid_of_vcpu(const struct run *run, uint64_t vcpu)
{
	for (size_t i = 0; i < run->command->nr_events; i++) {
		const struct trace_event *event = &run->command->events[i];
		uint64_t number;

		if (!strcmp(event->name, ITEM_FAULT) &&
		    trace_event_u64(event, "vcpu", 10, &number) && number == vcpu)
			return event->pid;
	}
	return -1;
}

static bool is_taken(const struct run *run, int pid)
{
	for (size_t i = 0; i < run->actors->nr; i++)
		if (run->actors->list[i].pid == pid)
			return true;
	return pid == main_thread(run) || pid == pid_of_vcpu(run, 0) || pid == pid_of_vcpu(run, 1);
}

/* The first thread that notifies of the loop's range, and is nobody else. */
static int pid_of_loop(const struct run *run, const struct event *loop,
		       const struct trace_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t start;

		if (!strcmp(events[i].name, "inv_start") && !is_taken(run, events[i].pid) &&
		    trace_event_u64(&events[i], "start", 16, &start) &&
		    start - loop->hva < loop->size)
			return events[i].pid;
	}
	return -1;
}

/* ---- what an actor does next ---- */

static struct event next_turn(struct actor *a)
{
	struct event e = a->events[0];
	uint64_t pages = e.size >> PAGE_SHIFT, first;

	if (e.id == EVENT_MPROTECT)
		e.prot = a->s.turn % 2 ? VM_READ | VM_WRITE : VM_READ;
	a->s.turn++;
	if (e.id == EVENT_ZAP)	/* of the object; where that is mapped says whose notifications */
		e.hva = e.size = 0;
	if (!e.random)
		return e;
	a->s.lcg = a->s.lcg * 1664525u + 1013904223u;
	first = (a->s.lcg >> 8) % pages;
	e.hva += first << PAGE_SHIFT;
	e.size = (pages - first < 16 ? pages - first : 16) << PAGE_SHIFT;
	return e;
}

bool actor_start(struct vm *vm, struct actor *a)
{
	a->s.event = a->loops ? next_turn(a) : a->events[a->s.next_event++];
	a->s.task = event_start(vm, &a->s.event);
	return a->s.task >= 0;
}

/* ---- one command ---- */

static struct actors *make(struct run *run)
{
	if (!run->actors) {
		run->actors = calloc(1, sizeof(*run->actors));
		if (!run->actors)
			abort();
	}
	return run->actors;
}

static void add_loop(struct run *run, size_t i)
{
	struct actors *all = run->actors;
	const struct event *event = script_loop(run->script, i);
	struct event *copy = arena_alloc(&run->out->arena, sizeof(*copy));

	for (size_t n = 0; n < all->nr_loops; n++)
		if (all->loop_of[n] == (int)i)
			return;
	*copy = *event;
	all->loop_of[all->nr_loops] = i;
	all->list[all->nr_loops++] = (struct actor){
		.pid = -1, .events = copy, .nr_events = 1, .loops = true,
		.s = { .task = -1, .lcg = event->value } };
}

/* Of a step that began in the part before: not compared. */
static void skip_owed(struct actor *a)
{
	a->s.nr_owed = 0;
	for (; a->s.owed && actor_next(a); a->s.owed--)
		a->s.at = actor_next(a) - a->items + 1;
}

/* What each loop was recorded to do among these events. */
static void give_loops(struct run *run, const struct trace_event *events, size_t n)
{
	struct actors *all = run->actors;

	all->nr = all->nr_loops;
	for (size_t i = 0; i < all->nr_loops; i++) {
		struct actor *a = &all->list[i];

		if (a->pid < 0)
			a->pid = pid_of_loop(run, a->events, events, n);
		arrfree(a->items);
		a->s.at = 0;
		if (a->pid > 0)
			a->items = items_of_thread(run, events, n, a->pid);
		skip_owed(a);
	}
}

static bool has_task(const struct event *e)
{
	return e->id != EVENT_NOTHING && e->id != EVENT_DRAIN;
}

static void add_own(struct run *run, const struct event *events, size_t n, int pid)
{
	struct actors *all = run->actors;

	all->list[all->nr++] = (struct actor){
		.pid = pid, .events = events, .nr_events = n,
		.items = items_of_thread(run, run->command->events, run->command->nr_events, pid),
		.s = { .task = -1, .done = !n, .outcome = { .word = "ok", .pfn = NO_PFN } } };
}

/* "par" has a thread for each vCPU; all else is done by the recorder's own. */
static void add_command(struct run *run, const struct script_events *todo)
{
	bool apart = todo->verdict == SCRIPT_OVERLAP && todo->nr_events > 1;
	int main = main_thread(run);

	for (size_t i = 0; apart && i < todo->nr_events; i++) {
		add_own(run, &todo->events[i], 1, pid_of_vcpu(run, todo->events[i].vcpu));
	}
	if (!apart)
		add_own(run, todo->events, has_task(&todo->events[0]) ? todo->nr_events : 0, main);
}

/* The recorded items in the order of the model's, and behind them what is left. */
static void keep_schedule(struct run *run, const struct search *search)
{
	struct item model_only = { .by = BY_MODEL };

	for (size_t i = 0; i < arrlenu(search->shown); i++) {
		const struct shown *shown = &search->shown[i];
		struct item item = shown->by == BY_MODEL ? model_only :
				   search->actors[shown->actor].items[shown->item];

		item.by = shown->by;
		if (item.kind != NR_CONFORM_KINDS &&
		    (run->refs_in_doubt || item.by != BY_MODEL))
			arrput(run->scheduled, item);
	}
	for (size_t i = 0; i < search->nr_actors; i++)
		for (size_t n = search->actors[i].s.at; n < arrlenu(search->actors[i].items); n++) {
			arrput(run->scheduled, search->actors[i].items[n]);
			arrlast(run->scheduled).by = BY_KERNEL;
		}
}

static void keep_owed(struct run *run, const struct search *search)
{
	for (size_t i = 0; i < search->nr_actors; i++)
		for (size_t n = 0; n < search->actors[i].s.nr_owed; n++)
			arrput(run->owed, search->actors[i].owed[n]);
}

static bool has_order(const struct run *run)
{
	return run->recording->has_trace && !run->recording->trace_cut && run->command->traced &&
	       trace_has(run->recording, ITEM_FAULT) && trace_has(run->recording, "inv_start");
}

static void drop_own(struct run *run)
{
	struct actors *all = run->actors;

	for (size_t i = all->nr_loops; i < all->nr; i++)
		arrfree(all->list[i].items);
	all->nr = all->nr_loops;
}

/* A loop that has been stopped has come to its end. */
static void stop_loops(struct run *run)
{
	struct actors *all = run->actors;

	for (size_t i = all->nr_loops; i < all->nr; i++)
		arrfree(all->list[i].items);
	for (size_t i = 0; i < all->nr_loops; i++) {
		struct actor *a = &all->list[i];

		if (runs(run, all->loop_of[i]))
			continue;
		if (a->s.task >= 0)
			vm_run(run->vm, a->s.task, NULL);
		arrfree(a->items);
		arrfree(a->owed);
		*a = all->list[--all->nr_loops];
		all->loop_of[i] = all->loop_of[all->nr_loops];
		i--;
	}
	all->nr = all->nr_loops;
}

static void keep_notes_of(struct run *run, struct log_note **list, bool counters)
{
	const struct vm *vm = run->vm;

	for (size_t i = 0; i < vm->nr_notes; i++)
		if (vm->notes[i].note.kind == NOTE_ROOT)
			run->root = vm->notes[i].note.pfn;
	for (size_t i = 0; i < vm->nr_notes; i++)
		if (!counters || vm->notes[i].note.kind == NOTE_STAT)
			arrput(*list, vm->notes[i]);
}

const char *actors_no_order(const struct run *run)
{
	return run->searched < MAX_SEARCHED ? NO_ORDER : SEARCH_CUT;
}

/* The first of "v0: HLT eax=0x0 | v1: KVM_RUN=-1 EFAULT (...)" */
static struct said vcpu_answer(const char *at)
{
	size_t length = strcspn(at, "|");
	struct said said = say("%.*s", (int)length, at);

	while (length && said.text[length - 1] == ' ')
		said.text[--length] = 0;
	return say("%s", said.text + strlen("v0: "));
}

/* Random writes say nothing of what they write. */
static struct outcome outcome_of(const struct actor *a, size_t vcpu)
{
	struct outcome outcome = a->s.outcome;

	if (a->nr_events && a->events->random && a->events->id == EVENT_WRITE)
		outcome.value = 0x1000 + vcpu;
	return outcome;
}

/* Of "par" each vCPU's answer; else of the last event, which is the command's. */
bool actor_would_agree(struct search *search, struct actor *a)
{
	struct run *run = search->run;
	const char *at = run->command->answer.result;
	size_t nth = a - run->actors->list - run->actors->nr_loops;
	struct said recorded;

	if (!run->refs_in_doubt) {
		run->outcome = a->s.outcome;
		return answer_would_agree(run);
	}
	run->outcome = outcome_of(a, nth);
	for (; nth && at; nth--)
		at = strchr(at, '|') ? strchr(at, '|') + 2 : NULL;
	if (!at)
		return true;
	recorded = vcpu_answer(at);
	return vcpu_would_agree(run, recorded.text);
}

struct way_back {
	struct rewind *rewind;
	struct actor_state s[MAX_ACTORS];
	pfn_t root;
};

static struct way_back start_of(struct run *run)
{
	struct way_back back = { .rewind = rewind_new(run->vm), .root = run->root };

	rewind_mark(back.rewind);
	for (size_t i = 0; i < run->actors->nr; i++)
		back.s[i] = run->actors->list[i].s;
	return back;
}

static void go_to_start(struct run *run, struct way_back *back, struct search *search)
{
	rewind_to_mark(back->rewind);
	for (size_t i = 0; i < run->actors->nr; i++)
		run->actors->list[i].s = back->s[i];
	arrfree(search->shown);
}

/* Is nobody left who goes on between the answer and what is looked at? */
static bool comes_to_rest(struct run *run)
{
	for (size_t i = 0; i < MAX_LOOPS; i++)
		if (runs(run, i))
			return false;
	return true;
}

/* An order that gives the trace and the answer, and what is seen behind it. */
static bool find_order(struct run *run, struct search *search)
{
	struct way_back back = start_of(run);
	bool found;

	search->checks = true;
	search->checks_end = comes_to_rest(run);
	found = search_run(search);
	if (!found)
		go_to_start(run, &back, search);
	rewind_free(back.rewind);
	return found;
}

bool actors_run(struct run *run, const struct script_events *todo)
{
	struct actors *all = make(run);
	struct search search = { .run = run, .actors = all->list, .max_items = SIZE_MAX };

	if (!has_order(run))
		return false;
	for (size_t i = 0; i < MAX_LOOPS; i++)
		if (runs(run, i))
			add_loop(run, i);
	give_loops(run, run->command->events, run->command->nr_events);
	add_command(run, todo);
	run->refs_in_doubt = all->nr > all->nr_loops + 1;
	search.nr_actors = all->nr;
	vm_begin_event(run->vm, run->command->number);
	for (size_t i = 0; i < arrlenu(all->carried); i++)
		arrput(run->notes, all->carried[i]);
	if (!find_order(run, &search)) {
		arrfree(search.shown);
		return false;
	}
	arrsetlen(all->carried, 0);
	run->outcome = all->list[all->nr - 1].s.outcome;
	keep_schedule(run, &search);
	keep_owed(run, &search);
	stop_loops(run);
	keep_notes_of(run, &run->notes, false);
	arrfree(search.shown);
	return true;
}

/* ---- between two commands ---- */

/* Nothing of it is compared; what the model frees may come back as anything. */
static void pass_frees(struct run *run)
{
	struct item *items = NULL;

	for (size_t i = 0; i < run->vm->nr_notes; i++)
		items_of_note(run, &run->vm->notes[i], &items);
	for (size_t i = 0; i < arrlenu(items); i++) {
		if (items[i].lru)
			lru_note(run, items[i].frame[0], items[i].lru, false);
		if (items[i].kind == NR_CONFORM_KINDS)
			frames_release(&run->frames, items[i].frame[0], items[i].frame[1]);
		else if (items[i].frees_old_table)
			frames_release(&run->frames, items[i].frame[0], 1);
	}
	arrfree(items);
}

/*
 * The counters are read some time after the command's end: as many of the loops' events before
 * that as make them agree, if any do.
 */
void actors_until_facts(struct run *run)
{
	struct actors *all = run->actors;
	struct search search = { .run = run };
	struct actor_state before[MAX_ACTORS];
	struct rewind *rewind;
	bool ok = true;

	drop_own(run);
	if (!all->nr_loops)
		return;
	give_loops(run, run->command->after, run->command->nr_after);
	search.actors = all->list;
	search.nr_actors = all->nr_loops;
	vm_begin_event(run->vm, run->command->number);
	rewind = rewind_new(run->vm);
	rewind_mark(rewind);
	for (size_t i = 0; i < all->nr_loops; i++)
		before[i] = all->list[i].s;
	while (ok && !stats_agree(run) && search_has_items(&search)) {
		search.max_items = arrlenu(search.shown) + 1;
		ok = search_run(&search);
	}
	if (!stats_agree(run)) {
		rewind_to_mark(rewind);
		for (size_t i = 0; i < all->nr_loops; i++)
			all->list[i].s = before[i];
	}
	rewind_free(rewind);
	keep_notes_of(run, &run->notes, true);
	pass_frees(run);
	arrfree(search.shown);
}

void actors_until_next(struct run *run)
{
	struct actors *all = run->actors;
	struct search search = { .run = run, .actors = all->list, .nr_actors = all->nr_loops,
				 .max_items = SIZE_MAX };

	if (!all->nr_loops)
		return;
	vm_begin_event(run->vm, run->command->number);
	if (!search_run(&search))
		lose(run, actors_no_order(run));
	keep_notes_of(run, &all->carried, true);
	pass_frees(run);
	arrfree(search.shown);
}

void actors_answer(struct run *run)
{
	struct actors *all = run->actors;
	const char *at = run->command->answer.result;

	for (size_t i = all->nr_loops; i < all->nr && at; i++) {
		struct said recorded = vcpu_answer(at);

		run->outcome = outcome_of(&all->list[i], i - all->nr_loops);
		answer_vcpu_text(run, recorded.text);
		at = strchr(at, '|');
		at = at ? at + 2 : NULL;
	}
}

void actors_free(struct run *run)
{
	if (!run->actors)
		return;
	for (size_t i = 0; i < run->actors->nr; i++) {
		arrfree(run->actors->list[i].items);
		arrfree(run->actors->list[i].owed);
	}
	arrfree(run->actors->carried);
	free(run->actors);
}
