/* SPDX-License-Identifier: GPL-2.0-only */
/* equiv_unlike.c: kinds of difference, and what they are called. */
#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/law.h"
#include "model/page.h"
#include "sim/equiv_internal.h"

/* How the values of a kind are told apart. */
enum manner {
	BY_WORD, BY_PLACE, BY_LAW, BY_SPLAT, BY_PAGE, BY_FLAG, BY_SIGN, BY_BITS, BY_NOTHING,
};

static const struct { const char *what; u8 manner; bool follows; } rows[NR_FACT_KINDS] = {
	[FACT_OUTCOME] = { "", BY_WORD, false },
	[FACT_READ] = { "what it reads", BY_PLACE, true },
	[FACT_LAW] = { "breaks", BY_LAW, false },
	[FACT_SPLAT] = { "warns or dies in", BY_SPLAT, false },
	[FACT_STUCK] = { "stuck", BY_FLAG, false },
	[FACT_SPTE] = { "entry", BY_PAGE, false },
	[FACT_SPTE_LEVEL] = { "entry's level", BY_SIGN, true },
	[FACT_SPTE_WRITE] = { "entry's W", BY_FLAG, true },
	[FACT_SPTE_EXEC] = { "entry's X", BY_FLAG, true },
	[FACT_SPTE_ACCESSED] = { "entry's A", BY_FLAG, true },
	[FACT_SPTE_DIRTY] = { "entry's D", BY_FLAG, true },
	[FACT_SPTE_REFCOUNTED] = { "entry's refcounted bit", BY_FLAG, true },
	[FACT_TLB] = { "TLB entry", BY_PAGE, false },
	[FACT_TLB_WRITE] = { "TLB entry's W", BY_FLAG, true },
	[FACT_PTE] = { "host PTE", BY_PAGE, false },
	[FACT_PTE_WRITE] = { "host PTE's W", BY_FLAG, true },
	[FACT_PTE_DIRTY] = { "host PTE's D", BY_FLAG, true },
	[FACT_PTE_ACCESSED] = { "host PTE's A", BY_FLAG, true },
	[FACT_PTE_OTHER] = { "host PTE's kind", BY_NOTHING, true },
	[FACT_PAGE_REFS] = { "page's count", BY_SIGN, false },
	[FACT_PAGE_MAPS] = { "page's mapcount", BY_SIGN, true },
	[FACT_PAGE_DIRTY] = { "page's dirty", BY_FLAG, true },
	[FACT_PAGE_REFERENCED] = { "page's referenced", BY_FLAG, true },
	[FACT_PAGE_ACTIVE] = { "page's active", BY_FLAG, true },
	[FACT_PAGE_FLAGS] = { "page's state", BY_BITS, true },
	[FACT_PAGE_CONTENTS] = { "page's contents", BY_NOTHING, true },
	[FACT_LOG] = { "dirty log", BY_FLAG, false },
	[FACT_MAP] = { "kvm_vcpu_map()", BY_PAGE, false },
	[FACT_MAP_REFS] = { "kvm_vcpu_map()'s references", BY_SIGN, true },
	[FACT_GPC] = { "pfncache", BY_PAGE, false },
};

/* ---- whose event ---- */

static const char *class_of(const struct event *e)
{
	switch (e->id) {
	case EVENT_READ:
	case EVENT_WRITE:
	case EVENT_EXEC:
	case EVENT_RMW:
		return "guest's access";
	default:
		return e->op;
	}
}

static const char *class_at(const struct stage *s, const struct equiv_program *p, u64 place)
{
	return class_of(&s->trace.events[s->nr_setup + p->event[place]]);
}

/* ---- texts of values ---- */

static const char *word_text(const struct fact *f)
{
	return f && f->word ? f->word : "nothing";
}

static u64 sign_of(const struct fact *a, const struct fact *b)
{
	s64 x = a ? a->value : 0, y = b ? b->value : 0;

	return x < y ? 1 : 2;
}

