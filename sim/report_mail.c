/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_mail.c: a page as text of 75 columns, for a mail; as Markdown; and the stage-2 tables as
 * they are in the end, for dot(1). Two runs are told as a diff: "-" is the first's alone.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "model/pgtable.h"
#include "model/spte.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

enum { COLUMNS = 75 };

/* Words of @text, broken behind the column; further lines begin with @mark and blanks. */
static void print_marked(const char *text, int used, int indent, char mark, FILE *out)
{
	const char *begin = text;
	int at = used;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (at > indent && at + 1 + length > COLUMNS) {
			fprintf(out, "\n%.*s%*s", indent > 0, &mark, indent - (indent > 0), "");
			at = indent;
		} else if (text > begin) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", length, text);
		at += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_wrapped(const char *text, int used, int indent, FILE *out)
{
	print_marked(text, used, indent, ' ', out);
}

/* ---- outcomes ---- */

static void print_event(const struct replay *replay, size_t i, FILE *out)
{
	const struct replay_line *line = &replay->line[i];
	char text[80];

	fprintf(out, "%c[%u] ", i == replay->first_parting ? '>' : ' ', line->number);
	print_wrapped(line->text, 7, 7, out);
	if (line->recorded) {
		fprintf(out, "       %-16s ", "recorded");
		print_wrapped(line->recorded, 24, 24, out);
	}
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		fprintf(out, "       %-16s %s%s", run->patch->name,
			report_outcome(&run->outcome[i], text, sizeof(text)),
			run->versus[i] == VERSUS_CHANGED ? " *" : "");
		for (size_t v = 0; v < run->vm->nr_violations; v++)
			if (run->vm->violations[v].event == line->number)
				fprintf(out, "\n       %-16s ! %s", "",
					run->vm->violations[v].v.law->id);
		fprintf(out, "\n");
	}
}

#define CHANGED_IS	"* came out otherwise than recorded\n"

static void print_verdicts(const struct replay *replay, FILE *out)
{
	char text[1000];

	for (size_t r = 0; r < replay->nr_runs; r++) {
		report_verdict(&replay->run[r], text, sizeof(text));
		fprintf(out, "%s: ", replay->run[r].patch->name);
		print_wrapped(text, (int)strlen(replay->run[r].patch->name) + 2, 4, out);
	}
	if (replay->missing[0]) {
		fprintf(out, "not known: ");
		print_wrapped(replay->missing, 11, 4, out);
	}
}

/* ---- steps ---- */

static bool is_news(const struct lanes *lanes, size_t row)
{
	bool breaks = false;

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		breaks |= lanes_violations(lanes, row, r, &(size_t){ 0 }) > 0;
	return breaks || lanes_differs(lanes, row);
}

static bool has_news(const struct lanes *lanes, size_t line)
{
	for (size_t row = 0; row < arrlenu(lanes->rows); row++)
		if (lanes->rows[row].line == line && is_news(lanes, row))
			return true;
	return false;
}

static void print_step(const struct lanes *lanes, size_t row, unsigned run, char mark, FILE *out)
{
	const struct run_step *step = lanes_step(lanes, row, run);
	size_t first = 0, nr = lanes_notes(lanes, row, run, &first), broken = 0;
	size_t nr_broken = lanes_violations(lanes, row, run, &broken);
	char text[200];

	fprintf(out, "%c %-7s %s\n", mark, lanes->lane[lane_of(lanes, step)].name, step->step.name);
	for (size_t i = 0; i < nr; i++)
		if (*lanes_note_text(&lanes->run[run]->vm->log->notes[first + i], text,
				     sizeof(text))) {
			fprintf(out, "%c           ", mark);
			print_marked(text, 12, 14, mark, out);
		}
	for (size_t i = 0; i < nr_broken; i++)
		fprintf(out, "%c         ! %s\n", mark,
			lanes->run[run]->vm->violations[broken + i].v.law->id);
}

