/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * equiv_alphabet.c: what programs are made of.
 *
 * A stage is a configuration, a host's set-up of a region M, and a memslot at 0x200000; to it comes
 * each event of the alphabet that it can have. Left out: poison, userfaultfd, guest_memfd, exit,
 * NUMA, nested paging, asynchronous page faults, a second vCPU outside of races.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stb/stb_ds.h>

#include "sim/equiv_internal.h"

static const struct { const char *name, *line; } configs[] = {
	{ "", "" },
	{ "NPT", "config stage2=npt\n" },
	{ "rmap MMU", "config mmu=rmap\n" },
	{ "shadow paging", "config mmu=shadow\n" },
	{ "EPT without A and D", "config ad=off\n" },
};

static const struct { const char *name, *flags; } slots[] = {
	{ "", "" }, { "read-only memslot", " flags=ro" }, { "dirty log", " flags=log" },
};

enum { ON_ANON = 1, ON_FORKED = 2, ON_DEVICE = 4, ON_HUGE = 8, ON_FILE = 16, ON_KSM = 32,
       ON_ALL = ON_ANON | ON_DEVICE | ON_HUGE | ON_FILE };

/* "$S" is the region's size, "$P" its pages; a line with "$M" stands for each page. */
static const struct setup {
	const char *name;
	const char *text;
	u8 on;
	bool raced;
} setups[] = {
	{ "anonymous memory", "mmap M $S populate=1\n", ON_ANON, true },
	{ "anonymous memory, untouched", "mmap M $S\n", ON_ANON, true },
	{ "anonymous memory, ZERO_PAGE", "mmap M $S\nhost-read $M\n", ON_ANON, true },
	{ "anonymous memory, made read-only", "mmap M $S populate=1\nmprotect M $S prot=r\n",
	  ON_ANON, false },
	{ "anonymous memory, shared with a child", "mmap M $S populate=1\nfork\n",
	  ON_ANON | ON_FORKED, true },
	{ "anonymous memory, merged by KSM",
	  "mmap M $S populate=1\nmmap L 4K populate=1\nmadvise M $S mergeable\n"
	  "madvise L 4K mergeable\nksm-merge M like=L\n", ON_ANON | ON_KSM, false },
	{ "anonymous memory, in swap", "mmap M $S populate=1\npageout M $S\n", ON_ANON, false },
	{ "anonymous memory, THP", "mmap M 2M\nmadvise M 2M hugepage\nhost-write M 1\n",
	  ON_ANON | ON_HUGE, false },
	{ "hugetlb", "hugepages 1\nmmap M 2M hugetlb\nhost-write M 1\n", ON_HUGE, false },
	{ "shared memory", "file F $S shmem\nmmap M $S file file=F\nhost-write $M 1\n",
	  ON_FILE, true },
	{ "a file", "file F $S disk\nmmap M $S file file=F\n", ON_FILE, false },
	{ "a file, private mapping", "file F $S disk\nmmap M $S file file=F private=1\n"
	  "host-read $M\n", ON_FILE, false },
	{ "a file of FSDAX", "file F $S dax\nmmap M $S file file=F\n", ON_FILE, false },
	{ "a file of FSDAX, 2M", "file F 2M dax\nmmap M 2M file file=F\n", ON_FILE | ON_HUGE,
	  false },
};

/* What a driver has allocated: its first page, or the second one of a block. */
static const struct { const char *name, *alloc; u8 index; bool is_block, raced; } devices[] = {
	{ "a driver's page", "order0 pages=$P", 0, false, true },
	{ "a compound head", "compound order=1", 0, true, false },
	{ "a compound tail", "compound order=1", 1, true, false },
	{ "the first page of a block without __GFP_COMP", "noncompound order=1", 0, true, false },
	{ "a page without a count", "noncompound order=1", 1, true, true },
	{ "a PG_reserved page", "reserved pages=$P", 0, false, false },
	{ "ZONE_DEVICE", "zone-device pages=$P", 0, false, false },
	{ "idle ZONE_DEVICE", "zone-device pages=$P\nref B 0 delta=-1", 0, true, false },
	{ "a BAR", "mmio pages=$P pfn=0xfb000", 0, false, true },
};

