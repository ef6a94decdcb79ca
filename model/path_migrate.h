/* SPDX-License-Identifier: GPL-2.0-only */
/* path_migrate.h: what the files of migrate_pages() share. */
#pragma once

#include "model/path.h"
#include "model/task.h"

DECLARE_STEP(pick_page);
/* Unmap all, then move all; of hugetlb, and to 6.2, page by page */
bool migrates_in_batches(const struct machine *m, const struct page_op *op);
