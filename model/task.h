/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.h: a thread inside kernel or guest code: where it is, and its locals that survive a cut.
 *
 * A task has a stack of paths, because paths call paths: a guest access faults, the fault looks
 * up an hva, GUP breaks COW, COW calls the MMU notifier, which is KVM again. No path is entered
 * twice in one stack, so one struct of locals for each kind suffices.
 */
#pragma once

#include "model/base.h"
#include "model/notify.h"
#include "model/page_op.h"

enum path_id {
	PATH_ACCESS,		/* the guest reads, writes or executes; hardware walks */
	PATH_FAULT,		/* kvm_mmu_page_fault() ... kvm_tdp_page_fault() */
	PATH_FOLLOW,		/* hva_to_pfn(): GUP or PFNMAP walk */
	PATH_EMULATE,		/* x86_emulate_instruction() of a store or load */
	PATH_HOST_ACCESS,	/* userspace (or copy_to_user()) touches an hva */
	PATH_HOST_FAULT,	/* handle_mm_fault() */
	PATH_NOTIFY_START,	/* mmu_notifier_invalidate_range_start() */
	PATH_NOTIFY_END,
	PATH_UNMAP,		/* munmap, MADV_DONTNEED, unmap_mapping_range() */
	PATH_FILE_FAULT,	/* do_fault() in a mapping of a file */
	PATH_DAX_FAULT,		/* dax_iomap_fault() */
	PATH_FILE_RESIZE,	/* ftruncate(), fallocate(FALLOC_FL_PUNCH_HOLE) */
	PATH_FILE_WRITE,	/* open(O_CREAT), pwrite() */
	PATH_FOLIO_SPLIT,	/* split_huge_page() of a page cache's folio */
	PATH_FILE_CLEAN,	/* write-back: write_cache_pages() */
	PATH_PROTECT,		/* mprotect() */
	PATH_ADVISE,		/* MADV_HUGEPAGE, MADV_NOHUGEPAGE */
	PATH_COLLAPSE_FILE,	/* collapse_file(), collapse_pte_mapped_thp() */
	PATH_COLLAPSE,		/* MADV_COLLAPSE, khugepaged */
	PATH_MADVISE,		/* MADV_FREE, MADV_WILLNEED, MADV_POPULATE_* */
	PATH_MREMAP,
	PATH_NUMA,		/* task_numa_work() */
	PATH_UFFD, PATH_UFFD_PROTECT,	/* UFFDIO_REGISTER, _UNREGISTER; UFFDIO_WRITEPROTECT */
	PATH_UFFD_FILL,		/* UFFDIO_COPY, _ZEROPAGE, _CONTINUE, _POISON, _WAKE */
	PATH_UFFD_MOVE,		/* UFFDIO_MOVE */
	PATH_USERFAULT,		/* handle_userfault() */
	PATH_MMAP,
	PATH_MLOCK,		/* mlock() */
	PATH_POPULATE,		/* __mm_populate(), for mlock() and MAP_POPULATE */
	PATH_FORK,		/* dup_mmap() */
	PATH_MIGRATE,		/* migrate_pages(), soft_offline_page() */
	PATH_UNMAP_PAGE,	/* try_to_migrate(), try_to_unmap(): all mappings of a page */
	PATH_PAGE_SPLIT,	/* split_huge_page() of an anonymous folio */
	PATH_POISON,		/* memory_failure() */
	PATH_RECLAIM,		/* MADV_PAGEOUT, MADV_COLD: shrink_folio_list() */
	PATH_KSM_MERGE,		/* ksmd: cmp_and_merge_page() */
	PATH_KSM_UNMERGE,	/* unmerge_and_remove_all_rmap_items() */
	PATH_YOUNG,		/* mmu_notifier_clear_flush_young() */
	PATH_CLEAR_REFS,	/* /proc/self/clear_refs */
	PATH_DRIVER,		/* the driver allocates, frees, counts, re-points */
	PATH_SLOT,		/* kvm_set_memslot() */
	PATH_DIRTY_LOG,		/* KVM_GET_DIRTY_LOG */
	PATH_CLEAR_LOG,		/* KVM_CLEAR_DIRTY_LOG */
	PATH_LOG_MODE,		/* KVM_ENABLE_CAP(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) */
	PATH_ZAP_GFNS,		/* kvm_zap_gfn_range() */
	PATH_SET_NX,		/* set_nx_huge_pages() */
	PATH_MMU_PAGES,		/* KVM_SET_NR_MMU_PAGES */
	PATH_SHRINK_MMU,	/* mmu_shrink_scan() */
	PATH_IOEVENTFD,		/* KVM_IOEVENTFD */
	PATH_RECOVER_NX,	/* kvm_recover_nx_huge_pages() */
	PATH_MAP,		/* kvm_vcpu_map() */
	PATH_UNMAP_MAP,		/* kvm_vcpu_unmap() */
	PATH_LOG_MAP,		/* kvm_vcpu_map_mark_dirty() */
	PATH_STEAL,		/* record_steal_time(), kvm_steal_time_set_preempted() */
	PATH_COPY,		/* kvm_read_guest(), kvm_write_guest(), by a hva cache, too */
	PATH_LOOKUP,		/* gfn_to_pfn_prot() and its like, then the caller's release */
	PATH_STAGE2,		/* a stage-2 fault of another architecture (caller.h) */
	PATH_PREFAULT,		/* KVM_PRE_FAULT_MEMORY */
	PATH_EXIT,		/* the VMM's exit_mmap(), kvm_destroy_vm() */
	PATH_ASYNC_PF,		/* async_pf_execute(): a worker faults a page in */
	PATH_APIC, PATH_NESTED,	/* vmx_set_apic_access_page_addr(); a guest's VMSAVE or VMLOAD */
	PATH_PREFETCH,		/* direct_pte_prefetch(), FNAME(prefetch_gpte) */
	PATH_GMEM,		/* guest_memfd: created, or a hole is punched */
	PATH_GMEM_FILE,		/* guest_memfd: allocated, closed, or hit by an error */
	PATH_ATTRIBUTES,	/* KVM_SET_MEMORY_ATTRIBUTES */
	PATH_GPC,		/* kvm_gpc_activate(), _refresh(), _deactivate(), and a user */
	NR_PATHS,
};

