// SPDX-License-Identifier: GPL-2.0-only
/* walk.c: what stands in the host's page tables, and in the guest's second stage. */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/pgtable.h>

#include "driver.h"

enum { MM_LOCK_TRIES = 50 };	/* milliseconds */

#define ENTRY_TABLE	GENMASK_ULL(51, 12)
#define SPTE_PRESENT	BIT_ULL(11)
#define SPTE_LARGE	BIT_ULL(7)

static void found(struct pfnlab_walk *walk, u64 entry, u32 level)
{
	unsigned long pages = 1ul << (9 * (level - 1));

	walk->entry = entry;
	walk->level = level;
	walk->pfn = ((entry & PTE_PFN_MASK) >> PAGE_SHIFT & ~(pages - 1)) +
		    (walk->address >> PAGE_SHIFT & (pages - 1));
}

static void host_below(struct pfnlab_walk *walk, pud_t *pud)
{
	unsigned long address = walk->address;
	pmd_t *pmd;

	if (pud_none(*pud))
		return;
	if (!(pud_val(*pud) & _PAGE_PRESENT) || pud_val(*pud) & _PAGE_PSE) {
		found(walk, pud_val(*pud), 3);
		return;
	}
	pmd = pmd_offset(pud, address);
	if (pmd_none(*pmd))
		return;
	if (!(pmd_val(*pmd) & _PAGE_PRESENT) || pmd_val(*pmd) & _PAGE_PSE) {
		found(walk, pmd_val(*pmd), 2);
		return;
	}
	found(walk, pte_val(*pte_offset_kernel(pmd, address)), 1);
}

/* Who is stopped (stop.c) may hold it for writing: nothing is seen then. */
static bool mm_lock(struct mm_struct *mm)
{
	for (unsigned int i = 0; i < MM_LOCK_TRIES; i++) {
		if (mmap_read_trylock(mm))
			return true;
		msleep(1);
	}
	return false;
}

/* Of the caller's mm: nobody but it unmaps, or mmap_lock keeps the tables. */
long walk_host(struct pfnlab_walk *walk)
{
	pgd_t *pgd;
	p4d_t *p4d;

	walk->entry = walk->pfn = walk->root = 0;
	walk->level = 0;
	if (walk->address >= TASK_SIZE_MAX)
		return 0;
	if (!mm_lock(current->mm))
		return -EAGAIN;
	pgd = pgd_offset(current->mm, walk->address);
	if (!pgd_none(*pgd)) {
		p4d = p4d_offset(pgd, walk->address);
		if (!p4d_none(*p4d))
			host_below(walk, pud_offset(p4d, walk->address));
	}
	mmap_read_unlock(current->mm);
	return 0;
}

/* The root that KVM gave to a vCPU last, and its level: probe.c */
extern unsigned long last_root;
extern int last_root_level;

/* The four entries of a PAE root, of shadow paging, are the processor's: KVM marks none of them. */
static bool is_table(u64 entry, u32 level)
{
	if (level == 3 && last_root_level == 3)
		return entry & _PAGE_PRESENT;
	return entry & SPTE_PRESENT && !(entry & SPTE_LARGE);
}

void walk_stage2(struct pfnlab_walk *walk)
{
	u64 table = last_root & ENTRY_TABLE, entry;

	walk->entry = walk->pfn = 0;
	walk->level = 0;
	walk->root = last_root;
	if (!table || last_root_level < 3 || last_root_level > 5)
		return;
	for (u32 level = last_root_level; level; level--) {
		if (!pfn_valid(table >> PAGE_SHIFT))
			return;
		entry = READ_ONCE(((u64 *)phys_to_virt(table))[walk->address >>
				  (3 + 9 * level) & 511]);
		found(walk, entry, level);
		if (!is_table(entry, level))
			return;
		table = entry & ENTRY_TABLE;
	}
}
