/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_thp.c: transparent huge pages: faults, write protection, and what splits a PMD.
 *
 * Linux: mm/huge_memory.c:do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page(),
 * __split_huge_pmd(); 5.12 to 7.2. Anonymous memory; a page of 2M is always to be had, and
 * stays one page when its PMD is split.
 */
#include "model/thp.h"
#include "model/uffd.h"

#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path_file.h"
#include "model/semantics.h"

bool thp_is_allowed(struct machine *m, const struct vma *vma, hva_t hva)
{
	hva_t start = hva & HPAGE_MASK;

	if (vma->kind != VMA_ANON || (vma->flags & VM_NOHUGEPAGE))
		return false;
	if (m->w->config.thp == THP_NEVER ||
	    (m->w->config.thp == THP_MADVISE && !(vma->flags & VM_HUGEPAGE)))
		return false;
	return start >= vma->start && start + HPAGE_SIZE <= vma->end;
}

void notify_around(struct task *t, hva_t hva, u64 size)
{
	t->notify = (struct notify){ .start = hva & ~(size - 1), .event = NOTIFY_CLEAR,
				     .end = (hva & ~(size - 1)) + size };
}

void thp_notify(struct task *t, hva_t hva)
{
	notify_around(t, hva, HPAGE_SIZE);
}

/* zap_pud_range(), change_pud_range(): a part of a driver's 1G */
static bool pud_is_cut(struct machine *m, hva_t boundary)
{
	struct pt_leaf leaf = host_leaf(m, boundary);

	return leaf.present && leaf.level == 3 && leaf.first << PAGE_SHIFT != boundary;
}

bool pmd_is_cut(struct machine *m, hva_t boundary)
{
	struct pt_leaf leaf = host_leaf(m, boundary);

	return (boundary & ~HPAGE_MASK) && (leaf.present || leaf.swap) && leaf.level == 2;
}

/* __split_huge_zero_page_pmd() */
static void split_zero(struct machine *m, const struct vma *vma, hva_t start, u64 pmd)
{
	u64 entry = m->w->config.zero_pfn << PAGE_SHIFT | (vma_prot_bits(vma) & ~PTE_WRITE) |
		    PTE_SPECIAL | (pmd & PTE_UFFD_WP);

	for (u64 i = 0; i < level_pages(2); i++)
		host_set_leaf(m, start + i * PAGE_SIZE, 1, entry);
}

/* compound_mapcount: PMDs that map the folio, which is what PTEs do not account for */
s32 thp_pmd_mappings(struct machine *m, pfn_t head)
{
	s32 twice = page_is(m, head, PG_DOUBLE_MAP);
	s32 left = page_of(m, head)->held[HOLD_PTE];

	for (u64 i = 0; i < level_pages(2); i++)
		left -= page_of(m, head + i)->mapcount - twice;
	return left;
}

static void double_map(struct machine *m, pfn_t head, bool is)
{
	page_of(m, head)->flags ^= PG_DOUBLE_MAP;
	for (u64 i = 0; i < level_pages(2); i++)
		page_of(m, head + i)->mapcount += is ? 1 : -1;
}

void thp_pmd_gone(struct machine *m, pfn_t head, bool split)
{
	bool was = page_is(m, head, PG_DOUBLE_MAP);

	if (!m->sem->traits.double_map || !page_is(m, head, PG_HEAD | PG_ANON))
		return;
	if (was ? !thp_pmd_mappings(m, head) : split && thp_pmd_mappings(m, head))
		double_map(m, head, !was);
}

/* __split_huge_pmd_locked(): a NUMA hint is not passed on, nor is any other lack of access. */
static u64 accessible_again(const struct vma *vma, u64 entry)
{
	u64 keep = PT_ADDR_MASK | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_SAVED_DIRTY |
		   PTE_SOFT_CLEAN | PTE_UFFD_WP;

	if ((entry & PTE_PRESENT) || !vma)
		return entry;
	return (entry & keep) | (vma_prot_bits(vma) & ~keep);
}

