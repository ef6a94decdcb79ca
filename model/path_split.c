/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_split.c: what comes first when mprotect(), mlock(), madvise() or munmap() changes VMAs of
 * a range: their new flags, and the boundaries at which they are split.
 *
 * Linux: mm/mmap.c:__split_vma(), mm/huge_memory.c:vma_adjust_trans_huge(), mm/madvise.c:
 * madvise_vma_behavior(), mm/mprotect.c:mprotect_fixup(); 5.12 to 7.2. A boundary inside of
 * 2M is a notification of its own.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

bool range_changes_flags(const struct range_op *op)
{
	return op->kind == RANGE_PROTECT || op->kind == RANGE_ADVISE || op->kind == RANGE_LOCK ||
	       op->kind == RANGE_UFFD;
}

/* madvise_vma_behavior(), hugepage_madvise(), ksm_madvise() */
static u32 advised_flags(const struct vma *vma, u8 advice, bool special)
{
	u32 flags = vma->flags, huge = VM_HUGEPAGE | VM_NOHUGEPAGE;

	switch (advice) {
	case ADVISE_MERGEABLE:
		return special || (flags & (VM_SHARED | VM_HUGETLB)) ? flags : flags | VM_MERGEABLE;
	case ADVISE_UNMERGEABLE:
		return flags & ~(u32)VM_MERGEABLE;
	case ADVISE_DONTFORK:
		return flags | VM_DONTCOPY;
	case ADVISE_DOFORK:
		return flags & ~(u32)VM_DONTCOPY;
	case ADVISE_WIPEONFORK:
		return flags | VM_WIPEONFORK;
	case ADVISE_KEEPONFORK:
		return flags & ~(u32)VM_WIPEONFORK;
	default:
		return (flags & ~huge) | (advice == ADVISE_HUGEPAGE ? VM_HUGEPAGE :
								      VM_NOHUGEPAGE);
	}
}

/* userfaultfd_register_range(), userfaultfd_clear_vma() */
static u32 registered_flags(const struct vma *vma, u8 mode)
{
	u32 wanted = (mode & UFFD_MODE_MISSING ? VM_UFFD_MISSING : 0) |
		     (mode & UFFD_MODE_WP ? VM_UFFD_WP : 0) |
		     (mode & UFFD_MODE_MINOR ? VM_UFFD_MINOR : 0);

	if (wanted && (vma->flags & wanted) == wanted)
		return vma->flags;
	return (vma->flags & ~VM_UFFD) | wanted;
}

/* mprotect_fixup(), mlock_fixup(), madvise_update_vma(): what the VMA's flags will be. */
u32 range_new_flags(const struct machine *m, const struct vma *vma, const struct range_op *op)
{
	bool special = (vma->flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) || vma_is_dax(vma);
	u32 flags = (vma->flags & ~(u32)(VM_READ | VM_WRITE | VM_EXEC)) | op->prot;

	if (op->kind == RANGE_LOCK && op->prot == UNLOCK_RANGE)
		return vma->flags & ~(u32)VM_LOCKED;
	if (op->kind == RANGE_LOCK)
		return vma->flags | (special || vma->kind == VMA_HUGETLB ? 0 : VM_LOCKED);
	if (op->kind == RANGE_UFFD)
		return registered_flags(vma, op->prot);
	if (op->kind == RANGE_ADVISE)
		return advised_flags(vma, op->prot, special);

	if (flags == vma->flags)
		return flags;
	if ((flags & VM_WRITE) && !(vma->flags & (VM_WRITE | VM_SHARED)))
		flags |= VM_ACCOUNT;
	else if (!(flags & VM_WRITE) && vma->kind == VMA_ANON && !vma->anon &&
		 m->sem->traits.protect_unaccounts)
		flags &= ~(u32)VM_ACCOUNT;
	return flags;
}

/*
 * __split_vma() > vma_adjust_trans_huge(): a boundary inside a 2M page that the VMA covers whole
 * notifies for that 2M, huge page or not, or nothing, if there is a table of PMDs for it.
 */
static bool boundary_notifies(struct machine *m, const struct range_op *op, hva_t boundary)
{
	const struct vma *vma = vma_find(m, boundary);
	hva_t start = boundary & ~(HPAGE_SIZE - 1);

	if (vma && range_changes_flags(op) && range_new_flags(m, vma, op) == vma->flags)
		return false;
	if (!vma || vma->start == boundary || start == boundary)
		return false;
	if (start < vma->start || start + HPAGE_SIZE > vma->end)
		return false;
	return host_has_pmds(m, boundary);
}

/* mprotect_fixup(): a VMA whose flags stay as they are is left alone. */
bool split_if_changed(struct machine *m, const struct range_op *op, hva_t boundary)
{
	const struct vma *vma = vma_find(m, boundary);

	return !vma || range_new_flags(m, vma, op) == vma->flags || vma_split(m, boundary);
}

/* hugetlb_vm_op_split(), of a VMA that is to be split */
static bool cuts_hugetlb(struct machine *m, const struct range_op *op, hva_t boundary)
{
	const struct vma *vma = vma_find(m, boundary);

	return hugetlb_is_cut(m, boundary) &&
	       (!range_changes_flags(op) || range_new_flags(m, vma, op) != vma->flags);
}

bool may_split(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->range.error && t->range.split < 2;
}

/* First the low boundary, which is split then, and then the high one. */
enum step_result split_notify(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;
	hva_t boundary = op->split ? op->end : op->start;

	if (!op->split && (cuts_hugetlb(m, op, op->start) || cuts_hugetlb(m, op, op->end))) {
		op->error = -EINVAL;
		return STEP_NEXT;
	}
	if (op->split++ && !(range_changes_flags(op) ? split_if_changed(m, op, op->start) :
			     vma_split(m, op->start)))
		op->error = -ENOMEM;
	if (!boundary_notifies(m, op, boundary))
		return op->split < 2 ? STEP_BACK : STEP_NEXT;
	t->notify = (struct notify){ .start = boundary & ~(HPAGE_SIZE - 1), .event = NOTIFY_CLEAR,
				     .end = (boundary & ~(HPAGE_SIZE - 1)) + HPAGE_SIZE };
	op->split |= 4;		/* the notification is open */
	return STEP_CALL;
}

bool split_is_open(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.split & 4;
}

enum step_result split_pmd(struct machine *m, struct task *t)
{
	pmd_split(m, t->notify.start);
	t->range.split &= 3;
	return STEP_CALL_BACK;
}

/* Where the first hole is; what is before it is protected all the same. */
static hva_t first_hole(struct machine *m, const struct range_op *op)
{
	const struct vma *vma;
	hva_t at = op->start;

	while (at < op->end && (vma = vma_find(m, at)))
		at = vma->end;
	return at;
}

enum step_result protect_vmas(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	if (first_hole(m, op) == op->start)
		op->error = -ENOMEM;
	if (!op->error && (!split_if_changed(m, op, op->start) ||
			   (first_hole(m, op) >= op->end && !split_if_changed(m, op, op->end))))
		op->error = -ENOMEM;
	return STEP_NEXT;
}
