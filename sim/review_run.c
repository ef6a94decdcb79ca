/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * review_run.c: the work of a review, a piece at a time: programs, then the orders of races, then
 * the corpus, then single traces.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/review.h"

enum { STATES_AT_A_TIME = 20000 };

static void next_phase(struct review *r)
{
	r->phase++;
	r->at = r->column = 0;
}

/* ---- programs ---- */

static bool programs_more(struct review *r, struct error *error)
{
	struct review_part *part = &r->parts[r->at];

	if (r->at == arrlenu(r->parts)) {
		next_phase(r);
		return true;
	}
	if (part->equiv && equiv_more(part->equiv, error))
		return true;
	r->at++;
	return !error->text[0];
}

/* ---- all orders ---- */

static void end_search(struct review *r)
{
	explore_free(r->x);
	trace_free(&r->trace);
	r->x = NULL;
}

static bool begin_search(struct review *r, struct error *error)
{
	if (!trace_load(r->scenarios[r->at], &r->trace, error))
		return false;
	r->x = explore_new(&r->trace, r->semantics[r->column], &r->bound.orders, error);
	if (!r->x)
		trace_free(&r->trace);
	return r->x;
}

static bool orders_more(struct review *r, struct error *error)
{
	if (r->at == arrlenu(r->scenarios)) {
		next_phase(r);
		return true;
	}
	if (!r->x)
		return begin_search(r, error);
	if (explore_more(r->x, STATES_AT_A_TIME, error))
		return true;
	if (error->text[0])
		return false;
	law_sheet_add(&r->sheet, r->column, r->scenarios[r->at], explore_result(r->x));
	end_search(r);
	if (++r->column == r->nr_semantics) {
		r->column = 0;
		r->at++;
	}
	return true;
}

/* ---- traces under each semantics ---- */

static struct bisect *begin_run(const struct review *r, const char *path,
				const struct semantics_patch *const *list, size_t nr,
				struct error *error)
{
	struct bisect *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	if (bisect_begin(run, path, list, nr, &r->bound.orders, error))
		return run;
	free(run);
	return NULL;
}

static int by_bug(const void *a, const void *b)
{
	const struct review_case *x = a, *y = b;
	int order = strcmp(x->run->trace.bugs[0].id, y->run->trace.bugs[0].id);

	return order ? order : strcmp(x->path, y->path);
}

static bool corpus_more(struct review *r, struct error *error)
{
	struct review_case c = { .path = NULL };

	if (r->at == arrlenu(r->cases_left)) {
		if (r->cases)
			qsort(r->cases, arrlenu(r->cases), sizeof(*r->cases), by_bug);
		next_phase(r);
		return true;
	}
	if (arrlenu(r->cases) == r->at) {
		c.path = r->cases_left[r->at];
		c.run = begin_run(r, c.path, r->semantics, r->nr_semantics, error);
		if (!c.run)
			return false;
		arrput(r->cases, c);
	}
	if (!bisect_more(r->cases[r->at].run))
		r->at++;
	return true;
}

static bool runs_more(struct review *r, struct error *error)
{
	const struct semantics_patch *list[REVIEW_MAX_SIDES];
	struct review_part *part = &r->parts[r->at];

	if (r->at == arrlenu(r->parts)) {
		next_phase(r);
		return true;
	}
	for (size_t i = 0; part->kind == REVIEW_RUN && i < part->nr_sides; i++)
		list[i] = part->side[i].patch;
	if (part->kind == REVIEW_RUN && !part->run)
		part->run = begin_run(r, part->trace, list, part->nr_sides, error);
	if (error->text[0])
		return false;
	if (!part->run || !bisect_more(part->run))
		r->at++;
	return true;
}

/* ---- the whole ---- */

bool review_more(struct review *r, struct error *error)
{
	error->text[0] = '\0';
	switch (r->phase) {
	case REVIEW_PROGRAMS:
		return programs_more(r, error);
	case REVIEW_ORDERS:
		return orders_more(r, error);
	case REVIEW_CORPUS:
		return corpus_more(r, error);
	case REVIEW_RUNS:
		return runs_more(r, error);
	default:
		return false;
	}
}

static struct review_progress programs_done(const struct review *r)
{
	struct review_progress p = { .now = "comparing programs" };

	for (size_t i = 0; i < arrlenu(r->parts); i++) {
		const struct equiv_result *e;

		if (!r->parts[i].equiv)
			continue;
		e = equiv_result(r->parts[i].equiv);
		p.done += e->stages_done;
		p.all += e->stages;
	}
	return p;
}

struct review_progress review_progress(const struct review *r)
{
	size_t scenarios = arrlenu(r->scenarios), cases = arrlenu(r->cases_left);

	switch (r->phase) {
	case REVIEW_PROGRAMS:
		return programs_done(r);
	case REVIEW_ORDERS:
		return (struct review_progress){ r->at * r->nr_semantics + r->column,
						 scenarios * r->nr_semantics,
						 "searching all orders" };
	case REVIEW_CORPUS:
		return (struct review_progress){ r->at, cases, "running the corpus" };
	default:
		return (struct review_progress){ r->at, arrlenu(r->parts), "running traces" };
	}
}

void review_stop(struct review *r)
{
	struct review_progress p = review_progress(r);

	if (r->phase == REVIEW_DONE)
		return;
	r->stopped_in = r->phase;
	r->stopped_at = p.done;
	r->stopped_of = p.all;
	for (size_t i = 0; i < arrlenu(r->parts); i++) {
		struct equiv *equiv = r->parts[i].equiv;

		if (equiv && equiv_result(equiv)->stages_done < equiv_result(equiv)->stages)
			equiv_stop(equiv);
		if (r->parts[i].run)
			bisect_stop(r->parts[i].run);
	}
	for (size_t i = 0; i < arrlenu(r->cases); i++)
		bisect_stop(r->cases[i].run);
	if (r->x)
		end_search(r);
	r->phase = REVIEW_DONE;
}

bool review_has(const struct review *r, enum review_phase phase)
{
	return phase < r->stopped_in;
}

static bool all_known(const struct bisect *run)
{
	for (size_t i = 0; i < run->nr_points; i++)
		if (!run->points[i].known)
			return false;
	return true;
}

bool review_is_complete(struct review *r)
{
	bool complete = r->phase == REVIEW_DONE && r->stopped_in == REVIEW_DONE;

	for (size_t i = 0; complete && i < arrlenu(r->parts); i++) {
		if (r->parts[i].equiv)
			complete = !equiv_result(r->parts[i].equiv)->cut_off;
		if (r->parts[i].run)
			complete = all_known(r->parts[i].run);
	}
	for (size_t i = 0; complete && i < arrlenu(r->sheet.cell); i++)
		complete = !r->sheet.cell[i].cut_off;
	for (size_t i = 0; complete && i < arrlenu(r->cases); i++)
		complete = all_known(r->cases[i].run);
	return complete;
}
