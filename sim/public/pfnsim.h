/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pfnsim.h: libpfnsim, what KVM does with host memory, without a kernel.
 *
 * A trace says what a host, a driver and a guest do (pfntrace(5)). A run does it, event by event,
 * under one semantics, which is a kernel version, a patch series or a policy; between two events
 * the world can be looked at. A search runs the threads of a trace in every order of their steps.
 *
 * Units. Addresses (gpa: of the guest, hva: of the VMM) and sizes are bytes. A pfn or gfn counts
 * pages of 4096 bytes. Levels are 1, 2, 3 for 4K, 2M, 1G. Entries are words as the processor reads
 * them: of EPT (Intel SDM, volume 3, chapter 29) or NPT (AMD APM, volume 2, 15.25). Events have
 * places from 0 on, in the order of the trace.
 *
 * Errors. There are three kinds of wrong. Bad input: the function says so (NULL, false or -1), and
 * *error, which may be NULL, says what and where. A bug of the simulated kernel is no error, but a
 * violation: a value. A bug of this library is an assertion. Nothing is printed, and nothing exits;
 * where memory ends, abort() is called.
 *
 * Sources. What a step does is what a function of Linux does; docs/MODEL.md names function, file
 * and version of each, and what is simplified. pfnsim_semantics_source() and pfnsim_law_source()
 * say where those come from. What is not modelled is refused as bad input, never guessed.
 *
 * Threads. There is no state but in what is returned. A trace, once it is loaded, is only read:
 * runs and searches of one trace may be made in several threads at once. A run or a search is one
 * thread's at a time.
 *
 * Lifetime. What a function returns is its argument's, unless it says otherwise. A trace outlives
 * its runs and searches.
 *
 * Stability. Names and meanings stay while the soname does. Structs that are returned may grow at
 * their end: do not copy them, nor take their size. No number of an enum changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PFNSIM_API	__attribute__((visibility("default")))

#define PFNSIM_NO_PFN	UINT64_MAX	/* no page; of a gfn: no such */
#define PFNSIM_NO_EVENT	SIZE_MAX

struct pfnsim_semantics;
struct pfnsim_law;
struct pfnsim_trace;
struct pfnsim_run;
struct pfnsim_search;

/* Of the library that is loaded: "0.1.0". */
PFNSIM_API const char *pfnsim_version(void);

/* ---- errors ---- */

/* What is wrong with an input, and where. */
struct pfnsim_error {
	char file[512];		/* as the caller, or an include, named it; "": none is meant */
	unsigned line;		/* from 1; 0: the file as a whole */
	unsigned column;	/* from 1, in bytes; 0: the line as a whole */
	char text[512];		/* one line, without a newline */
};

/* "file:line:column: text", cut to @size bytes with the NUL; returns @buffer. */
PFNSIM_API const char *pfnsim_error_text(const struct pfnsim_error *error, char *buffer,
					 size_t size);

/* ---- semantics ---- */

/* From 0 on, in order of history, policies last; NULL: there are no more. */
PFNSIM_API const struct pfnsim_semantics *pfnsim_semantics_at(size_t i);
/* By name or alias: "v6.8", "v11"; NULL: there is none. */
PFNSIM_API const struct pfnsim_semantics *pfnsim_semantics_find(const char *name);
PFNSIM_API const char *pfnsim_semantics_name(const struct pfnsim_semantics *semantics);
/* "old": gfn_to_pfn(), "new": kvm_follow_pfn(), "series": on the way; "policy". */
PFNSIM_API const char *pfnsim_semantics_group(const struct pfnsim_semantics *semantics);
/* One line: which kernel, tree or mail this is. */
PFNSIM_API const char *pfnsim_semantics_source(const struct pfnsim_semantics *semantics);

/* ---- laws ---- */

/* What must hold under every semantics; from 0 on. NULL: there are no more. */
PFNSIM_API const struct pfnsim_law *pfnsim_law_at(size_t i);
/* By id: "no-get-from-zero"; NULL: there is none. */
PFNSIM_API const struct pfnsim_law *pfnsim_law_find(const char *id);
PFNSIM_API const char *pfnsim_law_id(const struct pfnsim_law *law);
PFNSIM_API const char *pfnsim_law_sentence(const struct pfnsim_law *law);
/* When it must hold; NULL: after every step. */
PFNSIM_API const char *pfnsim_law_when(const struct pfnsim_law *law);
/* Which comment, function or document of Linux says so. */
PFNSIM_API const char *pfnsim_law_source(const struct pfnsim_law *law);
/* Why it is known not to hold there; NULL: that is not known. */
PFNSIM_API const char *pfnsim_law_breach(const struct pfnsim_law *law,
					 const struct pfnsim_semantics *semantics);

