/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm.h: KVM's constants and its per-VM state.
 *
 * Linux: include/linux/kvm_host.h, virt/kvm/kvm_main.c, 5.12 to 7.2. Where versions differ the
 * difference is an operation or a step of a semantics (semantics.h).
 */
#pragma once

#include "model/base.h"
#include "model/lock.h"

/* Error pfns: include/linux/kvm_host.h; SIGPENDING since 6.2, NEEDS_IO since v11 and 6.13. */
#define KVM_PFN_ERR_MASK	((u64)0x7ff << 52)
#define KVM_PFN_ERR_NOSLOT_MASK	((u64)0xfff << 52)
#define KVM_PFN_NOSLOT		BIT(63)
#define KVM_PFN_ERR_FAULT	(KVM_PFN_ERR_MASK + 0)
#define KVM_PFN_ERR_HWPOISON	(KVM_PFN_ERR_MASK + 1)
#define KVM_PFN_ERR_RO_FAULT	(KVM_PFN_ERR_MASK + 2)
#define KVM_PFN_ERR_SIGPENDING	(KVM_PFN_ERR_MASK + 3)
#define KVM_PFN_ERR_NEEDS_IO	(KVM_PFN_ERR_MASK + 4)

/* Error hvas: PAGE_OFFSET and one page above it (x86-64, 4-level). */
#define KVM_HVA_ERR_BAD		((hva_t)0xffff888000000000)
#define KVM_HVA_ERR_RO_BAD	(KVM_HVA_ERR_BAD + PAGE_SIZE)

/* FOLL_* as in include/linux/mm_types.h, 6.8. */
enum foll {
	FOLL_WRITE		= 0x1,
	FOLL_GET		= 0x2,
	FOLL_NOWAIT		= 0x10,
	FOLL_INTERRUPTIBLE	= 0x800,
};

static inline bool is_error_pfn(pfn_t pfn)
{
	return pfn & KVM_PFN_ERR_MASK;
}

static inline bool is_error_noslot_pfn(pfn_t pfn)
{
	return pfn & KVM_PFN_ERR_NOSLOT_MASK;
}

static inline bool is_error_hva(hva_t hva)
{
	return hva >= KVM_HVA_ERR_BAD;
}

/* What a fault handler says; the kernels' numbers differ (semantics.h:ret_pf), the words don't. */
enum ret_pf {
	RET_PF_CONTINUE,
	RET_PF_RETRY,
	RET_PF_EMULATE,
	RET_PF_WRITE_PROTECTED,
	RET_PF_INVALID,
	RET_PF_FIXED,
	RET_PF_SPURIOUS,
	RET_PF_ERROR,		/* a negative errno, in fault.error */
};

enum memslot_flag {
	KVM_MEM_LOG_DIRTY_PAGES	= 1 << 0,
	KVM_MEM_READONLY	= 1 << 1,
	KVM_MEM_GUEST_MEMFD	= 1 << 2,
	KVM_MEMSLOT_GMEM_ONLY	= 1 << 3,	/* 1 << 17 in the kernel */
	KVM_MEMSLOT_INVALID	= 1 << 4,	/* 1 << 16 in the kernel */
	KVM_MEMSLOT_USED	= 1 << 5,	/* not a kernel flag: the row is in use */
};

/* manual_dirty_log_protect: KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE, KVM_DIRTY_LOG_INITIALLY_SET */
enum log_mode { LOG_MANUAL = 1 << 0, LOG_INITIALLY_SET = 1 << 1 };

enum { NO_SLOT = -1 };

/* Of the generation, from when memslots are published until no reader has the old ones. */
#define KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS	BIT(63)

struct memslot {
	gfn_t base_gfn;
	u64 npages;
	hva_t userspace_addr;
	s16 id;
	u16 flags;
	u8 gmem;		/* KVM_MEM_GUEST_MEMFD: row of world.file */
	u8 pad[3];
	u32 inserted;		/* into the tree of hvas: after those with less, of one hva */
	u8 more_pad[4];
	u64 gmem_index;		/* gmem.pgoff */
};

enum { MAX_SLOTS = 16, MAX_ROOTS = 6, MAX_MAPS = 5, MAX_GPCS = 4,
       MAX_HVA_CACHES = 2, MAX_IOEVENTFDS = 16 };
/* Of the maps: where nested virtualization keeps its own */
enum { NESTED_MAP = MAX_MAPS - 1 };

