# SPDX-License-Identifier: GPL-2.0-only
"""machine: what every kind of machine that can run scripts offers.  QEMU is one (qemu.py), Bochs
another (bochs.py).

A machine is prepared for an image and a configuration, whatever that takes: a snapshot, a disk.
Then any number of sessions is opened on what was prepared, each of which runs scripts one after
the other until it dies or is closed.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Config:
	"""How a kernel is set up; the names of docs/RECORDINGS.md."""

	smp: int = 1
	prefix: str = ""			# of the folder of recordings
	suffix: str = ""
	parameters: tuple = ()			# (module, "name=value")
	gigantic: int = 0			# pages of 1G that hugetlb has from boot on

	def folder(self, kernel):
		return self.prefix + kernel.name + self.suffix

	def command_line(self):
		"""For a module that is built in, and, as lab_kvm= and lab_amd=, for init."""
		words = []
		if self.gigantic:		# 1G is zeroed for seconds: time for NUMA balancing
			words = ["hugepagesz=1G", f"hugepages={self.gigantic}",
				 "numa_balancing=disable"]
		for module, setting in self.parameters:
			short = {"kvm": "kvm", "kvm_amd": "amd", "kvm_intel": "intel"}[module]
			words += [f"{module}.{setting}", f"lab_{short}={setting}"]
		return words


SHADOW = Config(suffix="-npt0", parameters=(("kvm_amd", "npt=0"),))
RMAP = Config(suffix="-tdpmmu0", parameters=(("kvm", "tdp_mmu=0"),))
EPT = Config(prefix="ept-")
EPTAD0 = Config(prefix="eptad0-", parameters=(("kvm_intel", "eptad=0"),))
EPT_RMAP = Config(prefix="ept-", suffix="-tdpmmu0", parameters=(("kvm", "tdp_mmu=0"),))


@dataclass
class Request:
	"""What the guest gets: one script, and what its shell sets first."""

	name: str
	text: str
	environ: tuple = ()			# "NAME=VALUE"
	seconds: float = 60


@dataclass
class Answer:
	"""What came of it."""

	files: dict = field(default_factory=dict)	# name: bytes
	serial: str = ""			# what the console said meanwhile
	failure: str = ""			# how the guest went; "": it did not
	seconds: float = 0


class Session:
	"""A running guest.  A context; closing it ends the guest."""

	def run(self, request):
		"""The Answer to @request.  After one with a failure the session is over."""
		raise NotImplementedError

	def close(self):
		raise NotImplementedError

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()


class Machine:
	modules = ()				# of KVM that it loads
	cpus = 4				# at most
	gigantic = 0				# pages of 1G, at most
	seconds = 60				# for one script
	batch = 1				# scripts that share a session

	def prepare(self, image, config, progress):
		"""What sessions start from; made only if it is not there."""
		raise NotImplementedError

	def open(self, prepared):
		raise NotImplementedError
