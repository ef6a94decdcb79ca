// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_facts.c: what NAME.out prints below a command.
 *
 *	stat NAME+DELTA(=TOTAL) NAME-DELTA(=TOTAL) ...
 *	host WATCH: pte none
 *	host WATCH: pte L1 0xRAW WAD special | PAGE		the letters decode RAW: not kept
 *	host WATCH: pte L1 0xRAW PROTNONE | last PAGE		"last": was mapped here before
 *	host WATCH: pte L1 0xRAW swap/migr | last PAGE
 *	s2 0xGPA: noroot
 *	s2 0xGPA: L2 nonpresent 0xRAW
 *	s2 0xGPA: L1 0xRAW pfn=0xPFN WXAD hw+mw b59=0		AMD; b59 not on every kernel
 *	s2 0xGPA: L1 0xRAW pfn=0xPFN WXAD hw+mw mt=6 ipat	Intel
 *	signal SIGBUS xTIMES code=CODE addr=0xADDRESS
 *
 * and PAGE is "pfn=0xPFN ref=R map=M", then as they hold " head" or " tail", " rsvd" and, of head
 * and tail pages, "(orderN headref=H)"; or "pfn=0xPFN NOPAGE"; or "pfn=0xPFN" where the guest
 * could not look.  Any other indented line is kept as it is (smaps of "maps").
 */
#include <string.h>

#include "sim/recording_internal.h"

#define LEVEL_MAX	5

bool page_read(struct cursor *cursor, struct page_facts *page)
{
	if (!cursor_want_hex(cursor, "pfn=", &page->pfn))
		return false;
	page->known = true;
	if (cursor_skip(cursor, " NOPAGE")) {
		page->nopage = true;
		return true;
	}
	if (!cursor_skip(cursor, " ref="))
		return true;
	if (!cursor_int(cursor, &page->ref) || !cursor_want(cursor, " map=") ||
	    !cursor_int(cursor, &page->map))
		return false;
	page->tail = cursor_skip(cursor, " tail");
	page->head = !page->tail && cursor_skip(cursor, " head");
	page->reserved = cursor_skip(cursor, " rsvd");
	if (!page->head && !page->tail)
		return true;
	return cursor_want(cursor, "(order") && cursor_int(cursor, &page->order) &&
	       cursor_want(cursor, " headref=") && cursor_int(cursor, &page->headref) &&
	       cursor_want(cursor, ")");
}

/* "L1 0x" up to the number */
static bool level_read(struct cursor *cursor, int *level)
{
	struct cursor start = *cursor;

	if (!cursor_want(cursor, "L") || !cursor_int(cursor, level))
		return false;
	if (*level < 1 || *level > LEVEL_MAX)
		return cursor_fail(&start, "expected a level from L1 to L%d", LEVEL_MAX);
	return cursor_want(cursor, " ");
}

/* The letters that decode a raw value, up to " | ", " b59=" or whatever the caller expects. */
static void skip_letters(struct cursor *cursor)
{
	cursor->at += strspn(cursor->at, "RWXAD-+hmw");
}

static bool stat_read(struct reader *reader, struct cursor *cursor, struct fact *fact)
{
	struct fact *stat;
	size_t length;

	do {
		length = strcspn(cursor->at, "+- (=");
		if (!length || (cursor->at[length] != '+' && cursor->at[length] != '-'))
			return cursor_fail(cursor, "expected a counter, as in \"pf_taken+1(=2)\"");
		fact->kind = FACT_STAT;
		fact->stat.name = arena_strndup(&reader->arena, cursor->at, length);
		cursor->at += length;
		if (!cursor_long(cursor, &fact->stat.delta) || !cursor_want(cursor, "(=") ||
		    !cursor_long(cursor, &fact->stat.total) || !cursor_want(cursor, ")"))
			return false;
		stat = vec_push(&reader->facts);
		*stat = *fact;
	} while (cursor_skip(cursor, " "));
	return cursor_end(cursor);
}

static bool host_pte(struct cursor *cursor, struct fact *fact)
{
	if (cursor_skip(cursor, "none"))
		return true;
	if (!level_read(cursor, &fact->host.level) || !cursor_hex(cursor, &fact->host.raw) ||
	    !cursor_want(cursor, " "))
		return false;
	fact->host.protnone = cursor_skip(cursor, "PROTNONE");
	fact->host.swap = !fact->host.protnone && cursor_skip(cursor, "swap/migr");
	if (fact->host.protnone || fact->host.swap)
		return true;
	if (!strspn(cursor->at, "RW"))
		return cursor_fail(cursor, "expected W or R, PROTNONE or swap/migr");
	skip_letters(cursor);
	cursor_skip(cursor, " special");
	return true;
}

