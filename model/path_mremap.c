/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_mremap.c: mremap(): a mapping moves to other addresses, grows, or loses its end.
 *
 * Linux: mm/mremap.c:mremap_to(), move_vma(), move_page_tables(), mm/mmap.c:copy_vma(); 5.12 to
 * 7.2. mmap_lock is held for writing throughout. The target is unmapped first; then there is one
 * notification for the old range while PTEs, tables and whole PMDs move (those that cannot are
 * split inside of it); then the old range is unmapped, which notifies again, although nothing is
 * there any more. Pages keep their references, map counts, and A and D of their PTEs.
 * SIMPLIFIED: without a target nothing is ever moved, as without MREMAP_MAYMOVE; no page tables of
 * hugetlb are shared.
 */
#include "model/errno.h"
#include "model/hugetlb.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

static bool aligned(hva_t address, u64 size)
{
	return !(address & (size - 1));
}

static bool overlaps(const struct remap_op *op)
{
	return op->from + op->size > op->to && op->to + op->new_size > op->from;
}

/* check_mremap_params() */
static s32 check_arguments(const struct remap_op *op)
{
	if (!aligned(op->from, PAGE_SIZE) || !op->new_size)
		return -EINVAL;
	if (!op->fixed)
		return op->keeps ? -EINVAL : 0;
	if (!aligned(op->to, PAGE_SIZE) || overlaps(op))
		return -EINVAL;
	return op->keeps && op->size != op->new_size ? -EINVAL : 0;
}

/* hugetlb: whole pages, no growth; not at all before 5.16 */
static s32 check_hugetlb(const struct machine *m, const struct vma *vma, struct remap_op *op)
{
	u64 size = hugetlb_size(vma);

	if (!m->sem->traits.mremap_hugetlb)
		return -EINVAL;
	op->size = (op->size + size - 1) & ~(size - 1);
	op->new_size = (op->new_size + size - 1) & ~(size - 1);
	return !aligned(op->from, size) || (op->fixed && !aligned(op->to, size)) ||
	       op->new_size > op->size ? -EINVAL : 0;
}

/* vma_to_resize() of the piece at hand; since 6.17 check_prep_vma(), before anything is unmapped */
static s32 check_vma(struct machine *m, const struct remap_op *op)
{
	const struct vma *vma = vma_find(m, op->at);
	u64 size = op->piece < op->new_size ? op->piece : op->new_size;

	if (!vma)
		return -EFAULT;
	if (op->keeps && (vma->flags & VM_PFNMAP))
		return -EINVAL;
	if (op->keeps && !m->sem->traits.mremap_keeps_files && vma->kind != VMA_ANON)
		return -EINVAL;
	if (size > vma->end - op->at)
		return -EFAULT;
	return op->new_size > op->size && (vma->flags & VM_PFNMAP) ? -EFAULT : 0;
}

/* vrm_move_only(): since 6.17 several VMAs move, each for itself. */
static bool moves_vmas(const struct machine *m, const struct remap_op *op)
{
	return m->sem->traits.mremap_moves_vmas && op->fixed && !op->keeps &&
	       op->size == op->new_size;
}

