/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_uffd.c: UFFDIO_REGISTER, UFFDIO_UNREGISTER, UFFDIO_WRITEPROTECT.
 *
 * Linux: fs/userfaultfd.c, mm/userfaultfd.c:mwriteprotect_range(), uffd_wp_range(), mm/mprotect.c:
 * change_pte_range(), change_huge_pmd(); 5.12 to 7.2. Both directions of WRITEPROTECT notify as
 * mprotect() does (MMU_NOTIFY_PROTECTION_VMA), under mmap_lock for reading; registering does not.
 * SIMPLIFIED: one userfaultfd, without events or UFFD_FEATURE_SIGBUS.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"
#include "model/uffd.h"

static bool uffd_ok(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error;
}

/* vma_can_userfault() */
static bool can_userfault(const struct machine *m, const struct vma *vma, bool wp, bool minor)
{
	bool shmem = vma->kind == VMA_FILE && vma->mode == FILE_SHMEM;

	return (vma->kind == VMA_ANON && !minor) ||
	       (shmem && (!wp || m->sem->traits.uffd_wp_files));
}

/* UFFDIO_API refuses features that it does not know. */
static bool has_features(const struct machine *m, const struct range_op *op)
{
	const struct traits *knows = &m->sem->traits;

	return !((op->prot & UFFD_WP_UNPOPULATED) && !knows->uffd_unpopulated) &&
	       !((op->prot & UFFD_WP_ASYNC) && !knows->uffd_wp_async) &&
	       !((op->prot & UFFD_MODE_MINOR) && !knows->uffd_minor);
}

/* Every VMA in the range must be able to; holes do not matter. */
static enum step_result uffd_check(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma = vma_find_from(m, op->start);

	if ((op->start & ~PAGE_MASK) || !has_features(m, op) || !vma || vma->start >= op->end)
		op->error = -EINVAL;
	for (; !op->error && vma && vma->start < op->end; vma = vma_find_from(m, vma->end)) {
		bool wp = (op->prot & UFFD_MODE_WP) || (vma->flags & VM_UFFD_WP);

		if (!can_userfault(m, vma, wp, op->prot & UFFD_MODE_MINOR))
			op->error = -EINVAL;
	}
	if (!op->error)
		m->w->uffd_features |= op->prot & (UFFD_WP_UNPOPULATED | UFFD_WP_ASYNC |
						    UFFD_USER_MODE_ONLY);
	return STEP_NEXT;
}

bool uffd_unregisters(const struct machine *m, const struct task *t)
{
	return uffd_ok(m, t) && !t->range.prot;
}

/* Those who wait for a missing page; who waits for a protected one alone goes on waiting. */
static enum step_result uffd_wake_missing(struct machine *m, struct task *t)
{
	const struct range_op *op = &t->range;
	const struct vma *vma = vma_find_from(m, op->start);

	for (; vma && vma->start < op->end; vma = vma_find_from(m, vma->end))
		if (vma->flags & VM_UFFD_MISSING)
			uffd_wake(m, vma->start > op->start ? vma->start : op->start,
				  vma->end < op->end ? vma->end : op->end);
	return STEP_NEXT;
}

/* ---- uffd_wp_range() ---- */

static bool protects(const struct task *t)
{
	return t->range.kind == RANGE_UFFD_WP && t->range.prot;
}

/* The next VMA that is protected so; WRITEPROTECT ends at one that is not. */
static const struct vma *next_vma(struct machine *m, struct range_op *op, hva_t *start)
{
	const struct vma *vma = op->at < op->end ? vma_find_from(m, op->at) : NULL;

	while (vma && vma->start < op->end && op->at < op->end) {
		*start = op->at > vma->start ? op->at : vma->start;
		op->at = vma->end < op->end ? vma->end : op->end;
		if (vma->flags & VM_UFFD_WP)
			return vma;
		if (op->kind == RANGE_UFFD_WP) {
			op->error = -ENOENT;
			return NULL;
		}
		vma = vma_find_from(m, op->at);
	}
	return NULL;
}