static void print_row(const struct lanes *lanes, size_t row, FILE *out)
{
	bool both = !lanes_differs(lanes, row);

	for (unsigned r = 0; r < lanes->nr_runs; r++)
		if (lanes_step(lanes, row, r) && (!both || !r))
			print_step(lanes, row, r, both ? ' ' : r ? '+' : '-', out);
}

static void print_lanes(const struct lanes *lanes, FILE *out)
{
	if (lanes->nr_runs > 1)
		fprintf(out, "--- %s\n+++ %s\n", lanes->run[0]->patch->name,
			lanes->run[1]->patch->name);
	for (size_t row = 0; row < arrlenu(lanes->rows); row++) {
		size_t line = lanes->rows[row].line;

		if (!has_news(lanes, line))
			continue;
		if (lanes_begins(lanes, row)) {
			fprintf(out, "@@ [%u] ", lanes->replay->line[line].number);
			print_wrapped(lanes->replay->line[line].text, 8, 8, out);
		}
		print_row(lanes, row, out);
	}
	if (lanes->nr_left_out || lanes->nr_unlogged)
		fprintf(out, "(%zu steps are not told)\n", lanes->nr_left_out + lanes->nr_unlogged);
}

static void print_laws(const struct replay *replay, FILE *out)
{
	for (size_t r = 0; r < replay->nr_runs; r++)
		for (size_t i = 0; i < replay->run[r].vm->nr_violations; i++) {
			const struct found_violation *f = &replay->run[r].vm->violations[i];

			fprintf(out, "! %s under %s, blame: %s\n  ", f->v.law->id,
				replay->run[r].patch->name, blame_name(f->v.blame));
			print_wrapped(f->v.law->sentence, 2, 2, out);
		}
}

bool report_page_text(const struct report_page *page, FILE *out)
{
	const struct replay *replay = page->replay;
	struct lanes lanes;

	lanes_make(&lanes, replay, page->a, page->b, LANES_MANY);
	print_wrapped(replay->title[0] ? replay->title : replay->name, 0, 0, out);
	fprintf(out, "%s\n\n", replay->name);
	for (size_t i = 0; i < replay->nr_lines; i++)
		if (report_has_row(replay, i))
			print_event(replay, i, out);
	fprintf(out, "%s\n", report_has_changed(replay) ? CHANGED_IS : "");
	print_verdicts(replay, out);
	fprintf(out, "\n");
	print_laws(replay, out);
	print_lanes(&lanes, out);
	lanes_free(&lanes);
	return !ferror(out);
}

/* ---- Markdown ---- */

static void print_cell(const char *text, FILE *out)
{
	for (const char *c = text; *c; c++)
		fprintf(out, *c == '|' ? "\\|" : "%c", *c);
}

static void print_broken(const struct replay_run *run, unsigned event, FILE *out)
{
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		if (run->vm->violations[i].event == event)
			fprintf(out, " **%s**", run->vm->violations[i].v.law->id);
}

static void print_table_head(const struct replay *replay, FILE *out)
{
	fprintf(out, "| event |%s", replay->has_recorded ? " recorded |" : "");
	for (size_t r = 0; r < replay->nr_runs; r++)
		fprintf(out, " %s |", replay->run[r].patch->name);
	fprintf(out, "\n|---|%s", replay->has_recorded ? "---|" : "");
	for (size_t r = 0; r < replay->nr_runs; r++)
		fprintf(out, "---|");
}

static void print_table_row(const struct replay *replay, size_t i, FILE *out)
{
	const struct replay_line *line = &replay->line[i];
	char text[80];

	fprintf(out, "\n| [%u] ", line->number);
	print_cell(line->text, out);
	if (replay->has_recorded) {
		fprintf(out, " | ");
		print_cell(line->recorded ? line->recorded : "", out);
	}
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		fprintf(out, " | %s%s", report_outcome(&run->outcome[i], text, sizeof(text)),
			run->versus[i] == VERSUS_CHANGED ? " \\*" : "");
		print_broken(run, line->number, out);
	}
	fprintf(out, " |");
}

