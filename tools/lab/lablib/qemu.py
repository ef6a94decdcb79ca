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
import socket
import time
from dataclasses import dataclass

from . import host, machine, mailbox, session
from .host import LabError
from .qmp import Monitor

NODES = (("ram0", 512), ("ram1", 128))		# file, MiB
BOOT_SECONDS, MONITOR_SECONDS = 600, 60
UNUSED = 7 * 24 * 3600				# seconds after which another snapshot goes

COMMAND_LINE = ("console=ttyS0 quiet loglevel=4 panic=-1 oops=panic nokaslr norandmaps "
		"mitigations=off transparent_hugepage=madvise audit=0 apparmor=0").split()


def nodes(config):
	"""NODES; the kernel is in the first 1G, the initramfs at the end of what is below 4G."""
	more = ((0, 0), (2048, 0), (3072, 2048))[config.gigantic]
	return tuple((name, size + extra) for (name, size), extra in zip(NODES, more))


@dataclass(frozen=True)
class Snapshot:
	folder: str
	image: object
	config: machine.Config


class Guest(session.Process):
	"""One QEMU process, its monitor and the memory that we share with the guest."""

	name = "QEMU"

	def __init__(self, command):
		super().__init__()
		self.memory = None
		try:
			self.connect(command)
		except BaseException:
			self.close()
			raise

	def connect(self, command):
		ours, theirs = socket.socketpair()
		with theirs:
			self.start([*command, "-serial", f"file:{self.serial_path}",
				    "-chardev", f"socket,id=qmp,fd={theirs.fileno()}",
				    "-mon", "chardev=qmp,mode=control"],
				   pass_fds=[theirs.fileno()])
		try:
			self.monitor = Monitor(ours, MONITOR_SECONDS)
		except LabError as error:
			raise LabError(f"{error}: {self.complaint()}") from error

	def complaints(self):
		return [line for line in super().complaints() if "TCG doesn't support" not in line]

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
		super().close()
		if self.memory:
			self.memory.close()


class Qemu(machine.Machine):
	modules = ("kvm-amd",)
	gigantic = 2

	def __init__(self, places, program):
		self.places = places
		self.program = program

	def command(self, image, config, folder, shared):
		command = [*self.program.command, "-M", "q35", "-accel",
			   "tcg,tb-size=256,thread=multi", "-cpu", "EPYC,+svm,+npt",
			   "-smp", str(config.smp),
			   "-m", str(sum(size for _, size in nodes(config)))]
		for node, (name, size) in enumerate(nodes(config)):
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
		return f"{config.folder(image.kernel)}-{config.smp}-" \
			+ hashlib.sha256(ours.encode()).hexdigest()[:12]

	def prepare(self, image, config, progress):
		folder = os.path.join(self.places.folder("snapshots"), self.key(image, config))
		with host.locked(folder + ".lock"):
			if not os.path.exists(folder):
				host.drop_unused(folder, UNUSED)
				with host.replacing(folder) as new:
					self.boot(image, config, new, progress)
			os.utime(folder)
		return Snapshot(folder, image, config)

	def boot(self, image, config, folder, progress):
		what = f"{config.folder(image.kernel)}, {config.smp} CPU"
		start = time.monotonic()
		for name, size in nodes(config):
			with open(os.path.join(folder, name), "wb") as file:
				file.truncate(size << 20)
		guest = Guest(self.command(image, config, folder, True))
		try:
			while session.READY not in guest.serial():
				seconds = time.monotonic() - start
				progress(f"{what}: booting, {seconds:.0f} s")
				if guest.ended() or seconds > BOOT_SECONDS:
					raise LabError(f"{what} does not boot: "
						       + guest.last_words())
				time.sleep(0.05)
			guest.check_boot(what)
			time.sleep(0.3)			# let it come to rest in mailbox wait
			progress(f"{what}: saving")
			guest.monitor.save(os.path.join(folder, "state"))
		finally:
			guest.close()

	def open(self, prepared):
		command = self.command(prepared.image, prepared.config, prepared.folder, False)
		guest = Guest([*command, "-incoming", "defer"])
		try:
			guest.monitor.load(os.path.join(prepared.folder, "state"))
			running = session.BoxSession(guest, guest.share())
			guest.monitor.command("cont")
			return running
		except BaseException:
			guest.close()
			raise
