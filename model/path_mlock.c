/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_mlock.c: mlock(), munlock(), and the faults that mlock(), MAP_POPULATE, MADV_POPULATE_* and
 * mprotect() take in advance.
 *
 * Linux: mm/mlock.c:do_mlock(), mlock_fixup(), mlock_new_folio(), mm/gup.c:__mm_populate(),
 * populate_vma_page_range(); 6.1 to 7.2. A locked VMA merges with no unlocked one, and
 * MADV_DONTNEED is refused.
 * SIMPLIFIED: a page is locked once, or not at all.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

/* mlock_vma_pages_range() of what is mapped already; what is not comes with populate. */
static void lock_pages(struct machine *m, hva_t start, hva_t end, bool locks)
{
	lru_drain(m);
	for (hva_t at = start; at < end; ) {
		struct pt_leaf leaf = host_next_leaf(m, at, end);

		if (!leaf.present)
			break;
		if (leaf_is_normal(&leaf) && locks)
			page_mlock(m, page_head(m, pt_pfn(leaf.entry)));
		else if (leaf_is_normal(&leaf))
			page_munlock(m, page_head(m, pt_pfn(leaf.entry)));
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
	}
	lru_drain(m);
}

/* apply_vma_lock_flags() > mlock_fixup() of each VMA; one that is to stay as it is is skipped. */
static enum step_result lock_vmas(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	for (hva_t at = op->start; at < op->end; ) {
		struct vma *vma = vma_find(m, at);
		hva_t end;

		if (!vma) {
			op->error = -ENOMEM;
			break;
		}
		end = vma->end < op->end ? vma->end : op->end;
		if (range_new_flags(m, vma, op) != vma->flags) {
			vma->flags = range_new_flags(m, vma, op);
			vma_merge(m, vma);
			lock_pages(m, at, end, op->prot == LOCK_RANGE);
		}
		at = end;
	}
	return STEP_NEXT;
}

static bool is_locked(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error;
}

static bool must_populate(const struct machine *m, const struct task *t)
{
	return is_locked(m, t) && t->range.prot == LOCK_RANGE;
}

static enum step_result populate_locked(struct machine *m, struct task *t)
{
	(void)m;
	t->populate = (struct populate_op){ .at = t->range.start, .end = t->range.end };
	return STEP_CALL;
}

static enum step_result take_populate_error(struct machine *m, struct task *t)
{
	(void)m;
	t->range.error = t->populate.error ? -ENOMEM : 0;	/* __mlock_posix_error_return() */
	return STEP_NEXT;
}

const struct step path_mlock[] = {
	STEP(range_lock, .chain = "do_mlock"),
	STEP(split_notify, .when = may_split, .calls = PATH_NOTIFY_START, .to = "split_notify",
	     .chain = "do_mlock > __split_vma > split_huge_pmd_address"),
	STEP(split_pmd, .when = split_is_open, .calls = PATH_NOTIFY_END, .to = "split_notify",
	     .chain = "do_mlock > __split_vma > split_huge_pmd_address"),
	STEP(protect_vmas, .chain = "do_mlock > apply_vma_lock_flags"),
	STEP(lock_vmas, .when = is_locked, .chain = "do_mlock > apply_vma_lock_flags"),
	STEP(range_unlock),
	STEP(populate_locked, .when = must_populate, .calls = PATH_POPULATE,
	     .chain = "do_mlock > __mm_populate"),
	STEP(take_populate_error, .when = must_populate, .chain = "do_mlock"),
	{ 0 }
};

/* ---- mprotect() of locked memory ---- */

/* mprotect_fixup(): @vma is about to get @flags; a private one that may be written now is COWed. */
void protect_locked(struct task *t, const struct vma *vma, u32 flags)
{
	u32 was = vma->flags & (VM_WRITE | VM_SHARED | VM_LOCKED);
	hva_t start = vma->start > t->range.start ? vma->start : t->range.start;

	t->populate = (struct populate_op){ .locked = true, .ignores_errors = true };
	if (was != VM_LOCKED || !(flags & VM_WRITE))
		return;
	t->populate.at = start;
	t->populate.end = t->range.at;
}

bool protect_populates(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->populate.at < t->populate.end;
}

enum step_result protect_populate(struct machine *m, struct task *t)
{
	(void)m;
	t->host.error = false;
	return STEP_CALL;
}

/* ---- __mm_populate() ---- */

/* madvise_populate() and mprotect_fixup() have it already. */
static bool populate_locks(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->populate.locked && t->frame[t->depth - 2].path != PATH_MADVISE;
}

