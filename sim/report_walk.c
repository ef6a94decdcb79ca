/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_walk.c: what a walk of the stage-2 tables finds behind each row, from the changes of
 * entries alone. A level's last change counts; below an entry that is not present there is nothing.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "model/pgtable.h"
#include "model/spte.h"
#include "sim/entry_words.h"
#include "sim/markup.h"
#include "sim/report_internal.h"
#include "sim/vm.h"

static bool covers(const struct note *n, gfn_t gfn)
{
	return gfn / level_pages(n->level) == n->gfn / level_pages(n->level);
}

static bool is_change(const struct log_note *log)
{
	return log->note.kind == NOTE_SPTE;
}

static bool is_of_leaf(const struct spte_format *format, const struct note *n)
{
	return spte_is_leaf(format, n->new, n->level) || spte_is_leaf(format, n->old, n->level);
}

size_t walk_gfns(const struct lanes *lanes, gfn_t *gfns)
{
	size_t nr = 0;

	for (unsigned r = 0; r < lanes->nr_runs; r++) {
		const struct spte_format *format = spte_format_of(&lanes->run[r]->vm->m);

		for (size_t i = 0; i < arrlenu(lanes->run[r]->vm->log->notes); i++) {
			const struct log_note *log = &lanes->run[r]->vm->log->notes[i];
			size_t k = 0;

			if (!is_change(log) || !is_of_leaf(format, &log->note))
				continue;
			while (k < nr && gfns[k] != log->note.gfn)
				k++;
			if (k == nr && nr < MAX_GFNS)
				gfns[nr++] = log->note.gfn;
		}
	}
	return nr;
}

size_t walk_row(const struct lanes *lanes)
{
	for (size_t row = 0; row < arrlenu(lanes->rows); row++)
		for (unsigned r = 0; r < lanes->nr_runs; r++)
			if (lanes_violations(lanes, row, r, &(size_t){ 0 }))
				return row;
	return arrlenu(lanes->rows) ? arrlenu(lanes->rows) - 1 : 0;
}

/* Notes up to the last step that this run has at @row or before. */
static size_t notes_until(const struct lanes *lanes, unsigned run, size_t row)
{
	for (size_t i = row + 1; i-- > 0; ) {
		const struct run_step *step = lanes_step(lanes, i, run);

		if (step)
			return step->nr_notes;
	}
	return 0;
}

bool walk_entry(const struct lanes *lanes, unsigned run, size_t row, gfn_t gfn, unsigned level,
		u64 *entry)
{
	const struct log_note *notes = lanes->run[run]->vm->log->notes;

	for (size_t i = arrlenu(lanes->rows) ? notes_until(lanes, run, row) : 0; i-- > 0; )
		if (is_change(&notes[i]) && notes[i].note.level == level &&
		    covers(&notes[i].note, gfn)) {
			*entry = notes[i].note.new;
			return true;
		}
	return false;
}

const char *walk_decode(const struct replay_run *run, u64 entry, unsigned level, char *text,
			size_t size)
{
	char words[ENTRY_WORDS_SIZE];
	enum entry_kind kind = spte_words(&run->vm->m, entry, level, words);

	if (kind == ENTRY_TABLE || kind == ENTRY_LEAF)
		snprintf(text, size, "%s, %s 0x%llx", words,
			 kind == ENTRY_LEAF ? "pfn" : "table at",
			 (unsigned long long)pt_pfn(entry));
	else
		snprintf(text, size, "%s", words);
	return text;
}

/* ---- as a table ---- */

static void print_level(const struct lanes *lanes, unsigned run, gfn_t gfn, unsigned level,
			const char *entry, const char *means, FILE *out)
{
	fprintf(out, "<tr data-run=\"%u\" data-gfn=\"0x%llx\" data-level=\"%u\"><td>", run,
		(unsigned long long)gfn, level);
	markup_text(lanes->run[run]->patch->name, out);
	fprintf(out, "</td><td>%u</td><td>0x%llx</td><td class=\"entry\">%s</td>"
		"<td class=\"means\">", level,
		(unsigned long long)(gfn >> (9 * (level - 1)) & 511), entry);
	markup_text(means, out);
	fprintf(out, "</td></tr>\n");
}

