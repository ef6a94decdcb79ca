/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file_clean.c: write-back, and what it takes from the mappings of a page.
 *
 * Linux: mm/page-writeback.c:write_cache_pages(), folio_clear_dirty_for_io(),
 * mm/rmap.c:page_vma_mkclean_one(); 6.1 to 7.2. First no PTE can write any more, and secondary MMUs
 * have said what they know; then the folio's own dirty bit goes; then its contents are read.
 * SIMPLIFIED: the write itself is over at once.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"

static bool has_dirty(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->file.page != NO_PFN;
}

/* filemap_get_folios_tag(): the next dirty page, locked. Shared memory has no write-back. */
static enum step_result next_dirty(struct machine *m, struct task *t)
{
	struct file_op *op = &t->file;
	pfn_t pfn = NO_PFN;

	op->page = NO_PFN;
	if (m->w->file[op->file].type != FILE_DISK)
		return STEP_NEXT;
	for (; (op->at = cache_next(m, op->file, op->at, op->end)) < op->end; op->at++) {
		pfn = cache_page(m, op->file, op->at);
		if (page_is(m, pfn, PG_DIRTY))
			break;
	}
	if (op->at >= op->end)
		return STEP_NEXT;
	if (page_is(m, pfn, PG_LOCKED))
		return STEP_BLOCKED;
	page_try_get_folio(m, pfn, HOLD_MM, 1);
	page_of(m, pfn)->flags |= PG_LOCKED;
	op->page = pfn;
	op->cleaned = false;
	t->range = (struct range_op){ .kind = RANGE_ZAP, .backing = VMA_FILE, .object = op->file,
				      .index = op->at, .pages = 1 };
	return STEP_NEXT;
}

/* rmap_walk_file(), invalid_mkclean_vma(): shared mappings alone can have dirtied it. */
static enum step_result begin_mkclean(struct machine *m, struct task *t)
{
	const struct vma *vma = NULL;
	hva_t start = 0, end = 0;

	t->range.piece_end = 0;
	if (page_of(m, t->file.page)->mapcount)
		do
			vma = rmap_next(m, t, &start, &end);
		while (vma && !(vma->flags & VM_SHARED));
	if (!vma)
		return STEP_NEXT;
	t->range.piece_end = end;
	t->notify = (struct notify){ .start = start, .end = end,
				     .event = NOTIFY_PROTECTION_PAGE };
	return STEP_CALL;
}

static bool cleans(const struct machine *m, const struct task *t)
{
	return has_dirty(m, t) && t->range.piece_end;
}

/* page_vma_mkclean_one() */
static enum step_result clean_pte(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = host_leaf(m, t->notify.start);
	u64 taken = PTE_WRITE | PTE_DIRTY | PTE_SAVED_DIRTY;

	if (!leaf.present || host_leaf_pfn(&leaf, t->notify.start) != t->file.page ||
	    !(leaf.entry & taken))
		return STEP_NEXT;
	host_set_leaf(m, t->notify.start, leaf.level, leaf.entry & ~taken);
	t->file.cleaned = true;
	return STEP_NEXT;
}

/* folio_clear_dirty_for_io(), and the write. */
static enum step_result write_page(struct machine *m, struct task *t)
{
	pfn_t pfn = t->file.page;

	if (t->file.cleaned)
		page_set_dirty(m, pfn);
	page_of(m, pfn)->flags &= ~(u32)(PG_DIRTY | PG_GUEST_WROTE | PG_LOCKED);
	page_touch(m, pfn);
	page_put(m, pfn, HOLD_MM);
	t->file.at++;
	return STEP_BACK;
}

#define CLEAN	"write_cache_pages > folio_clear_dirty_for_io"

const struct step path_file_clean[] = {
	STEP(next_dirty, .chain = "write_cache_pages"),
	STEP(begin_mkclean, .when = has_dirty, .calls = PATH_NOTIFY_START,
	     .chain = CLEAN " > folio_mkclean > page_vma_mkclean_one"),
	STEP(clean_pte, .when = cleans, .chain = CLEAN " > folio_mkclean > page_vma_mkclean_one"),
	STEP_AS(end_mkclean, enter_path_and_go_back, .when = cleans, .calls = PATH_NOTIFY_END,
		.to = "begin_mkclean", .chain = CLEAN " > folio_mkclean > page_vma_mkclean_one"),
	STEP(write_page, .when = has_dirty, .to = "next_dirty", .chain = CLEAN),
	{ 0 }
};
