/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/shmem_swap.h"

#include "model/machine.h"
#include "model/pagecache.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

/* Value entries of the files' xarrays, by index: 1 + the slot, and the order of the entry above. */
#define ORDER_SHIFT	48

static pfn_t word_page(unsigned file, u64 index)
{
	return SPACE_SWAPPED + ((u64)file << 32) + index / WORDS_PER_PAGE;
}

static u64 word_of(struct machine *m, unsigned file, u64 index)
{
	return m->phys->load(m->phys, word_page(file, index), index % WORDS_PER_PAGE);
}

static void set_word(struct machine *m, unsigned file, u64 index, u64 word)
{
	m->phys->store(m->phys, word_page(file, index), index % WORDS_PER_PAGE, word);
}

static u32 slot_of(u64 word)
{
	return (u32)word - 1;
}

/* The first index in [@from, @end) that is in swap; @end if none is. */
static u64 next_swapped(struct machine *m, unsigned file, u64 from, u64 end)
{
	u64 last = m->w->file[file].cached_end < end ? m->w->file[file].cached_end : end;

	while (from < last) {
		u64 first = from - from % WORDS_PER_PAGE;

		from = first + m->phys->next(m->phys, word_page(file, from),
					     from % WORDS_PER_PAGE);
		if (from - first < WORDS_PER_PAGE)
			return from < last ? from : end;
	}
	return end;
}

bool shmem_is_swapped(struct machine *m, unsigned file, u64 index)
{
	return index < m->w->file[file].cached_end && word_of(m, file, index);
}

bool shmem_has_swapped(struct machine *m, unsigned file, u64 from, u64 end)
{
	return next_swapped(m, file, from, end) < end;
}

void shmem_swap_out(struct machine *m, pfn_t head)
{
	struct page *page = page_of(m, head);
	u64 pages = folio_pages(m, head), order = page->order;
	struct cache_place place;

	cache_find(m, head, &place);
	page->slot = swap_alloc(m, pages);
	page_add_held(m, head, HOLD_CACHE, pages);	/* add_to_swap_cache() */
	page->flags |= PG_SWAPCACHE;
	for (u64 i = 0; i < pages; i++) {
		swap_cache(m, page->slot + i, head + i);
		swap_dup(m, page->slot + i);
		set_word(m, place.file, place.index + i,
			 (u64)(page->slot + i + 1) | order << ORDER_SHIFT);
		swap_write(m, page->slot + i, head + i);
	}
	cache_forget(m, place.file, place.index);	/* shmem_delete_from_page_cache() */
	page_put_refs(m, head, HOLD_CACHE, pages);
}

void file_keep_page(struct machine *m, unsigned file, u64 index)
{
	u32 slot = swap_alloc(m, 1);

	swap_dup(m, slot);
	set_word(m, file, index, slot + 1);
	swap_write(m, slot, cache_page(m, file, index));
}

/* swapin_sync() of a large entry as it is (6.14); else a page. Read at once. */
static pfn_t read_folio(struct machine *m, u64 index, u64 word, const struct vma *vma)
{
	u32 order = m->sem->traits.shmem_swapin_large ? word >> ORDER_SHIFT : 0;
	u64 pages, first;
	pfn_t head;

	if (vma && (vma->flags & VM_UFFD))	/* userfaultfd_armed() */
		order = 0;
	pages = (u64)1 << order;
	first = slot_of(word) - index % pages;
	head = alloc_frame(m, order, place_of_slot(first));
	pages_init(m, order ? ALLOC_COMPOUND : ALLOC_ORDER0, head, order, OWNER_USER);
	for (u64 i = 0; i < pages; i++)
		swap_read(m, first + i, head + i);
	return head;
}

/* shmem_split_large_entry(): each page for itself */
static void split_entry(struct machine *m, unsigned file, u64 index)
{
	u64 pages = (u64)1 << (word_of(m, file, index) >> ORDER_SHIFT);

	for (u64 i = index & ~(pages - 1), end = i + pages; i < end; i++)
		set_word(m, file, i, word_of(m, file, i) & (BIT(ORDER_SHIFT) - 1));
}

/* Of the folio at @first */
static void free_slots(struct machine *m, unsigned file, u64 first, pfn_t head)
{
	for (u64 i = 0; i < folio_pages(m, head); i++) {
		swap_free(m, slot_of(word_of(m, file, first + i)));
		set_word(m, file, first + i, 0);
	}
}

pfn_t shmem_swap_in(struct machine *m, unsigned file, u64 index, const struct vma *vma,
		    enum holder holder)
{
	u64 word = word_of(m, file, index), first;
	pfn_t head = swap_cached(m, slot_of(word));
	bool is_cached = head != NO_PFN;

	if (is_cached) {
		page_get(m, head, holder);
	} else {
		head = read_folio(m, index, word, vma);
		page_hand_over(m, head, HOLD_OWNER, holder);
	}
	if (folio_pages(m, head) == 1)
		split_entry(m, file, index);
	first = index & ~(folio_pages(m, head) - 1);
	if (!is_cached)
		page_add_lru(m, head);
	cache_store_folio(m, file, first, head);
	if (is_cached)
		swap_cache_drop(m, head);
	free_slots(m, file, first, head);
	if (m->w->file[file].type == FILE_SHMEM)
		page_set_dirty(m, head);
	return head + (index - first);
}

void shmem_free_swap(struct machine *m, unsigned file, u64 from, u64 end)
{
	for (u64 at = next_swapped(m, file, from, end); at < end;
	     at = next_swapped(m, file, at, end)) {
		u32 slot = slot_of(word_of(m, file, at));

		split_entry(m, file, at);
		swap_free_and_cache(m, slot);
		set_word(m, file, at, 0);
	}
}

void shmem_read_ahead(struct machine *m, unsigned file, u64 from, u64 end)
{
	for (u64 at = next_swapped(m, file, from, end); at < end;
	     at = next_swapped(m, file, at + 1, end))
		swap_read_ahead(m, slot_of(word_of(m, file, at)), 0);
}
