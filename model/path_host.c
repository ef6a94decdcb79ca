/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_host.c: userspace touches memory, and the fault that follows.
 *
 * Linux: mm/memory.c:handle_mm_fault(), do_wp_page(), insert_pfn(); 6.1 to 7.2.
 * SIMPLIFIED: the PTE lock is held for a whole step.
 */
#include "model/errno.h"
#include "model/gmem.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"
#include "model/uffd.h"

/* ---- handle_mm_fault() ---- */

static struct pt_leaf fault_leaf(const struct machine *m, const struct task *t)
{
	return host_leaf((struct machine *)m, t->host.hva);
}

static struct vma *fault_vma(const struct machine *m, const struct task *t)
{
	return vma_find((struct machine *)m, t->host.hva);
}

static bool in_vma_of(const struct machine *m, const struct task *t, enum vma_kind kind)
{
	const struct vma *vma = t->host.error ? NULL : fault_vma(m, t);

	return vma && vma->kind == kind;
}

/* is_cow_mapping(): a write gets a page of its own. */
static bool in_cow_vma(const struct machine *m, const struct task *t)
{
	const struct vma *vma = t->host.error ? NULL : fault_vma(m, t);

	return vma && (vma->kind == VMA_ANON || !(vma->flags & VM_SHARED));
}

/* pte_none(): nothing that stands for a page, either */
static bool is_missing(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);

	return leaf_is_missing(&leaf);
}

static bool anon_missing_read(const struct machine *m, const struct task *t)
{
	return in_vma_of(m, t, VMA_ANON) && !t->host.write && is_missing(m, t);
}

static bool anon_missing_write(const struct machine *m, const struct task *t)
{
	return in_vma_of(m, t, VMA_ANON) && t->host.write && !t->host.cow && is_missing(m, t);
}

static bool anon_write_protected(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);

	return in_cow_vma(m, t) && t->host.write && leaf.present && leaf.level == 1 &&
	       !(leaf.entry & PTE_WRITE);
}

/* The anonymous page behind a PTE without W; NO_PFN: none, or one that only copies will do for. */
static pfn_t protected_page(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);
	bool normal = anon_write_protected(m, t) && leaf_is_normal(&leaf);

	return normal && page_is((struct machine *)m, pt_pfn(leaf.entry), PG_ANON) ?
	       pt_pfn(leaf.entry) : NO_PFN;
}

/*
 * wp_can_reuse_anon_folio(): nobody else has a reference; since 5.18 the swap cache gives up its
 * own if no PTE names the slot.
 */
static bool can_reuse(struct machine *m, pfn_t pfn)
{
	bool is_large = page_is(m, page_head(m, pfn), PG_HEAD);
	u8 rule = is_large ? m->sem->traits.large_reuse : REUSE_BY_COUNT;

	if (rule == REUSE_IF_WHOLE)
		return thp_is_own(m, page_head(m, pfn));
	if (rule == REUSE_NEVER)
		return false;
	if (m->sem->traits.anon_exclusive && page_is(m, pfn, PG_SWAPCACHE))
		return page_count(m, pfn) == 2 && !swap_count(m, page_of(m, pfn)->slot);
	return page_count(m, pfn) == 1 && page_of(m, pfn)->mapcount == 1;
}

/* PageAnonExclusive() */
static bool anon_reusable(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	pfn_t pfn = protected_page(m, t);

	if (pfn == NO_PFN || page_is(machine, pfn, PG_KSM))
		return false;
	return (m->sem->traits.anon_exclusive && page_is(machine, pfn, PG_EXCLUSIVE)) ||
	       can_reuse(machine, pfn);
}

/* A page that waits for the LRU may be nobody else's all the same: lru_add_drain(). */
static bool may_wait_for_lru(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	pfn_t pfn = protected_page(m, t);

	return m->sem->traits.anon_exclusive && pfn != NO_PFN && !anon_reusable(m, t) &&
	       !page_is(machine, pfn, PG_KSM) && page_count(machine, pfn) <= 3 &&
	       page_waits_for_lru(machine, pfn);
}

