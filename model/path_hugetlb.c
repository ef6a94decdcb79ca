/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_hugetlb.c: faults in hugetlb mappings, and what a zap of them is told.
 *
 * Linux: mm/hugetlb.c:hugetlb_no_page(), hugetlb_fault(), hugetlb_wp(), __unmap_hugepage_range();
 * 5.12 to 7.2. There is no zero page, and no way but the pool's.
 */
#include "model/errno.h"
#include "model/hugetlb.h"

#include "model/machine.h"
#include "model/semantics.h"
#include "model/thp.h"

enum huge_state { HUGE_NONE, HUGE_SPLIT, HUGE_COPY, HUGE_COPIED };

static const struct vma *hugetlb_vma(const struct machine *m, const struct task *t)
{
	const struct vma *vma = t->host.error ? NULL :
				vma_find((struct machine *)m, t->host.hva);

	return vma && vma->kind == VMA_HUGETLB ? vma : NULL;
}

static struct pt_leaf leaf_of(const struct machine *m, const struct task *t)
{
	return host_leaf((struct machine *)m, t->host.hva);
}

static bool is_shared(const struct vma *vma)
{
	return vma->flags & VM_SHARED;
}

/* huge_page_mask() */
static hva_t page_start(const struct vma *vma, hva_t hva)
{
	return hva & ~(hugetlb_size(vma) - 1);
}

bool hugetlb_missing(const struct machine *m, const struct task *t)
{
	return hugetlb_vma(m, t) && !leaf_of(m, t).present && !leaf_of(m, t).swap;
}

/* set_huge_ptep_writable(): D is set while W is not, and so in bit 58 (6.6), where it stays. */
static u64 writable(const struct machine *m, u64 entry)
{
	if (!m->sem->traits.saved_dirty)
		return entry | PTE_WRITE | PTE_DIRTY;
	return (entry & ~PTE_DIRTY) | PTE_WRITE | PTE_SAVED_DIRTY;
}

/* The page cache's reference comes on top of the mapping's. */
static pfn_t shared_page(struct machine *m, const struct vma *vma, hva_t hva)
{
	pfn_t page = hugetlb_cached(m, vma, hva);

	if (page != NO_PFN) {
		page_try_get_folio(m, page, HOLD_PTE, 1);
		return page;
	}
	if (hugetlb_is_beyond(m, vma, hva))
		return NO_PFN;
	page = hugetlb_take(m, hugetlb_level(vma), !hugetlb_is_used(m, vma, hva));
	if (page == NO_PFN)
		return page;
	page_hand_over(m, page, HOLD_OWNER, HOLD_PTE);
	hugetlb_hold_cached(m, page);
	hugetlb_use(m, vma, hva, page);
	return page;
}

/* What a mapping without promises has lost to its parent never comes back (SIGBUS). */
static pfn_t private_page(struct machine *m, const struct vma *vma, hva_t hva)
{
	pfn_t page = vma->object == HUGETLB_BEREFT ? NO_PFN :
		     hugetlb_take(m, hugetlb_level(vma), !hugetlb_is_used(m, vma, hva));

	if (page == NO_PFN)
		return page;
	hugetlb_use(m, vma, hva, NO_PFN);
	page_hand_over(m, page, HOLD_OWNER, HOLD_PTE);
	page_of(m, page)->flags |= PG_ANON | PG_EXCLUSIVE;
	return page;
}

/* hugetlb_no_page(): what is cached is locked, and may have had a memory error. */
enum step_result look_up_hugetlb_page(struct machine *m, struct task *t)
{
	const struct vma *vma = hugetlb_vma(m, t);
	pfn_t page = hugetlb_cached(m, vma, page_start(vma, t->host.hva));

	if (page == NO_PFN)
		return STEP_NEXT;
	if (page_is(m, page, PG_LOCKED))
		return STEP_BLOCKED;
	t->host.error = t->host.poisoned = page_is(m, page, PG_HWPOISON);
	return STEP_NEXT;
}

/*
 * hugetlb_vma_lock_read(): since 6.7 MADV_DONTNEED has the lock until the pages are the pool's
 * again: who faults would find none.
 * SIMPLIFIED: MADV_DONTNEED does not wait for who copies a page.
 */
static bool is_being_dropped(const struct machine *m, const struct vma *vma)
{
	bool found = false;

	for (unsigned i = 0; m->sem->traits.hugetlb_zap_locks && i < MAX_TASKS; i++) {
		const struct task *t = &m->w->task[i];

		found |= t->range.kind == RANGE_DONTNEED && t->range.hugetlb &&
			 t->range.piece_end && t->mm == m->mm &&
			 t->range.piece_start >= vma->start && t->range.piece_start < vma->end;
	}
	return found;
}

