/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore.h: every order in which the steps of a trace's threads can run.
 *
 * Breadth first, so that the first schedule to break a law is a shortest one. A state is the world,
 * its memory, how far each thread is and what its events came to; it is kept as a fingerprint of
 * 64 bits (XXH3), its parent and the thread that made it. Two states with one fingerprint are taken
 * for one: explore_odds() says how likely that is.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"
#include "sim/lock_order.h"
#include "sim/trace.h"

enum { MOST_JOBS = 64 };

/* 0: no bound */
struct explore_bound {
	u64 depth;		/* steps */
	u64 states;
	u64 memory;		/* bytes */
	unsigned jobs;		/* workers; 0: one */
	u64 bitstate;		/* bytes: keep bits alone, and never say that all was seen */
	bool por;		/* reduce by partial order, where that is possible */
	bool symmetry;		/* keep one of states that differ in who is who */
	bool liveness;		/* ... in what nobody will read */
	u64 look;		/* states behind one, until it is no livelock; 0: 2^20 */
	const volatile sig_atomic_t *interrupt;	/* not 0: explore_stop(); or NULL */
	bool by_step;		/* a finding for each step that breaks a law, too */
};

#define ALL_REDUCTIONS .por = true, .symmetry = true, .liveness = true

enum explore_stop {
	STOP_NONE,		/* every state was expanded */
	STOP_DEPTH, STOP_STATES, STOP_MEMORY,
	STOP_ASKED,		/* explore_stop() */
	STOP_LOOK,		/* it was not found out whether all comes to an end */
	STOP_UNMODELLED,	/* .why */
	STOP_BITSTATE,		/* to the end, but states may have been taken for others */
};

/* What a state is an example of. */
enum finding_kind {
	FOUND_VIOLATION, FOUND_DEADLOCK, FOUND_LIVELOCK, FOUND_INVERSION, NR_FINDINGS
};

struct explore_finding {
	enum finding_kind kind;
	struct violation v;	/* FOUND_VIOLATION */
	const char *step;	/* ... by this one, the last; NULL: the event has none */
	u8 path;		/* ... that it is of */
	struct lock_cycle locks;	/* FOUND_INVERSION: the first edge is the last found */
	u64 states;		/* in so many; of a violation: transitions; of locks: edges */
	u8 *schedule;		/* a shortest: the thread that takes each step, from the first on */
	size_t nr_steps;
	bool is_shortest;	/* else it may be that there is a shorter one */
	bool expected;		/* by the trace */
};

/* What an event came to, and in how many end states. */
struct explore_outcome {
	size_t event;		/* place in trace.events */
	const char *word;
	bool has_value;
	u32 value;
	u64 ends;
};

struct explored {
	const char *semantics;
	u64 states, transitions, depth, ends;
	u64 bytes;		/* of what is kept of all states */
	u64 peak;		/* bytes, with the states that wait to be expanded */
	u32 asked;		/* BIT(enum object_kind): what laws were asked about */
	bool por;		/* was on: fewer .states, of the same verdict, outcomes and .ends */
	bool liveness;		/* was on: the same */
	char alike[160];	/* threads that could be exchanged: the same; "": none */
	char unlike[160];	/* ... could not be though they do the same; or "" */
	unsigned rounds;	/* until it was known to be right; 1 without reductions */
	enum explore_stop stop;
	char why[200];
	struct explore_finding *findings;	/* one for each law and party, then one a kind */
	size_t nr_findings;
	struct explore_outcome *outcomes;	/* stb_ds: by event, then by word */
};

struct explore;

/* The set-up has run. NULL: bad input, *@error. */
struct explore *explore_new(const struct trace *trace, const struct semantics_patch *patch,
			    const struct explore_bound *bound, struct error *error);
/* Expands @states of them, more or less. False: nothing is left, or *@error, if .text is not "". */
bool explore_more(struct explore *explore, u64 states, struct error *error);

/* Where the threads come to: all are through, and what stands behind "join" is done. */
struct explore_end {
	struct vm *vm;		/* as it is there, until the next call */
	bool is_dead;		/* the host is gone, and the threads are where they were */
};

/*
 * The same, until it comes to an end of the trace. NULL: there are no more, the search has stopped,
 * or *@error. No end is given twice.
 */
const struct explore_end *explore_next_end(struct explore *explore, struct error *error);
/* What an event (its place in the trace) came to there; .word NULL: it has not ended. */
struct explore_outcome explore_came_to(const struct explore *explore, size_t event);
/* No more is wanted: what has been found so far is all. */
void explore_stop(struct explore *explore);
/* As far as it has come; explore_more() has returned false, or this is for a progress line. */
struct explored *explore_result(struct explore *explore);
/* States that wait to be expanded. */
u64 explore_waiting(const struct explore *explore);
void explore_free(struct explore *explore);
/* That two of @states different states have the same fingerprint. */
double explore_odds(u64 states);
