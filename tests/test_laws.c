// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every law can be broken, and says who broke it: one violator each, over a guest page that is
 * mapped as it should be. What a violator does is what the law forbids, and no more.
 */
#include <string.h>

#include "model/host_mm.h"
#include "model/mark.h"
#include "model/memslot.h"
#include "model/pgtable.h"
#include "model/spte.h"
#include "model/step.h"
#include "model/tdp.h"
#include "tests/support.h"

enum { GFN = 0x200, OTHER_GFN = 0x210, PAGES = 16, BLOCK = 0x8000, ID = 1, VALUE = 7 };

#define HVA	((hva_t)0x7f0000200000)
#define GPA	((gpa_t)GFN << PAGE_SHIFT)

static pfn_t mapped_pfn(struct machine *m)
{
	struct pt_leaf leaf = host_leaf(m, HVA);

	return pt_pfn(leaf.entry);
}

static struct pt_leaf stage2_leaf(struct machine *m)
{
	return tdp_walk(m, tdp_current_root(m), GFN);
}

static void set_leaf(struct machine *m, u64 spte)
{
	struct pt_leaf leaf = stage2_leaf(m);

	pt_set_entry(m, leaf.table, GFN, 1, spte);
	touch(m, OBJECT_SPTE, GFN);
}

/* ---- violators ---- */

static void loses_a_holder(struct machine *m)
{
	page_of(m, mapped_pfn(m))->held[HOLD_PTE] = 0;
	page_touch(m, mapped_pfn(m));
}

static void gets_a_free_page(struct machine *m)
{
	pages_init(m, ALLOC_NONCOMPOUND, BLOCK, 2, OWNER_DRIVER);
	page_get(m, BLOCK + 1, HOLD_FAULT);
}

static void puts_twice(struct machine *m)
{
	pages_init(m, ALLOC_ORDER0, BLOCK, 0, OWNER_DRIVER);
	page_get(m, BLOCK, HOLD_MM);
	page_put(m, BLOCK, HOLD_FAULT);
}

static void puts_the_owners_last(struct machine *m)
{
	pages_init(m, ALLOC_NONCOMPOUND, BLOCK, 2, OWNER_DRIVER);
	page_get(m, BLOCK + 1, HOLD_FAULT);
	page_put(m, BLOCK + 1, HOLD_FAULT);
}

static void frees_a_held_tail(struct machine *m)
{
	pages_init(m, ALLOC_NONCOMPOUND, BLOCK, 2, OWNER_DRIVER);
	page_set_count(m, BLOCK + 1, 1);
	pages_free(m, BLOCK, 2);
}

static void frees_a_mapped_page(struct machine *m)
{
	page_of(m, mapped_pfn(m))->flags |= PG_FREE;
	page_touch(m, mapped_pfn(m));
}

static void uses_a_free_page(struct machine *m)
{
	page_of(m, mapped_pfn(m))->flags |= PG_FREE;
	task_start(m, 0, PATH_ACCESS, BLAME_KVM)->access = (struct access){
		.gpa = GPA, .count = 1, .kind = ACCESS_READ };
	task_step(m, 0);	/* through the TLB */
}

static void forgets_that_it_is_dirty(struct machine *m)
{
	pfn_t pfn = mapped_pfn(m);

	tdp_zap_leafs(m, tdp_current_root(m), GFN, GFN + 1);
	host_set_leaf(m, HVA, 1, host_leaf(m, HVA).entry & ~PTE_DIRTY);
	page_of(m, pfn)->flags &= ~(u32)PG_DIRTY;
	page_touch(m, pfn);
}

static void marks_a_page_without_count(struct machine *m)
{
	struct pt_leaf leaf = stage2_leaf(m);

	pages_init(m, ALLOC_NONCOMPOUND, BLOCK, 2, OWNER_DRIVER);
	leaf.entry = (leaf.entry & ~PT_ADDR_MASK) | (u64)(BLOCK + 1) << PAGE_SHIFT;
	m->sem->ops.spte_changed(m, leaf.entry, 0, 1);
}

static void clears_a_pte_untold(struct machine *m)
{
	host_set_leaf(m, HVA, 1, 0);
}

