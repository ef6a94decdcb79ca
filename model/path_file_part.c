/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file_part.c: a folio of which a hole, or a truncation, takes a part; and its split.
 *
 * Linux: mm/truncate.c:truncate_inode_partial_folio(), mm/huge_memory.c:split_huge_page_to_list(),
 * folio_split(), unmap_folio(), mm/rmap.c:try_to_unmap_one(); 5.12 to 7.2. The part is zeroed; a
 * large folio is split then, unless somebody else has a reference, and the pieces go.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/thp.h"

static u64 last_index(const struct file_op *op)
{
	return (op->offset + op->length - 1) >> PAGE_SHIFT;
}

/* The folio at the end @part of the hole that is not given up whole; NO_PFN: none. */
static pfn_t partial_folio(struct machine *m, const struct file_op *op, u8 part)
{
	u64 index = part ? last_index(op) : op->offset >> PAGE_SHIFT, first;
	pfn_t pfn = index < MAX_FILE_SIZE >> PAGE_SHIFT ? cache_page(m, op->file, index) : NO_PFN;

	if (pfn == NO_PFN)
		return NO_PFN;
	first = cache_folio(m, op->file, index);
	if (first >= op->index && first + folio_pages(m, pfn) <= op->end)
		return NO_PFN;		/* of the second pass */
	if (part && index < op->folio_end)
		return NO_PFN;		/* same_folio: it was in the first one */
	return page_head(m, pfn);
}

bool has_partial(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->file.error && t->file.shrinks && t->file.part < 2;
}

void file_zero_page(struct machine *m, const struct file_op *op, u64 index, pfn_t pfn)
{
	u64 start = op->offset > index << PAGE_SHIFT ? op->offset : index << PAGE_SHIFT;
	u64 end = op->offset + op->length, limit = (index + 1) << PAGE_SHIFT;

	for (u64 at = start & ~(u64)3; at < end && at < limit; at += 4) {
		u32 keep = at < start ? (1u << (start - at) * 8) - 1 : 0;

		if (at + 4 > end)
			keep |= ~0u << (end - at) * 8;
		page_store(m, pfn, at, page_load(m, pfn, at) & keep);
	}
}

static void zero_part(struct machine *m, const struct file_op *op, u64 first, u64 pages)
{
	u64 from = op->offset >> PAGE_SHIFT, to = last_index(op);

	for (u64 i = first > from ? first : from; i <= to && i < first + pages; i++)
		file_zero_page(m, op, i, cache_page(m, op->file, i));
}

/* shmem_get_folio(SGP_READ): of what is in swap, and within i_size */
static void read_back(struct machine *m, unsigned file, u64 index)
{
	pfn_t pfn;

	if (index >= file_nr_pages(m, file) || !shmem_is_swapped(m, file, index))
		return;
	pfn = shmem_swap_in(m, file, index, NULL, HOLD_MM);
	page_put(m, pfn, HOLD_MM);
}

/* shmem_get_partial_folio(), folio_mark_dirty(), folio_zero_range() */
enum step_result take_partial(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	u64 index = op->part ? last_index(op) : op->offset >> PAGE_SHIFT;
	pfn_t head;

	op->second = NO_PFN;
	op->is_split = op->to_pages = false;
	read_back(m, op->file, index);
	head = partial_folio(m, op, op->part);
	if (head != NO_PFN && page_is(m, head, PG_LOCKED))
		return STEP_BLOCKED;
	op->page = head;
	if (head == NO_PFN)
		return STEP_NEXT;
	page_try_get_folio(m, head, HOLD_MM, 1);
	page_of(m, head)->flags |= PG_LOCKED | PG_DIRTY;
	op->at = cache_folio(m, op->file, index);
	op->folio_end = op->at + folio_pages(m, head);
	zero_part(m, op, op->at, folio_pages(m, head));
	op->split_at = op->offset >> PAGE_SHIFT > op->at ? op->offset >> PAGE_SHIFT : op->at;
	return page_of(m, head)->order ? STEP_CALL : STEP_NEXT;
}

/* folio_split() once more, where the hole ends: that lay in the folio, and is not alone yet. */
bool wants_second(const struct machine *m, const struct task *t)
{
	const struct file_op *op = &t->file;
	struct machine *machine = (struct machine *)m;
	u64 end = (op->offset + op->length) >> PAGE_SHIFT;
	pfn_t pfn;

	if (!has_partial(m, t) || !op->is_split || !m->sem->traits.split_keeps_buddies ||
	    op->second != NO_PFN || end >= MAX_FILE_SIZE >> PAGE_SHIFT)
		return false;
	pfn = cache_page(machine, op->file, end);
	return end < op->folio_end && pfn != NO_PFN && folio_pages(machine, pfn) > 1 &&
	       !page_is(machine, page_head(machine, pfn), PG_LOCKED);
}

enum step_result take_second(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t head;

	op->split_at = (op->offset + op->length) >> PAGE_SHIFT;
	head = page_head(m, cache_page(m, op->file, op->split_at));
	page_try_get_folio(m, head, HOLD_MM, 1);
	page_of(m, head)->flags |= PG_LOCKED;
	op->second = head;
	return STEP_CALL;
}

static void let_go(struct machine *m, pfn_t head)
{
	page_of(m, head)->flags &= ~(u32)PG_LOCKED;
	page_put(m, head, HOLD_MM);
}

