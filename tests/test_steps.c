// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every step, its place, and every operation of every semantics matters: a kernel without it, with
 * it behind its neighbour, or with another version's operation shows something else in some script,
 * by an outcome, a note, a violation, a count or an assertion. What cannot show is a row of
 * equivalents.c, with the reason.
 *
 *	build/tests/test_steps print > docs/MUTATION.md
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/mutation.h"
#include "tests/stories.h"
#include "tests/support.h"

/* ---- the scripts under the whole kernel ---- */

static struct {
	const struct semantics_patch *patch;
	struct semantics sem;
	enum mmu_kind mmu;
	struct script *script;		/* all of them, as if they said so */
	size_t nr;
	struct telling *telling;	/* by script */
	struct mutation *mutation;
	size_t nr_mutations;
} whole;

struct kernel { const char *name, *semantics; enum mmu_kind mmu; };

static void tell_all(const struct kernel *kernel)
{
	const struct script *scripts = all_scripts(&whole.nr);
	char why[128];

	whole.patch = semantics_find(kernel->semantics);
	whole.mmu = kernel->mmu;
	assert_true(semantics_resolve_mmu(whole.patch, whole.mmu, &whole.sem, why, sizeof(why)));
	whole.mutation = mutations_of(&whole.sem, whole.mmu, &whole.nr_mutations);
	whole.script = malloc(whole.nr * sizeof(*whole.script));
	assert_non_null(whole.script);
	memcpy(whole.script, scripts, whole.nr * sizeof(*whole.script));
	for (size_t i = 0; i < whole.nr; i++)
		whole.script[i].config.mmu = whole.mmu;
	whole.telling = calloc(whole.nr, sizeof(*whole.telling));
	assert_non_null(whole.telling);
	for (size_t i = 0; i < whole.nr; i++) {
		struct telling *telling = &whole.telling[i];

		tell(&whole.script[i], whole.patch, NULL, telling);
		/* cut short, it would differ from each mutant, which may have more steps */
		if (telling->steps > telling->most_steps)
			fail_msg("%s does not end in %u steps", whole.script[i].name,
				 telling->most_steps);
	}
}

static void forget_all(void)
{
	for (size_t i = 0; i < whole.nr; i++)
		telling_free(&whole.telling[i]);
	free(whole.telling);
	free(whole.mutation);
	free(whole.script);
}

/* ---- one mutant, looked for in every script where it can show ---- */

enum seen_by { SEEN_NOT_YET, SEEN_BY_ASSERTION, SEEN_BY_LAW, SEEN_BY_REPLAY, NOT_SEEN, NR_SEEN_BY };

struct verdict {
	u8 seen;		/* enum seen_by */
	char text[119];
};

static bool can_show(const struct mutation *m, size_t script)
{
	u32 ran = whole.telling[script].ran[m->path];

	if (m->kind == MUTATION_OP || m->kind == MUTATION_TRAIT)
		return true;
	if (m->kind == MUTATION_SWAP)
		return ran & (3u << m->step);
	return (ran & (1u << m->step)) && !script_stops_at(&whole.script[script], m->what);
}

static void look_at(const struct mutation *m, const struct semantics_patch *patch, size_t script,
		    struct verdict *verdict)
{
	const struct telling *base = &whole.telling[script];
	const struct tell_options soon = { .most_steps = 4 * base->steps + 200 };
	struct telling telling;
	char what[80];

	if (!can_show(m, script))
		return;
	tell(&whole.script[script], patch, &soon, &telling);
	if (tellings_differ(base, &telling, what, sizeof(what))) {
		verdict->seen = telling.vm->nr_violations > base->vm->nr_violations ? SEEN_BY_LAW :
										     SEEN_BY_REPLAY;
		snprintf(verdict->text, sizeof(verdict->text), "%.30s: %s",
			 whole.script[script].name, what);
	}
	telling_free(&telling);
}

static void look_for(const struct mutation *m, struct verdict *verdict)
{
	struct mutation_patch mutant;

	if (!mutation_build(m, whole.patch, whole.mmu, &whole.sem, &mutant)) {
		verdict->seen = SEEN_BY_ASSERTION;
		return;
	}
	for (size_t i = 0; i < whole.nr && !verdict->seen; i++)
		look_at(m, &mutant.patch, i, verdict);
	if (!verdict->seen)
		verdict->seen = NOT_SEEN;
}

/* ---- all of them, in processes of their own: the model asserts what a step relies on ---- */

enum { WORKERS = 2 };

/*
 * Worker @w looks at each WORKERSth mutant that has no verdict yet. It dies of an assertion, or of
 * SIGPROF in a step that does not end.
 */
