/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nx.h: tables in whose place a huge leaf would be, but for NX huge pages.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:kvm->arch.possible_nx_huge_pages (lpage_disallowed_mmu_pages up to
 * 6.1), track_possible_nx_huge_page(); the oldest first.
 */
#pragma once

#include "model/pgtable.h"

struct machine;

/* kvm->stat.nx_lpage_splits */
u64 nx_splits(const struct machine *m);
/* @table is below the entry that @parent describes; once, if it is linked again. */
void nx_track(struct machine *m, pfn_t table, const struct pt_leaf *parent);
/* unaccount_nx_huge_page(): before the table goes, or when it is left as it is. */
void nx_untrack(struct machine *m, pfn_t table);
/* The oldest; false: there is none. */
bool nx_first(struct machine *m, pfn_t *table, struct pt_leaf *parent);
