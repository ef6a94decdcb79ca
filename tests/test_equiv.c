// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two kernels that are the same are equal; one with a single thing wrong is not; and each program
 * that is shown as a difference is one.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "model/sem.h"
#include "sim/equiv.h"
#include "tests/mutants.h"

#include "tests/support.h"

static struct equiv *compare(const struct semantics_patch *a, const struct semantics_patch *b,
			     const struct equiv_bound *bound)
{
	const struct equiv_side list[] = { { a->name, a }, { b->name, b } };
	struct equiv *equiv = equiv_new(list, 2, bound);
	struct error error = { .text = "" };

	while (equiv_more(equiv, &error))
		;
	if (error.text[0])
		fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
	return equiv;
}

static const struct equiv_difference *difference(struct equiv *equiv, const char *text)
{
	const struct equiv_result *r = equiv_result(equiv);

	for (size_t i = 0; i < arrlenu(r->differences); i++)
		if (!strcmp(r->differences[i].text, text))
			return &r->differences[i];
	return NULL;
}

/* ---- equal ---- */

static const struct same { const char *name, *semantics; struct equiv_bound bound; } sames[] = {
	{ "every set-up, one event", "v7.2", { 1, 1, 1, NULL } },
	{ "two pages, two events", "v6.1", { 2, 1, 2, "a driver's page, VM_PFNMAP; dirty log" } },
	{ "in every order", "v6.8", { 1, 2, 2, "anonymous memory, untouched" } },
	{ "three events", "v11", { 1, 1, 3, "a page without a count, VM_IO, special PTE; NPT" } },
};

static void a_semantics_equals_itself(void **state)
{
	const struct same *row = *state;
	const struct semantics_patch *patch = semantics_find(row->semantics);
	struct equiv *equiv = compare(patch, patch, &row->bound);
	const struct equiv_result *r = equiv_result(equiv);

	assert_int_equal(arrlenu(r->differences), 0);
	assert_int_equal(r->pairs[0].differing, 0);
	assert_int_not_equal(r->pairs[0].programs, 0);
	assert_int_equal(r->stages_done, r->stages);
	assert_int_equal(r->cut_off, 0);
	equiv_free(equiv);
}

/* ---- not equal ---- */

static const struct wrong {
	const char *name, *law;		/* the mutant's */
	const char *difference;		/* one that is found */
	struct equiv_bound bound;
} wrongs[] = {
	{ "put twice", "no-put-by-non-owner", "page's count: lower",
	  { 1, 1, 1, "anonymous memory" } },
	{ "put never", "fault-balance", "page's count: higher", { 1, 1, 1, "anonymous memory" } },
	{ "put by the adjusted pfn", "no-put-by-non-owner", "breaks no-put-by-non-owner",
	  { 1, 1, 1, "FSDAX, 2M" } },
	{ "nothing is zapped", "no-stale-spte", "entry: none, then one",
	  { 1, 1, 2, "anonymous memory; NPT" } },
	{ "no notification concerns KVM", "no-stale-spte", "breaks no-stale-spte",
	  { 1, 1, 2, "anonymous memory; NPT" } },
	{ "the flush is dropped", "no-stale-tlb", "TLB entry: none, then one",
	  { 1, 1, 2, "anonymous memory; NPT" } },
	{ "a get of whatever is there", "no-get-from-zero", "guest's access: efault, then ok",
	  { 1, 1, 1, "a page without a count, VM_PFNMAP" } },
	{ "W in a read-only memslot", "ro-slot-never-writable", "entry's W: 0, then 1",
	  { 1, 1, 1, "read-only memslot" } },
	{ "the PTE's W is not looked at", "spte-within-host-rights", "entry's W: 0, then 1",
	  { 1, 1, 1, "VM_PFNMAP, read-only" } },
	{ "an entry that goes tells no page", "dirty-not-lost", "page's dirty: 1, then 0",
	  { 1, 1, 2, "a driver's page, VM_MIXEDMAP, normal PTE" } },
	{ "the notifier forgets pfncaches", "pfncache-fresh", "pfncache: none, then one",
	  { 1, 1, 2, "anonymous memory; NPT" } },
	{ "refcounted always", "spte-bit-exact", "entry's refcounted bit: 0, then 1",
	  { 1, 1, 1, "a BAR" } },
	{ "the gate without G1", "no-put-by-non-owner", "lookup: efault, then ok",
	  { 1, 1, 1, "a page without a count" } },
	{ "the stale check is dropped", "no-stale-spte", "breaks no-stale-spte",
	  { 1, 2, 2, "anonymous memory, untouched" } },
};

