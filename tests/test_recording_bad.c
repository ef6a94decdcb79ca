// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of recordings: paths, and what it says of bad input.
 */
#define _GNU_SOURCE	/* nftw(), asprintf() */
#include "tests/recording_box.h"

struct bad {
	const char *extension, *text;	/* the file that is bad */
	unsigned line, column;
	const char *says;		/* part of the message */
	const char *script, *out;	/* .cmd; .out if it is not the bad one */
};

static void check_bad(struct box *box, const char *folder, const struct bad *bad)
{
	struct recording recording;
	struct error error = { .line = 0 };
	char file[320];

	box_empty(box);
	box_write(box, folder, ".cmd", bad->script);
	box_write(box, folder, ".out", bad->out);
	box_write(box, folder, bad->extension, bad->text);
	snprintf(file, sizeof(file), "%s%s", box->path, bad->extension);
	if (recording_read(box->path, &recording, &error))
		fail_msg("was read without an error: %s", bad->text);
	assert_string_equal(error.file, file);
	if (error.line != bad->line || error.column != bad->column ||
	    !strstr(error.text, bad->says))
		fail_msg("%s:%u:%u: %s; expected %u:%u: %s", error.file, error.line, error.column,
			 error.text, bad->line, bad->column, bad->says);
	assert_null(recording.arena);
	assert_null(recording.commands);
	assert_int_equal(recording.nr_commands, 0);
}

