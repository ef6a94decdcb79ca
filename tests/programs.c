// SPDX-License-Identifier: GPL-2.0-only
/*
 * programs.c: programs by the product of their parts. The parts that do not go together are left
 * out: counts of tails cannot be freed by their block, what cannot be inserted is not mapped.
 */
#include "tests/programs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

static struct {
	struct program *program;
	size_t nr;
} made;

/* ---- one program, line by line ---- */

static struct {
	char text[1500];
	size_t used;
	unsigned lines;
} draft;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	draft.used += vsnprintf(draft.text + draft.used, sizeof(draft.text) - draft.used, format,
				args);
	va_end(args);
	assert_true(draft.used + 2 < sizeof(draft.text));
	draft.text[draft.used++] = '\n';
	draft.text[draft.used] = 0;
	draft.lines++;
}

static struct program *keep(const char *format, ...)
{
	struct program *program;
	char name[120];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	if (!(made.nr & (made.nr - 1)))
		made.program = realloc(made.program,
				       (made.nr ? 2 * made.nr : 1) * sizeof(*made.program));
	assert_non_null(made.program);
	program = &made.program[made.nr++];
	*program = (struct program){ .story = { strdup(name), strdup(draft.text) },
				     .lawful = true };
	draft.used = draft.lines = 0;
	return program;
}

/* ---- the parts ---- */

struct page_kind {
	const char *name, *alloc;	/* NULL: anonymous memory */
	unsigned index;			/* of the page in question */
	bool free_is_wrong;		/* bad_page(): a tail has a count */
	bool uncounted;			/* no page for a fault handler to return */
};

static const struct page_kind page_kinds[] = {
	{ "anon", NULL, 0, false, false },
	{ "order0", "order0 pages=2", 0, false, false },
	{ "compound head", "compound order=1", 0, false, false },
	{ "compound tail", "compound order=1", 1, false, false },
	{ "noncompound head", "noncompound order=1", 0, false, false },
	{ "noncompound tail", "noncompound order=1", 1, false, true },
	{ "split tail", "split order=1", 1, false, false },
	{ "counted tail", "counted order=1", 1, true, false },
	{ "reserved", "reserved pages=2", 0, false, false },
	{ "mmio", "mmio pages=2 pfn=0xfe000", 0, false, false },
	{ "zone-device", "zone-device pages=2", 0, false, false },
};

static const char *const modes[] = {
	"pfn", "remap", "insert", "page", "mixed", "ioinsert", "iomixed",
};

struct caller {
	const char *name, *event;	/* "%x": the gpa */
	bool guest, writes;
};

static const struct caller callers[] = {
	{ "read", "read 0x%x", true, false },
	{ "write", "write 0x%x 7", true, true },
	{ "rmw", "rmw 0x%x", true, true },
	{ "map", "map 0x%x map=0", false, true },
	{ "look-up", "lookup 0x%x prot", false, false },
	{ "look-up for writing", "lookup 0x%x prot write=1", false, true },
	{ "gfn_to_pfn", "lookup 0x%x pfn", false, true },
	{ "atomic look-up", "lookup 0x%x atomic", false, true },
	{ "__gfn_to_pfn_memslot", "lookup 0x%x memslot", false, false },
};

/* What the host has at the page before KVM comes. */
enum touched { UNTOUCHED, WRITTEN, READ_ONLY, NR_TOUCHED };
static const char *const touched_name[] = { "", ", written by the host", ", read-only" };

static bool is_pfnmap(const char *mode)
{
	return !strcmp(mode, "pfn") || !strcmp(mode, "remap");
}

static void set_up(const struct page_kind *kind, const char *mode, const char *flags)
{
	if (kind->alloc) {
		say("alloc b %s", kind->alloc);
		say("mode b %s", mode);
		say("mmap m 8K device b");
	} else {
		say("mmap m 8K");
	}
	say("memslot 1 gpa=0 hva=m size=8K%s%s", *flags ? " flags=" : "", flags);
}

