#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_install.py BUILD: what a build installs, and that it can be used: installed or not.

The library is also asked what it is made of: no state, no output, no names but those of its
header.
"""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.realpath(sys.argv.pop(1))
SOURCE = os.environ["PFNSIM_SOURCE"]
HEADER = os.path.join(SOURCE, "sim", "public", "pfnsim.h")
EXAMPLE = os.path.join(SOURCE, "docs", "examples")
# What prints, exits, or changes what belongs to the process. abort(): out of memory, and assert().
FORBIDDEN = {"printf", "vprintf", "puts", "putchar", "putc", "perror", "stdout", "stderr",
	     "__printf_chk", "__vprintf_chk", "exit", "_exit", "quick_exit", "atexit", "system",
	     "fork", "execve", "signal", "sigaction", "setlocale", "setenv", "putenv", "chdir",
	     "raise", "kill", "alarm", "srand", "rand", "err", "errx", "warn", "syslog"}


def run(*command, **options):
	done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
			      check=False, **options)
	if done.returncode:
		raise AssertionError(f"{shlex.join(command)}: {done.returncode}\n{done.stdout}")
	return done.stdout


@functools.lru_cache
def options():
	found = run("meson", "introspect", "--buildoptions", BUILD, stdin=subprocess.DEVNULL)
	return {option["name"]: option["value"] for option in json.loads(found)}


def compiler():
	return shlex.split(os.environ.get("CC", "cc"))


def functions_of_header():
	with open(HEADER, encoding="utf-8") as header:
		text = re.sub(r"/\*.*?\*/", " ", header.read(), flags=re.S)
	return {re.search(r"\b(pfnsim_\w+)\s*\(", one)[1]
		for one in re.findall(r"PFNSIM_API\b(?!\t)([^;]*);", text)}


class WithBuild(unittest.TestCase):
	def setUp(self):
		self.shared = os.path.join(BUILD, "sim", "public", "libpfnsim.so")
		self.static = os.path.join(BUILD, "sim", "public", "libpfnsim.a")
		self.folder = tempfile.mkdtemp()
		self.addCleanup(shutil.rmtree, self.folder)

	def need(self, library):
		if not os.path.exists(library):
			self.skipTest("not built: " + os.path.basename(library))
		if options()["b_sanitize"] != "none":
			self.skipTest("with sanitizers it is made of more")
		if options()["b_coverage"]:
			self.skipTest("coverage counts in globals")


class Library(WithBuild):
	def symbols(self, *how):
		"""(name, type) of each, without their versions."""
		rows = (line.split() for line in run("nm", *how).splitlines())
		return [(row[-1].split("@")[0], row[-2]) for row in rows if len(row) > 1]

	def test_has_the_names_of_its_header_and_no_other(self):
		self.need(self.shared)
		given = {name for name, kind in self.symbols("-D", "--defined-only", self.shared)
			 if kind != "A"}
		self.assertEqual(functions_of_header(), given)

	def test_archive_has_the_names_of_the_header_and_no_other(self):
		self.need(self.static)
		given = {name for name, kind in self.symbols("-g", "--defined-only", self.static)}
		self.assertEqual(functions_of_header(), given)

	def test_neither_prints_nor_exits(self):
		self.need(self.shared)
		wanted = {name for name, kind in self.symbols("-D", "-u", self.shared)}
		self.assertTrue(wanted & {"snprintf", "__snprintf_chk"})
		self.assertEqual(set(), wanted & FORBIDDEN)

	def test_has_no_variables(self):
		"""None that is written after the loader is through; a thread's own are none."""
		self.need(self.shared)
		sections = {}
		for line in run("readelf", "-SW", self.shared).splitlines():
			row = re.match(r"\s*\[\s*(\d+)\] (\S+)", line)
			if row:
				sections[row[1]] = row[2]
		written = set()
		for line in run("readelf", "-sW", self.shared).splitlines():
			row = line.split()
			if len(row) == 8 and row[3] == "OBJECT" and \
					sections.get(row[6]) in (".data", ".bss"):
				written.add(row[7].split(".")[0])
		# the C runtime's own
		self.assertEqual(set(), written - {"completed", "__dso_handle", "__TMC_END__"})

	def test_header_is_c11_and_cxx(self):
		for language, standard in (("c", "c11"), ("c++", "c++11")):
			if language == "c++" and not shutil.which("c++"):
				continue
			with self.subTest(language):
				command = compiler() if language == "c" else ["c++"]
				run(*command, "-x", language, f"-std={standard}", "-Wall",
				    "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
				    "-include", HEADER, "/dev/null")


