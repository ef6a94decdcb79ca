// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_splat.c: the kernel's log in .out and .meta: WARNs, BUGs, oopses and their stacks.
 */
#include <string.h>

#include "sim/recording_internal.h"

/* "[    2.237880] ": the time of a kernel's log. */
static bool has_time(const char *line)
{
	size_t digits;

	if (*line++ != '[')
		return false;
	line += strspn(line, " ");
	digits = strspn(line, "0123456789");
	if (!digits || line[digits] != '.')
		return false;
	line += digits + 1;
	digits = strspn(line, "0123456789");
	return digits && line[digits] == ']';
}

static bool is_warning(const char *line)
{
	return !strncmp(line, "WARNING: ", 9) || !strncmp(line, "BUG: ", 5) ||
	       !strncmp(line, "Oops: ", 6);
}

static bool names_function(const char *line)
{
	return strstr(line, "+0x") || strstr(line, "WARNING") || strstr(line, "BUG") ||
	       strstr(line, "Oops") || strstr(line, " stall") || strstr(line, "soft lockup");
}

void splat_keep(struct reader *reader, const char *line)
{
	*(const char **)vec_push(&reader->splats) = line;
}

bool splat_line(struct reader *reader, const char *line)
{
	if (!has_time(line) && !is_warning(line))
		return false;
	if (names_function(line))
		splat_keep(reader, line);
	return true;
}
