/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conform_end.c: what comes after the last answer: the command in which the guest kernel died, or
 * the VMM's exit.
 *
 * Of a recording that was put together from the console the end is compared: BUG, oops, hang, or
 * mm counters that are wrong, each once, at that command. After any other the VMM exits, too, but
 * nobody looks any more.
 */
#include "sim/conform_internal.h"

#include <string.h>

/* What a kernel prints when it ends, or soon will. */
static const struct end_row {
	const char *word;
	enum alarm_kind kind;
	enum splat splat;		/* NR_SPLATS: any of .kind */
	const char *lines[4];
} ends[] = {
	{ "bug", ALARM_BUG, NR_SPLATS, { "ernel BUG at " } },
	{ "oops", ALARM_OOPS, NR_SPLATS, { "BUG: unable to handle", "general protection fault" } },
	{ "hang", ALARM_HANG, NR_SPLATS, { "detected stall", "self-detected stall", "soft lockup",
					   "blocked for more than" } },
	{ "bad rss", ALARM_WARN, SPLAT_BAD_RSS, { "BUG: Bad rss-counter state" } },
};

static bool says(const struct end_row *end, const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(end->lines) && end->lines[i]; i++)
		if (strstr(line, end->lines[i]))
			return true;
	return false;
}

/* The log as a command has printed it: of what came before. */
static bool is_printed(const struct recording *recording, size_t splat)
{
	for (size_t i = 0; i < recording->nr_commands; i++) {
		const struct command *c = &recording->commands[i];

		if (!strcmp(c->words[0], "sh") && splat - c->first_splat < c->nr_splats)
			return true;
	}
	return false;
}

static bool is_recorded(const struct recording *recording, const struct end_row *end)
{
	for (size_t i = 0; i < recording->nr_splats; i++)
		if (!is_printed(recording, i) && says(end, recording->splats[i]))
			return true;
	return false;
}

static bool is_modelled(const struct run *run, const struct end_row *end, unsigned number)
{
	for (size_t i = 0; i < run->vm->nr_splats; i++) {
		const struct splat_seen *seen = &run->vm->splats[i];

		if (seen->event == number && seen->kind == end->kind &&
		    (end->splat == NR_SPLATS || end->splat == seen->splat))
			return true;
	}
	return false;
}

/* @number: of the model's event; @what: it was doing. */
static void compare_end(struct run *run, unsigned number, const char *what)
{
	struct place place = { .file = run->file.out };

	run->says = !run->out->lost || run->vm->dead;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const struct end_row *end = &ends[i];
		bool recorded = is_recorded(run->recording, end);
		bool modelled = run->says && is_modelled(run, end, number);
		struct said said = say("%s: %s", what, end->word);

		if (recorded || modelled)
			observe(run, CONFORM_END, place, recorded ? said.text : NULL,
				modelled ? said.text : NULL);
	}
}

void conform_end(struct run *run)
{
	const struct recording *recording = run->recording;
	unsigned number = recording->nr_commands + 1;
	struct event exit = { .id = EVENT_EXIT, .number = number, .op = "exit" };
	const char *what = "exit";
	struct outcome outcome;
	struct error error = { .line = 0 };

	if (!run->vm || (!recording->fatal && !recording->complete))
		return;
	for (size_t i = 0; i < recording->nr_fatal && !run->vm->dead; i++) {
		run_fatal(run, &recording->fatal[i]);
		number = recording->fatal[i].number;
		what = recording->fatal[i].text;
	}
	if (!recording->nr_fatal && !run->out->lost &&
	    !event_run(run->vm, &exit, &outcome, &error))
		lose(run, "the VMM's exit is not modelled after this");
	if (!run->out->lost && !run->vm->dead)
		reuse_look_up(run);
	if (recording->reconstructed)
		compare_end(run, number, what);
}
