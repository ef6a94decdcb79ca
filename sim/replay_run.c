/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay_run.c: one run of a trace under one semantics, event by event, and what happened in words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "sim/grow.h"
#include "sim/replay_internal.h"

const char *verdict_word(enum verdict verdict)
{
	static const char *const word[] = { "ok", "violation", "mismatch", "inconclusive" };

	return word[verdict];
}

/* mapped, spurious, ok: the access went through; how many faults it took is nobody's business. */
static bool went_through(const char *word)
{
	return !strcmp(word, "mapped") || !strcmp(word, "ok") || !strcmp(word, "spurious") ||
	       !strcmp(word, "emulate");
}

bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	if (!a->word || !b->word)
		return a->word == b->word;
	if (went_through(a->word) != went_through(b->word) ||
	    (!went_through(a->word) && strcmp(a->word, b->word)))
		return false;
	return a->has_value == b->has_value && (!a->has_value || a->value == b->value);
}

__attribute__((format(printf, 3, 4)))
static void run_add_note(struct replay_run *run, unsigned event, const char *format, ...)
{
	struct replay_note *note;
	va_list args;

	run->note = grow(run->note, run->nr_notes, sizeof(*run->note));
	note = &run->note[run->nr_notes++];
	note->event = event;
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
}

void run_add_mismatch(struct replay_run *run, const struct ast_statement *s,
		      const char *format, ...)
{
	struct mismatch *mismatch;
	va_list args;

	run->mismatch = grow(run->mismatch, run->nr_mismatches, sizeof(*run->mismatch));
	mismatch = &run->mismatch[run->nr_mismatches++];
	*mismatch = (struct mismatch){ .file = s->file, .line = s->line, .column = s->column };
	va_start(args, format);
	vsnprintf(mismatch->text, sizeof(mismatch->text), format, args);
	va_end(args);
}

/* ---- what happened, in words ---- */

static const char *pfn_text(pfn_t pfn, char *buffer, size_t size)
{
	static const char *const error[] = { "ERR_FAULT", "ERR_HWPOISON", "ERR_RO_FAULT",
					     "ERR_SIGPENDING", "ERR_NEEDS_IO" };

	if (pfn == KVM_PFN_NOSLOT)
		return "NOSLOT";
	if (is_error_pfn(pfn) && pfn - KVM_PFN_ERR_FAULT < ARRAY_SIZE(error))
		return error[pfn - KVM_PFN_ERR_FAULT];
	snprintf(buffer, size, "pfn 0x%llx", (unsigned long long)pfn);
	return buffer;
}

const char *replay_note_text(const struct note *n, char *text, size_t size)
{
	char pfn[32];

	text[0] = '\0';
	switch ((enum note_kind)n->kind) {
	case NOTE_FOLLOW:
		snprintf(text, size, "%s(hva 0x%llx%s) = %s%s%s", n->name,
			 (unsigned long long)n->hva, n->flags & FOLL_WRITE ? ", write" : "",
			 pfn_text(n->pfn, pfn, sizeof(pfn)),
			 is_error_noslot_pfn(n->pfn) ? "" :
			 n->ok			     ? ", writable" :
						       ", read-only",
			 is_error_noslot_pfn(n->pfn) ? "" :
			 n->has_page		     ? ", refcounted" :
						       ", no reference");
		break;
	case NOTE_SPTE:
		snprintf(text, size, "gfn 0x%llx level %u: SPTE 0x%llx -> 0x%llx",
			 (unsigned long long)n->gfn, n->level, (unsigned long long)n->old,
			 (unsigned long long)n->new);
		break;
	case NOTE_NOTIFY:
		snprintf(text, size, "%s [0x%llx, 0x%llx)",
			 !strcmp(n->name, "inv_start") ? "invalidate_range_start" :
			 !strcmp(n->name, "inv_end") ? "invalidate_range_end" : n->name,
			 (unsigned long long)n->hva, (unsigned long long)n->end);
		break;
	case NOTE_RELEASE:
		snprintf(text, size, "%s(%s)", n->name,
			 n->pfn == NO_PFN ? "NULL" : pfn_text(n->pfn, pfn, sizeof(pfn)));
		break;
	case NOTE_EXIT:
		snprintf(text, size, "exit to userspace: %s gpa 0x%llx, 0x%llx", n->name,
			 (unsigned long long)n->hva, (unsigned long long)n->value);
		break;
	case NOTE_FREE:
		snprintf(text, size, "pfn 0x%llx goes back to the allocator, order %u",
			 (unsigned long long)n->pfn, n->level);
		break;
	case NOTE_CHANGE_PTE:
		snprintf(text, size, "change_pte(hva 0x%llx) = PTE 0x%llx",
			 (unsigned long long)n->hva, (unsigned long long)n->new);
		break;
	case NOTE_FLUSH:
		snprintf(text, size, "%s()", n->name);
		break;
	case NOTE_ROOT:
	case NOTE_TLB_FILL:
	case NOTE_TLB_DROP:
	case NOTE_REF:
	case NOTE_GUP:
	case NOTE_FIXUP:
	case NOTE_SET_SPTE:
	case NOTE_STAT:
		break;
	}
	return text;
}

