// SPDX-License-Identifier: GPL-2.0-only
/*
 * No law is green by vacuity: each is broken by a mutant of a kernel, or by a kernel as shipped, in
 * a script in which the kernel without the fault breaks none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mutants.h"
#include "tests/mutation.h"
#include "tests/stories.h"
#include "tests/support.h"

/* ---- mutants ---- */

static void a_mutant_breaks_its_law_and_its_base_breaks_none(void **state)
{
	const struct mutant *mutant = *state;
	const struct script *script = script_named(mutant->story);
	struct mutant_patch built;
	struct telling base, telling;
	char why[128] = "";

	if (!mutant_build(mutant, &built, why, sizeof(why)))
		fail_msg("%s: %s", mutant->name, why);
	tell(script, mutant->base, NULL, &base);
	tell(script, &built.patch, NULL, &telling);

	if (telling_broke(&base, NULL))
		fail_msg("%s itself breaks %s in %s", mutant->base->name,
			 telling_broke(&base, NULL)->v.law->id, mutant->story);
	if (!telling_broke(&telling, mutant->law))
		fail_msg("%s is kept in %s; broken: %s", mutant->law, mutant->story,
			 telling_broke(&telling, NULL) ? telling_broke(&telling, NULL)->v.law->id :
							 "nothing");
	assert_false(telling.refused && !base.refused && telling.steps > telling.most_steps);
	telling_free(&base);
	telling_free(&telling);
}

/* ---- kernels as shipped ---- */

struct shipped {
	const char *name;
	const char *semantics, *law, *story;
	const char *clean;		/* breaks no law there; NULL: all break this one */
	u8 blame;
};

static const struct shipped shipped[] = {
	{ "get_page() resurrects a tail", "v5.12", "no-get-from-zero", "tail_read", "v6.1",
	  BLAME_KVM },
	{ "put_page() frees the driver's page", "v5.12", "no-free-of-owned", "tail_read", "v7.2",
	  BLAME_KVM },
	{ "the guest maps what was freed", "v5.12", "no-free-page-mapped", "tail_read", "v11",
	  BLAME_KVM },
	{ "the guest uses what was freed", "v5.12", "no-use-after-free", "tail_read", "v11-unsafe",
	  BLAME_KVM },
	{ "a block of which KVM has freed a part", "v5.12", "no-bad-free", "block_mapped", "v6.12",
	  BLAME_KVM },
	{ "a reserved page that GUP gave is leaked", "v6.1", "fault-balance", "reserved_inserted",
	  "v7.2", BLAME_KVM },
	{ "wrappers leak it under the series as well", "v11", "fault-balance",
	  "reserved_inserted", "v7.2", BLAME_KVM },
	{ "a page is no longer reserved when it is released", "v6.1", "no-put-by-non-owner",
	  "zap_before_lock_of_reserved", "v11", BLAME_KVM },
	{ "get_unless_zero takes the tail's count, put_page the head's", "v6.1",
	  "refs-match-holders", "tail_counted_by_its_driver", "v7.2", BLAME_KVM },
	{ "a stale fault marks what is free", "v11", "mark-only-alive", "free_before_lock", "v7.2",
	  BLAME_KVM },
	{ "patch 1/8 warns of it", "v11", "no-kernel-warning", "free_before_lock", "v6.8-rc3",
	  BLAME_KVM },
	{ "a read-only memslot over a writable BAR", "v11", "ro-slot-never-writable",
	  "read_only_slot_of_a_bar", "v6.8-rc3", BLAME_KVM },
	{ "steal time goes on to a page that was dropped", "v5.12", "steal-time-fresh",
	  "steal_time_dropped", "v6.1", BLAME_KVM },
	{ "a read-only leaf replaces a writable one", "v6.12", "no-stale-tlb",
	  "read_only_over_writable", "v7.2", BLAME_KVM },
	{ "a map of reserved memory holds nothing", "v6.1", "map-page-lives",
	  "free_while_kernel_maps", "v7.2", BLAME_KVM },
	{ "an unsafe map holds nothing", "v11-unsafe", "map-page-lives",
	  "free_while_kernel_maps_a_tail", "v11", BLAME_KVM },
	{ "a map of a BAR holds nothing", "v6.1", "unguarded-holds-ref", "bar_mapped", "v7.2",
	  BLAME_KVM },
	{ "a map of a reserved page is never put", "v6.1", "unmap-pairs-map", "reserved_inserted",
	  "v7.2", BLAME_KVM },
	{ "a stale fault touches what is free", "v11", "no-touch-when-stale", "free_before_lock",
	  "v6.8", BLAME_KVM },
	{ "a driver frees before it unmaps", "v6.1", "no-free-page-mapped", "free_while_mapped",
	  NULL, BLAME_DRIVER },
	{ "a driver frees before it unmaps", "v7.2", "no-use-after-free", "free_while_mapped",
	  NULL, BLAME_DRIVER },
};

