/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_set.c: by the highest bits of their fingerprints states are in shards, each with a lock.
 *
 * Nodes never move: a shard has blocks of them, each twice as long as the one before.
 */
#include "sim/explore_set.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SHARD_BITS = 4, SHARDS = 1 << SHARD_BITS, LOCAL_BITS = 32 - SHARD_BITS,
       FIRST_BLOCK_BITS = 6, BLOCKS = LOCAL_BITS - FIRST_BLOCK_BITS, FIRST_INDEX = 64 };

/* Three arrays, not one of structs: no padding. */
struct block { u64 *fingerprint; u32 *parent; u8 *thread; };

struct shard {
	pthread_mutex_t mutex;
	struct block block[BLOCKS];
	u32 nr, shallow;		/* nodes; those that are no deeper than what is expanded */
	u32 *index;			/* by fingerprint: place + 1, or 0 */
	u32 index_size;			/* a power of 2 */
};

struct explore_set {
	struct shard shard[SHARDS];
	_Atomic u64 *bits;		/* or NULL */
	u64 nr_bits;
	atomic_ullong nr;		/* of states, with .bits */
};

enum { BITS_A_STATE = 3 };

struct place { const struct block *block; u32 i; };

static struct place place_of(const struct shard *shard, u32 local)
{
	u32 n = local + (1u << FIRST_BLOCK_BITS);
	unsigned bits = 31 - __builtin_clz(n);

	return (struct place){ &shard->block[bits - FIRST_BLOCK_BITS], n - (1u << bits) };
}

static void *allocate(size_t n, size_t size)
{
	void *array = calloc(n, size);

	if (!array)
		abort();
	return array;
}

struct explore_set *explore_set_new(u64 bytes)
{
	struct explore_set *set = allocate(1, sizeof(*set));

	set->nr_bits = bytes / sizeof(u64) * 64;
	if (set->nr_bits)
		set->bits = allocate(set->nr_bits / 64, sizeof(u64));

	for (unsigned i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&set->shard[i].mutex, NULL);
		set->shard[i].index_size = FIRST_INDEX;
		set->shard[i].index = allocate(FIRST_INDEX, sizeof(u32));
	}
	return set;
}

void explore_set_free(struct explore_set *set)
{
	for (unsigned i = 0; set && i < SHARDS; i++) {
		struct shard *shard = &set->shard[i];

		for (unsigned b = 0; b < BLOCKS; b++) {
			free(shard->block[b].fingerprint);
			free(shard->block[b].parent);
			free(shard->block[b].thread);
		}
		free(shard->index);
		pthread_mutex_destroy(&shard->mutex);
	}
	if (set)
		free((void *)set->bits);
	free(set);
}

void explore_set_deeper(struct explore_set *set)
{
	for (unsigned i = 0; i < SHARDS; i++)
		set->shard[i].shallow = set->shard[i].nr;
}

static struct shard *shard_of(const struct explore_set *set, u64 fingerprint)
{
	return (struct shard *)&set->shard[fingerprint >> (64 - SHARD_BITS)];
}

static u64 fingerprint_at(const struct shard *shard, u32 local)
{
	struct place at = place_of(shard, local);

	return at.block->fingerprint[at.i];
}

/* Where in the index it is, or would be. */
static u32 find(const struct shard *shard, u64 fingerprint)
{
	u32 i = fingerprint & (shard->index_size - 1);

	while (shard->index[i] && fingerprint_at(shard, shard->index[i] - 1) != fingerprint)
		i = (i + 1) & (shard->index_size - 1);
	return i;
}

/* At most three of four places are taken. */
static void make_room(struct shard *shard)
{
	struct place last = place_of(shard, shard->nr);
	struct block *block = (struct block *)last.block;

	if (!last.i && !block->fingerprint) {	/* else made for a state that was known */
		size_t n = (size_t)1 << (FIRST_BLOCK_BITS + (block - shard->block));

		block->fingerprint = allocate(n, sizeof(u64));
		block->parent = allocate(n, sizeof(u32));
		block->thread = allocate(n, 1);
	}
	if (4 * ((u64)shard->nr + 1) <= 3 * (u64)shard->index_size)
		return;
	free(shard->index);
	shard->index_size *= 2;
	shard->index = allocate(shard->index_size, sizeof(u32));
	for (u32 i = 0; i < shard->nr; i++)
		shard->index[find(shard, fingerprint_at(shard, i))] = i + 1;
}

/* ---- bits alone ---- */

static u64 bit_of(const struct explore_set *set, u64 fingerprint, unsigned i)
{
	u64 x = fingerprint + i * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 31) * 0xbf58476d1ce4e5b9ull;
	return (x ^ x >> 29) % set->nr_bits;
}

