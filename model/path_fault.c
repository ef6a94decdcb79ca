/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_fault.c: the stage-2 page fault, cut wherever another CPU can get in.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:kvm_mmu_page_fault(), kvm_tdp_page_fault(), kvm_faultin_pfn();
 * tdp_mmu.c:kvm_tdp_mmu_map(); 5.12 to 7.2. Between the snapshot of the sequence and mmu_lock
 * nothing but ops.fault_is_stale keeps a page mapped that the host has taken back.
 */
#include "model/errno.h"
#include "model/gmem.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/nx.h"
#include "model/path.h"
#include "model/pferr.h"
#include "model/semantics.h"
#include "model/tdp.h"
#include "model/walker.h"

bool fault_continues(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->fault.ret == RET_PF_CONTINUE;
}

bool fault_continues_in_slot(const struct machine *m, const struct task *t)
{
	return fault_continues(m, t) && t->fault.slot != NO_SLOT;
}

bool fault_has_lookup(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->fault.unused_page;
}

bool fault_holds_mmu_lock(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->fault.level;
}

static bool lookup_wants_io(const struct machine *m, const struct task *t)
{
	return fault_continues_in_slot(m, t) && t->follow.async;
}

static bool looked_up(const struct machine *m, const struct task *t)
{
	return fault_continues_in_slot(m, t) && t->follow.done;
}

static bool misconfigured(const struct machine *m, const struct task *t)
{
	return fault_continues(m, t) && t->fault.rsvd;
}

bool fault_installs(const struct machine *m, const struct task *t)
{
	return fault_continues(m, t) && t->fault.level;
}

static bool fault_installs_page(const struct machine *m, const struct task *t)
{
	return fault_installs(m, t) && t->fault.slot != NO_SLOT;
}

/* kvm_mmu_page_fault(), before 6.12 kvm_mmu_do_page_fault(): it may wait from then on. */
void count_fault(struct machine *m, struct task *t)
{
	if (!t->access.prefetch)
		note_stat(m, "pf_taken", !t->fault.counted);
	t->fault.counted = true;
}

/* handle_ept_violation(), npf_interception(): hardware's word to PFERR_*. */
static enum step_result decode_fault(struct machine *m, struct task *t)
{
	const struct access *a = &t->access;
	struct fault *f = &t->fault;
	u64 code = a->qualification;

	*f = (struct fault){ .gfn = access_gpa(m, a) >> PAGE_SHIFT, .slot = NO_SLOT,
			     .pfn = KVM_PFN_ERR_FAULT, .page = NO_PFN, .goal_level = 1 };
	f->is_private = gfn_is_private(m, f->gfn);
	f->rsvd = a->walk == WALK_MISCONFIG;
	if (m->w->config.ept)	/* handle_ept_misconfig(): PFERR_RSVD alone */
		code = f->rsvd ? PFERR_RSVD : pferr_of_violation(m->sem->traits.pferr, code, false);
	f->error_code = pferr_for_handler(m->sem->traits.pferr, code);
	f->write = !!(f->error_code & PFERR_WRITE);
	f->exec = !!(f->error_code & PFERR_FETCH);
	f->present = !!(f->error_code & PFERR_PRESENT);
	if (!f->rsvd)
		count_fault(m, t);
	return STEP_NEXT;
}

/* An invalidation of its page is under way. */
static bool is_held_up(struct machine *m, const struct fault *f)
{
	struct fault now = *f;

	now.slot = memslot_of_gfn(m, f->gfn);
	now.hva = memslot_hva(m, now.slot, f->gfn, false);
	return m->w->kvm.in_progress && m->sem->ops.fault_is_stale(m, &now);
}

/* It will raise the sequence: whoever has taken his snapshot by now retries. */
static bool raise_is_due(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++)
		if (is_counted(open_range(m, i)) && !open_range(m, i)->raised)
			return true;
	return false;
}

/* smp_rmb() after the read: the look-up may not be reordered before it. */
enum step_result snapshot_seq(struct machine *m, struct task *t)
{
	t->fault.mmu_seq = m->w->kvm.mmu_seq;
	t->fault.bound = m->w->config.watch_retries && is_held_up(m, &t->fault) && raise_is_due(m);
	return STEP_NEXT;
}

/* Its snapshot is bound to be stale: to contend with who zaps is all that it does here. */
void watch_retry(struct machine *m, const struct fault *f)
{
	if (f->bound && is_held_up(m, f))
		raise_alarm(m, ALARM_LOCKED_IN_VAIN, f->gfn, BLAME_KVM);
}

