/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_frames.c: which frame the allocator chose is an input; that it stays the same is not.
 *
 * A pair is made when a frame is first seen where the model has a page, and lasts until the page
 * is freed. A freed one keeps its pair, for stale entries still point there, but gives way.
 */
#include "sim/conform_internal.h"

#include <stb/stb_ds.h>

#define NOTHING	(~(uint64_t)0)

/* hmgeti() makes a map of NULL, which would be lost here. */
static uint64_t lookup(struct frame_pair *pairs, uint64_t key)
{
	ptrdiff_t i = pairs ? hmgeti(pairs, key) : -1;

	return i < 0 ? NOTHING : pairs[i].value;
}

pfn_t frames_model(const struct frames *frames, uint64_t recorded)
{
	return lookup(frames->model, recorded);
}

uint64_t frames_recorded(const struct frames *frames, pfn_t model)
{
	return lookup(frames->recorded, model);
}

static bool is_freed(const struct frames *frames, pfn_t model)
{
	struct frame_pair *freed = frames->freed;

	return lookup(freed, model) != NOTHING;
}

bool frames_knows(const struct frames *frames, uint64_t recorded)
{
	pfn_t model = frames_model(frames, recorded);

	return model != NO_PFN && !is_freed(frames, model);
}

bool frames_may_bind(const struct frames *frames, uint64_t recorded, pfn_t model)
{
	pfn_t partner = frames_model(frames, recorded);

	if (partner == model)
		return true;
	if (partner != NO_PFN && !is_freed(frames, partner))
		return false;
	return frames_recorded(frames, model) == NOTHING || is_freed(frames, model);
}

bool frames_bind(struct frames *frames, uint64_t recorded, pfn_t model)
{
	pfn_t partner = frames_model(frames, recorded);
	uint64_t old = frames_recorded(frames, model);

	if (partner == model)
		return true;
	if (!frames_may_bind(frames, recorded, model))
		return false;
	if (partner != NO_PFN)
		(void)hmdel(frames->recorded, partner);
	if (old != NOTHING)
		(void)hmdel(frames->model, old);
	hmput(frames->model, recorded, model);
	hmput(frames->recorded, model, recorded);
	return true;
}

void frames_release(struct frames *frames, pfn_t model, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		hmput(frames->freed, model + i, 1);
}

void frames_take(struct frames *frames, pfn_t model, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		(void)hmdel(frames->freed, model + i);
}

struct said frame_said(const struct frames *frames, pfn_t model)
{
	uint64_t recorded = frames_recorded(frames, model);

	if (recorded == NOTHING)
		return say("a new frame");
	return say("0x%llx", (unsigned long long)recorded);
}

void frames_gone(struct frames *frames, uint64_t recorded, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		hmput(frames->gone, recorded + i, 1);
}

bool frames_is_gone(const struct frames *frames, uint64_t recorded)
{
	struct frame_pair *gone = frames->gone;

	return lookup(gone, recorded) != NOTHING;
}

void frames_free(struct frames *frames)
{
	hmfree(frames->gone);
	hmfree(frames->model);
	hmfree(frames->recorded);
	hmfree(frames->freed);
}
