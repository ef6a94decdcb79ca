// SPDX-License-Identifier: GPL-2.0-only
/*
 * stories_steps.c: stories of single steps. Most stop before a step, or behind it, and let somebody
 * in who would not get there, or see something else, if it were not in its place.
 */
#include "model/base.h"
#include "tests/stories.h"
#include "tests/stories_memory.h"

/* 2M of anonymous memory at once */
#define THP								\
	"mmap m 4M hva=0x40000000\n"					\
	"madvise m 4M hugepage\n"					\
	"memslot 1 gpa=0x40000000 hva=m size=4M\n"			\
	"write 0x40000000 7\n"

#define MAPPED_FILE(type)						\
	"file F 16K " type "\n"						\
	"mmap m 16K file file=F\n"

/* As many tables as a small VM may have but for the last few, and a fault that has become stale */
#define TABLES(nr)							\
	"mmap m 4K\n" "memslot 1 gpa=0 hva=m size=4K\n"		\
	"read 0x40000000 count=" nr " stride=0x200000\n"		\
	"f: read 0 until=lock_mmu\n" "dontneed m 4K\n" "resume f\n"

const struct story step_stories[] = {
	/* ---- huge pages ---- */
	{ "advised_again", THP "madvise m+0x100000 4K nohugepage\n"
	  "madvise m+0x100000 4K hugepage\n" "dontneed m 4M\n" },
	{ "locked_again", ANON "mlock m+0x1000 4K\n" "mlock m 16K\n" "mprotect m 16K none\n" },
	{ "log_ends_over_2m", THP "memslot 1 gpa=0x40000000 hva=m size=4M flags=log\n"
	  "write 0x40000000 8\n" "memslot 1 gpa=0x40000000 hva=m size=4M\n"
	  "read 0x40000000\n" },
	{ "log_ends_over_an_nx_huge_page", "config nx-huge=on\n" THP
	  "memslot 1 gpa=0x40000000 hva=m size=4M flags=log\n" "write 0x40000000 8\n"
	  "memslot 1 gpa=0x40000000 hva=m size=4M\n" "read 0x40001000\n" },
	{ "split_after_the_log_is_there", THP
	  "l: memslot 1 gpa=0x40000000 hva=m size=4M flags=log until=swap_to_new\n"
	  "resume l\n" },
	{ "logged_by_dirty_bits", "config pml=on\n" THP
	  "memslot 1 gpa=0x40000000 hva=m size=4M flags=log\n" },
	{ "logged_as_the_generation_wraps", "config generation=0x7fffc\n" THP
	  "memslot 1 gpa=0x40000000 hva=m size=4M flags=log\n" "write 0x40000000 8\n" },
	{ "logged_by_dirty_bits_as_it_wraps", "config pml=on generation=0x7fffc\n" THP
	  "memslot 1 gpa=0x40000000 hva=m size=4M flags=log\n" "write 0x40000000 8\n" },
	{ "protected_before_the_flush", "logmode manual,initially-set\n" THP
	  "l: memslot 1 gpa=0x40000000 hva=m size=4M flags=log until=protect_full_slot\n"
	  "write 0x40000000 8\n" "resume l\n" "write 0x40000000 9\n" },
	{ "protected_after_the_log_is_there", THP
	  "l: memslot 1 gpa=0x40000000 hva=m size=4M flags=log until=commit_slot\n"
	  "resume l\n" },
	{ "advised_under_mmap_lock", THP "a: madvise m+0x100000 4K nohugepage until=range_lock\n"
	  "resume a until=advise_vmas\n" "h: munmap m+0x300000 4K\n" "resume a\n"
	  "resume h\n" },
	{ "locked_under_mmap_lock", THP "a: mlock m+0x100000 4K until=range_lock\n"
	  "resume a until=lock_vmas\n" "h: munmap m+0x300000 4K\n" "resume a\n"
	  "resume h\n" },
	{ "protected_while_a_vcpu_writes", ANON "host-write m 7\n" "read 0\n"
	  "p: mprotect m 4K r until=change_ptes\n" "w: write 0 9\n" "resume p\n"
	  "resume w\n" "read 0\n" },
	{ "protected_under_mmap_lock", THP "a: mprotect m+0x100000 4K r until=range_lock\n"
	  "resume a until=range_unlock\n" "h: munmap m+0x300000 4K\n" "resume a\n"
	  "resume h\n" },
	{ "populated_under_mmap_lock", ANON "l: mlock m 4K until=populate_lock\n"
	  "munmap m 4K\n" "resume l\n" },
	{ "hugetlb_zap_half_done", "hugepages 2\n" "mmap m 2M hugetlb hva=0x40000000\n"
	  "memslot 1 gpa=0x40000000 hva=m size=2M\n" "write 0x40000000 7\n"
	  "z: munmap m 2M until=clear_ptes\n" "resume z\n" },

	/* ---- pages that move, age, and go ---- */
	{ "hugetlb_without_rights", "hugepages 2\n" "mmap m 2M hugetlb hva=0x40000000\n"
	  "mprotect m 2M none\n" "host-write m 7\n" },
	{ "pageout_of_a_used_page", "mmap m 4K\n" "host-write m 7\n" "drain\n"
	  "pageout m 4K\n" },
	{ "pageout_of_a_mapped_page", ANON "write 0 7\n" "drain\n" "map 0\n" "pageout m 4K\n"
	  "unmap 0\n" "pageout m 4K\n" "read 0\n" },
	{ "a_batch_half_unmapped", ANON "write 0 7\n" "write 0x1000 8\n" "drain\n"
	  "x: migrate m 8K until=move_page\n" "resume x\n" "read 0\n" },
	{ "aged_under_mmu_lock", ANON "write 0 7\n" "drain\n"
	  "p: pageout m 4K until=young_lock\n" "resume p until=young_age\n"
	  "s: stage2-fault 0x1000 arm64\n" "resume p\n" "resume s\n" },
	{ "flushed_under_mmu_lock", ANON "write 0 7\n" "drain\n"
	  "p: pageout m 4K until=young_flush\n" "s: stage2-fault 0x1000 arm64\n"
	  "resume p\n" "resume s\n" },
	{ "soft_dirty_under_mmap_lock", ANON "write 0 7\n"
	  "c: clear-refs soft-dirty until=clear_refs_lock\n" "resume c until=clear_refs\n"
	  "resume c\n" "write 0 8\n" },

	/* ---- tables of the MMU with rmaps ---- */
	{ "limit_of_tables_follows_the_memslot", "mmap m 1G hva=0x40000000\n"
	  "memslot 1 gpa=0 hva=m size=1G\n" "read 0 count=70 stride=0x200000\n" },
	{ "stale_before_tables_are_recycled", TABLES("57") },
	{ "stale_before_tables_are_recycled_in_pae", TABLES("56") },

	/* ---- files ---- */
	{ "asked_before_it_is_mapped", MAPPED_FILE("disk")
	  "w: host-write m 7 until=install_file_page\n" },
	{ "asked_before_it_is_writable", MAPPED_FILE("disk") "host-read m\n"
	  "w: host-write m 7 until=install_file_page\n" },
	{ "cut_before_the_rest_is_zeroed", MAPPED_FILE("shmem") "host-write m 7\n"
	  "host-write m+0x1000 8\n" "t: truncate F 0x800 until=take_partial\n" },

	/* ---- asynchronous page faults ---- */
	{ "a_worker_looks_up_under_mmap_lock", "config async-pf=on lru-batch=0\n" ANON
	  "write 0 7\n" "drain\n" "pageout m 4K\n" "pageout m 4K\n" "w: write 0 8\n"
	  "k: async-pf until=apf_unlock_mmap\n" "u: munmap m 4K\n" "resume k\n"
	  "resume u\n" "resume w\n" },
	{ "a_worker_gives_mmap_lock_back", "config async-pf=on lru-batch=0\n" ANON "write 0 7\n"
	  "drain\n" "pageout m 4K\n" "pageout m 4K\n" "w: write 0 8\n" "async-pf\n"
	  "munmap m+0x1000 4K\n" "resume w\n" },
	{ "a_worker_waits_for_mmap_lock", "config async-pf=on lru-batch=0\n" ANON
	  "write 0 7\n" "drain\n" "pageout m 4K\n" "pageout m 4K\n" "w: write 0 8\n"
	  "u: munmap m+0x1000 4K until=detach_vmas\n" "k: async-pf\n" "resume u\n"
	  "resume k\n" "resume w\n" },

	{ "nx_is_set_under_slots_lock", ANON "read 0\n" "a: set-nx 1 until=nx_unlock\n"
	  "s: memslot 2 gpa=0x100000 hva=m size=4K\n" "resume a\n" "resume s\n"
	  "read 0x100000\n" },

	/* ---- the VMM exits ---- */
	{ "exit_waits_for_the_last_thread", ANON "write 0 7\n"
	  "f: write 0x1000 8 until=lock_mmu\n" "x: exit\n" "resume f\n" "resume x\n" },
	{ "exit_has_a_bad_count", "alloc buf order0\n" "mode buf insert\n"
	  "mmap m 4K device buf\n" "host-read m\n" "ref buf 0 -1\n" "free buf\n"
	  "exit\n" },

	/* ---- what KVM takes back at once ---- */
	{ "zapped_as_an_invalid_memslot_wraps", "config generation=0x7fffa\n" ANON "mmap n 4K\n"
	  "write 0 7\n" "memslot 2 gpa=0x100000 hva=n size=4K\n"
	  "d: memslot-delete 2 until=end_update_to_invalid\n" "resume d\n" "read 0\n" },
	{ "deleted_alone_by_the_quirk", "config slot-zap-all=off\n" ANON "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K\n" "read 0\n" "memslot-delete 2\n"
	  "read 0\n" },
	{ "logged_between_protection_and_flush", ANON "read 0\n"
	  "l: memslot 1 gpa=0 hva=m size=16K flags=log until=protect_slot\n"
	  "write 0 8\n" "resume l\n" "write 0 9\n" },
	{ "nx_ends_under_slots_lock", ANON "read 0\n" "set-nx 1\n"
	  "memslot 2 gpa=0x100000 hva=m size=4K\n" "read 0x100000\n" },
	{ "obsolete_root_given_up", ANON "read 0\n" "f: read 0x100000 until=emulate_access\n"
	  "set-nx 1\n" "resume f\n" "reset-mmu\n" "read 0\n" },

	/* ---- the fast MMIO bus ---- */
	{ "fast_bus_beside_memory", ANON "ioeventfd 0x200000\n" "write 0x200000 7\n"
	  "write 0x200000 8\n" "read 0x200000\n" "mmap n 4K\n"
	  "memslot 2 gpa=0x200000 hva=n size=4K\n" "write 0x200000 9\n" },
	{ "fast_bus_of_npt", "config stage2=npt\n" ANON "ioeventfd 0x200000\n"
	  "write 0x200000 7\n" "write 0x200000 8\n" },
	{ "fast_bus_is_left_last", ANON "ioeventfd 0x200000\n"
	  "off: ioeventfd-off 0x200000 until=io_unlock\n" "resume off until=io_lock\n"
	  "ioeventfd 0x200000 fd=1\n" "resume off\n" "ioeventfd 0x200000 fd=1\n" },

	/* ---- what the emulator cannot do ---- */
	{ "mmio_becomes_memory_before_emulation", ANON "mmap n 4K\n"
	  "f: rmw 0x100000 until=emulate\n" "c: memslot 2 gpa=0x100000 hva=n size=4K\n"
	  "resume f\n" "resume c\n" },
	{ "unhandled_until_it_is_writable", ANON "mmap n 4K\n" "host-write n 5\n"
	  "mprotect n 4K r\n" "f: rmw 0x100000 until=emulate_access\n"
	  "c: memslot 2 gpa=0x100000 hva=n size=4K\n" "resume f until=gup_fast\n"
	  "mprotect n 4K r,w\n" "resume f\n" "resume c\n" },
	{ "populated_up_to_a_hole", ANON "munmap m+0x1000 4K\n"
	  "madvise m 16K populate-write\n" "drain\n" "host-read m+0x2000\n" },

	/* ---- other callers ---- */
	{ "stage2_after_an_invalidation", ANON "host-write m 7\n" "read 0\n" "dontneed m 4K\n"
	  "host-write m 8\n" "stage2-fault 0 arm64\n" "stage2-fault 0x1000 arm64 write=1\n" },
	{ "stage2_snapshot_before_lookup", ANON "host-write m 7\n"
	  "s: stage2-fault 0 arm64 until=gup_fast\n" "dontneed m 4K\n" "resume s\n" },
	{ "stage2_checks_under_mmu_lock", ANON "host-write m 7\n"
	  "s: stage2-fault 0 arm64 until=stage2_check\n" "z: dontneed m 4K\n"
	  "resume s until=stage2_unlock\n" "resume s until=stage2_release\n" "resume z\n"
	  "resume s\n" },
	{ "nested_with_code", "config code=0x1000\n" ANON "host-write m 7\n"
	  "vmsave 0x2000 table=0x3000\n" "vmsave 0x2000 table=0x100000\n" },
	{ "cache_invalidated_first", ANON "host-write m 7\n" "gpc 0\n" "read 0\n"
	  "z: dontneed m 4K until=gpc_invalidate\n" "gpc-use\n"
	  "s: stage2-fault 0x1000 arm64\n" "resume z\n" "resume s\n" "gpc-use\n" },
	{ "cache_activated_under_its_lock", ANON "host-write m 7\n"
	  "g: gpc 0 until=gpc_lock_refresh\n" "gpc-use\n" "resume g\n" },
	{ "cache_deactivated_under_its_lock", ANON "host-write m 7\n" "gpc 0\n"
	  "dontneed m 4K\n" "f: gpc-off until=gpc_deactivate\n" "h: gpc-use\n"
	  "resume f\n" "resume h\n" },
	{ "cache_is_written_and_logged", ANON "memslot 2 gpa=0x100000 hva=m size=8K flags=log\n"
	  "gpc 0x100000\n" "gpc-use\n" "dirtylog 2\n" "gpc-write 7\n" "dirtylog 2\n"
	  "dontneed m 4K\n" "gpc-write 8\n" "dirtylog 2\n" },
	{ "cache_is_written_by_its_vcpu", ANON "gpc 0\n"
	  "g: gpc 0x1000 until=gpc_translate\n" "w: gpc-write 7\n" "resume g\n" "resume w\n" },
	{ "prefetch_checks_under_the_lock", ANON "host-write m 7\n" "read 0\n"
	  "p: prefetch 0x1000 until=prefetch_lock\n" "d: dontneed m 4K until=clear_ptes\n"
	  "resume p\n" "resume d\n" },
	{ "mmio_ends_before_the_snapshot", ANON "read 0x100000\n" "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K\n" "f: read 0x100000 until=mmio_fault\n"
	  "dontneed n 4K\n" "resume f\n" },
	{ "mmio_becomes_read_only_memory", ANON "mmap n 4K\n" "host-write n 5\n"
	  "mprotect n 4K r\n" "f: rmw 0x100000 until=emulate_access\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K\n" "resume f\n" },
	{ "retried_before_it_is_emulated", PAGES "host-read m\n" "mprotect m 8K r\n" "read 0\n"
	  "f: rmw 0 until=emulate_access\n" "resume f\n" },
	{ "manual_log_of_the_second_slot", ANON "logmode manual\n" "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K flags=log\n" "write 0x100000 7\n"
	  "dirtylog 2\n" "clearlog 2 0 1\n" "dirtylog 2\n" },

	/* ---- locks and counts, once more ---- */
	{ "leaves_with_the_error", "memslot 1 gpa=0 hva=0x7000 size=4K\n"
	  "f: read 0 until=resume_guest\n" },
	{ "fixed_before_the_snapshot", ANON "read 0\n"
	  "f: write 0 7 until=fast_page_fault\n" "dontneed m 4K\n" "resume f\n" },
	{ "released_without_the_lock", ANON "host-write m 7\n"
	  "f: read 0 until=release_fault_page\n" "z: dontneed m 4K\n" "resume f\n"
	  "resume z\n" },
	{ "released_under_the_lock", ANON "host-write m 7\n"
	  "f: read 0 until=unlock_mmu\n" "z: dontneed m 4K\n" "resume f\n" "resume z\n" },
	{ "end_told_before_the_lock", ANON "write 0 7\n"
	  "z: dontneed m 4K until=notify_enter_end\n" "s: stage2-fault 0x1000 arm64\n"
	  "resume z\n" "resume s\n" },
	{ "uncounted_before_unlock", ANON "write 0 7\n"
	  "z: dontneed m 4K until=notify_uncount\n" "s: stage2-fault 0x1000 arm64\n"
	  "resume z\n" "resume s\n" },

	/* ---- operations and traits ---- */
	{ "dropped_outside_all_memslots", ANON "mmap other 4K\n" "host-write other 1\n"
	  "f: read 0 until=lock_mmu\n" "dontneed other 4K\n" "resume f\n" },
	{ "stale_while_it_is_invalidated", ANON "host-write m 7\n" "f: read 0 until=lock_mmu\n"
	  "z: dontneed m 4K until=clear_ptes\n" "resume f\n" "resume z\n" },
	{ "pages_of_all_kinds_looked_up", "alloc buf reserved pages=2\n" "mode buf insert\n"
	  "mmap m 8K device buf\n" "alloc bar mmio pfn=0xfe000\n" "mode bar remap\n"
	  "mmap n 4K device bar\n" "alloc dev zone-device\n" "mode dev insert\n"
	  "mmap d 4K device dev\n" "mmap z 4K\n" "memslot 1 gpa=0 hva=m size=8K\n"
	  "memslot 2 gpa=0x10000 hva=n size=4K\n" "memslot 3 gpa=0x20000 hva=d size=4K\n"
	  "memslot 4 gpa=0x30000 hva=z size=4K\n" "lookup 0 page\n" "lookup 0x10000 page\n"
	  "lookup 0x20000 page\n" "lookup 0x30000 memslot\n" "lookup 0x30000 page\n" },
	{ "mmio_above_the_last_gfn", "config phys-bits=36\n" ANON "read 0x1000000000\n"
	  "read 0x1000000000\n" },
	{ "mmio_above_the_last_gfn_of_npt", "config stage2=npt phys-bits=36\n" ANON
	  "read 0x1000000000\n" "read 0x1000000000\n" },
	{ "taken_offline_before_it_was_there", "file F 16K shmem\n" "mmap m 16K file file=F\n"
	  "memslot 1 gpa=0 hva=m size=16K\n" "write 0 7\n" "drain\n" "offline m size=12K\n"
	  "read 0\n" "read 0x2000\n" "offline m+0x3000\n" "munmap m 16K\n" },
	{ "poisoned_before_it_was_there", "file F 16K shmem\n" "mmap m 16K file file=F\n"
	  "memslot 1 gpa=0 hva=m size=16K\n" "write 0 7\n" "drain\n" "poison m size=12K\n"
	  "read 0x1000\n" "munmap m 16K\n" },
	{ "taken_offline_and_batched", "config lru-batch=1\n" ANON "write 0 7\n" "drain\n"
	  "offline m\n" "read 0\n" },
	{ "more_than_a_batch", "config lru-batch=1\n" "mmap m 256K\n"
	  "memslot 1 gpa=0 hva=m size=256K\n" "write 0 7 count=40\n" },
	{ "more_than_a_batch_cut", "file F 256K shmem\n" "mmap m 256K file file=F\n"
	  "memslot 1 gpa=0 hva=m size=256K\n" "write 0 7 count=40\n"
	  "t: truncate F 0 until=delete_batch\n" "resume t\n" },
	{ "huge_zero_page_and_its_reader", "mmap m 4M hva=0x40000000\n" "madvise m 4M hugepage\n"
	  "memslot 1 gpa=0x40000000 hva=m size=4M\n" "host-read m\n" "read 0x40000000\n" },
	{ "collapsed_where_nothing_is_writable", "mmap m 4M hva=0x40000000\n"
	  "madvise m 4M nohugepage\n" "host-write m 7\n" "mprotect m 4M r\n"
	  "madvise m 4M hugepage\n" "madvise m 2M collapse\n" },
	{ "aged_as_it_takes_mmu_lock", ANON "write 0 7\n" "drain\n"
	  "r: reclaim m 4K until=young_lock\n" "resume r\n" },
	{ "mmio_of_a_late_generation_of_npt", "config stage2=npt generation=0x6fe\n" ANON
	  "read 0x100000\n" "read 0x100000\n" },
	{ "aged_in_npt", "config stage2=npt\n" ANON "write 0 7\n" "read 0x1000\n" "drain\n"
	  "reclaim m 4K\n" "write 0 8\n" "pageout m 8K\n" "read 0\n" },
	{ "aged_without_a_bits", "config ad=0\n" ANON "write 0 7\n" "drain\n" "reclaim m 4K\n"
	  "read 0\n" "write 0 8\n" },
	{ "writable_2m_again", THP "mprotect m 4M r\n" "mprotect m 4M r,w\n" },
	{ "hugetlb_got_for_writing", "hugepages 2\n" "mmap m 2M hugetlb hva=0x40000000\n"
	  "memslot 1 gpa=0x40000000 hva=m size=2M\n" "host-read m\n" "clear-refs all\n"
	  "lookup 0x40000000 prot\n" "read 0x40000000\n" "lookup 0x40000000 prot write=1\n" },
	/* ---- whole lists of steps ---- */
	{ "given_up_in_two_vmas", "mmap m 8K\n" "host-write m 7\n" "host-write m+0x1000 8\n"
	  "drain\n" "mprotect m+0x1000 4K r\n" "madvise m 8K free\n" },
	{ "bound_and_bound_again", "gmem G 64K flags=mmap,init-shared\n" "mmap m 64K\n"
	  "memslot 1 gpa=0 hva=m size=64K flags=gmem gmem=G\n"
	  "memslot 1 gpa=0 hva=m size=64K flags=gmem gmem=G\n" },
	{ "refused_before_it_fetches", "config code=0x1000\n" ANON "host-write m 7\n"
	  "vmsave 0x2000 table=0x3000 paging=0\n" },
	{ "given_up_but_held", ANON "host-write m 7\n" "drain\n" "madvise m 4K free\n"
	  "f: read 0 until=lock_mmu\n" "pageout m 4K\n" "resume f\n" "drain\n"
	  "pageout m 4K\n" "host-read m\n" },
	{ "root_given_up", ANON "read 0\n" "reset-mmu\n" "read 0\n" },
	{ "bus_changes_under_slots_lock", "mmap m 16K\n"
	  "memslot 1 gpa=0 hva=m size=16K flags=log\n" "w: write 0 7 until=lock_mmu\n"
	  "on: ioeventfd 0x200000 length=4\n" "d: dirtylog 1\n" "resume w\n"
	  "resume on\n" "x: write 0x1000 7 until=lock_mmu\n"
	  "off: ioeventfd-off 0x200000 length=4\n" "e: dirtylog 1\n" "resume x\n"
	  "resume off\n" },
	{ "root_of_two_given_up_by_one", ANON "read 0\n" "read 0x1000 vcpu=1\n" "reset-mmu\n"
	  "read 0x1000 vcpu=1\n" "read 0\n" "reset-mmu vcpu=1\n" "reset-mmu\n"
	  "read 0\n" },
};

const size_t nr_step_stories = ARRAY_SIZE(step_stories);
