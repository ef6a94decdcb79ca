// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_dat.c: the steps of a page's runs as a trace.dat, for trace-cmd and KernelShark.
 *
 * A task and a CPU of its own for each actor of each run: behind the CPUs that were recorded, first
 * one of the run itself. An event is a line's begin or outcome, a step, or what a step did.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/entry_words.h"
#include "sim/lock_order.h"
#include "sim/report_dat.h"
#include "sim/report_internal.h"

enum model_event {
	BEGIN, STEP, OUTCOME, LOCK_TAKEN, LOCK_RELEASED, NOTIFIER_START, NOTIFIER_END, NOTIFIER,
	PAGE_REF, PAGE_REF_REFUSED, SPTE_SET, SPTE_ZAP, MMU_SET_SPTE, TLB_FILL, TLB_DROP, TLB_FLUSH,
	LOOK_UP, GET_USER_PAGES, FIXUP, RELEASE, CHANGE_PTE, STATISTIC, EXIT_TO_USER, PAGE_FREE,
	LOAD_ROOT, VIOLATION, UNMODELLED, LEFT_OUT, VERDICT, NR_MODEL_EVENTS
};

/* None is called as an event of the kernel: nobody shall take the one for the other. */
static const struct dat_format formats[NR_MODEL_EVENTS] = {
	[BEGIN] = { "pfnsim", "begin", { { "line", DAT_NUMBER }, { "text", DAT_BARE } } },
	[STEP] = { "pfnsim", "step", {
		{ "line", DAT_NUMBER }, { "task", DAT_NUMBER }, { "mmu_seq", DAT_NUMBER },
		{ "in_progress", DAT_NUMBER }, { "step", DAT_TITLE }, { "in", DAT_TEXT } } },
	[OUTCOME] = { "pfnsim", "outcome", {
		{ "line", DAT_NUMBER }, { "error", DAT_SIGNED }, { "outcome", DAT_BARE } } },
	[LOCK_TAKEN] = { "pfnsim", "lock_taken",
			 { { "task", DAT_NUMBER }, { "lock", DAT_TEXT } } },
	[LOCK_RELEASED] = { "pfnsim", "lock_released",
			    { { "task", DAT_NUMBER }, { "lock", DAT_TEXT } } },
	[NOTIFIER_START] = { "pfnsim", "notifier_start", {
		{ "start", DAT_HEX }, { "end", DAT_HEX }, { "event", DAT_NUMBER } } },
	[NOTIFIER_END] = { "pfnsim", "notifier_end",
			   { { "start", DAT_HEX }, { "end", DAT_HEX }, { "event", DAT_NUMBER } } },
	[NOTIFIER] = { "pfnsim", "notifier",
		       { { "start", DAT_HEX }, { "end", DAT_HEX }, { "by", DAT_TEXT } } },
	[PAGE_REF] = { "pfnsim", "page_ref", {
		{ "pfn", DAT_HEX }, { "count", DAT_SIGNED }, { "change", DAT_SIGNED },
		{ "mapcount", DAT_SIGNED }, { "holder", DAT_TEXT }, { "by", DAT_TEXT } } },
	[PAGE_REF_REFUSED] = { "pfnsim", "page_ref_refused", {
		{ "pfn", DAT_HEX }, { "count", DAT_SIGNED }, { "by", DAT_TEXT } } },
	[SPTE_SET] = { "pfnsim", "spte_set", {
		{ "gfn", DAT_HEX }, { "level", DAT_NUMBER }, { "old", DAT_HEX }, { "new", DAT_HEX },
		{ "is", DAT_TEXT } } },
	[SPTE_ZAP] = { "pfnsim", "spte_zap", {
		{ "gfn", DAT_HEX }, { "level", DAT_NUMBER }, { "old", DAT_HEX }, { "new", DAT_HEX },
		{ "is", DAT_TEXT } } },
	[MMU_SET_SPTE] = { "pfnsim", "mmu_set_spte", {
		{ "gfn", DAT_HEX }, { "level", DAT_NUMBER }, { "new", DAT_HEX },
		{ "is", DAT_TEXT } } },
	[TLB_FILL] = { "pfnsim", "tlb_fill", {
		{ "vcpu", DAT_NUMBER }, { "gfn", DAT_HEX }, { "pfn", DAT_HEX },
		{ "level", DAT_NUMBER }, { "writable", DAT_NUMBER } } },
	[TLB_DROP] = { "pfnsim", "tlb_drop", {
		{ "vcpu", DAT_NUMBER }, { "gfn", DAT_HEX }, { "pfn", DAT_HEX },
		{ "level", DAT_NUMBER }, { "writable", DAT_NUMBER } } },
	[TLB_FLUSH] = { "pfnsim", "tlb_flush", { { "by", DAT_TEXT } } },
	[LOOK_UP] = { "pfnsim", "look_up", {
		{ "hva", DAT_HEX }, { "pfn", DAT_HEX }, { "flags", DAT_HEX },
		{ "writable", DAT_NUMBER }, { "refcounted", DAT_NUMBER }, { "by", DAT_TEXT } } },
	[GET_USER_PAGES] = { "pfnsim", "get_user_pages", {
		{ "hva", DAT_HEX }, { "result", DAT_SIGNED }, { "by", DAT_TEXT } } },
	[FIXUP] = { "pfnsim", "fixup", {
		{ "hva", DAT_HEX }, { "flags", DAT_HEX }, { "result", DAT_SIGNED },
		{ "by", DAT_TEXT } } },
	[RELEASE] = { "pfnsim", "release", { { "pfn", DAT_HEX }, { "by", DAT_TEXT } } },
	[CHANGE_PTE] = { "pfnsim", "changed_pte", { { "hva", DAT_HEX }, { "pte", DAT_HEX } } },
	[STATISTIC] = { "pfnsim", "statistic", { { "change", DAT_SIGNED }, { "of", DAT_TEXT } } },
	[EXIT_TO_USER] = { "pfnsim", "exit", {
		{ "gpa", DAT_HEX }, { "value", DAT_HEX }, { "reason", DAT_TEXT } } },
	[PAGE_FREE] = { "pfnsim", "page_free", { { "pfn", DAT_HEX }, { "order", DAT_NUMBER } } },
	[LOAD_ROOT] = { "pfnsim", "load_root", { { "pfn", DAT_HEX } } },
	[VIOLATION] = { "pfnsim", "violation", {
		{ "law", DAT_TITLE }, { "by", DAT_TEXT }, { "found", DAT_TEXT } } },
	[UNMODELLED] = { "pfnsim", "unmodelled", {
		{ "line", DAT_NUMBER }, { "text", DAT_BARE }, { "why", DAT_TEXT } } },
	[LEFT_OUT] = { "pfnsim", "left_out", { { "steps", DAT_NUMBER } } },
	[VERDICT] = { "pfnsim", "verdict", { { "verdict", DAT_BARE } } },
};

