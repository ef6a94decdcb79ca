/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "sim/import.h"
#include "sim/overlap.h"
#include "sim/replay_internal.h"

static void *more(void *array, size_t n, size_t size)
{
	array = realloc(array, (n + 1) * size);
	if (!array)
		abort();
	return array;
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const word[] = { "ok", "violation", "mismatch", "inconclusive" };

	return word[verdict];
}

const char *versus_word(enum versus versus)
{
	static const char *const word[] = { "", "same", "changed", "unreachable" };

	return word[versus];
}

int worse_exit_code(int a, int b)
{
	static const int rank[] = { 0, 2, 3, 1, 4 };	/* by code: 4 > 2 > 1 > 3 > 0 */

	return rank[a] >= rank[b] ? a : b;
}

int replay_exit_code(const struct replay *replay)
{
	int code = 0;

	for (size_t i = 0; i < replay->nr_runs; i++) {
		const struct replay_run *run = &replay->run[i];

		if (run->nr_mismatches || (run->vm->nr_violations && !run->all_expected))
			code = worse_exit_code(code, 1);
		if (run->missing[0])
			code = worse_exit_code(code, 3);
	}
	return code;
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

	run->note = more(run->note, run->nr_notes, sizeof(*run->note));
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

	run->mismatch = more(run->mismatch, run->nr_mismatches, sizeof(*run->mismatch));
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

	replay->line = more(replay->line, replay->nr_lines, sizeof(*replay->line));
	line = &replay->line[replay->nr_lines++];
	*line = (struct replay_line){ .number = e->number, .line = e->line, .file = e->file,
				      .label = e->label, .op = e->op,
				      .text = trace_event_text(e, replay->input->trace.names) };
}

/* @text: what is there, or NULL. */
static bool load_trace(const char *path, const char *text, struct replay *replay,
		       struct error *error)
{
	struct trace *trace = &replay->input->trace;

	if (!(text ? trace_load_text(path, text, trace, error) :
	      import_is(path) ? replay_import(path, replay->input, error) :
				trace_load(path, trace, error)))
		return false;
	if (trace->nr_threads)
		return error_at(error, trace->threads[0].file, trace->threads[0].line, 1,
				"threads have no order of their own: pfnsim explore tries all");
	snprintf(replay->title, sizeof(replay->title), "%s", trace->title);
	replay->input->config = trace->config;
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		add_line(replay, &trace->events[i]);
	replay_take_recorded(replay);
	return true;
}

/* Nobody is told that it went well, or failed: the model does not know. */
static bool is_modelled(struct vm *vm, const struct event *e, struct error *error)
{
	const char *why = event_beyond_model(vm, e);

	return !why || error_at(error, e->file, e->line, e->column, "%s", why);
}

static bool run_trace(struct replay *replay, struct replay_run *run, struct error *error)
{
	const struct event *events = replay->input->trace.events;

	for (size_t i = 0; i < arrlenu(events); i++) {
		struct outcome *o = &run->outcome[i];

		if (run->vm->dead) {
			run->versus[i] = VERSUS_UNREACHABLE;
			*o = (struct outcome){ .word = "unreachable", .pfn = NO_PFN };
			continue;
		}
		if (!is_modelled(run->vm, &events[i], error) ||
		    !event_run(run->vm, &events[i], o, error))
			return false;
		run_note_event(run, events[i].number);
		run->versus[i] = replay_versus(&replay->line[i], o);
		if (!strcmp(o->word, "livelock"))
			snprintf(run->missing, sizeof(run->missing),
				 "line %u: the event did not end", events[i].line);
	}
	if (replay->missing[0] && !run->missing[0])
		snprintf(run->missing, sizeof(run->missing), "%s", replay->missing);
	for (unsigned i = 0; i < MAX_TASKS; i++)
		if (run->vm->paused[i] && !run->missing[0])
			snprintf(run->missing, sizeof(run->missing),
				 "event \"%s\" never ended: resume it", run->vm->paused[i]->label);
	expect_run(replay, run);
	return true;
}

/* ---- both ---- */

static enum verdict verdict_of(const struct replay_run *run)
{
	if (run->nr_mismatches)
		return VERDICT_MISMATCH;
	if (run->vm->nr_violations)
		return VERDICT_VIOLATION;
	return run->missing[0] ? VERDICT_INCONCLUSIVE : VERDICT_OK;
}

