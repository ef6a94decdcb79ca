/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_file_fault.c: a fault in a mapping of a file.
 *
 * Linux: mm/memory.c:do_read_fault(), do_cow_fault(), do_shared_fault(), wp_page_shared(),
 * mm/filemap.c:filemap_map_pages(), filemap_fault(), mm/shmem.c:shmem_fault(); 6.1 to 7.2.
 * From the look-up on the folio is locked, which is what keeps truncation off.
 * What becomes of the page tables is path_file_map.c's.
 * SIMPLIFIED: no read-ahead, no waiting for a hole that is being punched; what is neither
 * cached nor in swap is a hole; large folios are only those of a huge tmpfs.
 */
#include "model/gmem.h"
#include "model/machine.h"
#include "model/pagecache.h"
#include "model/path.h"
#include "model/path_file.h"
#include "model/semantics.h"
#include "model/shmem_swap.h"
#include "model/uffd.h"

struct vma *file_vma(const struct machine *m, const struct task *t)
{
	struct vma *vma = t->host.error ? NULL : vma_find((struct machine *)m, t->host.hva);

	return vma && vma->kind == VMA_FILE && !vma_is_dax(vma) ? vma : NULL;
}

static struct pt_leaf file_leaf(const struct machine *m, const struct task *t)
{
	return host_leaf((struct machine *)m, t->host.hva);
}

/* do_fault(), or do_wp_page() of a shared mapping; private ones are copied like any memory. */
bool file_fault_wanted(const struct machine *m, const struct task *t)
{
	const struct vma *vma = file_vma(m, t);
	struct pt_leaf leaf = file_leaf(m, t);

	if (!vma)
		return false;
	return !leaf.present || ((vma->flags & VM_SHARED) && t->host.write &&
				 !(leaf.entry & PTE_WRITE));
}

static bool missing_read(const struct machine *m, const struct task *t)
{
	const struct vma *vma = file_vma(m, t);

	return vma && vma->mode != FILE_GMEM && !t->host.write && !file_leaf(m, t).present &&
	       !(vma->flags & (VM_UFFD_WP | VM_UFFD_MINOR)); /* uffd_disable_fault_around() */
}

static bool missing(const struct machine *m, const struct task *t)
{
	return file_vma(m, t) && t->host.page == NO_PFN && !file_leaf(m, t).present;
}

static bool write_protected(const struct machine *m, const struct task *t)
{
	struct pt_leaf leaf = file_leaf(m, t);

	return file_vma(m, t) && t->host.page == NO_PFN && t->host.write && leaf.present &&
	       !(leaf.entry & PTE_WRITE);
}

static bool has_page(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->host.page != NO_PFN;
}

static bool asks_filesystem(const struct machine *m, const struct task *t)
{
	const struct vma *vma = file_vma(m, t);

	return vma && has_page(m, t) && t->host.write && (vma->flags & VM_SHARED) &&
	       file_tracks_writes(vma->mode);
}

static bool copies(const struct machine *m, const struct task *t)
{
	const struct vma *vma = file_vma(m, t);

	return vma && has_page(m, t) && t->host.write && !(vma->flags & VM_SHARED);
}

static bool is_locked(struct machine *m, pfn_t pfn)
{
	return page_is(m, page_head(m, pfn), PG_LOCKED);
}

static void lock_page(struct machine *m, pfn_t pfn)
{
	page_of(m, page_head(m, pfn))->flags |= PG_LOCKED;
}

static void unlock_page(struct machine *m, pfn_t pfn)
{
	page_of(m, page_head(m, pfn))->flags &= ~(u32)PG_LOCKED;
}

/* kvm_gmem_fault_user_mapping(): it can be mapped, and nobody may look. */
static bool gmem_is_closed(const struct machine *m, const struct vma *vma)
{
	return vma->mode == FILE_GMEM &&
	       !(m->w->file[vma->object].gmem_flags & GMEM_INIT_SHARED);
}

/* shmem_get_folio_gfp(), filemap_fault(): found and locked, or made. */
static enum step_result find_page(struct machine *m, struct task *t)
{
	const struct vma *vma = file_vma(m, t);
	u64 index = vma_page_index(vma, t->host.hva);
	pfn_t pfn = cache_page(m, vma->object, index);

