/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

/* ---- running it ---- */

static const struct event *event_of(const struct explore *x, unsigned thread)
{
	return &x->trace->events[x->trace->threads[thread].first + x->progress.begun[thread] - 1];
}

static void came_to(const struct explore *x, const struct event *e, char *text, size_t size)
{
	struct explore_outcome o = explore_came_to(x, e->number - 1);

	if (o.has_value)
		snprintf(text, size, "%s 0x%x", o.word, o.value);
	else
		snprintf(text, size, "%s", o.word);
}

static bool take_turn(struct explore *x, unsigned thread, struct schedule *s)
{
	struct schedule_row row = { .thread = thread };
	bool began = !x->progress.runs[thread];
	struct error error = { .text = "" };

	if (explore_turn(x, thread, &error) != TURN_STEPPED)
		return false;
	row.event = event_of(x, thread);
	row.begins = began ? row.event : NULL;
	row.step = x->step ? x->step->name : NULL;
	row.ends = !x->progress.runs[thread];
	if (row.ends)
		came_to(x, row.event, row.came_to, sizeof(row.came_to));
	else
		row.next = task_next_step(&x->vm->m, explore_row(x, thread))->name;
	arrput(s->rows, row);
	return true;
}

/* To the end of the thread's event; or nothing of it. */
static bool run_out(struct explore *x, unsigned thread, struct schedule *s)
{
	enum { PATIENCE = 4000 };
	size_t before = arrlenu(s->rows);

	explore_mark(x);
	while (arrlenu(s->rows) - before < PATIENCE && take_turn(x, thread, s))
		if (explore_is_dead(x) || !x->progress.runs[thread])
			break;
	if (!x->progress.runs[thread] && arrlenu(s->rows) > before) {
		explore_forget(x);
		return true;
	}
	explore_back(x);
	arrsetlen(s->rows, before);
	return false;
}

/* The thread goes on until it lets another come to the end of an event; or nothing of it. */
static bool make_way(struct explore *x, unsigned thread, struct schedule *s)
{
	enum { PATIENCE = 64 };
	size_t before = arrlenu(s->rows);

	explore_mark(x);
	while (arrlenu(s->rows) - before < PATIENCE && take_turn(x, thread, s) &&
	       !explore_is_dead(x))
		for (unsigned t = 0; t < s->trace->nr_threads; t++)
			if (t != thread && run_out(x, t, s)) {
				explore_forget(x);
				return true;
			}
	explore_back(x);
	arrsetlen(s->rows, before);
	return false;
}

void schedule_run(struct schedule *s, const struct trace *trace,
		  const struct semantics_patch *patch, const struct explore_finding *f)
{
	struct error error;
	struct explore *x = explore_new(trace, patch, &(struct explore_bound){ 0 }, &error);
	bool moved = true;

	*s = (struct schedule){ .trace = trace };
	assert(x);
	for (size_t i = 0; i < f->nr_steps; i++)
		if (!take_turn(x, f->schedule[i], s))
			assert(!"a schedule cannot be run again");
	while (moved && !explore_is_dead(x)) {
		moved = false;
		for (unsigned t = 0; t < trace->nr_threads; t++)
			moved |= run_out(x, t, s);
		for (unsigned t = 0; t < trace->nr_threads && !moved; t++)
			moved = make_way(x, t, s);
	}
	for (size_t i = f->nr_steps; i < arrlenu(s->rows); i++)
		s->rows[i].afterwards = true;
	explore_free(x);
}

const struct event *schedule_last(const struct schedule *schedule)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < arrlenu(schedule->rows) && !schedule->rows[i].afterwards; i++)
		last = schedule->rows[i].event;
	return last;
}

void schedule_free(struct schedule *s)
{
	arrfree(s->rows);
}

/* ---- columns ---- */

enum { LINE = 75, NUMBER = 5 };

static void cell(const struct schedule *s, unsigned thread, const char *text, const char *tail,
		 FILE *out)
{
	int width = (LINE - NUMBER) / (int)s->trace->nr_threads - 1;
	bool last = thread + 1 == s->trace->nr_threads || tail;

	fprintf(out, "%*s", (int)thread * (width + 1), "");
	if (last)
		fprintf(out, "%s%s%s\n", text, tail ? "  <- " : "", tail ? tail : "");
	else
		fprintf(out, "%.*s\n", width, text);
}

