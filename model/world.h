/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h: everything that can differ between two moments, but for memory (phys.h).
 *
 * Plain data: no pointers, fixed bounds, explicit padding. A copy is a snapshot, memcmp() is
 * equality.
 */
#pragma once

#include "model/base.h"
#include "model/host_mm.h"
#include "model/hugetlb.h"
#include "model/kvm.h"
#include "model/task.h"
#include "model/tlb.h"

/* Row of world.task: a kernel thread, whose events recordings keep apart. */
enum { DAEMON_TASK = 5 };

enum { MAX_VCPUS = 4, MAX_TASKS = 6 };

enum { MAX_BATCH = 31 /* PAGEVEC_SIZE, traits.lru_batch */,
       MAX_BATCHED = MAX_BATCH * NR_LRU_BATCHES };

/* Which MMU serves the guest. */
enum mmu_kind {
	MMU_TDP,		/* tdp_mmu.c */
	MMU_RMAP,		/* kvm.tdp_mmu=0: rmaps, hardware's nested paging all the same */
	MMU_SHADOW,		/* ept=0, npt=0, or a 32-bit host */
	NR_MMU_KINDS,
};

/* The host and VM as configured; constant while a world lives, but for two parameters of kvm.ko. */
struct config {
	u8 ept;			/* stage-2 format: EPT, else NPT */
	u8 ad;			/* hardware A/D bits in use */
	u8 guest_pat_honoured;	/* noncoherent DMA (6.1), no IGNORE_GUEST_PAT quirk (7.2) */
	u8 allow_unsafe_mappings;	/* kvm.ko's parameter, v11 and 6.13 */
	u8 no_lru_batch;	/* lru_add_drain() happens at once: a script's choice */
	u8 mmu;			/* enum mmu_kind */
	u8 thp;			/* enum thp_enabled */
	u8 no_soft_dirty;	/* CONFIG_MEM_SOFT_DIRTY is off */
	u8 no_memory_failure;	/* CONFIG_MEMORY_FAILURE is off */
	u8 nx_huge;		/* kvm.nx_huge_pages; the TDP MMU; PATH_SET_NX sets it */
	u8 no_eager_split;	/* kvm.eager_page_split=N; EVENT_EAGER_SPLIT sets it */
	u8 pml;			/* EPT with A/D, TDP MMU: the log is by D, not by W */
	u8 no_mmio_caching;	/* kvm.mmio_caching=N */
	u8 physical_bits;	/* MAXPHYADDR; 0: 46 */
	u8 guest_bits;		/* that of vCPUs' CPUID; 0: the processor's */
	u8 five_levels;		/* EPT of 5 levels, or with NPT a host whose tables have 5 */
	u8 no_slot_zap_all;	/* KVM_CAP_DISABLE_QUIRKS2: KVM_X86_QUIRK_SLOT_ZAP_ALL */
	u8 private_mem;		/* kvm_arch_has_private_mem(): KVM_X86_SW_PROTECTED_VM */
	u8 rmw_at_once;		/* NPT: a locked increment asks for a write, not for a read first */
	u8 no_huge_fault;	/* drivers' vm_ops have no huge_fault(): 4K at a time */
	u8 no_file_split;	/* CONFIG_BASE_SMALL: xas_split_alloc() refuses 2M */
	u8 async_pf;		/* kvm_can_do_async_pf(), and a swap device to wait for */
	u8 numa_stays;		/* migrate_balanced_pgdat(): no misplaced page moves */
	u8 frames_by_place;	/* frame.h; explore's choice */
	u8 watch_retries;	/* ALARM_LOCKED_IN_VAIN: a trace's choice */
	u8 pad[7];
	pfn_t zero_pfn;		/* the ZERO_PAGE */
	gpa_t code_gpa;		/* where vCPUs fetch; NO_PFN: nobody fetches */
};

/* struct kvm_async_pf, and the halt that waits for it */
struct async_pf {
	gpa_t gpa;
	hva_t hva;
	u64 qualification;	/* of the fault that has queued it */
	u8 queued;
	u8 done;		/* by the worker */
	u8 halted;		/* vcpu.arch.apf.halted */
	u8 pad[5];
};

/* vcpu.arch.st: its .cache is a struct gfn_to_pfn_cache up to 5.15 */
struct steal_time {
	struct hva_cache cache;	/* since 5.16 */
	gfn_t gfn;
	pfn_t pfn;		/* 0: nothing */
	u64 generation;
	s32 refs;		/* ghost: what it holds of .pfn */
	u8 dirty;
	u8 pad[3];
};

/* KVM_REQ_APIC_PAGE_RELOAD: asked for; served, but not in the guest yet */
enum apic_state { APIC_IN_USE, APIC_ASKED, APIC_SERVED };

struct vcpu {
	pfn_t root;		/* loaded root, or NO_PFN */
	u8 free_obsolete_roots;	/* KVM_REQ_MMU_FREE_OBSOLETE_ROOTS; the TDP MMU does without */
	u8 apic_state;		/* enum apic_state */
	u8 dropped_root;	/* .root is NO_PFN, where KVM has an obsolete one until KVM_RUN */
	u8 pad[5];
	pfn_t apic_page;	/* the VMCS's APIC_ACCESS_ADDR; 0: never written */
	gfn_t mmio_gfn;		/* vcpu.arch.mmio_gfn, mmio_gen */
	u64 mmio_generation;
	struct async_pf apf;
	struct steal_time st;
	struct tlb tlb;
};

struct world {
	struct config config;
	struct kvm kvm;
	struct host_mm mm[MAX_MMS];	/* the first has the notifier's users: the VM */
	struct object_state object[MAX_OBJECTS];
	struct file_state file[MAX_FILES];
	struct hugetlb hugetlb;
	pfn_t huge_zero;	/* the huge zero page; 0: nobody has needed it yet */
	pfn_t next_frame;	/* where alloc_frame() goes on */
	pfn_t given_frame;	/* or what it gives first, after .given_after others; 0: nothing */
	u64 given_after;
	u64 last_slot;		/* of swap */
	u64 ksm_items;		/* rmap_items, of merged pages (ksm_rmap.c) */
	u8 nr_batched;		/* pages in the CPU's LRU batches */
	u8 shmem_enabled;	/* enum shmem_huge: of memfd and shared anonymous memory */
	u8 others_batched;	/* places of BATCH_ADD that others' pages have: input */
	u8 batched_as[MAX_BATCHED];	/* enum lru_batch */
	u8 uffd_features;	/* of the userfaultfd: UFFD_WP_UNPOPULATED, UFFD_WP_ASYNC ... */
	pfn_t batched[MAX_BATCHED];
	struct vcpu vcpu[MAX_VCPUS];
	struct task task[MAX_TASKS];
};
