/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording.h: what a real kernel did, as the lab wrote it down.
 *
 * A recording is NAME.cmd (script), NAME.out (answers), NAME.trace[.zst] (ftrace text) and
 * NAME.meta in a folder named after its kernel and configuration. docs/RECORDINGS.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/error.h"

/* One fact that NAME.out printed below a command, or its result. */
enum fact_kind {
	FACT_STAT,	/* "stat pf_taken+1(=2) ...": one fact a counter */
	FACT_HOST,	/* "host D+0x0: pte ..." */
	FACT_S2,	/* "s2 0x200000: L1 ..." */
	FACT_SIGNAL,	/* "signal SIGBUS xN code=C addr=0x..." */
	FACT_OTHER,	/* anything else that is indented below a command, verbatim */
};

struct page_facts {		/* "pfn=0x5d40 ref=1 map=0 head(order3 headref=1) rsvd NOPAGE" */
	bool known;		/* there was a pfn= */
	bool last;		/* "last pfn=": no longer mapped here */
	bool nopage;		/* NOPAGE: no struct page */
	bool head, tail, reserved;
	uint64_t pfn;
	int ref, map, order, headref;	/* order, headref: of head and tail pages only */
};

struct fact {
	enum fact_kind kind;
	unsigned line;			/* in NAME.out */
	const char *text;		/* the line as printed, without its indentation */
	union {
		struct { const char *name; long delta, total; } stat;
		struct {
			const char *name;	/* "D+0x0" */
			int level;		/* 0: none */
			uint64_t raw;		/* the PTE; 0 when none */
			bool protnone, swap;	/* non-present with a value */
			struct page_facts page;
		} host;
		struct {
			uint64_t gpa;
			bool noroot;
			int level;
			bool present;
			uint64_t raw;
			int b59;		/* -1: not printed */
		} s2;
		struct {
			const char *name;	/* "SIGBUS" */
			unsigned times;
			int code;
			uint64_t address;
		} signal;
	};
};

/* What came after "=>" */
enum answer_kind {
	ANSWER_OK,		/* OK, with what follows in .rest */
	ANSWER_ERRNO,		/* EINVAL ... */
	ANSWER_VCPU,		/* one or more of HLT, KVM_RUN=-1, MMIO-R/W, EXIT, INTERNAL_ERROR */
	ANSWER_VALUE,		/* 0x1234 */
	ANSWER_PAGE,		/* pfn=... ref=... flags=0x... (lab info) */
	ANSWER_OTHER,		/* anything else, verbatim in .text */
};

struct vcpu_exit {
	enum {
		EXIT_HLT,
		EXIT_RUN_ERROR,
		EXIT_MMIO_READ,
		EXIT_MMIO_WRITE,
		EXIT_INTERNAL,
		EXIT_UNKNOWN,
	} kind;
	uint64_t eax;			/* HLT */
	const char *error;		/* RUN_ERROR: "EFAULT" */
	bool timeout;			/* RUN_ERROR: " TIMEOUT": the VMM's own alarm ended it */
	uint64_t ebx, ecx_left;		/* RUN_ERROR; ebx: UNKNOWN too */
	uint64_t rip;			/* UNKNOWN */
	bool memory_fault;		/* RUN_ERROR: " MEMORY_FAULT gpa=.. size=.. flags=.." */
	uint64_t fault_gpa, fault_size, fault_flags;
	uint64_t gpa, data;		/* MMIO; data of a write */
	unsigned length;
	unsigned code;			/* INTERNAL: suberror; UNKNOWN: exit reason */
};

struct answer {
	enum answer_kind kind;
	const char *text;		/* everything after "=> " */
	/*
	 * The answer proper.  It is .text, but for a command that printed something of its own
	 * first ("sh" the output of its program, "!! unknown region"): its further lines are
	 * FACT_OTHER of the command, and .result is the end of the last ("rc=0").  Everything below
	 * is read from .result; it is "" and the kind ANSWER_OTHER where the guest died before it.
	 */
	const char *result;
	const char *error;		/* ERRNO: its name; "OK" for ANSWER_OK */
	const char *rest;		/* OK, ERRNO: what follows the word ("" if nothing) */
	uint64_t value;			/* VALUE */
	uint64_t pfn, hva;		/* of "OK pfn=0x..", "OK hva=0x.." */
	bool has_pfn, has_hva;
	struct vcpu_exit *exits;	/* VCPU, in order */
	size_t nr_exits;
	bool more_mmio;			/* VCPU: "(more mmio)": only the first four were printed */
	struct page_facts page;		/* PAGE */
	uint64_t flags;			/* PAGE: raw page->flags */
};

