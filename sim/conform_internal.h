/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_internal.h: what the files of conform share.
 *
 * Both sides of an observation are brought into one canonical text, frames in the recording's
 * numbers; two texts agree if they are equal. Model frames get those numbers from struct frames.
 */
#pragma once

#include "sim/arena.h"
#include "sim/conform.h"
#include "sim/script.h"
#include "sim/vm.h"

struct place { const char *file; unsigned line; };

enum { CONFORM_TEXT = 200 };
struct said { char text[CONFORM_TEXT]; };	/* one canonical text */

/* ---- conform_frames.c: recorded frame numbers and model frame numbers, one to one ---- */

struct frame_pair { uint64_t key, value; };

struct frames {
	struct frame_pair *model;	/* stb_ds: by recorded number */
	struct frame_pair *recorded;	/* stb_ds: by model number */
	struct frame_pair *freed;	/* stb_ds: by model number: freed since it was bound */
	struct frame_pair *gone;	/* stb_ds: by recorded number: seen to be freed */
};

/* Bind the two, or check that they are bound; false: one of them has another partner. */
bool frames_bind(struct frames *frames, uint64_t recorded, pfn_t model);
bool frames_may_bind(const struct frames *frames, uint64_t recorded, pfn_t model);
/* Is this recorded frame one of the model's pages, and not a freed one? */
bool frames_knows(const struct frames *frames, uint64_t recorded);
/* Its model page, freed or not, or NO_PFN; and the other way round, or ~0. */
pfn_t frames_model(const struct frames *frames, uint64_t recorded);
uint64_t frames_recorded(const struct frames *frames, pfn_t model);
/* From here on others may get these frames; and back to the model's allocator. */
void frames_release(struct frames *frames, pfn_t model, uint64_t pages);
void frames_take(struct frames *frames, pfn_t model, uint64_t pages);
/* mm_page_free in the trace */
void frames_gone(struct frames *frames, uint64_t recorded, uint64_t pages);
bool frames_is_gone(const struct frames *frames, uint64_t recorded);
void frames_free(struct frames *frames);
/* A model frame in the recording's numbers. */
struct said frame_said(const struct frames *frames, pfn_t model);

/* ---- a recording being compared ---- */

/* conform_batch.c */
struct batch {
	struct frame_pair *fresh;	/* stb_ds: frames that were allocated, in no batch yet */
	struct frame_pair *held;	/* stb_ds: recorded frames in it */
	unsigned unseen;		/* pages that were in it before the trace began */
};

struct lru_page { pfn_t key; u8 model, kernel; };	/* enum lru_state */

enum { NR_COUNTERS = 11 };	/* conform_facts.c */
struct raced { pfn_t key; u32 value; };
struct last_text { char *key; char *value; };
struct last_pfn { char *key; pfn_t value; };

struct run {
	const struct recording *recording;
	const struct conform_options *options;
	struct conform *out;
	struct { const char *out, *trace, *meta; } file;
	struct vm *vm;			/* NULL: no model of this kernel */
	struct script *script;
	const struct command *command;
	enum event_id main;		/* the event whose outcome is the command's */
	struct outcome outcome;
	bool says;			/* the model says something about this command */
	struct log_note *notes;		/* stb_ds: of the command */
	struct actors *actors;		/* conform_actors.c; NULL: nobody else has acted yet */
	pfn_t taken;			/* without a trace: the last one that was; 0 */
	bool taken_by_user;		/* conform_reuse.c: the last one that was taken */
	size_t collapses_later;		/* events after the answer from which on; +1; 0: none */
	bool refs_cleared;		/* /proc/self/clear_refs, once */
	bool has_aged;			/* a watched page, once: conform_aging.c */
	bool numa_later;		/* NUMA balancing came after it was looked */
	size_t searched;		/* steps, for orders that give the trace: MAX_SEARCHED */
	bool refs_in_doubt;		/* vCPUs race: in what order is not searched */
	struct raced *raced;		/* stb_ds: conform_trial.c */
	struct { hva_t key; bool value; } *unseen;	/* stb_ds: pages, conform_limits.c */
	struct { pfn_t key; bool value; } *isolated;	/* folios that reclaim was seen to hold */
	bool trial;			/* nothing is observed but whether it would differ */
	size_t trial_differs;
	long read_ahead[NR_COUNTERS];	/* while a loop went on: what the next reading has less */
	struct item *owed;		/* stb_ds: the model's that were recorded later */
	struct log_note *between;	/* stb_ds: NUMA balancing, since counters were read */
	struct item *scheduled;		/* stb_ds: recorded items in the order of the model's */
	bool allocations_traced, refs_traced;	/* mm_page_alloc, page_ref_* are in the trace */
	struct frames frames;
	struct batch batch;
	struct lru_page *lru;		/* stb_ds: pages that may be in an LRU batch */
	struct last_text *last;		/* stb_ds: what each watched thing was last */
	struct last_pfn *mapped;	/* stb_ds: the page last seen at a watched address */
	pfn_t maps[MAX_MAPS];		/* what kvm_vcpu_map() mapped last */
	pfn_t root;			/* the stage-2 root loaded last; NO_PFN */
	pfn_t first_frame;		/* of the script; those before it are the set-up's */
	size_t splats_read;		/* the model's, when the kernel's log was read last */
	struct {			/* "nothing else that is watched changed" */
		enum conform_verdict verdict;
		struct place place;
		const char *recorded, *model;
	} same;
};

