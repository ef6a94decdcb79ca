/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_stage2.c: a stage-2 fault on another architecture: what it asks for, what it marks, and when
 * it gives back.
 *
 * Linux: arm64 user_mem_abort(), riscv kvm_riscv_gstage_map() and their like, 6.1, 6.12, 7.2; who
 * they are is stage2_callers[]. All but powerpc's 32-bit host are guarded by the notifier; none
 * could tell v11's wrappers so. x86's APIC access page is looked up the same way (since 6.8).
 * SIMPLIFIED: their page tables are not modelled: a map step of theirs belongs behind stage2_check,
 * and never fails. Who tries again by itself ends here, as the guest would have to fault again.
 */
#include "model/caller.h"
#include "model/errno.h"
#include "model/machine.h"
#include "model/mark.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

/* In .how; up to 6.12, unless said otherwise */
enum how {
	FAST_FIRST	= 1 << 0,	/* get_user_page_fast_only(FOLL_WRITE) */
	PUTS_PAGE	= 1 << 1,	/* put_page(), not of reserved ones; 7.2, too, unlocked */
	DIRTY_IF_WRITE	= 1 << 2,	/* if the guest writes, not if it may */
	DIRTY_LOCKED	= 1 << 3,	/* kvm_set_pfn_dirty() under mmu_lock, else behind it */
	MARKS_FIRST	= 1 << 4,	/* both, before mmu_lock, stale or not */
	MARKS_LOCKED	= 1 << 5,	/* both, under mmu_lock */
	ACCESSED	= 1 << 6,	/* kvm_set_pfn_accessed() behind mmu_lock, stale or not */
	ACCESSED_LAST	= 1 << 7,	/* ... when the reference is gone; not if stale */
	STALE_UNLOCKS	= 1 << 8,	/* 7.2: what is stale is put behind mmu_lock */
	NEVER_UNUSED	= 1 << 9,	/* 7.2: what is stale is marked as what is used */
	UNMARKED	= 1 << 10,	/* beyond what the release does */
	APIC_PAGE	= 1 << 11,	/* up to 6.1 gfn_to_page() and put_page(), unchecked */
	ARM64		= 1 << 12,	/* accessed by the release (6.6); dirty unlocked (6.11) */
	UNCHECKED	= 1 << 13,	/* no sequence, no mmu_lock: guarded by nothing */
	BY_VMA		= 1 << 14,	/* of a VM_PFNMAP: vm_pgoff in place of a look-up */
	BY_GFN		= 1 << 15,	/* mmu_invalidate_retry_gfn() */
	SINCE_5_16	= 1 << 16,	/* KVM of this architecture */
	SINCE_6_7	= 1 << 17,
	SINCE_7_2	= 1 << 18,	/* before, this architecture asked the host's mm */
};

