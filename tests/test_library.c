/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_library.c: libpfnsim by its header alone: linked to the library, and to nothing of model/
 * and sim/.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pfnsim.h>

/* 8 pages without __GFP_COMP, as TTM has them; the guest reads the second. */
static const char blob[] = "pfntrace 1\n"
			   "title \"a blob\"\n"
			   "alloc bo kind=noncompound order=3\n"
			   "mode bo pfn\n"
			   "mmap D 32K device bo\n"
			   "memslot 1 gpa=0x200000 hva=D size=32K\n"
			   "r: read 0x201000\n";

static const char race[] = "pfntrace 1\n"
			   "alloc bo kind=noncompound order=3\n"
			   "mode bo pfn\n"
			   "mmap D 32K device bo\n"
			   "memslot 1 gpa=0x200000 hva=D size=32K\n"
			   "thread a\n"
			   "r: read 0x201000\n"
			   "thread b\n"
			   "u: munmap D 32K\n";

static struct pfnsim_trace *parse(const char *text)
{
	struct pfnsim_error error;
	struct pfnsim_trace *trace = pfnsim_trace_parse("t", text, strlen(text), &error);

	if (!trace)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return trace;
}

static struct pfnsim_run *run_of(const struct pfnsim_trace *trace, const char *semantics)
{
	struct pfnsim_run *run = pfnsim_run_new(trace, pfnsim_semantics_find(semantics),
						PFNSIM_AS_GIVEN, NULL);

	assert_non_null(run);
	return run;
}

static struct pfnsim_run *run_to_end(const struct pfnsim_trace *trace, const char *semantics)
{
	struct pfnsim_run *run = run_of(trace, semantics);

	assert_true(pfnsim_run_all(run, NULL));
	return run;
}

/* ---- input ---- */

static void bad_input_has_a_place(void **state)
{
	static const char text[] = "pfntrace 1\nalloc bo kind=round\n";
	struct pfnsim_error error;
	char buffer[600];
	(void)state;

	assert_null(pfnsim_trace_parse("a.trace", text, strlen(text), &error));

	assert_string_equal(error.file, "a.trace");
	assert_int_equal(error.line, 2);
	assert_int_equal(error.column, 15);
	pfnsim_error_text(&error, buffer, sizeof(buffer));
	assert_memory_equal(buffer, "a.trace:2:15: ", strlen("a.trace:2:15: "));
}

static void bad_input_needs_no_error(void **state)
{
	(void)state;
	assert_null(pfnsim_trace_parse("a.trace", "nonsense", 8, NULL));
	assert_null(pfnsim_trace_load("/nowhere/a.trace", NULL));
}

static void a_text_need_not_end_in_a_nul(void **state)
{
	struct pfnsim_trace *trace = pfnsim_trace_parse("t", blob, strlen(blob), NULL);
	struct pfnsim_trace *shorter =
		pfnsim_trace_parse("t", blob, strlen(blob) - strlen("r: read 0x201000\n"), NULL);
	(void)state;

	assert_int_equal(pfnsim_trace_nr_events(trace), 5);
	assert_int_equal(pfnsim_trace_nr_events(shorter), 4);

	pfnsim_trace_free(trace);
	pfnsim_trace_free(shorter);
}

static void a_trace_is_loaded_with_what_it_includes(void **state)
{
	char path[600];
	struct pfnsim_trace *trace;
	(void)state;

	snprintf(path, sizeof(path), "%s/seed.trace", getenv("PFNSIM_TRACES"));
	trace = pfnsim_trace_load(path, NULL);

	assert_non_null(trace);
	assert_string_not_equal(pfnsim_trace_title(trace), "");
	pfnsim_trace_free(trace);
}

static void events_are_told_as_written(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	const struct pfnsim_event *event = pfnsim_trace_event(trace, 4);
	(void)state;

	assert_string_equal(pfnsim_trace_title(trace), "a blob");
	assert_string_equal(event->label, "r");
	assert_string_equal(event->kind, "read");
	assert_string_equal(event->file, "t");
	assert_int_equal(event->line, 7);
	assert_int_equal(pfnsim_trace_find(trace, "r"), 4);
	assert_true(pfnsim_trace_find(trace, "s") == PFNSIM_NO_EVENT);
	assert_null(pfnsim_trace_event(trace, 5));
	pfnsim_trace_free(trace);
}

