// SPDX-License-Identifier: GPL-2.0-only
/* mutants_race.c: what is wrong with these shows in some orders of two threads' steps alone. */
#include "tests/mutants.h"

#include <string.h>

#include "model/sem.h"

/* ---- the sequence ---- */

/* 82d811ff5665 (6.1.y): kept in an int, whose sign is extended. Here it is an int of one bit. */
static enum step_result snapshot_one_bit(struct machine *m, struct task *t)
{
	t->fault.mmu_seq = m->w->kvm.mmu_seq & 1 ? ~(u64)0 : 0;
	return STEP_NEXT;
}

/* ---- the fault ---- */

/* What is decided before mmu_lock is not asked again: d02c357e5bfa's check alone. */
static enum step_result check_unlocked(struct machine *m, struct task *t)
{
	if (m->sem->ops.fault_is_stale(m, &t->fault))
		t->fault.ret = RET_PF_RETRY;
	return STEP_NEXT;
}

/* a955cad84cda (5.16) undone: what happened to the root is not asked. */
static bool stale_in_any_root(struct machine *m, const struct fault *f)
{
	return f->slot != NO_SLOT && invalidate_retry(m, f->mmu_seq, f->gfn);
}

/* fast_pf_fix_direct_spte() by a plain write, where it is a cmpxchg */
static enum step_result fix_whatever_is_there(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = m->sem->ops.walk(m, m->w->vcpu[t->vcpu].root, t->fault.gfn);

	tdp_set_spte(m, leaf.table, leaf.first, leaf.level, t->fault.new_spte);
	memslot_mark_dirty(m, memslot_of_gfn(m, t->fault.gfn), t->fault.gfn);
	t->fault.ret = RET_PF_FIXED;
	return STEP_NEXT;
}

/* ---- notifications ---- */

static bool is_called_from(const struct machine *m, enum path_id path)
{
	const struct task *t = &m->w->task[m->task];

	for (unsigned i = 0; i < t->depth; i++)
		if (t->frame[i].path == path)
			return true;
	return false;
}

static bool counts_but_from(struct machine *m, const struct notify *range, enum path_id path)
{
	return !is_called_from(m, path) && memslots_overlap(m, range->start, range->end);
}

static bool counts_no_mprotect(struct machine *m, const struct notify *range)
{
	return counts_but_from(m, range, PATH_PROTECT);
}

static bool counts_no_writeback(struct machine *m, const struct notify *range)
{
	return counts_but_from(m, range, PATH_FILE_CLEAN);
}

static bool counts_no_fork(struct machine *m, const struct notify *range)
{
	return counts_but_from(m, range, PATH_FORK);
}

static bool counts_no_ksm(struct machine *m, const struct notify *range)
{
	return counts_but_from(m, range, PATH_KSM_MERGE);
}

static bool counts_no_copy(struct machine *m, const struct notify *range)
{
	return counts_but_from(m, range, PATH_HOST_FAULT);
}

static bool counts_no_zap_of_a_driver(struct machine *m, const struct notify *range)
{
	return m->w->task[m->task].by != BLAME_DRIVER &&
	       memslots_overlap(m, range->start, range->end);
}

/* __split_huge_pmd() as if its caller's notification were enough */
static bool counts_no_split(struct machine *m, const struct notify *range)
{
	const struct task *t = &m->w->task[m->task];

	return !(is_called_from(m, PATH_UNMAP) && t->range.split & 4) &&
	       memslots_overlap(m, range->start, range->end);
}

/* Of two invalidations under way the last one's range is all that is known. */
static void range_of_the_last(struct machine *m, const struct notify *range)
{
	gfn_t lo, hi;

	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		if (!memslot_overlap(memslot_row(m, row), range->start, range->end, &lo, &hi))
			continue;
		m->w->kvm.range_start = lo;
		m->w->kvm.range_end = hi;
	}
}

/* mmu_invalidate_end() of each of them forgets the range. */
static enum step_result uncount_all(struct machine *m, struct task *t)
{
	struct open_range *open = &t->open[t->notify.open];

	open->zapped = false;
	open->no_leaf_from = open->no_leaf_to = 0;
	m->w->kvm.in_progress--;
	m->w->kvm.range_start = m->w->kvm.range_end = 0;
	touch(m, OBJECT_NOTIFIER, 0);
	return STEP_NEXT;
}

/* ---- KVM's own zaps ---- */

static enum step_result zap_unlock_first(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_write(m, &m->w->kvm.mmu_lock);
	return STEP_NEXT;
}

static bool has_zapped(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->zap.flush;
}