const struct stage2_caller stage2_callers[] = {
	{ "user_mem_abort", "arm64", LOOKUP_PROT, "arch/arm64/kvm/mmu.c",
	  ARM64 | DIRTY_LOCKED | ACCESSED },
	{ "kvm_riscv_gstage_map", "riscv", LOOKUP_PROT, "arch/riscv/kvm/mmu.c",
	  SINCE_5_16 | DIRTY_LOCKED | ACCESSED },
	{ "kvm_map_page", "loongarch", LOOKUP_PROT, "arch/loongarch/kvm/mmu.c",
	  SINCE_6_7 | BY_GFN | DIRTY_IF_WRITE | STALE_UNLOCKS },
	{ "kvm_mips_map_page", "mips", LOOKUP_PROT, "arch/mips/kvm/mmu.c",
	  DIRTY_IF_WRITE | DIRTY_LOCKED | ACCESSED_LAST | STALE_UNLOCKS },
	{ "kvmppc_book3s_hv_page_fault", "powerpc-hv", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_64_mmu_hv.c", FAST_FIRST | PUTS_PAGE },
	{ "kvmppc_book3s_instantiate_page", "powerpc-radix", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_64_mmu_radix.c", FAST_FIRST | PUTS_PAGE },
	{ "kvmppc_mmu_map_page", "powerpc-pr", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_64_mmu_host.c", MARKS_FIRST | NEVER_UNUSED },
	{ "kvmppc_mmu_map_page", "powerpc-pr32", LOOKUP_PROT,
	  "arch/powerpc/kvm/book3s_32_mmu_host.c", UNCHECKED | UNMARKED | NEVER_UNUSED },
	{ "kvmppc_e500_shadow_map", "powerpc-e500", LOOKUP_PFN,
	  "arch/powerpc/kvm/e500_mmu_host.c", MARKS_LOCKED },
	{ "kvmppc_e500_shadow_map", "powerpc-e500-tlb1", LOOKUP_PFN,
	  "arch/powerpc/kvm/e500_mmu_host.c", BY_VMA | MARKS_LOCKED },
	{ "kvm_s390_faultin_gfn", "s390", LOOKUP_PROT, "arch/s390/kvm/faultin.c",
	  SINCE_7_2 | BY_GFN },
	{ "vmx_set_apic_access_page_addr", "x86-apic", LOOKUP_PFN, "arch/x86/kvm/vmx/vmx.c",
	  UNMARKED | APIC_PAGE | BY_GFN | NEVER_UNUSED },
};

const unsigned nr_stage2_callers = ARRAY_SIZE(stage2_callers);

static bool is(const struct task *t, enum how how)
{
	return stage2_callers[t->map.api].how & how;
}

static bool found(const struct task *t)
{
	return !t->map.error || t->map.error == -EAGAIN;
}

static bool is_absent(const struct machine *m, const struct task *t)
{
	return (is(t, SINCE_5_16) && !m->sem->traits.riscv_kvm) ||
	       (is(t, SINCE_6_7) && !m->sem->traits.loongarch_kvm) ||
	       (is(t, SINCE_7_2) && !m->sem->traits.wrappers_gone);
}

static enum step_result stage2_absent(struct machine *m, struct task *t)
{
	(void)m;
	t->map.error = -ENOSYS;
	return STEP_DONE;
}

static bool is_fast_first(const struct machine *m, const struct task *t)
{
	(void)m;
	return is(t, FAST_FIRST);
}

/* For writing, whatever the guest wants: most pages can be written. */
static enum step_result stage2_fast(struct machine *m, struct task *t)
{
	follow_init(&t->follow, t->map.gfn, memslot_of_gfn(m, t->map.gfn), FOLL_WRITE);
	lookup_many_atomic(m, t);
	t->map.by_fast = t->follow.page != NO_PFN;
	return STEP_NEXT;
}

static bool is_by_vma(const struct machine *m, const struct task *t)
{
	(void)m;
	return is(t, BY_VMA);
}

/*
 * An entry of TLB1 that lies in a VM_PFNMAP: the pfn is what vm_pgoff makes of it. Nobody takes a
 * reference, and the release asks the pfn.
 * SIMPLIFIED: vm_pgoff of what a driver maps is its pfn, as /dev/mem's and vfio-pci's.
 */
static enum step_result stage2_vma(struct machine *m, struct task *t)
{
	int row = memslot_of_gfn(m, t->map.gfn);
	const struct vma *vma;
	hva_t hva;

	if (!lock_pass_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	if (row == NO_SLOT)
		return STEP_NEXT;
	hva = memslot_hva(m, row, t->map.gfn, false);
	vma = vma_find(m, hva);
	if (!vma || !(vma->flags & VM_PFNMAP))
		return STEP_NEXT;
	follow_init(&t->follow, t->map.gfn, row, FOLL_WRITE);
	follow_finish(t, object_pfn(m, vma->object, 0) + vma->index +
			 ((hva - vma->start) >> PAGE_SHIFT));
	return STEP_NEXT;
}

static bool is_not_found(const struct machine *m, const struct task *t)
{
	(void)m;
	return !t->follow.done || is_error_pfn(t->follow.pfn);
}

static enum step_result stage2_lookup(struct machine *m, struct task *t)
{
	const struct stage2_caller *caller = &stage2_callers[t->map.api];
	bool write = t->map.write || caller->api == LOOKUP_PFN;
	int row = memslot_of_gfn(m, t->map.gfn);

	follow_init(&t->follow, t->map.gfn, row, write ? FOLL_WRITE : 0);
	t->follow.try_map_writable = caller->api == LOOKUP_PROT;
	m->sem->ops.lookup_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* What is marked dirty: e500 looks for writing, and asks the guest's own entry afterwards. */
static enum step_result stage2_result(struct machine *m, struct task *t)
{
	const struct follow *f = &t->follow;
	bool by_write = stage2_callers[t->map.api].api == LOOKUP_PFN || is(t, SINCE_7_2) ||
			(is(t, DIRTY_IF_WRITE) && !m->sem->traits.wrappers_gone);

	t->map.writable = f->writable;
	t->map.dirty = !is(t, UNMARKED) && (by_write ? t->map.write : f->writable);
	t->map.refcounted = f->page != NO_PFN;
	t->map.refs_held = t->map.refs_after = t->refs;
	if (is_error_noslot_pfn(f->pfn))
		t->map.error = -EINVAL;
	return STEP_NEXT;
}

static bool stage2_has_lookup(const struct machine *m, const struct task *t)
{
	(void)m;
	return found(t);
}

static bool is_good(const struct task *t)
{
	return !t->map.error;
}

/* ---- marks: since 6.13 they come with the release ---- */

static bool marks_first(const struct machine *m, const struct task *t)
{
	(void)m;
	return found(t) && is(t, MARKS_FIRST);
}

static bool marks_locked(const struct machine *m, const struct task *t)
{
	(void)m;
	return is_good(t) && is(t, MARKS_LOCKED);
}

static enum step_result stage2_mark(struct machine *m, struct task *t)
{
	m->sem->ops.stage2_mark(m, t, false);
	if (t->map.dirty)
		m->sem->ops.stage2_mark(m, t, true);
	return STEP_NEXT;
}

static bool dirties_locked(const struct machine *m, const struct task *t)
{
	return is_good(t) && t->map.dirty && is(t, DIRTY_LOCKED) &&
	       !(is(t, ARM64) && m->sem->traits.arm64_dirty_unlocked);
}

static bool dirties(const struct machine *m, const struct task *t)
{
	return is_good(t) && t->map.dirty && !dirties_locked(m, t) &&
	       !is(t, MARKS_FIRST | MARKS_LOCKED | PUTS_PAGE);
}

static enum step_result stage2_dirty(struct machine *m, struct task *t)
{
	m->sem->ops.stage2_mark(m, t, true);
	return STEP_NEXT;
}

static bool marks_accessed(const struct machine *m, const struct task *t)
{
	return found(t) && is(t, ACCESSED) &&
	       !(is(t, ARM64) && m->sem->traits.arm64_accessed_once);
}

static bool marks_released(const struct machine *m, const struct task *t)
{
	(void)m;
	return is_good(t) && is(t, ACCESSED_LAST);
}

static enum step_result stage2_accessed(struct machine *m, struct task *t)
{
	m->sem->ops.stage2_mark(m, t, false);
	return STEP_NEXT;
}

/* ---- mmu_lock, the check, the release ---- */

static enum step_result stage2_lock(struct machine *m, struct task *t)
{
	(void)t;
	if (!lock_try_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	return STEP_NEXT;
}

/* mmu_invalidate_retry(): the count, of whatever range, then the sequence; or by gfn */
static enum step_result stage2_check(struct machine *m, struct task *t)
{
	bool stale = m->w->kvm.in_progress || m->w->kvm.mmu_seq != t->fault.mmu_seq;

	if (is(t, BY_GFN))
		stale = invalidate_retry(m, t->fault.mmu_seq, t->map.gfn);
	if (stale)
		t->map.error = -EAGAIN;
	return STEP_NEXT;
}

static enum step_result stage2_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &m->w->kvm.mmu_lock);
	return STEP_NEXT;
}

/* The APIC access page up to 6.1: the notifier asks for another look, after the host's PTE went. */
static bool is_put_unchecked(const struct machine *m, const struct task *t)
{
	return is(t, APIC_PAGE) && !m->sem->traits.apic_page_checked;
}

static bool is_checked(const struct machine *m, const struct task *t)
{
	return found(t) && !is(t, UNCHECKED) && !is_put_unchecked(m, t);
}

bool stage2_releases_locked(const struct machine *m, const struct task *t)
{
	return is_checked(m, t) && !is(t, PUTS_PAGE) && (is_good(t) || !is(t, STALE_UNLOCKS));
}

bool stage2_releases_late(const struct machine *m, const struct task *t)
{
	return found(t) && !stage2_releases_locked(m, t);
}

/*
 * set_page_dirty_lock(), put_page(). What the wrapper finds and is reserved, a device's page or the
 * zero page too, has no page here.
 */
static void put_own_page(struct machine *m, struct task *t)
{
	pfn_t page = m->sem->traits.wrappers_gone ? t->follow.page : t->follow.pfn;

	if (page == NO_PFN || !page_is(m, page, PG_VALID))
		return;
	if (!m->sem->traits.wrappers_gone && !t->map.by_fast && page_is(m, page, PG_RESERVED))
		return;
	if (is_good(t) && t->map.dirty) {
		mark_check_dirty(m, page);
		page_set_dirty(m, page);
	}
	page_put(m, page, HOLD_FAULT);
}

enum step_result stage2_release(struct machine *m, struct task *t)
{
	if (is(t, PUTS_PAGE))
		put_own_page(m, t);
	else if (is_put_unchecked(m, t))
		page_put(m, t->follow.pfn, HOLD_FAULT);
	else
		m->sem->ops.stage2_release(m, t, is_good(t) || is(t, NEVER_UNUSED));
	t->map.refs_after = t->refs;
	return STEP_NEXT;
}

#define FAULT	"user_mem_abort"

const struct step path_stage2[] = {
	STEP(stage2_absent, .when = is_absent),
	STEP_AS(stage2_snapshot_seq, snapshot_seq, .chain = FAULT),
	STEP(stage2_fast, .when = is_fast_first, .chain = FAULT),
	STEP(stage2_vma, .when = is_by_vma, .chain = FAULT),
	STEP(stage2_lookup, .when = is_not_found, .calls = PATH_FOLLOW, .chain = FAULT),
	STEP(stage2_result, .chain = FAULT),
	STEP_AS(stage2_mark_first, stage2_mark, .when = marks_first, .chain = FAULT),
	STEP(stage2_lock, .when = is_checked, .chain = FAULT),
	STEP(stage2_check, .when = is_checked, .chain = FAULT),
	STEP_AS(stage2_mark_locked, stage2_mark, .when = marks_locked, .chain = FAULT),
	STEP_AS(stage2_dirty_locked, stage2_dirty, .when = dirties_locked, .chain = FAULT),
	STEP(stage2_unlock, .when = is_checked, .chain = FAULT),
	STEP(stage2_dirty, .when = dirties, .chain = FAULT),
	STEP(stage2_accessed, .when = marks_accessed, .chain = FAULT),
	STEP(stage2_release, .when = stage2_has_lookup, .chain = FAULT),
	STEP_AS(stage2_accessed_last, stage2_accessed, .when = marks_released, .chain = FAULT),
	{ 0 }
};
