/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_collapse_file.c: 2M of small pages of shared memory become one folio, and a PMD maps it.
 *
 * Linux: mm/khugepaged.c:hpage_collapse_scan_file(), collapse_file(), retract_page_tables(),
 * collapse_pte_mapped_thp(); 6.1 to 7.2. Each page is unmapped wherever it is mapped, and replaced;
 * then tables of PTEs that are empty now go, and the caller's is a PMD.
 * SIMPLIFIED: small pages alone, or a folio of 2M that is mapped by PTEs; MADV_COLLAPSE only.
 * SIMPLIFIED: a page that somebody takes after the scan is replaced all the same.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/thp.h"

/* hpage_collapse_scan_file(): 0, or why a page cannot be replaced. */
static s32 scan_file(struct machine *m, const struct file_op *op)
{
	u64 at = cache_next(m, op->file, op->index, op->end);

	if (at >= op->end && !shmem_has_swapped(m, op->file, op->index, op->end))
		return -EINVAL;		/* SCAN_TRUNCATED */
	for (; at < op->end; at = cache_next(m, op->file, at + 1, op->end)) {
		const struct page *page = page_of(m, cache_page(m, op->file, at));

		if (page->flags & (PG_HEAD | PG_TAIL))
			return -EINVAL;		/* SCAN_PAGE_COMPOUND */
		if (!(page->flags & PG_LRU) ||
		    page->refcount != page->held[HOLD_CACHE] + page->held[HOLD_PTE])
			return -EAGAIN;		/* SCAN_PAGE_LRU, SCAN_PAGE_COUNT */
	}
	return 0;
}

static bool is_huge_already(struct machine *m, const struct file_op *op)
{
	pfn_t pfn = cache_page(m, op->file, op->index);

	return pfn != NO_PFN && folio_pages(m, pfn) == level_pages(2);
}

/* collapse_file() > shmem_get_folio(), lru_add_drain(): of each page that is in swap */
static void read_all_back(struct machine *m, const struct file_op *op)
{
	for (u64 at = op->index; at < op->end; at++) {
		if (!shmem_is_swapped(m, op->file, at))
			continue;
		page_put(m, shmem_swap_in(m, op->file, at, NULL, HOLD_MM), HOLD_MM);
		lru_drain(m);
	}
}

static enum step_result begin_collapse_file(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	const struct vma *vma = vma_find(m, op->hva);

	op->page = NO_PFN;
	op->file = vma->object;
	op->index = vma_page_index(vma, op->hva);
	op->end = op->index + level_pages(2);
	op->at = op->end;
	op->ends_collapse = op->index % level_pages(2) ||
			    (cache_next(m, op->file, op->index, op->end) >= op->end &&
			     !shmem_has_swapped(m, op->file, op->index, op->end));
	if (op->index % level_pages(2))
		op->error = -EINVAL;
	else if (!is_huge_already(m, op))
		op->error = scan_file(m, op);
	if (op->error)
		return STEP_DONE;
	if (is_huge_already(m, op))
		return STEP_NEXT;
	op->page = alloc_frame(m, HPAGE_ORDER, place_of_file(op->file, op->index));
	pages_init(m, ALLOC_COMPOUND, op->page, HPAGE_ORDER, OWNER_USER);
	page_hand_over(m, op->page, HOLD_OWNER, HOLD_MM);
	op->at = op->index;
	read_all_back(m, op);
	return STEP_NEXT;
}

static bool replaces(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->file.page != NO_PFN && t->file.at < t->file.end;
}

/* The next page, locked, with a reference, and off the LRU. */
static enum step_result isolate_file_page(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t pfn;

	op->at = cache_next(m, op->file, op->at, op->end);
	t->range.piece_end = 0;
	if (op->at >= op->end)
		return STEP_NEXT;
	pfn = cache_page(m, op->file, op->at);
	if (page_is(m, pfn, PG_LOCKED))
		return STEP_BLOCKED;
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	page_of(m, pfn)->flags |= PG_LOCKED;
	page_isolate(m, pfn);
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .backing = VMA_FILE,
				      .object = op->file, .index = op->at, .pages = 1 };
	return STEP_NEXT;
}

