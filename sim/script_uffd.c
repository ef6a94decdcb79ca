/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_uffd.c: the lab's commands on a userfaultfd, and accesses that wait for userspace.
 *
 * gstart, hstart begin an access in a thread, which answers PENDING when userspace is asked for
 * something; gwake wakes it, and waits for its end, or for the next question.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/script_internal.h"

/* By vCPU; of hstart, too */
static const char *thread_name(const struct command *c)
{
	const char *vcpu = script_option(c, "v");

	return vcpu ? vcpu : "0";
}

static uint64_t modes_of(const char *words)
{
	return (strstr(words, "missing") ? 1 : 0) | (strstr(words, "wp") ? 2 : 0) |
	       (strstr(words, "unpopulated") ? 4 : 0) |
	       (strstr(words, "minor") ? 8 : 0) | (strstr(words, "async") ? 16 : 0);
}

static bool has_source(const struct event *e)
{
	return e->id == EVENT_UFFD_COPY || e->id == EVENT_UFFD_MOVE;
}

/* uffd VERB ADDR LEN [MODES|SOURCE] [wp] [holes] [dontwake] */
const char *script_uffd(struct script *s, const struct command *c)
{
	static const struct { const char *name; enum event_id id; } verbs[] = {
		{ "reg", EVENT_UFFD_REGISTER }, { "unreg", EVENT_UFFD_UNREGISTER },
		{ "wp", EVENT_UFFD_PROTECT }, { "unwp", EVENT_UFFD_UNPROTECT },
		{ "copy", EVENT_UFFD_COPY }, { "zero", EVENT_UFFD_ZEROPAGE },
		{ "continue", EVENT_UFFD_CONTINUE }, { "poison", EVENT_UFFD_POISON },
		{ "move", EVENT_UFFD_MOVE }, { "wake", EVENT_UFFD_WAKE },
	};
	struct event *e = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(verbs) && !e; i++)
		if (!strcmp(verbs[i].name, script_word(c, 1)))
			e = script_add(s, c, verbs[i].id);
	if (c->answer.kind == ANSWER_ERRNO && !strcmp(c->answer.error, "errno9"))
		return "the recorder has no userfaultfd";
	if (!e)
		return "this ioctl of a userfaultfd is not modelled";
	e->size = number(c, 3);
	e->silent = !!script_option(c, "dontwake");
	e->mode = e->id == EVENT_UFFD_REGISTER ? modes_of(script_word(c, 4)) : 0;
	e->write = (e->id == EVENT_UFFD_COPY || e->id == EVENT_UFFD_CONTINUE) &&
		   script_option(c, "wp");
	e->keep = e->id == EVENT_UFFD_MOVE && script_option(c, "holes");
	if (!script_address(s, script_word(c, 2), &e->hva) ||
	    (has_source(e) && !script_address(s, script_word(c, 4), &e->other_hva)))
		return "an unknown region";
	return (e->size | e->other_hva) % 4096 || !e->size ? "a misaligned range is not modelled" :
							      NULL;
}

/* gstart read|write|rmw GPA [VALUE] [v=] */
const char *script_gstart(struct script *s, const struct command *c)
{
	const char *op = script_word(c, 1);
	struct event *e = script_add(s, c, !strcmp(op, "read") ? EVENT_READ :
				     !strcmp(op, "write") ? EVENT_WRITE : EVENT_RMW);

	e->gpa = number(c, 2);
	e->value = (uint32_t)number(c, 3);
	e->vcpu = option(c, "v", 0);
	return script_begin(s, e, thread_name(c));
}

/* hstart read|write ADDR [VALUE] [v=] */
const char *script_hstart(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, !strcmp(script_word(c, 1), "read") ? EVENT_HOST_READ :
				     EVENT_HOST_WRITE);

	e->value = (uint32_t)number(c, 3);
	return script_address(s, script_word(c, 2), &e->hva) ?
	       script_begin(s, e, thread_name(c)) : "an unknown region";
}

/* gwake ADDR LEN [v=] */
const char *script_gwake(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_UFFD_WAKE);

	e->size = number(c, 2);
	if (!script_address(s, script_word(c, 1), &e->hva))
		return "an unknown region";
	e = script_add(s, c, EVENT_RESUME);
	e->name = e->label = thread_name(c);
	return NULL;
}
