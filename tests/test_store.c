// SPDX-License-Identifier: GPL-2.0-only
/* Both stores keep what phys.h promises, alike; a small one's snapshots, and its bounds. */
#include <stdlib.h>
#include <string.h>

#include "model/page.h"
#include "sim/store.h"
#include "tests/support.h"

/* Where the model puts what is no host memory, and the last pfn that there is. */
#define A_SPACE		((pfn_t)1 << 44)
#define LAST_PFN	(((pfn_t)1 << 52) - 1)

enum kind { SPARSE, SMALL };

struct row {
	const char *name;
	enum kind kind;
};

static const struct row both[] = {
	{ "sparse", SPARSE },
	{ "small", SMALL },
};

static struct store *store_of(void **state)
{
	const struct row *row = *state;

	return row->kind == SPARSE ? store_new_sparse() : store_new_small(64, 512);
}

static void a_record_begins_as_zeros_that_is_its_own_head(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);
	struct page fresh = { .head = 0x1234 };

	assert_memory_equal(phys->page(phys, 0x1234), &fresh, sizeof(fresh));

	store_free(store);
}

static void a_record_stays_where_it_is_while_others_come(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);
	struct page *page = phys->page(phys, 1000);

	page->refcount = 7;
	for (pfn_t pfn = 0; pfn < 60; pfn++)
		phys->page(phys, pfn * 31)->refcount = 1;

	assert_ptr_equal(phys->page(phys, 1000), page);
	assert_int_equal(page->refcount, 7);

	store_free(store);
}

static void a_word_that_nobody_wrote_is_zero(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);

	phys->store(phys, 5, 3, 1);

	assert_int_equal(phys->load(phys, 5, 2), 0);
	assert_int_equal(phys->load(phys, 6, 3), 0);
	assert_int_equal(phys->next(phys, 6, 0), WORDS_PER_PAGE);

	store_free(store);
}

static void a_word_is_kept_at_the_edges_of_pages_and_of_memory(void **state)
{
	static const struct { pfn_t pfn; unsigned index; } places[] = {
		{ 0, 0 }, { 0, 511 }, { 1, 0 }, { 1, 511 }, { A_SPACE, 0 },
		{ A_SPACE * 3 + ((pfn_t)15 << 32), 63 }, { LAST_PFN, 64 }, { LAST_PFN, 511 },
	};
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		phys->store(phys, places[i].pfn, places[i].index, ~(u64)i);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_true(phys->load(phys, places[i].pfn, places[i].index) == ~(u64)i);

	store_free(store);
}

static void next_finds_the_words_that_are_not_zero_in_order(void **state)
{
	static const unsigned written[] = { 0, 1, 63, 64, 127, 300, 511 };
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);
	unsigned index = 0;

	phys->store(phys, 8, 0, 1);
	phys->store(phys, 10, 0, 1);
	for (size_t i = ARRAY_SIZE(written); i-- > 0; )
		phys->store(phys, 9, written[i], 1);

	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		assert_int_equal(phys->next(phys, 9, index), written[i]);
		index = written[i] + 1;
	}
	assert_int_equal(phys->next(phys, 9, index), WORDS_PER_PAGE);

	store_free(store);
}

static void a_word_that_is_zero_again_is_not_found(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);

	phys->store(phys, 9, 7, 1);
	phys->store(phys, 9, 7, 0);

	assert_int_equal(phys->next(phys, 9, 0), WORDS_PER_PAGE);

	store_free(store);
}

static void clear_empties_its_page_and_no_other(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);

	for (pfn_t pfn = 8; pfn <= 10; pfn++)
		for (unsigned index = 0; index < WORDS_PER_PAGE; index += 73)
			phys->store(phys, pfn, index, pfn);
	phys->clear(phys, 9);
	phys->clear(phys, 12345);

	assert_int_equal(phys->next(phys, 9, 0), WORDS_PER_PAGE);
	assert_int_equal(phys->load(phys, 8, 511), 8);
	assert_int_equal(phys->load(phys, 10, 0), 10);

	store_free(store);
}

