/* SPDX-License-Identifier: GPL-2.0-only */
/* library_internal.h: what is behind the names of pfnsim.h. */
#pragma once

#include <pfnsim.h>

#include "sim/replay_internal.h"

struct pfnsim_trace {
	struct replay replay;		/* without runs, and a name */
	struct replay_input input;
	struct pfnsim_event *events;
};

static inline const struct semantics_patch *patch_of(const struct pfnsim_semantics *semantics)
{
	return (const struct semantics_patch *)semantics;
}

static inline const struct pfnsim_law *given_law(const struct law *law)
{
	return (const struct pfnsim_law *)law;
}

/* calloc(), which does not fail. */
void *library_alloc(size_t n, size_t size);
/* @to may be NULL. */
void library_error(struct pfnsim_error *to, const struct error *from);
/* An event by its number, which is from 1. */
static inline size_t place_of(unsigned event)
{
	return event ? event - 1 : PFNSIM_NO_EVENT;
}
