/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c: what the VMM's process maps, advises, reads and writes. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOST(address)	((void *)(uintptr_t)(address))

enum { MOVED_PAGES = 64, PAGE = 4096 };

static bool is_prefix(const char *word, const char *prefix)
{
	return !strncmp(word, prefix, strlen(prefix));
}

/* ---- mmap ---- */

struct backing { int fd, flags, error; uint64_t offset; };

static struct backing back_with_file(const struct args *args, const char *kind, uint64_t size)
{
	bool private = *kind == 'p', readonly = arg_option(args, "ro", NULL);
	struct backing back = { .flags = private ? MAP_PRIVATE : MAP_SHARED,
				.offset = arg_value(args, "foff", 0) };

	back.fd = open(strchr(kind, ':') + 1, readonly ? O_RDONLY : O_RDWR | O_CREAT, 0644);
	if (back.fd < 0 || (!readonly && !arg_option(args, "notrunc", NULL) &&
			    ftruncate(back.fd, back.offset + size)))
		back.error = errno;
	return back;
}

static struct backing back_with_memfd(const struct args *args, unsigned flags, uint64_t size)
{
	struct backing back = { .flags = MAP_SHARED, .offset = arg_value(args, "foff", 0) };

	back.fd = memfd_create("m", flags);
	if (back.fd < 0 || ftruncate(back.fd, back.offset + size))
		back.error = errno;
	return back;
}

static struct backing back_with_object(struct vmm *vmm, const struct args *args, const char *kind)
{
	uint64_t object = number_of(strchr(kind, ':') + 1);

	return (struct backing){ .flags = *kind == 'p' ? MAP_PRIVATE : MAP_SHARED,
				 .fd = dup(vmm->lab),
				 .offset = arg_value(args, "foff", 0) +
					   (object << PFNLAB_OBJECT_SHIFT) };
}

/* The ring buffer of a perf event: a page to write, then some to read. */
static struct backing back_with_perf(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(event),
		.config = PERF_COUNT_SW_DUMMY, .disabled = 1,
	};
	struct backing back = { .flags = MAP_SHARED };

	back.fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
	if (back.fd < 0)
		back.error = errno;
	return back;
}

static struct backing back_with(struct vmm *vmm, const struct args *args, const char *kind,
				uint64_t size)
{
	static const struct { const char *kind; int flags; } anonymous[] = {
		{ "anon", MAP_PRIVATE | MAP_ANONYMOUS },
		{ "shanon", MAP_SHARED | MAP_ANONYMOUS },
		{ "huge", MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB },
		{ "shhuge", MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB },
		{ "huge1g", MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB },
		{ "shhuge1g", MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB },
	};
	struct region *same;

	for (size_t i = 0; i < ARRAY_SIZE(anonymous); i++)
		if (!strcmp(kind, anonymous[i].kind))
			return (struct backing){ .fd = -1, .flags = anonymous[i].flags };
	if (is_prefix(kind, "file:") || is_prefix(kind, "pfile:"))
		return back_with_file(args, kind, size);
	if (!strcmp(kind, "memfd"))
		return back_with_memfd(args, 0, size);
	if (!strcmp(kind, "perf"))
		return back_with_perf();
	if (!strcmp(kind, "hmemfd"))
		return back_with_memfd(args, MFD_HUGETLB, size);
	if (!strcmp(kind, "hmemfd1g"))
		return back_with_memfd(args, MFD_HUGETLB | MFD_HUGE_1GB, size);
	if (is_prefix(kind, "dev:") || is_prefix(kind, "pdev:"))
		return back_with_object(vmm, args, kind);
	if (is_prefix(kind, "same:")) {
		same = region_named(vmm, kind + 5, strlen(kind + 5));
		return same ? (struct backing){ .flags = MAP_SHARED, .fd = dup(same->fd),
						.offset = arg_value(args, "foff", 0) } :
			      (struct backing){ .fd = -1, .error = ENOENT };
	}
	return (struct backing){ .fd = -1, .error = EINVAL };
}

