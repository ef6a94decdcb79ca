/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_internal.h: what the files of the recording reader share.
 *
 *	recording.c		paths, which files there are, and their order
 *	recording_text.c	a file as checked lines, a cursor inside a line, growing arrays
 *	recording_config.c	.meta, line 1 of .out and the folder: which kernel, how set up
 *	recording_out.c		.out (and .cmd, which it must agree with): commands
 *	recording_facts.c	.out: what stands below a command
 *	recording_splat.c	.out and .meta: lines of the kernel's log
 *	recording_answer.c	.out: what stands after "=>"
 *	recording_trace.c	.trace: marks, events, and the table of their fields
 *	recording_fields.c	how that table is applied to a body
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/recording.h"

/* An array that grows; what is done growing is copied into the arena. */
struct vec {
	char *data;
	size_t n, room;
	size_t size;		/* of one element */
};

/* A new element at the end, all zero. Valid until the next push. */
void *vec_push(struct vec *vec);
/* The elements as an array in @arena (NULL if there are none); @vec is empty then. */
void *vec_take(struct vec *vec, struct arena **arena);
void vec_free(struct vec *vec);

/* A file, line by line. */
struct text {
	char *file;		/* as messages name it */
	char *line;		/* the line text_line() came to, without its newline */
	char *next;		/* what comes after it */
	char *end;		/* of the file */
	unsigned number;	/* of .line */
	bool unfinished;	/* .line is the last and has no newline: cut off while written */
	bool is_foreign;	/* lines may end in "\r\n" */
	struct error *error;
};

/* A place in the line of a text. What it expects and does not find becomes the error. */
struct cursor {
	const struct text *text;
	char *at;
};

/* What .meta and line 1 of .out say. Flags: 'Y', 'N', or 0 where they do not speak. */
struct config {
	const char *uname;		/* "" if not said */
	const char *file;		/* that said so */
	unsigned line;
	char ept, eptad, tdp_mmu, npt;
	char unsafe;			/* allow_unsafe_mappings; '-' for "n/a" */
};

/* A line of NAME.cmd that is a command. */
struct script_line {
	const char *text;
	unsigned line;
};

struct reader {
	struct recording *recording;
	struct arena *arena;		/* becomes .recording->arena */
	struct error *error;
	struct text text;		/* the file being read */
	struct config config;
	struct vec script;		/* struct script_line */
	bool has_script;

	/* .out */
	struct vec commands;		/* struct command */
	struct vec facts;		/* struct fact, of the last command */
	struct vec splats;		/* const char * */
	bool open;			/* the last command's answer goes on in the next line */
	bool done;			/* "DONE n commands" was there */
	unsigned booted;		/* vCPUs that did */

	/* .trace */
	struct command *current;	/* between its marks; NULL: none */
	struct command *before;		/* behind its second mark; NULL: none */
	unsigned last_mark;		/* the highest number of a "### n" */
	struct vec events;		/* struct trace_event, of .current */

	struct vec fields;		/* struct trace_field, of one event */
	struct vec keys;		/* const char *, of the fields */
};

/*
 * Read @path whole.  Control bytes and overlong lines are errors.  With @missing, a file that is
 * not there is none: *@missing says so.
 */
bool text_load(struct reader *reader, const char *path, bool *missing);
/* Go to the next line; false at the end. */
bool text_line(struct text *text);
/* The error for an .unfinished line. */
bool text_truncated(const struct text *text);

struct cursor cursor_at(const struct text *text, char *at);
__attribute__((format(printf, 2, 3)))
bool cursor_fail(const struct cursor *cursor, const char *format, ...);
/* Step over @literal if it is next. */
bool cursor_skip(struct cursor *cursor, const char *literal);
/* Step over @literal, which must be next. */
bool cursor_want(struct cursor *cursor, const char *literal);
/* Numbers; hexadecimal ones have their "0x". */
bool cursor_hex(struct cursor *cursor, uint64_t *value);
bool cursor_u64(struct cursor *cursor, uint64_t *value);
bool cursor_unsigned(struct cursor *cursor, unsigned *value);
bool cursor_long(struct cursor *cursor, long *value);
bool cursor_int(struct cursor *cursor, int *value);
/* "@literal" and a number. */
bool cursor_want_hex(struct cursor *cursor, const char *literal, uint64_t *value);
/* The word (at least one character) up to a blank or the end of the line, copied. */
bool cursor_word(struct cursor *cursor, struct reader *reader, const char **word);
/* Nothing may be left. */
bool cursor_end(const struct cursor *cursor);

/* recording_splat.c */
/* Is this a line of a kernel's log?  Then keep it if it names a function. */
bool splat_line(struct reader *reader, const char *line);
void splat_keep(struct reader *reader, const char *line);

/* recording_config.c */
bool config_words(struct reader *reader, struct cursor *cursor, const char *end);
bool config_read_meta(struct reader *reader, const char *path);
bool config_settle(struct reader *reader);

/* recording_out.c */
bool script_read(struct reader *reader, const char *path);
bool out_read(struct reader *reader, const char *path);

/* recording_facts.c; "pfn=..." with what follows it into *@page; one indented line */
bool page_read(struct cursor *cursor, struct page_facts *page);
bool fact_read(struct reader *reader, struct cursor *cursor);

/* recording_answer.c: fill @answer, which is an ANSWER_OTHER so far; @cursor is at its result */
bool answer_read(struct reader *reader, const char *command, struct cursor *cursor,
		 struct answer *answer);

/* recording_trace.c */
bool trace_read(struct reader *reader, const char *path);

/* recording_fields.c: the fields of @event, by @form or, where that does not fit, by "k=v" */
void fields_read(struct reader *reader, const char *form, struct trace_event *event);
/* Is the body of @event of @form?  Then it has its fields. */
bool fields_fit(struct reader *reader, const char *form, struct trace_event *event);