/* ---- conform_observe.c ---- */

__attribute__((format(printf, 1, 2)))
struct said say(const char *format, ...);
__attribute__((format(printf, 2, 3)))
void say_more(struct said *said, const char *format, ...);
/* @model NULL: the model has nothing; if the command is not modelled, it does not say. */
void observe(struct run *run, enum conform_kind kind, struct place place, const char *recorded,
	     const char *model);
/* @why: what holds of this one alone; after a command that is not modelled, that is the reason. */
void observe_unmodelled(struct run *run, enum conform_kind kind, struct place place,
			const char *recorded, const char *why);
/*
 * A watched fact, which counts for itself only if it is not what it was after the last command;
 * @model NULL: not modelled. @key names what is watched.
 */
void observe_fact(struct run *run, enum conform_kind kind, struct place place, const char *key,
		  const char *recorded, const char *model);
/* The same; @why the model says nothing of it, if it does not. */
void observe_fact_or(struct run *run, enum conform_kind kind, struct place place, const char *key,
		     const char *recorded, const char *model, const char *why);
void observe_unchanged(struct run *run);
__attribute__((format(printf, 3, 4)))
void take_input(struct run *run, struct place place, const char *format, ...);
struct place place_of_command(const struct run *run);
/* From this command on the model says nothing. */
void lose(struct run *run, const char *why);

/* ---- conform_page.c: pages and entries as canonical text ---- */

/* What a recorded mapcount says of PTEs. */
int mapcount_shown(int recorded);
struct said page_said_recorded(const struct page_facts *page);
struct said page_said_model(struct run *run, pfn_t pfn, bool last);
/* A stage-2 value without its frame number; *frame: that number, or ~0. */
uint64_t spte_without_frame(const struct run *run, uint64_t spte, uint64_t *frame);
const char *errno_name(s32 error);
const char *error_pfn_name(u64 pfn);
/* Bits of page->flags that are compared, by kernel. */
struct said flags_said_recorded(const struct run *run, uint64_t flags);
struct said flags_said_model(struct run *run, pfn_t pfn);

/* ---- the parts of a command ---- */

void conform_answer(struct run *run);	/* conform_answer.c */
void look_at_object(struct run *run);	/* conform_look.c: "lab info" */
bool conform_look(struct run *run);	/* "pinfo", "pfninfo", "s2info"; false: none of them */
void conform_s2(struct run *run, const struct fact *fact);
void conform_lookup(struct run *run);	/* conform_lookup.c: "kvm ..." */
void conform_facts(struct run *run);	/* conform_facts.c */
void conform_trace(struct run *run);	/* conform_trace.c */
/* Userspace uses a page while a loop may zap it: whether it is mapped in the end is in doubt. */
void note_unseen(struct run *run, const struct script_events *todo);
/* NULL, or why the command is not modelled, as things are (conform_limits.c). */
const char *beyond_model(struct run *run, const struct script_events *todo);
/* conform_numa.c: NULL, or why what NUMA balancing did during the command is not modelled. */
const char *numa_beyond_model(struct run *run, const struct script_events *todo);
bool numa_visits(const struct run *run);
/* Before the command's events (@first), or behind them; after its answer, and after its facts. */
void numa_visit(struct run *run, const struct script_events *todo, bool first);
void numa_visit_unseen(struct run *run);
void numa_visit_later(struct run *run);
/* Between the set-up of the VM and the first command, when nothing is recorded yet */
void numa_visit_set_up(struct run *run);
/* conform_collapse.c: khugepaged, after the answer, and after what the recorder looked at */
bool collapse_may_hold(const struct run *run);
void collapse_unseen(struct run *run);
void collapse_later(struct run *run);
void trace_page_free(struct run *run, const struct trace_event *event);
void conform_end(struct run *run);	/* conform_end.c: after the last answer */
/* conform.c: a command that was never answered */
void run_fatal(struct run *run, const struct command *command);
void conform_splats(struct run *run);	/* conform_splat.c: of the recording, at its end */

