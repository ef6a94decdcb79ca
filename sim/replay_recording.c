/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay_recording.c: what would this host have done under another API?
 *
 * The recorded answers are used for two things only: to say whether an event came out as
 * recorded, and (an input) which frames the allocator gave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/grow.h"
#include "sim/overlap.h"
#include "sim/replay_internal.h"

static void add_command(struct replay *replay, const struct command *c)
{
	struct replay_line *line;

	replay->line = grow(replay->line, replay->nr_lines, sizeof(*replay->line));
	line = &replay->line[replay->nr_lines++];
	*line = (struct replay_line){ .number = c->number, .line = c->line,
				      .file = replay->input->file,
				      .op = c->nr_words ? c->words[0] : "", .text = strdup(c->text),
				      .recorded = c->answer.text };
}

bool replay_load_recording(const char *path, struct replay *replay, struct error *error)
{
	struct replay_input *input = replay->input;
	struct recording *recording = &input->recording;

	if (!recording_read(path, recording, error))
		return false;
	input->has_recording = true;
	replay->has_recorded = true;
	input->file = malloc(strlen(recording->path) + sizeof(".out"));
	if (!input->file)
		abort();
	strcpy(input->file, recording->path);
	strcat(input->file, ".out");
	replay->kernel = recording->semantics;
	input->config = script_config(recording);
	snprintf(replay->title, sizeof(replay->title), "recorded on %s", recording->uname);
	if (!recording->complete || recording->reconstructed)
		snprintf(replay->missing, sizeof(replay->missing),
			 "the recording ends after %zu commands without its DONE line",
			 recording->nr_commands);
	for (size_t i = 0; i < recording->nr_commands; i++)
		add_command(replay, &recording->commands[i]);
	if (!recording->nr_commands)
		return error_at(error, recording->path, 0, 0, "a recording without commands");
	return true;
}

/* The recorded answer in an outcome's words; false: it does not say. */
static bool recorded_outcome(const struct command *c, struct outcome *o)
{
	const struct answer *a = &c->answer;

	*o = (struct outcome){ .word = "ok", .pfn = NO_PFN };
	switch (a->kind) {
	case ANSWER_OK:
		return true;
	case ANSWER_ERRNO: {
		static const char *const words[] = { "EFAULT", "EINVAL", "EEXIST",
						     "EBUSY",  "ENOMEM", "ENOENT", "EAGAIN" };
		static const char *const ours[] = { "efault", "einval", "eexist", "ebusy", "enomem",
						    "enoent", "eagain" };

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (!strcmp(words[i], a->error))
				o->word = ours[i];
		return strcmp(o->word, "ok");
	}
	case ANSWER_VALUE:
		o->has_value = true;
		o->value = a->value;
		return true;
	case ANSWER_VCPU:
		for (size_t i = 0; i < a->nr_exits; i++) {
			const struct vcpu_exit *exit = &a->exits[i];

			if (exit->kind == EXIT_HLT) {
				o->has_value = true;
				o->value = exit->eax;
			} else if (exit->kind == EXIT_MMIO_READ || exit->kind == EXIT_MMIO_WRITE) {
				o->word = "mmio";
			} else if (exit->kind == EXIT_RUN_ERROR) {
				o->word = !strcmp(exit->error, "EFAULT") ? "efault" :
					  !strcmp(exit->error, "EINTR") ? "hwpoison" : "error";
			} else {
				return false;
			}
		}
		return true;
	case ANSWER_PAGE:
	case ANSWER_OTHER:
		return false;
	}
	return false;
}

/* A device's register is nobody's memory: its value is taken from the recording, if anything. */
static bool value_is_ours(struct vm *vm, const struct outcome *o)
{
	return o->pfn == NO_PFN || page_is(&vm->m, o->pfn, PG_VALID);
}

static enum versus compare(struct vm *vm, const struct command *c, const struct outcome *o)
{
	struct outcome recorded, here = *o;

	if (!recorded_outcome(c, &recorded))
		return VERSUS_NONE;
	if (!recorded.has_value || !here.has_value || !value_is_ours(vm, o) ||
	    !strcmp(here.word, "efault"))
		recorded.has_value = here.has_value = false;
	return same_outcome(&recorded, &here) ? VERSUS_SAME : VERSUS_CHANGED;
}

/* Does the command need something that only the recorded kernel brought about? */
static bool unreachable(const struct vm *vm, const struct command *c, const struct event *e,
			const struct outcome *o)
{
	if (vm->dead)
		return true;
	return e->id == EVENT_UNMAP && o->error && c->answer.kind != ANSWER_ERRNO;
}

