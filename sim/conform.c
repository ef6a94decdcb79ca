/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform.c: run a recording's commands on the model of its own kernel, and compare after each.
 *
 * The model is given what the recorder did, and which frames the allocator gave; nothing of what
 * KVM did. A command that is not modelled ends the comparison: what comes later is unmodelled.
 */
#include "sim/conform_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/semantics.h"
#include "sim/overlap.h"

static bool all_free(struct run *run, pfn_t first, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		if (!page_is(&run->vm->m, first + i, PG_FREE))
			return false;
	return true;
}

static uint64_t pages_of(const struct event *e)
{
	bool separate = alloc_is_separate(e->kind);

	return separate ? e->count : (uint64_t)1 << (e->order & 31);
}

/* The page that the recording shows somewhere at one of these frames, or NULL: no memory. */
static const struct page_facts *memory_at(const struct recording *recording, uint64_t first,
					  uint64_t pages)
{
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *command = &recording->commands[i];

		for (size_t n = 0; n < command->nr_facts; n++) {
			const struct page_facts *page = &command->facts[n].host.page;

			if (command->facts[n].kind == FACT_HOST && page->known &&
			    !page->nopage && page->pfn - first < pages)
				return page;
		}
	}
	return NULL;
}

/* Frames named by number: whether they are memory, and whose, is an input. */
static void choose_physical(struct run *run, struct event *e)
{
	const struct page_facts *page = memory_at(run->recording, e->pfn, e->count);

	if (!page)
		return;
	take_input(run, place_of_command(run), "frame 0x%llx is memory",
		   (unsigned long long)page->pfn);
	if (e->count > 1 || !page->reserved)
		lose(run, "a frame named by number is somebody's memory");
	e->pfn = run->vm->w.config.zero_pfn;	/* the one page of the kernel that the model has */
	frames_bind(&run->frames, page->pfn, e->pfn);
}

/*
 * The model's page is where the recorded one is, if it can be: of stale entries, the model's and
 * the kernel's then point to the same new page.
 */
static void choose_frames(struct run *run, struct event *e)
{
	pfn_t old;

	if (e->id != EVENT_ALLOC || e->pfn == NO_PFN)
		return;
	if (e->kind == ALLOC_MMIO) {
		choose_physical(run, e);
		return;
	}
	take_input(run, place_of_command(run), "frame 0x%llx, and those after it",
		   (unsigned long long)e->pfn);
	old = frames_model(&run->frames, e->pfn);
	if (pages_of(e) == 1 && old != NO_PFN && page_is(&run->vm->m, old, PG_FREE))
		e->pfn = old;
	else if (!all_free(run, e->pfn, pages_of(e)))
		e->pfn = NO_PFN;
}

static void bind_frames(struct run *run, const struct event *e, const struct outcome *outcome)
{
	uint64_t recorded = run->command->answer.pfn;
	bool one_block = e->kind != ALLOC_ORDER0 && e->kind != ALLOC_RESERVED;

	if (e->id != EVENT_ALLOC || outcome->pfn == NO_PFN || !run->command->answer.has_pfn)
		return;
	frames_take(&run->frames, outcome->pfn, pages_of(e));
	for (uint64_t i = 0; i < (one_block ? pages_of(e) : 1); i++)
		if (!frames_bind(&run->frames, recorded + i, outcome->pfn + i))
			observe(run, CONFORM_PAGE, place_of_command(run),
				say("0x%llx was free", (unsigned long long)recorded + i).text,
				say("0x%llx is in use", (unsigned long long)recorded + i).text);
}

/* The thread that @e resumes stands in a fault of GUP's. */
static bool stands_in_gup(const struct run *run, const struct event *e)
{
	for (unsigned i = 0; e->id == EVENT_RESUME && i < MAX_TASKS; i++) {
		const struct task *t = &run->vm->w.task[i];

		if (!run->vm->paused[i] || strcmp(run->vm->paused[i]->label, e->name))
			continue;
		for (unsigned f = 1; f < t->depth; f++)
			if (t->frame[f - 1].path == PATH_FOLLOW &&
			    t->frame[f].path == PATH_HOST_FAULT)
				return true;
	}
	return false;
}

