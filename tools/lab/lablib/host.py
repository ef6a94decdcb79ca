# SPDX-License-Identifier: GPL-2.0-only
"""host: what the lab finds on the machine it runs on: folders, programs, locks.

Nothing here needs root.  What is missing is named in one line, by Debian's package names.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass

EXIT_WRONG, EXIT_USAGE, EXIT_SKIPPED = 1, 2, 77

# program: Debian package that brings it
PROGRAMS = {
	"apt-get": "apt",
	"dpkg-deb": "dpkg",
	"cc": "gcc libc6-dev",
	"strip": "binutils",
	"unshare": "util-linux",
}


class LabError(Exception):
	"""What the user is told in one line."""

	code = EXIT_USAGE


class Skipped(LabError):
	"""The lab cannot run here, through no fault of the project."""

	code = EXIT_SKIPPED


@dataclass(frozen=True)
class Places:
	"""Where things are: the checkout, the cache, and what the environment replaces."""

	source: str
	cache: str
	guest: str
	mirror: str
	vmm: str

	@classmethod
	def of(cls, environ, lab):
		"""@lab: the folder tools/lab."""
		home = environ.get("XDG_CACHE_HOME") or os.path.join(
			environ.get("HOME") or os.path.expanduser("~"), ".cache")
		return cls(
			source=os.path.dirname(os.path.dirname(lab)),
			cache=os.path.abspath(environ.get("PFNSIM_LAB")
					      or os.path.join(home, "pfnsim-lab")),
			guest=os.path.abspath(environ.get("PFNSIM_LAB_GUEST")
					      or os.path.join(lab, "guest")),
			mirror=environ.get("PFNSIM_LAB_MIRROR", ""),
			vmm=environ.get("PFNSIM_LAB_VMM", ""),
		)

	def table(self):
		return os.path.join(self.source, "tools", "lab", "kernels")

	def folder(self, *names):
		path = os.path.join(self.cache, *names)
		os.makedirs(path, exist_ok=True)
		return path


def need(programs):
	missing = [PROGRAMS.get(program, program) for program in programs
		   if not shutil.which(program)]
	if missing:
		raise Skipped("needed on this machine: apt-get install " + " ".join(missing))


def need_namespaces():
	"""The module is built in a root of its own."""
	need(["unshare"])
	run(["unshare", "-rm", "true"], "user namespaces are not allowed here", skip=True)


def run(command, what, skip=False, **more):
	"""Run @command and return what it printed; @what names the step if it fails."""
	try:
		done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				      stderr=subprocess.PIPE, text=True, errors="replace",
				      check=False, **more)
	except OSError as error:
		raise LabError(f"{what}: {error}") from error
	if done.returncode:
		raise (Skipped if skip else LabError)(f"{what}: " + reason(done))
	return done.stdout


def reason(done):
	"""The line of a failed program's output that says most."""
	lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines()
		 if line.strip()]
	for line in lines:
		if line.startswith("E:") or "error:" in line.lower():
			return line
	return lines[-1] if lines else f"exit code {done.returncode}"


@contextlib.contextmanager
def locked(path):
	"""Only one process at a time; the others wait."""
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "w", encoding="utf-8") as file:
		fcntl.flock(file, fcntl.LOCK_EX)
		yield


@contextlib.contextmanager
def replacing(path):
	"""A new folder that takes the place of @path if nothing goes wrong."""
	new = f"{path}.new.{os.getpid()}"
	shutil.rmtree(new, ignore_errors=True)
	os.makedirs(new)
	try:
		yield new
		if os.path.lexists(path):
			os.rename(path, new + ".old")
		os.rename(new, path)
	finally:
		shutil.rmtree(new, ignore_errors=True)
		shutil.rmtree(new + ".old", ignore_errors=True)


def drop_unused(path, seconds):
	"""What lies beside @path, NAME-HASH, with another hash, and nobody has used for long."""
	name, parent = os.path.basename(path).rpartition("-")[0], os.path.dirname(path)
	for other in os.listdir(parent):
		other = os.path.join(parent, other)
		if os.path.basename(other).rpartition("-")[0] == name and os.path.isdir(other) \
		   and age(other) > seconds:
			shutil.rmtree(other, ignore_errors=True)


def read(path):
	with open(path, encoding="utf-8", errors="replace") as file:
		return file.read()


def write(path, text):
	with open(path, "w", encoding="utf-8") as file:
		file.write(text)


def age(path):
	"""Seconds since @path was written."""
	return time.time() - os.stat(path).st_mtime


def files_below(folder):
	"""Every file below @folder, sorted, without following links to folders."""
	found = []
	for path, folders, names in os.walk(folder):
		folders.sort()
		found += [os.path.join(path, name) for name in names]
	return sorted(found)
