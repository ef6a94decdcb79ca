/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * swap.h: swap slots: how many PTEs name one, and what is written in it.
 *
 * Linux: mm/swapfile.c, mm/swap_state.c. One swap area that is never full, on a device that
 * reads and writes at once (SWP_SYNCHRONOUS_IO): the page is in the swap cache only while
 * reclaim has it.
 */
#pragma once

#include "model/base.h"

struct machine;

/* folio_alloc_swap(): free slots, one behind the other, which nobody counts yet. */
u32 swap_alloc(struct machine *m, u64 pages);
/* One more PTE names @slot, or one less: the last one frees it. */
void swap_dup(struct machine *m, u32 slot);
void swap_free(struct machine *m, u32 slot);
u64 swap_count(struct machine *m, u32 slot);
/* The page that is in the swap cache for @slot; NO_PFN: none. */
void swap_cache(struct machine *m, u32 slot, pfn_t pfn);
pfn_t swap_cached(struct machine *m, u32 slot);
/* The page leaves the swap cache, which had a reference. */
void swap_cache_drop(struct machine *m, pfn_t pfn);
/* One PTE less, and with the last one the page in the swap cache, unless somebody maps it. */
void swap_free_and_cache(struct machine *m, u32 slot);
/* read_swap_cache_async(): a new page in the swap cache, PG_ANON or not, unless there is one. */
void swap_read_ahead(struct machine *m, u32 slot, u32 flags);
void swap_write(struct machine *m, u32 slot, pfn_t pfn);
void swap_read(struct machine *m, u32 slot, pfn_t pfn);
