/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.h: which frame an allocation gets, where the input leaves it open.
 *
 * Which one the buddy allocator hands out depends on all that has happened before, and nothing that
 * is modelled depends on it. In turn, frames are numbered in order of time. By place
 * (config.frames_by_place) who allocates for a place gets the next frame of that place, whatever
 * others have allocated meanwhile: orders of steps that differ in nothing else come to one state
 * (docs/decisions/0013). Nobody is given a frame a second time, unless the input says so: what
 * still points to a freed one would be hidden.
 */
#pragma once

#include "model/base.h"

struct machine;

enum place_kind {
	PLACE_ANY,		/* in turn, in any case */
	PLACE_PGD,		/* .of an mm */
	PLACE_HOST_TABLE,	/* .of an mm, entries of .level, .number: what it maps */
	PLACE_ROOT,		/* .number of the root */
	PLACE_STAGE2_TABLE,	/* entries of .level, .number: likewise */
	PLACE_USER,		/* .of an mm, .number: the hva's page */
	PLACE_FILE,		/* .of a file, .number: index */
	PLACE_SWAP,		/* .number: slot */
	PLACE_INSTEAD,		/* .number: the frame whose contents move there */
	PLACE_OBJECT,		/* .of a driver's object, .number: index */
};

struct frame_place { u8 kind, of, level; u64 number; };
#define ANY_PLACE ((struct frame_place){ PLACE_ANY })

/* 2^order frames, aligned, that nobody has used; or what the input has named (world.h). */
pfn_t alloc_frame(struct machine *m, u32 order, struct frame_place place);
/* A page for the kernel's own use (page tables): zeroed, owner OWNER_KERNEL. */
pfn_t alloc_table(struct machine *m, struct frame_place place);

/* Of the current mm: its pgd; a table with entries of @level, for page @number; a page. */
struct frame_place place_of_pgd(const struct machine *m);
struct frame_place place_of_table(const struct machine *m, unsigned level, u64 number);
struct frame_place place_of_user(const struct machine *m, hva_t hva);
struct frame_place place_of_root(unsigned root);
struct frame_place place_of_stage2(unsigned level, gfn_t gfn);
struct frame_place place_of_file(unsigned file, u64 index);
struct frame_place place_of_slot(u64 slot);
struct frame_place place_of_object(unsigned object, u64 index);
struct frame_place place_instead(pfn_t pfn);
