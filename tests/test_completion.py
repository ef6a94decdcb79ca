#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_completion.py: what "pfnsim complete" says, and what bash, fish and zsh make of it."""

import os
import pty
import select
import shutil
import subprocess
import tempfile
import time
import unittest

PFNSIM = os.path.abspath(os.environ["PFNSIM"])
SCRIPTS = os.path.join(os.path.abspath(os.environ["PFNSIM_SOURCE"]), "tools", "completion")
# Each line, and all that its last word may become.
CASES = (
	("pfnsim cor", {"corpus"}),
	("pfnsim re", {"reduce", "replay", "report", "review"}),
	("pfnsim nothing", set()),
	("pfnsim replay --st", {"--stage2"}),
	("pfnsim replay --stage2=e", {"--stage2=ept"}),
	("pfnsim replay -bs v6.8,v7", {"v6.8,v7.2"}),
	("pfnsim report --semantics=v6.1", {"--semantics=v6.1", "--semantics=v6.12"}),
	("pfnsim review v11-p2..v11-p3", {"v11-p2..v11-p3"}),
	("pfnsim review v6.8 pin", {"pin-all"}),
	("pfnsim reduce --law no-f", {"no-free-of-owned", "no-free-page-mapped", "no-foreign-mark",
				      "no-false-dirty"}),
	("pfnsim equiv -f m", {"markdown"}),
	("pfnsim replay tra", {"traces", "trail.cmd", "trap.trace"}),
	("pfnsim explore tra", {"traces", "trap.trace"}),
	("pfnsim conform -- tra", {"traces", "trail.cmd"}),
	("pfnsim fmt traces/b", {"traces/blob.inc"}),
	("pfnsim import tr", {"traces", "trace.dat", "trap.trace", "trail.cmd"}),
	("pfnsim explore -o t", {"traces"}),
	("pfnsim replay --baseline=tr", {"--baseline=traces", "--baseline=trace.dat",
					 "--baseline=trap.trace", "--baseline=trail.cmd"}),
	("pfnsim replay --timeout=1", set()),
	("pfnsim explore --bound d", {"depth="}),
	("pfnsim bisect --bound=depth=5,", {"--bound=depth=5,states=", "--bound=depth=5,memory="}),
	("pfnsim equiv -b pages=1,e", {"pages=1,events="}),
	("pfnsim walk trap.trace --at h", {"head", "half"}),
	("pfnsim walk -s v6.8 trap.trace --at=ta", {"--at=tail"}),
	("pfnsim walk trail.cmd --at h", set()),
)
TRACE = """pfntrace 1
mmap D 8K
memslot 1 0x200000 D 8K
head: read 0x200000
half: write 0x200000 1
tail: read 0x201000
"""
FILES = {"trace.dat": "", "trap.trace": TRACE, "trail.cmd": "", "traces/blob.inc": ""}


def replaced(word):
	"""Where "=" is a word of its own."""
	return word[:-1].rpartition("=")[2] + word[-1]


def ask(*words):
	done = subprocess.run([PFNSIM, "complete", *words], stdout=subprocess.PIPE, text=True,
			      check=True)
	return [line.split("\t")[0] for line in done.stdout.splitlines()]


def tables(table):
	done = subprocess.run([PFNSIM, "tables", table], stdout=subprocess.PIPE, text=True,
			      check=True)
	return [line.split("\t") for line in done.stdout.splitlines()]


class Program(unittest.TestCase):
	def test_says_of_files_which(self):
		self.assertEqual([":files *.trace *.trace.zst", ":files *.cmd", ":folders"],
				 ask("replay", ""))
		self.assertEqual([":files"], ask("import", "-o", ""))
		self.assertEqual([":folders"], ask("explore", "--output="))

	def test_knows_what_each_argument_is(self):
		"""What it offers in capitals is what kinds[] of tools/cmd_complete.c lacks."""
		for command, _, name, argument, *_ in tables("options"):
			with self.subTest(command + name):
				said = [word.partition("=")[2] for word in ask(command, name + "=")]
				self.assertFalse([word for word in said if word[:1].isupper()])
				self.assertFalse(said and not argument)
		for command in {row[0] for row in tables("options")}:
			with self.subTest(command):
				said = ask(command, "") + ask(command, "x", "")
				self.assertFalse([word for word in said if word[0].isupper()])

	def test_offers_every_option_semantics_and_law(self):
		for command in {row[0] for row in tables("options")}:
			self.assertEqual({row[2] for row in tables("options") if row[0] == command},
					 set(ask(command, "-")))
		names = {row[0] for row in tables("semantics")}
		self.assertLess(names | {"all", "old", "new", "series", "policy"},
				set(ask("replay", "-s", "")))
		self.assertLess({row[0] for row in tables("laws")}, set(ask("reduce", "--law", "")))

	def test_is_not_asked_about_the_value_of_another_option(self):
		self.assertEqual(ask("walk", ""), ask("walk", "--at", "3", ""))
		self.assertEqual(ask("walk", ""), ask("walk", "-s", "v7.2", ""))
		self.assertEqual([], ask("walk", "seed.trace", ""))
		self.assertEqual([], ask("nothing", ""))


