/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stories.h: short scripts of events that all tests of laws, steps and checks share, and what one
 * semantics makes of one of them.
 *
 * A story is the text of a trace without its first line. Its steps are counted, so that a broken
 * kernel that never comes to an end does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/ast.h"
#include "sim/event.h"
#include "sim/vm.h"

struct story {
	const char *name;
	/*
	 * "config" also knows ad=0, EPT's A/D bits are off, private=1, of all mmaps to come, and
	 * code=GPA, where the guest's instructions are.
	 */
	const char *text;
};

extern const struct story stories[];
extern const size_t nr_stories;
/* More of them, which show what a single step is for */
extern const struct story step_stories[];
extern const size_t nr_step_stories;
/* More of these, for what only some kernels have */
extern const struct story version_stories[];
extern const size_t nr_version_stories;

/* Bound to events, which are the same under every semantics. */
struct script {
	const char *name;
	struct vm_config config;
	struct ast ast;
	struct names *names;
	struct event *events;
	size_t nr_events;
	bool private;
};

/* The test fails if the text is bad; false: only if a file is not a trace of ours. */
void script_of_story(const struct story *story, struct script *script);
bool script_of_file(const char *path, struct script *script);
void script_free_events(struct script *script);
/* Of stories[], read once. */
const struct script *script_named(const char *name);
bool script_stops_at(const struct script *script, const char *step);

/* Scripts of stories[], then those of all traces below PFNSIM_TRACES; recordings are none. */
const struct script *all_scripts(size_t *nr);

struct seen {			/* of one event */
	struct outcome outcome;
	u64 notes;		/* what tracepoints and probes would have shown */
};

struct telling {
	const struct script *script;
	struct vm *vm;
	struct seen *seen;
	size_t nr_seen;		/* events that ran */
	bool refused;		/* the last of them could not be told: it waits without a label */
	unsigned steps, most_steps;
	u64 ran[NR_PATHS];	/* bit n: step n of the path ran */
	u8 *reads;		/* NULL, or which of the semantics' bytes up to .calls */
	u64 pages, memory;	/* in the end: hashes of the records, and of what they hold */
};

struct tell_options {
	unsigned most_steps;			/* more is a kernel that does not end; 0: 200000 */
	void (*prepare)(struct vm *vm);		/* before the first event; NULL: nothing */
	bool with_reads;
};

void tell(const struct script *script, const struct semantics_patch *patch,
	  const struct tell_options *options, struct telling *out);
void telling_free(struct telling *telling);
/* Did the script break law @id (NULL: any)? */
const struct found_violation *telling_broke(const struct telling *telling, const char *id);
/*
 * The first thing that outcomes, notes, violations, pages' counts and flags, or what memory and
 * tables hold in the end show to be different, in words in @what; false: nothing.
 */
bool tellings_differ(const struct telling *a, const struct telling *b, char *what, size_t size);
u64 hash_notes(const struct vm *vm);
