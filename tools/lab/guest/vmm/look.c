/* SPDX-License-Identifier: GPL-2.0-only */
/* look.c: what is watched, KVM's counters, and commands that only look. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE_SIZE		4096ull
#define PTE_PRESENT		(1ull << 0)
#define PTE_WRITE		(1ull << 1)
#define PTE_ACCESSED		(1ull << 5)
#define PTE_DIRTY		(1ull << 6)
#define PTE_PROTNONE		(1ull << 8)
#define PTE_SPECIAL		(1ull << 9)
#define SPTE_PRESENT		(1ull << 11)
#define SPTE_PFN(spte)		(((spte) & 0xffffffffff000ull) >> 12)
#define PAGEMAP_PRESENT		(1ull << 63)
#define PAGEMAP_PFN		((1ull << 55) - 1)

void page_text(struct vmm *vmm, uint64_t pfn, char *text, size_t size)
{
	struct pfnlab_page page = { .pfn = pfn };
	int n;

	if (ioctl(vmm->lab, PFNLAB_PAGE, &page)) {
		snprintf(text, size, "pfn=0x%llx", (unsigned long long)pfn);
		return;
	}
	if (!page.valid) {
		snprintf(text, size, "pfn=0x%llx NOPAGE", (unsigned long long)pfn);
		return;
	}
	n = snprintf(text, size, "pfn=0x%llx ref=%d map=%d%s%s", (unsigned long long)pfn, page.refs,
		     page.map, page.tail ? " tail" : page.head ? " head" : "",
		     page.reserved ? " rsvd" : "");
	if (page.tail || page.head)
		snprintf(text + n, size - n, "(order%d headref=%d)", page.order, page.head_refs);
}

/* ---- page tables as text ---- */

static void pte_text(const struct pfnlab_walk *walk, char *text, size_t size)
{
	unsigned long long pte = walk->entry;

	if (!walk->level || !pte)
		snprintf(text, size, "none");
	else if (!(pte & PTE_PRESENT))
		snprintf(text, size, "L%u 0x%llx %s", walk->level, pte,
			 pte & PTE_PROTNONE ? "PROTNONE" : "swap/migr");
	else
		snprintf(text, size, "L%u 0x%llx %s%s%s%s", walk->level, pte,
			 pte & PTE_WRITE ? "W" : "R", pte & PTE_ACCESSED ? "A" : "-",
			 pte & PTE_DIRTY ? "D" : "-", pte & PTE_SPECIAL ? " special" : "");
}

/* EPT: R 0, W 1, X 2, memory type 3-5, IPAT 6, A 8, D 9; software bits by version */
static void ept_text(unsigned level, unsigned long long spte, char *text, size_t size)
{
	bool host = (spte >> 57 | spte >> 53) & 1, mmu = (spte >> 58 | spte >> 55) & 1;

	snprintf(text, size, "L%u 0x%llx pfn=0x%llx %s%s%s%s%s%s mt=%d%s", level, spte,
		 (unsigned long long)SPTE_PFN(spte), spte & 2 ? "W" : "R", spte & 4 ? "X" : "",
		 spte & 1 << 8 ? "A" : "-", spte & 1 << 9 ? "D" : "-", host ? " hw" : "",
		 mmu ? "+mw" : "", (int)(spte >> 3 & 7), spte & 1 << 6 ? " ipat" : "");
}

/* NPT and shadow pages: as the processor's own tables */
static void npt_text(unsigned level, unsigned long long spte, char *text, size_t size)
{
	snprintf(text, size, "L%u 0x%llx pfn=0x%llx %s%s%s%s%s", level, spte,
		 (unsigned long long)SPTE_PFN(spte), spte & PTE_WRITE ? "W" : "R",
		 spte >> 63 ? "" : "X", spte & PTE_ACCESSED ? "A" : "-",
		 spte & PTE_DIRTY ? "D" : "-",
		 spte & 1 << 9 ? spte & 1 << 10 ? " hw+mw" : " hw" : "");
}

static void spte_text(const struct vmm *vmm, const struct pfnlab_walk *walk, char *text,
		      size_t size)
{
	if (!walk->level)
		snprintf(text, size, "noroot");
	else if (!(walk->entry & SPTE_PRESENT))
		snprintf(text, size, "L%u nonpresent 0x%llx", walk->level,
			 (unsigned long long)walk->entry);
	else if (vmm->is_intel)
		ept_text(walk->level, walk->entry, text, size);
	else
		npt_text(walk->level, walk->entry, text, size);
}

/* ---- below each command ---- */

static void print_host(struct vmm *vmm, struct host_watch *watch)
{
	struct pfnlab_walk walk = { .address = watch->hva };
	char pte[96], page[160] = "";

	if (ioctl(vmm->lab, PFNLAB_HOST, &walk))
		return;
	pte_text(&walk, pte, sizeof(pte));
	if (walk.entry & (PTE_PRESENT | PTE_PROTNONE))
		watch->pfn = walk.pfn;
	if (watch->pfn)
		page_text(vmm, watch->pfn, page, sizeof(page));
	fprintf(vmm->out, "      host %s: pte %s%s%s\n", watch->name, pte,
		!watch->pfn ? "" : walk.entry & PTE_PRESENT ? " | " : " | last ", page);
}

