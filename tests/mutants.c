// SPDX-License-Identifier: GPL-2.0-only
#include "tests/mutants.h"

#include <string.h>

#include "model/sem.h"

/* ---- the look-up ---- */

/* v5.12's get_page(), in a kernel that has long been repaired. */
static void take_by_get_page(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	if (remapped_read_only(t, writable))
		return;
	t->follow.writable = writable;
	page_get(m, pfn, HOLD_FAULT);
	t->follow.page = pfn;
	follow_finish(t, pfn);
}

/* Nobody looks at the W of the PTE: 5.10, before bd2fae8da794. */
static void take_as_writable(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	(void)writable;
	t->follow.writable = true;
	if (page_get_unless_zero(m, pfn, HOLD_FAULT)) {
		t->follow.page = pfn;
		follow_finish(t, pfn);
	} else {
		follow_finish(t, KVM_PFN_ERR_FAULT);
	}
}

/* A count that no helper raised. */
static void own_behind_everybodys_back(struct machine *m, struct task *t, pfn_t page)
{
	page_of(m, page)->refcount++;
	page_touch(m, page);
	t->follow.page = page;
}

/* v9 of the series: the look-up's reference is returned to a caller that does not put it. */
static void own_for_good(struct machine *m, struct task *t, pfn_t page)
{
	(void)m;
	t->follow.page = page;
}

/* The gate of patch 4/8 without G1: what has no reference is given to who releases by pfn. */
static void lookup_without_gate(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_GET;
	follow->allow_nonref = true;
}

/* The gate of 4/8 behind the reference, which stays. */
static void take_and_refuse(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	(void)writable;
	page_get_unless_zero(m, pfn, HOLD_FAULT);
	follow_finish(t, KVM_PFN_ERR_FAULT);
}

/* FOLL_GET is not looked at. */
static void own_never(struct machine *m, struct task *t, pfn_t page)
{
	page_put(m, page, HOLD_FAULT);
	t->follow.page = page;
}

/* hva_to_pfn() called directly, by somebody whom kvm_follow_pfn() would have refused */
static void own_unguarded(struct machine *m, struct task *t, pfn_t page)
{
	own_never(m, t, page);
	t->follow.guarded = false;
}

/* A page is taken for refcounted by its kind, and nobody tries. */
static void take_by_kind(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	t->follow.writable = writable;
	if (pfn_is_refcounted(m, pfn))
		t->follow.page = pfn;
	follow_finish(t, pfn);
}

/* What the PTE allows, whatever the memslot says: v11 3/8. */
static void take_as_the_host_has(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	t->follow.try_map_writable = true;
	take_by_get(m, t, pfn, writable);
}

static void take_as_if_writable(struct machine *m, struct task *t, pfn_t pfn, bool writable)
{
	(void)writable;
	take_by_get(m, t, pfn, true);
}

static void lookup_without_waiting(struct machine *m, struct follow *follow)
{
	(void)m;
	follow->foll |= FOLL_NOWAIT;
}

/* ---- the stale check ---- */

static bool never_stale(struct machine *m, const struct fault *fault)
{
	(void)m;
	(void)fault;
	return false;
}

static bool stale_by_sequence_alone(struct machine *m, const struct fault *fault)
{
	return m->w->kvm.mmu_seq != fault->mmu_seq;
}

static bool stale_by_range_alone(struct machine *m, const struct fault *fault)
{
	const struct kvm *kvm = &m->w->kvm;

	return kvm->in_progress && fault->hva >= kvm->range_start && fault->hva < kvm->range_end;
}

/* The range is kept in gfns and compared with an hva. */
static void add_range_of_gfns(struct machine *m, const struct notify *range)
{
	struct kvm *kvm = &m->w->kvm;

	for (int row = memslots_begin(m); row < memslots_end(m); row++)
		memslot_overlap(memslot_row(m, row), range->start, range->end, &kvm->range_start,
				&kvm->range_end);
}

static bool counts_never(struct machine *m, const struct notify *range)
{
	(void)m;
	(void)range;
	return false;
}

static bool flushes_never(struct machine *m, bool zapped_valid, bool zapped_invalid)
{
	(void)m;
	(void)zapped_valid;
	(void)zapped_invalid;
	return false;
}

/* ---- the release ---- */

static void release_never(struct machine *m, struct task *t, bool used)
{
	(void)m;
	(void)t;
	(void)used;
}

