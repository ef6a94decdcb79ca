/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mailbox: how a script comes into the virtual machine, and what it left behind comes out.
 *
 *	mailbox wait		waits for the next request and prints it
 *	mailbox send		sends what it reads as the answer to that
 *
 * Both are the memory of QEMU's ivshmem device, which needs no driver.  tools/lab/lablib/mailbox.py
 * is the other side.  A request lies there as a whole; an answer of any length goes through a ring,
 * which the host empties.  All numbers are little endian, and this is x86-64: no barriers but the
 * compiler's are needed, and __atomic says which.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"
#define MAGIC	0x42414c50	/* "PLAB" */

enum { POLL_USEC = 2000, REQUEST_AT = 4096, RING_AT = 4 << 20 };

struct header {
	uint32_t magic;			/* host: set once the memory is what it will be */
	uint32_t posted;		/* host: number of the request that lies there */
	uint32_t length, adler;		/* host: of the request */
	uint32_t taken;			/* guest: the request that was read */
	uint32_t answered;		/* guest: the request whose answer is complete */
	uint64_t head;			/* guest: bytes written to the ring since ever */
	uint64_t tail;			/* host: bytes read from it since ever */
};

struct mailbox {
	volatile struct header *header;
	char *request, *ring;
	size_t room, ring_size;		/* of the request, of the ring */
};

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Does DEVICES/@device/@file begin with @text? */
static int says(const char *device, const char *file, const char *text)
{
	char path[512], line[16] = "";
	FILE *in;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, file);
	in = fopen(path, "r");
	if (!in)
		return 0;
	if (!fgets(line, sizeof(line), in))
		line[0] = 0;
	fclose(in);
	return !strncmp(line, text, strlen(text));
}

/* Let @device decode its memory, and open that: with write combining, where it is offered. */
static int open_memory(const char *device)
{
	char path[512];
	int file;

	snprintf(path, sizeof(path), DEVICES "/%s/enable", device);
	file = open(path, O_WRONLY);
	if (file >= 0) {
		if (write(file, "1", 1) != 1)
			perror(path);
		close(file);
	}
	snprintf(path, sizeof(path), DEVICES "/%s/resource2_wc", device);
	file = open(path, O_RDWR);
	if (file >= 0)
		return file;
	snprintf(path, sizeof(path), DEVICES "/%s/resource2", device);
	return open(path, O_RDWR);
}

static int mailbox_open(struct mailbox *box)
{
	DIR *devices = opendir(DEVICES);
	struct dirent *entry;
	struct stat stat;
	int file = -1;
	char *memory;

	while (devices && file < 0 && (entry = readdir(devices)))
		if (says(entry->d_name, "vendor", "0x1af4") &&
		    says(entry->d_name, "device", "0x1110"))
			file = open_memory(entry->d_name);
	if (file < 0 || fstat(file, &stat) || stat.st_size <= RING_AT)
		return -1;
	memory = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		return -1;
	*box = (struct mailbox) {
		.header = (void *)memory,
		.request = memory + REQUEST_AT, .room = RING_AT - REQUEST_AT,
		.ring = memory + RING_AT, .ring_size = stat.st_size - RING_AT,
	};
	return 0;
}

static uint32_t adler32(const char *bytes, size_t length)
{
	uint32_t low = 1, high = 0;

	for (size_t i = 0; i < length; i++) {
		low = (low + (unsigned char)bytes[i]) % 65521;
		high = (high + low) % 65521;
	}
	return high << 16 | low;
}

static int write_all(int file, const char *bytes, size_t length)
{
	ssize_t done;

	for (; length; bytes += done, length -= done) {
		done = write(file, bytes, length);
		if (done <= 0)
			return -1;
	}
	return 0;
}

static int mailbox_wait(struct mailbox *box)
{
	volatile struct header *header = box->header;
	uint32_t length, number;

	for (;; usleep(POLL_USEC)) {
		number = __atomic_load_n(&header->posted, __ATOMIC_ACQUIRE);
		length = header->length;
		if (header->magic == MAGIC && number != header->taken && length <= box->room &&
		    adler32(box->request, length) == header->adler)
			break;
	}
	if (write_all(STDOUT_FILENO, box->request, length))
		return fail("mailbox wait");
	header->taken = number;
	return 0;
}

/* Put @length bytes into the ring, waiting for room. */
static void ring_put(struct mailbox *box, const char *bytes, size_t length)
{
	volatile struct header *header = box->header;
	uint64_t head = header->head;

	for (size_t i = 0; i < length;) {
		uint64_t used = head - __atomic_load_n(&header->tail, __ATOMIC_ACQUIRE);
		size_t at = head % box->ring_size, n = length - i;

		if (n > box->ring_size - at)
			n = box->ring_size - at;
		if (n > box->ring_size - used)
			n = box->ring_size - used;
		if (!n) {
			usleep(POLL_USEC);
			continue;
		}
		memcpy(box->ring + at, bytes + i, n);
		i += n;
		head += n;
		__atomic_store_n(&header->head, head, __ATOMIC_RELEASE);
	}
}

static int mailbox_send(struct mailbox *box)
{
	static char bytes[1 << 16];
	ssize_t length;

	while ((length = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		ring_put(box, bytes, length);
	if (length < 0)
		return fail("mailbox send");
	__atomic_store_n(&box->header->answered, box->header->taken, __ATOMIC_RELEASE);
	return 0;
}

int main(int count, char **arguments)
{
	struct mailbox box;

	if (mailbox_open(&box))
		return fail("mailbox: no ivshmem device");
	if (count == 2 && !strcmp(arguments[1], "wait"))
		return mailbox_wait(&box);
	if (count == 2 && !strcmp(arguments[1], "send"))
		return mailbox_send(&box);
	fprintf(stderr, "usage: mailbox wait|send\n");
	return 2;
}