static void prepare_page(const struct page_kind *kind, enum touched touched)
{
	unsigned at = kind->index * 0x1000;

	if (touched == WRITTEN)
		say("host-write m+0x%x 5", at);
	if (touched == READ_ONLY) {
		say("host-read m+0x%x", at);
		say("mprotect m 8K r");
	}
}

static unsigned call(const struct page_kind *kind, const struct caller *caller, const char *how)
{
	char event[80];

	snprintf(event, sizeof(event), caller->event, kind->index * 0x1000);
	say("f: %s%s", event, how);
	return draft.lines - 1;
}

static void zap(const struct page_kind *kind)
{
	say(kind->alloc ? "zap b" : "dontneed m 8K");
}

/* ---- one after the other ---- */

static void judge_alone(struct program *p, const struct page_kind *kind, const char *mode,
			const struct caller *caller, enum touched touched, bool ro)
{
	bool pfnmap = kind->alloc && is_pfnmap(mode);

	p->judge = JUDGE_BASE;
	if (pfnmap && caller->guest && !(caller->writes && (ro || touched == READ_ONLY)))
		p->judge |= JUDGE_MAPPABLE;
	if (caller->guest && touched == WRITTEN && !(caller->writes && ro))
		p->judge |= JUDGE_LEGAL;
	if (pfnmap && !ro && touched == READ_ONLY && caller->writes &&
	    strcmp(caller->name, "atomic look-up"))
		p->judge |= JUDGE_READ_ONLY;
	if (!ro && touched != READ_ONLY && !strcmp(caller->name, "read"))
		p->judge |= JUDGE_RIGHTS;
}

/* The caller, and then nothing: what it came to can be seen. */
static void add_alone(const struct page_kind *kind, const char *mode, const struct caller *caller,
		      enum touched touched, bool ro)
{
	unsigned at;
	struct program *p;

	set_up(kind, mode, ro ? "ro" : "");
	prepare_page(kind, touched);
	at = call(kind, caller, "");
	p = keep("%s of %s, %s%s%s", caller->name, kind->name, kind->alloc ? mode : "private",
		 touched_name[touched], ro ? ", read-only memslot" : "");
	p->caller = at;
	judge_alone(p, kind, mode, caller, touched, ro);
}

/* The caller, and everything that comes after it in a driver's life. */
static void add_life(const struct page_kind *kind, const char *mode, const struct caller *caller,
		     enum touched touched)
{
	bool pfnmap = kind->alloc && is_pfnmap(mode);
	struct program *p;

	set_up(kind, mode, "");
	prepare_page(kind, touched);
	call(kind, caller, "");
	if (!strcmp(caller->name, "map"))
		say("unmap 0 dirty=1");
	zap(kind);
	p = keep("%s of %s, %s%s, zapped", caller->name, kind->name, kind->alloc ? mode : "private",
		 touched_name[touched]);
	if (pfnmap && touched != WRITTEN && caller->guest)
		p->judge |= JUDGE_MARKS;
	if (touched != WRITTEN && !strcmp(caller->name, "read"))
		p->judge |= JUDGE_CLEAN;
	if (kind->free_is_wrong)
		return;
	set_up(kind, mode, "");
	prepare_page(kind, touched);
	call(kind, caller, "");
	if (!strcmp(caller->name, "map"))
		say("unmap 0 dirty=1");
	say("munmap m 8K");
	if (kind->alloc)
		say("free b");
	say("read 0x%x", kind->index * 0x1000);
	keep("%s of %s, %s%s, unmapped, freed", caller->name, kind->name,
	     kind->alloc ? mode : "private", touched_name[touched]);
}

static void add_held_map(const struct page_kind *kind, const char *mode)
{
	set_up(kind, mode, "");
	prepare_page(kind, WRITTEN);
	say("map 0x%x map=0", kind->index * 0x1000);
	say("munmap m 8K");
	if (kind->alloc && !kind->free_is_wrong)
		say("free b");
	say("unmap 0 dirty=1");
	keep("%s, %s, freed while KVM maps it", kind->name, kind->alloc ? mode : "private");
}

