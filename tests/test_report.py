#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_report.py: pages of pfnsim report, as a program reads them; and as a browser does."""

import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as tree

PFNSIM = os.environ["PFNSIM"]
TRACES = os.environ["PFNSIM_TRACES"]
SEED = os.path.join(TRACES, "seed.trace")
RECORDING = os.path.join(TRACES, "recorded", "7.2", "ksm_migrate")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or \
	shutil.which("google-chrome")

# v11 marks what it no longer holds, when mmu_lock is taken and the retry check has failed (A4).
STALE = """pfntrace 1
title "a zap while <script>alert(1)</script> & \\"w\\" writes"
alloc B noncompound order=1
mmap M 8K device B
memslot 1 0x200000 M 8K
w: write 0x200000 7 until=unlock_mmap
z: zap B until=notify_begin
resume w until=lock_mmu
resume z until=notify_begun
resume w until=finish_fault
resume z
resume w
"""


def fields(message):
	"""[(number, value)] of a protobuf message: numbers, and bytes."""
	at, found = 0, []

	def number():
		nonlocal at
		value, shift = 0, 0
		while True:
			byte = message[at]
			at += 1
			value |= (byte & 0x7f) << shift
			shift += 7
			if byte < 0x80:
				return value

	while at < len(message):
		tag = number()
		value = number()
		if tag & 7 == 2:
			value, at = message[at:at + value], at + value
		elif tag & 7:
			raise ValueError(f"wire type {tag & 7}")
		found.append((tag >> 3, value))
	return found


def report(*arguments):
	return subprocess.run([PFNSIM, "report", *arguments], stdout=subprocess.PIPE,
			      stderr=subprocess.PIPE, text=True, check=False)


class Reader(html.parser.HTMLParser):
	"""Cells of the first table, and all tags."""

	def __init__(self, text):
		super().__init__()
		self.tags, self.rows, self.cell, self.tables = [], [], None, 0
		self.feed(text)

	def handle_starttag(self, tag, attrs):
		self.tags.append((tag, dict(attrs)))
		self.tables += tag == "table"
		if self.tables == 1 and tag == "tr":
			self.rows.append([])
		if self.tables == 1 and tag in ("td", "th"):
			self.cell = ""

	def handle_endtag(self, tag):
		if tag in ("td", "th") and self.cell is not None:
			self.rows[-1].append(self.cell.strip())
			self.cell = None
		if tag == "table":
			self.tables += 1000 if self.tables == 1 else 0

	def handle_data(self, data):
		if self.cell is not None:
			self.cell += data


