/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/expect.h"
#include "sim/trace_config.h"
#include "sim/trace_schedule.h"
#include "sim/utf8.h"

/* ---- an event in words ---- */

static const struct event_kind *kind_of(enum event_id id)
{
	for (size_t i = 0; i < nr_event_kinds; i++)
		if (event_kinds[i].id == id)
			return &event_kinds[i];
	return NULL;
}

/* The word for a choice: by its value, or by its place. */
static const char *choice_word(const struct arg_row *row, uint64_t value)
{
	size_t i = 0;

	if (!row->values)
		return row->words[value];
	while (row->words[i] && row->values[i] != value)
		i++;
	return row->words[i] ? row->words[i] : "?";
}

static size_t arg_text(const struct event *e, const struct names *names, const struct arg_row *row,
		       char *out, size_t size)
{
	uint64_t value = *(const uint64_t *)((const char *)e + row->offset);

	if (value == row->preset && !row->required)
		return 0;
	switch (row->type) {
	case ARG_STEP:
	case ARG_LABEL:
	case ARG_NEW_REGION:
		return snprintf(out, size, " %s=%s", row->key, (const char *)value);
	case ARG_CHOICE:
		return snprintf(out, size, " %s", choice_word(row, value));
	case ARG_OBJECT:
	case ARG_NEW_OBJECT:
		return snprintf(out, size, " %s=%s", row->key, names_of_object(names, value));
	case ARG_FILE:
	case ARG_NEW_FILE:
		return value == NO_PFN ? 0 : snprintf(out, size, " %s=%s", row->key,
						      names_of_file(names, value));
	case ARG_DELTA:
		return snprintf(out, size, " %s=%lld", row->key, (long long)value);
	case ARG_NUMBER:
	case ARG_ADDRESS:
	case ARG_SIZE:
	case ARG_FLAGS:
		break;
	}
	return snprintf(out, size, value < 10 ? " %s=%llu" : " %s=0x%llx", row->key,
			(unsigned long long)value);
}

char *trace_event_text(const struct event *event, const struct names *names)
{
	const struct event_kind *kind = kind_of(event->id);
	char text[200];
	size_t used = snprintf(text, sizeof(text), "%s", event->op);

	for (size_t i = 0; kind && i < MAX_ARGS && kind->args[i].key; i++)
		if (used < sizeof(text))
			used += arg_text(event, names, &kind->args[i], text + used,
					 sizeof(text) - used);
	return strdup(text);
}

/* ---- directives ---- */

static bool bad(const struct ast_statement *s, struct error *error, const char *text)
{
	return error_at(error, s->file, s->line, s->column, "%s", text);
}

static bool take_config(struct trace *trace, const struct ast_statement *s,
			const struct ast_arg *arg, struct error *error)
{
	const char *conflict;

	if (!trace_config(&trace->config, arg))
		return error_at(error, s->file, s->line, arg->column, "config is " TRACE_CONFIG);
	conflict = trace_config_conflict(&trace->config);
	return !conflict || error_at(error, s->file, s->line, arg->column, "%s", conflict);
}

static bool take_thread(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	struct trace_part *thread = &trace->threads[trace->nr_threads];

	if (s->nr_args != 1 || s->args[0].key || s->args[0].value.type != AST_NAME ||
	    s->args[0].value.has_offset)
		return bad(s, error, "\"thread\" takes a name");
	if (trace->join)
		return bad(s, error, "no thread can begin behind \"join\"");
	if (trace->nr_threads == TRACE_MAX_THREADS)
		return error_at(error, s->file, s->line, s->column,
				"more than %d threads", TRACE_MAX_THREADS);
	for (size_t i = 0; i < trace->nr_threads; i++)
		if (!strcmp(trace->threads[i].name, s->args[0].value.name))
			return bad(s, error, "this thread has begun already");
	*thread = (struct trace_part){ .name = s->args[0].value.name, .file = s->file,
				       .line = s->line, .first = arrlenu(trace->events) };
	trace->nr_threads++;
	return true;
}