enum { MAX_DEPTH = 16 };

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_RMW, ACCESS_EXEC };

/* The guest's loop "op (%ebx); add stride,%ebx; dec %ecx", or one host access. */
struct access {
	gpa_t gpa;		/* of the access at hand */
	u64 count;		/* accesses left */
	u64 stride;		/* bytes */
	u32 value;		/* eax: written, or last read */
	u8 kind;		/* enum access_kind */
	u8 fetching;		/* still fetching the code page */
	u8 walk;		/* enum walk_result of the last walk */
	u8 mmio;		/* the access at hand went to userspace */
	u64 qualification;	/* EPT violation exit qualification, or #NPF error code */
	u64 mmios;		/* exits so far */
	hva_t hva;		/* PATH_HOST_ACCESS, PATH_EMULATE: where */
	pfn_t pfn;		/* translation found */
	s32 error;		/* KVM_RUN's errno, 0 if none */
	u32 faults;		/* EPT violations taken so far */
	u8 last_ret;		/* enum ret_pf of the last fault */
	u8 failed;		/* PATH_HOST_ACCESS: SIGSEGV, or a short copy */
	u8 random;		/* addresses come from .lcg, offsets within .mask of .base */
	u8 internal_error;	/* the emulator gave up: KVM_EXIT_INTERNAL_ERROR */
	u8 retried : 1;		/* retry_instruction() has let the guest try this access again */
	u8 adding : 1;		/* ACCESS_EXEC: the code's own access is at hand, to .code_gpa */
	u8 unknown_code : 1;	/* ACCESS_EXEC: what is executed is not modelled */
	u8 signals : 1;		/* a store of it has signalled an eventfd */
	u8 fast_signals : 1;	/* ... or it was skipped, by the fast MMIO bus */
	u8 loads : 1, apic : 1, unused : 1;	/* half of ACCESS_RMW; of the APIC's page */
	u8 prefetch;		/* a fault that no access has caused */
	u16 more;		/* PATH_HOST_ACCESS: memset(): words of this page after the first */
	gpa_t base;
	u32 lcg, mask, eax, no_word;	/* .eax: with .loads, what .value was */
};

