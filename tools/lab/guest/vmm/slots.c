/* SPDX-License-Identifier: GPL-2.0-only */
/* slots.c: memslots, dirty logs, guest_memfd, pre-fault. */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Of headers newer than the oldest that it is built with */
struct user_memory_region2 {
	uint32_t slot, flags;
	uint64_t gpa, size, hva, gmem_offset;
	uint32_t gmem, pad1;
	uint64_t pad2[14];
};
struct create_guest_memfd { uint64_t size, flags, reserved[6]; };
struct memory_attributes { uint64_t gpa, size, attributes, flags; };
struct pre_fault_memory { uint64_t gpa, size, flags, padding[5]; };

#define SET_USER_MEMORY_REGION2	_IOW(KVMIO, 0x49, struct user_memory_region2)
#define SET_MEMORY_ATTRIBUTES	_IOW(KVMIO, 0xd2, struct memory_attributes)
#define CREATE_GUEST_MEMFD	_IOWR(KVMIO, 0xd4, struct create_guest_memfd)
#define PRE_FAULT_MEMORY	_IOWR(KVMIO, 0xd5, struct pre_fault_memory)
#define MEM_GUEST_MEMFD		(1u << 2)
#define ATTRIBUTE_PRIVATE	(1u << 3)

enum { PAGE_SHIFT = 12, BITS = 64, PRINTED_DIRTY = 300 };

static unsigned slot_of(const struct args *args)
{
	return arg_number(args, 1) % MAX_SLOTS;
}

/* slot ID GPA HVA SIZE [ro] [log] */
static void do_slot(struct vmm *vmm, const struct args *args)
{
	unsigned id = slot_of(args), flags = 0;
	uint64_t gpa = arg_number(args, 2), hva = arg_address(vmm, args, 3);
	uint64_t size = arg_number(args, 4);
	int error;

	flags |= arg_option(args, "ro", NULL) ? KVM_MEM_READONLY : 0;
	flags |= arg_option(args, "log", NULL) ? KVM_MEM_LOG_DIRTY_PAGES : 0;
	error = slot_set(vmm, arg_number(args, 1), gpa, hva, size, flags);
	vmm->slot[id].gpa = gpa;
	vmm->slot[id].hva = hva;
	vmm->slot[id].size = size;
	if (!error)
		watch_slot(vmm, gpa, hva, size);
	answer_error(vmm, error);
}

static void do_slotdel(struct vmm *vmm, const struct args *args)
{
	unsigned id = slot_of(args);

	answer_error(vmm, slot_set(vmm, arg_number(args, 1), vmm->slot[id].gpa, vmm->slot[id].hva,
				   0, 0));
}

static uint64_t *bitmap_of(uint64_t pages)
{
	return calloc(pages / BITS + 1, sizeof(uint64_t));
}

static void answer_dirty(struct vmm *vmm, int error, const uint64_t *bitmap, uint64_t pages)
{
	char text[PRINTED_DIRTY + 32] = "";
	unsigned long dirty = 0;
	size_t length = 0;

	for (uint64_t i = 0; i < pages; i++) {
		if (!(bitmap[i / BITS] >> i % BITS & 1))
			continue;
		dirty++;
		if (length < PRINTED_DIRTY)
			length += sprintf(text + length, " %llu", (unsigned long long)i);
	}
	answer(vmm, "%s dirty=%lu:%s", error_name(error), dirty, text);
}

static void do_dirtylog(struct vmm *vmm, const struct args *args)
{
	uint64_t pages = vmm->slot[slot_of(args)].size >> PAGE_SHIFT;
	struct kvm_dirty_log log = { .slot = arg_number(args, 1),
				     .dirty_bitmap = bitmap_of(pages) };
	int error = ioctl(vmm->vm, KVM_GET_DIRTY_LOG, &log) ? errno : 0;

	answer_dirty(vmm, error, log.dirty_bitmap, pages);
	free(log.dirty_bitmap);
}

