/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file_map.c: pages of a file get into page tables: one, those around it, a folio, by a PMD.
 *
 * Linux: mm/memory.c:do_set_pmd(), set_pte_range(), finish_fault(), do_fault_around(),
 * mm/filemap.c:filemap_map_pages(), mm/huge_memory.c:__split_huge_pmd_locked(); 5.12 to 7.2.
 * A PMD holds one reference, as a PTE does.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/thp.h"
#include "model/uffd.h"

enum { FAULT_AROUND_PAGES = 16 };	/* fault_around_bytes */

static pfn_t page_at(struct machine *m, const struct vma *vma, hva_t hva)
{
	return cache_page(m, vma->object, vma_page_index(vma, hva));
}

/* set_pte_range() of one page; who calls it has a reference for it. */
static void set_file_pte(struct machine *m, const struct vma *vma, hva_t hva, bool write)
{
	pfn_t pfn = page_at(m, vma, hva);
	u64 bits = vma_prot_bits(vma);

	if (write)
		bits |= PTE_DIRTY | PTE_WRITE;
	else if (m->sem->traits.fault_keeps_dirty && (bits & PTE_WRITE) &&
		 page_is(m, page_head(m, pfn), PG_DIRTY))
		bits |= PTE_DIRTY;
	host_set_leaf(m, hva, 1, marked_entry(m, vma, hva, pfn << PAGE_SHIFT | bits));
	if ((vma->flags & VM_LOCKED) && folio_pages(m, pfn) == 1)
		page_mlock(m, pfn);	/* folio_add_file_rmap_pte() > mlock_vma_folio() */
}

/* ---- do_set_pmd() ---- */

static bool takes_pmd(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	if (m->sem->traits.set_pmd_asks_vma && (vma->flags & VM_NOHUGEPAGE))
		return false;
	return folio_pages(m, pfn) == level_pages(2) && !host_has_table(m, hva) &&
	       vma_fits_order(vma, hva, HPAGE_ORDER);
}

static void set_file_pmd(struct machine *m, const struct vma *vma, hva_t hva, bool write)
{
	pfn_t head = page_head(m, page_at(m, vma, hva));
	u64 bits = vma_prot_bits(vma) | PTE_HUGE | (write ? PTE_WRITE | PTE_DIRTY : 0);

	page_hand_over(m, head, HOLD_MM, HOLD_PTE);
	host_set_leaf(m, hva & HPAGE_MASK, 2, head << PAGE_SHIFT | bits);
}

/* Of a fault handler's page: of which part of the compound page it is nobody asks. */
bool map_driver_pmd(struct machine *m, const struct vma *vma, hva_t hva, u64 entry)
{
	pfn_t pfn = pt_pfn(entry), head = page_head(m, pfn);

	if (m->sem->traits.set_pmd_in_size || !takes_pmd(m, vma, hva, pfn))
		return false;
	host_set_leaf(m, hva & HPAGE_MASK, 2,
		      head << PAGE_SHIFT | (entry & ~PT_ADDR_MASK) | PTE_HUGE);
	return true;
}

void file_pmd_drop(struct machine *m, hva_t start, u64 pmd)
{
	pfn_t head = pt_pfn(pmd);

	host_set_leaf(m, start, 2, 0);
	if (pmd & PTE_DIRTY)
		page_set_dirty(m, head);
	if (pmd & PTE_ACCESSED)
		page_of(m, head)->flags |= PG_REFERENCED;
	page_put(m, head, HOLD_PTE);
}

/* ---- finish_fault() ---- */

/* The whole folio lies in the VMA, and below one PMD. */
static bool folio_fits(struct machine *m, const struct vma *vma, hva_t hva)
{
	pfn_t pfn = page_at(m, vma, hva);
	hva_t start = (hva & PAGE_MASK) - ((pfn - page_head(m, pfn)) << PAGE_SHIFT);
	hva_t end = start + (folio_pages(m, pfn) << PAGE_SHIFT);

	return start >= vma->start && end <= vma->end &&
	       (start & HPAGE_MASK) == ((end - 1) & HPAGE_MASK);
}

static bool maps_folio(struct machine *m, const struct vma *vma, hva_t hva)
{
	u8 maps = m->sem->traits.fault_maps_folio;
	bool is_anon = m->w->file[vma->object].mount == MOUNT_SHARED_ANON;

	if (vma->flags & VM_UFFD)	/* userfaultfd_armed() */
		return false;
	return maps == MAPS_ALL ? folio_fits(m, vma, hva) :
	       maps == MAPS_SHARED_ANON && is_anon && folio_fits(m, vma, hva);
}

/* pte_range_none() */
static bool is_empty(struct machine *m, hva_t start, u64 pages)
{
	for (u64 i = 0; i < pages; i++) {
		struct pt_leaf leaf = host_leaf(m, start + i * PAGE_SIZE);

		if (leaf.present || leaf.swap)
			return false;
	}
	return true;
}

