/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_uffd_fill.c: UFFDIO_COPY and UFFDIO_ZEROPAGE install pages where none was, UFFDIO_CONTINUE
 * what the page cache has, UFFDIO_POISON markers that nobody gets past; UFFDIO_WAKE.
 *
 * Linux: mm/userfaultfd.c:mfill_atomic() (to 6.2 __mcopy_atomic()), mfill_atomic_install_pte(),
 * mm/shmem.c:shmem_mfill_atomic_pte(), fs/userfaultfd.c:userfaultfd_copy(); 5.12 to 7.2. Nobody is
 * notified: what was not there no SPTE can have. A page's first reference becomes its PTE's.
 * SIMPLIFIED: mmap_lock is held for reading; since 6.9 it is the VMA's lock.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/uffd.h"

bool uffd_has_ioctl(const struct machine *m, u8 verb)
{
	const struct traits *knows = &m->sem->traits;

	return verb == UFFD_CONTINUE ? knows->uffd_minor :
	       verb == UFFD_POISON ? knows->uffd_poison :
	       verb == UFFD_MOVE ? knows->uffd_moves != MOVES_NOTHING : true;
}

/* userfaultfd_ioctl(): what is not known, and a mode that is not */
static bool knows_request(const struct machine *m, const struct uffd_op *op)
{
	return uffd_has_ioctl(m, op->verb) &&
	       !(op->verb == UFFD_CONTINUE && op->wp && !m->sem->traits.uffd_unpopulated);
}

static bool fills(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.verb != UFFD_WAKE;
}

/* find_dst_vma(), and what is asked of it; again whenever the lock was given up */
static enum step_result fill_lock(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct vma *vma = vma_find(m, op->start);

	if (!knows_request(m, op)) {
		op->error = -EINVAL;
		return STEP_DONE;
	}
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	if ((op->start | op->from) & ~PAGE_MASK)
		op->error = -EINVAL;
	else if (!vma || vma->end < op->end || !(vma->flags & VM_UFFD))
		op->error = -ENOENT;
	else if ((op->wp && !(vma->flags & VM_UFFD_WP)) ||
		 (op->verb == UFFD_CONTINUE && vma->kind != VMA_FILE))
		op->error = -EINVAL;
	else if (!(vma->flags & VM_SHARED))
		vma_prepare_anon(m, vma);
	return STEP_NEXT;
}

static bool installs(const struct machine *m, const struct task *t)
{
	return fills(m, t) && !t->uffd.error && t->uffd.at < t->uffd.end;
}

static pfn_t new_page(struct machine *m, hva_t hva)
{
	pfn_t pfn = alloc_frame(m, 0, place_of_user(m, hva));

	pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, HOLD_MM);
	return pfn;
}

/* copy_from_user() of a page, which the CPU marks as used; false: a fault is needed */
static bool copy_source(struct machine *m, struct uffd_op *op)
{
	hva_t hva = op->from + (op->at - op->start);
	struct pt_leaf leaf = host_leaf(m, hva);

	if (!leaf_is_accessible(&leaf))
		return false;
	if (!(leaf.entry & PTE_ACCESSED))
		host_set_leaf(m, leaf.first << PAGE_SHIFT, leaf.level,
			      leaf.entry | PTE_ACCESSED);
	page_copy(m, op->page, host_leaf_pfn(&leaf, hva));
	return true;
}

/* Swap entries are in the way, too. */
static bool is_cached(struct machine *m, unsigned file, u64 index)
{
	return cache_page(m, file, index) != NO_PFN || shmem_is_swapped(m, file, index);
}

/* pte_none_mostly(), pte_is_uffd_marker(): over a marker, too, and one of poison */
static bool is_free(const struct pt_leaf *leaf)
{
	return leaf_is_missing(leaf) || leaf_is_poison_marker(leaf);
}