/* The mapping's one reference becomes 512; PageAnonExclusive goes to each page, D since 6.2. */
static void split_anon(struct machine *m, const struct vma *vma, hva_t start, u64 pmd)
{
	u64 lost = PTE_HUGE | (m->sem->traits.split_keeps_dirty ? 0 : PTE_DIRTY);
	u64 entry = accessible_again(vma, pmd & ~lost);
	pfn_t pfn = pt_pfn(pmd);
	u32 exclusive = page_of(m, pfn)->flags & PG_EXCLUSIVE;

	if (entry & (PTE_DIRTY | PTE_SAVED_DIRTY))	/* pte_mkdirty() */
		entry &= ~PTE_SOFT_CLEAN;
	if (pmd & PTE_DIRTY)
		page_set_dirty(m, pfn);
	page_add_held(m, pfn, HOLD_PTE, level_pages(2) - 1);
	for (u64 i = 0; i < level_pages(2); i++) {
		struct page *page = page_of(m, pfn + i);

		page->flags = (page->flags & ~(u32)PG_EXCLUSIVE) | exclusive;
		host_set_leaf(m, start + i * PAGE_SIZE, 1, entry + i * PAGE_SIZE);
	}
	thp_pmd_gone(m, pfn, true);
}

/* Of a folio on its way: as many migration entries */
static void split_migration(struct machine *m, hva_t start, u64 pmd)
{
	pfn_t pfn = pt_pfn(pmd);

	host_set_leaf(m, start, 2, 0);
	for (u64 i = 0; i < level_pages(2); i++) {
		page_of(m, pfn + i)->flags |= page_of(m, pfn)->flags & PG_EXCLUSIVE;
		host_set_leaf(m, start + i * PAGE_SIZE, 1,
			      (pmd & ~PTE_HUGE) + i * PAGE_SIZE);
	}
}

/* With .freeze: no PTE maps it, and one reference is enough. */
void pmd_split_frozen(struct machine *m, hva_t hva, pfn_t head)
{
	hva_t start = hva & HPAGE_MASK;
	struct pt_leaf leaf = host_leaf(m, start);
	u64 keeps = leaf.entry & (PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_UFFD_WP);

	if (!leaf.present || leaf.level != 2 || pt_pfn(leaf.entry) != head)
		return;
	if (leaf.entry & PTE_DIRTY)
		page_set_dirty(m, head);
	if (page_is(m, head, PG_EXCLUSIVE))
		keeps |= PTE_SWP_EXCLUSIVE;
	host_set_leaf(m, start, 2, 0);
	for (u64 i = 0; i < level_pages(2); i++) {
		page_of(m, head + i)->flags &= ~(u32)PG_EXCLUSIVE;
		host_set_leaf(m, start + i * PAGE_SIZE, 1,
			      PTE_MIGRATION | (head + i) << PAGE_SHIFT | keeps);
	}
	page_put(m, head, HOLD_PTE);
	thp_pmd_gone(m, head, true);
}

bool thp_is_in_part(struct machine *m, pfn_t head)
{
	bool is_mapped = false, is_missing = false;

	if (!page_is(m, head, PG_HEAD | PG_ANON) || page_is(m, head, PG_HUGETLB))
		return false;
	if (page_of(m, head)->partial)
		return true;
	for (u64 i = 0; i < folio_pages(m, head); i++) {
		is_mapped |= page_of(m, head + i)->mapcount > 0;
		is_missing |= page_of(m, head + i)->mapcount == 0;
	}
	return is_mapped && is_missing && !thp_pmd_mappings(m, head);
}

void pmd_split(struct machine *m, hva_t hva)
{
	hva_t start = hva & HPAGE_MASK;
	struct pt_leaf leaf = host_leaf(m, start);
	const struct vma *vma = vma_find(m, hva);

	if (leaf.level == 2 && leaf.swap)
		split_migration(m, start, leaf.swap);
	if (leaf.present && leaf.level == 3)	/* __split_huge_pud_locked(): it just goes */
		host_set_leaf(m, start, 3, 0);
	if (!leaf.present || leaf.level != 2)
		return;
	if (vma && ((vma->kind == VMA_FILE && !vma_is_dax(vma)) ||
		    (vma->kind == VMA_DEVICE && leaf_is_normal(&leaf)))) {
		file_pmd_drop(m, start, leaf.entry);
		return;
	}
	host_set_leaf(m, start, 2, 0);
	if (pt_pfn(leaf.entry) == m->w->huge_zero)
		split_zero(m, vma, start, leaf.entry);
	else if (page_is(m, pt_pfn(leaf.entry), PG_ANON))
		split_anon(m, vma, start, leaf.entry);
}

/* ---- zap_pmd_range(), where it covers a part of a huge page ---- */

static hva_t cut_of(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct range_op *op = &t->range;

	for (unsigned i = 0; i < 2; i++) {
		hva_t boundary = i ? op->piece_end : op->piece_start;

		if (pmd_is_cut(machine, boundary) || pud_is_cut(machine, boundary))
			return boundary;
	}
	return 0;
}