/* The host's 2M go, of which the guest has a page in the middle. */
static void clears_a_pmd_untold(struct machine *m)
{
	struct pt_leaf leaf = stage2_leaf(m);
	enum { AT = 5 };

	pt_set_entry(m, leaf.table, GFN, 1, 0);
	pt_set_entry(m, leaf.table, GFN + AT, 1, leaf.entry);
	host_set_leaf(m, HVA, 1, 0);
	forget(m);
	(void)host_take_table(m, HVA);
}

/* A vCPU that is in the middle of an exit still has the root. */
static void clears_a_pte_untold_of_an_old_root(struct machine *m)
{
	for (unsigned i = 0; i < MAX_ROOTS; i++)
		m->w->kvm.roots[i].invalid = true;
	assert_int_equal(tdp_current_root(m), NO_PFN);
	clears_a_pte_untold(m);
}

/* Of @size from HVA on, between its zap and its end */
static void open_invalidation(struct machine *m, u64 size)
{
	m->w->task[0].open[0] = (struct open_range){
		.start = HVA, .end = HVA + size, .no_leaf_from = HVA, .no_leaf_to = HVA + size,
		.used = true, .told = true, .zapped = true };
	touch(m, OBJECT_SPTE, GFN);
}

static void keeps_a_leaf_within_an_invalidation(struct machine *m)
{
	open_invalidation(m, PAGE_SIZE);
}

static void protects_a_pte_untold(struct machine *m)
{
	host_set_leaf(m, HVA, 1, host_leaf(m, HVA).entry & ~PTE_WRITE);
}

static void makes_the_slot_read_only(struct machine *m)
{
	m->w->kvm.slots[memslot_of_gfn(m, GFN)].flags |= KVM_MEM_READONLY;
	touch(m, OBJECT_SPTE, GFN);
}

static void takes_mmu_writable(struct machine *m)
{
	set_leaf(m, stage2_leaf(m).entry & ~spte_format_of(m)->mmu_writable);
}

static void maps_2m_of_a_4k_page(struct machine *m)
{
	const struct spte_format *format = spte_format_of(m);
	u64 entry = stage2_leaf(m).entry | format->huge;
	pfn_t table = tdp_current_root(m);

	for (unsigned level = PT_LEVELS; level > 2; level--)
		table = pt_pfn(tdp_entry(m, table, GFN, level));
	pt_set_entry(m, table, GFN, 2, entry);
	touch(m, OBJECT_SPTE, GFN);
}

static void replaces_a_leaf(struct machine *m)
{
	struct pt_leaf leaf = stage2_leaf(m);

	tdp_set_spte(m, leaf.table, GFN, 1, leaf.entry + PAGE_SIZE);
}

static void drops_the_slot(struct machine *m)
{
	m->w->kvm.slots[memslot_of_gfn(m, GFN)] = (struct memslot){ 0 };
	touch(m, OBJECT_SPTE, GFN);
}

static void zaps_without_a_flush(struct machine *m)
{
	tdp_zap_leafs(m, tdp_current_root(m), GFN, GFN + 1);
}

/* It was not asked for while the task ran, which would have flushed. */
static void returns_and_owes_a_flush(struct machine *m)
{
	zaps_without_a_flush(m);
	m->nr_touched = 0;
	m->touched_all = false;
	m->w->task[0].zap.flush = true;
	touch(m, OBJECT_TASK, 0);
}

static void ends_what_never_began(struct machine *m)
{
	m->w->kvm.in_progress--;
	touch(m, OBJECT_NOTIFIER, 0);
}

static void ends_and_leaves_its_count(struct machine *m)
{
	m->w->kvm.in_progress++;
	m->w->task[0].open[0] = (struct open_range){ .no_leaf_from = HVA,
						     .no_leaf_to = HVA + PAGE_SIZE };
	touch(m, OBJECT_NOTIFIER, 1);
}

static void returns_with_a_lock(struct machine *m)
{
	assert_true(lock_try_read(m, &m->w->kvm.mmu_lock));
	touch(m, OBJECT_TASK, 0);
}

static void keeps_a_reference(struct machine *m)
{
	m->w->task[0].refs++;
	touch(m, OBJECT_TASK, 0);
}

static void gives_back_another_page(struct machine *m)
{
	task_account(&m->w->task[0], BLOCK, 1);
	task_account(&m->w->task[0], BLOCK + 1, -1);
	touch(m, OBJECT_TASK, 0);
}