static void work(unsigned w, struct verdict *verdict)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	/* cmocka would go on with the list */
	for (unsigned i = 0; i < ARRAY_SIZE(deadly); i++)
		signal(deadly[i], SIG_DFL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	for (size_t i = w; i < whole.nr_mutations; i += WORKERS)
		if (!verdict[i].seen) {
			setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = 10 }, NULL);
			look_for(&whole.mutation[i], &verdict[i]);
		}
	_exit(0);
}

/* The one in which a worker died: the first of its own without a verdict. True: start it anew. */
static bool mark_crash(unsigned w, struct verdict *verdict)
{
	for (size_t i = w; i < whole.nr_mutations; i += WORKERS)
		if (!verdict[i].seen) {
			verdict[i].seen = SEEN_BY_ASSERTION;
			return true;
		}
	return false;
}

static pid_t start(unsigned w, struct verdict *verdict)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (!pid)
		work(w, verdict);
	return pid;
}

static struct verdict *look_for_all(void)
{
	struct verdict *verdict = mmap(NULL, whole.nr_mutations * sizeof(*verdict),
				       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t worker[WORKERS];
	unsigned running = WORKERS;
	int status;

	assert_ptr_not_equal(verdict, MAP_FAILED);
	for (unsigned w = 0; w < WORKERS; w++)
		worker[w] = start(w, verdict);
	while (running) {
		pid_t pid = wait(&status);

		assert_int_not_equal(pid, -1);
		for (unsigned w = 0; w < WORKERS; w++)
			if (worker[w] == pid) {
				if (mark_crash(w, verdict))
					worker[w] = start(w, verdict);
				else
					running--;
			}
	}
	return verdict;
}

/* ---- what is seen, and what should be ---- */

struct tally {
	unsigned count[NR_MUTATION_KINDS][NR_SEEN_BY];
	unsigned wrong;
};

/* Mutants that are neither seen nor argued about, and under which kernels. */
static struct { char mutant[120], kernels[600]; } open_ones[400];
static unsigned nr_open;

static void note_open(const struct mutation *m, const char *kernel)
{
	char mutant[sizeof(open_ones[0].mutant)];
	unsigned i = 0;
	size_t used;

	snprintf(mutant, sizeof(mutant), "%s | %s%s%s", mutation_kind_name(m->kind), m->what,
		 m->with ? ", " : "", m->with ? m->with : "");
	while (i < nr_open && strcmp(open_ones[i].mutant, mutant))
		i++;
	if (i == ARRAY_SIZE(open_ones))
		return;
	nr_open += i == nr_open;
	memcpy(open_ones[i].mutant, mutant, sizeof(mutant));
	used = strlen(open_ones[i].kernels);
	snprintf(open_ones[i].kernels + used, sizeof(open_ones[i].kernels) - used, "%s%s",
		 used ? "; " : "", kernel);
}

static void count(struct tally *tally, const struct kernel *kernel, const struct mutation *m,
		  const struct verdict *verdict)
{
	const struct equivalent *known = mutation_equivalent(m, &whole.sem);

	tally->count[m->kind][verdict->seen]++;
	if ((verdict->seen == NOT_SEEN) == !!known)
		return;
	tally->wrong++;
	if (!known)
		note_open(m, kernel->name);
	print_error("%s: %s %s%s%s: %s\n", kernel->name, mutation_kind_name(m->kind), m->what,
		    m->with ? m->kind < MUTATION_OP ? " and " : " by " : "",
		    m->with ? m->with : "", known ? verdict->text : "not seen");
}

static struct tally try_kernel(const struct kernel *kernel)
{
	struct tally tally = { 0 };
	struct verdict *verdict;