static enum step_result drain_for_reuse(struct machine *m, struct task *t)
{
	(void)t;
	lru_drain(m);
	return STEP_NEXT;
}

static bool anon_must_copy(const struct machine *m, const struct task *t)
{
	return anon_write_protected(m, t) && !anon_reusable(m, t);
}

static bool copying(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.cow;
}

static bool copy_displaced(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.cow && t->host.page != NO_PFN;
}

static bool device_missing(const struct machine *m, const struct task *t)
{
	return in_vma_of(m, t, VMA_DEVICE) && is_missing(m, t) &&
	       !(t->host.write && in_cow_vma(m, t));
}

static bool device_missing_private(const struct machine *m, const struct task *t)
{
	return in_vma_of(m, t, VMA_DEVICE) && is_missing(m, t) && t->host.write &&
	       in_cow_vma(m, t) && !t->host.cow;
}

static bool device_write_protected(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);

	return in_vma_of(m, t, VMA_DEVICE) && !in_cow_vma(m, t) && t->host.write &&
	       leaf.present && !(leaf.entry & PTE_WRITE);
}

/* access_error(), or vma_permits_fault() for fixup_user_fault() */
static enum step_result handle_mm_fault(struct machine *m, struct task *t)
{
	const struct vma *vma = fault_vma(m, t);
	struct pt_leaf leaf = fault_leaf(m, t);
	u8 caller = t->frame[t->depth - 2].path;
	bool by_ksm = caller == PATH_KSM_MERGE || caller == PATH_KSM_UNMERGE;
	u32 wanted = t->host.write && !t->host.unshare ? VM_WRITE :
		     caller == PATH_FOLLOW ? VM_READ : VM_READ | VM_WRITE | VM_EXEC;

	t->host.userfault = USERFAULT_NONE;
	if (leaf.swap & PTE_MIGRATION)	/* migration_entry_wait() */
		return STEP_BLOCKED;
	t->host.page = NO_PFN;
	t->host.poisoned = vma && swap_is_poisoned(m, &leaf);	/* VM_FAULT_HWPOISON */
	t->host.error = !vma || !(by_ksm || (vma->flags & wanted)) || t->host.poisoned;
	return STEP_NEXT;
}

/* do_anonymous_page() of a read: pte_mkspecial(pfn_pte(my_zero_pfn())) */
static enum step_result map_zero_page(struct machine *m, struct task *t)
{
	const struct vma *vma = fault_vma(m, t);

	host_set_leaf(m, t->host.hva, 1,
		      marked_entry(m, vma, t->host.hva, m->w->config.zero_pfn << PAGE_SHIFT |
						vma_prot_bits(vma) | PTE_SPECIAL));
	return STEP_NEXT;
}

/* do_anonymous_page() of a write. 6.8 adds nr_pages - 1 == 0 references, which page_ref shows. */
static enum step_result map_anon_page(struct machine *m, struct task *t)
{
	struct vma *vma = fault_vma(m, t);
	pfn_t pfn;

	vma_prepare_anon(m, vma);
	pfn = anon_alloc(m, t->host.hva);
	if (m->sem->traits.anon_ref_add)
		page_add_refs(m, pfn, 0);
	host_set_leaf(m, t->host.hva, 1,
		      marked_entry(m, vma, t->host.hva, anon_entry(vma, pfn, true)));
	vma_add_lru(m, vma, pfn);
	return STEP_DONE;
}

/* wp_page_reuse() */
static enum step_result reuse_anon_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);

	if (!page_is(m, pt_pfn(leaf.entry), PG_EXCLUSIVE))
		swap_free_folio(m, pt_pfn(leaf.entry));
	page_of(m, pt_pfn(leaf.entry))->flags |= PG_EXCLUSIVE;	/* folio_move_anon_rmap() */
	if (!t->host.unshare)
		host_set_leaf(m, t->host.hva, 1, pte_reused(leaf.entry));
	return STEP_NEXT;
}

