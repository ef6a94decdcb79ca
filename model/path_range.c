/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_range.c: munmap(), MADV_DONTNEED, a driver's unmap_mapping_range(), mprotect().
 *
 * Linux: mm/memory.c:unmap_vmas(), zap_page_range_single(),
 * mm/mprotect.c:change_protection(); 6.1 to 7.2. VMAs are split first: path_split.c.
 * The order is the whole point: start, clear, end, and only then (tlb_finish_mmu) the frees.
 */
#include "model/errno.h"
#include "model/host_rmap.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

#define HUGE_SIZE	(level_pages(2) * PAGE_SIZE)

/* Pages that an mmu_gather holds */
static pfn_t gather_page(const struct machine *m, u64 index)
{
	return list_page(m, LIST_GATHER, index);
}

static bool range_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error;
}

static bool unmaps(const struct range_op *op)
{
	return op->kind == RANGE_MUNMAP || op->kind == RANGE_EXIT || op->kind == RANGE_REMAP;
}

static bool takes_mmap_lock(const struct task *t)
{
	return (unmaps(&t->range) && t->range.kind != RANGE_REMAP) ||
	       range_changes_flags(&t->range);
}

/* The rmap walks take no mmap_lock, MADV_DONTNEED takes it for reading. */
enum step_result range_lock(struct machine *m, struct task *t)
{
	struct lock *lock = &current_mm(m)->mmap_lock;
	bool got = true;

	if (t->range.kind == RANGE_DONTNEED)
		got = lock_try_read(m, lock);
	else if (takes_mmap_lock(t))
		got = lock_try_write(m, lock);
	if (!got)
		return STEP_BLOCKED;
	t->range.at = t->range.start;
	return STEP_NEXT;
}

static enum step_result split_vmas(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	if (!vma_split(m, op->start) || !vma_split(m, op->end))
		op->error = -ENOMEM;
	return STEP_NEXT;
}

static bool is_munmap(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error && unmaps(&t->range);
}

/* Nobody faults into what is being unmapped: its VMAs are gone before mmap_lock is shared again. */
static enum step_result detach_vmas(struct machine *m, struct task *t)
{
	struct lock *lock = &current_mm(m)->mmap_lock;

	for (;;) {
		struct vma *vma = vma_find_from(m, t->range.start);

		if (!vma || vma->start >= t->range.end)
			break;
		if (vma->kind == VMA_HUGETLB) {
			hugetlb_remember(m, t, vma);
			t->range.hugetlb = true;
		}
		vma_remove(m, vma);
		t->range.detached = true;
	}
	if (t->range.detached && t->range.kind != RANGE_REMAP)
		lock_downgrade(m, lock);
	return STEP_NEXT;
}

/* The part of @vma that maps pages [index, index + pages) of the object; false: none. */
static bool object_part(const struct vma *vma, const struct range_op *op, hva_t *start, hva_t *end)
{
	u64 first = vma->index, last = vma->index + ((vma->end - vma->start) >> PAGE_SHIFT);
	u64 from = op->index > first ? op->index : first;
	u64 to = op->index + op->pages < last ? op->index + op->pages : last;

	if (!vma->used || vma->kind != op->backing || vma->object != op->object || from >= to)
		return false;
	*start = vma->start + ((from - first) << PAGE_SHIFT);
	*end = vma->start + ((to - first) << PAGE_SHIFT);
	return true;
}

static u8 mm_of_vma(const struct machine *m, const struct vma *vma)
{
	return vma < m->w->mm[1].vma ? 0 : 1;
}

/* vma_interval_tree_insert_after(): a child's copy is behind what it is a copy of. */
static u8 place_in_tree(const struct machine *m, const struct vma *vma)
{
	return vma->used * MAX_MMS + mm_of_vma(m, vma);
}

/* vma_interval_tree_foreach(): by vm_pgoff; after op->at and op->vma, the last one. */
static const struct vma *next_in_tree(const struct machine *m, const struct range_op *op,
				      hva_t *start, hva_t *end)
{
	const struct vma *best = NULL;

	for (unsigned i = 0; i < MAX_MMS * MAX_VMAS; i++) {
		const struct vma *vma = &m->w->mm[i / MAX_VMAS].vma[i % MAX_VMAS];

		if (!object_part(vma, op, start, end) || vma->index < op->at ||
		    (vma->index == op->at && place_in_tree(m, vma) <= op->vma))
			continue;
		if (!best || vma->index < best->index ||
		    (vma->index == best->index &&
		     place_in_tree(m, vma) < place_in_tree(m, best)))
			best = vma;
	}
	return best && object_part(best, op, start, end) ? best : NULL;
}

