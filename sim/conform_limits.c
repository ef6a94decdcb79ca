/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_limits.c: what a recording shows that the model knows it has not got.
 *
 * What NUMA balancing did is conform_numa.c's; what a command's events leave out is
 * event_limits.c's.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"

static bool splits_file(const struct script_events *todo)
{
	for (size_t i = 0; i < todo->nr_events; i++)
		if (todo->events[i].id == EVENT_PUNCH || todo->events[i].id == EVENT_TRUNCATE)
			return true;
	return false;
}

/* What it found it hands to collapse_pte_mapped_thp(), which takes a reference, and the lock. */
static bool khugepaged_finds(const struct trace_event *event)
{
	const char *result = trace_event_field(event, "result");

	return !strcmp(event->name, "mm_khugepaged_scan_file") && result &&
	       !strcmp(result, "pte_mapped_hugepage");
}

/* Who would split the folio at that time does not. The trace says that it was there, not when. */
static bool khugepaged_holds(const struct command *c)
{
	for (size_t i = 0; i < c->nr_events; i++)
		if (khugepaged_finds(&c->events[i]))
			return true;
	return false;
}

/*
 * A fault has put a new folio into the file, and has its lock: khugepaged waits for that with a
 * reference, and no event says when it has run again.
 */
static bool khugepaged_waits(const struct command *c)
{
	uint64_t fresh = NO_PFN, pfn;

	for (size_t i = 0; i < c->nr_events; i++) {
		const struct trace_event *event = &c->events[i];
		const char *order = trace_event_field(event, "order");

		if (!strcmp(event->name, "handle_mm_fault_ret"))
			fresh = NO_PFN;
		else if (!strcmp(event->name, "mm_page_alloc") && order && !strcmp(order, "9") &&
			 trace_event_u64(event, "pfn", 16, &pfn))
			fresh = pfn;
		else if (khugepaged_finds(event) && fresh != NO_PFN &&
			 trace_event_u64(event, "scan_pfn", 16, &pfn) && pfn == fresh)
			return true;
	}
	return false;
}

/* ---- a PTE that nobody has seen ---- */

static bool is_seen(struct run *run, hva_t hva)
{
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];
		uint64_t at;

		if (fact->kind == FACT_HOST && script_address(run->script, fact->host.name, &at) &&
		    (at & PAGE_MASK) == hva)
			return true;
	}
	return false;
}

void note_unseen(struct run *run, const struct script_events *todo)
{
	for (size_t i = 0; actors_loop(run) && i < todo->nr_events; i++) {
		const struct event *e = &todo->events[i];
		hva_t hva = e->hva & PAGE_MASK;

		if ((e->id == EVENT_HOST_READ || e->id == EVENT_HOST_WRITE) && !is_seen(run, hva))
			hmput(run->unseen, hva, true);
	}
}

static bool has_event_at(const struct command *c, const char *name, hva_t hva)
{
	uint64_t addr;

	for (size_t i = 0; i < c->nr_events; i++)
		if (!strcmp(c->events[i].name, name) &&
		    trace_event_u64(&c->events[i], "addr", 16, &addr) && (addr & PAGE_MASK) == hva)
			return true;
	return false;
}

/* The next look-up of a PFNMAP asks for a fault, or does not: that is what it was. */
static bool was_otherwise(struct run *run)
{
	for (size_t i = 0; i < hmlenu(run->unseen); i++) {
		hva_t hva = run->unseen[i].key;
		struct pt_leaf leaf = host_leaf(&run->vm->m, hva);

		if ((!leaf.present || (leaf.entry & PTE_SPECIAL)) &&
		    has_event_at(run->command, "gup_unlocked", hva) &&
		    has_event_at(run->command, "fixup_user_fault", hva) == leaf.present)
			return true;
	}
	return false;
}

const char *beyond_model(struct run *run, const struct script_events *todo)
{
	if (splits_file(todo) && khugepaged_holds(run->command))
		return "khugepaged has what is to be split";
	if (khugepaged_waits(run->command))
		return "khugepaged waits for what a fault has locked";
	if (!actors_loop(run) && was_otherwise(run))
		return "nobody saw whether a page stayed mapped that was used while a loop zapped";
	if (numa_beyond_model(run, todo))
		return numa_beyond_model(run, todo);
	for (size_t i = 0; i < todo->nr_events; i++) {
		const char *why = event_beyond_model(run->vm, &todo->events[i]);

		if (why)
			return why;
	}
	return NULL;
}