static void release_twice(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
	m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

static void release_if_used(struct machine *m, struct task *t, bool used)
{
	if (used)
		m->sem->ops.release_pfn(m, t->fault.orig_pfn, false, HOLD_FAULT);
}

/* Finding L2: the base of the huge page is put, not the page that was taken. */
static void release_adjusted(struct machine *m, struct task *t, bool used)
{
	(void)used;
	m->sem->ops.release_pfn(m, t->fault.pfn, false, HOLD_FAULT);
}

/* 7.2 without its dirty mark: the fast path makes pages writable and tells nobody. */
/* riscv until ed54fdb460a6: a fault that is to be tried again says that it has used its page. */
static void release_as_used(struct machine *m, struct task *t, bool used)
{
	(void)used;
	sem_v7_2.ops.release_fault(m, t, true);
}

static void release_clean(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (t->fault.page != NO_PFN)
		page_put(m, t->fault.page, HOLD_FAULT);
}

/* Whatever was mapped is put. */
static void release_unasked(struct machine *m, struct task *t, bool used)
{
	(void)used;
	if (!is_error_noslot_pfn(t->fault.orig_pfn))
		page_put(m, t->fault.orig_pfn, HOLD_FAULT);
}

/* v8's race: put where v11 puts, marked where the old API marks. */
static enum step_result put_early(struct machine *m, struct task *t)
{
	page_put(m, t->fault.orig_pfn, HOLD_FAULT);
	return STEP_NEXT;
}

static void mark_late(struct machine *m, struct task *t, bool used)
{
	(void)used;
	mark_alive(m, t->fault.orig_pfn);
	m->sem->ops.mark_accessed(m, t->fault.orig_pfn);
}

/* d02c357e5bfa on top of the v11 series, merged as the text asks for: it puts by pfn. */
static enum step_result precheck_puts_by_pfn(struct machine *m, struct task *t)
{
	if (m->w->kvm.mmu_seq == t->fault.mmu_seq)
		return STEP_NEXT;
	t->fault.ret = RET_PF_RETRY;
	t->fault.unused_page = false;
	m->sem->ops.release_pfn(m, t->fault.pfn, false, HOLD_FAULT);
	return STEP_NEXT;
}

/* ... and v6.8's own, without the release. */
static enum step_result precheck_forgets(struct machine *m, struct task *t)
{
	if (m->w->kvm.mmu_seq == t->fault.mmu_seq)
		return STEP_NEXT;
	t->fault.ret = RET_PF_RETRY;
	t->fault.unused_page = false;
	return STEP_NEXT;
}

static bool is_mapped(const struct machine *m, const struct task *t)
{
	return fault_holds_mmu_lock(m, t) && t->fault.ret != RET_PF_RETRY;
}

static enum step_result forget_seq(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_NEXT;
}

static enum step_result snapshot_late(struct machine *m, struct task *t)
{
	t->gpc.mmu_seq = m->w->kvm.mmu_seq;
	return STEP_NEXT;
}

static void gpc_keeps(struct machine *m, struct task *t, bool used)
{
	(void)m;
	(void)t;
	(void)used;
}

static enum step_result forget_map(struct machine *m, struct task *t)
{
	struct host_map *map = &m->w->kvm.maps[t->map.map];

	if (t->map.error || map->page == NO_PFN)
		return STEP_NEXT;
	page_put_refs(m, map->page, HOLD_MAP, GUP_PIN_COUNTING_BIAS);
	map->page = NO_PFN;
	return STEP_NEXT;
}

/* ---- the entry ---- */

static void change_no_page(struct machine *m, u64 old, u64 new, unsigned level)
{
	(void)m;
	(void)old;
	(void)new;
	(void)level;
}

/* D is cleared, and only who goes tells the page. */
static void change_if_gone(struct machine *m, u64 old, u64 new, unsigned level)
{
	const struct spte_format *format = spte_format_of(m);

	if (spte_is_dirty(format, old) && !spte_is_leaf(format, new, level))
		page_set_dirty(m, pt_pfn(old));
}

/* The bit is there, and nobody reads it. */
static void change_any_page(struct machine *m, u64 old, u64 new, unsigned level)
{
	(void)new;
	(void)level;
	if (page_is(m, pt_pfn(old), PG_VALID))
		page_set_dirty(m, pt_pfn(old));
}

/* 7/8 without 8/8 */
static u64 refcounted_always(struct machine *m, const struct fault *fault)
{
	(void)fault;
	return refcounted_mask(m);
}

static enum step_result end_in_the_same_generation(struct machine *m, struct task *t)
{
	m->w->kvm.generation &= ~KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS;
	memslots_propagate(m, t->slot.row);
	return STEP_NEXT;
}

static u64 mmu_writable_at_least(struct machine *m, const struct fault *fault)
{
	(void)fault;
	return spte_format_of(m)->mmu_writable;
}

static u64 writable_always(struct machine *m, const struct fault *fault)
{
	const struct spte_format *format = spte_format_of(m);

	(void)fault;
	return format->write | format->mmu_writable | format->host_writable;
}

/* kvm_mmu_hugepage_adjust() that does not look at the host's page tables. */
static enum step_result adjust_to_2m(struct machine *m, struct task *t)
{
	(void)m;
	t->fault.goal_level = 2;
	t->fault.pfn &= ~(level_pages(2) - 1);
	return STEP_NEXT;
}

/* fast_page_fault() that takes any present leaf for MMU-writable. */
static enum step_result fix_any_leaf(struct machine *m, struct task *t)
{
	const struct spte_format *format = spte_format_of(m);
	struct pt_leaf leaf = tdp_walk(m, m->w->vcpu[t->vcpu].root, t->fault.gfn);

	if (!spte_is_leaf(format, leaf.entry, leaf.level) || !t->fault.write)
		return STEP_NEXT;
	tdp_set_spte(m, leaf.table, leaf.first, leaf.level, leaf.entry | format->write);
	t->fault.ret = RET_PF_FIXED;
	return STEP_NEXT;
}

enum step_result zap_current_root(struct machine *m, struct task *t)
{
	pfn_t root = tdp_current_root(m);
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m) && root != NO_PFN; row++)
		if (memslot_overlap(memslot_row(m, row), t->notify.start, t->notify.end, &lo, &hi))
			t->notify.flush |= tdp_zap_leafs(m, root, lo, hi);
	return STEP_NEXT;
}

