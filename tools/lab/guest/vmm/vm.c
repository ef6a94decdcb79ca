/* SPDX-License-Identifier: GPL-2.0-only */
/* vm.c: one VM, its vCPUs, and what they come back with. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT 39
#endif

enum { PRINTED_MMIO = 4, CPUID_ENTRIES = 128 };

extern const char guest_code[], guest_code_end[];

int slot_set(struct vmm *vmm, unsigned id, uint64_t gpa, uint64_t hva, uint64_t size,
	     unsigned flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = id, .flags = flags, .guest_phys_addr = gpa, .memory_size = size,
		.userspace_addr = hva,
	};

	return ioctl(vmm->vm, KVM_SET_USER_MEMORY_REGION, &region) ? errno : 0;
}

/* ---- KVM_RUN ---- */

static void say_error(struct vcpu *vcpu, int error, struct exits *exits)
{
	struct kvm_regs regs = { 0 };

	ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	say(&exits->said, "KVM_RUN=-1 %s%s (ebx=0x%llx ecx_left=%llu)", error_name(error),
	    error == EINTR && timed_out() ? " TIMEOUT" : "", (unsigned long long)regs.rbx,
	    (unsigned long long)regs.rcx);
	if (vcpu->run->exit_reason == KVM_EXIT_MEMORY_FAULT) {
		struct { uint64_t flags, gpa, size; } fault;

		memcpy(&fault, &vcpu->run->hw, sizeof(fault));
		say(&exits->said, " MEMORY_FAULT gpa=0x%llx size=0x%llx flags=0x%llx",
		    (unsigned long long)fault.gpa, (unsigned long long)fault.size,
		    (unsigned long long)fault.flags);
	}
}

static void answer_mmio(struct kvm_run *run, struct exits *exits)
{
	uint32_t data;

	if (exits->mmio++ < PRINTED_MMIO) {
		say(&exits->said, "MMIO-%s gpa=0x%llx len=%u", run->mmio.is_write ? "W" : "R",
		    (unsigned long long)run->mmio.phys_addr, run->mmio.len);
		memcpy(&data, run->mmio.data, sizeof(data));
		if (run->mmio.is_write)
			say(&exits->said, " data=0x%x", data);
		say(&exits->said, "; ");
	}
	data = MMIO_ANSWER;
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &data, sizeof(data));
}

/* False: the guest goes on. */
static bool is_over(struct vcpu *vcpu, struct exits *exits)
{
	struct kvm_regs regs = { 0 };

	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_MMIO:
		answer_mmio(vcpu->run, exits);
		return false;
	case KVM_EXIT_HLT:
		ioctl(vcpu->fd, KVM_GET_REGS, &regs);
		say(&exits->said, "HLT eax=0x%x", (uint32_t)regs.rax);
		return true;
	case KVM_EXIT_INTERNAL_ERROR:
		say(&exits->said, "INTERNAL_ERROR sub=%u", vcpu->run->internal.suberror);
		return true;
	default:
		ioctl(vcpu->fd, KVM_GET_REGS, &regs);
		say(&exits->said, "EXIT %u rip=0x%llx ebx=0x%llx", vcpu->run->exit_reason,
		    (unsigned long long)regs.rip, (unsigned long long)regs.rbx);
		return true;
	}
}

void vcpu_run(struct vmm *vmm, unsigned v, const struct access *access, struct exits *exits)
{
	struct vcpu *vcpu = &vmm->vcpu[v % NR_VCPUS];
	struct kvm_regs regs = {
		.rflags = 2, .rip = access->program, .rax = access->eax, .rbx = access->ebx,
		.rcx = access->ecx, .rdx = access->edx, .rsi = access->esi, .rdi = access->edi,
	};

	*exits = (struct exits){ .mmio = 0 };
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs)) {
		say(&exits->said, "SET_REGS %s", error_name(errno));
		return;
	}
	vcpu->run->immediate_exit = 0;
	timed_out_clear();
	do {
		vcpu->run->exit_reason = 0xff;
		if (ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
			say_error(vcpu, errno, exits);
			return;
		}
	} while (!is_over(vcpu, exits));
}

/* ---- set-up ---- */

static bool vcpu_protected_mode(struct vcpu *vcpu)
{
	struct kvm_segment code = { .limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
				    .db = 1, .s = 1, .g = 1 };
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	data.type = 3;
	data.selector = 16;
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return false;
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 |= 1;
	return !ioctl(vcpu->fd, KVM_SET_SREGS, &sregs);
}

static bool vcpu_create(struct vmm *vmm, unsigned v, struct kvm_cpuid2 *cpuid)
{
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	int size = ioctl(vmm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct vcpu *vcpu = &vmm->vcpu[v];

	vcpu->fd = ioctl(vmm->vm, KVM_CREATE_VCPU, v);
	if (vcpu->fd < 0 || size < 0)
		return false;
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return false;
	ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid);
	ioctl(vcpu->fd, KVM_SET_MP_STATE, &runnable);
	return vcpu_protected_mode(vcpu);
}

static bool vcpus_create(struct vmm *vmm)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2));
	bool ok = cpuid;

	if (cpuid) {
		cpuid->nent = CPUID_ENTRIES;
		ioctl(vmm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	}
	for (unsigned v = 0; ok && v < NR_VCPUS; v++)
		ok = vcpu_create(vmm, v, cpuid);
	free(cpuid);
	return ok;
}

static bool code_set_up(struct vmm *vmm)
{
	char *code = mmap((void *)CODE_HVA, CODE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);

	if (code == MAP_FAILED)
		return false;
	memset(code, 0xf4, CODE_SIZE);	/* HLT */
	memcpy(code, guest_code, guest_code_end - guest_code);
	return !slot_set(vmm, 0, 0, CODE_HVA, CODE_SIZE, 0);
}

/* As docs/RECORDINGS.md names what failed */
static bool failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return false;
}

bool vm_create(struct vmm *vmm)
{
	static const struct access halt = { .program = PROGRAM_HALT };

	vmm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vmm->kvm < 0)
		return failed("kvm");
	vmm->vm = ioctl(vmm->kvm, KVM_CREATE_VM, vmm->vm_type);
	if (vmm->vm < 0)
		return failed(vmm->vm_type ? "vm: its type needs CONFIG_KVM_SW_PROTECTED_VM" :
					     "vm");
	snprintf(vmm->stats, sizeof(vmm->stats), "/sys/kernel/debug/kvm/%d-%d", getpid(), vmm->vm);
	vmm->is_intel = !access("/sys/module/kvm_intel", F_OK);
	if (!code_set_up(vmm))
		return failed("slot0");
	if (!vcpus_create(vmm))
		return failed("vcpu");
	for (unsigned v = 0; v < NR_VCPUS; v++) {
		struct exits exits;

		vcpu_run(vmm, v, &halt, &exits);
		fprintf(vmm->out, "vcpu%u boot: %s\n", v, exits.said.text);
	}
	return true;
}
