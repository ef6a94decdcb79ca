/* SPDX-License-Identifier: GPL-2.0-only */
/* reduce_internal.h: what reduce.c and reduce_try.c share. */
#pragma once

#include "sim/reduce.h"

enum reduce_result {
	REDUCE_GOES_ON,			/* a search */
	REDUCE_FAILS,			/* it still breaks */
	REDUCE_PASSES,
	REDUCE_IS_NONSENSE,		/* because of one unit, which is not tried any more */
};

/* Run what is tried. @is_args: a nonsense passes. */
enum reduce_result reduce_try(struct reduce *r, bool is_args);
/* The units that are kept, or (@tried) tried, as text. */
char *reduce_render(struct reduce *r, bool tried);
void reduce_print_unit(const struct reduce_unit *unit, FILE *out);
