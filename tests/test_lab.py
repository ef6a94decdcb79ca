#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_lab.py: the parts of tools/lab that need no kernel."""

import io
import os
import re
import struct
import sys
import tempfile
import threading
import unittest
import zlib

sys.path.insert(0, os.path.join(os.environ["PFNSIM_SOURCE"], "tools", "lab"))
sys.dont_write_bytecode = True

from lablib import cli, debian, host, image, kernel, machine, mailbox	# noqa: E402
from lablib import recording, runner, script, table, unpack	# noqa: E402
from lablib.host import LabError	# noqa: E402

KERNELS = os.path.join(os.environ["PFNSIM_SOURCE"], "tools", "lab", "kernels")


class TheTable(unittest.TestCase):
	def test_of_the_repository_can_be_read(self):
		rows = table.parse(host.read(KERNELS))

		self.assertEqual(["6.1", "6.12", "7.2"], list(rows))
		self.assertEqual(("sid", "forky"), rows["7.2"].suites)

	def test_refuses_what_is_not_a_row(self):
		for line in ("6.1 bookworm 6.1.*", "../x sid 1 gcc r", "a sid,,sid 1 gcc r",
			     "a s p c r\na s p c r"):
			with self.subTest(line):
				with self.assertRaisesRegex(LabError, r"^kernels:[12]: "):
					table.parse(line)

	def test_names_the_kernels_there_are(self):
		with self.assertRaisesRegex(LabError, "6.2: no such kernel; there are a, b"):
			table.row({"a": 0, "b": 0}, "6.2")

	def test_another_point_release_is_a_finding(self):
		self.assertIsNone(table.note("6.12", "6.12.74", "6.12.74"))
		self.assertEqual("note: 6.12 is 6.12.99, recordings are of 6.12.74",
				 table.note("6.12", "6.12.99", "6.12.74"))


class Namespaces(unittest.TestCase):
	def test_that_are_not_allowed_skip_the_lab(self):
		path = os.environ["PATH"]
		with tempfile.TemporaryDirectory() as folder:
			host.write(f"{folder}/unshare",
				   "#!/bin/sh\necho not permitted >&2\nexit 1\n")
			os.chmod(f"{folder}/unshare", 0o755)
			os.environ["PATH"] = f"{folder}:{path}"
			try:
				with self.assertRaisesRegex(host.Skipped, "not permitted"):
					host.need_namespaces()
			finally:
				os.environ["PATH"] = path


class TheStops(unittest.TestCase):
	def test_that_scripts_may_name_are_those_of_the_module(self):
		source = os.environ["PFNSIM_SOURCE"]
		ours = host.read(os.path.join(source, "sim", "lab_stop.c"))
		driver = os.path.join(source, "tools", "lab", "guest", "driver")
		module = host.read(os.path.join(driver, "stop.c"))
		ours = ours[ours.index("steps[] = {"):ours.index("};")]

		self.assertEqual(set(re.findall(r'"(\w+)"', ours)),
				 set(re.findall(r'^\t\{ "(\w+)", "', module, re.M)))


