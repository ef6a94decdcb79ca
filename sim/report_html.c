/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_html.c: one page, without a network, to be read without a script: outcomes first, what
 * broke, lanes, counts, walks. The script steps through what is there.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/lock_order.h"
#include "sim/markup.h"
#include "sim/overlap.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

/* ---- outcomes ---- */

static void print_cell(const struct replay *replay, size_t r, size_t line, FILE *out)
{
	const struct replay_run *run = &replay->run[r];
	const struct outcome *o = &run->outcome[line];
	unsigned broken = run_violations_at(run, replay->line[line].number);
	bool parts = r && !same_outcome(&replay->run[0].outcome[line], o);
	char text[80];

	fprintf(out, "<td class=\"%s%s%s\">", broken ? "broken" : o->word, parts ? " parts" : "",
		run->versus[line] == VERSUS_CHANGED ? " changed" : "");
	markup_text(report_outcome(o, text, sizeof(text)), out);
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		if (run->vm->violations[i].event == replay->line[line].number)
			fprintf(out, " <a href=\"#v%zu-%zu\">\xe2\x9c\x97&#160;%s</a>", r, i,
				run->vm->violations[i].v.law->id);
	fprintf(out, "</td>");
}

static void print_matrix(const struct replay *replay, FILE *out)
{
	char text[700];

	fprintf(out, "<table class=\"matrix\"><thead><tr><th>event</th>");
	if (replay->has_recorded)
		fprintf(out, "<th>recorded</th>");
	for (size_t r = 0; r < replay->nr_runs; r++) {
		fprintf(out, "<th title=\"");
		markup_text(replay->run[r].patch->source, out);
		fprintf(out, "\">%s</th>", replay->run[r].patch->name);
	}
	fprintf(out, "</tr></thead>\n<tbody>");
	for (size_t i = 0; i < replay->nr_lines; i++) {
		const struct replay_line *line = &replay->line[i];

		if (!report_has_row(replay, i))
			continue;
		fprintf(out, "<tr%s><th scope=\"row\">", i == replay->first_parting ?
			" class=\"parting\"" : "");
		markup_printf(out, "[%u] %s%s%s%s", line->number, line->text,
			      line->label ? " (" : "", line->label ? line->label : "",
			      line->label ? ")" : "");
		fprintf(out, "</th>");
		if (replay->has_recorded) {
			fprintf(out, "<td>");
			markup_text(line->recorded ? line->recorded : "", out);
			fprintf(out, "</td>");
		}
		for (size_t r = 0; r < replay->nr_runs; r++)
			print_cell(replay, r, i, out);
		fprintf(out, "</tr>\n");
	}
	fprintf(out, "</tbody><tfoot><tr><th scope=\"row\">verdict</th>");
	if (replay->has_recorded)
		fprintf(out, "<td></td>");
	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		report_verdict(run, text, sizeof(text));
		fprintf(out, "<td class=\"%s\">", run->verdict == VERDICT_OK ? "good" :
			run->verdict == VERDICT_INCONCLUSIVE ? "unknown" : "broken");
		markup_text(text, out);
		fprintf(out, "</td>");
	}
	fprintf(out, "</tr></tfoot></table>\n");
	if (report_has_changed(replay))
		fprintf(out, "<p>* came out otherwise than recorded</p>\n");
}

/* ---- what broke ---- */

static void print_violation(const struct replay *replay, size_t r, size_t i, FILE *out)
{
	const struct replay_run *run = &replay->run[r];
	const struct found_violation *f = &run->vm->violations[i];
	const struct replay_line *line = replay_line_of(replay, f->event);
	char chain[400];

	vm_chain(run->vm, f->frame, f->depth, chain, sizeof(chain));
	fprintf(out, "<article class=\"violation\" id=\"v%zu-%zu\"><h3>\xe2\x9c\x97 %s "
		"<small>under ", r, i, f->v.law->id);
	markup_printf(out, "%s, blame: %s%s", run->patch->name, blame_name(f->v.blame),
		      f->expected ? ", expected by the trace" : "");
	fprintf(out, "</small></h3><p>");
	markup_text(f->v.law->sentence, out);
	fprintf(out, "</p><dl><dt>found</dt><dd>");
	report_found(&f->v, out);
	fprintf(out, "</dd>");
	if (line) {
		fprintf(out, "<dt>at</dt><dd>");
		markup_printf(out, "event %u, %s:%u: %s", f->event, line->file, line->line,
			      line->text);
		fprintf(out, "</dd>");
	}
	fprintf(out, "<dt>step</dt><dd><code>%s</code>", f->steps[f->nr_steps - 1].name);
	if (chain[0]) {
		fprintf(out, " in <code>");
		markup_text(chain, out);
		fprintf(out, "</code>");
	}
	fprintf(out, "</dd></dl></article>\n");
}