static void next_page_lists_records_in_order_whenever_they_came(void **state)
{
	static const pfn_t early[] = { 40, 2, LAST_PFN, 17 }, late[] = { 3, A_SPACE, 0 };
	static const pfn_t all[] = { 0, 2, 3, 17, 40, A_SPACE, LAST_PFN };
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);
	pfn_t pfn = 0;

	for (size_t i = 0; i < ARRAY_SIZE(early); i++)
		phys->page(phys, early[i]);
	assert_int_equal(phys->next_page(phys, 0), 2);
	for (size_t i = 0; i < ARRAY_SIZE(late); i++)
		phys->page(phys, late[i]);

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_true(phys->next_page(phys, pfn) == all[i]);
		pfn = all[i] + 1;
	}
	assert_true(phys->next_page(phys, pfn) == NO_PFN);

	store_free(store);
}

static void contents_alone_are_no_record(void **state)
{
	struct store *store = store_of(state);
	struct phys *phys = store_phys(store);

	phys->store(phys, A_SPACE, 0, 1);
	phys->load(phys, 3, 0);
	phys->clear(phys, 4);

	assert_true(phys->next_page(phys, 0) == NO_PFN);

	store_free(store);
}

/* xorshift64*: the same numbers on every machine */
static u64 next_random(u64 *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1d;
}

static pfn_t random_pfn(u64 *seed)
{
	static const pfn_t base[] = {
		0, 0x100000, A_SPACE, A_SPACE * 2 + ((pfn_t)3 << 32), LAST_PFN - 7,
	};
	u64 random = next_random(seed);

	return base[(random >> 8) % ARRAY_SIZE(base)] + (random >> 32) % 8;
}

static void same_words(struct phys *a, struct phys *b, pfn_t pfn, unsigned index)
{
	assert_true(a->load(a, pfn, index) == b->load(b, pfn, index));
	assert_int_equal(a->next(a, pfn, index), b->next(b, pfn, index));
}

static void random_operation(struct phys *a, struct phys *b, u64 *seed)
{
	pfn_t pfn = random_pfn(seed);
	u64 random = next_random(seed);
	unsigned index = (random >> 16) % WORDS_PER_PAGE;
	u64 word = random >> 8 & 1 ? random : 0;

	switch (random % 32) {
	case 0:
		a->clear(a, pfn);
		b->clear(b, pfn);
		break;
	case 1 ... 4:
		a->page(a, pfn)->refcount++;
		b->page(b, pfn)->refcount++;
		break;
	case 5 ... 7:
		assert_true(a->next_page(a, pfn) == b->next_page(b, pfn));
		break;
	case 8 ... 20:
		a->store(a, pfn, index, word);
		b->store(b, pfn, index, word);
		break;
	default:
		same_words(a, b, pfn, index);
		break;
	}
}

static void same_everything(struct phys *a, struct phys *b)
{
	for (pfn_t pfn = 0; (pfn = a->next_page(a, pfn)) != NO_PFN; pfn++) {
		assert_true(b->next_page(b, pfn) == pfn);
		assert_memory_equal(a->page(a, pfn), b->page(b, pfn), sizeof(struct page));
		for (unsigned index = 0; index < WORDS_PER_PAGE; index++)
			same_words(a, b, pfn, index);
	}
}

static void both_stores_agree_after_each_of_100000_random_operations(void **state)
{
	struct store *sparse = store_new_sparse(), *small = store_new_small(40, 40 * 512);
	u64 seed = 20240517;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		random_operation(store_phys(sparse), store_phys(small), &seed);

	same_everything(store_phys(sparse), store_phys(small));
	assert_false(store_phys(small)->exhausted);

	store_free(sparse);
	store_free(small);
}

static void machine_runs(struct machine *m)
{
	add_vma(m, 0x7f0000000000, 4, VM_READ | VM_WRITE);
	add_slot(m, 1, 0x200, 4, 0x7f0000000000, 0);
	guest_access(m, ACCESS_READ, 0x201000, 0);
	guest_access(m, ACCESS_WRITE, 0x200008, 0x1234);
	assert_int_equal(guest_access(m, ACCESS_READ, 0x200008, 0)->value, 0x1234);
	assert_int_equal(violations_of(m, NULL), 0);
}

static void a_machine_ends_in_the_same_world_over_either_store(void **state)
{
	struct machine *sparse = machine_new("v6.1", EPT), *small = machine_new_small("v6.1", EPT);

	(void)state;
	machine_runs(sparse);
	machine_runs(small);

	assert_memory_equal(sparse->w, small->w, sizeof(struct world));
	same_everything(sparse->phys, small->phys);

	machine_free(sparse);
	machine_free(small);
}