/* How it maps them, and which of them it can. */
static const struct { const char *name, *mode, *prot; u16 devices; bool raced; } modes[] = {
	{ "VM_PFNMAP", "", "", 0x1ff, true },
	{ "VM_PFNMAP, read-only", "", " prot=r", 0x1ff, false },
	{ "VM_PFNMAP, without W until it is written", "mode B mkwrite\n", "", 0x111, false },
	{ "VM_MIXEDMAP, normal PTE", "mode B insert\n", "", 0x2f, true },
	{ "VM_MIXEDMAP, special PTE", "mode B mixed\n", "", 0x1ff, false },
	{ "VM_IO, normal PTE", "mode B ioinsert\n", "", 0x2f, false },
	{ "VM_IO, special PTE", "mode B iomixed\n", "", 0x1ff, false },
};

/* "$G" and "$M" are a page's gpa and hva, "$I" its number. */
static const struct {
	const char *line;
	u8 on;
	u8 races;
	const char *config;		/* only there; NULL: anywhere */
} events[] = {
	{ "read $G", ON_ALL, RACE_FIRST, NULL },
	{ "write $G 7", ON_ALL, RACE_FIRST, NULL },
	{ "exec $G", ON_ALL, 0, NULL },
	{ "map $G map=$I", ON_ALL, RACE_FIRST, NULL },
	{ "unmap $I", ON_ALL, 0, NULL },
	{ "unmap $I dirty=1", ON_ALL, 0, NULL },
	{ "gpc $G $I", ON_ALL, RACE_FIRST, NULL },
	{ "gpc-use $I", ON_ALL, 0, NULL },
	{ "gpc-off $I", ON_ALL, 0, NULL },
	{ "lookup $G prot", ON_ALL, 0, NULL },
	{ "lookup $G prot write=1", ON_ALL, RACE_FIRST, NULL },
	{ "lookup $G pfn", ON_ALL, 0, NULL },
	{ "lookup $G atomic", ON_ALL, 0, NULL },
	{ "lookup $G memslot", ON_ALL, 0, NULL },
	{ "lookup $G atomic-async", ON_ALL, 0, NULL },
	{ "lookup $G many", ON_ALL, 0, NULL },
	{ "lookup $G page", ON_ALL, 0, NULL },
	{ "lookup $G reexecute", ON_ALL, 0, NULL },
	{ "prefetch $G direct", ON_ALL, 0, "mmu=rmap" },
	{ "prefetch $G shadow", ON_ALL, 0, "mmu=shadow" },
	{ "prefault $G 4K", ON_ALL, 0, NULL },
	{ "stage2-fault $G arm64", ON_ALL, 0, NULL },
	{ "stage2-fault $G arm64 write=1", ON_ALL, 0, NULL },
	{ "kvm-read $G", ON_ALL, 0, NULL },
	{ "kvm-write $G 8", ON_ALL, RACE_FIRST, NULL },
	{ "vmsave $G", ON_ALL, 0, NULL },
	{ "host-read $M", ON_ALL, 0, NULL },
	{ "host-write $M 9", ON_ALL, RACE_SECOND, NULL },
	{ "dontneed $M 4K", ON_ALL, RACE_SECOND, NULL },
	{ "mprotect $M 4K prot=r", ON_ALL, RACE_SECOND, NULL },
	{ "mprotect $M 4K prot=r,w", ON_ALL, 0, NULL },
	{ "munmap $M 4K", ON_ANON | ON_DEVICE | ON_FILE, 0, NULL },
	{ "migrate $M 4K", ON_ANON, 0, NULL },
	{ "pageout $M 4K", ON_ANON, 0, NULL },
	{ "ksm-unmerge", ON_KSM, 0, NULL },
	{ "child-write $M 5", ON_FORKED, RACE_SECOND, NULL },
	{ "child-exit", ON_FORKED, 0, NULL },
	{ "fork", ON_ALL, 0, NULL },
	{ "clear-refs", ON_ALL, RACE_SECOND, NULL },
	{ "dirtylog 1", ON_ALL, RACE_SECOND, NULL },
	{ "memslot-delete 1", ON_ALL, RACE_SECOND, NULL },
	{ "truncate F 0", ON_FILE, RACE_SECOND, NULL },
	{ "writeback F", ON_FILE, 0, NULL },
	{ "zap B", ON_DEVICE, RACE_SECOND, NULL },
	{ "repoint B $I to=C to-index=$I", ON_DEVICE, RACE_SECOND, NULL },
	{ "ref B $I delta=1", ON_DEVICE, 0, NULL },
	{ "free B", ON_DEVICE, RACE_SECOND, NULL },
};

