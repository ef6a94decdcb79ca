/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/report.h"

#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "sim/overlap.h"
#include "sim/report_internal.h"

const char *report_outcome(const struct outcome *o, char *buffer, size_t size)
{
	size_t used = snprintf(buffer, size, "%s", o->word ? o->word : "-");

	if (o->has_value && strcmp(o->word, "efault") && used < size)
		used += snprintf(buffer + used, size - used, " 0x%x", o->value);
	if (o->has_refs && used < size)
		snprintf(buffer + used, size - used, " refs=%d", o->refs);
	return buffer;
}

static bool is_access(const struct replay_line *line)
{
	static const char *const ops[] = { "read",   "write",  "rmw", "exec",  "gread",
					   "gwrite", "grmw",   "map", "unmap", "lookup",
					   "kvm",    "resume", NULL };

	for (size_t i = 0; ops[i]; i++)
		if (!strcmp(ops[i], line->op))
			return true;
	return line->label;
}

/* ---- violations, the way a splat is read ---- */

static const char *actor(const struct log_step *step, char *buffer, size_t size)
{
	if (step->by == BLAME_KVM)
		snprintf(buffer, size, "vCPU %u", step->vcpu);
	else
		snprintf(buffer, size, "%s", blame_name(step->by));
	return buffer;
}

/* Oldest first; a line for each turn of an actor at an event. */
static void print_steps_before(const struct found_violation *f, FILE *out)
{
	enum { MAX_SHOWN = 16 };
	unsigned first = f->nr_steps > MAX_SHOWN ? f->nr_steps - MAX_SHOWN : 0;
	char who[32];

	fprintf(out, "    steps before it:%s", first ? " ..." : "");
	for (unsigned i = first; i < f->nr_steps; i++) {
		const struct log_step *step = &f->steps[i], *last = i > first ? step - 1 : NULL;

		if (!last || last->event != step->event || last->by != step->by ||
		    last->vcpu != step->vcpu)
			fprintf(out, "\n      event %u, %s:", step->event,
				actor(step, who, sizeof(who)));
		fprintf(out, " %s", step->name);
	}
	fprintf(out, "\n");
}

static void print_history(const struct vm *vm, const struct found_violation *f, FILE *out)
{
	enum { MAX_SHOWN = 12 };
	size_t first = f->nr_history > MAX_SHOWN ? f->nr_history - MAX_SHOWN : 0;

	if (!f->nr_history)
		return;
	fprintf(out, "    references of pfn 0x%llx:\n", (unsigned long long)f->v.pfn);
	if (first)
		fprintf(out, "      ... %zu earlier changes\n", first);
	for (size_t i = first; i < f->nr_history; i++) {
		const struct log_note *ref = &f->history[i];
		char chain[400];

		vm_chain(vm, ref->frame, ref->depth, chain, sizeof(chain));
		fprintf(out, "      event %u: %-22s %+lld -> %d%s  %s\n", ref->event,
			ref->note.name, (long long)ref->note.value, ref->note.count,
			ref->note.ok || strcmp(ref->note.name, "page_ref_mod_unless") ?
				"" :
				" (refused)",
			chain[0] ? chain : "(set-up)");
	}
}

static void print_violation(const struct replay *replay, const struct replay_run *run,
			    const struct found_violation *f, FILE *out)
{
	const struct replay_line *line = replay_line_of(replay, f->event);
	const struct log_step *last;
	char chain[400], who[32];

	fprintf(out, "  VIOLATION of %s%s, blame: %s\n", f->v.law->id,
		f->expected ? " (expected)" : "", blame_name(f->v.blame));
	fprintf(out, "    %s\n   ", f->v.law->sentence);
	report_found(&f->v, out);
	fprintf(out, "\n");
	if (line)
		fprintf(out, "    at event %u, %s:%u: %s\n", f->event, line->file, line->line,
			line->text);
	vm_chain(run->vm, f->frame, f->depth, chain, sizeof(chain));
	last = &f->steps[f->nr_steps - 1];
	fprintf(out, "    step %s, %s\n", last->name, actor(last, who, sizeof(who)));
	if (chain[0])
		fprintf(out, "    in %s\n", chain);
	print_history(run->vm, f, out);
	print_steps_before(f, out);
}

/* ---- one semantics ---- */

static void print_run(const struct replay *replay, const struct replay_run *run, FILE *out)
{
	size_t n = 0;

	fprintf(out, "\nunder %s: %s\n", run->patch->name, run->patch->source);
	for (size_t i = 0; i < replay->nr_lines; i++) {
		const struct replay_line *line = &replay->line[i];
		char text[80];

		fprintf(out, "  [%2u] %s", line->number, line->text);
		if (line->label)
			fprintf(out, "  (%s)", line->label);
		fprintf(out, " => %s", report_outcome(&run->outcome[i], text, sizeof(text)));
		if (run->versus[i] == VERSUS_CHANGED)
			fprintf(out, "   [recorded: %s]", line->recorded);
		fprintf(out, "\n");
		for (; n < run->nr_notes && run->note[n].event <= line->number; n++)
			if (run->note[n].event == line->number)
				fprintf(out, "         %s\n", run->note[n].text);
	}
}

