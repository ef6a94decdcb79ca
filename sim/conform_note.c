/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_note.c: the model's notes as items: what this kernel's events and probes would show.
 *
 * Which functions a probe can see depends on the compiler: one that is inlined is not seen.
 */
#include "sim/conform_internal.h"

#include <string.h>

#include <stb/stb_ds.h>

#include "model/semantics.h"

enum lookup_line {
	LINE_OLD,	/* hva_to_pfn(hva, atomic, ..., write, writable) */
	LINE_FOLLOW,	/* hva_to_pfn(struct kvm_follow_pfn *) */
	LINE_FAULTIN,	/* __kvm_faultin_pfn() */
};

/*
 * The builds that were recorded, by the semantics they stand for: which helpers are functions of
 * their own when x86's MMU calls them; when the lab's look-ups do; in kvm_vcpu_unmap().
 */
static const struct build {
	const char *semantics;
	enum lookup_line line;
	const char *seen, *seen_lookup, *seen_unmap;
} builds[] = {
	{ "v6.1", LINE_OLD, "kvm_release_pfn_clean kvm_set_pfn_dirty kvm_set_pfn_accessed",
	  "kvm_release_pfn_clean", "" },
	{ "v6.8", LINE_OLD, "kvm_release_pfn_clean kvm_release_page_clean kvm_release_page_dirty "
	  "kvm_set_pfn_dirty kvm_set_pfn_accessed", "kvm_release_pfn_clean kvm_release_page_clean",
	  "kvm_release_page_clean kvm_release_page_dirty" },
	{ "v6.12", LINE_OLD, "kvm_release_pfn_clean kvm_set_pfn_dirty kvm_set_pfn_accessed",
	  "kvm_release_pfn_clean", "" },
	{ "v11", LINE_FOLLOW, "kvm_release_pfn_clean kvm_set_page_dirty kvm_set_page_accessed",
	  "kvm_release_pfn_clean", "kvm_set_page_dirty" },
	{ "v11-unsafe", LINE_FOLLOW,
	  "kvm_release_pfn_clean kvm_set_page_dirty kvm_set_page_accessed",
	  "kvm_release_pfn_clean", "kvm_set_page_dirty" },
	{ "v11-on-v6.8", LINE_FOLLOW,
	  "kvm_release_pfn_clean kvm_set_page_dirty kvm_set_page_accessed",
	  "kvm_release_pfn_clean", "kvm_set_page_dirty" },
	{ "v7.2", LINE_FAULTIN, "kvm_release_page_clean kvm_release_page_dirty",
	  "kvm_release_page_clean", "" },
};

/* What events.txt calls an event that is compared; bare: there without any events.txt, too. */
static const struct { const char *event, *probe; bool bare; } events[] = {
	{ "inv_start", "lab/inv_start", false },
	{ "inv_end", "lab/inv_end", false },
	{ "clear_flush_young", "lab/clear_flush_young", false },
	{ "clear_young", "lab/clear_young", false },
	{ "kvm_unmap_hva_range", "kvm/kvm_unmap_hva_range", true },
	{ "change_pte", "lab/change_pte", false },
	{ "kvm_set_spte_hva", "kvm/kvm_set_spte_hva", true },
	{ "kvm_tdp_mmu_spte_changed", "kvmmmu", true },
	{ "kvm_mmu_set_spte", "kvmmmu", true },
	{ "gup_fast_only_ret", "lab/gup_fast_only_ret", false },
	{ "gup_unlocked_ret", "lab/gup_unlocked_ret", false },
	{ "fixup_user_fault_ret", "lab/fixup_user_fault_ret", false },
	{ "page_ref_set", "page_ref", false },
	{ "page_ref_unfreeze", "page_ref", false },
	{ "page_ref_mod", "page_ref", false },
	{ "page_ref_mod_and_test", "page_ref", false },
	{ "page_ref_mod_unless", "page_ref", false },
};

static const struct build *build_of(const struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
		if (!strcmp(builds[i].semantics, run->out->semantics))
			return &builds[i];
	return NULL;
}

static bool has_probe(const struct recording *recording, const char *name)
{
	for (size_t i = 0; i < recording->nr_probes; i++)
		if (recording->probes[i].present && !strcmp(recording->probes[i].name, name))
			return true;
	return false;
}

