// SPDX-License-Identifier: GPL-2.0-only
/* The table of semantics: each is complete, differs where it says so, and a bad one is refused. */
#include <stdio.h>
#include <string.h>

#include "model/path.h"
#include "model/sem.h"
#include "tests/stories.h"
#include "tests/support.h"

enum { MOST_SEMANTICS = 24, NR_OPS = sizeof(struct ops) / sizeof(void (*)(void)) };

typedef void (*op_fn)(void);

/* struct ops is an array of function pointers of one size. */
static op_fn op_of(const struct ops *ops, size_t i)
{
	op_fn op;

	memcpy(&op, (const char *)ops + i * sizeof(op), sizeof(op));
	return op;
}

static const struct semantics *resolved(const struct semantics_patch *patch)
{
	static struct semantics sem[2];
	static unsigned next;
	struct semantics *out = &sem[next++ % 2];
	char why[128] = "";

	if (!semantics_resolve(patch, out, why, sizeof(why)))
		fail_msg("%s: %s", patch->name, why);
	return out;
}

static const struct semantics_patch *patch_of(void **state)
{
	const char *const *name = *state;

	return semantics_find(*name);
}

/* ---- each one of all_semantics[] ---- */

static void it_resolves_without_a_word(void **state)
{
	struct semantics sem;
	char why[128] = "";

	assert_true(semantics_resolve(patch_of(state), &sem, why, sizeof(why)));

	assert_string_equal(why, "");
}

static void no_operation_is_missing(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));

	for (size_t i = 0; i < NR_OPS; i++)
		assert_non_null(op_of(&sem->ops, i));
}

static void both_formats_are_given(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));

	assert_non_null(sem->traits.ept);
	assert_non_null(sem->traits.npt);
}

static void every_path_has_steps_and_an_end(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));

	for (unsigned p = 0; p < NR_PATHS; p++) {
		unsigned n = 0;

		while (n <= MAX_STEPS && sem->path[p][n].name)
			n++;
		assert_in_range(n, 1, MAX_STEPS);
	}
}

static void every_step_runs_something_and_calls_a_path(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));

	for (unsigned p = 0; p < NR_PATHS; p++)
		for (const struct step *step = sem->path[p]; step->name; step++) {
			assert_non_null(step->run);
			assert_in_range(step->calls, 0, NR_PATHS - 1);
		}
}

static void no_path_has_two_steps_of_one_name(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));

	for (unsigned p = 0; p < NR_PATHS; p++)
		for (const struct step *a = sem->path[p]; a->name; a++)
			for (const struct step *b = a + 1; b->name; b++)
				assert_string_not_equal(a->name, b->name);
}

static void every_jump_lands_on_the_step_it_names(void **state)
{
	const struct semantics *sem = resolved(patch_of(state));
	unsigned jumps = 0;

	for (unsigned p = 0; p < NR_PATHS; p++)
		for (const struct step *step = sem->path[p]; step->name; step++) {
			if (!step->to)
				continue;
			assert_string_equal(sem->path[p][step->to_index].name, step->to);
			jumps++;
		}

	assert_int_not_equal(jumps, 0);
}

static void every_operation_it_overrides_is_another(void **state)
{
	const struct semantics_patch *patch = patch_of(state);

	if (!patch->base)
		return;
	for (size_t i = 0; i < NR_OPS; i++) {
		op_fn op = op_of(&patch->ops, i);

		if (op && op == op_of(&resolved(patch->base)->ops, i))
			fail_msg("operation %zu of %s is its base's", i, patch->name);
	}
}

static void the_traits_it_overrides_are_others(void **state)
{
	const struct semantics_patch *patch = patch_of(state);

	if (patch->base && patch->traits)
		assert_memory_not_equal(patch->traits, &resolved(patch->base)->traits,
					sizeof(*patch->traits));
}

/* The same without its edit number @leave. False: then another edit has no anchor any more. */
static bool resolve_without(const struct semantics_patch *patch, size_t leave,
			    struct semantics *out)
{
	struct semantics_patch less = *patch;
	struct step_edit edits[64];
	char why[128];
	size_t n = 0;