const struct vma *rmap_next(struct machine *m, struct task *t, hva_t *start, hva_t *end)
{
	const struct vma *vma = next_in_tree(m, &t->range, start, end);

	t->mm = vma ? mm_of_vma(m, vma) : 0;
	if (vma) {
		t->range.at = vma->index;
		t->range.vma = place_in_tree(m, vma);
	}
	return vma;
}

/*
 * madvise_walk_vmas(): a hole is skipped, and -ENOMEM in the end; can_madv_lru_vma(): VM_PFNMAP
 * (and VM_LOCKED, hugetlb) ends the walk with -EINVAL.
 */
static bool refuses_dontneed(struct range_op *op, const struct vma *vma)
{
	if (!vma || op->at < vma->start)
		op->hole = true;
	if (!vma || vma->start >= op->end)
		return true;
	if (op->kind == RANGE_DONTNEED && (vma->flags & (VM_PFNMAP | VM_LOCKED)))
		op->error = -EINVAL;
	return op->error;
}

/* A hole in hugetlb: until 6.2 by __unmap_hugepage_range() alone, which says UNMAP. */
static bool hugetlb_hole_unmaps(const struct machine *m, const struct range_op *op)
{
	return op->backing == VMA_HUGETLB && m->sem->traits.hugetlb_zap_notifies;
}

/* The next stretch that gets a notification of its own, in t->notify; false: that was all. */
static bool next_piece(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	hva_t start, end;

	if (unmaps(op)) {		/* unmap_vmas(): one for the whole range */
		if (op->at >= op->end || !op->detached)
			return false;
		start = op->start;
		end = op->end;
		op->at = op->end;
	} else if (op->kind == RANGE_DONTNEED) {
		const struct vma *vma = vma_find_from(m, op->at);

		if (op->at >= op->end || refuses_dontneed(op, vma))
			return false;
		start = op->at > vma->start ? op->at : vma->start;
		end = vma->end < op->end ? vma->end : op->end;
		op->at = end;
		op->hugetlb = vma->kind == VMA_HUGETLB;
		if (op->hugetlb && op->kind == RANGE_DONTNEED)
			op->error = hugetlb_dontneed(m, vma, start, &end);
		if (op->error)
			return false;
		if (end <= start)
			return next_piece(m, t);
	} else {				/* unmap_mapping_range(): each VMA of the file */
		if (!rmap_next(m, t, &start, &end))
			return false;
	}
	t->notify = (struct notify){ .start = start, .end = end, .event =
				     unmaps(op) || hugetlb_hole_unmaps(m, op) ? NOTIFY_UNMAP :
				     NOTIFY_CLEAR };
	return true;
}

static enum step_result begin_piece(struct machine *m, struct task *t)
{
	if (!next_piece(m, t)) {
		t->range.piece_end = 0;
		return STEP_NEXT;
	}
	if (t->range.backing != VMA_HUGETLB)
		lru_drain(m);	/* unmap_region(), zap_page_range_single() */
	t->range.piece_start = t->notify.start;
	t->range.piece_end = t->notify.end;
	return STEP_CALL;
}

