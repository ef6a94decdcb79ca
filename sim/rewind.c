/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/rewind.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/page.h"

/* What one write has overwritten; of a page's record, the whole of it. */
struct change {
	pfn_t pfn;
	bool is_page;
	unsigned index;
	u64 word;
	struct page page;
};

/* A word, or a page's record, that may differ from the oldest mark. */
struct place { u64 key; size_t change; };

struct mark {
	struct world w;
	size_t changes;
	size_t nr_notes, nr_dropped, nr_refs, nr_steps, nr_violations, nr_splats;
	unsigned event;
	bool dead;
};

struct rewind {
	struct phys phys;		/* first: the watched memory */
	struct phys *real;
	struct vm *vm;
	struct change *changes;		/* stb_ds */
	struct mark *marks;		/* stb_ds */
	struct place *places;		/* stb_ds: see rewind_pack() */
};

static struct rewind *of(const struct phys *phys)
{
	return (struct rewind *)phys;
}

static size_t last_mark(const struct rewind *r)
{
	return arrlenu(r->marks) ? r->marks[arrlenu(r->marks) - 1].changes : 0;
}

static struct page *watched_page(struct phys *phys, pfn_t pfn)
{
	struct rewind *r = of(phys);
	struct page *page = r->real->page(r->real, pfn);
	size_t n = arrlenu(r->changes), first = last_mark(r);

	r->phys.exhausted = r->real->exhausted;
	if (n > first + 64)	/* once more is no mistake */
		first = n - 64;
	for (size_t i = n; i-- > first; )
		if (r->changes[i].is_page && r->changes[i].pfn == pfn)
			return page;
	arrput(r->changes, ((struct change){ .pfn = pfn, .is_page = true, .page = *page }));
	return page;
}

static u64 watched_load(const struct phys *phys, pfn_t pfn, unsigned index)
{
	return of(phys)->real->load(of(phys)->real, pfn, index);
}

static void watched_store(struct phys *phys, pfn_t pfn, unsigned index, u64 word)
{
	struct rewind *r = of(phys);
	u64 old = r->real->load(r->real, pfn, index);

	if (old == word)
		return;
	arrput(r->changes, ((struct change){ .pfn = pfn, .index = index, .word = old }));
	r->real->store(r->real, pfn, index, word);
}

static unsigned watched_next(const struct phys *phys, pfn_t pfn, unsigned from)
{
	return of(phys)->real->next(of(phys)->real, pfn, from);
}

static void watched_clear(struct phys *phys, pfn_t pfn)
{
	struct rewind *r = of(phys);

	for (unsigned i = 0; (i = r->real->next(r->real, pfn, i)) < WORDS_PER_PAGE; i++)
		arrput(r->changes, ((struct change){ .pfn = pfn, .index = i,
						     .word = r->real->load(r->real, pfn, i) }));
	r->real->clear(r->real, pfn);
}

static pfn_t watched_next_page(const struct phys *phys, pfn_t pfn)
{
	return of(phys)->real->next_page(of(phys)->real, pfn);
}

struct rewind *rewind_new(struct vm *vm)
{
	struct rewind *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->real = vm->m.phys;
	r->vm = vm;
	r->phys = (struct phys){ .page = watched_page, .load = watched_load,
				 .store = watched_store, .next = watched_next,
				 .clear = watched_clear, .next_page = watched_next_page };
	vm->m.phys = &r->phys;
	return r;
}

void rewind_look(struct rewind *r)
{
	r->vm->m.phys = r->real;
}

void rewind_go_on(struct rewind *r)
{
	r->vm->m.phys = &r->phys;
}

void rewind_free(struct rewind *r)
{
	if (!r)
		return;
	r->vm->m.phys = r->real;
	arrfree(r->changes);
	arrfree(r->marks);
	arrfree(r->places);
	free(r);
}

