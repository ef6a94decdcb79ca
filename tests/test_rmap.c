// SPDX-License-Identifier: GPL-2.0-only
/* The MMU with rmaps, and shadow paging: tables, roots, entries; and hardware's walk of them. */
#include <string.h>

#include "model/path.h"
#include "model/rmap.h"
#include "model/shadow.h"
#include "model/spte.h"
#include "model/walker.h"
#include "sim/vm.h"
#include "tests/support.h"

static const struct vm_config configs[] = {
	[MMU_RMAP] = { .mmu = MMU_RMAP, .ad = true, .zero_pfn = NO_PFN, .first_frame = FIRST_FRAME,
		       .code_gpa = NO_PFN },
	[MMU_SHADOW] = { .mmu = MMU_SHADOW, .ad = true, .zero_pfn = NO_PFN,
			 .first_frame = FIRST_FRAME, .code_gpa = NO_PFN },
};

static struct vm *vm_with(const char *semantics, enum mmu_kind mmu)
{
	struct vm *vm = vm_new(semantics_find(semantics), &configs[mmu]);

	shadow_limit(&vm->m, 64);
	vm_begin_event(vm, 1);
	return vm;
}

static unsigned zapped(const struct vm *vm)
{
	unsigned n = 0;

	for (size_t i = 0; i < vm->nr_notes; i++)
		if (vm->notes[i].note.kind == NOTE_STAT &&
		    !strcmp(vm->notes[i].note.name, "mmu_shadow_zapped"))
			n += vm->notes[i].note.value;
	return n;
}

/* As direct_map() does; @pfn is not memory, so that no page is looked at. */
static struct pt_leaf map(struct vm *vm, pfn_t root, gfn_t gfn, pfn_t pfn)
{
	struct spte_args args = { .pfn = pfn, .level = 1, .write = true, .exec = true,
				  .host_writable = true, .ad = true, .mmio = true };
	struct machine *m = &vm->m;
	struct pt_leaf at;

	while ((at = vm->sem.ops.walk(m, root, gfn)).level > 1)
		shadow_link(m, &at, shadow_get(m, at.first, at.level - 1));
	rmap_set_spte(m, &at, &args, NO_SLOT);
	return vm->sem.ops.walk(m, root, gfn);
}

static void every_semantics_takes_every_mmu(void **state)
{
	static struct semantics sem;
	char why[128];

	(void)state;
	for (unsigned i = 0; all_semantics[i]; i++)
		for (unsigned mmu = 0; mmu < NR_MMU_KINDS; mmu++)
			if (!semantics_resolve_mmu(all_semantics[i], mmu, &sem, why, sizeof(why)))
				fail_msg("%s: %s", all_semantics[i]->name, why);
}

static void what_is_built_on_a_semantics_edits_the_steps_of_its_mmu(void **state)
{
	static const struct step_edit edits[] = {
		{ EDIT_DROP, PATH_FAULT, "prefetch_leaves", { 0 } }, { .verb = EDIT_END } };
	struct semantics_patch patch = { .name = "without", .base = semantics_find("v6.8"),
					 .edits = edits };
	static struct semantics sem;
	char why[128];

	(void)state;
	assert_true(semantics_resolve_mmu(&patch, MMU_RMAP, &sem, why, sizeof(why)));
	assert_false(semantics_resolve(&patch, &sem, why, sizeof(why)));
}

static void two_vcpus_share_the_root_of_nested_paging(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_RMAP);

	(void)state;
	assert_int_equal(shadow_load_root(&vm->m, 0), shadow_load_root(&vm->m, 1));
	assert_int_equal(vm->w.kvm.used_mmu_pages, 1);
	vm_free(vm);
}

static void two_vcpus_share_the_tables_below_their_pdpts(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_SHADOW);
	pfn_t first = pae_load_root(&vm->m, 0), second = pae_load_root(&vm->m, 1);

	(void)state;
	assert_int_not_equal(first, second);
	assert_int_equal(vm->w.kvm.used_mmu_pages, 4);
	map(vm, first, 0x40201, 0xfed00);
	assert_int_equal(pt_pfn(pae_walk(&vm->m, second, 0x40201).entry), 0xfed00);
	vm_free(vm);
}

