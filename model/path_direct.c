/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_direct.c: the fault and the memslot changes of the MMU with rmaps, where they are not the
 * TDP MMU's: everything under mmu_lock for write, and neighbours of a fault are mapped with it.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:direct_page_fault(), direct_map(), direct_pte_prefetch(), 6.1 to
 * 6.12. The same serves nested paging with kvm.tdp_mmu=0, and shadow paging of a guest that has
 * no paging of its own (nonpaging_page_fault()).
 * SIMPLIFIED: a root is made even if there are no MMU pages left for it.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/rmap.h"
#include "model/semantics.h"
#include "model/shadow.h"
#include "model/tdp.h"

enum { PTE_PREFETCH_NUM = 8 };
enum { KVM_MEMSLOT_PAGES_TO_MMU_PAGES_RATIO = 50 };

enum step_result direct_lock_mmu(struct machine *m, struct task *t)
{
	if (!lock_try_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	t->fault.level = PT_LEVELS;
	watch_retry(m, &t->fault);
	return STEP_NEXT;
}

enum step_result direct_unlock_mmu(struct machine *m, struct task *t)
{
	lock_release_write(m, &m->w->kvm.mmu_lock);
	t->fault.level = 0;
	return STEP_NEXT;
}

bool fault_makes_room(const struct machine *m, const struct task *t)
{
	return fault_installs(m, t) && m->sem->traits.mmu_pages_first;
}

bool fault_makes_room_late(const struct machine *m, const struct task *t)
{
	return fault_installs(m, t) && !m->sem->traits.mmu_pages_first;
}

enum step_result make_mmu_pages_available(struct machine *m, struct task *t)
{
	if (!shadow_make_available(m)) {
		t->fault.ret = RET_PF_ERROR;
		t->fault.error = -ENOSPC;
	}
	return STEP_NEXT;
}

/* disallowed_hugepage_adjust(), with what an earlier turn has linked */
static void adjust_for_nx(struct machine *m, struct fault *f, pfn_t root)
{
	while (m->w->config.nx_huge && f->goal_level > 1 &&
	       m->sem->ops.walk(m, root, f->gfn).level < f->goal_level) {
		u64 pages = level_pages(f->goal_level);
		pfn_t table = pt_pfn(shadow_entry(m, root, f->gfn, f->goal_level).entry);

		if (m->sem->traits.nx_tables_known && !page_is(m, table, PG_NX_SPLIT))
			return;
		f->goal_level--;
		f->pfn |= f->gfn & (pages - level_pages(f->goal_level));
	}
}

/* The loop of direct_map() */
enum step_result link_shadow_pages(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;
	pfn_t root = m->w->vcpu[t->vcpu].root;

	for (;;) {
		struct pt_leaf at = m->sem->ops.walk(m, root, f->gfn);
		pfn_t table;

		adjust_for_nx(m, f, root);
		if (at.level <= f->goal_level)
			return STEP_NEXT;
		table = shadow_get(m, at.first, at.level - 1);
		shadow_link(m, &at, table);
		fault_account_table(m, f, table, &at);
	}
}

/* mmu_set_spte() for the fault */
enum step_result set_leaf(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;
	struct pt_leaf at = shadow_entry(m, m->w->vcpu[t->vcpu].root, f->gfn, f->goal_level);

	if (f->slot == NO_SLOT) {
		f->ret = rmap_set_mmio(m, &at);
	} else {
		struct spte_args args = fault_spte_args(m, f);

		f->ret = rmap_set_spte(m, &at, &args, f->slot);
		fault_check_bit(m, f, spte_read(m, sptep_of(&at)));
	}
	return STEP_NEXT;
}

/* ---- direct_pte_prefetch() ---- */

/* gfn_to_page_many_atomic(): all of them in one memslot that may be written, or none */
static unsigned look_up_many(struct machine *m, gfn_t gfn, unsigned n, pfn_t *pages)
{
	int row = memslot_of_gfn(m, gfn);
	hva_t hva = memslot_hva(m, row, gfn, true);
	unsigned got = 0;

	if (is_error_hva(hva) || memslot_is(m, row, KVM_MEM_LOG_DIRTY_PAGES) ||
	    memslot_row(m, row)->base_gfn + memslot_row(m, row)->npages - gfn < n)
		return 0;
	while (got < n) {
		pages[got] = gup_fast_page(m, hva + got * PAGE_SIZE, true, false, HOLD_FAULT);
		if (pages[got] == NO_PFN)
			break;
		got++;
	}
	note(m, &(struct note){ .kind = NOTE_GUP, .name = "get_user_pages_fast_only", .hva = hva,
				.value = got });
	return got;
}

/* direct_pte_prefetch_many(): the entries of [at->first, end); false: no more of them. */
static bool prefetch_many(struct machine *m, struct pt_leaf at, gfn_t end)
{
	pfn_t pages[PTE_PREFETCH_NUM];
	unsigned n = look_up_many(m, at.first, end - at.first, pages);
	int row = memslot_of_gfn(m, at.first);

	for (unsigned i = 0; i < n; i++, at.first++) {
		struct spte_args args = { .pfn = pages[i], .level = 1, .write = true, .exec = true,
					  .host_writable = true, .prefetch = true, .ad = true,
					  .honour_pat = m->w->config.guest_pat_honoured,
					  .refcounted = refcounted_mask(m) };

		at.entry = spte_read(m, sptep_of(&at));
		rmap_set_spte(m, &at, &args, row);
		m->sem->ops.release_prefetched(m, pages[i]);
	}
	return n;
}

bool fault_has_mapped(const struct machine *m, const struct task *t)
{
	const struct fault *f = &t->fault;

	return f->level && f->goal_level == 1 && m->w->config.ad && !m->w->kvm.in_progress &&
	       (f->ret == RET_PF_FIXED || f->ret == RET_PF_EMULATE);
}

/* __direct_pte_prefetch(): runs of absent entries in the group of 8 */
enum step_result prefetch_leaves(struct machine *m, struct task *t)
{
	struct pt_leaf at = shadow_entry(m, m->w->vcpu[t->vcpu].root, t->fault.gfn, 1);
	gfn_t gfn = t->fault.gfn & ~(gfn_t)(PTE_PREFETCH_NUM - 1), end = gfn + PTE_PREFETCH_NUM;