class Pages(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		self.stale = os.path.join(self.folder.name, "stale.trace")
		with open(self.stale, "w", encoding="utf-8") as file:
			file.write(STALE)

	def page(self, *arguments):
		out = os.path.join(self.folder.name, "page.html")
		done = report("-o", out, *arguments)
		with open(out, encoding="utf-8") as file:
			return done.returncode, file.read()


class Page(Pages):
	def test_cells_are_the_outcomes_that_replay_reports(self):
		_, text = self.page("-s", "v6.8,v11,v7.2", SEED)
		done = subprocess.run([PFNSIM, "replay", "--json", "-s", "v6.8,v11,v7.2", SEED],
				      stdout=subprocess.PIPE, text=True, check=False)
		rows = Reader(text).rows
		said = [json.loads(line) for line in done.stdout.splitlines()]
		told = {(o["event"], o["semantics"]): o["outcome"] for o in said
			if o["type"] == "outcome"}

		self.assertEqual(["event", "v6.8", "v11", "v7.2"], rows[0])
		for row in rows[1:-1]:
			event = int(re.search(r"\[(\d+)\]", row[0]).group(1))
			for name, cell in zip(rows[0][1:], row[1:]):
				self.assertEqual(told[event, name], cell.split()[0])
		self.assertEqual("efault", rows[1][1].split()[0])
		self.assertEqual("mapped", rows[1][2].split()[0])

	def test_nothing_leaves_the_page(self):
		_, text = self.page("-s", "v11,v7.2", self.stale)

		self.assertEqual([], [a for t, a in Reader(text).tags
				      if t in ("link", "img", "iframe", "object") or
				      (t == "script" and "src" in a) or
				      (t == "a" and not a["href"].startswith("#"))])
		self.assertEqual({"http://www.w3.org/2000/svg"},
				 set(re.findall(r"https?://[^\"'\s)]+", text)))
		self.assertNotIn("@import", text)

	def test_text_of_a_trace_is_no_markup(self):
		_, text = self.page("-s", "v11,v7.2", self.stale)

		self.assertNotIn("<script>alert", text)
		self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;w&quot;", text)
		self.assertEqual(2, sum(tag == "script" for tag, _ in Reader(text).tags))

	def test_pictures_are_well_formed(self):
		_, text = self.page("-s", "v11,v7.2", self.stale)
		pictures = re.findall(r"<svg.*?</svg>", text, re.S)

		self.assertGreater(len(pictures), 1)
		for picture in pictures:
			tree.fromstring(picture)

	def test_the_law_breaks_under_mmu_lock_in_an_open_invalidation(self):
		code, text = self.page("-s", "v11,v7.2", self.stale)
		row = re.search(r'<tr id="t(\d+)"[^>]*>(?:(?!</tr>).)*no-touch-when-stale', text,
				re.S)

		self.assertEqual(1, code)
		self.assertIn("<code>mark_page_accessed</code>", row.group(0))
		self.assertRegex(row.group(0), r"in progress 1; holds[^<]* mmu_lock")
		self.assertIn(f'class="row differs breaks" id="r{row.group(1)}"', text)

	def test_the_count_of_a_looked_up_page_goes_up_and_down_under_v11_alone(self):
		_, text = self.page("-s", "v11,v7.2", self.stale)
		stairs = re.search(r"<figcaption>.*?</svg>", text, re.S).group(0)
		parts = stairs.split('class="runname"')

		self.assertEqual(3, len(parts))
		self.assertIn("count 2 (+1, kvm-look-up)", parts[1])
		self.assertIn("count 1 (-1, kvm-look-up)", parts[1])
		self.assertNotIn("look-up", parts[2])

	def test_a_walk_that_is_said_without_a_script_ends_at_what_was_never_written(self):
		_, text = self.page("-s", "v11,v7.2", self.stale)
		walk = text[text.index("<h2>Stage-2 walks"):text.index("</main>")]

		self.assertIn("which breaks a law", walk)
		self.assertIn("never written", walk)
		self.assertNotIn("host-writable", walk)

	def test_lines_of_a_mail_have_75_columns_at_most(self):
		for arguments in (["-s", "v6.8,v11", SEED], ["-s", "v11,v7.2", self.stale],
				  ["-s", "v6.12,v7.2", RECORDING]):
			done = report("-f", "text", *arguments)

			self.assertTrue(done.stdout)
			self.assertLessEqual(max(map(len, done.stdout.splitlines())), 75)

	def test_a_mail_has_a_diff_of_what_parts(self):
		text = report("-f", "text", "-s", "v6.8,v11", SEED).stdout

		self.assertIn("--- v6.8\n+++ v11\n@@ [5] read gpa=0x201000\n", text)
		self.assertIn("\n- vCPU 0  leave_with_error\n", text)
		self.assertIn("\n+ vCPU 0  install_leaf\n", text)
		self.assertNotIn("[4] memslot", text)

	def test_markdown_escapes_what_would_end_a_cell(self):
		text = report("-f", "markdown", "-s", "v6.8,v11", SEED).stdout
		table = [line for line in text.splitlines() if line.startswith("|")]

		self.assertEqual({4}, {len(re.findall(r"(?<!\\)\|", line)) for line in table})

	def test_markdown_and_a_mail_say_what_was_recorded_and_where_it_came_otherwise(self):
		other = os.path.join(self.folder.name, "other.trace")
		with open(other, "w", encoding="utf-8") as file:
			file.write("pfntrace 1\nmmap A 4K\nmemslot 1 0x200000 A 4K\n"
				   "read 0x200000 x-place=1 x-recorded=efault\n")
		for path, stars in ((RECORDING, False), (other, True)):
			_, page = self.page("-s", "v6.12,v7.2", path)
			text = report("-f", "markdown", "-s", "v6.12,v7.2", path).stdout
			table = [line for line in text.splitlines() if line.startswith("|")]
			mail = report("-f", "text", "-s", "v6.12,v7.2", path).stdout

			self.assertEqual("| event | recorded | v6.12 | v7.2 |", table[0])
			self.assertEqual({5}, {line.count("|") for line in table})
			self.assertEqual(stars, any(" \\* |" in line for line in table))
			self.assertEqual(stars, "\n\\* came out otherwise than recorded\n" in text)
			self.assertEqual(stars, "\n* came out otherwise than recorded\n" in mail)
			self.assertEqual(stars, "<p>* came out otherwise than recorded</p>" in page)

	def test_a_mail_loses_no_blank_behind_a_word_that_ends_where_its_text_began(self):
		path = os.path.join(self.folder.name, "lacks.trace")
		with open(path, "w", encoding="utf-8") as file:
			file.write(f'pfntrace 1\nlacks counts "{"x" * 54} of pages"\nmmap A 4K\n')
		mail = report("-f", "text", "-s", "v7.2", path).stdout

		self.assertIn("xx\n    of pages\n", mail)

	def test_a_recording_says_on_what_kernel_and_what_came(self):
		_, text = self.page("-s", "v6.12,v7.2", RECORDING)

		self.assertIn("recorded on a kernel that is modelled by v7.2", text)
		self.assertEqual("recorded", Reader(text).rows[0][1])

	def test_an_imported_recording_stands_beside_the_model_with_what_it_lacks(self):
		lost = os.path.join(os.environ["PFNSIM_SOURCE"], "tests", "import",
				    "7.2-lost-report.txt.zst")
		code, text = self.page("-s", "v6.12,v7.2", lost)

		self.assertEqual(3, code)
		self.assertEqual("recorded", Reader(text).rows[0][1])
		self.assertRegex(text, r'class="unknown">Inconclusive under v7.2: .*lost')

	def test_what_is_not_drawn_is_said(self):
		_, text = self.page("-s", "v11,v7.2", "--steps", "10", self.stale)

		self.assertRegex(text, r"\d+ steps were not kept")

	def test_the_format_is_what_the_file_is_called(self):
		for end, first in ((".svg", "<?xml"), (".dot", "strict digraph"), (".md", "# "),
				   (".html", "<!DOCTYPE html>")):
			out = os.path.join(self.folder.name, "x" + end)

			report("-o", out, SEED)
			with open(out, encoding="utf-8") as file:
				self.assertTrue(file.read().startswith(first), end)

	def test_the_tables_lead_from_the_root_to_the_page(self):
		text = report("-f", "dot", "-s", "v7.2", SEED).stdout
		edges = set(re.findall(r'"(0:\w+)" -> "(0:\w+)"', text))
		at, levels = "0:0", 0

		while [b for a, b in edges if a == at]:
			at = [b for a, b in edges if a == at][0]
			levels += 1
		self.assertEqual(4, levels)
		self.assertRegex(text, rf'"{at}" \[label="page ')

	def perfetto(self, *arguments):
		"""Names of tracks, and [(time, type, track, name, count)] in the file's order."""
		out = os.path.join(self.folder.name, "x.pftrace")
		report("-o", out, *arguments)
		with open(out, "rb") as file:
			packets = [dict(fields(packet)) for _, packet in fields(file.read())]
		tracks = [dict(fields(p[60])) for p in packets if 60 in p]
		events = [(p[8], dict(fields(p[11]))) for p in packets if 11 in p]
		return ({t[1]: t.get(2, b"").decode() for t in tracks},
			[(time, e[9], e[11], e.get(23, b"").decode(), e.get(30))
			 for time, e in events])

	def test_slices_of_a_track_nest_and_end(self):
		tracks, events = self.perfetto("-s", "v11,v7.2", self.stale)
		depth, last = {}, {}

		for time, kind, track, _, _ in events:
			if kind not in (1, 2, 3):
				continue
			self.assertIn(track, tracks)
			self.assertLessEqual(last.get(track, 0), time)
			last[track] = time
			depth[track] = depth.get(track, 0) + {1: 1, 2: -1, 3: 0}[kind]
			self.assertIn(depth[track], (0, 1, 2))
		self.assertEqual({0}, set(depth.values()))

	def test_a_counter_of_perfetto_goes_as_the_pages_count(self):
		tracks, events = self.perfetto("-s", "v11,v7.2", self.stale)
		counts = [[e[4] for e in events if e[2] == track] for track, name in tracks.items()
			  if name == "count of pfn 0x100002"]

		self.assertEqual([[1, 2, 1, 2, 1], [1]], counts)

	def test_a_violation_is_an_instant_in_its_step(self):
		_, events = self.perfetto("-s", "v11,v7.2", self.stale)
		at = [i for i, e in enumerate(events) if e[3] == "no-touch-when-stale"]
		step = [e for e in events[:at[0]] if e[1] == 1][-1]

		self.assertEqual(1, len(at))
		self.assertEqual(("mark_page_accessed", events[at[0]][2]), (step[3], step[2]))

	def test_a_recording_has_a_track_of_what_was_recorded(self):
		tracks, events = self.perfetto("-s", "v6.12,v7.2", RECORDING)
		recorded = [t for t, name in tracks.items() if name == "recorded"]

		self.assertEqual(1, len(recorded))
		self.assertIn("gread 0x200000 n=5", [e[3] for e in events if e[2] == recorded[0]])

	def test_misuse_is_told_in_a_line(self):
		for arguments, says in ((["-f", "pdf", SEED], "unknown format"),
					([], "which trace"), ([SEED, SEED], "one trace at a time"),
					(["--compare", "v9", SEED], "unknown semantics")):
			done = report(*arguments)

			self.assertEqual(2, done.returncode, arguments)
			self.assertIn(says, done.stderr)


@unittest.skipUnless(BROWSER, "no chromium")
class Browser(Pages):
	"""Keys, with what a browser makes of the page."""

	def dom(self, *keys, fragment=""):
		_, text = self.page("-s", "v11,v7.2", self.stale)
		press = "".join('document.dispatchEvent(new KeyboardEvent("keydown",'
				f'{{key:"{key}"}}));' for key in keys)
		path = os.path.join(self.folder.name, "keys.html")
		with open(path, "w", encoding="utf-8") as file:
			file.write(text.replace("</body>", f"<script>{press}</script></body>"))
		done = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
				       "--enable-logging=stderr", "--dump-dom",
				       f"--user-data-dir={self.folder.name}/profile",
				       f"file://{path}{fragment}"],
				      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
				      timeout=120, check=False)
		self.assertNotRegex(done.stderr, r"CONSOLE.*[Ee]rror")
		return done.stdout

	@staticmethod
	def current(dom):
		return [int(row) for row in re.findall(r'class="row[^"]* cur" id="r(\d+)"', dom)]

	def test_keys_step_and_seek(self):
		self.assertEqual([2], self.current(self.dom("j", "j", "j")))
		self.assertEqual([1], self.current(self.dom("j", "j", "ArrowDown", "k")))
		seen = self.dom("Home", "n")
		self.assertIn(f'<tr id="t{self.current(seen)[0]}" class="differs">', seen)

	def test_the_panel_and_the_walk_are_those_of_the_step(self):
		seen = self.dom("End")
		walk = html.unescape(seen[seen.index("<h2>Stage-2 walks"):])

		self.assertRegex(seen, r'<div id="panel"><table>')
		self.assertIn("host-writable", walk)

	def test_a_link_to_a_step_shows_it(self):
		self.assertEqual([7], self.current(self.dom(fragment="#r7")))


if __name__ == "__main__":
	unittest.main()