/* ---- numbers of set-ups ---- */

static size_t nr_cells(void)
{
	size_t n = 0;

	for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
		for (size_t d = 0; d < ARRAY_SIZE(devices); d++)
			n += modes[m].devices >> d & 1;
	return n;
}

struct place { size_t config, slot, setup, mode, device; };

/* The plainest first. */
static struct place place_of(size_t index)
{
	size_t hosts = ARRAY_SIZE(setups) + nr_cells(), cell;
	struct place p = { .setup = index % hosts, .slot = index / hosts % ARRAY_SIZE(slots),
			   .config = index / hosts / ARRAY_SIZE(slots) };

	if (p.setup < ARRAY_SIZE(setups))
		return p;
	cell = p.setup - ARRAY_SIZE(setups);
	for (p.mode = 0; p.mode < ARRAY_SIZE(modes); p.mode++)
		for (p.device = 0; p.device < ARRAY_SIZE(devices); p.device++)
			if ((modes[p.mode].devices >> p.device & 1) && !cell--)
				return p;
	assert(false);
	return p;
}

size_t stage_count(void)
{
	return ARRAY_SIZE(configs) * ARRAY_SIZE(slots) * (ARRAY_SIZE(setups) + nr_cells());
}

static bool is_device(const struct place *p)
{
	return p->setup >= ARRAY_SIZE(setups);
}

void equiv_stage_name(size_t index, char *name, size_t size)
{
	struct place p = place_of(index);

	snprintf(name, size, "%s%s%s%s%s%s%s",
		 is_device(&p) ? devices[p.device].name : setups[p.setup].name,
		 is_device(&p) ? ", " : "", is_device(&p) ? modes[p.mode].name : "",
		 *slots[p.slot].name ? "; " : "", slots[p.slot].name,
		 *configs[p.config].name ? "; " : "", configs[p.config].name);
}

/* ---- text ---- */

/* Of 2M the second page is used first: it shows whose count is whose. */
static size_t put_word(const struct stage *s, char *out, char word, unsigned page, unsigned pages)
{
	unsigned at = s->huge ? 1 - page : page;

	switch (word) {
	case 'S':
		return sprintf(out, "%uK", 4 * pages);
	case 'P':
		return sprintf(out, "%u", pages);
	case 'G':
		return sprintf(out, "0x%x", (STAGE_GFN + at) << PAGE_SHIFT);
	case 'M':
		return sprintf(out, at ? "M+0x%x" : "M", at << PAGE_SHIFT);
	case 'I':
		return sprintf(out, "%u", page);
	}
	assert(false);
	return 0;
}

static bool is_for_each_page(const char *line, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++)
		if (line[i] == '$' && line[i + 1] == 'M')
			return true;
	return false;
}

static void put_line(struct stage *s, const char *line, size_t length, unsigned page,
		     unsigned pages)
{
	size_t at = strlen(s->text);

	for (size_t i = 0; i < length; i++) {
		assert(at + 24 < sizeof(s->text));
		if (line[i] == '$')
			at += put_word(s, s->text + at, line[++i], page, pages);
		else
			s->text[at++] = line[i];
	}
	s->text[at] = 0;
}

static void put_lines(struct stage *s, const char *text, unsigned pages)
{
	while (*text) {
		size_t line = strcspn(text, "\n"), length = line + (text[line] == '\n');
		bool each = is_for_each_page(text, length);

		for (unsigned page = 0; page < (each ? pages : 1); page++)
			put_line(s, text, length, page, pages);
		text += length;
	}
}

