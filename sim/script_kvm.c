/* SPDX-License-Identifier: GPL-2.0-only */
/* script_kvm.c: the lab's commands that make KVM look pfns up for itself. */
#include <string.h>

#include "sim/script_internal.h"

#define GUEST_TABLE	0x3000		/* the recorder's page directory: behind its code */
#define GUEST_PTE(i)	((uint32_t)(i) << 22 | 0x87)

static const char *const apis[] = { "prot", "pfn", "atomic", "memslot", "atomicasync", "follow",
				    "many" };

/*
 * kvm prot|pfn|atomic|memslot|atomicasync|follow|many|vmap|vunmap|vpeek GPA [write=] [knobs=]
 * Of follow, write= is FOLL_* and knobs= the other arguments; of maps, knobs= is which.
 */
const char *script_kvm(struct script *s, const struct command *c)
{
	const char *op = script_word(c, 1);
	struct event *e = script_add(s, c, EVENT_LOOKUP);

	e->gpa = number(c, 2);
	e->foll = option(c, "write", 0);
	e->knobs = option(c, "knobs", 0);
	e->write = e->dirty = !!e->foll;
	e->map = e->knobs & 3;
	for (e->api = 0; e->api < ARRAY_SIZE(apis); e->api++)
		if (!strcmp(op, apis[e->api]))
			return NULL;
	if (!strcmp(op, "vmap"))
		e->id = EVENT_MAP;
	else if (!strcmp(op, "vunmap"))
		e->id = EVENT_UNMAP;
	else if (!strcmp(op, "vpeek"))
		e->id = EVENT_NOTHING;
	else
		return "this look-up is not modelled";
	return NULL;
}

/* xen GPA|off, xen at HVA: KVM_XEN_ATTR_TYPE_SHARED_INFO(_HVA), whose page a pfncache keeps */
const char *script_xen(struct script *s, const struct command *c)
{
	bool off = !strcmp(script_word(c, 1), "off");
	struct event *e;

	if (!strcmp(script_word(c, 1), "at")) {
		e = script_add(s, c, EVENT_GPC_HVA);
		return script_address(s, script_word(c, 2), &e->hva) ? NULL : "an unknown region";
	}
	script_add(s, c, off ? EVENT_GPC_OFF : EVENT_GPC)->gpa = off ? 0 : number(c, 1);
	return NULL;
}

/* prefault GPA SIZE, on vCPU 0 */
const char *script_prefault(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_PREFAULT);

	e->gpa = number(c, 1);
	e->size = number(c, 2);
	return NULL;
}

/* An instruction that is undefined leads to no look-up. */
static bool looks_up(const struct command *c)
{
	for (size_t i = 0; i < c->nr_events; i++)
		if (!strcmp(c->events[i].name, "rp_hva_to_pfn") ||
		    !strcmp(c->events[i].name, "kvm_page_fault"))
			return true;
	return false;
}

/* The recorder of old did not turn paging on: SVME alone is set, and then is not. */
static void script_vmsave_without_paging(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_RESET_MMU);
	script_add(s, c, EVENT_VMSAVE)->gpa = number(c, 1);
	script_add(s, c, EVENT_RESET_MMU);
}

/* gvmsave|gvmload GPA: vCPU 0 with paging on: 4M pages, mapped one to one, from a new table */
const char *script_vmsave(struct script *s, const struct command *c)
{
	struct event *e;

	if (!s->recording->tdp_mmu && looks_up(c))
		return "a guest that turns paging on is modelled with the TDP MMU alone";
	if (!s->recording->tdp_mmu) {
		script_vmsave_without_paging(s, c);
		return NULL;
	}
	for (unsigned i = 0; i < 1024; i++) {
		e = script_add(s, c, EVENT_HOST_WRITE);
		e->hva = CODE_HVA + GUEST_TABLE + i * 4;
		e->value = GUEST_PTE(i);
	}
	e = script_add(s, c, EVENT_VMSAVE);
	e->gpa = number(c, 1);
	e->table = GUEST_TABLE;
	e->value = GUEST_PTE(0);
	e->paging = 1;
	return NULL;
}