/* struct kvm_page_fault */
struct fault {
	gfn_t gfn;
	u64 error_code;		/* PFERR_* */
	u64 mmu_seq;
	hva_t hva;
	pfn_t pfn;
	pfn_t orig_pfn;		/* what a release by pfn is given */
	pfn_t page;		/* refcounted_page / accessed_page; NO_PFN if none */
	pfn_t table;		/* the table the walk is at, of .level; 0: before the first */
	u64 old_spte, new_spte;	/* what was read, and is to be put in its place by cmpxchg */
	s16 slot;		/* row of kvm.slots, or NO_SLOT */
	u8 write, exec, present, rsvd;
	u8 map_writable;
	u8 goal_level;
	u8 level;		/* mmu_lock is held; of the entry the walk is at */
	u8 root;
	u8 ret;			/* enum ret_pf */
	u8 unused_page;		/* the pfn was resolved and must be given back */
	s32 error;
	u8 fast_tries;
	u8 huge_page_disallowed, req_level;
	u8 is_private;
	u8 memory_fault;	/* KVM_EXIT_MEMORY_FAULT */
	u8 counted;		/* pf_taken knows of it */
	u8 has_leaf;		/* the TDP MMU has put the leaf there */
	u8 bound;		/* ghost: to retry, when it began; if that is watched */
};

/* struct kvm_follow_pfn, and gfn_to_pfn's arguments in the same words */
struct follow {
	hva_t hva;
	gfn_t gfn;
	pfn_t pfn;		/* result */
	pfn_t page;		/* refcounted_page; NO_PFN */
	pfn_t spare;		/* slow GUP's page while the fast upgrade is tried */
	pfn_t got;		/* ghost: the last page that this look-up took */
	u32 foll;		/* FOLL_* */
	s32 gup;		/* result of the slow GUP: 1, 0 or -errno */
	s32 before;		/* ghost: the task's references when it began */
	s16 slot;
	u8 done;
	u8 atomic, try_map_writable, guarded, allow_nonref, pin;
	u8 writable;
	u8 async;		/* the old API's *async */
	u8 retried;		/* fixup_user_fault() has run */
	u8 locked : 1;		/* mmap_lock is held for reading */
	u8 found_writable : 1;	/* ghost: so was the host PTE that this look-up took */
	u8 unused : 6;
};

/* handle_mm_fault() */
struct host_fault {
	hva_t hva;
	pfn_t page;		/* newly allocated */
	u64 orig;		/* orig_pte: the entry that is being copied */
	u8 write;
	u8 error;		/* VM_FAULT_ERROR: no VMA, no permission, SIGBUS */
	u8 cow;
	u8 poisoned;		/* SIGBUS(BUS_MCEERR_AR) */
	u8 sigbus;		/* VM_FAULT_SIGBUS: beyond the end of the file */
	u8 huge;		/* a PMD is being split or replaced */
	u8 level;		/* DAX: 1 or 2 */
	u8 unshare;		/* FAULT_FLAG_UNSHARE: a page of its own, as it is */
	u8 userfault;		/* enum userfault: what userspace is asked for; over: 0 */
	u8 waits;		/* on the userfaultfd's wait queue */
	u8 retry;		/* VM_FAULT_RETRY: it would have waited, or has */
	u8 relock;		/* mmap_lock was given up to wait */
	u8 copied;		/* .cow, and nobody was faster: page_copied */
	u8 misplaced;		/* do_numa_page() has tried to move the page */
	u8 pad[2];
};

