/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv.c: stage after stage, and what has been found to differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/equiv_internal.h"

static bool is_wanted(const struct equiv *equiv, size_t stage)
{
	char name[160];

	equiv_stage_name(stage, name, sizeof(name));
	return !equiv->bound.only || strstr(name, equiv->bound.only);
}

struct equiv *equiv_new(const struct equiv_side *list, size_t n, const struct equiv_bound *bound)
{
	struct equiv *equiv = calloc(1, sizeof(*equiv));

	assert(n >= 2);
	assert(n <= EQUIV_MAX_SEMANTICS);
	if (!equiv)
		abort();
	equiv->n = n;
	equiv->bound = *bound;
	equiv->result.pairs = calloc(n - 1, sizeof(struct equiv_pair));
	if (!equiv->result.pairs)
		abort();
	equiv->result.nr_pairs = n - 1;
	for (size_t i = 0; i < n; i++)
		equiv->list[i] = list[i].patch;
	for (size_t i = 0; i + 1 < n; i++)
		equiv->result.pairs[i] = (struct equiv_pair){
			.a = list[i].patch, .a_name = list[i].name,
			.b = list[i + 1].patch, .b_name = list[i + 1].name };
	for (size_t i = 0; i < stage_count(); i++)
		equiv->result.stages += is_wanted(equiv, i);
	return equiv;
}

void equiv_stop(struct equiv *equiv)
{
	equiv->result.stopped = true;
}

/* ---- differences ---- */

static bool is_shorter(const struct equiv_program *a, const struct equiv_program *b)
{
	if (a->nr != b->nr)
		return a->nr < b->nr;
	return !a->tail && b->tail;
}

static int compare_differences(const void *a, const void *b)
{
	const struct equiv_difference *x = a, *y = b;

	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	if (x->follows != y->follows)
		return x->follows - y->follows;
	if (x->rank != y->rank)
		return x->rank - y->rank;
	return strcmp(x->text, y->text);
}

static struct equiv_difference *find(struct equiv *equiv, size_t pair, u64 kind)
{
	struct equiv_difference *d = equiv->result.differences;

	for (size_t i = 0; i < arrlenu(d); i++)
		if (d[i].pair == pair && d[i].kind == kind)
			return &d[i];
	return NULL;
}

static struct equiv_difference *add(struct equiv *equiv, size_t pair,
				    const struct equiv_program *program,
				    const struct unlike *unlike)
{
	struct equiv_difference *d;

	arrput(equiv->result.differences, ((struct equiv_difference){
		.pair = pair, .kind = unlike->kind, .rank = unlike->rank,
		.follows = true, .program = *program }));
	d = &arrlast(equiv->result.differences);
	memcpy(d->text, unlike->text, sizeof(d->text));
	return d;
}

/* What only another configuration warns of is a kind of its own there. */
static struct unlike where(const struct equiv *equiv, const struct unlike *unlike)
{
	struct unlike there = *unlike;
	size_t length = strlen(there.text);

	snprintf(there.text + length, sizeof(there.text) - length, " (%s)",
		 equiv->stage.config_name);
	there.kind = rewind_mix(unlike->kind, equiv->stage.config);
	return there;
}

void equiv_note(struct equiv *equiv, size_t pair, const struct equiv_program *program,
		const struct unlike *unlike)
{
	struct equiv_difference *d = find(equiv, pair, unlike->kind);
	struct unlike there = *unlike;

	if (!d && unlike->rank == FACT_SPLAT && equiv->stage.config) {
		there = where(equiv, unlike);
		d = find(equiv, pair, there.kind);
	}
	if (!d)
		d = add(equiv, pair, program, &there);
	if (is_shorter(program, &d->program) || (d->follows && !unlike->follows))
		d->program = *program;
	d->follows &= unlike->follows;
	d->programs += d->last != equiv->result.programs + 1;	/* of two pages, or both ways */
	d->last = equiv->result.programs + 1;
	d->configs |= BIT(equiv->stage.config);
}

static int compare_keys(const struct fact *a, const struct fact *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->key < b->key ? -1 : a->key > b->key;
}

bool equiv_compare(struct equiv *equiv, size_t pair, const struct equiv_program *program,
		   bool follows)
{
	const struct facts *a = &equiv->facts[pair], *b = &equiv->facts[pair + 1];
	size_t i = 0, j = 0, na = arrlenu(a->list), nb = arrlenu(b->list);
	bool differs = false;

	while (i < na || j < nb) {
		int order = i == na ? 1 : j == nb ? -1 : compare_keys(&a->list[i], &b->list[j]);
		const struct fact *x = order <= 0 ? &a->list[i++] : NULL;
		const struct fact *y = order >= 0 ? &b->list[j++] : NULL;
		struct unlike unlike;

		if (x && y && x->value == y->value)
			continue;
		differs = true;
		fact_unlike(x, y, &equiv->stage, program, &unlike);
		unlike.follows = follows;
		if (unlike.kind)
			equiv_note(equiv, pair, program, &unlike);
	}
	return differs;
}

const struct equiv_result *equiv_result(struct equiv *equiv)
{
	struct equiv_difference *differences = equiv->result.differences;

	if (differences)
		qsort(differences, arrlenu(differences), sizeof(*differences),
		      compare_differences);
	return &equiv->result;
}

/* ---- one thing after the other ---- */

static void close_stage(struct equiv *equiv)
{
	equiv_end(equiv);
	stage_close(&equiv->stage);
	arrsetlen(equiv->races, 0);
	equiv->open = false;
}

static bool open_stage(struct equiv *equiv, struct error *error)
{
	while (!is_wanted(equiv, equiv->at))
		equiv->at++;
	if (!stage_open(equiv->at, &equiv->bound, &equiv->stage, error))
		return false;
	equiv->open = true;
	equiv_list_races(equiv, equiv->at);
	return equiv_begin(equiv, equiv->at, error);
}

bool equiv_more(struct equiv *equiv, struct error *error)
{
	if (equiv->result.stopped || equiv->result.stages_done == equiv->result.stages)
		return false;
	if (!equiv->open)
		return open_stage(equiv, error);
	if (equiv_expand(equiv))
		return true;
	if (arrlenu(equiv->races)) {
		struct equiv_program p = arrpop(equiv->races);

		equiv_race(equiv, &p);
		return true;
	}
	close_stage(equiv);
	equiv->at++;
	equiv->result.stages_done++;
	return true;
}

void equiv_free(struct equiv *equiv)
{
	if (!equiv)
		return;
	if (equiv->open)
		close_stage(equiv);
	arrfree(equiv->now);
	arrfree(equiv->next);
	arrfree(equiv->packed);
	arrfree(equiv->races);
	for (size_t i = 0; i < equiv->n; i++)
		arrfree(equiv->facts[i].list);
	free(equiv->result.pairs);
	arrfree(equiv->result.differences);
	free(equiv);
}
