/* SPDX-License-Identifier: GPL-2.0-only */
/* lab_uffd.c: userfaultfd's events as commands of the lab. sim/script_uffd.c is the way back. */
#include "sim/lab_internal.h"

static void say_modes(struct lab *lab, uint64_t modes)
{
	static const char *const words[] = { "missing", "wp", "unpopulated", "minor", "async" };
	const char *between = " ";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (modes & 1 << i) {
			lab_say_more(lab, "%s%s", between, words[i]);
			between = ",";
		}
}

const char *lab_uffd(struct lab *lab, const struct event *e)
{
	static const struct { enum event_id id; const char *verb; } verbs[] = {
		{ EVENT_UFFD_REGISTER, "reg" }, { EVENT_UFFD_UNREGISTER, "unreg" },
		{ EVENT_UFFD_PROTECT, "wp" }, { EVENT_UFFD_UNPROTECT, "unwp" },
		{ EVENT_UFFD_COPY, "copy" }, { EVENT_UFFD_ZEROPAGE, "zero" },
		{ EVENT_UFFD_CONTINUE, "continue" }, { EVENT_UFFD_POISON, "poison" },
		{ EVENT_UFFD_MOVE, "move" }, { EVENT_UFFD_WAKE, "wake" },
	};
	const char *verb = "";
	char at[64], from[64];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].id == e->id)
			verb = verbs[i].verb;
	lab_say(lab, "uffd %s %s 0x%llx", verb, lab_address(lab, e->hva, at, sizeof(at)),
		(unsigned long long)e->size);
	if (e->id == EVENT_UFFD_REGISTER)
		say_modes(lab, e->mode);
	if (e->id == EVENT_UFFD_COPY || e->id == EVENT_UFFD_MOVE)
		lab_say_more(lab, " %s", lab_address(lab, e->other_hva, from, sizeof(from)));
	if (e->write)
		lab_say_more(lab, " wp");
	if (e->keep)
		lab_say_more(lab, " holes");
	if (e->silent)
		lab_say_more(lab, " dontwake");
	return NULL;
}
