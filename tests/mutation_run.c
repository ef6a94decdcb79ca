// SPDX-License-Identifier: GPL-2.0-only
/*
 * mutation_run.c: a mutant is run over a script only if the kernel itself gets to its step there,
 * or reads its operation or trait; first over the script that has shown it in the kernel before,
 * then over the short ones.
 */
#include "tests/mutation_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/watch.h"
#include "tests/stories.h"
#include "tests/support.h"

/* ---- the scripts under the whole kernel ---- */

static struct {
	const struct semantics_patch *patch;
	enum mmu_kind mmu;
	struct script *script;		/* all of them, as if they said so */
	size_t nr;
	struct telling *telling;	/* by script */
	size_t *order;			/* of the scripts: the shortest one first */
} whole;

static int by_steps(const void *a, const void *b)
{
	unsigned x = whole.telling[*(const size_t *)a].steps;
	unsigned y = whole.telling[*(const size_t *)b].steps;

	return (x > y) - (x < y);
}

static void tell_all(const struct kernel *kernel)
{
	const struct tell_options options = { .with_reads = watch_works() };
	const struct script *scripts = all_scripts(&whole.nr);

	whole.patch = semantics_find(kernel->semantics);
	whole.mmu = kernel->mmu;
	whole.script = malloc(whole.nr * sizeof(*whole.script));
	assert_non_null(whole.script);
	memcpy(whole.script, scripts, whole.nr * sizeof(*whole.script));
	for (size_t i = 0; i < whole.nr; i++)
		whole.script[i].config.mmu = whole.mmu;
	whole.telling = calloc(whole.nr, sizeof(*whole.telling));
	whole.order = calloc(whole.nr, sizeof(*whole.order));
	assert_non_null(whole.telling);
	assert_non_null(whole.order);
	for (size_t i = 0; i < whole.nr; i++) {
		struct telling *telling = &whole.telling[i];

		tell(&whole.script[i], whole.patch, &options, telling);
		whole.order[i] = i;
		/* cut short, it would differ from each mutant, which may have more steps */
		if (telling->steps > telling->most_steps)
			fail_msg("%s does not end in %u steps", whole.script[i].name,
				 telling->most_steps);
	}
	qsort(whole.order, whole.nr, sizeof(*whole.order), by_steps);
}

static void forget_all(void)
{
	for (size_t i = 0; i < whole.nr; i++)
		telling_free(&whole.telling[i]);
	free(whole.telling);
	free(whole.order);
	free(whole.script);
}

/* ---- which script has shown a mutant, in the kernels before ---- */

static struct { struct mutation mutation; u16 script; } hints[8000];
static size_t nr_hints;

static bool is_same(const struct mutation *a, const struct mutation *b)
{
	return a->kind == b->kind && a->path == b->path && a->row == b->row &&
	       a->value == b->value && a->function == b->function && !strcmp(a->what, b->what) &&
	       !strcmp(a->with ? a->with : "", b->with ? b->with : "");
}

static size_t hint_for(const struct mutation *m)
{
	size_t i = 0;

	while (i < nr_hints && !is_same(&hints[i].mutation, m))
		i++;
	return i;
}

static void learn(const struct mutation *m, const struct verdict *verdict)
{
	size_t i = hint_for(m);

	if (!verdict->seen || i == ARRAY_SIZE(hints))
		return;
	nr_hints += i == nr_hints;
	hints[i].mutation = *m;
	hints[i].script = verdict->script;
}

/* ---- one mutant, looked for in every script where it can show ---- */

static bool can_show(const struct mutation *m, size_t script)
{
	const struct telling *telling = &whole.telling[script];
	u64 ran = telling->ran[m->path];

	/* vm_new() reads, too, where memory may be private */
	if (m->kind == MUTATION_OP || m->kind == MUTATION_TRAIT)
		return !telling->reads || telling->script->config.private_mem ||
		       mutation_is_read(m, telling->reads);
	if (m->kind == MUTATION_SWAP)
		return ran & (3ull << m->step);
	return (ran & (1ull << m->step)) && !script_stops_at(&whole.script[script], m->what);
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
	verdict->script = script;
	setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = 5 }, NULL);
	tell(&whole.script[script], patch, &soon, &telling);
	if (tellings_differ(base, &telling, what, sizeof(what))) {
		snprintf(verdict->text, sizeof(verdict->text), "%.40s: %s",
			 whole.script[script].name, what);
		verdict->seen = true;
	}
	telling_free(&telling);
}

