/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h: which bytes of world and memory a turn reads and writes, and the way back from it.
 *
 * The model, and what of sim/ takes a turn, is compiled so that each access to memory is told
 * (meson.build: footprints); what is told is kept by lines of 64 bytes. Before the first write to
 * a line its content is saved: going back, and knowing what has changed, cost what was written.
 * Where the compiler or a sanitizer does not let us, everything is saved and nothing is told.
 */
#pragma once

#include "sim/vm.h"

/* 64 bytes of the world; of a page's record; 64 words of a page; or 64 other things. */
enum {
	WATCH_WORLD_LINES = (sizeof(struct world) + 63) / 64,
	WATCH_OTHER_LINES = 8,		/* what the caller names: watch_other() */
	WATCH_PAGE_LINES = 2 + WORDS_PER_PAGE / 64,
	WATCH_PAGES = 1024,
	WATCH_LINES = WATCH_WORLD_LINES + WATCH_OTHER_LINES + WATCH_PAGES * WATCH_PAGE_LINES,
};

/* Is it told what is read? */
bool watch_works(void);

struct watch;

/* Which lines a page has: the same for all watches that share them. */
struct watch_names;
struct watch_names *watch_names_new(void);
void watch_names_free(struct watch_names *names);

/* From here on, until watch_free(), the vm's memory is watched; and it begins with a mark. */
struct watch *watch_new(struct vm *vm, struct watch_names *names);
void watch_free(struct watch *watch);
/* This thread's accesses are @watch's from now on; NULL: nobody's. */
void watch_on(struct watch *watch);

/*
 * While no watch is on: this thread's reads of the @size bytes from @from on set their bytes in
 * @read. NULL: no more.
 */
void watch_reads(const void *from, size_t size, u8 *read);

/* Marks are a stack. */
void watch_mark(struct watch *watch);
/* World and memory are as they were at the last mark, which goes; or it goes all the same. */
void watch_back(struct watch *watch);
void watch_forget(struct watch *watch);

/*
 * Sums over world and memory: equal for equal ones, however they came about. [0] is of what is
 * nobody's alone, [1 + i] of what is actor i's, and that alone says nothing of which actor it is.
 */
enum { WATCH_ACTORS = 5 };
struct watch_sums { u64 of[1 + WATCH_ACTORS]; };
struct watch_sums watch_sums(struct watch *watch);
u64 watch_mix(u64 key, u64 value);
/* They become what they were if in the task's row there were the bits of @mask alone. */
void watch_mask_row(const struct watch *watch, struct watch_sums *sums, unsigned task,
		    const u64 *mask);

/* ---- footprints: what has been read and written since watch_clear() ---- */

struct footprint {
	const u32 *lines;		/* that have a bit in one of the others */
	size_t nr;
	const u64 *read, *write;	/* by line */
	const u64 *first_read;		/* read, and not written before by the same turn */
	bool is_lost;			/* more pages than lines: it is not known */
};

void watch_clear(struct watch *watch);
/* Nobody asks for footprints: less is noted. They are asked for unless it is said. */
void watch_no_footprints(struct watch *watch);
void watch_other(struct watch *watch, unsigned bit, bool is_write);
struct footprint watch_footprint(const struct watch *watch);
/* What else it might have read and written. */
void watch_tell(struct watch *watch, u32 line, u64 read, u64 write);
void watch_lose(struct watch *watch);
/*
 * A sum over what was read since the last mark, as it was there: a turn that reads the same does
 * the same.
 */
u64 watch_read_sum(struct watch *watch);

/* ---- values (watch_values.c) ---- */

/* A bit of a footprint whose value is another since the last mark, and the value that was there. */
struct watch_overwritten { u32 line; u8 bit, old; };
void watch_overwritten(struct watch *watch, struct watch_overwritten **all);	/* stb_ds */
/*
 * What is there: the byte, or a sum of the word of a page. Negative: it cannot be said, or names
 * an actor.
 */
int watch_value(const struct watch *watch, u32 line, unsigned bit);

/* ---- actors that can be exchanged (watch_actors.c) ---- */

/* A task, with the vCPU whose thread it is, and the task's lists of pages. */
struct watch_actor { u8 task, vcpu; bool has_vcpu; };
/* At the beginning: what there is of them has to be equal; 0: there are none (any more). */
void watch_actors(struct watch *watch, const struct watch_actor *actors, unsigned nr);
/*
 * World and memory as if each actor i had always been actor to[i]: its rows are those of the
 * other, and so are locks that it holds.
 */
void watch_exchange(struct watch *watch, const u8 *to);
/* Where in a footprint that is then which was at a bit of @line; *bit is changed, too. */
u32 watch_exchanged_line(struct watch *watch, const u8 *to, u32 line, unsigned *bit);

/* ---- many states, of which none is an ancestor of the next ---- */

/*
 * Appended to @words (stb_ds): how world and memory differ from the beginning. Equal states give
 * equal words.
 */
void watch_pack(struct watch *watch, u64 **words);
/* As it was packed, with the same number of actors. All marks but the first are gone. */
void watch_unpack(struct watch *watch, const u64 *words, size_t n);
