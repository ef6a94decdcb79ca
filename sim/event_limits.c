/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_limits.c: events that go for pages of a kind that their path leaves out.
 *
 * That is seen by what is mapped there when the event begins. Such an event has no outcome: in a
 * trace it is an error, and of a recording what follows is unmodelled.
 */
#include "sim/event.h"

#include "model/host_mm.h"
#include "model/hugetlb.h"
#include "model/memslot.h"
#include "model/pagecache.h"
#include "model/tdp.h"
#include "model/thp.h"
#include "model/walker.h"

static bool is_plain(struct vm *vm, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	return leaf->present && leaf->level == 1 &&
	       (!leaf_is_normal(leaf) ||
		(page_is(&vm->m, pfn, PG_ANON) && page_head(&vm->m, pfn) == pfn &&
		 !page_of(&vm->m, pfn)->order));
}

/* An anonymous folio of 2M; what MADV_FREE has given up may be cold, but not go as a whole. */
static bool is_part(struct vm *vm, const struct event *e, const struct vma *vma, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(&vm->m, hva);
	hva_t end = e->hva + e->size;

	return leaf_is_of_thp(&vm->m, &leaf) &&
	       (e->id == EVENT_COLD ||
		!page_is(&vm->m, page_head(&vm->m, pt_pfn(leaf.entry)), PG_LAZYFREE) ||
		thp_part_at(&vm->m, hva, vma->end < end ? vma->end : end, false).way != PART_WHOLE);
}

/* Of a page cache that is not guest_memfd's */
static bool is_of_file(struct vm *vm, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(&vm->m, hva);
	const struct vma *vma = vma_find(&vm->m, hva);

	return leaf.present && leaf_is_normal(&leaf) && vma && vma->kind == VMA_FILE &&
	       vma->mode != FILE_GMEM && page_is(&vm->m, pt_pfn(leaf.entry), PG_CACHE);
}

/* A small page of a file, which migration can move, and reclaim take */
static bool is_cached(struct vm *vm, hva_t hva)
{
	pfn_t pfn = pt_pfn(host_leaf(&vm->m, hva).entry);

	return is_of_file(vm, hva) && !page_of(&vm->m, page_head(&vm->m, pfn))->order;
}

/* A small page of a driver's: not on the LRU, and left alone */
static bool is_driver_page(struct vm *vm, const struct pt_leaf *leaf)
{
	pfn_t pfn = pt_pfn(leaf->entry);

	return leaf->level == 1 && page_of(&vm->m, pfn)->owner == OWNER_DRIVER &&
	       !page_is(&vm->m, pfn, PG_HEAD) && !page_is(&vm->m, pfn, PG_TAIL);
}

/* A file's folio; a large one, of shared memory, lies within i_size as a whole. */
static bool is_reclaimed(struct vm *vm, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(&vm->m, hva);
	struct cache_place place;
	pfn_t head = page_head(&vm->m, pt_pfn(leaf.entry));

	return is_cached(vm, hva) ||
	       (is_of_file(vm, hva) && cache_find(&vm->m, head, &place) &&
		place.index + folio_pages(&vm->m, head) <= file_nr_pages(&vm->m, place.file));
}

/* Is all that is mapped in the range such that MADV_PAGEOUT can be told what to do? */
static bool only_reclaimed(struct vm *vm, const struct event *e)
{
	for (hva_t hva = e->hva & PAGE_MASK; hva < e->hva + e->size; hva += PAGE_SIZE) {
		const struct vma *vma = vma_find(&vm->m, hva);
		struct pt_leaf leaf = host_leaf(&vm->m, hva);

		if (!vma || (vma->flags & (VM_PFNMAP | VM_IO)))
			continue;
		if (leaf.present && !is_plain(vm, &leaf) && !is_reclaimed(vm, hva) &&
		    !is_driver_page(vm, &leaf) && !is_part(vm, e, vma, hva))
			return false;
	}
	return true;
}

