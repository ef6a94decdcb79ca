/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/reduce.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "sim/fmt.h"
#include "sim/reduce_internal.h"
#include "sim/replay.h"

/* ---- units ---- */

static struct ast_arg *copy_args(const struct ast_arg *const *args, size_t nr)
{
	struct ast_arg *copy = calloc(nr + 1, sizeof(*copy));

	if (!copy)
		abort();
	for (size_t i = 0; i < nr; i++)
		copy[i] = *args[i];
	return copy;
}

/* Each argument by its key, so that any can go. */
static void add_event(struct reduce *r, const struct ast_statement *s, size_t part)
{
	struct reduce_unit u = { .s = *s, .part = part, .is_kept = true };
	const struct ast_arg *rows[MAX_ARGS], *given[MAX_ARGS];
	const char *keys[MAX_ARGS];
	struct error error = { .text = "" };
	size_t nr = 0;
	bool ok;

	u.kind = event_kind_of(s, &error);
	ok = u.kind && event_args(s, u.kind, rows, &error);
	assert(ok);	/* the trace has been loaded */
	for (size_t i = 0; i < MAX_ARGS && u.kind->args[i].key; i++)
		if (rows[i]) {
			keys[nr] = u.kind->args[i].key;
			given[nr++] = rows[i];
		}
	u.s.args = copy_args(given, nr);
	u.s.nr_args = nr;
	for (size_t i = 0; i < nr; i++)
		u.s.args[i].key = keys[i];
	arrput(r->units, u);
}

static void add_directive(struct reduce *r, const struct ast_statement *s)
{
	bool config = !strcmp(s->word, "config"), order = !strcmp(s->word, "order");
	size_t each = config ? 1 : s->nr_args;

	if (!config && !order && strcmp(s->word, "lacks") != 0)
		return;
	for (size_t i = 0; i < s->nr_args; i += each) {
		struct reduce_unit u = { .s = *s, .is_kept = true };
		const struct ast_arg *given[64];

		for (size_t k = 0; k < each && k < ARRAY_SIZE(given); k++)
			given[k] = &s->args[i + k];
		u.s.nr_args = each < ARRAY_SIZE(given) ? each : ARRAY_SIZE(given);
		u.s.args = copy_args(given, u.s.nr_args);
		arrput(r->units, u);
	}
}

static size_t part_of(const struct trace *trace, size_t event)
{
	for (size_t t = 0; t < trace->nr_threads; t++)
		if (event - trace->threads[t].first < trace->threads[t].nr)
			return t + 1;
	return trace->nr_threads && event >= trace->join ? SIZE_MAX : 0;
}

static void add_units(struct reduce *r)
{
	for (size_t i = 0; i < r->trace.ast.nr_statements; i++)
		if (r->trace.ast.statements[i].kind == AST_DIRECTIVE)
			add_directive(r, &r->trace.ast.statements[i]);
	r->nr_events = arrlenu(r->trace.events);
	for (size_t i = 0; i < r->nr_events; i++)
		add_event(r, r->trace.statements[i], part_of(&r->trace, i));
}

bool reduce_begin(struct reduce *r, const char *path, const struct semantics_patch *patch,
		  const struct reduce_wish *wish, const struct explore_bound *bound,
		  struct error *error)
{
	*r = (struct reduce){ .path = path, .patch = patch, .bound = *bound, .wish = *wish,
			      .target = { .word = wish->law, .blame = REDUCE_ANYBODY } };
	r->bound.by_step = !wish->any_way;
	if (!replay_load_trace(path, "pfnsim replay", &r->trace, error))
		return false;
	replay_lacks(&r->trace, patch, r->lacks, sizeof(r->lacks));
	add_units(r);
	return true;
}

/* What the recording lacks is a fact about it. */
static bool may_go(const struct reduce_unit *u)
{
	return u->is_kept && strcmp(u->s.word, "lacks") != 0;
}

/* ---- events ---- */

static size_t count_removable(const struct reduce *r)
{
	size_t nr = 0;

	for (size_t i = 0; i < arrlenu(r->units); i++)
		nr += may_go(&r->units[i]);
	return nr;
}

static void begin_events(struct reduce *r, size_t chunk)
{
	r->phase = REDUCE_EVENTS;
	r->chunk = chunk ? chunk : 1;
	r->at = 0;
	r->changed = false;
}

static void try_all_kept(struct reduce *r)
{
	for (size_t i = 0; i < arrlenu(r->units); i++)
		r->units[i].is_tried = r->units[i].is_kept;
}

/* Without some; the last ones first, as others need the first ones. False: none is left to try. */
static bool without_chunk(struct reduce *r)
{
	size_t nr = count_removable(r), place = nr;

	if (r->at >= nr)
		return false;
	try_all_kept(r);
	for (size_t i = 0; i < arrlenu(r->units); i++) {
		if (!may_go(&r->units[i]))
			continue;
		place--;
		if (place >= r->at && place < r->at + r->chunk)
			r->units[i].is_tried = false;
	}
	return true;
}

