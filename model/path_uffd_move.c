/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_uffd_move.c: UFFDIO_MOVE: anonymous pages of one process go to where nothing is.
 *
 * Linux: mm/userfaultfd.c:move_pages(), move_pages_pte() (since 6.18 move_pages_ptes()),
 * move_present_pte(), move_swap_pte(), mm/huge_memory.c:move_pages_huge_pmd(); 6.8 to 7.2. The
 * source is notified (CLEAR), page by page, since 6.18 from the page at hand to the end of what is
 * asked for, again for each batch; the target is not: no SPTE can have it. Only pages that are
 * exclusive move, and not pinned ones; another reference does not matter. A PMD of 2M moves as it
 * is to where no table is; else the PMD is split first, and then, inside of the first page's
 * notification, the folio, which another reference keeps from it: then it is tried for ever.
 * SIMPLIFIED: mmap_lock is held for reading (since 6.9 the VMAs' locks); a folio that cannot be
 * split is tried again, and notified, when it can be.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"
#include "model/thp.h"
#include "model/uffd.h"

#define VM_ACCESS	((u32)VM_READ | VM_WRITE | VM_EXEC)

/* validate_move_areas() */
static bool may_move(const struct uffd_op *op, const struct vma *from, const struct vma *to)
{
	u64 size = op->end - op->start;

	if (from->kind != VMA_ANON || to->kind != VMA_ANON || !(to->flags & VM_UFFD))
		return false;
	if (op->from + size > from->end || op->end > to->end)
		return false;
	return !((from->flags ^ to->flags) & (VM_ACCESS | VM_LOCKED)) && (from->flags & VM_WRITE);
}

/* userfaultfd_ioctl(), validate_range() */
static bool is_refused(const struct machine *m, const struct task *t)
{
	return !uffd_has_ioctl(m, t->uffd.verb) || ((t->uffd.start | t->uffd.from) & ~PAGE_MASK);
}

static enum step_result refuse_request(struct machine *m, struct task *t)
{
	(void)m;
	t->uffd.error = -EINVAL;
	return STEP_DONE;
}

static enum step_result uffd_move_lock(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct vma *to = vma_find(m, op->start);
	const struct vma *from = vma_find(m, op->from);

	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	if (!to || !(to->flags & VM_UFFD) || !from)
		op->error = !to || !from ? -ENOENT : -EINVAL;
	else if (!may_move(op, from, to))
		op->error = -EINVAL;
	else
		vma_prepare_anon(m, to);
	return STEP_NEXT;
}

static bool moves(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->uffd.error && t->uffd.at < t->uffd.end;
}

static bool move_is_open(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.open;
}

/* ---- move_pages(): what is at hand ---- */

/* A PMD of 2M; or a table, or nothing. */
static bool is_huge(const struct pt_leaf *leaf)
{
	return leaf->level == 2 && (leaf->present || leaf->swap);
}

/* move_splits_huge_pmd(), or there is a table already */
static bool must_cut(struct machine *m, const struct uffd_op *op)
{
	return ((uffd_source(op) | op->at) & (HPAGE_SIZE - 1)) || op->end - op->at < HPAGE_SIZE ||
	       host_has_table(m, op->at);
}

static void notify_source(struct task *t, u64 size)
{
	hva_t from = uffd_source(&t->uffd);

	t->uffd.open = true;
	t->notify = (struct notify){ .start = from, .end = from + size, .event = NOTIFY_CLEAR };
}

/* pmd_trans_huge_lock(): the PMD is split, or moves whole. */
static enum step_result look_at_pmd(struct machine *m, struct task *t, const struct pt_leaf *leaf)
{
	struct uffd_op *op = &t->uffd;
	bool zero = pt_pfn(leaf->entry) == m->w->huge_zero;
	bool zero_moves = m->sem->traits.uffd_moves != MOVES_PAGES;

	op->whole = !must_cut(m, op);
	if (op->whole && leaf->swap)		/* pmd_migration_entry_wait() */
		return STEP_BLOCKED;
	if (leaf->present && !leaf_is_exclusive(m, leaf) && !(zero && (zero_moves || !op->whole))) {
		op->error = -EBUSY;
		return STEP_NEXT;
	}
	if (!op->whole) {
		t->outer = t->notify;
		t->range.split |= 4;
		thp_notify(t, uffd_source(op));
		return STEP_CALL;
	}
	op->orig = leaf->entry;
	if (!zero) {
		op->page = pt_pfn(leaf->entry);
		page_get(m, op->page, HOLD_MM);
	}
	notify_source(t, HPAGE_SIZE);
	return STEP_CALL;
}

static enum step_result uffd_move_look(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct pt_leaf from = host_leaf(m, uffd_source(op)), to = host_leaf(m, op->at);
	bool no_table = from.level > 1 && !is_huge(&from);

	op->whole = false;
	if (no_table && !host_has_pmds(m, uffd_source(op)) && !op->holes)
		op->error = -ENOENT;
	else if (to.present && to.level == 2)
		op->error = -EEXIST;
	else if (is_huge(&from))
		return look_at_pmd(m, t, &from);
	else if (no_table && !op->holes)
		op->error = -ENOENT;
	if (op->error)
		return STEP_NEXT;
	host_make_table(m, uffd_source(op));
	host_make_table(m, op->at);
	notify_source(t, m->sem->traits.uffd_moves == MOVES_BATCHES ? op->end - op->at :
							      PAGE_SIZE);
	return STEP_CALL;
}

/* ---- move_pages_pte(), move_pages_huge_pmd() ---- */

static bool takes(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.open && !t->uffd.whole;
}

static enum step_result uffd_move_take(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct pt_leaf from = host_leaf(m, uffd_source(op)), to = host_leaf(m, op->at);

	op->orig = from.present ? from.entry : from.swap;
	if (to.present || to.swap)
		op->error = -EEXIST;
	else if (from.swap & PTE_MIGRATION)	/* migration_entry_wait() */
		return STEP_BLOCKED;
	else if (from.present || from.swap)
		op->error = uffd_take(m, op, &from);
	else if (!op->holes)
		op->error = -ENOENT;
	return STEP_NEXT;
}

static bool has_page(const struct task *t)
{
	return t->uffd.open && t->uffd.page != NO_PFN;
}

static bool must_lock(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;

	return has_page(t) && (t->uffd.whole || folio_pages(machine, t->uffd.page) == 1);
}

static enum step_result uffd_move_lock_page(struct machine *m, struct task *t)
{
	struct page *head = page_of(m, t->uffd.page);

	if (head->flags & PG_LOCKED)
		return STEP_BLOCKED;
	head->flags |= PG_LOCKED;
	t->uffd.locked = true;
	return STEP_NEXT;
}

static bool must_split(const struct machine *m, const struct task *t)
{
	return has_page(t) && !t->uffd.locked && !t->uffd.whole &&
	       folio_pages((struct machine *)m, t->uffd.page) > 1;
}

static enum step_result uffd_move_split(struct machine *m, struct task *t)
{
	(void)m;
	t->uffd.splits = true;
	page_split_begin(t, t->uffd.page, true, false);
	return STEP_CALL;
}

static bool has_split(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.open && t->uffd.splits;
}

/* The folio is looked up again, or all of it is tried again behind the notification. */
static enum step_result uffd_move_after_split(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;

	page_put(m, op->page, HOLD_MM);
	op->page = NO_PFN;
	op->splits = t->split.error != 0;
	return op->splits ? STEP_NEXT : STEP_BACK;
}

/* ---- move_present_pte(), move_swap_pte(), move_zeropage_pte() ---- */

static bool can_move(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->uffd.open && !t->uffd.error && !t->uffd.splits;
}

/* folio_unlock(), folio_put() */
static void put_page(struct machine *m, struct uffd_op *op)
{
	if (op->locked)
		page_of(m, op->page)->flags &= ~(u32)PG_LOCKED;
	page_put(m, op->page, HOLD_MM);
	op->page = NO_PFN;
	op->locked = false;
}

static void move_batch(struct machine *m, struct uffd_op *op)
{
	if (op->page != NO_PFN && (op->orig & PTE_USER))
		put_page(m, op);
	while (uffd_goes_along(m, op)) {
		struct pt_leaf leaf = host_leaf(m, uffd_source(op));

		uffd_move_leaf(m, op, &leaf);
		op->at += PAGE_SIZE;
	}
}

/* Both PTEs' locks: if nothing has changed meanwhile */
static enum step_result uffd_move_entries(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct pt_leaf from = host_leaf(m, uffd_source(op)), to = host_leaf(m, op->at);
	bool present = from.present;

	if ((present ? from.entry : from.swap) != op->orig || to.present || to.swap ||
	    from.level != 1 + op->whole || (op->whole && to.level < 2))
		return STEP_NEXT;		/* -EAGAIN: all of it again */
	if (present && op->page != NO_PFN &&
	    (page_maybe_pinned(m, op->page) || !leaf_is_exclusive(m, &from))) {
		op->error = -EBUSY;
		return STEP_NEXT;
	}
	if (op->orig)
		uffd_move_leaf(m, op, &from);
	op->at += op->whole ? HPAGE_SIZE : PAGE_SIZE;
	if (present && op->page != NO_PFN && !op->whole &&
	    m->sem->traits.uffd_moves == MOVES_BATCHES)
		move_batch(m, op);
	return STEP_NEXT;
}

static bool must_put(const struct machine *m, const struct task *t)
{
	(void)m;
	return has_page(t);
}

static enum step_result uffd_move_put(struct machine *m, struct task *t)
{
	put_page(m, &t->uffd);
	return STEP_NEXT;
}

static enum step_result uffd_move_end(struct machine *m, struct task *t)
{
	(void)m;
	t->uffd.open = false;
	return STEP_CALL;
}

/* It is tried again and again; here when it is worth it. */
static enum step_result uffd_move_again(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;
	struct pt_leaf from = host_leaf(m, uffd_source(op));
	pfn_t head = from.present ? page_head(m, pt_pfn(from.entry)) : NO_PFN;

	if (op->splits && head != NO_PFN && folio_pages(m, head) > 1 &&
	    page_of(m, head)->refcount != page_of(m, head)->held[HOLD_PTE])
		return STEP_BLOCKED;
	op->splits = false;
	return STEP_BACK;
}

static enum step_result uffd_move_unlock(struct machine *m, struct task *t)
{
	struct uffd_op *op = &t->uffd;

	lock_release_read(m, &current_mm(m)->mmap_lock);
	if (op->error && op->at > op->start)
		op->error = -EAGAIN;
	return STEP_NEXT;
}

static bool wakes(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->uffd.silent && t->uffd.at > t->uffd.start;
}

static enum step_result uffd_move_wake(struct machine *m, struct task *t)
{
	uffd_wake(m, t->uffd.start, t->uffd.at);
	return STEP_DONE;
}

#define MOVE	"userfaultfd_move > move_pages"
#define PTES	MOVE " > move_pages_pte"

const struct step path_uffd_move[] = {
	STEP(refuse_request, .when = is_refused, .chain = "userfaultfd_ioctl"),
	STEP(uffd_move_lock, .chain = MOVE " > uffd_move_lock"),
	STEP(uffd_move_look, .when = moves, .calls = PATH_NOTIFY_START, .chain = MOVE),
	STEP_AS(uffd_move_cut, cut_pmd, .when = cut_is_open, .calls = PATH_NOTIFY_END,
	     .chain = MOVE " > __split_huge_pmd"),
	STEP_AS(uffd_move_again_cut, end_cut, .when = cut_is_open, .to = "uffd_move_look",
		.chain = MOVE),
	STEP(uffd_move_take, .when = takes, .chain = PTES),
	STEP(uffd_move_lock_page, .when = must_lock, .chain = PTES " > folio_lock"),
	STEP(uffd_move_split, .when = must_split, .calls = PATH_PAGE_SPLIT,
	     .chain = PTES " > split_folio"),
	STEP(uffd_move_after_split, .when = has_split, .to = "uffd_move_take", .chain = PTES),
	STEP(uffd_move_entries, .when = can_move,
	     .chain = PTES " / move_pages_huge_pmd > move_present_pte"),
	STEP(uffd_move_put, .when = must_put, .chain = PTES " > folio_put"),
	STEP(uffd_move_end, .when = move_is_open, .calls = PATH_NOTIFY_END, .chain = PTES),
	STEP(uffd_move_again, .when = moves, .to = "uffd_move_look", .chain = MOVE),
	STEP(uffd_move_unlock, .chain = MOVE " > uffd_move_unlock"),
	STEP(uffd_move_wake, .when = wakes, .chain = "userfaultfd_move > wake_userfault"),
	{ 0 }
};