/* One that the LRU has, or the page cache, and that is no anonymous page of 4K */
static bool is_other(struct vm *vm, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(&vm->m, hva);
	pfn_t pfn = pt_pfn(leaf.entry);

	return leaf.present && leaf_is_counted(&vm->m, &leaf) && !is_plain(vm, &leaf) &&
	       (page_is(&vm->m, page_head(&vm->m, pfn), PG_LRU) ||
		page_is(&vm->m, page_head(&vm->m, pfn), PG_CACHE));
}

/* What a read fault would map there is a small page. */
static bool faults_small(struct vm *vm, const struct vma *vma, hva_t hva)
{
	u64 index = vma_page_index(vma, hva);
	pfn_t pfn = NO_PFN;

	if (vma->kind == VMA_ANON)
		return !(vma->flags & VM_HUGEPAGE);
	if (vma->kind != VMA_FILE || vma->mode != FILE_SHMEM)
		return false;
	pfn = cache_page(&vm->m, vma->object, index);
	return pfn == NO_PFN ? !shmem_order(&vm->m, vma->object, index, vma) :
			       folio_pages(&vm->m, pfn) == 1;
}

/* All of them may be moved, or be poisoned. */
static bool is_hugetlb(struct vm *vm, hva_t hva)
{
	const struct vma *vma = vma_find(&vm->m, hva);

	return vma && vma->kind == VMA_HUGETLB;
}

static bool is_zero_page(const struct vma *vma, const struct pt_leaf *leaf)
{
	return leaf->present ? !leaf_is_normal(leaf) : !leaf->swap && vma->kind == VMA_ANON;
}

/* A file's large folio */
static bool may_be_split(struct vm *vm, hva_t hva)
{
	return is_of_file(vm, hva) && !vm->w.config.no_file_split;
}

/*
 * A memory error: of small pages or of parts of anonymous large ones, of shared memory; but not of
 * the zero page.
 */
static bool may_inject(struct vm *vm, const struct event *e, hva_t hva)
{
	const struct vma *vma = vma_find(&vm->m, hva);
	struct pt_leaf leaf = host_leaf(&vm->m, hva);

	if (!vma || (vma->flags & (VM_PFNMAP | VM_IO)) || is_hugetlb(vm, hva))
		return true;
	if (e->id == EVENT_POISON && vma->kind != VMA_DEVICE &&
	    (vma->mode != FILE_SHMEM || is_zero_page(vma, &leaf)))
		return false;
	return leaf.present ? is_plain(vm, &leaf) || leaf_is_of_thp(&vm->m, &leaf) ||
			      is_cached(vm, hva) || may_be_split(vm, hva) :
			      faults_small(vm, vma, hva);
}

static bool may_inject_all(struct vm *vm, const struct event *e)
{
	hva_t end = e->hva + (e->size ? e->size : 1);

	for (hva_t hva = e->hva & PAGE_MASK; hva < end; hva += PAGE_SIZE)
		if (!may_inject(vm, e, hva))
			return false;
	return true;
}

static bool is_huge_anon(struct vm *vm, hva_t hva)
{
	struct pt_leaf leaf = host_leaf(&vm->m, hva);

	return leaf_is_of_thp(&vm->m, &leaf);
}

static bool is_moved_by_node(struct vm *vm, const struct event *e)
{
	for (hva_t hva = e->hva; hva < e->hva + e->size; hva += PAGE_SIZE) {
		pfn_t pfn = pt_pfn(host_leaf(&vm->m, hva).entry);

		if (is_other(vm, hva) && !is_of_file(vm, hva) && !is_huge_anon(vm, hva) &&
		    !is_hugetlb(vm, hva) &&
		    page_is(&vm->m, page_head(&vm->m, pfn), PG_REMOTE) != e->node)
			return true;
	}
	return false;
}

