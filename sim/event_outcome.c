/* SPDX-License-Identifier: GPL-2.0-only */
/* event_outcome.c: what a finished task has come to. */
#include <errno.h>

#include "model/host_mm.h"
#include "model/memslot.h"
#include "model/path.h"
#include "sim/event.h"

static void outcome_page(struct vm *vm, struct outcome *o, pfn_t pfn)
{
	o->pfn = pfn;
	if (pfn == NO_PFN || is_error_noslot_pfn(pfn) || !page_is(&vm->m, pfn, PG_VALID))
		return;
	o->has_refs = true;
	o->refs = page_of(&vm->m, pfn)->refcount;
}

/* A vCPU's word for it: the worst that happened, else the last thing. */
static void access_outcome(struct vm *vm, const struct task *t, struct outcome *o)
{
	const struct access *a = &t->access;

	o->left = a->count;
	o->stopped_at = a->random || a->kind == ACCESS_EXEC ? a->base : a->gpa;	/* ebx */
	o->error = a->error;
	o->value = a->random && a->kind == ACCESS_WRITE ? 0 : a->value;	/* eax is not used */
	o->has_value = true;
	if (a->unknown_code)
		o->word = "unknown_code";
	else if (a->error && t->fault.pfn == KVM_PFN_ERR_HWPOISON)
		o->word = "hwpoison";
	else if (a->error && t->fault.memory_fault)
		o->word = "memory_fault";
	else if (a->error)
		o->word = errno_word(a->error);
	else if (a->internal_error)
		o->word = "internal_error";
	else if (a->mmios)
		o->word = "mmio";
	else if (a->apic)
		o->word = "apic";
	else if (a->signals)
		o->word = "eventfd";
	else if (a->fast_signals)
		o->word = "fast_mmio";
	else if (a->last_ret == RET_PF_EMULATE)
		o->word = "emulate";
	else if (a->last_ret == RET_PF_SPURIOUS)
		o->word = "spurious";
	else
		o->word = a->faults && a->last_ret == RET_PF_FIXED ? "mapped" : "ok";
	if (a->error && !is_error_noslot_pfn(t->fault.pfn))
		outcome_page(vm, o, t->fault.pfn);
	else if (a->error) {	/* the page that the host has there, if any */
		hva_t hva = memslot_hva(&vm->m, t->fault.slot, t->fault.gfn, false);
		struct pt_leaf leaf = host_leaf(&vm->m, is_error_hva(hva) ? 0 : hva);

		outcome_page(vm, o, leaf.present ? host_leaf_pfn(&leaf, hva) : NO_PFN);
	} else {
		outcome_page(vm, o, a->mmios || a->signals || a->fast_signals ? NO_PFN : a->pfn);
	}
}

static void map_outcome(struct vm *vm, const struct task *t, bool lookup, struct outcome *o)
{
	pfn_t pfn = t->follow.pfn;

	o->error = t->map.error;
	o->word = errno_word(o->error);		/* kvm_vcpu_map(): -EINVAL for every error pfn */
	if (lookup && o->error != -ENOSYS)
		o->word = pfn == KVM_PFN_ERR_RO_FAULT ? "ro_fault" :
			  pfn == KVM_PFN_NOSLOT ? "noslot" : is_error_pfn(pfn) ? "efault" : "ok";
	outcome_page(vm, o, pfn);
	o->has_value = !t->map.error;
	o->value = t->map.value;
}

/*
 * kvm_inject_gp() for every map that fails with -EINVAL; in 7.2 kvm_handle_memory_failure(). Linux
 * 7.2: arch/x86/kvm/svm/svm.c:vmload_vmsave_interception().
 */
static void vmsave_outcome(struct vm *vm, const struct task *t, struct outcome *o)
{
	if (t->access.error) {
		access_outcome(vm, t, o);
		return;
	}
	o->error = t->nested.undefined ? -EINVAL : t->map.error;
	o->word = t->nested.undefined ? "ud" : !o->error ? "ok" :
		  vm->m.sem->traits.vmsave_exits ? "internal_error" : "gp";
	o->has_value = !o->error;
	if (t->nested.undefined)
		return;
	o->value = t->nested.vmcb;	/* rax */
	outcome_page(vm, o, t->follow.pfn);
}