/* mfill_atomic_install_pte() */
static void install_pte(struct machine *m, const struct vma *vma, const struct uffd_op *op,
			bool writable)
{
	u64 entry = op->page << PAGE_SHIFT | vma_prot_bits(vma) | PTE_DIRTY;

	page_hand_over(m, op->page, HOLD_MM, HOLD_PTE);
	entry = writable ? entry | PTE_WRITE : entry & ~PTE_WRITE;
	host_set_leaf(m, op->at, 1, op->wp ? (entry | PTE_UFFD_WP) & ~PTE_WRITE : entry);
}

/* A new page: shmem_add_to_page_cache(), or anonymous */
static s32 install(struct machine *m, const struct vma *vma, const struct uffd_op *op)
{
	bool in_cache = vma->flags & VM_SHARED;
	u64 index = vma->kind == VMA_FILE ? vma_page_index(vma, op->at) : 0;
	struct pt_leaf leaf = host_leaf(m, op->at);

	if (vma->kind == VMA_FILE && index >= file_nr_pages(m, vma->object))
		return -EFAULT;
	if (!is_free(&leaf) || (in_cache && is_cached(m, vma->object, index)))
		return -EEXIST;
	if (in_cache) {
		cache_store_folio(m, vma->object, index, op->page);
		page_add_lru(m, op->page);
	} else {
		page_of(m, op->page)->flags |= PG_ANON | PG_EXCLUSIVE;
	}
	install_pte(m, vma, op, vma->flags & VM_WRITE);
	if (!in_cache)
		vma_add_lru(m, vma, op->page);
	else if (vma->flags & VM_LOCKED)
		page_mlock(m, op->page);
	return 0;
}

/* mfill_atomic_pte_zeropage(): only where nothing is at all */
static s32 install_zero_page(struct machine *m, const struct vma *vma, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	if (vma->kind == VMA_FILE && vma_page_index(vma, hva) >= file_nr_pages(m, vma->object))
		return -EFAULT;
	if (leaf.present || leaf.swap)
		return -EEXIST;
	host_set_leaf(m, hva, 1, m->w->config.zero_pfn << PAGE_SHIFT | vma_prot_bits(vma) |
		      PTE_SPECIAL);
	return 0;
}

/* mfill_atomic_pte_poison(): where nothing is, not even a marker */
static s32 install_poison(struct machine *m, const struct vma *vma, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	if (vma->kind == VMA_FILE && vma_page_index(vma, hva) >= file_nr_pages(m, vma->object))
		return -EFAULT;
	if (leaf.present || leaf.swap)
		return -EEXIST;
	host_set_leaf(m, hva, 1, PTE_POISONED);
	return 0;
}

/* shmem_get_folio(SGP_NOALLOC): the page cache's page with a reference, from swap if need be */
static s32 find_cached(struct machine *m, const struct vma *vma, struct uffd_op *op)
{
	u64 index = vma_page_index(vma, op->at);

	if (index >= file_nr_pages(m, vma->object))
		return m->sem->traits.uffd_minor_efault ? -EFAULT : -EINVAL;
	op->page = cache_page(m, vma->object, index);
	if (op->page != NO_PFN)
		page_get(m, op->page, HOLD_MM);
	else if (shmem_is_swapped(m, vma->object, index))
		op->page = shmem_swap_in(m, vma->object, index, NULL, HOLD_MM);
	else
		return -EFAULT;
	return page_is(m, op->page, PG_HWPOISON) ? -EIO : 0;
}

/* mfill_atomic_pte_continue(): writable if the mapping is shared */
static s32 install_cached(struct machine *m, const struct vma *vma, struct uffd_op *op)
{
	struct pt_leaf leaf = host_leaf(m, op->at);
	s32 error = find_cached(m, vma, op);

	if (!error && !is_free(&leaf))
		error = -EEXIST;
	if (!error) {
		install_pte(m, vma, op, (vma->flags & VM_WRITE) && (vma->flags & VM_SHARED));
		if ((vma->flags & VM_LOCKED) && folio_pages(m, op->page) == 1)
			page_mlock(m, op->page);
	} else if (op->page != NO_PFN) {
		page_put(m, op->page, HOLD_MM);
	}
	op->page = NO_PFN;
	return error;
}

