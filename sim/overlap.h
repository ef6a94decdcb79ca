/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * overlap.h: events of a recording that ran at the same time, in an order that nobody recorded.
 *
 * One order is taken; a replay is repeated under the others, and a verdict that depends on the
 * order is no verdict.
 */
#pragma once

#include "sim/script.h"
#include "sim/vm.h"

enum overlap_order {
	ORDER_ONE_AFTER_THE_OTHER,	/* as listed; background first */
	ORDER_REVERSED,			/* the last first; background afterwards */
	ORDER_ALTERNATING,		/* step by step; background between look-up and mmu_lock */
	ORDER_IN_FIXUP,			/* background between fixup_user_fault() and the walk */
	NR_ORDERS,
};

extern const char *const overlap_order_text[NR_ORDERS];

/* Run the command's events in @order; the outcome is the main event's. False: *@error. */
bool overlap_run(struct vm *vm, const struct script_events *events, enum overlap_order order,
		 struct outcome *outcome, struct error *error);
/* "later": @events->meanwhile happens inside the first fault's window. True if a window opened. */
bool overlap_window(struct vm *vm, const struct script_events *events, struct outcome *outcome);
