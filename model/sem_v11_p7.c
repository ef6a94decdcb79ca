/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p7.c: v11 7/8, "KVM: x86/mmu: Track if sptes refer to refcounted pages",
 * Message-Id 20240229025759.1187910-8-stevensd@google.com.
 *
 * Every leaf gets the bit, also one of what has no struct page; and those who read it do not
 * ask pfn_valid() any more. Zapping a BAR looks into a struct page that is not there (A10, until
 * 8/8; A5 for good where there is no bit, and each leaf counts as refcounted). "EPT only" means
 * TDP. The rmap MMU warns of a page that is no refcounted one (A5, A13).
 */
#include "model/sem.h"

static bool is_refcounted_page_spte(const struct machine *m, u64 spte)
{
	u64 mask = refcounted_mask(m);

	return !mask || (spte & mask);
}

/* kvm_set_page_dirty(pfn_to_page(pfn)), kvm_set_page_accessed(): page_count() comes first. */
static void mark_page_of(struct machine *m, u64 spte, bool dirty)
{
	pfn_t pfn = pt_pfn(spte);

	note_release(m, dirty ? "kvm_set_page_dirty" : "kvm_set_page_accessed", pfn);
	if (!page_is(m, pfn, PG_VALID)) {
		mark_check(m, pfn);
		raise_alarm(m, ALARM_OOPS, SPLAT_ZAPPED_BAD_PFN, BLAME_KVM);
	} else if (dirty) {
		set_page_dirty(m, pfn);
	} else {
		set_page_accessed(m, pfn);
	}
}

/* handle_changed_spte() */
static void spte_changed(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);
	bool gone = !spte_is_leaf(format, new, level) || pt_pfn(old) != pt_pfn(new);

	if (!is_refcounted_page_spte(m, old))
		return;
	if (spte_is_dirty(format, old) && (gone || !spte_is_dirty(format, new)))
		mark_page_of(m, old, true);
	if (spte_is_accessed(format, old) && (gone || !spte_is_accessed(format, new)))
		mark_page_of(m, old, false);
}

/* mmu_spte_clear_track_bits() */
static void check_zapped(struct machine *m, u64 old)
{
	pfn_t pfn = pt_pfn(old);

	if (!is_refcounted_page_spte(m, old))
		return;
	if (!pfn_is_refcounted(m, pfn))
		raise_alarm(m, ALARM_WARN, SPLAT_ZAPPED_COUNT0, BLAME_KVM);
	else if (!page_count(m, pfn))
		raise_alarm(m, ALARM_WARN, SPLAT_ZAPPED_COUNT0, page_blame(m, pfn));
}

static void harvest_accessed(struct machine *m, u64 old)
{
	if (is_refcounted_page_spte(m, old))
		mark_page_of(m, old, false);
}

static void harvest_dirty(struct machine *m, u64 old)
{
	if (is_refcounted_page_spte(m, old))
		mark_page_of(m, old, true);
}

/* clear_dirty_pt_masked(), age_gfn_range() */
static void log_rearmed(struct machine *m, u64 old)
{
	if (is_refcounted_page_spte(m, old))
		mark_page_of(m, old, true);
}

static u64 leaf_bits(struct machine *m, const struct fault *fault)
{
	(void)fault;
	return refcounted_mask(m);
}

static const struct traits traits = { TRAITS_P7 };

const struct semantics_patch sem_v11_p7 = {
	.name = "v11-p7", .group = "series", .base = &sem_v11_p6,
	.source = "v11 1-7/8: bit 59 in every leaf; a BAR's zap looks into no struct page (A10)",
	.claims = "a bit of the SPTE says whether accessed and dirty may be passed on to struct "
		  "page",
	.traits = &traits,
	.ops = {
		.spte_changed = spte_changed, .log_rearmed = log_rearmed,
		.leaf_aged = log_rearmed,
		.check_zapped = check_zapped, .harvest_accessed = harvest_accessed,
		.harvest_dirty = harvest_dirty, .leaf_bits = leaf_bits,
	},
};
