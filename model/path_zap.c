/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_zap.c: KVM takes stage-2 entries back on its own account: what a change of memory types or
 * of APICv makes wrong, and tables that NX huge pages have cost.
 *
 * Linux: arch/x86/kvm/mmu/mmu.c:kvm_zap_gfn_range(), kvm_recover_nx_huge_pages()
 * (kvm_recover_nx_lpages() up to 6.1), 5.12 to 7.2. Since 5.15 the former is an invalidation: a
 * fault in flight may have asked before mmu_lock whether APICv is on.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/nx.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/shadow.h"
#include "model/tdp.h"

bool zap_inhibits(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->zap.inhibits;
}

/* Up to 5.14 svm_pre_update_apicv_exec_ctrl() deletes the memslot: not modelled. */
static enum step_result inhibit_nothing(struct machine *m, struct task *t)
{
	(void)m;
	t->zap.error = -ENOSYS;
	return STEP_DONE;
}

/*
 * __kvm_set_or_clear_apicv_inhibit(): the reasons, then kvm_zap_gfn_range() of the page's gfn
 * (arch/x86/kvm/x86.c, 6.1 to 7.2).
 */
enum step_result inhibit_apicv(struct machine *m, struct task *t)
{
	(void)t;
	m->w->kvm.apicv_inhibited = true;
	return STEP_NEXT;
}

enum step_result zap_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.mmu_lock);
	return STEP_DONE;
}

/* kvm_mmu_invalidate_begin(kvm, 0, -1ul) */
enum step_result zap_count_hvas(struct machine *m, struct task *t)
{
	m->w->kvm.in_progress++;
	m->w->kvm.range_start = 0;
	m->w->kvm.range_end = ~(u64)0;
	t->zap.counted = true;
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

/* kvm_mmu_invalidate_begin(), kvm_mmu_invalidate_range_add(); since 6.8 */
enum step_result zap_count_gfns(struct machine *m, struct task *t)
{
	struct kvm *kvm = &m->w->kvm;
	bool first = !kvm->in_progress++;

	if (first || t->zap.start < kvm->range_start)
		kvm->range_start = t->zap.start;
	if (first || t->zap.end > kvm->range_end)
		kvm->range_end = t->zap.end;
	t->zap.counted = true;
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

static enum step_result zap_gfns(struct machine *m, struct task *t)
{
	bool zapped[2] = { false, false };

	m->sem->ops.zap_gfns(m, t->zap.start, t->zap.end, zapped);
	t->zap.flush = zapped[0] || zapped[1];
	return STEP_NEXT;
}

static bool zap_flushes_now(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->zap.flush;
}

static enum step_result zap_flush(struct machine *m, struct task *t)
{
	t->zap.flush = false;
	return flush_slot(m, t);
}

/* kvm_mmu_invalidate_end(): the sequence, then the count; nobody has mmu_lock meanwhile. */
enum step_result zap_uncount(struct machine *m, struct task *t)
{
	struct kvm *kvm = &m->w->kvm;

	kvm->mmu_seq++;
	if (--kvm->in_progress == 0)
		kvm->range_start = kvm->range_end = 0;
	t->zap.counted = false;
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

#define ZAP	"kvm_zap_gfn_range"

const struct step path_zap_gfns[] = {
	STEP_AS(inhibit_apicv, inhibit_nothing, .when = zap_inhibits,
		.chain = "kvm_set_apicv_inhibit"),
	STEP_AS(zap_lock, write_lock_mmu, .chain = ZAP),
	STEP(zap_gfns, .chain = ZAP " > kvm_tdp_mmu_zap_leafs > tdp_mmu_zap_leafs"),
	STEP(zap_flush, .when = zap_flushes_now, .chain = ZAP " > kvm_flush_remote_tlbs_range"),
	STEP(zap_unlock, .chain = ZAP),
	{ 0 }
};

/* ---- the NX huge page recovery worker, once its period is over ---- */

static u64 tables_to_zap(const struct machine *m, u64 ratio)
{
	return ratio ? (nx_splits(m) + ratio - 1) / ratio : 0;
}

/* Of a memslot that logs it would be made of 4K again: since 6.2 it is left alone. */
static bool is_logged(struct machine *m, gfn_t gfn)
{
	return m->sem->traits.nx_leaves_logged &&
	       memslot_is(m, memslot_of_gfn(m, gfn), KVM_MEM_LOG_DIRTY_PAGES);
}

static bool recover_one(struct machine *m)
{
	struct pt_leaf parent;
	pfn_t table;
	bool logged;

	if (!nx_first(m, &table, &parent))
		return false;
	logged = is_logged(m, parent.first);
	nx_untrack(m, table);
	if (!logged)
		tdp_set_spte(m, parent.table, parent.first, parent.level,
			     spte_format_of(m)->nonpresent);
	return !logged;
}

static enum step_result recover_zap(struct machine *m, struct task *t)
{
	for (u64 n = tables_to_zap(m, t->zap.ratio); n; n--)
		t->zap.flush |= recover_one(m);
	return STEP_NEXT;
}

/* The same of shadow pages, which are flushed and freed together */
enum step_result recover_shadow_pages(struct machine *m, struct task *t)
{
	pfn_t zapped = 0, table;
	struct pt_leaf parent;

	for (u64 n = tables_to_zap(m, t->zap.ratio); n && nx_first(m, &table, &parent); n--) {
		nx_untrack(m, table);
		if (!is_logged(m, parent.first))
			shadow_prepare_zap(m, table, &zapped);
	}
	shadow_commit_zap(m, zapped);
	return STEP_NEXT;
}

/* Since 6.18 it shares mmu_lock, and replaces an entry only if it still leads to the table. */
enum step_result recover_lock_shared(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_read(m, &m->w->kvm.mmu_lock) ? STEP_NEXT : STEP_BLOCKED;
}

enum step_result recover_unlock_shared(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &m->w->kvm.mmu_lock);
	return STEP_DONE;
}

#define NX	"kvm_nx_huge_page_recovery_worker > kvm_recover_nx_huge_pages"

const struct step path_recover_nx[] = {
	STEP_AS(recover_lock, write_lock_mmu, .chain = NX),
	STEP(recover_zap, .chain = NX " > kvm_tdp_mmu_zap_sp"),
	STEP_AS(recover_flush, zap_flush, .when = zap_flushes_now,
		.chain = NX " > kvm_flush_remote_tlbs"),
	STEP_AS(recover_unlock, zap_unlock, .chain = NX),
	{ 0 }
};