/* change_pmd_prepare(): where markers are put tables are made first, and so all is notified. */
enum step_result uffd_begin(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma;
	hva_t start, first;

	op->piece_end = 0;
	while ((vma = next_vma(m, op, &start))) {
		op->started = true;
		first = start;
		if (!(protects(t) && uffd_uses_markers(m, vma)) &&
		    !protect_first_populated(m, &first, op->at))
			continue;
		t->notify = (struct notify){ .start = first, .end = op->at,
					     .event = NOTIFY_PROTECTION_VMA };
		op->piece_start = start;
		op->piece_end = op->at;
		return STEP_CALL;
	}
	if (op->kind == RANGE_UFFD_WP && !op->started)
		op->error = -ENOENT;
	return STEP_NEXT;
}

bool uffd_has_piece(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

/* A PMD that is protected in part; or, as nothing of it would stay, one of a file. 0: none. */
static hva_t cut_of(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct range_op *op = &t->range;

	for (hva_t at = op->piece_start; at < op->piece_end; ) {
		struct pt_leaf leaf = host_next_leaf(machine, at, op->piece_end);
		hva_t start = leaf.first << PAGE_SHIFT, end;

		if (!leaf.present)
			break;
		end = start + level_pages(leaf.level) * PAGE_SIZE;
		if (leaf.level == 2 && (start < op->piece_start || end > op->piece_end ||
					(protects(t) && vma_find(machine, at)->kind != VMA_ANON)))
			return start > at ? start : at;
		at = end;
	}
	return 0;
}

bool uffd_cuts_pmd(const struct machine *m, const struct task *t)
{
	return uffd_has_piece(m, t) && cut_of(m, t);
}

/* SIMPLIFIED: every PMD that must be is split before anything is protected. */
enum step_result uffd_begin_cut(struct machine *m, struct task *t)
{
	hva_t cut = cut_of(m, t);

	t->outer = t->notify;
	t->range.split |= 4;
	thp_notify(t, cut);
	return STEP_CALL;
}

/*
 * W stays away; when it may be written again it comes back as with mprotect() (6.2), or if the
 * mapping is shared (vm_get_page_prot(), until then), else with the next fault.
 */
static u64 changed_entry(struct machine *m, const struct vma *vma, struct pt_leaf *leaf, bool wp)
{
	u64 entry;

	leaf->entry = wp ? leaf->entry | PTE_UFFD_WP : leaf->entry & ~PTE_UFFD_WP;
	entry = protected_entry(m, vma, leaf);
	if (wp)
		return entry & ~PTE_WRITE;
	if (m->sem->traits.uffd_regains_write)
		return entry;
	entry &= ~PTE_WRITE;
	return (vma->flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) ?
	       entry | PTE_WRITE : entry;
}

/* A migration entry loses W for good; a marker goes when nothing is protected any more. */
static u64 changed_swap(u64 swap, bool wp)
{
	if ((swap & PTE_MARKER) && (swap & PTE_HWPOISON))
		return swap;
	if ((swap & PTE_MIGRATION) && (swap & PTE_WRITE))
		swap = (swap & ~PTE_WRITE) | PTE_SWP_EXCLUSIVE;
	if (swap & PTE_MARKER)
		return wp ? swap : 0;
	return wp ? swap | PTE_UFFD_WP : swap & ~PTE_UFFD_WP;
}

static void put_markers(struct machine *m, hva_t start, hva_t end)
{
	for (hva_t at = start; at < end; at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, at);

		if (!leaf.present && !leaf.swap)
			host_set_leaf(m, at, 1, PTE_MARKER | PTE_UFFD_WP);
	}
}

enum step_result uffd_change(struct machine *m, struct task *t)
{
	const struct vma *vma = vma_find(m, t->range.piece_start);
	bool wp = protects(t);

	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_next_used(m, at, t->notify.end);
		hva_t hva = leaf.first << PAGE_SHIFT;

