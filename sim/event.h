/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h: one thing that somebody does. Traces and recordings both become lists of these.
 *
 * A kind of event is a row of event_kinds[]: its name, its arguments, how it starts. Parser,
 * documentation and replay read the row. docs/TRACE-FORMAT.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ast.h"
#include "sim/error.h"
#include "sim/vm.h"

enum event_id {
	EVENT_ALLOC, EVENT_FREE, EVENT_REF, EVENT_REPOINT, EVENT_MODE, EVENT_REFUSE,
	EVENT_ZAP,
	EVENT_MMAP, EVENT_MUNMAP, EVENT_DONTNEED, EVENT_MPROTECT, EVENT_MLOCK, EVENT_POISON,
	EVENT_MUNLOCK, EVENT_MREMAP, EVENT_NUMA_HINT,
	EVENT_UFFD_REGISTER, EVENT_UFFD_UNREGISTER, EVENT_UFFD_PROTECT, EVENT_UFFD_UNPROTECT,
	EVENT_UFFD_COPY, EVENT_UFFD_ZEROPAGE, EVENT_UFFD_CONTINUE, EVENT_UFFD_POISON,
	EVENT_UFFD_WAKE, EVENT_UFFD_MOVE,
	EVENT_DRAIN,
	EVENT_FILE, EVENT_TRUNCATE, EVENT_PUNCH, EVENT_FALLOCATE, EVENT_REMOVE,
	EVENT_FILE_WRITE, EVENT_WRITEBACK,
	EVENT_MADVISE, EVENT_KHUGEPAGED, EVENT_HUGEPAGES, EVENT_SHMEM_HUGE,
	EVENT_MEMSLOT, EVENT_MEMSLOT_DELETE, EVENT_DIRTY_LOG,
	EVENT_CLEAR_LOG, EVENT_LOG_MODE,
	EVENT_READ, EVENT_WRITE, EVENT_RMW, EVENT_EXEC,
	EVENT_HOST_READ, EVENT_HOST_WRITE,
	EVENT_MAP, EVENT_UNMAP, EVENT_LOOKUP, EVENT_PREFETCH,
	EVENT_MAP_LOG, EVENT_KVM_READ, EVENT_KVM_WRITE,
	EVENT_HVA_CACHE, EVENT_HVA_CACHE_READ, EVENT_HVA_CACHE_WRITE,
	EVENT_STEAL_TIME, EVENT_STEAL_PREEMPTED,
	EVENT_GPC, EVENT_GPC_OFF, EVENT_GPC_USE, EVENT_GPC_HVA, EVENT_GPC_WRITE,
	EVENT_VMSAVE, EVENT_STAGE2, EVENT_PREFAULT,
	EVENT_IOEVENTFD, EVENT_IOEVENTFD_OFF, EVENT_SET_NX, EVENT_EAGER_SPLIT,
	EVENT_MMU_PAGES, EVENT_SHRINK_MMU, EVENT_INTERNAL_SLOT,
	EVENT_ASYNC_PF, EVENT_KICK,
	EVENT_ZAP_GFNS, EVENT_INHIBIT_APICV, EVENT_RECOVER_NX,
	EVENT_RESET_MMU, EVENT_EXIT,
	EVENT_MIGRATE, EVENT_OFFLINE, EVENT_CLEAR_REFS, EVENT_PAGEOUT, EVENT_COLD,
	EVENT_COMPACT, EVENT_RECLAIM,
	EVENT_KSM_MERGE, EVENT_KSM_UNMERGE,
	EVENT_GMEM, EVENT_GMEM_PUNCH, EVENT_ATTRIBUTES,
	EVENT_GMEM_ALLOCATE, EVENT_GMEM_CLOSE, EVENT_GMEM_POISON,
	EVENT_FORK, EVENT_CHILD_READ, EVENT_CHILD_WRITE, EVENT_CHILD_DONTNEED, EVENT_CHILD_EXIT,
	EVENT_RESUME,
	EVENT_NOTHING,		/* of recordings: a command that only looks */
	NR_EVENT_IDS,
};

/* In .backing, beside enum vma_kind; .kind of a file has BACKING_1G, too */
enum { BACKING_KIND = 15, BACKING_SHARED = 16, BACKING_1G = 32 };

/* MADV_*, as far as they are events of their own */
enum advice {
	ADVICE_HUGEPAGE, ADVICE_NOHUGEPAGE, ADVICE_COLLAPSE, ADVICE_MERGEABLE,
	ADVICE_UNMERGEABLE, ADVICE_FREE, ADVICE_WILLNEED, ADVICE_POPULATE_READ,
	ADVICE_POPULATE_WRITE, ADVICE_DONTFORK, ADVICE_DOFORK, ADVICE_WIPEONFORK,
	ADVICE_KEEPONFORK, NR_ADVICES,
};

