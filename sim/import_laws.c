// SPDX-License-Identifier: GPL-2.0-only
/*
 * import_laws.c: laws, judged on what a real kernel was recorded to do.
 *
 * Of each entry's place (address space, gfn, level) is kept how many roots have a leaf there, for
 * no event names the root. A law is kept only if nothing that it needs is lacking, and broken only
 * if what is lacking cannot be why.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/import_internal.h"

enum law_row { IMMUTABLE, BITS, HAS_SLOT, RO_SLOT, STALE, FREE_PAGE, FROM_ZERO };

#define LACKS(lack)	(1u << LACK_##lack)
#define ANY_LOSS	(LACKS(LOST) | LACKS(DAMAGE) | LACKS(ONE_VM))
#define ENTRIES		(LACKS(SPTES) | LACKS(FORMAT))
#define SLOTS		(LACKS(SLOTS) | LACKS(LIMIT))

/* .keeps: without these nobody knows that it held; .breaks: nor that it did not. */
static const struct {
	const char *law;
	unsigned keeps, breaks;
} rows[IMPORT_LAWS] = {
	[IMMUTABLE] = { "leaf-immutable", ENTRIES | LACKS(ZAPS) | ANY_LOSS, LACKS(DAMAGE) },
	[BITS] = { "writable-bits-agree", ENTRIES | ANY_LOSS, LACKS(FORMAT) | LACKS(DAMAGE) },
	[HAS_SLOT] = { "spte-has-slot", ENTRIES | SLOTS | ANY_LOSS, SLOTS | ANY_LOSS },
	[RO_SLOT] = { "ro-slot-never-writable", ENTRIES | SLOTS | ANY_LOSS,
		      ANY_LOSS | LACKS(LIMIT) },
	[STALE] = { "no-stale-spte", ENTRIES | LACKS(ZAPS) | LACKS(RANGES) | LACKS(ENDS) | SLOTS |
		    ANY_LOSS, LACKS(ZAPS) | SLOTS | ANY_LOSS },
	[FREE_PAGE] = { "no-free-page-mapped", ENTRIES | LACKS(ZAPS) | LACKS(FREES) | ANY_LOSS,
			LACKS(ZAPS) | ANY_LOSS },
	[FROM_ZERO] = { "no-get-from-zero", ENTRIES | LACKS(ZAPS) | LACKS(REFS) | ANY_LOSS,
			LACKS(ZAPS) | ANY_LOSS },
};

struct place { uint64_t gfn; uint32_t level, space; };
struct leaf {
	struct place key;
	struct { long roots; int32_t cpu; uint64_t time; } value;	/* since when */
};
struct frame {
	uint64_t key;			/* frame_key() */
	struct { long leaves; int32_t cpu; uint64_t time; } value;	/* since when */
};

struct follower {
	const struct import *import;
	struct import_law *laws;
	struct import_slots slots;
	struct leaf *leaves;		/* stb_ds map */
	size_t nr_mapped;		/* of them, those that some root has */
	struct frame *frames;		/* stb_ds map */
	uint8_t host_bit, mmu_bit;	/* 0: not known */
	struct open { uint64_t start, end, time; } *open;	/* stb_ds: invalidations */
	uint32_t close;			/* BIT(enum law_row): another CPU did it just then */
	bool is_beside;			/* more than the range was mapped during it */
};

__attribute__((format(printf, 4, 5)))
static void broken(struct follower *f, enum law_row row, const struct import_event *e,
		   const char *format, ...)
{
	struct import_law *law = &f->laws[row];
	va_list args;

	if (law->answer == IMPORT_BROKEN)
		return;
	law->answer = IMPORT_BROKEN;
	law->place = e->place;
	va_start(args, format);
	vsnprintf(law->text, sizeof(law->text), format, args);
	va_end(args);
}

/*
 * Host- and MMU-writable are bits 9 and 10 (since 5.13), in EPT's leaves 57 and 58 (to 6.12 at
 * least), or 53 and 55 (7.2): which ones, the first writable leaf says that has both.
 */
static void find_bits(struct follower *f)
{
	static const uint8_t pairs[][2] = { { 57, 58 }, { 53, 55 } };

	if (!f->import->ept) {
		f->host_bit = 9;
		f->mmu_bit = 10;
	}
	for (size_t i = 0; i < arrlenu(f->import->events) && !f->host_bit; i++) {
		const struct import_event *e = &f->import->events[i];

		if (e->kind != IMPORT_SPTE || !import_is_leaf(e->value[4], e->value[2]) ||
		    !(e->value[4] & 2))
			continue;
		for (size_t p = 0; p < 2 && !f->host_bit; p++)
			if (e->value[4] >> pairs[p][0] & e->value[4] >> pairs[p][1] & 1) {
				f->host_bit = pairs[p][0];
				f->mmu_bit = pairs[p][1];
			}
	}
}

