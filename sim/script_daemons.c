/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_daemons.c: what kernel threads and scanners did while a command ran: when and to what
 * is input.
 *
 * Linux: mm/khugepaged.c; what isolates the small pages has no address, but the notification
 * before it has; from there on nothing fails. mm/compaction.c: which pages its scanner found is
 * what it unmaps; each list ends with mm_migrate_pages.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/script_internal.h"

static bool is_of(const struct trace_event *event, const char *task, const char *name)
{
	return !strcmp(event->task, task) && !strcmp(event->name, name);
}

static bool succeeded(const struct trace_event *event)
{
	const char *status = trace_event_field(event, "status");

	return status && !strcmp(status, "succeeded");
}

/*
 * x86_emulate_instruction() > kvm_fetch_guest_virt(): of a HLT, too, where the processor does not
 * say how long it is. The VMM's own code, at 0, is nothing that is watched.
 */
static void add_fetches(struct script *s, const struct command *c)
{
	uint64_t at = 0;

	for (size_t i = 0; i < c->nr_events; i++) {
		if (strcmp(c->events[i].name, "kvm_emulate_insn") ||
		    !trace_event_u64(&c->events[i], "rip", 16, &at) || at < CODE_SIZE)
			continue;
		script_add(s, c, EVENT_KVM_READ)->gpa = at & ~3ull;
	}
}

/* After the command's own events: nothing says which of the two was first. */
void script_daemons(struct script *s, const struct command *c)
{
	uint64_t hva = 0;

	if (!strcmp(script_word(c, 0), "gexec"))
		add_fetches(s, c);
	if (strcmp(script_word(c, 0), "ksm"))
		script_ksm_merges(s, c);

	for (size_t i = 0; i < c->nr_events; i++) {
		if (is_of(&c->events[i], "khugepaged", "inv_start"))
			trace_event_u64(&c->events[i], "start", 16, &hva);
		if (!is_of(&c->events[i], "khugepaged", "mm_collapse_huge_page_isolate") || !hva ||
		    !succeeded(&c->events[i]))
			continue;
		script_add(s, c, EVENT_KHUGEPAGED)->hva = hva;
		hva = 0;
	}
}

/* ---- compaction ---- */

/*
 * Where scripts may have memory ("skew="). The recorder's own program and heap are below it: a heap
 * begins at most 1G behind its program (arch_randomize_brk()). Its stack and its libraries, by
 * mmap_base(), are above; programs of "sh" are linked to run at 2/3 of the address space
 * (arch/x86/include/asm/elf.h:ELF_ET_DYN_BASE).
 */
#define FIRST_ADDRESS	0x40000000ull
#define LAST_ADDRESS	0x7e0000000000ull
#define FIRST_PROGRAM	0x555500000000ull
#define LAST_PROGRAM	0x565600000000ull

bool script_owns(uint64_t hva)
{
	return hva >= FIRST_ADDRESS && hva < LAST_ADDRESS &&
	       !(hva >= FIRST_PROGRAM && hva < LAST_PROGRAM);
}

struct lists {
	struct found_page *at;		/* of the list at hand: first those that were unmapped */
	uint64_t nr, nr_left;		/* and behind them those that were not */
};

static bool is_listed(const struct lists *lists, uint64_t hva)
{
	for (uint64_t i = 0; i < lists->nr; i++)
		if (lists->at[i].hva == hva)
			return true;
	return false;
}

/* page_ref events of @frame in the list that ends at event @end: what became of it? */
static bool is_touched(const struct command *c, size_t from, size_t end, uint64_t frame)
{
	for (size_t i = from; i < end; i++) {
		uint64_t pfn = 0;

		trace_event_u64(&c->events[i], "pfn", 16, &pfn);
		if (pfn == frame && !strcmp(c->events[i].name, "page_ref_mod_and_test"))
			return true;
	}
	return false;
}

/* Found, but never unmapped: there was no free page for it. The last one found comes first. */
static void add_left(struct lists *lists, const struct command *c, size_t from, size_t end)
{
	for (size_t i = end; i-- > from; ) {
		uint64_t frame = 0;

		if (strcmp(c->events[i].name, "page_ref_mod_unless"))
			continue;
		trace_event_u64(&c->events[i], "pfn", 16, &frame);
		if (!is_touched(c, i, end, frame))
			lists->at[lists->nr + lists->nr_left++].frame = frame;
	}
}

/*
 * Where no page_ref events are: what was freed, for a file's page that nobody maps moves without a
 * notification. What is mapped stands in the list already.
 */
static void add_freed(struct lists *lists, const struct command *c, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		if (!strncmp(c->events[i].name, "page_ref", 8))
			return;
	for (size_t i = from; i < end; i++)
		if (!strcmp(c->events[i].name, "mm_page_free")) {
			trace_event_u64(&c->events[i], "pfn", 0, &lists->at[lists->nr].frame);
			lists->at[lists->nr++].hva = LISTED_BY_PFN;
		}
}

static void add_list(struct script *s, const struct command *c, struct lists *lists)
{
	struct event *e;

	if (lists->nr + lists->nr_left) {
		e = script_add(s, c, EVENT_COMPACT);
		e->found = lists->at;
		e->count = lists->nr + lists->nr_left;
		e->room = lists->nr_left ? lists->nr : UINT32_MAX;
	}
	*lists = (struct lists){ .at = lists->at + lists->nr + lists->nr_left };
}

/* An address that is unmapped; false: of a page that is not modelled. */
static bool add_unmapped(struct lists *lists, const struct trace_event *event)
{
	uint64_t start = 0, end = 0;

	trace_event_u64(event, "start", 16, &start);
	trace_event_u64(event, "end", 16, &end);
	if (!script_owns(start) || is_listed(lists, start))
		return true;
	lists->at[lists->nr++].hva = start;
	return end - start == PAGE_SIZE;
}

/* A page that is unmapped again stands in its list once. */
const char *script_compact(struct script *s, const struct command *c)
{
	struct lists lists = { 0 };
	size_t from = 0;

	if (!c->traced)
		return "which pages compaction found is not recorded";
	free(s->found);
	lists.at = s->found = calloc(c->nr_events + 1, sizeof(*s->found));
	if (!s->found)
		abort();
	for (size_t i = 0; i < c->nr_events; i++) {
		if (!strcmp(c->events[i].name, "inv_start") &&
		    !add_unmapped(&lists, &c->events[i]))
			return "compaction of huge pages is not modelled";
		if (strcmp(c->events[i].name, "mm_migrate_pages"))
			continue;
		add_left(&lists, c, from, i);
		add_freed(&lists, c, from, i);
		add_list(s, c, &lists);
		from = i;
	}
	if (!s->nr_events)
		script_add(s, c, EVENT_NOTHING);
	return NULL;
}
