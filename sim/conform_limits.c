/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_limits.c: what a recording shows that the model knows it has not got.
 *
 * A daemon's visit is seen by its notifications; a command that goes for pages of a kind that its
 * path leaves out is seen by what is mapped there.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include "model/host_mm.h"
#include "sim/script_internal.h"

static uint64_t number_of(const struct trace_event *event, const char *key)
{
	const char *value = trace_event_field(event, key);

	return value ? script_number(value) : 0;
}

/* task_numa_work() > change_prot_numa(): of the recorder's own memory, too, below its regions. */
static bool scans_for_numa(const struct trace_event *event)
{
	return !strcmp(event->name, "inv_start") && trace_event_field(event, "start") &&
	       number_of(event, "event") == NOTIFY_PROTECTION_VMA &&
	       number_of(event, "start") < RBASE;
}

static bool is_scanned_for_numa(const struct run *run)
{
	const struct command *c = run->command;

	for (size_t i = 0; i < c->nr_events; i++)
		if (scans_for_numa(&c->events[i]))
			return true;
	for (size_t i = 0; i < c->nr_after; i++)
		if (scans_for_numa(&c->after[i]))
			return true;
	return false;
}

static bool is_plain(struct run *run, const struct pt_leaf *leaf)
{
	return leaf->present && leaf->level == 1 &&
	       (!leaf_is_normal(leaf) || page_is(&run->vm->m, pt_pfn(leaf->entry), PG_ANON));
}

/* Does every page of the range have a PTE, or none, of anonymous memory? */
static bool only_anonymous(struct run *run, const struct event *e, bool may_miss)
{
	for (hva_t hva = e->hva; hva < e->hva + e->size; hva += PAGE_SIZE) {
		const struct vma *vma = vma_find(&run->vm->m, hva);
		struct pt_leaf leaf = host_leaf(&run->vm->m, hva);

		if (!vma || (vma->flags & (VM_PFNMAP | VM_IO)))
			continue;
		if (!is_plain(run, &leaf) && !(may_miss && !leaf.present))
			return false;
	}
	return true;
}

static bool is_moved_by_node(struct run *run, const struct event *e)
{
	for (hva_t hva = e->hva; hva < e->hva + e->size; hva += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(&run->vm->m, hva);
		pfn_t pfn = pt_pfn(leaf.entry);

		if (!leaf.present || !leaf_is_counted(&run->vm->m, &leaf) || is_plain(run, &leaf) ||
		    !page_is(&run->vm->m, page_head(&run->vm->m, pfn), PG_LRU))
			continue;
		if (page_is(&run->vm->m, page_head(&run->vm->m, pfn), PG_REMOTE) != e->node)
			return true;
	}
	return false;
}

static const char *why_not(struct run *run, const struct event *e)
{
	if ((e->id == EVENT_OFFLINE || e->id == EVENT_POISON) &&
	    !run->vm->w.config.no_memory_failure && !only_anonymous(run, e, false))
		return "memory errors of other than mapped anonymous pages are not modelled";
	if ((e->id == EVENT_PAGEOUT || e->id == EVENT_COLD) && !only_anonymous(run, e, true))
		return "reclaim of other than anonymous pages is not modelled";
	if (e->id == EVENT_MIGRATE && is_moved_by_node(run, e))
		return "only anonymous pages of 4K are moved";
	return NULL;
}

const char *beyond_model(struct run *run, const struct script_events *todo)
{
	if (is_scanned_for_numa(run))
		return "NUMA balancing is not modelled";
	for (size_t i = 0; i < todo->nr_events; i++) {
		const char *why = why_not(run, &todo->events[i]);

		if (why)
			return why;
	}
	return NULL;
}