static const struct mutant *mutant_of(const struct wrong *row)
{
	for (size_t i = 0; i < nr_mutants; i++)
		if (!strcmp(mutants[i].name, row->name) && !strcmp(mutants[i].law, row->law))
			return &mutants[i];
	fail_msg("no such mutant");
	return NULL;
}

static void one_wrong_thing_makes_a_difference(void **state)
{
	const struct wrong *row = *state;
	const struct mutant *mutant = mutant_of(row);
	struct mutant_patch patch;
	struct equiv *equiv;
	char why[128];

	assert_true(mutant_build(mutant, &patch, why, sizeof(why)));
	equiv = compare(mutant->base, &patch.patch, &row->bound);
	if (!difference(equiv, row->difference))
		fail_msg("not found: %s", row->difference);
	equiv_free(equiv);
}

static void release_and_mark(struct machine *m, struct task *t, bool used)
{
	if (t->follow.page != NO_PFN)
		page_set_dirty(m, t->follow.page);
	sem_v7_2.ops.gpc_release(m, t, used);
}

static void a_program_is_counted_once_for_what_differs_in_every_order(void **state)
{
	static const struct equiv_bound bound = { 1, 2, 2, "anonymous memory, untouched" };
	static const struct semantics_patch marks = {
		.name = "marks", .group = "mutant", .base = &sem_v7_2, .source = "none",
		.ops = { .gpc_release = release_and_mark } };
	struct equiv *equiv = compare(&sem_v7_2, &marks, &bound);
	const struct equiv_result *r = equiv_result(equiv);

	(void)state;
	assert_int_equal(arrlenu(r->differences), 1);
	assert_string_equal(r->differences[0].text, "page's dirty: 0, then 1");
	assert_int_equal(r->differences[0].programs, r->pairs[0].differing);
	equiv_free(equiv);
}

static void the_refactoring_of_patch_3_is_found_to_change_something(void **state)
{
	static const struct equiv_bound bound = { 1, 1, 2, "read-only memslot; NPT" };
	struct equiv *equiv = compare(semantics_find("v11-p2"), semantics_find("v11-p3"), &bound);
	const struct equiv_difference *d = difference(equiv, "entry's W: 0, then 1");
	char program[100];

	(void)state;
	assert_non_null(d);
	equiv_program_text(equiv, &d->program, program, sizeof(program));
	assert_string_equal(program, "read 0x200000");
	assert_non_null(difference(equiv, "guest's access: mmio, then ok"));
	equiv_free(equiv);
}

/* Up to 3/8 a read warns twice, once when the page is released: that is no difference. */
static void a_warning_that_is_given_twice_is_one(void **state)
{
	static const struct equiv_bound bound = { 1, 1, 2, "idle ZONE_DEVICE, VM_PFNMAP, read" };
	struct equiv *equiv = compare(semantics_find("v11-p3"), semantics_find("v11-p4"), &bound);

	(void)state;
	assert_non_null(difference(equiv, "warns or dies in kvm_is_zone_device_page"));
	assert_null(difference(equiv, "no longer warns or dies in kvm_is_zone_device_page"));
	equiv_free(equiv);
}

static void what_shortens_a_program_is_not_looked_for_again(void **state)
{
	static const struct equiv_bound bound = { 1, 1, 2, "a BAR, VM_PFNMAP; NPT" };
	struct equiv *equiv = compare(semantics_find("v6.1"), semantics_find("v6.1"), &bound);
	const struct equiv_result *r = equiv_result(equiv);

	(void)state;
	assert_int_not_equal(r->repeated, 0);	/* host-read twice */
	assert_true(r->programs < r->states * 60);
	equiv_free(equiv);
}

