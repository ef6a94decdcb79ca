/* SPDX-License-Identifier: GPL-2.0-only */
/* scenarios.h: the scenarios of traces/race, each under several kernels. */
#pragma once

#include <stddef.h>

#include "sim/explore.h"
#include "sim/trace.h"

struct scenario {
	const char *name;		/* and the kernel's */
	char text[160], path[600];
	const char *semantics;
};

/* All of them under each of @under, which ends with NULL; *@nr. They live as long as we do. */
struct scenario *scenarios_find(const char *const *under, size_t *nr);
/* A path, or a text of one; what cannot be read is a failure. */
void scenario_load(const char *path, struct trace *trace);
void scenario_load_text(const char *text, struct trace *trace);
/* By its name in traces/race. */
void scenario_load_race(const char *name, struct trace *trace);

/* All that @bound allows; @believes: a reduction's first answer is taken (tests only). */
struct explore *scenario_explore(const struct trace *trace, const struct semantics_patch *patch,
				 const struct explore_bound *bound, bool believes);
/* The finding of @r that is of the kind of @f; NULL: there is none. */
const struct explore_finding *explored_like(const struct explored *r,
					    const struct explore_finding *f);
/* What is not the same of findings, ends and outcomes; "": nothing. */
const char *explored_difference(const struct explored *a, const struct explored *b);
