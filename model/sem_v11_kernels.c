/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sem_v11_kernels.c: the series as people ran it: with its parameter set, and on another base.
 */
#include "model/sem.h"

static const struct traits unsafe_traits = { TRAITS_P7, .allow_unsafe_mappings = true };

const struct semantics_patch sem_v11_unsafe = {
	.name = "v11-unsafe", .table = "v11u1", .group = "new", .base = &sem_v11,
	.source = "v11 series with kvm.allow_unsafe_mappings=1",
	.claims = "mappings that nothing protects are allowed, at the user's own risk; without the "
		  "parameter they are refused",
	.traits = &unsafe_traits,
};

/*
 * Final 6.8 has d02c357e5bfa. Where the two meet there is no conflict in the text: the check after
 * the look-up goes on releasing by pfn what v11's look-up has given back already. The fault's own
 * COW raises the sequence, so that no race is needed. Found by Pierre-Eric Pelloux-Prayer and
 * Dmitry Osipenko <15865985-4688-4b7e-9f2d-89803adb8f5b@collabora.com>.
 */
static const struct traits on_6_8_traits = { TRAITS_P7, .private_by_tdp_mmu = true };

const struct semantics_patch sem_v11_on_v6_8 = {
	.name = "v11-on-v6.8", .group = "series", .base = &sem_v11,
	.source = "v11 series merged onto v6.8: d02c357e5bfa puts what is not held (B1)",
	.claims = "it applies without a conflict",
	.traits = &on_6_8_traits,
	.edits = edits_d02c357e5bfa,
};
