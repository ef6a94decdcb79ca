/* SPDX-License-Identifier: GPL-2.0-only */
/* grow.h: plain arrays of which only the number of items is kept. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/* Room for one more, doubling: @array has @n items of @size bytes, and got all of them here. */
static inline void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 16))
		return array;
	array = realloc(array, (n ? 2 * n : 16) * size);
	if (!array)
		abort();
	return array;
}