static void add_sequential(const struct page_kind *kind, const char *mode)
{
	for (size_t c = 0; c < ARRAY_SIZE(callers); c++) {
		for (enum touched touched = 0; touched < NR_TOUCHED; touched++) {
			add_alone(kind, mode, &callers[c], touched, false);
			add_life(kind, mode, &callers[c], touched);
		}
		add_alone(kind, mode, &callers[c], WRITTEN, true);
	}
	add_held_map(kind, mode);
}

/* ---- one in the middle of another ---- */

static const char *const stops[] = { "check_slot", "take_result", "lock_mmu", "install_leaf" };

struct action { const char *name, *first, *second; bool needs_driver; };

static const struct action actions[] = {
	{ "zapped", "zap b", NULL, true },
	{ "dropped", "dontneed m 8K", NULL, false },
	{ "unmapped and freed", "munmap m 8K", "free b", true },
	{ "protected", "mprotect m 8K r", NULL, false },
	{ "written by the host", "host-write m 5", NULL, false },
	{ "its memslot is deleted", "memslot-delete 1", NULL, false },
	{ "its memslot is made anew", "memslot-delete 1",
	  "memslot 1 gpa=0 hva=m size=8K", false },
	{ "it begins to log", "memslot 1 gpa=0 hva=m size=8K flags=log", "dirtylog 1", false },
};

/* free: only when the unmap has come to its end, which it has not if the fault blocks it. */
static void add_race(const struct page_kind *kind, const char *mode, const struct caller *caller,
		     const char *stop, const struct action *action)
{
	bool holds_lock = !strcmp(stop, "install_leaf");
	char until[40];

	if ((action->needs_driver && !kind->alloc) ||
	    (action->second && holds_lock) ||
	    (kind->free_is_wrong && action->second && !strcmp(action->second, "free b")))
		return;
	set_up(kind, mode, "");
	prepare_page(kind, WRITTEN);
	snprintf(until, sizeof(until), " until=%s", stop);
	call(kind, caller, until);
	say("a: %s", action->first);
	if (action->second)
		say("s: %s", action->second);
	say("resume f");
	say("resume a");
	say("e: read 0x%x vcpu=1", kind->index * 0x1000);
	keep("%s of %s, %s: %s at %s", caller->name, kind->name, kind->alloc ? mode : "private",
	     action->name, stop);
}

static void add_races(const struct page_kind *kind, const char *mode)
{
	static const char *const later[] = { "map_result", "lookup_result" };

	for (size_t a = 0; a < ARRAY_SIZE(actions); a++) {
		for (size_t s = 0; s < ARRAY_SIZE(stops); s++) {
			add_race(kind, mode, &callers[0], stops[s], &actions[a]);
			add_race(kind, mode, &callers[1], stops[s], &actions[a]);
		}
		add_race(kind, mode, &callers[3], later[0], &actions[a]);
		add_race(kind, mode, &callers[4], later[1], &actions[a]);
	}
}

static const char *const notify_stops[] = {
	"notify_lock", "notify_count", "notify_zap", "notify_flush", "notify_unlock",
	"notify_begun", "clear_ptes", "notify_raise_seq", "notify_uncount", "notify_end_unlock",
	"notify_finish",
};

/* An invalidation stops half way; a guest comes, on two vCPUs, to the page and to its neighbour. */
static void add_half_done(const struct page_kind *kind, const char *mode,
			  const struct action *action, const struct caller *caller,
			  const char *stop)
{
	if (action->needs_driver && !kind->alloc)
		return;
	set_up(kind, mode, "");
	say("write 0x%x 1", kind->index * 0x1000);
	say("read 0x%x vcpu=1", kind->index * 0x1000);
	say("a: %s until=%s", action->first, stop);
	call(kind, caller, "");
	say("n: read 0x%x vcpu=1", (1 - kind->index) * 0x1000);
	say("resume a");
	say("resume f");
	say("resume n");
	say("e: read 0x%x vcpu=1", kind->index * 0x1000);
	keep("%s of %s, %s: half %s, at %s", caller->name, kind->name,
	     kind->alloc ? mode : "private", action->name, stop);
}

