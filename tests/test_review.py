#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_review.py: pfnsim review: what it says of what is known, when it does not know, and that
docs/review is its own."""

import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PFNSIM = os.path.abspath(os.environ["PFNSIM"])
SOURCE = os.environ["PFNSIM_SOURCE"]
TRACES = os.environ["PFNSIM_TRACES"]
CHECKED_IN = os.path.join(SOURCE, "docs", "review")
QUICK = ["--bound", "actors=1,events=1"]
FEW = ["race/a-page-is-dropped-while-it-is-mapped.trace", "race/two-guests-read-one-page.trace",
       "acceptance/t08-a-read-only-slot-over-a-writable-bar.trace",
       "maps/map-of-memory-without-struct-page-needs-the-unsafe-switch.trace",
       "acceptance/t05-a-vmcs12-page-without-struct-page.trace",
       "refs/driver-frees-before-it-zaps.trace"]
TABLE = re.compile(r"^(\|.*\|)\n\|---", re.M)


def read(*path):
	with open(os.path.join(*path), encoding="utf-8") as file:
		return file.read()


def headings(text):
	"""But for the traces in it."""
	return re.findall(r"^#+ .*", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)


class Page(html.parser.HTMLParser):
	EMPTY = {"meta", "br"}

	def __init__(self, text):
		super().__init__()
		self.open, self.wrong, self.headings, self.links = [], [], [], []
		self.feed(text)

	def handle_starttag(self, tag, attrs):
		if tag not in self.EMPTY:
			self.open.append(tag)
		if re.fullmatch(r"h\d", tag):
			self.headings.append("#" * int(tag[1]) + " ")
		self.links += [value for key, value in attrs if key in ("href", "src")]

	def handle_endtag(self, tag):
		if not self.open or self.open.pop() != tag:
			self.wrong.append(tag)

	def handle_data(self, data):
		if self.open and re.fullmatch(r"h\d", self.open[-1]):
			self.headings[-1] += data


class Review(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.few = os.path.join(self.folder.name, "few")
		for name in FEW:
			to = os.path.join(self.few, name)
			os.makedirs(os.path.dirname(to), exist_ok=True)
			shutil.copy(os.path.join(TRACES, name), to)

	def tearDown(self):
		self.folder.cleanup()

	def review(self, *arguments, code=0):
		done = subprocess.run([PFNSIM, "review", *arguments], cwd=SOURCE,
				      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
				      check=False)
		self.assertEqual(code, done.returncode, done.stderr)
		return done.stdout if code in (0, 3) else done.stderr

	def few_of(self, *arguments, code=0):
		return self.review(*arguments, "--traces", self.few, code=code)

	def rows(self, text, what):
		return [line for line in text.splitlines() if line.startswith(f"| {what} |")]

	# ---- what is known ----

	def test_patch_3_lets_a_guest_write_in_a_read_only_memslot(self):
		text = self.few_of("v11-p2", "v11-p3", "-f", "markdown", "--only",
				   "VM_PFNMAP; read-only memslot", *QUICK)

		self.assertIn("Claimed: a refactoring", text)
		row = self.rows(text, "breaks ro-slot-never-writable")
		self.assertIn("`a driver's page, VM_PFNMAP; read-only memslot: read 0x200000`",
			      row[0])
		self.assertIn("expect v11-p3: violation ro-slot-never-writable at=e1", text)
		self.assertIn("Complete: ", text)

	def test_patch_8_marks_what_nobody_holds_in_some_order(self):
		text = self.few_of("v11-p7..v11-p8", "-f", "markdown", "--only", "hugetlb; NPT",
				   *QUICK)

		self.assertRegex(self.rows(text, "no-touch-when-stale")[0],
				 r"\| holds \| BROKEN \| v11-p8: \d+ steps of `.*"
				 r"race/a-page-is-dropped-while-it-is-mapped.trace`; known: A4")

	def test_the_parameter_opens_maps_that_nothing_guards(self):
		text = self.few_of("v11", "v11-unsafe", "-f", "markdown", "--only",
				   "a BAR, VM_PFNMAP", *QUICK)

		self.assertTrue(self.rows(text, "map: einval, then ok"))
		self.assertTrue(self.rows(text, "breaks unguarded-holds-ref"))
		self.assertEqual([], re.findall(r"^\| guest's access", text, re.M))
		self.assertRegex(text, r"\| B23: .* \| E .* \| V unguarded-holds-ref")
		self.assertIn("No law that is searched for in every order moves.", text)

	def test_the_merged_rework_has_no_use_for_the_parameter(self):
		text = self.few_of("v11", "v7.2", "-f", "markdown", "--only", "a BAR, VM_PFNMAP",
				   *QUICK)

		self.assertTrue(self.rows(text, "stage2-fault: efault, then ok"))
		self.assertEqual([], self.rows(text, "map: einval, then ok"))

	def test_what_is_the_same_is_equal(self):
		text = self.few_of("v6.8", "v6.8", "--only", "hugetlb; NPT", "-f", "markdown",
				   *QUICK)

		self.assertIn("equal within the bound", text)
		self.assertIn("No verdict of the corpus moves.", text)

	def test_a_chain_is_all_that_is_between(self):
		lines = [json.loads(line) for line in self.few_of(
			"v11-p0..v11-p8", "--only", "hugetlb; NPT", "--json", *QUICK).splitlines()]
		pairs = [(x["a"], x["b"]) for x in lines if x["type"] == "patch"]

		self.assertEqual([(f"v11-p{i}", f"v11-p{i + 1}") for i in range(8)], pairs)
		self.assertTrue(all(x["claims"] for x in lines if x["type"] == "patch"))
		self.assertTrue(lines[0]["complete"])
		self.assertEqual(3, lines[0]["corpus"])

	# ---- what is not ----

	def test_a_search_that_is_cut_off_is_said(self):
		text = self.few_of("v6.8", "v7.2", "--only", "hugetlb; NPT", "-f", "markdown",
				   "--bound", "actors=1,events=1,states=5", code=3)

		self.assertIn("**INCOMPLETE**", text)
		self.assertNotIn("Complete: ", text)
		self.assertEqual(["| livelock | unknown | unknown |"], self.rows(text, "livelock"))

	def test_an_interrupted_review_says_so_in_the_document(self):
		out = os.path.join(self.folder.name, "out")
		with subprocess.Popen([PFNSIM, "review", "v11", "-o", out], cwd=SOURCE) as process:
			time.sleep(2)
			process.send_signal(signal.SIGINT)
			self.assertEqual(3, process.wait())
		for name in ("v11.md", "dispute.md", "v11.html"):
			text = read(out, name)
			self.assertIn("INCOMPLETE", text)
			self.assertIn("interrupted while", text)
			self.assertNotIn("Complete: ", text)
			self.assertNotIn("equal within", text)
			self.assertNotIn("moves.", text)

	def test_misuse_is_told_in_a_line(self):
		bad = os.path.join(self.folder.name, "bad.review")
		with open(bad, "w", encoding="utf-8") as file:
			file.write("@read v11-p1\n  a\n  b\n@document x\n@compare v6.8,v6.9\n")
		for arguments, says in ((["v11-p2"], "docs/review/v11-p2.review: "),
					(["v5.12..v11"], "no chain leads from v5.12 to v11"),
					(["v11", "v7.3"], 'unknown semantics "v7.3", did you mean'),
					(["v11", "v7.2", "--only", "nothing"], "no set-up has"),
					(["v11", "v7.2", "--traces", "/none"], "no such folder"),
					(["v11", "v7.2", "-b", "pages=9"], "--bound is"),
					([bad], "bad.review:5: unknown semantics \"v6.9\"")):
			self.assertIn(says, self.review(*arguments, code=2))

	# ---- documents ----

	def test_what_is_checked_in_is_what_the_command_writes(self):
		out = os.path.join(self.folder.name, "out")
		self.few_of("v11", "-o", out, "--only", "hugetlb; NPT", *QUICK)

		for name in ("v11.md", "dispute.md"):
			new, old = read(out, name), read(CHECKED_IN, name)
			self.assertEqual(headings(new), headings(old))
			self.assertLessEqual(set(TABLE.findall(new)),
					     set(TABLE.findall(old)))
			self.assertIn("Printed by `pfnsim review v11 -o docs/review`. Complete: ",
				      old)
		self.assertEqual(Page(read(out, "v11.html")).headings,
				 Page(read(CHECKED_IN, "v11.html")).headings)

	def test_printed_by_says_only_what_matters(self):
		pair = ["v11-p2", "v11-p3"]
		text = self.few_of("-f", "markdown", *pair, "--only", "read-only memslot", "-q",
				   "-j2", *QUICK, "-j", "1", "--jobs=1")
		self.assertIn("Printed by `pfnsim review -f markdown v11-p2 v11-p3 --only "
			      "'read-only memslot' --bound actors=1,events=1 --traces ", text)

	def test_the_page_needs_nothing_else(self):
		text = self.few_of("v11-p2", "v11-p3", "-f", "html", "--only",
				   "VM_PFNMAP; read-only memslot", *QUICK)
		for page in (Page(text), Page(read(CHECKED_IN, "v11.html"))):
			self.assertEqual(([], []), (page.open, page.wrong))
			self.assertEqual([], [link for link in page.links if ":" in link])
		self.assertNotIn("<script", text)
		self.assertIn("prefers-color-scheme: dark", text)

	def test_traces_of_an_earlier_review_go_and_others_stay(self):
		out = os.path.join(self.folder.name, "out")
		folder = os.path.join(out, "v11-p2-v11-p3")
		os.makedirs(folder)
		shutil.copy(os.path.join(CHECKED_IN, "v11",
					 "v11-p1-v11-p2-lookup-bug-then-ok.trace"), folder)
		shutil.copy(os.path.join(TRACES, "seed.trace"), folder)
		self.few_of("v11-p2", "v11-p3", "-o", out, "--only",
			    "a driver's page, VM_PFNMAP; read-only memslot; NPT", *QUICK)

		left = os.listdir(folder)
		self.assertIn("seed.trace", left)
		self.assertNotIn("v11-p1-v11-p2-lookup-bug-then-ok.trace", left)
		self.assertIn("v11-p2-v11-p3-breaks-ro-slot-never-writable.trace", left)


if __name__ == "__main__":
	unittest.main()
