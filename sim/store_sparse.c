// SPDX-License-Identifier: GPL-2.0-only
/* A hash table leads from a pfn to its cell; cells never move. */
#include "sim/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/arena.h"

struct cell {
	pfn_t pfn;
	u64 *words;			/* those that are not 0, by their index; room for .room */
	u16 room;
	u64 occupied[WORDS_PER_PAGE / 64];	/* a bit for each of them */
	struct page page;
	bool has_record;		/* .page has been asked for */
};

struct cell_of {
	pfn_t key;
	struct cell *value;
};

enum { RECENT = 64 };

struct sparse {
	struct store store;
	struct arena *arena;		/* of the cells */
	struct cell_of *cells;		/* stb_ds's hash map */
	struct cell *recent[RECENT];	/* by the pfn's low bits: the walks of one step stay here */
	pfn_t *listed;			/* stb_ds's array: pfns that have a record */
	size_t nr_sorted;		/* so many of them, from the first, ascend */
	size_t next;			/* of them: behind the one that was asked for last */
};

static struct sparse *sparse_of(const struct phys *phys)
{
	return (struct sparse *)phys;
}

/* The cell of @pfn, or NULL. */
static struct cell *cell_find(struct sparse *sparse, pfn_t pfn)
{
	struct cell **recent = &sparse->recent[pfn % RECENT];
	ptrdiff_t at;

	if (*recent && (*recent)->pfn == pfn)
		return *recent;
	at = hmgeti(sparse->cells, pfn);
	if (at < 0)
		return NULL;
	*recent = sparse->cells[at].value;
	return *recent;
}

static struct cell *cell_of(struct sparse *sparse, pfn_t pfn)
{
	struct cell *cell = cell_find(sparse, pfn);

	if (cell)
		return cell;
	cell = arena_alloc(&sparse->arena, sizeof(*cell));
	cell->pfn = pfn;
	cell->page.head = pfn;
	hmput(sparse->cells, pfn, cell);
	return cell;
}

static struct page *sparse_page(struct phys *phys, pfn_t pfn)
{
	struct sparse *sparse = sparse_of(phys);
	struct cell *cell;

	assert(is_address(pfn, 0));
	cell = cell_of(sparse, pfn);
	if (!cell->has_record) {
		cell->has_record = true;
		arrput(sparse->listed, pfn);
	}
	return &cell->page;
}

static bool is_occupied(const struct cell *cell, unsigned index)
{
	return cell->occupied[index / 64] >> index % 64 & 1;
}

/* How many words below @index are not 0: where its own word is, or would be. */
static unsigned rank(const struct cell *cell, unsigned index)
{
	unsigned n = __builtin_popcountll(cell->occupied[index / 64] & (BIT(index % 64) - 1));

	for (unsigned i = 0; i < index / 64; i++)
		n += __builtin_popcountll(cell->occupied[i]);
	return n;
}

static unsigned nr_words(const struct cell *cell)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WORDS_PER_PAGE / 64; i++)
		n += __builtin_popcountll(cell->occupied[i]);
	return n;
}

static u64 sparse_load(const struct phys *phys, pfn_t pfn, unsigned index)
{
	const struct cell *cell;

	assert(is_address(pfn, index));
	cell = cell_find(sparse_of(phys), pfn);
	return cell && is_occupied(cell, index) ? cell->words[rank(cell, index)] : 0;
}

static void make_room(struct cell *cell, unsigned n)
{
	if (n < cell->room)
		return;
	cell->room = cell->room ? 2 * cell->room : 2;
	cell->words = realloc(cell->words, cell->room * sizeof(*cell->words));
	if (!cell->words)
		abort();
}

static void insert_word(struct cell *cell, unsigned index, u64 word)
{
	unsigned n = nr_words(cell), at = rank(cell, index);

	make_room(cell, n);
	memmove(&cell->words[at + 1], &cell->words[at], (n - at) * sizeof(word));
	cell->words[at] = word;
	cell->occupied[index / 64] |= BIT(index % 64);
}