class WithFiles(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.mkdtemp()
		self.addCleanup(shutil.rmtree, self.folder)
		os.mkdir(os.path.join(self.folder, "traces"))
		os.mkdir(os.path.join(self.folder, "bin"))
		os.symlink(PFNSIM, os.path.join(self.folder, "bin", "pfnsim"))
		for name, text in FILES.items():
			with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
				file.write(text)
		self.environment = {**os.environ, "HOME": self.folder, "ZDOTDIR": self.folder,
				    "TERM": "dumb", "LC_ALL": "C.UTF-8",
				    "PATH": self.folder + "/bin:" + os.environ["PATH"]}

	def run_in(self, *command):
		return subprocess.run(command, cwd=self.folder, env=self.environment, text=True,
				      stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
				      check=True).stdout


@unittest.skipUnless(shutil.which("bash"), "no bash")
class Bash(WithFiles):
	# What readline does: "=" is a word of its own, and only what is behind it is replaced.
	ASK = """. "$1"
read -ra COMP_WORDS <<<"${2//=/ = }"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_pfnsim
printf '%s\\n' "${COMPREPLY[@]}"
"""

	def test_completes(self):
		for line, found in CASES:
			with self.subTest(line):
				said = self.run_in("bash", "-c", self.ASK, "bash",
						   SCRIPTS + "/pfnsim", line).split()
				self.assertEqual({replaced(word) for word in found},
						 set(said))
		empty = self.run_in("bash", "-c", self.ASK, "bash", SCRIPTS + "/pfnsim",
				    "pfnsim replay --stage2=")
		self.assertEqual(["ept", "npt"], empty.split())


@unittest.skipUnless(shutil.which("fish"), "no fish")
class Fish(WithFiles):
	def test_completes(self):
		for line, found in CASES:
			with self.subTest(line):
				said = self.run_in("fish", "--no-config", "-c", "source "
						   f"{SCRIPTS}/pfnsim.fish; complete -C '{line}'")
				said = {row.split("\t")[0].rstrip("/") for row in said.splitlines()}
				# It shows files whatever they are called.
				self.assertEqual(found, {word for word in said if word in found or
							 "trace.dat" not in said})


@unittest.skipUnless(shutil.which("zsh"), "no zsh")
class Zsh(WithFiles):
	"""On a terminal of its own: zsh completes nowhere else."""

	SET_UP = ("fpath=(%s $fpath); autoload -U compinit; compinit -u -D; unsetopt beep\n"
		  "every() { _complete; compstate[insert]=all }\n"
		  "zstyle ':completion:*' completer every\n"
		  "show() { print -r -- \"<$BUFFER>\"; BUFFER= }; zle -N show; bindkey '^T' show\n"
		  "echo set''up\n")

	def setUp(self):
		super().setUp()
		try:
			self.child, self.terminal = pty.fork()
		except OSError as why:		# a chroot without /dev/pts
			self.skipTest(f"no terminal to be had ({why})")
		if not self.child:
			os.chdir(self.folder)
			os.execvpe("zsh", ["zsh", "-f", "-i"], self.environment)
		self.addCleanup(os.waitpid, self.child, 0)
		self.addCleanup(os.close, self.terminal)
		self.text = ""

	def until(self, mark):
		patience = time.monotonic() + 120
		while mark not in self.text:
			self.assertLess(time.monotonic(), patience, repr(self.text))
			if select.select([self.terminal], [], [], 1)[0]:
				self.text += os.read(self.terminal, 65536).decode()
		before, _, self.text = self.text.partition(mark)
		return before

	def test_completes(self):
		os.write(self.terminal, (self.SET_UP % SCRIPTS).encode())
		self.until("setup")
		for line, found in CASES:
			os.write(self.terminal, f"{line}\t\x14".encode())
			said = self.until(">").rpartition("<")[2]
			head, last = line.rsplit(" ", 1)
			with self.subTest(line):
				said = {word.rstrip("/") for word in said[len(head):].split()}
				self.assertEqual(found or {last}, said)


if __name__ == "__main__":
	unittest.main()
