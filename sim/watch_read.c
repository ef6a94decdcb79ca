/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_read.c: what a turn has read, as it was before. */
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/watch_internal.h"

/* 0xff for each bit */
static u64 mask_of(u64 bits)
{
	u64 bytes = (bits & 0xff) * 0x0101010101010101ull & 0x8040201008040201ull;

	return ((bytes + 0x7f7f7f7f7f7f7f7full) & 0x8080808080808080ull) / 0x80 * 0xff;
}

/* Words that name actors in more than a byte are read as a whole. */
static u64 mask_in_world(const struct watch *w, size_t i, u64 bits)
{
	const struct word_of *of = w->words ? &w->words[i] : NULL;

	return bits && of && of->names_vcpu ? ~(u64)0 : mask_of(bits);
}

static u64 sum_line(const struct watch *w, u32 line, const u64 *words)
{
	u64 sum = 0;

	for (size_t i = 0; i < line_words(line); i++) {
		u64 mask = mask_in_world(w, (size_t)line * 8 + i, w->read[line] >> 8 * i & 0xff);

		if (mask)
			sum += watch_mix((size_t)line * 8 + i, words[i] & mask) +
			       watch_mix(BIT(62) + (size_t)line * 8 + i, mask);
	}
	return sum;
}

/* The first change of it since the mark, or NULL. */
static const struct change *changed(const struct watch *w, size_t from, pfn_t pfn,
				    bool is_record, unsigned index)
{
	for (size_t i = from; i < arrlenu(w->changes); i++) {
		const struct change *c = &w->changes[i];

		if (c->pfn == pfn && c->is_record == is_record &&
		    (is_record || c->index == index))
			return c;
	}
	return NULL;
}

static u64 sum_record(const struct watch *w, size_t from, u32 line, pfn_t pfn, unsigned half)
{
	const struct change *c = changed(w, from, pfn, true, 0);
	const u64 *words = (const u64 *)(c ? &c->record : w->real->page(w->real, pfn)) + 8 * half;
	u64 sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		u64 mask = mask_of(w->read[line] >> 8 * i);

		if (mask)
			sum += watch_mix(BIT(63) + pfn * 16 + half * 8 + i, words[i] & mask) +
			       watch_mix(BIT(61) + pfn * 16 + half * 8 + i, mask);
	}
	return sum;
}

/* Words that are 0 now and then are not looked at one by one. */
static u64 sum_words(const struct watch *w, size_t from, u32 line, pfn_t pfn, unsigned first)
{
	u64 sum = watch_mix(BIT(60) + pfn * 8 + first / 64, w->read[line]);
	unsigned i = first;

	for (; (i = w->real->next(w->real, pfn, i)) < first + 64; i++)
		if (w->read[line] >> i % 64 & 1 && !changed(w, from, pfn, false, i))
			sum += watch_mix(pfn << 9 | i, w->real->load(w->real, pfn, i));
	for (size_t k = from; k < arrlenu(w->changes); k++) {
		const struct change *c = &w->changes[k];

		if (!c->is_record && c->pfn == pfn && c->index / 64 == first / 64 && c->word &&
		    w->read[line] >> c->index % 64 & 1 &&
		    changed(w, from, pfn, false, c->index) == c)
			sum += watch_mix(pfn << 9 | c->index, c->word);
	}
	return sum;
}

static u64 sum_page(const struct watch *w, size_t from, u32 line)
{
	u32 page = (line - WATCH_WORLD_LINES - WATCH_OTHER_LINES) / WATCH_PAGE_LINES;
	u32 part = (line - WATCH_WORLD_LINES - WATCH_OTHER_LINES) % WATCH_PAGE_LINES;
	pfn_t pfn = w->pages[page];

	return part < 2 ? sum_record(w, from, line, pfn, part) :
			  sum_words(w, from, line, pfn, (part - 2) * 64);
}

u64 watch_read_sum(struct watch *w)
{
	const struct mark *mark = &w->marks[arrlenu(w->marks) - 1];
	u64 sum = 0;

	for (size_t i = 0; i < w->nr_lines; i++) {
		u32 line = w->lines[i];

		if (!w->read[line])
			continue;
		if (line >= WATCH_WORLD_LINES + WATCH_OTHER_LINES)
			sum += sum_page(w, mark->changes, line);
		else if (line < WATCH_WORLD_LINES && w->saved_in[line] != w->epoch)
			sum += sum_line(w, line, &w->world[(size_t)line * 8]);
	}
	for (size_t i = mark->saved; i < arrlenu(w->saved); i++)
		if (w->read[w->saved[i].line])
			sum += sum_line(w, w->saved[i].line, w->saved[i].words);
	return sum;
}
