/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/host_mm.h"

#include "model/host_rmap.h"
#include "model/machine.h"
#include "model/semantics.h"

#define PTE_IN_USE	(PTE_PRESENT | PTE_PROTNONE)

#define PTE_AWAY	(PTE_HWPOISON | PTE_MIGRATION | PTE_SWAPPED | PTE_MARKER)

static const struct pt_format host_format = { .present = PTE_IN_USE, .huge = PTE_HUGE };
static const struct pt_format used_format = { .present = PTE_IN_USE | PTE_AWAY,
					      .huge = PTE_HUGE };

/* Drivers' arrays of pfns: contents of pages that no host frame has. */

struct vma *vma_find_from(struct machine *m, hva_t hva)
{
	struct host_mm *mm = current_mm(m);
	struct vma *best = NULL;

	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		struct vma *vma = &mm->vma[i];

		if (vma->used && vma->end > hva && (!best || vma->start < best->start))
			best = vma;
	}
	return best;
}

struct vma *vma_find(struct machine *m, hva_t hva)
{
	struct vma *vma = vma_find_from(m, hva);

	return vma && vma->start <= hva ? vma : NULL;
}

/* Others may move up: the order is all that is kept. */
static void leave_tree(struct host_mm *mm, const struct vma *vma)
{
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (mm->vma[i].used > vma->used)
			mm->vma[i].used--;
}

/* vma_interval_tree_insert(): after those that are there, where vm_pgoff is the same. */
static void enter_tree(struct host_mm *mm, struct vma *vma)
{
	unsigned used = 0;

	vma->used = 0;
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		used += !!mm->vma[i].used;
	vma->used = used + 1;
}

struct vma *vma_add(struct machine *m, const struct vma *vma)
{
	struct host_mm *mm = current_mm(m);
	unsigned i;

	for (i = 0; i < mm->nr_vmas && mm->vma[i].used; i++)
		;
	if (i == MAX_VMAS)
		return NULL;
	if (i == mm->nr_vmas)
		mm->nr_vmas++;
	mm->vma[i] = *vma;
	enter_tree(mm, &mm->vma[i]);
	return &mm->vma[i];
}

void vma_remove(struct machine *m, struct vma *vma)
{
	struct host_mm *mm = current_mm(m);

	leave_tree(mm, vma);
	*vma = (struct vma){ 0 };
	while (mm->nr_vmas && !mm->vma[mm->nr_vmas - 1].used)
		mm->nr_vmas--;
}

bool vma_split(struct machine *m, hva_t hva)
{
	struct vma *vma = vma_find(m, hva);
	struct vma high;

	if (!vma || vma->start == hva)
		return true;
	high = *vma;
	high.index += (hva - vma->start) >> PAGE_SHIFT;
	high.start = hva;
	if (!vma_add(m, &high))
		return false;
	vma->end = hva;
	leave_tree(current_mm(m), vma);
	enter_tree(current_mm(m), vma);
	return true;
}

/* VM_SPECIAL VMAs never merge: VM_IO, VM_PFNMAP, VM_MIXEDMAP (and VM_DONTEXPAND). */
static bool vma_continues(const struct vma *vma, const struct vma *next)
{
	u64 pages = (vma->end - vma->start) >> PAGE_SHIFT;

	return vma->used && next->used && vma->end == next->start &&
	       !((vma->flags ^ next->flags) & ~(u32)VM_SOFT_CLEAN) &&
	       vma->kind == next->kind && vma->object == next->object &&
	       vma->mode == next->mode && vma->index + pages == next->index &&
	       !(vma->flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_HUGETLB));
}

static struct vma *vma_before(struct machine *m, const struct vma *vma)
{
	return vma->start ? vma_find(m, vma->start - PAGE_SIZE) : NULL;
}

static u8 unused_anon(const struct machine *m)
{
	bool taken[MAX_MMS * MAX_VMAS + 1] = { true };
	u8 anon = 0;

	for (unsigned mm = 0; mm < MAX_MMS; mm++)
		for (unsigned i = 0; i < m->w->mm[mm].nr_vmas; i++)
			taken[m->w->mm[mm].vma[i].anon] = true;
	while (taken[anon])
		anon++;
	return anon;
}

/* find_mergeable_anon_vma(): what mprotect() can change does not matter. */
void vma_prepare_anon(struct machine *m, struct vma *vma)
{
	const struct vma *around[] = { vma_find(m, vma->end), vma_before(m, vma) };

	for (unsigned i = 0; i < ARRAY_SIZE(around) && !vma->anon; i++) {
		struct vma other;

		if (!around[i] || !around[i]->anon)
			continue;
		other = *around[i];
		other.flags &= ~(u32)(VM_READ | VM_WRITE | VM_EXEC);
		other.flags |= vma->flags & (VM_READ | VM_WRITE | VM_EXEC);
		if (i ? vma_continues(&other, vma) : vma_continues(vma, &other))
			vma->anon = other.anon;
	}
	if (!vma->anon)
		vma->anon = unused_anon(m);
}

