# SPDX-License-Identifier: GPL-2.0-only
"""debian: packages by name from a suite of the machine's own mirror, without root.

Each suite has an apt of its own in the cache: own lists, own archives, and a status that knows
nothing as installed, so that apt itself finds all that a package depends on.  The mirror is the
one that the machine is configured for; so are proxies and keys.
"""

import fnmatch
import os
import re

from . import host, table
from .host import LabError, Skipped

KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg",
	    "/usr/share/keyrings/debian-archive-keyring.pgp",
	    "/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg")
TARGETS = "$(REPO_URI) $(ORIGIN) $(LABEL) $(COMPONENT)"
STALE = 24 * 3600	# seconds

# What kernels and QEMU depend on and nobody here uses: apt is told that it is there.
PRETENDED = ("dracut", "initramfs-tools", "linux-initramfs-tool", "linux-base", "kmod", "ipxe-qemu",
	     "debconf", "install-info")

PRETENCE = """Status: install ok installed
Architecture: all
Multi-Arch: foreign
Maintainer: none
Version: 9999
Description: not needed
"""

# What make calls while it builds a module.
SHELL = ("dash", "coreutils", "sed", "grep", "mawk", "findutils", "diffutils", "make", "libc6-dev",
	 "binutils")

UNPACK = """dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink --no-same-owner \\
	--exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale -C "$2" """


def configured_mirror(places):
	"""The URI below which dists/SUITE lies."""
	if places.mirror:
		return places.mirror.rstrip("/")
	found = []
	command = ["apt-get", "indextargets", "--format", TARGETS, "Created-By: Packages"]
	for line in host.run(command, "apt's sources", skip=True).splitlines():
		words = line.split()
		if not words:
			continue
		uri, rest = words[0].rstrip("/"), words[1:]
		if rest[:2] == ["Debian", "Debian"]:	# its Release file says so
			return uri
		if uri.rpartition("/")[2] == "debian":
			found.append(uri)
	if not found:
		raise Skipped("this machine's apt has no Debian mirror: set PFNSIM_LAB_MIRROR to "
			      "the address below which dists/ lies")
	return found[0]


def keyring():
	for path in KEYRINGS:
		if os.path.exists(path):
			return path
	raise Skipped("needed on this machine: apt-get install debian-archive-keyring")


def pretended_status():
	return "".join(f"Package: {name}\n{PRETENCE}\n" for name in PRETENDED)


class Suite:
	"""One suite: what it has, and its packages."""

	def __init__(self, places, name):
		self.name = name
		self.folder = places.folder("apt", name)
		self.archives = places.folder("debs")
		self.places = places

	def options(self):
		folder = self.folder
		for each in ("lists/partial", "state"):
			os.makedirs(os.path.join(folder, each), exist_ok=True)
		os.makedirs(os.path.join(self.archives, "partial"), exist_ok=True)
		settings = {
			"Dir::State": f"{folder}/state",
			"Dir::State::lists": f"{folder}/lists",
			"Dir::State::status": f"{folder}/status",
			"Dir::Cache": folder,
			"Dir::Cache::archives": self.archives,
			"Dir::Etc::sourcelist": f"{folder}/sources.list",
			"Dir::Etc::sourceparts": "/dev/null",
			"Dir::Etc::preferences": "/dev/null",
			"Dir::Etc::preferencesparts": "/dev/null",
			"Dir::Log": folder,
			"APT::Sandbox::User": "root",
			"APT::Architecture": "amd64",
			"APT::Architectures": "amd64",
			"APT::Install-Recommends": "false",
			"APT::Update::Post-Invoke-Success": "",
			"APT::Get::AllowUnauthenticated": "false",
			"Acquire::Languages": "none",
			"Acquire::Retries": "3",
			"Debug::NoLocking": "true",	# the lock is ours, and one for all suites
		}
		return [word for key, value in settings.items()
			for word in ("-o", f"{key}={value}")]

	def apt(self, program, *arguments, what, skip=True):
		environ = dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
		return host.run([program, *self.options(), "-qq", *arguments], what, skip=skip,
				env=environ)

	def update(self, again=False):
		"""Fetch the lists if they are missing or old."""
		source = f"deb [arch=amd64 signed-by={keyring()}] " \
			f"{configured_mirror(self.places)} {self.name} main\n"
		path, stamp = f"{self.folder}/sources.list", f"{self.folder}/updated"
		if not os.path.exists(path) or host.read(path) != source:
			again = True
		if not again and os.path.exists(stamp) and host.age(stamp) < STALE:
			return
		host.write(path, source)
		host.write(f"{self.folder}/status", pretended_status())
		self.apt("apt-get", "update", "--error-on=any",
			 what=f"suite {self.name} is not reachable")
		host.write(stamp, "")

	def newest(self, prefix, pattern):
		"""What "*" stands for: the newest PREFIX + RELEASE with RELEASE like @pattern."""
		names = self.apt("apt-cache", "pkgnames", prefix,
				 what=f"suite {self.name}").split()
		releases = [name[len(prefix):] for name in names
			    if fnmatch.fnmatchcase(name[len(prefix):], pattern)]
		return max(releases, key=table.version_key, default=None)

	def version(self, package):
		text = self.apt("apt-cache", "show", "--no-all-versions", package,
				what=f"{package} in {self.name}")
		found = re.search(r"^Version: (\S+)$", text, re.M)
		if not found:
			raise LabError(f"{package} in {self.name}: apt does not say its version")
		return found[1]

	def fetch(self, packages):
		"""The .deb files of @packages and of all that they need."""
		what = f"{packages[0]} from {self.name}"
		# What is in the archives already is not listed: look as if nothing were.
		os.makedirs(f"{self.folder}/none/partial", exist_ok=True)
		uris = self.apt("apt-get", "-o", f"Dir::Cache::archives={self.folder}/none",
				"--print-uris", "install", *packages, what=what)
		names = re.findall(r"^'[^']*' (\S+\.deb) ", uris, re.M)
		self.apt("apt-get", "--yes", "--download-only", "install", *packages, what=what)
		return [os.path.join(self.archives, name) for name in names]


def first_with(suites, prefix, pattern):
	"""(suite, release) of the first suite that has a package like that."""
	unreachable = []
	for suite in suites:
		try:
			suite.update()
		except Skipped as error:
			unreachable.append(error)
			continue
		release = suite.newest(prefix, pattern)
		if release is not None:
			return suite, release
	if unreachable:
		raise unreachable[0]
	raise Skipped(f"no package {prefix}{pattern} in {', '.join(s.name for s in suites)}")


def unpack(debs, root, progress):
	"""Put the packages' files below @root, whose /bin, /lib, ... are links into /usr."""
	for name in ("bin", "sbin", "lib", "lib64"):
		os.makedirs(f"{root}/usr/{name}", exist_ok=True)
		os.symlink(f"usr/{name}", f"{root}/{name}")
	for number, deb in enumerate(debs, 1):
		package = os.path.basename(deb).partition("_")[0]
		progress(f"unpacking {number}/{len(debs)} {package}")
		if not os.path.exists(deb):
			raise LabError(f"{deb}: apt did not fetch it")
		host.run(["sh", "-c", UNPACK, "sh", deb, root],
			 f"unpacking {package}")
	for name, program in (("awk", "mawk"), ("sh", "dash")):	# else their scripts would
		if os.path.exists(f"{root}/usr/bin/{program}") and \
		   not os.path.lexists(f"{root}/usr/bin/{name}"):
			os.symlink(program, f"{root}/usr/bin/{name}")
