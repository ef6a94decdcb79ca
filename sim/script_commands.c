/* SPDX-License-Identifier: GPL-2.0-only */
/* script_commands.c: the lab's commands, one function each: events, or why there are none. */
#include <stdlib.h>
#include <string.h>

#include "model/host_mm.h"
#include "sim/script_internal.h"

static uint64_t prot_of(const char *letters)
{
	uint64_t prot = 0;

	if (!strcmp(letters, "none"))
		return 0;
	for (; *letters; letters++)
		prot |= *letters == 'r' ? VM_READ : *letters == 'w' ? VM_WRITE :
			*letters == 'x' ? VM_EXEC : 0;
	return prot;
}

static bool is_perf(const char *kind)
{
	return !strcmp(kind, "perf");
}

#define WHOLE_OBJECT	(1ull << 28)	/* as many pages as one has at most */

static bool is_device(const char *kind)
{
	return is_perf(kind) || !strncmp(kind, "dev:", 4) || !strncmp(kind, "pdev:", 5);
}

enum { PERF_OBJECT = MAX_OBJECTS - 1 };		/* scripts count from the other end */

/*
 * The ring buffer of a perf event, kernel/events/core.c: 7.2 maps it at mmap(), page by page
 * (map_range()); 6.1 and 6.12 do by faults (perf_mmap_fault()).
 */
static const char *open_perf(struct script *s, const struct command *c, uint64_t size)
{
	struct event *e;

	if (s->mode[PERF_OBJECT])
		return "a second ring buffer of perf is not modelled";
	if (strtoul(s->recording->uname, NULL, 10) < 7)
		return "perf's ring buffer is mapped by faults, with page_mkwrite: not modelled";
	s->mode[PERF_OBJECT] = "mkwrite";
	e = script_add(s, c, EVENT_ALLOC);
	e->object = PERF_OBJECT;
	e->kind = ALLOC_ORDER0;
	e->count = (size + 4095) >> PAGE_SHIFT;
	e = script_add(s, c, EVENT_MODE);
	e->object = PERF_OBJECT;
	e->mode = MODE_MKWRITE;
	return NULL;
}

static const char *mmap_at(struct script *s, const struct command *c, uint64_t hva, uint64_t size,
			   const char *kind)
{
	const char *prot = script_option(c, "prot"), *why = NULL;
	uint64_t offset = option(c, "foff", 0);
	bool is_1g = !strcmp(kind, "huge1g") || !strcmp(kind, "shhuge1g");
	bool is_huge = !strcmp(kind, "huge") || !strcmp(kind, "shhuge") || is_1g;
	bool is_file = strcmp(kind, "anon") && !is_device(kind) && !is_huge;
	struct event *e;
	int file = 0;

	if (is_file)
		why = script_open(s, c, kind, offset + size, &file);
	if (is_perf(kind))
		why = open_perf(s, c, size);
	e = script_add(s, c, EVENT_MMAP);
	if (why)
		return why;
	e->hva = hva;
	e->size = (size + 4095) & ~4095ull;
	e->prot = prot_of(prot ? prot : "rw");
	e->index = offset >> PAGE_SHIFT;
	e->name = script_word(c, 1);
	e->backing = is_file ? VMA_FILE : is_device(kind) ? VMA_DEVICE : VMA_ANON;
	if (is_huge)
		e->backing = VMA_HUGETLB | (*kind == 's' ? BACKING_SHARED : 0) |
			     (is_1g ? BACKING_1G : 0);
	e->is_private = *kind == 'p' && !is_perf(kind);
	e->object = is_file ? (uint64_t)file : is_perf(kind) ? PERF_OBJECT :
		    is_device(kind) ? script_number(strchr(kind, ':') + 1) : 0;
	if (e->backing == VMA_DEVICE && e->object >= MAX_OBJECTS)
		return "more than 8 objects";
	if (s->nr_regions && is_file && !strcmp(script_word(c, 0), "mmap"))
		s->region[s->nr_regions - 1].file = file == NO_FILE ? -1 : file;
	if (e->backing == VMA_DEVICE)
		s->mapped_mode[e->object] = s->mode[e->object];
	e->populate = !!script_option(c, "populate");
	return NULL;
}