/* The reason of handle_userfault(): VM_UFFD_MISSING, VM_UFFD_WP, VM_UFFD_MINOR */
enum userfault { USERFAULT_NONE, USERFAULT_MISSING, USERFAULT_WP, USERFAULT_MINOR };

enum notify_event {
	NOTIFY_UNMAP, NOTIFY_CLEAR, NOTIFY_PROTECTION_VMA, NOTIFY_PROTECTION_PAGE,
	NOTIFY_SOFT_DIRTY,
	NOTIFY_CLEAR_YOUNG,	/* of PATH_YOUNG: clear_young(), which never flushes */
};

/* A host operation on a range of one or several VMAs, or of a driver's object */
struct range_op {
	hva_t start, end;	/* what is asked for */
	hva_t at;		/* what has been done so far ends here */
	hva_t piece_start, piece_end;	/* of the VMA at hand */
	u64 index, pages;	/* unmap_mapping_range(): of the object */
	u8 kind;		/* enum range_kind */
	u8 object;
	u8 vma;			/* the last one: its vma.used */
	u8 prot;		/* mprotect */
	s32 error;
	u8 split;		/* boundaries whose PMD split has been notified */
	u8 force_flush;		/* a dirty page of a file or driver has been gathered */
	u8 detached;		/* munmap: VMAs are gone, mmap_lock is held for reading */
	u8 hole;		/* MADV_DONTNEED met addresses without a VMA */
	u8 backing;		/* enum vma_kind: what .object is a row of */
	u8 keeps_cows;		/* zap_details.even_cows is false */
	u8 started, daemon;	/* collapse: the LRU is drained; khugepaged does it */
	u64 gathered;		/* pages in the mmu_gather */
	pfn_t table;		/* collapse: what the PMD has lost */
	u8 hugetlb;		/* the piece at hand, or what is unmapped, is hugetlb's */
	u8 refused;		/* a VMA that may not be advised so ends the range, or a collapse */
	u8 alone;		/* RANGE_NUMA: of a process with one thread */
	u8 drops_markers;	/* ZAP_FLAG_DROP_MARKER */
	u8 huge_vmas, zapped, pad[2];	/* of hugetlb: detached, in LIST_PAGES; notified */
	hva_t freed, next;	/* MADV_FREE: up to here; behind what is being split, or 0 */
};
enum range_kind {
	RANGE_MUNMAP, RANGE_DONTNEED, RANGE_ZAP, RANGE_PROTECT,
	RANGE_LOCK,		/* mlock() */
	RANGE_EXIT,		/* exit_mmap() of a child */
	RANGE_ADVISE, RANGE_COLLAPSE,
	RANGE_FREE, RANGE_WILLNEED, RANGE_POPULATE,
	RANGE_NUMA,
	RANGE_UFFD, RANGE_UFFD_WP,	/* UFFDIO_REGISTER, _UNREGISTER; UFFDIO_WRITEPROTECT */
	RANGE_REMAP,		/* munmap() by mremap(), which holds mmap_lock */
};

/* UFFDIO_*; what is done to a range of VMAs is in struct range_op, too */
struct uffd_op {
	hva_t start, end;
	hva_t from;		/* COPY, MOVE: the source of .start */
	hva_t at;		/* done up to here */
	pfn_t page;		/* COPY: filled while mmap_lock was given up; NO_PFN */
	s32 error;
	u8 verb;		/* enum uffd_verb */
	u8 wp;			/* UFFDIO_COPY_MODE_WP, UFFDIO_CONTINUE_MODE_WP */
	u8 silent;		/* UFFDIO_*_MODE_DONTWAKE */
	u8 faults;		/* the source has to be faulted in */
	u64 orig;		/* MOVE: what is in the source's PTE or PMD */
	u8 holes;		/* UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES */
	u8 open;		/* MOVE: the source is notified */
	u8 whole;		/* ... as 2M */
	u8 locked;		/* .page is */
	u8 splits;		/* .page is being split; could not be: waits */
	u8 pad[3];
};
enum uffd_verb {
	UFFD_REGISTER, UFFD_UNREGISTER, UFFD_PROTECT, UFFD_UNPROTECT, UFFD_COPY, UFFD_ZEROPAGE,
	UFFD_CONTINUE, UFFD_POISON, UFFD_WAKE, UFFD_MOVE,
};

