/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_advise.c: the advices that VMAs keep (MADV_HUGEPAGE, _MERGEABLE, _DONTFORK, _WIPEONFORK and
 * their opposites), and the collapse of small pages into one of 2M.
 *
 * Linux: mm/madvise.c, mm/huge_memory.c:hugepage_madvise(), mm/khugepaged.c:madvise_collapse(),
 * collapse_huge_page(); 6.1 to 7.2. Whether khugepaged finds a range worth it is the caller's
 * choice; it and MADV_COLLAPSE do the same from there on. Anonymous memory only.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

static bool range_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error;
}

/* madvise_vma_behavior(): what a driver maps stays with a fork; files are never wiped. */
static bool refuses(const struct vma *vma, u8 advice)
{
	if (advice == ADVISE_DOFORK)
		return vma->flags & VM_IO;
	return advice == ADVISE_WIPEONFORK && (vma->kind != VMA_ANON || (vma->flags & VM_SHARED));
}

/* The first VMA that may not be advised so ends the range: what is before it is advised. */
static enum step_result find_refusal(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma;

	for (hva_t at = op->start; at < op->end; at = vma->end) {
		vma = vma_find_from(m, at);
		if (!vma || vma->start >= op->end)
			break;
		if (!refuses(vma, op->prot))
			continue;
		op->refused = true;
		op->end = vma->start > op->start ? vma->start : op->start;
		break;
	}
	if (op->refused && op->end == op->start)
		op->error = -EINVAL;
	return STEP_NEXT;
}

static bool unmerges(const struct machine *m, const struct task *t)
{
	return t->range.prot == ADVISE_UNMERGEABLE && range_ok(m, t);
}

/* ksm_madvise(), before the VMAs are split. SIMPLIFIED: of all VMAs at once. */
static enum step_result unmerge_range(struct machine *m, struct task *t)
{
	(void)m;
	t->ksm = (struct ksm_op){ .at = t->range.start, .end = t->range.end,
				  .caller_locks = true };
	return STEP_CALL;
}

/* madvise_walk_vmas(): a hole is skipped, and -ENOMEM in the end. */
static enum step_result advise_vmas(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	struct vma *vma;

	if (!split_if_changed(m, op, op->start) || !split_if_changed(m, op, op->end)) {
		op->error = -ENOMEM;
		return STEP_NEXT;
	}
	for (hva_t at = op->start; at < op->end; ) {
		u32 flags;

		vma = vma_find_from(m, at);
		if (!vma || vma->start > at)
			op->error = -ENOMEM;
		if (!vma || vma->start >= op->end)
			break;
		at = vma->end;
		flags = range_new_flags(m, vma, op);
		if (flags == vma->flags)
			continue;
		vma->flags = flags;
		vma_merge(m, vma);
	}
	if (op->refused)
		op->error = -EINVAL;
	return STEP_NEXT;
}

const struct step path_advise[] = {
	STEP(range_lock, .chain = "do_madvise"),
	STEP(find_refusal, .chain = "do_madvise > madvise_vma_behavior"),
	STEP(unmerge_range, .when = unmerges, .calls = PATH_KSM_UNMERGE,
	     .chain = "do_madvise > ksm_madvise"),
	STEP(split_notify, .when = may_split, .calls = PATH_NOTIFY_START, .to = "split_notify",
	     .chain = "do_madvise > __split_vma > split_huge_pmd_address"),
	STEP(split_pmd, .when = split_is_open, .calls = PATH_NOTIFY_END, .to = "split_notify",
	     .chain = "do_madvise > __split_vma > split_huge_pmd_address"),
	STEP(advise_vmas, .when = range_ok, .chain = "do_madvise > hugepage_madvise"),
	STEP(range_unlock),
	{ 0 }
};

/* ---- MADV_COLLAPSE, khugepaged ---- */

/* hugepage_vma_check(): the sysfs setting does not matter; small VMAs never. */
static bool may_collapse(const struct vma *vma, bool daemon)
{
	bool kind = vma && (vma->kind == VMA_ANON ? vma->anon :
			    vma->kind == VMA_FILE && vma->mode == FILE_SHMEM && !daemon);

	return kind && !(vma->flags & VM_NOHUGEPAGE) &&
	       ((vma->start + HPAGE_SIZE - 1) & HPAGE_MASK) + HPAGE_SIZE <= vma->end;
}

/*
 * [op->at, @end) of @vma has no 2M (left). Where the next boundary lies behind the last one, as if
 * there were less than none, this was an error until 7.2.
 */
