/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explore_jobs.c: several workers at one depth.
 *
 * Each has a world of its own, takes a chunk of what waits, and keeps what it finds; the set of
 * seen states is shared. A depth is done when all are: what the next one begins with, and so all
 * counts, does not depend on how many they are, nor on how often they paused between chunks.
 */
#include "sim/explore_mirror.h"

#include <pthread.h>
#include <stdlib.h>

enum { FEW = 4 * CHUNK };	/* not worth a thread */

static void *work(void *argument)
{
	struct explore *x = argument;
	struct search *search = x->search;

	watch_on(x->watch);
	while (!search->stop && !explore_is_broken(x) &&
	       (x->at != x->end || (!search->paused && explore_take_chunk(x)))) {
		if (!explore_expand(x)) {
			unsigned none = STOP_NONE;	/* unmodelled, or x->error */

			if (!explore_is_broken(x))
				atomic_compare_exchange_strong(&search->stop, &none, STOP_ASKED);
			break;
		}
		if (x->at == x->end && !x->number) {
			explore_look_at_bounds(search);
			search->paused = x->expanded >= search->until;
		}
	}
	return NULL;
}

void explore_run_workers(struct search *search)
{
	pthread_t thread[MOST_JOBS];
	size_t waiting = 0;
	unsigned nr = 1;

	search->paused = false;
	for (unsigned i = 0; i < search->nr_workers; i++)
		waiting += search->now[i].nr;
	if (waiting > FEW)
		for (; nr < search->nr_workers; nr++)
			if (pthread_create(&thread[nr], NULL, work, search->worker[nr]))
				break;
	work(search->worker[0]);
	while (--nr)
		pthread_join(thread[nr], NULL);
}