static void a_root_in_use_is_zapped_at_once_and_freed_by_the_last_that_has_it(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_RMAP);
	pfn_t root = shadow_load_root(&vm->m, 0);

	(void)state;
	shadow_load_root(&vm->m, 1);
	map(vm, root, 0x200, 0xfed00);

	shadow_zap_all_fast(&vm->m);
	assert_int_equal(zapped(vm), 4);
	assert_false(page_is(&vm->m, root, PG_FREE));
	assert_int_not_equal(shadow_load_root(&vm->m, 0), root);
	assert_int_equal(zapped(vm), 4);
	assert_false(page_is(&vm->m, root, PG_FREE));
	shadow_load_root(&vm->m, 1);
	assert_int_equal(zapped(vm), 5);
	assert_true(page_is(&vm->m, root, PG_FREE));
	vm_free(vm);
}

static void no_root_is_loaded_while_mmu_lock_is_taken(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_SHADOW);

	(void)state;
	assert_true(lock_try_write(&vm->m, &vm->w.kvm.mmu_lock));
	assert_int_equal(pae_load_root(&vm->m, 0), NO_PFN);
	lock_release_write(&vm->m, &vm->w.kvm.mmu_lock);
	assert_int_not_equal(pae_load_root(&vm->m, 0), NO_PFN);
	vm_free(vm);
}

static void an_unmapped_range_loses_its_entries_and_no_others(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_RMAP);
	pfn_t root = shadow_load_root(&vm->m, 0);
	bool any[2] = { false, false };

	(void)state;
	map(vm, root, 0x1ff, 0xfed00);
	map(vm, root, 0x200, 0xfed01);
	map(vm, root, 0x201, 0xfed02);

	rmap_unmap_range(&vm->m, 0x200, 0x201, any);
	assert_true(any[0]);
	assert_true(vm->sem.ops.walk(&vm->m, root, 0x1ff).present);
	assert_false(vm->sem.ops.walk(&vm->m, root, 0x200).present);
	assert_true(vm->sem.ops.walk(&vm->m, root, 0x201).present);
	any[0] = false;
	rmap_unmap_range(&vm->m, 0x200, 0x201, any);
	assert_false(any[0]);
	vm_free(vm);
}

static void write_protection_leaves_mmu_writable_but_for_good(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_RMAP);
	const struct spte_format *format = &spte_npt_6_1;
	pfn_t root = shadow_load_root(&vm->m, 0);
	struct rmap_range range = { 0x200, 0x201, 1, 1 };
	u64 entry = map(vm, root, 0x200, 0xfed00).entry;

	(void)state;
	rmap_rearm(&vm->m, 0x200);
	assert_int_equal(vm->sem.ops.walk(&vm->m, root, 0x200).entry, entry & ~format->write);
	rmap_write_protect(&vm->m, range, true);
	assert_int_equal(vm->sem.ops.walk(&vm->m, root, 0x200).entry,
			 entry & ~(format->write | format->mmu_writable));
	vm_free(vm);
}

static void the_oldest_tables_go_when_there_are_no_more(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_RMAP);
	pfn_t root = shadow_load_root(&vm->m, 0);

	(void)state;
	for (gfn_t i = 0; i < 57; i++) {
		assert_true(shadow_make_available(&vm->m));
		map(vm, root, i * 512, 0xfed00 + i);
	}
	assert_int_equal(vm->w.kvm.used_mmu_pages, 60);
	assert_int_equal(zapped(vm), 0);

	/* 4 are left: 25 - 4 go, the two upper tables first, and their children are found again. */
	assert_true(shadow_make_available(&vm->m));
	assert_int_equal(zapped(vm), 21);
	assert_false(vm->sem.ops.walk(&vm->m, root, 0).present);
	map(vm, root, 56 * 512 + 1, 0xfee00);
	assert_int_equal(pt_pfn(vm->sem.ops.walk(&vm->m, root, 56 * 512).entry), 0xfed00 + 56);
	vm_free(vm);
}

/* ---- hardware: PAE paging ---- */

