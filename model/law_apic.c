/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * law_apic.c: the address that a VMCS has of the APIC access page, when no reload is asked for; and
 * whether a guest can reach that page while APICv is inhibited.
 *
 * Linux: arch/x86/kvm/vmx/vmx.c:vmx_set_apic_access_page_addr(). A page that has another use by
 * then is taken for the local APIC by the processor, and the APIC for memory. Without AVIC it is
 * memory, too: what a guest stores there never comes to its local APIC.
 */
#include "model/law_internal.h"

#include "model/semantics.h"

static bool is_being_taken(const struct machine *m, hva_t hva)
{
	for (unsigned i = 0; i < MAX_OPEN_RANGES; i++) {
		const struct open_range *open = open_range(m, i);

		if (hva >= open->no_leaf_from && hva < open->no_leaf_to)
			return true;
	}
	return false;
}

/* A look-up that fails leaves the VMCS as it is. */
static u8 blame_of(struct machine *m, hva_t hva)
{
	const struct vma *vma = vma_find(m, hva);

	return vma && (vma->flags & VM_WRITE) ? BLAME_KVM : BLAME_VMM;
}

bool apic_page_is_fresh(struct machine *m, u64 key, struct violation *v)
{
	const struct vcpu *vcpu = &m->w->vcpu[key];
	int row = memslot_of_id(m, APIC_ACCESS_PAGE_PRIVATE_MEMSLOT);
	struct pt_leaf leaf;
	hva_t hva;

	if (!vcpu->apic_page || vcpu->apic_state != APIC_IN_USE || row == NO_SLOT ||
	    m->w->kvm.gone)
		return true;
	hva = memslot_row(m, row)->userspace_addr;
	leaf = host_leaf(m, hva);
	v->pfn = v->value = vcpu->apic_page;
	v->gfn = memslot_row(m, row)->base_gfn;
	v->wanted = leaf.present ? host_leaf_pfn(&leaf, hva) : NO_PFN;
	v->blame = blame_of(m, hva);
	return v->value == v->wanted ||
	       (is_being_taken(m, hva) && !page_is(m, vcpu->apic_page, PG_FREE));
}

static bool is_being_inhibited(const struct machine *m)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		const struct task *t = &m->w->task[i];

		if (t->zap.inhibits && t->state == TASK_RUNNING &&
		    t->frame[0].path == PATH_ZAP_GFNS)
			return true;
	}
	return false;
}

bool inhibited_apic_is_unmapped(struct machine *m, u64 gfn, struct violation *v)
{
	struct mapping at;

	return !m->w->kvm.apicv_inhibited || !find_mapping(m, gfn, &at, v) ||
	       at.slot == NO_SLOT || is_being_inhibited(m) ||
	       memslot_row(m, at.slot)->id != APIC_ACCESS_PAGE_PRIVATE_MEMSLOT;
}
