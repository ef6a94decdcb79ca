/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE	/* asprintf() */
#include "sim/ci.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/baseline.h"
#include "sim/json.h"
#include "sim/report_internal.h"
#include "sim/schedule.h"
#include "sim/vm.h"

const struct ci_rule ci_rules[] = {
	{ CI_EXPECTATION, "What a trace expects comes true.", true },
	{ "deadlock", "In no order of steps comes a state in which nobody can go on.", true },
	{ "livelock", "From each state some order of steps leads to an end.", true },
	{ "lock-inversion", "Locks are taken in one order.", true },
	{ CI_INCONCLUSIVE, "An input has what its laws need.", true },
	{ CI_INPUT, "An input can be read, and run.", true },
	{ CI_TIMEOUT, "An input is done within its time.", false },
	{ CI_CRASH, "The program itself goes on.", false },
};
const size_t nr_ci_rules = ARRAY_SIZE(ci_rules);

unsigned ci_rule_find(const char *id)
{
	unsigned i = 0, k = 0;

	while (i < nr_laws && strcmp(laws[i].id, id))
		i++;
	while (i == nr_laws && k < nr_ci_rules && strcmp(ci_rules[k].id, id))
		k++;
	return i + k;
}

const char *ci_rule_id(const char *id)
{
	unsigned i = ci_rule_find(id);

	return i < nr_laws ? laws[i].id : i < nr_laws + nr_ci_rules ? ci_rules[i - nr_laws].id :
	       NULL;
}

static char *copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

