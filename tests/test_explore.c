// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search finds each state that some order reaches, a shortest way to each finding, and says
 * when it has not looked everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "model/sem.h"
#include "sim/explore_internal.h"
#include "sim/replay.h"
#include "sim/report_explore.h"
#include "sim/schedule.h"
#include "sim/watch.h"
#include "tests/mutants.h"
#include "tests/scenarios.h"

#include "tests/support.h"

/* ---- scenarios ---- */

static const char dropped[] =
	"pfntrace 1\n"
	"mmap A 4K\n"
	"memslot 1 0x200000 A 4K\n"
	"host-write A 7\n"
	"thread vcpu\n"
	"r: read 0x200000\n"
	"thread vmm\n"
	"d: dontneed A 4K\n";

static struct explore *search(const struct trace *trace, const struct semantics_patch *patch,
			      const struct explore_bound *bound)
{
	return scenario_explore(trace, patch, bound, false);
}

static const struct explore_bound everything;

static const struct explore_finding *finding(struct explore *x, enum finding_kind kind,
					     const char *law)
{
	const struct explored *r = explore_result(x);

	for (size_t i = 0; i < r->nr_findings; i++)
		if (r->findings[i].kind == kind &&
		    (!law || !strcmp(r->findings[i].v.law->id, law)))
			return &r->findings[i];
	return NULL;
}

/* ---- traces/race ---- */

/* What a sanitizer's build, which is some times slower, leaves to the others. */
enum { STATES_WITH_SANITIZER = 5000 };

static void a_scenario_comes_out_as_it_expects(void **state)
{
	const struct explore_bound bound = { .states = watch_works() ? 0 : STATES_WITH_SANITIZER };
	const struct scenario *s = *state;
	const struct semantics_patch *patch = semantics_find(s->semantics);
	struct explore_verdict verdict;
	struct trace trace;
	struct explore *x;

	scenario_load(s->path, &trace);
	x = search(&trace, patch, &bound);
	if (bound.states && explore_result(x)->stop == STOP_STATES) {
		explore_free(x);
		trace_free(&trace);
		skip();
	}
	explore_verdict(&trace, patch, explore_result(x), &verdict);
	if (verdict.unexpected || verdict.inconclusive)
		report_explored(&trace, patch, explore_result(x), &verdict, stderr);
	assert_false(verdict.unexpected);
	assert_false(verdict.inconclusive);
	explore_verdict_free(&verdict);
	explore_free(x);
	trace_free(&trace);
}

static void check_scenario(const char *scenario)
{
	struct explore_verdict verdict;
	struct trace trace;
	struct explore *x;

	scenario_load_text(scenario, &trace);
	x = search(&trace, semantics_find("v11"), &everything);
	explore_verdict(&trace, semantics_find("v11"), explore_result(x), &verdict);
	assert_int_equal(arrlenu(verdict.missed), 0);
	assert_false(verdict.unexpected);
	explore_verdict_free(&verdict);
	explore_free(x);
	trace_free(&trace);
}

static void the_scenarios_of_the_document_come_out_as_they_say(void **state)
{
	static char text[1 << 18];
	char *scenario = text, *end, path[500];
	unsigned nr = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%.400s/docs/TRACE-FORMAT.md", getenv("PFNSIM_SOURCE"));
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	for (; (scenario = strstr(scenario, "```scenario")); scenario = end + 1, nr++) {
		scenario = strchr(scenario, '\n') + 1;
		end = strstr(scenario, "```");
		*end = 0;
		check_scenario(scenario);
	}
	assert_int_equal(nr, 2);
}

/* ---- the search against one that knows nothing of fingerprints or levels ---- */

struct known { u64 *words; size_t n; };

static bool is_known(struct known **states, const struct explore *x)
{
	struct known now = { .words = NULL, .n = arrlenu(x->packed) };

	for (size_t i = 0; i < arrlenu(*states); i++)
		if ((*states)[i].n == now.n &&
		    !memcmp((*states)[i].words, x->packed, now.n * sizeof(u64)))
			return true;
	now.words = malloc(now.n * sizeof(u64));
	assert_non_null(now.words);
	memcpy(now.words, x->packed, now.n * sizeof(u64));
	arrput(*states, now);
	return false;
}

/* Depth first, by the states' own bytes. */
static void walk(struct explore *x, struct known **states, u64 *transitions, u64 *ends)
{
	struct error error;

	explore_pack(x);
	if (is_known(states, x))
		return;
	*ends += explore_is_over(x);
	for (unsigned t = 0; t < x->trace->nr_threads; t++) {
		explore_mark(x);
		if (explore_turn(x, t, &error) == TURN_STEPPED) {
			++*transitions;
			walk(x, states, transitions, ends);
		}
		explore_back(x);
	}
}