	for (at.first = end; gfn <= end; gfn++) {
		bool in_run = gfn < end && gfn != t->fault.gfn &&
			      !spte_is_present(spte_format_of(m),
					       spte_read(m, sptep_in(at.table, gfn, 1)));

		if (in_run && at.first == end)
			at.first = gfn;
		if (in_run || at.first == end)
			continue;
		if (!prefetch_many(m, at, gfn))
			break;
		at.first = end;
	}
	return STEP_NEXT;
}

/* ---- memslots ---- */

/* kvm_mmu_zap_all_fast(): all in one critical section */
enum step_result zap_all_shadow(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	(void)t;
	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	shadow_zap_all_fast(m);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

bool slot_counts(const struct machine *m, const struct task *t)
{
	if (m->w->kvm.requested_mmu_pages)
		return false;
	return !t->slot.error && (t->slot.change == SLOT_CREATE || t->slot.change == SLOT_DELETE);
}

/* kvm_arch_commit_memory_region(): so many MMU pages for so much memory */
enum step_result limit_mmu_pages(struct machine *m, struct task *t)
{
	u64 pages = 0;

	(void)t;
	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		if (memslot_is(m, row, KVM_MEMSLOT_USED))
			pages += memslot_row(m, row)->npages;
	pages /= KVM_MEMSLOT_PAGES_TO_MMU_PAGES_RATIO;
	shadow_limit(m, pages > KVM_MIN_ALLOC_MMU_PAGES ? pages : KVM_MIN_ALLOC_MMU_PAGES);
	return STEP_NEXT;
}

/* kvm_mmu_slot_remove_write_access() */
static enum step_result protect_from(struct machine *m, struct task *t, unsigned min_level)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	struct rmap_range range = { t->slot.base_gfn, t->slot.base_gfn + t->slot.npages,
				    min_level, NR_LEVELS };

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	rmap_write_protect(m, range, false);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}

enum step_result protect_rmaps(struct machine *m, struct task *t)
{
	return protect_from(m, t, 1);
}

enum step_result protect_huge_rmaps(struct machine *m, struct task *t)
{
	return protect_from(m, t, 2);
}

/* kvm_arch_mmu_enable_log_dirty_pt_masked(): huge leaves of what is cleared; nothing is split. */
enum step_result protect_cleared(struct machine *m, struct task *t)
{
	const struct slot_op *op = &t->slot;
	gfn_t base = memslot_row(m, op->row)->base_gfn;

	if (!lock_pass_write(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	for (u64 page = op->first; page < op->first + op->pages; page += 64) {
		struct cleared c = cleared_mask(base + page,
						memslot_dirty_word(m, op->row, page / 64));

		if (c.start < c.end)
			rmap_write_protect(m, (struct rmap_range){ c.start, c.start + 1, 2,
								   NR_LEVELS }, true);
		if (c.protects_last)
			rmap_write_protect(m, (struct rmap_range){ c.end - 1, c.end, 2,
								   NR_LEVELS }, true);
	}
	return STEP_NEXT;
}

/* kvm_mmu_zap_collapsible_sptes(): the flush is under the lock. */
enum step_result zap_collapsible(struct machine *m, struct task *t)
{
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;

	if (!lock_try_write(m, mmu_lock))
		return STEP_BLOCKED;
	if (rmap_zap_collapsible(m, t->slot.row))
		tlb_flush_all(m);
	lock_release_write(m, mmu_lock);
	return STEP_NEXT;
}
