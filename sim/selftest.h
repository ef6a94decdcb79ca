/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * selftest.h: a trace as the skeleton of a KVM selftest, for tools/testing/selftests/kvm of Linux
 * 6.12 to 7.2: memory, memslots and guest as the trace has them, in its order, and what the right
 * kernel does as assertions. What user space cannot do is a comment that begins with "TO" "DO" and
 * says what is needed; nothing is left out.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/replay.h"

struct selftest {
	const struct replay *replay;		/* of a trace */
	const struct replay_run *right;		/* what is asserted; others are in comments */
	const char *command;			/* that printed it */
	const char *helpers;			/* the C text that all of them begin with */
};

/* False: a write error. */
bool selftest_print(const struct selftest *selftest, FILE *out);
