/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pagecache.h: which page holds which part of a file, and what the file knows of itself.
 *
 * The cache holds one reference for each page (HOLD_CACHE); a large folio's are its head's.
 * Linux: mm/filemap.c, mm/shmem.c, mm/truncate.c; 6.1 to 7.2.
 */
#pragma once

#include "model/base.h"
#include "model/host_mm.h"
#include "model/page.h"

struct machine;

/* MAX_LFS_FILESIZE is more; this keeps a page's index in 32 bits. */
#define MAX_FILE_SIZE	((u64)1 << 44)
/* Each block has its struct page from the start. */
#define MAX_DAX_SIZE	((u64)1 << 30)

/* i_size in pages, rounded up: faults beyond it are SIGBUS. */
u64 file_nr_pages(const struct machine *m, unsigned file);
/* mapping_can_writeback(), ->page_mkwrite: shared mappings start write-protected. */
bool file_tracks_writes(enum file_type type);

/* The page of @index; NO_PFN: none. */
pfn_t cache_page(struct machine *m, unsigned file, u64 index);
/* The first index in [@from, @end) that has a page; @end if none. */
u64 cache_next(struct machine *m, unsigned file, u64 from, u64 end);
/* The first index of the folio that has @index, which is cached; and how many pages it has. */
u64 cache_folio(struct machine *m, unsigned file, u64 index);
u64 folio_pages(struct machine *m, pfn_t pfn);
/*
 * shmem_alloc_and_acct_folio(), shmem_add_to_page_cache(): a folio of 2^@order pages around @index,
 * whose page it gives; @holder has the first reference.
 */
pfn_t cache_add(struct machine *m, unsigned file, u64 index, u32 order, enum holder holder);
/* The cache gets a reference for each page of the folio at @head, whose first index is @first. */
void cache_store_folio(struct machine *m, unsigned file, u64 first, pfn_t head);
/* A page that somebody has there already, references and all */
void cache_give(struct machine *m, unsigned file, u64 index, pfn_t pfn);
/* Where the page @pfn of 2^0 is cached; false: nowhere. */
struct cache_place { u8 file; u8 pad[7]; u64 index; };
bool cache_find(struct machine *m, pfn_t pfn, struct cache_place *place);
/* __folio_migrate_mapping(): @to has the cache's reference of @from, which is frozen meanwhile. */
void cache_replace(struct machine *m, const struct cache_place *place, pfn_t from, pfn_t to);
/* __filemap_remove_folio(): not in the cache any more, whose references somebody puts. */
void cache_forget(struct machine *m, unsigned file, u64 index);
/* filemap_remove_folio(), truncate_cleanup_folio(): what it held is of no interest any more. */
void cache_remove(struct machine *m, unsigned file, u64 index);
/* shmem_allowable_huge_orders(), shmem_suitable_orders(): @vma is where it is faulted, or NULL. */
u32 shmem_order(struct machine *m, unsigned file, u64 index, const struct vma *vma);
/* thp_vma_suitable_order(): does the VMA map the aligned 2^@order pages around @hva as such? */
bool vma_fits_order(const struct vma *vma, hva_t hva, u32 order);
/* split_huge_page(), folio_split(): as the version does, @at standing alone, or @to_pages. */
void cache_split(struct machine *m, unsigned file, u64 first, u64 at, bool to_pages);

/* shmem_evict_inode() of shared anonymous memory that nobody maps any more: nobody can reach it. */
void cache_evict_unmapped(struct machine *m);

/*
 * filemap_get_entry(), find_lock_entries(): a page whose count is 0 is tried again and again, as it
 * can only be on its way out of the cache. Here: the alarm; the task does not go on.
 */
bool cache_lookup_hangs(struct machine *m, pfn_t pfn);

/* What a VMA of a file maps at @hva: page index in the file. */
u64 vma_page_index(const struct vma *vma, hva_t hva);

/* ---- FILE_DAX: what the file has at @index: enum dax_block bits ---- */
enum dax_block {
	DAX_WRITTEN	= 1,	/* a block with contents */
	DAX_HOLE	= 2,	/* read before it was written: the zero page may be mapped */
	DAX_LOCKED	= 4,	/* of the first block of 2M: a fault is about one of them */
};
u64 dax_block(struct machine *m, unsigned file, u64 index);
void dax_set_block(struct machine *m, unsigned file, u64 index, u64 block);
pfn_t dax_pfn(const struct machine *m, unsigned file, u64 index);
/* iomap: an unwritten extent becomes a written one, of zeroes. */
void dax_write_block(struct machine *m, unsigned file, u64 index);
/* The blocks of a new file: ZONE_DEVICE pages, 2M-aligned if there are that many. */
void dax_create(struct machine *m, unsigned file);
