# SPDX-License-Identifier: GPL-2.0-only
"""driver: lines of what a driver does: pages of every kind, mapped in every way."""

from .world import MOST_OBJECTS, MOST_REGIONS, PAGE, Object, Region, size_text

KINDS = {"noncompound": 7, "compound": 4, "order0": 4, "reserved": 4, "split": 3, "counted": 2,
	 "mmio": 2}
MODES = {"pfn": 6, "remap": 4, "mixed": 3, "insert": 3, "page": 3, "ioinsert": 2, "iomixed": 2}
SPECIAL = ("pfn", "remap", "mixed", "iomixed")		# modes that take no reference
NO_PAGE = 0xfd000					# frames of no device from here on


def modes_of(kind, order):
	"""A page whose count is 0 cannot take a mapping's reference."""
	if kind == "mmio" or (kind == "noncompound" and order):
		return {mode: weight for mode, weight in MODES.items() if mode in SPECIAL}
	return MODES


def alloc(world):
	if len(world.objects) == MOST_OBJECTS:
		return None
	kind = world.weighted(KINDS)
	huge = kind in ("noncompound", "compound") and world.chance(0.12)
	block = kind in ("noncompound", "compound", "split", "counted")
	order = 9 if huge else world.rng.choice((0, 1, 2, 3)) if block else 0
	pages = 1 << order if block else world.rng.choice((1, 2, 4, 8))
	made = Object(f"o{len(world.objects)}", kind, order, pages, len(world.objects))
	made.mode = "pmd" if huge and world.chance(0.8) else \
		world.weighted(modes_of(kind, order))
	world.objects.append(made)
	line = f"alloc {made.name} {kind}"
	line += f" order={order}" if block else f" pages={pages}"
	if kind == "mmio":
		line += f" pfn={NO_PAGE + 16 * made.number:#x}"
	lines = [line]
	if made.mode != "pfn":
		lines.append(f"mode {made.name} {made.mode}")
	return lines + (map_object(world, made) or [])


def map_object(world, which=None):
	candidates = [which] if which else world.live_objects()
	if not candidates or len(world.regions) == MOST_REGIONS:
		return None
	chosen = world.rng.choice(candidates)
	first = 0 if chosen.order == 9 or world.chance(0.8) else \
		world.rng.randrange(chosen.pages)
	made = Region(f"D{len(world.regions)}", chosen.pages - first, "device", chosen, first,
		      private=False)
	line = f"mmap {made.name} {size_text(made.pages * PAGE)} device {chosen.name}"
	if first:
		line += f" index={first}"
	if world.chance(0.15):
		line += " prot=r"
	world.regions.append(made)
	chosen.maps += 1
	return [line]


def zap(world):
	if not world.objects:
		return None
	chosen = world.rng.choice(world.objects)
	if world.chance(0.5):
		return [f"zap {chosen.name}"]
	first, pages = world.range_of(chosen.pages)
	return [f"zap {chosen.name} {first} {pages}"]


def repoint(world):
	live = world.live_objects()
	if len(live) < 2:
		return None
	chosen, other = world.rng.sample(live, 2)
	if chosen.mode not in SPECIAL and other.mode in SPECIAL:
		return None
	if chosen.mode == "pmd" or "mmio" in (chosen.kind, other.kind):
		return None
	index, at = world.rng.randrange(chosen.pages), world.rng.randrange(other.pages)
	chosen.pinned = other.pinned = True
	lines = [f"repoint {chosen.name} {index} {other.name} {at}"]
	if world.chance(0.8):
		lines.append(f"zap {chosen.name} {index} 1")
	return lines


def free(world):
	live = [each for each in world.live_objects()
		if not each.pinned and not each.refs and not world.maps
		and (each.kind != "counted" or each.mode in SPECIAL)]
	if not live:
		return None
	chosen = world.rng.choice(live)
	chosen.freed = True
	return [f"zap {chosen.name}", f"free {chosen.name}"]


def ref(world):
	live = [each for each in world.live_objects()
		if each.kind in ("order0", "split", "compound")]
	if not live:
		return None
	chosen = world.rng.choice(live)
	if chosen.refs:
		chosen.refs -= 1
		return [f"ref {chosen.name} 0 -1"]
	chosen.refs += 1
	return [f"ref {chosen.name} 0 1"]
