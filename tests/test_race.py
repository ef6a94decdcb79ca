#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_race.py: tools/lab/race as far as it needs no kernel: the orders, and what they came to."""

import glob
import os
import subprocess
import sys
import tempfile
import types
import unittest

SOURCE = os.environ["PFNSIM_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tools", "lab"))
sys.dont_write_bytecode = True

from lablib import host	# noqa: E402
from lablib.racing import orders, race	# noqa: E402

PFNSIM = os.environ["PFNSIM"]
TRACES = os.environ["PFNSIM_TRACES"]
DROPPED = """pfntrace 1
title "a page"	# and a comment
mmap A 4K
memslot 1 0x200000 A 4K
thread vcpu
r: read 0x200000
write 0x200000 7
thread vmm
d: dontneed A 4K
expect all: ok
"""


def scenario(text=DROPPED):
	return orders.parse(text, "a.trace")


class Orders(unittest.TestCase):
	def test_of_whole_events_are_all_that_keep_each_threads_order(self):
		found = {str(order) for order in orders.orders(scenario(), lambda event: [])}

		self.assertEqual({"r  t1e2  d", "r  d  t1e2", "d  r  t1e2"}, found)

	def test_every_race_of_the_corpus_is_a_scenario_that_the_program_reads(self):
		for path in sorted(glob.glob(os.path.join(TRACES, "**", "race", "*.trace"),
					     recursive=True)):
			with open(path, encoding="utf-8") as file:
				text = file.read()
			if text.count("\nthread ") < 2:
				continue
			text = race.labelled(orders.parse(text, path))
			done = subprocess.run([PFNSIM, "fmt", "-"], input=text, text=True,
					      capture_output=True, check=False)
			self.assertEqual((0, ""), (done.returncode, done.stderr), path)

	def test_let_others_pass_where_an_event_stops(self):
		found = {str(order) for order in orders.orders(
			scenario(), lambda event: ["lock_mmu"] if event.label == "r" else [])}

		self.assertIn("r until lock_mmu  d  r ...  t1e2", found)
		self.assertNotIn("r until lock_mmu  t1e2  r ...  d", found)

	def test_stop_two_and_resume_them_in_both_orders(self):
		found = {str(order) for order in orders.orders(
			scenario(), lambda event: ["s"] if event.label in "rd" else [])}

		self.assertIn("r until s  d until s  r ...  d ...  t1e2", found)
		self.assertIn("r until s  d until s  d ...  r ...  t1e2", found)

	def test_keep_what_the_scenario_says_of_order(self):
		one = scenario(DROPPED + "order d r\n")
		found = [str(order) for order in orders.orders(one, lambda event: ["s"])]

		self.assertTrue(found)
		for order in found:
			self.assertTrue(order.startswith("d"), order)

	def test_are_no_two_the_same(self):
		found = [order.turns for order in orders.orders(scenario(), lambda event: ["s"])]

		self.assertEqual(len(found), len(set(found)))

	def test_of_what_has_one_thread_there_are_none(self):
		with self.assertRaisesRegex(host.LabError, "a.trace: no scenario"):
			orders.parse("pfntrace 1\nread 0x1000\n", "a.trace")

	def test_are_traces_that_the_lab_can_run(self):
		steps = {"r": ["lock_mmu"], "d": ["clear_ptes"], "t1e2": []}
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "a.trace")
			for order in orders.orders(scenario(), lambda event: steps[event.label]):
				host.write(path, order.text(scenario(), str(order)))
				done = subprocess.run([PFNSIM, "lab-script", path], text=True,
						      capture_output=True, check=False)
				self.assertEqual((0, ""), (done.returncode, done.stderr))


class Steps(unittest.TestCase):
	def test_are_those_of_the_module(self):
		found = race.steps_of(os.path.join(SOURCE, "tools", "lab", "guest"))

		self.assertIn("lock_mmu", found)
		self.assertIn("clear_ptes", found)


class Reports(unittest.TestCase):
	def report(self, **more):
		return race.Report("a", "7.2", explored={("r", ("mapped", 7)): 1,
							 ("r", ("efault", None)): 2}, **more)

	def test_say_what_was_seen_and_what_was_not(self):
		report = self.report(seen={("r", ("mapped", 7)): ["r  d"]})

		self.assertFalse(report.is_wrong())
		self.assertIn("  r: mapped 0x7: seen in 1, first: r  d", report.lines())
		self.assertIn("  r: efault: not seen", report.lines())

	def test_fail_if_the_kernel_does_what_was_not_explored(self):
		seen = {("r", ("mapped", 9)): ["r  d"]}

		self.assertTrue(self.report(seen=seen).is_wrong())
		self.assertFalse(self.report(seen=seen, complete=False).is_wrong())

	def test_count_an_event_that_never_came_to_its_stop_once(self):
		rows = [{"label": "r", "op": "read", "outcome": "mapped", "value": 7},
			{"label": None, "op": "resume event=r", "outcome": "finished",
			 "value": None}]
		bench = types.SimpleNamespace(programs="")
		runner = types.SimpleNamespace(bench=bench, model=lambda path: rows)
		order = types.SimpleNamespace(turns=[(types.SimpleNamespace(label="r"), None)])
		report = self.report()

		race.Race.take(runner, report, order, "a.trace")
		self.assertEqual([("r", ("mapped", 7))], list(report.seen))

	def test_tell_programs_which_orders_are_wrong_and_how(self):
		report = self.report(differ=[("r  d", "a difference")], died=[("d  r", "died")])

		self.assertEqual([{"order": "r  d", "how": "a difference"},
				  {"order": "d  r", "how": "died"}], report.row()["wrong"])

	def test_fail_if_a_recording_differs_or_a_guest_dies(self):
		self.assertTrue(self.report(differ=[("r  d", "a difference")]).is_wrong())
		self.assertTrue(self.report(died=[("r  d", "died")]).is_wrong())


if __name__ == "__main__":
	unittest.main()