static s32 fill_page(struct machine *m, struct uffd_op *op, const struct vma *vma)
{
	bool fresh = op->page == NO_PFN;
	s32 error;

	if (host_leaf(m, op->at).present && host_leaf(m, op->at).level == 2)
		return -EEXIST;
	if (op->verb == UFFD_POISON)
		return install_poison(m, vma, op->at);
	if (op->verb == UFFD_CONTINUE)
		return install_cached(m, vma, op);
	if (op->verb == UFFD_ZEROPAGE && !(vma->flags & VM_SHARED))
		return install_zero_page(m, vma, op->at);
	if (fresh)
		op->page = new_page(m, op->at);
	if (fresh && op->verb == UFFD_COPY && !copy_source(m, op)) {
		op->faults = true;	/* under pagefault_disable() */
		return 0;
	}
	error = install(m, vma, op);
	if (error)
		page_put(m, op->page, HOLD_MM);
	op->page = NO_PFN;
	return error;
}

/* folio_lock() of what the page cache has */
static bool waits_for_page(struct machine *m, const struct uffd_op *op, const struct vma *vma)
{
	pfn_t pfn = op->verb == UFFD_CONTINUE && vma->kind == VMA_FILE ?
		    cache_page(m, vma->object, vma_page_index(vma, op->at)) : NO_PFN;

	return pfn != NO_PFN && page_is(m, page_head(m, pfn), PG_LOCKED);
}

static enum step_result fill_next(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;

	if (waits_for_page(m, op, vma_find(m, op->start)))
		return STEP_BLOCKED;
	op->error = fill_page(m, op, vma_find(m, op->start));
	if (op->error || op->faults)
		return STEP_NEXT;
	op->at += PAGE_SIZE;
	return op->at < op->end ? STEP_BACK : STEP_NEXT;
}

static enum step_result fill_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_NEXT;
}

static bool source_faults(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.faults;
}

/* The copy once more, without mmap_lock, into the same page; then all is looked at again. */
static enum step_result fill_source(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;

	if (t->host.error) {
		op->faults = false;
		op->error = -EFAULT;
		return STEP_NEXT;
	}
	if (!copy_source(m, op)) {
		t->host = (struct host_fault){ .hva = op->from + (op->at - op->start) };
		return STEP_CALL_BACK;
	}
	op->faults = false;
	return STEP_NEXT;
}

static bool goes_on(const struct machine *m, const struct task *t)
{
	return installs(m, t) && t->uffd.page != NO_PFN;
}

static enum step_result fill_again(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_BACK;
}

/* The page that was kept for a second try goes; what is installed already is -EAGAIN's reason. */
static enum step_result fill_finish(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;

	if (op->page != NO_PFN)
		page_put(m, op->page, HOLD_MM);
	op->page = NO_PFN;
	if (op->error && op->at > op->start)
		op->error = -EAGAIN;
	return STEP_NEXT;
}

static bool wakes(const struct machine *m, const struct task *t)
{
	return !t->uffd.silent && (!fills(m, t) || t->uffd.at > t->uffd.start);
}

static enum step_result fill_wake(struct machine *m, struct task *t)
{
	uffd_wake(m, t->uffd.start, fills(m, t) ? t->uffd.at : t->uffd.end);
	return STEP_DONE;
}

#define FILL	"userfaultfd_copy / userfaultfd_zeropage > mfill_atomic"

const struct step path_uffd_fill[] = {
	STEP(fill_lock, .when = fills, .chain = FILL),
	STEP(fill_next, .when = installs, .to = "fill_next",
	     .chain = FILL " > mfill_atomic_install_pte"),
	STEP(fill_unlock, .when = fills, .chain = FILL),
	STEP(fill_source, .when = source_faults, .calls = PATH_HOST_FAULT, .to = "fill_source",
	     .chain = FILL " > copy_from_user"),
	STEP(fill_again, .when = goes_on, .to = "fill_lock", .chain = FILL),
	STEP(fill_finish, .when = fills, .chain = FILL),
	STEP(fill_wake, .when = wakes, .chain = "wake_userfault"),
	{ 0 }
};
