/* SPDX-License-Identifier: GPL-2.0-only */
/* report.h: a replay, said to a person or to a program. Writes to the FILE it is given. */
#pragma once

#include <stdio.h>

#include "sim/replay.h"

enum { REPORT_BRIEF = 1 };	/* only the side-by-side block and the violations */

void report_text(const struct replay *replay, unsigned flags, FILE *out);
/* docs/JSON.md; false if writing failed. */
bool report_json(const struct replay *replay, FILE *out);