	for (size_t i = 0; patch->edits[i].verb != EDIT_END; i++) {
		assert_true(n + 1 < ARRAY_SIZE(edits));
		if (i != leave)
			edits[n++] = patch->edits[i];
	}
	edits[n] = (struct step_edit){ .verb = EDIT_END };
	less.edits = edits;
	return semantics_resolve(&less, out, why, sizeof(why));
}

static bool same_path(const struct step *a, const struct step *b)
{
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) || a->run != b->run || a->when != b->when ||
		    a->calls != b->calls || a->to_index != b->to_index || a->chain != b->chain)
			return false;
	return !a->name && !b->name;
}

static void every_edit_changes_its_path(void **state)
{
	const struct semantics_patch *patch = patch_of(state);
	const struct semantics *with = resolved(patch);
	static struct semantics without;

	for (size_t i = 0; patch->edits && patch->edits[i].verb != EDIT_END; i++) {
		unsigned path = patch->edits[i].path;

		if (resolve_without(patch, i, &without) &&
		    same_path(with->path[path], without.path[path]))
			fail_msg("edit %zu of %s changes nothing", i, patch->name);
	}
}

static void it_differs_from_its_base(void **state)
{
	const struct semantics_patch *patch = patch_of(state);
	bool differs = patch->traits || (patch->edits && patch->edits->verb != EDIT_END);

	for (size_t i = 0; i < NR_OPS; i++)
		differs |= !!op_of(&patch->ops, i);

	assert_true(differs);
}

static void it_is_found_by_its_names(void **state)
{
	const struct semantics_patch *patch = patch_of(state);

	assert_ptr_equal(semantics_find(patch->name), patch);
	if (patch->alias)
		assert_ptr_equal(semantics_find(patch->alias), patch);
	if (patch->table)
		assert_ptr_equal(semantics_find(patch->table), patch);
}

static void its_source_is_said_in_one_line(void **state)
{
	const struct semantics_patch *patch = patch_of(state);

	assert_in_range(strlen(patch->source), 20, 120);
	assert_null(strchr(patch->source, '\n'));
}

/* ---- all of them ---- */

static size_t words_of_all(const char **words)
{
	size_t n = 0;

	words[n++] = "all";
	words[n++] = "old";
	words[n++] = "new";
	words[n++] = "series";
	for (size_t i = 0; all_semantics[i]; i++) {
		words[n++] = all_semantics[i]->name;
		if (all_semantics[i]->alias)
			words[n++] = all_semantics[i]->alias;
		if (all_semantics[i]->table)
			words[n++] = all_semantics[i]->table;
	}
	return n;
}

static void no_word_means_two_things(void **state)
{
	const char *words[4 + 3 * MOST_SEMANTICS];
	size_t n = words_of_all(words);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(words[i], words[j]);
}

static void a_group_is_old_or_new_or_series_and_none_is_empty(void **state)
{
	unsigned old = 0, new = 0, series = 0, all = 0;

	(void)state;
	for (; all_semantics[all]; all++) {
		old += !strcmp(all_semantics[all]->group, "old");
		new += !strcmp(all_semantics[all]->group, "new");
		series += !strcmp(all_semantics[all]->group, "series");
	}

	assert_int_equal(old + new + series, all);
	assert_true(old && new && series);
}

static void a_base_is_in_the_list(void **state)
{
	(void)state;
	for (size_t i = 0; all_semantics[i]; i++) {
		const struct semantics_patch *base = all_semantics[i]->base;
		bool found = !base;

		for (size_t j = 0; all_semantics[j]; j++)
			found |= all_semantics[j] == base;
		assert_true(found);
	}
}

static void they_are_listed_in_order_of_history(void **state)
{
	static const char *const history[] = {
		"v5.11", "v5.12", "v6.1", "v6.8-rc3", "v11-p1", "v11-p2", "v11-p3", "v11-p4",
		"v11-p5", "v11-p6", "v11-p7", "v11", "v11-unsafe", "v6.8", "v11-on-v6.8",
		"v6.12", "v7.2", NULL
	};

	(void)state;
	for (size_t i = 0; history[i] || all_semantics[i]; i++)
		assert_string_equal(all_semantics[i]->name, history[i]);
}

