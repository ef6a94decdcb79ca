/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_dax.c: a fault in a mapping of a file whose blocks are device memory.
 *
 * Linux: fs/dax.c:dax_iomap_pmd_fault(), dax_iomap_pte_fault(), dax_insert_entry(),
 * grab_mapping_entry(), mm/memory.c:insert_pfn(), mm/huge_memory.c:insert_pfn_pmd(), 5.12 to 6.12:
 * blocks are mapped by devmap entries that hold no reference, and an idle page's count is 1.
 * A block that was never written is read as the (huge) zero page, and mapped anew when it is
 * written. SIMPLIFIED: since 6.15 blocks are ordinary folios; here they are not. Blocks lie one
 * after the other, as aligned as the file.
 */
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/thp.h"

static struct vma *dax_vma(const struct machine *m, const struct task *t)
{
	struct vma *vma = t->host.error ? NULL : vma_find((struct machine *)m, t->host.hva);

	return vma && vma_is_dax(vma) ? vma : NULL;
}

bool dax_fault_wanted(const struct machine *m, const struct task *t)
{
	const struct vma *vma = dax_vma(m, t);
	struct pt_leaf leaf = host_leaf((struct machine *)m, t->host.hva);

	if (!vma)
		return false;
	return !leaf.present || ((vma->flags & VM_SHARED) && t->host.write &&
				 !(leaf.entry & PTE_WRITE));
}

/* iomap: an extent is written, or it is not. */
static bool is_one_extent(struct machine *m, unsigned file, u64 index)
{
	u64 written = dax_block(m, file, index) & DAX_WRITTEN;

	for (u64 i = 1; i < level_pages(2); i++)
		if ((dax_block(m, file, index + i) & DAX_WRITTEN) != written)
			return false;
	return true;
}

/* dax_fault_check_fallback(), dax_iomap_pmd_fault(): may the 2M around it be mapped at once? */
static bool maps_pmd(struct machine *m, const struct vma *vma, const struct host_fault *f)
{
	u64 index = vma_page_index(vma, f->hva), colour = level_pages(2) - 1;
	hva_t start = f->hva & HPAGE_MASK;

	if (host_has_table(m, f->hva) || (f->write && !(vma->flags & VM_SHARED)))
		return false;
	if (start < vma->start || start + HPAGE_SIZE > vma->end)
		return false;
	return (index & colour) == ((f->hva >> PAGE_SHIFT) & colour) &&
	       (index | colour) < file_nr_pages(m, vma->object) &&
	       is_one_extent(m, vma->object, index & ~colour);
}

/* What the fault is about: one page, or 2M; in pages of the file. */
static u64 fault_index(struct machine *m, const struct task *t, u64 *pages)
{
	const struct vma *vma = dax_vma(m, t);
	u64 index = vma_page_index(vma, t->host.hva);

	*pages = t->host.level == 2 ? level_pages(2) : 1;
	(void)m;
	return index & ~(*pages - 1);
}

static bool was_hole(struct machine *m, unsigned file, u64 index, u64 pages)
{
	for (u64 i = 0; i < pages; i++)
		if (dax_block(m, file, index + i) & DAX_HOLE)
			return true;
	return false;
}

/* SIMPLIFIED: one lock for what a PMD could map, and not one for each entry. */
static void lock_entry(struct machine *m, unsigned file, u64 index, bool is_locked)
{
	u64 at = index & ~(level_pages(2) - 1);
	u64 block = dax_block(m, file, at) & ~(u64)DAX_LOCKED;

	dax_set_block(m, file, at, block | (is_locked ? DAX_LOCKED : 0));
}

static bool entry_is_locked(struct machine *m, unsigned file, u64 index)
{
	return dax_block(m, file, index & ~(level_pages(2) - 1)) & DAX_LOCKED;
}

/*
 * grab_mapping_entry(); dax_insert_entry(): a block takes the place of the zero page, which others
 * may have mapped.
 */
static enum step_result dax_begin(struct machine *m, struct task *t)
{
	const struct vma *vma = dax_vma(m, t);
	u64 index, pages;

