/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/bisect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/replay.h"

enum { STATES_AT_A_TIME = 20000 };

/* ---- chains ---- */

static const struct chain { const char *name; const char *members[12]; } chains[] = {
	{ "versions", { "v5.11", "v5.12", "v6.1", "v6.8-rc3", "v6.8", "v6.12", "v7.2" } },
	{ "v11", { "v6.8-rc3", "v11-p1", "v11-p2", "v11-p3", "v11-p4", "v11-p5", "v11-p6", "v11-p7",
		   "v11" } },
};

static size_t fill(const struct chain *chain, const struct semantics_patch **list, size_t room)
{
	size_t n = 0;

	for (; n < room && n < ARRAY_SIZE(chain->members) && chain->members[n]; n++) {
		list[n] = semantics_find(chain->members[n]);
		assert(list[n]);
	}
	return n;
}

size_t bisect_chain(const char *name, const struct semantics_patch **list, size_t room)
{
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		if (!strcmp(chains[i].name, name))
			return fill(&chains[i], list, room);
	return 0;
}

static size_t place_of(const struct semantics_patch *patch,
		       const struct semantics_patch *const *list, size_t nr)
{
	size_t i = 0;

	while (i < nr && list[i] != patch)
		i++;
	return i;
}

size_t bisect_between(const struct semantics_patch *a, const struct semantics_patch *b,
		      const struct semantics_patch **list, size_t room)
{
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		size_t nr = fill(&chains[i], list, room);
		size_t from = place_of(a, list, nr), to = place_of(b, list, nr);

		if (from == nr || to == nr)
			continue;
		if (from > to) {
			size_t swapped = from;

			from = to;
			to = swapped;
		}
		memmove(list, list + from, (to - from + 1) * sizeof(*list));
		return to - from + 1;
	}
	return 0;
}

/* ---- what came out, in words ---- */

static void put_verdict(struct bisect_point *p)
{
	const struct judgement *j = &p->found;
	size_t used = snprintf(p->verdict, BISECT_TEXT, "%s", judged_word(j->is));

	for (size_t i = 0; i < j->nr_laws && used < BISECT_TEXT; i++)
		used += snprintf(p->verdict + used, BISECT_TEXT - used, "%s %s", i ? "," : "",
				 j->law[i]);
	if (used < BISECT_TEXT && j->is == JUDGED_VIOLATION && j->blame != BLAME_KVM)
		snprintf(p->verdict + used, BISECT_TEXT - used, " (blame: %s)",
			 blame_name(j->blame));
	else if (used < BISECT_TEXT && (j->is == JUDGED_ERROR || j->is == JUDGED_SPURIOUS))
		snprintf(p->verdict + used, BISECT_TEXT - used, " %s %s", j->word, j->at);
	p->known = j->is != JUDGED_UNKNOWN;
	if (!p->known)
		snprintf(p->why, sizeof(p->why), "%s", j->why);
}

static char *outcome_of(const struct outcome *o)
{
	char text[100];
	size_t used = snprintf(text, sizeof(text), "%s", o->word ? o->word : "-");

	if (o->has_value && (!o->word || strcmp(o->word, "efault")))
		used += snprintf(text + used, sizeof(text) - used, " 0x%x", o->value);
	if (o->has_refs)
		snprintf(text + used, sizeof(text) - used, " refs=%d", o->refs);
	return strdup(text);
}

static void put_run(struct bisect *b, struct bisect_point *p, const struct replay_run *run)
{
	judge_run(&b->trace, run, &p->found);
	put_verdict(p);
	for (size_t i = 0; i < arrlenu(b->trace.events); i++)
		arrput(p->outcomes, outcome_of(&run->outcome[i]));
}

/* "mapped or retry": in the order of explored.outcomes, by word. */
static char *outcomes_of(const struct explored *r, size_t event)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *before = "";

	if (!out)
		abort();
	for (size_t i = 0; i < arrlenu(r->outcomes); i++) {
		const struct explore_outcome *o = &r->outcomes[i];

		if (o->event != event || !o->word)
			continue;
		fprintf(out, "%s%s", before, o->word);
		if (o->has_value)
			fprintf(out, " 0x%x", o->value);
		before = " or ";
	}
	if (!*before)
		fprintf(out, "-");
	fclose(out);
	return text;
}

