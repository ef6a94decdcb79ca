/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_trace.c: recorded events as items.
 *
 * The trace also holds what has nothing to do with the VM: faults on the recorder's own stack and
 * heap, tables, slabs. A page is ours if it is allocated by a fault at one of the script's
 * addresses, or by "lab alloc", or if it has been seen where the model has a page.
 */
#include "sim/conform_internal.h"
#include "sim/script_internal.h"

#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"

enum { MAX_FAULTS = 8, FINE_CLOCK = 32 };

struct scan {
	struct run *run;
	struct item *items;
	uint64_t gup_fast, gup_slow;	/* addresses of the calls under way */
	uint64_t fixup, fixup_flags;
	struct { uint64_t hva; int pid; } fault[MAX_FAULTS];	/* under way, innermost last */
	unsigned nr_faults;
	struct moves moves;
};

typedef bool (*read_event)(struct scan *scan, const struct trace_event *event, struct item *item);

static uint64_t field(const struct trace_event *event, const char *key, int base)
{
	uint64_t value = 0;

	trace_event_u64(event, key, base, &value);
	return value;
}

static const char *word(const struct trace_event *event, const char *key)
{
	const char *value = trace_event_field(event, key);

	return value ? value : "?";
}

/* clear_refs notifies of all that there is. */
static bool range_is_ours(uint64_t start, uint64_t end)
{
	return script_owns(start) || script_owns(end - 1) || (start < RBASE && end > RBASE);
}

static bool read_notify(struct scan *scan, const struct trace_event *event, struct item *item)
{
	(void)scan;
	item->said = say("start=0x%llx end=0x%llx",
			 (unsigned long long)field(event, "start", 16),
			 (unsigned long long)field(event, "end", 16));
	if (trace_event_field(event, "event"))
		say_more(&item->said, " event=%s", word(event, "event"));
	return range_is_ours(field(event, "start", 16), field(event, "end", 16));
}

static bool read_change_pte(struct scan *scan, const struct trace_event *event, struct item *item)
{
	uint64_t pte = field(event, "pte", 16);

	(void)scan;
	item->frame[0] = pt_pfn(pte);
	item->said = say("addr=0x%llx pte=0x%llx", (unsigned long long)field(event, "addr", 16),
			 (unsigned long long)(pte & PTE_COMPARED));
	return script_owns(field(event, "addr", 16));
}

static bool read_set_spte_hva(struct scan *scan, const struct trace_event *event,
			      struct item *item)
{
	(void)scan;
	item->said = say("start=0x%llx", (unsigned long long)field(event, "start", 16));
	return script_owns(field(event, "start", 16));
}

static bool read_spte(struct scan *scan, const struct trace_event *event, struct item *item)
{
	uint64_t gfn = field(event, "gfn", 16), level = field(event, "level", 10), old, new;

	if (!scan->run->vm)
		return true;
	item->key = gfn << 4 | level;
	old = spte_without_frame(scan->run, field(event, "old_spte", 16), &item->frame[0]);
	new = spte_without_frame(scan->run, field(event, "new_spte", 16), &item->frame[1]);
	item->said = say("gfn=0x%llx level=%llu old=0x%llx new=0x%llx", (unsigned long long)gfn,
			 (unsigned long long)level, (unsigned long long)old,
			 (unsigned long long)new);
	return !field(event, "as_id", 10);
}

static bool read_set_spte(struct scan *scan, const struct trace_event *event, struct item *item)
{
	uint64_t gfn = field(event, "gfn", 16), level = field(event, "level", 10), new;

	if (!scan->run->vm)
		return true;
	item->key = gfn << 4 | level;
	new = spte_without_frame(scan->run, field(event, "spte", 16), &item->frame[0]);
	item->said = say("gfn=0x%llx level=%llu spte=0x%llx", (unsigned long long)gfn,
			 (unsigned long long)level, (unsigned long long)new);
	return true;
}

static bool read_gup(struct item *item, uint64_t address, const struct trace_event *event)
{
	item->said = say("addr=0x%llx ret=%s", (unsigned long long)address, word(event, "ret"));
	return script_owns(address);
}

