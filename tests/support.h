/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * support.h: what tests start from: a machine, memory with names, tasks that run to their end,
 * and tables of tests.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/law.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "model/task.h"

enum stage2_of { EPT, EPT_WITHOUT_AD, NPT };

/*
 * A host without processes and a VM without memslots; a ZERO_PAGE; vCPUs fetch nothing, new
 * anonymous pages do not wait in a batch. Frames that nobody names come from FIRST_FRAME on.
 */
struct machine *machine_new(const char *semantics, enum stage2_of stage2);
/* EPT, served by another MMU; MMU_SHADOW has NPT's format. */
struct machine *machine_new_mmu(const char *semantics, enum mmu_kind mmu);
/* The same over a small store (sim/store.h) of 64 pages and 512 words. */
struct machine *machine_new_small(const char *semantics, enum stage2_of stage2);
void machine_free(struct machine *m);

enum { FIRST_FRAME = 0x100000 };

/* For cmocka: *state is a machine of v6.1 over EPT, and goes. */
int machine_setup(void **state);
int machine_teardown(void **state);

/* Forget what the last step touched and raised. */
void forget(struct machine *m);
bool raised(const struct machine *m, enum alarm_kind kind, u64 key);
bool touched(const struct machine *m, enum object_kind kind, u64 key);

/* A page of user memory in frame @pfn, held by its owner once. */
pfn_t user_page(struct machine *m, pfn_t pfn);
struct vma *add_vma(struct machine *m, hva_t start, u64 pages, u32 flags);
/* Memslot @id of @pages pages at @gfn, where the VMM has its memory at @hva. Returns its row. */
int add_slot(struct machine *m, int id, gfn_t gfn, u64 pages, hva_t hva, u16 flags);

/*
 * Run @task to its end, one step after the other; the laws are looked at after each, and all of
 * them over everything at the end. A task that blocks fails the test.
 */
void run(struct machine *m, unsigned task);
/* The guest's access, as task 0 on vCPU 0. */
const struct access *guest_access(struct machine *m, enum access_kind kind, gpa_t gpa, u32 value);
/* What runs have found since machine_new(): violations of law @id, or of any if it is NULL. */
unsigned violations_of(struct machine *m, const char *id);

/*
 * A table of tests: a test whose data are rows is listed once for each row, by "test: row".
 * A row is a struct whose first member is its name; the test finds it in *state.
 */
struct test_list {
	struct CMUnitTest test[512];
	char name[512][160];
	size_t n;
};

#define LIST_TEST(list, f)		list_test(list, &(struct CMUnitTest)cmocka_unit_test(f))
#define LIST_MACHINE_TEST(list, f)	list_test(list, &(struct CMUnitTest)		\
	cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown))
#define LIST_ROWS(list, f, rows)	LIST_ROWS_AS(list, #f, f, rows)
/* The same test of other rows, by another claim. */
#define LIST_ROWS_AS(list, claim, f, rows)	\
	list_rows(list, claim, f, rows, ARRAY_SIZE(rows), sizeof(*(rows)))

void list_test(struct test_list *list, const struct CMUnitTest *test);
void list_rows(struct test_list *list, const char *claim, CMUnitTestFunction f, const void *rows,
	       size_t nr, size_t size);
/* For main(): how many failed. */
int list_run(struct test_list *list, const char *group);
