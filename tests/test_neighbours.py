#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_neighbours.py: tools/neighbours: what is one event away, and what of it is news."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

PFNSIM = os.environ["PFNSIM"]
SOURCE = os.environ["PFNSIM_SOURCE"]
TOOL = os.path.join(SOURCE, "tools", "neighbours")
sys.dont_write_bytecode = True

LOADER = importlib.machinery.SourceFileLoader("neighbours", TOOL)
SPEC = importlib.util.spec_from_loader("neighbours", LOADER)
tool = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(tool)

NAMES = {"alloc", "mmap", "memslot", "read", "write", "zap", "free"}
TTM = """pfntrace 1
bug B99 "a tail"
alloc B noncompound order=1	# a comment
mmap D 8K device B
memslot 1 0x200000 D 8K
r: read 0x201000
expect all: ok
"""
RACE = """pfntrace 1
bug B99 "a race"
mmap A 4K
memslot 1 0x200000 A 4K
thread vcpu
w: write 0x200000 1
thread vmm
d: dontneed A 4K
expect all: ok
"""


class Neighbours(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)

	def write(self, text, name="a.trace"):
		path = os.path.join(self.folder.name, name)
		with open(path, "w", encoding="utf-8") as file:
			file.write(text)
		return path

	def program(self, text=TTM):
		return tool.Program(self.write(text), NAMES | {"dontneed"})

	def test_a_program_is_its_events_with_what_is_included(self):
		self.write(TTM.split("r:")[0].replace('bug B99 "a tail"\n', ""), "host.inc")
		path = self.write('pfntrace 1\ninclude "host.inc"\nr: read 0x201000\n', "b.trace")

		self.assertEqual(self.program().events, tool.Program(path, NAMES).events)
		self.assertEqual("alloc B noncompound order=1", self.program().events[0])

	def test_one_event_goes_changes_or_comes(self):
		events = self.program().events
		near = list(tool.neighbours(self.program()))

		self.assertIn(events[:3], near)
		self.assertIn([events[1], events[0], *events[2:]], near)
		self.assertIn([*events[:3], "r: write 0x201000"], near)
		self.assertIn(["alloc B compound order=1", *events[1:]], near)
		for at in range(1, 5):
			self.assertIn([*events[:at], "zap B", *events[at:]], near)
		self.assertNotIn(events, near)

	def test_a_race_gets_an_actor_and_keeps_its_threads_whole(self):
		program = self.program(RACE)
		near = list(tool.neighbours(program))

		self.assertIn([*program.events, "thread another", "migrate A 4K"], near)
		self.assertTrue(all(e.index("thread vcpu") < e.index("thread vmm") for e in near))

	def test_an_access_without_threads_has_an_actor_beside_it(self):
		events = self.program().events
		near = list(tool.races(self.program()))

		for extra in ("zap B", "read 0x200000 vcpu=1"):
			self.assertIn([*events[:3], "thread it", events[3], "thread another",
				       extra], near)
		self.assertEqual([], list(tool.races(self.program(TTM.replace("read", "zap")))))

	def test_what_a_trace_of_the_repository_expects_is_no_news(self):
		known = {("v6.8", "no-stale-spte"), ("all", "no-bad-free")}

		self.assertTrue(tool.is_known(known, "v6.8", "no-stale-spte"))
		self.assertFalse(tool.is_known(known, "v7.2", "no-stale-spte"))
		self.assertTrue(tool.is_known(known, "v7.2", "no-bad-free"))

	def test_a_bug_that_is_one_event_away_is_found(self):
		out = os.path.join(self.folder.name, "found")
		done = subprocess.run([TOOL, "--pfnsim", PFNSIM, "-s", "v6.8", "-o", out,
				       self.write(TTM)], stdout=subprocess.PIPE, text=True,
				      check=False)

		# of the entry itself is that the tail is refused (B02), by a load
		self.assertEqual(1, done.returncode)
		self.assertIn("v6.8: Es: efault of write: noncompound: 4 events", done.stdout)
		self.assertNotIn("efault of read: noncompound:", done.stdout)
		self.assertTrue(os.listdir(out))

	def test_what_has_been_cut_off_is_not_decided(self):
		done = subprocess.run([TOOL, "--pfnsim", PFNSIM, "-s", "v7.2", "-b", "states=5",
				       self.write(RACE)], stdout=subprocess.PIPE, text=True,
				      check=False)

		self.assertEqual(3, done.returncode)
		self.assertRegex(done.stdout, r"[1-9]\d* not decided within states=5; 0 findings")


if __name__ == "__main__":
	unittest.main()
