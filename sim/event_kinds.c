/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_kinds.c: what a trace can say. A new event is a row here, and its start in event_run.c.
 */
#include "sim/event.h"

#include "model/host_mm.h"
#include "model/kvm.h"
#include "model/memslot.h"

static const char *const alloc_words[] = {
	"order0", "compound", "noncompound", "split", "counted", "reserved", "mmio",
	"zone-device", NULL
};
static const char *const mode_words[] = {
	"pfn", "remap", "insert", "page", "mixed", "pmd", "ioinsert", "iomixed", "pud",
	"mkwrite", "pfn-mkwrite", NULL
};
static const char *const prot_words[] = { "r", "w", "x", NULL };
static const char *const slot_words[] = { "log", "ro", "gmem", NULL };
static const char *const gmem_words[] = { "mmap", "init-shared", NULL };
static const char *const log_mode_words[] = { "manual", "initially-set", NULL };
static const char *const refs_words[] = { "all", "anon", "mapped", "soft-dirty", NULL };
static const char *const api_words[] = {
	"prot", "pfn", "atomic", "memslot", "atomic-async", "follow", "many", "page",
	"reexecute", "dcbz", "uvmem", "gvt", "mte-tags", NULL
};
static const char *const foll_words[] = { "write", "get", "nowait", "interruptible", NULL };
static const uint64_t foll_values[] = { FOLL_WRITE, FOLL_GET, FOLL_NOWAIT, FOLL_INTERRUPTIBLE };
static const char *const knob_words[] = { "atomic", "try-map-writable", "guarded",
					  "allow-non-ref", NULL };
/* By rows of stage2_callers[] */
static const char *const stage2_words[] = {
	"arm64", "riscv", "loongarch", "mips", "powerpc-hv", "powerpc-radix", "powerpc-pr",
	"powerpc-pr32", "powerpc-e500", "powerpc-e500-tlb1", "s390", "x86-apic", NULL
};
static const char *const private_slot_words[] = { "tss", "apic", "identity", NULL };
static const uint64_t private_slot_ids[] = { KVM_USER_MEM_SLOTS, KVM_USER_MEM_SLOTS + 1,
					     KVM_USER_MEM_SLOTS + 2 };
static const char *const prefetch_words[] = { "direct", "shadow", NULL };
static const char *const backing_words[] = { "anon", "device", "file", "hugetlb",
					     "hugetlb-shared", "hugetlb-1g",
					     "hugetlb-1g-shared", NULL };
static const uint64_t backing_values[] = { VMA_ANON, VMA_DEVICE, VMA_FILE, VMA_HUGETLB,
					   VMA_HUGETLB | BACKING_SHARED, VMA_HUGETLB | BACKING_1G,
					   VMA_HUGETLB | BACKING_1G | BACKING_SHARED };
static const char *const file_words[] = { "shmem", "disk", "dax", "hugetlb", "hugetlb-1g", NULL };
static const uint64_t file_values[] = { FILE_SHMEM, FILE_DISK, FILE_DAX, FILE_HUGETLB,
					FILE_HUGETLB | BACKING_1G };
static const char *const huge_words[] = { "never", "always", "within-size", "advise", "deny",
					  "force", NULL };
static const char *const mount_words[] = { "own", "memfd", "shared-anon", NULL };

static const char *const advice_words[] = {
	"hugepage", "nohugepage", "collapse", "mergeable", "unmergeable", "free", "willneed",
	"populate-read", "populate-write", "dontfork", "dofork", "wipeonfork", "keeponfork", NULL
};

static const char *const uffd_words[] = { "missing", "wp", "unpopulated", "minor", "async",
					  "user-only", NULL };

#define AT(field) offsetof(struct event, field)
#define UNTIL	{ "until", ARG_STEP, AT(until), .help = "stop before this step; resume later" }
#define VCPU	{ "vcpu", ARG_NUMBER, AT(vcpu), .max = MAX_VCPUS - 1, .help = "whose access" }
#define COUNT	{ "count", ARG_NUMBER, AT(count), .preset = 1, .min = 1, .help = "accesses" }
#define IOEVENTFD_ARGS GPA, \
	{ "length", ARG_NUMBER, AT(size), .max = UINT8_MAX, \
	  .help = "of the store, in bytes; 0: of any, and by the fast MMIO bus, if it can" }, \
	{ "match", ARG_NUMBER, AT(match), .preset = NO_PFN, .max = UINT32_MAX, \
	  .help = "what has to be stored; else anything" }, \
	{ "fd", ARG_NUMBER, AT(fd), .max = 7, .help = "which eventfd" }
