/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11.c: David Stevens, "KVM: allow mapping non-refcounted pages", v11, on v6.8-rc3.
 *
 * kvm_follow_pfn() classifies: a page is refcounted if GUP gave it, or if get_unless_zero on it
 * succeeds. x86 faults keep no reference (guarded by the notifier), remember the verdict in SPTE
 * bit 59, and touch A/D of struct page only where it is set. Message-Id
 * 20240229025759.1187910-N-stevensd@google.com, N = 1..9.
 */
#include "model/sem.h"

#define SPTE_MMU_PAGE_REFCOUNTED	BIT(59)

/* 1/8: kvm_is_ad_tracked_page() asserts that the page is alive. */
static bool is_ad_tracked(struct machine *m, pfn_t pfn)
{
	mark_check(m, pfn);
	if (page_count(m, pfn) == 0) {
		raise_alarm(m, ALARM_WARN, SPLAT_AD_TRACKED_COUNT0, page_blame(m, pfn));
		return false;
	}
	return !page_is(m, pfn, PG_RESERVED);
}

static void set_page_dirty(struct machine *m, pfn_t page)
{
	note_release(m, "kvm_set_page_dirty", page);
	if (is_ad_tracked(m, page))
		page_set_dirty(m, page);
}

static void set_page_accessed(struct machine *m, pfn_t page)
{
	note_release(m, "kvm_set_page_accessed", page);
	if (page != NO_PFN && is_ad_tracked(m, page))
		m->sem->ops.mark_accessed(m, page);
}

static void release_page(struct machine *m, pfn_t page, bool dirty, enum holder holder)
{
	if (page == NO_PFN)
		return;
	note_release(m, dirty ? "kvm_release_page_dirty" : "kvm_release_page_clean", page);
	if (dirty)
		set_page_dirty(m, page);
	set_page_accessed(m, page);
	page_put(m, page, holder);
}

/* kvm_release_pfn_clean(): by pfn, for callers that were not converted */
static void release_by_pfn(struct machine *m, pfn_t pfn, enum holder holder)
{
	note_release(m, "kvm_release_pfn_clean", pfn);
	if (!is_error_noslot_pfn(pfn) && pfn_is_refcounted(m, pfn))
		release_page(m, pfn, false, holder);
}

/* kvm_follow_refcounted_pfn(): one reference has just been taken */
static void own_page(struct machine *m, struct task *t, pfn_t page)
{
	if (!(t->follow.foll & FOLL_GET))
		page_put(m, page, HOLD_FAULT);
	t->follow.page = page;
}

/* 4/8: the gate. G1: the release would be by pfn. G2: nothing protects the page. */
static bool gate_closed(const struct machine *m, const struct follow *f, bool has_page)
{
	if (f->page != NO_PFN)
		return false;
	if (has_page && !f->allow_nonref)
		return true;
	return !f->guarded && !m->sem->traits.allow_unsafe_mappings;
}

static void take_classified(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	struct follow *f = &t->follow;
	bool has_page = pfn_is_refcounted(m, pfn);

	f->writable = writable;		/* whatever the slot says: finding A1 */
	if ((f->foll & FOLL_WRITE) && !writable)
		pfn = KVM_PFN_ERR_RO_FAULT;
	else if (has_page && page_get_unless_zero(m, pfn, HOLD_FAULT))
		own_page(m, t, pfn);
	if (gate_closed(m, f, has_page))
		pfn = KVM_PFN_ERR_FAULT;
	follow_finish(t, pfn);
}

/* 8/8: no reference is left to give back. Stale faults mark too: finding A4. */
static void mark_fault_accessed(struct machine *m, struct task *t, bool used)
{
	(void)used;
	set_page_accessed(m, t->fault.page);
}

static void spte_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	bool gone = !spte_is_leaf(format, new, level) || pt_pfn(old) != pt_pfn(new);

	if (!(old & refcounted_mask(m)))
		return;
	if (spte_is_dirty(format, old) && (gone || !spte_is_dirty(format, new)))
		set_page_dirty(m, pt_pfn(old));
	if (spte_is_accessed(format, old) && (gone || !spte_is_accessed(format, new)))
		set_page_accessed(m, pt_pfn(old));
}

static void log_rearmed(struct machine *m, u64 old)
{
	if (old & refcounted_mask(m))
		set_page_dirty(m, pt_pfn(old));
}

/* is_refcounted_page_spte(): where there is no bit, all are: finding A5. */
static bool says_refcounted(const struct machine *m, u64 spte)
{
	return !refcounted_mask(m) || (spte & refcounted_mask(m));
}

/* mmu_spte_clear_track_bits(). A GUP'd PG_reserved page has the bit as well: finding A13. */
static void check_zapped(struct machine *m, u64 old)
{
	pfn_t pfn = pt_pfn(old);

	if (says_refcounted(m, old) && (!pfn_is_refcounted(m, pfn) || !page_count(m, pfn)))
		raise_alarm(m, ALARM_WARN, SPLAT_ZAPPED_COUNT0, page_blame(m, pfn));
}

