#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_selftest.py: pfnsim report -f selftest: a trace as the skeleton of a KVM selftest.

It compiles here against stand-ins for the kernel's headers. By hand: all traces without threads
compile against kvm_util.h of Linux 6.12 and 7.2; and on these kernels, with NPT, who has nothing
left to be done by hand passes, or skips where there are no pages of 1G or no guest_memfd, or
where mremap() of a part of a private mapping of hugetlb has lost a promise of the pool's for good
(traces/huge/a-part-of-hugetlb-that-moves-takes-all-promises.trace): boot anew behind that one.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

PFNSIM = os.environ["PFNSIM"]
TRACES = os.environ["PFNSIM_TRACES"]
CC = shutil.which("cc") or shutil.which("gcc")
FLAGS = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-sign-compare",
	 "-D_GNU_SOURCE"]
ONE_IN = 4	# of all traces

# Of kvm_util.h, test_util.h, processor.h: what a skeleton uses, as it is declared there.
HEADERS = {"kvm_util.h": """
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kvm.h>
struct kvm_vm;
struct kvm_vcpu { struct kvm_vm *vm; struct kvm_run *run; };
struct ucall { uint64_t cmd, args[7]; };
struct vm_shape { uint32_t type; uint8_t mode; uint8_t pad0; uint16_t pad1; };
enum { UCALL_SYNC, VM_MODE_DEFAULT };
#define BIT(n) (1ul << (n))
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#ifndef KVM_X86_SW_PROTECTED_VM
#define KVM_X86_SW_PROTECTED_VM 1
#define KVM_CAP_VM_TYPES 235
#endif
#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT 39
#endif
#ifndef KVM_MEM_GUEST_MEMFD
#define KVM_MEM_GUEST_MEMFD 4
#define KVM_MEMORY_ATTRIBUTE_PRIVATE 8
struct kvm_memory_attributes { uint64_t address, size, attributes, flags; };
#define KVM_SET_MEMORY_ATTRIBUTES _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#endif
#ifndef KVM_PRE_FAULT_MEMORY
struct kvm_pre_fault_memory { uint64_t gpa, size, flags, padding[5]; };
#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif
void ucall(uint64_t cmd, int nargs, ...);
#define GUEST_SYNC_ARGS(stage, a, b, c, d) ucall(UCALL_SYNC, 6, "hello", stage, a, b, c, d)
#define GUEST_DONE() ucall(1, 0)
uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);
void vcpu_run(struct kvm_vcpu *vcpu);
int _vcpu_run(struct kvm_vcpu *vcpu);
void vcpu_regs_get(struct kvm_vcpu *vcpu, struct kvm_regs *regs);
void vcpu_regs_set(struct kvm_vcpu *vcpu, struct kvm_regs *regs);
void vcpu_args_set(struct kvm_vcpu *vcpu, unsigned int num, ...);
void *addr_gva2hva(struct kvm_vm *vm, uint64_t gva);
#define sync_global_to_guest(vm, g) ((void)addr_gva2hva(vm, (uint64_t)&(g)))
int kvm_do(void *of, unsigned long cmd, void *arg);
#define __vm_ioctl(vm, cmd, arg) kvm_do(vm, cmd, arg)
#define __vcpu_ioctl(vcpu, cmd, arg) kvm_do(vcpu, cmd, arg)
int __vm_enable_cap(struct kvm_vm *vm, uint32_t cap, uint64_t arg0);
int __vm_set_user_memory_region(struct kvm_vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
				uint64_t size, void *hva);
int __vm_set_user_memory_region2(struct kvm_vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
				 uint64_t size, void *hva, uint32_t memfd, uint64_t offset);
int vm_create_guest_memfd(struct kvm_vm *vm, uint64_t size, uint64_t flags);
struct kvm_vm *vm_create_with_vcpus(uint32_t nr, void *code, struct kvm_vcpu *vcpus[]);
struct kvm_vm *__vm_create_with_vcpus(struct vm_shape shape, uint32_t nr, uint64_t extra,
				      void *code, struct kvm_vcpu *vcpus[]);
void virt_map(struct kvm_vm *vm, uint64_t va, uint64_t pa, unsigned int pages);
void kvm_vm_free(struct kvm_vm *vm);
int __vm_create_guest_memfd(struct kvm_vm *vm, uint64_t size, uint64_t flags);
unsigned int kvm_check_cap(long cap);
#define kvm_has_cap(cap) (kvm_check_cap(cap) != 0)
#ifndef KVM_CAP_GUEST_MEMFD
#define KVM_CAP_GUEST_MEMFD 234
#endif
""", "test_util.h": """
#pragma once
#include <stdio.h>
#include <stdlib.h>
#define TEST_ASSERT(e, ...) do { if (!(e)) { printf(__VA_ARGS__); abort(); } } while (0)
#define TEST_ASSERT_EQ(a, b) TEST_ASSERT((a) == (b), "not so")
#define TEST_ASSERT_KVM_EXIT_REASON(v, r) TEST_ASSERT((v)->run->exit_reason == (r), "not so")
#define TEST_REQUIRE(e) TEST_ASSERT(e, "skip")
#define __TEST_REQUIRE(e, ...) TEST_ASSERT(e, __VA_ARGS__)
""", "processor.h": "#pragma once\n"}


def trace(name):
	return os.path.join(TRACES, name)


def traces():
	found = sorted(glob.glob(trace("*/*.trace")))
	return [name for name in found if not re.search(r"^thread ", read(name), re.M)][::ONE_IN]