struct teller {
	struct dat *dat;
	const struct lanes *lanes;
	unsigned run, first_cpu;	/* .first_cpu: of the run itself; then its lanes' */
	unsigned first_id;		/* of formats[] */
	int first_pid;
	unsigned lane;			/* whose turn it is; the run's own: 0 */
	u64 time, limit;		/* of the next event; where the next moment begins */
	u8 locks[MAX_TASKS];		/* that each task held after its last step */
};

#define NUMBER(x)	{ .number = (u64)(x) }
#define TEXT(x)		{ .text = (x) }
#define TELL(teller, event, ...) \
	tell(teller, event, (const union dat_value[]){ __VA_ARGS__ })

/* What one moment has happen is a nanosecond apart, as long as there is room. */
static void tell(struct teller *t, enum model_event event, const union dat_value *values)
{
	dat_event(t->dat, t->first_id + event, t->time, t->first_cpu + t->lane,
		  t->first_pid + (int)t->lane, values);
	if (t->time + 1 < t->limit)
		t->time++;
}

static const struct replay_run *run_of(const struct teller *t)
{
	return t->lanes->run[t->run];
}

/* ---- what a step did ---- */

static void tell_spte(struct teller *t, const struct note *n)
{
	char words[ENTRY_WORDS_SIZE];
	enum entry_kind kind = spte_words(&run_of(t)->vm->m, n->new, n->level, words);
	enum model_event event = kind == ENTRY_NONE || kind == ENTRY_FROZEN ? SPTE_ZAP : SPTE_SET;
	const char *is = kind == ENTRY_LEAF || kind == ENTRY_TABLE ? words : entry_kind_word(kind);

	if (n->kind == NOTE_SET_SPTE)
		TELL(t, MMU_SET_SPTE, NUMBER(n->gfn), NUMBER(n->level), NUMBER(n->new), TEXT(is));
	else
		TELL(t, event, NUMBER(n->gfn), NUMBER(n->level), NUMBER(n->old), NUMBER(n->new),
		     TEXT(is));
}

