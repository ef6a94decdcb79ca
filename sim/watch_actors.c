/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_actors.c: parts of world and memory that are one actor's, and can be another's instead.
 *
 * An actor is a task: its row, that of its vCPU, and its lists of pages. Of what is nobody's alone
 * locks name who holds them, kvm.srcu_readers has a bit for each task, and a task its vCPU. What
 * else may name an actor is not known here: docs/decisions/0011 says why that does not matter.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_rmap.h"
#include "sim/watch_internal.h"

enum { WORLD_WORDS = sizeof(struct world) / sizeof(u64),
       TASK_WORDS = sizeof(struct task) / sizeof(u64),
       VCPU_WORDS = sizeof(struct vcpu) / sizeof(u64), AN_ACTOR = 0xff };
static_assert(sizeof(struct task) % sizeof(u64) == 0, "a task's row is words");
static_assert(sizeof(struct vcpu) % sizeof(u64) == 0, "a vCPU's row is words");
static_assert(offsetof(struct world, task) % sizeof(u64) == 0, "they begin with a word");
static_assert(offsetof(struct world, vcpu) % sizeof(u64) == 0, "they begin with a word");
static_assert(offsetof(struct task, vcpu) < sizeof(u64), "its vCPU is named in the first word");

static size_t task_word(unsigned task)
{
	return offsetof(struct world, task) / sizeof(u64) + task * (size_t)TASK_WORDS;
}

static size_t vcpu_word(unsigned vcpu)
{
	return offsetof(struct world, vcpu) / sizeof(u64) + vcpu * (size_t)VCPU_WORDS;
}

/* ---- which word is whose ---- */

static void note_readers(struct watch *w, size_t offset)
{
	w->words[offset / sizeof(u64)].readers |= 1u << offset % sizeof(u64);
}

static void note_lock(struct watch *w, size_t lock)
{
	size_t writer = lock + offsetof(struct lock, writer);

	w->words[writer / sizeof(u64)].locks |= 1u << writer % sizeof(u64);
	note_readers(w, lock + offsetof(struct lock, readers));
}

static void note_locks(struct watch *w)
{
	note_lock(w, offsetof(struct world, kvm.mmu_lock));
	note_lock(w, offsetof(struct world, kvm.slots_lock));
	for (size_t i = 0; i < MAX_GPCS; i++)
		note_lock(w, offsetof(struct world, kvm.gpcs[0].refresh_lock) +
			     i * sizeof(struct gpc));
	for (size_t i = 0; i < MAX_MMS; i++)
		note_lock(w, offsetof(struct world, mm[0].mmap_lock) +
			     i * sizeof(struct host_mm));
	for (size_t i = 0; i < MAX_FILES; i++)
		note_lock(w, offsetof(struct world, file[0].invalidate_lock) +
			     i * sizeof(struct file_state));
}

static void note_row(struct watch *w, unsigned actor, size_t first, size_t nr, size_t place)
{
	for (size_t i = 0; i < nr; i++) {
		w->words[first + i].actor = actor + 1;
		w->words[first + i].place = place + i;
	}
}

void watch_actors(struct watch *w, const struct watch_actor *actors, unsigned nr)
{
	assert(nr <= WATCH_ACTORS);
	assert(arrlenu(w->marks) == 1 || !nr);
	free(w->words);
	w->words = NULL;
	w->nr_actors = nr;
	if (!nr)
		return;
	w->words = calloc(WORLD_WORDS, sizeof(*w->words));
	if (!w->words)
		abort();
	memcpy(w->actor, actors, nr * sizeof(*actors));
	note_locks(w);
	note_readers(w, offsetof(struct world, kvm.srcu_readers));
	for (unsigned i = 0; i < nr; i++) {
		note_row(w, i, task_word(actors[i].task), TASK_WORDS, 0);
		w->words[task_word(actors[i].task)].names_vcpu = actors[i].has_vcpu;
		if (actors[i].has_vcpu)
			note_row(w, i, vcpu_word(actors[i].vcpu), VCPU_WORDS, TASK_WORDS);
	}
}

static int actor_of_task(const struct watch *w, unsigned task)
{
	for (unsigned i = 0; i < w->nr_actors; i++)
		if (w->actor[i].task == task)
			return i;
	return -1;
}

