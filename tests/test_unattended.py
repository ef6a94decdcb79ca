#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_unattended.py: JUnit, SARIF and GitHub's annotations, as those who read them do."""

import json
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as tree

PFNSIM = os.environ["PFNSIM"]
SET_UP = """pfntrace 1
alloc B noncompound order=1
mmap D 8K device B
memslot 1 0x200000 D 8K
"""
# name: (text, level of the worst, rule, line)
CASES = {
	"good": (SET_UP + "r: read 0x200000\n", None, None, None),
	"broken": (SET_UP + "read 0x200000\nfree B\n", "error", "no-free-page-mapped", 6),
	"expected": (SET_UP + "read 0x200000\nf: free B\nexpect all: violation "
		     "no-free-page-mapped at=f blame=driver\n", "note", "no-free-page-mapped", 6),
	"missed": (SET_UP + "r: read 0x200000\nexpect all: outcome efault at=r\n", "error",
		   "expectation", 6),
	"open": (SET_UP + "r: read 0x200000 until=lock_mmu\n", "warning", "inconclusive", 1),
	"a,b: 100%": (SET_UP + "reed 0x200000\n", "error", "input", 5),
}
CODES = {"good": 0, "broken": 1, "expected": 0, "missed": 1, "open": 3, "a,b: 100%": 2}


class Unattended(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		for name, (text, *_) in CASES.items():
			with open(self.path(name), "w", encoding="utf-8") as file:
				file.write(text)

	def path(self, name):
		return os.path.join(self.folder.name, name + ".trace")

	def run_all(self, form, *names, semantics="v7.2"):
		return subprocess.run([PFNSIM, "replay", "-f", form, "-s", semantics,
				       *map(self.path, names or CASES)], stdout=subprocess.PIPE,
				      stderr=subprocess.PIPE, text=True, check=False)

	def test_the_exit_code_is_the_same_in_every_format(self):
		for form in ("text", "junit", "sarif", "github"):
			for name, code in CODES.items():
				self.assertEqual(code, self.run_all(form, name).returncode,
						 (form, name))

	def test_junit_has_a_case_for_each_input_and_semantics(self):
		suite = tree.fromstring(self.run_all("junit", "good", "broken", "open",
						     semantics="v6.8,v7.2").stdout)[0]
		names = [(os.path.basename(c.get("classname")), c.get("name")) for c in suite]

		self.assertEqual([(n + ".trace", s) for n in ("good", "broken", "open")
				  for s in ("v6.8", "v7.2")], names)

	def test_junit_fails_what_exits_with_1_or_2_and_skips_what_is_inconclusive(self):
		suite = tree.fromstring(self.run_all("junit").stdout)[0]
		tags = {os.path.basename(c.get("classname"))[:-6]: [child.tag for child in c]
			for c in suite}

		self.assertEqual({"good": [], "broken": ["failure"], "expected": ["system-out"],
				  "missed": ["failure"], "open": ["skipped"],
				  "a,b: 100%": ["failure"]}, tags)
		self.assertEqual(("6", "3", "1"), (suite.get("tests"), suite.get("failures"),
						   suite.get("skipped")))

	def test_sarif_has_each_finding_at_its_line(self):
		log = json.loads(self.run_all("sarif").stdout)
		driver = log["runs"][0]["tool"]["driver"]

		self.assertEqual("2.1.0", log["version"])
		for name, (_, level, rule, line) in CASES.items():
			found = [r for r in log["runs"][0]["results"] if r["locations"][0][
				"physicalLocation"]["artifactLocation"]["uri"] == self.path(name)]
			if not rule:
				self.assertEqual([], found)
				continue
			result = [r for r in found if r["ruleId"] == rule][0]
			place = result["locations"][0]["physicalLocation"]
			self.assertEqual((level, line), (result["level"],
							 place["region"]["startLine"]), name)
			self.assertEqual(rule, driver["rules"][result["ruleIndex"]]["id"])

	def test_sarif_has_every_law_as_a_rule(self):
		log = json.loads(self.run_all("sarif", "good").stdout)
		rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
		laws = subprocess.run([PFNSIM, "invariants", "--json"], stdout=subprocess.PIPE,
				      text=True, check=False).stdout.splitlines()

		self.assertEqual([json.loads(law)["id"] for law in laws] +
				 ["expectation", "inconclusive", "input"], rules)
		self.assertEqual([], log["runs"][0]["results"])

	def test_findings_of_two_semantics_have_marks_of_their_own(self):
		log = json.loads(self.run_all("sarif", "broken", semantics="v6.8,v7.2").stdout)
		marks = [r["partialFingerprints"]["pfnsim/v1"] for r in log["runs"][0]["results"]]

		self.assertEqual(len(marks), len(set(marks)))

	def test_an_annotation_is_a_line_and_escapes_what_would_end_it(self):
		lines = self.run_all("github").stdout.splitlines()

		for line in lines:
			self.assertRegex(line, r"^::(notice|warning|error) file=[^:,]+"
					 r"(,line=\d+)?(,col=\d+)?,title=[\w-]+::.")
		self.assertTrue([line for line in lines if "a%2Cb%3A 100%25.trace" in line])
		broken = [line for line in lines if "broken.trace" in line]
		self.assertRegex(broken[0], r"^::error file=[^,]*broken.trace,line=6,")


if __name__ == "__main__":
	unittest.main()
