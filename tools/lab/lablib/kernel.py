# SPDX-License-Identifier: GPL-2.0-only
"""kernel: a kernel that can be booted, with its modules and what builds ours: from Debian's
packages, or from a folder that the user built.
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field

from . import debian, host, table, unpack
from .host import LabError

# Not loaded before the lab's own, as the machine's are: only when a script wants it
ALONG = ("brd", "zram", "kvm-intel")

# make and the compiler see the packages' files as their own root.
IN_ROOT = 'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && ' \
	'exec chroot "$0" /bin/sh -ec "$1"'
PATH = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C; "


@dataclass(frozen=True)
class Kernel:
	name: str
	release: str
	version: str		# of the package; "" if the user built it
	note: str
	boot: str		# the file that QEMU gets
	modules: dict = field(hash=False)	# name: file
	built_in: frozenset
	root: str		# with the compiler; "": build with the machine's own
	tree: str		# of headers; inside of root, if there is one
	compiler: str		# "": the one that the tree asks for
	folder: str		# in the cache
	identity: str		# changes when anything of the above does
	image: str = ""		# as it was built: a bzImage, or an ELF file

	def load_order(self, wanted):
		"""Files of the modules in the order in which they can be loaded."""
		order = []

		def add(name):
			path = self.modules.get(name)
			if not path or path in order:
				return
			for needed in unpack.module_depends(module_bytes(path)):
				add(needed.replace("_", "-"))
			order.append(path)

		for name in wanted:
			if name not in self.modules and name not in self.built_in:
				raise LabError(f"{self.name}: no {name}.ko, and not built in")
			add(name)
		return order


def module_bytes(path):
	with open(path, "rb") as file:
		content = file.read()
	if content.startswith(unpack.ELF):
		return content
	plain = unpack.decompress(content)
	if not plain:
		raise LabError(f"{path}: cannot be unpacked here: apt-get install zstd")
	return plain


def module_name(path):
	"""KVM's modules have a dash in their files' names; all have, here."""
	return os.path.basename(path).partition(".ko")[0].replace("_", "-")


def find_modules(folder):
	"""name: file of each module below @folder."""
	found = {}
	for path in host.files_below(folder):
		if path.endswith((".ko", ".ko.xz", ".ko.zst", ".ko.gz")):
			found.setdefault(module_name(path), path)
	return found


def find_built_in(folder):
	"""Names of the modules that are part of the kernel."""
	paths = [path for path in host.files_below(folder)
		 if os.path.basename(path) == "modules.builtin"]
	return frozenset(module_name(line) for path in paths for line in host.read(path).split())


def bootable(image_file, target):
	"""Write what QEMU boots to @target; return the release."""
	with open(image_file, "rb") as file:
		image = file.read()
	kernel = unpack.kernel_of(image)
	if not kernel:
		raise LabError(f"{image_file}: no kernel, or one that needs zstd or lz4 to unpack")
	if unpack.has_pvh_entry(kernel):
		image = kernel
	elif image.startswith(unpack.ELF):
		raise LabError(f"{image_file}: built without CONFIG_PVH; give a bzImage instead")
	with open(target, "wb") as file:
		file.write(image)
	return unpack.release_of(kernel)


# ---- Debian's ----

def packaged(places, row, again, progress):
	"""The kernel of a row of the table; fetched first if it is not there or @again."""
	folder = os.path.join(places.cache, "kernels", row.name)
	with host.locked(os.path.join(places.cache, "kernels", row.name + ".lock")):
		if again or not os.path.exists(f"{folder}/kernel.json"):
			host.need_namespaces()
			with host.locked(os.path.join(places.cache, "apt.lock")):
				fetched = fetch(places, row, again, progress)
			install(fetched, row, folder, progress)
	about = json.loads(host.read(f"{folder}/kernel.json"))
	return Kernel(
		name=row.name, release=about["release"], version=about["version"],
		note=table.note(row.name, about["release"], row.recorded),
		boot=f"{folder}/boot", modules=about["modules"],
		built_in=frozenset(about["built-in"]),
		root=f"{folder}/root", tree=f"/usr/src/linux-headers-{about['release']}",
		compiler=row.compiler, folder=folder,
		identity=f"{about['release']} {about['version']}",
		image=packaged_image(f"{folder}/root", about["release"]))


def fetch(places, row, again, progress):
	"""(release, version, files of packages) of the newest kernel like @row."""
	progress(f"{row.name}: looking for linux-headers-{row.pattern} in {','.join(row.suites)}")
	suites = [debian.Suite(places, name) for name in row.suites]
	if again:
		suites[0].update(again=True)
	suite, release = debian.first_with(suites, "linux-headers-", row.pattern)
	image = f"linux-image-{release}"
	progress(f"{row.name}: fetching {image} and {row.compiler} from {suite.name}")
	debs = suite.fetch([image, f"linux-headers-{release}", row.compiler, *debian.SHELL])
	return release, suite.version(image), debs


def packaged_image(root, release):
	images = glob.glob(f"{root}/boot/vmlinuz-{release}") \
		+ glob.glob(f"{root}/usr/lib/modules/{release}/vmlinuz*")
	return images[0] if images else ""


def install(fetched, row, folder, progress):
	release, version, debs = fetched
	with host.replacing(folder) as new:
		root = f"{new}/root"
		os.makedirs(root)
		debian.unpack(debs, root, lambda text: progress(f"{row.name}: {text}"))
		for name in ("dev", "lab", "tmp", "proc"):
			os.makedirs(f"{root}/{name}", exist_ok=True)
		image = packaged_image(root, release)
		if not image:
			raise LabError(f"{row.name}: no vmlinuz in the packages of {release}")
		bootable(image, f"{new}/boot")
		modules = f"{root}/usr/lib/modules/{release}"
		about = {
			"release": release,
			"version": version,
			"modules": {name: path.replace(new, folder, 1)
				    for name, path in find_modules(modules).items()},
			"built-in": sorted(find_built_in(modules)),
		}
		host.write(f"{new}/kernel.json", json.dumps(about))


# ---- the user's own ----

IMAGES = ("arch/x86/boot/bzImage", "bzImage", "vmlinuz*", "boot/vmlinuz*", "vmlinux")
TREES = (".", "build", "headers", "lib/modules/*/build", "usr/src/linux-headers-*[0-9a-z]")


def first_match(folder, patterns, holds=None):
	for pattern in patterns:
		for path in sorted(glob.glob(os.path.join(folder, pattern))):
			if not holds or os.path.exists(os.path.join(path, holds)):
				return path
	return None


def from_folder(places, name, folder):
	"""A kernel that the user built: an image and modules anywhere below @folder."""
	folder = os.path.abspath(folder)
	if not os.path.isdir(folder):
		raise LabError(f"{folder}: no such folder")
	image = first_match(folder, IMAGES)
	if not image:
		raise LabError(f"{folder}: no kernel; looked for {', '.join(IMAGES)}")
	key = hashlib.sha256(folder.encode()).hexdigest()[:12]
	own = places.folder("own", f"{name}-{key}")
	with host.locked(f"{own}/lock"):
		release = bootable(image, f"{own}/boot")
	tree = first_match(folder, TREES, "Module.symvers")
	modules = find_modules(folder)
	kvm = [path for module, path in modules.items() if module.startswith("kvm")]
	return Kernel(name=name, release=release, version="", note=None, boot=f"{own}/boot",
		      modules=modules, built_in=find_built_in(folder), root="", tree=tree or "",
		      compiler=os.environ.get("CC", ""), folder=own,
		      identity=digest(f"{own}/boot", *kvm), image=image)


# ---- the lab's module ----

def digest(*paths):
	"""A name for the content of these files and folders."""
	total = hashlib.sha256()
	for path in paths:
		for file in host.files_below(path) if os.path.isdir(path) else [path]:
			with open(file, "rb") as content:
				total.update(os.path.relpath(file, os.path.dirname(path)).encode())
				total.update(content.read())
	return total.hexdigest()[:16]


def build_module(places, kernel, progress):
	"""The file of the lab's module for @kernel."""
	driver = os.path.join(places.guest, "driver")
	if not os.path.isdir(driver):
		raise LabError(f"{driver}: the module's source is not there")
	headers = sorted(glob.glob(os.path.join(places.guest, "*.h")))
	name = hashlib.sha256((kernel.identity + digest(driver, *headers)).encode()).hexdigest()
	target = os.path.join(kernel.folder, f"module-{name[:16]}.ko")
	with host.locked(os.path.join(kernel.folder, "module.lock")):
		if not os.path.exists(target):
			progress(f"{kernel.name}: building the module")
			built = build_in_root(driver, headers, kernel) if kernel.root \
				else build_here(driver, headers, kernel)
			shutil.copyfile(built, target + ".new")
			os.rename(target + ".new", target)
	return target


