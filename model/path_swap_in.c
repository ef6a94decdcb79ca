/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_swap_in.c: pages come back from swap when somebody touches them: a step of the fault.
 *
 * Linux: mm/memory.c:do_swap_page(), mm/swap_state.c:swap_vma_readahead(), 5.12 to 7.2. Up to 6.12
 * a slot that one PTE names is read into a page that the swap cache never sees; what is named more
 * often is read into the swap cache, with its neighbours, and stays there if it is only read. In
 * 7.2 each page comes by the cache, alone, and leaves it when nobody names its slot any more.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

/* vm_area_struct.swap_readahead_info: address, window, hits */
#define RA_HITS		0x3fu
#define RA_WIN_SHIFT	6
#define RA_FIRST	4	/* hits, of a VMA that has never had a fault */
#define PAGE_CLUSTER	3	/* vm.page-cluster: windows of at most 8 */

bool fault_swaps_in(const struct machine *m, const struct task *t)
{
	return !t->host.error &&
	       (host_leaf((struct machine *)m, t->host.hva).swap & PTE_SWAPPED);
}

static u64 ahead_of(const struct vma *vma)
{
	return vma->swap_ahead ? vma->swap_ahead : RA_FIRST;
}

static u64 windows_of(u64 ahead)
{
	return (ahead & ~PAGE_MASK) >> RA_WIN_SHIFT;
}

/* swap_cache_get_folio(): one that was read ahead is a hit. */
static void note_hit(struct machine *m, struct vma *vma, hva_t hva, pfn_t pfn)
{
	struct page *page = page_of(m, pfn);
	u64 ahead = ahead_of(vma), hits = ahead & RA_HITS;

	if ((page->flags & PG_READAHEAD) && hits < RA_HITS)
		hits++;
	page->flags &= ~(u32)PG_READAHEAD;
	vma->swap_ahead = (hva & PAGE_MASK) | windows_of(ahead) << RA_WIN_SHIFT | hits;
}

/* __swapin_nr_pages(): how many pages at once, by what the last ones were good for */
static u64 pages_ahead(u64 ahead, hva_t hva)
{
	u64 pages = (ahead & RA_HITS) + 2, most = (u64)1 << PAGE_CLUSTER, roundup = 4;
	hva_t last = ahead & PAGE_MASK;

	if (pages == 2 && hva != last + PAGE_SIZE && hva + PAGE_SIZE != last)
		pages = 1;
	while (pages > 2 && roundup < pages)
		roundup <<= 1;
	pages = pages > 2 ? roundup : pages;
	pages = pages > most ? most : pages;
	return pages < windows_of(ahead) / 2 ? windows_of(ahead) / 2 : pages;
}

static hva_t largest(hva_t a, hva_t b)
{
	return a > b ? a : b;
}

static hva_t smallest(hva_t a, hva_t b)
{
	return a < b ? a : b;
}

/* swap_vma_readahead(): around @hva, within its VMA and its table of PTEs */
static void read_neighbours(struct machine *m, struct vma *vma, hva_t hva)
{
	u64 ahead = ahead_of(vma), window = pages_ahead(ahead, hva), left = (window - 1) / 2;
	hva_t last = ahead & PAGE_MASK, table = hva & HPAGE_MASK, end, at;

	vma->swap_ahead = hva | window << RA_WIN_SHIFT;
	if (window == 1)
		return;
	if (hva == last + PAGE_SIZE)
		left = 0;
	else if (hva + PAGE_SIZE == last)
		left = window - 1;
	at = largest(vma->start, table);
	if (hva - at > left << PAGE_SHIFT)
		at = hva - (left << PAGE_SHIFT);
	end = smallest(smallest(vma->end, table + HPAGE_SIZE),
		       hva + ((window - left) << PAGE_SHIFT));
	for (; at < end; at += PAGE_SIZE) {
		u64 swap = host_leaf(m, at).swap;

		if ((swap & PTE_SWAPPED) && swap_read_ahead(m, pt_pfn(swap), PG_ANON) && at != hva)
			page_of(m, swap_cached(m, pt_pfn(swap)))->flags |= PG_READAHEAD;
	}
	lru_drain(m);
}