/* kvm_handle_noslot_fault() */
static void handle_noslot(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;

	f->pfn = f->orig_pfn = KVM_PFN_NOSLOT;
	f->map_writable = false;
	f->unused_page = true;	/* of which nothing comes */
	vcpu_cache_mmio(m, t->vcpu, f->gfn);
	if (m->w->config.no_mmio_caching ||
	    (m->sem->traits.mmio_below_max_gfn && f->gfn > max_gfn(m)))
		f->ret = RET_PF_EMULATE;
}

/* kvm_vcpu_gfn_to_memslot(): of the set that is active now; SRCU keeps what it finds. */
enum step_result find_slot(struct machine *m, struct task *t)
{
	t->fault.slot = memslot_of_gfn(m, t->fault.gfn);
	return STEP_NEXT;
}

enum step_result check_slot(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;

	if (memslot_is(m, f->slot, KVM_MEMSLOT_INVALID) && t->access.prefetch &&
	    m->sem->traits.prefetch_gives_up) {
		f->ret = RET_PF_ERROR;
		f->error = -EAGAIN;
	} else if (memslot_is(m, f->slot, KVM_MEMSLOT_INVALID)) {
		f->ret = RET_PF_RETRY;
	} else if (f->slot == NO_SLOT && !f->is_private) {
		handle_noslot(m, t);
	} else if (apic_is_emulated(m, f->gfn)) {
		f->ret = RET_PF_EMULATE;
	}
	return STEP_NEXT;
}

/* try_async_pf() */
static enum step_result find_and_check_slot(struct machine *m, struct task *t)
{
	find_slot(m, t);
	return check_slot(m, t);
}

/* mmu_invalidate_retry_gfn_unsafe(): a hint, without mmu_lock (d02c357e5bfa). */
static bool unsafe_retry(const struct machine *m, const struct fault *f)
{
	return invalidate_retry(m, f->mmu_seq, f->gfn);
}

enum step_result precheck_retry(struct machine *m, struct task *t)
{
	if (unsafe_retry(m, &t->fault))
		t->fault.ret = RET_PF_RETRY;
	return STEP_NEXT;
}

/* kvm_release_pfn_clean(fault->pfn), whether the look-up kept a reference or not */
enum step_result precheck_retry_again(struct machine *m, struct task *t)
{
	if (unsafe_retry(m, &t->fault)) {
		t->fault.ret = RET_PF_RETRY;
		m->sem->ops.release_pfn(m, t->fault.pfn, false, HOLD_FAULT);
		t->fault.unused_page = false;
	}
	return STEP_NEXT;
}

/* Since 6.13 kvm_mmu_finish_page_fault(), which has the page. */
enum step_result precheck_retry_finish(struct machine *m, struct task *t)
{
	if (unsafe_retry(m, &t->fault)) {
		t->fault.ret = RET_PF_RETRY;
		m->sem->ops.release_fault(m, t, false);
		t->fault.unused_page = false;
	}
	return STEP_NEXT;
}

static enum step_result call_follow(struct machine *m, struct task *t)
{
	if (follow_resolve_hva(m, t))
		return STEP_CALL;
	return STEP_NEXT;
}

/* First without sleeping for I/O ... */
static enum step_result faultin_nowait(struct machine *m, struct task *t)
{
	follow_init(&t->follow, t->fault.gfn, t->fault.slot,
		    FOLL_NOWAIT | (t->fault.write ? FOLL_WRITE : 0));
	m->sem->ops.fault_args(m, &t->follow);
	return call_follow(m, t);
}

/* ... then, if I/O is what it takes, sleeping. A read-only slot's verdict stays. */
static enum step_result faultin_wait(struct machine *m, struct task *t)
{
	bool try_map_writable = t->follow.try_map_writable;

	follow_init(&t->follow, t->fault.gfn, t->fault.slot,
		    FOLL_INTERRUPTIBLE | (t->fault.write ? FOLL_WRITE : 0));
	m->sem->ops.fault_args(m, &t->follow);
	t->follow.try_map_writable = try_map_writable;
	return call_follow(m, t);
}

/* kvm_handle_error_pfn() */
static void handle_error_pfn(struct fault *f, pfn_t pfn)
{
	if (pfn == KVM_PFN_ERR_RO_FAULT) {
		f->ret = RET_PF_EMULATE;
	} else if (pfn == KVM_PFN_ERR_HWPOISON) {
		f->ret = RET_PF_RETRY;	/* with SIGBUS(BUS_MCEERR_AR) pending: KVM_RUN ends */
		f->error = -EINTR;
	} else {
		f->ret = RET_PF_ERROR;
		f->error = pfn == KVM_PFN_ERR_SIGPENDING ? -EINTR : -EFAULT;
	}
}

