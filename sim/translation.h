/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * translation.h: a world at an event of a trace, and all that one guest-physical address is there:
 * the entries of the stage-2 tables, the page, the memslot, the host's tables, TLBs.
 *
 * Nothing is changed: what the processor would say is asked, and its marks are taken back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/host_mm.h"
#include "model/page.h"
#include "model/tlb.h"
#include "model/walker.h"
#include "sim/entry_words.h"
#include "sim/trace.h"
#include "sim/vm.h"

/* A trace, run up to and with one event. */
struct moment {
	struct vm *vm;
	unsigned event;			/* that was run last, from 1 */
	struct outcome outcome;		/* of it */
	bool reached;			/* false: the host had died before, or there is no VM */
	unsigned died;			/* the event that it died of; 0: it lives */
};

/* False: bad input, *@error: no such event, threads, beyond the model. @at: NULL for the last. */
bool moment_at(const struct trace *trace, const struct semantics_patch *patch, const char *at,
	       struct moment *moment, struct error *error);
void moment_free(struct moment *moment);

struct table_entry {
	u8 level;
	u8 kind;			/* enum entry_kind */
	u16 index;
	pfn_t table;			/* SPACE_PAE_ROOT and above: kmalloc()ed, not a frame */
	u64 first, pages;		/* what it is for: gfns, or hva >> 12 */
	u64 entry;
	char words[ENTRY_WORDS_SIZE];
};

struct root_walk {
	pfn_t root;
	bool is_current;		/* new faults use it */
	u8 vcpus;			/* that have it, a bit each */
	u8 nr;
	struct table_entry entries[MAX_PT_LEVELS];
};

struct cached { unsigned vcpu; struct tlb_entry entry; };

struct translation {
	gpa_t gpa;
	gfn_t gfn;
	struct root_walk roots[MAX_ROOTS];
	size_t nr_roots;
	struct walk hardware[3];	/* read, write, fetch, in the current root */
	bool has_root, is_private;
	pfn_t pfn;			/* of the gfn's own page, or NO_PFN */
	struct page page, head;		/* ... and its compound head */
	int slot;			/* row, or NO_SLOT */
	struct memslot memslot;
	hva_t hva;			/* if there is a memslot */
	bool has_vma;
	struct vma vma;
	struct table_entry host[PT_LEVELS];
	u8 nr_host;
	struct cached tlbs[MAX_VCPUS * TLB_ENTRIES];
	size_t nr_tlbs;
};

/* Is it an address that the VM's tables have an entry for? */
bool gpa_has_entry(const struct vm *vm, gpa_t gpa);
void translate(struct vm *vm, gpa_t gpa, struct translation *out);

/* A leaf of the current root; the next one that ends behind @gfn; false: none. */
bool next_leaf(struct vm *vm, gfn_t gfn, struct table_entry *leaf);
