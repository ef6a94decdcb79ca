// SPDX-License-Identifier: GPL-2.0-only
/* One address space: VMAs, host page tables and what they count, drivers' arrays. */
#include "model/host_mm.h"
#include "tests/support.h"

#define HVA	((hva_t)0x7f0000000000)
#define SMALL	(PTE_PRESENT | PTE_USER | PTE_ACCESSED)

static u64 pte(pfn_t pfn, u64 bits)
{
	return pfn << PAGE_SHIFT | SMALL | bits;
}

/* ---- VMAs ---- */

static void vma_find_gives_the_vma_that_holds_the_address(void **state)
{
	struct machine *m = *state;
	struct vma *vma = add_vma(m, HVA, 4, VM_READ);

	assert_ptr_equal(vma_find(m, HVA), vma);
	assert_ptr_equal(vma_find(m, HVA + 4 * PAGE_SIZE - 1), vma);
	assert_null(vma_find(m, HVA + 4 * PAGE_SIZE));
	assert_null(vma_find(m, HVA - 1));
}

static void vma_find_from_gives_the_next_vma_by_address(void **state)
{
	struct machine *m = *state;
	struct vma *high = add_vma(m, HVA + 0x100000, 4, VM_READ);
	struct vma *low = add_vma(m, HVA, 4, VM_READ);

	assert_ptr_equal(vma_find_from(m, 0), low);
	assert_ptr_equal(vma_find_from(m, HVA + PAGE_SIZE), low);
	assert_ptr_equal(vma_find_from(m, HVA + 4 * PAGE_SIZE), high);
	assert_null(vma_find_from(m, HVA + 0x100000 + 4 * PAGE_SIZE));
}

static void vma_split_makes_the_address_a_boundary_and_keeps_the_object_offset(void **state)
{
	struct machine *m = *state;
	struct vma *low = vma_add(m, &(struct vma){ .start = HVA, .end = HVA + 8 * PAGE_SIZE,
						    .kind = VMA_DEVICE, .index = 100,
						    .flags = VM_READ | VM_PFNMAP });
	const struct vma *high;

	assert_true(vma_split(m, HVA + 3 * PAGE_SIZE));
	high = vma_find(m, HVA + 3 * PAGE_SIZE);

	assert_true(low->end == HVA + 3 * PAGE_SIZE);
	assert_int_equal(low->index, 100);
	assert_true(high->start == HVA + 3 * PAGE_SIZE);
	assert_true(high->end == HVA + 8 * PAGE_SIZE);
	assert_int_equal(high->index, 103);
	assert_int_equal(high->flags, VM_READ | VM_PFNMAP);
}

static void vma_split_where_there_is_a_boundary_changes_nothing(void **state)
{
	struct machine *m = *state;

	add_vma(m, HVA, 4, VM_READ);

	assert_true(vma_split(m, HVA));
	assert_true(vma_split(m, HVA + 4 * PAGE_SIZE));
	assert_int_equal(m->w->mm[0].nr_vmas, 1);
}

static void vma_split_fails_without_room_and_changes_nothing(void **state)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < MAX_VMAS; i++)
		add_vma(m, HVA + i * 0x10000, 2, VM_READ);

	assert_false(vma_split(m, HVA + PAGE_SIZE));
	assert_true(vma_find(m, HVA)->end == HVA + 2 * PAGE_SIZE);
}

static void vma_add_refuses_one_more_than_there_is_room_for(void **state)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < MAX_VMAS; i++)
		assert_non_null(add_vma(m, HVA + i * PAGE_SIZE, 1, VM_READ));

	assert_null(add_vma(m, HVA + MAX_VMAS * PAGE_SIZE, 1, VM_READ));
}