/* Of a range alone: what a recording lists has been seen to move. */
static bool scans_other(struct vm *vm, const struct event *e)
{
	for (hva_t hva = e->hva; !e->found && hva < e->hva + e->size; hva += PAGE_SIZE)
		if (is_other(vm, hva) && !is_cached(vm, hva))
			return true;
	return false;
}

/* Is there a 1G mapping in [start, end)? */
static bool has_pud(struct vm *vm, hva_t start, hva_t end)
{
	for (unsigned i = 0; i < MAX_VMAS; i++) {
		const struct vma *vma = &vm->w.mm[0].vma[i];
		hva_t at = vma->start > start ? vma->start : start;

		if (!vma->used || vma->kind != VMA_DEVICE || vma->mode != MODE_PUD)
			continue;
		for (; at < vma->end && at < end; at = (at | (BIT(30) - 1)) + 1)
			if (host_leaf(&vm->m, at).present && host_leaf(&vm->m, at).level == 3)
				return true;
	}
	return false;
}

/* hugetlb_vm_op_split() comes before anybody takes it for a table. */
static bool pud_is_cut(struct vm *vm, hva_t boundary, u64 size)
{
	return (boundary & (size - 1)) && host_leaf(&vm->m, boundary).present &&
	       host_leaf(&vm->m, boundary).level == 3 && !is_hugetlb(vm, boundary);
}

/*
 * A VMA's new boundary inside of 2M: mm_find_pmd() takes what the PUD maps for a table of PMDs; and
 * so does mremap() of a part, after pud_none_or_clear_bad().
 */
static bool misreads_pud(struct vm *vm, const struct event *e)
{
	hva_t end = e->hva + e->size;

	switch (e->id) {
	case EVENT_MUNMAP:
	case EVENT_MPROTECT:
	case EVENT_MADVISE:
	case EVENT_MLOCK:
	case EVENT_MUNLOCK:
		return pud_is_cut(vm, e->hva, BIT(21)) || pud_is_cut(vm, end, BIT(21));
	case EVENT_MREMAP:
		return (e->new_size && e->new_size != e->size && has_pud(vm, e->hva, end)) ||
		       pud_is_cut(vm, e->hva, BIT(30)) || pud_is_cut(vm, end, BIT(30)) ||
		       (has_pud(vm, e->hva, end) && ((e->other_hva ^ e->hva) & (BIT(30) - 1)));
	default:
		return false;
	}
}

/* What has no business there */
static bool walks_pud(struct vm *vm, const struct event *e)
{
	if (e->id == EVENT_NUMA_HINT)
		return has_pud(vm, e->hva, e->hva + e->size);
	return e->id == EVENT_CLEAR_REFS && has_pud(vm, 0, BIT(47));
}

/* Up to 5.14 kvm_amd does not load where the host's tables have 5 levels: has_svm(). */
bool event_has_vm(const struct vm *vm, struct outcome *o)
{
	const struct config *config = &vm->w.config;

	if (!config->five_levels || config->ept || vm->sem.traits.npt_five_levels)
		return true;
	o->word = "unreachable";
	return false;
}

/* A gpa ends at 46 bits, or at the processor's, and at what tables of 4 levels take. */
static bool is_beyond_tables(const struct vm *vm, const struct event *e)
{
	unsigned bits = physical_bits(&vm->m);
	u64 size = e->id == EVENT_MEMSLOT ? e->size : 1;

	if (bits > 48 && tdp_root_level(&vm->m) == PT_LEVELS)
		return e->gpa > BIT(48) || size > BIT(48) - e->gpa;
	return e->gpa > BIT(bits < 46 ? 46 : bits);	/* a memslot there is refused by KVM */
}

/* Shadow paging's guest is in 32-bit mode. */
static bool is_beyond_4g(const struct vm *vm, const struct event *e)
{
	bool is_access = e->id == EVENT_READ || e->id == EVENT_WRITE || e->id == EVENT_RMW ||
			 e->id == EVENT_EXEC;

	return is_access && vm->w.config.mmu == MMU_SHADOW && e->count &&
	       e->gpa + (e->count - 1) * e->stride >= BIT(32);
}

