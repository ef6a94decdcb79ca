// SPDX-License-Identifier: GPL-2.0-only
/* stories_list.c: the scripts themselves. Each does one thing, so that what it shows is plain. */
#include "model/base.h"
#include "tests/stories.h"
#include "tests/stories_memory.h"

/* Two pages of a driver, the second of which nobody counts; mapped on fault. */
#define BLOCK						\
	"alloc block noncompound order=1\n"		\
	"mode block pfn\n"				\
	"mmap m 8K device block\n"			\
	"memslot 1 gpa=0 hva=m size=8K\n"

/* The guest has the whole of a 2M leaf of the host, and a huge leaf of its own. */
#define HUGE						\
	"alloc block compound order=9 pfn=0x80000\n"	\
	"alloc rest compound order=9 pfn=0x80200\n"	\
	"mode block pmd\n"				\
	"mmap m 2M device block hva=0x40000000\n"	\
	"memslot 1 gpa=0x40000000 hva=m size=2M\n"

/* A huge mapping of pages that are folios of their own. */
#define HUGE_OF_SMALL						\
	"alloc small order0 pages=512 pfn=0x80000\n"		\
	"mode small pmd\n"					\
	"mmap m 2M device small hva=0x40000000\n"		\
	"memslot 1 gpa=0x40000000 hva=m size=2M\n"

