/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_fork.c: fork() gives a child the same pages, and takes W from both; the child's exit.
 *
 * Linux: kernel/fork.c:dup_mmap(), mm/memory.c:copy_page_range(), mm/mmap.c:exit_mmap(), 5.12 to
 * 7.2. The parent hears of it VMA by VMA; the child's mm has no users of its notifier, so that
 * whatever the child does to its own tables goes unheard. What its faults do to shared pages does
 * not matter to the parent: its own PTEs stay.
 */
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"

static enum step_result fork_lock(struct machine *m, struct task *t)
{
	if (!lock_try_write(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	t->range.at = 0;
	return STEP_NEXT;
}

static bool is_cow_mapping(const struct vma *vma)
{
	return !(vma->flags & VM_SHARED);
}

/* vma_needs_copy(): what a fault can fill again is left out. */
static bool needs_copy(const struct vma *vma)
{
	return (vma->flags & (VM_PFNMAP | VM_MIXEDMAP)) || vma->anon;
}

static void add_to_child(struct machine *m, const struct vma *vma)
{
	struct vma *copy;

	m->mm = CHILD_MM;
	copy = vma_add(m, vma);
	m->mm = VM_MM;
	assert(copy);
	if (vma->flags & VM_WIPEONFORK)
		copy->anon = 0;
	if (vma->kind == VMA_HUGETLB)
		hugetlb_disown(copy);
	copy->flags &= ~(VM_LOCKED | VM_UFFD);	/* dup_userfaultfd() without EVENT_FORK */
	copy->used = vma->used;		/* vma_interval_tree_insert_after() */
}

/* dup_mmap() of the next VMA; copy_page_range() tells of those that lose W. */
static enum step_result dup_vma(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma = vma_find_from(m, op->at);

	op->piece_end = 0;
	if (!vma)
		return STEP_NEXT;
	op->at = vma->end;
	if (vma->flags & VM_DONTCOPY)
		return STEP_BACK;
	add_to_child(m, vma);
	if (!needs_copy(vma) || (vma->flags & VM_WIPEONFORK))
		return STEP_BACK;
	t->notify = (struct notify){ .start = vma->start, .end = vma->end,
				     .event = vma->kind == VMA_HUGETLB ? NOTIFY_CLEAR :
							    NOTIFY_PROTECTION_PAGE };
	op->piece_start = vma->start;
	op->piece_end = vma->end;
	return is_cow_mapping(vma) ? STEP_CALL : STEP_NEXT;
}

static bool copies(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

static bool copies_cow(const struct machine *m, const struct task *t)
{
	return copies(m, t) && is_cow_mapping(vma_find((struct machine *)m, t->notify.start));
}

static hva_t leaf_end(const struct pt_leaf *leaf)
{
	return (leaf->first + level_pages(leaf->level)) << PAGE_SHIFT;
}

static void set_child_leaf(struct machine *m, hva_t hva, unsigned level, u64 entry)
{
	m->mm = CHILD_MM;
	host_set_leaf(m, hva, level, entry);
	m->mm = VM_MM;
}

/* folio_try_dup_anon_rmap_pte() refuses a pinned page: the child gets its copy at once. */
static bool must_copy_now(struct machine *m, pfn_t pfn)
{
	return page_is(m, pfn, PG_ANON | PG_EXCLUSIVE) && page_maybe_pinned(m, pfn);
}

/* copy_present_page(), which is tried again with a page once it has found that it needs one */
static void copy_pinned_page(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	pfn_t copy;

	page_get(m, pfn, HOLD_MM);
	page_put(m, pfn, HOLD_MM);
	copy = anon_alloc(m, hva);
	page_get(m, pfn, HOLD_MM);
	page_put(m, pfn, HOLD_MM);
	page_copy(m, copy, pfn);
	page_add_lru(m, copy);
	set_child_leaf(m, hva, 1, anon_entry(vma, copy, vma->flags & VM_WRITE) | PTE_DIRTY);
}

/* copy_hugetlb_page_range(); nobody has been promised the child's page. */
static void copy_pinned_hugetlb(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	pfn_t copy = hugetlb_take(m, hugetlb_level(vma), false);

	assert(copy != NO_PFN);		/* sim/event_limits.c */
	page_get(m, pfn, HOLD_MM);
	page_copy_folio(m, copy, pfn);
	page_put(m, pfn, HOLD_MM);
	page_hand_over(m, copy, HOLD_OWNER, HOLD_PTE);
	page_of(m, copy)->flags |= PG_ANON | PG_EXCLUSIVE;
	set_child_leaf(m, hva, hugetlb_level(vma),
		       anon_entry(vma, copy, vma->flags & VM_WRITE) | PTE_DIRTY | PTE_HUGE);
}

/* copy_present_pte(); copy_huge_pmd() of what is special, copy_huge_pud() */
static void copy_pte(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	hva_t hva = leaf->first << PAGE_SHIFT;
	u64 entry = leaf->entry & ~(PTE_ACCESSED | PTE_UFFD_WP);
	pfn_t pfn = pt_pfn(leaf->entry);

	if (leaf_is_normal(leaf) && must_copy_now(m, pfn)) {
		if (vma->kind == VMA_HUGETLB)
			copy_pinned_hugetlb(m, vma, hva, pfn);
		else
			copy_pinned_page(m, vma, hva, pfn);
		return;
	}
	if (leaf_is_counted(m, leaf)) {
		page_get(m, pfn, HOLD_PTE);
		page_of(m, pfn)->flags &= ~(u32)PG_EXCLUSIVE;
	}
	if (is_cow_mapping(vma) && (entry & PTE_WRITE)) {
		host_set_leaf(m, hva, leaf->level, leaf->entry & ~PTE_WRITE);
		entry &= ~PTE_WRITE;
	}
	if (vma->flags & VM_SHARED)
		entry &= ~PTE_DIRTY;
	if (leaf->level > 1 && (leaf->entry & PTE_SPECIAL) && vma->kind == VMA_DEVICE)
		entry = leaf->level == 2 ? leaf->entry : leaf->entry & ~PTE_ACCESSED;
	set_child_leaf(m, hva, leaf->level, entry);
}

/*
 * copy_nonpresent_pte(): both name the slot, or wait for the page, and neither has it alone any
 * more. Markers are a userfaultfd's, which the child has not got.
 */
static void copy_entry(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	hva_t hva = leaf->first << PAGE_SHIFT;
	u64 entry = leaf->swap;

	if (leaf_is_marker(leaf))
		return;
	if (entry & PTE_SWAPPED)
		swap_dup(m, pt_pfn(entry));
	if (is_cow_mapping(vma) && (entry & (PTE_SWAPPED | PTE_MIGRATION)))
		entry &= ~(PTE_WRITE | PTE_SWP_EXCLUSIVE);
	if (entry != leaf->swap)
		host_set_leaf(m, hva, leaf->level, entry);
	set_child_leaf(m, hva, leaf->level, entry & ~PTE_UFFD_WP);
}

/* copy_huge_pmd() leaves a file's to a fault, and huge PFN leaves, until they are special. */
static bool copies_leaf(const struct machine *m, const struct vma *vma,
			const struct pt_leaf *leaf)
{
	return leaf->level == 1 || vma->kind == VMA_ANON || vma->kind == VMA_HUGETLB ||
	       (m->sem->traits.pfnmap_huge && vma->kind != VMA_FILE);
}

/* folio_try_dup_anon_rmap_pmd() refuses 2M of which a page may be pinned: they are split first. */
static bool splits_first(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	return leaf->level == 2 && vma->kind == VMA_ANON && leaf_is_normal(leaf) &&
	       must_copy_now(m, pt_pfn(leaf->entry));
}

static void copy_leaf(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	if (leaf->swap)
		copy_entry(m, vma, leaf);
	else if (copies_leaf(m, vma, leaf))
		copy_pte(m, vma, leaf);
}

/* copy_pte_range(), copy_huge_pmd(), which may have to be split, with a notification of its own */
static enum step_result copy_ptes(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma = vma_find(m, op->piece_start);
	struct pt_leaf leaf;

	for (; op->piece_start < op->piece_end; op->piece_start = leaf_end(&leaf)) {
		leaf = host_next_used(m, op->piece_start, op->piece_end);
		if (!leaf.present && !leaf.swap)
			break;
		if (leaf.present && splits_first(m, vma, &leaf)) {
			t->outer = t->notify;
			thp_notify(t, leaf.first << PAGE_SHIFT);
			op->split = true;
			return STEP_CALL;
		}
		copy_leaf(m, vma, &leaf);
	}
	return STEP_NEXT;
}

static bool splits_pinned(const struct machine *m, const struct task *t)
{
	return copies(m, t) && t->range.split;
}

static enum step_result split_pinned(struct machine *m, struct task *t)
{
	pmd_split(m, t->notify.start);
	return STEP_CALL;
}

static enum step_result end_pinned(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = t->outer;
	t->range.split = false;
	return STEP_BACK;
}

static enum step_result fork_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &current_mm(m)->mmap_lock);
	m->w->mm[CHILD_MM].used = true;
	return STEP_DONE;
}

#define DUP	"copy_process > dup_mm > dup_mmap"

const struct step path_fork[] = {
	STEP(fork_lock, .chain = DUP),
	STEP(dup_vma, .calls = PATH_NOTIFY_START, .to = "dup_vma",
	     .chain = DUP " > copy_page_range"),
	STEP(copy_ptes, .when = copies, .calls = PATH_NOTIFY_START,
	     .chain = DUP " > copy_page_range > copy_pte_range"),
	STEP(split_pinned, .when = splits_pinned, .calls = PATH_NOTIFY_END,
	     .chain = DUP " > copy_page_range > copy_huge_pmd > __split_huge_pmd"),
	STEP(end_pinned, .when = splits_pinned, .to = "copy_ptes",
	     .chain = DUP " > copy_page_range > copy_huge_pmd"),
	STEP_AS(end_fork_vma, enter_path, .when = copies_cow, .calls = PATH_NOTIFY_END,
		.chain = DUP " > copy_page_range"),
	STEP_AS(next_fork_vma, go_back, .when = copies, .to = "dup_vma"),
	STEP(fork_unlock, .chain = DUP),
	{ 0 }
};
