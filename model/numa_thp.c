/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * numa_thp.c: 2M that a NUMA hint finds on the other node, as they move to 5.13.
 *
 * Linux: mm/huge_memory.c:do_huge_pmd_numa_page(), mm/migrate.c:migrate_misplaced_transhuge_page(),
 * numamigrate_isolate_page(), 5.11 to 5.13. The PMD is replaced by that of the copy at once, under
 * the page's lock: no migration entry, and nobody is told, as it was no mapping any more. Whatever
 * has a reference beside the PMD keeps it where it is, and then W is gone until the next write.
 */
#include "model/machine.h"
#include "model/path.h"
#include "model/thp.h"

static pfn_t alloc_target(struct machine *m, pfn_t from)
{
	pfn_t pfn = alloc_frame(m, HPAGE_ORDER, place_instead(from));

	pages_init(m, ALLOC_COMPOUND, pfn, HPAGE_ORDER, OWNER_USER);
	return pfn;
}

/* numamigrate_isolate_page(): the PMD's reference, the fault's and the isolation's */
static bool isolate(struct machine *m, pfn_t head)
{
	if (!page_is(m, head, PG_LRU) || page_waits_for_lru(m, head))
		return false;
	page_isolate(m, head);
	if (page_count(m, head) != 3) {
		page_put_back(m, head);
		return false;
	}
	page_put(m, head, HOLD_MM);
	return true;
}

/* page_lock_anon_vma_read() finds none for a file's: it is where it should be. */
bool numa_moves_thp(struct machine *m, pfn_t head)
{
	return page_is(m, head, PG_ANON);
}

/* pmd_modify(vma->vm_page_prot) of what stays */
static void stay(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	u64 keep = PT_ADDR_MASK | PTE_HUGE | PTE_DIRTY | PTE_SOFT_CLEAN | PTE_UFFD_WP;

	host_set_leaf(m, leaf->first << PAGE_SHIFT, 2, (leaf->entry & keep) | PTE_ACCESSED |
		      (vma_prot_bits(vma) & ~(keep | PTE_WRITE)));
	page_put(m, pt_pfn(leaf->entry), HOLD_MM);
}

void numa_move_thp(struct machine *m, hva_t hva)
{
	const struct vma *vma = vma_find(m, hva);
	struct pt_leaf leaf = host_leaf(m, hva);
	pfn_t from = pt_pfn(leaf.entry), to;

	page_get(m, from, HOLD_MM);
	to = alloc_target(m, from);
	if (!isolate(m, from)) {
		page_put(m, to, HOLD_OWNER);
		stay(m, vma, &leaf);
		return;
	}
	page_copy_state(m, to, from);
	page_of(m, to)->flags |= page_of(m, from)->flags & (PG_EXCLUSIVE | PG_MLOCKED);
	page_hand_over(m, to, HOLD_OWNER, HOLD_PTE);
	thp_set(m, vma, hva, to);
	page_get(m, to, HOLD_MM);
	page_put_back(m, to);
	page_put(m, from, HOLD_PTE);
	page_put(m, from, HOLD_MM);
}