static void loses_a_mapped_page(struct machine *m)
{
	pages_init(m, ALLOC_ORDER0, BLOCK, 0, OWNER_DRIVER);
	m->w->kvm.maps[0] = (struct host_map){ .pfn = BLOCK, .gfn = GFN, .page = NO_PFN,
					       .used = true };
	pages_free(m, BLOCK, 0);
}

/* The end of a look-up of task 0 that found BLOCK. */
static struct follow *ends_lookup(struct machine *m)
{
	struct task *t = &m->w->task[0];

	pages_init(m, ALLOC_ORDER0, BLOCK, 0, OWNER_DRIVER);
	t->refs = 1;
	t->follow = (struct follow){ .gfn = GFN, .pfn = BLOCK, .page = BLOCK, .got = BLOCK,
				     .foll = FOLL_GET };
	touch(m, OBJECT_LOOKUP, 0);
	return &t->follow;
}

static void fails_with_a_reference(struct machine *m)
{
	ends_lookup(m)->pfn = KVM_PFN_ERR_FAULT;
}

static void gives_what_it_does_not_hold(struct machine *m)
{
	ends_lookup(m)->before = 1;
}

static void gives_it_to_one_without_guard(struct machine *m)
{
	struct follow *f = ends_lookup(m);

	f->before = 1;
	f->foll = 0;
}

static void names_the_page_of_another_lookup(struct machine *m)
{
	ends_lookup(m)->got = NO_PFN;
}

static void says_writable_unseen(struct machine *m)
{
	ends_lookup(m)->writable = true;
}

static void says_writable_in_a_read_only_slot(struct machine *m)
{
	struct follow *f = ends_lookup(m);

	f->slot = memslot_of_gfn(m, GFN);
	f->writable = f->found_writable = true;
	m->w->kvm.slots[f->slot].flags |= KVM_MEM_READONLY;
}

static void sleeps_in_an_atomic_lookup(struct machine *m)
{
	raise_alarm(m, ALARM_SLEPT, GFN, BLAME_KVM);
}

static void asks_for_atomic_and_nowait(struct machine *m)
{
	struct follow *f = ends_lookup(m);

	f->atomic = true;
	f->foll |= FOLL_NOWAIT;
}

static void gives_a_pfn_without_waiting(struct machine *m)
{
	struct follow *f = ends_lookup(m);

	f->atomic = true;
	f->foll = 0;
	f->guarded = true;
	f->page = f->got = NO_PFN;
	m->w->task[0].refs = 0;
}

static void maps_without_a_reference(struct machine *m)
{
	pages_init(m, ALLOC_RESERVED, BLOCK, 0, OWNER_DRIVER);
	m->w->kvm.maps[0] = (struct host_map){ .pfn = BLOCK, .gfn = GFN, .page = NO_PFN,
					       .used = true };
	touch(m, OBJECT_MAP, 0);
}

static void keeps_a_maps_reference(struct machine *m)
{
	pages_init(m, ALLOC_ORDER0, BLOCK, 0, OWNER_DRIVER);
	page_get(m, BLOCK, HOLD_MAP);
}

static void marks_what_it_does_not_hold(struct machine *m)
{
	struct task *t = task_start(m, 0, PATH_FAULT, BLAME_KVM);

	t->fault = (struct fault){ .gfn = GFN, .hva = HVA, .page = mapped_pfn(m) };
	mark_check(m, mapped_pfn(m));
}

static void marks_what_was_cleaned(struct machine *m)
{
	struct task *t = task_start(m, 0, PATH_FAULT, BLAME_KVM);

	t->fault = (struct fault){ .gfn = GFN, .hva = HVA + PAGE_SIZE, .page = mapped_pfn(m) };
	mark_check_dirty(m, mapped_pfn(m));
}

static void marks_without_the_bit(struct machine *m)
{
	raise_alarm(m, ALARM_MARK_UNCOUNTED, mapped_pfn(m), BLAME_KVM);
}

static void installs_the_wrong_bit(struct machine *m)
{
	raise_alarm(m, ALARM_BIT_INEXACT, GFN, BLAME_KVM);
}

