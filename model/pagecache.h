/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pagecache.h: which page holds which part of a file, and what the file knows of itself.
 *
 * The cache holds one reference to each page (HOLD_CACHE). Linux: mm/filemap.c, mm/shmem.c,
 * mm/truncate.c; 6.1 to 7.2.
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
/* shmem_alloc_and_acct_folio(), shmem_add_to_page_cache(): @holder has the first reference. */
pfn_t cache_add(struct machine *m, unsigned file, u64 index, enum holder holder);
/* filemap_remove_folio(), truncate_cleanup_folio(): what it held is of no interest any more. */
void cache_remove(struct machine *m, unsigned file, u64 index);

/* What a VMA of a file maps at @hva: page index in the file. */
u64 vma_page_index(const struct vma *vma, hva_t hva);

/* ---- FILE_DAX: what the file has at @index: enum dax_block bits ---- */
enum dax_block {
	DAX_WRITTEN	= 1,	/* a block with contents */
	DAX_HOLE	= 2,	/* read before it was written: the zero page may be mapped */
};
u64 dax_block(struct machine *m, unsigned file, u64 index);
void dax_set_block(struct machine *m, unsigned file, u64 index, u64 block);
pfn_t dax_pfn(const struct machine *m, unsigned file, u64 index);
/* iomap: an unwritten extent becomes a written one, of zeroes. */
void dax_write_block(struct machine *m, unsigned file, u64 index);
/* The blocks of a new file: ZONE_DEVICE pages, 2M-aligned if there are that many. */
void dax_create(struct machine *m, unsigned file);