static const char *do_mmap(struct script *s, const struct command *c)
{
	uint64_t base = RBASE + s->nr_regions * REGION_GAP + option(c, "skew", 0);

	if (s->nr_regions == MAX_REGIONS)
		return "more than 32 regions";
	s->region[s->nr_regions].name = script_word(c, 1);
	s->region[s->nr_regions].base = c->answer.has_hva ? c->answer.hva : base;
	s->region[s->nr_regions].size = number(c, 2);
	s->region[s->nr_regions].file = -1;
	base = s->region[s->nr_regions++].base;
	return mmap_at(s, c, base, number(c, 2), script_word(c, 3));
}

static const char *do_remap(struct script *s, const struct command *c)
{
	struct event *e;
	uint64_t hva;

	if (!script_address(s, script_word(c, 1), &hva))
		return "an unknown region";
	e = script_add(s, c, EVENT_MUNMAP);
	e->hva = hva;
	e->size = number(c, 2);
	return mmap_at(s, c, hva, number(c, 2), script_word(c, 3));
}

static const char *guest_access(struct script *s, const struct command *c, enum event_id id)
{
	struct event *e = script_add(s, c, id);

	e->gpa = number(c, 1);
	e->value = (uint32_t)number(c, 2);
	e->count = option(c, "n", 1);
	e->stride = option(c, "stride", 4096);
	e->vcpu = option(c, "v", 0);
	if (e->vcpu >= MAX_VCPUS || !e->count)
		return "no such vCPU, or no access at all";
	for (uint64_t i = 0; (e->gpa | e->stride) % 4 && i < e->count; i++)
		if ((e->gpa + i * e->stride) % PAGE_SIZE > PAGE_SIZE - 4)
			return "an access of the guest that crosses pages is not modelled";
	return NULL;
}

static const char *do_gread(struct script *s, const struct command *c)
{
	return guest_access(s, c, EVENT_READ);
}

static const char *do_gwrite(struct script *s, const struct command *c)
{
	return guest_access(s, c, EVENT_WRITE);
}

static const char *do_gexec(struct script *s, const struct command *c)
{
	const char *why = guest_access(s, c, EVENT_EXEC);

	for (size_t i = 0; i < c->answer.nr_exits; i++)
		if (c->answer.exits[i].timeout)
			return "the VMM's timer has ended it";
	return why;
}

static const char *do_grmw(struct script *s, const struct command *c)
{
	return guest_access(s, c, EVENT_RMW);
}

static const char *host_access(struct script *s, const struct command *c, enum event_id id)
{
	struct event *e = script_add(s, c, id);

	e->value = (uint32_t)number(c, 2);
	return script_address(s, script_word(c, 1), &e->hva) ? NULL : "an unknown region";
}

static const char *do_hread(struct script *s, const struct command *c)
{
	return host_access(s, c, EVENT_HOST_READ);
}

static const char *do_hwrite(struct script *s, const struct command *c)
{
	return host_access(s, c, EVENT_HOST_WRITE);
}

/* hfill ADDR LEN STRIDE VALUE */
static const char *do_hfill(struct script *s, const struct command *c)
{
	uint64_t hva, size = number(c, 2), stride = number(c, 3);

	if (!script_address(s, script_word(c, 1), &hva) || !stride)
		return "an unknown region, or no stride";
	for (uint64_t at = 0; at < size; at += stride) {
		struct event *e = script_add(s, c, EVENT_HOST_WRITE);

		e->hva = hva + at;
		e->value = (uint32_t)number(c, 4);
	}
	return NULL;
}

/* hmem ADDR LEN BYTE: memset(), page by page */
static const char *do_hmem(struct script *s, const struct command *c)
{
	uint64_t hva, end, size;

	if (!script_address(s, script_word(c, 1), &hva))
		return "an unknown region";
	end = hva + number(c, 2);
	if ((hva | end) % 4 || hva == end)
		return "memset() of parts of a word is not modelled";
	for (; hva < end; hva += size) {
		struct event *e = script_add(s, c, EVENT_HOST_WRITE);

		size = PAGE_SIZE - hva % PAGE_SIZE;
		size = size < end - hva ? size : end - hva;
		e->hva = hva;
		e->value = (uint32_t)(number(c, 3) & 0xff) * 0x01010101u;
		e->count = size / 4;
	}
	return NULL;
}

