# SPDX-License-Identifier: GPL-2.0-only
"""unpack: the ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst), and compressed
modules.

A kernel that cannot be unpacked here is booted as it is: QEMU then lets it unpack itself, which
takes some seconds once, before the snapshot.
"""

import bz2
import lzma
import shutil
import struct
import subprocess
import zlib

ELF = b"\x7fELF"
SETUP_SECTS, HEADER_MAGIC, VERSION, PAYLOAD = 0x1f1, 0x202, 0x206, 0x248
PT_NOTE, XEN_PHYS32_ENTRY = 4, 18


def with_program(*command):
	def decompress(packed):
		if not shutil.which(command[0]):
			return None
		# What follows the stream (its size) makes them complain after the last byte.
		return subprocess.run(command, input=packed, stdout=subprocess.PIPE,
				      stderr=subprocess.DEVNULL, check=False).stdout
	return decompress


MAGICS = (
	(b"\xfd7zXZ\0", lambda packed: lzma.LZMADecompressor().decompress(packed)),
	(b"\x5d\0\0", lambda packed: lzma.LZMADecompressor().decompress(packed)),
	(b"\x1f\x8b", lambda packed: zlib.decompressobj(wbits=31).decompress(packed)),
	(b"BZh", lambda packed: bz2.BZ2Decompressor().decompress(packed)),
	(b"\x28\xb5\x2f\xfd", with_program("zstd", "-qdc")),
	(b"\x02\x21\x4c\x18", with_program("lz4", "-qdc")),
	(b"\x89LZO", with_program("lzop", "-qdc")),
)


def decompress(packed):
	"""The bytes that @packed stands for; None if nothing here can tell."""
	for magic, function in MAGICS:
		if packed.startswith(magic):
			return function(packed)
	return None


def payload(image):
	"""What a bzImage unpacks when it boots; None if @image is none."""
	if image[HEADER_MAGIC:HEADER_MAGIC + 4] != b"HdrS":
		return None
	if struct.unpack_from("<H", image, VERSION)[0] < 0x208:
		return None
	start = ((image[SETUP_SECTS] or 4) + 1) * 512
	offset, length = struct.unpack_from("<II", image, PAYLOAD)
	return image[start + offset:start + offset + length]


def kernel_of(image):
	"""The ELF kernel of @image, an ELF kernel or a bzImage; None if it cannot be had."""
	if image.startswith(ELF):
		return image
	packed = payload(image)
	kernel = decompress(packed) if packed else None
	return kernel if kernel and kernel.startswith(ELF) else None


def has_pvh_entry(kernel):
	"""Does QEMU boot this ELF file (CONFIG_PVH)?"""
	phoff, = struct.unpack_from("<Q", kernel, 0x20)
	size, number = struct.unpack_from("<HH", kernel, 0x36)
	for index in range(number):
		kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", kernel,
								  phoff + index * size)
		if kind == PT_NOTE and (b"Xen\0", XEN_PHYS32_ENTRY) in notes(
				kernel[start:start + length]):
			return True
	return False


def notes(segment):
	at = 0
	while at + 12 <= len(segment):
		name, length, kind = struct.unpack_from("<III", segment, at)
		yield segment[at + 12:at + 12 + name], kind
		at += 12 + (name + 3 & ~3) + (length + 3 & ~3)


def release_of(kernel):
	"""What uname will say."""
	start = kernel.find(b"Linux version ")
	if start < 0:
		return None
	return kernel[start + 14:start + 200].split(b" ", 1)[0].decode("ascii", "replace")


def module_depends(module):
	"""The names of the modules that @module, the bytes of a .ko, needs."""
	for word in module.split(b"\0"):
		if word.startswith(b"depends="):
			return [name.decode() for name in word[8:].split(b",") if name]
	return []
