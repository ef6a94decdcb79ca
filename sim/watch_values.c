/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_values.c: what a turn has changed, and what is there. */
#include <stb/stb_ds.h>

#include "sim/watch_internal.h"

/* Of words that were @old: a bit for each byte that is another now. */
static u64 changed_bytes(const u64 *old, const u64 *now, size_t words)
{
	u64 bits = 0;

	for (size_t i = 0; i < words; i++) {
		u64 differs = old[i] ^ now[i];

		for (unsigned byte = 0; differs; byte++, differs >>= 8)
			bits |= (u64)!!(differs & 0xff) << (8 * i + byte);
	}
	return bits;
}

static u8 byte_of(const u64 *words, unsigned byte)
{
	return words[byte / 8] >> 8 * (byte % 8);
}

/* A word of a page has one bit: it is told by its sum. */
static u8 sum_of(u64 word)
{
	return word ? watch_mix(0, word) : 0;
}

static void put_bytes(struct watch_overwritten **all, u32 line, const u64 *old, const u64 *now,
		      size_t words)
{
	for (u64 bits = changed_bytes(old, now, words); bits; bits &= bits - 1) {
		unsigned bit = __builtin_ctzll(bits);

		arrput(*all, ((struct watch_overwritten){ line, bit, byte_of(old, bit) }));
	}
}

static void put_change(struct watch *w, struct watch_overwritten **all, const struct change *c)
{
	u32 line = watch_line_of(w, c->pfn);
	const u64 *old = (const u64 *)&c->record, *now;
	size_t words = sizeof(struct page) / sizeof(u64);

	if (!line)
		return;
	if (!c->is_record) {
		if (w->real->load(w->real, c->pfn, c->index) == c->word)
			return;
		arrput(*all, ((struct watch_overwritten){ line + 2 + c->index / 64, c->index % 64,
							  sum_of(c->word) }));
		return;
	}
	now = (const u64 *)w->real->page(w->real, c->pfn);
	put_bytes(all, line, old, now, words < 8 ? words : 8);
	if (words > 8)
		put_bytes(all, line + 1, old + 8, now + 8, words - 8);
}

void watch_overwritten(struct watch *w, struct watch_overwritten **all)
{
	const struct mark *mark = &arrlast(w->marks);

	arrsetlen(*all, 0);
	for (size_t i = mark->saved; i < arrlenu(w->saved); i++)
		put_bytes(all, w->saved[i].line, w->saved[i].words,
			  &w->world[(size_t)w->saved[i].line * 8], line_words(w->saved[i].line));
	for (size_t i = mark->changes; i < arrlenu(w->changes); i++)
		put_change(w, all, &w->changes[i]);
}

/* A name changes with who is who, and would have to be exchanged. */
static bool names_somebody(const struct watch *w, size_t byte)
{
	const struct word_of *of = w->words ? &w->words[byte / sizeof(u64)] : NULL;

	return of && (of->names_vcpu || (of->locks | of->readers) >> byte % sizeof(u64) & 1);
}

int watch_value(const struct watch *w, u32 line, unsigned bit)
{
	const u32 pages = WATCH_WORLD_LINES + WATCH_OTHER_LINES;
	u32 page = (line - pages) / WATCH_PAGE_LINES, part = (line - pages) % WATCH_PAGE_LINES;

	if (line < WATCH_WORLD_LINES)
		return names_somebody(w, (size_t)line * 64 + bit) ? -1 :
			byte_of(&w->world[(size_t)line * 8], bit);
	if (line < pages || page >= arrlenu(w->pages) || w->pages[page] == NO_PFN)
		return -1;
	if (part >= 2)
		return sum_of(w->real->load(w->real, w->pages[page], (part - 2) * 64 + bit));
	return byte_of((const u64 *)w->real->page(w->real, w->pages[page]), part * 64 + bit);
}
