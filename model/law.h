/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law.h: what must hold whatever a kernel does.
 *
 * A law is a row: the objects it reads, and a pure function of one of them, or the alarms that
 * break it in the act. After a step only what the step touched is looked at; laws_check_all()
 * looks at everything and must agree. A violation is a value.
 */
#pragma once

#include "model/base.h"
#include "model/machine.h"

struct violation {
	const struct law *law;
	u8 blame;		/* enum blame */
	u8 kind;		/* enum object_kind of .key */
	u64 key;
	pfn_t pfn;		/* the page it is about, or NO_PFN */
	gfn_t gfn;		/* the gfn it is about, or NO_PFN */
	u64 value, wanted;	/* what was found, what should have been */
};

/* The same law, and the same party broke it. */
static inline bool is_same_violation(const struct violation *a, const struct violation *b)
{
	return a->law == b->law && a->blame == b->blame;
}

/* A semantics under which the law is known not to hold. */
struct law_breach {
	const char *semantics;	/* names, with a blank between them */
	const char *why;	/* with the finding's name, if it has one */
};

enum { MAX_BREACHES = 5 };

struct law {
	const char *id;		/* stable: traces and reports name it */
	const char *sentence;
	const char *when;	/* when it must hold; NULL: after every step */
	const char *source;	/* where it comes from */
	const char *finding;	/* of docs/FINDINGS-v11.md: "A4, B1"; or NULL */
	const char *found;	/* .value and .wanted in words: "%lld references, %lld held" */
	bool apart;		/* ... .wanted is wrong as well, and no measure of .value */
	u32 reads;		/* BIT(enum object_kind): a touch of these makes it look */
	u32 alarms;		/* BIT(enum alarm_kind) */
	u8 about;		/* enum object_kind that .holds is given */
	/* NULL if only alarms break it. Fills *v where it does not hold. */
	bool (*holds)(struct machine *m, u64 key, struct violation *v);
	/* How it is judged, if not after a step (tests/test_matrix.c); or NULL. */
	const char *judged;
	struct law_breach breaches[MAX_BREACHES];	/* ends with NULL, or is full */
};

extern const struct law laws[];
extern const unsigned nr_laws;

enum { MAX_VIOLATIONS = 32 };

/* After a step: laws over what m->touched names and m->alarms. Returns how many; at most @max. */
unsigned laws_check(struct machine *m, struct violation *out, unsigned max);
/* Everything, alarms aside. */
unsigned laws_check_all(struct machine *m, struct violation *out, unsigned max);
const struct law *law_find(const char *id);
/* Why @law is known not to hold under @semantics, or NULL. */
const char *law_breach_of(const struct law *law, const char *semantics);
const char *blame_name(enum blame blame);
