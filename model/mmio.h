/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmio.h: which pfns somebody has declared to have no struct page (PG_MMIO).
 *
 * A BAR is large, and little of it is used: 2M that are declared as one have no records, but a
 * mark which page_of() asks when a record is made.
 */
#pragma once

#include "model/base.h"

struct machine;

/* Memory that is in use stays that; what has been looked at is no free memory any more. */
void mmio_declare(struct machine *m, pfn_t pfn, u64 pages);
bool mmio_is_whole(const struct machine *m, pfn_t pfn);