static void end_of_vma(struct machine *m, struct range_op *op, hva_t start, hva_t end)
{
	if (start > (end & HPAGE_MASK) && !m->sem->traits.collapse_of_nothing && !op->daemon)
		op->error = -EINVAL;
	op->at = end;
}

/*
 * madvise_walk_vmas(), madvise_collapse(): the next 2M that lie in one VMA, from op->at on. Of one
 * VMA all are tried; what has failed there ends the walk, as does a VMA that cannot have them. A
 * hole is skipped.
 */
static bool next_huge_range(struct machine *m, struct range_op *op)
{
	while (op->at < op->end && !op->refused) {
		const struct vma *vma = vma_find_from(m, op->at);
		hva_t at, start, end;

		op->hole |= !vma || vma->start > op->at;
		if (!vma || vma->start >= op->end)
			break;
		at = vma->start > op->at ? vma->start : op->at;
		end = vma->end < op->end ? vma->end : op->end;
		start = (at + HPAGE_SIZE - 1) & HPAGE_MASK;
		if (op->error && op->piece_start < vma->start)
			return false;
		if (!may_collapse(vma, op->daemon)) {
			op->error = -EINVAL;
			return false;
		}
		if (start + HPAGE_SIZE <= end) {
			op->piece_start = start;
			op->at = start + HPAGE_SIZE;
			return true;
		}
		end_of_vma(m, op, start, end);
		if (op->error)
			return false;
	}
	if (op->hole && !op->error)
		op->error = -ENOMEM;
	return false;
}

/* pte_none_or_zero() */
static bool is_hole(const struct machine *m, const struct pt_leaf *leaf)
{
	return !leaf->present || pt_pfn(leaf->entry) == m->w->config.zero_pfn;
}

/* Does it end MADV_COLLAPSE, not only of these 2M? What is not present is read back first. */
static bool pte_ends_collapse(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	if (leaf->swap)
		return false;
	if (is_hole(m, leaf))
		return vma->flags & VM_UFFD;	/* SCAN_EXCEED_NONE_PTE */
	return !(leaf->entry & PTE_UFFD_WP) && leaf_is_normal(leaf) &&
	       !page_is(m, pt_pfn(leaf->entry), PG_ANON);	/* SCAN_PAGE_ANON */
}

/*
 * Of one PTE: 0, or why its page cannot be moved; *@writable if it can be written. What is in swap
 * is in the way when pages are isolated: SCAN_PTE_NON_PRESENT.
 */
static s32 scan_pte(struct machine *m, const struct range_op *op, hva_t hva, bool *writable)
{
	const struct vma *vma = vma_find(m, hva);
	struct pt_leaf leaf = host_leaf(m, hva);
	const struct page *head;

	if (pte_ends_collapse(m, vma, &leaf) || ((leaf.entry | leaf.swap) & PTE_UFFD_WP))
		return -EINVAL;
	if (leaf.swap)
		return op->piece_end ? -EINVAL : 0;
	if (is_hole(m, &leaf))
		return 0;
	if (!leaf_is_normal(&leaf))
		return -EINVAL;		/* SCAN_PAGE_NULL */
	if (leaf.entry & PTE_WRITE)
		*writable = true;
	head = page_of(m, page_head(m, pt_pfn(leaf.entry)));
	if (!(head->flags & PG_LRU) ||
	    head->refcount != head->held[HOLD_PTE] + head->held[HOLD_CACHE])
		return -EAGAIN;		/* SCAN_PAGE_LRU, SCAN_PAGE_COUNT: somebody uses it */
	return 0;
}

/* op->error is that of the last 2M that have failed. */
static bool scan_ptes(struct machine *m, struct range_op *op)
{
	bool writable = m->sem->traits.collapse_read_only;
	hva_t hva = op->piece_start;
	s32 error = 0;

	for (; hva < op->piece_start + HPAGE_SIZE && !error; hva += PAGE_SIZE)
		error = scan_pte(m, op, hva, &writable);
	if (error) {
		struct pt_leaf leaf = host_leaf(m, hva - PAGE_SIZE);

		op->refused = pte_ends_collapse(m, vma_find(m, op->piece_start), &leaf);
	} else if (!writable) {
		error = -EINVAL;	/* SCAN_PAGE_RO */
	}
	if (error)
		op->error = error;
	return !error;
}

/* hpage_collapse_scan_file() has its own way; what is left to do meanwhile is put aside. */
static enum step_result begin_file(struct task *t)
{
	t->file = (struct file_op){ .hva = t->range.piece_start };
	t->outer_range = t->range;
	t->host.page = NO_PFN;
	return STEP_NEXT;
}

static bool collapses_file(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->file.hva;
}