/* ---- side by side ---- */

bool report_has_row(const struct replay *replay, size_t i)
{
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct outcome *o = &replay->run[r].outcome[i];

		if (replay->run[r].versus[i] > VERSUS_SAME || strcmp(o->word, "ok") ||
		    run_violations_at(&replay->run[r], replay->line[i].number))
			return true;
	}
	return is_access(&replay->line[i]);
}

enum { TEXT_WIDTH = 22, MIN_CELL = 18, MAX_CELL = 32, MAX_COLUMNS = 64 };

/* Runs whose outcomes are the same in every row share a column. */
struct column { size_t run, nr_runs; int width; char head[32]; };

static const char *cell_text(const struct replay *replay, size_t r, size_t i, char *cell,
			     size_t size)
{
	const struct replay_run *run = &replay->run[r];
	char text[80];

	report_outcome(&run->outcome[i], text, sizeof(text));
	snprintf(cell, size, "%s%s%s", text, run->versus[i] == VERSUS_CHANGED ? " *" :
		 run->versus[i] == VERSUS_UNREACHABLE ? " (gone)" : "",
		 run_violations_at(run, replay->line[i].number) ? " !" : "");
	return cell;
}

static bool same_column(const struct replay *replay, size_t a, size_t b)
{
	if (replay->run[a].vm->nr_violations != replay->run[b].vm->nr_violations)
		return false;
	for (size_t i = 0; i < replay->nr_lines; i++) {
		char x[100], y[100];

		if (strcmp(cell_text(replay, a, i, x, sizeof(x)),
			   cell_text(replay, b, i, y, sizeof(y))))
			return false;
	}
	return true;
}

static size_t make_columns(const struct replay *replay, struct column *column)
{
	size_t n = 0;

	for (size_t r = 0; r < replay->nr_runs; r++) {
		size_t c = 0;

		while (c < n && !same_column(replay, column[c].run, r))
			c++;
		if (c == MAX_COLUMNS)
			continue;
		if (c == n)
			column[n++] = (struct column){ .run = r };
		column[c].nr_runs++;
	}
	for (size_t c = 0; c < n; c++)
		snprintf(column[c].head, sizeof(column[c].head), column[c].nr_runs > 1 ? "%s +%zu" :
			 "%s", replay->run[column[c].run].patch->name, column[c].nr_runs - 1);
	return n;
}

static bool any_violation(const struct replay *replay)
{
	for (size_t r = 0; r < replay->nr_runs; r++)
		if (replay->run[r].vm->nr_violations)
			return true;
	return false;
}

/* An event of a row came out otherwise than recorded. */
bool report_has_changed(const struct replay *replay)
{
	for (size_t r = 0; r < replay->nr_runs; r++)
		for (size_t i = 0; i < replay->nr_lines; i++)
			if (report_has_row(replay, i) &&
			    replay->run[r].versus[i] == VERSUS_CHANGED)
				return true;
	return false;
}

/* What was recorded, without the registers. */
static int recorded_length(const struct replay_line *line)
{
	const char *registers = line->recorded ? strstr(line->recorded, " (") : NULL;
	size_t length = registers ? (size_t)(registers - line->recorded) :
		line->recorded ? strlen(line->recorded) : 0;

	return length < MAX_CELL ? length : MAX_CELL;
}

static int recorded_width(const struct replay *replay)
{
	int width = MIN_CELL;

	for (size_t i = 0; i < replay->nr_lines; i++)
		if (report_has_row(replay, i) && recorded_length(&replay->line[i]) > width)
			width = recorded_length(&replay->line[i]);
	return width;
}

/* As wide as what stands in it. */
static void fit_columns(const struct replay *replay, struct column *column, size_t n)
{
	for (size_t c = 0; c + 1 < n; c++) {
		size_t width = strlen(column[c].head);

		width = width > MIN_CELL ? width : MIN_CELL;
		for (size_t i = 0; i < replay->nr_lines; i++) {
			char cell[100];

			cell_text(replay, column[c].run, i, cell, sizeof(cell));
			if (report_has_row(replay, i) && strlen(cell) > width)
				width = strlen(cell);
		}
		column[c].width = width < MAX_CELL ? width : MAX_CELL;
	}
}

static void print_legend(const struct replay *replay, const struct column *column, size_t n,
			 FILE *out)
{
	for (size_t c = 0; c < n; c++) {
		if (column[c].nr_runs == 1)
			continue;
		fprintf(out, "%s:", column[c].head);
		for (size_t r = 0; r < replay->nr_runs; r++)
			if (same_column(replay, column[c].run, r))
				fprintf(out, " %s", replay->run[r].patch->name);
		fprintf(out, "\n");
	}
}