bool piece_cuts_pmd(const struct machine *m, const struct task *t)
{
	return t->range.piece_end && cut_of(m, t);
}

/* rwsem_assert_held_nolockdep(): by whomever */
static bool mmap_is_unlocked(const struct machine *m)
{
	const struct lock *lock = &current_mm(m)->mmap_lock;

	return !lock->readers && !lock->writer;
}

/* SIMPLIFIED: both ends are split before anything is zapped. */
enum step_result begin_cut(struct machine *m, struct task *t)
{
	hva_t cut = cut_of(m, t);

	t->outer = t->notify;
	t->range.split |= 4;
	notify_around(t, cut, level_pages(host_leaf(m, cut).level) * PAGE_SIZE);
	if (m->sem->traits.split_pud_asserts && host_leaf(m, cut).level == 3 &&
	    mmap_is_unlocked(m))
		raise_alarm(m, ALARM_WARN, SPLAT_MMAP_UNLOCKED, BLAME_MM);
	return STEP_CALL;
}

bool cut_is_open(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->range.split & 4;
}

enum step_result cut_pmd(struct machine *m, struct task *t)
{
	pmd_split(m, t->notify.start);
	return STEP_CALL;
}

enum step_result end_cut(struct machine *m, struct task *t)
{
	(void)m;
	t->notify = t->outer;
	t->range.split &= 3;
	return STEP_BACK;
}

/* ---- handle_mm_fault() ---- */

static struct pt_leaf leaf_of(const struct machine *m, const struct task *t)
{
	return host_leaf((struct machine *)m, t->host.hva);
}

/* pmd_none(), and a VMA that may have 2M here */
static bool huge_missing(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	const struct vma *vma = t->host.error ? NULL : vma_find(machine, t->host.hva);
	struct pt_leaf leaf = leaf_of(m, t);

	return vma && !leaf.present && leaf.level != 1 && !(vma->flags & VM_UFFD_MISSING) &&
	       thp_is_allowed(machine, vma, t->host.hva);
}

bool huge_missing_read(const struct machine *m, const struct task *t)
{
	return !t->host.write && huge_missing(m, t);
}

bool huge_missing_write(const struct machine *m, const struct task *t)
{
	return t->host.write && !t->host.cow && huge_missing(m, t);
}

/* mm_get_huge_zero_folio(): one for all, which no mapping has a reference to */
pfn_t thp_huge_zero(struct machine *m)
{
	if (!m->w->huge_zero) {
		m->w->huge_zero = alloc_frame(m, HPAGE_ORDER, ANY_PLACE);
		pages_init(m, ALLOC_COMPOUND, m->w->huge_zero, HPAGE_ORDER, OWNER_KERNEL);
	}
	return m->w->huge_zero;
}

static u64 huge_bits(const struct vma *vma)
{
	return (vma_prot_bits(vma) & ~PTE_WRITE) | PTE_HUGE;
}

/* set_huge_zero_folio(); since 6.18 its PMD is special */
enum step_result map_huge_zero_page(struct machine *m, struct task *t)
{
	struct vma *vma = vma_find(m, t->host.hva);
	u64 special = m->sem->traits.huge_zero_special ? PTE_SPECIAL : 0;

	vma_prepare_anon(m, vma);
	host_set_leaf(m, t->host.hva & HPAGE_MASK, 2,
		      thp_huge_zero(m) << PAGE_SHIFT | huge_bits(vma) | special);
	return STEP_NEXT;
}

pfn_t thp_alloc(struct machine *m, hva_t hva)
{
	pfn_t pfn = alloc_frame(m, HPAGE_ORDER, place_of_user(m, hva & HPAGE_MASK));

	pages_init(m, ALLOC_COMPOUND, pfn, HPAGE_ORDER, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, HOLD_PTE);
	for (u64 i = 0; i < level_pages(2); i++)
		page_of(m, pfn + i)->flags |= PG_ANON | PG_EXCLUSIVE;
	return pfn;
}

static s32 mapped_in(struct machine *m, const struct vma *vma, pfn_t head)
{
	struct pt_leaf leaf = host_next_leaf(m, vma->start, vma->end);
	s32 mapped = 0;

	for (; leaf.present; leaf = host_next_leaf(m, (leaf.first + level_pages(leaf.level)) <<
						   PAGE_SHIFT, vma->end))
		mapped += leaf.level == 1 && page_head(m, pt_pfn(leaf.entry)) == head;
	return mapped;
}