static void tell_ref(struct teller *t, const struct note *n)
{
	if (!n->ok && !strcmp(n->name, "page_ref_mod_unless"))
		TELL(t, PAGE_REF_REFUSED, NUMBER(n->pfn), NUMBER((s64)n->count), TEXT(n->name));
	else
		TELL(t, PAGE_REF, NUMBER(n->pfn), NUMBER((s64)n->count), NUMBER(n->value),
		     NUMBER((s64)n->mapcount), TEXT(holder_word(n->holder)), TEXT(n->name));
}

static void tell_notifier(struct teller *t, const struct note *n)
{
	bool starts = !strcmp(n->name, "inv_start"), ends = !strcmp(n->name, "inv_end");

	if (starts || ends)
		TELL(t, starts ? NOTIFIER_START : NOTIFIER_END, NUMBER(n->hva), NUMBER(n->end),
		     NUMBER(n->value));
	else
		TELL(t, NOTIFIER, NUMBER(n->hva), NUMBER(n->end), TEXT(n->name));
}

static void tell_note(struct teller *t, const struct note *n)
{
	switch ((enum note_kind)n->kind) {
	case NOTE_REF:
		tell_ref(t, n);
		break;
	case NOTE_SPTE:
	case NOTE_SET_SPTE:
		tell_spte(t, n);
		break;
	case NOTE_NOTIFY:
		tell_notifier(t, n);
		break;
	case NOTE_TLB_FILL:
	case NOTE_TLB_DROP:
		TELL(t, n->kind == NOTE_TLB_FILL ? TLB_FILL : TLB_DROP, NUMBER(n->value),
		     NUMBER(n->gfn), NUMBER(n->pfn), NUMBER(n->level), NUMBER(n->ok));
		break;
	case NOTE_FLUSH:
		TELL(t, TLB_FLUSH, TEXT(n->name));
		break;
	case NOTE_FOLLOW:
		TELL(t, LOOK_UP, NUMBER(n->hva), NUMBER(n->pfn), NUMBER(n->flags), NUMBER(n->ok),
		     NUMBER(n->has_page), TEXT(n->name));
		break;
	case NOTE_GUP:
		TELL(t, GET_USER_PAGES, NUMBER(n->hva), NUMBER(n->value), TEXT(n->name));
		break;
	case NOTE_FIXUP:
		TELL(t, FIXUP, NUMBER(n->hva), NUMBER(n->flags), NUMBER(n->value), TEXT(n->name));
		break;
	case NOTE_RELEASE:
		TELL(t, RELEASE, NUMBER(n->pfn), TEXT(n->name));
		break;
	case NOTE_CHANGE_PTE:
		TELL(t, CHANGE_PTE, NUMBER(n->hva), NUMBER(n->new));
		break;
	case NOTE_STAT:
		TELL(t, STATISTIC, NUMBER(n->value), TEXT(n->name));
		break;
	case NOTE_EXIT:
		TELL(t, EXIT_TO_USER, NUMBER(n->hva), NUMBER(n->value), TEXT(n->name));
		break;
	case NOTE_FREE:
		TELL(t, PAGE_FREE, NUMBER(n->pfn), NUMBER(n->level));
		break;
	case NOTE_ROOT:
		TELL(t, LOAD_ROOT, NUMBER(n->pfn));
		break;
	}
}

