/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_async_pf.c: a fault that needs I/O is left to a worker, and its vCPU is halted meanwhile.
 *
 * Linux: virt/kvm/async_pf.c, arch/x86/kvm/mmu/mmu.c:kvm_faultin_pfn(),
 * kvm_arch_async_page_ready(), arch/x86/kvm/x86.c:kvm_arch_async_page_not_present(); 5.12 to 7.2.
 * The worker takes no reference: what it has faulted in may be gone when the vCPU looks again.
 * SIMPLIFIED: the guest has not enabled asynchronous page faults (MSR_KVM_ASYNC_PF_EN), but
 * interrupts; a vCPU has one at a time.
 */
#include "model/machine.h"
#include "model/memslot.h"
#include "model/path.h"
#include "model/semantics.h"
#include "model/walker.h"

static const struct async_pf *apf_of(const struct machine *m, const struct task *t)
{
	return &m->w->vcpu[t->vcpu].apf;
}

static struct async_pf *own_apf(struct machine *m, struct task *t)
{
	return &m->w->vcpu[t->vcpu].apf;
}

/* ---- the fault ---- */

/* kvm_can_do_async_pf(), and what only a fault of the guest's own may ask for */
bool fault_may_be_async(const struct machine *m, const struct task *t)
{
	return m->w->config.async_pf && !t->access.prefetch &&
	       fault_continues_in_slot(m, t) && t->follow.async;
}

/* kvm_setup_async_pf(), kvm_arch_async_page_not_present(). The hva is one for writing. */
enum step_result try_async_pf(struct machine *m, struct task *t)
{
	struct async_pf *apf = own_apf(m, t);
	gpa_t gpa = access_gpa(m, &t->access);
	gfn_t gfn = t->fault.gfn;
	hva_t hva = memslot_hva(m, memslot_of_gfn(m, gfn), gfn, true);

	if (apf->queued ? apf->gpa >> PAGE_SHIFT != gfn : is_error_hva(hva))
		return STEP_NEXT;	/* another look-up, and that sleeps */
	if (!apf->queued)
		*apf = (struct async_pf){ .gpa = gpa, .hva = hva, .queued = true,
					  .qualification = t->access.qualification };
	apf->halted = true;		/* KVM_REQ_APF_HALT */
	t->fault.ret = RET_PF_RETRY;
	return STEP_NEXT;
}

/* ---- the vCPU, before it enters the guest ---- */

bool vcpu_is_halted(const struct machine *m, const struct task *t)
{
	return apf_of(m, t)->halted;
}

bool async_page_is_there(const struct machine *m, const struct task *t)
{
	return apf_of(m, t)->done;
}

/* kvm_vcpu_block(): until the worker is done, or an interrupt comes */
enum step_result halt_for_page(struct machine *m, struct task *t)
{
	return own_apf(m, t)->done ? STEP_NEXT : STEP_BLOCKED;
}

/* kvm_mmu_reload(), then a fault that nobody waits for; up to 6.9 as if the guest only read */
enum step_result async_page_ready(struct machine *m, struct task *t)
{
	const struct async_pf *apf = apf_of(m, t);
	u64 absent = m->w->config.ept ? BIT(0) : 0;

	if (m->sem->ops.load_root(m, t->vcpu) == NO_PFN)
		return STEP_BLOCKED;
	t->interrupted = t->access;
	t->access = (struct access){
		.gpa = apf->gpa, .kind = ACCESS_READ, .count = 1, .prefetch = true,
		.walk = WALK_VIOLATION,
		.qualification = m->sem->traits.async_error_code ? apf->qualification : absent };
	return STEP_CALL;
}

/* kvm_arch_async_page_present(): whatever has become of the page, the access is tried again. */
enum step_result async_page_present(struct machine *m, struct task *t)
{
	note_stat(m, "pf_fixed", t->access.last_ret == RET_PF_FIXED);
	t->interrupted.last_ret = t->access.last_ret;
	t->access = t->interrupted;
	t->interrupted = (struct access){ 0 };
	*own_apf(m, t) = (struct async_pf){ 0 };
	return STEP_NEXT;
}

/* ---- the worker ---- */

static bool works(const struct machine *m, const struct task *t)
{
	return apf_of(m, t)->queued && !apf_of(m, t)->done;
}

static bool holds_mmap_lock(const struct machine *m, const struct task *t)
{
	(void)m;
	return t->follow.locked;
}

/* get_user_pages_remote(FOLL_WRITE) without an array of pages: faults, and holds nothing. */
static enum step_result apf_gup(struct machine *m, struct task *t)
{
	hva_t hva = apf_of(m, t)->hva;
	const struct vma *vma = vma_find(m, hva);
	struct pt_leaf leaf = host_leaf(m, hva);

	if (!vma || (vma->flags & (VM_IO | VM_PFNMAP)) || !(vma->flags & VM_WRITE) ||
	    t->host.error || leaf.poisoned)
		return STEP_NEXT;
	if (!leaf_is_accessible(&leaf) || !(leaf.entry & PTE_WRITE)) {
		t->host = (struct host_fault){ .hva = hva, .write = true };
		return STEP_CALL_BACK;
	}
	gup_touch(m, hva, &leaf);
	return STEP_NEXT;
}

/* On the list of what is done, and __kvm_vcpu_wake_up() */
static enum step_result apf_complete(struct machine *m, struct task *t)
{
	own_apf(m, t)->done = true;
	return STEP_DONE;
}

#define GUP_REMOTE	"async_pf_execute > get_user_pages_remote"

const struct step path_async_pf[] = {
	STEP_AS(apf_lock_mmap, lock_mmap, .when = works, .chain = "async_pf_execute"),
	STEP(apf_gup, .when = works, .calls = PATH_HOST_FAULT, .to = "apf_gup",
	     .chain = GUP_REMOTE),
	STEP_AS(apf_unlock_mmap, unlock_mmap, .when = holds_mmap_lock, .chain = "async_pf_execute"),
	STEP(apf_complete, .when = works, .chain = "async_pf_execute"),
	{ 0 }
};
