# SPDX-License-Identifier: GPL-2.0-only
"""programs: emulators of AMD-V and of VMX that are good enough, and a static busybox.

Debian 12's QEMU 7.2 corrupts EFLAGS after cmpxchg16b when it emulates, and guests panic; memory
that is left out of a snapshot needs 8.1.  The machine's own is taken from version 9 on.
Otherwise Debian's is unpacked into the cache and run by its own loader with its own libraries,
so that it fits any machine.

Bochs 3.0 is the one that gets kvm-intel to run a guest with EPT: 2.7 and 3.1 do not.
"""

import os
import re
import shutil
from dataclasses import dataclass

from . import debian, host
from .host import LabError

SUITES = ("trixie", "bookworm-backports")
OLDEST = 9
PROGRAM = "qemu-system-x86_64"
BOCHS_SUITES = ("trixie",)
BOCHS_VERSION = "3.0"
BOCHS_PACKAGES = ("bochs", "bochs-term", "bochsbios", "vgabios", "grub-pc-bin", "grub-common")


@dataclass(frozen=True)
class Qemu:
	command: tuple
	version: str


@dataclass(frozen=True)
class Bochs:
	"""Bochs, its BIOS, and GRUB, which boots a kernel there."""

	folder: str
	version: str

	def command(self):
		return (*loader(self.folder), f"{self.folder}/usr/bin/bochs-bin")

	def mkimage(self):
		return (*loader(self.folder), f"{self.folder}/usr/bin/grub-mkimage",
			"-d", f"{self.folder}/usr/lib/grub/i386-pc")

	def environ(self):
		plugins = f"{self.folder}/usr/lib/x86_64-linux-gnu/bochs/plugins"
		return {"LTDL_LIBRARY_PATH": plugins,
			"BXSHARE": f"{self.folder}/usr/share/bochs"}


def version_of(command):
	found = re.search(r"version (\d[\w.]*)", host.run([*command, "--version"], PROGRAM))
	if not found:
		raise LabError(f"{command[0]}: does not say its version")
	return found[1]


def unpacked(places, name, packages, progress, names=SUITES):
	"""The folder with the unpacked @packages, fetched if they are not there."""
	folder = os.path.join(places.cache, name)
	with host.locked(folder + ".lock"):
		if os.path.exists(folder):
			return folder
		progress(f"{name}: looking in {','.join(names)}")
		with host.locked(os.path.join(places.cache, "apt.lock")):
			suites = [debian.Suite(places, suite) for suite in names]
			suite, _ = debian.first_with(suites, packages[0], "")
			progress(f"{name}: fetching from {suite.name}")
			debs = suite.fetch(packages)
		with host.replacing(folder) as new:
			debian.unpack(debs, new, lambda text: progress(f"{name}: {text}"))
	return folder


def loader(folder):
	return (f"{folder}/lib64/ld-linux-x86-64.so.2",
		"--library-path", f"{folder}/usr/lib/x86_64-linux-gnu")


def unpacked_command(folder):
	return (*loader(folder), f"{folder}/usr/bin/{PROGRAM}", "-L", f"{folder}/usr/share/qemu",
		"-L", f"{folder}/usr/share/seabios")


def find(places, progress):
	own = shutil.which(PROGRAM)
	if own:
		version = version_of([own])
		if int(version.partition(".")[0]) >= OLDEST:
			return Qemu((own,), version)
	folder = unpacked(places, "qemu", ("qemu-system-x86", "seabios"), progress)
	command = unpacked_command(folder)
	return Qemu(command, version_of(command))


def find_bochs(places, progress):
	folder = unpacked(places, "bochs", BOCHS_PACKAGES, progress, BOCHS_SUITES)
	bochs = Bochs(folder, "")
	said = host.run([*bochs.command(), "--help"], "bochs",
			env={**os.environ, **bochs.environ()})
	found = re.search(r"Bochs x86 Emulator (\d[\w.]*)", said)
	version = found[1] if found else "of no version that it says"
	if version != BOCHS_VERSION:
		raise host.Skipped(f"Bochs {version} in {','.join(BOCHS_SUITES)}: "
				   f"{BOCHS_VERSION} is needed")
	return Bochs(folder, version)


def is_static(path):
	with open(path, "rb") as file:
		return b"/ld-linux" not in file.read()


def busybox(places, progress):
	own = shutil.which("busybox")
	if own and is_static(own):
		return own
	folder = unpacked(places, "busybox", ("busybox-static",), progress)
	return os.path.join(folder, "usr", "bin", "busybox")
