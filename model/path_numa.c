/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_numa.c: NUMA balancing takes a page away to see who touches it, and the fault gives it back.
 *
 * Linux: kernel/sched/fair.c:task_numa_work(), mm/mempolicy.c:change_prot_numa(), mm/mprotect.c:
 * change_pte_range(), mm/memory.c:do_numa_page(); 5.12 to 7.2. KVM hears of it as of mprotect().
 * Its GUP never follows such a PTE (FOLL_NUMA, since 6.6 FOLL_HONOR_NUMA_FAULT; the fast one finds
 * no PTE_PRESENT): the slow one faults, and the PTE is what it was, but for W since 6.2.
 * SIMPLIFIED: what is scanned, and when, is the caller's choice; whoever faults runs on the node
 * that is not remote, which has room, and what he finds elsewhere moves there at the first fault.
 */
#include "model/host_rmap.h"
#include "model/machine.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

static bool is_pmd(struct machine *m, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(m, hva);

	return leaf.present && leaf.level == 2;
}

/* task_numa_work() begins and ends where a PMD does: a huge page is in its range as a whole. */
static enum step_result numa_lock(struct machine *m, struct task *t)
{
	if (!lock_try_read(m, &current_mm(m)->mmap_lock))
		return STEP_BLOCKED;
	if (is_pmd(m, t->range.start))
		t->range.start &= HPAGE_MASK;
	if (is_pmd(m, t->range.end - 1))
		t->range.end = (t->range.end + HPAGE_SIZE - 1) & HPAGE_MASK;
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

/* change_huge_pmd(); folio_can_map_prot_numa() of 7.2 is asked of a PMD, too */
static bool is_hinted_pmd(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf,
			  bool alone)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	if (!leaf_is_accessible(leaf) || !leaf_is_counted(m, leaf))
		return false;
	if (!m->sem->traits.numa_asks_pmds)
		return true;
	if (page_is(m, pfn, PG_ZONE_DEVICE) || page_maybe_pinned(m, pfn))
		return false;
	return (vma->flags & VM_SHARED) || (!page_is_shared(m, pfn) &&
		(!alone || m->sem->traits.vm_shares_mm || page_is(m, pfn, PG_REMOTE)));
}

/* Not what KSM has merged, or others share, or have pinned: they cannot be moved. */
static bool is_hinted(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf,
		      bool alone)
{
	pfn_t pfn = pt_pfn(leaf->entry);
	s32 count = page_count(m, pfn);

	if (!leaf_is_accessible(leaf) || !leaf_is_normal(leaf) ||
	    page_is(m, pfn, PG_ZONE_DEVICE) || page_is(m, pfn, PG_KSM))
		return false;
	if (!page_is(m, pfn, PG_ANON) && page_is(m, pfn, PG_DIRTY) && vma->mode != FILE_SHMEM)
		return false;
	if (vma->flags & VM_SHARED)
		return !m->sem->traits.numa_skips_pinned || !page_maybe_pinned(m, pfn);
	if (alone && !m->sem->traits.vm_shares_mm && !page_is(m, pfn, PG_REMOTE))
		return false;		/* where it should be: numa_node_id() */
	return m->sem->traits.numa_skips_held ? count == 1 : !page_is_shared(m, pfn) &&
							      !page_maybe_pinned(m, pfn);
}

/* pte_modify(PAGE_NONE); pte_mk_savedwrite() until 6.1; pmd_modify() may lose D */
static u64 hinted_entry(const struct machine *m, const struct pt_leaf *leaf)
{
	u64 keep = PT_ADDR_MASK | PTE_HUGE | PTE_ACCESSED | PTE_DIRTY | PTE_SOFT_CLEAN |
		   PTE_UFFD_WP | (m->sem->traits.numa_keeps_write ? PTE_WRITE : 0);

	if (leaf->level == 2 && m->sem->traits.protect_pmd_cleans && (leaf->entry & PTE_WRITE))
		keep &= ~PTE_DIRTY;
	return (leaf->entry & keep) | PTE_PROTNONE;
}

static enum step_result numa_change(struct machine *m, struct task *t)
{
	for (hva_t at = t->notify.start; at < t->notify.end; ) {
		struct pt_leaf leaf = host_next_leaf(m, at, t->notify.end);
		hva_t hva = leaf.first << PAGE_SHIFT;
		const struct vma *vma = vma_find(m, hva);

		if (!leaf.present)
			break;
		if (leaf.level == 1 ? is_hinted(m, vma, &leaf, t->range.alone) :
				      is_hinted_pmd(m, vma, &leaf, t->range.alone))
			host_set_leaf(m, hva, leaf.level, hinted_entry(m, &leaf));
		at = hva + level_pages(leaf.level) * PAGE_SIZE;
	}
	return STEP_NEXT;
}

static enum step_result numa_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &current_mm(m)->mmap_lock);
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

/* ---- do_numa_page(), do_huge_pmd_numa_page(): steps of the fault ---- */

/* pte_protnone(), in a VMA that may be accessed */
static bool is_numa_entry(const struct vma *vma, const struct pt_leaf *leaf)
{
	return vma && vma->kind != VMA_HUGETLB && leaf->present && leaf->level < 3 &&
	       !leaf_is_accessible(leaf) && (vma->flags & (VM_READ | VM_WRITE | VM_EXEC));
}

