/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h: a trace as replay and explore take it: who does what, and what is expected of it.
 *
 * docs/TRACE-FORMAT.md. What stands before the first "thread" is the set-up; what stands behind
 * "join" is done when all threads are through. A trace without threads is all set-up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/ast.h"
#include "sim/error.h"
#include "sim/event.h"

enum { TRACE_MAX_THREADS = 5, TRACE_MAX_THREAD_EVENTS = 100, TRACE_MAX_BUGS = 4,
       TRACE_MAX_JUDGED = 4 };

/* An entry of the corpus that the trace shows: "B01", "B01b", and what is claimed of it. */
struct trace_bug { const char *id, *claim; };

/* Events from .first on. */
struct trace_part {
	const char *name;
	size_t first, nr;
	const char *file;
	unsigned line;
};

/* The event .after may begin when .before has ended; places in trace.events. */
struct trace_order { size_t before, after; };

/*
 * One order of the threads' steps under which @law breaks, in turns: .first on in trace.turns. @of
 * is a semantics, or what is wrong with a kernel that breaks it.
 */
struct trace_schedule {
	const char *of, *law;
	size_t first, nr;
};

/* An event of a thread begins, or goes on, to its end or up to the step .until. */
struct trace_turn { size_t event; const char *until; };

struct trace_lack {
	const char *text;
	const char *but;	/* under this semantics nothing hangs on it; or NULL */
};

struct trace {
	char title[120];
	struct ast ast;
	struct names *names;
	struct vm_config config;
	struct event *events;		/* stb_ds; .number is the place + 1 */
	const struct ast_statement **statements;	/* stb_ds: by event */
	const struct ast_statement **expects;	/* stb_ds */
	struct trace_part threads[TRACE_MAX_THREADS];
	size_t nr_threads;
	size_t nr_setup;		/* events */
	size_t join;			/* the first event behind the threads */
	struct trace_order *orders;	/* stb_ds */
	struct trace_bug bugs[TRACE_MAX_BUGS], cases[TRACE_MAX_BUGS];
	size_t nr_bugs, nr_cases;
	const struct law *judged[TRACE_MAX_JUDGED];	/* of a whole run, and held at its end */
	size_t nr_judged;
	const char **notes;		/* stb_ds */
	struct trace_lack *lacks;	/* stb_ds: evidence that the recording behind it has not */
	struct trace_schedule *schedules;	/* stb_ds */
	struct trace_turn *turns;	/* stb_ds */
};

/* Is that law of a whole run one that a run of a trace can be asked for? (judge.c) */
bool judge_knows(const char *law);
/* False: bad input, *@error. */
bool trace_load(const char *path, struct trace *trace, struct error *error);
/* The same from memory; @name is used in messages. */
bool trace_load_bytes(const char *name, const char *text, size_t length, struct trace *trace,
		      struct error *error);
bool trace_load_text(const char *name, const char *text, struct trace *trace, struct error *error);
void trace_free(struct trace *trace);
/* By label, or SIZE_MAX. */
size_t trace_find_event(const struct trace *trace, const char *label);
/* An event as one would write it, without its label; the caller's to free. */
char *trace_event_text(const struct event *event, const struct names *names);