/* ---- the table ---- */

#define EDITS(...)		(const struct step_edit[]){ __VA_ARGS__, { .verb = EDIT_END } }
#define DROP(path, step)	EDITS({ EDIT_DROP, path, step, { 0 } })
#define REPLACE(path, step, function)	\
	EDITS({ EDIT_REPLACE, path, step, { .name = step, .run = function } })

const struct mutant mutants[] = {
	/* no look at what happened meanwhile */
	{ "the stale check is dropped", "no-stale-spte", "zap_before_lock", &sem_v6_1,
	  .edits = DROP(PATH_FAULT, "check_stale") },
	{ "nothing is stale", "no-stale-spte", "zap_before_lock", &sem_v7_2,
	  .ops = { .fault_is_stale = never_stale } },
	{ "stale by the sequence alone", "no-stale-spte", "zap_half_done_elsewhere", &sem_v6_1,
	  .ops = { .fault_is_stale = stale_by_sequence_alone } },
	{ "stale by the range alone", "no-stale-spte", "zap_before_lock", &sem_v6_1,
	  .ops = { .fault_is_stale = stale_by_range_alone } },
	{ "the range is in gfns, the question in hvas", "no-stale-spte", "zap_half_done_elsewhere",
	  &sem_v6_1, .ops = { .range_add = add_range_of_gfns } },
	{ "the snapshot of the sequence comes after the look-up", "no-stale-spte",
	  "zap_after_lookup", &sem_v6_1, .move = { PATH_FAULT, "snapshot_seq", "take_result" } },

	/* notifications */
	{ "the sequence is not raised", "no-stale-spte", "zap_before_lock", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_END, "notify_raise_seq") },
	{ "the sequence is raised after the lock has gone", "no-stale-spte",
	  "zap_ends_under_a_fault", &sem_v6_1,
	  .move = { PATH_NOTIFY_END, "notify_raise_seq", "notify_end_unlock" } },
	{ "the count is dropped before the sequence is raised", "seq-before-count", "page_zapped",
	  &sem_v6_1, .move = { PATH_NOTIFY_END, "notify_raise_seq", "notify_uncount" } },
	{ "nothing is zapped", "no-stale-spte", "page_zapped", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_START, "notify_zap") },
	{ "nothing is zapped before a copy", "leaf-immutable", "anon_read_write", &sem_v6_12,
	  .edits = DROP(PATH_NOTIFY_START, "notify_zap") },
	{ "nothing is zapped before a copy", "no-kernel-bug", "anon_read_write", &sem_v7_2,
	  .edits = DROP(PATH_NOTIFY_START, "notify_zap") },
	{ "a dying root is not zapped", "no-free-page-mapped", "dropped_under_a_dying_root",
	  &sem_v6_1, .edits = REPLACE(PATH_NOTIFY_START, "notify_zap", zap_current_root) },
	{ "the flush is dropped", "no-stale-tlb", "tlb_of_two_vcpus", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_START, "notify_flush") },
	{ "a zap needs no flush", "no-free-page-mapped", "anon_dropped", &sem_v7_2,
	  .ops = { .zap_flushes = flushes_never } },
	{ "in-progress is not counted", "notifier-counts-agree", "page_zapped", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_START, "notify_count") },
	{ "who finds its fault stale keeps mmu_lock", "no-lock-left", "zap_before_lock",
	  &sem_v6_1,
	  .edits = EDITS({ EDIT_REPLACE, PATH_FAULT, "unlock_mmu",
			   { .name = "unlock_mmu", .run = unlock_mmu, .when = is_mapped } }) },
	{ "an end that drops no count", "notifier-counts-agree", "page_zapped", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_END, "notify_uncount") },
	{ "KVM's own zap does not flush", "no-stale-tlb", "zaps_gfns", &sem_v6_1,
	  .edits = DROP(PATH_ZAP_GFNS, "zap_flush") },
	{ "an end without a start", "notifier-counts-agree", "page_zapped", &sem_v6_12,
	  .edits = EDITS({ EDIT_DROP, PATH_NOTIFY_START, "notify_begin", { 0 } },
			 { EDIT_DROP, PATH_NOTIFY_START, "notify_count", { 0 } }) },
	{ "no notification concerns KVM", "no-stale-spte", "page_zapped", &sem_v6_8,
	  .ops = { .range_counts = counts_never } },
	{ "no notification concerns KVM", "no-use-after-free", "anon_dropped", &sem_v6_1,
	  .ops = { .range_counts = counts_never } },

	/* references */
	{ "a get of whatever is there", "no-get-from-zero", "tail_read", &sem_v6_1,
	  .ops = { .take_remapped = take_by_get_page } },
	{ "a get of whatever is there", "no-bad-free", "block_mapped", &sem_v6_8,
	  .ops = { .take_remapped = take_by_get_page } },
	{ "put twice", "no-put-by-non-owner", "anon_host", &sem_v6_1,
	  .ops = { .release_fault = release_twice } },
	{ "put twice", "no-free-of-owned", "page_read", &sem_v6_1,
	  .ops = { .release_fault = release_twice } },
	{ "put twice", "no-use-after-free", "page_read", &sem_v6_12,
	  .ops = { .release_fault = release_twice } },
	{ "put never", "fault-balance", "page_read", &sem_v6_1,
	  .ops = { .release_fault = release_never } },
	{ "put only what was used", "fault-balance", "zap_before_lock", &sem_v6_1,
	  .ops = { .release_fault = release_if_used } },
	{ "put by the adjusted pfn", "no-put-by-non-owner", "huge_of_small_pages", &sem_v6_12,
	  .ops = { .release_fault = release_adjusted } },
	{ "put before the lock and marked after it", "mark-only-alive", "free_before_lock",
	  &sem_v6_1, .ops = { .release_fault = mark_late },
	  .edits = EDITS({ EDIT_BEFORE, PATH_FAULT, "lock_mmu",
			   { .name = "put_early", .run = put_early, .when = fault_has_lookup } }) },
	{ "the second pre-check puts by pfn", "no-put-by-non-owner", "anon_read_write", &sem_v11,
	  .edits = EDITS({ EDIT_AFTER, PATH_FAULT, "take_result",
			   { .name = "precheck_puts_by_pfn", .run = precheck_puts_by_pfn,
			     .when = fault_continues_in_slot } }) },
	{ "the second pre-check does not release", "fault-balance", "zap_after_lookup", &sem_v6_8,
	  .edits = EDITS({ EDIT_REPLACE, PATH_FAULT, "precheck_retry_again",
			   { .name = "precheck_forgets", .run = precheck_forgets,
			     .when = fault_continues_in_slot } }) },
	{ "what is stale is released as what is used", "dirty-before-clean", "free_before_lock",
	  &sem_v7_2, .ops = { .release_fault = release_as_used } },
	{ "the look-up keeps what nobody puts", "fault-balance", "anon_host", &sem_v11,
	  .ops = { .own_page = own_for_good } },
	{ "a count that no helper raised", "refs-match-holders", "anon_host", &sem_v6_1,
	  .ops = { .own_page = own_behind_everybodys_back } },
	{ "the gate without G1", "no-put-by-non-owner", "tail_looked_up", &sem_v11_unsafe,
	  .ops = { .lookup_args = lookup_without_gate } },
	{ "kvm_vcpu_map() holds nothing", "map-page-lives", "dropped_while_kernel_maps", &sem_v7_2,
	  .edits = EDITS({ EDIT_AFTER, PATH_MAP, "map_result",
			   { .name = "forget_map", .run = forget_map } }) },

	{ "a look-up that fails keeps what it took", "error-holds-no-ref", "page_read", &sem_v6_1,
	  .ops = { .take_remapped = take_and_refuse } },
	{ "FOLL_GET is not looked at", "get-means-own", "anon_lookups", &sem_v11,
	  .ops = { .own_page = own_never } },
	{ "a fault without the notifier's guard", "get-or-guard", "anon_read", &sem_v11,
	  .ops = { .own_page = own_unguarded } },
	{ "refcounted by its kind", "outputs-fresh", "tail_read", &sem_v11,
	  .ops = { .take_remapped = take_by_kind } },
	{ "a look-up says what its caller wants to hear", "ro-slot-says-read-only",
	  "read_only_slot_of_pages", &sem_v5_12, .ops = { .take_remapped = take_as_the_host_has } },
	{ "a PTE's W is not looked at", "writable-as-found", "read_only_pages_read", &sem_v5_12,
	  .ops = { .take_remapped = take_as_if_writable } },
	{ "an atomic look-up goes on", "atomic-does-not-sleep", "anon_lookups", &sem_v6_1,
	  .edits = DROP(PATH_FOLLOW, "atomic_miss") },
	{ "an atomic look-up walks the PTEs", "atomic-gives-a-page", "bar_prefetched", &sem_v6_8,
	  .edits = DROP(PATH_FOLLOW, "atomic_miss") },
	{ "an atomic look-up that does not wait", "atomic-xor-nowait", "anon_lookups", &sem_v6_1,
	  .ops = { .lookup_args = lookup_without_waiting } },
	{ "a put of what has no struct page", "no-bad-pfn-to-page", "bar_mapped", &sem_v7_2,
	  .ops = { .release_fault = release_unasked } },

	/* pfncaches */
	{ "the notifier forgets pfncaches", "pfncache-fresh", "anon_cached", &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_NOTIFY_START, "gpc_invalidate", { 0 } }) },
	{ "a refresh does not look whether it is stale", "pfncache-fresh", "anon_cached_meanwhile",
	  &sem_v7_2, .edits = EDITS({ EDIT_REPLACE, PATH_GPC, "gpc_snapshot_seq",
				      { .name = "gpc_snapshot_seq", .run = forget_seq } },
				    { EDIT_BEFORE, PATH_GPC, "gpc_install",
				      { .name = "gpc_snapshot_late", .run = snapshot_late } }) },
	{ "a refresh keeps its reference", "fault-balance", "anon_cached", &sem_v6_8,
	  .ops = { .gpc_release = gpc_keeps } },

	/* the APIC access page */
	{ "the notifier forgets the APIC access page", "apic-page-fresh", "apic_page", &sem_v6_1,
	  .edits = DROP(PATH_NOTIFY_END, "ask_apic_reload") },
	{ "the zap forgets the APIC access page", "apic-page-fresh", "apic_page", &sem_v7_2,
	  .edits = DROP(PATH_NOTIFY_START, "ask_apic_reload") },
	{ "a reload does not look whether it is stale", "apic-page-fresh",
	  "apic_page_taken_meanwhile", &sem_v7_2, .edits = DROP(PATH_APIC, "apic_check") },

	/* entries */
	{ "refcounted always", "spte-bit-exact", "tail_read", &sem_v11,
	  .ops = { .leaf_bits = refcounted_always } },
	{ "marks without a look at the bit", "ad-only-if-refcounted",
	  "compound_tail_zapped", &sem_v11,
	  .ops = { .spte_changed = change_any_page } },
	{ "MMU-writable without host-writable", "writable-bits-agree", "anon_read", &sem_v6_1,
	  .ops = { .leaf_bits = mmu_writable_at_least } },
	{ "W over a read-only PTE", "spte-within-host-rights", "anon_read", &sem_v7_2,
	  .ops = { .leaf_bits = writable_always } },
	{ "the PTE's W is not looked at", "spte-within-host-rights", "read_only_pages_read",
	  &sem_v6_1, .ops = { .take_remapped = take_as_writable } },
	{ "W in a read-only memslot", "ro-slot-never-writable", "read_only_slot", &sem_v6_1,
	  .ops = { .leaf_bits = writable_always } },
	{ "the fast path fixes what is not MMU-writable", "spte-within-host-rights",
	  "anon_read_write", &sem_v6_1,
	  .edits = EDITS({ EDIT_REPLACE, PATH_FAULT, "fast_page_fault",
			   { .name = "fast_page_fault", .run = fix_any_leaf,
			     .when = may_be_fast } }) },
	{ "a leaf larger than the host's", "huge-contained", "anon_2m_split", &sem_v6_12,
	  .edits = EDITS({ EDIT_REPLACE, PATH_FAULT, "adjust_level",
			   { .name = "adjust_to_2m", .run = adjust_to_2m,
			     .when = fault_installs } }) },
	{ "a read-only leaf replaces a writable one", "no-stale-tlb", "read_only_over_writable",
	  &sem_v7_2, .edits = DROP(PATH_FAULT, "spurious_if_allowed") },

	/* dirty */
	{ "an entry that goes tells no page", "dirty-not-lost", "anon_batched", &sem_v6_1,
	  .ops = { .spte_changed = change_no_page } },
	{ "a D that is cleared tells no page", "dirty-not-lost", "log_clears_the_only_d",
	  &sem_v6_1, .ops = { .spte_changed = change_if_gone } },
	{ "a fault marks no page dirty", "dirty-not-lost", "anon_batched", &sem_v7_2,
	  .ops = { .release_fault = release_clean } },
	{ "the dirty log is read without a flush", "no-stale-tlb", "logged", &sem_v6_1,
	  .edits = DROP(PATH_DIRTY_LOG, "flush_slot") },
	{ "logging starts without a flush", "no-stale-tlb", "logged", &sem_v6_1,
	  .edits = DROP(PATH_SLOT, "flush_slot") },

	{ "logging starts without write protection", "dirty-log-complete", "logged", &sem_v6_1,
	  .edits = DROP(PATH_SLOT, "protect_slot") },

	/* memslots */
	{ "a memslot comes in the same generation", "mmio-generation", "no_slot", &sem_v6_1,
	  .edits = EDITS({ EDIT_REPLACE, PATH_SLOT, "end_update",
			   { .name = "end_update", .run = end_in_the_same_generation,
			     .when = slot_changes } }) },
	{ "a memslot goes without grace periods, no fault is stale", "slot-delete-leaves-nothing",
	  "delete_under_a_fault", &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_SLOT, "wait_for_readers_of_valid", { 0 } },
			 { EDIT_DROP, PATH_SLOT, "wait_for_readers", { 0 } },
			 { EDIT_DROP, PATH_FAULT, "check_stale", { 0 } }) },
	{ "a memslot goes and its roots stay", "spte-has-slot", "slot_deleted", &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_SLOT, "zap_all_fast", { 0 } },
			 { EDIT_DROP, PATH_SLOT, "zap_obsolete", { 0 } }) },
};

