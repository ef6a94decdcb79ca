# SPDX-License-Identifier: GPL-2.0-only
"""image: what the virtual machine boots: an initramfs with busybox, the VMM, modules and init."""

import hashlib
import os
import stat
from dataclasses import dataclass

from . import host, kernel as kernels, programs
from .host import LabError

FOLDERS = ("bin", "dev", "mods", "out", "proc", "record", "scn", "sys", "tmp")
VMM = "pfnlab-vmm"
RECIPES = ("ftrace", "probes")
MAILBOX = ("mailbox.c", "mailbox_disk.c", "mailbox.h")
CONSOLE = (5, 1)


@dataclass(frozen=True)
class Image:
	kernel: kernels.Kernel
	initramfs: str
	identity: str		# of all that runs in the virtual machine


# ---- cpio, "newc" (Documentation/driver-api/early-userspace/buffer-format.rst) ----

def cpio_entry(number, name, mode, content=b"", device=(0, 0)):
	name = name.encode() + b"\0"
	fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
	header = b"070701" + b"".join(b"%08X" % field for field in fields)
	return padded(header + name) + padded(content)


def padded(content):
	return content + bytes(-len(content) % 4)


def cpio(files):
	"""An archive of @files (name: (bytes, executable)), folders and a console."""
	entries = [(name, stat.S_IFDIR | 0o755, b"", (0, 0)) for name in FOLDERS]
	entries.append(("dev/console", stat.S_IFCHR | 0o600, b"", CONSOLE))
	entries += [(name, stat.S_IFREG | (0o755 if executable else 0o644), content, (0, 0))
		    for name, (content, executable) in sorted(files.items())]
	entries.append(("TRAILER!!!", 0, b"", (0, 0)))
	return b"".join(cpio_entry(number, *entry) for number, entry in enumerate(entries, 1))


# ---- what goes into it ----

def build_mailbox(places):
	host.need(["cc"])
	folder = os.path.join(places.source, "tools", "lab", "guest")
	files = [os.path.join(folder, name) for name in MAILBOX]
	target = os.path.join(places.folder("guest"), f"mailbox-{kernels.digest(*files)}")
	if not os.path.exists(target):
		host.run(["cc", "-O2", "-static", "-o", target + ".new", *files[:-1]],
			 "guest/mailbox.c")
		host.run(["strip", target + ".new"], "strip")
		os.rename(target + ".new", target)
	return target


def build_vmm(places, progress):
	"""The program that runs scripts: a target of the project's own build, linked statically."""
	if places.vmm:
		return places.vmm
	if not os.path.isdir(os.path.join(places.source, "tools", "lab", "guest", "vmm")):
		raise LabError("tools/lab/guest/vmm is not there; PFNSIM_LAB_VMM names a program")
	host.need(["meson", "ninja"])
	checkout = hashlib.sha256(os.path.realpath(places.source).encode()).hexdigest()[:12]
	folder = os.path.join(places.cache, "vmm", checkout)
	with host.locked(folder + ".lock"):
		if not os.path.exists(f"{folder}/build.ninja"):
			progress("setting up the VMM's build")
			host.run(["meson", "setup", "-Dauto_features=disabled",
				  "-Dbuildtype=release", folder, places.source], "meson setup")
		progress("building the VMM")
		host.run(["ninja", "--quiet", "-C", folder, f"tools/lab/guest/vmm/{VMM}"],
			 "building the VMM")
	return os.path.join(folder, "tools", "lab", "guest", "vmm", VMM)


def content_of(path):
	try:
		with open(path, "rb") as file:
			return file.read()
	except OSError as error:
		raise LabError(f"{path}: {error.strerror}") from error


def gather(places, kernel, modules, progress):
	"""name: (bytes, executable) of the files of the initramfs."""
	module = kernels.build_module(places, kernel, progress)
	names = {"bin/busybox": programs.busybox(places, progress),
		 "bin/mailbox": build_mailbox(places),
		 f"bin/{VMM}": build_vmm(places, progress),
		 "init": os.path.join(places.guest, "init")}
	files = {name: (content_of(path), True) for name, path in names.items()}
	order = kernel.load_order(modules)
	along = [kernel.modules[name] for name in kernels.ALONG if name in kernel.modules]
	for path in order + along:
		files[f"mods/{kernels.module_name(path)}.ko"] = (kernels.module_bytes(path), False)
	files["mods/pfnlab.ko"] = (content_of(module), False)
	for name in RECIPES:
		path = os.path.join(places.source, "tools", "record", name)
		files[f"record/{name}"] = (content_of(path), True)
	names = "".join(f"{kernels.module_name(path)}\n" for path in order)
	files["mods/order"] = (names.encode(), False)
	return files


def build(places, kernel, modules, progress):
	"""The image of @kernel that loads @modules, made anew if anything in it has changed."""
	archive = cpio(gather(places, kernel, modules, progress))
	initramfs = os.path.join(kernel.folder, "-".join(["initramfs", *modules]))
	with host.locked(initramfs + ".lock"):
		if not os.path.exists(initramfs) or content_of(initramfs) != archive:
			with open(initramfs + ".new", "wb") as file:
				file.write(archive)
			os.rename(initramfs + ".new", initramfs)
	return Image(kernel, initramfs, f"{kernel.identity} {kernels.digest(initramfs)}")
