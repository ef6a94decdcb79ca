/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/corpus.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/expect.h"
#include "sim/replay_internal.h"

enum { MAX_COLUMNS = 64, AT_A_TIME = 20000 };

/* ---- files ---- */

/* A recording's trace is called so, too. */
static bool is_trace(const char *path)
{
	static const char head[] = "pfntrace";
	FILE *file = fopen(path, "r");
	char text[sizeof(head) - 1];
	bool is;

	if (!file)
		return false;
	is = fread(text, sizeof(text), 1, file) == 1 && !memcmp(text, head, sizeof(text));
	fclose(file);
	return is;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_wanted(const FTSENT *entry)
{
	const char *dot = strrchr(entry->fts_name, '.');

	return entry->fts_info == FTS_F &&
	       (entry->fts_level == FTS_ROOTLEVEL ||
		(dot && !strcmp(dot, ".trace") && is_trace(entry->fts_accpath)));
}

char **corpus_list(const char *path, struct error *error)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	char **found = NULL;
	int failed = 0;

	if (!tree) {	/* an empty path, too */
		error_at(error, path, 0, 0, "%s", strerror(errno));
		return NULL;
	}
	for (FTSENT *entry; (entry = fts_read(tree)); ) {
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_ERR)
			failed = entry->fts_errno;
		if (is_wanted(entry))
			arrput(found, strdup(entry->fts_path));
	}
	fts_close(tree);
	if (failed || !found) {
		error_at(error, path, 0, 0, "%s", failed ? strerror(failed) : "no trace");
		corpus_list_free(found);
		found = NULL;
	}
	return found;
}

void corpus_list_free(char **list)
{
	for (size_t i = 0; i < arrlenu(list); i++)
		free(list[i]);
	arrfree(list);
}

/* ---- one trace ---- */

/* What is said of @patch: the last line that names it, or NULL. */
static const struct ast_statement *expected_of(const struct trace *trace,
					       const struct semantics_patch *patch)
{
	const struct ast_statement *last = NULL;

	for (size_t i = 0; i < arrlenu(trace->expects); i++) {
		const struct ast_statement *s = trace->expects[i];

		for (size_t m = 0; !strcmp(s->word, "verdict") && m < s->nr_models; m++)
			if (model_matches(s->models[m], patch))
				last = s;
	}
	return last;
}

/* A policy is asked about what its base is asked about, though nobody has said what it does. */
static bool applies(const struct trace *trace, const struct semantics_patch *patch)
{
	bool policy = !strcmp(patch->group, "policy");

	return expected_of(trace, patch) || (policy && expected_of(trace, patch->base));
}

static void fill_cell(const struct ast_statement *s, struct corpus_cell *cell)
{
	const char *blame;
	char miss[200];

	cell->applies = true;
	if (!s)
		return;
	blame = expect_name(s, "blame");
	cell->differs = !judgement_is(&cell->found, s, miss);
	snprintf(cell->expected, sizeof(cell->expected), "%.4s%s%.8s", expect_name(s, NULL),
		 blame ? " of " : "", blame ? blame : "");
}

static bool run_one_order(const struct corpus *corpus, const char *path,
			  struct corpus_cell *cells, struct error *error)
{
	const struct semantics_patch *named[MAX_COLUMNS];
	struct replay_options options = { .semantics = named };
	const struct trace *trace;
	struct replay done;
	struct trace first;

	if (!trace_load(path, &first, error))
		return false;
	for (size_t i = 0; i < corpus->nr_semantics; i++)
		if (applies(&first, corpus->semantics[i]))
			named[options.nr_semantics++] = corpus->semantics[i];
	trace_free(&first);
	if (!replay(path, &options, &done, error))
		return false;
	trace = &done.input->trace;
	for (size_t i = 0, run = 0; i < corpus->nr_semantics; i++) {
		if (run == done.nr_runs || done.run[run].patch != corpus->semantics[i])
			continue;
		judge_run(trace, &done.run[run++], &cells[i].found);
		fill_cell(expected_of(trace, corpus->semantics[i]), &cells[i]);
	}
	replay_free(&done);
	return true;
}