	if (index >= file_nr_pages(m, vma->object) || gmem_is_closed(m, vma)) {
		t->host.error = t->host.sigbus = true;
		return STEP_DONE;
	}
	if (pfn != NO_PFN && is_locked(m, pfn))
		return STEP_BLOCKED;
	if (pfn != NO_PFN && cache_lookup_hangs(m, pfn))
		return STEP_NEXT;
	t->host.poisoned = pfn != NO_PFN && page_is(m, pfn, PG_HWPOISON);
	t->host.error |= t->host.poisoned;
	if (t->host.error)
		return STEP_DONE;
	if (pfn != NO_PFN)
		page_try_get_folio(m, pfn, HOLD_MM, 1);
	else if (shmem_is_swapped(m, vma->object, index))
		pfn = shmem_swap_in(m, vma->object, index, vma, HOLD_MM);
	else
		pfn = cache_add(m, vma->object, index, shmem_order(m, vma->object, index, vma),
				HOLD_MM);
	lock_page(m, pfn);
	t->host.page = pfn;
	t->host.orig = 0;
	return STEP_NEXT;
}

/* do_wp_page() > wp_page_shared() */
static enum step_result get_mapped_page(struct machine *m, struct task *t)
{
	struct pt_leaf leaf = file_leaf(m, t);
	pfn_t pfn = host_leaf_pfn(&leaf, t->host.hva);

	if (is_locked(m, pfn))
		return STEP_BLOCKED;
	page_get(m, pfn, HOLD_MM);
	lock_page(m, pfn);
	t->host.page = pfn;
	t->host.orig = leaf.entry;
	return STEP_NEXT;
}

/* do_page_mkwrite(): block_page_mkwrite() dirties the folio before the PTE can be written. */
static enum step_result page_mkwrite(struct machine *m, struct task *t)
{
	pfn_t pfn = t->host.page;

	if (!page_is(m, pfn, PG_CACHE)) {	/* VM_FAULT_NOPAGE: truncated, try again */
		unlock_page(m, pfn);
		page_put(m, pfn, HOLD_MM);
		return STEP_DONE;
	}
	page_set_dirty(m, pfn);
	return STEP_NEXT;
}

/* A new anonymous page with the contents of @from. */
static void map_private_copy(struct machine *m, struct vma *vma, hva_t hva, pfn_t from)
{
	pfn_t copy;

	vma_prepare_anon(m, vma);
	copy = anon_alloc(m, hva);
	page_copy(m, copy, from);
	vma_add_lru(m, vma, copy);
	host_set_leaf(m, hva, 1, marked_entry(m, vma, hva, anon_entry(vma, copy, true)));
}

/* do_cow_fault() */
static enum step_result copy_file_page(struct machine *m, struct task *t)
{
	struct vma *vma = file_vma(m, t);
	pfn_t pfn = t->host.page;

	if (!file_leaf(m, t).present)
		map_private_copy(m, vma, t->host.hva, pfn);
	unlock_page(m, pfn);
	t->host.page = NO_PFN;
	page_put(m, pfn, HOLD_MM);
	return STEP_DONE;
}

/* finish_fault(), wp_page_reuse(), fault_dirty_shared_page() */
static enum step_result install_file_page(struct machine *m, struct task *t)
{
	const struct vma *vma = file_vma(m, t);
	struct pt_leaf leaf = file_leaf(m, t);
	pfn_t pfn = t->host.page;
	bool same = vma && leaf.entry == t->host.orig;	/* vmf_pte_changed() */

	if (same && t->host.write)
		page_set_dirty(m, pfn);
	unlock_page(m, pfn);
	if (same && !leaf.present) {
		map_folio(m, vma, t->host.hva, t->host.write);
	} else {
		if (same)
			host_set_leaf(m, t->host.hva, 1,
				      pte_reused(leaf.entry));
		page_put(m, pfn, HOLD_MM);
	}
	t->host.page = NO_PFN;
	return STEP_DONE;
}

const struct step path_file_fault[] = {
	STEP(map_pages, .when = missing_read, .chain = "do_read_fault > filemap_map_pages"),
	STEP(ask_userspace, .when = userspace_must_fill, .calls = PATH_USERFAULT,
	     .chain = "do_fault > __do_fault > shmem_fault"),
	STEP(userfault_retry, .when = fault_was_left, .chain = "do_fault > __do_fault"),
	STEP(find_page, .when = missing, .chain = "do_fault > __do_fault"),
	STEP(get_mapped_page, .when = write_protected, .chain = "do_wp_page > wp_page_shared"),
	STEP(page_mkwrite, .when = asks_filesystem, .chain = "do_page_mkwrite"),
	STEP(copy_file_page, .when = copies, .chain = "do_fault > do_cow_fault"),
	STEP(install_file_page, .when = has_page, .chain = "finish_fault"),
	{ 0 }
};