static const char *range(struct script *s, const struct command *c, enum event_id id)
{
	struct event *e = script_add(s, c, id);

	e->size = (number(c, 2) + 4095) & ~4095ull;
	if (!script_address(s, script_word(c, 1), &e->hva))
		return "an unknown region";
	return e->hva % 4096 || !e->size ? "a misaligned range is not modelled" : NULL;
}

static const char *do_madvise(struct script *s, const struct command *c)
{
	static const char *const advices[] = {
		"HUGEPAGE", "NOHUGEPAGE", "COLLAPSE", "MERGEABLE", "UNMERGEABLE", "FREE",
		"WILLNEED", "POPULATE_READ", "POPULATE_WRITE", "DONTFORK", "DOFORK", "WIPEONFORK",
		"KEEPONFORK",
	};

	if (!strcmp(script_word(c, 3), "HWPOISON"))
		return range(s, c, EVENT_POISON);
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (!strcmp(script_word(c, 3), advices[i])) {
			const char *why = range(s, c, EVENT_MADVISE);

			s->events[s->nr_events - 1].advice = i;
			s->is_mergeable |= !strcmp(advices[i], "MERGEABLE");
			return why;
		}
	if (!strcmp(script_word(c, 3), "REMOVE"))
		return range(s, c, EVENT_REMOVE);
	if (!strcmp(script_word(c, 3), "COLD"))
		return range(s, c, EVENT_COLD);
	if (!strcmp(script_word(c, 3), "PAGEOUT")) {
		const char *why = range(s, c, EVENT_PAGEOUT);

		s->events[s->nr_events - 1].no_swap = !s->swaps;
		return why;
	}
	if (!strcmp(script_word(c, 3), "SOFT_OFFLINE"))
		return range(s, c, EVENT_OFFLINE);
	if (strcmp(script_word(c, 3), "DONTNEED"))
		return "this advice is not modelled";
	return range(s, c, EVENT_DONTNEED);
}

static const char *do_munmap(struct script *s, const struct command *c)
{
	return range(s, c, EVENT_MUNMAP);
}

/* mremap ADDR LEN TO */
static const char *do_mremap(struct script *s, const struct command *c)
{
	const char *why = range(s, c, EVENT_MREMAP);
	struct event *e = &s->events[s->nr_events - 1];

	if (!script_address(s, script_word(c, 3), &e->other_hva))
		return "an unknown region";
	return why;
}

static const char *do_mlock(struct script *s, const struct command *c)
{
	return range(s, c, EVENT_MLOCK);
}

static const char *do_munlock(struct script *s, const struct command *c)
{
	return range(s, c, EVENT_MUNLOCK);
}

static const char *do_mprotect(struct script *s, const struct command *c)
{
	const char *why = range(s, c, EVENT_MPROTECT);

	s->events[s->nr_events - 1].prot = prot_of(script_word(c, 3));
	return why;
}

static const char *do_watch(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_NOTHING);
	s->watches = true;
	return NULL;
}

static const char *do_autodrain(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_NOTHING);
	s->autodrain = number(c, 1);
	return NULL;
}

/* sysw /proc/sys/vm/nr_hugepages N; of pages of 1G, sysw GIGANTIC_SYSFS N */
static const char *do_sysw(struct script *s, const struct command *c)
{
	size_t length = strlen(script_word(c, 1));
	struct event *e;

	if (length > 15 && !strcmp(script_word(c, 1) + length - 15, "/memory.reclaim"))
		return script_reclaim(s, c);
	if (!strncmp(script_word(c, 1), KSM_SYSFS, strlen(KSM_SYSFS)))
		return script_ksm_set(s, c);
	if (!strcmp(script_word(c, 1), SHMEM_SYSFS))
		return script_shmem_huge(s, c);
	if (!strncmp(script_word(c, 1), KVM_SYSFS, strlen(KVM_SYSFS)))
		return script_kvm_set(s, c, script_word(c, 1) + strlen(KVM_SYSFS));
	e = script_add(s, c, EVENT_HUGEPAGES);
	e->count = number(c, 2);
	e->size = strcmp(script_word(c, 1), GIGANTIC_SYSFS) ? BIT(21) : BIT(30);
	if (e->size == BIT(21) && strcmp(script_word(c, 1), "/proc/sys/vm/nr_hugepages")) {
		e->id = EVENT_NOTHING;
		return "this setting is not modelled";
	}
	return e->count > MAX_HUGETLB_PAGES ? "more than 64 hugetlb pages" : NULL;
}

