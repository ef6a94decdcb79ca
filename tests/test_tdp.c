// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TDP MMU's tables: which of them go with a range, and how many levels there are.
 *
 * Linux: arch/x86/kvm/mmu/tdp_mmu.c, 5.12:zap_gfn_range(), 6.1:tdp_mmu_zap_leafs();
 * arch/x86/kvm/mmu/mmu.c:kvm_mmu_get_tdp_level().
 */
#include <string.h>

#include "model/host_mm.h"
#include "model/rmap.h"
#include "model/tdp.h"
#include "tests/support.h"

enum { PAGES = 1024, HVA = 0x40000000, SLOT = 0x400 };

/* Two tables of 4K leaves, one leaf in each, and an MMIO entry beside the first. */
static struct machine *machine_mapped(const char *semantics)
{
	struct machine *m = machine_new(semantics, EPT);

	add_vma(m, HVA, PAGES, VM_READ | VM_WRITE);
	add_slot(m, 1, SLOT, PAGES, HVA, 0);
	guest_access(m, ACCESS_READ, (SLOT + 1) << PAGE_SHIFT, 0);
	guest_access(m, ACCESS_READ, (SLOT + 513) << PAGE_SHIFT, 0);
	return m;
}

static unsigned level_of(struct machine *m, gfn_t gfn)
{
	return tdp_walk(m, m->w->vcpu[0].root, gfn).level;
}

static const struct zap_row {
	const char *name, *semantics;
	gfn_t start, end;
	u8 first, second;	/* where walks end afterwards */
} zaps[] = {
	{ "v5.12, the first 2M", "v5.12", SLOT, SLOT + 512, 2, 1 },
	{ "v5.12, all but the last page", "v5.12", SLOT, SLOT + 1023, 2, 1 },
	{ "v5.12, from the second page on", "v5.12", SLOT + 1, SLOT + 1024, 1, 2 },
	{ "v5.12, the 1G around it", "v5.12", 0, 0x40000, 3, 3 },
	{ "v5.12, the 512G around it", "v5.12", 0, 0x8000000, 4, 4 },
	{ "v6.1, the 512G around it", "v6.1", 0, 0x8000000, 1, 1 },
	{ "v7.2, the 512G around it", "v7.2", 0, 0x8000000, 1, 1 },
};

static void tables_go_with_all_that_they_map_up_to_5_12(void **state)
{
	const struct zap_row *row = *state;
	struct machine *m = machine_mapped(row->semantics);
	bool zapped[2] = { false, false };

	m->sem->ops.zap_gfns(m, row->start, row->end, zapped);

	assert_true(zapped[0]);
	assert_false(zapped[1]);
	assert_int_equal(level_of(m, SLOT + 1), row->first);
	assert_int_equal(level_of(m, SLOT + 513), row->second);
	machine_free(m);
}

static void a_table_without_leaves_is_something_to_flush_in_5_12(void **state)
{
	const struct zap_row *row = *state;
	struct machine *m = machine_mapped(row->semantics);
	bool zapped[2] = { false, false }, again[2] = { false, false };

	m->sem->ops.zap_gfns(m, SLOT + 1, SLOT + 2, zapped);
	m->sem->ops.zap_gfns(m, SLOT, SLOT + 512, again);

	assert_true(zapped[0]);
	assert_int_equal(again[0], !strcmp(row->semantics, "v5.12"));
	machine_free(m);
}

/* ---- 1G: where the host maps a BAR by a PUD ---- */

enum { BAR = 0x80000, GIGABYTE = 0x40000 };

static struct machine *machine_with_pud(const char *semantics, enum mmu_kind mmu, gfn_t gfn)
{
	static const pfn_t used[] = { BAR, BAR + 0x12200, BAR + 0x12345, BAR + 0x12346 };
	struct machine *m = machine_new_mmu(semantics, mmu);