static void judge_bits(struct follower *f, const struct import_event *e, uint64_t spte)
{
	bool hw = spte >> f->host_bit & 1, mw = spte >> f->mmu_bit & 1, w = spte & 2;

	if (!f->host_bit)
		return;
	f->laws[BITS].nr_asked++;
	if ((w && !mw) || (mw && !hw))
		broken(f, BITS, e, "gfn 0x%llx: W %d, MMU-writable %d, host-writable %d in 0x%llx",
		       (unsigned long long)e->value[1], w, mw, hw, (unsigned long long)spte);
}

static void judge_slot(struct follower *f, const struct import_event *e, uint64_t spte)
{
	const struct import_slot *slot = import_slot_of(&f->slots, e->value[0], e->value[1] << 12);

	f->laws[HAS_SLOT].nr_asked++;
	if (!slot)
		broken(f, HAS_SLOT, e, "gfn 0x%llx is in no memslot",
		       (unsigned long long)e->value[1]);
	if (!slot || !(slot->flags & 2))
		return;
	f->laws[RO_SLOT].nr_asked++;
	if (spte & 2)
		broken(f, RO_SLOT, e, "gfn 0x%llx of memslot %u: 0x%llx",
		       (unsigned long long)e->value[1], slot->id, (unsigned long long)spte);
}

static uint64_t pages_of(uint64_t level)
{
	return 1ULL << 9 * (level - 1);
}

static uint64_t frame_key(uint64_t pfn, uint64_t level)
{
	return (pfn & ~(pages_of(level) - 1)) | level << 60;
}

static void count_frame(struct follower *f, const struct import_event *e, uint64_t key, long by)
{
	struct frame new = { key, { 0, e->cpu, e->time } }, *frame = hmgetp_null(f->frames, key);

	new.value.leaves = (frame ? frame->value.leaves : 0) + by;
	if (by > 0)
		hmputs(f->frames, new);
	else if (frame && frame->value.leaves)
		frame->value.leaves--;
}

/* What was mapped before the recording began is not counted when it goes. */
static void count_leaf(struct follower *f, const struct import_event *e, struct place place,
		       uint64_t pfn, long by)
{
	struct leaf leaf = { .key = place, .value = { 1, e->cpu, e->time } };
	struct leaf *old = hmgetp_null(f->leaves, leaf.key);

	if (old && by > 0)
		leaf.value.roots = old->value.roots + 1;
	if (by > 0) {
		f->nr_mapped += leaf.value.roots == 1;
		hmputs(f->leaves, leaf);
	} else if (old && old->value.roots) {
		f->nr_mapped -= !--old->value.roots;
	}
	count_frame(f, e, frame_key(pfn, place.level), by);
}

/*
 * tdp_mmu_split_huge_page() (5.18) fills the new table before it is linked: no event tells of its
 * leaves.
 */
static void count_split(struct follower *f, const struct import_event *e)
{
	uint64_t level = e->value[2] - 1;

	for (uint64_t i = 0; i < 512; i++) {
		struct place place = { e->value[1] + i * pages_of(level), level, e->value[0] };

		count_leaf(f, e, place, import_pfn(e->value[3]) + i * pages_of(level), 1);
	}
}

static bool is_known(struct follower *f, struct place place)
{
	const struct leaf *leaf = hmgetp_null(f->leaves, place);

	return leaf && leaf->value.roots;
}

static void take_spte(struct follower *f, const struct import_event *e)
{
	uint64_t old = e->value[3], new = e->value[4], level = e->value[2];
	bool was = import_is_leaf(old, level), is = import_is_leaf(new, level);
	struct place place = { e->value[1], level, e->value[0] };

	f->laws[IMMUTABLE].nr_asked++;
	if (was && is && import_pfn(old) != import_pfn(new))
		broken(f, IMMUTABLE, e, "gfn 0x%llx level %llu: 0x%llx becomes 0x%llx",
		       (unsigned long long)e->value[1], (unsigned long long)level,
		       (unsigned long long)old, (unsigned long long)new);
	if (!was || !is || import_pfn(old) != import_pfn(new) || !is_known(f, place)) {
		if (was)
			count_leaf(f, e, place, import_pfn(old), -1);
		if (is)
			count_leaf(f, e, place, import_pfn(new), 1);
		else if (was && level > 1 && new >> 11 & 1)
			count_split(f, e);
	}
	if (!is)
		return;
	judge_bits(f, e, new);
	judge_slot(f, e, new);
}