static const char *page_text(const struct fact *f, const struct fact *other)
{
	if (!f || f->value <= 1)	/* 1: a cache that is not valid */
		return "none";
	return other && other->value > 1 ? "another" : "one";
}

/* enum page_flags, as far as they are facts of their own: those that differ, joined by + */
static void flags_text(u64 flags, char *text, size_t size)
{
	static const struct { u32 flag; const char *name; } names[] = {
		{ PG_FREE, "free" }, { PG_HEAD, "head" }, { PG_TAIL, "tail" },
		{ PG_RESERVED, "reserved" }, { PG_LRU, "LRU" }, { PG_ANON, "anonymous" },
		{ PG_HWPOISON, "poisoned" }, { PG_LEAKED, "leaked" }, { PG_CACHE, "cache" },
		{ PG_KSM, "KSM" }, { PG_SWAPCACHE, "swap cache" }, { PG_MLOCKED, "locked" },
		{ PG_LAZYFREE, "lazyfree" },
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(flags & names[i].flag) || n >= size)
			continue;
		n += snprintf(text + n, size - n, "%s%s", n ? "+" : "", names[i].name);
		flags &= ~(u64)names[i].flag;
	}
	if (flags && n < size)
		snprintf(text + n, size - n, "%s0x%llx", n ? "+" : "", (unsigned long long)flags);
}

/* ---- kinds ---- */

static void unlike_words(const struct fact *a, const struct fact *b, const char *class,
			 struct unlike *out)
{
	snprintf(out->text, sizeof(out->text), "%s: %s, then %s", class, word_text(a),
		 word_text(b));
}

static void unlike_values(const struct fact *a, const struct fact *b, struct unlike *out)
{
	const struct fact *f = a ? a : b;
	const char *what = rows[f->kind].what;

	switch ((enum manner)rows[f->kind].manner) {
	case BY_LAW:
		snprintf(out->text, sizeof(out->text), "%s %s", a ? "no longer breaks" : "breaks",
			 laws[(u32)f->key].id);
		break;
	case BY_SPLAT:
		snprintf(out->text, sizeof(out->text), "%s %s",
			 a ? "no longer warns or dies in" : what, splat_names[(u32)f->key]);
		break;
	case BY_PAGE:
		snprintf(out->text, sizeof(out->text), "%s: %s, then %s", what, page_text(a, b),
			 page_text(b, a));
		break;
	case BY_FLAG:
		snprintf(out->text, sizeof(out->text), "%s: %s", what,
			 b && b->value ? "0, then 1" : "1, then 0");
		break;
	case BY_SIGN:
		snprintf(out->text, sizeof(out->text), "%s: %s", what,
			 sign_of(a, b) == 1 ? "higher" : "lower");
		break;
	case BY_BITS:
		snprintf(out->text, sizeof(out->text), "%s: ", what);
		flags_text((a ? a->value : 0) ^ (b ? b->value : 0), out->text + strlen(out->text),
			   sizeof(out->text) - strlen(out->text));
		break;
	case BY_WORD:
	case BY_PLACE:
	case BY_NOTHING:
		snprintf(out->text, sizeof(out->text), "%s", what);
		break;
	}
}

static u64 hash_text(const char *text)
{
	u64 hash = 1;

	for (; *text; text++)
		hash = rewind_mix(hash, (u8)*text);
	return hash ? hash : 1;
}

void fact_unlike(const struct fact *a, const struct fact *b, const struct stage *s,
		 const struct equiv_program *program, struct unlike *out)
{
	const struct fact *f = a ? a : b;

	*out = (struct unlike){ .rank = f->kind };
	if (!(a && b) && rows[f->kind].follows)	/* the page, or entry, is not there at all */
		return;
	if (rows[f->kind].manner == BY_WORD)
		unlike_words(a, b, class_at(s, program, f->key), out);
	else
		unlike_values(a, b, out);
	out->kind = hash_text(out->text);
}
