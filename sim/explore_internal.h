/* SPDX-License-Identifier: GPL-2.0-only */
/* explore_internal.h: what explore.c, explore_step.c, explore_store.c and explore_end.c share. */
#pragma once

#include "sim/explore.h"
#include "sim/rewind.h"
#include "model/step.h"

enum { MAX_OUTCOME_WORDS = 64, NO_THREAD = 0xff };
/* What struct node can say; one state may add a successor by each thread. */
enum { MOST_STEPS = UINT16_MAX };
#define MOST_STATES	((u64)UINT32_MAX - 1 - TRACE_MAX_THREADS)

/* A state that has been seen. */
struct node {
	u64 fingerprint;
	u32 parent;
	u8 thread;			/* whose step led here */
	u8 is_end : 1, reaches_end : 1;	/* all threads are through, or can be */
	u8 is_dead : 1;			/* the host is gone, which is an end, too */
	u16 depth;
};

/* How far the threads are: part of the state, beside world and memory. */
struct progress {
	u8 begun[TRACE_MAX_THREADS];	/* events of each thread */
	u8 runs[TRACE_MAX_THREADS];	/* the last of them is unfinished */
	u64 *came_to;			/* by event of the trace: 0, or see outcome_key() */
};

/* Frontier states one after the other: how many words, the words. */
struct queue { u64 *words; size_t at; };

struct explore {
	const struct trace *trace;
	struct explore_bound bound;
	struct explored result;
	struct vm *vm;
	struct rewind *rewind;
	struct progress progress;
	size_t setup_violations;
	size_t nr_events;
	const char *outcome_word[MAX_OUTCOME_WORDS];
	struct node *nodes;		/* stb_ds: in the order in which they were found */
	u32 *index;			/* of nodes by fingerprint: place + 1, or 0 */
	size_t index_size;		/* a power of 2 */
	u32 *edges;			/* stb_ds: of each expanded node its successors */
	u8 *nr_edges;			/* stb_ds: by node */
	struct queue now, next;		/* states of this depth that wait, and of the next */
	size_t expanded;		/* nodes before this one are */
	struct explore_end end;		/* that the last expansion came to; .vm NULL: to none */
	u64 *packed;			/* stb_ds: the state at hand */
	struct violation found[MAX_VIOLATIONS];	/* by the last turn */
	unsigned nr_found;
	const struct step *step;	/* that the last turn took; NULL: its event has none */
};

/* What became of a thread's turn. */
enum turn {
	TURN_STEPPED,
	TURN_OVER,		/* it has no more events */
	TURN_WAITS,		/* for a lock, for another event, or for its vCPU */
	TURN_BAD,		/* *error */
	TURN_UNMODELLED,	/* result.why */
};

/* ---- explore_step.c ---- */

/* The thread's next step, or the beginning of its next event. */
enum turn explore_turn(struct explore *x, unsigned thread, struct error *error);
bool explore_is_over(const struct explore *x);
/* BUG, oops or endless loop in the last step: nobody goes on. */
bool explore_is_dead(const struct explore *x);
/* The row of world.task where the thread's unfinished event is. */
unsigned explore_row(const struct explore *x, unsigned thread);
/* Where it stands, to come back to; in the order of a stack. */
struct explore_at { struct progress progress; };
struct explore_at explore_mark(struct explore *x);
void explore_back(struct explore *x, const struct explore_at *at);
/* No way back is needed. */
void explore_forget(struct explore *x, const struct explore_at *at);
/* An event of the set-up, or behind the threads: as a whole. False: *error. */
bool explore_run_event(struct explore *x, const struct event *event, struct outcome *outcome,
		       struct error *error);
/* What whole events broke in @node, from the vm's violation @first on. */
void explore_judge_run(struct explore *x, u32 node, size_t first);
/* What the last turn broke is kept; it was taken in @parent. */
void explore_judge(struct explore *x, u32 parent, unsigned thread);
/* All threads are through: the rest of the trace, and what has come of all. */
bool explore_finish(struct explore *x, u32 node, struct error *error);

/* ---- explore_store.c ---- */

void explore_pack(struct explore *x);
void explore_unpack(struct explore *x, const u64 *words, size_t n);
/* The node of the state in x->packed; *is_new if it was not known. */
u32 explore_node(struct explore *x, u32 parent, unsigned thread, bool *is_new);
u64 explore_bytes(const struct explore *x);

/* ---- explore_end.c ---- */

struct explore_finding *explore_finding(struct explore *x, enum finding_kind kind,
					const struct law *law);
/* The turns that led to @node, and then @thread's, if it is not NO_THREAD. */
void explore_schedule(const struct explore *x, u32 node, unsigned thread,
		      struct explore_finding *f);
/* States from which no order of steps leads to an end. */
void explore_find_livelocks(struct explore *x);
