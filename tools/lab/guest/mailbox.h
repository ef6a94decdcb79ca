/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mailbox.h: where things are in the mailbox, and the disk that it may be on.
 *
 * tools/lab/lablib/mailbox.py is the other side.  What the host writes and what the guest writes
 * are in sectors of their own: a disk is written sector by sector.  All numbers are little endian.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MAGIC		0x42414c50	/* "PLAB" */
#define SIGNATURE	"pfnlab mailbox\n"

enum { SECTOR = 512, GUEST_AT = 512, REQUEST_AT = 4096, RING_AT = 4 << 20 };

/* The disk: the sector with the signature, behind it the mailbox. */
enum { DISK_SIGNATURE = 2047, DISK_BOX = 2048, DISK_BOX_SIZE = 16 << 20 };

struct host_words {
	uint32_t magic;			/* set once the memory is what it will be */
	uint32_t posted;		/* number of the request that lies there */
	uint32_t length, adler;		/* of the request */
	uint64_t tail;			/* bytes read from the ring since ever */
};

struct guest_words {
	uint32_t taken;			/* the request that was read */
	uint32_t answered;		/* the request whose answer is complete */
	uint64_t head;			/* bytes written to the ring since ever */
};

/* The machine's first disk, of which this process may use the ports from then on; or -1. */
int disk_open(void);
/* Both return -1 if the disk says that something is wrong. @at: bytes from the mailbox's start */
int disk_read(size_t at, void *bytes, size_t length);
int disk_write(size_t at, const void *bytes, size_t length);