static void look_for(const struct mutation *m, const struct semantics *sem,
		     struct verdict *verdict)
{
	struct mutation_patch mutant;
	size_t hint = hint_for(m);

	if (!mutation_build(m, whole.patch, whole.mmu, sem, &mutant)) {
		snprintf(verdict->text, sizeof(verdict->text), "it does not resolve");
		verdict->seen = true;
		return;
	}
	if (hint < nr_hints)
		look_at(m, &mutant.patch, hints[hint].script, verdict);
	for (size_t i = 0; i < whole.nr && !verdict->seen; i++)
		look_at(m, &mutant.patch, whole.order[i], verdict);
}

/* ---- all of them ---- */

enum { WORKERS = 2 };

struct shared {			/* between the processes */
	bool done[WORKERS];
	size_t at[WORKERS];	/* the mutant that each is at */
	struct verdict verdict[];
};

static size_t shared_size(const struct mutation_run *run)
{
	return sizeof(struct shared) + run->nr * sizeof(struct verdict);
}

/*
 * Worker @w looks at each WORKERSth mutant from shared.at on. It dies of an assertion, or of
 * SIGPROF in a step that does not end.
 */
static void work(unsigned w, const struct mutation_run *run, struct shared *shared)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	/* cmocka would go on with the list */
	for (unsigned i = 0; i < ARRAY_SIZE(deadly); i++)
		signal(deadly[i], SIG_DFL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	for (; shared->at[w] < run->nr; shared->at[w] += WORKERS) {
		size_t i = shared->at[w];

		look_for(&run->mutation[i], &run->sem, &shared->verdict[i]);
	}
	shared->done[w] = true;
	_exit(0);
}

static pid_t start(unsigned w, const struct mutation_run *run, struct shared *shared)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (!pid)
		work(w, run, shared);
	return pid;
}

static void mark_crash(struct verdict *verdict)
{
	verdict->seen = true;
	snprintf(verdict->text, sizeof(verdict->text), "%.40s: an assertion",
		 whole.script[verdict->script].name);
}

static void look_for_all(const struct mutation_run *run, struct shared *shared)
{
	pid_t worker[WORKERS];
	unsigned running = WORKERS;

	for (unsigned w = 0; w < WORKERS; w++) {
		shared->at[w] = w;
		worker[w] = start(w, run, shared);
	}
	while (running) {
		pid_t pid = wait(NULL);

		assert_int_not_equal(pid, -1);
		for (unsigned w = 0; w < WORKERS; w++)
			if (worker[w] != pid) {
				continue;
			} else if (shared->done[w]) {
				running--;
			} else {
				mark_crash(&shared->verdict[shared->at[w]]);
				shared->at[w] += WORKERS;
				worker[w] = start(w, run, shared);
			}
	}
}

static void keep(struct mutation_run *run, const char *only)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->nr; i++)
		if (!strcmp(run->mutation[i].what, only))
			run->mutation[kept++] = run->mutation[i];
	run->nr = kept;
}

void mutation_run(const struct kernel *kernel, const char *only, struct mutation_run *out)
{
	struct shared *shared;
	char why[128];

	tell_all(kernel);
	assert_true(semantics_resolve_mmu(whole.patch, whole.mmu, &out->sem, why, sizeof(why)));
	out->mutation = mutations_of(&out->sem, whole.mmu, &out->nr);
	if (only)
		keep(out, only);
	shared = mmap(NULL, shared_size(out), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	look_for_all(out, shared);
	out->verdict = malloc(out->nr * sizeof(*out->verdict));
	assert_non_null(out->verdict);
	memcpy(out->verdict, shared->verdict, out->nr * sizeof(*out->verdict));
	munmap(shared, shared_size(out));
	for (size_t i = 0; i < out->nr; i++)
		learn(&out->mutation[i], &out->verdict[i]);
	forget_all();
}

void mutation_run_free(struct mutation_run *run)
{
	free(run->mutation);
	free(run->verdict);
}
