/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_internal.h: what explore*.c share.
 *
 * A search has workers, each with a world of its own; a struct explore is a worker, and the first
 * one is what explore_new() returns.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "model/step.h"
#include "sim/explore.h"
#include "sim/explore_set.h"
#include "sim/watch.h"

enum { MAX_OUTCOME_WORDS = 64, CHUNK = 64, MAX_LOCK_EDGES = 16 };

extern const u8 nobody_else[WATCH_ACTORS];	/* exchange: each for itself */

/* How far the threads are: part of the state, beside world and memory. */
struct progress {
	u8 begun[TRACE_MAX_THREADS];	/* events of each thread */
	u8 runs[TRACE_MAX_THREADS];	/* the last of them is unfinished */
	u64 *came_to;			/* by event of the trace: 0, or see outcome_key() */
};

/* To come back to. */
struct mark { struct progress progress; u64 came_to[16], *more; };

/*
 * States that wait, one after the other: how many words, the node (with WAITS_DEAD: the host is
 * gone there), the node it was come to from and by whose turn, the words. By chunks, of which who
 * expands takes one; .words are those of the last one, which is not full yet.
 */
enum { WAITS_HEAD = 3 };
struct chunk { void *packed; size_t size, nr_words; };
struct queue { u64 *words; struct chunk *chunks; size_t nr, bytes; };	/* stb_ds */
struct packer;
#define WAITS_DEAD	BIT(32)

/* A violation, and the step of a path that was the last. */
struct broken { struct violation v; const char *step; u8 path; };

/* The first and shortest example that a worker has of one kind. */
struct example {
	enum finding_kind kind;
	struct broken broken;		/* FOUND_VIOLATION */
	struct lock_edge edge;		/* FOUND_INVERSION: of what may be a cycle */
	u64 states;
	u32 node;
	u8 thread;			/* goes on from there; NO_THREAD: nobody */
	u16 alone;			/* turns that follow its turn */
	u32 depth;
	u8 *ways;			/* stb_ds: with bits alone */
	u8 as[WATCH_ACTORS];		/* of what the node is kept for, that which it makes */
	u8 world;			/* in which it is so; threads are the first one's */
};

struct symmetric { u64 key; bool value; };

/* What the workers share. */
struct search {
	struct explore_bound bound;
	struct explore_set *set;
	struct watch_names *names;
	const char *outcome_word[MAX_OUTCOME_WORDS];	/* of all workers */
	pthread_mutex_t words_lock;
	const struct trace *trace;
	const struct semantics_patch *patch;
	struct explore **worker;
	unsigned nr_workers;
	unsigned nr_worlds;		/* of worker[], behind which the twins are */
	struct queue *now;		/* by worker: this depth */
	atomic_size_t taken;		/* of its chunks, one queue after the other */
	size_t nr_chunks, now_bytes;	/* when the depth began */
	atomic_uint stop;		/* enum explore_stop */
	u64 until;			/* the first worker has expanded so many: .paused */
	atomic_bool paused;		/* workers take no more chunks: the caller is to know */
	u32 depth;
	u64 peak;
	bool done;
	u64 *root;			/* stb_ds: the first state's words */
	struct futures *futures;	/* reductions: or NULL */
	struct live *live;		/* what is known to be read (explore_live.h); or NULL */
	struct symmetry *symmetry;	/* or NULL: */
	struct mirrors *mirrors;	/* or NULL */
	char unlike[160];		/* why, if there are threads that do the same */
	unsigned rounds;
	u64 next_look;			/* states: is the round known to be wrong? 0: none is yet */
	bool believes;			/* the first round, and symmetry: for a test */
	struct explored result;
	bool has_result;
};

/* bound.interrupt: ^C, asked for within what takes long. */
static inline bool explore_is_interrupted(const struct search *search)
{
	return search->bound.interrupt && *search->bound.interrupt;
}