static bool read_gup_fast(struct scan *scan, const struct trace_event *event, struct item *item)
{
	return read_gup(item, scan->gup_fast, event);
}

static bool read_gup_slow(struct scan *scan, const struct trace_event *event, struct item *item)
{
	return read_gup(item, scan->gup_slow, event);
}

static bool read_fixup(struct scan *scan, const struct trace_event *event, struct item *item)
{
	item->said = say("addr=0x%llx flags=0x%llx ret=%s", (unsigned long long)scan->fixup,
			 (unsigned long long)scan->fixup_flags, word(event, "ret"));
	return script_owns(scan->fixup);
}

static void say_counts(struct item *item, const struct trace_event *event)
{
	if (!trace_event_field(event, "pfn"))
		return;
	item->frame[0] = field(event, "pfn", 16);
	if (trace_event_field(event, "nopage"))
		say_more(&item->said, " nopage");
	else
		say_more(&item->said, " ref=%s headref=%s map=%d", word(event, "ref"),
			 word(event, "headref"), mapcount_shown(atoi(word(event, "map"))));
}

/* What a look-up was asked for: each kernel's line has its own words. */
static bool read_lookup(struct scan *scan, const struct trace_event *event, struct item *item)
{
	static const char *const asked[] = { "gfn", "foll", "hva", "write", "flags", "atomic",
					     "trymw", "guarded", "allow" };
	const char *separator = "";

	(void)scan;
	item->said = say("%s", "");
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		if (!trace_event_field(event, asked[i]))
			continue;
		say_more(&item->said, "%s%s=%s", separator, asked[i], word(event, asked[i]));
		separator = " ";
	}
	if (trace_event_field(event, "error"))
		say_more(&item->said, " = %s", word(event, "error"));
	if (trace_event_field(event, "writable"))
		say_more(&item->said, " writable=%s", word(event, "writable"));
	if (trace_event_field(event, "refcounted_page"))
		say_more(&item->said, " refcounted_page=%s", word(event, "refcounted_page"));
	if (!trace_event_field(event, "error"))
		say_counts(item, event);
	return true;
}

static bool read_release(struct scan *scan, const struct trace_event *event, struct item *item)
{
	(void)scan;
	item->said = say("%s", "");
	if (trace_event_field(event, "NULL"))
		item->said = say("NULL");
	else if (trace_event_field(event, "error"))
		item->said = say("%s", word(event, "error"));
	else
		say_counts(item, event);
	return true;
}

static bool is_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* The innermost of this thread's, or -1. */
static int fault_of(const struct scan *scan, const struct trace_event *event)
{
	int i = scan->nr_faults;

	while (i-- > 0 && scan->fault[i].pid != event->pid)
		;
	return i;
}

static bool in_our_fault(const struct scan *scan, const struct trace_event *event)
{
	int i = fault_of(scan, event);

	return i >= 0 && script_owns(scan->fault[i].hva);
}

static void enter_fault(struct scan *scan, const struct trace_event *event)
{
	if (scan->nr_faults == MAX_FAULTS)
		return;
	scan->fault[scan->nr_faults].hva = field(event, "addr", 16);
	scan->fault[scan->nr_faults++].pid = event->pid;
}

static void leave_fault(struct scan *scan, const struct trace_event *event)
{
	int i = fault_of(scan, event);

	if (i < 0)
		return;
	scan->nr_faults--;
	for (; i < (int)scan->nr_faults; i++)
		scan->fault[i] = scan->fault[i + 1];
}

