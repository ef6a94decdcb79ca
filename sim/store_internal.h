/* SPDX-License-Identifier: GPL-2.0-only */
/* store_internal.h: what store_sparse.c and store_small.c share. */
#pragma once

#include "model/page.h"
#include "sim/store.h"

struct store {
	struct phys phys;	/* first: the stores are found by it */
	void (*free)(struct store *store);
};

static inline bool is_address(pfn_t pfn, unsigned index)
{
	return pfn < BIT(52) && index < WORDS_PER_PAGE;
}
