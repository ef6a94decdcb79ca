/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * error.h: what was wrong with the input, and where.
 *
 * The second of the three kinds of wrong (HACKING.md): our bug asserts, the simulated kernel's
 * bug is a violation, bad input is a struct error that only tools/ prints.
 */
#pragma once

struct error {
	char file[512];		/* as the user, or an include, named it; "": none is meant */
	unsigned line;		/* from 1; 0: the file as a whole */
	unsigned column;	/* from 1, in bytes; 0: the line as a whole */
	char text[512];		/* one line, no newline: what is wrong, and what was expected */
};

/* Fill @e; returns false so that a caller can write "return error_at(...)". @e may be NULL. */
__attribute__((format(printf, 5, 6)))
_Bool error_at(struct error *e, const char *file, unsigned line, unsigned column,
	       const char *format, ...);