static bool has_piece(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

/* Its D and A go to struct page; and a dirty one is not kept past the PTE lock's end. */
static void leave_file_page(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	if (leaf->entry & PTE_DIRTY) {
		page_set_dirty(m, pt_pfn(leaf->entry));
		t->range.force_flush |= leaf->level == 1;
	}
	if ((leaf->entry & PTE_ACCESSED) && (leaf->level == 1 || m->sem->traits.zap_pmd_marks))
		m->sem->ops.mark_accessed(m, pt_pfn(leaf->entry));
}

/* mm_counter(): a page that has been freed is no anonymous page any more. */
static bool rss_differs(struct machine *m, pfn_t head)
{
	return page_is(m, head, PG_FREE) ||
	       (page_is(m, head, PG_REUSED) && !page_is(m, head, PG_ANON));
}

/* should_zap_page(), should_zap_cows(): what says that a page is poisoned is no file's, either. */
static bool is_private(struct machine *m, const struct pt_leaf *leaf)
{
	if (leaf->swap & (PTE_SWAPPED | PTE_HWPOISON))
		return true;
	return (leaf->swap || leaf_is_normal(leaf)) &&
	       page_is(m, pt_pfn(leaf->swap ? leaf->swap : leaf->entry), PG_ANON);
}

/* zap_install_uffd_wp_if_needed(): what is zapped of a file stays protected. */
static u64 zapped_entry(const struct task *t, const struct vma *vma, const struct pt_leaf *leaf)
{
	bool is_wp = (leaf->entry | leaf->swap) & PTE_UFFD_WP;

	return is_wp && vma && vma->kind == VMA_FILE && (vma->flags & VM_UFFD_WP) &&
	       !t->range.drops_markers ? PTE_MARKER | PTE_UFFD_WP : 0;
}

/*
 * zap_pte_range(): normal pages leave their rmap and wait in the mmu_gather; what stands for a
 * page is dropped.
 */
static enum step_result clear_ptes(struct machine *m, struct task *t)
{
	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_next_used(m, at, t->notify.end);
		pfn_t pfn = pt_pfn(leaf.entry);

		if (!leaf.present && !leaf.swap)
			break;
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
		if (t->range.keeps_cows && is_private(m, &leaf))
			continue;
		if (leaf_is_counted(m, &leaf)) {
			if (rss_differs(m, page_head(m, pfn)))
				current_mm(m)->bad_rss = true;
			page_hand_over(m, pfn, HOLD_PTE, HOLD_MM);
			m->phys->store(m->phys, gather_page(m, t->range.gathered),
				       t->range.gathered % WORDS_PER_PAGE, pfn);
			t->range.gathered++;
			if (page_is(m, page_head(m, pfn), PG_MLOCKED) &&
			    current_mm(m) == &m->w->mm[VM_MM])	/* a child's are not locked */
				page_munlock(m, page_head(m, pfn));
			if (page_is(m, pfn, PG_HUGETLB))
				hugetlb_zapped(m, t, &leaf);
			else if (!page_is(m, pfn, PG_ANON))
				leave_file_page(m, t, &leaf);
		}
		if (leaf.swap & PTE_SWAPPED)
			swap_free_and_cache(m, pt_pfn(leaf.swap));
		at = leaf.first << PAGE_SHIFT;
		host_set_leaf(m, at, leaf.level, zapped_entry(t, vma_find(m, at), &leaf));
		at += level_pages(leaf.level) << PAGE_SHIFT;
		if (leaf.level == 2 && leaf.present)
			thp_pmd_gone(m, pfn, false);
	}
	return STEP_NEXT;
}

bool range_drops_pages(const struct machine *m, const struct task *t)
{
	return has_piece(m, t) && t->range.kind == RANGE_DONTNEED;
}

/* Of each 2M that is dropped as a whole; what is there is zapped, and so it is empty. */
enum step_result reclaim_tables(struct machine *m, struct task *t)
{
	u64 size = level_pages(2) * PAGE_SIZE;

	for (hva_t at = (t->notify.start + size - 1) & ~(size - 1); at + size <= t->notify.end;
	     at += size)
		if (host_has_table(m, at))
			host_free_table(m, at);
	return STEP_NEXT;
}

static void put_page_and_swap(struct machine *m, pfn_t pfn)
{
	swap_free_cache(m, page_head(m, pfn));
	page_put(m, pfn, HOLD_MM);
}

/* free_pages_and_swap_cache() */
static void put_gathered(struct machine *m, struct task *t)
{
	if (t->range.gathered)
		lru_drain(m);
	for (u64 i = 0; i < t->range.gathered; i++)
		put_page_and_swap(m, m->phys->load(m->phys, gather_page(m, i), i % WORDS_PER_PAGE));
	for (u64 i = 0; i < t->range.gathered; i += WORDS_PER_PAGE)
		m->phys->clear(m->phys, gather_page(m, i));
	t->range.gathered = 0;
}

static bool must_flush(const struct machine *m, const struct task *t)
{
	return has_piece(m, t) && t->range.force_flush;
}

/* tlb_flush_mmu(), before the notifier hears the end. SIMPLIFIED: for all PTE tables at once. */
static enum step_result flush_dirty(struct machine *m, struct task *t)
{
	put_gathered(m, t);
	t->range.force_flush = false;
	return STEP_NEXT;
}

/* tlb_finish_mmu() */
static enum step_result free_gathered(struct machine *m, struct task *t)
{
	put_gathered(m, t);
	t->range.zapped = 0;
	return STEP_BACK;
}