/* ---- listings ---- */

static void every_semantics_is_listed_once_and_found(void **state)
{
	const struct pfnsim_semantics *semantics;
	bool policies = false;
	size_t i = 0;
	(void)state;

	for (; (semantics = pfnsim_semantics_at(i)); i++) {
		assert_ptr_equal(semantics,
				 pfnsim_semantics_find(pfnsim_semantics_name(semantics)));
		assert_non_null(pfnsim_semantics_source(semantics));
		policies |= !strcmp(pfnsim_semantics_group(semantics), "policy");
	}
	assert_true(i > 10);
	assert_true(policies);
	assert_null(pfnsim_semantics_at(i + 1));
	assert_null(pfnsim_semantics_find("v1.0"));
}

static void every_law_is_listed_and_found(void **state)
{
	const struct pfnsim_law *law;
	size_t i = 0;
	(void)state;

	for (; (law = pfnsim_law_at(i)); i++) {
		assert_ptr_equal(law, pfnsim_law_find(pfnsim_law_id(law)));
		assert_non_null(pfnsim_law_sentence(law));
		assert_non_null(pfnsim_law_source(law));
	}
	assert_true(i > 10);
	assert_null(pfnsim_law_find("no-such-law"));
	assert_non_null(pfnsim_law_breach(pfnsim_law_find("no-get-from-zero"),
					  pfnsim_semantics_find("v5.12")));
	assert_null(pfnsim_law_breach(pfnsim_law_find("no-get-from-zero"),
				      pfnsim_semantics_find("v7.2")));
}

/* ---- runs ---- */

static void semantics_part_where_kernels_do(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	struct pfnsim_run *old = run_to_end(trace, "v6.8"), *new = run_to_end(trace, "v7.2");
	(void)state;

	assert_string_equal(pfnsim_run_outcome(old, 4)->word, "efault");
	assert_string_equal(pfnsim_run_outcome(new, 4)->word, "mapped");
	assert_true(pfnsim_run_outcome(new, 4)->has_refs);
	assert_int_equal(pfnsim_run_outcome(new, 4)->refs, 0);
	assert_int_equal(pfnsim_run_verdict(old), PFNSIM_OK);
	pfnsim_run_free(old);
	pfnsim_run_free(new);
	pfnsim_trace_free(trace);
}

