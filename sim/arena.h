/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena.h: memory which is given back all at once.
 *
 * An arena is a struct arena * that starts as NULL.  Running out of memory aborts: no caller of
 * ours can do better, and no result could be trusted after it.
 */
#pragma once

#include <stddef.h>

struct arena;

/* @size bytes (0 is fine), all zero, aligned for any type. Never NULL. */
void *arena_alloc(struct arena **arena, size_t size);
/* The first @length bytes of @text with a NUL after them; @text need not end in one. */
char *arena_strndup(struct arena **arena, const char *text, size_t length);
/* Give everything back and set *@arena to NULL; an arena that is NULL already is fine. */
void arena_free(struct arena **arena);
