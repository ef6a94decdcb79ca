/* SPDX-License-Identifier: GPL-2.0-only */
/* report_equiv.h: what pfnsim equiv has found, as text, as markdown and as JSON (docs/JSON.md). */
#pragma once

#include <stdio.h>

#include "sim/equiv.h"
#include "sim/json.h"

/* "v11-p2-v11-p3-entry-s-w-0-then-1.trace"; of differences by one program the first one's. */
void equiv_trace_name(const struct equiv_result *result, const struct equiv_difference *difference,
		      char *name, size_t size);
/* One that no other difference of its pair with the same program comes before. */
bool equiv_has_own_trace(const struct equiv_result *result,
			 const struct equiv_difference *difference);
void report_equiv(struct equiv *equiv, FILE *out);
/* @folder: where the traces are, from there; or NULL. */
void report_equiv_markdown(struct equiv *equiv, const char *folder, FILE *out);
void report_equiv_json(struct equiv *equiv, struct json *json);