static bool helper_is_seen(const struct run *run, const char *name, enum path_id path)
{
	const struct build *build = build_of(run);
	size_t length = strlen(name);
	bool calls_api = path == PATH_LOOKUP || path == PATH_GPC;
	const char *list = !build ? "" : calls_api ? build->seen_lookup :
			   path == PATH_UNMAP_MAP ? build->seen_unmap : build->seen;

	for (const char *at = list; (at = strstr(at, name)); at += length)
		if (at[length] == ' ' || !at[length])
			return true;
	return false;
}

static bool probe_is_visible(const struct run *run, const char *event)
{
	const struct recording *recording = run->recording;
	const struct build *build = build_of(run);

	if (!strcmp(event, "rp_faultin"))
		return build && build->line == LINE_FAULTIN;
	if (!strcmp(event, "rp_hva_to_pfn"))
		return build && build->line != LINE_FAULTIN;
	if (!strncmp(event, "page_ref_", 9) && !run->refs_traced)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (!strcmp(events[i].event, event))
			return recording->nr_probes ? has_probe(recording, events[i].probe) :
						      events[i].bare;
	return false;
}

/* ---- one note ---- */

static void add(struct run *run, struct item **items, struct item item)
{
	item.visible = probe_is_visible(run, item.event);
	if (item.visible || item.lru)
		arrput(*items, item);
}

static void add_notify(struct run *run, struct item **items, const struct note *note)
{
	struct item item = { .kind = CONFORM_NOTIFY, .event = note->name,
			     .frame = { NO_PFN, NO_PFN } };
	struct said range = say("start=0x%llx end=0x%llx", (unsigned long long)note->hva,
				(unsigned long long)note->end);

	item.said = say("%s event=%lld", range.text, (long long)note->value);
	if (strstr(note->name, "_young"))
		item.said = range;
	add(run, items, item);
	if (strcmp(note->name, "inv_start"))
		return;
	item.event = "kvm_unmap_hva_range";
	item.said = range;
	add(run, items, item);
}

static void add_change_pte(struct run *run, struct item **items, const struct note *note)
{
	struct item item = { .kind = CONFORM_NOTIFY, .event = "change_pte",
			     .frame = { pt_pfn(note->new), NO_PFN } };

	item.said = say("addr=0x%llx pte=0x%llx", (unsigned long long)note->hva,
			(unsigned long long)(note->new & PTE_COMPARED));
	add(run, items, item);
	item.event = "kvm_set_spte_hva";
	item.frame[0] = NO_PFN;
	item.said = say("start=0x%llx", (unsigned long long)note->hva);
	add(run, items, item);
}

static void add_spte(struct run *run, struct item **items, const struct note *note)
{
	const struct spte_format *format = spte_format_of(&run->vm->m);
	struct item item = { .kind = CONFORM_SPTE, .event = "kvm_tdp_mmu_spte_changed",
			     .key = note->gfn << 4 | note->level };
	uint64_t old = spte_without_frame(run, note->old, &item.frame[0]);
	uint64_t new = spte_without_frame(run, note->new, &item.frame[1]);

	item.frees_old_table = item.frame[0] != NO_PFN && item.frame[0] != item.frame[1] &&
			       !spte_is_leaf(format, note->old, note->level);
	item.said = say("gfn=0x%llx level=%u old=0x%llx new=0x%llx", (unsigned long long)note->gfn,
			note->level, (unsigned long long)old, (unsigned long long)new);
	add(run, items, item);
}

static void add_set_spte(struct run *run, struct item **items, const struct note *note)
{
	struct item item = { .kind = CONFORM_SET_SPTE, .event = "kvm_mmu_set_spte",
			     .key = note->gfn << 4 | note->level, .frame = { NO_PFN, NO_PFN } };
	uint64_t new = spte_without_frame(run, note->new, &item.frame[0]);

	item.said = say("gfn=0x%llx level=%u spte=0x%llx", (unsigned long long)note->gfn,
			note->level, (unsigned long long)new);
	add(run, items, item);
}

static void add_gup(struct run *run, struct item **items, const struct note *note)
{
	struct item item = { .kind = CONFORM_GUP, .frame = { NO_PFN, NO_PFN } };

	if (note->kind == NOTE_FIXUP)
		item.event = "fixup_user_fault_ret";
	else if (!strncmp(note->name, "pin_", 4))
		return;		/* no probe */
	else if (!strcmp(note->name, "get_user_pages_fast_only"))
		item.event = "gup_fast_only_ret";
	else
		item.event = "gup_unlocked_ret";
	item.said = say("addr=0x%llx", (unsigned long long)note->hva);
	if (note->kind == NOTE_FIXUP)
		say_more(&item.said, " flags=0x%x", note->flags);
	say_more(&item.said, " ret=%lld", (long long)note->value);
	add(run, items, item);
}