static void the_world_is_as_the_last_event_left_it(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	struct pfnsim_run *run = run_of(trace, "v7.2");
	const struct pfnsim_gpa *gpa;
	uint64_t pfn;
	(void)state;

	assert_true(pfnsim_run_object(run, "bo", 1) == PFNSIM_NO_PFN);
	while (pfnsim_run_nr_events(run) < 4)
		assert_int_equal(pfnsim_run_next(run, NULL), 1);
	pfn = pfnsim_run_object(run, "bo", 1);
	gpa = pfnsim_run_gpa(run, 0x201000);
	assert_false(gpa->is_mapped);
	assert_int_equal(gpa->slot, 1);
	assert_null(pfnsim_run_outcome(run, 4));
	assert_int_equal(pfnsim_run_verdict(run), PFNSIM_UNFINISHED);

	assert_int_equal(pfnsim_run_next(run, NULL), 1);

	gpa = pfnsim_run_gpa(run, 0x201234);
	assert_true(gpa->is_mapped);
	assert_true(gpa->readable);
	assert_int_equal(gpa->level, 1);
	assert_true(gpa->pfn == pfn);
	assert_int_equal(gpa->nr_stage2, 4);
	assert_true(gpa->stage2[3].entry == gpa->spte);
	assert_true(gpa->stage2[3].start == 0x201000);
	assert_true(gpa->stage2[3].size == 4096);
	assert_string_equal(gpa->stage2[3].kind, "leaf");
	assert_int_equal(gpa->nr_host, 4);
	assert_true(pfnsim_run_object(run, "bo", 8) == PFNSIM_NO_PFN);
	assert_true(pfnsim_run_object(run, "nobody", 0) == PFNSIM_NO_PFN);
	assert_null(pfnsim_run_gpa(run, (uint64_t)1 << 60));
	assert_int_equal(pfnsim_run_next(run, NULL), 0);
	assert_int_equal(pfnsim_run_next(run, NULL), 0);
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void holders_make_up_a_pages_count(void **state)
{
	static const char text[] = "pfntrace 1\n"
				   "mmap A 16K anon\n"
				   "memslot 1 gpa=0x200000 hva=A size=16K\n"
				   "w: write 0x200000\n";
	struct pfnsim_trace *trace = parse(text);
	struct pfnsim_run *run = run_to_end(trace, "v6.8");
	const struct pfnsim_page *page =
		pfnsim_run_page(run, pfnsim_run_gpa(run, 0x200000)->pfn);
	int refs = 0;
	(void)state;

	for (size_t i = 0; i < page->nr_holders; i++)
		refs += page->holders[i].refs;
	assert_int_equal(refs, page->head_refcount);
	assert_true(refs > 0);
	assert_true(page->is_valid);
	assert_false(page->is_free);
	assert_int_equal(page->mapcount, 1);
	assert_int_equal(page->sptes, 1);
	assert_string_equal(page->owner, "user");
	assert_non_null(strstr(page->flags, "lru"));
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void a_violation_says_who_and_where(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	struct pfnsim_run *run = run_to_end(trace, "v5.12");
	const struct pfnsim_violation *v = pfnsim_run_violation(run, 0);
	(void)state;

	assert_string_equal(v->id, "no-get-from-zero");
	assert_ptr_equal(v->law, pfnsim_law_find("no-get-from-zero"));
	assert_string_equal(v->blame, "kvm");
	assert_int_equal(v->event, 4);
	assert_true(v->pfn == pfnsim_run_object(run, "bo", 1));
	assert_non_null(strstr(v->chain, "hva_to_pfn_remapped"));
	assert_string_not_equal(v->found, "");
	assert_false(v->expected);
	assert_int_equal(pfnsim_run_verdict(run), PFNSIM_VIOLATION);
	assert_false(pfnsim_run_as_expected(run));
	assert_null(pfnsim_run_violation(run, pfnsim_run_nr_violations(run)));
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void expectations_are_held_against_a_run(void **state)
{
	char text[600];
	struct pfnsim_trace *trace;
	struct pfnsim_run *right, *wrong;
	struct pfnsim_error mismatch;
	(void)state;
	snprintf(text, sizeof(text), "%sexpect v6.8,v7.2: outcome efault at=r\n", blob);
	trace = parse(text);

	right = run_to_end(trace, "v6.8");
	wrong = run_to_end(trace, "v7.2");

	assert_true(pfnsim_run_as_expected(right));
	assert_false(pfnsim_run_as_expected(wrong));
	assert_int_equal(pfnsim_run_verdict(wrong), PFNSIM_MISMATCH);
	assert_true(pfnsim_run_mismatch(wrong, 0, &mismatch));
	assert_int_equal(mismatch.line, 8);
	assert_non_null(strstr(mismatch.text, "mapped"));
	assert_false(pfnsim_run_mismatch(wrong, 1, &mismatch));
	pfnsim_run_free(right);
	pfnsim_run_free(wrong);
	pfnsim_trace_free(trace);
}

static void an_event_that_makes_no_sense_ends_the_run(void **state)
{
	char text[600];
	struct pfnsim_trace *trace;
	struct pfnsim_run *run;
	struct pfnsim_error error = { .line = 0 };
	(void)state;
	snprintf(text, sizeof(text), "%sfork\nfork\n", blob);
	trace = parse(text);
	run = run_of(trace, "v6.8");

	assert_false(pfnsim_run_all(run, &error));

	assert_int_equal(error.line, 9);
	assert_int_equal(pfnsim_run_nr_events(run), 6);
	assert_int_equal(pfnsim_run_next(run, &error), -1);
	assert_int_equal(pfnsim_run_verdict(run), PFNSIM_UNFINISHED);
	assert_false(pfnsim_run_as_expected(run));
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void the_world_can_be_seen_between_two_steps(void **state)
{
	static const char text[] = "pfntrace 1\n"
				   "mmap A 16K anon\n"
				   "memslot 1 gpa=0x200000 hva=A size=16K\n"
				   "z: munmap A 16K until=clear_ptes\n"
				   "resume z\n";
	struct pfnsim_trace *trace = parse(text);
	struct pfnsim_run *run = run_of(trace, "v6.8");
	const struct pfnsim_kvm *kvm;
	uint64_t before;
	(void)state;

	pfnsim_run_next(run, NULL);
	pfnsim_run_next(run, NULL);
	before = pfnsim_run_kvm(run)->mmu_seq;
	pfnsim_run_next(run, NULL);
	kvm = pfnsim_run_kvm(run);
	assert_string_equal(pfnsim_run_outcome(run, 2)->word, "paused");
	assert_int_equal(kvm->in_progress, 1);
	pfnsim_run_next(run, NULL);
	assert_int_equal(pfnsim_run_kvm(run)->in_progress, 0);
	assert_true(pfnsim_run_kvm(run)->mmu_seq > before);
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void notes_are_what_a_probe_would_show(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	struct pfnsim_run *run = run_to_end(trace, "v7.2");
	bool found = false;
	(void)state;

	for (size_t i = 0; i < pfnsim_run_nr_notes(run); i++)
		found |= pfnsim_run_note(run, i)->event == 4 &&
			 strstr(pfnsim_run_note(run, i)->text, "SPTE");
	assert_true(found);
	assert_null(pfnsim_run_note(run, pfnsim_run_nr_notes(run)));
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

static void stage2_is_as_asked(void **state)
{
	struct pfnsim_trace *trace = parse(blob);
	struct pfnsim_run *ept = pfnsim_run_new(trace, pfnsim_semantics_find("v7.2"), PFNSIM_EPT,
						NULL);
	struct pfnsim_run *npt = pfnsim_run_new(trace, pfnsim_semantics_find("v7.2"), PFNSIM_NPT,
						NULL);
	(void)state;

	assert_true(pfnsim_run_all(ept, NULL) && pfnsim_run_all(npt, NULL));
	/* SDM table 29-7: bits 2:0 are read, write, execute. APM 5.3: bit 0 is P, bit 2 is U/S. */
	assert_int_equal(pfnsim_run_gpa(ept, 0x201000)->spte & 7, 7);
	assert_int_equal(pfnsim_run_gpa(npt, 0x201000)->spte & 5, 5);
	assert_true(pfnsim_run_gpa(ept, 0x201000)->spte != pfnsim_run_gpa(npt, 0x201000)->spte);
	pfnsim_run_free(ept);
	pfnsim_run_free(npt);
	pfnsim_trace_free(trace);
}

/* ---- searches ---- */

static struct pfnsim_search *search_of(const struct pfnsim_trace *trace, const char *semantics,
				       const struct pfnsim_bound *bound)
{
	struct pfnsim_search *search =
		pfnsim_search_new(trace, pfnsim_semantics_find(semantics), bound, NULL);

	assert_non_null(search);
	return search;
}

static void threads_are_for_a_search_and_one_order_for_a_run(void **state)
{
	struct pfnsim_trace *threads = parse(race), *order = parse(blob);
	const struct pfnsim_semantics *semantics = pfnsim_semantics_find("v6.8");
	struct pfnsim_error error;
	(void)state;

	assert_null(pfnsim_run_new(threads, semantics, PFNSIM_AS_GIVEN, &error));
	assert_int_equal(error.line, 6);
	assert_null(pfnsim_search_new(order, semantics, NULL, &error));
	assert_int_equal(pfnsim_trace_nr_threads(threads), 2);
	assert_int_equal(pfnsim_trace_nr_threads(order), 0);
	pfnsim_trace_free(threads);
	pfnsim_trace_free(order);
}

static void a_search_finds_a_law_that_breaks_and_a_way_there(void **state)
{
	struct pfnsim_trace *trace = parse(race), *way;
	struct pfnsim_search *search = search_of(trace, "v5.12", NULL);
	const struct pfnsim_finding *finding;
	const struct pfnsim_found *found;
	struct pfnsim_run *run;
	bool breaks = false;
	char *text;
	(void)state;

	assert_null(pfnsim_search_finding(search, 0));
	assert_true(pfnsim_search_all(search, NULL));
	found = pfnsim_search_found(search);
	assert_true(found->complete);
	assert_string_equal(found->why, "");
	assert_false(found->as_expected);
	assert_true(found->nr_findings > 0);
	finding = pfnsim_search_finding(search, 0);
	text = pfnsim_search_trace(search, 0);

	way = parse(text);
	run = run_to_end(way, "v5.12");
	for (size_t i = 0; i < pfnsim_run_nr_violations(run); i++)
		breaks |= pfnsim_run_violation(run, i)->law == finding->law;
	assert_true(breaks);

	assert_null(pfnsim_search_trace(search, found->nr_findings));
	free(text);
	pfnsim_run_free(run);
	pfnsim_trace_free(way);
	pfnsim_search_free(search);
	pfnsim_trace_free(trace);
}

static void a_search_tells_what_events_come_to(void **state)
{
	struct pfnsim_trace *trace = parse(race);
	struct pfnsim_search *search = search_of(trace, "v7.2", NULL);
	const struct pfnsim_came_to *o;
	bool mapped = false;
	(void)state;

	assert_true(pfnsim_search_all(search, NULL));
	pfnsim_search_found(search);
	for (size_t i = 0; (o = pfnsim_search_outcome(search, i)); i++)
		mapped |= o->event == pfnsim_trace_find(trace, "r") && !strcmp(o->word, "mapped");
	assert_true(mapped);
	pfnsim_search_free(search);
	pfnsim_trace_free(trace);
}

static void a_bound_is_no_answer(void **state)
{
	struct pfnsim_bound bound = { .size = sizeof(bound), .states = 5 };
	struct pfnsim_trace *trace = parse(race);
	struct pfnsim_search *search = search_of(trace, "v7.2", &bound);
	(void)state;

	assert_true(pfnsim_search_all(search, NULL));
	assert_false(pfnsim_search_found(search)->complete);
	assert_false(pfnsim_search_found(search)->as_expected);
	assert_string_not_equal(pfnsim_search_found(search)->why, "");
	pfnsim_search_free(search);
	pfnsim_trace_free(trace);
}

static void a_search_that_is_stopped_says_so(void **state)
{
	struct pfnsim_trace *trace = parse(race);
	struct pfnsim_search *search = search_of(trace, "v7.2", NULL);
	(void)state;

	pfnsim_search_stop(search);
	assert_int_equal(pfnsim_search_more(search, 1000, NULL), 0);
	assert_false(pfnsim_search_found(search)->complete);
	pfnsim_search_free(search);
	pfnsim_trace_free(trace);
}

static uint64_t states_of(const struct pfnsim_trace *trace, const char *semantics)
{
	struct pfnsim_search *search = search_of(trace, semantics, NULL);
	uint64_t states;

	assert_true(pfnsim_search_all(search, NULL));
	states = pfnsim_search_found(search)->states;
	pfnsim_search_free(search);
	return states;
}

/* What a turn reads and writes is told by way of its thread: another search must not hear it. */
static void searches_in_turns_are_as_searches_alone(void **state)
{
	struct pfnsim_trace *trace = parse(race);
	struct pfnsim_search *a = search_of(trace, "v6.8", NULL);
	struct pfnsim_search *b = search_of(trace, "v7.2", NULL);
	struct pfnsim_run *run;
	bool more = true;
	(void)state;

	while (more) {
		more = pfnsim_search_more(a, 3, NULL);
		more |= pfnsim_search_more(b, 7, NULL);
	}
	assert_int_equal(pfnsim_search_found(a)->states, states_of(trace, "v6.8"));
	assert_int_equal(pfnsim_search_found(b)->states, states_of(trace, "v7.2"));
	pfnsim_search_free(a);
	pfnsim_search_free(b);
	pfnsim_trace_free(trace);
	trace = parse(blob);
	run = run_to_end(trace, "v7.2");
	pfnsim_run_free(run);
	pfnsim_trace_free(trace);
}

struct job { const struct pfnsim_trace *order, *threads; uint64_t states; bool good; };

static void *work(void *argument)
{
	const struct pfnsim_semantics *new = pfnsim_semantics_find("v7.2");
	struct job *job = argument;

	for (int i = 0; i < 20; i++) {
		struct pfnsim_run *run = pfnsim_run_new(job->order, new, PFNSIM_AS_GIVEN, NULL);
		struct pfnsim_search *search = pfnsim_search_new(job->threads, new, NULL, NULL);

		job->good = pfnsim_run_all(run, NULL) && pfnsim_search_all(search, NULL) &&
			    !strcmp(pfnsim_run_outcome(run, 4)->word, "mapped") &&
			    pfnsim_search_found(search)->states == job->states;
		pfnsim_run_free(run);
		pfnsim_search_free(search);
		if (!job->good)
			break;
	}
	return NULL;
}

static void threads_of_the_caller_share_a_trace(void **state)
{
	enum { NR = 3 };
	struct pfnsim_trace *order = parse(blob), *threads = parse(race);
	struct job job[NR];
	pthread_t thread[NR];
	(void)state;

	for (int i = 0; i < NR; i++) {
		job[i] = (struct job){ order, threads, states_of(threads, "v7.2"), false };
		assert_int_equal(pthread_create(&thread[i], NULL, work, &job[i]), 0);
	}
	for (int i = 0; i < NR; i++) {
		pthread_join(thread[i], NULL);
		assert_true(job[i].good);
	}
	pfnsim_trace_free(order);
	pfnsim_trace_free(threads);
}

static struct pfnsim_search *made_elsewhere;

static void *make(void *trace)
{
	made_elsewhere = pfnsim_search_new(trace, pfnsim_semantics_find("v7.2"), NULL, NULL);
	return NULL;
}

static void a_search_may_wander_from_thread_to_thread(void **state)
{
	struct pfnsim_trace *trace = parse(race);
	pthread_t thread;
	(void)state;

	pthread_create(&thread, NULL, make, trace);
	pthread_join(thread, NULL);
	assert_true(pfnsim_search_all(made_elsewhere, NULL));
	assert_int_equal(pfnsim_search_found(made_elsewhere)->states, states_of(trace, "v7.2"));
	pfnsim_search_free(made_elsewhere);
	pfnsim_trace_free(trace);
}

static void nothing_is_freed_for_nothing(void **state)
{
	(void)state;
	pfnsim_trace_free(NULL);
	pfnsim_run_free(NULL);
	pfnsim_search_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_input_has_a_place),
		cmocka_unit_test(bad_input_needs_no_error),
		cmocka_unit_test(a_text_need_not_end_in_a_nul),
		cmocka_unit_test(a_trace_is_loaded_with_what_it_includes),
		cmocka_unit_test(events_are_told_as_written),
		cmocka_unit_test(every_semantics_is_listed_once_and_found),
		cmocka_unit_test(every_law_is_listed_and_found),
		cmocka_unit_test(semantics_part_where_kernels_do),
		cmocka_unit_test(the_world_is_as_the_last_event_left_it),
		cmocka_unit_test(holders_make_up_a_pages_count),
		cmocka_unit_test(a_violation_says_who_and_where),
		cmocka_unit_test(expectations_are_held_against_a_run),
		cmocka_unit_test(an_event_that_makes_no_sense_ends_the_run),
		cmocka_unit_test(the_world_can_be_seen_between_two_steps),
		cmocka_unit_test(notes_are_what_a_probe_would_show),
		cmocka_unit_test(stage2_is_as_asked),
		cmocka_unit_test(threads_are_for_a_search_and_one_order_for_a_run),
		cmocka_unit_test(a_search_finds_a_law_that_breaks_and_a_way_there),
		cmocka_unit_test(a_search_tells_what_events_come_to),
		cmocka_unit_test(a_bound_is_no_answer),
		cmocka_unit_test(a_search_that_is_stopped_says_so),
		cmocka_unit_test(searches_in_turns_are_as_searches_alone),
		cmocka_unit_test(threads_of_the_caller_share_a_trace),
		cmocka_unit_test(a_search_may_wander_from_thread_to_thread),
		cmocka_unit_test(nothing_is_freed_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
