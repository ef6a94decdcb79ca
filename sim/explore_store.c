/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_store.c: states as words, and which of them are known.
 *
 * A state's words: the threads' progress, what events came to, and the difference of world and
 * memory from the beginning (rewind.h).
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/explore_internal.h"

static_assert(TRACE_MAX_THREADS <= 8 && TRACE_MAX_THREAD_EVENTS < 128,
	      "a thread's progress is 8 bits of a word");

void explore_pack(struct explore *x)
{
	u64 progress = 0;

	arrsetlen(x->packed, 0);
	for (unsigned i = 0; i < TRACE_MAX_THREADS; i++)
		progress |= (u64)(x->progress.begun[i] << 1 | x->progress.runs[i]) << (8 * i);
	arrput(x->packed, progress);
	memcpy(arraddnptr(x->packed, x->nr_events), x->progress.came_to,
	       x->nr_events * sizeof(u64));
	rewind_pack(x->rewind, &x->packed);
}

void explore_unpack(struct explore *x, const u64 *words, size_t n)
{
	for (unsigned i = 0; i < TRACE_MAX_THREADS; i++) {
		x->progress.begun[i] = words[0] >> (8 * i + 1) & 0x7f;
		x->progress.runs[i] = words[0] >> 8 * i & 1;
	}
	memcpy(x->progress.came_to, words + 1, x->nr_events * sizeof(u64));
	rewind_unpack(x->rewind, words + 1 + x->nr_events, n - 1 - x->nr_events);
}

/* ---- the index ---- */

static void index_put(struct explore *x, u32 node)
{
	size_t i = x->nodes[node].fingerprint & (x->index_size - 1);

	while (x->index[i])
		i = (i + 1) & (x->index_size - 1);
	x->index[i] = node + 1;
}

/* At most three of four places are taken. */
static void index_make_room(struct explore *x)
{
	size_t nr = arrlenu(x->nodes);

	if (4 * (nr + 1) <= 3 * x->index_size)
		return;
	free(x->index);
	x->index_size = x->index_size ? 2 * x->index_size : 1024;
	x->index = calloc(x->index_size, sizeof(*x->index));
	if (!x->index)
		abort();
	for (size_t i = 0; i < nr; i++)
		index_put(x, i);
}

u32 explore_node(struct explore *x, u32 parent, unsigned thread, bool *is_new)
{
	u64 fingerprint = XXH3_64bits(x->packed, arrlenu(x->packed) * sizeof(u64));
	size_t i;

	index_make_room(x);
	i = fingerprint & (x->index_size - 1);
	for (; x->index[i]; i = (i + 1) & (x->index_size - 1))
		if (x->nodes[x->index[i] - 1].fingerprint == fingerprint) {
			*is_new = false;
			return x->index[i] - 1;
		}
	*is_new = true;
	x->index[i] = arrlenu(x->nodes) + 1;
	arrput(x->nodes, ((struct node){
		.fingerprint = fingerprint, .parent = parent, .thread = thread,
		.depth = thread == NO_THREAD ? 0 : x->nodes[parent].depth + 1 }));
	return arrlenu(x->nodes) - 1;
}

u64 explore_bytes(const struct explore *x)
{
	return arrlenu(x->nodes) * sizeof(struct node) + x->index_size * sizeof(u32) +
	       arrlenu(x->edges) * sizeof(u32) + arrlenu(x->nr_edges);
}
