/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv_trace.c: a program as a trace for replay and explore, that expects of each of two kernels
 * what only that one does.
 */
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "model/host_mm.h"
#include "model/law.h"
#include "sim/equiv_internal.h"
#include "sim/report_explore.h"
#include "sim/explore.h"

static int line_length(const char *line)
{
	return strcspn(line, "\n");
}

void equiv_program_text(const struct equiv *equiv, const struct equiv_program *p, char *text,
			size_t size)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct error error;
	size_t used = 0;

	if (!s)
		abort();
	if (!stage_open(p->stage, &equiv->bound, s, &error))
		abort();
	*text = 0;
	for (unsigned i = 0; i < p->nr && used < size; i++) {
		unsigned from_end = p->nr - i;
		const char *between = !i ? "" : p->tail && from_end == p->tail ? " || " : "; ";

		used += snprintf(text + used, size - used, "%s%.*s", between,
				 line_length(s->line[p->event[i]]), s->line[p->event[i]]);
	}
	stage_close(s);
	free(s);
}

/* ---- the program ---- */

static bool names(const struct stage *s, const struct equiv_program *p, const char *word)
{
	for (unsigned i = 0; i < p->nr; i++) {
		const char *line = s->line[p->event[i]], *at = strstr(line, word);

		if (at && at < line + line_length(line))
			return true;
	}
	return false;
}

static void print_setup(const struct stage *s, const struct equiv_program *p, FILE *out)
{
	const char *line = s->text + strlen("pfntrace 1\n");

	for (; line < s->line[0]; line += line_length(line) + 1)
		if (strncmp(line, "alloc C", 7) || names(s, p, "to=C"))
			fprintf(out, "%.*s\n", line_length(line), line);
}

static void print_events(const struct stage *s, const struct equiv_program *p, FILE *out)
{
	for (unsigned i = 0; i < p->nr; i++) {
		unsigned from_end = p->nr - i;

		if (p->tail && from_end == p->tail + 1u)
			fprintf(out, "\nthread first\n");
		if (p->tail && from_end == p->tail)
			fprintf(out, "\nthread second\n");
		fprintf(out, "e%u: %.*s\n", i + 1, line_length(s->line[p->event[i]]),
			s->line[p->event[i]]);
	}
}

/* ---- what one kernel makes of it, in the order given ---- */

struct run {
	struct vm *vm;
	struct outcome outcome[EQUIV_MAX_EVENTS];
};

static bool run_all(struct run *run, const struct semantics_patch *patch,
		    const struct trace *trace, size_t nr_setup)
{
	struct error error;

	run->vm = vm_new(patch, &trace->config);
	for (size_t i = 0; i < arrlenu(trace->events); i++) {
		struct outcome o;

		if (!event_run(run->vm, &trace->events[i], &o, &error))
			return false;
		if (i >= nr_setup)
			run->outcome[i - nr_setup] = o;
	}
	return true;
}

static void print_outcome(const char *name, unsigned i, const struct outcome *o, bool refs,
			  FILE *out)
{
	fprintf(out, "expect %s: outcome %s at=e%u", name, o->word, i + 1);
	if (o->has_value)
		fprintf(out, " value=0x%x", o->value);
	if (refs)
		fprintf(out, " refs=%d", o->refs);
	fprintf(out, "\n");
}

static void print_outcomes(const char *const *name, const struct run *run, unsigned nr, FILE *out)
{
	for (unsigned i = 0; i < nr; i++) {
		const struct outcome *a = &run[0].outcome[i], *b = &run[1].outcome[i];
		bool refs = a->has_refs && b->has_refs && a->refs != b->refs;

		if (!strcmp(a->word, b->word) && !refs && a->has_value == b->has_value &&
		    a->value == b->value)
			continue;
		print_outcome(name[0], i, a, refs, out);
		print_outcome(name[1], i, b, refs, out);
	}
}

struct entry { bool present, writable, refcounted; unsigned level; };

static struct entry entry_of(struct vm *vm, gfn_t gfn)
{
	const struct spte_format *format = spte_format_of(&vm->m);
	pfn_t root = vm->sem.ops.current_root(&vm->m);
	struct pt_leaf leaf = { 0 };

	if (root != NO_PFN)
		leaf = vm->sem.ops.walk(&vm->m, root, gfn);
	if (root == NO_PFN || !spte_is_leaf(format, leaf.entry, leaf.level))
		return (struct entry){ 0 };
	return (struct entry){ true, spte_is_writable(format, leaf.entry),
			       leaf.entry & refcounted_mask(&vm->m), leaf.level };
}

static void print_entries(const char *const *name, const struct run *run, FILE *out)
{
	for (gfn_t gfn = STAGE_GFN; gfn < STAGE_GFN + EQUIV_MAX_PAGES; gfn++) {
		struct entry e[2] = { entry_of(run[0].vm, gfn), entry_of(run[1].vm, gfn) };

		if (e[0].present == e[1].present && e[0].writable == e[1].writable &&
		    e[0].refcounted == e[1].refcounted && e[0].level == e[1].level)
			continue;
		for (unsigned i = 0; i < 2; i++)
			fprintf(out, "expect %s: spte gpa=0x%llx present=%d writable=%d "
				"refcounted=%d level=%u\n", name[i],
				(unsigned long long)gfn << PAGE_SHIFT, e[i].present,
				e[i].writable, e[i].refcounted, e[i].level);
	}
}

static void print_page(const char *name, struct vm *vm, u64 index, FILE *out)
{
	pfn_t pfn = object_pfn(&vm->m, 0, index);
	const struct page *page = page_of(&vm->m, pfn), *head = page_of(&vm->m, page->head);

	fprintf(out, "expect %s: page object=B index=%llu refs=%d free=%d dirty=%d accessed=%d\n",
		name, (unsigned long long)index, page->refcount, !!(page->flags & PG_FREE),
		!!(head->flags & PG_DIRTY), !!(head->flags & (PG_REFERENCED | PG_ACTIVE)));
}

