/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gigantic.h: folios of 1G, of whose 262144 pages those have records that somebody has touched.
 *
 * What the others are is said once for all of them, and asked when a record is made.
 */
#pragma once

#include "model/base.h"

struct machine;
struct page;

#define GIGANTIC_ORDER	18

/* What the pages behind @head are, that have no record yet; no @flags: nobody's. */
void gigantic_set_parts(struct machine *m, pfn_t head, u32 flags, u8 owner);
/* The new record of @pfn, if it is a part. */
void gigantic_make_part(const struct machine *m, pfn_t pfn, struct page *page);
/* The page of a folio behind its @i-th; of 1G the next one that has a record, or none: the end. */
u64 folio_next_part(const struct machine *m, pfn_t head, u32 order, u64 i);
