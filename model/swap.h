/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * swap.h: swap slots: how many PTEs name one, and what is written in it.
 *
 * Linux: mm/swapfile.c, mm/swap_state.c, 5.12 to 7.2. One swap area that is never full, on a
 * device that reads and writes at once (SWP_SYNCHRONOUS_IO) and does not rotate. The swap cache has
 * a reference of each page that is in it, mapped or not: HOLD_CACHE. A slot whose page is cached
 * keeps what was written there, though no PTE names it.
 */
#pragma once

#include "model/base.h"

struct machine;
struct pt_leaf;

/* folio_alloc_swap(): free slots, one behind the other, which nobody counts yet. */
u32 swap_alloc(struct machine *m, u64 pages);
/* One more PTE names @slot, or one less: the last one frees it. */
void swap_dup(struct machine *m, u32 slot);
void swap_free(struct machine *m, u32 slot);
u64 swap_count(struct machine *m, u32 slot);
/* The page that is in the swap cache for @slot; NO_PFN: none. */
void swap_cache(struct machine *m, u32 slot, pfn_t pfn);
pfn_t swap_cached(struct machine *m, u32 slot);
/* add_to_swap(): slots, and the swap cache's references, of all its pages; dirty from here on */
void swap_add_folio(struct machine *m, pfn_t head);
/* pageout(); __delete_from_swap_cache(), whose references are the caller's then */
void swap_write_folio(struct machine *m, pfn_t head);
void swap_forget_folio(struct machine *m, pfn_t head);
/* do_swap_page(): the entry says that it is bad, or the page that the swap cache has for it is. */
bool swap_is_poisoned(struct machine *m, const struct pt_leaf *leaf);
/* The page leaves the swap cache, which had a reference. */
void swap_cache_drop(struct machine *m, pfn_t pfn);
/* folio_free_swap(), try_to_free_swap(): the same, if no PTE names the slot; it is dirty then. */
bool swap_free_folio(struct machine *m, pfn_t pfn);
/* free_swap_cache(): if nobody maps it, either */
void swap_free_cache(struct machine *m, pfn_t pfn);
/* folio_migrate_mapping(): @to stands in the swap cache for @from, if that does. */
void swap_replace(struct machine *m, pfn_t from, pfn_t to);
/* One PTE less, and with the last one the page in the swap cache, unless somebody maps it. */
void swap_free_and_cache(struct machine *m, u32 slot);
/*
 * read_swap_cache_async(): a new page in the swap cache, PG_ANON or not, unless there is one: then
 * false.
 */
bool swap_read_ahead(struct machine *m, u32 slot, u32 flags);
void swap_write(struct machine *m, u32 slot, pfn_t pfn);
void swap_read(struct machine *m, u32 slot, pfn_t pfn);
