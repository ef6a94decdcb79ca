/* SPDX-License-Identifier: GPL-2.0-only */
/* expect.c: what a trace says should come out, and whether it did. */
#include <stdio.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "model/tdp.h"
#include "sim/expect.h"
#include "sim/guess.h"
#include "sim/judge.h"
#include "sim/replay_internal.h"

static bool is_group(const char *model)
{
	return !strcmp(model, "old") || !strcmp(model, "new") || !strcmp(model, "series") ||
	       !strcmp(model, "policy");
}

bool model_matches(const char *model, const struct semantics_patch *patch)
{
	if (!strcmp(model, "all"))	/* that there are, not those that are wished for */
		return !patch->group || strcmp(patch->group, "policy") != 0;
	if (is_group(model))
		return !strcmp(patch->group, model);
	return semantics_is_called(patch, model);
}

bool model_exists(const char *model)
{
	return !strcmp(model, "all") || is_group(model) || semantics_find(model);
}

static const struct ast_value *arg(const struct ast_statement *s, const char *key)
{
	for (size_t i = 0; i < s->nr_args; i++)
		if (key ? s->args[i].key && !strcmp(s->args[i].key, key) : !s->args[i].key)
			return &s->args[i].value;
	return NULL;
}

const char *expect_name(const struct ast_statement *s, const char *key)
{
	const struct ast_value *value = arg(s, key);

	return value && value->type == AST_NAME ? value->name : NULL;
}

bool expect_number(const struct ast_statement *s, const char *key, uint64_t *number)
{
	const struct ast_value *value = arg(s, key);

	if (!value || value->type != AST_INT)
		return false;
	*number = value->number;
	return true;
}

/* ---- static checks ---- */

static const char *const outcome_words[] = {
	"mapped", "spurious", "retry", "emulate", "mmio", "efault", "hwpoison", "ok", "einval",
	"eexist", "ebusy", "eio", "enomem", "enoent", "eagain", "enosys", "ro_fault", "noslot",
	"gp", "ud", "sigsegv", "sigbus", "paused", "blocked", "finished", "livelock",
	"bug", "oops", "hang", "unreachable", "internal_error", "memory_fault", "enotty",
	"apic", "ebadf", "enodev", "eacces", "enospc", "eventfd", "fast_mmio", "eopnotsupp",
	NULL
};

static const char *const blame_words[] = { "none", "kvm", "driver", "mm", "vmm", NULL };

static const struct verdict_row {
	const char *word;
	const char *keys[7];
	const char *needs[3];
	bool value;		/* takes a word */
	const char *help;
} verdicts[] = {
	{ "ok", { NULL }, { NULL }, false, "no argument: no law is broken" },
	{ "violation", { "at", "blame", NULL }, { NULL }, true, "LAW [at=LABEL] [blame=PARTY]" },
	{ "outcome",
	  { "at", "value", "refs", "pfn", NULL },
	  { "at", NULL },
	  true,
	  "WORD at=LABEL [refs=N] [value=N] [pfn=N]" },
	{ "verdict", { "blame", NULL }, { NULL }, true, "V, E, Es or W [blame=PARTY]" },
	{ "deadlock", { NULL }, { NULL }, false, "no argument: in some order nobody can go on" },
	{ "livelock", { NULL }, { NULL }, false, "no argument: some order cannot come to its end" },
	{ "lock-inversion", { NULL }, { NULL }, false,
	  "no argument: locks are taken in a cycle, by some order" },
	{ "page",
	  { "object", "index", "refs", "free", "dirty", "accessed", NULL },
	  { "object", "index", NULL },
	  false,
	  "object=NAME index=N [refs=N] [free=0|1] [dirty=0|1] [accessed=0|1], at the end" },
	{ "spte",
	  { "gpa", "present", "writable", "refcounted", "level", NULL },
	  { "gpa", NULL },
	  false,
	  "gpa=N [present=0|1] [writable=0|1] [refcounted=0|1] [level=N], at the end" },
};

