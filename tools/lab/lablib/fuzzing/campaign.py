# SPDX-License-Identifier: GPL-2.0-only
"""campaign: programs one after the other, findings shrunk and saved, and the sum of it all."""

import collections
import os
import shutil
import time
from dataclasses import dataclass, field

from ..host import LabError
from . import judge, program, shrink

KEPT = (".cmd", ".out", ".meta", ".trace")


@dataclass
class Finding:
	program: object
	key: str
	text: str			# the first difference, or how it ended
	shrunk: str = ""		# what became of it
	lines: int = 0


@dataclass
class Total:
	programs: int = 0
	refused: collections.Counter = field(default_factory=collections.Counter)
	died: int = 0			# guests, as the model says
	agree: int = 0
	differ: int = 0
	unmodelled: int = 0
	cut: collections.Counter = field(default_factory=collections.Counter)
	kinds: collections.Counter = field(default_factory=collections.Counter)
	topics: collections.Counter = field(default_factory=collections.Counter)
	findings: list = field(default_factory=list)
	next: int = 0
	seconds: float = 0

	def add(self, one, outcome, verdict):
		self.programs += 1
		self.topics[one.topic] += 1
		self.agree += verdict.agree
		self.differ += verdict.differ
		self.unmodelled += verdict.unmodelled
		self.kinds.update(verdict.by_kind)
		if verdict.since:
			self.cut[verdict.since] += 1
		self.died += outcome.word != "ok" and verdict.ended


def finding_of(one, outcome, verdict, commands):
	"""None, if all is well."""
	key = verdict.key(commands)
	if verdict.crash:
		return Finding(one, key, verdict.crash)
	if verdict.differences:
		return Finding(one, key, judge.describe(verdict.differences[0]))
	if outcome.word != "ok" and not verdict.ended:
		return Finding(one, end_key(outcome.word), outcome.word)
	return None


def end_key(word):
	return "the guest " + ("hung" if "hung" in word else "died" if "died" in word else
			       "stopped early" if "stopped" in word else "failed")


class Campaign:
	def __init__(self, bench, options, say, progress):
		self.bench, self.options = bench, options
		self.say, self.progress = say, progress
		self.total = Total(next=options.start)
		self.begun = time.monotonic()
		self.kinds = collections.Counter()	# findings by key

	# ---- running ----

	def over(self):
		late = self.options.time and time.monotonic() - self.begun > self.options.time
		return late or self.total.next >= self.options.start + self.options.count

	def run(self):
		while not self.over():
			self.round()
		self.total.seconds = time.monotonic() - self.begun

	def round(self):
		first = self.total.next
		size = min(self.options.jobs * self.options.batch,
			   self.options.start + self.options.count - first)
		programs = [program.generate(self.options.seed, number, self.options.only)
			    for number in range(first, first + size)]
		loaded = self.load(programs)
		outcomes = self.bench.run_all(list(loaded.values()))
		verdicts = self.bench.judge_all(outcomes)
		found = []
		for one in programs:
			if one.name not in outcomes:
				continue
			outcome = outcomes[one.name]
			verdict = verdicts.get(one.name) or judge.Verdict()
			self.total.add(one, outcome, verdict)
			finding = finding_of(one, outcome, verdict,
					     judge.commands_of(loaded[one.name].text))
			if finding:
				found.append(finding)
		self.total.next = first + size
		self.total.seconds = time.monotonic() - self.begun
		self.show()
		for finding in found:
			self.take(finding)
		self.bench.close()
		if not self.options.keep:
			for one in programs:
				self.forget(one.name)

	def load(self, programs):
		loaded = {}
		for one in programs:
			try:
				loaded[one.name] = self.bench.load(one.name, one.suffix, one.text)
			except LabError as error:
				self.total.refused[str(error).rpartition(": ")[2]] += 1
		return loaded

	def forget(self, name):
		for folder in (self.bench.recordings, self.bench.programs):
			for suffix in KEPT:
				path = os.path.join(folder, name + suffix)
				if os.path.exists(path):
					os.remove(path)

	# ---- findings ----

	def take(self, finding):
		self.total.findings.append(finding)
		self.kinds[finding.key] += 1
		if self.kinds[finding.key] > self.options.most:
			finding.shrunk = "one more of the same kind"
		else:
			self.shrink(finding)
		self.say(line_of(finding))

	def fails(self, finding, lines, name):
		one = finding.program
		for _ in range(2 if one.topic == "races" else 1):
			tried = self.bench.try_lines(name, one.suffix, lines)
			if not tried:
				return False
			outcome, verdict, commands = tried
			again = finding_of(one, outcome, verdict, commands)
			if again and (again.key == finding.key
				      or finding.key in verdict.keys(commands)):
				return True
		return False

	def shrink(self, finding):
		one, name = finding.program, finding.program.name + "-min"
		trials = 0

		def fails(lines):
			nonlocal trials
			trials += 1
			self.show(f"; {one.name}: {len(lines)} lines, trial {trials}")
			return self.fails(finding, lines, name)

		if not fails(list(one.lines)):
			finding.shrunk = "did not come again"
			self.save(one.name, one)
			return
		lines = shrink.shrink(one.lines, fails, self.options.trials)
		fails(lines)			# its recording is the last one
		finding.lines = shrink.free_lines(lines)
		finding.shrunk = self.save(name, one)
		self.forget(name)

	def save(self, name, one):
		"""The recording, and as NAME.script what it was made of; where it went"""
		folder = os.path.join(self.options.save, os.path.basename(self.bench.recordings))
		os.makedirs(folder, exist_ok=True)
		for suffix in KEPT:
			path = os.path.join(self.bench.recordings, name + suffix)
			if os.path.exists(path):
				shutil.copy(path, folder)
		events = os.path.join(self.bench.recordings, "events.txt")
		if os.path.exists(events):
			shutil.copy(events, folder)
		if one.suffix == ".trace":
			shutil.copy(os.path.join(self.bench.programs, name + one.suffix),
				    os.path.join(folder, name + ".script"))
		return os.path.join(folder, name + ".cmd")

	# ---- what is said meanwhile ----

	def show(self, more=""):
		done, total = self.total.next - self.options.start, self.total
		seconds = max(time.monotonic() - self.begun, 0.001)
		rate = done / seconds
		left = (self.options.count - done) / rate if done else 0
		if self.options.time:
			left = min(left, self.options.time - seconds)
		self.progress(f"{done} of {self.options.count}, {len(total.findings)} findings, "
			      f"{rate:.1f}/s, {max(left, 0) / 60:.0f} min left{more}")


def line_of(finding):
	text = f"{finding.program.name} ({finding.program.topic}): {finding.key}: {finding.text}"
	if finding.lines:
		return f"{text}\n    {finding.lines} lines: {finding.shrunk}"
	return f"{text}\n    {finding.shrunk}"