static void an_unknown_name_is_not_found(void **state)
{
	(void)state;
	assert_null(semantics_find("v6"));
	assert_null(semantics_find(""));
	assert_null(semantics_find("old"));
}

/* ---- the order of the fault ---- */

/*
 * direct_page_fault() and kvm_tdp_page_fault(): the snapshot, the look-up, mmu_lock, the stale
 * check, the install; what differs is where the pre-checks and the release are.
 */
#define TO_SLOT		"decode_fault mmio_fault find_slot fast_page_fault fast_fix snapshot_seq " \
			"check_slot "
#define TO_SLOT_5_12	"decode_fault mmio_fault snapshot_seq check_slot "
#define TO_SLOT_6_12	"decode_fault mmio_fault find_slot fast_page_fault fast_fix snapshot_seq " \
			"exit_memory_fault check_slot "
#define PRIVATE		"exit_memory_fault faultin_gmem "
#define LOOKUP		"faultin_nowait try_async_pf faultin_wait take_result "
#define LOOKUP_7_2	"faultin_nowait try_async_pf faultin_wait note_refusal take_result "
#define INSTALL		"lock_mmu check_stale adjust_level link_table "
#define INSTALL_5_12	"lock_mmu check_stale refind_slot adjust_level link_table " \
			"install_leaf trace_leaf unlock_mmu release_fault_page finish_fault"
#define INSTALL_AND_RELEASE \
	INSTALL "install_leaf trace_leaf unlock_mmu release_fault_page finish_fault"

struct order {
	const char *name, *steps;
};

#define MARK_AND_UNLOCK	INSTALL "install_leaf trace_leaf mark_page_accessed unlock_mmu finish_fault"