/* One line of NAME.trace that lies between a command's marks. */
struct trace_field { const char *key, *value; };

struct trace_event {
	unsigned line;			/* in NAME.trace (as unpacked) */
	const char *task;		/* "labvmm" */
	int pid, cpu;
	double time;			/* seconds */
	const char *name;		/* "kvm_tdp_mmu_spte_changed", "rp_hva_to_pfn", ... */
	const char *body;		/* what follows "name: ", verbatim */
	struct trace_field *fields;	/* what the body says: the table of recording_trace.c */
	size_t nr_fields;
};

struct command {
	unsigned number;		/* [n] of NAME.out */
	unsigned line;			/* of "[n] ..." in NAME.out */
	unsigned script_line;		/* in NAME.cmd; 0 if there is no NAME.cmd */
	const char *text;		/* as printed between "[n] " and " => " */
	const char **words;
	size_t nr_words;
	struct answer answer;
	struct fact *facts;
	size_t nr_facts;
	struct trace_event *events;	/* every event between "### n" and "=== n" */
	size_t nr_events;
	struct trace_event *after;	/* those between "=== n" and the next command */
	size_t nr_after;
	struct trace_event begin, end;	/* the marks, if .traced: of no fields */
	bool traced;			/* both marks were found in NAME.trace; else no events */
	size_t first_splat, nr_splats;	/* which of recording.splats stand below its line */
};

/* Of events.txt, as SYSTEM/EVENT ("kvm/kvm_page_fault", "lab/inv_start") or SYSTEM ("kvmmmu"). */
struct probe { const char *name; bool present; };

struct recording {
	char *name;			/* "6.1/pfnmap_nc_seed" */
	char *folder;			/* "6.1": the last component of the directory */
	char *path;			/* directory + NAME, to build messages from */
	const char *semantics;		/* "v6.1"; NULL if the folder names none that we know */
	bool ept;			/* EPT; else NPT (or shadow) */
	bool ept_ad;			/* EPT: with accessed/dirty bits */
	bool tdp;			/* false: shadow paging (…-npt0) */
	bool tdp_mmu;			/* false: …-tdpmmu0 and …-npt0 */
	const char *uname;		/* of .meta, else of line 1 of .out; "" if neither */
	bool complete;			/* its "DONE n commands" line is there and n is right */
	bool reconstructed;		/* "RECONSTRUCTED FROM SERIAL" */
	bool has_trace;
	/* Fewer entries than written, LOST events, or a command without its marks. */
	bool trace_cut;
	struct trace_event *early;	/* before the first command */
	size_t nr_early;
	size_t nr_unkept;		/* events of .trace that are nowhere here */
	bool private_mem;		/* the script asks for KVM_X86_SW_PROTECTED_VM */
	int pid;			/* of the thread that sets the marks; 0: no trace */
	unsigned nr_cpus;		/* of the machine, as the trace's header says; 0: unknown */
	struct command *commands;
	size_t nr_commands;
	/* The guest died in the first of these; or in a later one, and answers have been lost. */
	struct command *fatal;
	size_t nr_fatal;
	/*
	 * Lines of .out or .meta that name a kernel function (WARN, BUG, oops, stacks), verbatim;
	 * and of a reconstructed .out every line that is nothing else.
	 */
	const char **splats;
	size_t nr_splats;
	const char *failure;		/* why the VMM gave up: "vm: Invalid argument", or NULL */
	struct probe *probes;		/* events.txt of the folder; empty if there is none */
	size_t nr_probes;
	void *arena;
};

/*
 * Read FOLDER/NAME (with or without one of its extensions).  A missing .trace, .meta, .cmd or
 * events.txt is not an error, a missing or unreadable .out is; so is anything malformed.
 */
bool recording_read(const char *path, struct recording *recording, struct error *error);
void recording_free(struct recording *recording);

/* The value of @event's field @key, NULL if it has none. */
const char *trace_event_field(const struct trace_event *event, const char *key);
/* The same as a number (base 16 takes "0x" or none); false if absent or not all of it a number. */
bool trace_event_u64(const struct trace_event *event, const char *key, int base, uint64_t *value);

/*
 * The recordings that @path names: FOLDER (every NAME.out in it, sorted by name) or FOLDER/NAME.
 * Returns a NULL-terminated array to free with recording_list_free(), or NULL with *@error set.
 */
char **recording_list(const char *path, struct error *error);
void recording_list_free(char **list);
/* Is @path a recording: a folder with *.out, or FOLDER/NAME with NAME.out, and no pfntrace? */
bool recording_is(const char *path);
