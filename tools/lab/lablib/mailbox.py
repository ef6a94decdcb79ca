# SPDX-License-Identifier: GPL-2.0-only
"""mailbox: the host's side of tools/lab/guest/mailbox.c, over any buffer that both sides see: the
memory of a device, a part of a disk's file.

A request and its answer are tar archives.
"""

import io
import struct
import tarfile
import zlib

from .host import LabError

MAGIC = 0x42414c50
SIZE = 16 << 20
REQUEST_AT, RING_AT = 4096, 4 << 20
MAGIC_AT, POSTED, LENGTH, TAIL = 0, 4, 8, 16	# struct host_words of mailbox.h
TAKEN, ANSWERED, HEAD = 512, 516, 520		# struct guest_words


class Mailbox:
	def __init__(self, memory):
		self.memory = memory
		self.ring = len(memory) - RING_AT
		self.number = 0
		self.tail = 0
		self.answer = bytearray()

	def number_at(self, offset, form="<I"):
		return struct.unpack_from(form, self.memory, offset)[0]

	def post(self, request):
		"""Give the guest its next request; the answer to the last one is taken."""
		if len(request) > RING_AT - REQUEST_AT:
			raise LabError(f"a script of {len(request)} bytes does not fit the mailbox")
		self.number += 1
		self.answer.clear()
		self.memory[REQUEST_AT:REQUEST_AT + len(request)] = request
		struct.pack_into("<II", self.memory, LENGTH, len(request), zlib.adler32(request))
		struct.pack_into("<I", self.memory, MAGIC_AT, MAGIC)
		struct.pack_into("<I", self.memory, POSTED, self.number)

	def drain(self):
		"""Take what has come; True once the answer is complete."""
		done = self.number_at(ANSWERED) == self.number	# read before head
		head = self.number_at(HEAD, "<Q")
		while self.tail < head:
			at = self.tail % self.ring
			length = min(head - self.tail, self.ring - at)
			self.answer += self.memory[RING_AT + at:RING_AT + at + length]
			self.tail += length
		struct.pack_into("<Q", self.memory, TAIL, self.tail)
		return done


def pack(files):
	"""A tar archive of @files, name: bytes."""
	out = io.BytesIO()
	with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
		for name, content in files.items():
			member = tarfile.TarInfo(name)
			member.size = len(content)
			archive.addfile(member, io.BytesIO(content))
	return out.getvalue()


def unpack(archive):
	"""name: bytes of the files in a tar archive, as far as it is whole."""
	files = {}
	try:
		with tarfile.open(fileobj=io.BytesIO(archive)) as members:
			for member in members:
				if member.isfile():
					name = member.name.removeprefix("./")
					files[name] = members.extractfile(member).read()
	except (tarfile.TarError, EOFError):
		pass
	return files
