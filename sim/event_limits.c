/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_limits.c: events that go for pages of a kind that their path leaves out.
 *
 * That is seen by what is mapped there when the event begins. Such an event has no outcome: in a
 * trace it is an error, and of a recording what follows is unmodelled.
 */
#include "sim/event.h"

#include "model/host_mm.h"
#include "model/memslot.h"
#include "model/tdp.h"
#include "model/walker.h"

static bool is_plain(struct vm *vm, const struct pt_leaf *leaf)
{
	return leaf->present && leaf->level == 1 &&
	       (!leaf_is_normal(leaf) || page_is(&vm->m, pt_pfn(leaf->entry), PG_ANON));
}

/* Does every page of the range have a PTE, or none, of anonymous memory? No size: one page */
static bool only_anonymous(struct vm *vm, const struct event *e, bool may_miss)
{
	hva_t end = e->hva + (e->size ? e->size : 1);

	for (hva_t hva = e->hva & PAGE_MASK; hva < end; hva += PAGE_SIZE) {
		const struct vma *vma = vma_find(&vm->m, hva);
		struct pt_leaf leaf = host_leaf(&vm->m, hva);

		if (!vma || (vma->flags & (VM_PFNMAP | VM_IO)))
			continue;
		if (!is_plain(vm, &leaf) && !(may_miss && !leaf.present))
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

static bool is_moved_by_node(struct vm *vm, const struct event *e)
{
	for (hva_t hva = e->hva; hva < e->hva + e->size; hva += PAGE_SIZE) {
		pfn_t pfn = pt_pfn(host_leaf(&vm->m, hva).entry);

		if (is_other(vm, hva) &&
		    page_is(&vm->m, page_head(&vm->m, pfn), PG_REMOTE) != e->node)
			return true;
	}
	return false;
}

/* Of a range alone: what a recording lists has been seen to move. */
static bool scans_other(struct vm *vm, const struct event *e)
{
	for (hva_t hva = e->hva; !e->found && hva < e->hva + e->size; hva += PAGE_SIZE)
		if (is_other(vm, hva))
			return true;
	return false;
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

const char *event_beyond_model(struct vm *vm, const struct event *e)
{
	if (e->id == EVENT_INTERNAL_SLOT && !vm->w.config.ept &&
	    (e->slot > KVM_USER_MEM_SLOTS + 1 ||
	     (e->slot == KVM_USER_MEM_SLOTS && vm->w.config.mmu != MMU_SHADOW)))
		return "kvm_amd has no such memslot, and an identity map is EPT's alone";
	if (is_beyond_tables(vm, e))
		return "the guest has no such address: 48 bits with tables of 4 levels, else "
		       "as many as phys-bits, or 46";
	if ((e->id == EVENT_OFFLINE || e->id == EVENT_POISON) &&
	    !vm->w.config.no_memory_failure && !only_anonymous(vm, e, false))
		return "memory errors of other than mapped anonymous pages are not modelled";
	if ((e->id == EVENT_PAGEOUT || e->id == EVENT_COLD) && !only_anonymous(vm, e, true))
		return "reclaim of other than anonymous pages is not modelled";
	if (e->id == EVENT_MIGRATE && is_moved_by_node(vm, e))
		return "only anonymous pages of 4K are moved";
	if ((e->id == EVENT_COMPACT || e->id == EVENT_RECLAIM) && scans_other(vm, e))
		return "a scan of other than anonymous pages of 4K is not modelled";
	return NULL;
}
