/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/report.h"

#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "sim/overlap.h"

static const char *outcome_text(const struct outcome *o, char *buffer, size_t size)
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
	static const char *const ops[] = { "read", "write", "rmw", "exec", "gread", "gwrite", "grmw",
					   "map", "unmap", "lookup", "kvm", "resume", NULL };

	for (size_t i = 0; ops[i]; i++)
		if (!strcmp(ops[i], line->op))
			return true;
	return line->label;
}

/* ---- violations, the way a splat is read ---- */

static const char *actor(const struct vm *vm, u8 task, char *buffer, size_t size)
{
	const struct task *t = &vm->w.task[task];

	if (t->by == BLAME_KVM)
		snprintf(buffer, size, "vCPU %u", t->vcpu);
	else
		snprintf(buffer, size, "%s", blame_name(t->by));
	return buffer;
}

static void print_found(const struct violation *v, FILE *out)
{
	if (v->pfn != NO_PFN)
		fprintf(out, " pfn 0x%llx", (unsigned long long)v->pfn);
	if (v->gfn != NO_PFN)
		fprintf(out, " gfn 0x%llx", (unsigned long long)v->gfn);
	if (v->law->alarms && !v->law->holds && v->law->about == OBJECT_TASK)
		fprintf(out, " in %s()", splat_names[v->value]);
	if (!v->law->found)
		return;
	fprintf(out, ": ");
	for (const char *c = v->law->found, *value = "a"; *c; c++) {
		if (*c != '%') {
			fputc(*c, out);
			continue;
		}
		c += strcspn(c, "dx");
		u64 number = *value++ == 'a' ? v->value : v->wanted;

		value = "b";
		if (*c == 'x' && number == NO_PFN)
			fprintf(out, "(none)");
		else
			fprintf(out, *c == 'x' ? "%llx" : "%lld", (unsigned long long)number);
	}
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
		fprintf(out, "      event %u: %-22s %+lld -> %d%s  %s\n", ref->event, ref->note.name,
			(long long)ref->note.value, ref->note.count,
			ref->note.ok || strcmp(ref->note.name, "page_ref_mod_unless") ? "" :
			" (refused)", chain[0] ? chain : "(set-up)");
	}
}

static void print_violation(const struct replay *replay, const struct replay_run *run,
			    const struct found_violation *f, FILE *out)
{
	const struct replay_line *line = NULL;
	char chain[400], who[32];

	for (size_t i = 0; i < replay->nr_lines; i++)
		if (replay->line[i].number == f->event)
			line = &replay->line[i];
	fprintf(out, "  VIOLATION of %s%s, blame: %s\n", f->v.law->id,
		f->expected ? " (expected)" : "", blame_name(f->v.blame));
	fprintf(out, "    %s\n   ", f->v.law->sentence);
	print_found(&f->v, out);
	fprintf(out, "\n");
	if (line)
		fprintf(out, "    at event %u, %s:%u: %s\n", f->event, line->file, line->line,
			line->text);
	vm_chain(run->vm, f->frame, f->depth, chain, sizeof(chain));
	fprintf(out, "    step %s, %s\n", f->step, actor(run->vm, f->task, who, sizeof(who)));
	if (chain[0])
		fprintf(out, "    in %s\n", chain);
	print_history(run->vm, f, out);
	fprintf(out, "    steps before it:");
	for (unsigned i = f->nr_steps > 8 ? f->nr_steps - 8 : 0; i < f->nr_steps; i++)
		fprintf(out, " %s", f->steps[i].name);
	fprintf(out, "\n");
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
		fprintf(out, " => %s", outcome_text(&run->outcome[i], text, sizeof(text)));
		if (run->versus[i] == VERSUS_CHANGED)
			fprintf(out, "   [recorded: %s]", line->recorded);
		fprintf(out, "\n");
		for (; n < run->nr_notes && run->note[n].event <= line->number; n++)
			if (run->note[n].event == line->number)
				fprintf(out, "         %s\n", run->note[n].text);
	}
}

/* ---- side by side ---- */

static bool worth_a_row(const struct replay *replay, size_t i)
{
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct outcome *o = &replay->run[r].outcome[i];

		if (replay->run[r].versus[i] > VERSUS_SAME || strcmp(o->word, "ok"))
			return true;
	}
	return is_access(&replay->line[i]);
}

static void print_table(const struct replay *replay, FILE *out)
{
	enum { TEXT = 28, CELL = 24 };

	fprintf(out, "\n%-*s", TEXT + 5, "side by side");
	if (replay->is_recording)
		fprintf(out, " %-*.*s", CELL, CELL, "recorded");
	for (size_t r = 0; r < replay->nr_runs; r++)
		fprintf(out, " %-*s", CELL, replay->run[r].patch->name);
	fprintf(out, "\n");
	for (size_t i = 0; i < replay->nr_lines; i++) {
		const struct replay_line *line = &replay->line[i];

		if (!worth_a_row(replay, i))
			continue;
		fprintf(out, "%c[%2u] %-*.*s", i == replay->first_parting ? '>' : ' ', line->number,
			TEXT, TEXT, line->text);
		if (replay->is_recording)
			fprintf(out, " %-*.*s", CELL, CELL, line->recorded ? line->recorded : "");
		for (size_t r = 0; r < replay->nr_runs; r++) {
			const struct replay_run *run = &replay->run[r];
			char text[80], cell[100];

			outcome_text(&run->outcome[i], text, sizeof(text));
			snprintf(cell, sizeof(cell), "%s%s", text,
				 run->versus[i] == VERSUS_CHANGED ? " *" :
				 run->versus[i] == VERSUS_UNREACHABLE ? " (gone)" : "");
			fprintf(out, " %-*s", CELL, cell);
		}
		fprintf(out, "\n");
	}
	if (replay->nr_runs > 1) {
		if (replay->first_parting == replay->nr_lines)
			fprintf(out, "They part nowhere.\n");
		else
			fprintf(out, "> They part first at event %u: %s\n",
				replay->line[replay->first_parting].number,
				replay->line[replay->first_parting].text);
	}
	if (replay->is_recording)
		fprintf(out, "* came out otherwise than recorded\n");
}

static void print_summary(const struct replay *replay, FILE *out)
{
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		fprintf(out, "%s: %s", run->patch->name, verdict_word(run->verdict));
		if (run->vm->nr_violations)
			fprintf(out, ", %zu violation%s%s", run->vm->nr_violations,
				run->vm->nr_violations > 1 ? "s" : "",
				run->all_expected ? ", as expected" : "");
		if (run->nr_mismatches)
			fprintf(out, ", %zu expectation%s missed", run->nr_mismatches,
				run->nr_mismatches > 1 ? "s" : "");
		if (run->missing[0])
			fprintf(out, "%s: %s", run->verdict == VERDICT_INCONCLUSIVE ? "" :
				", inconclusive", run->missing);
		if (run->overlaps)
			fprintf(out, "; order taken: %s", overlap_order_text[run->order]);
		fprintf(out, "\n");
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
				run->mismatch[i].line, run->mismatch[i].column, run->mismatch[i].text);
	}
	print_table(replay, out);
	print_summary(replay, out);
}