	add_vma(m, HVA, GIGABYTE, VM_READ | VM_WRITE | VM_SHARED | VM_PFNMAP | VM_IO);
	host_set_leaf(m, HVA, 3, (u64)BAR << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED |
		      PTE_DIRTY | PTE_SPECIAL | PTE_HUGE);
	for (unsigned i = 0; i < ARRAY_SIZE(used); i++)
		pages_init(m, ALLOC_MMIO, used[i], 0, OWNER_DRIVER);
	add_slot(m, 1, gfn, GIGABYTE, HVA, 0);
	m->w->kvm.max_mmu_pages = 64;
	return m;
}

static const struct pud_row {
	const char *name, *semantics;
	enum mmu_kind mmu;
	gfn_t gfn;
	u8 level;
} puds[] = {
	{ "6.12", "v6.12", MMU_TDP, GIGABYTE, 3 },
	{ "7.2", "v7.2", MMU_TDP, GIGABYTE, 3 },
	{ "7.2, off by 2M", "v7.2", MMU_TDP, GIGABYTE + 512, 2 },
	{ "7.2, off by 4K", "v7.2", MMU_TDP, GIGABYTE + 1, 1 },
	{ "6.12, rmaps", "v6.12", MMU_RMAP, GIGABYTE, 3 },
	{ "7.2, rmaps", "v7.2", MMU_RMAP, GIGABYTE, 3 },
	{ "7.2, rmaps, off by 2M", "v7.2", MMU_RMAP, GIGABYTE + 512, 2 },
	{ "7.2, shadow paging of a guest without", "v7.2", MMU_SHADOW, GIGABYTE, 2 },
	{ "6.12, shadow paging, off by 4K", "v6.12", MMU_SHADOW, GIGABYTE + 1, 1 },
};

static void a_pud_is_a_leaf_of_1g_where_memslot_and_paging_allow_it(void **state)
{
	const struct pud_row *row = *state;
	struct machine *m = machine_with_pud(row->semantics, row->mmu, row->gfn);
	gfn_t gfn = row->gfn + 0x12345;
	struct pt_leaf leaf;

	guest_access(m, ACCESS_READ, gfn << PAGE_SHIFT, 0);

	leaf = m->sem->ops.walk(m, m->w->vcpu[0].root, gfn);
	assert_true(leaf.present);
	assert_int_equal(leaf.level, row->level);
	assert_int_equal(pt_pfn(leaf.entry), (BAR + 0x12345) & ~(level_pages(row->level) - 1));
	assert_int_equal(violations_of(m, NULL), 0);
	machine_free(m);
}

static void a_leaf_of_1g_becomes_one_of_2m_and_one_of_4k_for_a_write_that_is_logged(void **state)
{
	const struct pud_row *row = *state;
	struct machine *m = machine_with_pud(row->semantics, row->mmu, row->gfn);
	gfn_t gfn = row->gfn + 0x12345;
	struct pt_leaf other;
	pfn_t root;

	guest_access(m, ACCESS_READ, gfn << PAGE_SHIFT, 0);
	root = m->w->vcpu[0].root;
	for (unsigned i = 0; i < 2 * MAX_SLOTS; i++)
		m->w->kvm.slots[i].flags |= KVM_MEM_LOG_DIRTY_PAGES;
	if (row->mmu == MMU_TDP)
		tdp_write_protect(m, row->gfn, row->gfn + GIGABYTE, 1);
	else
		rmap_write_protect(m, (struct rmap_range){ row->gfn, row->gfn + GIGABYTE, 1, 3 },
				   false);
	tlb_flush_all(m);
	guest_access(m, ACCESS_WRITE, gfn << PAGE_SHIFT, 7);

	assert_int_equal(m->sem->ops.walk(m, root, gfn).level, 1);
	/* the TDP MMU splits it in place, with rmaps the rest goes */
	other = m->sem->ops.walk(m, root, gfn + 512);
	assert_int_equal(other.present, row->mmu == MMU_TDP && row->level == 3);
	assert_true(!other.present || other.level == 2);
	machine_free(m);
}