static enum step_result take_result(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;
	const struct follow *follow = &t->follow;

	(void)m;
	f->pfn = f->orig_pfn = follow->pfn;
	f->hva = follow->hva;
	if (is_error_pfn(f->pfn)) {
		handle_error_pfn(f, f->pfn);
		return STEP_NEXT;
	}
	f->map_writable = follow->writable;
	f->page = follow->page;
	f->unused_page = true;
	return STEP_NEXT;
}

static enum step_result lock_mmu(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	t->fault.level = PT_LEVELS;
	watch_retry(m, &t->fault);
	return STEP_NEXT;
}

/* Up to 5.15 the memslot is not handed down: gfn_to_memslot_dirty_bitmap(), __gfn_to_memslot(). */
static enum step_result refind_slot(struct machine *m, struct task *t)
{
	return find_slot(m, t);
}

static enum step_result check_stale(struct machine *m, struct task *t)
{
	if (m->sem->ops.fault_is_stale(m, &t->fault))
		t->fault.ret = RET_PF_RETRY;
	return STEP_NEXT;
}

/* kvm_mmu_hugepage_adjust() */
static enum step_result adjust_level(struct machine *m, struct task *t)
{
	struct fault *f = &t->fault;

	f->req_level = tdp_max_level(m, f->slot, f->gfn, f->pfn);
	if (m->w->config.mmu == MMU_SHADOW && f->req_level > 2)	/* nonpaging_page_fault() */
		f->req_level = 2;
	f->huge_page_disallowed = f->exec && m->w->config.nx_huge;
	f->goal_level = f->huge_page_disallowed ? 1 : f->req_level;
	if (f->slot != NO_SLOT)
		f->pfn &= ~(level_pages(f->goal_level) - 1);
	return STEP_NEXT;
}

/* The table that holds @gfn's entry of @level; 0 if no table leads to it. */
static pfn_t table_at(struct machine *m, pfn_t root, gfn_t gfn, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	pfn_t table = root;

	for (unsigned l = tdp_root_level(m); l > level; l--) {
		u64 spte = tdp_entry(m, table, gfn, l);

		if (!spte_is_present(format, spte) || spte_is_leaf(format, spte, l))
			return 0;
		table = pt_pfn(spte);
	}
	return table;
}

/*
 * *iter.sptep. Who removes a table while mmu_lock is shared freezes all of its entries
 * (handle_removed_pt()), and nobody finds the table any more.
 */
static u64 iter_spte(struct machine *m, const struct task *t)
{
	const struct fault *f = &t->fault;

	if (table_at(m, m->w->vcpu[t->vcpu].root, f->gfn, f->level) != f->table)
		return spte_format_of(m)->frozen;
	return tdp_entry(m, f->table, f->gfn, f->level);
}

/*
 * disallowed_hugepage_adjust(): where a fetch has split a huge page, or might have, other accesses
 * go down to its small leaves.
 */
static void adjust_for_nx(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	struct fault *f = &t->fault;
	pfn_t table = m->w->vcpu[t->vcpu].root;

	for (unsigned level = tdp_root_level(m); m->w->config.nx_huge && level > 1; level--) {
		u64 spte = tdp_entry(m, table, f->gfn, level);

		if (!spte_is_present(format, spte) || spte_is_leaf(format, spte, level))
			return;
		table = pt_pfn(spte);
		if (level != f->goal_level ||
		    (m->sem->traits.nx_tables_known && !page_is(m, table, PG_NX_SPLIT)))
			continue;
		f->pfn |= f->gfn & (level_pages(level) - level_pages(level - 1));
		f->goal_level--;
	}
}

/* sp->nx_huge_page_disallowed, account_nx_huge_page(); up to 6.1 only if .is_tdp */
void fault_account_table(struct machine *m, const struct fault *f, pfn_t table,
			  const struct pt_leaf *parent)
{
	if (!f->huge_page_disallowed ||
	    (m->w->config.mmu == MMU_SHADOW && !m->sem->traits.nx_tables_known))
		return;
	page_of(m, table)->flags |= PG_NX_SPLIT;
	page_touch(m, table);
	if (f->req_level >= parent->level)
		nx_track(m, table, parent);
}