	tell_all(kernel);
	verdict = look_for_all();
	for (size_t i = 0; i < whole.nr_mutations; i++)
		count(&tally, kernel, &whole.mutation[i], &verdict[i]);
	munmap(verdict, whole.nr_mutations * sizeof(*verdict));
	forget_all();
	return tally;
}

static void every_mutant_is_seen_or_equivalent(void **state)
{
	const struct kernel *kernel = *state;
	struct tally tally = try_kernel(kernel);

	if (tally.wrong)
		fail_msg("%s: %u mutants, see above. One that is not seen needs a story in "
			 "tests/stories_list.c or a trace that shows it, or a row with the argu"
			 "ment in tests/equivalents.c; a row whose mutant is seen after all goes.",
			 kernel->name, tally.wrong);
}

static void every_operation_has_a_name(void **state)
{
	(void)state;
	if (!mutation_knows_ops())
		fail_msg("tests/mutation_rows.c:op_rows[] is not struct ops");
}

static void every_trait_has_a_name(void **state)
{
	const char *unknown;
	char header[512];

	(void)state;
	snprintf(header, sizeof(header), "%s/model/semantics.h", getenv("PFNSIM_SOURCE"));
	unknown = mutation_unknown_trait(header);
	if (unknown)
		fail_msg("tests/mutation_rows.c:trait_rows[] is not struct traits: %s", unknown);
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

/* ---- the kernels ---- */

static struct kernel kernels[48] = {
	{ "v5.12, rmap", "v5.12", MMU_RMAP },
	{ "v6.8, rmap", "v6.8", MMU_RMAP },
	{ "v6.8, shadow", "v6.8", MMU_SHADOW },
	{ "v11, rmap", "v11", MMU_RMAP },
	{ "v7.2, rmap", "v7.2", MMU_RMAP },
};
static size_t nr_kernels = 5;

static void add_kernels(void)
{
	for (size_t i = 0; all_semantics[i]; i++) {
		const char *name = all_semantics[i]->name;

		assert_true(nr_kernels < ARRAY_SIZE(kernels));
		kernels[nr_kernels++] = (struct kernel){ name, name, MMU_TDP };
	}
}

/* ---- docs/MUTATION.md ---- */

static void print_row(FILE *out, const char *name, const struct tally *tally)
{
	for (unsigned k = 0; k < NR_MUTATION_KINDS; k++) {
		const unsigned *n = tally->count[k];

		fprintf(out, "| %s | %s | %u | %u | %u | %u | %u |\n", name, mutation_kind_name(k),
		       n[SEEN_BY_ASSERTION] + n[SEEN_BY_LAW] + n[SEEN_BY_REPLAY] + n[NOT_SEEN],
		       n[SEEN_BY_LAW], n[SEEN_BY_REPLAY], n[SEEN_BY_ASSERTION], n[NOT_SEEN]);
	}
}

static void print_document(FILE *out)
{
	fprintf(out, "# Mutants of the tables\n\n"
	       "Every kernel that differs from a semantics in one thing: without one step, with\n"
	       "two neighbouring steps swapped, with one operation replaced by that of another\n"
	       "semantics or by one that does nothing. Each is run over all stories and traces\n"
	       "(`tests/test_steps.c`, suite `long`), and seen if a law breaks that was kept,\n"
	       "if a replay shows something else (an outcome, a note, a count), or if the model's\n"
	       "own assertions fail. Printed by `build/tests/test_steps print`, which takes "
	       "minutes;\nthe test fails if a mutant is not seen and not listed as equivalent.\n\n"
	       "| semantics | | mutants | seen by a law | by a replay | by an assertion | "
	       "not seen |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < nr_kernels; i++) {
		struct tally tally = try_kernel(&kernels[i]);

		print_row(out, kernels[i].name, &tally);
	}
	fprintf(out, "\n## Neither seen nor argued about\n\nThe test fails for these.\n\n"
		"| mutant | of | under |\n|---|---|---|\n");
	for (unsigned i = 0; i < nr_open; i++)
		fprintf(out, "| %s | %s |\n", open_ones[i].mutant, open_ones[i].kernels);
	fprintf(out, "\n## Equivalent\n\nThe rows of `tests/equivalents.c`.\n\n"
	       "| mutant | of | because |\n|---|---|---|\n");
	for (size_t i = 0; i < nr_equivalents; i++) {
		const struct equivalent *e = &equivalents[i];

		fprintf(out, "| %s | %s%s%s | %s |\n", mutation_kind_name(e->kind), e->what,
		       e->with ? ", " : "", e->with ? e->with : "", e->why);
	}
}

int main(int argc, char **argv)
{
	static struct test_list list;
	size_t first = 0;

	add_kernels();
	if (argc > 1 && !strcmp(argv[1], "print")) {
		print_document(stdout);
		return 0;
	}
	if (argc > 1)			/* one kernel alone */
		while (first < nr_kernels - 1 && strcmp(kernels[first].name, argv[1]))
			first++;
	list_rows(&list, "every_mutant_is_seen_or_equivalent", every_mutant_is_seen_or_equivalent,
		  &kernels[first], argc > 1 ? 1 : nr_kernels, sizeof(*kernels));
	LIST_TEST(&list, every_operation_has_a_name);
	LIST_TEST(&list, every_trait_has_a_name);
	LIST_TEST(&list, the_mark_of_notify_begun_is_for_the_laws);
	return list_run(&list, "steps");
}
