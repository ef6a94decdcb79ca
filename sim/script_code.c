/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_code.c: where the VMM's code page is when a recording begins.
 *
 * The VMM has written it just before, so that it may be in the CPU's LRU batch still, which has a
 * reference of it; and the marks that it gets there are not those that it gets on the LRU
 * (mm/swap.c:folio_mark_accessed(), up to 6.1). The first watch empties the batch.
 */
#include "sim/script_internal.h"

#include <string.h>

static uint64_t number_in(const struct trace_event *event, const char *key, int base)
{
	uint64_t value = 0;

	trace_event_u64(event, key, base, &value);
	return value;
}

/* hva_to_pfn() of the page; 0: it is not looked up */
static uint64_t frame_of_code(const struct command *command)
{
	for (size_t i = 0; i < command->nr_events; i++)
		if (!strcmp(command->events[i].name, "rp_hva_to_pfn") &&
		    number_in(&command->events[i], "hva", 16) == CODE_HVA)
			return number_in(&command->events[i], "pfn", 16);
	return 0;
}

/* What is zapped is mapped once, and nobody else has it; 0: that is not recorded. */
static uint64_t count_when_zapped(const struct command *command, uint64_t frame)
{
	for (size_t i = 0; i < command->nr_events; i++)
		if (!strcmp(command->events[i].name, "kp_kvm_set_pfn_dirty") &&
		    number_in(&command->events[i], "pfn", 16) == frame)
			return number_in(&command->events[i], "ref", 10);
	return 0;
}

static bool begins_to_watch(const struct command *command)
{
	return command->nr_words && strstr(command->words[0], "watch");
}

bool script_code_waits_for_lru(const struct recording *recording)
{
	uint64_t frame = 0, count = 0;

	for (size_t i = 0; i < recording->nr_commands && !frame; i++)
		frame = frame_of_code(&recording->commands[i]);
	for (size_t i = 0; i < recording->nr_commands && frame && !count; i++) {
		if (begins_to_watch(&recording->commands[i]))
			return false;
		count = count_when_zapped(&recording->commands[i], frame);
	}
	return count == 2;
}