/* What could not be split stays, zeroed: the hole begins behind it, or ends before it. */
enum step_result put_partial(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t head = op->page;

	if (op->second != NO_PFN)
		let_go(m, op->second);
	if (head != NO_PFN && page_of(m, head)->order && op->second == NO_PFN && !op->is_split) {
		if (op->part || last_index(op) < op->folio_end)
			op->end = op->at;
		if (!op->part)
			op->index = op->folio_end;
	}
	if (head != NO_PFN)
		let_go(m, head);
	op->page = NO_PFN;
	op->part++;
	return STEP_BACK;
}

/* ---- split_huge_page(), folio_split() ---- */

static pfn_t split_folio_of(const struct file_op *op)
{
	return op->second != NO_PFN ? op->second : op->page;
}

/* can_split_folio(): the mappings, the cache, the caller, and nobody else. */
static bool is_alone(struct machine *m, pfn_t pfn)
{
	const struct page *head = page_of(m, pfn);

	return head->refcount == head->held[HOLD_PTE] + head->held[HOLD_CACHE] + 1;
}

static enum step_result begin_folio_split(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t head = split_folio_of(op);
	u64 first = cache_folio(m, op->file, op->split_at);

	op->is_split = false;
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .backing = VMA_FILE,
				      .object = op->file, .index = first,
				      .pages = folio_pages(m, head) };
	return m->w->config.no_file_split || !is_alone(m, head) ? STEP_DONE : STEP_NEXT;
}

/* unmap_folio() > rmap_walk_file(): the first VMA hears of it, mapped or not. */
static enum step_result find_mapping(struct machine *m, struct task *t)
{
	hva_t start = 0, end = 0;
	const struct vma *vma = rmap_next(m, t, &start, &end);

	t->range.piece_start = start;
	t->range.piece_end = vma ? end : 0;
	return STEP_NEXT;
}

static bool has_mapping(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

/* TTU_SPLIT_HUGE_PMD: split_huge_pmd_address() comes first, up to 6.10. */
static bool splits_first(const struct machine *m, const struct task *t)
{
	return has_mapping(m, t) && m->sem->traits.rmap_splits_first &&
	       host_has_pmds((struct machine *)m, t->range.piece_start);
}

static enum step_result begin_rmap_split(struct machine *m, struct task *t)
{
	(void)m;
	thp_notify(t, t->range.piece_start);
	return STEP_CALL;
}

static enum step_result begin_rmap_unmap(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = (struct notify){ .start = t->range.piece_start, .event = NOTIFY_CLEAR,
				     .end = t->range.piece_end };
	return STEP_CALL;
}

/* try_to_unmap_one(): D goes to the folio. */
static enum step_result rmap_unmap(struct machine *m, struct task *t)
{
	pfn_t head = split_folio_of(&t->file);

	for (hva_t at = t->notify.start; at < t->notify.end; at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, at);

		if (!leaf.present || page_head(m, host_leaf_pfn(&leaf, at)) != head)
			continue;
		if (leaf.level == 2) {		/* split_huge_pmd_locked() */
			pmd_split(m, at);
			continue;
		}
		host_set_leaf(m, at, 1, 0);
		if (leaf.entry & PTE_DIRTY)
			page_set_dirty(m, head);
		page_put(m, head, HOLD_PTE);
	}
	return STEP_CALL;
}

static enum step_result next_mapping(struct machine *m, struct task *t)
{
	return page_of(m, split_folio_of(&t->file))->held[HOLD_PTE] ? STEP_BACK : STEP_NEXT;
}

/* folio_ref_freeze() */
static enum step_result split_folio(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	t->mm = VM_MM;
	if (!is_alone(m, split_folio_of(op)))
		return STEP_DONE;
	cache_split(m, op->file, cache_folio(m, op->file, op->split_at), op->split_at,
		    op->to_pages);
	op->is_split = true;
	return STEP_DONE;
}

void folio_split_begin(struct machine *m, struct task *t, pfn_t head)
{
	struct cache_place place;

	cache_find(m, head, &place);
	t->file = (struct file_op){ .file = place.file, .page = head, .second = NO_PFN,
				    .split_at = place.index, .to_pages = true };
}

#define SPLIT	"split_folio > unmap_folio > try_to_unmap > try_to_unmap_one"

const struct step path_folio_split[] = {
	STEP(begin_folio_split, .chain = "split_folio"),
	STEP(find_mapping, .chain = "split_folio > unmap_folio"),
	STEP(begin_rmap_split, .when = splits_first, .calls = PATH_NOTIFY_START,
	     .chain = SPLIT " > split_huge_pmd_address"),
	STEP_AS(rmap_split, cut_pmd, .when = splits_first, .calls = PATH_NOTIFY_END,
		.chain = SPLIT " > split_huge_pmd_address"),
	STEP(begin_rmap_unmap, .when = has_mapping, .calls = PATH_NOTIFY_START, .chain = SPLIT),
	STEP(rmap_unmap, .when = has_mapping, .calls = PATH_NOTIFY_END, .chain = SPLIT),
	STEP(next_mapping, .when = has_mapping, .to = "find_mapping",
	     .chain = "split_folio > unmap_folio"),
	STEP(split_folio, .chain = "split_folio"),
	{ 0 }
};