enum { EVENT_NAME_SIZE = 48 };

/* A page that a scanner found: where it is mapped, or (.hva 0) its recorded frame */
struct found_page { uint64_t hva, frame; };

struct event {
	enum event_id id;
	unsigned number;		/* from 1 */
	const char *file;
	unsigned line, column;
	const char *label;		/* NULL: none */
	const char *until;		/* stop before this step; NULL: run to the end */
	const char *op;			/* as shown: the kind's name, or the recorded command */
	/* Arguments; which ones count is in the kind's row. */
	uint64_t object, other;		/* rows of world.object; .object of world.file, too */
	uint64_t offset;		/* bytes, in a file */
	uint64_t mapped_file;		/* MMAP in a trace: what .object is to be */
	bool goes_on;			/* FILE_WRITE: of the same write() as the one before */
	bool elsewhere;			/* of recordings: by another process than the recorder */
	uint64_t index, other_index;	/* pages */
	uint64_t count;			/* pages, or accesses */
	uint64_t kind, mode, order;	/* enum alloc_kind, enum map_mode */
	uint64_t huge, mount;		/* FILE: enum shmem_huge, enum shmem_mount */
	uint64_t pfn;
	uint64_t hva, size;		/* bytes */
	uint64_t other_hva;		/* KSM_MERGE: of the page that is like it */
	uint64_t backing;		/* enum vma_kind */
	uint64_t prot;			/* VM_READ | VM_WRITE | VM_EXEC */
	uint64_t is_private, populate;
	uint64_t slot, gpa, flags;
	uint64_t vcpu, value, stride;
	uint64_t random, mask;		/* random loops of recordings: seed in .value */
	uint64_t map, write, dirty, api;
	uint64_t foll, knobs;		/* of kvm_follow_pfn(): FOLL_*, enum follow_knob */
	uint64_t cache;			/* row of kvm.gpcs, or of kvm.hva_caches */
	uint64_t unloaded;	/* KVM_WRITE, HVA_CACHE_WRITE: no vCPU is loaded */
	uint64_t atomic;		/* KVM_READ: no page fault may be taken */
	uint64_t advice;		/* enum advice */
	uint64_t table;			/* VMSAVE: the guest's page directory, or NO_PFN */
	uint64_t unlinked;		/* FILE: nobody else can open it */
	uint64_t paging;		/* VMSAVE: the guest has CR0.PG */
	uint64_t node;
	uint64_t keep, new_size;	/* MREMAP; .other_hva NO_PFN: in place; NUMA_HINT: .keep */
	uint64_t no_swap;		/* PAGEOUT: there is no swap area */
	uint64_t foreign;		/* PAGEOUT: of files that the caller may not write */
	uint64_t readonly;		/* MAP: kvm_vcpu_map_readonly() */
	uint64_t gmem;			/* MEMSLOT: row of world.file, or NO_PFN */
	uint64_t is_guest_private;	/* ATTRIBUTES */
	struct found_page *found;	/* COMPACT of recordings: .count pages, last found first */
	uint64_t match, fd;		/* IOEVENTFD; NO_PFN: no datamatch */
	uint64_t room;			/* COMPACT: so many pages find a free one */
	uint64_t silent;		/* UFFD_*: UFFDIO_*_MODE_DONTWAKE */
	int64_t delta;
	const char *name;		/* of what it makes; RESUME: the label */
	const struct event *kept;	/* of recordings: outlives its command; NULL: as it is */
};

/* What an event came to. */
struct outcome {
	const char *word;		/* mapped retry emulate mmio efault ok einval ... */
	pfn_t pfn;			/* the page it is about, or NO_PFN */
	bool has_refs;
	s32 refs;			/* that page's own count afterwards */
	bool has_value;
	u32 value;			/* read, or what eax holds at HLT */
	u64 left;			/* accesses not done */
	gpa_t stopped_at;		/* where an access failed */
	s32 error;			/* -errno, 0 */
	bool paused, blocked;		/* not over */
};

struct event_list {
	struct event *events;
	size_t nr_events;
	struct arena *arena;
};

