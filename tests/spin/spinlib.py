# SPDX-License-Identifier: GPL-2.0-only
"""spinlib.py: the scenario of fault.pml as a trace, and SPIN's verifier built and run."""

import os
import re
import shutil
import subprocess
import typing

HERE = os.path.dirname(os.path.abspath(__file__))
SEMANTICS = "v6.1"


class Size(typing.NamedTuple):
	vcpus: int
	threads: int
	pages: int
	gfns: int

	def __str__(self):
		return ",".join(map(str, self))

	def defines(self):
		names = ("VCPUS", "THREADS", "NR_PAGES", "GFNS")
		return [f"-D{name}={value}" for name, value in zip(names, self)]


def scenario(size):
	"""fault.pml's threads, in pfnsim's words."""
	lines = ["pfntrace 1",
		 f"mmap A {4 * size.gfns}K",
		 f"memslot 1 0x200000 A {4 * size.gfns}K"]
	for i in range(size.vcpus):
		lines += [f"thread vcpu{i}",
			  f"write {0x200000 + 0x1000 * (i % size.gfns):#x} 1 vcpu={i}"]
	for j in range(size.threads):
		lines += [f"thread drops{j}"]
		lines += [f"dontneed A+{0x1000 * (j % size.gfns):#x} 4K"] * (size.pages - 1)
	return "\n".join(lines) + "\n"


def write_scenario(folder, size):
	path = os.path.join(folder, "scenario.trace")
	with open(path, "w", encoding="utf-8") as file:
		file.write(scenario(size))
	return path


def missing():
	"""What is not here and needed, or None."""
	for program in ("spin", "gcc"):
		if not shutil.which(program):
			return program
	return None


def run(arguments, folder, **more):
	return subprocess.run(arguments, cwd=folder, text=True, capture_output=True, check=True,
			      timeout=1800, **more)


class Pan:
	"""A verifier of fault.pml, in a folder of its own."""

	def __init__(self, folder, size, spin=(), gcc=("-O0",)):
		self.folder = folder
		for name in ("fault.pml", "see.h"):
			shutil.copy(os.path.join(HERE, name), folder)
		run(["spin", "-a", *size.defines(), *spin, "fault.pml"], folder)
		run(["gcc", "-w", "-DSAFETY", *size.defines(), *gcc, "-o", "pan", "pan.c"],
		    folder)

	def verify(self):
		environment = dict(os.environ, SEEN="seen")
		text = run(["./pan", "-m1000000"], self.folder, env=environment).stdout
		return Verified(text)

	def words(self):
		with open(os.path.join(self.folder, "seen"), encoding="ascii") as file:
			return set(file.read().split("\n")) - {""}


class Verified:
	"""What pan prints, as numbers."""

	def __init__(self, text):
		self.errors = int(re.search(r"errors: (\d+)", text)[1])
		self.states = int(float(re.search(r"(\S+) states, stored", text)[1]))	# 1.3e+08
		self.seconds = float(re.search(r"elapsed time (\S+) seconds", text)[1])
		memory = re.search(r"([\d.]+)\tactual memory usage for states", text)
		self.bytes = float(memory[1]) * 2 ** 20 if memory else 0
		violated = re.search(r"assertion violated\s+(.*?) \(at depth", text)
		self.violated = violated[1] if violated else None
		self.complete = "Search not completed" not in text or self.errors
