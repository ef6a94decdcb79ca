/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * import_internal.h: what the files of the importer share.
 *
 *	import.c		which form it is, order of time, what is lacking
 *	import_line.re		one line of text, of all dialects
 *	import_text.c		text
 *	import_dat.c		trace.dat, by libtracecmd in a child process
 *	import_table.c		the kernel's events: what is learned from each
 *	import_slots.c		memslots as they were recorded
 *	import_chain.c		entries that were not what they are said to have been
 *	import_fate.c		what became of each fault
 *	import_laws.c		laws, judged on the recording itself
 *	import_trace.c		the recording as a trace
 *	import_vm.c		one VM of several
 */
#pragma once

#include "sim/import.h"

enum import_line_kind {
	LINE_EVENT, LINE_OTHER,		/* an event without a name */
	LINE_LOST, LINE_ENTRIES, LINE_RELEASE, LINE_REPORT, LINE_CPUS, LINE_BEGIN, LINE_END,
	LINE_NOTHING, LINE_UNKNOWN,
};

struct import_line {
	const char *task, *name, *body;	/* none of them ends where it ends, but .body */
	size_t name_length;
	int pid, cpu;
	uint64_t time;
	uint64_t count, here;		/* lost events; those that are there, or CPUs */
	bool is_perf;
};

enum import_line_kind import_line(const char *text, struct import_line *line);

/* Words that mean one of the kernel's numbers, and what .value holds. */
struct import_row {
	const char *names;		/* of events, and of functions that a probe is set on */
	enum import_kind kind;
	bool at_return;			/* of a function: its return probe */
	const char *forms[3];		/* of text (recording_fields.c); none: KEY=VALUE */
	/* "key key:x": the first that is there; ":x" hexadecimal without 0x in our forms */
	const char *keys[IMPORT_VALUES];
	uint16_t needed;		/* BIT(i): without .value[i] the event is unread */
	bool or_nothing;		/* an event that has them not says nothing to us */
};

extern const struct import_row import_rows[];
extern const size_t nr_import_rows;

/* By event, or if that is unknown by the function it is on; NULL: nothing is learned from it. */
const struct import_row *import_row(const char *name, size_t length, const char *function,
				    bool at_return);
/* Is @key of @length one of the words of @keys?  *@hex as it says. */
bool import_key_is(const char *keys, const char *key, bool *hex);

/*
 * What is learned from one event in text: @e's kind, and its values as far as they are there. NULL:
 * nothing.
 */
const struct import_row *import_event_of(const char *name, const char *body,
					 struct import_event *e);
/* Packed text: is there an event in it, and no trace? */
bool import_text_is(const char *path);
bool import_text(struct import *import, struct error *error);
bool import_dat(struct import *import, struct error *error);

/* Counts what .events has, and says what is lacking. */
void import_find_lacks(struct import *import);

struct import_slot { uint32_t id, flags; uint64_t gpa, size, hva; };

enum { IMPORT_MAX_SLOTS = 512 };

struct import_slots { struct import_slot slot[IMPORT_MAX_SLOTS]; size_t n; };

/* KVM_SET_USER_MEMORY_REGION; false: there is no room. */
bool import_slots_set(struct import_slots *slots, const struct import_event *e);
const struct import_slot *import_slot_of(const struct import_slots *slots, unsigned space,
					 uint64_t gpa);

/* SPTEs, of any format since 5.13: SPTE_MMU_PRESENT_MASK, PT_PAGE_SIZE_MASK, and the frame. */
static inline bool import_is_leaf(uint64_t spte, uint64_t level)
{
	return (spte & 1 << 11) && (level == 1 || (level > 1 && level <= 5 && (spte & 1 << 7)));
}

static inline uint64_t import_pfn(uint64_t spte)
{
	return (spte & 0x000ffffffffff000) >> 12;
}

/* Does an entry's event contradict those before it?  *@at: which; its old page is another. */
bool import_contrary(const struct import *import, const struct import_event **at);

/* What became of a fault. */
struct import_fate {
	bool is_mapped, is_refused, has_count, no_page, is_uncounted, in_flight;
	int64_t count;			/* the lowest seen */
	uint64_t spte, level;
};

/* By place in @import->events; the caller's to free. */
struct import_fate *import_fates(const struct import *import);
/* Memslots around what is mapped in none, 1G apart from each other: stb_ds, the caller's. */
struct import_event *import_assume_slots(const struct import *import,
					 const struct import_fate *fates);
