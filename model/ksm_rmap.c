/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksm_rmap.c: who maps a merged page, as far as ksmd knows: its rmap_items.
 *
 * Linux: mm/ksm.c:stable_tree_append(), rmap_walk_ksm(), ksm_migrate_page(),
 * remove_rmap_item_from_tree(), 5.12 to 7.2. Who parts from the page by writing leaves his item
 * behind, and is notified with the others until ksmd has come by. Items lie in words of pages that
 * no host frame has, oldest first.
 */
#include "model/host_rmap.h"
#include "model/machine.h"

struct rmap_item { pfn_t pfn; hva_t hva; };

static struct rmap_item item_get(struct machine *m, u64 i)
{
	u64 word = 2 * i;
	pfn_t page = SPACE_KSM + word / WORDS_PER_PAGE;

	return (struct rmap_item){ .pfn = m->phys->load(m->phys, page, word % WORDS_PER_PAGE),
				   .hva = m->phys->load(m->phys, page, word % WORDS_PER_PAGE + 1) };
}

static void item_set(struct machine *m, u64 i, struct rmap_item item)
{
	u64 word = 2 * i;
	pfn_t page = SPACE_KSM + word / WORDS_PER_PAGE;

	m->phys->store(m->phys, page, word % WORDS_PER_PAGE, item.pfn);
	m->phys->store(m->phys, page, word % WORDS_PER_PAGE + 1, item.hva);
}

void ksm_rmap_append(struct machine *m, pfn_t pfn, hva_t hva)
{
	item_set(m, m->w->ksm_items++, (struct rmap_item){ .pfn = pfn, .hva = hva });
}

void ksm_rmap_migrate(struct machine *m, pfn_t to, pfn_t from)
{
	for (u64 i = 0; i < m->w->ksm_items; i++) {
		struct rmap_item item = item_get(m, i);

		if (item.pfn == from)
			item_set(m, i, (struct rmap_item){ .pfn = to, .hva = item.hva });
	}
}

/* In any mm: a fork's child, whom ksmd does not visit here, is found by its parent's items. */
static bool is_mapped(struct machine *m, const struct rmap_item *item)
{
	bool mapped = false;
	u8 mm = m->mm;

	for (m->mm = 0; m->mm < MAX_MMS && !mapped; m->mm++) {
		struct pt_leaf leaf = host_leaf(m, item->hva);

		mapped = leaf_is_normal(&leaf) && pt_pfn(leaf.entry) == item->pfn &&
			 page_is(m, item->pfn, PG_KSM);
	}
	m->mm = mm;
	return mapped;
}

void ksm_rmap_remove_stale(struct machine *m)
{
	u64 kept = 0;

	for (u64 i = 0; i < m->w->ksm_items; i++) {
		struct rmap_item item = item_get(m, i);

		if (is_mapped(m, &item))
			item_set(m, kept++, item);
	}
	for (u64 i = kept; i < m->w->ksm_items; i++)
		item_set(m, i, (struct rmap_item){ 0 });
	m->w->ksm_items = kept;
}

bool ksm_rmap_next(struct machine *m, pfn_t pfn, struct rmap_at *at)
{
	u8 mm = m->mm;

	for (; at->mm < MAX_MMS; *at = (struct rmap_at){ .mm = at->mm + 1 })
		while (at->items < m->w->ksm_items) {
			struct rmap_item item = item_get(m, m->w->ksm_items - ++at->items);
			bool covered;

			m->mm = at->mm;
			covered = item.pfn == pfn && vma_find(m, item.hva);
			m->mm = mm;
			at->hva = item.hva;
			if (covered)
				return true;
		}
	return false;
}
