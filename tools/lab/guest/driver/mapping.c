// SPDX-License-Identifier: GPL-2.0-only
/* mapping.c: how the driver maps its pages, as its objects' modes say. */
#include <linux/mm.h>

#include "driver.h"

#define PAGES_SHIFT	(PFNLAB_OBJECT_SHIFT - PAGE_SHIFT)

static struct object *object_at(pgoff_t pgoff, unsigned long *index)
{
	*index = pgoff & ((1ul << PAGES_SHIFT) - 1);
	return object_of(pgoff >> PAGES_SHIFT);
}

static vm_fault_t as_fault(int error)
{
	return !error || error == -EBUSY ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	unsigned long index, pfn, address = vmf->address & PAGE_MASK;
	struct object *object = object_at(vmf->pgoff, &index);

	if (!object || index >= object->pages)
		return VM_FAULT_SIGBUS;
	pfn = object->pfn[index];
	switch (object->mode) {
	case MODE_PAGE:
		vmf->page = pfn_to_page(pfn);
		get_page(vmf->page);
		return 0;
	case MODE_MIXED:
	case MODE_IO_MIXED:
		return vmf_insert_mixed(vmf->vma, address, INSERTED(pfn));
	case MODE_INSERT:
	case MODE_IO_INSERT:
		return as_fault(vm_insert_page(vmf->vma, address, pfn_to_page(pfn)));
	default:
		return vmf_insert_pfn(vmf->vma, address, pfn);
	}
}

#if HAS_HUGE_FAULT
static bool fits(const struct object *object, const struct vm_fault *vmf, unsigned long index,
		 unsigned int order)
{
	unsigned long start = vmf->address & ~((PAGE_SIZE << order) - 1);

	return index + (1ul << order) <= object->pages && start >= vmf->vma->vm_start &&
	       start + (PAGE_SIZE << order) <= vmf->vma->vm_end &&
	       IS_ALIGNED(object->pfn[index], 1ul << order);
}

static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	unsigned long index;
	struct object *object = object_at(vmf->pgoff, &index);

	if (!object || (object->mode != MODE_PMD && object->mode != MODE_PUD))
		return VM_FAULT_FALLBACK;
	index &= ~((1ul << order) - 1);
	if (!fits(object, vmf, index, order))
		return VM_FAULT_FALLBACK;
	if (order == PMD_ORDER)
		return vmf_insert_pfn_pmd(vmf, INSERTED(object->pfn[index]), write);
#ifdef CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
	if (order == PUD_ORDER && object->mode == MODE_PUD)
		return vmf_insert_pfn_pud(vmf, INSERTED(object->pfn[index]), write);
#endif
	return VM_FAULT_FALLBACK;
}
#endif

static const struct vm_operations_struct vm_operations = {
	.fault = fault,
#if HAS_HUGE_FAULT
	.huge_fault = huge_fault,
#endif
};

static const unsigned long vma_flags[NR_MODES] = {
	[MODE_PFN] = VM_PFNMAP | VM_IO,
	[MODE_REMAP] = VM_PFNMAP | VM_IO,
	[MODE_INSERT] = VM_MIXEDMAP,
	[MODE_MIXED] = VM_MIXEDMAP,
	[MODE_PMD] = VM_PFNMAP | VM_IO | VM_HUGEPAGE,
	[MODE_PUD] = VM_PFNMAP | VM_IO | VM_HUGEPAGE,
	[MODE_IO_INSERT] = VM_MIXEDMAP | VM_IO,
	[MODE_IO_MIXED] = VM_MIXEDMAP | VM_IO,
};

static int map_now(struct vm_area_struct *vma, const struct object *object, unsigned long index)
{
	int error = 0;

	for (unsigned long at = vma->vm_start; at < vma->vm_end && !error; at += PAGE_SIZE) {
		unsigned long pfn = object->pfn[index++];

		error = object->mode == MODE_REMAP ?
			remap_pfn_range(vma, at, pfn, PAGE_SIZE, vma->vm_page_prot) :
			vm_insert_page(vma, at, pfn_to_page(pfn));
	}
	return error;
}

int mapping_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long index;
	struct object *object = object_at(vma->vm_pgoff, &index);

	if (!object || !object->pfn || index + vma_pages(vma) > object->pages)
		return -EINVAL;
	if (object->mode != MODE_PAGE && !(vma->vm_flags & VM_SHARED))
		return -EINVAL;	/* what a private write would copy is no page of ours */
	if (vma_flags[object->mode])
		vm_flags_set(vma, vma_flags[object->mode] | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vm_operations;
	if (object->mode == MODE_REMAP || object->mode == MODE_INSERT)
		return map_now(vma, object, index);
	return 0;
}