static void gets_what_has_no_struct_page(struct machine *m)
{
	pages_init(m, ALLOC_MMIO, BLOCK, 0, OWNER_DRIVER);
	page_get(m, BLOCK, HOLD_FAULT);
}

static void answers_for_a_memslot(struct machine *m)
{
	raise_alarm(m, ALARM_STALE_MMIO, GFN, BLAME_KVM);
}

static void writes_past_the_log(struct machine *m)
{
	m->w->kvm.slots[memslot_of_gfn(m, GFN)].flags |= KVM_MEM_LOG_DIRTY_PAGES;
	task_start(m, 0, PATH_ACCESS, BLAME_KVM)->access = (struct access){
		.gpa = GPA, .count = 1, .kind = ACCESS_WRITE };
	task_step(m, 0);
}

static void drops_the_count_first(struct machine *m)
{
	m->w->task[0].open[0] = (struct open_range){ .start = HVA, .end = HVA + PAGE_SIZE,
						 .used = true, .zapped = true, .ended = true };
	touch(m, OBJECT_NOTIFIER, 1);
}

static void writes_to_a_page_of_old(struct machine *m)
{
	raise_alarm(m, ALARM_STALE_STEAL, mapped_pfn(m), BLAME_KVM);
}

static void misses_an_invalidation(struct machine *m)
{
	m->w->kvm.gpcs[0] = (struct gpc){ .gpa = GPA, .uhva = HVA, .active = true, .valid = true,
					  .generation = m->w->kvm.generation,
					  .pfn = mapped_pfn(m) + 1 };
	touch(m, OBJECT_GPC, 0);
}

static void keeps_an_old_apic_page(struct machine *m)
{
	struct memslot *slots = m->w->kvm.slots;
	int row = memslot_of_gfn(m, GPA >> PAGE_SHIFT);

	slots[row].id = APIC_ACCESS_PAGE_PRIVATE_MEMSLOT;
	m->w->vcpu[0].apic_page = mapped_pfn(m) + 1;
	touch(m, OBJECT_APIC, 0);
}

static void contends_in_vain(struct machine *m)
{
	raise_alarm(m, ALARM_LOCKED_IN_VAIN, GPA >> PAGE_SHIFT, BLAME_KVM);
}

static void leaves_an_inhibited_apic_page(struct machine *m)
{
	m->w->kvm.slots[memslot_of_gfn(m, GPA >> PAGE_SHIFT)].id = APIC_ACCESS_PAGE_PRIVATE_MEMSLOT;
	m->w->kvm.apicv_inhibited = true;
	touch(m, OBJECT_SPTE, GPA >> PAGE_SHIFT);
}

static void warns(struct machine *m)
{
	raise_alarm(m, ALARM_WARN, SPLAT_TRY_GRAB, BLAME_KVM);
}

/* ---- the table ---- */

struct row {
	const char *law;
	void (*violate)(struct machine *m);
	u8 blame;
};