/* mremap() */
struct remap_op {
	hva_t from, to;
	u64 size, new_size;
	hva_t at, target;	/* of the VMA at hand */
	u64 piece;		/* its bytes; 0: no more */
	hva_t moving;		/* PTEs up to here have moved */
	hva_t grown;		/* where new pages begin, if it has grown; 0 */
	s32 error;
	u8 fixed;		/* MREMAP_FIXED: .to is given */
	u8 keeps;		/* MREMAP_DONTUNMAP */
	u8 hugetlb;
	u8 pad;
};

/* ksmd: two addresses with the same contents; or all that have been merged */
struct ksm_op {
	hva_t hva, other;	/* whose page is scanned, and whose was found in a tree */
	hva_t at;		/* at hand */
	hva_t end;		/* of what is parted again */
	pfn_t page, tree_page;	/* of .hva and .other, with a reference; NO_PFN */
	pfn_t kpage;		/* the stable page, when there is one; NO_PFN */
	pfn_t broken;		/* what is being unmerged, if held */
	u64 orig;		/* orig_pte: the entry that is to be replaced */
	s32 error;
	u8 second;		/* the page of the unstable tree is at hand */
	u8 tries, locked, notified, is_protected;
	u8 caller_locks;	/* mmap_lock is held by who calls */
	u8 splits;		/* the folio of .page is to be split, and nothing merged */
	u8 pad[5];
};

/* range_op.prot of RANGE_ADVISE, of RANGE_LOCK, of RANGE_POPULATE */
enum {
	ADVISE_NOHUGEPAGE, ADVISE_HUGEPAGE, ADVISE_MERGEABLE, ADVISE_UNMERGEABLE,
	ADVISE_DONTFORK, ADVISE_DOFORK, ADVISE_WIPEONFORK, ADVISE_KEEPONFORK,
};
enum { LOCK_RANGE, UNLOCK_RANGE };
/* range_op.prot of RANGE_UFFD: bits, none to unregister; of RANGE_UFFD_WP: protected or not */
enum { UFFD_MODE_MISSING = 1, UFFD_MODE_WP = 2, UFFD_WP_UNPOPULATED = 4, UFFD_MODE_MINOR = 8,
       UFFD_WP_ASYNC = 16, UFFD_USER_MODE_ONLY = 32 };
enum populate_how { POPULATE_VMA, POPULATE_READ, POPULATE_WRITE };

/* mmap() */
struct mmap_op {
	hva_t hva;
	u64 pages;
	u64 index;		/* first page in the object, or in the file */
	u8 kind;		/* enum vma_kind */
	u8 object;
	u8 prot;		/* VM_READ | VM_WRITE | VM_EXEC */
	u8 shared, populate;
	u8 level;		/* VMA_HUGETLB: MAP_HUGE_2MB, MAP_HUGE_1GB */
	u8 pad[2];
	s32 error;
};

/* __mm_populate() */
struct populate_op {
	hva_t at, end;
	s32 error;
	u8 ignores_errors;
	u8 how;			/* enum populate_how */
	u8 locked;		/* mprotect(): who calls has mmap_lock */
	u8 pad;
};

enum file_verb {
	FILE_CREATE, FILE_WRITE, FILE_TRUNCATE, FILE_PUNCH, FILE_CLEAN, FILE_ALLOCATE,
};

