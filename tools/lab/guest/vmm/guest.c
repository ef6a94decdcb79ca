/* SPDX-License-Identifier: GPL-2.0-only */
/* guest.c: what a guest does, one vCPU at a time. */
#include "vmm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

/* Milliseconds. AT_ODDS: what an actor has begun may keep it from ever being done. */
enum { PATIENCE = 20000, RANDOM_PATIENCE = 30000, AT_ODDS = 300, DEFAULT_STRIDE = 4096 };

#define EFER_SVME	(1u << 12)
#define CR0_PG		(1u << 31)
#define CR4_PSE		(1u << 4)
#define PDE_4M		0x87u		/* P, W, U, PS */

static void run(struct vmm *vmm, unsigned vcpu, const struct access *access,
		unsigned patience, struct exits *exits)
{
	alarm_after(any_actor(vmm) ? AT_ODDS : patience);
	vcpu_run(vmm, vcpu, access, exits);
	alarm_after(0);
}

/* gread GPA, gwrite GPA VALUE, grmw GPA: [n=COUNT] [stride=BYTES] [v=VCPU] */
static void touch(struct vmm *vmm, const struct args *args, enum program program)
{
	struct access access = {
		.program = program, .ebx = arg_number(args, 1), .eax = arg_number(args, 2),
		.ecx = arg_value(args, "n", 1), .edx = arg_value(args, "stride", DEFAULT_STRIDE),
	};
	struct exits exits;

	run(vmm, arg_value(args, "v", 0), &access, PATIENCE, &exits);
	answer(vmm, "%s%s", exits.said.text, exits.mmio > 4 ? " (more mmio)" : "");
}

static void do_gread(struct vmm *vmm, const struct args *args)
{
	touch(vmm, args, PROGRAM_READ);
}

static void do_gwrite(struct vmm *vmm, const struct args *args)
{
	touch(vmm, args, PROGRAM_WRITE);
}

static void do_grmw(struct vmm *vmm, const struct args *args)
{
	touch(vmm, args, PROGRAM_RMW);
}

static void do_gexec(struct vmm *vmm, const struct args *args)
{
	struct access access = { .program = PROGRAM_EXEC, .ebx = arg_number(args, 1) };
	struct exits exits;

	run(vmm, arg_value(args, "v", 0), &access, PATIENCE, &exits);
	answer(vmm, "%s", exits.said.text);
}

/* randw GPA COUNT MASK SEED [v=VCPU] */
static void at_random(struct vmm *vmm, const struct args *args, enum program program)
{
	struct access access = {
		.program = program, .ebx = arg_number(args, 1), .ecx = arg_number(args, 2),
		.esi = arg_number(args, 3), .edi = arg_number(args, 4),
	};
	struct exits exits;

	run(vmm, arg_value(args, "v", 0), &access, RANDOM_PATIENCE, &exits);
	answer(vmm, "%s", exits.said.text);
}

static void do_randw(struct vmm *vmm, const struct args *args)
{
	at_random(vmm, args, PROGRAM_RANDOM_WRITE);
}

static void do_randr(struct vmm *vmm, const struct args *args)
{
	at_random(vmm, args, PROGRAM_RANDOM_READ);
}

/* SVM's instructions need paging: an identity map of 4M pages, in the code's memory */
static bool turn_svm_on(struct vmm *vmm, struct kvm_sregs *before)
{
	uint32_t *directory = (uint32_t *)(CODE_HVA + GUEST_TABLE);
	struct kvm_sregs sregs;

	for (uint32_t i = 0; i < 1024; i++)
		directory[i] = i << 22 | PDE_4M;
	if (ioctl(vmm->vcpu[0].fd, KVM_GET_SREGS, before))
		return false;
	sregs = *before;
	sregs.efer |= EFER_SVME;
	sregs.cr3 = GUEST_TABLE;
	sregs.cr4 |= CR4_PSE;
	sregs.cr0 |= CR0_PG;
	return !ioctl(vmm->vcpu[0].fd, KVM_SET_SREGS, &sregs);
}

/* A guest of its own: VMSAVE and VMLOAD make KVM map the page (kvm_vcpu_map()). */
static void svm_instruction(struct vmm *vmm, const struct args *args, enum program program)
{
	struct access access = { .program = program, .eax = arg_number(args, 1) };
	struct kvm_vcpu_events none = { 0 };
	struct kvm_sregs before;
	struct exits exits;

	if (!turn_svm_on(vmm, &before)) {
		answer(vmm, "SET_SREGS(SVME) %s", error_name(errno));
		return;
	}
	run(vmm, 0, &access, PATIENCE, &exits);
	answer(vmm, "%s", exits.said.text);
	if (strstr(exits.said.text, "EXIT 8"))	/* #GP without a handler */
		ioctl(vmm->vcpu[0].fd, KVM_SET_VCPU_EVENTS, &none);
	ioctl(vmm->vcpu[0].fd, KVM_SET_SREGS, &before);
}

static void do_gvmsave(struct vmm *vmm, const struct args *args)
{
	svm_instruction(vmm, args, PROGRAM_VMSAVE);
}

static void do_gvmload(struct vmm *vmm, const struct args *args)
{
	svm_instruction(vmm, args, PROGRAM_VMLOAD);
}

const struct command guest_commands[] = {
	{ "gread", do_gread },
	{ "gwrite", do_gwrite },
	{ "grmw", do_grmw },
	{ "gexec", do_gexec },
	{ "randw", do_randw },
	{ "randr", do_randr },
	{ "gvmsave", do_gvmsave },
	{ "gvmload", do_gvmload },
	{ NULL, NULL },
};