static void add_overlaps(const struct page_kind *kind, const char *mode)
{
	add_races(kind, mode);
	for (size_t a = 0; a < 5; a++)
		for (size_t s = 0; s < ARRAY_SIZE(notify_stops); s++) {
			add_half_done(kind, mode, &actions[a], &callers[0], notify_stops[s]);
			add_half_done(kind, mode, &actions[a], &callers[1], notify_stops[s]);
		}
}

/* ---- drivers that do not behave ---- */

static void add_unlawful(const struct page_kind *kind, const char *mode)
{
	set_up(kind, mode, "");
	say("write 0x%x 7", kind->index * 0x1000);
	say("free b");
	say("read 0x%x", kind->index * 0x1000);
	say("zap b");
	keep("%s, %s, freed before it is unmapped", kind->name, mode)->lawful = false;

	set_up(kind, mode, "");
	say("ref b %u 1", kind->index);
	say("write 0x%x 7", kind->index * 0x1000);
	say("ref b %u -1", kind->index);
	say("zap b");
	say("free b");
	keep("%s, %s, counted while it is mapped", kind->name, mode)->lawful = false;
}

/* A leaf of 2M of the host, seen from its second page. */
static void add_huge(const struct caller *caller)
{
	static const struct page_kind second = { "noncompound tail", "", 1, false, true };
	struct program *p;
	unsigned at;

	say("alloc b noncompound order=9 pfn=0x80000");
	say("mode b pmd");
	say("mmap m 2M device b hva=0x40000000");
	say("memslot 1 gpa=0 hva=m size=2M");
	at = call(&second, caller, "");
	p = keep("%s of noncompound tail, pmd", caller->name);
	p->caller = at;
	p->judge = JUDGE_BASE | (caller->guest ? JUDGE_MAPPABLE : 0);
}

/* ---- all of them ---- */

/* Which stories have a driver that does not behave. */
static bool is_lawful(const char *story)
{
	static const char *const unlawful[] = {
		"free_while_mapped", "tail_counted_by_its_driver",
		"pages_mapped", "page_by_fault",	/* mapped again after they were freed */
		/* a VMM that unmaps KVM's own memory */
		"apic_page_of_a_device", "apic_page_looked_up_meanwhile",
		"apic_page_gone_at_once",
	};

	for (size_t i = 0; i < ARRAY_SIZE(unlawful); i++)
		if (!strcmp(story, unlawful[i]))
			return false;
	return true;
}

static void add_others(void)
{
	for (size_t c = 0; c < ARRAY_SIZE(callers); c++)
		add_huge(&callers[c]);
	for (size_t i = 0; i < nr_stories; i++) {
		keep("%s", stories[i].name);
		free((char *)made.program[made.nr - 1].story.text);
		made.program[made.nr - 1].story.text = stories[i].text;
		made.program[made.nr - 1].lawful = is_lawful(stories[i].name);
	}
}

const struct program *all_programs(size_t *nr)
{
	for (size_t k = 0; k < ARRAY_SIZE(page_kinds) && (k || !made.nr); k++) {
		const struct page_kind *kind = &page_kinds[k];

		for (size_t i = 0; i < (kind->alloc ? ARRAY_SIZE(modes) : 1); i++) {
			if (kind->uncounted && !strcmp(modes[i], "page"))
				continue;
			add_sequential(kind, modes[i]);
			if (kind->alloc)
				add_unlawful(kind, modes[i]);
			if (i == 0 || (i == 2 && (kind->alloc && strlen(kind->name) < 9)))
				add_overlaps(kind, modes[i]);
		}
		if (k == ARRAY_SIZE(page_kinds) - 1)
			add_others();
	}
	*nr = made.nr;
	return made.program;
}