size_t rewind_mark(struct rewind *r)
{
	const struct vm *vm = r->vm;

	arrput(r->marks, ((struct mark){
		.w = vm->w, .changes = arrlenu(r->changes), .nr_notes = vm->nr_notes,
		.nr_dropped = vm->nr_dropped, .nr_refs = vm->nr_refs, .nr_steps = vm->nr_steps,
		.nr_violations = vm->nr_violations, .nr_splats = vm->nr_splats,
		.event = vm->event, .dead = vm->dead }));
	return arrlenu(r->marks);
}

/* Last in, first out: a page's record that is remembered twice ends as the older one. */
static void undo(struct rewind *r, size_t to)
{
	while (arrlenu(r->changes) > to) {
		struct change c = arrpop(r->changes);

		if (c.is_page)
			*r->real->page(r->real, c.pfn) = c.page;
		else
			r->real->store(r->real, c.pfn, c.index, c.word);
	}
}

void rewind_to_mark(struct rewind *r)
{
	const struct mark *mark = &r->marks[arrlenu(r->marks) - 1];
	struct vm *vm = r->vm;

	undo(r, mark->changes);
	vm->w = mark->w;
	while (vm->nr_violations > mark->nr_violations)
		free(vm->violations[--vm->nr_violations].history);
	vm->nr_notes = mark->nr_notes;
	vm->nr_dropped = mark->nr_dropped;
	vm->nr_refs = mark->nr_refs;
	vm->nr_steps = mark->nr_steps;
	vm->nr_splats = mark->nr_splats;
	vm->event = mark->event;
	vm->dead = mark->dead;
}

void rewind_drop_mark(struct rewind *r)
{
	(void)arrpop(r->marks);
}

void rewind_commit(struct rewind *r, size_t n)
{
	size_t gone = arrlenu(r->marks) - n, changes;

	if (arrlenu(r->marks) <= n)
		return;
	changes = n ? r->marks[gone].changes : arrlenu(r->changes);
	arrdeln(r->marks, 0, gone);
	if (!changes)
		return;
	arrdeln(r->changes, 0, changes);
	for (size_t i = 0; i < arrlenu(r->marks); i++)
		r->marks[i].changes -= changes;
}

u64 rewind_mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static u64 hash_of(const void *bytes, size_t size)
{
	const u64 *words = bytes;
	u64 hash = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		hash = rewind_mix(hash, words[i]);
	return hash;
}

/* What it is now, if that is not what it was. */
static u64 hash_of_change(const struct rewind *r, const struct change *c)
{
	u64 key = rewind_mix(c->pfn, c->index + 1);

	if (c->is_page) {
		const struct page *page = r->real->page(r->real, c->pfn);

		return memcmp(page, &c->page, sizeof(*page)) ?
		       rewind_mix(c->pfn, hash_of(page, sizeof(*page))) : 0;
	}
	return r->real->load(r->real, c->pfn, c->index) == c->word ?
	       0 : rewind_mix(key, r->real->load(r->real, c->pfn, c->index));
}

u64 rewind_hash(const struct rewind *r, size_t base)
{
	struct { u64 key; u8 value; } *done = NULL;
	u64 hash = hash_of(&r->vm->w, sizeof(r->vm->w));

	for (size_t i = r->marks[base].changes; i < arrlenu(r->changes); i++) {
		const struct change *c = &r->changes[i];
		u64 key = c->pfn << 10 | (c->is_page ? WORDS_PER_PAGE : c->index);

		if (hmgeti(done, key) >= 0)
			continue;	/* the first has what was there at the mark */
		hmput(done, key, 1);
		hash += hash_of_change(r, c);
	}
	hmfree(done);
	return hash;
}

bool rewind_is_private(const struct rewind *r, size_t i, int task)
{
	const struct mark *before = &r->marks[i], *after = &r->marks[i + 1];
	const char *a = (const char *)&before->w, *b = (const char *)&after->w;
	size_t own, end;

	if (before->changes != after->changes || task < 0)
		return task < 0;
	own = offsetof(struct world, task) + task * sizeof(struct task);
	end = own + sizeof(struct task);
	return !memcmp(a, b, own) && !memcmp(a + end, b + end, sizeof(struct world) - end);
}