/* One line a page: how its count moved. */
static void note_refs(struct replay_run *run, unsigned event)
{
	const struct vm *vm = run->vm;

	for (size_t i = 0; i < vm->nr_notes; i++) {
		const struct note *n = &vm->notes[i].note;
		char text[100];
		size_t used = 0;
		bool first = true;

		if (n->kind != NOTE_REF)
			continue;
		for (size_t j = 0; j < i; j++)
			first &= vm->notes[j].note.kind != NOTE_REF ||
				 vm->notes[j].note.pfn != n->pfn;
		if (!first)
			continue;
		for (size_t j = i; j < vm->nr_notes && used < sizeof(text) - 8; j++) {
			const struct note *ref = &vm->notes[j].note;

			if (ref->kind != NOTE_REF || ref->pfn != n->pfn)
				continue;
			used += snprintf(text + used, sizeof(text) - used, " %d%s", ref->count,
					 ref->ok || strcmp(ref->name, "page_ref_mod_unless") ?
					 "" : "(refused)");
		}
		run_add_note(run, event, "pfn 0x%llx count:%s", (unsigned long long)n->pfn, text);
	}
}

void run_note_event(struct replay_run *run, unsigned event)
{
	enum { MAX_LINES = 40 };
	size_t before = run->nr_notes;
	char text[160];

	for (size_t i = 0; i < run->vm->nr_notes; i++) {
		if (run->nr_notes - before == MAX_LINES) {
			run_add_note(run, event, "... and %zu more",
				     run->vm->nr_notes - i + run->vm->nr_dropped);
			return;
		}
		if (*replay_note_text(&run->vm->notes[i].note, text, sizeof(text)))
			run_add_note(run, event, "%s", text);
	}
	note_refs(run, event);
}

/* ---- a trace ---- */

static void add_line(struct replay *replay, const struct event *e)
{
	struct replay_line *line;

	replay->line = grow(replay->line, replay->nr_lines, sizeof(*replay->line));
	line = &replay->line[replay->nr_lines++];
	*line = (struct replay_line){ .number = e->number, .line = e->line, .file = e->file,
				      .label = e->label, .op = e->op,
				      .text = trace_event_text(e, replay->input->trace.names) };
}

void replay_take_trace(struct replay *replay)
{
	const struct trace *trace = &replay->input->trace;

	snprintf(replay->title, sizeof(replay->title), "%s", trace->title);
	replay->input->config = trace->config;
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		add_line(replay, &trace->events[i]);
	replay_take_recorded(replay);
}

void replay_free_lines(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_lines; i++) {
		free(replay->line[i].text);
		if (!replay->is_recording)
			free((char *)replay->line[i].recorded);
	}
	free(replay->line);
}

/* ---- one run of it ---- */

void run_init(const struct replay *replay, struct replay_run *run,
	      const struct semantics_patch *patch, const struct replay_options *options)
{
	struct vm_config config = replay->input->config;

	if (options->stage2 != STAGE2_AS_GIVEN)
		config.ept = options->stage2 == STAGE2_EPT;
	config.ad |= !config.ept;
	*run = (struct replay_run){ .patch = patch, .vm = vm_new(patch, &config) };
	run->vm->max_notes = 4096;	/* a report shows a few dozen */
	if (options->log_steps) {
		run->vm->log = calloc(1, sizeof(*run->vm->log));
		if (!run->vm->log)
			abort();
		run->vm->log->most = options->log_steps;
	}
	run->outcome = calloc(replay->nr_lines + 1, sizeof(*run->outcome));
	run->versus = calloc(replay->nr_lines + 1, 1);
	if (!run->outcome || !run->versus)
		abort();
}

void run_free(struct replay_run *run)
{
	vm_free(run->vm);
	free(run->outcome);
	free(run->versus);
	free(run->note);
	free(run->mismatch);
}

/* Nobody is told that it went well, or failed: the model does not know. */
static bool is_modelled(struct vm *vm, const struct event *e, struct error *error)
{
	const char *why = event_beyond_model(vm, e);

	return !why || error_at(error, e->file, e->line, e->column, "%s", why);
}

bool run_event(const struct replay *replay, struct replay_run *run, size_t i, struct error *error)
{
	const struct event *e = &replay->input->trace.events[i];
	struct outcome *o = &run->outcome[i];

	if (run->vm->dead) {
		run->versus[i] = VERSUS_UNREACHABLE;
		*o = (struct outcome){ .word = "unreachable", .pfn = NO_PFN };
		return true;
	}
	if (!is_modelled(run->vm, e, error) || !event_run(run->vm, e, o, error))
		return false;
	run_note_event(run, e->number);
	run->versus[i] = replay_versus(&replay->line[i], o);
	if (!strcmp(o->word, "livelock"))
		snprintf(run->missing, sizeof(run->missing), "line %u: the event did not end",
			 e->line);
	return true;
}

void run_end(const struct replay *replay, struct replay_run *run)
{
	if (!run->missing[0])
		replay_lacks(&replay->input->trace, run->patch, run->missing, sizeof(run->missing));
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (run->vm->paused[i] && !run->missing[0])
			snprintf(run->missing, sizeof(run->missing),
				 "event \"%s\" never ended: resume it", run->vm->paused[i]->label);
	expect_run(replay, run);
}

enum verdict run_verdict(const struct replay_run *run)
{
	if (run->nr_mismatches)
		return VERDICT_MISMATCH;
	if (run->vm->nr_violations)
		return VERDICT_VIOLATION;
	return run->missing[0] ? VERDICT_INCONCLUSIVE : VERDICT_OK;
}
