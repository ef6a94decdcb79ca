# SPDX-License-Identifier: GPL-2.0-only
"""commands: programs of what traces have no words for: several threads at once, ksmd.

They are written in the lab's own commands (docs/RECORDINGS.md).
"""

from .driver import modes_of
from .world import PAGE, Region, size_text

KINDS = {"order0": "order0", "comp": "compound", "nc": "noncompound", "split": "split",
	 "rsvd": "reserved"}
GPA = 0x2000000
HEADER = ("#!smp 2", "#!env BUFKB=32768")


def watch(world, region):
	pages = sorted({0, 1, region.pages - 1, world.rng.randrange(region.pages)})
	return [f"watch {world.at(region, page)}" for page in pages]


def driver_memory(world):
	kind = world.rng.choice(sorted(KINDS))
	single = kind in ("order0", "rsvd")
	order = 0 if single else world.rng.choice((1, 2, 3, 4))
	pages = world.rng.choice((4, 16, 32)) if single else 1 << order
	mode = world.weighted({mode: weight for mode, weight in
			       modes_of(KINDS[kind], order).items() if mode != "insert"})
	region = Region("D", pages, "device")
	return region, [f"lab alloc 0 {kind} {order} {pages}", f"lab mode 0 {mode}",
			f"mmap D {size_text(pages * PAGE)} dev:0"]


def plain_memory(world):
	pages = world.rng.choice((16, 32, 64))
	kind = world.weighted({"anon": 3, "memfd": 1, "shanon": 1})
	return Region("A", pages, kind), [f"mmap A {size_text(pages * PAGE)} {kind}"]


def invalidator(world, region):
	"""A loop in the background"""
	size, pause = size_text(region.pages * PAGE), world.rng.choice((100, 200, 300, 500))
	if region.backing == "device":
		return f"bg 0 zap {region.name} {size} {pause}"
	what = world.weighted({"dontneed": 4, "mprot": 3, "rdontneed": 2})
	return f"bg 0 {what} {region.name} {size} {pause}"


def guest_loop(world, region):
	pages = min(region.pages, 32)
	mask = (1 << (region.pages.bit_length() - 1)) * PAGE - PAGE
	word = world.weighted({"par": 4, "rand": 4, "plain": 4})
	if word == "par":
		operation = world.rng.choice(("r", "w", "rmw"))
		return f"par {operation} {GPA:#x} {world.rng.randint(1, pages)} {PAGE}"
	seed, count = world.rng.randrange(100), world.rng.choice((20, 50, 100, 200))
	if word == "rand" and mask:
		operation = world.rng.choice(("randw", "randr"))
		return f"{operation} {GPA:#x} {count} {mask:#x} {seed}"
	operation = world.rng.choice(("gread", "gwrite", "grmw"))
	value = " 0x7" if operation == "gwrite" else ""
	return f"{operation} {GPA:#x}{value} n={pages}" + (" v=1" if world.chance(0.3) else "")


def host_line(world, region):
	"""Something of the VMM's own while the others act"""
	page = world.page_of(region.pages)
	at = world.at(region, page)
	words = {f"hwrite {at} {world.value():#x}": 3, f"hread {at}": 3,
		 f"gwrite {GPA + page * PAGE:#x} 0x3": 2}
	if region.backing == "device":
		words["lab zap 0"] = 2
	else:
		words[f"madvise {at} 4K DONTNEED"] = 2
		words[f"mprotect {at} 4K r"] = 1
	return world.weighted(words)


def race(world):
	region, lines = (driver_memory if world.chance(0.6) else plain_memory)(world)
	lines += watch(world, region)
	lines.append(f"slot 1 {GPA:#x} {region.name} {size_text(region.pages * PAGE)}"
		     + (" log" if world.chance(0.2) else ""))
	for _ in range(world.rng.randint(1, 3)):
		background = world.chance(0.75)
		if background:
			lines.append(invalidator(world, region))
		for _ in range(world.rng.randint(1, 3)):
			lines.append(guest_loop(world, region) if world.chance(0.75)
				     else host_line(world, region))
		if background:
			lines.append("bgstop 0")
		lines.append(host_line(world, region))
	if " log" in "".join(lines):
		lines.append("dirtylog 1")
	lines.append(f"gread {GPA:#x} n={min(region.pages, 8)}")
	return [*HEADER, *lines]


# ---- ksmd ----

def ksm_line(world):
	pages = 16
	page = world.rng.randrange(4)
	at, gpa = f"A+{page * PAGE:#x}", GPA + page * PAGE
	byte = world.rng.choice((0, 0x41, 0x41, 0x42))
	words = {
		f"ksm {world.rng.choice((2, 3, 4))}": 5, "ksm 1 2": 1,
		f"gwrite {gpa:#x} {byte * 0x01010101:#x}": 4, f"gread {gpa:#x}": 3,
		f"gread {GPA:#x} n=4": 2, f"hwrite {at} {world.value():#x}": 3,
		f"hread {at}": 2, f"hmem {at} 4K {byte:#x}": 5, f"hmem A 16K {byte:#x}": 2,
		f"madvise {at} 4K DONTNEED": 2, f"madvise {at} 8K UNMERGEABLE": 1,
		f"madvise A {pages * 4}K MERGEABLE": 2, f"movepage {at} 1": 2,
		f"mprotect {at} 4K r": 1, f"mprotect {at} 4K rw": 1,
		f"madvise {at} 4K POPULATE_WRITE": 1, "clearrefs 1": 1,
		"slotdel 1": 0.5, f"slot 1 {GPA:#x} A 64K": 1,
	}
	if not world.child:
		words["fork"] = 0.5
	else:
		words[f"cwrite {at} 0x5"] = 2
		words[f"cread {at}"] = 2
		words["cexit"] = 2
	line = world.weighted(words)
	if line in ("fork", "cexit"):
		world.child = line == "fork"
	return line


def ksm(world):
	lines = ["sysw /sys/kernel/mm/ksm/run 0", "mmap A 64K anon"]
	lines += [f"watch A+{page * PAGE:#x}" for page in range(4)]
	lines += [f"slot 1 {GPA:#x} A 64K", "hmem A 16K 0x41", "madvise A 64K MERGEABLE"]
	lines += [ksm_line(world) for _ in range(world.rng.randint(6, 20))]
	if world.child:
		lines.append("cexit")
	return lines