		if (!leaf.present && !leaf.swap)
			break;
		host_set_leaf(m, hva, leaf.level, leaf.present ? changed_entry(m, vma, &leaf, wp) :
			      changed_swap(leaf.swap, wp));
		at = hva + level_pages(leaf.level) * PAGE_SIZE;
	}
	if (wp && uffd_uses_markers(m, vma))
		put_markers(m, t->notify.start, t->notify.end);
	return STEP_NEXT;
}

/* ---- UFFDIO_REGISTER, UFFDIO_UNREGISTER ---- */

static enum step_result uffd_set_flags(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	if (!split_if_changed(m, op, op->start) || !split_if_changed(m, op, op->end)) {
		op->error = -ENOMEM;
		return STEP_NEXT;
	}
	for (struct vma *vma = vma_find_from(m, op->start); vma && vma->start < op->end; ) {
		hva_t end = vma->end;

		if (range_new_flags(m, vma, op) != vma->flags) {
			vma->flags = range_new_flags(m, vma, op);
			vma_merge(m, vma);
		}
		vma = vma_find_from(m, end);
	}
	return STEP_NEXT;
}

const struct step path_uffd[] = {
	STEP(range_lock, .chain = "userfaultfd_register / userfaultfd_unregister"),
	STEP(uffd_check, .chain = "userfaultfd_register / userfaultfd_unregister"),
	STEP(uffd_wake_missing, .when = uffd_unregisters,
	     .chain = "userfaultfd_unregister > wake_userfault"),
	STEP(split_notify, .when = may_split, .calls = PATH_NOTIFY_START, .to = "split_notify",
	     .chain = "__split_vma > split_huge_pmd_address"),
	STEP(split_pmd, .when = split_is_open, .calls = PATH_NOTIFY_END, .to = "split_notify",
	     .chain = "__split_vma > split_huge_pmd_address"),
	STEP(uffd_set_flags, .when = uffd_ok, .chain = "userfaultfd_set_vm_flags"),
	STEP(range_unlock),
	{ 0 }
};

/* ---- UFFDIO_WRITEPROTECT ---- */

/* Until 6.2 the range lies in one VMA. */
static enum step_result uffd_lock(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	const struct vma *vma;

	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	op->at = op->start;
	vma = vma_find(m, op->start);
	if (op->start & ~PAGE_MASK)
		op->error = -EINVAL;
	else if (!m->sem->traits.uffd_wp_vmas && (!vma || vma->end < op->end))
		op->error = -ENOENT;
	return STEP_NEXT;
}

static enum step_result uffd_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_NEXT;
}

static bool wakes(const struct machine *m, const struct task *t)
{
	return uffd_ok(m, t) && !t->range.prot && !t->uffd.silent;
}

static enum step_result uffd_wake_writers(struct machine *m, struct task *t)
{
	uffd_wake(m, t->range.start, t->range.end);
	return STEP_DONE;
}

#define WP_RANGE	"uffd_wp_range > change_protection"

const struct step path_uffd_protect[] = {
	STEP(uffd_lock, .chain = "userfaultfd_writeprotect > mwriteprotect_range"),
	STEP(uffd_begin, .when = uffd_ok, .calls = PATH_NOTIFY_START, .chain = WP_RANGE),
	STEP(uffd_begin_cut, .when = uffd_cuts_pmd, .calls = PATH_NOTIFY_START,
	     .chain = WP_RANGE " > __split_huge_pmd"),
	STEP(cut_pmd, .when = cut_is_open, .calls = PATH_NOTIFY_END,
	     .chain = WP_RANGE " > __split_huge_pmd"),
	STEP(end_cut, .when = cut_is_open, .to = "uffd_begin_cut", .chain = WP_RANGE),
	STEP(uffd_change, .when = uffd_has_piece, .chain = WP_RANGE " > change_pte_range"),
	STEP_AS(uffd_end, enter_path_and_go_back, .when = uffd_has_piece,
		.calls = PATH_NOTIFY_END, .to = "uffd_begin", .chain = WP_RANGE),
	STEP(uffd_unlock, .chain = "userfaultfd_writeprotect > mwriteprotect_range"),
	STEP(uffd_wake_writers, .when = wakes,
	     .chain = "userfaultfd_writeprotect > wake_userfault"),
	{ 0 }
};