/* The page with the mapping's reference: of the swap cache, or one that it never has. */
static pfn_t swapped_page(struct machine *m, struct vma *vma, hva_t hva, u32 slot)
{
	pfn_t pfn = swap_cached(m, slot);
	bool by_cache = m->sem->traits.swapin_by_cache;

	if (pfn == NO_PFN && !by_cache && swap_count(m, slot) == 1) {
		pfn = anon_alloc(m, hva);
		page_of(m, pfn)->flags &= ~(u32)PG_EXCLUSIVE;
		page_add_lru(m, pfn);
		swap_read(m, slot, pfn);
		return pfn;
	}
	if (pfn != NO_PFN)
		note_hit(m, vma, hva, pfn);
	else if (!by_cache)
		read_neighbours(m, vma, hva);
	swap_read_ahead(m, slot, PG_ANON);
	page_get(m, swap_cached(m, slot), HOLD_PTE);
	return swap_cached(m, slot);
}

/*
 * should_try_to_free_swap(): the swap cache's reference would hide that nobody else has the page.
 * Up to 5.17 reuse_swap_page() of a write asks who maps it, not who has a reference.
 */
static bool leaves_cache(struct machine *m, const struct vma *vma, const struct task *t, pfn_t pfn)
{
	const struct page *page = page_of(m, page_head(m, pfn));

	if (!(page->flags & PG_SWAPCACHE))
		return false;
	if (m->sem->traits.swapin_by_cache || (vma->flags & VM_LOCKED) ||
	    (page->flags & PG_MLOCKED))
		return true;
	return t->host.write && !(page->flags & PG_KSM) &&
	       (m->sem->traits.anon_exclusive ?
		page->refcount == 1 + (s32)folio_pages(m, pfn) : !page_of(m, pfn)->mapcount);
}

/*
 * Nobody else has it, as far as anybody can tell. Since 5.18 a reference counts, whose ever: in 7.2
 * the swap cache's, too, which it gives up when this has been asked.
 */
static bool is_own(struct machine *m, pfn_t pfn, u64 swap, bool fresh)
{
	if ((swap & PTE_SWP_EXCLUSIVE) || fresh)
		return true;
	return m->sem->traits.anon_exclusive ?
	       page_count(m, pfn) == 1 && !m->sem->traits.swapin_by_cache :
	       !page_of(m, pfn)->mapcount && !page_is(m, pfn, PG_SWAPCACHE);
}

/* Since 6.12 an exclusive page is writable at once, without D. */
static u64 swapped_entry(struct machine *m, const struct vma *vma, const struct task *t, pfn_t pfn,
			 u64 swap)
{
	u64 entry = anon_entry(vma, pfn, false);
	bool writes = page_is(m, pfn, PG_EXCLUSIVE) && (vma->flags & VM_WRITE);

	if (writes && m->sem->traits.swapin_writable)
		entry |= PTE_WRITE;
	if (writes && t->host.write)
		entry |= PTE_WRITE | PTE_DIRTY;
	if (swap & PTE_UFFD_WP)
		entry = (entry | PTE_UFFD_WP) & ~PTE_WRITE;
	return entry;
}

/*
 * A page that the swap cache never had is exclusive, whoever shared it once. Before its count is
 * asked for, a write empties the batch that may have it.
 */
enum step_result swap_in(struct machine *m, struct task *t)
{
	struct vma *vma = vma_find(m, t->host.hva);
	hva_t hva = t->host.hva & PAGE_MASK;
	u64 swap = host_leaf(m, hva).swap, entry;
	pfn_t pfn = swapped_page(m, vma, hva, pt_pfn(swap));
	bool fresh = !page_is(m, pfn, PG_SWAPCACHE);

	if (t->host.write && !fresh && m->sem->traits.anon_exclusive &&
	    !page_is(m, pfn, PG_KSM) && page_waits_for_lru(m, pfn))
		lru_drain(m);
	swap_free(m, pt_pfn(swap));
	if (leaves_cache(m, vma, t, pfn))
		swap_free_folio(m, pfn);
	if (is_own(m, pfn, swap, fresh))
		page_of(m, pfn)->flags |= PG_EXCLUSIVE;
	entry = swapped_entry(m, vma, t, pfn, swap);
	host_set_leaf(m, hva, 1, entry);
	return entry & PTE_UFFD_WP ? STEP_DONE : STEP_NEXT;
}