/* Does a fault at one of our addresses, "fwrite" or "lab alloc" allocate @pfn at this event? */
static bool is_new(const struct scan *scan, const struct trace_event *event, uint64_t pfn)
{
	const struct command *command = scan->run->command;
	const struct trace_event *end = command->events + command->nr_events;
	bool fault = in_our_fault(scan, event) ||
		     (command->nr_words && !strcmp(command->words[0], "fwrite"));
	bool alloc = command->nr_words > 1 && !strcmp(command->words[0], "lab") &&
		     !strcmp(command->words[1], "alloc");
	bool advice = command->nr_words && !strcmp(command->words[0], "madvise");
	bool gmem = scan->run->recording->private_mem;	/* guest_memfd's are not movable */
	bool moves = scan->run->main == EVENT_MIGRATE || scan->run->main == EVENT_OFFLINE;

	for (; event < end; event++) {
		if (strcmp(event->name, "mm_page_alloc") || field(event, "pfn", 16) != pfn)
			continue;
		return (gmem && is_prefix(word(event, "gfp_flags"), "GFP_HIGHUSER|__GFP_COMP")) ||
		       (moves && (strstr(word(event, "gfp_flags"), "__GFP_THISNODE") ||
				  strstr(word(event, "gfp_flags"), "__GFP_MOVABLE"))) ||
		       (fault && is_prefix(word(event, "gfp_flags"), "GFP_HIGHUSER_MOVABLE")) ||
		       ((fault || advice || is_prefix(event->task, "khugepaged")) &&
			field(event, "order", 10) == 9) ||
		       (alloc && is_prefix(word(event, "gfp_flags"), "GFP_KERNEL|__GFP_ZERO")) ||
		       (alloc && is_prefix(word(event, "gfp_flags"), "GFP_KERNEL|__GFP_COMP|"));
	}
	return false;
}

/* split_page() and the lab's own set_page_count(): pages of a block that has just come. */
static bool is_of_new_block(const struct scan *scan, uint64_t pfn)
{
	const struct answer *answer = &scan->run->command->answer;
	const char *order = scan->run->command->nr_words > 4 ? scan->run->command->words[4] : "0";

	return answer->has_pfn && pfn > answer->pfn &&
	       pfn - answer->pfn < (uint64_t)1 << (script_number(order) & 31);
}

/* A fault at one of our addresses takes a page of hugetlb's. */
static bool takes_from_pool(const struct scan *scan, const struct trace_event *event)
{
	return !strcmp(event->name, "page_ref_unfreeze") && in_our_fault(scan, event);
}

/* ksmd takes a reference to each page it looks at, and how often it looks is input. */
static bool read_page_ref(struct scan *scan, const struct trace_event *event, struct item *item)
{
	uint64_t pfn = field(event, "pfn", 16);
	bool is_set = !strcmp(event->name, "page_ref_set");

	if (!strcmp(event->task, "ksmd"))
		return false;
	item->frame[0] = pfn;
	item->key = strtoll(word(event, "val"), NULL, 10);
	item->said = say("count=%s val=%s", word(event, "count"), word(event, "val"));
	if (trace_event_field(event, "ret"))
		say_more(&item->said, " ret=%s", word(event, "ret"));
	item->owner = FRAME_UNSURE;
	if (is_set ? is_new(scan, event, pfn) || is_of_new_block(scan, pfn) :
		     takes_from_pool(scan, event))
		item->owner = FRAME_NEW;
	else if (!is_set && moves_to(&scan->moves, pfn))
		item->owner = FRAME_NEW;
	else if (moves_from(&scan->moves, pfn))
		item->owner = FRAME_FOUND;
	else if (strstr(word(event, "flags"), "reserved"))
		item->owner = FRAME_ZERO;
	else if (!strcmp(event->name, "page_ref_mod_unless") && in_our_fault(scan, event))
		item->owner = FRAME_FOUND;
	return true;
}