/* make_huge_pte(), which is writable at once only if shared */
enum step_result map_hugetlb_page(struct machine *m, struct task *t)
{
	struct vma *vma = vma_find(m, t->host.hva);
	hva_t hva = page_start(vma, t->host.hva);
	u64 entry = vma_prot_bits(vma) | PTE_HUGE;
	pfn_t page;

	if (is_being_dropped(m, vma))
		return STEP_BLOCKED;
	if (!is_shared(vma))
		vma_prepare_anon(m, vma);
	page = is_shared(vma) ? shared_page(m, vma, hva) : private_page(m, vma, hva);
	if (page == NO_PFN) {
		t->host.error = t->host.sigbus = true;	/* -ENOSPC */
		return STEP_NEXT;
	}
	if (entry & PTE_WRITE)
		entry |= PTE_DIRTY;
	if (t->host.write && !is_shared(vma))
		entry = writable(m, entry);
	host_set_leaf(m, hva, hugetlb_level(vma), page << PAGE_SHIFT | entry);
	return STEP_NEXT;
}

static bool write_protected(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);

	return hugetlb_vma(m, t) && t->host.write && leaf.present && !(leaf.entry & PTE_WRITE);
}

/* hugetlb_wp(): shared, or the only mapping of an anonymous page */
bool hugetlb_reusable(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	struct pt_leaf leaf = leaf_of(m, t);
	pfn_t page = pt_pfn(leaf.entry);

	return write_protected(m, t) &&
	       (is_shared(hugetlb_vma(m, t)) ||
		(page_is(machine, page, PG_ANON) && page_of(machine, page)->held[HOLD_PTE] == 1));
}

enum step_result reuse_hugetlb_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);
	pfn_t page = pt_pfn(leaf.entry);

	page_get(m, page, HOLD_MM);
	if (page_is(m, page, PG_ANON))
		page_of(m, page)->flags |= PG_EXCLUSIVE;
	if (!t->host.unshare)
		host_set_leaf(m, leaf.first << PAGE_SHIFT, leaf.level, writable(m, leaf.entry));
	page_put(m, page, HOLD_MM);
	return STEP_NEXT;
}

bool hugetlb_must_copy(const struct machine *m, const struct task *t)
{
	return t->host.huge == HUGE_NONE && write_protected(m, t) && !hugetlb_reusable(m, t);
}

/* unmap_ref_private(): the child's mapping is at the same address, and has its page no more. */
static void unmap_from_child(struct machine *m, hva_t hva, pfn_t page)
{
	struct vma *vma;

	m->mm = CHILD_MM;
	vma = vma_find(m, hva);
	if (vma && vma->kind == VMA_HUGETLB && pt_pfn(host_leaf(m, hva).entry) == page) {
		vma->object = HUGETLB_BEREFT;
		host_set_leaf(m, hva, hugetlb_level(vma), 0);
		page_put(m, page, HOLD_PTE);
	}
	m->mm = VM_MM;
}

/* The owner of the promises keeps the page at the cost of the child; others get SIGBUS. */
static enum step_result do_without_copy(struct machine *m, struct task *t)
{
	const struct vma *vma = hugetlb_vma(m, t);

	if (m->mm == VM_MM && vma->object)
		unmap_from_child(m, page_start(vma, t->host.hva), pt_pfn(leaf_of(m, t).entry));
	if (hugetlb_reusable(m, t))
		return reuse_hugetlb_page(m, t);
	t->host.error = t->host.sigbus = true;
	return STEP_NEXT;
}

/*
 * hugetlb_fault() and hugetlb_wp() take a reference each. The copy comes out of what is promised
 * to nobody.
 */
enum step_result begin_hugetlb_copy(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);
	pfn_t old = pt_pfn(leaf.entry), page = hugetlb_take(m, leaf.level, false);

	if (page == NO_PFN)
		return do_without_copy(m, t);
	page_get(m, old, HOLD_MM);
	page_get(m, old, HOLD_MM);
	page_hand_over(m, page, HOLD_OWNER, HOLD_PTE);
	page_copy_folio(m, page, old);
	t->host.page = page;
	t->host.orig = leaf.entry;
	t->host.huge = HUGE_COPY;
	notify_around(t, t->host.hva, level_pages(leaf.level) << PAGE_SHIFT);
	return STEP_CALL;
}

bool hugetlb_copies(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.huge == HUGE_COPY;
}

