/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * outcomes.h: the table of outcomes: what each caller of KVM's look-up gets, for each kind of page
 * in each kind of mapping. Every cell is a small world in which the model is run.
 *
 * The columns are those of the discussion's tables: who holds a reference meanwhile, who keeps
 * one, whether the SPTE gets the refcounted bit, what *writable says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/semantics.h"

enum outcome_page {
	OUT_ANON0, OUT_CHEAD, OUT_CTAIL, OUT_HOHEAD, OUT_HOTAIL, OUT_RESV, OUT_ZERO, OUT_ZDEV,
	OUT_ZDEV0, OUT_NOPAGE, NR_OUT_PAGES,
};

enum outcome_vma {
	OUT_NORMAL, OUT_PFNMAP, OUT_IO_SPECIAL, OUT_IO_NORMAL, OUT_MIXED_NORMAL,
	OUT_MIXED_SPECIAL, OUT_MIXED_DEVMAP, NR_OUT_VMAS,
};

enum outcome_caller {
	OUT_TDP, OUT_SHADOW, OUT_VCPU_MAP, OUT_PFNCACHE, OUT_COMPAT, OUT_REEXECUTE,
	OUT_PREFETCH_DIRECT, OUT_PREFETCH_SHADOW, NR_OUT_CALLERS,
};

struct outcome_cell {
	enum outcome_page page;
	enum outcome_vma vma;
	enum outcome_caller caller;
	bool write;		/* access */
	bool host_pte_w;
	bool ro_slot;
};

/* What makes a row remarkable; docs/FINDINGS-v11.md. Bits, by place in outcome_hazards[]. */
enum outcome_hazard {
	HAZARD_A1, HAZARD_A2, HAZARD_A3, HAZARD_A5, HAZARD_A10, HAZARD_A13, HAZARD_B1, HAZARD_L1,
	HAZARD_W,
	NR_HAZARDS,
};

struct outcome_row {
	const char *class;	/* how the host's mapping lets the page be found */
	const char *outcome;	/* PFN, ERR_FAULT, ERR_RO_FAULT, RO_FAULT(slot) */
	int held, after;	/* references of the look-up: while used; when the caller is done */
	bool overdrawn;		/* it has put more than it took */
	const char *spte_bit;	/* "1", "0"; "none": no such bit here; "-": no SPTE, no series */
	bool writable;
	unsigned hazards;	/* BIT(enum outcome_hazard) */
};

extern const char *const outcome_pages[NR_OUT_PAGES];
extern const char *const outcome_vmas[NR_OUT_VMAS];
extern const char *const outcome_callers[NR_OUT_CALLERS];
extern const char *const outcome_hazards[NR_HAZARDS];

/* The next cell that can be, in the table's order: start with *@at == 0. False: that was all. */
bool outcome_next(unsigned *at, struct outcome_cell *cell);
/* Run the model. False: that version has no such caller. */
bool outcome_compute(const struct semantics_patch *patch, const struct outcome_cell *cell,
		     struct outcome_row *row);
/* What the table calls a semantics: the three of the series' discussion have names of their own. */
const char *outcome_semantics_name(const struct semantics_patch *patch);