__attribute__((format(printf, 1, 2)))
static char *text_of(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

/* ---- findings ---- */

struct place { const char *file; unsigned line, column; };

/* @text and @what are kept. */
static void add(struct ci *ci, const char *rule, enum ci_level level, struct place at,
		char *text, char *what)
{
	arrput(ci->findings, ((struct ci_finding){ .rule = rule, .level = level,
						   .file = copy(at.file), .line = at.line,
						   .column = at.column, .text = text,
						   .what = what }));
}

static struct ci_case *begin(struct ci *ci, const char *input, const char *semantics)
{
	struct ci_case c = { .input = copy(input), .semantics = copy(semantics),
			     .first = arrlenu(ci->findings) };

	arrput(ci->cases, c);
	return &ci->cases[arrlenu(ci->cases) - 1];
}

static void end(struct ci *ci, struct ci_case *c, const char *verdict)
{
	c->nr = arrlenu(ci->findings) - c->first;
	c->verdict = copy(verdict);
}

static char *said(const struct replay_run *run, const struct found_violation *f)
{
	char *found = NULL, *text;
	size_t size;
	FILE *out = open_memstream(&found, &size);

	if (!out)
		abort();
	report_found(&f->v, out);
	fclose(out);
	text = text_of("under %s: %s%s (blame: %s, step %s)", run->patch->name,
		       f->v.law->sentence, found, blame_name(f->v.blame),
		       f->steps[f->nr_steps - 1].name);
	free(found);
	return text;
}

/* By its label if it has one: the number moves when an event before it comes or goes. */
static char *which(const struct replay_line *line, const struct found_violation *f)
{
	return line && line->label ?
		text_of("at=%s blame=%s", line->label, blame_name(f->v.blame)) :
		text_of("event=%u blame=%s", f->event, blame_name(f->v.blame));
}

static void add_violation(struct ci *ci, const struct replay *replay, const struct replay_run *run,
			  const struct found_violation *f)
{
	const struct replay_line *line = replay_line_of(replay, f->event);

	add(ci, f->v.law->id, f->expected ? CI_NOTE : CI_ERROR,
	    (struct place){ line ? line->file : replay->name, line ? line->line : 0, 0 },
	    said(run, f), which(line, f));
}

/* "v11: expected ..." without the name. */
static const char *without_name(const char *text, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(text, name, length) && !strncmp(text + length, ": ", 2) ?
	       text + length + 2 : text;
}

static void add_run(struct ci *ci, const struct replay *replay, const struct replay_run *run)
{
	struct ci_case *c = begin(ci, replay->name, run->patch->name);
	char verdict[1000];

	for (size_t i = 0; i < run->vm->nr_violations; i++)
		add_violation(ci, replay, run, &run->vm->violations[i]);
	for (size_t i = 0; i < run->nr_mismatches; i++)
		add(ci, CI_EXPECTATION, CI_ERROR,
		    (struct place){ run->mismatch[i].file, run->mismatch[i].line,
				    run->mismatch[i].column },
		    text_of("under %s: %s", run->patch->name, run->mismatch[i].text),
		    copy(without_name(run->mismatch[i].text, run->patch->name)));
	if (run->missing[0])
		add(ci, CI_INCONCLUSIVE, CI_WARNING, (struct place){ replay->name, 0, 0 },
		    text_of("under %s: %s", run->patch->name, run->missing), copy(run->missing));
	report_verdict(run, verdict, sizeof(verdict));
	end(ci, c, verdict);
}

void ci_add(struct ci *ci, const struct replay *replay)
{
	ci->nr_inputs++;
	for (size_t r = 0; r < replay->nr_runs; r++)
		add_run(ci, replay, &replay->run[r]);
}

void ci_add_row(struct ci *ci, const struct corpus *corpus, const struct corpus_row *row)
{
	for (size_t i = 0; i < corpus->nr_semantics; i++) {
		const struct corpus_cell *cell = &row->cells[i];
		const char *name = corpus->semantics[i]->name;
		char found[32], *what = NULL;
		struct ci_case *c;

		if (!cell->applies)
			continue;
		c = begin(ci, row->path, name);
		judgement_text(&cell->found, found, sizeof(found));
		if (cell->found.is == JUDGED_UNKNOWN)
			what = text_of("%s: %s", row->id, cell->found.why);
		else if (cell->differs)
			what = text_of("%s: expected %s, found %s", row->id, cell->expected, found);
		if (what)
			add(ci, cell->found.is == JUDGED_UNKNOWN ? CI_INCONCLUSIVE : CI_EXPECTATION,
			    cell->found.is == JUDGED_UNKNOWN ? CI_WARNING : CI_ERROR,
			    (struct place){ row->path, 0, 0 },
			    text_of("under %s: %s", name, what), what);
		end(ci, c, found);
	}
}

/* ---- all orders of a trace with threads ---- */

/* A deadlock is of all threads, and where its last turn was made. */
static void add_order(struct ci *ci, const char *input, const struct trace *trace,
		      const struct semantics_patch *patch, const struct explore_finding *f)
{
	bool breaks = f->kind == FOUND_VIOLATION;
	const char *id = breaks ? f->v.law->id : finding_name(f);
	const char *blame = breaks ? blame_name(f->v.blame) : NULL;
	const char *sentence = breaks ? f->v.law->sentence :
			       ci_rules[ci_rule_find(id) - nr_laws].sentence;
	struct schedule schedule;
	const struct event *last;

	schedule_run(&schedule, trace, patch, f);
	last = schedule_last(&schedule);
	add(ci, breaks ? id : ci_rule_id(id), f->expected ? CI_NOTE : CI_ERROR,
	    (struct place){ last ? last->file : input, last ? last->line : 0, 0 },
	    text_of("under %s: %s (%s%s%s%zu steps, the last: %s)", patch->name, sentence,
		    blame ? "blame: " : "", blame ? blame : "", blame ? ", " : "", f->nr_steps,
		    breaks && f->step ? f->step : last ? last->op : "none"),
	    blame ? text_of("blame=%s", blame) : copy("in some order"));
	schedule_free(&schedule);
}

void ci_add_explored(struct ci *ci, const char *input, const struct trace *trace,
		     const struct semantics_patch *patch, const struct explored *r,
		     const struct explore_verdict *v)
{
	struct ci_case *c = begin(ci, input, patch->name);
	size_t nr = arrlenu(r->findings);
	char verdict[200];

	for (size_t i = 0; i < nr; i++)
		add_order(ci, input, trace, patch, &r->findings[i]);
	for (size_t i = 0; i < arrlenu(v->missed); i++) {
		const struct explore_miss *miss = &v->missed[i];

		add(ci, r->stop ? CI_INCONCLUSIVE : CI_EXPECTATION, r->stop ? CI_WARNING : CI_ERROR,
		    (struct place){ miss->s->file, miss->s->line, miss->s->column },
		    text_of("under %s: %s", patch->name, without_name(miss->text, patch->name)),
		    copy(without_name(miss->text, patch->name)));
	}
	if (r->stop)
		add(ci, CI_INCONCLUSIVE, CI_WARNING, (struct place){ input, 0, 0 },
		    text_of("under %s: not all orders were searched: %s", patch->name,
			    explore_stop_text(r)), copy(explore_stop_text(r)));
	snprintf(verdict, sizeof(verdict), "%s, %llu states: %zu finding%s",
		 r->stop ? "not complete" : "complete", (unsigned long long)r->states, nr,
		 nr == 1 ? "" : "s");
	end(ci, c, verdict);
}

static void add_alone(struct ci *ci, const char *input, const char *rule, struct place at,
		      const char *why, const char *verdict)
{
	struct ci_case *c = begin(ci, input, "");

	ci->nr_inputs++;
	add(ci, rule, strcmp(rule, CI_TIMEOUT) ? CI_ERROR : CI_WARNING, at, copy(why), copy(why));
	end(ci, c, verdict);
}

void ci_add_error(struct ci *ci, const char *input, const struct error *error)
{
	struct place at = { error->file[0] ? error->file : input, error->line, error->column };

	add_alone(ci, input, CI_INPUT, at, error->text, "input unreadable");
}

void ci_add_end(struct ci *ci, const char *input, const char *rule, const char *why)
{
	add_alone(ci, input, rule, (struct place){ input, 0, 0 }, why, why);
}

void ci_free(struct ci *ci)
{
	for (size_t i = 0; i < arrlenu(ci->findings); i++) {
		free(ci->findings[i].file);
		free(ci->findings[i].text);
		free(ci->findings[i].what);
	}
	for (size_t i = 0; i < arrlenu(ci->cases); i++) {
		free(ci->cases[i].input);
		free(ci->cases[i].semantics);
		free(ci->cases[i].verdict);
	}
	for (size_t i = 0; i < arrlenu(ci->stale); i++)
		free(ci->stale[i].text);
	arrfree(ci->findings);
	arrfree(ci->cases);
	arrfree(ci->stale);
}

/* ---- what they come to ---- */

static enum ci_end end_of(const struct ci_finding *f)
{
	if (f->level == CI_NOTE)
		return CI_OK;
	if (f->accepted)
		return CI_ACCEPTED;
	return !strcmp(f->rule, CI_CRASH)	? CI_CRASHED :
	       !strcmp(f->rule, CI_INPUT)	? CI_REFUSED :
	       !strcmp(f->rule, CI_EXPECTATION) ? CI_MISSED :
	       f->level == CI_WARNING		? CI_IS_INCONCLUSIVE :
						  CI_VIOLATION;
}

enum ci_end ci_end_of(const struct ci *ci, const struct ci_case *c)
{
	enum ci_end worst = CI_OK;

	for (size_t i = c->first; i < c->first + c->nr; i++)
		if (end_of(&ci->findings[i]) > worst)
			worst = end_of(&ci->findings[i]);
	return worst;
}

size_t ci_count(const struct ci *ci, enum ci_end end)
{
	size_t n = 0;

	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		n += ci_end_of(ci, &ci->cases[i]) == end;
	return n;
}

int ci_exit_code(const struct ci *ci)
{
	static const int codes[NR_CI_ENDS] = {
		[CI_IS_INCONCLUSIVE] = 3, [CI_VIOLATION] = 1, [CI_MISSED] = 1, [CI_REFUSED] = 2,
		[CI_CRASHED] = 4,
	};
	int code = ci->left ? 3 : 0;

	for (size_t i = 0; i < arrlenu(ci->cases); i++)
		code = worse_exit_code(code, codes[ci_end_of(ci, &ci->cases[i])]);
	return code;
}

const char *ci_end_word(enum ci_end end)
{
	static const char *const words[NR_CI_ENDS] = {
		[CI_OK] = "ok", [CI_ACCEPTED] = "accepted",
		[CI_IS_INCONCLUSIVE] = "inconclusive", [CI_VIOLATION] = "violations",
		[CI_MISSED] = "missed", [CI_REFUSED] = "refused", [CI_CRASHED] = "crashed",
	};

	return words[end];
}

/* The order of the summary: it never changes, what is new goes to its end. */
static const enum ci_end told[] = { CI_OK, CI_VIOLATION, CI_MISSED, CI_REFUSED,
				    CI_IS_INCONCLUSIVE, CI_ACCEPTED, CI_CRASHED };

void ci_print_summary(const struct ci *ci, FILE *out)
{
	fprintf(out, "summary: traces=%zu semantics=%zu cases=%zu", ci->nr_inputs,
		ci->nr_semantics, arrlenu(ci->cases));
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		fprintf(out, " %s=%zu", ci_end_word(told[i]), ci_count(ci, told[i]));
	fprintf(out, " stale=%zu passed-over=%zu not-run=%zu\n", arrlenu(ci->stale),
		ci->passed_over, ci->left);
}

void ci_print_total(const struct ci *ci, FILE *out)
{
	struct json *json = json_begin(out);

	for (size_t i = 0; i < arrlenu(ci->stale); i++) {
		json_object_begin(json);
		json_number_at(json, "schema", 1);
		json_string_at(json, "type", "stale");
		json_string_at(json, "baseline", ci->baseline->name);
		json_number_at(json, "line", ci->stale[i].line);
		json_string_at(json, "text", ci->stale[i].text);
		json_object_end(json);
		json_line_end(json);
	}
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", "total");
	json_number_at(json, "traces", ci->nr_inputs);
	json_number_at(json, "semantics", ci->nr_semantics);
	json_number_at(json, "cases", arrlenu(ci->cases));
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		json_number_at(json, ci_end_word(told[i]), ci_count(ci, told[i]));
	json_number_at(json, "stale", arrlenu(ci->stale));
	json_number_at(json, "passed_over", ci->passed_over);
	json_number_at(json, "not_run", ci->left);
	json_object_end(json);
	json_line_end(json);
	json_end(json);
}
