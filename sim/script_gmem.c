/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * script_gmem.c: the lab's commands about memory that is a guest's alone.
 *
 *	gmemslot ID GPA HVA SIZE	KVM_CREATE_GUEST_MEMFD, and a memslot with all of it
 *	private GPA SIZE 0|1		KVM_SET_MEMORY_ATTRIBUTES
 *	gpunch OFFSET SIZE		fallocate() of the last one
 */
#include "sim/script_internal.h"

static const char other_vm[] = "guest_memfd is modelled where the script asks for a VM with "
			       "private memory";

const char *script_gmemslot(struct script *s, const struct command *c)
{
	uint64_t hva, size = number(c, 4);
	struct event *e;

	if (!s->recording->private_mem)
		return other_vm;
	if (!script_address(s, script_word(c, 3), &hva))
		return "an unknown region";
	if (s->nr_files == NO_FILE || number(c, 1) >= ARRAY_SIZE(s->slot))
		return "more than 11 files, or a slot number above 63";
	s->gmem = s->nr_files++;
	s->has_gmem = true;
	e = script_add(s, c, EVENT_GMEM);
	e->object = s->gmem;
	e->size = size;
	e = script_add(s, c, EVENT_MEMSLOT);
	e->slot = number(c, 1);
	e->gpa = number(c, 2);
	e->hva = hva;
	e->size = size;
	e->flags = KVM_MEM_GUEST_MEMFD;
	e->gmem = s->gmem;
	s->slot[e->slot].gpa = e->gpa;
	s->slot[e->slot].hva = e->hva;
	s->slot[e->slot].size = e->size;
	return NULL;
}

const char *script_private(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_ATTRIBUTES);

	e->gpa = number(c, 1);
	e->size = number(c, 2);
	e->is_guest_private = !!number(c, 3);
	return s->recording->private_mem ? NULL : other_vm;
}

const char *script_gpunch(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_GMEM_PUNCH);

	e->object = s->has_gmem ? s->gmem : NO_FILE;
	e->offset = number(c, 1);
	e->size = number(c, 2);
	return s->recording->private_mem ? NULL : other_vm;
}