/* cleardirty ID FIRST PAGES */
static void do_cleardirty(struct vmm *vmm, const struct args *args)
{
	uint64_t all = vmm->slot[slot_of(args)].size >> PAGE_SHIFT;
	uint64_t pages = args->nr > 3 ? arg_number(args, 3) : all;
	uint64_t *bitmap = bitmap_of(pages);
	struct kvm_clear_dirty_log log = {
		.slot = arg_number(args, 1), .first_page = arg_number(args, 2),
		.num_pages = pages, .dirty_bitmap = bitmap,
	};

	for (uint64_t i = 0; i < pages; i++)
		bitmap[i / BITS] |= 1ull << i % BITS;
	answer_error(vmm, ioctl(vmm->vm, KVM_CLEAR_DIRTY_LOG, &log) ? errno : 0);
	free(bitmap);
}

static void do_cap(struct vmm *vmm, const struct args *args)
{
	struct kvm_enable_cap cap = { .cap = arg_number(args, 1),
				      .args[0] = arg_number(args, 2) };

	answer_error(vmm, ioctl(vmm->vm, KVM_ENABLE_CAP, &cap) ? errno : 0);
}

static void do_checkcap(struct vmm *vmm, const struct args *args)
{
	answer(vmm, "%d", ioctl(vmm->vm, KVM_CHECK_EXTENSION, arg_number(args, 1)));
}

/* prefault GPA SIZE */
static void do_prefault(struct vmm *vmm, const struct args *args)
{
	struct pre_fault_memory range = { .gpa = arg_number(args, 1),
					  .size = arg_number(args, 2) };
	int error = ioctl(vmm->vcpu[0].fd, PRE_FAULT_MEMORY, &range) ? errno : 0;

	answer(vmm, "%s gpa=0x%llx left=0x%llx", error_name(error), (unsigned long long)range.gpa,
	       (unsigned long long)range.size);
}

/* gmemslot ID GPA HVA SIZE: with a guest_memfd of its own */
static void do_gmemslot(struct vmm *vmm, const struct args *args)
{
	struct create_guest_memfd create = { .size = arg_number(args, 4) };
	struct user_memory_region2 region = {
		.slot = arg_number(args, 1), .flags = MEM_GUEST_MEMFD, .gpa = arg_number(args, 2),
		.hva = arg_address(vmm, args, 3), .size = create.size,
	};

	vmm->gmem = ioctl(vmm->vm, CREATE_GUEST_MEMFD, &create);
	if (vmm->gmem < 0) {
		answer(vmm, "CREATE_GUEST_MEMFD %s", error_name(errno));
		return;
	}
	region.gmem = vmm->gmem;
	answer_error(vmm, ioctl(vmm->vm, SET_USER_MEMORY_REGION2, &region) ? errno : 0);
}

/* private GPA SIZE 0|1 */
static void do_private(struct vmm *vmm, const struct args *args)
{
	struct memory_attributes range = {
		.gpa = arg_number(args, 1), .size = arg_number(args, 2),
		.attributes = arg_number(args, 3) ? ATTRIBUTE_PRIVATE : 0,
	};

	answer_error(vmm, ioctl(vmm->vm, SET_MEMORY_ATTRIBUTES, &range) ? errno : 0);
}

/* gpunch OFFSET SIZE: of the last guest_memfd */
static void do_gpunch(struct vmm *vmm, const struct args *args)
{
	answer_error(vmm, fallocate(vmm->gmem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    arg_number(args, 1), arg_number(args, 2)) ? errno : 0);
}

const struct command slot_commands[] = {
	{ "slot", do_slot },
	{ "slotdel", do_slotdel },
	{ "dirtylog", do_dirtylog },
	{ "cleardirty", do_cleardirty },
	{ "cap", do_cap },
	{ "checkcap", do_checkcap },
	{ "prefault", do_prefault },
	{ "gmemslot", do_gmemslot },
	{ "private", do_private },
	{ "gpunch", do_gpunch },
	{ NULL, NULL },
};