static void vma_remove_makes_room_and_leaves_no_trace(void **state)
{
	struct machine *m = *state;
	struct host_mm before = m->w->mm[0];
	struct vma *one = add_vma(m, HVA, 1, VM_READ);
	struct vma *two = add_vma(m, HVA + PAGE_SIZE, 1, VM_READ);

	vma_remove(m, one);
	assert_null(vma_find(m, HVA));
	assert_ptr_equal(vma_find(m, HVA + PAGE_SIZE), two);
	assert_ptr_equal(add_vma(m, HVA, 1, VM_READ), one);
	vma_remove(m, two);
	vma_remove(m, one);

	assert_memory_equal(&m->w->mm[0], &before, sizeof(before));
}

/* arch/x86/mm/pgprot.c:protection_map[]; what is private gets W by way of a fault */
static const struct prot_row {
	const char *name;
	u32 flags;
	u64 bits;
} prots[] = {
	{ "---p", 0, PTE_PROTNONE | PTE_ACCESSED },
	{ "r--p", VM_READ, SMALL | PTE_NX },
	{ "rw-p", VM_READ | VM_WRITE, SMALL | PTE_NX },
	{ "r-xp", VM_READ | VM_EXEC, SMALL },
	{ "rwxp", VM_READ | VM_WRITE | VM_EXEC, SMALL },
	{ "---s", VM_SHARED, PTE_PROTNONE | PTE_ACCESSED },
	{ "r--s", VM_SHARED | VM_READ, SMALL | PTE_NX },
	{ "rw-s", VM_SHARED | VM_READ | VM_WRITE, SMALL | PTE_NX | PTE_WRITE },
	{ "r-xs", VM_SHARED | VM_READ | VM_EXEC, SMALL },
	{ "rwxs", VM_SHARED | VM_READ | VM_WRITE | VM_EXEC, SMALL | PTE_WRITE },
};

static void vma_prot_bits_are_those_of_the_protection_map(void **state)
{
	const struct prot_row *row = *state;
	struct vma vma = { .flags = row->flags };

	assert_true(vma_prot_bits(&vma) == row->bits);
}

/* ---- page tables ---- */

static void host_leaf_of_an_address_space_without_tables_is_not_there(void **state)
{
	struct machine *m = *state;

	assert_false(host_leaf(m, HVA).present);
	assert_int_equal(host_leaf(m, HVA).entry, 0);
	assert_false(host_next_leaf(m, 0, HVA).present);
	assert_false(host_has_table(m, HVA));
}

static void host_leaf_reads_what_host_set_leaf_installed(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf;

	host_set_leaf(m, HVA + 0x3000, 1, pte(0x5000, PTE_WRITE));
	leaf = host_leaf(m, HVA + 0x3fff);

	assert_true(leaf.present);
	assert_int_equal(leaf.level, 1);
	assert_true(leaf.entry == pte(0x5000, PTE_WRITE));
	assert_true(leaf.first == (HVA + 0x3000) >> PAGE_SHIFT);
	assert_false(host_leaf(m, HVA + 0x4000).present);
}

/* Only a present entry is a leaf; what a table above it holds is not its value. */
static void host_leaf_below_a_table_that_is_there_is_0_when_nothing_is_mapped(void **state)
{
	struct machine *m = *state;

	host_set_leaf(m, HVA, 1, pte(0x5000, 0));

	assert_int_equal(host_leaf(m, HVA + 0x1000).entry, 0);
	assert_int_equal(host_leaf(m, HVA + 0x40000000).entry, 0);
}

static void host_next_leaf_goes_by_address_and_stops_at_the_end(void **state)
{
	struct machine *m = *state;

	host_set_leaf(m, HVA + 0x5000, 1, pte(0x5005, 0));
	host_set_leaf(m, HVA + 0x2000, 1, pte(0x5002, 0));

	assert_true(host_next_leaf(m, HVA, HVA + 0x10000).first == (HVA + 0x2000) >> PAGE_SHIFT);
	assert_true(host_next_leaf(m, HVA + 0x3000, HVA + 0x10000).first ==
		    (HVA + 0x5000) >> PAGE_SHIFT);
	assert_false(host_next_leaf(m, HVA + 0x3000, HVA + 0x5000).present);
}