static const char *do_nothing(struct script *s, const struct command *c)
{
	script_add(s, c, EVENT_NOTHING);
	return NULL;
}

/* ---- lab ... ---- */

static int choose(const char *const *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], name))
			return i;
	return -1;
}

static const char *lab_alloc(struct script *s, const struct command *c)
{
	static const char *const name[] = {
		"order0", "comp", "nc", "split", "ncref", "rsvd", "phys"
	};
	int kind = choose(name, ARRAY_SIZE(name), script_word(c, 3));
	struct event *e = script_add(s, c, EVENT_ALLOC);

	if (kind < 0 || number(c, 2) >= MAX_OBJECTS)
		return "an unknown kind of allocation";
	e->object = number(c, 2);
	e->kind = kind;
	e->order = number(c, 4);
	e->count = number(c, 5);
	if (kind == ALLOC_MMIO) {
		e->count = e->order ? e->order : 1;
		e->pfn = number(c, 5);
	} else if (c->answer.has_pfn) {
		e->pfn = c->answer.pfn;
	}
	return NULL;
}

/* The fault handler goes by the mode of now, the VMA has the flags of then. */
static bool changes_handler(const char *was, const char *is)
{
	static const char alike[] = "pfn remap";

	return was && strcmp(was, is) && !(strstr(alike, was) && strstr(alike, is));
}

static const char *lab_mode(struct script *s, const struct command *c)
{
	static const char *const name[] = { "pfn", "remap", "insert", "page", "mixed", "pmd",
					    "ioinsert", "iomixed" };
	int mode = choose(name, ARRAY_SIZE(name), script_word(c, 3));
	struct event *e = script_add(s, c, EVENT_MODE);

	e->object = number(c, 2);
	e->mode = mode;
	if (mode < 0 || e->object >= MAX_OBJECTS)
		return "an unknown mode";
	s->mode[e->object] = name[mode];
	return changes_handler(s->mapped_mode[e->object], name[mode]) ?
	       "a mode that the VMA was not made for" : NULL;
}

static const char *do_lab(struct script *s, const struct command *c)
{
	const char *verb = script_word(c, 1);
	struct event *e;

	if (!strcmp(verb, "alloc"))
		return lab_alloc(s, c);
	if (!strcmp(verb, "mode"))
		return lab_mode(s, c);
	if (!strcmp(verb, "info") || !strcmp(verb, "probes"))
		return do_nothing(s, c);
	e = script_add(s, c, EVENT_DRAIN);
	if (!strcmp(verb, "drain"))
		return NULL;
	e->object = number(c, 2);
	e->index = number(c, 3);
	if (e->object >= MAX_OBJECTS)
		return "more than 8 objects";
	if (!strcmp(verb, "zap")) {
		e->id = EVENT_ZAP;
		e->count = number(c, 4) ? number(c, 4) : WHOLE_OBJECT;
	} else if (!strcmp(verb, "free")) {
		e->id = EVENT_FREE;
	} else if (!strcmp(verb, "ref")) {
		e->id = EVENT_REF;
		e->delta = atol(script_word(c, 4));
	} else if (!strcmp(verb, "repoint")) {
		e->id = EVENT_REPOINT;
		e->other = number(c, 4);
		e->other_index = number(c, 5);
		if (e->other >= MAX_OBJECTS)
			return "more than 8 objects";
	} else {
		return "an unknown lab command";
	}
	return NULL;
}

/* ---- fork(), and what the child is told to do ---- */

static const char *do_fork(struct script *s, const struct command *c)
{
	s->child_died = false;
	s->has_child = true;
	script_add(s, c, EVENT_FORK);
	return NULL;
}

/* A signal ends it: no answer. */
static const char *child_access(struct script *s, const struct command *c, enum event_id id)
{
	const char *why = host_access(s, c, id);

	if (!why && !strcmp(c->answer.result, "child:")) {
		s->child_died = true;
		script_add(s, c, EVENT_CHILD_EXIT);
	}
	return why;
}