static const struct { const char *event; enum conform_kind kind; read_event read; } readers[] = {
	{ "inv_start", CONFORM_NOTIFY, read_notify },
	{ "inv_end", CONFORM_NOTIFY, read_notify },
	{ "clear_flush_young", CONFORM_NOTIFY, read_notify },
	{ "clear_young", CONFORM_NOTIFY, read_notify },
	{ "kvm_unmap_hva_range", CONFORM_NOTIFY, read_notify },
	{ "change_pte", CONFORM_NOTIFY, read_change_pte },
	{ "kvm_set_spte_hva", CONFORM_NOTIFY, read_set_spte_hva },
	{ "kvm_tdp_mmu_spte_changed", CONFORM_SPTE, read_spte },
	{ "kvm_mmu_set_spte", CONFORM_SET_SPTE, read_set_spte },
	{ "gup_fast_only_ret", CONFORM_GUP, read_gup_fast },
	{ "gup_unlocked_ret", CONFORM_GUP, read_gup_slow },
	{ "fixup_user_fault_ret", CONFORM_GUP, read_fixup },
	{ "rp_hva_to_pfn", CONFORM_LOOKUP_PROBE, read_lookup },
	{ "rp_faultin", CONFORM_LOOKUP_PROBE, read_lookup },
	{ "kp_kvm_release_page_clean", CONFORM_RELEASE, read_release },
	{ "kp_kvm_release_page_dirty", CONFORM_RELEASE, read_release },
	{ "kp_kvm_release_pfn_clean", CONFORM_RELEASE, read_release },
	{ "kp_kvm_release_pfn_dirty", CONFORM_RELEASE, read_release },
	{ "kp_kvm_set_page_accessed", CONFORM_RELEASE, read_release },
	{ "kp_kvm_set_page_dirty", CONFORM_RELEASE, read_release },
	{ "kp_kvm_set_pfn_accessed", CONFORM_RELEASE, read_release },
	{ "kp_kvm_set_pfn_dirty", CONFORM_RELEASE, read_release },
	{ "page_ref_set", CONFORM_PAGE_REF, read_page_ref },
	{ "page_ref_unfreeze", CONFORM_PAGE_REF, read_page_ref },
	{ "page_ref_mod", CONFORM_PAGE_REF, read_page_ref },
	{ "page_ref_mod_and_test", CONFORM_PAGE_REF, read_page_ref },
	{ "page_ref_mod_unless", CONFORM_PAGE_REF, read_page_ref },
};

void trace_page_free(struct run *run, const struct trace_event *event)
{
	if (is_prefix(event->name, "mm_page_free"))
		frames_gone(&run->frames, field(event, "pfn", 16),
			    (uint64_t)1 << (field(event, "order", 10) & 15));
}

/* Events that say what the following ones are about. */
static void follow_context(struct scan *scan, const struct trace_event *event)
{
	if (!strcmp(event->name, "gup_fast_only")) {
		scan->gup_fast = field(event, "addr", 16);
	} else if (!strcmp(event->name, "gup_unlocked")) {
		scan->gup_slow = field(event, "addr", 16);
	} else if (!strcmp(event->name, "fixup_user_fault")) {
		scan->fixup = field(event, "addr", 16);
		scan->fixup_flags = field(event, "flags", 16);
	} else if (!strcmp(event->name, "handle_mm_fault")) {
		enter_fault(scan, event);
	} else if (!strcmp(event->name, "handle_mm_fault_ret")) {
		leave_fault(scan, event);
	} else {
		trace_page_free(scan->run, event);
	}
}

/* A script can switch off what events.txt of its folder has. */
bool trace_has(const struct recording *recording, const char *prefix)
{
	for (size_t i = 0; i < recording->nr_commands; i++)
		for (size_t n = 0; n < recording->commands[i].nr_events; n++)
			if (is_prefix(recording->commands[i].events[n].name, prefix))
				return true;
	return false;
}

/* The recorder's own: it is the first to make an event. */
int main_thread(const struct run *run)
{
	return run->recording->pid;
}

static bool read_page_fault(struct scan *scan, const struct trace_event *event,
			    struct item *item)
{
	(void)scan;
	item->key = field(event, "address", 16) >> PAGE_SHIFT;
	item->count = field(event, "error_code", 16);
	return true;
}

/*
 * A clock that stood still for so many events ticks a few hundred times a second: of equal times
 * the trace has one CPU's events first, then the other's.
 */
static unsigned order_at(const struct trace_event *events, size_t n, size_t i)
{
	size_t first = i, end = i + 1;

	while (first && events[first - 1].time == events[i].time)
		first--;
	while (end < n && events[end].time == events[i].time)
		end++;
	return end - first > FINE_CLOCK ? events[first].line : events[i].line;
}

struct item *items_of_thread(struct run *run, const struct trace_event *events, size_t n, int pid)
{
	struct scan scan = { .run = run, .moves = moves_find(run) };

