# SPDX-License-Identifier: GPL-2.0-only
"""bench: runs programs on one real kernel and has them judged."""

import os

from .. import cli, recording, runner, script
from ..host import LabError, write
from . import judge


def poisons(script):
	"""A memory error that hits the zero page stays there: its count is one more for good"""
	return "HWPOISON" in script.text


class Bench:
	"""@folder gets programs/ and KERNEL/, the recordings."""

	def __init__(self, lab, kernel, config, options, folder):
		self.engine = lab.machine(options.ept)
		self.image = lab.image(kernel, self.engine)
		self.kernel, self.config, self.options = kernel, config, options
		self.progress = lab.progress
		self.pfnsim = cli.pfnsim_of(lab.places)
		self.translate = script.translator(lambda: self.pfnsim)
		self.programs = os.path.join(folder, "programs")
		self.recordings = os.path.join(folder, config.folder(kernel))
		self.places = {}		# by the number of CPUs
		self.session = None		# one that stays, for shrinking
		os.makedirs(self.programs, exist_ok=True)

	def place(self, smp):
		if smp not in self.places:
			config = cli.dataclasses.replace(self.config, smp=smp)
			prepared = self.engine.prepare(self.image, config, self.progress)
			self.places[smp] = runner.Place(self.engine, prepared, self.kernel, config,
							self.recordings, self.options.timeout
							or self.engine.seconds)
		return self.places[smp]

	def load(self, name, suffix, text):
		"""The Script; LabError: pfnsim refuses it."""
		path = os.path.join(self.programs, name + suffix)
		write(path, text)
		loaded = script.load(path, self.translate)
		if loaded.smp > self.engine.cpus:
			raise LabError(f"{path}: more CPUs than the machine has")
		return loaded

	def run_all(self, scripts):
		"""{NAME: Outcome}"""
		work = []
		for smp in sorted({each.smp for each in scripts}):
			group = [each for each in scripts if each.smp == smp]
			tame = [each for each in group if not poisons(each)]
			work += runner.batches(self.place(smp), tame, self.options.batch)
			for each in group:
				if poisons(each):
					work += runner.batches(self.place(smp), [each], 1)
		return {outcome.script: outcome for outcome in
			runner.outcomes(work, self.options.jobs)}

	def judge_all(self, outcomes):
		"""{NAME: Verdict} of what was recorded"""
		paths = sorted(outcome.path for outcome in outcomes.values() if outcome.path)
		return judge.conform(self.pfnsim, paths)

	# ---- one after the other, in one guest ----

	def run_one(self, each):
		place = self.place(each.smp)
		if self.session and self.session[0] != each.smp:
			self.close()
		if not self.session:
			self.session = (each.smp, place.machine.open(place.prepared))
		answer = self.session[1].run(runner.request(place, each))
		if answer.failure:
			self.close()
			answer = runner.alone(place, each, answer)
		return recording.store(place.folder, place.kernel, place.config, each, answer)

	def close(self):
		if self.session:
			self.session[1].close()
		self.session = None

	def try_lines(self, name, suffix, lines):
		"""(Outcome, Verdict, commands); None: pfnsim refuses the script"""
		try:
			each = self.load(name, suffix, "".join(f"{line}\n" for line in lines))
		except LabError:
			return None
		if not judge.commands_of(each.text):
			return None
		outcome = self.run_one(each)
		verdict = judge.conform(self.pfnsim, [outcome.path])[name]
		return outcome, verdict, judge.commands_of(each.text)
