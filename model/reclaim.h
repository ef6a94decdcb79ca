/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reclaim.h: what shrink_folio_list() does with a page that is a file's (reclaim_folio.c).
 *
 * Linux: mm/vmscan.c, 5.12 to 7.2.
 */
#pragma once

#include "model/path.h"

/* What of a mapping may MADV_COLD and MADV_PAGEOUT have? */
bool reclaim_takes(struct machine *m, const struct page_op *op, const struct vma *vma, pfn_t pfn);
/* madvise_pageout(): does it look at this VMA at all? */
bool reclaim_looks_at(const struct machine *m, const struct page_op *op, const struct vma *vma);
/* rmap_walk(): the next PTE that maps the page at hand, at or after op->rmap; in t->mm, too. */
bool reclaim_next_user(struct machine *m, struct task *t);
/* Steps for large folios (reclaim_large.c) */
DECLARE_STEP(reclaim_large);
DECLARE_STEP(reclaim_after_split);
DECLARE_STEP(reclaim_split);
bool reclaim_finds_large(const struct machine *m, const struct task *t);
bool reclaim_splits_file(const struct machine *m, const struct task *t);
/* The page at hand is to be split first, or could not be. */
bool reclaim_is_unsplit(const struct machine *m, const struct page_op *op);
void reclaim_rest(struct machine *m, struct task *t, pfn_t head);
/* Anonymous folios of 2M (reclaim_thp.c): taken as a whole, left as they are, or split first */
void reclaim_take_thp(struct machine *m, struct page_op *op, const struct pt_leaf *leaf);
bool reclaim_keeps_thp(const struct machine *m, const struct page_op *op);
bool reclaim_splits_thp(const struct machine *m, const struct page_op *op);
bool reclaim_has_split_thp(const struct machine *m, const struct task *t);
DECLARE_STEP(reclaim_split_thp);
DECLARE_STEP(reclaim_list_thp);
/* pageout(), __remove_mapping() of a file's folio that has been unmapped; false: it stays. */
bool reclaim_folio(struct machine *m, const struct page_op *op);