const char *const *expect_keys(const char *word)
{
	for (size_t v = 0; v < ARRAY_SIZE(verdicts); v++)
		if (!strcmp(verdicts[v].word, word))
			return verdicts[v].keys;
	return NULL;
}

static bool key_is_known(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (!strcmp(*keys, key))
			return true;
	return false;
}

static bool check_value(const struct ast_statement *s, struct error *error)
{
	const char *word = expect_name(s, NULL);
	const struct ast_value *value = arg(s, NULL);
	unsigned column = value ? value->column : s->column;
	struct guess guess;

	if (!strcmp(s->word, "violation") && (!word || !law_find(word))) {
		guess_law(&guess, word ? word : "");
		return error_at(error, s->file, s->line, column,
				"unknown law \"%s\"%s (pfnsim invariants)", word ? word : "?",
				guess_text(&guess));
	}
	if (!strcmp(s->word, "violation") && law_find(word)->judged)
		return error_at(error, s->file, s->line, column,
				"\"%s\" is not looked at after a step: %s", word,
				law_find(word)->judged);
	if (!strcmp(s->word, "verdict") && (!word || !judged_find(word, &(enum judged){ 0 })))
		return error_at(error, s->file, s->line, column,
				"unknown verdict \"%s\": V, E, Es or W", word ? word : "?");
	if (strcmp(s->word, "outcome"))
		return true;
	if (!word || !key_is_known(outcome_words, word))
		return error_at(error, s->file, s->line, column,
				"unknown outcome \"%s\"; one of mapped, "
				"ok, spurious, retry, emulate, mmio, efault, hwpoison, einval ...",
				word ? word : "?");
	return true;
}

/* What is not understood would be an expectation that always holds. */
static bool check_args(const struct ast_statement *s, const struct verdict_row *row,
		       struct error *error)
{
	bool value = false;

	for (size_t i = 0; i < s->nr_args; i++) {
		const struct ast_arg *a = &s->args[i];
		bool name = a->key && (!strcmp(a->key, "at") || !strcmp(a->key, "blame") ||
				       !strcmp(a->key, "object"));

		if (a->key ? !key_is_known(row->keys, a->key) : !row->value || value)
			return error_at(error, s->file, s->line, a->column, "\"%s\" takes %s",
					s->word, row->help);
		if (a->key &&
		    (a->value.type != (name ? AST_NAME : AST_INT) || a->value.has_offset))
			return error_at(error, s->file, s->line, a->value.column,
					"\"%s\" takes a %s", a->key, name ? "name" : "number");
		if (a->key && !strcmp(a->key, "blame") && !key_is_known(blame_words, a->value.name))
			return error_at(error, s->file, s->line, a->value.column,
					"\"blame\" is one of: kvm, driver, mm, vmm, none");
		value |= !a->key;
	}
	for (size_t i = 0; row->needs[i]; i++)
		if (!arg(s, row->needs[i]))
			return error_at(error, s->file, s->line, s->column, "\"%s\" takes %s",
					s->word, row->help);
	if (row->value && !value)
		return error_at(error, s->file, s->line, s->column, "\"%s\" takes %s", s->word,
				row->help);
	return true;
}

bool expect_check(const struct ast_statement *s, const struct names *names, struct error *error)
{
	struct guess guess;
	size_t v = 0;

	for (size_t i = 0; i < s->nr_models; i++) {
		if (model_exists(s->models[i]))
			continue;
		guess_semantics(&guess, s->models[i]);
		return error_at(error, s->file, s->line, s->column,
				"unknown semantics \"%s\"%s (pfnsim semantics)", s->models[i],
				guess_text(&guess));
	}
	while (v < ARRAY_SIZE(verdicts) && strcmp(verdicts[v].word, s->word))
		v++;
	if (v == ARRAY_SIZE(verdicts))
		return error_at(error, s->file, s->line, s->column,
				"unknown verdict \"%s\"; expected "
				"ok, violation, outcome, verdict, page, spte, deadlock, "
				"livelock or lock-inversion",
				s->word);
	if (!check_args(s, &verdicts[v], error))
		return false;
	if (expect_name(s, "at") && !names_has_label(names, expect_name(s, "at")))
		return error_at(error, s->file, s->line, arg(s, "at")->column,
				"no event has the label \"%s\"", expect_name(s, "at"));
	if (expect_name(s, "object") &&
	    !names_object(names, expect_name(s, "object"), &(uint64_t){ 0 }))
		return error_at(error, s->file, s->line, arg(s, "object")->column,
				"no object is called \"%s\"", expect_name(s, "object"));
	return check_value(s, error);
}