static enum step_result flush_unlocked(struct machine *m, struct task *t)
{
	t->zap.flush = false;
	return flush_slot(m, t);
}

static void rearm_nothing(struct machine *m, gfn_t gfn)
{
	(void)m;
	(void)gfn;
}

/* ---- pfncaches ---- */

static bool gpc_looks_up(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->gpc.verb != GPC_DEACTIVATE && !t->gpc.error && t->gpc.tries;
}

static void gpc_becomes_valid(struct machine *m, struct task *t)
{
	struct gpc *gpc = &m->w->kvm.gpcs[t->gpc.row];

	gpc->valid = true;
	gpc->pfn = t->gpc.pfn;
	m->sem->ops.gpc_release(m, t, true);
	t->gpc.refs_after = t->refs;
	touch(m, OBJECT_GPC, t->gpc.row);
}

/* 982ed0de4753 (5.17) to 58cd407ca4c6: it asks for in_progress, which is raised too late. */
static enum step_result install_unless_in_progress(struct machine *m, struct task *t)
{
	if (m->w->kvm.in_progress || m->w->kvm.mmu_seq != t->gpc.mmu_seq) {
		t->gpc.tries++;
		return STEP_BACK;
	}
	gpc_becomes_valid(m, t);
	return STEP_NEXT;
}

static enum step_result install_unless_active(struct machine *m, struct task *t)
{
	if (mn_active(m->w)) {
		t->gpc.tries++;
		return STEP_BACK;
	}
	gpc_becomes_valid(m, t);
	return STEP_NEXT;
}

static enum step_result install_if_nothing_ended(struct machine *m, struct task *t)
{
	if (m->w->kvm.mmu_seq != t->gpc.mmu_seq) {
		t->gpc.tries++;
		return STEP_BACK;
	}
	gpc_becomes_valid(m, t);
	return STEP_NEXT;
}

/* ---- the table ---- */

