/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "sim/expect.h"
#include "sim/report_explore.h"

static const char *const words[] = {
	[JUDGED_UNKNOWN] = "?", [JUDGED_ABSENT] = "-", [JUDGED_WORKS] = "W", [JUDGED_ERROR] = "E",
	[JUDGED_SPURIOUS] = "Es", [JUDGED_VIOLATION] = "V",
};

const char *judged_word(enum judged judged)
{
	return words[judged];
}

bool judged_find(const char *word, enum judged *judged)
{
	for (size_t i = JUDGED_WORKS; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], word)) {
			*judged = i;
			return true;
		}
	return false;
}

/* ---- who was refused ---- */

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}

/* Not over yet, nothing was left to do, or this version has no such caller. */
static const char *const unfinished[] = {
	"paused", "blocked", "finished", "retry", "eagain", "unreachable", "livelock", "enosys",
	NULL
};

static const char *const went_well[] = {
	"ok", "mapped", "spurious", "emulate", "eventfd", "fast_mmio", "apic", NULL
};

static bool is_of_guest(const struct event *e)
{
	return e->id == EVENT_READ || e->id == EVENT_WRITE || e->id == EVENT_RMW ||
	       e->id == EVENT_EXEC || e->id == EVENT_STAGE2;
}

/* KVM's own callers; who finds a pfncache invalid refreshes it. */
static bool is_of_kvm(const struct event *e)
{
	switch (e->id) {
	case EVENT_MAP:
	case EVENT_LOOKUP:
	case EVENT_PREFETCH:
	case EVENT_PREFAULT:
	case EVENT_KVM_READ:
	case EVENT_KVM_WRITE:
	case EVENT_HVA_CACHE:
	case EVENT_HVA_CACHE_READ:
	case EVENT_HVA_CACHE_WRITE:
	case EVENT_STEAL_TIME:
	case EVENT_GPC:
	case EVENT_VMSAVE:
		return true;
	default:
		return false;
	}
}

static bool writes(const struct event *e)
{
	return e->id == EVENT_WRITE || e->id == EVENT_RMW || (e->id == EVENT_STAGE2 && e->write);
}

/* The memslot that has @gpa when the event at place @at begins, as the trace is written. */
static const struct event *slot_of(const struct trace *trace, size_t at, gpa_t gpa)
{
	const struct event *slot = NULL;

	for (size_t i = 0; i < at; i++) {
		const struct event *e = &trace->events[i];

		if (e->id == EVENT_MEMSLOT && gpa - e->gpa < e->size)
			slot = e;
		else if (e->id == EVENT_MEMSLOT_DELETE && slot && slot->slot == e->slot)
			slot = NULL;
	}
	return slot;
}

static bool deletes_slots(const struct trace *trace)
{
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (trace->events[i].id == EVENT_MEMSLOT_DELETE)
			return true;
	return false;
}

/* Memory is there, and the guest is told that it is a device's: an exit instead of an error. */
static bool is_exit_in_vain(const struct trace *trace, size_t at, gpa_t gpa)
{
	const struct event *e = &trace->events[at], *slot = slot_of(trace, at, gpa);

	if (!slot || (trace->nr_threads && deletes_slots(trace)))
		return false;
	return !(slot->flags & KVM_MEM_READONLY) || !writes(e);
}

static bool is_refused(const struct trace *trace, size_t at, gpa_t gpa, const char *word)
{
	const struct event *e = &trace->events[at];

	if ((!is_of_guest(e) && !is_of_kvm(e)) || is_one_of(word, unfinished))
		return false;
	if (!strcmp(word, "mmio") || !strcmp(word, "noslot"))
		return is_exit_in_vain(trace, at, gpa);
	return !is_one_of(word, went_well);
}

/* What a RESUME goes on with, or the event itself. */
static size_t begun_at(const struct trace *trace, size_t at)
{
	const struct event *e = &trace->events[at];

	for (size_t i = 0; e->id == EVENT_RESUME && i < at; i++)
		if (trace->events[i].label && !strcmp(trace->events[i].label, e->name))
			return i;
	return at;
}

static void tell_event(const struct event *e, struct judgement *out)
{
	if (e->label)
		snprintf(out->at, sizeof(out->at), "at %.36s", e->label);
	else
		snprintf(out->at, sizeof(out->at), "line %u", e->line);
}

/* ---- the VMM in the guest's place ---- */

/* The same access by the address that the memslot has for it. False: no memslot has it. */
static bool take_guests_place(const struct trace *trace, size_t at, gpa_t gpa, struct event *e)
{
	const struct event *slot = slot_of(trace, at, gpa);

	*e = trace->events[at];
	if (!slot)
		return false;
	e->hva = slot->hva + (gpa - slot->gpa);
	e->id = writes(e) ? EVENT_HOST_WRITE : EVENT_HOST_READ;
	e->until = NULL;
	return true;
}

