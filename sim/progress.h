/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress.h: how far a long call has come. Who waits for it may look at it meanwhile, from another
 * process or thread.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>

struct sim_progress {
	atomic_size_t done;
	atomic_size_t all;	/* 0: nobody knows */
};

/* @progress: NULL: nobody looks. */
static inline void progress_of(struct sim_progress *progress, size_t done, size_t all)
{
	if (!progress)
		return;
	atomic_store_explicit(&progress->done, done, memory_order_relaxed);
	atomic_store_explicit(&progress->all, all, memory_order_relaxed);
}

static inline void progress_step(struct sim_progress *progress)
{
	if (progress)
		atomic_fetch_add_explicit(&progress->done, 1, memory_order_relaxed);
}