static const struct order orders[] = {
	{ "v5.11", TO_SLOT_5_12 LOOKUP INSTALL_5_12 },
	{ "v5.12", TO_SLOT_5_12 LOOKUP INSTALL_5_12 },
	{ "v6.1", TO_SLOT LOOKUP INSTALL_AND_RELEASE },
	{ "v6.8-rc3", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p1", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p2", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p3", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p4", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p5", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p6", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11-p7", TO_SLOT PRIVATE LOOKUP INSTALL_AND_RELEASE },
	{ "v11", TO_SLOT PRIVATE LOOKUP MARK_AND_UNLOCK },
	{ "v11-unsafe", TO_SLOT PRIVATE LOOKUP MARK_AND_UNLOCK },
	{ "v6.8",
	  TO_SLOT "precheck_retry " PRIVATE LOOKUP "precheck_retry_again "
	  INSTALL_AND_RELEASE },
	{ "v11-on-v6.8",
	  TO_SLOT "precheck_retry " PRIVATE LOOKUP "precheck_retry_again "
	  MARK_AND_UNLOCK },
	{ "v6.12", TO_SLOT_6_12 "precheck_retry faultin_gmem " LOOKUP "precheck_retry_again "
	  INSTALL_AND_RELEASE },
	{ "v7.2",
	  TO_SLOT_6_12 "precheck_retry faultin_gmem " LOOKUP_7_2 "precheck_retry_again " INSTALL
	  "spurious_if_allowed install_leaf trace_leaf release_under_lock unlock_mmu "
	  "finish_fault" },
};

static void the_fault_goes_in_this_order(void **state)
{
	const struct order *order = *state;
	const struct semantics *sem = resolved(semantics_find(order->name));
	char steps[1024] = "";

	for (const struct step *step = sem->path[PATH_FAULT]; step->name; step++) {
		if (step != sem->path[PATH_FAULT])
			strcat(steps, " ");
		strncat(steps, step->name, sizeof(steps) - strlen(steps) - 2);
	}

	assert_string_equal(steps, order->steps);
}

static void every_semantics_has_its_order(void **state)
{
	size_t n = 0;

	(void)state;
	while (all_semantics[n])
		n++;

	assert_int_equal(n, ARRAY_SIZE(orders));
}

/* ---- when the look-up's reference goes, as a probe would see it ---- */

struct release {
	const char *name;
	int refs_after_lookup;	/* the host PTE's, and the look-up's */
	bool under_mmu_lock;
	int changes;		/* of the count, from mmu_lock to the end */
};

static const struct release releases[] = {
	{ "v5.11", 2, false, 1 },
	{ "v5.12", 2, false, 1 },
	{ "v6.1", 2, false, 1 },
	{ "v6.8-rc3", 2, false, 1 },
	{ "v11-p1", 2, false, 1 },
	{ "v11-p2", 2, false, 1 },
	{ "v11-p3", 2, false, 1 },
	{ "v11-p4", 2, false, 1 },
	{ "v11-p5", 2, false, 1 },
	{ "v11-p6", 2, false, 1 },
	{ "v11-p7", 2, false, 1 },
	{ "v11", 1, false, 0 },		/* given back inside the look-up */
	{ "v11-unsafe", 1, false, 0 },
	{ "v6.8", 2, false, 1 },
	{ "v11-on-v6.8", 1, false, 0 },
	{ "v6.12", 2, false, 1 },
	{ "v7.2", 2, true, 1 },
};

static const struct story anon_page = {
	"anon_page", "mmap m 4K\n" "host-write m 7\n" "memslot 1 gpa=0 hva=m size=4K\n"
	"f: read 0 until=lock_mmu\n" "resume f until=unlock_mmu\n" "resume f\n"
};

/* Notes of changes of a count that the last event left. */
static int ref_notes(const struct vm *vm)
{
	int n = 0;

	for (size_t i = 0; i < vm->nr_notes; i++)
		n += vm->notes[i].note.kind == NOTE_REF;
	return n;
}

static void the_fault_gives_its_page_back_there(void **state)
{
	const struct release *row = *state;
	struct script script;
	struct error error;
	struct outcome o;
	struct vm *vm;
	int notes = 0;

	script_of_story(&anon_page, &script);
	vm = vm_new(semantics_find(row->name), &script.config);
	for (size_t i = 0; i < script.nr_events; i++) {
		assert_true(event_run(vm, &script.events[i], &o, &error));
		if (i == 3)
			assert_int_equal(page_of(&vm->m, vm->w.task[0].follow.pfn)->refcount,
					 row->refs_after_lookup);
		if (i == 4) {
			notes = ref_notes(vm);
			assert_int_equal(notes, row->under_mmu_lock);
		}
	}
	notes += ref_notes(vm);

	assert_int_equal(notes, row->changes);
	vm_free(vm);
	script_free_events(&script);
}

/* ---- patches that are refused ---- */

static enum step_result no_step(struct machine *m, struct task *t)
{
	(void)m;
	(void)t;
	return STEP_NEXT;
}

#define NEW_STEP(n)		{ .name = n, .run = no_step }
#define APPEND			{ EDIT_APPEND, PATH_FAULT, NULL, NEW_STEP("one_too_many") }
#define APPEND_8		APPEND, APPEND, APPEND, APPEND, APPEND, APPEND, APPEND, APPEND
#define END			{ .verb = EDIT_END }

struct refusal {
	const char *name;
	const char *message;
	struct semantics_patch patch;
};

static const struct step long_path[] = {
	NEW_STEP("first_of_many"),
	[1 ... MAX_STEPS] = NEW_STEP("another"),
	{ 0 }
};

static const struct step *const long_paths[NR_PATHS] = { long_path };
static const struct step *const no_paths[NR_PATHS] = { NULL };
static const struct traits no_formats = { .pfnmap_huge = true };

#define EDITS(...)	(const struct step_edit[]){ __VA_ARGS__, END }

static const struct refusal refusals[] = {
	{ "insert before a step that is not there", "no such step to edit: nowhere",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_BEFORE, PATH_FAULT, "nowhere", NEW_STEP("new") }) } },
	{ "insert after a step of another path", "no such step to edit: gup_fast",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_AFTER, PATH_FAULT, "gup_fast", NEW_STEP("new") }) } },
	{ "replace a step that an earlier edit has dropped", "no such step to edit: check_stale",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_DROP, PATH_FAULT, "check_stale", { 0 } },
			   { EDIT_REPLACE, PATH_FAULT, "check_stale", NEW_STEP("new") }) } },
	{ "drop a step that the base has not", "no such step to edit: precheck_retry",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_DROP, PATH_FAULT, "precheck_retry", { 0 } }) } },
	{ "append more than a path can have", "path too long at step: one_too_many",
	  { .base = &sem_v6_1, .edits = EDITS(APPEND_8, APPEND_8, APPEND_8) } },
	{ "a root's path with more steps than there can be", "path too long at step: first_of_many",
	  { .paths = long_paths } },
	{ "drop a step that others go back to", "a step jumps nowhere: fast_mmio",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_DROP, PATH_ACCESS, "halt_for_page", { 0 } }) } },
	{ "a new step that goes back to another path's", "a step jumps nowhere: new",
	  { .base = &sem_v6_1,
	    .edits = EDITS({ EDIT_APPEND, PATH_FAULT, NULL,
			     { .name = "new", .run = no_step, .to = "gup_fast" } }) } },
	{ "a root without operations", "an operation is missing: bad",
	  { .paths = no_paths } },
	{ "traits without a format", "an SPTE format is missing: bad",
	  { .base = &sem_v6_1, .traits = &no_formats } },
};