static void remove_word(struct cell *cell, unsigned index)
{
	unsigned n = nr_words(cell), at = rank(cell, index);

	memmove(&cell->words[at], &cell->words[at + 1], (n - at - 1) * sizeof(*cell->words));
	cell->occupied[index / 64] &= ~BIT(index % 64);
}

static void sparse_store(struct phys *phys, pfn_t pfn, unsigned index, u64 word)
{
	struct sparse *sparse = sparse_of(phys);
	struct cell *cell;

	assert(is_address(pfn, index));
	cell = word ? cell_of(sparse, pfn) : cell_find(sparse, pfn);
	if (!cell)
		return;
	if (!is_occupied(cell, index)) {
		if (word)
			insert_word(cell, index, word);
	} else if (word) {
		cell->words[rank(cell, index)] = word;
	} else {
		remove_word(cell, index);
	}
}

static unsigned sparse_next(const struct phys *phys, pfn_t pfn, unsigned from)
{
	const struct cell *cell;

	assert(is_address(pfn, 0));
	cell = cell_find(sparse_of(phys), pfn);
	if (!cell || !cell->words)
		return WORDS_PER_PAGE;
	while (from < WORDS_PER_PAGE) {
		u64 bits = cell->occupied[from / 64] >> from % 64;

		if (bits)
			return from + __builtin_ctzll(bits);
		from = (from | 63) + 1;
	}
	return WORDS_PER_PAGE;
}

static void sparse_clear(struct phys *phys, pfn_t pfn)
{
	struct cell *cell;

	assert(is_address(pfn, 0));
	cell = cell_find(sparse_of(phys), pfn);
	if (!cell || !cell->words)
		return;
	free(cell->words);
	cell->words = NULL;
	cell->room = 0;
	memset(cell->occupied, 0, sizeof(cell->occupied));
}

static int pfn_order(const void *a, const void *b)
{
	pfn_t left = *(const pfn_t *)a, right = *(const pfn_t *)b;

	return (left > right) - (left < right);
}

/* A pfn that came since the last time is sorted among the new ones, then merged from the end. */
static void sort_listed(struct sparse *sparse)
{
	size_t all = arrlenu(sparse->listed), old = sparse->nr_sorted, new = all - old;
	pfn_t *fresh = NULL;

	if (!new)
		return;
	arrsetlen(fresh, new);
	memcpy(fresh, sparse->listed + old, new * sizeof(*fresh));
	qsort(fresh, new, sizeof(*fresh), pfn_order);
	for (size_t to = all; new; )
		sparse->listed[--to] = old && sparse->listed[old - 1] > fresh[new - 1] ?
				       sparse->listed[--old] : fresh[--new];
	arrfree(fresh);
	sparse->nr_sorted = all;
}

static pfn_t sparse_next_page(const struct phys *phys, pfn_t pfn)
{
	struct sparse *sparse = sparse_of(phys);
	size_t low = 0, high;

	sort_listed(sparse);
	high = sparse->nr_sorted;
	if (sparse->next && sparse->next < high && sparse->listed[sparse->next - 1] < pfn &&
	    sparse->listed[sparse->next] >= pfn)
		low = high = sparse->next;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sparse->listed[middle] < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	sparse->next = low + 1;
	return low < sparse->nr_sorted ? sparse->listed[low] : NO_PFN;
}

static void sparse_free(struct store *store)
{
	struct sparse *sparse = (struct sparse *)store;

	for (ptrdiff_t i = 0; i < hmlen(sparse->cells); i++)
		free(sparse->cells[i].value->words);
	hmfree(sparse->cells);
	arrfree(sparse->listed);
	arena_free(&sparse->arena);
	free(sparse);
}

struct store *store_new_sparse(void)
{
	struct sparse *sparse = calloc(1, sizeof(*sparse));

	if (!sparse)
		abort();
	sparse->store.free = sparse_free;
	sparse->store.phys = (struct phys){
		.page = sparse_page, .load = sparse_load, .store = sparse_store,
		.next = sparse_next, .clear = sparse_clear, .next_page = sparse_next_page,
	};
	return &sparse->store;
}