/* wp_page_copy(): the copy is made before the notifier is told. */
static enum step_result copy_anon_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);
	pfn_t old = pt_pfn(leaf.entry);

	if (leaf_is_normal(&leaf))
		page_get(m, old, HOLD_MM);	/* do_wp_page(), until the copy has been made */
	t->host.cow = true;
	t->host.orig = leaf.entry;
	vma_prepare_anon(m, fault_vma(m, t));
	t->host.page = anon_alloc(m, t->host.hva);
	page_copy(m, t->host.page, old);
	t->notify = (struct notify){ .start = t->host.hva & PAGE_MASK, .event = NOTIFY_CLEAR,
				     .end = (t->host.hva & PAGE_MASK) + PAGE_SIZE };
	return STEP_CALL;
}

/* ptep_clear_flush(), folio_add_new_anon_rmap(), folio_add_lru_vma(), set_pte_at[_notify]() */
static enum step_result install_copy(struct machine *m, struct task *t)
{
	const struct vma *vma = fault_vma(m, t);
	struct pt_leaf old = fault_leaf(m, t);
	pfn_t page = t->host.page, old_page = NO_PFN;
	u64 entry;

	if (!vma || old.entry != t->host.orig) {	/* pte_same(): the copy is put instead */
		page_hand_over(m, page, HOLD_PTE, HOLD_MM);
		return STEP_NEXT;
	}
	entry = anon_entry(vma, page, !t->host.unshare);
	if (t->host.unshare)
		entry |= old.entry & PTE_UFFD_WP;
	if (!(vma->flags & VM_WRITE))		/* maybe_mkwrite(): for KSM alone */
		entry &= ~PTE_WRITE;
	if (leaf_is_normal(&old)) {
		old_page = pt_pfn(old.entry);
		page_hand_over(m, old_page, HOLD_PTE, HOLD_MM);
	}
	host_set_leaf(m, t->host.hva, 1, entry);
	vma_add_lru(m, vma, page);
	if (m->sem->traits.change_pte && m->mm == VM_MM)
		note(m, &(struct note){ .kind = NOTE_CHANGE_PTE, .name = "change_pte",
					.hva = t->host.hva & PAGE_MASK, .new = entry });
	t->host.page = old_page;
	t->host.copied = true;
	return STEP_NEXT;
}

/* The page that the mapping has lost, or, if somebody else was faster, the copy. */
static enum step_result put_displaced_page(struct machine *m, struct task *t)
{
	page_put(m, t->host.page, HOLD_MM);
	t->host.page = NO_PFN;
	return STEP_NEXT;
}

static enum step_result put_old_page(struct machine *m, struct task *t)
{
	struct pt_leaf old = { .present = true, .level = 1, .entry = t->host.orig };

	if (t->host.page != NO_PFN)
		put_displaced_page(m, t);
	if (!leaf_is_normal(&old))
		return STEP_NEXT;
	if (t->host.copied && m->sem->traits.copy_frees_swap)
		swap_free_cache(m, pt_pfn(old.entry));
	page_put(m, pt_pfn(old.entry), HOLD_MM);
	return STEP_NEXT;
}

