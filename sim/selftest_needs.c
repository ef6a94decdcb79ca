/* SPDX-License-Identifier: GPL-2.0-only */
/* selftest_needs.c: what user space cannot do by a call of its own, and by what it comes about. */
#include "sim/selftest_internal.h"

static const struct { enum event_id id; const char *needs; } rows[] = {
	{ EVENT_MAP, "kvm_vcpu_map() is for a nested guest: L1's VMRUN, or VMLAUNCH, with a "
	  "control block at this gpa" },
	{ EVENT_UNMAP, "kvm_vcpu_unmap(): the nested guest exits" },
	{ EVENT_MAP_LOG, "kvm_vcpu_map_mark_dirty(): the nested guest's state is written" },
	{ EVENT_LOOKUP, "a caller of that look-up within KVM; no ioctl makes it by itself" },
	{ EVENT_PREFETCH, "tdp_mmu=0 or a nested guest, and a fault on a neighbour in its table" },
	{ EVENT_STAGE2, "a host, and a guest, of that architecture" },
	{ EVENT_KVM_READ, "kvm_read_guest(): the emulator, or an interface that reads this gpa" },
	{ EVENT_KVM_WRITE, "kvm_write_guest(): the emulator, or an interface that writes this "
	  "gpa" },
	{ EVENT_HVA_CACHE, "kvm_gfn_to_hva_cache_init(): MSR_KVM_PV_EOI_EN, MSR_KVM_STEAL_TIME" },
	{ EVENT_HVA_CACHE_READ, "kvm_read_guest_cached(): whoever has the cache" },
	{ EVENT_HVA_CACHE_WRITE, "kvm_write_guest_cached(): whoever has the cache" },
	{ EVENT_STEAL_TIME, "MSR_KVM_STEAL_TIME of the guest with this gpa, and a vCPU's entry" },
	{ EVENT_STEAL_PREEMPTED, "the vCPU's thread is scheduled out: two threads on one CPU" },
	{ EVENT_GPC, "KVM_XEN_HVM_SET_ATTR: KVM_XEN_ATTR_TYPE_SHARED_INFO with this gfn" },
	{ EVENT_GPC_HVA, "KVM_XEN_HVM_SET_ATTR: KVM_XEN_ATTR_TYPE_SHARED_INFO_HVA" },
	{ EVENT_GPC_OFF, "KVM_XEN_HVM_SET_ATTR: shared info with KVM_XEN_INVALID_GFN" },
	{ EVENT_GPC_USE, "an event channel's eventfd, or a Xen timer, that uses the cache" },
	{ EVENT_GPC_WRITE, "an event channel's interrupt for a vCPU that has its vcpu_info there" },
	{ EVENT_VMSAVE, "EFER.SVME, and VMSAVE of the guest at this gpa" },
	{ EVENT_ZAP_GFNS, "an inhibit of APICv, or a change of MTRRs with non-coherent DMA" },
	{ EVENT_INHIBIT_APICV, "KVM_SET_GUEST_DEBUG: KVM_GUESTDBG_BLOCKIRQ, with AVIC" },
	{ EVENT_RECOVER_NX, "kvm.nx_huge_pages_recovery_period_ms, and to wait for its end" },
	{ EVENT_RESET_MMU, "KVM_SET_SREGS with another CR0 or EFER" },
	{ EVENT_ASYNC_PF, "MSR_KVM_ASYNC_PF_EN of the guest, and a page that has to come from "
	  "swap" },
	{ EVENT_KICK, "an interrupt for the vCPU: KVM_INTERRUPT, or KVM_IRQ_LINE" },
	{ EVENT_INTERNAL_SLOT, "KVM_CREATE_IRQCHIP: APIC access page; KVM_SET_TSS_ADDR" },
	{ EVENT_EXIT, "a process of its own that has the VM, and exits here" },
	{ EVENT_DRAIN, "lru_add_drain_all(): no call does only that" },
	{ EVENT_NUMA_HINT, "kernel.numa_balancing, two nodes, and to wait for the scanner" },
	{ EVENT_KHUGEPAGED, "khugepaged: /sys/kernel/mm/transparent_hugepage/khugepaged, and to "
	  "wait" },
	{ EVENT_RECLAIM, "memory.reclaim of a cgroup that has only this process" },
	{ EVENT_GMEM_POISON, "a memory error: /sys/kernel/debug/hwpoison/corrupt-pfn" },
	{ EVENT_UFFD_REGISTER, "a userfaultfd (userfaultfd_util.h): UFFDIO_API, UFFDIO_REGISTER" },
	{ EVENT_UFFD_UNREGISTER, "the userfaultfd: UFFDIO_UNREGISTER" },
	{ EVENT_UFFD_PROTECT, "the userfaultfd: UFFDIO_WRITEPROTECT, MODE_WP" },
	{ EVENT_UFFD_UNPROTECT, "the userfaultfd: UFFDIO_WRITEPROTECT without MODE_WP" },
	{ EVENT_UFFD_COPY, "the userfaultfd: UFFDIO_COPY" },
	{ EVENT_UFFD_ZEROPAGE, "the userfaultfd: UFFDIO_ZEROPAGE" },
	{ EVENT_UFFD_CONTINUE, "the userfaultfd: UFFDIO_CONTINUE" },
	{ EVENT_UFFD_POISON, "the userfaultfd: UFFDIO_POISON" },
	{ EVENT_UFFD_WAKE, "the userfaultfd: UFFDIO_WAKE" },
	{ EVENT_UFFD_MOVE, "the userfaultfd: UFFDIO_MOVE" },
};

const char *selftest_needs(enum event_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == id)
			return rows[i].needs;
	return NULL;
}

bool selftest_is_of_driver(const struct event *e)
{
	switch (e->id) {
	case EVENT_ALLOC:
	case EVENT_FREE:
	case EVENT_REF:
	case EVENT_REPOINT:
	case EVENT_MODE:
	case EVENT_REFUSE:
	case EVENT_ZAP:
		return true;
	case EVENT_MMAP:
		return (e->backing & BACKING_KIND) == VMA_DEVICE;
	default:
		return false;
	}
}