static void print_missing(const struct replay *replay, FILE *out)
{
	if (replay->missing[0]) {
		fprintf(out, "<p class=\"unknown\">Not known: ");
		markup_text(replay->missing, out);
		fprintf(out, "</p>\n");
	}
	for (size_t r = 0; r < replay->nr_runs; r++)
		if (replay->run[r].missing[0]) {
			fprintf(out, "<p class=\"unknown\">Inconclusive under ");
			markup_printf(out, "%s: %s", replay->run[r].patch->name,
				      replay->run[r].missing);
			fprintf(out, "</p>\n");
		}
}

static void print_broken(const struct replay *replay, FILE *out)
{
	size_t nr = 0;

	for (size_t r = 0; r < replay->nr_runs; r++) {
		const struct replay_run *run = &replay->run[r];

		for (size_t i = 0; i < run->vm->nr_violations; i++, nr++)
			print_violation(replay, r, i, out);
		for (size_t i = 0; i < run->nr_mismatches; i++, nr++) {
			fprintf(out, "<p class=\"broken\">Expected and missed: ");
			markup_printf(out, "%s:%u:%u: %s (%s)", run->mismatch[i].file,
				      run->mismatch[i].line, run->mismatch[i].column,
				      run->mismatch[i].text, run->patch->name);
			fprintf(out, "</p>\n");
		}
	}
	if (!nr)
		fprintf(out, "<p>No law that could be judged was broken.</p>\n");
}

/* ---- steps in words: for whoever has no script, and for the script ---- */

static void print_step_cell(const struct lanes *lanes, size_t row, unsigned run, FILE *out)
{
	const struct run_step *step = lanes_step(lanes, row, run);
	size_t first = 0, nr = lanes_notes(lanes, row, run, &first);
	char text[400];

	fprintf(out, "<td>");
	if (!step) {
		fprintf(out, "\xe2\x80\x94</td>");
		return;
	}
	fprintf(out, "<b>%s</b> <code>%s</code>", lanes->lane[lane_of(lanes, step)].name,
		step->step.name);
	vm_chain(lanes->run[run]->vm, step->frame, step->depth, text, sizeof(text));
	if (text[0]) {
		fprintf(out, "<br><small>");
		markup_text(text, out);
		fprintf(out, "</small>");
	}
	fprintf(out, "<br><small>mmu_invalidate_seq %llu, in progress %u; holds",
		(unsigned long long)step->mmu_seq, step->in_progress);
	for (unsigned c = 0; c < NR_LOCK_CLASSES; c++)
		if (step->locks >> c & 1)
			fprintf(out, " %s", lock_class_names[c]);
	fprintf(out, "%s</small>", step->locks ? "" : " nothing");
	for (size_t i = 0; i < nr; i++)
		if (*lanes_note_text(&lanes->run[run]->vm->log->notes[first + i], text,
				     sizeof(text))) {
			fprintf(out, "<br>");
			markup_text(text, out);
		}
	nr = lanes_violations(lanes, row, run, &first);
	for (size_t i = 0; i < nr; i++)
		fprintf(out, "<br><strong class=\"broken\">\xe2\x9c\x97 %s</strong>",
			lanes->run[run]->vm->violations[first + i].v.law->id);
	fprintf(out, "</td>");
}

static void print_steps(const struct lanes *lanes, FILE *out)
{
	fprintf(out, "<details id=\"steps\"><summary>every step in words</summary>\n"
		"<table class=\"steps\"><tr><th>step</th><th>event</th>");
	for (unsigned r = 0; r < lanes->nr_runs; r++)
		fprintf(out, "<th>%s</th>", lanes->run[r]->patch->name);
	fprintf(out, "</tr>\n");
	for (size_t row = 0; row < arrlenu(lanes->rows); row++) {
		fprintf(out, "<tr id=\"t%zu\"%s><td>%zu</td><td>%u</td>", row,
			lanes_differs(lanes, row) ? " class=\"differs\"" : "", row + 1,
			lanes->replay->line[lanes->rows[row].line].number);
		for (unsigned r = 0; r < lanes->nr_runs; r++)
			print_step_cell(lanes, row, r, out);
		fprintf(out, "</tr>\n");
	}
	fprintf(out, "</table></details>\n");
}

