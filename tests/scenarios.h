/* SPDX-License-Identifier: GPL-2.0-only */
/* scenarios.h: the scenarios of traces/race, each under several kernels. */
#pragma once

#include <stddef.h>

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