struct root {
	pfn_t pfn;		/* of the top-level table */
	u8 used;
	u8 invalid;		/* obsolete: no vCPU loads it any more; zapped by its invalidator */
	u8 zapped;		/* only a vCPU in the middle of an exit still has it */
	u8 pad[5];
};

/* struct kvm_host_map */
struct host_map {
	pfn_t pfn;
	gfn_t gfn;
	pfn_t page;		/* whose reference it holds; NO_PFN if none */
	u8 used;
	u8 writable;
	u8 pad[2];
	s32 refs;		/* ghost: what it holds of .page */
};

/* struct gfn_to_pfn_cache; gpc->lock is never held from one step to the next. */
struct gpc {
	gpa_t gpa;
	hva_t uhva;
	pfn_t pfn;
	u64 generation;		/* of the memslots when uhva was looked up */
	struct lock refresh_lock;
	u8 active, valid;	/* active: also on kvm->gpc_list */
	u8 pad[4];
};

#define INVALID_GPA	(~(gpa_t)0)

/* Since 6.9: of an address of the VMM, whatever the memslots are. */
static inline bool gpc_is_by_hva(const struct gpc *gpc)
{
	return gpc->gpa == INVALID_GPA;
}

/* struct gfn_to_hva_cache */
struct hva_cache {
	gpa_t gpa;
	hva_t hva;
	u64 generation;		/* of the memslots when hva was looked up */
	s16 slot;		/* row of kvm.slots: .memslot */
	u8 has_slot;		/* .memslot is not NULL */
	u8 used;
	u8 pad[4];
};

enum io_bus { IO_BUS_NONE, IO_BUS_MMIO, IO_BUS_FAST };

/* struct _ioeventfd */
struct ioeventfd {
	gpa_t gpa;
	u64 signals;		/* ghost: how often */
	u32 match;
	u8 length;		/* 0: whatever is stored there */
	u8 wildcard;		/* no datamatch */
	u8 bus;			/* enum io_bus; 0: the row is free */
	u8 fd;
};

/* The VMM has exited, and no notification comes any more; what has become of the VM? */
enum vmm_gone { VMM_LIVES, VM_ENDS, VM_OUTLIVES, VM_DESTROYED };

struct kvm {
	struct lock mmu_lock;
	struct lock slots_lock;
	s16 in_progress;	/* mmu_invalidate_in_progress (mmu_notifier_count) */
	u8 slots_locked_by;	/* ghost: enum path_id, of a memslot's or dirty log's call */
	u8 pad_count;
	u64 mmu_seq;		/* mmu_invalidate_seq (mmu_notifier_seq) */
	u64 range_start, range_end;	/* hvas up to 6.1, gfns since 6.8; [start, end) */
	u64 generation;		/* of the memslots, with KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS */
	u64 log_mode;		/* enum log_mode */
	u8 mmu_valid_gen;	/* of shadow pages (shadow.h) */
	u8 active_slots;	/* which half of .slots kvm->memslots[0] is */
	u8 srcu_readers;	/* tasks, a bit each, that synchronize_srcu() waits for */
	u8 has_attributes;	/* some gfn has been made private, once */
	s16 private_ranges;	/* ghost: in progress, but not by a notification (gmem.h) */
	u8 gone;		/* enum vmm_gone */
	u8 apic_enabled;	/* apic_access_memslot_enabled, of a VM under VMX */
	u32 slot_inserts;	/* so far */
	u8 apicv_inhibited;	/* !kvm_apicv_activated() */
	u8 pad_inserts[3];
	pfn_t active_first, active_last;	/* active_mmu_pages: 0: none */
	u64 used_mmu_pages, max_mmu_pages;
	u64 requested_mmu_pages;	/* n_requested_mmu_pages: by the VMM */
	u64 nx_begin, nx_end, nx_splits;	/* possible_nx_huge_pages (nx.c) */
	struct root roots[MAX_ROOTS];	/* the TDP MMU's */
	struct memslot slots[2 * MAX_SLOTS];	/* a slot has the same place in both halves */
	struct host_map maps[MAX_MAPS];
	struct gpc gpcs[MAX_GPCS];
	struct hva_cache hva_caches[MAX_HVA_CACHES];
	struct ioeventfd ioeventfds[MAX_IOEVENTFDS];
};
