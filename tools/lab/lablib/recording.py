# SPDX-License-Identifier: GPL-2.0-only
"""recording: the files of one script on one kernel, as docs/RECORDINGS.md has them."""

import os
import re
from dataclasses import dataclass

UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\x80-\uffff]")
LONGEST = 60000			# characters of a line; its reader takes 65536 bytes
SPLAT = re.compile(r"\+0x|WARNING|\bBUG\b|Oops|Bad page")
RECONSTRUCTED = "# RECONSTRUCTED FROM SERIAL"


@dataclass
class Outcome:
	"""What became of a script: for the line that is printed, and the table."""

	kernel: str
	script: str
	word: str		# "ok", or what was wrong
	commands: int
	seconds: float
	path: str = ""		# of the .cmd

	def line(self):
		text = f"{self.kernel} {self.script}: {self.word}"
		if self.commands:
			text += f", {self.commands} commands"
		return f"{text}, {self.seconds:.2f} s"


def clean(text):
	"""A console's text without what a terminal would do, each line whole."""
	text = UNPRINTABLE.sub("", text.replace("\r", ""))
	lines = [line[:LONGEST] for line in text.split("\n")]
	while lines and not lines[-1].strip():
		lines.pop()
	return "".join(f"{line}\n" for line in lines)


def reconstruct(release, name, failure, serial):
	"""The .out of a script whose guest went before it could answer."""
	return f"# kernel {release} scenario {name}\n{RECONSTRUCTED}: {failure}\n" + clean(serial)


def commands_done(out):
	"""How many commands the script had; None if it did not come to its end."""
	done = re.search(r"^DONE (\d+) commands$", out, re.M)
	return int(done[1]) if done else None


def commands_seen(out):
	return len(re.findall(r"^\[ *\d+\] ", out, re.M))


def meta(kernel, config, said, log):
	"""@said: the guest's own words; @log: its kernel's."""
	words = said.strip()
	if not words.startswith("uname "):
		words = f"uname {kernel.release}" + "".join(
			f" {setting.replace('=', ' ')}" for _, setting in config.parameters)
	about = f"smp {config.smp}"
	if kernel.version:
		about += f" package {kernel.version}"
	lines = [line for line in clean(log).splitlines()
		 if line.startswith("[") and SPLAT.search(line)]
	return "".join(f"{line}\n" for line in [words, about, *lines])


def write(path, content):
	"""At once: who reads the folder meanwhile has the old file or the new one."""
	with open(f"{path}.new", "wb") as file:
		file.write(content)
	os.replace(f"{path}.new", path)


def store(folder, kernel, config, script, answer):
	"""Write the recording; return its Outcome."""
	os.makedirs(folder, exist_ok=True)
	base = os.path.join(folder, script.name)
	out = answer.files.get(f"{script.name}.out")
	trace = answer.files.get(f"{script.name}.trace")
	word = answer.failure
	if out is None:
		word = word or "the guest sent no .out"
		out = reconstruct(kernel.release, script.name, word, answer.serial).encode()
		trace = None
	said = answer.files.get("env.txt", b"").decode("utf-8", "replace")
	log = answer.files.get("dmesg.txt", b"").decode("utf-8", "replace")

	write(f"{base}.cmd", script.text.encode())
	write(f"{base}.out", out)
	write(f"{base}.meta", meta(kernel, config, said, log).encode())
	if trace is not None:
		write(f"{base}.trace", trace)
	elif os.path.exists(f"{base}.trace"):
		os.remove(f"{base}.trace")
	if "events.txt" in answer.files:
		write(os.path.join(folder, "events.txt"), answer.files["events.txt"])

	text = out.decode("utf-8", "replace")
	done = commands_done(text)
	if done is None and not word:
		word = "stopped early: " + (text.strip().splitlines() or ["nothing said"])[-1]
	return Outcome(os.path.basename(folder), script.name, word or "ok",
		       done if done is not None else commands_seen(text), answer.seconds,
		       f"{base}.cmd")