enum step_result range_unlock(struct machine *m, struct task *t)
{
	if (t->range.kind == RANGE_EXIT) {
		host_free_all_tables(m);
		current_mm(m)->used = false;
	}
	if ((t->range.kind == RANGE_MUNMAP || t->range.kind == RANGE_REMAP) && !t->range.error)
		host_free_tables(m, t->range.start, t->range.end);
	if (unmaps(&t->range)) {		/* remove_vma() > fput() */
		cache_evict_unmapped(m);
		hugetlb_close_detached(m, t);
	}
	if (t->range.kind == RANGE_DONTNEED && t->range.hole && !t->range.error)
		t->range.error = -ENOMEM;
	if (t->range.kind == RANGE_REMAP)
		return STEP_NEXT;
	if (t->range.kind == RANGE_DONTNEED || t->range.detached)
		lock_release_read(m, &current_mm(m)->mmap_lock);
	else if (takes_mmap_lock(t))
		lock_release_write(m, &current_mm(m)->mmap_lock);
	return STEP_NEXT;
}

/* munmap()'s way; MADV_DONTNEED and unmap_mapping_range() come by zap_page_range_single(). */
#define UNMAP "unmap_vmas > unmap_single_vma > unmap_page_range"

const struct step path_unmap[] = {
	STEP(range_lock, .chain = "mmap_write_lock_killable / mmap_read_lock"),
	STEP(split_notify, .when = may_split, .calls = PATH_NOTIFY_START, .to = "split_notify",
	     .chain = "__split_vma > split_huge_pmd_address"),
	STEP(split_pmd, .when = split_is_open, .calls = PATH_NOTIFY_END, .to = "split_notify",
	     .chain = "__split_vma > split_huge_pmd_address"),
	STEP(split_vmas, .when = is_munmap, .chain = "__split_vma"),
	STEP(detach_vmas, .when = is_munmap, .chain = "do_mas_align_munmap > mmap_write_downgrade"),
	STEP(begin_piece, .when = range_ok, .calls = PATH_NOTIFY_START,
	     .chain = "unmap_vmas / zap_page_range_single"),
	STEP(begin_cut, .when = piece_cuts_pmd, .calls = PATH_NOTIFY_START,
	     .chain = UNMAP " > __split_huge_pmd"),
	STEP(cut_pmd, .when = cut_is_open, .calls = PATH_NOTIFY_END,
	     .chain = UNMAP " > __split_huge_pmd"),
	STEP(end_cut, .when = cut_is_open, .to = "begin_cut", .chain = UNMAP),
	STEP(begin_hugetlb_zap, .when = hugetlb_zap_begins, .calls = PATH_NOTIFY_START,
	     .chain = UNMAP " > __unmap_hugepage_range"),
	STEP(clear_ptes, .when = hugetlb_left_ptes, .chain = UNMAP " > zap_pte_range"),
	STEP_AS(end_hugetlb_zap, enter_path, .when = hugetlb_zap_is_open, .calls = PATH_NOTIFY_END,
		.chain = UNMAP " > __unmap_hugepage_range"),
	STEP(after_hugetlb_zap, .when = hugetlb_zap_is_open, .to = "begin_hugetlb_zap",
	     .chain = UNMAP),
	STEP(flush_dirty, .when = must_flush, .chain = UNMAP " > zap_pte_range > tlb_flush_mmu"),
	STEP_AS(end_piece, enter_path, .when = has_piece, .calls = PATH_NOTIFY_END,
		.chain = "unmap_vmas / zap_page_range_single"),
	STEP(free_gathered, .when = has_piece, .to = "begin_piece", .chain = "tlb_finish_mmu"),
	STEP(range_unlock),
	{ 0 }
};

/* ---- mprotect() ---- */

/* change_pmd_range(): the notifier hears only if there is a populated PMD, since 6.12 a PUD. */
bool protect_first_populated(struct machine *m, hva_t *start, hva_t end)
{
	bool by_pud = m->sem->traits.protect_notifies_pud;
	u64 size = by_pud ? level_pages(3) * PAGE_SIZE : HUGE_SIZE;

	while (*start < end && !(by_pud ? host_has_pmds(m, *start) || host_leaf(m, *start).present :
				 host_has_table(m, *start) || host_leaf(m, *start).present))
		*start = (*start & ~(size - 1)) + size;
	return *start < end;
}

/*
 * mprotect_fixup() of the next VMA; one whose flags stay as they are is skipped.
 * SIMPLIFIED: one notification for a VMA, not for each 1G of it.
 */
static enum step_result begin_protect(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	op->piece_end = 0;
	while (op->at < op->end) {
		struct vma *vma = vma_find(m, op->at);
		hva_t start = op->at;
		bool is_hugetlb;
		u32 flags;

		if (!vma) {
			op->error = -ENOMEM;
			return STEP_NEXT;
		}
		flags = range_new_flags(m, vma, op);
		op->at = vma->end < op->end ? vma->end : op->end;
		if (flags == vma->flags)
			continue;
		protect_locked(t, vma, flags);
		vma->flags = flags;
		is_hugetlb = vma->kind == VMA_HUGETLB;
		vma_merge(m, vma);
		if (!is_hugetlb && !protect_first_populated(m, &start, op->at)) {
			if (protect_populates(m, t))
				return STEP_NEXT;
			continue;
		}
		t->notify = (struct notify){ .start = start, .end = op->at,
					     .event = NOTIFY_PROTECTION_VMA };
		op->piece_start = start;
		op->piece_end = op->at;
		return STEP_CALL;
	}
	return STEP_NEXT;
}