static enum seen look_at_bits(const struct explore_set *set, u64 fingerprint)
{
	bool all = true;

	for (unsigned i = 0; i < BITS_A_STATE; i++) {
		u64 bit = bit_of(set, fingerprint, i);

		all &= set->bits[bit / 64] >> bit % 64 & 1;
	}
	return all ? SEEN_BEFORE : SEEN_NEVER;
}

static enum seen add_bits(struct explore_set *set, u64 fingerprint)
{
	bool all = true;

	for (unsigned i = 0; i < BITS_A_STATE; i++) {
		u64 bit = bit_of(set, fingerprint, i);

		all &= atomic_fetch_or(&set->bits[bit / 64], BIT(bit % 64)) >> bit % 64 & 1;
	}
	set->nr += !all;
	return all ? SEEN_BEFORE : SEEN_NEVER;
}

/* ---- */

static bool is_before(const struct explore_set *set, struct way a, struct way b)
{
	u64 x = explore_set_fingerprint(set, a.parent), y = explore_set_fingerprint(set, b.parent);

	return x < y || (x == y && a.thread < b.thread);
}

static void set_way(const struct place *at, struct way way)
{
	at->block->parent[at->i] = way.parent;
	at->block->thread[at->i] = way.thread;
}

/* Of @local, which is there. */
static enum seen seen_at(const struct explore_set *set, const struct shard *shard, u32 local,
			 struct way way)
{
	struct place at = place_of(shard, local);
	struct way old = { at.block->parent[at.i], at.block->thread[at.i] };

	if (local < shard->shallow)
		return SEEN_BEFORE;
	return is_before(set, way, old) ? SEEN_WORSE : SEEN_NOW;
}

enum seen explore_set_look(struct explore_set *set, u64 fingerprint, struct way way)
{
	struct shard *shard = shard_of(set, fingerprint);
	enum seen seen = SEEN_NEVER;
	u32 at;

	if (set->bits)
		return look_at_bits(set, fingerprint);
	pthread_mutex_lock(&shard->mutex);
	at = shard->index[find(shard, fingerprint)];
	if (at)
		seen = seen_at(set, shard, at - 1, way);
	pthread_mutex_unlock(&shard->mutex);
	return seen;
}

enum seen explore_set_add(struct explore_set *set, u64 fingerprint, struct way way, u32 *node)
{
	struct shard *shard = shard_of(set, fingerprint);
	struct place at;
	enum seen seen;
	u32 i, local;

	*node = 0;
	if (set->bits)
		return add_bits(set, fingerprint);
	pthread_mutex_lock(&shard->mutex);
	make_room(shard);
	i = find(shard, fingerprint);
	local = shard->index[i] ? shard->index[i] - 1 : shard->nr;
	at = place_of(shard, local);
	if (shard->index[i]) {
		seen = seen_at(set, shard, local, way);
	} else {
		seen = SEEN_NEVER;
		shard->index[i] = ++shard->nr;
		at.block->fingerprint[at.i] = fingerprint;
	}
	if (seen == SEEN_NEVER || seen == SEEN_WORSE)
		set_way(&at, way);
	pthread_mutex_unlock(&shard->mutex);
	*node = (u32)(shard - set->shard) << LOCAL_BITS | local;
	return seen;
}

static struct place node_at(const struct explore_set *set, u32 node)
{
	return place_of(&set->shard[node >> LOCAL_BITS], node & (BIT(LOCAL_BITS) - 1));
}

u64 explore_set_fingerprint(const struct explore_set *set, u32 node)
{
	struct place at = node_at(set, node);

	if (set->bits)
		return 0;
	return at.block->fingerprint[at.i];
}

struct way explore_set_way(const struct explore_set *set, u32 node)
{
	struct place at = node_at(set, node);

	return (struct way){ at.block->parent[at.i], at.block->thread[at.i] };
}

u64 explore_set_states(const struct explore_set *set)
{
	u64 n = set->nr;

	for (unsigned i = 0; i < SHARDS; i++)
		n += set->shard[i].nr;
	return n;
}

/* What is written to; of the last block the rest is not memory yet. */
u64 explore_set_bytes(const struct explore_set *set)
{
	u64 n = set->nr_bits / 8;

	for (unsigned i = 0; i < SHARDS; i++)
		n += set->shard[i].nr * (u64)(sizeof(u64) + sizeof(u32) + 1) +
		     set->shard[i].index_size * (u64)sizeof(u32);
	return n;
}

bool explore_set_is_full(const struct explore_set *set, u64 more)
{
	for (unsigned i = 0; i < SHARDS; i++)
		if (set->shard[i].nr + more >= BIT(LOCAL_BITS) - BIT(FIRST_BLOCK_BITS))
			return true;
	return false;
}
