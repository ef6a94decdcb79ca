/* SPDX-License-Identifier: GPL-2.0-only */
/* reduce_try.c: a smaller trace, written down and run. */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/reduce_internal.h"
#include "sim/replay.h"
#include "sim/report_explore.h"

enum { STATES_AT_A_TIME = 20000 };

/* ---- text ---- */

static bool is_size(u64 number)
{
	return number >= 4096 && number % 4096 == 0 && number < BIT(30);
}

static void print_int(int64_t number, bool as_size, FILE *out)
{
	u64 bits = number;

	if (number < 0 && number > -4096)
		fprintf(out, "%lld", (long long)number);
	else if (as_size && is_size(bits))
		fprintf(out, bits % BIT(20) ? "%lluK" : "%lluM",
			(unsigned long long)(bits % BIT(20) ? bits >> 10 : bits >> 20));
	else
		fprintf(out, bits < 10 ? "%llu" : "0x%llx", (unsigned long long)bits);
}

void reduce_print_unit(const struct reduce_unit *unit, FILE *out)
{
	const struct ast_statement *s = &unit->s;

	fprintf(out, "%s%s%s", s->label ? s->label : "", s->label ? ": " : "", s->word);
	for (size_t i = 0; i < s->nr_args; i++) {
		const char *key = s->args[i].key;

		fprintf(out, " %s%s", key ? key : "", key ? "=" : "");
		if (s->args[i].value.type == AST_INT)
			print_int(s->args[i].value.number, key && strstr(key, "size"), out);
		else
			ast_print_value(&s->args[i].value, out);
	}
	fprintf(out, "\n");
}

struct writer { struct reduce *r; FILE *out; bool tried; };

/* A line that is no unit's */
static void put_line(struct writer *w, const char *before, const char *text)
{
	fprintf(w->out, "%s%s\n", before, text);
	arrput(w->r->lines, NULL);
}

static bool is_there(const struct writer *w, const struct reduce_unit *u)
{
	return w->tried ? u->is_tried : u->is_kept;
}

/* Events of one part, or (@events false) what is no event: settings first, orders last. */
static size_t put_units(struct writer *w, size_t part, bool events, const char *word)
{
	size_t nr = 0;

	for (size_t i = 0; i < arrlenu(w->r->units); i++) {
		struct reduce_unit *u = &w->r->units[i];

		if (!is_there(w, u) || !!u->kind != events || (events && u->part != part) ||
		    (!events && !strcmp(u->s.word, "order") != !strcmp(word, "order")))
			continue;
		if (events && word && !nr)
			put_line(w, word, part == SIZE_MAX ? "" :
				 w->r->trace.threads[part - 1].name);
		reduce_print_unit(u, w->out);
		arrput(w->r->lines, u);
		nr++;
	}
	return nr;
}

char *reduce_render(struct reduce *r, bool tried)
{
	char *text = NULL;
	size_t size;
	struct writer w = { .r = r, .out = open_memstream(&text, &size), .tried = tried };

	if (!w.out)
		abort();
	arrsetlen(r->lines, 0);
	put_line(&w, "pfntrace 1", "");
	put_units(&w, 0, false, "config");
	put_units(&w, 0, true, NULL);
	for (size_t t = 0; t < r->trace.nr_threads; t++)
		put_units(&w, t + 1, true, "thread ");
	put_units(&w, SIZE_MAX, true, "join");
	put_units(&w, 0, false, "order");
	fclose(w.out);
	return text;
}

/* ---- running ---- */

