# SPDX-License-Identifier: GPL-2.0-only
"""shrink: the least script that still fails: fewer lines, then fewer and smaller arguments.

Delta debugging (Zeller and Hildebrandt, 2002) over lines; then each word of each line is left out
or made smaller, as long as that goes on failing.
"""

import re

FIXED = re.compile(r"#!|pfntrace |config ")
MOST_TRIALS = 250
NUMBER = re.compile(r"(0x[0-9a-f]+|\d+)([KMG]?)\Z")
OPTION = re.compile(r"(count|stride|vcpu|populate|prot|index|flags|write|dirty|n|v|private|node)=")


class Trials:
	"""Counts how often @fails is asked, and asks nothing twice."""

	def __init__(self, fails, most=MOST_TRIALS):
		self.fails = fails
		self.left = most
		self.known = {}

	def __call__(self, lines):
		key = tuple(lines)
		if key not in self.known:
			if not self.left:
				return False
			self.left -= 1
			self.known[key] = self.fails(list(lines))
		return self.known[key]


def without(lines, start, count):
	"""@lines but for @count of those that may go, from the @start-th of these on."""
	free = [at for at, line in enumerate(lines) if not FIXED.match(line)]
	gone = set(free[start:start + count])
	return [line for at, line in enumerate(lines) if at not in gone]


def free_lines(lines):
	return sum(not FIXED.match(line) for line in lines)


def shrink_lines(lines, fails):
	size = max(1, free_lines(lines) // 2)
	while True:
		start, shorter = 0, False
		while start < free_lines(lines):
			candidate = without(lines, start, size)
			if fails(candidate):
				lines, shorter = candidate, True
			else:
				start += size
		if size > 1:
			size = size // 2
		elif not shorter:
			return lines


def smaller(word):
	"""Words to try in place of @word, the least first; "" leaves it out."""
	if OPTION.match(word):
		yield ""
	key, equals, value = word.rpartition("=")
	found = NUMBER.match(value)
	if not found or key in ("gpa", "hva", "to", "pfn"):
		return
	number, unit = int(found[1], 0), found[2]
	for less in ("4K",) if unit else ("0", "1"):
		if value != less and (unit or number > int(less)):
			yield key + equals + less
	if number > 3:
		yield f"{key}{equals}{number // 2}{unit}" if not value.startswith("0x") else \
			f"{key}{equals}{number // 2:#x}{unit}"


def shrink_words(lines, fails):
	for at, line in enumerate(lines):
		words = line.split()
		for place in range(len(words) - 1, 0, -1):
			if FIXED.match(line) or words[0] in ("title", "gpa"):
				break
			for other in smaller(words[place]):
				changed = words[:place] + [other] * bool(other) + words[place + 1:]
				if fails(lines[:at] + [" ".join(changed)] + lines[at + 1:]):
					words = changed
					lines[at] = " ".join(words)
					break
	return lines


def shrink(lines, fails, most=MOST_TRIALS):
	"""The least of @lines for which fails(LINES) holds still, as far as @most trials go."""
	trials = Trials(fails, most)
	lines = shrink_lines(list(lines), trials)
	lines = shrink_words(lines, trials)
	return shrink_lines(lines, trials)