/* A file of DAX has the blocks that it was made with. */
static bool resizes_dax_too_far(struct vm *vm, const struct event *e)
{
	const struct vma *vma = e->id == EVENT_REMOVE ? vma_find(&vm->m, e->hva) : NULL;
	u64 last = (e->offset - 1) >> PAGE_SHIFT;

	if (vma && vma_is_dax(vma))
		return true;
	return e->id == EVENT_TRUNCATE && vm->w.file[e->object].type == FILE_DAX && e->offset &&
	       !page_is(&vm->m, dax_pfn(&vm->m, e->object, last), PG_FSDAX);
}

static bool is_hugetlb_file(const struct vm *vm, const struct event *e)
{
	return e->id == EVENT_FILE ? (e->kind & BACKING_KIND) == FILE_HUGETLB :
				     vm->w.file[e->object].type == FILE_HUGETLB;
}

static u64 hugetlb_file_limit(const struct vm *vm, const struct event *e)
{
	unsigned level = e->id != EVENT_FILE ?
			 hugetlb_file_level(&vm->m, vm->w.file[e->object].hugetlb) :
			 e->kind & BACKING_1G ? 3 : 2;

	return HUGETLB_FILE_PAGES * level_pages(level) << PAGE_SHIFT;
}

/* A file of hugetlb's, whose places are counted; 0 of any other. */
static u64 hugetlb_file_end(const struct vm *vm, const struct event *e)
{
	bool is_resize = e->id == EVENT_TRUNCATE || e->id == EVENT_PUNCH ||
			 e->id == EVENT_FALLOCATE;
	bool is_map = e->id == EVENT_MMAP && e->backing == VMA_FILE;

	if (e->id == EVENT_FILE)
		return is_hugetlb_file(vm, e) ? e->size : 0;
	if ((!is_resize && !is_map) || !is_hugetlb_file(vm, e))
		return 0;
	return e->size + (is_map ? e->index << PAGE_SHIFT : e->offset);
}

/* memunmap_pages(): the struct pages go, whoever has references */
static bool unplugs(const struct vm *vm, const struct event *e)
{
	return e->id == EVENT_FREE && vm->w.object[e->object].used &&
	       vm->w.object[e->object].kind == ALLOC_ZONE_DEVICE;
}

/* fork() copies hugetlb's pinned pages at once, out of what is promised to nobody; or fails. */
static bool copies_too_many(struct vm *vm, const struct event *e)
{
	u32 copies[NR_HUGETLB_SIZES] = { 0 };

	for (unsigned i = 0; e->id == EVENT_FORK && i < MAX_VMAS; i++) {
		const struct vma *vma = &vm->w.mm[0].vma[i];

		if (!vma->used || vma->kind != VMA_HUGETLB || (vma->flags & VM_SHARED))
			continue;
		for (hva_t at = vma->start; at < vma->end; at += hugetlb_size(vma)) {
			struct pt_leaf leaf = host_leaf(&vm->m, at);

			copies[hugetlb_level(vma) - 2] +=
				leaf.present && page_maybe_pinned(&vm->m, pt_pfn(leaf.entry));
		}
	}
	for (unsigned i = 0; i < NR_HUGETLB_SIZES; i++) {
		const struct hugetlb_pool *pool = &vm->w.hugetlb.pool[i];

		if (copies[i] && copies[i] + pool->reserved > pool->free)
			return true;
	}
	return false;
}

/*
 * MADV_COLLAPSE of a file's large folios that are smaller than 2M, which 7.2 makes; or of a private
 * mapping that has copies, which collapse_pte_mapped_thp() leaves alone.
 */
