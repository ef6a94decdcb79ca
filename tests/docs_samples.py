#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""docs_samples.py [print] DOCUMENT...: each command in a document prints what stands below it.

A block fenced as ```console has commands ("$ COMMAND", and "> " for each further line) and what
they print, on standard output and error.  They run one after the other in a folder of its own,
with the checkout's traces, tests and tools, and pfnsim ($PFNSIM) found by its name; $? is that of
the command before.  A block fenced as ```trace NAME is a file in that folder.  With "print" the
document is written anew, with what the commands print now.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("PFNSIM_SOURCE", os.path.join(os.path.dirname(__file__), ".."))
PFNSIM = os.environ.get("PFNSIM", os.path.join(SOURCE, "build", "tools", "pfnsim"))
FENCE = re.compile(r"^```(console|trace (\S+))\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^\$ (.*\n(?:> .*\n)*)", re.M)


class Shell:
	def __init__(self, folder):
		self.folder = folder
		self.code = 0
		for name in ("traces", "tests", "tools"):
			os.symlink(os.path.abspath(os.path.join(SOURCE, name)),
				   os.path.join(folder, name))
		path = os.path.dirname(os.path.abspath(PFNSIM)) + ":" + os.environ["PATH"]
		self.environment = dict(os.environ, PATH=path, LC_ALL="C.UTF-8", COLUMNS="80")

	def run(self, command):
		done = subprocess.run(["sh", "-c", f"(exit {self.code})\n{command}"],
				      cwd=self.folder, env=self.environment, text=True,
				      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				      stderr=subprocess.STDOUT)
		self.code = done.returncode
		if "without libzstd" in done.stdout:
			print(f"skipped: {done.stdout.strip()}")
			raise SystemExit(77)
		return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def printed(shell, block):
	"""The block, each command with what it prints now."""
	what, name, text = block.groups()
	if name:
		with open(os.path.join(shell.folder, name), "w", encoding="utf-8") as file:
			file.write(text)
		return block.group(0)
	commands = COMMAND.findall(text)
	assert commands and text.startswith("$ "), "a ```console without a command:\n" + text
	new = ""
	for command in commands:
		output = shell.run(command.replace("\n> ", "\n"))
		new += f"$ {command}{output}" + ("\n" if output else "")
	return f"```{what}\n{new}```"


def renewed(document):
	with open(document, encoding="utf-8") as file:
		old = file.read()
	assert FENCE.search(old), f"{document}: no sample"
	with tempfile.TemporaryDirectory() as folder:
		shell = Shell(folder)
		return old, FENCE.sub(lambda block: printed(shell, block), old)


def main(arguments):
	write = arguments[:1] == ["print"]
	differ = []
	for document in arguments[1:] if write else arguments:
		old, new = renewed(document)
		if write:
			with open(document, "w", encoding="utf-8") as file:
				file.write(new)
		else:
			differ += difflib.unified_diff(old.splitlines(), new.splitlines(), document,
						       "as it is printed now", lineterm="")
	if differ:
		print("\n".join(differ))
		print("tests/docs_samples.py print DOCUMENT writes it anew")
	return 1 if differ else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
