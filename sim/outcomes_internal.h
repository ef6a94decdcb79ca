/* SPDX-License-Identifier: GPL-2.0-only */
/* outcomes_internal.h: what the outcomes*.c share. */
#pragma once

#include "sim/outcomes.h"
#include "sim/vm.h"

#define CELL_HVA	((hva_t)0x7f0000008000)
#define CELL_GFN	((gfn_t)0x208)

/* A VM in which @cell's page is mapped at CELL_HVA, and CELL_GFN of slot 1 is that. */
struct vm *outcome_world(const struct semantics_patch *patch, const struct outcome_cell *cell,
			 enum mmu_kind mmu);
