// SPDX-License-Identifier: GPL-2.0-only
/* mutants_corpus.c: what brings bugs of the corpus back that no other mutant has. */
#include "tests/mutants.h"

#include "model/memslot.h"
#include "model/sem.h"
#include "model/shadow.h"
#include "model/tdp.h"

/* ---- references ---- */

/* 7df003c85218 (5.5): up to it the zero page was reserved, and GUP's reference stayed. */
static void release_but_zero(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (t->fault.orig_pfn != m->w->config.zero_pfn)
		m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

/* a78986aae9b2 (5.5): so was device memory. */
static void release_but_device(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (!page_is(m, t->fault.orig_pfn, PG_FSDAX | PG_ZONE_DEVICE))
		m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

/*
 * 708e49583d7d (6.6): who only wants to know the kind of page has its reference all the same;
 * CVE-2017-2596: a way out on which nobody gives the map back.
 */
static void keep(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
}

/* ed54fdb460a6: a stale fault of riscv told the release that its page was used. */
static void stage2_put_as_used(struct machine *m, struct task *t, bool used)
{
	pfn_t page = t->follow.page;

	(void)used;
	if (page == NO_PFN)
		return;
	set_page_dirty(m, page);
	page_put(m, page, HOLD_FAULT);
}

/* ---- maps ---- */

/* What is mapped for reading is found as it is, shared or not. */
static void map_reads(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll = 0;
}

/* ---- look-ups ---- */

static bool finds_no_w(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = host_leaf((struct machine *)m, t->follow.hva);

	return t->follow.locked && !t->follow.done && (t->follow.foll & FOLL_WRITE) &&
	       leaf.present && !(leaf.entry & PTE_WRITE);
}

/* Announced in August 2026: a PTE without W is asked about, too, and once more than one is made. */
static enum step_result ask_for_w(struct machine *m, struct task *t)
{
	(void)m;
	t->host = (struct host_fault){ .hva = t->follow.hva, .write = true };
	return STEP_CALL;
}

/* ---- faults ---- */

/*
 * a955cad84cda (5.16): up to it the sequence alone was asked. With what d62007edf01f repaired
 * nobody takes the entry back.
 */
static bool stale_but_for_its_root(struct machine *m, const struct fault *f)
{
	return f->slot != NO_SLOT && invalidate_retry(m, f->mmu_seq, f->hva);
}

/*
 * Up to the stable updates of 2026 room is made of what may hold the fault's root: that of a nested
 * guest's tables is another table's child as well. What __kvm_mmu_prepare_zap_page() takes of a
 * root in use is all below it; who has it loads another before he enters the guest again.
 */
static enum step_result make_room_of_the_root(struct machine *m, struct task *t)
{
	const struct kvm *kvm = &m->w->kvm;
	pfn_t table = m->w->vcpu[t->vcpu].root, zapped = 0;

	if (m->sem->ops.fault_is_stale(m, &t->fault))
		t->fault.ret = RET_PF_RETRY;
	if (t->fault.ret == RET_PF_RETRY || m->w->config.mmu != MMU_SHADOW ||
	    kvm->used_mmu_pages + KVM_MIN_FREE_MMU_PAGES <= kvm->max_mmu_pages)
		return STEP_NEXT;
	table = pt_pfn(m->phys->load(m->phys, table, t->fault.gfn >> 18));
	shadow_prepare_zap(m, table, &zapped);
	shadow_commit_zap(m, zapped);
	for (unsigned v = 0; v < MAX_VCPUS; v++)
		m->w->vcpu[v].free_obsolete_roots = true;
	return STEP_NEXT;
}

/* 82d811ff5665 (6.1.y): kept in an int, whose sign is extended. This int has three bits. */
static enum step_result snapshot_three_bits(struct machine *m, struct task *t)
{
	u64 seq = m->w->kvm.mmu_seq & 7;

	t->fault.mmu_seq = seq & 4 ? seq | ~(u64)7 : seq;
	return STEP_NEXT;
}

/* ---- notifications ---- */

/* 88bf56d04bc3 (5.11): a count that becomes a flag loses all beyond an int: here two bits. */
static void unmap_and_count(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	unsigned count = 0;

	for (gfn_t gfn = start; gfn < end; gfn++) {
		bool one[2] = { false, false };

		tdp_unmap_range(m, gfn, gfn + 1, one);
		count += one[0];
	}
	zapped[0] = count & 3;
}

/* 3a0f64de479c (5.16): up to it a walk that had yielded went on behind the next entry. */
static void unmap_but_the_second(struct machine *m, gfn_t start, gfn_t end, bool zapped[2])
{
	tdp_unmap_range(m, start, start + 1, zapped);
	if (start + 2 < end)
		tdp_unmap_range(m, start + 2, end, zapped);
}

/* ---- writes past the MMU ---- */

/* emulator_write_emulated() as hva_to_pfn_remapped() looks: what the PTE forbids is MMIO. */
static enum step_result emulate_as_the_pte_says(struct machine *m, struct task *t)
{
	struct access *a = &t->access;
	gfn_t gfn = a->gpa >> PAGE_SHIFT;
	hva_t hva = memslot_hva(m, memslot_of_gfn(m, gfn), gfn, true);
	struct pt_leaf leaf = host_leaf(m, is_error_hva(hva) ? 0 : hva);

	a->hva = hva + (a->gpa & ~PAGE_MASK);
	a->failed = is_error_hva(hva) || !leaf.present || !(leaf.entry & PTE_WRITE);
	t->host = (struct host_fault){ .page = NO_PFN };
	return a->failed ? STEP_NEXT : STEP_CALL;
}

/* 7e2175ebd695 (5.16): up to it the page of the first time was written to, come what may. */
static enum step_result write_where_it_was(struct machine *m, struct task *t)
{
	struct steal_time *st = &m->w->vcpu[t->vcpu].st;
	gfn_t gfn = t->copy.gpa >> PAGE_SHIFT;
	hva_t hva = memslot_hva(m, memslot_of_gfn(m, gfn), gfn, true);
	struct pt_leaf leaf = host_leaf(m, is_error_hva(hva) ? 0 : hva);
	pfn_t pfn = leaf.present ? host_leaf_pfn(&leaf, hva) : NO_PFN;

	if (!st->pfn && pfn != NO_PFN)
		st->pfn = pfn;
	if (st->pfn && st->pfn != pfn)
		raise_alarm(m, ALARM_STALE_STEAL, st->pfn, BLAME_KVM);
	return steal_check_hva(m, t);
}

/* ---- the table ---- */

#define EDITS(...)		(const struct step_edit[]){ __VA_ARGS__, { .verb = EDIT_END } }
#define REPLACE(path, step, function, ...)	\
	EDITS({ EDIT_REPLACE, path, step, { .name = step, .run = function, ##__VA_ARGS__ } })

const struct mutant corpus_mutants[] = {
	{ "the zero page is reserved", "fault-balance", "B18", &sem_v6_1,
	  .ops = { .release_fault = release_but_zero } },
	{ "device memory is reserved", "fault-balance", "B20", &sem_v6_1,
	  .ops = { .release_fault = release_but_device } },
	{ "a look-up is never put", "fault-balance", "B27", &sem_v6_1,
	  .ops = { .lookup_release = keep } },
	{ "the host is asked until there is W", "W", "B03c", &sem_v7_2,
	  .edits = EDITS({ EDIT_BEFORE, PATH_FOLLOW, "follow_pte",
			   { .name = "ask_for_w", .run = ask_for_w, .when = finds_no_w,
			     .calls = PATH_HOST_FAULT } },
			 { EDIT_BEFORE, PATH_FOLLOW, "follow_pte_again",
			   { .name = "ask_for_w_again", .run = ask_for_w, .when = finds_no_w,
			     .calls = PATH_HOST_FAULT } }) },
	{ "allow_unsafe_mappings=1", "unguarded-holds-ref", "B23", &sem_v7_2,
	  .edits = EDITS({ EDIT_DROP, PATH_FOLLOW, "refuse_pin", { 0 } }) },
	{ "a dying root of v11's is not zapped", "mark-only-alive", "B31", &sem_v11,
	  .edits = REPLACE(PATH_NOTIFY_START, "notify_zap", zap_current_root) },
	{ "a map is never put", "unmap-pairs-map", "B25", &sem_v6_1,
	  .ops = { .map_release = keep } },
	{ "a stale fault's page is released as used", "dirty-before-clean", "B33", &sem_v7_2,
	  .ops = { .stage2_release = stage2_put_as_used } },
	{ "a retired root is neither stale nor notified", "no-free-page-mapped", "B41b",
	  &sem_v6_1, .ops = { .fault_is_stale = stale_but_for_its_root },
	  .edits = REPLACE(PATH_NOTIFY_START, "notify_zap", zap_current_root) },
	{ "room is made late, and of the root", "slot-delete-leaves-nothing", "B41c", &sem_v6_8,
	  .edits = REPLACE(PATH_FAULT, "check_stale", make_room_of_the_root,
			   .when = fault_installs) },
	{ "a sequence of three bits", "faults-end", "B42", &sem_v6_1,
	  .edits = REPLACE(PATH_FAULT, "snapshot_seq", snapshot_three_bits,
			   .when = fault_continues) },
	{ "a flush is a count of two bits", "no-free-page-mapped", "B43", &sem_v6_1,
	  .ops = { .unmap_range = unmap_and_count } },
	{ "a walk passes the next entry over", "no-stale-spte", "B44b", &sem_v6_1,
	  .ops = { .unmap_range = unmap_but_the_second } },
	{ "a pfncache is set without its vCPU", "dirty-log-complete", "B48", &sem_v6_8,
	  .edits = EDITS({ EDIT_DROP, PATH_GPC, "gpc_lock_vcpu", { 0 } }) },
	{ "steal time is written where it was first", "steal-time-fresh", "B49", &sem_v6_1,
	  .edits = REPLACE(PATH_STEAL, "steal_check_hva", write_where_it_was) },
	{ "gfns are zapped and nothing is counted", "inhibited-apic-unmapped", "B51b", &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_ZAP_GFNS, "zap_count", { 0 } },
			 { EDIT_DROP, PATH_ZAP_GFNS, "zap_uncount", { 0 } }) },
	{ "a map looks for reading", "map-fresh", "B55", &sem_v6_1,
	  .ops = { .map_args = map_reads } },
	{ "who is bound to retry takes mmu_lock", "bound-retry-stays-out", "B56", &sem_v6_8,
	  .edits = EDITS({ EDIT_DROP, PATH_FAULT, "precheck_retry", { 0 } },
			 { EDIT_DROP, PATH_FAULT, "precheck_retry_again", { 0 } }) },
	{ "a guest_memfd that is closed stays mapped", "no-free-page-mapped", "B58", &sem_v7_2,
	  .edits = EDITS({ EDIT_DROP, PATH_GMEM_FILE, "gmem_file_zap", { 0 } }) },
	{ "the emulator asks as the MMU does", "Es", "B60", &sem_v7_2,
	  .edits = REPLACE(PATH_EMULATE, "emulate_access", emulate_as_the_pte_says,
			   .calls = PATH_HOST_ACCESS) },
};

const size_t nr_corpus_mutants = sizeof(corpus_mutants) / sizeof(*corpus_mutants);
