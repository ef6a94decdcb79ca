/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mailbox_disk: a mailbox on the machine's first IDE disk, read and written through its ports.
 *
 * For machines without ivshmem, in which no driver of the kernel holds the disk: Bochs, whose disk
 * is a file that the host has open, too.  PIO with 28 bits of address, one sector a command, no
 * interrupts (ATA/ATAPI-6: 8.34 READ SECTOR(S), 8.62 WRITE SECTOR(S), 9.5 and 9.6 PIO protocols).
 */
#include <string.h>
#include <sys/io.h>

#include "mailbox.h"

enum {
	BASE = 0x1f0, CONTROL = 0x3f6,
	COUNT = BASE + 2, LOW = BASE + 3, MIDDLE = BASE + 4, HIGH = BASE + 5,
	DEVICE = BASE + 6, STATUS = BASE + 7, COMMAND = BASE + 7,
	BUSY = 0x80, READY = 0x40, FAULT = 0x20, REQUEST = 0x08, ERROR = 0x01,
	NO_INTERRUPTS = 0x02, LBA = 0xe0,
	READ_SECTORS = 0x20, WRITE_SECTORS = 0x30,
	POLLS = 10000000, WORDS = SECTOR / 2,
};

/* Until the disk is no longer busy and says all of @bits. */
static int wait_for(int bits)
{
	for (int i = 0; i < POLLS; i++) {
		int status = inb(STATUS);

		if (status & BUSY)
			continue;
		if (status & (FAULT | ERROR) || status == 0)
			return -1;
		if ((status & bits) == bits)
			return 0;
	}
	return -1;
}

static int command(int code, uint32_t sector)
{
	outb(LBA | (sector >> 24 & 0xf), DEVICE);
	if (wait_for(READY))
		return -1;
	outb(1, COUNT);
	outb(sector & 0xff, LOW);
	outb(sector >> 8 & 0xff, MIDDLE);
	outb(sector >> 16 & 0xff, HIGH);
	outb(code, COMMAND);
	return wait_for(READY | REQUEST);
}

static int sector_read(uint32_t sector, void *bytes)
{
	if (command(READ_SECTORS, sector))
		return -1;
	insw(BASE, bytes, WORDS);
	return 0;
}

static int sector_write(uint32_t sector, const void *bytes)
{
	if (command(WRITE_SECTORS, sector))
		return -1;
	outsw(BASE, bytes, WORDS);
	return wait_for(READY);
}

int disk_open(void)
{
	char first[SECTOR];

	if (ioperm(BASE, 8, 1) || ioperm(CONTROL, 1, 1))
		return -1;
	outb(NO_INTERRUPTS, CONTROL);
	if (sector_read(DISK_SIGNATURE, first))
		return -1;
	return memcmp(first, SIGNATURE, strlen(SIGNATURE)) ? -1 : 0;
}

/* The part of @length bytes from @at that lies in the sector of @at */
static size_t within(size_t at, size_t length)
{
	size_t room = SECTOR - at % SECTOR;

	return length < room ? length : room;
}

int disk_read(size_t at, void *bytes, size_t length)
{
	char sector[SECTOR], *to = bytes;
	size_t n;

	for (; length; at += n, to += n, length -= n) {
		n = within(at, length);
		if (sector_read(DISK_BOX + at / SECTOR, sector))
			return -1;
		memcpy(to, sector + at % SECTOR, n);
	}
	return 0;
}

int disk_write(size_t at, const void *bytes, size_t length)
{
	const char *from = bytes;
	char sector[SECTOR];
	size_t n;

	for (; length; at += n, from += n, length -= n) {
		n = within(at, length);
		if (n < SECTOR && sector_read(DISK_BOX + at / SECTOR, sector))
			return -1;
		memcpy(sector + at % SECTOR, from, n);
		if (sector_write(DISK_BOX + at / SECTOR, sector))
			return -1;
	}
	return 0;
}