/* A GUP that has slept: its probe's pair began in an earlier command, and is not read. */
static void keep_notes(struct run *run, bool slept)
{

	for (size_t i = 0; i < run->vm->nr_notes; i++) {
		const struct note *note = &run->vm->notes[i].note;

		if (slept && note->kind == NOTE_GUP) {
			slept = false;
			continue;
		}
		arrput(run->notes, run->vm->notes[i]);
		if (note->kind == NOTE_ROOT)	/* the recorder looks at what was loaded last */
			run->root = note->pfn;
	}
}

/* Of the set-up, in which the vCPUs run one after the other. */
static void find_root(struct run *run)
{
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		if (run->vm->w.vcpu[v].root != NO_PFN)
			run->root = run->vm->w.vcpu[v].root;
}

/* An exception is the guest's matter. Neither a child's signal nor ksmd ends the recorder. */
static bool is_over(const struct event *e, const struct outcome *outcome)
{
	if (event_is_of_child(e->id) || e->id == EVENT_KSM_MERGE)
		return false;
	return (outcome->error && strcmp(outcome->word, "ud")) || !strcmp(outcome->word, "sigsegv");
}

/* Before it looks, outside of the command: of this only what it frees is of interest. */
static void drain(struct run *run)
{
	size_t n = run->vm->nr_notes;

	lru_drain(&run->vm->m);
	lru_forget_all(run);
	for (size_t i = 0; i < run->command->nr_after; i++)
		trace_page_free(run, &run->command->after[i]);
	for (size_t i = n; i < run->vm->nr_notes; i++) {
		const struct note *note = &run->vm->notes[i].note;

		if (note->kind != NOTE_FREE)
			continue;
		frames_gone(&run->frames, frames_recorded(&run->frames, note->pfn),
			    (uint64_t)1 << note->level);
		frames_release(&run->frames, note->pfn, (uint64_t)1 << note->level);
	}
}

/* "later": its action takes place inside the look-up's window. */
static void run_window(struct run *run, const struct script_events *todo)
{
	vm_begin_event(run->vm, run->command->number);
	if (overlap_window(run->vm, todo, &run->outcome))
		script_window_used(run->script);
	keep_notes(run, false);
}

/* The end of an access that has waited is what it was begun as. */
static enum event_id begun_as(const struct run *run, const struct event *e)
{
	for (unsigned i = 0; e->id == EVENT_RESUME && i < MAX_TASKS; i++)
		if (run->vm->paused[i] && !strcmp(run->vm->paused[i]->label, e->name))
			return run->vm->paused[i]->id;
	return e->id;
}

static void run_events(struct run *run, const struct script_events *todo)
{
	struct error error = { .line = 0 };
	struct outcome aside;

	run->main = todo->nr_events ? todo->events[todo->main].id : EVENT_NOTHING;
	if (todo->meanwhile) {
		run_window(run, todo);
		return;
	}
	for (size_t i = 0; i < todo->nr_events; i++) {
		struct event *e = &todo->events[i];
		struct outcome *outcome = i > todo->main ? &aside : &run->outcome;
		bool slept = stands_in_gup(run, e);

		choose_frames(run, e);
		choose_found(run, e);
		if (i == todo->main)
			run->main = begun_as(run, e);
		choose_stable(run, e);
		if (!event_run(run->vm, e, outcome, &error)) {
			lose(run, "the model has no room for this");
			return;
		}
		if (e->id == EVENT_DRAIN)
			lru_forget_all(run);
		if (!e->elsewhere)
			keep_notes(run, slept);
		bind_frames(run, e, outcome);
		if (is_over(e, outcome))
			break;
	}
	if (!strcmp(run->outcome.word, "unknown_code"))
		lose(run, "the guest executes what is neither zeroes nor HLT");
	if (script_shows_log(run->command))
		run->splats_read = run->vm->nr_splats;
	if (run->vm->dead)
		lose(run, "the model's kernel is dead: BUG or oops");
}

