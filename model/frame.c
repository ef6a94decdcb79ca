/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.c: the frame of an allocation: one that the input names, or one that nobody has used. */
#include "model/machine.h"

static pfn_t new_frame(struct machine *m, u32 order)
{
	u64 pages = (u64)1 << order;
	pfn_t pfn = (m->w->next_frame + pages - 1) & ~(pages - 1);

	m->w->next_frame = pfn + pages;
	return pfn;
}

pfn_t alloc_frame(struct machine *m, u32 order)
{
	pfn_t given = m->w->given_frame;

	if (order || !given || m->w->given_after--)
		return new_frame(m, order);
	m->w->given_frame = 0;
	m->w->given_after = 0;
	return given;
}

pfn_t alloc_table(struct machine *m)
{
	pfn_t pfn = new_frame(m, 0);
	struct page *page = page_of(m, pfn);

	page->flags = PG_VALID;
	page->owner = OWNER_KERNEL;
	page->refcount = 1;
	page->held[HOLD_OWNER] = 1;
	m->phys->clear(m->phys, pfn);
	return pfn;
}