def read(path):
	with open(path, encoding="utf-8") as file:
		return file.read()


def skeleton(path, semantics="v6.8,v7.2"):
	done = subprocess.run([PFNSIM, "report", "-f", "selftest", "-s", semantics, path],
			      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
			      check=False)
	return done.stdout


def body(text):
	"""main(): the host's side."""
	return text[text.index("int main("):]


def steps(text):
	"""By line of the trace: what stands there, comments and calls."""
	parts = re.split(r"\n\t/\*(?:\n\t \*)? line (\d+): ", body(text))
	return dict(zip(map(int, parts[1::2]), parts[2::2]))


class Skeleton(unittest.TestCase):
	def test_a_pool_that_is_promised_to_nobody_who_is_there_skips_the_test(self):
		text = skeleton(trace("huge/hugetlb-moves-with-its-promise.trace"), "v7.2")
		pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

		self.assertRegex(text, r'(?s)sresv_hugepages".*__TEST_REQUIRE\(!atoi\(text\)')
		self.assertIn(f'hugepages("{pool}", ', text)

	def test_a_read_only_memslots_write_goes_to_user_space(self):
		path = trace("slots/read-only-memslot-is-writable-under-v11.trace")
		text = skeleton(path, "v11,v7.2")
		writes = [part for part in steps(text).values() if " write gpa=" in part]

		self.assertIn("KVM_MEM_READONLY", text)
		self.assertTrue(any("guest_asks_user_space(vcpus[0]" in part for part in writes))
		self.assertTrue(any("v11 breaks ro-slot-never-writable here: " in part
				    for part in steps(text).values()))
		self.assertIn("SPDX-License-Identifier: GPL-2.0-only", text.splitlines()[0])

	def test_the_last_semantics_is_what_is_asserted(self):
		right = steps(skeleton(trace("seed.trace"), "v6.8,v7.2"))
		wrong = steps(skeleton(trace("seed.trace"), "v7.2,v6.8"))

		self.assertIn("TEST_ASSERT_EQ(guest_does(vcpus[0], 5), 0x0u);", right[14])
		self.assertIn("v6.8: efault", right[14])
		self.assertIn("guest_fails(vcpus[0], 5, EFAULT);", wrong[14])
		self.assertIn("v7.2: mapped 0x0", wrong[14])

	def test_who_has_no_driver_skips(self):
		text = skeleton(trace("seed.trace"))

		self.assertIn("__TEST_REQUIRE(device >= 0", text)
		self.assertIn('driver("alloc object=BO noncompound order=3")', text)
		self.assertNotIn("DEVICE", skeleton(trace(
			"anon/zero-page-is-read-and-copied-on-write.trace")))

	def test_what_no_call_does_is_said(self):
		map_ = steps(skeleton(trace("maps/unsafe-map-outlives-its-page.trace")))
		stop = steps(skeleton(trace(
			"acceptance/t06-a-page-is-freed-between-look-up-and-lock.trace")))

		self.assertTrue(any("TO" "DO: kvm_vcpu_map() is for a nested guest" in part and
				    "It comes to: einval" in " ".join(part.split())
				    for part in map_.values()))
		self.assertIn("TO" "DO: it has to stop before step lock_mmu", stop[8])
		self.assertIn("guest_does(vcpus[0], 4)", stop[10])

	def test_nothing_is_left_out(self):
		for path in traces():
			done = subprocess.run([PFNSIM, "replay", "--json", "-s", "v7.2", path],
					      stdout=subprocess.PIPE, text=True, check=False)
			events = [json.loads(line) for line in done.stdout.splitlines()]
			own = set(range(1, len(read(path).splitlines()) + 1))
			lines = re.findall(r"(?:line |\w\.inc:)(\d+): ", body(skeleton(path)))

			self.assertEqual([e["line"] for e in events if e["type"] == "outcome"],
					 [int(line) for line in lines], path)
			self.assertTrue(own)

	def test_guest_and_host_agree_on_what_comes_next(self):
		for path in traces():
			text = skeleton(path)
			end = text.index("static void guest_code")
			parts = text[:end].split("guest_of_vcpu_")[1:]
			guest = [[int(n) for n in re.findall(r"GUEST_SYNC_ARGS\((\d+),", part)]
				 for part in parts]
			host = [[] for _ in parts]
			for vcpu, number in re.findall(r"guest_\w+\(vcpus\[(\d+)\], (\d+)[,)]",
						       body(text)):
				host[int(vcpu)].append(int(number))

			self.assertEqual(guest, [numbers + [0] for numbers in host], path)

	def test_a_recording_is_refused(self):
		done = subprocess.run([PFNSIM, "report", "-f", "selftest",
				       trace("recorded/7.2/anon_cow")], stdout=subprocess.PIPE,
				      stderr=subprocess.PIPE, text=True, check=False)

		self.assertEqual(2, done.returncode)
		self.assertEqual(1, done.stderr.count("\n"), done.stderr)

	@unittest.skipUnless(CC, "no C compiler")
	def test_it_compiles(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		out = os.path.join(folder.name, "skeleton.c")
		for name, text in HEADERS.items():
			with open(os.path.join(folder.name, name), "w", encoding="utf-8") as file:
				file.write(text)

		for path in traces():
			with open(out, "w", encoding="utf-8") as file:
				file.write(skeleton(path))
			done = subprocess.run([CC, "-fsyntax-only", *FLAGS, "-I", folder.name, out],
					      stderr=subprocess.PIPE, text=True, check=False)
			self.assertEqual("", done.stderr, path)


if __name__ == "__main__":
	unittest.main()
