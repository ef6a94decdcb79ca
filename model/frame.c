/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.c: the frame of an allocation: one that the input names, or one that nobody has used. */
#include "model/frame.h"

#include "model/machine.h"

/* Where the frames of places begin, above those that are given in turn; of 4K and of 2M. */
#define FIRST_SMALL	((pfn_t)1 << 21)
#define FIRST_HUGE	((pfn_t)6 << 20)
enum { SMALL_PLACES = 1 << 16, HUGE_PLACES = 1 << 10, MOST_ORDER = 9 };
/* Frames of one place: more are the next one's. */
enum { OF_A_SMALL = 64, OF_A_HUGE = 8 };

/* ---- places ---- */

/* What a table with entries of @level maps: page @number and its neighbours. */
static u64 of_level(unsigned level, u64 number)
{
	return number >> 9 * level;
}

struct frame_place place_of_pgd(const struct machine *m)
{
	return (struct frame_place){ PLACE_PGD, .of = m->mm };
}

struct frame_place place_of_table(const struct machine *m, unsigned level, u64 number)
{
	return (struct frame_place){ PLACE_HOST_TABLE, m->mm, level, of_level(level, number) };
}

struct frame_place place_of_user(const struct machine *m, hva_t hva)
{
	return (struct frame_place){ PLACE_USER, .of = m->mm, .number = hva >> PAGE_SHIFT };
}

struct frame_place place_of_root(unsigned root)
{
	return (struct frame_place){ PLACE_ROOT, .number = root };
}

struct frame_place place_of_stage2(unsigned level, gfn_t gfn)
{
	return (struct frame_place){ PLACE_STAGE2_TABLE, 0, level, of_level(level, gfn) };
}

struct frame_place place_of_file(unsigned file, u64 index)
{
	return (struct frame_place){ PLACE_FILE, .of = file, .number = index };
}

struct frame_place place_of_slot(u64 slot)
{
	return (struct frame_place){ PLACE_SWAP, .number = slot };
}

struct frame_place place_of_object(unsigned object, u64 index)
{
	return (struct frame_place){ PLACE_OBJECT, .of = object, .number = index };
}

struct frame_place place_instead(pfn_t pfn)
{
	return (struct frame_place){ PLACE_INSTEAD, .number = pfn };
}

/* ---- frames ---- */

static pfn_t next_frame(struct machine *m, u32 order)
{
	u64 pages = (u64)1 << order;
	pfn_t pfn = (m->w->next_frame + pages - 1) & ~(pages - 1);

	m->w->next_frame = pfn + pages;
	return pfn;
}

/* MurmurHash3's finalizer: places that are neighbours have frames that are not. */
static u64 mix(u64 x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
	return x ^ x >> 33;
}

static pfn_t frame_of(struct machine *m, u32 order, struct frame_place place)
{
	u64 hash = mix(place.number << 16 | place.kind << 12 | place.of << 8 | place.level << 4 |
		       order);
	pfn_t pfn = order ? FIRST_HUGE + (hash % HUGE_PLACES * OF_A_HUGE << MOST_ORDER) :
			    FIRST_SMALL + hash % SMALL_PLACES * OF_A_SMALL;

	while (page_of(m, pfn)->chosen || !page_is(m, pfn, PG_FREE))
		pfn += order ? (pfn_t)1 << MOST_ORDER : 1;
	page_of(m, pfn)->chosen = true;
	return pfn;
}

static pfn_t new_frame(struct machine *m, u32 order, struct frame_place place)
{
	if (!m->w->config.frames_by_place || place.kind == PLACE_ANY || order > MOST_ORDER)
		return next_frame(m, order);
	return frame_of(m, order, place);
}

pfn_t alloc_frame(struct machine *m, u32 order, struct frame_place place)
{
	pfn_t given = m->w->given_frame;

	if (order || !given || m->w->given_after--)
		return new_frame(m, order, place);
	m->w->given_frame = 0;
	m->w->given_after = 0;
	return given;
}

pfn_t alloc_table(struct machine *m, struct frame_place place)
{
	pfn_t pfn = new_frame(m, 0, place);
	struct page *page = page_of(m, pfn);

	page->flags = PG_VALID;
	page->owner = OWNER_KERNEL;
	page->refcount = 1;
	page->held[HOLD_OWNER] = 1;
	m->phys->clear(m->phys, pfn);
	return pfn;
}