size_t trace_find_event(const struct trace *trace, const char *label)
{
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (trace->events[i].label && !strcmp(trace->events[i].label, label))
			return i;
	return SIZE_MAX;
}

/* order A B C: each has ended before the next one begins. */
static bool take_order(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	size_t before = SIZE_MAX;

	if (s->nr_args < 2)
		return bad(s, error, "\"order\" takes two labels or more");
	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *arg = &s->args[i];
		size_t at = arg->key || arg->value.type != AST_NAME ?
			    SIZE_MAX : trace_find_event(trace, arg->value.name);

		if (at == SIZE_MAX)
			return error_at(error, s->file, s->line, arg->column,
					"expected the label of an event above");
		if (i)
			arrput(trace->orders, ((struct trace_order){ before, at }));
		before = at;
	}
	return true;
}

static bool take_join(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	if (s->nr_args || !trace->nr_threads || trace->join)
		return bad(s, error, "\"join\" stands alone, once, behind the threads");
	trace->join = arrlenu(trace->events);
	return true;
}

static bool take_text(const struct ast_statement *s, const struct ast_arg *arg,
		      struct error *error)
{
	const char *text = arg->value.type == AST_INT ? "" : arg->value.name;

	if (!strcmp(s->word, "title") && arg->value.type == AST_STRING)
		return true;	/* take_title() */
	if (!strcmp(s->word, "need"))
		return error_at(error, s->file, s->line, arg->column,
				"this build has no feature \"%s\"", text ? text : "?");
	else if (strcmp(s->word, "source"))
		return error_at(error, s->file, s->line, arg->column, "\"%s\" takes a string",
				s->word);
	return true;
}

/* @letter and two digits, and a letter if it is a variant */
static bool is_numbered(const char *id, char letter)
{
	return id[0] == letter && strspn(id + 1, "0123456789") == 2 &&
	       (!id[3] || (id[3] >= 'a' && id[3] <= 'z' && !id[4]));
}

static bool take_bug(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	bool is_bug = !strcmp(s->word, "bug");
	struct trace_bug *list = is_bug ? trace->bugs : trace->cases;
	size_t *nr = is_bug ? &trace->nr_bugs : &trace->nr_cases;

	if (s->nr_args != 2 || s->args[0].key || s->args[1].key ||
	    s->args[0].value.type != AST_NAME || s->args[0].value.has_offset ||
	    !is_numbered(s->args[0].value.name, is_bug ? 'B' : 'D') ||
	    s->args[1].value.type != AST_STRING)
		return bad(s, error, is_bug ?
			   "\"bug\" takes its number, as B01 or B01b, and a claim" :
			   "\"case\" takes its number, as D01 or D01b, and a claim");
	if (*nr == TRACE_MAX_BUGS)
		return error_at(error, s->file, s->line, s->column, "more than %d %ss",
				TRACE_MAX_BUGS, s->word);
	list[(*nr)++] = (struct trace_bug){ s->args[0].value.name, s->args[1].value.name };
	return true;
}

static bool take_judge(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	const char *law = s->nr_args == 1 && !s->args[0].key ? s->args[0].value.name : NULL;

	if (!law || !law_find(law) || !judge_knows(law))
		return bad(s, error, "\"judge\" takes no-foreign-mark, no-false-dirty "
			   "or map-fresh");
	if (trace->nr_judged == TRACE_MAX_JUDGED)
		return error_at(error, s->file, s->line, s->column, "more than %d laws to judge",
				TRACE_MAX_JUDGED);
	trace->judged[trace->nr_judged++] = law_find(law);
	return true;
}

static bool take_note(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	if (s->nr_args != 1 || s->args[0].key || s->args[0].value.type != AST_STRING)
		return bad(s, error, "\"note\" takes a string");
	arrput(trace->notes, s->args[0].value.name);
	return true;
}