static void host_next_leaf_gives_a_huge_leaf_that_covers_the_start(void **state)
{
	struct machine *m = *state;

	host_set_leaf(m, HVA, 2, pte(0x80000, PTE_HUGE | PTE_SPECIAL));

	assert_true(host_next_leaf(m, HVA + 0x3000, HVA + 0x4000).first == HVA >> PAGE_SHIFT);
}

static void host_leaf_pfn_counts_on_within_a_huge_leaf(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf;

	host_set_leaf(m, HVA, 2, pte(0x80000, PTE_HUGE | PTE_SPECIAL));
	leaf = host_leaf(m, HVA + 0x7000);

	assert_int_equal(leaf.level, 2);
	assert_int_equal(host_leaf_pfn(&leaf, HVA), 0x80000);
	assert_int_equal(host_leaf_pfn(&leaf, HVA + 0x7123), 0x80007);
	assert_int_equal(host_leaf_pfn(&leaf, HVA + 0x1ff000), 0x801ff);
}

static void host_has_table_only_where_there_is_a_table_of_ptes(void **state)
{
	struct machine *m = *state;
	hva_t huge = HVA + 0x40000000;

	host_set_leaf(m, HVA, 1, pte(0x5000, 0));
	host_set_leaf(m, huge, 2, pte(0x80000, PTE_HUGE | PTE_SPECIAL));

	assert_true(host_has_table(m, HVA + 0x1ff000));
	assert_false(host_has_table(m, HVA + 0x200000));
	assert_false(host_has_table(m, huge));
	host_set_leaf(m, HVA, 1, 0);
	assert_true(host_has_table(m, HVA));
}

/* vm_normal_page(): the special bit decides, and not the VMA */
static void leaf_is_normal_unless_it_is_special_or_absent(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf = host_leaf(m, HVA);

	assert_false(leaf_is_normal(&leaf));
	host_set_leaf(m, HVA, 1, pte(0x5000, 0));
	leaf = host_leaf(m, HVA);
	assert_true(leaf_is_normal(&leaf));
	host_set_leaf(m, HVA, 1, pte(0x5000, PTE_SPECIAL));
	leaf = host_leaf(m, HVA);
	assert_false(leaf_is_normal(&leaf));
}

/* pte_present(): PROT_NONE keeps the page mapped, and no access goes through. */
static void a_leaf_of_prot_none_is_mapped_but_not_accessible(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf;

	host_set_leaf(m, HVA, 1, (u64)0x5000 << PAGE_SHIFT | PTE_PROTNONE | PTE_ACCESSED);
	leaf = host_leaf(m, HVA);

	assert_true(leaf_is_normal(&leaf));
	assert_false(leaf_is_accessible(&leaf));
	assert_true(host_next_leaf(m, HVA, HVA + PAGE_SIZE).present);
	assert_int_equal(page_of(m, 0x5000)->mapcount, 1);
}

static void leaf_is_accessible_with_the_present_bit(void **state)
{
	struct machine *m = *state;
	struct pt_leaf leaf = host_leaf(m, HVA);

	assert_false(leaf_is_accessible(&leaf));
	host_set_leaf(m, HVA, 1, pte(0x5000, 0));
	leaf = host_leaf(m, HVA);

	assert_true(leaf_is_accessible(&leaf));
}

/* A swap entry, say: bits that are not zero, and map nothing. */
static void a_value_that_is_not_present_counts_on_no_page(void **state)
{
	struct machine *m = *state;

	host_set_leaf(m, HVA, 1, (u64)0x5000 << PAGE_SHIFT | PTE_DIRTY);

	assert_int_equal(page_of(m, 0x5000)->ptes, 0);
	assert_int_equal(page_of(m, 0x5000)->dirty_ptes, 0);
	assert_int_equal(page_of(m, 0x5000)->mapcount, 0);
}

/* What a PTE adds to the page it maps. */
static const struct count_row {
	const char *name;
	u64 bits;
	s32 mapcount;
	u16 ptes, dirty_ptes;
} counts[] = {
	{ "a normal page", 0, 1, 1, 0 },
	{ "a normal page, dirty", PTE_WRITE | PTE_DIRTY, 1, 1, 1 },
	{ "a special page", PTE_SPECIAL, 0, 1, 0 },
	{ "a special page, dirty", PTE_SPECIAL | PTE_DIRTY, 0, 1, 1 },
};