/* pfn_to_page() without a look at pfn_valid(): finding A5. The host dies at the first flag. */
static bool has_struct_page(struct machine *m, pfn_t pfn)
{
	if (page_is(m, pfn, PG_VALID))
		return true;
	mark_check(m, pfn);
	raise_alarm(m, ALARM_OOPS, SPLAT_ZAPPED_BAD_PFN, BLAME_KVM);
	return false;
}

static void harvest_accessed(struct machine *m, u64 old)
{
	if (says_refcounted(m, old) && has_struct_page(m, pt_pfn(old)))
		set_page_accessed(m, pt_pfn(old));
}

static void harvest_dirty(struct machine *m, u64 old)
{
	if (says_refcounted(m, old) && has_struct_page(m, pt_pfn(old)))
		set_page_dirty(m, pt_pfn(old));
}

static u64 leaf_bits(struct machine *m, const struct fault *fault)
{
	return fault->page != NO_PFN ? refcounted_mask(m) : 0;
}

static void fault_args(struct machine *m, struct follow *follow)
{
	follow->try_map_writable = true;
	follow->guarded = true;
	follow->allow_nonref = !!refcounted_mask(m);
}

static void map_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE | FOLL_GET;
	follow->allow_nonref = true;
}

static void map_release(struct machine *m, struct task *t)
{
	release_page(m, m->w->kvm.maps[t->map.map].page, t->map.dirty, HOLD_MAP);
}

static void lookup_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_GET;
	follow->allow_nonref = follow->atomic && !(follow->foll & FOLL_NOWAIT);
}

static void lookup_release(struct machine *m, struct task *t)
{
	release_by_pfn(m, t->follow.pfn, HOLD_FAULT);
}

/* 6/8: the page, not the pfn, says whether there is something to give back */
static void reexecute_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE | FOLL_GET;
	follow->allow_nonref = true;
}

static void reexecute_release(struct machine *m, struct task *t)
{
	release_page(m, t->follow.page, false, HOLD_FAULT);
}

#define V11_TRAITS						\
	.anon_exclusive = true, .lru_batch = 15,				\
	.migrate_tries = 2, .migrate_batches = true,		\
	.follow_page = true, .migration_keeps_ad = true,	\
	.ept = &spte_ept_6_1, .npt = &spte_npt_6_1,		\
	.refcounted_bit = SPTE_MMU_PAGE_REFCOUNTED,		\
	.change_pte = true,			\
	.needs_io = true, .anon_ref_add = true, .map_pages_puts = true,	\
	.pfncache = true, .follow_api = true, .get_or_guard = true,	\
	.follow_outputs_kept = true, .atomic_async_warns = true,	\
	.split_keeps_dirty = true, .protect_pmd_writable = true,	\
	.dirty_skipped_over_table = true,				\
	.collapses_unchecked = true,	\
	.zap_root_from = 3, .saved_dirty = true, .reexecutes = true, .checks_hwpoison = true

static const struct traits traits = { V11_TRAITS };
static const struct traits unsafe_traits = { V11_TRAITS, .allow_unsafe_mappings = true };

static const struct call_name calls[] = {
	{ "kvm_tdp_page_fault", "kvm_tdp_page_fault > kvm_tdp_mmu_page_fault" },
	{ "kvm_faultin_pfn", "kvm_faultin_pfn > __kvm_faultin_pfn" },
	{ "hva_to_pfn", "kvm_follow_pfn > hva_to_pfn" },
	{ 0 }
};

const struct semantics_patch sem_v11 = {
	.name = "v11", .group = "new", .base = &sem_v6_8_rc3,
	.source = "v11 series (Feb 2024) on v6.8-rc3: kvm_follow_pfn(), allow_unsafe_mappings=0",
	.traits = &traits, .calls = calls,
	.ops = {
		.own_page = own_page, .take_remapped = take_classified,
		.release_fault = mark_fault_accessed, .spte_changed = spte_changed,
		.log_rearmed = log_rearmed, .leaf_bits = leaf_bits, .fault_args = fault_args,
		.map_args = map_args, .map_release = map_release,
		.lookup_args = lookup_args, .lookup_release = lookup_release,
		.reexecute_args = reexecute_args, .reexecute_release = reexecute_release,
		.check_zapped = check_zapped, .harvest_accessed = harvest_accessed,
		.harvest_dirty = harvest_dirty,
	},
	.edits = (const struct step_edit[]){
		{ EDIT_DROP, PATH_FAULT, "release_fault_page", { 0 } },
		{ EDIT_BEFORE, PATH_FAULT, "unlock_mmu",
		  { .name = "mark_page_accessed", .run = release_fault_page,
		    .when = fault_has_lookup,
		    .chain = "kvm_mmu_page_fault > kvm_tdp_page_fault" } },
		{ .verb = EDIT_END },
	},
};

const struct semantics_patch sem_v11_unsafe = {
	.name = "v11-unsafe", .group = "new", .base = &sem_v11,
	.source = "v11 series with kvm.allow_unsafe_mappings=1",
	.traits = &unsafe_traits,
};
