/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_ksm.c: two pages with the same contents become one, and are parted again.
 *
 * Linux: mm/ksm.c:cmp_and_merge_page(), try_to_merge_one_page(), write_protect_page(),
 * replace_page(), break_ksm(); 5.12 to 7.2. Which pages ksmd compares, and when, is the caller's
 * choice. A page that anybody else has a reference to stays as it is; a folio of 2M is split first.
 * SIMPLIFIED: no page lock, no merged page of zeroes, no limit of sharing; a fork's child is not
 * scanned.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/swap.h"

#define LAST_HVA	((hva_t)1 << 47)

static bool is_mergeable(struct machine *m, hva_t hva)
{
	const struct vma *vma = vma_find(m, hva);

	return vma && (vma->flags & VM_MERGEABLE) && vma->anon;
}

static bool page_is_compound(struct machine *m, pfn_t pfn)
{
	return page_is(m, page_head(m, pfn), PG_HEAD);
}

/* get_mergeable_page(), of scan_get_next_rmap_item() and of the tree */
static pfn_t get_page_of(struct machine *m, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);
	pfn_t pfn = host_leaf_pfn(&leaf, hva);

	if (!leaf.present || !leaf_is_counted(m, &leaf) || !page_is(m, pfn, PG_ANON) ||
	    !page_is_followed(m, &leaf))
		return NO_PFN;
	page_get(m, pfn, HOLD_MM);
	return pfn;
}

/* pages_identical() */
static bool are_identical(const struct machine *m, pfn_t a, pfn_t b)
{
	for (unsigned i = 0; i < WORDS_PER_PAGE; i++)
		if (m->phys->load(m->phys, a, i) != m->phys->load(m->phys, b, i))
			return false;
	return true;
}

/* ksm_do_scan() > lru_add_drain_all(); stable_tree_search(), unstable_tree_search_insert() */
static enum step_result ksm_look_up(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	lru_drain(m);
	ksm_rmap_remove_stale(m);
	op->error = op->other ? -EAGAIN : 0;
	op->page = is_mergeable(m, op->hva) || !op->other ? get_page_of(m, op->hva) : NO_PFN;
	op->tree_page = is_mergeable(m, op->other) ? get_page_of(m, op->other) : NO_PFN;
	op->kpage = op->broken = NO_PFN;
	op->splits = !op->other && op->page != NO_PFN;
	op->tries = op->page != NO_PFN && op->tree_page != NO_PFN && op->page != op->tree_page &&
		    !page_is(m, op->page, PG_KSM) && are_identical(m, op->page, op->tree_page);
	if (op->tries && page_is(m, op->tree_page, PG_KSM))
		op->kpage = op->tree_page;
	return STEP_NEXT;
}

static bool ksm_tries(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->ksm.tries;
}

static enum step_result notify_page(struct task *t)
{
	t->ksm.notified = true;
	t->notify = (struct notify){ .start = t->ksm.at, .end = t->ksm.at + PAGE_SIZE,
				     .event = NOTIFY_CLEAR };
	return STEP_CALL;
}

/* try_to_merge_with_ksm_page() > find_mergeable_vma() */
static enum step_result ksm_lock_mm(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	op->locked = true;
	op->is_protected = false;
	op->at = op->second ? op->other : op->hva;
	return STEP_NEXT;
}

static pfn_t page_at_hand(const struct ksm_op *op)
{
	return op->second ? op->tree_page : op->page;
}

static bool ksm_has_folio(const struct machine *m, const struct task *t)
{
	return ksm_tries(m, t) && is_mergeable((struct machine *)m, t->ksm.at) &&
	       page_is_compound((struct machine *)m, page_at_hand(&t->ksm));
}

static enum step_result ksm_split(struct machine *m, struct task *t)
{
	(void)m;
	page_split_begin(t, page_at_hand(&t->ksm), false, false);
	return STEP_CALL;
}

/* What is still part of a large folio is not merged. */
static enum step_result ksm_begin_protect(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	return is_mergeable(m, op->at) && !page_is_compound(m, page_at_hand(op)) ?
	       notify_page(t) : STEP_NEXT;
}

static bool is_notified(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->ksm.notified;
}

static void set_pte_notify(struct machine *m, hva_t hva, u64 entry)
{
	host_set_leaf(m, hva, 1, entry);
	if (m->sem->traits.change_pte)
		note(m, &(struct note){ .kind = NOTE_CHANGE_PTE, .name = "change_pte",
					.hva = hva, .new = entry });
}