static void tell_locks(struct teller *t, unsigned task, u8 changed, enum model_event event)
{
	for (unsigned class = 0; class < NR_LOCK_CLASSES; class++)
		if (changed >> class & 1)
			TELL(t, event, NUMBER(task), TEXT(lock_class_names[class]));
}

static void tell_violation(struct teller *t, const struct violation *v)
{
	char *found;
	size_t size;
	FILE *out = open_memstream(&found, &size);

	if (!out)
		abort();
	report_found(v, out);
	fclose(out);
	TELL(t, VIOLATION, TEXT(v->law->id), TEXT(blame_name(v->blame)),
	     TEXT(found + (*found == ' ')));
	free(found);
}

static void tell_step(struct teller *t, const struct replay_line *line, size_t row)
{
	const struct run_step *step = lanes_step(t->lanes, row, t->run);
	const struct vm *vm = run_of(t)->vm;
	size_t first = 0, nr = lanes_notes(t->lanes, row, t->run, &first);
	u8 before = t->locks[step->task];
	char chain[400];

	vm_chain(vm, step->frame, step->depth, chain, sizeof(chain));
	TELL(t, STEP, NUMBER(line->line), NUMBER(step->task), NUMBER(step->mmu_seq),
	     NUMBER(step->in_progress), TEXT(step->step.name), TEXT(chain));
	tell_locks(t, step->task, step->locks & ~before, LOCK_TAKEN);
	for (size_t i = 0; i < nr; i++)
		tell_note(t, &vm->log->notes[first + i].note);
	tell_locks(t, step->task, before & ~step->locks, LOCK_RELEASED);
	t->locks[step->task] = step->locks;
	nr = lanes_violations(t->lanes, row, t->run, &first);
	for (size_t i = 0; i < nr; i++)
		tell_violation(t, &vm->violations[first + i].v);
}

/* ---- lines ---- */

static void tell_outcome(struct teller *t, size_t line)
{
	const struct outcome *o = &run_of(t)->outcome[line];
	const struct replay_line *l = &t->lanes->replay->line[line];
	char text[200], all[600];

	snprintf(all, sizeof(all), "%s", report_outcome(o, text, sizeof(text)));
	if (o->pfn != NO_PFN && o->has_refs)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " pfn=0x%llx",
			 (unsigned long long)o->pfn);
	if (run_of(t)->versus[line] == VERSUS_CHANGED)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " [recorded: %s]",
			 l->recorded);
	TELL(t, OUTCOME, NUMBER(l->line), NUMBER((s64)o->error), TEXT(all));
}

/* A line that took no step: as the run's own. */
static void tell_line(struct teller *t, const struct dat_moment *moment)
{
	const struct replay_line *line = &t->lanes->replay->line[moment->line];

	t->lane = 0;
	if (line->unmodelled) {
		TELL(t, UNMODELLED, NUMBER(line->line), TEXT(line->text),
		     TEXT(line->why ? line->why : ""));
		return;
	}
	TELL(t, BEGIN, NUMBER(line->line), TEXT(line->text));
	tell_outcome(t, moment->line);
}

static bool has_step(const struct teller *t, const struct dat_moment *moment)
{
	return moment->row != NO_STEP && lanes_step(t->lanes, moment->row, t->run);
}

