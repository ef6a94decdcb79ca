// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records in the order of their first touch, so that they never move, with an index by pfn; and
 * the words that are not 0, in order of address.
 */
#include "sim/store_internal.h"

#include <stdlib.h>
#include <string.h>

struct record {
	pfn_t pfn;
	struct page page;
};

struct word {
	u64 address;			/* pfn * WORDS_PER_PAGE + index */
	u64 value;
};

/* What a snapshot begins with; its records follow in order of pfn, then its words. */
struct extent {
	u32 pages, words;
	u32 exhausted, pad;
};

struct small {
	struct store store;
	unsigned max_pages, max_words;
	unsigned nr_pages, nr_words;
	struct record *record;
	u32 *by_pfn;			/* indices of records, in order of their pfns */
	struct word *word;
	struct page scratch;		/* of pages that do not fit */
};

static struct small *small_of(const struct phys *phys)
{
	return (struct small *)phys;
}

/* The place in .by_pfn of the first record whose pfn is at least @pfn. */
static unsigned record_from(const struct small *small, pfn_t pfn)
{
	unsigned low = 0, high = small->nr_pages;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (small->record[small->by_pfn[middle]].pfn < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place of the first word whose address is at least @address. */
static unsigned word_from(const struct small *small, u64 address)
{
	unsigned low = 0, high = small->nr_words;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (small->word[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct page *small_page(struct phys *phys, pfn_t pfn)
{
	struct small *small = small_of(phys);
	unsigned at = record_from(small, pfn);
	struct record *record;

	assert(is_address(pfn, 0));
	if (at < small->nr_pages && small->record[small->by_pfn[at]].pfn == pfn)
		return &small->record[small->by_pfn[at]].page;
	if (small->nr_pages == small->max_pages) {
		phys->exhausted = true;
		small->scratch = (struct page){ .head = pfn };
		return &small->scratch;
	}
	memmove(&small->by_pfn[at + 1], &small->by_pfn[at],
		(small->nr_pages - at) * sizeof(*small->by_pfn));
	small->by_pfn[at] = small->nr_pages;
	record = &small->record[small->nr_pages++];
	*record = (struct record){ .pfn = pfn, .page.head = pfn };
	return &record->page;
}

static u64 small_load(const struct phys *phys, pfn_t pfn, unsigned index)
{
	const struct small *small = small_of(phys);
	u64 address = pfn * WORDS_PER_PAGE + index;
	unsigned at = word_from(small, address);

	assert(is_address(pfn, index));
	return at < small->nr_words && small->word[at].address == address ? small->word[at].value
									   : 0;
}

/* Words @from to @to go, those behind them close up. */
static void words_remove(struct small *small, unsigned from, unsigned to)
{
	memmove(&small->word[from], &small->word[to],
		(small->nr_words - to) * sizeof(*small->word));
	small->nr_words -= to - from;
}

static void small_store(struct phys *phys, pfn_t pfn, unsigned index, u64 value)
{
	struct small *small = small_of(phys);
	u64 address = pfn * WORDS_PER_PAGE + index;
	unsigned at = word_from(small, address);
	bool there = at < small->nr_words && small->word[at].address == address;

	assert(is_address(pfn, index));
	if (there && value) {
		small->word[at].value = value;
	} else if (there) {
		words_remove(small, at, at + 1);
	} else if (value && small->nr_words == small->max_words) {
		phys->exhausted = true;
	} else if (value) {
		memmove(&small->word[at + 1], &small->word[at],
			(small->nr_words - at) * sizeof(*small->word));
		small->word[at] = (struct word){ .address = address, .value = value };
		small->nr_words++;
	}
}

static unsigned small_next(const struct phys *phys, pfn_t pfn, unsigned from)
{
	const struct small *small = small_of(phys);
	unsigned at = word_from(small, pfn * WORDS_PER_PAGE + from);

	assert(is_address(pfn, 0));
	if (at == small->nr_words || small->word[at].address / WORDS_PER_PAGE != pfn)
		return WORDS_PER_PAGE;
	return small->word[at].address % WORDS_PER_PAGE;
}

static void small_clear(struct phys *phys, pfn_t pfn)
{
	struct small *small = small_of(phys);

	assert(is_address(pfn, 0));
	words_remove(small, word_from(small, pfn * WORDS_PER_PAGE),
		     word_from(small, (pfn + 1) * WORDS_PER_PAGE));
}

static pfn_t small_next_page(const struct phys *phys, pfn_t pfn)
{
	const struct small *small = small_of(phys);
	unsigned at = record_from(small, pfn);

	return at < small->nr_pages ? small->record[small->by_pfn[at]].pfn : NO_PFN;
}

static void small_free(struct store *store)
{
	struct small *small = (struct small *)store;

	free(small->record);
	free(small->by_pfn);
	free(small->word);
	free(small);
}

struct store *store_new_small(unsigned pages, unsigned words)
{
	struct small *small = calloc(1, sizeof(*small));

	if (!small)
		abort();
	small->store.free = small_free;
	small->store.phys = (struct phys){
		.page = small_page, .load = small_load, .store = small_store,
		.next = small_next, .clear = small_clear, .next_page = small_next_page,
	};
	small->max_pages = pages;
	small->max_words = words;
	small->record = calloc((size_t)pages + 1, sizeof(*small->record));
	small->by_pfn = calloc((size_t)pages + 1, sizeof(*small->by_pfn));
	small->word = calloc((size_t)words + 1, sizeof(*small->word));
	if (!small->record || !small->by_pfn || !small->word)
		abort();
	return &small->store;
}

static struct small *small_for_snapshot(const struct store *store)
{
	assert(store->free == small_free);
	return (struct small *)store;
}

size_t store_size(const struct store *store)
{
	const struct small *small = small_for_snapshot(store);

	return sizeof(struct extent) + small->nr_pages * sizeof(struct record) +
	       small->nr_words * sizeof(struct word);
}

void store_save(const struct store *store, void *buffer)
{
	const struct small *small = small_for_snapshot(store);
	struct extent extent = { .pages = small->nr_pages, .words = small->nr_words,
				 .exhausted = store->phys.exhausted };
	char *to = buffer;

	memcpy(to, &extent, sizeof(extent));
	to += sizeof(extent);
	for (unsigned i = 0; i < small->nr_pages; i++, to += sizeof(struct record))
		memcpy(to, &small->record[small->by_pfn[i]], sizeof(struct record));
	memcpy(to, small->word, small->nr_words * sizeof(struct word));
}

void store_load(struct store *store, const void *buffer)
{
	struct small *small = small_for_snapshot(store);
	struct extent extent;
	const char *from = buffer;

	memcpy(&extent, from, sizeof(extent));
	assert(extent.pages <= small->max_pages);
	assert(extent.words <= small->max_words);
	from += sizeof(extent);
	memcpy(small->record, from, extent.pages * sizeof(struct record));
	from += extent.pages * sizeof(struct record);
	memcpy(small->word, from, extent.words * sizeof(struct word));
	for (unsigned i = 0; i < extent.pages; i++)
		small->by_pfn[i] = i;
	small->nr_pages = extent.pages;
	small->nr_words = extent.words;
	store->phys.exhausted = extent.exhausted;
}
