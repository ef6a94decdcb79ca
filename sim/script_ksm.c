/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_ksm.c: what ksmd merged while a command ran, and the commands that have it run.
 *
 * Linux: mm/ksm.c:cmp_and_merge_page(). Which pages, and when, is input. Each page that is to be
 * merged is notified twice in a row, write_protect_page() and replace_page(); the first of two
 * that were not merged before only once, just before the other. Where the trace does not say, what
 * the watched pages have become does.
 */
#include <string.h>

#include <stb/stb_ds.h>

#include "model/pgtable.h"
#include "sim/script_internal.h"

static bool is_start(const struct trace_event *event, uint64_t *hva)
{
	return !strcmp(event->task, "ksmd") && !strcmp(event->name, "inv_start") &&
	       trace_event_u64(event, "start", 16, hva);
}

#define HUGE_SIZE	((uint64_t)2 << 20)

/* Is the next notification one of the same 2M, from their start? */
static bool continues_split(const struct command *c, size_t i, uint64_t base)
{
	uint64_t start;

	while (++i < c->nr_events)
		if (is_start(&c->events[i], &start))
			return start == base;
	return false;
}

static uint64_t address_of_frame(struct script *s, uint64_t frame)
{
	ptrdiff_t i = s->ksm_frame ? hmgeti(s->ksm_frame, frame) : -1;

	return i < 0 ? s->ksm_hva : s->ksm_frame[i].value;
}

static void merge(struct script *s, const struct command *c, uint64_t hva, uint64_t other)
{
	struct event *e = script_add(s, c, EVENT_KSM_MERGE);

	e->hva = hva;
	e->other_hva = other;
	e->pfn = NO_PFN;
}

/*
 * split_huge_page() by ksmd tells each VMA of its part of the 2M, up to 6.14 behind a notification
 * of the whole for each. The last event of one that begins at the i'th; 0: that is none.
 */
static size_t split_ends_at(const struct command *c, size_t i, uint64_t *base)
{
	uint64_t start, end, next = 0;
	bool whole = false;

	for (; i < c->nr_events; i++) {
		if (!is_start(&c->events[i], &start) ||
		    !trace_event_u64(&c->events[i], "end", 16, &end))
			continue;
		if (!next) {
			*base = start;
			next = start;
		}
		if (start == *base && end == *base + HUGE_SIZE && !whole) {
			whole = true;		/* or it is the part of the only VMA */
			if (next == *base && !continues_split(c, i, *base))
				return i;
			continue;
		}
		whole = false;
		if (start != next || end > *base + HUGE_SIZE)
			return 0;
		next = end;
		if (next == *base + HUGE_SIZE)
			return i;
	}
	return 0;
}

/* The frame that replace_page() behind the i'th event mapped, or ~0. */
static uint64_t merged_frame(const struct command *c, size_t i)
{
	uint64_t frame;

	while (++i < c->nr_events) {
		const struct trace_event *event = &c->events[i];

		if (strcmp(event->task, "ksmd"))
			continue;
		if (!strcmp(event->name, "inv_start"))
			break;
		if (!strcmp(event->name, "ksm_merge_with_ksm_page") &&
		    trace_event_u64(event, "pfn", 10, &frame))
			return frame;
		if (!strcmp(event->name, "change_pte") && trace_event_u64(event, "pte", 16, &frame))
			return pt_pfn(frame);
	}
	return NO_PFN;
}

/* break_cow(): the other of two could not be merged. */
static bool is_break(const struct trace_event *event, uint64_t *hva)
{
	return !strcmp(event->task, "ksmd") && !strcmp(event->name, "handle_mm_fault") &&
	       trace_event_u64(event, "addr", 16, hva);
}

static size_t break_ends_at(const struct command *c, size_t i)
{
	while (i + 1 < c->nr_events && (strcmp(c->events[i].task, "ksmd") ||
					strcmp(c->events[i].name, "handle_mm_fault_ret")))
		i++;
	return i;
}

/* @hva's page becomes the one at @frame, which others have already. */
static void merge_with_stable(struct script *s, const struct command *c, uint64_t hva,
			      uint64_t frame)
{
	merge(s, c, hva, address_of_frame(s, frame));
	s->events[s->nr_events - 1].pfn = frame;
}