/* ---- holding a run against them ---- */

/* Where the event with @label came to its end; its own line if the question is how it stopped. */
static size_t line_of(const struct replay *replay, const char *label, const char *word)
{
	bool stops = !strcmp(word, "paused") || !strcmp(word, "blocked");
	size_t last = replay->nr_lines;

	for (size_t i = 0; i < replay->nr_lines; i++) {
		const struct event *e = &replay->input->trace.events[i];

		if (e->label && !strcmp(e->label, label))
			last = i;
		else if (!stops && e->id == EVENT_RESUME && !strcmp(e->name, label))
			last = i;
	}
	return last;
}

static void expect_outcome(const struct replay *replay, struct replay_run *run,
			   const struct ast_statement *s)
{
	const char *word = expect_name(s, NULL), *at = expect_name(s, "at");
	const struct outcome *o = &run->outcome[line_of(replay, at, word)];
	uint64_t number;

	/* finished: its resume had nothing left to do; what it did is on its own line */
	if (!strcmp(o->word, "finished") && strcmp(word, "finished"))
		for (size_t i = 0; i < replay->nr_lines; i++)
			if (replay->line[i].label && !strcmp(replay->line[i].label, at))
				o = &run->outcome[i];
	if (strcmp(o->word, word))
		run_add_mismatch(run, s, "%s: expected %s at %s, found %s", run->patch->name, word,
				 at, o->word);
	if (expect_number(s, "refs", &number) && (!o->has_refs || (uint64_t)o->refs != number))
		run_add_mismatch(run, s, "%s: expected refs=%lld at %s, found %d", run->patch->name,
				 (long long)number, at, o->has_refs ? o->refs : -1);
	if (expect_number(s, "value", &number) && (!o->has_value || o->value != number))
		run_add_mismatch(run, s, "%s: expected value=0x%llx at %s, found 0x%x",
				 run->patch->name, (unsigned long long)number, at, o->value);
	if (expect_number(s, "pfn", &number) && o->pfn != number)
		run_add_mismatch(run, s, "%s: expected pfn=0x%llx at %s, found 0x%llx",
				 run->patch->name, (unsigned long long)number, at,
				 (unsigned long long)o->pfn);
}

static void expect_violation(const struct replay *replay, struct replay_run *run,
			     const struct ast_statement *s)
{
	const char *law = expect_name(s, NULL), *at = expect_name(s, "at");
	const char *blame = expect_name(s, "blame");
	const struct event *events = replay->input->trace.events;
	bool found = false;

	for (size_t i = 0; i < run->vm->nr_violations; i++) {
		struct found_violation *v = &run->vm->violations[i];
		const struct event *e = v->event ? &events[v->event - 1] : NULL;
		bool here = !at || (e && ((e->label && !strcmp(e->label, at)) ||
					  (e->id == EVENT_RESUME && !strcmp(e->name, at))));

		if (strcmp(v->v.law->id, law) || !here)
			continue;
		if (blame && strcmp(blame_name(v->v.blame), blame))
			continue;
		found = v->expected = true;
	}
	if (!found)
		run_add_mismatch(run, s, "%s: expected a violation of %s%s%s, found none",
				 run->patch->name, law, at ? " at " : "", at ? at : "");
}

