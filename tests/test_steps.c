// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every step of every path matters: a kernel without it shows something else in some script, by an
 * outcome, a note, a count or a violation. What cannot show is a row of unseen[], with the reason.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/stories.h"
#include "tests/support.h"

static bool maps_nothing_huge(const struct traits *traits)
{
	return !traits->pfnmap_huge;
}

static bool emulates_once(const struct traits *traits)
{
	return !traits->reexecutes;
}

static bool probes_no_poison(const struct traits *traits)
{
	return !traits->checks_hwpoison;
}

static const struct {
	const char *step;
	bool (*where)(const struct traits *traits);	/* NULL: everywhere */
	const char *why;
} unseen[] = {
	{ "reuse_anon_page", NULL,
	  "mprotect() gives a dirty, exclusive page its W back, and no fork takes it away" },
	{ "reuse_shared_page", NULL,
	  "a shared mapping of a driver's pages is born writable, and mprotect() gives W back" },
	{ "notify_begun", NULL,
	  "a mark for the laws alone: the_mark_of_notify_begun_is_for_the_laws" },
	{ "split_slot", maps_nothing_huge,
	  "follow_pte() finds no huge leaf and THP is not modelled: no huge SPTE to split" },
	{ "retry_instruction", emulates_once, "gone since 6.12: .reexecutes guards it" },
	{ "reexecute_instruction", emulates_once, "gone since 6.12: .reexecutes guards it" },
	{ "check_user_page_hwpoison", probes_no_poison,
	  "gone since 6.13: .checks_hwpoison guards it" },
};

static const char *why_unseen(const char *step, const struct semantics *sem)
{
	for (size_t i = 0; i < ARRAY_SIZE(unseen); i++)
		if (!strcmp(unseen[i].step, step) &&
		    (!unseen[i].where || unseen[i].where(&sem->traits)))
			return unseen[i].why;
	return NULL;
}

/* ---- the scripts under the whole kernel ---- */

static struct {
	const struct semantics_patch *patch;
	struct semantics sem;
	enum mmu_kind mmu;
	struct script *script;		/* all of them, as if they said so */
	size_t nr;
	struct telling *telling;	/* by script */
} whole;

/* ---- a kernel without one step ---- */

static enum step_result do_nothing(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_NEXT;
}

struct without {
	struct semantics_patch patch;
	struct step_edit edits[2];
};

/* A step that others go back to stays as a place to go to, and does nothing. */
static void drop_step(struct without *without, const struct semantics_patch *base, unsigned path,
		      const char *step)
{
	static struct semantics sem;
	char why[128];

	*without = (struct without){ .edits = { { .verb = EDIT_DROP, .path = path, .anchor = step },
						{ .verb = EDIT_END } } };
	without->patch = (struct semantics_patch){ .name = "without", .base = base,
						   .edits = without->edits };
	if (semantics_resolve_mmu(&without->patch, whole.mmu, &sem, why, sizeof(why)))
		return;
	without->edits[0].verb = EDIT_REPLACE;
	without->edits[0].step = (struct step){ .name = step, .run = do_nothing };
}

struct kernel { const char *name, *semantics; enum mmu_kind mmu; };

static void tell_all(const struct kernel *kernel)
{
	const struct script *scripts = all_scripts(&whole.nr);
	char why[128];

	whole.patch = semantics_find(kernel->semantics);
	whole.mmu = kernel->mmu;
	assert_true(semantics_resolve_mmu(whole.patch, whole.mmu, &whole.sem, why, sizeof(why)));
	whole.script = malloc(whole.nr * sizeof(*whole.script));
	assert_non_null(whole.script);
	memcpy(whole.script, scripts, whole.nr * sizeof(*whole.script));
	for (size_t i = 0; i < whole.nr; i++)
		whole.script[i].config.mmu = whole.mmu;
	whole.telling = calloc(whole.nr, sizeof(*whole.telling));
	assert_non_null(whole.telling);
	for (size_t i = 0; i < whole.nr; i++)
		tell(&whole.script[i], whole.patch, NULL, &whole.telling[i]);
}

static void forget_all(void)
{
	for (size_t i = 0; i < whole.nr; i++)
		telling_free(&whole.telling[i]);
	free(whole.telling);
	free(whole.script);
}

/* ---- one step, looked for in every script where it runs ---- */

struct verdict {
	char seen;		/* 'y', 'n', or 'c': without it the model's own assertion fails */
	char text[120];
};

static void look_for(unsigned path, unsigned n, struct verdict *verdict)
{
	const char *step = whole.sem.path[path][n].name;
	struct without without;

	drop_step(&without, whole.patch, path, step);
	verdict->seen = 'n';
	for (size_t i = 0; i < whole.nr && verdict->seen == 'n'; i++) {
		const struct tell_options soon = { .most_steps = 4 * whole.telling[i].steps + 200 };
		struct telling telling;
		char what[80];

		if (!(whole.telling[i].ran[path] & (1u << n)) ||
		    script_stops_at(&whole.script[i], step))
			continue;
		tell(&whole.script[i], &without.patch, &soon, &telling);
		if (tellings_differ(&whole.telling[i], &telling, what, sizeof(what))) {
			verdict->seen = 'y';
			snprintf(verdict->text, sizeof(verdict->text), "%.30s: %s",
				 whole.script[i].name, what);
		}
		telling_free(&telling);
	}
}