static void say_counts(struct run *run, struct item *item, const struct note *note)
{
	item->frame[0] = note->pfn;
	if (!page_is(&run->vm->m, note->pfn, PG_VALID)) {
		say_more(&item->said, " nopage");
		return;
	}
	say_more(&item->said, "%c", COUNT_MARK);
	item->counts = COUNT_PAGE;
	item->count = note->count;
	item->headcount = note->headcount;
	item->mapcount = note->mapcount;
}

static void add_follow(struct run *run, struct item **items, const struct note *note)
{
	const struct build *build = build_of(run);
	enum lookup_line line = build ? build->line : LINE_OLD;
	bool failed = is_error_noslot_pfn(note->pfn);
	struct item item = { .kind = CONFORM_LOOKUP_PROBE, .frame = { NO_PFN, NO_PFN },
			     .event = line == LINE_FAULTIN ? "rp_faultin" : "rp_hva_to_pfn" };

	if (line == LINE_FAULTIN)
		item.said = say("gfn=0x%llx foll=0x%x", (unsigned long long)note->gfn, note->flags);
	else if (line == LINE_OLD)
		item.said = say("hva=0x%llx write=%d", (unsigned long long)note->hva,
				note->flags & FOLL_WRITE);
	else
		item.said = say("hva=0x%llx flags=0x%x atomic=%d trymw=%d guarded=%d allow=%d",
				(unsigned long long)note->hva, note->flags,
				!!(note->knobs & KNOB_ATOMIC),
				!!(note->knobs & KNOB_TRY_MAP_WRITABLE),
				!!(note->knobs & KNOB_GUARDED), !!(note->knobs & KNOB_NON_REF));
	if (failed)
		say_more(&item.said, " = %s", error_pfn_name(note->pfn));
	if (line == LINE_OLD && !failed)
		say_more(&item.said, " writable=%d",
			 note->knobs & KNOB_TRY_MAP_WRITABLE ? note->ok : -1);
	else if (line == LINE_FOLLOW || !failed)
		say_more(&item.said, " writable=%d refcounted_page=%s", note->ok,
			 note->has_page ? "yes" : "NULL");
	if (!failed)
		say_counts(run, &item, note);
	add(run, items, item);
}

/* What the compiler made of a helper depends on its caller's file; a notifier is the MMU's. */
static enum path_id caller_of(const struct log_note *entry)
{
	if (entry->depth && entry->frame[entry->depth - 1].path == PATH_NOTIFY_START)
		return PATH_NOTIFY_START;
	return entry->frame[entry->frame[0].path == PATH_NESTED].path;
}

static void add_release(struct run *run, struct item **items, const struct log_note *entry)
{
	const struct note *note = &entry->note;
	struct said event = say("kp_%s", note->name);
	struct item item = { .kind = CONFORM_RELEASE, .frame = { NO_PFN, NO_PFN } };

	item.event = arena_strndup(&run->out->arena, event.text, strlen(event.text));
	if (note->pfn == NO_PFN) {
		item.said = say("NULL");
	} else if (is_error_noslot_pfn(note->pfn)) {
		item.said = say("%s", error_pfn_name(note->pfn));
	} else {
		item.said = say("%s", "");
		say_counts(run, &item, note);
	}
	item.visible = helper_is_seen(run, note->name, caller_of(entry));
	if (item.visible)
		arrput(*items, item);
}

static void add_page_ref(struct run *run, struct item **items, const struct note *note)
{
	struct item item = { .kind = CONFORM_PAGE_REF, .event = note->name, .key = note->value,
			     .frame = { note->pfn, NO_PFN }, .count = note->count,
			     .counts = COUNT_ONE };

	item.said = say("%c val=%lld", COUNT_MARK, (long long)note->value);
	if (!strcmp(note->name, "page_ref_mod_and_test")) {
		item.counts = COUNT_AND_RET;
		item.said = say("%c", COUNT_MARK);
	} else if (!strcmp(note->name, "page_ref_mod_unless")) {
		say_more(&item.said, " ret=%d", note->ok);
	}
	if (note->holder == HOLD_LRU)
		item.lru = note->value > 0 ? 1 : -1;
	if (run->main == EVENT_COMPACT && !strcmp(note->name, "page_ref_set"))
		arrput(*items, item);	/* invisible: when the scanner takes free pages is input */
	else
		add(run, items, item);
}