/* Is there a step of the same line, this way? */
static bool is_alone(const struct teller *t, const struct dat_moment *all, size_t at, int way)
{
	size_t nr = arrlenu(all);

	for (size_t i = at + way; i < nr && all[i].line == all[at].line; i += way)
		if (has_step(t, &all[i]))
			return false;
	return true;
}

static bool has_no_step(const struct teller *t, const struct dat_moment *all, size_t at)
{
	bool is_first = !at || all[at - 1].line != all[at].line;

	return is_first && !has_step(t, &all[at]) && is_alone(t, all, at, 1);
}

static void tell_moment(struct teller *t, const struct dat_moment *all, size_t at)
{
	const struct replay_line *line = &t->lanes->replay->line[all[at].line];

	t->time = all[at].time;
	t->limit = at + 1 < arrlenu(all) ? all[at + 1].time : t->time + 1000;
	if (has_no_step(t, all, at)) {
		tell_line(t, &all[at]);
		return;
	}
	if (!has_step(t, &all[at]))
		return;
	t->lane = 1 + lane_of(t->lanes, lanes_step(t->lanes, all[at].row, t->run));
	if (is_alone(t, all, at, -1))
		TELL(t, BEGIN, NUMBER(line->line), TEXT(line->text));
	tell_step(t, line, all[at].row);
	if (is_alone(t, all, at, 1))
		tell_outcome(t, all[at].line);
}

/* ---- all ---- */

static const char *name_of(struct teller *t, const char *lane)
{
	const char *semantics = run_of(t)->patch->name;
	size_t size = strlen(semantics) + strlen(lane) + 2;
	char *name = arena_alloc(&t->dat->arena, size);

	snprintf(name, size, "%s%s%s", semantics, *lane ? "/" : "", lane);
	return name;
}

static void tell_run(struct teller *t, const struct dat_moment *moments)
{
	char text[600];

	dat_task(t->dat, t->first_pid, name_of(t, ""));
	for (unsigned lane = 0; lane < t->lanes->nr_lanes; lane++)
		dat_task(t->dat, t->first_pid + 1 + (int)lane,
			 name_of(t, t->lanes->lane[lane].name));
	for (size_t i = 0; i < arrlenu(moments); i++)
		tell_moment(t, moments, i);
	t->lane = 0;
	if (run_of(t)->vm->log->nr_dropped)
		TELL(t, LEFT_OUT, NUMBER(run_of(t)->vm->log->nr_dropped));
	report_verdict(run_of(t), text, sizeof(text));
	TELL(t, VERDICT, TEXT(text));
}

/* Behind every task that was recorded. */
static int first_pid(const struct dat *dat)
{
	return dat->last_pid < 1 << 30 ? (dat->last_pid / 1000 + 1) * 1000 : 1 << 30;
}

bool report_page_dat(const struct report_page *page, FILE *out)
{
	struct dat dat = { .nr_cpus = 0 };
	struct dat_moment *moments;
	struct lanes lanes;
	unsigned cpus, first_id;
	bool good;
	int pid;

	lanes_make(&lanes, page->replay, page->a, page->b, LANES_ALL);
	moments = dat_moments(&lanes);
	dat_put_recorded(&dat, page->replay);
	cpus = dat.nr_cpus;
	pid = first_pid(&dat);
	first_id = arrlenu(dat.formats);
	for (unsigned i = 0; i < NR_MODEL_EVENTS; i++)
		dat_format(&dat, &formats[i]);
	for (unsigned run = 0; run < lanes.nr_runs; run++) {
		struct teller t = { .dat = &dat, .lanes = &lanes, .run = run, .first_id = first_id,
				    .first_cpu = cpus + run * (lanes.nr_lanes + 1),
				    .first_pid = pid + (int)run * 100 };

		tell_run(&t, moments);
	}
	good = dat_write(&dat, out);
	arrfree(moments);
	lanes_free(&lanes);
	dat_free(&dat);
	return good;
}