static bool is_same_word(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_way(const struct reduce_way *a, const struct reduce_way *b)
{
	return is_same_word(a->step, b->step) && a->path == b->path && a->kind == b->kind &&
	       a->has_pfn == b->has_pfn && a->has_gfn == b->has_gfn && a->side == b->side;
}

static bool is_wanted(const struct reduce *r, const struct reduce_target *found)
{
	const struct reduce_target *t = &r->target;

	if (t->word && strcmp(found->word, t->word))
		return false;
	if (t->blame == REDUCE_ANYBODY)
		return !r->wish.step || is_same_word(r->wish.step, found->way.step);
	return found->blame == t->blame && found->splat == t->splat &&
	       (r->wish.any_way || is_same_way(&found->way, &t->way));
}

/* Another warning is another bug. */
static const char *splat_of(const struct violation *v)
{
	bool is_splat = v->law->alarms && !v->law->holds && v->law->about == OBJECT_TASK;

	return is_splat && v->value < NR_SPLATS ? splat_names[v->value] : NULL;
}

/*
 * What the law's words have for numbers: too many or too few; of pages, which is none; of numbers
 * apart, whether the first is one at all.
 */
static int side_of(const struct violation *v)
{
	const char *first = v->law->found ? strchr(v->law->found, '%') : NULL;
	const char *second = first ? strchr(first + 1, '%') : NULL;
	s64 more = v->value - (second ? v->wanted : 0);

	if (!first)
		return 0;
	if (v->law->apart)
		return v->value > 0;
	if (strstr(first, "llx"))
		return (v->value == NO_PFN) << 1 | (second && v->wanted == NO_PFN);
	return (more > 0) - (more < 0);
}

static void note_violation(struct reduce *r, const struct violation *v, const char *step, u8 path)
{
	struct reduce_target t = { .word = v->law->id, .splat = splat_of(v), .blame = v->blame,
				   .is_law = true };

	t.way = (struct reduce_way){ .step = step, .path = path, .kind = v->kind,
				     .has_pfn = v->pfn != NO_PFN, .has_gfn = v->gfn != NO_PFN,
				     .side = side_of(v) };
	arrput(r->found, t);
}

static void note_found(struct reduce *r, const struct found_violation *f)
{
	note_violation(r, &f->v, violation_step(f), violation_path(f));
}

/* The line that made no sense was one unit's: without it, perhaps. */
static enum reduce_result nonsense(struct reduce *r, const struct error *error, bool is_args)
{
	struct reduce_unit *u = error->line && error->line <= arrlenu(r->lines) ?
				r->lines[error->line - 1] : NULL;

	if (r->phase == REDUCE_FIRST)
		snprintf(r->why, sizeof(r->why), "%s", error->text);
	if (!u || is_args || r->phase != REDUCE_EVENTS)
		return REDUCE_PASSES;
	u->is_tried = false;
	return REDUCE_IS_NONSENSE;
}

static enum reduce_result result_of(struct reduce *r)
{
	for (size_t i = 0; i < arrlenu(r->found); i++)
		if (is_wanted(r, &r->found[i])) {
			r->target = r->found[i];
			return REDUCE_FAILS;
		}
	return REDUCE_PASSES;
}

static enum reduce_result run_once(struct reduce *r, const char *text, bool is_args)
{
	const struct replay_options how = { .semantics = &r->patch, .nr_semantics = 1 };
	struct error error = { .text = "" };
	struct replay done;

	if (!replay_text(r->path, text, &how, &done, &error))
		return nonsense(r, &error, is_args);
	/* what its recording lacks, a smaller trace lacks as well */
	if (!strcmp(done.run[0].missing, r->lacks))
		done.run[0].missing[0] = '\0';
	if (r->phase == REDUCE_FIRST)
		snprintf(r->why, sizeof(r->why), "%s", done.run[0].missing);
	for (size_t i = 0; i < done.run[0].vm->nr_violations && !done.run[0].missing[0]; i++)
		note_found(r, &done.run[0].vm->violations[i]);
	replay_free(&done);
	return result_of(r);
}

static void end_search(struct reduce *r)
{
	if (r->x)
		explore_free(r->x);
	r->x = NULL;
	trace_free(&r->tried);
}

static void take_findings(struct reduce *r)
{
	const struct explored *e = explore_result(r->x);

	arrsetlen(r->found, 0);
	for (size_t i = 0; i < e->nr_findings; i++) {
		const struct explore_finding *f = &e->findings[i];

		if (f->kind == FOUND_VIOLATION)
			note_violation(r, &f->v, f->step, f->path);
		else
			arrput(r->found, ((struct reduce_target){ .word = finding_name(f) }));
	}
}

/* Nothing was found; what was looked for may be where nobody looked. */
static void note_end(struct reduce *r, const struct explored *e)
{
	if (e->stop == STOP_NONE)
		return;
	r->cut_off |= e->stop != STOP_UNMODELLED;
	if (r->phase == REDUCE_FIRST)
		snprintf(r->why, sizeof(r->why), "%s%s%s", explore_stop_text(e),
			 e->why[0] ? ": " : "", e->why);
}

/* A search that has found it needs no more of it, but for the last one. */
static enum reduce_result search(struct reduce *r, bool is_args)
{
	struct error error = { .text = "" };
	enum reduce_result result;
	bool more = explore_more(r->x, STATES_AT_A_TIME, &error);

	if (error.text[0]) {
		end_search(r);
		return nonsense(r, &error, is_args);
	}
	take_findings(r);
	result = result_of(r);
	if (more && (result == REDUCE_PASSES || r->phase == REDUCE_LAST))
		return REDUCE_GOES_ON;
	if (result == REDUCE_PASSES)
		note_end(r, explore_result(r->x));
	end_search(r);
	return result;
}

static enum reduce_result begin_search(struct reduce *r, const char *text, bool is_args)
{
	struct error error = { .text = "" };

	if (!trace_load_text(r->path, text, &r->tried, &error))
		return nonsense(r, &error, is_args);
	if (r->tried.nr_threads)
		r->x = explore_new(&r->tried, r->patch, &r->bound, &error);
	if (r->x)
		return REDUCE_GOES_ON;
	end_search(r);
	return nonsense(r, &error, is_args);
}

enum reduce_result reduce_try(struct reduce *r, bool is_args)
{
	enum reduce_result result;
	char *text;

	if (r->x)
		return search(r, is_args);
	r->tries++;
	arrsetlen(r->found, 0);
	text = reduce_render(r, true);
	result = r->trace.nr_threads ? begin_search(r, text, is_args) : run_once(r, text, is_args);
	free(text);
	return result;
}
