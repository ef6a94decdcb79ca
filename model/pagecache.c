/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/pagecache.h"

#include "model/machine.h"

/* The xarrays of all files: contents of pages that no host frame has. A word is pfn << 1 | 1. */
#define SPACE_CACHE	((pfn_t)4 << 44)
#define ENTRY_PRESENT	BIT(0)

static pfn_t slot_page(unsigned file, u64 index)
{
	return SPACE_CACHE + ((u64)file << 32) + index / WORDS_PER_PAGE;
}

u64 file_nr_pages(const struct machine *m, unsigned file)
{
	return (m->w->file[file].size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

bool file_tracks_writes(enum file_type type)
{
	return type == FILE_DISK || type == FILE_DAX;
}

pfn_t cache_page(struct machine *m, unsigned file, u64 index)
{
	u64 entry = m->phys->load(m->phys, slot_page(file, index), index % WORDS_PER_PAGE);

	return entry & ENTRY_PRESENT ? entry >> 1 : NO_PFN;
}

u64 cache_next(struct machine *m, unsigned file, u64 from, u64 end)
{
	u64 last = m->w->file[file].cached_end < end ? m->w->file[file].cached_end : end;

	while (from < last) {
		u64 first = from - from % WORDS_PER_PAGE;

		from = first + m->phys->next(m->phys, slot_page(file, from),
					     from % WORDS_PER_PAGE);
		if (from - first < WORDS_PER_PAGE)
			return from < last ? from : end;
	}
	return end;
}

pfn_t cache_add(struct machine *m, unsigned file, u64 index, enum holder holder)
{
	struct file_state *state = &m->w->file[file];
	pfn_t pfn = alloc_frame(m, 0);

	if (state->cached_end <= index)
		state->cached_end = index + 1;
	pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, holder);
	page_get(m, pfn, HOLD_CACHE);
	page_of(m, pfn)->flags |= PG_CACHE;
	m->phys->store(m->phys, slot_page(file, index), index % WORDS_PER_PAGE,
		       pfn << 1 | ENTRY_PRESENT);
	page_add_lru(m, pfn);
	return pfn;
}

void cache_remove(struct machine *m, unsigned file, u64 index)
{
	pfn_t pfn = cache_page(m, file, index);

	assert(pfn != NO_PFN);
	page_of(m, pfn)->flags &= ~(u32)(PG_CACHE | PG_DIRTY | PG_GUEST_WROTE);
	m->phys->store(m->phys, slot_page(file, index), index % WORDS_PER_PAGE, 0);
	page_put(m, pfn, HOLD_CACHE);
}

u64 vma_page_index(const struct vma *vma, hva_t hva)
{
	return vma->index + (((hva & PAGE_MASK) - vma->start) >> PAGE_SHIFT);
}

u64 dax_block(struct machine *m, unsigned file, u64 index)
{
	return m->phys->load(m->phys, slot_page(file, index), index % WORDS_PER_PAGE);
}

void dax_set_block(struct machine *m, unsigned file, u64 index, u64 block)
{
	m->phys->store(m->phys, slot_page(file, index), index % WORDS_PER_PAGE, block);
}

pfn_t dax_pfn(const struct machine *m, unsigned file, u64 index)
{
	return m->w->file[file].base + index;
}

void dax_write_block(struct machine *m, unsigned file, u64 index)
{
	if (!(dax_block(m, file, index) & DAX_WRITTEN))
		m->phys->clear(m->phys, dax_pfn(m, file, index));
	dax_set_block(m, file, index, DAX_WRITTEN);
}

void dax_create(struct machine *m, unsigned file)
{
	u64 pages = file_nr_pages(m, file), huge = level_pages(2);

	m->w->file[file].base = (m->w->next_frame + huge - 1) & ~(huge - 1);
	m->w->next_frame = m->w->file[file].base + ((pages + huge - 1) & ~(huge - 1));
	for (u64 i = 0; i < pages; i++) {
		pages_init(m, ALLOC_ZONE_DEVICE, dax_pfn(m, file, i), 0, OWNER_KERNEL);
		page_of(m, dax_pfn(m, file, i))->flags |= PG_FSDAX;
	}
}
