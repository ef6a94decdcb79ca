/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shmem_swap.h: pages of shared memory that are in swap: the page cache has their slots instead.
 *
 * Linux: mm/shmem.c:shmem_writepage() (7.2: shmem_writeout()), shmem_swapin_folio(),
 * shmem_free_swap(), 5.12 to 7.2. PTEs know nothing of it: there is none any more. The
 * blocks of other files whose pages have left the cache are kept as if they were in swap.
 * SIMPLIFIED: nothing is read ahead but by MADV_WILLNEED.
 */
#pragma once

#include "model/base.h"
#include "model/page.h"

struct machine;
struct vma;

/* Is the page of @index in swap? */
bool shmem_is_swapped(struct machine *m, unsigned file, u64 index);
/* Is any of [@from, @end)? */
bool shmem_has_swapped(struct machine *m, unsigned file, u64 from, u64 end);
/* A small page of a file with write-back goes from the cache: what the file has there now. */
void file_keep_page(struct machine *m, unsigned file, u64 index);
/*
 * The folio at @head, which nobody maps and the cache alone holds beside the caller, is written,
 * and is in the swap cache then, with the references that the page cache had.
 */
void shmem_swap_out(struct machine *m, pfn_t head);
/*
 * shmem_swapin_folio(): the page is cached again, dirty if it is shared memory's, and @holder has a
 * reference of its folio. @vma is where it is faulted, or NULL.
 */
pfn_t shmem_swap_in(struct machine *m, unsigned file, u64 index, const struct vma *vma,
		    enum holder holder);
/* shmem_free_swap() of [@from, @end) */
void shmem_free_swap(struct machine *m, unsigned file, u64 from, u64 end);
/* shmem_swapin_range(): into the swap cache */
void shmem_read_ahead(struct machine *m, unsigned file, u64 from, u64 end);
