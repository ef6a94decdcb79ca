/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mailbox: how a script comes into the virtual machine, and what it left behind comes out.
 *
 *	mailbox wait		waits for the next request and prints it
 *	mailbox send		sends what it reads as the answer to that
 *
 * Both are the memory of QEMU's ivshmem device, which needs no driver, or, where there is none, a
 * part of the first disk (mailbox_disk.c).  A request lies there as a whole; an answer of any
 * length goes through a ring, which the host empties.  This is x86-64: no barriers but the
 * compiler's are needed, and __atomic says where.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox.h"

#define DEVICES "/sys/bus/pci/devices"

enum { POLL_USEC = 2000 };

struct mailbox {
	char *memory;			/* NULL: it is on the disk */
	size_t size;
	struct guest_words ours;
};

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* ---- where it is ---- */

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

static int map_memory(struct mailbox *box)
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
	box->memory = memory;
	box->size = stat.st_size;
	return 0;
}

/* ---- reading and writing it ---- */

static void box_read(struct mailbox *box, size_t at, void *bytes, size_t length)
{
	if (box->memory) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		memcpy(bytes, box->memory + at, length);
	} else if (disk_read(at, bytes, length)) {
		fprintf(stderr, "mailbox: the disk cannot be read\n");
		exit(1);
	}
}

static void box_write(struct mailbox *box, size_t at, const void *bytes, size_t length)
{
	if (box->memory) {
		memcpy(box->memory + at, bytes, length);
		__atomic_thread_fence(__ATOMIC_RELEASE);
	} else if (disk_write(at, bytes, length)) {
		fprintf(stderr, "mailbox: the disk cannot be written\n");
		exit(1);
	}
}

static struct host_words host_words(struct mailbox *box)
{
	struct host_words words;

	box_read(box, 0, &words, sizeof(words));
	return words;
}

static void say(struct mailbox *box)
{
	box_write(box, GUEST_AT, &box->ours, sizeof(box->ours));
}

static int mailbox_open(struct mailbox *box)
{
	*box = (struct mailbox) { .size = DISK_BOX_SIZE };
	if (map_memory(box) && disk_open())
		return -1;
	box_read(box, GUEST_AT, &box->ours, sizeof(box->ours));
	return 0;
}

/* ---- requests and answers ---- */

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
	static char request[RING_AT - REQUEST_AT];
	struct host_words host;

	for (;; usleep(POLL_USEC)) {
		host = host_words(box);
		if (host.magic != MAGIC || host.posted == box->ours.taken ||
		    host.length > sizeof(request))
			continue;
		box_read(box, REQUEST_AT, request, host.length);
		if (adler32(request, host.length) == host.adler)
			break;
	}
	if (write_all(STDOUT_FILENO, request, host.length))
		return fail("mailbox wait");
	box->ours.taken = host.posted;
	say(box);
	return 0;
}

/* Put @length bytes into the ring, waiting for room. */
static void ring_put(struct mailbox *box, const char *bytes, size_t length)
{
	size_t ring = box->size - RING_AT;

	for (size_t i = 0; i < length;) {
		uint64_t used = box->ours.head - host_words(box).tail;
		size_t at = box->ours.head % ring, n = length - i;

		if (n > ring - at)
			n = ring - at;
		if (n > ring - used)
			n = ring - used;
		if (!n) {
			usleep(POLL_USEC);
			continue;
		}
		box_write(box, RING_AT + at, bytes + i, n);
		i += n;
		box->ours.head += n;
		say(box);
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
	box->ours.answered = box->ours.taken;
	say(box);
	return 0;
}

int main(int count, char **arguments)
{
	struct mailbox box;

	if (mailbox_open(&box)) {
		fprintf(stderr, "mailbox: no ivshmem device, and no disk with a mailbox\n");
		return 1;
	}
	if (count == 2 && !strcmp(arguments[1], "wait"))
		return mailbox_wait(&box);
	if (count == 2 && !strcmp(arguments[1], "send"))
		return mailbox_send(&box);
	fprintf(stderr, "usage: mailbox wait|send\n");
	return 2;
}
