/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_numa.c: NUMA balancing visits the recorder when it likes: when, and what, is input.
 *
 * Linux: kernel/sched/fair.c:task_numa_work() runs as the recorder returns to userspace, and shows
 * as notifications of MMU_NOTIFY_PROTECTION_VMA, each of a VMA's whole piece, in ascending order,
 * that no mprotect() of the command explains. It is run before or behind the command's own events,
 * as the trace has it; in their midst, or where it may be either's, it is not modelled.
 * The recorder has one thread, unless others act, or wait to.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/thp.h"
#include "sim/script_internal.h"

struct visit {
	size_t first, last;		/* inv_start of its first piece and of its last */
	bool found, unclear;
	bool is_first;			/* and what the command does comes behind it */
};

struct piece { hva_t start, end; };

static uint64_t number_of(const struct trace_event *event, const char *key)
{
	const char *value = trace_event_field(event, key);

	return value ? script_number(value) : 0;
}

static struct piece piece_of(const struct trace_event *event)
{
	return (struct piece){ number_of(event, "start"), number_of(event, "end") };
}

/* Of the script's memory; the recorder's own is nobody's concern. */
static bool is_protection(const struct trace_event *event)
{
	return !strcmp(event->name, "inv_start") && trace_event_field(event, "start") &&
	       trace_event_field(event, "event") &&
	       number_of(event, "event") == NOTIFY_PROTECTION_VMA &&
	       script_owns(number_of(event, "start"));
}

/* What mprotect() itself changes; empty for other commands. */
static struct piece own_range(const struct script_events *todo)
{
	for (size_t i = 0; i < todo->nr_events; i++) {
		const struct event *e = &todo->events[i];

		if (e->id == EVENT_MPROTECT || e->id == EVENT_UFFD_PROTECT ||
		    e->id == EVENT_UFFD_UNPROTECT || e->id == EVENT_UFFD_UNREGISTER)
			return (struct piece){ e->hva, e->hva + e->size };
	}
	return (struct piece){ 0, 0 };
}

