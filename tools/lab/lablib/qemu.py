# SPDX-License-Identifier: GPL-2.0-only
"""qemu: AMD-V with nested paging, emulated by QEMU (TCG): no hardware support is used.

A kernel is booted once for each configuration.  Its memory is two files, one a NUMA node.  When
init waits for a script, the devices' state is written beside them; a session maps the files
privately, so that it starts in about a third of a second and sessions share what none of them
writes.
"""

import hashlib
import json
import mmap
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from . import host, machine, mailbox
from .host import LabError
from .qmp import Monitor

NODES = (("ram0", 512), ("ram1", 128))		# file, MiB
READY = b"LAB-READY"
BOOT_SECONDS, MONITOR_SECONDS = 600, 60
POLL = 0.005
UNUSED = 7 * 24 * 3600				# seconds after which another snapshot goes

COMMAND_LINE = ("console=ttyS0 quiet loglevel=4 panic=-1 oops=panic nokaslr norandmaps "
		"mitigations=off transparent_hugepage=madvise audit=0 apparmor=0").split()


@dataclass(frozen=True)
class Snapshot:
	folder: str
	image: object
	config: machine.Config


class Guest:
	"""One QEMU process, its monitor and the memory that we share with the guest."""

	def __init__(self, command):
		self.folder = tempfile.mkdtemp(prefix="pfnlab-")
		self.serial_path = os.path.join(self.folder, "serial")
		self.process = None
		self.memory = None
		try:
			self.start(command)
		except BaseException:
			self.close()
			raise

	def start(self, command):
		ours, theirs = socket.socketpair()
		command = [*command, "-serial", f"file:{self.serial_path}",
			   "-chardev", f"socket,id=qmp,fd={theirs.fileno()}",
			   "-mon", "chardev=qmp,mode=control"]
		if shutil.which("setpriv"):		# do not outlive us
			command = ["setpriv", "--pdeathsig", "KILL", *command]
		with theirs, open(os.path.join(self.folder, "errors"), "wb") as errors:
			self.process = subprocess.Popen(
				command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
				pass_fds=[theirs.fileno()])
		try:
			self.monitor = Monitor(ours, MONITOR_SECONDS)
		except LabError as error:
			raise LabError(f"{error}: {self.complaint()}") from error

	def complaint(self):
		path = os.path.join(self.folder, "errors")
		lines = host.read(path).splitlines() if os.path.exists(path) else []
		lines = [line for line in lines if "TCG doesn't support" not in line]
		return lines[-1] if lines else "it says nothing"

	def ended(self):
		return self.process.poll() is not None

	def serial(self):
		if not os.path.exists(self.serial_path):
			return b""
		with open(self.serial_path, "rb") as file:
			return file.read()

	def share(self):
		"""The memory of the ivshmem device, of which QEMU alone has a file descriptor."""
		folder = f"/proc/{self.process.pid}/fd"
		for name in os.listdir(folder):
			path = os.path.join(folder, name)
			if "memory-backend-memfd" in os.readlink(path):
				file = os.open(path, os.O_RDWR)
				try:
					self.memory = mmap.mmap(file, mailbox.SIZE)
				finally:
					os.close(file)
				return self.memory
		raise LabError("QEMU: no memory that is shared with the guest")

	def close(self):
		if self.process and not self.ended():
			self.process.kill()
		if self.process:
			self.process.wait()
		if self.memory:
			self.memory.close()
		shutil.rmtree(self.folder, ignore_errors=True)


class QemuSession(machine.Session):
	def __init__(self, guest):
		self.guest = guest
		self.box = mailbox.Mailbox(guest.share())
		guest.monitor.command("cont")

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
			if self.guest.ended():
				if signal.SIGKILL == -self.guest.process.returncode:
					return "QEMU was killed"
				return "the guest died"
			if time.monotonic() > end:
				return f"the guest hung for {seconds:.0f} s"
			time.sleep(POLL)
		return ""

	def close(self):
		self.guest.close()


class Qemu(machine.Machine):
	def __init__(self, places, program):
		self.places = places
		self.program = program

	def command(self, image, config, folder, shared):
		command = [*self.program.command, "-M", "q35", "-accel",
			   "tcg,tb-size=256,thread=multi", "-cpu", "EPYC,+svm,+npt",
			   "-smp", str(config.smp), "-m", str(sum(size for _, size in NODES))]
		for node, (name, size) in enumerate(NODES):
			cpus = f",cpus=0-{config.smp - 1}" if node == 0 else ""
			command += ["-object", f"memory-backend-file,id=n{node},size={size}M,"
				    f"mem-path={folder}/{name},share={'on' if shared else 'off'}",
				    "-numa", f"node,memdev=n{node}{cpus}"]
		return command + [
			"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
			"-object", f"memory-backend-memfd,id=box,size={mailbox.SIZE},share=on",
			"-device", "ivshmem-plain,memdev=box,master=on",
			"-kernel", image.kernel.boot, "-initrd", image.initramfs,
			"-append", " ".join([*COMMAND_LINE, *config.command_line()])]

	def key(self, image, config):
		options = self.command(image, config, "", True)[len(self.program.command):]
		ours = json.dumps([image.identity, self.program.version, options])
		return f"{image.kernel.name}{config.suffix}-{config.smp}-" \
			+ hashlib.sha256(ours.encode()).hexdigest()[:12]

	def prepare(self, image, config, progress):
		folder = os.path.join(self.places.folder("snapshots"), self.key(image, config))
		with host.locked(folder + ".lock"):
			if not os.path.exists(folder):
				self.drop_unused(folder)
				with host.replacing(folder) as new:
					self.boot(image, config, new, progress)
			os.utime(folder)
		return Snapshot(folder, image, config)

	def boot(self, image, config, folder, progress):
		what = f"{image.kernel.name}{config.suffix}, {config.smp} CPU"
		start = time.monotonic()
		for name, size in NODES:
			with open(os.path.join(folder, name), "wb") as file:
				file.truncate(size << 20)
		guest = Guest(self.command(image, config, folder, True))
		try:
			while READY not in guest.serial():
				seconds = time.monotonic() - start
				progress(f"{what}: booting, {seconds:.0f} s")
				if guest.ended() or seconds > BOOT_SECONDS:
					raise LabError(f"{what} does not boot: "
						       + last_words(guest))
				time.sleep(0.05)
			for line in guest.serial().decode("utf-8", "replace").splitlines():
				if "FAIL" in line:
					raise LabError(f"{what}: {line.strip()}")
			time.sleep(0.3)			# let it come to rest in mailbox wait
			progress(f"{what}: saving")
			guest.monitor.save(os.path.join(folder, "state"))
		finally:
			guest.close()

	def drop_unused(self, folder):
		"""Snapshots of the same name, of other content, that nobody has used for long."""
		name = os.path.basename(folder).rpartition("-")[0]
		parent = os.path.dirname(folder)
		for other in os.listdir(parent):
			path = os.path.join(parent, other)
			if other.rpartition("-")[0] == name and os.path.isdir(path) \
			   and time.time() - os.stat(path).st_mtime > UNUSED:
				shutil.rmtree(path, ignore_errors=True)

	def open(self, prepared):
		command = self.command(prepared.image, prepared.config, prepared.folder, False)
		guest = Guest([*command, "-incoming", "defer"])
		try:
			guest.monitor.load(os.path.join(prepared.folder, "state"))
			return QemuSession(guest)
		except BaseException:
			guest.close()
			raise


def last_words(guest):
	lines = guest.serial().decode("utf-8", "replace").splitlines()
	return (lines[-1].strip() if lines else "") or guest.complaint()