static void number(size_t n, FILE *out)
{
	if (n)
		fprintf(out, "%*zu ", NUMBER - 1, n);
	else
		fprintf(out, "%*s", NUMBER, "");
}

static void print_head(const struct schedule *s, FILE *out)
{
	int width = (LINE - NUMBER) / (int)s->trace->nr_threads;

	fprintf(out, "%*s", NUMBER, "");
	for (unsigned t = 0; t + 1 < s->trace->nr_threads; t++)
		fprintf(out, "%-*.*s", width, width - 1, s->trace->threads[t].name);
	fprintf(out, "%s\n", s->trace->threads[s->trace->nr_threads - 1].name);
}

void schedule_print(const struct schedule *s, const char *breaks, FILE *out)
{
	print_head(s, out);
	for (size_t i = 0; i < arrlenu(s->rows) && !s->rows[i].afterwards; i++) {
		const struct schedule_row *row = &s->rows[i];
		bool is_last = i + 1 == arrlenu(s->rows) || s->rows[i + 1].afterwards;
		char text[80];

		if (row->begins) {
			char *event = trace_event_text(row->begins, s->trace->names);

			snprintf(text, sizeof(text), "%s%s%s",
				 row->begins->label ? row->begins->label : "",
				 row->begins->label ? ": " : "", event);
			free(event);
			number(0, out);
			cell(s, row->thread, text, NULL, out);
		}
		number(i + 1, out);
		cell(s, row->thread, row->step ? row->step : "(at once)", is_last ? breaks : NULL,
		     out);
		if (row->ends) {
			snprintf(text, sizeof(text), "=> %s", row->came_to);
			number(0, out);
			cell(s, row->thread, text, NULL, out);
		}
	}
}

/* ---- a trace ---- */

static void print_statement(const struct ast_statement *s, const char *label, FILE *out)
{
	if (label)
		fprintf(out, "%s: ", label);
	fprintf(out, "%s", s->word);
	for (size_t i = 0; i < s->nr_args; i++) {
		fprintf(out, " ");
		if (s->args[i].key)
			fprintf(out, "%s=", s->args[i].key);
		ast_print_value(&s->args[i].value, out);
	}
}

static const char *label_of(const struct schedule *s, unsigned thread, const struct event *e,
			    char *text, size_t size)
{
	if (e->label)
		return e->label;
	snprintf(text, size, "%s.%zu", s->trace->threads[thread].name,
		 e->number - s->trace->threads[thread].first);
	return text;
}

/* Does the thread go on with the same event in the very next row? */
static bool goes_on(const struct schedule *s, size_t i)
{
	return !s->rows[i].ends && i + 1 < arrlenu(s->rows) &&
	       s->rows[i + 1].thread == s->rows[i].thread;
}

/*
 * Where to stop: as far as can be named from row @i on, where the event begins, or (@is_fresh
 * false) goes on. until= means the first time that the step is next; a resume takes one step first.
 * Returns the row whose .next it is; one before @i: the event's first step itself.
 */
static size_t last_nameable(const struct schedule *s, size_t i, size_t end, bool is_fresh)
{
	for (size_t r = end; r + 1 > i; r--) {
		bool named = false;

		for (size_t k = is_fresh ? i : i + 1; k <= r; k++)
			named |= !strcmp(s->rows[k].step, s->rows[r].next);
		if (!named)
			return r;
	}
	return i - 1;
}

