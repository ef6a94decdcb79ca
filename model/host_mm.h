/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host_mm.h: one host address space: VMAs, page tables, and the driver behind some of them.
 *
 * Linux: mm/memory.c, mm/mmap.c (vma.c), mm/gup.c; arch/x86/include/asm/pgtable_types.h.
 */
#pragma once

#include "model/base.h"
#include "model/lock.h"
#include "model/pgtable.h"

struct machine;

/* vm_flags, include/linux/mm.h (the same bits in 5.12 to 6.12) */
enum vm_flag {
	VM_READ		= 0x1,
	VM_WRITE	= 0x2,
	VM_EXEC		= 0x4,
	VM_SHARED	= 0x8,
	VM_UFFD_MISSING	= 0x200,
	VM_PFNMAP	= 0x400,
	VM_UFFD_MINOR	= 0x800,	/* here; bit 37 or above */
	VM_UFFD_WP	= 0x1000,
	VM_LOCKED	= 0x2000,
	VM_IO		= 0x4000,
	VM_DONTCOPY	= 0x20000,
	VM_HUGETLB	= 0x400000,
	VM_ACCOUNT	= 0x100000,	/* private and once writable: keeps VMAs from merging */
	VM_WIPEONFORK	= 0x2000000,
	VM_SOFT_CLEAN	= 0x08000000,	/* VM_SOFTDIRTY (the same bit) is not set */
	VM_MIXEDMAP	= 0x10000000,
	VM_HUGEPAGE	= 0x20000000,
	VM_NOHUGEPAGE	= 0x40000000,
	VM_MERGEABLE	= 0x80000000,	/* KSM */
};

/* x86 PTE bits */
#define PTE_PRESENT	BIT(0)
#define PTE_WRITE	BIT(1)
#define PTE_USER	BIT(2)
#define PTE_ACCESSED	BIT(5)
#define PTE_DIRTY	BIT(6)
#define PTE_HUGE	BIT(7)		/* PSE, in a PMD or PUD */
#define PTE_PROTNONE	BIT(8)		/* not for the hardware; pte_present() is true */
#define PTE_DEVMAP	BIT(57)		/* ZONE_DEVICE, until 6.16 */
#define PTE_HWPOISON	BIT(58)		/* stands for the hwpoison swap entry; not present */
#define PTE_SAVED_DIRTY	BIT(58)		/* of a present PTE: D while W was not set (6.6) */
#define PTE_SPECIAL	BIT(9)
#define PTE_UFFD_WP	BIT(10)		/* present or not */
#define PTE_SOFT_CLEAN	BIT(11)		/* pte_soft_dirty() (the same bit) is not true */
#define PTE_NX		BIT(63)

/* __VM_UFFD_FLAGS: userfaultfd_armed() */
#define VM_UFFD		((u32)VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

/* How the driver puts its pages into a VMA. Kernel helper in brackets. */
enum map_mode {
	MODE_PFN,		/* on fault [vmf_insert_pfn]; VM_PFNMAP | VM_IO */
	MODE_REMAP,		/* at mmap [remap_pfn_range]; VM_PFNMAP | VM_IO */
	MODE_INSERT,		/* at mmap [vm_insert_page]; VM_MIXEDMAP */
	MODE_PAGE,		/* on fault, by returning vmf->page; no flag */
	MODE_MIXED,		/* on fault [vmf_insert_mixed]; VM_MIXEDMAP */
	MODE_PMD,		/* as MODE_PFN, 2M at a time where it can [vmf_insert_pfn_pmd] */
	MODE_IO_INSERT,		/* MODE_INSERT with VM_IO */
	MODE_IO_MIXED,		/* MODE_MIXED with VM_IO */
	MODE_PUD,		/* as MODE_PMD, and 1G where it can [vmf_insert_pfn_pud] */
	MODE_MKWRITE,		/* as MODE_REMAP, but read-only: pfn_mkwrite() [perf_event] */
	MODE_PFN_MKWRITE,	/* as MODE_PFN, but read-only: pfn_mkwrite() [drm_gem_shmem] */
	NR_MAP_MODES,
};

enum vma_kind { VMA_ANON, VMA_DEVICE, VMA_FILE, VMA_HUGETLB };