static void it_finds_the_states_of_all_orders_and_no_others(void **state)
{
	const struct semantics_patch *patch = semantics_find("v7.2");
	struct known *states = NULL;
	u64 transitions = 0, ends = 0;
	struct explored *r;
	struct explore *x, *naive;
	struct error error;
	struct trace trace;

	(void)state;
	scenario_load_text(dropped, &trace);
	x = search(&trace, patch, &everything);
	naive = explore_new(&trace, patch, &everything, &error);
	walk(naive, &states, &transitions, &ends);

	r = explore_result(x);
	assert_int_equal(r->stop, STOP_NONE);
	assert_int_equal(r->states, arrlenu(states));
	assert_int_equal(r->transitions, transitions);
	assert_int_equal(r->ends, ends);
	for (size_t i = 0; i < arrlenu(states); i++)
		free(states[i].words);
	arrfree(states);
	explore_free(naive);
	explore_free(x);
	trace_free(&trace);
}

static void each_end_is_shown_once(void **state)
{
	const struct explore_end *end;
	struct error error = { .text = "" };
	struct explore *x;
	struct trace trace;
	u64 ends = 0;

	(void)state;
	assert_true(trace_load_text("dropped", dropped, &trace, &error));
	x = explore_new(&trace, semantics_find("v6.8"), &everything, &error);
	while ((end = explore_next_end(x, &error))) {
		struct explore_outcome r = explore_came_to(x, 3), d = explore_came_to(x, 4);

		assert_false(end->is_dead);
		assert_string_equal(r.word, "mapped");
		assert_string_equal(d.word, "ok");
		ends++;
	}
	assert_string_equal(error.text, "");
	assert_int_not_equal(ends, 0);
	assert_int_equal(ends, explore_result(x)->ends);
	assert_int_equal(explore_result(x)->stop, STOP_NONE);
	explore_free(x);
	trace_free(&trace);
}

static void the_way_to_a_finding_is_a_shortest_one(void **state)
{
	const struct semantics_patch *patch = semantics_find("v11");
	const struct explore_finding *f;
	struct explore_bound bound = { .states = 0 };
	struct explore *x, *shallow;
	struct trace trace;

	(void)state;
	scenario_load_text(dropped, &trace);
	x = search(&trace, patch, &everything);
	f = finding(x, FOUND_VIOLATION, "mark-only-alive");
	assert_non_null(f);
	bound.depth = f->nr_steps - 1;
	shallow = search(&trace, patch, &bound);
	assert_null(finding(shallow, FOUND_VIOLATION, "mark-only-alive"));
	assert_int_equal(explore_result(shallow)->stop, STOP_DEPTH);
	explore_free(shallow);
	bound.depth = f->nr_steps;
	shallow = search(&trace, patch, &bound);
	assert_non_null(finding(shallow, FOUND_VIOLATION, "mark-only-alive"));
	explore_free(shallow);
	explore_free(x);
	trace_free(&trace);
}

/* The driver maps what it frees, and v11 marks it dirty: two bugs with one law. */
static const char freed[] =
	"pfntrace 1\n"
	"alloc B noncompound order=1\n"
	"mmap M 8K device B\n"
	"memslot 1 0x200000 M 8K\n"
	"thread vcpu\n"
	"w: write 0x200000 7\n"
	"thread driver\n"
	"z: zap B\n"
	"f: free B\n";

static const struct explore_finding *broken_by(const struct explored *r, const char *law,
					       enum blame blame)
{
	const struct explore_finding f = { .v = { .law = law_find(law), .blame = blame } };

	return explored_like(r, &f);
}

static void who_breaks_a_law_does_not_hide_that_another_does(void **state)
{
	const struct semantics_patch *patch = semantics_find("v11");
	static const struct explore_bound both[] = {
		{ .states = 0 }, { .por = true, .symmetry = true } };
	const struct explored *r;
	struct explore *x;
	struct trace trace;

	(void)state;
	scenario_load_text(freed, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		x = search(&trace, patch, &both[i]);
		r = explore_result(x);
		assert_non_null(broken_by(r, "mark-only-alive", BLAME_KVM));
		assert_non_null(broken_by(r, "mark-only-alive", BLAME_DRIVER));
		assert_null(broken_by(r, "mark-only-alive", BLAME_MM));
		assert_non_null(broken_by(r, "no-free-page-mapped", BLAME_DRIVER));
		assert_null(broken_by(r, "no-free-page-mapped", BLAME_KVM));
		explore_free(x);
	}
	trace_free(&trace);
}

