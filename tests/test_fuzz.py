#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_fuzz.py: tools/lab/fuzz as far as it needs no kernel: programs, shrinking, the sum."""

import os
import subprocess
import sys
import tempfile
import types
import unittest

sys.path.insert(0, os.path.join(os.environ["PFNSIM_SOURCE"], "tools", "lab"))
sys.dont_write_bytecode = True

from lablib import recording	# noqa: E402
from lablib.fuzzing import campaign, judge, program, shrink, summary	# noqa: E402

PFNSIM = os.environ["PFNSIM"]
SOME = 150


def pfnsim(*arguments):
	return subprocess.run([PFNSIM, *arguments], text=True, capture_output=True, check=False)


class Programs(unittest.TestCase):
	def test_of_one_seed_are_the_same_wherever_one_starts(self):
		forwards = [program.generate(7, number) for number in range(20)]
		backwards = [program.generate(7, number) for number in reversed(range(20))]

		self.assertEqual(forwards, backwards[::-1])
		self.assertNotEqual(forwards, [program.generate(8, number) for number in range(20)])

	def test_do_not_change_from_one_version_of_python_to_another(self):
		self.assertEqual(("pfntrace 1", 'title "fuzz 1/3: pfnmap"', "config stage2=npt"),
				 program.generate(1, 3, ["pfnmap"]).lines[:3])

	def test_are_of_the_topics_that_were_asked_for(self):
		got = {program.generate(1, number, ["ksm", "log"]).topic for number in range(40)}

		self.assertEqual({"ksm", "log"}, got)

	def test_that_are_traces_are_accepted_by_pfnsim(self):
		with tempfile.TemporaryDirectory() as folder:
			for number in range(SOME):
				one = program.generate(3, number)
				if one.suffix != ".trace":
					continue
				path = os.path.join(folder, "a.trace")
				with open(path, "w", encoding="utf-8") as file:
					file.write(one.text)
				lab = pfnsim("lab-script", path)
				run = pfnsim("replay", "--semantics", "v7.2", path)
				with self.subTest(number):
					self.assertEqual((0, ""), (lab.returncode, lab.stderr))
					if "not modelled" not in run.stderr:
						self.assertIn(run.returncode, (0, 1, 3),
							      run.stderr)

	def test_in_commands_use_none_that_the_vmm_does_not_have(self):
		source = os.path.join(os.environ["PFNSIM_SOURCE"], "tools/lab/guest/vmm")
		text = ""
		for name in os.listdir(source):
			with open(os.path.join(source, name), encoding="utf-8") as file:
				text += file.read()

		for number in range(SOME):
			one = program.generate(3, number, ["races", "ksm"])
			for command in judge.commands_of(one.text):
				self.assertIn(f'{{ "{command.split()[0]}", ', text)


class Shrinking(unittest.TestCase):
	def test_finds_the_least_lines(self):
		lines = ["pfntrace 1", *(f"line{number}" for number in range(100))]

		got = shrink.shrink(lines, lambda some: {"line17", "line80"} <= set(some))

		self.assertEqual(["pfntrace 1", "line17", "line80"], got)

	def test_then_makes_arguments_small(self):
		def fails(lines):
			return any(line.startswith("write 0x2000") for line in lines)

		got = shrink.shrink(["mmap A 64K", "write 0x2000 0x7 count=8 vcpu=1"], fails)

		self.assertEqual(["write 0x2000 0"], got)

	def test_gives_up_when_its_trials_are_over(self):
		asked = []

		shrink.shrink([f"line{number}" for number in range(50)],
			      lambda lines: asked.append(lines), most=9)

		self.assertEqual(9, len(asked))


def difference(kind, command):
	return {"kind": kind, "command": command, "file": "a.out", "line": 3, "recorded": "OK",
		"model": None}


OUTPUT = """\
{"schema":1,"type":"capture","capture":"7.2/a","agree":5,"differ":1,"unmodelled":2,\
"kinds":{"page":{"agree":5,"differ":0,"unmodelled":2},\
"result":{"agree":0,"differ":1,"unmodelled":0}},"unmodelled_since":"the guest flies"}
{"schema":1,"type":"difference","capture":"7.2/a","kind":"result","file":"a.out","line":3,\
"command":2,"recorded":"OK","model":null}
{"schema":1,"type":"total","captures":1}
"""


FAKE_PFNSIM = r"""#!/bin/sh
case "$*" in
*bad*)	echo "x: Assertion 'y' failed." >&2
	kill -ABRT $$ ;;
esac
shift 2
for path; do
	echo '{"type":"capture","capture":"7.2/'${path%.cmd}'","agree":1,"differ":0,'\
	     '"unmodelled":0,"kinds":{},"unmodelled_since":null}'
done
"""