	if (entry_is_locked(m, vma->object, vma_page_index(vma, t->host.hva)))
		return STEP_BLOCKED;
	if (!lock_try_read(m, &m->w->file[vma->object].invalidate_lock))
		return STEP_BLOCKED;
	t->host.level = maps_pmd(m, vma, &t->host) ? 2 : 1;
	index = fault_index(m, t, &pages);
	if (index >= file_nr_pages(m, vma->object)) {
		t->host.error = t->host.sigbus = true;
		lock_release_read(m, &m->w->file[vma->object].invalidate_lock);
		return STEP_DONE;
	}
	lock_entry(m, vma->object, index, true);
	if (!t->host.write || !(vma->flags & VM_SHARED) ||
	    !was_hole(m, vma->object, index, pages))
		return STEP_NEXT;
	t->range = (struct range_op){ .kind = RANGE_ZAP, .split = 2, .backing = VMA_FILE,
				      .object = vma->object, .index = index, .pages = pages,
				      .keeps_cows = true };
	return STEP_CALL;
}

static bool in_dax_vma(const struct machine *m, const struct task *t)
{
	return dax_vma(m, t);
}

/* dax_pmd_load_hole(), dax_load_hole() */
static void map_hole(struct machine *m, const struct task *t, const struct vma *vma, u64 index)
{
	u64 bits = vma_prot_bits(vma) & ~PTE_WRITE;

	dax_set_block(m, vma->object, index, dax_block(m, vma->object, index) | DAX_HOLE);
	if (t->host.level == 2)
		host_set_leaf(m, t->host.hva & HPAGE_MASK, 2,
			      thp_huge_zero(m) << PAGE_SHIFT | bits | PTE_HUGE);
	else
		host_set_leaf(m, t->host.hva, 1,
			      m->w->config.zero_pfn << PAGE_SHIFT | bits | PTE_SPECIAL);
}

/* dax_fault_cow_page() */
static void copy_block(struct machine *m, struct task *t, struct vma *vma, u64 index)
{
	pfn_t copy;

	vma_prepare_anon(m, vma);
	copy = anon_alloc(m, t->host.hva);
	if (dax_block(m, vma->object, index) & DAX_WRITTEN)
		page_copy(m, copy, dax_pfn(m, vma->object, index));
	vma_add_lru(m, vma, copy);
	host_set_leaf(m, t->host.hva, 1, anon_entry(vma, copy, true));
}

/* vmf_insert_pfn_pmd(), vmf_insert_mixed_mkwrite() */
static void map_block(struct machine *m, const struct task *t, const struct vma *vma, u64 index)
{
	u64 bits = vma_prot_bits(vma) | PTE_DEVMAP;

	if (t->host.write)
		bits |= PTE_WRITE | PTE_DIRTY;
	if (t->host.level == 2)
		host_set_leaf(m, t->host.hva & HPAGE_MASK, 2,
			      dax_pfn(m, vma->object, index) << PAGE_SHIFT | bits | PTE_HUGE);
	else
		host_set_leaf(m, t->host.hva, 1,
			      dax_pfn(m, vma->object, index) << PAGE_SHIFT | bits | PTE_SPECIAL);
}

/* insert_pfn(), insert_pmd(), finish_fault(): what somebody else has mapped meanwhile stays. */
static bool is_mapped_already(struct machine *m, const struct task *t, const struct vma *vma)
{
	return !(t->host.write && (vma->flags & VM_SHARED)) && host_leaf(m, t->host.hva).present;
}

static enum step_result dax_insert(struct machine *m, struct task *t)
{
	struct vma *vma = dax_vma(m, t);
	u64 pages, index = fault_index(m, t, &pages);

	lock_entry(m, vma->object, index, false);
	lock_release_read(m, &m->w->file[vma->object].invalidate_lock);
	if (is_mapped_already(m, t, vma))
		return STEP_DONE;
	if (t->host.write && !(vma->flags & VM_SHARED)) {
		copy_block(m, t, vma, index);
		return STEP_DONE;
	}
	for (u64 i = 0; t->host.write && i < pages; i++)
		dax_write_block(m, vma->object, index + i);
	if (dax_block(m, vma->object, index) & DAX_WRITTEN)
		map_block(m, t, vma, index);
	else
		map_hole(m, t, vma, index);
	return STEP_DONE;
}

const struct step path_dax_fault[] = {
	STEP(dax_begin, .calls = PATH_UNMAP, .when = in_dax_vma,
	     .chain = "ext4_dax_huge_fault > dax_iomap_fault"),
	STEP(dax_insert, .when = in_dax_vma, .chain = "dax_iomap_fault > dax_fault_iter"),
	{ 0 }
};