static const char *do_cread(struct script *s, const struct command *c)
{
	return child_access(s, c, EVENT_CHILD_READ);
}

static const char *do_cwrite(struct script *s, const struct command *c)
{
	return child_access(s, c, EVENT_CHILD_WRITE);
}

static const char *do_cdontneed(struct script *s, const struct command *c)
{
	return range(s, c, EVENT_CHILD_DONTNEED);
}

static const char *do_cexit(struct script *s, const struct command *c)
{
	s->has_child = false;
	script_add(s, c, s->child_died ? EVENT_NOTHING : EVENT_CHILD_EXIT);
	return NULL;
}

static const char *do_clearrefs(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_CLEAR_REFS);

	e->kind = number(c, 1) - 1;
	return e->kind > 3 ? "only the kinds 1 to 4 of clear_refs are modelled" : NULL;
}

/* movepage ADDR NODE [n=] */
static const char *do_movepage(struct script *s, const struct command *c)
{
	struct event *e = script_add(s, c, EVENT_MIGRATE);

	e->node = !!number(c, 2);
	e->size = option(c, "n", 1) * 4096;
	if (!script_address(s, script_word(c, 1), &e->hva))
		return "an unknown region";
	return NULL;
}

static const struct script_row commands[] = {
	{ "clearrefs", do_clearrefs, false },
	{ "movepage", do_movepage, false },
	{ "compact", script_compact, false },
	{ "fork", do_fork, false },
	{ "cread", do_cread, false },
	{ "cwrite", do_cwrite, false },
	{ "cdontneed", do_cdontneed, false },
	{ "cexit", do_cexit, false },
	{ "mmap", do_mmap, false },
	{ "remap", do_remap, false },
	{ "slot", do_slot, false },
	{ "slotdel", do_slotdel, false },
	{ "gread", do_gread, false },
	{ "gwrite", do_gwrite, false },
	{ "grmw", do_grmw, false },
	{ "gexec", do_gexec, false },
	{ "randw", do_randw, false },
	{ "randr", do_randr, false },
	{ "par", do_par, false },
	{ "bg", do_bg, true },
	{ "bgstop", do_bgstop, true },
	{ "later", do_later, true },
	{ "join", do_join, true },
	{ "hread", do_hread, false },
	{ "hwrite", do_hwrite, false },
	{ "hfill", do_hfill, false },
	{ "hmem", do_hmem, false },
	{ "madvise", do_madvise, false },
	{ "sysw", do_sysw, false },
	{ "ksm", script_ksm, false },
	{ "munmap", do_munmap, false },
	{ "mprotect", do_mprotect, false },
	{ "mlock", do_mlock, false },
	{ "munlock", do_munlock, false },
	{ "mremap", do_mremap, false },
	{ "uffd", script_uffd, false },
	{ "gstart", script_gstart, false },
	{ "hstart", script_hstart, false },
	{ "gwake", script_gwake, false },
	{ "start", script_start, false },
	{ "resume", script_resume, false },
	{ "truncate", script_truncate, false },
	{ "punch", script_punch, false },
	{ "fallocate", script_fallocate, false },
	{ "fwrite", script_fwrite, false },
	{ "sh", script_shell, false },
	{ "dirtylog", do_dirtylog, false },
	{ "cleardirty", do_cleardirty, false },
	{ "cap", do_cap, false },
	{ "lab", do_lab, false },
	{ "kvm", script_kvm, false },
	{ "xen", script_xen, false },
	{ "prefault", script_prefault, false },
	{ "gmemslot", script_gmemslot, false },
	{ "private", script_private, false },
	{ "gpunch", script_gpunch, false },
	{ "gvmsave", script_vmsave, false },
	{ "gvmload", script_vmsave, false },
	{ "watch", do_watch, true },
	{ "gwatch", do_nothing, true },
	{ "autodrain", do_autodrain, true },
	{ "pinfo", do_nothing, true },
	{ "pfninfo", do_nothing, true },
	{ "s2info", do_nothing, true },
	{ "maps", do_nothing, true },
	{ "sysr", do_nothing, true },
	{ "checkcap", do_nothing, true },
	{ "sleep", do_nothing, true },
};

const struct script_row *script_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}