static const struct whose {
	const char *name, *blame, *missed;
} whose[] = {
	{ "a law alone is broken by anybody", "", NULL },
	{ "a driver's bug is expected of the driver", " blame=driver", NULL },
	{ "a driver's bug is not KVM's", " blame=kvm",
	  "expected a violation of no-free-page-mapped, blame kvm" },
};

static void who_breaks_a_law_is_expected(void **state)
{
	const struct semantics_patch *patch = semantics_find("v7.2");
	const struct explore_finding *f;
	const struct whose *row = *state;
	struct explore_verdict verdict;
	struct trace trace;
	struct explore *x;
	char text[500];

	snprintf(text, sizeof(text), "%sexpect all: violation no-free-page-mapped%s\n", freed,
		 row->blame);
	scenario_load_text(text, &trace);
	x = search(&trace, patch, &everything);
	explore_verdict(&trace, patch, explore_result(x), &verdict);
	assert_int_equal(!!verdict.missed, !!row->missed);
	if (row->missed)
		assert_non_null(strstr(verdict.missed[0].text, row->missed));
	f = broken_by(explore_result(x), "no-free-page-mapped", BLAME_DRIVER);
	assert_int_equal(f->expected, !row->missed);
	explore_verdict_free(&verdict);
	explore_free(x);
	trace_free(&trace);
}

static void a_search_that_is_cut_off_says_so(void **state)
{
	const struct semantics_patch *patch = semantics_find("v7.2");
	static const struct explore_bound few = { .states = 100 }, small = { .memory = 65536 };
	struct explore_verdict verdict;
	struct explore *x;
	struct trace trace;

	(void)state;
	scenario_load_text(dropped, &trace);
	x = search(&trace, patch, &few);
	assert_int_equal(explore_result(x)->stop, STOP_STATES);
	explore_verdict(&trace, patch, explore_result(x), &verdict);
	assert_true(verdict.inconclusive);
	assert_false(verdict.unexpected);
	explore_verdict_free(&verdict);
	explore_free(x);
	x = search(&trace, patch, &small);
	assert_int_equal(explore_result(x)->stop, STOP_MEMORY);
	explore_free(x);
	trace_free(&trace);
}

/* ---- kernels with one thing wrong ---- */

static const struct wrong {
	const char *name;
	struct step_edit edits[2];
	enum finding_kind kind;
	const char *law;
} wrongs[] = {
	{ "without the retry check a stale page stays mapped",
	  { { EDIT_DROP, PATH_FAULT, "check_stale", { 0 } }, { .verb = EDIT_END } },
	  FOUND_VIOLATION, "no-stale-spte" },
	{ "mmu_lock that is kept is a deadlock",
	  { { EDIT_DROP, PATH_FAULT, "unlock_mmu", { 0 } }, { .verb = EDIT_END } },
	  FOUND_DEADLOCK, NULL },
	{ "an invalidation that never ends is a livelock",
	  { { EDIT_DROP, PATH_NOTIFY_END, "notify_uncount", { 0 } }, { .verb = EDIT_END } },
	  FOUND_LIVELOCK, NULL },
};

static void a_wrong_kernel_is_found(void **state)
{
	const struct wrong *wrong = *state;
	const struct semantics_patch broken = {
		.name = "broken", .base = semantics_find("v6.1"), .edits = wrong->edits };
	struct trace trace;
	struct explore *x;

	scenario_load_text(dropped, &trace);
	x = search(&trace, &broken, &everything);
	assert_non_null(finding(x, wrong->kind, wrong->law));
	explore_free(x);
	x = search(&trace, broken.base, &everything);
	assert_int_equal(explore_result(x)->nr_findings, 0);
	explore_free(x);
	trace_free(&trace);
}

/* What it does not find out it does not call complete. */
static void a_livelock_that_is_not_looked_at_to_its_end_leaves_the_search_open(void **state)
{
	const struct semantics_patch broken = {
		.name = "broken", .base = semantics_find("v6.1"), .edits = wrongs[2].edits };
	static const volatile sig_atomic_t interrupted = 1;
	struct explore_bound bound = everything;
	struct trace trace;
	struct explore *x;

	(void)state;
	scenario_load_text(dropped, &trace);
	x = search(&trace, &broken, &everything);
	assert_int_equal(explore_result(x)->stop, STOP_NONE);
	explore_free(x);
	bound.look = 2;
	x = search(&trace, &broken, &bound);
	assert_int_equal(explore_result(x)->stop, STOP_LOOK);
	assert_null(finding(x, FOUND_LIVELOCK, NULL));
	explore_free(x);
	bound = everything;
	bound.interrupt = &interrupted;
	x = search(&trace, &broken, &bound);
	assert_int_equal(explore_result(x)->stop, STOP_ASKED);
	assert_null(finding(x, FOUND_LIVELOCK, NULL));
	explore_free(x);
	trace_free(&trace);
}