static const struct row rows[] = {
	{ "refs-match-holders", loses_a_holder, BLAME_KVM },
	{ "no-get-from-zero", gets_a_free_page, BLAME_KVM },
	{ "no-put-by-non-owner", puts_twice, BLAME_KVM },
	{ "no-free-of-owned", puts_the_owners_last, BLAME_KVM },
	{ "no-bad-free", frees_a_held_tail, BLAME_DRIVER },
	{ "no-free-page-mapped", frees_a_mapped_page, BLAME_KVM },
	{ "no-use-after-free", uses_a_free_page, BLAME_KVM },
	{ "dirty-not-lost", forgets_that_it_is_dirty, BLAME_KVM },
	{ "mark-only-alive", marks_a_page_without_count, BLAME_KVM },
	{ "no-stale-spte", clears_a_pte_untold, BLAME_KVM },
	{ "no-stale-spte", clears_a_pmd_untold, BLAME_KVM },
	{ "no-stale-spte", clears_a_pte_untold_of_an_old_root, BLAME_KVM },
	{ "no-stale-spte", keeps_a_leaf_within_an_invalidation, BLAME_KVM },
	{ "spte-within-host-rights", protects_a_pte_untold, BLAME_KVM },
	{ "ro-slot-never-writable", makes_the_slot_read_only, BLAME_KVM },
	{ "writable-bits-agree", takes_mmu_writable, BLAME_KVM },
	{ "huge-contained", maps_2m_of_a_4k_page, BLAME_KVM },
	{ "leaf-immutable", replaces_a_leaf, BLAME_KVM },
	{ "spte-has-slot", drops_the_slot, BLAME_KVM },
	{ "no-stale-tlb", zaps_without_a_flush, BLAME_KVM },
	{ "no-stale-tlb", returns_and_owes_a_flush, BLAME_KVM },
	{ "notifier-counts-agree", ends_what_never_began, BLAME_KVM },
	{ "notifier-counts-agree", ends_and_leaves_its_count, BLAME_KVM },
	{ "no-lock-left", returns_with_a_lock, BLAME_KVM },
	{ "fault-balance", keeps_a_reference, BLAME_KVM },
	{ "fault-balance", gives_back_another_page, BLAME_KVM },
	{ "map-page-lives", loses_a_mapped_page, BLAME_KVM },
	{ "error-holds-no-ref", fails_with_a_reference, BLAME_KVM },
	{ "get-means-own", gives_what_it_does_not_hold, BLAME_KVM },
	{ "get-or-guard", gives_it_to_one_without_guard, BLAME_KVM },
	{ "outputs-fresh", names_the_page_of_another_lookup, BLAME_KVM },
	{ "writable-as-found", says_writable_unseen, BLAME_KVM },
	{ "ro-slot-says-read-only", says_writable_in_a_read_only_slot, BLAME_KVM },
	{ "atomic-does-not-sleep", sleeps_in_an_atomic_lookup, BLAME_KVM },
	{ "atomic-xor-nowait", asks_for_atomic_and_nowait, BLAME_KVM },
	{ "atomic-gives-a-page", gives_a_pfn_without_waiting, BLAME_KVM },
	{ "unguarded-holds-ref", maps_without_a_reference, BLAME_KVM },
	{ "unmap-pairs-map", keeps_a_maps_reference, BLAME_KVM },
	{ "no-touch-when-stale", marks_what_it_does_not_hold, BLAME_KVM },
	{ "dirty-before-clean", marks_what_was_cleaned, BLAME_KVM },
	{ "ad-only-if-refcounted", marks_without_the_bit, BLAME_KVM },
	{ "spte-bit-exact", installs_the_wrong_bit, BLAME_KVM },
	{ "no-bad-pfn-to-page", gets_what_has_no_struct_page, BLAME_KVM },
	{ "slot-delete-leaves-nothing", drops_the_slot, BLAME_KVM },
	{ "mmio-generation", answers_for_a_memslot, BLAME_KVM },
	{ "dirty-log-complete", writes_past_the_log, BLAME_KVM },
	{ "seq-before-count", drops_the_count_first, BLAME_KVM },
	{ "steal-time-fresh", writes_to_a_page_of_old, BLAME_KVM },
	{ "pfncache-fresh", misses_an_invalidation, BLAME_KVM },
	{ "apic-page-fresh", keeps_an_old_apic_page, BLAME_KVM },
	{ "bound-retry-stays-out", contends_in_vain, BLAME_KVM },
	{ "inhibited-apic-unmapped", leaves_an_inhibited_apic_page, BLAME_KVM },
	{ "no-kernel-warning", warns, BLAME_KVM },
	{ "no-kernel-bug", replaces_a_leaf, BLAME_KVM },
};

/* A guest's page, written and mapped writable, with nothing broken. */
static struct machine *guest_with_a_page(void)
{
	struct machine *m = machine_new("v6.1", EPT);

	add_vma(m, HVA, PAGES, VM_READ | VM_WRITE);
	add_slot(m, ID, GFN, PAGES, HVA, 0);
	guest_access(m, ACCESS_WRITE, GPA, VALUE);
	assert_int_equal(violations_of(m, NULL), 0);
	assert_true(spte_is_writable(spte_format_of(m), stage2_leaf(m).entry));
	forget(m);
	return m;
}

static const struct violation *found(const struct violation *list, unsigned n, const char *law)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(list[i].law->id, law))
			return &list[i];
	return NULL;
}

