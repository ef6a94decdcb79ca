/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_queue.c: states that wait, packed where zstd is there.
 *
 * A state's words are a few hundred, and most of them are its neighbours', too. What is visited
 * takes 24 bytes, so what waits is most of the memory: a chunk is packed when it is full, and
 * freed when a worker takes it.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "sim/explore_internal.h"

struct packer {
#ifdef HAVE_ZSTD
	ZSTD_CCtx *in;
	ZSTD_DCtx *out;
#endif
	u8 *room;		/* stb_ds: where a chunk is packed */
};

struct packer *packer_new(void)
{
	struct packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		abort();
#ifdef HAVE_ZSTD
	packer->in = ZSTD_createCCtx();
	packer->out = ZSTD_createDCtx();
	if (!packer->in || !packer->out)
		abort();
#endif
	return packer;
}

void packer_free(struct packer *packer)
{
#ifdef HAVE_ZSTD
	ZSTD_freeCCtx(packer->in);
	ZSTD_freeDCtx(packer->out);
#endif
	arrfree(packer->room);
	free(packer);
}

/* What @n bytes become: how many, in packer->room. */
static size_t pack(struct packer *packer, const u64 *words, size_t n)
{
#ifdef HAVE_ZSTD
	size_t most = ZSTD_compressBound(n), size;

	arrsetlen(packer->room, most);
	size = ZSTD_compressCCtx(packer->in, packer->room, most, words, n, 1);
	assert(!ZSTD_isError(size));
	return size;
#else
	arrsetlen(packer->room, n);
	memcpy(packer->room, words, n);
	return n;
#endif
}

static void unpack(struct packer *packer, const struct chunk *chunk, u64 *words)
{
#ifdef HAVE_ZSTD
	size_t n = chunk->nr_words * sizeof(u64);
	size_t size = ZSTD_decompressDCtx(packer->out, words, n, chunk->packed, chunk->size);

	assert(size == n);
	(void)size;
#else
	(void)packer;
	memcpy(words, chunk->packed, chunk->size);
#endif
}

static void end_chunk(struct packer *packer, struct queue *queue)
{
	struct chunk chunk = { .nr_words = arrlenu(queue->words) };

	chunk.size = pack(packer, queue->words, chunk.nr_words * sizeof(u64));
	chunk.packed = malloc(chunk.size);
	if (!chunk.packed)
		abort();
	memcpy(chunk.packed, packer->room, chunk.size);
	arrput(queue->chunks, chunk);
	arrsetlen(queue->words, 0);
	queue->bytes += chunk.size + sizeof(chunk);
}

void queue_push(struct explore *x, const u64 *words, size_t n, u64 node, struct way way)
{
	struct queue *queue = &x->next;

	arrput(queue->words, n);
	arrput(queue->words, node);
	arrput(queue->words, way_word(way));
	memcpy(arraddnptr(queue->words, n), words, n * sizeof(u64));
	if (++queue->nr % CHUNK == 0)
		end_chunk(x->packer, queue);
}

void queue_clear(struct queue *queue)
{
	for (size_t i = 0; i < arrlenu(queue->chunks); i++)
		free(queue->chunks[i].packed);
	arrsetlen(queue->words, 0);
	arrsetlen(queue->chunks, 0);
	queue->nr = queue->bytes = 0;
}

void queue_free(struct queue *queue)
{
	queue_clear(queue);
	arrfree(queue->words);
	arrfree(queue->chunks);
}

bool queue_turn(struct search *search)
{
	bool more = false;

	search->nr_chunks = search->now_bytes = 0;
	for (unsigned i = 0; i < search->nr_workers; i++) {
		struct explore *x = search->worker[i];
		struct queue done = search->now[i];

		queue_clear(&done);
		if (arrlenu(x->next.words))
			end_chunk(x->packer, &x->next);
		search->now[i] = x->next;
		x->next = done;
		more |= search->now[i].nr;
		search->nr_chunks += arrlenu(search->now[i].chunks);
		search->now_bytes += search->now[i].bytes;
	}
	search->taken = 0;
	return more;
}

static bool take(struct explore *x, struct queue *queue, size_t i)
{
	struct chunk *chunk = queue->chunks + i;

	if (i >= arrlenu(queue->chunks))
		return false;
	arrsetlen(x->chunk, chunk->nr_words);
	unpack(x->packer, chunk, x->chunk);
	free(chunk->packed);
	chunk->packed = NULL;
	x->at = x->chunk;
	x->end = x->chunk + chunk->nr_words;
	return true;
}

bool explore_take_chunk(struct explore *x)
{
	struct search *search = x->search;
	size_t i = atomic_fetch_add(&search->taken, 1);

	for (unsigned q = 0; q < search->nr_workers; q++) {
		if (take(x, &search->now[q], i))
			return true;
		i -= arrlenu(search->now[q].chunks);
	}
	x->at = x->end = NULL;
	return false;
}

/* Others may be at work: theirs is as much as the first worker's, their chunks as large. */
u64 queue_bytes(const struct search *search)
{
	const struct explore *first = search->worker[0];
	u64 open = (arrcap(first->next.words) + arrcap(first->chunk)) * sizeof(u64);
	size_t taken = search->taken, nr = search->nr_chunks;
	u64 left = taken < nr ? search->now_bytes / nr * (nr - taken) : 0;

	return left + (first->next.bytes + open) * search->nr_workers;
}