/* ---- packing ---- */

enum { WORLD_WORDS = sizeof(struct world) / sizeof(u64), PAGE_WORDS = sizeof(struct page) / 8 };
static_assert(sizeof(struct world) % sizeof(u64) == 0, "the world is words");
static_assert(sizeof(struct page) % sizeof(u64) == 0, "a page's record is words");

/* The first word from @i on that differs; most do not. */
static size_t next_difference(const u64 *now, const u64 *then, size_t i)
{
	enum { BLOCK = 16 };

	while (i + BLOCK <= WORLD_WORDS && !memcmp(now + i, then + i, BLOCK * sizeof(u64)))
		i += BLOCK;
	while (i < WORLD_WORDS && now[i] == then[i])
		i++;
	return i;
}

/* Runs of words that differ: (first << 32 | number), and the words. Ends with 0. */
static void pack_world(const u64 *now, const u64 *then, u64 **words)
{
	size_t i = 0;

	while ((i = next_difference(now, then, i)) < WORLD_WORDS) {
		size_t first = i, run;

		while (i < WORLD_WORDS && now[i] != then[i])
			i++;
		run = i - first;
		arrput(*words, (u64)first << 32 | run);
		memcpy(arraddnptr(*words, run), &now[first], run * sizeof(u64));
	}
	arrput(*words, 0);
}

static u64 key_of(const struct change *c)
{
	return c->pfn << 10 | (c->is_page ? WORDS_PER_PAGE : c->index);
}

/* In order of key; of equal ones the oldest first, which has what was there at the mark. */
static void sort_places(struct rewind *r)
{
	arrsetlen(r->places, 0);
	for (size_t i = r->marks[0].changes; i < arrlenu(r->changes); i++) {
		u64 key = key_of(&r->changes[i]);
		size_t at = arrlenu(r->places);

		while (at && r->places[at - 1].key > key)
			at--;
		if (!at || r->places[at - 1].key != key)
			arrins(r->places, at, ((struct place){ key, i }));
	}
}

static void pack_place(const struct rewind *r, const struct place *place, u64 **words)
{
	const struct change *c = &r->changes[place->change];

	if (c->is_page) {
		const struct page *page = r->real->page(r->real, c->pfn);

		if (!memcmp(page, &c->page, sizeof(*page)))
			return;
		arrput(*words, place->key);
		memcpy(arraddnptr(*words, PAGE_WORDS), page, sizeof(*page));
	} else {
		u64 word = r->real->load(r->real, c->pfn, c->index);

		if (word == c->word)
			return;
		arrput(*words, place->key);
		arrput(*words, word);
	}
}

void rewind_pack(struct rewind *r, u64 **words)
{
	pack_world((const u64 *)&r->vm->w, (const u64 *)&r->marks[0].w, words);
	sort_places(r);
	for (size_t i = 0; i < arrlenu(r->places); i++)
		pack_place(r, &r->places[i], words);
}

void rewind_unpack(struct rewind *r, const u64 *words, size_t n)
{
	u64 *world = (u64 *)&r->vm->w;
	size_t i = 0;

	arrsetlen(r->marks, 1);
	rewind_to_mark(r);
	for (; words[i]; i += 1 + (u32)words[i])
		memcpy(&world[words[i] >> 32], &words[i + 1], (u32)words[i] * sizeof(u64));
	for (i++; i < n; ) {
		pfn_t pfn = words[i] >> 10;
		unsigned index = words[i] & 1023;

		if (index == WORDS_PER_PAGE) {
			memcpy(watched_page(&r->phys, pfn), &words[i + 1], sizeof(struct page));
			i += 1 + PAGE_WORDS;
		} else {
			watched_store(&r->phys, pfn, index, words[i + 1]);
			i += 2;
		}
	}
}