/* insert_page() takes the mapping's reference; insert_pfn() and mixed pfns take none. */
static void insert_leaf(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn, bool write)
{
	bool normal = vma->mode == MODE_INSERT || vma->mode == MODE_PAGE ||
		      vma->mode == MODE_IO_INSERT;
	u64 bits = vma_prot_bits(vma);

	if (normal)
		page_get_by(m, pfn, HOLD_PTE, vma->mode == MODE_PAGE ? BLAME_DRIVER : BLAME_MM);
	if (vma->mode == MODE_PAGE && m->sem->traits.fault_keeps_dirty && (bits & PTE_WRITE) &&
	    page_is(m, page_head(m, pfn), PG_DIRTY))
		bits |= PTE_DIRTY;
	if (vma->mode == MODE_PAGE && write) {	/* do_shared_fault(), fault_dirty_shared_page() */
		bits |= PTE_DIRTY | PTE_WRITE;
		page_set_dirty(m, pfn);
	}
	if (vma->mode == MODE_PAGE && map_driver_pmd(m, vma, hva, pfn << PAGE_SHIFT | bits))
		return;
	host_set_leaf(m, hva, 1, pfn << PAGE_SHIFT | bits | (normal ? 0 : PTE_SPECIAL));
	if (vma->mode == MODE_PAGE && (vma->flags & VM_LOCKED) && folio_pages(m, pfn) == 1)
		page_mlock(m, pfn);	/* mlock_vma_folio(): no VM_SPECIAL one */
}

/*
 * vm_insert_page() refuses pages without a count: validate_page_before_insert(). A fault handler
 * that returns the page has done get_page() itself, and nobody asks whether it might.
 */
static bool may_insert(struct machine *m, const struct vma *vma, pfn_t pfn)
{
	bool counted = vma->mode == MODE_INSERT || vma->mode == MODE_IO_INSERT;

	if (vma->mode == MODE_PAGE)
		return page_is(m, pfn, PG_VALID);
	return !counted || (page_is(m, pfn, PG_VALID) && page_count(m, pfn) > 0);
}

/* huge_fault(): aligned, all of the object's, in the VMA, and nothing smaller is there. */
static bool may_insert_huge(struct machine *m, const struct vma *vma, hva_t hva, unsigned level)
{
	u64 pages = level_pages(level), index = vma->index + ((hva - vma->start) >> PAGE_SHIFT);
	const struct object_state *object = &m->w->object[vma->object];
	hva_t start = hva & ~(pages * PAGE_SIZE - 1);
	u64 first = index & ~(pages - 1);

	if ((vma->mode != MODE_PUD && (vma->mode != MODE_PMD || level > 2)) ||
	    m->w->config.no_huge_fault || object->pages - first < pages ||
	    ((hva >> PAGE_SHIFT ^ index) & (pages - 1)) ||
	    (object_pfn(m, vma->object, first) & (pages - 1)) || start < vma->start ||
	    start + pages * PAGE_SIZE > vma->end)
		return false;
	return level == 3 ? !host_has_pmds(m, hva) : !host_has_table(m, hva);
}

/* insert_pmd(), insert_pud() */
static void insert_huge(struct machine *m, const struct vma *vma, const struct task *t,
			unsigned level)
{
	u64 index = vma->index + ((t->host.hva - vma->start) >> PAGE_SHIFT);
	pfn_t pfn = object_pfn(m, vma->object, index & ~(level_pages(level) - 1));
	u64 entry = pfn << PAGE_SHIFT | vma_prot_bits(vma) | PTE_SPECIAL | PTE_HUGE;

	host_set_leaf(m, t->host.hva, level, t->host.write ? pte_reused(entry) : entry);
}

/* ttm_bo_vm_fault_reserved() for one page, or VM_FAULT_SIGBUS; MODE_MKWRITE has no .fault. */
static enum step_result driver_fault(struct machine *m, struct task *t)
{
	const struct vma *vma = fault_vma(m, t);
	hva_t hva = t->host.hva & PAGE_MASK;
	u64 index = vma->index + ((hva - vma->start) >> PAGE_SHIFT);
	const struct object_state *object = &m->w->object[vma->object];
	pfn_t pfn;

