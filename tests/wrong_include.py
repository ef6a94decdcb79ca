#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""wrong_include.py BUILD: an include against the direction tools -> sim -> model must not compile.

Takes the very command that compiles a source file of each folder, puts a one-line file in its
place, and tries every folder's headers with it.  What must compile is tried as well: a command
that refuses everything would prove nothing.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
FLOORS = ["model", "sim", "tools", "tests"]
MISSING = ("No such file or directory", "file not found")


def compile_command(build, folder):
	"""The command for one source file of the folder, without its input, output and depfile."""
	with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as commands:
		for entry in json.load(commands):
			file = os.path.realpath(os.path.join(build, entry["file"]))
			if os.path.dirname(file) == os.path.join(SOURCE, folder):
				return strip(shlex.split(entry["command"]), entry["file"])
	raise SystemExit(f"wrong_include: no source file of {folder}/ is compiled")


def strip(words, source):
	kept = []
	words = iter(words)
	for word in words:
		if word in ("-o", "-MF", "-MQ"):
			next(words)
		elif word not in ("-MD", "-c", source):
			kept.append(word)
	return kept


def compiles(build, command, header):
	with tempfile.TemporaryDirectory() as folder:
		source = os.path.join(folder, "probe.c")
		with open(source, "w", encoding="utf-8") as out:
			out.write(f'#include "{header}"\nint probe;\n')
		# A header compiles by itself; one of tests/ may count on the program it is for.
		mode = "-E" if header.startswith("tests/") else "-fsyntax-only"
		public = "-I" + os.path.join(SOURCE, "sim/public")	# <pfnsim.h>, for all floors
		done = subprocess.run(command + [public, mode, source], cwd=build, text=True,
				      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
				      check=False)
	missing = any(text in done.stderr for text in MISSING)
	if done.returncode and not missing:
		raise SystemExit(f"wrong_include: {header} failed otherwise:\n{done.stderr}")
	return done.returncode == 0


def headers(folder):
	path = os.path.join(SOURCE, folder)
	return sorted(f"{folder}/{name}" for name in os.listdir(path) if name.endswith(".h"))


def main(build):
	wrong = 0
	for floor, folder in enumerate(FLOORS):
		command = compile_command(build, folder)
		for other_floor, other in enumerate(FLOORS):
			for header in headers(other):
				allowed = other_floor <= floor
				if compiles(build, command, header) != allowed:
					verb = "must compile" if allowed else "must not compile"
					print(f'{folder}/: #include "{header}" {verb}')
					wrong += 1
	return 1 if wrong else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