/* The loop of kvm_tdp_mmu_map(): one table a turn, by cmpxchg under the read lock. */
static enum step_result link_table(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	struct fault *f = &t->fault;
	struct pt_leaf at = m->sem->ops.walk(m, m->w->vcpu[t->vcpu].root, f->gfn);
	pfn_t table;

	if (f->table && iter_spte(m, t) == format->frozen) {
		f->ret = RET_PF_RETRY;
		return STEP_NEXT;
	}
	adjust_for_nx(m, t);
	if (at.level <= f->goal_level) {
		f->level = f->goal_level;
		f->table = table_at(m, m->w->vcpu[t->vcpu].root, f->gfn, f->level);
		f->old_spte = iter_spte(m, t);
		return STEP_NEXT;
	}
	f->level = at.level - 1;
	if (!spte_is_leaf(format, at.entry, at.level)) {
		table = f->table = alloc_table(m, place_of_stage2(f->level, f->gfn));
		fault_account_table(m, f, table, &at);
		tdp_set_spte(m, at.table, at.first, at.level,
			     spte_make_nonleaf(format, table, m->w->config.ad));
	} else if (m->sem->traits.fault_splits) {
		f->table = tdp_split_leaf(m, &at);
		fault_account_table(m, f, f->table, &at);
	} else {
		tdp_zap_atomic(m, at.table, at.first, at.level);
		f->level = at.level;
		f->table = at.table;
	}
	return STEP_BACK;
}

/* kvm_is_mmio_pfn(): no struct page means that e820 does not call it RAM. */
static bool is_mmio_pfn(struct machine *m, pfn_t pfn)
{
	return !page_is(m, pfn, PG_VALID);
}

struct spte_args fault_spte_args(struct machine *m, const struct fault *f)
{
	return (struct spte_args){
		.pfn = f->pfn, .level = f->goal_level, .write = true,
		.exec = f->goal_level == 1 || !m->w->config.nx_huge,
		.host_writable = f->map_writable, .ad = m->w->config.ad,
		.mmio = is_mmio_pfn(m, f->orig_pfn), .honour_pat = m->w->config.guest_pat_honoured,
		.refcounted = m->sem->ops.leaf_bits(m, f),
		.old_any = m->sem->traits.dirty_skipped_over_table,
		.prefetch = m->w->task[m->task].access.prefetch,
	};
}

static u64 leaf_for(struct machine *m, const struct fault *f, u64 old)
{
	struct spte_args args = fault_spte_args(m, f);

	args.old = old;
	return spte_make(spte_format_of(m), &args);
}

void fault_check_bit(struct machine *m, const struct fault *f, u64 new)
{
	if (f->slot != NO_SLOT && refcounted_mask(m) &&
	    !(new & refcounted_mask(m)) != (f->page == NO_PFN))
		raise_alarm(m, ALARM_BIT_INEXACT, f->gfn, BLAME_KVM);
}

/*
 * make_spte() logs what it makes writable; up to 5.15 handle_changed_spte_dirty_log() what has
 * become writable.
 * SIMPLIFIED: the page that is marked is the faulting one; level is 4K while logging
 */
static void log_leaf(struct machine *m, const struct fault *f, u64 new)
{
	const struct spte_format *format = spte_format_of(m);
	bool was = spte_is_writable(format, f->old_spte) && pt_pfn(f->old_spte) == pt_pfn(new);

	if (f->slot != NO_SLOT && spte_is_writable(format, new) &&
	    (m->sem->traits.make_spte_logs || !was))
		memslot_mark_dirty(m, f->slot, f->gfn);
}

/* tdp_mmu_map_handle_target_level(): by cmpxchg with what link_table has read */
static enum step_result install_leaf(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	struct fault *f = &t->fault;
	u64 old = f->old_spte, new;

	if (f->slot == NO_SLOT)
		new = spte_make_mmio(format, f->gfn, m->w->kvm.generation, has_l1tf(m));
	else
		new = leaf_for(m, f, old);
	if (m->sem->traits.make_spte_logs)
		log_leaf(m, f, new);
	if (new != old && old != iter_spte(m, t)) {	/* tdp_mmu_set_spte_atomic() */
		f->ret = RET_PF_RETRY;
		return STEP_NEXT;
	}
	fault_check_bit(m, f, new);
	f->ret = new == old ? RET_PF_SPURIOUS : RET_PF_FIXED;
	if (new != old)
		tdp_set_spte(m, f->table, f->gfn, f->goal_level, new);
	if (!m->sem->traits.make_spte_logs)
		log_leaf(m, f, new);
	if (spte_is_present(format, old) && !spte_is_leaf(format, old, f->goal_level))
		tlb_flush_all(m);	/* replaced a table */
	if (f->slot == NO_SLOT) {
		note_stat(m, "pf_mmio_spte_created", 1);
		f->ret = RET_PF_EMULATE;
		return STEP_NEXT;
	}
	f->has_leaf = true;
	return STEP_NEXT;
}

