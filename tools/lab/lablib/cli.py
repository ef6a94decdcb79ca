# SPDX-License-Identifier: GPL-2.0-only
"""cli: what the programs of tools/lab have in common: options, progress, places to run in."""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys

from . import bochs, host, image, kernel as kernels, machine, programs, qemu, runner, script, table
from .host import LabError

# By --ept: what an option, and what "#!mmu" of a script, stands for
CONFIGS = {
	False: {"": machine.Config(), "npt0": machine.SHADOW, "tdpmmu0": machine.RMAP},
	True: {"": machine.EPT, "eptad0": machine.EPTAD0, "tdpmmu0": machine.EPT_RMAP},
}
MMUS = {
	False: {"rmap": machine.RMAP, "shadow": machine.SHADOW},
	True: {"rmap": machine.EPT_RMAP},
}


class Progress:
	"""One line on a terminal that is written over and over; nothing elsewhere."""

	def __init__(self, stream):
		self.stream = stream if stream.isatty() else None

	def __call__(self, text=""):
		if self.stream:
			width = shutil.get_terminal_size().columns - 1
			self.stream.write("\r\x1b[K" + text[:width])
			self.stream.flush()

	def say(self, text):
		"""A line that stays, on standard output."""
		self()
		print(text, flush=True)


def number(least, most):
	def parse(text):
		if not text.isdigit() or not least <= int(text) <= most:
			raise argparse.ArgumentTypeError(f"{text}: expected {least} to {most}")
		return int(text)
	return parse


def parser(program, usage, description, example):
	return argparse.ArgumentParser(
		prog=f"tools/lab/{program}", usage=f"tools/lab/{program} {usage}",
		description=description, epilog=f"example:\n  {example}",
		formatter_class=argparse.RawDescriptionHelpFormatter)


def add_run_options(options):
	options.add_argument("-o", dest="output", metavar="DIR", default="recordings",
			     help="where recordings go, in a folder for each kernel (recordings)")
	options.add_argument("--jobs", type=number(1, 64), default=1, metavar="N",
			     help="guests at the same time (1)")
	options.add_argument("--batch", type=number(1, 100000), metavar="N",
			     help="scripts that share one guest, one after the other (1; with "
			     "--ept all)")
	options.add_argument("--timeout", type=number(1, 3600), metavar="SECONDS",
			     help="for one script (60; with --ept 300)")
	options.add_argument("--smp", type=number(1, 4), metavar="N",
			     help="CPUs of the machine, also where a script says #!smp")
	options.add_argument("--conform", action="store_true",
			     help="then compare the recordings with the model")


def add_machine_options(options, group, also, **more):
	"""@group: where --npt0 and its like go; @also: what their help begins with"""
	options.add_argument("--ept", action="store_true",
			     help="on Intel with EPT (Bochs) instead of AMD with nested paging "
			     "(QEMU)")
	for name, about in (("npt0", "shadow paging (kvm_amd.npt=0); not with --ept"),
			    ("tdpmmu0", "the MMU with rmaps (kvm.tdp_mmu=0)"),
			    ("eptad0", "EPT without accessed and dirty bits (kvm_intel.eptad=0); "
			     "only with --ept")):
		group.add_argument(f"--{name}", const=name, help=also + about, **more)


def chosen_configs(options, names):
	"""The configurations that the options of @names stand for on their machine."""
	configs = CONFIGS[options.ept]
	for name in names:
		if name not in configs:
			raise LabError(f"--{name} " + ("and --ept exclude each other"
						       if options.ept else "needs --ept"))
	return [configs[name] for name in names]


