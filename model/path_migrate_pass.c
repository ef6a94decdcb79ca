/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_migrate_pass.c: in which order the pages of a list are unmapped and moved, and how often.
 *
 * Linux: mm/migrate.c:migrate_pages(), migrate_pages_batch() (6.3).
 */
#include "model/path_migrate.h"

#include "model/machine.h"
#include "model/semantics.h"

/* What has been split on the way comes last, and is tried once. */
static bool next_are_parts(const struct machine *m, struct page_op *op)
{
	if (op->stop == op->nr || op->kind == PAGES_LIST)
		return false;
	op->i = op->first = op->stop;
	op->stop = op->nr;
	op->tries = m->sem->traits.migrate_tries;
	op->phase = PHASE_UNMAP;
	return true;
}

bool migrates_in_batches(const struct machine *m, const struct page_op *op)
{
	return m->sem->traits.migrate_batches && !op->hugetlb;
}

/* NR_MAX_MIGRATE_PAGES_RETRY; page by page that many of a batch are left over */
static u8 max_tries(const struct machine *m, const struct page_op *op)
{
	if (op->kind == PAGES_MISPLACED && migrates_in_batches(m, op))
		return 1;
	return op->hugetlb ? 10 : m->sem->traits.migrate_tries;
}

/*
 * migrate_pages_batch() tries again to unmap what it could not: NR_MAX_MIGRATE_ASYNC_RETRY times in
 * a batch, NR_MAX_MIGRATE_SYNC_RETRY page by page, and once what was split; MIGRATE_ASYNC knows
 * batches alone, and tries NR_MAX_MIGRATE_PAGES_RETRY times.
 */
static unsigned most_passes(const struct page_op *op)
{
	static const unsigned passes[] = { 3, 7 };

	if (op->kind == PAGES_MISPLACED)
		return op->tries ? 1 : 10;
	return op->tries < ARRAY_SIZE(passes) ? passes[op->tries] : 1;
}

/* Where batches are, what is unmapped has a target. */
static bool is_due(struct machine *m, const struct page_op *op)
{
	bool has_target = list_get(m, LIST_TARGETS, op->i);

	if (!list_get(m, LIST_PAGES, op->i))
		return false;
	return !migrates_in_batches(m, op) || has_target == (op->phase == PHASE_MOVE);
}

static enum step_result begin_pass(struct page_op *op, u8 phase)
{
	op->i = op->first;
	op->phase = phase;
	return STEP_BACK;
}

/* The next page of this pass that is still to be moved; pages that stayed are tried again. */
enum step_result pick_page(struct machine *m, struct task *t)
{
	struct page_op *op = &t->pages;
	bool unmapping = migrates_in_batches(m, op) && op->phase == PHASE_UNMAP;

	op->page = NO_PFN;
	while (op->i < op->stop && !is_due(m, op))
		op->i++;
	if (op->i < op->stop) {
		op->page = list_get(m, LIST_PAGES, op->i);
		return STEP_NEXT;
	}
	if (unmapping && (!op->left || ++op->passes >= most_passes(op)))
		return begin_pass(op, PHASE_MOVE);
	if (!unmapping && !(op->left && ++op->tries < max_tries(m, op)) &&
	    !next_are_parts(m, op))
		return STEP_NEXT;
	op->passes = unmapping ? op->passes : 0;
	op->left = 0;
	return begin_pass(op, PHASE_UNMAP);
}
