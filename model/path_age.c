/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_age.c: has a page been used? The host's accessed bits, and KVM's through the notifier.
 *
 * Linux: fs/proc/task_mmu.c:clear_refs_write(), virt/kvm/kvm_main.c:
 * kvm_mmu_notifier_clear_flush_young(), arch/x86/kvm/mmu/tdp_mmu.c:age_gfn_range(), mmu.c:
 * kvm_age_rmap(), 5.12 to 7.2.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

/* ---- /proc/self/clear_refs ---- */

static bool clears_soft_dirty(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->pages.kind == CLEAR_SOFT_DIRTY;
}

static enum step_result clear_refs_lock(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_write(m, &current_mm(m)->mmap_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* Each VMA is clean, and vma_set_page_prot() takes W from a shared one's pages to come. */
static void clear_vmas(struct machine *m)
{
	struct host_mm *mm = current_mm(m);

	for (unsigned i = 0; i < mm->nr_vmas && !m->w->config.no_soft_dirty; i++)
		if (mm->vma[i].used)
			mm->vma[i].flags |= VM_SOFT_CLEAN;
}

/* The notification is of the whole address space, whatever is in it. */
static enum step_result begin_soft_dirty(struct machine *m, struct task *t)
{
	clear_vmas(m);
	t->notify = (struct notify){ .end = ~(hva_t)0, .event = NOTIFY_SOFT_DIRTY };
	return STEP_CALL;
}

/* clear_soft_dirty(): W goes, so that the next write is seen; pte_is_pinned() stays. */
static u64 without_soft_dirty(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	bool pinned = !(vma->flags & VM_SHARED) && leaf_is_normal(leaf) &&
		      page_maybe_pinned(m, pt_pfn(leaf->entry));

	return m->w->config.no_soft_dirty || pinned ? leaf->entry :
	       (leaf->entry & ~PTE_WRITE) | PTE_SOFT_CLEAN;
}

static void clear_leaf(struct machine *m, const struct task *t, const struct vma *vma,
		       const struct pt_leaf *leaf)
{
	u64 entry = leaf->entry;

	if (clears_soft_dirty(m, t)) {
		entry = without_soft_dirty(m, vma, leaf);
	} else if (leaf_is_normal(leaf) || leaf->level == 2) {
		entry &= ~PTE_ACCESSED;
		page_of(m, page_head(m, pt_pfn(entry)))->flags &= ~(u32)PG_REFERENCED;
	}
	if (entry != leaf->entry)
		host_set_leaf(m, leaf->first << PAGE_SHIFT, leaf->level, entry);
}

/* clear_refs_test_walk(): anonymous or not; VM_PFNMAP never, nor hugetlb: no .hugetlb_entry */
static bool walks_vma(const struct task *t, const struct vma *vma)
{
	bool anon = vma->kind == VMA_ANON;

	return !(vma->flags & VM_PFNMAP) && vma->kind != VMA_HUGETLB &&
	       !(t->pages.kind == CLEAR_ANON && !anon) && !(t->pages.kind == CLEAR_MAPPED && anon);
}

static enum step_result clear_refs(struct machine *m, struct task *t)
{
	for (hva_t at = 0; ; ) {
		struct pt_leaf leaf = host_next_leaf(m, at, (hva_t)1 << 47);
		const struct vma *vma = vma_find(m, leaf.first << PAGE_SHIFT);

		if (!leaf.present)
			return STEP_NEXT;
		if (vma && walks_vma(t, vma))
			clear_leaf(m, t, vma, &leaf);
		at = (leaf.first + level_pages(leaf.level)) << PAGE_SHIFT;
	}
}

static enum step_result clear_refs_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &current_mm(m)->mmap_lock);
	return STEP_DONE;
}

#define CLEAR	"clear_refs_write"

const struct step path_clear_refs[] = {
	STEP(clear_refs_lock, .chain = CLEAR),
	STEP(begin_soft_dirty, .when = clears_soft_dirty, .calls = PATH_NOTIFY_START,
	     .chain = CLEAR),
	STEP(clear_refs, .chain = CLEAR " > walk_page_range > clear_refs_pte_range"),
	STEP_AS(end_soft_dirty, enter_path, .when = clears_soft_dirty, .calls = PATH_NOTIFY_END,
		.chain = CLEAR),
	STEP(clear_refs_unlock, .chain = CLEAR),
	{ 0 }
};

/* ---- mmu_notifier_clear_flush_young() ---- */

/* The walk has come to a memslot of the range: until it ends, kvm->srcu keeps that. */
static bool walks(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->notify.walks;
}

/* Since 6.15 the walk takes no lock: CONFIG_KVM_MMU_LOCKLESS_AGING. */
static bool locks_to_age(const struct machine *m, const struct task *t)
{
	return walks(m, t) && !m->sem->traits.lockless_aging;
}

/* kvm_main.c:__kvm_handle_hva_range(), 5.12 to 7.2: the lock is taken at the first such memslot */
static enum step_result young_begin(struct machine *m, struct task *t)
{
	const char *name = t->notify.event == NOTIFY_CLEAR_YOUNG ? "clear_young" :
								    "clear_flush_young";

	t->notify.walks = m->mm == VM_MM &&
			  memslots_overlap(m, t->notify.start, t->notify.end);
	if (m->mm == VM_MM)
		note(m, &(struct note){ .kind = NOTE_NOTIFY, .name = name,
					.hva = t->notify.start, .end = t->notify.end });
	return STEP_NEXT;
}

/* kvm_age_gfn() of every slot that overlaps */
static enum step_result young_age(struct machine *m, struct task *t)
{
	gfn_t lo, hi;

	for (int row = NO_SLOT; (row = memslot_next_by_hva(m, row)) != NO_SLOT; )
		if (memslot_overlap(memslot_row(m, row), t->notify.start, t->notify.end, &lo, &hi))
			t->notify.young |= m->sem->ops.age_range(m, lo, hi);
	return STEP_NEXT;
}

/* CONFIG_KVM_ELIDE_TLB_FLUSH_IF_YOUNG comes with it: an entry that stays in a TLB is old news. */
static bool must_flush_young(const struct machine *m, const struct task *t)
{
	return locks_to_age(m, t) && t->notify.young && t->notify.event != NOTIFY_CLEAR_YOUNG;
}

#define AGE	"kvm_mmu_notifier_clear_flush_young"

const struct step path_young[] = {
	STEP(young_begin, .chain = AGE),
	STEP_AS(young_lock, write_lock_mmu, .when = locks_to_age, .chain = AGE),
	STEP(young_age, .when = walks, .chain = AGE " > kvm_age_gfn"),
	STEP_AS(young_flush, flush_slot, .when = must_flush_young,
		.chain = AGE " > kvm_flush_remote_tlbs"),
	STEP_AS(young_unlock, write_unlock_mmu, .when = locks_to_age, .chain = AGE),
	{ 0 }
};
