/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_internal.h: what watch.c and watch_access.c share. */
#pragma once

#include "model/page.h"
#include "sim/watch.h"

/* A line of the world, as it was. */
struct saved { u32 line; u64 words[8]; };

/* A word of memory that was overwritten; or a page's record, the whole of it. */
struct change {
	pfn_t pfn;
	bool is_record;
	unsigned index;
	u64 word;
	struct page record;
};

/* A word, or a page's record, that may differ from the beginning. */
struct place { u64 key; size_t change; };

struct mark {
	size_t saved, changes;
	struct watch_sums first, sums;	/* at the mark; of the first .summed_... */
	size_t summed_saved, summed_changes;
};

/* A record that the turn at hand has asked for. */
struct handed { uintptr_t address; pfn_t pfn; u32 line; bool is_saved; };

enum { MAX_HANDED = 512 };

struct line_of_page { pfn_t key; u32 value; };

/* Bytes with the number of who holds a lock; with a bit for each task; with a task's vCPU. */
struct word_of {
	u8 actor;		/* + 1; 0: nobody's */
	u8 locks, readers;	/* by byte */
	bool names_vcpu;
	u32 place;		/* among the actor's words */
};

struct watch {
	struct phys phys;		/* first: the watched memory */
	struct phys *real;
	struct vm *vm;
	u64 *world, *first;		/* first: as it was at the beginning */
	struct saved *saved;		/* stb_ds */
	struct change *changes;		/* stb_ds */
	struct mark *marks;		/* stb_ds: the first is the beginning */
	struct place *places;		/* stb_ds */
	u64 strays[(WATCH_WORLD_LINES + 63) / 64];	/* lines that may not be .first's */
	u32 epoch, saved_in[WATCH_WORLD_LINES];
	struct handed handed[MAX_HANDED];
	size_t nr_handed;
	uintptr_t low, high;		/* of their addresses */
	struct watch_names *names;
	struct line_of_page *known;	/* stb_ds: a copy of what .names has */
	pfn_t *pages;			/* stb_ds: the other way round, as far as is known */
	struct watch_actor actor[WATCH_ACTORS];
	unsigned nr_actors;
	struct word_of *words;		/* of the world, by actor; NULL: all are nobody's */
	bool is_lost;
	bool no_footprints;
	u32 lines[WATCH_LINES];
	size_t nr_lines;
	u64 read[WATCH_LINES], write[WATCH_LINES], first_read[WATCH_LINES];
};

static inline size_t line_words(u32 line)
{
	size_t first = (size_t)line * 8, all = sizeof(struct world) / sizeof(u64);

	return all - first < 8 ? all - first : 8;
}

/* ---- watch_actors.c ---- */

/* @sign -1: a word that was there is there no more. */
void watch_add_word(const struct watch *watch, struct watch_sums *sums, size_t i, u64 word,
		    u64 sign);
/* Whose page of a list that is; NULL: nobody's. *@key: which of its own. */
const struct watch_actor *watch_list_of(const struct watch *watch, pfn_t pfn, pfn_t *key);

/* ---- watch_access.c ---- */

/* The first of the page's lines, or 0: there are too many pages. */
u32 watch_line_of(struct watch *watch, pfn_t pfn);

void watch_take_phys(struct watch *watch);
void watch_save_line(struct watch *watch, u32 line);
/* Is the @i'th change of something that changed before, from the @from'th on? */
bool change_is_again(const struct watch *watch, size_t from, size_t i);
