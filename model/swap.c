/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/swap.h"

#include "model/machine.h"

/* Contents of pages that no host frame has: of slots, and their counts. */
#define SPACE_SWAP	((pfn_t)6 << 44)
#define SPACE_SWAP_MAP	((pfn_t)7 << 44)
#define SPACE_SWAP_CACHE ((pfn_t)8 << 44)

static void set_count(struct machine *m, u32 slot, u64 count)
{
	m->phys->store(m->phys, SPACE_SWAP_MAP + slot / WORDS_PER_PAGE, slot % WORDS_PER_PAGE,
		       count);
}

u64 swap_count(struct machine *m, u32 slot)
{
	return m->phys->load(m->phys, SPACE_SWAP_MAP + slot / WORDS_PER_PAGE,
			     slot % WORDS_PER_PAGE);
}

u32 swap_alloc(struct machine *m)
{
	return ++m->w->last_slot;
}

void swap_dup(struct machine *m, u32 slot)
{
	set_count(m, slot, swap_count(m, slot) + 1);
}

void swap_free(struct machine *m, u32 slot)
{
	assert(swap_count(m, slot) > 0);
	set_count(m, slot, swap_count(m, slot) - 1);
	if (!swap_count(m, slot))
		m->phys->clear(m->phys, SPACE_SWAP + slot);
}

void swap_cache(struct machine *m, u32 slot, pfn_t pfn)
{
	m->phys->store(m->phys, SPACE_SWAP_CACHE + slot / WORDS_PER_PAGE, slot % WORDS_PER_PAGE,
		       pfn + 1);
}

pfn_t swap_cached(struct machine *m, u32 slot)
{
	return m->phys->load(m->phys, SPACE_SWAP_CACHE + slot / WORDS_PER_PAGE,
			     slot % WORDS_PER_PAGE) - 1;
}

void swap_write(struct machine *m, u32 slot, pfn_t pfn)
{
	m->phys->clear(m->phys, SPACE_SWAP + slot);
	page_copy(m, SPACE_SWAP + slot, pfn);
}

void swap_read(struct machine *m, u32 slot, pfn_t pfn)
{
	page_copy(m, pfn, SPACE_SWAP + slot);
}
