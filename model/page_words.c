/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_words.c: what is in a page: 512 words, of which programs read and write halves.
 *
 * Linux: include/linux/highmem.h:copy_highpage(). Pages that were never written are zero.
 */
#include "model/gigantic.h"
#include "model/machine.h"
#include "model/page.h"

void page_copy(struct machine *m, pfn_t to, pfn_t from)
{
	for (unsigned i = 0; (i = m->phys->next(m->phys, from, i)) < WORDS_PER_PAGE; i++)
		m->phys->store(m->phys, to, i, m->phys->load(m->phys, from, i));
}

void page_copy_folio(struct machine *m, pfn_t to, pfn_t from)
{
	u32 order = page_of(m, from)->order;

	for (u64 i = 0; i < (u64)1 << order; i = folio_next_part(m, from, order, i)) {
		page_of(m, to + i);	/* gigantic.h: what has contents has a record */
		page_copy(m, to + i, from + i);
	}
}

static bool in_page(int byte)
{
	return byte >= 0 && byte < (int)PAGE_SIZE;
}

/* Of four bytes from @at on, those that lie in the page; @at may be below it. */
static void store_bytes(struct machine *m, pfn_t pfn, int at, u32 value)
{
	for (int i = 0; i < 4; i++, value >>= 8) {
		unsigned shift = (unsigned)(at + i) % 8 * 8;
		u64 word;

		if (!in_page(at + i))
			continue;
		word = m->phys->load(m->phys, pfn, (at + i) / 8) & ~((u64)0xff << shift);
		m->phys->store(m->phys, pfn, (at + i) / 8, word | (u64)(value & 0xff) << shift);
	}
}

static u32 load_bytes(struct machine *m, pfn_t pfn, int at)
{
	u32 value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned shift = (unsigned)(at + i) % 8 * 8;

		if (in_page(at + i))
			value |= (m->phys->load(m->phys, pfn, (at + i) / 8) >> shift & 0xff)
				 << 8 * i;
	}
	return value;
}

void page_store(struct machine *m, pfn_t pfn, u64 address, u32 value)
{
	unsigned index = (address & ~PAGE_MASK) / 8, shift = (address & 4) * 8;
	u64 word;

	if (address & 3) {
		store_bytes(m, pfn, address & ~PAGE_MASK, value);
		return;
	}
	word = m->phys->load(m->phys, pfn, index);
	word = (word & ~((u64)0xffffffff << shift)) | (u64)value << shift;
	m->phys->store(m->phys, pfn, index, word);
}

u32 page_load(struct machine *m, pfn_t pfn, u64 address)
{
	if (address & 3)
		return load_bytes(m, pfn, address & ~PAGE_MASK);
	return m->phys->load(m->phys, pfn, (address & ~PAGE_MASK) / 8) >> (address & 4) * 8;
}

void page_store_rest(struct machine *m, pfn_t next, u64 address, u32 value)
{
	store_bytes(m, next, (int)(address & ~PAGE_MASK) - (int)PAGE_SIZE, value);
}

u32 page_load_rest(struct machine *m, pfn_t next, u64 address)
{
	return load_bytes(m, next, (int)(address & ~PAGE_MASK) - (int)PAGE_SIZE);
}

void page_copy_state(struct machine *m, pfn_t to, pfn_t from)
{
	u32 kept = PG_DIRTY | PG_REFERENCED | PG_ACTIVE | PG_WORKINGSET | PG_ANON | PG_KSM |
		   PG_GUEST_WROTE | PG_LAZYFREE;
	u32 order = page_of(m, from)->order;

	if (page_is(m, from, PG_KSM))
		ksm_rmap_migrate(m, to, from);
	for (u64 i = 0; i < (u64)1 << order; i = folio_next_part(m, from, order, i)) {
		page_of(m, to + i)->flags |= page_of(m, from + i)->flags & kept;
		page_copy(m, to + i, from + i);
	}
}