void map_folio(struct machine *m, const struct vma *vma, hva_t hva, bool write)
{
	pfn_t pfn = page_at(m, vma, hva), head = page_head(m, pfn);
	hva_t start = (hva & PAGE_MASK) - ((pfn - head) << PAGE_SHIFT);
	u64 pages = folio_pages(m, pfn);

	if (takes_pmd(m, vma, hva, pfn)) {
		set_file_pmd(m, vma, hva, write);
		return;
	}
	if (!maps_folio(m, vma, hva) || !is_empty(m, start, pages)) {
		start = hva & PAGE_MASK;
		pages = 1;
	}
	page_hand_over(m, pfn, HOLD_MM, HOLD_PTE);
	if (pages > 1)
		page_add_held(m, head, HOLD_PTE, pages - 1);
	for (u64 i = 0; i < pages; i++)
		set_file_pte(m, vma, start + i * PAGE_SIZE, write);
}

/* ---- filemap_map_pages() ---- */

/* Some of the pages of a folio that is held once: the references of those that are mapped. */
struct run {
	hva_t at, end;
	u64 mapped;
};

/* filemap_map_folio_range(), filemap_map_order0_folio() */
static void map_run(struct machine *m, const struct vma *vma, struct run *run)
{
	for (; run->at < run->end; run->at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, run->at);

		if (leaf.present || leaf.swap ||
		    page_is(m, page_at(m, vma, run->at), PG_HWPOISON))
			continue;
		set_file_pte(m, vma, run->at, false);
		run->mapped++;
	}
}

/* Of the folio at @at, up to @end; up to 6.12 the look-up's reference is put all the same. */
static void map_around_folio(struct machine *m, const struct vma *vma, hva_t at, hva_t end)
{
	pfn_t head = page_head(m, page_at(m, vma, at));
	struct run run = { .at = at, .end = end };
	u64 own = m->sem->traits.map_pages_puts ? 0 : 1;

	if (!page_try_get_folio(m, head, HOLD_MM, 1))
		return;
	if (m->sem->traits.around_maps_folio && folio_fits(m, vma, at)) {
		run.at = at - ((page_at(m, vma, at) - head) << PAGE_SHIFT);
		run.end = run.at + (folio_pages(m, head) << PAGE_SHIFT);
	}
	map_run(m, vma, &run);
	if (run.mapped && own)
		page_hand_over(m, head, HOLD_MM, HOLD_PTE);
	if (run.mapped > own)
		page_add_held(m, head, HOLD_PTE, run.mapped - own);
	if (!run.mapped || !own)
		page_put(m, head, HOLD_MM);
}

/* next_uptodate_folio(): from @at on, what is cached and not locked; @end: nothing. */
static hva_t next_folio(struct machine *m, const struct vma *vma, hva_t at, hva_t end)
{
	for (; at < end; at += PAGE_SIZE) {
		pfn_t pfn = page_at(m, vma, at);

		if (pfn != NO_PFN && !page_is(m, page_head(m, pfn), PG_LOCKED))
			break;
	}
	return at;
}

/* Up to where the folio at @at goes, within the window */
static hva_t folio_end(struct machine *m, const struct vma *vma, hva_t at, hva_t end)
{
	pfn_t pfn = page_at(m, vma, at), head = page_head(m, pfn);
	hva_t last = at + ((head + folio_pages(m, pfn) - pfn) << PAGE_SHIFT);

	return last < end ? last : end;
}

/* do_fault_around(): 64K from an aligned address, or the VMA's start, on; one table, i_size. */
static hva_t window_end(struct machine *m, const struct vma *vma, hva_t start)
{
	u64 pages = file_nr_pages(m, vma->object);
	hva_t end = start + FAULT_AROUND_PAGES * PAGE_SIZE;
	hva_t table = (start & HPAGE_MASK) + HPAGE_SIZE;

	if (end > table)
		end = table;
	if (end > vma->end)
		end = vma->end;
	if (pages <= vma->index)
		return start;
	pages -= vma->index;
	return (end - vma->start) >> PAGE_SHIFT > pages ? vma->start + (pages << PAGE_SHIFT) : end;
}

enum step_result map_pages(struct machine *m, struct task *t)
{
	const struct vma *vma = file_vma(m, t);
	u64 size = FAULT_AROUND_PAGES * PAGE_SIZE;
	hva_t start = t->host.hva & ~(size - 1), end, at;

	if (start < vma->start)
		start = vma->start;
	end = window_end(m, vma, start);
	at = next_folio(m, vma, start, end);
	if (at < end && takes_pmd(m, vma, t->host.hva, page_at(m, vma, at))) {
		page_try_get_folio(m, page_at(m, vma, at), HOLD_MM, 1);
		set_file_pmd(m, vma, at, false);	/* filemap_map_pmd() */
		return STEP_DONE;
	}
	for (hva_t next; at < end; at = next_folio(m, vma, next, end)) {
		next = folio_end(m, vma, at, end);
		map_around_folio(m, vma, at, next);
	}
	return host_leaf(m, t->host.hva).present ? STEP_DONE : STEP_NEXT;
}
