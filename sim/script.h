/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script.h: a recording's commands as events, and the VM that its recorder set up first.
 *
 * Commands are the lab's language (docs/RECORDINGS.md). What cannot be expressed as events is
 * said to be so, with the reason; nothing is passed over in silence.
 */
#pragma once

#include <stdbool.h>

#include "sim/event.h"
#include "sim/recording.h"

struct script;

enum script_verdict {
	SCRIPT_EVENTS,		/* these events are the command */
	SCRIPT_LOOKS,		/* it changes nothing: one EVENT_NOTHING */
	SCRIPT_OVERLAP,		/* its events run at the same time, in an order nobody recorded */
	SCRIPT_UNMODELLED,	/* what it does is not in the model; .why */
};

struct script_events {
	enum script_verdict verdict;
	const char *why;		/* SCRIPT_UNMODELLED */
	struct event *events;		/* owned by the script, until the next command */
	size_t nr_events;
	size_t main;			/* whose outcome is the command's */
	/*
	 * What goes on meanwhile, or NULL. Known: it happens once, between the look-up and mmu_lock
	 * of the first fault (the lab's "later"). Else somewhere, any number of times ("bg").
	 */
	const struct event *meanwhile;
	size_t nr_meanwhile;		/* one after the other */
	bool meanwhile_known;
};

struct script *script_new(const struct recording *recording);
void script_free(struct script *script);
/*
 * The state that the recorder starts from: a code page region behind memslot 0 (gpa 0, 16 KiB)
 * and two vCPUs that have run to HLT there.
 */
void script_set_up(const struct recording *recording, struct vm *vm);
struct vm_config script_config(const struct recording *recording);
/* The next command. Which frames the allocator gave is an input: taken from the answers. */
struct script_events script_command(struct script *script, const struct command *command);
/* The window of "later" has been open: it acts once. */
void script_window_used(struct script *script);
/* The @i'th background loop: its event, over and over; NULL: it does not run. */
const struct event *script_loop(const struct script *script, size_t i);
/* Has the recorder more threads than its first one at the moment? */
bool script_has_threads(const struct script *script);
/* Addresses as the script writes them: 0x..., REGION, REGION+offset. */
bool script_address(const struct script *script, const char *word, uint64_t *hva);
/* 32K, 2M, 0x1000, 7: as strtoull() reads them; 0 for anything else. */
uint64_t script_number(const char *word);
/* "key=" of a command, or NULL. */
const char *script_option(const struct command *command, const char *key);
/* Is it an address of the recorder's regions? */
bool script_owns(uint64_t hva);
/* Have the LRU batches been emptied after this command (somebody watches, autodrain on)? */
bool script_drains(const struct script *script);
/* A shell command that only shows the kernel's log */
bool script_shows_log(const struct command *command);
/* Has the recorder, or its kernel, no such thing? Then nothing was done. */
bool script_is_refused(const struct command *command);
/* sysw of the driver's parameters for the window of "later", which may not be there */
bool script_opens_window(const struct command *command);