#define STRIDE	{ "stride", ARG_NUMBER, AT(stride), .preset = 4096, .help = "bytes between them" }
#define SILENT	{ "dontwake", ARG_NUMBER, AT(silent), .max = 1, .help = "nobody is woken" }
#define MAX_GPA	((uint64_t)1 << 52)
#define GPA	{ "gpa", ARG_NUMBER, AT(gpa), true, true, .max = MAX_GPA, .help = "where" }
#define OBJECT	{ "object", ARG_OBJECT, AT(object), true, true, .help = "what alloc named" }
#define CACHE	{ "cache", ARG_NUMBER, AT(cache), .positional = true, .max = MAX_GPCS - 1, \
		  .help = "which of its caches" }
#define HVA_CACHE { "cache", ARG_NUMBER, AT(cache), .positional = true, \
		    .max = MAX_HVA_CACHES - 1, .help = "which of its hva caches" }
#define VALUE	{ "value", ARG_NUMBER, AT(value), .positional = true, .max = UINT32_MAX, \
		  .help = "what" }
#define UNLOADED { "unloaded", ARG_NUMBER, AT(unloaded), .max = 1, \
		   .help = "an ioctl of the VM: no vCPU runs" }
#define MAX_BYTES	((uint64_t)1 << 44)
#define OFFSET	{ "offset", ARG_NUMBER, AT(offset), true, true, .max = MAX_BYTES, \
		  .help = "in bytes" }