/* A system call on a file */
struct file_op {
	u64 offset, length;	/* bytes */
	u64 index, end;		/* pages that go, or are cleaned */
	u64 at;			/* done up to here */
	pfn_t page;		/* being cleaned; NO_PFN: none is dirty any more */
	u32 value;		/* FILE_WRITE */
	s32 error;
	u8 verb;		/* enum file_verb */
	u8 file;		/* row of world.file */
	u8 type;		/* FILE_CREATE: enum file_type */
	u8 unmaps, shrinks;
	u8 batched;		/* folios that are locked, from .at on */
	u8 cleaned;		/* a PTE was writable or dirty */
	u8 unlinked;		/* FILE_CREATE: it has no name */
	u8 goes_on;		/* FILE_WRITE: the same write(), four bytes further */
	u8 huge, mount;		/* FILE_CREATE: enum shmem_huge, enum shmem_mount */
	u8 part;		/* which end of the hole: 0, 1; 2: both are done */
	u8 is_split;		/* PATH_FOLIO_SPLIT: it worked */
	u8 to_pages;		/* PATH_FOLIO_SPLIT: split_folio(), into pages in any version */
	u8 ends_collapse;	/* MADV_COLLAPSE goes no further than these 2M */
	u8 hugetlb;		/* .file is one of hugetlb: vma.object */
	u8 level;		/* FILE_CREATE: MFD_HUGE_2MB, MFD_HUGE_1GB */
	hva_t hva;		/* MADV_REMOVE of .length bytes from here; 0: a file's own */
	u64 split_at;		/* PATH_FOLIO_SPLIT of .page: which index stands alone */
	u64 folio_end;		/* where the last partial folio ended, when it was whole */
	pfn_t second;		/* folio_split(): what was split next, with a reference; NO_PFN */
};

enum driver_verb {
	DRIVER_ALLOC, DRIVER_FREE, DRIVER_REF, DRIVER_REPOINT, DRIVER_MODE, DRIVER_REFUSE,
};

struct driver_op {
	u64 index, count;	/* first page, pages; REPOINT: of the other object; REFUSE: 0, 1 */
	pfn_t pfn;		/* ALLOC: where, or NO_PFN; result: first pfn */
	u64 other_index;
	s32 delta;		/* REF */
	s32 error;
	u8 verb;
	u8 object, other;
	u8 kind;		/* enum alloc_kind */
	u8 order;
	u8 mode;		/* enum map_mode */
	u8 contiguous;		/* ALLOC of separate pages: one after the other in memory */
	u8 pad;
};

struct slot_op {
	gfn_t base_gfn;
	u64 npages;		/* 0: delete */
	hva_t hva;
	s16 id;
	u16 flags;
	s16 row;		/* of kvm.slots that is being changed */
	u8 change;		/* enum slot_change */
	u8 mode;		/* PATH_LOG_MODE: enum log_mode */
	s32 error;
	u16 unaligned;		/* bits below a page of the address and the size asked for */
	u16 old_flags;
	u8 reverts;		/* a move that is refused: INVALID again what it was */
	u8 gmem;		/* KVM_MEM_GUEST_MEMFD: row of world.file */
	u8 has_gmem;		/* ... which the file descriptor is one of */
	u8 internal;		/* KVM's own: __x86_set_memory_region() */
	u8 pad[4];
	u64 first, pages;	/* PATH_CLEAR_LOG: which of the slot's */
	u64 dirty;		/* pages reported, or cleared */
	u64 gmem_offset;	/* bytes */
};
enum slot_change { SLOT_CREATE, SLOT_DELETE, SLOT_MOVE, SLOT_FLAGS, SLOT_NOTHING };

/* kvm_zap_gfn_range(), kvm_recover_nx_huge_pages() */
struct zap_op {
	gfn_t start, end;
	u64 ratio;		/* nx_huge_pages_recovery_ratio; PATH_SET_NX: on? */
	u8 flush;		/* is due */
	u8 nx_changes;		/* PATH_SET_NX: it was otherwise */
	u8 counted;		/* ghost: in .in_progress, but not in .mn_active */
	u8 inhibits;		/* kvm_set_apicv_inhibit() */
	s32 error;
};

/* KVM_IOEVENTFD */
struct io_op {
	gpa_t gpa;
	u32 match;
	u8 length, wildcard, fd;
	u8 off;			/* KVM_IOEVENTFD_FLAG_DEASSIGN */
	u8 bus;			/* enum io_bus */
	u8 pad[3];
	s32 error;
};

