/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_numa.c: NUMA balancing takes a page away to see who touches it, and the fault gives it back.
 *
 * Linux: kernel/sched/fair.c:task_numa_work(), mm/mempolicy.c:change_prot_numa(), mm/mprotect.c:
 * change_pte_range(), mm/memory.c:do_numa_page(); 5.12 to 7.2. KVM hears of it as of mprotect().
 * Its GUP never follows such a PTE (FOLL_NUMA, since 6.6 FOLL_HONOR_NUMA_FAULT; the fast one finds
 * no PTE_PRESENT): the slow one faults, and the PTE is what it was, but for W since 6.2.
 * SIMPLIFIED: what is scanned, and when, is the caller's choice; no page is moved by the fault;
 * PMDs of 2M stay as they are; the process runs on the node that is not remote.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

static enum step_result numa_lock(struct machine *m, struct task *t)
{
	if (!lock_try_read(&current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	t->range.at = t->range.start;
	return STEP_NEXT;
}

/* task_numa_work(): vma_migratable(), and not hugetlb, mixed, or out of reach anyway */
static bool is_scanned(const struct vma *vma)
{
	return !(vma->flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) && vma->kind != VMA_HUGETLB &&
	       !vma_is_dax(vma) && (vma->flags & (VM_READ | VM_WRITE | VM_EXEC));
}

static enum step_result numa_begin(struct machine *m, struct task *t)
{
	struct range_op *op = &t->range;

	op->piece_end = 0;
	while (op->at < op->end) {
		const struct vma *vma = vma_find_from(m, op->at);
		hva_t start;

		if (!vma || vma->start >= op->end)
			return STEP_NEXT;
		start = op->at > vma->start ? op->at : vma->start;
		op->at = vma->end < op->end ? vma->end : op->end;
		if (!is_scanned(vma) || !protect_first_populated(m, &start, op->at))
			continue;
		t->notify = (struct notify){ .start = start, .end = op->at,
					     .event = NOTIFY_PROTECTION_VMA };
		op->piece_end = op->at;
		return STEP_CALL;
	}
	return STEP_NEXT;
}

static bool scans(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.piece_end;
}

/* Not what KSM has merged, or others share, or have pinned: they cannot be moved. */
static bool is_hinted(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf,
		      bool alone)
{
	pfn_t pfn = pt_pfn(leaf->entry);
	s32 count = page_count(m, pfn);

	if (leaf->level != 1 || !leaf_is_accessible(leaf) || !leaf_is_normal(leaf) ||
	    page_is(m, pfn, PG_ZONE_DEVICE) || page_is(m, pfn, PG_KSM))
		return false;
	if (!page_is(m, pfn, PG_ANON) && page_is(m, pfn, PG_DIRTY) && vma->mode != FILE_SHMEM)
		return false;
	if (vma->flags & VM_SHARED)
		return !m->sem->traits.numa_skips_pinned || !page_maybe_pinned(m, pfn);
	if (alone && !m->sem->traits.vm_shares_mm && !page_is(m, pfn, PG_REMOTE))
		return false;		/* where it should be: numa_node_id() */
	return m->sem->traits.numa_skips_held ? count == 1 : page_of(m, pfn)->mapcount == 1 &&
							      !page_maybe_pinned(m, pfn);
}

/* pte_modify(PAGE_NONE); pte_mk_savedwrite() until 6.1 */
static enum step_result numa_change(struct machine *m, struct task *t)
{
	u64 keep = PT_ADDR_MASK | PTE_ACCESSED | PTE_DIRTY | PTE_SOFT_CLEAN | PTE_UFFD_WP |
		   (m->sem->traits.numa_keeps_write ? PTE_WRITE : 0);

	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_next_leaf(m, at, t->notify.end);
		hva_t hva = leaf.first << PAGE_SHIFT;

		if (!leaf.present)
			break;
		if (is_hinted(m, vma_find(m, hva), &leaf, t->range.alone))
			host_set_leaf(m, hva, 1,
				      (leaf.entry & keep) | PTE_PROTNONE);
		at = hva + level_pages(leaf.level) * PAGE_SIZE;
	}
	return STEP_NEXT;
}

static enum step_result numa_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(&current_mm(m)->mmap_lock);
	return STEP_DONE;
}

#define NUMA	"task_numa_work > change_prot_numa > change_protection"

const struct step path_numa[] = {
	STEP(numa_lock, .chain = "task_numa_work > mmap_read_trylock"),
	STEP(numa_begin, .calls = PATH_NOTIFY_START, .chain = NUMA),
	STEP(numa_change, .when = scans, .chain = NUMA " > change_pte_range"),
	STEP_AS(numa_end, enter_path_and_go_back, .when = scans, .calls = PATH_NOTIFY_END,
		.to = "numa_begin", .chain = NUMA),
	STEP(numa_unlock),
	{ 0 }
};

/* ---- do_numa_page(): a step of the fault ---- */

/* pte_protnone(), in a VMA that may be accessed */
bool fault_is_numa(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = host_leaf((struct machine *)m, t->host.hva);
	const struct vma *vma = vma_find((struct machine *)m, t->host.hva);

	return !t->host.error && vma && vma->kind != VMA_HUGETLB && leaf.present &&
	       leaf.level == 1 && !leaf_is_accessible(&leaf) &&
	       (vma->flags & (VM_READ | VM_WRITE | VM_EXEC));
}

/* numa_rebuild_single_mapping(): W if it was; since 6.2 if it may: can_change_pte_writable() */
static void rebuild_mapping(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf)
{
	u64 keep = PT_ADDR_MASK | PTE_DIRTY | PTE_SOFT_CLEAN | PTE_UFFD_WP;
	u64 entry = (leaf->entry & keep) | (vma_prot_bits(vma) & ~keep) | PTE_ACCESSED;

	if (m->sem->traits.numa_keeps_write ? !!(leaf->entry & PTE_WRITE) :
					      may_regain_write(m, vma, leaf))
		entry |= PTE_WRITE;
	host_set_leaf(m, leaf->first << PAGE_SHIFT, 1, entry);
}

/* numa_rebuild_large_mapping(): of the folio what this VMA and this table have */
static void rebuild_folio(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);
	hva_t table = hva & ~(level_pages(2) * PAGE_SIZE - 1), end = table;
	hva_t first = hva - ((pfn - head) << PAGE_SHIFT);

	end += level_pages(2) * PAGE_SIZE;
	if (first + folio_pages(m, head) * PAGE_SIZE < end)
		end = first + folio_pages(m, head) * PAGE_SIZE;
	first = first > table ? first : table;
	for (hva = first > vma->start ? first : vma->start; hva < end && hva < vma->end;
	     hva += PAGE_SIZE) {
		struct pt_leaf leaf = host_leaf(m, hva);

		if (leaf.present && leaf.level == 1 && !leaf_is_accessible(&leaf) &&
		    page_head(m, pt_pfn(leaf.entry)) == head)
			rebuild_mapping(m, vma, &leaf);
	}
}

/* Who faults tries again. */
enum step_result numa_fault(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = host_leaf(m, t->host.hva);
	const struct vma *vma = vma_find(m, t->host.hva);
	pfn_t pfn = pt_pfn(leaf.entry);

	if (m->sem->traits.numa_rebuilds_folio && folio_pages(m, page_head(m, pfn)) > 1)
		rebuild_folio(m, vma, t->host.hva, pfn);
	else
		rebuild_mapping(m, vma, &leaf);
	return STEP_DONE;
}
