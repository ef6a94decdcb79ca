/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fmt.h: a trace in the one way to write it.
 *
 * Line by line: one blank between words, arguments in the order of the event's table, without
 * their key if they may go without. Comments of lines in a row stand in one column. Numbers and
 * strings stay as they are spelt, blank lines where they are. What it means is not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/error.h"

struct fmt_change {
	unsigned line;
	char *before, *after;		/* without the end of the line */
};

struct fmt {
	char *text;
	size_t length;
	struct fmt_change *changes;	/* stb_ds: lines that read otherwise */
	bool is_canonical;		/* no change, and each line ends in LF */
};

/* False: @text is not a trace, *@error, and nothing to free. @name: see ast_parse(). */
bool fmt(const char *name, const char *text, size_t length, struct fmt *out, struct error *error);
void fmt_free(struct fmt *fmt);
