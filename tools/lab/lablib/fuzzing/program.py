# SPDX-License-Identifier: GPL-2.0-only
"""program: the table of what a program is made of, and a program by its seed and number.

The same seed gives the same programs on every machine, for every kernel; each number is a program
by itself, so that one can start anywhere.
"""

import random
from dataclasses import dataclass

from . import commands, driver, guest, memory
from .world import World

# topic: its weight
TOPICS = {"pfnmap": 30, "races": 14, "anon": 10, "shmem": 8, "thp": 8, "hugetlb": 4, "fork": 7,
	  "ksm": 3, "log": 6, "slots": 4, "kvm": 6, "swap": 6, "migrate": 4}

# What is written in the lab's commands
IN_COMMANDS = {"races": commands.race, "ksm": commands.ksm}

# What a topic begins with
SETUP = {
	"pfnmap": (driver.alloc, guest.memslot), "anon": (memory.mmap_anon, guest.memslot),
	"shmem": (memory.mmap_file, guest.memslot), "thp": (memory.mmap_huge, guest.memslot),
	"hugetlb": (memory.mmap_hugetlb, guest.memslot), "fork": (memory.mmap_anon, guest.memslot),
	"swap": (memory.mmap_anon, guest.memslot), "migrate": (memory.mmap_anon, guest.memslot),
}
ANY_SETUP = (driver.alloc, memory.mmap_anon, memory.mmap_file, memory.mmap_huge)

# production, its weight everywhere, {topic: its weight there}
PRODUCTIONS = (
	(guest.access, 30, {}),
	(guest.execute, 0.5, {}),
	(memory.host_write, 8, {}),
	(memory.host_read, 4, {}),
	(guest.memslot, 2, {"slots": 6}),
	(guest.change_slot, 1.5, {"slots": 12, "log": 4}),
	(driver.alloc, 0.5, {"pfnmap": 4}),
	(driver.map_object, 0.2, {"pfnmap": 1.5}),
	(driver.zap, 0.3, {"pfnmap": 7, "log": 1, "slots": 1, "kvm": 2}),
	(driver.repoint, 0.1, {"pfnmap": 4}),
	(driver.free, 0.1, {"pfnmap": 2}),
	(driver.ref, 0.1, {"pfnmap": 1.5}),
	(memory.mmap_anon, 0.8, {"anon": 2, "fork": 1, "swap": 1}),
	(memory.mmap_huge, 0.2, {"thp": 1.5, "log": 1.5}),
	(memory.mmap_file, 0.3, {"shmem": 2, "fork": 1, "swap": 1, "migrate": 1.5}),
	(memory.map_file, 0.1, {"shmem": 2, "migrate": 1}),
	(memory.mmap_hugetlb, 0.1, {"hugetlb": 1.5, "log": 0.5}),
	(memory.dontneed, 2.5, {}),
	(memory.munmap, 0.7, {"anon": 1.5}),
	(memory.mprotect, 1.5, {"anon": 3, "pfnmap": 2}),
	(memory.madvise, 1.5, {"anon": 5, "thp": 8, "shmem": 3}),
	(memory.mremap, 0.3, {"anon": 2}),
	(memory.on_range("mlock"), 0.3, {"anon": 1}),
	(memory.on_range("munlock"), 0.2, {"anon": 0.5}),
	(memory.remove, 0.2, {"shmem": 2}),
	(memory.on_file, 0.3, {"shmem": 7}),
	(memory.pageout, 0, {"swap": 8, "shmem": 0.5}),
	(memory.cold, 0, {"swap": 2}),
	(memory.migrate, 0.1, {"migrate": 7}),
	(memory.offline, 0, {"migrate": 2}),
	(memory.clear_refs, 0.2, {"anon": 1, "fork": 0.5}),
	(memory.fork, 0.3, {"fork": 4}),
	(memory.child, 1, {"fork": 9}),
	(guest.log_mode, 0, {"log": 1.5}),
	(guest.dirty_log, 0.4, {"log": 7}),
	(guest.clear_log, 0, {"log": 5}),
	(guest.lookup, 0.5, {"kvm": 8, "pfnmap": 2}),
	(guest.kvm_map, 0.2, {"kvm": 5, "pfnmap": 0.7}),
	(guest.kvm_unmap, 0.2, {"kvm": 4, "pfnmap": 0.7}),
	(guest.pfncache, 0.1, {"kvm": 3}),
	(guest.prefault, 0.2, {"kvm": 2, "log": 0.5}),
	(guest.vmsave, 0.1, {"kvm": 2}),
)


@dataclass(frozen=True)
class Program:
	number: int
	topic: str
	name: str
	suffix: str		# .trace or .cmd
	lines: tuple

	@property
	def text(self):
		return "".join(f"{line}\n" for line in self.lines)


def name_of(seed, number):
	return f"fuzz-{seed}-{number:05d}"


def set_up(world):
	lines = []
	for production in SETUP.get(world.topic) or (world.rng.choice(ANY_SETUP), guest.memslot):
		lines += production(world) or []
	return lines


def body(world, count):
	weights = [here.get(world.topic, everywhere) for _, everywhere, here in PRODUCTIONS]
	made = []
	while len(made) < count:
		production = world.rng.choices(PRODUCTIONS, weights)[0][0]
		made += production(world) or []
	return made


def trace_of(world, title):
	lines = ["pfntrace 1", f'title "{title}"', "config stage2=npt"]
	lines += set_up(world)
	lines += body(world, world.rng.choice((8, 12, 20, 30)))
	return lines + guest.finish(world)


def generate(seed, number, only=()):
	"""Program @number of @seed, of one of the topics @only."""
	rng = random.Random(f"{seed}/{number}")
	weights = {topic: TOPICS[topic] for topic in only or TOPICS}
	topic = rng.choices(list(weights), list(weights.values()))[0]
	world = World(rng, topic)
	if topic in IN_COMMANDS:
		lines = IN_COMMANDS[topic](world)
		return Program(number, topic, name_of(seed, number), ".cmd", tuple(lines))
	title = f"fuzz {seed}/{number}: {topic}"
	return Program(number, topic, name_of(seed, number), ".trace",
		       tuple(trace_of(world, title)))
