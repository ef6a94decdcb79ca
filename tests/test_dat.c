// SPDX-License-Identifier: GPL-2.0-only
/* test_dat.c: what is written as trace.dat is read back by libtracecmd, which is not ours. */
#include "sim/dat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support.h"

#ifndef HAVE_TRACECMD
static void without_libtracecmd(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(without_libtracecmd) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
#include <trace-cmd.h>

static const struct dat_format numbers = {
	"pfnsim", "numbers",
	{ { "plain", DAT_NUMBER }, { "below", DAT_SIGNED }, { "high", DAT_HEX },
	  { "unseen", DAT_HIDDEN } }
};
static const struct dat_format words = {
	"other", "words", { { "n", DAT_NUMBER }, { "title", DAT_TITLE }, { "text", DAT_TEXT },
			    { "bare", DAT_BARE } }
};

enum { NUMBERS, WORDS };
static const int one = 1000, two = 4194304;

static void make(struct dat *dat)
{
	*dat = (struct dat){ .uname = "Linux x 7.2.13" };
	assert_int_equal(NUMBERS, dat_format(dat, &numbers));
	assert_int_equal(WORDS, dat_format(dat, &words));
	dat_task(dat, one, "v7.2/vCPU 0");
	dat_task(dat, two, "driver");
}

static void add_number(struct dat *dat, u64 time, unsigned cpu, u64 number)
{
	dat_event(dat, NUMBERS, time, cpu, cpu ? two : one, (const union dat_value[]){
		{ .number = number }, { .number = -number }, { .number = ~number }, { .number = 7 },
	});
}

static void add_words(struct dat *dat, u64 time, const char *title, const char *text,
		      const char *bare)
{
	dat_event(dat, WORDS, time, 0, one, (const union dat_value[]){
		{ .number = 3 }, { .text = title }, { .text = text }, { .text = bare },
	});
}

struct reading {
	size_t n;			/* records so far */
	bool missed;			/* at the first */
	void (*look)(struct reading *reading, struct tep_handle *tep, struct tep_event *event,
		     struct tep_record *record);
};

static int each(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *context)
{
	struct tep_handle *tep = tracecmd_get_tep(handle);
	struct tep_event *event = tep_find_event_by_record(tep, record);
	struct reading *reading = context;

	assert_non_null(event);
	assert_false(event->flags & TEP_EVENT_FL_FAILED);
	assert_int_equal(cpu, record->cpu);
	reading->missed |= !reading->n && record->missed_events;
	reading->look(reading, tep, event, record);
	reading->n++;
	return 0;
}

/* Writes and frees @dat. */
static void read_back(struct dat *dat, struct reading *reading)
{
	char path[] = "/tmp/test_dat.XXXXXX";
	FILE *out = fdopen(mkstemp(path), "w");
	struct tracecmd_input *handle;

	assert_non_null(out);
	assert_true(dat_write(dat, out));
	assert_int_equal(0, fclose(out));
	dat_free(dat);
	handle = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	assert_non_null(handle);
	assert_int_equal(0, tracecmd_init_data(handle));
	assert_int_equal(0, tracecmd_iterate_events(handle, NULL, 0, each, reading));
	tracecmd_close(handle);
	unlink(path);
}

static u64 number_of(struct tep_event *event, struct tep_record *record, const char *name)
{
	struct tep_format_field *field = tep_find_field(event, name);
	unsigned long long value;

	assert_non_null(field);
	assert_int_equal(0, tep_read_number_field(field, record->data, &value));
	return value;
}

static void assert_printed(struct tep_handle *tep, struct tep_record *record, const char *want)
{
	struct trace_seq seq;

	trace_seq_init(&seq);
	tep_print_event(tep, &seq, record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&seq);
	assert_string_equal(want, seq.buffer);
	trace_seq_destroy(&seq);
}

/* ---- fields ---- */

static void look_at_fields(struct reading *reading, struct tep_handle *tep,
			   struct tep_event *event, struct tep_record *record)
{
	if (!reading->n) {
		assert_string_equal("numbers", event->name);
		assert_string_equal("pfnsim", event->system);
		assert_int_equal(5, number_of(event, record, "plain"));
		assert_int_equal(-5, (s64)number_of(event, record, "below"));
		assert_int_equal(~(u64)5, number_of(event, record, "high"));
		assert_int_equal(7, number_of(event, record, "unseen"));
		assert_printed(tep, record, "plain=5 below=-5 high=0xfffffffffffffffa");
		assert_string_equal("v7.2/vCPU 0",
				    tep_data_comm_from_pid(tep, tep_data_pid(tep, record)));
	} else if (reading->n == 1) {
		assert_string_equal("other", event->system);
		assert_printed(tep, record, "a title n=3 text= b c d");
	} else {
		assert_int_equal(1, record->cpu);
		assert_string_equal("driver",
				    tep_data_comm_from_pid(tep, tep_data_pid(tep, record)));
	}
	assert_int_equal(reading->n ? 1000 * reading->n : 1, record->ts);
}

static void fields_tasks_and_times_come_back(void **state)
{
	struct reading reading = { .look = look_at_fields };
	struct dat dat;

	(void)state;
	make(&dat);
	add_number(&dat, 2000, 1, 0);
	add_number(&dat, 0, 0, 5);	/* a time of 0 becomes 1 */
	add_words(&dat, 1000, "a title", "", "b c d");
	read_back(&dat, &reading);
	assert_int_equal(3, reading.n);
	assert_false(reading.missed);
}

/* ---- lengths ---- */

static const char *long_text(size_t length)
{
	static char text[3000];

	memset(text, 'x', length);
	text[length] = '\0';
	return text;
}

enum { LENGTHS = 2 * DAT_TEXT_BYTES };

static void look_at_length(struct reading *reading, struct tep_handle *tep,
			   struct tep_event *event, struct tep_record *record)
{
	size_t length = reading->n;
	char want[3000];

	(void)event;
	snprintf(want, sizeof(want), "%.*s%s n=3 text= ",
		 (int)(length > DAT_TEXT_BYTES ? DAT_TEXT_BYTES - 3 : length), long_text(length),
		 length > DAT_TEXT_BYTES ? "..." : "");
	assert_printed(tep, record, want);
}

/* Every length in words, and each place of a page where one does not fit any more. */
static void texts_of_every_length_come_back(void **state)
{
	struct reading reading = { .look = look_at_length };
	struct dat dat;

	(void)state;
	make(&dat);
	for (size_t length = 0; length < LENGTHS; length++)
		add_words(&dat, 10 + length, long_text(length), "", "");
	read_back(&dat, &reading);
	assert_int_equal(LENGTHS, reading.n);
}

/* ---- times ---- */

static u64 time_of(size_t n)
{
	static const u64 steps[] = { 1, 1 << 26, (1 << 27) - 1, 1 << 27, (u64)1 << 40, 0 };
	u64 time = 5;

	for (size_t i = 0; i < n; i++)
		time += steps[i % ARRAY_SIZE(steps)];
	return time;
}

enum { TIMES = 1500 };

static void look_at_time(struct reading *reading, struct tep_handle *tep, struct tep_event *event,
			 struct tep_record *record)
{
	(void)tep;
	assert_int_equal(reading->n, number_of(event, record, "plain"));
	assert_int_equal(time_of(reading->n), record->ts);
	assert_int_equal((reading->n + 3) / 6 % 2, record->cpu);
}

/* A difference has 27 bits in an event, and more in one of its own. */
static void times_far_apart_come_back_in_order(void **state)
{
	struct reading reading = { .look = look_at_time };
	struct dat dat;

	(void)state;
	make(&dat);
	for (size_t n = 0; n < TIMES; n++)
		add_number(&dat, time_of(n), (n + 3) / 6 % 2, n);
	dat_lost(&dat, 0);
	read_back(&dat, &reading);
	assert_int_equal(TIMES, reading.n);
	assert_true(reading.missed);
}

/* ---- nothing ---- */

static void look_at_nothing(struct reading *reading, struct tep_handle *tep,
			    struct tep_event *event, struct tep_record *record)
{
	(void)tep;
	(void)reading;
	(void)event;
	assert_int_equal(70, record->cpu);
}

static void cpus_without_events_are_empty(void **state)
{
	struct reading reading = { .look = look_at_nothing };
	struct dat dat;

	(void)state;
	make(&dat);
	add_number(&dat, 3, 70, 1);
	read_back(&dat, &reading);
	assert_int_equal(1, reading.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_tasks_and_times_come_back),
		cmocka_unit_test(texts_of_every_length_come_back),
		cmocka_unit_test(times_far_apart_come_back_in_order),
		cmocka_unit_test(cpus_without_events_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
