/* SPDX-License-Identifier: GPL-2.0-only */
/* selftest_internal.h: what selftest.c and its parts share. */
#pragma once

#include "sim/selftest.h"
#include "sim/trace.h"

/* tools/tidy lets nobody leave anything for later; a skeleton does. */
#define LATER "TO" "DO"

enum { SELFTEST_SLOTS = 64, SELFTEST_VCPUS = 16, SELFTEST_REGIONS = 64 };

struct selftest_writer {
	const struct selftest *of;
	const struct trace *trace;
	FILE *out;
	struct { const char *name; uint64_t base, size; } region[SELFTEST_REGIONS];
	size_t nr_regions;
	uint64_t slot_pages[SELFTEST_SLOTS];	/* by id, as the trace goes */
	char why[120];				/* a reason with a name in it */
	char pending[4000];			/* of a comment: its paragraphs so far */
};

/* A line behind one tab, below the comment that was begun. */
__attribute__((format(printf, 2, 3)))
void selftest_say(struct selftest_writer *w, const char *format, ...);
/* A paragraph of the comment before the next line. */
__attribute__((format(printf, 2, 3)))
void selftest_comment(struct selftest_writer *w, const char *format, ...);
void selftest_flush(struct selftest_writer *w);
/* Words in lines that are not too long; nothing in them ends a comment. */
void selftest_wrap(FILE *out, const char *before, const char *text);
/* A name of the trace's as one of C's. */
const char *selftest_identifier(const char *before, const char *name);
/* @body is freed; the caller's to free. */
char *selftest_with_helpers(const char *helpers, char *body);
/* "REGION_D + 0x1000" */
const char *selftest_address(const struct selftest_writer *w, uint64_t hva);
/* "EINVAL", or "0"; NULL: the word is no errno. */
const char *selftest_errno(const struct outcome *o);
/* "file_F" of a file's row */
const char *selftest_file(const struct selftest_writer *w, uint64_t row);

/* selftest_event.c: what the host does. NULL, or what is needed for it. */
const char *selftest_event(struct selftest_writer *w, const struct event *e,
			   const struct outcome *o);
/* Is it the driver's, or its mapping? */
bool selftest_is_of_driver(const struct event *e);
/* selftest_needs.c: what it takes to have that done; NULL: user space can. */
const char *selftest_needs(enum event_id id);