static const struct bad bad_inputs[] = {
	{ ".out", "", 0, 0, "empty", NULL, NULL },
	{ ".out", "hello\n", 1, 1, "expected \"# kernel RELEASE", NULL, NULL },
	{ ".out", "# kernel 6.1\n", 1, 13, "expected \"scenario NAME\"", NULL, NULL },
	{ ".out", "# kernel uname 6.1 foo Y scenario x\n", 1, 20, "expected \"uname\"", NULL,
	  NULL },
	{ ".out", HEAD "[ 1] sleep 1 => O", 4, 18, "cut off", NULL, NULL },
	{ ".out", HEAD "\x01", 4, 1, "control byte 0x01", NULL, NULL },
	{ ".out", HEAD "[ 1] sleep 1\r\n", 4, 13, "control byte 0x0d", NULL, NULL },
	{ ".out", HEAD "[ 2] sleep 1 => OK\n", 4, 2, "command 2; expected 1", NULL, NULL },
	{ ".out", HEAD "[99999999999] a => OK\n", 4, 2, "out of range", NULL, NULL },
	{ ".out", HEAD "[ 1] sleep 1 OK\n", 4, 6, "expected a command", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n[ 1] a => OK\n", 5, 1, "a second VM run", NULL, NULL },
	{ ".out", HEAD HEAD, 4, 1, "a second VM run", NULL, NULL },
	{ ".out", HEAD "vcpu0 boot: HLT eax=0x0\n", 4, 1, "a second VM run", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\nDONE 2 commands\n", 5, 6, "expected 1", NULL, NULL },
	{ ".out", HEAD "DONE 0 commands\nDONE 0 commands\n", 5, 1, "a second VM run", NULL,
	  NULL },
	{ ".out", HEAD "      host A: pte none\n", 4, 7, "expected a command above", NULL,
	  NULL },
	{ ".out", HEAD "what is this\n", 4, 1, "expected \"[ 1] COMMAND", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      host A: pte L7 0x1 W\n", 5, 19,
	  "expected a level", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      host A: pte L1 0x1 Q\n", 5, 26, "expected W or R",
	  NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      host A: pte none | pfn=1\n", 5, 30,
	  "expected \"0x\"", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      s2 0x1: L1 nonpresent 0x10000000000000000\n", 5,
	  31, "out of range", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      stat pf_taken(=1)\n", 5, 12,
	  "expected a counter", NULL, NULL },
	{ ".out", HEAD "[ 1] a => OK\n      signal SIGBUS code=1\n", 5, 20,
	  "expected \" x\"", NULL, NULL },
	{ ".out", HEAD "[ 1] gread 1 => HLT eax=7\n", 4, 25, "expected \"0x\"", NULL, NULL },
	{ ".out", HEAD "[ 1] gread 1 => HLT eax=0x7 and\n", 4, 28, "expected the end", NULL,
	  NULL },
	{ ".out", HEAD "[ 1] gread 1 => MMIO-R gpa=0x1 len=4; \n", 4, 39,
	  "expected another exit", NULL, NULL },
	{ ".out", HEAD "[ 1] sh ls => a\n[ 2] b => OK\n", 5, 2,
	  "expected the end of the answer to command 1", NULL, NULL },
	{ ".out", HEAD "[ 1] b => OK\n", 4, 6, "expected \"a\", which is line 1", "a\n",
	  NULL },
	{ ".out", HEAD "[ 1] a b => OK\n", 4, 7, "as line 1 of", "a\n", NULL },
	{ ".out", HEAD "[ 1] a => OK\n[ 2] b => OK\n", 5, 6, "has only 1", "a\n# b\n", NULL },
	{ ".out", HEAD "[ 1] a => OK\nDONE 1 commands\n", 5, 6, "expected 2", "a\nb\n",
	  NULL },
	{ ".meta", "uname 6.12.0\n", 1, 0, "expected a kernel 6.1", NULL, ONE_SLEEP },
	{ ".meta", "uname 6.1.0\nept maybe\n", 2, 5, "expected Y, N", NULL, ONE_SLEEP },
	{ ".meta", "uname 6.1.0", 1, 12, "cut off", NULL, ONE_SLEEP },
	{ ".trace", "what is this\n", 1, 1, "expected TASK-PID", NULL, ONE_SLEEP },
	{ ".trace", "a [000] ..... 1.0: x: y\n", 1, 1, "expected TASK-PID", NULL, ONE_SLEEP },
	{ ".trace", "a-99999999999 [000] ..... 1.0: x: y\n", 1, 1, "expected TASK-PID", NULL,
	  ONE_SLEEP },
	{ ".trace", "a-1 [000] . 1.0: x: y\n", 1, 11, "flags", NULL, ONE_SLEEP },
	{ ".trace", "a-1 [000] ..... soon: x: y\n", 1, 17, "expected a decimal", NULL,
	  ONE_SLEEP },
	{ ".trace", "a-1 [000] ..... 1.0: x\n", 1, 22, "NAME: ", NULL, ONE_SLEEP },
	{ ".trace", "a-1 [000] ..... 1.0: x: y", 1, 26, "cut off", NULL, ONE_SLEEP },
	{ ".trace", "# entries-in-buffer/entries-written: 1\n", 1, 39, "expected \"/\"", NULL,
	  ONE_SLEEP },
	{ ".trace", MARK("### 1 sleep 2"), 1, 67, "expected \"sleep 1\"", NULL, ONE_SLEEP },
	{ ".trace", MARK("### 2 sleep 2"), 1, 65, "expected one of the 1", NULL, ONE_SLEEP },
	{ ".trace", MARK("### 1 sleep 1") MARK("=== 1 => EINVAL"), 2, 70, "expected \"OK\"",
	  NULL, ONE_SLEEP },
	{ ".trace", MARK("### 1 sleep 1") MARK("### 1 sleep 1"), 2, 65, "one VM run", NULL,
	  ONE_SLEEP },
	{ ".trace", MARK("### 1 sleep 1") MARK("=== 2 => OK"), 2, 65, "last to begin was 1",
	  NULL, ONE_SLEEP },
};

static void bad_input_gets_one_error_at_its_place(void **state)
{
	for (size_t i = 0; i < N(bad_inputs); i++)
		check_bad(*state, "6.1", &bad_inputs[i]);
}

static void a_bad_events_txt_gets_an_error(void **state)
{
	static const struct { const char *text; unsigned line, column; } rows[] = {
		{ "kvm/kvm_page_fault\nkprobe q:lab/x f\n", 2, 8 },
		{ "kvm/kvm_page_fault twice\n", 1, 19 },
		{ "kvmmmu\n\n", 2, 1 },
		{ "kvmmmu\nkvm/kv", 2, 7 },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct box *box = *state;
		struct recording recording;
		struct error error = { .line = 0 };

		box_write_events(box, rows[i].text);
		box_write(box, "6.1", ".out", ONE_SLEEP);
		assert_false(recording_read(box->path, &recording, &error));
		assert_non_null(strstr(error.file, "/6.1/events.txt"));
		assert_int_equal(error.line, rows[i].line);
		assert_int_equal(error.column, rows[i].column);
	}
}

static void a_nul_byte_or_an_overlong_line_is_an_error(void **state)
{
	static const char nul[] = HEAD "[ 1] a\0 => OK\n";
	struct box *box = *state;
	struct recording recording;
	struct error error;
	char *line = malloc(70000);

	assert_non_null(line);
	box_write_bytes(box, "6.1", ".out", nul, sizeof(nul) - 1);
	assert_false(recording_read(box->path, &recording, &error));
	assert_int_equal(error.line, 4);
	assert_int_equal(error.column, 7);
	memset(line, 'a', 70000);
	box_write_bytes(box, "6.1", ".out", line, 70000);
	assert_false(recording_read(box->path, &recording, &error));
	assert_int_equal(error.line, 1);
	assert_non_null(strstr(error.text, "65536"));
	free(line);
}

static void a_missing_out_is_named(void **state)
{
	struct box *box = *state;
	struct recording recording;
	struct error error;
	char file[320];

	box_write(box, "6.1", ".cmd", "sleep 1\n");
	snprintf(file, sizeof(file), "%s.out", box->path);
	assert_false(recording_read(box->path, &recording, &error));
	assert_string_equal(error.file, file);
	assert_non_null(strstr(error.text, "No such file"));
	assert_false(recording_is(box->path));
	assert_null(recording_list(box->path, &error));
	assert_string_equal(error.file, file);
	assert_null(recording_list(box->root, &error));
	assert_non_null(strstr(error.text, "no recording"));
	assert_null(recording_list("/nowhere/at/all", NULL));
	assert_false(recording_read("/nowhere/at/all", &recording, NULL));
}

static void a_trace_beside_an_out_is_a_trace(void **state)
{
	struct box *box = *state;
	char path[300];

	box_write(box, "6.1", ".out", "some report\n");
	box_write(box, "6.1", ".trace", "pfntrace 1\n");
	snprintf(path, sizeof(path), "%s/6.1/x.trace", box->root);
	assert_false(recording_is(path));
	snprintf(path, sizeof(path), "%s/6.1/x", box->root);
	assert_true(recording_is(path));
}

static void a_path_names_a_folder_or_any_file_of_a_recording(void **state)
{
	static const char *const ends[] = { "/6.1", "/6.1/", "/6.1/x", "/6.1/x.cmd", "/6.1/x.out",
					    "/6.1/x.meta", "/6.1/x.trace", "/6.1/x.trace.zst" };
	struct box *box = *state;

	box_write(box, "6.1", ".out", ONE_SLEEP);
	box_write(box, "6.1", ".txt", "nothing");
	for (size_t i = 0; i < N(ends); i++) {
		char path[300];
		char **list;

		snprintf(path, sizeof(path), "%s%s", box->root, ends[i]);
		assert_true(recording_is(path));
		list = recording_list(path, NULL);
		assert_non_null(list);
		assert_string_equal(list[0], box->path);
		assert_null(list[1]);
		recording_list_free(list);
	}
}

static void a_list_is_sorted_by_name(void **state)
{
	struct error error;
	char path[400];
	char **list;
	size_t n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/recorded/6.1", traces());
	list = recording_list(path, &error);
	assert_non_null(list);
	for (; list[n + 1]; n++)
		assert_true(strcmp(list[n], list[n + 1]) < 0);
	assert_true(n + 1 >= 24);
	recording_list_free(list);
}

static void the_folder_has_a_name_even_if_the_path_does_not_say_it(void **state)
{
	struct box *box = *state;
	struct recording recording;
	char *before = getcwd(NULL, 0);
	char folder[300];

	box_write(box, "6.12", ".out", "# kernel 6.12.1 scenario x\n");
	snprintf(folder, sizeof(folder), "%s/6.12", box->root);
	assert_int_equal(chdir(folder), 0);
	read_good("x.out", &recording);
	assert_int_equal(chdir(before), 0);
	assert_string_equal(recording.name, "6.12/x");
	assert_string_equal(recording.path, "x");
	assert_string_equal(recording.semantics, "v6.12");
	recording_free(&recording);
	free(before);
}

static char *read_bytes(const char *path, size_t *length)
{
	char *bytes = malloc(1 << 20);
	FILE *stream = fopen(path, "rb");

	assert_non_null(bytes);
	assert_non_null(stream);
	*length = fread(bytes, 1, 1 << 20, stream);
	fclose(stream);
	assert_in_range(*length, 1, (1 << 20) - 1);
	return bytes;
}

static char *real_bytes(const char *name, size_t *length)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/recorded/%s", traces(), name);
	return read_bytes(path, length);
}

static void a_damaged_zst_gets_an_error(void **state)
{
	struct box *box = *state;
	struct recording recording;
	struct error error;
	size_t length;
	char *bytes;

	bytes = real_bytes("6.1/anon_write_first.trace.zst", &length);
	box_write(box, "6.1", ".out", ONE_SLEEP);
	box_write_bytes(box, "6.1", ".trace.zst", bytes, length / 2);
	assert_false(recording_read(box->path, &recording, &error));
	assert_non_null(strstr(error.file, ".trace.zst"));
#ifdef HAVE_ZSTD
	assert_non_null(strstr(error.text, "truncated"));
	box_write_bytes(box, "6.1", ".trace.zst", "", 0);
	assert_false(recording_read(box->path, &recording, &error));
	assert_non_null(strstr(error.text, "truncated"));
#else
	assert_non_null(strstr(error.text, "cannot read .zst"));
#endif
	box_write(box, "6.1", ".trace.zst", "no such thing\n");
	assert_false(recording_read(box->path, &recording, &error));
	free(bytes);
}

/* The text of the trace that @recording was read from, but for what it does not keep. */
static char *print_trace(const struct recording *recording, size_t *length)
{
	char *text;
	FILE *stream = open_memstream(&text, length);

	assert_non_null(stream);
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *command = &recording->commands[i];

		fprintf(stream, MARK("### %u %s"), command->number, command->text);
		for (size_t e = 0; e < command->nr_events; e++) {
			const struct trace_event *event = &command->events[e];

			fprintf(stream, "%16s-%-7d [%03d] ..... %12.6f: %s: %s\n", event->task,
				event->pid, event->cpu, event->time, event->name, event->body);
		}
		fprintf(stream, MARK("=== %u => %s"), command->number, command->answer.result);
	}
	fclose(stream);
	return text;
}

