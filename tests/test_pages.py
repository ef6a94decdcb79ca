#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_pages.py SOURCE PFNSIM: the manual pages, as man shows them, against the program."""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

SOURCE, PFNSIM = (os.path.abspath(path) for path in sys.argv[1:])
MAN = os.path.join(SOURCE, "docs", "man")
# "  -f, --format=text|json   ..." and "      --json ..." of --help; man puts seven blanks before it
OPTION = re.compile(r"^(?: {2}| {6}| {7})(?:(-[\w?]), )?(--[a-z][\w-]*)(?:=(\S+))?(?: .*)?$", re.M)


def run(*command, stdin=""):
	return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			      text=True, check=True,
			      env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "110",
				   "COLUMNS": "110"})


def pages():
	return sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(MAN, "*.scd")))


def text_of(page):
	with open(os.path.join(MAN, page + ".scd"), encoding="utf-8") as file:
		return file.read()


def commands():
	return re.findall(r"^  ([\w-]+) ", run(PFNSIM, "--help").stdout, re.M)


def options(text):
	"""(letter, name, argument) of each, as --help, and man, print them."""
	return sorted(OPTION.findall(text))


class Sources(unittest.TestCase):
	def test_have_the_programs_own_tables(self):
		done = subprocess.run([sys.executable, os.path.join(SOURCE, "tools", "pages"),
				       "--check", PFNSIM], stdout=subprocess.PIPE, text=True,
				      check=False)
		self.assertEqual("", done.stdout)
		self.assertEqual(0, done.returncode)

	def test_have_each_table_and_the_options_of_each_command_once(self):
		found = [table for page in pages()
			 for table in re.findall(r"^; pfnsim tables (.+)$", text_of(page), re.M)]
		self.assertEqual(sorted(["events", "laws", "semantics",
					 *("options " + command for command in commands()),
					 *("usage " + page[7:-2] for page in pages()
					   if re.match(r"pfnsim-.*\.1", page))]), sorted(found))

	def test_are_all_built(self):
		with open(os.path.join(SOURCE, "docs", "meson.build"), encoding="utf-8") as file:
			built = re.findall(r"^\t'([\w-]+\.\d)',", file.read(), re.M)
		self.assertEqual(pages(), sorted(built))

	def test_point_to_pages_that_there_are(self):
		for page in pages():
			found = re.findall(r"\*((?:lib)?pfn[\w-]*)\*\((\d)\)", text_of(page))
			with self.subTest(page):
				self.assertEqual(set(), {".".join(name) for name in found} -
						 set(pages()))

	def test_name_each_command(self):
		listed = re.findall(r"^\*([\w-]+)\* ", text_of("pfnsim.1").split("# COMMANDS")[1]
				    .split("\n# ")[0], re.M)
		self.assertEqual(sorted(commands()), sorted(set(listed) - {"tables"}))


class Help(unittest.TestCase):
	def test_has_an_example_of_traces_that_there_are(self):
		for arguments in ([], *([command] for command in commands())):
			text = " ".join(run(PFNSIM, *arguments, "--help").stdout.split())
			_, example, text = text.partition("Example: pfnsim ")
			with self.subTest(arguments):
				self.assertTrue(example)
				for path in re.findall(r"traces/[\w./-]+", text):
					found = glob.glob(os.path.join(SOURCE, path + "*"))
					self.assertTrue(found, path)


@unittest.skipUnless(shutil.which("scdoc") and shutil.which("man"), "no scdoc, or no man")
class Rendered(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		"""What minimal systems call man says only that they are minimal."""
		if "before" not in run("man", "-l", "-", stdin=".TH x 1\n.SH before\n").stdout:
			raise unittest.SkipTest("man does not show pages here")

	def text(self, page):
		roff = run("scdoc", stdin=text_of(page)).stdout
		done = run("man", "--warnings", "-l", "-", stdin=roff)
		self.assertEqual("", done.stderr)
		return done.stdout

	def test_without_a_warning_and_no_markup_is_left(self):
		for page in pages():
			with self.subTest(page):
				text = self.text(page)
				self.assertNotRegex(text, r"(?m)\+\+$|^ *; |\\_|\*\*|^ *# ")

	def test_options_are_those_of_help_and_no_others(self):
		for command in commands():
			page = f"pfnsim-{command}.1"
			is_own = page in pages()
			text = self.text(page if is_own else "pfnsim.1")
			begin = "OPTIONS" if is_own else f"   pfnsim {command}"
			part = re.search(rf"^{begin}\n(.*?)^(?=[A-Z]|   pfnsim )", text,
					 re.M | re.S)
			with self.subTest(command):
				self.assertTrue(part)
				helped = options(run(PFNSIM, command, "--help").stdout)
				self.assertIn(("-?", "--help", ""), helped)
				self.assertEqual(helped, options(part[1]))


if __name__ == "__main__":
	unittest.main(argv=sys.argv[:1])