static bool collapses_large(struct vm *vm, const struct event *e)
{
	hva_t end = e->hva + e->size;

	if (e->id != EVENT_MADVISE || e->advice != ADVICE_COLLAPSE)
		return false;
	for (hva_t hva = e->hva & PAGE_MASK; hva < end; hva += PAGE_SIZE) {
		const struct vma *vma = vma_find(&vm->m, hva);
		pfn_t pfn = vma && vma->kind == VMA_FILE && vma->mode == FILE_SHMEM ?
			    cache_page(&vm->m, vma->object, vma_page_index(vma, hva)) : NO_PFN;
		struct pt_leaf leaf = host_leaf(&vm->m, hva);

		if (vma && vma->kind == VMA_FILE && leaf.present && leaf_is_normal(&leaf) &&
		    page_is(&vm->m, pt_pfn(leaf.entry), PG_ANON))
			return true;
		if (pfn != NO_PFN && folio_pages(&vm->m, pfn) > 1 &&
		    folio_pages(&vm->m, pfn) < level_pages(2))
			return true;
	}
	return false;
}

const char *event_beyond_model(struct vm *vm, const struct event *e)
{
	if (hugetlb_file_end(vm, e) && hugetlb_file_end(vm, e) > hugetlb_file_limit(vm, e))
		return "a file of hugetlb has 64 pages at most";
	if (hugetlb_file_end(vm, e) && e->id == EVENT_MMAP && e->is_private)
		return "a private mapping of a file of hugetlb is not modelled";
	if (e->id == EVENT_FALLOCATE && !hugetlb_file_end(vm, e))
		return "fallocate() of other files than hugetlb's is not modelled";
	if (unplugs(vm, e))
		return "a device's memory is not unplugged";
	if (resizes_dax_too_far(vm, e))
		return "a file of DAX is not made longer, nor is MADV_REMOVE of it modelled";
	if (e->id == EVENT_INTERNAL_SLOT && !vm->w.config.ept &&
	    (e->slot > KVM_USER_MEM_SLOTS + 1 ||
	     (e->slot == KVM_USER_MEM_SLOTS && vm->w.config.mmu != MMU_SHADOW)))
		return "kvm_amd has no such memslot, and an identity map is EPT's alone";
	if (e->id == EVENT_REMOVE && vma_find(&vm->m, e->hva) &&
	    vma_find(&vm->m, e->hva)->end < e->hva + e->size)
		return "MADV_REMOVE of several VMAs is not modelled";
	if (collapses_large(vm, e))
		return "MADV_COLLAPSE of large folios below 2M, or of copies of a file, "
		       "is not modelled";
	if (copies_too_many(vm, e))
		return "fork() that fails is not modelled";
	if (misreads_pud(vm, e))
		return "the kernel takes a mapping of 1G for a table here: a boundary that is not "
		       "one of 2M, or of mremap() one of 1G";
	if (walks_pud(vm, e))
		return "NUMA hints and soft dirty bits of a mapping of 1G are not modelled";
	if (is_beyond_4g(vm, e))
		return "a guest in 32-bit mode has no addresses from 4G on";
	if (is_beyond_tables(vm, e))
		return "the guest has no such address: 48 bits with tables of 4 levels, else "
		       "as many as phys-bits, or 46";
	if ((e->id == EVENT_OFFLINE || e->id == EVENT_POISON) &&
	    !vm->w.config.no_memory_failure && !may_inject_all(vm, e))
		return "memory errors of these pages are not modelled";
	if ((e->id == EVENT_PAGEOUT || e->id == EVENT_COLD) && !only_reclaimed(vm, e))
		return "reclaim of these pages is not modelled";
	if (e->id == EVENT_MIGRATE && is_moved_by_node(vm, e))
		return "of anonymous pages only those of 4K, and of 2M, are moved";
	if ((e->id == EVENT_COMPACT || e->id == EVENT_RECLAIM) && scans_other(vm, e))
		return "a scan of these pages is not modelled";
	return NULL;
}
