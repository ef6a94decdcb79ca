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

u64 explore_fingerprint(struct explore *x)
{
	struct watch_sums sums;
	struct image image;
	u64 sum;

	if (x->search->symmetry) {
		image = explore_image(x);
		return image_fingerprint(x->search->symmetry, &image);
	}
	sums = watch_sums(x->watch);
	if (x->search->live)
		live_sums(x, &sums);
	sum = sums.of[0] + watch_mix(BIT(61), progress_word(x));
	for (size_t i = x->trace->nr_setup; i < x->trace->join; i++)
		if (x->progress.came_to[i])
			sum += watch_mix(BIT(61) + 1 + i, x->progress.came_to[i]);
	return sum;
}

void explore_pack(struct explore *x)
{
	size_t first = x->trace->nr_setup, n = x->trace->join - first;

	arrsetlen(x->packed, 0);
	arrput(x->packed, progress_word(x));
	if (n)
		memcpy(arraddnptr(x->packed, n), x->progress.came_to + first, n * sizeof(u64));
	watch_pack(x->watch, &x->packed);
}

void explore_unpack(struct explore *x, const u64 *words, size_t n)
{
	size_t first = x->trace->nr_setup, nr = x->trace->join - first;
	struct vm *vm = x->vm;

	for (unsigned i = 0; i < TRACE_MAX_THREADS; i++) {
		x->progress.begun[i] = words[0] >> (8 * i + 1) & 0x7f;
		x->progress.runs[i] = words[0] >> 8 * i & 1;
	}
	memcpy(x->progress.came_to + first, words + 1, nr * sizeof(u64));
	watch_unpack(x->watch, words + 1 + nr, n - 1 - nr);
	while (vm->nr_violations > x->setup_violations)
		free(vm->violations[--vm->nr_violations].history);
	vm->nr_notes = vm->nr_dropped = vm->nr_refs = vm->nr_steps = vm->nr_splats = 0;
	vm->event = 0;
	vm->dead = false;
}

/* ---- what waits ---- */

bool explore_has_to_wait(const struct explore *x, enum seen seen)
{
	return seen == SEEN_NEVER || (seen == SEEN_WORSE && x->search->live);
}

bool explore_is_replaced(const struct explore *x, u32 node, u64 way)
{
	const struct search *search = x->search;

	return search->live && !search->bound.bitstate &&
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
