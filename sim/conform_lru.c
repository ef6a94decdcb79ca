/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_lru.c: when the CPU's LRU batch is emptied depends on other processes' pages: input.
 *
 * A new anonymous page waits in a batch that holds a reference to it. Who fills the batch is not
 * recorded in full, so that of each page which the model put there, two things are kept: does
 * the model's batch still hold it, and does the kernel's? Until the recorder empties the batches
 * (which it does before it looks), counts may be one apart for this reason alone.
 */
#include "sim/conform_internal.h"

#include <stb/stb_ds.h>

#include "model/host_mm.h"

static struct lru_page *state_of(struct run *run, pfn_t pfn)
{
	ptrdiff_t i = hmgeti(run->lru, pfn);

	return i < 0 ? NULL : &run->lru[i];
}

void lru_start(struct run *run)
{
	for (hva_t at = 0; ; ) {
		struct pt_leaf leaf = host_next_leaf(&run->vm->m, at, (hva_t)1 << 47);
		enum lru_state held;
		pfn_t pfn;

		if (!leaf.present)
			return;
		pfn = pt_pfn(leaf.entry);
		held = page_of(&run->vm->m, pfn)->held[HOLD_LRU] ? LRU_HELD : LRU_DRAINED;
		if (page_is(&run->vm->m, pfn, PG_LRU))
			hmputs(run->lru, ((struct lru_page){ .key = pfn, .model = held,
							     .kernel = LRU_UNKNOWN }));
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
	}
}

void lru_note(struct run *run, pfn_t pfn, int delta, bool recorded)
{
	struct lru_page *page = state_of(run, pfn);

	if (delta > 0)
		hmputs(run->lru, ((struct lru_page){ .key = pfn, .model = LRU_HELD,
						     .kernel = LRU_HELD }));
	else if (page && recorded)
		page->kernel = LRU_DRAINED;
	if (delta < 0 && page)
		page->model = LRU_DRAINED;
}

void lru_forget(struct run *run, pfn_t pfn)
{
	(void)hmdel(run->lru, pfn);
}

void lru_forget_all(struct run *run)
{
	hmfree(run->lru);
}

struct lru_page lru_page(struct run *run, pfn_t pfn)
{
	const struct lru_page *page = state_of(run, pfn);

	return page ? *page : (struct lru_page){ .key = pfn, .kernel = LRU_NONE };
}

s32 lru_correction(struct run *run, pfn_t pfn)
{
	const struct lru_page *page = state_of(run, pfn);

	if (!page || page->kernel == LRU_UNKNOWN)
		return 0;
	return page->kernel - page->model;
}

bool lru_may_be_put(struct run *run, pfn_t pfn)
{
	const struct lru_page *page = state_of(run, pfn);

	return page && page->kernel != LRU_DRAINED;
}

bool lru_guess(struct run *run, pfn_t pfn, s32 correction)
{
	struct lru_page *page = state_of(run, pfn);
	s32 kernel = page ? page->model + correction : -1;

	if (!page || (kernel != LRU_DRAINED && kernel != LRU_HELD))
		return false;
	page->kernel = kernel;	/* held once more: activation has a batch of its own */
	return true;
}

s32 lru_settle(struct run *run, pfn_t pfn, s32 recorded, s32 model)
{
	if (recorded != model + lru_correction(run, pfn) &&
	    lru_guess(run, pfn, recorded - model))
		take_input(run, place_of_command(run), "LRU batch of pfn=%s",
			   frame_said(&run->frames, pfn).text);
	return lru_correction(run, pfn);
}