struct vma {
	hva_t start, end;
	u64 index;		/* vm_pgoff: first page in the object, or file; of the address */
	u32 flags;
	u8 used;		/* 0: free row; else which one: 1 is in the file's tree longest */
	u8 kind : 4, mode : 4;	/* enum vma_kind; enum map_mode, of a file enum file_type */
	u8 object;		/* row of world.object, or of world.file */
	u8 anon;		/* which anon_vma; 0: none yet */
	u64 swap_ahead;		/* swap_readahead_info: the last fault, and what came of it */
};

enum { MAX_VMAS = 40, MAX_OBJECTS = 8, MAX_FILES = 12, MAX_MMS = 2 };

/* Rows of world.mm. The VM's has the notifier's users; a child has what fork() left it. */
enum { VM_MM, CHILD_MM };

/* What a driver has allocated. Of its array of pfns, SPACE_OBJECT has what .base does not say. */
struct object_state {
	u64 pages;
	pfn_t base;		/* of one block, or of pages in a row; else NO_PFN */
	u8 used;
	u8 freed;
	u8 kind;		/* enum alloc_kind */
	u8 order;
	u8 mode;		/* enum map_mode: of the next mmap() and of every fault */
	u8 refuses;		/* its handler: VM_FAULT_SIGBUS */
	u8 pad[2];
};

/* Does its fault handler have a page there? */
static inline bool object_maps(const struct object_state *object, u64 index)
{
	return object->used && !object->refuses && index < object->pages;
}

/* Where a file's pages come from, and who cleans them. */
enum file_type {
	FILE_SHMEM,		/* tmpfs, memfd, shared anonymous memory: never written back */
	FILE_DISK,		/* a filesystem with write-back: page_mkwrite, page_mkclean */
	FILE_DAX,		/* its blocks are ZONE_DEVICE pages, mapped themselves [fsdax] */
	FILE_GMEM,		/* guest_memfd (gmem.h) */
	FILE_HUGETLB,		/* a memfd of hugetlb (hugetlb.h) */
};

/* "huge=" of a tmpfs; of the kernel's own one, /sys/kernel/mm/transparent_hugepage/shmem_enabled */
enum shmem_huge {
	SHMEM_HUGE_NEVER, SHMEM_HUGE_ALWAYS, SHMEM_HUGE_WITHIN_SIZE, SHMEM_HUGE_ADVISE,
	SHMEM_HUGE_DENY, SHMEM_HUGE_FORCE,	/* sysfs alone, and then for all */
};
/* Which tmpfs a file of FILE_SHMEM is in */
enum shmem_mount { MOUNT_OWN, MOUNT_MEMFD, MOUNT_SHARED_ANON };

/* struct inode, struct address_space. The page cache is contents of pages (pagecache.c). */
struct file_state {
	u64 size;		/* i_size, in bytes */
	pfn_t base;		/* FILE_DAX: its first block */
	u64 cached_end;		/* no page of this index, or a higher one, has ever been cached */
	u8 used;
	u8 type;		/* enum file_type */
	u8 gmem_flags;		/* FILE_GMEM: enum gmem_flag */
	struct lock invalidate_lock;	/* FILE_GMEM: bindings and holes */
	u8 huge;		/* enum shmem_huge: of its mount, if MOUNT_OWN */
	u8 mount;		/* enum shmem_mount */
	u8 unlinked;		/* a memfd: goes with its last user */
	u8 hugetlb;		/* FILE_HUGETLB: vma.object of its mappings */
};

struct host_mm {
	struct lock mmap_lock;
	u8 nr_vmas;
	u8 used;		/* of a child: it runs */
	u8 bad_rss;		/* mapped as one kind of page, unmapped as another */
	u8 pad[3];
	pfn_t pgd;		/* top-level host page table */
	struct vma vma[MAX_VMAS];
};

/* folio_add_lru_vma(): of a new anonymous page. */
void vma_add_lru(struct machine *m, const struct vma *vma, pfn_t pfn);
/* Its pages are device memory, mapped themselves. */
bool vma_is_dax(const struct vma *vma);
/* vm_ops_needs_writenotify(): ->page_mkwrite, ->pfn_mkwrite */
bool vma_has_mkwrite(const struct vma *vma);
struct vma *vma_find(struct machine *m, hva_t hva);
/* The VMA with the lowest start whose end is above @hva, or NULL. */
struct vma *vma_find_from(struct machine *m, hva_t hva);
/* Split so that @hva is a boundary. False: no room for another VMA. */
bool vma_split(struct machine *m, hva_t hva);
/* anon_vma_prepare(): before an anonymous page; a neighbour's is shared, if they might merge. */
void vma_prepare_anon(struct machine *m, struct vma *vma);
/* vma_merge(): with the neighbours that are of the same kind and go on where this one ends. */
void vma_merge(struct machine *m, struct vma *vma);
struct vma *vma_add(struct machine *m, const struct vma *vma);
void vma_remove(struct machine *m, struct vma *vma);