int map_memory(struct vmm *vmm, const struct args *args, const char *kind, uint64_t at,
	       uint64_t size, struct region *region)
{
	struct backing back = back_with(vmm, args, kind, size);
	int prot = protection_of(arg_option(args, "prot", "rw"));
	int flags = back.flags | MAP_FIXED;

	if (arg_option(args, "populate", NULL))
		flags |= MAP_POPULATE;
	if (!back.error && mmap(HOST(at), size, prot, flags, back.fd, back.offset) == MAP_FAILED)
		back.error = errno;
	if (region)
		region->fd = back.fd;
	else if (back.fd >= 0)
		close(back.fd);
	return back.error;
}

static void do_mmap(struct vmm *vmm, const struct args *args)
{
	struct region *region = &vmm->region[vmm->nr_regions];
	int error;

	if (vmm->nr_regions == MAX_REGIONS) {
		answer_error(vmm, ENOMEM);
		return;
	}
	snprintf(region->name, sizeof(region->name), "%s", arg(args, 1));
	region->size = arg_number(args, 2);
	region->base = REGION_BASE + vmm->nr_regions * REGION_GAP + arg_value(args, "skew", 0);
	vmm->nr_regions++;
	error = map_memory(vmm, args, arg(args, 3), region->base, region->size, region);
	answer(vmm, "%s hva=0x%llx", error_name(error), (unsigned long long)region->base);
}

static void do_remap(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1);

	answer_error(vmm, map_memory(vmm, args, arg(args, 3), hva, arg_number(args, 2), NULL));
}

/* ---- accesses ---- */

static void do_hread(struct vmm *vmm, const struct args *args)
{
	uint32_t value;

	if (host_load(arg_address(vmm, args, 1), &value))
		answer(vmm, "0x%x", value);
	else
		faults_answer(vmm);
}

static void do_hwrite(struct vmm *vmm, const struct args *args)
{
	if (host_store(arg_address(vmm, args, 1), arg_number(args, 2)))
		answer(vmm, "OK");
	else
		faults_answer(vmm);
}

/* hfill ADDRESS SIZE STRIDE VALUE */
static void do_hfill(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1), end = hva + arg_number(args, 2);
	uint64_t stride = arg_number(args, 3);

	for (; stride && hva < end; hva += stride)
		if (!host_store(hva, arg_number(args, 4))) {
			faults_answer(vmm);
			return;
		}
	answer(vmm, "OK");
}

/* hmem ADDRESS SIZE BYTE */
static void do_hmem(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1), end = hva + arg_number(args, 2);
	uint32_t word = (arg_number(args, 3) & 0xff) * 0x01010101u;

	for (; hva < end; hva += sizeof(word))
		if (!host_store(hva, word)) {
			faults_answer(vmm);
			return;
		}
	answer(vmm, "OK");
}

/* ---- system calls ---- */

static void answer_call(struct vmm *vmm, bool failed)
{
	answer_error(vmm, failed ? errno : 0);
}

static void do_madvise(struct vmm *vmm, const struct args *args)
{
	static const struct { const char *name; int advice; } advices[] = {
		{ "WILLNEED", 3 }, { "DONTNEED", 4 }, { "FREE", 8 }, { "REMOVE", 9 },
		{ "DONTFORK", 10 }, { "DOFORK", 11 }, { "MERGEABLE", 12 }, { "UNMERGEABLE", 13 },
		{ "HUGEPAGE", 14 }, { "NOHUGEPAGE", 15 }, { "WIPEONFORK", 18 },
		{ "KEEPONFORK", 19 }, { "COLD", 20 }, { "PAGEOUT", 21 }, { "POPULATE_READ", 22 },
		{ "POPULATE_WRITE", 23 }, { "COLLAPSE", 25 }, { "HWPOISON", 100 },
		{ "SOFT_OFFLINE", 101 },
	};
	uint64_t hva = arg_address(vmm, args, 1);
	int advice = -1;

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (!strcmp(advices[i].name, arg(args, 3)))
			advice = advices[i].advice;
	answer_call(vmm, madvise(HOST(hva), arg_number(args, 2), advice));
}

