/* SPDX-License-Identifier: GPL-2.0-only */
/* sem_all.c: the list, in order of history. A new semantics is its own file and one row here. */
#include "model/sem.h"

const struct semantics_patch *const all_semantics[] = {
	&sem_v5_11,
	&sem_v5_12,
	&sem_v6_1,
	&sem_v6_8_rc3,
	&sem_v11_p1,
	&sem_v11_p2,
	&sem_v11_p3,
	&sem_v11_p4,
	&sem_v11_p5,
	&sem_v11_p6,
	&sem_v11_p7,
	&sem_v11,
	&sem_v11_unsafe,
	&sem_v6_8,
	&sem_v11_on_v6_8,
	&sem_v6_12,
	&sem_v7_2,
	NULL
};

const struct semantics_patch *const policies[] = {
	&sem_policy_strict,
	&sem_policy_notifier,
	&sem_policy_pin,
	NULL
};