/* try_to_unmap(): until nobody maps it any more */
static enum step_result find_page_mapping(struct machine *m, struct task *t)
{
	hva_t start = 0, end = 0;
	bool mapped = page_of(m, cache_page(m, t->file.file, t->file.at))->held[HOLD_PTE];

	t->range.piece_end = mapped && rmap_next(m, t, &start, &end) ? end : 0;
	if (!t->range.piece_end)
		return STEP_NEXT;
	t->notify = (struct notify){ .start = start, .end = end, .event = NOTIFY_CLEAR };
	return STEP_CALL;
}

static bool has_page_mapping(const struct machine *m, const struct task *t)
{
	return replaces(m, t) && t->range.piece_end;
}

static enum step_result unmap_file_page(struct machine *m, struct task *t)
{
	pfn_t pfn = cache_page(m, t->file.file, t->file.at);
	struct pt_leaf leaf = host_leaf(m, t->notify.start);

	if (leaf.present && host_leaf_pfn(&leaf, t->notify.start) == pfn) {
		host_set_leaf(m, t->notify.start, 1, 0);
		page_put(m, pfn, HOLD_PTE);
	}
	return STEP_CALL_BACK;
}

/* page_ref_freeze(), copy_highpage(): nobody else has one. */
static enum step_result replace_file_page(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t pfn = cache_page(m, op->file, op->at);

	t->mm = VM_MM;
	page_copy(m, op->page + (op->at - op->index), pfn);
	cache_remove(m, op->file, op->at);
	page_of(m, pfn)->flags &= ~(u32)PG_LOCKED;
	page_put_refs(m, pfn, HOLD_MM, 2);
	op->at++;
	return STEP_BACK;
}

/* The folio is the file's: a reference for each page, dirty, on the LRU. */
static enum step_result install_folio(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	cache_store_folio(m, op->file, op->index, op->page);
	page_add_lru(m, op->page);
	page_of(m, op->page)->flags |= PG_DIRTY | PG_LOCKED;
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .backing = VMA_FILE,
				      .object = op->file, .index = op->index, .pages = 1 };
	return STEP_NEXT;
}

static bool has_new_folio(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->file.page != NO_PFN;
}

/* retract_page_tables(): up to 6.1 MADV_COLLAPSE has its own mapping alone. */
static bool may_retract(struct machine *m, const struct task *t, const struct vma *vma, hva_t start)
{
	bool target = t->mm == VM_MM && start == t->file.hva;
	u8 mm = m->mm;
	bool has;

	m->mm = t->mm;
	has = host_has_table(m, start);
	m->mm = mm;
	return has && !vma->anon && !(start & ~HPAGE_MASK) && start + HPAGE_SIZE <= vma->end &&
	       (target || m->sem->traits.collapse_retracts_all);
}

static enum step_result begin_retract(struct machine *m, struct task *t)
{
	hva_t start = 0, end = 0;
	const struct vma *vma;

	t->range.piece_end = 0;
	do
		vma = rmap_next(m, t, &start, &end);
	while (vma && !may_retract(m, t, vma, start));
	if (!vma)
		return STEP_NEXT;
	t->range.piece_end = end;
	thp_notify(t, start);
	return STEP_CALL;
}

static bool has_retract(const struct machine *m, const struct task *t)
{
	return has_new_folio(m, t) && t->range.piece_end;
}

/* pmdp_collapse_flush() of a table without an entry */
static enum step_result retract_table(struct machine *m, struct task *t)
{
	free_table(m, host_take_table(m, t->notify.start));
	return STEP_CALL_BACK;
}

/* collapse_pte_mapped_thp(): where PTEs map the folio, they go first; find_lock_page() holds it. */
bool has_pte_table(const struct machine *m, const struct task *t)
{
	return host_has_table((struct machine *)m, t->file.hva);
}

static pfn_t hold_folio(struct machine *m, struct file_op *op)
{
	if (op->page == NO_PFN) {
		op->page = cache_page(m, op->file, op->index);
		page_try_get_folio(m, op->page, HOLD_MM, 1);
	}
	return op->page;
}