/* When others' pages fill the batch is not known; where a put is one too many, this decides. */
static bool hangs_on_batch(const struct run *run)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++) {
		const struct found_violation *found = &run->vm->violations[i];

		if (found->event == run->command->number && !script_drains(run->script) &&
		    !strcmp(found->v.law->id, "no-put-by-non-owner") &&
		    page_of(&run->vm->m, found->v.pfn)->owner != OWNER_DRIVER)
			return true;
	}
	return false;
}

/* What the answer is read from stays the command's own task. */
static void run_with_numa(struct run *run, const struct script_events *todo)
{
	struct task own;
	int row;

	numa_visit(run, todo, true);
	if (run->out->lost)
		return;
	run_events(run, todo);
	row = run->vm->m.task;
	own = run->vm->w.task[row];
	numa_visit(run, todo, false);
	run->vm->m.task = row;
	run->vm->w.task[row] = own;
}

/* Several threads at once: the trace gives their order, if there is one. */
static bool run_actors(struct run *run, const struct script_events *todo)
{
	run->main = todo->nr_events ? todo->events[todo->main].id : EVENT_NOTHING;
	note_unseen(run, todo);
	if (!actors_run(run, todo)) {
		lose(run, actors_no_order(run));
		return false;
	}
	if (run->vm->dead)
		lose(run, "the model's kernel is dead: BUG or oops");
	return !run->vm->dead;
}

/* The recorder's machine is emulated: what the guest's TLB has goes when the guest is entered. */
static void empty_tlbs(struct run *run)
{
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		tlb_flush(&run->vm->m, i);
}

static void run_command(struct run *run)
{
	struct script_events todo = script_command(run->script, run->command);
	bool lost = run->out->lost, acts = false, batch_known;

	arrsetlen(run->notes, 0);
	run->outcome = (struct outcome){ .word = "unmodelled", .pfn = NO_PFN };
	run->same.verdict = CONFORM_AGREE;
	run->says = !lost;
	if (!lost)
		reuse_begin(run, run->command > run->recording->commands ? run->command - 1 : NULL);
	batch_begin(run);
	if (run->vm)
		empty_tlbs(run);
	if (!lost && actors_are_involved(run, &todo) && numa_visits(run))
		lose(run, "NUMA balancing while several threads act");
	else if (!lost && todo.verdict != SCRIPT_UNMODELLED && actors_are_involved(run, &todo))
		acts = run_actors(run, &todo);
	else if (!lost && todo.verdict == SCRIPT_OVERLAP)
		lose(run, NO_ORDER);
	else if (!lost && todo.verdict == SCRIPT_UNMODELLED)
		lose(run, todo.why);
	else if (!lost && beyond_model(run, &todo))
		lose(run, beyond_model(run, &todo));
	else if (!lost)
		run_with_numa(run, &todo);
	batch_known = batch_follow(run) && !acts;
	if (!run->out->lost && !batch_known && hangs_on_batch(run))
		lose(run, "whether an LRU batch holds what is put too often is not recorded");
	if (run->vm)
		reuse_end(run);
	conform_answer(run);
	conform_trace(run);
	run->says = !run->out->lost;
	if (run->says && script_drains(run->script))
		drain(run);
	if (acts) {
		raced_command(run);
		actors_until_facts(run);
	}
	numa_visit_unseen(run);
	collapse_unseen(run);
	conform_facts(run);
	numa_visit_later(run);
	collapse_later(run);
	observe_unchanged(run);
	if (acts)
		actors_until_next(run);
	batch_end(run);
	arrfree(run->scheduled);
	arrfree(run->owed);
	run->refs_in_doubt = false;
}

