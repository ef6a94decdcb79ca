/* SPDX-License-Identifier: GPL-2.0-only */
/* library_search.c: libpfnsim: every order of a trace's threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore.h"
#include "sim/library_internal.h"
#include "sim/report_explore.h"
#include "sim/schedule.h"

struct pfnsim_search {
	const struct pfnsim_trace *trace;
	const struct semantics_patch *patch;
	struct explore *explore;
	bool has_failed, is_over;
	struct error failure;
	const struct explored *result;	/* of the last pfnsim_search_found() */
	struct pfnsim_found found;
	struct pfnsim_finding *findings;
	struct pfnsim_came_to *outcomes;
	char why[300];
};

static struct explore_bound bound_of(const struct pfnsim_bound *bound)
{
	struct pfnsim_bound given = { .size = 0 };
	struct explore_bound how = { .memory = (u64)4 << 30, ALL_REDUCTIONS };

	if (!bound)
		return how;
	memcpy(&given, bound, bound->size < sizeof(given) ? bound->size : sizeof(given));
	how.depth = given.depth;
	how.states = given.states;
	how.memory = given.memory;
	how.jobs = given.workers;
	return how;
}

struct pfnsim_search *pfnsim_search_new(const struct pfnsim_trace *trace,
					const struct pfnsim_semantics *semantics,
					const struct pfnsim_bound *bound,
					struct pfnsim_error *error)
{
	const struct explore_bound how = bound_of(bound);
	struct error failure = { .text = "" };
	struct explore *explore = NULL;
	struct pfnsim_search *search;

	if (trace->input.trace.nr_threads)
		explore = explore_new(&trace->input.trace, patch_of(semantics), &how, &failure);
	else
		error_at(&failure, trace->replay.line[0].file, 0, 0,
			 "no thread: a trace of one order is for a run");
	if (!explore) {
		library_error(error, &failure);
		return NULL;
	}
	search = library_alloc(1, sizeof(*search));
	search->trace = trace;
	search->patch = patch_of(semantics);
	search->explore = explore;
	return search;
}

void pfnsim_search_free(struct pfnsim_search *search)
{
	if (!search)
		return;
	explore_free(search->explore);
	free(search->findings);
	free(search->outcomes);
	free(search);
}

int pfnsim_search_more(struct pfnsim_search *search, uint64_t states, struct pfnsim_error *error)
{
	bool more = false;

	search->result = NULL;
	if (!search->has_failed) {
		more = explore_more(search->explore, states, &search->failure);
		search->has_failed = search->failure.text[0];
		search->is_over = !more;
	}
	if (search->has_failed) {
		library_error(error, &search->failure);
		return -1;
	}
	return more;
}

bool pfnsim_search_all(struct pfnsim_search *search, struct pfnsim_error *error)
{
	int more;

	do
		more = pfnsim_search_more(search, 20000, error);
	while (more > 0);
	return !more;
}

void pfnsim_search_stop(struct pfnsim_search *search)
{
	explore_stop(search->explore);
}

/* ---- what has been found ---- */

static void take_findings(struct pfnsim_search *search)
{
	const struct explored *r = search->result;

	free(search->findings);
	search->findings = library_alloc(arrlenu(r->findings), sizeof(*search->findings));
	for (size_t i = 0; i < arrlenu(r->findings); i++) {
		const struct explore_finding *f = &r->findings[i];
		bool is_law = f->kind == FOUND_VIOLATION;

		search->findings[i] = (struct pfnsim_finding){
			.what = finding_name(f), .law = is_law ? given_law(f->v.law) : NULL,
			.blame = is_law ? blame_name(f->v.blame) : NULL,
			.pfn = is_law ? f->v.pfn : PFNSIM_NO_PFN,
			.gfn = is_law ? f->v.gfn : PFNSIM_NO_PFN, .nr_steps = f->nr_steps,
			.is_shortest = f->is_shortest, .expected = f->expected };
	}
}

static void take_outcomes(struct pfnsim_search *search)
{
	const struct explored *r = search->result;

	free(search->outcomes);
	search->outcomes = library_alloc(arrlenu(r->outcomes), sizeof(*search->outcomes));
	for (size_t i = 0; i < arrlenu(r->outcomes); i++) {
		const struct explore_outcome *o = &r->outcomes[i];

		search->outcomes[i] = (struct pfnsim_came_to){
			.event = o->event, .word = o->word, .has_value = o->has_value,
			.value = o->has_value ? o->value : 0, .ends = o->ends };
	}
}

/* Why it ended where it did, or that it has not. */
static const char *take_why(struct pfnsim_search *search)
{
	const struct explored *r = search->result;

	if (r->stop != STOP_NONE)
		snprintf(search->why, sizeof(search->why), "%s%s%s", explore_stop_text(r),
			 r->why[0] ? ": " : "", r->why);
	else
		snprintf(search->why, sizeof(search->why), "%s",
			 search->is_over ? "" : "it has not come to its end");
	return search->why;
}

const struct pfnsim_found *pfnsim_search_found(struct pfnsim_search *search)
{
	struct explored *r = explore_result(search->explore);
	struct explore_verdict verdict;
	bool complete = r->stop == STOP_NONE && search->is_over;

	search->result = r;
	explore_verdict(&search->trace->input.trace, search->patch, r, &verdict);
	search->found = (struct pfnsim_found){
		.states = r->states, .transitions = r->transitions, .depth = r->depth,
		.ends = r->ends, .complete = complete, .why = take_why(search),
		.as_expected = complete && !verdict.unexpected && !verdict.inconclusive,
		.nr_findings = arrlenu(r->findings), .nr_outcomes = arrlenu(r->outcomes) };
	explore_verdict_free(&verdict);
	take_findings(search);
	take_outcomes(search);
	return &search->found;
}

const struct pfnsim_finding *pfnsim_search_finding(struct pfnsim_search *search, size_t i)
{
	return search->result && i < search->found.nr_findings ? &search->findings[i] : NULL;
}

const struct pfnsim_came_to *pfnsim_search_outcome(struct pfnsim_search *search, size_t i)
{
	return search->result && i < search->found.nr_outcomes ? &search->outcomes[i] : NULL;
}

char *pfnsim_search_trace(struct pfnsim_search *search, size_t finding)
{
	const struct trace *trace = &search->trace->input.trace;
	struct schedule schedule;
	char *text = NULL, title[200];
	size_t size;
	FILE *out;

	if (!pfnsim_search_finding(search, finding))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	snprintf(title, sizeof(title), "%s under %s, in %zu steps",
		 search->findings[finding].what, search->patch->name,
		 search->findings[finding].nr_steps);
	schedule_run(&schedule, trace, search->patch, &search->result->findings[finding]);
	schedule_trace(&schedule, title, out);
	schedule_free(&schedule);
	if (fclose(out))
		abort();
	return text;
}
