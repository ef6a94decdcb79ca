/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_end.c: what was found, the way that led there, and where no way leads on. */
#include <stdlib.h>

#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

struct explore_finding *explore_finding(struct explore *x, enum finding_kind kind,
					const struct law *law)
{
	struct explored *result = &x->result;

	for (size_t i = 0; i < arrlenu(result->findings); i++)
		if (result->findings[i].kind == kind && result->findings[i].v.law == law)
			return &result->findings[i];
	arrput(result->findings, ((struct explore_finding){ .kind = kind, .v.law = law }));
	result->nr_findings = arrlenu(result->findings);
	return &result->findings[arrlenu(result->findings) - 1];
}

void explore_schedule(const struct explore *x, u32 node, unsigned thread,
		      struct explore_finding *f)
{
	bool more = thread != NO_THREAD;

	f->nr_steps = x->nodes[node].depth + more;
	f->schedule = malloc(f->nr_steps + 1);
	if (!f->schedule)
		abort();
	f->schedule[f->nr_steps - more] = thread;
	for (size_t i = x->nodes[node].depth; i--; node = x->nodes[node].parent)
		f->schedule[i] = x->nodes[node].thread;
}

/* One pass, last found first, as most edges lead to what was found later. */
static bool mark_reaching(struct explore *x)
{
	size_t at = arrlenu(x->edges);
	bool changed = false;

	for (size_t i = arrlenu(x->nr_edges); i--; ) {
		struct node *node = &x->nodes[i];
		bool reaches = node->is_end;

		at -= x->nr_edges[i];
		for (size_t e = at; e < at + x->nr_edges[i]; e++)
			reaches |= x->nodes[x->edges[e]].reaches_end;
		changed |= reaches && !node->reaches_end;
		node->reaches_end = reaches;
	}
	return changed;
}

void explore_find_livelocks(struct explore *x)
{
	while (mark_reaching(x))
		;
	for (size_t i = 0; i < arrlenu(x->nr_edges); i++) {
		struct explore_finding *f;

		if (x->nodes[i].reaches_end || !x->nr_edges[i])
			continue;
		f = explore_finding(x, FOUND_LIVELOCK, NULL);
		if (!f->states++)
			explore_schedule(x, i, NO_THREAD, f);
	}
}