class Lab:
	"""The machine's parts, found or fetched as they are needed."""

	def __init__(self, lab_folder, progress):
		self.places = host.Places.of(os.environ, lab_folder)
		self.progress = progress
		self.rows = table.parse(host.read(self.places.table()), table.FILE)

	def kernel(self, name, again=False):
		row = table.row(self.rows, name)
		return kernels.packaged(self.places, row, again, self.progress)

	def own_kernel(self, name, folder):
		return kernels.from_folder(self.places, name, folder)

	def machine(self, ept):
		if ept:
			program = programs.find_bochs(self.places, self.progress)
			return bochs.Bochs(self.places, program, self.progress)
		return qemu.Qemu(self.places, programs.find(self.places, self.progress))

	def image(self, kernel, engine):
		return image.build(self.places, kernel, engine.modules, self.progress)

	def scripts(self, paths):
		translate = script.translator(lambda: pfnsim_of(self.places))
		return script.find(paths, translate, self.progress.say)

	def work(self, kernel, configs, scripts, options):
		"""Batches of all @scripts on @kernel, with everything prepared."""
		engine = self.machine(options.ept)
		booted = self.image(kernel, engine)
		mmus = MMUS[options.ept]
		fit = fitting(scripts, mmus, options.smp, engine, self.progress.say)
		seconds = options.timeout or engine.seconds
		work = []
		for config, group in by_config(fit, configs, mmus, options.smp).items():
			prepared = engine.prepare(booted, config, self.progress)
			folder = os.path.join(options.output, config.folder(kernel))
			place = runner.Place(engine, prepared, kernel, config, folder, seconds)
			work += runner.batches(place, group, options.batch or engine.batch)
		return work


def fitting(scripts, mmus, smp, engine, say):
	"""Those of @scripts that the machine can run; the others are said."""
	found = []
	for each in scripts:
		if (smp or each.smp) > engine.cpus:
			say(f"{each.name}: left out: it needs {smp or each.smp} CPUs, and there "
			    f"is {engine.cpus}")
		elif each.gigantic > engine.gigantic:
			say(f"{each.name}: left out: this machine has no pages of 1G")
		elif each.mmu and each.mmu not in mmus:
			say(f"{each.name}: left out: #!mmu {each.mmu} is not for this machine")
		else:
			found.append(each)
	if not found:
		raise LabError("no script is left to run")
	return found


def by_config(scripts, configs, mmus, smp):
	"""Config: scripts to run so.  A script that names an MMU runs with that one only."""
	groups = {}
	for each in scripts:
		for base in [mmus[each.mmu]] if each.mmu else configs:
			config = dataclasses.replace(base, smp=smp or each.smp,
						     gigantic=each.gigantic)
			groups.setdefault(config, []).append(each)
	return groups


def pfnsim_of(places):
	built = os.path.join(places.source, "build", "tools", "pfnsim")
	for path in (os.environ.get("PFNSIM"), built, shutil.which("pfnsim")):
		if path and os.path.exists(path):
			return path
	raise LabError("no pfnsim: build it in build/, or set PFNSIM to the program")


def conform(places, outcomes):
	"""The exit code of pfnsim conform on what was recorded."""
	paths = sorted(outcome.path for outcome in outcomes if outcome.path)
	if not paths:
		return 0
	code = subprocess.run([pfnsim_of(places), "conform", *paths], check=False).returncode
	return 0 if code == 3 else code		# 3: parts that are not modelled


def record(work, options, progress):
	"""Run everything; say one line a script; return the Outcomes."""
	total = sum(len(scripts) for _, scripts in work)
	outcomes = []
	for outcome in runner.outcomes(work, options.jobs):
		outcomes.append(outcome)
		progress.say(outcome.line())
		progress(f"{len(outcomes)} of {total}")
	progress()
	return outcomes


def summary(outcomes):
	"""The table of scripts x kernels, and the sum."""
	names = sorted({outcome.kernel for outcome in outcomes}, key=table.version_key)
	word = {(outcome.script, outcome.kernel): short(outcome) for outcome in outcomes}
	scripts = sorted({outcome.script for outcome in outcomes})
	width = max([len(script) for script in scripts], default=0)
	yield " ".join(["".ljust(width), *(name.rjust(9) for name in names)])
	for script in scripts:
		yield " ".join([script.ljust(width),
				*(word.get((script, name), "").rjust(9) for name in names)])
	good = sum(outcome.word == "ok" for outcome in outcomes)
	yield f"{len(outcomes)} recordings, {good} ok, {len(outcomes) - good} not"


def short(outcome):
	if outcome.word == "ok":
		return f"{outcome.seconds:.2f}"
	for word in ("died", "hung", "stopped", "not recorded"):
		if word in outcome.word:
			return word.partition(" ")[0]
	return "wrong"


def main(function, arguments):
	"""Run a program: its errors are one line, its exit codes those of host.py."""
	progress = Progress(sys.stderr)
	try:
		return function(arguments, progress)
	except LabError as error:
		progress()
		verdict = "skipped: " if error.code == host.EXIT_SKIPPED else ""
		print(f"lab: {verdict}{error}", file=sys.stderr)
		return error.code
	except KeyboardInterrupt:
		progress()
		return 130