/* Something that the command does, and the visit does not. */
static bool is_command(const struct trace_event *event)
{
	static const char *const names[] = { "kvm_page_fault", "kvm_tdp", "kvm_mmu", "kvm_set",
					     "gup", "rp_", "tdp_", "set_memslot", "mmu_page" };

	if (!strncmp(event->name, "inv_", 4))
		return script_owns(number_of(event, "start"));
	if (!strcmp(event->name, "handle_mm_fault"))
		return script_owns(number_of(event, "addr"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(event->name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* From the piece that begins at event @i to its inv_end. */
static size_t piece_end(const struct trace_event *events, size_t n, size_t i)
{
	while (i + 1 < n && strcmp(events[i].name, "inv_end"))
		i++;
	return i;
}

static void find_pieces(struct visit *visit, const struct trace_event *events, size_t n,
			struct piece own)
{
	hva_t own_end = 0;

	for (size_t i = 0; i < n; i++) {
		struct piece piece = piece_of(&events[i]);
		bool inside = piece.start >= own.start && piece.end <= own.end;

		if (!is_protection(&events[i]))
			continue;
		if (!visit->found && inside && piece.start >= own_end) {
			own_end = piece.end;
			continue;
		}
		if (visit->found && inside && !own_end)
			visit->unclear = true;
		if (!visit->found)
			visit->first = i;
		visit->found = true;
		visit->last = i;
	}
}

static struct visit find_visit(const struct trace_event *events, size_t n, struct piece own)
{
	struct visit visit = { 0 };
	bool before = false, behind = false;
	size_t i;

	find_pieces(&visit, events, n, own);
	if (!visit.found)
		return visit;
	for (i = 0; i < visit.first; i++)
		before |= is_command(&events[i]);
	for (; i <= visit.last; i = piece_end(events, n, i) + 1)
		for (; i < visit.last && !is_protection(&events[i]); i++)
			visit.unclear |= is_command(&events[i]);
	for (; i < n; i++)
		behind |= is_command(&events[i]);
	visit.unclear |= before && behind;
	visit.is_first = behind;
	return visit;
}

/* change_prot_numa(): a VMA's piece begins and ends with the VMA, or where a PMD does. */
static bool is_whole(struct run *run, struct piece piece)
{
	const struct vma *vma = vma_find(&run->vm->m, piece.start);

	if (!vma || piece.end > vma->end)
		return false;
	if (piece.start != vma->start && (piece.start & ~HPAGE_MASK))
		return false;
	if (piece.end != vma->end && (piece.end & ~HPAGE_MASK))
		return false;
	for (hva_t at = piece.start; at < piece.end; at += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(&run->vm->m, at);

		if (leaf.present && leaf.level > 2)
			return false;
	}
	return true;
}

/* p->mm->mm_users == 1: only then pages that are where it runs are left alone. */
static bool is_alone(const struct run *run, const struct trace_event *event)
{
	return event->pid == main_thread(run) && !script_has_threads(run->script);
}

static void run_piece(struct run *run, struct piece piece, bool alone)
{
	struct event e = { .id = EVENT_NUMA_HINT, .number = run->command->number,
			   .file = run->file.trace, .line = run->command->line,
			   .op = "numa-hint", .keep = alone, .pfn = NO_PFN, .count = 1,
			   .stride = PAGE_SIZE,
			   .hva = piece.start, .size = piece.end - piece.start };
	struct error error = { .line = 0 };
	struct outcome outcome;

	take_input(run, place_of_command(run), "NUMA balancing of 0x%llx to 0x%llx",
		   (unsigned long long)piece.start, (unsigned long long)piece.end);
	if (!event_run(run->vm, &e, &outcome, &error))
		lose(run, "the model has no room for this");
}

/* The notes that it makes go to @notes. */
static void run_visit(struct run *run, const struct trace_event *events, const struct visit *visit,
		      struct log_note **notes)
{
	for (size_t i = visit->first; i <= visit->last && !run->out->lost; i++) {
		struct piece piece = piece_of(&events[i]);

		if (!is_protection(&events[i]))
			continue;
		if (!is_whole(run, piece)) {
			lose(run, "NUMA balancing of 1G, or of part of a VMA");
			return;
		}
		run_piece(run, piece, is_alone(run, &events[i]));
		for (size_t n = 0; n < run->vm->nr_notes; n++)
			arrput(*notes, run->vm->notes[n]);
	}
}

static bool migrates(const struct trace_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(events[i].name, "mm_migrate_pages") &&
		    strstr(events[i].body, "numa_misplaced"))
			return true;
	return false;
}

const char *numa_beyond_model(struct run *run, const struct script_events *todo)
{
	const struct command *c = run->command;
	struct visit visit = find_visit(c->events, c->nr_events, own_range(todo));

	run->vm->w.config.numa_stays = !migrates(c->events, c->nr_events);
	if (migrates(c->after, c->nr_after))
		return "NUMA balancing moves pages behind a command";
	if (visit.unclear || (visit.found && todo->meanwhile))
		return "NUMA balancing in the midst of a command";
	return NULL;
}

bool numa_visits(const struct run *run)
{
	const struct command *c = run->command;
	struct piece none = { 0, 0 };

	return find_visit(c->events, c->nr_events, none).found ||
	       find_visit(c->after, c->nr_after, none).found;
}

void numa_visit(struct run *run, const struct script_events *todo, bool first)
{
	const struct command *c = run->command;
	struct visit visit = find_visit(c->events, c->nr_events, own_range(todo));

	if (visit.found && visit.is_first == first)
		run_visit(run, c->events, &visit, &run->notes);
}

/*
 * ---- between the answer and the next command: before it was looked, or afterwards? Or at the
 * first line that shows it. ----
 */

/* What KVM dropped is in the counters, if they were read later. Without the TDP MMU: it flushes. */
static bool drops_pages(const struct trace_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(events[i].name, "kvm_tdp_mmu_spte_changed") ||
		    !strcmp(events[i].name, "flush_remote_tlbs"))
			return true;
	return false;
}

static bool shows_protnone(const struct run *run)
{
	for (size_t i = 0; i < run->command->nr_facts; i++) {
		const struct fact *fact = &run->command->facts[i];

		if (fact->kind == FACT_HOST && fact->host.protnone)
			return true;
	}
	return false;
}

void numa_visit_unseen(struct run *run)
{
	const struct command *c = run->command;
	struct piece none = { 0, 0 };
	struct visit visit = find_visit(c->after, c->nr_after, none);

	run->numa_later = false;
	if (!visit.found || run->out->lost)
		return;
	vm_begin_event(run->vm, c->number);
	run->numa_later = drops_pages(c->after, c->nr_after) ? stats_agree(run) :
							       !shows_protnone(run);
	if (!run->numa_later)
		run_visit(run, c->after, &visit, &run->between);
}

void numa_visit_later(struct run *run)
{
	const struct command *c = run->command;
	struct piece none = { 0, 0 };
	struct visit visit = find_visit(c->after, c->nr_after, none);

	if (run->numa_later && !run->out->lost)
		run_visit(run, c->after, &visit, &run->between);
	run->numa_later = false;
}

/* What is left of the one page that the vCPUs have run, as the first line of its counter says */
static bool lost_code_page(const struct recording *recording)
{
	for (size_t i = 0; i < recording->nr_commands; i++)
		for (size_t n = 0; n < recording->commands[i].nr_facts; n++) {
			const struct fact *fact = &recording->commands[i].facts[n];

			if (fact->kind == FACT_STAT && !strcmp(fact->stat.name, "pages_4k"))
				return fact->stat.total == fact->stat.delta;
		}
	return false;
}

void numa_visit_set_up(struct run *run)
{
	struct piece code = { CODE_HVA, CODE_HVA + CODE_SIZE };

	if (!lost_code_page(run->recording))
		return;
	run->command = run->recording->commands;
	run_piece(run, code, true);
	vm_begin_event(run->vm, 0);
}
