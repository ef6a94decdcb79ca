/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * import.h: what other hosts' tools have recorded of KVM, and how much it proves.
 *
 * A recording is read into events in order of time, each one of the few things that the model
 * learns from (import_table.c). It says what it lacks; from what it lacks follows which laws can be
 * judged. import_trace() writes it as a trace, which replay runs. docs/IMPORT.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/arena.h"
#include "sim/error.h"
#include "sim/progress.h"

/* What the model learns; .value in this order. */
enum import_kind {
	IMPORT_NONE,
	IMPORT_FAULT,		/* vcpu, gpa, error code */
	IMPORT_SPTE,		/* address space, gfn, level, old, new */
	IMPORT_SET_SPTE,	/* gfn, level, new: of any MMU, but only what is set */
	IMPORT_RANGE,		/* start, end: KVM's own event at the begin of an invalidation */
	IMPORT_INV_START,	/* start, end, enum mmu_notifier_event */
	IMPORT_INV_END,		/* start, end */
	IMPORT_MEMSLOT,		/* id, flags, gpa, size, hva, struct kvm */
	IMPORT_IOCTL,		/* command */
	IMPORT_COUNT,		/* _refcount of a page looked up or released; which: 0, none */
	IMPORT_PAGE_REF,	/* pfn, count after it, difference: page_ref_mod*() */
	IMPORT_ALLOC,		/* pfn, order */
	IMPORT_FREE,		/* pfn, order */
	IMPORT_EXIT,		/* errno of KVM_RUN, of either sign; or why it ends */
	IMPORT_ISA,		/* 1: VMX, 2: SVM */
	NR_IMPORT_KINDS,
};

enum { IMPORT_VALUES = 6 };

struct import_event {
	uint8_t kind, cpu_known;
	uint8_t known;			/* BIT(i): .value[i] was there */
	uint8_t row;			/* of the table */
	int32_t pid, cpu;
	uint32_t place;			/* line, or number of the record */
	uint64_t time;			/* ns, or what the clock counts */
	uint64_t value[IMPORT_VALUES];
};

/* What a recording may lack. */
enum import_lack {
	LACK_FAULTS, LACK_SPTES, LACK_ZAPS, LACK_RANGES, LACK_ENDS, LACK_SLOTS, LACK_COUNTS,
	LACK_REFS, LACK_FREES, LACK_LOST, LACK_DAMAGE, LACK_ONE_VM, LACK_FORMAT, LACK_ORDER,
	LACK_LIMIT,
	NR_LACKS,
};

struct import {
	const char *path, *form;	/* "ftrace text", ... */
	char release[80];		/* of the kernel; "" if not said */
	struct import_event *events;	/* stb_ds, in order of time */
	size_t nr_lines, nr_read;	/* lines or records; events among them, of any kind */
	uint64_t lost;			/* events, as far as their number is said */
	size_t nr_gaps;			/* places where some were lost */
	unsigned first_gap;		/* line or record */
	size_t nr_unread;		/* lines that are nothing known, events that do not read */
	unsigned first_unread;
	uint64_t last_time;		/* of text: of the line before */
	unsigned first_back;		/* line whose stamp is less than that; 0: none */
	bool begun, ended;		/* a recipe of ours said so */
	bool tells_loss;		/* if events had been lost, it would say so */
	uint64_t declared;		/* events that its header says are here; 0: it does not */
	unsigned cpus;			/* the host has at least so many */
	int32_t cpu;			/* of the first event of text that has one, or -1 */
	bool other_cpu;			/* ... which others have not */
	bool is_cut;			/* the last line has no end */
	size_t count[NR_IMPORT_KINDS];
	bool ept, format_known;
	int level;			/* of evidence: 0, 1, 2; -1: no stage-2 entries at all */
	char *lacks[NR_LACKS];		/* a sentence, or NULL */
	struct arena *arena;
	struct sim_progress *progress;
};

/* Of a pipe: text, and read once. The tool has a file in its place. */
#define IMPORT_STDIN	"/dev/stdin"

/* Is @path something to import: a trace.dat, or text with a line of an event? */
bool import_is(const char *path);
/* False: bad input, *@error. @progress: bytes of a text, or events; NULL: nobody looks. */
bool import_read(const char *path, struct sim_progress *progress, struct import *import,
		 struct error *error);
/*
 * Of several VMs that one whose threads are @pids: its vCPUs' and its VMM's. False: a thread that
 * is not there, *@error says which are.
 */
bool import_take_vm(struct import *import, const int32_t *pids, size_t nr, struct error *error);
void import_free(struct import *import);
/* The name of what is lacking, for programs: "lost-events". */
const char *import_lack_name(enum import_lack lack);

/* As a trace; the caller's to free. NULL: *@error, nothing in it can be replayed. */
char *import_trace(struct import *import, struct error *error);

enum import_answer { IMPORT_KEPT, IMPORT_BROKEN, IMPORT_OPEN, IMPORT_UNASKED };

/* A law, judged on what was recorded. */
struct import_law {
	const char *law;		/* its id in model/law_table.c */
	enum import_answer answer;
	size_t nr_asked;		/* how often */
	unsigned place;			/* line or record at which it was broken */
	char text[200];			/* what was found, or which evidence is missing */
};

enum { IMPORT_LAWS = 7 };

void import_judge(const struct import *import, struct import_law laws[IMPORT_LAWS]);
