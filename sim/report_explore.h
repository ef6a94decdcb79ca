/* SPDX-License-Identifier: GPL-2.0-only */
/* report_explore.h: an exploration, as text and as JSON (docs/JSON.md). */
#pragma once

#include <stdio.h>

#include "sim/explore.h"
#include "sim/json.h"

/* What a trace expected and the search did not find, or found. */
struct explore_verdict {
	bool unexpected;	/* a finding that no line of the trace expects, or missed */
	bool inconclusive;	/* the search was cut off, and something was not found */
	struct explore_miss { char text[200]; const struct ast_statement *s; } *missed;	/* stb_ds */
};

/* Marks findings as expected. The models of the expectations are those of model_matches(). */
void explore_verdict(const struct trace *trace, const struct semantics_patch *patch,
		     struct explored *result, struct explore_verdict *verdict);
void explore_verdict_free(struct explore_verdict *verdict);

const char *explore_stop_text(const struct explored *result);
/* One word or two for a finding: a law's name, "deadlock", "livelock". */
const char *finding_name(const struct explore_finding *finding);
void report_explored(const struct trace *trace, const struct semantics_patch *patch,
		     const struct explored *result, const struct explore_verdict *verdict,
		     FILE *out);
void report_explored_json(const char *name, const struct trace *trace,
			  const struct semantics_patch *patch, const struct explored *result,
			  const struct explore_verdict *verdict, struct json *json);
