/* SPDX-License-Identifier: GPL-2.0-only */
/* lab_vmm.h: where the lab's VMM has its memory, and what its scripts write to. */
#pragma once

#define RBASE		0x10000000000ull	/* hva of the first region: REGION_BASE of vmm.h */
#define REGION_GAP	0x40000000ull		/* bytes from one region to the next */
#define GIGANTIC_SYSFS	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