/* Under the page table lock; pte_same() fails, and the copy is for nothing. */
enum step_result install_hugetlb_copy(struct machine *m, struct task *t)
{
	const struct vma *vma = vma_find(m, t->host.hva);
	struct pt_leaf leaf = leaf_of(m, t);
	pfn_t displaced = t->host.page;

	if (vma && leaf.entry == t->host.orig) {
		u64 entry = t->host.page << PAGE_SHIFT | vma_prot_bits(vma) | PTE_HUGE;

		displaced = pt_pfn(leaf.entry);
		page_of(m, t->host.page)->flags |= PG_ANON | PG_EXCLUSIVE;
		host_set_leaf(m, leaf.first << PAGE_SHIFT, leaf.level,
			      t->host.unshare ? entry : writable(m, entry));
	}
	page_hand_over(m, displaced, HOLD_PTE, HOLD_MM);
	t->host.page = displaced;
	t->host.huge = HUGE_COPIED;
	return STEP_CALL;
}

bool hugetlb_copied(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.huge == HUGE_COPIED;
}

enum step_result put_hugetlb_pages(struct machine *m, struct task *t)
{
	page_put(m, t->host.page, HOLD_MM);
	page_put(m, pt_pfn(t->host.orig), HOLD_MM);
	page_put(m, pt_pfn(t->host.orig), HOLD_MM);
	t->host.page = NO_PFN;
	t->host.huge = HUGE_NONE;
	return STEP_NEXT;
}

/* ---- zap ---- */

bool hugetlb_is_cut(struct machine *m, hva_t boundary)
{
	const struct vma *vma = vma_find(m, boundary);

	return vma && vma->kind == VMA_HUGETLB && vma->start != boundary &&
	       (boundary & (hugetlb_size(vma) - 1));
}

/* madvise_dontneed_free_valid_vma(): since 5.18 whole pages, from an aligned start on */
s32 hugetlb_dontneed(const struct machine *m, const struct vma *vma, hva_t start, hva_t *end)
{
	if (!m->sem->traits.hugetlb_dontneed || start != page_start(vma, start))
		return -EINVAL;
	*end = page_start(vma, *end);
	return 0;
}

/* Of what munmap() has detached, or MADV_DONTNEED leaves */
static struct vma vma_of_zap(struct machine *m, const struct task *t, hva_t hva)
{
	for (unsigned i = 0; i < t->range.huge_vmas; i++) {
		struct vma vma = hugetlb_detached(m, i);

		if (hva - vma.start < vma.end - vma.start)
			return vma;
	}
	return *vma_find(m, hva);
}

/* __unmap_hugepage_range(): promised again if that was the last mapping */
void hugetlb_zapped(struct machine *m, const struct task *t, const struct pt_leaf *leaf)
{
	hva_t hva = leaf->first << PAGE_SHIFT;
	struct vma vma = vma_of_zap(m, t, hva);
	pfn_t page = pt_pfn(leaf->entry);

	if (leaf->entry & (PTE_DIRTY | PTE_SAVED_DIRTY))
		page_set_dirty(m, page);
	if (m->sem->traits.hugetlb_restores && !is_shared(&vma) &&
	    !page_of(m, page)->held[HOLD_PTE])
		hugetlb_restore(m, &vma, hva, page);
}

static bool zaps_hugetlb(const struct machine *m, const struct task *t)
{
	return m->sem->traits.hugetlb_zap_notifies && t->range.piece_end && t->range.hugetlb;
}

bool hugetlb_zap_begins(const struct machine *m, const struct task *t)
{
	u8 vmas = t->range.huge_vmas ? t->range.huge_vmas : 1;

	return zaps_hugetlb(m, t) && !(t->range.split & 8) && t->range.zapped < vmas;
}

/* MADV_DONTNEED: one VMA, and nothing else in the range. munmap() may have other VMAs as well. */
bool hugetlb_left_ptes(const struct machine *m, const struct task *t)
{
	return t->range.piece_end && !(zaps_hugetlb(m, t) && !(t->range.split & 8) &&
				       t->range.kind == RANGE_DONTNEED);
}

bool hugetlb_zap_is_open(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.split & 8;
}

/* Until 6.2 __unmap_hugepage_range() tells once more what its caller has told, VMA by VMA. */
enum step_result begin_hugetlb_zap(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	t->outer = t->notify;
	t->notify.event = NOTIFY_UNMAP;
	if (op->huge_vmas) {
		struct vma vma = hugetlb_detached(m, op->zapped);

		t->notify.start = vma.start;
		t->notify.end = vma.end;
	}
	op->zapped++;
	op->split |= 8;
	return STEP_CALL;
}

enum step_result after_hugetlb_zap(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = t->outer;
	t->range.split &= 7;
	return STEP_BACK;
}
