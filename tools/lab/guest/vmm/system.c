/* SPDX-License-Identifier: GPL-2.0-only */
/* system.c: settings and threads of the kernel: sysfs, KSM, compaction, ageing. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KSM	"/sys/kernel/mm/ksm/"
#define LRU_GEN	"/sys/kernel/debug/lru_gen"

enum { LRU_GEN_SIZE = 65536, KSM_MILLISECONDS = 5000 };

static void words_from(const struct args *args, unsigned first, char *text, size_t size)
{
	size_t length = 0;

	text[0] = 0;
	for (unsigned i = first; i < args->nr && length < size; i++)
		length += snprintf(text + length, size - length, "%s%s", i > first ? " " : "",
				   args->word[i]);
}

/* sysw PATH VALUE... */
static void do_sysw(struct vmm *vmm, const struct args *args)
{
	char text[LINE_SIZE];

	words_from(args, 2, text, sizeof(text));
	answer_error(vmm, write_file(arg(args, 1), text));
}

static void do_sysr(struct vmm *vmm, const struct args *args)
{
	char text[400];
	ssize_t n = read_file(arg(args, 1), text, sizeof(text));

	if (n < 0) {
		answer_error(vmm, errno);
		return;
	}
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = at[1] ? '|' : 0;
	answer(vmm, "%s", text);
}

static void do_sh(struct vmm *vmm, const struct args *args)
{
	char text[LINE_SIZE];

	words_from(args, 1, text, sizeof(text));
	fflush(vmm->out);
	answer(vmm, "rc=%d", WEXITSTATUS(system(text)));
}

static void do_sleep(struct vmm *vmm, const struct args *args)
{
	usleep(arg_number(args, 1) * 1000);
	answer(vmm, "OK");
}

static void do_clearrefs(struct vmm *vmm, const struct args *args)
{
	answer_error(vmm, write_file("/proc/self/clear_refs", arg(args, 1)));
}

static void do_compact(struct vmm *vmm, const struct args *args)
{
	(void)args;
	answer_error(vmm, write_file("/proc/sys/vm/compact_memory", "1"));
}

static long ksm_scans(void)
{
	char text[32];

	return read_file(KSM "full_scans", text, sizeof(text)) > 0 ? atol(text) : 0;
}

/* ksm SCANS [2]: until so many full scans are over; then off, or everything unmerged */
static void do_ksm(struct vmm *vmm, const struct args *args)
{
	long wanted = arg_number(args, 1), before, scans = 0;

	write_file(KSM "sleep_millisecs", "0");
	write_file(KSM "pages_to_scan", "2000");
	before = ksm_scans();
	write_file(KSM "run", "1");
	for (unsigned i = 0; i < KSM_MILLISECONDS && scans < wanted; i++) {
		usleep(1000);
		scans = ksm_scans() - before;
	}
	answer(vmm, "%s scans=%ld",
	       error_name(write_file(KSM "run", *arg(args, 2) == '2' ? "2" : "0")), scans);
}

/* The youngest generation of a memcg's node, as debugfs lists them; -1: not there */
static long youngest(char *text, long memcg, long node)
{
	long at_memcg = -1, at_node = -1, max = -1, value;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "memcg %ld", &value) == 1)
			at_memcg = value;
		else if (sscanf(line, " node %ld", &value) == 1)
			at_node = value;
		else if (at_memcg == memcg && at_node == node && sscanf(line, " %ld", &value) == 1)
			max = value;
	}
	return max;
}

/* lruage MEMCG NODE: one step of MGLRU's ageing */
static void do_lruage(struct vmm *vmm, const struct args *args)
{
	static char text[LRU_GEN_SIZE];
	long memcg = arg_number(args, 1), node = arg_number(args, 2);
	char order[80];

	read_file(LRU_GEN, text, sizeof(text));
	snprintf(order, sizeof(order), "+ %ld %ld %ld 1 1", memcg, node,
		 youngest(text, memcg, node));
	answer(vmm, "%s (%s)", error_name(write_file(LRU_GEN, order)), order);
}

const struct command system_commands[] = {
	{ "sysw", do_sysw },
	{ "sysr", do_sysr },
	{ "sh", do_sh },
	{ "sleep", do_sleep },
	{ "clearrefs", do_clearrefs },
	{ "compact", do_compact },
	{ "ksm", do_ksm },
	{ "lruage", do_lruage },
	{ NULL, NULL },
};