static void run_init(struct replay *replay, struct replay_run *run,
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

static void run_free(struct replay_run *run)
{
	vm_free(run->vm);
	free(run->outcome);
	free(run->versus);
	free(run->note);
	free(run->mismatch);
}

/* Every other order that the recording leaves open; one with another verdict makes it none. */
static bool try_other_orders(struct replay *replay, struct replay_run *run,
			     const struct replay_options *options, struct error *error)
{
	bool ok = true;

	for (u8 order = 1; ok && order < NR_ORDERS && run->overlaps; order++) {
		struct replay_run other;
		const char *what = "";

		run_init(replay, &other, run->patch, options);
		other.order = order;
		ok = replay_run_recording(replay, &other, error);
		if (ok && !replay_same_verdict(replay, run, &other, &what) && !run->missing[0])
			snprintf(run->missing, sizeof(run->missing),
				 "the recording leaves an order open; with %s, another verdict: %s",
				 overlap_order_text[order], what);
		run_free(&other);
	}
	return ok;
}

static bool run_under(struct replay *replay, const struct semantics_patch *patch,
		      const struct replay_options *options, struct error *error)
{
	struct replay_run *run = &replay->run[replay->nr_runs++];
	bool ok;

	run_init(replay, run, patch, options);
	if (replay->is_recording)
		ok = replay_run_recording(replay, run, error) &&
		     try_other_orders(replay, run, options, error);
	else
		ok = run_trace(replay, run, error);
	run->all_expected |= !run->vm->nr_violations;	/* a recording expects nothing */
	run->verdict = verdict_of(run);
	return ok;
}

const struct replay_line *replay_line_of(const struct replay *replay, unsigned event)
{
	for (size_t i = 0; i < replay->nr_lines; i++)
		if (replay->line[i].number == event)
			return &replay->line[i];
	return NULL;
}

unsigned run_violations_at(const struct replay_run *run, unsigned event)
{
	unsigned n = 0;

	for (size_t i = 0; i < run->vm->nr_violations; i++)
		n += run->vm->violations[i].event == event;
	return n;
}

static bool broke_law(const struct replay_run *run, unsigned event, const struct law *law)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		if (run->vm->violations[i].event == event && run->vm->violations[i].v.law == law)
			return true;
	return false;
}

/* Do both break the same laws at this event? */
static bool same_violations(const struct replay_run *a, const struct replay_run *b, unsigned event)
{
	if (run_violations_at(a, event) != run_violations_at(b, event))
		return false;
	for (size_t i = 0; i < a->vm->nr_violations; i++)
		if (a->vm->violations[i].event == event &&
		    !broke_law(b, event, a->vm->violations[i].v.law))
			return false;
	return true;
}

static void find_parting(struct replay *replay)
{
	for (size_t i = 0; i < replay->nr_lines; i++)
		for (size_t r = 1; r < replay->nr_runs; r++)
			if (!same_outcome(&replay->run[0].outcome[i],
					  &replay->run[r].outcome[i]) ||
			    !same_violations(&replay->run[0], &replay->run[r],
					     replay->line[i].number)) {
				replay->first_parting = i;
				return;
			}
	replay->first_parting = replay->nr_lines;
}

static bool replay_input(const char *path, const char *text, const struct replay_options *options,
			 struct replay *out, struct error *error)
{
	bool ok;

	*out = (struct replay){ .name = path };
	out->input = calloc(1, sizeof(*out->input));
	out->run = calloc(options->nr_semantics, sizeof(*out->run));
	if (!out->input || !out->run)
		abort();
	out->is_recording = !text && recording_is(path);
	ok = out->is_recording ? replay_load_recording(path, out, error) :
				 load_trace(path, text, out, error);
	for (size_t i = 0; ok && i < options->nr_semantics; i++)
		ok = run_under(out, options->semantics[i], options, error);
	if (ok)
		find_parting(out);
	else
		replay_free(out);
	return ok;
}

bool replay(const char *path, const struct replay_options *options, struct replay *out,
	    struct error *error)
{
	return replay_input(path, NULL, options, out, error);
}

bool replay_text(const char *name, const char *text, const struct replay_options *options,
		 struct replay *out, struct error *error)
{
	return replay_input(name, text, options, out, error);
}

void replay_free(struct replay *replay)
{
	struct replay_input *input = replay->input;

	for (size_t i = 0; i < replay->nr_runs; i++)
		run_free(&replay->run[i]);
	for (size_t i = 0; i < replay->nr_lines; i++)
		free(replay->line[i].text);
	for (size_t i = 0; !replay->is_recording && i < replay->nr_lines; i++)
		free((char *)replay->line[i].recorded);
	free(replay->line);
	free(replay->run);
	if (input) {
		trace_free(&input->trace);
		if (input->has_recording)
			recording_free(&input->recording);
		free(input->file);
	}
	free(input);
	*replay = (struct replay){ 0 };
}