/* __wp_can_reuse_large_anon_folio(): mremap() may have put its parts anywhere in this mm. */
bool thp_is_own(struct machine *m, pfn_t head)
{
	const struct vma *vma = vma_find_from(m, 0);
	s32 mapped = 0;

	if (page_count(m, head) != page_of(m, head)->held[HOLD_PTE])
		return false;
	for (; vma; vma = vma_find_from(m, vma->end))
		if (vma->kind == VMA_ANON)
			mapped += mapped_in(m, vma, head);
	return mapped > 1 && mapped == page_count(m, head);
}

void thp_set(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	u64 write = vma->flags & VM_WRITE ? PTE_WRITE : 0;

	host_set_leaf(m, hva & HPAGE_MASK, 2,
		      pfn << PAGE_SHIFT | huge_bits(vma) | write | PTE_DIRTY);
}

void thp_map(struct machine *m, const struct vma *vma, hva_t hva, pfn_t pfn)
{
	thp_set(m, vma, hva, pfn);
	page_add_lru(m, pfn);
}

/* __do_huge_pmd_anonymous_page() */
enum step_result map_huge_page(struct machine *m, struct task *t)
{
	struct vma *vma = vma_find(m, t->host.hva);

	vma_prepare_anon(m, vma);
	thp_map(m, vma, t->host.hva, thp_alloc(m, t->host.hva));
	return STEP_NEXT;
}

static bool write_hits_pmd(const struct machine *m, const struct task *t)
{
	const struct vma *vma = t->host.error ? NULL :
				vma_find((struct machine *)m, t->host.hva);
	struct pt_leaf leaf = leaf_of(m, t);

	return vma && (vma->kind == VMA_ANON || (vma->kind == VMA_FILE && !vma_is_dax(vma))) &&
	       t->host.write && leaf.present && leaf.level == 2 && !(leaf.entry & PTE_WRITE);
}

/* do_huge_pmd_wp_page(): exclusive, or nobody else has a reference */
bool huge_reusable(const struct machine *m, const struct task *t)
{
	struct machine *machine = (struct machine *)m;
	struct pt_leaf leaf = leaf_of(m, t);
	pfn_t pfn = pt_pfn(leaf.entry);

	return write_hits_pmd(m, t) && page_is(machine, pfn, PG_ANON) &&
	       (t->host.unshare || !is_async_wp(m, vma_find(machine, t->host.hva), &leaf)) &&
	       (page_is(machine, pfn, PG_EXCLUSIVE) || page_count(machine, pfn) == 1);
}

enum step_result reuse_huge_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);

	page_of(m, pt_pfn(leaf.entry))->flags |= PG_EXCLUSIVE;
	if (!t->host.unshare)
		host_set_leaf(m, t->host.hva & HPAGE_MASK, 2, pte_reused(leaf.entry));
	return STEP_NEXT;
}

bool huge_write_protected(const struct machine *m, const struct task *t)
{
	return write_hits_pmd(m, t) && !huge_reusable(m, t);
}

/*
 * The fallback, and wp_huge_pmd() of a file, split; do_huge_zero_wp_pmd() (6.13) has a new page
 * ready instead.
 */
enum step_result begin_huge_wp(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);

	t->host.huge = true;
	if (m->sem->traits.huge_zero_wp && pt_pfn(leaf.entry) == m->w->huge_zero &&
	    !is_async_wp(m, vma_find(m, t->host.hva), &leaf))
		t->host.page = thp_alloc(m, t->host.hva);
	thp_notify(t, t->host.hva);
	return STEP_CALL;
}

bool huge_wp_open(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.huge == 1;
}

/* Under the PMD's lock: is it still the same? Then the new page, or the split. */
enum step_result change_huge_pmd(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = leaf_of(m, t);
	const struct vma *vma = vma_find(m, t->host.hva);
	bool zero = leaf.present && pt_pfn(leaf.entry) == m->w->huge_zero;

	if (t->host.page == NO_PFN) {
		pmd_split(m, t->host.hva);
	} else if (vma && zero) {
		thp_map(m, vma, t->host.hva, t->host.page);
	} else {
		page_hand_over(m, t->host.page, HOLD_PTE, HOLD_MM);
		page_put(m, t->host.page, HOLD_MM);
	}
	t->host.page = NO_PFN;
	return STEP_NEXT;
}

enum step_result end_huge_wp(struct machine *m, struct task *t)
{
	(void)m;
	t->host.huge = false;
	return STEP_CALL;
}
