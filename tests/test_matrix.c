// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which law holds under which semantics: computed by running every program of programs.c under
 * each. It must be what the table of laws says is known, and docs/MATRIX.md must show it:
 *
 *	build/tests/test_matrix print > docs/MATRIX.md
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "model/path.h"
#include "model/tdp.h"
#include "tests/programs.h"
#include "tests/support.h"

enum { MOST_SEMANTICS = 40, MOST_LAWS = 64 };

/* How a law stands: the first program that breaks it, with lawful drivers or without. */
struct cell {
	const char *lawful, *unlawful;
};

static struct {
	struct cell cell[MOST_LAWS][MOST_SEMANTICS];
	unsigned nr_semantics;
	size_t nr_programs;
} matrix;

static void mark(const struct program *program, unsigned law, unsigned semantics)
{
	struct cell *cell = &matrix.cell[law][semantics];
	const char **first = program->lawful ? &cell->lawful : &cell->unlawful;

	if (!*first)
		*first = program->story.name;
}

static void mark_id(const struct program *program, const char *id, unsigned semantics)
{
	const struct law *law = law_find(id);

	assert_non_null(law);
	assert_non_null(law->judged);
	mark(program, law - laws, semantics);
}

/* ---- laws that are judged over a run ---- */

static const char *word_at(const struct telling *telling, unsigned event)
{
	return event < telling->nr_seen ? telling->seen[event].outcome.word : "";
}

static bool is_success(const char *word)
{
	return !strcmp(word, "ok") || !strcmp(word, "mapped") || !strcmp(word, "spurious") ||
	       !strcmp(word, "emulate");
}

/* The page that the caller was about: of memslot 1, which begins at gpa 0 and at the first VMA. */
static gfn_t gfn_of(const struct program *program)
{
	return strstr(program->story.name, " tail,") ? 1 : 0;
}

static struct pt_leaf host_leaf_of(const struct program *program, struct machine *m)
{
	return host_leaf(m, m->w->mm[0].vma[0].start + gfn_of(program) * PAGE_SIZE);
}

static bool is_read_only_in_vain(const struct program *program, struct telling *telling)
{
	struct machine *m = &telling->vm->m;
	const struct spte_format *format = spte_format_of(m);
	pfn_t root = tdp_current_root(m);
	struct pt_leaf leaf;

	if (root == NO_PFN || !(host_leaf_of(program, m).entry & PTE_WRITE))
		return false;
	leaf = tdp_walk(m, root, gfn_of(program));
	return spte_is_leaf(format, leaf.entry, leaf.level) &&
	       !(leaf.entry & format->host_writable);
}

static bool any_page(struct machine *m, u8 owner, u32 flags)
{
	pfn_t pfn = 0;

	for (; (pfn = m->phys->next_page(m->phys, pfn)) != NO_PFN; pfn++)
		if (page_of(m, pfn)->owner == owner && (page_of(m, pfn)->flags & flags))
			return true;
	return false;
}

static void judge(const struct program *p, struct telling *t, const struct telling *base,
		  unsigned semantics)
{
	const char *word = word_at(t, p->caller);
	struct machine *m = &t->vm->m;

	if (t->refused && t->steps > t->most_steps)
		mark_id(p, "faults-end", semantics);
	if (!strcmp(word, "enosys"))	/* this version has no such caller */
		return;
	if ((p->judge & JUDGE_MAPPABLE) && !is_success(word))
		mark_id(p, "pfnmap-mappable", semantics);
	if ((p->judge & JUDGE_LEGAL) && !is_success(word))
		mark_id(p, "no-spurious-refusal", semantics);
	if ((p->judge & JUDGE_BASE) && base && is_success(word_at(base, p->caller)) &&
	    !is_success(word))
		mark_id(p, "no-weaker-than-base", semantics);
	if ((p->judge & JUDGE_READ_ONLY) && !strcmp(word, "efault"))
		mark_id(p, "ro-distinguishable", semantics);
	if ((p->judge & JUDGE_RIGHTS) && is_read_only_in_vain(p, t))
		mark_id(p, "no-spurious-read-only", semantics);
	if ((p->judge & JUDGE_MARKS) &&
	    any_page(m, OWNER_DRIVER, PG_DIRTY | PG_REFERENCED | PG_ACTIVE))
		mark_id(p, "no-foreign-mark", semantics);
	if ((p->judge & JUDGE_CLEAN) &&
	    (any_page(m, OWNER_DRIVER, PG_DIRTY) || any_page(m, OWNER_USER, PG_DIRTY)))
		mark_id(p, "no-false-dirty", semantics);
}

