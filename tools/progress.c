/* SPDX-License-Identifier: GPL-2.0-only */
/* progress.c: a line on a terminal while something takes long. No colour, no escape sequence. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/pfnsim.h"

static bool is_quiet;

void tool_be_quiet(void)
{
	is_quiet = true;
}

static int columns(void)
{
	struct winsize size = { .ws_col = 0 };

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* "40 s", "3 min", "2.5 h" */
static void print_left(double seconds, char *text, size_t size)
{
	if (seconds < 100)
		snprintf(text, size, "%.0f s", seconds);
	else if (seconds < 6000)
		snprintf(text, size, "%.0f min", seconds / 60);
	else
		snprintf(text, size, "%.1f h", seconds / 3600);
}

void tool_progress(double since, double done, const char *format, ...)
{
	static double shown;
	static int width;		/* of what stands there */
	double now = tool_seconds(), passed = now - since;
	char text[512], left[64] = "";
	va_list args;
	int used, most;

	if (!format && width) {
		fprintf(stderr, "\r%*s\r", width, "");
		width = 0;
	}
	if (!format || is_quiet || passed < 1 || now - shown < 0.2 || !isatty(STDERR_FILENO))
		return;
	shown = now;
	va_start(args, format);
	used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (done > 0 && done < 1) {
		print_left(passed / done * (1 - done), left, sizeof(left) - 8);
		strcat(left, " left");
	}
	most = columns() - 1 - (*left ? (int)strlen(left) + 2 : 0);
	used = used < most ? used : most > 0 ? most : 0;
	used = fprintf(stderr, "\r%.*s%s%s", used, text, *left ? ", " : "", left) - 1;
	if (used < width)
		fprintf(stderr, "%*s\r", width - used, "");
	width = used;
	fflush(stderr);
}
