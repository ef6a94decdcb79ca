/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_collapse.c: khugepaged makes 2M of the recorder's pages between two commands.
 *
 * mm/khugepaged.c. When it comes is input; script_daemons.c has what it does during a command. Was
 * it before the recorder looked at what it watches, or afterwards? What it saw there says so, or
 * else its counters.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"

#define HPAGE_SIZE	((hva_t)512 * PAGE_SIZE)

/* The next one that succeeded, from event *@i on; false: there is none. */
static bool next_collapse(const struct command *c, size_t *i, uint64_t *hva)
{
	bool is_known = false;

	for (; *i < c->nr_after; (*i)++) {
		const struct trace_event *event = &c->after[*i];
		const char *status = trace_event_field(event, "status");

		if (strcmp(event->task, "khugepaged"))
			continue;
		if (!strcmp(event->name, "inv_start"))
			is_known = trace_event_u64(event, "start", 16, hva);
		if (is_known && !strcmp(event->name, "mm_collapse_huge_page_isolate") && status &&
		    !strcmp(status, "succeeded")) {
			(*i)++;
			return true;
		}
	}
	return false;
}

/* It has 2M for what it is about to collapse: whose pages it holds meanwhile no event says. */
bool collapse_may_hold(const struct run *run)
{
	for (size_t i = 0; i < run->command->nr_after; i++) {
		const struct trace_event *event = &run->command->after[i];
		const char *order = trace_event_field(event, "order");

		if (!strcmp(event->task, "khugepaged") && order && !strcmp(order, "9") &&
		    !strcmp(event->name, "mm_page_alloc"))
			return true;
	}
	return false;
}

static void run_collapse(struct run *run, hva_t hva)
{
	struct event e = { .id = EVENT_KHUGEPAGED, .number = run->command->number,
			   .file = run->file.trace, .line = run->command->line,
			   .op = "khugepaged", .pfn = NO_PFN, .count = 1, .stride = PAGE_SIZE,
			   .hva = hva };
	struct error error = { .line = 0 };
	struct outcome outcome;

	take_input(run, place_of_command(run), "khugepaged, at 0x%llx", (unsigned long long)hva);
	if (!event_run(run->vm, &e, &outcome, &error)) {
		lose(run, "the model has no room for this");
		return;
	}
	for (size_t n = 0; n < run->vm->nr_notes; n++)
		arrput(run->between, run->vm->notes[n]);
}

/* Of the watched addresses in these 2M: is there one that is not mapped by a PMD? */
static bool was_seen_small(struct run *run, hva_t at, bool *says)
{
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];
		uint64_t hva;

		if (fact->kind != FACT_HOST ||
		    !script_address(run->script, fact->host.name, &hva) || hva - at >= HPAGE_SIZE)
			continue;
		*says = true;
		if (fact->host.level != 2)
			return true;
	}
	return false;
}

static bool comes_later(struct run *run, hva_t hva)
{
	bool says = false, small = was_seen_small(run, hva, &says);

	vm_begin_event(run->vm, run->command->number);
	return says ? small : stats_agree(run);
}

void collapse_unseen(struct run *run)
{
	uint64_t hva = 0;

	run->collapses_later = 0;
	if (run->out->lost)
		return;
	for (size_t i = 0, from = 0; next_collapse(run->command, &i, &hva) && !run->out->lost;
	     from = i) {
		if (comes_later(run, hva)) {
			run->collapses_later = from + 1;
			return;
		}
		run_collapse(run, hva);
	}
}

void collapse_later(struct run *run)
{
	uint64_t hva = 0;
	size_t i = run->collapses_later - 1;

	while (run->collapses_later && next_collapse(run->command, &i, &hva) && !run->out->lost)
		run_collapse(run, hva);
}