/* ---- running ---- */

static int index_of(const struct semantics_patch *patch)
{
	for (int i = 0; all_semantics[i]; i++)
		if (all_semantics[i] == patch)
			return i;
	return -1;
}

/* What @patch is to be no weaker than: of a series, the kernel that it is for. */
static const struct semantics_patch *baseline_of(const struct semantics_patch *patch)
{
	const struct semantics_patch *base = patch->base;

	while (base && !strcmp(base->group, "series"))
		base = base->base;
	return base;
}

/* Every run is kept until all are judged: a base may be listed after what is built on it. */
static void run_program(const struct program *program)
{
	static struct telling telling[MOST_SEMANTICS];
	struct script script;

	script_of_story(&program->story, &script);
	for (unsigned s = 0; s < matrix.nr_semantics; s++) {
		struct telling *t = &telling[s];

		tell(&script, all_semantics[s], NULL, t);
		for (size_t v = 0; v < t->vm->nr_violations; v++)
			mark(program, t->vm->violations[v].v.law - laws, s);
	}
	for (unsigned s = 0; s < matrix.nr_semantics; s++) {
		const struct semantics_patch *base = baseline_of(all_semantics[s]);

		judge(program, &telling[s],
		      base && index_of(base) >= 0 ? &telling[index_of(base)] : NULL, s);
	}
	for (unsigned s = 0; s < matrix.nr_semantics; s++)
		telling_free(&telling[s]);
	script_free_events(&script);
}

/* A trace's driver may misbehave: whoever is to blame says whether it did. */
static void run_trace(const struct script *script, unsigned s)
{
	struct telling t;

	tell(script, all_semantics[s], NULL, &t);
	for (size_t i = 0; i < t.vm->nr_violations; i++) {
		const struct violation *v = &t.vm->violations[i].v;
		struct cell *cell = &matrix.cell[v->law - laws][s];
		const char **first = v->blame == BLAME_KVM ? &cell->lawful : &cell->unlawful;

		if (!*first)
			*first = script->name;
	}
	telling_free(&t);
}

/* kvm_follow_pfn() with arguments of the trace's own, or such as exclude each other. */
static bool asks_what_no_kernel_asks(const struct script *script)
{
	for (size_t i = 0; i < script->nr_events; i++)
		if (script->events[i].id == EVENT_LOOKUP &&
		    (script->events[i].api == LOOKUP_FOLLOW ||
		     script->events[i].api == LOOKUP_ATOMIC_ASYNC))
			return true;
	return false;
}

static void run_traces(void)
{
	size_t nr;
	const struct script *script = all_scripts(&nr);

	for (size_t i = nr_stories + nr_step_stories; i < nr; i++)	/* they come first */
		for (unsigned s = 0; s < matrix.nr_semantics; s++)
			if (!asks_what_no_kernel_asks(&script[i]))
				run_trace(&script[i], s);
}

static void compute(void)
{
	const struct program *program = all_programs(&matrix.nr_programs);

	if (matrix.nr_semantics)
		return;
	assert_true(nr_laws <= MOST_LAWS);
	while (all_semantics[matrix.nr_semantics])
		matrix.nr_semantics++;
	assert_true(matrix.nr_semantics <= MOST_SEMANTICS);
	for (size_t i = 0; i < matrix.nr_programs; i++)
		run_program(&program[i]);
	run_traces();
}

/* ---- printing ---- */

static const char *cell_word(const struct cell *cell)
{
	return cell->lawful ? "**no**" : cell->unlawful ? "driver" : "yes";
}

static bool is_computed(const struct law *law)
{
	return !law->judged || (strncmp(law->judged, "by construction", 15) &&
				strncmp(law->judged, "not at all", 10));
}