static enum step_result populate_lock(struct machine *m, struct task *t)
{
	t->host.error = false;
	return lock_try_read(m, &current_mm(m)->mmap_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* To break COW in advance; shared pages are not dirtied for nothing. */
static bool populates_for_writing(const struct vma *vma)
{
	return (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
}

static bool is_ready(const struct pt_leaf *leaf, bool write)
{
	return leaf_is_accessible(leaf) && (!write || (leaf->entry & PTE_WRITE));
}

/* follow_page_pte(): FOLL_TOUCH, and no reference. */
static void touch_page(struct machine *m, const struct pt_leaf *leaf, bool write)
{
	if (!leaf_is_normal(leaf) || leaf->level == 3)	/* follow_huge_pud() touches nothing */
		return;
	if (page_is(m, pt_pfn(leaf->entry), PG_HUGETLB) && !m->sem->traits.gup_touches_hugetlb)
		return;		/* nor does follow_hugetlb_page() */
	if (leaf->level == 2) {
		if (write)	/* touch_pmd() > pmdp_set_access_flags() of x86 */
			host_set_leaf(m, leaf->first << PAGE_SHIFT, 2,
				      leaf->entry | PTE_ACCESSED | PTE_DIRTY);
		return;
	}
	if (write && !(leaf->entry & PTE_DIRTY))
		page_set_dirty(m, pt_pfn(leaf->entry));
	m->sem->ops.mark_accessed(m, page_head(m, pt_pfn(leaf->entry)));
}

static bool populate_writes(const struct populate_op *op, const struct vma *vma)
{
	return op->how == POPULATE_VMA ? populates_for_writing(vma) : op->how == POPULATE_WRITE;
}

/* check_vma_flags(), as -EINVAL for MADV_POPULATE_*; nothing has been done to the VMA. */
static bool refuses_to_populate(const struct populate_op *op, const struct vma *vma)
{
	if (op->how == POPULATE_VMA)
		return false;
	return (vma->flags & (VM_IO | VM_PFNMAP)) ||
	       !(vma->flags & (op->how == POPULATE_WRITE ? VM_WRITE : VM_READ));
}

/* What MADV_POPULATE_* ends with, before the next page; 0: it goes on. */
static s32 populate_refusal(const struct populate_op *op, const struct vma *vma)
{
	if (op->how == POPULATE_VMA || op->at >= op->end)
		return 0;
	if (!vma || vma->start > op->at)
		return -ENOMEM;
	return refuses_to_populate(op, vma) ? -EINVAL : 0;
}

/* The VMA is through, or has refused; MAP_POPULATE goes on with the next one. */
static void leave_vma(struct machine *m, struct populate_op *op, const struct vma *vma, s32 error)
{
	op->at = vma->end;
	if (!(vma->flags & (VM_IO | VM_PFNMAP)))
		lru_drain(m);
	if (!op->ignores_errors)
		op->error = error;
}

/* populate_vma_page_range(): fault until the PTE will do, then the next page. */
static enum step_result populate_page(struct machine *m, struct task *t)
{
	struct populate_op *op = &t->populate;
	const struct vma *vma = vma_find_from(m, op->at);
	struct pt_leaf leaf;
	bool write;

	if (!op->error)
		op->error = populate_refusal(op, vma);
	if (op->error || !vma || vma->start >= op->end || op->at >= op->end)
		return STEP_NEXT;
	op->at = op->at > vma->start ? op->at : vma->start;
	leaf = host_leaf(m, op->at);
	write = populate_writes(op, vma);
	if (vma->flags & (VM_IO | VM_PFNMAP)) {
		leave_vma(m, op, vma, 0);
	} else if (t->host.error || !(vma->flags & (VM_READ | VM_WRITE | VM_EXEC))) {
		leave_vma(m, op, vma, t->host.poisoned && op->how ? -EHWPOISON : -EFAULT);
		t->host.error = false;
	} else if (!is_ready(&leaf, write)) {
		t->host = (struct host_fault){ .hva = op->at, .write = write };
		return STEP_CALL_BACK;
	} else {
		touch_page(m, &leaf, write);
		op->at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
		if (op->at >= vma->end || op->at >= op->end)
			leave_vma(m, op, vma, 0);
	}
	return STEP_BACK;
}

static enum step_result populate_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_DONE;
}

const struct step path_populate[] = {
	STEP(populate_lock, .when = populate_locks, .chain = "mmap_read_lock"),
	STEP(populate_page, .calls = PATH_HOST_FAULT, .to = "populate_page",
	     .chain = "populate_vma_page_range > __get_user_pages"),
	STEP(populate_unlock, .when = populate_locks),
	{ 0 }
};
