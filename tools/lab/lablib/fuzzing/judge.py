# SPDX-License-Identifier: GPL-2.0-only
"""judge: what pfnsim conform says of recordings, one Verdict each."""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass, field

SECONDS = 120			# for one recording
INTERNAL_ERROR = 4		# pfnsim's exit code


@dataclass
class Verdict:
	agree: int = 0
	differ: int = 0
	unmodelled: int = 0
	by_kind: dict = field(default_factory=dict)	# kind: unmodelled observations
	since: str = ""			# why nothing is modelled from some line on
	differences: list = field(default_factory=list)
	crash: str = ""			# of pfnsim
	ended: bool = False		# the guest died, and so it does in the model

	def key(self, commands):
		"""What kind of finding it is, by which two are the same; "": none."""
		if self.crash:
			return f"pfnsim: {self.crash}"
		return key_of(self.differences[0], commands) if self.differences else ""

	def keys(self, commands):
		if self.crash:
			return {self.key(commands)}
		return {key_of(difference, commands) for difference in self.differences}


def commands_of(text):
	"""The commands of a .cmd, in the order of their numbers."""
	lines = [line.partition("#")[0].strip() for line in text.splitlines()]
	return [line for line in lines if line]


def word_of(command):
	"""A command's name, with what kind of it it is"""
	words = command.split()
	if words[0] in ("lab", "kvm", "bg", "par"):
		return " ".join(word for word in words[:3 if words[0] == "bg" else 2]
				if not word.isdigit())
	if words[0] == "madvise":
		return f"madvise {words[-1]}"
	return words[0]


def key_of(difference, commands):
	number = difference["command"]
	where = word_of(commands[number - 1]) if 0 < number <= len(commands) else "the whole"
	return f"{difference['kind']} at {where}"


def describe(difference):
	def text(value):
		return "nothing" if value is None else value
	return (f"{difference['file']}:{difference['line']}: {difference['kind']}: recorded "
		f"{text(difference['recorded'])}, the model has {text(difference['model'])}")


def read(output):
	"""{NAME: Verdict} of what conform --json printed."""
	verdicts = {}
	for line in output.splitlines():
		row = json.loads(line)
		name = os.path.basename(row.get("capture", "")) \
			if row["type"] in ("capture", "difference") else ""
		if row["type"] == "capture":
			verdicts[name] = of_capture(row)
		elif row["type"] == "difference":
			verdicts[name].differences.append(row)
	return verdicts


def of_capture(row):
	kinds = row["kinds"]
	verdict = Verdict(row["agree"], row["differ"], row["unmodelled"],
			  {kind: counts["unmodelled"] for kind, counts in kinds.items()
			   if counts["unmodelled"]}, row["unmodelled_since"] or "")
	verdict.ended = bool(kinds.get("end", {}).get("agree"))
	return verdict


def last_words(text, code):
	"""Why pfnsim went: an assertion, a sanitizer's line, a signal."""
	for line in text.splitlines():
		found = re.search(r"Assertion .*|ERROR: \w*Sanitizer.*|runtime error:.*", line)
		if found:
			return found[0]
	if code < 0:
		return signal.Signals(-code).name
	lines = [line for line in text.splitlines() if line.strip()]
	return lines[-1] if lines else f"exit code {code}"


def run(pfnsim, paths):
	"""(exit code, what it printed, what it complained)"""
	try:
		done = subprocess.run([pfnsim, "conform", "--json", *paths], text=True,
				      stdin=subprocess.DEVNULL, capture_output=True, check=False,
				      errors="replace", timeout=SECONDS * len(paths))
	except subprocess.TimeoutExpired:
		return -1, "", f"no end within {SECONDS} s"
	return done.returncode, done.stdout, done.stderr


def conform(pfnsim, paths):
	"""{NAME: Verdict} of recordings; a crash of pfnsim is that of one of them."""
	names = [os.path.splitext(os.path.basename(path))[0] for path in paths]
	if not paths:
		return {}
	code, output, complaint = run(pfnsim, paths)
	if 0 <= code < INTERNAL_ERROR:
		verdicts = read(output)
		if set(names) <= set(verdicts):
			return verdicts
	if len(paths) == 1:
		return {names[0]: Verdict(crash=last_words(complaint, code))}
	middle = len(paths) // 2
	return {**conform(pfnsim, paths[:middle]), **conform(pfnsim, paths[middle:])}