/*
 * can_change_pte_writable(), which is not asked of a shared VMA without page_mkwrite or
 * pfn_mkwrite: soft dirty bits and uffd-wp do not count, as vma_wants_writenotify() sees the old
 * vm_page_prot.
 */
bool may_regain_write(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	bool dirty = leaf->entry & (PTE_DIRTY | PTE_SAVED_DIRTY);

	if (!(vma->flags & VM_WRITE) || (leaf->entry & PTE_SOFT_CLEAN) ||
	    leaf_is_uffd_wp(vma, leaf))
		return false;
	if (!dirty && ((vma->flags & VM_SHARED) || !m->sem->traits.protect_clean_writable))
		return false;
	if (vma->flags & VM_SHARED)
		return vma_has_mkwrite(vma);
	return leaf_is_normal(leaf) && page_is(m, pt_pfn(leaf->entry), PG_EXCLUSIVE);
}

/* pte_modify(), pmd_modify(): what _COMMON_PAGE_CHG_MASK has stays (x86, 6.1). */
u64 protected_entry(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	u64 keep = PT_ADDR_MASK | PTE_SPECIAL | PTE_DEVMAP | PTE_HUGE | PTE_ACCESSED |
		   PTE_DIRTY | PTE_SOFT_CLEAN | PTE_UFFD_WP;
	u64 entry = (leaf->entry & keep) | (vma_prot_bits(vma) & ~PTE_ACCESSED);

	if (leaf->level == 2 && m->sem->traits.protect_pmd_cleans && vma->kind != VMA_HUGETLB &&
	    ((leaf->entry & PTE_WRITE) || !(leaf->entry & PTE_PRESENT)))
		entry &= ~PTE_DIRTY;
	if (vma->kind == VMA_HUGETLB ||
	    (leaf->level == 2 && !m->sem->traits.protect_pmd_writable))
		return vma->flags & VM_SHARED ? entry : entry & ~PTE_WRITE;

	return entry | (may_regain_write(m, vma, leaf) ? PTE_WRITE : 0);
}

static enum step_result change_ptes(struct machine *m, struct task *t)
{
	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_next_leaf(m, at, t->notify.end);
		hva_t hva = leaf.first << PAGE_SHIFT;

		if (!leaf.present)
			break;
		host_set_leaf(m, hva, leaf.level,
			      protected_entry(m, vma_find(m, hva), &leaf));
		at = hva + level_pages(leaf.level) * PAGE_SIZE;
	}
	return STEP_NEXT;
}

static bool protect_goes_on(const struct machine *m, const struct task *t)
{
	return range_ok(m, t) && t->range.at < t->range.end;
}

#define PROTECT "do_mprotect_pkey > mprotect_fixup > change_protection"

const struct step path_protect[] = {
	STEP(range_lock, .chain = "do_mprotect_pkey"),
	STEP(split_notify, .when = may_split, .calls = PATH_NOTIFY_START, .to = "split_notify",
	     .chain = "do_mprotect_pkey > __split_vma > split_huge_pmd_address"),
	STEP(split_pmd, .when = split_is_open, .calls = PATH_NOTIFY_END, .to = "split_notify",
	     .chain = "do_mprotect_pkey > __split_vma > split_huge_pmd_address"),
	STEP(protect_vmas, .chain = "do_mprotect_pkey > mprotect_fixup"),
	STEP(begin_protect, .when = range_ok, .calls = PATH_NOTIFY_START, .chain = PROTECT),
	STEP(change_ptes, .when = has_piece, .chain = PROTECT " > change_pte_range"),
	STEP_AS(end_protect, enter_path, .when = has_piece, .calls = PATH_NOTIFY_END,
		.chain = PROTECT),
	STEP(protect_populate, .when = protect_populates, .calls = PATH_POPULATE,
	     .chain = "do_mprotect_pkey > mprotect_fixup > populate_vma_page_range"),
	STEP_AS(protect_next, go_back, .when = protect_goes_on, .to = "begin_protect",
		.chain = "do_mprotect_pkey > mprotect_fixup"),
	STEP(range_unlock),
	{ 0 }
};
