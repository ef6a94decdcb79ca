# SPDX-License-Identifier: GPL-2.0-only
"""memory: lines of what userspace does with memory that no driver has."""

from .world import HUGE, MOST_REGIONS, MOST_SPLITS, PAGE, File, Region, size_text


def add_region(world, line, **region):
	world.regions.append(Region(**region))
	return [line]


def full(world):
	return len(world.regions) == MOST_REGIONS


def mmap_anon(world):
	if full(world):
		return None
	pages = world.rng.choice((4, 16, 16, 64))
	name = f"A{len(world.regions)}"
	line = f"mmap {name} {size_text(pages * PAGE)}"
	if world.chance(0.1):
		line += " populate=1"
	if world.chance(0.08):
		line += " prot=r"
	return add_region(world, line, name=name, pages=pages, backing="anon")


def mmap_huge(world):
	if full(world):
		return None
	pages = world.rng.choice((512, 1024, 1024))
	name = f"T{len(world.regions)}"
	lines = add_region(world, f"mmap {name} {size_text(pages * PAGE)}", name=name, pages=pages,
			   backing="anon")
	if world.chance(0.85):
		lines.append(f"madvise {name} {size_text(pages * PAGE)} hugepage")
	return lines


def mmap_file(world):
	if full(world):
		return None
	pages = world.rng.choice((4, 16, 16, 512 if world.topic in ("shmem", "thp") else 32))
	mount = world.weighted({"own": 6, "memfd": 3, "shared-anon": 1})
	file = File(f"f{len(world.files)}", pages, mount)
	world.files.append(file)
	line = f"file {file.name} {size_text(pages * PAGE)}"
	if mount != "own":
		line += f" mount={mount}"
	elif pages >= 512 and world.chance(0.6):
		line += " huge=always"
	return [line] + map_file(world, file)


def map_file(world, file=None):
	if full(world) or not (file or world.files):
		return None
	chosen = file or world.rng.choice([each for each in world.files])
	if chosen.mount == "shared-anon" and not file:
		return None
	private = chosen.mount == "own" and world.chance(0.3)
	name = f"F{len(world.regions)}"
	line = f"mmap {name} {size_text(chosen.pages * PAGE)} file file={chosen.name}"
	if private:
		line += " private=1"
	chosen.region = chosen.region or name
	return add_region(world, line, name=name, pages=chosen.pages, backing="file", what=chosen,
			  private=private)


def mmap_hugetlb(world):
	if full(world):
		return None
	lines = []
	if not world.pool:
		world.pool = world.rng.choice((2, 4, 6))
		lines.append(f"hugepages {world.pool}")
	backing = world.rng.choice(("hugetlb", "hugetlb-shared"))
	pages = world.rng.choice((512, 1024))
	name = f"H{len(world.regions)}"
	return lines + add_region(world, f"mmap {name} {size_text(pages * PAGE)} {backing}",
				  name=name, pages=pages, backing=backing)


# ---- accesses ----

def host_write(world):
	region = world.region()
	if not region:
		return None
	return [f"host-write {world.at(region, world.page_of(region.pages))} {world.value():#x}"]


def host_read(world):
	region = world.region()
	if not region:
		return None
	return [f"host-read {world.at(region, world.page_of(region.pages))}"]


# ---- ranges ----

def on_range(word):
	"""A production of "@word ADDRESS SIZE"."""
	def production(world):
		region = world.region()
		if not region:
			return None
		return [f"{word} " + " ".join(world.part(region))]
	return production