/* Once more, up to the end of the guest's access, which only the VMM makes, and only there. */
static bool vmm_could(const struct trace *trace, const struct semantics_patch *patch, size_t at,
		      size_t end, gpa_t gpa)
{
	struct outcome o = { .word = "" };
	struct error error = { .text = "" };
	struct event instead;
	struct vm_config config = trace->config;
	struct vm *vm;
	bool ok = take_guests_place(trace, at, gpa, &instead);

	if (!ok)
		return false;
	config.ad |= !config.ept;
	vm = vm_new(patch, &config);
	for (size_t i = 0; ok && i < end; i++)
		if (begun_at(trace, i) != at)
			ok = event_run(vm, &trace->events[i], &o, &error);
	ok = ok && event_run(vm, &instead, &o, &error) && !strcmp(o.word, "ok");
	vm_free(vm);
	return ok;
}

/* The same of all orders. */
static bool vmm_always_could(const struct trace *trace, const struct semantics_patch *patch,
			     size_t at, struct judgement *out)
{
	struct explore_bound bound = { .memory = (u64)1 << 30, ALL_REDUCTIONS };
	struct error error = { .text = "" };
	struct trace other = *trace;
	struct event instead;
	const struct explored *r;
	struct explore *x = NULL;
	bool ok = take_guests_place(trace, at, trace->events[at].gpa, &instead);

	if (!ok)
		return false;
	other.events = NULL;
	memcpy(arraddnptr(other.events, arrlenu(trace->events)), trace->events,
	       arrlenu(trace->events) * sizeof(*trace->events));
	other.events[at] = instead;
	x = explore_new(&other, patch, &bound, &error);
	while (x && explore_more(x, 20000, &error))
		;
	ok = x && !error.text[0];
	if (ok) {
		r = explore_result(x);
		for (size_t i = 0; i < arrlenu(r->outcomes); i++)
			ok &= r->outcomes[i].event != at || !strcmp(r->outcomes[i].word, "ok");
		if (ok && r->stop)
			snprintf(out->why, sizeof(out->why), "with the VMM in its place: %s",
				 explore_stop_text(r));
	}
	if (x)
		explore_free(x);
	arrfree(other.events);
	return ok;
}

/* ---- laws ---- */

static void add_law(struct judgement *out, const char *law, u8 blame)
{
	bool by_kvm = blame == BLAME_KVM || blame == BLAME_MM || blame == BLAME_NONE;

	if (out->is != JUDGED_VIOLATION || by_kvm)
		out->blame = by_kvm ? BLAME_KVM : blame;
	out->is = JUDGED_VIOLATION;
	for (size_t i = 0; i < out->nr_laws; i++)
		if (!strcmp(out->law[i], law))
			return;
	if (out->nr_laws < MAX_JUDGED_LAWS)
		out->law[out->nr_laws++] = law;
}

static bool is_foreign(struct machine *m, pfn_t pfn)
{
	return page_of(m, pfn)->owner == OWNER_DRIVER;
}

/* A map that stays is of the page that the host has there by now, if it has one. */
static bool any_map_is_stale(struct machine *m)
{
	for (unsigned i = 0; i < MAX_MAPS; i++) {
		const struct host_map *map = &m->w->kvm.maps[i];
		int row = map->used ? memslot_of_gfn(m, map->gfn) : NO_SLOT;
		hva_t hva = row == NO_SLOT ? KVM_HVA_ERR_BAD : memslot_hva(m, row, map->gfn, false);
		struct pt_leaf leaf = { 0 };

		if (!is_error_hva(hva))
			leaf = host_leaf(m, hva);
		if (map->used && leaf.present && host_leaf_pfn(&leaf, hva) != map->pfn)
			return true;
	}
	return false;
}

static bool is_somebodys(struct machine *m, pfn_t pfn)
{
	return page_of(m, pfn)->owner == OWNER_DRIVER || page_of(m, pfn)->owner == OWNER_USER;
}

static bool any_mark(struct machine *m, bool (*counts)(struct machine *m, pfn_t pfn), u32 flags)
{
	pfn_t pfn = 0;

	for (; (pfn = m->phys->next_page(m->phys, pfn)) != NO_PFN; pfn++)
		if (counts(m, pfn) && (page_of(m, pfn)->flags & flags))
			return true;
	return false;
}

/* Laws of a whole run that the trace asks for: "judge". */
static bool is_broken(struct machine *m, const char *law)
{
	if (!strcmp(law, "no-foreign-mark"))
		return any_mark(m, is_foreign, PG_DIRTY | PG_REFERENCED | PG_ACTIVE);
	if (!strcmp(law, "no-false-dirty"))
		return any_mark(m, is_somebodys, PG_DIRTY);
	return any_map_is_stale(m);
}

bool judge_knows(const char *law)
{
	return !strcmp(law, "no-foreign-mark") || !strcmp(law, "no-false-dirty") ||
	       !strcmp(law, "map-fresh");
}

/* ---- a run ---- */

static void judge_event(const struct trace *trace, const struct replay_run *run, size_t i,
			struct judgement *out)
{
	const struct outcome *o = &run->outcome[i];
	size_t at = begun_at(trace, i);
	const struct event *e = &trace->events[at];
	gpa_t gpa = e->count > 1 ? o->stopped_at : e->gpa;
	bool spurious;