/* One event from row @i on, for as long as no other thread has its turn. */
static size_t print_piece(const struct schedule *s, size_t i, FILE *out)
{
	const struct schedule_row *first = &s->rows[i];
	const struct event *e = first->event;
	char buffer[96];
	const char *label = label_of(s, first->thread, e, buffer, sizeof(buffer));
	size_t end = i;
	bool is_fresh = first->begins;

	while (goes_on(s, end))
		end++;
	if (is_fresh)
		print_statement(s->trace->statements[e->number - 1], label, out);
	while (!s->rows[end].ends) {
		size_t stop = last_nameable(s, i, end, is_fresh);

		if (!is_fresh)
			fprintf(out, "resume %s", label);
		fprintf(out, " until=%s\n", stop + 1 == i ? s->rows[i].step : s->rows[stop].next);
		if (stop == end)
			return end + 1;
		i = stop + 1;
		is_fresh = false;
	}
	fprintf(out, is_fresh ? "\n" : "resume %s\n", label);
	return end + 1;
}

static void print_directives(const struct trace *trace, FILE *out)
{
	for (size_t i = 0; i < trace->ast.nr_statements; i++) {
		const struct ast_statement *s = &trace->ast.statements[i];

		if (s->kind != AST_DIRECTIVE || strcmp(s->word, "config"))
			continue;
		print_statement(s, NULL, out);
		fprintf(out, "\n");
	}
	if (trace->config.frames_by_place)
		fprintf(out, "config frames-by-place=on\n");
}

bool schedule_trace(const struct schedule *s, const char *title, FILE *out)
{
	const struct trace *trace = s->trace;
	bool told = false;

	fprintf(out, "pfntrace 1\ntitle ");
	ast_print_string(title, out);
	fprintf(out, "\n");
	print_directives(trace, out);
	fprintf(out, "\n");
	for (size_t i = 0; i < trace->nr_setup; i++) {
		print_statement(trace->statements[i], trace->events[i].label, out);
		fprintf(out, "\n");
	}
	fprintf(out, "\n");
	for (size_t i = 0; i < arrlenu(s->rows); ) {
		if (s->rows[i].afterwards && !told)
			fprintf(out, "\n# What was to be shown has been; the rest, to its end.\n");
		told |= s->rows[i].afterwards;
		i = print_piece(s, i, out);
	}
	for (size_t i = trace->join; i < arrlenu(trace->events); i++) {
		print_statement(trace->statements[i], trace->events[i].label, out);
		fprintf(out, "\n");
	}
	return !ferror(out);
}

/* ---- one that was told ---- */

/* The label of an event of a thread that has none: no turn names it. */
static void print_event(const struct trace *trace, size_t event, const char *until, FILE *out)
{
	print_statement(trace->statements[event], trace->events[event].label, out);
	fprintf(out, until ? " until=%s\n" : "\n", until);
}

/* With a label, as it may have to wait, and be resumed once more. */
static void print_resume(const struct trace *trace, const struct trace_turn *turn, size_t number,
			 FILE *out)
{
	const char *label = trace->events[turn->event].label, *until = turn->until;

	fprintf(out, "%s.%zu: resume %s", label, number, label);
	fprintf(out, until ? " until=%s\n" : "\n", until);
}

bool schedule_told(const struct trace *trace, const struct trace_schedule *told, FILE *out)
{
	enum { AHEAD, STOPPED, ENDED } *at = NULL;

	for (size_t i = 0; i < trace->join; i++)
		arrput(at, AHEAD);
	fprintf(out, "pfntrace 1\n");
	print_directives(trace, out);
	for (size_t i = 0; i < trace->nr_setup; i++)
		print_event(trace, i, NULL, out);
	for (size_t i = told->first; i < told->first + told->nr; i++) {
		const struct trace_turn *turn = &trace->turns[i];

		if (at[turn->event] == AHEAD)
			print_event(trace, turn->event, turn->until, out);
		else
			print_resume(trace, turn, i, out);
		at[turn->event] = turn->until ? STOPPED : ENDED;
	}
	for (size_t i = trace->nr_setup; i < trace->join; i++)
		if (at[i] == STOPPED)
			print_resume(trace, &(struct trace_turn){ .event = i }, 0, out);
	for (size_t i = trace->nr_setup; i < trace->join; i++)
		if (at[i] == AHEAD)
			print_event(trace, i, NULL, out);
	for (size_t i = trace->join; i < arrlenu(trace->events); i++)
		print_event(trace, i, NULL, out);
	arrfree(at);
	return !ferror(out);
}
