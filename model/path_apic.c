/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_apic.c: the APIC access page: each VMCS has its address, by which the processor knows the
 * guest's accesses to its local APIC. No reference keeps it: who takes it asks for a reload.
 *
 * Linux: arch/x86/kvm/vmx/vmx.c:vmx_set_apic_access_page_addr(), lapic.c (to 6.2 vmx.c):
 * kvm_alloc_apic_access_page(); up to 6.4 x86.c:kvm_arch_mmu_notifier_invalidate_range(), since
 * then mmu.c:kvm_unmap_gfn_range(). Up to there nothing is checked: the request comes after the
 * host's PTE has gone, and a vCPU that has looked before it looks again.
 * SIMPLIFIED: up to 6.4 invalidate_range() is called where a notification ends, not also where its
 * PTEs go; vCPUs are in xAPIC mode, and what their local APICs answer is 0.
 */
#include "model/errno.h"
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"

static void set_apic_state(struct machine *m, unsigned vcpu, enum apic_state state)
{
	m->w->vcpu[vcpu].apic_state = state;
	touch(m, OBJECT_APIC, vcpu);
}

/* kvm_make_all_cpus_request(KVM_REQ_APIC_PAGE_RELOAD) */
static void ask_all_vcpus(struct machine *m)
{
	for (unsigned vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		set_apic_state(m, vcpu, APIC_ASKED);
}

bool apic_page_found(const struct machine *m, const struct task *t)
{
	(void)m;
	return !is_error_noslot_pfn(t->follow.pfn);
}

static bool apic_page_is_good(const struct machine *m, const struct task *t)
{
	return apic_page_found(m, t) && !t->map.error;
}

/* ---- the memslot is made: kvm_alloc_apic_access_page() ---- */

static bool is_made(const struct machine *m, const struct task *t)
{
	return t->slot.internal && t->slot.id == APIC_ACCESS_PAGE_PRIVATE_MEMSLOT &&
	       slot_ok(m, t);
}

/* avic.c does without a look-up up to 6.2 */
bool apic_slot_looks_up(const struct machine *m, const struct task *t)
{
	return is_made(m, t) && (m->w->config.ept || m->sem->traits.apic_page_checked);
}

bool apic_slot_is_made(const struct machine *m, const struct task *t)
{
	return is_made(m, t) && m->w->config.ept;
}

/* gfn_to_page(), under slots_lock; since 6.13 the first reload is the first to look. */
enum step_result alloc_apic_page(struct machine *m, struct task *t)
{
	t->map = (struct map_op){ 0 };
	follow_init(&t->follow, t->slot.base_gfn, memslot_of_gfn(m, t->slot.base_gfn), FOLL_WRITE);
	m->sem->ops.lookup_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

enum step_result put_apic_page(struct machine *m, struct task *t)
{
	if (is_error_noslot_pfn(t->follow.pfn) || m->sem->ops.gfn_to_page(m, t) == NO_PFN)
		t->slot.error = -EFAULT;
	else
		page_put(m, t->follow.pfn, HOLD_FAULT);
	return STEP_NEXT;
}

/* apic_access_memslot_enabled; init_vmcs() asks, with SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES. */
enum step_result enable_apic_page(struct machine *m, struct task *t)
{
	(void)t;
	m->w->kvm.apic_enabled = true;
	ask_all_vcpus(m);
	return STEP_NEXT;
}

/* ---- the notifier ---- */

bool notify_takes_apic_page(const struct machine *m, const struct task *t)
{
	gfn_t lo, hi;
	int row;

	if (!m->w->kvm.apic_enabled)
		return false;
	row = memslot_of_id(m, APIC_ACCESS_PAGE_PRIVATE_MEMSLOT);
	return row != NO_SLOT && memslot_overlap(&m->w->kvm.slots[row], t->notify.start,
						 t->notify.end, &lo, &hi);
}

enum step_result ask_apic_reload(struct machine *m, struct task *t)
{
	(void)t;
	ask_all_vcpus(m);
	return STEP_NEXT;
}

/* ---- the vCPU, before it enters the guest ---- */

bool apic_reload_is_asked(const struct machine *m, const struct task *t)
{
	return m->w->vcpu[t->vcpu].apic_state == APIC_ASKED;
}

/* kvm_check_request() takes the request back; if it comes again meanwhile, once more. */
enum step_result reload_apic_page(struct machine *m, struct task *t)
{
	set_apic_state(m, t->vcpu, APIC_SERVED);
	return STEP_CALL_BACK;
}

/* Nothing has been asked since: from here on the VMCS is used. */
void apic_enter_guest(struct machine *m, unsigned vcpu)
{
	if (m->w->vcpu[vcpu].apic_state == APIC_SERVED)
		set_apic_state(m, vcpu, APIC_IN_USE);
}

bool apic_is_virtualized(const struct machine *m, unsigned vcpu, pfn_t pfn)
{
	return m->w->vcpu[vcpu].apic_page && m->w->vcpu[vcpu].apic_page == pfn;
}

/*
 * kvm_faultin_pfn(), 6.1 to 7.2: the memslot stays, and is not mapped while APICv is inhibited; a
 * fault there is RET_PF_EMULATE, without an MMIO SPTE.
 */
bool apic_is_emulated(const struct machine *m, gfn_t gfn)
{
	int row = memslot_of_id(m, APIC_ACCESS_PAGE_PRIVATE_MEMSLOT);

	return m->w->kvm.apicv_inhibited && row != NO_SLOT && m->w->kvm.slots[row].base_gfn == gfn;
}

/* gfn_to_page(); since 6.5 gfn_to_pfn_memslot() of the memslot by its id */
static enum step_result apic_lookup(struct machine *m, struct task *t)
{
	int row = memslot_of_id(m, APIC_ACCESS_PAGE_PRIVATE_MEMSLOT);
	gfn_t gfn = row == NO_SLOT ? 0 : m->w->kvm.slots[row].base_gfn;

	t->map = (struct map_op){ .gfn = gfn, .write = true };
	follow_init(&t->follow, gfn, row, FOLL_WRITE);
	m->sem->ops.lookup_args(m, &t->follow);
	return follow_resolve_hva(m, t) ? STEP_CALL : STEP_NEXT;
}

/* is_error_page() */
static enum step_result apic_to_page(struct machine *m, struct task *t)
{
	if (m->sem->ops.gfn_to_page(m, t) == NO_PFN)
		t->map.error = -EFAULT;
	return STEP_NEXT;
}

enum step_result apic_lock(struct machine *m, struct task *t)
{
	(void)t;
	return lock_try_read(m, &m->w->kvm.mmu_lock) ? STEP_NEXT : STEP_BLOCKED;
}

/* mmu_invalidate_retry_gfn() */
enum step_result apic_check(struct machine *m, struct task *t)
{
	if (!invalidate_retry(m, t->fault.mmu_seq, t->map.gfn))
		return STEP_NEXT;
	t->map.error = -EAGAIN;
	set_apic_state(m, t->vcpu, APIC_ASKED);
	return STEP_NEXT;
}

/* vmcs_write64(APIC_ACCESS_ADDR) */
static enum step_result apic_write(struct machine *m, struct task *t)
{
	m->w->vcpu[t->vcpu].apic_page = t->follow.pfn;
	touch(m, OBJECT_APIC, t->vcpu);
	return STEP_NEXT;
}

/* vmx_flush_tlb_current() */
static enum step_result apic_flush(struct machine *m, struct task *t)
{
	tlb_flush(m, t->vcpu);
	return STEP_NEXT;
}

enum step_result apic_unlock(struct machine *m, struct task *t)
{
	(void)t;
	lock_release_read(m, &m->w->kvm.mmu_lock);
	return STEP_NEXT;
}

/* put_page() */
static enum step_result apic_put(struct machine *m, struct task *t)
{
	page_put(m, t->follow.pfn, HOLD_FAULT);
	return STEP_NEXT;
}

/* kvm_release_pfn_clean(), since 6.13 kvm_release_page_clean(): also in vain */
enum step_result apic_release(struct machine *m, struct task *t)
{
	m->sem->ops.stage2_release(m, t, true);
	return STEP_NEXT;
}

#define SET_ADDR	"vmx_set_apic_access_page_addr"

const struct step path_apic[] = {
	STEP(apic_lookup, .calls = PATH_FOLLOW, .chain = SET_ADDR),
	STEP(apic_to_page, .when = apic_page_found, .chain = SET_ADDR " > gfn_to_page"),
	STEP(apic_write, .when = apic_page_is_good, .chain = SET_ADDR),
	STEP(apic_flush, .when = apic_page_is_good,
	     .chain = SET_ADDR " > vmx_flush_tlb_current"),
	STEP(apic_put, .when = apic_page_is_good, .chain = SET_ADDR " > put_page"),
	{ 0 }
};
