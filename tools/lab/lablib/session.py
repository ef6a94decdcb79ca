# SPDX-License-Identifier: GPL-2.0-only
"""session: a guest in an emulator's process, with a console and a mailbox."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import host, machine, mailbox
from .host import LabError

READY = b"LAB-READY"
PANIC = b"Kernel panic - not syncing"
POLL = 0.005


class Process:
	"""An emulator, a folder of its own and the guest's console in it."""

	name = ""
	errors = "errors"		# the file with what the emulator says

	def __init__(self):
		self.folder = tempfile.mkdtemp(prefix="pfnlab-")
		self.serial_path = os.path.join(self.folder, "serial")
		self.process = None

	def start(self, command, before=(), **more):
		"""@before: what runs @command in turn"""
		if shutil.which("setpriv"):		# do not outlive us
			command = ["setpriv", "--pdeathsig", "KILL", *command]
		with open(os.path.join(self.folder, "errors"), "wb") as errors:
			self.process = subprocess.Popen([*before, *command],
							stdin=subprocess.DEVNULL, stdout=errors,
							stderr=errors, **more)

	def complaints(self):
		path = os.path.join(self.folder, self.errors)
		return host.read(path).splitlines() if os.path.exists(path) else []

	def complaint(self):
		lines = self.complaints()
		return lines[-1].strip() if lines else "it says nothing"

	def ended(self):
		return self.process.poll() is not None

	def gone(self):
		"""How the guest went; "": it runs."""
		if self.ended():
			killed = self.process.returncode == -signal.SIGKILL
			return f"{self.name} was killed" if killed else "the guest died"
		return ""

	def serial(self):
		if not os.path.exists(self.serial_path):
			return b""
		with open(self.serial_path, "rb") as file:
			return file.read()

	def last_words(self):
		lines = self.serial().decode("utf-8", "replace").splitlines()
		return (lines[-1].strip() if lines else "") or self.complaint()

	def check_boot(self, what):
		for line in self.serial().decode("utf-8", "replace").splitlines():
			if "FAIL" in line:
				raise LabError(f"{what}: {line.strip()}")

	def close(self):
		if self.process and not self.ended():
			self.process.kill()
		if self.process:
			self.process.wait()
		shutil.rmtree(self.folder, ignore_errors=True)


class BoxSession(machine.Session):
	"""Scripts go to @guest, a Process, through the mailbox in @memory."""

	def __init__(self, guest, memory):
		self.guest = guest
		self.box = mailbox.Mailbox(memory)

	def run(self, request):
		start, said = time.monotonic(), len(self.guest.serial())
		environ = "".join(f"{setting}\n" for setting in request.environ)
		self.box.post(mailbox.pack({"env": environ.encode(),
					    f"{request.name}.cmd": request.text.encode()}))
		failure = self.wait(start + request.seconds, request.seconds)
		answer = machine.Answer(
			serial=self.guest.serial()[said:].decode("utf-8", "replace"),
			failure=failure, seconds=time.monotonic() - start)
		if not failure:
			answer.files = mailbox.unpack(bytes(self.box.answer))
		return answer

	def wait(self, end, seconds):
		"""Until the answer is complete: "".  Otherwise what happened."""
		while not self.box.drain():
			gone = self.guest.gone()
			if gone:
				return gone
			if time.monotonic() > end:
				return f"the guest hung for {seconds:.0f} s (--timeout)"
			time.sleep(POLL)
		return ""

	def close(self):
		self.guest.close()
