/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/misuse.h"
#include "tools/pfnsim.h"

static void print(const char *program, const char *format, va_list list)
{
	fprintf(stderr, "%s: ", program);
	vfprintf(stderr, format, list);
	fprintf(stderr, "; %s --help says more\n", program);
}

void misuse(const char *program, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print(program, format, list);
	va_end(list);
}

void misused(const struct argp_state *state, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print(state->name, format, list);
	va_end(list);
	exit(CODE_BAD_INPUT);
}
