/* SPDX-License-Identifier: GPL-2.0-only */
/* lab_uffd.c: userfaultfd's events as commands of the lab. sim/script_uffd.c is the way back. */
#include "sim/lab_internal.h"

enum { MODE_MISSING = 1, MODE_WP = 2, MODE_UNPOPULATED = 4 };

const char *lab_uffd(struct lab *lab, const struct event *e)
{
	static const struct { enum event_id id; const char *verb; } verbs[] = {
		{ EVENT_UFFD_REGISTER, "reg" }, { EVENT_UFFD_UNREGISTER, "unreg" },
		{ EVENT_UFFD_PROTECT, "wp" }, { EVENT_UFFD_UNPROTECT, "unwp" },
		{ EVENT_UFFD_COPY, "copy" }, { EVENT_UFFD_ZEROPAGE, "zero" },
		{ EVENT_UFFD_WAKE, "wake" },
	};
	const char *verb = "";
	char at[64], from[64];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].id == e->id)
			verb = verbs[i].verb;
	lab_say(lab, "uffd %s %s 0x%llx", verb, lab_address(lab, e->hva, at, sizeof(at)),
		(unsigned long long)e->size);
	if (e->id == EVENT_UFFD_REGISTER)
		lab_say_more(lab, " %s%s%s%s%s", e->mode & MODE_MISSING ? "missing" : "",
			     e->mode & MODE_MISSING && e->mode & MODE_WP ? "," : "",
			     e->mode & MODE_WP ? "wp" : "",
			     e->mode & MODE_UNPOPULATED ? "," : "",
			     e->mode & MODE_UNPOPULATED ? "unpopulated" : "");
	if (e->id == EVENT_UFFD_COPY)
		lab_say_more(lab, " %s%s", lab_address(lab, e->other_hva, from, sizeof(from)),
			     e->write ? " wp" : "");
	if (e->silent)
		lab_say_more(lab, " dontwake");
	return NULL;
}
