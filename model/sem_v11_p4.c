/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p4.c: v11 4/8, "KVM: mmu: Improve handling of non-refcounted pfns",
 * Message-Id 20240229025759.1187910-5-stevensd@google.com.
 *
 * The wrappers, by which x86 faults still go, do not say that a notifier guards them, so that what
 * has no struct page (a BAR) is refused to all (A10, until 6/8; A3 on other architectures for
 * good). A write to a read-only PTE goes through the gate as well, and may come out as ERR_FAULT
 * (A2). The struct page is looked for before the PTE's permission (A11). A pfncache's second try
 * may see the page of its first (A6).
 */
#include "model/sem.h"

/* kvm_follow_refcounted_pfn(): one reference has just been taken */
static void own_page(struct machine *m, struct task *t, pfn_t page)
{
	if (!(t->follow.foll & FOLL_GET))
		page_put(m, page, HOLD_FAULT);
	t->follow.page = page;
}

/* The first half: the caller would release by pfn. The second: nothing protects the page. */
static bool gate_closed(const struct machine *m, const struct follow *f, bool has_page)
{
	if (f->page != NO_PFN)
		return false;
	if (has_page && !f->allow_nonref)
		return true;
	return !f->guarded && !m->sem->traits.allow_unsafe_mappings;
}

static void take_remapped(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	struct follow *f = &t->follow;
	bool has_page = pfn_is_refcounted(m, pfn);

	f->writable = writable;		/* whatever the slot says, and if it fails, too */
	if ((f->foll & FOLL_WRITE) && !writable)
		pfn = KVM_PFN_ERR_RO_FAULT;
	else if (has_page && page_get_unless_zero(m, pfn, HOLD_FAULT))
		own_page(m, t, pfn);
	if (gate_closed(m, f, has_page))
		pfn = KVM_PFN_ERR_FAULT;
	follow_finish(t, pfn);
}

static void fault_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_GET;
	follow->try_map_writable = true;
}

static void map_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = FOLL_WRITE | FOLL_GET;
}

/* Only gfn_to_pfn_memslot_atomic() can do without, as it never gets that far. */
static void lookup_args(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->allow_nonref = follow->atomic && !(follow->foll & FOLL_NOWAIT);
	follow->foll |= FOLL_GET;
}

static const struct traits traits = { TRAITS_P4 };

const struct semantics_patch sem_v11_p4 = {
	.name = "v11-p4", .group = "series", .base = &sem_v11_p3,
	.source = "v11 1-4/8: FOLL_GET, the gate, allow_unsafe_mappings; BARs fault (A10)",
	.claims = "who asks with FOLL_GET gets a reference or, unless he can do without, an error; "
		  "pfns that nothing protects are refused, unless kvm.allow_unsafe_mappings",
	.traits = &traits,
	.ops = {
		.own_page = own_page, .take_remapped = take_remapped,
		.fault_args = fault_args,
		.map_args = map_args, .lookup_args = lookup_args,
	},
};