/* A block's first page is no more than its second, unless both are there. */
static void put_device(struct stage *s, const struct place *p, unsigned pages)
{
	put_lines(s, "alloc B ", pages);
	put_lines(s, devices[p->device].alloc, pages);
	put_lines(s, "\nalloc C order0 pages=$P\n", pages);
	put_lines(s, modes[p->mode].mode, pages);
	put_lines(s, "mmap M $S device B", pages);
	put_lines(s, devices[p->device].index ? " index=1" : "", pages);
	put_lines(s, modes[p->mode].prot, pages);
	put_lines(s, "\n", pages);
}

static void put_setup(struct stage *s, const struct place *p, unsigned pages)
{
	put_lines(s, "pfntrace 1\n", pages);
	put_lines(s, configs[p->config].line, pages);
	if (is_device(p))
		put_device(s, p, pages);
	else
		put_lines(s, setups[p->setup].text, pages);
	put_lines(s, s->huge ? "memslot 1 0x200000 M 2M" : "memslot 1 0x200000 M $S", pages);
	put_lines(s, slots[p->slot].flags, pages);
	put_lines(s, "\n", pages);
}

static void put_event(struct stage *s, size_t row, unsigned page, unsigned pages)
{
	size_t n = s->nr_events++;

	assert(n < MAX_ALPHABET);
	s->races[n] = events[row].races;
	s->page[n] = page;
	s->line[n] = s->text + strlen(s->text);
	put_line(s, events[row].line, strlen(events[row].line), page, pages);
	put_line(s, "\n", 1, page, pages);
}

static void put_events(struct stage *s, const struct place *p, unsigned pages)
{
	u8 on = is_device(p) ? ON_DEVICE : setups[p->setup].on;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		bool each = strchr(events[i].line, '$');

		if (!(events[i].on & on) ||
		    (events[i].config && !strstr(configs[p->config].line, events[i].config)))
			continue;
		for (unsigned page = 0; page < (each ? pages : 1); page++)
			put_event(s, i, page, pages);
	}
}

bool stage_open(size_t index, const struct equiv_bound *bound, struct stage *s,
		struct error *error)
{
	struct place p = place_of(index);
	unsigned pages = bound->pages;

	if (is_device(&p) && devices[p.device].index)	/* the other half of one that has both */
		pages = 1;
	memset(s, 0, sizeof(*s));
	equiv_stage_name(index, s->name, sizeof(s->name));
	s->raced = !p.config && !p.slot &&
		   (is_device(&p) ? modes[p.mode].raced && devices[p.device].raced :
				    setups[p.setup].raced);
	s->config = p.config;
	s->config_name = configs[p.config].name;
	s->huge = !is_device(&p) && (setups[p.setup].on & ON_HUGE);
	s->pages_differ = is_device(&p) && devices[p.device].is_block;
	put_setup(s, &p, pages);
	if (!trace_load_text(s->name, s->text, &s->trace, error))
		return false;
	s->nr_setup = arrlenu(s->trace.events);
	trace_free(&s->trace);
	put_events(s, &p, pages);
	return trace_load_text(s->name, s->text, &s->trace, error);
}

void stage_close(struct stage *s)
{
	trace_free(&s->trace);
}

/* ---- the alphabet, for who asks ---- */

void equiv_print_alphabet(const struct equiv_bound *bound, FILE *out)
{
	fprintf(out, "configurations:\n");
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++)
		fprintf(out, "  %s\n", i ? configs[i].name : "TDP MMU, EPT");
	fprintf(out, "memslots:\n  plain\n");
	for (size_t i = 1; i < ARRAY_SIZE(slots); i++)
		fprintf(out, "  %s\n", slots[i].name);
	fprintf(out, "memory:\n");
	for (size_t i = 0; i < ARRAY_SIZE(setups) + nr_cells(); i++) {
		char name[160];

		equiv_stage_name(i, name, sizeof(name));
		fprintf(out, "  %s\n", name);
	}
	fprintf(out, "events, of %u page%s ($G its gpa, $M its hva, $I its number):\n",
		bound->pages, bound->pages == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		fprintf(out, "  %s%s%s%s\n", events[i].line,
			events[i].races & RACE_FIRST ? "   (races, first actor)" : "",
			events[i].races & RACE_SECOND ? "   (races, second actor)" : "",
			events[i].config ? "   (that MMU alone)" : "");
}

const char *stage_config_name(unsigned config)
{
	return config < ARRAY_SIZE(configs) ? configs[config].name : NULL;
}
