/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_p2.c: v11 2/8, "KVM: Relax BUG_ON argument validation",
 * Message-Id 20240229025759.1187910-3-stevensd@google.com.
 *
 * It warns and is atomic, so that it may even succeed.
 */
#include "model/sem.h"

static const struct traits traits = { TRAITS_P2, .writable_by_slow = true };

const struct semantics_patch sem_v11_p2 = {
	.name = "v11-p2", .group = "series", .base = &sem_v11_p1,
	.source = "v11 1-2/8: hva_to_pfn() warns of atomic && async, where it had a BUG_ON()",
	.claims = "a look-up that is both atomic and asynchronous had better fail than bring the "
		  "host down",
	.traits = &traits,
};
