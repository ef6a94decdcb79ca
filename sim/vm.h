/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm.h: one host with one VM under one semantics, and a log of what happened to it.
 *
 * The only caller of task_step() in a replay: a task runs until it ends, or until a step that
 * the script names; the laws are checked after every step.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/law.h"
#include "model/machine.h"
#include "model/semantics.h"
#include "sim/error.h"

struct event;

enum {
	VM_MAX_STEPS = 1 << 28,		/* of one event: more is a livelock */
	VM_KEPT_STEPS = 24,		/* before a violation */
	VM_KEPT_REFS = 1 << 15,		/* reference changes remembered, of all pages */
};

/* One note, with where the model stood. */
struct log_note {
	struct note note;
	unsigned event;			/* number of the event, from 1; 0: set-up */
	u8 task;
	u8 depth;
	struct frame frame[MAX_DEPTH];
};

/* One step that ran. */
struct log_step {
	unsigned event;
	u8 by;				/* enum blame: who took it */
	u8 vcpu;			/* BLAME_KVM: on whose thread */
	const char *name;
};

/* One step of a whole run, and how it left things. */
struct run_step {
	struct log_step step;
	u8 task, path, depth;
	u8 locks;			/* that its task holds now: BIT(enum lock_class) */
	u8 in_progress, mn_active;	/* invalidations that are open now */
	u64 mmu_seq;
	struct frame frame[MAX_DEPTH];
	size_t nr_notes;		/* of run_log.notes, so far */
	size_t nr_violations;		/* of the vm's, so far */
};

/* All of a run, if somebody asks for it. */
struct run_log {
	struct run_step *steps;		/* stb_ds */
	struct log_note *notes;		/* stb_ds */
	size_t most, nr_dropped;	/* steps: so many are kept; more are counted, not kept */
};

struct found_violation {
	struct violation v;
	unsigned event;
	u8 depth;
	struct frame frame[MAX_DEPTH];
	bool expected;			/* by the trace */
	unsigned nr_steps;
	struct log_step steps[VM_KEPT_STEPS];	/* the last one broke the law */
	struct log_note *history;	/* of the page's references, oldest first */
	size_t nr_history;
};

/* The step that was the last, and the path it is of; NULL: no step at all. */
const char *violation_step(const struct found_violation *f);
u8 violation_path(const struct found_violation *f);

struct splat_seen { unsigned event; u8 splat; u8 kind; };

struct vm {
	struct journal journal;		/* first: a note finds its vm */
	struct semantics sem;
	struct world w;
	struct machine m;
	struct store *store;
	unsigned event;			/* being run */
	struct log_note *notes;		/* of the event at hand */
	size_t nr_notes, max_notes;	/* max_notes 0: keep all; more are counted, not kept */
	size_t nr_dropped;
	struct log_note *refs;		/* grows to VM_KEPT_REFS, then a ring */
	size_t nr_refs;			/* ever */
	struct log_step steps[VM_KEPT_STEPS];	/* ring */
	size_t nr_steps;		/* ever */
	struct found_violation *violations;
	size_t nr_violations;
	struct splat_seen *splats;
	size_t nr_splats;
	const struct event *paused[MAX_TASKS];	/* unfinished events, by their task's row */
	bool dead;			/* BUG or oops: the host is gone */
	struct run_log *log;		/* NULL: nobody asks; the vm's to free */
};

struct vm_config {
	bool ept, ad;
	enum mmu_kind mmu;
	pfn_t zero_pfn;			/* NO_PFN: one is chosen */
	pfn_t first_frame;		/* frames that the model chooses start here */
	gpa_t code_gpa;			/* NO_PFN: vCPUs fetch nothing */
	bool no_memory_failure;		/* CONFIG_MEMORY_FAILURE is off */
	bool no_soft_dirty;		/* CONFIG_MEM_SOFT_DIRTY is off */
	bool no_file_split;		/* CONFIG_BASE_SMALL: a file's 2M cannot be split */
	bool nx_huge;			/* kvm.nx_huge_pages; with the TDP MMU */
	bool pml;			/* kvm_intel.pml; with EPT, A/D and the TDP MMU */
	bool no_mmio_caching;		/* kvm.mmio_caching=N */
	bool no_slot_zap_all;		/* a disabled quirk, 6.12 */
	u8 physical_bits;		/* MAXPHYADDR; 0: 46 */
	u8 guest_bits;			/* vCPUs'; 0: the same */
	bool five_levels;		/* see struct config */
	u64 generation;			/* of the memslots, before the first one */
	bool private_mem;		/* KVM_X86_SW_PROTECTED_VM; see has_private_mem() */
	bool async_pf;			/* faults that need I/O do not wait for it */
	bool rmw_at_once;		/* see struct config */
	bool no_huge_fault;		/* drivers map 4K at a time, whatever their mode */
	bool frames_by_place;		/* see model/frame.h */
	bool watch_retries;		/* the law bound-retry-stays-out is asked for */
	bool lru_batch;			/* new anonymous pages wait in a per-CPU batch */
};

/* NULL with *@error: a semantics that does not resolve is our bug, and asserts. */
struct vm *vm_new(const struct semantics_patch *patch, const struct vm_config *config);
void vm_free(struct vm *vm);

enum vm_result {
	VM_DONE,
	VM_PAUSED,		/* the next step is the one named */
	VM_BLOCKED,		/* waits for a lock that another unfinished task holds */
	VM_RETRIES,		/* its fault retries and nothing else will move */
	VM_LIVELOCK,		/* VM_MAX_STEPS */
	VM_FULL,		/* the store is exhausted */
};

/* Start an event: its notes begin. The task's row is free. */
void vm_begin_event(struct vm *vm, unsigned event);
int vm_free_task(const struct vm *vm);
/* Run @task to its end, or until @until is its next step (NULL: to the end). */
enum vm_result vm_run(struct vm *vm, unsigned task, const char *until);
/* Run at most @steps steps of it: VM_PAUSED if it could go on. */
enum vm_result vm_run_steps(struct vm *vm, unsigned task, unsigned steps);
/* One step, whatever the others do: VM_DONE, VM_BLOCKED, VM_FULL; VM_PAUSED if one ran. */
enum vm_result vm_step(struct vm *vm, unsigned task);
/* The modelled call chain in a log entry. */
void vm_chain(const struct vm *vm, const struct frame *frame, u8 depth, char *buffer, size_t size);