	t->host.error = !object_maps(object, index) || vma->mode == MODE_MKWRITE;
	t->host.sigbus = t->host.error;
	if (t->host.error)
		return STEP_NEXT;
	pfn = object_pfn(m, vma->object, index);
	if (may_insert_huge(m, vma, hva, 3))
		insert_huge(m, vma, t, 3);
	else if (may_insert_huge(m, vma, hva, 2))
		insert_huge(m, vma, t, 2);
	else if (may_insert(m, vma, pfn))
		insert_leaf(m, vma, hva, pfn, t->host.write);
	else
		t->host.error = true;
	return STEP_DONE;	/* VM_FAULT_NOPAGE: what lacks W faults again */
}

/* do_cow_fault(): the driver's page is copied and given back; MODE_PAGE alone may be private. */
static enum step_result copy_driver_page(struct machine *m, struct task *t)
{
	struct vma *vma = fault_vma(m, t);
	u64 index = vma->index + (((t->host.hva & PAGE_MASK) - vma->start) >> PAGE_SHIFT);
	const struct object_state *object = &m->w->object[vma->object];
	pfn_t pfn, copy;

	if (!object_maps(object, index) ||
	    !page_is(m, object_pfn(m, vma->object, index), PG_VALID)) {
		t->host.error = true;
		return STEP_NEXT;
	}
	pfn = object_pfn(m, vma->object, index);
	vma_prepare_anon(m, vma);
	copy = anon_alloc(m, t->host.hva);
	page_get(m, pfn, HOLD_MM);
	page_copy(m, copy, pfn);
	vma_add_lru(m, vma, copy);
	host_set_leaf(m, t->host.hva, 1, anon_entry(vma, copy, true));
	page_put(m, pfn, HOLD_MM);
	return STEP_NEXT;
}

/* wp_pfn_shared(), wp_page_shared() without page_mkwrite: wp_page_reuse() */
static enum step_result reuse_shared_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = fault_leaf(m, t);
	pfn_t pfn = host_leaf_pfn(&leaf, t->host.hva);

	t->host.error = driver_refuses_write(fault_vma(m, t), t->host.hva);
	if (t->host.error)
		return STEP_DONE;
	if (leaf_is_normal(&leaf))
		page_get(m, pfn, HOLD_MM);
	host_set_leaf(m, t->host.hva, leaf.level, pte_reused(leaf.entry));
	if (!leaf_is_normal(&leaf))
		return STEP_NEXT;
	page_set_dirty(m, pfn);		/* fault_dirty_shared_page() */
	page_put(m, pfn, HOLD_MM);
	return STEP_NEXT;
}