/* kvm_vcpu_map(), kvm_vcpu_unmap(), and look-ups by kernel callers */
struct map_op {
	gfn_t gfn;
	u8 map;			/* row of kvm.maps */
	u8 write;
	u8 dirty;
	u8 api;			/* enum lookup_api; PATH_STAGE2: row of stage2_callers[] */
	s32 error;
	s32 held, after;	/* the page's own count while held and after the release */
	s32 held_head;		/* its compound head's while held */
	u32 value;		/* read through the map */
	s32 refs_held, refs_after;	/* ghost: references on this task's account, then */
	u32 foll;		/* LOOKUP_FOLLOW: FOLL_* */
	u8 knobs;		/* LOOKUP_FOLLOW: enum follow_knob */
	u8 writable, has_writable;
	u8 refcounted;
	u8 readonly;		/* PATH_MAP: kvm_vcpu_map_readonly() */
	u8 by_pfn;		/* PATH_PREFETCH: FNAME(prefetch_gpte), which releases by pfn */
	u8 by_fast;		/* PATH_STAGE2: get_user_page_fast_only() has found it */
	u8 pad[5];
};

/* The look-up functions, and callers that are a function of their own. */
enum lookup_api {
	LOOKUP_PROT,		/* gfn_to_pfn_prot() */
	LOOKUP_PFN,		/* gfn_to_pfn() */
	LOOKUP_ATOMIC,		/* gfn_to_pfn_memslot_atomic() */
	LOOKUP_MEMSLOT,		/* __gfn_to_pfn_memslot() with async */
	LOOKUP_ATOMIC_ASYNC,	/* the same with atomic as well, which nobody may */
	LOOKUP_FOLLOW,		/* v11: kvm_follow_pfn() with any arguments */
	LOOKUP_MANY,		/* gfn_to_page_many_atomic(), kvm_prefetch_pages() */
	LOOKUP_PAGE,		/* gfn_to_page(), __gfn_to_page() */
	LOOKUP_REEXECUTE,	/* reexecute_instruction() */
	LOOKUP_DCBZ, LOOKUP_UVMEM,	/* powerpc: kvmppc_patch_dcbz(), kvmppc_svm_page_in() */
	LOOKUP_GVT, LOOKUP_MTE_TAGS,	/* is_2MB_gtt_possible(), kvm_vm_ioctl_mte_copy_tags() */
	NR_LOOKUPS,
};

/* VMSAVE and VMLOAD */
struct nested {
	gpa_t vmcb;		/* rax */
	gpa_t table;		/* of the guest's page directory; NO_PFN: no paging */
	u32 entry;		/* the page directory entry that maps the code */
	u8 paging;		/* CR0.PG */
	u8 undefined;		/* #UD */
	u8 pad[2];
};

/* KVM_PRE_FAULT_MEMORY */
struct prefault {
	gpa_t gpa;
	u64 size;		/* bytes left */
	s32 error;
	u32 tries;		/* of the page at hand */
	u8 done;		/* a page has been mapped */
	u8 pad[7];
};

/* From GMEM_ALLOCATE on of PATH_GMEM_FILE */
enum private_verb { GMEM_CREATE, GMEM_PUNCH, SET_ATTRIBUTES, GMEM_ALLOCATE, GMEM_CLOSE,
		    GMEM_POISON };

/* What is done to memory without addresses in userspace: by file or by gfn */
struct private_op {
	u64 start, end;		/* GMEM_PUNCH: indices in the file; SET_ATTRIBUTES: gfns */
	u64 offset, size;	/* bytes, as asked for */
	s32 error;
	u8 verb;		/* enum private_verb */
	u8 file;
	u8 flags;		/* GMEM_CREATE: enum gmem_flag */
	u8 is_private;		/* SET_ATTRIBUTES: KVM_MEMORY_ATTRIBUTE_PRIVATE, or nothing */
	u8 flush;
	u8 counted;		/* begun, and not ended */
	u8 pad[6];
};