/* ---- the command ---- */

static int exit_code(const char *arguments)
{
	char command[2000];

	snprintf(command, sizeof(command), "%.600s %.1000s >/dev/null 2>&1", getenv("PFNSIM"),
		 arguments);
	return WEXITSTATUS(system(command));
}

static const struct use { const char *arguments; int code; } uses[] = {
	{ "equiv v6.8 v6.8 --only 'hugetlb; NPT' -b actors=1", 0 },
	{ "equiv v11-p2 v11-p3 --only 'read-only memslot; NPT' -b actors=1,events=1", 1 },
	{ "equiv --chain v11-p0,v11-p1,v11-p2 --json --only hugetlb -b actors=1,events=1", 1 },
	{ "equiv v6.8 v6.9", 2 },
	{ "equiv v6.8", 2 },
	{ "equiv v6.8 v7.2 --bound pages=9", 2 },
	{ "equiv v6.8 v7.2 --bound seconds=9", 2 },
	{ "equiv v6.8 v7.2 --only nothing-of-the-kind", 2 },
	{ "equiv v6.8 v7.2 --format prose", 2 },
	{ "equiv --alphabet", 0 },
};

static void the_exit_code_says_whether_they_are_equal(void **state)
{
	const struct use *row = *state;

	assert_int_equal(exit_code(row->arguments), row->code);
}

/* It names the two semantics, and expects of each what it does. */
static void check_trace(const char *folder, const char *name)
{
	char command[1000], path[600], line[200], a[40] = "", b[40] = "";
	bool has_threads = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		has_threads |= !strncmp(line, "thread ", 7);
		sscanf(line, "source \"found by pfnsim equiv %39s %39[^\"]", a, b);
	}
	fclose(file);
	snprintf(command, sizeof(command), "%s --semantics %s,%s %s",
		 has_threads ? "explore" : "replay", a, b, path);
	if (exit_code(command))
		fail_msg("%s", name);
}

static unsigned check_traces(const char *folder, bool remove)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[600];
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		check_trace(folder, entry->d_name);
		snprintf(path, sizeof(path), "%.300s/%.200s", folder, entry->d_name);
		if (remove)
			unlink(path);
		n++;
	}
	closedir(dir);
	return n;
}

static void each_difference_is_a_trace_that_shows_it(void **state)
{
	char folder[] = "/tmp/pfnsim-equiv-XXXXXX", command[400];
	unsigned n;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "equiv v11-p7 v11-p8 --only 'PG_reserved page, VM_M' "
		 "-b actors=1,events=2 -o %s", folder);
	assert_int_equal(exit_code(command), 1);
	snprintf(command, sizeof(command), "equiv v11-p7 v11-p8 --only 'memory, untouched' -o %s",
		 folder);
	assert_int_equal(exit_code(command), 1);
	n = check_traces(folder, true);
	rmdir(folder);
	assert_true(n >= 2);
}

static void the_traces_of_the_review_come_out_as_they_say(void **state)
{
	char folder[600];

	(void)state;
	snprintf(folder, sizeof(folder), "%.500s/docs/review/v11", getenv("PFNSIM_SOURCE"));
	assert_true(check_traces(folder, false) > 50);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_semantics_equals_itself, sames);
	LIST_ROWS(&list, one_wrong_thing_makes_a_difference, wrongs);
	LIST_TEST(&list, a_program_is_counted_once_for_what_differs_in_every_order);
	LIST_TEST(&list, the_refactoring_of_patch_3_is_found_to_change_something);
	LIST_TEST(&list, a_warning_that_is_given_twice_is_one);
	LIST_TEST(&list, what_shortens_a_program_is_not_looked_for_again);
	LIST_ROWS(&list, the_exit_code_says_whether_they_are_equal, uses);
	LIST_TEST(&list, each_difference_is_a_trace_that_shows_it);
	LIST_TEST(&list, the_traces_of_the_review_come_out_as_they_say);
	return list_run(&list, "equiv");
}
