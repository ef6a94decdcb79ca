// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one copy of stb_ds's code (Debian: libstb-dev). Its hash table seeds itself with a constant,
 * and nobody here asks for the order of a table, so that results do not depend on addresses. The
 * next table's seed is made of the last one's: sim/meson.build makes it a thread's own.
 */
#include <stdlib.h>

static void *grow_or_abort(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		abort();
	return memory;
}

#define STBDS_REALLOC(context, memory, size)	grow_or_abort(memory, size)
#define STBDS_FREE(context, memory)		free(memory)

/* It shifts bytes of a key into an int's sign bit. */
__attribute__((no_sanitize("undefined")))
size_t stbds_hash_bytes(void *p, size_t len, size_t seed);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define STB_DS_IMPLEMENTATION
#include "stb_ds_code.h"
#pragma GCC diagnostic pop