const struct story stories[] = {
	/* ---- one access, one thing ---- */
	{ "anon_read", ANON "read 0\n" },
	{ "page_read", PAGES "read 0\n" },
	{ "page_zapped", PAGES "read 0\n" "zap pages\n" },
	{ "tail_read", BLOCK "read 0x1000\n" },
	{ "tail_looked_up", BLOCK "host-read m+0x1000\n" "lookup 0x1000 prot\n" },
	{ "read_only_pages_read", PAGES "host-read m\n" "mprotect m 8K r\n" "read 0\n" },
	{ "huge_of_small_pages", HUGE_OF_SMALL "read 0x40001000\n" },
	{ "dropped_while_kernel_maps", ANON "host-write m 7\n" "map 0 map=0\n" "dontneed m 4K\n"
	  "unmap 0\n" },
	{ "tail_counted_by_its_driver", "alloc block compound order=1\n" "mode block pfn\n"
	  "mmap m 8K device block\n" "memslot 1 gpa=0 hva=m size=8K\n" "ref block 1 1\n"
	  "read 0x1000\n" },

	/* ---- anonymous memory ---- */
	{ "anon_read_write", ANON
	  "read 0\n" "write 0 7\n" "read 0\n" "write 0x1000 8\n" "rmw 0x1000\n" "read 0x1000\n"
	  "exec 0x2000\n" "write 0x3000 9\n" "read 0x3000\n" },
	{ "anon_host", ANON
	  "host-read m\n" "host-write m 7\n" "read 0\n" "write 0 8\n" "host-read m\n"
	  "host-write m+0x1000 9\n" "read 0x1000\n" "host-read 0x7000\n" },
	{ "anon_dropped", ANON
	  "write 0 7\n" "write 0x1000 8\n" "dontneed m 8K\n" "read 0\n" "read 0x1000\n"
	  "munmap m 16K\n" "read 0\n" "write 0x1000 1\n" },
	{ "anon_batched", "config lru-batch=1\n" ANON
	  "write 0 7\n" "dontneed m 4K\n" "write 0 8\n" "drain\n" "read 0\n" },
	{ "anon_map", ANON
	  "host-write m 7\n" "map 0 map=0\n" "map 0x1000 map=1\n" "unmap 0 dirty=1\n"
	  "dontneed m 16K\n" "unmap 1\n" "unmap 1\n" "map 0x100000 map=2\n" },
	{ "anon_lookups", ANON
	  "host-write m 7\n" "host-read m+0x1000\n"
	  "lookup 0 prot\n" "lookup 0 prot write=1\n" "lookup 0 pfn\n" "lookup 0 atomic\n"
	  "lookup 0 memslot\n" "lookup 0x1000 atomic\n" "lookup 0x1000 prot\n"
	  "lookup 0x1000 pfn\n" "lookup 0x100000 pfn\n" },
	{ "anon_callers", ANON
	  "host-write m 7\n" "lookup 0 many\n" "lookup 0 page\n" "lookup 0 reexecute\n"
	  "prefetch 0 direct\n" "prefetch 0 shadow\n" "prefetch 0x1000 shadow\n"
	  "prefetch 0x100000\n" "write 0 8\n" "dontneed m 4K\n" },
	{ "anon_cached", ANON
	  "host-write m 7\n" "gpc-use\n" "gpc 0\n" "gpc-use\n" "gpc 0\n" "dontneed m 4K\n"
	  "gpc-use\n" "gpc 0x1000\n" "gpc-use\n" "gpc-off\n" "gpc-use\n" "gpc 0x100000\n"
	  "write 0 8\n" },
	{ "anon_cached_meanwhile", ANON
	  "host-write m 7\n" "g: gpc 0 until=gpc_result\n" "h: gpc 0x1000\n"
	  "dontneed m 4K\n" "host-write m 8\n" "resume g\n" "resume h\n" "gpc-use\n" },
	{ "steal_time_dropped", ANON "steal-time 0\n" "steal-preempted 0\n" "dontneed m 4K\n"
	  "steal-time 0\n" },
	{ "apic_page", "private-slot P apic 0xfee00000\n" ANON "write 0xfee00080 7\n"
	  "host-read P+0x80\n" "migrate P 4K\n" "read 0xfee00080\n" "write 0 7 vcpu=1\n"
	  "z: dontneed P 4K until=notify_enter_end\n" "r: read 0\n" "resume z\n" "resume r\n"
	  "o: read 0 until=guest_access\n" "migrate P 4K node=0\n" "resume o\n" },
	{ "apic_page_taken_meanwhile", "private-slot P apic 0xfee00000\n" ANON
	  "read 0\n" "z: dontneed P 4K until=clear_ptes\n" "r: read 0\n" "resume z\n"
	  "resume r\n" "read 0xfee00000\n" },
	{ "apic_page_looked_up_meanwhile", "private-slot P apic 0xfee00000\n" ANON
	  "r: read 0 until=apic_write\n" "w: write 0 7 vcpu=1 until=apic_to_page\n"
	  "z: munmap P 4K\n" "mmap Q 4K hva=0x10000000000\n" "host-write Q 3\n" "resume r\n"
	  "resume z\n" "resume w\n" "read 0xfee00000\n" },
	{ "apic_page_looked_up_without_mmu_lock", "private-slot P apic 0xfee00000\n" ANON
	  "write 0x1000 7 vcpu=1\n" "r: read 0 until=gup_fast\n" "dontneed m 8K\n"
	  "resume r\n" },
	{ "apic_page_gone_at_once", ANON
	  "p: private-slot P apic 0xfee00000 until=alloc_apic_page\n"
	  "munmap 0x10040000000 4K\n" "resume p\n" "read 0\n" "read 0xfee00000\n" },
	{ "apic_page_of_a_device", "private-slot P apic 0xfee00000\n" ANON "read 0\n"
	  "munmap P 4K\n" "alloc b order0\n" "mode b pfn\n"
	  "mmap d 4K device b hva=0x10000000000\n" "read 0\n" "zap b\n" "read 0\n"
	  "munmap d 4K\n" "alloc r reserved\n" "mode r pfn\n"
	  "mmap e 4K device r hva=0x10000000000\n" "read 0xfee00000\n" "zap r\n" "read 0\n"
	  "read 0xfee00000 vcpu=1\n" },
	{ "anon_stage2", ANON
	  "host-write m 7\n" "stage2-fault 0 arm64\n" "stage2-fault 0x1000 powerpc-e500\n"
	  "stage2-fault 0x100000 mips\n" "s: stage2-fault 0 riscv write=1 until=stage2_lock\n"
	  "dontneed m 4K\n" "resume s\n" "write 0 8\n" },
	{ "anon_prefaulted", ANON
	  "host-write m 7\n" "prefault 0 16K\n" "prefault 0x100000 4K\n" "write 0 8\n"
	  "write 0x1000 9\n" },
	{ "anon_nested", ANON
	  "host-write m 7\n" "vmsave 0 table=0x3000\n" "vmsave 0x1000\n" "vmsave 0x100000\n"
	  "vmsave 0 table=0x3000\n" "vmsave 0 table=0x100000\n" },
	{ "anon_prefetched_meanwhile", ANON
	  "host-write m 7\n" "p: prefetch 0 until=prefetch_lookup\n"
	  "d: dontneed m 4K until=notify_begun\n" "resume p\n" "q: prefetch 0x1000\n"
	  "resume d\n" "resume q\n" "write 0 8\n" },
	{ "anon_protected", ANON
	  "write 0 7\n" "read 0x1000\n" "mprotect m 16K r\n" "read 0\n" "write 0 8\n"
	  "mprotect m 16K r,w\n" "write 0 9\n" "mprotect m+0x1000 4K none\n" "read 0x1000\n"
	  "mprotect 0x7000 4K r\n" },
	{ "anon_merged", ANON "write 0 7\n" "write 0x1000 8\n" "mprotect m+0x1000 4K r\n"
	  "mprotect m+0x1000 4K r,w\n" "dontneed m 16K\n" },
	{ "anon_split", ANON
	  "write 0 7\n" "write 0x2000 8\n" "munmap m+0x1000 4K\n" "read 0\n" "read 0x2000\n"
	  "read 0x1000\n" "mprotect m 16K r\n" "dontneed m 16K\n" "munmap m+0x2000 4K\n"
	  "read 0x3000\n" },
	{ "anon_2m_split", "mmap m 4M hva=0x40000000\n" "memslot 1 gpa=0x40000000 hva=m size=4M\n"
	  "write 0x40000000 7\n" "write 0x40201000 8\n" "munmap m+0x100000 4K\n"
	  "mprotect m+0x280000 4K r\n" "read 0x40000000\n" "read 0x40201000\n" },
	{ "anon_npt", "config stage2=npt\n" ANON
	  "read 0\n" "write 0 7\n" "exec 0x2000\n" "read 0x100000\n" "read 0x100000\n"
	  "dontneed m 16K\n" "read 0\n" },
	{ "anon_without_ad", "config ad=0\n" ANON
	  "read 0\n" "write 0 7\n" "rmw 0x1000\n" "dontneed m 16K\n" "read 0\n" },
	{ "five_levels_of_ept", "config levels=5 phys-bits=52\n" "mmap m 16K hva=0x4000\n"
	  "memslot 1 gpa=0x4000000000000 hva=m size=16K\n" "read 0x4000000000000\n"
	  "write 0x4000000001000 7\n" "read 0x8000000100000\n" "read 0x8000000100000\n"
	  "dontneed m 16K\n" "read 0x4000000000000\n" "memslot-delete 1\n" },
	{ "five_levels_of_npt", "config stage2=npt levels=5\n" ANON "read 0\n" "write 0 7\n"
	  "read 0x100000\n" "dontneed m 16K\n" "read 0\n" "memslot-delete 1\n" },
	{ "no_slot", "config generation=0x22\n" ANON
	  "read 0x100000\n" "read 0x100000\n" "write 0x100000 7\n" "rmw 0x100000\n"
	  "mmap n 4K\n" "host-write n 5\n" "memslot 2 gpa=0x100000 hva=n size=4K\n"
	  "read 0x100000\n" "memslot 3 gpa=0x3000 hva=n size=4K\n" },
	{ "no_memory", "memslot 1 gpa=0 hva=0x7000 size=4K\n"
	  "read 0\n" "write 0 1\n" "lookup 0 prot\n" "map 0\n" },

	/* ---- what drivers map ---- */
	{ "block_mapped", BLOCK
	  "read 0\n" "write 0x1000 7\n" "rmw 0x1000\n" "host-read m+0x1000\n"
	  "zap block\n" "read 0x1000\n" "zap block 1 1\n" "munmap m 8K\n" "free block\n" },
	{ "block_looked_up", BLOCK
	  "host-read m\n" "lookup 0 prot\n" "lookup 0x1000 prot\n" "lookup 0x1000 atomic\n"
	  "lookup 0x1000 memslot\n" "map 0 map=0\n" "map 0x1000 map=1\n" "unmap 0 dirty=1\n"
	  "unmap 1\n" },
	{ "pages_mapped", PAGES
	  "read 0\n" "write 0 7\n" "rmw 0x1000\n" "mprotect m 8K r\n" "read 0\n" "write 0 8\n"
	  "rmw 0x1000\n" "mprotect m 8K r,w\n" "write 0 9\n" "dontneed m 8K\n" "zap pages\n"
	  "free pages\n" "read 0\n" },
	{ "compound_mapped", "alloc block compound order=1\n" "mode block pfn\n"
	  "mmap m 8K device block\n" "memslot 1 gpa=0 hva=m size=8K\n"
	  "read 0\n" "read 0x1000\n" "map 0x1000\n" "unmap 0\n" "lookup 0x1000 prot\n"
	  "zap block\n" "free block\n" },
	{ "compound_tail_zapped", "alloc block compound order=1\n" "mode block pfn\n"
	  "mmap m 8K device block\n" "memslot 1 gpa=0 hva=m size=8K\n" "read 0x1000\n"
	  "zap block\n" },
	{ "reserved_inserted", "alloc buf reserved\n" "mode buf insert\n" "mmap m 4K device buf\n"
	  "memslot 1 gpa=0 hva=m size=4K\n" "read 0\n" "write 0 7\n" "map 0\n" "unmap 0\n"
	  "lookup 0 prot\n" "munmap m 4K\n" "free buf\n" },
	{ "reserved_remapped", "alloc buf reserved\n" "mode buf remap\n" "mmap m 4K device buf\n"
	  "memslot 1 gpa=0 hva=m size=4K\n" "read 0\n" "write 0 7\n" "map 0\n" "unmap 0\n"
	  "lookup 0 prot\n" "munmap m 4K\n" "free buf\n" },
	{ "bar_mapped", "alloc bar mmio pages=2 pfn=0xfe000\n" "mode bar remap\n"
	  "mmap m 8K device bar\n" "memslot 1 gpa=0 hva=m size=8K\n" "read 0\n" "write 0x1000 7\n"
	  "map 0\n" "unmap 0\n" "lookup 0 prot\n" "dontneed m 4K\n" "munmap m 8K\n" },
	{ "bar_prefetched", "alloc bar mmio pages=2 pfn=0xfe000\n" "mode bar remap\n"
	  "mmap m 8K device bar\n" "memslot 1 gpa=0 hva=m size=8K\n" "lookup 0 atomic\n"
	  "prefetch 0 shadow\n" },
	{ "page_by_fault", "alloc buf order0 pages=2\n" "mode buf page\n" "mmap m 8K device buf\n"
	  "memslot 1 gpa=0 hva=m size=8K\n" "read 0\n" "write 0x1000 7\n" "zap buf\n"
	  "lookup 0 prot\n" "zap buf\n" "free buf\n" "read 0\n" },
	{ "page_by_fault_private", "config private=1\n" "alloc buf order0 pages=2\n"
	  "mode buf page\n" "mmap m 8K device buf\n" "memslot 1 gpa=0 hva=m size=8K\n" "read 0\n"
	  "write 0 7\n"
	  "read 0\n" "write 0x1000 8\n" "munmap m 8K\n" "free buf\n" },
	{ "mixed_special_read", "alloc buf order0\n" "mode buf mixed\n" "mmap m 4K device buf\n"
	  "memslot 1 gpa=0 hva=m size=4K\n" "host-read m\n" "read 0\n" },
	{ "mixed_special", "alloc buf order0\n" "mode buf mixed\n" "mmap m 4K device buf\n"
	  "memslot 1 gpa=0 hva=m size=4K\n" "read 0\n" "write 0 7\n" "lookup 0 memslot\n"
	  "lookup 0 prot\n" "map 0\n" },
	{ "io_mixed", "alloc buf noncompound order=1\n" "mode buf iomixed\n"
	  "mmap m 8K device buf\n" "memslot 1 gpa=0 hva=m size=8K\n" "read 0\n" "read 0x1000\n"
	  "zap buf\n" "free buf\n" },
	{ "io_inserted", "alloc buf order0\n" "mode buf ioinsert\n" "mmap m 4K device buf\n"
	  "memslot 1 gpa=0 hva=m size=4K\n" "read 0\n" "write 0 7\n" "munmap m 4K\n" "free buf\n" },
	{ "pmd_mapped", HUGE
	  "read 0x40000000\n" "write 0x40001000 7\n" "munmap m+0x100000 4K\n" "read 0x40000000\n"
	  "mprotect m+0x180000 4K r\n" "zap block\n" "free block\n" },
	{ "pmd_protected", HUGE
	  "write 0x40000000 7\n" "mprotect m+0x100000 4K r\n" "write 0x40100000 8\n"
	  "read 0x40000000\n" },
	{ "repointed", "alloc one order0\n" "alloc two order0\n" "mode one pfn\n"
	  "mmap m 4K device one\n" "memslot 1 gpa=0 hva=m size=4K\n" "write 0 7\n"
	  "repoint one 0 two 0\n" "zap one\n" "read 0\n" "ref two 0 1\n" "ref two 0 -1\n" },

	/* ---- memslots and dirty logs ---- */
	{ "read_only_slot", "mmap m 8K\n" "host-write m 5\n"
	  "memslot 1 gpa=0 hva=m size=8K flags=ro\n" "read 0\n" "read 0x1000\n" "write 0 7\n"
	  "rmw 0\n" "rmw 0x1000\n" "lookup 0 prot write=1\n" "map 0\n" },
	{ "read_only_slot_of_pages", "alloc pages order0\n" "mode pages pfn\n"
	  "mmap m 4K device pages\n" "memslot 1 gpa=0 hva=m size=4K flags=ro\n"
	  "lookup 0 prot\n" "lookup 0 prot write=1\n" "map 0\n" },
	{ "read_only_slot_of_a_bar", "alloc bar mmio pfn=0xfe000\n" "mode bar remap\n"
	  "mmap m 4K device bar\n" "memslot 1 gpa=0 hva=m size=4K flags=ro\n" "read 0\n"
	  "write 0 7\n" },
	{ "logged", ANON
	  "write 0 7\n" "read 0x1000\n" "dirtylog 1\n" "memslot 1 gpa=0 hva=m size=16K flags=log\n"
	  "write 0 8\n" "write 0x2000 9\n" "host-write m+0x1000 1\n" "read 0x1000\n" "dirtylog 1\n"
	  "write 0 1\n" "write 0x1000 2\n" "dirtylog 1\n" "dirtylog 1\n"
	  "memslot 1 gpa=0 hva=m size=16K\n" "write 0 3\n" "dirtylog 1\n" },
	{ "logged_second_slot", ANON "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K flags=log\n" "write 0x100000 7\n" "dirtylog 2\n"
	  "write 0x100000 8\n" "dirtylog 2\n" "memslot-delete 1\n" "dirtylog 1\n" },
	{ "logged_map", "mmap m 4K\n" "memslot 1 gpa=0 hva=m size=4K flags=log\n"
	  "map 0\n" "unmap 0 dirty=1\n" "dirtylog 1\n" },
	{ "logged_readonly_emulated", "alloc pages order0\n" "mode pages pfn\n"
	  "mmap m 4K device pages\n" "memslot 1 gpa=0 hva=m size=4K flags=log\n" "read 0\n"
	  "mprotect m 4K r\n" "write 0 7\n" "dirtylog 1\n" },
	{ "logged_huge", HUGE
	  "write 0x40000000 7\n" "memslot 1 gpa=0x40000000 hva=m size=2M flags=log\n"
	  "write 0x40001000 8\n" "dirtylog 1\n" "write 0x40001000 9\n" "dirtylog 1\n" },
	{ "slot_deleted", ANON
	  "write 0 7\n" "memslot-delete 1\n" "read 0\n" "memslot 1 gpa=0 hva=m size=16K\n"
	  "read 0\n" "memslot-delete 2\n" },
	{ "slot_moved", ANON
	  "write 0 7\n" "memslot 1 gpa=0x100000 hva=m size=16K\n" "read 0x100000\n" "read 0\n"
	  "memslot 1 gpa=0x100000 hva=m size=8K\n" "memslot 1 gpa=0x100000 hva=m size=16K\n" },
	{ "two_slots_of_one_range", ANON "memslot 2 gpa=0x100000 hva=m size=16K\n"
	  "write 0 7\n" "read 0x100000\n" "dontneed m 16K\n" "read 0x100000\n" "read 0\n" },

	/* ---- one event in the middle of another ---- */
	{ "zap_before_lock", PAGES
	  "f: read 0 until=lock_mmu\n" "zap pages\n" "resume f\n" },
	{ "zap_after_lookup", PAGES
	  "f: read 0 until=take_result\n" "zap pages\n" "resume f\n" },
	{ "zap_ends_under_a_fault", PAGES
	  "f: read 0 until=lock_mmu\n" "z: zap pages until=notify_raise_seq\n"
	  "resume f until=finish_fault\n" "resume z\n" "resume f\n" },
	{ "dropped_under_a_dying_root", ANON "write 0 7\n"
	  "d: memslot-delete 1 until=zap_obsolete\n" "dontneed m 4K\n" "resume d\n" },
	{ "zap_before_lock_of_reserved", "alloc buf reserved\n" "mode buf remap\n"
	  "mmap m 4K device buf\n" "memslot 1 gpa=0 hva=m size=4K\n"
	  "f: read 0 until=lock_mmu\n" "munmap m 4K\n" "free buf\n" "resume f\n" },
	{ "free_before_lock", ANON
	  "f: write 0 7 until=lock_mmu\n" "munmap m 16K\n" "resume f\n" },
	{ "zap_half_done", PAGES "read 0\n"
	  "z: zap pages until=clear_ptes\n" "f: read 0 until=lock_mmu\n" "resume z\n" "resume f\n"
	  "read 0x1000\n" },
	{ "zap_half_done_elsewhere", PAGES "mmap n 4K\n" "memslot 2 gpa=0x100000 hva=n size=4K\n"
	  "read 0\n" "z: zap pages until=clear_ptes\n" "read 0x100000\n" "r: read 0\n"
	  "resume z\n" "read 0\n" },
	{ "unmap_holds_mmap_lock", PAGES
	  "z: munmap m 8K until=detach_vmas\n" "f: read 0\n" "resume z\n" "resume f\n" },
	{ "zap_holds_mmu_lock", PAGES "read 0x1000\n"
	  "f: read 0 until=take_result\n" "z: zap pages until=notify_unlock\n" "resume f\n"
	  "resume z\n" "read 0\n" },
	{ "zap_after_snapshot", PAGES "host-read m\n"
	  "f: read 0 until=check_slot\n" "zap pages\n" "resume f\n" },
	{ "protect_before_lock", PAGES
	  "f: write 0 7 until=lock_mmu\n" "mprotect m 8K r\n" "resume f\n" "read 0\n" },
	{ "delete_half_done", ANON "write 0 7\n"
	  "d: memslot-delete 1 until=zap_all_fast\n" "r: read 0x1000\n" "resume d\n" "read 0\n" },
	{ "delete_waits_for_zap", ANON "write 0 7\n"
	  "z: dontneed m 4K until=clear_ptes\n" "d: memslot-delete 1\n" "resume z\n" "resume d\n"
	  "read 0\n" },
	{ "create_waits_for_zap", "mmap m 4K\n"
	  "z: dontneed m 4K until=clear_ptes\n" "c: memslot 1 gpa=0 hva=m size=4K\n"
	  "resume z\n" "resume c\n" "read 0\n" },
	{ "delete_before_lock", ANON
	  "f: write 0 7 until=lock_mmu\n" "d: memslot-delete 1\n" "resume f\n" "resume d\n"
	  "memslot 1 gpa=0 hva=m size=16K\n" "read 0\n" },
	{ "delete_under_a_fault", ANON
	  "f: read 0 until=lock_mmu\n" "d: memslot-delete 1\n" "resume f\n" "resume d\n" },
	{ "root_goes_under_a_fault", ANON "write 0 7\n" "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K\n" "d: memslot-delete 2 until=zap_all_fast\n"
	  "f: read 0x1000 until=lock_mmu\n" "resume d until=note_readers\n"
	  "resume f\n" "resume d\n"
	  "read 0x1000 vcpu=1\n" "read 0\n" },
	{ "ages_while_mmu_lock_is_held", ANON "write 0 7\n" "z: zap-gfns 0x1000 4K until=zap_gfns\n"
	  "r: reclaim m 4K\n" "resume z\n" "resume r\n" "read 0\n" },
	{ "sets_nx_under_a_fault", "mmap m 2M hva=0x40000000\n"
	  "madvise m 2M hugepage\n" "host-write m 0xf4\n"
	  "memslot 1 gpa=0x40000000 hva=m size=2M\n" "n: set-nx 1 until=nx_lock\n"
	  "exec 0x40001000\n" "resume n until=nx_unlock\n" "d: memslot-delete 1\n"
	  "resume n\n" "resume d\n" "set-nx 0\n" "read 0x40000000\n" },
	{ "zaps_gfns", ANON "write 0 7\n" "z: zap-gfns 0 16K until=zap_count\n"
	  "f: read 0x1000 vcpu=1\n" "resume z\n" "resume f\n" "read 0\n" },
	{ "zaps_a_table", "mmap m 4M hva=0x40000000\n"
	  "memslot 1 gpa=0x40000000 hva=m size=4M\n" "read 0x40001000\n" "write 0x40201000 7\n"
	  "dontneed m 2M\n" "zap-gfns 0x40200000 4M\n" "zap-gfns 0x40200000 4M\n"
	  "read 0x40001000\n" "read 0x40201000\n" },
	{ "zaps_gfns_while_nobody_installs", ANON "write 0 7\n"
	  "z: zap-gfns 0 16K until=zap_gfns\n" "f: read 0x1000 vcpu=1\n" "resume z\n"
	  "resume f\n" "read 0\n" },
	{ "nx_recovery_waits_for_a_zap", "config nx-huge=on\n" "mmap m 2M hva=0x40000000\n"
	  "madvise m 2M hugepage\n" "host-write m 5\n"
	  "memslot 1 gpa=0x40000000 hva=m size=2M\n" "mmap n 4K\n" "host-write n 1\n"
	  "memslot 2 gpa=0 hva=n size=4K\n" "read 0\n" "exec 0x40000000\n"
	  "z: dontneed n 4K until=notify_unlock\n" "n: nx-recover ratio=1\n" "resume z\n"
	  "resume n\n" "write 0x40001000 7\n" "dontneed n 4K\n" },
	{ "mmu_pages_wait_for_memslots_and_mmu_lock", ANON "read 0\n"
	  "d: memslot 1 gpa=0 hva=m size=16K flags=log until=slots_unlock\n"
	  "p: mmu-pages 100\n" "resume d\n" "resume p\n" "z: zap-gfns 0 4K until=zap_unlock\n"
	  "q: mmu-pages 64\n" "e: ioeventfd 0x200000 length=4\n" "resume z\n"
	  "resume q\n" "resume e\n" "mmu-pages 63\n" "memslot-delete 1\n" },
	{ "mmu_pages_stay_as_the_vmm_says", ANON "mmu-pages 200\n" "mmap n 4K\n"
	  "memslot 2 gpa=0x100000 hva=n size=4K\n" "read 0\n"
	  "read 0x400000 count=70 stride=0x200000\n" "read 0\n" "read 0x400000\n"
	  "mmu-pages 64\n" "read 0\n" "read 0x400000\n" },
	{ "shadow_pages_shrink", ANON "write 0 7\n" "read 0x400000\n" "shrink-mmu 1\n"
	  "read 0\n" "shrink-mmu 2\n" "read 0\n" "z: zap-gfns 0 4K until=zap_unlock\n"
	  "s: shrink-mmu 100\n" "resume z\n" "resume s\n" "write 0 8\n" "memslot-delete 1\n" },
	{ "kvms_own_memslot", ANON "s: private-slot T tss 0xfffbd000 until=check_region\n"
	  "memslot-delete 1\n" "resume s\n" "private-slot U tss 0xfffbd000\n" "write 0xfffbe000 7\n"
	  "dirtylog 32764\n" "memslot-delete 32764\n" "dontneed T 12K\n" "read 0xfffbe000\n"
	  "munmap T 12K\n" "read 0xfffbe000\n" },
	{ "kvms_own_memslot_waits_unmapped", ANON
	  "d: memslot 1 gpa=0 hva=m size=16K flags=log until=slots_unlock\n"
	  "p: private-slot T tss 0xfffbd000\n" "host-read T\n" "resume d\n" "resume p\n"
	  "host-read T\n" },
	{ "no_vma_is_left_for_kvms_own_memslot", "mmap m 256K\n"
	  "mprotect m+0x1000 4K r\n" "mprotect m+0x3000 4K r\n" "mprotect m+0x5000 4K r\n"
	  "mprotect m+0x7000 4K r\n" "mprotect m+0x9000 4K r\n" "mprotect m+0xb000 4K r\n"
	  "mprotect m+0xd000 4K r\n" "mprotect m+0xf000 4K r\n" "mprotect m+0x11000 4K r\n"
	  "mprotect m+0x13000 4K r\n" "mprotect m+0x15000 4K r\n" "mprotect m+0x17000 4K r\n"
	  "mprotect m+0x19000 4K r\n" "mprotect m+0x1b000 4K r\n" "mprotect m+0x1d000 4K r\n"
	  "mprotect m+0x1f000 4K r\n" "mprotect m+0x21000 4K r\n" "mprotect m+0x23000 4K r\n"
	  "mprotect m+0x25000 4K r\n"
	  "mmap n 4K\n" "private-slot T tss 0xfffbd000\n" "read 0xfffbd000\n" },
	{ "kvms_own_memslot_over_another", ANON "private-slot T identity 0x1000\n" "read 0x1000\n"
	  "private-slot P apic 0xfee00000\n" "read 0xfee00000\n" },
	{ "refused_move_zaps_its_own", "config phys-bits=36 slot-zap-all=off\n" ANON
	  "write 0 7\n" "memslot 1 gpa=0x1000000000 hva=m size=16K\n" "write 0 8\n" },
	{ "mmio_while_memslots_change", ANON "mmap n 4K\n"
	  "c: memslot 2 gpa=0x100000 hva=n size=4K until=end_update\n" "read 0x200000\n"
	  "read 0x200000\n" "resume c\n" "read 0x200000\n" },
	{ "flags_while_a_fault_has_the_old", ANON
	  "f: write 0 7 until=lock_mmu\n" "l: memslot 1 gpa=0 hva=m size=16K flags=log\n"
	  "resume f\n" "resume l\n" "write 0 8\n" "dirtylog 1\n" },
	{ "two_slot_updates", ANON "mmap n 4K\n"
	  "d: memslot-delete 1 until=zap_obsolete\n" "c: memslot 2 gpa=0x100000 hva=n size=4K\n"
	  "resume d\n" "resume c\n" "read 0x100000\n" },
	{ "log_rearmed_before_lock", "mmap m 4K\n" "host-write m 5\n"
	  "memslot 1 gpa=0 hva=m size=4K flags=log\n"
	  "f: read 0 until=lock_mmu\n" "read 0 vcpu=1\n" "dirtylog 1\n" "resume f\n"
	  "dirtylog 1\n" },
	{ "log_starts_during_fault", ANON "host-write m 5\n"
	  "f: write 0 7 until=install_leaf\n" "l: memslot 1 gpa=0 hva=m size=16K flags=log\n"
	  "resume f\n" "resume l\n" "dirtylog 1\n" "write 0 8\n" "dirtylog 1\n" },
	{ "restored_while_another_reads", "config ad=0\n" ANON "write 0 7\n"
	  "pageout m 4K\n" "f: write 0 8 until=fast_fix\n" "read 0 vcpu=1\n" "resume f\n"
	  "write 0 9\n" },
	{ "mmio_generation_wraps", "config generation=0x7fffa\n" ANON "read 0\n"
	  "read 0x100000\n" "mmap n 4K\n" "memslot 2 gpa=0x200000 hva=n size=4K\n"
	  "memslot 3 gpa=0x300000 hva=n size=4K\n" "read 0\n" "read 0x100000\n" },
	{ "log_by_dirty_bits", "config pml=on\n" ANON "write 0 7\n" "read 0x1000\n"
	  "memslot 1 gpa=0 hva=m size=16K flags=log\n" "write 0 8\n" "write 0x2000 9\n"
	  "dirtylog 1\n" "write 0 9\n" "dirtylog 1\n" "dirtylog 1\n" },
	{ "log_clears_the_only_d", "config pml=on\n" "mmap m 4K\n"
	  "memslot 1 gpa=0 hva=m size=4K flags=log\n" "host-write m 7\n"
	  "madvise m 4K free\n" "read 0\n" "write 0 8\n" "dirtylog 1\n" "read 0\n" },
	{ "huge_log_by_dirty_bits", "config pml=on\n" HUGE "write 0x40001000 7\n"
	  "logmode manual,initially-set\n"
	  "memslot 1 gpa=0x40000000 hva=m size=2M flags=log\n" "write 0x40001000 8\n"
	  "clearlog 1 0 512\n" "write 0x40001000 9\n" "dirtylog 1\n" },
	{ "huge_log_begins_by_dirty_bits", "config pml=on\n" "mmap m 2M hva=0x40000000\n"
	  "madvise m 2M hugepage\n" "host-write m 1\n" "memslot 1 gpa=0x40000000 hva=m size=2M\n"
	  "write 0x40001000 7\n" "memslot 1 gpa=0x40000000 hva=m size=2M flags=log\n"
	  "write 0x40001000 8\n" "dirtylog 1\n" },
	{ "fetch_from_an_nx_huge_page", "config nx-huge=on\n" HUGE "write 0x40001000 7\n"
	  "exec 0x40001000\n" "exec 0x40002000\n" "read 0x40003000\n" },
	{ "mmio_not_cached", "config mmio-caching=off\n" ANON "read 0x100000\n"
	  "read 0x100000\n" "rmw 0x100000\n" },
	{ "copy_half_done", ANON "read 0\n"
	  "w: host-write m 7 until=install_copy\n" "r: read 0 until=lock_mmu\n" "resume w\n"
	  "resume r\n" "read 0\n" },
	{ "copy_overtaken", ANON "read 0\n"
	  "w: host-write m 7 until=install_copy\n" "dontneed m 4K\n" "resume w\n" "read 0\n" },
	{ "copied_under_an_spte", ANON "read 0\n" "read 0x1000\n" "host-write m 7\n" "read 0\n" },
	{ "tlb_of_two_vcpus", ANON "write 0 7\n" "read 0 vcpu=1\n"
	  "z: dontneed m 4K until=notify_flush\n" "resume z\n" "read 0 vcpu=1\n" "read 0\n" },
	{ "read_only_over_writable", "alloc page order0\n" "mode page insert\n"
	  "mmap m 4K device page\n" "memslot 1 gpa=0 hva=m size=4K\n"
	  "f: read 0 until=lock_mmu\n" "write 0 7 vcpu=1\n" "resume f\n" "write 0 8 vcpu=1\n" },
	{ "read_before_a_reuse_in_place", ANON "host-write m 7\n" "fork\n" "child-exit\n"
	  "f: read 0 until=lock_mmu\n" "write 0 7 vcpu=1\n"
	  "resume f\n" "write 0 8 vcpu=1\n" },
	{ "mmio_over_a_leaf", "mmap m 16K\n" "host-write m 7\n" "f: write 0 9 until=lock_mmu\n"
	  "s: memslot 1 gpa=0 hva=m size=16K flags=ro until=note_readers\n" "read 0 vcpu=1\n"
	  "resume f\n" "resume s\n" "read 0 vcpu=1\n" },
	{ "two_faults_of_one_page", PAGES
	  "f: write 0 7 until=install_leaf\n" "write 0 8 vcpu=1\n" "resume f\n" },
	{ "walk_holds_mmap_lock", PAGES
	  "f: read 0 until=follow_pte_again\n" "z: munmap m 8K\n" "resume f\n" "resume z\n"
	  "read 0\n" },
	{ "counted_before_it_zaps", PAGES "read 0\n"
	  "z: zap pages until=notify_zap\n" "f: read 0x1000\n" "resume z\n" "resume f\n" },
	{ "uncounted_under_mmu_lock", PAGES "read 0\n"
	  "z: zap pages until=notify_uncount\n" "f: read 0x1000\n" "resume z\n" "resume f\n" },
	{ "log_holds_slots_lock", ANON "memslot 1 gpa=0 hva=m size=16K flags=log\n" "write 0 7\n"
	  "l: dirtylog 1 until=find_log\n" "d: memslot-delete 1\n" "resume l\n" "resume d\n" },
	{ "clear_log_holds_slots_lock", ANON "logmode manual\n"
	  "memslot 1 gpa=0 hva=m size=16K flags=log\n" "write 0 7\n"
	  "l: clearlog 1 0 4 until=find_log\n" "d: memslot-delete 1\n" "resume l\n"
	  "resume d\n" },
	{ "readers_hold_mmu_lock", PAGES "read 0x1000\n"
	  "f: read 0 until=install_leaf\n" "z: zap pages\n" "resume f\n" "resume z\n" "read 0\n" },
	{ "harvest_waits_for_a_fault", "mmap m 8K\n" "host-write m 5\n"
	  "memslot 1 gpa=0 hva=m size=8K flags=log\n" "write 0 7\n"
	  "f: read 0x1000 until=install_leaf\n" "l: dirtylog 1\n" "resume f\n" "resume l\n" },
	{ "free_while_mapped", PAGES "read 0\n" "free pages\n" "read 0\n" "host-read m\n"
	  "zap pages\n" },
	{ "free_while_kernel_maps", "alloc buf reserved\n" "mode buf remap\n"
	  "mmap m 4K device buf\n" "memslot 1 gpa=0 hva=m size=4K\n" "map 0\n"
	  "munmap m 4K\n" "free buf\n" "unmap 0\n" },
	{ "free_while_kernel_maps_a_tail", BLOCK "map 0x1000\n" "munmap m 8K\n" "free block\n"
	  "unmap 0\n" },

	/* ---- files ---- */
	{ "private_file_written", "file f 16K\n" "mmap p 16K file file=f private=1\n"
	  "mmap s 16K file file=f\n" "memslot 1 gpa=0 hva=s size=16K\n" "host-write p 7\n"
	  "read 0\n" "host-read p\n" },
	{ "truncated_within_a_page", "file f 32K\n" "mmap s 32K file file=f\n"
	  "memslot 1 gpa=0 hva=s size=32K\n" "write 0x1004 7\n" "write 0x3000 8\n"
	  "truncate f 4098\n" "read 0x1004\n" },

	/* ---- mlock() ---- */
	{ "locked_halves_are_one", ANON "host-write m 7\n" "mlock m 8K\n" "mlock m+0x2000 8K\n"
	  "mprotect m 16K r\n" },
	{ "nothing_to_lock", ANON "mprotect m 16K none\n" "mlock m 16K\n" },
	{ "locked_within_2m", "mmap m 4M hva=0x40000000\n" "mmap other 8K\n" "host-write m 7\n"
	  "u: munmap other 8K until=detach_vmas\n" "k: mlock m+0x100000 4K\n" "resume u\n"
	  "resume k\n" },
	{ "populate_waits_for_mmap_lock", "mmap other 8K\n"
	  "u: munmap other 8K until=detach_vmas\n" "p: mmap m 16K populate=1\n"
	  "memslot 1 gpa=0 hva=m size=16K\n" "read 0\n" "resume u\n" "resume p\n" },
};

const size_t nr_stories = ARRAY_SIZE(stories);