/* madvise_collapse_errno() */
static enum step_result end_file(struct machine *m, struct task *t)
{
	(void)m;
	t->range = t->outer_range;
	if (t->file.error) {
		t->range.error = t->file.error;
		t->range.refused = t->file.ends_collapse;
	}
	t->file.hva = 0;
	return STEP_BACK;
}

/* hpage_collapse_scan_pmd(), under mmap_lock for reading; then alloc_charge_hpage(), without. */
static enum step_result collapse_scan(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	op->piece_end = 0;
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	if (m->sem->traits.no_madvise_collapse && !op->daemon) {
		op->error = -EINVAL;	/* madvise_behavior_valid() */
		return STEP_DONE;
	}
	if (!op->started && !op->daemon)
		lru_drain(m);		/* lru_add_drain_all() */
	op->started = true;
	if (!next_huge_range(m, op))
		return STEP_DONE;
	if (host_leaf(m, op->piece_start).level == 2 && host_leaf(m, op->piece_start).present)
		return STEP_BACK;	/* SCAN_PMD_MAPPED */
	if (vma_find(m, op->piece_start)->kind == VMA_FILE)
		return begin_file(t);
	if (!host_has_table(m, op->piece_start)) {
		op->error = -EINVAL;	/* SCAN_PMD_NULL, SCAN_PMD_NONE; SCAN_NO_PTE_TABLE */
		op->refused = !m->sem->traits.collapse_passes_holes &&
			      host_leaf(m, op->piece_start).level == 2;
		return STEP_BACK;
	}
	if (!scan_ptes(m, op))
		return STEP_BACK;
	op->piece_end = op->piece_start + HPAGE_SIZE;
	t->host.page = thp_alloc(m, op->piece_start);
	return STEP_NEXT;
}

static void give_up(struct machine *m, struct task *t, s32 error)
{
	t->range.error = error;
	t->range.piece_end = 0;
	page_hand_over(m, t->host.page, HOLD_PTE, HOLD_MM);
	page_put(m, t->host.page, HOLD_MM);
}

static bool has_swapped(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	hva_t start = t->range.piece_start;

	for (hva_t at = start; t->range.piece_end && at < start + HPAGE_SIZE; at += PAGE_SIZE)
		if (host_leaf(machine, at).swap)
			return true;
	return false;
}

/* folio_lock_or_retry(): it waits without mmap_lock, and then the collapse is off. */
static bool is_locked(struct machine *m, const struct pt_leaf *leaf)
{
	pfn_t page = leaf->swap & PTE_SWAPPED ? swap_cached(m, pt_pfn(leaf->swap)) : NO_PFN;

	return page != NO_PFN && page_is(m, page_head(m, page), PG_LOCKED);
}

/*
 * __collapse_huge_page_swapin(), under mmap_lock for reading: do_swap_page() of each, as if it was
 * read. SIMPLIFIED: all at once; one that moves is waited for before the first is read.
 */
static enum step_result collapse_swap_in(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	for (hva_t at = op->piece_start; at < op->piece_end; at += PAGE_SIZE)
		if (host_leaf(m, at).swap & PTE_MIGRATION)
			return STEP_BLOCKED;
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	for (hva_t at = op->piece_start; at < op->piece_end; at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, at);

		if (!leaf.swap)
			continue;
		op->refused = swap_is_poisoned(m, &leaf);	/* SCAN_FAIL */
		if (op->refused || is_locked(m, &leaf)) {
			give_up(m, t, op->refused ? -EINVAL : -EAGAIN);
			break;
		}
		t->host.hva = at;
		t->host.write = t->host.unshare = false;
		swap_in(m, t);
	}
	lock_release_read(m, &current_mm(m)->mmap_lock);
	if (!op->piece_end)
		return STEP_BACK;
	lru_drain(m);
	return STEP_NEXT;
}