static bool run_all_orders(const struct corpus *corpus, const struct trace *trace,
			   struct corpus_cell *cells, struct error *error)
{
	for (size_t i = 0; i < corpus->nr_semantics && !error->text[0]; i++) {
		const struct semantics_patch *patch = corpus->semantics[i];
		struct explore *x = NULL;

		if (applies(trace, patch))
			x = explore_new(trace, patch, &corpus->bound, error);
		if (!x)
			continue;
		while (explore_more(x, AT_A_TIME, error))
			;
		if (!error->text[0]) {
			judge_search(trace, patch, explore_result(x), &cells[i].found);
			fill_cell(expected_of(trace, patch), &cells[i]);
		}
		explore_free(x);
	}
	return !error->text[0];
}

/* Its turns in one line; the caller's to free. */
static char *schedule_text(const struct trace *trace, const struct trace_schedule *schedule)
{
	char text[1000];
	const char *quote = semantics_find(schedule->of) ? "" : "\"";
	size_t used = snprintf(text, sizeof(text), "%s%s%s, %s:", quote, schedule->of, quote,
			       schedule->law);

	for (size_t i = 0; i < schedule->nr && used < sizeof(text); i++) {
		const struct trace_turn *turn = &trace->turns[schedule->first + i];

		used += snprintf(text + used, sizeof(text) - used, "%s %s%s%s", i ? ";" : "",
				 trace->events[turn->event].label, turn->until ? " until=" : "",
				 turn->until ? turn->until : "");
	}
	return strdup(text);
}

static void add_row(struct corpus *corpus, const struct trace *trace, const char *path,
		    const struct trace_bug *bug, const struct corpus_cell *cells)
{
	struct corpus_row row = { .claim = strdup(bug->claim), .path = strdup(path) };

	snprintf(row.id, sizeof(row.id), "%.7s", bug->id);
	for (size_t i = 0; i < arrlenu(trace->notes); i++)
		arrput(row.notes, strdup(trace->notes[i]));
	for (size_t i = 0; i < arrlenu(trace->schedules); i++)
		arrput(row.schedules, schedule_text(trace, &trace->schedules[i]));
	for (size_t i = 0; i < corpus->nr_semantics; i++)
		arrput(row.cells, cells[i]);
	arrput(corpus->rows, row);
}

bool corpus_add(struct corpus *corpus, const char *path, struct error *error)
{
	struct corpus_cell cells[MAX_COLUMNS] = { { .applies = false } };
	struct trace trace;
	bool ok = true;

	if (!trace_load(path, &trace, error))
		return false;
	error->text[0] = '\0';
	if (trace.nr_bugs || (corpus->with_cases && trace.nr_cases))
		ok = trace.nr_threads ? run_all_orders(corpus, &trace, cells, error) :
					run_one_order(corpus, path, cells, error);
	for (size_t i = 0; ok && i < trace.nr_bugs; i++)
		add_row(corpus, &trace, path, &trace.bugs[i], cells);
	for (size_t i = 0; ok && corpus->with_cases && i < trace.nr_cases; i++)
		add_row(corpus, &trace, path, &trace.cases[i], cells);
	trace_free(&trace);
	return ok;
}

/* ---- all of them ---- */

static int by_id(const void *a, const void *b)
{
	const struct corpus_row *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : strcmp(x->path, y->path);
}

void corpus_sort(struct corpus *corpus)
{
	if (corpus->rows)
		qsort(corpus->rows, arrlenu(corpus->rows), sizeof(*corpus->rows), by_id);
}

void corpus_free(struct corpus *corpus)
{
	for (size_t i = 0; i < arrlenu(corpus->rows); i++) {
		struct corpus_row *row = &corpus->rows[i];

		for (size_t n = 0; n < arrlenu(row->notes); n++)
			free(row->notes[n]);
		for (size_t n = 0; n < arrlenu(row->schedules); n++)
			free(row->schedules[n]);
		arrfree(row->notes);
		arrfree(row->schedules);
		arrfree(row->cells);
		free(row->claim);
		free(row->path);
	}
	arrfree(corpus->rows);
}
