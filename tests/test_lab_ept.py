#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_lab_ept.py: the parts of tools/lab that choose a machine, and those of Bochs."""

import argparse
import os
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from test_lab import a_kernel, a_script	# noqa: E402; which says where lablib is
from lablib import bochs, cli, host, machine, mailbox, programs, session	# noqa: E402
from lablib.host import LabError	# noqa: E402


class Scripts(unittest.TestCase):
	def test_that_the_machine_cannot_run_are_said_and_left_out(self):
		scripts = [a_script("a"), a_script("b", smp=2), a_script("c", mmu="rmap"),
			   a_script("d", mmu="shadow")]
		said = []

		got = cli.fitting(scripts, cli.MMUS[True], None, bochs.Bochs, said.append)

		self.assertEqual(["a", "c"], [each.name for each in got])
		self.assertEqual(["b: left out: it needs 2 CPUs, and there is 1",
				  "d: left out: #!mmu shadow is not for this machine"], said)
		with self.assertRaisesRegex(LabError, "no script is left"):
			cli.fitting(scripts, {}, 2, bochs.Bochs, said.append)


class Configs(unittest.TestCase):
	def chosen(self, *arguments):
		parser = argparse.ArgumentParser()
		cli.add_machine_options(parser, parser, "", dest="configs", action="append_const",
					default=[])
		options = parser.parse_args(arguments)
		return cli.chosen_configs(options, ["", *options.configs])

	def test_are_chosen_by_options_and_name_the_folder_of_recordings(self):
		for arguments, folders in (
				((), ["7.2"]),
				(("--npt0", "--tdpmmu0"), ["7.2", "7.2-npt0", "7.2-tdpmmu0"]),
				(("--ept",), ["ept-7.2"]),
				(("--ept", "--eptad0", "--tdpmmu0"),
				 ["ept-7.2", "eptad0-7.2", "ept-7.2-tdpmmu0"])):
			with self.subTest(arguments):
				self.assertEqual(folders, [config.folder(a_kernel()) for config
							   in self.chosen(*arguments)])

	def test_that_no_machine_has_are_refused(self):
		with self.assertRaisesRegex(LabError, "--eptad0 needs --ept"):
			self.chosen("--eptad0")
		with self.assertRaisesRegex(LabError, "--npt0 and --ept exclude each other"):
			self.chosen("--ept", "--npt0")

	def test_set_parameters_of_the_module_that_is_loaded(self):
		self.assertEqual(["kvm_intel.eptad=0", "lab_intel=eptad=0"],
				 machine.EPTAD0.command_line())