/* ---- traces ---- */

struct pfnsim_event {
	const char *label;	/* NULL: none */
	const char *kind;	/* the event's own word: "mmap", "read" */
	const char *text;	/* as one would write it, without its label */
	const char *file;
	unsigned line, column;
};

/*
 * A trace from a file, compressed by zstd if its name ends in .zst, with what it includes; or from
 * memory: @name is used in messages, and what it includes is looked for beside it. NULL: *error.
 * Recordings are made into traces by "pfnsim import".
 */
PFNSIM_API struct pfnsim_trace *pfnsim_trace_load(const char *path, struct pfnsim_error *error);
PFNSIM_API struct pfnsim_trace *pfnsim_trace_parse(const char *name, const char *text,
						   size_t length, struct pfnsim_error *error);
PFNSIM_API void pfnsim_trace_free(struct pfnsim_trace *trace);
/* "": it has none. */
PFNSIM_API const char *pfnsim_trace_title(const struct pfnsim_trace *trace);
PFNSIM_API size_t pfnsim_trace_nr_events(const struct pfnsim_trace *trace);
/* 0: it has one order, and is for a run; else it is for a search. */
PFNSIM_API size_t pfnsim_trace_nr_threads(const struct pfnsim_trace *trace);
/* NULL: there are not so many. */
PFNSIM_API const struct pfnsim_event *pfnsim_trace_event(const struct pfnsim_trace *trace,
							 size_t event);
/* Its place, by its label, or PFNSIM_NO_EVENT. */
PFNSIM_API size_t pfnsim_trace_find(const struct pfnsim_trace *trace, const char *label);

/* ---- a run ---- */

enum pfnsim_stage2 { PFNSIM_AS_GIVEN, PFNSIM_EPT, PFNSIM_NPT };

/* NULL: *error: the trace has threads, which have no order of their own. */
PFNSIM_API struct pfnsim_run *pfnsim_run_new(const struct pfnsim_trace *trace,
					     const struct pfnsim_semantics *semantics,
					     enum pfnsim_stage2 stage2, struct pfnsim_error *error);
PFNSIM_API void pfnsim_run_free(struct pfnsim_run *run);
/*
 * The next event is run: 1. There is none: 0; what the trace expects has been held against the run.
 * The event makes no sense where it stands, or is beyond the model: -1, *error, and the run ends
 * there. An event with until=STEP is run up to that step of the kernel's, and a resume goes on: so
 * the world can be looked at between any two steps.
 */
PFNSIM_API int pfnsim_run_next(struct pfnsim_run *run, struct pfnsim_error *error);
/* All that are left; false: *error. */
PFNSIM_API bool pfnsim_run_all(struct pfnsim_run *run, struct pfnsim_error *error);
/* How many events have been run. */
PFNSIM_API size_t pfnsim_run_nr_events(const struct pfnsim_run *run);

/* What an event came to. */
struct pfnsim_outcome {
	const char *word;	/* mapped, efault, ok, retry, paused ...: pfntrace(5) */
	uint64_t pfn;		/* the page it is about, or PFNSIM_NO_PFN */
	bool has_refs, has_value;
	int32_t refs;		/* that page's own _refcount, right afterwards */
	uint32_t value;		/* what was read */
	int error;		/* -errno, or 0 */
};

/* NULL: that event has not been run. */
PFNSIM_API const struct pfnsim_outcome *pfnsim_run_outcome(const struct pfnsim_run *run,
							   size_t event);

/* A law that did not hold. It is told once for each object, when it breaks. */
struct pfnsim_violation {
	const struct pfnsim_law *law;
	const char *id;		/* the law's */
	const char *blame;	/* "kvm", "driver", "mm" or "vmm": whose fault it is */
	size_t event;		/* with which it broke */
	const char *step;	/* with which step of it */
	const char *chain;	/* functions of Linux that the step stands for, outermost first */
	uint64_t pfn, gfn;	/* what it is about; PFNSIM_NO_PFN: neither */
	const char *found;	/* what was found, and what should have been: one line */
	bool expected;		/* by the trace; known when the run has ended */
};

