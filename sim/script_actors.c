/* SPDX-License-Identifier: GPL-2.0-only */
/* script_actors.c: the lab's commands by which more than one thread acts, and random loops. */
#include <string.h>

#include "sim/script_internal.h"

/* randw|randr GPA COUNT MASK SEED [v=] */
static const char *random_access(struct script *s, const struct command *c, enum event_id id)
{
	struct event *e = script_add(s, c, id);

	e->gpa = number(c, 1);
	e->count = number(c, 2);
	e->mask = (uint32_t)number(c, 3);
	e->value = (uint32_t)number(c, 4);
	e->vcpu = option(c, "v", 0);
	e->random = true;
	return e->vcpu >= MAX_VCPUS || !e->count ? "no such vCPU, or no access at all" : NULL;
}

const char *do_randw(struct script *s, const struct command *c)
{
	return random_access(s, c, EVENT_WRITE);
}

const char *do_randr(struct script *s, const struct command *c)
{
	return random_access(s, c, EVENT_READ);
}

/* par OP GPA COUNT STRIDE|MASK SEED: the same loop on both vCPUs, eax 0x1000 and 0x1001 */
const char *do_par(struct script *s, const struct command *c)
{
	static const char *const ops[] = { "r", "w", "rmw", "randr", "randw",
					   "gread", "gwrite", "grmw" };
	static const u8 id[] = { EVENT_READ, EVENT_WRITE, EVENT_RMW, EVENT_READ, EVENT_WRITE,
				 EVENT_READ, EVENT_WRITE, EVENT_RMW };
	size_t op = 0;

	while (op < ARRAY_SIZE(ops) && strcmp(ops[op], script_word(c, 1)))
		op++;
	if (op == ARRAY_SIZE(ops) || !number(c, 3))
		return "an unknown loop";
	for (uint64_t vcpu = 0; vcpu < 2; vcpu++) {
		struct event *e = script_add(s, c, id[op]);

		e->gpa = number(c, 2);
		e->count = number(c, 3);
		e->vcpu = vcpu;
		e->random = !strncmp(ops[op], "rand", 4);
		if (e->random)
			e->mask = (uint32_t)number(c, 4);
		else
			e->stride = number(c, 4);
		e->value = e->random ? number(c, 5) + vcpu : 0x1000 + vcpu;
	}
	s->overlaps = true;
	return NULL;
}

/* bg ID dontneed|rdontneed|zap|mprot ADDR LEN USEC [obj=]: over and over until bgstop ID */
const char *do_bg(struct script *s, const struct command *c)
{
	struct event e = { .number = c->number, .file = s->file, .line = c->line,
			   .op = c->text, .pfn = NO_PFN };

	if (number(c, 1) >= ARRAY_SIZE(s->background))
		return "more than 4 background loops";
	if (!script_address(s, script_word(c, 3), &e.hva))
		return "an unknown region";
	e.size = number(c, 4);
	if (!strcmp(script_word(c, 2), "zap")) {
		e.id = EVENT_ZAP;
		e.object = option(c, "obj", 0);
		e.count = e.size >> PAGE_SHIFT;
	} else if (!strcmp(script_word(c, 2), "dontneed")) {
		e.id = EVENT_DONTNEED;
	} else if (!strcmp(script_word(c, 2), "rdontneed")) {	/* 16 pages somewhere */
		e.id = EVENT_DONTNEED;
		e.random = true;
		e.value = 12345 + number(c, 1);
	} else if (!strcmp(script_word(c, 2), "mprot")) {	/* read-only, and back */
		e.id = EVENT_MPROTECT;
	} else {
		return "this background loop is not modelled";
	}
	script_add(s, c, EVENT_NOTHING);
	s->background[number(c, 1)] = e;
	return NULL;
}

const char *do_bgstop(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_NOTHING);
	if (number(c, 1) < ARRAY_SIZE(s->background))
		s->background[number(c, 1)].op = NULL;
	return NULL;
}

/* What the lab's second thread can do: zap OBJ IDX N, dontneed ADDR LEN, remap ... */
static const char *delayed(struct script *s, const struct command *c)
{
	struct event *e;

	if (!strcmp(script_word(c, 0), "remap"))
		return script_row("remap")->run(s, c);
	if (!strcmp(script_word(c, 0), "zap")) {
		e = script_add(s, c, EVENT_ZAP);
		e->object = number(c, 1);
		e->index = number(c, 2);
		e->count = number(c, 3);
	} else if (!strcmp(script_word(c, 0), "dontneed")) {
		e = script_add(s, c, EVENT_DONTNEED);
		e->size = number(c, 2);
		if (!script_address(s, script_word(c, 1), &e->hva))
			return "an unknown region";
	} else {
		return "this delayed command is not modelled";
	}
	return NULL;
}

/* later US CMD...: once, inside the window that the look-up's return probe opens */
const char *do_later(struct script *s, const struct command *c)
{
	struct command what = *c;
	const char *why;

	what.words += 2;
	what.nr_words -= c->nr_words < 2 ? c->nr_words : 2;
	why = delayed(s, &what);
	if (!why && s->nr_events > MAX_LATER)
		why = "this delayed command is not modelled";
	s->nr_later = why ? 0 : s->nr_events;
	for (size_t i = 0; i < s->nr_later; i++)
		s->later[i] = s->events[i];
	s->nr_events = 0;
	script_add(s, c, EVENT_NOTHING);
	return why;
}

/* No look-up has opened the window: it acts all the same, and join waits for it. */
const char *do_join(struct script *s, const struct command *c)
{
	for (size_t i = 0; i < s->nr_later; i++) {
		struct event *e = script_add(s, c, EVENT_NOTHING);

		*e = s->later[i];
		e->number = c->number;
	}
	if (!s->nr_later)
		script_add(s, c, EVENT_NOTHING);
	s->nr_later = 0;
	return NULL;
}