bool report_page_markdown(const struct report_page *page, FILE *out)
{
	const struct replay *replay = page->replay;
	struct lanes lanes;
	char text[1000];

	lanes_make(&lanes, replay, page->a, page->b, LANES_MANY);
	fprintf(out, "# %s\n\n`%s`\n\n", replay->title[0] ? replay->title : replay->name,
		replay->name);
	print_table_head(replay, out);
	for (size_t i = 0; i < replay->nr_lines; i++)
		if (report_has_row(replay, i))
			print_table_row(replay, i, out);
	fprintf(out, "\n| verdict%s", replay->has_recorded ? " | " : "");
	for (size_t r = 0; r < replay->nr_runs; r++) {
		report_verdict(&replay->run[r], text, sizeof(text));
		fprintf(out, " | ");
		print_cell(text, out);
	}
	fprintf(out, " |\n\n%s%s```diff\n", report_has_changed(replay) ? "\\" CHANGED_IS : "",
		report_has_changed(replay) ? "\n" : "");
	print_laws(replay, out);
	print_lanes(&lanes, out);
	fprintf(out, "```\n");
	lanes_free(&lanes);
	return !ferror(out);
}

/* ---- dot ---- */

/* One entry, and what it leads to; false: that is not a table. */
static bool dot_entry(const struct replay_run *r, unsigned run, gfn_t gfn, unsigned level,
		      u64 table, u64 entry, FILE *out)
{
	const struct spte_format *format = spte_format_of(&r->vm->m);
	bool leaf = spte_is_leaf(format, entry, level);
	unsigned long long to = pt_pfn(entry);
	char means[WALK_TEXT];

	if (!spte_is_present(format, entry))
		return false;
	walk_decode(r, entry, level, means, sizeof(means));
	fprintf(out, "\t\"%u:%llx\" -> \"%u:%llx\" [label=\"gfn 0x%llx level %u\\n%s\"];\n",
		run, (unsigned long long)table, run, to,
		(unsigned long long)(gfn / level_pages(level) * level_pages(level)), level, means);
	fprintf(out, "\t\"%u:%llx\" [label=\"%s 0x%llx\"%s];\n", run, to,
		leaf ? "page" : "table", to, leaf ? ", shape=box" : "");
	return !leaf;
}

static void dot_walk(const struct lanes *lanes, unsigned run, size_t row, gfn_t gfn, FILE *out)
{
	const struct replay_run *r = lanes->run[run];
	unsigned level = r->vm->w.config.five_levels ? 5 : 4;
	u64 table = 0, entry;

	while (level && walk_entry(lanes, run, row, gfn, level, &entry) &&
	       dot_entry(r, run, gfn, level, table, entry, out)) {
		table = pt_pfn(entry);
		level--;
	}
}

bool report_page_dot(const struct report_page *page, FILE *out)
{
	gfn_t gfns[MAX_GFNS];
	struct lanes lanes;
	size_t nr, last;

	lanes_make(&lanes, page->replay, page->a, page->b, LANES_ALL);
	nr = walk_gfns(&lanes, gfns);
	last = arrlenu(lanes.rows) ? arrlenu(lanes.rows) - 1 : 0;
	fprintf(out, "strict digraph stage2 {\n\trankdir=LR;\n\tnode [fontname=monospace];\n"
		"\tedge [fontname=monospace, fontsize=10];\n");
	for (unsigned r = 0; r < lanes.nr_runs; r++) {
		fprintf(out, "\t\"%u:0\" [label=\"root, %s\", shape=doubleoctagon];\n", r,
			lanes.run[r]->patch->name);
		for (size_t i = 0; i < nr; i++)
			dot_walk(&lanes, r, last, gfns[i], out);
	}
	fprintf(out, "}\n");
	lanes_free(&lanes);
	return !ferror(out);
}