static bool same_page(struct vm *a, struct vm *b, u64 index)
{
	pfn_t pfn[2] = { object_pfn(&a->m, 0, index), object_pfn(&b->m, 0, index) };
	const struct page *x = page_of(&a->m, pfn[0]), *y = page_of(&b->m, pfn[1]);
	u32 flags = PG_FREE | PG_DIRTY | PG_REFERENCED | PG_ACTIVE;

	return x->refcount == y->refcount &&
	       !((page_of(&a->m, x->head)->flags ^ page_of(&b->m, y->head)->flags) & flags);
}

static void print_pages(const char *const *name, const struct run *run, FILE *out)
{
	const struct object_state *object = &run[0].vm->w.object[0];

	for (u64 i = 0; object->used && i < object->pages; i++)
		if (!same_page(run[0].vm, run[1].vm, i))
			for (unsigned side = 0; side < 2; side++)
				print_page(name[side], run[side].vm, i, out);
}

static void print_laws(const char *name, const struct vm *vm, size_t nr_setup, FILE *out)
{
	for (size_t i = 0; i < vm->nr_violations; i++) {
		const struct found_violation *f = &vm->violations[i];

		fprintf(out, "expect %s: violation %s", name, f->v.law->id);
		if (f->event > nr_setup)
			fprintf(out, " at=e%zu", f->event - nr_setup);
		fprintf(out, " blame=%s\n", blame_name(f->v.blame));
	}
	if (!vm->nr_violations)
		fprintf(out, "expect %s: ok\n", name);
}

static void expect_run(const struct equiv_pair *pair, const struct trace *trace, size_t nr_setup,
		       unsigned nr, FILE *out)
{
	const char *const name[2] = { pair->a_name, pair->b_name };
	struct run run[2] = { { .vm = NULL } };

	if (run_all(&run[0], pair->a, trace, nr_setup) &&
	    run_all(&run[1], pair->b, trace, nr_setup)) {
		print_outcomes(name, run, nr, out);
		print_entries(name, run, out);
		print_pages(name, run, out);
		for (unsigned i = 0; i < 2; i++)
			print_laws(name[i], run[i].vm, nr_setup, out);
	}
	for (unsigned i = 0; i < 2; i++)
		vm_free(run[i].vm);
}

/* ---- and in every order ---- */

static const struct explored *explore_all(struct explore *x)
{
	struct error error = { .text = "" };

	while (x && explore_more(x, 1000, &error))
		;
	return x ? explore_result(x) : NULL;
}

static bool comes_to(const struct explored *r, const struct explore_outcome *o)
{
	for (size_t i = 0; i < arrlenu(r->outcomes); i++)
		if (r->outcomes[i].event == o->event && !strcmp(r->outcomes[i].word, o->word) &&
		    r->outcomes[i].has_value == o->has_value && r->outcomes[i].value == o->value)
			return true;
	return false;
}

static void print_only(const char *name, const struct explored *r, const struct explored *other,
		       size_t nr_setup, FILE *out)
{
	for (size_t i = 0; i < arrlenu(r->outcomes); i++) {
		const struct explore_outcome *o = &r->outcomes[i];

		if (comes_to(other, o))
			continue;
		fprintf(out, "expect %s: outcome %s at=e%zu", name, o->word,
			o->event - nr_setup + 1);
		if (o->has_value)
			fprintf(out, " value=0x%x", o->value);
		fprintf(out, "\n");
	}
	for (size_t i = 0; i < r->nr_findings; i++) {
		const struct explore_finding *f = &r->findings[i];

		if (f->kind == FOUND_VIOLATION)
			fprintf(out, "expect %s: violation %s\n", name, f->v.law->id);
		else
			fprintf(out, "expect %s: %s\n", name, finding_name(f));
	}
}

static void expect_orders(const struct equiv_pair *pair, const struct trace *trace,
			  size_t nr_setup, FILE *out)
{
	static const struct explore_bound everything;
	struct error error;
	struct explore *a = explore_new(trace, pair->a, &everything, &error);
	struct explore *b = explore_new(trace, pair->b, &everything, &error);
	const struct explored *x = explore_all(a), *y = explore_all(b);

	if (x && y) {
		print_only(pair->a_name, x, y, nr_setup, out);
		print_only(pair->b_name, y, x, nr_setup, out);
	}
	explore_free(a);
	explore_free(b);
}

bool equiv_trace(struct equiv *equiv, const struct equiv_difference *d, FILE *out)
{
	const struct equiv_pair *pair = &equiv->result.pairs[d->pair];
	const struct equiv_program *p = &d->program;
	struct stage *s = calloc(1, sizeof(*s));
	struct error error;
	struct trace trace;

	if (!s || !stage_open(p->stage, &equiv->bound, s, &error))
		abort();
	fprintf(out, "pfntrace 1\ntitle \"%s and %s: %s\"\n", pair->a_name, pair->b_name, d->text);
	fprintf(out, "source \"found by pfnsim equiv %s %s\"\n\n# %s\n", pair->a_name,
		pair->b_name, s->name);
	print_setup(s, p, out);
	print_events(s, p, out);
	fprintf(out, "\n");
	trace = equiv_trace_of(s, p);
	if (p->tail)
		expect_orders(pair, &trace, s->nr_setup, out);
	else
		expect_run(pair, &trace, s->nr_setup, p->nr, out);
	equiv_trace_free(&trace);
	stage_close(s);
	free(s);
	return !ferror(out);
}