/* A sparse store's answers do not depend on how many pages there are. */
static void a_sparse_store_keeps_many_scattered_pages_apart(void **state)
{
	struct store *store = store_new_sparse();
	struct phys *phys = store_phys(store);
	u64 seed = 1;

	(void)state;
	for (u64 i = 1; i <= 20000; i++) {
		pfn_t pfn = next_random(&seed) >> 12;

		phys->page(phys, pfn)->held[0] = i;
		phys->store(phys, pfn, i % WORDS_PER_PAGE, i);
	}

	seed = 1;
	for (u64 i = 1; i <= 20000; i++) {
		pfn_t pfn = next_random(&seed) >> 12;

		assert_int_equal(phys->page(phys, pfn)->held[0], i);
		assert_int_equal(phys->load(phys, pfn, i % WORDS_PER_PAGE), i);
	}

	store_free(store);
}

/* ---- snapshots ---- */

static void *snapshot(const struct store *store)
{
	void *buffer = malloc(store_size(store));

	assert_non_null(buffer);
	store_save(store, buffer);
	return buffer;
}

static void a_loaded_snapshot_brings_back_every_record_and_word(void **state)
{
	struct store *store = store_new_small(64, 512);
	struct phys *phys = store_phys(store);
	void *before;

	(void)state;
	phys->page(phys, 5)->refcount = 1;
	phys->page(phys, 3)->refcount = 2;
	phys->store(phys, 3, 10, 77);
	before = snapshot(store);
	phys->page(phys, 3)->refcount = 9;
	phys->page(phys, 4)->refcount = 9;
	phys->store(phys, 3, 10, 0);
	phys->store(phys, 3, 11, 9);
	store_load(store, before);

	assert_int_equal(phys->page(phys, 3)->refcount, 2);
	assert_int_equal(phys->page(phys, 5)->refcount, 1);
	assert_int_equal(phys->load(phys, 3, 10), 77);
	assert_int_equal(phys->next(phys, 3, 11), WORDS_PER_PAGE);
	assert_int_equal(phys->next_page(phys, 4), 5);

	free(before);
	store_free(store);
}

static void a_snapshot_loads_into_another_store(void **state)
{
	struct store *from = store_new_small(8, 8), *to = store_new_small(8, 8);
	void *buffer;

	(void)state;
	store_phys(from)->page(store_phys(from), 6)->refcount = 3;
	store_phys(from)->store(store_phys(from), 6, 1, 2);
	buffer = snapshot(from);
	store_load(to, buffer);

	same_everything(store_phys(from), store_phys(to));

	free(buffer);
	store_free(from);
	store_free(to);
}

static void equal_contents_give_equal_snapshots_whatever_their_history(void **state)
{
	static const pfn_t order[2][3] = { { 1, 2, 3 }, { 3, 1, 2 } };
	struct store *store[2];
	void *buffer[2];

	(void)state;
	for (unsigned s = 0; s < 2; s++) {
		struct phys *phys;

		store[s] = store_new_small(8, 8);
		phys = store_phys(store[s]);
		for (unsigned i = 0; i < 3; i++) {
			phys->page(phys, order[s][i])->refcount = order[s][i];
			phys->store(phys, order[s][i], 5, 1);
		}
	}
	store_phys(store[1])->store(store_phys(store[1]), 2, 200, 1);
	store_phys(store[1])->store(store_phys(store[1]), 2, 200, 0);
	for (unsigned s = 0; s < 2; s++)
		buffer[s] = snapshot(store[s]);

	assert_int_equal(store_size(store[0]), store_size(store[1]));
	assert_memory_equal(buffer[0], buffer[1], store_size(store[0]));

	for (unsigned s = 0; s < 2; s++) {
		free(buffer[s]);
		store_free(store[s]);
	}
}

static void a_snapshot_costs_what_lives_and_not_the_bounds(void **state)
{
	struct store *store = store_new_small(1000, 100000);
	struct phys *phys = store_phys(store);
	size_t empty = store_size(store), page;

	(void)state;
	phys->page(phys, 1);
	page = store_size(store) - empty;
	phys->store(phys, 1, 0, 1);
	phys->store(phys, 1, 1, 1);
	phys->store(phys, 1, 1, 0);

	assert_int_equal(page, sizeof(pfn_t) + sizeof(struct page));
	assert_int_equal(store_size(store), empty + page + 2 * sizeof(u64));

	store_free(store);
}

/* ---- bounds ---- */