	if ((is_of_guest(e) || is_of_kvm(e)) && !strcmp(o->word, "enosys") &&
	    out->is == JUDGED_WORKS)
		out->is = JUDGED_ABSENT;
	if (!is_refused(trace, at, gpa, o->word) || out->is == JUDGED_SPURIOUS)
		return;
	spurious = is_of_guest(e) && strcmp(o->word, "memory_fault") &&
		   vmm_could(trace, run->patch, at, i, gpa);
	if (!spurious && out->is == JUDGED_ERROR)
		return;
	out->is = spurious ? JUDGED_SPURIOUS : JUDGED_ERROR;
	tell_event(e, out);
	out->word = o->word;
}

void judge_run(const struct trace *trace, const struct replay_run *run, struct judgement *out)
{
	struct machine *m = &run->vm->m;

	*out = (struct judgement){ .is = JUDGED_WORKS };
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		add_law(out, run->vm->violations[i].v.law->id, run->vm->violations[i].v.blame);
	for (size_t i = 0; i < trace->nr_judged; i++)
		if (is_broken(m, trace->judged[i]->id))
			add_law(out, trace->judged[i]->id, BLAME_KVM);
	for (size_t i = 0; i < arrlenu(trace->events); i++)
		if (!strcmp(run->outcome[i].word, "livelock") && !m->w->kvm.in_progress)
			add_law(out, "faults-end", BLAME_KVM);
	for (size_t i = 0; out->is != JUDGED_VIOLATION &&
			   i < arrlenu(trace->events); i++)
		judge_event(trace, run, i, out);
	if (run->missing[0] && out->is != JUDGED_VIOLATION) {
		out->is = JUDGED_UNKNOWN;
		snprintf(out->why, sizeof(out->why), "%.199s", run->missing);
	}
}

/* ---- all orders ---- */

static void judge_outcome(const struct trace *trace, const struct semantics_patch *patch,
			  const struct explore_outcome *o, struct judgement *out)
{
	const struct event *e = &trace->events[o->event];
	bool spurious;

	if ((is_of_guest(e) || is_of_kvm(e)) && !strcmp(o->word, "enosys") &&
	    out->is == JUDGED_WORKS)
		out->is = JUDGED_ABSENT;
	if (!is_refused(trace, o->event, e->gpa, o->word) || out->is == JUDGED_SPURIOUS)
		return;
	spurious = is_of_guest(e) && strcmp(o->word, "memory_fault") &&
		   vmm_always_could(trace, patch, o->event, out);
	out->is = spurious ? JUDGED_SPURIOUS : JUDGED_ERROR;
	tell_event(e, out);
	out->word = o->word;
}

void judge_search(const struct trace *trace, const struct semantics_patch *patch,
		  const struct explored *r, struct judgement *out)
{
	*out = (struct judgement){ .is = JUDGED_WORKS };
	/* Which is found first is a matter of how the orders were searched. */
	for (unsigned l = 0; l < nr_laws; l++)
		for (size_t i = 0; i < r->nr_findings; i++)
			if (r->findings[i].v.law == &laws[l])
				add_law(out, laws[l].id, r->findings[i].v.blame);
	for (size_t i = 0; i < r->nr_findings; i++)
		if (r->findings[i].kind != FOUND_VIOLATION)
			add_law(out, r->findings[i].kind == FOUND_LIVELOCK ? "faults-end" :
				finding_name(&r->findings[i]), BLAME_KVM);
	for (size_t i = 0; out->is != JUDGED_VIOLATION &&
			   i < arrlenu(r->outcomes); i++)
		judge_outcome(trace, patch, &r->outcomes[i], out);
	if (r->stop && !out->why[0])
		snprintf(out->why, sizeof(out->why), "%s%s%.100s", explore_stop_text(r),
			 r->why[0] ? ": " : "", r->why);
	if (out->why[0] && out->is != JUDGED_VIOLATION)
		out->is = JUDGED_UNKNOWN;
}

/* ---- expectations ---- */

const char *judgement_text(const struct judgement *j, char *text, size_t size)
{
	bool by_kvm = j->is != JUDGED_VIOLATION || j->blame == BLAME_KVM;

	snprintf(text, size, "%s%s%s", words[j->is], by_kvm ? "" : " of ",
		 by_kvm ? "" : blame_name(j->blame));
	return text;
}

bool judgement_is(const struct judgement *j, const struct ast_statement *s, char *miss)
{
	const char *word = expect_name(s, NULL), *blame = expect_name(s, "blame");
	char found[32];

	if (!strcmp(word, words[j->is]) &&
	    (j->is != JUDGED_VIOLATION || !strcmp(blame_name(j->blame), blame ? blame : "kvm")))
		return true;
	snprintf(miss, 200, "expected verdict %.2s%s%.8s, found %.20s%s%.100s", word,
		 blame ? " of " : "", blame ? blame : "", judgement_text(j, found, sizeof(found)),
		 j->why[0] || j->nr_laws ? ": " : "",
		 j->why[0] ? j->why : j->nr_laws ? j->law[0] : "");
	return false;
}
