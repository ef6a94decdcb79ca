/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_scout.c: some orders at random, so that what turns read and write is known before a round
 * goes by it. Nothing that they come to is kept.
 */
#include <stb/stb_ds.h>

#include "sim/explore_internal.h"

enum { MOST_WALKS = 2000, MOST_TURNS = 20000 };

/* xorshift64: the same for every run, and for any number of workers. */
static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* @thread's turns, as many as it may have. False: it had none. */
static bool run(struct explore *x, unsigned thread, u64 most, bool *is_new)
{
	bool moved = false;

	while (most-- && !explore_is_dead(x)) {
		enum turn turn;

		explore_mark(x);
		turn = explore_noted_turn(x, thread, is_new);
		explore_forget(x);
		if (turn != TURN_STEPPED)
			break;
		moved = true;
	}
	return moved;
}

/* To an end, or to where nobody can go on. True: something had not been seen. */
static bool walk(struct explore *x, u64 *random)
{
	unsigned nr = x->trace->nr_threads, idle = 0;
	const struct search *search = x->search;
	bool is_new = false;

	explore_unpack(x, search->root, arrlenu(search->root));
	for (unsigned turns = 0; turns < MOST_TURNS && idle < nr && !explore_is_dead(x); turns++) {
		unsigned thread = next_random(random) % nr;
		u64 in_a_row = 1 + next_random(random) % (1u << next_random(random) % 7);

		for (idle = 0; idle < nr; idle++)
			if (run(x, (thread + idle) % nr, in_a_row, &is_new))
				break;
	}
	return is_new;
}

void explore_scout(struct explore *x, unsigned quiet)
{
	u64 random = 0x9e3779b97f4a7c15 + quiet;	/* others than before */
	unsigned idle = 0;

	for (unsigned i = 0; i < MOST_WALKS && idle < quiet &&
	     !explore_is_interrupted(x->search); i++)
		idle = walk(x, &random) ? 0 : idle + 1;
}
