#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_progress.py: what stands on a terminal while a command takes longer than a second."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
	for end in pty.openpty():
		os.close(end)
except OSError as why:		# a chroot without /dev/pts
	print(f"no terminal to be had ({why}): skipped")
	sys.exit(77)

PFNSIM = os.path.abspath(os.environ["PFNSIM"])
TRACES = os.path.abspath(os.environ["PFNSIM_TRACES"])
HEAD = "pfntrace 1\nmmap A 64K anon\nmemslot 1 gpa=0x100000 hva=A size=64K\n"


def many(n):
	return HEAD + "".join(f"read {0x100000 + 4096 * (i % 16):#x}\ndontneed A 64K\n"
			      for i in range(n))


# Each takes longer than any machine that this runs on has patience for; it is interrupted.
COMMANDS = {
	"replay": (["replay", "-s", "v7.2", "slow.trace"], r"slow\.trace: \d+ %, .* left"),
	"replay of several": (["replay", "-s", "v7.2", *["slow.trace"] * 3],
			      r"\d of 3: slow\.trace, .* left"),
	"report": (["report", "-s", "v7.2", "slow.trace"], r"slow\.trace: \d+ %, .* left"),
	"import": (["import", "slow.txt"], r"slow\.txt(: \d+ %, .* left)?"),
	"bisect": (["bisect", "less.trace"], r"\d+ of \d+: v\S+(, .* left)?"),
	"reduce": (["reduce", "-s", "v5.12", "breaks.trace"],
		   r"v5\.12: \d+ of \d+ events, \d+ tries"),
	"conform": (["conform", *[TRACES + "/recorded/6.1", TRACES + "/recorded/6.12",
				  TRACES + "/recorded/7.2"] * 4], r"\d+ of \d+: \S+, .* left"),
	"corpus": (["corpus", TRACES + "/race", TRACES + "/races", TRACES],
		   r"\d+ of \d+: \S+.* left"),
	"explore": (["explore", "-s", "v11", "threads.trace"], r"v11: \d+ states, .* states/s"),
	"equiv": (["equiv", "v6.8", "v11", "--bound", "pages=2,actors=2,events=2"],
		  r"\d+ of \d+ set-ups, \d+ programs, \d+ differences"),
}
THREADS = HEAD + "".join(f"thread t{t}\n" + "".join(
	f"read {0x100000 + 4096 * i:#x} vcpu={t}\ndontneed A 64K\n" for i in range(4))
	for t in range(4))
EVENT = ("       qemu-{pid}  [000] ....  {n}.000001: kvm_page_fault: vcpu 0 rip 0x1 address "
	 "0x0000000000200000 error_code 0x2\n")


class Progress(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		self.write("slow.trace", many(100000))
		self.write("less.trace", many(4000))
		self.write("breaks.trace", many(2000) + "alloc B noncompound order=1\n"
			   "mmap D 8K device B\nmemslot 2 0x200000 D 8K\nread 0x201000\n")
		self.write("threads.trace", THREADS)
		self.write("slow.txt", "".join(EVENT.format(pid=1000 + n % 7, n=n)
					       for n in range(1500000)))

	def write(self, name, text):
		with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
			file.write(text)

	def on_terminal(self, arguments, pattern, env=None, seconds=60):
		"""What came on the terminal until the pattern did, or so many seconds after."""
		ours, theirs = pty.openpty()
		child = subprocess.Popen([PFNSIM, *arguments], cwd=self.folder, stderr=theirs,
					 stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
					 env={**os.environ, **(env or {})})
		os.close(theirs)
		text, end = "", time.monotonic() + seconds
		while time.monotonic() < end and not re.search(pattern, text):
			if not select.select([ours], [], [], 0.1)[0]:
				continue
			try:
				text += os.read(ours, 65536).decode()
			except OSError:		# nobody has it open any more
				break
		child.send_signal(signal.SIGINT)
		time.sleep(0.2)
		child.kill()
		child.wait()
		os.close(ours)
		return text

	def test_every_long_command_says_how_far_it_is(self):
		for name, (arguments, pattern) in COMMANDS.items():
			with self.subTest(name):
				text = self.on_terminal(arguments, pattern)
				self.assertRegex(text, pattern)
				self.assertNotIn("\033", text, "an escape sequence")
				self.assertNotIn("\n", text.partition("\r")[0])

	def test_quiet_says_nothing(self):
		for name, (arguments, pattern) in COMMANDS.items():
			if name == "corpus":
				continue	# what it cannot read is said at once
			with self.subTest(name):
				text = self.on_terminal([arguments[0], "-q", *arguments[1:]],
							pattern, seconds=1.8)
				# what it came to is no progress: a fast machine is through
				self.assertEqual("", re.sub(r"pfnsim: [^\r\n]*\r\n", "", text))

	def test_a_pipe_has_nothing_of_it(self):
		child = subprocess.Popen([PFNSIM, "replay", "-s", "v7.2", "slow.trace"],
					 cwd=self.folder, stdout=subprocess.PIPE,
					 stderr=subprocess.PIPE, text=True)
		time.sleep(2)
		child.send_signal(signal.SIGINT)
		_, err = child.communicate()
		self.assertEqual("pfnsim: interrupted: 1 of 1 inputs have not been run\n", err)

	def test_no_color_and_a_dumb_terminal_change_nothing_for_there_is_no_colour(self):
		arguments, pattern = COMMANDS["replay"]
		text = self.on_terminal(arguments, pattern, env={"NO_COLOR": "1", "TERM": "dumb"})
		self.assertRegex(text, pattern)
		self.assertNotIn("\033", text)

	def test_what_is_interrupted_is_inconclusive(self):
		for name in ("replay", "report", "import", "conform"):
			child = subprocess.Popen([PFNSIM, *COMMANDS[name][0]], cwd=self.folder,
						 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
						 text=True)
			time.sleep(0.5)
			child.send_signal(signal.SIGINT)
			_, err = child.communicate()
			self.assertEqual(3, child.returncode, name)
			self.assertIn("interrupted: ", err)


if __name__ == "__main__":
	unittest.main()
