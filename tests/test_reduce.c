// SPDX-License-Identifier: GPL-2.0-only
/*
 * Smaller traces that break the same law: by hand the smallest is known, and of each one no
 * single event can go, which is tried here once more, by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stb/stb_ds.h>

#include "sim/reduce.h"
#include "sim/replay.h"
#include "tests/support.h"

static const struct explore_bound bound = { .memory = (u64)1 << 30, ALL_REDUCTIONS };

static const char *file_of(const char *name, char *path, size_t size)
{
	const char *traces = getenv("PFNSIM_TRACES");

	assert_non_null(traces);
	snprintf(path, size, "%s/%s", traces, name);
	return path;
}

static void begin(struct reduce *r, const char *name, const char *semantics, const char *law)
{
	static char path[600];
	struct error error = { .text = "" };

	if (!reduce_begin(r, file_of(name, path, sizeof(path)), semantics_find(semantics),
			  &(struct reduce_wish){ .law = law }, &bound, &error))
		fail_msg("%s:%u: %s", name, error.line, error.text);
}

static char *reduced(const char *name, const char *semantics, const char *law)
{
	struct reduce r;
	char *text;

	begin(&r, name, semantics, law);
	while (reduce_more(&r))
		;
	assert_true(reduce_is_minimal(&r));
	text = reduce_text(&r);
	reduce_free(&r);
	return text;
}

/* ---- by hand ---- */

/*
 * The tail of a block without __GFP_COMP: it has to be allocated, mapped, given to the guest, and
 * read. Two pages, of order 1, are the least that have a tail; "pfn" is how an object starts.
 */
static void the_seed_is_reduced_to_what_it_takes(void **state)
{
	char *text = reduced("seed.trace", "v5.12", "no-get-from-zero");

	(void)state;
	assert_non_null(strstr(text, "title \"no-get-from-zero under v5.12\"\n"));
	assert_non_null(strstr(text, "\nalloc BO noncompound order=1\nmmap BLOB 8K device BO\n"
				     "memslot 1 0x200000 BLOB 8K\nread 0x201000\n\n"
				     "expect v5.12: violation no-get-from-zero blame=kvm\n"));
	free(text);
}

/* B1 of v11 merged onto 6.8 takes one fault and one zap. */
static void threads_are_reduced_in_every_order(void **state)
{
	char *text = reduced("race/a-driver-zaps-what-a-guest-writes.trace", "v11-on-v6.8",
			     "no-put-by-non-owner");

	(void)state;
	assert_non_null(strstr(text, "\nthread vcpu\nwrite 0x200000\nthread driver\nzap B\n"));
	assert_non_null(strstr(text, "\nexpect v11-on-v6.8: violation no-put-by-non-owner "
				     "blame=kvm\n"));
	free(text);
}

static void what_breaks_nothing_is_not_reduced(void **state)
{
	struct reduce r;

	(void)state;
	begin(&r, "seed.trace", "v7.2", NULL);
	while (reduce_more(&r))
		;
	assert_false(reduce_fails(&r));
	assert_int_equal(r.tries, 1);
	reduce_free(&r);
	begin(&r, "seed.trace", "v5.12", "deadlock");
	while (reduce_more(&r))
		;
	assert_false(reduce_fails(&r));
	reduce_free(&r);
}

/* ---- two bugs ---- */

/*
 * kvm_vcpu_unmap() of 5.12 frees a tail that its driver owns, and then a fault does the same to
 * another one, which takes an event less. That the order of tries leads from one to the other
 * wants the two events of an anonymous page between.
 */
#define TWO_BUGS(before_map, before_read) \
	"pfntrace 1\nalloc bo kind=noncompound order=3\nmmap D 32K device bo\n" \
	"memslot 1 0x200000 D 32K\nmmap E 8K\n" before_map "host-write E 1\n" \
	"map 0x201000\nunmap\n" before_read "read 0x203000\n"

static char *reduced_of_two(const char *text, const struct reduce_wish *wish)
{
	char path[] = "/tmp/test_reduceXXXXXX";
	struct error error = { .text = "" };
	int fd = mkstemp(path);
	struct reduce r;
	char *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_true(reduce_begin(&r, path, semantics_find("v5.12"), wish, &bound, &error));
	while (reduce_more(&r))
		;
	assert_true(reduce_is_minimal(&r));
	out = reduce_text(&r);
	reduce_free(&r);
	unlink(path);
	return out;
}

/*
 * A driver frees a page that a leaf leads to. The TLB has it as well, or not any more when another
 * buffer's zap has flushed: the same bug.
 */
#define FLUSHED_BEFORE_IT_IS_FREED \
	"pfntrace 1\nalloc b order0\nalloc c order0\nmmap B 4K device b\nmmap C 4K device c\n" \
	"memslot 1 0x200000 B 4K\nmemslot 2 0x300000 C 4K\nread 0x300000\nread 0x200000\n" \
	"zap c\nfree b\n"