const struct watch_actor *watch_list_of(const struct watch *w, pfn_t pfn, pfn_t *key)
{
	u64 list = (pfn - SPACE_LIST) >> 32;
	int actor;

	if (pfn < SPACE_LIST || list >= MAX_TASKS * NR_LISTS)
		return NULL;
	actor = actor_of_task(w, list / NR_LISTS);
	if (actor < 0)
		return NULL;
	*key = pfn - (list / NR_LISTS * NR_LISTS << 32);
	return &w->actor[actor];
}

static pfn_t list_of_actor(const struct watch *w, unsigned actor, pfn_t key)
{
	return key + ((u64)w->actor[actor].task * NR_LISTS << 32);
}

/* ---- sums ---- */

static u64 byte_of(u64 word, unsigned byte)
{
	return word >> 8 * byte & 0xff;
}

static u64 with_byte(u64 word, unsigned byte, u64 value)
{
	return (word & ~((u64)0xff << 8 * byte)) | value << 8 * byte;
}

static bool is_idle(u64 word)
{
	return byte_of(word, offsetof(struct task, state)) == TASK_IDLE;
}

/* Who holds a lock, or reads memslots: that is the actor's, and the word says "an actor". */
static u64 add_names(const struct watch *w, struct watch_sums *sums, size_t i, u64 word, u64 sign)
{
	for (unsigned byte = 0; byte < sizeof(u64); byte++) {
		u64 value = byte_of(word, byte), key = BIT(60) + BIT(40) + 8 * i + byte;

		for (unsigned a = 0; a < w->nr_actors; a++) {
			unsigned task = w->actor[a].task;

			if (w->words[i].locks >> byte & 1 && value == task + 1)
				word = with_byte(word, byte, AN_ACTOR);
			else if (w->words[i].readers >> byte & 1 && value >> task & 1)
				word &= ~((u64)1 << task << 8 * byte);
			else
				continue;
			sums->of[1 + a] += sign * watch_mix(key, 1);
		}
	}
	return word;
}

void watch_add_word(const struct watch *w, struct watch_sums *sums, size_t i, u64 word, u64 sign)
{
	static const struct word_of nobodys;
	const struct word_of *of = w->words ? &w->words[i] : &nobodys;

	if (of->locks | of->readers)
		word = add_names(w, sums, i, word, sign);
	if (of->names_vcpu && !is_idle(word)) {
		assert(byte_of(word, offsetof(struct task, vcpu)) == w->actor[of->actor - 1].vcpu);
		word = with_byte(word, offsetof(struct task, vcpu), AN_ACTOR);
	}
	sums->of[of->actor] += sign * watch_mix(of->actor ? BIT(60) + of->place : BIT(62) + i,
						word);
}

void watch_mask_row(const struct watch *w, struct watch_sums *sums, unsigned task,
		    const u64 *mask)
{
	size_t first = task_word(task);

	for (size_t i = 0; i < TASK_WORDS; i++) {
		u64 word = w->world[first + i];

		if (!(word & ~mask[i]))
			continue;
		watch_add_word(w, sums, first + i, word & mask[i], 1);
		watch_add_word(w, sums, first + i, word, -1);
	}
}

/* ---- exchanging ---- */

static void put_word(struct watch *w, size_t i, u64 word)
{
	if (w->world[i] == word)
		return;
	if (w->saved_in[i / 8] != w->epoch)
		watch_save_line(w, i / 8);
	w->world[i] = word;
}

static void exchange_rows(struct watch *w, const u8 *to, const size_t *first, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		u64 word[WATCH_ACTORS];

		for (unsigned a = 0; a < w->nr_actors; a++)
			word[a] = first[a] ? w->world[first[a] + i] : 0;
		for (unsigned a = 0; a < w->nr_actors; a++)
			if (first[a])
				put_word(w, first[to[a]] + i, word[a]);
	}
}

static void exchange_tasks(struct watch *w, const u8 *to)
{
	size_t first[WATCH_ACTORS];

	for (unsigned a = 0; a < w->nr_actors; a++)
		first[a] = task_word(w->actor[a].task);
	exchange_rows(w, to, first, TASK_WORDS);
	for (unsigned a = 0; a < w->nr_actors; a++)
		if (w->actor[a].has_vcpu && !is_idle(w->world[first[a]]))
			put_word(w, first[a], with_byte(w->world[first[a]],
							offsetof(struct task, vcpu),
							w->actor[a].vcpu));
	for (unsigned a = 0; a < w->nr_actors; a++)
		first[a] = w->actor[a].has_vcpu ? vcpu_word(w->actor[a].vcpu) : 0;
	exchange_rows(w, to, first, VCPU_WORDS);
}