static void print_row(const struct replay *replay, const struct column *column, size_t n,
		      int recorded, size_t i, FILE *out)
{
	const struct replay_line *line = &replay->line[i];
	char cell[100];

	fprintf(out, "%c[%2u] %-*.*s", i == replay->first_parting ? '>' : ' ', line->number,
		TEXT_WIDTH, TEXT_WIDTH, line->text);
	if (replay->has_recorded)
		fprintf(out, " %-*.*s", recorded, recorded_length(line),
			line->recorded ? line->recorded : "");
	for (size_t c = 0; c < n; c++)
		fprintf(out, " %-*s", column[c].width,
			cell_text(replay, column[c].run, i, cell, sizeof(cell)));
	fprintf(out, "\n");
}

static void print_verdicts(const struct replay *replay, const struct column *column, size_t n,
			   int recorded, FILE *out)
{
	fprintf(out, "%-*s", TEXT_WIDTH + 6, "      laws");
	if (replay->has_recorded)
		fprintf(out, " %-*s", recorded, "");
	for (size_t c = 0; c < n; c++) {
		size_t broken = replay->run[column[c].run].vm->nr_violations;
		char cell[40];

		snprintf(cell, sizeof(cell), !broken ? "kept" : broken == 1 ? "%zu violation" :
			 "%zu violations", broken);
		fprintf(out, " %-*s", column[c].width, cell);
	}
	fprintf(out, "\n");
}

static void print_table(const struct replay *replay, FILE *out)
{
	struct column column[MAX_COLUMNS];
	size_t n = make_columns(replay, column);
	int recorded = recorded_width(replay);

	fit_columns(replay, column, n);
	fprintf(out, "\n%-*s", TEXT_WIDTH + 6, "side by side");
	if (replay->has_recorded)
		fprintf(out, " %-*s", recorded, "recorded");
	for (size_t c = 0; c < n; c++)
		fprintf(out, " %-*s", column[c].width, column[c].head);
	fprintf(out, "\n");
	for (size_t i = 0; i < replay->nr_lines; i++)
		if (report_has_row(replay, i))
			print_row(replay, column, n, recorded, i, out);
	print_verdicts(replay, column, n, recorded, out);
	print_legend(replay, column, n, out);
	if (replay->nr_runs > 1 && replay->first_parting == replay->nr_lines)
		fprintf(out, "They part nowhere.\n");
	else if (replay->nr_runs > 1)
		fprintf(out, "> They part first at event %u: %s\n",
			replay->line[replay->first_parting].number,
			replay->line[replay->first_parting].text);
	if (replay->has_recorded)
		fprintf(out, "* came out otherwise than recorded\n");
	if (any_violation(replay))
		fprintf(out, "! a law is broken here\n");
}

void report_verdict(const struct replay_run *run, char *text, size_t size)
{
	size_t used = snprintf(text, size, "%s", verdict_word(run->verdict));

	if (run->vm->nr_violations && used < size)
		used += snprintf(text + used, size - used, ", %zu violation%s%s",
				 run->vm->nr_violations, run->vm->nr_violations > 1 ? "s" : "",
				 run->all_expected ? ", as expected" : "");
	if (run->nr_mismatches && used < size)
		used += snprintf(text + used, size - used, ", %zu expectation%s missed",
				 run->nr_mismatches, run->nr_mismatches > 1 ? "s" : "");
	if (run->missing[0] && used < size)
		used += snprintf(text + used, size - used, "%s: %s",
				 run->verdict == VERDICT_INCONCLUSIVE ? "" : ", inconclusive",
				 run->missing);
	if (run->overlaps && used < size)
		snprintf(text + used, size - used, "; order taken: %s",
			 overlap_order_text[run->order]);
}

static void print_summary(const struct replay *replay, FILE *out)
{
	for (size_t r = 0; r < replay->nr_runs; r++) {
		char text[1000];

		report_verdict(&replay->run[r], text, sizeof(text));
		fprintf(out, "%s: %s\n", replay->run[r].patch->name, text);
	}
}

void report_text(const struct replay *replay, unsigned flags, FILE *out)
{
	fprintf(out, "%s", replay->name);
	if (replay->title[0])
		fprintf(out, ": %s", replay->title);
	fprintf(out, "\n");
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		if (!(flags & REPORT_BRIEF))
			print_run(replay, run, out);
		else if (run->vm->nr_violations || run->nr_mismatches)
			fprintf(out, "\nunder %s:\n", run->patch->name);
		for (size_t i = 0; i < run->vm->nr_violations; i++)
			print_violation(replay, run, &run->vm->violations[i], out);
		for (size_t i = 0; i < run->nr_mismatches; i++)
			fprintf(out, "  MISSED %s:%u:%u: %s\n", run->mismatch[i].file,
				run->mismatch[i].line, run->mismatch[i].column,
				run->mismatch[i].text);
	}
	print_table(replay, out);
	print_summary(replay, out);
}