static void host_set_leaf_counts_the_pte_on_its_page_and_takes_it_back(void **state)
{
	const struct count_row *row = *state;
	struct machine *m = machine_new("v6.1", EPT);
	pfn_t pfn = user_page(m, 0x5000);

	host_set_leaf(m, HVA, 1, pte(pfn, row->bits));
	assert_int_equal(page_of(m, pfn)->mapcount, row->mapcount);
	assert_int_equal(page_of(m, pfn)->ptes, row->ptes);
	assert_int_equal(page_of(m, pfn)->dirty_ptes, row->dirty_ptes);
	assert_int_equal(page_of(m, pfn)->refcount, 1);
	host_set_leaf(m, HVA, 1, 0);

	assert_int_equal(page_of(m, pfn)->mapcount, 0);
	assert_int_equal(page_of(m, pfn)->ptes, 0);
	assert_int_equal(page_of(m, pfn)->dirty_ptes, 0);

	machine_free(m);
}

static void host_set_leaf_over_another_moves_the_counts(void **state)
{
	struct machine *m = *state;
	pfn_t old = user_page(m, 0x5000), new = user_page(m, 0x5001);

	host_set_leaf(m, HVA, 1, pte(old, PTE_DIRTY));
	host_set_leaf(m, HVA, 1, pte(new, 0));

	assert_int_equal(page_of(m, old)->ptes, 0);
	assert_int_equal(page_of(m, old)->dirty_ptes, 0);
	assert_int_equal(page_of(m, old)->mapcount, 0);
	assert_int_equal(page_of(m, new)->ptes, 1);
	assert_int_equal(page_of(m, new)->dirty_ptes, 0);
	assert_int_equal(page_of(m, new)->mapcount, 1);
}

static void host_set_leaf_tells_the_laws_of_address_and_pages(void **state)
{
	struct machine *m = *state;
	pfn_t old = user_page(m, 0x5000), new = user_page(m, 0x5001);

	host_set_leaf(m, HVA + 0x1000, 1, pte(old, 0));
	forget(m);
	host_set_leaf(m, HVA + 0x1234, 1, pte(new, 0));

	assert_true(touched(m, OBJECT_HPTE, HVA + 0x1000));
	assert_true(touched(m, OBJECT_PAGE, old));
	assert_true(touched(m, OBJECT_PAGE, new));
}

static void host_set_leaf_makes_the_tables_it_needs_once(void **state)
{
	struct machine *m = *state;
	pfn_t first = m->w->next_frame;

	host_set_leaf(m, HVA, 1, pte(0x5000, 0));
	assert_int_equal(m->w->next_frame - first, 4);
	host_set_leaf(m, HVA + 0x1000, 1, pte(0x5001, 0));

	assert_int_equal(m->w->next_frame - first, 4);
	for (pfn_t pfn = first; pfn < first + 4; pfn++)
		assert_int_equal(page_of(m, pfn)->owner, OWNER_KERNEL);
}

/* ---- drivers' arrays ---- */

static void object_pfn_reads_what_object_set_pfn_wrote(void **state)
{
	static const u64 index[] = { 0, 511, 512, 100000 };
	struct machine *m = *state;

	for (unsigned object = 0; object < 2 * MAX_OBJECTS; object++)
		for (size_t i = 0; i < ARRAY_SIZE(index); i++)
			object_set_pfn(m, object, index[i], object * 0x1000000 + index[i] + 1);

	for (unsigned object = 0; object < 2 * MAX_OBJECTS; object++)
		for (size_t i = 0; i < ARRAY_SIZE(index); i++)
			assert_int_equal(object_pfn(m, object, index[i]),
					 object * 0x1000000 + index[i] + 1);
	assert_int_equal(object_pfn(m, 0, 1), 0);
}

