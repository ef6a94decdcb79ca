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

/* Two huge pages, which the guest has */
#define TWO_HUGE								\
	"mmap m 4M hva=0x40000000\n" "madvise m 4M hugepage\n"			\
	"memslot 1 gpa=0x40000000 hva=m size=4M\n"				\
	"write 0x40000000 7\n" "write 0x40200000 7\n"

/* A table of PTEs where a PMD could be, and nothing in it */
#define FOLIO(options)								\
	"file F 2M huge=always" options "\n" "mmap m 2M file file=F\n"		\
	"host-write m 7\n" "mprotect m+0x3000 4K r\n" "host-read m+0x1000\n"	\
	"mprotect m+0x3000 4K r,w\n" "dontneed m 2M\n" "host-write m+0x5000 8\n"

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
	{ "clean_page_regains_w", ANON "host-write m 7\n" "drain\n" "madvise m 4K free\n"
	  "mprotect m 16K r\n" "mprotect m 16K r,w\n" "host-read m\n"
	  "numa-hint m 4K\n" "host-read m\n" },
	{ "hint_of_an_exclusive_page_without_w", ANON "madvise m 16K mergeable\n"
	  "host-write m 7\n" "host-write m+0x1000 7\n" "drain\n" "ksm-merge m+0x1000 m\n"
	  "madvise m 16K unmergeable\n" "numa-hint m 8K\n" "host-read m\n"
	  "host-read m+0x1000\n" },
	{ "nothing_is_writable_for_khugepaged", "mmap m 4M hva=0x40000000\n"
	  "madvise m 4M nohugepage\n" "host-write m 7\n" "mprotect m 4M r\n" "drain\n"
	  "madvise m 4M hugepage\n" "khugepaged m\n" },
	{ "folio_over_an_empty_table", FOLIO("") },
	{ "shared_folio_over_an_empty_table", "shmem-huge always\n" FOLIO(" mount=shared-anon") },
	{ "file_of_2m_dropped", "file F 2M huge=always\n" "mmap m 2M file file=F\n"
	  "host-write m 7\n" "dontneed m 2M\n" },
	{ "given_up_but_mapped_by_kvm", ANON "host-write m 7\n" "drain\n"
	  "madvise m 4K free\n" "map 0\n" "pageout m 4K\n" "unmap 0\n" "drain\n"
	  "pageout m 4K\n" "host-read m\n" },

	{ "copy_of_a_foreign_page", "file F 4K\n" "mmap m 4K file file=F private=1\n"
	  "host-write m 7\n" "drain\n" "pageout m 4K foreign=1\n"
	  "pageout m 4K foreign=1\n" "host-read m\n" },
	{ "a_part_mapped_twice", "file F 2M huge=always\n" "mmap m 2M file file=F\n"
	  "mmap q 4K file file=F\n" "host-write m 7\n" "host-read q\n"
	  "migrate m+0x100000 4K\n" "host-read m\n" },
	{ "parts_of_two_folios", "file F 4M huge=always\n" "mmap m 4M file file=F\n"
	  "host-write m 7\n" "host-write m+0x200000 8\n" "pageout m+0x1ff000 8K\n"
	  "punch F 0 4M\n" "host-read m\n" },
	{ "alone_in_swap", "config lru-batch=1\n" ANON "write 0 7\n" "fork\n" "child-exit\n"
	  "drain\n" "pageout m 4K\n" "pageout m 4K\n" "r: read 0 until=lock_mmu\n"
	  "host-write m 8\n" "resume r\n" },
	{ "alone_in_swap_and_written", "config lru-batch=1\n" ANON "write 0 7\n" "fork\n"
	  "child-exit\n" "drain\n" "pageout m 4K\n" "pageout m 4K\n" "host-write m 8\n" },

	{ "mapped_gmem_is_closed_while_punched", MAPPED_GMEM "write 0 7\n"
	  "q: gmem-punch G 0 4K until=private_lock_batch\n" "c: gmem-close G\n"
	  "write 0x1000 8\n" "resume q\n" "resume c\n" "read 0\n" },
	{ "mapped_gmem_is_poisoned", MAPPED_GMEM "write 0 7\n" "gmem-poison G 0\n"
	  "read 0\n" "gmem-close G\n" },

	/* ---- userfaultfd ---- */
	{ "moved_from_within_a_page", "mmap m 12K\n" "uffd-register m 4K missing\n"
	  "host-write m+0x1000 7\n" "uffd-move m 4K m+0x1010\n" "munmap m 12K\n" },
	{ "2m_of_ptes_are_paged_out", TWO_HUGE "mprotect m 4K r\n" "mprotect m 4K r,w\n"
	  "pageout m 2M\n" "pageout m 2M\n" },
	{ "protection_ends_within_2m", TWO_HUGE "uffd-register m 4M wp\n" "uffd-protect m 4M\n"
	  "uffd-unregister m+0x100000 2M\n" "write 0x40100000 8\n" },
	{ "registered_from_within_2m", TWO_HUGE "uffd-register m+0x100000 2M wp\n"
	  "read 0x40000000\n" "read 0x40200000\n" },
	{ "unregistered_to_within_2m", TWO_HUGE "uffd-register m 2M wp\n" "uffd-protect m 2M\n"
	  "uffd-register m+0x200000 2M missing\n" "uffd-unregister m 3M\n"
	  "read 0x40200000\n" },
	{ "one_vma_again_when_unregistered", "mmap m 2M hva=0x40000000\n"
	  "madvise m 2M hugepage\n" "uffd-register m 4K missing\n"
	  "uffd-unregister m 4K\n" "host-write m 7\n" },
	{ "munmap_waits_for_unregistering", ANON "uffd-register m 4K missing\n"
	  "u: uffd-unregister m 4K until=uffd_set_flags\n" "x: munmap m+0x2000 4K\n"
	  "resume u\n" "resume x\n" },
	{ "unregistered_with_a_drivers", "mmap m 8K hva=0x40000000\n" "alloc buf order0\n"
	  "mmap d 4K device buf hva=0x40002000\n" "memslot 1 gpa=0 hva=m size=8K\n"
	  "uffd-register m 8K missing\n" "w: write 0 7\n" "uffd-unregister m 12K\n"
	  "v: resume w\n" "uffd-zeropage m 4K\n" "resume v\n" },
	{ "registered_behind_a_munmap", ANON "host-write m 7\n"
	  "x: munmap m 16K until=detach_vmas\n" "u: uffd-register m 16K missing\n"
	  "resume x\n" "resume u\n" },
	{ "mprotect_waits_for_a_copy", ANON "mmap n 4K\n" "host-write n 7\n"
	  "uffd-register m 16K missing\n" "c: uffd-copy m 4K n until=fill_next\n"
	  "y: mprotect m 4K r\n" "resume c\n" "resume y\n" "host-read m\n" },
	{ "second_page_is_there", ANON "mmap n 8K\n" "host-write n 7\n" "host-write n+0x1000 8\n"
	  "uffd-register m 16K missing\n" "uffd-zeropage m+0x1000 4K\n" "uffd-copy m 8K n\n" },
	{ "source_is_gone", ANON "mmap n 8K\n" "uffd-register m 16K missing\n"
	  "c: uffd-copy m 8K n until=fill_source\n" "munmap n 8K\n" "resume c\n" },
	{ "two_vmas_are_protected", ANON "host-write m 7\n" "host-write m+0x1000 7\n"
	  "uffd-register m 8K wp\n" "mprotect m 4K r\n" "uffd-protect m 8K\n"
	  "write 0x1000 8\n" },
	{ "marker_where_nobody_watches", "file F 16K\n" "mmap m 16K file file=F\n"
	  "uffd-register m 16K wp\n" "uffd-protect m 16K\n" "mremap m 16K 0x80000000\n"
	  "host-read 0x80000000\n" "host-write 0x80001000 7\n" },
	{ "marker_where_missing_pages_are_watched", ANON "uffd-register m 16K wp,unpopulated\n"
	  "uffd-protect m 16K\n" "mremap m 16K 0x80000000\n"
	  "uffd-register 0x80000000 16K missing\n" "h: host-read 0x80000000\n" },

	/* ---- other architectures ---- */
	{ "marked_behind_the_release", ANON "host-write m 7\n" "drain\n"
	  "stage2-fault 0 mips\n" },
	{ "put_behind_mmu_lock", ANON "host-write m 7\n"
	  "s: stage2-fault 0 powerpc-hv until=stage2_unlock\n" "host-read m\n"
	  "resume s\n" },
};

const size_t nr_version_stories = ARRAY_SIZE(version_stories);
