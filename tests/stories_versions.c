// SPDX-License-Identifier: GPL-2.0-only
/*
 * stories_versions.c: stories of single steps that only some kernels have, or only some MMUs come
 * to. Elsewhere they show that there is nothing.
 */
#include "model/base.h"
#include "tests/stories.h"
#include "tests/stories_memory.h"

/* guest_memfd as a VM without private memory may have it (6.18), and as one with it (6.8) */
#define MAPPED_GMEM								\
	"gmem G 64K flags=mmap,init-shared\n" "mmap m 64K\n"			\
	"memslot 1 gpa=0 hva=m size=64K flags=gmem gmem=G\n"
#define PRIVATE_GMEM								\
	"config private-mem=on\n" "gmem G 64K\n" "mmap m 64K\n"			\
	"memslot 1 gpa=0 hva=m size=64K flags=gmem gmem=G\n" "attributes 0 64K 1\n"

/* A hole in it, and who comes in the middle */
#define HOLE									\
	"write 0 7\n" "write 0x1000 8\n" "gmem-punch G 0 4K\n" "read 0\n" "read 0x1000\n"
#define FAULT_BEFORE_HOLE							\
	"f: write 0x2000 7 until=lock_mmu\n" "gmem-punch G 0x2000 4K\n" "resume f\n"
#define FAULT_IN_HOLE								\
	"write 0x3000 7\n" "p: gmem-punch G 0x3000 4K until=private_delete_batch\n"	\
	"write 0x3000 8 vcpu=1\n" "resume p\n" "write 0x3000 9 vcpu=1\n"
/* Of another page: not stale, and with mmu_lock */
#define HOLE_WAITS								\
	"write 0 7\n" "p: gmem-punch G 0 4K until=private_delete_batch\n"	\
	"f: write 0x1000 8 until=install_leaf\n" "resume p until=gmem_punched\n"	\
	"resume f\n" "resume p\n"
#define HOLE_WAITS_AT_ONCE							\
	"write 0 7\n" "f: write 0x1000 8 until=install_leaf\n"			\
	"p: gmem-punch G 0 4K\n" "resume f\n" "resume p\n"

const struct story version_stories[] = {
	/* ---- guest_memfd ---- */
	{ "hole_in_mapped_gmem", MAPPED_GMEM HOLE },
	{ "hole_in_private_gmem", PRIVATE_GMEM HOLE },
	{ "fault_before_a_hole_in_mapped_gmem", MAPPED_GMEM FAULT_BEFORE_HOLE },
	{ "fault_in_a_hole_in_mapped_gmem", MAPPED_GMEM FAULT_IN_HOLE },
	{ "hole_in_mapped_gmem_waits", MAPPED_GMEM HOLE_WAITS },
	{ "hole_in_private_gmem_waits", PRIVATE_GMEM HOLE_WAITS },
	{ "hole_in_mapped_gmem_waits_at_once", MAPPED_GMEM HOLE_WAITS_AT_ONCE },
	{ "hole_in_private_gmem_waits_at_once", PRIVATE_GMEM HOLE_WAITS_AT_ONCE },
	{ "attributes_wait_for_a_fault_at_once", PRIVATE_GMEM "write 0 7\n"
	  "f: write 0x1000 8 until=install_leaf\n" "a: attributes 0 4K 0\n"
	  "resume f\n" "resume a\n" },
	{ "neither_slot_nor_attribute_is_as_before", PRIVATE_GMEM
	  "f: read 0 until=snapshot_seq\n" "attributes 0 64K 0\n" "d: memslot-delete 1\n"
	  "resume f\n" "resume d\n" },
	{ "attribute_changes_after_the_snapshot", PRIVATE_GMEM
	  "f: read 0 until=check_slot\n" "attributes 0 4K 0\n" "resume f\n" },
	{ "attributes_wait_for_a_fault", PRIVATE_GMEM "write 0 7\n"
	  "a: attributes 0 4K 0 until=attributes_store\n"
	  "f: write 0x1000 8 until=install_leaf\n" "resume a until=attributes_unlock\n"
	  "resume f\n" "resume a\n" },

	/* ---- userspace's memory ---- */
	{ "numa_hint_of_a_batched_page", "config lru-batch=1\n" ANON "host-write m 7\n"
	  "numa-hint m 4K\n" },
	{ "file_moves_and_stays", "file F 16K shmem\n" "mmap m 16K file file=F\n"
	  "host-write m 7\n" "mmap n 16K\n" "mremap m 16K n keep=1\n" "host-read n\n" },
	{ "moves_from_within_2m", "mmap m 4M hva=0x40100000\n" "host-write m 7\n"
	  "mremap m 4M 0x80100000\n" },
};

const size_t nr_version_stories = ARRAY_SIZE(version_stories);