static const struct pae_walk_row {
	const char *name;
	u64 set, clear;		/* in the leaf */
	unsigned access;
	u8 result;
	u64 code;		/* #PF */
} pae_walks[] = {
	{ "a_read_is_allowed", 0, 0, WALK_READ, WALK_OK, 0 },
	{ "a_write_is_allowed", 0, 0, WALK_WRITE, WALK_OK, 0 },
	{ "a_fetch_is_allowed", 0, 0, WALK_EXEC, WALK_OK, 0 },
	{ "an_absent_leaf", 0, BIT(0), WALK_READ, WALK_VIOLATION, 0 },
	{ "a_write_to_an_absent_leaf", 0, BIT(0), WALK_WRITE, WALK_VIOLATION, 2 },
	{ "a_fetch_from_an_absent_leaf", 0, BIT(0), WALK_EXEC, WALK_VIOLATION, 0x10 },
	{ "a_write_without_w", 0, BIT(1), WALK_WRITE, WALK_VIOLATION, 3 },
	{ "a_fetch_with_nx", BIT(63), 0, WALK_EXEC, WALK_VIOLATION, 0x11 },
	{ "an_mmio_entry", BIT(51), 0, WALK_READ, WALK_MISCONFIG, 9 },
	{ "a_bit_that_pae_reserves", BIT(59), 0, WALK_WRITE, WALK_MISCONFIG, 0xb },
};

static void pae_hardware_says(void **state)
{
	const struct pae_walk_row *row = *state;
	struct vm *vm = vm_with("v6.8", MMU_SHADOW);
	pfn_t root = pae_load_root(&vm->m, 0);
	struct pt_leaf at = map(vm, root, 0x40201, 0xfed00);
	struct walk walk;

	pt_set_entry(&vm->m, at.table, 0x40201, 1, (at.entry | row->set) & ~row->clear);
	walk = hardware_walk(&vm->m, root, 0x40201, row->access);

	assert_int_equal(walk.result, row->result);
	assert_int_equal(walk.qualification, row->code);
	assert_true(walk.result != WALK_OK || walk.pfn == 0xfed00);
	vm_free(vm);
}

static void pae_hardware_sets_a_and_for_a_write_d(void **state)
{
	struct vm *vm = vm_with("v6.8", MMU_SHADOW);
	pfn_t root = pae_load_root(&vm->m, 0);
	struct pt_leaf at = map(vm, root, 0x200, 0xfed00);
	u64 clean = at.entry & ~(BIT(5) | BIT(6));

	(void)state;
	pt_set_entry(&vm->m, at.table, 0x200, 1, clean);
	hardware_walk(&vm->m, root, 0x200, WALK_READ);
	assert_int_equal(pt_entry(&vm->m, at.table, 0x200, 1), clean | BIT(5));
	hardware_walk(&vm->m, root, 0x200, WALK_WRITE);
	assert_int_equal(pt_entry(&vm->m, at.table, 0x200, 1), clean | BIT(5) | BIT(6));
	vm_free(vm);
}

int main(void)
{
	static struct test_list list;

	LIST_TEST(&list, every_semantics_takes_every_mmu);
	LIST_TEST(&list, what_is_built_on_a_semantics_edits_the_steps_of_its_mmu);
	LIST_TEST(&list, two_vcpus_share_the_root_of_nested_paging);
	LIST_TEST(&list, two_vcpus_share_the_tables_below_their_pdpts);
	LIST_TEST(&list, a_root_in_use_is_zapped_at_once_and_freed_by_the_last_that_has_it);
	LIST_TEST(&list, no_root_is_loaded_while_mmu_lock_is_taken);
	LIST_TEST(&list, an_unmapped_range_loses_its_entries_and_no_others);
	LIST_TEST(&list, write_protection_leaves_mmu_writable_but_for_good);
	LIST_TEST(&list, the_oldest_tables_go_when_there_are_no_more);
	LIST_ROWS(&list, pae_hardware_says, pae_walks);
	LIST_TEST(&list, pae_hardware_sets_a_and_for_a_write_d);
	return list_run(&list, "rmap");
}