enum arg_type {
	ARG_NUMBER,		/* an integer from .min to .max */
	ARG_DELTA,		/* a signed integer */
	ARG_ADDRESS,		/* an hva, or REGION, or REGION+offset */
	ARG_SIZE,		/* bytes, a multiple of 4096, not 0 */
	ARG_OBJECT,		/* the name of something allocated */
	ARG_NEW_OBJECT,
	ARG_NEW_REGION,
	ARG_FILE,		/* the name of a file */
	ARG_NEW_FILE,
	ARG_CHOICE,		/* one of .words, by place */
	ARG_FLAGS,		/* words of .words joined by commas, or "none": bits by place */
	ARG_STEP,		/* the name of a step */
	ARG_LABEL,		/* the label of an unfinished event */
};

struct arg_row {
	const char *key;
	enum arg_type type;
	size_t offset;			/* in struct event */
	bool required;
	bool positional;		/* may be given without its key, in the row's order */
	bool named;			/* ... which reads worse: pfnsim fmt writes it */
	uint64_t preset;		/* when absent */
	uint64_t min, max;		/* ARG_NUMBER; max 0: no bound */
	const char *const *words;	/* ARG_CHOICE, ARG_FLAGS: ends with NULL */
	const uint64_t *values;		/* of the words; NULL: their place, or bit */
	const char *help;
};

enum { MAX_ARGS = 12 };

struct event_kind {
	const char *name;
	enum event_id id;
	const char *help;		/* one line: what happens, with the kernel's function */
	struct arg_row args[MAX_ARGS];
};

extern const struct event_kind event_kinds[];
extern const size_t nr_event_kinds;

/* The row of a statement's event; NULL with *@error: there is none of that name. */
const struct event_kind *event_kind_of(const struct ast_statement *statement, struct error *error);
/* Which argument each row of its table gets, or NULL. False: one too many, twice, or missing. */
bool event_args(const struct ast_statement *statement, const struct event_kind *kind,
		const struct ast_arg *args[MAX_ARGS], struct error *error);
/* An argument that is passed over. */
bool event_arg_is_ignored(const struct ast_arg *arg);
/* Bind a statement to an event; names are looked up in, and added to, @names. */
struct names;
struct names *names_new(void);
void names_free(struct names *names);
bool event_bind(const struct ast_statement *statement, struct names *names, struct event *event,
		struct error *error);
/* The row of a named object; false: no such object. */
bool names_object(const struct names *names, const char *name, uint64_t *row);
/* "": no object has that row. */
const char *names_of_object(const struct names *names, uint64_t row);
const char *names_of_file(const struct names *names, uint64_t row);
/* Labels of all events so far; for "expect ... at=LABEL". */
bool names_has_label(const struct names *names, const char *label);

/*
 * Run one event. VM_BLOCKED and VM_PAUSED leave its task where it is; a later RESUME goes on.
 * Returns false for what a script may not ask (resume of a finished event, ...).
 */
bool event_run(struct vm *vm, const struct event *event, struct outcome *outcome,
	       struct error *error);
/* Is it a step of some path of some semantics? */
bool step_exists(const char *name);
/* False: this kernel has no VM on such a host; and the outcome. */
bool event_has_vm(const struct vm *vm, struct outcome *o);
/* NULL, or why the event has no outcome: its path leaves out what it meets (event_limits.c). */
const char *event_beyond_model(struct vm *vm, const struct event *event);
/* The outcome of a task that has run to its end (event_outcome.c). */
void event_outcome(struct vm *vm, const struct task *t, const struct event *e, struct outcome *o);
/* The two halves of event_run(), for events that overlap: a task's row, or -1; its outcome. */
int event_start(struct vm *vm, const struct event *event);
/* The same in a row of the caller's choice, which is free. */
void event_start_on(struct vm *vm, const struct event *event, unsigned task);
/* It has no steps: it has been done, and *o says what came of it. False: it is not of that kind. */
bool event_at_once(struct vm *vm, const struct event *event, struct outcome *o);
/* khugepaged's or ksmd's: DAEMON_TASK is its row */
bool event_is_of_daemon(enum event_id id);
void event_finish(struct vm *vm, int task, enum vm_result result, const struct event *event,
		  struct outcome *o);
/* Does the forked child do it? */
bool event_is_of_child(enum event_id id);
/* Its arguments, where KVM looks pfns up for itself. */
void event_start_caller(struct task *t, const struct event *event);
/* What its task starts on; the advices of madvise() are several. */
enum path_id event_path(enum event_id id);
/* False: it makes no sense where it stands (event_possible.c). */
bool event_possible(const struct vm *vm, const struct event *event, struct error *error);
/* ... of userfaultfd's ioctls; and whether all that they are about is modelled */
void event_start_uffd(struct task *t, const struct event *event);
bool event_uffd_possible(const struct vm *vm, const struct event *event, struct error *error);
const char *errno_word(s32 error);