static void do_munmap(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1);

	answer_call(vmm, munmap(HOST(hva), arg_number(args, 2)));
}

static void do_mprotect(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1);

	answer_call(vmm, mprotect(HOST(hva), arg_number(args, 2), protection_of(arg(args, 3))));
}

static void do_mlock(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1);

	answer_call(vmm, mlock(HOST(hva), arg_number(args, 2)));
}

static void do_munlock(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1);

	answer_call(vmm, munlock(HOST(hva), arg_number(args, 2)));
}

/* mremap FROM SIZE TO */
static void do_mremap(struct vmm *vmm, const struct args *args)
{
	uint64_t from = arg_address(vmm, args, 1), to = arg_address(vmm, args, 3);
	uint64_t size = arg_number(args, 2);

	answer_call(vmm, mremap(HOST(from), size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
				HOST(to)) == MAP_FAILED);
}

static int file_of(struct vmm *vmm, const struct args *args)
{
	struct region *region = region_named(vmm, arg(args, 1), strlen(arg(args, 1)));

	return region ? region->fd : -1;
}

static void do_truncate(struct vmm *vmm, const struct args *args)
{
	answer_call(vmm, ftruncate(file_of(vmm, args), arg_number(args, 2)));
}

static void do_punch(struct vmm *vmm, const struct args *args)
{
	answer_call(vmm, fallocate(file_of(vmm, args),
				   FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   arg_number(args, 2), arg_number(args, 3)));
}

static void do_fallocate(struct vmm *vmm, const struct args *args)
{
	answer_call(vmm, fallocate(file_of(vmm, args), 0, arg_number(args, 2),
				   arg_number(args, 3)));
}

static void do_fwrite(struct vmm *vmm, const struct args *args)
{
	uint32_t value = arg_number(args, 3);

	answer_call(vmm, pwrite(file_of(vmm, args), &value, sizeof(value), arg_number(args, 2)) !=
				 sizeof(value));
}

/* movepage ADDRESS NODE [n=PAGES] */
static void do_movepage(struct vmm *vmm, const struct args *args)
{
	uint64_t hva = arg_address(vmm, args, 1), n = arg_value(args, "n", 1);
	int node[MOVED_PAGES], status[MOVED_PAGES];
	void *page[MOVED_PAGES];
	long rc;

	n = n < MOVED_PAGES ? n : MOVED_PAGES;
	for (uint64_t i = 0; i < n; i++) {
		page[i] = HOST(hva + i * PAGE);
		node[i] = arg_number(args, 2);
		status[i] = -999;
	}
	rc = syscall(SYS_move_pages, 0, n, page, node, status, 1 << 1 /* MPOL_MF_MOVE */);
	answer(vmm, "rc=%ld %s status0=%d", rc, rc < 0 ? error_name(errno) : "", status[0]);
}

const struct command memory_commands[] = {
	{ "mmap", do_mmap },
	{ "remap", do_remap },
	{ "hread", do_hread },
	{ "hwrite", do_hwrite },
	{ "hfill", do_hfill },
	{ "hmem", do_hmem },
	{ "madvise", do_madvise },
	{ "munmap", do_munmap },
	{ "mprotect", do_mprotect },
	{ "mlock", do_mlock },
	{ "munlock", do_munlock },
	{ "mremap", do_mremap },
	{ "truncate", do_truncate },
	{ "punch", do_punch },
	{ "fallocate", do_fallocate },
	{ "fwrite", do_fwrite },
	{ "movepage", do_movepage },
	{ NULL, NULL },
};
