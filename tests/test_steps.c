// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every step, its place, and every operation of every semantics matters: a kernel without it, with
 * it behind its neighbour, or with another version's operation shows something else in some script,
 * by an outcome, a note, a violation, a count or an assertion. What cannot show is a row of
 * equivalents.c, with the reason.
 *
 *	build/tests/test_steps print > docs/MUTATION.md
 *	build/tests/test_steps v6.1 check_stale
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mutation_run.h"
#include "tests/stories.h"
#include "tests/support.h"

/* ---- what is seen, and what should be ---- */

struct tally {
	unsigned mutants[NR_MUTATION_KINDS], unseen[NR_MUTATION_KINDS];
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
	if (used >= strlen(kernel) && !strcmp(open_ones[i].kernels + used - strlen(kernel), kernel))
		return;		/* once more, in another path */
	snprintf(open_ones[i].kernels + used, sizeof(open_ones[i].kernels) - used, "%s%s",
		 used ? "; " : "", kernel);
}

static void count(struct tally *tally, const struct kernel *kernel, const struct mutation_run *run,
		  size_t i)
{
	const struct mutation *m = &run->mutation[i];
	const struct equivalent *known = mutation_equivalent(m, &run->sem);
	bool seen = run->verdict[i].seen;

	tally->mutants[m->kind]++;
	tally->unseen[m->kind] += !seen;
	if (seen != !!known)
		return;
	tally->wrong++;
	if (!known)
		note_open(m, kernel->name);
	print_error("%s: %s %s%s%s: %s\n", kernel->name, mutation_kind_name(m->kind), m->what,
		    m->with ? m->kind < MUTATION_OP ? " and " : " by " : "",
		    m->with ? m->with : "", known ? run->verdict[i].text : "not seen");
}

static const char *only;	/* the mutants of one step, operation or trait; NULL: all */

static void try_kernel(const struct kernel *kernel, struct tally *tally)
{
	static struct mutation_run run;

	*tally = (struct tally){ .wrong = 0 };
	mutation_run(kernel, only, &run);
	for (size_t i = 0; i < run.nr; i++)
		count(tally, kernel, &run, i);
	mutation_run_free(&run);
}

/* ---- the kernels ---- */

static struct kernel kernels[48] = {
	{ "v5.12, rmap", "v5.12", MMU_RMAP },
	{ "v6.8, rmap", "v6.8", MMU_RMAP },
	{ "v6.8, shadow", "v6.8", MMU_SHADOW },
	{ "v11, rmap", "v11", MMU_RMAP },
	{ "v7.2, rmap", "v7.2", MMU_RMAP },
};
static size_t nr_kernels = 5, nr_tried;
static struct tally tallies[48];

static void add_kernels(void)
{
	for (size_t i = 0; all_semantics[i]; i++) {
		const char *name = all_semantics[i]->name;

		assert_true(nr_kernels < ARRAY_SIZE(kernels));
		kernels[nr_kernels++] = (struct kernel){ name, name, MMU_TDP };
	}
}

static void every_mutant_is_seen_or_equivalent(void **state)
{
	const struct kernel *kernel = *state;
	struct tally *tally = &tallies[kernel - kernels];

	try_kernel(kernel, tally);
	nr_tried++;
	if (tally->wrong)
		fail_msg("%s: %u mutants, see above. One that is not seen needs a story in "
			 "tests/stories_list.c or a trace that shows it, or a row with the argu"
			 "ment in tests/equivalents.c; a row whose mutant is seen after all goes.",
			 kernel->name, tally->wrong);
}

/* The operations that nobody but the laws calls, over a kernel that does not zap. */
static bool is_an_eye(const struct mutation *m)
{
	static const char *const eyes[] = { "current_root", "root_at", "next_leaf" };

	for (size_t i = 0; i < ARRAY_SIZE(eyes); i++)
		if (m->kind == MUTATION_OP && !strcmp(m->what, eyes[i]) &&
		    !strcmp(m->with, "nothing"))
			return true;
	return false;
}

static bool shows(const struct mutation *m, const struct semantics_patch *broken,
		  const struct semantics *sem, enum mmu_kind mmu)
{
	const struct tell_options soon = { .most_steps = 20000 };
	struct mutation_patch mutant;
	bool differ = false;
	char what[80];
	size_t nr;
	const struct script *scripts = all_scripts(&nr);

	assert_true(mutation_build(m, broken, mmu, sem, &mutant));
	for (size_t i = 0; i < nr && !differ; i++) {
		struct script script = scripts[i];
		struct telling with, without;

		script.config.mmu = mmu;
		tell(&script, broken, &soon, &with);
		tell(&script, &mutant.patch, &soon, &without);
		differ = tellings_differ(&with, &without, what, sizeof(what));
		telling_free(&with);
		telling_free(&without);
	}
	return differ;
}