static void it_is_refused_by_the_name_of_the_step(void **state)
{
	const struct refusal *row = *state;
	struct semantics_patch patch = row->patch;
	static struct semantics sem;
	char why[128] = "";

	patch.name = "bad";
	assert_false(semantics_resolve(&patch, &sem, why, sizeof(why)));

	assert_string_equal(why, row->message);
}

static void a_message_ends_where_its_buffer_does(void **state)
{
	static struct semantics sem;
	char why[8] = "xxxxxxx";

	(void)state;
	assert_false(semantics_resolve(&refusals[0].patch, &sem, why, 5));

	assert_string_equal(why, "no s");
	assert_int_equal(why[5], 'x');
}

int main(void)
{
	static const char *names[MOST_SEMANTICS];
	static struct test_list list;
	size_t n = 0;

	for (; all_semantics[n]; n++)
		names[n] = all_semantics[n]->name;
#define LIST_EACH(f)	list_rows(&list, #f, f, names, n, sizeof(*names))
	LIST_EACH(it_resolves_without_a_word);
	LIST_EACH(no_operation_is_missing);
	LIST_EACH(both_formats_are_given);
	LIST_EACH(every_path_has_steps_and_an_end);
	LIST_EACH(every_step_runs_something_and_calls_a_path);
	LIST_EACH(no_path_has_two_steps_of_one_name);
	LIST_EACH(every_jump_lands_on_the_step_it_names);
	LIST_EACH(every_operation_it_overrides_is_another);
	LIST_EACH(the_traits_it_overrides_are_others);
	LIST_EACH(every_edit_changes_its_path);
	LIST_EACH(it_differs_from_its_base);
	LIST_EACH(it_is_found_by_its_names);
	LIST_EACH(its_source_is_said_in_one_line);
	LIST_TEST(&list, no_word_means_two_things);
	LIST_TEST(&list, a_group_is_old_or_new_or_series_and_none_is_empty);
	LIST_TEST(&list, a_base_is_in_the_list);
	LIST_TEST(&list, they_are_listed_in_order_of_history);
	LIST_TEST(&list, an_unknown_name_is_not_found);
	LIST_ROWS(&list, the_fault_goes_in_this_order, orders);
	LIST_TEST(&list, every_semantics_has_its_order);
	LIST_ROWS(&list, the_fault_gives_its_page_back_there, releases);
	LIST_ROWS(&list, it_is_refused_by_the_name_of_the_step, refusals);
	LIST_TEST(&list, a_message_ends_where_its_buffer_does);
	return list_run(&list, "semantics");
}
