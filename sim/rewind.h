/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rewind.h: a vm that can go back. Memory that changes is remembered, the rest is copied.
 *
 * For searches among orders of steps: the cost of going back is that of the steps taken back.
 * What the vm keeps for reports (its ring of references) may lose its oldest entries.
 */
#pragma once

#include "sim/vm.h"

struct rewind;

/* From here on, until rewind_free(), the vm's memory is watched. */
struct rewind *rewind_new(struct vm *vm);
void rewind_free(struct rewind *rewind);
/* The vm's memory is only looked at from now on; and may change again. */
void rewind_look(struct rewind *rewind);
void rewind_go_on(struct rewind *rewind);
/* Marks are a stack: mark() pushes one, and says how many there are; at most @max, oldest go. */
size_t rewind_mark(struct rewind *rewind);
/* The vm is as it was at the last mark, which stays; or goes. */
void rewind_to_mark(struct rewind *rewind);
void rewind_drop_mark(struct rewind *rewind);
/* All marks but the last @n are forgotten: there is no way back beyond them. */
void rewind_commit(struct rewind *rewind, size_t n);
/* Equal for equal worlds and memory, if they come from the mark @base (0 is the oldest). */
u64 rewind_hash(const struct rewind *rewind, size_t base);
u64 rewind_mix(u64 hash, u64 value);
/* Did what came between the @i'th mark and the next change nothing but this task's own state? */
bool rewind_is_private(const struct rewind *rewind, size_t i, int task);

/* ---- many states, of which none is an ancestor of the next ---- */

/*
 * Appended to @words (stb_ds): how the world and its memory differ from the oldest mark. Equal
 * states give equal words, however they came about.
 */
void rewind_pack(struct rewind *rewind, u64 **words);
/* As it was packed. Marks but the oldest are gone. */
void rewind_unpack(struct rewind *rewind, const u64 *words, size_t n);