void run_fatal(struct run *run, const struct command *command)
{
	struct script_events todo = script_command(run->script, command);

	run->command = command;
	if (run->out->lost)
		return;
	if (todo.verdict == SCRIPT_UNMODELLED)
		lose(run, todo.why);
	else
		run_events(run, &todo);
	if (run->vm->dead)
		run->out->lost = NULL;	/* so is the recorder's */
}

static const char *why_inconclusive(const struct recording *recording)
{
	if (recording->reconstructed && !recording->nr_fatal && !recording->complete)
		return "reconstructed from the console: no trace, and it may break off";
	if (recording->reconstructed)
		return NULL;	/* its end is compared */
	if (!recording->complete)
		return "truncated: without its DONE line";
	if (recording->trace_cut)
		return "the trace is cut";
	return NULL;
}

/* NULL: this kernel's semantics is not modelled. */
static const struct semantics_patch *patch_of(struct run *run)
{
	const struct recording *recording = run->recording;
	const struct semantics_patch *patch =
		recording->semantics ? semantics_find(recording->semantics) : NULL;

	if (!patch)
		lose(run, "the semantics of this kernel is not modelled");
	return run->out->lost ? NULL : patch;
}

static const char *file_name(struct run *run, const char *extension)
{
	size_t size = strlen(run->recording->path) + strlen(extension) + 1;
	char *name = arena_alloc(&run->out->arena, size);

	snprintf(name, size, "%s%s", run->recording->path, extension);
	return name;
}

static void set_up(struct run *run)
{
	struct vm_config config = script_config(run->recording);
	const struct semantics_patch *patch = patch_of(run);

	run->file.out = file_name(run, ".out");
	run->file.trace = file_name(run, ".trace");
	run->file.meta = file_name(run, ".meta");
	sh_new_strdup(run->last);
	sh_new_strdup(run->mapped);
	run->root = NO_PFN;
	for (unsigned i = 0; i < MAX_MAPS; i++)
		run->maps[i] = NO_PFN;
	run->script = script_new(run->recording);
	run->allocations_traced = trace_has(run->recording, "mm_page_alloc");
	run->refs_traced = trace_has(run->recording, "page_ref_");
	if (!patch)
		return;
	run->out->semantics = run->recording->semantics;
	run->vm = vm_new(patch, &config);
	script_set_up(run->recording, run->vm);
	run->first_frame = run->vm->w.next_frame;
	find_root(run);
	numa_visit_set_up(run);
	lru_start(run);
	batch_start(run);
}

static void tear_down(struct run *run)
{
	vm_free(run->vm);
	script_free(run->script);
	frames_free(&run->frames);
	lru_forget_all(run);
	batch_free(run);
	arrfree(run->notes);
	arrfree(run->between);
	actors_free(run);
	hmfree(run->raced);
	hmfree(run->unseen);
	hmfree(run->isolated);
	shfree(run->last);
	shfree(run->mapped);
}

void conform_run(const struct recording *recording, const struct conform_options *options,
		 struct conform *out)
{
	struct run run = { .recording = recording, .options = options, .out = out };

	*out = (struct conform){ .capture = recording->name,
				 .inconclusive = why_inconclusive(recording) };
	set_up(&run);
	for (size_t i = 0; i < recording->nr_commands; i++) {
		run.command = &recording->commands[i];
		run_command(&run);
	}
	conform_end(&run);
	conform_splats(&run);
	out->nr_seen = arrlenu(out->seen);
	out->nr_inputs = arrlenu(out->inputs);
	if (!out->inconclusive && conform_count(out, CONFORM_UNMODELLED) &&
	    !conform_count(out, CONFORM_AGREE) && !conform_count(out, CONFORM_DIFFER))
		out->inconclusive = "nothing in it is modelled";
	tear_down(&run);
}