def aligned(world, region):
	"""As part(), whole huge pages of hugetlb."""
	if not region.backing.startswith("hugetlb"):
		return world.part(region)
	first = world.rng.randrange(region.pages // 512) * 512
	return world.at(region, first), size_text(HUGE)


def dontneed(world):
	region = world.region()
	return region and ["dontneed " + " ".join(aligned(world, region))]


def munmap(world):
	region = world.region()
	if not region or world.splits == MOST_SPLITS:
		return None
	if world.chance(0.5):
		region.gone = True
		return [f"munmap {region.name} {size_text(region.pages * PAGE)}"]
	world.splits += 1
	return ["munmap " + " ".join(aligned(world, region))]


def mprotect(world):
	region = world.region()
	if not region or world.splits == MOST_SPLITS:
		return None
	world.splits += 1
	prot = world.weighted({"r": 5, "r,w": 4, "none": 1})
	return ["mprotect " + " ".join(aligned(world, region)) + f" {prot}"]


ADVICE = {"hugepage": 3, "nohugepage": 2, "collapse": 3, "free": 3, "willneed": 1,
	  "populate-read": 3, "populate-write": 3, "dontfork": 1, "wipeonfork": 1,
	  "mergeable": 1, "unmergeable": 1}


def madvise(world):
	region = world.region("anon", "file")
	if not region or world.splits == MOST_SPLITS:
		return None
	advice = world.weighted(ADVICE)
	if advice in ("hugepage", "nohugepage", "dontfork", "wipeonfork", "mergeable"):
		world.splits += 1
	if advice == "collapse" and region.pages < 512:
		return None
	return ["madvise " + " ".join(world.part(region)) + f" {advice}"]


def mremap(world):
	live = [region for region in world.live_regions("anon", "file") if region.pages < 512]
	if len(live) < 2 or world.splits == MOST_SPLITS:
		return None
	chosen, other = world.rng.sample(live, 2)
	pages = world.rng.randint(1, min(chosen.pages, other.pages, 4))
	first = world.rng.randrange(chosen.pages - pages + 1)
	to = world.rng.randrange(other.pages - pages + 1)
	world.splits += 2
	return [f"mremap {world.at(chosen, first)} {size_text(pages * PAGE)} "
		f"to={world.at(other, to)}"]


# ---- files ----

def on_file(world):
	named = [file for file in world.files if file.region and file.mount != "shared-anon"]
	if not named:
		return None
	file = world.rng.choice(named)
	word = world.weighted({"truncate": 3, "punch": 4, "file-write": 4})
	first, pages = world.range_of(file.pages)
	if word == "truncate":
		return [f"truncate {file.name} {first * PAGE:#x}"]
	if word == "punch":
		return [f"punch {file.name} {first * PAGE:#x} {pages * PAGE:#x}"]
	return [f"file-write {file.name} {first * PAGE:#x} {world.value():#x}"]


def remove(world):
	"""Of one page, as of several VMAs it is not modelled."""
	region = world.region("file")
	return region and [f"remove {world.at(region, world.page_of(region.pages))} 4K"]


# ---- reclaim, migration ----

def small_region(world):
	live = [region for region in world.live_regions("anon", "file") if region.pages < 512]
	return world.rng.choice(live) if live else None


def pageout(world):
	region = small_region(world)
	if not region:
		return None
	more = "" if world.swap else " no-swap=1"
	return ["pageout " + " ".join(world.part(region)) + more]


def cold(world):
	region = small_region(world)
	return region and ["cold " + " ".join(world.part(region))]


def migrate(world):
	region = small_region(world)
	if not region:
		return None
	first, pages = world.range_of(region.pages)
	return [f"migrate {world.at(region, first)} {size_text(min(pages, 64) * PAGE)} "
		f"node={world.rng.randrange(2)}"]


def offline(world):
	region = small_region(world)
	word = world.weighted({"offline": 2, "poison": 1})
	return region and [f"{word} {world.at(region, world.page_of(region.pages))}"]


def clear_refs(world):
	return [f"clear-refs {world.rng.choice(('all', 'anon', 'mapped', 'soft-dirty'))}"]


# ---- a child ----

def fork(world):
	if world.child:
		return None
	world.child = True
	return ["fork"]


def child(world):
	region = world.region()
	if not world.child or not region:
		return None
	word = world.weighted({"write": 4, "read": 3, "dontneed": 1, "exit": 2})
	if word == "exit":
		world.child = False
		return ["child-exit"]
	at = world.at(region, world.page_of(region.pages))
	if word == "dontneed":
		return ["child-dontneed " + " ".join(aligned(world, region))]
	return [f"child-{word} {at}" + (f" {world.value():#x}" if word == "write" else "")]