static void print(FILE *out)
{
	fprintf(out, "# Who keeps which law\n\n"
		"Computed: all programs of `tests/programs.c` (kinds of pages, mappings, callers,\n"
		"memslots and actions, one after the other and in each other's middle), and all\n"
		"of `traces/` in which KVM asks what it asks in some kernel, under each.\n"
		"Printed by `build/tests/test_matrix print`; the test fails if it differs.\n\n"
		"yes: none of these breaks it, which is no proof. **no**: broken though drivers\n"
		"behave; [INVARIANTS.md](INVARIANTS.md#known-not-to-hold) says why.\n"
		"driver: broken only by a driver that frees before it unmaps, or moves counts\n"
		"about, or by a VMM that unmaps memory of KVM's own.\n\n"
		"| law |");
	for (unsigned s = 0; s < matrix.nr_semantics; s++)
		fprintf(out, " %s |", all_semantics[s]->name);
	fprintf(out, "\n|---|");
	for (unsigned s = 0; s < matrix.nr_semantics; s++)
		fprintf(out, "---|");
	for (unsigned law = 0; law < nr_laws; law++) {
		if (!is_computed(&laws[law]))
			continue;
		fprintf(out, "\n| `%s` |", laws[law].id);
		for (unsigned s = 0; s < matrix.nr_semantics; s++)
			fprintf(out, " %s |", cell_word(&matrix.cell[law][s]));
	}
	fprintf(out, "\n");
}

/* ---- tests ---- */

static void what_is_known_not_to_hold_is_what_does_not_hold(void **state)
{
	unsigned wrong = 0;

	(void)state;
	compute();
	for (unsigned law = 0; law < nr_laws; law++)
		for (unsigned s = 0; s < matrix.nr_semantics; s++) {
			const char *name = all_semantics[s]->name;
			const char *known = law_breach_of(&laws[law], name);
			const char *found = matrix.cell[law][s].lawful;

			if (!known == !found)
				continue;
			wrong++;
			print_error(found ? "%s is broken by %s, which .breaches lacks: %s\n" :
				    "%s is known to be broken by %s, but is not%s\n",
				    laws[law].id, name, found ? found : "");
		}
	if (wrong)
		fail_msg("model/law_table.c and the model disagree %u times; find out why", wrong);
}

static void every_name_among_the_breaches_is_a_semantics(void **state)
{
	(void)state;
	for (unsigned law = 0; law < nr_laws; law++)
		for (unsigned b = 0; b < MAX_BREACHES && laws[law].breaches[b].semantics; b++) {
			char *names = strdup(laws[law].breaches[b].semantics), *rest = names;

			for (char *name; (name = strtok_r(rest, " ", &rest)); )
				if (!semantics_find(name))
					fail_msg("%s: no semantics \"%s\"", laws[law].id, name);
			free(names);
		}
}

static char *contents(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(text);
	if (file && fread(text, 1, (1 << 16) - 1, file) == (1 << 16) - 1)
		fail_msg("%s is too long", path);
	if (file)
		fclose(file);
	return text;
}

static void the_document_is_what_is_computed(void **state)
{
	const char *source = getenv("PFNSIM_SOURCE");
	char path[1024], *computed, *written;
	size_t size;
	FILE *out;

	(void)state;
	if (!source)
		skip();
	compute();
	out = open_memstream(&computed, &size);
	print(out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/docs/MATRIX.md", source);
	written = contents(path);

	if (strcmp(written, computed))
		fail_msg("docs/MATRIX.md is out of date: "
			 "build/tests/test_matrix print > docs/MATRIX.md");
	free(written);
	free(computed);
}

int main(int argc, char **argv)
{
	static struct test_list list;

	if (argc > 1 && !strcmp(argv[1], "print")) {
		compute();
		print(stdout);
		return 0;
	}
	LIST_TEST(&list, what_is_known_not_to_hold_is_what_does_not_hold);
	LIST_TEST(&list, every_name_among_the_breaches_is_a_semantics);
	LIST_TEST(&list, the_document_is_what_is_computed);
	return list_run(&list, "matrix");
}