/* Each PTE of the table that is there; where @clears it goes. How many there were. */
static s32 take_ptes(struct machine *m, hva_t start, s32 mapcount, bool clears)
{
	s32 nr = 0;

	for (u64 i = 0; i < level_pages(2); i++) {
		hva_t at = start + i * PAGE_SIZE;
		struct pt_leaf leaf = host_leaf(m, at);

		if (!leaf.present)
			continue;
		nr++;
		page_of(m, pt_pfn(leaf.entry))->mapcount += mapcount;
		if (clears)
			host_set_leaf(m, at, 1, 0);
	}
	return nr;
}

/* To 6.1 they leave the rmap, and give their references up, while they are still there. */
static enum step_result drop_pte_refs(struct machine *m, struct task *t)
{
	pfn_t head = hold_folio(m, &t->file);
	s32 nr;

	t->mm = VM_MM;
	nr = take_ptes(m, t->file.hva, -1, false);
	if (nr)
		page_add_held(m, head, HOLD_PTE, -nr);
	return STEP_NEXT;
}

static enum step_result begin_pte_mapped(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;

	hold_folio(m, op);
	t->mm = VM_MM;
	thp_notify(t, op->hva);
	return STEP_CALL;
}

/* pmdp_collapse_flush(): the table with all its PTEs */
static enum step_result flush_pte_mapped(struct machine *m, struct task *t)
{
	take_ptes(m, t->notify.start, 1, true);
	return STEP_NEXT;
}

/* Since 6.6 (6.8) */
enum step_result clear_pte_mapped(struct machine *m, struct task *t)
{
	s32 nr = take_ptes(m, t->notify.start, 0, true);

	if (nr)
		page_add_held(m, t->file.page, HOLD_PTE, -nr);
	return STEP_NEXT;
}

static enum step_result end_pte_mapped(struct machine *m, struct task *t)
{
	free_table(m, host_take_table(m, t->notify.start));
	return STEP_CALL;
}

/* set_huge_pmd() */
static enum step_result set_huge_pmd(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	const struct vma *vma = vma_find(m, op->hva);
	pfn_t head = cache_page(m, op->file, op->index);

	t->mm = VM_MM;
	page_of(m, head)->flags &= ~(u32)PG_LOCKED;
	if (!host_leaf(m, op->hva).present) {
		page_get(m, head, HOLD_MM);
		map_folio(m, vma, op->hva, false);
	}
	if (op->page != NO_PFN)
		page_put(m, head, HOLD_MM);
	return STEP_DONE;
}

#define FILE_COLLAPSE	"hpage_collapse_scan_file > collapse_file"

const struct step path_collapse_file[] = {
	STEP(begin_collapse_file, .chain = "hpage_collapse_scan_file"),
	STEP(isolate_file_page, .when = replaces, .chain = FILE_COLLAPSE),
	STEP(find_page_mapping, .when = replaces, .calls = PATH_NOTIFY_START,
	     .chain = FILE_COLLAPSE " > try_to_unmap"),
	STEP(unmap_file_page, .when = has_page_mapping, .calls = PATH_NOTIFY_END,
	     .to = "find_page_mapping", .chain = FILE_COLLAPSE " > try_to_unmap"),
	STEP(replace_file_page, .when = replaces, .to = "isolate_file_page",
	     .chain = FILE_COLLAPSE),
	STEP(install_folio, .when = has_new_folio, .chain = FILE_COLLAPSE),
	STEP(begin_retract, .when = has_new_folio, .calls = PATH_NOTIFY_START,
	     .chain = FILE_COLLAPSE " > retract_page_tables"),
	STEP(retract_table, .when = has_retract, .calls = PATH_NOTIFY_END, .to = "begin_retract",
	     .chain = FILE_COLLAPSE " > retract_page_tables"),
	STEP(drop_pte_refs, .when = has_pte_table, .chain = "collapse_pte_mapped_thp"),
	STEP(begin_pte_mapped, .when = has_pte_table, .calls = PATH_NOTIFY_START,
	     .chain = "collapse_pte_mapped_thp"),
	STEP(flush_pte_mapped, .when = has_pte_table,
	     .chain = "collapse_pte_mapped_thp > collapse_and_free_pmd"),
	STEP(end_pte_mapped, .when = has_pte_table, .calls = PATH_NOTIFY_END,
	     .chain = "collapse_pte_mapped_thp"),
	STEP(set_huge_pmd, .chain = "collapse_pte_mapped_thp > set_huge_pmd"),
	{ 0 }
};