static bool host_read(struct reader *reader, struct cursor *cursor, struct fact *fact)
{
	char *end = strstr(cursor->at, ": pte ");

	if (!end || end == cursor->at)
		return cursor_fail(cursor, "expected \"WATCH: pte ...\"");
	fact->kind = FACT_HOST;
	fact->host.name = arena_strndup(&reader->arena, cursor->at, end - cursor->at);
	cursor->at = end + strlen(": pte ");
	if (!host_pte(cursor, fact))
		return false;
	if (cursor_skip(cursor, " | ")) {
		fact->host.page.last = cursor_skip(cursor, "last ");
		if (!page_read(cursor, &fact->host.page))
			return false;
	}
	if (!cursor_end(cursor))
		return false;
	*(struct fact *)vec_push(&reader->facts) = *fact;
	return true;
}

/* "pfn=0x5d40 WXAD hw+mw b59=0": everything but b59 is in the raw value too. */
static bool s2_decoded(struct cursor *cursor, struct fact *fact)
{
	uint64_t number;

	if (!cursor_want_hex(cursor, "pfn=", &number) || !cursor_want(cursor, " "))
		return false;
	if (!strspn(cursor->at, "RW"))
		return cursor_fail(cursor, "expected W or R");
	skip_letters(cursor);
	if (cursor_skip(cursor, " hw"))
		cursor_skip(cursor, "+mw");
	if (cursor_skip(cursor, " mt=")) {
		if (!cursor_u64(cursor, &number))
			return false;
		cursor_skip(cursor, " ipat");
	}
	return !cursor_skip(cursor, " b59=") || cursor_int(cursor, &fact->s2.b59);
}

static bool s2_entry(struct cursor *cursor, struct fact *fact)
{
	fact->s2.noroot = cursor_skip(cursor, "noroot");
	if (fact->s2.noroot)
		return true;
	if (!level_read(cursor, &fact->s2.level))
		return false;
	if (cursor_skip(cursor, "nonpresent ")) {
		if (!cursor_hex(cursor, &fact->s2.raw))
			return false;
		cursor_skip(cursor, " mmio?");
		return true;
	}
	fact->s2.present = true;
	return cursor_hex(cursor, &fact->s2.raw) && cursor_want(cursor, " ") &&
	       s2_decoded(cursor, fact);
}

static bool s2_read(struct reader *reader, struct cursor *cursor, struct fact *fact)
{
	fact->kind = FACT_S2;
	fact->s2.b59 = -1;
	if (!cursor_hex(cursor, &fact->s2.gpa) || !cursor_want(cursor, ": ") ||
	    !s2_entry(cursor, fact) || !cursor_end(cursor))
		return false;
	*(struct fact *)vec_push(&reader->facts) = *fact;
	return true;
}

static bool signal_read(struct reader *reader, struct cursor *cursor, struct fact *fact)
{
	fact->kind = FACT_SIGNAL;
	if (!cursor_word(cursor, reader, &fact->signal.name) || !cursor_want(cursor, " x") ||
	    !cursor_unsigned(cursor, &fact->signal.times) || !cursor_want(cursor, " code=") ||
	    !cursor_int(cursor, &fact->signal.code) ||
	    !cursor_want_hex(cursor, " addr=", &fact->signal.address) || !cursor_end(cursor))
		return false;
	*(struct fact *)vec_push(&reader->facts) = *fact;
	return true;
}

static const struct fact_shape {
	const char *begin;
	bool (*read)(struct reader *reader, struct cursor *cursor, struct fact *fact);
} shapes[] = {
	{ "stat ",	stat_read },
	{ "host ",	host_read },
	{ "s2 ",	s2_read },
	{ "signal ",	signal_read },
};

/* One indented line; the cursor is behind the indentation. */
bool fact_read(struct reader *reader, struct cursor *cursor)
{
	struct fact fact = {
		.kind = FACT_OTHER, .line = cursor->text->number, .text = cursor->at,
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (cursor_skip(cursor, shapes[i].begin))
			return shapes[i].read(reader, cursor, &fact);
	*(struct fact *)vec_push(&reader->facts) = fact;
	return true;
}