static void keep_tried(struct reduce *r)
{
	for (size_t i = 0; i < arrlenu(r->units); i++)
		r->units[i].is_kept = r->units[i].is_tried;
}

static void begin_args(struct reduce *r)
{
	r->phase = REDUCE_ARGS;
	r->unit = r->arg = r->step = 0;
	r->changed = false;
}

/* The pass is over: smaller chunks, the same again, or what is next. */
static void end_pass(struct reduce *r)
{
	if (r->chunk > 1)
		begin_events(r, r->chunk / 2);
	else if (r->changed)
		begin_events(r, 1);
	else if (!r->args_clean)
		begin_args(r);
	else
		r->phase = REDUCE_LAST;
}

/* ---- arguments ---- */

enum { STEP_DROP, STEP_LEAST, STEP_HALF, NR_STEPS };

static const struct arg_row *row_of(const struct reduce_unit *u, const char *key)
{
	size_t i = 0;

	while (strcmp(u->kind->args[i].key, key) != 0)
		i++;
	return &u->kind->args[i];
}

/* How little it may be; 0: it is no amount. */
static u64 least_of(const struct arg_row *row)
{
	static const char *const amounts[] = { "count", "pages", "order", "room" };

	if (row->type == ARG_SIZE || (row->type == ARG_NUMBER && strstr(row->key, "size")))
		return row->min > 4096 ? row->min : 4096;
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++)
		if (!strcmp(amounts[i], row->key) && row->type == ARG_NUMBER)
			return row->min ? row->min : 1;
	return 0;
}

static bool shrink(struct ast_value *value, u64 least, bool half)
{
	u64 now = value->number, next = half ? now / 2 : least;

	if (value->type != AST_INT || !least)
		return false;
	if (least == 4096)
		next -= next % 4096;
	if (next < least || next >= now)
		return false;
	value->number = next;
	return true;
}

static void drop_arg(struct ast_statement *s, size_t i)
{
	memmove(&s->args[i], &s->args[i + 1], (s->nr_args - i - 1) * sizeof(*s->args));
	s->nr_args--;
}

/* Change one thing of one event; false: there is nothing to change there. */
static bool change_arg(struct reduce *r)
{
	struct reduce_unit *u = &r->units[r->unit];
	struct ast_statement *s = &u->s;
	const struct arg_row *row;

	r->old_nr = s->nr_args;
	r->old_label = s->label;
	if (r->arg == s->nr_args) {
		if (r->step == STEP_DROP)
			s->label = NULL;
		return r->old_label && r->step == STEP_DROP;
	}
	row = row_of(u, s->args[r->arg].key);
	r->old_arg = s->args[r->arg];
	if (r->step != STEP_DROP)
		return shrink(&s->args[r->arg].value, least_of(row), r->step == STEP_HALF);
	if (!row->required)
		drop_arg(s, r->arg);
	return !row->required;
}

static void take_back_arg(struct reduce *r)
{
	struct ast_statement *s = &r->units[r->unit].s;

	s->label = r->old_label;
	if (r->arg == r->old_nr)
		return;
	if (s->nr_args < r->old_nr)
		memmove(&s->args[r->arg + 1], &s->args[r->arg],
			(s->nr_args - r->arg) * sizeof(*s->args));
	s->args[r->arg] = r->old_arg;
	s->nr_args = r->old_nr;
}

static void next_step(struct reduce *r)
{
	if (++r->step < NR_STEPS)
		return;
	r->step = 0;
	if (r->arg++ < r->units[r->unit].s.nr_args)
		return;
	r->arg = 0;
	r->unit++;
}

/* False: all have been tried. */
static bool find_change(struct reduce *r)
{
	for (; r->unit < arrlenu(r->units); next_step(r)) {
		const struct reduce_unit *u = &r->units[r->unit];

		if (!u->is_kept || !u->kind) {
			r->arg = u->s.nr_args;
			r->step = NR_STEPS - 1;
			continue;
		}
		if (change_arg(r))
			return true;
	}
	return false;
}

/* An argument that has gone has another in its place; one that was halved may be halved again. */
static void settle_arg(struct reduce *r, bool fails)
{
	if (!fails) {
		take_back_arg(r);
		next_step(r);
		return;
	}
	r->changed = true;
	if (r->step == STEP_DROP && r->arg == r->old_nr)
		next_step(r);
}

static void end_args(struct reduce *r)
{
	r->args_clean = !r->changed;
	begin_events(r, 1);
}

/* ---- one try after the other ---- */

static void settle_first(struct reduce *r, bool fails)
{
	if (fails)
		begin_events(r, count_removable(r) / 2);
	else
		r->phase = REDUCE_DONE;
}