struct explore {
	const struct trace *trace;
	struct search *search;
	unsigned number;		/* of the worker */
	struct vm *vm;
	struct watch *watch;
	struct progress progress;
	struct mark *marks;		/* stb_ds */
	struct explore *twin;		/* the next world that goes with it (explore_mirror.h) */
	u8 world;			/* 0: the worker's own; else which of its twins */
	u8 mirror[TRACE_MAX_THREADS];	/* whose turn is here what is each thread's there */
	size_t setup_violations;
	size_t nr_events;
	struct queue next;		/* successors */
	struct packer *packer;
	u64 *chunk;			/* stb_ds: that is being expanded */
	const u64 *at, *end;		/* the rest of it */
	u32 node;			/* that is being expanded */
	const u8 *ways;			/* with bits alone: how it was come to, .depth of them */
	u64 transitions, ends, expanded;
	struct explore_outcome *outcomes;	/* stb_ds */
	struct example *examples;	/* stb_ds */
	u32 *stuck;			/* stb_ds: nodes without a deeper successor */
	char why[200];
	struct error error;		/* .text "": none */
	struct explore_end end_at;	/* that the last expansion came to; .vm NULL: to none */
	u64 *packed;			/* stb_ds: the state at hand */
	struct violation found[MAX_VIOLATIONS];	/* by the last turn */
	unsigned nr_found;
	u32 asked;			/* explored.asked */
	const struct step *step;	/* that the last turn took; NULL: its event has none */
	u8 path;			/* that it is of */
	unsigned nr_lock_edges;		/* by the last turn; .thread is not known yet */
	struct lock_edge lock_edge[MAX_LOCK_EDGES];
	struct spots *spots;		/* reductions: what was seen in this round */
	struct live *live;		/* the same; or NULL */
	struct symmetric *symmetric;	/* stb_ds: turns that are the same for all actors */
	u8 as[WATCH_ACTORS];		/* which of all that are kept as one it stands in */
	struct tried *tried, *alone;	/* .alone: one behind a turn */
};

/* What became of a thread's turn. */
enum turn {
	TURN_STEPPED,
	TURN_OVER,		/* it has no more events */
	TURN_WAITS,		/* for a lock, for another event, or for its vCPU */
	TURN_BAD,		/* *error */
	TURN_UNMODELLED,	/* .why */
};

/* ---- explore_step.c ---- */

/* The thread's next step, or the beginning of its next event. */
enum turn explore_turn(struct explore *x, unsigned thread, struct error *error);
bool explore_is_over(const struct explore *x);
/* BUG, oops or endless loop in the last step: nobody goes on. */
bool explore_is_dead(const struct explore *x);
/* The row of world.task where the thread's unfinished event is. */
unsigned explore_row(const struct explore *x, unsigned thread);
/* Where it stands, to come back to: marks are a stack. Its twins', too. */
void explore_mark(struct explore *x);
void explore_back(struct explore *x);
/* No way back is needed. */
void explore_forget(struct explore *x);
/* The same of one world alone. */
void world_mark(struct explore *world);
void world_back(struct explore *world);
/* An event of the set-up, or behind the threads: as a whole. False: *error. */
bool explore_run_event(struct explore *x, const struct event *event, struct outcome *outcome,
		       struct error *error);
/* What whole events broke where it stands, from the vm's violation @first on. */
void explore_judge_run(struct explore *x, size_t first);
/* What the last turn broke, one of .nr_found. */
struct broken explore_broken(const struct explore *x, unsigned i);
/* All of it is kept. */
void explore_judge(struct explore *x, unsigned thread);
/* All threads are through: the rest of the trace, and what has come of all. */
bool explore_finish(struct explore *x, struct error *error);

/* ---- explore_store.c ---- */

/* Of where it stands. */
u64 explore_fingerprint(struct explore *x);
u64 world_fingerprint(struct explore *world);
void explore_pack(struct explore *x);
void explore_unpack(struct explore *x, const u64 *words, size_t n);
/* What whole events have left beside world and memory goes. */
void world_reset(struct explore *world);
/* What @thread's turn has led to waits. */
void explore_push(struct explore *x, u64 **packed, u64 node, unsigned thread);
/* Of what waits at @depth the words that say how it was come to. */
size_t explore_way_words(const struct search *search, u32 depth);
/*
 * Does what was seen so have to wait? Of states that differ in what nobody will read that waits
 * which its node's way leads to: whoever goes that way again comes to the very same.
 */