static void print_lanes(const struct lanes *lanes, FILE *out)
{
	if (!arrlenu(lanes->rows)) {
		fprintf(out, "<p>No event has steps.</p>\n");
		return;
	}
	fprintf(out, "<p class=\"legend\">Down the page goes time. Bars are locks:");
	for (unsigned c = 0; c < NR_LOCK_CLASSES; c++)
		fprintf(out, " <span class=\"key l%u\"></span>%s", c, lock_class_names[c]);
	fprintf(out, ". Shades are invalidations: <span class=\"key active\"></span>begun, "
		"<span class=\"key window\"></span>in progress under mmu_lock. %s</p>\n",
		lanes->nr_runs > 1 ? "Marked rows are where the two part." : "");
	if (lanes->nr_left_out)
		fprintf(out, "<p class=\"unknown\">%zu steps of other events are not drawn.</p>\n",
			lanes->nr_left_out);
	if (lanes->nr_unlogged)
		fprintf(out, "<p class=\"unknown\">%zu steps were not kept: --steps keeps more."
			"</p>\n", lanes->nr_unlogged);
	fprintf(out, "<div class=\"wide\">\n");
	lanes_draw(lanes, NULL, out);
	fprintf(out, "</div>\n<p id=\"help\" hidden><kbd>j</kbd> <kbd>k</kbd> step, <kbd>n</kbd> "
		"<kbd>p</kbd> to the next or last difference or violation, <kbd>Home</kbd> "
		"<kbd>End</kbd></p><div id=\"panel\" hidden></div>\n");
	print_steps(lanes, out);
}

static void print_pages(const struct lanes *lanes, FILE *out)
{
	pfn_t pages[MAX_PAGES];
	size_t nr = refs_pages(lanes, pages);

	fprintf(out, nr ? "<p class=\"legend\">Dots are changes, by whom:"
		" <span class=\"key k0\"></span>owner <span class=\"key k1\"></span>PTE"
		" <span class=\"key k4\"></span>look-up <span class=\"key k5\"></span>map"
		" <span class=\"key k6\"></span>mm; ringed: to 0.</p>\n" :
			"<p>No count was changed.</p>\n");
	for (size_t i = 0; i < nr; i++)
		refs_draw(lanes, pages[i], out);
}

/* ---- the page ---- */

static void print_head(const struct report_page *page, FILE *out)
{
	const struct replay *replay = page->replay;

	markup_page(replay->title[0] ? replay->title : replay->name, page->css, out);
	fprintf(out, "<header><h1>");
	markup_text(replay->title[0] ? replay->title : replay->name, out);
	fprintf(out, "</h1><p><code>");
	markup_text(replay->name, out);
	fprintf(out, "</code>");
	if (replay->is_recording)
		markup_printf(out, ", recorded on a kernel that is modelled by %s",
			      replay->kernel ? replay->kernel : "none");
	fprintf(out, "</p></header>\n<main>\n");
}

bool report_page_html(const struct report_page *page, FILE *out)
{
	struct lanes lanes;

	lanes_make(&lanes, page->replay, page->a, page->b, LANES_MANY);
	print_head(page, out);
	fprintf(out, "<section><h2>Outcomes</h2>\n");
	print_missing(page->replay, out);
	fprintf(out, "<div class=\"wide\">\n");
	print_matrix(page->replay, out);
	fprintf(out, "</div></section>\n<section><h2>Laws</h2>\n");
	print_broken(page->replay, out);
	fprintf(out, "</section>\n<section><h2>Steps</h2>\n");
	print_lanes(&lanes, out);
	fprintf(out, "</section>\n<section><h2>Counts of pages</h2>\n");
	print_pages(&lanes, out);
	fprintf(out, "</section>\n<section><h2>Stage-2 walks</h2>\n");
	walk_print_html(&lanes, out);
	fprintf(out, "</section></main>\n<footer><p>Printed by <code>");
	markup_text(page->command, out);
	fprintf(out, "</code></p></footer>\n<script type=\"application/json\" id=\"walks\">");
	walk_print_json(&lanes, out);
	fprintf(out, "</script>\n<script>\n%s</script></body></html>\n", page->script);
	lanes_free(&lanes);
	return !ferror(out);
}

bool report_page_svg(const struct report_page *page, FILE *out)
{
	struct lanes lanes;

	lanes_make(&lanes, page->replay, page->a, page->b, LANES_MANY);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	lanes_draw(&lanes, page->css, out);
	lanes_free(&lanes);
	return !ferror(out);
}

void report_page_choose(struct report_page *page, const struct replay *replay)
{
	page->replay = replay;
	page->a = &replay->run[0];
	page->b = replay->nr_runs > 1 ? &replay->run[1] : NULL;
	for (size_t r = 1; r < replay->nr_runs; r++)
		for (size_t i = 0; i < replay->nr_lines; i++)
			if (!same_outcome(&replay->run[0].outcome[i], &replay->run[r].outcome[i]) ||
			    run_violations_at(&replay->run[0], replay->line[i].number) !=
				    run_violations_at(&replay->run[r], replay->line[i].number)) {
				page->b = &replay->run[r];
				return;
			}
}
