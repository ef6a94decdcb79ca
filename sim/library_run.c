/* SPDX-License-Identifier: GPL-2.0-only */
/* library_run.c: libpfnsim: a run, event by event, and what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/library_run.h"
#include "sim/report_internal.h"

struct pfnsim_run *pfnsim_run_new(const struct pfnsim_trace *trace,
				  const struct pfnsim_semantics *semantics,
				  enum pfnsim_stage2 stage2, struct pfnsim_error *error)
{
	const struct replay_options how = {
		.stage2 = stage2 == PFNSIM_EPT ? STAGE2_EPT :
			  stage2 == PFNSIM_NPT ? STAGE2_NPT : STAGE2_AS_GIVEN };
	const struct trace *input = &trace->input.trace;
	struct error failure = { .text = "" };
	struct pfnsim_run *run;

	if (input->nr_threads) {
		error_at(&failure, input->threads[0].file, input->threads[0].line, 1,
			 "threads have no order of their own: it takes a search");
		library_error(error, &failure);
		return NULL;
	}
	run = library_alloc(1, sizeof(*run));
	run->trace = trace;
	run->outcomes = library_alloc(trace->replay.nr_lines, sizeof(*run->outcomes));
	run_init(&trace->replay, &run->run, patch_of(semantics), &how);
	return run;
}

void pfnsim_run_free(struct pfnsim_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->nr_violations; i++) {
		free((char *)run->violations[i]->found);
		free((char *)run->violations[i]->chain);
		free(run->violations[i]);
	}
	free(run->violations);
	free(run->outcomes);
	run_free(&run->run);
	free(run);
}

/* ---- event by event ---- */

static void keep_outcome(struct pfnsim_run *run, size_t event)
{
	const struct outcome *o = &run->run.outcome[event];

	run->outcomes[event] = (struct pfnsim_outcome){
		.word = o->word, .pfn = o->pfn, .error = o->error,
		.has_refs = o->has_refs, .refs = o->has_refs ? o->refs : 0,
		.has_value = o->has_value, .value = o->has_value ? o->value : 0 };
}

static char *found_text(const struct violation *v)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	report_found(v, out);
	if (fclose(out))
		abort();
	memmove(text, text + strspn(text, " "), strlen(text + strspn(text, " ")) + 1);
	return text;
}

static char *chain_text(const struct vm *vm, const struct found_violation *f)
{
	char chain[400], *text;

	vm_chain(vm, f->frame, f->depth, chain, sizeof(chain));
	text = strdup(chain);
	if (!text)
		abort();
	return text;
}

static struct pfnsim_violation *violation_new(const struct vm *vm,
					      const struct found_violation *f)
{
	struct pfnsim_violation *v = library_alloc(1, sizeof(*v));

	*v = (struct pfnsim_violation){
		.law = given_law(f->v.law), .id = f->v.law->id, .blame = blame_name(f->v.blame),
		.event = place_of(f->event), .pfn = f->v.pfn, .gfn = f->v.gfn,
		.step = f->nr_steps ? f->steps[f->nr_steps - 1].name : "",
		.chain = chain_text(vm, f), .found = found_text(&f->v) };
	return v;
}

static void keep_violations(struct pfnsim_run *run)
{
	const struct vm *vm = run->run.vm;

	if (run->nr_violations == vm->nr_violations)
		return;
	run->violations = realloc(run->violations,
				  vm->nr_violations * sizeof(*run->violations));
	if (!run->violations)
		abort();
	while (run->nr_violations < vm->nr_violations) {
		run->violations[run->nr_violations] =
			violation_new(vm, &vm->violations[run->nr_violations]);
		run->nr_violations++;
	}
}

static void end(struct pfnsim_run *run)
{
	const struct vm *vm = run->run.vm;

	if (run->is_over)
		return;
	run->is_over = true;
	run_end(&run->trace->replay, &run->run);
	for (size_t i = 0; i < run->nr_violations; i++)
		run->violations[i]->expected = vm->violations[i].expected;
}

int pfnsim_run_next(struct pfnsim_run *run, struct pfnsim_error *error)
{
	if (!run->has_failed && run->next == run->trace->replay.nr_lines) {
		end(run);
		return 0;
	}
	if (!run->has_failed)
		run->has_failed = !run_event(&run->trace->replay, &run->run, run->next,
					     &run->failure);
	if (run->has_failed) {
		library_error(error, &run->failure);
		return -1;
	}
	keep_outcome(run, run->next++);
	keep_violations(run);
	return 1;
}

bool pfnsim_run_all(struct pfnsim_run *run, struct pfnsim_error *error)
{
	int more;

	do
		more = pfnsim_run_next(run, error);
	while (more > 0);
	return !more;
}

size_t pfnsim_run_nr_events(const struct pfnsim_run *run)
{
	return run->next;
}

/* ---- what it says ---- */

const struct pfnsim_outcome *pfnsim_run_outcome(const struct pfnsim_run *run, size_t event)
{
	return event < run->next ? &run->outcomes[event] : NULL;
}

size_t pfnsim_run_nr_violations(const struct pfnsim_run *run)
{
	return run->nr_violations;
}

const struct pfnsim_violation *pfnsim_run_violation(const struct pfnsim_run *run, size_t i)
{
	return i < run->nr_violations ? run->violations[i] : NULL;
}

enum pfnsim_verdict pfnsim_run_verdict(const struct pfnsim_run *run)
{
	static const enum pfnsim_verdict verdict[] = {
		[VERDICT_OK] = PFNSIM_OK, [VERDICT_VIOLATION] = PFNSIM_VIOLATION,
		[VERDICT_MISMATCH] = PFNSIM_MISMATCH,
		[VERDICT_INCONCLUSIVE] = PFNSIM_INCONCLUSIVE,
	};

	return run->is_over ? verdict[run_verdict(&run->run)] : PFNSIM_UNFINISHED;
}

bool pfnsim_run_as_expected(const struct pfnsim_run *run)
{
	return run->is_over && !run->run.nr_mismatches && run->run.all_expected &&
	       !run->run.missing[0];
}

size_t pfnsim_run_nr_mismatches(const struct pfnsim_run *run)
{
	return run->run.nr_mismatches;
}

bool pfnsim_run_mismatch(const struct pfnsim_run *run, size_t i, struct pfnsim_error *mismatch)
{
	const struct mismatch *m = &run->run.mismatch[i];
	struct error text = { .text = "" };

	if (i >= run->run.nr_mismatches)
		return false;
	error_at(&text, m->file, m->line, m->column, "%s", m->text);
	library_error(mismatch, &text);
	return true;
}

const char *pfnsim_run_why(const struct pfnsim_run *run)
{
	return run->run.missing;
}

size_t pfnsim_run_nr_notes(const struct pfnsim_run *run)
{
	return run->run.nr_notes;
}

const struct pfnsim_note *pfnsim_run_note(struct pfnsim_run *run, size_t i)
{
	if (i >= run->run.nr_notes)
		return NULL;
	run->note = (struct pfnsim_note){ .event = place_of(run->run.note[i].event),
					  .text = run->run.note[i].text };
	return &run->note;
}
