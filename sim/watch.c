/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/watch_internal.h"

enum { RECORD_WORDS = sizeof(struct page) / sizeof(u64) };
static_assert(sizeof(struct world) % sizeof(u64) == 0, "the world is words");
static_assert(sizeof(struct page) % sizeof(u64) == 0, "a page's record is words");
static_assert(sizeof(struct page) <= 128, "a page's record is two lines");

/* ---- sums ---- */

/* splitmix64 of the value, with a key that is one of the key's. */
u64 watch_mix(u64 key, u64 value)
{
	u64 x = (key + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 29) + value * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* Keys of world, records and words differ in their highest bits. */
static u64 key_of_world(size_t word)
{
	return BIT(62) + word;
}

static u64 key_of_change(bool is_record, pfn_t pfn, unsigned word)
{
	return (u64)is_record << 63 | pfn << 9 | word;
}

static void add_world(const struct watch *w, struct watch_sums *sums, const struct saved *s)
{
	size_t first = (size_t)s->line * 8;

	for (size_t i = 0; i < line_words(s->line); i++) {
		u64 now = w->world[first + i], then = s->words[i];

		if (now == then)
			continue;
		if (w->words) {
			watch_add_word(w, sums, first + i, now, 1);
			watch_add_word(w, sums, first + i, then, -1);
		} else {
			sums->of[0] += watch_mix(key_of_world(first + i), now) -
				       watch_mix(key_of_world(first + i), then);
		}
	}
}

static void add_memory(const struct watch *w, struct watch_sums *sums, const struct change *c)
{
	pfn_t pfn = c->pfn;
	const struct watch_actor *actor = w->words ? watch_list_of(w, c->pfn, &pfn) : NULL;
	u64 key = key_of_change(false, pfn, c->index);

	sums->of[actor ? 1 + (actor - w->actor) : 0] +=
		watch_mix(key, w->real->load(w->real, c->pfn, c->index)) - watch_mix(key, c->word);
}

static void add_change(const struct watch *w, struct watch_sums *sums, const struct change *c)
{
	const u64 *now, *then = (const u64 *)&c->record;

	if (!c->is_record) {
		add_memory(w, sums, c);
		return;
	}
	now = (const u64 *)w->real->page(w->real, c->pfn);
	for (unsigned i = 0; i < RECORD_WORDS; i++)
		if (now[i] != then[i])
			sums->of[0] += watch_mix(key_of_change(true, c->pfn, i), now[i]) -
				       watch_mix(key_of_change(true, c->pfn, i), then[i]);
}

/* Of a record or word that was saved more than once only the first counts. */
struct watch_sums watch_sums(struct watch *w)
{
	const struct mark *mark = &w->marks[arrlenu(w->marks) - 1];
	struct watch_sums sums = mark->sums;

	for (size_t i = mark->summed_saved; i < arrlenu(w->saved); i++)
		add_world(w, &sums, &w->saved[i]);
	for (size_t i = mark->summed_changes; i < arrlenu(w->changes); i++)
		if (!change_is_again(w, mark->summed_changes, i))
			add_change(w, &sums, &w->changes[i]);
	return sums;
}

/* ---- there and back ---- */

static void begin_epoch(struct watch *w)
{
	w->epoch++;
	w->nr_handed = 0;
	w->low = UINTPTR_MAX;
	w->high = 0;
	if (!watch_works())
		for (u32 line = 0; line < WATCH_WORLD_LINES; line++)
			watch_save_line(w, line);
}

static void push_mark(struct watch *w, const struct watch_sums *sums)
{
	size_t saved = arrlenu(w->saved), changes = arrlenu(w->changes);

	arrput(w->marks, ((struct mark){ saved, changes, *sums, *sums, saved, changes }));
}

void watch_mark(struct watch *w)
{
	struct watch_sums sums = watch_sums(w);

	push_mark(w, &sums);
	begin_epoch(w);
}

/* Last in, first out: what is remembered twice ends as the older one. */
static void undo(struct watch *w, const struct mark *mark)
{
	while (arrlenu(w->saved) > mark->saved) {
		const struct saved *s = &w->saved[arrlenu(w->saved) - 1];

		memcpy(&w->world[(size_t)s->line * 8], s->words,
		       line_words(s->line) * sizeof(u64));
		arrsetlen(w->saved, arrlenu(w->saved) - 1);
	}
	while (arrlenu(w->changes) > mark->changes) {
		const struct change *c = &w->changes[arrlenu(w->changes) - 1];

		if (c->is_record)
			*w->real->page(w->real, c->pfn) = c->record;
		else
			w->real->store(w->real, c->pfn, c->index, c->word);
		arrsetlen(w->changes, arrlenu(w->changes) - 1);
	}
}

/* The last mark goes: the one before it knows the sum. */
static void pop_mark(struct watch *w, const struct watch_sums *sums)
{
	struct mark *mark;

	arrsetlen(w->marks, arrlenu(w->marks) - 1);
	mark = &w->marks[arrlenu(w->marks) - 1];
	mark->sums = *sums;
	mark->summed_saved = arrlenu(w->saved);
	mark->summed_changes = arrlenu(w->changes);
	begin_epoch(w);
}

void watch_forget(struct watch *w)
{
	struct watch_sums sums = watch_sums(w);

	pop_mark(w, &sums);
}

void watch_back(struct watch *w)
{
	struct mark gone = w->marks[arrlenu(w->marks) - 1];

	undo(w, &gone);
	pop_mark(w, &gone.first);
}

/* ---- packing ---- */

static bool line_differs(const struct watch *w, u32 line)
{
	return memcmp(&w->world[(size_t)line * 8], &w->first[(size_t)line * 8],
		      line_words(line) * sizeof(u64));
}

/* Runs of words that differ: (first << 32 | number), and the words. Ends with 0. */
static void pack_line(const struct watch *w, u32 line, u64 **words)
{
	size_t i = (size_t)line * 8, end = i + line_words(line);

	while (i < end) {
		size_t first = i;

		while (i < end && w->world[i] != w->first[i])
			i++;
		if (i > first) {
			arrput(*words, (u64)first << 32 | (i - first));
			memcpy(arraddnptr(*words, i - first), &w->world[first],
			       (i - first) * sizeof(u64));
		}
		i += i == first;
	}
}

static void pack_world(struct watch *w, u64 **words)
{
	for (u32 line = 0; line < WATCH_WORLD_LINES; line++)
		if (w->strays[line / 64] >> line % 64 & 1 && line_differs(w, line))
			pack_line(w, line, words);
	arrput(*words, 0);
}

static u64 place_key(const struct change *c)
{
	return c->pfn << 10 | (c->is_record ? WORDS_PER_PAGE : c->index);
}

/* In order of key; of equal ones the oldest, which has what was there at the beginning. */
static void sort_places(struct watch *w)
{
	arrsetlen(w->places, 0);
	for (size_t i = 0; i < arrlenu(w->changes); i++) {
		u64 key = place_key(&w->changes[i]);
		size_t at = arrlenu(w->places);

		while (at && w->places[at - 1].key > key)
			at--;
		if (!at || w->places[at - 1].key != key)
			arrins(w->places, at, ((struct place){ key, i }));
	}
}

static void pack_place(const struct watch *w, const struct place *place, u64 **words)
{
	const struct change *c = &w->changes[place->change];

	if (c->is_record) {
		const struct page *page = w->real->page(w->real, c->pfn);

		if (!memcmp(page, &c->record, sizeof(*page)))
			return;
		arrput(*words, place->key);
		memcpy(arraddnptr(*words, RECORD_WORDS), page, sizeof(*page));
	} else {
		u64 word = w->real->load(w->real, c->pfn, c->index);

		if (word == c->word)
			return;
		arrput(*words, place->key);
		arrput(*words, word);
	}
}

void watch_pack(struct watch *w, u64 **words)
{
	struct watch_sums sums = watch_sums(w);

	memcpy(arraddnptr(*words, 1 + w->nr_actors), sums.of, (1 + w->nr_actors) * sizeof(u64));
	pack_world(w, words);
	sort_places(w);
	for (size_t i = 0; i < arrlenu(w->places); i++)
		pack_place(w, &w->places[i], words);
}

static void return_to_first(struct watch *w)
{
	arrsetlen(w->marks, 1);
	arrsetlen(w->saved, 0);
	undo(w, &w->marks[0]);
	for (u32 line = 0; line < WATCH_WORLD_LINES; line++)
		if (w->strays[line / 64] >> line % 64 & 1)
			memcpy(&w->world[(size_t)line * 8], &w->first[(size_t)line * 8],
			       line_words(line) * sizeof(u64));
	memset(w->strays, 0, sizeof(w->strays));
	if (!(w->epoch & 0xff))		/* now and then: has nobody written who was not told? */
		assert(!memcmp(w->world, w->first, sizeof(struct world)));
}

static void unpack_place(struct watch *w, const u64 *words, size_t *i)
{
	pfn_t pfn = words[*i] >> 10;
	unsigned index = words[*i] & 1023;

	if (index == WORDS_PER_PAGE) {
		struct page *page = w->real->page(w->real, pfn);

		arrput(w->changes, ((struct change){ .pfn = pfn, .is_record = true,
						     .record = *page }));
		memcpy(page, &words[*i + 1], sizeof(*page));
		*i += 1 + RECORD_WORDS;
	} else {
		arrput(w->changes, ((struct change){ .pfn = pfn, .index = index,
						     .word = w->real->load(w->real, pfn, index) }));
		w->real->store(w->real, pfn, index, words[*i + 1]);
		*i += 2;
	}
}

void watch_unpack(struct watch *w, const u64 *words, size_t n)
{
	size_t i = 1 + w->nr_actors;
	struct watch_sums sums = { .of = { 0 } };

	memcpy(sums.of, words, i * sizeof(u64));
	return_to_first(w);
	for (; words[i]; i += 1 + (u32)words[i]) {
		size_t first = words[i] >> 32;

		memcpy(&w->world[first], &words[i + 1], (u32)words[i] * sizeof(u64));
		w->strays[first / 512] |= BIT(first / 8 % 64);
	}
	for (i++; i < n; )
		unpack_place(w, words, &i);
	push_mark(w, &sums);
	begin_epoch(w);
}

/* ---- a watch ---- */

struct watch *watch_new(struct vm *vm, struct watch_names *names)
{
	static const struct watch_sums none;
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->vm = vm;
	w->names = names;
	w->real = vm->m.phys;
	w->world = (u64 *)&vm->w;
	w->first = malloc(sizeof(struct world));
	if (!w->first)
		abort();
	memcpy(w->first, &vm->w, sizeof(struct world));
	watch_take_phys(w);
	push_mark(w, &none);
	begin_epoch(w);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	watch_on(NULL);
	w->vm->m.phys = w->real;
	free(w->first);
	arrfree(w->saved);
	arrfree(w->changes);
	arrfree(w->marks);
	arrfree(w->places);
	hmfree(w->known);
	arrfree(w->pages);
	free(w->words);
	free(w);
}
