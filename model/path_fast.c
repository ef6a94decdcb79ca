/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_fast.c: faults that need no look-up: what an MMIO SPTE answers, and leaves that are there
 * but lack a right that KVM took away itself.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:handle_mmio_page_fault(), fast_page_fault(), 5.12 to 7.2;
 * arch/x86/kvm/x86.h:vcpu_cache_mmio_info(). Neither takes mmu_lock nor drops a reference.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/tdp.h"

enum { FAST_TRIES = 5 };	/* "Fast #PF retrying more than 4 times." */

/* ---- MMIO ---- */

void vcpu_cache_mmio(struct machine *m, unsigned vcpu, gfn_t gfn)
{
	if (m->w->kvm.generation & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS)
		return;
	m->w->vcpu[vcpu].mmio_gfn = gfn;
	m->w->vcpu[vcpu].mmio_generation = m->w->kvm.generation;
}

/* vcpu_match_mmio_gpa(): 0 stands for nothing, so that gfn 0 is never known. */
bool vcpu_knows_mmio(const struct machine *m, unsigned vcpu, gfn_t gfn)
{
	const struct vcpu *v = &m->w->vcpu[vcpu];

	return v->mmio_generation == m->w->kvm.generation && v->mmio_gfn && v->mmio_gfn == gfn;
}

static enum step_result answer_mmio(struct machine *m, struct task *t, enum ret_pf ret)
{
	if (ret == RET_PF_EMULATE && memslot_of_gfn(m, t->fault.gfn) != NO_SLOT)
		raise_alarm(m, ALARM_STALE_MMIO, t->fault.gfn, BLAME_KVM);
	t->access.last_ret = t->fault.ret = ret;
	return STEP_DONE;
}

/*
 * handle_mmio_page_fault(): a known MMIO SPTE of this generation is emulated without a fault
 * (arch/x86/kvm/mmu/mmu.c, 6.1 to 7.2); otherwise kvm_mmu_page_fault() goes on, and counts.
 */
enum step_result mmio_fault(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	gfn_t gfn = t->fault.gfn;
	struct pt_leaf leaf;

	if (vcpu_knows_mmio(m, t->vcpu, gfn))
		return answer_mmio(m, t, RET_PF_EMULATE);
	leaf = m->sem->ops.walk(m, m->w->vcpu[t->vcpu].root, gfn);
	if (!spte_is_mmio(format, leaf.entry))	/* zapped since: the guest tries again */
		return answer_mmio(m, t, RET_PF_RETRY);
	if ((m->w->kvm.generation & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS) ||
	    spte_mmio_generation(format, leaf.entry) !=
	    spte_mmio_generation_of(format, m->w->kvm.generation)) {
		t->fault.rsvd = false;
		count_fault(m, t);
		return STEP_NEXT;
	}
	vcpu_cache_mmio(m, t->vcpu, gfn);
	return answer_mmio(m, t, RET_PF_EMULATE);
}

/* ---- fast_page_fault() ---- */

bool may_be_fast(const struct machine *m, const struct task *t)
{
	if (!fault_continues(m, t) || t->fault.rsvd)
		return false;
	if (m->sem->traits.fast_asks_private && fault_mismatches(m, t))
		return false;
	return t->fault.present ? t->fault.write : !m->w->config.ad;
}

/* is_access_allowed(); bit 0 is R or P. */
static bool access_allowed(const struct machine *m, const struct fault *f, u64 spte)
{
	const struct spte_format *format = spte_format_of(m);

	if (f->write)
		return spte_is_writable(format, spte);
	if (f->exec)
		return spte_is_executable(format, spte);
	return spte & BIT(0);
}

/* fault->slot; up to 5.15 it is looked up where the page is logged. */
static int slot_of(struct machine *m, const struct fault *f)
{
	return f->slot == NO_SLOT ? memslot_of_gfn(m, f->gfn) : f->slot;
}

/* What would serve the access; @leaf's own entry if nothing does, or what does needs mmu_lock. */
static u64 fixed_spte(struct machine *m, const struct fault *f, const struct pt_leaf *leaf)
{
	const struct spte_format *format = spte_format_of(m);
	u64 new = leaf->entry;

	if (!m->w->config.ad)
		new = spte_restore_tracked(format, new);
	if (f->write && (leaf->entry & format->mmu_writable)) {
		new |= format->write;
		if (leaf->level > 1 &&
		    memslot_is(m, slot_of(m, f), KVM_MEM_LOG_DIRTY_PAGES))
			return leaf->entry;
	}
	return access_allowed(m, f, new) ? new : leaf->entry;
}

enum step_result fast_page_fault(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;
	struct pt_leaf leaf = m->sem->ops.walk(m, m->w->vcpu[t->vcpu].root, f->gfn);

	f->old_spte = f->new_spte = leaf.entry;
	if (!spte_is_leaf(spte_format_of(m), leaf.entry, leaf.level))
		return STEP_NEXT;
	if (access_allowed(m, f, leaf.entry)) {
		f->ret = RET_PF_SPURIOUS;
		note_stat(m, "pf_fast", 1);
		return STEP_NEXT;
	}
	f->new_spte = fixed_spte(m, f, &leaf);
	return STEP_NEXT;
}

bool fast_wants_fix(const struct machine *m, const struct task *t)
{
	return may_be_fast(m, t) && t->fault.old_spte != t->fault.new_spte;
}

/* fast_pf_fix_direct_spte(): by cmpxchg; who is overtaken looks again. */
enum step_result fast_fix(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	struct fault *f = &t->fault;
	struct pt_leaf leaf = m->sem->ops.walk(m, m->w->vcpu[t->vcpu].root, f->gfn);

	if (leaf.entry != f->old_spte)
		return ++f->fast_tries < FAST_TRIES ? STEP_BACK : STEP_NEXT;
	tdp_fix_spte(m, &leaf, f->new_spte);
	if (spte_is_writable(format, f->new_spte) && !spte_is_writable(format, f->old_spte))
		memslot_mark_dirty(m, slot_of(m, f), f->gfn);
	f->ret = RET_PF_FIXED;
	note_stat(m, "pf_fast", 1);
	return STEP_NEXT;
}

/*
 * tdp_mmu_map_handle_target_level(), 7.2: a leaf of the goal level that already allows the access,
 * or any for a prefetch, stays. It is of another page if there was no memslot when the fault
 * looked, and another vCPU found one.
 */
enum step_result spurious_if_allowed(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;

	if (!spte_is_leaf(spte_format_of(m), f->old_spte, f->goal_level) ||
	    !(t->access.prefetch || access_allowed(m, f, f->old_spte)))
		return STEP_NEXT;
	f->ret = RET_PF_SPURIOUS;
	if (f->pfn != pt_pfn(f->old_spte))
		raise_alarm(m, ALARM_WARN, SPLAT_LEAF_OF_OTHER, BLAME_KVM);
	return STEP_NEXT;
}
