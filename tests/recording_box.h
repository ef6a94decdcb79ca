/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_box.h: recordings for the tests of their reader: real ones and such as a test makes.
 */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/recording.h"

#define HEAD	"# kernel 6.1.0-1 scenario x\nvcpu0 boot: HLT eax=0x0\nvcpu1 boot: HLT eax=0x0\n"
#define EVENT(body)	"     t-1-7       [001] d..1.  1.250000: " body "\n"
#define MARK(text)	EVENT("tracing_mark_write: " text)
#define ONE_SLEEP	HEAD "[ 1] sleep 1 => OK\nDONE 1 commands\n"
#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define BOXED(test)	cmocka_unit_test_setup_teardown(test, box_setup, box_teardown)

/* A folder for the recordings that a test makes. */
struct box {
	char root[200];
	char path[300];		/* of the file written last, without its extension */
};

static inline int box_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct box *box = calloc(1, sizeof(*box));

	snprintf(box->root, sizeof(box->root), "%.150s/pfnsim-recording-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	*state = box;
	return mkdtemp(box->root) ? 0 : -1;
}

static inline int box_remove_entry(const char *path, const struct stat *status, int type,
				   struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void box_empty(struct box *box)
{
	assert_int_equal(nftw(box->root, box_remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(mkdir(box->root, 0777), 0);
}

static inline int box_teardown(void **state)
{
	struct box *box = *state;

	nftw(box->root, box_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(box);
	return 0;
}

static inline void box_write_bytes(struct box *box, const char *folder, const char *extension,
				   const char *bytes, size_t length)
{
	char file[400];
	FILE *stream;

	snprintf(file, sizeof(file), "%s/%s", box->root, folder);
	mkdir(file, 0777);
	snprintf(box->path, sizeof(box->path), "%s/%s/x", box->root, folder);
	snprintf(file, sizeof(file), "%s%s", box->path, extension);
	stream = fopen(file, "wb");
	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

static inline void box_write(struct box *box, const char *folder, const char *extension,
			     const char *text)
{
	if (text)
		box_write_bytes(box, folder, extension, text, strlen(text));
}

static inline void box_write_events(struct box *box, const char *text)
{
	char file[400];

	box_write(box, "6.1", "-events", text);
	snprintf(file, sizeof(file), "%s/6.1/events.txt", box->root);
	snprintf(box->path, sizeof(box->path), "%s/6.1/x-events", box->root);
	assert_int_equal(rename(box->path, file), 0);
	snprintf(box->path, sizeof(box->path), "%s/6.1/x", box->root);
}

static inline void read_good(const char *path, struct recording *recording)
{
	struct error error = { .line = 0 };

	if (!recording_read(path, recording, &error))
		fail_msg("%s:%u:%u: %s", error.file, error.line, error.column, error.text);
}

/* A recording of 6.1 of @out (HEAD comes before it), read. */
static inline void read_out(struct box *box, const char *out, struct recording *recording)
{
	char *text;

	assert_true(asprintf(&text, HEAD "%s", out) > 0);
	box_write(box, "6.1", ".out", text);
	free(text);
	read_good(box->path, recording);
}

static inline const char *traces(void)
{
	const char *traces = getenv("PFNSIM_TRACES");

	return traces ? traces : "traces";
}

/* The real recordings' traces are compressed: without libzstd none of them reads. */
static inline void need_zstd(void)
{
#ifndef HAVE_ZSTD
	skip();
#endif
}

static inline void read_real(const char *name, struct recording *recording)
{
	char path[400];

	need_zstd();
	snprintf(path, sizeof(path), "%s/recorded/%s", traces(), name);
	read_good(path, recording);
}
