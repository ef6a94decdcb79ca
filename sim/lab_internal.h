/* SPDX-License-Identifier: GPL-2.0-only */
/* lab_internal.h: what lab.c, lab_event.c and lab_watch.c share. */
#pragma once

#include <stdint.h>

#include "model/host_mm.h"
#include "sim/arena.h"
#include "sim/event.h"
#include "sim/lab.h"

enum {
	LAB_CODE_SIZE = 0x4000,		/* of the VMM's own memslot 0, at gpa 0 */
	LAB_REGIONS = 32, LAB_SLOTS = 64, LAB_VCPUS = 2, LAB_WATCHES = 64,
	LAB_MOVED = 64,			/* pages of one movepage */
};

struct lab_file {
	const char *name;		/* of the trace; NULL: none in this row */
	uint64_t size, huge, mount;
	bool is_hugetlb, is_1g;
	const char *region;		/* the first that maps it; NULL: none yet */
};

struct lab {
	const struct names *names;
	const struct event *events;
	size_t nr_events;
	char *text;			/* stb_ds */
	struct { const char *name; uint64_t base, size; } region[LAB_REGIONS];
	size_t nr_regions;
	struct lab_file file[MAX_FILES];
	uint64_t pages[MAX_OBJECTS];	/* of each object */
	uint64_t watch[LAB_WATCHES];	/* hvas of pages */
	size_t nr_watches;
	uint64_t gwatch[LAB_WATCHES];	/* gpas of pages that no memslot has */
	size_t nr_gwatches;
	bool swaps;
	char why[96];			/* a refusal with a name in it */
};

__attribute__((format(printf, 2, 3)))
void lab_say(struct lab *lab, const char *format, ...);
/* The last line goes on. */
__attribute__((format(printf, 2, 3)))
void lab_say_more(struct lab *lab, const char *format, ...);
/* REGION or REGION+0xOFFSET; a number if it is none's. The text lasts until the next call. */
const char *lab_address(const struct lab *lab, uint64_t hva, char *text, size_t size);

/* What the events are about: pages that are to be watched (lab_watch.c) */
void lab_find_watches(struct lab *lab);
/* "watch ..." for pages of a region that is mapped now */
void lab_watch_region(struct lab *lab, size_t region);

/* One event (lab_event.c): NULL, or why the lab cannot do it. */
const char *lab_event(struct lab *lab, const struct event *e);

/* Of a userfaultfd (lab_uffd.c) */
const char *lab_uffd(struct lab *lab, const struct event *e);

/* ---- lab_stop.c: events that stop, or wait, in threads of their own ---- */

/* NULL, or why this event cannot stop, or cannot be done while others are stopped */
const char *lab_refuses_stop(struct lab *lab, const struct event *e);
/* The last line, of @e, in a thread of its own if it needs one */
void lab_in_thread(struct lab *lab, const struct event *e);
const char *lab_resume(struct lab *lab, const struct event *e);
