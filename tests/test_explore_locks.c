// SPDX-License-Identifier: GPL-2.0-only
/* Locks taken in a cycle are found, though in no order that was run anybody stands still. */
#include <stdlib.h>
#include <string.h>

#include "model/path.h"
#include "model/pgtable.h"
#include "model/sem.h"
#include "sim/explore.h"
#include "sim/report_explore.h"
#include "sim/watch.h"

#include "tests/scenarios.h"
#include "tests/support.h"

static const char zapped[] =
	"pfntrace 1\n"
	"alloc B compound order=1\n"
	"mmap M 8K device B\n"
	"memslot 1 0x200000 M 8K\n"
	"thread vcpu\n"
	"w: write 0x200000 7\n"
	"thread vmm\n"
	"d: munmap M 8K\n";

static enum step_result lock_early(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &m->w->kvm.mmu_lock))
		return STEP_BLOCKED;
	t->fault.level = PT_LEVELS;
	return STEP_NEXT;
}

/* A fault that looks up under mmu_lock: the look-up takes mmap_lock, under which others take it. */
static const struct semantics_patch early = {
	.name = "early", .base = &sem_v6_1, .edits = (const struct step_edit[]){
		{ EDIT_BEFORE, PATH_FAULT, "snapshot_seq",
		  { .name = "lock_early", .run = lock_early, .when = fault_continues } },
		{ EDIT_DROP, PATH_FAULT, "lock_mmu", { 0 } },
		{ .verb = EDIT_END } } };

static struct explore *search_by(const struct trace *trace, const struct semantics_patch *patch,
				 bool por)
{
	const struct explore_bound bound = { .states = 50000, .por = por };

	return scenario_explore(trace, patch, &bound, false);
}

static struct explore *search(const struct trace *trace, const struct semantics_patch *patch)
{
	return search_by(trace, patch, false);
}

static const struct explore_finding *inversion(const struct explored *r)
{
	for (size_t i = 0; i < r->nr_findings; i++)
		if (r->findings[i].kind == FOUND_INVERSION)
			return &r->findings[i];
	return NULL;
}

static void a_look_up_under_mmu_lock_inverts_it_with_mmap_lock(void **state)
{
	struct trace trace;
	struct explore *x;
	const struct lock_cycle *locks;

	(void)state;
	scenario_load_text(zapped, &trace);
	x = search(&trace, &early);
	assert_non_null(inversion(explore_result(x)));
	locks = &inversion(explore_result(x))->locks;
	assert_int_equal(locks->nr, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct lock_edge *e = &locks->edge[i];

		assert_int_equal(e->taken == LOCK_MMU ? e->held : e->taken, LOCK_MMAP);
		assert_string_equal(e->step, e->taken == LOCK_MMU ? "notify_lock" : "lock_mmap");
		assert_string_equal(trace.threads[e->thread].name,
				    e->taken == LOCK_MMU ? "vmm" : "vcpu");
	}
	explore_free(x);
	trace_free(&trace);
}

static void a_reduced_search_finds_it_too(void **state)
{
	struct trace trace;
	struct explore *x;

	(void)state;
	if (!watch_works())
		skip();
	scenario_load_text(zapped, &trace);
	x = search_by(&trace, &early, true);
	assert_true(explore_result(x)->por);
	assert_non_null(inversion(explore_result(x)));
	assert_int_equal(inversion(explore_result(x))->locks.nr, 2);
	explore_free(x);
	trace_free(&trace);
}

static void nobody_stands_still_there(void **state)
{
	struct trace trace;
	struct explore *x;
	const struct explored *r;

	(void)state;
	scenario_load_text(zapped, &trace);
	x = search(&trace, &early);
	r = explore_result(x);
	for (size_t i = 0; i < r->nr_findings; i++)
		assert_int_not_equal(r->findings[i].kind, FOUND_DEADLOCK);
	explore_free(x);
	trace_free(&trace);
}

static void a_kernel_as_it_is_inverts_none(void **state)
{
	static const struct semantics_patch *const kernels[] = {
		&sem_v5_12, &sem_v6_1, &sem_v6_8, &sem_v6_12, &sem_v7_2 };
	struct trace trace;

	(void)state;
	scenario_load_text(zapped, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct explore *x = search(&trace, kernels[i]);

		assert_null(inversion(explore_result(x)));
		explore_free(x);
	}
	trace_free(&trace);
}

static void it_is_told_with_both_sites(void **state)
{
	struct explore_verdict verdict;
	struct trace trace;
	struct explore *x;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	scenario_load_text(zapped, &trace);
	x = search(&trace, &early);
	explore_verdict(&trace, &early, explore_result(x), &verdict);
	report_explored(&trace, &early, explore_result(x), &verdict, out);
	fclose(out);
	assert_true(verdict.unexpected);
	assert_non_null(strstr(text, "LOCK INVERSION"));
	assert_non_null(strstr(text, "mmu_lock is taken under mmap_lock: thread vmm, "
				     "path notify-start, step notify_lock"));
	assert_non_null(strstr(text, "mmap_lock is taken under mmu_lock: thread vcpu, "
				     "path follow, step lock_mmap"));
	free(text);
	explore_verdict_free(&verdict);
	explore_free(x);
	trace_free(&trace);
}

static void it_can_be_expected(void **state)
{
	struct explore_verdict verdict;
	struct trace trace;
	struct explore *x;
	char text[400];

	(void)state;
	snprintf(text, sizeof(text), "%sexpect all: lock-inversion\n", zapped);
	scenario_load_text(text, &trace);
	x = search(&trace, &sem_v6_1);
	explore_verdict(&trace, &sem_v6_1, explore_result(x), &verdict);
	assert_non_null(verdict.missed);
	explore_verdict_free(&verdict);
	explore_free(x);
	trace_free(&trace);
}

static void a_cycle_of_three_is_found_by_the_last(void **state)
{
	const struct lock_edge edges[] = {
		{ .held = LOCK_SLOTS, .taken = LOCK_MMAP },
		{ .held = LOCK_MMAP, .taken = LOCK_MMU },
		{ .held = LOCK_SLOTS, .taken = LOCK_MMU } };
	const struct lock_edge last = { .held = LOCK_MMU, .taken = LOCK_SLOTS };
	const struct lock_edge other = { .held = LOCK_GPC, .taken = LOCK_SLOTS };
	struct lock_cycle cycle;

	(void)state;
	assert_false(lock_cycle_find(edges, 3, &other, &cycle));
	assert_true(lock_cycle_find(edges, 2, &last, &cycle));
	assert_int_equal(cycle.nr, 3);
	assert_int_equal(cycle.edge[1].taken, LOCK_MMAP);
	assert_int_equal(cycle.edge[2].taken, LOCK_MMU);
	assert_true(lock_cycle_find(edges, 3, &last, &cycle));
	assert_int_equal(cycle.nr, 2);
}

int main(void)
{
	static struct test_list list;

	LIST_TEST(&list, a_look_up_under_mmu_lock_inverts_it_with_mmap_lock);
	LIST_TEST(&list, a_reduced_search_finds_it_too);
	LIST_TEST(&list, nobody_stands_still_there);
	LIST_TEST(&list, a_kernel_as_it_is_inverts_none);
	LIST_TEST(&list, it_is_told_with_both_sites);
	LIST_TEST(&list, it_can_be_expected);
	LIST_TEST(&list, a_cycle_of_three_is_found_by_the_last);
	return list_run(&list, "explore_locks");
}
