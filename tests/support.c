// SPDX-License-Identifier: GPL-2.0-only
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/step.h"
#include "sim/store.h"

struct rig {
	struct machine m;	/* first: a machine finds its rig */
	struct world w;
	struct semantics sem;
	struct store *store;
	struct violation found[256];
	unsigned nr_found;
};

static void init_world(struct machine *m, enum stage2_of stage2)
{
	struct world *w = m->w;

	w->config = (struct config){ .ept = stage2 != NPT, .ad = stage2 != EPT_WITHOUT_AD,
				     .no_lru_batch = true, .code_gpa = NO_PFN };
	for (unsigned i = 0; i < MAX_MMS; i++)
		w->mm[i].pgd = NO_PFN;
	w->next_frame = FIRST_FRAME;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		w->vcpu[i].root = NO_PFN;
	w->config.zero_pfn = alloc_frame(m, 0, ANY_PLACE);
	pages_init(m, ALLOC_ORDER0, w->config.zero_pfn, 0, OWNER_KERNEL);
	page_of(m, w->config.zero_pfn)->flags |= PG_ZERO | PG_RESERVED;
}

static struct machine *machine_over(struct store *store, const char *semantics,
				    enum stage2_of stage2, enum mmu_kind mmu)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char why[128];

	assert_non_null(rig);
	if (!semantics_resolve_mmu(semantics_find(semantics), mmu, &rig->sem, why, sizeof(why)))
		fail_msg("%s: %s", semantics, why);
	rig->store = store;
	rig->m = (struct machine){ .sem = &rig->sem, .w = &rig->w, .phys = store_phys(store) };
	init_world(&rig->m, stage2);
	rig->w.config.mmu = mmu;
	forget(&rig->m);
	return &rig->m;
}

struct machine *machine_new(const char *semantics, enum stage2_of stage2)
{
	return machine_over(store_new_sparse(), semantics, stage2, MMU_TDP);
}

struct machine *machine_new_mmu(const char *semantics, enum mmu_kind mmu)
{
	return machine_over(store_new_sparse(), semantics, mmu == MMU_SHADOW ? NPT : EPT, mmu);
}

struct machine *machine_new_small(const char *semantics, enum stage2_of stage2)
{
	return machine_over(store_new_small(64, 512), semantics, stage2, MMU_TDP);
}

void machine_free(struct machine *m)
{
	struct rig *rig = (struct rig *)m;

	store_free(rig->store);
	free(rig);
}

int machine_setup(void **state)
{
	*state = machine_new("v6.1", EPT);
	return 0;
}

int machine_teardown(void **state)
{
	machine_free(*state);
	return 0;
}

void forget(struct machine *m)
{
	m->nr_touched = 0;
	m->nr_alarms = 0;
	m->nr_taken = 0;
	m->touched_all = false;
}

bool raised(const struct machine *m, enum alarm_kind kind, u64 key)
{
	for (unsigned i = 0; i < m->nr_alarms; i++)
		if (m->alarms[i].kind == kind && m->alarms[i].key == key)
			return true;
	return false;
}

bool touched(const struct machine *m, enum object_kind kind, u64 key)
{
	for (unsigned i = 0; i < m->nr_touched; i++)
		if (m->touched[i].kind == kind && m->touched[i].key == key)
			return true;
	return m->touched_all;
}

pfn_t user_page(struct machine *m, pfn_t pfn)
{
	pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_USER);
	return pfn;
}

struct vma *add_vma(struct machine *m, hva_t start, u64 pages, u32 flags)
{
	return vma_add(m, &(struct vma){ .start = start, .end = start + pages * PAGE_SIZE,
					 .flags = flags, .kind = VMA_ANON });
}

int add_slot(struct machine *m, int id, gfn_t gfn, u64 pages, hva_t hva, u16 flags)
{
	for (int row = 0; row < MAX_SLOTS; row++) {
		struct memslot *slot = &m->w->kvm.slots[row];

		if (slot->flags & KVM_MEMSLOT_USED)
			continue;
		*slot = (struct memslot){ .base_gfn = gfn, .npages = pages, .userspace_addr = hva,
					  .id = id, .flags = flags | KVM_MEMSLOT_USED };
		m->w->kvm.slots[row + MAX_SLOTS] = *slot;
		return row;
	}
	return NO_SLOT;
}

static void keep_violations(struct machine *m, unsigned (*check)(struct machine *m,
								 struct violation *out,
								 unsigned max))
{
	struct rig *rig = (struct rig *)m;
	unsigned room = ARRAY_SIZE(rig->found) - rig->nr_found;

	rig->nr_found += check(m, rig->found + rig->nr_found, room);
}

void run(struct machine *m, unsigned task)
{
	enum run_result result;

	do {
		result = task_step(m, task);
		assert_int_not_equal(result, RUN_BLOCKED);
		keep_violations(m, laws_check);
	} while (result != RUN_FINISHED);
	keep_violations(m, laws_check_all);
	assert_false(m->phys->exhausted);
}

const struct access *guest_access(struct machine *m, enum access_kind kind, gpa_t gpa, u32 value)
{
	struct task *t = task_start(m, 0, PATH_ACCESS, BLAME_KVM);

	t->access = (struct access){ .gpa = gpa, .count = 1, .kind = kind, .value = value };
	run(m, 0);
	return &t->access;
}

unsigned violations_of(struct machine *m, const char *id)
{
	const struct rig *rig = (const struct rig *)m;
	unsigned n = 0;

	for (unsigned i = 0; i < rig->nr_found; i++)
		n += !id || !strcmp(rig->found[i].law->id, id);
	return n;
}

void list_test(struct test_list *list, const struct CMUnitTest *test)
{
	assert(list->n < ARRAY_SIZE(list->test));
	list->test[list->n++] = *test;
}

void list_rows(struct test_list *list, const char *claim, CMUnitTestFunction f, const void *rows,
	       size_t nr, size_t size)
{
	for (size_t i = 0; i < nr; i++) {
		const char *const *row = (const void *)((const char *)rows + i * size);
		char *name = list->name[list->n];

		snprintf(name, sizeof(list->name[0]), "%s: %s", claim, *row);
		list_test(list, &(struct CMUnitTest){ .name = name, .test_func = f,
						      .initial_state = (void *)row });
	}
}

int list_run(struct test_list *list, const char *group)
{
	return _cmocka_run_group_tests(group, list->test, list->n, NULL, NULL);
}
