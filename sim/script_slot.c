/* SPDX-License-Identifier: GPL-2.0-only */
/* script_slot.c: the lab's commands that are ioctls of the VM: memslots and their dirty logs. */
#include <string.h>

#include "sim/script_internal.h"

const char *do_slot(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_MEMSLOT);

	e->slot = number(c, 1);
	e->gpa = number(c, 2);
	e->size = number(c, 4);
	e->flags = (script_option(c, "ro") ? KVM_MEM_READONLY : 0) |
		   (script_option(c, "log") ? KVM_MEM_LOG_DIRTY_PAGES : 0);
	if (!script_address(s, script_word(c, 3), &e->hva))
		return "an unknown region";
	if (e->slot >= ARRAY_SIZE(s->slot))
		return "a slot number above 63";
	s->slot[e->slot].gpa = e->gpa;
	s->slot[e->slot].hva = e->hva;
	s->slot[e->slot].size = e->size;
	if (!e->size)
		e->id = EVENT_MEMSLOT_DELETE;
	return NULL;
}

const char *do_slotdel(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_MEMSLOT_DELETE);

	e->slot = number(c, 1);
	if (e->slot < ARRAY_SIZE(s->slot))
		e->gpa = s->slot[e->slot].gpa;
	return NULL;
}

const char *do_dirtylog(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_DIRTY_LOG)->slot = number(c, 1);
	return NULL;
}

/* cleardirty ID FIRST [N]; without N as many as the slot has */
const char *do_cleardirty(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_CLEAR_LOG);

	e->slot = number(c, 1);
	e->index = number(c, 2);
	e->count = number(c, 3);
	if (c->nr_words <= 3 && e->slot < ARRAY_SIZE(s->slot))
		e->count = s->slot[e->slot].size >> PAGE_SHIFT;
	return NULL;
}

enum { CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168 };

/* cap NUMBER ARGUMENT: KVM_ENABLE_CAP */
const char *do_cap(struct script *s, const struct command *c)
{
	if (number(c, 1) != CAP_MANUAL_DIRTY_LOG_PROTECT2)
		return "this capability is not modelled";
	script_add(s, c, EVENT_LOG_MODE)->mode = number(c, 2);
	return NULL;
}

/* kstrtobool(), and two more words of nx_huge_pages */
static int bool_of(const char *text, bool nx)
{
	if (nx && (!strcmp(text, "force") || !strcmp(text, "off")))
		return *text == 'f';
	if (!*text)
		return -1;
	if (strchr("yY1", *text) || !strcmp(text, "on"))
		return 1;
	return strchr("nN0", *text) || !strcmp(text, "off") ? 0 : -1;
}

/* sysw /sys/module/kvm/parameters/NAME VALUE */
const char *script_kvm_set(struct script *s, const struct command *c, const char *name)
{
	bool nx = !strcmp(name, "nx_huge_pages");
	int value = bool_of(script_word(c, 2), nx);
	struct event *e = script_add(s, c, nx ? EVENT_SET_NX : EVENT_EAGER_SPLIT);

	e->value = value;
	if (value >= 0 && (nx || !strcmp(name, "eager_page_split")))
		return NULL;
	e->id = EVENT_NOTHING;
	return "this setting is not modelled";
}