PFNSIM_API size_t pfnsim_run_nr_violations(const struct pfnsim_run *run);
/* The run's, until it is freed; NULL: there are not so many. */
PFNSIM_API const struct pfnsim_violation *pfnsim_run_violation(const struct pfnsim_run *run,
								     size_t i);

enum pfnsim_verdict {
	PFNSIM_UNFINISHED,	/* pfnsim_run_next() has not returned 0 */
	PFNSIM_OK,
	PFNSIM_VIOLATION,	/* expected or not */
	PFNSIM_MISMATCH,	/* an expectation of the trace did not come true */
	PFNSIM_INCONCLUSIVE,	/* an event has not ended, or evidence is lacking */
};

PFNSIM_API enum pfnsim_verdict pfnsim_run_verdict(const struct pfnsim_run *run);
/* Conclusive, every expectation came true, and every violation was one: exit code 0 of pfnsim. */
PFNSIM_API bool pfnsim_run_as_expected(const struct pfnsim_run *run);
PFNSIM_API size_t pfnsim_run_nr_mismatches(const struct pfnsim_run *run);
/* An expectation, where it stands, and what was found; false: there are not so many. */
PFNSIM_API bool pfnsim_run_mismatch(const struct pfnsim_run *run, size_t i,
				    struct pfnsim_error *mismatch);
/* Why it is inconclusive; "": it is not. */
PFNSIM_API const char *pfnsim_run_why(const struct pfnsim_run *run);

/* What a tracepoint or a probe would have shown, in words. */
struct pfnsim_note {
	size_t event;
	const char *text;
};

PFNSIM_API size_t pfnsim_run_nr_notes(const struct pfnsim_run *run);
/* NULL: there are not so many. It stays until the next note is asked for. */
PFNSIM_API const struct pfnsim_note *pfnsim_run_note(struct pfnsim_run *run, size_t i);

/* ---- the world, as the last event has left it ---- */

/* An answer stays until the same function is called again, or the run goes on. */

struct pfnsim_holder {
	const char *who;	/* owner, PTE, page cache, SPTE ...: who has not put yet */
	int32_t refs;
};

/* struct page (include/linux/mm_types.h), and who refers to it. */
struct pfnsim_page {
	uint64_t pfn;
	uint64_t head;		/* compound_head(): itself, unless it is a tail */
	bool is_valid;		/* pfn_valid(): there is a struct page */
	bool is_free;		/* in the allocator's hands */
	int32_t refcount;	/* this very page's _refcount */
	int32_t head_refcount;	/* page_count() */
	int32_t mapcount;	/* PTEs that map it as a normal page */
	const char *flags;	/* by name, with a blank between them */
	const char *owner;	/* whose memory it is */
	const struct pfnsim_holder *holders;	/* of the head's references, all of them */
	size_t nr_holders;
	unsigned sptes;		/* leaves of stage-2 tables that begin here */
	unsigned ptes;		/* host PTEs, of any kind */
	unsigned tlbs;		/* entries of vCPUs' TLBs that begin here */
};

PFNSIM_API const struct pfnsim_page *pfnsim_run_page(struct pfnsim_run *run, uint64_t pfn);
/* A page of what an "alloc" of the trace has named; PFNSIM_NO_PFN: there is no such page now. */
PFNSIM_API uint64_t pfnsim_run_object(const struct pfnsim_run *run, const char *name,
				      uint64_t index);

/* An entry of a table, of stage 2 or of the host. */
struct pfnsim_entry {
	unsigned level;
	const char *kind;	/* "none", "table", "leaf", "mmio", "frozen", "away" */
	uint64_t entry;		/* the word */
	const char *words;	/* its bits, by name */
	uint64_t table;		/* pfn of the table it is in */
	uint64_t start, size;	/* bytes that it is for: of gpas, or of hvas */
};

/* All that is behind a guest's address. */
struct pfnsim_gpa {
	uint64_t gpa;
	bool is_mapped;		/* the root that new faults use has a leaf for it */
	bool readable, writable, executable;	/* what the processor says, without KVM's help */
	unsigned level;		/* of that leaf */
	uint64_t spte;		/* ... the word */
	uint64_t pfn;		/* of this address's own 4K; PFNSIM_NO_PFN: it is not mapped */
	const struct pfnsim_entry *stage2;	/* from that root down to what is there */
	size_t nr_stage2;
	int slot;		/* id of the memslot; -1: none */
	uint64_t hva;		/* if there is a memslot */
	const struct pfnsim_entry *host;	/* ... and the host's tables for it */
	size_t nr_host;
};

