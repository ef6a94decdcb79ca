/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_words.c: what is in a page: 512 words, of which programs read and write halves.
 *
 * Linux: include/linux/highmem.h:copy_highpage(). Pages that were never written are zero.
 */
#include "model/machine.h"
#include "model/page.h"

void page_copy(struct machine *m, pfn_t to, pfn_t from)
{
	for (unsigned i = 0; (i = m->phys->next(m->phys, from, i)) < WORDS_PER_PAGE; i++)
		m->phys->store(m->phys, to, i, m->phys->load(m->phys, from, i));
}

void page_store(struct machine *m, pfn_t pfn, u64 address, u32 value)
{
	unsigned index = (address & ~PAGE_MASK) / 8, shift = (address & 4) * 8;
	u64 word = m->phys->load(m->phys, pfn, index);

	word = (word & ~((u64)0xffffffff << shift)) | (u64)value << shift;
	m->phys->store(m->phys, pfn, index, word);
}

u32 page_load(struct machine *m, pfn_t pfn, u64 address)
{
	return m->phys->load(m->phys, pfn, (address & ~PAGE_MASK) / 8) >> (address & 4) * 8;
}