static void add_free(struct item **items, const struct note *note)
{
	struct item item = { .kind = NR_CONFORM_KINDS,
			     .frame = { note->pfn, (uint64_t)1 << note->level } };

	arrput(*items, item);
}

/* Of pages whose every reference is traced, the counts are known from the first item on. */
static void find_seen_before(struct run *run, struct item *items)
{
	struct { pfn_t key; u8 value; } *seen = NULL;

	for (size_t i = 0; i < arrlenu(items) && probe_is_visible(run, "page_ref_mod"); i++) {
		if (items[i].counts == COUNT_NONE)
			continue;
		items[i].seen_before = hmgeti(seen, items[i].frame[0]) >= 0;
		hmput(seen, items[i].frame[0], 1);
	}
	hmfree(seen);
}

void items_of_note(struct run *run, const struct log_note *entry, struct item **items)
{
	const struct note *note = &entry->note;

	switch ((enum note_kind)note->kind) {
	case NOTE_REF:
		add_page_ref(run, items, note);
		break;
	case NOTE_GUP:
	case NOTE_FIXUP:
		add_gup(run, items, note);
		break;
	case NOTE_FOLLOW:
		add_follow(run, items, note);
		break;
	case NOTE_SPTE:
		add_spte(run, items, note);
		break;
	case NOTE_SET_SPTE:
		add_set_spte(run, items, note);
		break;
	case NOTE_RELEASE:
		add_release(run, items, entry);
		break;
	case NOTE_NOTIFY:
		add_notify(run, items, note);
		break;
	case NOTE_CHANGE_PTE:
		add_change_pte(run, items, note);
		break;
	case NOTE_FREE:
		add_free(items, note);
		break;
	case NOTE_FLUSH:	/* input, like remote_tlb_flush */
	case NOTE_STAT:		/* conform_facts.c */
	case NOTE_EXIT:		/* conform_answer.c */
	case NOTE_ROOT:		/* conform.c */
	case NOTE_TLB_FILL:
	case NOTE_TLB_DROP:
		break;
	}
}

/* Of the first that is no daemon's: whose command it is */
static unsigned task_of_command(const struct run *run)
{
	for (size_t i = 0; i < arrlenu(run->notes); i++)
		if (run->notes[i].task != DAEMON_TASK)
			return run->notes[i].task;
	return DAEMON_TASK;
}

static bool is_aside(const struct run *run, const struct log_note *entry, const struct item *item)
{
	/* "join" waits for the other thread: what happens meanwhile is that one's */
	bool joins = run->command->nr_words && !strcmp(run->command->words[0], "join");

	/* a child has no VM: who is notified is the recorder, to whom NUMA balancing has come */
	if (event_is_of_child(run->main) && entry->task != DAEMON_TASK)
		return item->kind != CONFORM_NOTIFY && item->kind != CONFORM_SPTE &&
		       item->kind != CONFORM_RELEASE;
	return joins || entry->task == DAEMON_TASK || entry->task != task_of_command(run);
}

struct item *items_model(struct run *run)
{
	bool is_ksm = run->command->nr_words && !strcmp(run->command->words[0], "ksm");
	struct item *items = NULL;

	for (size_t i = 0; i < arrlenu(run->notes); i++) {
		size_t first = arrlenu(items);

		if (run->notes[i].note.kind == NOTE_REF && run->notes[i].task == DAEMON_TASK &&
		    is_ksm)	/* input */
			continue;
		items_of_note(run, &run->notes[i], &items);
		/* without events.txt tracing followed the recorder alone, probes did not */
		while (run->notes[i].task == DAEMON_TASK && !run->recording->nr_probes &&
		       arrlenu(items) > first && arrlast(items).event &&
		       !strncmp(arrlast(items).event, "kvm_", 4))
			(void)arrpop(items);
		for (; first < arrlenu(items); first++)
			items[first].aside = is_aside(run, &run->notes[i], &items[first]);
	}
	find_seen_before(run, items);
	return items;
}