/* ---- what it writes ---- */

static bool broke(const struct vm *vm, const struct law *law)
{
	for (size_t i = 0; i < vm->nr_violations; i++)
		if (vm->violations[i].v.law == law)
			return true;
	return false;
}

static void a_finding_is_written_as_a_trace_that_breaks_the_same_law(void **state)
{
	const struct semantics_patch *patch = semantics_find("v11");
	struct replay_options how = { .semantics = &patch, .nr_semantics = 1 };
	char path[] = "/tmp/pfnsim-found-XXXXXX";
	const struct explored *r;
	struct trace trace;
	struct explore *x;

	(void)state;
	scenario_load_text(dropped, &trace);
	x = search(&trace, patch, &everything);
	r = explore_result(x);
	assert_true(r->nr_findings > 1);
	close(mkstemp(path));
	for (size_t i = 0; i < r->nr_findings; i++) {
		struct schedule schedule;
		struct replay replayed;
		struct error error = { .text = "" };
		FILE *out = fopen(path, "w");

		schedule_run(&schedule, &trace, patch, &r->findings[i]);
		assert_true(schedule_trace(&schedule, "found", out));
		fclose(out);
		if (!replay(path, &how, &replayed, &error))
			fail_msg("%u:%u: %s", error.line, error.column, error.text);
		assert_int_equal(replay_exit_code(&replayed), 1);
		assert_string_equal(replayed.run[0].missing, "");
		assert_true(broke(replayed.run[0].vm, r->findings[i].v.law));
		replay_free(&replayed);
		schedule_free(&schedule);
	}
	unlink(path);
	explore_free(x);
	trace_free(&trace);
}

static void what_is_ordered_does_not_overlap(void **state)
{
	static const char ordered[] =
		"pfntrace 1\n"
		"mmap A 4K\n"
		"memslot 1 0x200000 A 4K\n"
		"host-write A 7\n"
		"thread vcpu\n"
		"r: read 0x200000\n"
		"thread vmm\n"
		"d: dontneed A 4K\n"
		"order d r\n";
	struct trace trace;
	struct explore *x;
	struct explored *r;

	(void)state;
	scenario_load_text(ordered, &trace);
	x = search(&trace, semantics_find("v11"), &everything);
	r = explore_result(x);
	assert_int_equal(r->nr_findings, 0);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->states, r->depth + 1);
	explore_free(x);
	trace_free(&trace);
}

/* ---- bad input ---- */

static const struct refusal {
	const char *name, *text;
	unsigned line;
	const char *why;
} refusals[] = {
	{ "a thread without a name", "pfntrace 1\nmmap A 4K\nthread\n", 3, "takes a name" },
	{ "a thread twice",
	  "pfntrace 1\nmmap A 4K\nthread a\ndrain\nthread a\ndrain\n", 5, "has begun already" },
	{ "a thread without events", "pfntrace 1\nmmap A 4K\nthread a\n", 3, "without events" },
	{ "a stop in a thread",
	  "pfntrace 1\nmmap A 4K\nthread a\nx: dontneed A 4K until=range_lock\n", 4,
	  "in every way there is" },
	{ "join without threads", "pfntrace 1\nmmap A 4K\njoin\n", 3, "behind the threads" },
	{ "a page at the end of threads",
	  "pfntrace 1\nalloc B order0\nthread a\ndrain\nexpect all: page object=B index=0\n", 5,
	  "many ends" },
	{ "which event of threads breaks a law",
	  "pfntrace 1\nthread a\nd: drain\nexpect all: violation no-stale-tlb at=d\n", 4,
	  "another event" },
	{ "the count that an outcome of threads has left",
	  "pfntrace 1\nthread a\nd: drain\nexpect all: outcome ok at=d refs=1\n", 4, "is kept" },
	{ "a deadlock of nobody", "pfntrace 1\nmmap A 4K\nexpect all: deadlock\n", 3,
	  "in each other's way" },
	{ "an order of one", "pfntrace 1\na: mmap A 4K\norder a\n", 3, "two labels" },
	{ "an order of nobody", "pfntrace 1\na: mmap A 4K\norder a b\n", 3, "label of an event" },
};