enum gpc_verb { GPC_ACTIVATE, GPC_DEACTIVATE, GPC_USE, GPC_ACTIVATE_HVA, GPC_WRITE };

/* What is done to a struct gfn_to_pfn_cache */
struct gpc_op {
	gpa_t gpa;		/* GPC_WRITE: in the end, what was written */
	hva_t hva;		/* if .gpa is INVALID_GPA, or by GPC_ACTIVATE_HVA */
	u64 mmu_seq;
	pfn_t pfn;		/* new_pfn */
	s32 error;
	s32 refs_held, refs_after;	/* ghost: as in struct map_op */
	u32 tries;		/* of hva_to_pfn_retry(); 0: no look-up is needed */
	u32 value;		/* GPC_USE: read through it; GPC_WRITE: written */
	u8 verb;		/* enum gpc_verb */
	u8 row;			/* of kvm.gpcs */
	u8 has_vcpu;		/* vcpu->mutex of whose cache it is */
	u8 pad[1];
};

enum copy_verb {
	COPY_READ, COPY_WRITE, COPY_CACHE_INIT, COPY_CACHED_READ, COPY_CACHED_WRITE,
	STEAL_RECORD, STEAL_PREEMPTED,
};

/* KVM copies four bytes by their hva */
struct copy_op {
	gpa_t gpa; hva_t hva; pfn_t pfn;	/* .pfn: that was used */
	u32 value; s32 error;
	s16 slot;		/* row of kvm.slots, or NO_SLOT */
	u8 verb, cache, atomic;	/* enum copy_verb; of kvm.hva_caches; no page faults */
	u8 looked_up;		/* PATH_STEAL: the cache has been filled */
	u8 unloaded, pad;	/* no vCPU runs */
};

/* What goes: the VMM with its memory, the VM with its last file */
enum exit_part { EXIT_MM = 1 << 0, EXIT_VM = 1 << 1 };

/* .at: the step that called the path above; .pc: the step to run next. */
struct frame { u8 path, pc, at; };

enum task_state { TASK_IDLE, TASK_RUNNING, TASK_DONE };

struct task {
	u8 state;
	u8 depth;		/* paths entered; frame[depth - 1] runs */
	u8 vcpu;		/* whose thread, if a vCPU's */
	u8 by;			/* enum blame: who acts */
	s32 refs;		/* ghost: references its look-ups hold right now */
	u8 mm;			/* row of world.mm: whose, or which an rmap walk is at */
	u8 exits;		/* PATH_EXIT: enum exit_part */
	s16 mn_active;		/* its part of kvm->mn_active_invalidate_count */
	u8 locks;		/* ghost: how many it holds: its law reads no other line */
	u8 pad[3];
	u64 refs_of;		/* ghost: whose: the pfns of their folios, added up */
	struct frame frame[MAX_DEPTH];
	struct access access;
	struct access interrupted;	/* while an asynchronous page is faulted in */
	struct fault fault;
	struct follow follow;
	struct host_fault host;
	struct notify notify;
	struct open_range open[MAX_OPEN];
	struct notify outer;	/* the open notification around .notify; a split's caller's */
	struct range_op range;
	struct range_op outer_range;	/* of a collapse of a file, or of a split: the caller's */
	struct file_op file;
	struct populate_op populate;
	struct page_op pages;
	struct split_op split;
	struct ksm_op ksm;
	struct mmap_op mmap;
	struct remap_op remap;
	struct uffd_op uffd;
	struct driver_op driver;
	struct slot_op slot;
	struct zap_op zap;
	struct io_op io;
	struct map_op map;
	struct gpc_op gpc;
	struct copy_op copy;
	struct private_op private;
	struct nested nested;
	struct prefault prefault;
};

/* @refs more of the folio of @head */
static inline void task_account(struct task *t, pfn_t head, s32 refs)
{
	t->refs += refs;
	t->refs_of += head * (u64)(s64)refs;
}