static void put_search(struct bisect *b, struct bisect_point *p)
{
	const struct explored *r = explore_result(b->x);

	judge_search(&b->trace, p->patch, r, &p->found);
	put_verdict(p);
	for (size_t i = 0; p->known && i < arrlenu(b->trace.events); i++)
		arrput(p->outcomes, outcomes_of(r, i));
}

/* ---- running ---- */

static void give_up(struct bisect_point *p, const char *why)
{
	p->known = false;
	snprintf(p->why, sizeof(p->why), "%.190s", why);
	snprintf(p->verdict, BISECT_TEXT, "?");
}

static void run_once(struct bisect *b, struct bisect_point *p)
{
	const struct replay_options how = { .semantics = &p->patch, .nr_semantics = 1 };
	struct error error = { .text = "" };
	struct replay done;

	if (!replay(b->path, &how, &done, &error)) {
		give_up(p, error.text);
		return;
	}
	put_run(b, p, &done.run[0]);
	replay_free(&done);
}

/* False: it goes on. */
static bool search_more(struct bisect *b, struct bisect_point *p)
{
	struct error error = { .text = "" };

	if (!b->x)
		b->x = explore_new(&b->trace, p->patch, &b->bound, &error);
	if (b->x && explore_more(b->x, STATES_AT_A_TIME, &error))
		return false;
	if (error.text[0])
		give_up(p, error.text);
	else
		put_search(b, p);
	if (b->x)
		explore_free(b->x);
	b->x = NULL;
	return true;
}

bool bisect_begin(struct bisect *b, const char *path, const struct semantics_patch *const *list,
		  size_t nr, const struct explore_bound *bound, struct error *error)
{
	*b = (struct bisect){ .path = path, .bound = *bound, .nr_points = nr };
	assert(nr <= BISECT_MAX_POINTS);
	if (!replay_load_trace(path, "pfnsim replay --semantics all", &b->trace, error))
		return false;
	for (size_t i = 0; i < nr; i++) {
		b->points[i].patch = list[i];
		if (!b->lacks[0])
			replay_lacks(&b->trace, list[i], b->lacks, sizeof(b->lacks));
	}
	return true;
}

bool bisect_more(struct bisect *b)
{
	struct bisect_point *p = &b->points[b->nr_done];

	if (b->nr_done == b->nr_points)
		return false;
	if (b->stopped) {
		give_up(p, "interrupted");
		b->nr_done++;
	} else if (!b->trace.nr_threads) {
		run_once(b, p);
		b->nr_done++;
	} else {
		b->nr_done += search_more(b, p);
	}
	return true;
}

void bisect_stop(struct bisect *b)
{
	b->stopped = true;
	if (b->x)
		explore_free(b->x);
	b->x = NULL;
}

/* ---- changes ---- */

static struct bisect_change *compare(const struct bisect *b, size_t before, size_t i,
				     struct bisect_change *changes)
{
	const struct bisect_point *x = &b->points[before], *y = &b->points[i];

	if (strcmp(x->verdict, y->verdict) != 0)
		arrput(changes, ((struct bisect_change){ .point = i, .last = before,
							 .what = "verdict",
							 .before = x->verdict,
							 .after = y->verdict }));
	for (size_t e = 0; e < arrlenu(y->outcomes); e++)
		if (strcmp(x->outcomes[e], y->outcomes[e]) != 0)
			arrput(changes, ((struct bisect_change){ .point = i, .last = before,
								 .event = e,
								 .before = x->outcomes[e],
								 .after = y->outcomes[e] }));
	return changes;
}

struct bisect_change *bisect_changes(const struct bisect *b)
{
	struct bisect_change *changes = NULL;
	size_t before = SIZE_MAX;

	for (size_t i = 0; i < b->nr_points; i++) {
		if (!b->points[i].known)
			continue;
		if (before != SIZE_MAX)
			changes = compare(b, before, i, changes);
		before = i;
	}
	return changes;
}

void bisect_free(struct bisect *b)
{
	bisect_stop(b);
	for (size_t i = 0; i < b->nr_points; i++) {
		for (size_t e = 0; e < arrlenu(b->points[i].outcomes); e++)
			free(b->points[i].outcomes[e]);
		arrfree(b->points[i].outcomes);
	}
	trace_free(&b->trace);
}