class Judging(unittest.TestCase):
	def test_reads_what_conform_prints(self):
		got = judge.read(OUTPUT)["a"]

		self.assertEqual((5, 1, 2, {"page": 2}, "the guest flies"),
				 (got.agree, got.differ, got.unmodelled, got.by_kind, got.since))
		self.assertEqual("result at madvise FREE",
				 got.key(["mmap A 4K anon", "madvise A 4K FREE"]))

	def test_a_crash_of_pfnsim_is_said_of_the_recording_that_made_it(self):
		with tempfile.TemporaryDirectory() as folder:
			fake = os.path.join(folder, "pfnsim")
			with open(fake, "w", encoding="utf-8") as file:
				file.write(FAKE_PFNSIM)
			os.chmod(fake, 0o755)

			got = judge.conform(fake, ["a.cmd", "bad.cmd", "c.cmd"])

		self.assertEqual({"a": "", "bad": "Assertion 'y' failed.", "c": ""},
				 {name: verdict.crash for name, verdict in got.items()})


class FakeBench:
	"""Programs with a line that has "zap" in it differ; the model says nothing of guests."""

	def __init__(self, folder):
		self.recordings = os.path.join(folder, "7.2")
		self.programs = folder
		os.makedirs(self.recordings)

	def load(self, name, suffix, text):
		return types.SimpleNamespace(name=name, text=text, smp=1)

	def run_all(self, scripts):
		return {each.name: self.outcome(each) for each in scripts}

	@staticmethod
	def outcome(each):
		one = recording.Outcome("7.2", each.name, "ok", 1, 0.1, each.name)
		one.text = each.text
		return one

	@staticmethod
	def verdict(outcome):
		got = judge.Verdict(agree=10, unmodelled=1, by_kind={"page": 1}, since="a reason")
		if "zap" in outcome.text:
			got.differ, got.differences = 1, [difference("page", 0)]
		return got

	def judge_all(self, outcomes):
		return {name: self.verdict(outcome) for name, outcome in outcomes.items()}

	def try_lines(self, name, suffix, lines):
		outcome = self.outcome(self.load(name, suffix, "\n".join(lines)))
		for kept in (".cmd", ".out", ".trace"):
			with open(os.path.join(self.recordings, name + kept), "w",
				  encoding="utf-8") as file:
				file.write("\n".join(lines))
		with open(os.path.join(self.programs, name + suffix), "w",
			  encoding="utf-8") as file:
			file.write("\n".join(lines))
		return outcome, self.verdict(outcome), []

	def close(self):
		pass


def options(save, **more):
	return types.SimpleNamespace(**{
		"seed": 1, "start": 0, "count": 40, "jobs": 1, "batch": 16, "time": None,
		"only": ["pfnmap"], "most": 1, "trials": 250, "save": save, "keep": None, **more})


class Campaigns(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.save = os.path.join(folder.name, "save")
		self.running = campaign.Campaign(FakeBench(folder.name), options(self.save),
						 lambda text: None, lambda text: None)
		self.running.run()

	def test_shrink_and_save_the_first_of_a_kind(self):
		findings = self.running.total.findings

		self.assertEqual(1, findings[0].lines)
		self.assertEqual("one more of the same kind", findings[1].shrunk)
		self.assertEqual([findings[0].program.name + "-min" + suffix for suffix in
				  (".cmd", ".out", ".script", ".trace")],
				 sorted(os.listdir(os.path.join(self.save, "7.2"))))

	def test_count_programs_observations_and_reasons(self):
		total = self.running.total
		lines = list(summary.text("7.2", 1, total))

		self.assertEqual((40, 400, 40, 40), (total.programs, total.agree,
						     total.unmodelled, total.next))
		self.assertEqual({"a reason": 40}, dict(total.cut))
		self.assertEqual(len(total.findings), total.differ)
		self.assertIn("40 programs (100.0 %) are unmodelled from some line on:", lines)
		self.assertIn("       40 a reason", lines)

	def test_a_guest_that_the_model_does_not_let_die_is_a_finding(self):
		one = program.generate(1, 0)
		dead = recording.Outcome("7.2", one.name, "the guest died", 1, 0.1, one.name)

		self.assertEqual("the guest died",
				 campaign.finding_of(one, dead, judge.Verdict(), []).key)
		self.assertIsNone(campaign.finding_of(one, dead, judge.Verdict(ended=True), []))


if __name__ == "__main__":
	unittest.main()