/* ---- how many levels ---- */

static const struct level_row {
	const char *name;
	bool ept, five_levels;
	u8 physical_bits, guest_bits, levels;
} levels[] = {
	{ "EPT, nothing said", true, false, 0, 0, 4 },
	{ "EPT of 5 levels, 46 bits", true, true, 46, 0, 4 },
	{ "EPT of 5 levels, 48 bits", true, true, 48, 0, 4 },
	{ "EPT of 5 levels, 49 bits", true, true, 49, 0, 5 },
	{ "EPT of 5 levels, 52 bits", true, true, 52, 0, 5 },
	{ "EPT of 5 levels, 52 bits, a guest of 48", true, true, 52, 48, 4 },
	{ "EPT of 5 levels, 46 bits, a guest of 52", true, true, 46, 52, 5 },
	{ "EPT of 4 levels, 52 bits", true, false, 52, 0, 4 },
	{ "NPT, nothing said", false, false, 0, 0, 4 },
	{ "NPT on a host of 5 levels, 46 bits", false, true, 46, 0, 5 },
	{ "NPT on a host of 5 levels, a guest of 36 bits", false, true, 51, 36, 5 },
	{ "NPT on a host of 4 levels, 51 bits", false, false, 51, 0, 4 },
};

static void levels_are_what_the_guest_needs_or_with_npt_the_hosts(void **state)
{
	const struct level_row *row = *state;
	struct machine *m = machine_new("v6.1", row->ept ? EPT : NPT);

	m->w->config.five_levels = row->five_levels;
	m->w->config.physical_bits = row->physical_bits;
	m->w->config.guest_bits = row->guest_bits;

	assert_int_equal(tdp_root_level(m), row->levels);
	assert_int_equal(tdp_walk(m, tdp_load_root(m, 0), 0x10000).level, row->levels);
	machine_free(m);
}

static void passes_of_a_root_of_5_levels_are_1g_and_the_root(void **state)
{
	struct machine *m = machine_new("v6.1", EPT);
	gfn_t gfn = (gfn_t)3 << 36 | 5 << 18;
	pfn_t root;

	(void)state;
	m->w->config.five_levels = true;
	m->w->config.physical_bits = 52;
	add_vma(m, HVA, 1, VM_READ | VM_WRITE);
	add_slot(m, 1, gfn, 1, HVA, 0);
	guest_access(m, ACCESS_WRITE, gfn << PAGE_SHIFT, 7);
	root = m->w->vcpu[0].root;
	assert_int_equal(tdp_walk(m, root, gfn).level, 1);
	assert_int_equal(m->phys->next(m->phys, root, 0), 3);

	tdp_zap_all(m);

	assert_int_equal(tdp_walk(m, root, gfn).level, 5);
	assert_int_equal(m->phys->next(m->phys, root, 0), WORDS_PER_PAGE);
	assert_int_equal(violations_of(m, NULL), 0);
	machine_free(m);
}

/* shadow_nonpresent_or_rsvd_mask: 5 bits below x86_cache_bits, where there is the bug */
static void no_processor_of_more_than_46_bits_hides_the_gpa_of_an_mmio_entry(void **state)
{
	struct machine *m = machine_new("v6.1", EPT);
	gfn_t gfn = (gfn_t)0xabcde << 20;

	(void)state;
	m->w->config.five_levels = true;
	m->w->config.physical_bits = 52;
	guest_access(m, ACCESS_READ, gfn << PAGE_SHIFT, 0);

	assert_true(tdp_walk(m, m->w->vcpu[0].root, gfn).entry == (gfn << PAGE_SHIFT | 6));
	machine_free(m);
}

/* ---- aging, and tables that go ---- */

