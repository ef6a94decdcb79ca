/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/errno.h"
#include "model/gmem.h"

#include "model/machine.h"
#include "model/memslot.h"
#include "model/pagecache.h"
#include "model/semantics.h"

/* kvm->mem_attr_array: a bit for each gfn, as contents of pages that no host frame has. */
static u64 attribute_word(const struct machine *m, u64 word)
{
	return m->phys->load(m->phys, SPACE_ATTRIBUTES + word / WORDS_PER_PAGE,
			     word % WORDS_PER_PAGE);
}

bool gfn_is_private(const struct machine *m, gfn_t gfn)
{
	return m->w->kvm.has_attributes && (attribute_word(m, gfn / 64) & BIT(gfn % 64));
}

/* Bits of the word that holds @at, within [@at, @end). */
static u64 bits_of(gfn_t at, gfn_t end)
{
	u64 bits = ~(u64)0 << at % 64;

	return end / 64 > at / 64 ? bits : bits & (BIT(end % 64) - 1);
}

bool attributes_are(const struct machine *m, gfn_t start, gfn_t end, bool is_private)
{
	u64 invert = is_private ? ~(u64)0 : 0;

	if (!m->w->kvm.has_attributes)
		return !is_private;
	for (gfn_t at = start; at < end; at = (at | 63) + 1)
		if ((attribute_word(m, at / 64) ^ invert) & bits_of(at, end))
			return false;
	return true;
}

void attributes_set(struct machine *m, gfn_t start, gfn_t end, bool is_private)
{
	m->w->kvm.has_attributes = true;
	for (gfn_t at = start; at < end; at = (at | 63) + 1) {
		u64 word = at / 64, bits = bits_of(at, end), old = attribute_word(m, word);

		m->phys->store(m->phys, SPACE_ATTRIBUTES + word / WORDS_PER_PAGE,
			       word % WORDS_PER_PAGE, is_private ? old | bits : old & ~bits);
	}
}

bool attributes_mixed(const struct machine *m, gfn_t gfn, unsigned level)
{
	gfn_t start = gfn & ~(level_pages(level) - 1), end = start + level_pages(level);

	return m->w->kvm.has_attributes &&
	       !attributes_are(m, start, end, gfn_is_private(m, start));
}

bool gmem_serves(struct machine *m, int row, gfn_t gfn)
{
	return memslot_is(m, row, KVM_MEM_GUEST_MEMFD) &&
	       (memslot_is(m, row, KVM_MEMSLOT_GMEM_ONLY) || gfn_is_private(m, gfn));
}

struct pt_leaf gmem_leaf(struct machine *m, int row, gfn_t gfn)
{
	const struct memslot *slot = memslot_row(m, row);
	u64 page = gfn - slot->base_gfn, first = (slot->userspace_addr >> PAGE_SHIFT) + page;
	pfn_t pfn = cache_page(m, slot->gmem, slot->gmem_index + page);

	if (pfn == NO_PFN)
		return (struct pt_leaf){ .level = 1, .first = first };
	return (struct pt_leaf){ .entry = pfn << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE, .level = 1,
				 .present = true, .first = first };
}

bool gmem_flags_valid(const struct machine *m, const struct slot_op *op)
{
	u64 size = op->npages << PAGE_SHIFT;

	if (!(op->flags & KVM_MEM_GUEST_MEMFD))
		return true;
	if (!m->sem->traits.gmem || (op->flags & (KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)))
		return false;
	if (!m->sem->traits.gmem_mmap && !m->w->config.private_mem)
		return false;
	return !(op->gmem_offset & ~PAGE_MASK) && op->gmem_offset + size >= op->gmem_offset;
}

s32 gmem_bind(struct machine *m, struct slot_op *op)
{
	const struct file_state *file = &m->w->file[op->gmem];
	u64 index = op->gmem_offset >> PAGE_SHIFT;

	if (op->has_gmem && (file->gmem_flags & GMEM_CLOSED))
		return -EBADF;
	if (!op->has_gmem || !file->used || file->type != FILE_GMEM ||
	    op->gmem_offset + (op->npages << PAGE_SHIFT) > file->size)
		return -EINVAL;
	for (int row = memslots_begin(m); row < memslots_end(m); row++) {
		const struct memslot *slot = memslot_row(m, row);

		if (memslot_is(m, row, KVM_MEMSLOT_USED | KVM_MEM_GUEST_MEMFD) &&
		    slot->gmem == op->gmem && slot->gmem_index < index + op->npages &&
		    index < slot->gmem_index + slot->npages)
			return m->sem->traits.gmem_mmap ? -EEXIST : -EINVAL;
	}
	if (file->gmem_flags & GMEM_MMAP)
		op->flags |= KVM_MEMSLOT_GMEM_ONLY;
	return 0;
}