class TheDiskOfBochs(unittest.TestCase):
	def test_has_everything_where_grub_and_the_guest_look(self):
		asked = []

		def core(kernel_blocks, initramfs_blocks):
			asked.extend((kernel_blocks, initramfs_blocks))
			return b"core" * 200

		disk = bochs.layout(b"boot".ljust(600, b"!"), core, b"k" * 1000, b"i" * 512)

		self.assertEqual(["34816+2", "34818+1"], asked)
		self.assertEqual(0, len(disk) % (16 * 63 * 512))
		self.assertEqual((b"boot", b"core"), (disk[:4], disk[512:516]))
		self.assertEqual(b"k" * 1000 + bytes(24) + b"i" * 512,
				 disk[34816 * 512:34819 * 512])
		self.assertEqual(bochs.SIGNATURE, disk[2047 * 512:][:len(bochs.SIGNATURE)])
		self.assertEqual(bytes(mailbox.SIZE), disk[2048 * 512:34816 * 512])

	def test_is_laid_out_as_the_guests_header_says(self):
		path = os.path.join(os.environ["PFNSIM_SOURCE"], "tools/lab/guest/mailbox.h")
		text = host.read(path)

		for word in (f"DISK_SIGNATURE = {bochs.SIGNATURE_AT // 512}",
			     f"DISK_BOX = {bochs.BOX_AT // 512}",
			     f"DISK_BOX_SIZE = {mailbox.SIZE >> 20} << 20",
			     f"GUEST_AT = {mailbox.TAKEN}",
			     f"REQUEST_AT = {mailbox.REQUEST_AT}",
			     f"RING_AT = {mailbox.RING_AT >> 20} << 20",
			     '"pfnlab mailbox\\n"'):
			with self.subTest(word):
				self.assertIn(word, text)

	def test_gives_the_kernel_a_table_of_two_nodes(self):
		table = bochs.srat()

		signature, length, revision, checksum = struct.unpack_from("<4sIBB", table)
		self.assertEqual((b"SRAT", len(table), 3), (signature, length, revision))
		self.assertEqual(0, sum(table) & 0xff)
		at, nodes = 48, []
		while at < length:
			kind, size = table[at], table[at + 1]
			if kind == 1:
				nodes.append(struct.unpack_from("<IHQQIIQ", table, at + 2))
			at += size
		self.assertEqual(length, at)
		self.assertEqual([(0, 0, 0, 512 << 20, 0, 1, 0),
				  (1, 0, 512 << 20, 128 << 20, 0, 1, 0)], nodes)
		self.assertIn(b"kernel/firmware/acpi/srat.aml\0", bochs.tables())
		self.assertEqual(0, len(bochs.tables()) % 4)

	def test_refuses_a_grub_that_reaches_into_the_mailbox(self):
		with self.assertRaisesRegex(LabError, "does not fit"):
			bochs.layout(bytes(512), lambda *_: bytes(bochs.SIGNATURE_AT), b"", b"")

	def test_boots_with_what_the_configuration_asks_for(self):
		engine = bochs.Bochs(None, programs.Bochs("/b", "3.0"), None)

		line = engine.line(machine.EPTAD0).split()

		self.assertIn("lab_intel=eptad=0", line)
		self.assertIn("libata.force=disable", line)
		self.assertNotIn("panic=-1", line)	# it would boot once more

	def test_and_memory_and_console_are_named_in_bochsrc(self):
		with tempfile.TemporaryDirectory() as folder:
			with open(f"{folder}/disk", "wb") as file:
				file.truncate(40 * bochs.CYLINDER)

			text = bochs.bochsrc(programs.Bochs("/b", "3.0"), folder, "/tmp/serial")

		for line in (f'ata0-master: type=disk, path="{folder}/disk", mode=flat, '
			     'cylinders=40, heads=16, spt=63',
			     'com1: enabled=1, mode=file, dev="/tmp/serial"',
			     'romimage: file="/b/usr/share/bochs/BIOS-bochs-latest"',
			     'memory: guest=640, host=640'):
			self.assertIn(line, text.splitlines())


class FakeProcess:
	"""Of an emulator whose guest says @texts on its console, one a look."""

	def __init__(self, *texts):
		self.texts = list(texts)

	def serial(self):
		return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]

	def gone(self):
		return "the guest died" if session.PANIC in self.serial() else ""

	def close(self):
		pass


class Sessions(unittest.TestCase):
	def answer(self, process, seconds):
		memory = bytearray(mailbox.SIZE)
		request = machine.Request("a", "x", seconds=seconds)
		with session.BoxSession(process, memory) as running:
			return running.run(request)

	def test_end_where_the_guest_panics_and_keep_what_it_said(self):
		said = b"booted\n", b"booted\n[1] x\nKernel panic - not syncing: Fatal exception\n"

		got = self.answer(FakeProcess(*said), 60)

		self.assertEqual("the guest died", got.failure)
		self.assertIn("Fatal exception", got.serial)
		self.assertNotIn("booted", got.serial)

	def test_end_where_a_script_takes_too_long(self):
		got = self.answer(FakeProcess(b""), 0)

		self.assertEqual("the guest hung for 0 s (--timeout)", got.failure)


if __name__ == "__main__":
	unittest.main()