/*
 * is_mergeable_anon_vma(): may @vma, with the anon_vma that it has, become a part of @target? To
 * 6.12 the target's list of anon_vmas must have one entry, so that one without any takes nobody
 * who has one.
 */
static bool anon_may_join(const struct machine *m, const struct vma *vma, const struct vma *target)
{
	if (vma->anon == target->anon || !vma->anon)
		return true;
	return !target->anon && m->sem->traits.unused_vma_takes_anon;
}

static void vma_join(struct machine *m, struct vma *vma, struct vma *next)
{
	vma->end = next->end;
	vma->anon |= next->anon;
	vma_remove(m, next);
}

/* Of a VMA that is new, or whose flags have changed: with what is before it, and behind it. */
void vma_merge(struct machine *m, struct vma *vma)
{
	struct vma *before = vma_before(m, vma), *next = vma_find(m, vma->end);
	bool left = before && vma_continues(before, vma) && anon_may_join(m, vma, before);
	bool right = next && vma_continues(vma, next) && anon_may_join(m, vma, next);

	if (left && right && before->anon && next->anon && before->anon != next->anon)
		right = false;
	if (right)
		vma_join(m, vma, next);
	if (left)
		vma_join(m, before, vma);
}

void vma_add_lru(struct machine *m, const struct vma *vma, pfn_t pfn)
{
	page_add_lru(m, pfn);
	if (vma->flags & VM_LOCKED)	/* mlock_new_folio() */
		page_of(m, pfn)->flags |= PG_MLOCKED;
}

bool vma_is_dax(const struct vma *vma)
{
	return vma->kind == VMA_FILE && vma->mode == FILE_DAX;
}

bool vma_has_mkwrite(const struct vma *vma)
{
	if (vma->kind == VMA_DEVICE)
		return vma->mode == MODE_MKWRITE || vma->mode == MODE_PFN_MKWRITE;
	return vma->kind == VMA_FILE && (vma->mode == FILE_DISK || vma->mode == FILE_DAX);
}

/*
 * Its filesystem or driver wants to hear of the first write to each page. Or there are soft
 * dirty bits to keep, or uffd-wp bits; a page that is mapped for reading has no W then.
 */
static bool vma_wants_writenotify(const struct vma *vma)
{
	if ((vma->flags & VM_SOFT_CLEAN) && vma->kind != VMA_HUGETLB)
		return true;
	if (vma->flags & VM_UFFD_WP)
		return true;
	return vma_has_mkwrite(vma);
}

