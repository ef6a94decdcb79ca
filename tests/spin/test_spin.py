#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_spin.py ABSTRACT [--long]: explore and SPIN see the same states, and find the same bugs.

fault.pml is the protocol of faults and invalidations once more, from its description. A state of
either engine is put into the words of see.h, which say what both have: what is mapped where, the
notifier's state, and where everybody is. The sets of words are compared, without any reduction.
"""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from spinlib import Pan, Size, missing, write_scenario	# noqa: E402

# vCPUs, threads that drop pages, pages that each of them sees, gfns
SIZES = [Size(*size) for size in (
	(1, 0, 1, 1), (2, 0, 1, 1), (2, 0, 1, 2), (0, 2, 2, 1), (0, 2, 3, 1), (0, 2, 3, 2),
	(0, 3, 2, 1), (0, 3, 2, 2), (1, 1, 2, 1), (1, 1, 3, 1), (1, 1, 4, 1), (1, 2, 2, 2),
)]
# Half a minute and more each
LONG_SIZES = [Size(*size) for size in (
	(1, 1, 5, 1), (1, 2, 2, 1), (2, 1, 2, 1), (2, 1, 2, 2), (3, 0, 1, 1), (3, 0, 1, 2),
)]

# A mutant of tests/mutants.c, a law that finds it in explore, its macro in fault.pml
BUGS = (
	("the stale check is dropped", "no-stale-spte", "BUG_NO_CHECK"),
	("stale by the sequence alone", "no-stale-spte", "BUG_SEQ_ALONE"),
	("stale by the range alone", "no-stale-spte", "BUG_RANGE_ALONE"),
	("the snapshot of the sequence comes after the look-up", "no-stale-spte",
	 "BUG_LATE_SNAPSHOT"),
	("the sequence is not raised", "no-stale-spte", "BUG_NO_SEQ"),
	("the sequence is raised after the lock has gone", "no-stale-spte", "BUG_SEQ_LATE"),
	("the count is dropped before the sequence is raised", "seq-before-count",
	 "BUG_COUNT_FIRST"),
	("nothing is zapped", "no-stale-spte", "BUG_NO_ZAP"),
	("the flush is dropped", "no-stale-tlb", "BUG_NO_FLUSH"),
	("in-progress is not counted", "notifier-counts-agree", "BUG_NO_COUNT"),
	("put twice", "no-put-by-non-owner", "BUG_PUT_TWICE"),
	("put never", "fault-balance", "BUG_PUT_NEVER"),
	("put only what was used", "fault-balance", "BUG_PUT_USED"),
	("put before the lock and marked after it", "mark-only-alive", "BUG_PUT_EARLY"),
)
BUG_SIZE = Size(1, 1, 2, 1)


def explore(*arguments):
	done = subprocess.run([ABSTRACT, *arguments], text=True, capture_output=True, check=False)
	if done.returncode:
		raise AssertionError(done.stderr)
	return done


def explored_words(folder, size):
	"""The words of all states, and how many states there are."""
	done = explore("words", write_scenario(folder, size), str(size.vcpus), str(size.threads))
	return set(done.stdout.split("\n")) - {""}, int(done.stderr)


def some(words):
	return ", ".join(f'"{word}"' for word in sorted(words)[:5])


class States(unittest.TestCase):
	def compare(self, size):
		with tempfile.TemporaryDirectory() as folder:
			pan = Pan(folder, size, spin=["-DSEE"], gcc=["-O0", "-DNOREDUCE"])
			verified = pan.verify()
			ours, states = explored_words(folder, size)
			theirs = pan.words()
		self.assertEqual(0, verified.errors)
		print(f"{size}\t{len(ours)}\t{len(theirs)}\t{states}\t{verified.states}")
		self.assertEqual(set(), ours - theirs, "only explore: " + some(ours - theirs))
		self.assertEqual(set(), theirs - ours, "only SPIN: " + some(theirs - ours))

	def test_are_the_same_of_every_size(self):
		print("\nsize\tours\tSPIN's\t(states:\tits)")
		for size in LONG_SIZES if LONG else SIZES:
			with self.subTest(size=str(size)):
				self.compare(size)

	def test_are_others_with_a_bug(self):
		with tempfile.TemporaryDirectory() as folder:
			pan = Pan(folder, BUG_SIZE, spin=["-DSEE", "-DBUG_SEQ_LATE"],
				  gcc=["-O0", "-DNOREDUCE"])
			pan.verify()
			self.assertNotEqual(pan.words(), explored_words(folder, BUG_SIZE)[0])


@unittest.skipIf("--long" in sys.argv, "not so long")
class Bugs(unittest.TestCase):
	def compare(self, folder, trace, bug):
		name, law, macro = bug
		laws = explore("laws", trace, name).stdout.split()
		verified = Pan(folder, BUG_SIZE, spin=["-D" + macro]).verify()
		print(f"{name}: {law}; {verified.violated}")
		self.assertIn(law, laws)
		self.assertEqual(1, verified.errors)
		self.assertIsNotNone(verified.violated)

	def test_are_found_by_both(self):
		print()
		with tempfile.TemporaryDirectory() as folder:
			trace = write_scenario(folder, BUG_SIZE)
			for bug in BUGS:
				with self.subTest(bug[0]):
					self.compare(folder, trace, bug)

	def test_are_not_found_where_there_are_none(self):
		with tempfile.TemporaryDirectory() as folder:
			trace = write_scenario(folder, BUG_SIZE)
			self.assertEqual("", explore("laws", trace, "-").stdout)
			self.assertEqual(0, Pan(folder, BUG_SIZE).verify().errors)


if __name__ == "__main__":
	if missing():
		print(f"skipped: there is no {missing()}")
		sys.exit(77)
	ABSTRACT = sys.argv.pop(1)
	LONG = "--long" in sys.argv
	unittest.main(argv=[sys.argv[0]])
