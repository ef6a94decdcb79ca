/* SPDX-License-Identifier: GPL-2.0-only */
/* sem_all.c: the list. A new semantics is its own file and one row here. */
#include "model/sem.h"

const struct semantics_patch *const all_semantics[] = {
	&sem_v5_12,
	&sem_v6_1,
	&sem_v6_8_rc3,
	&sem_v6_8,
	&sem_v6_12,
	&sem_v11,
	&sem_v11_unsafe,
	&sem_v7_2,
	NULL
};
