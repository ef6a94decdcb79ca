/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thp_part.c: an advice meets a folio of 2M: is it taken whole, split first, or passed over?
 *
 * Linux: mm/madvise.c:madvise_free_pte_range(), madvise_cold_or_pageout_pte_range(),
 * mm/huge_memory.c:madvise_free_huge_pmd(), 5.12 to 7.2. A PMD is taken whole, or split. PTEs of a
 * large folio are split, and what cannot be ends the PMD's range; since 6.12 (6.9) they are taken
 * as one if all are in the range, and what cannot be split is passed over.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/semantics.h"
#include "model/thp.h"

/* page_mapcount(): a PMD is each page's mapping, too. */
static s32 page_mappings(struct machine *m, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);

	return page_of(m, pfn)->mapcount - page_is(m, head, PG_DOUBLE_MAP) +
	       thp_pmd_mappings(m, head);
}

static bool is_shared(struct machine *m, pfn_t pfn, bool frees)
{
	pfn_t head = page_head(m, pfn);

	switch ((enum folio_sharers)m->sem->traits.folio_sharers) {
	case SHARERS_OF_PAGE:
		return page_mappings(m, pfn) != 1;
	case SHARERS_OF_FIRST_IF_FREED:
		return page_mappings(m, frees ? head : pfn) != 1;
	case SHARERS_OF_FIRST:
		return page_mappings(m, head) != 1;
	case SHARERS_LIKELY:
	case SHARERS_EXACT:
		break;
	}
	return page_is_shared(m, pfn);
}

/* madvise_folio_pte_batch(): page after page of one folio */
static u64 batch_of(struct machine *m, hva_t at, hva_t end)
{
	struct pt_leaf leaf = host_leaf(m, at);
	pfn_t pfn = pt_pfn(leaf.entry), head = page_head(m, pfn);
	u64 nr = 0;

	while (at < end && leaf.present && leaf.level == 1 && leaf_is_normal(&leaf) &&
	       pt_pfn(leaf.entry) == pfn + nr && page_head(m, pfn + nr) == head) {
		nr++;
		at += PAGE_SIZE;
		leaf = host_leaf(m, at);
	}
	return nr;
}

bool leaf_is_of_thp(struct machine *m, const struct pt_leaf *leaf)
{
	return leaf->present && leaf_is_counted(m, leaf) &&
	       page_is(m, page_head(m, pt_pfn(leaf->entry)), PG_HEAD | PG_ANON);
}

static struct thp_part part_of_pmd(struct machine *m, const struct pt_leaf *leaf, hva_t at,
				   hva_t next)
{
	struct thp_part part = { .way = PART_SPLIT, .next = next };

	if (page_of(m, pt_pfn(leaf->entry))->held[HOLD_PTE] != 1)
		part.way = PART_PASS;
	else if (next - at == HPAGE_SIZE)
		part.way = PART_WHOLE;
	return part;
}

struct thp_part thp_part_at(struct machine *m, hva_t at, hva_t end, bool frees)
{
	struct pt_leaf leaf = host_leaf(m, at);
	hva_t limit = (at & HPAGE_MASK) + HPAGE_SIZE;
	struct thp_part part = { .way = PART_SPLIT, .next = limit < end ? limit : end };
	u64 nr;

	if (leaf.level == 2)
		return part_of_pmd(m, &leaf, at, part.next);
	if (m->sem->traits.folio_sharers >= SHARERS_LIKELY) {
		nr = batch_of(m, at, part.next);
		part.next = at + nr * PAGE_SIZE;
		if (nr == folio_pages(m, pt_pfn(leaf.entry))) {
			part.way = PART_WHOLE;
			return part;
		}
	}
	if (is_shared(m, pt_pfn(leaf.entry), frees))
		part.way = PART_PASS;
	return part;
}
