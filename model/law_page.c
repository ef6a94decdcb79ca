/* SPDX-License-Identifier: GPL-2.0-only */
/* law_page.c: laws about struct page: counts, holders, who still maps it, is it dirty. */
#include "model/law_internal.h"

bool refs_match(struct machine *m, u64 pfn, struct violation *v)
{
	const struct page *page = page_of(m, pfn);
	s64 held = 0;

	if ((page->flags & (PG_FREE | PG_TAIL | PG_LEAKED)) || !(page->flags & PG_VALID))
		return true;
	for (unsigned i = 0; i < NR_HOLDERS; i++)
		held += page->held[i];
	v->pfn = pfn;
	v->value = page->refcount;
	v->wanted = held;
	v->blame = page->misput_by ? page->misput_by : BLAME_KVM;
	return page->refcount == held;
}

enum counted { COUNT_LEAVES, COUNT_DIRTY, COUNT_TLBS };

/* Of any size that cover @pfn. */
static unsigned mappings(struct machine *m, pfn_t pfn, enum counted of)
{
	unsigned n = 0;

	for (unsigned level = 1; level <= NR_LEVELS; level++) {
		const struct page *page = page_of(m, pfn & ~(level_pages(level) - 1));

		n += of == COUNT_TLBS ? page->tlbs[level - 1] :
		     of == COUNT_LEAVES ? page->sptes[level - 1] : page->dirty_sptes[level - 1];
	}
	return n;
}

bool free_page_unmapped(struct machine *m, u64 pfn, struct violation *v)
{
	if (!page_is(m, pfn, PG_FREE))
		return true;
	v->pfn = pfn;
	v->value = mappings(m, pfn, COUNT_LEAVES);
	v->wanted = mappings(m, pfn, COUNT_TLBS);
	v->blame = page_blame(m, pfn);
	return !v->value && !v->wanted;
}

bool dirty_kept(struct machine *m, u64 pfn, struct violation *v)
{
	const struct page *page = page_of(m, pfn);
	const struct page *head = page_of(m, page->head);

	v->pfn = pfn;
	v->blame = BLAME_KVM;
	if (!(page->flags & PG_GUEST_WROTE) || page->owner != OWNER_USER ||
	    (page->flags & (PG_FREE | PG_RESERVED)))
		return true;
	return (head->flags & PG_DIRTY) || page->dirty_ptes || mappings(m, pfn, COUNT_DIRTY);
}

/* kvm_vcpu_map() hands its reference to the map, kvm_vcpu_unmap() puts it. */
bool map_references_match(struct machine *m, u64 pfn, struct violation *v)
{
	const struct page *page = page_of(m, pfn);
	s64 wanted = 0;

	if (page->flags & (PG_FREE | PG_TAIL | PG_LEAKED))
		return true;
	for (unsigned i = 0; i < MAX_MAPS; i++) {
		const struct host_map *map = &m->w->kvm.maps[i];

		if (map->used && map->page != NO_PFN && page_head(m, map->page) == pfn)
			wanted += map->refs;
	}
	v->pfn = pfn;
	v->value = page->held[HOLD_MAP];
	v->wanted = wanted;
	v->blame = BLAME_KVM;
	return page->held[HOLD_MAP] == wanted;
}