/* NULL: the VM's tables have no entry for such an address. */
PFNSIM_API const struct pfnsim_gpa *pfnsim_run_gpa(struct pfnsim_run *run, uint64_t gpa);

/* struct kvm (include/linux/kvm_host.h). */
struct pfnsim_kvm {
	uint64_t mmu_seq;	/* mmu_invalidate_seq (mmu_notifier_seq, up to 5.19) */
	int in_progress;	/* mmu_invalidate_in_progress (mmu_notifier_count) */
	int mn_active;		/* mn_active_invalidate_count */
};

PFNSIM_API const struct pfnsim_kvm *pfnsim_run_kvm(struct pfnsim_run *run);

/* ---- a search ---- */

/* 0: no bound. struct pfnsim_bound b = { .size = sizeof(b), .states = 100000 }; */
struct pfnsim_bound {
	size_t size;		/* sizeof(struct pfnsim_bound): it may grow */
	uint64_t depth;		/* steps of all threads together */
	uint64_t states;
	uint64_t memory;	/* bytes */
	unsigned workers;	/* threads that search, with the same result; 0: the caller alone */
};

/* @bound: NULL for 4 GiB of memory. NULL: *error: a trace without threads is for a run. */
PFNSIM_API struct pfnsim_search *pfnsim_search_new(const struct pfnsim_trace *trace,
						   const struct pfnsim_semantics *semantics,
						   const struct pfnsim_bound *bound,
						   struct pfnsim_error *error);
PFNSIM_API void pfnsim_search_free(struct pfnsim_search *search);
/*
 * @states more, or somewhat more than that: 1. Nothing is left, or a bound is reached: 0. An event
 * makes no sense in an order of the threads: -1, *error.
 */
PFNSIM_API int pfnsim_search_more(struct pfnsim_search *search, uint64_t states,
				  struct pfnsim_error *error);
/* All; false: *error. */
PFNSIM_API bool pfnsim_search_all(struct pfnsim_search *search, struct pfnsim_error *error);
/* What has been found so far is all: pfnsim_search_more() returns 0. From any thread. */
PFNSIM_API void pfnsim_search_stop(struct pfnsim_search *search);

struct pfnsim_found {
	uint64_t states, transitions;
	uint64_t depth;		/* steps */
	uint64_t ends;		/* states in which all threads are through */
	bool complete;		/* every state was looked at: what was not found is not there */
	const char *why;	/* it is not complete; "" */
	bool as_expected;	/* complete; what the trace expects was found, and nothing else */
	size_t nr_findings;	/* a law and who broke it: once */
	size_t nr_outcomes;
};

/* So far; findings and outcomes are told when the search has ended. All stay until it goes on. */
PFNSIM_API const struct pfnsim_found *pfnsim_search_found(struct pfnsim_search *search);

struct pfnsim_finding {
	const char *what;	/* a law's id; "deadlock", "livelock", "lock-inversion" */
	const struct pfnsim_law *law;	/* NULL: it is none */
	const char *blame;	/* of a law */
	uint64_t pfn, gfn;
	size_t nr_steps;	/* from the first step of a thread to it */
	bool is_shortest;	/* no order has fewer */
	bool expected;		/* by the trace */
};

/* NULL: there are not so many, or pfnsim_search_found() has not been called. */
PFNSIM_API const struct pfnsim_finding *pfnsim_search_finding(struct pfnsim_search *search,
							      size_t i);
/* That order, as a trace for a run; the caller's to free(). NULL: there is no such finding. */
PFNSIM_API char *pfnsim_search_trace(struct pfnsim_search *search, size_t finding);

/* What an event came to, in some of the ends. */
struct pfnsim_came_to {
	size_t event;
	const char *word;
	bool has_value;
	uint32_t value;
	uint64_t ends;		/* in so many */
};

/* By event, then by word. NULL: as above. */
PFNSIM_API const struct pfnsim_came_to *pfnsim_search_outcome(struct pfnsim_search *search,
							      size_t i);

#ifdef __cplusplus
}
#endif
