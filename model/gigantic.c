/* SPDX-License-Identifier: GPL-2.0-only */
/* gigantic.c: a word for each 1G: flags of its parts, and above them their owner. */
#include "model/gigantic.h"

#include "model/machine.h"

#define OWNER_SHIFT	32

static pfn_t word_page(pfn_t pfn)
{
	return SPACE_GIGANTIC + (pfn >> GIGANTIC_ORDER) / WORDS_PER_PAGE;
}

static unsigned word_index(pfn_t pfn)
{
	return (pfn >> GIGANTIC_ORDER) % WORDS_PER_PAGE;
}

void gigantic_set_parts(struct machine *m, pfn_t head, u32 flags, u8 owner)
{
	m->phys->store(m->phys, word_page(head), word_index(head),
		       (u64)owner << OWNER_SHIFT | flags);
}

void gigantic_make_part(const struct machine *m, pfn_t pfn, struct page *page)
{
	u64 word = m->phys->load(m->phys, word_page(pfn), word_index(pfn));

	if (!word)
		return;
	page->flags = (u32)word;
	page->owner = word >> OWNER_SHIFT;
	page->head = pfn >> GIGANTIC_ORDER << GIGANTIC_ORDER;
}

u64 folio_next_part(const struct machine *m, pfn_t head, u32 order, u64 i)
{
	u64 end = (u64)1 << order;
	pfn_t next;

	if (order < GIGANTIC_ORDER)
		return i + 1;
	next = m->phys->next_page(m->phys, head + i + 1);
	return next - head < end ? next - head : end;
}
