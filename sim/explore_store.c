/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_store.c: states as words, and which of them wait (explore_queue.c).
 *
 * A state's words: the threads' progress, what their events came to, and the difference of world
 * and memory from the beginning (watch.h). Its fingerprint is a sum over all that.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/explore_live.h"
#include "sim/explore_symmetry.h"

static_assert(TRACE_MAX_THREADS <= 8 && TRACE_MAX_THREAD_EVENTS < 128,
	      "a thread's progress is 8 bits of a word");

static u64 progress_word(const struct explore *x)
{
	u64 progress = 0;

	for (unsigned i = 0; i < TRACE_MAX_THREADS; i++)
		progress |= (u64)(x->progress.begun[i] << 1 | x->progress.runs[i]) << (8 * i);
	return progress;
}

u64 world_fingerprint(struct explore *world)
{
	struct watch_sums sums;
	struct image image;
	u64 sum;

	if (world->search->symmetry) {
		image = explore_image(world);
		return image_fingerprint(world->search->symmetry, &image);
	}
	sums = watch_sums(world->watch);
	if (world->search->live)
		live_sums(world, &sums);
	sum = sums.of[0] + watch_mix(BIT(61), progress_word(world));
	for (size_t i = world->trace->nr_setup; i < world->trace->join; i++)
		if (world->progress.came_to[i])
			sum += watch_mix(BIT(61) + 1 + i, world->progress.came_to[i]);
	return sum;
}

u64 explore_fingerprint(struct explore *x)
{
	u64 sum = world_fingerprint(x);

	if (!x->twin)
		return sum;
	sum = watch_mix(BIT(54), sum);
	for (struct explore *twin = x->twin; twin; twin = twin->twin)
		sum += watch_mix(BIT(54), world_fingerprint(twin));
	return sum;
}

static void pack_world(struct explore *world, u64 **words)
{
	size_t first = world->trace->nr_setup, n = world->trace->join - first;

	arrput(*words, progress_word(world));
	if (n)
		memcpy(arraddnptr(*words, n), world->progress.came_to + first, n * sizeof(u64));
	watch_pack(world->watch, words);
}

/* Each world's words, behind the number of them; of one world alone that is known. */
void explore_pack(struct explore *x)
{
	arrsetlen(x->packed, 0);
	if (!x->twin)
		pack_world(x, &x->packed);
	for (struct explore *w = x; w && x->twin; w = w->twin) {
		size_t at = arraddnindex(x->packed, 1);

		pack_world(w, &x->packed);
		x->packed[at] = arrlenu(x->packed) - at - 1;
	}
}

void world_reset(struct explore *world)
{
	struct vm *vm = world->vm;

	while (vm->nr_violations > world->setup_violations)
		free(vm->violations[--vm->nr_violations].history);
	vm->nr_notes = vm->nr_dropped = vm->nr_refs = vm->nr_steps = vm->nr_splats = 0;
	vm->event = 0;
	vm->dead = false;
}

static void unpack_world(struct explore *world, const u64 *words, size_t n)
{
	size_t first = world->trace->nr_setup, nr = world->trace->join - first;

	for (unsigned i = 0; i < TRACE_MAX_THREADS; i++) {
		world->progress.begun[i] = words[0] >> (8 * i + 1) & 0x7f;
		world->progress.runs[i] = words[0] >> 8 * i & 1;
	}
	memcpy(world->progress.came_to + first, words + 1, nr * sizeof(u64));
	watch_unpack(world->watch, words + 1 + nr, n - 1 - nr);
	world_reset(world);
}

void explore_unpack(struct explore *x, const u64 *words, size_t n)
{
	if (!x->twin)
		unpack_world(x, words, n);
	for (struct explore *w = x; w && x->twin; w = w->twin) {
		unpack_world(w, words + 1, *words);
		words += 1 + *words;
	}
}

/* ---- what waits ---- */

/* States that are kept as one differ in more than the order of threads: the same is always told. */
static bool keeps_the_best(const struct search *search)
{
	return search->live || search->mirrors;
}

bool explore_has_to_wait(const struct explore *x, enum seen seen)
{
	return seen == SEEN_NEVER || (seen == SEEN_WORSE && keeps_the_best(x->search));
}

bool explore_is_replaced(const struct explore *x, u32 node, u64 way)
{
	const struct search *search = x->search;

	return keeps_the_best(search) && !search->bound.bitstate &&
	       way_word(explore_set_way(search->set, node)) != way;
}

size_t explore_way_words(const struct search *search, u32 depth)
{
	return search->bound.bitstate ? (depth + 7) / 8 : 0;
}

void explore_push(struct explore *x, u64 **packed, u64 node, unsigned thread)
{
	u32 depth = x->search->depth;
	size_t n = explore_way_words(x->search, depth + 1);

	if (n) {
		u64 *words = arraddnptr(*packed, n);

		words[n - 1] = 0;
		memcpy(words, x->ways, depth);
		((u8 *)words)[depth] = thread;
	}
	queue_push(x, *packed, arrlenu(*packed), node, (struct way){ x->node, thread });
}

u64 explore_bytes(const struct search *search)
{
	u64 bytes = explore_set_bytes(search->set);

	for (unsigned i = 0; i < search->nr_workers; i++)
		bytes += arrlenu(search->worker[i]->stuck) * sizeof(u32);
	return bytes;
}

u64 explore_peak(const struct search *search)
{
	return explore_set_bytes(search->set) + queue_bytes(search);
}