static const struct age_row { const char *name; bool cleans; } ages[] = {
	{ "v5.11", true }, { "v5.12", true }, { "v6.1", false }, { "v6.8", false },
	{ "v11", false }, { "v6.12", false }, { "v7.2", false },
};

static void the_tdp_mmu_takes_d_with_a_up_to_5_12_and_marks_the_page(void **state)
{
	const struct age_row *row = *state;
	struct machine *m = machine_new(row->name, EPT);
	const struct spte_format *format = spte_format_of(m);
	struct pt_leaf used, old;

	add_vma(m, HVA, 1, VM_READ | VM_WRITE);
	add_slot(m, 1, SLOT, 1, HVA, 0);
	guest_access(m, ACCESS_WRITE, (gpa_t)SLOT << PAGE_SHIFT, 7);
	used = tdp_walk(m, m->w->vcpu[0].root, SLOT);
	page_of(m, pt_pfn(used.entry))->flags &= ~(u32)PG_DIRTY;
	assert_true(tdp_age_range(m, SLOT, SLOT + 1));

	old = tdp_walk(m, m->w->vcpu[0].root, SLOT);
	assert_true((used.entry ^ old.entry) ==
		    (format->accessed | (row->cleans ? format->dirty : 0)));
	assert_int_equal(!!page_is(m, pt_pfn(used.entry), PG_DIRTY), row->cleans);
	machine_free(m);
}

static unsigned nr_frozen;

static void count_frozen(struct journal *journal, const struct note *note)
{
	(void)journal;
	nr_frozen += note->kind == NOTE_SPTE && note->level == 1;
}

/* Held for writing, mmu_lock lets nobody install anything: what is not present stays as it is. */
static void entries_that_are_not_present_are_frozen_where_mmu_lock_is_shared(void **state)
{
	const struct zap_row *row = *state;
	struct machine *m = machine_mapped(row->semantics);
	struct journal journal = { .note = count_frozen };
	struct pt_leaf at = tdp_walk(m, m->w->vcpu[0].root, SLOT + 1);
	struct lock *mmu_lock = &m->w->kvm.mmu_lock;
	bool exclusive = row->start == SLOT;

	at.table = m->w->vcpu[0].root;
	for (unsigned level = PT_LEVELS; level > 2; level--)
		at.table = pt_pfn(tdp_entry(m, at.table, SLOT, level));
	m->journal = &journal;
	nr_frozen = 0;
	assert_true(exclusive ? lock_try_write(m, mmu_lock) : lock_try_read(m, mmu_lock));
	tdp_set_spte(m, at.table, SLOT, 2, spte_format_of(m)->nonpresent);

	assert_int_equal(nr_frozen, exclusive ? 1 : WORDS_PER_PAGE);
	m->journal = NULL;
	machine_free(m);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, tables_go_with_all_that_they_map_up_to_5_12, zaps);
	LIST_ROWS(&list, a_table_without_leaves_is_something_to_flush_in_5_12, zaps);
	LIST_ROWS(&list, a_pud_is_a_leaf_of_1g_where_memslot_and_paging_allow_it, puds);
	LIST_ROWS(&list, a_leaf_of_1g_becomes_one_of_2m_and_one_of_4k_for_a_write_that_is_logged,
		  puds);
	LIST_ROWS(&list, levels_are_what_the_guest_needs_or_with_npt_the_hosts, levels);
	LIST_TEST(&list, passes_of_a_root_of_5_levels_are_1g_and_the_root);
	LIST_TEST(&list, no_processor_of_more_than_46_bits_hides_the_gpa_of_an_mmio_entry);
	LIST_ROWS(&list, the_tdp_mmu_takes_d_with_a_up_to_5_12_and_marks_the_page, ages);
	LIST_ROWS(&list, entries_that_are_not_present_are_frozen_where_mmu_lock_is_shared, zaps);
	return list_run(&list, "tdp");
}
