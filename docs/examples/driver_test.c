/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * driver_test.c: a driver's author asks libpfnsim how its memory fares under KVM.
 *
 * The driver allocates a buffer of 8 pages at once and maps it into a VMM, by remap_pfn_range() or
 * vmf_insert_pfn(). The VMM gives it to a guest, which touches the second page, and the driver frees
 * it. How should the pages be allocated, if the guest is to see them on 5.12, 6.8 and 7.2?
 *
 * Prints a line for each question. Exits 0 if every answer is the one that the author relies on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pfnsim.h>

static const char scenario[] =
	"pfntrace 1\n"
	"alloc buffer kind=%s order=3\n"
	"mode buffer pfn\n"
	"mmap V 32K device buffer\n"
	"memslot 1 gpa=0x200000 hva=V size=32K\n"
	"touch: write 0x201000\n"
	"munmap V 32K\n"
	"free buffer\n";

static const struct question {
	const char *kind;	/* how it is allocated */
	const char *semantics;	/* the kernel */
	const char *answer;	/* what the guest's access should come to */
	const char *law;	/* which must be the first to break; NULL: none breaks */
} questions[] = {
	/* alloc_pages(gfp, 3): the tails' counts are 0, and 6.8 takes no reference on such a page */
	{ "noncompound", "v6.8", "efault", NULL },
	{ "noncompound", "v7.2", "mapped", NULL },
	/* ... where 5.12 takes one, and puts it: the page is free, and the driver has it */
	{ "noncompound", "v5.12", "mapped", "no-get-from-zero" },
	/* the same, then split_page(): every page has a count of its own */
	{ "split", "v5.12", "mapped", NULL },
	{ "split", "v6.8", "mapped", NULL },
	{ "split", "v7.2", "mapped", NULL },
};

static void die(const char *what, const struct pfnsim_error *error)
{
	char text[1200];

	fprintf(stderr, "%s: %s\n", what, pfnsim_error_text(error, text, sizeof(text)));
	exit(2);
}

/* What broke, one line each, with the functions of Linux in which it did. */
static void print_violations(const struct pfnsim_run *run, const struct pfnsim_trace *trace)
{
	const struct pfnsim_violation *v;

	for (size_t i = 0; (v = pfnsim_run_violation(run, i)); i++) {
		const struct pfnsim_event *event = pfnsim_trace_event(trace, v->event);

		printf("  %s, by %s:%u \"%s\": %s\n    in %s\n", v->id, event->file, event->line,
		       event->text, v->found, v->chain);
	}
}

/* The world while the guest has the page: who holds it, and what the processor walks. */
static void print_page(struct pfnsim_run *run)
{
	const struct pfnsim_gpa *gpa = pfnsim_run_gpa(run, 0x201000);
	const struct pfnsim_page *page;

	if (!gpa->is_mapped)
		return;
	page = pfnsim_run_page(run, gpa->pfn);
	printf("  pfn 0x%llx has a count of %d", (unsigned long long)gpa->pfn, page->refcount);
	for (size_t i = 0; i < page->nr_holders; i++)
		printf("%s%s %d", i ? ", " : ": ", page->holders[i].who, page->holders[i].refs);
	printf("; SPTE 0x%llx: %s\n", (unsigned long long)gpa->spte,
	       gpa->stage2[gpa->nr_stage2 - 1].words);
}

static bool ask(const struct question *q)
{
	struct pfnsim_error error;
	struct pfnsim_trace *trace;
	struct pfnsim_run *run;
	const struct pfnsim_violation *first;
	const char *answer;
	char text[400];
	size_t touch;
	bool good;

	snprintf(text, sizeof(text), scenario, q->kind);
	trace = pfnsim_trace_parse("scenario", text, strlen(text), &error);
	if (!trace)
		die("cannot read", &error);
	touch = pfnsim_trace_find(trace, "touch");
	run = pfnsim_run_new(trace, pfnsim_semantics_find(q->semantics), PFNSIM_AS_GIVEN, &error);
	if (!run)
		die("cannot run", &error);

	while (pfnsim_run_nr_events(run) <= touch)
		if (pfnsim_run_next(run, &error) < 0)
			die("cannot go on", &error);
	answer = pfnsim_run_outcome(run, touch)->word;
	printf("%s under %s: %s\n", q->kind, q->semantics, answer);
	print_page(run);

	if (!pfnsim_run_all(run, &error))
		die("cannot go on", &error);
	print_violations(run, trace);
	first = pfnsim_run_violation(run, 0);
	good = !strcmp(answer, q->answer) && !first == !q->law &&
	       (!first || !strcmp(first->id, q->law));
	if (!good)
		printf("  WRONG: %s, and %s, was relied on\n", q->answer,
		       q->law ? q->law : "no violation");

	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
	return good;
}

int main(void)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		good &= ask(&questions[i]);
	return !good;
}