static void it_is_broken_by_its_violator_who_is_blamed(void **state)
{
	const struct row *row = *state;
	struct machine *m = guest_with_a_page();
	struct violation list[MAX_VIOLATIONS];
	const struct violation *v;
	unsigned n;

	row->violate(m);
	n = laws_check(m, list, MAX_VIOLATIONS);
	v = found(list, n, row->law);
	assert_non_null(v);
	assert_int_equal(v->blame, row->blame);
	machine_free(m);
}

/* More pages than a list of violations has room for; an alarm comes behind more of another kind. */
static void it_is_found_behind_whatever_one_law_has_to_tell(void **state)
{
	struct machine *m = guest_with_a_page();
	struct violation list[MAX_VIOLATIONS];
	unsigned n;

	(void)state;
	for (pfn_t pfn = BLOCK; pfn < BLOCK + 2 * MAX_VIOLATIONS; pfn++) {
		pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_DRIVER);
		page_of(m, pfn)->held[HOLD_PTE]++;
		page_touch(m, pfn);
	}
	for (unsigned i = 0; i < MAX_ALARMS; i++)
		raise_alarm(m, ALARM_MARK_DEAD, BLOCK + i, BLAME_KVM);
	raise_alarm(m, ALARM_SLEPT, GFN, BLAME_KVM);
	n = laws_check(m, list, MAX_VIOLATIONS);
	assert_int_equal(n, MAX_VIOLATIONS);
	assert_non_null(found(list, n, "refs-match-holders"));
	assert_non_null(found(list, n, "mark-only-alive"));
	assert_non_null(found(list, n, "atomic-does-not-sleep"));
	machine_free(m);
}

/* An alarm is an act, a look-up's end a moment: only a state can be found broken afterwards. */
static void it_is_found_by_looking_at_everything(void **state)
{
	const struct row *row = *state;
	struct machine *m = guest_with_a_page();
	struct violation list[MAX_VIOLATIONS];
	const struct law *law = law_find(row->law);

	row->violate(m);
	forget(m);
	if (law->holds && law->about != OBJECT_LOOKUP)
		assert_non_null(found(list, laws_check_all(m, list, MAX_VIOLATIONS), row->law));
	else
		assert_null(found(list, laws_check_all(m, list, MAX_VIOLATIONS), row->law));
	machine_free(m);
}

/* 2M of a BAR, written and mapped as such. */
static struct machine *guest_with_2m(const char *semantics)
{
	struct machine *m = machine_new(semantics, EPT);

	add_vma(m, HVA, 512, VM_READ | VM_WRITE | VM_SHARED | VM_PFNMAP | VM_IO);
	host_set_leaf(m, HVA, 2, (u64)BLOCK << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE |
		      PTE_ACCESSED | PTE_DIRTY | PTE_SPECIAL | PTE_HUGE);
	pages_init(m, ALLOC_MMIO, BLOCK, 0, OWNER_DRIVER);
	add_slot(m, ID, GFN, 512, HVA, 0);
	guest_access(m, ACCESS_WRITE, GPA, VALUE);
	assert_int_equal(stage2_leaf(m).level, 2);
	assert_int_equal(violations_of(m, NULL), 0);
	forget(m);
	return m;
}

static void a_huge_leaf_keeps_no_w_while_its_memslot_logs(void **state)
{
	struct machine *m = guest_with_2m("v7.2");
	struct violation list[MAX_VIOLATIONS];
	struct pt_leaf leaf = stage2_leaf(m);

	(void)state;
	m->w->kvm.slots[memslot_of_gfn(m, GFN)].flags |= KVM_MEM_LOG_DIRTY_PAGES;
	touch(m, OBJECT_SPTE, GFN);
	assert_non_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "huge-contained"));
	forget(m);
	pt_set_entry(m, leaf.table, GFN, 2, leaf.entry & ~spte_format_of(m)->write);
	touch(m, OBJECT_SPTE, GFN);
	assert_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "huge-contained"));
	machine_free(m);
}

static bool is_stale(struct machine *m)
{
	struct violation list[MAX_VIOLATIONS];

	return found(list, laws_check_all(m, list, MAX_VIOLATIONS), "no-stale-spte");
}

