#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""bench_spin.py [SIZE...]: explore and SPIN's pan on one protocol, in one run: states, speed, bytes.

A SIZE is VCPUS,THREADS,PAGES,GFNS (spinlib.py). Each engine stops at its bound where a size has
more states: explore after MOST_STATES, pan when MOST_MEGABYTES are full; the rate is that of what
it has done, and the number of states has a "+". pan has -O2 -DSAFETY, with its partial order
reduction and without. explore is the program as users run it: the whole world, all laws. Its
states are finer, see.h has what both have in common.

Nothing is asserted: numbers for people, of the machine at hand.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from spinlib import SEMANTICS, Pan, Size, missing, write_scenario	# noqa: E402

SIZES = ("1,1,4,1", "1,2,2,2", "1,2,2,1", "2,1,2,1", "2,1,2,2", "2,2,2,2", "3,2,3,2")
MOST_STATES = 1000000
MOST_MEGABYTES = 1000
# Ways to run explore: what it is called, options
WAYS = (("explore", ()), ("explore, 2 jobs", ("--jobs=2",)),
	("explore, no symmetry", ("--no-symmetry",)),
	("explore, no liveness", ("--no-liveness",)),
	("explore, not reduced", ("--no-por", "--no-symmetry", "--no-liveness")))


class Row:
	def __init__(self, engine, states, seconds, size, complete):
		self.engine = engine
		self.states = states
		self.rate = states / seconds if seconds else 0
		self.bytes = size / states
		self.complete = complete

	def __str__(self):
		more = " " if self.complete else "+"
		rate = f"{self.rate:12,.0f}" if self.rate else "           -"
		return f"  {self.engine:24}{self.states:14,}{more}{rate}{self.bytes:10.1f}"


def pan_row(folder, size, name, options):
	verified = Pan(folder, size, gcc=["-O2", f"-DMEMLIM={MOST_MEGABYTES}", *options]).verify()
	return Row(name, verified.states, verified.seconds, verified.bytes or verified.states * 88,
		   verified.complete)


def explore_row(folder, size, name, options):
	trace = write_scenario(folder, size)
	begin = time.monotonic()
	done = subprocess.run([os.environ["PFNSIM"], "explore", "--json", "-s", SEMANTICS,
			       f"--bound=states={MOST_STATES}", *options, trace],
			      text=True, capture_output=True, check=False)
	seconds = time.monotonic() - begin
	last = json.loads(done.stdout.strip().split("\n")[-1])
	return Row(name, last["states"], seconds, last["bytes"], last["complete"])


def bench(size):
	print(f"{size}: {size.vcpus} vCPUs, {size.threads} threads that drop, "
	      f"{size.pages} pages, {size.gfns} gfns")
	with tempfile.TemporaryDirectory() as folder:
		pans = [pan_row(folder, size, "pan", ["-DNOREDUCE"]),
			pan_row(folder, size, "pan, its POR", [])]
		ours = [explore_row(folder, size, *way) for way in WAYS]
	for row in pans + ours:
		print(row)
	best = max(row.rate for row in pans)
	for row in ours:
		if best:
			print(f"  {row.engine + ' : pan':24}{'':14} {row.rate / best:12.2f}"
			      f"{row.bytes / pans[0].bytes:10.2f}")
	sys.stdout.flush()


def main(arguments):
	if missing():
		print(f"skipped: there is no {missing()}")
		return 77
	print(f"  {'':24}{'states':>14} {'states/s':>12}{'B/state':>10}")
	for size in arguments or SIZES:
		bench(Size(*map(int, size.split(","))))
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