static void pages_in_a_row_are_an_array_without_words(void **state)
{
	struct machine *m = *state;

	m->w->object[1] = (struct object_state){ .used = true, .pages = 1000, .base = 0x5000 };
	object_set_pfn(m, 1, 7, 0x9000);

	assert_int_equal(object_pfn(m, 1, 0), 0x5000);
	assert_int_equal(object_pfn(m, 1, 7), 0x9000);
	assert_int_equal(object_pfn(m, 1, 999), 0x5000 + 999);
	assert_int_equal(object_pfn(m, 1, 1000), 0);
}

static void object_forget_pfns_leaves_no_word_of_either_array(void **state)
{
	struct machine *m = *state;

	m->w->object[1] = (struct object_state){ .used = true, .pages = 513, .base = NO_PFN };
	object_set_pfn(m, 1, 512, 0x9000);
	object_set_pfn(m, 1 + MAX_OBJECTS, 512, 0xa000);
	assert_int_equal(object_own_pfn(m, 1, 512), 0xa000);
	object_forget_pfns(m, 1);

	assert_int_equal(object_pfn(m, 1, 512), 0);
	assert_int_equal(object_own_pfn(m, 1, 512), 0);
}

int main(void)
{
	static struct test_list list;

	LIST_MACHINE_TEST(&list, vma_find_gives_the_vma_that_holds_the_address);
	LIST_MACHINE_TEST(&list, vma_find_from_gives_the_next_vma_by_address);
	LIST_MACHINE_TEST(&list,
			  vma_split_makes_the_address_a_boundary_and_keeps_the_object_offset);
	LIST_MACHINE_TEST(&list, vma_split_where_there_is_a_boundary_changes_nothing);
	LIST_MACHINE_TEST(&list, vma_split_fails_without_room_and_changes_nothing);
	LIST_MACHINE_TEST(&list, vma_add_refuses_one_more_than_there_is_room_for);
	LIST_MACHINE_TEST(&list, vma_remove_makes_room_and_leaves_no_trace);
	LIST_ROWS(&list, vma_prot_bits_are_those_of_the_protection_map, prots);
	LIST_MACHINE_TEST(&list, host_leaf_of_an_address_space_without_tables_is_not_there);
	LIST_MACHINE_TEST(&list, host_leaf_reads_what_host_set_leaf_installed);
	LIST_MACHINE_TEST(&list,
			  host_leaf_below_a_table_that_is_there_is_0_when_nothing_is_mapped);
	LIST_MACHINE_TEST(&list, host_next_leaf_goes_by_address_and_stops_at_the_end);
	LIST_MACHINE_TEST(&list, host_next_leaf_gives_a_huge_leaf_that_covers_the_start);
	LIST_MACHINE_TEST(&list, host_leaf_pfn_counts_on_within_a_huge_leaf);
	LIST_MACHINE_TEST(&list, host_has_table_only_where_there_is_a_table_of_ptes);
	LIST_MACHINE_TEST(&list, leaf_is_normal_unless_it_is_special_or_absent);
	LIST_MACHINE_TEST(&list, a_leaf_of_prot_none_is_mapped_but_not_accessible);
	LIST_MACHINE_TEST(&list, leaf_is_accessible_with_the_present_bit);
	LIST_MACHINE_TEST(&list, a_value_that_is_not_present_counts_on_no_page);
	LIST_ROWS(&list, host_set_leaf_counts_the_pte_on_its_page_and_takes_it_back, counts);
	LIST_MACHINE_TEST(&list, host_set_leaf_over_another_moves_the_counts);
	LIST_MACHINE_TEST(&list, host_set_leaf_tells_the_laws_of_address_and_pages);
	LIST_MACHINE_TEST(&list, host_set_leaf_makes_the_tables_it_needs_once);
	LIST_MACHINE_TEST(&list, object_pfn_reads_what_object_set_pfn_wrote);
	LIST_MACHINE_TEST(&list, pages_in_a_row_are_an_array_without_words);
	LIST_MACHINE_TEST(&list, object_forget_pfns_leaves_no_word_of_either_array);
	return list_run(&list, "host_mm");
}