/* ---- conform_reuse.c: pages that are allocated while the model still maps them ---- */

/* What the trace says of such in this command, and between @before (or NULL) and it. */
void reuse_begin(struct run *run, const struct command *before);
void reuse_end(struct run *run);
/* Without a trace: a free page that now has a count has been taken. */
void reuse_seen(struct run *run, const struct page_facts *recorded, pfn_t pfn);
/* Whoever has such a page in the page cache looks it up once more. */
void reuse_look_up(struct run *run);
/* Somebody whom the model does not have has it now. */
bool page_is_taken(struct run *run, pfn_t pfn);

/* ---- conform_batch.c: what is in the kernel's LRU batch, as the page_ref events tell ---- */

void batch_start(struct run *run);
/* Gives the model the places that others have when the command begins. */
void batch_begin(struct run *run);
/* What the command has left in it; false: the trace does not tell, or the model has other pages. */
bool batch_follow(struct run *run);
/* Between this command and the next. */
void batch_end(struct run *run);
void batch_free(struct run *run);

/* ---- conform_actors.c: several threads, in the order that the trace shows ---- */

#define NO_ORDER	"several actors, and no order of their steps is known to give the trace"
#define RACED_VALUE	"two vCPUs wrote it at once: which was last is not recorded"
#define SEVERAL_COUNT	"several actors count at the same time"
/* Steps of all searches in one recording that may be tried and taken back. */
#define MAX_SEARCHED	3000000
#define TEXT_OF(...)	#__VA_ARGS__
#define STEPS(n)	TEXT_OF(n) " steps"
#define SEARCH_CUT	"several actors, and the search for an order was cut off after " \
			STEPS(MAX_SEARCHED)
/* Why actors_run() has found none */
const char *actors_no_order(const struct run *run);

/* Does somebody else act during this command, or has it more than one thread? */
bool actors_loop(struct run *run);	/* in the background */
bool actors_are_involved(struct run *run, const struct script_events *todo);
/* False: the trace does not say, or no order of steps gives what it shows. */
bool actors_run(struct run *run, const struct script_events *todo);
/* What went on between this command and the next, up to where its counters were read; the rest. */
void actors_until_facts(struct run *run);
void actors_until_next(struct run *run);
/* "v0: HLT eax=0x0 | v1: HLT eax=0x0" */
void actors_answer(struct run *run);
void actors_free(struct run *run);

/* conform_answer.c: the guest faults again and again while others are stopped, until its alarm: how
 * often is not the model's to say. */
bool tries_until_alarm(const struct run *run);
/* conform_facts.c: would the counters agree, with the notes that the vm has kept since? */
bool stats_agree(struct run *run);
/* ... those that only vCPUs move */
bool vcpu_stats_agree(struct run *run);
/* conform_answer.c, conform_trial.c: would the answer agree, and what was looked at behind it? */
bool answer_would_agree(struct run *run);
bool vcpu_would_agree(struct run *run, const char *recorded);
bool facts_would_agree(struct run *run);
/* ... while a loop goes on */
bool seen_would_agree(struct run *run);
/* One of several vCPUs has just accessed this; all that act at once are through. */
void raced_access(struct run *run, const struct access *access, unsigned vcpu);
void raced_command(struct run *run);
/* May a word of the page hold what was recorded, as far as the order of stores is not known? */
bool is_raced(struct run *run, pfn_t pfn, uint64_t recorded, uint64_t model);
/* conform_answer.c: one vCPU's exit, as printed */
void answer_vcpu_text(struct run *run, const char *recorded);

/* ---- conform_lru.c: references of LRU batches ---- */

/* The pages of the set-up: whether the kernel's batches still hold them is not known. */
void lru_start(struct run *run);
/* The model put a page into its batch, or took it out; @recorded: and so did the kernel. */
void lru_note(struct run *run, pfn_t pfn, int delta, bool recorded);
void lru_forget(struct run *run, pfn_t pfn);
void lru_forget_all(struct run *run);
/* Is it in the batch? LRU_NONE: it never was in one. */
enum lru_state { LRU_DRAINED, LRU_HELD, LRU_UNKNOWN, LRU_NONE };
struct lru_page lru_page(struct run *run, pfn_t pfn);
/* How much higher the kernel's count is than the model's. */
s32 lru_correction(struct run *run, pfn_t pfn);
/* Can this be the kernel's batch that gives the page back? */
bool lru_may_be_put(struct run *run, pfn_t pfn);
/* The counts would agree if the kernel's batch did (not) hold it: from here on that is so. */
bool lru_guess(struct run *run, pfn_t pfn, s32 correction);
/* Of a count that was printed: the model's is @model without the batch. Gives the correction. */
s32 lru_settle(struct run *run, pfn_t pfn, s32 recorded, s32 model);