const size_t nr_mutants = sizeof(mutants) / sizeof(*mutants);

static const struct step *find_step(const struct semantics *sem, unsigned path, const char *name)
{
	for (const struct step *step = sem->path[path]; step->name; step++)
		if (!strcmp(step->name, name))
			return step;
	return NULL;
}

bool mutant_build(const struct mutant *mutant, struct mutant_patch *out, char *why, size_t size)
{
	static struct semantics sem;
	const struct step_move *move = &mutant->move;
	const struct step *step;

	*out = (struct mutant_patch){ .patch = {
		.name = mutant->name, .group = "mutant", .base = mutant->base,
		.source = mutant->law, .ops = mutant->ops, .edits = mutant->edits } };
	if (move->after) {
		if (!semantics_resolve(mutant->base, &sem, why, size))
			return false;
		step = find_step(&sem, move->path, move->step);
		if (!step)
			return false;
		out->edits[0] = (struct step_edit){ EDIT_DROP, move->path, move->step, { 0 } };
		out->edits[1] = (struct step_edit){ EDIT_AFTER, move->path, move->after, *step };
		out->edits[2] = (struct step_edit){ .verb = EDIT_END };
		out->patch.edits = out->edits;
	}
	return semantics_resolve(&out->patch, &sem, why, size);
}