/* Numbers that look random and are the same in every run. */
static unsigned next_random(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

/* One of six ways to damage @bytes of @length (+1 to grow into). Returns the new length. */
static size_t damage(char *bytes, size_t length, uint64_t *seed)
{
	size_t at = next_random(seed, length), n = next_random(seed, length - at) % 200;

	switch (next_random(seed, 6)) {
	case 0:		/* another byte */
		bytes[at] = next_random(seed, 256);
		return length;
	case 1:		/* another printable byte */
		bytes[at] = ' ' + next_random(seed, 95);
		return length;
	case 2:		/* cut off */
		return at;
	case 3:		/* a hole */
		memmove(bytes + at, bytes + at + n, length - at - n);
		return length - n;
	case 4:		/* one byte more */
		memmove(bytes + at + 1, bytes + at, length - at);
		bytes[at] = "\n \t=:[]()0x-%"[next_random(seed, 13)];
		return length + 1;
	default:	/* the same again, over what was there */
		if (at + 2 * n <= length)
			memcpy(bytes + at + n, bytes + at, n);
		return length;
	}
}

static void survive(struct box *box, const char *extension, const char *bytes, size_t length,
		    unsigned times)
{
	char *copy = malloc(length + 1);
	uint64_t seed = length;

	assert_non_null(copy);
	for (unsigned i = 0; i < times; i++) {
		struct error error = { .line = 0 };
		struct recording recording;
		size_t damaged;

		memcpy(copy, bytes, length);
		damaged = damage(copy, length, &seed);
		box_write_bytes(box, "6.1", extension, copy, damaged);
		if (recording_read(box->path, &recording, &error)) {
			recording_free(&recording);
			continue;
		}
		assert_true(*error.file && *error.text);
		assert_null(recording.arena);
	}
	free(copy);
	box_write_bytes(box, "6.1", extension, bytes, length);
}

static void two_thousand_damaged_recordings_end_in_a_result_or_an_error(void **state)
{
	struct box *box = *state;
	struct recording recording;
	size_t out_length, trace_length, zst_length;
	char *out, *trace, *zst, file[320];

	read_real("6.1/pfnmap_nc_seed", &recording);
	trace = print_trace(&recording, &trace_length);
	recording_free(&recording);
	out = real_bytes("6.1/pfnmap_nc_seed.out", &out_length);
	zst = real_bytes("6.1/pfnmap_nc_seed.trace.zst", &zst_length);

	survive(box, ".out", out, out_length, 1000);
	survive(box, ".trace", trace, trace_length, 800);
	read_good(box->path, &recording);
	assert_false(recording.trace_cut);
	recording_free(&recording);
	snprintf(file, sizeof(file), "%s.trace", box->path);
	assert_int_equal(unlink(file), 0);
	survive(box, ".trace.zst", zst, zst_length, 200);
	free(out);
	free(trace);
	free(zst);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		BOXED(bad_input_gets_one_error_at_its_place),
		BOXED(a_bad_events_txt_gets_an_error),
		BOXED(a_nul_byte_or_an_overlong_line_is_an_error),
		BOXED(a_missing_out_is_named),
		BOXED(a_path_names_a_folder_or_any_file_of_a_recording),
		BOXED(a_trace_beside_an_out_is_a_trace),
		cmocka_unit_test(a_list_is_sorted_by_name),
		BOXED(the_folder_has_a_name_even_if_the_path_does_not_say_it),
		BOXED(a_damaged_zst_gets_an_error),
		BOXED(two_thousand_damaged_recordings_end_in_a_result_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
