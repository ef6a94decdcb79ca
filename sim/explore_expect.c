/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_expect.c: expectations of a trace with threads: "in some order", and "in every order". */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/expect.h"
#include "sim/explore.h"
#include "sim/judge.h"
#include "sim/report_explore.h"

__attribute__((format(printf, 3, 4)))
static void miss(struct explore_verdict *v, const struct ast_statement *s, const char *format, ...)
{
	struct explore_miss miss = { .s = s };
	va_list args;

	va_start(args, format);
	vsnprintf(miss.text, sizeof(miss.text), format, args);
	va_end(args);
	arrput(v->missed, miss);
}

/* Not seen; and not there, if all was looked at. */
__attribute__((format(printf, 4, 5)))
static void not_found(struct explore_verdict *v, const struct explored *r,
		      const struct ast_statement *s, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->inconclusive |= r->stop != STOP_NONE;
	v->unexpected |= r->stop == STOP_NONE;
	miss(v, s, "%s: expected %s, %s", r->semantics, text,
	     r->stop ? "not found in what was searched" : "found in no order");
}

static void expect_finding(const struct ast_statement *s, enum finding_kind kind,
			   struct explored *r, struct explore_verdict *v)
{
	const char *law = kind == FOUND_VIOLATION ? expect_name(s, NULL) : NULL;
	const char *blame = law ? expect_name(s, "blame") : NULL;
	bool found = false;

	for (size_t i = 0; i < arrlenu(r->findings); i++) {
		struct explore_finding *f = &r->findings[i];

		if (f->kind != kind || (law && strcmp(f->v.law->id, law)) ||
		    (blame && strcmp(blame_name(f->v.blame), blame)))
			continue;
		f->expected = true;
		found = true;
	}
	if (!found)
		not_found(v, r, s, "%s%s%s%s", law ? "a violation of " : "a ", law ? law : s->word,
			  blame ? ", blame " : "", blame ? blame : "");
}

static void expect_outcome(const struct trace *trace, const struct ast_statement *s,
			   struct explored *r, struct explore_verdict *v)
{
	const char *word = expect_name(s, NULL), *at = expect_name(s, "at");
	uint64_t value = 0;
	bool has_value = expect_number(s, "value", &value);

	for (size_t i = 0; i < arrlenu(r->outcomes); i++) {
		const struct explore_outcome *o = &r->outcomes[i];
		const char *label = trace->events[o->event].label;

		if (label && !strcmp(label, at) && !strcmp(o->word, word) &&
		    (!has_value || (o->has_value && o->value == value)))
			return;
	}
	if (has_value)
		not_found(v, r, s, "%s 0x%llx at %s", word, (unsigned long long)value, at);
	else
		not_found(v, r, s, "%s at %s", word, at);
}

/* What is not known is no surprise, and no answer. */
static void expect_verdict(const struct trace *trace, const struct semantics_patch *patch,
			   const struct ast_statement *s, struct explored *r,
			   struct explore_verdict *v)
{
	struct judgement found;
	char text[200];

	judge_search(trace, patch, r, &found);
	if (judgement_is(&found, s, text))
		return;
	v->inconclusive |= found.is == JUDGED_UNKNOWN;
	v->unexpected |= found.is != JUDGED_UNKNOWN;
	miss(v, s, "%s: %.160s", r->semantics, text);
}

static bool names(const struct ast_statement *s, const struct semantics_patch *patch)
{
	for (size_t i = 0; i < s->nr_models; i++)
		if (model_matches(s->models[i], patch))
			return true;
	return false;
}

void explore_verdict(const struct trace *trace, const struct semantics_patch *patch,
		     struct explored *r, struct explore_verdict *v)
{
	*v = (struct explore_verdict){ .missed = NULL };
	for (size_t i = 0; i < arrlenu(trace->expects); i++) {
		const struct ast_statement *s = trace->expects[i];

		if (!names(s, patch))
			continue;
		if (!strcmp(s->word, "violation"))
			expect_finding(s, FOUND_VIOLATION, r, v);
		else if (!strcmp(s->word, "deadlock"))
			expect_finding(s, FOUND_DEADLOCK, r, v);
		else if (!strcmp(s->word, "livelock"))
			expect_finding(s, FOUND_LIVELOCK, r, v);
		else if (!strcmp(s->word, "lock-inversion"))
			expect_finding(s, FOUND_INVERSION, r, v);
		else if (!strcmp(s->word, "outcome"))
			expect_outcome(trace, s, r, v);
		else if (!strcmp(s->word, "verdict"))
			expect_verdict(trace, patch, s, r, v);
	}
	for (size_t i = 0; i < arrlenu(r->findings); i++)
		v->unexpected |= !r->findings[i].expected;
	v->inconclusive |= r->stop != STOP_NONE;
}

void explore_verdict_free(struct explore_verdict *v)
{
	arrfree(v->missed);
}