void event_outcome(struct vm *vm, const struct task *t, const struct event *e, struct outcome *o)
{
	switch (e->id) {
	case EVENT_READ:
	case EVENT_WRITE:
	case EVENT_RMW:
	case EVENT_EXEC:
		access_outcome(vm, t, o);
		break;
	case EVENT_HOST_READ:
	case EVENT_HOST_WRITE:
	case EVENT_CHILD_READ:
	case EVENT_CHILD_WRITE:
		o->word = t->host.poisoned || t->host.sigbus ? "sigbus" :
			  t->access.failed ? "sigsegv" : "ok";
		o->has_value = !t->access.failed;
		o->value = t->access.value;
		o->stopped_at = t->host.hva;
		outcome_page(vm, o, t->access.failed ? NO_PFN : t->access.pfn);
		break;
	case EVENT_PREFAULT:
		o->error = t->prefault.error;
		o->left = t->prefault.size;
		o->stopped_at = t->prefault.gpa;
		outcome_page(vm, o, t->prefault.done ? t->fault.pfn : NO_PFN);
		break;
	case EVENT_VMSAVE:
		vmsave_outcome(vm, t, o);
		break;
	case EVENT_PREFETCH:
		map_outcome(vm, t, t->map.error == -EINVAL && t->follow.done, o);
		break;
	case EVENT_KVM_READ:
	case EVENT_KVM_WRITE:
	case EVENT_HVA_CACHE:
	case EVENT_HVA_CACHE_READ:
	case EVENT_HVA_CACHE_WRITE:
	case EVENT_STEAL_TIME:
	case EVENT_STEAL_PREEMPTED:
		o->error = t->copy.error;
		outcome_page(vm, o, o->error ? NO_PFN : t->copy.pfn);
		o->has_value = !o->error && e->id != EVENT_HVA_CACHE &&
			       e->id != EVENT_STEAL_PREEMPTED;
		o->value = t->copy.value;
		break;
	case EVENT_GPC:
	case EVENT_GPC_OFF:
	case EVENT_GPC_USE:
	case EVENT_GPC_HVA:
	case EVENT_GPC_WRITE:
		o->error = t->gpc.error;
		outcome_page(vm, o, t->gpc.pfn);
		o->has_value = !o->error &&
			       (e->id == EVENT_GPC_USE || e->id == EVENT_GPC_WRITE);
		o->value = t->gpc.value;
		break;
	case EVENT_GMEM:
	case EVENT_GMEM_PUNCH:
	case EVENT_ATTRIBUTES:
	case EVENT_GMEM_ALLOCATE:
	case EVENT_GMEM_CLOSE:
	case EVENT_GMEM_POISON:
		o->error = t->private.error;
		break;
	case EVENT_STAGE2:
		map_outcome(vm, t, t->map.error != -EAGAIN, o);
		o->has_value = false;
		break;
	case EVENT_MAP:
	case EVENT_LOOKUP:
		map_outcome(vm, t, e->id == EVENT_LOOKUP, o);
		break;
	case EVENT_UNMAP:
	case EVENT_MAP_LOG:
		o->error = t->map.error;
		break;
	case EVENT_DIRTY_LOG:
		o->error = t->slot.error;
		o->has_value = !o->error;
		o->value = t->slot.dirty;
		break;
	case EVENT_MEMSLOT:
	case EVENT_MEMSLOT_DELETE:
	case EVENT_SET_NX:
	case EVENT_INTERNAL_SLOT:
	case EVENT_MMU_PAGES:
	case EVENT_SHRINK_MMU:
	case EVENT_CLEAR_LOG:
	case EVENT_LOG_MODE:
		o->error = t->slot.error;
		break;
	case EVENT_IOEVENTFD:
	case EVENT_IOEVENTFD_OFF:
		o->error = t->io.error;
		break;
	case EVENT_UFFD_COPY:
	case EVENT_UFFD_ZEROPAGE:
	case EVENT_UFFD_CONTINUE:
	case EVENT_UFFD_POISON:
	case EVENT_UFFD_WAKE:
	case EVENT_UFFD_MOVE:
		o->error = t->uffd.error;
		break;
	case EVENT_MREMAP:
		o->error = t->remap.error;
		break;
	case EVENT_MMAP:
		o->error = t->mmap.error;
		break;
	case EVENT_ZAP:
	case EVENT_MUNMAP:
	case EVENT_DONTNEED:
	case EVENT_MPROTECT:
	case EVENT_MADVISE:
	case EVENT_KHUGEPAGED:
	case EVENT_MLOCK:
	case EVENT_MUNLOCK:
	case EVENT_NUMA_HINT:
	case EVENT_UFFD_REGISTER:
	case EVENT_UFFD_UNREGISTER:
	case EVENT_UFFD_PROTECT:
	case EVENT_UFFD_UNPROTECT:
	case EVENT_FORK:
	case EVENT_CHILD_DONTNEED:
	case EVENT_CHILD_EXIT:
		o->error = t->range.error;
		break;
	case EVENT_FILE:
	case EVENT_TRUNCATE:
	case EVENT_PUNCH:
	case EVENT_FALLOCATE:
	case EVENT_REMOVE:
	case EVENT_FILE_WRITE:
	case EVENT_WRITEBACK:
		o->error = t->file.error;
		break;
	case EVENT_POISON:
	case EVENT_OFFLINE:
	case EVENT_MIGRATE:
	case EVENT_CLEAR_REFS:
	case EVENT_PAGEOUT:
	case EVENT_COLD:
	case EVENT_COMPACT:
	case EVENT_RECLAIM:
		o->error = t->pages.error;
		break;
	case EVENT_KSM_MERGE:
	case EVENT_KSM_UNMERGE:
		o->error = t->ksm.error;
		break;
	case EVENT_ALLOC:
	case EVENT_REPOINT:
		outcome_page(vm, o, t->driver.error ? NO_PFN : t->driver.pfn);
		o->error = t->driver.error;
		break;
	case EVENT_FREE:
	case EVENT_REF:
	case EVENT_MODE:
	case EVENT_REFUSE:
		o->error = t->driver.error;
		break;
	case EVENT_INHIBIT_APICV:
		o->error = t->zap.error;
		break;
	case EVENT_DRAIN:
	case EVENT_EAGER_SPLIT:
	case EVENT_ZAP_GFNS:
	case EVENT_RECOVER_NX:
	case EVENT_EXIT:
	case EVENT_RESET_MMU:
	case EVENT_ASYNC_PF:
	case EVENT_KICK:
	case EVENT_HUGEPAGES:
	case EVENT_SHMEM_HUGE:
	case EVENT_RESUME:
	case EVENT_NOTHING:
	case NR_EVENT_IDS:
		break;
	}
	if (!o->word)
		o->word = errno_word(o->error);
}
