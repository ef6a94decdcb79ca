/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_words.c: what a search found, and why it ended, in a word. */
#include "sim/report_explore.h"

const char *explore_stop_text(const struct explored *r)
{
	static const char *const text[] = {
		[STOP_NONE] = "complete", [STOP_DEPTH] = "the bound of steps was reached",
		[STOP_STATES] = "the bound of states was reached",
		[STOP_MEMORY] = "the bound of memory was reached", [STOP_ASKED] = "interrupted",
		[STOP_LOOK] = "it was not found out whether all comes to an end",
		[STOP_UNMODELLED] = "not modelled",
		[STOP_BITSTATE] = "of states bits were kept: some may have been left out",
	};

	return text[r->stop];
}

const char *finding_name(const struct explore_finding *f)
{
	static const char *const name[] = { [FOUND_DEADLOCK] = "deadlock",
					    [FOUND_LIVELOCK] = "livelock",
					    [FOUND_INVERSION] = "lock-inversion" };

	return f->kind == FOUND_VIOLATION ? f->v.law->id : name[f->kind];
}
