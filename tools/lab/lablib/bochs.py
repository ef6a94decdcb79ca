# SPDX-License-Identifier: GPL-2.0-only
"""bochs: Intel's VMX with EPT and its accessed and dirty bits, emulated by Bochs.

There are no snapshots: every session boots, so that many scripts had better share one.  GRUB, the
kernel and its initramfs are on a disk without partitions or file system; the mailbox is on the
same disk, whose file we have open while the guest reads and writes its sectors (guest/mailbox.h
has the layout).  One CPU.
"""

import hashlib
import json
import mmap
import os
import shutil
import stat
import struct
import time
from dataclasses import dataclass

from . import host, image as images, machine, mailbox, session, unpack
from .host import LabError

NODES = (512, 128)				# MiB, as on QEMU
SECTOR = 512
CYLINDER = 16 * 63 * SECTOR			# 16 heads, 63 sectors a track
BOX_AT = 1 << 20
SIGNATURE_AT, SIGNATURE = BOX_AT - SECTOR, b"pfnlab mailbox\n"
KERNEL_AT = BOX_AT + mailbox.SIZE
BOOT_SECONDS = 600
POLL = 0.1
UNUSED = 7 * 24 * 3600				# seconds after which another disk goes

# libata would take the mailbox's disk.  An oops ends in a panic, and a panic stands still: a reset
# would boot once more.
COMMAND_LINE = ("console=ttyS0,115200 quiet loglevel=4 panic=0 oops=panic nokaslr norandmaps "
		"mitigations=off transparent_hugepage=madvise audit=0 apparmor=0 hpet=disable "
		"nohpet libata.force=disable").split()

BOCHSRC = """\
cpu: model=corei7_haswell_4770, count=1, ips=80000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={memory}, host={memory}
romimage: file="{share}/BIOS-bochs-latest"
vgaromimage: file="{share}/VGABIOS-lgpl-latest"
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path="{folder}/disk", mode=flat, cylinders={cylinders}, heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev="{serial}"
display_library: rfb, options="timeout=0"
log: "{folder}/bochs.log"
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
clock: sync=none
sound: waveoutdrv=dummy
speaker: enabled=0
"""

# GRUB has no file system to look at: a file is the sectors from one on.
GRUB = """\
set gfxpayload=text
linux (hd0){kernel} {line}
initrd (hd0){initramfs}
boot
"""


def padded(content, size):
	return content + bytes(-len(content) % size)


def blocks(start, content):
	return f"{start // SECTOR}+{len(content) // SECTOR}"


def srat():
	"""An ACPI table that says which memory is in which node (ACPI 6.5, 5.2.16).

	Bochs has none.  The kernel takes it from the initramfs (CONFIG_ACPI_TABLE_UPGRADE).
	"""
	body, base = struct.pack("<BBBBIII", 0, 16, 0, 0, 1, 0, 0), 0	# APIC 0, node 0
	for node, size in enumerate(NODES):
		body += struct.pack("<BBIHQQIIQ", 1, 40, node, 0, base, size << 20, 0, 1, 0)
		base += size << 20
	body = struct.pack("<IQ", 1, 0) + body
	header = struct.pack("<4sIBB6s8sI4sI", b"SRAT", 36 + len(body), 3, 0, b"PFNLAB",
			     b"TWONODES", 1, b"LAB ", 1)
	checksum = -sum(header + body) & 0xff
	return header[:9] + bytes([checksum]) + header[10:] + body


def tables():
	"""The archive in front of the initramfs in which the kernel looks for ACPI tables."""
	folder, entries = "", []
	for name in ("kernel", "firmware", "acpi"):
		folder = os.path.join(folder, name)
		entries.append((folder, stat.S_IFDIR | 0o755))
	entries += [(f"{folder}/srat.aml", stat.S_IFREG | 0o644, srat()), ("TRAILER!!!", 0)]
	return b"".join(images.cpio_entry(number, *entry)
			for number, entry in enumerate(entries, 1))


@dataclass(frozen=True)
class Disk:
	"""What a session starts from; it boots a copy."""

	path: str
	config: machine.Config
	what: str


def layout(boot, core, kernel, initramfs):
	"""The disk's bytes: GRUB's two parts, the mailbox, the kernel and its initramfs.

	@boot: GRUB's first sector; @core: makes the rest of it, given where the two files are.
	"""
	kernel, initramfs = padded(kernel, SECTOR), padded(initramfs, SECTOR)
	core = core(blocks(KERNEL_AT, kernel), blocks(KERNEL_AT + len(kernel), initramfs))
	if SECTOR + len(core) > SIGNATURE_AT:
		raise LabError(f"GRUB's image of {len(core)} bytes does not fit the disk")
	start = padded(boot[:SECTOR] + core, SIGNATURE_AT)
	box = padded(SIGNATURE, SECTOR) + bytes(mailbox.SIZE)
	return padded(start + box + kernel + initramfs, CYLINDER)