bool explore_has_to_wait(const struct explore *x, enum seen seen);
/* It was kept, and then a better way was found. */
bool explore_is_replaced(const struct explore *x, u32 node, u64 way);

/* ---- explore_queue.c ---- */

struct packer *packer_new(void);
void packer_free(struct packer *packer);
void queue_push(struct explore *x, const u64 *words, size_t n, u64 node, struct way way);
void queue_clear(struct queue *queue);
void queue_free(struct queue *queue);
/* All workers' successors are the next to be expanded. False: there are none. */
bool queue_turn(struct search *search);
/* The next chunk of all that wait: false: there is none. */
bool explore_take_chunk(struct explore *x);
u64 queue_bytes(const struct search *search);

u64 explore_bytes(const struct search *search);
u64 explore_peak(const struct search *search);

/* ---- explore_expand.c ---- */

/* The state at x->at; false: stop. */
bool explore_expand(struct explore *x);

/* ---- explore_por.c ---- */

void explore_por_new(struct explore *x);
void explore_por_free(struct explore *x);
/* Turns from where it stands, as many as have to be taken. False: stop. */
bool explore_try_reduced(struct explore *x);
/*
 * The thread's turn, and then turns that may be taken alone, for as long as there are any: what is
 * between is not kept. At most @most of them. The threads are appended to @schedule (stb_ds).
 */
enum { MOST_ALONE = 200 };
/* The thread's turn, and what it read and wrote is noted; *@is_new: some of that was not known */
enum turn explore_noted_turn(struct explore *x, unsigned thread, bool *is_new);
void explore_follow(struct explore *x, unsigned thread, unsigned most, u8 **schedule);

/* ---- explore_scout.c ---- */

/*
 * Turns are noted, in some orders, until so many in a row showed nothing new; where it stands is
 * anywhere afterwards.
 */
void explore_scout(struct explore *x, unsigned quiet);

/* ---- explore.c ---- */

void explore_look_at_bounds(struct search *search);

/* ---- explore_jobs.c ---- */

/* All workers, until nothing waits at this depth. */
void explore_run_workers(struct search *search);

/* ---- explore_end.c ---- */

/* An example of @kind: where it stands, or what @thread's turn and so many after it lead to. */
void explore_keep(struct explore *x, enum finding_kind kind, unsigned thread);
/* ... of what @step of @path broke. */
void explore_keep_broken(struct explore *x, const struct broken *broken, unsigned thread,
			 unsigned alone);
void explore_keep_edge(struct explore *x, const struct lock_edge *edge, unsigned thread,
		       unsigned alone);
void explore_forget_examples(struct example **all);
/* What all workers have; the numbers alone. */
void explore_merge_numbers(struct search *search);
void explore_merge(struct search *search);
/* Has it looked at all that was less deep before it went deeper? */
bool explore_is_breadth_first(const struct search *search);
/* Back to the beginning, and then so many turns. */
void explore_go(struct explore *x, const u8 *schedule, size_t nr);
u8 *explore_schedule(const struct search *search, const struct example *example, size_t *nr);

/* ---- explore_shortest.c ---- */

/* Findings of a reduced search, by a shortest way where that can be found. */
void explore_shorten(struct search *search);

/* ---- explore_locks.c ---- */

/* Behind the step of a task: what it took while it held others. */
void explore_note_locks(struct explore *x, unsigned row);
/* That is kept: of @thread's turn, the one of so many @alone behind @first's. */
void explore_keep_locks(struct explore *x, unsigned first, unsigned alone, unsigned thread);
/* Locks that were taken in a cycle, of @all examples (stb_ds) in order of steps. */
void explore_find_inversions(struct search *search, const struct example *all);

/* ---- explore_livelock.c ---- */

/* States from which no order of steps leads to an end. */
void explore_find_livelocks(struct search *search);
