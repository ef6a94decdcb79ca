# SPDX-License-Identifier: GPL-2.0-only
"""script: what the guest gets: commands of the lab (docs/RECORDINGS.md), a .cmd file as it is, or
what "pfnsim lab-script" makes of a trace, with all that it includes.

Comments of a script that say how it wants to be run:

	#!smp 2			the machine has two CPUs
	#!mmu rmap		or shadow: not with the TDP MMU
	#!gigantic 1		the machine has so many pages of 1G for hugetlb
	#!env NAME=VALUE	set for init, in the guest
"""

import os
import re
from dataclasses import dataclass

from . import host
from .host import LabError

TRACE, COMMANDS = ".trace", ".cmd"
MMUS = ("", "rmap", "shadow")


@dataclass(frozen=True)
class Script:
	path: str
	name: str
	text: str
	smp: int
	mmu: str		# "": what the kernel was asked for
	environ: tuple
	gigantic: int = 0


def translator(pfnsim):
	"""A function that makes commands of the trace at a path; @pfnsim finds the program."""
	def translate(path):
		command = [pfnsim(), "lab-script", path]
		return host.run(command, "lab-script")
	return translate


def text_of(path, translate):
	if path.endswith(TRACE):
		return translate(path)
	try:
		with open(path, encoding="utf-8") as file:
			return file.read()
	except (OSError, UnicodeDecodeError) as error:
		reason = getattr(error, "strerror", None) or "is not UTF-8"
		raise LabError(f"{path}: {reason}") from error


def wish(path, text, word, values):
	"""The value of the last "#!WORD VALUE"; None if there is none."""
	found = re.findall(rf"^#!{word}[ \t]+(\S+)[ \t]*$", text, re.M)
	for value in found:
		if value not in values:
			raise LabError(f"{path}: #!{word} takes {', '.join(filter(None, values))}")
	return found[-1] if found else None


def load(path, translate):
	text = text_of(path, translate)
	name, suffix = os.path.splitext(os.path.basename(path))
	return Script(path=path, name=name if suffix in (TRACE, COMMANDS) else name + suffix,
		      text=text, smp=int(wish(path, text, "smp", ("1", "2", "3", "4")) or 1),
		      mmu=wish(path, text, "mmu", MMUS) or "",
		      gigantic=int(wish(path, text, "gigantic", ("1", "2")) or 0),
		      environ=tuple(re.findall(r"^#!env[ \t]+(\w+=\S*)[ \t]*$", text, re.M)))


def files_of(path):
	"""The scripts that @path, a file or a folder, names."""
	if not os.path.isdir(path):
		return [path]
	found = [os.path.join(folder, name) for folder, _, names in os.walk(path)
		 for name in names if name.endswith(COMMANDS)]
	have = {file.removesuffix(COMMANDS) for file in found}	# else they are recordings'
	found += [os.path.join(folder, name) for folder, _, names in os.walk(path)
		  for name in names if name.endswith(TRACE)
		  and os.path.join(folder, name).removesuffix(TRACE) not in have]
	if not found:
		raise LabError(f"{path}: no *{TRACE} or *{COMMANDS} in it")
	return found


def find(paths, translate, say=None):
	"""The scripts that files and folders name, in order of name.

	Of a folder, what is nothing for the lab is said and left out; a file must be right.
	"""
	scripts = {}
	for path in paths:
		for file in sorted(files_of(path)):
			try:
				script = load(file, translate)
			except LabError as error:
				if file == path or not say:
					raise
				say(str(error))
				continue
			other = scripts.setdefault(script.name, script)
			if other is not script:
				raise LabError(f"{file}: {other.path} has the same name")
	return [scripts[name] for name in sorted(scripts)]