void watches_print(struct vmm *vmm)
{
	if (vmm->autodrain && vmm->nr_host)
		ioctl(vmm->lab, PFNLAB_DRAIN);
	for (size_t i = 0; i < vmm->nr_host; i++)
		print_host(vmm, &vmm->host[i]);
	for (size_t i = 0; i < vmm->nr_guest; i++) {
		struct pfnlab_walk walk = { .address = vmm->guest[i] };
		char text[192];

		if (ioctl(vmm->lab, PFNLAB_STAGE2, &walk))
			continue;
		spte_text(vmm, &walk, text, sizeof(text));
		fprintf(vmm->out, "      s2 0x%llx: %s\n", (unsigned long long)vmm->guest[i], text);
	}
}

void stats_read(struct vmm *vmm, bool print)
{
	static const char *const names[MAX_STATS] = {
		"pf_taken", "pf_fixed", "pf_emulate", "pf_spurious", "pf_fast",
		"pf_mmio_spte_created", "pages_4k", "pages_2m", "pages_1g", "mmu_shadow_zapped",
		"remote_tlb_flush", "nx_lpage_splits", "mmio_exits", "exits",
	};
	bool any = false;

	for (size_t i = 0; i < MAX_STATS; i++) {
		char path[192], text[32];
		long value;

		snprintf(path, sizeof(path), "%s/%s", vmm->stats, names[i]);
		if (read_file(path, text, sizeof(text)) <= 0)
			continue;
		value = atol(text);
		if (print && value != vmm->stat[i]) {
			fprintf(vmm->out, "%s%s%+ld(=%ld)", any ? " " : "      stat ", names[i],
				value - vmm->stat[i], value);
			any = true;
		}
		vmm->stat[i] = value;
	}
	if (any)
		fprintf(vmm->out, "\n");
}

static void watch_guest(struct vmm *vmm, uint64_t gpa)
{
	for (size_t i = 0; i < vmm->nr_guest; i++)
		if (vmm->guest[i] == gpa)
			return;
	if (vmm->nr_guest < MAX_WATCHES)
		vmm->guest[vmm->nr_guest++] = gpa;
}

void watch_slot(struct vmm *vmm, uint64_t gpa, uint64_t hva, uint64_t size)
{
	for (size_t i = 0; i < vmm->nr_host; i++)
		if (vmm->host[i].hva - hva < size)
			watch_guest(vmm, gpa + (vmm->host[i].hva - hva));
}

/* ---- commands ---- */

static void do_watch(struct vmm *vmm, const struct args *args)
{
	struct host_watch *watch = &vmm->host[vmm->nr_host];

	if (vmm->nr_host == MAX_WATCHES) {
		answer_error(vmm, ENOMEM);
		return;
	}
	snprintf(watch->name, sizeof(watch->name), "%s", arg(args, 1));
	watch->hva = arg_address(vmm, args, 1) & ~(PAGE_SIZE - 1);
	vmm->nr_host++;
	answer(vmm, "OK");
}

static void do_gwatch(struct vmm *vmm, const struct args *args)
{
	watch_guest(vmm, arg_number(args, 1) & ~(PAGE_SIZE - 1));
	answer(vmm, "OK");
}

static void do_autodrain(struct vmm *vmm, const struct args *args)
{
	vmm->autodrain = arg_number(args, 1);
	answer(vmm, "OK");
}

static void do_pinfo(struct vmm *vmm, const struct args *args)
{
	uint64_t entry = 0, hva = arg_address(vmm, args, 1);
	char text[160];

	if (pread(vmm->pagemap, &entry, sizeof(entry), hva / PAGE_SIZE * 8) != sizeof(entry))
		entry = 0;
	if (!(entry & PAGEMAP_PRESENT)) {
		answer(vmm, "not-present pm=0x%llx", (unsigned long long)entry);
		return;
	}
	page_text(vmm, entry & PAGEMAP_PFN, text, sizeof(text));
	answer(vmm, "%s pm=0x%llx", text, (unsigned long long)(entry >> 55));
}

static void do_pfninfo(struct vmm *vmm, const struct args *args)
{
	char text[160];

	page_text(vmm, arg_number(args, 1), text, sizeof(text));
	answer(vmm, "%s", text);
}

static void do_s2info(struct vmm *vmm, const struct args *args)
{
	struct pfnlab_walk walk = { .address = arg_number(args, 1) };
	char text[192], page[160] = "";

	ioctl(vmm->lab, PFNLAB_STAGE2, &walk);
	spte_text(vmm, &walk, text, sizeof(text));
	if (walk.level && walk.entry & SPTE_PRESENT)
		page_text(vmm, SPTE_PFN(walk.entry), page, sizeof(page));
	answer(vmm, "%s | %s", text, page);
}

static bool is_interesting(const char *line)
{
	static const char *const words[] = { "-", "AnonHuge", "VmFlags", "ShmemPmd", "FilePmd" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void do_maps(struct vmm *vmm, const struct args *args)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	uint64_t hva = arg_address(vmm, args, 1);
	unsigned long start, end;
	bool here = false;
	char line[LINE_SIZE];

	answer(vmm, "smaps");
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = hva >= start && hva < end;
		if (here && is_interesting(line))
			fprintf(vmm->out, "      %s", line);
	}
	if (smaps)
		fclose(smaps);
}

const struct command look_commands[] = {
	{ "watch", do_watch },
	{ "gwatch", do_gwatch },
	{ "autodrain", do_autodrain },
	{ "pinfo", do_pinfo },
	{ "pfninfo", do_pfninfo },
	{ "s2info", do_s2info },
	{ "maps", do_maps },
	{ NULL, NULL },
};