/* pte_present() of the leaf for @hva in .present (PROT_NONE too); .entry == 0 when none. */
struct pt_leaf host_leaf(struct machine *m, hva_t hva);
/* The first leaf that begins in [start, end), or covers start; present == 0 when none. */
struct pt_leaf host_next_leaf(struct machine *m, hva_t start, hva_t end);
/* Is there a table of PTEs for @hva (a PMD that is neither none nor huge)? */
bool host_has_table(struct machine *m, hva_t hva);
/* mm_find_pmd(): is there a table of PMDs for @hva? */
bool host_has_pmds(struct machine *m, hva_t hva);
/* The host frame behind a leaf, for this very @hva. */
pfn_t host_leaf_pfn(const struct pt_leaf *leaf, hva_t hva);
/* exit_mmap(): all tables go. */
void host_free_all_tables(struct machine *m);
/* pte_alloc(): a table of PTEs for @hva, if there is none. */
void host_make_table(struct machine *m, hva_t hva);
/* A table of PTEs, which is empty. */
void host_free_table(struct machine *m, hva_t hva);
/* free_pgtables(): tables of PTEs and of PMDs for [start, end) that no VMA is left for. */
void host_free_tables(struct machine *m, hva_t start, hva_t end);
/* Take the table of PTEs for @hva out of its PMD, with all that is in it; and put it back. */
pfn_t host_take_table(struct machine *m, hva_t hva);
void host_put_table(struct machine *m, hva_t hva, pfn_t table);
/* Install (level 1 or 2), change or clear a leaf: the one place a host PTE changes. */
void host_set_leaf(struct machine *m, hva_t hva, unsigned level, u64 entry);
/* A PTE's value for @vma's protections, without the frame: vma->vm_page_prot. */
u64 vma_prot_bits(const struct vma *vma);
/* A new anonymous page, its first reference the PTE's that will map it; and that PTE. */
pfn_t anon_alloc(struct machine *m, hva_t hva);
u64 anon_entry(const struct vma *vma, pfn_t pfn, bool write);
/* pte_mkyoung(pte_mkdirty()), maybe_mkwrite(): of a page that is written where it is */
u64 pte_reused(u64 entry);
/* pte_none_mostly(): nothing, or a marker that keeps uffd-wp where no page is */
bool leaf_is_missing(const struct pt_leaf *leaf);
bool leaf_is_marker(const struct pt_leaf *leaf);
/* PTE_MARKER_POISONED: UFFDIO_POISON's */
bool leaf_is_poison_marker(const struct pt_leaf *leaf);
/* userfaultfd_pte_wp(): a write to what is mapped is to be asked for */
bool leaf_is_uffd_wp(const struct vma *vma, const struct pt_leaf *leaf);
/* Will the hardware, and GUP, use it? */
bool leaf_is_accessible(const struct pt_leaf *leaf);
/* vm_normal_page(): does this leaf map a page that it holds a reference to? */
bool leaf_is_normal(const struct pt_leaf *leaf);
/* pte_devmap(): no normal page, but GUP may have it. */
bool leaf_is_devmap(const struct pt_leaf *leaf);
/* The same, but for the huge zero page, which is normal (until 6.18) and not counted. */
bool leaf_is_counted(const struct machine *m, const struct pt_leaf *leaf);

/* A driver's array; that of @object + MAX_OBJECTS has what was re-pointed. */
pfn_t object_pfn(struct machine *m, unsigned object, u64 index);
void object_set_pfn(struct machine *m, unsigned object, u64 index, pfn_t pfn);
/* Wherever the array points by now */
pfn_t object_own_pfn(struct machine *m, unsigned object, u64 index);
/* Of pages that it has had */
void object_forget_pfns(struct machine *m, unsigned object);