/* Steps from (@path, @n) on, in a process of their own: the model asserts what a step relies on. */
static void look_in_child(unsigned path, unsigned n, int to)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct verdict verdict = { 0 };

	/* cmocka would go on with the list */
	for (unsigned i = 0; i < ARRAY_SIZE(deadly); i++)
		signal(deadly[i], SIG_DFL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	for (; path < NR_PATHS; path++, n = 0)
		for (; whole.sem.path[path][n].name; n++) {
			verdict = (struct verdict){ 0 };
			look_for(path, n, &verdict);
			if (write(to, &verdict, sizeof(verdict)) != sizeof(verdict))
				_exit(1);
		}
	_exit(0);
}

static bool next_step(unsigned *path, unsigned *n)
{
	while (*path < NR_PATHS && !whole.sem.path[*path][*n].name) {
		++*path;
		*n = 0;
	}
	return *path < NR_PATHS;
}

struct tally {
	unsigned steps, crashes;
	char wrong[2000];
	size_t used;
};

static void count(struct tally *tally, const char *step, const struct verdict *verdict)
{
	const char *why = why_unseen(step, &whole.sem);

	tally->steps++;
	tally->crashes += verdict->seen == 'c';
	if ((verdict->seen == 'n') == !!why || tally->used > sizeof(tally->wrong) - 200)
		return;
	tally->used += snprintf(tally->wrong + tally->used, sizeof(tally->wrong) - tally->used,
				verdict->seen == 'n' ? "\n  %s: its loss is not seen%s" :
				"\n  %s: is in unseen[], but: %s", step, verdict->text);
}

/* Verdicts from the child, one a step, until it dies: then of that step, and a new child. */
static void look_from(struct tally *tally, unsigned *path, unsigned *n)
{
	struct verdict verdict;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (!child)
		look_in_child(*path, *n, ends[1]);
	close(ends[1]);
	while (read(ends[0], &verdict, sizeof(verdict)) == sizeof(verdict)) {
		assert_true(next_step(path, n));
		count(tally, whole.sem.path[*path][(*n)++].name, &verdict);
	}
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	if (!next_step(path, n))
		return;
	count(tally, whole.sem.path[*path][(*n)++].name, &(struct verdict){ .seen = 'c' });
}

static void the_loss_of_any_step_is_seen(void **state)
{
	const struct kernel *kernel = *state;
	unsigned path = 0, n = 0;
	struct tally tally = { 0 };

	tell_all(kernel);
	while (next_step(&path, &n))
		look_from(&tally, &path, &n);
	forget_all();

	assert_in_range(tally.steps, 90, NR_PATHS * MAX_STEPS);
	if (tally.used)
		fail_msg("%s: %u steps%s", kernel->name, tally.steps, tally.wrong);
}

/* Without the zap, the laws see a stale entry as soon as the start has returned; or later. */
static void the_mark_of_notify_begun_is_for_the_laws(void **state)
{
	static const struct step_edit no_zap[] = {
		{ EDIT_DROP, PATH_NOTIFY_START, "notify_zap", { 0 } }, { .verb = EDIT_END } };
	static const struct step_edit no_mark[] = {
		{ EDIT_DROP, PATH_NOTIFY_START, "notify_zap", { 0 } },
		{ EDIT_DROP, PATH_NOTIFY_START, "notify_begun", { 0 } }, { .verb = EDIT_END } };
	struct semantics_patch patch = { .name = "without", .base = semantics_find("v6.1"),
					 .edits = no_zap };
	const struct script *script = script_named("zap_half_done");
	unsigned zap_event = 6;
	struct telling with, without;

	(void)state;
	tell(script, &patch, NULL, &with);
	patch.edits = no_mark;
	tell(script, &patch, NULL, &without);

	assert_int_equal(telling_broke(&with, "no-stale-spte")->event, zap_event);
	assert_int_not_equal(telling_broke(&without, "no-stale-spte")->event, zap_event);
	telling_free(&with);
	telling_free(&without);
}

int main(void)
{
	static struct test_list list;
	static const struct kernel others[] = {
		{ "v5.12, rmap", "v5.12", MMU_RMAP },
		{ "v6.8, rmap", "v6.8", MMU_RMAP },
		{ "v6.8, shadow", "v6.8", MMU_SHADOW },
		{ "v11, rmap", "v11", MMU_RMAP },
		{ "v7.2, rmap", "v7.2", MMU_RMAP },
	};
	static struct kernel kernels[16];
	size_t n = 0;

	for (; all_semantics[n]; n++)
		kernels[n] = (struct kernel){ all_semantics[n]->name, all_semantics[n]->name,
					      MMU_TDP };
	list_rows(&list, "the_loss_of_any_step_is_seen", the_loss_of_any_step_is_seen, kernels, n,
		  sizeof(*kernels));
	LIST_ROWS(&list, the_loss_of_any_step_is_seen, others);
	LIST_TEST(&list, the_mark_of_notify_begun_is_for_the_laws);
	return list_run(&list, "steps");
}