static bool take_lacks(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	const struct ast_arg *but = s->nr_args == 3 ? &s->args[2] : NULL;

	if (s->nr_args < 2 || s->nr_args > 3 || s->args[0].key || s->args[1].key ||
	    s->args[0].value.type != AST_NAME || s->args[1].value.type != AST_STRING ||
	    (but && (!but->key || strcmp(but->key, "but") != 0 || but->value.type != AST_NAME)))
		return bad(s, error, "\"lacks\" takes what is lacking, a string about it, and "
			   "perhaps but=SEMANTICS");
	if (but && !model_exists(but->value.name))
		return bad(s, error, "but=: no semantics is called so (pfnsim semantics)");
	arrput(trace->lacks, ((struct trace_lack){ .text = s->args[1].value.name,
						   .but = but ? but->value.name : NULL }));
	return true;
}

static bool take_directive(struct trace *trace, const struct ast_statement *s,
			   struct error *error)
{
	if (!strcmp(s->word, "thread"))
		return take_thread(trace, s, error);
	if (!strcmp(s->word, "order"))
		return take_order(trace, s, error);
	if (!strcmp(s->word, "join"))
		return take_join(trace, s, error);
	if (!strcmp(s->word, "bug") || !strcmp(s->word, "case"))
		return take_bug(trace, s, error);
	if (!strcmp(s->word, "judge"))
		return take_judge(trace, s, error);
	if (!strcmp(s->word, "note"))
		return take_note(trace, s, error);
	if (!strcmp(s->word, "lacks"))
		return take_lacks(trace, s, error);
	if (!strcmp(s->word, "schedule"))
		return take_schedule(trace, s, error);
	if (!strcmp(s->word, "turn"))
		return take_turn(trace, s, error);
	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *arg = &s->args[i];
		bool is_config = !strcmp(s->word, "config") && arg->key;

		if (!(is_config ? take_config(trace, s, arg, error) :
				  take_text(s, arg, error)))
			return false;
	}
	return true;
}

/* ---- events ---- */

/* The order of steps is the search's: nobody else stops a thread, or lets it go on. */
static bool fits_thread(const struct trace *trace, const struct event *e, struct error *error)
{
	if (!trace->nr_threads || trace->join)
		return true;
	if (e->until || e->id == EVENT_RESUME)
		return error_at(error, e->file, e->line, e->column,
				"an event of a thread stops and goes on in every way there is");
	return true;
}

static bool take_event(struct trace *trace, const struct ast_statement *s, struct error *error)
{
	struct event e;

	if (!event_bind(s, trace->names, &e, error) || !fits_thread(trace, &e, error))
		return false;
	e.number = arrlenu(trace->events) + 1;
	arrput(trace->events, e);
	arrput(trace->statements, s);
	if (trace->nr_threads && !trace->join)
		trace->threads[trace->nr_threads - 1].nr++;
	return true;
}

static bool take_statement(struct trace *trace, const struct ast_statement *s,
			   struct error *error)
{
	switch (s->kind) {
	case AST_DIRECTIVE:
		return take_directive(trace, s, error);
	case AST_EXPECT:
		arrput(trace->expects, s);
		return true;
	case AST_EVENT:
		return take_event(trace, s, error);
	}
	return true;
}

/* What nobody would look at is refused, or it would always hold. */
static bool check_expect(const struct trace *trace, const struct ast_statement *s,
			 struct error *error)
{
	bool at_end = !strcmp(s->word, "page") || !strcmp(s->word, "spte");
	bool of_orders = !strcmp(s->word, "deadlock") || !strcmp(s->word, "livelock") ||
			 !strcmp(s->word, "lock-inversion");
	uint64_t number;

	if (!expect_check(s, trace->names, error))
		return false;
	if (at_end && trace->nr_threads)
		return bad(s, error, "threads have many ends: ask for outcomes and violations");
	if (trace->nr_threads && !strcmp(s->word, "violation") && expect_name(s, "at"))
		return bad(s, error, "in another order another event breaks it: leave out \"at\"");
	if (trace->nr_threads && (expect_number(s, "refs", &number) ||
				  expect_number(s, "pfn", &number)))
		return bad(s, error, "of an outcome of threads only \"value\" is kept");
	if (of_orders && !trace->nr_threads)
		return bad(s, error, "only threads can be in each other's way");
	return true;
}

