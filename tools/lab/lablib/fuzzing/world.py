# SPDX-License-Identifier: GPL-2.0-only
"""world: what a program that is being written has made so far, so that its next line makes sense.

It knows names and sizes, not what the kernel does: an access may well find nothing.  What would
ruin the guest for the next program is kept out: no accesses to pages that a driver has freed, which
are somebody else's, no reference that nobody has.
"""

from dataclasses import dataclass

PAGE, HUGE = 4096, 2 << 20
NUMBERS = (0, 1, 2, 7, 0x1000, 0x41414141, 0xffffffff)
MOST_REGIONS, MOST_OBJECTS, MOST_SLOTS, MOST_SPLITS = 7, 6, 6, 8
GPA_STEP = 16 << 20


@dataclass
class Object:
	name: str
	kind: str
	order: int
	pages: int
	number: int
	mode: str = "pfn"
	freed: bool = False
	maps: int = 0
	refs: int = 0		# more than it was allocated with
	pinned: bool = False	# another object names its pages


@dataclass
class Region:
	name: str
	pages: int
	backing: str		# anon, device, file, hugetlb, hugetlb-shared
	what: object = None	# the Object or File
	offset: int = 0		# in it, in pages
	private: bool = True
	gone: bool = False

	def forbidden(self):
		"""Its driver has freed what it maps."""
		return self.backing == "device" and self.what.freed


@dataclass
class File:
	name: str
	pages: int
	mount: str
	region: str = ""	# that maps it


@dataclass
class Slot:
	id: int
	gpa: int
	region: Region
	first: int		# page of the region
	pages: int
	flags: str = ""


def size_text(size):
	for unit, letter in ((1 << 20, "M"), (1 << 10, "K")):
		if size and size % unit == 0:
			return f"{size // unit}{letter}"
	return str(size)


class World:
	def __init__(self, rng, topic):
		self.rng = rng
		self.topic = topic
		self.objects, self.regions, self.files, self.slots = [], [], [], []
		self.next_slot = 1
		self.splits = 0
		self.child = False
		self.maps = {}			# kvm_vcpu_map()s: gpa
		self.cache = False		# the pfncache is active
		self.swap = rng.random() < 0.7
		self.pool = 0			# pages of hugetlb
		self.loops = {}			# of "bg": what each does

	# ---- choices ----

	def chance(self, probability):
		return self.rng.random() < probability

	def weighted(self, weights):
		"""A key of @weights."""
		return self.rng.choices(list(weights), list(weights.values()))[0]

	def page_of(self, pages):
		"""Mostly the same few pages: what happens shall meet."""
		if self.chance(0.6):
			return self.rng.randrange(min(pages, 3))
		if pages > 512 and self.chance(0.5):
			return self.rng.choice((511, 512, 513)) % pages
		if self.chance(0.3):
			return pages - 1
		return self.rng.randrange(pages)

	def range_of(self, pages):
		"""(first page, number)"""
		if self.chance(0.35):
			return 0, pages
		first = self.page_of(pages)
		most = pages - first
		if most > 512 and first % 512 == 0 and self.chance(0.5):
			return first, 512
		return first, self.rng.randint(1, min(most, 4)) if self.chance(0.8) else most

	def live_regions(self, *backings):
		return [region for region in self.regions if not region.gone
			and not region.forbidden() and (not backings or region.backing in backings)]

	def region(self, *backings):
		live = self.live_regions(*backings)
		return self.rng.choice(live) if live else None

	def slot(self):
		return self.rng.choice(self.slots) if self.slots else None

	def live_objects(self):
		return [each for each in self.objects if not each.freed]

	def value(self):
		return self.rng.choice(NUMBERS)

	# ---- text ----

	@staticmethod
	def at(region, page, byte=0):
		offset = page * PAGE + byte
		return f"{region.name}+{offset:#x}" if offset else region.name

	def part(self, region):
		"""(address, size) of some pages of it, as text"""
		first, pages = self.range_of(region.pages)
		return self.at(region, first), size_text(pages * PAGE)

	def gpa(self):
		"""In a slot, seldom outside of all"""
		allowed = [slot for slot in self.slots if not slot.region.forbidden()]
		if not allowed or self.chance(0.02):
			return 0xf0000000 + PAGE * self.rng.randrange(2)
		slot = self.rng.choice(allowed)
		return slot.gpa + self.page_of(slot.pages) * PAGE
