/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_schedule.h: the lines "schedule" and "turn" of a trace with threads: one order of steps.
 */
#pragma once

#include <stdbool.h>

#include "sim/trace.h"

bool take_schedule(struct trace *trace, const struct ast_statement *s, struct error *error);
bool take_turn(struct trace *trace, const struct ast_statement *s, struct error *error);
/* None is without a turn. */
bool check_schedules(const struct trace *trace, const char *path, struct error *error);