static void settle_events(struct reduce *r, bool fails)
{
	if (fails) {
		keep_tried(r);
		r->changed = true;
		r->args_clean = false;
	} else {
		r->at += r->chunk;
	}
}

/* True: there is something to try. */
static bool prepare(struct reduce *r)
{
	for (;;) {
		switch (r->phase) {
		case REDUCE_FIRST:
		case REDUCE_LAST:
			try_all_kept(r);
			return true;
		case REDUCE_EVENTS:
			if (without_chunk(r))
				return true;
			end_pass(r);
			break;
		case REDUCE_ARGS:
			try_all_kept(r);
			if (find_change(r))
				return true;
			end_args(r);
			break;
		case REDUCE_DONE:
			return false;
		}
	}
}

bool reduce_more(struct reduce *r)
{
	enum reduce_result result;
	bool fails;

	if (r->stopped || (!r->x && !r->again && !prepare(r)))
		return false;
	result = reduce_try(r, r->phase == REDUCE_ARGS);
	r->again = result == REDUCE_IS_NONSENSE;
	if (r->again || result == REDUCE_GOES_ON)
		return true;
	fails = result == REDUCE_FAILS;
	switch (r->phase) {
	case REDUCE_FIRST:
		settle_first(r, fails);
		break;
	case REDUCE_EVENTS:
		settle_events(r, fails);
		break;
	case REDUCE_ARGS:
		settle_arg(r, fails);
		break;
	case REDUCE_LAST:
	case REDUCE_DONE:
		r->phase = REDUCE_DONE;
		break;
	}
	return r->phase != REDUCE_DONE;
}

void reduce_stop(struct reduce *r)
{
	if (!r->stopped && r->phase == REDUCE_ARGS && (r->x || r->again))
		take_back_arg(r);
	r->stopped = true;
}

bool reduce_fails(const struct reduce *r)
{
	return r->target.word && r->target.blame != REDUCE_ANYBODY;
}

bool reduce_is_minimal(const struct reduce *r)
{
	return r->phase == REDUCE_DONE && !r->stopped && !r->cut_off && reduce_fails(r);
}

size_t reduce_events_left(const struct reduce *r)
{
	size_t nr = 0;

	for (size_t i = 0; i < arrlenu(r->units); i++)
		nr += r->units[i].is_kept && r->units[i].kind;
	return nr;
}

/* ---- the result ---- */

static void print_expect(const struct reduce *r, const struct reduce_target *t, FILE *out)
{
	fprintf(out, "expect %s: %s%s", r->patch->name, t->is_law ? "violation " : "", t->word);
	if (t->is_law)
		fprintf(out, " blame=%s", blame_name(t->blame));
	fprintf(out, "\n");
}

static bool is_same_line(const struct reduce_target *a, const struct reduce_target *b)
{
	return !strcmp(a->word, b->word) && a->blame == b->blame;
}

static void print_expects(const struct reduce *r, FILE *out)
{
	bool other = false;

	print_expect(r, &r->target, out);
	for (size_t i = 0; i < arrlenu(r->found) && r->phase == REDUCE_DONE && !r->stopped; i++) {
		const struct reduce_target *t = &r->found[i];
		bool is_told = is_same_line(t, &r->target);

		for (size_t k = 0; k < i; k++)
			is_told |= is_same_line(t, &r->found[k]);
		if (is_told)
			continue;
		if (!other)
			fprintf(out, "# These break with it.\n");
		other = true;
		print_expect(r, t, out);
	}
}

char *reduce_text(struct reduce *r)
{
	char *text = NULL, title[300], *body = reduce_render(r, false);
	struct error error = { .text = "" };
	struct fmt f;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	snprintf(title, sizeof(title), "%s under %s", r->target.word, r->patch->name);
	fprintf(out, "pfntrace 1\ntitle ");
	ast_print_string(title, out);
	fprintf(out, "\n");
	if (r->trace.title[0]) {
		fprintf(out, "source ");
		snprintf(title, sizeof(title), "of \"%s\"", r->trace.title);
		ast_print_string(title, out);
		fprintf(out, "\n");
	}
	fprintf(out, "\n%s\n", strchr(body, '\n') + 1);
	print_expects(r, out);
	fclose(out);
	free(body);
	if (!fmt(r->path, text, size, &f, &error))
		return text;
	free(text);
	text = strdup(f.text);
	fmt_free(&f);
	return text;
}

void reduce_free(struct reduce *r)
{
	if (r->x)
		explore_free(r->x);
	trace_free(&r->tried);
	for (size_t i = 0; i < arrlenu(r->units); i++)
		free(r->units[i].s.args);
	arrfree(r->units);
	arrfree(r->lines);
	arrfree(r->found);
	trace_free(&r->trace);
	*r = (struct reduce){ .path = NULL };
}