def copy_source(driver, headers, folder):
	shutil.rmtree(folder, ignore_errors=True)
	shutil.copytree(driver, os.path.join(folder, "driver"))
	for header in headers:
		shutil.copy(header, folder)


def built_module(folder, kernel, done):
	found = glob.glob(os.path.join(folder, "driver", "*.ko"))
	if done.returncode or not found:
		host.write(os.path.join(kernel.folder, "module.log"), done.stdout + done.stderr)
		first = (done.stderr.strip() or "nothing said").splitlines()[0]
		raise LabError(f"{kernel.name}: the module does not build: {first} "
			       f"(all of it: {kernel.folder}/module.log)")
	return found[0]


def make(command):
	return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			      stderr=subprocess.PIPE, text=True, errors="replace", check=False)


def build_in_root(driver, headers, kernel):
	folder = os.path.join(kernel.root, "lab", "guest")
	copy_source(driver, headers, folder)
	commands = PATH + f"make -s -C {kernel.tree} M=/lab/guest/driver CC={kernel.compiler} " \
		f"HOSTCC={kernel.compiler} modules; strip -g /lab/guest/driver/*.ko"
	host.need(["unshare"])
	done = make(["unshare", "-rm", "sh", "-c", IN_ROOT, kernel.root, commands])
	return built_module(folder, kernel, done)


def build_here(driver, headers, kernel):
	if not kernel.tree:
		raise LabError(f"{kernel.name}: no tree to build the module in (a folder with "
			       f"Module.symvers): looked for {', '.join(TREES)}")
	host.need(["make", "cc", "strip"])
	folder = os.path.join(kernel.folder, "guest")
	copy_source(driver, headers, folder)
	compiler = [f"CC={kernel.compiler}"] if kernel.compiler else []	# else the tree knows
	done = make(["make", "-s", "-C", kernel.tree, f"M={folder}/driver", *compiler, "modules"])
	module = built_module(folder, kernel, done)
	host.run(["strip", "-g", module], "strip")
	return module
