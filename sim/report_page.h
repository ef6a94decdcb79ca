/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_page.h: a replay as a page to look at: who acted, what was locked, which invalidations
 * were open, who held which page, and where two semantics part.
 *
 * The replay's runs have logs (replay_options.log_steps). Nothing is read but the replay.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/lanes.h"

struct report_page {
	const struct replay *replay;
	const struct replay_run *a, *b;	/* side by side; .b may be NULL */
	const char *css, *script;	/* of the HTML page */
	const char *command;		/* that printed it */
};

/* The first run, and the first that parts from it; or else the second; or none. */
void report_page_choose(struct report_page *page, const struct replay *replay);
/* One self-contained page. All false: a write error. */
bool report_page_html(const struct report_page *page, FILE *out);
/* The lanes alone. */
bool report_page_svg(const struct report_page *page, FILE *out);
/* For a mail: 75 columns. */
bool report_page_text(const struct report_page *page, FILE *out);
bool report_page_markdown(const struct report_page *page, FILE *out);
/* For Perfetto: every step that a log has kept. */
bool report_page_perfetto(const struct report_page *page, FILE *out);
/* For trace-cmd and KernelShark: the same, and what was recorded beside it. */
bool report_page_dat(const struct report_page *page, FILE *out);
/* The tables in the end, for dot(1). */
bool report_page_dot(const struct report_page *page, FILE *out);
