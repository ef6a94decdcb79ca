/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_stop.c: the lab's commands that run in threads of their own: they stop before a step, or
 * wait for others.
 *
 * The answer says how it stands: STOPPED, WAITS, PENDING (userspace is asked), or the command's own
 * when it is over; OVER: it had said that before. NOPROBE: this kernel cannot be stopped there, and
 * has done nothing.
 */
#include <stdio.h>
#include <string.h>

#include "sim/script_internal.h"

bool script_starts_thread(const struct command *c)
{
	static const char *const verbs[] = { "start", "resume", "gstart", "hstart", "gwake" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i], script_word(c, 0)))
			return true;
	return false;
}

/* It outlives the command, and so does its label. A name may be used again when its thread ends. */
const char *script_begin(struct script *s, struct event *e, const char *name)
{
	size_t i = 0;

	while (i < MAX_STARTED && *s->started[i].name && strcmp(s->started[i].name, name))
		i++;
	if (i == MAX_STARTED || strlen(name) >= sizeof(s->started[i].name))
		return "more than 32 threads, or a name of more than 31 letters";
	strcpy(s->started[i].name, name);
	e->label = s->started[i].name;
	s->started[i].event = *e;
	e->kept = &s->started[i].event;
	return NULL;
}

static const char *step_of(const struct command *c)
{
	const char *word = script_word(c, 2);

	return !strncmp(word, "until=", 6) ? word + 6 : NULL;
}

/* start NAME [until=STEP] COMMAND... */
const char *script_start(struct script *s, const struct command *c)
{
	size_t words = step_of(c) ? 3 : 2;
	struct command what = *c;
	const struct script_row *row;
	struct event *e;
	const char *why;

	if (!strncmp(c->answer.result, "NOPROBE", 7))
		return "this kernel cannot be stopped there";
	what.words += words;
	what.nr_words -= c->nr_words < words ? c->nr_words : words;
	row = script_row(script_word(&what, 0));
	if (!row || row->looks || script_starts_thread(&what))
		return "a thread that does this is not modelled";
	why = row->run(s, &what);
	if (why)
		return why;
	if (s->nr_events != 1)
		return "a thread that does several things is not modelled";
	e = &s->events[0];
	e->until = step_of(c);
	return script_begin(s, e, script_word(c, 1));
}

/* resume NAME [until=STEP] */
const char *script_resume(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_RESUME);

	e->name = e->label = script_word(c, 1);
	e->until = step_of(c);
	return !strncmp(c->answer.result, "NOPROBE", 7) ? "this kernel cannot be stopped there" :
							  NULL;
}
