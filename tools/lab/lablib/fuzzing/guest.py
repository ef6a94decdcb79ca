# SPDX-License-Identifier: GPL-2.0-only
"""guest: lines of what the VMM and its guest do: memslots, accesses, dirty logs, KVM's look-ups."""

from .world import GPA_STEP, MOST_SLOTS, PAGE, Slot, size_text


def memslot(world):
	region = world.region()
	if not region or world.next_slot == MOST_SLOTS:
		return None
	first, pages = (0, region.pages) if world.chance(0.75) else world.range_of(region.pages)
	gpa = GPA_STEP * world.next_slot + (PAGE if world.chance(0.08) else 0)
	slot = Slot(world.next_slot, gpa, region, first, pages)
	words = {"": 7, "log": 1, "ro": 1}
	if world.topic == "log":
		words = {"": 3, "log": 5, "ro,log": 1}
	slot.flags = world.weighted(words)
	world.next_slot += 1
	world.slots.append(slot)
	return [line_of(world, slot)]


def line_of(world, slot):
	line = (f"memslot {slot.id} gpa={slot.gpa:#x} hva={world.at(slot.region, slot.first)} "
		f"size={size_text(slot.pages * PAGE)}")
	return line + (f" flags={slot.flags}" if slot.flags else "")


def change_slot(world):
	"""Deleted, moved, logged or no more, or what is refused"""
	slot = world.slot()
	if not slot:
		return None
	what = world.weighted({"log": 5, "move": 2, "delete": 2, "again": 2, "ro": 1})
	if what == "delete":
		world.slots.remove(slot)
		return [f"memslot-delete {slot.id}"]
	if what == "again":			# gone, and there again
		return [f"memslot-delete {slot.id}", line_of(world, slot)]
	if what == "move":
		slot.gpa += GPA_STEP * 8 if slot.gpa < GPA_STEP * 8 else -GPA_STEP * 7
	elif what == "log":
		words = set(slot.flags.split(",")) - {""}
		slot.flags = ",".join(sorted(words ^ {"log"}, reverse=True))
	elif "ro" not in slot.flags:
		changed = Slot(slot.id, slot.gpa, slot.region, slot.first, slot.pages, "ro")
		return [line_of(world, changed)]
	return [line_of(world, slot)]


def access(world):
	gpa = world.gpa()
	word = world.weighted({"read": 5, "write": 5, "rmw": 2})
	line = f"{word} {gpa + world.rng.choice((0, 0, 0, 0, 8, 0xffc)):#x}"
	if word == "write":
		line += f" {world.value():#x}"
	if world.chance(0.25):
		line += f" count={world.rng.choice((2, 3, 4, 8, 16))}"
		if world.chance(0.2):
			line += f" stride={world.rng.choice((4, 8192, 65536))}"
	if world.chance(0.2):
		line += " vcpu=1"
	return [line]


def execute(world):
	"""HLT, so that the code ends."""
	gpa = world.gpa()
	return [f"write {gpa:#x} 0xf4f4f4f4", f"exec {gpa:#x}"]


# ---- dirty logs ----

def log_mode(world):
	return [f"logmode {world.rng.choice(('manual', 'manual,initially-set', 'none'))}"]


def dirty_log(world):
	slot = world.slot()
	return slot and [f"dirtylog {slot.id}"]


def clear_log(world):
	slot = world.slot()
	if not slot:
		return None
	if world.chance(0.7):
		first = world.rng.randrange((slot.pages + 63) // 64) * 64
		pages = slot.pages - first if world.chance(0.6) else min(64, slot.pages - first)
	else:
		first, pages = world.range_of(slot.pages)
	return [f"clearlog {slot.id} {first} {pages}"]


# ---- KVM for itself ----

APIS = {"prot": 4, "pfn": 4, "atomic": 3, "memslot": 3, "many": 3}


def lookup(world):
	gpa = world.gpa()
	api = world.weighted(APIS)
	write = " write=1" if api in ("prot", "memslot") and world.chance(0.5) else ""
	return [f"lookup {gpa:#x} {api}{write}"]


def kvm_map(world):
	gpa = world.gpa()
	free = [number for number in range(4) if number not in world.maps]
	if not free:
		return None
	world.maps[free[0]] = gpa
	return [f"map {gpa:#x} map={free[0]}"]


def kvm_unmap(world):
	if not world.maps:
		return None
	which = world.rng.choice(sorted(world.maps))
	del world.maps[which]
	return [f"unmap {which}" + (" dirty=1" if world.chance(0.5) else "")]


def pfncache(world):
	if world.cache and world.chance(0.6):
		world.cache = False
		return ["gpc-off 0"]
	gpa = world.gpa()
	world.cache = True
	return [f"gpc {gpa:#x} 0"]


def prefault(world):
	slot = world.slot()
	if not slot or slot.region.forbidden():
		return None
	first, pages = world.range_of(slot.pages)
	return [f"prefault {slot.gpa + first * PAGE:#x} {size_text(pages * PAGE)}"]


def vmsave(world):
	return [f"vmsave {world.gpa():#x}"]


def finish(world):
	"""What is held is given up, so that the next program finds the guest as this one did."""
	lines = [f"unmap {which}" for which in sorted(world.maps)]
	if world.child:
		lines.append("child-exit")
	if world.cache:
		lines.append("gpc-off 0")
	return lines
