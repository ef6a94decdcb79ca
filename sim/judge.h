/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge.h: what a run, or all orders of one, say of a kernel, in one letter.
 *
 * V: a law broke. E: a guest or a caller of KVM's got an error, and nothing broke. Es: a guest did,
 * where the VMM in its place would not: it is refused in vain. W: it works. Computed, never stored.
 */
#pragma once

#include "sim/explore.h"
#include "sim/replay.h"
#include "sim/trace.h"

enum judged {
	JUDGED_UNKNOWN,		/* not all orders were looked at, or an event has no end; .why */
	JUDGED_ABSENT,		/* this version lacks a caller, and nobody was refused */
	JUDGED_WORKS,
	JUDGED_ERROR,
	JUDGED_SPURIOUS,
	JUDGED_VIOLATION,
};

enum { MAX_JUDGED_LAWS = 24 };

struct judgement {
	enum judged is;
	u8 blame;		/* of JUDGED_VIOLATION: BLAME_KVM, or who if it was never KVM */
	char at[40];		/* of JUDGED_ERROR, JUDGED_SPURIOUS: "at LABEL", "line N" */
	const char *word;	/* ... and what it came to */
	const char *law[MAX_JUDGED_LAWS];	/* each once; deadlock, lock-inversion too */
	size_t nr_laws;
	char why[200];
};

/* "V", "E", "Es", "W", "-", "?" */
const char *judged_word(enum judged judged);
/* Of such a word but the last two; false: it is none. */
bool judged_find(const char *word, enum judged *judged);

/* @run is one of @trace, which has no threads. */
void judge_run(const struct trace *trace, const struct replay_run *run, struct judgement *out);
/* The search has come to its end, or to its bound. */
void judge_search(const struct trace *trace, const struct semantics_patch *patch,
		  const struct explored *explored, struct judgement *out);

/* "V of driver", "E": as an expectation says it; @size of 32 is enough. */
const char *judgement_text(const struct judgement *j, char *text, size_t size);
/* What "expect ...: verdict" @s asks for; @miss (200 bytes): what was found instead. */
bool judgement_is(const struct judgement *j, const struct ast_statement *s, char *miss);