static const struct two_row {
	const char *name, *text;
	struct reduce_wish wish;
	const char *has, *has_not;
} two_rows[] = {
	{ "the one that breaks first is kept", TWO_BUGS("", ""),
	  { .law = "no-free-of-owned" }, "\nmap 0x201000\nunmap\n\n", "read 0x" },
	{ "another one will do", TWO_BUGS("", ""),
	  { .law = "no-free-of-owned", .any_way = true }, "\nread 0x203000\n\n", "map 0x" },
	{ "the one of a step", TWO_BUGS("", ""),
	  { .law = "no-free-of-owned", .step = "release_fault_page" },
	  "\nread 0x203000\n\n", "map 0x" },
	{ "the one of a step, of threads", TWO_BUGS("thread caller\n", "thread vcpu\n"),
	  { .law = "no-free-of-owned", .step = "unmap_release" },
	  "\nthread caller\nmap 0x201000\nunmap\n\n", "read 0x" },
	{ "the other one, of threads", TWO_BUGS("thread caller\n", "thread vcpu\n"),
	  { .law = "no-free-of-owned", .step = "release_fault_page" },
	  "\nthread vcpu\nread 0x203000\n\n", "map 0x" },
	{ "what the TLB has beside a leaf makes no other one", FLUSHED_BEFORE_IT_IS_FREED,
	  { .law = "no-free-page-mapped" }, "\nread 0x200000\nfree b\n\n", "zap c" },
};

static void of_two_bugs_of_a_law_one_is_kept(void **state)
{
	const struct two_row *row = *state;
	char *text = reduced_of_two(row->text, &row->wish);

	if (!strstr(text, row->has) || strstr(text, row->has_not))
		fail_msg("%s:\n%s", row->name, text);
	free(text);
}

/* ---- of any ---- */

static bool breaks(const char *text, const char *semantics, const char *law)
{
	const struct semantics_patch *patch = semantics_find(semantics);
	const struct replay_options how = { .semantics = &patch, .nr_semantics = 1 };
	struct error error = { .text = "" };
	struct replay done;
	bool found = false;

	if (!replay_text("t", text, &how, &done, &error))
		return false;
	for (size_t i = 0; i < done.run[0].vm->nr_violations && !done.run[0].missing[0]; i++)
		found |= !strcmp(done.run[0].vm->violations[i].v.law->id, law);
	replay_free(&done);
	return found;
}

/* The same but for its @n'th line. */
static char *without_line(const char *text, size_t n)
{
	char *copy = strdup(text), *line = copy;

	assert_non_null(copy);
	while (n--)
		line = strchr(line, '\n') + 1;
	memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
	return copy;
}

static const struct any_row { const char *name, *trace, *semantics, *law; } any_rows[] = {
	{ "the seed", "seed.trace", "v5.12", "no-free-of-owned" },
	{ "with until and resume", "series/merged-onto-6.8-a-tail-goes-below-zero.trace",
	  "v11-on-v6.8", "no-put-by-non-owner" },
	{ "a stale look-up", "races/stale-fault-marks-a-page-that-is-free.trace", "v11",
	  "no-touch-when-stale" },
	{ "userfaultfd", "userfault/protection-races-with-a-vcpus-fault.trace", "v11-on-v6.8",
	  "fault-balance" },
	{ "a dirty log", "slots/a-leaf-that-is-writable-already-is-not-logged-to-5.15.trace",
	  "v5.11", "dirty-log-complete" },
};

static void no_single_event_of_it_can_go(void **state)
{
	const struct any_row *row = *state;
	struct error error = { .text = "" };
	struct trace trace;
	char *text = reduced(row->trace, row->semantics, row->law);

	assert_true(breaks(text, row->semantics, row->law));
	assert_true(trace_load_text("t", text, &trace, &error));
	for (size_t i = 0; i < arrlenu(trace.events); i++) {
		char *smaller = without_line(text, trace.events[i].line - 1);

		/* an expectation of it may be left without its label: none has one */
		if (breaks(smaller, row->semantics, row->law))
			fail_msg("%s: line %u can go:\n%s", row->trace, trace.events[i].line, text);
		free(smaller);
	}
	trace_free(&trace);
	free(text);
}

static void it_is_replayed_as_expected(void **state)
{
	const struct any_row *row = *state;
	const struct semantics_patch *patch = semantics_find(row->semantics);
	const struct replay_options how = { .semantics = &patch, .nr_semantics = 1 };
	char *text = reduced(row->trace, row->semantics, row->law);
	struct error error = { .text = "" };
	struct replay done;

	assert_true(replay_text("t", text, &how, &done, &error));
	assert_int_equal(replay_exit_code(&done), 0);
	assert_int_equal(done.run[0].nr_mismatches, 0);
	assert_true(done.run[0].vm->nr_violations);
	replay_free(&done);
	free(text);
}

static void who_stops_has_the_smallest_so_far(void **state)
{
	const struct any_row *row = *state;
	bool more = true;

	for (size_t tries = 1; more; tries += 7) {
		struct reduce r;
		char *text;

		begin(&r, row->trace, row->semantics, row->law);
		for (size_t i = 0; more && i < tries; i++)
			more = reduce_more(&r);
		reduce_stop(&r);
		assert_false(reduce_more(&r));
		assert_true(reduce_fails(&r));
		text = reduce_text(&r);
		assert_true(breaks(text, row->semantics, row->law));
		free(text);
		reduce_free(&r);
	}
}

int main(void)
{
	struct test_list list = { .n = 0 };

	LIST_TEST(&list, the_seed_is_reduced_to_what_it_takes);
	LIST_TEST(&list, threads_are_reduced_in_every_order);
	LIST_TEST(&list, what_breaks_nothing_is_not_reduced);
	LIST_ROWS(&list, of_two_bugs_of_a_law_one_is_kept, two_rows);
	LIST_ROWS(&list, no_single_event_of_it_can_go, any_rows);
	LIST_ROWS(&list, it_is_replayed_as_expected, any_rows);
	LIST_ROWS(&list, who_stops_has_the_smallest_so_far, any_rows);
	return _cmocka_run_group_tests("reduce", list.test, list.n, NULL, NULL);
}