class Versions(unittest.TestCase):
	def test_are_ordered_as_dpkg_orders_them(self):
		order = ["1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-2", "1.0a-1", "1.0+deb13-1",
			 "1.2-1", "1.10-1", "1:0.1"]
		for older, newer in zip(order, order[1:]):
			with self.subTest(f"{older} < {newer}"):
				self.assertLess(table.compare(older, newer), 0)
				self.assertGreater(table.compare(newer, older), 0)
		self.assertEqual(0, table.compare("1.0", "1.0-0"))

	def test_the_newest_release_is_the_highest_number(self):
		releases = ["6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "6.1.0-50-cloud-amd64"]

		self.assertEqual(releases[1], max(releases, key=table.version_key))


def no_trace(path):
	raise LabError(f"{path}:1:1: not for the lab")


class Scripts(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name

	def write(self, name, text=""):
		path = os.path.join(self.folder, name)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		host.write(path, text)
		return path

	def test_say_how_they_want_to_be_run(self):
		path = self.write("a.cmd", "#!smp 2\n#!mmu rmap\n#!env A=1\n#!env B=2\nhread A\n")

		got = script.load(path, no_trace)

		self.assertEqual(("a", 2, "rmap", ("A=1", "B=2")),
				 (got.name, got.smp, got.mmu, got.environ))

	def test_with_wishes_that_cannot_be_are_errors(self):
		for line in ("#!smp 5", "#!mmu tdp"):
			path = self.write("a.cmd", line + "\n")
			with self.subTest(line), self.assertRaisesRegex(LabError, "a.cmd: #!"):
				script.load(path, no_trace)

	def test_that_are_traces_are_translated(self):
		path = self.write("a.trace", "pfntrace 1\n")

		got = script.load(path, lambda path: "#!mmu shadow\nhread A\n")

		self.assertEqual(("a", "shadow", "#!mmu shadow\nhread A\n"),
				 (got.name, got.mmu, got.text))

	def test_of_a_folder_are_found_in_order_and_once(self):
		self.write("b.cmd")
		self.write("b.trace", "ftrace's\n")
		self.write("sub/a.cmd")
		self.assertEqual(["a", "b"],
				 [each.name for each in script.find([self.folder], no_trace)])

		self.write("sub/b.cmd")
		with self.assertRaisesRegex(LabError, "the same name"):
			script.find([self.folder], no_trace)

	def test_that_the_lab_cannot_run_are_left_out_of_a_folder_but_not_if_named(self):
		self.write("a.cmd")
		path = self.write("b.trace")
		said = []

		got = script.find([self.folder], no_trace, said.append)

		self.assertEqual(["a"], [each.name for each in got])
		self.assertEqual([f"{path}:1:1: not for the lab"], said)
		with self.assertRaisesRegex(LabError, "not for the lab"):
			script.find([path], no_trace, said.append)

	def test_that_name_an_mmu_run_with_that_one_only(self):
		scripts = [a_script("a"), a_script("b", smp=2), a_script("c", mmu="rmap")]
		configs = [cli.CONFIGS[False][""], cli.CONFIGS[False]["npt0"]]

		got = {(config.suffix, config.smp): [each.name for each in group] for config, group
		       in cli.by_config(scripts, configs, cli.MMUS[False], None).items()}

		self.assertEqual({("", 1): ["a"], ("-npt0", 1): ["a"], ("", 2): ["b"],
				  ("-npt0", 2): ["b"], ("-tdpmmu0", 1): ["c"]}, got)


class GuestSide:
	"""guest/mailbox.c in a few lines: takes a request, answers in pieces."""

	def __init__(self, memory, ring):
		self.memory = memory
		self.ring = ring

	def get(self, offset, form="<I"):
		return struct.unpack_from(form, self.memory, offset)[0]

	def take(self):
		magic, posted, length, adler = struct.unpack_from("<IIII", self.memory, 0)
		request = bytes(self.memory[4096:4096 + length])
		assert magic == mailbox.MAGIC and adler == zlib.adler32(request)
		struct.pack_into("<I", self.memory, mailbox.TAKEN, posted)
		return request

	def put(self, answer):
		head = self.get(mailbox.HEAD, "<Q")
		for byte in answer:
			while head - self.get(mailbox.TAIL, "<Q") == self.ring:
				pass
			self.memory[mailbox.RING_AT + head % self.ring] = byte
			head += 1
			struct.pack_into("<Q", self.memory, mailbox.HEAD, head)
		struct.pack_into("<I", self.memory, mailbox.ANSWERED, self.get(mailbox.TAKEN))


class TheMailbox(unittest.TestCase):
	def test_carries_answers_that_are_longer_than_its_ring(self):
		memory = bytearray(mailbox.RING_AT + 64)
		box, guest = mailbox.Mailbox(memory), GuestSide(memory, 64)

		for answer in (b"first" * 50, b"", b"x" * 64):
			box.post(b"question")
			self.assertFalse(box.drain())
			self.assertEqual(b"question", guest.take())
			thread = threading.Thread(target=guest.put, args=(answer,))
			thread.start()
			while not box.drain():
				pass
			thread.join()
			self.assertEqual(answer, bytes(box.answer))

	def test_refuses_a_request_that_does_not_fit(self):
		with self.assertRaisesRegex(LabError, "does not fit"):
			mailbox.Mailbox(bytearray(mailbox.SIZE)).post(bytes(mailbox.RING_AT))

	def test_packs_files_and_survives_half_an_archive(self):
		files = {"a.out": b"hello", "b": b""}

		self.assertEqual(files, mailbox.unpack(mailbox.pack(files)))
		self.assertEqual({}, mailbox.unpack(b""))
		self.assertEqual({}, mailbox.unpack(b"not an archive" * 100))


SERIAL = ("vcpu0 boot: HLT eax=0x0\r\n[ 1] mmap A 4K anon => OK\r\n"
	  "[   21.5] BUG: kernel NULL pointer dereference\r\n\x1b[2J[ 2] gread 0x0 => HL")


class Reconstruction(unittest.TestCase):
	def test_keeps_what_the_console_said(self):
		out = recording.reconstruct("7.2.1", "a", "the guest died", SERIAL)

		self.assertEqual(["# kernel 7.2.1 scenario a",
				  "# RECONSTRUCTED FROM SERIAL: the guest died",
				  "vcpu0 boot: HLT eax=0x0",
				  "[ 1] mmap A 4K anon => OK",
				  "[   21.5] BUG: kernel NULL pointer dereference",
				  "[2J[ 2] gread 0x0 => HL"], out.splitlines())
		self.assertTrue(out.endswith("HL\n"))

	def test_of_a_dead_guest_is_stored_without_a_trace(self):
		with tempfile.TemporaryDirectory() as folder:
			folder = os.path.join(folder, "7.2-npt0")
			os.makedirs(folder)
			host.write(os.path.join(folder, "a.trace"), "of another run\n")
			answer = machine.Answer(serial=SERIAL, failure="the guest died")

			got = recording.store(folder, a_kernel(), machine.SHADOW, a_script(),
					      answer)

			self.assertEqual(["a.cmd", "a.meta", "a.out"], sorted(os.listdir(folder)))
			self.assertEqual("uname 7.2.1 npt 0\nsmp 1 package 7.2.1-1\n",
					 host.read(os.path.join(folder, "a.meta")))
		self.assertEqual("7.2-npt0 a: the guest died, 1 commands, 0.00 s", got.line())

	def test_a_script_that_stopped_early_is_not_ok(self):
		with tempfile.TemporaryDirectory() as folder:
			answer = machine.Answer(files={"a.out": b"[ 1] x => OK\nvm: EINVAL\n"})

			got = recording.store(folder, a_kernel(), machine.Config(), a_script(),
					      answer)

		self.assertEqual("stopped early: vm: EINVAL", got.word)


def a_script(name="a", smp=1, mmu=""):
	return script.Script(path=name, name=name, text="x\n", smp=smp, mmu=mmu, environ=())


def a_kernel():
	return kernel.Kernel(name="7.2", release="7.2.1", version="7.2.1-1", note=None, boot="",
			     modules={}, built_in=frozenset(), root="", tree="", compiler="gcc",
			     folder="", identity="")


class FakeMachine(machine.Machine):
	"""Dies in scripts whose names begin with "bad", unless they run alone the second time."""

	def __init__(self):
		self.opened = 0

	def open(self, prepared):
		self.opened += 1
		return FakeSession()


class FakeSession(machine.Session):
	def run(self, request):
		if request.name.startswith("bad"):
			return machine.Answer(failure="the guest died",
					      serial="loud" if "SER=1" in request.environ else "")
		return machine.Answer(files={f"{request.name}.out": b"DONE 3 commands\n"})

	def close(self):
		pass


class TheRunner(unittest.TestCase):
	def run_all(self, names, size, jobs=1):
		with tempfile.TemporaryDirectory() as folder:
			engine = FakeMachine()
			place = runner.Place(engine, None, a_kernel(), machine.Config(), folder)
			work = runner.batches(place, [a_script(name) for name in names], size)
			got = list(runner.outcomes(work, jobs))
			texts = {one.script: host.read(os.path.join(folder, one.script + ".out"))
				 for one in got}
		return engine, got, texts

	def test_scripts_of_a_batch_share_a_guest(self):
		engine, got, _ = self.run_all("abcde", 3)

		self.assertEqual(2, engine.opened)
		self.assertEqual([("a", "ok", 3), ("b", "ok", 3), ("c", "ok", 3), ("d", "ok", 3),
				  ("e", "ok", 3)],
				 [(one.script, one.word, one.commands) for one in got])

	def test_a_guest_that_dies_takes_one_script_with_it(self):
		engine, got, texts = self.run_all(["a", "bad", "c"], 3)

		self.assertEqual(3, engine.opened)
		self.assertEqual(["ok", "the guest died", "ok"], [one.word for one in got])
		self.assertIn("loud", texts["bad"])

	def test_several_jobs_run_everything_once(self):
		_, got, _ = self.run_all("abcdefgh", 1, jobs=3)

		self.assertEqual(list("abcdefgh"), sorted(one.script for one in got))

	def test_the_summary_counts_what_is_not_ok(self):
		_, got, _ = self.run_all(["a", "bad"], 1)

		*_, last = cli.summary(got)

		self.assertEqual("2 recordings, 1 ok, 1 not", last)


class Images(unittest.TestCase):
	def test_cpio_is_what_the_kernel_reads(self):
		archive = image.cpio({"init": (b"#!", True), "mods/a.ko": (b"12345", False)})

		at, found = 0, {}
		while at < len(archive):
			fields = [int(archive[i:i + 8], 16) for i in range(at + 6, at + 110, 8)]
			size, length = fields[6], fields[11]
			name = archive[at + 110:at + 110 + length - 1].decode()
			start = at + (110 + length + 3 & ~3)
			found[name] = (oct(fields[1]), archive[start:start + size])
			self.assertEqual(b"070701", archive[at:at + 6])
			at = start + (size + 3 & ~3)
		self.assertEqual(("0o100755", b"#!"), found["init"])
		self.assertEqual(("0o100644", b"12345"), found["mods/a.ko"])
		self.assertEqual(("0o20600", b""), found["dev/console"])
		self.assertIn("TRAILER!!!", found)

	def test_a_bzimage_gives_its_kernel(self):
		kernel_bytes = unpack.ELF + b"\0Linux version 6.9.1-mine (me@here)\0" + bytes(100)
		packed = zlib.compressobj(wbits=31)
		packed = packed.compress(kernel_bytes) + packed.flush()
		header = bytearray(1024)
		header[0x1f1] = 1
		header[0x202:0x206] = b"HdrS"
		struct.pack_into("<H", header, 0x206, 0x20f)
		struct.pack_into("<II", header, 0x248, 16, len(packed))
		bzimage = bytes(header) + bytes(16) + packed

		self.assertEqual(kernel_bytes, unpack.kernel_of(bzimage))
		self.assertEqual("6.9.1-mine", unpack.release_of(kernel_bytes))
		self.assertIsNone(unpack.kernel_of(b"nothing" * 200))

	def test_modules_are_loaded_after_what_they_need(self):
		with tempfile.TemporaryDirectory() as folder:
			depends = {"kvm-amd": b"kvm,ccp", "kvm": b"irqbypass", "ccp": b"",
				   "irqbypass": b"", "brd": b""}
			for name, needs in depends.items():
				with open(os.path.join(folder, name + ".ko"), "wb") as file:
					file.write(unpack.ELF + b"\0depends=" + needs + b"\0")
			found = kernel.find_modules(folder)
			one = kernel.Kernel(**{**vars(a_kernel()), "modules": found})

			names = [os.path.basename(path) for path in one.load_order(("kvm-amd",))]

		self.assertEqual(["irqbypass.ko", "kvm.ko", "ccp.ko", "kvm-amd.ko"], names)
		with self.assertRaisesRegex(LabError, "no kvm-amd.ko"):
			a_kernel().load_order(("kvm-amd",))


class Mirrors(unittest.TestCase):
	def test_the_environment_wins(self):
		places = host.Places.of({"PFNSIM_LAB_MIRROR": "http://mirror.example/debian/",
					 "PFNSIM_LAB": "/nowhere"}, "/x/tools/lab")

		self.assertEqual("http://mirror.example/debian", debian.configured_mirror(places))
		self.assertEqual(("/x", "/nowhere"), (places.source, places.cache))


class Programs(unittest.TestCase):
	def test_errors_are_one_line_with_a_code(self):
		for error, code in ((LabError("a"), 2), (host.Skipped("b"), 77)):
			def fails(arguments, progress, error=error):
				raise error
			stderr, sys.stderr = sys.stderr, io.StringIO()
			try:
				self.assertEqual(code, cli.main(fails, []))
				self.assertEqual(1, sys.stderr.getvalue().count("\n"))
			finally:
				sys.stderr = stderr


if __name__ == "__main__":
	unittest.main()
