/* SPDX-License-Identifier: GPL-2.0-only */
#include "tools/frames.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pfnsim.h"

#ifdef HAVE_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>

void frames_print(void)
{
	unw_context_t context;
	unw_cursor_t cursor;
	unw_word_t offset;
	char name[256];

	unw_getcontext(&context);
	unw_init_local(&cursor, &context);
	fprintf(stderr, "pfnsim's own frames, innermost first:\n");
	for (unsigned i = 0; i < 32 && unw_step(&cursor) > 0; i++)
		if (!unw_get_proc_name(&cursor, name, sizeof(name), &offset))
			fprintf(stderr, "  #%u %s+0x%lx\n", i, name, (unsigned long)offset);
		else
			fprintf(stderr, "  #%u ?\n", i);
}
#else
void frames_print(void)
{
	fprintf(stderr, "pfnsim: built without libunwind, so there are no frames to show\n");
}
#endif

/* An assertion failed: that is our bug, never the simulated kernel's, never the input's. */
static void on_abort(int signal)
{
	(void)signal;
	fprintf(stderr, "pfnsim: internal error, please report it with the input\n");
	frames_print();
	_exit(CODE_INTERNAL);
}

int frames_option(int argc, char **argv)
{
	int kept = 1;

	signal(SIGABRT, on_abort);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--debug-frames"))
			frames_print();
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}
