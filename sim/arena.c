// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

#define ARENA_CHUNK	(64 * 1024)

struct arena {
	struct arena *next;
	size_t used, size;		/* of data[], in bytes */
	_Alignas(max_align_t) unsigned char data[];
};

static struct arena *arena_chunk(size_t size)
{
	struct arena *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		abort();
	/* calloc() gets big chunks as fresh pages: zeroed without touching them. */
	chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		abort();
	chunk->size = size;
	return chunk;
}

static void *arena_take(struct arena **arena, size_t size, size_t align)
{
	struct arena *chunk = *arena;
	size_t start = chunk ? (chunk->used + align - 1) / align * align : 0;

	if (!chunk) {
		chunk = *arena = arena_chunk(size > ARENA_CHUNK ? size : ARENA_CHUNK);
	} else if (start > chunk->size || size > chunk->size - start) {
		start = 0;
		chunk = arena_chunk(size > ARENA_CHUNK / 4 ? size : ARENA_CHUNK);
		if (size > ARENA_CHUNK / 4) {
			/* Full from the start: behind the head, whose room stays in use. */
			chunk->next = (*arena)->next;
			(*arena)->next = chunk;
		} else {
			chunk->next = *arena;
			*arena = chunk;
		}
	}
	chunk->used = start + size;
	return chunk->data + start;
}

void *arena_alloc(struct arena **arena, size_t size)
{
	return arena_take(arena, size ? size : 1, _Alignof(max_align_t));
}

char *arena_strndup(struct arena **arena, const char *text, size_t length)
{
	char *copy;

	if (length == SIZE_MAX)
		abort();
	copy = arena_take(arena, length + 1, 1);
	if (length)
		memcpy(copy, text, length);
	return copy;
}

void arena_free(struct arena **arena)
{
	struct arena *chunk = *arena, *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*arena = NULL;
}
