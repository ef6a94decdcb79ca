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
/* One for each difference that has its own. False: errno, and @path is the file. */
bool equiv_write_traces(struct equiv *equiv, const char *folder, char *path, size_t size);
/* Of the pair, with the fewest events and actors, then in most programs; NULL: they are equal. */
const struct equiv_difference *equiv_shortest(const struct equiv_result *result, size_t pair);
/* "a BAR, VM_PFNMAP: read 0x200000 || zap B" */
void equiv_describe(const struct equiv *equiv, const struct equiv_difference *difference,
		    char *text, size_t size);
void report_equiv(struct equiv *equiv, FILE *out);
/* @folder: where the traces are, from there; or NULL. */
void report_equiv_markdown(struct equiv *equiv, const char *folder, FILE *out);
/* The tables of one pair alone. */
void report_equiv_tables(struct equiv *equiv, size_t pair, const char *folder, FILE *out);
void report_equiv_json(struct equiv *equiv, struct json *json);
