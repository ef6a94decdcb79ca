# SPDX-License-Identifier: GPL-2.0-only
"""table: the file tools/lab/kernels, and the order of Debian's versions."""

import functools
import re
from dataclasses import dataclass
from itertools import zip_longest

from .host import LabError

FILE = "tools/lab/kernels"
NAME = re.compile(r"[A-Za-z0-9][\w.+-]*\Z")


@dataclass(frozen=True)
class Row:
	name: str
	suites: tuple
	pattern: str
	compiler: str
	recorded: str


def parse(text, file="kernels"):
	"""The rows of the table by name, in its order."""
	rows = {}
	for number, line in enumerate(text.splitlines(), 1):
		words = line.partition("#")[0].split()
		if not words:
			continue
		where = f"{file}:{number}"
		if len(words) != 5:
			raise LabError(f"{where}: expected NAME SUITES RELEASE COMPILER RECORDED, "
				       f"found {len(words)} words")
		name, suites, pattern, compiler, recorded = words
		if not NAME.match(name):
			raise LabError(f"{where}: {name}: not a name for a folder")
		if name in rows:
			raise LabError(f"{where}: {name} is there twice")
		if not all(suites.split(",")):
			raise LabError(f"{where}: {suites}: an empty suite")
		rows[name] = Row(name, tuple(suites.split(",")), pattern, compiler, recorded)
	return rows


def row(rows, name):
	if name not in rows:
		raise LabError(f"{name}: no such kernel; there are {', '.join(rows)} ({FILE})")
	return rows[name]


def note(kernel, release, recorded):
	"""What to say if @release is not the one that the recordings are of."""
	if release == recorded:
		return None
	return f"note: {kernel} is {release}, recordings are of {recorded}"


# Versions as dpkg orders them (deb-version(7)): digits by value; "~" before the end, the end
# before letters, letters before anything else.

def weight(char):
	if char == "~":
		return -1
	if char == "":
		return 0
	return ord(char) if char.isalpha() else ord(char) + 256


def compare_part(one, other):
	pattern = re.compile(r"(\D*)(\d*)")
	for (word1, number1), (word2, number2) in zip_longest(
			pattern.findall(one), pattern.findall(other), fillvalue=("", "")):
		for char1, char2 in zip_longest(word1, word2, fillvalue=""):
			if weight(char1) != weight(char2):
				return weight(char1) - weight(char2)
		difference = int(number1 or 0) - int(number2 or 0)
		if difference:
			return difference
	return 0


def split_version(version):
	epoch, colon, rest = version.partition(":")
	if not colon:
		epoch, rest = "0", version
	upstream, dash, revision = rest.rpartition("-")
	return epoch, upstream if dash else rest, revision if dash else "0"


def compare(one, other):
	"""<0, 0, >0: version @one is older than, the same as, newer than @other."""
	for part1, part2 in zip(split_version(one), split_version(other)):
		order = compare_part(part1, part2)
		if order:
			return order
	return 0


version_key = functools.cmp_to_key(compare)
