/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/host_rmap.h"

#include "model/machine.h"
#include "model/semantics.h"

#define LAST_HVA	((hva_t)1 << 47)

/* A folio's head stands for all its pages, but a slot is no page. */
static bool names(struct machine *m, const struct pt_leaf *leaf, u64 kind, pfn_t pfn)
{
	u64 entry = kind ? leaf->swap : leaf->entry;

	if (kind ? !(entry & kind) : !leaf_is_normal(leaf))
		return false;
	return pt_pfn(entry) == pfn ||
	       (kind != PTE_SWAPPED && page_head(m, pt_pfn(entry)) == pfn);
}

static bool find_in_mm(struct machine *m, u64 kind, pfn_t pfn, hva_t *hva)
{
	struct pt_leaf leaf = host_next_used(m, *hva, LAST_HVA);

	for (; leaf.present || leaf.swap; leaf = host_used_after(m, &leaf, LAST_HVA)) {
		*hva = leaf.first << PAGE_SHIFT;
		if (names(m, &leaf, kind, pfn))
			return true;
	}
	return false;
}

static bool find(struct machine *m, u64 kind, pfn_t pfn, struct rmap_at *at)
{
	u8 mm = m->mm;
	bool found = false;

	while (at->mm < MAX_MMS) {
		m->mm = at->mm;
		found = find_in_mm(m, kind, pfn, &at->hva);
		if (found)
			break;
		*at = (struct rmap_at){ .mm = at->mm + 1 };
	}
	m->mm = mm;
	return found;
}

bool page_next_rmap(struct machine *m, pfn_t pfn, struct rmap_at *at)
{
	const struct page *page = page_of(m, pfn);

	if (!page->mapcount && !page->held[HOLD_PTE])
		return false;
	return page->flags & PG_KSM ? ksm_rmap_next(m, pfn, at) : find(m, 0, pfn, at);
}

static bool is_at(struct machine *m, u64 kind, pfn_t pfn, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	return names(m, &leaf, kind, pfn);
}

bool page_next_mapping(struct machine *m, pfn_t pfn, struct rmap_at *at)
{
	u8 mm = m->mm;
	bool found;

	do {
		found = page_next_rmap(m, pfn, at);
		m->mm = at->mm;
	} while (found && !is_at(m, 0, pfn, at->hva));
	m->mm = mm;
	return found;
}

/* Who maps a folio: leaves of it, PMDs, leaves that have @pfn, and which mms. */
struct users { u64 leaves, pmds, own; u8 mms; u8 pad[7]; };

static struct users count_users(struct machine *m, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);
	struct users users = { 0 };
	struct rmap_at at = { 0 };
	u8 mm = m->mm;

	while (page_next_mapping(m, head, &at)) {
		struct pt_leaf leaf;

		m->mm = at.mm;
		leaf = host_leaf(m, at.hva);
		users.leaves++;
		users.pmds += leaf.level == 2;
		users.own += pfn - pt_pfn(leaf.entry) < level_pages(leaf.level);
		users.mms |= 1 << at.mm;
		at.hva = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
	}
	m->mm = mm;
	return users;
}

bool page_is_shared(struct machine *m, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);
	u64 pages = (u64)1 << page_of(m, head)->order;
	struct users users = count_users(m, pfn);

	if (pages == 1 || m->sem->traits.folio_sharers < SHARERS_LIKELY)
		return users.own > 1;
	if (m->sem->traits.folio_sharers == SHARERS_EXACT)
		return users.mms & (users.mms - 1);
	return users.leaves > 1 && (users.pmds || users.leaves > pages ||
				    page_of(m, head)->mapcount > 1);
}

bool page_is_followed(struct machine *m, const struct pt_leaf *leaf)
{
	return leaf_is_accessible(leaf) || !m->sem->traits.follow_needs_access ||
	       page_is(m, page_head(m, pt_pfn(leaf->entry)), PG_HUGETLB);
}

bool page_next_entry(struct machine *m, u64 kind, pfn_t pfn, struct rmap_at *at)
{
	return find(m, kind, pfn, at);
}

bool page_next_mm(struct machine *m, u64 kind, pfn_t pfn, hva_t near, struct rmap_at *at)
{
	u8 mm = m->mm;
	bool found = false;

	for (; at->mm < MAX_MMS && !found; at->mm += !found) {
		m->mm = at->mm;
		found = is_at(m, kind, pfn, near);
		at->hva = found ? near : 0;
		found = found || find_in_mm(m, kind, pfn, &at->hva);
	}
	m->mm = mm;
	return found;
}

pfn_t list_page(const struct machine *m, enum page_list list, u64 index)
{
	return SPACE_LIST + ((u64)(m->task * NR_LISTS + list) << 32) + index / WORDS_PER_PAGE;
}

pfn_t list_get(struct machine *m, enum page_list list, u64 index)
{
	return m->phys->load(m->phys, list_page(m, list, index), index % WORDS_PER_PAGE);
}

void list_set(struct machine *m, enum page_list list, u64 index, pfn_t pfn)
{
	m->phys->store(m->phys, list_page(m, list, index), index % WORDS_PER_PAGE, pfn);
}
