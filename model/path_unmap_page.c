/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_unmap_page.c: every mapping of one folio goes: try_to_migrate(), try_to_unmap(); and comes
 * back from migration entries.
 *
 * Linux: mm/rmap.c:try_to_migrate_one(), try_to_unmap_one(), mm/migrate.c:remove_migration_pte(),
 * 5.12 to 7.2. With TTU_SPLIT_HUGE_PMD a PMD becomes 512 migration entries, or PTEs that go to
 * swap: up to 6.14 (swap: 6.10) within a notification of its own that comes before the mapping's,
 * whatever is mapped there. Of a merged page the address of each rmap_item is notified, until none
 * is left that maps it. What could share page tables of hugetlb, 1G of one VMA, is more than the
 * pool has.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"
#include "model/uffd.h"

static u64 restored_entry(struct machine *m, const struct vma *vma, u64 swap, pfn_t pfn)
{
	u64 bits = (vma_prot_bits(vma) & ~PTE_ACCESSED) | (swap & PTE_HUGE);

	if (vma->flags & VM_WRITE)
		bits |= swap & PTE_WRITE;
	if (m->sem->traits.migration_keeps_ad && page_is(m, page_head(m, pfn), PG_DIRTY))
		bits |= swap & PTE_DIRTY;
	if (m->sem->traits.migration_keeps_ad)
		bits |= swap & PTE_ACCESSED;
	bits |= swap & PTE_UFFD_WP;
	if (vma->kind == VMA_HUGETLB && m->sem->traits.saved_dirty && !(bits & PTE_WRITE) &&
	    (bits & PTE_DIRTY))		/* pte_mksaveddirty() */
		bits ^= PTE_DIRTY | PTE_SAVED_DIRTY;
	return pfn << PAGE_SHIFT | bits;
}

void migration_entry_restore(struct machine *m, const struct rmap_at *at, pfn_t from, pfn_t to)
{
	const struct vma *vma;
	struct pt_leaf leaf;
	pfn_t pfn;

	m->mm = at->mm;
	leaf = host_leaf(m, at->hva);
	page_get(m, to, HOLD_PTE);
	pfn = to + (pt_pfn(leaf.swap) - from);
	vma = vma_find(m, at->hva);
	if ((leaf.swap & (PTE_WRITE | PTE_SWP_EXCLUSIVE)) && page_is(m, pfn, PG_ANON))
		page_of(m, pfn)->flags |= PG_EXCLUSIVE;
	if ((vma->flags & VM_LOCKED) && vma->kind != VMA_HUGETLB)
		page_of(m, pfn)->flags |= PG_MLOCKED;
	host_set_leaf(m, at->hva, leaf.level, restored_entry(m, vma, leaf.swap, pfn));
}

/* folio_try_share_anon_rmap_pte(): what is pinned must not lose its mapping. */
static bool may_share(struct machine *m, pfn_t pfn)
{
	return !page_is(m, pfn, PG_EXCLUSIVE) || !page_maybe_pinned(m, pfn);
}

/* A file's page has all VMAs that are made for its place; whether it is mapped there or not. */
static enum step_result begin_unmap(struct machine *m, struct task *t)
{
	struct cache_place place;

	t->pages.rmap = (struct rmap_at){ 0 };
	t->range = (struct range_op){ 0 };
	if (cache_find(m, t->pages.page, &place))
		t->range = (struct range_op){ .backing = VMA_FILE, .object = place.file,
					      .index = place.index,
					      .pages = folio_pages(m, t->pages.page) };
	return STEP_NEXT;
}

/* vma_address(), vma_address_end(): what the VMA has of the folio */
static void find_part(struct machine *m, struct page_op *op)
{
	hva_t hva = op->rmap.hva, size = folio_pages(m, op->page) << PAGE_SHIFT;
	struct pt_leaf leaf = host_leaf(m, hva);
	const struct vma *vma = vma_find(m, hva);

	if (size > PAGE_SIZE)
		hva -= (host_leaf_pfn(&leaf, hva) - op->page) << PAGE_SHIFT;
	op->part = vma && vma->start > hva ? vma->start : hva;
	op->part_end = vma && vma->end < hva + size ? vma->end : hva + size;
}

/*
 * The next mapping, wherever it is: its mm's users hear of it. rmap_walk_file() ends when none is
 * left.
 */
static enum step_result find_mapping(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	hva_t end = 0;

	t->mm = VM_MM;
	if (!page_of(m, op->page)->held[HOLD_PTE] ||
	    !(t->range.pages ? rmap_next(m, t, &op->rmap.hva, &end) != NULL :
			       page_next_rmap(m, op->page, &op->rmap)))
		return STEP_DONE;
	if (t->range.pages)
		op->rmap.mm = t->mm;
	t->mm = m->mm = op->rmap.mm;
	op->part = op->rmap.hva;
	op->part_end = end;
	if (!t->range.pages)
		find_part(m, op);
	return STEP_NEXT;
}

/* TTU_SPLIT_HUGE_PMD: split_huge_pmd_address(), where there is a table of PMDs */
static bool splits_pmd_first(const struct machine *m, const struct task *t)
{
	return t->pages.splits && (t->pages.unmap == PTE_SWAPPED ?
				   m->sem->traits.unmap_splits_first :
				   m->sem->traits.migrate_splits_first) &&
	       host_has_pmds((struct machine *)m, t->pages.part);
}

static enum step_result begin_pmd_split(struct machine *m, struct task *t)
{
	(void)m;
	thp_notify(t, t->pages.part);
	return STEP_CALL;
}