static bool run_command(struct replay_run *run, struct script *script,
			const struct script_events *events, size_t line, struct error *error)
{
	struct outcome *o = &run->outcome[line];

	if (events->verdict == SCRIPT_OVERLAP) {
		run->overlaps = true;
		return overlap_run(run->vm, events, run->order, o, error);
	}
	if (events->meanwhile) {
		if (overlap_window(run->vm, events, o))
			script_window_used(script);
		run_note_event(run, events->events[0].number);
		return true;
	}
	for (size_t i = 0; i < events->nr_events; i++) {
		const struct event *e = &events->events[i];
		struct outcome aside;

		if (!event_run(run->vm, e, e->id == EVENT_CHILD_EXIT && i ? &aside : o, error))
			return false;
		run_note_event(run, e->number);
		if (!strcmp(o->word, "efault") ||
		    (!strcmp(o->word, "sigsegv") && !event_is_of_child(e->id)))
			break;
	}
	return true;
}

static void skip_unmodelled(struct replay *replay, struct replay_run *run, size_t i,
			    const char *why)
{
	const struct command *c = &replay->input->recording.commands[i];

	replay->line[i].unmodelled = true;
	replay->line[i].why = why;
	if (!run->missing[0])
		snprintf(run->missing, sizeof(run->missing),
			 "command %u (%.60s): %s; what follows may differ", c->number, c->text,
			 why);
}

static const char *beyond_model(struct vm *vm, const struct script_events *events)
{
	for (size_t i = 0; i < events->nr_events; i++) {
		const char *why = event_beyond_model(vm, &events->events[i]);

		if (why)
			return why;
	}
	/* of a child that a signal has ended, say */
	if (events->nr_events && !event_possible(vm, &events->events[0], NULL))
		return "who should do it is not there";
	return NULL;
}

static bool replay_command(struct replay *replay, struct replay_run *run, struct script *script,
			   size_t i, struct error *error)
{
	const struct command *c = &replay->input->recording.commands[i];
	struct script_events events = script_command(script, c);
	struct outcome *o = &run->outcome[i];

	*o = (struct outcome){ .word = "unmodelled", .pfn = NO_PFN };
	if (events.verdict == SCRIPT_UNMODELLED) {
		skip_unmodelled(replay, run, i, events.why);
		return true;
	}
	if (run->vm->dead) {
		o->word = "unreachable";
		run->versus[i] = VERSUS_UNREACHABLE;
		return true;
	}
	if (beyond_model(run->vm, &events)) {
		skip_unmodelled(replay, run, i, beyond_model(run->vm, &events));
		return true;
	}
	if (!run_command(run, script, &events, i, error))
		return false;
	run->versus[i] = unreachable(run->vm, c, &events.events[events.main], o) ?
			 VERSUS_UNREACHABLE : compare(run->vm, c, o);
	if (events.verdict == SCRIPT_LOOKS)
		run->versus[i] = VERSUS_NONE;
	if (script_drains(script))
		lru_drain(&run->vm->m);
	return true;
}

bool replay_run_recording(struct replay *replay, struct replay_run *run, struct error *error)
{
	const struct recording *recording = &replay->input->recording;
	struct script *script = script_new(recording);
	bool ok = true;

	script_set_up(recording, run->vm);
	if (replay->missing[0])
		snprintf(run->missing, sizeof(run->missing), "%s", replay->missing);
	for (size_t i = 0; ok && i < recording->nr_commands; i++) {
		ok = replay_command(replay, run, script, i, error);
		progress_step(run->order ? NULL : replay->progress);
	}
	script_free(script);
	return ok;
}

/* Do two orders come to the same: the same laws broken, the same outcomes? */
bool replay_same_verdict(const struct replay *replay, const struct replay_run *a,
			 const struct replay_run *b, const char **what)
{
	for (size_t i = 0; i < a->vm->nr_violations + b->vm->nr_violations; i++) {
		const struct vm *has = i < a->vm->nr_violations ? a->vm : b->vm;
		const struct vm *other = has == a->vm ? b->vm : a->vm;
		const struct law *law =
			has->violations[has == a->vm ? i : i - a->vm->nr_violations].v.law;
		bool found = false;

		for (size_t j = 0; j < other->nr_violations; j++)
			found |= other->violations[j].v.law == law;
		*what = law->id;
		if (!found)
			return false;
	}
	for (size_t i = 0; i < replay->nr_lines; i++) {
		struct outcome x = a->outcome[i], y = b->outcome[i];

		x.has_value = y.has_value = false;
		*what = replay->line[i].text;
		if (!same_outcome(&x, &y))
			return false;
	}
	return true;
}