/* ---- traces: both sides become items, which are aligned (conform_align.c) ---- */

enum owner_of_frame {
	FRAME_KNOWN,		/* compare */
	FRAME_NEW,		/* allocated here, for us */
	FRAME_FOUND,		/* in the page cache, by a fault of ours */
	FRAME_ZERO,		/* PG_reserved: may be the zero page, or device memory */
	FRAME_UNSURE,		/* ours if it is bound, else somebody else's */
};

struct item {
	enum conform_kind kind;		/* NR_CONFORM_KINDS: the model frees frames, not compared */
	const char *event;
	unsigned line;
	unsigned order;			/* among all threads: its line, or its time's first */
	bool aside;			/* of another thread than the recorder's own */
	enum owner_of_frame owner;	/* recorded page_ref events */
	uint64_t key;			/* items of different keys are never the same event */
	uint64_t frame[2];		/* ~0: none; of a FREE item: first, pages */
	bool frees_old_table;		/* frame[0] was a table */
	bool visible;			/* in this kernel's traces */
	enum shown_by { BY_BOTH, BY_KERNEL, BY_MODEL } by;	/* of scheduled items */
	bool doubtful;			/* not compared: see actors_item.c */
	bool inside;			/* a step, which has shown something before */
	bool seen_before;		/* page_ref has shown what came before */
	int lru;			/* the model's LRU batch took it, or gives it back */
	enum item_counts { COUNT_NONE, COUNT_ONE, COUNT_AND_RET, COUNT_PAGE } counts;
	s32 count, headcount, mapcount;
	struct said said;		/* without frames; COUNT_MARK: the model's counts go here */
};

#define COUNT_MARK	'\1'

/* NR_CONFORM_KINDS, .key: gfn, .count: error code */
#define ITEM_FAULT	"kvm_page_fault"

/* The items of the command, each an stb_ds array. */
struct item *items_recorded(struct run *run);
struct item *items_model(struct run *run);
/* What one thread did, its stage-2 faults too. */
struct item *items_of_thread(struct run *run, const struct trace_event *events, size_t n, int pid);
void items_of_note(struct run *run, const struct log_note *entry, struct item **items);
/* The recorder's own: it is the first to make an event. */
int main_thread(const struct run *run);

/* conform_moves.c: recorded frames that compaction moves our pages from and to */
struct moves {
	struct frame_pair *sources, *targets;	/* stb_ds: sets */
};

struct moves moves_find(const struct run *run);
bool moves_from(const struct moves *moves, uint64_t pfn);
bool moves_to(const struct moves *moves, uint64_t pfn);
void moves_free(struct moves *moves);
/* Where the model maps the pages that compaction found by their frames. */
void choose_found(struct run *run, struct event *e);
/* An address at which the model maps the merged page that ksmd gave to another one. */
void choose_stable(struct run *run, struct event *e);
/* Is there any event whose name begins so? */
bool trace_has(const struct recording *recording, const char *prefix);
/* conform_aging.c: has it lost its accessed bit, and nothing else? */
bool item_is_but_aged(struct run *run, const struct item *recorded, const struct item *model);
/* ... and may that be somebody's whom the trace does not follow? */
bool item_may_be_aged(struct run *run, const struct item *recorded, const struct item *model);
/* ... and may the task that aged pages of this folio have it isolated, or locked? */
bool folio_may_be_isolated(struct run *run, pfn_t head);
bool host_may_be_in_tlb(struct run *run, const char *name, const char *recorded, hva_t hva);
/* Did two vCPUs fault it in at once (conform_trial.c)? Then the model's D is as recorded. */
bool host_may_be_faulted_twice(struct run *run, const struct fact *fact, hva_t hva);
bool host_may_be_aged(struct run *run, const char *name, const char *recorded, hva_t hva);
void migration_may_be_aged(struct run *run, const struct fact *fact, hva_t hva);
bool s2_may_be_aged(struct run *run, const struct fact *fact, const char *model);
struct said s2_said_recorded(const struct fact *fact);		/* conform_facts.c */
void items_align(struct run *run, struct item *recorded, struct item *model);
/* The same if a search has found which is which: run->scheduled. */
void items_compare(struct run *run, struct item *scheduled, struct item *model);
/* Soft-dirty is input: nobody here clears it, and not every kernel has it. */
#define PTE_COMPARED	(~PT_ADDR_MASK & ~BIT(11))
