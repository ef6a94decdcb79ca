/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_driver.c: what the owner of the pages does to them, one step each.
 *
 * The driver allocates the way it likes (page.h), keeps an array of pfns that its fault handler
 * maps, and may re-point, count or free them at any time; whether it unmapped first is its
 * business. Linux: drivers/gpu/drm/ttm/ttm_pool.c:ttm_pool_alloc_page(), 5.12 to 7.2.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/mmio.h"
#include "model/path.h"

static void alloc_separate(struct machine *m, const struct driver_op *op, bool in_a_row)
{
	for (u64 i = 0; i < op->count; i++) {
		pfn_t pfn = !i || in_a_row ? op->pfn + i :
			    alloc_frame(m, 0, place_of_object(op->object, i));

		pages_init(m, op->kind, pfn, 0, OWNER_DRIVER);
		if (!in_a_row)
			object_set_pfn(m, op->object, i, pfn);
	}
}

static s32 driver_alloc(struct machine *m, struct driver_op *op)
{
	struct object_state *object = &m->w->object[op->object];
	bool separate = alloc_is_separate(op->kind);
	bool in_a_row = !separate || op->kind == ALLOC_MMIO || op->contiguous;
	u64 pages = separate ? op->count : (u64)1 << op->order;
	pfn_t pfn;

	if (object->used && !object->freed)
		return -EBUSY;
	pfn = op->pfn != NO_PFN ? op->pfn :
	      alloc_frame(m, separate ? 0 : op->order, place_of_object(op->object, 0));
	op->pfn = pfn;
	object_forget_pfns(m, op->object);
	*object = (struct object_state){ .pages = pages, .base = in_a_row ? pfn : NO_PFN,
					 .used = true, .kind = op->kind, .order = op->order };
	if (op->kind == ALLOC_MMIO)
		mmio_declare(m, pfn, pages);
	else if (separate)
		alloc_separate(m, op, in_a_row);
	else
		pages_init(m, op->kind, pfn, op->order, OWNER_DRIVER);
	return 0;
}

/* The pages it owns: its array may have been re-pointed, so REPOINT keeps the original here. */
static s32 driver_free(struct machine *m, const struct driver_op *op)
{
	struct object_state *object = &m->w->object[op->object];

	if (!object->used || object->freed)
		return -EINVAL;
	object->freed = true;
	if (object->kind == ALLOC_MMIO)
		return 0;
	if (object->kind == ALLOC_NONCOMPOUND || object->kind == ALLOC_COMPOUND ||
	    object->kind == ALLOC_COUNTED) {
		for (u64 i = 1; object->kind == ALLOC_COUNTED && i < object->pages; i++)
			page_set_count(m, object->base + i, 0);
		pages_free(m, object->base, object->order);
		return 0;
	}
	for (u64 i = 0; i < object->pages; i++) {
		pfn_t pfn = object->base != NO_PFN ? object->base + i :
						     object_own_pfn(m, op->object, i);

		page_of(m, pfn)->flags &= ~(u32)PG_RESERVED;
		pages_free(m, pfn, 0);
	}
	return 0;
}

static s32 driver_repoint(struct machine *m, struct driver_op *op)
{
	const struct object_state *object = &m->w->object[op->object];
	const struct object_state *other = &m->w->object[op->other];

	if (op->index >= object->pages || op->other_index >= other->pages)
		return -EINVAL;
	object_set_pfn(m, op->object + MAX_OBJECTS, op->index,
		       object_own_pfn(m, op->object, op->index));
	op->pfn = object_pfn(m, op->other, op->other_index);
	object_set_pfn(m, op->object, op->index, op->pfn);
	return 0;
}

static s32 driver_ref(struct machine *m, const struct driver_op *op)
{
	if (op->index >= m->w->object[op->object].pages)
		return -EINVAL;
	page_add_refs(m, object_pfn(m, op->object, op->index), op->delta);
	return 0;
}

static enum step_result driver_acts(struct machine *m, struct task *t)
{
	struct driver_op *op = &t->driver;

	switch ((enum driver_verb)op->verb) {
	case DRIVER_ALLOC:
		op->error = driver_alloc(m, op);
		break;
	case DRIVER_FREE:
		op->error = driver_free(m, op);
		break;
	case DRIVER_REF:
		op->error = driver_ref(m, op);
		break;
	case DRIVER_REPOINT:
		op->error = driver_repoint(m, op);
		break;
	case DRIVER_MODE:
		m->w->object[op->object].mode = op->mode;
		break;
	case DRIVER_REFUSE:
		m->w->object[op->object].refuses = op->index;
		break;
	}
	return STEP_DONE;
}

/* Does the driver's mmap() map? MODE_IO_INSERT maps on fault, like MODE_PFN. */
bool map_mode_fills(u8 mode)
{
	return mode == MODE_REMAP || mode == MODE_INSERT || mode == MODE_MKWRITE;
}

/* wp_pfn_shared() > perf_mmap_pfn_mkwrite() (7.2): userspace may write the first page alone. */
bool driver_refuses_write(const struct vma *vma, hva_t hva)
{
	return vma->mode == MODE_MKWRITE && (vma->index || hva - vma->start >= PAGE_SIZE);
}

/* vm_flags of a mapping, by how the driver puts its pages in */
u32 map_mode_flags(u8 mode)
{
	static const u32 flags[NR_MAP_MODES] = {
		[MODE_PFN] = VM_PFNMAP | VM_IO,
		[MODE_REMAP] = VM_PFNMAP | VM_IO,
		[MODE_MKWRITE] = VM_PFNMAP | VM_IO,
		[MODE_PFN_MKWRITE] = VM_PFNMAP | VM_IO,
		[MODE_PMD] = VM_PFNMAP | VM_IO | VM_HUGEPAGE,
		[MODE_PUD] = VM_PFNMAP | VM_IO | VM_HUGEPAGE,
		[MODE_INSERT] = VM_MIXEDMAP,
		[MODE_MIXED] = VM_MIXEDMAP,
		[MODE_IO_INSERT] = VM_MIXEDMAP | VM_IO,
		[MODE_IO_MIXED] = VM_MIXEDMAP | VM_IO,
	};

	return flags[mode];
}

const struct step path_driver[] = {
	STEP(driver_acts, .chain = "driver"),
	{ 0 }
};