static enum step_result mremap_lock(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	const struct vma *vma;

	op->error = check_arguments(op);
	if (op->error)
		return STEP_DONE;
	if (!lock_try_write(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	vma = vma_find(m, op->from);
	op->error = !vma ? -EFAULT : vma->kind == VMA_HUGETLB ? check_hugetlb(m, vma, op) : 0;
	op->at = op->from;
	op->target = op->to;
	op->piece = op->size;
	return STEP_NEXT;
}

static bool is_good(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->remap.error && t->remap.piece;
}

/* remap_move(), vma_multi_allowed(): what is registered with userfaultfd moves alone. */
static bool must_move_alone(const struct remap_op *op, const struct vma *vma)
{
	return (vma->flags & VM_UFFD) &&
	       (op->at != op->from || vma->end < op->from + op->size);
}

/* remap_move(): the next VMA of the range; the gaps between VMAs stay. */
static enum step_result mremap_piece(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	const struct vma *vma = vma_find_from(m, op->at);
	hva_t end = op->from + op->size;

	if (!moves_vmas(m, op)) {
		if (m->sem->traits.mremap_moves_vmas && (op->fixed || op->new_size > op->size))
			op->error = check_vma(m, op);
		return STEP_NEXT;
	}
	op->piece = 0;
	if (!vma || vma->start >= end)
		return STEP_NEXT;
	op->at = op->at > vma->start ? op->at : vma->start;
	op->target = op->to + (op->at - op->from);
	op->piece = (end < vma->end ? end : vma->end) - op->at;
	op->error = must_move_alone(op, vma) ? -EFAULT : check_vma(m, op);
	return STEP_NEXT;
}

/* do_munmap(), under the caller's mmap_lock */
static enum step_result call_unmap(struct task *t, hva_t start, u64 size)
{
	t->range = (struct range_op){ .start = start, .end = start + size, .kind = RANGE_REMAP };
	return STEP_CALL;
}

static bool has_target(const struct machine *m, const struct task *t)
{
	return is_good(m, t) && t->remap.fixed;
}

static enum step_result unmap_target(struct machine *m, struct task *t)
{
	const struct remap_op *op = &t->remap;

	(void)m;
	return call_unmap(t, op->target, op->piece + (op->new_size - op->size));
}

static bool loses_end(const struct machine *m, const struct task *t)
{
	return is_good(m, t) && t->remap.new_size < t->remap.size;
}

static enum step_result unmap_end(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;

	(void)m;
	op->piece = op->new_size;
	call_unmap(t, op->from + op->new_size, op->size - op->new_size);
	op->size = op->new_size;
	return STEP_CALL;
}

static bool grows_in_place(const struct machine *m, const struct task *t)
{
	return is_good(m, t) && !t->remap.fixed && t->remap.new_size > t->remap.size;
}

/* vma_expandable(): nobody hears of it. */
static enum step_result expand_vma(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	struct vma *vma = vma_find(m, op->from);
	hva_t end = op->from + op->new_size;
	const struct vma *next;

	op->error = check_vma(m, op);
	if (op->error)
		return STEP_NEXT;
	next = vma_find_from(m, vma->end);
	if (vma->end != op->from + op->size || (next && next->start < end)) {
		op->error = -ENOMEM;
		return STEP_NEXT;
	}
	vma->end = end;
	vma_merge(m, vma);
	op->grown = op->from + op->size;
	return STEP_NEXT;
}

/* move_vma() > ksm_madvise(): merged pages are parted, VM_MERGEABLE stays. */
static enum step_result check_source(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	const struct vma *vma;

	op->error = check_vma(m, op);
	vma = vma_find(m, op->at);
	if (op->error || !(vma->flags & VM_MERGEABLE))
		return STEP_NEXT;
	t->ksm = (struct ksm_op){ .at = op->at, .end = op->at + op->piece, .caller_locks = true };
	return STEP_CALL;
}

/* can_align_down(), try_realign_addr(): down to the table's begin, if nobody else is in there */
static bool may_realign(struct machine *m, const struct vma *vma, hva_t address)
{
	hva_t start = address & HPAGE_MASK;
	const struct vma *before = vma_find_from(m, start);

	return vma->start == address && before && before->start == address;
}

static void realign(struct machine *m, struct remap_op *op, const struct vma *new)
{
	u64 offset = op->at & ~HPAGE_MASK;

	op->moving = op->at;
	if (!m->sem->traits.mremap_realigns || !offset || new->kind == VMA_HUGETLB ||
	    offset != (op->target & ~HPAGE_MASK) || op->piece < HPAGE_SIZE - offset)
		return;
	if (may_realign(m, vma_find(m, op->at), op->at) && may_realign(m, new, op->target))
		op->moving -= offset;
}

/* copy_vma(): what has been faulted in keeps its vm_pgoff, and so rarely merges. */
static enum step_result copy_vma(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	const struct vma *old = vma_find(m, op->at);
	struct vma new = *old, *added;

	new.start = op->target;
	new.end = op->target + op->piece + (op->new_size - op->size);
	new.index += (op->at - old->start) >> PAGE_SHIFT;
	new.flags &= ~VM_UFFD;		/* mremap_userfaultfd_prep() without EVENT_REMAP */
	if (old->kind == VMA_ANON && !old->anon)
		new.index = op->target >> PAGE_SHIFT;
	added = vma_add(m, &new);
	if (!added) {
		op->error = -ENOMEM;
		return STEP_NEXT;
	}
	op->hugetlb = old->kind == VMA_HUGETLB;
	realign(m, op, added);
	if (!(op->keeps && !old->anon))		/* no merge with itself */
		vma_merge(m, added);
	t->notify = (struct notify){ .start = op->moving, .end = op->at + op->piece,
				     .event = op->hugetlb ? NOTIFY_CLEAR : NOTIFY_UNMAP };
	return STEP_CALL;
}

/* A PMD of 2M moves as it is if both sides are aligned, and it moves as a whole. */
static bool pmd_moves(const struct remap_op *op, hva_t at)
{
	return aligned(op->target - op->at, HPAGE_SIZE) && aligned(at, HPAGE_SIZE) &&
	       at + HPAGE_SIZE <= op->at + op->piece;
}

/* pte_clear_uffd_wp() of what was registered, and a marker goes */
static u64 moved_entry(struct machine *m, const struct pt_leaf *leaf)
{
	const struct vma *vma = vma_find(m, leaf->first << PAGE_SHIFT);
	u64 entry = leaf->present ? leaf->entry : leaf->swap;

	if (!m->sem->traits.mremap_clears_uffd || !vma || !(vma->flags & VM_UFFD))
		return entry;
	return leaf_is_marker(leaf) ? 0 : entry & ~PTE_UFFD_WP;
}

/* move_ptes(), move_normal_pmd(), move_huge_pmd(), up to a PMD that must be split */
static enum step_result move_tables(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	hva_t end = op->at + op->piece;

	while (op->moving < end) {
		struct pt_leaf leaf = host_next_used(m, op->moving, end);
		hva_t hva = leaf.first << PAGE_SHIFT;

		if (!leaf.present && !leaf.swap)
			break;
		op->moving = hva < op->moving ? op->moving : hva;
		if (leaf.level == 2 && !op->hugetlb && !pmd_moves(op, op->moving))
			return STEP_NEXT;
		host_set_leaf(m, hva, leaf.level, 0);
		host_set_leaf(m, hva - op->at + op->target, leaf.level, moved_entry(m, &leaf));
		op->moving = hva + level_pages(leaf.level) * PAGE_SIZE;
	}
	op->moving = end;
	return STEP_NEXT;
}

static bool must_split(const struct machine *m, const struct task *t)
{
	return has_target(m, t) && t->remap.moving < t->remap.at + t->remap.piece;
}

static enum step_result begin_move_split(struct machine *m, struct task *t)
{
	(void)m;
	t->outer = t->notify;
	thp_notify(t, t->remap.moving);
	return STEP_CALL;
}

static enum step_result end_move_split(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = t->outer;
	return STEP_BACK;
}

static bool has_moved(const struct machine *m, const struct task *t)
{
	return has_target(m, t);
}

static enum step_result end_move(struct machine *m, struct task *t)
{
	const struct remap_op *op = &t->remap;

	if (op->hugetlb)
		hugetlb_move_promises(m, vma_find(m, op->at), op->at, op->at + op->piece);
	return STEP_CALL;
}

/* MREMAP_DONTUNMAP leaves an empty VMA, which is not locked. */
static void empty_source(struct machine *m, const struct remap_op *op)
{
	struct vma *vma = vma_find(m, op->at);

	vma->flags &= ~(u32)VM_LOCKED;
	if (vma->start != op->at || vma->end != op->at + op->piece)
		return;
	vma->anon = 0;
	if (vma->kind == VMA_ANON)
		vma->index = vma->start >> PAGE_SHIFT;
}

static enum step_result unmap_source(struct machine *m, struct task *t)
{
	const struct remap_op *op = &t->remap;

	if (!op->keeps)
		return call_unmap(t, op->at, op->piece);
	empty_source(m, op);
	return STEP_NEXT;
}

static enum step_result next_piece(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;

	if (op->new_size > op->size)
		op->grown = op->to + op->size;
	op->at += op->piece;
	if (moves_vmas(m, op))
		return STEP_BACK;
	return STEP_NEXT;
}

static enum step_result mremap_unlock(struct machine *m, struct task *t)
{
	struct remap_op *op = &t->remap;
	const struct vma *vma = op->grown ? vma_find(m, op->grown) : NULL;

	lock_release_write(m, &current_mm(m)->mmap_lock);
	if (op->error || !vma || !(vma->flags & VM_LOCKED))
		return STEP_DONE;
	t->populate = (struct populate_op){ .at = op->grown, .ignores_errors = true,
					    .end = op->grown + op->new_size - op->size };
	return STEP_CALL;
}

#define TO	"mremap_to"
#define MOVE	"mremap_to > move_vma > move_page_tables"

const struct step path_mremap[] = {
	STEP(mremap_lock, .chain = "mmap_write_lock_killable"),
	STEP(mremap_piece, .when = is_good, .chain = TO),
	STEP(unmap_target, .when = has_target, .calls = PATH_UNMAP, .chain = TO " > do_munmap"),
	STEP(unmap_end, .when = loses_end, .calls = PATH_UNMAP, .chain = TO " > do_munmap"),
	STEP(expand_vma, .when = grows_in_place, .chain = "vma_expandable"),
	STEP(check_source, .when = has_target, .calls = PATH_KSM_UNMERGE,
	     .chain = TO " > move_vma > ksm_madvise"),
	STEP(copy_vma, .when = has_target, .calls = PATH_NOTIFY_START,
	     .chain = TO " > move_vma > copy_vma"),
	STEP(move_tables, .when = has_moved, .chain = MOVE " > move_ptes"),
	STEP(begin_move_split, .when = must_split, .calls = PATH_NOTIFY_START,
	     .chain = MOVE " > __split_huge_pmd"),
	STEP_AS(move_split, cut_pmd, .when = must_split, .calls = PATH_NOTIFY_END,
		.chain = MOVE " > __split_huge_pmd"),
	STEP(end_move_split, .when = must_split, .to = "move_tables", .chain = MOVE),
	STEP(end_move, .when = has_moved, .calls = PATH_NOTIFY_END, .chain = MOVE),
	STEP(unmap_source, .when = has_moved, .calls = PATH_UNMAP,
	     .chain = TO " > move_vma > do_munmap"),
	STEP_AS(next_mremap_piece, next_piece, .when = has_moved, .to = "mremap_piece",
		.chain = TO),
	STEP(mremap_unlock, .calls = PATH_POPULATE, .chain = "mmap_write_unlock"),
	{ 0 }
};
