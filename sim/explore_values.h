/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_values.h: for each thread, and each bit of a footprint, a set of values: of a byte all,
 * of a word of a page its sum.
 */
#pragma once

#include "sim/trace.h"
#include "sim/watch.h"

struct line_values { u64 of[64][256 / 64]; };
struct values { struct line_values **line[TRACE_MAX_THREADS]; };	/* stb_ds; NULL: none */

void values_free(struct values *values);
/* True: it is new. */
bool values_add(struct values *values, unsigned thread, u32 line, unsigned bit, u8 value);
void values_add_set(struct values *values, unsigned thread, u32 line, unsigned bit,
		    const u64 *set);
bool set_has_any(const u64 *set);
void values_add_all(struct values *values, const struct values *more);
bool values_have(const struct values *values, unsigned thread, u32 line, unsigned bit, u8 value);
/* Of some thread and bit, is there a value in both? */
bool values_meet(const struct values *a, const struct values *b);