static bool fault_has_leaf(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->fault.has_leaf;
}

/* trace_kvm_mmu_set_spte() reads *sptep once more: another vCPU may have put its own leaf there. */
static enum step_result trace_leaf(struct machine *m, struct task *t)
{
	const struct fault *f = &t->fault;

	note(m, &(struct note){ .kind = NOTE_SET_SPTE, .name = "kvm_mmu_set_spte",
				.gfn = f->gfn & ~(level_pages(f->goal_level) - 1),
				.level = f->goal_level, .new = iter_spte(m, t) });
	return STEP_NEXT;
}

enum step_result unlock_mmu(struct machine *m, struct task *t)
{
	lock_release_read(m, &m->w->kvm.mmu_lock);
	t->fault.level = 0;
	return STEP_NEXT;
}

enum step_result release_fault_page(struct machine *m, struct task *t)
{
	m->sem->ops.release_fault(m, t, t->fault.ret != RET_PF_RETRY);
	t->fault.unused_page = false;
	return STEP_NEXT;
}

/* kvm_mmu_do_page_fault() counts; kvm_mmu_page_fault() says what comes next. */
static enum step_result finish_fault(struct machine *m, struct task *t)
{
	struct access *a = &t->access;

	count_fault(m, t);
	if (!a->prefetch) {
		note_stat(m, "pf_fixed", t->fault.ret == RET_PF_FIXED);
		note_stat(m, "pf_emulate", t->fault.ret == RET_PF_EMULATE);
		note_stat(m, "pf_spurious", t->fault.ret == RET_PF_SPURIOUS);
	}
	a->last_ret = t->fault.ret;
	a->error = t->fault.error;
	a->faults++;
	return STEP_DONE;
}

#define FAULT	"kvm_mmu_page_fault > kvm_tdp_page_fault"

const struct step path_fault[] = {
	STEP(decode_fault, .chain = "kvm_mmu_page_fault"),
	STEP(mmio_fault, .when = misconfigured,
	     .chain = "kvm_mmu_page_fault > handle_mmio_page_fault"),
	STEP(snapshot_seq, .when = fault_continues, .chain = FAULT),
	STEP_AS(check_slot, find_and_check_slot, .when = fault_continues,
		.chain = FAULT " > kvm_faultin_pfn"),
	STEP(faultin_nowait, .when = fault_continues_in_slot, .calls = PATH_FOLLOW,
	     .chain = FAULT " > kvm_faultin_pfn"),
	STEP(try_async_pf, .when = fault_may_be_async,
	     .chain = FAULT " > kvm_faultin_pfn > kvm_arch_setup_async_pf"),
	STEP(faultin_wait, .when = lookup_wants_io, .calls = PATH_FOLLOW,
	     .chain = FAULT " > kvm_faultin_pfn"),
	STEP(take_result, .when = looked_up, .chain = FAULT " > kvm_faultin_pfn"),
	STEP(lock_mmu, .when = fault_continues, .chain = FAULT),
	STEP(check_stale, .when = fault_installs, .chain = FAULT " > is_page_fault_stale"),
	STEP(refind_slot, .when = fault_installs_page, .chain = FAULT " > kvm_tdp_mmu_map"),
	STEP(adjust_level, .when = fault_installs,
	     .chain = FAULT " > kvm_tdp_mmu_map > kvm_mmu_hugepage_adjust"),
	STEP(link_table, .when = fault_installs, .to = "link_table",
	     .chain = FAULT " > kvm_tdp_mmu_map"),
	STEP(install_leaf, .when = fault_installs,
	     .chain = FAULT " > kvm_tdp_mmu_map > tdp_mmu_map_handle_target_level"),
	STEP(trace_leaf, .when = fault_has_leaf,
	     .chain = FAULT " > kvm_tdp_mmu_map > tdp_mmu_map_handle_target_level"),
	STEP(unlock_mmu, .when = fault_holds_mmu_lock, .chain = FAULT),
	STEP(release_fault_page, .when = fault_has_lookup, .chain = FAULT),
	STEP(finish_fault, .chain = "kvm_mmu_page_fault"),
	{ 0 }
};