#define FILE_ARG	{ "file", ARG_FILE, AT(object), true, true, .help = "which" }
#define RANGE_ARGS							\
	{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" },	\
	{ "size", ARG_SIZE, AT(size), true, true, .help = "bytes" }

const struct event_kind event_kinds[] = {
	{ "alloc", EVENT_ALLOC, "The driver allocates pages. [alloc_pages()]", {
		{ "object", ARG_NEW_OBJECT, AT(object), true, true,
		  .help = "its name from here on" },
		{ "kind", ARG_CHOICE, AT(kind), true, true, .words = alloc_words,
		  .help = "with __GFP_COMP or without, what the tails get" },
		{ "order", ARG_NUMBER, AT(order), .max = 10, .help = "of a block" },
		{ "pages", ARG_NUMBER, AT(count), .preset = 1, .min = 1, .max = 1 << 28,
		  .help = "of order0, reserved and mmio" },
		{ "pfn", ARG_NUMBER, AT(pfn), .preset = NO_PFN, .max = (uint64_t)1 << 36,
		  .help = "the first page; the model chooses if absent" } } },
	{ "free", EVENT_FREE, "The driver frees them, mapped or not. [__free_pages()]", {
		OBJECT } },
	{ "ref", EVENT_REF, "The driver changes a page's own count. [page_ref_add()]", {
		OBJECT,
		{ "index", ARG_NUMBER, AT(index), true, true, .help = "which page" },
		{ "delta", ARG_DELTA, AT(delta), true, true, true, .help = "by how much" } } },
	{ "repoint", EVENT_REPOINT, "The driver's fault handler will map another page there.", {
		OBJECT,
		{ "index", ARG_NUMBER, AT(index), true, true, .help = "which page" },
		{ "to", ARG_OBJECT, AT(other), true, true, true, .help = "whose page instead" },
		{ "to-index", ARG_NUMBER, AT(other_index), true, true, true,
		  .help = "which of its pages" } } },
	{ "mode", EVENT_MODE, "How the driver maps: at mmap or on fault, by which helper.", {
		OBJECT,
		{ "mode", ARG_CHOICE, AT(mode), true, true, .words = mode_words,
		  .help = "vmf_insert_pfn, remap_pfn_range, vm_insert_page ..." } } },
	{ "refuse", EVENT_REFUSE,
	  "The driver's fault handler maps nothing from now on. [VM_FAULT_SIGBUS]", {
		OBJECT,
		{ "on", ARG_NUMBER, AT(index), .preset = 1, .max = 1,
		  .help = "0: it maps again" } } },
	{ "zap", EVENT_ZAP,
	  "The driver removes its pages from all mappings. [unmap_mapping_range()]", {
		OBJECT,
		{ "index", ARG_NUMBER, AT(index), .positional = true, .help = "first page" },
		{ "pages", ARG_NUMBER, AT(count), .positional = true, .preset = 1 << 28, .min = 1,
		  .help = "how many; all if absent" }, UNTIL } },
	{ "mmap", EVENT_MMAP, "Userspace maps memory. [mmap()]", {
		{ "region", ARG_NEW_REGION, AT(name), true, true, .help = "its name from here on" },
		{ "size", ARG_SIZE, AT(size), true, true, .help = "bytes" },
		{ "backing", ARG_CHOICE, AT(backing), .positional = true, .words = backing_words,
		  .values = backing_values,
		  .help = "anonymous memory, the object, the file, or hugetlb's pool" },
		{ "object", ARG_OBJECT, AT(object), .positional = true, .preset = NO_PFN,
		  .help = "of backing=device" },
		{ "file", ARG_FILE, AT(mapped_file), .preset = NO_PFN, .help = "of backing=file" },
		{ "index", ARG_NUMBER, AT(index), .help = "its first page" },
		{ "private", ARG_NUMBER, AT(is_private), .max = 1, .help = "writes are copied" },
		{ "populate", ARG_NUMBER, AT(populate), .max = 1, .help = "MAP_POPULATE" },
		{ "prot", ARG_FLAGS, AT(prot), .preset = VM_READ | VM_WRITE, .words = prot_words,
		  .help = "r,w,x" },
		{ "hva", ARG_NUMBER, AT(hva), .preset = NO_PFN, .max = (uint64_t)1 << 47,
		  .help = "where; 1 GiB apart from 0x10000000000 on if absent" } } },
	{ "file", EVENT_FILE, "There is a file, of zeroes. [ftruncate(), memfd_create()]", {
		{ "file", ARG_NEW_FILE, AT(object), true, true, .help = "its name from here on" },
		{ "size", ARG_NUMBER, AT(size), true, true, .max = MAX_BYTES, .help = "bytes" },
		{ "type", ARG_CHOICE, AT(kind), .positional = true, .words = file_words,
		  .values = file_values,
		  .help = "shared memory, with write-back, device memory, or hugetlb's pool" },
		{ "huge", ARG_CHOICE, AT(huge), .words = huge_words,
		  .help = "shared memory: how its tmpfs is mounted" },
		{ "mount", ARG_CHOICE, AT(mount), .words = mount_words,
		  .help = "or it is the kernel's own tmpfs, and the event `shmem-huge` says" },
		{ "unlinked", ARG_NUMBER, AT(unlinked), .max = 1,
		  .help = "it goes when the VMM exits" } } },
	{ "shmem-huge", EVENT_SHMEM_HUGE,
	  "Which memfds and shared memory may have pages of 2M. [shmem_enabled_store()]", {
		{ "huge", ARG_CHOICE, AT(huge), true, true, .words = huge_words,
		  .help = "deny and force are for every tmpfs" } } },
	{ "truncate", EVENT_TRUNCATE, "Userspace changes a file's length. [ftruncate()]", {
		FILE_ARG,
		{ "size", ARG_NUMBER, AT(offset), true, true, .max = MAX_BYTES, .help = "bytes" },
		UNTIL } },
	{ "punch", EVENT_PUNCH, "Userspace makes a hole. [fallocate(FALLOC_FL_PUNCH_HOLE)]", {
		FILE_ARG, OFFSET,
		{ "size", ARG_NUMBER, AT(size), true, true, .min = 1, .max = MAX_BYTES,
		  .help = "bytes" }, UNTIL } },
	{ "fallocate", EVENT_FALLOCATE, "Userspace fills a file of hugetlb. [fallocate()]", {
		FILE_ARG, OFFSET,
		{ "size", ARG_NUMBER, AT(size), true, true, .min = 1, .max = MAX_BYTES,
		  .help = "bytes" }, UNTIL } },
	{ "remove", EVENT_REMOVE, "A hole where memory is mapped. [madvise(MADV_REMOVE)]", {
		RANGE_ARGS, UNTIL } },
	{ "file-write", EVENT_FILE_WRITE, "Userspace writes four bytes. [pwrite()]", {
		FILE_ARG, OFFSET,
		{ "value", ARG_NUMBER, AT(value), .positional = true, .max = UINT32_MAX,
		  .help = "what" }, UNTIL } },
	{ "writeback", EVENT_WRITEBACK,
	  "Dirty pages of a file are cleaned and written. [write_cache_pages()]", {
		FILE_ARG, UNTIL } },
	{ "mlock", EVENT_MLOCK, "Userspace locks memory. [mlock()]", { RANGE_ARGS, UNTIL } },
	{ "munlock", EVENT_MUNLOCK, "Userspace unlocks memory. [munlock()]", {
		RANGE_ARGS, UNTIL } },
	{ "numa-hint", EVENT_NUMA_HINT,
	  "NUMA balancing takes access away, to see who faults. [change_prot_numa()]", {
		RANGE_ARGS,
		{ "single-threaded", ARG_NUMBER, AT(keep), .max = 1,
		  .help = "private pages of its own node stay as they are" }, UNTIL } },
	{ "mremap", EVENT_MREMAP, "Userspace moves memory, or changes its size. [mremap()]", {
		RANGE_ARGS,
		{ "to", ARG_ADDRESS, AT(other_hva), .positional = true, .preset = NO_PFN,
		  .help = "MREMAP_FIXED: where it goes; it stays if absent" },
		{ "new-size", ARG_SIZE, AT(new_size), .preset = 0,
		  .help = "its size then; the same if absent" },
		{ "keep", ARG_NUMBER, AT(keep), .max = 1, .help = "MREMAP_DONTUNMAP" }, UNTIL } },
	{ "uffd-register", EVENT_UFFD_REGISTER,
	  "Userspace will resolve faults in a range. [UFFDIO_REGISTER]", {
		RANGE_ARGS,
		{ "modes", ARG_FLAGS, AT(mode), true, true, .words = uffd_words,
		  .help = "missing pages, writes to protected ones, pages of shmem that are not "
			  "mapped; UFFD_FEATURE_WP_UNPOPULATED, _WP_ASYNC; UFFD_USER_MODE_ONLY" },
		UNTIL } },
	{ "uffd-unregister", EVENT_UFFD_UNREGISTER, "... and no more. [UFFDIO_UNREGISTER]", {
		RANGE_ARGS, UNTIL } },
	{ "uffd-protect", EVENT_UFFD_PROTECT,
	  "Pages are write-protected for userfaultfd. [UFFDIO_WRITEPROTECT]", {
		RANGE_ARGS, UNTIL } },
	{ "uffd-unprotect", EVENT_UFFD_UNPROTECT,
	  "... and no more; who waits to write goes on. [UFFDIO_WRITEPROTECT]", {
		RANGE_ARGS, SILENT, UNTIL } },
	{ "uffd-copy", EVENT_UFFD_COPY, "New pages where none are, with contents. [UFFDIO_COPY]", {
		RANGE_ARGS,
		{ "from", ARG_ADDRESS, AT(other_hva), true, true, .help = "of what" },
		{ "wp", ARG_NUMBER, AT(write), .max = 1, .help = "write-protected at once" },
		SILENT, UNTIL } },
	{ "uffd-zeropage", EVENT_UFFD_ZEROPAGE, "... or of zeroes. [UFFDIO_ZEROPAGE]", {
		RANGE_ARGS, SILENT, UNTIL } },
	{ "uffd-continue", EVENT_UFFD_CONTINUE,
	  "What is cached of shmem is mapped. [UFFDIO_CONTINUE]", {
		RANGE_ARGS,
		{ "wp", ARG_NUMBER, AT(write), .max = 1, .help = "write-protected at once" },
		SILENT, UNTIL } },
	{ "uffd-poison", EVENT_UFFD_POISON,
	  "Who touches what is missing gets SIGBUS from now on. [UFFDIO_POISON]", {
		RANGE_ARGS, SILENT, UNTIL } },
	{ "uffd-move", EVENT_UFFD_MOVE,
	  "Pages come from elsewhere in the same mm. [UFFDIO_MOVE]", {
		RANGE_ARGS,
		{ "from", ARG_ADDRESS, AT(other_hva), true, true, .help = "where they were" },
		{ "holes", ARG_NUMBER, AT(keep), .max = 1,
		  .help = "UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES" },
		SILENT, UNTIL } },
	{ "uffd-wake", EVENT_UFFD_WAKE, "Who waits for userspace tries again. [UFFDIO_WAKE]", {
		RANGE_ARGS } },
	{ "munmap", EVENT_MUNMAP, "Userspace unmaps. [munmap()]", { RANGE_ARGS, UNTIL } },
	{ "dontneed", EVENT_DONTNEED, "Userspace drops pages. [madvise(MADV_DONTNEED)]", {
		RANGE_ARGS, UNTIL } },
	{ "madvise", EVENT_MADVISE, "Userspace has a say about pages. [madvise()]", {
		RANGE_ARGS,
		{ "advice", ARG_CHOICE, AT(advice), true, true, .words = advice_words,
		  .help = "MADV_HUGEPAGE, MADV_NOHUGEPAGE ..." },
		UNTIL } },
	{ "khugepaged", EVENT_KHUGEPAGED,
	  "khugepaged makes 512 small pages one of 2M. [collapse_huge_page()]", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where, in the 2M" }, UNTIL } },
	{ "hugepages", EVENT_HUGEPAGES, "The pool of hugetlb gets so many pages. [nr_hugepages]", {
		{ "pages", ARG_NUMBER, AT(count), true, true, .max = MAX_HUGETLB_PAGES,
		  .help = "how many" },
		{ "size", ARG_SIZE, AT(size), .positional = true, .preset = BIT(21),
		  .help = "of 2M, or of 1G" } } },
	{ "mprotect", EVENT_MPROTECT, "Userspace changes protections. [mprotect()]", {
		RANGE_ARGS,
		{ "prot", ARG_FLAGS, AT(prot), true, true, true, .words = prot_words,
		  .help = "r,w,x or none" },
		UNTIL } },
	{ "poison", EVENT_POISON, "A memory error hits a page. [madvise(MADV_HWPOISON)]", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" },
		{ "size", ARG_SIZE, AT(size), .help = "of how much; default: one page" }, UNTIL } },
	{ "offline", EVENT_OFFLINE,
	  "A page is moved away and its frame given up. [madvise(MADV_SOFT_OFFLINE)]", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" },
		{ "size", ARG_SIZE, AT(size), .help = "of how much; default: one page" }, UNTIL } },
	{ "migrate", EVENT_MIGRATE, "Pages move to the other node's frames. [move_pages()]", {
		RANGE_ARGS,
		{ "node", ARG_NUMBER, AT(node), .preset = 1, .max = 1, .help = "which node" },
		UNTIL } },
	{ "compact", EVENT_COMPACT,
	  "Pages move to make room for larger ones. [/proc/sys/vm/compact_memory]", {
		RANGE_ARGS,
		{ "room", ARG_NUMBER, AT(room), .preset = UINT32_MAX, .max = UINT32_MAX,
		  .help = "so many free pages are found" }, UNTIL } },
	{ "reclaim", EVENT_RECLAIM,
	  "Reclaim looks at pages and takes those that nobody used. [shrink_folio_list()]", {
		RANGE_ARGS, UNTIL } },
	{ "pageout", EVENT_PAGEOUT, "Pages go to swap. [madvise(MADV_PAGEOUT)]", {
		RANGE_ARGS,
		{ "no-swap", ARG_NUMBER, AT(no_swap), .max = 1, .help = "there is none" },
		{ "foreign", ARG_NUMBER, AT(foreign), .max = 1,
		  .help = "files belong to others, who may write them" },
		UNTIL } },
	{ "cold", EVENT_COLD, "Pages become old. [madvise(MADV_COLD)]", { RANGE_ARGS, UNTIL } },
	{ "ksm-merge", EVENT_KSM_MERGE,
	  "ksmd finds two pages with the same contents. [cmp_and_merge_page()]", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "the one it scans" },
		{ "like", ARG_ADDRESS, AT(other_hva), true, true, true,
		  .help = "the one it has seen before, merged or not" }, UNTIL } },
	{ "ksm-unmerge", EVENT_KSM_UNMERGE,
	  "Each merged page becomes as many as map it. [/sys/kernel/mm/ksm/run 2]", { UNTIL } },
	{ "clear-refs", EVENT_CLEAR_REFS,
	  "Userspace forgets that pages were used. [/proc/PID/clear_refs]", {
		{ "kind", ARG_CHOICE, AT(kind), .positional = true, .words = refs_words,
		  .help = "accessed bits, or soft-dirty bits" }, UNTIL } },
	{ "drain", EVENT_DRAIN, "Per-CPU LRU batches are emptied. [lru_add_drain_all()]", {
		{ 0 } } },
	{ "memslot", EVENT_MEMSLOT,
	  "The VMM adds or changes a memslot. [KVM_SET_USER_MEMORY_REGION]", {
		{ "id", ARG_NUMBER, AT(slot), true, true, .max = 32766, .help = "slot number" },
		GPA,
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "the memory behind it" },
		{ "size", ARG_SIZE, AT(size), true, true, .help = "bytes" },
		{ "flags", ARG_FLAGS, AT(flags), .words = slot_words, .help = "ro, log, gmem" },
		{ "gmem", ARG_FILE, AT(gmem), .preset = NO_PFN,
		  .help = "of flags=gmem: whose pages are its private memory" },
		{ "gmem-offset", ARG_NUMBER, AT(offset), .max = MAX_BYTES,
		  .help = "of flags=gmem: where in it, in bytes" },
		UNTIL } },
	{ "gmem", EVENT_GMEM, "The VMM makes memory for a guest alone. [KVM_CREATE_GUEST_MEMFD]", {
		{ "file", ARG_NEW_FILE, AT(object), true, true, .help = "its name from here on" },
		{ "size", ARG_NUMBER, AT(size), true, true, .max = MAX_BYTES, .help = "bytes" },
		{ "flags", ARG_FLAGS, AT(flags), .words = gmem_words,
		  .help = "GUEST_MEMFD_FLAG_MMAP, GUEST_MEMFD_FLAG_INIT_SHARED" } } },
	{ "gmem-punch", EVENT_GMEM_PUNCH,
	  "The VMM takes part of it back. [kvm_gmem_punch_hole()]", {
		FILE_ARG, OFFSET,
		{ "size", ARG_NUMBER, AT(size), true, true, .max = MAX_BYTES, .help = "bytes" },
		UNTIL } },
	{ "gmem-allocate", EVENT_GMEM_ALLOCATE,
	  "The VMM has pages of it made. [kvm_gmem_allocate()]", {
		FILE_ARG, OFFSET,
		{ "size", ARG_NUMBER, AT(size), true, true, .max = MAX_BYTES, .help = "bytes" },
		UNTIL } },
	{ "gmem-close", EVENT_GMEM_CLOSE,
	  "The VMM closes it, bound or not. [kvm_gmem_release()]", { FILE_ARG, UNTIL } },
	{ "gmem-poison", EVENT_GMEM_POISON,
	  "A memory error hits a page of it. [kvm_gmem_error_folio()]", {
		FILE_ARG, OFFSET, UNTIL } },
	{ "attributes", EVENT_ATTRIBUTES,
	  "The VMM says which gfns are private. [KVM_SET_MEMORY_ATTRIBUTES]", {
		GPA,
		{ "size", ARG_SIZE, AT(size), true, true, .help = "bytes" },
		{ "private", ARG_NUMBER, AT(is_guest_private), true, true, .max = 1,
		  .help = "KVM_MEMORY_ATTRIBUTE_PRIVATE, or none" }, UNTIL } },
	{ "memslot-delete", EVENT_MEMSLOT_DELETE, "The VMM deletes a memslot.", {
		{ "id", ARG_NUMBER, AT(slot), true, true, .max = 32766, .help = "slot number" },
		UNTIL } },
	{ "private-slot", EVENT_INTERNAL_SLOT,
	  "KVM makes a memslot of its own, and maps its memory. [__x86_set_memory_region()]", {
		{ "region", ARG_NEW_REGION, AT(name), true, true, .help = "that memory's name" },
		{ "of", ARG_CHOICE, AT(slot), true, true, .words = private_slot_words,
		  .values = private_slot_ids, .help = "what it is for: slot 32764, 32765, 32766" },
		{ "gpa", ARG_NUMBER, AT(gpa), true, true, .max = 0xffffd000,
		  .help = "where: KVM_SET_TSS_ADDR, KVM_SET_IDENTITY_MAP_ADDR, 0xfee00000" },
		UNTIL } },
	{ "dirtylog", EVENT_DIRTY_LOG, "The VMM reads a dirty log. [KVM_GET_DIRTY_LOG]", {
		{ "id", ARG_NUMBER, AT(slot), true, true, .max = 32766, .help = "slot number" },
		UNTIL } },
	{ "clearlog", EVENT_CLEAR_LOG,
	  "The VMM clears part of a dirty log. [KVM_CLEAR_DIRTY_LOG]", {
		{ "id", ARG_NUMBER, AT(slot), true, true, .max = 32766, .help = "slot number" },
		{ "first", ARG_NUMBER, AT(index), .positional = true, .help = "first page" },
		{ "pages", ARG_NUMBER, AT(count), true, true, .help = "how many" },
		UNTIL } },
	{ "logmode", EVENT_LOG_MODE,
	  "How dirty logs are read. [KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2]", {
		{ "mode", ARG_FLAGS, AT(mode), true, true, .words = log_mode_words,
		  .help = "manual: cleared by clearlog alone; initially-set; or none" } } },
	{ "set-nx", EVENT_SET_NX,
	  "kvm.nx_huge_pages is written. [set_nx_huge_pages()]", {
		{ "on", ARG_NUMBER, AT(value), true, true, .max = 1, .help = "or off" }, UNTIL } },
	{ "mmu-pages", EVENT_MMU_PAGES,
	  "The VMM limits shadow pages. [KVM_SET_NR_MMU_PAGES]", {
		{ "pages", ARG_NUMBER, AT(count), true, true, .max = UINT32_MAX,
		  .help = "tables; the TDP MMU's do not count" }, UNTIL } },
	{ "shrink-mmu", EVENT_SHRINK_MMU,
	  "Reclaim asks for shadow pages. [mmu_shrink_scan()]", {
		{ "pages", ARG_NUMBER, AT(count), true, true, .max = UINT32_MAX,
		  .help = "how many at most, the oldest first" }, UNTIL } },
	{ "eager-split", EVENT_EAGER_SPLIT,
	  "kvm.eager_page_split is written. [param_set_bool()]", {
		{ "on", ARG_NUMBER, AT(value), true, true, .max = 1, .help = "or off" } } },
	{ "ioeventfd", EVENT_IOEVENTFD,
	  "From now on stores of the guest signal an eventfd. [KVM_IOEVENTFD]", {
		IOEVENTFD_ARGS, UNTIL } },
	{ "ioeventfd-off", EVENT_IOEVENTFD_OFF,
	  "They do no more: the same arguments. [KVM_IOEVENTFD_FLAG_DEASSIGN]", {
		IOEVENTFD_ARGS, UNTIL } },
	{ "zap-gfns", EVENT_ZAP_GFNS,
	  "Memory types or APICv change: KVM takes entries back. [kvm_zap_gfn_range()]", {
		GPA, { "size", ARG_SIZE, AT(size), true, true, .help = "bytes" }, UNTIL } },
	{ "apicv-inhibit", EVENT_INHIBIT_APICV,
	  "APICv cannot do what the VM asks for: its page is taken back. [kvm_set_apicv_inhibit()]",
	  { UNTIL } },
	{ "nx-recover", EVENT_RECOVER_NX,
	  "The period of the NX huge page recovery worker is over. [kvm_recover_nx_huge_pages()]", {
		{ "ratio", ARG_NUMBER, AT(value), .preset = 60,
		  .help = "kvm.nx_huge_pages_recovery_ratio: zap one table in so many" },
		UNTIL } },
	{ "read", EVENT_READ, "The guest loads four bytes.", { GPA, COUNT, STRIDE, VCPU, UNTIL } },
	{ "write", EVENT_WRITE, "The guest stores four bytes.", {
		GPA,
		{ "value", ARG_NUMBER, AT(value), .positional = true, .max = UINT32_MAX,
		  .help = "what" },
		COUNT, STRIDE, VCPU, UNTIL } },
	{ "rmw", EVENT_RMW, "The guest increments four bytes.", {
		GPA, COUNT, STRIDE, VCPU, UNTIL } },
	{ "exec", EVENT_EXEC, "The guest executes an instruction there.", {
		GPA,
		{ "count", ARG_NUMBER, AT(count), .preset = 1, .min = 1, .max = 1, .help = "one" },
		VCPU, UNTIL } },
	{ "host-read", EVENT_HOST_READ, "Userspace loads four bytes.", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" }, UNTIL } },
	{ "host-write", EVENT_HOST_WRITE, "Userspace stores four bytes.", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" },
		{ "value", ARG_NUMBER, AT(value), .positional = true, .max = UINT32_MAX,
		  .help = "what" }, UNTIL } },
	{ "fork", EVENT_FORK, "The VMM forks: a child with the same memory. [dup_mmap()]", {
		UNTIL } },
	{ "child-read", EVENT_CHILD_READ, "The child loads four bytes.", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" }, UNTIL } },
	{ "child-write", EVENT_CHILD_WRITE, "The child stores four bytes.", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" },
		{ "value", ARG_NUMBER, AT(value), .positional = true, .max = UINT32_MAX,
		  .help = "what" }, UNTIL } },
	{ "child-dontneed", EVENT_CHILD_DONTNEED, "The child drops pages.", { RANGE_ARGS, UNTIL } },
	{ "child-exit", EVENT_CHILD_EXIT, "The child exits. [exit_mmap()]", { UNTIL } },
	{ "map", EVENT_MAP, "KVM maps a guest page for itself. [kvm_vcpu_map()]", {
		GPA,
		{ "map", ARG_NUMBER, AT(map), .max = NESTED_MAP - 1, .help = "which of its maps" },
		{ "readonly", ARG_NUMBER, AT(readonly), .max = 1,
		  .help = "kvm_vcpu_map_readonly(), since 6.13" },
		VCPU, UNTIL } },
	{ "unmap", EVENT_UNMAP, "KVM gives the map up. [kvm_vcpu_unmap()]", {
		{ "map", ARG_NUMBER, AT(map), .max = NESTED_MAP - 1, .positional = true,
		  .help = "which of its maps" },
		{ "dirty", ARG_NUMBER, AT(dirty), .max = 1, .help = "it was written" }, UNTIL } },
	{ "map-log", EVENT_MAP_LOG,
	  "What is written through the map is logged; it stays. [kvm_vcpu_map_mark_dirty()]", {
		{ "map", ARG_NUMBER, AT(map), .max = NESTED_MAP - 1, .positional = true,
		  .help = "which of its maps" }, UNTIL } },
	{ "kvm-read", EVENT_KVM_READ, "KVM copies four bytes of the guest's. [kvm_read_guest()]", {
		GPA, { "atomic", ARG_NUMBER, AT(atomic), .max = 1,
		       .help = "kvm_vcpu_read_guest_atomic(): nothing is faulted in" }, UNTIL } },
	{ "kvm-write", EVENT_KVM_WRITE, "KVM copies four bytes to the guest. [kvm_write_guest()]", {
		GPA, VALUE, UNLOADED, UNTIL } },
	{ "hva-cache", EVENT_HVA_CACHE,
	  "KVM keeps a gpa's hva. [kvm_gfn_to_hva_cache_init()]", { GPA, HVA_CACHE, UNTIL } },
	{ "hva-cache-read", EVENT_HVA_CACHE_READ,
	  "KVM copies four bytes from there. [kvm_read_guest_cached()]", { HVA_CACHE, UNTIL } },
	{ "hva-cache-write", EVENT_HVA_CACHE_WRITE,
	  "KVM copies four bytes there. [kvm_write_guest_cached()]", {
		VALUE, HVA_CACHE, UNLOADED, UNTIL } },
	{ "steal-time", EVENT_STEAL_TIME,
	  "A vCPU enters, and tells its guest's steal time. [record_steal_time()]", {
		{ "gpa", ARG_NUMBER, AT(gpa), true, true, .max = MAX_GPA,
		  .help = "what its guest has put into MSR_KVM_STEAL_TIME" }, VCPU, UNTIL } },
	{ "steal-preempted", EVENT_STEAL_PREEMPTED,
	  "A vCPU is scheduled out. [kvm_steal_time_set_preempted()]", { GPA, VCPU, UNTIL } },
	{ "lookup", EVENT_LOOKUP,
	  "A kernel caller looks a gfn up, then releases. [gfn_to_pfn_prot()]", {
		GPA, { "api", ARG_CHOICE, AT(api), .positional = true, .words = api_words,
		       .help = "which wrapper" },
		{ "write", ARG_NUMBER, AT(write), .max = 1, .help = "for writing" },
		{ "foll", ARG_FLAGS, AT(foll), .words = foll_words, .values = foll_values,
		  .help = "of follow: FOLL_*" },
		{ "knobs", ARG_FLAGS, AT(knobs), .words = knob_words,
		  .help = "of follow: the other arguments" }, UNTIL } },
	{ "prefault", EVENT_PREFAULT,
	  "The VMM has pages mapped before the guest asks. [KVM_PRE_FAULT_MEMORY]", {
		GPA, { "size", ARG_SIZE, AT(size), true, true, .help = "bytes" },
		VCPU, UNTIL } },
	{ "async-pf", EVENT_ASYNC_PF,
	  "A worker faults in the page that a halted vCPU waits for. [async_pf_execute()]", {
		VCPU, UNTIL } },
	{ "kick", EVENT_KICK, "An interrupt wakes a vCPU that waits so. [kvm_vcpu_kick()]", {
		{ "vcpu", ARG_NUMBER, AT(vcpu), .max = MAX_VCPUS - 1, .help = "whose" } } },
	{ "stage2-fault", EVENT_STAGE2,
	  "A guest of another architecture faults. [arm64: user_mem_abort()]", {
		GPA, { "arch", ARG_CHOICE, AT(api), .positional = true, .words = stage2_words,
		       .help = "whose look-up and release" },
		{ "write", ARG_NUMBER, AT(write), .max = 1, .help = "for writing" }, UNTIL } },
	{ "vmsave", EVENT_VMSAVE,
	  "The guest saves state to a VMCB in its memory. [vmload_vmsave_interception()]", {
		GPA,
		{ "table", ARG_NUMBER, AT(table), .preset = NO_PFN, .max = MAX_GPA,
		  .help = "guest's page directory; absent: the walk is left out" },
		{ "paging", ARG_NUMBER, AT(paging), .preset = 1, .max = 1,
		  .help = "0: the guest has not turned paging on" },
		VCPU, UNTIL } },
	{ "reset-mmu", EVENT_RESET_MMU,
	  "Userspace sets a vCPU's CR0 or EFER. [kvm_mmu_reset_context()]", {
		{ "vcpu", ARG_NUMBER, AT(vcpu), .max = MAX_VCPUS - 1, .help = "whose" } } },
	{ "exit", EVENT_EXIT,
	  "The VMM exits, and the VM with it. [exit_mmap(), kvm_destroy_vm()]", {
		{ "keep-vm", ARG_NUMBER, AT(keep), .max = 1,
		  .help = "another process has the VM's file, which a second exit closes" },
		UNTIL } },
	{ "prefetch", EVENT_PREFETCH,
	  "The shadow MMU looks a neighbour of a fault up. [direct_pte_prefetch()]", {
		GPA, { "how", ARG_CHOICE, AT(api), .positional = true, .words = prefetch_words,
		       .help = "direct map, or a guest's page table" }, UNTIL } },
	{ "gpc", EVENT_GPC, "KVM caches a guest page's pfn. [kvm_gpc_activate()]", {
		GPA, CACHE, UNTIL } },
	{ "gpc-off", EVENT_GPC_OFF, "KVM gives the cache up. [kvm_gpc_deactivate()]", {
		CACHE, UNTIL } },
	{ "gpc-use", EVENT_GPC_USE,
	  "KVM reads through the cache; refreshes it first if it must. [kvm_gpc_check()]", {
		CACHE, UNTIL } },
	{ "gpc-write", EVENT_GPC_WRITE,
	  "KVM writes through the cache, and logs it; refreshes it first if it must. "
	  "[kvm_xen_inject_pending_events()]", { VALUE, CACHE, UNTIL } },
	{ "gpc-hva", EVENT_GPC_HVA,
	  "KVM caches the page at an address of the VMM's. [kvm_gpc_activate_hva()]", {
		{ "hva", ARG_ADDRESS, AT(hva), true, true, .help = "where" }, CACHE, UNTIL } },
	{ "resume", EVENT_RESUME, "An event that stopped at its until= goes on.", {
		{ "event", ARG_LABEL, AT(name), true, true, .help = "its label" }, UNTIL } },
};

const size_t nr_event_kinds = ARRAY_SIZE(event_kinds);