const struct step path_host_fault[] = {
	STEP(handle_mm_fault, .chain = "handle_mm_fault"),
	STEP(move_misplaced, .when = fault_is_misplaced, .calls = PATH_MIGRATE,
	     .chain = "handle_mm_fault > do_numa_page > migrate_misplaced_folio"),
	STEP(numa_fault, .when = fault_is_numa, .chain = "handle_mm_fault > do_numa_page"),
	STEP(clear_marker, .when = marker_is_stale,
	     .chain = "handle_mm_fault > handle_pte_marker > pte_marker_clear"),
	STEP(ask_userspace, .when = userspace_must_resolve, .calls = PATH_USERFAULT,
	     .chain = "handle_mm_fault"),
	STEP(userfault_retry, .when = fault_was_left, .chain = "handle_mm_fault"),
	STEP(look_up_hugetlb_page, .when = hugetlb_missing,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_no_page"),
	STEP(map_hugetlb_page, .when = hugetlb_missing,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_no_page"),
	STEP(reuse_hugetlb_page, .when = hugetlb_reusable,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_wp"),
	STEP(begin_hugetlb_copy, .when = hugetlb_must_copy, .calls = PATH_NOTIFY_START,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_wp"),
	STEP(install_hugetlb_copy, .when = hugetlb_copies, .calls = PATH_NOTIFY_END,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_wp"),
	STEP(put_hugetlb_pages, .when = hugetlb_copied,
	     .chain = "handle_mm_fault > hugetlb_fault > hugetlb_wp"),
	STEP(map_huge_zero_page, .when = huge_missing_read,
	     .chain = "handle_mm_fault > do_huge_pmd_anonymous_page"),
	STEP(map_huge_page, .when = huge_missing_write,
	     .chain = "handle_mm_fault > do_huge_pmd_anonymous_page"),
	STEP(reuse_huge_page, .when = huge_reusable,
	     .chain = "handle_mm_fault > do_huge_pmd_wp_page"),
	STEP(begin_huge_wp, .when = huge_write_protected, .calls = PATH_NOTIFY_START,
	     .chain = "handle_mm_fault > do_huge_pmd_wp_page > __split_huge_pmd"),
	STEP(change_huge_pmd, .when = huge_wp_open,
	     .chain = "handle_mm_fault > do_huge_pmd_wp_page > __split_huge_pmd"),
	STEP(end_huge_wp, .when = huge_wp_open, .calls = PATH_NOTIFY_END,
	     .chain = "handle_mm_fault > do_huge_pmd_wp_page > __split_huge_pmd"),
	STEP(resolve_async, .when = is_resolved_async, .chain = "handle_mm_fault > do_wp_page"),
	STEP(swap_in, .when = fault_swaps_in, .chain = "handle_mm_fault > do_swap_page"),
	STEP(map_zero_page, .when = anon_missing_read,
	     .chain = "handle_mm_fault > do_anonymous_page"),
	STEP(map_anon_page, .when = anon_missing_write,
	     .chain = "handle_mm_fault > do_anonymous_page"),
	STEP(drain_for_reuse, .when = may_wait_for_lru,
	     .chain = "handle_mm_fault > do_wp_page > lru_add_drain"),
	STEP(reuse_anon_page, .when = anon_reusable,
	     .chain = "handle_mm_fault > do_wp_page > wp_page_reuse"),
	STEP(copy_anon_page, .when = anon_must_copy, .calls = PATH_NOTIFY_START,
	     .chain = "handle_mm_fault > do_wp_page > wp_page_copy"),
	STEP(install_copy, .when = copying, .chain = "handle_mm_fault > do_wp_page > wp_page_copy"),
	STEP(put_displaced_page, .when = copy_displaced,
	     .chain = "handle_mm_fault > do_wp_page > wp_page_copy"),
	STEP_AS(end_copy, enter_path, .when = copying, .calls = PATH_NOTIFY_END,
		.chain = "handle_mm_fault > do_wp_page > wp_page_copy"),
	STEP(put_old_page, .when = copying,
	     .chain = "handle_mm_fault > do_wp_page > wp_page_copy"),
	STEP(copy_driver_page, .when = device_missing_private,
	     .chain = "handle_mm_fault > do_cow_fault"),
	STEP_AS(file_fault, enter_path, .when = file_fault_wanted, .calls = PATH_FILE_FAULT),
	STEP_AS(dax_fault, enter_path, .when = dax_fault_wanted, .calls = PATH_DAX_FAULT),
	STEP(driver_fault, .when = device_missing, .chain = "handle_mm_fault > __do_fault"),
	STEP(reuse_shared_page, .when = device_write_protected,
	     .chain = "handle_mm_fault > do_wp_page > wp_page_reuse"),
	{ 0 }
};

/* ---- mmap(), one step: nobody else has seen the VMA yet ---- */

/* Its length is what the file's is, at mmap() or later: no check. */
static s32 mmap_file(struct machine *m, const struct mmap_op *op, struct vma *vma)
{
	const struct file_state *file = &m->w->file[op->object];

	vma->mode = file->type;
	if (file->used && file->type == FILE_HUGETLB)
		hugetlb_open(m, file, vma);
	if (file->used && file->type == FILE_GMEM)	/* kvm_gmem_mmap() */
		return !(file->gmem_flags & GMEM_MMAP) ? -ENODEV : op->shared ? 0 : -EINVAL;
	return file->used ? 0 : -ENOENT;
}

static s32 mmap_device(struct machine *m, const struct mmap_op *op, struct vma *vma)
{
	const struct object_state *object = &m->w->object[op->object];

	if (!object->used || op->index + op->pages > object->pages)
		return -EINVAL;
	vma->mode = object->mode;
	if (vma->mode != MODE_PAGE && !op->shared)
		return -EINVAL;
	vma->flags |= map_mode_flags(vma->mode);
	return 0;
}

/* What a driver's mmap() maps at once: remap_pfn_range() or vm_insert_page() page by page. */
static s32 fill_at_mmap(struct machine *m, const struct vma *vma)
{
	u64 pages = (vma->end - vma->start) >> PAGE_SHIFT;

	for (u64 i = 0; vma->kind == VMA_DEVICE && map_mode_fills(vma->mode) && i < pages; i++) {
		pfn_t pfn = object_pfn(m, vma->object, vma->index + i);

		if (!may_insert(m, vma, pfn))
			return -EINVAL;
		insert_leaf(m, vma, vma->start + i * PAGE_SIZE, pfn, false);
	}
	return 0;
}

/* What a driver refuses, or leaves half done, is unmapped again: unmap_region(), notified. */
static enum step_result mmap_region(struct machine *m, struct task *t)
{
	struct mmap_op *op = &t->mmap;
	struct vma vma = {
		.start = op->hva, .end = op->hva + (op->pages << PAGE_SHIFT),
		.index = op->kind == VMA_ANON ? op->hva >> PAGE_SHIFT : op->index,
		.flags = op->prot | (op->shared ? VM_SHARED : 0), .kind = op->kind,
		.object = op->kind == VMA_HUGETLB ? 0 : op->object, .mode = op->level,
	};
	struct vma *added;

	if (!op->shared && (op->prot & VM_WRITE))
		vma.flags |= VM_ACCOUNT;
	if (op->kind == VMA_DEVICE)
		op->error = mmap_device(m, op, &vma);
	if (op->kind == VMA_FILE)
		op->error = mmap_file(m, op, &vma);
	if (op->error == -ENOENT)	/* open() has failed already */
		return STEP_NEXT;
	if (vma.kind == VMA_HUGETLB && ((vma.start | vma.end) & (hugetlb_size(&vma) - 1))) {
		op->error = -EINVAL;	/* hugetlb_get_unmapped_area() */
		return STEP_DONE;
	}
	if (vma.kind == VMA_HUGETLB)
		op->error = hugetlb_mmap(m, op, &vma);
	added = vma_add(m, &vma);
	if (!added)
		op->error = -ENOMEM;
	else if (!op->error)
		op->error = fill_at_mmap(m, added);
	if (added && !op->error) {
		vma_merge(m, added);
		vma_find(m, op->hva)->flags &= ~(u32)VM_SOFT_CLEAN;
	}
	if (!added || !op->error)
		return STEP_NEXT;
	t->range = (struct range_op){ .start = vma.start, .end = vma.end, .split = 2,
				      .kind = RANGE_MUNMAP };
	return STEP_CALL;
}

static bool populates(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->mmap.populate && !t->mmap.error;
}

static enum step_result populate_mapping(struct machine *m, struct task *t)
{
	(void)m;
	t->populate = (struct populate_op){ .at = t->mmap.hva, .ignores_errors = true,
					    .end = t->mmap.hva + (t->mmap.pages << PAGE_SHIFT) };
	return STEP_CALL;
}

const struct step path_mmap[] = {
	STEP(mmap_region, .calls = PATH_UNMAP, .chain = "do_mmap > mmap_region"),
	STEP(populate_mapping, .when = populates, .calls = PATH_POPULATE,
	     .chain = "__mm_populate"),
	{ 0 }
};