class Guest(session.Process):
	"""One Bochs process, and the file of its disk."""

	name = "Bochs"
	errors = "bochs.log"

	def __init__(self, program, disk):
		super().__init__()
		self.memory = None
		try:
			shutil.copyfile(disk, os.path.join(self.folder, "disk"))
			path = os.path.join(self.folder, "bochsrc")
			host.write(path, bochsrc(program, self.folder, self.serial_path))
			self.map_box()
			# Its display is a server, for which nobody shall see a port.
			self.start([*program.command(), "-q", "-f", path],
				   before=("unshare", "-rn"), cwd=self.folder,
				   env={**os.environ, **program.environ()})
		except BaseException:
			self.close()
			raise

	def map_box(self):
		with open(os.path.join(self.folder, "disk"), "r+b") as file:
			self.memory = mmap.mmap(file.fileno(), mailbox.SIZE, offset=BOX_AT)

	def complaints(self):
		lines = [line for line in super().complaints() if "PANIC" in line]
		if lines or not os.path.exists(os.path.join(self.folder, "errors")):
			return lines
		return host.read(os.path.join(self.folder, "errors")).splitlines()

	def gone(self):
		if session.PANIC in self.serial():
			time.sleep(2)			# its last words come slowly
			return "the guest died"
		return super().gone()

	def close(self):
		super().close()
		if self.memory:
			self.memory.close()


def bochsrc(program, folder, serial):
	size = os.stat(os.path.join(folder, "disk")).st_size
	return BOCHSRC.format(memory=sum(NODES), share=program.environ()["BXSHARE"], folder=folder,
			      cylinders=size // CYLINDER, serial=serial)


class Bochs(machine.Machine):
	modules = ("kvm-intel",)
	cpus = 1
	seconds = 300
	batch = 100000

	def __init__(self, places, program, progress):
		self.places = places
		self.program = program
		self.progress = progress

	def line(self, config):
		return " ".join([*COMMAND_LINE, *config.command_line()])

	def key(self, image, config):
		ours = json.dumps([image.identity, self.program.version, self.line(config),
				   KERNEL_AT, tables().hex()])
		return f"{config.folder(image.kernel)}-" \
			+ hashlib.sha256(ours.encode()).hexdigest()[:12]

	def prepare(self, image, config, progress):
		host.need(["unshare"])
		folder = os.path.join(self.places.folder("disks"), self.key(image, config))
		with host.locked(folder + ".lock"):
			if not os.path.exists(folder):
				host.drop_unused(folder, UNUSED)
				with host.replacing(folder) as new:
					progress(f"{config.folder(image.kernel)}: making a disk")
					self.make(image, config, new)
			os.utime(folder)
		return Disk(f"{folder}/disk", config, config.folder(image.kernel))

	def make(self, image, config, folder):
		kernel = images.content_of(image.kernel.image)
		if kernel.startswith(unpack.ELF):
			raise LabError(f"{image.kernel.image}: Bochs needs a bzImage")

		def core(kernel_blocks, initramfs_blocks):
			host.write(f"{folder}/grub.cfg", GRUB.format(
				kernel=kernel_blocks, initramfs=initramfs_blocks,
				line=self.line(config)))
			host.run([*self.program.mkimage(), "-O", "i386-pc", "-p", "/",
				  "-c", f"{folder}/grub.cfg", "-o", f"{folder}/core.img",
				  "biosdisk", "linux"], "grub-mkimage")
			return images.content_of(f"{folder}/core.img")

		boot = images.content_of(f"{self.program.folder}/usr/lib/grub/i386-pc/boot.img")
		disk = layout(boot, core, kernel, tables() + images.content_of(image.initramfs))
		with open(f"{folder}/disk", "wb") as file:
			file.write(disk)

	def open(self, prepared):
		guest = Guest(self.program, prepared.path)
		try:
			self.boot(guest, prepared.what)
			return session.BoxSession(guest, guest.memory)
		except BaseException:
			guest.close()
			raise

	def boot(self, guest, what):
		start = time.monotonic()
		while session.READY not in guest.serial():
			seconds = time.monotonic() - start
			self.progress(f"{what}: booting, {seconds:.0f} s")
			if guest.gone():
				raise LabError(f"{what} does not boot: " + guest.last_words())
			if seconds > BOOT_SECONDS:
				raise LabError(f"{what} does not boot in {BOOT_SECONDS} s: "
					       + guest.last_words())
			time.sleep(POLL)
		guest.check_boot(what)
