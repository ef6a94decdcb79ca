/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/pagecache.h"

#include "model/machine.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/thp.h"

/* The xarrays of all files: contents of pages that no host frame has. A word is pfn << 1 | 1. */
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

void cache_give(struct machine *m, unsigned file, u64 index, pfn_t pfn)
{
	struct file_state *state = &m->w->file[file];

	if (state->cached_end <= index)
		state->cached_end = index + 1;
	m->phys->store(m->phys, slot_page(file, index), index % WORDS_PER_PAGE,
		       pfn << 1 | ENTRY_PRESENT);
}

u64 cache_folio(struct machine *m, unsigned file, u64 index)
{
	pfn_t pfn = cache_page(m, file, index);

	assert(pfn != NO_PFN);
	return index - (pfn - page_head(m, pfn));
}

u64 folio_pages(struct machine *m, pfn_t pfn)
{
	return (u64)1 << page_of(m, page_head(m, pfn))->order;
}

static void store_page(struct machine *m, unsigned file, u64 index, u64 entry)
{
	m->phys->store(m->phys, slot_page(file, index), index % WORDS_PER_PAGE, entry);
}

void cache_store_folio(struct machine *m, unsigned file, u64 first, pfn_t head)
{
	struct file_state *state = &m->w->file[file];
	u64 pages = folio_pages(m, head);

	if (state->cached_end < first + pages)
		state->cached_end = first + pages;
	page_add_held(m, head, HOLD_CACHE, pages);
	for (u64 i = 0; i < pages; i++) {
		page_of(m, head + i)->flags |= PG_CACHE;
		store_page(m, file, first + i, (head + i) << 1 | ENTRY_PRESENT);
	}
}

pfn_t cache_add(struct machine *m, unsigned file, u64 index, u32 order, enum holder holder)
{
	u64 pages = (u64)1 << order, first = index & ~(pages - 1);
	pfn_t pfn = alloc_frame(m, order, place_of_file(file, first));

	pages_init(m, order ? ALLOC_COMPOUND : ALLOC_ORDER0, pfn, order, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, holder);
	cache_store_folio(m, file, first, pfn);
	page_add_lru(m, pfn);
	return pfn + (index - first);
}

void cache_forget(struct machine *m, unsigned file, u64 index)
{
	u64 first = cache_folio(m, file, index);
	pfn_t pfn = cache_page(m, file, first);

	for (u64 i = 0; i < folio_pages(m, pfn); i++) {
		page_of(m, pfn + i)->flags &= ~(u32)PG_CACHE;
		store_page(m, file, first + i, 0);
	}
}

void cache_remove(struct machine *m, unsigned file, u64 index)
{
	u64 first = cache_folio(m, file, index);
	pfn_t pfn = cache_page(m, file, first);
	u64 pages = folio_pages(m, pfn);

	for (u64 i = 0; i < pages; i++)
		page_of(m, pfn + i)->flags &= ~(u32)(PG_DIRTY | PG_GUEST_WROTE);
	cache_forget(m, file, first);
	page_put_refs(m, pfn, HOLD_CACHE, pages);
}

bool cache_find(struct machine *m, pfn_t pfn, struct cache_place *place)
{
	if (!page_is(m, pfn, PG_CACHE))
		return false;
	for (unsigned i = 0; i < MAX_FILES; i++) {
		u64 end = m->w->file[i].used ? m->w->file[i].cached_end : 0;

		for (u64 at = 0; (at = cache_next(m, i, at, end)) < end; at++) {
			*place = (struct cache_place){ .file = i, .index = at };
			if (cache_page(m, i, at) == pfn)
				return true;
		}
	}
	return false;
}

void cache_replace(struct machine *m, const struct cache_place *place, pfn_t from, pfn_t to)
{
	u32 flags = page_ref_freeze(m, from), gone = PG_CACHE | PG_DIRTY | PG_GUEST_WROTE;
	u64 pages = folio_pages(m, from);

	page_add_held(m, to, HOLD_CACHE, pages);
	page_of(m, to)->flags |= flags & PG_LOCKED;
	for (u64 i = 0; i < pages; i++) {
		page_of(m, to + i)->flags |= PG_CACHE;
		store_page(m, place->file, place->index + i, (to + i) << 1 | ENTRY_PRESENT);
		page_of(m, from + i)->flags &= ~gone;
	}
	page_ref_unfreeze(m, from, 1);
}

static bool is_mapped(const struct machine *m, unsigned file)
{
	for (unsigned i = 0; i < MAX_MMS * MAX_VMAS; i++) {
		const struct vma *vma = &m->w->mm[i / MAX_VMAS].vma[i % MAX_VMAS];

		if (vma->used && vma->kind == VMA_FILE && vma->object == file)
			return true;
	}
	return false;
}