enum { SKEW = 1000000 };	/* ns by which the clocks of two CPUs may differ */

/* Is it known whether @e was before or after what @cpu (-1: not said) did at @time? */
static bool is_in_order(const struct import_event *e, int32_t cpu, uint64_t time)
{
	uint64_t apart = e->time > time ? e->time - time : time - e->time;

	return apart >= SKEW || (e->cpu >= 0 && e->cpu == cpu);
}

/* Does another CPU zap, within that time after @e, a leaf of @pfn or of @place (NULL: any)? */
static bool is_zapped_soon(const struct follower *f, const struct import_event *e,
			   const struct place *place, uint64_t pfn)
{
	const struct import_event *end = f->import->events + arrlenu(f->import->events);

	for (const struct import_event *z = e + 1; z < end && z->time - e->time < SKEW; z++) {
		struct place at = { z->value[1], z->value[2], z->value[0] };

		if (z->kind != IMPORT_SPTE || is_in_order(e, z->cpu, z->time) ||
		    !import_is_leaf(z->value[3], at.level) ||
		    import_is_leaf(z->value[4], at.level))
			continue;
		if (place ? !memcmp(place, &at, sizeof(at)) :
			    !((pfn ^ import_pfn(z->value[3])) / pages_of(at.level)))
			return true;
	}
	return false;
}

/* When what ends with @e began; UINT64_MAX: before the recording. */
static uint64_t take_begin(struct follower *f, const struct import_event *e)
{
	for (size_t i = arrlenu(f->open); i--;) {
		struct open open = f->open[i];

		if (open.start != e->value[0] || open.end != e->value[1])
			continue;
		arrdel(f->open, i);
		return open.time;
	}
	return UINT64_MAX;
}

/*
 * One place that may be mapped when the invalidation @e ends, which began at @begin. A fault beside
 * the range may install 2M over it meanwhile (mmu_invalidate_retry_gfn() asks about its own gfn):
 * rightly so if the host still maps them so, which nothing here says.
 */
static void judge_stale(struct follower *f, const struct import_event *e, uint64_t begin,
			const struct leaf *leaf)
{
	const struct import_slot *slot;
	uint64_t gpa, size, hva;

	if (!leaf || !leaf->value.roots)
		return;
	gpa = leaf->key.gfn << 12;
	size = pages_of(leaf->key.level) << 12;
	slot = import_slot_of(&f->slots, leaf->key.space, gpa);
	hva = slot ? slot->hva + (gpa - slot->gpa) : 0;
	if (!slot || hva >= e->value[1] || hva + size <= e->value[0])
		return;
	if (!is_in_order(e, leaf->value.cpu, leaf->value.time) ||
	    is_zapped_soon(f, e, &leaf->key, 0))
		f->close |= 1u << STALE;
	else if (leaf->value.time > begin && (hva < e->value[0] || hva + size > e->value[1]))
		f->is_beside = true;
	else
		broken(f, STALE, e, "gfn 0x%llx is mapped when the invalidation of "
		       "[0x%llx, 0x%llx) ends", (unsigned long long)leaf->key.gfn,
		       (unsigned long long)e->value[0], (unsigned long long)e->value[1]);
}

/* Where @slot has some of the range, level by level. */
static void look_up_range(struct follower *f, const struct import_event *e, uint64_t begin,
			  const struct import_slot *slot, uint64_t start, uint64_t end)
{
	for (uint32_t level = 1; level <= 3; level++) {
		uint64_t pages = pages_of(level);
		uint64_t gfn = (slot->gpa + (start - slot->hva)) >> 12 & ~(pages - 1);

		for (; gfn < (slot->gpa + (end - slot->hva) + 4095) >> 12; gfn += pages) {
			struct place place = { gfn, level, slot->id >> 16 };

			judge_stale(f, e, begin, hmgetp_null(f->leaves, place));
		}
	}
}

static void take_end(struct follower *f, const struct import_event *e)
{
	uint64_t begin = take_begin(f, e);

	f->laws[STALE].nr_asked++;
	if (!f->nr_mapped || f->laws[STALE].answer == IMPORT_BROKEN)
		return;		/* nothing more to be found */
	for (size_t i = 0; i < f->slots.n; i++) {
		const struct import_slot *slot = &f->slots.slot[i];
		uint64_t start = e->value[0] > slot->hva ? e->value[0] : slot->hva;
		uint64_t last = slot->hva + slot->size;
		uint64_t end = e->value[1] < last ? e->value[1] : last;

		if (start < end && (end - start) >> 12 <= hmlenu(f->leaves))
			look_up_range(f, e, begin, slot, start, end);
		else if (start < end)
			for (size_t l = 0; l < hmlenu(f->leaves); l++)
				judge_stale(f, e, begin, &f->leaves[l]);
	}
}

