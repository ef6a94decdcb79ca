/* SPDX-License-Identifier: GPL-2.0-only */
/* report_internal.h: what the parts of a report page share. */
#pragma once

#include "sim/report_page.h"

/* "mapped 0x7 refs=1" */
const char *report_outcome(const struct outcome *o, char *text, size_t size);
/* Does this line say more than that the host did something? */
bool report_has_row(const struct replay *replay, size_t line);
/* Of such a row: it came out otherwise than recorded. */
bool report_has_changed(const struct replay *replay);
/* "v6.8: ok"; "inconclusive: why" */
void report_verdict(const struct replay_run *run, char *text, size_t size);
/* What a violation found: "2 references, 1 held". */
void report_found(const struct violation *v, FILE *out);

/* Lanes, drawn (report_lanes.c): rows are <g class="row" id="rN">. @css: NULL within a page. */
void lanes_draw(const struct lanes *lanes, const char *css, FILE *out);

/* Pages and their counts (report_refs.c) */
enum { MAX_PAGES = 8 };
size_t refs_pages(const struct lanes *lanes, pfn_t *pages);
void refs_draw(const struct lanes *lanes, pfn_t pfn, FILE *out);

/* Stage-2 walks (report_walk.c) */
enum { MAX_GFNS = 12, WALK_TEXT = 300 };
size_t walk_gfns(const struct lanes *lanes, gfn_t *gfns);
/* The row to begin with: the first violation, else the last. */
size_t walk_row(const struct lanes *lanes);
/* The entry of @gfn at @level behind @row; false: nobody has ever written one. */
bool walk_entry(const struct lanes *lanes, unsigned run, size_t row, gfn_t gfn, unsigned level,
		u64 *entry);
/* As pfnsim walk says it: "R W X A D ..., pfn 0x..." */
const char *walk_decode(const struct replay_run *run, u64 entry, unsigned level, char *text,
			size_t size);
void walk_print_html(const struct lanes *lanes, FILE *out);
/* The data of a script that walks at any row: JSON. */
void walk_print_json(const struct lanes *lanes, FILE *out);
