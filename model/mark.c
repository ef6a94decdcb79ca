/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark.c: KVM is about to look at a struct page, to mark it dirty or accessed: may it?
 *
 * What keeps a page is a reference; or mmu_lock, while the host maps it and does not invalidate:
 * whoever is to free it has to take mmu_lock first. Only alarms are raised here.
 */
#include "model/mark.h"

#include "model/gmem.h"
#include "model/machine.h"
#include "model/memslot.h"

static bool is_invalidated(const struct machine *m, hva_t hva)
{
	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++) {
		const struct open_range *open = open_range(m, i);

		if (hva >= open->no_leaf_from && hva < open->no_leaf_to)
			return true;
	}
	return false;
}

static bool is_gmem(struct machine *m, const struct fault *f)
{
	return f->is_private || memslot_is(m, f->slot, KVM_MEMSLOT_GMEM_ONLY);
}

/* A fault marks what its look-up found, and holds no reference on it. */
static bool is_unprotected(struct machine *m, pfn_t pfn)
{
	const struct task *t = &m->w->task[m->task];
	const struct fault *f = &t->fault;
	bool gmem = is_gmem(m, f);
	struct pt_leaf leaf = gmem ? gmem_leaf(m, f->slot, f->gfn) : host_leaf(m, f->hva);

	if (!t->depth || t->frame[t->depth - 1].path != PATH_FAULT || t->refs > 0)
		return false;
	if (pfn == m->w->config.zero_pfn)	/* empty_zero_page[] is nobody's to free */
		return false;
	if (pfn != f->page && pfn != f->orig_pfn)
		return false;
	return !f->level || (!gmem && is_invalidated(m, f->hva)) ||
	       host_leaf_pfn(&leaf, f->hva) != pfn;
}

/*
 * A fault's own page, whose host PTE no longer allows the write: who took W has cleaned the page,
 * or is about to drop it.
 */
static bool is_late(struct machine *m, pfn_t pfn)
{
	const struct task *t = &m->w->task[m->task];
	u8 path = t->depth ? t->frame[t->depth - 1].path : NR_PATHS;
	bool own = path == PATH_FAULT ? pfn == t->fault.page || pfn == t->fault.orig_pfn :
		   path == PATH_STAGE2 && (pfn == t->follow.page || pfn == t->follow.pfn);
	hva_t hva = path == PATH_FAULT ? t->fault.hva : t->follow.hva;
	struct pt_leaf leaf = host_leaf(m, hva);

	if (!own || page_of(m, page_head(m, pfn))->owner != OWNER_USER ||
	    (path == PATH_FAULT && is_gmem(m, &t->fault)))
		return false;
	return host_leaf_pfn(&leaf, hva) != pfn || !(leaf.entry & PTE_WRITE);
}

void mark_check_dirty(struct machine *m, pfn_t pfn)
{
	if (is_late(m, pfn))
		raise_alarm(m, ALARM_DIRTY_LATE, pfn, BLAME_KVM);
}

void mark_check(struct machine *m, pfn_t pfn)
{
	if (!page_is(m, pfn, PG_VALID)) {
		raise_alarm(m, ALARM_NO_STRUCT_PAGE, pfn, BLAME_KVM);
		return;
	}
	if (page_count(m, pfn) <= 0)
		raise_alarm(m, ALARM_MARK_DEAD, pfn, BLAME_KVM);
	if (is_unprotected(m, pfn))
		raise_alarm(m, ALARM_TOUCH_UNHELD, pfn, BLAME_KVM);
}