/* The PTE is cleared and flushed before the count is read: then fast GUP cannot come between. */
static enum step_result ksm_write_protect(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;
	struct pt_leaf leaf = host_leaf(m, op->at);
	pfn_t pfn = op->second ? op->tree_page : op->page;
	s32 ours = page_of(m, pfn)->mapcount + 1 + page_is(m, pfn, PG_SWAPCACHE);
	u64 dirty = PTE_DIRTY | PTE_SAVED_DIRTY;

	op->orig = leaf.entry & ~(PTE_WRITE | dirty);
	if (!leaf.present || !leaf_is_normal(&leaf) || pt_pfn(leaf.entry) != pfn)
		return STEP_NEXT;
	if (leaf.entry != op->orig || page_is(m, pfn, PG_EXCLUSIVE)) {
		if (page_count(m, pfn) != ours)
			return STEP_NEXT;
		page_of(m, pfn)->flags &= ~(u32)PG_EXCLUSIVE;
		if (leaf.entry & dirty)
			page_set_dirty(m, pfn);
		set_pte_notify(m, op->at, op->orig);
	}
	op->is_protected = true;
	return STEP_NEXT;
}

static enum step_result ksm_end_notified(struct machine *m, struct task *t)
{
	(void)m;
	t->ksm.notified = false;
	return STEP_CALL;
}

static bool becomes_stable(const struct machine *m, const struct task *t)
{
	return ksm_tries(m, t) && t->ksm.is_protected && t->ksm.kpage == NO_PFN;
}

/* set_page_stable_node(); then the page of the unstable tree is merged with this one. */
static enum step_result ksm_make_stable(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	page_of(m, op->page)->flags |= PG_KSM;
	m->sem->ops.mark_accessed(m, op->page);
	page_set_dirty(m, op->page);
	op->kpage = op->page;
	op->second = true;
	op->locked = false;
	lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_BACK;
}

static bool is_replaceable(const struct machine *m, const struct task *t)
{
	const struct ksm_op *op = &t->ksm;

	return ksm_tries(m, t) && op->is_protected &&
	       are_identical(m, op->second ? op->tree_page : op->page, op->kpage);
}

static enum step_result ksm_begin_replace(struct machine *m, struct task *t)
{
	(void)m;
	return notify_page(t);
}

/* replace_page(), stable_tree_append(): the new mapping's reference before the old one's goes */
static enum step_result ksm_replace_page(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;
	struct pt_leaf leaf = host_leaf(m, op->at);
	pfn_t old = op->second ? op->tree_page : op->page;

	if (leaf.entry != op->orig)		/* pte_same() */
		return STEP_NEXT;
	page_get(m, op->kpage, HOLD_PTE);
	page_hand_over(m, old, HOLD_PTE, HOLD_MM);
	set_pte_notify(m, op->at, anon_entry(vma_find(m, op->at), op->kpage, false));
	if (!page_of(m, old)->held[HOLD_PTE])
		swap_free_folio(m, old);
	page_put(m, old, HOLD_MM);
	op->error = 0;
	if (op->second)
		ksm_rmap_append(m, op->kpage, op->other);
	ksm_rmap_append(m, op->kpage, op->hva);
	return STEP_NEXT;
}

/* Until 6.1 a write, with a reference of its own; since then a copy without W and D will do. */
static void break_ksm(struct machine *m, struct task *t, hva_t hva)
{
	bool unshares = m->sem->traits.ksm_unshares;

	t->ksm.broken = unshares ? NO_PFN : pt_pfn(host_leaf(m, hva).entry);
	if (!unshares)
		page_get(m, t->ksm.broken, HOLD_MM);
	t->host = (struct host_fault){ .hva = hva, .write = true, .unshare = unshares };
}

/* One mapping alone is no reason for a stable page. */
static bool is_alone(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = host_leaf((struct machine *)m, t->ksm.hva);

	return ksm_tries(m, t) && t->ksm.second && t->ksm.error && leaf.present &&
	       pt_pfn(leaf.entry) == t->ksm.kpage;
}

static enum step_result ksm_break_cow(struct machine *m, struct task *t)
{
	break_ksm(m, t, t->ksm.hva);
	return STEP_CALL;
}

static bool has_broken(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->ksm.broken != NO_PFN;
}

static enum step_result ksm_put_broken(struct machine *m, struct task *t)
{
	page_put(m, t->ksm.broken, HOLD_MM);
	t->ksm.broken = NO_PFN;
	return STEP_NEXT;
}

/* Two pages of one folio have held each other up. */
static enum step_result ksm_put_tree_page(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	op->splits |= op->tries && page_is_compound(m, op->page) &&
		      page_head(m, op->page) == page_head(m, op->tree_page);
	if (op->locked)
		lock_release_read(m, &current_mm(m)->mmap_lock);
	if (op->tree_page != NO_PFN)
		page_put(m, op->tree_page, HOLD_MM);
	return STEP_NEXT;
}

static bool ksm_splits_alone(const struct machine *m, const struct task *t)
{
	return t->ksm.splits && page_is_compound((struct machine *)m, t->ksm.page);
}

static enum step_result ksm_split_alone(struct machine *m, struct task *t)
{
	(void)m;
	page_split_begin(t, t->ksm.page, false, false);
	return STEP_CALL;
}