static void a_bad_scenario_is_refused(void **state)
{
	const struct refusal *refusal = *state;
	char path[] = "/tmp/pfnsim-explore-XXXXXX";
	struct error error = { .text = "" };
	struct trace trace;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, refusal->text, strlen(refusal->text)), strlen(refusal->text));
	close(fd);
	assert_false(trace_load(path, &trace, &error));
	unlink(path);
	assert_int_equal(error.line, refusal->line);
	if (!strstr(error.text, refusal->why))
		fail_msg("%s", error.text);
}

/* Guards are asked before the step, and it is not whoever went last that they are asked of. */
static bool is_asked_of_another;

static bool looks_who_it_is(const struct machine *m, const struct task *t)
{
	is_asked_of_another |= t != &m->w->task[m->task];
	return true;
}

static enum step_result go_on(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_NEXT;
}

static void a_guard_is_asked_of_the_task_whose_step_it_is(void **state)
{
	static const struct step_edit edits[] = {
		{ EDIT_AFTER, PATH_UNMAP, "begin_piece",
		  { .name = "looks", .run = go_on, .when = looks_who_it_is } },
		{ .verb = EDIT_END } };
	static const struct semantics_patch patch = { .name = "looks", .group = "mutant",
						      .base = &sem_v7_2, .source = "none",
						      .edits = edits };
	struct trace trace;

	(void)state;
	scenario_load_text(dropped, &trace);
	explore_free(search(&trace, &patch, &everything));
	assert_false(is_asked_of_another);
	trace_free(&trace);
}

/* mm/vmscan.c:shrink_folio_list(): what the fault holds it keeps, what nobody holds goes. */
static const char reclaimed[] =
	"pfntrace 1\n"
	"mmap A 4K\n"
	"host-write A 7\n"
	"reclaim A 4K\n"
	"memslot 1 gpa=0x200000 hva=A size=4K\n"
	"thread vcpu\n"
	"r: read 0x200000\n"
	"thread kswapd\n"
	"c: reclaim A 4K\n";

static void a_scan_that_begins_in_a_thread_has_its_pages(void **state)
{
	static const struct explore_bound bounds[] = { { .states = 0 }, { ALL_REDUCTIONS } };
	struct explore *v7_2, *v11;
	struct trace trace;

	(void)state;
	scenario_load_text(reclaimed, &trace);
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		v7_2 = search(&trace, semantics_find("v7.2"), &bounds[i]);
		v11 = search(&trace, semantics_find("v11"), &bounds[i]);
		assert_int_equal(explore_result(v7_2)->nr_findings, 0);
		assert_non_null(broken_by(explore_result(v11), "mark-only-alive", BLAME_KVM));
		explore_free(v7_2);
		explore_free(v11);
	}
	trace_free(&trace);
}

int main(void)
{
	static const char *const under[] = { "v5.12", "v6.8", "v11", "v7.2", NULL };
	static struct test_list list;
	size_t nr;
	const struct scenario *scenarios = scenarios_find(under, &nr);

	list_rows(&list, "a_scenario_comes_out_as_it_expects", a_scenario_comes_out_as_it_expects,
		  scenarios, nr, sizeof(*scenarios));
	LIST_TEST(&list, the_scenarios_of_the_document_come_out_as_they_say);
	LIST_TEST(&list, it_finds_the_states_of_all_orders_and_no_others);
	LIST_TEST(&list, each_end_is_shown_once);
	LIST_TEST(&list, the_way_to_a_finding_is_a_shortest_one);
	LIST_TEST(&list, who_breaks_a_law_does_not_hide_that_another_does);
	LIST_ROWS(&list, who_breaks_a_law_is_expected, whose);
	LIST_TEST(&list, a_search_that_is_cut_off_says_so);
	LIST_ROWS(&list, a_wrong_kernel_is_found, wrongs);
	LIST_TEST(&list, a_livelock_that_is_not_looked_at_to_its_end_leaves_the_search_open);
	LIST_TEST(&list, a_finding_is_written_as_a_trace_that_breaks_the_same_law);
	LIST_TEST(&list, what_is_ordered_does_not_overlap);
	LIST_TEST(&list, a_guard_is_asked_of_the_task_whose_step_it_is);
	LIST_TEST(&list, a_scan_that_begins_in_a_thread_has_its_pages);
	LIST_ROWS(&list, a_bad_scenario_is_refused, refusals);
	return list_run(&list, "explore");
}