static void merges_traced(struct script *s, const struct command *c)
{
	uint64_t alone = 0, last = 0, hva, frame, split = 0, base;
	bool is_second = false;

	for (size_t i = 0; i < c->nr_events; i++) {
		size_t end;

		if (is_break(&c->events[i], &hva)) {
			if (alone == hva && !is_second)
				merge(s, c, hva, last);
			i = break_ends_at(c, i);
			alone = last = 0;
			continue;
		}
		if (!is_start(&c->events[i], &hva))
			continue;
		end = hva % HUGE_SIZE ? 0 : split_ends_at(c, i, &base);
		if (end) {
			if (split && split != last / HUGE_SIZE * HUGE_SIZE)
				merge(s, c, split, 0);
			split = base;
			i = end;
			continue;
		}
		if (last != hva || is_second) {
			alone = last && !is_second ? last : 0;
			last = hva;
			is_second = false;
			continue;
		}
		is_second = true;
		frame = merged_frame(c, i);
		if (alone) {
			s->ksm_hva = alone;
			if (split && alone / HUGE_SIZE == hva / HUGE_SIZE)
				merge(s, c, split, 0);
			split = 0;
			merge(s, c, alone, hva);
			hmput(s->ksm_frame, frame, alone);
		} else if (s->ksm_hva) {
			merge_with_stable(s, c, hva, frame);
		}
	}
	if (split)
		merge(s, c, split, 0);
	if (last && !is_second && s->ksm_hva)	/* a page that somebody held */
		merge_with_stable(s, c, last, NO_PFN);
}

static const struct fact *watched(const struct command *c, const char *name)
{
	for (size_t i = 0; i < c->nr_facts; i++)
		if (c->facts[i].kind == FACT_HOST && !strcmp(c->facts[i].host.name, name))
			return &c->facts[i];
	return NULL;
}

/* The page that @name had when it was looked at last before @c; 0: nobody looked. */
static uint64_t page_before(const struct script *s, const struct command *c, const char *name)
{
	while (c-- > s->recording->commands)
		if (watched(c, name))
			return watched(c, name)->host.page.pfn;
	return 0;
}

/* The page that several are now was one of theirs before. */
static void merges_seen(struct script *s, const struct command *c)
{
	uint64_t stays, goes;

	for (size_t i = 0; i < c->nr_facts; i++) {
		const struct fact *kept = &c->facts[i];

		if (kept->kind != FACT_HOST || !kept->host.page.known || !kept->host.level ||
		    page_before(s, c, kept->host.name) != kept->host.page.pfn ||
		    !script_address(s, kept->host.name, &stays))
			continue;
		for (size_t n = 0; n < c->nr_facts; n++) {
			const struct fact *lost = &c->facts[n];

			if (n == i || lost->kind != FACT_HOST || !lost->host.level ||
			    lost->host.page.pfn != kept->host.page.pfn ||
			    page_before(s, c, lost->host.name) == kept->host.page.pfn ||
			    !script_address(s, lost->host.name, &goes))
				continue;
			if (s->ksm_hva == stays)
				merge(s, c, goes, stays);
			else
				merge(s, c, stays, goes);
			s->ksm_hva = stays;
		}
	}
}

void script_ksm_merges(struct script *s, const struct command *c)
{
	size_t before = s->nr_events;

	merges_traced(s, c);
	if (before == s->nr_events && !strcmp(script_word(c, 0), "ksm"))
		merges_seen(s, c);
}

/* ksm SCANS [RUN] */
const char *script_ksm(struct script *s, const struct command *c)
{
	script_ksm_merges(s, c);
	merge(s, c, 0, 0);	/* ksmd comes by everywhere */
	script_add(s, c, *script_word(c, 2) == '2' ? EVENT_KSM_UNMERGE : EVENT_NOTHING);
	if (s->has_child && s->is_mergeable && !s->child_died)
		return "which of a child's pages ksmd merges no event tells";
	return NULL;
}

/* sysw /sys/kernel/mm/ksm/NAME VALUE */
const char *script_ksm_set(struct script *s, const struct command *c)
{
	static const char *const harmless[] = { "run", "sleep_millisecs", "pages_to_scan" };
	const char *name = script_word(c, 1) + strlen(KSM_SYSFS);
	bool unmerges = !strcmp(name, "run") && *script_word(c, 2) == '2';

	script_add(s, c, unmerges ? EVENT_KSM_UNMERGE : EVENT_NOTHING);
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(name, harmless[i]))
			return NULL;
	return "this setting is not modelled";
}