static bool check_threads(const struct trace *trace, struct error *error)
{
	for (size_t i = 0; i < trace->nr_threads; i++) {
		const struct trace_part *thread = &trace->threads[i];

		if (!thread->nr)
			return error_at(error, thread->file, thread->line, 1,
					"a thread without events");
		if (thread->nr > TRACE_MAX_THREAD_EVENTS)
			return error_at(error, thread->file, thread->line, 1,
					"a thread of more than %d events",
					TRACE_MAX_THREAD_EVENTS);
	}
	return true;
}

/* Who explores orders wants no states that differ in frames' numbers alone. */
static bool has_threads(const struct ast *ast)
{
	for (size_t i = 0; i < ast->nr_statements; i++)
		if (ast->statements[i].kind == AST_DIRECTIVE &&
		    !strcmp(ast->statements[i].word, "thread"))
			return true;
	return false;
}

/* Its own; where it has none, that of what it includes. */
static void take_title(struct trace *trace, const char *path)
{
	for (size_t i = 0; i < trace->ast.nr_statements; i++) {
		const struct ast_statement *s = &trace->ast.statements[i];

		if (s->kind == AST_DIRECTIVE && !strcmp(s->word, "title") && s->nr_args &&
		    (!trace->title[0] || !strcmp(s->file, path)))
			snprintf(trace->title, sizeof(trace->title), "%s", s->args[0].value.name);
		utf8_drop_half(trace->title);
	}
}

static bool take_all(struct trace *trace, const char *path, struct error *error)
{
	trace->config.frames_by_place = has_threads(&trace->ast);
	for (size_t i = 0; i < trace->ast.nr_statements; i++)
		if (!take_statement(trace, &trace->ast.statements[i], error))
			return false;
	take_title(trace, path);
	for (size_t i = 0; i < arrlenu(trace->expects); i++)
		if (!check_expect(trace, trace->expects[i], error))
			return false;
	if (!arrlenu(trace->events))
		return error_at(error, path, 0, 0, "a trace without events");
	if (trace->nr_judged && trace->nr_threads)
		return error_at(error, path, 0, 0, "threads have many ends: none is judged");
	if (!trace->join)
		trace->join = arrlenu(trace->events);
	trace->nr_setup = trace->nr_threads ? trace->threads[0].first : arrlenu(trace->events);
	return check_threads(trace, error) && check_schedules(trace, path, error);
}

static void begin(struct trace *trace)
{
	*trace = (struct trace){ .config = { .ept = true, .ad = true, .zero_pfn = NO_PFN,
					     .first_frame = 0x100000, .code_gpa = NO_PFN } };
}

static bool take_ast(struct trace *trace, const char *path, struct error *error)
{
	trace->names = names_new();
	if (take_all(trace, path, error))
		return true;
	trace_free(trace);
	return false;
}

bool trace_load(const char *path, struct trace *trace, struct error *error)
{
	begin(trace);
	return ast_read(path, &trace->ast, error) && take_ast(trace, path, error);
}

bool trace_load_bytes(const char *name, const char *text, size_t length, struct trace *trace,
		      struct error *error)
{
	begin(trace);
	return ast_parse(name, text, length, &trace->ast, error) && take_ast(trace, name, error);
}

bool trace_load_text(const char *name, const char *text, struct trace *trace, struct error *error)
{
	return trace_load_bytes(name, text, strlen(text), trace, error);
}

void trace_free(struct trace *trace)
{
	if (!trace->names)
		return;
	arrfree(trace->events);
	arrfree(trace->statements);
	arrfree(trace->expects);
	arrfree(trace->orders);
	arrfree(trace->notes);
	arrfree(trace->lacks);
	arrfree(trace->schedules);
	arrfree(trace->turns);
	names_free(trace->names);
	ast_free(&trace->ast);
	*trace = (struct trace){ .names = NULL };
}