	for (size_t i = 0; i < n; i++) {
		const struct trace_event *event = &events[i];
		struct item item = { .event = event->name, .line = event->line,
				     .order = order_at(events, n, i),
				     .frame = { NO_PFN, NO_PFN },
				     .aside = event->pid != main_thread(run) &&
					      !script_starts_thread(run->command) };

		if (pid && event->pid != pid)
			continue;
		follow_context(&scan, event);
		if (pid && !strcmp(event->name, ITEM_FAULT) &&
		    read_page_fault(&scan, event, &item)) {
			item.kind = NR_CONFORM_KINDS;
			arrput(scan.items, item);
		}
		for (size_t k = 0; k < ARRAY_SIZE(readers); k++) {
			if (strcmp(readers[k].event, event->name))
				continue;
			item.kind = readers[k].kind;
			if (readers[k].read(&scan, event, &item))
				arrput(scan.items, item);
		}
	}
	moves_free(&scan.moves);
	return scan.items;
}

struct item *items_recorded(struct run *run)
{
	return items_of_thread(run, run->command->events, run->command->nr_events, 0);
}

static void leave_unmodelled(struct run *run, const struct item *items)
{
	for (size_t i = 0; i < arrlenu(items); i++) {
		struct place place = { .file = run->file.trace, .line = items[i].line };

		if (items[i].kind == CONFORM_PAGE_REF && items[i].owner != FRAME_NEW &&
		    !frames_knows(&run->frames, items[i].frame[0]))
			continue;
		observe_unmodelled(run, items[i].kind, place,
				   say("%s %s", items[i].event, items[i].said.text).text,
				   NULL);
	}
}

/* Clocks of two CPUs are not in step: each thread's events are in order only among themselves. */
static void align_thread(struct run *run, const struct item *recorded, const struct item *model,
			 bool aside)
{
	struct item *ours = NULL, *theirs = NULL;

	for (size_t i = 0; i < arrlenu(recorded); i++)
		if (recorded[i].aside == aside)
			arrput(ours, recorded[i]);
	for (size_t i = 0; i < arrlenu(model); i++)
		if (model[i].aside == aside)
			arrput(theirs, model[i]);
	items_align(run, ours, theirs);
	arrfree(ours);
	arrfree(theirs);
}

/* ksmd has merged before "ksm" parts again, which may get a page that it has freed. */
static int daemon_is_first(const struct run *run)
{
	return run->command->nr_words && !strcmp(run->command->words[0], "ksm");
}

/* The last of its text: a loop's step that the command's end cut in two. */
static void drop_owed(struct item *model, const struct item *owed)
{
	for (size_t i = arrlenu(model); i-- > 0; )
		if (!strcmp(model[i].event, owed->event) && model[i].key == owed->key &&
		    !strcmp(model[i].said.text, owed->said.text)) {
			arrdel(model, i);
			return;
		}
}

void conform_trace(struct run *run)
{
	bool traced = run->recording->has_trace && run->command->traced;
	struct item *recorded = traced ? items_recorded(run) : NULL;
	struct item *model = run->says ? items_model(run) : NULL;

	if (tries_until_alarm(run)) {
		take_input(run, place_of_command(run), "%zu events of faults in vain",
			   (size_t)arrlenu(recorded));
		traced = false;
	}
	if (!run->says)
		leave_unmodelled(run, recorded);
	for (size_t i = 0; model && i < arrlenu(run->owed); i++)
		drop_owed(model, &run->owed[i]);
	for (int i = 0; traced && run->says && !run->scheduled && i < 2; i++)
		align_thread(run, recorded, model, i ^ daemon_is_first(run));
	if (run->says && run->scheduled && run->refs_in_doubt)
		items_compare(run, run->scheduled, model);
	else if (run->says && run->scheduled)
		items_align(run, run->scheduled, model);
	for (size_t i = 0; !traced && i < arrlenu(model); i++) {
		if (model[i].lru)
			lru_note(run, model[i].frame[0], model[i].lru, false);
		if (model[i].kind == NR_CONFORM_KINDS)
			frames_release(&run->frames, model[i].frame[0], model[i].frame[1]);
	}
	arrfree(recorded);
	arrfree(model);
}
