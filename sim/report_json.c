/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "sim/json.h"
#include "sim/overlap.h"
#include "sim/report.h"

static void open_line(struct json *json, const struct replay *replay, const struct replay_run *run,
		      const char *type)
{
	json_object_begin(json);
	json_number_at(json, "schema", 1);
	json_string_at(json, "type", type);
	json_string_at(json, "trace", replay->name);
	json_string_at(json, "semantics", run->patch->name);
}

static void close_line(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

/* Numbers above 2^53 would lose digits in most readers; addresses and pfns stay far below. */
static void number_or_null(struct json *json, const char *key, bool known, int64_t number)
{
	if (known)
		json_number_at(json, key, number);
	else
		json_string_at(json, key, NULL);
}

static void put_outcome(struct json *json, const struct replay *replay,
			const struct replay_run *run, size_t i)
{
	const struct replay_line *line = &replay->line[i];
	const struct outcome *o = &run->outcome[i];
	bool real_pfn = o->pfn != NO_PFN && !is_error_noslot_pfn(o->pfn);

	open_line(json, replay, run, "outcome");
	json_number_at(json, "event", line->number);
	json_number_at(json, "line", line->line);
	json_string_at(json, "op", line->text);
	json_string_at(json, "outcome", o->word);
	number_or_null(json, "pfn", real_pfn, o->pfn);
	number_or_null(json, "refs", o->has_refs, o->refs);
	number_or_null(json, "value", o->has_value && strcmp(o->word, "efault"), o->value);
	if (line->label)
		json_string_at(json, "label", line->label);
	if (line->recorded)
		json_string_at(json, "recorded", line->recorded);
	if (run->versus[i] != VERSUS_NONE)
		json_string_at(json, "versus", versus_word(run->versus[i]));
	if (line->unmodelled)
		json_string_at(json, "why", line->why);
	close_line(json);
}

static void put_violation(struct json *json, const struct replay *replay,
			  const struct replay_run *run, const struct found_violation *f)
{
	const struct replay_line *line = replay_line_of(replay, f->event);
	char chain[400];

	open_line(json, replay, run, "violation");
	json_string_at(json, "invariant", f->v.law->id);
	json_string_at(json, "blame", blame_name(f->v.blame));
	json_number_at(json, "event", f->event);
	json_number_at(json, "line", line ? line->line : 0);
	json_bool_at(json, "expected", f->expected);
	json_string_at(json, "sentence", f->v.law->sentence);
	number_or_null(json, "pfn", f->v.pfn != NO_PFN, f->v.pfn);
	number_or_null(json, "gfn", f->v.gfn != NO_PFN, f->v.gfn);
	json_string_at(json, "step", f->steps[f->nr_steps - 1].name);
	vm_chain(run->vm, f->frame, f->depth, chain, sizeof(chain));
	json_string_at(json, "chain", chain);
	if (f->v.law->alarms && !f->v.law->holds && f->v.law->about == OBJECT_TASK)
		json_string_at(json, "function", splat_names[f->v.value]);
	close_line(json);
}

static void put_mismatch(struct json *json, const struct replay *replay,
			 const struct replay_run *run, const struct mismatch *mismatch)
{
	open_line(json, replay, run, "mismatch");
	json_string_at(json, "file", mismatch->file);
	json_number_at(json, "line", mismatch->line);
	json_number_at(json, "column", mismatch->column);
	json_string_at(json, "text", mismatch->text);
	close_line(json);
}

static void put_summary(struct json *json, const struct replay *replay,
			const struct replay_run *run)
{
	open_line(json, replay, run, "summary");
	json_number_at(json, "events", replay->nr_lines);
	json_number_at(json, "violations", run->vm->nr_violations);
	json_number_at(json, "mismatches", run->nr_mismatches);
	json_string_at(json, "verdict", verdict_word(run->verdict));
	json_bool_at(json, "expected", run->all_expected && !run->nr_mismatches);
	if (run->missing[0])
		json_string_at(json, "missing", run->missing);
	if (run->overlaps)
		json_string_at(json, "order", overlap_order_text[run->order]);
	if (replay->nr_runs > 1)
		number_or_null(json, "parts_at", replay->first_parting < replay->nr_lines,
			       replay->first_parting < replay->nr_lines ?
			       replay->line[replay->first_parting].number : 0);
	close_line(json);
}

bool report_json(const struct replay *replay, FILE *out)
{
	struct json *json = json_begin(out);

	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		for (size_t i = 0; i < replay->nr_lines; i++)
			put_outcome(json, replay, run, i);
		for (size_t i = 0; i < run->vm->nr_violations; i++)
			put_violation(json, replay, run, &run->vm->violations[i]);
		for (size_t i = 0; i < run->nr_mismatches; i++)
			put_mismatch(json, replay, run, &run->mismatch[i]);
		put_summary(json, replay, run);
	}
	return json_end(json);
}