class Installed(WithBuild):
	def setUp(self):
		super().setUp()
		self.root = os.path.join(self.folder, "root")
		run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", self.root)
		self.prefix = self.root + options()["prefix"]
		self.libdir = os.path.join(self.prefix, options()["libdir"])

	def files(self):
		return {os.path.relpath(os.path.join(path, name), self.prefix)
			for path, _, names in os.walk(self.prefix) for name in names}

	def test_what_there_is(self):
		files = self.files()
		lib = options()["libdir"]
		wanted = {"bin/pfnsim", "include/pfnsim.h", f"{lib}/pkgconfig/libpfnsim.pc",
			  "share/bash-completion/completions/pfnsim",
			  "share/zsh/site-functions/_pfnsim",
			  "share/fish/vendor_completions.d/pfnsim.fish"}
		if os.path.exists(self.shared):
			wanted |= {f"{lib}/libpfnsim.so", f"{lib}/libpfnsim.so.0"}
		if os.path.exists(self.static):
			wanted.add(f"{lib}/libpfnsim.a")
		self.assertEqual(set(), wanted - files)
		for file in files - wanted:
			self.assertRegex(file, r"^share/(man/man[1357]/(libpfn|pfn)\S+\.[1357]|"
					       r"pfnsim/traces/.*\.(trace|inc)|doc/pfnsim/.*)$|"
					       r"/libpfnsim\.so\.0\.\d+\.\d+$")

	def test_program_finds_its_traces(self):
		traces = self.traces_found_by(os.path.join(self.prefix, "bin", "pfnsim"))
		self.assertEqual(self.traces_found_by(os.environ["PFNSIM"]), traces)
		self.assertGreater(traces, 50)

	def traces_found_by(self, pfnsim):
		done = subprocess.run([pfnsim, "corpus", "--semantics", "v7.2", "--json",
				       "--bound", "states=1"], cwd="/", text=True, check=False,
				      stdout=subprocess.PIPE)
		return json.loads(done.stdout.splitlines()[-1])["traces"]

	def example(self, *arguments, **variables):
		if not shutil.which("make"):
			self.skipTest("no make")
		folder = os.path.join(self.folder, "example")
		shutil.copytree(EXAMPLE, folder)
		environment = {key: value for key, value in os.environ.items()
			       if key not in ("MAKEFLAGS", "MAKELEVEL", "LD_LIBRARY_PATH")}
		environment.update(variables)
		return run("make", "-C", folder, "check", *arguments, env=environment)

	def test_example_is_built_with_what_is_installed(self):
		self.need(self.shared)
		said = self.example(PKG_CONFIG_SYSROOT_DIR=self.root,
				    PKG_CONFIG_PATH=os.path.join(self.libdir, "pkgconfig"))
		self.assertIn(f"-I{self.prefix}/include", said)
		self.assertNotIn(BUILD, said)
		self.assertIn("noncompound under v6.8: efault\n", said)
		self.assertNotIn("WRONG", said)

	def test_example_is_built_with_the_archive(self):
		self.need(self.static)
		system = run("pkg-config", "--variable", "pc_path", "pkg-config").strip()
		here = os.path.join(self.libdir, "pkgconfig")
		for name in ("libpfnsim.so", "libpfnsim.so.0"):
			if os.path.exists(os.path.join(self.libdir, name)):
				os.unlink(os.path.join(self.libdir, name))
		said = self.example("PKG_CONFIG=pkg-config --static "
				    f"--define-variable=prefix={self.prefix}",
				    PKG_CONFIG_PATH=here, PKG_CONFIG_LIBDIR=system)
		self.assertIn("split under v7.2: mapped\n", said)

	def test_example_is_built_with_a_build(self):
		self.need(self.shared)
		said = self.example(PKG_CONFIG_PATH=os.path.join(BUILD, "meson-uninstalled"))
		self.assertIn("split under v7.2: mapped\n", said)


if __name__ == "__main__":
	unittest.main()