static void print_walk(const struct lanes *lanes, unsigned run, size_t row, gfn_t gfn, FILE *out)
{
	const struct replay_run *r = lanes->run[run];
	unsigned top = r->vm->w.config.five_levels ? 5 : 4;
	bool reached = true;

	for (unsigned level = top; level >= 1; level--) {
		char value[24] = "", means[WALK_TEXT] = "";
		u64 entry;

		if (!reached) {
			snprintf(means, sizeof(means), "not reached");
		} else if (!walk_entry(lanes, run, row, gfn, level, &entry)) {
			snprintf(means, sizeof(means), "never written");
			reached = false;
		} else {
			snprintf(value, sizeof(value), "0x%llx", (unsigned long long)entry);
			walk_decode(r, entry, level, means, sizeof(means));
			reached = spte_is_present(spte_format_of(&r->vm->m), entry) &&
				  !spte_is_leaf(spte_format_of(&r->vm->m), entry, level);
		}
		print_level(lanes, run, gfn, level, value, means, out);
	}
}

void walk_print_html(const struct lanes *lanes, FILE *out)
{
	size_t row = walk_row(lanes), nr;
	gfn_t gfns[MAX_GFNS];

	nr = walk_gfns(lanes, gfns);
	if (!nr) {
		fprintf(out, "<p>No stage-2 leaf was written.</p>\n");
		return;
	}
	fprintf(out, "<p>Behind step <span id=\"walkrow\">%zu</span><span id=\"walkwhy\">%s</span>."
		"</p>\n", row + 1,
		row + 1 == arrlenu(lanes->rows) ? ", the last" : ", which breaks a law");
	for (size_t i = 0; i < nr; i++) {
		fprintf(out, "<table class=\"walk\"><caption>gfn 0x%llx</caption><tr><th>run</th>"
			"<th>level</th><th>index</th><th>entry</th><th>which says</th></tr>\n",
			(unsigned long long)gfns[i]);
		for (unsigned r = 0; r < lanes->nr_runs; r++)
			print_walk(lanes, r, row, gfns[i], out);
		fprintf(out, "</table>\n");
	}
}

/* ---- as data: [run, row, level, gfn, entry, what it says, is a way down] ---- */

static void print_change(const struct lanes *lanes, unsigned run, size_t row,
			 const struct note *n, bool *first, FILE *out)
{
	const struct replay_run *r = lanes->run[run];
	const struct spte_format *format = spte_format_of(&r->vm->m);
	char means[WALK_TEXT];

	walk_decode(r, n->new, n->level, means, sizeof(means));
	fprintf(out, "%s[%u,%zu,%u,\"0x%llx\",\"0x%llx\",\"%s\",%d]\n", *first ? "" : ",", run, row,
		n->level, (unsigned long long)(n->gfn / level_pages(n->level)),
		(unsigned long long)n->new, means, spte_is_present(format, n->new) &&
		!spte_is_leaf(format, n->new, n->level));
	*first = false;
}

void walk_print_json(const struct lanes *lanes, FILE *out)
{
	bool first_change = true;

	fprintf(out, "[");
	for (size_t row = 0; row < arrlenu(lanes->rows); row++)
		for (unsigned r = 0; r < lanes->nr_runs; r++) {
			size_t first = 0, nr = lanes_notes(lanes, row, r, &first);

			for (size_t i = 0; i < nr; i++)
				if (is_change(&lanes->run[r]->vm->log->notes[first + i]))
					print_change(lanes, r, row,
						     &lanes->run[r]->vm->log->notes[first + i].note,
						     &first_change, out);
		}
	fprintf(out, "]");
}
