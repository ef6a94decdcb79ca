// SPDX-License-Identifier: GPL-2.0-only
/* object.c: pages, allocated in each of the ways that matter for their counts. */
#include <linux/slab.h>

#include "driver.h"

static struct object objects[PFNLAB_OBJECTS];

struct object *object_of(u32 id)
{
	return id < PFNLAB_OBJECTS ? &objects[id] : NULL;
}

void page_fill(struct pfnlab_page *fact, unsigned long pfn)
{
	struct page *page, *head;

	*fact = (struct pfnlab_page){ .pfn = pfn, .valid = pfn_valid(pfn) };
	if (!fact->valid)
		return;
	page = pfn_to_page(pfn);
	head = compound_head(page);
	fact->flags = PAGE_FLAGS(page);
	fact->refs = page_ref_count(page);
	fact->head_refs = page_ref_count(head);
	fact->map = atomic_read(&page->_mapcount) + 1;
	fact->order = compound_order(head);
	fact->head = PageHead(page);
	fact->tail = PageTail(page);
	fact->reserved = PageReserved(page);
}

/* ---- allocation ---- */

static bool is_block(u32 kind)
{
	return kind == KIND_COMPOUND || kind == KIND_NONCOMPOUND || kind == KIND_SPLIT ||
	       kind == KIND_COUNTED;
}

static long alloc_block(struct object *object)
{
	gfp_t compound = object->kind == KIND_COMPOUND ? __GFP_COMP : 0;
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO | compound, object->order);

	if (!page)
		return -ENOMEM;
	if (object->kind == KIND_SPLIT)
		split_page(page, object->order);
	for (unsigned long i = 0; i < object->pages; i++) {
		object->pfn[i] = page_to_pfn(page) + i;
		if (object->kind == KIND_COUNTED && i)
			set_page_count(page + i, 1);
	}
	return 0;
}

static void free_single(struct object *object, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++) {
		struct page *page = pfn_to_page(object->owned[i]);

		if (object->kind == KIND_RESERVED)
			ClearPageReserved(page);
		__free_page(page);
	}
}

static long alloc_single(struct object *object)
{
	for (unsigned long i = 0; i < object->pages; i++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

		if (!page) {
			free_single(object, i);
			return -ENOMEM;
		}
		if (object->kind == KIND_RESERVED)
			SetPageReserved(page);
		object->pfn[i] = object->owned[i] = page_to_pfn(page);
	}
	return 0;
}

static long alloc_pages_of(struct object *object, unsigned long pfn)
{
	switch (object->kind) {
	case KIND_ORDER0:
	case KIND_RESERVED:
		return alloc_single(object);
	case KIND_MMIO:
		for (unsigned long i = 0; i < object->pages; i++)
			object->pfn[i] = pfn + i;
		return 0;
	case KIND_ZONE_DEVICE:
		return -EOPNOTSUPP;	/* memremap_pages() wants a range of its own */
	default:
		return alloc_block(object);
	}
}

static void forget(struct object *object)
{
	kvfree(object->pfn);
	kvfree(object->owned);
	*object = (struct object){ .mode = object->mode };
}

long object_alloc(struct pfnlab_alloc *request)
{
	struct object *object = object_of(request->object);
	unsigned long pages = is_block(request->kind) ? 1ul << request->order : request->pages;
	long error = -ENOMEM;

	if (!object || request->kind > KIND_ZONE_DEVICE || request->order > 10 || !pages ||
	    pages > PFNLAB_MAX_PAGES)
		return -EINVAL;
	if (object->pfn && !object->freed)
		return -EBUSY;
	forget(object);
	object->mode = MODE_PFN;
	object->kind = request->kind;
	object->order = request->order;
	object->pages = pages;
	object->pfn = kvcalloc(pages, sizeof(*object->pfn), GFP_KERNEL);
	object->owned = kvcalloc(pages, sizeof(*object->owned), GFP_KERNEL);
	if (object->pfn && object->owned)
		error = alloc_pages_of(object, request->pfn);
	if (error) {
		forget(object);
		return error;
	}
	memcpy(object->owned, object->pfn, pages * sizeof(*object->pfn));
	request->pfn = object->pfn[0];
	return 0;
}

/* ---- and the end of it, mapped or not ---- */

static void free_block(struct object *object)
{
	struct page *page = pfn_to_page(object->owned[0]);

	for (unsigned long i = 1; object->kind == KIND_COUNTED && i < object->pages; i++)
		set_page_count(page + i, 0);
	__free_pages(page, object->order);
}

long object_free(struct object *object)
{
	if (!object->pfn || object->freed)
		return -EINVAL;
	object->freed = true;
	switch (object->kind) {
	case KIND_COMPOUND:
	case KIND_NONCOMPOUND:
	case KIND_COUNTED:
		free_block(object);
		break;
	case KIND_MMIO:
		break;
	default:
		free_single(object, object->pages);
		break;
	}
	return 0;
}

void objects_release(void)
{
	for (u32 i = 0; i < PFNLAB_OBJECTS; i++) {
		object_free(&objects[i]);
		forget(&objects[i]);
		objects[i].mode = MODE_PFN;
	}
}