static void expect_flag(struct replay_run *run, const struct ast_statement *s, const char *key,
			uint64_t found)
{
	uint64_t wanted;

	if (expect_number(s, key, &wanted) && wanted != found)
		run_add_mismatch(run, s, "%s: expected %s=%llu, found %llu", run->patch->name, key,
				 (unsigned long long)wanted, (unsigned long long)found);
}

static void expect_page(const struct replay *replay, struct replay_run *run,
			const struct ast_statement *s)
{
	uint64_t object = 0, index = 0, wanted;
	const struct page *page, *head;
	pfn_t pfn;

	names_object(replay->input->trace.names, expect_name(s, "object"), &object);
	expect_number(s, "index", &index);
	if (index >= run->vm->w.object[object].pages) {
		run_add_mismatch(run, s, "%s: \"%s\" has no page with that index", run->patch->name,
				 expect_name(s, "object"));
		return;
	}
	pfn = object_pfn(&run->vm->m, object, index);
	page = page_of(&run->vm->m, pfn);
	head = page_of(&run->vm->m, page->head);
	if (expect_number(s, "refs", &wanted) && (s64)wanted != page->refcount)
		run_add_mismatch(run, s, "%s: expected refs=%lld, found %d", run->patch->name,
				 (long long)wanted, page->refcount);
	expect_flag(run, s, "free", !!(page->flags & PG_FREE));
	expect_flag(run, s, "dirty", !!(head->flags & PG_DIRTY));
	expect_flag(run, s, "accessed", !!(head->flags & (PG_REFERENCED | PG_ACTIVE)));
}

static void expect_spte(struct replay_run *run, const struct ast_statement *s)
{
	const struct spte_format *format = spte_format_of(&run->vm->m);
	pfn_t root = run->vm->sem.ops.current_root(&run->vm->m);
	struct pt_leaf leaf = { 0 };
	uint64_t gpa = 0;
	bool present;

	expect_number(s, "gpa", &gpa);
	if (root != NO_PFN)
		leaf = run->vm->sem.ops.walk(&run->vm->m, root, gpa >> PAGE_SHIFT);
	present = root != NO_PFN && spte_is_leaf(format, leaf.entry, leaf.level);
	expect_flag(run, s, "present", present);
	expect_flag(run, s, "writable", present && spte_is_writable(format, leaf.entry));
	expect_flag(run, s, "refcounted",
		    present && (leaf.entry & refcounted_mask(&run->vm->m)));
	expect_flag(run, s, "level", present ? leaf.level : 0);
}

static void expect_verdict(const struct replay *replay, struct replay_run *run,
			   const struct ast_statement *s)
{
	struct judgement found;
	char miss[200];

	judge_run(&replay->input->trace, run, &found);
	if (!judgement_is(&found, s, miss))
		run_add_mismatch(run, s, "%s: %.160s", run->patch->name, miss);
}

static bool names_run(const struct ast_statement *s, const struct replay_run *run)
{
	for (size_t i = 0; i < s->nr_models; i++)
		if (model_matches(s->models[i], run->patch))
			return true;
	return false;
}

void expect_run(const struct replay *replay, struct replay_run *run)
{
	for (size_t i = 0; i < arrlenu(replay->input->trace.expects); i++) {
		const struct ast_statement *s = replay->input->trace.expects[i];

		if (!names_run(s, run))
			continue;
		if (!strcmp(s->word, "outcome"))
			expect_outcome(replay, run, s);
		else if (!strcmp(s->word, "violation"))
			expect_violation(replay, run, s);
		else if (!strcmp(s->word, "verdict"))
			expect_verdict(replay, run, s);
		else if (!strcmp(s->word, "page"))
			expect_page(replay, run, s);
		else if (!strcmp(s->word, "spte"))
			expect_spte(run, s);
		else if (run->vm->nr_violations)	/* ok */
			run_add_mismatch(run, s, "%s: expected ok, found a violation of %s",
					 run->patch->name, run->vm->violations[0].v.law->id);
	}
	run->all_expected = true;
	for (size_t i = 0; i < run->vm->nr_violations; i++)
		run->all_expected &= run->vm->violations[i].expected;
}