static enum step_result ksm_put_pages(struct machine *m, struct task *t)
{
	struct ksm_op *op = &t->ksm;

	if (op->page != NO_PFN)
		page_put(m, op->page, HOLD_MM);
	return STEP_DONE;
}

#define MERGE	"cmp_and_merge_page > try_to_merge_with_ksm_page > try_to_merge_one_page"

const struct step path_ksm_merge[] = {
	STEP(ksm_look_up, .chain = "ksm_do_scan > cmp_and_merge_page"),
	STEP(ksm_lock_mm, .when = ksm_tries, .chain = MERGE),
	STEP(ksm_split, .when = ksm_has_folio, .calls = PATH_PAGE_SPLIT,
	     .chain = MERGE " > split_huge_page"),
	STEP(ksm_begin_protect, .when = ksm_tries, .calls = PATH_NOTIFY_START,
	     .chain = MERGE " > write_protect_page"),
	STEP(ksm_write_protect, .when = is_notified, .chain = MERGE " > write_protect_page"),
	STEP_AS(ksm_end_protect, ksm_end_notified, .when = is_notified, .calls = PATH_NOTIFY_END,
		.chain = MERGE " > write_protect_page"),
	STEP(ksm_make_stable, .when = becomes_stable, .to = "ksm_lock_mm", .chain = MERGE),
	STEP(ksm_begin_replace, .when = is_replaceable, .calls = PATH_NOTIFY_START,
	     .chain = MERGE " > replace_page"),
	STEP(ksm_replace_page, .when = is_notified, .chain = MERGE " > replace_page"),
	STEP_AS(ksm_end_replace, ksm_end_notified, .when = is_notified, .calls = PATH_NOTIFY_END,
		.chain = MERGE " > replace_page"),
	STEP(ksm_break_cow, .when = is_alone, .calls = PATH_HOST_FAULT,
	     .chain = "cmp_and_merge_page > break_cow"),
	STEP(ksm_put_broken, .when = has_broken, .chain = "cmp_and_merge_page > break_cow"),
	STEP(ksm_put_tree_page, .chain = "cmp_and_merge_page"),
	STEP(ksm_split_alone, .when = ksm_splits_alone, .calls = PATH_PAGE_SPLIT,
	     .chain = "cmp_and_merge_page > split_huge_page"),
	STEP(ksm_put_pages, .chain = "ksm_do_scan"),
	{ 0 }
};

/* ---- run 2, MADV_UNMERGEABLE: unmerge_ksm_pages() ---- */

static enum step_result ksm_lock(struct machine *m, struct task *t)
{
	t->ksm.broken = NO_PFN;
	if (t->ksm.caller_locks)
		return STEP_NEXT;
	return lock_try_read(m, &current_mm(m)->mmap_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* The next merged page from .at on; NO_PFN: none. */
static hva_t next_merged(struct machine *m, hva_t hva, hva_t end)
{
	for (;;) {
		struct pt_leaf leaf = host_next_leaf(m, hva, end);

		if (!leaf.present)
			return LAST_HVA;
		hva = leaf.first << PAGE_SHIFT;
		if (is_mergeable(m, hva) && leaf_is_normal(&leaf) && page_is_followed(m, &leaf) &&
		    page_is(m, pt_pfn(leaf.entry), PG_KSM))
			return hva;
		hva += level_pages(leaf.level) << PAGE_SHIFT;
	}
}

/* unmerge_ksm_pages(), in the order of addresses */
static enum step_result ksm_unmerge(struct machine *m, struct task *t)
{
	hva_t hva = next_merged(m, t->ksm.at, t->ksm.end ? t->ksm.end : LAST_HVA);

	if (hva == LAST_HVA)
		return STEP_NEXT;
	t->ksm.at = hva + PAGE_SIZE;
	break_ksm(m, t, hva);
	return STEP_CALL_BACK;
}

static enum step_result ksm_unlock(struct machine *m, struct task *t)
{
	if (t->ksm.caller_locks)
		return STEP_DONE;
	ksm_rmap_remove_stale(m);	/* remove_trailing_rmap_items() */
	lock_release_read(m, &current_mm(m)->mmap_lock);
	return STEP_DONE;
}

#define UNMERGE	"unmerge_and_remove_all_rmap_items > unmerge_ksm_pages > break_ksm"

const struct step path_ksm_unmerge[] = {
	STEP(ksm_lock, .chain = "run_store > unmerge_and_remove_all_rmap_items"),
	STEP(ksm_put_broken, .when = has_broken, .chain = UNMERGE),
	STEP(ksm_unmerge, .calls = PATH_HOST_FAULT, .to = "ksm_put_broken", .chain = UNMERGE),
	STEP(ksm_unlock, .chain = "run_store > unmerge_and_remove_all_rmap_items"),
	{ 0 }
};