static u64 exchange_names(const struct watch *w, const u8 *to, size_t i, u64 word)
{
	u64 other = word;

	for (unsigned byte = 0; byte < sizeof(u64); byte++)
		for (unsigned a = 0; a < w->nr_actors; a++) {
			unsigned task = w->actor[a].task, then = w->actor[to[a]].task;

			if (w->words[i].locks >> byte & 1 && byte_of(word, byte) == task + 1)
				other = with_byte(other, byte, then + 1);
			if (w->words[i].readers >> byte & 1)
				other = (other & ~((u64)1 << then << 8 * byte)) |
					(byte_of(word, byte) >> task & 1) << then << 8 * byte;
		}
	return other;
}

/* A word of an actor's list */
struct moved { unsigned actor, index; pfn_t key; u64 word; };

static void put_memory(struct watch *w, pfn_t pfn, unsigned index, u64 word)
{
	u64 old = w->real->load(w->real, pfn, index);

	if (old == word)
		return;
	arrput(w->changes, ((struct change){ .pfn = pfn, .index = index, .word = old }));
	w->real->store(w->real, pfn, index, word);
}

/* At the beginning there are none: what there is now has changed. */
static void exchange_lists(struct watch *w, const u8 *to)
{
	struct moved *moved = NULL;

	for (size_t i = 0; i < arrlenu(w->changes); i++) {
		const struct change *c = &w->changes[i];
		const struct watch_actor *actor;
		pfn_t key;

		if (c->is_record || !(actor = watch_list_of(w, c->pfn, &key)) ||
		    change_is_again(w, 0, i))
			continue;
		arrput(moved, ((struct moved){ actor - w->actor, c->index, key,
					       w->real->load(w->real, c->pfn, c->index) }));
	}
	for (size_t i = 0; i < arrlenu(moved); i++)
		put_memory(w, list_of_actor(w, moved[i].actor, moved[i].key), moved[i].index, 0);
	for (size_t i = 0; i < arrlenu(moved); i++)
		put_memory(w, list_of_actor(w, to[moved[i].actor], moved[i].key), moved[i].index,
			   moved[i].word);
	arrfree(moved);
}

void watch_exchange(struct watch *w, const u8 *to)
{
	exchange_tasks(w, to);
	for (size_t i = 0; i < WORLD_WORDS; i++)
		if (w->words[i].locks | w->words[i].readers)
			put_word(w, i, exchange_names(w, to, i, w->world[i]));
	exchange_lists(w, to);
}

/* ---- footprints ---- */

static u32 exchanged_page(struct watch *w, const u8 *to, u32 line)
{
	u32 page = (line - WATCH_WORLD_LINES - WATCH_OTHER_LINES) / WATCH_PAGE_LINES;
	u32 first = WATCH_WORLD_LINES + WATCH_OTHER_LINES + page * WATCH_PAGE_LINES;
	const struct watch_actor *actor;
	pfn_t key;

	if (page >= arrlenu(w->pages))
		return line;
	actor = watch_list_of(w, w->pages[page], &key);
	if (!actor)
		return line;
	return watch_line_of(w, list_of_actor(w, to[actor - w->actor], key)) + line - first;
}

u32 watch_exchanged_line(struct watch *w, const u8 *to, u32 line, unsigned *bit)
{
	size_t i = (size_t)line * 8 + *bit / 8, other = i;
	const struct word_of *of;

	if (line >= WATCH_WORLD_LINES + WATCH_OTHER_LINES)
		return exchanged_page(w, to, line);
	if (line >= WATCH_WORLD_LINES || i >= WORLD_WORDS)
		return line;
	of = &w->words[i];
	if (of->actor) {
		const struct watch_actor *actor = &w->actor[to[of->actor - 1]];

		other = of->place < TASK_WORDS ? task_word(actor->task) + of->place :
			vcpu_word(actor->vcpu) + of->place - TASK_WORDS;
	}
	*bit = other % 8 * 8 + *bit % 8;
	return other / 8;
}