static void one_page_too_many_exhausts_and_gives_a_scratch_record(void **state)
{
	struct store *store = store_new_small(2, 4);
	struct phys *phys = store_phys(store);
	struct page fresh = { .head = 3 };

	(void)state;
	phys->page(phys, 1)->refcount = 1;
	phys->page(phys, 2)->refcount = 2;
	assert_false(phys->exhausted);
	phys->page(phys, 9)->refcount = 9;

	assert_true(phys->exhausted);
	assert_memory_equal(phys->page(phys, 3), &fresh, sizeof(fresh));
	assert_int_equal(phys->page(phys, 1)->refcount, 1);
	assert_int_equal(phys->page(phys, 2)->refcount, 2);
	assert_true(phys->next_page(phys, 3) == NO_PFN);

	store_free(store);
}

static void one_word_too_many_exhausts_and_is_lost(void **state)
{
	struct store *store = store_new_small(2, 2);
	struct phys *phys = store_phys(store);

	(void)state;
	phys->store(phys, 1, 0, 1);
	phys->store(phys, 1, 1, 2);
	phys->store(phys, 1, 1, 3);
	assert_false(phys->exhausted);
	phys->store(phys, 1, 2, 4);

	assert_true(phys->exhausted);
	assert_int_equal(phys->load(phys, 1, 0), 1);
	assert_int_equal(phys->load(phys, 1, 1), 3);
	assert_int_equal(phys->load(phys, 1, 2), 0);

	store_free(store);
}

static void a_zero_or_a_look_takes_no_room(void **state)
{
	struct store *store = store_new_small(1, 1);
	struct phys *phys = store_phys(store);

	(void)state;
	phys->page(phys, 1);
	phys->page(phys, 1);
	phys->store(phys, 1, 0, 1);
	phys->store(phys, 2, 0, 0);
	phys->store(phys, 1, 0, 0);
	phys->store(phys, 2, 0, 5);
	phys->next_page(phys, 7);

	assert_false(phys->exhausted);
	assert_int_equal(phys->load(phys, 2, 0), 5);

	store_free(store);
}

static void exhaustion_is_over_with_a_snapshot_from_before(void **state)
{
	struct store *store = store_new_small(1, 1);
	struct phys *phys = store_phys(store);
	void *before = snapshot(store);

	(void)state;
	phys->page(phys, 1);
	phys->page(phys, 2);
	assert_true(phys->exhausted);
	store_load(store, before);

	assert_false(phys->exhausted);
	assert_true(phys->next_page(phys, 0) == NO_PFN);

	free(before);
	store_free(store);
}

static void store_free_of_nothing_is_fine(void **state)
{
	(void)state;
	store_free(NULL);
}

int main(void)
{
	static struct test_list list;

	LIST_ROWS(&list, a_record_begins_as_zeros_that_is_its_own_head, both);
	LIST_ROWS(&list, a_record_stays_where_it_is_while_others_come, both);
	LIST_ROWS(&list, a_word_that_nobody_wrote_is_zero, both);
	LIST_ROWS(&list, a_word_is_kept_at_the_edges_of_pages_and_of_memory, both);
	LIST_ROWS(&list, next_finds_the_words_that_are_not_zero_in_order, both);
	LIST_ROWS(&list, a_word_that_is_zero_again_is_not_found, both);
	LIST_ROWS(&list, clear_empties_its_page_and_no_other, both);
	LIST_ROWS(&list, next_page_lists_records_in_order_whenever_they_came, both);
	LIST_ROWS(&list, contents_alone_are_no_record, both);
	LIST_TEST(&list, both_stores_agree_after_each_of_100000_random_operations);
	LIST_TEST(&list, a_machine_ends_in_the_same_world_over_either_store);
	LIST_TEST(&list, a_sparse_store_keeps_many_scattered_pages_apart);
	LIST_TEST(&list, a_loaded_snapshot_brings_back_every_record_and_word);
	LIST_TEST(&list, a_snapshot_loads_into_another_store);
	LIST_TEST(&list, equal_contents_give_equal_snapshots_whatever_their_history);
	LIST_TEST(&list, a_snapshot_costs_what_lives_and_not_the_bounds);
	LIST_TEST(&list, one_page_too_many_exhausts_and_gives_a_scratch_record);
	LIST_TEST(&list, one_word_too_many_exhausts_and_is_lost);
	LIST_TEST(&list, a_zero_or_a_look_takes_no_room);
	LIST_TEST(&list, exhaustion_is_over_with_a_snapshot_from_before);
	LIST_TEST(&list, store_free_of_nothing_is_fine);
	return list_run(&list, "store");
}