/* With TTU_SPLIT_FREEZE, of try_to_migrate() alone: migration entries */
static void split_huge_pmd(struct machine *m, const struct page_op *op, hva_t hva)
{
	if (op->unmap == PTE_SWAPPED)
		pmd_split(m, hva);
	else
		pmd_split_frozen(m, hva, op->page);
}

static enum step_result freeze_pmd(struct machine *m, struct task *t)
{
	split_huge_pmd(m, &t->pages, t->pages.part);
	return STEP_CALL;
}

static enum step_result begin_mapping(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = (struct notify){ .start = t->pages.part, .end = t->pages.part_end,
				     .event = NOTIFY_CLEAR };
	return STEP_CALL;
}

static u64 away_entry(struct machine *m, const struct page_op *op, u64 entry)
{
	pfn_t pfn = pt_pfn(entry);
	pfn_t frame = op->unmap == PTE_SWAPPED ? page_of(m, pfn)->slot : pfn;
	u64 away = op->unmap | frame << PAGE_SHIFT | (entry & PTE_HUGE);

	if (op->unmap == PTE_HWPOISON ||
	    (op->unmap == PTE_MIGRATION && page_is(m, pfn, PG_HWPOISON)))
		return PTE_HWPOISON | pfn << PAGE_SHIFT | (entry & PTE_HUGE);
	if (op->unmap == PTE_MIGRATION)
		away |= (entry & (PTE_WRITE | PTE_ACCESSED | PTE_DIRTY)) |
			(entry & PTE_SAVED_DIRTY ? PTE_DIRTY : 0);
	if (page_is(m, pfn, PG_EXCLUSIVE))
		away |= PTE_SWP_EXCLUSIVE;
	return away | (entry & PTE_UFFD_WP);
}

/*
 * MADV_FREE's pages are dropped if nobody has written them and the isolation alone has a reference.
 * Else they are as any other from here on; since 6.15 only if somebody has written.
 */
static bool may_discard(struct machine *m, pfn_t pfn)
{
	struct page *page = page_of(m, pfn);
	bool dirty = page->flags & PG_DIRTY, held = page->refcount != 1 + page->mapcount;

	if (dirty || (held && !m->sem->traits.lazyfree_waits))
		page->flags &= ~(u32)PG_LAZYFREE;
	return !dirty && !held;
}

/* pte_install_uffd_wp_if_needed(): of a file's page that goes to swap, or goes */
static u64 left_entry(struct machine *m, const struct pt_leaf *leaf)
{
	const struct vma *vma = vma_find(m, leaf->first << PAGE_SHIFT);
	bool marks = vma && vma->kind == VMA_FILE && uffd_uses_markers(m, vma);

	return marks && (leaf->entry & PTE_UFFD_WP) ? PTE_MARKER | PTE_UFFD_WP : 0;
}

/* One PTE, or the PMD; false: it stays, and the walk ends. D and the reference go to the page. */
static bool unmap_leaf(struct machine *m, struct page_op *op, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	if (op->unmap && op->unmap != PTE_HWPOISON && !may_share(m, pfn))
		return false;
	if (leaf->entry & (PTE_DIRTY | PTE_SAVED_DIRTY))
		page_set_dirty(m, pfn);
	if (!op->unmap && page_is(m, page_head(m, pfn), PG_ANON) && !may_discard(m, pfn))
		return false;
	host_set_leaf(m, leaf->first << PAGE_SHIFT, leaf->level,
		      op->unmap ? away_entry(m, op, leaf->entry) : left_entry(m, leaf));
	if (op->unmap == PTE_SWAPPED)
		swap_dup(m, page_of(m, pfn)->slot);
	page_of(m, pfn)->flags &= ~(u32)PG_EXCLUSIVE;
	page_put(m, op->page, HOLD_PTE);
	if (leaf->level == 1 && thp_is_in_part(m, op->page))
		page_of(m, op->page)->partial = true;
	return true;
}

/* try_to_migrate_one(), try_to_unmap_one() */
static enum step_result unmap_one(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;

	op->rmap.hva = t->notify.end;
	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_leaf(m, at);

		if (op->splits && leaf.level == 2) {
			split_huge_pmd(m, op, at);
			leaf = host_leaf(m, at);
		}
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
		if (leaf_is_normal(&leaf) && page_head(m, pt_pfn(leaf.entry)) == op->page &&
		    !unmap_leaf(m, op, &leaf)) {
			op->rmap = (struct rmap_at){ .mm = MAX_MMS };
			break;
		}
	}
	return STEP_NEXT;
}

#define UNMAP	"try_to_migrate / try_to_unmap"

const struct step path_unmap_page[] = {
	STEP(begin_unmap, .chain = UNMAP),
	STEP(find_mapping, .chain = UNMAP),
	STEP(begin_pmd_split, .when = splits_pmd_first, .calls = PATH_NOTIFY_START,
	     .chain = UNMAP " > split_huge_pmd_address"),
	STEP(freeze_pmd, .when = splits_pmd_first, .calls = PATH_NOTIFY_END,
	     .chain = UNMAP " > split_huge_pmd_address"),
	STEP(begin_mapping, .calls = PATH_NOTIFY_START, .chain = UNMAP),
	STEP(unmap_one, .chain = UNMAP),
	STEP_AS(end_mapping, enter_path_and_go_back, .calls = PATH_NOTIFY_END, .to = "find_mapping",
		.chain = UNMAP),
	{ 0 }
};