static void a_broken_kernel_is_seen_by_the_laws_eyes(void **state)
{
	static const struct step_edit no_zap[] = {
		{ EDIT_DROP, PATH_NOTIFY_START, "notify_zap", { 0 } }, { .verb = EDIT_END } };
	const struct kernel *kernel = *state;
	const struct semantics_patch broken = {
		.name = "broken", .base = semantics_find(kernel->semantics), .edits = no_zap };
	static struct semantics sem;
	struct mutation *mutations;
	char why[128];
	size_t nr;

	assert_true(semantics_resolve_mmu(broken.base, kernel->mmu, &sem, why, sizeof(why)));
	mutations = mutations_of(&sem, kernel->mmu, &nr);
	for (size_t i = 0; i < nr; i++)
		if (is_an_eye(&mutations[i]) && !shows(&mutations[i], &broken, &sem, kernel->mmu))
			fail_msg("%s by nothing shows nothing", mutations[i].what);
	free(mutations);
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

/* ---- docs/MUTATION.md ---- */

static const struct kernel seeing[] = {
	{ "v6.1", "v6.1", MMU_TDP },
	{ "v6.8, rmap", "v6.8", MMU_RMAP },
	{ "v6.8, shadow", "v6.8", MMU_SHADOW },
};

static const char about[] =
	"# Mutants of the tables\n\n"
	"Every kernel that differs from a semantics in one thing: without one step; with two\n"
	"neighbouring steps swapped; with one operation replaced by that of another semantics or\n"
	"MMU or by one that does nothing; with one trait that has another value. Each is run over\n"
	"all stories and traces (`tests/test_steps.c`, suite `long`), and seen if a law breaks\n"
	"that was kept, if a replay shows something else (an outcome, a note, a count), or if the\n"
	"model's own assertions fail. Printed by `build/tests/test_steps print`; the test fails\n"
	"if a mutant is not seen and not listed as equivalent, and if this page is not what\n"
	"it would print.\n\n";

static void print_tally(size_t i, FILE *out)
{
	fprintf(out, "| %s ", kernels[i].name);
	for (unsigned k = 0; k < NR_MUTATION_KINDS; k++)
		fprintf(out, "| %u | %u ", tallies[i].mutants[k], tallies[i].unseen[k]);
	fprintf(out, "|\n");
}

static void print_open(FILE *out)
{
	for (unsigned i = 0; i < nr_open; i++)
		fprintf(out, "| %s | %s |\n", open_ones[i].mutant, open_ones[i].kernels);
}

static void print_tallies(FILE *out)
{
	fprintf(out, "Mutants, and those that nothing shows:\n\n| semantics ");
	for (unsigned k = 0; k < NR_MUTATION_KINDS; k++)
		fprintf(out, "| %s | not seen ", mutation_kind_name(k));
	fprintf(out, "|\n|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < nr_kernels; i++)
		print_tally(i, out);
}

static void print_document(FILE *out)
{
	fputs(about, out);
	print_tallies(out);
	fprintf(out, "\n## Neither seen nor argued about\n\n%s", nr_open ?
		"The test fails for these.\n\n| mutant | of | under |\n|---|---|---|\n" :
		"None.\n");
	print_open(out);
	fprintf(out, "\n## Equivalent\n\nThe rows of `tests/equivalents.c`.\n\n"
	       "| mutant | of | because |\n|---|---|---|\n");
	for (size_t i = 0; i < nr_equivalents; i++) {
		const struct equivalent *e = &equivalents[i];

		fprintf(out, "| %s | %s%s%s | %s |\n", mutation_kind_name(e->kind), e->what,
		       e->with ? ", " : "", e->with ? e->with : "", e->why);
	}
}

static void the_document_is_up_to_date(void **state)
{
	char path[512], *now, *then;
	size_t size, length;
	FILE *file;

	(void)state;
	if (nr_tried < nr_kernels)
		return;		/* one kernel alone */
	file = open_memstream(&now, &size);
	assert_non_null(file);
	print_document(file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/docs/MUTATION.md", getenv("PFNSIM_SOURCE"));
	file = fopen(path, "r");
	assert_non_null(file);
	then = calloc(1, size + 2);
	assert_non_null(then);
	length = fread(then, 1, size + 1, file);
	fclose(file);
	if (length != size || memcmp(now, then, size))
		fail_msg("build/tests/test_steps print > docs/MUTATION.md");
	free(now);
	free(then);
}

static size_t kernel_named(const char *name)
{
	size_t k = 0;

	while (k < nr_kernels && strcmp(kernels[k].name, name))
		k++;
	if (k == nr_kernels)
		fail_msg("no kernel is called \"%s\"", name);
	return k;
}

int main(int argc, char **argv)
{
	static struct test_list list;
	size_t first = 0;

	add_kernels();
	if (argc > 2 && !strcmp(argv[1], "print")) {	/* these kernels' lines of it */
		for (int i = 2; i < argc; i++) {
			size_t k = kernel_named(argv[i]);

			try_kernel(&kernels[k], &tallies[k]);
			print_tally(k, stdout);
			fflush(stdout);
		}
		print_open(stdout);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "print")) {
		for (size_t i = 0; i < nr_kernels; i++)
			try_kernel(&kernels[i], &tallies[i]);
		print_document(stdout);
		return 0;
	}
	only = argc > 2 ? argv[2] : NULL;
	if (argc > 1)			/* one kernel alone */
		first = kernel_named(argv[1]);
	list_rows(&list, "every_mutant_is_seen_or_equivalent", every_mutant_is_seen_or_equivalent,
		  &kernels[first], argc > 1 ? 1 : nr_kernels, sizeof(*kernels));
	if (only)
		return list_run(&list, "steps");
	LIST_ROWS(&list, a_broken_kernel_is_seen_by_the_laws_eyes, seeing);
	LIST_TEST(&list, the_mark_of_notify_begun_is_for_the_laws);
	LIST_TEST(&list, the_document_is_up_to_date);
	return list_run(&list, "steps");
}