/* Before any of 2M goes the host splits them, and notifies of all: __split_huge_pmd(). */
static void a_huge_leaf_may_stay_while_a_part_of_it_is_invalidated(void **state)
{
	struct machine *m = guest_with_2m("v7.2");

	(void)state;
	open_invalidation(m, PAGE_SIZE);
	assert_false(is_stale(m));
	open_invalidation(m, 512 * PAGE_SIZE);
	assert_true(is_stale(m));
	open_invalidation(m, PAGE_SIZE);
	host_set_leaf(m, HVA, 2, 0);
	assert_true(is_stale(m));
	machine_free(m);
}

/* The series' bit of an entry that is repaired without mmu_lock. */
static void a_leaf_keeps_the_refcounted_bit(void **state)
{
	struct machine *m = machine_new("v11", EPT);
	struct violation list[MAX_VIOLATIONS];
	struct pt_leaf leaf;

	(void)state;
	add_vma(m, HVA, PAGES, VM_READ | VM_WRITE);
	add_slot(m, ID, GFN, PAGES, HVA, 0);
	guest_access(m, ACCESS_WRITE, GPA, VALUE);
	forget(m);
	leaf = stage2_leaf(m);
	tdp_fix_spte(m, &leaf, leaf.entry & ~spte_format_of(m)->accessed);
	assert_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "spte-bit-exact"));
	leaf = stage2_leaf(m);
	tdp_fix_spte(m, &leaf, leaf.entry & ~refcounted_mask(m));
	assert_non_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "spte-bit-exact"));
	machine_free(m);
}

/* Since 4/8 FOLL_GET and the guard are what the caller says; a pfn without a page is gated, too. */
static void in_v11_a_lookup_gives_what_was_asked_for(void **state)
{
	struct machine *m = machine_new("v11", EPT);
	struct follow *f = ends_lookup(m);
	struct violation list[MAX_VIOLATIONS];

	(void)state;
	f->guarded = true;
	f->foll = 0;			/* and one reference taken */
	assert_non_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "get-means-own"));
	m->w->task[0].refs--;
	assert_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "get-means-own"));
	f->page = NO_PFN;
	assert_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "get-or-guard"));
	f->guarded = false;
	assert_non_null(found(list, laws_check(m, list, MAX_VIOLATIONS), "get-or-guard"));
	machine_free(m);
}

static void every_law_has_its_violator(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++) {
		unsigned n = !!laws[i].judged;

		for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
			n += !strcmp(rows[r].law, laws[i].id);
		if (!n)
			fail_msg("%s has no violator", laws[i].id);
	}
}

static void every_law_has_a_sentence_a_source_and_something_to_look_at(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_laws; i++) {
		const struct law *law = &laws[i];

		assert_ptr_equal(law_find(law->id), law);
		assert_true(strlen(law->sentence) > 10 && strlen(law->source) > 5);
		assert_int_equal(!!law->judged, !(law->holds ? law->reads : law->alarms));
		assert_true(!law->holds || law->reads & (1u << law->about));
	}
}

static void no_law_is_found_by_a_name_that_is_not_there(void **state)
{
	(void)state;
	assert_null(law_find("no-such-law"));
	assert_null(law_find(""));
}

static void every_party_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(blame_name(BLAME_KVM), "kvm");
	assert_string_equal(blame_name(BLAME_DRIVER), "driver");
	assert_string_equal(blame_name(BLAME_MM), "mm");
	assert_string_equal(blame_name(BLAME_VMM), "vmm");
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, it_is_broken_by_its_violator_who_is_blamed, rows);
	LIST_TEST(&list, it_is_found_behind_whatever_one_law_has_to_tell);
	LIST_ROWS(&list, it_is_found_by_looking_at_everything, rows);
	LIST_TEST(&list, in_v11_a_lookup_gives_what_was_asked_for);
	LIST_TEST(&list, every_law_has_its_violator);
	LIST_TEST(&list, a_huge_leaf_keeps_no_w_while_its_memslot_logs);
	LIST_TEST(&list, a_huge_leaf_may_stay_while_a_part_of_it_is_invalidated);
	LIST_TEST(&list, a_leaf_keeps_the_refcounted_bit);
	LIST_TEST(&list, every_law_has_a_sentence_a_source_and_something_to_look_at);
	LIST_TEST(&list, no_law_is_found_by_a_name_that_is_not_there);
	LIST_TEST(&list, every_party_has_a_name);
	return list_run(&list, "laws");
}
