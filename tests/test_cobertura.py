#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_cobertura.py: tools/cobertura: lcov's counts, in the shape of coverage-04.dtd."""

import os
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

TOOL = os.path.join(os.environ["PFNSIM_SOURCE"], "tools", "cobertura")
INFO = """TN:
SF:{root}/model/page.c
FN:3,page_get
FN:9,page_put
FNDA:5,page_get
FNDA:0,page_put
FNF:2
FNH:1
DA:3,5
DA:4,5
DA:9,0
LF:3
LH:2
end_of_record
SF:/usr/include/stb/stb_ds.h
FN:1,stbds_arrgrowf
FNDA:1,stbds_arrgrowf
DA:1,1
end_of_record
SF:{root}/sim/vm.c
DA:1,7
end_of_record
SF:{root}/model/page.c
FN:3,page_get
FNDA:1,page_get
DA:3,1
end_of_record
"""
RATES = {"line-rate", "branch-rate", "complexity"}
# By coverage-04.dtd: an element's children in their order ("*": any number), and its attributes.
SHAPE = {
	"coverage": (["sources", "packages"], RATES | {"lines-covered", "lines-valid", "version",
		     "branches-covered", "branches-valid", "timestamp"}),
	"sources": (["source*"], set()),
	"source": ([], set()),
	"packages": (["package*"], set()),
	"package": (["classes"], RATES | {"name"}),
	"classes": (["class*"], set()),
	"class": (["methods", "lines"], RATES | {"name", "filename"}),
	"methods": (["method*"], set()),
	"method": (["lines"], RATES | {"name", "signature"}),
	"lines": (["line*"], set()),
	"line": ([], {"number", "hits", "branch"}),
}


class Cobertura(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.root = os.path.realpath(folder.name)
		self.info = os.path.join(self.root, "coverage.info")
		with open(self.info, "w", encoding="utf-8") as info:
			info.write(INFO.format(root=self.root))

	def run_tool(self, *arguments):
		return subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, text=True,
				      stderr=subprocess.PIPE, check=False)

	def report(self):
		done = self.run_tool(self.info, self.root)
		self.assertEqual((0, ""), (done.returncode, done.stderr))
		self.assertIn("<!DOCTYPE coverage", done.stdout)
		return xml.fromstring(done.stdout)

	def check_shape(self, element):
		children, attributes = SHAPE[element.tag]
		self.assertEqual(attributes, set(element.attrib), element.tag)
		pattern = "".join(f"({child[:-1]} )*" if child.endswith("*") else f"{child} "
				  for child in children)
		self.assertTrue(re.fullmatch(pattern, "".join(f"{c.tag} " for c in element)))
		for child in element:
			self.check_shape(child)

	def test_shape_is_that_of_the_dtd(self):
		self.check_shape(self.report())

	def test_paths_are_those_below_the_source(self):
		report = self.report()
		self.assertEqual([self.root], [s.text for s in report.iter("source")])
		self.assertEqual(["model/page.c", "sim/vm.c"],
				 [c.get("filename") for c in report.iter("class")])
		self.assertEqual(["model", "sim"], [p.get("name") for p in report.iter("package")])

	def test_what_is_told_twice_is_added_up(self):
		page = self.report().find(".//class[@filename='model/page.c']")
		self.assertEqual([("3", "6"), ("4", "5"), ("9", "0")],
				 [(l.get("number"), l.get("hits")) for l in page.find("lines")])
		self.assertEqual("0.6667", page.get("line-rate"))
		self.assertEqual([("page_get", "6"), ("page_put", "0")],
				 [(m.get("name"), m.find("lines/line").get("hits"))
				  for m in page.iter("method")])

	def test_sum_is_of_our_own_lines(self):
		report = self.report()
		self.assertEqual(("3", "4", "0.7500"),
				 tuple(report.get(key) for key in
				       ("lines-covered", "lines-valid", "line-rate")))

	def test_nothing_of_ours_is_no_report(self):
		done = self.run_tool(self.info, "/usr/include")
		self.assertEqual(0, done.returncode)
		done = self.run_tool(self.info, "/nowhere")
		self.assertEqual((1, ""), (done.returncode, done.stdout))


if __name__ == "__main__":
	unittest.main()
