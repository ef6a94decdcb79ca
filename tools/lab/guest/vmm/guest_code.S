/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_code.S: what the guest runs: 32 bits, flat, no paging. It is copied to gpa 0.
 *
 * Each program starts at its place of enum program (vmm.h) and ends with HLT. eax: value,
 * ebx: address, ecx: how often, edx: stride, esi: mask, edi: seed.
 */
	.section .rodata
	.globl guest_code, guest_code_end
	.balign 16
guest_code:
	.code32
	hlt

	.org guest_code + 0x10		/* PROGRAM_READ */
1:	mov (%ebx), %eax
	add %edx, %ebx
	dec %ecx
	jnz 1b
	hlt

	.org guest_code + 0x20		/* PROGRAM_WRITE */
1:	mov %eax, (%ebx)
	add %edx, %ebx
	dec %ecx
	jnz 1b
	hlt

	.org guest_code + 0x30		/* PROGRAM_RMW */
1:	lock incl (%ebx)
	add %edx, %ebx
	dec %ecx
	jnz 1b
	hlt

	.org guest_code + 0x40		/* PROGRAM_EXEC: what is there had better be a HLT */
	jmp *%ebx

	.org guest_code + 0x50		/* PROGRAM_RANDOM_WRITE */
1:	imul $1664525, %edi, %edi
	add $1013904223, %edi
	mov %edi, %ebp
	shr $4, %ebp
	and %esi, %ebp
	mov %edi, (%ebx, %ebp)
	dec %ecx
	jnz 1b
	hlt

	.org guest_code + 0x80		/* PROGRAM_RANDOM_READ */
1:	imul $1664525, %edi, %edi
	add $1013904223, %edi
	mov %edi, %ebp
	shr $4, %ebp
	and %esi, %ebp
	mov (%ebx, %ebp), %eax
	dec %ecx
	jnz 1b
	hlt

	.org guest_code + 0xb0		/* PROGRAM_VMSAVE: of eax */
	vmsave
	hlt

	.org guest_code + 0xc0		/* PROGRAM_VMLOAD */
	vmload
	hlt

	.org guest_code + 0xd0		/* PROGRAM_WRMSR: ecx, edx:eax */
	wrmsr
	hlt
guest_code_end:
	.code64
	.section .note.GNU-stack, "", @progbits
