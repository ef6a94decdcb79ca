/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store.h: the two memories that a machine can have (model/phys.h).
 *
 * In both, a record's address stays good until store_load() or store_free(): longer than the step
 * that phys.h asks for. Pages with contents but no record (page() was never called) are not
 * listed by next_page(). A pfn is below 2^52. Out of memory aborts.
 */
#pragma once

#include "model/base.h"
#include "model/phys.h"

struct store;

/* A replay's: any pfn, no bounds; cost follows the pages touched. It never exhausts. */
struct store *store_new_sparse(void);
/*
 * An exploration's: @pages records, and @words words that are not 0, of all pages together. What
 * does not fit is lost: .exhausted is set until a snapshot from before is loaded.
 */
struct store *store_new_small(unsigned pages, unsigned words);
void store_free(struct store *store);

struct phys *store_phys(struct store *store);

/*
 * Snapshots, of small stores alone. A snapshot has no pointers and no padding. Equal contents give
 * equal bytes, whatever the order in which they came about; a record that was only looked at
 * counts as contents, a word that became 0 again does not.
 */
size_t store_size(const struct store *store);
/* @buffer has store_size() bytes. */
void store_save(const struct store *store, void *buffer);
/* @buffer was saved from a store with the same bounds. */
void store_load(struct store *store, const void *buffer);