bool fault_is_numa(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = host_leaf((struct machine *)m, t->host.hva);
	const struct vma *vma = vma_find((struct machine *)m, t->host.hva);

	return t->host.misplaced || (!t->host.error && is_numa_entry(vma, &leaf));
}

/* Who moves pages, or splits them, has its list in t->pages, and none is left for another. */
static bool works_on_pages(const struct task *t)
{
	for (unsigned i = 0; i < t->depth; i++)
		if (t->frame[i].path == PATH_MIGRATE || t->frame[i].path == PATH_POISON)
			return true;
	return false;
}

/* mpol_misplaced(): not where the process runs. Of large folios: what the version can move. */
bool fault_is_misplaced(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	struct pt_leaf leaf = host_leaf(machine, t->host.hva);
	pfn_t head;

	if (t->host.misplaced || m->w->config.numa_stays || !fault_is_numa(m, t) ||
	    !leaf_is_counted(m, &leaf) || works_on_pages(t))
		return false;
	head = page_head(machine, pt_pfn(leaf.entry));
	if (!page_is(machine, head, PG_REMOTE) || page_is(machine, head, PG_ZONE_DEVICE))
		return false;
	if (leaf.level == 1 && page_is(machine, head, PG_HEAD))
		return m->sem->traits.numa_rebuilds_folio;
	return leaf.level == 1 || m->sem->traits.numa_moves_pmds || numa_moves_thp(machine, head);
}

/*
 * migrate_misplaced_folio_prepare(), numamigrate_isolate_page(); a file's page that is dirty, or
 * run by several, is where it is.
 */
static bool may_isolate(struct machine *m, const struct vma *vma, pfn_t pfn)
{
	pfn_t head = page_head(m, pfn);
	bool is_file = page_is(m, head, PG_CACHE) && vma->mode != FILE_SHMEM;

	if (is_file && (page_is(m, head, PG_DIRTY) ||
			((vma->flags & VM_EXEC) && page_is_shared(m, pfn))))
		return false;
	if (page_is(m, head, PG_HEAD) && !m->sem->traits.numa_moves_shared &&
	    page_of(m, head)->held[HOLD_PTE] != 1)
		return false;
	return page_is(m, head, PG_LRU) && !page_waits_for_lru(m, head);
}

/* What the process may have it on its own node for: one page in a list of its own */
enum step_result move_misplaced(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = host_leaf(m, t->host.hva);
	pfn_t head = page_head(m, pt_pfn(leaf.entry));
	bool isolates = may_isolate(m, vma_find(m, t->host.hva), pt_pfn(leaf.entry));

	if (leaf.level == 2 && !m->sem->traits.numa_moves_pmds) {
		t->host.misplaced = true;
		numa_move_thp(m, t->host.hva);
		return STEP_NEXT;
	}
	t->host.misplaced = isolates || !m->sem->traits.numa_rebuilds_folio;
	if (!isolates)
		return STEP_NEXT;
	page_isolate(m, head);
	t->pages = (struct page_op){ .kind = PAGES_MISPLACED, .nr = 1 };
	list_set(m, LIST_PAGES, 0, head);
	return STEP_CALL;
}

/* What was writable is; since 6.2 what could be made writable: can_change_pte_writable(). */
static u64 unhinted_entry(struct machine *m, const struct vma *vma, const struct pt_leaf *leaf,
			  bool stayed)
{
	u64 keep = PT_ADDR_MASK | PTE_HUGE | PTE_DIRTY | PTE_SOFT_CLEAN | PTE_UFFD_WP;
	u64 entry = (leaf->entry & keep) | (vma_prot_bits(vma) & ~keep) | PTE_ACCESSED;

	if (leaf->level == 2 && m->sem->traits.protect_pmd_cleans)
		entry &= ~PTE_DIRTY;
	if (m->sem->traits.numa_keeps_write ? !!(leaf->entry & PTE_WRITE) :
					      !stayed && may_regain_write(m, vma, leaf))
		entry |= PTE_WRITE;
	return entry;
}

/* numa_rebuild_large_mapping(): what the table has of the folio */
static void rebuild_folio(struct machine *m, const struct vma *vma, hva_t hva, bool stayed)
{
	struct pt_leaf leaf = host_leaf(m, hva);
	pfn_t head = page_head(m, pt_pfn(leaf.entry));
	hva_t end = (hva & HPAGE_MASK) + HPAGE_SIZE;

	for (hva_t at = hva & HPAGE_MASK; at < end; at += PAGE_SIZE) {
		leaf = host_leaf(m, at);
		if (at >= vma->start && at < vma->end && is_numa_entry(vma, &leaf) &&
		    page_head(m, pt_pfn(leaf.entry)) == head)
			host_set_leaf(m, at, 1, unhinted_entry(m, vma, &leaf, stayed));
	}
}

enum step_result numa_fault(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = host_leaf(m, t->host.hva);
	const struct vma *vma = vma_find(m, t->host.hva);
	bool stayed = t->host.misplaced;

	t->host.misplaced = false;
	if (!is_numa_entry(vma, &leaf))		/* it has moved */
		return STEP_DONE;
	if (leaf.level == 1 && m->sem->traits.numa_rebuilds_folio &&
	    page_is(m, page_head(m, pt_pfn(leaf.entry)), PG_HEAD))
		rebuild_folio(m, vma, t->host.hva, stayed);
	else
		host_set_leaf(m, leaf.first << PAGE_SHIFT, leaf.level,
			      unhinted_entry(m, vma, &leaf, stayed));
	return STEP_DONE;		/* who faults tries again */
}