#define EDITS(...)		(const struct step_edit[]){ __VA_ARGS__, { .verb = EDIT_END } }
#define DROP(path, step)	EDITS({ EDIT_DROP, path, step, { 0 } })
#define REPLACE(path, step, function, ...)	\
	EDITS({ EDIT_REPLACE, path, step, { .name = step, .run = function, ##__VA_ARGS__ } })
#define GPC_INSTALL(function)	\
	REPLACE(PATH_GPC, "gpc_install", function, .when = gpc_looks_up, .to = "gpc_snapshot_seq")

static const char dropped[] = "a-page-is-dropped-while-it-is-mapped";
static const char dying[] = "a-page-is-dropped-while-a-root-dies";
static const char zapped[] = "a-page-is-dropped-while-its-gfn-is-zapped";
static const char comes[] = "a-slot-comes-within-an-invalidation";
static const char cached[] = "a-pfncache-refreshes-while-its-page-goes";
static const char two[] = "two-pages-are-dropped-while-one-is-mapped";
static const char part[] = "a-part-of-2m-is-dropped-while-a-guest-reads-beside-it";
static const char fixed[] = "the-fast-path-fixes-what-goes";
static const char driver[] = "a-driver-zaps-what-a-guest-writes";

const struct mutant race_mutants[] = {
	{ "a sequence of too few bits", "livelock", dropped, &sem_v6_1,
	  .edits = REPLACE(PATH_FAULT, "snapshot_seq", snapshot_one_bit,
			   .when = fault_continues) },
	{ "the check comes before the lock alone", "no-stale-spte", dropped, &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_FAULT, "check_stale", { 0 } },
			 { EDIT_BEFORE, PATH_FAULT, "lock_mmu",
			   { .name = "check_unlocked", .run = check_unlocked,
			     .when = fault_continues } }) },
	{ "a fault goes on in a retired root, and what it installs leaks", "no-kernel-warning",
	  "a-memslot-goes-while-a-guest-faults-in-another", &sem_v6_12,
	  .ops = { .fault_is_stale = stale_in_any_root } },
	{ "the fast path fixes by a plain write", "no-stale-spte", fixed, &sem_v6_1,
	  .edits = REPLACE(PATH_FAULT, "fast_fix", fix_whatever_is_there,
			   .when = fast_wants_fix, .to = "fast_page_fault") },
	{ "the fast path fixes by a plain write", "no-stale-spte", fixed, &sem_v7_2,
	  .edits = REPLACE(PATH_FAULT, "fast_fix", fix_whatever_is_there,
			   .when = fast_wants_fix, .to = "fast_page_fault") },

	{ "the range of the last invalidation alone", "no-stale-spte", two, &sem_v6_8,
	  .ops = { .range_add = range_of_the_last } },
	{ "the end of one forgets the range of all", "no-stale-spte", two, &sem_v6_8,
	  .edits = REPLACE(PATH_NOTIFY_END, "notify_uncount", uncount_all) },
	{ "mprotect() tells nobody", "spte-within-host-rights",
	  "memory-is-protected-while-a-guest-writes", &sem_v6_1,
	  .ops = { .range_counts = counts_no_mprotect } },
	{ "write-back tells nobody", "spte-within-host-rights",
	  "a-page-is-cleaned-while-a-guest-writes", &sem_v7_2,
	  .ops = { .range_counts = counts_no_writeback } },
	{ "fork() tells nobody", "spte-within-host-rights", "a-vmm-forks-while-a-guest-writes",
	  &sem_v6_1, .ops = { .range_counts = counts_no_fork } },
	{ "ksmd tells nobody", "no-stale-spte", "ksm-merges-what-a-guest-writes", &sem_v6_1,
	  .ops = { .range_counts = counts_no_ksm } },
	{ "a copy on write tells nobody", "no-stale-spte", "a-child-shares-what-a-guest-reads",
	  &sem_v7_2, .ops = { .range_counts = counts_no_copy } },
	{ "a split tells nobody", "no-stale-spte", part, &sem_v6_1,
	  .ops = { .range_counts = counts_no_split } },
	{ "a split tells nobody", "no-stale-spte", part, &sem_v7_2,
	  .ops = { .range_counts = counts_no_split } },
	{ "a driver's zap tells nobody", "no-stale-spte", driver, &sem_v7_2,
	  .ops = { .range_counts = counts_no_zap_of_a_driver } },

	{ "a dying root is not zapped", "mark-only-alive", dying, &sem_v6_1,
	  .edits = REPLACE(PATH_NOTIFY_START, "notify_zap", zap_current_root) },
	{ "a dying root is not zapped", "no-free-page-mapped", dying, &sem_v7_2,
	  .edits = REPLACE(PATH_NOTIFY_START, "notify_zap", zap_current_root) },
	{ "a zap flushes when the lock has gone", "no-free-page-mapped", zapped, &sem_v6_1,
	  .edits = EDITS({ EDIT_DROP, PATH_ZAP_GFNS, "zap_flush", { 0 } },
			 { EDIT_REPLACE, PATH_ZAP_GFNS, "zap_unlock",
			   { .name = "zap_unlock", .run = zap_unlock_first } },
			 { EDIT_APPEND, PATH_ZAP_GFNS, NULL,
			   { .name = "zap_flush", .run = flush_unlocked,
			     .when = has_zapped } }) },
	{ "memslots change within an invalidation", "notifier-counts-agree", comes, &sem_v6_1,
	  .edits = REPLACE(PATH_SLOT, "swap_to_new", commit_slot, .when = slot_publishes) },
	{ "memslots change within an invalidation", "no-stale-spte", comes, &sem_v7_2,
	  .edits = REPLACE(PATH_SLOT, "swap_to_new", commit_slot, .when = slot_publishes) },
	{ "an invalidation takes slots_lock", "deadlock", comes, &sem_v6_1,
	  .edits = EDITS({ EDIT_BEFORE, PATH_NOTIFY_END, "notify_raise_seq",
			   { .name = "slots_lock", .run = slots_lock } },
			 { EDIT_AFTER, PATH_NOTIFY_END, "notify_end_unlock",
			   { .name = "slots_unlock", .run = slots_unlock } }) },
	{ "the dirty log is read, and nothing is re-armed", "dirty-log-complete",
	  "a-log-is-read-while-a-guest-writes", &sem_v6_1, .ops = { .rearm = rearm_nothing } },

	{ "a refresh asks for in_progress", "pfncache-fresh", cached, &sem_v6_1,
	  .edits = GPC_INSTALL(install_unless_in_progress) },
	{ "a refresh asks for in_progress", "pfncache-fresh", cached, &sem_v7_2,
	  .edits = GPC_INSTALL(install_unless_in_progress) },
	{ "a refresh asks whether one is active, not whether one was", "pfncache-fresh", cached,
	  &sem_v6_8, .edits = GPC_INSTALL(install_unless_active) },
	{ "a refresh asks whether one was, not whether one is", "pfncache-fresh", cached,
	  &sem_v6_12, .edits = GPC_INSTALL(install_if_nothing_ended) },
};

const size_t nr_race_mutants = sizeof(race_mutants) / sizeof(*race_mutants);
