/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_set.h: the states that have been seen: a fingerprint, the state before it, whose turn.
 *
 * 13 bytes each, and 5 to 11 for finding them. Several threads may add at once. What a search is
 * told does not depend on who comes first: of several ways to a state that are equally long the one
 * that is kept is the one of the smallest fingerprint.
 */
#pragma once

#include "model/base.h"

struct explore_set;

enum seen {
	SEEN_BEFORE,		/* at a lesser depth, or the one that is being expanded */
	SEEN_NOW,		/* as a successor of others at this depth */
	SEEN_WORSE,		/* the same, and this way is the one that is kept from now on */
	SEEN_NEVER,
};

/*
 * @bytes 0: all that is added is kept. Else three bits a state are, of so many bytes: what was
 * never added may be SEEN_BEFORE, nodes are nothing, and what is known of a node is not asked.
 */
struct explore_set *explore_set_new(u64 bytes);
void explore_set_free(struct explore_set *set);
/* What is added from now on is one step deeper. Nobody else is at work. */
void explore_set_deeper(struct explore_set *set);

struct way { u32 parent; u8 thread; };

static inline u64 way_word(struct way way)
{
	return (u64)way.thread << 32 | way.parent;
}


enum { NO_THREAD = 0xff };

/* What adding it would return, unless others are faster: then it is what it was, or less new. */
enum seen explore_set_look(struct explore_set *set, u64 fingerprint, struct way way);
/* .thread NO_THREAD: nobody's turn has led there. False with *seen: the set is full. */
enum seen explore_set_add(struct explore_set *set, u64 fingerprint, struct way way, u32 *node);
u64 explore_set_fingerprint(const struct explore_set *set, u32 node);
struct way explore_set_way(const struct explore_set *set, u32 node);
u64 explore_set_states(const struct explore_set *set);
u64 explore_set_bytes(const struct explore_set *set);
/* There may be no room for @more. */
bool explore_set_is_full(const struct explore_set *set, u64 more);