static void a_shipped_kernel_breaks_the_law_where_another_keeps_all(void **state)
{
	const struct shipped *row = *state;
	const struct found_violation *found;
	struct telling telling;

	tell(script_named(row->story), semantics_find(row->semantics), NULL, &telling);
	found = telling_broke(&telling, row->law);
	if (!found)
		fail_msg("%s keeps %s in %s", row->semantics, row->law, row->story);
	assert_string_equal(blame_name(found->v.blame), blame_name(row->blame));
	telling_free(&telling);
	if (!row->clean)
		return;
	tell(script_named(row->story), semantics_find(row->clean), NULL, &telling);
	found = telling_broke(&telling, NULL);
	if (found)
		fail_msg("%s breaks %s in %s", row->clean, found->v.law->id, row->story);
	telling_free(&telling);
}

static void what_a_driver_does_too_early_breaks_it_under_every_kernel(void **state)
{
	struct telling telling;

	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(shipped); row++)
		for (unsigned i = 0; !shipped[row].clean && all_semantics[i]; i++) {
			tell(script_named(shipped[row].story), all_semantics[i], NULL, &telling);
			assert_non_null(telling_broke(&telling, shipped[row].law));
			telling_free(&telling);
		}
}

/* ---- all of them ---- */

static bool is_broken(const char *law)
{
	bool found = false;

	for (size_t i = 0; i < nr_mutants; i++)
		found |= !strcmp(mutants[i].law, law);
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		found |= !strcmp(shipped[i].law, law);
	for (size_t i = 0; i < nr_corpus_mutants; i++)	/* test_corpus runs them */
		found |= !strcmp(corpus_mutants[i].law, law);
	return found;
}

static void every_law_is_broken_by_some_kernel(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++)
		if (!laws[i].judged && !is_broken(laws[i].id))
			fail_msg("nothing breaks %s", laws[i].id);
}

static void every_violator_names_a_law(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_mutants; i++)
		assert_non_null(law_find(mutants[i].law));
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++)
		assert_non_null(law_find(shipped[i].law));
}

/* ---- what test_steps swaps and drops ---- */

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

int main(void)
{
	static struct test_list list;

	list_rows(&list, "a_mutant_breaks_its_law_and_its_base_breaks_none",
		  a_mutant_breaks_its_law_and_its_base_breaks_none, mutants, nr_mutants,
		  sizeof(*mutants));
	LIST_ROWS(&list, a_shipped_kernel_breaks_the_law_where_another_keeps_all, shipped);
	LIST_TEST(&list, what_a_driver_does_too_early_breaks_it_under_every_kernel);
	LIST_TEST(&list, every_law_is_broken_by_some_kernel);
	LIST_TEST(&list, every_violator_names_a_law);
	LIST_TEST(&list, every_operation_has_a_name);
	LIST_TEST(&list, every_trait_has_a_name);
	return list_run(&list, "mutants");
}