/* hugepage_vma_revalidate(), under mmap_lock for writing; anon_vma_lock keeps the rmap out. */
static enum step_result collapse_begin(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	if (!lock_try_write(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	if (!may_collapse(vma_find(m, op->piece_start), op->daemon) ||
	    !host_has_table(m, op->piece_start)) {
		lock_release_write(m, &current_mm(m)->mmap_lock);
		give_up(m, t, -EINVAL);
		return STEP_DONE;
	}
	thp_notify(t, op->piece_start);
	return STEP_CALL;
}

/* pmdp_collapse_flush(): the table is taken out, with all that is in it. */
static enum step_result collapse_flush(struct machine *m, struct task *t)
{
	t->range.table = host_take_table(m, t->range.piece_start);
	return STEP_CALL;
}

/* __collapse_huge_page_isolate(): each folio gets a reference, once. */
static void isolate_pages(struct machine *m, hva_t start)
{
	pfn_t last = NO_PFN;

	for (u64 i = 0; i < level_pages(2); i++) {
		struct pt_leaf leaf = host_leaf(m, start + i * PAGE_SIZE);

		if (!leaf.present || !leaf_is_normal(&leaf))
			continue;
		if (page_head(m, pt_pfn(leaf.entry)) != last)
			page_get(m, pt_pfn(leaf.entry), HOLD_MM);
		last = page_head(m, pt_pfn(leaf.entry));
	}
}

/* __collapse_huge_page_copy(): the small page goes back to the LRU, and then loses its mapping. */
static void move_page(struct machine *m, hva_t hva, pfn_t to)
{
	struct pt_leaf leaf = host_leaf(m, hva);
	pfn_t from = pt_pfn(leaf.entry);

	if (!leaf.present)
		return;
	if (leaf_is_normal(&leaf)) {
		page_copy(m, to, from);
		if (!page_is(m, page_head(m, from), PG_HEAD)) {
			page_add_lru(m, from);
			page_put(m, from, HOLD_MM);
		}
	}
	host_set_leaf(m, hva, 1, 0);
	if (!leaf_is_normal(&leaf))
		return;
	page_hand_over(m, from, HOLD_PTE, HOLD_MM);
	swap_free_cache(m, page_head(m, from));		/* free_page_and_swap_cache() */
	page_put(m, from, HOLD_MM);
}

/* Large folios that were isolated go back at the end, all at once. */
static void put_back_large(struct machine *m, const pfn_t *heads, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		page_add_lru(m, heads[i]);
		page_put(m, heads[i], HOLD_MM);
	}
}

enum { MAX_LARGE = 8 };

/* The large folios that PTEs from @start on map, each once. */
static unsigned find_large(struct machine *m, hva_t start, pfn_t *heads)
{
	unsigned nr = 0;

	for (u64 i = 0; i < level_pages(2) && nr < MAX_LARGE; i++) {
		struct pt_leaf leaf = host_leaf(m, start + i * PAGE_SIZE);
		pfn_t head;

		if (!leaf.present || !leaf_is_normal(&leaf))
			continue;
		head = page_head(m, pt_pfn(leaf.entry));
		if (page_is(m, head, PG_HEAD) && (!nr || heads[nr - 1] != head))
			heads[nr++] = head;
	}
	return nr;
}

static void collapse_pages(struct machine *m, hva_t start, pfn_t page)
{
	pfn_t heads[MAX_LARGE];
	unsigned nr = find_large(m, start, heads);

	isolate_pages(m, start);
	for (u64 i = 0; i < level_pages(2); i++)
		move_page(m, start + i * PAGE_SIZE, page + i);
	put_back_large(m, heads, nr);
	free_table(m, host_take_table(m, start));
	thp_map(m, vma_find(m, start), start, page);
}

/* Nobody can get at the old pages any more but who has a reference; one is enough to give up. */
static enum step_result collapse_install(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	host_put_table(m, op->piece_start, op->table);
	if (scan_ptes(m, op)) {
		collapse_pages(m, op->piece_start, t->host.page);
	} else {
		page_hand_over(m, t->host.page, HOLD_PTE, HOLD_MM);
		page_put(m, t->host.page, HOLD_MM);
	}
	lock_release_write(m, &current_mm(m)->mmap_lock);
	return STEP_BACK;
}

static bool collapses(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

#define COLLAPSE "madvise_collapse / khugepaged > collapse_huge_page"

const struct step path_collapse[] = {
	STEP(collapse_scan, .to = "collapse_scan", .chain = "madvise_collapse / khugepaged"),
	STEP_AS(collapse_file, enter_path, .when = collapses_file, .calls = PATH_COLLAPSE_FILE,
		.chain = "madvise_collapse"),
	STEP(end_file, .when = collapses_file, .to = "collapse_scan", .chain = "madvise_collapse"),
	STEP(collapse_swap_in, .when = has_swapped, .to = "collapse_scan",
	     .chain = COLLAPSE " > __collapse_huge_page_swapin"),
	STEP(collapse_begin, .when = collapses, .calls = PATH_NOTIFY_START, .chain = COLLAPSE),
	STEP(collapse_flush, .when = collapses, .calls = PATH_NOTIFY_END,
	     .chain = COLLAPSE " > pmdp_collapse_flush"),
	STEP(collapse_install, .when = collapses, .to = "collapse_scan", .chain = COLLAPSE),
	{ 0 }
};