void cache_evict_unmapped(struct machine *m)
{
	for (unsigned i = 0; i < MAX_FILES; i++) {
		struct file_state *file = &m->w->file[i];
		u64 at = 0;

		if (!file->used || file->mount != MOUNT_SHARED_ANON || is_mapped(m, i))
			continue;
		while ((at = cache_next(m, i, at, file->cached_end)) < file->cached_end)
			cache_remove(m, i, at);
		shmem_free_swap(m, i, 0, file->cached_end);
		*file = (struct file_state){ 0 };
	}
}

/* ---- folios of a huge tmpfs ---- */

bool vma_fits_order(const struct vma *vma, hva_t hva, u32 order)
{
	u64 size = PAGE_SIZE << order, start = hva & ~(size - 1);

	return !(((vma->start >> PAGE_SHIFT) - vma->index) & ((size >> PAGE_SHIFT) - 1)) &&
	       start >= vma->start && start + size <= vma->end;
}

/* shmem_huge_global_enabled(), __shmem_is_huge() */
static bool is_allowed(const struct machine *m, const struct file_state *file, u64 index,
		       u32 order, const struct vma *vma)
{
	u64 sysfs = m->w->shmem_enabled, huge = file->mount == MOUNT_OWN ? file->huge : sysfs;
	u64 next = (index | (((u64)1 << order) - 1)) + 1;

	if (file->type != FILE_SHMEM || sysfs == SHMEM_HUGE_DENY)
		return false;
	if (vma && (vma->flags & VM_NOHUGEPAGE))
		return false;
	if (sysfs == SHMEM_HUGE_FORCE)
		return order == HPAGE_ORDER;
	if (huge == SHMEM_HUGE_WITHIN_SIZE && next <= (file->size + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return true;
	if (huge == SHMEM_HUGE_WITHIN_SIZE || huge == SHMEM_HUGE_ADVISE)
		return vma && (vma->flags & VM_HUGEPAGE);
	return huge == SHMEM_HUGE_ALWAYS;
}

u32 shmem_order(struct machine *m, unsigned file, u64 index, const struct vma *vma)
{
	const struct file_state *state = &m->w->file[file];
	bool any = m->sem->traits.shmem_any_order && state->mount != MOUNT_SHARED_ANON;

	for (u32 order = HPAGE_ORDER; order; order--) {
		u64 pages = (u64)1 << order, first = index & ~(pages - 1);

		if (!any && order != HPAGE_ORDER)
			return 0;
		if (!is_allowed(m, state, index, order, vma) ||
		    cache_next(m, file, first, first + pages) < first + pages ||
		    shmem_has_swapped(m, file, first, first + pages))
			continue;
		if (!vma || !m->sem->traits.shmem_fits_vma ||
		    vma_fits_order(vma, vma->start + ((index - vma->index) << PAGE_SHIFT), order))
			return order;
	}
	return 0;
}

/* The next part of @order pages from @pos on, if the page @at is to stand alone. */
static u32 part_order(const struct machine *m, u32 order, u64 pos, u64 at)
{
	while (order && (!m->sem->traits.split_keeps_buddies ||
			 (pos & (((u64)1 << order) - 1)) || at - pos < (u64)1 << order))
		order--;
	return order;
}

/* What lies beyond i_size is dropped; nobody but the cache and the split has it. */
static void drop_part(struct machine *m, unsigned file, u64 index)
{
	if (index >= file_nr_pages(m, file))
		cache_remove(m, file, index);
}

/* The first part keeps the lock and the reference of the split; the others are let go. */
void cache_split(struct machine *m, unsigned file, u64 first, u64 at, bool to_pages)
{
	pfn_t head = cache_page(m, file, first);
	u32 order = page_of(m, head)->order, flags = page_ref_freeze(m, head);
	u64 pages = (u64)1 << order, step;

	for (u64 pos = 0; pos < pages; pos += step) {
		u32 part = to_pages ? 0 : part_order(m, order, pos, at - first);

		step = (u64)1 << part;
		page_part(m, head + pos, part, flags);
		if (pos)
			drop_part(m, file, first + pos);
	}
	for (u64 pos = folio_pages(m, head); pos < pages; pos += step) {
		step = folio_pages(m, head + pos);
		page_of(m, head + pos)->flags &= ~(u32)PG_LOCKED;
		page_put(m, head + pos, HOLD_MM);
	}
}

bool cache_lookup_hangs(struct machine *m, pfn_t pfn)
{
	if (page_count(m, pfn) > 0 || page_is(m, pfn, PG_FSDAX))
		return false;
	raise_alarm(m, ALARM_HANG, SPLAT_CACHE_LOOKUP, page_of(m, pfn)->misput_by);
	return true;
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