u64 vma_prot_bits(const struct vma *vma)
{
	bool shared = vma->flags & VM_SHARED;
	u64 bits = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

	if (!(vma->flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return PTE_PROTNONE | PTE_ACCESSED;	/* PAGE_NONE */
	if (shared && (vma->flags & VM_WRITE) && !vma_wants_writenotify(vma))
		bits |= PTE_WRITE;
	if (!(vma->flags & VM_EXEC))
		bits |= PTE_NX;
	return bits;
}

u64 pte_reused(u64 entry)
{
	return (entry & ~PTE_SOFT_CLEAN) | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
}

pfn_t anon_alloc(struct machine *m, hva_t hva)
{
	pfn_t pfn = alloc_frame(m, 0, place_of_user(m, hva));

	pages_init(m, ALLOC_ORDER0, pfn, 0, OWNER_USER);
	page_hand_over(m, pfn, HOLD_OWNER, HOLD_PTE);
	page_of(m, pfn)->flags |= PG_ANON | PG_EXCLUSIVE;
	return pfn;
}

u64 anon_entry(const struct vma *vma, pfn_t pfn, bool write)
{
	u64 bits = vma_prot_bits(vma) & ~PTE_WRITE;

	return pfn << PAGE_SHIFT | bits | (write ? PTE_WRITE | PTE_DIRTY : 0);
}

struct pt_leaf host_leaf(struct machine *m, hva_t hva)
{
	struct pt_leaf leaf = { 0 };

	if (current_mm(m)->pgd != NO_PFN)
		leaf = pt_walk(m, &host_format, current_mm(m)->pgd, hva >> PAGE_SHIFT);
	leaf.swap = !leaf.present ? leaf.entry : 0;
	leaf.poisoned = !!(leaf.swap & PTE_HWPOISON);
	if (!leaf.present)
		leaf.entry = 0;
	return leaf;
}

struct pt_leaf host_next_leaf(struct machine *m, hva_t start, hva_t end)
{
	if (current_mm(m)->pgd == NO_PFN)
		return (struct pt_leaf){ 0 };
	return pt_next_leaf(m, &host_format, current_mm(m)->pgd, start >> PAGE_SHIFT,
			    end >> PAGE_SHIFT);
}

static struct pt_leaf used_leaf(struct pt_leaf leaf)
{
	if (leaf.present && !(leaf.entry & PTE_IN_USE)) {
		leaf.swap = leaf.entry;
		leaf.entry = 0;
		leaf.present = false;
	}
	return leaf;
}

struct pt_leaf host_next_used(struct machine *m, hva_t start, hva_t end)
{
	if (current_mm(m)->pgd == NO_PFN)
		return (struct pt_leaf){ 0 };
	return used_leaf(pt_next_leaf(m, &used_format, current_mm(m)->pgd, start >> PAGE_SHIFT,
				      end >> PAGE_SHIFT));
}

struct pt_leaf host_used_after(struct machine *m, const struct pt_leaf *leaf, hva_t end)
{
	struct pt_leaf next = pt_next_sibling(m, &used_format, leaf);

	if (next.present)
		return used_leaf(next);
	return host_next_used(m, (leaf->first + level_pages(leaf->level)) << PAGE_SHIFT, end);
}

bool host_has_table(struct machine *m, hva_t hva)
{
	return current_mm(m)->pgd != NO_PFN &&
	       pt_walk(m, &host_format, current_mm(m)->pgd, hva >> PAGE_SHIFT).level == 1;
}

bool host_has_pmds(struct machine *m, hva_t hva)
{
	unsigned level = host_leaf(m, hva).level;

	return level == 1 || level == 2;
}

pfn_t host_leaf_pfn(const struct pt_leaf *leaf, hva_t hva)
{
	return pt_pfn(leaf->entry) + ((hva >> PAGE_SHIFT) - leaf->first);
}

bool leaf_is_marker(const struct pt_leaf *leaf)
{
	return (leaf->swap & PTE_MARKER) && !(leaf->swap & PTE_HWPOISON);
}

bool leaf_is_poison_marker(const struct pt_leaf *leaf)
{
	return (leaf->swap & PTE_MARKER) && (leaf->swap & PTE_HWPOISON);
}

bool leaf_is_missing(const struct pt_leaf *leaf)
{
	return !leaf->present && (!leaf->swap || leaf_is_marker(leaf));
}

bool leaf_is_uffd_wp(const struct vma *vma, const struct pt_leaf *leaf)
{
	return (vma->flags & VM_UFFD_WP) && leaf->present && (leaf->entry & PTE_UFFD_WP);
}

bool leaf_is_accessible(const struct pt_leaf *leaf)
{
	return leaf->present && (leaf->entry & PTE_PRESENT);
}

bool leaf_is_normal(const struct pt_leaf *leaf)
{
	return leaf->present && !(leaf->entry & (PTE_SPECIAL | PTE_DEVMAP));
}

bool leaf_is_devmap(const struct pt_leaf *leaf)
{
	return leaf->present && (leaf->entry & PTE_DEVMAP);
}

bool leaf_is_counted(const struct machine *m, const struct pt_leaf *leaf)
{
	return leaf_is_normal(leaf) && pt_pfn(leaf->entry) != m->w->huge_zero;
}

/* page_add_file_rmap(): until 6.2 each page of a file, or driver, that a PMD maps counts it. */
static bool counts_each(struct machine *m, u64 entry, unsigned level)
{
	const struct page *page = page_of(m, pt_pfn(entry));
	bool is_file = (page->flags & PG_HEAD) && !(page->flags & (PG_ANON | PG_HUGETLB)) &&
		       pt_pfn(entry) != m->w->huge_zero;

	if (entry & PTE_SPECIAL)
		return false;
	return level == 1 || (level == 2 && m->sem->traits.file_pmd_counts && is_file);
}

static void count_leaf(struct machine *m, u64 entry, unsigned level, int delta)
{
	pfn_t pfn = pt_pfn(entry);

	if (!(entry & PTE_IN_USE))
		return;
	page_of(m, pfn)->ptes += delta;
	if (entry & PTE_DIRTY)
		page_of(m, pfn)->dirty_ptes += delta;
	for (u64 i = 0; counts_each(m, entry, level) && i < level_pages(level); i++)
		page_of(m, pfn + i)->mapcount += delta;
	page_touch(m, pfn);
}

/* The table of @level for @hva, with the tables above it made as pte_alloc() makes them. */
static pfn_t host_table(struct machine *m, hva_t hva, unsigned level)
{
	u64 number = hva >> PAGE_SHIFT;
	pfn_t table;

	if (current_mm(m)->pgd == NO_PFN)
		current_mm(m)->pgd = alloc_table(m, place_of_pgd(m));
	table = current_mm(m)->pgd;
	for (unsigned l = PT_LEVELS; l > level; l--) {
		u64 entry = pt_entry(m, table, number, l);

		assert(!(entry & PTE_HUGE));
		if (!(entry & PTE_PRESENT)) {
			struct frame_place place = place_of_table(m, l - 1, number);

			entry = alloc_table(m, place) << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE |
				PTE_USER | PTE_ACCESSED | PTE_DIRTY;
			pt_set_entry(m, table, number, l, entry);
		}
		table = pt_pfn(entry);
	}
	return table;
}

void host_set_leaf(struct machine *m, hva_t hva, unsigned level, u64 entry)
{
	pfn_t table = host_table(m, hva, level);
	u64 old = pt_entry(m, table, hva >> PAGE_SHIFT, level);

	assert(level == 1 || !(old & PTE_PRESENT) || (old & PTE_HUGE));
	count_leaf(m, old, level, -1);
	count_leaf(m, entry, level, 1);
	pt_set_entry(m, table, hva >> PAGE_SHIFT, level, entry);
	if (!m->mm)
		touch(m, OBJECT_HPTE, hva & PAGE_MASK);
}

void host_make_table(struct machine *m, hva_t hva)
{
	host_table(m, hva, 1);
}

pfn_t host_take_table(struct machine *m, hva_t hva)
{
	pfn_t pmd = host_table(m, hva, 2);
	u64 entry = pt_entry(m, pmd, hva >> PAGE_SHIFT, 2);

	assert((entry & PTE_PRESENT) && !(entry & PTE_HUGE));
	pt_set_entry(m, pmd, hva >> PAGE_SHIFT, 2, 0);
	if (!m->mm)
		touch(m, OBJECT_HPTE, hva & ~(level_pages(2) * PAGE_SIZE - 1));
	return pt_pfn(entry);
}

void host_put_table(struct machine *m, hva_t hva, pfn_t table)
{
	pfn_t pmd = host_table(m, hva, 2);

	assert(!pt_entry(m, pmd, hva >> PAGE_SHIFT, 2));
	pt_set_entry(m, pmd, hva >> PAGE_SHIFT, 2, table << PAGE_SHIFT | PTE_PRESENT |
		     PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY);
}

/* free_pmd_range(), where no VMA is left in the 1G */
static void free_pmd_tables(struct machine *m, hva_t start, hva_t end)
{
	u64 size = level_pages(3) * PAGE_SIZE;

	for (hva_t at = start & ~(size - 1); at < end; at += size) {
		const struct vma *vma = vma_find_from(m, at);
		u64 entry;

		if ((vma && vma->start < at + size) || !host_has_pmds(m, at))
			continue;
		entry = pt_entry(m, host_table(m, at, 3), at >> PAGE_SHIFT, 3);
		if (m->phys->next(m->phys, pt_pfn(entry), 0) < WORDS_PER_PAGE)
			continue;
		pt_set_entry(m, host_table(m, at, 3), at >> PAGE_SHIFT, 3, 0);
		free_table(m, pt_pfn(entry));
	}
}

void host_free_table(struct machine *m, hva_t hva)
{
	free_table(m, host_take_table(m, hva));
}

void host_free_tables(struct machine *m, hva_t start, hva_t end)
{
	u64 size = level_pages(2) * PAGE_SIZE;

	for (hva_t at = start & ~(size - 1); at < end; at += size) {
		const struct vma *vma = vma_find_from(m, at);

		if ((!vma || vma->start >= at + size) && host_has_table(m, at))
			host_free_table(m, at);
	}
	free_pmd_tables(m, start, end);
}

void host_free_all_tables(struct machine *m)
{
	pfn_t table[PT_LEVELS + 1] = { [PT_LEVELS] = current_mm(m)->pgd };
	unsigned next[PT_LEVELS + 1] = { 0 }, level = PT_LEVELS;

	while (current_mm(m)->pgd != NO_PFN) {
		unsigned i = level == 1 ? WORDS_PER_PAGE :
					  m->phys->next(m->phys, table[level], next[level]);

		if (i < WORDS_PER_PAGE) {
			next[level] = i + 1;
			table[level - 1] = pt_pfn(m->phys->load(m->phys, table[level], i));
			next[--level] = 0;
			continue;
		}
		free_table(m, table[level]);
		if (level++ == PT_LEVELS)
			current_mm(m)->pgd = NO_PFN;
	}
}