/* Of a page to which @e does that which none may have that is mapped. */
static void judge_frame(struct follower *f, const struct import_event *e, uint64_t pfn,
			enum law_row row)
{
	for (uint64_t level = 1; level <= 3; level++) {
		const struct frame *frame = hmgetp_null(f->frames, frame_key(pfn, level));

		if (!frame || !frame->value.leaves)
			continue;
		if (!is_in_order(e, frame->value.cpu, frame->value.time) ||
		    is_zapped_soon(f, e, NULL, pfn))
			f->close |= 1u << row;
		else if (row == FREE_PAGE)
			broken(f, row, e, "pfn 0x%llx is freed and mapped",
			       (unsigned long long)pfn);
		else
			broken(f, row, e, "pfn 0x%llx goes from 0 to %llu while it is mapped",
			       (unsigned long long)pfn, (unsigned long long)e->value[1]);
	}
}

static void take_free(struct follower *f, const struct import_event *e)
{
	uint64_t pages = 1ULL << (e->value[1] & 15);

	f->laws[FREE_PAGE].nr_asked++;
	for (uint64_t pfn = e->value[0]; f->nr_mapped && pfn < e->value[0] + pages; pfn++)
		judge_frame(f, e, pfn, FREE_PAGE);
}

static void take_ref(struct follower *f, const struct import_event *e)
{
	f->laws[FROM_ZERO].nr_asked++;
	if ((int64_t)e->value[2] > 0 && e->value[1] == e->value[2])
		judge_frame(f, e, e->value[0], FROM_ZERO);
}

static void follow(struct follower *f, const struct import_event *e)
{
	switch ((enum import_kind)e->kind) {
	case IMPORT_SPTE:
		take_spte(f, e);
		return;
	case IMPORT_MEMSLOT:
		import_slots_set(&f->slots, e);
		return;
	case IMPORT_INV_START:
		arrput(f->open, ((struct open){ e->value[0], e->value[1], e->time }));
		return;
	case IMPORT_INV_END:
		take_end(f, e);
		return;
	case IMPORT_FREE:
		take_free(f, e);
		return;
	case IMPORT_PAGE_REF:
		take_ref(f, e);
		return;
	case IMPORT_NONE:
	case IMPORT_FAULT:
	case IMPORT_SET_SPTE:
	case IMPORT_RANGE:
	case IMPORT_IOCTL:
	case IMPORT_COUNT:
	case IMPORT_ALLOC:
	case IMPORT_EXIT:
	case IMPORT_ISA:
	case NR_IMPORT_KINDS:
		return;
	}
}

/* The first evidence of @needed that is lacking; NULL: none. */
static const char *first_lack(const struct import *import, unsigned needed)
{
	static const enum import_lack order[] = {
		LACK_LOST, LACK_DAMAGE, LACK_SPTES, LACK_REFS, LACK_ENDS, LACK_RANGES,
		LACK_SLOTS, LACK_ZAPS, LACK_FREES, LACK_ONE_VM, LACK_FORMAT, LACK_LIMIT,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (needed & 1u << order[i] && import->lacks[order[i]])
			return import->lacks[order[i]];
	return NULL;
}

void import_judge(const struct import *import, struct import_law laws[IMPORT_LAWS])
{
	struct follower f = { .import = import, .laws = laws };

	for (size_t i = 0; i < IMPORT_LAWS; i++)
		laws[i] = (struct import_law){ .law = rows[i].law };
	find_bits(&f);
	for (size_t i = 0; i < arrlenu(import->events); i++)
		follow(&f, &import->events[i]);
	for (size_t i = 0; i < IMPORT_LAWS; i++) {
		bool is_broken = laws[i].answer == IMPORT_BROKEN;
		const char *missing = first_lack(import, is_broken ? rows[i].breaks :
								     rows[i].keeps);

		if (!is_broken && !missing && !laws[i].nr_asked)
			laws[i].answer = IMPORT_UNASKED;
		if (!is_broken && !missing && f.close >> i & 1)
			missing = "order: another CPU mapped or zapped it less than 1 ms apart, "
				  "and clocks may differ by that";
		if (i == STALE && !is_broken && !missing && f.is_beside)
			missing = "host PTEs: an entry larger than an invalidation was made during "
				  "it, and the host may have had as much there";
		if (missing) {
			laws[i].answer = IMPORT_OPEN;
			snprintf(laws[i].text, sizeof(laws[i].text), "%s", missing);
		}
	}
	hmfree(f.leaves);
	hmfree(f.frames);
	arrfree(f.open);
}
