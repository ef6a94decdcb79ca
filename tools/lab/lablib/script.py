# SPDX-License-Identifier: GPL-2.0-only
"""script: a trace of the project (docs/TRACE-FORMAT.md) as the guest gets it: one text, without
includes.

Two comments of a script are for us:

	#!smp 2			the machine has two CPUs
	#!env NAME=VALUE	set for init, in the guest
"""

import os
import re
from dataclasses import dataclass

from .host import LabError

SUFFIXES = (".trace", ".cmd")
DEEPEST = 8
FIRST_LINE = re.compile(r"\s*pfntrace\s+\d+\s*(#.*)?$")
INCLUDE = re.compile(r'\s*include\s+"((?:\\.|[^"\\])*)"\s*(#.*)?$')
ESCAPE = re.compile(r'\\(x[0-9A-Fa-f]{2}|.)')


@dataclass(frozen=True)
class Script:
	path: str
	name: str
	text: str
	smp: int
	environ: tuple


def unescape(text):
	def char(match):
		escape = match[1]
		if escape[0] == "x" and len(escape) == 3:
			return chr(int(escape[1:], 16))
		return {"n": "\n", "t": "\t"}.get(escape, escape)
	return ESCAPE.sub(char, text)


def read_text(path, where):
	try:
		with open(path, encoding="utf-8") as file:
			return file.read()
	except (OSError, UnicodeDecodeError) as error:
		reason = getattr(error, "strerror", None) or "is not UTF-8"
		raise LabError(f"{where}{path}: {reason}") from error


def lines_of(path, where="", depth=0):
	"""The lines of @path, with those of what it includes in the place of the include."""
	if depth > DEEPEST:
		raise LabError(f"{where}includes more than {DEEPEST} deep")
	lines = read_text(path, where).splitlines()
	if depth and lines and FIRST_LINE.match(lines[0]):
		lines[0] = ""
	for number, line in enumerate(lines, 1):
		match = INCLUDE.match(line)
		if not match:
			yield line
			continue
		name = os.path.join(os.path.dirname(path), unescape(match[1]))
		yield from lines_of(name, f"{path}:{number}: ", depth + 1)


def load(path):
	text = "".join(f"{line}\n" for line in lines_of(path))
	smp = re.findall(r"^#!smp[ \t]+(\S+)[ \t]*$", text, re.M)
	if any(word not in ("1", "2", "3", "4") for word in smp):
		raise LabError(f"{path}: #!smp takes 1 to 4")
	name = os.path.basename(path)
	stem, suffix = os.path.splitext(name)
	return Script(path=path, name=stem if suffix in SUFFIXES else name, text=text,
		      smp=int(smp[-1]) if smp else 1,
		      environ=tuple(re.findall(r"^#!env[ \t]+(\w+=\S*)[ \t]*$", text, re.M)))


def find(paths):
	"""The scripts that files and folders name, in order of name."""
	files = []
	for path in paths:
		if not os.path.isdir(path):
			files.append(path)
			continue
		found = [os.path.join(folder, name) for folder, _, names in os.walk(path)
			 for name in names if name.endswith(SUFFIXES)]
		if not found:
			raise LabError(f"{path}: no *{' or *'.join(SUFFIXES)} in it")
		files += found
	scripts = {}
	for script in map(load, sorted(files)):
		if script.name in scripts:
			other = scripts[script.name].path
			raise LabError(f"{script.path}: {other} has the same name")
		scripts[script.name] = script
	return [scripts[name] for name in sorted(scripts)]
